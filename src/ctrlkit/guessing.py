"""What a table with a header of its own may be: a kind and a map of its columns, for a person to check."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ctrlkit.kind import Kind

_SAME: Final[Mapping[str, str]] = {
    **dict.fromkeys(("no", "nr", "num", "number", "code", "#"), "id"),
    **dict.fromkeys(("emp", "staff", "associate", "worker", "personnel"), "employee"),
    **dict.fromkeys(("username", "userid", "login", "logon", "upn"), "account id"),
    **dict.fromkeys(("hired", "joining", "joined", "doj"), "hire"),
    **dict.fromkeys(("resigned", "separated", "separation", "resignation", "exit", "relieving"), "termination"),
    **dict.fromkeys(("location", "branch", "office"), "site"),
    **dict.fromkeys(("campaign", "lob"), "client"),
    **dict.fromkeys(("supervisor", "tl"), "manager"),
    **dict.fromkeys(("active", "isactive"), "enabled"),
    **dict.fromkeys(("application", "app"), "system"),
    **dict.fromkeys(("admin", "administrator"), "privileged"),
    **dict.fromkeys(("hostname", "asset", "computer", "workstation"), "device"),
    **dict.fromkeys(("mfa", "2fa", "2sv"), "mfa enrolled"),
    **dict.fromkeys(("begin", "from"), "start"),
    **dict.fromkeys(("finish", "to"), "end"),
    **dict.fromkeys(("timestamp", "datetime"), "ts"),
    **dict.fromkeys(("agent", "operator"), "agent id"),
    **dict.fromkeys(("customer", "debtor"), "customer id"),
    **dict.fromkeys(("door", "reader"), "door"),
    **dict.fromkeys(("lastlogin", "lastlogon"), "last login"),
}
"""A word of a header -> the words of ours that mean the same."""
_DROPPED: Final = frozenset({"date", "on", "at", "day", "of", "the", "is", "time", "dt"})
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class Guess:
    """The kind that a header suggests, which of its columns may be which (theirs -> ours), and what the kind lacks."""

    kind: str
    columns: Mapping[str, str]
    lacks: tuple[str, ...]


def guess(header: Sequence[str], kinds: Mapping[str, Kind], named: str = "") -> Guess | None:
    """The kind most of whose required columns, and then most of whose columns, the header seems to name.

    `named` is the kind that the file is named after. None where fewer than two columns tell, or no required one does.
    """
    words = {text: found for text in header if (found := _words(text))}
    best: tuple[tuple[bool, int, int, bool, int], Guess] | None = None
    for kind in kinds.values():
        columns = _columns(words, kind)
        lacks = tuple(name for name in kind.required if name not in columns.values())
        if len(columns) < _FEWEST or len(lacks) == len(kind.required):
            continue
        rank = (kind.name == named, -len(lacks), len(columns), kind.party != "client", -len(kind.columns))
        if best is None or rank > best[0]:
            best = rank, Guess(kind.name, columns, lacks)
    return best[1] if best else None


def _columns(words: Mapping[str, frozenset[str]], kind: Kind) -> dict[str, str]:
    """Theirs -> ours, each of ours once: by all its words, else by all but those that a header leaves out."""
    ours = {name: _words(name) for name in kind.columns if name not in kind.derived}
    found: dict[str, str] = {}
    for text, theirs in words.items():
        fitting = [name for name, own in ours.items() if own == theirs and name not in found.values()]
        if fitting:
            found[text] = fitting[0]
    return found


def _words(text: str) -> frozenset[str]:
    plain = unicodedata.normalize("NFKC", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)).casefold()
    same = [word for part in re.findall(r"[^\W_]+|#", plain) for word in _SAME.get(part, part).split()]
    return frozenset(same) - _DROPPED
