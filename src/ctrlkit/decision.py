"""What one check decided for one subject, and the keys and words that its findings and notes are made of."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Literal

from ctrlkit.model import Cause, Finding, Note

State = Literal["passed", "failed", "inconclusive", "error", "not_applicable"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check decided for one subject, before grades, waivers and the state of the evidence are weighed."""

    state: State
    cause: Cause | None
    reason: str
    population: int | None = None
    exceptions: int | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    undecided: int = 0


def plainly(words: str) -> str:
    """`because` texts with an ellipsis for what differs from row to row, for a sentence about many rows."""
    return re.sub(r"\{[^}]*\}", "…", words)


def digest(*parts: object) -> str:
    """The key of a finding or note: 16 hex digits over JSON of the parts, the same next month and on every machine."""
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
