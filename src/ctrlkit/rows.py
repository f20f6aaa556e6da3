"""Rows out of lazy frames, whichever engine holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw


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
    return [frame.collect("pyarrow").rows(named=True) for frame in frames]
