"""What adapters share that unfold a table of text: its records with their lines, and whether its end is cut."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

UNKNOWN: Final = "unknown"
"""What is written where the product gives no answer and an empty cell would be one."""
_DELIMITERS: Final = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows, each with the line it begins on and its cells by header in lower case; `cut` says why it is not whole."""

    rows: Sequence[tuple[int, Mapping[str, str]]]
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """All records of a table, its header among them; `open_quote`: the last one's quote never closes."""

    each: Sequence[tuple[int, list[str]]]
    open_quote: bool = False


def read(lines: Sequence[str], needed: Sequence[str]) -> Table | None:
    """The table whose first line has all these headers (compared without case); None where it has not."""
    first = lines[0] if lines else ""
    for delimiter in _DELIMITERS:
        headers = [cell.strip().lower() for cell in next(csv.reader([first], delimiter=delimiter), [])]
        if set(needed) <= set(headers):
            found = records(lines, delimiter)
            rows = [(n, dict(zip(headers, map(str.strip, cells), strict=False))) for n, cells in found.each[1:]]
            whole, cut = fitting(found, len(headers))
            return Table(rows[:whole], cut)
    return None


def records(lines: Sequence[str], delimiter: str) -> Records:
    """Every record that is not blank, with the line it begins on."""
    each, start = [], 1
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                each.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end" in str(error):
            return Records(each, open_quote=True)
        raise ValueError(f"line {start}: {error}; export it again") from None
    return Records(each)


def fitting(found: Records, width: int) -> tuple[int, str]:
    """How many records below the header are whole, and why the others are not: only the last may be short, if cut."""
    below = found.each[1:]
    if found.open_quote:
        return len(below), "a quote opens near the end and never closes; the file is cut, export it again"
    wrong = next((i for i, (_, cells) in enumerate(below) if len(cells) != width), None)
    if wrong is None:
        return len(below), ""
    line, cells = below[wrong]
    said = f"line {line} has {len(cells)} cells, the header {width}; export it again"
    if wrong == len(below) - 1 and len(cells) < width:
        return wrong, said
    raise ValueError(said)
