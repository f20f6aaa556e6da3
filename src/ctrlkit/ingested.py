"""What reading one file of evidence gives: its rows as canonical Parquet, its faults, and how to keep both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ctrlkit.model import Cause, Fault, Grade
from ctrlkit.scan import told


@dataclass(frozen=True, slots=True)
class Ingested:
    """One file, read.

    `sha256` is of the original bytes, None where there are none. `columns` are the canonical columns present, in the
    kind's order. `rows` counts canonical rows, `bad_rows` those that could not be read, `bad_cells` the unreadable
    cells of the canonical rows by column. `parquet` holds the canonical rows (their columns, `_file`, `_row`, and
    `_bad`: null or `;col;col;`), None where the file could not be read at all; `problems` one JSON line for each bad
    row or cell. `first` and `last` bound the kind's time column, as ISO text, instants in UTC.
    """

    file: str
    party: str
    kind: str
    adapter: str | None
    grade: Grade
    sha256: str | None
    columns: tuple[str, ...] = ()
    rows: int = 0
    bad_rows: int = 0
    bad_cells: Mapping[str, int] = field(default_factory=dict)
    parquet: Path | None = None
    problems: Path = Path()
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None

    def saying(self, faults: list[Fault], notes: list[str]) -> Ingested:
        """The same with these faults and notes, nobody named in them, each led by the name of the file."""
        return replace(
            self,
            faults=tuple(Fault(fault.cause, f"{self.file}: {told(fault.message)}") for fault in faults),
            notes=tuple(f"{self.file}: {told(note)}" for note in notes),
        )


def to_plain(found: Ingested) -> dict[str, Any]:
    """What the cache keeps: plain values, files by their names."""
    return asdict(found) | {"parquet": found.parquet and found.parquet.name, "problems": found.problems.name}


def from_plain(kept: Mapping[str, Any], folder: Path) -> Ingested:
    """What `to_plain` wrote, its files in that folder."""
    told: dict[str, Any] = {
        "grade": Grade(kept["grade"]),
        "columns": tuple(kept["columns"]),
        "parquet": folder / kept["parquet"] if kept["parquet"] else None,
        "problems": folder / kept["problems"],
        "faults": tuple(Fault(Cause(fault["cause"]), fault["message"]) for fault in kept["faults"]),
        "notes": tuple(kept["notes"]),
    }
    return Ingested(**{**kept, **told})
