"""The rows of several files of one kind as one: which are the same, which complete each other, which contradict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ctrlkit.kind import Kind

_OURS = ("_file", "_row", "_bad", "_unread")


@dataclass(frozen=True, slots=True)
class Settled:
    """`rows` count; `clashes` share a key and say different things, in `_differ`; `repeats` identical were dropped.

    `completed` rows hold what rows of other files say under the same key, `by` those files.
    """

    rows: pl.DataFrame
    clashes: pl.DataFrame
    repeats: int = 0
    completed: int = 0
    by: tuple[str, ...] = ()


def settle(rows: pl.DataFrame, kind: Kind) -> Settled:
    """What counts of `rows`: `_bad` names the columns not known in a row, `_unread` those of them that it holds.

    Where rows may repeat, two with an unreadable cell may differ in just that: both stay, as do rows of which a part of
    the key is not known, such as shifts whose schedule nobody handed in. Else rows of different files
    under one key are one row as far as no column that both know differs, as a directory's people and its report of
    second factors; a cell that one of them holds and nobody could read stays unread.
    """
    single = _single(rows, kind)
    repeats = len(rows) - len(single)
    key = [k for k in kind.key if k in rows.columns]
    if kind.repeats or len(key) < len(kind.key):
        return Settled(single.drop("_unread"), single.drop("_unread").clear(), repeats)
    shared = _shared(single, key)
    if not shared.any():
        return Settled(single.drop("_unread"), single.drop("_unread").clear(), repeats)
    joined, clashes = _joined(single.filter(shared), key)
    settled = pl.concat([single.filter(~shared).drop("_unread"), joined], how="diagonal_relaxed")
    by = _behind(single, joined, key)
    return Settled(settled, clashes.drop("_unread"), repeats, len(joined), by)


def _single(rows: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """The rows, of those that say the same the first."""
    values = [c for c in rows.columns if c not in {"_file", "_row", "_unread"}]
    maybe = _maybe_alike(rows, values)
    if kind.repeats:
        maybe &= rows.get_column("_unread").is_null()
    if not maybe.any():
        return rows
    few = rows.with_row_index("_at").filter(maybe)
    again = few.select("_at").join(few.unique(values, keep="first").select("_at"), on="_at", how="anti")
    return rows.with_row_index("_at").join(again, on="_at", how="anti", maintain_order="left").drop("_at")


def _shared(rows: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """Whether another row has the same key, and all of it is known."""
    maybe = _maybe_alike(rows, key) & ~rows.select(_not_known(key)).to_series()
    twice = rows.filter(maybe).select(pl.struct(key).is_duplicated()).to_series()
    return pl.int_range(len(rows), eager=True).is_in(maybe.arg_true().filter(twice).implode())


def _maybe_alike(rows: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """Whether another row has the same hash; so few have that only they need to be compared, which takes far longer."""
    return rows.select(columns).hash_rows().is_duplicated()


def _joined(rows: pl.DataFrame, key: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row, placed at the first, for each key whose rows agree; and all rows of the keys whose rows do not."""
    columns = [c for c in rows.columns if c not in {*_OURS, *key}]
    groups = rows.group_by(key, maintain_order=True).agg(
        pl.col("_file").first(),
        pl.col("_row").first(),
        ((pl.col("_file").n_unique() == pl.len()) & ~pl.any_horizontal(_not_known(key).any())).alias("_apart"),
        *(_one(column) for column in columns),
        *(_told(column).alias(f"_known {column}") for column in columns),
        *(_agree(column).alias(f"_agree {column}") for column in columns),
    )
    agree = pl.all_horizontal(pl.col("_apart"), *(pl.col(f"_agree {c}") for c in columns))
    unknown = _those(columns, "_known")
    bad = pl.when(unknown != "").then(pl.concat_str(pl.lit(";"), unknown, pl.lit(";"))).alias("_bad")
    ordered = [c for c in rows.columns if c != "_unread"]
    differ = _those(columns, "_agree").str.replace_all(";", ", ", literal=True)
    told = groups.filter(~agree).select(*key, differ.alias("_differ"))
    clashes = rows.join(told, on=key, how="inner", nulls_equal=True, maintain_order="left")
    return groups.filter(agree).with_columns(bad).select(ordered), clashes


def _those(columns: Sequence[str], question: str) -> pl.Expr:
    """The names of those columns for which the answer is no."""
    names = [pl.when(~pl.col(f"{question} {c}")).then(pl.lit(c)) for c in columns]
    return pl.concat_str(names, separator=";", ignore_nulls=True) if names else pl.lit("")


def _holds(of: str, column: str) -> pl.Expr:
    return pl.col(of).str.contains(f";{column};", literal=True).fill_null(value=False)


def _not_known(columns: Sequence[str]) -> pl.Expr:
    return pl.any_horizontal(*(_holds("_bad", column) for column in columns))


def _one(column: str) -> pl.Expr:
    """What the first row that knows the column says."""
    return pl.col(column).filter(~_holds("_bad", column)).first()


def _told(column: str) -> pl.Expr:
    """Whether a row knows the column and none holds it unread."""
    return (~_holds("_bad", column)).any() & ~_holds("_unread", column).any()


def _agree(column: str) -> pl.Expr:
    return pl.col(column).filter(~_holds("_bad", column)).n_unique() <= 1


def _behind(rows: pl.DataFrame, joined: pl.DataFrame, key: Sequence[str]) -> tuple[str, ...]:
    """The files whose rows completed those of others, by name."""
    own = rows.join(joined.select(*key, pl.col("_file").alias("_placed")), on=list(key), how="inner", nulls_equal=True)
    return tuple(sorted(own.filter(pl.col("_file") != pl.col("_placed"))["_file"].unique().to_list()))
