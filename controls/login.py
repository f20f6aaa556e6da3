"""Login: who signed in, and whether that person was at work and where the contract says."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ctrlkit import (
    AsOf,
    Facts,
    Table,
    Terms,
    Window,
    assert_each,
    assert_every,
    col,
    control,
    count,
    group,
    house,
    minutes,
    note_every,
    reads,
    standard,
    with_owner,
)
from ctrlkit.kind import shipped

ACCOUNT = {"system": "system", "account_id": "account_id"}
OWNER = {"account_owner_id": "employee_id"}
ROLES = shipped()["roster"].column("role").values
SERVERS = ("server", "jump", "mail")
DESKTOPS = ("workstation",)
LONGEST_ROTATION = 90


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


@control.on_host(
    "LOG-04",
    "Password and lockout settings",
    roles=SERVERS,
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
        "Set minlen in pwquality.conf with credits at 0 or less, put pam_faillock (deny, unlock_time) into the stacks "
        "that people sign in by, take nullok out of them, and lock each account without a password today."
    ),
    decisions=[
        ("Host lines read the probe alone; the organisation line, over settings and accounts, is not judged yet."),
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
            "rotation_mode max_age: every account with a password must change it within 1 to 90 days; rotation_mode "
            "on_compromise asks nothing."
        ),
        "A host that tests no new password against a dictionary refuses no breached one.",
    ],
    typical_exception=(
        "Login.defs PASS_MIN_LEN set and believed, though PAM ignores it; faillock module present in the file but not "
        "in the active stack."
    ),
)
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


@control.on_host(
    "LOG-05",
    "Idle screens lock",
    roles=DESKTOPS,
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
        "Prescribe idle-delay, lock-enabled and lock-delay in the system's dconf database, list all three under "
        "locks, run dconf update; give wallboards a profile of their own. On servers write readonly TMOUT=900 into a "
        "file of /etc/profile.d."
    ),
    decisions=[
        "Host lines read the probe; the organisation line, over settings and devices, is not judged yet.",
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
