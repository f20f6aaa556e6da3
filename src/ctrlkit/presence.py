"""What checks assert to be there at all: a walk of each site, a filing of each kind, a camera in each zone."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw

from ctrlkit.check import BROKEN, UNKNOWN, Mark, Stumble, current, named_in, stumbles_in
from ctrlkit.rows import fetch
from ctrlkit.table import Table


def assert_some(rows: Table, *, because: str, at: Table | None = None, **missing: str) -> None:
    """`rows` must hold at least one row that certainly belongs to it.

    Where it does not, the finding is on the one row of `at`, else on the file, and there its key is `missing`, whose
    words stand in `because` too ({site}). Where a row may belong, or could not be read, that is undecided.
    """
    record = current()
    record.asserted += 1
    pool = f"assertion {record.asserted}"
    record.pools[pool] = 0
    sure = nw.when(rows.sure()).then(nw.lit(1)).otherwise(nw.lit(0)).alias("_sure")
    (found,) = fetch(rows.frame.with_columns(sure).select(nw.len().alias("n"), nw.col("_sure").sum()))
    record.wanted += 1
    if found["_sure"]:
        return
    doubtful = found["n"] or rows.root.bad_rows
    mark = Mark(pool, UNKNOWN if doubtful else BROKEN, because.format_map(_Kept(missing)))
    placed = stumbles_in(at, named_in(mark.because)) if at is not None else []
    if not placed:
        named = replace(rows, unique=frozenset(missing), grouped=None)
        values = dict(sorted(missing.items()))
        placed = [Stumble(named, {"": None}, tuple(values.values()), dict(values))]
    record.add(placed[0], mark)


class _Kept(dict[str, str]):
    """Leaves the places of a row's own values as they are."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
