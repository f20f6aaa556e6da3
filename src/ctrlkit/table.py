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

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import narwhals as nw

from ctrlkit import interval
from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr, col, rule_of
from ctrlkit.kind import Kind
from ctrlkit.rows import fetch, worked_out
from ctrlkit.term import Columns, Info, expect, info_of, one_if

MEMBER = "_m"


@dataclass(frozen=True, slots=True, eq=False)
class Root:
    """The evaluated evidence of one kind from one party: a frame with `_id`, `_file`, `_row` and the read columns.

    `exported_at` is the oldest export among the sources, UTC; None where nobody says. `bad_rows` counts the rows that
    could not be read: any of them may be the one that another row looks for. `small`: each step of its tables is worked
    out at once, which for so few rows takes less time than planning all steps together, again for each question.
    """

    kind: Kind
    party: str
    frame: nw.LazyFrame[Any]
    columns: Columns
    exported_at: datetime | None = None
    bad_rows: int = 0
    small: bool = False


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

    def __post_init__(self) -> None:
        """Work out the step that made it, where that is quicker than to plan it with all that follow."""
        if self.root.small:
            object.__setattr__(self, "frame", worked_out(self.frame, self.root.frame))

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
        """The same rows with further columns; a name that is there already is replaced."""
        new: list[nw.Expr] = []
        columns = dict(self.columns)
        for name, value in values.items():
            if name.startswith("_") or "__" in name:
                msg = f"column name {name!r}: names with a leading or double underscore are kept for the table itself"
                raise AuthorError(msg)
            built = value.build(self.columns)
            new.append(built.value.alias(name))
            if built.none is not None:
                new.append(built.none.alias(f"{name}__none"))
            columns[name] = Info(built.type, none=built.none is not None, pseudonym=built.pseudonym)
        unique = self.unique if self.unique is not None and not self.unique & set(values) else None
        return replace(self, frame=self.frame.with_columns(*new), columns=columns, unique=unique)

    def match(self, other: Table, on: str | Mapping[str, str], name: str) -> Table:
        """Each row beside the one row of `other` with the same key.

        `on` is a column that both have, or ours -> theirs. Adds `name` (found: true, false or unknown; a key that could
        not be read is unknown, not "not found") and their columns as `name_column`: those of the only row it can be,
        so a rule reads them together with `name`. `other` must hold one row per key: group it first.
        """
        pairs = _pairs(on)
        self._must_be_new(name, *(f"{name}_{column}" for column in other.columns))
        if other.unique is None or not other.unique <= set(pairs.values()):
            keys = ", ".join(pairs.values())
            msg = f"match {name!r}: {other.root.kind.name} may hold several rows per {keys}; group it first"
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

    def exists(self, other: Table, on: str | Mapping[str, str], name: str, *, pointed: bool = True) -> Table:
        """The same rows with `name`: whether `other` has a row with the same key; true, false or unknown.

        A finding points to the first of their rows too, unless `pointed` is false: where it is any of many.
        """
        self._must_be_new(name)
        told = self._with_exists(other, _pairs(on), name)
        return told if pointed else replace(told, links=self.links)

    def without(self, other: Table, on: str | Mapping[str, str]) -> Table:
        """The rows that have no counterpart in `other`, and, marked, those of which that is unknown.

        Adds `there`: whether there is one.
        """
        return self._with_exists(other, _pairs(on), "there").where(~col("there"))

    def _with_exists(self, other: Table, pairs: Mapping[str, str], name: str) -> Table:
        keys = [f"_k{i}" for i in range(len(pairs))]
        right = (
            other.frame.select(*_keys_as(pairs), nw.col("_id"), one_if(other.sure()).alias("_s"))
            .group_by(*keys)
            .agg(nw.col("_id").min().alias(f"_{name}_id"), nw.col("_s").max())
            .with_columns((nw.col("_s") == 1).alias(f"_{name}_sure"))
            .drop("_s")
        )
        return self._beside(other, right, pairs, name)

    def during(  # noqa: PLR0913  (an author names them all)
        self,
        other: Table,
        on: str | Mapping[str, str],
        at: str | tuple[Expr, Expr],
        span: tuple[Expr, Expr],
        name: str,
        *,
        doubt: tuple[Expr, Expr] | None = None,
    ) -> Table:
        """The same rows with `name`: whether the instant (or day) `at` lies in an interval of `other` with the key.

        `at` may be a stretch, its first and last instant: whether one of its instants does.
        `span` is the first and last instant (or day) of theirs, both included. An interval with an unknown end makes
        every row of its key unknown that no known interval holds; with `doubt`, only those between these two instants
        of theirs. One whose key is unknown in part makes those rows unknown that it would hold. An interval, or a
        doubt, that is answered to be none is none.
        """
        self._must_be_new(name)
        pairs = _pairs(on)
        self._same_domain(other, pairs)
        keys = [f"_k{i}" for i in range(len(pairs))]
        ends, meet = ((col(at),), interval.hits) if isinstance(at, str) else (at, interval.meetings)
        at_type = ends[0].build(self.columns).type
        expect(at_type, "date" if at_type == "date" else "datetime", f"{name} is told")
        ours = [interval.instant(end_, self.columns, at_type).value for end_ in ends]
        start, end = (interval.instant(bound, other.columns, at_type) for bound in span)
        never = ~(interval.some(start.none) & interval.some(end.none))
        sure, first, last = other.sure(), start.value, end.value
        if doubt is not None:
            open_ = first.is_null() | last.is_null()
            sure = sure & ~open_
            near = [interval.instant(bound, other.columns, at_type) for bound in doubt]
            never = never | (open_ & ~(interval.some(near[0].none) & interval.some(near[1].none)))
            first, last = (
                nw.when(open_).then(bound.value).otherwise(known)
                for bound, known in zip(near, (first, last), strict=True)
            )
        some = other.frame.with_columns(never.alias("_never")).filter(~nw.col("_never"))
        spans = (first.alias("_start"), last.alias("_end"))
        intervals = some.select(*_keys_as(pairs), *spans, one_if(sure).alias("_s"))
        moments = self.frame.select(
            nw.col("_id"),
            *(nw.col(name_).alias(key) for name_, key in zip(pairs, keys, strict=True)),
            *(
                end_.alias(n)
                for end_, n in zip(ours, ("_at",) if isinstance(at, str) else ("_from", "_to"), strict=True)
            ),
        )
        theirs = tuple(pairs.values())
        found, endless = [meet(moments, intervals, keys)], 0
        for which, _ in other.unknown_keys(theirs):
            # of these rows some keys are known: they hold what the rest may be
            rows = some.filter(other.unknown_just(theirs, which)).select(*_keys_as(pairs), *spans)
            endless += len(fetch(rows.filter(nw.col("_start").is_null() | nw.col("_end").is_null()).head(1)))
            known = [key for key, name_ in zip(keys, theirs, strict=True) if name_ not in which]
            found.append(meet(moments, rows.with_columns(nw.lit(0).alias("_s")), known))
        met = nw.concat(found).group_by("_id").agg(nw.col("_hit").max())
        timeless = intervals.filter(nw.col("_start").is_null() | nw.col("_end").is_null())
        doubts = timeless.group_by(*keys).agg(nw.len().alias("_doubts"))
        frame = self.frame.join(met, on="_id", how="left")
        frame = frame.join(doubts, left_on=list(pairs), right_on=keys, how="left")
        here = nw.col("_doubts").is_null()
        for end_ in ours:
            here = here & ~end_.is_null()
        missed = self._not_there(other, pairs, open_=bool(other.root.bad_rows or endless))
        answer = (
            nw.when(nw.col("_hit") == 1)
            .then(nw.lit(value=True))
            .otherwise(nw.when(nw.col("_hit").is_null() & here).then(missed).otherwise(None))
        )
        columns = {**self.columns, name: Info("boolean")}
        return replace(self, frame=frame.with_columns(answer.alias(name)).drop("_hit", "_doubts"), columns=columns)

    def sure(self) -> nw.Expr:
        """Whether a row is certainly a member."""
        return nw.lit(value=True) if self.certain else nw.col(MEMBER).fill_null(value=False)

    def _beside(self, other: Table, right: nw.LazyFrame[Any], pairs: Mapping[str, str], name: str) -> Table:
        keys = [f"_k{i}" for i in range(len(pairs))]
        self._same_domain(other, pairs)
        for key in keys:
            right = right.filter(~nw.col(key).is_null())
        # a column of an earlier match with this name would be read in place of the new one
        new = set(right.collect_schema().names()) - set(keys)
        stale = [n for n in self.frame.collect_schema().names() if n in new]
        frame = self.frame.drop(*stale).join(right, how="left", left_on=list(pairs), right_on=keys)
        found = (
            nw.when(nw.col(f"_{name}_sure"))
            .then(nw.lit(value=True))
            .otherwise(nw.when(nw.col(f"_{name}_id").is_null()).then(self._not_there(other, pairs)).otherwise(None))
        )
        columns = {**self.columns, name: Info("boolean")}
        return replace(
            self, frame=frame.with_columns(found.alias(name)), columns=columns, links={**self.links, name: other.root}
        )

    def _not_there(self, other: Table, pairs: Mapping[str, str], *, open_: bool | None = None) -> nw.Expr:
        """The answer for a row that met nothing: false; unknown where its own key or a key or row of theirs is."""
        if open_ is None:
            open_ = bool(other.root.bad_rows or other.unknown_keys(tuple(pairs.values())))
        no = nw.lit(value=None, dtype=nw.Boolean) if open_ else nw.lit(value=False)
        known = nw.lit(value=True)
        nobody = nw.lit(value=False)
        for ours in pairs:
            known = known & ~nw.col(ours).is_null()
            if self.columns[ours].none:
                nobody = nobody | nw.col(f"{ours}__none").fill_null(value=False)
        return nw.when(nobody).then(nw.lit(value=False)).otherwise(nw.when(known).then(no).otherwise(None))

    def unknown_keys(self, names: Sequence[str]) -> list[tuple[frozenset[str], int]]:
        """Which of these columns could not be read in some rows, and in how many; such a row may hold any key.

        Empty where every key is known. A key that is answered to be none is known.
        """
        doubtful = [n for n in names if self._may_be_unknown(n)]
        if not doubtful:
            return []
        flags = self.frame.select(*(self._unknown(n).alias(f"_u{i}") for i, n in enumerate(doubtful)))
        marks = [f"_u{i}" for i in range(len(doubtful))]
        seen = fetch(flags.group_by(*marks).agg(nw.len().alias("_n")))
        found = {frozenset(n for n, mark in zip(doubtful, marks, strict=True) if row[mark]): row["_n"] for row in seen}
        return sorted(((which, rows) for which, rows in found.items() if which), key=lambda pair: sorted(pair[0]))

    def _may_be_unknown(self, name: str) -> bool:
        """A required column is read in every row that is here; one made or matched later may hold anything."""
        if self.columns[name] is not self.root.columns.get(name) or name not in self.root.kind.required:
            return True
        return bool(self.root.kind.column(name).values)

    def _unknown(self, name: str) -> nw.Expr:
        null = nw.col(name).is_null()
        return null & ~nw.col(f"{name}__none").fill_null(value=False) if self.columns[name].none else null

    def unknown_just(self, names: Sequence[str], which: Collection[str]) -> nw.Expr:
        """Whether of these columns exactly those in `which` could not be read."""
        exactly = nw.lit(value=True)
        for name in names:
            exactly = exactly & (self._unknown(name) if name in which else ~self._unknown(name))
        return exactly

    def _must_be_new(self, *names: str) -> None:
        taken = [name for name in names if name in self.columns]
        if taken:
            msg = f"there is a column {taken[0]!r} already, and it would be read in place of the new one; rename one"
            raise AuthorError(msg)

    def _same_domain(self, other: Table, pairs: Mapping[str, str]) -> None:
        for ours, theirs in pairs.items():
            mine, its = info_of(self.columns, ours).pseudonym, info_of(other.columns, theirs).pseudonym
            if mine != its:
                one, two = f"{ours} ({mine or 'clear text'})", f"{theirs} ({its or 'clear text'})"
                msg = f"{one} never equals {two}: different pseudonyms"
                raise AuthorError(msg)


def table_of(root: Root) -> Table:
    """All rows of a kind's evidence."""
    unique = None if root.kind.repeats else frozenset(root.kind.key)
    return Table(root, root.frame, root.columns, unique=unique)


def _pairs(on: str | Mapping[str, str]) -> Mapping[str, str]:
    return {on: on} if isinstance(on, str) else on


def _keys_as(pairs: Mapping[str, str]) -> list[nw.Expr]:
    return [nw.col(theirs).alias(f"_k{i}") for i, theirs in enumerate(pairs.values())]


def _physical(name: str, info: Info) -> list[str]:
    plain = [f"{name}__low", f"{name}__high"] if info.bounded else [name]
    return [*plain, f"{name}__none"] if info.none else plain
