"""Whose an account is: by its own record, or by the identity map where a system keeps names of its own."""

from __future__ import annotations

from ctrlkit.expression import col, maybe, when
from ctrlkit.grouping import distinct, earliest, group
from ctrlkit.table import Table


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
