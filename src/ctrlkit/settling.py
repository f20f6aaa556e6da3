"""The rows of several files of one kind as one: which are the same, which complete each other, which contradict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import or_

import polars as pl

from ctrlkit.kind import Kind

_OURS = ("_file", "_row", "_bad", "_unread", "_place")


@dataclass(frozen=True, slots=True)
class Settled:
    """`parts` hold what counts, so many rows at a time; `clashes` share a key and say different things, in `_differ`.

    `repeats` identical rows were dropped; `completed` rows hold what those of other files say under the same key, `by`
    those files.
    """

    parts: Iterable[pl.DataFrame]
    clashes: pl.DataFrame
    repeats: int = 0
    completed: int = 0
    by: tuple[str, ...] = ()


def settle(parts: Iterable[pl.DataFrame], kind: Kind) -> Settled:
    """What counts of the rows: `_bad` names the columns not known in a row, `_unread` those of them that it holds.

    Where rows may repeat, two with an unreadable cell may differ in just that: both stay, as do rows of which a part of
    the key is not known, such as shifts whose schedule nobody handed in. Else rows of different files
    under one key are one row as far as no column that both know differs, as a directory's people and its report of
    second factors; a cell that one of them holds and nobody could read stays unread.

    Only rows that another one may be like are held together; `parts` are gone through twice.
    """
    some = next(iter(parts))
    key = [name for name in kind.key if name in some.columns]
    several = kind.repeats or len(key) < len(kind.key)
    doubtful = _maybe_alike(parts, _said(some)) if several else _maybe_alike(parts, _said(some), key)
    held = pl.concat([part.filter(doubtful.slice(start, len(part))) for start, part in _placed(parts)])
    single = _single(held, kind)
    settled = Settled(
        _Merged(parts, doubtful, single), single.clear().drop("_unread", "_place"), len(held) - len(single)
    )
    shared = None if several else _shared(single, key)
    if shared is None or not shared.any():
        return settled
    joined, clashes = _joined(single.filter(shared), key)
    rows = pl.concat([single.filter(~shared).drop("_unread"), joined], how="diagonal_relaxed")
    return replace(
        settled, parts=_Merged(parts, doubtful, rows), clashes=clashes.drop("_unread", "_place"), completed=len(joined),
        by=_behind(single, joined, key),
    )  # fmt: skip


def _placed(parts: Iterable[pl.DataFrame]) -> Iterator[tuple[int, pl.DataFrame]]:
    """Each part with the number of rows before it, which `_place` goes on counting."""
    before = 0
    for part in parts:
        yield before, part.with_columns(pl.int_range(before, before + len(part), dtype=pl.Int64).alias("_place"))
        before += len(part)


@dataclass(frozen=True, slots=True)
class _Merged:
    """The rows of `parts` of which nothing was doubtful, and between them those that `settled` holds of the others."""

    parts: Iterable[pl.DataFrame]
    doubtful: pl.Series
    settled: pl.DataFrame

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The parts, made anew."""
        settled = self.settled.select(c for c in self.settled.columns if c != "_unread")
        for start, part in _placed(self.parts):
            own = part.drop("_unread").filter(~self.doubtful.slice(start, len(part)))
            theirs = settled.filter(pl.col("_place").is_between(start, start + len(part), closed="left"))
            both = pl.concat([own, theirs], how="diagonal_relaxed").sort("_place") if len(theirs) else own
            yield both.drop("_place")


def _said(rows: pl.DataFrame) -> list[str]:
    return [c for c in rows.columns if c not in {"_file", "_row", "_unread", "_place"}]


def _single(rows: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """The rows, of those that say the same the first."""
    maybe = rows.get_column("_unread").is_null() if kind.repeats else pl.Series([True]).new_from_index(0, len(rows))
    if not maybe.any():
        return rows
    comparable = rows.filter(maybe)
    first = comparable.unique(_said(rows), keep="first", maintain_order=True)
    again = comparable.join(first, on="_place", how="anti").get_column("_place")
    return rows.filter(~pl.col("_place").is_in(again.implode()))


def _shared(rows: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """Whether another row has the same key, and all of it is known."""
    known = rows.filter(~_not_known(key))
    twice = known.filter(pl.struct(key).is_duplicated()).get_column("_place")
    return rows.get_column("_place").is_in(twice.implode())


def _maybe_alike(parts: Iterable[pl.DataFrame], *columns: Sequence[str]) -> pl.Series:
    """Whether another row has the same hash of some of the sets of `columns`: so few have that they can be compared."""
    hashes = [[part.select(names).hash_rows() for names in columns] for part in parts]
    alike = [_again(pl.concat(one)) for one in zip(*hashes, strict=True)]
    return reduce(or_, alike)


def _again(numbers: pl.Series) -> pl.Series:
    """Whether a number stands there more than once; sorting takes a fraction of the memory of asking just that."""
    ordered = numbers.sort()
    twice = ordered.filter(ordered == ordered.shift()).unique()
    return numbers.is_in(twice.implode())


def _joined(rows: pl.DataFrame, key: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """One row, placed at the first, for each key whose rows agree; and all rows of the keys whose rows do not."""
    columns = [c for c in rows.columns if c not in {*_OURS, *key}]
    groups = rows.group_by(key, maintain_order=True).agg(
        pl.col("_file").first(),
        pl.col("_row").first(),
        pl.col("_place").first(),
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
