"""The client's own duties: it pays in time what the wages are paid from, and it comes to what it asks for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ctrlkit import (
    AsOf,
    Table,
    Terms,
    any_of,
    assert_every,
    assert_rate,
    assert_some,
    col,
    control,
    days,
    group,
    house,
    newest,
    note_every,
    reads,
    when,
)


@control(
    "CLI-01",
    "Invoices are paid on time",
    severity="high",
    params={
        "terms_days": house(
            30, "days", range=(0, 365), source="the vendor pays wages twice a month, long before it is paid itself"
        ),
        "grace_days": house(0, "days", range=(0, 90)),
        "dispute_days": house(30, "days", range=(0, 365)),
        "look_back": house(365, "days", range=(1, 3650)),
    },
    maps={"SOC2": ["CC9.2"], "CSF": ["GV.SC-07"]},
    remedy=(
        "Pay each listed invoice this week, and settle each open dispute or have the invoice cancelled within the "
        "month. Then let payments run by themselves on the day they fall due, and agree on a shorter term where the "
        "vendor waits longer than a month for what it has to pay wages from."
    ),
    decisions=[
        (
            "Population: invoices issued at most look_back days before the as-of date, and older ones that are open "
            "still; the finding is the invoices row."
        ),
        (
            "paid_on is the day on which the vendor's bank was credited with the last part, never the day of the "
            "order; an invoice that is paid in part is not paid."
        ),
        (
            "A dispute raised on or before the due day moves the last day to dispute_days after it; one raised later "
            "moves nothing. The grace is for invoices without such a dispute."
        ),
        "An invoice cancelled by its last day needs no payment; one cancelled later was late all the same.",
        "An invoice that is not settled and whose last day is not over is not due: it is noted and counted apart.",
        "The day of the last day still counts; weekends and holidays move nothing, the term is long enough for both.",
        (
            "due_on may lie at most terms_days after issued_on, for invoices not yet due as well; without due_on both "
            "are undecided."
        ),
        "Amounts are not read: a small invoice paid late is a finding like a large one.",
    ],
    typical_exception="Accounts payable pays once the quarter is over; the vendor's wages run late with it (WRK-01).",
)
@reads(invoices="invoice_id issued_on due_on paid_on disputed_on cancelled_on")
def test_invoices_are_paid_on_time(invoices: Table, params: Any, as_of: AsOf) -> None:
    """Every invoice that was issued in the last look_back days, or is open still, is due at most terms_days after
    issued_on, and is paid or cancelled at most grace_days after due_on; where it was disputed on or before due_on, at
    most dispute_days after it.
    """
    open_ = col("paid_on").is_null() & col("cancelled_on").is_null()
    lately = invoices.where(open_ | (col("issued_on") >= as_of.date - timedelta(days=params.look_back)))
    in_time = col("due_on") <= col("issued_on") + days(params.terms_days)
    assert_every(lately, in_time, because=f"due on {{due_on}}, more than {params.terms_days} days after {{issued_on}}")
    disputed = col("disputed_on") <= col("due_on")
    allowed = when(disputed, days(params.dispute_days), days(params.grace_days))
    told = lately.with_columns(last=col("due_on") + allowed)
    settled = (col("paid_on") <= col("last")) | (col("cancelled_on") <= col("last"))
    waiting = open_ & (col("last") >= as_of.date)
    assert_every(told.where(~waiting), settled, because="to be settled by {last}, paid on {paid_on}")
    note_every(told.where(waiting), "not paid, and not due before {last}")


@control(
    "CLI-02",
    "The client takes part",
    severity="medium",
    params={
        "training_days": house(92, "days", range=(1, 3650), source="the client's own rules change each quarter"),
        "drill_days": house(365, "days", range=(1, 3650), source="INC-03 asks for one rehearsal a year"),
        "visit_days": house(365, "days", range=(1, 3650), source="GOV-03 asks for one visit a year"),
        "present_min": house(50, "%", range=(0, 100)),
        "look_back": house(365, "days", range=(1, 3650)),
    },
    maps={
        "ISO27001": ["A.5.22"],
        "SOC2": ["CC9.2"],
        "CSF": ["GV.SC-07"],
    },
    remedy=(
        "Name one person for each site who comes to its trainings and drills, enter the next quarter's sessions in "
        "that calendar today, and visit each listed site within a month. Who cannot come sends somebody else."
    ),
    decisions=[
        (
            "Population: what must have been attended at all (a training, a drill, a visit of each site in scope), and "
            "sessions of the last look_back days; the finding is the newest attendance row of the kind, or of the "
            "site's visits, else what is missing; for the share it is the session's first row."
        ),
        "Somebody came where a row of the session names a person of the client; a blank attended_by says nobody came.",
        "Where the roster is given, whoever stands on it is the vendor's and no person of the client.",
        "Trainings and drills count wherever they were held, and from afar too; calibrations count as neither.",
        (
            "A visit is on site, and counts for the site it names; what was held by screen is a review. A visit "
            "without site may have been any site's."
        ),
        "Exactly so many days ago counts, and exactly present_min passes.",
        (
            "The record is the client's own and so is the omission: a session that it does not list is not seen. The "
            "vendor's drills and training show which there were."
        ),
        "One person at one session is enough; how long they stayed is not asked.",
    ],
    typical_exception="The client wrote the rules, sent slides, and nobody of it ever sat in the room.",
)
@reads(attendance="session_id kind held_on site attended_by")
@reads.optional(roster="employee_id")
def test_the_client_takes_part(
    attendance: Table, roster: Table | None, params: Any, as_of: AsOf, engagement: Terms
) -> None:
    """Somebody of the client attended a training in the last training_days, a drill in the last drill_days, and in
    the last visit_days a visit of each site in scope; of all sessions of the last look_back days somebody
    came to at least present_min.
    """
    with_them = told_apart(attendance, roster)
    came = with_them.where(col("came"))
    for kind, most in (("training", params.training_days), ("drill", params.drill_days)):
        assert_lately(came.where(col("kind") == kind), most, as_of, what=f"{kind} attended")
    visits = came.where(col("kind") == "visit")
    for site in engagement.sites_asked:
        assert_lately(visits.where(col("site") == site), params.visit_days, as_of, what=f"visit of {site}")
    lately = with_them.where(col("held_on") >= as_of.date - timedelta(days=params.look_back))
    sessions = group(lately, "session_id", attended=any_of(col("came")))
    assert_rate(sessions, "attended", at_least=params.present_min, because="nobody of the client came")


def told_apart(attendance: Table, roster: Table | None) -> Table:
    """The same rows with `came`: whether they name a person of the client, who is none of the vendor's."""
    named = col("attended_by").is_not_null()
    if roster is None:
        return attendance.with_columns(came=when(named, True, False))
    of_the_vendor = attendance.exists(roster, {"attended_by": "employee_id"}, "theirs", pointed=False)
    return of_the_vendor.with_columns(came=when(named & ~col("theirs"), True, False))


def assert_lately(sessions: Table, most: int, as_of: AsOf, *, what: str) -> None:
    """One of the sessions was held at most so many days ago."""
    recent = sessions.where(col("held_on") >= as_of.date - timedelta(days=most))
    because = f"no {{what}} in {most} days"
    assert_some(recent, because=because, at=newest(sessions, by="held_on"), what=what)
