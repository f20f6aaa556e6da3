"""Ingestion: a file as it came becomes canonical Parquet, with every row accounted for and every fault named.

`_row` counts as a person does in the original: in CSV and TSV the line on which the record starts (the first line of the
file is 1), in a sheet its row, in NDJSON the line, in a JSON list and in Parquet the record, from 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256 as digest_of
from pathlib import Path
from typing import Any, Final

import polars as pl

from ctrlkit import cache as cache_folder
from ctrlkit import delimited, layout, problem, records, workbook
from ctrlkit.canonical import Typed, typed
from ctrlkit.errors import InputError
from ctrlkit.hooks import Adapter
from ctrlkit.kind import Kind
from ctrlkit.layout import Layout, Source
from ctrlkit.model import Cause, Fault, Grade
from ctrlkit.moment import Clock, Order, zone_exists
from ctrlkit.reader import COLUMN_LIMIT, Candidate, Raw, UnreadableError, as_utf8, identify, settle, sha256, survey

VERSION: Final = 1
"""Grows whenever the same file would be read differently; part of the cache's key."""

_SHEET_ENDS: Final = frozenset({65_535, 65_536, 1_048_575, 1_048_576})
_ORDERS: Final[Mapping[str | None, Order]] = {"dmy": "dmy", "mdy": "mdy", "ymd": "ymd"}


@dataclass(frozen=True, slots=True)
class Ingested:
    """One file, read.

    `sha256` is of the original bytes, None where there are none. `columns` are the canonical columns present, in the
    kind's order. `rows` counts canonical rows, `bad_rows` those that could not be read, `bad_cells` the unreadable cells
    of the canonical rows by column. `parquet` holds the canonical rows (their columns, `_file`, `_row`, and `_bad`: null
    or `;col;col;`), None where the file could not be read at all; `problems` one JSON line for each bad row or cell.
    `first` and `last` bound the kind's time column, as ISO text, instants in UTC.
    """

    file: str
    party: str
    kind: str
    adapter: str | None
    grade: Grade
    sha256: str | None
    columns: tuple[str, ...]
    rows: int
    bad_rows: int
    bad_cells: Mapping[str, int]
    parquet: Path | None
    problems: Path
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    first: str | None
    last: str | None


def ingest(
    source: Source, kind: Kind, *, adapters: Sequence[Adapter], zone: str, as_of_date: date, cache: Path | None, work: Path
) -> Ingested:
    """Read one file of a kind into canonical Parquet, under `cache` or else `work`.

    `zone` is the IANA zone of the site, in which days count and times without a zone are read unless the source or its
    adapter names another. Never raises for a bad file: what is wrong with it stands in `faults`. Raises InputError for
    a zone or date order that does not exist.
    """
    clock = _clock(source, zone, as_of_date)
    work.mkdir(parents=True, exist_ok=True)
    home = cache_folder.private(cache) if cache else work
    try:
        form, digest = identify(source.path), sha256(source.path)
    except UnreadableError as error:
        stem = work / _key("", source, kind, adapters, clock)
        return _nothing(source, kind, _digest(source.path), [Fault(error.cause, str(error))], [], stem)
    key = _key(digest, source, kind, adapters, clock)
    kept = cache_folder.recall(home, key) if cache else None
    if kept is not None:
        return _from_plain(kept, home)
    try:
        found = _read(_File(source, kind, form, digest, clock, work), adapters, home / key)
    except UnreadableError as error:
        found = _nothing(source, kind, digest, [Fault(error.cause, str(error))], [], home / key)
    if cache:
        cache_folder.keep(home, key, _to_plain(found))
    return found


@dataclass(frozen=True, slots=True)
class _File:
    source: Source
    kind: Kind
    form: str
    digest: str
    clock: Clock
    work: Path


def _digest(path: Path) -> str | None:
    try:
        return sha256(path) if path.is_file() else None
    except OSError:
        return None


def _clock(source: Source, zone: str, as_of_date: date) -> Clock:
    for name in (source.time_zone, zone):
        if name is not None and not zone_exists(name):
            raise InputError(f'{source.file}: time zone "{name}" is not known; expected an IANA name such as Asia/Manila')
    return Clock(source.time_zone or zone, zone, as_of_date)


def _key(digest: str, source: Source, kind: Kind, adapters: Sequence[Adapter], clock: Clock) -> str:
    """Everything that decides how the file is read, as 40 hex digits."""
    said = [
        VERSION, digest, source.party, source.file, str(source.sheet), source.method, source.rows, source.adapter,
        source.date_order, list(source.columns.items()), sorted(source.constants.items()),
        sorted((column, list(pairs.items())) for column, pairs in source.values.items()),
        repr(kind), sorted(repr(a) for a in adapters if a.kind == kind.name), repr(clock),
    ]  # fmt: skip
    return digest_of(repr(said).encode()).hexdigest()[:40]


def _read(file: _File, adapters: Sequence[Adapter], stem: Path) -> Ingested:
    candidates, notes, faults = _candidates(file)
    if file.form in {"json", "ndjson"} and not candidates[0].head[0][1]:
        faults += [*candidates[0].load(0, ()).faults, Fault(Cause.EMPTY, "holds no record")]
        return _nothing(file.source, file.kind, file.digest, faults, notes, stem)
    candidate, position, found = _choose(candidates, file, adapters)
    if found.problems:
        faults += [Fault(Cause.MALFORMED, text) for text in found.problems]
        return _nothing(file.source, file.kind, file.digest, faults, notes, stem)
    raw = candidate.load(position, [place.index for place in found.places.values()])
    notes += _layout_notes(candidate, position, found, file)
    adapter = found.adapter
    clock = replace(file.clock, local=adapter.zone) if adapter and adapter.zone else file.clock
    order = _ORDERS.get(file.source.date_order or (adapter.date_order if adapter else None))
    cells = typed(raw, found, file.kind, clock, order)
    staged = file.work / f"{stem.name}.cells.parquet"
    frame = settle(cells.frame, file.source.path.stat().st_size, staged)
    faults += raw.faults
    done = _finish(file, found, raw, replace(cells, frame=frame), faults, [*notes, *raw.notes, *cells.notes], stem)
    staged.unlink(missing_ok=True)
    return done


def _candidates(file: _File) -> tuple[tuple[Candidate, ...], list[str], list[Fault]]:
    path = file.source.path
    if file.form == "xlsx":
        return workbook.candidates(path, file.source.sheet), [], []
    if file.form == "parquet":
        return records.parquet_candidates(path, path.stat().st_size, file.work, file.digest), [], []
    seen = survey(path, delimited.COUNTED)
    text, seen, notes = as_utf8(path, seen, file.work, delimited.COUNTED)
    cut = [Fault(Cause.TRUNCATED, "ends in the middle of a character; it is cut, export it again")] if seen.cut_character else []
    if file.form == "json":
        return records.json_candidates(text, seen), list(notes), cut
    if file.form == "ndjson":
        return records.ndjson_candidates(text, seen), list(notes), cut
    return delimited.candidates(text, seen, file.work, tabs=file.form == "tsv"), list(notes), cut


def _choose(candidates: Sequence[Candidate], file: _File, adapters: Sequence[Adapter]) -> tuple[Candidate, int, Layout]:
    """The first candidate and row that give every required column, else the nearest, with its problems."""
    best: tuple[tuple[int, bool, int], Candidate, int, Layout] | None = None
    for candidate in candidates:
        for position, (_, cells) in enumerate(candidate.head):
            if len(cells) > COLUMN_LIMIT:
                raise UnreadableError(Cause.MALFORMED, f"has {len(cells)} columns; at most {COLUMN_LIMIT} are read")
            found = layout.resolve(cells, file.source, file.kind, adapters)
            if not found.problems:
                return candidate, position, found
            nearness = (len(found.places), position == 0, len(cells))
            if best is None or nearness > best[0]:
                best = nearness, candidate, position, found
    if best is None:
        raise UnreadableError(Cause.MALFORMED, "holds no row; expected a header and records")
    return best[1:]


def _layout_notes(candidate: Candidate, position: int, found: Layout, file: _File) -> list[str]:
    notes = []
    if candidate.name and file.source.sheet is None and file.form == "xlsx":
        notes.append(f'read from sheet "{candidate.name}"')
    if position:
        notes.append(f"{position} line{'s' * (position != 1)} before the header on row {candidate.head[position][0]} skipped")
    if found.unread:
        notes.append(f"columns not read: {', '.join(found.unread)}")
    return notes


def _finish(
    file: _File, found: Layout, raw: Raw, cells: Typed, faults: list[Fault], notes: list[str], stem: Path
) -> Ingested:
    kind, source = file.kind, file.source
    seen = _counts(cells, kind)
    rows, bad_rows = seen["rows"], seen["bad"]
    present, column_notes = _present(cells, seen)
    faults += _count_faults(file, raw, rows + bad_rows)
    if raw.unended and source.rows == rows + bad_rows:
        notes.append("the last line has no line break; the control total shows that nothing is cut")
    parquet = stem.with_suffix(".parquet")
    _write_rows(cells, present, source.file, parquet)
    problem.write(cells.frame, cells.columns, cells.rules, source.file, _problems(stem))
    return Ingested(
        file=source.file,
        party=source.party,
        kind=kind.name,
        adapter=found.adapter.name if found.adapter else None,
        grade=layout.grade(source, found.adapter),
        sha256=file.digest,
        columns=present,
        rows=rows,
        bad_rows=bad_rows,
        bad_cells={name: seen[f"bad:{name}"] for name in present if seen[f"bad:{name}"]},
        parquet=parquet,
        problems=_problems(stem),
        faults=tuple(Fault(f.cause, f"{source.file}: {f.message}") for f in faults),
        notes=tuple(f"{source.file}: {text}" for text in [*notes, *column_notes]),
        first=_iso(seen.get("first")),
        last=_iso(seen.get("last")),
    )


def _counts(cells: Typed, kind: Kind) -> dict[str, Any]:
    good = ~pl.col("_bad_row")
    wanted = [good.sum().alias("rows"), pl.col("_bad_row").sum().alias("bad")]
    for name in cells.columns:
        wanted += [
            ((pl.col(f"w:{name}") > 0) & good).sum().alias(f"bad:{name}"),
            (pl.col(name).is_not_null() & good).sum().alias(f"held:{name}"),
        ]
    if kind.time in cells.columns:
        time = pl.col(str(kind.time)).filter(good)
        wanted += [time.min().alias("first"), time.max().alias("last")]
    return cells.frame.select(wanted).collect(engine="streaming").row(0, named=True)


def _present(cells: Typed, seen: Mapping[str, Any]) -> tuple[tuple[str, ...], list[str]]:
    """The columns that count as present: one that is blank throughout is left out unless the kind says what null means."""
    present, notes = [], []
    for name, column in cells.columns.items():
        blank = seen["rows"] > 0 and not seen[f"held:{name}"] and not seen[f"bad:{name}"]
        if blank and column.null_means is None:
            notes.append(f"{name} is empty in every row and counts as left out")
            continue
        if blank:
            notes.append(f"{name} is empty in every row, read as: {column.null_means}")
        present.append(name)
    return tuple(present), notes


def _count_faults(file: _File, raw: Raw, records_read: int) -> list[Fault]:
    total, faults = file.source.rows, []
    if records_read == 0:
        faults.append(Fault(Cause.EMPTY, "holds a header and no record"))
    if total is not None and total != records_read:
        found = f"holds {records_read} records where the control total says {total}"
        faults.append(Fault(Cause.TRUNCATED, f"{found}; export it again, whole"))
    if file.form in {"csv", "tsv", "xlsx"} and records_read in _SHEET_ENDS:
        found = f"holds {records_read} records, which is where a spreadsheet ends"
        faults.append(Fault(Cause.TRUNCATED, f"{found}; export it from the system as CSV"))
    if raw.unended and records_read and total != records_read:
        found = "the last line has no line break, as in a file that is cut"
        faults.append(Fault(Cause.TRUNCATED, f"{found}; export it again, or give its number of records as rows in pack.yaml"))
    return faults


def _write_rows(cells: Typed, present: Sequence[str], name: str, target: Path) -> None:
    marks = [pl.when(pl.col(f"w:{n}") > 0).then(pl.lit(f"{n};")).otherwise(pl.lit("")) for n in present]
    bad = pl.concat_str([pl.lit(";"), *marks])
    rows = cells.frame.filter(~pl.col("_bad_row")).select(
        *present, pl.lit(name, pl.String).alias("_file"), "_row", pl.when(bad != ";").then(bad).alias("_bad")
    )
    beside = target.with_suffix(".parquet.part")
    rows.sink_parquet(beside, maintain_order=True)
    beside.replace(target)


def _iso(value: Any) -> str | None:
    if value is None:
        return None
    return value.isoformat() + ("Z" if hasattr(value, "hour") else "")


def _problems(stem: Path) -> Path:
    return stem.with_suffix(".ndjson")


def _nothing(
    source: Source, kind: Kind, digest: str | None, faults: Sequence[Fault], notes: Sequence[str], stem: Path
) -> Ingested:
    """A file of which no row could be read."""
    _problems(stem).write_text("", "utf-8")
    return Ingested(
        file=source.file,
        party=source.party,
        kind=kind.name,
        adapter=None,
        grade=layout.grade(source, None),
        sha256=digest,
        columns=(),
        rows=0,
        bad_rows=0,
        bad_cells={},
        parquet=None,
        problems=_problems(stem),
        faults=tuple(Fault(f.cause, f"{source.file}: {f.message}") for f in faults),
        notes=tuple(f"{source.file}: {text}" for text in notes),
        first=None,
        last=None,
    )


def _to_plain(found: Ingested) -> dict[str, Any]:
    names = {"parquet": found.parquet and found.parquet.name, "problems": found.problems.name}
    return {**asdict(found), **names}


def _from_plain(kept: Mapping[str, Any], home: Path) -> Ingested:
    return Ingested(**{
        **kept,
        "grade": Grade(kept["grade"]),
        "columns": tuple(kept["columns"]),
        "parquet": home / kept["parquet"] if kept["parquet"] else None,
        "problems": home / kept["problems"],
        "faults": tuple(Fault(Cause(f["cause"]), f["message"]) for f in kept["faults"]),
        "notes": tuple(kept["notes"]),
    })  # fmt: skip
