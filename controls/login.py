"""Login: who signed in, and whether that person was at work and where the contract says."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Facts,
    Table,
    Terms,
    Window,
    any_of,
    assert_each,
    assert_every,
    assert_listed,
    assert_rate,
    cannot_tell,
    col,
    control,
    count,
    earliest,
    group,
    house,
    maybe,
    minutes,
    note,
    note_every,
    reads,
    standard,
    when,
    with_earlier,
    with_later,
    with_owner,
    with_system,
    without_services,
)
from ctrlkit.kind import shipped

ACCOUNT = {"system": "system", "account_id": "account_id"}
OWNER = {"account_owner_id": "employee_id"}
ROLES = shipped()["roster"].column("role").values
SERVERS = ("server", "jump", "mail")
DESKTOPS = ("workstation",)
LONGEST_ROTATION = 90
PASSWORD_SETTINGS = ("password_min_length", "lockout_attempts", "lockout_minutes")
PROOFS = ("callback_to_roster_number", "manager_video", "self_service_strong", "id_badge_in_person")
RESET = ("password", "factor")
CHANGED = ("password", "factor_added", "factor_removed")


@control(
    "LOG-01",
    "One person, one login",
    severity="critical",
    params={
        "shared_accounts_allowed": standard(0, "accounts", range=(0, 10_000), source="PCI 8.2.1, 8.2.2 exception only")
    },
    maps={
        "PCI": ["8.2.1", "8.2.2"],
        "ISO27001": ["A.5.16"],
        "SOC2": ["CC6.1"],
        "CSF": ["PR.AA-01"],
        "NIST80053": ["IA-2", "IA-4"],
        "CIS": ["5.1"],
        "CCM": ["IAM-13"],
        "HIPAA": ["164.312(a)(2)(i)"],
        "PH": ["IRR s.28(g)"],
        "IN": ["DPDPR r.6(1)(b)"],
    },
    remedy=(
        "Name one active employee as owner of each account, or disable it before the next shift. Replace shared and "
        "generic accounts by personal ones; where one must stay, record a dated exception."
    ),
    decisions=[
        (
            "Population: accounts rows with enabled true and account_type person, shared or generic; the finding is "
            "the accounts row."
        ),
        (
            "Only status active owns an account: on_leave, terminated, not on the roster or null is a finding (a "
            "vacation in leave does not change the status)."
        ),
        (
            "shared_accounts_allowed counts enabled shared and generic accounts left after the excepted ones; when "
            "there are more, each is a finding."
        ),
        (
            "The last day of exception_until still excepts; the exception covers shared and generic only, never an "
            "account without owner."
        ),
        "A null account_type is undecided; service and system accounts are outside.",
        "Host lines: no account but root has its number 0, and no other number belongs to two accounts.",
    ],
    typical_exception=(
        "Training or floor-walker IDs reused by every batch; a CRM licence bought per seat and handed over at shift "
        "change."
    ),
)
@reads(
    accounts="system account_id employee_id account_type enabled exception_until",
    roster="employee_id status",
)
def test_every_account_has_one_active_owner(accounts: Table, roster: Table, params: Any, as_of: AsOf) -> None:
    """Every enabled account of account_type person has an employee_id that is on the roster with status active, and
    no enabled account is of type shared or generic unless its exception_until is on or after the as-of date. One
    person may own several accounts; an account has one owner. Enabled guest and admin accounts are listed as notes.
    """
    enabled = accounts.where(col("enabled"))
    named = enabled.where(col("account_type").is_in(["person", "shared", "generic"]))
    judged, is_shared = named.match(roster, "employee_id", "owner"), col("account_type") != "person"
    excepted, allowed = col("exception_until") >= as_of.date, params.shared_accounts_allowed
    active = ~col("owner") | (col("owner_status") == "active")
    assert_every(judged, is_shared | col("owner"), because="no owner on the roster")
    assert_every(judged, is_shared | active, because="owner is {owner_status}")
    assert_every(judged, ~is_shared | excepted, because="{account_type} account, not excepted", at_most=allowed)
    note_every(enabled.where(col("account_type").is_in(["guest", "admin"])), "enabled {account_type} account")
    others = group(enabled.where(col("account_type").is_in(["service", "system"])), "account_type", accounts=count())
    note_every(others, "{accounts} enabled accounts of type {account_type} are outside")


@control.on_host("LOG-01", roles=(*DESKTOPS, *SERVERS))
def test_every_local_account_has_a_number_of_its_own(passwd_accounts: Facts) -> None:
    """No account but root has its rights, and no two accounts of a host are one."""
    owners = Counter(row.uid for row in passwd_accounts.rows())
    assert_each(
        passwd_accounts, lambda row: row.is_root or row.uid != 0, because="{name} is root by another name", by="name"
    )
    assert_each(
        passwd_accounts,
        lambda row: row.is_root or row.uid == 0 or owners[row.uid] == 1,
        because="{name} shares its number {uid} with another account",
        by="name",
    )


@control(
    "LOG-02",
    "No two places at once",
    severity="high",
    params={"overlap_tolerance": house(5, "min", range=(0, 60), source="clock skew and roaming")},
    maps={
        "PCI": ["8.2.2", "10.2.1.1"],
        "ISO27001": ["A.5.16", "A.8.16"],
        "SOC2": ["CC6.1", "CC7.2"],
        "CSF": ["DE.CM-03"],
        "NIST80053": ["AC-2", "AU-2"],
        "CIS": ["8.5"],
        "CCM": ["IAM-13", "LOG-05"],
        "IN": ["DPDPR r.6(1)(c)"],
    },
    remedy=(
        "Ask the owner and the team leader who sat at the second place, and reset the password the same day. Then let "
        "the system end the old session when a new one begins."
    ),
    decisions=[
        (
            "Population: the sessions of the period, result success, compared in pairs that overlap; the finding is "
            "the auth_events row of the later sign-in and names the earlier one."
        ),
        "An overlap of exactly overlap_tolerance is allowed.",
        "Only rows with result success count; service and system accounts are outside where accounts names their type.",
        (
            "No session length is invented; a session without logout_ts ends, for this control, at its own ts, and is "
            "undecided where any later sign-in of the account comes from another place. One that begins within an open "
            "session elsewhere and has no logout_ts is a note."
        ),
        (
            "The same workstation_id on both sides is one place, whatever src_ip says, and two different ones are two; "
            "where one is null device_id and network decide, and both must be known to be one place."
        ),
        "A source that has no sign-outs at all is read like sign-ins without one.",
        "Two sign-ins at the same second count as one after the other, in the order of the file.",
        "In the smaller claim, two countries or two networks within 60 minutes, limit included, are a finding.",
    ],
    typical_exception="Supervisor logged in at three seats to unblock agents whose own accounts are locked.",
)
@reads(auth_events="system account_id session_id ts logout_ts workstation_id device_id src_ip src_network result")
@reads.optional(accounts="system account_id account_type")
def test_no_account_is_in_two_places_at_once(
    auth_events: Table, accounts: Table | None, params: Any, period: Window
) -> None:
    """No account (system, account_id) has two sessions, result success, from ts to logout_ts, that overlap by more
    than overlap_tolerance and come from different places: different workstation_id, or different device_id where a
    workstation is null, or src_ip in different /24 (IPv6: /48) networks.
    """
    signed_out = col("logout_ts").is_told() & col("logout_ts").is_not_null()
    sessions = without_services(period.of(auth_events).where(col("result") == "success"), accounts)
    sessions = sessions.with_columns(ends=when(signed_out, col("logout_ts"), col("ts")))
    tolerated = col("ts") + minutes(params.overlap_tolerance)
    such = elsewhere("earlier") & (col("earlier_ends") > tolerated)
    places = ("workstation_id", "device_id", "src_network")
    met = with_earlier(sessions, *ACCOUNT, at="ts", until=col("ends"), by=places, such=such, name="earlier")
    at_once = col("earlier") & (col("ends") > tolerated)
    assert_every(
        met, ~at_once, because="signed in to {system} at two places: also since {earlier_ts} until {earlier_ends}"
    )
    note_every(met.where(col("earlier") & ~signed_out), "without sign-out, and open elsewhere since {earlier_ts}")
    followed = with_later(sessions, *ACCOUNT, at="ts", by=places, such=elsewhere("later"), name="later")
    unended = followed.where(~signed_out & col("later"))
    assert_every(unended, maybe(~signed_out), because="no sign-out, and a later sign-in from another place")


def elsewhere(other: str) -> Expr:
    """Whether the two sign-ins come from different places, so far as their cells tell."""
    here, there = col("workstation_id"), col(f"{other}_workstation_id")
    device = col("device_id") != col(f"{other}_device_id")
    network = col("src_network") != col(f"{other}_src_network")
    return when(here.is_told() & there.is_told(), here != there, device | network)


@control.claims(
    "LOG-02",
    "No account signed in from two countries, or from two source networks with no time to travel (60 minutes), one "
    "after the other; sessions open at once from one network are not seen.",
)
@reads(auth_events="system account_id ts result src_ip src_network country country_code")
def test_nobody_travels_faster_than_an_hour(auth_events: Table, period: Window) -> None:
    """No account signed in from two countries or two networks within 60 minutes."""
    signins = period.of(auth_events).where(col("result") == "success")
    other_country = col("country_code") != col("before_country_code")
    such = other_country | (col("src_network") != col("before_src_network"))
    places, hour = ("country_code", "src_network"), col("ts") + minutes(60)
    met = with_earlier(signins, *ACCOUNT, at="ts", until=hour, by=places, such=such, name="before")
    assert_every(met, ~col("before"), because="signed in to {system} elsewhere at {before_ts}, within an hour")


def signins_of_staff(auth_events: Table, accounts: Table, roster: Table, params: Any, period: Window) -> Table:
    """The successful sign-ins of the period to person accounts whose owner works in one of the roles."""
    signins = period.of(auth_events).where(col("result") == "success")
    owned = signins.match(accounts, ACCOUNT, "account").match(roster, OWNER, "owner")
    return owned.where((col("account_account_type") == "person") & col("owner_role").is_in(params.roles))


def shifts_of_employment(timesheets: Table, roster: Table) -> Table:
    """The shifts that began no later than the last day worked."""
    last = col("person_last_day_worked")
    return timesheets.match(roster, "employee_id", "person").where(last.is_null() | (col("work_date") <= last))


def missed_punch_on_rest_day(shifts: Table) -> Table:
    """Shifts without schedule of which one punch is missing, so that nobody can say how long they were."""
    came, left = col("clock_in").is_not_null(), col("clock_out").is_not_null()
    return shifts.where((came | left) & ~(came & left) & col("sched_start").is_null())


def with_presence(signins: Table, shifts: Table, params: Any) -> Table:
    """The same sign-ins with `at_work`: whether the owner was; unknown near a shift with a missed punch."""
    grace = minutes(params.grace)
    span = (col("clock_in") - grace, col("clock_out") + grace)
    if not shifts.has("sched_start", "sched_end"):
        return signins.during(shifts, OWNER, "ts", span, "at_work")
    near = (col("sched_start") - grace, col("sched_end") + grace)
    met = signins.during(shifts, OWNER, "ts", span, "punched", doubt=near)
    met = met.exists(missed_punch_on_rest_day(shifts), {**OWNER, "work_date": "work_date"}, "perhaps")
    return met.with_columns(at_work=col("punched") | col("perhaps"))


@control(
    "LOG-03",
    "Login only while the owner is at work",
    severity="critical",
    params={
        "grace": house(30, "min", range=(0, 120)),
        "max_exceptions": house(0, "events", range=(0, 100_000)),
        "roles": house(["agent"], "list", allowed=ROLES),
    },
    maps={
        "PCI": ["8.2.1", "10.4.1"],
        "ISO27001": ["A.5.16", "A.8.15", "A.8.16"],
        "SOC2": ["CC6.1", "CC7.2"],
        "CSF": ["DE.CM-03", "DE.AE-03"],
        "NIST80053": ["AC-2", "SI-4"],
        "CIS": ["8.11"],
        "CCM": ["LOG-05"],
        "PH": ["IRR s.27(c)", "IRR s.28(d)"],
        "IN": ["DPDPR r.6(1)(c)"],
        "GDPR": ["32.1.d"],
    },
    remedy=(
        "Ask each owner, with the team leader, who signed in; reset the password and second factor of an account "
        "that another person used, the same day. Then let the time clock open and close access."
    ),
    decisions=[
        (
            "Population: auth_events rows with result success of accounts of type person whose owner's role is in "
            "roles; the finding is the auth_events row."
        ),
        "Failed, interrupted and challenge rows do not count; a null account_type or role is undecided.",
        "An approved leave never excuses and never accuses: only the time sheet makes an interval.",
        "A day with a schedule but no punch (did not come) makes no interval, so a sign-in on it is a finding.",
        (
            "Near a missed punch means: between sched_start - grace and sched_end + grace of that shift, or on its "
            "work_date where the schedule is null."
        ),
        "Without any schedules, every sign-in of that person outside a known shift is near a missed punch.",
        "A sign-in after midnight in a shift whose work_date is last_day_worked counts as that day.",
        "last_day_worked null and status terminated: a sign-in inside a shift is undecided, any other a finding.",
        "More than max_exceptions over all people together fails; then every exception is a finding, else notes.",
        (
            "An account without employee_id belongs to whom identity_map names for it; where the two name different "
            "people the row is undecided."
        ),
    ],
    typical_exception=(
        "Credentials left with a team-mate so the queue is covered during absence; a resigned agent's ID still "
        "taking calls."
    ),
    finding_note="an indication, to be heard before discipline",
)
@reads(
    auth_events="ts system account_id result work_date",
    accounts="system account_id employee_id account_type",
    timesheets="employee_id work_date clock_in clock_out",
    roster="employee_id role status last_day_worked",
)
@reads.optional(timesheets="sched_start sched_end", identity_map="employee_id system account_id")
def test_login_only_while_the_owner_is_at_work(
    auth_events: Table,
    accounts: Table,
    timesheets: Table,
    roster: Table,
    identity_map: Table | None,
    params: Any,
    period: Window,
) -> None:
    """Every sign-in with result success to an account of account_type person whose owner has a roster role in roles
    lies, by ts, in [clock_in - grace, clock_out + grace] of one of the owner's time sheets, both ends included and
    compared in UTC, and not on a local date after last_day_worked. Work on leave or on a rest day has no such
    interval. A sign-in to an account that accounts does not list, or near a shift with a missed punch, is undecided.
    """
    signins = signins_of_staff(auth_events, with_owner(accounts, identity_map), roster, params, period)
    judged = with_presence(signins, shifts_of_employment(timesheets, roster), params)
    outside = "signed in to {system} outside every shift of the owner, who is {owner_status}"
    assert_every(judged, "at_work", because=outside, at_most=params.max_exceptions)


@control.claims(
    "LOG-03",
    "Every sign-in lies within a scheduled shift plus grace and before the last day worked; whether the person came "
    "is not shown.",
)
@reads(
    auth_events="ts system account_id result work_date",
    accounts="system account_id employee_id account_type",
    timesheets="employee_id work_date sched_start sched_end",
    roster="employee_id role status last_day_worked",
)
@reads.optional(identity_map="employee_id system account_id")
def test_login_only_within_a_scheduled_shift(
    auth_events: Table,
    accounts: Table,
    timesheets: Table,
    roster: Table,
    identity_map: Table | None,
    params: Any,
    period: Window,
) -> None:
    """Every sign-in lies in [sched_start - grace, sched_end + grace] of a shift that began by the last day worked."""
    signins = signins_of_staff(auth_events, with_owner(accounts, identity_map), roster, params, period)
    shifts, grace = shifts_of_employment(timesheets, roster), minutes(params.grace)
    span = (col("sched_start") - grace, col("sched_end") + grace)
    judged = signins.during(shifts, OWNER, "ts", span, "scheduled")
    outside = "signed in to {system} outside every scheduled shift of the owner, who is {owner_status}"
    assert_every(judged, "scheduled", because=outside, at_most=params.max_exceptions)


@control(
    "LOG-04",
    "Password and lockout settings",
    severity="high",
    params={
        "min_length_single_factor": standard(15, "chars", range=(8, 128), source="NIST SP 800-63B-4 (Aug 2025): SHALL"),
        "min_length_with_mfa": standard(8, "chars", range=(8, 128), source="NIST SP 800-63B-4: SHALL"),
        "min_length_card_data": standard(
            12, "chars", range=(8, 128), source="PCI 8.3.6 (8 if the system cannot do 12; letters and digits)"
        ),
        "lockout_attempts": standard(10, "attempts", range=(1, 100), source="PCI 8.3.4; NIST ceiling is 100"),
        "lockout_minutes": standard(30, "min", range=(1, 1440), source="PCI 8.3.4 or until identity confirmed"),
        "history": standard(4, "passwords", range=(0, 24), source="PCI 8.3.7"),
        "rotation_mode": standard(
            "on_compromise",
            "enum",
            allowed=["on_compromise", "max_age"],
            source=(
                "NIST: SHALL NOT rotate periodically. Use max_age=90 days only where password is the sole factor in "
                "card scope and there is no dynamic posture analysis (PCI 8.3.9)"
            ),
        ),
    },
    maps={
        "PCI": ["8.3.4", "8.3.5", "8.3.6", "8.3.7", "8.3.9", "2.2.2"],
        "ISO27001": ["A.5.17", "A.8.5"],
        "SOC2": ["CC6.1"],
        "CSF": ["PR.AA-01", "PR.AA-03"],
        "NIST80053": ["IA-5(1)", "AC-7"],
        "CIS": ["5.2", "4.10"],
        "CCM": ["IAM-02", "IAM-15"],
        "PH": ["IRR s.28(g)"],
    },
    remedy=(
        "Raise the policy of each listed system within a month, or put it behind single sign-on. On hosts, set minlen "
        "in pwquality.conf with credits at 0 or less, put pam_faillock (deny, unlock_time) into the stacks "
        "that people sign in by, take nullok out of them, and lock each account without a password today."
    ),
    decisions=[
        (
            "Host lines read the probe alone; the organisation line reads settings and accounts, and is inconclusive "
            "(missing) without settings, whatever the hosts say."
        ),
        (
            "Population of the organisation line: each system in accounts that has an enabled person or admin account; "
            "the finding is the settings row."
        ),
        (
            "A system without row password_min_length, lockout_attempts or lockout_minutes is undecided; with a row "
            "sso_only true the identity provider's rows count for it, and it must have them."
        ),
        (
            "settings names no identity provider: where a system is sso_only, any other with people in accounts, or "
            "that accounts does not list at all, is taken for one, and judged too."
        ),
        (
            "Length floor: min_length_with_mfa where every enabled person account there has mfa_enrolled true, else "
            "min_length_single_factor; with card_data min_length_card_data too. Of those that apply the highest counts."
        ),
        (
            "Of several identity providers none of which is in accounts nothing says which one a system relies on: each"
            " that has any of the three settings must have all, or the line is undecided."
        ),
        "A value that is no number, or in another unit than its name says, is undecided.",
        (
            "Length floor of a host: min_length_single_factor, since nothing on it shows a second factor, and "
            "min_length_card_data where the engagement has card_data; the highest counts."
        ),
        (
            "lockout_attempts must be 1 to the parameter; lockout_minutes must be 0 (until an admin unlocks) or at "
            "least the parameter."
        ),
        "password_history is asked for only with card_data; a shorter one is a finding, a missing row undecided.",
        (
            "rotation_mode on_compromise: password_max_age_days is a note; rotation_mode max_age: it must be 1 to 90, "
            "0 is a finding and a missing row undecided. On a host every account with a password must change it so."
        ),
        (
            "breached_password_check false is a finding, and a missing row is a note: few products export it. A host "
            "that tests no new password against a dictionary refuses no breached one."
        ),
        "password_last_set decides nothing; the oldest of each system is shown.",
    ],
    typical_exception=(
        "Login.defs PASS_MIN_LEN set and believed, though PAM ignores it; faillock module present in the file but not "
        "in the active stack."
    ),
)
@reads(
    accounts="system account_id password_last_set mfa_enrolled account_type enabled",
    settings="system setting value unit amount is_on",
)
def test_password_policies_are_strict(accounts: Table, settings: Table, params: Any, engagement: Terms) -> None:
    """Passwords meet the length floor for their use, breached or blank passwords are refused, and accounts lock after
    the allowed attempts for the required time.
    """
    systems = systems_of_people(accounts, settings)
    settings = with_policies(settings, systems, accounts)
    card_data, amount = "card_data" in engagement.features, col("amount")
    lengths = policy(settings, "password_min_length", "chars")
    assert_every(lengths, is_long_enough(params, card_data=card_data), because="{system} takes {value} characters")
    few = (amount >= 1) & (amount <= params.lockout_attempts)
    tries = "{system} locks after {value} wrong passwords (0: never)"
    assert_every(policy(settings, "lockout_attempts", "attempts"), few, because=tries)
    long_enough = (amount == 0) | (amount >= params.lockout_minutes)
    assert_every(policy(settings, "lockout_minutes", "min"), long_enough, because="{system} unlocks after {value} min")
    if card_data:
        remembers = "{system} remembers {value} passwords"
        assert_every(policy(settings, "password_history", "passwords"), amount >= params.history, because=remembers)
    assert_rotation(policy(settings, "password_max_age_days", "days"), params)
    said = policy(settings, "breached_password_check", "bool")
    assert_every(said, "is_on", because="{system} takes passwords that are known to be breached")
    assert_on_record(systems, settings, params, card_data=card_data)
    note_every(systems, "{system}: {accounts} accounts, the oldest password set on {oldest}")


def systems_of_people(accounts: Table, settings: Table) -> Table:
    """The systems with an enabled account of a person or admin, and whether a person there has no second factor."""
    people = accounts.where(col("enabled") & col("account_type").is_in(["person", "admin"]))
    bare = any_of((col("account_type") == "person") & ~col("mfa_enrolled"))
    systems = group(people, "system", accounts=count(), bare=bare, oldest=earliest(col("password_last_set")))
    return with_single_sign_on(systems, settings)


def with_single_sign_on(rows: Table, settings: Table) -> Table:
    """The same rows with `federated`: whether nobody signs in to their system with a password of it.

    `all` is the same for every row, for what is asked of all systems together.
    """
    alone = settings.where((col("setting") == "sso_only") & col("is_on"))
    return rows.exists(alone, "system", "federated").with_columns(all=col("system").is_told())


def with_policies(settings: Table, systems: Table, accounts: Table) -> Table:
    """The settings, each beside its system as `of`, with `counts`: whether people sign in under it.

    That is where people have accounts, and, if another system relies on single sign-on, where `accounts` knows nothing
    of the system: such a one is or may be its identity provider, and `provides`.
    """
    rows = with_single_sign_on(settings, settings).match(systems, "system", "of").exists(accounts, "system", "listed")
    rows = rows.exists(systems.where(col("federated")), "all", "needed")
    provides = ~col("federated") & (col("of") | ~col("listed"))
    return rows.with_columns(provides=provides, counts=provides & (col("of") | col("needed")))


def policy(settings: Table, setting: str, unit: str) -> Table:
    """The rows of one setting that count; an amount in another unit is not known."""
    fits = col("unit").is_null() | (col("unit") == unit)
    rows = settings.where((col("setting") == setting) & col("counts"))
    return rows.with_columns(amount=when(maybe(~fits), col("amount"), col("amount")))


def with_policy(systems: Table, settings: Table, setting: str) -> Table:
    """The systems with `told`: whether the setting is on record for them, or for an identity provider of theirs."""
    rows = settings.where(col("setting") == setting)
    known = systems.exists(rows, "system", "own").exists(rows.where(col("provides")), "all", "provided")
    return known.with_columns(told=when(col("federated"), col("provided"), col("own")))


def assert_on_record(systems: Table, settings: Table, params: Any, *, card_data: bool) -> None:
    """Every setting that decides is on record for every system; one that is not leaves it undecided."""
    history = ("password_history",) if card_data else ()
    age = ("password_max_age_days",) if params.rotation_mode == "max_age" else ()
    providers = identity_providers(settings)
    for setting in (*PASSWORD_SETTINGS, *history, *age):
        known = with_policy(systems, settings, setting)
        assert_every(known, col("told") | maybe(~col("told")), because=f"{setting} of {{system}} is not on record")
        silent = providers.exists(settings.where(col("setting") == setting), "system", "own").where(~col("own"))
        cannot_tell(f"{setting} is not on record for an identity provider that systems rely on", about=silent)
    silent = with_policy(systems, settings, "breached_password_check").where(~col("told"))
    note_every(silent, "{system} does not say whether it refuses breached passwords")


def identity_providers(settings: Table) -> Table:
    """What is not in `accounts`, has some setting of passwords, and may be what a system with single sign-on relies on.

    Which of several such a system relies on nothing says, so each must have all.
    """
    told = settings.where(col("provides") & ~col("of") & col("needed") & col("setting").is_in(list(PASSWORD_SETTINGS)))
    return group(told, "system", settings=count())


def is_long_enough(params: Any, *, card_data: bool) -> Expr:
    """Whether the least length meets the floor for the use: a second factor for all lowers it, card data raises it."""
    card = params.min_length_card_data if card_data else 0
    protected = col("of") & ~col("of_bare")
    lower, higher = (int(max(n, card)) for n in (params.min_length_with_mfa, params.min_length_single_factor))
    return (protected & (col("amount") >= lower)) | (col("amount") >= higher)


def assert_rotation(ages: Table, params: Any) -> None:
    """Passwords end in time where the profile wants that, and else it is noted that they end."""
    if params.rotation_mode == "max_age":
        in_time = (col("amount") >= 1) & (col("amount") <= LONGEST_ROTATION)
        assert_every(ages, in_time, because="{system} keeps a password for {value} days (0: for ever)")
    else:
        note_every(ages, "{system} has passwords changed after {value} days (0: never)")


@control.on_host("LOG-04", roles=SERVERS)
def test_passwords_are_long_and_wrong_ones_lock_the_account(
    password_quality: Facts, account_lockout: Facts, shadow_accounts: Facts, params: Any, engagement: Terms
) -> None:
    """Passwords meet the length floor for their use, breached or blank passwords are refused, and accounts lock after
    the allowed attempts for the required time.
    """
    card_data = "card_data" in engagement.features
    assert_each(shadow_accounts, lambda row: row.state != "no_password", because="{name} needs no password", by="name")
    if params.rotation_mode == "max_age":
        assert_each(
            shadow_accounts,
            lambda row: row.max_days is not None and 1 <= row.max_days <= LONGEST_ROTATION,
            where=lambda row: row.state == "usable",
            because="{name} may keep its password for more than 90 days",
            by="name",
        )
    floor = max(params.min_length_single_factor, params.min_length_card_data if card_data else 0)
    assert password_quality["min_length"] >= floor, f"passwords may be shorter than {floor} characters"
    assert password_quality["refuses_dictionary"], "passwords that everybody guesses are not refused"
    if card_data:
        assert password_quality["history"] >= params.history, (
            f"fewer than {params.history} former passwords are refused"
        )
    assert not account_lockout["accepts_empty"], "an empty password is let in"
    assert account_lockout["is_active"], "wrong passwords lock no account"
    attempts = account_lockout["attempts"]
    assert 1 <= attempts <= params.lockout_attempts, f"more than {params.lockout_attempts} wrong passwords are allowed"
    unlock = account_lockout["unlock_seconds"]
    long_enough = unlock == 0 or unlock >= params.lockout_minutes * 60
    assert long_enough, f"an account unlocks in less than {params.lockout_minutes} minutes"


@control(
    "LOG-05",
    "Idle screens lock",
    severity="high",
    params={
        "desktop_idle": house(5, "min", range=(1, 15), source="production floor; PCI ceiling 15"),
        "ceiling": standard(15, "min", range=(1, 60), source="PCI 8.2.8; CIS 4.3"),
    },
    maps={
        "PCI": ["8.2.8"],
        "ISO27001": ["A.7.7", "A.8.1"],
        "SOC2": ["CC6.1"],
        "CSF": ["PR.AA-03", "PR.PS-01"],
        "NIST80053": ["AC-11", "AC-12"],
        "CIS": ["4.3"],
        "CCM": ["UEM-06", "HRS-03"],
        "HIPAA": ["164.312(a)(2)(iii)"],
    },
    remedy=(
        "Set the lock in each console and in the device management system, which must reach every device. On Linux, "
        "prescribe idle-delay, lock-enabled and lock-delay in the system's dconf database, list all three under "
        "locks, run dconf update; give wallboards a profile of their own. On servers write readonly TMOUT=900 into a "
        "file of /etc/profile.d."
    ),
    decisions=[
        (
            "Host lines read the probe; the organisation line reads settings and devices, and is inconclusive "
            "(missing) without settings."
        ),
        (
            "Population: settings rows with setting idle_lock_minutes and every devices row; the finding is the "
            "settings row."
        ),
        "Each system that the engagement calls client's needs such a row, at most ceiling; a missing row is undecided.",
        (
            "The row of the device management system (setting desktop_idle_lock_minutes) must be at most desktop_idle; "
            "0 means never and is a finding, a missing row is undecided."
        ),
        "A device with mdm_enrolled false or null is undecided: nothing shows that the lock reaches it.",
        "idle_lock_user_can_change true is a finding; the row is optional.",
        (
            "Host lines of workstations speak of the graphical session: from the last touch to the lock at most "
            "desktop_idle; 0 means never."
        ),
        (
            "Host lines of the other roles speak of the shell: TMOUT, set for everybody and read-only, at most "
            "ceiling; 0 means never. What sshd says of idleness does not stand in for it: ClientAlive asks whether "
            "the other side lives, ChannelTimeout does not see the console."
        ),
        (
            "Conditions in the start files are not followed: a limit counts as set for everybody wherever it stands. A "
            "value that only a shell could work out, and a server without such a shell (Windows), is inconclusive."
        ),
        "What is not prescribed can be changed: the lock, its idle time and its delay must each be prescribed.",
        "Prescriptions that are newer than the compiled database are not in force: a finding.",
    ],
    typical_exception="Mouse-jiggler dongles; lock disabled for wallboard users and copied to the agent image.",
)
@reads(devices="device_id os mdm_enrolled", settings="system setting value unit amount is_on")
def test_idle_screens_lock(devices: Table, settings: Table, params: Any, engagement: Terms) -> None:
    """Unattended sessions lock within the limit on agent desktops, consoles and the CRM, and users cannot change it."""
    consoles = settings.where(col("setting") == "idle_lock_minutes")
    desktops = settings.where(col("setting") == "desktop_idle_lock_minutes")
    unset, systems = "how soon an idle screen locks is not on record", engagement.client_systems
    assert_listed(consoles, "system", systems, because="{system}: " + unset, if_absent="unknown")
    desktop = "{setting}: " + unset
    assert_listed(desktops, "setting", ["desktop_idle_lock_minutes"], because=desktop, if_absent="unknown")
    if not systems:
        note("the engagement calls no system the client's, so no console was asked for")
    assert_locks_within(consoles, params.ceiling)
    assert_locks_within(desktops, params.desktop_idle)
    changed = settings.where(col("setting") == "idle_lock_user_can_change")
    assert_every(changed, ~col("is_on"), because="users of {system} can change when the screen locks")
    managed = col("mdm_enrolled")
    assert_every(devices, managed | maybe(~managed), because="{os} device that no lock is shown to reach")


def assert_locks_within(locks: Table, limit: int) -> None:
    """Every idle lock comes within the limit; one that never comes does not, one in another unit is undecided."""
    fits = col("unit").is_null() | (col("unit") == "min")
    amount = when(maybe(~fits), col("amount"), col("amount"))
    assert_every(locks, (amount > 0) & (amount <= limit), because="{system} locks after {value} minutes (0: never)")


@control.on_host("LOG-05", roles=DESKTOPS)
def test_an_idle_screen_locks_and_nobody_can_change_it(screen_lock: Facts, params: Any) -> None:
    """Unattended sessions lock within the limit on agent desktops, and users cannot change it."""
    assert screen_lock["is_managed"], "nothing prescribes that an idle screen locks"
    assert screen_lock.get("is_compiled", True), "what is prescribed is not in force: dconf update is due"
    assert screen_lock.get("lock_enabled", False), "no lock is prescribed"
    prescribed = "idle_seconds" in screen_lock and "lock_delay_seconds" in screen_lock
    assert prescribed, "the idle time or the delay of the lock is not prescribed"
    assert not screen_lock["users_can_change"], "users can change the lock"
    idle, delay = screen_lock["idle_seconds"], screen_lock["lock_delay_seconds"]
    soon = idle > 0 and idle + delay <= params.desktop_idle * 60
    assert soon, f"an idle screen does not lock within {params.desktop_idle} minutes"


@control.on_host("LOG-05", roles=SERVERS)
def test_an_idle_shell_ends_and_nobody_can_change_it(shell_timeout: Facts, params: Any) -> None:
    """An idle shell of a server ends within ceiling, and users cannot change it."""
    assert shell_timeout["is_set"], "nothing ends an idle shell"
    assert shell_timeout["is_readonly"], "users can change when an idle shell ends"
    soon = 0 < shell_timeout["seconds"] <= params.ceiling * 60
    assert soon, f"an idle shell does not end within {params.ceiling} minutes"


def resets_of_people(resets: Table, accounts: Table | None, period: Window) -> Table:
    """The resets of a password or factor in the period, without those of accounts that belong to a service."""
    asked = period.of(resets).where(col("reset_type").is_in(RESET))
    return without_services(with_system(asked, accounts), accounts)


@control(
    "LOG-06",
    "Resets only after proving identity",
    severity="critical",
    params={
        "approved_methods": house(list(PROOFS), "list", allowed=PROOFS),
        "owner_notice": house(15, "min", range=(0, 1440)),
        "verified_rate": standard(100, "%", range=(0, 100), source="PCI 8.3.3"),
        "match_window": house(60, "min", range=(0, 1440)),
    },
    maps={
        "PCI": ["8.3.3"],
        "ISO27001": ["A.5.17", "A.5.16"],
        "SOC2": ["CC6.2"],
        "CSF": ["PR.AA-02"],
        "NIST80053": ["IA-5", "IA-12"],
        "CIS": ["6.1", "14.2"],
        "CCM": ["IAM-15"],
        "PH": ["IRR s.28(g)"],
    },
    remedy=(
        "Call each owner today on the number that the roster has, and end the sessions of those who did not ask. Let "
        "the help desk's tool refuse a reset without a recorded check, and send the owner a message by itself."
    ),
    decisions=[
        (
            "Population: resets rows of reset_type password or factor in the period, and credential_changes where "
            "given; unlock is outside."
        ),
        "Finding: the resets row, or the credential_changes row that has no reset.",
        (
            "self_service_strong needs no handler_id, and owner_notified_at is still asked for; any other reset "
            "without handler_id is undecided."
        ),
        "verified null, verify_method null and none are findings, not undecided.",
        (
            "A notice before ts is a finding; ts + owner_notice is in time; open, it is a finding once that limit lies "
            "before the as-of instant, and undecided before."
        ),
        "An actor_id null is not the account itself; accounts of type service and system are outside.",
        (
            "One reset serves every change of its account within match_window: a factor is removed and added on one "
            "ticket. A reset outside the period serves a change in it too."
        ),
        "verified_rate counts rows verified true over the population, pooled; below it each other row is a finding.",
        "A reset that names no system is of the only system in accounts with that account; else it may be of any.",
        "A reset that the drawn sample calls an exception is a finding on the resets row.",
        "A reset without a manager's approval, or with a sign-in from abroad soon after, is a note.",
    ],
    typical_exception=(
        "Agent reads out a temporary password to whoever calls; MFA app reset on the strength of an employee number."
    ),
)
@reads(resets="ticket_id ts account_id reset_type handler_id verify_method verified owner_notified_at")
@reads.optional(
    resets="system manager_approved",
    credential_changes="ts system account_id change actor_id",
    auth_events="system account_id ts src_ip country country_code",
    sample_results="sample_id row_key answer at",
    accounts="system account_id employee_id account_type",
)
def test_resets_only_after_proving_identity(
    resets: Table,
    credential_changes: Table | None,
    auth_events: Table | None,
    sample_results: Table | None,
    accounts: Table | None,
    params: Any,
    period: Window,
    as_of: AsOf,
    engagement: Terms,
) -> None:
    """Every row of resets with reset_type password or factor and ts in the period has verified true and a
    verify_method in approved_methods, and owner_notified_at lies in [ts, ts + owner_notice], both ends included. Where
    credential_changes are given, every change of kind password, factor_added or factor_removed whose actor_id is not
    the account itself has such a reset of the same account with ts at most match_window before or after it. That the
    check came before the reset is what verified states; the table holds no time of the check.
    """
    asked = resets_of_people(resets, accounts, period)
    assert_identity_was_proved(asked, params)
    by_itself = col("verify_method").is_not_null() & (col("verify_method") == "self_service_strong")
    assert_every(asked, by_itself | col("handler_id").is_not_null(), because="who handled it is not recorded")
    assert_owners_were_told(asked, params, as_of)
    if sample_results is not None:
        refuted = sample_results.where(col("sample_id").starts_with("log-06") & (col("answer") == "exception"))
        heard = asked.exists(refuted, {"ticket_id": "row_key"}, "refuted")
        assert_every(heard, ~col("refuted"), because="the sample shows no proof of identity")
    if credential_changes is not None:
        assert_changes_have_tickets(without_services(period.of(credential_changes), accounts), resets, accounts, params)
    note_what_is_odd(asked, auth_events, engagement, params)


def assert_identity_was_proved(resets: Table, params: Any) -> None:
    """Every reset records a check of identity that succeeded, by an approved method."""
    verified = col("verified").is_not_null() & col("verified")
    assert_rate(resets, verified, at_least=params.verified_rate, because="no identity check succeeded")
    approved = col("verify_method").is_in(params.approved_methods)
    assert_every(resets, approved, because="identity checked by {verify_method}, which is not approved")


def assert_owners_were_told(resets: Table, params: Any, as_of: AsOf) -> None:
    """The owner of every account was told at the reset or soon after; what may still come is undecided."""
    told, limit = col("owner_notified_at"), col("ts") + minutes(params.owner_notice)
    may_come = told.is_null() & (limit >= as_of.instant)
    assert_every(resets, told.is_not_null() | maybe(may_come), because="the owner was not told")
    assert_every(resets, told.is_null() | (told >= col("ts")), because="the owner was told before the reset")
    too_late = f"the owner was told more than {params.owner_notice} minutes later"
    assert_every(resets, told.is_null() | (told <= limit), because=too_late)


def assert_changes_have_tickets(changes: Table, resets: Table, accounts: Table | None, params: Any) -> None:
    """Every change that somebody else made to an account has a reset of that account soon before or after it."""
    own = col("actor_id").is_told() & (col("actor_id") == col("account_id"))
    others = changes.where(col("change").is_in(CHANGED) & ~own)
    window = minutes(params.match_window)
    near = (col("ts") - window, col("ts") + window)
    tickets = with_system(resets.where(col("reset_type").is_in(RESET)), accounts)
    met = others.during(tickets, "account_id", "ts", near, "ticket_like")
    if resets.has("system"):
        met = met.during(tickets, ACCOUNT, "ts", near, "ticket")
        met = met.with_columns(ticket_like=col("ticket_like") & col("ticket"))
    assert_every(met, "ticket_like", because="{change} in {system} by somebody else, without a reset on record")


def note_what_is_odd(resets: Table, auth_events: Table | None, engagement: Terms, params: Any) -> None:
    """List resets that no manager approved, and sign-ins from abroad soon after one."""
    if resets.has("manager_approved"):
        note_every(resets.where(~col("manager_approved")), "no manager approved it")
    if auth_events is not None and auth_events.has("country_code") and resets.has("system"):
        span = (col("ts"), col("ts") + minutes(params.match_window))
        after = auth_events.during(resets, ACCOUNT, "ts", span, "after_reset").where(col("after_reset"))
        abroad = after.where(col("country_code") != engagement.country)
        note_every(abroad, "signed in to {system} from {country_code} soon after a reset")


@control.claims(
    "LOG-06",
    "Every reset on a ticket records a successful identity check by an approved method; whether the owner was told, "
    "and whether resets happened without a ticket, is not shown.",
)
@reads(resets="ticket_id ts account_id reset_type verify_method verified")
def test_every_reset_records_a_proof_of_identity(resets: Table, params: Any, period: Window) -> None:
    """Every reset of the period records a successful check of identity by an approved method."""
    assert_identity_was_proved(period.of(resets).where(col("reset_type").is_in(RESET)), params)


@control(
    "LOG-07",
    "Sign-ins only from agreed countries",
    severity="high",
    params={
        "allowed_countries": house(
            ["PH", "IN"], "list", source="from the contract; PH IRR 44(a) needs the place of processing stated"
        )
    },
    maps={
        "ISO27001": ["A.5.14", "A.5.23"],
        "SOC2": ["CC6.6"],
        "CSF": ["DE.CM-03", "PR.AA-05"],
        "NIST80053": ["AC-17", "SA-9(5)"],
        "CIS": ["13.5"],
        "CCM": ["DSP-19"],
        "GDPR": ["28.3.a", "46.1"],
        "PH": ["DPA s.21(a)", "IRR s.44(a)"],
        "IN": ["DPDPA 16(1)"],
    },
    remedy=(
        "End the session and ask the owner where they were; block other countries in the identity provider within a "
        "week. Where the work is agreed, have the country written into the contract first."
    ),
    decisions=[
        "The parameter decides; clauses and subprocessors only label.",
        "Population: auth_events rows with result success on client systems; the finding is the auth_events row.",
        "Codes are ISO alpha-2, compared without case; a text that is none is undecided.",
        "The country is the source's; no lookup by address is made.",
    ],
    typical_exception="Agent on holiday or a sub-let job worked from a third country through a commercial VPN.",
)
@reads(auth_events="ts system account_id result country country_code src_ip")
def test_signins_come_only_from_agreed_countries(
    auth_events: Table, params: Any, period: Window, engagement: Terms
) -> None:
    """No auth_events row with result success on a system that the engagement calls client's has a country outside
    allowed_countries; without such a list of systems every system counts. A null country is undecided.
    """
    signins = period.of(auth_events).where(col("result") == "success")
    if engagement.client_systems:
        signins = signins.where(col("system").is_in(engagement.client_systems))
    agreed = [country.upper() for country in params.allowed_countries]
    assert_every(signins, col("country_code").is_in(agreed), because="signed in from {country_code}")
