"""What a check may know of the engagement: the audit period, and the client's terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from ctrlkit.expression import Expr, col
from ctrlkit.table import Table


@dataclass(frozen=True, slots=True)
class Window:
    """The audit period: first and last local day, and the instants at which it begins and ends."""

    start: date
    end: date
    begins: datetime
    ends: datetime

    def holds(self, name: str, table: Table) -> Expr:
        """Whether the date or instant column `name` of `table` lies in the period, both ends included."""
        if table.columns[name].type == "date":
            return (col(name) >= self.start) & (col(name) <= self.end)
        return (col(name) >= self.begins) & (col(name) < self.ends)

    def of(self, table: Table) -> Table:
        """The rows of an event table whose time lies in the period."""
        return table.where(self.holds(table.root.kind.time or "", table))


@dataclass(frozen=True, slots=True)
class Terms:
    """What a check may know of the engagement; `networks` are those of all its sites."""

    country: str
    domains: tuple[str, ...]
    systems: Mapping[str, str]
    features: frozenset[str]
    scope_clients: tuple[str, ...]
    networks: tuple[str, ...] = ()

    @property
    def client_systems(self) -> tuple[str, ...]:
        """The systems that the engagement calls the client's."""
        return tuple(sorted(name for name, owner in self.systems.items() if owner == "client"))
