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
    cannot_tell,
    col,
    control,
    group,
    hours,
    house,
    latest,
    maybe,
    note_every,
    reads,
    standard,
    when,
    with_owner,
)
from ctrlkit.kind import shipped

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
    held = gone.exists(accounts, {"employee_id": "owner_id"}, "account")
    untied = group(held, "status", accounts=any_of(col("account"))).where(~col("accounts"))
    assert_every(untied, maybe(~col("accounts")), because="no account of anybody who left is on record")


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


@control.on_host(
    "ACC-03",
    "Dormant accounts off",
    roles=SERVERS,
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
        "Expire each account that nobody has used (usermod --expiredate 1), and have new ones go off by themselves: "
        "useradd -D -f 30. Ask the owner of a service that needs one to make it a system account."
    ),
    decisions=[
        "Host lines read the probe; the organisation line, over accounts, is not judged yet.",
        (
            "A person's account on a host has a number from 1000 to 59999 and a shell to sign in with; it is off "
            "where it has expired. A locked password alone is not off: keys still sign in."
        ),
        (
            "A host does not say when an account was made, only that it was there on the day its password was last "
            "set: never used and set longer ago is a finding, never used and set since is undecided."
        ),
        "New accounts go off by themselves: INACTIVE is 0 to dormant_days, -1 means never and is a finding.",
        "Leave does not excuse: a long leave is when an account should be off.",
    ],
    typical_exception="Whole cohorts pre-created for a ramp that was cancelled.",
)
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
