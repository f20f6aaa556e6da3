r"""What the domain name system answered, and `dns.csv`, the file of kind `dns` that a pack holds of it.

How an absence and a failure are told apart in a table that has rows for neither:

- A domain whose every look-up was answered has its rows, at least one of type `NS` (its own name servers, else those of
  the nearest name above it). Where it has that row, a name without row is an answer: it does not exist, or holds
  nothing of that type.
- A domain with a look-up that failed (time-out, SERVFAIL, REFUSED) has nothing but a row for each such look-up, with
  `?` as its value. Kind `dns` requires a value and reads `?` as "not known", so the row cannot be read, and nothing
  that needs the kind can pass.
- The policy file of MTA-STS is no DNS: one that was not read, or not asked for, leaves no row, and that proves nothing.
  Where the server says that it has none, or the host has no address, the row holds the empty text, in double quotes.
- So a domain without any readable row was not asked or not answered: undecided, never "publishes nothing".

Cells. `domain` is the engagement's domain, `name` the name that was asked; both in A-labels, lower case, without a dot
at the end. A `value` is `10 mx1.vendor.example` (MX), a name (NS, CNAME), an address, or a text: its chunks joined,
bytes other than printable ASCII written `\DDD` and the backslash `\\`, as in a zone file. A text that could be mistaken
for "not known" stands in double quotes. `ttl` is in seconds, as answered; `first_seen` is not known here.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ctrlkit.errors import CtrlkitError, InputError
from ctrlkit.value_map import UNKNOWN_WORDS
from ctrlkit.visible import visible

FILE: Final = "dns.csv"
COLUMNS: Final = ("domain", "type", "name", "value", "ttl", "queried_at")
NOT_KNOWN: Final = "?"
POLICY_FILE: Final = "MTA-STS"
"""The type of the row that holds the policy file of MTA-STS: no record of the DNS, and never there by a look-up."""

_BESIDE: Final = ".writing"
_ODD: Final = ("System.", "Microsoft.", "@", "*")
"""How values begin that evidence reads as the trace of a broken export."""
_HEADER: Final = ",".join(f'"{column}"' for column in COLUMNS)


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """One record of an answer; `ttl` in seconds, None where there is none (the policy file of MTA-STS)."""

    name: str
    type: str
    value: str
    ttl: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What one look-up for `domain` gave.

    `records` are sorted; none: the name does not exist or holds nothing of that type. `fault` says why nothing is
    known.
    """

    domain: str
    name: str
    type: str
    queried_at: datetime
    records: tuple[Record, ...] = ()
    fault: str = ""


def problems(answers: Sequence[Answer]) -> tuple[str, ...]:
    """A line for each look-up that failed, for a person; where there is one, the collection is not complete (2)."""
    return tuple(
        f"{a.domain}: {a.type} {a.name}: {a.fault}; expected an answer; ask again, or another server"
        for a in failed(answers)
    )


def failed(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """The look-ups that were not answered."""
    return tuple(answer for answer in answers if answer.fault)


def check(pack: Path) -> None:
    """Refuse, before anything is asked, to write over a `dns.csv` that was not collected. Raises InputError."""
    path = pack / FILE
    try:
        with path.open("rb") as file:
            ours = file.readline(len(_HEADER) + 2).rstrip(b"\r\n") == _HEADER.encode()
    except FileNotFoundError:
        return
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise InputError(
            f"{_place(path)}: cannot be read ({reason}), expected a file of ours or none; mend it"
        ) from wrong
    if not ours:
        raise InputError(
            f"{_place(path)}: was handed over, expected none or one that was collected; "
            "move it away, or give another --out"
        )


def write(pack: Path, answers: Sequence[Answer]) -> Path:
    """Write `dns.csv` into the folder `pack` and return its path; rows are sorted by domain, name, type and value.

    One of an earlier collection is replaced, whole. Raises InputError where one that was not collected lies there, and
    CtrlkitError where the file cannot be written.
    """
    check(pack)
    path = pack / FILE
    beside = path.with_name(FILE + _BESIDE)
    try:
        pack.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(text(answers).encode())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise CtrlkitError(
            f"{_place(path)}: cannot be written ({reason}), expected room and permission; mend it"
        ) from wrong
    return path


def text(answers: Sequence[Answer]) -> str:
    """The content of `dns.csv`: every cell quoted, lines ended by a line feed."""
    unknown = {answer.domain for answer in failed(answers) if answer.type != POLICY_FILE}
    rows: dict[tuple[str, str, str, str], tuple[str, str]] = {}
    for answer in answers:
        at = answer.queried_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if answer.fault and answer.type != POLICY_FILE:
            rows[answer.domain, answer.name, answer.type, NOT_KNOWN] = "", at
        elif answer.domain not in unknown:
            for record in answer.records:
                key = (answer.domain, record.name, record.type, record.value)
                rows.setdefault(key, ("" if record.ttl is None else str(record.ttl), at))
    out = io.StringIO()
    lines = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows((domain, type_, name, value, *rest) for (domain, name, type_, value), rest in sorted(rows.items()))
    return out.getvalue()


def escaped(raw: bytes) -> str:
    r"""Printable ASCII as it is, the backslash doubled, any other byte as `\DDD`."""
    return "".join("\\\\" if b == ord("\\") else chr(b) if ord(" ") <= b <= ord("~") else f"\\{b:03d}" for b in raw)


def as_cell(value: str) -> str:
    """A value as it stands in a cell: in double quotes where evidence would read it as "not known"."""
    odd = not value or value.casefold() in UNKNOWN_WORDS or value.startswith(_ODD)
    return f'"{value}"' if odd else value


def _place(path: Path) -> str:
    return visible(path.as_posix())
