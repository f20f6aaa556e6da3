"""The shape of a bundle on disk: which names and files it may hold, and its manifests."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DECLARATION: Final = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST: Final = "manifest-sha256.txt"
TAG_MANIFEST: Final = "tagmanifest-sha256.txt"
TAG_FILES: Final = ("VERIFY.txt", "bag-info.txt", "bagit.txt", MANIFEST)
"""The files beside the payload that the tag manifest covers, all of them, sorted."""
SIGNATURES: Final = "signatures/"
STAMP: Final = f"{TAG_MANIFEST}.tsr"
"""The time stamp of the tag manifest, beside the envelopes."""
LATEST: Final = "latest"

LONGEST_NAME: Final = 200

_PART: Final = re.compile(r"[A-Za-z0-9._-]+")
_LINE: Final = re.compile(r"([0-9a-f]{64}) [ *](.+)")
_RESERVED: Final = frozenset({"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(10))})
_JUNCTION: Final = 0xA0000003


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a bundle: the file, named from the bundle's folder, and a sentence about it."""

    file: str
    message: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What lies in a folder: plain files with their sizes in bytes, and what a bundle may not hold with the reason."""

    files: Mapping[str, int]
    foreign: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest as read: name -> SHA-256 in hex, and what is wrong with its lines."""

    digests: Mapping[str, str]
    faults: tuple[str, ...]


def name_fault(name: str) -> str | None:
    """What is wrong with a name inside a bundle (parts joined by `/`), in words, or None.

    The rule is the part of the file systems' and archivers' rules that all of them share.
    """
    parts = name.split("/")
    if "%" in name:
        return "has a % escape, which BagIt tools read in different ways"
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "is an absolute path"
    if ".." in parts:
        return "climbs out of the bundle by .."
    if len(name) > LONGEST_NAME:
        return f"is {len(name)} characters long, at most {LONGEST_NAME} are allowed"
    return next((fault for fault in map(_part_fault, parts) if fault), None)


def _part_fault(part: str) -> str | None:
    if not _PART.fullmatch(part):
        return "holds something else than A-Z a-z 0-9 . _ - between its slashes"
    if part.startswith(".") or part.endswith("."):
        return "has a part that begins or ends with a dot"
    if part.split(".", 1)[0].lower() in _RESERVED:
        return "has a part that Windows reserves for a device"
    return None


def clashes(files: Iterable[str], folders: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Pairs (name, what it clashes with): equal but for upper and lower case, or a file where a folder is needed."""
    exact = set(files)
    spelled: dict[str, str] = {}
    for name in sorted(exact | set(folders)):
        parents = [name[: at.start()] for at in re.finditer("/", name)]
        met = [spelled[p.lower()] for p in (*parents, name) if spelled.setdefault(p.lower(), p) != p]
        yield from ((name, other) for other in (*met, *exact.intersection(parents)))


def shown(name: str) -> str:
    """A name from outside with everything but printable ASCII escaped."""
    return ascii(name)[1:-1]


def walk(folder: Path) -> Contents:
    """All files below `folder`, named relative to it and sorted; links and devices are not followed but named."""
    files: dict[str, int] = {}
    foreign: dict[str, str] = {}
    waiting = [""]
    while waiting:
        above = waiting.pop()
        with os.scandir(folder / above) as entries:
            for entry in entries:
                name = above + entry.name
                found = entry.stat(follow_symlinks=False)
                if stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION:
                    foreign[name] = "is a link"
                elif stat.S_ISDIR(found.st_mode):
                    waiting.append(name + "/")
                elif stat.S_ISREG(found.st_mode):
                    files[name] = found.st_size
                else:
                    foreign[name] = "is a device, pipe or socket"
    return Contents(dict(sorted(files.items())), dict(sorted(foreign.items())))


def digest(path: Path) -> str:
    """SHA-256 of a file in hex, read in blocks: memory does not grow with the file."""
    with path.open("rb", buffering=0) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(data: bytes) -> Manifest:
    """A manifest in the form that `sha256sum` writes (text or binary mode), ended by LF."""
    digests: dict[str, str] = {}
    faults: list[str] = []
    *lines, rest = data.decode("utf-8", "backslashreplace").split("\n")
    if rest:
        faults.append(f"line {len(lines) + 1} is cut off, expected a line feed at its end")
    for number, line in enumerate([*lines, rest] if rest else lines, 1):
        match = _LINE.fullmatch(line)
        name = match[2] if match else ""
        fault = name_fault(name)
        if not match:
            faults.append(f"line {number} is {shown(line[:100])!r}, expected 64 lower-case hex digits, 2 spaces, name")
        elif fault:
            faults.append(f"line {number} names {shown(name)!r}, which {fault}")
        elif name in digests:
            faults.append(f"line {number} names {name} a second time")
        else:
            digests[name] = match[1]
    faults += [f"{name} and {other} cannot both lie in one folder everywhere" for name, other in clashes(digests)]
    return Manifest(digests, tuple(faults))
