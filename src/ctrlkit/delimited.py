"""CSV and its relatives: header and delimiter found, rows numbered by line, cut ends and ragged rows seen."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl

from ctrlkit.model import Cause, Fault
from ctrlkit.reader import (
    CELL_LIMIT,
    HEADER_ROWS,
    STAGED_FROM,
    Blocks,
    Candidate,
    Raw,
    Survey,
    UnreadableError,
    counted,
    in_blocks,
)

DELIMITERS: Final = (",", ";", "\t", "|")

_HEAD: Final = 512 * 1024
_BATCH: Final = 100_000
_BLOCK: Final = 16 * 2**20
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
    asked = ["_row", pl.lit(None, pl.String).alias("_flaw"), first, *wanted, *_signs(text, names, wanted)]
    blocks = _Lines(text, tuple(names), tuple(asked))
    longest = pl.max_horizontal(pl.lit(0), *(pl.col(n).str.len_bytes().max() for n in wanted)).alias("longest")
    sums = [pl.col(n).sum() for n in ("_bytes", "_blank", *(("_marks", "_odd") if text.seen.quoted else ()))]
    held = text.seen.size < STAGED_FROM
    try:
        kept = list(blocks) if held else blocks
        parts = [block.select(pl.len().cast(pl.Int64).alias("rows"), longest.cast(pl.Int64), *sums) for block in kept]
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError, pl.exceptions.ShapeError):
        return None
    most = pl.concat(parts).select(pl.col("longest").max(), pl.exclude("longest").sum()).row(0, named=True)
    whole = _whole_with_quotes if text.seen.quoted else _whole
    if most["longest"] > CELL_LIMIT or not whole(text, width, most):
        return None
    rows = Blocks(kept, (pl.col("_row") > line) & ~pl.col("_blank"), ("_row", "_flaw", "_first", *wanted))
    schema = pl.Schema({"_row": pl.Int64, **dict.fromkeys(("_flaw", "_first", *wanted), pl.String)})
    return Raw(pl.concat(rows).lazy()) if held else Raw(in_blocks(rows, schema), blocks=rows)


def _signs(text: _Text, names: Sequence[str], wanted: Sequence[str]) -> list[pl.Expr]:
    """What each line tells of whether it was read whole: its bytes, whether it is blank, its quotes."""
    size = pl.sum_horizontal([pl.col(n).str.len_bytes().cast(pl.Int64) for n in names]).alias("_bytes")
    blank = _is_blank(names, wanted[0] if wanted else "c0").alias("_blank")
    return [size, blank, *(_quoted(names, text.delimiter) if text.seen.quoted else ())]


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
        for block in [self.text.path] if held else _blocks(self.text.path):
            lines = parse(block)
            row = pl.int_range(before + 1, before + 1 + len(lines), dtype=pl.Int64).alias("_row")
            yield lines.with_columns(row).select(self.asked)
            before += len(lines)


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


def _whole(text: _Text, width: int, seen: Mapping[str, int]) -> bool:
    """Whether cells, delimiters and line ends make up every byte of a file without quotes, so that no line is short."""
    marks = seen["rows"] * (width - 1)
    if seen["_blank"]:
        marks -= _empty_lines(text.path) * (width - 1)
    breaks = seen["rows"] - (not text.seen.ended) + (text.seen.returns or 0)
    lead = len(codecs.BOM_UTF8) if text.seen.encoding == "utf-8-sig" else 0
    return lead + seen["_bytes"] + marks + breaks == text.seen.size


def _empty_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(line in {b"\n", b"\r\n"} for line in file)


def _quoted(names: Sequence[str], delimiter: str) -> tuple[pl.Expr, pl.Expr]:
    """Delimiters inside the cells of a row, and whether a cell holds both a quote and a delimiter."""
    mark = pl.lit(delimiter)
    marks = pl.sum_horizontal([pl.col(n).str.count_matches(mark, literal=True).fill_null(0) for n in names])
    both = [pl.col(n).str.contains('"', literal=True) & pl.col(n).str.contains(mark, literal=True) for n in names]
    return marks.cast(pl.Int64).alias("_marks"), pl.any_horizontal(both).fill_null(False).alias("_odd")


def _whole_with_quotes(text: _Text, width: int, seen: Mapping[str, int]) -> bool:
    """Whether each line is one row, and the delimiters between and inside the cells are all there are."""
    mark = text.delimiter.encode()
    counts = counted(text.path, [mark, b"\n"])
    between = (seen["rows"] - _empty_lines(text.path) if seen["_blank"] else seen["rows"]) * (width - 1)
    lines = counts[b"\n"] + (not text.seen.ended)
    return seen["rows"] == lines and counts[mark] == between + seen["_marks"] and not seen["_odd"]


def _is_blank(names: Sequence[str], telling: str) -> pl.Expr:
    """Whether no cell holds more than white space; the others are looked at only where the `telling` one is blank."""
    rest = [n for n in names if n != telling]

    def whole(series: pl.Series) -> pl.Series:
        rows = series.struct.unnest()
        blank = rows.select((pl.col(telling).fill_null("").str.strip_chars() == "")).to_series()
        if not blank.any() or not rest:
            return blank
        others = rows.select(pl.all_horizontal([pl.col(n).fill_null("").str.strip_chars() == "" for n in rest]))
        return blank & others.to_series()

    return pl.struct(names).map_batches(whole, return_dtype=pl.Boolean, is_elementwise=True)


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
