"""The assertions that checks are written with; each records its exceptions and doubts, so no `except` can lose them.

A check may assert several times; it is judged when it ends. One row is one finding, however many of its rules it
breaks. A row whose answer is unknown is undecided, and undecided rows keep a control from passing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from string import Formatter
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw

from ctrlkit.errors import AuthorError
from ctrlkit.expression import Expr, col, logical, rule_of
from ctrlkit.table import Table, fetch_all

if TYPE_CHECKING:
    from collections.abc import Iterator

BROKEN, KEPT, UNKNOWN = 0, 1, 2
Judgement = Literal["fails", "keeps", "open"]


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
class Record:
    """What one check asserted. `pools` maps a pool to its tolerance, `shares` to the judgement of its rate."""

    asserted: int = 0
    populations: list[tuple[Table, int]] = field(default_factory=list)
    stumbles: dict[tuple[Any, ...], Stumble] = field(default_factory=dict)
    pools: dict[str, int] = field(default_factory=dict)
    shares: dict[str, Judgement] = field(default_factory=dict)
    figures: list[str] = field(default_factory=list)
    noted: list[Stumble] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


_current: ContextVar[Record] = ContextVar("record")


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

    `because` says in a few words what is wrong with a row that breaks it; `{column}` in it shows a value. Up to `at_most`
    exceptions are tolerated and noted; assertions that name the same `pool` share that number.
    """
    record = _current.get()
    record.asserted += 1
    pool = pool or f"assertion {record.asserted}"
    record.pools[pool] = int(at_most)
    rule = col(rule) if isinstance(rule, str) else rule
    (number,), stumbles = _look(population, rule, lambda rows: rows.select(nw.len().alias("n")))
    record.populations.append((population, number["n"]))
    for row in stumbles:
        _mark(record, population, rule, row, Mark(pool, row["_state"], because))


def assert_rate(
    population: Table,
    rule: Expr | str,
    *,
    because: str,
    at_least: Any = None,
    at_most: Any = None,
    per: str | None = None,
    all_known: bool = False,
) -> None:
    """The share of rows that satisfy `rule` must be at least, or at most, so many per cent; pooled, or `per` a column.

    Compared exactly, before rounding. Decided only where counting all unknown rows as true and all as false gives the
    same answer; with `all_known`, only where none is unknown. Where the limit is missed, every row on the wrong side is
    a finding; where it is kept, they are noted as tolerated.
    """
    record = _current.get()
    record.asserted += 1
    rule = col(rule) if isinstance(rule, str) else rule
    if (at_least is None) == (at_most is None):
        msg = "assert_rate takes one of at_least and at_most, in per cent"
        raise AuthorError(msg)
    good, limit = (rule, Decimal(at_least)) if at_most is None else (~rule, 100 - Decimal(at_most))
    shares, stumbles = _look(population, good, lambda rows: _tally(rows, per), per)
    for share in sorted(shares, key=lambda s: str(s["_per"])):
        name = f"assertion {record.asserted} {share['_per']}"
        record.shares[name] = _judge(share, limit, all_known=all_known)
        record.figures.append(_figure(share, because))
    record.populations.append((population, sum(share["n"] for share in shares)))
    for row in stumbles:
        _mark(record, population, good, row, Mark(f"assertion {record.asserted} {row['_per']}", row["_state"], because))


def note_every(rows: Table, message: str) -> None:
    """List `rows` beside the verdict, which they never change; `{column}` in `message` shows a value.

    Rows of which nobody can say whether they belong to `rows` are not listed.
    """
    record = _current.get()
    shown = frozenset(name for _, name, _, _ in Formatter().parse(message) if name)
    _, listed = _look(rows, Expr(lambda _: _never(), shown), lambda frame: frame.select(nw.len().alias("n")))
    for row in listed:
        if row["_state"] == BROKEN:
            stumble = _stumble(rows, shown, row)
            stumble.marks.append(Mark("", KEPT, message))
            record.noted.append(stumble)


def cannot_tell(because: str) -> None:
    """Say that the check cannot decide: without findings the verdict becomes inconclusive, never passed."""
    record = _current.get()
    record.asserted += 1
    record.doubts.append(because)


def _never() -> Any:
    from ctrlkit.expression import Built

    return Built(nw.lit(value=False), "boolean")


def _look(
    population: Table,
    rule: Expr,
    figures: Callable[[nw.LazyFrame[Any]], nw.LazyFrame[Any]],
    per: str | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The figures over the whole population, and the rows that break the rule or leave it open, in one pass."""
    answer = rule_of(rule, population.columns)
    state = (
        nw.when(answer)
        .then(nw.lit(KEPT))
        .otherwise(nw.when(population.sure() & ~answer).then(nw.lit(BROKEN)).otherwise(nw.lit(UNKNOWN)))
    )
    group = nw.col(per) if per else nw.lit("")
    rows = population.frame.with_columns(state.alias("_state"), population.sure().alias("_sure"), group.alias("_per"))
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


def _tally(rows: nw.LazyFrame[Any], per: str | None) -> nw.LazyFrame[Any]:
    def flag(rule: nw.Expr, name: str) -> nw.Expr:
        return nw.when(rule).then(nw.lit(1)).otherwise(nw.lit(0)).alias(name)

    flagged = rows.with_columns(
        flag((nw.col("_state") == KEPT) & nw.col("_sure"), "kept"),
        flag((nw.col("_state") == KEPT) & ~nw.col("_sure"), "kept_perhaps"),
        flag(nw.col("_state") == BROKEN, "broken"),
        flag(nw.col("_state") == UNKNOWN, "unknown"),
    )
    names = ("kept", "kept_perhaps", "broken", "unknown")
    return flagged.group_by("_per").agg(nw.len().alias("n"), *(nw.col(name).sum().cast(nw.Int64) for name in names))


def _judge(share: Mapping[str, Any], limit: Decimal, *, all_known: bool) -> Judgement:
    """Exact comparison of numerator x 100 with limit x denominator at both ends of what the unknown rows may be."""
    worst = share["kept"] * 100 >= limit * (share["kept"] + share["broken"] + share["unknown"])
    most = share["kept"] + share["kept_perhaps"] + share["unknown"]
    best = most * 100 >= limit * (most + share["broken"])
    if not best:
        return "fails"
    if not worst or (all_known and share["unknown"]):
        return "open"
    return "keeps"


def _figure(share: Mapping[str, Any], because: str) -> str:
    where = f"{share['_per']}: " if share["_per"] else ""
    kept, whole = share["kept"] + share["kept_perhaps"], share["n"]
    text = f"{where}{share['broken']} of {whole} with {because}"
    if share["unknown"]:
        text += f", {share['unknown']} unknown"
    if 0 < whole < SMALL:
        low, high = wilson(kept, whole)
        text += f"; the share without is {percent(kept, whole)} %, 95 % interval {low} to {high} %"
    return text


SMALL = 100
"""Under so many rows a share is shown with its interval."""
_Z = Decimal("1.959963984540054")


def percent(part: int, whole: int) -> Decimal:
    """`part` of `whole` in per cent, one decimal, half to even."""
    return (Decimal(part) * 100 / whole).quantize(Decimal("0.1"), ROUND_HALF_EVEN)


def wilson(part: int, whole: int) -> tuple[Decimal, Decimal]:
    """The 95 % score interval of a share in per cent (E. B. Wilson, JASA 22, 1927), one decimal."""
    share, square = Decimal(part) / whole, _Z * _Z
    centre = share + square / (2 * whole)
    reach = _Z * ((share * (1 - share) + square / (4 * whole)) / whole).sqrt()
    ends = ((centre - reach) / (1 + square / whole), (centre + reach) / (1 + square / whole))
    low, high = ((end * 100).quantize(Decimal("0.1"), ROUND_HALF_EVEN) for end in ends)
    return max(low, Decimal("0.0")), min(high, Decimal("100.0"))


def _mark(record: Record, population: Table, rule: Expr, row: Mapping[str, Any], mark: Mark) -> None:
    stumble = _stumble(population, rule.columns, row)
    where = (population.root.kind.name, population.root.party, row["_id"], stumble.keys)
    known = record.stumbles.setdefault(where, stumble)
    known.marks.append(mark)
    known.values.update(stumble.values)
    known.ids = {**known.ids, **stumble.ids}


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
