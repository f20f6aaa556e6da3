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
