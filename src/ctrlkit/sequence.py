"""Rows in their order: what stands so many places before or after a row among those with the same keys."""

from __future__ import annotations

from dataclasses import replace

import narwhals as nw

from ctrlkit.table import Table
from ctrlkit.term import Info, one_if


def neighbour(table: Table, *keys: str, by: str, steps: int, name: str) -> Table:
    """The same rows with `name`: `by` of the row so many places further on among those with the same keys.

    In the order of `by`; negative `steps` look back. None where no row stands there; rows without a `by` stand nowhere.
    Unknown as soon as one row that may stand among them has an unknown membership, key or `by`.
    """
    table._must_be_new(name)  # noqa: SLF001  (a verb of the table, in a room of its own)
    info = table.columns[by]
    nowhere = nw.col(f"{by}__none").fill_null(value=False) if info.none else nw.lit(value=False)
    doubtful = ~table.sure() | (nw.col(by).is_null() & ~nowhere)
    marked = table.frame.with_columns(
        one_if(doubtful).alias("_doubtful"),
        one_if(nowhere).alias("_nowhere"),
    )
    known = nw.col("_doubts") == 0 if not table.unknown_keys(keys) else nw.lit(value=False)
    frame = marked.with_columns(
        nw.col("_doubtful").max().over(*keys).alias("_doubts"),
        nw.col(by).shift(-steps).over(*keys, "_nowhere", order_by=[by, "_id"]).alias("_there"),
    )
    stands = nw.col("_nowhere") == 0
    frame = frame.with_columns(
        nw.when(known & stands).then(nw.col("_there")).otherwise(None).alias(name),
        (known & (~stands | nw.col("_there").is_null())).alias(f"{name}__none"),
    )
    columns = {**table.columns, name: Info(info.type, none=True, pseudonym=info.pseudonym)}
    return replace(table, frame=frame.drop("_doubtful", "_nowhere", "_doubts", "_there"), columns=columns)
