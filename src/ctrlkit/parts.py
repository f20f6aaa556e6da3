"""The rows of several files as one sequence, in the order of file and row, so many at a time as memory easily holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

PART: Final = 500_000
"""House number: rows that are held and made text at a time."""

_PLACE: Final = ("_file", "_row")


def in_order(frames: Sequence[pl.LazyFrame], *, at_once: bool = False) -> Iterable[pl.DataFrame]:
    """The rows of all `frames`, each with `_file` and `_row` and some columns of the others; never no part at all.

    A column that a frame lacks is null in its rows. One part where they are few, or asked for `at_once`. Files of many
    rows are read part by part, again whenever they are asked for, unless they are not in order by themselves: those are
    held and sorted.
    """
    sizes = [int(frame.select(pl.len()).collect().item()) for frame in frames]
    if at_once or sum(sizes) <= PART:
        return (_sorted(frames),)
    whole = pl.concat([frame.clear() for frame in frames], how="diagonal_relaxed").collect_schema()
    files = [(frame, size) for frame, size in zip(frames, sizes, strict=True) if size]
    named = [(str(frame.select("_file").head(1).collect().item()), frame, size) for frame, size in files]
    ordered = sorted(named, key=lambda file: file[0])
    parts = _Files(tuple((_completed(frame, whole), size) for _, frame, size in ordered))
    return parts if parts.are_in_order() else tuple(_sorted(frames).iter_slices(PART))


def _sorted(frames: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    """The rows by file and row; most come so already, and to see that costs far less than to sort them."""
    rows = pl.concat(frames, how="diagonal_relaxed").collect()
    return rows if _rise(rows) else rows.sort(_PLACE, maintain_order=True)


def _rise(rows: pl.DataFrame) -> bool:
    file, row = (rows.get_column(name) for name in _PLACE)
    return ((file.shift() < file) | ((file.shift() == file) & (row.shift() <= row))).all()


def _completed(frame: pl.LazyFrame, whole: pl.Schema) -> pl.LazyFrame:
    own = frame.collect_schema()
    return frame.select(
        pl.col(name).cast(type_) if name in own else pl.lit(None, type_).alias(name) for name, type_ in whole.items()
    )


@dataclass(frozen=True, slots=True)
class _Files:
    """Frames with their numbers of rows, one after the other."""

    files: tuple[tuple[pl.LazyFrame, int], ...]

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The parts, read anew."""
        for frame, size in self.files:
            for start in range(0, size, PART):
                yield frame.slice(start, PART).collect()

    def are_in_order(self) -> bool:
        """Whether no row stands before one of an earlier file or row."""
        last = ("", 0)
        for part in _Files(tuple((frame.select(_PLACE), size) for frame, size in self.files)):
            if not _rise(part) or part.row(0) < last:
                return False
            last = part.row(-1)
        return True
