"""Findings followed through one look at a vendor after another: opened, closed by a later look, come back.

A look closes a finding where it decided the control without it. What could not be decided closes nothing, and a verdict
on a smaller claim closes only what was found under that claim.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ctrlkit.model import EvidenceRef, Result, Verdict

KIND: Final = "findings"
"""A control that reads the list of findings itself is not followed: its findings are about others."""

DECIDED: Final = (Verdict.PASSED, Verdict.FAILED, Verdict.WAIVED)

Where = tuple[str, str]
"""A control and a subject."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the vendor: its day, its name, and the findings of each control and subject that was decided then.

    `narrowed` are those of which only a smaller claim was decided.
    """

    day: date
    name: str
    keys: Mapping[Where, tuple[str, ...]]
    severity: Mapping[str, str]
    narrowed: frozenset[Where] = frozenset()


@dataclass(slots=True)
class Followed:
    """A finding from the look that opened it; `first`, `last` and `closed` are places in the sequence of looks.

    `number` is its place within the look that opened it, `last` the last look that has it, `closed` the first decided
    one without it. `before` is the same finding's earlier time, where it came back.
    """

    where: Where
    key: str
    severity: str
    number: int
    narrowed: bool
    first: int
    last: int
    closed: int | None = None
    before: Followed | None = None


def is_followed(result: Result) -> bool:
    """Whether a result says of its control's findings which there are."""
    read = {reference.kind for reference in result.evidence if isinstance(reference, EvidenceRef)}
    return result.verdict in DECIDED and KIND not in read


def look_of(results: Collection[Result], day: date, name: str) -> Look:
    """The look of one run; what the client has accepted is no finding to be mended."""
    keys: dict[Where, tuple[str, ...]] = {}
    severity = {}
    for result in filter(is_followed, results):
        failed = result.findings if result.verdict is Verdict.FAILED else ()
        keys[result.control, result.subject] = tuple(finding.key for finding in failed)
        severity[result.control] = result.severity.value
    return Look(day, name, keys, severity, frozenset((r.control, r.subject) for r in results if r.narrowed))


def follow(looks: Sequence[Look], opening: int | None = None) -> list[Followed]:
    """Every finding in the order of opening; only the first `opening` looks open any (default: all of them)."""
    found: list[Followed] = []
    open_: dict[Where, dict[str, Followed]] = {}
    latest: dict[tuple[Where, str], Followed] = {}
    for place, look in enumerate(looks):
        for where, keys in look.keys.items():
            narrowed, here = where in look.narrowed, set(keys)
            held = open_.setdefault(where, {})
            for key in [k for k in held if k not in here]:
                if not narrowed or held[key].narrowed:
                    held.pop(key).closed = place
            for number, key in enumerate(keys, 1):
                if key in held:
                    held[key].last = place
                elif opening is None or place < opening:
                    severity = look.severity[where[0]]
                    before = latest.get((where, key))
                    one = Followed(where, key, severity, number, narrowed, place, place, before=before)
                    held[key] = latest[where, key] = one
                    found.append(one)
    return found
