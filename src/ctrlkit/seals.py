"""The envelopes in a bundle's `signatures/`: adding one, and whether those that are there hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from ctrlkit import bag, signature, statement
from ctrlkit.bag import Problem, shown
from ctrlkit.errors import InputError
from ctrlkit.keyring import Pinned
from ctrlkit.signature import Private
from ctrlkit.statement import SVR, TEST_RESULT, Role, Statement

HANDOVER: Final = "handover/"
"""Where, under `data/`, the vendor's envelopes stand that came with the evidence."""
_FILE: Final = re.compile(r"(vendor|client|auditor)\.([0-9a-f]{8})\.dsse\.json")


@dataclass(frozen=True, slots=True)
class Seal:
    """One envelope: signed as what, by which key, when by its own account; `verified` by a key that was pinned."""

    file: str
    role: str
    key: str
    signed_at: str
    verified: bool = False

    @property
    def day(self) -> date | None:
        """The day it was signed, UTC, by its own account."""
        try:
            return date.fromisoformat(self.signed_at[:10])
        except ValueError:
            return None


def add(folder: Path, role: Role, key: Private, now: datetime) -> Path:
    """Sign the verified bundle in `folder` as `role`; the envelope's path.

    Raises InputError where this key has signed it in that role already: what was said stays said.
    """
    name, raw = signature.sign(statement.payload(folder, role, vendors(folder), now), key)
    target = folder / bag.SIGNATURES / f"{role}.{name[:8]}.dsse.json"
    target.parent.mkdir(exist_ok=True)
    try:
        with target.open("xb") as out:
            out.write(raw)
    except FileExistsError as error:
        msg = f"{target}: this key has signed as {role} already; expected one envelope per role and key; leave it"
        raise InputError(msg) from error
    return target


def vendors(folder: Path) -> dict[str, str]:
    """The vendor's envelopes of a bundle: name -> SHA-256."""
    return {_place(folder, path): statement.digest(path) for path in _envelopes(folder) if _is(path, "vendor")}


def _envelopes(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / bag.SIGNATURES).glob("*") if path.name != bag.STAMP)


def _place(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _is(path: Path, role: str) -> bool:
    return path.name.startswith(f"{role}.")


def seals(folder: Path) -> tuple[list[Seal], list[Problem]]:
    """The envelopes that are about this bundle, and what is wrong with the others; no key is needed."""
    found: list[Seal] = []
    problems: list[Problem] = []
    for path in _envelopes(folder):
        name = _place(folder, path)
        try:
            found.append(_seal(folder, path, name))
        except ValueError as error:
            problems.append(Problem(shown(name), str(error)))
    carried, wrong = _from_handover(folder)
    return [*found, *carried], [*problems, *wrong]


def carried_over(folder: Path) -> dict[str, bytes]:
    """The vendor's envelopes of the bundle in `folder` and the manifests they are about, by their names in the next.

    So the next bundle, judged from this evidence, shows that the vendor signed it; one that came so is handed on.
    """
    envelopes = [path for path in _envelopes(folder) if _is(path, "vendor")]
    if envelopes:
        stamp = [path for path in (folder / bag.SIGNATURES / bag.STAMP,) if path.is_file()]
        paths = [*envelopes, *stamp, folder / bag.TAG_MANIFEST, folder / bag.MANIFEST]
        return {f"{HANDOVER}{path.name}": path.read_bytes() for path in paths}
    return {f"{HANDOVER}{path.name}": path.read_bytes() for path in sorted((folder / "data" / HANDOVER).glob("*"))}


def _from_handover(folder: Path) -> tuple[list[Seal], list[Problem]]:
    """The vendor's envelopes that came with the evidence, where they and their manifests fit this bundle's evidence."""
    base = folder / "data" / HANDOVER
    found: list[Seal] = []
    problems: list[Problem] = []
    for path in sorted(base.glob("*.dsse.json")):
        name = _place(folder, path)
        try:
            found.append(_seal(base, path, name))
            _bound(folder, base)
        except (ValueError, OSError) as error:
            problems.append(Problem(shown(name), str(error)))
    return found, problems


def _bound(folder: Path, base: Path) -> None:
    """Raises ValueError where the manifests of a handover do not hold the evidence that was judged."""
    tags = bag.read_manifest((base / bag.TAG_MANIFEST).read_bytes()).digests
    if tags.get(bag.MANIFEST) != statement.digest(base / bag.MANIFEST):
        msg = f"{bag.MANIFEST} beside it is not the one that was signed"
        raise ValueError(msg)
    listed = bag.read_manifest((base / bag.MANIFEST).read_bytes()).digests
    for path in sorted((folder / "data" / "evidence").rglob("*.csv")):
        name = _place(folder, path)
        if listed.get(name) != statement.digest(path):
            msg = f"{name} is not the one that the vendor signed"
            raise ValueError(msg)


def _seal(folder: Path, path: Path, name: str) -> Seal:
    match = _FILE.fullmatch(path.name)
    if match is None:
        msg = "is no envelope; expected <role>.<first 8 of the key>.dsse.json"
        raise ValueError(msg)
    envelope = signature.envelope(path.read_bytes())
    said = statement.read(envelope.payload)
    if match[2] not in {key[:8] for key, _ in envelope.signatures}:
        msg = f"is named after another key than it holds: {', '.join(key[:8] for key, _ in envelope.signatures)}"
        raise ValueError(msg)
    if said.predicate_type != (TEST_RESULT if match[1] == "vendor" else SVR):
        msg = f"states {said.predicate_type}, which a {match[1]} does not"
        raise ValueError(msg)
    if bag.TAG_MANIFEST not in said.subjects:
        msg = f"is not about {bag.TAG_MANIFEST}"
        raise ValueError(msg)
    check_subjects(folder, said)
    when = said.predicate.get("ctrlkitSignedAt") or said.predicate.get("timeCreated") or ""
    return Seal(name, match[1], match[2], str(when))


def check_subjects(folder: Path, said: Statement) -> None:
    """Raises ValueError where the statement is about something that is not in the bundle, or is another there."""
    for subject, sha256 in said.subjects.items():
        target = folder / subject
        inside = subject == bag.TAG_MANIFEST or (subject.startswith(bag.SIGNATURES) and subject.count("/") == 1)
        if not inside or not target.is_file():
            msg = f"is about {shown(subject)}, which is not here: it was taken away"
            raise ValueError(msg)
        if statement.digest(target) != sha256:
            msg = f"is about another {shown(subject)}: the bundle or that envelope was changed after it was signed"
            raise ValueError(msg)


def check(folder: Path, keys: Mapping[str, Sequence[Pinned]]) -> tuple[list[Seal], list[Problem]]:
    """The envelopes of this bundle, and what is wrong: with them, or where a pinned key of a role has not signed.

    `keys` are the pinned keys by role; envelopes of roles that nobody pins are told and not verified.
    """
    found, problems = seals(folder)
    told = []
    for seal in found:
        envelope = signature.envelope((folder / seal.file).read_bytes())
        good = any(p.signs_on(seal.day) and signature.is_signed_by(envelope, p.key) for p in keys.get(seal.role, ()))
        told.append(replace(seal, verified=good))
    for role, pinned in keys.items():
        if not any(seal.verified for seal in told if seal.role == role):
            ours = sum(seal.role == role for seal in told)
            others = f"{ours} by another key, or on a day that is not this key's"
            what = others if ours else f"no {role} has signed it"
            names = ", ".join(signature.key_id(p.key)[:8] for p in pinned)
            problems.append(Problem(bag.SIGNATURES, f"holds no signature of the {role}'s key {names}: {what}"))
    return told, problems
