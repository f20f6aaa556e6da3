"""The words of a request for evidence, the same in every form: cover, checklist, columns, retention, pack.yaml."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ctrlkit.asked import Asking, Wanted
from ctrlkit.catalogue import meaning
from ctrlkit.explain import KEPT, SEEN
from ctrlkit.kind import Column, Kind
from ctrlkit.staff_notice import CHECK_FIRST, notices
from ctrlkit.template import scalar
from ctrlkit.visible import visible

BOOK: Final = "request.xlsx"
CHECKLIST: Final = ("step", "kind", "what", "how", "from", "decides", "decided by then", "needed by", "columns")
RETENTION: Final = ("kind", "purpose", "seen by", "kept")
COLUMNS: Final = ("kind", "column", "must", "meaning", "example")
_EXAMPLES: Final = {
    "person": "E-1001",
    "account": "ana.cruz",
    "device": "WS-014",
    "date": "2026-10-14",
    "datetime": "2026-10-14 09:30:00",
    "number": "3",
    "decimal": "1250.00",
    "country": "PH",
    "site": "MNL1",
    "client": "northwind",
    "system": "crm",
    "src_ip": "192.0.2.10",
    "authority": "NPC",
    "by": "an audit firm",
    "clause": "Annex 4, 2.1",
    "domain": "vendor.example",
    "field": "card_number",
    "language": "en",
    "location": "share: floor2/exports",
    "month": "2026-10",
    "name": "Harbour Example Services",
    "page": "12",
    "purpose": "billing questions",
    "retention_basis": "contract 7.2",
    "role": "agent",
    "scope_services": "voice",
    "scope_sites": "MNL1",
    "service": "recording of calls",
    "source": "crm audit log",
    "state": "KA",
    "storage_country": "PH",
    "version": "2026-01",
    "zone": "floor 2",
}
"""By the sort of identifier, the name of the column, or its type: what an invented row could hold."""


def cover(asking: Asking) -> list[str]:
    """What this is, in plain words, one paragraph each."""
    terms = asking.engagement
    who = terms.client or "nobody but you: this is a self-check"
    return [
        f"What to hand over for {terms.id} ({asking.profile.title})",
        (
            f"Vendor: {terms.vendor or '____'} · Asked by: {who} · Period: {terms.period.start} to "
            f"{terms.period.end}, both days included"
        ),
        (
            f"Purpose: to decide {asking.total} controls, and nothing else. Only the columns named here are read; "
            "leave all others out."
        ),
        (
            f"Recipients: who gets the bundle is said for each kind below. Country of the data: {terms.country}. "
            "Country in which the recipient keeps the bundle: ____ (to be filled in by the recipient)."
        ),
        (
            "Order: each step decides most controls for its effort. Stop where you like: what was handed over so far "
            "decides what the checklist says."
        ),
        (
            "Where a system can export, give its own export, whole and unedited: it counts for more than what is "
            "typed. Sheets to fill in are only for what no system exports."
        ),
        "Never hand over passwords, keys, recovery codes, the content of calls or messages, or medical results.",
        "Before you start: tell the people it is about; a notice for them is part of this request.",
    ]


def checklist(asking: Asking) -> Iterator[tuple[str, ...]]:
    """One row for each kind, under `CHECKLIST`, and one for the hosts."""
    decided = asking.alone
    for step, one in enumerate(asking.wanted, 1):
        decided += len(one.decides)
        yield (
            str(step),
            one.kind.name,
            one.kind.about,
            how(one),
            _party(one.kind),
            ", ".join(one.decides),
            f"{decided} of {asking.total}",
            ", ".join(c.id for c in one.controls),
            ", ".join(name if name in one.needed else f"({name})" for name in one.columns),
        )
    if asking.hosts:
        ids = ", ".join(c.id for c in asking.hosts)
        how_hosts = "ctrlkit collect reads them over SSH; ctrlkit collect --script sh prints the same to run by hand"
        row = ("hosts", "Settings of servers and workstations.", how_hosts, "the vendor", "", "", ids, "")
        yield (str(len(asking.wanted) + 1), *row)


def _party(kind: Kind) -> str:
    return "the vendor or the client" if kind.party == "either" else f"the {kind.party}"


def how(one: Wanted) -> str:
    """How to come by a kind: the menu path, edition and role of each export, or the sheet."""
    said = []
    for way in one.ways:
        needs = "; ".join(f"{label}: {text}" for label, text in (("edition", way.edition), ("role", way.role)) if text)
        said.append(f"{way.product}: {way.where}" + (f" ({needs}; from {way.source})" if needs else ""))
    if one.sheet:
        only = "if none of these systems is yours: " if said else ""
        said.append(f"{only}fill in the sheet {sheet(one)}")
    elif one.kind.source == "probe" and not said:
        said.append("ctrlkit collect reads it")
    else:
        said.append("any other system: its own export, with its columns named in pack.yaml")
    return "\n".join(said)


def retention(asking: Asking) -> Iterator[tuple[str, ...]]:
    """One row for each kind, under `RETENTION`."""
    for one in asking.wanted:
        purpose = "; ".join(c.title for c in one.controls) or "read where it is there; no control waits for it"
        yield one.kind.name, purpose, SEEN[one.kind.restricted], KEPT


def columns(asking: Asking) -> Iterator[tuple[str, ...]]:
    """One row for each column of each kind, under `COLUMNS`."""
    for one in asking.wanted:
        for name in one.columns:
            column = one.kind.columns[name]
            yield one.kind.name, name, "must" if name in one.needed else "helps", meaning(column), example(column)


def example(column: Column) -> str:
    """A value that the column may hold; an invented one."""
    if column.type == "boolean":
        return "true"
    told = [str(v) for v in (*column.values, *column.known_values)]
    if told:
        return ";".join(told[:2]) if column.is_list else told[0]
    known = (_EXAMPLES[word] for word in (column.pseudonym, column.name, column.type) if word in _EXAMPLES)
    return next(known, f"{column.name.removesuffix('_id')}-1")


def sheets(asking: Asking) -> tuple[Wanted, ...]:
    """The kinds that get a sheet to fill in, in order."""
    return tuple(one for one in asking.wanted if one.sheet)


def sheet(one: Wanted) -> str:
    """The name of a kind's sheet; Excel takes 31 characters."""
    return one.kind.name[:31]


def pack(asking: Asking, *, book: bool) -> str:
    """The pack.yaml that reads the filled-in sheets, of the workbook or of one CSV for each kind."""
    terms = asking.engagement
    lines = [
        "# Reads the sheets that you filled in. Add exports beside this file and name them here, or let",
        "# ctrlkit init in an empty folder with your files write a new one.",
        f"vendor: {scalar(terms.vendor or 'vendor')}",
        f"engagement: {scalar(terms.id)}" if terms.document is not None else "# engagement: the client's id",
        f"time_zone: {terms.time_zone}  # of times that carry none",
        "# When did you fill in the sheets? Without it they count as stale.",
        f"# exported_at: {terms.period.end.isoformat()}T18:00:00Z",
        "# A sheet left blank counts as empty: remove its line, or say why there is nothing under empty.",
        "evidence:",
    ]
    for one in sheets(asking):
        where = f"file: {BOOK}, sheet: {sheet(one)}" if book else f"file: {one.kind.name}.csv"
        lines.append(f"  {one.kind.name}: {{{where}, adapter: none, method: typed}}")
    if lines[-1] == "evidence:":
        lines.pop()
    return "".join(f"{line}\n" for line in lines)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The rows as CSV; a cell that a spreadsheet would compute is made text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} else cell for cell in row] for row in rows)
    return text.getvalue()


def notice_text(asking: Asking) -> str:
    """The notice to staff in every language, as plain text."""
    parts = [CHECK_FIRST]
    for notice in notices(asking):
        parts += [f"{notice.language}\n\n{visible(notice.title)}", *(visible(p) for p in notice.paragraphs)]
    return "\n\n".join(parts) + "\n"


def page(asking: Asking) -> str:
    """The whole request as Markdown."""
    title, *rest = cover(asking)
    parts = [f"# {_plain(title)}", *map(_plain, rest), "## Checklist", _table(CHECKLIST, checklist(asking))]
    parts += ["A column in brackets helps and is not needed.", "## Columns", _table(COLUMNS, columns(asking))]
    parts += ["## Purpose, recipients, retention", _table(RETENTION, retention(asking)), "## Notice to staff"]
    parts.append(_plain(CHECK_FIRST))
    for notice in notices(asking):
        parts += [f"### {_plain(notice.title)}", *map(_plain, notice.paragraphs)]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head)]
    shown = [["<br>".join(map(_plain, cell.split("\n"))) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in (*lines, *shown))


def _plain(text: str) -> str:
    """Plain words of Markdown: no markup, no HTML, on one line."""
    safe = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"[\\`*\[\]|~$#]", lambda mark: f"\\{mark.group()}", safe)
