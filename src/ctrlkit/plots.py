"""Figures for the plots of a report, from the evidence as it was judged; they decide no verdict and name nobody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import polars as pl

from ctrlkit.closed import Plot, Series
from ctrlkit.literal import DAY, MICRO
from ctrlkit.model import Cause
from ctrlkit.plan import Handed

FEWEST: Final = 5
"""People: of a group with fewer nothing is told."""
CAMPAIGNS: Final = 12
NORMAL_WEEK: Final = (40, 48)
"""Hours: a common contract, and six days of the eight hours that both countries call normal."""
HOUR: Final = 3600 * MICRO
_WEEK: Final = 7
_MONDAY: Final = 3
"""Days from the Thursday on which days are counted from to the Monday before."""
_UNFIT: Final = (Cause.MALFORMED, Cause.TRUNCATED, Cause.EMPTY)

Params = Mapping[str, Mapping[str, Any]]
"""Control -> its effective parameters."""


def of_people(handed: Mapping[str, Handed], params: Params, as_of: int) -> tuple[Plot, ...]:
    """Hours, overtime, phishing drills and unused accounts; `as_of` counts microseconds from 1970 in UTC.

    One whose control was not asked for is left out, one whose evidence is not there or not whole says so.
    """
    return tuple(_of_people(handed, params, as_of))


def _of_people(handed: Mapping[str, Handed], params: Params, as_of: int) -> Iterator[Plot]:
    if "WRK-04" in params:
        asked = params["WRK-04"]
        hours = Plot("hours", "Hours worked in a week", "")
        yield from drawn(
            hours,
            handed,
            "timesheets",
            ("employee_id", "work_date", "clock_in", "clock_out"),
            lambda f: _weeks(hours, f, _whole(asked["weekly_max"])),
        )
        overtime = Plot("overtime", "Overtime of a person in a quarter", "")
        yield from drawn(
            overtime,
            handed,
            "timesheets",
            ("employee_id", "work_date", "ot_hours"),
            lambda f: _overtime(overtime, f, handed, asked),
        )
    if "TRN-04" in params:
        phish = Plot("phish", "Phishing drills: who clicked", "")
        most = _whole(params["TRN-04"]["click_max"])
        yield from drawn(
            phish,
            handed,
            "phish",
            ("campaign_id", "employee_id", "sent_at", "clicked_at", "submitted_at"),
            lambda f: _clicks(phish, f, most),
        )
    if "ACC-03" in params:
        age = Plot("age", "Days since an enabled account was used", "")
        dormant = _whole(params["ACC-03"]["dormant_days"])
        yield from drawn(
            age,
            handed,
            "accounts",
            ("account_id", "enabled", "account_type", "last_login_at", "created_at"),
            lambda f: _ages(age, f, dormant, as_of),
        )


def drawn(plot: Plot, handed: Mapping[str, Handed], kind: str, needs: Sequence[str], draw: Any) -> Iterator[Plot]:
    """The plot that `draw` makes of the kind's frame, or the reason why there is none."""
    there = handed.get(kind)
    if there is None or there.canvas is None:
        yield replace(plot, says=f"no {kind} was read")
    elif unfit := [fault.cause.value for fault in there.faults if fault.cause in _UNFIT]:
        yield replace(plot, says=f"{kind} is {unfit[0]}: what is missing could change the picture")
    elif lacking := [name for name in needs if name not in there.canvas.columns]:
        yield replace(plot, says=f"{kind} does not say {', '.join(lacking)}")
    else:
        made: Plot = draw(pl.scan_parquet(there.canvas.parquet))
        grade = there.evidence.grade.value
        whose = "the client's " if there.evidence.party == "client" else ""
        yield replace(made, rests_on=f"{whose}{kind} ({grade}, {there.evidence.rows:,} rows)")


def _weeks(plot: Plot, frame: pl.LazyFrame, most: int) -> Plot:
    """How long people worked from Monday to Sunday, in the weeks that the time sheets hold whole."""
    meal = pl.col("meal_minutes").fill_null(0) * 60 if "meal_minutes" in frame.collect_schema() else pl.lit(0)
    told = frame.select(
        "employee_id",
        "work_date",
        week=(pl.col("work_date") + _MONDAY) // _WEEK,
        worked=pl.col("clock_out") - pl.col("clock_in") - meal,
    ).collect()
    if told.is_empty():
        return replace(plot, says="timesheets holds no row")
    first, last = told["work_date"].min(), told["work_date"].max()
    start = pl.col("week") * _WEEK - _MONDAY
    punched = told.filter(pl.col("worked").is_not_null())
    whole = punched.filter((start >= first) & (start + _WEEK - 1 <= last) & pl.col("employee_id").is_not_null())
    weeks = whole.group_by("employee_id", "week").agg(pl.col("worked").sum())
    people = weeks["employee_id"].n_unique()
    if people < FEWEST:
        return replace(plot, says=f"whole weeks are there of fewer than {FEWEST} people")
    edges = [hours for hours in NORMAL_WEEK if hours < most] + [most]
    values = weeks.select(person="employee_id", value=_up(pl.col("worked"), HOUR))
    unread = len(told) - len(punched)
    aside = f" {unread:,} rows without both punches are left aside." if unread else ""
    return banded(
        replace(
            plot, across="hours worked from Monday to Sunday", unit="weeks of a person", limit_says=f"{most} hours"
        ),
        values,
        edges,
        most,
        f"Weeks of {people:,} people, meals taken off; the limit of WRK-04 is {most} hours in seven days.{aside}",
    )


def _overtime(plot: Plot, frame: pl.LazyFrame, handed: Mapping[str, Handed], asked: Mapping[str, Any]) -> Plot:
    """How much overtime people have in a calendar quarter; the limit is that of Indian law, for people in India."""
    told = frame.filter(pl.col("employee_id").is_not_null() & pl.col("ot_hours").is_not_null()).select(
        "employee_id", "ot_hours", quarter=pl.col("work_date").cast(pl.Int32).cast(pl.Date).dt.truncate("1q")
    )
    indian = _indian(handed)
    if indian is None:
        return replace(plot, says="no roster says whose law holds")
    held = told.join(indian.lazy(), on="employee_id", how="semi").collect()
    if held.is_empty():
        return replace(plot, says="nobody here works under Indian law, and Philippine law sets no ceiling")
    sums = held.group_by("employee_id", "quarter").agg(pl.col("ot_hours").sum())
    people = sums["employee_id"].n_unique()
    if people < FEWEST:
        return replace(plot, says=f"fewer than {FEWEST} people have overtime recorded under Indian law")
    most = _whole(asked["IN_quarter_ot"])
    edges = sorted({0, *(most * part // 3 for part in (1, 2, 3))})
    values = sums.select(person="employee_id", value=_up(pl.col("ot_hours"), MICRO))
    return banded(
        replace(plot, across="hours of overtime in a quarter", unit="quarters of a person", limit_says=f"{most} hours"),
        values,
        edges,
        most,
        f"{people:,} people in India; the limit is {most} hours in a calendar quarter. "
        "A quarter that the time sheets begin or end in is shown as far as it is there.",
    )


def _indian(handed: Mapping[str, Handed]) -> pl.DataFrame | None:
    roster = handed.get("roster")
    if roster is None or roster.canvas is None or not {"employee_id", "country"} <= {*roster.canvas.columns}:
        return None
    frame = pl.scan_parquet(roster.canvas.parquet).filter(pl.col("country").str.to_uppercase() == "IN")
    return frame.select("employee_id").unique().collect()


def _clicks(plot: Plot, frame: pl.LazyFrame, most: int) -> Plot:
    """The share of mails of each campaign that somebody fell for, in the order in which they were sent."""
    clicked = pl.col("clicked_at").is_not_null() | pl.col("submitted_at").is_not_null()
    told = (
        frame.group_by("campaign_id")
        .agg(
            people=pl.col("employee_id").n_unique(),
            mails=pl.len(),
            clicks=clicked.cast(pl.Int64).sum(),
            clickers=pl.col("employee_id").filter(clicked).n_unique(),
            sent=pl.col("sent_at").min(),
        )
        .filter(pl.col("people") >= FEWEST)
        .sort("sent", "campaign_id", nulls_last=True)
        .collect()
        .tail(CAMPAIGNS)
    )
    if told.is_empty():
        return replace(plot, says=f"no campaign went to {FEWEST} people or more")
    rows = told.select("mails", "clicks", "clickers").rows()
    shares = [
        None if 0 < clickers < FEWEST else (100 * clicks + mails // 2) // mails for mails, clicks, clickers in rows
    ]
    over = [100 * clicks > most * mails for mails, clicks, _ in rows]
    labels = tuple(str(name) for name in told["campaign_id"])
    last = f"fewer than {FEWEST} people" if shares[-1] is None else f"{shares[-1]} %"
    return replace(
        plot,
        across="campaign, the oldest first",
        unit="% of its mails",
        labels=labels,
        series=_split(shares, over),
        limit=most,
        limit_says=f"{most} % at most",
        says=(
            f"In {sum(over)} of {len(labels)} campaigns more than {most} % of the mails were fallen for; in the last, "
            f"{labels[-1]}: {last}."
        ),
    )


def _ages(plot: Plot, frame: pl.LazyFrame, most: int, as_of: int) -> Plot:
    """How long the enabled accounts of people have gone unused; one never used is as old as itself."""
    columns = frame.collect_schema()
    owner = pl.coalesce("employee_id", "account_id") if "employee_id" in columns else pl.col("account_id")
    told = frame.filter(pl.col("enabled") & (pl.col("account_type") == "person")).select(
        person=owner, newest=pl.max_horizontal("last_login_at", "created_at")
    )
    known = told.filter(pl.col("newest").is_not_null() & (pl.col("newest") <= as_of)).collect()
    if known["person"].n_unique() < FEWEST:
        return replace(plot, says=f"accounts of fewer than {FEWEST} people are there")
    values = known.select("person", value=_up(as_of - pl.col("newest"), DAY))
    edges = sorted({day for day in (7, 30) if day < most} | {most, 2 * most})
    return banded(
        replace(plot, across="days since last use", unit="enabled accounts of people", limit_says=f"{most} days"),
        values,
        edges,
        most,
        f"Enabled accounts of {known['person'].n_unique():,} people; the limit of ACC-03 is {most} days.",
    )


def banded(plot: Plot, values: pl.DataFrame, edges: Sequence[int], most: int, says: str) -> Plot:
    """The plot with a column for each band: up to the first edge, over it to the next, and over the last.

    `values` holds `person` and the whole number `value`, rounded up so that an edge belongs to the band below it.
    """
    labels = [f"≤ {edges[0]}", *(f"{a} to {b}" for a, b in pairwise(edges)), f"> {edges[-1]}"]
    if edges[0] == 0:
        labels[0] = "none"
    counts: list[int | None] = []
    for below, above in zip([None, *edges], [*edges, None], strict=True):
        held = values.filter(
            (pl.col("value") > below if below is not None else pl.lit(value=True))
            & (pl.col("value") <= above if above is not None else pl.lit(value=True))
        )
        counts.append(len(held) if held["person"].n_unique() >= FEWEST else 0 if held.is_empty() else None)
    over = [edge >= most for edge in edges]
    beyond = [False, *over]
    told = [count for count, late in zip(counts, beyond, strict=True) if late]
    few = f"fewer than {FEWEST} people"
    sum_ = f"{sum(n for n in told if n):,} {plot.unit}" if any(told) else ""
    parts = [part for part in (sum_, few if None in told else "") if part]
    head = f"Beyond the limit: {', and '.join(parts) or 'none'}."
    return replace(plot, labels=tuple(labels), series=_split(counts, beyond), says=f"{head} {says}")


def _split(values: Sequence[int | None], beyond: Sequence[bool]) -> tuple[Series, ...]:
    within = tuple(0 if late else value for value, late in zip(values, beyond, strict=True))
    outside = tuple(value if late else 0 for value, late in zip(values, beyond, strict=True))
    return Series("within the limit", "good", within), Series("beyond the limit", "bad", outside)


def _whole(number: Any) -> int:
    return int(number)


def _up(amount: pl.Expr, unit: int) -> pl.Expr:
    """Whole units, a part of one counted as one."""
    return (amount + (unit - 1)) // unit
