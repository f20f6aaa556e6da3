"""Cells: text as people and products write it, read into the type of a column, and why where it cannot be read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import partial
from typing import Final, Literal

import polars as pl

from ctrlkit.kind import Column
from ctrlkit.moment import Clock, Order, expected_moment, read_date, read_instant
from ctrlkit.scan import hits
from ctrlkit.value_map import UNKNOWN_WORDS

FINE: Final = 0
NOT_KNOWN: Final = 1
UNREADABLE: Final = 2
OUTSIDE: Final = 3
PAST: Final = 4
"""Why a cell holds no value: a word for "not known", no such type, outside the closed list, after the as-of date."""

NUMBER: Final = pl.Decimal(38, 6)
"""Every number, exact; a finer one is rounded half to even."""

NOT_COMPUTED: Final = "#FORMULA NEVER COMPUTED!"
TOO_LONG: Final = "#NUMBER CUT TO 15 DIGITS!"
"""What stands in a cell of a workbook that looks whole there and is not."""
_LOST: Final = {
    NOT_COMPUTED: "the value of the formula; open the workbook in a program, let it compute, and save it",
    TOO_LONG: "all digits; the workbook holds no more than 15: export it again with this column as text",
}

_TYPE_NAME: Final = r"^(?:System\.[A-Za-z.]+(?:\[\])?|Microsoft\.[A-Za-z.]+|@\{.*\}|\*+)$"
_TRUE: Final = ("true", "t", "yes", "y", "1", "oo", "opo", "हाँ", "हां", "enabled", "on")
_FALSE: Final = ("false", "f", "no", "n", "0", "hindi", "hindi po", "नहीं", "disabled", "off")
BOOLEANS: Final[Mapping[str, bool]] = {**dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}

_PLAIN_NUMBER: Final = r"^[+-]?(?:[0-9]+(?:\.[0-9]{1,6})?|\.[0-9]{1,6})$"
_DIGITS: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
_GROUPED: Final = r"[+-]?[0-9]{1,3}(?:,[0-9]{2,3})*,[0-9]{3}(?:\.[0-9]+)?"
_COMMA: Final = r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+)(?:,[0-9]+)?"
_EITHER: Final = r"[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}"
"""A number of which nobody can say whether its mark groups thousands or begins the decimals."""
_CLEARLY_COMMA: Final = (
    r"^[+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0+|[0-9]{4,}),[0-9]+)$"
)
_CLEARLY_POINT: Final = r"^[+-]?(?:[0-9]*\.(?:[0-9]{1,2}|[0-9]{4,})|(?:0+|[0-9]{4,})\.[0-9]+)$"
_SPACED: Final = r"[+-]?[0-9]{1,3}(?:[ \u00a0\u2009\u202f][0-9]{3})+(?:[.,][0-9]+)?"
_CLEARLY_GROUPED: Final = r"^[+-]?[0-9]{1,3}(?:(?:,[0-9]{2,3})*,[0-9]{3}\.[0-9]+|(?:,[0-9]{2,3})+,[0-9]{3})$"


Marks = Literal["grouped", "comma", "either"]
"""`grouped`: a comma groups thousands; `comma`: it begins the decimals; `either`: nobody can say of `1.234`."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What cells of one file do not say themselves.

    `clock` holds the zones and the as-of date, `orders` the order of day and month per column, `numbers` how they are
    written in the columns that show it.
    """

    clock: Clock
    orders: Mapping[str, Order]
    numbers: Mapping[str, Marks] = field(default_factory=dict)


def lower_snake(text: str) -> str:
    """A word as ctrlkit writes words: `On Leave` becomes `on_leave`; dots stay, as in `1.2`."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[^\w.]+|_+", "_", folded).strip("_")


def fold(text: str) -> str:
    """An identifier as it is compared: NFC, casefolded, trimmed."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).strip()


def tidy(raw: pl.Expr) -> pl.Expr:
    """Text without the white space around it; null where nothing is left."""
    text = raw.str.strip_chars()
    return pl.when(text != "").then(text)


def unknown_words(column: Column) -> frozenset[str]:
    """The words, casefolded, that say in this column that nothing is known; a word the column lists is an answer."""
    words = set(UNKNOWN_WORDS) - {""}
    if column.pseudonym:
        words.add("none")
    if column.name.endswith("country"):
        words.discard("na")  # Namibia
    return frozenset(words - {str(value).casefold() for value in (*column.values, *column.known_values)})


def is_not_known(column: Column, text: pl.Expr) -> pl.Expr:
    """Whether a cell says that its answer is not known; a word the column lists is an answer."""
    words = unknown_words(column)
    short = pl.when(text.str.len_bytes() <= max(map(len, words)) * 3).then(text)
    odd = text.str.starts_with("System.") | text.str.starts_with("Microsoft.") | text.str.contains(r"^[@*]")
    return short.str.to_lowercase().is_in(sorted(words)).fill_null(False) | (odd & text.str.contains(_TYPE_NAME))


def read(column: Column, text: pl.Expr, rules: Rules) -> pl.Expr:
    """The typed value of tidied text that is an answer, null where it cannot be read.

    Strings stay strings (identifiers casefolded, listed words in lower_snake or the list's own spelling), numbers are
    `NUMBER`, dates Date, instants naive UTC microseconds, truth values Boolean.
    """
    match column.type:
        case "date":
            return read_date(text, rules.clock, rules.orders.get(column.name))
        case "datetime":
            return read_instant(text, rules.clock, rules.orders.get(column.name))
        case "boolean":
            return text.str.to_lowercase().replace_strict(dict(BOOLEANS), default=None, return_dtype=pl.Boolean)
        case "number" | "decimal":
            return _listed_number(column, read_number(text, rules.numbers.get(column.name)))
        case _:
            return _read_string(column, text)


def why(column: Column, text: pl.Expr, value: pl.Expr, rules: Rules, *, not_known: pl.Expr) -> pl.Expr:
    """FINE, NOT_KNOWN, UNREADABLE, OUTSIDE or PAST for each cell, as UInt8."""
    verdict = pl.when(text.is_null()).then(FINE).when(not_known).then(NOT_KNOWN)
    if column.values and column.type in {"number", "decimal"}:
        as_number = read_number(pl.when(value.is_null()).then(text), rules.numbers.get(column.name))
        verdict = verdict.when(value.is_null() & as_number.is_not_null()).then(OUTSIDE)
    verdict = verdict.when(value.is_null()).then(OUTSIDE if column.type == "string" else UNREADABLE)
    if column.past:
        verdict = verdict.when(rules.clock.is_after(value, column.type)).then(PAST)
    return verdict.otherwise(FINE).cast(pl.UInt8)


def expected(column: Column, reason: int, rules: Rules, text: str | None = None) -> str:
    """What a cell of the column should hold that says `text`, for a person."""
    if text in _LOST:
        return _LOST[text]
    if reason == NOT_KNOWN:
        return "an answer; this says that nothing is known, or is damaged"
    return _expected_of(column, reason, rules)


def _expected_of(column: Column, reason: int, rules: Rules) -> str:
    if reason == PAST:
        return f"a day not after {rules.clock.as_of_date.isoformat()}"
    if column.values and (reason == OUTSIDE or column.type == "string"):
        return ("each " if column.is_list else "") + "one of " + ", ".join(str(v) for v in column.values)
    if column.type in {"date", "datetime"}:
        return expected_moment(column.type, rules.orders.get(column.name))
    if column.type in {"number", "decimal"}:
        return _NUMBERS_EXPECTED[rules.numbers.get(column.name)]
    return "true or false" if column.type == "boolean" else "text"


_NUMBERS_EXPECTED: Final[Mapping[Marks | None, str]] = {
    None: "a number such as 1250.50, without unit",
    "grouped": "a number such as 1,250.50, without unit",
    "comma": "a number such as 1.250,50, as others of its column, without unit",
    "either": "a number such as 1250.50; this file also writes decimals after a comma, and 1.250 may be two numbers",
}


def read_number(text: pl.Expr, marks: Marks | None) -> pl.Expr:
    """Exact numbers; no exponent, no unit.

    `1,234` is read only where commas are shown to group or to begin the decimals, `1,234.50` and `12,50,000` always.
    """
    plain = pl.when(text.str.contains(r"^[+-]?[0-9]+$" if marks in {"comma", "either"} else _PLAIN_NUMBER)).then(text)
    rest = pl.when(plain.is_null()).then(text)
    other = rest.map_batches(over_distinct(partial(_number, marks)), return_dtype=pl.String, is_elementwise=True)
    return pl.coalesce(plain, other).cast(NUMBER, strict=False)


def _number(marks: Marks | None, text: str) -> str | None:
    digits = _digits(marks, re.sub(r"\s", "", text) if re.fullmatch(_SPACED, text) else text)
    if digits is None or not re.fullmatch(_DIGITS, digits):
        return None
    with localcontext() as context:
        context.prec = len(digits) + 8
        return format(Decimal(digits).quantize(Decimal("0.000001"), rounding=ROUND_HALF_EVEN), "f")


def _digits(marks: Marks | None, text: str) -> str | None:
    """The number with a point before its decimals and nothing between its thousands; None where that is not clear."""
    if marks == "either" and re.fullmatch(_EITHER, text):
        return None
    if marks == "comma" or (marks == "either" and re.search(_CLEARLY_COMMA, text)):
        return text.replace(".", "").replace(",", ".") if re.fullmatch(_COMMA, text) else None
    separated = re.fullmatch(_GROUPED, text) if marks == "grouped" else re.search(_CLEARLY_GROUPED, text)
    return text.replace(",", "") if separated else text


def shows_groups(text: pl.Expr) -> pl.Expr:
    """Whether a cell shows beyond doubt that commas group thousands."""
    return text.str.contains(_CLEARLY_GROUPED)


def shows_comma(text: pl.Expr) -> pl.Expr:
    """Whether a cell shows beyond doubt that a comma begins its decimals."""
    return text.str.contains(_CLEARLY_COMMA)


def shows_point(text: pl.Expr) -> pl.Expr:
    """Whether a cell shows beyond doubt that a point begins its decimals."""
    return text.str.contains(_CLEARLY_POINT)


def over_distinct(function: Callable[[str], str | None]) -> Callable[[pl.Series], pl.Series]:
    """`function` for whole series, called once for each distinct text."""

    def whole(series: pl.Series) -> pl.Series:
        distinct = series.drop_nulls().unique().to_list()
        if not distinct:
            return series.cast(pl.String)
        return series.replace_strict(distinct, [function(t) for t in distinct], default=None, return_dtype=pl.String)

    return whole


def _listed_number(column: Column, value: pl.Expr) -> pl.Expr:
    if not column.values:
        return value
    allowed = pl.Series([Decimal(str(v)) for v in column.values]).cast(NUMBER)
    return pl.when(value.is_in(allowed.implode())).then(value)


def _read_string(column: Column, text: pl.Expr) -> pl.Expr:
    if column.is_list or column.values or column.known_values:
        return text.map_batches(over_distinct(_word_reader(column)), return_dtype=pl.String, is_elementwise=True)
    settle = _fold_series if column.pseudonym else _compose_series
    return text.map_batches(settle, return_dtype=pl.String, is_elementwise=True)


def _word_reader(column: Column) -> Callable[[str], str | None]:
    listed = {lower_snake(str(v)): str(v) for v in (*column.values, *column.known_values)}
    split = r"[;|,\n]" if listed else r"[;|\n]"

    def word(text: str) -> str | None:
        snake = lower_snake(text)
        if snake in listed:
            return listed[snake]
        if column.values:
            return None
        return fold(text) if hits(text) else snake or None  # an identifier stays one, to be found and hidden

    def words(text: str) -> str | None:
        parts = [part.strip() for part in re.split(split, text)]
        read_parts = [None if p.casefold() in UNKNOWN_WORDS - set(listed) else word(p) for p in parts if p]
        known = [part for part in read_parts if part is not None]
        return ";".join(known) if known and len(known) == len(read_parts) else None

    return words if column.is_list else word


def _fold_series(series: pl.Series) -> pl.Series:
    return _exotic(series, fold).str.to_lowercase()


def _compose_series(series: pl.Series) -> pl.Series:
    return _exotic(series, lambda text: unicodedata.normalize("NFC", text))


def _exotic(series: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """`function` on the texts that go beyond ASCII, which are few; the others as they are."""
    odd = series.filter(series.str.len_bytes() != series.str.len_chars()).unique().to_list()
    return series.replace(odd, [function(text) for text in odd]) if odd else series


def mask(text: str) -> str:
    """A personal value as it may travel: its first character and its length."""
    return f"{text[:1]}… ({len(text)} characters)"
