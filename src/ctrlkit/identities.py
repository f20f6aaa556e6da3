"""Names and numbers that systems have for people, read as the people whom the identity map gives them to."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from ctrlkit.cell import mask
from ctrlkit.ingested import Ingested
from ctrlkit.kind import Kind
from ctrlkit.model import Cause, Fault

ACCOUNTS: Final = frozenset({"accounts", "client_accounts"})
"""Kinds whose rows are accounts, which the map gives an owner where the file has no column for one."""
CLOCKS: Final = frozenset({"badge_events", "punches", "timesheets"})
"""Kinds whose employee_id may be a clock's number; each of them requires it."""
WITHOUT: Final = frozenset({"identity_map", "roster"})
"""Kinds that say themselves who people are."""

_TELLING: Final = re.compile(r".+[@\\].+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""An address, a name with its domain, a GUID: none of them is a number of an employee."""
_SHOWN: Final = 10
_WHOSE: Final = "a number that identity_map gives to one person (badge_pin)"
_EITHER: Final = (
    "its numbers are employee ids and other people's badge_pin in identity_map as well, and nothing tells which; take "
    "badge_pin out of identity_map where the clock knows people by their employee id, else give them other numbers"
)
_BOTH: Final = (
    "some names in {column} are employee ids and others those of identity_map, so none that could be either was read "
    "as the map says; hand in the file of each system by itself"
)


@dataclass(frozen=True, slots=True)
class Identities:
    """What one party's maps say.

    `names`: an address, account name or GUID -> the employee ids that have it; `numbers`: the same of badge_pin,
    without leading zeros. `owners`: system and account -> employee ids. `accounts`: system and GUID -> the accounts.
    `people`: all employee ids, of the roster too.
    """

    names: Mapping[str, frozenset[str]]
    numbers: Mapping[str, frozenset[str]]
    owners: Mapping[tuple[str, str], frozenset[str]]
    accounts: Mapping[tuple[str, str], frozenset[str]]
    people: frozenset[str]

    def of(self, kind: str, name: str) -> frozenset[str]:
        """The employee ids that a file of the kind may mean by a name."""
        return self.names.get(name, frozenset()) | (
            self.numbers.get(_bare(name), frozenset()) if kind in CLOCKS else frozenset()
        )


def known(maps: Sequence[Ingested], rosters: Sequence[Ingested]) -> Identities | None:
    """What the identity maps say of people; None where they name nobody."""
    found: tuple[defaultdict[str, set[str]], ...] = (defaultdict(set), defaultdict(set))
    pairs: tuple[defaultdict[tuple[str, str], set[str]], ...] = (defaultdict(set), defaultdict(set))
    people = {person for (person,) in _rows(rosters, "employee_id") if person}
    columns = ("employee_id", "system", "account_id", "email", "object_guid", "badge_pin")
    for person, system, account, email, guid, number in _rows(maps, *columns):
        if not person:
            continue
        people.add(person)
        for name in filter(None, (account, email, guid)):
            found[0][name].add(person)
        if number:
            found[1][_bare(number)].add(person)
        for name in filter(None, (account, guid)):
            pairs[0][system or "", name].add(person)
        if guid and account:
            pairs[1][system or "", guid].add(account)
    if not found[0] and not found[1]:
        return None
    names, numbers = ({name: frozenset(who) for name, who in one.items()} for one in found)
    owners, accounts = ({place: frozenset(who) for place, who in one.items()} for one in pairs)
    return Identities(names, numbers, owners, accounts, frozenset(people))


def _rows(read: Sequence[Ingested], *columns: str) -> list[tuple[str | None, ...]]:
    """The rows of files, None for a column that a file lacks."""
    rows: list[tuple[str | None, ...]] = []
    for found in read:
        if found.parquet is not None:
            cells = [pl.col(c) if c in found.columns else pl.lit(None, pl.String).alias(c) for c in columns]
            rows += pl.scan_parquet(found.parquet).select(cells).unique().collect().rows()
    return rows


def _bare(number: str) -> str:
    """A number without the zeros before it, which clocks write and spreadsheets lose."""
    return number.lstrip("0") or number


def resolved(found: Ingested, kind: Kind, told: Identities, work: Path) -> Ingested:
    """The file with people, and accounts, called as the identity map calls them. `work` takes its rows.

    An address, a name with its domain or a GUID is who the map says. Any other name is, where the file's names show
    that they are a system's own: some are nobody's employee id and in the map, and none the other way round.
    """
    if found.parquet is None or kind.name in WITHOUT:
        return found
    work.mkdir(parents=True, exist_ok=True)
    if {"system", "account_id"} <= {*found.columns}:
        found = _with_accounts(found, told, work)
    if kind.name in ACCOUNTS and "employee_id" not in found.columns:
        return _with_owners(found, kind, told, work)
    for column in found.columns:
        if kind.columns[column].pseudonym == "person":
            found = _with_people(found, column, told, work)
    return found


def _distinct(found: Ingested, *columns: str) -> list[tuple[str, ...]]:
    rows = pl.scan_parquet(found.parquet or "").select(columns).drop_nulls().unique().collect(engine="streaming")
    return rows.rows()


def _with_accounts(found: Ingested, told: Identities, work: Path) -> Ingested:
    """Accounts that the file calls by their GUID, called by the one name that the map has for it in that system."""
    pairs = _distinct(found, "system", "account_id")
    named = [(s, g, next(iter(told.accounts[s, g]))) for s, g in pairs if len(told.accounts.get((s, g), ())) == 1]
    if not named:
        return found
    table = pl.LazyFrame(named, schema=["system", "account_id", "_name"], orient="row")
    rows = pl.scan_parquet(found.parquet or "").join(
        table, on=["system", "account_id"], how="left", maintain_order="left"
    )
    renamed = rows.with_columns(pl.coalesce("_name", "account_id").alias("account_id")).drop("_name")
    written = _written(found, renamed, work)
    return _saying(written, f"{len(named)} accounts are called as identity_map calls them, not by their object_guid")


def _with_owners(found: Ingested, kind: Kind, told: Identities, work: Path) -> Ingested:
    """Accounts with the one person to whom the map gives them; of any other it is not known whose it is."""
    pairs = _distinct(found, "system", "account_id")
    meant = {
        (s, a): told.owners.get((s, a)) or (told.names.get(a) if _TELLING.fullmatch(a) else None) for s, a in pairs
    }
    owned = [(*pair, next(iter(who))) for pair, who in meant.items() if who and len(who) == 1]
    if not owned:
        return found
    table = pl.LazyFrame(owned, schema=["system", "account_id", "employee_id"], orient="row")
    rows = pl.scan_parquet(found.parquet or "").join(
        table, on=["system", "account_id"], how="left", maintain_order="left"
    )
    bad = pl.when(pl.col("employee_id").is_null()).then(pl.col("_bad").fill_null(";") + "employee_id;")
    rows = rows.with_columns(bad.otherwise(pl.col("_bad")).alias("_bad"))
    written = _written(found, rows, work)
    left = pl.scan_parquet(written.parquet or "").filter(pl.col("employee_id").is_null()).select("_row").collect()
    columns = tuple(name for name in kind.columns if name in {*found.columns, "employee_id"})
    cells = {**found.bad_cells, **({"employee_id": len(left)} if len(left) else {})}
    written = replace(written, columns=columns, bad_cells=cells)
    note = f"employee_id is that of identity_map for {len(owned)} accounts"
    more = f"; whose the others are is not known: row {_listed(left['_row'].to_list())}" if len(left) else ""
    return _saying(written, note + more)


def _with_people(found: Ingested, column: str, told: Identities, work: Path) -> Ingested:
    met = [name for (name,) in _distinct(found, column)]
    whose = {n: who for n in met if n not in told.people and _TELLING.fullmatch(n) and (who := told.names.get(n))}
    rest = [n for n in met if not _TELLING.fullmatch(n)]
    of_systems = [n for n in rest if n not in told.people and told.of(found.kind, n)]
    of_people = [n for n in rest if n in told.people and not told.of(found.kind, n)]
    if of_systems and of_people:
        found = _saying(found, _BOTH.format(column=column))
    elif of_systems:
        whose |= {n: told.of(found.kind, n) for n in rest if told.of(found.kind, n)}
    elif not of_people and any(n in told.people and told.of(found.kind, n) - {n} for n in rest):
        return replace(found, faults=(*found.faults, Fault(Cause.MALFORMED, f"{found.file}: {_EITHER}")))
    sure = {name: next(iter(who)) for name, who in whose.items() if len(who) == 1}
    strange = [n for n in met if _TELLING.fullmatch(n) and n not in told.people and len(told.names.get(n, ())) != 1]
    if strange:
        rows = pl.scan_parquet(found.parquet or "").filter(pl.col(column).is_in(strange)).select("_row").collect()
        found = _saying(
            found, f"identity_map does not say who is meant in {column}: row {_listed(rows['_row'].to_list())}"
        )
    lost = [n for n in rest if n not in sure] if of_systems and not of_people and found.kind in CLOCKS else []
    if not sure:
        return found
    renamed = pl.scan_parquet(found.parquet or "").with_columns(pl.col(column).replace(sure))
    if lost:
        found = _without(found, column, lost, work)
        renamed = renamed.filter(~pl.col(column).is_in(lost))
    written = _written(found, renamed, work)
    return _saying(written, f"{len(set(sure.values()))} people in {column} are named as identity_map names them")


def _without(found: Ingested, column: str, lost: Collection[str], work: Path) -> Ingested:
    """The file without the rows of those names, each of which is a problem."""
    rows = (
        pl.scan_parquet(found.parquet or "").filter(pl.col(column).is_in(list(lost))).select("_row", column).collect()
    )
    said = [
        {"file": found.file, "row": row, "column": column, "value": mask(name), "expected": _WHOSE}
        for row, name in rows.rows()
    ]
    problems = work / f"{found.kind}.{found.problems.stem}.ndjson"
    text = found.problems.read_text("utf-8")
    problems.write_text(text + "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in said), "utf-8")
    left = found.rows - len(rows)
    return replace(found, problems=problems, rows=left, bad_rows=found.bad_rows + len(rows))


def _written(found: Ingested, rows: pl.LazyFrame, work: Path) -> Ingested:
    target = work / f"{(found.parquet or Path()).stem}.{found.kind}.parquet"
    rows.sink_parquet(target, maintain_order=True)
    return replace(found, parquet=target)


def _listed(rows: Sequence[int]) -> str:
    return ", ".join(map(str, rows[:_SHOWN])) + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")


def _saying(found: Ingested, note: str) -> Ingested:
    return replace(found, notes=(*found.notes, f"{found.file}: {note}"))
