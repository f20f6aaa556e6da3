"""Whose an account is: by its own record, or by the identity map where a system keeps names of its own; and where."""

from __future__ import annotations

from ctrlkit.expression import col, maybe, when
from ctrlkit.figure import distinct, earliest
from ctrlkit.grouping import group
from ctrlkit.table import Table

ACCOUNT = {"system": "system", "account_id": "account_id"}
SERVICES = ("service", "system")


def with_owner(accounts: Table, identity_map: Table | None) -> Table:
    """The same accounts with `owner_id`, the employee_id of their owner.

    None where neither the account nor the identity map names one; unknown where the two name different people, or the
    identity map several. `accounts` has system, account_id and employee_id, `identity_map` the same.
    """
    if identity_map is None:
        return accounts.with_columns(owner_id=col("employee_id"))
    named = identity_map.where(col("account_id").is_not_null())
    mapped = group(
        named, "system", "account_id", owners=distinct(col("employee_id")), owner=earliest(col("employee_id"))
    )
    known = accounts.match(mapped, {"system": "system", "account_id": "account_id"}, "mapped")
    differ = col("employee_id").is_not_null() & (col("employee_id") != col("mapped_owner"))
    disputed = col("mapped") & (differ | (col("mapped_owners") > 1))
    told = when(col("mapped"), col("mapped_owner"), col("employee_id"))
    return known.with_columns(owner_id=when(maybe(disputed), col("employee_id"), told))


def with_system(rows: Table, accounts: Table | None) -> Table:
    """The same rows, each that names no system in the only one in which `accounts` lists its account_id.

    Unknown where several do, or none; as they are where there is no `accounts`, or no column system.
    """
    if accounts is None or not rows.has("system"):
        return rows
    only = group(accounts, "account_id", systems=distinct(col("system")), system=earliest(col("system")))
    held = rows.match(only, "account_id", "held")
    several = maybe(~(col("held") & (col("held_systems") == 1)))
    found = when(several, col("system"), col("held_system"))
    return held.with_columns(system=when(col("system").is_told(), col("system"), found))


def without_services(rows: Table, accounts: Table | None) -> Table:
    """The rows of accounts that `accounts`, where it is given, does not call a service's or a system's.

    An account that it does not list is kept; one whose type it leaves open stays, unknown. A row without system is
    sorted out by its account_id alone.
    """
    if accounts is None:
        return rows
    services = accounts.where(col("account_type").is_in(SERVICES))
    alike = rows.exists(services, "account_id", "service_like")
    if not rows.has("system"):
        return alike.where(~col("service_like"))
    return alike.exists(services, ACCOUNT, "service").where(~(col("service_like") & col("service")))


def with_account(rows: Table, accounts: Table) -> Table:
    """The same rows beside the account they name: `owner_id`, and `account_type` where the accounts tell it.

    `rows` has account_id and, if it can, system; without system it is the only account of that name, unknown where
    several are. `accounts` comes from `with_owner`. Of an account that is not listed everything is unknown.
    """
    told = [name for name in ("owner_id", "account_type") if accounts.has(name)]
    firsts = {name: earliest(col(name)) for name in told}
    alone = group(accounts, "account_id", systems=distinct(col("system")), **firsts)
    met = rows.match(alone, "account_id", "alone")
    several = maybe(col("alone_systems") > 1)
    only = {name: when(several, col(f"alone_{name}"), col(f"alone_{name}")) for name in told}
    if not rows.has("system"):
        return met.with_columns(**only)
    met = met.match(accounts, {"system": "system", "account_id": "account_id"}, "named")
    return met.with_columns(**{n: when(col("system").is_stated(), col(f"named_{n}"), only[n]) for n in told})
