"""Gathering: from the files of the packs, or from a bundle, to what every selected control can read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ctrlkit import assemble, canary, canvas, envelope, identities, plan, reconciliation, rostered, sweep
from ctrlkit.assemble import Evidence, Source
from ctrlkit.canary import Canary
from ctrlkit.case import Case
from ctrlkit.errors import AuthorError
from ctrlkit.ingest import ingest
from ctrlkit.ingested import Ingested
from ctrlkit.kind import Kind
from ctrlkit.model import Cause, Fault, Grade, plain
from ctrlkit.pack import PackSource
from ctrlkit.plan import Handed
from ctrlkit.privacy import EngagementKey
from ctrlkit.reader import sha256
from ctrlkit.scope import Ties
from ctrlkit.signs import signs
from ctrlkit.stock import Stock
from ctrlkit.weighing import days_covered, weigh

Listen = Callable[[str], None]


def from_packs(
    case: Case,
    key: EngagementKey,
    work: Path,
    listen: Listen = lambda _: None,
    wanted: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, tuple[Evidence, ...]]:
    """Kind -> its evidence, the client's before the vendor's; only files and columns that a selected check reads.

    `wanted` names other kinds and columns than those.
    """
    if wanted is None:
        wanted = plan.columns_read([case.stock.controls[id_] for id_ in case.ids])
    reader = _Reader(case, work, listen, sum(s.kind in wanted for p in case.packs for s in p.sources))
    ties = _ties(case, reader, wanted)
    gathered: dict[str, tuple[Evidence, ...]] = {}
    for name, columns in wanted.items():
        kind = case.stock.kinds[name]
        if name == envelope.META:
            gathered[name] = _envelopes(case, reader, columns, key, work)
            continue
        found = []
        for party in ("client", "vendor"):
            read = [reader.read(s) for p in case.packs for s in p.sources if s.kind == name and p.party == party]
            if read:
                read = _identified(case, reader, party, kind, read, work)
            if name == rostered.KIND:
                made = rostered.joined([i for i, _ in read], kind, work / "rostered")
                read = [(i, s) for i, (_, s) in zip(made, read, strict=True)]
            if read:
                target = work / "evidence" / party
                pairs = [(i, _source(s, i, kind, key)) for i, s in read]
                held = assemble.assemble(
                    kind, pairs, columns, case.engagement, key, ties, target, clear=case.request.clear
                )
                canaries = [c for c in case.canaries if c.kind == name and party == "vendor"]
                found.append(canary.in_files(canaries, held, [i for i, _ in read], kind) if canaries else held)
        present = tuple(e for e in found if not _absent(e))
        if present or found:
            gathered[name] = present or tuple(found)
    return gathered


def _identified(  # noqa: PLR0913, PLR0917  (whose files, what they are, and what tells who is who)
    case: Case, reader: _Reader, party: str, kind: Kind, read: Sequence[tuple[Ingested, PackSource]], work: Path
) -> list[tuple[Ingested, PackSource]]:
    """The files, people in them named as the party's identity map names them, or as the other's where it has none."""
    every = [s for p in case.packs for s in p.sources]
    of_party = [s for s in every if s.party == party]
    own = of_party if any(s.kind == "identity_map" for s in of_party) else every
    maps, rosters = ([reader.read(s)[0] for s in own if s.kind == kind] for kind in ("identity_map", "roster"))
    told = identities.known(maps, rosters) if maps else None
    return [(identities.resolved(i, kind, told, work / "people") if told else i, s) for i, s in read]


def _envelopes(
    case: Case, reader: _Reader, columns: Sequence[str], key: EngagementKey, work: Path
) -> tuple[Evidence, ...]:
    """What the parties list of their files beside what was read of them; where nobody does, the list made here."""
    kinds, terms = case.stock.kinds, case.engagement
    sources = [s for p in case.packs for s in p.sources]
    read = [reader.read(s) for s in sources if s.kind != envelope.META]
    lists = [reader.read(s) for s in sources if s.kind == envelope.META]
    found = []
    for party in ("client", "vendor"):
        files = envelope.files_of(read, kinds, party)
        own = [(envelope.unlisted(i, files), _source(s, i, kinds[s.kind], key)) for i, s in lists if s.party == party]
        if own:
            target, known = work / "evidence" / party, partial(envelope.compared, files=files)
            found.append(
                assemble.assemble(kinds[envelope.META], own, columns, terms, key, Ties(None, None), target, known=known)
            )
    if found:
        return tuple(found)
    own = [envelope.made(read, kinds[envelope.META], key.commitment, case.as_of.instant, work / "made")]
    files = envelope.files_of(read, kinds, "vendor", key.commitment)
    known, target = partial(envelope.compared, files=files), work / "evidence" / "vendor"
    made = assemble.assemble(kinds[envelope.META], own, columns, terms, key, Ties(None, None), target, known=known)
    return (made,)


def originals(case: Case, kinds: Collection[str], work: Path, listen: Listen) -> list[tuple[Ingested, PackSource]]:
    """Every file of these kinds in the packs, read."""
    sources = [source for p in case.packs for source in p.sources if source.kind in kinds]
    reader = _Reader(case, work, listen, len(sources))
    return [reader.read(source) for source in sources]


def _absent(evidence: Evidence) -> bool:
    return evidence.csv is None and all(f.cause is Cause.MISSING for f in evidence.faults) and not evidence.bad_rows


class _Reader:
    """Reads each file of the packs once; `total` is how many there will be, as far as is known."""

    def __init__(self, case: Case, work: Path, listen: Listen, total: int) -> None:
        self._case = case
        self._work = work / "read"
        self._listen = listen
        self._total = total
        self._seen: dict[tuple[str, str, str, str], Ingested] = {}

    def read(self, source: PackSource) -> tuple[Ingested, PackSource]:
        where = (source.party, source.kind, source.file, str(source.sheet))
        if where not in self._seen:
            number = len(self._seen) + 1
            self._listen(f"reading {number} of {max(number, self._total)}: {source.file} …")
            case = self._case
            self._seen[where] = ingest(
                source, case.stock.kinds[source.kind], adapters=case.stock.adapters, zone=case.engagement.time_zone,
                as_of_date=case.as_of.date, cache=case.request.cache, work=self._work,
            )  # fmt: skip
        return self._seen[where], source


def _ties(case: Case, reader: _Reader, wanted: Mapping[str, Sequence[str]]) -> Ties:
    asked = "client_is_owners" in wanted.get("accounts", ())
    if not (asked or case.engagement.scope_clients or case.engagement.scope_sites):
        return Ties(None, None)
    sources = [s for p in case.packs if p.party == "vendor" for s in p.sources]
    roster, accounts = ([reader.read(s)[0] for s in sources if s.kind == name] for name in ("roster", "accounts"))
    return assemble.ties_of(roster, accounts, case.stock.kinds)


def _source(source: PackSource, read: Ingested, kind: Kind, key: EngagementKey) -> Source:
    return Source(
        file=read.file, party=read.party, adapter=read.adapter, grade=read.grade,
        commitment=key.commitment(read.sha256) if read.sha256 else "", rows=read.rows, bad_rows=read.bad_rows,
        first=read.first, last=read.last, exported_at=_utc(source.exported_at),
        exported_by=_hidden(source.exported_by, key),
        control_total=source.rows,
        maps=sweep.maps(source, kind, key), notes=read.notes,
    )  # fmt: skip


def _hidden(person: str | None, key: EngagementKey) -> str | None:
    return key.pseudonym("person", person.strip().casefold()) if person else None


def _utc(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None


def hand(case: Case, gathered: Mapping[str, Sequence[Evidence]], work: Path) -> dict[str, Handed]:
    """Kind -> the evidence that counts (the client's where both handed it in), weighed under this case."""
    handed = {}
    apart = plan.copies_read([case.stock.controls[id_] for id_ in case.ids])
    for name, copies in gathered.items():
        chosen, *others = copies
        kind = case.stock.kinds[name]
        frame = _canvas(chosen, kind, work, case.engagement.time_zone)
        faults = weigh(chosen, frame, kind, case.profile, case.engagement, case.as_of)
        notes = tuple(reconciliation.copies(chosen, other, kind) for other in others)
        if chosen.party == "vendor" and kind.party == "client":
            notes = (*notes, f"{name}: came from the vendor, though it is the client's own evidence")
        notes = (*notes, *days_covered(kind, frame, case.engagement, case.as_of))
        notes = (*notes, *signs(chosen, frame, kind, case.engagement))
        derived = {c.name: c.of or "" for c in kind.derived.values()}
        handed[name] = Handed(chosen, frame, faults, notes, derived)
        for copy in (c for c in copies if (name, c.party) in apart):
            table = plan.copy_of(name, copy.party)
            if table in case.stock.kinds:
                msg = (
                    f"{table} is a kind of its own; a check cannot ask for the {copy.party}'s copy of {name} beside it"
                )
                raise AuthorError(msg)
            frame = _canvas(copy, kind, work, case.engagement.time_zone, table)
            faults = weigh(copy, frame, kind, case.profile, case.engagement, case.as_of)
            handed[table] = Handed(copy, frame, faults, derived_from=derived)
    return handed


def _canvas(evidence: Evidence, kind: Kind, work: Path, zone: str, table: str = "") -> canvas.Canvas | None:
    if evidence.csv is None:
        return None
    folder = work / "frames"
    folder.mkdir(exist_ok=True)
    return canvas.prepare(evidence.csv, kind, evidence.columns, folder / f"{table or kind.name}.parquet", zone)


def described(evidence: Evidence) -> dict[str, Any]:
    """What a bundle keeps of a kind beside its CSV, ready for JSON."""
    said: dict[str, Any] = plain(replace(evidence, csv=None, problems=None, clear=None))
    return {k: v for k, v in said.items() if k not in ("csv", "problems", "clear", "withheld")}


def from_bundle(folder: Path, run: Mapping[str, Any]) -> dict[str, tuple[Evidence, ...]]:
    """The evidence of a verified bundle and its run.json; a kind that is committed to and not carried is withheld."""
    gathered: dict[str, list[Evidence]] = {}
    for said in run["evidence"]:
        evidence = _evidence_from(said)
        csv = folder / evidence.path
        held = csv.is_file()
        problems = csv.with_name(f"{evidence.kind}.problems.ndjson")
        evidence = replace(
            evidence,
            csv=csv if held else None,
            sha256=sha256(csv) if held else evidence.sha256,
            withheld=bool(evidence.sha256) and not held,
            problems=problems if problems.is_file() else None,
        )
        gathered.setdefault(evidence.kind, []).append(evidence)
    return {kind: tuple(copies) for kind, copies in gathered.items()}


def looked_through(
    gathered: Mapping[str, tuple[Evidence, ...]], canaries: Sequence[Canary], shelf: Stock, key: EngagementKey | None
) -> dict[str, tuple[Evidence, ...]]:
    """The evidence of a bundle, the vendor's looked through for the client's canaries."""

    def one(evidence: Evidence) -> Evidence:
        ours = [c for c in canaries if c.kind == evidence.kind and evidence.party == "vendor"]
        hide = key.pseudonym if key is not None else None
        return canary.in_bundle(ours, evidence, shelf.kinds[evidence.kind], hide) if ours else evidence

    return {kind: tuple(map(one, copies)) for kind, copies in gathered.items()}


def _evidence_from(said: Mapping[str, Any]) -> Evidence:
    return Evidence(
        kind=said["kind"], party=said["party"],
        sources=tuple(Source(**{**s, "grade": Grade(s["grade"]), "notes": tuple(s["notes"])}) for s in said["sources"]),
        columns=tuple(said["columns"]), rows=said["rows"], bad_rows=said["bad_rows"], outside=said["outside"],
        faults=tuple(Fault(Cause(f["cause"]), f["message"]) for f in said["faults"]), notes=tuple(said["notes"]),
        sha256=said["sha256"], replaced=tuple(said["replaced"]),
    )  # fmt: skip
