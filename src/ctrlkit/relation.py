"""Rows beside the rows of another table, or of their own, that a rule ties them to: windows, sums up to a day, gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import narwhals as nw

from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr
from ctrlkit.figure import GREATEST, Figure
from ctrlkit.grouping import group
from ctrlkit.rows import worked_out
from ctrlkit.table import MEMBER, Table
from ctrlkit.term import Columns, Info, info_of, one_if

OURS = "ours"


def beside_those(
    table: Table, other: Table, on: str | Mapping[str, str], name: str, rule: Expr, /, **figures: Figure
) -> Table:
    """The same rows, each with the figures of those rows of `other` with the same key for which `rule` holds.

    In `rule` and `figures` their columns are `name_column`. A row tied to none has a count and a sum of nothing. Rows
    of `other` that could not be read, or whose key could not, may be tied to any row; of one's own kind, as in a
    group, only the latter.
    """
    pairs = {on: on} if isinstance(on, str) else dict(on)
    taken = sorted(set(figures) & set(table.columns))
    if taken:
        msg = f"there is a column {taken[0]!r} already; give the figure another name"
        raise AuthorError(msg)
    table = replace(table, frame=worked_out(table.frame, table.root.frame))
    tied = _pairs_of(table, other, pairs, name).where(rule)
    read = sorted({OURS, *(c for f in figures.values() if f.value is not None for c in f.value.columns)})
    physical = [p for c in read for p in _physical(c, tied.columns[c])]
    met = group(
        replace(tied, frame=worked_out(tied.frame.select("_id", MEMBER, *physical), table.root.frame)), OURS, **figures
    )
    strays = bool(other.unknown_keys(tuple(pairs.values()))) or bool(
        other.root.bad_rows and other.root is not table.root
    )
    found = met.frame.select(
        nw.col(OURS),
        *(nw.col(p) for n in figures for p in _physical(n, met.columns[n])),
        nw.lit(value=True).alias("_tied"),
    )
    frame = table.frame.join(found, left_on="_id", right_on=OURS, how="left")
    # nothing of theirs may be missing from what our row was tied to
    whole = _known_key(table, pairs) & nw.lit(value=not strays)
    frame = frame.with_columns(whole.alias("_whole"), nw.col("_tied").fill_null(value=False))
    filled = [e for n in figures for e in _filled(n, figures[n])]
    columns = {**table.columns, **{n: met.columns[n] for n in figures}}
    return replace(table, frame=frame.with_columns(*filled).drop("_whole", "_tied"), columns=columns)


def _pairs_of(table: Table, other: Table, pairs: Mapping[str, str], name: str) -> Table:
    """Every row of ours with every row of theirs that has the same key; `ours` is the number of our row."""
    for ours, theirs in pairs.items():
        if table.columns[ours].pseudonym != other.columns[theirs].pseudonym:
            msg = f"{ours} never equals {theirs}: different pseudonyms"
            raise AuthorError(msg)
    keys = [f"_k{n}" for n in range(len(pairs))]
    left = table.frame.select(
        nw.col("_id").alias(OURS),
        *(nw.col(ours).alias(key) for ours, key in zip(pairs, keys, strict=True)),
        *(nw.col(p) for c, info in table.columns.items() for p in _physical(c, info)),
    )
    right = other.frame.select(
        nw.col("_id"),
        *(nw.col(theirs).alias(key) for theirs, key in zip(pairs.values(), keys, strict=True)),
        *([] if other.certain else [nw.col(MEMBER)]),
        *(nw.col(p).alias(f"{name}_{p}") for c, info in other.columns.items() for p in _physical(c, info)),
    )
    columns: Columns = {
        **table.columns,
        **{f"{name}_{c}": info for c, info in other.columns.items()},
        OURS: Info("count"),
    }
    return Table(other.root, right.join(left, on=keys, how="inner"), columns, certain=other.certain)


def _physical(name: str, info: Info) -> Iterator[str]:
    yield from [f"{name}__low", f"{name}__high"] if info.bounded else [name]
    if info.none:
        yield f"{name}__none"


def _known_key(table: Table, pairs: Mapping[str, str]) -> nw.Expr:
    """Whether it is known what our key meets; a key that is answered to be none meets nothing."""
    known, nobody = nw.lit(value=True), nw.lit(value=False)
    for ours in pairs:
        known = known & ~nw.col(ours).is_null()
        if table.columns[ours].none:
            nobody = nobody | nw.col(f"{ours}__none").fill_null(value=False)
    return known | nobody


def _filled(name: str, figure: Figure) -> Iterator[nw.Expr]:
    """The figure as it was counted, as that of nothing where our row is tied to none, open where rows are missing."""
    whole, tied = nw.col("_whole"), nw.col("_tied")
    match figure.how:
        case "count" | "distinct":
            low, high = nw.col(f"{name}__low"), nw.col(f"{name}__high")
            yield low.fill_null(0).alias(f"{name}__low")
            yield nw.when(whole).then(high.fill_null(0)).otherwise(nw.lit(GREATEST)).alias(f"{name}__high")
        case "any":
            no = nw.when(whole & ~tied).then(nw.lit(value=False)).otherwise(nw.col(name))
            yield nw.when(whole | nw.col(name).fill_null(value=False)).then(no).otherwise(None).alias(name)
        case "total":
            nothing = nw.when(tied).then(nw.col(name)).otherwise(nw.lit(0))
            yield nw.when(whole).then(nothing).otherwise(None).alias(name)
        case "earliest" | "latest":
            yield nw.when(whole).then(nw.col(name)).otherwise(None).alias(name)
            yield (whole & nw.when(tied).then(nw.col(f"{name}__none")).otherwise(nw.lit(value=True))).alias(
                f"{name}__none"
            )


def free_times(table: Table, key: str, start: str, end: str) -> Table:
    """The same rows, each with the time after it in which its `key` is free, from `free_from` until `free_until`.

    `free_from` is the latest end of this row and all that started before it, so that spans may overlap; unknown as soon
    as one of them is, or has not ended. `free_until` is the next start, none after the last.
    """
    for name in (key, start, end):
        info_of(table.columns, name)
    order = [start, "_id"]
    keyed = table.frame.filter(~nw.col(key).is_null() & ~nw.col(start).is_null() & table.sure())
    open_ = one_if(nw.col(end).is_null())
    frame = keyed.with_columns(open_.alias("_open")).with_columns(
        nw.col(end).cum_max().over(key, order_by=order).alias("free_from"),
        nw.col("_open").cum_sum().over(key, order_by=order).alias("_open"),
        nw.col(start).shift(-1).over(key, order_by=order).alias("free_until"),
    )
    frame = frame.with_columns(
        nw.when(nw.col("_open") == 0).then(nw.col("free_from")).otherwise(None).alias("free_from"),
        nw.col("free_until").is_null().alias("free_until__none"),
    ).drop("_open")
    columns = {**table.columns, "free_from": Info("datetime"), "free_until": Info("datetime", none=True)}
    return replace(table, frame=frame, columns=columns)
