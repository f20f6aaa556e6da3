"""What is to be decided: a line per selected control and subject, with the check that can decide it or why none can."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ctrlkit import hosts
from ctrlkit.assemble import Evidence
from ctrlkit.canvas import Canvas
from ctrlkit.engagement import AsOf, Engagement
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.hosts import Machine
from ctrlkit.model import ORGANISATION, Cause, Check, Control, Fault, Grade, Verdict
from ctrlkit.profile import Profile, effective

_EMPTY = {Cause.EMPTY, Cause.DECLARED_EMPTY}


@dataclass(frozen=True, slots=True)
class Handed:
    """One kind as it was handed in: the evidence that counts, its frame, and everything that is wrong with it."""

    evidence: Evidence
    canvas: Canvas | None
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    derived_from: Mapping[str, str] = field(default_factory=dict)

    def lacks(self, names: Collection[str]) -> list[str]:
        """Those of the columns that it lacks."""
        return [n for n in names if n not in self.evidence.columns]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the books: a control and a subject, its parameters, and how it is decided.

    `check` decides it, over `tables` (kind -> columns, None: an optional kind that is not read). Where no check can,
    `verdict` and `faults` say what stands instead. A line about a host has its `machine` and the names of the `facts`
    that its check looks at.
    """

    control: Control
    subject: str
    params: Mapping[str, Any]
    check: Check | None = None
    tables: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)
    verdict: Verdict | None = None
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    machine: Machine | None = None
    facts: tuple[str, ...] = ()


def select(profile: Profile, wanted: Collection[str], controls: Mapping[str, Control]) -> tuple[str, ...]:
    """The ids of the profile's controls that `wanted` (ids or domains) names; all of them where it names none."""
    if not wanted:
        return profile.controls
    domains = {controls[id_].domain for id_ in profile.controls}
    chosen: set[str] = set()
    for word in wanted:
        ids = {id_ for id_ in profile.controls if id_ == word.upper() or controls[id_].domain == word.lower()}
        if not ids:
            near = did_you_mean(word, [*profile.controls, *sorted(domains)])
            msg = f"--select {word}: profile {profile.name} has no such control or domain{near}; see list controls"
            raise InputError(msg)
        chosen |= ids
    return tuple(sorted(chosen))


def columns_read(controls: Collection[Control]) -> dict[str, list[str]]:
    """Kind -> columns that some check of these controls reads; the least that has to be read at all."""
    wanted: dict[str, dict[str, None]] = {}
    for control in controls:
        for check in control.checks:
            for reads in (check.needs, check.optional):
                for kind, names in reads.items():
                    wanted.setdefault(kind, {}).update(dict.fromkeys(names))
    return {kind: list(names) for kind, names in sorted(wanted.items())}


def copies_read(controls: Collection[Control]) -> set[tuple[str, str]]:
    """The kinds, with a party, whose own copy of that party some check of these controls reads."""
    checks = [check for control in controls for check in control.checks]
    return {(kind, party) for check in checks for kind, parties in check.copies.items() for party in parties}


def copy_of(kind: str, party: str) -> str:
    """What one party's own copy of a kind is called, beside the kind itself, which is the copy that counts."""
    return f"{party}_{kind}"


def needed(check: Check) -> dict[str, tuple[str, ...]]:
    """Table -> columns that a check cannot do without; a table is a kind, or one party's copy of it."""
    return {table: names for kind, names in check.needs.items() for table in _tables(check, kind)}


def _tables(check: Check, kind: str) -> tuple[str, ...]:
    return tuple(copy_of(kind, party) for party in check.copies.get(kind, ())) or (kind,)


def draw(  # noqa: PLR0913, PLR0917  (all of them decide)
    ids: Collection[str],
    controls: Mapping[str, Control],
    handed: Mapping[str, Handed],
    declared_empty: Mapping[str, str],
    profile: Profile,
    engagement: Engagement,
    as_of: AsOf,
    machines: Mapping[str, Machine] = MappingProxyType({}),
) -> tuple[Line, ...]:
    """One line per control and subject, in the order of the results.

    A control about hosts has a line for each of the `machines`, beside its organisation line where it has a file side;
    with no host at all and no file side, one line of the organisation that says so.
    """
    lines: list[Line] = []
    for control in (controls[id_] for id_ in sorted(ids)):
        on_host = [check for check in control.checks if check.roles is not None]
        if not on_host or any(check.roles is None for check in control.checks) or control.fault is not None:
            lines.append(_line(control, handed, declared_empty, profile, engagement, as_of))
        elif not machines:
            nothing = Fault(Cause.MISSING, "no host: none is in an inventory and no facts of one were handed in")
            empty = Line(control, ORGANISATION, effective(profile, control))
            excluded = _excluded(control, engagement, as_of)
            lines.append(
                _decided(empty, Verdict.NOT_APPLICABLE, excluded)
                if excluded
                else _decided(empty, Verdict.INCONCLUSIVE, nothing)
            )
        if control.fault is None:
            lines += [
                _of_host(control, on_host, m, profile, engagement, as_of)
                for _, m in sorted(machines.items())
                if on_host
            ]
    return tuple(lines)


def _of_host(  # noqa: PLR0913, PLR0917  (all of them decide)
    control: Control,
    checks: Sequence[Check],
    machine: Machine,
    profile: Profile,
    engagement: Engagement,
    as_of: AsOf,
) -> Line:
    line = Line(control, machine.subject, effective(profile, control), notes=machine.notes, machine=machine)
    excluded = _excluded(control, engagement, as_of)
    if excluded is not None:
        return _decided(line, Verdict.NOT_APPLICABLE, excluded)
    fitting = [check for check in checks if set(machine.roles) & set(check.roles or ())]
    if machine.listed and machine.roles and not fitting:
        roles = [role for check in checks for role in check.roles or ()]
        words = f"for hosts that are {' or '.join(roles)}; {machine.name} is {' and '.join(machine.roles)}"
        return _decided(line, Verdict.NOT_APPLICABLE, Fault(Cause.ROLE, words))
    fault = hosts.fault_of(machine, profile, as_of) or _torn(machine, fitting)
    needed = profile.grade_needed(control.id)
    if fault is None and machine.grade.weakness > needed.weakness:
        fault = Fault(
            Cause.WEAK_SOURCE, f"{machine.name}: is of grade {machine.grade}, the profile asks for {needed} or better"
        )
    if fault is not None:
        return _decided(line, Verdict.INCONCLUSIVE, fault)
    (check,) = fitting
    notes = line.notes
    if machine.ports and "host" in inspect.signature(check.function).parameters:
        notes += (f"{machine.name}: the inventory lets it open {', '.join(map(str, machine.ports))} besides",)
    return replace(line, check=check, facts=tuple(n for n in check.facts if n in machine.facts), notes=notes)


def _torn(machine: Machine, fitting: Sequence[Check]) -> Fault | None:
    """A host of two roles that a control asks different things: the answer to one of them would be green for both."""
    if len(fitting) <= 1:
        return None
    asked = " and ".join(" or ".join(role for role in check.roles or () if role in machine.roles) for check in fitting)
    words = f"{machine.name}: is {asked}, of which this control asks different things; give it one of these roles"
    return Fault(Cause.UNDECIDED, words)


def _line(  # noqa: PLR0913, PLR0917  (all of them decide)
    control: Control,
    handed: Mapping[str, Handed],
    declared_empty: Mapping[str, str],
    profile: Profile,
    engagement: Engagement,
    as_of: AsOf,
) -> Line:
    line = Line(control, ORGANISATION, effective(profile, control))
    if control.fault is not None:
        return _decided(line, Verdict.ERROR, control.fault)
    excluded = _excluded(control, engagement, as_of)
    if excluded is not None:
        return _decided(line, Verdict.NOT_APPLICABLE, excluded)
    check = _choose(control, handed)
    if check is None:
        return _decided(
            line, Verdict.ERROR, Fault(Cause.DID_NOT_RUN, "no check of this control is about the organisation")
        )
    first = next(iter(check.needs), "")
    by_kind: dict[str, list[Fault]] = {}
    for kind, names in check.needs.items():
        by_kind[kind] = []
        for table in _tables(check, kind):
            by_kind[kind] += _wanting(kind, table, names, handed.get(table), declared_empty, engagement)
            by_kind[kind] += _too_weak(kind, handed.get(table), profile.grade_needed(control.id))
    faults = [fault for found in by_kind.values() for fault in found]
    empty_kinds = {kind for kind, found in by_kind.items() if any(f.cause in _EMPTY for f in found)}
    empty = [f for f in faults if f.cause in _EMPTY]
    if faults and len(empty) == len(faults) and first in empty_kinds and first in engagement.may_be_empty:
        return _decided(line, Verdict.NOT_APPLICABLE, *empty)
    if faults:
        return _decided(line, Verdict.INCONCLUSIVE, *sorted(faults, key=lambda f: f.cause.rank))
    return _with_optional(replace(line, check=check, tables=needed(check)), check, handed, profile)


def _with_optional(line: Line, check: Check, handed: Mapping[str, Handed], profile: Profile) -> Line:
    """The line with the optional evidence that can be believed; what is there and cannot be is noted."""
    tables = dict(line.tables)
    notes: list[str] = []
    for kind, names in check.optional.items():
        there = handed.get(kind)
        if kind in check.needs:
            tables |= {t: (*check.needs[kind], *_held(handed.get(t), names)) for t in _tables(check, kind)}
            continue
        weak = _too_weak(kind, there, profile.grade_needed(line.control.id))
        why = None if there is None else _not_read(there, weak)
        tables[kind] = _held(there, names) if there is not None and why is None else None
        notes += [f"not read: {why}"] if why is not None else []
    return replace(line, tables=tables, notes=tuple(notes))


def _held(there: Handed | None, names: Collection[str]) -> tuple[str, ...]:
    return tuple(n for n in names if there is not None and n in there.evidence.columns)


def _not_read(there: Handed, weak: Sequence[Fault]) -> str | None:
    """Why optional evidence is set aside; None where it can be read."""
    faults = (*there.faults, *weak)
    if faults:
        return faults[0].message
    kind, bad = there.evidence.kind, there.evidence.bad_rows
    if bad or there.canvas is None:
        return f"{kind}: {bad} rows could not be read"
    return None


def _decided(line: Line, verdict: Verdict, *faults: Fault) -> Line:
    return replace(line, verdict=verdict, faults=faults)


def _excluded(control: Control, engagement: Engagement, as_of: AsOf) -> Fault | None:
    deferral = engagement.deferral(control.id, as_of.date)
    if deferral is not None:
        return Fault(Cause.DEFERRED, f"deferred by the client until {deferral.until}: {deferral.why}")
    countries = control.applies.get("countries", ())
    if countries and engagement.country not in countries:
        return Fault(Cause.SCOPE, f"asked for in {', '.join(countries)}, the engagement is in {engagement.country}")
    features = control.applies.get("features", ())
    if features and not any(engagement.involves(feature) for feature in features):
        return Fault(Cause.SCOPE, f"only for work with {' or '.join(features)}, which the engagement does not name")
    return None


def _choose(control: Control, handed: Mapping[str, Handed]) -> Check | None:
    """The check of the full requirement; of a smaller claim only where the pack holds no more than that claim reads.

    So taking a column or a file out of a full pack makes the control inconclusive, and never quietly smaller.
    """
    checks = [c for c in control.checks if c.roles is None]
    full = next((c for c in checks if c.claim is None), None)
    if full is None or not _lacking(full, handed):
        return full
    for check in checks:
        if check.claim is None or _lacking(check, handed):
            continue
        less = needed(check)
        more = {(t, n) for t, names in needed(full).items() for n in names if n not in less.get(t, ())}
        # a kind of which nothing could be read was handed in all the same
        if not any(t in handed and (t not in less or n in handed[t].evidence.columns) for t, n in more):
            return check
    return full


def _lacking(check: Check, handed: Mapping[str, Handed]) -> list[str]:
    tables = needed(check)
    lacking = [table for table in tables if table not in handed]
    return lacking + [n for table, names in tables.items() if table in handed for n in handed[table].lacks(names)]


def _wanting(  # noqa: PLR0913, PLR0917  (all of them decide)
    kind: str,
    table: str,
    names: Collection[str],
    there: Handed | None,
    declared_empty: Mapping[str, str],
    engagement: Engagement,
) -> list[Fault]:
    """What keeps a check from reading these columns of a kind, or of one party's copy of it."""
    if kind in declared_empty and table != copy_of(kind, "client") and (there is None or _holds_nothing(there)):
        who = "accepted by the client" if kind in engagement.may_be_empty else "the client does not accept it as empty"
        return [Fault(Cause.DECLARED_EMPTY, f"{kind}: declared empty ({declared_empty[kind]}); {who}")]
    if there is None:
        whose = "" if table == kind else f"the {table.removesuffix(f'_{kind}')}'s own copy was "
        return [Fault(Cause.MISSING, f"{kind}: {whose}not handed in")]
    faults = list(there.faults)
    if there.canvas is not None and not any(f.cause in {Cause.MALFORMED, Cause.EMPTY} for f in faults):
        lacking = dict.fromkeys(there.derived_from.get(name, name) for name in there.lacks(names))
        faults += [Fault(Cause.MISSING, f"{kind}: no source holds {name}") for name in lacking]
    return faults


def _holds_nothing(there: Handed) -> bool:
    """Whether its files are empty and nothing else: a broken file is not made empty by a declaration."""
    evidence = there.evidence
    return not (evidence.rows or evidence.bad_rows) and all(f.cause in _EMPTY for f in evidence.faults)


def _too_weak(kind: str, there: Handed | None, needed: Grade) -> list[Fault]:
    if there is None or not there.evidence.sources or there.evidence.grade.weakness <= needed.weakness:
        return []
    return [
        Fault(Cause.WEAK_SOURCE, f"{kind}: is of grade {there.evidence.grade}, the profile asks for {needed} or better")
    ]
