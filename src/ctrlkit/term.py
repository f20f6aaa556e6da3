"""What an expression becomes over one frame: a value with its type, its emptiness, its bounds and its pseudonym."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from ctrlkit.errors import AuthorError, ColumnError
from ctrlkit.literal import DAY


@dataclass(frozen=True, slots=True)
class Info:
    """What a table knows of a column: its type, whether emptiness can be an answer, whether it is a bounded count."""

    type: str
    none: bool = False
    bounded: bool = False
    pseudonym: str | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """An expression made for one frame: value, type, where it is answered-empty, bounds where it is a count.

    `value` is null where it is not known, and so for a count whose bounds differ. `pseudonym` is the domain in which
    its values are hidden, None for clear text.
    """

    value: nw.Expr
    type: str
    none: nw.Expr | None = None
    low: nw.Expr | None = None
    high: nw.Expr | None = None
    pseudonym: str | None = None


Columns = Mapping[str, Info]
PSEUDONYM = "p_"
"""How every pseudonym begins."""


def constant(value: Any) -> nw.Expr:
    """A literal; integers in 64 bits, for an engine that takes the fewest they need lets them overflow."""
    return nw.lit(value, nw.Int64) if isinstance(value, int) and not isinstance(value, bool) else nw.lit(value)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def info_of(columns: Columns, name: str) -> Info:
    """What a column is. Raises ColumnError where there is none of that name."""
    if name not in columns:
        msg = f"no column {name!r} here; there are {', '.join(sorted(columns))}"
        raise ColumnError(msg)
    return columns[name]


def one_if(rule: nw.Expr) -> nw.Expr:
    """1 where the rule holds, 0 where it does not or is unknown: a flag that every engine can add up."""
    return nw.when(rule).then(nw.lit(1)).otherwise(nw.lit(0))


def floored(dividend: nw.Expr, divisor: int) -> nw.Expr:
    """What a whole number, within 2**51 of nothing, comes to divided by one of at least 1, cut off to the whole below.

    The operand is named once: `//` and `/` repeat it, and nested that comes to no end on Spark, which divides as floats
    do anyway. Exact: half a whole above an integer, what is divided lies further from the next multiple of the divisor
    than a float errs by.
    """
    return ((dividend + 0.5) * (1 / divisor)).floor().cast(nw.Int64)


def compared(sign: str, a: Built, b: Built) -> Built:
    """Whether the comparison holds; false where one of the two is answered to be none."""
    exact = a.low is None and b.low is None
    answer = _OPERATORS[sign](a.value, b.value) if exact else _bounded(sign, a, b)
    return Built(none_is_false(b.none, none_is_false(a.none, answer)), "boolean")


def _bounded(sign: str, a: Built, b: Built) -> nw.Expr:
    """A comparison of counts known only between bounds: decided where every pair of values between them agrees."""
    (a_low, a_high), (b_low, b_high) = _bounds(a), _bounds(b)
    match sign:
        case "==":
            yes = (a_low == a_high) & (b_low == b_high) & (a_low == b_low)
            no = (a_high < b_low) | (a_low > b_high)
        case "<" | "<=":
            yes, no = _OPERATORS[sign](a_high, b_low), ~_OPERATORS[sign](a_low, b_high)
        case _:
            yes, no = _OPERATORS[sign](a_low, b_high), ~_OPERATORS[sign](a_high, b_low)
    return nw.when(yes).then(nw.lit(value=True)).otherwise(nw.when(no).then(nw.lit(value=False)).otherwise(None))


def _bounds(built: Built) -> tuple[nw.Expr, nw.Expr]:
    return (built.value, built.value) if built.low is None or built.high is None else (built.low, built.high)


def none_is_false(none: nw.Expr | None, otherwise: nw.Expr) -> nw.Expr:
    """False where there is none, `otherwise` elsewhere."""
    return otherwise if none is None else nw.when(none).then(nw.lit(value=False)).otherwise(otherwise)


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


def added(a: Built, b: Built, sign: int) -> Built:
    """The sum (`sign` 1) or difference (-1), none where either is; raises AuthorError where it has no meaning."""
    type_ = _SUMS.get((a.type.replace("decimal", "number"), b.type.replace("decimal", "number"), sign))
    if type_ is None:
        msg = f"{'+' if sign > 0 else '-'} has no meaning between a {a.type} and a {b.type}"
        raise AuthorError(msg)
    addend = b.value // DAY if (a.type, b.type) == ("date", "duration") else b.value
    value = a.value + addend if sign > 0 else a.value - addend
    none = a.none if b.none is None else (b.none if a.none is None else a.none | b.none)
    return Built(value * DAY if (a.type, b.type) == ("date", "date") else value, type_, none)


def shared_domain(one: Built, other: Built) -> str | None:
    """The domain of both pseudonyms; raises AuthorError where they differ, because then the two are never equal."""
    if one.pseudonym != other.pseudonym:
        msg = (
            f"one is {one.pseudonym or 'clear text'}, the other {other.pseudonym or 'clear text'}: different pseudonyms"
        )
        raise AuthorError(msg)
    return one.pseudonym


def check_comparable(built: Built, values: Collection[object]) -> None:
    """Clear text never equals a pseudonym, so a rule that compares them would be false for every row, silently."""
    clear = [v for v in values if isinstance(v, str) and not v.startswith(PSEUDONYM)]
    if built.pseudonym is not None and clear:
        msg = f"{clear[0]!r} never equals a pseudonym ({built.pseudonym}); compare with a hidden parameter or column"
        raise AuthorError(msg)


def expect(found: str, wanted: str, what: str) -> None:
    """Raise AuthorError where `what` is made from another type than `wanted`."""
    if found != wanted:
        msg = f"{what} from a {wanted}, not from a {found}"
        raise AuthorError(msg)
