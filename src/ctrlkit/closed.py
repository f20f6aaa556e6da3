"""A closed run as reporters see it: its results, and what it says beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
class Run:
    """A closed run, as reporters see it.

    `as_of` is RFC 3339 UTC text. `counts` holds one number per verdict, in Verdict order. `sample` marks the shipped
    sample packs, `self_check` a run that no client asked for. `unused` lists files of the pack that nothing read.
    `left_out` are controls that ctrlkit knows and this run was not asked for, `matches` compare the lists of
    people, `waivers` are all that the client gave.
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
