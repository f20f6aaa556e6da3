"""How a person gets an export out of a product: menu path or command, edition, role; from `evidence/menus.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ctrlkit.hooks import Adapter


@dataclass(frozen=True, slots=True)
class Way:
    """One way to an export; `where` is a menu path or a command, `source` says what that rests on.

    `edition` and `role` are empty for an adapter of a plugin, of which only its own words are known.
    """

    product: str
    where: str
    edition: str
    role: str
    source: str
    adapters: tuple[str, ...]


@cache
def _shipped() -> tuple[Way, ...]:
    told = json.loads((files("ctrlkit.evidence") / "menus.json").read_text("utf-8"))
    return tuple(
        Way(e["product"], e["where"], e["edition"], e["role"], e["from"], tuple(e["adapters"])) for e in told["exports"]
    )


def ways(kind: str, adapters: Sequence[Adapter]) -> tuple[Way, ...]:
    """The ways to an export of that kind, in order of their products; of a plugin's adapter what it says of itself."""
    names = {a.name: a for a in adapters if a.kind == kind}
    known = [way for way in _shipped() if names.keys() & set(way.adapters)]
    told = {name for way in known for name in way.adapters}
    own = [Way(a.product, a.about, "", "", "its plugin", (name,)) for name, a in names.items() if name not in told]
    return tuple(sorted((*known, *own), key=lambda way: way.product.casefold()))
