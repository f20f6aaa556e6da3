"""What a sample pack must yield: the verdicts, and each finding with file and row, noted as the weakness is planted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sample_files import Row, Table


@dataclass(frozen=True, slots=True)
class Planted:
    """One finding, or one undecided row, to be expected: the row is looked up once the file is sorted."""

    control: str
    table: str
    row: Row
    why: str
    undecided: bool = False


@dataclass(slots=True)
class Truth:
    """What a sample must yield. `used` holds the people who already carry a weakness."""

    planted: list[Planted] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def expect(self, control: str, table: str, row: Row, why: str) -> None:
        """One finding; a row that breaks several rules of a control is still one."""
        if not any(p.row is row and p.control == control for p in self.planted):
            self.planted.append(Planted(control, table, row, why))

    def doubt(self, control: str, table: str, row: Row, why: str) -> None:
        """One row that cannot be decided."""
        self.planted.append(Planted(control, table, row, why, undecided=True))

    def document(self, book: dict[str, Table], controls: Iterable[str], not_due: Mapping[str, str]) -> dict[str, Any]:
        """What stands in truth.json for `controls`, sorted, and for those not due; the tables in their final order."""
        broken = {p.control: "failed" for p in self.planted if not p.undecided}
        doubtful = {p.control: "inconclusive" for p in self.planted if p.undecided}
        verdicts = dict.fromkeys(sorted(controls), "passed") | doubtful | broken
        verdicts |= dict.fromkeys(not_due, "not_applicable")
        lines = sorted(
            ((_line(p, book[p.table]), p.undecided) for p in self.planted),
            key=lambda pair: (pair[0]["control"], pair[0]["file"], pair[0]["row"]),
        )
        return {
            "verdicts": dict(sorted(verdicts.items())),
            "causes": dict(not_due),
            "findings": [line for line, undecided in lines if not undecided],
            "undecided": [line for line, undecided in lines if undecided],
        }


def _line(planted: Planted, table: Table) -> dict[str, Any]:
    return {
        "control": planted.control,
        "party": table.party,
        "kind": table.kind,
        "file": table.file,
        "row": table.row_number(planted.row),
        "why": planted.why,
    }
