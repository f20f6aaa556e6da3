"""Rows of two logs of the same events, paired one to one by key and nearest time, and those without a partner."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import narwhals as nw

from ctrlkit.errors import AuthorError
from ctrlkit.expression import col
from ctrlkit.literal import MICRO
from ctrlkit.rows import fetch_all
from ctrlkit.table import Table
from ctrlkit.term import Info, expect


class _Side(NamedTuple):
    """One log's rows of one key: the sure ones by time, and whether some may or may not belong here."""

    sure: list[tuple[int, int]]
    open: list[int]


def pair(ours: Table, theirs: Table, *on: str, at: str, within: int, name: str) -> tuple[Table, Table]:
    """The rows of both tables with `name`: whether a row of the other one is its partner; true, false or unknown.

    Partners are alike in the columns `on` and at most `within` seconds apart in the instant `at`; each row has one at
    most. Taken in order of `ours`, each gets the nearest row of theirs that is still free, of two as near the earlier
    one. A row that only may belong to its table, or whose key or time is not known, is unknown, and so is every row
    left over whose partner it, or a row that could not be read, may be.
    """
    _fit(ours, theirs, [*on, at], name)
    expect(col(at).build(ours.columns).type, "datetime", f"{name} is told")
    lefts, rights = (_sides(rows, len(on)) for rows in fetch_all([_told(t, on, at) for t in (ours, theirs)]))
    strays = bool(lefts.get(None) or rights.get(None))
    unread = (theirs.root.bad_rows, ours.root.bad_rows)
    lonely: tuple[list[int], list[int]] = ([], [])
    doubtful: tuple[list[int], list[int]] = ([], [])
    for key in sorted({*lefts, *rights} - {None}, key=str):
        left, right = lefts.get(key, _Side([], [])), rights.get(key, _Side([], []))
        open_ = strays or bool(left.open or right.open)
        for place, alone in enumerate(_left_over(left.sure, right.sure, within * MICRO)):
            (doubtful if open_ or unread[place] else lonely)[place].extend(alone)
        for place, side in enumerate((left, right)):
            doubtful[place].extend(side.open)
    for place, sides in enumerate((lefts, rights)):
        doubtful[place].extend(sides[None].open if None in sides else ())
    return (
        _marked(ours, name, lonely[0], doubtful[0]),
        _marked(theirs, name, lonely[1], doubtful[1]),
    )


def _fit(ours: Table, theirs: Table, names: Sequence[str], new: str) -> None:
    for name in names:
        for table in (ours, theirs):
            if name not in table.columns:
                msg = f"pair {new!r}: {table.root.kind.name} has no column {name!r} here"
                raise AuthorError(msg)
        if ours.columns[name].pseudonym != theirs.columns[name].pseudonym:
            msg = f"pair {new!r}: {name} is hidden in two ways and never equal"
            raise AuthorError(msg)
    if new in ours.columns or new in theirs.columns:
        msg = f"there is a column {new!r} already; give the pairing another name"
        raise AuthorError(msg)


def _told(table: Table, on: Sequence[str], at: str) -> nw.LazyFrame[Any]:
    keys = [nw.col(name).alias(f"_k{i}") for i, name in enumerate(on)]
    return table.frame.select("_id", *keys, nw.col(at).alias("_at"), table.sure().alias("_sure"))


def _sides(rows: Iterable[dict[str, Any]], keys: int) -> dict[tuple[Any, ...] | None, _Side]:
    """Key -> its rows; under None those whose key or time is not known."""
    found: dict[tuple[Any, ...] | None, _Side] = {}
    for row in rows:
        key = tuple(row[f"_k{i}"] for i in range(keys))
        known = row["_at"] is not None and all(part is not None for part in key)
        side = found.setdefault(key if known else None, _Side([], []))
        if known and row["_sure"]:
            side.sure.append((row["_at"], row["_id"]))
        else:
            side.open.append(row["_id"])
    return {key: _Side(sorted(side.sure), sorted(side.open)) for key, side in found.items()}


def _left_over(
    ours: Sequence[tuple[int, int]], theirs: Sequence[tuple[int, int]], within: int
) -> tuple[list[int], list[int]]:
    """The `_id` of the rows of either side that find no partner."""
    free = list(theirs)
    alone = []
    for moment, id_ in ours:
        place = bisect_left(free, (moment, -1))
        near = [n for n in (place - 1, place) if 0 <= n < len(free) and abs(free[n][0] - moment) <= within]
        if near:
            del free[min(near, key=lambda n: (abs(free[n][0] - moment), free[n][0]))]
        else:
            alone.append(id_)
    return alone, [id_ for _, id_ in free]


def _marked(table: Table, name: str, lonely: Sequence[int], doubtful: Sequence[int]) -> Table:
    answer = nw.when(nw.col("_id").is_in(sorted(lonely))).then(nw.lit(value=False)).otherwise(nw.lit(value=True))
    if not lonely:
        answer = nw.lit(value=True)
    if doubtful:
        answer = nw.when(~nw.col("_id").is_in(sorted(doubtful))).then(answer).otherwise(None)
    columns = {**table.columns, name: Info("boolean")}
    return replace(table, frame=table.frame.with_columns(answer.alias(name)), columns=columns)
