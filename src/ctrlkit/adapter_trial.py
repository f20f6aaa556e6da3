"""The datasets of adapters: exports in `readings.yaml`, read as a pack's files are, and the rows to come of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import polars as pl

from ctrlkit import document, pack
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.hooks import Adapter
from ctrlkit.ingest import ingest
from ctrlkit.ingested import Ingested
from ctrlkit.stock import Stock

READINGS: Final = "readings.yaml"
_LONG_AFTER: Final = date(2099, 12, 31)
"""No day of an export is in the future."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One export and what must come of it; `place` is the file and line where it is written."""

    adapter: str
    name: str
    told: Mapping[str, Any]
    place: str


def readings(path: Path) -> Iterator[Reading]:
    """The cases of one adapter; `path` is its readings.yaml, in a folder of its name. Raises InputError."""
    told = document.load(path, "readings")
    for place, case in enumerate(told.data["cases"]):
        yield Reading(path.parent.name, case["name"], case, f"{told.name}:{told.line(('cases', place))}")


def differences(one: Reading, folder: Path, stock: Stock) -> tuple[str, ...]:
    """In what the rows are others than the case says, in lines for a person; `folder` is empty and its own.

    Raises InputError for an adapter that is not there.
    """
    adapter = next((a for a in stock.adapters if a.name == one.adapter), None)
    if adapter is None:
        near = did_you_mean(one.adapter, [a.name for a in stock.adapters])
        found = f"no adapter {one.adapter}{near}; expected one of ctrlkit list adapters"
        raise InputError(f"{found}; is there a plugin here that brings it, and a ctrlkit.toml in this folder?")
    return tuple(_differences(one, adapter, _read(one, adapter, folder, stock)))


def _read(one: Reading, adapter: Adapter, folder: Path, stock: Stock) -> Ingested:
    case = one.told
    (folder / case["file"]).write_text(case["text"], "utf-8", newline="\n")
    source = {"file": case["file"], **({"adapter": adapter.name} if case.get("named") else {})}
    head = {"vendor": "trial", "time_zone": case.get("time_zone", "UTC")}
    told = {**head, "evidence": {adapter.kind: source}}
    (folder / pack.DOCUMENT).write_text(json.dumps(told), "utf-8")
    (found,) = pack.load(folder, stock.kinds).sources
    kind, zone = stock.kinds[adapter.kind], head["time_zone"]
    work = folder / "work"
    return ingest(found, kind, adapters=stock.adapters, zone=zone, as_of_date=_LONG_AFTER, cache=None, work=work)


def _differences(one: Reading, adapter: Adapter, found: Ingested) -> Iterator[str]:
    cause = found.faults[0].cause.value if found.faults else ""
    if cause != one.told.get("cause", ""):
        said = "; ".join(fault.message for fault in found.faults)
        yield f"cause: expected {one.told.get('cause') or 'none'}, found {cause or 'none'}" + (f": {said}" * bool(said))
    if found.adapter != adapter.name:
        yield f"adapter: expected {adapter.name}, found {found.adapter or 'none'}; does its header name these columns?"
    unread = found.bad_rows + sum(found.bad_cells.values())
    if unread != one.told.get("unread", 0):
        yield f"unread: expected {one.told.get('unread', 0)}, found {unread}"
        yield from (f"  {line}" for line in found.problems.read_text("utf-8").splitlines())
    expected, rows = [dict(row) for row in one.told["rows"]], list(_rows(found))
    if len(expected) != len(rows):
        yield f"rows: expected {len(expected)}, found {len(rows)}"
    for number, (wanted, row) in enumerate(zip(expected, rows, strict=False), 1):
        for name in dict.fromkeys((*wanted, *row)):
            if wanted.get(name) != row.get(name):
                yield f"row {number}, {name}: expected {_shown(wanted.get(name))}, found {_shown(row.get(name))}"
    yield from (f"  + {json.dumps(row, ensure_ascii=False)}" for row in rows[len(expected) :])
    yield from (f"  - {json.dumps(row, ensure_ascii=False)}" for row in expected[len(rows) :])


def _shown(text: str | None) -> str:
    return "not known" if text is None else f'"{text}"'


def _rows(found: Ingested) -> Iterator[dict[str, str]]:
    """The canonical rows as texts, what is not known left out."""
    if found.parquet is None:
        return
    for row in pl.read_parquet(found.parquet).iter_rows(named=True):
        cells = {name: value for name, value in row.items() if not name.startswith("_") and value is not None}
        yield {name: _text(value) for name, value in cells.items()}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return ";".join(map(str, value)) if isinstance(value, list) else str(value)
