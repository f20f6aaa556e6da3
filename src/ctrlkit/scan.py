"""Identifiers of people inside a text: mail addresses, phone, card and national numbers, by shape and check digits.

What hides a column hides what it is for; this finds what somebody typed where it does not belong. It errs towards
finding: a number of another kind that looks like one of these is hidden as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

MAIL, PHONE, CARD, NATIONAL = "mail address", "phone number", "card number", "national ID"
Hide = Callable[[str, str], str]
"""What stands for an identifier: from its sort and its plain form (small letters, or the digits alone)."""
Spans = Callable[[str], Iterator[tuple[int, int]]]

_DASH: Final = r"[ \xa0._\u2010-\u2015-]"
_GAP: Final = f"{_DASH}?"
_IN_CARD: Final = r"[ \xa0_\u2010-\u2015-]?"
_RUN: Final = re.compile(f"[0-9](?:{_IN_CARD}[0-9]){{12,}}")
_GUID: Final = re.compile(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


@dataclass(frozen=True, slots=True)
class Hit:
    """One identifier in a text, from `start` to before `end`; `plain` is what two spellings of it share."""

    start: int
    end: int
    what: str
    plain: str


def hits(text: str) -> tuple[Hit, ...]:
    """The identifiers in a text, in its order; none overlaps another."""
    if _SUSPECT.search(text) is None:
        return ()
    taken = bytearray(len(text))
    for match in _GUID.finditer(text):
        taken[slice(*match.span())] = b"x" * (match.end() - match.start())
    found: list[Hit] = []
    for what, spans in _RULES:
        for start, end in spans(text):
            if not any(taken[start:end]):
                taken[start:end] = b"x" * (end - start)
                found.append(Hit(start, end, what, _plain(what, text[start:end])))
    return tuple(sorted(found, key=lambda hit: hit.start))


def covered(text: str, hide: Hide) -> str:
    """The text with each identifier in it replaced."""
    parts, at = [], 0
    for hit in hits(text):
        parts += [text[at : hit.start], hide(hit.what, hit.plain)]
        at = hit.end
    return "".join((*parts, text[at:]))


def told(text: str) -> str:
    """The text with each identifier in it replaced by the word for it: `(mail address)`."""
    return covered(text, lambda what, _: f"({what})")


def numbered() -> Hide:
    """A `hide` by words that keeps different identifiers apart: `(phone number)`, `(phone number 2)`."""
    seen: dict[tuple[str, str], str] = {}
    counts: dict[str, int] = {}

    def hide(what: str, plain: str) -> str:
        if (what, plain) not in seen:
            counts[what] = counts.get(what, 0) + 1
            seen[what, plain] = f"({what})" if counts[what] == 1 else f"({what} {counts[what]})"
        return seen[what, plain]

    return hide


def _plain(what: str, text: str) -> str:
    return text.casefold() if what == MAIL else "".join(c for c in text if c.isalnum()).upper()


def _cards(text: str) -> Iterator[tuple[int, int]]:
    """Where card numbers stand, written at once or in groups, also with other digits before and behind."""
    for run in _RUN.finditer(text):
        places = [i for i in range(*run.span()) if text[i].isdigit()]
        digits = "".join(text[i] for i in places)
        starts = [n for n, i in enumerate(places) if i == 0 or not text[i - 1].isalnum()]
        ends = {n + 1 for n, i in enumerate(places) if i + 1 == len(text) or not text[i + 1].isalnum()}
        for start in starts:
            for end in range(start + 19, start + 12, -1):
                if end in ends and _is_card(digits[start:end]):
                    yield places[start], places[end - 1] + 1
                    break


def _is_card(number: str) -> bool:
    """Whether the digits are those of an issuer's range and its length (ISO/IEC 7812-1), the last one by Luhn."""
    if not any(len(number) in lengths and start.match(number) for start, lengths in _ISSUERS):
        return False
    digits = [int(c) for c in number]
    doubled = (d * 2 - 9 * (d > 4) for d in digits[-2::-2])  # noqa: PLR2004  (the digits of a doubled digit, added)
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_ISSUERS: Final = tuple(
    (re.compile(start), lengths)
    for start, lengths in (
        (r"4", (13, 16, 19)),  # Visa
        (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", (16,)),  # Mastercard
        (r"3[47]", (15,)),  # American Express
        (r"30[0-5]|3[689]", (14, 16)),  # Diners Club
        (r"35(?:2[89]|[3-8])", (16, 17, 18, 19)),  # JCB
        (r"62|6011|64[4-9]|65", (16, 17, 18, 19)),  # UnionPay, Discover
        (r"60|81|82|508|353|356", (16,)),  # RuPay
        (r"50|5[6-9]|6[0-9]", (16, 19)),  # Maestro
    )
)


def _is_aadhaar(text: str) -> bool:
    """Whether the twelfth digit is the check digit by Verhoeff's scheme, as UIDAI gives the numbers out."""
    check = 0
    for place, digit in enumerate(int(c) for c in reversed(text) if c.isdigit()):
        check = _times(check, _turned(digit, place % 8))
    return check == 0


def _turned(digit: int, times: int) -> int:
    for _ in range(times):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit


def _times(a: int, b: int) -> int:
    """The product in the group of the ten turns and flips of a pentagon, numbered as Verhoeff does (1969)."""
    turn = (a + b if a < 5 else a - b) % 5  # noqa: PLR2004
    return turn + 5 * ((a < 5) != (b < 5))  # noqa: PLR2004


@dataclass(frozen=True, slots=True)
class _Shape:
    """A shape, as a regular expression, and what a text of it must satisfy.

    No letter or digit may stand beside it, with `apart` no dash of theirs either.
    """

    what: str
    shape: str
    apart: bool = False
    holds: Callable[[str], bool] = bool

    def spans(self) -> Spans:
        """Where a text has it."""
        before, after = (
            (r"(?<![0-9A-Za-z-])", r"(?![0-9A-Za-z]|-[0-9A-Za-z])")
            if self.apart
            else (r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])")
        )
        pattern = re.compile(f"{before}(?=({self.shape}{after}))")
        return lambda text: (match.span(1) for match in pattern.finditer(text) if self.holds(match[1]))

    @property
    def loose(self) -> str:
        """An expression without looking around that finds at least as much."""
        return rf"(?:^|[^0-9A-Za-z])(?:{self.shape})(?:$|[^0-9A-Za-z])"


def _mails(text: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _MAIL.finditer(text))


_MAIL: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_][\w-]{1,62}")
_SHAPES: Final = (
    _Shape(NATIONAL, rf"[2-9][0-9]{{3}}{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}", holds=_is_aadhaar),
    _Shape(NATIONAL, r"(?i:[A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z])"),  # PAN of India, Income-tax Rules 1962, rule 114
    _Shape(NATIONAL, r"[0-9]{4}-[0-9]{4}-[0-9]{4}(?:-[0-9]{4})?", apart=True),  # PhilSys; Pag-IBIG
    _Shape(NATIONAL, r"[0-9]{4}-[0-9]{7}-[0-9]", apart=True),  # UMID, Philippines
    _Shape(NATIONAL, r"[0-9]{2}-[0-9]{7}-[0-9]", apart=True),  # SSS, Philippines
    _Shape(NATIONAL, r"[0-9]{2}-[0-9]{9}-[0-9]", apart=True),  # PhilHealth
    _Shape(NATIONAL, r"[0-9]{3}-[0-9]{3}-[0-9]{3}(?:-[0-9]{3,5})?", apart=True),  # TIN, Philippines
    _Shape(NATIONAL, r"[0-9]{3}-[0-9]{2}-[0-9]{4}", apart=True),  # social security number, United States
    _Shape(PHONE, r"\+[1-9](?:[ \xa0()._\u2010-\u2015/-]{0,2}[0-9]){7,14}"),  # ITU-T E.164
    _Shape(PHONE, rf"(?:00)?63{_GAP}9[0-9]{{2}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{4}}"),  # mobile, Philippines
    _Shape(PHONE, rf"\(?09[0-9]{{2}}\)?{_GAP}[0-9]{{3}}{_GAP}[0-9]{{4}}"),
    _Shape(PHONE, rf"\(?0[2-8][0-9]?\)?{_GAP}[0-9]{{3,4}}{_DASH}[0-9]{{4}}"),  # landline, Philippines
    _Shape(PHONE, rf"(?:0|91|0091)?{_GAP}[6-9][0-9]{{4}}{_GAP}[0-9]{{5}}"),  # mobile, India
    # United States and Canada
    _Shape(PHONE, rf"(?:1{_GAP})?\(?[2-9][0-9]{{2}}\)?{_DASH}{{1,2}}[0-9]{{3}}{_DASH}[0-9]{{4}}"),
)
_RULES: Final[tuple[tuple[str, Spans], ...]] = (
    (MAIL, _mails),
    (CARD, _cards),
    *((shape.what, shape.spans()) for shape in _SHAPES),
)
SUSPECT: Final = "|".join(
    (
        r"[^\s@]@[^\s@]+\.",
        _Shape(CARD, rf"(?:[34568]{_IN_CARD}[0-9]|2{_IN_CARD}[2-7])(?:{_IN_CARD}[0-9]){{11,17}}").loose,
        *(shape.loose for shape in _SHAPES),
    )
)
"""What a text holds that may hold an identifier, for any engine that looks through a column; no other text can."""
_SUSPECT: Final = re.compile(SUSPECT)
