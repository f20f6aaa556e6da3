"""A run, from a case to a sealed bundle, written as the list of its steps."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date
from importlib import metadata
from pathlib import Path

from ctrlkit import (
    books,
    bundle,
    gather,
    hosts,
    key_change,
    keyring,
    papers,
    plan,
    plots,
    predecessor,
    progress,
    reconciliation,
    retention,
)
from ctrlkit.assemble import Evidence
from ctrlkit.carried import Carried
from ctrlkit.case import Case
from ctrlkit.closed import Accepted, Run
from ctrlkit.comparison import Book
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.evaluate import Child
from ctrlkit.gather import Listen
from ctrlkit.hosts import Machine
from ctrlkit.job import decide
from ctrlkit.literal import MICRO
from ctrlkit.model import Cause, Fault, Result, Verdict
from ctrlkit.payload import fill, slug
from ctrlkit.plan import Handed, Line
from ctrlkit.privacy import EngagementKey
from ctrlkit.scan import told
from ctrlkit.strict_yaml import shown
from ctrlkit.waiver import Waiver


def run(case: Case, child: Child, listen: Listen = lambda _: None) -> Run:
    """Evaluate the case and seal its bundle under the folder asked for; the Run says where."""
    key = case.key()
    if key.created:
        listen(f"a new engagement key was made: {key.origin}; keep it, the pseudonyms of this engagement hang on it")
    carried = carried_of(case, key)
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as folder:
        work = Path(folder)
        gathered = gather.from_packs(case, key, work, listen)
        listen(f"judging {len(case.ids)} controls and sealing …")
        return judged(case, gathered, carried, child, work, key)


def hand_over(case: Case, listen: Listen = lambda _: None) -> tuple[Path, tuple[Line, ...], tuple[str, ...]]:
    """Seal the packs' evidence, projected and pseudonymised, unjudged; the bundle, and what stands in the way.

    The lines are those of the controls that this evidence could not decide; the texts say which identifiers stood where
    none belong.
    """
    key = case.key()
    carried = carried_of(case, key)
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as folder:
        work = Path(folder)
        gathered = gather.from_packs(case, key, work, listen)
        lines = _lines(case, gather.hand(case, gathered, work), carried, key)
        closed = replace(summed(case, (), carried), identifiers=_identifiers(carried, gathered))
        path = seal(case, closed, gathered, lines, carried, verdicts=False)
        return path, tuple(line for line in lines if line.verdict is Verdict.INCONCLUSIVE), closed.identifiers


def carried_of(case: Case, key: EngagementKey) -> Carried:
    """What the packs of a case hold beside the rows."""
    return Carried(
        declared_empty={kind: why for p in case.packs for kind, why in p.empty.items()},
        vendor=case.packs[0].vendor,
        unused=tuple(told(name) for p in case.packs for name in p.unused),
        proposed=tuple(name for p in case.packs for name in p.proposed),
        documents=papers.own(case, key),
        identifiers=papers.identifiers(case),
        machines=machines_of(case, key),
        key_id=key.id,
    )


def machines_of(case: Case, key: EngagementKey) -> Mapping[str, Machine]:
    """The hosts of the case by name, where a selected control is about hosts."""
    if not any(check.roles is not None for id_ in case.ids for check in case.stock.controls[id_].checks):
        return {}
    book, probes, nonce = case.inventory, case.stock.probes, case.engagement.nonce
    machines = hosts.merged([hosts.from_folder(p.folder, book, probes, nonce, key.pseudonym) for p in case.packs])
    wanted = set(case.request.limit)
    known = {*machines, *(role for machine in machines.values() for role in machine.roles)}
    for word in sorted(wanted - known):
        near = did_you_mean(word, sorted(known))
        msg = f"--limit: found {shown(word)}, expected the name or a role of a host{near}; see the inventory"
        raise InputError(msg)
    return {name: m for name, m in machines.items() if not wanted or name in wanted or wanted & set(m.roles)}


def judged(  # noqa: PLR0913, PLR0917  (all of them decide)
    case: Case,
    gathered: Mapping[str, Sequence[Evidence]],
    carried: Carried,
    child: Child,
    work: Path,
    key: EngagementKey | None,
) -> Run:
    """The closed and sealed run over evidence that has been gathered."""
    if case.request.previous:
        gathered = _followed_up(case, gathered, carried, work, key)
    results, lines, handed = results_of(case, gathered, carried, child, work, key)
    matches = reconciliation.matches(handed, case.stock.kinds)
    closed = replace(summed(case, results, carried), matches=matches, identifiers=_identifiers(carried, gathered))
    closed = _with_sights(case, closed, lines, handed)
    return replace(closed, bundle=str(seal(case, closed, gathered, lines, carried)))


def _followed_up(
    case: Case, gathered: Mapping[str, Sequence[Evidence]], carried: Carried, work: Path, key: EngagementKey | None
) -> Mapping[str, Sequence[Evidence]]:
    """The evidence with the client's own list of findings: those of earlier bundles, and what this run says of them.

    So all else is judged first, in a child of its own; the controls that read the list are judged with it afterwards.
    """
    before = [case.request.cwd / path for path in case.request.previous]
    looks = predecessor.looks(before, carried.vendor, carried.key_id, case.as_of.date, _follow(case, key))
    others = tuple(id_ for id_ in case.ids if not _reads_findings(case, id_))
    place = work / "before"
    place.mkdir()
    child = Child()
    try:
        results, *_ = results_of(replace(case, ids=others), gathered, carried, child, place, key)
    finally:
        child.end()
    now = predecessor.look_of(results, case.as_of.date, "this run")
    made_at = case.as_of.instant.strftime("%Y-%m-%dT%H:%M:%SZ")
    made = predecessor.evidence(looks, now, made_at, place)
    copies = [e for e in gathered.get(predecessor.KIND, ()) if e.party != "client"]
    return {**gathered, predecessor.KIND: (made, *copies)}


def _follow(case: Case, key: EngagementKey | None) -> Callable[[Book], Book]:
    """What leads an earlier bundle's book to this run's key, where the key was changed in between."""
    cwd, asked = case.request.cwd, case.request
    pinned = keyring.load(cwd / asked.vendor_key) if asked.vendor_key is not None else ()
    held = () if key is None else (key,)
    changes = [key_change.load(cwd / path, held, pinned) for path in asked.rekey]
    return lambda book: key_change.followed(book, changes)


def _reads_findings(case: Case, id_: str) -> bool:
    return any(predecessor.KIND in check.needs for check in case.stock.controls[id_].checks)


def results_of(  # noqa: PLR0913, PLR0917  (all of them decide)
    case: Case,
    gathered: Mapping[str, Sequence[Evidence]],
    carried: Carried,
    child: Child,
    work: Path,
    key: EngagementKey | None,
) -> tuple[tuple[Result, ...], tuple[Line, ...], dict[str, Handed]]:
    """The closed books, the plan they close, and the evidence as it was handed to the checks.

    Nothing but the case, the evidence and the key decides them.
    """
    handed = gather.hand(case, gathered, work)
    lines = _lines(case, handed, carried, key)
    outcomes = decide(case, lines, handed, child, work)
    attestable = case.profile.attestable
    results = books.close(
        lines, outcomes, handed, case.engagement, case.as_of, case.waivers, case.attestations, attestable
    )
    said = tuple(_with_claim(result, carried) for result in results)
    return said, lines, handed


def _with_sights(case: Case, closed: Run, lines: Sequence[Line], handed: Mapping[str, Handed]) -> Run:
    """The run with what views show beside the verdicts: plots, since when findings are known, when files were made."""
    params = {line.control.id: line.params for line in lines}
    instant = int(case.as_of.instant.timestamp()) * MICRO
    followed = bool(case.request.previous)
    found = progress.of_findings(handed, params, closed.results, closed.controls, case.as_of.date, followed)
    opened = progress.opened(handed) if followed else None
    exported = {
        there.evidence.path: moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for there in handed.values()
        if (moment := there.evidence.exported_at) is not None
    }
    drawn = (*found, *plots.of_people(handed, params, instant))
    return replace(closed, plots=drawn, opened=opened, exported=exported)


def _lines(case: Case, handed: Mapping[str, Handed], carried: Carried, key: EngagementKey | None) -> tuple[Line, ...]:
    """The plan, its parameters hidden as evidence is."""
    drawn = plan.draw(
        case.ids,
        case.stock.controls,
        handed,
        carried.declared_empty,
        case.profile,
        case.engagement,
        case.as_of,
        carried.machines,
    )
    return tuple(_hidden(line, key, carried) for line in drawn)


def _with_claim(result: Result, carried: Carried) -> Result:
    """A result whose evidence stayed with the vendor says what the vendor's own run made of it."""
    claim = carried.claimed.get((result.control, result.subject))
    if result.cause is not Cause.WITHHELD or claim is None:
        return result
    return replace(result, reason=f"{result.reason}; the vendor's claim: {claim}")


def _hidden(line: Line, key: EngagementKey | None, carried: Carried) -> Line:
    """The line with parameters that list identifiers hidden as the identifiers are; undecided where nobody can."""
    params = dict(line.params)
    for name, param in line.control.params.items():
        value = params[name]
        where = (line.control.id, name)
        if param.pseudonym is None or not value:
            continue
        if key is not None:
            hidden = key.pseudonyms(param.pseudonym, {str(v).strip().casefold() for v in value})
            params[name] = tuple(sorted(hidden.values()))
        elif carried.clear.get(where) == value:
            params[name] = carried.hidden[where]
        else:
            params[name] = ()
            fault = Fault(Cause.WITHHELD, f"{name} names people, and their pseudonyms need the engagement key")
            line = replace(line, check=None, verdict=Verdict.INCONCLUSIVE, faults=(fault,))
    return replace(line, params=params)


def summed(case: Case, results: Sequence[Result], carried: Carried) -> Run:
    """The run as its reporters see it; the exit code is computed here and nowhere else."""
    terms = case.engagement
    code = books.exit_code(results, case.request.fail_on, sample=case.sample)
    return Run(
        version=metadata.version("ctrlkit"),
        profile=case.profile.name,
        profile_title=case.profile.title,
        engagement=terms.id,
        vendor=terms.vendor or carried.vendor,
        client=terms.client,
        country=terms.country,
        period=f"{terms.period.start}/{terms.period.end}",
        as_of=case.as_of.instant.strftime("%Y-%m-%dT%H:%M:%SZ"),
        sample=case.sample,
        self_check=terms.self_check,
        exit_code=code,
        counts=books.counts(results),
        results=tuple(results),
        controls={id_: case.stock.controls[id_] for id_ in case.ids},
        unused=carried.unused,
        proposed=carried.proposed,
        waivers=accepted(case.waivers, case.as_of.date),
        left_out=tuple(sorted({*case.stock.controls} - {*case.ids})),
    )


def _identifiers(carried: Carried, gathered: Mapping[str, Sequence[Evidence]]) -> tuple[str, ...]:
    """What looked like an identifier where none belongs, and what became of it, in words."""
    hosts_said = (text for machine in carried.machines.values() for text in machine.replaced)
    told = (text for copies in gathered.values() for evidence in copies for text in evidence.replaced)
    return tuple(dict.fromkeys((*carried.identifiers, *hosts_said, *told)))


def accepted(waivers: Sequence[Waiver], day: date) -> tuple[Accepted, ...]:
    """The waivers as views list them, on the as-of date."""
    return tuple(
        Accepted(w.control, w.subject, w.approved_by, w.expires.isoformat(), (w.expires - day).days) for w in waivers
    )


def seal(  # noqa: PLR0913  (all of them are sealed)
    case: Case,
    closed: Run,
    gathered: Mapping[str, Sequence[Evidence]],
    lines: Sequence[Line],
    carried: Carried,
    *,
    verdicts: bool = True,
) -> Path:
    """The bundle's folder, relative to where the run was asked for if it lies below; a handover has no `verdicts`."""
    stem = f"{slug(closed.profile)}-{slug(closed.vendor)}-{case.as_of.date}"
    info = {
        "Bagging-Date": case.as_of.date.isoformat(),
        "Bag-Software-Agent": f"ctrlkit {closed.version}",
        "External-Identifier": closed.engagement,
        "External-Description": f"{closed.profile} on {slug(closed.vendor)}" + (", SAMPLE" if closed.sample else ""),
    }
    if case.engagement.keep_until is not None:
        info[retention.LABEL] = case.engagement.keep_until.isoformat()
    out = case.request.out if case.request.out.is_absolute() else case.request.cwd / case.request.out
    folder = bundle.seal(
        out, stem, lambda data: fill(data, case, closed, gathered, lines, carried, verdicts=verdicts), info
    )
    return folder.relative_to(case.request.cwd) if folder.is_relative_to(case.request.cwd) else folder
