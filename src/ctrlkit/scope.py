"""Whose rows are judged: those of the engagement's clients and sites, by their own columns or through the roster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from ctrlkit.engagement import Engagement
from ctrlkit.kind import Kind

PERSON_COLUMNS: Final = ("employee_id", "agent_id", "user_id", "subject_id")
_ACCOUNT: Final = {"system", "account_id"}


@dataclass(frozen=True, slots=True)
class Ties:
    """How rows without client or site are tied to one: account -> person -> roster, all before anything is hidden.

    `people` holds `employee_id` and `client`, `site` or both; `owners` holds `system`, `account_id` and `_owner`.
    """

    people: pl.DataFrame | None
    owners: pl.DataFrame | None


@dataclass(frozen=True, slots=True)
class Scoped:
    """The rows to judge; how many were others'; how many of those to judge are tied to nobody's client or site."""

    rows: pl.DataFrame
    outside: int = 0
    untied: int = 0


def scoped(rows: pl.DataFrame, kind: Kind, engagement: Engagement, ties: Ties) -> Scoped:
    """The rows of the engagement's clients and sites, and those that cannot be tied to any; the client's own are all.

    Clients and sites are compared without case; a client cell may list several, separated by semicolons.
    """
    asked = {"client": engagement.scope_clients, "site": engagement.scope_sites}
    wanted = {name: sorted(word.lower() for word in words) for name, words in asked.items() if words}
    if not wanted or kind.party == "client":
        return Scoped(rows)
    told = _told(rows, kind, list(wanted), ties)
    belongs = [_belonging(told.get_column(n), words) for n, words in wanted.items() if n in told.columns]
    if not belongs:
        return Scoped(rows, untied=len(rows) if _person_of(rows, kind) else 0)
    judged = pl.DataFrame([b.alias(f"_{number}") for number, b in enumerate(belongs)]).select(
        pl.all_horizontal(pl.all().fill_null(value=True)).alias("_kept"),
        pl.any_horizontal(pl.all().is_null()).alias("_untied"),
    )
    kept, untied = judged.get_column("_kept"), judged.filter("_kept").get_column("_untied")
    here = rows if kept.all() else rows.filter(kept)
    return Scoped(here, len(rows) - len(here), int(untied.sum()))


def _belonging(cells: pl.Series, words: list[str]) -> pl.Series:
    """`_belongs` of each cell, worked out once for each distinct one."""
    distinct = cells.drop_nulls().unique()
    if distinct.is_empty():
        return pl.Series(cells.name, [None], pl.Boolean).new_from_index(0, len(cells))
    answers = distinct.to_frame().select(_belongs(cells.name, words)).to_series()
    return cells.replace_strict(distinct, answers, default=None, return_dtype=pl.Boolean)


def _belongs(name: str, words: list[str]) -> pl.Expr:
    """Whether one of the cell's parts is in scope; null where there is none."""
    parts = pl.col(name).str.to_lowercase().str.split(";").list.eval(pl.element().str.strip_chars())
    return parts.list.eval(pl.element().is_in(words)).list.any()


def _person_of(rows: pl.DataFrame, kind: Kind) -> str | None:
    person = next((c for c in PERSON_COLUMNS if c in rows.columns and kind.columns[c].pseudonym == "person"), None)
    return person or ("account_id" if set(rows.columns) >= _ACCOUNT else None)


def _told(rows: pl.DataFrame, kind: Kind, names: list[str], ties: Ties) -> pl.DataFrame:
    """Those of the columns that the rows have, or that the roster knows of their person or their account's owner."""
    own = [name for name in names if name in rows.columns]
    known = [n for n in names if n not in own and ties.people is not None and n in ties.people.columns]
    person = _person_of(rows, kind)
    if ties.people is None or not known or person is None or (person == "account_id" and ties.owners is None):
        return rows.select(own)
    if ties.owners is not None and person == "account_id":
        accounts = rows.select(sorted(_ACCOUNT))
        owners = accounts.join(ties.owners, on=sorted(_ACCOUNT), how="left", maintain_order="left").select("_owner")
    else:
        owners = rows.select(pl.col(person).alias("_owner"))
    people = ties.people.select(pl.col("employee_id").alias("_owner"), *known)
    found = owners.join(people, on="_owner", how="left", maintain_order="left").select(known)
    return found.hstack(rows.select(own).get_columns())


def with_clients_of_owners(rows: pl.DataFrame, ties: Ties) -> pl.DataFrame:
    """The rows with `_owner_client`: the clients that the whole roster gives their person; null where it says none."""
    if ties.people is None or not {"employee_id"} <= set(rows.columns) or "client" not in ties.people.columns:
        return rows.with_columns(pl.lit(None, pl.String).alias("_owner_client"))
    clients = ties.people.select("employee_id", pl.col("client").alias("_owner_client"))
    return rows.join(clients, on="employee_id", how="left", maintain_order="left")
