"""Who is who: an identity map proposed from e-mail addresses and numbers in the files, never from names."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ctrlkit import layout, opening, sensitive
from ctrlkit.hooks import Adapter
from ctrlkit.kind import Kind
from ctrlkit.layout import Source
from ctrlkit.raw import Candidate
from ctrlkit.reader import UnreadableError, identify, sha256
from ctrlkit.recognition import Bare, Recognised

PROPOSED: Final = "identity_map.proposed.csv"
UNMATCHED: Final = "identity_map.unmatched.csv"
LARGEST: Final = 64 * 2**20
"""Bytes of a file that is looked at; a longer log is left to the accounts that are in other files."""

_COLUMNS: Final = ("employee_id", "system", "account_id", "email", "object_guid", "badge_pin")
_EMAIL: Final = re.compile(r"[^@\s,;<>\"']{1,64}@[^@\s,;<>\"']{1,190}\.[^@\s,;<>\"'.]{2,24}")
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?=.*[0-9]).{3,40}")
_OTHERS: Final = re.compile(r"manager|supervisor|lead|approv|report|emergency|spouse|parent|guardian|refer|creat|modif")
"""Words of headers under which somebody else stands than the one whom the row is about."""
_PIN: Final = re.compile(r"(?:badge|biometric|clock|attendance|bio|door)[ _-]?(?:pin|id|no\.?|number|card)?")
_OBJECT: Final = re.compile(r"(?:(?:azure ad |entra |user )?object ?(?:id|guid)|user ?id|guid|id)")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Rows of an identity map as `_COLUMNS`, and who stays without one: file, row, system, identifier, why."""

    rows: tuple[tuple[str, ...], ...]
    unmatched: tuple[tuple[str, ...], ...]

    def documents(self) -> dict[str, str]:
        """The files to write, by name."""
        files = {PROPOSED: _csv(_COLUMNS, self.rows)}
        head = ("file", "row", "system", "identifier", "why")
        return files | ({UNMATCHED: _csv(head, self.unmatched)} if self.unmatched else {})

    def said(self) -> str:
        """What a person must know of it."""
        left = f"; {len(self.unmatched)} stay unmatched, see {UNMATCHED}" if self.unmatched else ""
        joined = f"{len(self.rows)} identities are joined to people by e-mail or number{left}"
        return f"{PROPOSED}: {joined}: check it, then rename it identity_map.csv"


@dataclass(slots=True)
class _People:
    """The people of the roster, by what can tell them apart."""

    at: dict[str, tuple[str, str]] = field(default_factory=dict)
    by_email: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_number: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_guid: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    pins: dict[str, str] = field(default_factory=dict)

    def meant(self, account: _Account) -> set[str]:
        """Everyone whom the account may belong to, by its own number, its addresses, or what else it is called."""
        found: set[str] = set()
        for number in account.numbers:
            found |= {number} if number in self.at else self.by_number.get(_bare(number), set())
        for email in account.emails:
            found |= self.by_email.get(email, set())
        return found or self.by_guid.get(account.name, set())


@dataclass(frozen=True, slots=True)
class _Account:
    file: str
    row: str
    system: str
    name: str
    emails: tuple[str, ...]
    numbers: tuple[str, ...]
    guid: str


def recognised_in(folder: Path, recognised: Sequence[Recognised]) -> list[Source]:
    """Recognised files as sources."""
    return [Bare(r.kind, r.file, folder / r.file, adapter=r.adapter or "none", sheet=r.sheet) for r in recognised]


def propose(sources: Sequence[Source], kinds: Mapping[str, Kind], adapters: Sequence[Adapter]) -> Proposal | None:
    """The identity map that the files suggest; None without a roster, or where a map is there."""
    if "identity_map" in {s.kind for s in sources} or "roster" not in {s.kind for s in sources}:
        return None
    people, accounts = _People(), dict[tuple[str, str], _Account]()
    lists = sorted(sources, key=lambda s: (s.kind != "roster", "accounts" not in s.kind, s.file))
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as work:
        for found in lists:
            asked = found.kind == "roster" or {"system", "account_id"} <= kinds[found.kind].columns.keys()
            for row, own, cells in _rows(found, kinds, adapters, Path(work)) if asked else ():
                if found.kind == "roster":
                    _add_person(people, found.file, row, own, cells)
                elif account := _account(found.file, row, own, cells):
                    accounts.setdefault((account.system, account.name), account)
    return _joined(people, list(accounts.values()))


def _joined(people: _People, accounts: Sequence[_Account]) -> Proposal | None:
    rows: set[tuple[str, ...]] = set()
    left: list[tuple[str, ...]] = []
    met: set[str] = set()
    for account in sorted(accounts, key=lambda a: not a.guid):  # those that know a GUID tell whose it is
        meant = people.meant(account)
        if len(meant) == 1:
            person = next(iter(meant))
            met.add(person)
            if account.guid:
                people.by_guid[account.guid].add(person)
            rows.add((person, account.system, account.name, next(iter(account.emails), ""), account.guid, ""))
        else:
            why = f"may be {len(meant)} people" if meant else "no e-mail address or number of the roster"
            left.append((account.file, account.row, account.system, account.name, why))
    rows |= {(person, "badge", "", "", "", pin) for person, pin in people.pins.items()}
    alone = [(*people.at[person], "", person, "no account") for person in people.at if person not in met]
    return Proposal(tuple(sorted(rows)), (*sorted(left), *alone)) if rows else None


def _rows(
    source: Source, kinds: Mapping[str, Kind], adapters: Sequence[Adapter], work: Path
) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """Number, canonical cells and all cells by header of each row of a file; none of one that cannot be read."""
    path = source.path
    try:
        if path.stat().st_size > LARGEST:
            return
        form = identify(path)
        opened = opening.tables(path, form, sha256(path), source.sheet, opening.readers(adapters, form), work)
        for candidate in opened.candidates:
            for position, (_, cells) in enumerate(candidate.head):
                laid = layout.resolve(cells, source, kinds[source.kind], adapters)
                if sensitive.by_header(cells):
                    return
                if not laid.problems:
                    frame = candidate.load(position, range(len(cells))).frame.collect()
                    beside = _as_handed_in(candidate, opened.candidates)
                    for row in frame.iter_rows(named=True):
                        texts = {h: (row[f"c{i}"] or "").strip() for i, h in enumerate(laid.headers)}
                        texts = {**beside.get(row["_row"], {}), **texts}
                        own = {n: (row[f"c{p.index}"] or "").strip() for n, p in laid.places.items()}
                        yield str(row["_row"]), {**laid.constants, **own}, texts
                    return
    except (UnreadableError, OSError):
        return


def _as_handed_in(made: Candidate, candidates: Sequence[Candidate]) -> dict[int, dict[str, str]]:
    """The cells by header of each row of the table of which an adapter made its own, which has fewer columns."""
    for candidate in candidates if made.by else ():
        for position, (_, cells) in enumerate(candidate.head):
            if not candidate.by and candidate.name == made.name and cells == made.source:
                frame = candidate.load(position, range(len(cells))).frame.collect()
                names = layout.distinct(cells)
                rows = frame.iter_rows(named=True)
                return {row["_row"]: {h: (row[f"c{i}"] or "").strip() for i, h in enumerate(names)} for row in rows}
    return {}


def _add_person(people: _People, file: str, row: str, own: Mapping[str, str], cells: Mapping[str, str]) -> None:
    person = own.get("employee_id", "").casefold()
    if not person:
        return
    people.at.setdefault(person, (file, row))
    people.by_number[_bare(person)].add(person)
    for email in _emails(cells):
        people.by_email[email].add(person)
    for header, text in cells.items():
        if text and _PIN.fullmatch(header.casefold()):
            people.pins.setdefault(person, text)


def _account(file: str, row: str, own: Mapping[str, str], cells: Mapping[str, str]) -> _Account | None:
    name, system = own.get("account_id", "").casefold(), own.get("system", "").casefold()
    if not name or not system:
        return None
    emails = tuple(dict.fromkeys((*([name] if _EMAIL.fullmatch(name) else []), *_emails(cells))))
    local = name.partition("@")[0].rpartition("\\")[2]
    numbers = [own.get("employee_id", "").casefold(), *([local] if _NUMBER.fullmatch(local) else [])]
    guids = [t.casefold() for h, t in cells.items() if _OBJECT.fullmatch(h.casefold()) and _GUID.fullmatch(t)]
    return _Account(file, row, system, name, emails, tuple(n for n in numbers if n), next(iter(guids), ""))


def _emails(cells: Mapping[str, str]) -> Iterator[str]:
    """The addresses in a row that are those of the one whom it is about."""
    for header, text in cells.items():
        if _EMAIL.fullmatch(text) and not _OTHERS.search(header.casefold()):
            yield text.casefold()


def _bare(number: str) -> str:
    """A number without the zeros before it, which spreadsheets lose."""
    return number.lstrip("0") if number.isdecimal() else number


def _csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t"} else cell for cell in row] for row in rows)
    return text.getvalue()
