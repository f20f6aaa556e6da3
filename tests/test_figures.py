"""The figures of plots: what they count, what they refuse to tell, when they are not drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from assembled import source
from runs import control, result
from test_coverage import handed

from ctrlkit import figures, progress
from ctrlkit.closed import Plot
from ctrlkit.literal import DAY, MICRO
from ctrlkit.model import Cause, EvidenceRef, Fault, Finding, Grade, Pointer, Verdict
from ctrlkit.plan import Handed

HOUR = 3600 * MICRO
TODAY = date(2026, 11, 2)
AS_OF = int(datetime(2026, 11, 2, tzinfo=UTC).timestamp()) * MICRO
MONDAY = (date(2026, 10, 5) - date(1970, 1, 1)).days
PARAMS: dict[str, dict[str, Any]] = {
    "WRK-04": {"weekly_max": 60, "IN_quarter_ot": 144},
    "TRN-04": {"click_max": 5},
    "ACC-03": {"dormant_days": 45},
    "GOV-04": {"critical_days": 7, "high_days": 30, "medium_days": 90},
}


def people(of: dict[str, Handed], **params: Any) -> dict[str, Plot]:
    return {plot.name: plot for plot in figures.of_people(of, {**PARAMS, **params}, AS_OF)}


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
    plot = people({"phish": mails(tmp_path, {"z-first": (100, 33), "b-few": (4, 4), "a-last": (40, 2)})})["phish"]
    assert plot.labels == ("z-first", "a-last")
    assert values(plot) == [(0, 5), (33, 0)]
    assert plot.says == (
        "In 1 of 2 campaigns more than 5 % of the mails were fallen for; in the last, a-last, 5 % (2 of 40)."
    )


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
    assert figures.of_people({"phish": whole}, {}, AS_OF) == ()


def day(text: str | None) -> int | None:
    return None if text is None else (date.fromisoformat(text) - date(1970, 1, 1)).days


def register(folder: Path, *rows: tuple[str, str, str | None, str | None]) -> Handed:
    return handed(
        folder,
        "findings",
        finding_id=[f"k{n}" for n, _ in enumerate(rows)],
        control_id=["mfa-01"] * len(rows),
        severity=[severity for severity, *_ in rows],
        opened_on=[day(opened) for _, opened, _, _ in rows],
        closed_on=[day(closed) for *_, closed, _ in rows],
        verified_by_retest_on=[day(retested) for *_, retested in rows],
    )


ROWS = (
    ("critical", "2026-09-10", "2026-09-14", "2026-09-17"),
    ("critical", "2026-09-10", "2026-10-01", "2026-10-01"),
    ("high", "2026-10-20", None, None),
    ("high", "2026-09-20", None, None),
)


def found(of: dict[str, Handed], *results: Any, followed: bool = False) -> dict[str, Plot]:
    known = {
        r.control: control(r.control, domain="working_conditions" if r.control[0] == "W" else "mfa") for r in results
    }
    return {plot.name: plot for plot in progress.of_findings(of, PARAMS, results, known, TODAY, followed)}


def test_a_register_is_counted_at_the_end_of_each_month_and_as_of(tmp_path: Path) -> None:
    plot = found({"findings": register(tmp_path, *ROWS)})["trend"]
    assert plot.labels == ("2026-09-30", "2026-10-31", "2026-11-02")
    assert values(plot)[:2] == [(1, 0, 0), (1, 2, 2)]
    assert "not this run's" in plot.says


def test_earlier_runs_are_counted_on_their_days_and_this_run_by_its_own_findings(tmp_path: Path) -> None:
    there = register(tmp_path, *ROWS)
    looks = tuple(source(name, last=name) for name in ("2026-09-10", "2026-10-20"))
    there = replace(there, evidence=replace(there.evidence, party="client", sources=looks))
    itself = EvidenceRef("findings", "data/evidence/client/findings.csv", "", 4, None, Grade.CLIENT)
    now = (
        result("MFA-01", Verdict.FAILED, findings=tuple(Finding(f"k{n}", "m") for n in range(3))),
        result("GOV-04", Verdict.FAILED, findings=(Finding("g", "m"),), evidence=(itself,)),
        result("ACC-01", Verdict.WAIVED, findings=(Finding("w", "m"),)),
    )
    plot = found({"findings": there}, *now, followed=True)["trend"]
    assert plot.labels == ("2026-09-10", "2026-10-20", "2026-11-02")
    assert values(plot)[:2] == [(2, 0, 0), (0, 2, 3)]
    assert progress.opened({"findings": there}) == {("MFA-01", "k2"): "2026-10-20", ("MFA-01", "k3"): "2026-09-20"}


def test_a_finding_is_late_by_the_limit_of_its_severity_whether_retested_or_waiting(tmp_path: Path) -> None:
    plot = found({"findings": register(tmp_path, *ROWS)})["remedy"]
    assert plot.labels == ("critical (7 d)", "high (30 d)")
    assert {s.name: s.values for s in plot.series} == {
        "retested in time": (1, 0),
        "retested late": (1, 0),
        "waiting, not yet due": (0, 1),
        "waiting and overdue": (0, 1),
    }


def test_findings_are_told_by_site_through_the_row_they_lie_in_and_small_sites_are_not(tmp_path: Path) -> None:
    staff = [f"e{n}" for n in range(24)]
    of = {
        "roster": handed(tmp_path, "roster", employee_id=staff, site=["mnl1"] * 10 + ["ceb1"] * 10 + ["tiny"] * 4),
        "accounts": handed(tmp_path, "accounts", employee_id=["e0", "e11", "e23"]),
    }
    lies = [Finding(f"k{row}", "m", {}, (Pointer("accounts", "vendor", "accounts.csv", row),)) for row in (2, 3, 4)]
    pay = Finding("p", "m", {}, (Pointer("roster", "vendor", "roster.csv", 2),))
    plot = found(
        of, result("MFA-01", Verdict.FAILED, findings=(*lies,)), result("WRK-01", Verdict.FAILED, findings=(pay,))
    )
    assert plot["sites"].labels == ("ceb1", "mnl1")
    assert values(plot["sites"]) == [(10, 10), (0, 10)]
    assert "1 findings lie at no site" in plot["sites"].says
    one = {**of, "roster": handed(tmp_path, "roster", employee_id=staff[:10], site=["mnl1"] * 10)}
    assert found(one)["sites"].labels == ()


def test_months_end_on_their_last_day() -> None:
    assert progress._month_ends(date(2025, 11, 9), TODAY) >= {date(2025, 12, 31), date(2026, 2, 28)}  # noqa: SLF001
    assert TODAY - timedelta(days=2) in progress._month_ends(TODAY - timedelta(days=40), TODAY)  # noqa: SLF001
