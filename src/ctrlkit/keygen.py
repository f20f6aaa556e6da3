"""Keys that people make: the engagement key behind pseudonyms and commitments, and the key that signs bundles."""

from __future__ import annotations

import secrets
from pathlib import Path

from ctrlkit import signature
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.privacy import write_private

KINDS = ("engagement", "sign")


def keygen(kind: str, stem: Path, password: str | None = None) -> str:
    """Write a new key to `STEM.key`, for its owner only; what was done and what is next.

    An engagement key is 64 hex digits and a line feed; a signing key is PKCS#8 PEM, encrypted where a password is
    given, with its public half in `STEM.pub`.

    Raises InputError for another kind, and where the file is there already or cannot be written.
    """
    if kind not in KINDS:
        raise InputError(
            f"keygen --kind {kind}: there is no such key; expected engagement or sign{did_you_mean(kind, KINDS)}"
        )
    if kind == "sign":
        return _signing(stem, password)
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


def _signing(stem: Path, password: str | None) -> str:
    name = signature.make(stem, password)
    lock = "encrypted" if password else f"not encrypted: set {signature.PASSWORD} to encrypt it"
    return (
        f"made {stem}.key ({lock}) and {stem}.pub, key {name[:8]}\n"
        f"next: give {stem}.pub to whoever verifies, by another way than the bundle; then ctrlkit sign BUNDLE"
    )
