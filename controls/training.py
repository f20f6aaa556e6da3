"""Training: people know the rules before the first customer, and drills show that they keep them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Table,
    Window,
    any_of,
    assert_every,
    assert_rate,
    assert_some,
    beside,
    cannot_tell,
    col,
    control,
    count,
    days,
    distinct,
    earliest,
    greater,
    group,
    hours,
    house,
    latest,
    maybe,
    median,
    minutes,
    neighbour,
    note,
    note_every,
    reads,
    seconds,
    share_of,
    standard,
    total,
    when,
)

QUARTER = 92
FEWEST_MAILS = 20
FEWEST_RATINGS = 5
FEWEST_COMPLETIONS = 10
NEW = 30
TICK = seconds(Decimal("0.000001"))
"""The least difference between two instants: a stretch without its last instant ends one before it."""


def last_days(name: str, number: int, as_of: AsOf) -> Expr:
    """Whether the instant `name` lies at most so many days of 24 h before the as-of instant."""
    return (col(name) >= as_of.instant - timedelta(days=number)) & (col(name) <= as_of.instant)


def measured(rows: Table, what: str) -> Table:
    """The same rows under one name, so that what is said of all of them together is one finding of that name."""
    named = when(col(rows.root.kind.required[0]).is_stated(), what, what)
    return rows.with_columns(measure=named)


def first_contacts(interactions: Table, period: Window) -> Table:
    """The first interaction of everybody who dealt with a customer in the period, and the day on which all begin."""
    held = beside(interactions, begins=earliest(col("started_on")))
    of_each = {"first": earliest(col("start")), "lately": any_of(period.holds("start", interactions))}
    return beside(held, "agent_id", **of_each).where(col("lately") & (col("start") == col("first")))


def before_the_first_customer() -> Expr:
    """Whether a completion is before the learner's first interaction, or by floor_date where all held are later."""
    floor = col("learner_person_floor_date")
    by_floor = col("learner_person") & (floor < col("learner_begins"))
    return when(by_floor, col("completed_on") <= floor, col("completed_at") < col("learner_first"))


@control(
    "TRN-01",
    "Trained before the first customer",
    severity="high",
    params={
        "courses": house(["privacy", "security", "client_rules"], "list"),
        "pass_score": house(80, "%", range=(1, 100)),
    },
    maps={
        "PCI": ["12.6.3"],
        "ISO27001": ["A.6.3"],
        "SOC2": ["CC1.4", "CC2.2"],
        "CSF": ["PR.AT-01"],
        "NIST80053": ["AT-2", "AT-3", "AT-4"],
        "CIS": ["14.1"],
        "CCM": ["HRS-11", "HRS-12"],
        "PH": ["IRR s.26(d)", "NPC 2023-06"],
        "HIPAA": ["164.308(a)(5)"],
        "GDPR": ["32.4"],
    },
    remedy=(
        "Take each listed person off the queue until the course is passed. Let the dialler admit an agent only "
        "when the learning system says that every course is passed."
    ),
    decisions=[
        (
            "Population: people with an interaction in the period, leavers too; the finding is the training row "
            "of the course, else the first interactions row."
        ),
        (
            "Course names are compared after the client's map to privacy, security and client_rules; client_rules "
            "means the roster client's own course."
        ),
        (
            "completed_at equal to the first start is too late; score null with passed true counts, passed null "
            "and a score that cannot be read are undecided."
        ),
        "Held means: the interactions table begins after floor_date; then floor_date decides, that day included.",
        "A person not on the roster is a finding.",
        "Of several rows of a course the one completed first is shown; any passing one in time is enough.",
        "A person whose roster client is not known has no course of that client: client_rules is undecided.",
    ],
    typical_exception="Nesting agents take live calls in week one; LMS back-filled before the audit.",
)
@reads(
    training="employee_id course completed_at completed_on passed score",
    roster="employee_id floor_date client",
    interactions="interaction_id agent_id start started_on",
)
def test_everybody_is_trained_before_the_first_customer(
    training: Table, roster: Table, interactions: Table, params: Any, period: Window
) -> None:
    """For every person with an interaction, each course in courses has a completion with passed true and score at or
    above pass_score whose completed_at is before the person's first interactions.start. People whose floor_date
    lies before the first interaction held are judged by floor_date: completed_at on or before that date.
    """
    contacts = first_contacts(interactions, period)
    learners = group(contacts, "agent_id", first=earliest(col("start")), begins=earliest(col("begins")))
    learners = learners.match(roster, {"agent_id": "employee_id"}, "person")
    listed = contacts.match(roster, {"agent_id": "employee_id"}, "person")
    assert_every(listed, "person", because="not on the roster")
    taken = training.match(learners, {"employee_id": "agent_id"}, "learner").where(col("learner"))
    for course in params.courses:
        lacking = contacts.without(training.where(col("course") == course), {"agent_id": "employee_id"})
        assert_every(lacking, "there", because=f"no {course} course before the first customer")
    assert_passed_in_time(taken.where(col("course").is_in(params.courses)), params)


def assert_passed_in_time(taken: Table, params: Any) -> None:
    """Everybody passed each course in time; shown is the row of the course that was completed first."""
    rows = beside(taken, "employee_id", "course", first=earliest(col("completed_at")))
    scored = col("score").is_null() | (col("score") >= params.pass_score)
    good = rows.where(col("passed") & scored & before_the_first_customer())
    first = rows.where(col("first").is_null() | (col("completed_at") == col("first")))
    trained = first.exists(good, {"employee_id": "employee_id", "course": "course"}, "trained")
    known = (col("course") != "client_rules") | col("learner_person_client").is_not_null()
    assert_every(trained, col("trained") & known, because="{course} not passed before the first customer")


@control(
    "TRN-02",
    "Refreshed every year",
    severity="medium",
    params={
        "valid_days": standard(365, "days", range=(0, 3650), source="PCI 12.6.3"),
        "house_target": house(180, "days", range=(0, 3650), source="article: again and again"),
        "pass_score": house(80, "%", range=(1, 100)),
    },
    maps={
        "PCI": ["12.6.2", "12.6.3", "12.6.3.1"],
        "ISO27001": ["A.6.3"],
        "SOC2": ["CC1.4", "CC2.2"],
        "CSF": ["PR.AT-01"],
        "NIST80053": ["AT-2", "AT-4"],
        "CIS": ["14.1", "14.2", "14.3", "14.4", "14.6"],
        "CCM": ["HRS-11"],
        "PH": ["NPC 2023-06", "IRR s.26(d)"],
        "HIPAA": ["164.308(a)(5)"],
    },
    remedy=(
        "Assign the current version to each listed person and have it passed within two weeks, support staff "
        "included. Assign it again half a year later."
    ),
    decisions=[
        (
            "Population: active roster people hired more than 30 days before the as-of date; the finding is the "
            "newest training row of the course, else the roster row."
        ),
        "valid_days decides the verdict; house_target is only a note.",
        "valid_days are 24 h each back from the as-of instant, limit included.",
        "on_leave people are outside until they return; a null hire_date is no excuse.",
        "While a new version is rolled out the profile names the one that counts.",
        (
            "Current is the version of the newest completion, passed or not; where two versions were completed at "
            "that instant, both are."
        ),
        "score null is undecided here: only TRN-01 lets a pass without a score count.",
    ],
    typical_exception="Support functions (HR, payroll, facilities) never assigned.",
)
@reads(
    training="employee_id course version completed_at passed score",
    roster="employee_id status hire_date",
)
def test_training_is_refreshed_every_year(training: Table, roster: Table, params: Any, as_of: AsOf) -> None:
    """Every active person has, for courses privacy and security, a completion with passed true, score at or above
    pass_score, in the current version (the one completed last by anyone, unless the profile names one), with
    completed_at at most valid_days before the as-of instant; people hired at most 30 days before are outside.
    house_target is a note.
    """
    is_new = col("hire_date").is_stated() & (col("hire_date") >= as_of.date - timedelta(days=NEW))
    people = roster.where((col("status") == "active") & ~is_new)
    for course in ("privacy", "security"):
        rows = current_version(training.where(col("course") == course))
        scored = (col("score") >= params.pass_score) | maybe(col("score").is_null())
        good = rows.where(col("current") & col("passed") & scored)
        fresh = good.where(last_days("completed_at", params.valid_days, as_of))
        shown = newest_of_each(rows.match(people, "employee_id", "person").where(col("person")))
        missing = f"{course} never taken"
        assert_every(people.without(rows, "employee_id"), "there", because=missing)
        refreshed = shown.exists(fresh, "employee_id", "refreshed")
        because = f"{course} not passed in the current version within {params.valid_days} days"
        assert_every(refreshed, "refreshed", because=because)
        note_those_beyond_the_target(refreshed, course, params, as_of)
    note_every(roster.where(col("status") == "on_leave"), "on leave: outside until the return")


def current_version(rows: Table) -> Table:
    """The same rows of one course with `current`: whether they are of the version that anyone completed last."""
    done = rows.where(col("completed_at").is_not_null())
    last = beside(done, newest=latest(col("completed_at"))).where(col("completed_at") == col("newest"))
    return rows.exists(last, "version", "current")


def newest_of_each(rows: Table) -> Table:
    """Of each person the row completed last; all of them where none is complete."""
    dated = beside(rows, "employee_id", newest=latest(col("completed_at")))
    return dated.where(col("newest").is_null() | (col("completed_at") == col("newest")))


def note_those_beyond_the_target(rows: Table, course: str, params: Any, as_of: AsOf) -> None:
    """Name the completions that are fresh enough, and older than our own target."""
    old = rows.where(col("refreshed") & ~last_days("completed_at", params.house_target, as_of))
    note_every(old, f"{course} completed more than {params.house_target} days ago")


@control(
    "TRN-03",
    "Phishing drills reach everyone",
    severity="high",
    params={
        "per_person_per_quarter": house(1, "mails", range=(1, 100)),
        "coverage": house(95, "%", range=(0, 100)),
        "mail_systems": house(["mail", "m365", "google"], "list"),
    },
    maps={
        "PCI": ["5.4.1", "12.6.3.1"],
        "ISO27001": ["A.6.3"],
        "SOC2": ["CC2.2"],
        "CSF": ["PR.AT-01"],
        "NIST80053": ["AT-2(1)", "AT-2(3)"],
        "CIS": ["14.2"],
        "CCM": ["HRS-11"],
        "PH": ["NPC 2023-06"],
    },
    remedy=(
        "Send each listed person a drill this month, at a time and with a text that differ from those of the "
        "neighbours. Give everyone a mailbox of their own."
    ),
    decisions=[
        (
            "Population: active roster people with an enabled mail account, newly hired ones too: the 5 % are the "
            "room for them; the finding is the roster row."
        ),
        "The quarter is the 92 days before the as-of instant, not a calendar quarter.",
        "coverage is pooled over all sites; under it each person without a mail is a finding, else a note.",
        "on_leave people are outside; an account without owner is LOG-01's.",
        "Everybody of a campaign means all to whom it was sent, two or more.",
    ],
    typical_exception="Only head office is tested because the seats share a mailbox.",
)
@reads(
    phish="campaign_id employee_id sent_at template",
    accounts="system account_id employee_id enabled",
    roster="employee_id status",
)
def test_phishing_drills_reach_everyone(phish: Table, accounts: Table, roster: Table, params: Any, as_of: AsOf) -> None:
    """Of the active people with an enabled account on a system in mail_systems, at least coverage got
    per_person_per_quarter or more phish rows with sent_at in the 92 days before the as-of instant. A campaign that
    sent one template to everybody within an hour is a note.
    """
    mails = phish.where(last_days("sent_at", QUARTER, as_of))
    boxes = accounts.where(col("enabled") & col("system").is_in(params.mail_systems))
    people = roster.exists(boxes, "employee_id", "mailbox").where(col("mailbox"))
    drilled = people.match(group(mails, "employee_id", mails=count()), "employee_id", "drill")
    reached = col("drill") & (col("drill_mails") >= params.per_person_per_quarter)
    because = f"no drill, or too few, in {QUARTER} days"
    assert_rate(drilled.where(col("status") == "active"), reached, at_least=params.coverage, because=because)
    note_every(people.where(col("status") == "on_leave"), "on leave: outside until the return")
    note_campaigns_that_everyone_could_warn_of(mails)


def note_campaigns_that_everyone_could_warn_of(mails: Table) -> None:
    """Name the campaigns that sent one text to everybody within an hour."""
    sent = col("sent_at")
    campaigns = group(
        mails, "campaign_id", mails=count(), texts=distinct(col("template")), first=earliest(sent), last=latest(sent)
    )
    at_once = (col("mails") > 1) & (col("texts") == 1) & (col("last") <= col("first") + hours(1))
    note_every(campaigns.where(at_once), "{campaign_id} sent one text to all {mails} within an hour")


CLICKED = col("clicked_at").is_not_null() | col("submitted_at").is_not_null()
SUBMITTED = col("submitted_at").is_not_null()
REPORTED = col("reported_at").is_not_null()


@control(
    "TRN-04",
    "Phishing drills improve",
    severity="high",
    params={
        "click_max": house(5, "%", range=(0, 100), source="industry untrained about 33% (KnowBe4 2025)"),
        "submit_max": house(2, "%", range=(0, 100)),
        "report_min": house(30, "%", range=(0, 100)),
        "median_report": house(15, "min", range=(0, 10080)),
        "retrain_days": house(14, "days", range=(0, 3650)),
        "repeat_max": house(2, "clicks in 12 months", range=(0, 100)),
    },
    maps={
        "PCI": ["5.4.1", "12.6.3.1"],
        "ISO27001": ["A.6.3", "A.6.8"],
        "SOC2": ["CC2.2", "CC4.1"],
        "CSF": ["PR.AT-01"],
        "NIST80053": ["AT-2(1)", "AT-2(3)"],
        "CIS": ["14.2", "14.6"],
        "CCM": ["HRS-11"],
        "PH": ["NPC 2023-06"],
    },
    remedy=(
        "Retrain everybody who clicked within two weeks, show the button that reports a mail at each desk, and "
        "drill again next month. Praise reports; do not punish clicks."
    ),
    decisions=[
        (
            "Rates are pooled over all campaigns of the 92 days and all people, leavers included, one row one "
            "mail; each missed rate is one finding on the campaign's phish rows."
        ),
        "A late or missing training after a click is a finding on the phish row; so is each click above repeat_max.",
        "The retest is the person's next phish row: no column is needed and none is claimed.",
        "submitted_at without clicked_at counts as a click too; reported_at after a click still counts as reported.",
        "The median is over reported rows; none reported fails report_min.",
        (
            "Fewer than 20 rows in the window is inconclusive (period); clicked_at, submitted_at and reported_at "
            "all blank in every row is inconclusive."
        ),
        (
            "Fewer than 20 rows leave the rates undecided; a click without training, or too many clicks of one "
            "person, is a finding all the same."
        ),
        "A training before the click is none after it. The 12 months end on the as-of date.",
    ],
    typical_exception="Low clicks and zero reports: nobody reads mail, nobody knows the button.",
)
@reads(
    phish=("campaign_id employee_id sent_at clicked_at clicked_on submitted_at submitted_on reported_at retrained_on")
)
def test_phishing_drills_improve(phish: Table, params: Any, as_of: AsOf) -> None:
    """Over all phish rows of the 92 days before the as-of instant: share with clicked_at at most click_max, share with
    submitted_at at most submit_max, share with reported_at at least report_min, median of reported_at - sent_at at
    most median_report; every click has retrained_on at most retrain_days after the click's local date, once that
    limit has passed; nobody has more than repeat_max clicks in 12 months.
    """
    recent = last_days("sent_at", QUARTER, as_of)
    counted = beside(phish, held=count(where=recent), answered=any_of(CLICKED | REPORTED))
    told = counted.with_columns(enough=(col("held") >= FEWEST_MAILS) & col("answered"))
    everything = group(measured(told, "campaigns"), "measure", enough=any_of(col("enough")))
    few = f"fewer than {FEWEST_MAILS} mails in {QUARTER} days, or nothing recorded of any"
    assert_every(everything, col("enough") | maybe(~col("enough")), because=few)
    mails = told.where(recent)
    assert_share(mails, "clicks", CLICKED, at_most=params.click_max)
    assert_share(mails, "data entered", SUBMITTED, at_most=params.submit_max)
    assert_share(mails, "reports", REPORTED, at_least=params.report_min)
    assert_reported_soon(mails.where(REPORTED), params)
    day = when(col("clicked_at").is_null(), col("submitted_on"), col("clicked_on"))
    assert_retrained(mails.where(CLICKED).with_columns(day=day), params, as_of)
    assert_nobody_clicks_again_and_again(phish.where(CLICKED).with_columns(day=day), params, as_of)


def if_enough(kept: Expr) -> Expr:
    """`kept` where there are mails enough to tell, unknown elsewhere."""
    return (col("enough") & kept) | maybe(~col("enough"))


def assert_share(
    mails: Table, what: str, rule: Expr, *, at_most: Decimal | None = None, at_least: Decimal | None = None
) -> None:
    """The share of mails for which `rule` holds keeps its limit; else that is one finding on all of them."""
    limit = at_least if at_most is None else at_most
    beyond = total(when(rule, 100 - Decimal(limit or 0), -Decimal(limit or 0)))
    shares = group(
        measured(mails, what), "measure", mails=count(), hits=count(where=rule), beyond=beyond,
        enough=any_of(col("enough")),
    )  # fmt: skip
    kept = col("beyond") >= 0 if at_most is None else col("beyond") <= 0
    words = "less than" if at_most is None else "more than"
    assert_every(shares, if_enough(kept), because=f"{what}: {{hits}} of {{mails}} mails, {words} {limit} %")


def assert_reported_soon(reported: Table, params: Any) -> None:
    """Half of the reports came within the limit; else that is one finding on all of them."""
    took = median(col("reported_at") - col("sent_at"))
    times = group(measured(reported, "time to report"), "measure", took=took, enough=any_of(col("enough")))
    soon = col("took") <= minutes(params.median_report)
    late = f"the median time to report is more than {params.median_report} minutes"
    assert_every(times, if_enough(soon), because=late)


def assert_retrained(clicks: Table, params: Any, as_of: AsOf) -> None:
    """Everybody who clicked was trained after it, in time; what is not yet due is noted."""
    last = col("day") + days(params.retrain_days)
    due = clicks.where(last < as_of.date)
    in_time = (col("retrained_on") >= col("day")) & (col("retrained_on") <= last)
    assert_every(due, in_time, because=f"clicked on {{day}}, not trained within {params.retrain_days} days")
    note_every(clicks.where(~(last < as_of.date)), "clicked on {day}, training is not yet due")


def assert_nobody_clicks_again_and_again(clicks: Table, params: Any, as_of: AsOf) -> None:
    """Of the last 12 months each click of a person after so many others is a finding."""
    year = clicks.where(col("day").add_months(12) >= as_of.date)
    moments = year.with_columns(moment=col("clicked_at").or_else(col("submitted_at")))
    judged = neighbour(moments, "employee_id", by="moment", steps=-params.repeat_max, name="before")
    because = f"more than {params.repeat_max} clicks of one person in 12 months"
    assert_every(judged, col("before").is_null(), because=because)


def assert_retested(fails: Table, drills: Table, params: Any, as_of: AsOf) -> None:
    """Each of these fails was followed by a passed retest in time, once that had to be."""
    due = fails.where(col("held_on") + days(params.retest_days) < as_of.date)
    retests = drills.where(col("result") == "pass").match(drills, {"retest_of": "drill_id"}, "failed")
    after, last = col("failed_held_on"), col("failed_held_on") + days(params.retest_days)
    in_time = retests.where(col("failed") & (col("held_on") >= after) & (col("held_on") <= last))
    retested = due.exists(in_time, {"drill_id": "retest_of"}, "retested")
    assert_every(retested, "retested", because=f"no passed retest within {params.retest_days} days")
    note_every(fails.where(~(col("held_on") + days(params.retest_days) < as_of.date)), "a retest is not yet due")


def newest_drill(drills: Table, **figures: Any) -> Table:
    """The newest row, with figures over all of them: what is said of the whole log is one finding there."""
    last = beside(drills, newest=latest(col("held_on")), **figures).where(col("held_on") == col("newest"))
    return beside(last, one=latest(col("drill_id"))).where(col("drill_id") == col("one"))


@control(
    "TRN-05",
    "Mystery calls: agents keep identity checks",
    severity="high",
    params={
        "refusal_min": house(95, "%", range=(0, 100)),
        "calls_per_quarter": house(
            59, "calls", range=(1, 1000), source="zero failures in 59 gives 95% confidence of <5% failure"
        ),
        "retest_days": house(30, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["12.6.3.1", "8.3.3"],
        "ISO27001": ["A.6.3", "A.5.17"],
        "SOC2": ["CC4.1"],
        "CSF": ["PR.AT-02", "PR.AA-02"],
        "NIST80053": ["AT-2(3)", "IR-3"],
        "CIS": ["14.2", "18.1"],
        "CCM": ["HRS-11"],
        "PH": ["DPA s.20(c)"],
        "FTC": ["16 CFR 314.4(e)"],
    },
    remedy=(
        "Retrain everybody who gave in, and call them again within a month. Make the steps of the identity check "
        "part of the call screen, so that no pressure can skip them."
    ),
    decisions=[
        (
            "Population: first attempts (no retest_of) of kind mystery_call with result pass or fail in the 92 "
            "days; retests never enter the rate."
        ),
        "The rate is pooled over all sites, calls_per_quarter too; exactly 95 % passes.",
        (
            "Under the rate each fail is a finding on its drills row; too few calls is one finding on the newest "
            "drills row."
        ),
        "A fail without passing retest is a finding of its own, rate kept or not; result null is undecided.",
        "A retest counts from the day of the fail on; which kind it names does not matter.",
        (
            "The newest row is that of the table, of whatever kind, where several are of one day the one with the "
            "last drill_id."
        ),
        "An exception in the answers to the drawn sample is a finding.",
    ],
    typical_exception="Pressure on handle time: date of birth read out to help the caller along.",
)
@reads(drills="drill_id kind held_on site subject_id result retest_of")
@reads.optional(sample_results="sample_id row_key answer at")
def test_agents_keep_identity_checks(drills: Table, sample_results: Table | None, params: Any, as_of: AsOf) -> None:
    """Of the drills with kind mystery_call, no retest_of, result pass or fail and held_on in the 92 days before the
    as-of date, at least calls_per_quarter were held and at least refusal_min have result pass; every fail has a
    drill with retest_of its drill_id, result pass, at most retest_days after it, once that limit has passed. result
    void counts nowhere.
    """
    recent = col("held_on") >= as_of.date - timedelta(days=QUARTER)
    first = (col("kind") == "mystery_call") & col("retest_of").is_null() & recent
    counts = first & col("result").is_in(["pass", "fail"])
    calls = drills.where(counts)
    assert_rate(calls, col("result") == "pass", at_least=params.refusal_min, because="gave in to the caller")
    assert_retested(calls.where(col("result") == "fail"), drills, params, as_of)
    newest = newest_drill(drills, calls=count(where=counts))
    few = f"{{calls}} mystery calls in {QUARTER} days, fewer than {params.calls_per_quarter}"
    assert_every(newest, col("calls") >= params.calls_per_quarter, because=few)
    if sample_results is not None:
        heard = sample_results.where(col("sample_id").starts_with("trn-05"))
        assert_every(heard, col("answer") != "exception", because="identity not checked in the sample")


@control(
    "TRN-06",
    "Train, drill, test, again",
    severity="high",
    params={
        "retest_days": house(30, "days", range=(0, 3650)),
        "drills_per_quarter": house(2, "kinds", range=(1, 8)),
        "rating_min": house(3.5, "of 5", range=(1, 5)),
        "languages": house(["en", "fil", "hi"], "list", source="per site"),
    },
    maps={
        "PCI": ["12.6.1", "12.6.2"],
        "ISO27001": ["A.6.3", "A.5.27"],
        "SOC2": ["CC4.1", "CC4.2"],
        "CSF": ["PR.AT-01", "GV.OV-03"],
        "NIST80053": ["AT-2(1)", "AT-4"],
        "CIS": ["14.1", "14.9"],
        "CCM": ["HRS-11"],
        "PH": ["NPC 2023-06"],
    },
    remedy=(
        "Repeat each failed drill within a month until it is passed. Plan two kinds of drill a quarter, and give "
        "the courses in the languages of the floor."
    ),
    decisions=[
        "Population: every drills row with result fail in the table; the finding is the drills row.",
        (
            "retest_days are calendar days after held_on, limit included; retest_of must name the fail itself: a "
            "passed retest of a failed retest serves only the latter."
        ),
        "Kinds are counted once, pooled over sites, retests not.",
        (
            "The mean rating is over training rows of the period with a rating, unrounded; fewer than five "
            "ratings decide nothing, and one that cannot be read leaves it undecided."
        ),
        (
            "languages asks one course row per language, completed in the period; a missed one is a finding on "
            "the control, without row."
        ),
        "A void drill needs no retest; it was held, and its kind counts.",
        "Too few kinds are one finding on the newest drills row.",
        "A mean rating that is too low is one finding on the rated rows of the period.",
        (
            "training without language or completed_at is undecided where languages are asked for; without ratings, "
            "and without training at all, the result says so."
        ),
    ],
    typical_exception="One annual slide deck in head-office English; no second try.",
)
@reads(drills="drill_id kind held_on site subject_id result retest_of findings_open")
@reads.optional(training="course language method rating completed_at")
def test_people_are_trained_drilled_and_tested_again(
    drills: Table, training: Table | None, params: Any, as_of: AsOf, period: Window
) -> None:
    """Every drill with result fail has, at most retest_days later (once that has passed), a drill with retest_of its
    drill_id and result pass; drills of at least drills_per_quarter different kinds were held in the 92 days before
    the as-of date; and where training is given, the mean rating of the period is at least rating_min and every
    language in languages has a course.
    """
    assert_retested(drills.where(col("result") == "fail"), drills, params, as_of)
    recent = (col("held_on") >= as_of.date - timedelta(days=QUARTER)) & col("retest_of").is_null()
    newest = newest_drill(drills, kinds=distinct(col("kind"), where=recent))
    few = f"{{kinds}} kinds of drill in {QUARTER} days, fewer than {params.drills_per_quarter}"
    assert_every(newest, col("kinds") >= params.drills_per_quarter, because=few)
    if training is None:
        note("no training was handed in: ratings of courses and their languages are not shown")
    else:
        assert_rated(training, params, period)
        assert_spoken(training, params, period)


def assert_spoken(training: Table, params: Any, period: Window) -> None:
    """In the period a course was completed in each language that is asked for."""
    if params.languages and not training.has("language", "completed_at"):
        cannot_tell("training does not say in which languages courses were held")
        return
    for language in params.languages:
        spoken = period.of(training).where(col("language") == language.lower())
        assert_some(spoken, because="no course was completed in {language}", language=language)


def assert_rated(training: Table, params: Any, period: Window) -> None:
    """The mean rating is high enough, where five or more were given; else that is one finding on all of them."""
    if not training.has("rating", "completed_at"):
        note("what people thought of the courses is not shown: training has no ratings")
        return
    rated = measured(period.of(training).where(col("rating").is_not_null()), "rating")
    above = total(col("rating") - params.rating_min)
    means = group(rated, "measure", ratings=count(), above=above)
    low = f"the mean of {{ratings}} ratings is less than {params.rating_min}"
    assert_every(means, (col("ratings") < FEWEST_RATINGS) | (col("above") >= 0), because=low)


def with_length(training: Table, as_of: AsOf, look_back: int) -> Table:
    """The completions of `look_back` days with the time `spent`, and the `usual` one of their course and version."""
    spent, told = seconds(col("seconds_spent")), col("seconds_spent").is_not_null()
    begun = col("completed_at") - col("started_at") if training.has("started_at") else spent
    spent = when(told if training.has("started_at") else ~maybe(~told), spent, begun)
    done = training.where(col("completed_at").is_not_null()).with_columns(spent=spent)
    known = done.where(told | col("spent").is_stated())
    usual = group(known, "course", "version", number=count(), length=median(col("spent")))
    matched = done.match(usual, {"course": "course", "version": "version"}, "usual")
    return matched.where(last_days("completed_at", look_back, as_of))


def assert_long_enough(taken: Table, params: Any) -> None:
    """Nobody took less than the least share of the course's length: the stated one, else the usual one."""
    share = params.min_share_of_length
    enough = col("usual") & (col("usual_number") >= FEWEST_COMPLETIONS)
    long_enough = (enough & (col("spent") >= share_of(col("usual_length"), share))) | maybe(~enough)
    if taken.has("course_seconds"):
        stated = col("spent") >= share_of(seconds(col("course_seconds")), share)
        long_enough = when(col("course_seconds").is_not_null(), stated, long_enough)
    assert_every(taken, long_enough, because=f"less than {share} % of the length of the course")


def assert_no_burst(taken: Table, params: Any) -> None:
    """No more than `burst` completions within a minute from one address; every one of a burst is a finding."""
    minute = (col("completed_at"), col("completed_at") + seconds(60))
    clicked = taken.where(col("src_ip").is_stated() & (col("method") != "classroom"))
    ahead = neighbour(clicked, "src_ip", by="completed_at", steps=params.burst, name="one_more")
    bursts = ahead.where(col("one_more") <= minute[1])
    judged = clicked.during(bursts, "src_ip", "completed_at", minute, "burst")
    assert_every(judged, ~col("burst"), because=f"one of more than {params.burst} completions a minute at one address")
    nowhere = group(measured(taken.where(~col("src_ip").is_stated()), "address"), "measure", rows=count())
    note_every(nowhere, "{rows} completions without an address are outside bursts")


def assert_not_at_work(taken: Table, interactions: Table, as_of: AsOf) -> None:
    """Nobody dealt with a customer while taking a course."""
    started, counted = col("started_at"), col("completed_at") - col("spent")
    begun = when(started.is_stated(), greater(started, counted), counted)
    contacts = interactions.with_columns(until=col("end").or_else(as_of.instant))
    stretch, contact = (begun, col("completed_at") - TICK), (col("start"), col("until") - TICK)
    judged = taken.during(contacts, {"employee_id": "agent_id"}, stretch, contact, "busy")
    assert_every(judged, ~col("busy"), because="dealt with a customer during the course")


@control(
    "TRN-07",
    "Training is real",
    severity="high",
    params={
        "min_share_of_length": house(50, "%", range=(1, 100)),
        "burst": house(5, "completions/min/IP", range=(1, 100)),
        "look_back": house(365, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["12.6.3", "12.4.2"],
        "ISO27001": ["A.6.3", "A.5.36"],
        "SOC2": ["CC4.1"],
        "CSF": ["PR.AT-01"],
        "NIST80053": ["AT-4", "CA-2"],
        "CIS": ["14.1"],
        "CCM": ["HRS-11"],
        "PH": ["IRR s.26(d)"],
    },
    remedy=(
        "Let each listed person take the course again, alone and in paid time. Ask the team leader who clicked, "
        "and have the learning system refuse completions that are too fast."
    ),
    decisions=[
        "Population: training rows completed in look_back days; the finding is the training row.",
        (
            "course_seconds, where given, replaces the median as the course's length; without it the median of "
            "ten or more completions does."
        ),
        "Exactly min_share_of_length passes.",
        (
            "burst is exceeded by more: five completions within 60 seconds of the first pass, the sixth makes all "
            "of them findings."
        ),
        "src_ip null is outside bursts and is counted; classroom rows are outside bursts only.",
        "Where neither seconds_spent nor started_at is there, the row is undecided.",
        "Leavers and people on leave count.",
        "An interaction that is still open lasts until the as-of instant.",
        (
            "All completions of the table make the median, not only those of look_back; one whose seconds_spent cannot "
            "be read leaves it, and the rows judged by it, undecided."
        ),
    ],
    typical_exception=(
        "Team leader clicks through for the team on the night before the audit; or unpaid training at home."
    ),
)
@reads(
    training="employee_id course version method started_at completed_at seconds_spent src_ip",
    interactions="agent_id start end",
)
@reads.optional(training="score course_seconds", timesheets="employee_id clock_in clock_out")
def test_training_is_real(training: Table, interactions: Table, params: Any, as_of: AsOf) -> None:
    """Among completions of the look_back days before the as-of instant: seconds_spent (null: completed_at -
    started_at) is at least min_share_of_length of the median of all completions of the same course and version (ten
    or more, else undecided); no more than burst completions with the same src_ip and method other than classroom
    lie within 60 seconds by completed_at; and the stretch from the later of started_at and completed_at -
    seconds_spent to completed_at overlaps no interaction of that person (touching ends do not count). Interactions
    are compared only where they cover the day.
    """
    taken = with_length(training, as_of, params.look_back)
    assert_long_enough(taken, params)
    assert_no_burst(taken, params)
    assert_not_at_work(taken, interactions, as_of)


@control.claims(
    "TRN-07",
    "No completion was shorter than half the usual length of its course; who did it, and whether during a contact, is "
    "not shown.",
)
@reads(training="employee_id course version completed_at seconds_spent")
def test_no_completion_was_too_short(training: Table, params: Any, as_of: AsOf) -> None:
    """No completion of the last look_back days took less than the least share of the usual length of its course."""
    assert_long_enough(with_length(training, as_of, params.look_back), params)
