"""CSV and its relatives: header and delimiter found, rows numbered by line, cut ends and ragged rows seen."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl

from ctrlkit.model import Cause, Fault
from ctrlkit.raw import FOOTER, HEADER_ROWS, STAGED_FROM, Blocks, Candidate, Raw, in_blocks
from ctrlkit.reader import CELL_LIMIT, Survey, UnreadableError
from ctrlkit.whole import is_whole, signs

DELIMITERS: Final = (",", ";", "\t", "|")

_HEAD: Final = 512 * 1024
_BATCH: Final = 100_000
_BLOCK: Final = 8 * 2**20
_QUOTED_FAST_FROM: Final = 8 * 2**20
"""Below this many bytes a file with quotes is read by the slower reader, which knows every line."""

_FOOTER: Final = re.compile(FOOTER)
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
    return replace(raw, unended=unended)


def _closed(path: Path) -> bool:
    """Whether the file ends with a closing quote, which shows that the last cell is whole."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2))
        return file.read().endswith(b'"')


def _may_be_fast(text: _Text, line: int) -> bool:
    plain = text.seen.returns is not None and line == 1
    return plain and (not text.seen.quoted or text.seen.size >= _QUOTED_FAST_FROM)


def _fast(text: _Text, line: int, width: int, indexes: Sequence[int]) -> Raw | None:
    """The table through Polars, or None where anything about the file calls for the reader that knows lines."""
    names, wanted = [f"c{i}" for i in range(width)], [f"c{i}" for i in sorted(set(indexes))]
    first = pl.col("c0").alias("_first")
    told = signs(names, wanted, text.delimiter, quoted=text.seen.quoted)
    blocks = _Lines(text, tuple(names), ("_row", pl.lit(None, pl.String).alias("_flaw"), first, *wanted, *told))
    held = text.seen.size < STAGED_FROM
    try:
        kept = list(blocks) if held else blocks
        whole = is_whole(kept, text.path, text.seen, text.delimiter, width)
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError, pl.exceptions.ShapeError):
        return None
    if not whole:
        return None
    rows = Blocks(kept, (pl.col("_row") > line) & ~pl.col("_blank"), ("_row", "_flaw", "_first", *wanted))
    schema = pl.Schema({"_row": pl.Int64, **dict.fromkeys(("_flaw", "_first", *wanted), pl.String)})
    return Raw(pl.concat(rows).lazy()) if held else Raw(in_blocks(rows, schema), blocks=rows)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Each line of a file as a row of text with its number, some columns of it, a block of whole lines at a time."""

    text: _Text
    names: tuple[str, ...]
    asked: tuple[str | pl.Expr, ...]

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The blocks, read anew."""
        schema, before = pl.Schema(dict.fromkeys(self.names, pl.String)), 0
        parse = partial(
            pl.read_csv, has_header=False, separator=self.text.delimiter, schema=schema, infer_schema=False, glob=False
        )
        held = self.text.seen.size < STAGED_FROM
        for lines in map(parse, [self.text.path]) if held else _ahead(map(parse, _blocks(self.text.path))):
            row = pl.int_range(before + 1, before + 1 + len(lines), dtype=pl.Int64).alias("_row")
            yield lines.with_columns(row).select(self.asked)
            before += len(lines)


def _ahead(frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The frames, the next of which is made while one is used."""
    with ThreadPoolExecutor(1) as other:
        coming = other.submit(next, frames, None)
        while (frame := coming.result()) is not None:
            coming = other.submit(next, frames, None)
            yield frame


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        rest = b""
        while chunk := file.read(_BLOCK):
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield rest + chunk[:cut]
            rest = chunk[cut:] if cut else rest + chunk
        if rest:
            yield rest


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
        last = last if _is_footer(cells) else (row, len(cells))
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


def _is_footer(cells: Sequence[str]) -> bool:
    """Whether a line is about the list itself; it needs no cells beside the first."""
    return len(cells[0]) < 256 and bool(_FOOTER.match(cells[0].strip())) and not any(c.strip() for c in cells[1:])  # noqa: PLR2004


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
