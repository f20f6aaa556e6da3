"""From a table of text to the typed columns of a kind: maps applied, totals set aside, bad rows marked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from ctrlkit.cell import OUTSIDE, PAST, Rules, is_not_known, mask, over_distinct, read, shows_groups, tidy, why
from ctrlkit.kind import Column, Kind
from ctrlkit.layout import Layout, word
from ctrlkit.moment import Clock, Order, orders_of
from ctrlkit.reader import Raw
from ctrlkit.value_map import UNKNOWN

_TOTAL: Final = r"(?i)^(?:grand |sub)?totals? ?:?$"
_NUMBERS: Final = frozenset({"number", "decimal"})


@dataclass(frozen=True, slots=True)
class Typed:
    """Records: `_row`, `_flaw`, `_bad_row`, and per column its value, `w:` why it has none, `t:` that text.

    The text is kept only where there is such a reason.
    """

    frame: pl.LazyFrame
    columns: Mapping[str, Column]
    rules: Rules
    notes: tuple[str, ...]


def typed(raw: Raw, layout: Layout, kind: Kind, clock: Clock, order: Order | None) -> Typed:
    """The raw table as columns of the kind, in the kind's order.

    `order` is the order of day and month that the pack or adapter states; without it each column must show its own.
    """
    columns = {n: c for n, c in kind.columns.items() if n in layout.places or n in layout.constants}
    texts = raw.frame.select("_row", "_flaw", "_first", *[_text(n, layout).alias(f"t:{n}") for n in columns])
    notes = [_constant_note(n, text, kind) for n, text in sorted(layout.constants.items()) if n in columns]
    for name in sorted(layout.values.keys() & columns.keys()):
        notes += _map_notes(columns[name], texts, layout.values[name])
        texts = texts.with_columns(_mapped(columns[name], layout.values[name]).alias(f"t:{name}"))
    texts, total_notes = _without_totals(texts, columns, layout)
    rules = _rules(texts, columns, clock, order)
    cells = _cells(texts, columns, rules)
    return Typed(cells.with_columns(_bad_row(columns)).drop("_first"), columns, rules, (*notes, *total_notes))


def _cells(texts: pl.LazyFrame, columns: Mapping[str, Column], rules: Rules) -> pl.LazyFrame:
    known = texts.with_columns(is_not_known(c, pl.col(f"t:{n}")).alias(f"k:{n}") for n, c in columns.items())
    answers = {n: pl.when(~pl.col(f"k:{n}")).then(pl.col(f"t:{n}")) for n in columns}
    values = known.with_columns(read(c, answers[n], rules).alias(n) for n, c in columns.items())
    reasons = values.with_columns(
        why(c, pl.col(f"t:{n}"), pl.col(n), rules, not_known=pl.col(f"k:{n}")).alias(f"w:{n}")
        for n, c in columns.items()
    )
    kept = reasons.with_columns(pl.when(pl.col(f"w:{n}") > 0).then(pl.col(f"t:{n}")).alias(f"t:{n}") for n in columns)
    return kept.drop(f"k:{n}" for n in columns)


def _text(name: str, layout: Layout) -> pl.Expr:
    place = layout.places.get(name)
    if place is None:
        return tidy(pl.lit(layout.constants[name], pl.String))
    cell = pl.col(f"c{place.index}")
    return tidy(cell.str.extract(r"([^,]*)$") if place.part == "last" else cell)


def _constant_note(name: str, text: str, kind: Kind) -> str:
    return f"{name} is {mask(text) if kind.columns[name].personal else text} in every row, as the map says"


def _key(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.replace_all(r"\s+", " ")


def _mapped(column: Column, pairs: Mapping[str, str | None]) -> pl.Expr:
    text = pl.col(f"t:{column.name}")
    ours = {theirs: UNKNOWN if target is None else target for theirs, target in pairs.items()}
    if column.is_list:
        each = over_distinct(lambda cell: ";".join(ours.get(word(part), part) for part in re.split(r"[;|\n]", cell)))
        return tidy(text.map_batches(each, return_dtype=pl.String, is_elementwise=True))
    key = _key(text)
    known = key.replace_strict(ours, default=None, return_dtype=pl.String)
    return tidy(pl.when(key.is_in(list(ours))).then(known).otherwise(text))


def _map_notes(column: Column, texts: pl.LazyFrame, pairs: Mapping[str, str | None]) -> list[str]:
    key = _key(pl.col(f"t:{column.name}"))
    met = texts.select(key.alias("theirs")).filter(pl.col("theirs").is_in(list(pairs))).group_by("theirs").len()
    counts: dict[str, int] = dict(met.collect(engine="streaming").iter_rows())
    said = [
        f"{mask(theirs) if column.personal else theirs} → {_target(pairs[theirs])} ({rows} row{'s' * (rows != 1)})"
        for theirs, rows in sorted(counts.items())
    ]
    return [f"values read through a map: {column.name} {'; '.join(said)}"] if said else []


def _target(ours: str | None) -> str:
    return "not known" if ours is None else ours or "empty"


def _without_totals(
    texts: pl.LazyFrame, columns: Mapping[str, Column], layout: Layout
) -> tuple[pl.LazyFrame, list[str]]:
    """The rows without the total rows at the end: `Total` in the first cell and nothing but numbers beside it."""
    beside = [
        pl.col(f"t:{n}").is_null()
        for n, c in columns.items()
        if n in layout.places and layout.places[n].index != 0 and c.type not in _NUMBERS
    ]
    is_total = pl.all_horizontal(pl.col("_first").str.strip_chars().str.contains(_TOTAL).fill_null(False), *beside)
    totals = texts.filter(is_total).select("_row").collect(engine="streaming")["_row"]
    if totals.is_empty():
        return texts, []
    last = texts.filter(~is_total).select(pl.col("_row").max()).collect(engine="streaming").item() or 0
    at_end = sorted(row for row in totals.to_list() if row > last)
    if not at_end:
        return texts, []
    listed = ", ".join(map(str, at_end))
    return texts.filter(~(is_total & (pl.col("_row") > last))), [f"total rows are not records: row {listed}"]


def _rules(texts: pl.LazyFrame, columns: Mapping[str, Column], clock: Clock, order: Order | None) -> Rules:
    moments = {f"t:{n}": order for n, c in columns.items() if c.type in {"date", "datetime"}}
    orders = {name.removeprefix("t:"): found for name, found in orders_of(texts, moments).items()}
    numbers = [n for n, c in columns.items() if c.type in _NUMBERS]
    if not numbers:
        return Rules(clock, orders)
    shown = texts.select(shows_groups(pl.col(f"t:{n}")).any().alias(n) for n in numbers)
    grouped = shown.collect(engine="streaming").row(0, named=True)
    return Rules(clock, orders, frozenset(n for n in numbers if grouped[n]))


def _bad_row(columns: Mapping[str, Column]) -> pl.Expr:
    """A row is bad when it is no record, lacks a required value, or holds a day after the as-of date.

    A text outside a closed list makes its cell unreadable and leaves the row.
    """
    lacking = [pl.col(n).is_null() & (pl.col(f"w:{n}") != OUTSIDE) for n, c in columns.items() if c.required]
    later = [pl.col(f"w:{n}") == PAST for n, c in columns.items() if c.past]
    return pl.any_horizontal(pl.col("_flaw").is_not_null(), *lacking, *later).alias("_bad_row")
