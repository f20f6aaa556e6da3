"""Rules of packet filters as kind `network_rules`: chains followed in the order in which they apply, one row for each.

The kind knows where traffic may go, not where it comes from. So the destination of a rule that allows is `any` as soon
as neither address nor, for inbound traffic, port or protocol limit it; that of a rule that denies only where nothing at
all limits it. What lets nothing new in, replies and the loopback, is named so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ctrlkit.hooks import Unfolded

DENIES: Final = ("deny", "reject")
REPLIES: Final = "replies"
LOOPBACK: Final = "loopback"
_RETURNED: Final = "unless returned before"
_ANYWHERE: Final = {"", "any", "all", "0.0.0.0/0", "::/0"}
_EVERY_PORT: Final = {"", "any", "0-65535", "1-65535", "0:65535", "1:65535"}
_DEEPEST: Final = 20
_MOST: Final = 50_000
_COLUMNS: Final = ("rule", "zone", "direction", "action", "destination")
_OURS: Final = ("rule_id", "zone", "direction", "action", "destination")

ABOUT: Final = (
    "Rows stand, and are counted, in the order in which the rules apply; rules that are switched off or never reached "
    "are left out. Sources are not told. An outbound rule that allows a port to every address has destination any; a "
    "rule that denies has it only where nothing limits it. Says nothing of reviews."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a rule is limited to; what is empty limits nothing.

    `to`: its destination (all but that, where `but`; a zone, where `zone`), `protocol` and `ports`, `within`: traffic
    that opens nothing, `other`: sources, interfaces and whatever else.
    """

    to: str = ""
    but: bool = False
    zone: bool = False
    protocol: str = ""
    ports: str = ""
    within: str = ""
    other: tuple[str, ...] = ()

    def also(self, inner: Limits) -> Limits:
        """Those of a rule that is reached through one with these."""
        nearer = inner if inner.to else self
        return Limits(
            nearer.to,
            nearer.but,
            nearer.zone,
            inner.protocol or self.protocol,
            inner.ports or self.ports,
            inner.within or self.within,
            (*self.other, *inner.other),
        )

    def destination(self, action: str | None, direction: str) -> str:
        """Where a rule with that action lets traffic go, or keeps it from going."""
        to = "" if self.to.lower() in _ANYWHERE else self.to
        what = f"{self.protocol}/{self.ports}" if self.ports else self.protocol
        if action in DENIES:
            named = f"all but {to}" if to and self.but else to
            return " ".join(filter(None, (named, what, self.within, *self.other))) or "any"
        if self.within:
            return self.within
        named = "" if self.but else to
        if named:
            return named if self.zone else " ".join(filter(None, (named, what)))
        whole = {*self.protocol.split(",")} <= {"", "all", "any", "tcp", "udp", "th"}
        wide = whole and (direction != "in" or self.ports in _EVERY_PORT)
        return "any" if wide else what


@dataclass(frozen=True, slots=True)
class Step:
    """One rule of a chain.

    `action`: allow, deny, reject, jump or goto another `chain`, return, pass (to the next rule), None for not known.
    """

    name: str
    action: str | None
    limits: Limits = field(default_factory=Limits)
    chain: str = ""


@dataclass(slots=True)
class Book:
    """The rules in force, in the order in which they apply."""

    tool: str
    rows: list[Mapping[str, str | None]] = field(default_factory=list)

    def add(self, zone: str, direction: str, name: str, action: str | None, limits: Limits) -> None:
        """Add a row."""
        if len(self.rows) == _MOST:
            raise ValueError(f"holds more than {_MOST:,} rules, followed through its chains; hand over a part")
        cells = (name, zone, direction, action, limits.destination(action, direction))
        self.rows.append({f"{self.tool} {column}": cell for column, cell in zip(_COLUMNS, cells, strict=True)})

    def unfolded(self, cut: str = "") -> Unfolded:
        """Its rows."""
        return Unfolded(tuple(enumerate(self.rows, 1)), cut)


@dataclass(frozen=True, slots=True)
class Walk:
    """The way of traffic in one direction of a zone through chains."""

    book: Book
    zone: str
    direction: str
    chains: Mapping[str, Sequence[Step]]

    def follow(self, chain: str, before: str = "", outer: Limits | None = None, depth: int = 0) -> bool:
        """Add the rules of a chain and of those it jumps to; whether none of the traffic gets past it."""
        if depth > _DEEPEST:
            raise ValueError(f'chain "{chain}" jumps in a circle, or through more than {_DEEPEST} chains')
        reached = outer or Limits()
        for step in self.chains.get(chain, ()):
            whole = step.limits == Limits() and _RETURNED not in reached.other
            limits, name = reached.also(step.limits), before + step.name
            if step.action in {"jump", "goto"}:
                closed = self.follow(step.chain, f"{name} > ", limits, depth + 1)
                if whole and (closed or step.action == "goto"):
                    return closed
            elif step.action not in {"pass", "return"}:
                self.book.add(self.zone, self.direction, name, step.action, limits)
                if whole and step.action is not None:
                    return True
            elif step.action == "return" and whole:
                return False
            if step.action in {"return", "goto"} and _RETURNED not in reached.other:
                reached = Limits(other=(_RETURNED,)) if outer is None else outer.also(Limits(other=(_RETURNED,)))
        return False


def headers(tool: str) -> tuple[str, ...]:
    """The headers of the rows of a tool."""
    return tuple(columns(tool))


def columns(tool: str) -> dict[str, str]:
    """Header -> column of the kind."""
    return {f"{tool} {name}": ours for name, ours in zip(_COLUMNS, _OURS, strict=True)}


def protocols(names: Iterable[str]) -> str:
    """Protocols as one text; none where they are all."""
    found = sorted({name.lower() for name in names} - {"all", "any", "0", "ip"})
    return ",".join({"6": "tcp", "17": "udp", "1": "icmp"}.get(name, name) for name in found)
