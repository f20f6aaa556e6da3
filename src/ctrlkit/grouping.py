"""Groups of rows and their figures; a group with an unknown input has an unknown figure, or one between two bounds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import narwhals as nw

from ctrlkit.errors import AuthorError
from ctrlkit.figure import Figure, steps_of
from ctrlkit.rows import fetch
from ctrlkit.table import MEMBER, Table
from ctrlkit.term import Columns, Info, info_of, one_if

_ALL = "_all"


def group(table: Table, *keys: str, **figures: Figure) -> Table:
    """One row per combination of `keys`, with the figures.

    Rows without a key form a group without figures. Those whose key is unknown form another one, and make the figures
    of every group that they may belong to unknown, or a wider span.
    """
    if not keys or set(keys) & set(figures):
        msg = "group needs at least one column to group by, and figures with names of their own"
        raise AuthorError(msg)
    steps = {name: steps_of(name, figure, table) for name, figure in figures.items()}
    sure = one_if(table.sure()).alias("_sure")
    bound = [e.alias(n) for s in steps.values() for n, e in s.bound.items()]
    prepared = table.frame.with_columns(*bound) if bound else table.frame
    prepared = prepared.with_columns(sure, *(e.alias(n) for s in steps.values() for n, e in s.before.items()))
    flags = [f"{key}__none" for key in keys if info_of(table.columns, key).none]
    prepared = prepared.with_columns(nw.col(flag).fill_null(value=False) for flag in flags)
    grouped = prepared.group_by(*keys, *flags).agg(
        nw.col("_id").min(), nw.col("_sure").max(), *(e.alias(n) for s in steps.values() for n, e in s.within.items())
    )
    known = nw.lit(value=True)
    for key in keys:
        known = known & ~nw.col(key).is_null()
    frame = _with_strays(table, keys, grouped).with_columns(
        *(nw.when(known).then(e).otherwise(None).alias(n) for s in steps.values() for n, e in s.after.items()),
        nw.when(nw.col("_sure") == 1).then(nw.lit(value=True)).otherwise(None).alias(MEMBER),
    )
    columns: Columns = {key: table.columns[key] for key in keys} | {name: s.info for name, s in steps.items()}
    return Table(table.root, frame, columns, certain=table.certain, unique=frozenset(keys), grouped=table)


def _with_strays(table: Table, keys: tuple[str, ...], grouped: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The groups with `_strays`: the number of rows outside a group whose unknown key may be its own."""
    patterns = table.unknown_keys(keys)
    strays = nw.lit(sum(rows for which, rows in patterns if which == set(keys)))
    for number, (which, _) in enumerate(patterns):
        known = [key for key in keys if key not in which]
        if known:
            rows = table.frame.filter(table.unknown_just(keys, which))
            counted = rows.group_by(*known).agg(nw.len().cast(nw.Int64).alias(f"_strays{number}"))
            grouped = grouped.join(counted, on=known, how="left")
            strays = strays + nw.col(f"_strays{number}").fill_null(0)
    return grouped.with_columns(strays.cast(nw.Int64).alias("_strays"))


def beside(table: Table, *keys: str, **figures: Figure) -> Table:
    """The same rows, each with the figures of its group: for rules about a row that look at its like.

    Without keys all rows are one group.
    """
    if not keys:
        whole = replace(
            table,
            frame=table.frame.with_columns(nw.lit(1).alias(_ALL)),
            columns={**table.columns, _ALL: Info("number")},
        )
        done = beside(whole, _ALL, **figures)
        columns = {name: info for name, info in done.columns.items() if name != _ALL}
        return replace(done, frame=done.frame.drop(_ALL), columns=columns)
    plain_table = replace(table, columns={key: table.columns[key] for key in keys})
    matched = plain_table.match(group(table, *keys, **figures), {key: key for key in keys}, "_group")
    columns = dict(table.columns)
    renamed: list[nw.Expr] = []
    for name in figures:
        info = columns[name] = matched.columns[f"_group_{name}"]
        plain = [f"{name}__low", f"{name}__high"] if info.bounded else [name]
        renamed += [nw.col(f"_group_{p}").alias(p) for p in ([*plain, f"{name}__none"] if info.none else plain)]
    frame = matched.frame.with_columns(*renamed)
    return replace(
        table, frame=frame.drop(*(n for n in frame.collect_schema().names() if _is_ours(n))), columns=columns
    )


def newest(table: Table, *keys: str, by: str) -> Table:
    """One row of each combination of `keys`, or of all: that with the greatest `by`, of two alike the first.

    It is there to place a finding about all of them; rows that may not belong, or whose `by` is not known, come last,
    those without a key not at all.
    """
    rows = fetch(table.frame.select("_id", *keys, nw.col(by).alias("_by"), table.sure().alias("_sure")))
    best: dict[tuple[Any, ...], tuple[bool, bool, Any, int]] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        rank = (row["_sure"], row["_by"] is not None, row["_by"] or 0, -row["_id"])
        if None not in key and (key not in best or rank > best[key]):
            best[key] = rank
    chosen = sorted(-rank[-1] for rank in best.values())
    return replace(table, frame=table.frame.filter(nw.col("_id").is_in(chosen)), unique=frozenset(keys) or table.unique)


def first_of(table: Table, *keys: str) -> Table:
    """Of the rows with the same `keys` the one that stands first in the evidence: for what is said once for them all.

    Rows that may stand before it, if they belong to `table` or have these keys at all, stay and are marked.
    """
    stray = nw.lit(value=False)
    for key in keys:
        stray = stray | nw.col(key).is_null()
    ids = table.frame.with_columns(nw.when(table.sure()).then(nw.col("_id")).otherwise(None).alias("_sure_id")).filter(
        ~stray
    )
    firsts = ids.group_by(*keys).agg(nw.col("_id").min().alias("_first"), nw.col("_sure_id").min().alias("_last"))
    marked = table.frame.join(firsts, on=list(keys), how="left")
    kept = marked.filter(stray | (nw.col("_id") <= nw.col("_last")) | nw.col("_last").is_null())
    certain = table.sure() & (nw.col("_id") == nw.col("_first"))
    open_ = nw.lit(value=bool(table.unknown_keys(keys)))
    member = nw.when(certain & ~open_).then(nw.lit(value=True)).otherwise(None)
    return replace(table, frame=kept.with_columns(member.alias(MEMBER)).drop("_first", "_last"), certain=False)


def absent(table: Table, column: str, words: Collection[str]) -> tuple[str, ...]:
    """Those of `words` that no row holds for certain in `column`."""
    frame = table.frame if table.certain else table.frame.filter(table.sure())
    rows = fetch(frame.select(column).unique())
    there = {row[column] for row in rows}
    return tuple(sorted(word for word in words if word not in there))


def _is_ours(name: str) -> bool:
    """Whether it is a column of the match behind `beside`, which the next `beside` would read in place of its own."""
    return name.startswith(("_group", "__group"))
