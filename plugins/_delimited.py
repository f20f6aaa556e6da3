"""Tables of text that adapters unfold: their records, the line on which each begins, and whether the end is cut."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_DELIMITERS: Final = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows below a header, each a line number and its cells by header; `cut` says why they are not all."""

    headers: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]
    cut: str = ""


def lower(header: str) -> str:
    """A header without case, and with one space where it has several."""
    return " ".join(header.split()).lower()


def sheet(lines: Sequence[str], *known: str, within: int = 1, name: Callable[[str], str] = str.strip) -> Sheet | None:
    """The table whose header, in one of the first `within` lines, has all the headers `known`; None where none has.

    `name` is how a cell of the header is called. Cells are stripped. Raises ValueError for a row that does not fit; a
    short last one only shows that the file is cut.
    """
    for number, line in enumerate(lines[:within]):
        for delimiter in _DELIMITERS:
            headers = tuple(name(cell) for cell in _header(line, delimiter))
            if set(known) <= set(headers):
                rows, cut = below(lines, number + 1, delimiter, len(headers))
                named = ((n, dict(zip(headers, map(str.strip, cells), strict=False))) for n, cells in rows)
                return Sheet(headers, tuple(named), cut)
    return None


def below(
    lines: Sequence[str], start: int, delimiter: str, width: int
) -> tuple[Sequence[tuple[int, Sequence[str]]], str]:
    """The records after that many lines, each with its line, and why they are not all. Raises ValueError as `sheet`."""
    found: list[tuple[int, Sequence[str]]] = []
    for number, cells, last in _records(lines, start, delimiter):
        if cells is None:
            return found, f"line {number}: a quote opens and never closes; the file is cut, export it again"
        if last and len(cells) < width:
            return found, f"line {number} ends in the middle of a record; the file is cut, export it again"
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            raise ValueError(f"line {number} has {len(cells)} cells where the header has {width}; export it again")
        found.append((number, cells))
    return found, ""


def _header(line: str, delimiter: str) -> list[str]:
    """The cells of a line; none where one is longer than any header could be."""
    try:
        return next(csv.reader([line.removeprefix("\ufeff")], delimiter=delimiter), [])
    except csv.Error:
        return []


def _records(lines: Sequence[str], start: int, delimiter: str) -> Iterator[tuple[int, list[str] | None, bool]]:
    """Each record with the line it begins on and whether it is the last; None for one whose quote never closes."""
    ends = max((n for n, line in enumerate(lines, 1) if line.strip()), default=0)
    reader, number = csv.reader((f"{line}\n" for line in lines[start:]), delimiter=delimiter, strict=True), start + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield number, cells, start + reader.line_num >= ends
            number = start + reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" not in str(error):
            raise ValueError(f"line {number}: {error}; export it again") from None
        yield number, None, True
