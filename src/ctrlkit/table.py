"""Evidence tables: what checks hold; rows keep where they came from, and what cannot be told stays apart to the end.

A table *has* a narwhals lazy frame and checks do not reach it, because in every frame library a null drops out of a
filter: an account whose second factor is unknown silently leaves the exceptions, and the control goes green. Here
`where` keeps rows whose membership is unknown, marked; `match` answers found, not found or unknown; a group with an
unknown input is unknown.

Inside a frame: `_id` numbers the rows of the evidence, `_m` (only where membership can be unknown) is true or null,
`x__none` says that the emptiness of `x` is an answer, `x__low` and `x__high` bound a count, `_owner_id` points into the
table matched as `owner`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import narwhals as nw

from ctrlkit.errors import AuthorError
from ctrlkit.expression import DAY, Built, Columns, Expr, Info, col, rule_of
from ctrlkit.kind import Kind

MEMBER = "_m"
LONG_INTERVAL = 3
"""Days: intervals longer than this are compared without day buckets, so that one absurd row costs no more than itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """The evaluated evidence of one kind from one party: a frame with `_id`, `_file`, `_row` and the read columns.

    `exported_at` is the oldest export among the sources, UTC; None where nobody says.
    """

    kind: Kind
    party: str
    frame: nw.LazyFrame[Any]
    columns: Columns
    exported_at: datetime | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A population, or what one is compared with.

    `columns` are those an expression may name. `certain` is false where some memberships are unknown. `unique` are the
    columns that identify a row, None where rows may be alike. `links` are the tables matched so far. `grouped` is the
    table behind a table of groups.
    """

    root: Root
    frame: nw.LazyFrame[Any]
    columns: Columns
    certain: bool = True
    unique: frozenset[str] | None = None
    links: Mapping[str, Root] = field(default_factory=dict)
    grouped: Table | None = None

    def has(self, *names: str) -> bool:
        """Whether the evidence holds these columns; ask before using an optional one."""
        return all(name in self.columns for name in names)

    @property
    def exported_at(self) -> datetime | None:
        """When the oldest of the sources was exported, UTC; None where nobody says."""
        return self.root.exported_at

    def where(self, rule: Expr) -> Table:
        """The rows for which `rule` holds, and, marked, those for which it is unknown."""
        member = rule_of(rule, self.columns)
        if not self.certain:
            member = nw.col(MEMBER) & member
        frame = self.frame.with_columns(member.alias(MEMBER)).filter(nw.col(MEMBER).fill_null(value=True))
        return replace(self, frame=frame, certain=False)

    def with_columns(self, **values: Expr) -> Table:
        """The same rows with further columns."""
        new: list[nw.Expr] = []
        columns = dict(self.columns)
        for name, value in values.items():
            built = value.build(self.columns)
            new.append(built.value.alias(name))
            if built.none is not None:
                new.append(built.none.alias(f"{name}__none"))
            columns[name] = Info(built.type, none=built.none is not None, pseudonym=built.pseudonym)
        return replace(self, frame=self.frame.with_columns(*new), columns=columns)

    def match(self, other: Table, on: str | Mapping[str, str], name: str) -> Table:
        """Each row beside the one row of `other` with the same key.

        `on` is a column that both have, or ours -> theirs. Adds `name` (found: true, false or unknown; a key that could
        not be read is unknown, not "not found") and their columns as `name_column`. `other` must hold one row per key:
        group it first.
        """
        pairs = _pairs(on)
        if other.unique is None or not other.unique <= set(pairs.values()):
            msg = f"match {name!r}: {other.root.kind.name} may hold several rows per {', '.join(pairs.values())}; group it first"
            raise AuthorError(msg)
        right = other.frame.select(
            *_keys_as(pairs),
            nw.col("_id").alias(f"_{name}_id"),
            other.sure().alias(f"_{name}_sure"),
            *(nw.col(p).alias(f"{name}_{p}") for c, info in other.columns.items() for p in _physical(c, info)),
            *(nw.col(f"_{link}_id").alias(f"_{name}_{link}_id") for link in other.links),
        )
        joined = self._beside(other, right, pairs, name)
        columns = {**joined.columns, **{f"{name}_{c}": info for c, info in other.columns.items()}}
        links = {**joined.links, **{f"{name}_{link}": root for link, root in other.links.items()}}
        return replace(joined, columns=columns, links=links)

    def exists(self, other: Table, on: str | Mapping[str, str], name: str) -> Table:
        """The same rows with `name`: whether `other` has a row with the same key; true, false or unknown."""
        pairs = _pairs(on)
        keys = [f"_k{i}" for i in range(len(pairs))]
        right = (
            other.frame.select(*_keys_as(pairs), nw.col("_id"), _one_if(other.sure()).alias("_s"))
            .group_by(*keys)
            .agg(nw.col("_id").min().alias(f"_{name}_id"), nw.col("_s").max())
            .with_columns((nw.col("_s") == 1).alias(f"_{name}_sure"))
            .drop("_s")
        )
        return self._beside(other, right, pairs, name)

    def without(self, other: Table, on: str | Mapping[str, str]) -> Table:
        """The rows that have no counterpart in `other`, and, marked, those of which that is unknown."""
        return self.exists(other, on, "there").where(~col("there"))

    def during(
        self,
        other: Table,
        on: str | Mapping[str, str],
        at: str,
        span: tuple[Expr, Expr],
        name: str,
        doubt: tuple[Expr, Expr] | None = None,
    ) -> Table:
        """The same rows with `name`: whether the instant `at` lies in an interval of `other` with the same key.

        `span` is the first and last instant of theirs, both included. An interval with an unknown end makes every row of
        its key unknown that no known interval holds; with `doubt`, only those between these two instants of theirs. An
        interval that is answered to be none is none. Rows meet by key and day, so that a busy account does not meet
        itself squared.
        """
        pairs = _pairs(on)
        keys = [f"_k{i}" for i in range(len(pairs))]
        bounds = [bound.build(other.columns) for bound in span]
        sure, (start, end) = other.sure(), bounds
        if doubt is not None:
            whole = _no(start.none) & _no(end.none) & (start.value.is_null() | end.value.is_null())
            sure = sure & ~whole
            start, end = (_instead(whole, b, d.build(other.columns)) for b, d in zip(bounds, doubt, strict=True))
        intervals = other.frame.select(
            *_keys_as(pairs), start.value.alias("_start"), end.value.alias("_end"), _one_if(sure).alias("_s"),
            (_no(start.none) & _no(end.none)).alias("_is"),
        ).filter(nw.col("_is"))  # fmt: skip
        known = intervals.filter(~nw.col("_start").is_null() & ~nw.col("_end").is_null())
        known = known.filter(nw.col("_end") >= nw.col("_start")).with_columns(
            (nw.col("_start") // DAY).alias("_day"), (nw.col("_end") // DAY - nw.col("_start") // DAY).alias("_days")
        )
        moments = self.frame.select(
            nw.col("_id"), *(nw.col(ours).alias(f"_k{i}") for i, ours in enumerate(pairs)), nw.col(at).alias("_at")
        )
        short = nw.concat(
            [
                known.filter((nw.col("_days") >= more) & (nw.col("_days") <= LONG_INTERVAL)).with_columns(nw.col("_day") + more)
                for more in range(LONG_INTERVAL + 1)
            ]
        )
        wide = known.filter(nw.col("_days") > LONG_INTERVAL)
        met = nw.concat(
            [
                _inside(moments.with_columns((nw.col("_at") // DAY).alias("_day")), short, [*keys, "_day"]),
                _inside(moments, wide, keys),
            ]
        )
        hits = met.group_by("_id").agg(nw.col("_s").max().alias(f"_{name}_hit"))
        doubts = intervals.filter(nw.col("_start").is_null() | nw.col("_end").is_null())
        doubts = doubts.group_by(*keys).agg(nw.col("_s").max().alias(f"_{name}_doubt"))
        frame = self.frame.join(hits, on="_id", how="left")
        frame = frame.join(doubts, left_on=list(pairs), right_on=keys, how="left")
        here = ~nw.col(at).is_null() & nw.col(f"_{name}_doubt").is_null()
        missed = self._not_there(other, pairs)
        answer = (
            nw.when(nw.col(f"_{name}_hit") == 1)
            .then(nw.lit(value=True))
            .otherwise(nw.when(nw.col(f"_{name}_hit").is_null() & here).then(missed).otherwise(None))
        )
        columns = {**self.columns, name: Info("boolean")}
        return replace(self, frame=frame.with_columns(answer.alias(name)), columns=columns)

    def sure(self) -> nw.Expr:
        """Whether a row is certainly a member."""
        return nw.lit(value=True) if self.certain else nw.col(MEMBER).fill_null(value=False)

    def _beside(self, other: Table, right: nw.LazyFrame[Any], pairs: Mapping[str, str], name: str) -> Table:
        keys = [f"_k{i}" for i in range(len(pairs))]
        self._same_domain(other, pairs)
        for key in keys:
            right = right.filter(~nw.col(key).is_null())
        frame = self.frame.join(right, how="left", left_on=list(pairs), right_on=keys)
        found = (
            nw.when(nw.col(f"_{name}_sure"))
            .then(nw.lit(value=True))
            .otherwise(nw.when(nw.col(f"_{name}_id").is_null()).then(self._not_there(other, pairs)).otherwise(None))
        )
        columns = {**self.columns, name: Info("boolean")}
        return replace(self, frame=frame.with_columns(found.alias(name)), columns=columns, links={**self.links, name: other.root})

    def _not_there(self, other: Table, pairs: Mapping[str, str]) -> nw.Expr:
        """The answer for a row that met nothing: false; unknown where its own key, or some key of theirs, is unknown."""
        unreadable = other.holds_unknown(tuple(pairs.values()))
        no = nw.lit(value=None, dtype=nw.Boolean) if unreadable else nw.lit(value=False)
        known = nw.lit(value=True)
        nobody = nw.lit(value=False)
        for ours in pairs:
            known = known & ~nw.col(ours).is_null()
            if self.columns[ours].none:
                nobody = nobody | nw.col(f"{ours}__none")
        return nw.when(nobody).then(nw.lit(value=False)).otherwise(nw.when(known).then(no).otherwise(None))

    def holds_unknown(self, names: Sequence[str]) -> bool:
        """Whether a key among these columns could not be read in some row, so that "not there" cannot be said."""
        doubtful = [n for n in names if n not in self.root.kind.required or self.root.kind.column(n).values]
        if not doubtful:
            return False
        unknown = nw.lit(value=False)
        for name in doubtful:
            none = nw.col(f"{name}__none") if self.columns[name].none else nw.lit(value=False)
            unknown = unknown | (nw.col(name).is_null() & ~none)
        return bool(fetch(self.frame.filter(unknown).select(nw.len().alias("n")))[0]["n"])

    def _same_domain(self, other: Table, pairs: Mapping[str, str]) -> None:
        for ours, theirs in pairs.items():
            mine, its = self.columns[ours].pseudonym, other.columns[theirs].pseudonym
            if mine != its:
                msg = f"{ours} ({mine or 'clear text'}) never equals {theirs} ({its or 'clear text'}): different pseudonyms"
                raise AuthorError(msg)


def table_of(root: Root) -> Table:
    """All rows of a kind's evidence."""
    unique = None if root.kind.repeats else frozenset(root.kind.key)
    return Table(root, root.frame, root.columns, unique=unique)


def fetch(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """The rows of one lazy frame, in no particular order."""
    return fetch_all([frame])[0]


def fetch_all(frames: Sequence[nw.LazyFrame[Any]]) -> list[list[dict[str, Any]]]:
    """The rows of several lazy frames that share work, each in no particular order."""
    natives = [nw.to_native(frame) for frame in frames]
    if all(frame.implementation is nw.Implementation.POLARS for frame in frames):
        import polars

        return [frame.rows(named=True) for frame in polars.collect_all(natives)]
    if all(frame.implementation is nw.Implementation.DUCKDB for frame in frames):
        return [[dict(zip(r.columns, row, strict=True)) for row in r.fetchall()] for r in natives]
    return [frame.collect("pyarrow").rows(named=True) for frame in frames]


def _pairs(on: str | Mapping[str, str]) -> Mapping[str, str]:
    return {on: on} if isinstance(on, str) else on


def _keys_as(pairs: Mapping[str, str]) -> list[nw.Expr]:
    return [nw.col(theirs).alias(f"_k{i}") for i, theirs in enumerate(pairs.values())]


def _physical(name: str, info: Info) -> list[str]:
    plain = [f"{name}__low", f"{name}__high"] if info.bounded else [name]
    return [*plain, f"{name}__none"] if info.none else plain


def _one_if(rule: nw.Expr) -> nw.Expr:
    return nw.when(rule).then(nw.lit(1)).otherwise(nw.lit(0))


def _no(none: nw.Expr | None) -> nw.Expr:
    return nw.lit(value=True) if none is None else ~none


def _instead(rule: nw.Expr, otherwise: Built, then: Built) -> Built:
    """`then` where the rule holds; it is never unknown."""
    value = nw.when(rule).then(then.value).otherwise(otherwise.value)
    none = nw.when(rule).then(~_no(then.none)).otherwise(~_no(otherwise.none))
    return Built(value, otherwise.type, none)


def _inside(moments: nw.LazyFrame[Any], intervals: nw.LazyFrame[Any], keys: list[str]) -> nw.LazyFrame[Any]:
    met = moments.join(intervals.select(*keys, "_start", "_end", "_s"), on=keys, how="inner")
    return met.filter((nw.col("_start") <= nw.col("_at")) & (nw.col("_at") <= nw.col("_end"))).select("_id", "_s")
