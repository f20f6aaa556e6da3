"""Numbers that people have on clocks and doors, read as the people whom the identity map gives them to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from ctrlkit.cell import mask
from ctrlkit.ingested import Ingested
from ctrlkit.model import Cause, Fault

KINDS: Final = frozenset({"badge_events", "punches", "timesheets"})
"""Kinds whose employee_id may be a clock's number; each of them requires it."""

_WHOSE: Final = "a number that identity_map gives to one person (badge_pin)"
_EITHER: Final = (
    "its numbers are employee ids and other people's badge_pin in identity_map as well, and nothing tells which; take "
    "badge_pin out of identity_map where the clock knows people by their employee id, else give them other numbers"
)
_BOTH: Final = (
    "some numbers are employee ids and others badge_pin of identity_map, so none was read as a badge_pin; hand in the "
    "file of each clock by itself"
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """`holders`: a number without its leading zeros -> the employee ids that have it; `people`: all employee ids."""

    holders: Mapping[str, frozenset[str]]
    people: frozenset[str]


def known(maps: Sequence[Ingested], rosters: Sequence[Ingested]) -> Numbers | None:
    """What the identity maps say of numbers; None where they name none."""
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for person, number in _rows(maps, "employee_id", "badge_pin"):
        if person and number:
            holders[_bare(number)].add(person)
    if not holders:
        return None
    people = {person for (person,) in (*_rows(rosters, "employee_id"), *_rows(maps, "employee_id")) if person}
    return Numbers({number: frozenset(who) for number, who in holders.items()}, frozenset(people))


def _rows(read: Sequence[Ingested], *columns: str) -> list[tuple[str | None, ...]]:
    held = [i.parquet for i in read if i.parquet is not None and {*columns} <= {*i.columns}]
    return [row for path in held for row in pl.read_parquet(path, columns=list(columns)).unique().rows()]


def _bare(number: str) -> str:
    """A number without the zeros before it, which clocks write and spreadsheets lose."""
    return number.lstrip("0") or number


def resolved(found: Ingested, numbers: Numbers, work: Path) -> Ingested:
    """The file with people in the place of its numbers, as far as its own numbers show that they are a clock's.

    They are where some of them are nobody's employee id and somebody's number, and none the other way round. A row
    whose number is nobody's, or several people's, is then no record. `work` takes the rows.
    """
    if found.parquet is None:
        return found
    rows = pl.read_parquet(found.parquet)
    met = [text for text in rows["employee_id"].unique().to_list() if text is not None]
    of_clocks = [n for n in met if _bare(n) in numbers.holders and n not in numbers.people]
    of_people = [n for n in met if n in numbers.people and _bare(n) not in numbers.holders]
    if of_people:
        return _saying(found, note=_BOTH) if of_clocks else found
    if not of_clocks:
        doubtful = any(n in numbers.people and numbers.holders.get(_bare(n), {n}) != {n} for n in met)
        return _saying(found, fault=_EITHER) if doubtful else found
    whose = {n: next(iter(who)) for n in met if len(who := numbers.holders.get(_bare(n), frozenset())) == 1}
    lost = rows.filter(~pl.col("employee_id").is_in(list(whose)))
    kept = rows.filter(pl.col("employee_id").is_in(list(whose))).with_columns(
        pl.col("employee_id").replace_strict(whose, return_dtype=pl.String)
    )
    work.mkdir(parents=True, exist_ok=True)
    stem = work / f"{found.kind}.{found.parquet.stem}"
    parquet, problems = stem.with_suffix(".parquet"), stem.with_suffix(".ndjson")
    kept.write_parquet(parquet)
    said = [
        {"file": found.file, "row": row, "column": "employee_id", "value": mask(text), "expected": _WHOSE}
        for row, text in lost.select("_row", "employee_id").rows()
    ]
    lines = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in said)
    problems.write_text(found.problems.read_text("utf-8") + lines, "utf-8")
    told = replace(found, parquet=parquet, problems=problems, rows=len(kept), bad_rows=found.bad_rows + len(lost))
    return _saying(
        told, note=f"the numbers of {len(set(whose.values()))} people are read as identity_map gives them (badge_pin)"
    )


def _saying(found: Ingested, *, fault: str = "", note: str = "") -> Ingested:
    faults = (*found.faults, *([Fault(Cause.MALFORMED, f"{found.file}: {fault}")] if fault else ()))
    return replace(found, faults=faults, notes=(*found.notes, *([f"{found.file}: {note}"] if note else ())))
