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
    cannot_tell,
    col,
    control,
    count,
    days,
    group,
    hours,
    house,
    latest,
    maybe,
    multiple,
    newest,
    note,
    reads,
    size,
    standard,
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
    enough = multiple(col("month_quiet"), 100 * whole) >= multiple(col("month_walks"), share)
    assert_every(walked, enough, because=f"{{month_quiet}} of {{month_walks}} walks unannounced in {month}")


def assert_little_found(walks: Table, month: Month, params: Any) -> None:
    """On the unannounced walks of a month no more was found at a site than is tolerated for the seats walked past."""
    quiet = month.of(walks).where(~col("was_announced"))
    seats = group(
        group(quiet, "site", "walk_id", "zone", seats=latest(col("seats"))), "site", seats=total(col("seats"))
    )
    found = beside(quiet.where(col("finding").is_not_null()), "site", found=count()).match(seats, "site", "walked")
    tolerated = multiple(col("found"), 100) <= multiple(col("walked_seats"), params.findings_per_100_seats)
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


def before_export_day(visitors: Table, period: Window) -> Expr:
    """Whether a visit began before the local day of the export; all did where nobody says when that was."""
    exported = visitors.exported_at or period.ends
    return col("in_at") < period.begins + timedelta(days=(exported - period.begins) // timedelta(days=1))


def assert_log_is_kept(visitors: Table, period: Window, as_of: AsOf, keep_days: int) -> None:
    """Where the log holds more than the period, it reaches back far enough."""
    _, beyond = size(visitors.where(~period.holds("in_at", visitors)))
    if not beyond:
        note(f"an extract of the period does not show that the log is kept {keep_days} days")
        return
    old, _ = size(visitors.where(col("in_at") <= as_of.instant - timedelta(days=keep_days)))
    if not old:
        cannot_tell(f"visitors: its oldest visit is younger than {keep_days} days")


@control(
    "PHY-03",
    "Visitors are logged and led",
    severity="low",
    params={
        "missing_out": house(0, "visits", range=(0, 1000)),
        "keep_days": standard(90, "days", range=(0, 3650), source="PCI 9.3.4 three months"),
    },
    maps={
        "PCI": ["9.3.2", "9.3.3", "9.3.4"],
        "ISO27001": ["A.7.2", "A.7.6"],
        "SOC2": ["CC6.4"],
        "CSF": ["PR.AA-06"],
        "NIST80053": ["PE-8", "PE-3"],
        "CCM": ["DCS-03"],
        "PH": ["IRR s.27(a)"],
    },
    remedy=(
        "Name a host for each visit who meets and leads the visitor, take the badge back at the door, and close open "
        "visits every evening. Bring candidates in by another way than the floor."
    ),
    decisions=[
        "Population: visitors rows with in_at in the period; the finding is the visitors row.",
        "Open visits of the export's local day are not due.",
        "escorted null and badge_returned null are undecided; a host not on the roster is not looked up.",
        (
            "keep_days: where the export is more than the audit period, its oldest in_at must be at least so old (else "
            "undecided); an extract of the period does not show it, and the result says so."
        ),
    ],
    typical_exception="Candidates queue through the production floor.",
)
@reads(visitors="visit_id in_at out_at host_id zone escorted badge_returned")
def test_visitors_are_logged_and_led(visitors: Table, params: Any, period: Window, as_of: AsOf) -> None:
    """Every visitors row has host_id, escorted true and, unless in_at lies on the local day of the export, out_at and
    badge_returned true; more than missing_out rows without out_at fail. keep_days is judged on the log itself, not on
    the rows of one period.
    """
    visits = period.of(visitors)
    over = visits.where(before_export_day(visitors, period))
    assert_every(visits, col("host_id").is_not_null(), because="without a host")
    assert_every(visits, "escorted", because="not escorted in the {zone}")
    assert_every(over, col("out_at").is_not_null(), because="did not leave", at_most=params.missing_out)
    assert_every(over, "badge_returned", because="badge not returned")
    assert_log_is_kept(visitors, period, as_of, params.keep_days)


ZONES = ("entrance", "floor", "server_room")


@control(
    "PHY-04",
    "Cameras see, and are lawful",
    severity="medium",
    params={
        "keep_days": standard(90, "days", range=(0, 3650), source="PCI 9.2.1.1 three months for sensitive areas"),
        "max_days": house(180, "days", range=(0, 3650), source="NPC 2024-02: no longer than necessary"),
        "audio": house(False, "bool", allowed=[True, False]),
    },
    maps={
        "PCI": ["9.2.1.1"],
        "ISO27001": ["A.7.4"],
        "SOC2": ["CC6.4"],
        "CSF": ["DE.CM-02"],
        "NIST80053": ["PE-6"],
        "CCM": ["DCS-10"],
        "PH": ["NPC 2024-02", "DPA s.11"],
        "GDPR": ["5.1.e"],
    },
    remedy=(
        "Repair each listed camera within a week, set how long it keeps footage, switch sound off, put up the notice "
        "and log who looks. Turn away cameras that can read screens."
    ),
    decisions=[
        "Population: cctv rows; the finding is the cctv row, for a missing zone the cctv file.",
        (
            "A camera is of a site where camera_id is the site's name, or begins with it and no letter or digit "
            "follows: MNL10-CAM1 is not of MNL1. Of two such sites it is of the one with the longer name."
        ),
        (
            "Where every camera is of some site, the three zones are asked of every site in scope; where some name no "
            "site, of those that cameras are named after; where none names one, once per pack."
        ),
        "Exactly keep_days and exactly max_days pass; null booleans are undecided; no footage is a finding.",
    ],
    typical_exception="Screens legible on wallboard cameras: the CCTV itself holds card data.",
)
@reads(cctv="camera_id zone working oldest_footage_on audio notice_posted access_logged")
def test_cameras_see_and_are_lawful(cctv: Table, params: Any, as_of: AsOf, engagement: Terms) -> None:
    """Every cctv row has working true, notice_posted true, access_logged true, audio equal to the parameter, and
    oldest_footage_on at least keep_days and at most max_days before the as-of date. There are rows for each of the
    zones entrance, floor and server_room.
    """
    oldest, sound = col("oldest_footage_on"), "with" if params.audio else "without"
    assert_every(cctv, "working", because="does not work")
    assert_every(cctv, "notice_posted", because="no notice is posted")
    assert_every(cctv, "access_logged", because="nobody logs who looks")
    assert_every(cctv, col("audio") == params.audio, because=f"not {sound} sound")
    assert_every(cctv, oldest.is_not_null(), because="holds no footage")
    kept = oldest.is_null() | (oldest + days(params.keep_days) <= as_of.date)
    assert_every(cctv, kept, because="its footage begins on {oldest_footage_on} only")
    gone = oldest.is_null() | (oldest + days(params.max_days) >= as_of.date)
    assert_every(cctv, gone, because="its footage is kept since {oldest_footage_on}")
    assert_every_zone(cctv, engagement)


def assert_every_zone(cctv: Table, engagement: Terms) -> None:
    """There is a camera in each zone: of each site if every camera names one, else of those named, or of the whole."""
    cameras = {site: cctv.where(is_of(site, engagement)) for site in engagement.sites_asked}
    nameless = cctv.where(~col("camera_id").begins_with_word(tuple(engagement.sites)))
    if size(nameless)[0] or not size(cctv)[0]:
        cameras = {site: mine for site, mine in cameras.items() if size(mine)[0]}
    for site, mine in (cameras or {"": cctv}).items():
        for zone in ZONES:
            because = "no camera in the {zone}" + " of {site}" * bool(site)
            assert_some(mine.where(col("zone") == zone), because=because, zone=zone, site=site)


def is_of(site: str, engagement: Terms) -> Expr:
    """Whether a camera is named after the site, and not after another one whose name begins with this one's."""
    longer = [other for other in engagement.sites if other != site and other.startswith(site)]
    return col("camera_id").begins_with_word([site]) & ~col("camera_id").begins_with_word(longer)


def assert_badge_is_off(gone: Table, badge_hours: int, as_of: AsOf) -> None:
    """The badge of who left is off in time; one that is still on is due once its hours have passed."""
    off, last = col("badge_disabled_at"), col("separation_ends") + hours(badge_hours)
    in_time = (off <= last) | (off.is_null() & (last >= as_of.instant))
    assert_every(gone, in_time, because="badge off at {badge_disabled_at}, separated on {separated_on}")


def held_by_leavers(devices: Table, leavers: Table, roster: Table | None, long_gone: Expr) -> Table:
    """The devices, with `held`: whether the holder left long enough ago and is not on the roster as active."""
    last = group(leavers, "employee_id", separated_on=latest(col("separated_on")))
    held = devices.where(col("employee_id").is_not_null()).match(last.where(long_gone), "employee_id", "leaver")
    if roster is None:
        return held.where(col("leaver"))
    back = held.exists(roster.where(col("status") == "active"), "employee_id", "active", pointed=False)
    return back.where(col("leaver") & ~col("active"))


@control(
    "PHY-05",
    "Assets and paper come back",
    severity="medium",
    params={
        "return_days": house(7, "days", range=(0, 3650)),
        "badge_hours": house(24, "h", range=(0, 8760), source="PCI 9.3.1.1 immediately"),
    },
    maps={
        "PCI": ["9.3.1.1", "9.4.6", "9.4.7"],
        "ISO27001": ["A.5.11", "A.7.14", "A.7.10"],
        "SOC2": ["CC6.4", "CC6.5"],
        "CSF": ["ID.AM-08"],
        "NIST80053": ["PS-4", "MP-6"],
        "CIS": ["1.1", "3.5"],
        "CCM": ["HRS-05", "DSP-02"],
        "PH": ["IRR s.27(d)"],
    },
    remedy=(
        "Switch each listed badge off today, fetch each device within a week at the vendor's cost or wipe it from "
        "afar, and have paper cut crosswise only."
    ),
    decisions=[
        (
            "Population: leavers rows of the period and older open ones, devices, and disposals of trigger paper; the "
            "findings are those rows."
        ),
        "The badge clock starts at 24:00 of separated_on in the engagement's zone: leavers name no site.",
        "A person without assets has assets_returned_on null and is a finding: the register says returned.",
        (
            "Held by a leaver means devices.employee_id is in leavers and not active on the roster, once return_days "
            "has passed; without a roster whoever is in leavers counts as gone."
        ),
        "Paper that waits for disposal is not due here (RET-03). Printing on the floor is attested, and not shown.",
    ],
    typical_exception="Courier cost left to the leaver, so nothing comes back.",
)
@reads(
    leavers="employee_id separated_on assets_returned_on badge_disabled_at separation_ends",
    devices="device_id employee_id edr_last_seen",
    disposals="ref trigger completed_on method",
)
@reads.optional(roster="employee_id status")
def test_assets_and_paper_come_back(
    leavers: Table,
    devices: Table,
    disposals: Table,
    roster: Table | None,
    params: Any,
    period: Window,
    as_of: AsOf,
) -> None:
    """Every leavers row has assets_returned_on at most return_days after separated_on (open: once that has passed) and
    badge_disabled_at at most badge_hours after the end of separated_on; no device is still held by a leaver; every
    disposals row of trigger paper has method cross_cut. Printing on the floor is attested.
    """
    returned, last = col("assets_returned_on"), col("separated_on") + days(params.return_days)
    still_out = returned.is_null() | col("badge_disabled_at").is_null()
    gone = leavers.where(period.holds("separated_on", leavers) | still_out)
    in_time = (returned <= last) | (returned.is_null() & (last >= as_of.date))
    assert_every(gone, in_time, because="assets back on {assets_returned_on}, separated on {separated_on}")
    assert_badge_is_off(gone, params.badge_hours, as_of)
    held = held_by_leavers(devices, leavers, roster, last < as_of.date)
    assert_every(
        held, ~col("leaver"), because="held by somebody who left on {leaver_separated_on}, seen {edr_last_seen}"
    )
    paper = disposals.where((col("trigger") == "paper") & col("completed_on").is_not_null())
    assert_every(paper, col("method") == "cross_cut", because="paper disposed of by {method}")
    note("that nobody prints on the floor is not shown")
