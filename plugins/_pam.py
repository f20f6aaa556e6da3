"""PAM stacks: the modules one signs in by, with what they include, as printed from /etc/pam.d."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ._lines import joined, under_headings

_ENTRY: Final = re.compile(r"-?(?P<type>auth|account|password|session)\s+(?P<control>\[[^\]]*\]|\S+)\s+(?P<rest>.*)")
_INCLUDES: Final = {"include", "substack"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One module of a stack; `options` holds its arguments, a bare word with an empty value."""

    number: int
    module: str
    control: str
    options: dict[str, str]


@dataclass(frozen=True, slots=True)
class Stack:
    """The modules of one service for one purpose, includes followed; `account_faillock`: faillock refuses later on."""

    service: str
    entries: tuple[Entry, ...]
    account_faillock: bool

    def first(self, *modules: str) -> Entry | None:
        """The first entry of any of `modules` whose word counts: what an optional one says is not heeded."""
        return next((e for e in self.entries if e.module in modules and e.control != "optional"), None)


@dataclass(frozen=True, slots=True)
class _Word:
    number: int
    type: str
    control: str
    rest: str


def stacks(lines: Sequence[str], services: Sequence[str], purpose: str) -> list[Stack]:
    """The stacks of those `services` that have a file, for auth, account, password or session.

    Raises ValueError where a stack includes a file that was not printed: what it does is then not known.
    """
    files = _files(lines)
    return [
        Stack(name, tuple(_walk(files, name, purpose, 0)), any(_faillock(files, name)))
        for name in services
        if name in files
    ]


def _faillock(files: dict[str, list[_Word]], name: str) -> list[bool]:
    return [entry.module == "pam_faillock" for entry in _walk(files, name, "account", 0)]


def _files(lines: Sequence[str]) -> dict[str, list[_Word]]:
    found: dict[str, list[_Word]] = {}
    for line in joined(under_headings(lines)):
        folder, _, name = line.heading.rpartition("/")
        if not folder.endswith("pam.d"):
            continue
        words = found.setdefault(name, [])
        if line.text.startswith("@include"):
            words.append(_Word(line.number, "*", "include", line.text.split()[1]))
        elif entry := _ENTRY.fullmatch(line.text.partition(" #")[0].strip()):
            words.append(_Word(line.number, entry["type"], entry["control"], entry["rest"]))
    return found


def _walk(files: dict[str, list[_Word]], name: str, purpose: str, depth: int) -> list[Entry]:
    if name not in files:
        raise ValueError(f"a PAM stack includes {name}, which is not there")
    if depth > len(files):
        raise ValueError(f"PAM stack {name} includes itself")
    found: list[Entry] = []
    for word in files[name]:
        if word.type not in {purpose, "*"}:
            continue
        module, *arguments = word.rest.split() or [""]
        if word.control in _INCLUDES:
            found += _walk(files, module.rpartition("/")[2], purpose, depth + 1)
        else:
            options = {key: value for key, _, value in (argument.partition("=") for argument in arguments)}
            found.append(Entry(word.number, module.rpartition("/")[2].removesuffix(".so"), word.control, options))
    return found
