"""What an SPF record says (RFC 7208): whom it lets send, what it costs a receiver to read, and whether one can."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LOOK_UPS: Final = 10
"""Terms that a receiver looks up for one domain (RFC 7208 4.6.4); an eleventh is only counted."""
VOID: Final = 2
"""Look-ups without any answer that a receiver bears."""
ASKED_BY: Final = {"include": ("TXT",), "redirect": ("TXT",), "a": ("A", "AAAA"), "mx": ("MX",), "exists": ("A",)}
"""What is asked for each kind of term; `ptr` costs a look-up whose name only the sender of a mail gives."""

_RECORD: Final = re.compile(r"(?i)v=spf1(?: |$)")
_TARGET: Final = re.compile(r"(?:[a-z0-9_-]+\.)+[a-z0-9-]+\.?")
_COSTLY: Final = re.compile(r"([+?~-]?)(include|a|mx|ptr|exists)(?::([^/]+))?(?:/[0-9]+)?(?://[0-9]+)?|(redirect)=(.+)")
_ALL: Final = re.compile(r"([+?~-]?)all")
_NETWORK: Final = re.compile(r"[+?~-]?ip([46]):(.+)")
_OTHER: Final = re.compile(
    r"[+?~-]?(?:all|include:.+|exists:.+|ptr(?::.+)?|(?:a|mx)(?::[^/]+)?(?:/[0-9]{1,2})?(?://[0-9]{1,3})?)"
    r"|[a-z][a-z0-9_.-]*=.*"
)
_SAYS: Final = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}

Ask = Callable[[str, str], tuple[str, ...] | None]
"""The values of a type at a name, none where it has none; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term that costs a look-up; `target` is empty where a macro or an error leaves no name to ask for."""

    mechanism: str
    target: str
    qualifier: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of reading a record; None where an answer that it needs is not known.

    `ends` is what all others are told (fail, softfail, neutral, pass, none), pass too where a term before the end lets
    everybody send. `look_ups` and `voids` may be higher once they are over the limit, where a receiver stops.
    """

    ends: str | None
    look_ups: int | None
    voids: int | None
    mx_names: int | None
    valid: bool | None


def is_record(text: str) -> bool:
    """Whether a text is an SPF record."""
    return _RECORD.match(text) is not None


def terms(text: str, name: str) -> list[Term]:
    """The terms of the record at `name` that cost a look-up, the last first."""
    found: list[Term] = []
    words = text.lower().split()
    ends = any(map(_ALL.fullmatch, words))
    for match in filter(None, map(_COSTLY.fullmatch, words)):
        if match[4] and ends:
            continue  # after all nobody is redirected (RFC 7208 6.1)
        mechanism = match[2] or match[4]
        target = match[3] or match[5] or (name if mechanism in {"a", "mx"} else "")
        plain = target.removesuffix(".") if _TARGET.fullmatch(target) else ""
        found.append(Term(mechanism, plain, match[1] or ""))
    return sorted(found, key=lambda term: term.mechanism == "redirect")[::-1]


def read(text: str, name: str, ask: Ask) -> Reading:
    """Read the record at `name` as a receiver would, term by term up to the limit."""
    waiting = terms(text, name)
    looked = voids = mx_names = 0
    valid, known, lets_all = _well_formed(text), True, _lets_all(text)
    while waiting and looked < LOOK_UPS:
        term, looked = waiting.pop(), looked + 1
        if term.mechanism == "ptr":
            continue
        answers = [ask(term.target, type_) if term.target else None for type_ in ASKED_BY[term.mechanism]]
        given = [values for values in answers if values is not None]
        if len(given) < len(answers):
            known = False
            continue
        voids += not any(given)
        if term.mechanism == "mx":
            mx_names = max(mx_names, len(given[0]))
        if term.mechanism in {"include", "redirect"}:
            records = [record for record in given[0] if is_record(record)]
            valid = valid and len(records) == 1 and _well_formed(records[0])
            for record in records[:1]:
                waiting += terms(record, term.target)
                lets_all = lets_all or (term.qualifier in {"", "+"} and term.mechanism == "include" and _opens(record))
    look_ups = looked + len(waiting)
    return Reading(
        ends="pass" if lets_all else _ends(text, ask),
        look_ups=look_ups if known or look_ups > LOOK_UPS else None,
        voids=voids if known or voids > VOID else None,
        mx_names=mx_names if known else None,
        valid=valid if known or not valid else None,
    )


def allows_nobody(text: str) -> bool:
    """Whether the record is `v=spf1 -all` and nothing else."""
    return text.lower().split() == ["v=spf1", "-all"]


def _ends(text: str, ask: Ask, left: int = LOOK_UPS) -> str | None:
    """What the first `all` says; where there is none, that of the record it is redirected to."""
    words = text.lower().split()
    for match in filter(None, map(_ALL.fullmatch, words)):
        return _SAYS[match[1]]
    to = next((term.target for term in terms(text, "") if term.mechanism == "redirect"), None)
    if to is None:
        return "none"
    answers = ask(to, "TXT") if to and left else None
    if answers is None:
        return None
    records = [record for record in answers if is_record(record)]
    return _ends(records[0], ask, left - 1) if len(records) == 1 else "none"


def _opens(text: str) -> bool:
    return _lets_all(text) or next((m[1] in {"", "+"} for w in text.lower().split() if (m := _ALL.fullmatch(w))), False)


def _lets_all(text: str) -> bool:
    """Whether a network in it is the whole internet."""
    networks = (_NETWORK.fullmatch(word) for word in text.lower().split() if word[0] not in "-~?")
    return any(match is not None and match[2].endswith("/0") for match in networks)


def _well_formed(text: str) -> bool:
    return all(_is_term(word) for word in text.lower().split()[1:])


def _is_term(word: str) -> bool:
    network = _NETWORK.fullmatch(word)
    if network is None:
        return _OTHER.fullmatch(word) is not None
    try:
        return str(ipaddress.ip_network(network[2], strict=False).version) == network[1]
    except ValueError:
        return False
