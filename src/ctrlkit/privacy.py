"""Pseudonyms, commitments and the engagement key: the least that may leave, and what proves it later.

A pseudonym is HMAC-SHA256 over the domain and the normalised value, under the engagement key: the same person has the
same pseudonym in every file and every month, and none that another engagement's holder could link. Plain digests of
e-mail addresses or staff numbers would be guessed in minutes (GDPR Art. 4(5); EDPB Guidelines 01/2025).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ctrlkit.errors import InputError

PREFIX = "p_"
SAMPLE_KEY = hashlib.sha256(b"ctrlkit sample engagement key: public, for the shipped samples only").digest()
KEY_VARIABLE = "CTRLKIT_ENGAGEMENT_KEY"


@dataclass(frozen=True, slots=True)
class EngagementKey:
    """The secret, and where it came from; `created` is true for one made in this run."""

    secret: bytes
    origin: str
    created: bool = False

    @property
    def id(self) -> str:
        """A name for the key that tells nothing about it, 8 hex digits."""
        return self._derive("key id").hex()[:8]

    def _derive(self, purpose: str) -> bytes:
        return hmac.new(self.secret, f"ctrlkit/{purpose}".encode(), hashlib.sha256).digest()

    def pseudonym(self, domain: str, value: str) -> str:
        """`p_` and 16 letters (80 bits) for a normalised value."""
        tag = hmac.new(self._derive("pseudonym"), f"{domain}\0{value}".encode(), hashlib.sha256).digest()
        return PREFIX + base64.b32encode(tag[:10]).decode().lower()

    def pseudonyms(self, domain: str, values: Iterable[str]) -> Mapping[str, str]:
        """The pseudonym of each value."""
        secret = self._derive("pseudonym")
        head = f"{domain}\0".encode()
        encode = base64.b32encode
        return {
            value: PREFIX + encode(hmac.digest(secret, head + value.encode(), "sha256")[:10]).decode().lower()
            for value in values
        }

    def commitment(self, sha256: str) -> str:
        """HMAC-SHA256 over the digest of an original: the key's holder can prove of a file that it was this one."""
        return hmac.new(self._derive("commitment"), sha256.encode(), hashlib.sha256).hexdigest()

    def seal(self, text: bytes) -> str:
        """HMAC-SHA256 over a record: only who holds the key can have made it."""
        return hmac.new(self._derive("record"), text, hashlib.sha256).hexdigest()


def find_key(path: Path | None, client: str, vendor: str) -> EngagementKey:
    """The key given as a file, else by the environment, else the one kept for this client and vendor, made if need be.

    Raises InputError where a key file cannot be read or holds no key.
    """
    if path is not None:
        return EngagementKey(_read(path), str(path))
    given = os.environ.get(KEY_VARIABLE)
    if given is not None:
        return EngagementKey(_parse(given, KEY_VARIABLE), KEY_VARIABLE)
    kept = config_folder() / "keys" / f"{hashlib.sha256(f'{client}/{vendor}'.encode()).hexdigest()[:16]}.key"
    if kept.exists():
        return EngagementKey(_read(kept), str(kept))
    secret = secrets.token_bytes(32)
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(kept, secret.hex() + "\n")
    return EngagementKey(secret, str(kept), created=True)


def read_key(path: Path) -> EngagementKey:
    """The key in a file. Raises InputError where it cannot be read or holds none."""
    return EngagementKey(_read(path), str(path))


def held_keys(path: Path | None) -> tuple[EngagementKey, ...]:
    """The key in the file given, else the one in the environment and all that are kept here; none is ever made."""
    if path is not None:
        return (read_key(path),)
    given = os.environ.get(KEY_VARIABLE)
    named = () if given is None else (EngagementKey(_parse(given, KEY_VARIABLE), KEY_VARIABLE),)
    return (*named, *(read_key(file) for file in sorted((config_folder() / "keys").glob("*.key"))))


def key_of(key_id: str, path: Path | None) -> EngagementKey:
    """The key of that id: the one in `path`, else in the environment, else among those kept here; none is ever made.

    Raises InputError where there is none, or where the one given is another.
    """
    sample = EngagementKey(SAMPLE_KEY, "the public key of the samples")
    given = os.environ.get(KEY_VARIABLE)
    if path is not None:
        found = read_key(path)
    elif sample.id == key_id:
        return sample
    elif given is not None:
        found = EngagementKey(_parse(given, KEY_VARIABLE), KEY_VARIABLE)
    else:
        held = next((key for key in held_keys(None) if key.id == key_id), None)
        if held is None:
            msg = f"the engagement key {key_id} is not here; expected it under --engagement-key or in {KEY_VARIABLE}"
            raise InputError(f"{msg}; it lies with whoever ran or handed over the pack")
        return held
    if found.id != key_id:
        msg = f"{found.origin}: is engagement key {found.id}, the bundle was made under {key_id or 'an unnamed one'}"
        raise InputError(f"{msg}: commitments do not match; give the key that it was made under")
    return found


def write_private(path: Path, text: str) -> None:
    """Write a secret so that only its owner can read it; never over an existing file."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        msg = f"{path}: is there already; a key is never overwritten; move it away or give another name"
        raise InputError(msg) from error
    with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
        file.write(text)


def config_folder() -> Path:
    """Where ctrlkit keeps what belongs to the user."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA", Path.home())) / "ctrlkit"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "ctrlkit"


def cache_folder() -> Path:
    """Where ctrlkit keeps read evidence for a week."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "ctrlkit" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ctrlkit"


def _read(path: Path) -> bytes:
    try:
        return _parse(path.read_text("ascii"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        msg = (
            f"{path}: the engagement key cannot be read ({error}); expected 64 hex digits; make one with ctrlkit keygen"
        )
        raise InputError(msg) from error


def _parse(text: str, where: str) -> bytes:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) < 32:  # noqa: PLR2004
        msg = (
            f"{where}: holds no engagement key; expected 64 hex digits; make one with ctrlkit keygen --kind engagement"
        )
        raise InputError(msg)
    return secret
