"""Signs that evidence was put in order for the audit: each is a note for a person to weigh, and never a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Final

import polars as pl

from ctrlkit.assemble import Evidence
from ctrlkit.canvas import Canvas
from ctrlkit.engagement import Engagement
from ctrlkit.kind import Column, Kind

ENOUGH: Final = 20
"""House number: of so many instants of a system's log, not all fall on a full minute by chance."""
_MINUTE: Final = 60_000_000
_EPOCH: Final = date(1970, 1, 1)


def signs(evidence: Evidence, canvas: Canvas | None, kind: Kind, engagement: Engagement) -> Iterator[str]:
    """What a reader of this evidence should know of how it came about, one sentence each."""
    if canvas is None or not canvas.rows:
        return
    yield from _changed_after_the_request(canvas, kind, engagement)
    yield from _on_the_minute(canvas, kind)
    yield from _saved_again(evidence)


def _changed_after_the_request(canvas: Canvas, kind: Kind, engagement: Engagement) -> Iterator[str]:
    """How many rows tell of a change that was made once the client had asked."""
    if engagement.issued_at is None or engagement.self_check:
        return
    asked = engagement.issued_at.astimezone(engagement.zone)
    for column in kind.columns.values():
        if column.changed is None or column.name not in canvas.columns:
            continue
        late = pl.scan_parquet(canvas.parquet).filter(pl.col(column.name) > _number(column, asked))
        kinds_of_change = _closed_list(kind, canvas) if column.name == kind.time else None
        told = late.group_by(kinds_of_change or pl.lit("")).agg(pl.len()).sort(pl.all()).collect().rows()
        count = sum(number for _, number in told)
        if count:
            of = f" ({', '.join(f'{word} {number}' for word, number in told)})" if kinds_of_change else ""
            yield f"{kind.name}: {count} rows{of} were {column.changed} after the request of {asked.date()}"


def _number(column: Column, moment: datetime) -> int:
    """The instant, or its local day, as frames hold it."""
    if column.type == "date":
        return (moment.date() - _EPOCH).days
    return int(moment.astimezone(UTC).timestamp()) * 1_000_000


def _closed_list(kind: Kind, canvas: Canvas) -> str | None:
    """The column that says what sort of event a row tells of, where the kind has one."""
    return next((c.name for c in kind.columns.values() if c.values and c.name in canvas.columns), None)


def _on_the_minute(canvas: Canvas, kind: Kind) -> Iterator[str]:
    """A system's log whose every instant is on the full minute was typed or rounded."""
    time = canvas.columns.get(kind.time or "")
    if kind.time is None or not kind.continuous or time is None or time.type != "datetime":
        return
    times = pl.scan_parquet(canvas.parquet).select(pl.col(kind.time).drop_nulls())
    count, uneven = times.select(pl.len(), (pl.col(kind.time) % _MINUTE != 0).sum().alias("uneven")).collect().row(0)
    if count >= ENOUGH and not uneven:
        yield f"{kind.name}: all {count} instants are on the full minute, as typed or rounded ones are"


def _saved_again(evidence: Evidence) -> Iterator[str]:
    """A product's own export has passed through a spreadsheet, where anybody may have edited it."""
    for source in evidence.sources:
        if source.adapter is not None and PurePosixPath(source.file).suffix.lower() in {".xlsx", ".xlsm"}:
            yield f"{source.file}: {source.adapter} is exported as text; this one was saved again by a spreadsheet"
