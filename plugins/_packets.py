"""What becomes of a packet that no rule speaks of: the rules without any condition, followed from chain to chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_ENDS: Final = {"accept", "drop", "reject"}


@dataclass(frozen=True, slots=True)
class Step:
    """One rule: what it does and where to; `always`: with every packet that comes to it, on no condition."""

    does: str
    target: str
    line: int
    always: bool = True


def through(chains: Mapping[str, Sequence[Step]], name: str) -> tuple[str, int] | None:
    """The verdict (accept, drop, reject) and its line; None where the chain leaves it to what comes after.

    Where some packets are sent back before the rest is dropped, what comes after still decides. Raises ValueError where
    a program decides: what it says is not told.
    """
    return _walk(chains, name, ())


def _walk(chains: Mapping[str, Sequence[Step]], name: str, way: tuple[str, ...]) -> tuple[str, int] | None:
    if name in way:
        raise ValueError(f"chain {name} leads to itself")
    leaks = False
    for step in chains.get(name, ()):
        if not step.always:
            leaks = leaks or step.does in {"return", "goto"}
            continue
        said = (step.does, step.line) if step.does in _ENDS else None
        if step.does in {"queue", "nfqueue"}:
            raise ValueError(f"chain {name} hands every packet to a program; what that does is not told")
        if step.does in {"jump", "goto"}:
            said = _walk(chains, step.target, (*way, name))
        if said is not None or step.does in {"goto", "return"}:
            return None if said is not None and leaks and said[0] != "accept" else said
    return None
