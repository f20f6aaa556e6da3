"""Rows met with others of their own table that come before or after them, by key and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw

from ctrlkit import interval
from ctrlkit.expression import Expr, rule_of
from ctrlkit.rows import worked_out
from ctrlkit.table import Table
from ctrlkit.term import Info, expect, one_if

YES, PERHAPS = 2, 1


def with_earlier(  # noqa: PLR0913  (an author names them all)
    table: Table, *keys: str, at: str, until: Expr, by: Sequence[str], such: Expr, name: str
) -> Table:
    """Each row beside another row with the same keys that it began in: from its `at` to its `until`, included.

    Adds `name`: whether there is one for which `such` holds, true, false or unknown; and its columns as `name_column`.
    `such` may read the row's own columns, of the earlier one those in `by`, and how long it lasts, where that holds for
    the longer one if for any. Rows with the same cells in `by` do not meet. Of others that are alike in them the one
    that lasts longest is looked at, so that a busy account costs no more than it has places at a time; of several such,
    the one that stands first. Of two rows with the same instant the one that stands first is earlier.
    """
    end = until.build(table.columns)
    expect(end.type, "datetime", "an interval is made")
    held = _placed(table, keys, at, by, _end=end.value)
    judged = _judged(table, table.frame, interval.begun_in(held), such, name)
    unended = held.filter(nw.col("_end").is_null()).group_by("_key").agg(nw.col("_at").min().alias("_began"))
    began = held.select("_id", "_key").join(unended, on="_key", how="inner").select("_id", "_began")
    frame = _beside(table, judged, name).join(began, on="_id", how="left")
    told = _is_told(table, keys, at) & (nw.col("_began").is_null() | (nw.col("_began") > nw.col(at)))
    return _answered(table, frame.with_columns(told.alias("_told")), name)


def with_later(table: Table, *keys: str, at: str, by: Sequence[str], such: Expr, name: str) -> Table:
    """The same rows with `name`: whether a later row with the same keys is such that `such` holds; or unknown.

    `such` may read the row's own columns, and of the later one those in `by`, as `name_column`. Rows with the same
    cells in them do not meet, and others that are alike are looked at once, so that a busy account costs no more than
    it has places.
    """
    held = _placed(table, keys, at, by)
    others = held.group_by("_key", "_class").agg(nw.col("_at").max().alias("_last")).rename({"_class": "_o"})
    met = held.join(others, on="_key", how="inner").filter(
        ((nw.col("_o") != nw.col("_class")) | nw.col("_vague")) & (nw.col("_last") > nw.col("_at"))
    )
    judged = _judged(table, table.frame, met.select("_id", "_o"), such, name)
    return _answered(table, _beside(table, judged, name).with_columns(_is_told(table, keys, at).alias("_told")), name)


def _placed(table: Table, keys: Sequence[str], at: str, by: Sequence[str], **more: nw.Expr) -> nw.LazyFrame[Any]:
    """`_id`, `_at` and `more` of the rows whose keys and time are known, and to which others they belong.

    `_key` and `_class` are the least `_id` of the rows with the same keys, and of those of them that are alike in `by`
    too; `_vague` where one of these is not known or answered to be none, so that two rows of the class may differ.
    """
    known, vague = ~nw.col(at).is_null(), nw.lit(value=False)
    for key in keys:
        known = known & ~nw.col(key).is_null()
    for column in by:
        vague = vague | nw.col(column).is_null()
    alike = [*keys, *sorted(_physical(table, by)), "_sure"]
    rows = table.frame.filter(known).with_columns(
        nw.col(at).alias("_at"), vague.alias("_vague"), one_if(table.sure()).alias("_sure"), **more
    )
    first = nw.col("_id").min()
    rows = rows.with_columns(first.over(*keys).alias("_key"), first.over(*alike).alias("_class"))
    asked = rows.select("_id", "_at", "_key", "_class", "_vague", *more)
    return worked_out(asked, table.root.frame)


def _is_told(table: Table, keys: Sequence[str], at: str) -> nw.Expr:
    """Whether a row that met no other has none: not where its key or time, or those of any row, could not be read."""
    told = nw.lit(value=not (table.root.bad_rows or table.unknown_keys((*keys, at))))
    for column in (*keys, at):
        told = told & ~nw.col(column).is_null()
    return told


def _judged(
    table: Table, frame: nw.LazyFrame[Any], pairs: nw.LazyFrame[Any], such: Expr, name: str
) -> nw.LazyFrame[Any]:
    """`_id`, `_hit` and `_o`, the first of the others for which `such` holds, or else may hold."""
    theirs = {f"{name}_{column}": info for column, info in table.columns.items()}
    columns = {**table.columns, **theirs}
    ours = sorted(_physical(table, such.columns - set(theirs)))
    asked = sorted(_physical(table, {n.removeprefix(f"{name}_") for n in such.columns & set(theirs)}))
    other = frame.select(
        nw.col("_id").alias("_o"), table.sure().alias("_o_sure"), *(nw.col(n).alias(f"{name}_{n}") for n in asked)
    )
    both = pairs.join(frame.select("_id", *ours), on="_id", how="inner").join(other, on="_o", how="inner")
    rule = rule_of(such, columns)
    doubtful = nw.when(~rule).then(nw.lit(0)).otherwise(nw.lit(PERHAPS))
    state = nw.when(rule & nw.col("_o_sure")).then(nw.lit(YES)).otherwise(doubtful)
    rated = both.with_columns(state.alias("_state")).filter(nw.col("_state") > 0).select("_id", "_o", "_state")
    best = rated.group_by("_id").agg(nw.col("_state").max().alias("_hit"))
    chosen = rated.join(best, on="_id", how="inner").filter(nw.col("_state") == nw.col("_hit"))
    return chosen.group_by("_id").agg(nw.col("_o").min(), nw.col("_hit").max())


def _physical(table: Table, names: Sequence[str] | set[str] | frozenset[str]) -> list[str]:
    found = []
    for name in names:
        info = table.columns[name]
        found += [f"{name}__low", f"{name}__high"] if info.bounded else [name]
        found += [f"{name}__none"] if info.none else []
    return found


def _beside(table: Table, judged: nw.LazyFrame[Any], name: str) -> nw.LazyFrame[Any]:
    """The table's frame with `_hit`, and the columns of the chosen other row."""
    columns = sorted(_physical(table, set(table.columns)))
    other = table.frame.select(nw.col("_id").alias("_o"), *(nw.col(n).alias(f"{name}_{n}") for n in columns))
    chosen = other.join(judged, on="_o", how="inner").rename({"_o": f"_{name}_id"})
    return table.frame.join(chosen, on="_id", how="left")


def _answered(table: Table, frame: nw.LazyFrame[Any], name: str) -> Table:
    """The table with `name`: true for a hit, unknown for a perhaps or where something that may be one is not told."""
    none = nw.when(nw.col("_told") & nw.col("_hit").is_null()).then(nw.lit(value=False)).otherwise(None)
    answer = nw.when(nw.col("_hit") == YES).then(nw.lit(value=True)).otherwise(none)
    frame = frame.with_columns(answer.alias(name))
    frame = frame.drop(*(n for n in ("_hit", "_told", "_began") if n in frame.collect_schema().names()))
    theirs = {f"{name}_{column}": info for column, info in table.columns.items()}
    columns = {**table.columns, **theirs, name: Info("boolean")}
    return replace(table, frame=frame, columns=columns, links={**table.links, name: table.root})
