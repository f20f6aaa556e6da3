"""What the rooms pass to each other: verdicts, causes, grades, findings, results; frozen data and their order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

ORGANISATION: Final = "organisation"
"""The subject of every control that is not about one host."""


class Verdict(StrEnum):
    """The outcome of one control for one subject."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    NOT_APPLICABLE = "not_applicable"
    WAIVED = "waived"


class Severity(StrEnum):
    """How bad a failure is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    def at_least(self, other: Severity) -> bool:
        """Whether this is as bad as `other`, or worse."""
        return list(Severity).index(self) <= list(Severity).index(other)


class Grade(StrEnum):
    """How far a source can be believed, strongest first."""

    CLIENT = "client"
    THIRD_PARTY = "third_party"
    PROBE = "probe"
    EXPORT = "export"
    TYPED = "typed"
    ATTESTED = "attested"

    @property
    def weakness(self) -> int:
        """0 for the strongest grade, growing as belief shrinks."""
        return list(Grade).index(self)


def weakest(grades: list[Grade]) -> Grade | None:
    """The grade a verdict gets from the sources it rests on: the weakest, or None where it rests on none."""
    return max(grades, key=lambda grade: grade.weakness, default=None)


class Cause(StrEnum):
    """Why a control was not decided; the first that applies, in this order, is the result's cause."""

    WITHHELD = "withheld"
    MISSING = "missing"
    MALFORMED = "malformed"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    DECLARED_EMPTY = "declared_empty"
    STALE = "stale"
    PERIOD = "period"
    WEAK_SOURCE = "weak_source"
    UNDECIDED = "undecided"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    CUT = "cut"
    TIMEOUT = "timeout"
    UNSUPPORTED = "unsupported"
    CRASHED = "crashed"
    NO_ASSERTION = "no_assertion"
    DID_NOT_RUN = "did_not_run"
    FORBIDDEN = "forbidden"
    ROLE = "role"
    SCOPE = "scope"
    DEFERRED = "deferred"

    @property
    def rank(self) -> int:
        """Place in the order above, 0 first."""
        return list(Cause).index(self)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with evidence: its cause, and a sentence that names file, row, what was found and expected."""

    cause: Cause
    message: str


@dataclass(frozen=True, slots=True)
class Pointer:
    """A row of an evidence file, as a person counts rows there: the first line of the sheet is 1."""

    kind: str
    party: str
    file: str
    row: int | None


@dataclass(frozen=True, slots=True)
class HostPointer:
    """A line of a probe's output on a host, the first line is 1."""

    host: str
    probe: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One exception in a population, or one note beside a verdict.

    `sources` holds at most 20 pointers, the population row's own first; `more` counts the rest.
    """

    key: str
    message: str
    values: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    sources: tuple[Pointer | HostPointer, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know that never changes a verdict."""

    key: str
    message: str


@dataclass(frozen=True, slots=True)
class EvidenceRef:
    """What a verdict rests on: the evaluated file inside the bundle and its digest (contract section 5)."""

    kind: str
    file: str
    sha256: str
    rows: int
    period: str | None
    grade: Grade


@dataclass(frozen=True, slots=True)
class HostRef:
    """The facts of one host that a verdict rests on; origin is ssh or file."""

    host: str
    probe: str
    sha256: str
    origin: str


NARROWED: Final = "only the smaller claim was decided"
"""What the reason of a result says that rests on a smaller claim than its control's."""


@dataclass(frozen=True, slots=True)
class Result:
    """One line of results.ndjson; the fields stand in the order of the contract."""

    control: str
    subject: str
    verdict: Verdict
    severity: Severity
    reason: str
    cause: Cause | None
    grade: Grade | None
    population: int | None
    exceptions: int | None
    params: Mapping[str, Any]
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    evidence: tuple[EvidenceRef | HostRef, ...] = ()
    attested: Mapping[str, Any] | None = None
    waiver: Mapping[str, Any] | None = None

    @property
    def narrowed(self) -> bool:
        """Whether less than the control's requirement was decided."""
        return f"{NARROWED}: " in self.reason

    def line(self) -> str:
        """This result as one canonical JSON line: keys in contract order, no spare white space, ends in LF."""
        text = json.dumps(plain(self), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        for mark in ("\u0085", "\u2028", "\u2029"):
            text = text.replace(mark, f"\\u{ord(mark):04x}")
        return text + "\n"


def plain(value: Any) -> Any:
    """`value` as lists, dicts, text, integers and booleans, ready for JSON; a TypeError for a float."""
    if isinstance(value, float):
        msg = f"a float ({value}) has no place in a result; use an integer or a decimal string"
        raise TypeError(msg)
    if isinstance(value, StrEnum):
        return value.value
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class Param:
    """A number, word or list that a profile may set.

    `range` holds the least and greatest value allowed, both included; `allowed` the words. `basis` is law, standard,
    advisory or house; `source` the citation. `pseudonym` names the domain in which its entries are hidden, where it
    lists identifiers.
    """

    name: str
    value: Any
    unit: str
    basis: str
    source: str = ""
    range: tuple[int, int] | None = None
    allowed: tuple[Any, ...] | None = None
    pseudonym: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """The function that decides a control: what it reads (kind -> columns), and for which claim.

    `claim` is None for the full requirement, else the smaller claim that this check proves when only its columns are
    there. `roles` is None for the organisation, else the host roles the check is about, and `facts` what it reads of a
    host: the names of its arguments. `copies`: kind -> the parties whose own copy it reads, where it is not enough to
    read the one that counts.
    """

    function: Any
    needs: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]]
    claim: str | None
    roles: tuple[str, ...] | None
    line: int
    facts: tuple[str, ...] = ()
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Control:
    """One testable requirement, as its decorator declares it; `fault` says why its file could not be used."""

    id: str
    title: str
    severity: Severity
    requirement: str
    decisions: tuple[str, ...]
    params: Mapping[str, Param]
    maps: Mapping[str, tuple[str, ...]]
    remedy: str
    typical_exception: str
    finding_note: str
    applies: Mapping[str, tuple[str, ...]]
    checks: tuple[Check, ...]
    domain: str
    path: str
    sha256: str
    fault: Fault | None = None
