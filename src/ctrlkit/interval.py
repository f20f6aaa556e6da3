"""Instants met with intervals by key and day, so that a year of one busy account does not meet itself squared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw

from ctrlkit.expression import Expr
from ctrlkit.literal import DAY
from ctrlkit.term import Built, Columns, expect

LONG = 3
"""Days: intervals longer than this are met without day buckets, so that one absurd row costs no more than itself."""
ALWAYS, NEVER = -(2**40), -(2**62)
"""The bucket of what is not met day by day, and an end before every other."""


def hits(moments: nw.LazyFrame[Any], intervals: nw.LazyFrame[Any], keys: Sequence[str]) -> nw.LazyFrame[Any]:
    """`_id` and `_hit` of the moments that lie in an interval with the same keys, both ends included.

    `moments` holds `_id`, the keys and `_at`; `intervals` the keys, `_start`, `_end` and `_s`, which `_hit` is the
    greatest of. Times are microseconds since 1970. An interval with an unknown end, or that ends before it starts,
    holds nothing. Without keys every interval may hold every moment.
    """
    return met(moments, intervals, keys, ("_s",)).group_by("_id").agg(nw.col("_s").max().alias("_hit"))


def met(
    moments: nw.LazyFrame[Any], intervals: nw.LazyFrame[Any], keys: Sequence[str], carried: Sequence[str]
) -> nw.LazyFrame[Any]:
    """`_id` of each moment beside the `carried` columns of each interval with the same keys that holds it."""
    if not keys:
        keys = ["_everybody"]
        moments, intervals = (frame.with_columns(nw.lit(0).alias("_everybody")) for frame in (moments, intervals))
    days = nw.col("_end") // DAY - nw.col("_start") // DAY
    known = intervals.filter(nw.col("_end") >= nw.col("_start")).with_columns(
        (nw.col("_start") // DAY).alias("_day"), days.alias("_days")
    )
    short = nw.concat([_on_day(known, later) for later in range(LONG + 1)])
    dated = moments.with_columns((nw.col("_at") // DAY).alias("_day"))
    return nw.concat(
        [
            _inside(dated, short, [*keys, "_day"], carried),
            _inside(moments, known.filter(nw.col("_days") > LONG), keys, carried),
        ]
    )


def meetings(stretches: nw.LazyFrame[Any], intervals: nw.LazyFrame[Any], keys: Sequence[str]) -> nw.LazyFrame[Any]:
    """`_id` and `_hit` of the stretches that share an instant with an interval with the same keys, as in `hits`.

    `stretches` holds `_id`, the keys, `_from` and `_to`; one that ends before it starts, or has an unknown end, meets
    nothing.
    """
    if not keys:
        keys = ["_everybody"]
        stretches, intervals = (frame.with_columns(nw.lit(0).alias("_everybody")) for frame in (stretches, intervals))
    ours, theirs = _with_days(stretches, "_from", "_to"), _with_days(intervals, "_start", "_end")
    theirs = theirs.select(*keys, "_start", "_end", "_s", "_day", "_days")
    ours_short, ours_long = ours.filter(nw.col("_days") <= LONG), ours.filter(nw.col("_days") > LONG)
    by_day = nw.concat([_on_day(theirs, later) for later in range(LONG + 1)]).drop("_days")
    days = nw.concat([_on_day(ours, later) for later in range(LONG + 1)]).drop("_days")
    met = nw.concat(
        [
            _sharing(days, by_day, [*keys, "_day"]),
            _sharing(ours_short.drop("_day", "_days"), theirs.filter(nw.col("_days") > LONG), keys),
            _sharing(ours_long.drop("_day", "_days"), theirs, keys),
        ]
    )
    return met.group_by("_id").agg(nw.col("_s").max().alias("_hit"))


def begun_in(spans: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """`_id` of each span beside `_o`, for each other class the longest-lasting of the spans that it began in, if any.

    `spans` holds `_id`, `_key`, `_class` (one key's spans may be of several), `_vague`, whether its own class counts as
    another, `_at`, when it begins, and `_end`. Spans of another key do not meet; of two that begin at once the one with
    the lesser `_id` is earlier. What has begun of a class is told by one pass in the order of time and not pair by
    pair: day by day, and once for all that last long.
    """
    known = _with_days(spans.rename({"_at": "_start"}), "_start", "_end")
    long = known.filter(nw.col("_days") > LONG).with_columns(nw.lit(ALWAYS, nw.Int64).alias("_day"))
    open_ = nw.concat([*(_on_day(known, later) for later in range(LONG + 1)), long]).drop("_days")
    days = [(nw.col("_at") // DAY).alias("_day"), nw.lit(ALWAYS, nw.Int64).alias("_day")]
    mine = nw.col("_class").alias("_own")
    moments = nw.concat([spans.select("_id", "_key", "_at", "_vague", mine, day) for day in days])
    classes = open_.select("_key", "_class", "_day").unique()
    asked = moments.join(classes, on=["_key", "_day"], how="inner").filter(
        (nw.col("_class") != nw.col("_own")) | nw.col("_vague")
    )
    others = open_.join(asked.select("_class", "_day").unique(), on=["_class", "_day"], how="semi")
    place = ["_class", "_day", "_id"]
    events = nw.concat(
        [
            asked.select(*place, nw.col("_at").alias("_time"), _number(0, "_begins"), _number(NEVER, "_end")),
            others.select(*place, nw.col("_start").alias("_time"), _number(1, "_begins"), "_end"),
        ]
    )
    until = nw.col("_end").cum_max().over("_class", "_day", order_by=["_time", "_id", "_begins"])
    begun = events.with_columns(until.alias("_until")).filter(
        (nw.col("_begins") == 0) & (nw.col("_until") >= nw.col("_time"))
    )
    first = others.group_by("_class", "_end").agg(nw.col("_start").min())
    longest = (
        others.join(first, on=["_class", "_end", "_start"], how="inner")
        .group_by("_class", "_end")
        .agg(nw.col("_id").min().alias("_o"))
    )
    return (
        begun.select("_id", "_class", "_until")
        .join(longest, left_on=["_class", "_until"], right_on=["_class", "_end"], how="inner")
        .select("_id", "_o")
        .unique()
    )


def _number(value: int, name: str) -> nw.Expr:
    return nw.lit(value, nw.Int64).alias(name)


def _with_days(spans: nw.LazyFrame[Any], first: str, last: str) -> nw.LazyFrame[Any]:
    """Those that hold an instant, with the day on which they begin and how many days further they reach."""
    days = nw.col(last) // DAY - nw.col(first) // DAY
    return spans.filter(nw.col(last) >= nw.col(first)).with_columns(
        (nw.col(first) // DAY).alias("_day"), days.alias("_days")
    )


def _sharing(ours: nw.LazyFrame[Any], theirs: nw.LazyFrame[Any], keys: Sequence[str]) -> nw.LazyFrame[Any]:
    met = ours.join(theirs, on=list(keys), how="inner")
    return met.filter((nw.col("_start") <= nw.col("_to")) & (nw.col("_from") <= nw.col("_end"))).select("_id", "_s")


def _on_day(known: nw.LazyFrame[Any], later: int) -> nw.LazyFrame[Any]:
    """The short intervals that reach so many days further, filed under that day."""
    reaching = known.filter((nw.col("_days") >= later) & (nw.col("_days") <= LONG))
    return reaching.with_columns(nw.col("_day") + later)


def _inside(
    moments: nw.LazyFrame[Any], intervals: nw.LazyFrame[Any], keys: Sequence[str], carried: Sequence[str]
) -> nw.LazyFrame[Any]:
    both = moments.join(intervals.select(*keys, "_start", "_end", *carried), on=list(keys), how="inner")
    return both.filter((nw.col("_start") <= nw.col("_at")) & (nw.col("_at") <= nw.col("_end"))).select("_id", *carried)


def some(none: nw.Expr | None) -> nw.Expr:
    """Whether it is not answered that there is none."""
    return nw.lit(value=True) if none is None else ~none.fill_null(value=False)


def instant(bound: Expr, columns: Columns, type_: str) -> Built:
    """One end of an interval, as an instant; raises AuthorError for another type."""
    built = bound.build(columns)
    expect(built.type, type_, "an interval is made")
    return replace(built, value=_in_micros(built.value, type_))


def _in_micros(value: nw.Expr, type_: str) -> nw.Expr:
    """An instant as it is; a day as the instant it begins, so that days meet days."""
    return value.cast(nw.Int64) * DAY if type_ == "date" else value
