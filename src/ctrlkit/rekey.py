"""From one engagement key to the next: a bundle's findings made again under the new key, and paired with the old."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ctrlkit import bag, gather, inventory, originals, plan, predecessor, replay, run
from ctrlkit.case import Case
from ctrlkit.decision import digest
from ctrlkit.errors import InputError
from ctrlkit.evaluate import Child
from ctrlkit.key_change import KeyChange
from ctrlkit.model import EvidenceRef, Finding, Result
from ctrlkit.payload import INVENTORY
from ctrlkit.privacy import EngagementKey
from ctrlkit.written import result_from

_SHOWN: Final = 5
_PSEUDONYM: Final = re.compile(r"p_[a-z2-7]{16}")


def change(  # noqa: PLR0913, PLR0917  (two keys, the originals and a child to judge in)
    folder: Path,
    said: Mapping[str, Any],
    case: Case,
    old: EngagementKey,
    new: EngagementKey,
    child: Child,
    work: Path,
    now: datetime,
) -> KeyChange:
    """The change of key for the verified bundle in `folder`, whose originals lie in the packs of `case`.

    Only controls with findings are judged again. Raises InputError for a bundle without verdicts, where both keys are
    one, and where an original that these controls read is not here as it was judged.
    """
    path = folder / "data" / "results" / "results.ndjson"
    if not path.is_file():
        msg = f"{folder.name}: is a handover, which holds no findings to follow; expected the bundle of a run"
        raise InputError(msg)
    if old.id == new.id:
        msg = f"{new.origin}: is engagement key {new.id}, which the bundle was made under; expected the new key"
        raise InputError(f"{msg}; make one with ctrlkit keygen --kind engagement")
    before = [r for r in map(result_from, path.read_text("utf-8").splitlines()) if r.findings]
    pairs: dict[str, str] = {}
    asked = [r for r in before if not _is_about_findings(r, said)]
    ids = tuple(id_ for id_ in case.ids if any(r.control == id_ for r in asked))
    promised, every = originals.committed(said), originals.read(case, said, old, work / "old", lambda _: None)
    read, wrong = every
    if ids:
        case = replace(case, ids=ids, waivers=(), attestations=(), inventory=_inventory(folder))
        wanted = columns_judged(case, said)
        _check({place[2]: why for place, why in wrong.items() if place[0] in wanted})
        gathered = gather.from_packs(case, new, work / "new", wanted=wanted)
        carried = replay.carried_from(folder, said, case.stock)
        carried = replace(carried, claimed={}, key_id=new.id, machines=run.machines_of(case, new))
        after, *_ = run.results_of(case, gathered, carried, child, work / "new", new)
        now_there = {(r.control, r.subject): r for r in after}
        for result in asked:
            pairs.update(paired(result, now_there.get((result.control, result.subject))))
    pairs.update(_of_findings([r for r in before if r not in asked], pairs))
    there = [(s.kind, s.party, s.file, i.sha256) for i, s in read if i.sha256]
    renamed = {old.commitment(d): new.commitment(d) for k, p, f, d in there if old.commitment(d) in promised[k, p, f]}
    return KeyChange(
        made_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        vendor=said["vendor"],
        engagement=said["engagement"],
        bundle=folder.name,
        tagmanifest=hashlib.sha256((folder / bag.TAG_MANIFEST).read_bytes()).hexdigest(),
        old_key=old.id,
        new_key=new.id,
        findings=dict(sorted(pairs.items())),
        originals=dict(sorted(renamed.items())),
        not_followed=sum(f.key not in pairs for r in before for f in r.findings),
    )


def _inventory(folder: Path) -> inventory.Inventory | None:
    path = folder / "data" / INVENTORY
    return inventory.load(path) if path.is_file() else None


def columns_judged(case: Case, said: Mapping[str, Any]) -> dict[str, list[str]]:
    """Kind -> the columns that were judged, of the kinds that the controls of the case read."""
    read = plan.columns_read([case.stock.controls[id_] for id_ in case.ids])
    held: dict[str, list[str]] = {}
    for evidence in said["evidence"]:
        if evidence["kind"] in read and evidence["kind"] != predecessor.KIND:
            columns = held.setdefault(evidence["kind"], [])
            columns += [column for column in evidence["columns"] if column not in columns]
    return held


def _check(wrong: Mapping[str, str]) -> None:
    if wrong:
        told = "; ".join(f"{file} {why}" for file, why in sorted(wrong.items())[:_SHOWN])
        msg = f"findings are followed by their originals: {told}"
        raise InputError(f"{msg}; expected the files that the bundle commits to; give the pack that holds them: --with")


def _is_about_findings(result: Result, said: Mapping[str, Any]) -> bool:
    """Whether the result rests on the list that ctrlkit made of earlier bundles, which finding keys name."""
    made = any(
        e["kind"] == predecessor.KIND and e["party"] == "client" and not any(s["commitment"] for s in e["sources"])
        for e in said["evidence"]
    )
    read = {reference.kind for reference in result.evidence if isinstance(reference, EvidenceRef)}
    return made and predecessor.KIND in read


def paired(before: Result, after: Result | None) -> Iterator[tuple[str, str]]:
    """Old finding key -> new, of findings that are alike in all but their pseudonyms, and like no other."""
    if after is None:
        return
    one, other = _told(before.findings), _told(after.findings)
    yield from ((keys[0], other[like][0]) for like, keys in one.items() if len(keys) == len(other.get(like, ())) == 1)


def _told(findings: Sequence[Finding]) -> dict[tuple[Any, ...], list[str]]:
    """What a finding says without its pseudonyms -> the keys of those that say it."""
    found: dict[tuple[Any, ...], list[str]] = {}
    for finding in findings:
        values = [(name, _PSEUDONYM.sub("", str(value))) for name, value in finding.values.items()]
        like = (finding.sources, finding.more, _PSEUDONYM.sub("", finding.message), *values)
        found.setdefault(like, []).append(finding.key)
    return found


def _of_findings(about: Sequence[Result], pairs: Mapping[str, str]) -> dict[str, str]:
    """The findings about earlier findings, which are named by the keys of those."""
    made = {}
    for result in about:
        for finding in result.findings:
            named, mark, day = str(finding.values.get("finding_id", "")).partition("#")
            if named in pairs:
                said = (result.control, result.subject, predecessor.KIND, f"{pairs[named]}{mark}{day}")
                made[finding.key] = digest(*said)
    return made
