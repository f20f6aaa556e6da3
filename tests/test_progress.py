"""How findings come and go: their trend, the days to a remedy, since when, and at which site."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from assembled import source
from runs import control, result
from test_coverage import handed
from test_plots import values

from ctrlkit import progress
from ctrlkit.closed import Plot
from ctrlkit.model import EvidenceRef, Finding, Grade, Pointer, Verdict
from ctrlkit.plan import Handed

TODAY = date(2026, 11, 2)
PARAMS: dict[str, dict[str, Any]] = {"GOV-04": {"critical_days": 7, "high_days": 30, "medium_days": 90}}


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
        "accounts": handed(tmp_path, "accounts", employee_id=["e0", "e1", "e2", "e3", "e4", "e11", "e23"]),
    }
    lies = [Finding(f"k{row}", "m", {}, (Pointer("accounts", "vendor", "accounts.csv", row),)) for row in range(2, 9)]
    pay = Finding("p", "m", {}, (Pointer("roster", "vendor", "roster.csv", 2),))
    plot = found(
        of, result("MFA-01", Verdict.FAILED, findings=(*lies,)), result("WRK-01", Verdict.FAILED, findings=(pay,))
    )
    assert plot["sites"].labels == ("ceb1", "mnl1")
    assert values(plot["sites"]) == [(None, 50), (0, None)]
    assert "ceb1 few and 0, mnl1 50 and few" in plot["sites"].says
    assert "1 findings lie at no site" in plot["sites"].says
    one = {**of, "roster": handed(tmp_path, "roster", employee_id=staff[:10], site=["mnl1"] * 10)}
    assert found(one)["sites"].labels == ()


def test_months_end_on_their_last_day() -> None:
    assert progress._month_ends(date(2025, 11, 9), TODAY) >= {date(2025, 12, 31), date(2026, 2, 28)}  # noqa: SLF001
    assert TODAY - timedelta(days=2) in progress._month_ends(TODAY - timedelta(days=40), TODAY)  # noqa: SLF001
