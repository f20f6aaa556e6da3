"""What scanners of TLS say of one host and port, as one row of kind `tls`; what they do not say is not known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ctrlkit.hooks import Unfolded

VERSIONS: Final = ("ssl2", "ssl3", "1.0", "1.1", "1.2", "1.3")
"""The protocols, the weakest first; the kind has no word below ssl3, so SSL 2 is given as that."""
_COLUMNS: Final = {
    "host": "host",
    "port": "port",
    "lowest protocol": "protocol_min",
    "highest protocol": "protocol_max",
    "certificate ends": "cert_not_after",
    "chain trusted": "cert_chain_ok",
}


@dataclass(slots=True)
class Seen:
    """What one address of a host answered; None: not known.

    Which protocols it offers; of each certificate the day on which it ends, whether its chain is trusted, whether it
    names the host.
    """

    offers: dict[str, list[bool | None]] = field(default_factory=dict)
    ends: list[str | None] = field(default_factory=list)
    trusted: list[bool | None] = field(default_factory=list)
    named: list[bool | None] = field(default_factory=list)


@dataclass(slots=True)
class Target:
    """One host and port, and what was seen at each of its addresses; of what one was not asked, nothing is known."""

    number: int
    host: str
    port: str
    addresses: dict[str, Seen] = field(default_factory=dict)

    def at(self, address: str) -> Seen:
        """What was seen at one address."""
        return self.addresses.setdefault(address, Seen())

    def cells(self, tool: str) -> dict[str, str | None]:
        """The row, under headers of the tool: the weakest answer of all addresses and certificates."""
        seen = self.addresses.values()
        ends = [end for one in seen for end in one.ends or [None]]
        believed = every(every([every(one.trusted), every(one.named)]) for one in seen)
        found = {
            "host": self.host.lower(),
            "port": self.port,
            "lowest protocol": self._first(VERSIONS),
            "highest protocol": self._first(VERSIONS[::-1]),
            "certificate ends": None if None in ends else min(filter(None, ends), default=None),
            "chain trusted": None if believed is None else str(believed).lower(),
        }
        return {f"{tool} {name}": cell for name, cell in found.items()}

    def _first(self, versions: Iterable[str]) -> str | None:
        """The first of `versions` that is offered; not known as soon as one before it is not known."""
        for version in versions:
            answers = [answer for one in self.addresses.values() for answer in one.offers.get(version) or [None]]
            if True in answers:
                return "ssl3" if version == "ssl2" else version
            if None in answers:
                return None
        return None


def every(answers: Iterable[bool | None]) -> bool | None:
    """Whether all of them hold: no as soon as one does not, not known where one is not, or where there is none."""
    given = list(answers)
    if False in given:
        return False
    return None if None in given or not given else True


@dataclass(slots=True)
class Scan:
    """The targets of one document, each host and port once, in the order of their first mention."""

    tool: str
    targets: dict[tuple[str, str], Target] = field(default_factory=dict)

    def target(self, number: int, host: str, port: str) -> Target:
        """The target of that host and port."""
        return self.targets.setdefault((host.lower(), port), Target(number, host, port))

    def unfolded(self, cut: str = "") -> Unfolded:
        """Its rows."""
        return Unfolded(tuple((t.number, t.cells(self.tool)) for t in self.targets.values()), cut)


def headers(tool: str) -> tuple[str, ...]:
    """The headers of the rows of a tool."""
    return tuple(columns(tool))


def columns(tool: str) -> dict[str, str]:
    """Header -> column of the kind."""
    return {f"{tool} {name}": ours for name, ours in _COLUMNS.items()}


def texts(record: object) -> Mapping[str, str]:
    """The cells of a record that are text; raises TypeError for what is no record."""
    if not isinstance(record, Mapping):
        raise TypeError("holds something else where a record is expected")
    return {name: value for name, value in record.items() if isinstance(value, str)}
