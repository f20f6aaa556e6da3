"""Host keys: known_hosts files read strictly, and what they say about a key that a server shows."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Final

from ctrlkit.errors import InputError
from ctrlkit.strict_yaml import shown
from ctrlkit.visible import visible

DEFAULT_PORT: Final = 22
_MARKERS: Final = ("@revoked", "@cert-authority")
_HASHED_PARTS: Final = 4
_MAX_BYTES: Final = 64 * 1024 * 1024


class Standing(StrEnum):
    """What the files say about a key for a host."""

    TRUSTED = "trusted"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"
    AUTHORITY = "authority"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: marker ("" for none), type and bytes of the key, and where it stands (`file:line`)."""

    marker: str
    hosts: str
    key_type: str
    key: bytes
    place: str


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """The lines of one or several files. `exact` finds those that name a host in plain text, `others` must be tried.

    `unread` are the places of lines that could not be read: they make nobody known.
    """

    files: tuple[Path, ...]
    exact: Mapping[str, tuple[Entry, ...]]
    others: tuple[Entry, ...]
    unread: tuple[str, ...]


def load(files: Sequence[Path]) -> KnownHosts:
    """What the files hold; one that is not there holds nothing.

    Raises InputError for a file that cannot be read and for a `@revoked` line, or one with an unknown marker, that
    cannot be understood: to skip it would be to trust what it forbids.
    """
    exact: dict[str, list[Entry]] = {}
    others: list[Entry] = []
    unread: list[str] = []
    for file in files:
        for number, line in enumerate(_lines(file), 1):
            entry = _entry(line, f"{visible(file.as_posix())}:{number}")
            if isinstance(entry, str):
                unread.append(entry)
            elif entry is not None and _is_plain(entry.hosts):
                for name in entry.hosts.lower().split(","):
                    exact.setdefault(name, []).append(entry)
            elif entry is not None:
                others.append(entry)
    plain = MappingProxyType({name: tuple(found) for name, found in exact.items()})
    return KnownHosts(tuple(files), plain, tuple(others), tuple(unread))


def name_of(address: str, port: int) -> str:
    """How known_hosts writes a host: the address alone for port 22, else `[address]:port`."""
    return address if port == DEFAULT_PORT else f"[{address}]:{port}"


def key_types(known: KnownHosts, name: str) -> tuple[str, ...]:
    """The types of the keys that are trusted for `name`, in the order of the files, each once."""
    return tuple(dict.fromkeys(e.key_type for e in _about(known, name) if not e.marker))


def judge(known: KnownHosts, name: str, key_type: str, key: bytes) -> tuple[Standing, tuple[Entry, ...]]:
    """What the files say about this key for `name`, and the lines that say so."""
    about = list(_about(known, name))
    revoked = tuple(e for e in about if e.marker == "@revoked" and e.key == key)
    if revoked:
        return Standing.REVOKED, revoked
    plain = tuple(e for e in about if not e.marker)
    same = tuple(e for e in plain if e.key_type == key_type and e.key == key)
    if same:
        return Standing.TRUSTED, same
    if plain:
        return Standing.CHANGED, plain
    authority = tuple(e for e in about if e.marker == "@cert-authority")
    return (Standing.AUTHORITY, authority) if authority else (Standing.UNKNOWN, ())


def fingerprint(key: bytes) -> str:
    """`SHA256:…` of a public key's bytes, as ssh-keygen -l prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode("ascii").rstrip("=")


def _lines(file: Path) -> list[str]:
    if not file.exists():
        return []
    if not file.is_file():
        raise InputError(f"{visible(file.as_posix())}: is not a regular file; expected known_hosts; check the path")
    try:
        with file.open("rb") as stream:
            raw = stream.read(_MAX_BYTES + 1)
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise InputError(f"{visible(file.as_posix())}: cannot be read ({reason}); check its permissions") from wrong
    if len(raw) > _MAX_BYTES:
        raise InputError(f"{visible(file.as_posix())}: more than {_MAX_BYTES} bytes; expected known_hosts")
    return raw.decode("utf-8", "replace").split("\n")


def _entry(line: str, place: str) -> Entry | str | None:
    """The line as an Entry, its place where it cannot be read, None where it says nothing."""
    words = line.split()
    if not words or words[0].startswith("#"):
        return None
    marker = words.pop(0) if words[0].startswith("@") else ""
    if marker and marker not in _MARKERS:
        raise InputError(f"{place}: unknown marker {shown(marker)}; expected {' or '.join(_MARKERS)}; mend the line")
    key = _key(words[2]) if len(words) > 2 else None  # noqa: PLR2004 - hosts, type, key
    if key is None or _type_within(key) != words[1]:
        if marker == "@revoked":
            raise InputError(f"{place}: a @revoked line without a readable key; expected hosts, type, key; mend it")
        return place
    return Entry(marker, words[0], words[1], key, place)


def _key(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _type_within(key: bytes) -> str:
    """The type that the key's own bytes begin with."""
    length = int.from_bytes(key[:4], "big")
    return key[4 : 4 + length].decode("ascii", "replace") if len(key) >= 4 + length else ""


def _is_plain(hosts: str) -> bool:
    return not (hosts.startswith("|") or set(hosts) & set("*?!"))


def _about(known: KnownHosts, name: str) -> Iterator[Entry]:
    wanted = name.lower()
    yield from known.exact.get(wanted, ())
    for entry in known.others:
        if _matches(entry.hosts, wanted):
            yield entry


def _matches(hosts: str, name: str) -> bool:
    if hosts.startswith("|"):
        return _hash_matches(hosts, name)
    found = False
    for pattern in hosts.lower().split(","):
        if pattern.startswith("!"):
            if _glob(pattern[1:], name):
                return False
        elif _glob(pattern, name):
            found = True
    return found


def _glob(pattern: str, name: str) -> bool:
    """Match `*` and `?` alone; a bracket is part of `[host]:port`, not a set."""
    return re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), name) is not None


def _hash_matches(hosts: str, name: str) -> bool:
    parts = hosts.split("|")
    if len(parts) != _HASHED_PARTS or parts[1] != "1":
        return False
    salt, digest = _key(parts[2]), _key(parts[3])
    if salt is None or digest is None:
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)
