"""Ingestion: a file as it came becomes canonical Parquet, with every row accounted for and every fault named.

`_row` counts as a person does in the original: in CSV and TSV the line on which the record starts (the first line of
the file is 1), in a sheet its row, in NDJSON the line, in a JSON list and in Parquet the record, from 1. Where an
adapter unfolds a JSON document it is the entry of the document's own list that the record begins with.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256 as digest_of
from pathlib import Path
from typing import Final

from ctrlkit import cache as cache_folder
from ctrlkit import layout, opening, problem, rows_file, sensitive
from ctrlkit.canonical import Typed, set_aside, typed
from ctrlkit.errors import InputError
from ctrlkit.hooks import Adapter
from ctrlkit.ingested import Ingested, from_plain, to_plain
from ctrlkit.kind import Kind
from ctrlkit.layout import Layout, Source
from ctrlkit.model import Cause, Fault
from ctrlkit.moment import Clock, Order, zone_exists
from ctrlkit.raw import Candidate, Raw
from ctrlkit.reader import COLUMN_LIMIT, RefusedError, UnreadableError, identify, sha256

VERSION: Final = 3
"""Grows whenever the same file would be read differently; part of the cache's key."""

_SHEET_ENDS: Final = frozenset({65_535, 65_536, 1_048_575, 1_048_576})
_ORDERS: Final[Mapping[str | None, Order]] = {"dmy": "dmy", "mdy": "mdy", "ymd": "ymd"}


def ingest(  # noqa: PLR0913  (all of them decide how a file is read)
    source: Source,
    kind: Kind,
    *,
    adapters: Sequence[Adapter],
    zone: str,
    as_of_date: date,
    cache: Path | None,
    work: Path,
) -> Ingested:
    """Read one file of a kind into canonical Parquet, under `cache` or else `work`.

    `zone` is the IANA zone of the site, in which days count and times without a zone are read unless the adapter or the
    source names another. `work` also takes copies of what is read while it is read: keep it private. Never
    raises for a bad file: what is wrong with it stands in `faults`. Raises InputError for a zone that does not exist.
    """
    clock = _clock(source, zone, as_of_date)
    work.mkdir(parents=True, exist_ok=True)
    home = cache_folder.private(cache) if cache else work
    try:
        form, digest = identify(source.path), sha256(source.path)
    except UnreadableError as error:
        stem = work / _key("", source, kind, adapters, clock)
        known = None if isinstance(error, RefusedError) else _digest(source.path)
        return _nothing(source, known, stem).saying([Fault(error.cause, str(error))], [])
    key = _key(digest, source, kind, adapters, clock)
    kept = cache_folder.recall(home, key) if cache else None
    if kept is not None:
        return from_plain(kept, home)
    try:
        found = _read(_File(source, kind, form, digest, clock, work, home / key), adapters)
    except UnreadableError as error:
        known = None if isinstance(error, RefusedError) else digest
        found = _nothing(source, known, home / key).saying([Fault(error.cause, str(error))], [])
    finally:
        for copy in work.glob(f"{digest[:16]}.*"):
            copy.unlink()
    if cache:
        cache_folder.keep(home, key, to_plain(found))
    return found


@dataclass(frozen=True, slots=True)
class _File:
    source: Source
    kind: Kind
    form: str
    digest: str
    clock: Clock
    work: Path
    stem: Path


@dataclass(slots=True)
class _Said:
    faults: list[Fault]
    notes: list[str]


def _digest(path: Path) -> str | None:
    try:
        return sha256(path) if path.is_file() else None
    except OSError:
        return None


def _clock(source: Source, zone: str, as_of_date: date) -> Clock:
    for name in (source.time_zone, zone):
        if name is not None and not zone_exists(name):
            raise InputError(f'{source.file}: no time zone "{name}"; expected an IANA name such as Asia/Manila')
    return Clock(source.time_zone or zone, zone, as_of_date)


def _key(digest: str, source: Source, kind: Kind, adapters: Sequence[Adapter], clock: Clock) -> str:
    """Everything that decides how the file is read, as 40 hex digits."""
    said = [
        *(VERSION, digest, source.party, source.file, str(source.sheet), source.method, source.rows, source.adapter),
        *(source.date_order, list(source.columns.items()), sorted(source.constants.items())),
        sorted((column, list(pairs.items())) for column, pairs in source.values.items()),
        *(repr(kind), sorted(repr(a) + _code(a) for a in adapters if a.kind == kind.name), repr(clock)),
    ]
    return digest_of(repr(said).encode()).hexdigest()[:40]


def _code(adapter: Adapter) -> str:
    """The digest of the code that unfolds: of all of the folder that its module lies in."""
    function = getattr(adapter.unfold, "func", adapter.unfold)
    file = getattr(sys.modules.get(getattr(function, "__module__", "")), "__file__", None)
    return _digest_of_folder(Path(file).parent) if file else ""


@functools.cache
def _digest_of_folder(folder: Path) -> str:
    return digest_of(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()


def _nothing(source: Source, digest: str | None, stem: Path) -> Ingested:
    """A file of which no row could be read."""
    problems = stem.with_suffix(".ndjson")
    problems.write_text("", "utf-8")
    grade = layout.grade(source, None)
    return Ingested(source.file, source.party, source.kind, None, grade, digest, problems=problems)


def _read(file: _File, adapters: Sequence[Adapter]) -> Ingested:
    named = file.source.adapter
    asked = [a for a in adapters if a.kind == file.kind.name and (a.name == named or not (named or a.named_only))]
    opened = opening.tables(file.source.path, file.form, file.digest, file.source.sheet, asked, file.work)
    candidates, said = opened.candidates, _Said([*opened.faults], [*opened.notes])
    nothing = _nothing(file.source, file.digest, file.stem)
    if candidates[0].head and not candidates[0].head[0][1]:
        said.faults += [*candidates[0].load(0, ()).faults, Fault(Cause.EMPTY, "holds no record")]
        return nothing.saying(said.faults, said.notes)
    adapters = [a for a in adapters if a.name == named or a in opening.readers(adapters, file.form)]
    candidate, position, found = _choose(candidates, file, adapters)
    if refused := sensitive.by_header(found.headers) or sensitive.by_header(candidate.source, keys=True):
        header, what = refused
        raise RefusedError(f"{what} (column {header})", "export it again without that column")
    said.faults += _other_sheets(candidates, candidate, file, adapters)
    if found.problems:
        said.faults += [Fault(Cause.MALFORMED, text) for text in found.problems]
        return nothing.saying(said.faults, said.notes)
    every = candidate.load(position, [*(place.index for place in found.places.values()), *found.aside])
    raw, aside = set_aside(every, found)
    adapter = found.adapter
    clock = replace(file.clock, local=adapter.zone) if adapter and adapter.zone else file.clock
    clock = replace(clock, serials=raw.serials)
    order = _ORDERS.get(file.source.date_order or (adapter.date_order if adapter else None))
    cells = typed(raw, found, file.kind, clock, order)
    raw = replace(raw, unended=raw.unended and not cells.footed)
    said.faults += raw.faults
    said.notes += [*_layout_notes(candidate, position, found), *raw.notes, *cells.notes]
    if aside:
        said.notes.append(f"rows left aside, no records of {file.kind.name}: {aside}, where {found.why_aside}")
    return _finish(file, found, raw, cells, said, aside)


def _choose(candidates: Sequence[Candidate], file: _File, adapters: Sequence[Adapter]) -> tuple[Candidate, int, Layout]:
    """The first candidate and row that give every required column, else the nearest, with its problems."""
    best: tuple[tuple[int, bool, int], Candidate, int, Layout] | None = None
    for candidate in candidates:
        readers = [a for a in adapters if candidate.by in {"", a.name}]
        for position, (_, cells) in enumerate(candidate.head):
            if len(cells) > COLUMN_LIMIT:
                raise UnreadableError(Cause.MALFORMED, f"has {len(cells)} columns; at most {COLUMN_LIMIT} are read")
            found = layout.resolve(cells, file.source, file.kind, readers)
            if not found.problems:
                return candidate, position, found
            nearness = (len(found.places), position == 0, len(cells))
            if best is None or nearness > best[0]:
                best = nearness, candidate, position, found
    if best is None:
        raise UnreadableError(Cause.MALFORMED, "holds no row; expected a header and records")
    return best[1:]


def _other_sheets(
    candidates: Sequence[Candidate], chosen: Candidate, file: _File, adapters: Sequence[Adapter]
) -> list[Fault]:
    """A fault where other sheets of the workbook hold records of the kind as well, which nobody asked to leave out."""
    others = [
        other.name
        for other in candidates
        if other.name != chosen.name and other.name and chosen.name
        if any(_fits(other, cells, file, adapters) for _, cells in (other.head if other.by else other.head[:-1]))
    ]
    if not others:
        return []
    found = f'only sheet "{chosen.name}" is read, and {", ".join(others)} would fit as well'
    return [Fault(Cause.TRUNCATED, f"{found}; name each sheet that counts under sheet in pack.yaml")]


def _fits(candidate: Candidate, cells: Sequence[str], file: _File, adapters: Sequence[Adapter]) -> bool:
    readers = [a for a in adapters if candidate.by in {"", a.name}]
    return not layout.resolve(cells, file.source, file.kind, readers).problems


def _layout_notes(candidate: Candidate, position: int, found: Layout) -> list[str]:
    notes = [*candidate.notes]
    if candidate.name:
        notes.append(f'read from sheet "{candidate.name}"')
    if position:
        row = candidate.head[position][0]
        notes.append(f"{position} line{'s' * (position != 1)} before the header on row {row} skipped")
    if found.unread:
        notes.append(f"columns not read: {', '.join(found.unread)}")
    return notes


def _finish(  # noqa: PLR0913, PLR0917  (what one reading has found)
    file: _File, found: Layout, raw: Raw, cells: Typed, said: _Said, aside: int
) -> Ingested:
    parquet, problems = file.stem.with_suffix(".parquet"), file.stem.with_suffix(".ndjson")
    written = rows_file.write(cells, file.kind, file.source.file, parquet)
    said.notes += written.notes
    if raw.unended and file.source.rows == (cells.records + aside if raw.held is None else raw.held):
        said.notes.append("the last line has no line break; the control total shows that nothing is cut")
    place = {"file": file.source.file} | ({} if file.source.sheet is None else {"sheet": str(file.source.sheet)})
    problem.write(written.wrong, cells.columns, cells.rules, place, problems, found.theirs)
    done = Ingested(
        file=file.source.file,
        party=file.source.party,
        kind=file.kind.name,
        adapter=found.adapter.name if found.adapter else None,
        grade=layout.grade(file.source, found.adapter),
        sha256=file.digest,
        columns=written.columns,
        rows=written.rows,
        bad_rows=cells.records - written.rows,
        bad_cells=written.bad_cells,
        parquet=parquet,
        problems=problems,
        first=_iso(written.first),
        last=_iso(written.last),
    )
    stops = found.adapter.stops if found.adapter else ()
    return done.saying([*said.faults, *_count_faults(file, raw, cells, aside, stops)], said.notes)


def _count_faults(file: _File, raw: Raw, cells: Typed, aside: int, stops: Sequence[int]) -> list[Fault]:
    total, faults = file.source.rows, []
    read = cells.records + aside if raw.held is None else raw.held
    if cells.stated not in {None, read}:
        found = f"holds {read} records where its last line says {cells.stated}"
        faults.append(Fault(Cause.TRUNCATED, f"{found}; export it again, whole"))
    if read == 0:
        faults.append(Fault(Cause.EMPTY, "holds a header and no record"))
    if total is not None and total != read:
        found = f"holds {read} records where the control total says {total}"
        faults.append(Fault(Cause.TRUNCATED, f"{found}; export it again, whole"))
    if file.form in {"csv", "tsv", "xlsx"} and read in _SHEET_ENDS:
        found = f"holds {read} records, which is where a spreadsheet ends"
        faults.append(Fault(Cause.TRUNCATED, f"{found}; export it from the system as CSV"))
    if total is None and read in stops:
        found = f"holds {read} records, which is where the product ends a page or an export"
        advice = "hand over all of them, or state their number as rows in pack.yaml"
        faults.append(Fault(Cause.TRUNCATED, f"{found}; {advice}"))
    if raw.unended and read and total != read:
        found = "the last line has no line break, as in a file that is cut"
        advice = "export it again, or state its number of records as rows in pack.yaml"
        faults.append(Fault(Cause.TRUNCATED, f"{found}; {advice}"))
    return faults


def _iso(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    return value.isoformat() if isinstance(value, date) else None
