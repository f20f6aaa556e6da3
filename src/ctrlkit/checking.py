"""The command that says whether a bundle is whole, and whose it is: signatures, a receipt, time stamps, documents."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ctrlkit.desk import Desk

if TYPE_CHECKING:
    from ctrlkit.bag import Problem
    from ctrlkit.keyring import Pinned
    from ctrlkit.seals import Seal
    from ctrlkit.timestamp import Stamp


def verify(desk: Desk) -> int:
    """Whether a bundle is whole, and judged by the documents at hand."""
    from ctrlkit import bundle as room
    from ctrlkit import keyring, signature, timestamp

    asked = desk.options
    roles = {"vendor": asked.vendor_key, "client": asked.client_key}
    keys = {role: keyring.load(Path.cwd() / path) for role, path in roles.items() if path is not None}
    roots = signature.certificates(Path.cwd() / asked.tsa_cert) if asked.tsa_cert is not None else None
    signed: list[Seal] = []
    stamps: list[Stamp] = []
    with room.opened(asked.bundle) as folder:
        problems = [*room.verify(folder)]
        if not problems:
            signed, wrong = _signed(desk, folder, keys)
            stamps, faults = timestamp.check(folder, roots)
            problems = [*wrong, *faults]
        if not problems:
            from ctrlkit.replay import other_documents

            problems = other_documents(folder, Path.cwd(), asked.profile, asked.engagement, asked.waivers)
    if asked.format == "json":
        from ctrlkit.model import plain

        said = {"whole": not problems, "problems": plain(problems), "signatures": plain(signed)}
        desk.print(json.dumps({**said, "time_stamps": plain(stamps)}, ensure_ascii=False, indent=1))
    else:
        for problem in problems:
            desk.print(f"{problem.file}: {problem.message}")
        for seal in signed:
            desk.print(_told(seal, desk))
        for stamp in stamps:
            desk.print(_stamped(stamp))
        desk.print("not as it should be" if problems else "whole: every file is there and unaltered")
    return 1 if problems else 0


def _signed(desk: Desk, folder: Path, keys: Mapping[str, Sequence[Pinned]]) -> tuple[list[Seal], list[Problem]]:
    """The signatures of a bundle, and the receipt for it: that is then what the client's key has to have signed."""
    from ctrlkit import receipt, seals

    path = desk.options.receipt
    if path is None:
        return seals.check(folder, keys)
    found, wrong = seals.check(folder, {role: pinned for role, pinned in keys.items() if role != receipt.ROLE})
    told, faults = receipt.check(folder, Path.cwd() / path, keys.get(receipt.ROLE, ()))
    return [*found, *told], [*wrong, *faults]


def _told(seal: Seal, desk: Desk) -> str:
    how = "verified" if seal.verified else f"not verified: pin the key with --{seal.role}-key"
    receipt = desk.options.receipt is not None and seal.file == desk.options.receipt.name
    what = f"received by the {seal.role}, signed" if receipt else f"signed as {seal.role}"
    return f"{what} with key {seal.key}, by its own account at {seal.signed_at}: {how}"


def _stamped(stamp: Stamp) -> str:
    if not stamp.at:
        return f"{stamp.file}: not looked into: pip install 'ctrlkit[timestamp]'"
    whose = "time stamp of the handover" if stamp.file.startswith("data/") else "time stamp"
    how = "verified" if stamp.verified else "not verified: pin the authority's certificate with --tsa-cert"
    return f"{whose}: was there at {stamp.at}: {how}"
