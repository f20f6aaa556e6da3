"""Names back for those who hold the engagement key and the originals: what is to be mended, by whom, where, until when.

A pseudonym is an HMAC and cannot be turned back. So the originals are read again: each file is held to its commitment,
and each identifier in it gets its pseudonym again, which then stands for it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import polars as pl

from ctrlkit import hosts, originals, sweep
from ctrlkit.case import Case
from ctrlkit.errors import InputError
from ctrlkit.gather import Listen
from ctrlkit.ingested import Ingested
from ctrlkit.kind import Kind
from ctrlkit.model import Finding, HostPointer, Pointer, Result, Severity, Verdict
from ctrlkit.originals import Place
from ctrlkit.pack_source import PackSource
from ctrlkit.privacy import EngagementKey
from ctrlkit.profile import effective
from ctrlkit.spreadsheet import Cell, Column, Sheet
from ctrlkit.written import result_from

LIMITS: Final = "GOV-04"
"""The control whose parameters say how many days a finding may stay open."""
_OWN: Final = {"employee_id", "agent_id", "account_id", "mailbox", "sender"}
_PSEUDONYM: Final = re.compile(r"p_[a-z2-7]{16}")
_TO_FIX: Final = (
    *(Column("who", 34), Column("what", 46), Column("details", 40), Column("file", 28), Column("row", 7)),
    *(Column("also in", 30), Column("control", 10), Column("title", 34), Column("severity", 10)),
    *(Column("remedy", 60), Column("law or clause", 30), Column("opened", 12), Column("due", 12), Column("key", 36)),
)
_DUE: Final = [column.header for column in _TO_FIX].index("due")
_OPEN: Final = (
    *(Column("control", 10), Column("title", 34), Column("subject", 20), Column("cause", 14)),
    *(Column("reason", 70), Column("remedy", 60)),
)


@dataclass(frozen=True, slots=True)
class Revealed:
    """The sheets of a list of repairs; how many findings they hold, and how many of those nobody could be named for.

    `limits` are the days that a finding may stay open, by severity; `waived` findings are accepted and not listed.
    """

    sheets: tuple[Sheet, ...]
    findings: int
    undecided: int
    waived: int
    unnamed: int
    limits: Mapping[Severity, int]


def reveal(  # noqa: PLR0913, PLR0917  (all of them are needed to name anybody)
    folder: Path, said: Mapping[str, Any], case: Case, key: EngagementKey, work: Path, listen: Listen
) -> Revealed:
    """What the bundle in `folder` found, in the names of the originals in the packs of `case`.

    Raises InputError for a bundle without verdicts, and where an original that a finding points at is not here or is
    not the one that was judged.
    """
    path = folder / "data" / "results" / "results.ndjson"
    if not path.is_file():
        msg = f"{folder.name}: is a handover, which holds no verdicts; expected the bundle of a run"
        raise InputError(f"{msg}; judge it first with ctrlkit run")
    results = [result_from(line) for line in path.read_text("utf-8").splitlines()]
    failed = [(r, f) for r in results if r.verdict is Verdict.FAILED for f in r.findings]
    read, wrong = originals.read(case, said, key, work, listen)
    _check([f for _, f in failed], wrong)
    book = _Book(read, case, key, [f for _, f in failed])
    limits, opened = _limits(case), _opened(folder)
    rows = sorted((_row(r, f, book, case, limits, opened) for r, f in failed), key=lambda row: str(row[_DUE]))
    undecided = [r for r in results if r.verdict in {Verdict.INCONCLUSIVE, Verdict.ERROR}]
    sheets = (
        Sheet("to fix", _TO_FIX, rows),
        Sheet("not decided", _OPEN, [_undecided(r, book, case) for r in undecided]),
        Sheet("about", (Column("about", 24), Column("this list", 80)), _about(said, limits)),
    )
    waived = sum(len(r.findings) for r in results if r.verdict is Verdict.WAIVED)
    unnamed = sum(any(_PSEUDONYM.search(str(cell)) for cell in row[:3]) for row in rows)
    return Revealed(sheets, len(rows), len(undecided), waived, unnamed, limits)


def _check(findings: Sequence[Finding], wrong: Mapping[Place, str]) -> None:
    """Raises InputError for the originals that a finding points at first and that are not here as they were judged."""
    places = {(s.kind, s.party, s.file) for f in findings for s in f.sources[:1] if isinstance(s, Pointer)}
    faults = [f"{file} ({party}, {kind}) {wrong[kind, party, file]}" for kind, party, file in sorted(places & {*wrong})]
    if faults:
        more = f"; and {len(faults) - 5} more" if len(faults) > 5 else ""  # noqa: PLR2004
        msg = f"names stand in the originals only: {'; '.join(faults[:5])}{more}"
        raise InputError(
            f"{msg}; expected the files that the bundle commits to; give the pack that holds them as --with"
        )


class _Book:
    """Who is behind a pseudonym, and who stands in a row."""

    def __init__(
        self,
        read: Sequence[tuple[Ingested, PackSource]],
        case: Case,
        key: EngagementKey,
        findings: Sequence[Finding],
    ) -> None:
        self._key = key
        self._kinds = case.stock.kinds
        self._names: dict[str, str] = {}
        self._rows: dict[tuple[Place, int], list[dict[str, str]]] = {}
        wanted: dict[Place, set[int]] = {}
        for pointer in (s for f in findings for s in f.sources[:1] if isinstance(s, Pointer) and s.row is not None):
            wanted.setdefault((pointer.kind, pointer.party, pointer.file), set()).add(pointer.row or 0)
        for found, source in read:
            if found.parquet is not None:
                place = (source.kind, source.party, source.file)
                self._take(pl.read_parquet(found.parquet), self._kinds[source.kind], place, wanted.get(place, set()))
            if source.exported_by:
                self._hide("person", source.exported_by.strip().casefold())
        for held in case.packs:
            hosts.from_folder(held.folder, None, case.stock.probes, case.engagement.nonce, self._hide)

    def _hide(self, domain: str, value: str) -> str:
        hidden = self._key.pseudonym(domain, value)
        self._names[hidden] = value
        return hidden

    def _take(self, rows: pl.DataFrame, kind: Kind, place: Place, wanted: set[int]) -> None:
        domains = {c.name: c.pseudonym for c in kind.columns.values() if c.pseudonym and c.name in rows.columns}
        for name, domain in domains.items():
            values = rows.get_column(name).unique().drop_nulls().to_list()
            self._names.update({hidden: value for value, hidden in self._key.pseudonyms(domain, values).items()})
        self._names.update(sweep.named(rows, kind, self._key))
        chosen = rows.filter(pl.col("_row").is_in(sorted(wanted))).select("_row", *domains)
        for row in chosen.iter_rows(named=True):
            cells = {name: str(row[name]) for name in domains if row[name] is not None}
            self._rows.setdefault((place, int(row["_row"])), []).append(cells)

    def text(self, text: str) -> str:
        """The text with each pseudonym that somebody is behind replaced by who that is."""
        return _PSEUDONYM.sub(lambda match: self._names.get(match[0], match[0]), text)

    def values(self, finding: Finding) -> dict[str, str]:
        """The finding's values as text, in names."""
        return {name: self.text("" if v is None else str(v)) for name, v in finding.values.items()}

    def who(self, finding: Finding) -> str:
        """The people and accounts of the finding's own row in the original, else those that its values name."""
        pointer = finding.sources[0] if finding.sources else None
        if isinstance(pointer, HostPointer):
            return f"host: {pointer.host}"
        told = self._told(finding, pointer) if pointer is not None else []
        if told:
            return " or ".join(dict.fromkeys(told))
        hidden = {n: v for n, v in finding.values.items() if isinstance(v, str) and _PSEUDONYM.fullmatch(v)}
        return _worded({name: self.text(value) for name, value in hidden.items()})

    def _told(self, finding: Finding, pointer: Pointer) -> list[str]:
        """What each row at that place says of who it is; more than one where a workbook has sheets of equal length."""
        kind = self._kinds[pointer.kind]
        rows = self._rows.get(((pointer.kind, pointer.party, pointer.file), pointer.row or 0), [])
        named = [{n: v for n, v in row.items() if n in kind.key or n in _OWN} or row for row in rows if row]
        return [_worded(row) for row in named if self._fits(row, finding, kind)]

    def _fits(self, row: Mapping[str, str], finding: Finding, kind: Kind) -> bool:
        shown = finding.values
        return all(
            self._key.pseudonym(kind.columns[name].pseudonym or "", value) == shown[name]
            for name, value in row.items()
            if shown.get(name) is not None
        )


def _worded(cells: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {value}" for name, value in cells.items())


def _row(  # noqa: PLR0913, PLR0917  (what a line of the list is made of)
    result: Result,
    finding: Finding,
    book: _Book,
    case: Case,
    limits: Mapping[Severity, int],
    opened: Mapping[tuple[str, str], date],
) -> tuple[Cell, ...]:
    control = case.stock.controls.get(result.control)
    first = finding.sources[0] if finding.sources else None
    file, row = _place(first)
    since = opened.get((result.control, finding.key), case.as_of.date)
    clauses = [f"{law} {', '.join(of)}" for law, of in control.maps.items()] if control else []
    return (
        *(book.who(finding), book.text(finding.message), _worded(book.values(finding)), file, row, _others(finding)),
        *(result.control, control.title if control else "", result.severity.value),
        *(control.remedy if control else "", "; ".join(clauses)),
        *(since, since + timedelta(days=limits[result.severity]), finding.key),
    )


def _place(source: Pointer | HostPointer | None) -> tuple[str, int | None]:
    if isinstance(source, Pointer):
        return source.file, source.row
    return (f"{source.host} {source.probe}", source.line) if source is not None else ("", None)


def _others(finding: Finding) -> str:
    places = [_place(source) for source in finding.sources[1:]]
    told = [file if row is None else f"{file} row {row}" for file, row in places]
    return "; ".join([*told, *([f"{finding.more} more"] if finding.more else [])])


def _undecided(result: Result, book: _Book, case: Case) -> tuple[Cell, ...]:
    control = case.stock.controls.get(result.control)
    cause = result.cause.value if result.cause else ""
    title, remedy = (control.title, control.remedy) if control else ("", "")
    return (result.control, title, result.subject, cause, book.text(result.reason), remedy)


def _limits(case: Case) -> dict[Severity, int]:
    """Days that a finding may stay open, by severity: what the profile asks of GOV-04; low as medium."""
    params = effective(case.profile, case.stock.controls[LIMITS])
    days = {s: int(params[f"{s.value}_days"]) for s in (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)}
    return {**days, Severity.LOW: days[Severity.MEDIUM]}


def _opened(folder: Path) -> dict[tuple[str, str], date]:
    """Control and finding key -> when an earlier bundle found it first, of what has stayed open since."""
    path = folder / "data" / "evidence" / "client" / "findings.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as lines:
        return {
            (row["control_id"], row["finding_id"].partition("#")[0]): date.fromisoformat(row["opened_on"])
            for row in csv.DictReader(lines)
            if not row["closed_on"]
        }


def limits_text(limits: Mapping[Severity, int]) -> str:
    """The days by severity, in words."""
    return ", ".join(f"{severity.value} {days} days" for severity, days in limits.items())


def _about(said: Mapping[str, Any], limits: Mapping[Severity, int]) -> list[tuple[Cell, ...]]:
    rule = f"opened plus {limits_text(limits)} ({LIMITS} under the profile; low as medium), fixed and retested"
    return [
        ("vendor", said["vendor"]),
        ("engagement", said["engagement"]),
        ("period", said["period"]),
        ("as-of", said["as_of"]),
        ("due", rule),
        ("opened", "the day of the first bundle that has the finding, among those given by --previous; else the as-of"),
        ("keep", "this list names people: keep it with the originals, send it to nobody outside, delete it when done"),
    ]
