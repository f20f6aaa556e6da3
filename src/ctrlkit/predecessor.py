"""Earlier bundles of an engagement as kind `findings`: what was found then, and what has become of it since.

A vendor's own list of fixes is the vendor's word. Here a finding is opened by the first bundle that has it, closed and
retested by the first later one (or this run) whose control was decided without it, and repeated where it comes back.
A verdict on a smaller claim closes only what was found under that claim.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ctrlkit import comparison
from ctrlkit.assemble import Evidence, Source
from ctrlkit.bundle import opened, verify
from ctrlkit.comparison import Book
from ctrlkit.errors import BundleError, InputError
from ctrlkit.model import EvidenceRef, Grade, Result, Verdict

KIND = "findings"
COLUMNS = (
    *("finding_id", "control_id", "severity", "opened_on", "due_on"),
    *("closed_on", "closed_by", "verified_by_retest_on", "repeat_of"),
)
_DECIDED = {Verdict.PASSED, Verdict.FAILED, Verdict.WAIVED}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the vendor: its day, its name, and the findings of each control and subject that was decided then.

    `narrowed` are those of which only a smaller claim was decided.
    """

    day: date
    name: str
    keys: Mapping[tuple[str, str], tuple[str, ...]]
    severity: Mapping[str, str]
    narrowed: frozenset[tuple[str, str]] = frozenset()


@dataclass(slots=True)
class _Row:
    number: int
    look: str
    control: str
    severity: str
    opened: date
    narrowed: bool = False
    repeat_of: str = ""
    closed: date | None = None


def looks(
    paths: Iterable[Path], vendor: str, key_id: str, day: date, follow: Callable[[Book], Book] = lambda book: book
) -> tuple[Look, ...]:
    """The looks of whole bundles, in order of their days; `follow` leads a book of an older key to the newest.

    Raises BundleError for a bundle that is not whole, InputError for one of another vendor or key, or not earlier.
    """
    found = []
    for path in paths:
        with opened(path) as folder:
            problems = verify(folder)
            if problems:
                msg = f"{path}: {problems[0].file}: {problems[0].message}; ask for the bundle again"
                raise BundleError(msg)
            book = follow(comparison.book(folder))
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


def look_of(results: Collection[Result], day: date, name: str) -> Look:
    """The look of one run; what the client has accepted is no finding to be mended."""
    keys: dict[tuple[str, str], tuple[str, ...]] = {}
    severity = {}
    for result in results:
        read = {reference.kind for reference in result.evidence if isinstance(reference, EvidenceRef)}
        if result.verdict in _DECIDED and KIND not in read:
            failed = result.findings if result.verdict is Verdict.FAILED else ()
            keys[result.control, result.subject] = tuple(finding.key for finding in failed)
            severity[result.control] = result.severity.value
    return Look(day, name, keys, severity, frozenset((r.control, r.subject) for r in results if r.narrowed))


def evidence(before: Sequence[Look], now: Look, made_at: str, folder: Path) -> Evidence:
    """The client's evidence of kind `findings`, written into `folder`; `_row` numbers a finding within its look."""
    rows, repeats = _followed(before, now)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["_file", "_row", *COLUMNS])
    for id_, row in sorted(rows.items(), key=lambda item: (item[1].look, item[1].number, item[0])):
        closed = row.closed.isoformat() if row.closed else ""
        cells = [id_, row.control, row.severity, row.opened.isoformat(), "", closed, "", closed, row.repeat_of]
        writer.writerow([row.look, row.number, *cells])
    csv_path = folder / f"{KIND}.csv"
    csv_path.write_text(out.getvalue(), "utf-8", newline="\n")
    sources = tuple(_source(look, sum(row.look == look.name for row in rows.values()), made_at) for look in before)
    told = [f"earlier bundles: {', '.join(f'{look.name} of {look.day}' for look in before)}"]
    still = sum(row.closed is None for row in rows.values())
    first = sum(len(keys) for keys in before[0].keys.values())
    told.append(f"{first} findings in the baseline of {before[0].day}, {still} of all that were found are open now")
    told += [f"{repeats} findings came back after they were mended"] if repeats else []
    sha256 = hashlib.sha256(csv_path.read_bytes()).hexdigest()
    return Evidence(KIND, "client", sources, COLUMNS, len(rows), notes=tuple(told), csv=csv_path, sha256=sha256)


def _followed(before: Sequence[Look], now: Look) -> tuple[dict[str, _Row], int]:
    """Finding id -> its row, followed through the looks; and how many came back."""
    rows: dict[str, _Row] = {}
    open_: dict[str, str] = {}
    last: dict[str, str] = {}
    repeats = 0
    for look in (*before, now):
        for where, keys in look.keys.items():
            narrowed = where in look.narrowed
            here = {_of(where) + key for key in keys}
            for named in [n for n in open_ if n.startswith(_of(where)) and n not in here]:
                if not narrowed or rows[open_[named]].narrowed:
                    rows[open_.pop(named)].closed = look.day
            if look is now:
                continue
            for number, key in enumerate(keys, 1):
                named = _of(where) + key
                if named in open_:
                    continue
                id_ = key if named not in last else f"{key}#{look.day}"
                severity, before_it = look.severity[where[0]], last.get(named, "")
                rows[id_] = _Row(number, look.name, where[0], severity, look.day, narrowed, before_it)
                repeats += named in last
                open_[named] = last[named] = id_
    return rows, repeats


def _of(where: tuple[str, str]) -> str:
    return f"{where[0]} {where[1]} "


def _source(look: Look, rows: int, made_at: str) -> Source:
    maps: Mapping[str, Any] = {}
    day = look.day.isoformat()
    return Source(look.name, "client", None, Grade.CLIENT, "", rows, 0, day, day, made_at, None, None, maps, ())
