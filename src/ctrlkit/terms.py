"""What a check may know beside its evidence: the audit period, the client's terms, and what a host is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
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
    """What a check may know of the engagement.

    `sites` maps a site's id, in small letters, to its country; `scope_sites` are those in scope, none where all are.
    `site_words` maps the sites to judge to the words that list columns hold for them. `countries` are those of the
    sites; without any, the engagement's.
    """

    country: str
    domains: tuple[str, ...]
    systems: Mapping[str, str]
    features: frozenset[str]
    scope_clients: tuple[str, ...]
    sites: Mapping[str, str] = field(default_factory=dict)
    scope_sites: tuple[str, ...] = ()
    site_words: Mapping[str, str] = field(default_factory=dict)
    countries: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()

    @property
    def client_systems(self) -> tuple[str, ...]:
        """The systems that the engagement calls the client's, in small letters as evidence names them."""
        return tuple(sorted(name.lower() for name, owner in self.systems.items() if owner == "client"))

    @property
    def sites_asked(self) -> tuple[str, ...]:
        """The sites in scope; without any all that the engagement names."""
        return self.scope_sites or tuple(sorted(self.sites))


@dataclass(frozen=True, slots=True)
class Host:
    """What a check may know of the host beside its facts: its roles, and the ports that the inventory lets it open."""

    roles: tuple[str, ...]
    ports: tuple[int, ...]
