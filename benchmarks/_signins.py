"""Sign-in logs of any size: the same rows for the same number, invented people, documentation networks."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2026, 9, 30, 16)  # noqa: DTZ001  (midnight in Manila, naive UTC as evidence is kept)
DAYS = 31
BATCH = 1_000_000
FAILS, ONE_FACTOR = 7, 9
_SHUFFLE = 2_654_435_761


def write(target: Path, rows: int, people: int = 20_000, busiest: int = 0) -> Path:
    """Write `rows` sign-ins of `people` accounts over October 2026 to `target` as CSV, sorted by time.

    `busiest` of the rows belong to one account. A fiftieth carries one factor only, a fiftieth fails.
    """
    with target.open("wb") as out:
        for number, frame in enumerate(batches(rows, people, busiest)):
            frame.write_csv(out, include_header=number == 0)
    return target


def batches(rows: int, people: int, busiest: int) -> Iterator[pl.DataFrame]:
    """The same rows as frames of text and numbers, a million at a time."""
    step = timedelta(days=DAYS).total_seconds() * 1_000_000 / max(rows, 1)
    every = rows // busiest if busiest else 0
    for begin in range(0, rows, BATCH):
        number = pl.int_range(begin, min(begin + BATCH, rows), eager=True).alias("number").to_frame()
        mixed = (pl.col("number") * _SHUFFLE) % 4_294_967_291
        person = mixed % people
        if every:
            person = pl.when(pl.col("number") % every == 0).then(0).otherwise(person)
        yield number.with_columns(mixed.alias("mixed"), person.alias("person")).select(
            _instant(step).alias("ts"),
            pl.when(pl.col("mixed") % 3 == 0).then(pl.lit("google")).otherwise(pl.lit("crm")).alias("system"),
            pl.format("agent{}@vendor.example", pl.col("person")).alias("account_id"),
            pl.when(pl.col("mixed") % 50 == FAILS).then(pl.lit("failure")).otherwise(pl.lit("success")).alias("result"),
            pl.when(pl.col("mixed") % 50 == ONE_FACTOR).then(1).otherwise(2).alias("factors"),
            pl.when(pl.col("mixed") % 50 == ONE_FACTOR).then(None).otherwise(pl.lit("totp")).alias("mfa_method"),
            pl.format("203.0.113.{}", pl.col("person") % 254 + 1).alias("src_ip"),
            pl.lit("PH").alias("country"),
            pl.format("dev-{}", pl.col("person")).alias("device_id"),
            pl.format("s{}", "number").alias("session_id"),
        )


def _instant(step: float) -> pl.Expr:
    micros = (pl.col("number") * step).cast(pl.Int64)
    moment = pl.lit(START) + pl.duration(microseconds=micros)
    return moment.dt.truncate("1s").dt.to_string("%Y-%m-%dT%H:%M:%SZ")
