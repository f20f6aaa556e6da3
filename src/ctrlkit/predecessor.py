"""Earlier bundles of an engagement as kind `findings`: what was found then, and what has become of it since.

A vendor's own list of fixes is the vendor's word. Here a finding is opened by the first bundle that has it, closed and
retested by the first later one (or this run) whose control was decided without it, and repeated where it comes back.
A verdict on a smaller claim closes only what was found under that claim.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ctrlkit import comparison
from ctrlkit.assemble import Evidence, Source
from ctrlkit.bundle import opened, verify
from ctrlkit.comparison import Book
from ctrlkit.errors import BundleError, InputError
from ctrlkit.followed import KIND, Followed, Look, follow, look_of
from ctrlkit.model import Grade

__all__ = ["COLUMNS", "KIND", "Look", "evidence", "look_of", "looks"]

COLUMNS = (
    *("finding_id", "control_id", "severity", "opened_on", "due_on"),
    *("closed_on", "closed_by", "verified_by_retest_on", "repeat_of"),
)


def looks(
    paths: Iterable[Path], vendor: str, key_id: str, day: date, lead: Callable[[Book], Book] = lambda book: book
) -> tuple[Look, ...]:
    """The looks of whole bundles, in order of their days; `lead` leads a book of an older key to the newest.

    Raises BundleError for a bundle that is not whole, InputError for one of another vendor or key, or not earlier.
    """
    found = []
    for path in paths:
        with opened(path) as folder:
            problems = verify(folder)
            if problems:
                msg = f"{path}: {problems[0].file}: {problems[0].message}; ask for the bundle again"
                raise BundleError(msg)
            book = lead(comparison.book(folder))
            found.append(_look(book, folder.name))
        _fits(path, book, found[-1].day, (vendor, key_id, day))
    return tuple(sorted(found, key=lambda look: (look.day, look.name)))


def _fits(path: Path, book: Book, day: date, wanted: tuple[str, str, date]) -> None:
    vendor, key_id, now = wanted
    if book.run["vendor"] != vendor:
        msg = f"--previous {path}: is of {book.run['vendor']!r}, this run is of {vendor!r}; name that vendor's bundle"
        raise InputError(msg)
    if book.run.get("key") != key_id:
        msg = f"--previous {path}: was made under another engagement key, so its findings have other names"
        raise InputError(f"{msg}; name the record of the change with --rekey, or judge its evidence again")
    if day >= now:
        msg = f"--previous {path}: was judged as of {day}, which is not before {now}; name an earlier bundle"
        raise InputError(msg)


def _look(book: Book, name: str) -> Look:
    return look_of(book.results.values(), date.fromisoformat(book.run["as_of_date"]), name)


def evidence(before: Sequence[Look], now: Look, made_at: str, folder: Path) -> Evidence:
    """The client's evidence of kind `findings`, written into `folder`; `_row` numbers a finding within its look."""
    looks_ = (*before, now)
    rows = follow(looks_, opening=len(before))
    repeats = sum(row.before is not None for row in rows)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["_file", "_row", *COLUMNS])
    for row in sorted(rows, key=lambda row: (looks_[row.first].name, row.number, _id(row, looks_))):
        opened, closed = looks_[row.first], "" if row.closed is None else looks_[row.closed].day.isoformat()
        cells = [_id(row, looks_), row.where[0], row.severity, opened.day.isoformat(), "", closed, "", closed]
        writer.writerow([opened.name, row.number, *cells, "" if row.before is None else _id(row.before, looks_)])
    csv_path = folder / f"{KIND}.csv"
    csv_path.write_text(out.getvalue(), "utf-8", newline="\n")
    sources = tuple(_source(look, sum(looks_[row.first].name == look.name for row in rows), made_at) for look in before)
    told = [f"earlier bundles: {', '.join(f'{look.name} of {look.day}' for look in before)}"]
    still = sum(row.closed is None for row in rows)
    first = sum(len(keys) for keys in before[0].keys.values())
    told.append(f"{first} findings in the baseline of {before[0].day}, {still} of all that were found are open now")
    told += [f"{repeats} findings came back after they were mended"] if repeats else []
    sha256 = hashlib.sha256(csv_path.read_bytes()).hexdigest()
    return Evidence(KIND, "client", sources, COLUMNS, len(rows), notes=tuple(told), csv=csv_path, sha256=sha256)


def _id(row: Followed, looks: Sequence[Look]) -> str:
    return row.key if row.before is None else f"{row.key}#{looks[row.first].day}"


def _source(look: Look, rows: int, made_at: str) -> Source:
    maps: Mapping[str, Any] = {}
    day = look.day.isoformat()
    return Source(look.name, "client", None, Grade.CLIENT, "", rows, 0, day, day, made_at, None, None, maps, ())
