"""Rows out of lazy frames, whichever engine holds them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import narwhals as nw

_NUMBERS = count()


def worked_out(frame: nw.LazyFrame[Any], root: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The same frame, computed once here and kept by its engine.

    For frames that stand on both sides of a join: an engine that takes SQL text computes each side anew, and so twice
    as much with every further join of that sort. `root` is a plain frame of the same engine, asked for the result: a
    long query would be read through again for that.
    """
    native: Any = nw.to_native(frame)
    if frame.implementation is nw.Implementation.POLARS:
        kept: nw.LazyFrame[Any] = nw.from_native(native.collect().lazy())
        return kept
    if frame.implementation is nw.Implementation.DUCKDB:
        name = f"worked_out_{next(_NUMBERS)}"
        native.create(name)
        stored: nw.LazyFrame[Any] = nw.from_native(nw.to_native(root).query("root", f"SELECT * FROM {name}"))  # noqa: S608
        return stored
    if frame.implementation is nw.Implementation.PYSPARK:
        cut: nw.LazyFrame[Any] = nw.from_native(native.localCheckpoint())
        return cut
    return frame


def fetch(frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """The rows of one lazy frame, in no particular order."""
    return fetch_all([frame])[0]


def fetch_all(frames: Sequence[nw.LazyFrame[Any]]) -> list[list[dict[str, Any]]]:
    """The rows of several lazy frames that share work, each in no particular order."""
    natives = [nw.to_native(frame) for frame in frames]
    if all(frame.implementation is nw.Implementation.POLARS for frame in frames):
        import polars as pl

        return [frame.rows(named=True) for frame in pl.collect_all(natives)]
    if all(frame.implementation is nw.Implementation.DUCKDB for frame in frames):
        return [[dict(zip(r.columns, row, strict=True)) for row in r.fetchall()] for r in natives]
    if all(frame.implementation is nw.Implementation.PYSPARK for frame in frames):
        return [[row.asDict() for row in native.collect()] for native in natives]
    return [frame.collect("pyarrow").rows(named=True) for frame in frames]
