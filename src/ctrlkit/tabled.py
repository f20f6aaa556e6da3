"""Tables that an adapter unfolds: whole rows under a known header, of which it makes the records it means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import polars as pl

from ctrlkit import records
from ctrlkit.hooks import Adapter
from ctrlkit.layout import distinct, loose
from ctrlkit.model import Cause, Fault
from ctrlkit.raw import FOOTER, Candidate, Raw
from ctrlkit.reader import UnreadableError

_FOOTER: Final = re.compile(FOOTER)


def unfolded(candidates: Sequence[Candidate], adapters: Sequence[Adapter]) -> tuple[Candidate, ...]:
    """What the adapters of the form "table" make of these tables, each of the first header that it knows.

    Raises UnreadableError for a table whose header one of them knows and that none can read.
    """
    asked = [a for a in adapters if a.unfold is not None and a.form == "table"]
    made: list[Candidate] = []
    for candidate in candidates:
        known = [(adapter, *at) for adapter in asked for at in _first(adapter, candidate)]
        made += records.any_of(partial(_unfold, adapter, candidate, at, names) for adapter, at, names in known)
    return tuple(made)


def _first(adapter: Adapter, candidate: Candidate) -> list[tuple[int, list[str]]]:
    """The place of the first header that the adapter knows, and its names; nothing where it knows none."""
    named = [(at, _named(adapter, cells)) for at, (_, cells) in enumerate(candidate.head)]
    return [(at, names) for at, names in named if names][:1]


def _named(adapter: Adapter, header: Sequence[str]) -> list[str]:
    """The header as the adapter calls it: each group by its first name; nothing where a group is not there."""
    names = [loose(cell) for cell in distinct(header)]
    plain = [loose(cell) for cell in header]
    for group in adapter.reads:
        if twice := [name for name in group if name and plain.count(loose(name)) > 1]:
            raise UnreadableError(Cause.MALFORMED, f'the column "{twice[0]}" stands twice; keep one')
        place = next((names.index(loose(name)) for name in group if name and loose(name) in names), None)
        if place is not None:
            names[place] = group[0]
        elif "" not in group:
            return []
    return names


def _unfold(adapter: Adapter, candidate: Candidate, at: int, names: Sequence[str]) -> Candidate | None:
    raw = candidate.load(at, range(len(names)))
    cells = [f"c{i}" for i in range(len(names))]
    read = raw.frame.collect()
    table, faults = _without_ending(read, cells)
    rows = table.filter(pl.col("_flaw").is_null()).select("_row", *cells).rows()
    made = records.unfolded(adapter, [(row, dict(zip(names, cells, strict=True))) for row, *cells in rows])
    if made is None:
        return None
    headers = made.head[0][1] or tuple(dict.fromkeys((*adapter.headers, *adapter.columns)))
    unended = raw.unended and len(table) == len(read)
    held = replace(raw, faults=(*raw.faults, *faults), unended=unended, held=len(table))
    load = _Load(made, held, table)
    head = ((candidate.head[at][0], headers),)
    return Candidate(head, load, candidate.name, by=made.by, source=candidate.head[at][1])


def _without_ending(table: pl.DataFrame, cells: Sequence[str]) -> tuple[pl.DataFrame, tuple[Fault, ...]]:
    """The rows without the lines about the list itself at its end, and whether they count other than it holds."""
    stated, size = None, len(table)
    for first, *others in reversed(table.select(cells).rows()):
        said = _FOOTER.search(first or "")
        if said is None or any((cell or "").strip() for cell in others):
            break
        stated, size = stated or said["a"] or said["b"], size - 1
    if stated is None or int(stated) == size:
        return table.head(size), ()
    found = f"holds {size} records where its last line says {stated}"
    return table.head(size), (Fault(Cause.TRUNCATED, f"{found}; export it again, whole"),)


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
