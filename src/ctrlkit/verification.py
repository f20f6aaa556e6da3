"""Whether a bundle is whole and unaltered and agrees with itself, each fault named with its file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ctrlkit import bag
from ctrlkit.agreement import RUN, disagreements
from ctrlkit.bag import Contents, Manifest, Problem, shown
from ctrlkit.errors import BundleError

MAX_WHOLE = 64 << 20
"""Bytes that a file which has to be held in memory whole may have."""

_ID: Final = re.compile(r"-([0-9a-f]{8})$")
_OXUM: Final = re.compile(r"Payload-Oxum: (\d{1,20})\.(\d{1,20})")


@dataclass(frozen=True, slots=True)
class _Bag:
    folder: Path
    contents: Contents
    manifest: Manifest
    tags: Manifest

    def payload(self) -> dict[str, int]:
        return {name: size for name, size in self.contents.files.items() if name.startswith("data/")}


def verify(folder: Path) -> tuple[Problem, ...]:
    """What is wrong with the bundle in `folder`; empty where it is whole, unaltered and agrees with itself.

    Needs nothing from outside the bundle and does not look into signatures. Raises BundleError where `folder` or a file
    of it cannot be read. Memory does not grow with the evidence.
    """
    if not folder.is_dir():
        raise BundleError(f"{folder} · is no folder · expected the folder of a bundle · check the path")
    try:
        return _problems(folder)
    except OSError as error:
        raise BundleError(
            f"{error.filename or folder} · cannot be read: {error.strerror} · expected a readable bundle · copy it anew"
        ) from error


def _problems(folder: Path) -> tuple[Problem, ...]:
    contents = bag.walk(folder)
    large = [name for name in (*bag.TAG_FILES, bag.TAG_MANIFEST, RUN) if contents.files.get(name, 0) > MAX_WHOLE]
    if large:
        return tuple(Problem(name, f"is larger than {MAX_WHOLE} bytes; no bundle needs that") for name in large)
    manifest, tags = (_manifest(folder, contents, name) for name in (bag.MANIFEST, bag.TAG_MANIFEST))
    opened = _Bag(folder, contents, manifest, tags)
    return tuple(dict.fromkeys(problem for check in _CHECKS for problem in check(opened)))


def _manifest(folder: Path, contents: Contents, name: str) -> Manifest:
    return bag.read_manifest((folder / name).read_bytes()) if name in contents.files else Manifest({}, ())


def _names(opened: _Bag) -> Iterator[Problem]:
    for name, fault in opened.contents.foreign.items():
        yield Problem(shown(name), f"{fault}; a bundle holds plain files only")
    for name in opened.contents.files:
        if name_fault := bag.name_fault(name):
            yield Problem(shown(name), f"the file's name {name_fault}")
    for name, other in bag.clashes(opened.contents.files):
        yield Problem(shown(name), f"clashes with {shown(other)} where upper and lower case are the same")


def _declaration(opened: _Bag) -> Iterator[Problem]:
    if "bagit.txt" not in opened.contents.files:
        return
    found = (opened.folder / "bagit.txt").read_bytes()
    if found != bag.DECLARATION:
        version = re.match(rb"BagIt-Version: (\d{1,3}\.\d{1,3})\r?\n", found)
        if version and version[1] != b"1.0":
            yield Problem("bagit.txt", f"says BagIt version {version[1].decode()}, expected 1.0")
        else:
            yield Problem("bagit.txt", "is not the two lines that declare a BagIt 1.0 bag in UTF-8")


def _manifests(opened: _Bag) -> Iterator[Problem]:
    for name, manifest in ((bag.MANIFEST, opened.manifest), (bag.TAG_MANIFEST, opened.tags)):
        yield from (Problem(name, fault) for fault in manifest.faults)
    for name in opened.manifest.digests:
        if not name.startswith("data/"):
            yield Problem(bag.MANIFEST, f"names {name}, expected files under data/ only")
    for name in opened.tags.digests:
        if name not in bag.TAG_FILES:
            yield Problem(bag.TAG_MANIFEST, f"names {name}, expected {', '.join(bag.TAG_FILES)}")


def _payload(opened: _Bag) -> Iterator[Problem]:
    payload, listed = opened.payload(), opened.manifest.digests
    for name in payload:
        if name not in listed:
            yield Problem(shown(name), f"is not listed in {bag.MANIFEST}: it was added after the bundle was sealed")
    below = {name: digest for name, digest in listed.items() if name.startswith("data/")}
    yield from _digests(opened, below, bag.MANIFEST)


def _tags(opened: _Bag) -> Iterator[Problem]:
    for name in (*bag.TAG_FILES, bag.TAG_MANIFEST):
        if name not in opened.contents.files:
            yield Problem(name, "is not there")
    for name in bag.TAG_FILES:
        if name in opened.contents.files and name not in opened.tags.digests:
            yield Problem(name, f"is not listed in {bag.TAG_MANIFEST}: nothing shows that it is unaltered")
    for name in opened.contents.files:
        signature = name.startswith(bag.SIGNATURES) and name.count("/") == 1
        if not (signature or name.startswith("data/") or name in (*bag.TAG_FILES, bag.TAG_MANIFEST)):
            yield Problem(shown(name), f"does not belong into a bundle; only {bag.SIGNATURES} may be added")
    known = {name: digest for name, digest in opened.tags.digests.items() if name in opened.contents.files}
    yield from _digests(opened, known, bag.TAG_MANIFEST)


def _digests(opened: _Bag, listed: Mapping[str, str], manifest: str) -> Iterator[Problem]:
    files = opened.contents.files
    yield from (Problem(name, f"is listed in {manifest} but is not there") for name in listed if name not in files)
    present = [name for name in listed if name in files]
    with ThreadPoolExecutor(2) as pool:
        found = dict(zip(present, pool.map(lambda name: _digest(opened.folder / name), present), strict=True))
    for name, digest in found.items():
        if isinstance(digest, OSError):
            yield Problem(name, f"cannot be read: {digest.strerror}")
        elif digest != listed[name]:
            yield Problem(name, f"was altered: its SHA-256 begins {digest[:12]}, {manifest} says {listed[name][:12]}")


def _digest(path: Path) -> str | OSError:
    try:
        return bag.digest(path)
    except OSError as error:
        return error


def _info(opened: _Bag) -> Iterator[Problem]:
    if "bag-info.txt" not in opened.contents.files:
        return
    lines = (opened.folder / "bag-info.txt").read_bytes().decode("utf-8", "backslashreplace").split("\n")
    told = [line for line in lines if line.lower().startswith("payload-oxum")]
    match = _OXUM.fullmatch(told[0]) if len(told) == 1 else None
    if match is None:
        yield Problem("bag-info.txt", "has no single line Payload-Oxum: <bytes>.<files>")
        return
    said, found = (int(match[1]), int(match[2])), (sum(opened.payload().values()), len(opened.payload()))
    if said != found:
        expected = f"{said[1]} files of {said[0]} bytes"
        yield Problem("bag-info.txt", f"says data/ has {expected} (Payload-Oxum), found {found[1]} of {found[0]} bytes")


def _identity(opened: _Bag) -> Iterator[Problem]:
    name = opened.folder.resolve().name
    match = _ID.search(name)
    if match and bag.MANIFEST in opened.contents.files:
        found = bag.digest(opened.folder / bag.MANIFEST)[:8]
        if match[1] != found:
            yield Problem(bag.MANIFEST, f"has a digest that begins {found}, the folder's name ends in {match[1]}")


def _agreement(opened: _Bag) -> Iterator[Problem]:
    return disagreements(opened.folder, opened.contents.files, opened.manifest.digests)


_CHECKS: Final[tuple[Callable[[_Bag], Iterator[Problem]], ...]] = (
    _names,
    _declaration,
    _manifests,
    _payload,
    _tags,
    _info,
    _identity,
    _agreement,
)
