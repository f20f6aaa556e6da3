"""What is to be decided, and every reason why something cannot be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from assembled import AS_OF, engagement, profile, source
from runs import control

from ctrlkit.assemble import Evidence
from ctrlkit.canvas import Canvas
from ctrlkit.engagement import Deferral, Engagement, Period
from ctrlkit.errors import InputError
from ctrlkit.hosts import Machine
from ctrlkit.job import period_bounds
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Check, Control, Fault, Grade, Verdict
from ctrlkit.plan import Handed, Line, columns_read, draw, select
from ctrlkit.profile import Profile
from ctrlkit.weighing import days_covered, weigh

COLUMNS = {
    "accounts": ("system", "account_id", "enabled", "mfa_enrolled"),
    "roster": ("employee_id", "status"),
    "auth_events": ("ts", "system", "account_id", "result"),
}


def evidence(name: str, rows: int = 5, **changes: Any) -> Evidence:
    plain = Evidence(
        name,
        "vendor",
        (source(f"{name}.csv"),),
        columns=COLUMNS[name],
        rows=rows,
        csv=Path(f"{name}.csv"),
        sha256="0" * 64,
    )
    return replace(plain, **changes)


def canvas(rows: int = 5, days: Iterator[date] | tuple[date, ...] = (), systems: tuple[str, ...] = ()) -> Canvas:
    return Canvas(Path("x.parquet"), {}, rows, tuple(days), systems)


def handed(name: str, rows: int = 5, faults: tuple[Fault, ...] = (), **changes: Any) -> Handed:
    return Handed(evidence(name, rows, **changes), canvas(rows), faults)


def check(claim: str | None = None, optional: dict[str, tuple[str, ...]] | None = None, **needs: str) -> Check:
    return Check(None, {k: tuple(v.split()) for k, v in needs.items()}, optional or {}, claim, None, 10)


FULL = check(accounts="enabled mfa_enrolled", roster="status")
LESS = check("only accounts", accounts="enabled")
BOTH = control("TST-01", checks=(FULL, LESS))


def line(
    of: Control,
    there: dict[str, Handed],
    declared: dict[str, str] | None = None,
    policy: Profile | None = None,
    **terms: Any,
) -> Line:
    ids = {of.id: of}
    (found,) = draw(ids, ids, there, declared or {}, policy or profile(params={of.id: {}}), engagement(**terms), AS_OF)
    return found


def everything(**changes: Handed) -> dict[str, Handed]:
    return {"accounts": handed("accounts"), "roster": handed("roster"), **changes}


def test_all_there_is_decided_by_the_full_check() -> None:
    found = line(BOTH, everything())
    assert (found.check, found.verdict, found.faults) == (FULL, None, ())
    assert found.tables == {"accounts": ("enabled", "mfa_enrolled"), "roster": ("status",)}


@pytest.mark.parametrize(
    "cause", [c for c in Cause if c.rank < Cause.WEAK_SOURCE.rank and c is not Cause.DECLARED_EMPTY]
)
def test_every_fault_of_the_whole_kind_stops_its_checks(cause: Cause) -> None:
    there = everything(roster=handed("roster", faults=(Fault(cause, "why"),)))
    found = line(BOTH, there)
    assert (found.verdict, found.check) == (Verdict.INCONCLUSIVE, None)
    assert [f.cause for f in found.faults] == [cause]


def test_faults_stand_in_the_order_of_the_contract_and_all_of_them() -> None:
    causes = (Cause.PERIOD, Cause.TRUNCATED, Cause.STALE)
    there = everything(accounts=handed("accounts", faults=tuple(Fault(c, str(c)) for c in causes)))
    del there["roster"]
    assert [f.cause for f in line(BOTH, there).faults] == ["missing", "truncated", "stale", "period"]


def test_a_source_too_weak_is_a_fault_by_control() -> None:
    policy = profile(params={"TST-01": {}}, minimum_grade={"default": Grade.TYPED, "TST-01": Grade.EXPORT})
    found = line(BOTH, everything(), policy=policy)
    assert (found.verdict, [f.cause for f in found.faults]) == (Verdict.INCONCLUSIVE, ["weak_source", "weak_source"])


def test_a_smaller_claim_is_decided_only_where_nothing_beyond_it_was_handed_in() -> None:
    """Taking a file or column out of a full pack never makes a control quietly smaller."""
    narrow = evidence("accounts", columns=("system", "account_id", "enabled"))
    alone = {"accounts": Handed(narrow, canvas())}
    assert line(BOTH, alone).check is LESS
    with_roster = {**alone, "roster": handed("roster")}
    with_column = {"accounts": handed("accounts")}
    with_broken = {
        **alone,
        "roster": Handed(evidence("roster", 0, columns=(), csv=None), None, (Fault(Cause.MALFORMED, "HTML"),)),
    }
    with_renamed = {**alone, "roster": handed("roster", columns=("employee_id",))}
    for there in (with_roster, with_column, with_broken, with_renamed):
        found = line(BOTH, there)
        assert (found.verdict, found.check) == (Verdict.INCONCLUSIVE, None), there


DECLARED = {"accounts": "nobody has one"}
EMPTY_FILE = handed("accounts", 0, faults=(Fault(Cause.EMPTY, "header only"),))
BROKEN_FILE = Handed(
    evidence("accounts", 0, columns=(), csv=None, faults=(Fault(Cause.MALFORMED, "HTML"),)),
    None,
    (Fault(Cause.MALFORMED, "HTML"),),
)
BAD_ROWS = Handed(evidence("accounts", 0, bad_rows=3), canvas(0), (Fault(Cause.MALFORMED, "3 rows"),))


@pytest.mark.parametrize(
    ("declared", "accepted", "file", "verdict", "cause"),
    [
        (False, False, None, "inconclusive", "missing"),
        (False, True, None, "inconclusive", "missing"),
        (True, False, None, "inconclusive", "declared_empty"),
        (True, True, None, "not_applicable", "declared_empty"),
        (False, False, EMPTY_FILE, "inconclusive", "empty"),
        (False, True, EMPTY_FILE, "not_applicable", "empty"),
        (True, False, EMPTY_FILE, "inconclusive", "declared_empty"),
        (True, True, EMPTY_FILE, "not_applicable", "declared_empty"),
        (True, True, BROKEN_FILE, "inconclusive", "malformed"),
        (True, True, BAD_ROWS, "inconclusive", "malformed"),
        (True, True, handed("accounts"), None, None),
    ],
)
def test_empty_counts_only_where_the_client_accepts_it(
    declared: bool, accepted: bool, file: Handed | None, verdict: str | None, cause: str | None
) -> None:
    """What the vendor declares is a reason, not a pass, and makes no broken file empty."""
    only = control("TST-01", checks=(check(accounts="enabled"),))
    there = {"accounts": file} if file else {}
    found = line(only, there, DECLARED if declared else {}, may_be_empty=("accounts",) if accepted else ())
    assert (found.verdict, found.faults[0].cause if found.faults else None) == (verdict, cause)


def test_an_accepted_empty_kind_does_not_excuse_another() -> None:
    there = everything(accounts=EMPTY_FILE)
    del there["roster"]
    assert line(BOTH, there, may_be_empty=("accounts",)).verdict is Verdict.INCONCLUSIVE


def test_deferred_out_of_country_and_out_of_feature_do_not_apply() -> None:
    until = Deferral("TST-01", date(2026, 11, 2), "later")
    assert line(BOTH, {}, deferred=(until,)).faults[0].cause is Cause.DEFERRED
    assert line(BOTH, {}, deferred=(replace(until, until=date(2026, 11, 1)),)).verdict is Verdict.INCONCLUSIVE
    indian = replace(BOTH, applies={"countries": ("IN",)})
    assert line(indian, {}).faults[0].cause is Cause.SCOPE
    cards = replace(BOTH, applies={"features": ("card_data",)})
    assert line(cards, {}, features=("home_work",)).faults[0].cause is Cause.SCOPE
    assert line(cards, everything(), features=("card_data",)).verdict is None
    assert line(cards, everything(), features=None).verdict is None


def test_a_control_that_could_not_be_loaded_is_an_error_even_where_it_would_not_apply() -> None:
    broken = replace(BOTH, fault=Fault(Cause.FORBIDDEN, "open"), checks=(), applies={"countries": ("IN",)})
    assert (line(broken, {}).verdict, line(broken, {}).faults[0].cause) == (Verdict.ERROR, Cause.FORBIDDEN)
    assert line(replace(BOTH, checks=()), {}).verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("there", "read", "noted"),
    [
        (None, None, False),
        (handed("roster"), ("status",), False),
        (handed("roster", columns=("employee_id",)), (), False),
        (handed("roster", faults=(Fault(Cause.STALE, "old"),)), None, True),
        (handed("roster", bad_rows=1), None, True),
    ],
)
def test_optional_evidence_is_read_where_it_can_be_believed(
    there: Handed | None, read: tuple[str, ...] | None, noted: bool
) -> None:
    of = control("TST-01", checks=(check(optional={"roster": ("status",)}, accounts="enabled"),))
    found = line(of, {"accounts": handed("accounts"), **({"roster": there} if there else {})})
    assert (found.verdict, found.tables["roster"], bool(found.notes)) == (None, read, noted)


def test_optional_evidence_of_too_weak_a_grade_is_set_aside() -> None:
    of = control("TST-01", checks=(check(optional={"roster": ("status",)}, accounts="enabled"),))
    policy = profile(params={"TST-01": {}}, minimum_grade={"default": Grade.EXPORT})
    strong = handed("accounts", sources=(source("a.csv", grade=Grade.EXPORT),))
    found = line(of, {"accounts": strong, "roster": handed("roster")}, policy=policy)
    assert (found.verdict, found.tables["roster"]) == (None, None)
    assert "grade typed" in found.notes[0]


# what is wrong with a kind


def causes(
    name: str, of: Evidence | None = None, frame: Canvas | None = None, policy: Profile | None = None, **terms: Any
) -> list[Cause]:
    found = weigh(
        of or evidence(name), frame or canvas(), shipped()[name], policy or profile(), engagement(**terms), AS_OF
    )
    return [f.cause for f in found]


def exported(before: timedelta, **changes: Any) -> Evidence:
    when = (AS_OF.instant - before).strftime("%Y-%m-%dT%H:%M:%SZ")
    return evidence("roster", sources=(source("roster.csv", exported_at=when, **changes),))


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (timedelta(days=35), []),
        (timedelta(days=35, seconds=1), ["stale"]),
        (timedelta(0), []),
        (timedelta(days=-1), []),
        (timedelta(days=-1, seconds=-1), ["malformed"]),
    ],
)
def test_freshness_to_the_second(before: timedelta, expected: list[str]) -> None:
    assert causes("roster", exported(before)) == expected


def test_freshness_by_kind_and_of_the_oldest_source() -> None:
    policy = profile(freshness={"default": 35, "roster": 7})
    assert causes("roster", exported(timedelta(days=8)), policy=policy) == ["stale"]
    two = exported(timedelta(days=1)).sources + exported(timedelta(days=36)).sources
    assert causes("roster", evidence("roster", sources=two)) == ["stale"]


@pytest.mark.parametrize("last", [None, "2027-01-01", "2026-01-01"])
def test_without_an_export_date_the_newest_row_counts_and_one_ahead_says_nothing(last: str | None) -> None:
    undated = evidence("roster", sources=(source("roster.csv", exported_at=None, last=last),))
    assert causes("roster", undated) == ["stale"]
    dated = evidence("roster", sources=(source("roster.csv", exported_at=None, last="2026-10-31"),))
    assert causes("roster", dated) == []


def october(*without: int) -> tuple[date, ...]:
    return tuple(date(2026, 10, d) for d in range(1, 32) if d not in without)


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        ((), []),
        (range(1, 7), []),
        (range(1, 8), ["period"]),
        (range(10, 16), []),
        (range(10, 17), ["period"]),
        (range(26, 32), []),
        (range(25, 32), ["period"]),
        (range(1, 32), ["malformed"]),
    ],
)
def test_a_log_that_falls_silent_for_a_week_has_a_gap(without: range, expected: list[str]) -> None:
    """At the start, in the middle, at the end; one with no row in the period is another period's file."""
    frame = canvas(days=(*october(*without), date(2026, 11, 1)))
    assert causes("auth_events", frame=frame) == expected


def test_a_period_that_is_not_over_is_covered_up_to_the_as_of() -> None:
    running = Period(date(2026, 10, 27), date(2026, 12, 31))
    days = tuple(date(2026, 10, 27) + timedelta(days=n) for n in range(7))
    assert causes("auth_events", frame=canvas(days=days), period=running) == []
    assert causes("roster", frame=canvas(days=())) == []


def test_a_system_of_the_engagement_without_rows_is_missing() -> None:
    frame = canvas(systems=("crm",))
    assert causes("accounts", frame=frame, systems={"CRM": "client", "google": "vendor"}) == ["missing"]
    assert causes("accounts", frame=frame, systems={"crm": "client"}) == []
    assert causes("roster", frame=frame, systems={"google": "vendor"}) == []


def test_what_is_not_carried_is_withheld_and_what_has_no_readable_row_malformed() -> None:
    held = evidence("roster", withheld=True, csv=None)
    assert [f.cause for f in weigh(held, None, shipped()["roster"], profile(), engagement(), AS_OF)] == ["withheld"]
    bad = evidence("roster", 0, bad_rows=4)
    assert causes("roster", bad, canvas(0)) == ["malformed"]


def test_select_by_id_and_domain_in_any_case() -> None:
    found = {i: control(i, domain=d) for i, d in (("MFA-01", "mfa"), ("MFA-03", "mfa"), ("LOG-01", "login"))}
    policy = profile(controls=tuple(sorted(found)))
    assert select(policy, [], found) == policy.controls
    assert select(policy, ["mfa-01", "LOGIN"], found) == ("LOG-01", "MFA-01")
    with pytest.raises(InputError, match='did you mean "MFA-01"'):
        select(policy, ["MFA-1"], found)


def test_columns_read_are_those_of_all_checks() -> None:
    optional = check(optional={"leave": ("start",)}, accounts="enabled client")
    assert columns_read([BOTH, control("TST-02", checks=(optional,))]) == {
        "accounts": ["enabled", "mfa_enrolled", "client"], "leave": ["start"], "roster": ["status"],
    }  # fmt: skip


def test_the_period_begins_and_ends_at_local_midnight() -> None:
    begins, ends = period_bounds(engagement())
    assert (begins, ends) == (datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC))
    berlin: Engagement = engagement(time_zone="Europe/Berlin")
    assert period_bounds(berlin)[1] - period_bounds(berlin)[0] == timedelta(days=31, hours=1)


def test_how_a_log_covers_the_period_is_told_in_days() -> None:
    kind = shipped()["auth_events"]
    said = days_covered(kind, canvas(days=october(10, 11)), engagement(), AS_OF)
    assert said == (
        (
            "auth_events: rows on 29 of 31 days of the audit period, 2026-10-01 to 2026-10-31, "
            "longest silence 2 days from 2026-10-10"
        ),
    )
    assert days_covered(kind, canvas(days=october()), engagement(), AS_OF)[0].endswith("2026-10-31")
    assert days_covered(shipped()["roster"], canvas(days=october()), engagement(), AS_OF) == ()
    assert (
        days_covered(kind, None, engagement(), AS_OF) == days_covered(kind, canvas(days=()), engagement(), AS_OF) == ()
    )


DESK = replace(FULL, needs={}, roles=("workstation",), facts=("screen_lock",))
SHELL = replace(FULL, needs={}, roles=("server", "jump"), facts=("shell_timeout",))


@pytest.mark.parametrize(
    ("roles", "check", "verdict"),
    [
        (("workstation",), DESK, None),
        (("server",), SHELL, None),
        (("server", "jump"), SHELL, None),
        (("mail", "server"), SHELL, None),
        (("mail",), None, Verdict.NOT_APPLICABLE),
        (("jump", "workstation"), None, Verdict.INCONCLUSIVE),
    ],
)
def test_a_host_is_asked_the_check_of_its_role(
    roles: tuple[str, ...], check: Check | None, verdict: Verdict | None
) -> None:
    of = control("TST-01", checks=(DESK, SHELL))
    host = {"h1": Machine("h1", roles, started_at=AS_OF.instant.isoformat())}
    (found,) = draw([of.id], {of.id: of}, {}, {}, profile(params={of.id: {}}), engagement(), AS_OF, host)
    assert (found.subject, found.check, found.verdict) == ("host:h1", check, verdict)


def test_a_control_with_two_host_checks_and_no_host_has_one_line_that_says_so() -> None:
    found = line(control("TST-01", checks=(DESK, SHELL)), {})
    assert (found.subject, found.verdict, found.faults[0].cause) == (
        "organisation",
        Verdict.INCONCLUSIVE,
        Cause.MISSING,
    )
