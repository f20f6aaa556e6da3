"""From files as read to evidence as evaluated: one table per kind, in scope, derived, projected, pseudonymised, as CSV.

What is evaluated is exactly what the CSV holds: the frames that checks see are made from it again, so a replay rests on
the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ctrlkit import derive
from ctrlkit.engagement import Engagement
from ctrlkit.evaluated import Carried, Known
from ctrlkit.ingested import Ingested
from ctrlkit.kind import Kind
from ctrlkit.model import Cause, Fault, Grade, weakest
from ctrlkit.parts import in_order
from ctrlkit.privacy import EngagementKey
from ctrlkit.scope import Ties
from ctrlkit.settling import settle

FOLDED = {"system", "site", "client", "target_domain", "recipient_domain", "domain", "language", "retest_of"}


@dataclass(frozen=True, slots=True)
class Source:
    """One file behind a kind, as the bundle's index records it."""

    file: str
    party: str
    adapter: str | None
    grade: Grade
    commitment: str
    rows: int
    bad_rows: int
    first: str | None
    last: str | None
    exported_at: str | None
    exported_by: str | None
    control_total: int | None
    maps: Mapping[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence of one kind from one party, ready to be evaluated.

    `csv` is the evaluated file, None where there is none to evaluate; `clear` the same before anything was hidden,
    where that was asked for; `columns` those it holds. `bad_rows` could not be read; `outside` belong to other clients
    or sites. `faults` are those of the files themselves: whether they are old or cover the period depends on the
    profile and engagement they are judged under. `replaced` says in words which identifiers stood where none belong.
    """

    kind: str
    party: str
    sources: tuple[Source, ...]
    columns: tuple[str, ...] = ()
    rows: int = 0
    bad_rows: int = 0
    outside: int = 0
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    csv: Path | None = None
    sha256: str = ""
    problems: Path | None = None
    clear: Path | None = None
    withheld: bool = False
    replaced: tuple[str, ...] = ()

    @property
    def grade(self) -> Grade:
        """The weakest grade among the sources."""
        return weakest([s.grade for s in self.sources]) or Grade.TYPED

    @property
    def exported_at(self) -> datetime | None:
        """When the oldest source was exported; None as soon as one does not say and holds no time of its own."""
        moments = [s.exported_at or s.last for s in self.sources]
        if not moments or any(m is None for m in moments):
            return None
        return min(_instant(m) for m in moments if m)

    @property
    def path(self) -> str:
        """Where the CSV lies inside a bundle."""
        return f"data/evidence/{'client/' if self.party == 'client' else ''}{self.kind}.csv"


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def assemble(  # noqa: PLR0913, PLR0917  (all of them decide what is evaluated)
    kind: Kind,
    read: Sequence[tuple[Ingested, Source]],
    columns: Sequence[str],
    engagement: Engagement,
    key: EngagementKey,
    ties: Ties,
    target: Path,
    *,
    clear: bool = False,
    known: Known = None,
) -> Evidence:
    """Write `<target>/<kind>.csv` and its problems; `columns` are those of the kind that the selected checks read.

    `read` are the files of one party. A file that could not be read leaves its fault and no rows. `known` adds to the
    rows what only the reader of all files knows.
    """
    sources = tuple(source for _, source in read)
    party = sources[0].party
    faults = tuple(f for i, _ in read for f in i.faults)
    notes = tuple(note for i, _ in read for note in i.notes if "columns not read" not in note)
    evidence = Evidence(kind.name, party, sources, faults=faults, notes=notes)
    frames = [i for i, _ in read if i.parquet is not None]
    problems = target / f"{kind.name}.problems.ndjson"
    bad = sum(i.bad_rows for i, _ in read)
    _join_problems([i.problems for i, _ in read], problems)
    if not frames:
        return replace(evidence, bad_rows=bad, problems=_kept(problems))
    # what is worked out beside all rows of a kind takes them together
    parts = in_order([_widened(i, frames, kind) for i in frames], at_once=known is not None or derive.beside_all(kind))
    settled = settle(parts, kind)
    if len(settled.clashes):
        bad += len(settled.clashes)
        _add_clashes(settled.clashes, kind, problems)
    if settled.repeats:
        notes = (*notes, f"{settled.repeats} identical rows counted once")
    if settled.completed:
        notes = (*notes, f"{settled.completed} rows hold also what {', '.join(settled.by)} says under the same key")
    carry = Carried(kind, columns, engagement, key, ties, known)
    csv, beside = target / f"{kind.name}.csv", target / f"{kind.name}.clear.csv" if clear else None
    carry.out(settled.parts, csv, beside)
    if carry.untied:
        notes = (*notes, f"{carry.untied} rows cannot be tied to a client or site and are judged")
    with csv.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if not carry.rows and not bad and not any(f.cause is Cause.EMPTY for f in faults):
        faults = (*faults, Fault(Cause.EMPTY, f"{kind.name}: no row in scope"))
    return replace(
        evidence, columns=carry.shown, rows=carry.rows, bad_rows=bad, outside=carry.outside, faults=faults,
        notes=notes, csv=csv, sha256=sha256, problems=_kept(problems), clear=beside, replaced=carry.replaced,
    )  # fmt: skip


def _kept(problems: Path) -> Path | None:
    return problems if problems.exists() and problems.stat().st_size else None


def _join_problems(parts: Sequence[Path], target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        for part in parts:
            if part.exists():
                out.write(part.read_bytes())


def _widened(part: Ingested, parts: Sequence[Ingested], kind: Kind) -> pl.LazyFrame:
    """One file's rows; a column that it lacks and another file has is unknown in them, whatever emptiness means."""
    frame = pl.scan_parquet(part.parquet or "")
    present = set(part.columns)
    lacking = sorted({c for other in parts for c in other.columns} - present)
    frame = frame.with_columns(pl.col("_bad").alias("_unread"))
    if lacking:
        bad = pl.col("_bad").fill_null(";") + ";".join(lacking) + ";"
        frame = frame.with_columns(bad.alias("_bad"))
    frame = frame.select("_file", "_row", "_bad", "_unread", *part.columns)
    folds = [n for n in part.columns if _is_folded(kind, n)]
    return frame.with_columns(pl.col(n).str.to_lowercase() for n in folds)


def _is_folded(kind: Kind, name: str) -> bool:
    column = kind.columns[name]
    return (
        column.type == "string"
        and column.pseudonym is None
        and not column.values
        and not column.exact
        and (name in kind.key or name in FOLDED or name.endswith("_id"))
    )


def _add_clashes(clashes: pl.DataFrame, kind: Kind, problems: Path) -> None:
    key = [name for name in kind.key if name in clashes.columns]
    others: dict[tuple[Any, ...], list[str]] = {}
    for row in clashes.iter_rows(named=True):
        others.setdefault(tuple(row[name] for name in key), []).append(f"{row['_file']} row {row['_row']}")
    with problems.open("a", encoding="utf-8", newline="\n") as out:
        for row in clashes.iter_rows(named=True):
            own = f"{row['_file']} row {row['_row']}"
            where = [place for place in others[tuple(row[name] for name in key)] if place != own]
            more = f" and {len(where) - 1} more" if len(where) > 1 else ""
            differ = f"differ in {row['_differ']}" if row["_differ"] else "say the same"
            found = f"this row and {(where or [own])[0]}{more} {differ}"
            expected = f"one row per {', '.join(kind.key)}; correct the export, or leave out the file that is wrong"
            line = {"file": row["_file"], "row": row["_row"], "column": None, "value": found, "expected": expected}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")


def ties_of(roster: Sequence[Ingested], accounts: Sequence[Ingested], kinds: Mapping[str, Kind]) -> Ties:
    """Who belongs to which client and site, from the roster, and whose an account is."""
    people = _plain(roster, kinds["roster"], ["employee_id", "client", "site"])
    owners = _plain(accounts, kinds["accounts"], ["system", "account_id", "employee_id"])
    if people is not None and not {"client", "site"} & set(people.columns):
        people = None
    if people is not None:
        people = people.unique("employee_id", keep="none")
    if owners is not None and "employee_id" in owners.columns:
        owners = owners.rename({"employee_id": "_owner"}).unique(["system", "account_id"], keep="none")
    else:
        owners = None
    return Ties(people, owners)


def _plain(parts: Sequence[Ingested], kind: Kind, names: Sequence[str]) -> pl.DataFrame | None:
    frames = [i for i in parts if i.parquet is not None]
    if not frames:
        return None
    settled = settle(in_order([_widened(i, frames, kind) for i in frames]), kind)
    every = [part.select(n for n in names if n in part.columns) for part in (*settled.parts, settled.clashes)]
    return pl.concat(every).unique()
