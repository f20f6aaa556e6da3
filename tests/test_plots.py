"""The figures of people: what they count, what they refuse to tell, when they are not drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from test_coverage import handed

from ctrlkit import plots
from ctrlkit.closed import Plot
from ctrlkit.literal import DAY, MICRO
from ctrlkit.model import Cause, Fault
from ctrlkit.plan import Handed

HOUR = 3600 * MICRO
AS_OF = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp()) * MICRO
MONDAY = (date(2026, 10, 5) - date(1970, 1, 1)).days
PARAMS: dict[str, dict[str, Any]] = {
    "WRK-04": {"weekly_max": 60, "IN_quarter_ot": 144},
    "TRN-04": {"click_max": 5},
    "ACC-03": {"dormant_days": 45},
}


def people(of: dict[str, Handed], **params: Any) -> dict[str, Plot]:
    return {plot.name: plot for plot in plots.of_people(of, {**PARAMS, **params}, AS_OF)}


def values(plot: Plot) -> list[tuple[int | None, ...]]:
    return [series.values for series in plot.series]


def sheets(folder: Path, hours: dict[str, int], days: int = 7, **more: Sequence[object]) -> Handed:
    """A week from Monday to Sunday, in which each person works so many hours on each of five days."""
    rows = [(who, MONDAY + day, each) for who, each in hours.items() for day in range(days)]
    return handed(
        folder,
        "timesheets",
        employee_id=[who for who, _, _ in rows],
        work_date=[day for _, day, _ in rows],
        clock_in=[day * DAY for _, day, _ in rows],
        clock_out=[day * DAY + (each + 1) * HOUR if day < MONDAY + 5 else day * DAY for _, day, each in rows],
        meal_minutes=[60 * MICRO if day < MONDAY + 5 else 0 for _, day, _ in rows],
        **more,
    )


def test_weeks_are_told_by_their_hours_without_meals_and_small_groups_are_not_told(tmp_path: Path) -> None:
    hours = {f"a{n}": 8 for n in range(6)} | {f"b{n}": 12 for n in range(5)} | {f"c{n}": 13 for n in range(4)}
    plot = people({"timesheets": sheets(tmp_path, hours)})["hours"]
    assert plot.labels == ("≤ 40", "40 to 48", "48 to 60", "> 60")
    assert values(plot) == [(6, 0, 5, 0), (0, 0, 0, None)]
    assert plot.says.startswith("Beyond the limit: fewer than 5 people. Weeks of 15 people")
    assert plot.rests_on == "timesheets (typed, 0 rows)"


def test_a_week_that_the_time_sheets_hold_in_part_is_not_told(tmp_path: Path) -> None:
    plot = people({"timesheets": sheets(tmp_path, {f"a{n}": 8 for n in range(9)}, days=6)})["hours"]
    assert plot.labels == ()
    assert plot.says == "whole weeks are there of fewer than 5 people"


def test_overtime_is_held_against_indian_law_for_people_in_india_only(tmp_path: Path) -> None:
    hours = {f"a{n}": 8 for n in range(9)}
    extra = [22 * MICRO if n < 42 else 0 for n in range(63)]
    of = {
        "timesheets": sheets(tmp_path, hours, ot_hours=list(extra)),
        "roster": handed(tmp_path, "roster", employee_id=sorted(hours), country=["IN"] * 6 + ["PH"] * 3),
    }
    plot = people(of)["overtime"]
    assert plot.labels == ("none", "0 to 48", "48 to 96", "96 to 144", "> 144")
    assert values(plot) == [(0, 0, 0, 0, 0), (0, 0, 0, 0, 6)]
    assert plot.says.startswith("Beyond the limit: 6 quarters of a person. 6 people in India")
    of["roster"] = handed(tmp_path, "roster", employee_id=sorted(hours), country=["PH"] * 9)
    assert people(of)["overtime"].labels == ()


def mails(folder: Path, campaigns: dict[str, tuple[int, int]]) -> Handed:
    rows = [(name, n, n < clicks) for name, (sent, clicks) in campaigns.items() for n in range(sent)]
    return handed(
        folder,
        "phish",
        campaign_id=[name for name, _, _ in rows],
        employee_id=[f"e{n}" for _, n, _ in rows],
        sent_at=[[*campaigns].index(name) * DAY for name, _, _ in rows],
        clicked_at=[DAY if clicked else None for _, _, clicked in rows],
        submitted_at=[None for _ in rows],
    )


def test_campaigns_stand_in_order_of_time_and_one_to_few_people_is_left_out(tmp_path: Path) -> None:
    plot = people(
        {"phish": mails(tmp_path, {"z-first": (100, 33), "b-few": (4, 4), "m-quiet": (40, 4), "a-last": (100, 5)})}
    )["phish"]
    assert plot.labels == ("z-first", "m-quiet", "a-last")
    assert values(plot) == [(0, 0, 5), (33, None, 0)]
    assert plot.says == ("In 2 of 3 campaigns more than 5 % of the mails were fallen for; in the last, a-last: 5 %.")


def test_accounts_are_as_old_as_their_last_use_or_themselves(tmp_path: Path) -> None:
    ages = [1] * 5 + [45] * 6 + [46] * 7 + [400] * 2
    of = handed(
        tmp_path,
        "accounts",
        account_id=[f"a{n}" for n in range(21)],
        enabled=[True] * 20 + [False],
        account_type=["person"] * 21,
        last_login_at=[AS_OF - days * DAY for days in ages[:-2]] + [None] * 3,
        created_at=[AS_OF - 500 * DAY] * 18 + [AS_OF - 400 * DAY] * 3,
    )
    plot = people({"accounts": of})["age"]
    assert plot.labels == ("≤ 7", "7 to 30", "30 to 45", "45 to 90", "> 90")
    assert values(plot) == [(5, 0, 6, 0, 0), (0, 0, 0, 7, None)]


def test_what_is_missing_not_whole_or_without_a_column_is_not_drawn_and_says_so(tmp_path: Path) -> None:
    whole = mails(tmp_path, {"one": (40, 2)})
    cut = replace(whole, faults=(Fault(Cause.TRUNCATED, "cut"),))
    assert people({"phish": cut})["phish"].says == "phish is truncated: what is missing could change the picture"
    assert people({})["phish"].says == "no phish was read"
    lacking = handed(tmp_path, "phish", campaign_id=["a"])
    assert people({"phish": lacking})["phish"].says.startswith("phish does not say employee_id")
    assert plots.of_people({"phish": whole}, {}, AS_OF) == ()
