"""Findings of vulnerability scanners as kind `vulns`: one row for each asset and weakness, the worst answer counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ctrlkit.hooks import Unfolded

from . import _moments

_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,}", re.IGNORECASE)
_DAYS: Final = ("%Y/%m/%d", "%Y-%m-%d", "%b %d, %Y", "%B %d, %Y")
_WORST_FIRST: Final = ("critical", "high", "medium", "low", "none", "info", "log")


def weaknesses(text: str, otherwise: str) -> list[str]:
    """The CVE numbers in a cell, or the scanner's own number of a weakness that has none."""
    return sorted({found.upper() for found in _CVE.findall(text)}) or [otherwise]


def day(text: str) -> str | None:
    """A day in a shape that scanners write, as evidence writes it; any other text as it stands."""
    found = _moments.local(text.strip(), *_DAYS)
    return found.date().isoformat() if found else text.strip() or None


@dataclass(slots=True)
class Findings:
    """The rows, by asset and weakness; `columns` are those that the scanner told, beside the first three."""

    tool: str
    columns: tuple[str, ...]
    rows: dict[tuple[str, str], tuple[int, dict[str, str | None]]] = field(default_factory=dict)

    def add(self, number: int, asset: str, weakness: str, severity: str, told: Mapping[str, str | None]) -> None:
        """Add a finding; of several the worst severity, the first publication and sight and the last scan count."""
        new = {"asset": asset, "weakness": weakness, "severity": severity, **{c: told.get(c) for c in self.columns}}
        _, row = self.rows.setdefault((asset, weakness), (number, new))
        row["severity"] = min(severity, row["severity"] or "", key=_rank)
        for name in self.columns:
            days = sorted(filter(None, (row[name], new[name])))
            row[name] = days[-1 if name == "scanned" else 0] if days else None

    def unfolded(self, cut: str = "") -> Unfolded:
        """Its rows; each is open, for a scan shows what is there."""
        return Unfolded(
            tuple(
                (number, {f"{self.tool} {name}": cell for name, cell in {**row, "fixed": ""}.items()})
                for number, row in self.rows.values()
            ),
            cut,
        )


def _rank(severity: str) -> int:
    """How bad a severity is, the worst first; a word that nobody knows goes before all others."""
    word = severity.strip().lower()
    return _WORST_FIRST.index(word) if word in _WORST_FIRST else -1
