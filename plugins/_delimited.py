"""Tables as text whose rows are not all records: read with the line on which each begins, and whether they are cut."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_DELIMITERS: Final = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows below a header, each a line number and its cells by header; `cut` says why they are not all."""

    headers: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]
    cut: str = ""


def sheet(lines: Sequence[str], *known: str) -> Sheet | None:
    """The table whose first line has every one of the headers `known`; None where there is none.

    Raises ValueError for a row that does not fit; a short last one only shows that the file is cut.
    """
    delimiter = next((d for d in _DELIMITERS if set(known) <= {*_cells(lines[0] if lines else "", d)}), None)
    if delimiter is None:
        return None
    headers = _cells(lines[0], delimiter)
    rows: list[tuple[int, Mapping[str, str]]] = []
    number = 1
    for number, cells, whole in _records(lines, delimiter):
        if not whole or len(cells) < len(headers):
            if number + sum(cell.count("\n") for cell in cells) < len(lines):
                raise ValueError(f"line {number}: {len(cells)} cells where the header has {len(headers)}")
            return Sheet(headers, tuple(rows), f"line {number}: ends in the middle of a row; export it again")
        if any(cells[len(headers) :]):
            raise ValueError(f"line {number}: {len(cells)} cells where the header has {len(headers)}")
        rows.append((number, dict(zip(headers, cells, strict=False))))
    return Sheet(headers, tuple(rows))


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    found = next(csv.reader([line], delimiter=delimiter), [])
    return tuple(cell.strip() for cell in found)


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str], bool]]:
    """Each record below the header: its first line, its cells, and whether its last quote closes."""
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    start = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "unexpected end" in str(error):
                yield start, [], False
                return
            raise ValueError(f"line {start}: {error}; export it again") from None
        if start > 1 and any(cell.strip() for cell in cells):
            yield start, cells, True
        start = reader.line_num + 1
