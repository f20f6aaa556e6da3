"""What checks assert to be there at all: a walk of each site, a filing of each kind, a camera in each zone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import narwhals as nw

from ctrlkit.check import BROKEN, UNKNOWN, Mark, Stumble, assert_every, cannot_tell, current, named_in, stumbles_in
from ctrlkit.errors import AuthorError
from ctrlkit.expression import col, maybe
from ctrlkit.figure import any_of
from ctrlkit.grouping import group
from ctrlkit.rows import fetch
from ctrlkit.table import Table
from ctrlkit.term import one_if


def size(rows: Table) -> tuple[int, int]:
    """The least and the greatest number of rows that belong to the table; those that could not be read may."""
    sure = one_if(rows.sure()).alias("_sure")
    (found,) = fetch(rows.frame.with_columns(sure).select(nw.len().alias("n"), nw.col("_sure").sum()))
    return int(found["_sure"] or 0), int(found["n"]) + rows.root.bad_rows


def not_due(because: str) -> None:
    """Say that nothing is due of the organisation (yet); the control is then outside, unless a row was spoken of."""
    current().not_due.append(because)


def cannot_tell_without(rows: Table, because: str) -> None:
    """Say that the check cannot decide, unless `rows` certainly holds a row."""
    if not size(rows)[0]:
        cannot_tell(because)


def assert_some(rows: Table, *others: Table, because: str, at: Table | Sequence[Table] = (), **missing: str) -> None:
    """`rows`, or one of `others`, must hold at least one row that certainly belongs to it.

    Where it does not, the finding is on the first row of `at`, or of the first of several tables that has one, else on
    the file, and there its key is `missing`, whose words stand in `because` too ({site}). Where a row may belong, or
    could not be read, that is undecided.
    """
    record = current()
    record.asserted += 1
    pool = f"assertion {record.asserted}"
    record.pools[pool] = 0
    record.wanted += 1
    sizes = [size(table) for table in (rows, *others)]
    if any(least for least, _ in sizes):
        return
    most = sum(most for _, most in sizes)
    mark = Mark(pool, UNKNOWN if most else BROKEN, because.format_map(_Kept(missing)))
    places = (stumbles_in(table, named_in(mark.because)) for table in ([at] if isinstance(at, Table) else at))
    placed = next((found for found in places if found), [])
    if not placed:
        named = replace(rows, unique=frozenset(missing), grouped=None)
        values = dict(sorted(missing.items()))
        placed = [Stumble(named, {"": None}, tuple(values.values()), dict(values))]
    record.add(placed[0], mark)


def assert_tied(people: Table, accounts: Table, owner: str, *, because: str) -> None:
    """At least one of `people` stands in the column `owner` of `accounts`.

    Where nobody does, nothing shows that accounts are tied to people at all, which is undecided.
    """
    held = people.exists(accounts, {"employee_id": owner}, "account")
    listed = held.with_columns(listed=col("employee_id").is_told())
    untied = group(listed, "listed", accounts=any_of(col("account"))).where(~col("accounts"))
    assert_every(untied, maybe(~col("accounts")), because=because)


def assert_listed(table: Table, by: str, things: Collection[str], *, because: str, if_absent: str = "fails") -> None:
    """Each of `things` must stand in the column `by` of a row of `table`: one that does not is a finding on the file.

    With `if_absent="unknown"` a thing without a row is undecided; so is, either way, one that may stand in a row that
    nobody could read or place.
    """
    if if_absent not in {"fails", "unknown"}:
        msg = f'assert_listed: if_absent is "fails" or "unknown", not {if_absent!r}'
        raise AuthorError(msg)
    if table.columns[by].pseudonym is not None:
        msg = f"assert_listed: {by} is a pseudonym ({table.columns[by].pseudonym}), which no word ever equals"
        raise AuthorError(msg)
    record = current()
    record.asserted += 1
    pool = f"assertion {record.asserted}"
    record.pools[pool] = 0
    found = _standing(table, by, sorted(things))
    doubtful = bool(table.root.bad_rows or table.unknown_keys((by,)))
    named = replace(table, unique=frozenset({by}), grouped=None)
    for thing in sorted(things):
        if not found.get(thing, False):
            record.wanted += 1
            known = if_absent == "fails" and thing not in found and not doubtful
            mark = Mark(pool, BROKEN if known else UNKNOWN, because)
            record.add(Stumble(named, {"": None}, (thing,), {by: thing}), mark)


def _standing(table: Table, by: str, things: Sequence[str]) -> dict[str, bool]:
    """Those of `things` that stand in a row, and whether in one that certainly belongs."""
    if not things:
        return {}
    sure = one_if(table.sure()).alias("_s")
    met = table.frame.filter(nw.col(by).is_in(things)).select(nw.col(by).alias("_thing"), sure)
    return {row["_thing"]: row["_s"] == 1 for row in fetch(met.group_by("_thing").agg(nw.col("_s").max()))}


class _Kept(dict[str, str]):
    """Leaves the places of a row's own values as they are."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
