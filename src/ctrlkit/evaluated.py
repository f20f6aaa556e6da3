"""The CSV that is evaluated: rows that count, in scope, derived, projected, hidden and as text, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from ctrlkit import derive
from ctrlkit.engagement import Engagement
from ctrlkit.kind import Column, Kind
from ctrlkit.privacy import EngagementKey
from ctrlkit.scope import Ties, scoped, with_clients_of_owners
from ctrlkit.sweep import Sweep

NOT_KNOWN = "?"
"""How the CSV writes a cell that could not be read; a text that is only this is never a value."""
Known = Callable[[pl.DataFrame], pl.DataFrame] | None
"""Adds to the rows of a kind what only the reader of all files knows."""


@dataclass(slots=True)
class Carried:
    """Takes the rows that count into the evaluated CSV, a part at a time: in scope, derived, hidden, as text.

    What it has seen of them stands in `shown` and after.
    """

    kind: Kind
    columns: Sequence[str]
    engagement: Engagement
    key: EngagementKey
    ties: Ties
    known: Known
    shown: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    rows: int = 0
    outside: int = 0
    untied: int = 0

    def out(self, parts: Iterable[pl.DataFrame], csv: Path, clear: Path | None) -> None:
        """Write them to `csv`, and before anything is hidden to `clear` if that is given."""
        with ExitStack() as files:
            evaluated = files.enter_context(csv.open("wb"))
            beside = files.enter_context(clear.open("wb")) if clear is not None else None
            sweep: Sweep | None = None
            for part in parts:
                rows = self._judged(part)
                sweep = sweep or Sweep(self.kind, self.shown, self.key)
                if beside is not None:
                    _write_csv(rows, self.kind, self.shown, beside)
                _write_csv(_hide(sweep.swept(rows), self.kind, self.shown, self.key), self.kind, self.shown, evaluated)
            self.replaced = sweep.told() if sweep else ()

    def _judged(self, part: pl.DataFrame) -> pl.DataFrame:
        """Those of the rows that are in scope, with all columns that are shown."""
        kind = self.kind
        here = scoped(part, kind, self.engagement, self.ties)
        self.outside += here.outside
        self.untied += here.untied
        rows = here.rows if self.known is None else self.known(here.rows)
        self.rows += len(rows)
        named = [*self.columns, *kind.key, *([kind.time] if kind.time else [])]
        self.shown = tuple(_closure(kind, named, rows.columns))
        if any(name in kind.derived and kind.derived[name].rule == "client_is_owners" for name in self.shown):
            rows = with_clients_of_owners(rows, self.ties)
        return _derived(rows.lazy(), kind, self.shown, self.engagement).collect()


def _closure(kind: Kind, wanted: Sequence[str], present: Sequence[str]) -> list[str]:
    """The columns to carry: those wanted that can be had, and those that give their emptiness a meaning."""
    names = {n for n in wanted if n in kind.columns and n in present}
    names |= {n for n in wanted if n in kind.derived and kind.derived[n].of in present}
    for name in sorted(names):
        where = kind.column(name).null_where
        names |= {c for c in where or {} if c in present}
    return [n for n in (*kind.columns, *kind.derived) if n in names]


def _derived(rows: pl.LazyFrame, kind: Kind, shown: Sequence[str], engagement: Engagement) -> pl.LazyFrame:
    for name in shown:
        if name in kind.derived:
            rows = derive.add(rows, kind.derived[name], engagement)
    return rows


def _hide(rows: pl.DataFrame, kind: Kind, shown: Sequence[str], key: EngagementKey) -> pl.DataFrame:
    for name in shown:
        domain = kind.column(name).pseudonym
        if domain is not None:
            values = rows.get_column(name).unique().drop_nulls().to_list()
            mapping = key.pseudonyms(domain, values)
            rows = rows.with_columns(pl.col(name).replace_strict(mapping, default=None, return_dtype=pl.String))
    return rows


def _write_csv(rows: pl.DataFrame, kind: Kind, shown: Sequence[str], out: BinaryIO) -> None:
    texts = [cell_text(kind.column(name), has_bad="_bad" in rows.columns).alias(name) for name in shown]
    text = rows.select("_file", "_row", *texts)
    text.write_csv(out, include_header=not out.tell(), line_terminator="\n", quote_style="necessary")


def _clock(moment: pl.Series) -> pl.Series:
    """Instants as text, with microseconds only where there are any."""
    short, long = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%.6fZ"
    whole = moment.dt.microsecond() == 0
    text = moment.dt.to_string(short)
    return text if whole.all() else text.zip_with(whole.fill_null(value=True), moment.dt.to_string(long))


def cell_text(column: Column, *, has_bad: bool) -> pl.Expr:
    """A column as the text that the evaluated CSV holds; with `has_bad`, cells that could not be read as `?`."""
    value = pl.col(column.name)
    match column.type:
        case "datetime":
            text = value.map_batches(_clock, return_dtype=pl.String, is_elementwise=True)
        case "date":
            text = value.dt.to_string("%Y-%m-%d")
        case "number" | "decimal":
            text = value.cast(pl.String).str.replace(r"\.?0+$", "")
            text = (
                pl.when(value.cast(pl.String).str.contains(".", literal=True))
                .then(text)
                .otherwise(value.cast(pl.String))
            )
        case "boolean":
            text = value.cast(pl.String)
        case _:
            text = value
    if not has_bad:
        return text
    source = column.of or column.name
    unreadable = pl.col("_bad").str.contains(f";{source};", literal=True).fill_null(value=False)
    if column.rule is not None:
        unreadable = unreadable | (
            value.is_null() & pl.col(source).is_not_null() & pl.lit(column.rule == "country_code")
        )
    return pl.when(unreadable).then(pl.lit(NOT_KNOWN)).otherwise(text)
