"""Access lifecycle: who has left has no access, and both sides list the same people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Facts,
    Row,
    Table,
    Terms,
    Window,
    any_of,
    assert_each,
    assert_every,
    assert_tied,
    beside,
    cannot_tell,
    col,
    control,
    count,
    days,
    distinct,
    group,
    hours,
    house,
    latest,
    maybe,
    note_every,
    reads,
    standard,
    streak,
    when,
    with_owner,
)
from ctrlkit.kind import shipped

ACCOUNT = {"system": "system", "account_id": "account_id"}
NOT_PEOPLE = ("service", "system")
MUCH = 100
ROLES = shipped()["roster"].column("role").values
SERVERS = ("server", "jump", "mail")
NO_SHELL = ("nologin", "false", "sync")
FIRST_PERSON, LAST_PERSON = 1000, 59_999


def accounts_of_leavers(accounts: Table, identity_map: Table | None, roster: Table) -> Table:
    """Every account of a person whom the roster calls terminated, matched with that `owner`."""
    owned = with_owner(accounts, identity_map).match(roster, {"owner_id": "employee_id"}, "owner")
    return owned.where(col("owner") & (col("owner_status") == "terminated"))


def with_last_shift(rows: Table, person: str, roster: Table, timesheets: Table | None) -> Table:
    """The same rows matched with the `shift` that began on the last day worked of their `person`, if any is known."""
    if timesheets is None or not timesheets.has("clock_out"):
        return rows
    shifts = timesheets.match(roster, "employee_id", "owner")
    last = shifts.where(col("owner") & (col("work_date") == col("owner_last_day_worked")))
    return rows.match(group(last, "employee_id", ended=latest(col("clock_out"))), {person: "employee_id"}, "shift")


def within(rows: Table, moment: Expr | datetime, limit: Expr) -> Expr:
    """Whether `moment` is at most `limit` after the end of the owner's last day, or of the shift that began on it."""
    after_day = col("owner_last_day_ends") + limit >= moment
    return after_day | (col("shift") & (col("shift_ended") + limit >= moment)) if rows.has("shift") else after_day


def signed_in_by_the_end(rows: Table) -> Expr:
    """Whether the last sign-in is on the last day worked at the latest, or in the shift that began on it."""
    by_day = col("last_login_at").is_null() | (col("last_login_on") <= col("owner_last_day_worked"))
    return by_day | (col("shift") & (col("last_login_at") <= col("shift_ended"))) if rows.has("shift") else by_day


@control(
    "ACC-01",
    "Leavers lose access at once",
    severity="critical",
    params={
        "agent_hours": house(24, "h", range=(0, 168), source="PCI 8.2.5 says immediately"),
        "privileged_hours": house(1, "h", range=(0, 168)),
    },
    maps={
        "PCI": ["8.2.5", "9.3.1.1"],
        "ISO27001": ["A.5.18", "A.6.5"],
        "SOC2": ["CC6.2", "CC6.3"],
        "CSF": ["PR.AA-05", "GV.RR-04"],
        "NIST80053": ["PS-4", "AC-2(3)"],
        "CIS": ["6.2"],
        "CCM": ["IAM-07", "HRS-06"],
        "PH": ["DPA s.20(e)", "IRR s.26(d)"],
        "HIPAA": ["164.308(a)(3)(ii)(C)"],
    },
    remedy=(
        "Disable each listed account and badge today, and look into every sign-in after the last day. Let HR "
        "announce a separation to IT before the last shift ends, not with the payroll run."
    ),
    decisions=[
        (
            "Population: every account with the employee_id of a roster row with status terminated, of any type, "
            "whenever the person left; a service account needs a new owner."
        ),
        (
            "Finding: the accounts row; for the badge the leavers row; for a missing last_day_worked the roster row "
            "is undecided."
        ),
        (
            "The clock starts at 24:00 of last_day_worked in the site's zone, or at the clock_out of the shift that "
            "began that day if later (timesheets, where given)."
        ),
        "disabled_at before that moment is in time; enabled false with disabled_at null is undecided.",
        "enabled true is a finding once the limit has passed, and not yet due before.",
        (
            "A last_login_at on a later local date is a finding, except before the end of a shift that began on "
            "last_day_worked (timesheets, where given)."
        ),
        (
            "A leaver without leavers row: the badge is undecided; badge_disabled_at null is a finding once the "
            "limit has passed."
        ),
        (
            "separated_on is shown, never used as the clock; an unpaid or garden leave before it does not extend the "
            "limit."
        ),
        "Where no account of anybody who left is on record, nothing shows that accounts are tied to people: undecided.",
        (
            "An account without employee_id belongs to whom identity_map names for it; where the two name different "
            "people the row is undecided."
        ),
    ],
    typical_exception="HR batches separations fortnightly with payroll; access ends up to 16 days late.",
)
@reads(
    accounts="system account_id employee_id enabled disabled_at last_login_at last_login_on privileged",
    roster="employee_id site status last_day_worked last_day_ends",
    leavers="employee_id separated_on badge_disabled_at",
)
@reads.optional(identity_map="employee_id system account_id", timesheets="employee_id work_date clock_in clock_out")
def test_leavers_lose_access_at_once(
    accounts: Table,
    roster: Table,
    leavers: Table,
    identity_map: Table | None,
    timesheets: Table | None,
    params: Any,
    as_of: AsOf,
) -> None:
    """For every roster row with status terminated, each account of that person has enabled false and disabled_at at
    most agent_hours (privileged true: privileged_hours) after the end of last_day_worked, 24:00 local time of the
    site, limit included; badge_disabled_at likewise within agent_hours. A last_login_at on a local date after
    last_day_worked is a finding of its own. Without last_day_worked the row is undecided; termination_date never
    replaces it.
    """
    theirs = accounts_of_leavers(accounts, identity_map, roster)
    theirs = with_last_shift(theirs, "owner_id", roster, timesheets)
    limit = when(col("privileged"), hours(params.privileged_hours), hours(params.agent_hours))
    waiting, in_time = col("enabled") & within(theirs, as_of.instant, limit), signed_in_by_the_end(theirs)
    due = theirs.where(~waiting | ~in_time)
    disabled = within(theirs, col("disabled_at"), limit)
    assert_every(due, ~col("enabled") | waiting, because="still enabled")
    assert_every(due, col("enabled") | disabled, because="disabled on {disabled_at}, too late")
    assert_every(due, in_time, because="signed in on {last_login_on}, after the last day worked")
    note_every(theirs.where(waiting), "enabled, and not yet due")
    badges = leavers.match(roster, "employee_id", "owner")
    assert_badges_end(with_last_shift(badges, "employee_id", roster, timesheets), params, as_of)
    assert_everything_is_told(roster.where(col("status") == "terminated"), leavers, theirs)


def assert_badges_end(leavers: Table, params: Any, as_of: AsOf) -> None:
    """Every badge of a person whom the roster calls terminated was disabled in time."""
    theirs = leavers.where(col("owner") & (col("owner_status") == "terminated"))
    off, limit = col("badge_disabled_at"), hours(params.agent_hours)
    due = theirs.where(off.is_not_null() | ~within(theirs, as_of.instant, limit))
    assert_every(due, off.is_not_null(), because="badge still on; separated on {separated_on}")
    too_late = "badge disabled on {badge_disabled_at}, too late"
    assert_every(due, off.is_null() | within(theirs, off, limit), because=too_late)
    note_every(theirs.where(off.is_null() & within(theirs, as_of.instant, limit)), "badge on, and not yet due")


def assert_everything_is_told(gone: Table, leavers: Table, accounts: Table) -> None:
    """Of everybody who left, last day and badge are known, and of somebody an account; else that is undecided."""
    undated = gone.where(~col("last_day_worked").is_not_null())
    assert_every(undated, col("last_day_worked").is_not_null(), because="left on a day that nobody recorded")
    unlisted = gone.without(leavers, "employee_id")
    assert_every(unlisted, maybe(~col("there")), because="no leavers row, so the badge may still be on")
    assert_tied(gone, accounts, "owner_id", because="no account of anybody who left is on record")


@control.claims(
    "ACC-01", "No person who has left still has an enabled account at the export; how fast it was closed is not shown."
)
@reads(
    accounts="system account_id employee_id enabled",
    roster="employee_id status last_day_worked last_day_ends",
)
@reads.optional(identity_map="employee_id system account_id")
def test_no_leaver_has_an_enabled_account(
    accounts: Table, roster: Table, identity_map: Table | None, as_of: AsOf
) -> None:
    """No account of a person whose last day worked was over at the export is enabled."""
    exported = accounts.exported_at or as_of.instant
    theirs = accounts_of_leavers(accounts, identity_map, roster).where(col("owner_last_day_ends") <= exported)
    assert_every(theirs, ~col("enabled"), because="still enabled after leaving")


def exported_together(one: Table, other: Table, limit: int) -> datetime | None:
    """When `one` was exported; None, and said, where that is unknown or more than `limit` days from `other`."""
    sides = f"{one.root.kind.name} and {other.root.kind.name}"
    if one.exported_at is None or other.exported_at is None:
        cannot_tell(f"{sides}: nobody says when both were exported")
        return None
    if abs(one.exported_at - other.exported_at) > timedelta(days=limit):
        cannot_tell(f"{sides}: exported more than {limit} days apart; export both anew")
        return None
    return one.exported_at


def local_day(moment: datetime, period: Window) -> date:
    """The local day of an instant, counted in days of 24 h from the first midnight of the period."""
    return period.start + timedelta(days=(moment - period.begins) // timedelta(days=1))


@control(
    "ACC-02",
    "No-shows are suspended",
    severity="high",
    params={
        "missed_shifts": house(2, "shifts", range=(1, 30)),
        "suspend_within": house(24, "h", range=(0, 8760)),
    },
    maps={
        "PCI": ["8.2.5", "8.2.6"],
        "ISO27001": ["A.5.18", "A.6.5"],
        "SOC2": ["CC6.2"],
        "CSF": ["PR.AA-05"],
        "NIST80053": ["AC-2(3)", "PS-4"],
        "CIS": ["6.2"],
        "CCM": ["IAM-07"],
        "PH": ["IRR s.26(d)"],
    },
    remedy=(
        "Disable each listed person's accounts today; let the workforce desk send IT every second missed shift the "
        "same day, and enable the accounts again when the person is back. Due process goes on without access."
    ),
    decisions=[
        (
            "Population: runs of absent shifts in the period; the finding is the timesheets row of the shift that "
            "completed missed_shifts, one per run."
        ),
        (
            "A person on leave for the shift's work_date is not absent; without the leave table status on_leave makes "
            "the run undecided."
        ),
        "Only shifts with sched_start count; rest days between two of them do not break a run.",
        "A row with one missed punch breaks no run and makes it undecided.",
        (
            "Every enabled account counts, service and system types aside; enabled false with disabled_at null is "
            "undecided."
        ),
        "Leavers count until last_day_worked.",
        "A run of a leaver without last_day_worked, or of somebody who is not on the roster, is undecided.",
        "Came again means any clock_in after the shift's sched_start and before its limit, on a rest day too.",
        "Without a run there is nothing to judge, and the control is inconclusive.",
        (
            "Smaller claim: fourteen days are 14 x 24 hours before the as-of instant; the state offline is no "
            "appearance."
        ),
        (
            "An account without employee_id belongs to whom identity_map names for it; where the two name different "
            "people the row is undecided."
        ),
    ],
    typical_exception="AWOL agents stay active for the weeks that due-process notices take.",
)
@reads(
    timesheets="employee_id work_date sched_start clock_in clock_out",
    accounts="system account_id employee_id enabled disabled_at",
    roster="employee_id status",
)
@reads.optional(
    leave="employee_id start end kind",
    accounts="account_type",
    roster="last_day_worked",
    identity_map="employee_id system account_id",
)
def test_no_shows_are_suspended(
    timesheets: Table,
    accounts: Table,
    roster: Table,
    leave: Table | None,
    identity_map: Table | None,
    params: Any,
    period: Window,
    as_of: AsOf,
) -> None:
    """For every run of missed_shifts or more consecutive scheduled shifts (sched_start set, clock_in and clock_out
    null, no leave on that day), every account of that person is disabled at most suspend_within after the sched_start
    of the last shift needed to reach missed_shifts, limit included, unless the person clocked in again before that
    limit. Shifts whose limit lies after the as-of instant are not yet due.
    """
    shifts = with_absence(period.of(timesheets), roster, leave, as_of)
    runs = streak(shifts, "employee_id", "sched_start", col("absent"), "missed")
    runs = runs.where(col("absent") & (col("missed") == params.missed_shifts))
    runs = with_return(runs, timesheets, params).match(
        held_by_person(accounts, identity_map), {"employee_id": "owner_id"}, "held"
    )
    due, off = runs.where(col("limit") <= as_of.instant), ~col("held") | ~col("held_on")
    assert_every(due, off | col("back"), because="did not come, and accounts are still enabled")
    in_time = ~col("held") | col("held_on") | (col("held_off_at") <= col("limit"))
    assert_every(
        due, in_time | col("back"), because="did not come, and accounts were disabled on {held_off_at}, too late"
    )
    note_every(runs.where(col("limit") > as_of.instant), "did not come; not yet due")


def with_absence(timesheets: Table, roster: Table, leave: Table | None, as_of: AsOf) -> Table:
    """The scheduled shifts of people employed then, with `absent`: nobody came, and nobody had leave."""
    planned = timesheets.where(col("sched_start").is_not_null()).match(roster, "employee_id", "owner")
    came, left = col("clock_in").is_not_null(), col("clock_out").is_not_null()
    missed_punch, absent = (came | left) & ~(came & left), ~came & ~left
    planned = planned.where(~missed_punch)
    if roster.has("last_day_worked"):
        last = col("owner_last_day_worked")
        planned = planned.where(last.is_null() | (col("work_date") <= last))
    else:
        planned = planned.where(~maybe(col("owner_status") == "terminated"))
    if leave is None:
        return planned.with_columns(absent=absent & ~maybe(col("owner_status") == "on_leave"))
    span = (col("start"), col("end").or_else(as_of.date))
    return planned.during(leave, "employee_id", "work_date", span, "away").with_columns(absent=absent & ~col("away"))


def with_return(runs: Table, timesheets: Table, params: Any) -> Table:
    """The runs with the `limit` of each, and `back`: whether the person clocked in again before it."""
    within, moment = hours(params.suspend_within), timedelta(microseconds=1)
    runs = runs.with_columns(limit=col("sched_start") + within)
    span = (col("clock_in") + moment, col("clock_in") + within)
    missed_punch = (col("clock_out") - hours(24), col("clock_out") + within)
    return runs.during(timesheets, "employee_id", "limit", span, "back", doubt=missed_punch)


def held_by_person(accounts: Table, identity_map: Table | None) -> Table:
    """Of each person: whether an account is `on`, and when the last of the others went off (`off_at`)."""
    owned = with_owner(accounts, identity_map)
    if owned.has("account_type"):
        owned = owned.where(~col("account_type").is_in(NOT_PEOPLE))
    return group(owned, "owner_id", on=any_of(col("enabled")), off_at=latest(col("disabled_at")))


@control.claims(
    "ACC-02",
    "No enabled account belongs to an active person who appeared in no agent state for fourteen days; approved leave "
    "is not told apart.",
)
@reads(
    agent_states="ts_start agent_id state",
    accounts="system account_id employee_id enabled disabled_at",
    roster="employee_id status",
)
@reads.optional(accounts="account_type", identity_map="employee_id system account_id")
def test_no_enabled_account_is_of_somebody_who_vanished(
    agent_states: Table, accounts: Table, roster: Table, identity_map: Table | None, as_of: AsOf
) -> None:
    """No enabled account belongs to an active person who appeared in no agent state for fourteen days."""
    owned = with_owner(accounts, identity_map).where(col("enabled")).match(roster, {"owner_id": "employee_id"}, "owner")
    active = owned.where(col("owner") & (col("owner_status") == "active"))
    if active.has("account_type"):
        active = active.where(~col("account_type").is_in(NOT_PEOPLE))
    seen = agent_states.where((col("ts_start") >= as_of.instant - timedelta(days=14)) & (col("state") != "offline"))
    assert_every(
        active.exists(seen, {"owner_id": "agent_id"}, "seen"), "seen", because="enabled, and not seen for fourteen days"
    )


@control(
    "ACC-03",
    "Dormant accounts off",
    severity="medium",
    params={"dormant_days": standard(45, "days", range=(1, 365), source="CIS 5.3; PCI 8.2.6 allows 90")},
    maps={
        "PCI": ["8.2.6"],
        "ISO27001": ["A.5.18"],
        "SOC2": ["CC6.2"],
        "CSF": ["PR.AA-01"],
        "NIST80053": ["AC-2(3)"],
        "CIS": ["5.3"],
        "CCM": ["IAM-07"],
    },
    remedy=(
        "Disable each listed account this week and have unused ones go off by themselves; on a host expire it "
        "(usermod --expiredate 1) and set useradd -D -f 30. Make an account that a service needs a service account."
    ),
    decisions=[
        "Population: enabled accounts rows of type person; the finding is the accounts row.",
        ("last_login_at and created_at both null is undecided; last_login_at null alone ages from created_at."),
        "created_at null alone ages from last_login_at.",
        "Leave does not excuse: a long leave is when an account should be off.",
        "created_at later than the as-of instant is malformed.",
        (
            "Host lines: a person's account on a host has a number from 1000 to 59999 and a shell to sign in with; it "
            "is off where it has expired. A locked password alone is not off: keys still sign in."
        ),
        (
            "A host does not say when an account was made, only that it was there on the day its password was last "
            "set: never used and set longer ago is a finding, never used and set since is undecided."
        ),
        "New accounts on a host go off by themselves: INACTIVE is 0 to dormant_days, -1 means never and is a finding.",
    ],
    typical_exception="Whole cohorts pre-created for a ramp that was cancelled.",
)
@reads(accounts="system account_id enabled last_login_at last_login_on created_at created_on account_type")
def test_dormant_accounts_are_off(accounts: Table, params: Any, as_of: AsOf) -> None:
    """Every account with account_type person and enabled true has max(last_login_at, created_at) at most dormant_days x
    24 hours before the as-of instant, limit included; never used means aged from created_at.
    """
    people = accounts.where(col("enabled") & (col("account_type") == "person"))
    limit = as_of.instant - timedelta(days=params.dormant_days)
    used, made = col("last_login_at") >= limit, col("created_at") >= limit
    never = col("last_login_at").is_null()
    assert_every(people, never | used | (made & col("created_at").is_stated()), because="last used on {last_login_on}")
    assert_every(people, ~never | made, because="made on {created_on} and never used")


@control.on_host("ACC-03", roles=SERVERS)
def test_accounts_that_nobody_uses_are_off(
    useradd_defaults: Facts,
    last_logins: Facts,
    passwd_accounts: Facts,
    shadow_accounts: Facts,
    params: Any,
    as_of: AsOf,
) -> None:
    """Every account of a person on a host that is not off was used at most dormant_days x 24 hours before the as-of
    instant, limit included; and new accounts go off by themselves after no longer.
    """
    people = {row.name for row in passwd_accounts.rows() if is_person(row)}
    known = {row.name: row for row in shadow_accounts.rows()}
    limit = as_of.instant - timedelta(days=params.dormant_days)
    assert_each(
        last_logins,
        lambda row: used_since(row, limit, known[row.name].changed_on if not row.has_signed_in else None),
        where=lambda row: row.name in people and not has_expired(known[row.name], as_of),
        because="{name} has not been used for too long",
        by="name",
    )
    silent = people - {row.name for row in last_logins.rows()}
    if silent:
        cannot_tell(f"of {len(silent)} accounts of people nothing says when they were last used")
    assert 0 <= useradd_defaults["inactive_days"] <= params.dormant_days, "an unused new account stays on"


def is_person(account: Row) -> bool:
    """Whether a local account is one that a person signs in to."""
    shell = account.shell.rpartition("/")[2]
    return bool(FIRST_PERSON <= account.uid <= LAST_PERSON and shell not in NO_SHELL)


def has_expired(account: Row, as_of: AsOf) -> bool:
    """Whether a local account is off."""
    return account.expires_on is not None and bool(account.expires_on <= as_of.date)


def used_since(login: Row, limit: datetime, password_set_on: date | None) -> bool:
    """Whether an account was used since `limit`; unknown where it never was and may have been made since."""
    if password_set_on is not None and password_set_on < limit.date():
        return False
    return bool(login.last_login_at >= limit)


@control(
    "ACC-06",
    "Client's list matches vendor's people",
    severity="critical",
    params={
        "unmatched_allowed": house(0, "accounts", range=(0, 10_000)),
        "max_days_between_exports": house(3, "days", range=(0, 3650)),
        "roles_with_login": house(["agent", "team_leader", "qa"], "list", allowed=ROLES),
    },
    maps={
        "PCI": ["8.2.7", "12.8.1"],
        "ISO27001": ["A.5.16", "A.5.22"],
        "SOC2": ["CC6.2", "CC9.2"],
        "CSF": ["GV.SC-07", "PR.AA-05"],
        "NIST80053": ["PS-7", "AC-2"],
        "CIS": ["5.1", "15.6"],
        "CCM": ["IAM-08", "STA-12"],
        "PH": ["DPA s.20(d)"],
        "IN": ["DPDPA 8(5)"],
        "GDPR": ["28.3.h", "32.4"],
    },
    remedy=(
        "The client disables every ghost login today, and both sides clear up each login used after its owner's "
        "last day. Then compare the two lists every month, and with every leaver."
    ),
    decisions=[
        (
            "Population: enabled client_accounts rows, and active roster people in scope; ghosts and late logins point "
            "to client_accounts, missing ones to roster."
        ),
        "Of leavers a disabled login is looked at too, for when it was last used.",
        "Every client_accounts row is of the engagement's client: the table has no client column and needs none.",
        "A login of a person on_leave is a ghost, labelled on leave; no login is missing for that person.",
        "A leaver with an enabled login is a ghost; one who also logged in has one finding, labelled both.",
        "Accounts of people whose role is outside roles_with_login are no ghosts.",
        "That excuses another client, not having left or being on leave.",
        "The owner is identity_map's, else client_accounts.employee_id; where they differ the row is undecided.",
        "More than unmatched_allowed of ghosts and missing together fail; then each is a finding, else notes.",
    ],
    typical_exception=(
        "Client disables only when told; vendor thinks the client sees HR. Record the ghost rate at the first audit "
        "as the baseline."
    ),
)
@reads(
    client_accounts="system account_id employee_id enabled last_login_at last_login_on",
    roster="employee_id client role status floor_date last_day_worked",
)
@reads.optional(identity_map="employee_id system account_id")
def test_the_clients_list_matches_the_vendors_people(
    client_accounts: Table,
    roster: Table,
    identity_map: Table | None,
    params: Any,
    period: Window,
    engagement: Terms,
) -> None:
    """Ghost: an enabled client_accounts row whose employee_id (or identity_map's, for its system and account_id) is
    not on the roster with status active and a client in the engagement's scope. Missing: an active roster person of
    a client in scope, role in roles_with_login, floor_date on or before the client's export date, without an enabled
    client_accounts row. Leaver who logged in: last_login_at on a local date after last_day_worked. None of the three
    is found; the exports of both sides are at most max_days_between_exports apart, else inconclusive.
    """
    exported = exported_together(client_accounts, roster, params.max_days_between_exports)
    if exported is None:
        return
    owned = with_owner(client_accounts, identity_map).match(roster, {"owner_id": "employee_id"}, "owner")
    assert_no_ghosts(owned.where(col("enabled")), params, engagement)
    assert_no_late_logins(owned)
    begun = roster.where(col("floor_date") <= local_day(exported, period))
    assert_nobody_is_missing(begun, owned.where(col("enabled")), params, engagement)


def assert_no_ghosts(logins: Table, params: Any, engagement: Terms) -> None:
    """Every login belongs to an active person, of a client in scope where the role needs a login."""
    pool: dict[str, Any] = {"at_most": params.unmatched_allowed, "pool": "unmatched"}
    nobody, status = ~col("owner"), col("owner_status")
    assert_every(logins, "owner", because="ghost: not on the roster", **pool)
    assert_every(logins, nobody | (status != "on_leave"), because="ghost: on leave", **pool)
    assert_every(logins, nobody | (status != "terminated"), because="ghost: left", **pool)
    if engagement.scope_clients:
        ours = col("owner_client").any_part_in(engagement.scope_clients)
        exempt = nobody | ~col("owner_role").is_in(params.roles_with_login)
        assert_every(logins, exempt | ours, because="ghost: works for another client", **pool)


def assert_no_late_logins(logins: Table) -> None:
    """Nobody signed in on a day after the last day worked; the disabled logins of leavers count too."""
    judged = logins.where(col("enabled") | (col("owner") & (col("owner_status") == "terminated")))
    late = col("owner") & col("last_login_at").is_not_null() & (col("last_login_on") > col("owner_last_day_worked"))
    assert_every(judged, ~late, because="signed in on {last_login_on}, after the last day worked")


def assert_nobody_is_missing(people: Table, logins: Table, params: Any, engagement: Terms) -> None:
    """Every active person of a client in scope, in a role that needs a login, has one."""
    needing = people.where((col("status") == "active") & col("role").is_in(params.roles_with_login))
    if engagement.scope_clients:
        needing = needing.where(col("client").any_part_in(engagement.scope_clients))
    listed = needing.exists(logins, {"employee_id": "owner_id"}, "login")
    missing = "missing: no enabled login at the client"
    assert_every(listed, "login", because=missing, at_most=params.unmatched_allowed, pool="unmatched")


@control.claims(
    "ACC-06",
    "Every enabled login of the client belongs to a person who is active on the vendor's roster; the reverse and "
    "late logins are not shown.",
)
@reads(client_accounts="system account_id employee_id enabled", roster="employee_id client status")
@reads.optional(identity_map="employee_id system account_id")
def test_every_login_of_the_client_belongs_to_an_active_person(
    client_accounts: Table, roster: Table, identity_map: Table | None, params: Any, engagement: Terms
) -> None:
    """Every enabled client_accounts row belongs to a person who is active, for a client in the engagement's scope."""
    if exported_together(client_accounts, roster, params.max_days_between_exports) is None:
        return
    enabled = with_owner(client_accounts, identity_map).where(col("enabled"))
    owned = enabled.match(roster, {"owner_id": "employee_id"}, "owner")
    ours = col("owner") & (col("owner_status") == "active")
    if engagement.scope_clients:
        ours = ours & col("owner_client").any_part_in(engagement.scope_clients)
    assert_every(owned, ours, because="ghost: not active on the roster", at_most=params.unmatched_allowed)


@control(
    "ACC-05",
    "Movers lose the old client",
    severity="high",
    params={"remove_within": house(24, "h", range=(0, 8760))},
    maps={
        "PCI": ["7.2.2", "8.2.4"],
        "ISO27001": ["A.5.18", "A.5.3"],
        "SOC2": ["CC6.3"],
        "CSF": ["PR.AA-05"],
        "NIST80053": ["PS-5", "AC-6"],
        "CIS": ["6.8"],
        "CCM": ["IAM-07"],
        "GDPR": ["32.4"],
        "PH": ["IRR s.27(c)"],
    },
    remedy=(
        "Take the old client's accounts from each listed person today, or record a dated exception with the client's "
        "consent. Let a change of client on the roster close the old access by itself."
    ),
    decisions=[
        (
            "Population: enabled accounts rows of type person with client set and an owner on the roster; the finding "
            "is the accounts row."
        ),
        "Of disabled ones with another client than the owner's the speed is judged, where disabled_at was handed in.",
        "The role is shown and decides nothing.",
        "The move is known only by floor_date of the new client; without disabled_at the speed is not claimed.",
        "The clock starts at 24:00 of floor_date in the site's zone; an account closed before is in time.",
        "A roster client null is undecided; an owner not on the roster is LOG-01's.",
        "Several clients in a roster cell, joined by ;, all count as the owner's.",
        (
            "The owner's client is compared before anybody is taken out of scope: an account of a client in scope "
            "whose owner has moved to one outside it is found. Which one is not shown then."
        ),
        "The last day of exception_until still excepts; it excuses an enabled account, not a late removal.",
    ],
    typical_exception="Cross-skilled super-agents keep every queue they ever worked.",
)
@reads(
    roster="employee_id client role floor_date floor_date_ends",
    accounts="system account_id employee_id account_type client client_is_owners enabled exception_until",
)
@reads.optional(accounts="role disabled_at")
def test_movers_lose_the_old_client(accounts: Table, roster: Table, params: Any, as_of: AsOf) -> None:
    """No enabled account of account_type person carries a client other than its owner's client on the roster, unless
    exception_until is on or after the as-of date. An account without client is outside. The time of the move is decided
    only where the vendor keeps it: disabled_at at most remove_within after floor_date on the new client.
    """
    tied = accounts.where((col("account_type") == "person") & col("client").is_not_null())
    owned = tied.match(roster, "employee_id", "owner").where(col("owner") | col("client_is_owners").is_stated())
    enabled, ours = owned.where(col("enabled")), col("client_is_owners") | (col("exception_until") >= as_of.date)
    kept = "account for {client}, of a person who works for {owner_client} as {owner_role}"
    assert_every(enabled, ~col("owner") | ours, because=kept)
    elsewhere = "account for {client}, of a person who works for a client outside this audit"
    assert_every(enabled, col("owner") | ours, because=elsewhere)
    if owned.has("disabled_at"):
        closed = owned.where(~col("enabled") & col("owner") & ~col("client_is_owners"))
        in_time = col("disabled_at") <= col("owner_floor_date_ends") + hours(params.remove_within)
        assert_every(closed, in_time, because="account for {client} closed on {disabled_at}, too late")


@control(
    "ACC-04",
    "Access is recertified",
    severity="medium",
    params={
        "cycle_days": house(90, "days", range=(0, 3650), source="PCI 7.2.4: 6 months"),
        "removal_days": house(3, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["7.2.4", "7.2.5.1"],
        "ISO27001": ["A.5.18"],
        "SOC2": ["CC6.2", "CC6.3"],
        "CSF": ["PR.AA-05"],
        "NIST80053": ["AC-2", "AC-6"],
        "CIS": ["5.1", "6.8"],
        "CCM": ["IAM-08"],
    },
    remedy=(
        "Have somebody who knows the work, and not the owner, review each listed account within two weeks; close those "
        "to be removed within three days, with a record of it."
    ),
    decisions=[
        "Population: enabled accounts rows, service and system types too; the finding is the accounts row.",
        "A late or missing removal is a finding on the access_reviews row.",
        "Accounts created at most cycle_days before the as-of date are not yet due; without created_at they are due.",
        "Disabled accounts need no review; the newest review of an account counts.",
        "Of several reviews of an account on its newest day a good one is enough; a row without a day is no review.",
        "decision modify counts as reviewed; what was modified is not shown.",
        (
            "A reviewer_id null or equal to the owner is a finding; a reviewer not on the roster is a note (the client "
            "may review)."
        ),
        "A removal still open is a finding once removal_days has passed.",
        "An account that accounts does not list counts as removed; one that is enabled again is a finding.",
        "Zero removals in a review of 100 accounts or more is a note.",
        "A review is the rows of one system: the table names no campaign.",
    ],
    typical_exception="Team leader approves 300 lines in two minutes.",
)
@reads(
    access_reviews="review_id system account_id reviewer_id reviewed_at decision removed_at",
    accounts="system account_id employee_id enabled",
)
@reads.optional(accounts="created_at created_on account_type", roster="employee_id")
def test_access_is_recertified(
    access_reviews: Table, accounts: Table, roster: Table | None, params: Any, as_of: AsOf
) -> None:
    """Every enabled account has an access_reviews row of the same (system, account_id) with reviewed_at at most
    cycle_days before the as-of date, decision other than not_reviewed, and a reviewer_id that is not the account's
    employee_id; and every decision remove has removed_at at most removal_days after reviewed_at and the account no
    longer enabled.
    """
    reviews = access_reviews.match(accounts, ACCOUNT, "account")
    since = as_of.date - timedelta(days=params.cycle_days)
    assert_reviewed(accounts.where(col("enabled")), newest_reviews(reviews), since)
    assert_removed(reviews.where(col("decision") == "remove"), params, as_of)
    note_idle_reviews(reviews, roster)


def newest_reviews(reviews: Table) -> Table:
    """Of each account the day of its newest review, whether something was decided, and by another than the owner."""
    dated = reviews.where(col("reviewed_at").is_not_null())
    newest = beside(dated, *ACCOUNT, newest=latest(col("reviewed_at"))).where(col("reviewed_at") == col("newest"))
    other = col("reviewer_id").is_not_null() & (col("reviewer_id") != col("account_employee_id"))
    decided = col("decision") != "not_reviewed"
    return group(
        newest, *ACCOUNT, on=latest(col("reviewed_at")), decided=any_of(decided), by_other=any_of(other & decided)
    )


def assert_reviewed(accounts: Table, newest: Table, since: date) -> None:
    """Every account was reviewed since then, with a decision, by another than its owner; new ones are not yet due."""
    judged = accounts.match(newest, ACCOUNT, "review")
    if accounts.has("created_on"):
        new = col("created_on").is_stated() & (col("created_on") >= since)
        note_every(
            group(judged.where(new), "system", accounts=count()), "{accounts} new accounts of {system}: not yet due"
        )
        judged = judged.where(~new)
    unseen, undecided = ~col("review"), ~col("review_decided")
    assert_every(judged, col("review"), because="never reviewed")
    assert_every(judged, unseen | (col("review_on") >= since), because="last reviewed on {review_on}")
    assert_every(judged, unseen | ~undecided, because="listed for review and not reviewed")
    assert_every(judged, unseen | undecided | col("review_by_other"), because="reviewed by nobody or by its owner")


def assert_removed(removals: Table, params: Any, as_of: AsOf) -> None:
    """What was to be removed was, in time, and is not enabled; what is still open has its days."""
    limit, gone = col("reviewed_at") + days(params.removal_days), col("removed_at").is_not_null()
    due = removals.where(gone | (limit < as_of.date))
    assert_every(due, gone, because="to be removed since {reviewed_at}, and still open")
    assert_every(due, ~gone | (col("removed_at") <= limit), because="removed on {removed_at}, too late")
    assert_every(due, ~gone | ~col("account") | ~col("account_enabled"), because="removed, and the account is enabled")
    note_every(removals.where(~gone & (limit >= as_of.date)), "to be removed, and not yet due")


def note_idle_reviews(reviews: Table, roster: Table | None) -> None:
    """Name the reviews that removed nothing of much, and the reviewers whom the roster does not know."""
    removed = any_of(col("decision") == "remove")
    whole = group(reviews, "system", accounts=distinct(col("account_id")), removed=removed)
    idle = whole.where((col("accounts") >= MUCH) & ~col("removed"))
    note_every(idle, "review of {accounts} accounts of {system} removed none")
    if roster is not None:
        others = reviews.where(col("reviewer_id").is_not_null()).without(roster, {"reviewer_id": "employee_id"})
        note_every(
            group(others, "system", reviews=count()), "{reviews} reviews of {system} by somebody not on the roster"
        )
