"""The match report: who stands in one list of people and not in another, over what the selected controls read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import polars as pl

from ctrlkit.assemble import Evidence
from ctrlkit.closed import Match, Side
from ctrlkit.kind import Kind
from ctrlkit.model import Pointer
from ctrlkit.plan import Handed

PERSON: Final = "employee_id"
PLACES: Final = 20


class _List(NamedTuple):
    """Which rows of a kind name the people that another list should name too: those with these values."""

    kind: str
    who: str
    where: Mapping[str, object] = {}


_ACTIVE: Final = _List("roster", "active people", {"status": "active"})
_LISTED: Final = _List("roster", "people")
_PAID: Final = _List("payroll", "people paid")
PAIRS: Final = (
    (_ACTIVE, _List("accounts", "owners of enabled accounts", {"enabled": True, "account_type": "person"})),
    (_ACTIVE, _List("client_accounts", "owners of the client's enabled logins", {"enabled": True})),
    (_LISTED, _List("timesheets", "people with time sheets")),
    (_LISTED, _PAID),
    (_List("timesheets", "people with time sheets"), _PAID),
    (_PAID, _List("bank_credits", "people credited by the bank")),
)
"""The lists that must name the same people in an honest house; who is outside one of them is worth a question."""


def matches(handed: Mapping[str, Handed], kinds: Mapping[str, Kind]) -> tuple[Match, ...]:
    """A match for each pair of lists whose kinds were both read; figures only, which decide no verdict."""
    return tuple(_match(handed, kinds, *pair) for pair in PAIRS if all(_held(handed, one) for one in pair))


def copies(ours: Evidence, theirs: Evidence, kind: Kind) -> str:
    """How far the vendor's copy of a kind agrees with the client's, which decides, by what identifies a row."""
    said = f"{kind.name}: the client's {ours.rows} rows decide"
    key = [name for name in kind.key if name in ours.columns and name in theirs.columns]
    if ours.csv is None or theirs.csv is None or not key:
        return f"{said}; the vendor's copy holds {theirs.rows}"
    mine, other = (
        pl.read_csv(one.csv, infer_schema=False).select(key).unique() for one in (ours, theirs) if one.csv is not None
    )
    both = len(mine.join(other, on=key, how="inner", nulls_equal=True))
    return (
        f"{said}; the vendor's copy has {both} of them, lacks {len(mine) - both} and holds {len(other) - both} others"
    )


def _held(handed: Mapping[str, Handed], one: _List) -> bool:
    there = handed.get(one.kind)
    return there is not None and there.canvas is not None and {PERSON, *one.where} <= {*there.canvas.columns}


def _match(handed: Mapping[str, Handed], kinds: Mapping[str, Kind], left: _List, right: _List) -> Match:
    ours, theirs = _rows(handed[left.kind], left), _rows(handed[right.kind], right)
    mine, others = _people(ours), _people(theirs)
    sides = (_side(left, ours, others, handed, kinds), _side(right, theirs, mine, handed, kinds))
    return Match(*sides, matched=len(mine & others))


def _people(rows: pl.DataFrame) -> set[str]:
    return set(rows.get_column(PERSON).drop_nulls())


def _rows(there: Handed, one: _List) -> pl.DataFrame:
    if there.canvas is None:
        raise AssertionError
    frame = pl.scan_parquet(there.canvas.parquet)
    for column, value in one.where.items():
        frame = frame.filter(pl.col(column) == value)
    return frame.select("_file", "_row", PERSON).sort("_file", "_row").collect()


def _side(
    one: _List, rows: pl.DataFrame, others: set[str], handed: Mapping[str, Handed], kinds: Mapping[str, Kind]
) -> Side:
    mine = _people(rows)
    alone = mine - others
    named = rows.filter(pl.col(PERSON).is_not_null())
    party = handed[one.kind].evidence.party
    places = () if kinds[one.kind].restricted else tuple(_places(named, alone, one.kind, party))
    return Side(
        kind=one.kind,
        who=one.who,
        people=len(mine),
        only=len(alone),
        doubles=len(named) - len(mine),
        nameless=len(rows) - len(named),
        where=places,
    )


def _places(rows: pl.DataFrame, alone: set[str], kind: str, party: str) -> Iterator[Pointer]:
    """The first row of each of the people who stand here alone."""
    first = rows.unique(PERSON, keep="first", maintain_order=True).filter(pl.col(PERSON).is_in(sorted(alone)))
    for file, row in first.select("_file", "_row").head(PLACES).iter_rows():
        yield Pointer(kind=kind, party=party, file=file, row=row)
