"""Tables that an adapter unfolds: whole rows under a known header, of which it makes the records it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from ctrlkit import records
from ctrlkit.hooks import Adapter
from ctrlkit.layout import distinct, loose
from ctrlkit.raw import Candidate, Raw
from ctrlkit.reader import UnreadableError


def unfolded(candidates: Sequence[Candidate], adapters: Sequence[Adapter]) -> tuple[Candidate, ...]:
    """What the adapters of the form "table" make of these tables, each of the first header that it knows."""
    asked = [a for a in adapters if a.unfold is not None and a.form == "table"]
    known = [
        partial(_unfold, adapter, candidate, at, names)
        for candidate in candidates
        for adapter in asked
        for at, names in _first(adapter, candidate)
    ]
    return any_of(known)


def any_of(ways: Iterable[Callable[[], Candidate | None]]) -> tuple[Candidate, ...]:
    """What the ways to read a document find; raises the first one's UnreadableError where none finds anything."""
    found, wrong = [], []
    for way in ways:
        try:
            found.append(way())
        except UnreadableError as error:
            wrong.append(error)
    held = tuple(candidate for candidate in found if candidate is not None)
    if wrong and not held:
        raise wrong[0]
    return held


def _first(adapter: Adapter, candidate: Candidate) -> list[tuple[int, list[str]]]:
    """The place of the first header that the adapter knows, and its names; nothing where it knows none."""
    named = [(at, _named(adapter, cells)) for at, (_, cells) in enumerate(candidate.head)]
    return [(at, names) for at, names in named if names][:1]


def _named(adapter: Adapter, header: Sequence[str]) -> list[str]:
    """The header as the adapter calls it: each group by its first name; nothing where a group is not there."""
    names = [loose(cell) for cell in distinct(header)]
    for group in adapter.reads:
        place = next((names.index(loose(name)) for name in group if name and loose(name) in names), None)
        if place is not None:
            names[place] = group[0]
        elif "" not in group:
            return []
    return names


def _unfold(adapter: Adapter, candidate: Candidate, at: int, names: Sequence[str]) -> Candidate | None:
    raw = candidate.load(at, range(len(names)))
    table = raw.frame.collect()
    whole = table.filter(pl.col("_flaw").is_null()).select("_row", *(f"c{i}" for i in range(len(names))))
    made = records.unfolded(adapter, [(row, dict(zip(names, cells, strict=True))) for row, *cells in whole.rows()])
    if made is None:
        return None
    headers = made.head[0][1] or tuple(dict.fromkeys((*adapter.headers, *adapter.columns)))
    return Candidate(((candidate.head[at][0], headers),), _Load(made, raw, table), candidate.name)


@dataclass(frozen=True, slots=True)
class _Load:
    """The records that were made, and the rows of the table that are none; its faults are theirs."""

    made: Candidate
    raw: Raw
    table: pl.DataFrame

    def __call__(self, header: int, indexes: Sequence[int]) -> Raw:
        """The columns at these positions."""
        held = [i for i in indexes if i < len(self.made.head[0][1])]
        loaded = self.made.load(header, held)
        rows = loaded.frame.drop("_first").join(
            self.table.lazy().select("_row", "_first"), on="_row", how="left", maintain_order="left"
        )
        flawed = self.table.lazy().filter(pl.col("_flaw").is_not_null()).select("_row", "_flaw", "_first")
        none = [pl.lit(None, pl.String).alias(f"c{i}") for i in indexes if i not in held]
        frame = pl.concat([rows, flawed], how="diagonal").with_columns(none).collect()
        return replace(self.raw, frame=frame.lazy(), faults=(*self.raw.faults, *loaded.faults), blocks=None)
