"""From a table of text to the typed columns of a kind: maps applied, totals set aside, bad rows marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import polars as pl

from ctrlkit.cell import OUTSIDE, PAST, Marks, Rules, mask, over_distinct, shows_comma, shows_groups, shows_point, tidy
from ctrlkit.column import Reading, read_series
from ctrlkit.kind import Column, Kind
from ctrlkit.layout import Layout, word
from ctrlkit.moment import MAY_TELL_ORDER, Clock, Order, order_signs, orders_shown
from ctrlkit.raw import FOOTER, Raw
from ctrlkit.value_map import UNKNOWN

_TOTAL: Final = r"(?i)^(?:grand |sub)?totals?(?: (?:headcount|employees|hours|amount|pay|count|credits?))? ?:?$"
_FIGURE: Final = r"^[+-]?[^\w\s]?\s?[0-9][0-9.,]*$"
"""What stands beside a total, under whatever column: a sum or a count."""
_FIRST: Final = pl.when(pl.col("_first").str.len_bytes() < 256).then(pl.col("_first").str.strip_chars())  # noqa: PLR2004
"""The first cell, as far as a pattern is tried on it: patterns are dear, and no long cell is a total."""
_TOTAL_CELL: Final = _FIRST.str.contains(_TOTAL).fill_null(False)
_FOOTER_CELL: Final = _FIRST.str.contains(FOOTER).fill_null(False)
_NUMBERS: Final = frozenset({"number", "decimal"})


@dataclass(frozen=True, slots=True)
class Typed:
    """Records, some hundred thousand at a time.

    Each block holds `_row`, `_flaw`, `_bad_row`, and per column its value, `w:` why it has none, and `t:` its text
    where there is such a reason. `records` is how many there are, bad rows among them; `held`: all in memory, as one
    block. `footed`: lines after the last record show that it is the last; `stated` is how many records they say.
    """

    blocks: Iterable[pl.DataFrame]
    columns: Mapping[str, Column]
    rules: Rules
    records: int
    held: bool
    notes: tuple[str, ...]
    footed: bool = False
    stated: int | None = None


def typed(raw: Raw, layout: Layout, kind: Kind, clock: Clock, order: Order | None) -> Typed:
    """The raw table as columns of the kind, in the kind's order.

    `order` is the order of day and month that the pack or adapter states; without it each column must show its own.
    """
    columns = {n: c for n, c in kind.columns.items() if n in layout.places or n in layout.constants}
    notes = [_constant_note(n, text, kind) for n, text in sorted(layout.constants.items()) if n in columns]
    for name in sorted(layout.values.keys() & columns.keys()):
        notes += _map_notes(columns[name], raw.frame, layout)
    seen = _seen(raw, columns, layout, order)
    ending = pl.DataFrame()
    if seen["_total"]:
        raw, ending = _without_ending(raw, columns, layout)
        seen = _seen(raw, columns, layout, order) if len(ending) else seen
    rules = _rules(seen, columns, clock, order)
    if commas := sorted(name for name, marks in rules.numbers.items() if marks == "comma"):
        notes.append(f"a comma begins the decimals of {', '.join(commas)}, as the file shows")
    readings = [Reading(c, rules, _from(_RAW, c, layout), plain=_is_plain(n, layout)) for n, c in columns.items()]
    blocks = raw.blocks
    cells = [_at_once(raw.frame.collect(), readings, layout)] if blocks is None else _Cells(blocks, readings, layout)
    footed = bool(len(ending)) and bool(ending["_footer"].any())
    notes += _ending_notes(ending) if len(ending) else []
    stated = ending["_stated"].max() if footed else None
    said = int(stated) if isinstance(stated, int) else None
    return Typed(cells, columns, rules, seen["_records"], blocks is None, tuple(notes), footed, said)


_RAW: Final = pl.col("raw")


def _at_once(rows: pl.DataFrame, readings: Sequence[Reading], layout: Layout) -> pl.DataFrame:
    cells = [_cell(reading.column.name, layout).alias("raw") for reading in readings]
    raw = [_unwrapped(rows.select("_row", cell).get_column("raw")) for cell in cells]
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        columns = list(pool.map(read_series, readings, raw))
    whole = pl.concat([rows.select("_row", "_flaw"), *columns], how="horizontal")
    return whole.with_columns(_bad_row({reading.column.name: reading.column for reading in readings}))


def _unwrapped(raw: pl.Series) -> pl.Series:
    """The texts without the `="…"` that some exports put round them, so that Excel leaves zeros and long numbers be."""
    wrapped = raw.str.starts_with('="')
    return raw.str.replace(r'^="([^"]*)"$', "$1") if wrapped.any() else raw


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a table that is too large to be held, block by block."""

    raw: Iterable[pl.DataFrame]
    readings: Sequence[Reading]
    layout: Layout

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The blocks, read anew."""
        for block in self.raw:
            yield _at_once(block, self.readings, self.layout)


def _cell(name: str, layout: Layout) -> pl.Expr:
    place = layout.places.get(name)
    return pl.lit(layout.constants[name], pl.String) if place is None else pl.col(f"c{place.index}")


def _is_plain(name: str, layout: Layout) -> bool:
    return name in layout.places and layout.places[name].part is None and name not in layout.values


def _text(column: Column, layout: Layout) -> pl.Expr:
    """The tidy text of a column of the raw table, its map applied."""
    return _from(_cell(column.name, layout), column, layout)


def _from(cell: pl.Expr, column: Column, layout: Layout) -> pl.Expr:
    unmapped = _unmapped(cell, column.name, layout)
    pairs = layout.values.get(column.name)
    return unmapped if pairs is None else _mapped(column, unmapped, pairs)


def _unmapped(cell: pl.Expr, name: str, layout: Layout) -> pl.Expr:
    place = layout.places.get(name)
    match place.part if place else None:
        case "last":
            return tidy(cell.str.extract(r"([^,]*)$"))
        case "percent":
            each = over_distinct(_percent)
            return tidy(cell).map_batches(each, return_dtype=pl.String, is_elementwise=True)
        case _:
            return tidy(cell)


def _percent(text: str) -> str:
    """Points of a maximum as percent; points alone say nothing, and stay what is no number."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?/ ?([0-9]+(?:\.[0-9]+)?)", text)
    if found is None or not Decimal(found[2]):
        return f"{text} of ?"
    return format((Decimal(found[1]) * 100 / Decimal(found[2])).quantize(Decimal("0.000001")), "f")


def set_aside(raw: Raw, layout: Layout) -> tuple[Raw, int]:
    """The rows less those that the adapter calls no records, and how many those are; a flawed row is never one."""
    if not layout.aside:
        return raw, 0
    said = [_key(tidy(pl.col(f"c{i}")).fill_null("")).is_in(list(words)) for i, words in layout.aside.items()]
    rule = pl.any_horizontal(said) & pl.col("_flaw").is_null()
    count: int = raw.frame.select(rule.sum()).collect(engine="streaming").item()
    return raw.less(rule), count


def _constant_note(name: str, text: str, kind: Kind) -> str:
    return f"{name} is {mask(text) if kind.columns[name].personal else text} in every row, as the map says"


def _key(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.replace_all(r"\s+", " ")


def _mapped(column: Column, text: pl.Expr, pairs: Mapping[str, str | None]) -> pl.Expr:
    ours = {theirs: UNKNOWN if target is None else target for theirs, target in pairs.items()}
    if column.is_list:
        split = r"[;|,\n]" if column.values or column.known_values else r"[;|\n]"
        each = over_distinct(lambda cell: ";".join(ours.get(word(part), part) for part in re.split(split, cell)))
        return tidy(text.map_batches(each, return_dtype=pl.String, is_elementwise=True))
    key = _key(text)
    known = key.replace_strict(ours, default=None, return_dtype=pl.String)
    return tidy(pl.when(key.is_in(list(ours))).then(known).otherwise(text))


def _map_notes(column: Column, raw: pl.LazyFrame, layout: Layout) -> list[str]:
    pairs, cell = layout.values[column.name], _cell(column.name, layout)
    met = raw.select(cell.alias("raw")).group_by("raw").agg(pl.len().alias("rows")).collect(engine="streaming")
    keys = met.select(_key(_unmapped(_RAW, column.name, layout)).alias("theirs"), "rows")
    known = keys.filter(pl.col("theirs").is_in(list(pairs))).group_by("theirs").agg(pl.col("rows").sum())
    counts: dict[str, int] = dict(known.iter_rows())
    said = [
        f"{mask(theirs) if column.personal else theirs} → {_target(pairs[theirs])} ({rows} row{'s' * (rows != 1)})"
        for theirs, rows in sorted(counts.items())
    ]
    return [f"values read through a map: {column.name} {'; '.join(said)}"] if said else []


def _target(ours: str | None) -> str:
    return "not known" if ours is None else ours or "empty"


def _without_ending(raw: Raw, columns: Mapping[str, Column], layout: Layout) -> tuple[Raw, pl.DataFrame]:
    """The rows without those at the end that are no records, and these: `_row`, `_footer`, `_stated`.

    `Total` in the first cell and nothing but numbers beside it, or a line about the list itself and nothing beside it.
    """
    beside = {n: _text(c, layout).is_null() for n, c in columns.items() if n in layout.places}
    beside = {n: blank for n, blank in beside.items() if layout.places[n].index != 0}
    no_words = [
        blank | _text(columns[n], layout).str.contains(_FIGURE).fill_null(value=False)
        for n, blank in beside.items()
        if columns[n].type not in _NUMBERS
    ]
    nothing = pl.all_horizontal(pl.lit(True), *beside.values())
    total = _TOTAL_CELL & pl.all_horizontal(pl.lit(True), *no_words)
    footer = _FOOTER_CELL & nothing
    named = raw.frame.filter(_TOTAL_CELL | _FOOTER_CELL).collect(engine="streaming")
    groups = _FIRST.str.extract_groups(FOOTER)
    stated = pl.coalesce(groups.struct.field("a"), groups.struct.field("b")).cast(pl.Int64, strict=False)
    odd = named.lazy().filter(total | footer).select("_row", footer.alias("_footer"), stated.alias("_stated")).collect()
    if odd.is_empty():
        return raw, odd
    others = raw.frame.filter(~pl.col("_row").is_in(odd["_row"].implode())).select(pl.col("_row").max())
    last = others.collect(engine="streaming").item() or 0
    ending = odd.filter(pl.col("_row") > last).sort("_row")
    return (raw.up_to(last), ending) if len(ending) else (raw, ending)


def _ending_notes(ending: pl.DataFrame) -> list[str]:
    """One note for the totals and one for the other lines."""
    said = []
    for footer, what in ((False, "total rows are not records"), (True, "lines after the last record are not read")):
        rows = ending.filter(pl.col("_footer") == footer)["_row"].to_list()
        said += [f"{what}: row {', '.join(map(str, rows))}"] if rows else []
    return said


def _seen(raw: Raw, columns: Mapping[str, Column], layout: Layout, order: Order | None) -> dict[str, Any]:
    """What one pass over the whole table shows: the number of records, and what the columns tell of their writing."""
    moments = [c for c in columns.values() if c.type in {"date", "datetime"} and order is None]
    numbers = [c for c in columns.values() if c.type in _NUMBERS]
    signs = order_signs({c.name: _suspects(c, layout, MAY_TELL_ORDER) for c in moments})
    commas = {c.name: _suspects(c, layout, ",") for c in numbers}
    grouped = [shows_groups(text).any().alias(name) for name, text in commas.items()]
    grouped += [shows_comma(text).any().alias(f"{name}:comma") for name, text in commas.items()]
    total = (_TOTAL_CELL | _FOOTER_CELL).any().alias("_total")
    asked = [pl.len().cast(pl.Int64).alias("_records"), total, *grouped, *signs]
    whole = _any(raw, asked).select(pl.col("_records").sum(), pl.exclude("_records").any())
    seen: dict[str, Any] = whole.row(0, named=True)
    if not any(seen[f"{name}:comma"] for name in commas):
        return seen
    points = [shows_point(_suspects(c, layout, r"\.")).any().alias(f"{c.name}:point") for c in numbers]
    return seen | _any(raw, points).select(pl.all().any()).row(0, named=True)


def _any(raw: Raw, asked: Sequence[pl.Expr]) -> pl.DataFrame:
    """What is asked of each block of a table."""
    return pl.concat([block.select(asked) for block in raw.blocks or [raw.frame.collect()]])


def _suspects(column: Column, layout: Layout, pattern: str) -> pl.Expr:
    """The texts of a column; where they are as in the file, only of the cells that hold the pattern."""
    cell = _cell(column.name, layout)
    return (
        _text(column, layout)
        if not _is_plain(column.name, layout)
        else tidy(pl.when(cell.str.contains(pattern)).then(cell))
    )


def _rules(seen: Mapping[str, Any], columns: Mapping[str, Column], clock: Clock, order: Order | None) -> Rules:
    moments = [n for n, c in columns.items() if c.type in {"date", "datetime"}]
    orders = orders_shown(seen, moments) if order is None else dict.fromkeys(moments, order)
    return Rules(clock, orders, _marks([n for n, c in columns.items() if c.type in _NUMBERS], seen))


def _marks(names: Sequence[str], seen: Mapping[str, Any]) -> dict[str, Marks]:
    """How the numbers of each column are written: as those of the whole file, unless its columns show two ways.

    Then a column that shows neither is read as far as nothing in it could be two numbers.
    """
    comma = {name for name in names if seen[f"{name}:comma"]}
    if not comma:
        return dict.fromkeys((name for name in names if seen[name]), "grouped")
    point = {name for name in names if seen[name] or seen[f"{name}:point"]}
    others: Marks = "either" if point else "comma"
    told: dict[str, Marks] = dict.fromkeys(comma - point, "comma")
    told |= dict.fromkeys(point - comma, "grouped")
    return {name: told.get(name, others) for name in names}


def _bad_row(columns: Mapping[str, Column]) -> pl.Expr:
    """A row is bad when it is no record, lacks a required value, or holds a day after the as-of date.

    A text outside a closed list makes its cell unreadable and leaves the row.
    """
    lacking = [pl.col(n).is_null() & (pl.col(f"w:{n}") != OUTSIDE) for n, c in columns.items() if c.required]
    later = [pl.col(f"w:{n}") == PAST for n, c in columns.items() if c.past]
    return pl.any_horizontal(pl.col("_flaw").is_not_null(), *lacking, *later).alias("_bad_row")
