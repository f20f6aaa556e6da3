"""CSV and its relatives: header and delimiter found, rows numbered by line, cut ends and ragged rows seen."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl

from ctrlkit.model import Cause, Fault
from ctrlkit.reader import CELL_LIMIT, HEADER_ROWS, Candidate, Raw, Survey, UnreadableError, settle, survey

DELIMITERS: Final = (",", ";", "\t", "|")
COUNTED: Final = tuple(d.encode() for d in DELIMITERS)

_HEAD: Final = 512 * 1024
_BATCH: Final = 100_000
_QUOTED_FAST_FROM: Final = 8 * 2**20
"""Below this many bytes a file with quotes is read by the slower reader, which knows every line."""

_END: Final = "\x00end"


@dataclass(frozen=True, slots=True)
class _Text:
    """A delimited file in UTF-8: `seen` is the survey of the original, `size` its bytes."""

    path: Path
    delimiter: str
    seen: Survey
    work: Path


def candidates(path: Path, seen: Survey, work: Path, *, tabs: bool) -> tuple[Candidate, ...]:
    """One candidate per delimiter that may be meant; a first line `sep=;` settles it."""
    with path.open("rb") as file:
        head = file.read(_HEAD).decode("utf-8-sig", errors="ignore")
    declared = re.match(r"(?i)sep=(.)\r?\n", head)
    if declared:
        order: tuple[str, ...] = (declared[1],)
    else:
        order = ("\t", *(d for d in DELIMITERS if d != "\t")) if tabs else DELIMITERS
    found = []
    for delimiter in order:
        rows = _head_rows(head, delimiter)
        load = partial(_load, _Text(path, delimiter, seen, work), rows)
        found.append(Candidate(rows, load))
    return tuple(found)


def _head_rows(head: str, delimiter: str) -> tuple[tuple[int, tuple[str, ...]], ...]:
    rows = []
    with _wide_cells():
        reader, line = csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), 1
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    rows.append((line, tuple(cells)))
                line = reader.line_num + 1
                if len(rows) == HEADER_ROWS:
                    break
        except csv.Error:
            pass  # the rows before it are the head; reading the body says what is wrong, and where
    return tuple(rows)


def _load(text: _Text, head: tuple[tuple[int, tuple[str, ...]], ...], header: int, indexes: Sequence[int]) -> Raw:
    line, cells = head[header]
    fast = _fast(text, line, len(cells), indexes) if _may_be_fast(text, line) else None
    raw = fast or _slow(text, line, len(cells), indexes)
    unended = not text.seen.ended and not raw.faults and not _closed(text.path)
    return Raw(raw.frame, raw.faults, raw.notes, unended)


def _closed(path: Path) -> bool:
    """Whether the file ends with a closing quote, which shows that the last cell is whole."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2))
        return file.read().endswith(b'"')


def _may_be_fast(text: _Text, line: int) -> bool:
    counts = text.seen.counts
    plain = counts[b"\r"] == counts[b"\r\n"] and line == 1
    return plain and (counts[b'"'] == 0 or text.seen.size >= _QUOTED_FAST_FROM)


def _fast(text: _Text, line: int, width: int, indexes: Sequence[int]) -> Raw | None:
    """The table through Polars, or None where anything about the file calls for the reader that knows lines."""
    names = [f"c{i}" for i in range(width)]
    counts = text.seen.counts if text.delimiter in DELIMITERS else survey(text.path, [text.delimiter.encode()]).counts
    quoted = counts[b'"'] > 0
    mark = pl.lit(text.delimiter)
    cells = pl.sum_horizontal([pl.col(n).str.count_matches(mark, literal=True).fill_null(0) for n in names])
    both = [pl.col(n).str.contains('"', literal=True) & pl.col(n).str.contains(mark, literal=True) for n in names]
    table = pl.scan_csv(
        text.path, has_header=False, separator=text.delimiter, schema=dict.fromkeys(names, pl.String),
        infer_schema=False, row_index_name="_row", glob=False,
    ).select(
        (pl.col("_row").cast(pl.Int64) + 1).alias("_row"),
        pl.lit(None, pl.String).alias("_flaw"),
        pl.col("c0").alias("_first"),
        *[n for n in names if int(n[1:]) in set(indexes)],
        _is_blank(names, f"c{next(iter(indexes), 0)}").alias("_blank"),
        (cells if quoted else pl.lit(0)).cast(pl.Int64).alias("_marks"),
        (pl.any_horizontal(both).fill_null(False) if quoted else pl.lit(False)).alias("_odd"),
    )  # fmt: skip
    used = [pl.col(f"c{i}").str.len_bytes() for i in sorted(set(indexes))]
    try:
        table = settle(table, text.seen.size, text.work / f"{text.seen.sha256[:16]}.rows.parquet")
        total = table.select(
            pl.len().alias("rows"), pl.col("_blank").sum().alias("blank"), pl.col("_marks").sum().alias("marks"),
            pl.col("_odd").any().alias("odd"), pl.max_horizontal(pl.lit(0), *used).max().alias("longest"),
        ).collect().row(0, named=True)  # fmt: skip
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError, pl.exceptions.ShapeError):
        return None
    lines = counts[b"\n"] + (not text.seen.ended)
    base = (total["rows"] - total["blank"]) * (width - 1) + total["marks"]
    whole = counts[text.delimiter.encode()] in {base, base + total["blank"] * (width - 1)}
    if total["rows"] != lines or not whole or total["odd"] or total["longest"] > CELL_LIMIT:
        return None
    return Raw(table.filter((pl.col("_row") > line) & ~pl.col("_blank")).drop("_blank", "_marks", "_odd"))


def _is_blank(names: Sequence[str], telling: str) -> pl.Expr:
    """Whether no cell holds more than white space; the others are looked at only where the `telling` one is blank."""
    unsure = pl.col(telling).fill_null("").str.strip_chars() == ""
    others = [pl.when(unsure).then(pl.col(n)).fill_null("").str.strip_chars() == "" for n in names if n != telling]
    return pl.all_horizontal(unsure, *others)


def _slow(text: _Text, line: int, width: int, indexes: Sequence[int]) -> Raw:
    wanted = sorted(set(indexes))
    schema = {"_row": pl.Int64, "_flaw": pl.String, "_first": pl.String} | {f"c{i}": pl.String for i in wanted}
    frames, batch, faults, last = [pl.DataFrame(schema=schema)], [], [], (0, width)
    for row, cells, open_quote in _records(text):
        if row <= line or not any(cell.strip() for cell in cells):
            continue
        flaw = "a quote opens here and never closes" if open_quote else _misfit(cells, width)
        if open_quote:
            faults.append(Fault(Cause.TRUNCATED, f"line {row}: {flaw}; the file is cut, export it again"))
        batch.append((row, flaw, cells[0], *(cells[i] if i < len(cells) else None for i in wanted)))
        last = (row, len(cells))
        if len(batch) == _BATCH:
            frames.append(pl.DataFrame(batch, schema=schema, orient="row"))
            batch = []
    frames.append(pl.DataFrame(batch, schema=schema, orient="row"))
    if last[1] < width and not faults:
        faults.append(
            Fault(
                Cause.TRUNCATED,
                f"line {last[0]}: the last line has {last[1]} cells, the header {width}; export it again",
            )
        )
    return Raw(pl.concat(frames).lazy(), tuple(faults))


def _records(text: _Text) -> Iterator[tuple[int, list[str], bool]]:
    """Each record with the line it starts on and whether a quote is still open at the end of the file."""
    with _wide_cells(), text.path.open(encoding="utf-8-sig", newline="") as file:
        reader, start = csv.reader(chain(file, [_END]), delimiter=text.delimiter), 1
        try:
            for cells in reader:
                if cells == [_END]:
                    return
                open_quote = bool(cells) and cells[-1].endswith(_END)
                yield start, [cell.removesuffix(_END) for cell in cells] if open_quote else cells, open_quote
                start = reader.line_num + 1
        except csv.Error as error:
            raise UnreadableError(
                Cause.MALFORMED, f"line {start}: {error}; a quote may be open, or a cell larger than {CELL_LIMIT} bytes"
            ) from None


def _misfit(cells: list[str], width: int) -> str | None:
    if len(cells) == width or (len(cells) > width and not any(c.strip() for c in cells[width:])):
        return None
    return f"{len(cells)} cells where the header has {width}"


@contextmanager
def _wide_cells() -> Iterator[None]:
    """The csv module's limit is one for the whole process: raised here, put back after."""
    before = csv.field_size_limit(CELL_LIMIT)
    try:
        yield
    finally:
        csv.field_size_limit(before)
