"""What comes with evidence beside its rows, from packs or from a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ctrlkit.hosts import Machine


@dataclass(frozen=True, slots=True)
class Carried:
    """What comes with evidence beside its rows: kinds declared empty, names of files nobody read, hidden parameters.

    `hidden` holds, by control and parameter, the pseudonyms that stand for the entries of `clear`. `documents` are the
    packs' own, by their name in a bundle. `claimed` is the verdict that the bundle gives, by control and subject.
    `key_id` names the engagement key behind the pseudonyms. `identifiers` says what looks like one in documents and in
    names of files.
    """

    declared_empty: Mapping[str, str]
    vendor: str
    unused: tuple[str, ...] = ()
    proposed: tuple[str, ...] = ()
    hidden: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    clear: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    claimed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    documents: Mapping[str, bytes] = field(default_factory=dict)
    machines: Mapping[str, Machine] = field(default_factory=dict)
    key_id: str = ""
    identifiers: tuple[str, ...] = ()
