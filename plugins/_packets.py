"""What becomes of a packet that no rule speaks of: the rules without any condition, followed from chain to chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_ENDS: Final = {"accept", "drop", "reject"}


@dataclass(frozen=True, slots=True)
class Step:
    """One rule: what it does with every packet, and where to; `does` is empty for a rule that has a condition."""

    does: str
    target: str
    line: int


def through(chains: Mapping[str, Sequence[Step]], name: str) -> tuple[str, int] | None:
    """The verdict (accept, drop, reject) and its line; None where every rule of the chain has a condition.

    Raises ValueError where a program decides: what it says is not told.
    """
    return _walk(chains, name, ())


def _walk(chains: Mapping[str, Sequence[Step]], name: str, way: tuple[str, ...]) -> tuple[str, int] | None:
    if name in way:
        raise ValueError(f"chain {name} leads to itself")
    for step in chains.get(name, ()):
        if step.does in _ENDS:
            return step.does, step.line
        if step.does in {"queue", "nfqueue"}:
            raise ValueError(f"chain {name} hands every packet to a program; what that does is not told")
        if step.does in {"jump", "goto"}:
            said = _walk(chains, step.target, (*way, name))
            if said is not None or step.does == "goto":
                return said
        if step.does == "return":
            return None
    return None
