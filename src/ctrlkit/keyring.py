"""Pinned public keys: one PEM file, or a dated history of them, kept outside the bundle by whoever verifies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ctrlkit import signature
from ctrlkit.document import load as load_document
from ctrlkit.signature import Public


@dataclass(frozen=True, slots=True)
class Pinned:
    """A key and the days on which it signs, both included; None: without end on that side."""

    key: Public
    first: date | None = None
    last: date | None = None

    def signs_on(self, day: date | None) -> bool:
        """Whether the key is good on that day; where nobody says the day, only a key without bounds is."""
        if day is None:
            return self.first is None and self.last is None
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def load(path: Path) -> tuple[Pinned, ...]:
    """The keys in a PEM file or in a history (`.yaml`). Raises InputError with file and line for what is wrong."""
    if path.suffix not in {".yaml", ".yml"}:
        return (Pinned(signature.public_key(path)),)
    document = load_document(path, "keys")
    pinned = []
    for place, entry in enumerate(document.data):
        if "until" in entry and entry["until"] < entry["from"]:
            found = f"found {entry['until']}, which is before from {entry['from']}"
            raise document.error((place, "until"), f"{found}; expected a later day; mend one of them")
        key = signature.public_key(path.parent / entry["key"])
        pinned.append(Pinned(key, entry["from"], entry.get("until")))
    return tuple(pinned)
