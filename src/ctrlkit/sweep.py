"""Identifiers in columns that hide none: each is replaced by its pseudonym, and told of, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import polars as pl

from ctrlkit.kind import Column, Kind
from ctrlkit.pack_source import PackSource
from ctrlkit.privacy import EngagementKey
from ctrlkit.scan import SUSPECT, covered, hits, told
from ctrlkit.value_map import UNKNOWN_WORDS, folded

_SHORTEST: Final = 6
"""Bytes of the shortest identifier, `a@b.ph`."""


class Sweep:
    """Replaces each identifier in the columns of plain text by its pseudonym, in one part of the rows after another.

    The same identifier has the same pseudonym wherever it stands, so what was equal stays equal.
    """

    def __init__(self, kind: Kind, shown: Sequence[str], key: EngagementKey) -> None:
        self._kind = kind
        self._shown = shown
        self._key = key
        self._met: dict[tuple[str, str, str], tuple[int, int]] = {}

    def swept(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows without identifiers."""
        for name in _plain(self._kind, self._shown, rows):
            clean = {text: covered(text, self._key.pseudonym) for text in _suspects(rows.get_column(name))}
            clean = {text: safe for text, safe in clean.items() if safe != text}
            if clean:
                self._note(rows, name, clean)
                rows = rows.with_columns(pl.col(name).replace(clean))
        return rows

    def _note(self, rows: pl.DataFrame, name: str, clean: Iterable[str]) -> None:
        held = rows.filter(pl.col(name).is_in(list(clean))).select("_file", "_row", name)
        sorts: dict[str, list[str]] = {}
        for text in clean:
            for what in {hit.what for hit in hits(text)}:
                sorts.setdefault(what, []).append(text)
        for what, texts in sorts.items():
            cells = held.filter(pl.col(name).is_in(texts)).group_by("_file").agg(pl.len(), pl.col("_row").min())
            for file, count, first in cells.iter_rows():
                before = self._met.get((name, what, file), (0, first))
                self._met[name, what, file] = (before[0] + count, min(before[1], first))

    def told(self) -> tuple[str, ...]:
        """What was found, one sentence for each column, file and sort of identifier."""
        places = sorted(self._met, key=lambda place: (self._shown.index(place[0]), *place[1:]))
        return tuple(_sentence(*place, *self._met[place]) for place in places)


def _sentence(name: str, what: str, file: str, count: int, first: int) -> str:
    many = f"{count} cells hold what looks like a {what}, first in row {first}"
    one = f"row {first} holds what looks like a {what}"
    return f"{file}: {name}: {one if count == 1 else many}; replaced by a pseudonym"


def named(rows: pl.DataFrame, kind: Kind, key: EngagementKey) -> dict[str, str]:
    """Pseudonym → identifier, of those that stand in the columns of plain text."""
    found: dict[str, str] = {}
    for name in _plain(kind, tuple(kind.columns), rows):
        for hit in (hit for text in _suspects(rows.get_column(name)) for hit in hits(text)):
            found[key.pseudonym(hit.what, hit.plain)] = hit.plain
    return found


def maps(source: PackSource, kind: Kind, key: EngagementKey) -> dict[str, Any]:
    """The maps of a source as a bundle shows them: identifiers that they name hidden as the evidence's are."""

    def hidden(column: str, text: str) -> str:
        domain = kind.column(column).pseudonym
        if domain is None or folded(text) in UNKNOWN_WORDS:
            return covered(text, key.pseudonym)
        return key.pseudonym(domain, text.strip().casefold())

    said = {
        "columns": {told(theirs): ours for theirs, ours in source.columns.items()},
        "values": {c: {hidden(c, a): hidden(c, b) for a, b in pairs.items()} for c, pairs in source.values.items()},
        "constants": {c: hidden(c, text) for c, text in source.constants.items()},
    }
    return {name: value for name, value in said.items() if value}


def _plain(kind: Kind, names: Sequence[str], rows: pl.DataFrame) -> Iterator[str]:
    for name in names:
        if name in rows.columns and _may_hold(kind.column(name)):
            yield name


def _may_hold(column: Column) -> bool:
    return column.type == "string" and column.pseudonym is None and not column.values and not column.published


def _suspects(texts: pl.Series) -> Iterable[str]:
    long = texts.filter(texts.str.len_bytes() >= _SHORTEST)
    few: list[str] = long.filter(long.str.contains(SUSPECT)).unique().to_list()
    return few
