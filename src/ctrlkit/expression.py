"""Expressions over evidence columns with three answers: true, false and "cannot tell"; exact and the same everywhere.

Written like Polars (`col("enabled") & (col("role") == "agent")`), but a cell that nobody could read never turns into
an answer, and a cell whose emptiness is an answer (the kind says so: "never signed in") compares as "there is none":
equal, before, after, in a list are false, `!=` is true.

Frames hold integers wherever exactness matters: dates as days and instants as microseconds since 1970, numbers and
money as millionths. So no engine's calendar, zone or float ever enters an answer.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection
from typing import Any

import narwhals as nw

from ctrlkit.errors import AuthorError
from ctrlkit.literal import physical, type_of
from ctrlkit.months import plus_months
from ctrlkit.term import (
    Built,
    Columns,
    added,
    check_comparable,
    compared,
    constant,
    expect,
    info_of,
    none_is_false,
    shared_domain,
)


class Expr:
    """A rule or value over the columns of a table; combine with & | ~, comparisons and + -."""

    __slots__ = ("build", "columns")

    def __init__(self, build: Callable[[Columns], Built], columns: frozenset[str]) -> None:
        self.build = build
        self.columns = columns

    def __and__(self, other: object) -> Expr:
        return _logic(operator.and_, self, other)

    def __or__(self, other: object) -> Expr:
        return _logic(operator.or_, self, other)

    def __invert__(self) -> Expr:
        return Expr(lambda columns: Built(~_rule(self, columns), "boolean"), self.columns)

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]
        return _compare("==", self, other)

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]
        return ~_compare("==", self, other)

    def __lt__(self, other: object) -> Expr:
        return _compare("<", self, other)

    def __le__(self, other: object) -> Expr:
        return _compare("<=", self, other)

    def __gt__(self, other: object) -> Expr:
        return _compare(">", self, other)

    def __ge__(self, other: object) -> Expr:
        return _compare(">=", self, other)

    def __add__(self, other: object) -> Expr:
        return _add(self, other, 1)

    def __sub__(self, other: object) -> Expr:
        return _add(self, other, -1)

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        msg = "a rule over rows has no single truth value; combine rules with & | ~, give them to where or assert_every"
        raise AuthorError(msg)

    def is_null(self) -> Expr:
        """True where the cell is empty and the kind says what that means, false where it is not, else unknown."""
        return ~self.is_not_null()

    def is_not_null(self) -> Expr:
        """False where the cell is empty and the kind says what that means, true where it is not, else unknown."""

        def build(columns: Columns) -> Built:
            built = self.build(columns)
            there = nw.when(~built.value.is_null()).then(nw.lit(value=True))
            absent = (
                nw.lit(value=False)
                if built.none is None
                else nw.when(built.none).then(nw.lit(value=False)).otherwise(None)
            )
            return Built(there.otherwise(None if built.none is None else absent), "boolean")

        return Expr(build, self.columns)

    def is_told(self) -> Expr:
        """Whether the cell says anything; never unknown, so for rules that name what an unknown cell is to count as."""
        return Expr(lambda columns: Built(~_rule(self.is_not_null(), columns).is_null(), "boolean"), self.columns)

    def is_stated(self) -> Expr:
        """Whether a value is known, never unknown itself: only for rules to which a missing answer is a fault."""
        return Expr(lambda columns: Built(~self.build(columns).value.is_null(), "boolean"), self.columns)

    def is_in(self, values: Collection[Any]) -> Expr:
        """Whether the value is one of `values`; an empty collection holds nothing."""

        def build(columns: Columns) -> Built:
            built = self.build(columns)
            check_comparable(built, values)
            wanted = [physical(value, built.type) for value in values]
            inside = (
                built.value.is_in(wanted)
                if wanted
                else nw.when(~built.value.is_null()).then(nw.lit(value=False)).otherwise(None)
            )
            # is_in of null differs between engines: null stays null here
            answer = nw.when(built.value.is_null()).then(None).otherwise(inside)
            return Built(none_is_false(built.none, answer), "boolean")

        return Expr(build, self.columns)

    def every_part_in(self, words: Collection[str]) -> Expr:
        """For a list column (`a;b`): whether each of its words is one of `words`."""
        if not words:
            return self.is_in(())
        one = "|".join(re.escape(word) for word in sorted(words))
        return self._matches(f"^(?:{one})(?:;(?:{one}))*$")

    def any_part_in(self, words: Collection[str]) -> Expr:
        """For a list column (`a;b`): whether at least one of its words is one of `words`."""
        if not words:
            return self.is_in(())
        one = "|".join(re.escape(word) for word in sorted(words))
        return self._matches(f"(?:^|;)(?:{one})(?:;|$)")

    def starts_with(self, text: str) -> Expr:
        """Whether the text begins with `text`, in small letters or capitals."""
        return self._matches(f"(?i)^{re.escape(text)}")

    def begins_with_word(self, words: Collection[str]) -> Expr:
        """Whether the text is one of `words`, or begins with it and no letter or digit follows (`mnl1-cam2`)."""
        if not words:
            return self.is_in(())
        one = "|".join(re.escape(word) for word in sorted(words))
        return self._matches(rf"(?i)^(?:{one})(?:[^\pL\pN]|$)")

    def any_part_begins(self, entries: Collection[str]) -> Expr:
        """For a list column: whether one of its words is an entry or begins with it as a whole word (`anydesk_8.0`)."""
        words = ["[._]+".join(re.findall(r"[^\W_]+", entry.casefold())) for entry in sorted(entries)]
        one = "|".join(filter(None, words))
        return self._matches(f"(?:^|;)[._]*(?:{one})(?:[._;]|$)") if one else self.is_in(())

    def contains(self, text: str) -> Expr:
        """Whether `text` stands somewhere in it, in small letters or capitals."""
        return self._matches(f"(?i){re.escape(text)}")

    def is_domain_of(self, domains: Collection[str]) -> Expr:
        """Whether a mail or web domain is one of `domains` or lies below one."""
        if not domains:
            return self.is_in(())
        one = "|".join(re.escape(domain.lower()) for domain in sorted(domains))
        return self._matches(rf"(?:^|\.)(?:{one})$")

    def _matches(self, pattern: str) -> Expr:
        def build(columns: Columns) -> Built:
            built = self.build(columns)
            expect(built.type, "string", "text is matched")
            if built.pseudonym is not None:
                msg = f"{_names(self)} is a pseudonym ({built.pseudonym}); its letters say nothing: read a derived one"
                raise AuthorError(msg)
            return Built(none_is_false(built.none, built.value.str.contains(pattern)), "boolean")

        return Expr(build, self.columns)

    def or_else(self, other: object) -> Expr:
        """The value, or `other` where emptiness is an answer; what could not be read stays unknown."""

        def build(columns: Columns) -> Built:
            built = self.build(columns)
            instead = _operand(other, built, columns)
            if built.none is None:
                return built
            none = None if instead.none is None else built.none & instead.none
            value = nw.when(built.none).then(instead.value).otherwise(built.value)
            return Built(value, built.type, none, pseudonym=shared_domain(built, instead))

        return Expr(build, self.columns | _mentioned(other))

    def add_months(self, count: int) -> Expr:
        """The date `count` calendar months later: the same day, or the month's last where the month is shorter."""

        def build(columns: Columns) -> Built:
            built = self.build(columns)
            expect(built.type, "date", "months are added")
            return Built(plus_months(built.value, count), "date", built.none)

        return Expr(build, self.columns)


def col(name: str) -> Expr:
    """The column `name` of the table the expression is given to."""

    def build(columns: Columns) -> Built:
        info = info_of(columns, name)
        none = nw.col(f"{name}__none") if info.none else None
        if info.bounded:
            low, high = nw.col(f"{name}__low"), nw.col(f"{name}__high")
            return Built(nw.when(low == high).then(low).otherwise(None), info.type, none, low, high)
        return Built(nw.col(name), info.type, none, pseudonym=info.pseudonym)

    return Expr(build, frozenset({name}))


def maybe(rule: Expr) -> Expr:
    """Unknown where `rule` holds or is unknown, false where it does not: for what makes an answer doubtful."""

    def build(columns: Columns) -> Built:
        doubtful = nw.when(~_rule(rule, columns)).then(nw.lit(value=False)).otherwise(None)
        return Built(doubtful, "boolean")

    return Expr(build, rule.columns)


def when(rule: Expr, then: object, otherwise: object) -> Expr:
    """`then` where `rule` holds, `otherwise` where it does not, unknown where it is unknown."""

    def build(columns: Columns) -> Built:
        condition = _rule(rule, columns)
        one, other = (then, otherwise) if isinstance(then, Expr) else (otherwise, then)
        sample = one.build(columns) if isinstance(one, Expr) else Built(nw.lit(value=None), type_of(other))
        yes, no = _operand(then, sample, columns), _operand(otherwise, sample, columns)
        value = nw.when(condition).then(yes.value).otherwise(nw.when(~condition).then(no.value).otherwise(None))
        never = nw.lit(value=False)
        none = None
        if yes.none is not None or no.none is not None:
            none = (condition & (never if yes.none is None else yes.none)) | (
                ~condition & (never if no.none is None else no.none)
            )
        return Built(value, sample.type, none, pseudonym=shared_domain(yes, no))

    return Expr(build, rule.columns | _mentioned(then) | _mentioned(otherwise))


def _operand(value: object, beside: Built, columns: Columns) -> Built:
    """`value` made to stand beside another operand; raises AuthorError where the two can never be equal."""
    if not isinstance(value, Expr):
        check_comparable(beside, [value])
        return Built(constant(physical(value, beside.type)), beside.type, pseudonym=beside.pseudonym)
    built = value.build(columns)
    if built.type != beside.type and {built.type, beside.type} != {"number", "decimal"}:
        msg = f"a {beside.type} cannot be compared with a {built.type} ({_names(value)})"
        raise AuthorError(msg)
    shared_domain(beside, built)
    return built


def _names(value: Expr) -> str:
    return ", ".join(sorted(value.columns))


def _mentioned(value: object) -> frozenset[str]:
    return value.columns if isinstance(value, Expr) else frozenset()


def _rule(rule: object, columns: Columns) -> nw.Expr:
    if not isinstance(rule, Expr):
        msg = f"{rule!r} is no rule; compare columns with == < > is_in …"
        raise AuthorError(msg)
    built = rule.build(columns)
    expect(built.type, "boolean", "a rule is made")
    return built.value


def rule_of(rule: Expr, columns: Columns) -> nw.Expr:
    """`rule` as an expression over the frame; raises AuthorError where it is not true-or-false."""
    return _rule(rule, columns)


def _logic(op: Callable[[Any, Any], Any], left: Expr, right: object) -> Expr:
    def build(columns: Columns) -> Built:
        return Built(op(_rule(left, columns), _rule(right, columns)), "boolean")

    return Expr(build, left.columns | _mentioned(right))


def _compare(sign: str, left: Expr, right: object) -> Expr:
    def build(columns: Columns) -> Built:
        a = left.build(columns)
        b = _operand(right, a, columns)
        if sign != "==" and a.pseudonym is not None:
            msg = f"{_names(left)} is a pseudonym ({a.pseudonym}), whose order says nothing; compare with == or !="
            raise AuthorError(msg)
        return compared(sign, a, b)

    return Expr(build, left.columns | _mentioned(right))


def _add(left: Expr, right: object, sign: int) -> Expr:
    def build(columns: Columns) -> Built:
        a = left.build(columns)
        b = right.build(columns) if isinstance(right, Expr) else _literal(right)
        return added(a, b, sign)

    return Expr(build, left.columns | _mentioned(right))


def _literal(value: object) -> Built:
    type_ = type_of(value)
    return Built(constant(physical(value, type_)), type_)
