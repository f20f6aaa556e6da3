"""Runs of rows that follow one another: how many in a row satisfy a rule, with bounds where that is open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import narwhals as nw

from ctrlkit.expression import Expr, rule_of
from ctrlkit.table import Table
from ctrlkit.term import Info, one_if


def streak(table: Table, by: str, order: str, rule: Expr, name: str) -> Table:
    """The same rows with `name`: how many in a row, up to this one, satisfy `rule`, per `by` in the order of `order`.

    A row of which the rule is unknown may count or break the run, one that perhaps does not belong may be passed over:
    what follows is known only between two bounds. Nothing is known of a key with a row whose place is unknown, and of
    none where the key of a row is.
    """
    answer = rule_of(rule, table.columns)
    yes, no, sure = answer.fill_null(value=False), (~answer).fill_null(value=False), table.sure()
    frame = _run(table.frame, yes & sure, ~yes, (by, order), "_low")
    frame = _run(frame, ~no, no & sure, (by, order), "_high")
    lost = one_if(nw.col(order).is_null()).max().over(by)
    frame = frame.with_columns(lost.alias("_lost"), one_if(nw.col("_id") >= 0).sum().over(by).alias("_all"))
    open_ = nw.lit(value=bool(table.unknown_keys((by,)))) | (nw.col("_lost") == 1)
    low = nw.when(open_).then(nw.lit(0)).otherwise(nw.col("_low"))
    high = nw.when(open_).then(nw.col("_all")).otherwise(nw.col("_high"))
    frame = frame.with_columns(low.cast(nw.Int64).alias(f"{name}__low"), high.cast(nw.Int64).alias(f"{name}__high"))
    frame = frame.drop("_lost", "_all", "_low", "_high")
    return replace(table, frame=frame, columns={**table.columns, name: Info("count", bounded=True)})


def _run(
    frame: nw.LazyFrame[Any], counts: nw.Expr, ends: nw.Expr, keys: tuple[str, str], name: str
) -> nw.LazyFrame[Any]:
    """The frame with `name`: the rows that count since the last one that ends a run."""
    by, order = keys
    flagged = frame.with_columns(one_if(counts).alias("_counts"), one_if(ends).alias("_ends"))
    runs = flagged.with_columns(nw.col("_ends").cum_sum().over(by, order_by=[order, "_id"]).alias("_run"))
    counted = nw.col("_counts").cum_sum().over(by, "_run", order_by=[order, "_id"])
    return runs.with_columns(counted.alias(name)).drop("_counts", "_ends", "_run")
