"""Mail: the domain of an address, and messages as rows of `mail_trace`, whatever a trace makes of one message."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from . import _unfolding

_DOMAIN: Final = re.compile(r"@([a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+)")
_SORTS: Final = re.compile(r"\d{4}-")
"""Times that sort as text; of others, which stand in the export's own order, the first is kept."""
NOBODY: Final = "<>"
"""The sender of what mail systems report themselves."""


def domain(address: str) -> str:
    """The domain of one address; a text that holds none, or several, is not known and never «nowhere»."""
    found = {*_DOMAIN.findall(address.lower())}
    return found.pop() if len(found) == 1 else _unfolding.UNKNOWN


def domains(value: Any) -> list[str]:
    """The domains of what a rule forwards to; a recipient that is no address, as a directory's name, is not known."""
    found: dict[str, None] = {}
    for entry in value if isinstance(value, list) else [value]:
        said = _unfolding.text(entry).lower()
        known = _DOMAIN.findall(said)
        found |= dict.fromkeys(known)
        if said and (not known or "[ex:" in said):
            found[_unfolding.UNKNOWN] = None
    return list(found)


@dataclass(slots=True)
class Messages:
    """The messages of a trace: one row for each message, sender and domain, at its earliest time."""

    seen: dict[tuple[str, str, str], tuple[int, dict[str, str | None], set[str]]] = field(default_factory=dict)

    def add(self, number: int, message: str, ts: str, sender: str, recipients: Iterable[str]) -> None:
        """Note that a message went to these; without an id each line is a message of its own."""
        for recipient in recipients:
            place = (message or f"line {number}", sender.lower(), domain(recipient))
            row: dict[str, str | None] = {"ts": ts, "sender": sender or NOBODY, "recipient_domain": place[2]}
            first = self.seen.setdefault(place, (number, row, set()))
            if _SORTS.match(ts):
                first[1]["ts"] = min(first[1]["ts"] or ts, ts)
            first[2].add(recipient.lower())

    def rows(self) -> list[_unfolding.Row]:
        """The rows, each with how many recipients the message had in that domain."""
        return [(number, {**row, "recipient_count": str(len(who))}) for number, row, who in self.seen.values()]
