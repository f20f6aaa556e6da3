"""Random rules over a small table: the expression, and the same in plain Python for a row without unknown cells."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from completions import NONE, UNKNOWN, Field, Row, at
from hypothesis import strategies as st

from ctrlkit import col, days, hours, when
from ctrlkit.expression import Expr

PEOPLE: Final[Mapping[str, Field]] = {
    "key": Field("string", ("a", "b"), none=True),
    "other": Field("string", ("a", "b")),
    "number": Field("number", (0, 1, 2)),
    "count": Field("number", (0, 1, 2), none=True),
    "flag": Field("boolean", (True, False)),
    "time": Field("datetime", (at(0), at(30))),
}


@dataclass(frozen=True)
class Value:
    """A value of a row: as an expression, and in plain Python."""

    expr: Any
    of: Callable[[Row], Any]


@dataclass(frozen=True)
class Rule:
    """A rule: as an expression, and in plain Python."""

    expr: Expr
    holds: Callable[[Row], bool]
    text: str

    def __repr__(self) -> str:
        return self.text


OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compare(sign: str, one: Any, other: Any) -> bool:
    """A comparison of two cells: with none only "differs" is true."""
    if NONE in (one, other):
        return sign == "!="
    return bool(OPERATORS[sign](one, other))


def _or(one: Any, instead: Any) -> Any:
    return instead if one is NONE else one


def _plus(one: Any, other: Any) -> Any:
    return NONE if NONE in (one, other) else one + other


NUMBERS: Final = {
    "number": Value(col("number"), lambda r: r["number"]),
    "count": Value(col("count"), lambda r: r["count"]),
    "count or 1": Value(col("count").or_else(1), lambda r: _or(r["count"], 1)),
    "count or number": Value(col("count").or_else(col("number")), lambda r: _or(r["count"], r["number"])),
    "number + count": Value(col("number") + col("count"), lambda r: _plus(r["number"], r["count"])),
    "number - 1": Value(col("number") - 1, lambda r: r["number"] - 1),
    "number if flag else count": Value(
        when(col("flag"), col("number"), col("count")), lambda r: r["number"] if r["flag"] else r["count"]
    ),
    "1 if flag else number": Value(when(col("flag"), 1, col("number")), lambda r: 1 if r["flag"] else r["number"]),
}
LEAVES: Final = (
    Rule(col("flag"), lambda r: bool(r["flag"]), "flag"),
    Rule(col("flag").is_in([False]), lambda r: not r["flag"], "flag in False"),
    Rule(col("key") == "a", lambda r: r["key"] == "a", "key == a"),
    Rule(col("key") != "a", lambda r: r["key"] != "a", "key != a"),
    Rule(col("key") == col("other"), lambda r: compare("==", r["key"], r["other"]), "key == other"),
    Rule(col("key").is_in(["b", "z"]), lambda r: r["key"] == "b", "key in b z"),
    Rule(col("key").is_in([]), lambda _: False, "key in nothing"),
    Rule(col("key").starts_with("b"), lambda r: r["key"] == "b", "key starts with b"),
    Rule(col("key").is_null(), lambda r: r["key"] is NONE, "key is null"),
    Rule(col("count").is_not_null(), lambda r: r["count"] is not NONE, "count is not null"),
    Rule(col("other").is_not_null(), lambda _: True, "other is not null"),
    Rule(col("time") + hours(1) > at(30), lambda r: r["time"] == at(30), "time + 1 h > 30 h"),
    Rule(col("time") - days(1) >= at(0), lambda r: r["time"] == at(30), "time - 1 d >= 0 h"),
)


def _comparison(name: str, sign: str, limit: int) -> Rule:
    value = NUMBERS[name]
    return Rule(
        OPERATORS[sign](value.expr, limit),
        lambda r: compare(sign, value.of(r), limit),
        f"{name} {sign} {limit}",
    )


def _both(one: Rule, other: Rule) -> Rule:
    return Rule(one.expr & other.expr, lambda r: one.holds(r) and other.holds(r), f"({one} & {other})")


def _either(one: Rule, other: Rule) -> Rule:
    return Rule(one.expr | other.expr, lambda r: one.holds(r) or other.holds(r), f"({one} | {other})")


def _not(one: Rule) -> Rule:
    return Rule(~one.expr, lambda r: not one.holds(r), f"~{one}")


def rules() -> st.SearchStrategy[Rule]:
    """Rules over PEOPLE."""
    comparisons = st.builds(
        _comparison, st.sampled_from(sorted(NUMBERS)), st.sampled_from(sorted(OPERATORS)), st.integers(0, 2)
    )
    leaf = st.one_of(st.sampled_from(LEAVES), comparisons)
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(_both, inner, inner), st.builds(_either, inner, inner), st.builds(_not, inner)
        ),
        max_leaves=3,
    )


@st.composite
def rows(
    draw: st.DrawFn, shape: Mapping[str, Field], most: int = 4, doubts: int = 3, unique: str | None = None
) -> list[dict[str, Any]]:
    """Up to `most` rows with up to `doubts` unknown cells; no two known cells of the column `unique` are equal."""
    many = draw(st.integers(0, most))
    table = [{name: draw(st.sampled_from(field.domain)) for name, field in shape.items()} for _ in range(many)]
    places = [(place, name) for place in range(many) for name in shape]
    for place, name in draw(st.lists(st.sampled_from(places), max_size=doubts)) if places else ():
        table[place][name] = UNKNOWN
    if unique is None:
        return table
    seen: set[Any] = set()
    kept = []
    for row in table:
        if row[unique] in (UNKNOWN, NONE) or row[unique] not in seen:
            kept.append(row)
            seen.add(row[unique])
    return kept
