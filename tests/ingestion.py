"""Small evidence files for tests, and how they are read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from ctrlkit.hooks import Adapter
from ctrlkit.ingest import ingest
from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped
from ctrlkit.model import Cause

AS_OF = date(2026, 10, 31)
ZONE = "Asia/Manila"


@dataclass(frozen=True, slots=True)
class Told:
    """A source as a pack tells it."""

    kind: str
    file: str
    path: Path
    party: str = "vendor"
    sheet: str | int | None = None
    method: str | None = None
    rows: int | None = None
    columns: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    adapter: str | None = None
    date_order: str | None = None
    time_zone: str | None = None


def read(
    path: Path,
    kind: str = "accounts",
    adapters: tuple[Adapter, ...] = (),
    cache: Path | None = None,
    **told: Any,
) -> Ingested:
    """A file on disk, ingested for the evaluation of 2026-10-31 in Manila."""
    source = replace(Told(kind, path.name, path), **told)
    work = path.parent / "work"
    return ingest(source, shipped()[kind], adapters=adapters, zone=ZONE, as_of_date=AS_OF, cache=cache, work=work)


def read_text(folder: Path, text: str | bytes, name: str = "accounts.csv", **told: Any) -> Ingested:
    """A file with this content, ingested."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, **told)


def table(found: Ingested) -> pl.DataFrame:
    """The canonical rows."""
    assert found.parquet is not None, found.faults
    return pl.read_parquet(found.parquet)


def problems(found: Ingested) -> list[dict[str, Any]]:
    """The rows and cells that could not be read."""
    return [json.loads(line) for line in found.problems.read_text("utf-8").splitlines()]


def causes(found: Ingested) -> list[Cause]:
    """The causes of its faults."""
    return [fault.cause for fault in found.faults]
