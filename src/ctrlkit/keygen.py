"""Keys that people make: the engagement key, from which pseudonyms, commitments and finding keys come."""

from __future__ import annotations

import secrets
from pathlib import Path

from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.privacy import write_private

KINDS = ("engagement", "sign")


def keygen(kind: str, stem: Path) -> str:
    """Write a new key, 64 hex digits and a line feed, to `STEM.key` for its owner only; what was done and what is next.

    Raises InputError for another kind, and where the file is there already or cannot be written.
    """
    if kind == "sign":
        raise InputError(
            "keygen --kind sign: this version signs nothing; expected --kind engagement; wait for a later one"
        )
    if kind not in KINDS:
        raise InputError(f"keygen --kind {kind}: there is no such key; expected engagement{did_you_mean(kind, KINDS)}")
    path = stem.with_name(f"{stem.name}.key")
    try:
        write_private(path, secrets.token_hex(32) + "\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"{path}: cannot be written ({reason}); expected a folder that is there; check --out"
        ) from error
    said = "keep it secret and keep it: the pseudonyms of this engagement hang on it"
    return f"made {path}; {said}\nnext: ctrlkit run --engagement-key {path}"
