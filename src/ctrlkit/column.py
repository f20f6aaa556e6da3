"""Columns of text into typed values: the plain cells all at once, the others one distinct text at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from ctrlkit.cell import FINE, NUMBER, Rules, is_not_known, read, tidy, unknown_words, why
from ctrlkit.kind import Column
from ctrlkit.moment import plain_days, plain_instants

TYPES: Final[dict[str, pl.DataType]] = {
    "string": pl.String(),
    "number": NUMBER,
    "decimal": NUMBER,
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
    "boolean": pl.Boolean(),
}
"""The type of a column's values, by the type that its kind names."""

_NUMBER: Final = r"^[+-]?[0-9]{1,12}(?:\.[0-9]{1,6})?$"
_ODD: Final = r"^(?:System\.|Microsoft\.|[@*])"
_FEW: Final = 4
"""One distinct text in this many cells, or fewer: reading the distinct ones is the cheaper way."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How the raw text of one column is read: `text` leads from the raw cell, `pl.col("raw")`, to its tidy text.

    `plain` says that `text` does nothing but tidy.
    """

    column: Column
    rules: Rules
    text: pl.Expr
    plain: bool

    @property
    def fields(self) -> dict[str, pl.DataType]:
        """What each cell becomes: its value, `w:` why it has none, and `t:` its text where there is such a reason."""
        name = self.column.name
        return {name: TYPES[self.column.type], f"w:{name}": pl.UInt8(), f"t:{name}": pl.String()}


def read_series(reading: Reading, raw: pl.Series) -> pl.DataFrame:
    """A column of text as a table of the reading's `fields`, row for row."""
    name, kind = reading.column.name, TYPES[reading.column.type]
    if not reading.plain:
        return _by_distinct(reading, raw)
    if _repeats(raw):
        distinct = raw.drop_nulls().unique()
        value = _plain(reading, distinct)
        if value is None or value.null_count():
            return _by_distinct(reading, raw)
        return _all_read(_spread(raw, distinct, value, kind).alias(name), name)
    value = _plain(reading, raw)
    if value is None:
        return _by_distinct(reading, raw)
    left = value.is_null() & raw.is_not_null()
    if not left.any():
        return _all_read(value.alias(name), name)
    rest = _by_distinct(reading, raw.to_frame("raw").select(pl.when(left).then("raw")).to_series())
    whole = pl.DataFrame([value.cast(kind).alias("plain"), *rest])
    return whole.select(pl.coalesce("plain", name).alias(name), f"w:{name}", f"t:{name}")


def _all_read(values: pl.Series, name: str) -> pl.DataFrame:
    fine, no_text = pl.Series(f"w:{name}", [FINE], pl.UInt8()), pl.Series(f"t:{name}", [None], pl.String())
    return pl.DataFrame([values, *(one.new_from_index(0, len(values)) for one in (fine, no_text))])


def _repeats(raw: pl.Series) -> bool:
    distinct: int = pl.select(pl.lit(raw).approx_n_unique()).item()
    return distinct * _FEW <= len(raw)


def _by_distinct(reading: Reading, raw: pl.Series) -> pl.DataFrame:
    name = reading.column.name
    distinct = raw.drop_nulls().unique()
    found = _answers(reading, distinct)
    value, reason = found[name], found[f"w:{name}"]
    values = _spread(raw, distinct, value, TYPES[reading.column.type])
    if not (reason > FINE).any():
        return _all_read(values.alias(name), name)
    reasons = _spread(raw, distinct, reason, pl.UInt8()).fill_null(FINE)
    texts = _spread(raw, distinct, found[f"t:{name}"], pl.String())
    return pl.DataFrame([values.alias(name), reasons.alias(f"w:{name}"), texts.alias(f"t:{name}")])


def _spread(raw: pl.Series, distinct: pl.Series, answers: pl.Series, kind: pl.DataType) -> pl.Series:
    if distinct.is_empty() or answers.null_count() == len(answers):
        return pl.Series(raw.name, [None], kind).new_from_index(0, len(raw))
    if kind == pl.String and answers.equals(distinct, null_equal=True, check_names=False):
        return raw
    return raw.replace_strict(distinct, answers, default=None, return_dtype=kind)


def _answers(reading: Reading, distinct: pl.Series) -> pl.DataFrame:
    """What each distinct text says, by the rules for cells."""
    column, name, text = reading.column, reading.column.name, pl.col("text")
    known = distinct.to_frame("raw").lazy().with_columns(reading.text.alias("text"))
    known = known.with_columns(is_not_known(column, text).alias("unknown"))
    values = known.with_columns(read(column, pl.when(~pl.col("unknown")).then(text), reading.rules).alias("value"))
    reason = why(column, text, pl.col("value"), reading.rules, not_known=pl.col("unknown"))
    said = tidy(pl.col("raw")).alias("said")  # as it stands there, before any map
    return values.select(pl.col("value").alias(name), reason.alias(f"w:{name}"), said).with_columns(
        pl.when(pl.col(f"w:{name}") > FINE).then("said").alias(f"t:{name}")
    ).collect()  # fmt: skip


def _plain(reading: Reading, raw: pl.Series) -> pl.Series | None:
    """The values of cells that are written plainly, null for all others; None where the type has no plain way."""
    column, rules = reading.column, reading.rules
    if column.values or column.known_values or column.is_list or column.type == "boolean":
        return None
    if rules.numbers.get(column.name) in {"comma", "either"}:
        return None
    value = _plain_values(column, rules, _tidied(raw))
    if not column.past:
        return value
    later = rules.clock.is_after(pl.col("value"), column.type)
    return value.to_frame("value").select(pl.when(~later).then("value")).to_series()


def _tidied(raw: pl.Series) -> pl.Series:
    text = raw.str.strip_chars()
    return text.set(text == "", None) if (text == "").any() else text


def _plain_values(column: Column, rules: Rules, text: pl.Series) -> pl.Series:
    match column.type:
        case "date":
            return plain_days(text)
        case "datetime":
            return plain_instants(text, rules.clock)
        case "number" | "decimal":
            plain = text.to_frame("text").select(pl.when(pl.col("text").str.contains(_NUMBER)).then("text")).to_series()
            return plain.cast(NUMBER, strict=False)
    return _plain_texts(column, text)


def _plain_texts(column: Column, text: pl.Series) -> pl.Series:
    """Text in ASCII that is no word for "not known" and no name of a type; identifiers in lower case."""
    low = text.str.to_lowercase()
    plain = (text.str.len_bytes() == text.str.len_chars()) & ~low.is_in(sorted(unknown_words(column)))
    plain &= ~text.str.contains(_ODD)
    value = low if column.pseudonym else text
    return value if plain.all() else value.set(~plain, None)
