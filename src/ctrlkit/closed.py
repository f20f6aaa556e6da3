"""A closed run as reporters see it: its results, and what it says beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ctrlkit.model import Control, Pointer, Result


@dataclass(frozen=True, slots=True)
class Side:
    """One list of people in a match: which people of which kind, and how many of them stand only here.

    `doubles` are the rows beyond the first of a person, `nameless` those that name nobody. `where` points to the first
    20 people who stand only here; nowhere for a kind that does not travel.
    """

    kind: str
    who: str
    people: int
    only: int
    doubles: int
    nameless: int
    where: tuple[Pointer, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """How far two lists speak of the same people."""

    left: Side
    right: Side
    matched: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """A waiver of the client as views list it; `days_left` counts from the as-of date, below 0 where it has expired."""

    control: str
    subject: str
    approved_by: str
    expires: str
    days_left: int


@dataclass(frozen=True, slots=True)
class Series:
    """One row of a plot's figures, a whole number for each label; None where fewer than five people stand behind it.

    `tone` is what its colour says beside its name: good, bad, open, plain, or a severity.
    """

    name: str
    tone: str
    values: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """Figures that a person would rather look at than read; `says` is what they show, in sentences.

    `across` is what the labels are, `unit` what is counted. `limit` lies on the axis of values and has its words in
    `limit_says`. `rests_on` names the evidence. A plot without labels was not drawn, and `says` gives the reason.
    """

    name: str
    title: str
    says: str
    across: str = ""
    unit: str = ""
    labels: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    limit: int | None = None
    limit_says: str = ""
    rests_on: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """A closed run, as reporters see it.

    `as_of` is RFC 3339 UTC text. `counts` holds one number per verdict, in Verdict order. `sample` marks the shipped
    sample packs, `self_check` a run that no client asked for. `unused` lists files of the pack that nothing read.
    `left_out` are controls that ctrlkit knows and this run was not asked for, `matches` compare the lists of
    people, `waivers` are all that the client gave. `plots` show what the evidence says beyond the verdicts. `opened`:
    (control, finding key) -> the day, ISO 8601, of the first earlier bundle that has the finding; None where no bundle
    was given. `exported`: a file of evidence in the bundle -> when its oldest source was exported, RFC 3339 UTC.
    `identifiers` says in words what looked like an identifier of somebody where none belongs, and what became of it.
    """

    version: str
    profile: str
    profile_title: str
    engagement: str
    vendor: str
    client: str
    country: str
    period: str
    as_of: str
    sample: bool
    self_check: bool
    exit_code: int
    counts: Mapping[str, int]
    results: tuple[Result, ...]
    controls: Mapping[str, Control]
    unused: tuple[str, ...] = ()
    proposed: tuple[str, ...] = ()
    bundle: str = ""
    left_out: tuple[str, ...] = ()
    matches: tuple[Match, ...] = ()
    waivers: tuple[Accepted, ...] = ()
    plots: tuple[Plot, ...] = ()
    opened: Mapping[tuple[str, str], str] | None = None
    exported: Mapping[str, str] = field(default_factory=dict)
    identifiers: tuple[str, ...] = ()
