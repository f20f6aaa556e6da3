"""The receipt that whoever gets a bundle returns at once: which bundle came, when, signed; kept outside the bundle.

It is an in-toto statement (svr v0.2) about the bundle's `tagmanifest-sha256.txt` and the vendor's envelopes that came
with it, so a vendor can show later that this very bundle was received, and that nothing of it was taken away since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from ctrlkit import bag, seals, signature, statement
from ctrlkit.bag import Problem, shown
from ctrlkit.errors import InputError
from ctrlkit.keyring import Pinned
from ctrlkit.seals import Seal
from ctrlkit.signature import Private

ROLE: Final = "client"


def make(folder: Path, key: Private, now: datetime) -> bytes:
    """The receipt for the verified bundle in `folder`, a signed envelope."""
    said = statement.payload(folder, ROLE, seals.vendors(folder), now, received=True)
    return signature.sign(said, key)[1]


def check(folder: Path, path: Path, pinned: Sequence[Pinned]) -> tuple[list[Seal], list[Problem]]:
    """What the receipt in `path` says of the bundle in `folder`, and what is wrong with it.

    It is verified where one of the pinned keys has signed it; where keys are pinned and none has, that is a problem.
    Raises InputError where the file cannot be read.
    """
    name = shown(path.name)
    try:
        raw = path.read_bytes()
    except OSError as error:
        msg = f"--receipt {path}: cannot be read ({error.strerror}); expected what ctrlkit receipt wrote"
        raise InputError(f"{msg}; check the path") from error
    try:
        envelope = signature.envelope(raw)
        said = statement.read(envelope.payload)
        if statement.RECEIVED not in said.predicate.get("properties", ()):
            return [], [Problem(name, "is no receipt: it does not state that a bundle was received")]
        if bag.TAG_MANIFEST not in said.subjects:
            return [], [Problem(name, f"is not about {bag.TAG_MANIFEST}")]
        seals.check_subjects(folder, said)
    except ValueError as error:
        return [], [Problem(name, str(error))]
    key = envelope.signatures[0][0][:8]
    seal = Seal(name, ROLE, key, str(said.predicate.get("timeCreated") or ""))
    good = any(p.signs_on(seal.day) and signature.is_signed_by(envelope, p.key) for p in pinned)
    if pinned and not good:
        return [seal], [Problem(name, f"is signed with key {key}, none of the {ROLE}'s pinned keys, or not on its day")]
    return [replace(seal, verified=good)], []
