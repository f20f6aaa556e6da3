"""Values as frames hold them: days, instants and exact numbers as integers, so that no engine rounds or shifts them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from ctrlkit.errors import AuthorError

MICRO: Final = 1_000_000
"""Numbers are kept in millionths, instants and lengths of time in microseconds."""
DAY: Final = 86_400 * MICRO
EPOCH: Final = date(1970, 1, 1)
_EPOCH_UTC: Final = datetime(1970, 1, 1, tzinfo=UTC)


def physical(value: object, type_: str) -> Any:  # noqa: PLR0911  (one per type)
    """The integer, text or boolean that stands for `value` in a frame."""
    match type_, value:
        case "boolean", bool():
            return value
        case "string", str():
            return value
        case (("number" | "decimal"), (int() | Decimal())) if not isinstance(value, bool):
            return exactly(Decimal(value) * MICRO)
        case "count", int() if not isinstance(value, bool):
            return value
        case "date", date() if not isinstance(value, datetime):
            return (value - EPOCH).days
        case "datetime", datetime() if value.tzinfo is not None:
            return (value - _EPOCH_UTC) // timedelta(microseconds=1)
        case "duration", timedelta():
            return value // timedelta(microseconds=1)
    msg = f"a {type_} cannot be compared with {value!r}"
    raise AuthorError(msg)


def exactly(amount: Decimal) -> int:
    """A whole amount as an integer; raises AuthorError for one that a frame would have to round."""
    if amount != amount.to_integral_value():
        msg = f"{amount / MICRO} has more than six decimals; values are compared in millionths"
        raise AuthorError(msg)
    return int(amount)


def logical(value: Any, type_: str) -> str | int | bool | None:
    """What a finding shows for the integer, text or boolean of a frame: ISO dates and UTC instants, exact numbers."""
    if value is None or isinstance(value, bool | str):
        return value
    match type_:
        case "date":
            return (EPOCH + timedelta(days=value)).isoformat()
        case "datetime":
            return (_EPOCH_UTC + timedelta(microseconds=value)).isoformat().replace("+00:00", "Z")
        case "duration":
            return int(value // MICRO)
        case "number" | "decimal":
            whole, rest = divmod(value, MICRO)
            return int(whole) if not rest else format((Decimal(value) / MICRO).normalize(), "f")
    return int(value)


def type_of(value: object) -> str:
    """The type of a literal; raises AuthorError for one that no expression can hold."""
    for type_, classes in _TYPES.items():
        if isinstance(value, classes):
            return type_
    msg = f"{value!r} is no value an expression can hold"
    raise AuthorError(msg)


_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "boolean": (bool,),
    "number": (int, Decimal),
    "string": (str,),
    "datetime": (datetime,),
    "date": (date,),
    "duration": (timedelta,),
}
"""In this order: a bool is an int too, a datetime a date."""
