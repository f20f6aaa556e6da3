"""The originals behind a bundle, brought by whoever holds them and its key, and held to what the bundle commits to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ctrlkit import document, gather, pack
from ctrlkit.assemble import Evidence
from ctrlkit.case import SAMPLE_DOCUMENT, Case
from ctrlkit.errors import InputError
from ctrlkit.gather import Listen
from ctrlkit.ingested import Ingested
from ctrlkit.pack import Pack
from ctrlkit.pack_source import PackSource
from ctrlkit.privacy import EngagementKey

Place = tuple[str, str, str]
"""Kind, party and file of an original."""


def packs(folders: Sequence[Path], case: Case, vendor: str) -> tuple[Pack, ...]:
    """The packs in `folders`, else the one that a run would find, the vendor's first.

    Each is the vendor's or the client's by its own word. Raises InputError where there is none.
    """
    cwd = case.request.cwd
    found = [pack.find(folder, cwd) for folder in folders] if folders else _found(case, cwd)
    chosen = [folder for folder in found if folder is not None]
    if not chosen:
        msg = f"{cwd}: the originals are needed, and no pack is here; give the pack that the bundle was made from"
        raise InputError(f"{msg} with --with DIR")
    held = [pack.load(f, case.stock.kinds, party=pack.party_of(f), vendor=vendor) for f in chosen]
    return tuple(sorted(held, key=lambda p: p.party, reverse=True))


def _found(case: Case, cwd: Path) -> list[Path | None]:
    """The pack in or beside the current folder; of a sample's bundle the sample, with the client's part of it."""
    sample = case.profile.sample if case.sample else None
    folder = pack.find(None, cwd, lambda: pack.sample_folder(sample) if sample else None)
    shipped = pack.sample_of(folder) if folder is not None else None
    if folder is None or shipped is None:
        return [folder]
    own = document.load(shipped / SAMPLE_DOCUMENT, "sample").data
    return [folder, *(shipped / own[name] for name in ("client_pack",) if name in own)]


def committed(said: Mapping[str, Any]) -> dict[Place, set[str]]:
    """The commitments in a bundle's `run.json` to each original that was there."""
    found: dict[Place, set[str]] = {}
    for evidence in said["evidence"]:
        for source in evidence["sources"]:
            if source["commitment"]:
                place = (evidence["kind"], evidence["party"], source["file"])
                found.setdefault(place, set()).add(source["commitment"])
    return found


def read(
    case: Case, said: Mapping[str, Any], key: EngagementKey, work: Path, listen: Listen
) -> tuple[list[tuple[Ingested, PackSource]], dict[Place, str]]:
    """The originals of a bundle that are what it commits to, read; and what is wrong with the others, in words."""
    promised = committed(said)
    kinds = {kind for kind, _, _ in promised}
    every = gather.originals(case, kinds, work, listen)
    good = [
        (found, source)
        for found, source in every
        if found.sha256 and key.commitment(found.sha256) in promised.get((source.kind, source.party, source.file), ())
    ]
    met = {(source.kind, source.party, source.file) for _, source in good}
    there = {(source.kind, source.party, source.file) for found, source in every if found.sha256}
    wrong = {
        place: "is another file than the one that was judged" if place in there else "is not there"
        for place in promised
        if place not in met
    }
    return good, wrong


def put_back(
    gathered: Mapping[str, Sequence[Evidence]],
    case: Case,
    key: EngagementKey,
    work: Path,
    say: Listen = lambda _: None,
) -> dict[str, tuple[Evidence, ...]]:
    """The evidence of a bundle, with what was withheld made again from the originals in the packs of `case`.

    A kind of which no original is here stays withheld, which is said. Raises InputError for an original that is not
    the one committed to, and where the evidence made of them is not, byte for byte, what was judged.
    """
    kept = {kind: tuple(copies) for kind, copies in gathered.items()}
    withheld = [e for copies in kept.values() for e in copies if e.withheld]
    wanted = {e.kind: e.columns for e in withheld}
    made = {(e.kind, e.party): e for c in gather.from_packs(case, key, work, wanted=wanted).values() for e in c}
    for evidence in withheld:
        given = made.get((evidence.kind, evidence.party))
        if given is None or not any(source.commitment for source in given.sources):
            say(f"{evidence.kind}: no original of it is here, so it stays withheld")
            continue
        _check(evidence, given)
        whole = replace(evidence, csv=given.csv, problems=given.problems, withheld=False)
        kept[evidence.kind] = tuple(whole if e is evidence else e for e in kept[evidence.kind])
    return kept


def _check(promised: Evidence, given: Evidence) -> None:
    """Raises InputError where the evidence made from originals is not the one that a bundle commits to."""
    here = [(s.file, s.commitment) for s in given.sources]
    there = [(s.file, s.commitment) for s in promised.sources]
    for file, commitment in there:
        if (file, commitment) not in here:
            what = "another file than the one committed to" if file in dict(here) else "not here"
            msg = f"{promised.kind}: {file}: is {what}; expected the original as it was handed over"
            raise InputError(f"{msg}; commitments do not match; find that file, or leave it out to keep it withheld")
    for file, commitment in here:
        if (file, commitment) not in there:
            msg = f"{promised.kind}: {file}: is an original that the bundle does not commit to"
            raise InputError(f"{msg}; expected {', '.join(dict(there))} alone; take it out of the pack")
    if given.sha256 != promised.sha256:
        msg = f"{promised.kind}: the originals are those committed to, and what is read of them is not what was judged"
        raise InputError(
            f"{msg}; expected the same pack.yaml, roster and accounts, and the same version of ctrlkit (run.json)"
        )
