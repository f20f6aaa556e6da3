"""The assertions that checks are written with; each records its exceptions and doubts, so no `except` can lose them.

A check may assert several times; it is judged when it ends. One row is one finding, however many of its rules it
breaks. A row whose answer is unknown is undecided, and undecided rows keep a control from passing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from decimal import Decimal
from string import Formatter
from typing import TYPE_CHECKING, Any

import narwhals as nw

from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr, col, rule_of
from ctrlkit.fact import Row
from ctrlkit.literal import logical
from ctrlkit.model import Cause, Fault
from ctrlkit.rows import fetch, fetch_all
from ctrlkit.share import Judgement, Share, in_words, judged, judged_strays
from ctrlkit.table import Table
from ctrlkit.term import Built, one_if

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKEN, KEPT, UNKNOWN = 0, 1, 2
DOUBTS = ("missing", "stale", "period", "undecided")
"""The causes of which a check may know more than the plan does."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one assertion says of one row: broken or unknown, in which pool, and why."""

    pool: str
    state: int
    because: str


@dataclass(slots=True, eq=False)
class Stumble:
    """One row, or group, that assertions stumbled over; `ids` point to it and to the rows matched with it."""

    table: Table
    ids: Mapping[str, int | None]
    keys: tuple[Any, ...]
    values: dict[str, Any]
    marks: list[Mark] = field(default_factory=list)


@dataclass(slots=True)
class Seen:
    """One row of a host's list that assertions spoke of: the columns that name it, what is wrong, what is not known."""

    row: Row
    named_by: tuple[str, ...] = ()
    broken: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Record:
    """What one check asserted.

    `populations` are the tables spoken of, with their rows and those of them that certainly belong. `pools` maps a pool
    to its tolerance, `shares` to the judgement of its rate, `rates` to its rows so far. `seen` are the rows of a
    host's lists spoken of, by what they say, and `unread` says why a list could not be read. `wanted` counts what must
    be there at all, and `not_due` says why nothing is asked.
    """

    asserted: int = 0
    populations: list[tuple[Table, int, int]] = field(default_factory=list)
    stumbles: dict[tuple[Any, ...], Stumble] = field(default_factory=dict)
    pools: dict[str, int] = field(default_factory=dict)
    shares: dict[str, Judgement] = field(default_factory=dict)
    rates: dict[str, Share] = field(default_factory=dict)
    figures: list[str] = field(default_factory=list)
    noted: list[Stumble] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    seen: dict[tuple[Any, ...], Seen] = field(default_factory=dict)
    unread: list[Fault] = field(default_factory=list)
    wanted: int = 0
    not_due: list[str] = field(default_factory=list)

    def add(self, stumble: Stumble, mark: Mark) -> None:
        """Note a mark of a row, beside those of assertions before."""
        table = stumble.table
        by = tuple(sorted(table.unique or ())) if table.grouped is not None else ()
        where = (table.root.kind.name, table.root.party, stumble.ids[""], by, stumble.keys)
        known = self.stumbles.setdefault(where, stumble)
        known.marks.append(mark)
        known.values.update(stumble.values)
        known.ids = {**known.ids, **stumble.ids}
        if set(table.links) - set(known.table.links):
            known.table = replace(known.table, links={**known.table.links, **table.links})


_current: ContextVar[Record] = ContextVar("record")


def current() -> Record:
    """The record of the check that runs."""
    return _current.get()


@contextmanager
def recording() -> Iterator[Record]:
    """A fresh record that assertions write to until the block ends."""
    token = _current.set(record := Record())
    try:
        yield record
    finally:
        _current.reset(token)


def assert_every(population: Table, rule: Expr | str, *, because: str, at_most: Any = 0, pool: str = "") -> None:
    """Every row of `population` must satisfy `rule`: one that does not is a finding, one that is unknown undecided.

    `because` says in a few words what is wrong with a row that breaks it; `{column}` in it shows a value. Up to
    `at_most` exceptions are tolerated and noted; assertions that name the same `pool` share that number.
    """
    record = _current.get()
    record.asserted += 1
    pool = pool or f"assertion {record.asserted}"
    if record.pools.setdefault(pool, int(at_most)) != int(at_most):
        msg = (
            f"pool {pool!r} is given two tolerances, {record.pools[pool]} and {at_most}; one number goes for all of it"
        )
        raise AuthorError(msg)
    rule = _showing(rule, because)
    (number,), stumbles = _look(population, rule, _counted)
    record.populations.append((population, number["n"], number["sure"] or 0))
    for row in stumbles:
        _mark(record, population, rule, row, Mark(pool, row["_state"], because))


def assert_rate(  # noqa: PLR0913  (an author names them all)
    population: Table,
    rule: Expr | str,
    *,
    because: str,
    at_least: Any = None,
    at_most: Any = None,
    per: str | None = None,
    all_known: bool = False,
    pool: str = "",
) -> None:
    """The share of rows that satisfy `rule` must be at least or at most so many per cent; pooled, or `per` a column.

    Rates that name the same `pool` are one rate over the rows of all of them, with one limit.
    Compared exactly, before rounding. Decided only where counting all unknown rows as true and all as false gives the
    same answer; with `all_known`, only where none is unknown. Rows whose `per` is unknown may belong to any group.
    Where the limit is missed, every row on the wrong side is a finding; where it is kept, they are noted as tolerated.
    """
    record = _current.get()
    record.asserted += 1
    rule = _showing(rule, because)
    if (at_least is None) == (at_most is None):
        msg = "assert_rate takes one of at_least and at_most, in per cent"
        raise AuthorError(msg)
    good, limit = (rule, Decimal(at_least)) if at_most is None else (~rule, 100 - Decimal(at_most))
    tallies, stumbles = _look(population, good, _tally, per)
    shares = {row["_per"]: Share(*(row[name] for name in _FLAGS)) for row in tallies}
    strays = shares.get(None, Share())
    for which in sorted((g for g in shares if g is not None), key=str):
        before = record.rates.get(pool, Share()) if pool else Share()
        whole = record.rates[pool] = before + shares[which]
        record.shares[_pool(record, which, pool)] = judged(whole, strays, limit, all_known=all_known)
        name = str(logical(which, population.columns[per].type)) if per else ""
        record.figures.append(in_words(shares[which], name, because))
    if None in shares:
        record.shares[_pool(record, None)] = judged_strays(strays, limit)
        record.figures.append(in_words(strays, f"{per} not known", because))
    record.populations.append((population, sum(s.rows for s in shares.values()), sum(row["sure"] for row in tallies)))
    for row in stumbles:
        _mark(record, population, good, row, Mark(_pool(record, row["_per"], pool), row["_state"], because))


def _pool(record: Record, group: object, pool: str = "") -> str:
    name = pool or f"assertion {record.asserted}"
    return name if group is None else f"{name} {group}"


def note_every(rows: Table, message: str) -> None:
    """List `rows` beside the verdict, which they never change; `{column}` in `message` shows a value.

    Rows of which nobody can say whether they belong to `rows` are not listed.
    """
    record = _current.get()
    shown = named_in(message)
    _, listed = _look(rows, Expr(lambda _: _never(), shown), lambda frame: frame.select(nw.len().alias("n")))
    for row in listed:
        if row["_state"] == BROKEN:
            stumble = _stumble(rows, shown, row)
            stumble.marks.append(Mark("", KEPT, message))
            record.noted.append(stumble)


def note(words: str, *, unless: Table | None = None) -> None:
    """Say something beside the verdict that is about no single row, such as what the check does not show.

    With `unless`, only where that table has no row, and can have none.
    """
    if unless is None or not _some(unless):
        _current.get().figures.append(words)


def _some(rows: Table) -> bool:
    return bool(fetch(rows.frame.select(nw.len().alias("n")))[0]["n"])


def does_not_apply(because: str) -> None:
    """Say that the control does not speak of this host (no sshd runs there); for host checks that assert nothing."""
    _current.get().outside.append(because)


def cannot_tell(because: str, *, cause: str = "undecided", about: Table | None = None) -> None:
    """Say that the check cannot decide: without findings the verdict becomes inconclusive, never passed.

    `cause` is the word for it: `missing`, `stale`, `period` or `undecided`. With `about`, only where that table has a
    row, or may have one.
    """
    record = _current.get()
    record.asserted += 1
    if cause not in DOUBTS:
        msg = f"cannot_tell: {cause!r} is no cause that a check can know; one of {', '.join(DOUBTS)}"
        raise AuthorError(msg)
    if about is None or _some(about):
        record.doubts.append(Fault(Cause(cause), because))


def _showing(rule: Expr | str, because: str) -> Expr:
    """The rule, with the columns that its words name among those a finding shows."""
    rule = col(rule) if isinstance(rule, str) else rule
    return Expr(rule.build, rule.columns | named_in(because))


def named_in(words: str) -> frozenset[str]:
    """The columns whose values `words` show."""
    return frozenset(name for _, name, _, _ in Formatter().parse(words) if name)


def _never() -> Any:
    return Built(nw.lit(value=False), "boolean")


def _look(
    population: Table,
    rule: Expr,
    figures: Callable[[nw.LazyFrame[Any]], nw.LazyFrame[Any]],
    per: str | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The figures over the whole population, and the rows that break the rule or leave it open, in one pass."""
    # as a column first: engines that take SQL text would repeat the whole rule wherever it is used
    judged = population.frame.with_columns(rule_of(rule, population.columns).alias("_rule"))
    answer = nw.col("_rule")
    state = (
        nw.when(answer)
        .then(nw.lit(KEPT))
        .otherwise(nw.when(population.sure() & ~answer).then(nw.lit(BROKEN)).otherwise(nw.lit(UNKNOWN)))
    )
    group = nw.col(per) if per else nw.lit("")
    rows = judged.with_columns(state.alias("_state"), population.sure().alias("_sure"), group.alias("_per"))
    shown = sorted(set(rule.columns) & set(population.columns))
    wanted = {"_id", "_state", "_per", *(f"_{link}_id" for link in population.links)}
    if population.grouped is not None and population.unique:
        wanted |= population.unique
    for name in shown:
        info = population.columns[name]
        wanted |= {f"{name}__low"} if info.bounded else {name}
        wanted |= {f"{name}__none"} if info.none else set()
    stumbles = rows.filter(nw.col("_state") != KEPT).select(*sorted(wanted))
    all_figures, all_stumbles = fetch_all([figures(rows), stumbles])
    return all_figures, all_stumbles


_FLAGS = ("kept", "kept_perhaps", "broken", "unknown")


def _counted(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    sure = _flag(nw.col("_sure"), "sure")
    return rows.with_columns(sure).select(nw.len().alias("n"), nw.col("sure").sum().cast(nw.Int64))


def _tally(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    flagged = rows.with_columns(
        _flag((nw.col("_state") == KEPT) & nw.col("_sure"), "kept"),
        _flag((nw.col("_state") == KEPT) & ~nw.col("_sure"), "kept_perhaps"),
        _flag(nw.col("_state") == BROKEN, "broken"),
        _flag(nw.col("_state") == UNKNOWN, "unknown"),
        _flag(nw.col("_sure"), "sure"),
    )
    return flagged.group_by("_per").agg(*(nw.col(name).sum().cast(nw.Int64) for name in (*_FLAGS, "sure")))


def _flag(rule: nw.Expr, name: str) -> nw.Expr:
    return one_if(rule).alias(name)


def _mark(record: Record, population: Table, rule: Expr, row: Mapping[str, Any], mark: Mark) -> None:
    record.add(_stumble(population, rule.columns, row), mark)


def stumbles_in(rows: Table, shown: frozenset[str]) -> list[Stumble]:
    """All rows as what an assertion may stumble over, with the columns to be shown."""
    _, found = _look(rows, Expr(lambda _: _never(), shown), lambda frame: frame.select(nw.len().alias("n")))
    return [_stumble(rows, shown, row) for row in sorted(found, key=lambda row: row["_id"])]


def _stumble(population: Table, names: frozenset[str], row: Mapping[str, Any]) -> Stumble:
    values: dict[str, Any] = {}
    for name in sorted(names & set(population.columns)):
        info = population.columns[name]
        value = row[f"{name}__low"] if info.bounded else row[name]
        values[name] = "none" if info.none and row[f"{name}__none"] else logical(value, info.type)
    keys: tuple[Any, ...] = ()
    if population.grouped is not None and population.unique:
        keys = tuple(logical(row[k], population.columns[k].type) for k in sorted(population.unique))
    ids = {"": row["_id"], **{link: row[f"_{link}_id"] for link in population.links}}
    return Stumble(population, ids, keys, values)
