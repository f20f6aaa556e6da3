"""Problems: the rows and cells of a file that could not be read, one JSON line each, personal values masked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from ctrlkit.cell import Rules, expected, mask
from ctrlkit.kind import Column
from ctrlkit.scan import told
from ctrlkit.value_map import UNKNOWN_WORDS

_SHOWN: Final = 200
"""Characters of a value that are kept."""


def write(  # noqa: PLR0913, PLR0917  (what is wrong, where, and how it is written there)
    frame: pl.DataFrame,
    columns: Mapping[str, Column],
    rules: Rules,
    place: Mapping[str, str],
    target: Path,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write `{"file","row","column","value","expected"}` lines to `target`, sorted by row and column.

    `place` is the file, and the sheet where one was named. Of a column that the file calls otherwise, which `headers`
    say, a line has `header` as well.

    `frame` holds `_row`, `_flaw`, and per column its value, its text `t:` and its reason `w:` (see `cell`). A column of
    null says that the row as a whole is no record.
    """
    wrong = wrong_rows(frame, columns)
    rows = wrong.sort("_row").iter_rows(named=True)
    with target.open("w", encoding="utf-8", newline="\n") as file_out:
        for row in rows:
            for line in _of_row(row, columns, rules, headers):
                file_out.write(json.dumps({**place, "row": row["_row"], **line}, ensure_ascii=False) + "\n")


def wrong_rows(frame: pl.DataFrame, columns: Mapping[str, Column]) -> pl.DataFrame:
    """The rows of `frame` of which something could not be read, with all that `write` needs of them."""
    reasons = pl.any_horizontal([pl.col(f"w:{name}") > 0 for name in columns])
    unmet = pl.any_horizontal([pl.lit(False), *(pl.col(name).is_null() for name, c in columns.items() if c.required)])
    names = [f"{mark}{name}" for name in columns for mark in ("", "t:", "w:")]
    return frame.filter(pl.col("_flaw").is_not_null() | reasons | unmet).select("_row", "_flaw", *names)


def _of_row(
    row: Mapping[str, Any], columns: Mapping[str, Column], rules: Rules, headers: Mapping[str, str]
) -> Iterator[dict[str, str | None]]:
    if row["_flaw"] is not None:
        yield {"column": None, "value": told(row["_flaw"]), "expected": "a whole record"}
        return
    for name in sorted(columns):
        column, text, reason = columns[name], row[f"t:{name}"], row[f"w:{name}"]
        named = {"header": told(headers[name])} if name in headers else {}
        if reason:
            yield {
                "column": name,
                "value": _shown(column, text),
                "expected": expected(column, reason, rules, text),
                **named,
            }
        elif column.required and row[name] is None:
            yield {"column": name, "value": None, "expected": "a value; the column is required", **named}


def _shown(column: Column, text: str | None) -> str | None:
    if text is None:
        return None
    return mask(text) if column.personal and text.casefold() not in UNKNOWN_WORDS else told(text)[:_SHOWN]
