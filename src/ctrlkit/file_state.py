"""One file as it was handed in: its rows, period and grade, and what is wrong in it, sort by sort."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from ctrlkit.assemble import Evidence, Source
from ctrlkit.kind import Kind
from ctrlkit.model import Grade

FIRST: Final = 10
"""Rows of one problem that are named; all are counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong in a file: `count` cells, rows or faults of one sort, the first of them at `row`.

    `row` and `column` are None where the whole file, or the whole row, is meant. Personal values come masked.
    `rows` are the first ten that it is about, `header` what the file calls the column where that is another name,
    `sheet` the sheet where pack.yaml names one.
    """

    row: int | None
    column: str | None
    value: str | None
    expected: str
    count: int
    rows: tuple[int, ...] = ()
    header: str | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """One file that a selected control reads. `period` is `first day/last day` of its dated rows, or None.

    `columns` are those of its kind that the files of its party hold and some control asks for.
    """

    file: str
    party: str
    kind: str
    adapter: str | None
    rows: int
    period: str | None
    grade: Grade
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    columns: tuple[str, ...]


def state_of(evidence: Evidence, source: Source, kind: Kind, zone: ZoneInfo) -> FileState:
    """The state of one source of `evidence`; its days are those of `zone`."""
    faults = [f.message for f in evidence.faults if f.message.partition(": ")[0] == source.file]
    whole = [Problem(None, None, None, _bare(message, source.file), 1) for message in dict.fromkeys(faults)]
    return FileState(
        file=source.file,
        party=evidence.party,
        kind=evidence.kind,
        adapter=source.adapter,
        rows=source.rows,
        period=_period(source, zone),
        grade=source.grade,
        problems=(*whole, *_problems(evidence, source.file, kind)),
        notes=tuple(_bare(note, source.file) for note in (*_replaced(evidence, source), *source.notes)),
        columns=evidence.columns,
    )


def _replaced(evidence: Evidence, source: Source) -> Iterator[str]:
    return (said for said in evidence.replaced if said.startswith(f"{source.file}: "))


def _bare(message: str, file: str) -> str:
    """A message without the name of the file it is about."""
    while message.startswith(f"{file}: "):
        message = message.removeprefix(f"{file}: ")
    return message


def _period(source: Source, zone: ZoneInfo) -> str | None:
    if source.first is None or source.last is None:
        return None
    moments = [datetime.fromisoformat(text) for text in (source.first, source.last)]
    days = [(m.astimezone(zone) if m.tzinfo else m).date().isoformat() for m in moments]
    return "/".join(days)


def _problems(evidence: Evidence, file: str, kind: Kind) -> Iterator[Problem]:
    """One problem per column and expectation, in the order of their first rows; of columns that somebody reads."""
    if evidence.problems is None:
        return
    read = {None, *kind.required, *evidence.columns}
    read |= {kind.derived[name].of for name in evidence.columns if name in kind.derived}
    found: dict[tuple[str | None, ...], Problem] = {}
    with evidence.problems.open(encoding="utf-8") as lines:
        for said in map(json.loads, lines):
            if said["file"] != file or said["column"] not in read:
                continue
            sort = (said["column"], said["expected"], said.get("sheet", ""))
            first = found.get(sort) or Problem(
                said["row"],
                said["column"],
                said["value"],
                said["expected"],
                0,
                (),
                said.get("header"),
                said.get("sheet"),
            )
            rows = (*first.rows, said["row"]) if len(first.rows) < FIRST else first.rows
            found[sort] = replace(first, count=first.count + 1, rows=rows)
    yield from found.values()
