"""Expressions over evidence columns with three answers: true, false and "cannot tell"; typed, exact, the same on every engine.

Written like Polars (`col("enabled") & (col("role") == "agent")`), but a cell that nobody could read never turns into an
answer, and a cell whose emptiness is an answer (the kind says so: "never signed in") compares as "there is none": equal,
before, after, in a list are false, `!=` is true.

Frames hold integers wherever exactness matters: dates as days and instants as microseconds since 1970, numbers and
money as millionths. So no engine's calendar, zone or float ever enters an answer.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import narwhals as nw

from ctrlkit.errors import AuthorError

MICRO = 1_000_000
DAY = 86_400 * MICRO
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Info:
    """What a table knows of one of its columns: type, whether emptiness can be an answer, whether it is a bounded count."""

    type: str
    none: bool = False
    bounded: bool = False
    pseudonym: str | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """An expression made for one frame: value, type, where it is answered-empty, bounds where it is a count.

    `pseudonym` is the domain in which its values are hidden, None for clear text.
    """

    value: nw.Expr
    type: str
    none: nw.Expr | None = None
    low: nw.Expr | None = None
    high: nw.Expr | None = None
    pseudonym: str | None = None


Columns = Mapping[str, Info]


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
        msg = "a rule over rows has no single truth value; combine rules with & | ~ and give them to where or assert_every"
        raise AuthorError(msg)

    def is_null(self) -> Expr:
        """True where the cell is empty and the kind says what emptiness means; false where there is a value; else unknown."""
        return ~self.is_not_null()

    def is_not_null(self) -> Expr:
        """False where the cell is empty and the kind says what emptiness means; true where there is a value; else unknown."""

        def build(columns: Columns) -> Built:
            built = self.build(columns)
            there = nw.when(~built.value.is_null()).then(nw.lit(True))
            absent = nw.lit(False) if built.none is None else nw.when(built.none).then(nw.lit(False)).otherwise(None)
            return Built(there.otherwise(None if built.none is None else absent), "boolean")

        return Expr(build, self.columns)

    def is_in(self, values: Collection[Any]) -> Expr:
        """Whether the value is one of `values`; an empty collection holds nothing."""

        def build(columns: Columns) -> Built:
            built = self.build(columns)
            wanted = [_physical(value, built.type) for value in values]
            inside = built.value.is_in(wanted) if wanted else nw.when(~built.value.is_null()).then(nw.lit(False)).otherwise(None)
            # is_in of null differs between engines: null stays null here
            answer = nw.when(built.value.is_null()).then(None).otherwise(inside)
            return Built(_none_is(built.none, False, answer), "boolean")

        return Expr(build, self.columns)

    def every_part_in(self, words: Collection[str]) -> Expr:
        """For a list column (`a;b`): whether each of its words is one of `words`."""
        one = "|".join(re.escape(word) for word in sorted(words))
        return self._matches(f"^(?:{one})(?:;(?:{one}))*$")

    def any_part_in(self, words: Collection[str]) -> Expr:
        """For a list column (`a;b`): whether at least one of its words is one of `words`."""
        one = "|".join(re.escape(word) for word in sorted(words))
        return self._matches(f"(?:^|;)(?:{one})(?:;|$)")

    def starts_with(self, text: str) -> Expr:
        """Whether the text begins with `text`."""
        return self._matches(f"^{re.escape(text)}")

    def is_domain_of(self, domains: Collection[str]) -> Expr:
        """Whether a mail or web domain is one of `domains` or lies below one."""
        if not domains:
            return self.is_in(())
        one = "|".join(re.escape(domain.lower()) for domain in sorted(domains))
        return self._matches(rf"(?:^|\.)(?:{one})$")

    def _matches(self, pattern: str) -> Expr:
        def build(columns: Columns) -> Built:
            built = self.build(columns)
            _expect(built.type, "string", "text is matched")
            return Built(_none_is(built.none, False, built.value.str.contains(pattern)), "boolean")

        return Expr(build, self.columns)

    def or_else(self, other: object) -> Expr:
        """The value, or `other` where emptiness is an answer; what could not be read stays unknown."""

        def build(columns: Columns) -> Built:
            built = self.build(columns)
            instead = _operand(other, built.type, columns)
            if built.none is None:
                return built
            none = None if instead.none is None else built.none & instead.none
            value = nw.when(built.none).then(instead.value).otherwise(built.value)
            return Built(value, built.type, none, pseudonym=_shared_domain(built, instead))

        return Expr(build, self.columns | _mentioned(other))

    def add_months(self, count: int) -> Expr:
        """The date `count` calendar months later: the same day, or the month's last where the month is shorter."""

        def build(columns: Columns) -> Built:
            built = self.build(columns)
            _expect(built.type, "date", "months are added")
            return Built(_plus_months(built.value, count), "date", built.none)

        return Expr(build, self.columns)


def col(name: str) -> Expr:
    """The column `name` of the table the expression is given to."""

    def build(columns: Columns) -> Built:
        info = columns.get(name)
        if info is None:
            msg = f"no column {name!r} here; there are {', '.join(sorted(columns))}"
            raise AuthorError(msg)
        none = nw.col(f"{name}__none") if info.none else None
        if info.bounded:
            return Built(nw.col(f"{name}__low"), info.type, none, nw.col(f"{name}__low"), nw.col(f"{name}__high"))
        return Built(nw.col(name), info.type, none, pseudonym=info.pseudonym)

    return Expr(build, frozenset({name}))


def maybe(rule: Expr) -> Expr:
    """Unknown where `rule` holds or is unknown, false where it does not: for what makes an answer doubtful."""

    def build(columns: Columns) -> Built:
        doubtful = nw.when(~_rule(rule, columns)).then(nw.lit(False)).otherwise(None)
        return Built(doubtful, "boolean")

    return Expr(build, rule.columns)


def when(rule: Expr, then: object, otherwise: object) -> Expr:
    """`then` where `rule` holds, `otherwise` where it does not, unknown where it is unknown."""

    def build(columns: Columns) -> Built:
        condition = _rule(rule, columns)
        sample = then if isinstance(then, Expr) else otherwise
        type_ = sample.build(columns).type if isinstance(sample, Expr) else _type_of(then)
        yes, no = _operand(then, type_, columns), _operand(otherwise, type_, columns)
        value = nw.when(condition).then(yes.value).otherwise(nw.when(~condition).then(no.value).otherwise(None))
        none = None
        if yes.none is not None or no.none is not None:
            none = (condition & _or_false(yes.none)) | (~condition & _or_false(no.none))
        return Built(value, type_, none, pseudonym=_shared_domain(yes, no))

    return Expr(build, rule.columns | _mentioned(then) | _mentioned(otherwise))


def _shared_domain(one: Built, other: Built) -> str | None:
    if one.pseudonym != other.pseudonym:
        msg = f"one is {one.pseudonym or 'clear text'}, the other {other.pseudonym or 'clear text'}: different pseudonyms"
        raise AuthorError(msg)
    return one.pseudonym


def _length(amount: object, unit: int) -> Expr:
    if isinstance(amount, Expr):
        inner = amount

        def build(columns: Columns) -> Built:
            built = inner.build(columns)
            _expect(built.type, "number", "a length of time is made")
            return Built(built.value * (unit // MICRO), "duration", built.none)

        return Expr(build, inner.columns)
    span = int(Decimal(str(amount)) * unit)
    return Expr(lambda _: Built(nw.lit(span), "duration"), frozenset())


def minutes(amount: object) -> Expr:
    """A length of time of so many minutes; `amount` is a number or a number column."""
    return _length(amount, 60 * MICRO)


def hours(amount: object) -> Expr:
    """A length of time of so many hours; `amount` is a number or a number column."""
    return _length(amount, 3600 * MICRO)


def days(amount: object) -> Expr:
    """A length of time of so many days of 24 h; `amount` is a number or a number column."""
    return _length(amount, DAY)


def _physical(value: object, type_: str) -> Any:
    """The integer, text or boolean that stands for `value` in a frame."""
    match type_, value:
        case "boolean", bool():
            return value
        case "string", str():
            return value
        case ("number" | "decimal"), (int() | Decimal()) if not isinstance(value, bool):
            return int(value * MICRO)
        case "count", int() if not isinstance(value, bool):
            return value
        case "date", date() if not isinstance(value, datetime):
            return (value - EPOCH).days
        case "datetime", datetime() if value.tzinfo is not None:
            return (value.astimezone(UTC).replace(tzinfo=None) - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001
        case "duration", timedelta():
            return value // timedelta(microseconds=1)
    msg = f"a {type_} cannot be compared with {value!r}"
    raise AuthorError(msg)


def logical(value: Any, type_: str) -> str | int | bool | None:
    """What a finding shows for the integer, text or boolean of a frame: ISO dates and UTC instants, exact numbers."""
    if value is None or isinstance(value, bool | str):
        return value
    match type_:
        case "date":
            return (EPOCH + timedelta(days=value)).isoformat()
        case "datetime":
            at = datetime(1970, 1, 1) + timedelta(microseconds=value)  # noqa: DTZ001
            return at.isoformat() + "Z"
        case "duration":
            return int(value // MICRO)
        case "number" | "decimal":
            whole, rest = divmod(value, MICRO)
            return int(whole) if not rest else format((Decimal(value) / MICRO).normalize(), "f")
    return int(value)


def _type_of(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int() | Decimal():
            return "number"
        case str():
            return "string"
        case datetime():
            return "datetime"
        case date():
            return "date"
        case timedelta():
            return "duration"
    msg = f"{value!r} is no value an expression can hold"
    raise AuthorError(msg)


def _operand(value: object, type_: str, columns: Columns) -> Built:
    if not isinstance(value, Expr):
        return Built(nw.lit(_physical(value, type_)), type_)
    built = value.build(columns)
    if built.type != type_ and {built.type, type_} != {"number", "decimal"}:
        msg = f"a {type_} cannot be compared with a {built.type} ({', '.join(sorted(value.columns))})"
        raise AuthorError(msg)
    return built


def _mentioned(value: object) -> frozenset[str]:
    return value.columns if isinstance(value, Expr) else frozenset()


def _expect(found: str, wanted: str, what: str) -> None:
    if found != wanted:
        msg = f"{what} from a {wanted}, not from a {found}"
        raise AuthorError(msg)


def _rule(rule: object, columns: Columns) -> nw.Expr:
    if not isinstance(rule, Expr):
        msg = f"{rule!r} is no rule; compare columns with == < > is_in …"
        raise AuthorError(msg)
    built = rule.build(columns)
    _expect(built.type, "boolean", "a rule is made")
    return built.value


def rule_of(rule: Expr, columns: Columns) -> nw.Expr:
    """`rule` as an expression over the frame; raises AuthorError where it is not true-or-false."""
    return _rule(rule, columns)


def _logic(op: Callable[[Any, Any], Any], left: Expr, right: object) -> Expr:
    def build(columns: Columns) -> Built:
        return Built(op(_rule(left, columns), _rule(right, columns)), "boolean")

    return Expr(build, left.columns | _mentioned(right))


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _compare(sign: str, left: Expr, right: object) -> Expr:
    def build(columns: Columns) -> Built:
        a = left.build(columns)
        b = _operand(right, a.type, columns)
        answer = _bounded(sign, a, b) if a.low is not None else _OPERATORS[sign](a.value, b.value)
        return Built(_none_is(b.none, False, _none_is(a.none, False, answer)), "boolean")

    return Expr(build, left.columns | _mentioned(right))


def _bounded(sign: str, a: Built, b: Built) -> nw.Expr:
    """A comparison of a count known only between two bounds: decided where both bounds fall on the same side."""
    if a.low is None or a.high is None:
        raise AssertionError
    op = _OPERATORS[sign]
    low, high = op(a.low, b.value), op(a.high, b.value)
    if sign == "==":
        low, high = (a.low == b.value) & (a.high == b.value), (a.low <= b.value) & (a.high >= b.value)
    return nw.when(low & high).then(nw.lit(True)).otherwise(nw.when(~(low | high)).then(nw.lit(False)).otherwise(None))


def _none_is(none: nw.Expr | None, answer: bool, otherwise: nw.Expr) -> nw.Expr:
    return otherwise if none is None else nw.when(none).then(nw.lit(answer)).otherwise(otherwise)


def _or_false(none: nw.Expr | None) -> nw.Expr:
    return nw.lit(False) if none is None else none


_SUMS = {
    ("datetime", "duration", 1): "datetime",
    ("datetime", "duration", -1): "datetime",
    ("date", "duration", 1): "date",
    ("date", "duration", -1): "date",
    ("datetime", "datetime", -1): "duration",
    ("date", "date", -1): "duration",
    ("duration", "duration", 1): "duration",
    ("duration", "duration", -1): "duration",
    ("number", "number", 1): "number",
    ("number", "number", -1): "number",
}


def _add(left: Expr, right: object, sign: int) -> Expr:
    def build(columns: Columns) -> Built:
        a = left.build(columns)
        b = right.build(columns) if isinstance(right, Expr) else _literal_beside(right, a.type)
        type_ = _SUMS.get((a.type.replace("decimal", "number"), b.type.replace("decimal", "number"), sign))
        if type_ is None:
            msg = f"{'+' if sign > 0 else '-'} has no meaning between a {a.type} and a {b.type}"
            raise AuthorError(msg)
        addend = b.value // DAY if (a.type, b.type) == ("date", "duration") else b.value
        value = a.value + addend if sign > 0 else a.value - addend
        none = a.none if b.none is None else (b.none if a.none is None else a.none | b.none)
        return Built(value * DAY if (a.type, b.type) == ("date", "date") else value, type_, none)

    return Expr(build, left.columns | _mentioned(right))


def _literal_beside(value: object, type_: str) -> Built:
    own = _type_of(value)
    return Built(nw.lit(_physical(value, "number" if own == "number" else own)), own) if type_ else Built(nw.lit(value), own)


_FIRST_MARCH_1900 = (date(1900, 3, 1) - EPOCH).days
_LAST_DAY = (date(2100, 2, 28) - EPOCH).days


def _plus_months(epoch_day: nw.Expr, count: int) -> nw.Expr:
    """Integer calendar arithmetic in years that begin in March, so that engines agree; unknown outside 1900-2099.

    Every fourth year of that range is a leap year, which keeps the expression short: engines that take SQL text repeat
    a sub-expression wherever it is used.
    """
    since = epoch_day - _FIRST_MARCH_1900
    year = (4 * since + 3) // 1_461
    day_of_year = since - 1_461 * year // 4
    month = (5 * day_of_year + 2) // 153  # 0 is March
    day = day_of_year - (153 * month + 2) // 5  # 0 is the first
    target = _first_of(12 * year + month + count) + day
    last = _first_of(12 * year + month + count + 1) - 1
    inside = (epoch_day >= _FIRST_MARCH_1900) & (epoch_day <= _LAST_DAY)
    return nw.when(inside).then(nw.when(target > last).then(last).otherwise(target)).otherwise(None)


def _first_of(months: nw.Expr) -> nw.Expr:
    """The epoch day of the first of a month, counted from March 1900."""
    return _FIRST_MARCH_1900 + 1_461 * (months // 12) // 4 + (153 * (months % 12) + 2) // 5
