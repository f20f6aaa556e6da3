"""Premises: the floor is walked, doors and desks agree, and what people had comes back."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from ctrlkit import (
    AsOf,
    Expr,
    Table,
    Terms,
    Window,
    any_of,
    assert_every,
    assert_rate,
    assert_some,
    beside,
    col,
    control,
    count,
    days,
    group,
    hours,
    house,
    latest,
    maybe,
    newest,
    reads,
    times,
    total,
    when,
)


class Month(NamedTuple):
    """The part of one calendar month that lies in the audit period and is over."""

    first: date
    last: date
    days: int

    def of(self, walks: Table) -> Table:
        """The walks of that part."""
        return walks.where((col("walk_date") >= self.first) & (col("walk_date") <= self.last))

    def share(self, number: int) -> int:
        """So much of a monthly number as falls to that part, rounded down."""
        return number * ((self.last - self.first).days + 1) // self.days

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


def months(period: Window, as_of: AsOf) -> Iterator[Month]:
    """The months of the period, up to the as-of date."""
    first, end = period.start, min(period.end, as_of.date)
    while first <= end:
        length = monthrange(first.year, first.month)[1]
        last = min(first.replace(day=length), end)
        yield Month(first, last, length)
        first = last + timedelta(days=1)


def assert_walked_often(walks: Table, month: Month, last: Table, params: Any) -> None:
    """Each site had its walks of the month, enough of them unannounced; said of the newest walk of the site."""
    each = group(month.of(walks), "site", "walk_id", announced=any_of(col("was_announced")))
    quiet = each.with_columns(quiet=when(col("announced"), 0, 1))
    told = last.match(group(quiet, "site", walks=count(), quiet=total(col("quiet"))), "site", "month")
    wanted, (share, whole) = month.share(params.walks_per_month), params.unannounced_share.as_integer_ratio()
    if wanted:
        assert_every(told, "month", because=f"no walk in {month}, {wanted} expected")
    walked = told.where(col("month"))
    few = f"{{month_walks}} walks in {month}, {wanted} expected"
    assert_every(walked, col("month_walks") >= wanted, because=few)
    enough = times(col("month_quiet"), 100 * whole) >= times(col("month_walks"), share)
    assert_every(walked, enough, because=f"{{month_quiet}} of {{month_walks}} walks unannounced in {month}")


def assert_little_found(walks: Table, month: Month, params: Any) -> None:
    """On the unannounced walks of a month no more was found at a site than is tolerated for the seats walked past."""
    quiet = month.of(walks).where(~col("was_announced"))
    seats = group(
        group(quiet, "site", "walk_id", "zone", seats=latest(col("seats"))), "site", seats=total(col("seats"))
    )
    found = beside(quiet.where(col("finding").is_not_null()), "site", found=count()).match(seats, "site", "walked")
    tolerated = times(col("found"), 100) <= times(col("walked_seats"), params.findings_per_100_seats)
    because = f"{{finding}} found; {{found}} findings at {{walked_seats}} seats in {month}"
    assert_every(found, tolerated, because=because)


def mended_in_time(params: Any, as_of: AsOf) -> Expr:
    """Whether what a walk found was put right within its days, or may still be."""
    walked, fixed = col("walk_date"), col("fixed_on")
    last = walked + days(params.fix_days)
    return ((fixed >= walked) & (fixed <= last)) | (fixed.is_null() & (last >= as_of.date))


@control(
    "PHY-01",
    "No phones, pens or paper on the floor",
    severity="critical",
    params={
        "walks_per_month": house(4, "walks", range=(1, 31)),
        "unannounced_share": house(75, "%", range=(0, 100)),
        "findings_per_100_seats": house(1, "findings", range=(0, 100)),
        "fix_days": house(1, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["9.4.1", "9.4.6", "12.4.2"],
        "ISO27001": ["A.7.6", "A.7.7"],
        "SOC2": ["CC6.4", "CC6.7"],
        "CSF": ["PR.AA-06", "DE.CM-02"],
        "NIST80053": ["PE-3", "MP-7"],
        "CIS": ["14.5"],
        "CCM": ["HRS-03"],
        "PH": ["IRR s.27(a)", "IRR s.27(b)"],
        "HIPAA": ["164.310(b)", "164.310(c)"],
    },
    remedy=(
        "Put right what each listed walk found by the next day and talk to the person on the same shift. Walk each "
        "floor weekly, on every shift, three times in four without a word before, and have lockers outside the floor."
    ),
    decisions=[
        "None are allowed in principle; findings_per_100_seats is what the verdict tolerates, per site and month.",
        (
            "Population: floor_walks rows; the finding is the floor_walks row, for too few walks the newest walk of "
            "the site, else the site."
        ),
        (
            "Walks, share and rate are per site and calendar month; months only partly in the period, or not over at "
            "the as-of date, are judged by the share of days, rounded down."
        ),
        "Seats are the largest value of each walk and zone; seats null makes the month undecided.",
        (
            "Announced walks count for cadence, not for the rate; announced null counts as announced, and so does a "
            "walk of which one row says so."
        ),
        (
            "Exactly one per 100 seats passes; a finding not fixed in time fails on its own, whoever knew of the walk. "
            "One that was fixed before the walk was not; one whose days are not over is not due."
        ),
        "The other kind of finding counts.",
        "A drawn sample (sample_id begins with phy-01) with the answer exception is a finding on that row.",
    ],
    typical_exception=(
        "Walks always at 10:00 by the same person; lockers outside unused; a photo by phone was how data left."
    ),
)
@reads(
    floor_walks=(
        "walk_id walked_at site zone walker_id seats finding employee_id fixed_on announced walk_date was_announced"
    )
)
@reads.optional(sample_results="sample_id row_key answer at")
def test_no_phones_pens_or_paper_are_on_the_floor(
    floor_walks: Table, sample_results: Table | None, params: Any, period: Window, as_of: AsOf, engagement: Terms
) -> None:
    """Per site and calendar month of the period there are at least walks_per_month walks (distinct walk_id), at least
    unannounced_share of them announced false; rows with a finding on unannounced walks are at most
    findings_per_100_seats per 100 seats walked (seats once per walk and zone); every finding has fixed_on at most
    fix_days after the walk's local date. When the rate is exceeded each such row is a finding.
    """
    for site in engagement.sites_asked:
        assert_some(floor_walks.where(col("site") == site), because="no walk of site {site}", site=site)
    walked = floor_walks.where((col("walk_date") >= period.start) & (col("walk_date") <= period.end))
    found = walked.where(col("finding").is_not_null())
    assert_every(walked, ~maybe(col("seats").is_null()), because="seats walked past not known")
    assert_every(found, mended_in_time(params, as_of), because="{finding} of {walk_date} put right on {fixed_on}")
    for month in months(period, as_of):
        assert_walked_often(floor_walks, month, newest(floor_walks, "site", by="walked_at"), params)
        assert_little_found(floor_walks, month, params)
    if sample_results is not None:
        drawn = sample_results.where(col("sample_id").starts_with("phy-01"))
        assert_every(drawn, col("answer") != "exception", because="not as the walk says, in the sample")


def owned(sign_ins: Table, accounts: Table) -> Table:
    """The sign-ins of persons, each beside its account; those of services and systems are left out."""
    known = sign_ins.match(accounts, {"system": "system", "account_id": "account_id"}, "account")
    if not accounts.has("account_type"):
        return known
    return known.where(~col("account_account_type").is_in(["service", "system"]))


def assert_at_one_site(entries: Table, engagement: Terms) -> None:
    """Nobody comes in at doors of two sites within an hour; the finding is the later entry."""
    for site in engagement.sites:
        here, elsewhere = entries.where(col("door_site") == site), entries.where(col("door_site") != site)
        elsewhere = elsewhere.where(col("door_site").is_in(engagement.sites))
        span = (col("ts"), col("ts") + hours(1))
        twice = here.during(elsewhere, "employee_id", "ts", span, "elsewhere").where(col("elsewhere"))
        assert_every(twice, ~col("elsewhere"), because="came in at {door} within an hour of another site")


@control(
    "PHY-02",
    "Badge and login agree",
    severity="high",
    params={
        "window": house(14, "h", range=(1, 24)),
        "exceptions_rate": house(1, "%", range=(0, 100)),
    },
    maps={
        "PCI": ["9.2.1.1", "9.3.1", "10.4.1"],
        "ISO27001": ["A.7.2", "A.7.4"],
        "SOC2": ["CC6.4"],
        "CSF": ["PR.AA-06", "DE.AE-03"],
        "NIST80053": ["PE-2", "PE-6"],
        "CIS": ["8.11"],
        "CCM": ["DCS-09"],
        "PH": ["IRR s.27(a)"],
    },
    remedy=(
        "Find out for each listed sign-in who sat there: somebody who followed another through the door, or somebody "
        "with a colleague's login. Reset that login the same day, and make the door count one person per badge."
    ),
    decisions=[
        (
            "Population: successful sign-ins with remote false in the period; the finding is the auth_events row, for "
            "two sites the later badge_events row."
        ),
        (
            "It is a rate over sign-ins, pooled over all sites: exactly exceptions_rate passes with notes; above it "
            "each row is a finding."
        ),
        "remote null is undecided; an account without owner too; service and system types are outside.",
        "Window ends are included; one entry may serve several sign-ins; exits are not read.",
        "Two sites within 60 minutes is a finding from the first; exactly 60 minutes apart is one too.",
        (
            "The site of a door stands before its first dash; doors whose first part is no site of the engagement are "
            "of no site. The door log has to begin one window before the period, or its first sign-ins have no entry."
        ),
    ],
    typical_exception="Door propped open at smoke break; guard waves in the shift change.",
)
@reads(
    auth_events="ts system account_id remote result",
    badge_events="ts employee_id door direction result door_site",
    accounts="system account_id employee_id",
)
@reads.optional(auth_events="workstation_id", accounts="account_type")
def test_badge_and_login_agree(
    auth_events: Table, badge_events: Table, accounts: Table, params: Any, period: Window, engagement: Terms
) -> None:
    """Of the successful sign-ins with remote false, at most exceptions_rate lack a badge_events row of the same person,
    direction in, result granted, in [ts - window, ts]; nobody has granted entries at doors of two sites (part of door
    before the first '-', or the pack's map) within 60 minutes.
    """
    entries = badge_events.where((col("direction") == "in") & (col("result") == "granted"))
    here = owned(period.of(auth_events).where((col("result") == "success") & ~col("remote")), accounts)
    person, span = {"account_employee_id": "employee_id"}, (col("ts"), col("ts") + hours(params.window))
    met = here.during(entries, person, "ts", span, "entered")
    alone = ~(col("entered") | maybe(col("account_employee_id").is_null()))
    because = f"no entry of this person in the {params.window} hours before"
    assert_rate(met, alone, at_most=params.exceptions_rate, because=because)
    assert_at_one_site(entries, engagement)
