"""Multi-factor: a stolen password alone opens no customer record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ctrlkit import (
    AsOf,
    Table,
    Terms,
    Window,
    assert_every,
    assert_rate,
    beside,
    col,
    control,
    count,
    distinct,
    group,
    house,
    maybe,
    note_every,
    reads,
    standard,
    without_services,
)

SERVICES = ("service", "system")
NO_FACTOR = ("bypass", "security_question", "remembered_device")
RESISTS_PHISHING = ("fido2", "passkey_device_bound", "smartcard", "windows_hello")
TIED_TO_A_DEVICE = (*RESISTS_PHISHING, "push", "hardware_token")


def persons_of(accounts: Table) -> Table:
    """The enabled accounts of persons; how many of other types are outside is noted."""
    enabled = accounts.where(col("enabled"))
    others = group(enabled.where(col("account_type") != "person"), "account_type", accounts=count())
    note_every(others, "{accounts} enabled accounts of type {account_type} are outside")
    return enabled.where(col("account_type") == "person")


@control(
    "MFA-01",
    "Second factor enrolled for everyone",
    severity="critical",
    params={"coverage": standard(100, "%", range=(0, 100), source="PCI 8.4.2/8.4.3; FTC Safeguards 314.4(c)(5)")},
    maps={
        "PCI": ["8.4.1", "8.4.2", "8.4.3"],
        "ISO27001": ["A.8.5"],
        "SOC2": ["CC6.1"],
        "CSF": ["PR.AA-03"],
        "NIST80053": ["IA-2(1)", "IA-2(2)"],
        "CIS": ["6.3", "6.4", "6.5"],
        "CCM": ["IAM-14"],
        "PH": ["NPC 2023-06", "NPC PHE Bulletin 12"],
        "GDPR": ["32.1.b"],
    },
    remedy=(
        "Enrol a second factor for each listed account before its owner's next shift, or disable the account. Put "
        "systems with a password of their own behind single sign-on."
    ),
    decisions=[
        (
            "Population: every enabled accounts row of type person, in every system of the table; the finding is "
            "the accounts row."
        ),
        (
            "coverage is judged per system, not pooled; under 100 % each row without a factor in a failing system "
            "is a finding."
        ),
        "mfa_enrolled null is undecided, so the system cannot pass.",
        "mfa_enrolled true with only bypass, security_question or remembered_device as mfa_method is a finding.",
        "An owner on leave, or no owner, does not take an account out.",
    ],
    typical_exception="SSO covered, but the dialler, chat console or WFM tool keeps a local password.",
)
@reads(accounts="system account_id account_type enabled mfa_enrolled mfa_method")
def test_every_person_account_has_a_second_factor(accounts: Table, params: Any) -> None:
    """Every account with account_type person and enabled true has mfa_enrolled true. Types service, system, shared,
    generic, guest and admin are outside this control (LOG-01, MFA-04).
    """
    people = persons_of(accounts)
    enrolled = col("mfa_enrolled") & ~col("mfa_method").every_part_in(NO_FACTOR)
    because = "no second factor enrolled"
    assert_rate(people, enrolled, at_least=params.coverage, per="system", all_known=True, because=because)


@control(
    "MFA-02",
    "Second factor really used",
    severity="critical",
    params={"single_factor_remote": standard(0, "events", range=(0, 100_000), source="PCI 8.4.3")},
    maps={
        "PCI": ["8.4.2", "8.4.3", "8.5.1"],
        "ISO27001": ["A.8.5"],
        "SOC2": ["CC6.1", "CC6.6"],
        "CSF": ["PR.AA-03"],
        "NIST80053": ["IA-2(2)", "IA-2(8)"],
        "CIS": ["6.3", "6.4"],
        "CCM": ["IAM-14"],
    },
    remedy=(
        "Take the exception that let each sign-in through, a trusted network, a remembered device or an old protocol, "
        "out of the sign-in policy within a week, and end the sessions that it opened today."
    ),
    decisions=[
        (
            "Population: auth_events rows with result success and remote true, or on a system that the engagement "
            "calls client's; the finding is the auth_events row."
        ),
        "remote null on a system that is not the client's is undecided.",
        "bypass, security_question and remembered_device count as one factor, whatever factors says.",
        "Two factors of which the source names no method are undecided: one may be a remembered device.",
        (
            "Accounts of type service and system are outside only where accounts is given and says so; an account that "
            "it does not list is inside, one whose type is empty undecided."
        ),
        "More than single_factor_remote events, pooled, fail; then each is a finding, else a note.",
        (
            "In the smaller claim a sign-in without method is counted and not decided; more than half of such rows "
            "make it inconclusive."
        ),
    ],
    typical_exception=(
        "Trusted-network rule exempts the office egress address, which the VPN also exits from, so home workers are "
        "never asked."
    ),
)
@reads(auth_events="ts system account_id result factors mfa_method remote src_ip")
@reads.optional(accounts="system account_id mfa_enrolled account_type")
def test_every_remote_signin_really_used_two_factors(
    auth_events: Table, accounts: Table | None, params: Any, period: Window, engagement: Terms
) -> None:
    """No auth_events row with result success and remote true, or on a system that the engagement calls client's, has
    factors 1. mfa_method remembered_device counts as one factor. Null factors are undecided.
    """
    signins = without_services(period.of(auth_events).where(col("result") == "success"), accounts)
    asked = signins.where(col("remote") | col("system").is_in(engagement.client_systems))
    two = (col("factors") != 1) & ~col("mfa_method").is_in(NO_FACTOR)
    alone = "signed in to {system} with one factor ({mfa_method})"
    assert_every(asked, two, because=alone, at_most=params.single_factor_remote)


@control.claims(
    "MFA-02",
    "No successful sign-in names a password or a remembered device as its only method; sign-ins of which the source "
    "names no method are counted, not decided.",
)
@reads(auth_events="ts system account_id result mfa_method")
def test_no_signin_names_a_method_that_is_no_factor(auth_events: Table, params: Any, period: Window) -> None:
    """No successful sign-in names a method that is no second factor, and at least half of them name one at all."""
    signins = period.of(auth_events).where(col("result") == "success")
    assert_rate(signins, col("mfa_method").is_not_null(), at_least=50, because="the source names no method")
    alone = "signed in to {system} by {mfa_method} alone"
    named, factor = signins.where(col("mfa_method").is_told()), ~col("mfa_method").is_in(NO_FACTOR)
    assert_every(named, factor, because=alone, at_most=params.single_factor_remote)


@control(
    "MFA-03",
    "One factor device, one person",
    severity="critical",
    params={"people_per_factor": standard(1, "person", range=(1, 1), source="PCI 8.3.11")},
    maps={
        "PCI": ["8.3.11"],
        "ISO27001": ["A.5.17"],
        "SOC2": ["CC6.1"],
        "CSF": ["PR.AA-01"],
        "NIST80053": ["IA-5"],
        "CIS": ["6.3"],
        "CCM": ["IAM-14"],
    },
    remedy=(
        "Give each person a factor of their own, a hardware key or desk token where phones are not allowed, and "
        "remove the shared one from every account within a week."
    ),
    decisions=[
        (
            "Population: enabled accounts rows of type person with mfa_identifier_hash; every row of a shared hash "
            "is a finding."
        ),
        "Several accounts of one employee_id may share a hash.",
        "mfa_enrolled false with a null hash is outside (MFA-01).",
        "People on leave and leavers count while the account is enabled.",
        "The hash is compared across systems only where both use the same salt; the pack says so, else per system.",
        "A pack has no way to say so yet: the hash is compared per system.",
    ],
    typical_exception=(
        "The team leader's handset receives the codes for the whole team because agents must leave phones in lockers."
    ),
)
@reads(accounts="system account_id employee_id account_type mfa_enrolled mfa_method mfa_identifier_hash enabled")
def test_one_factor_device_serves_one_person(accounts: Table, params: Any) -> None:
    """Among enabled accounts of account_type person, no mfa_identifier_hash stands on accounts of more than
    people_per_factor different employee_id. Each account that carries such a hash is a finding. mfa_enrolled true
    with a null hash, or a hash without employee_id, is undecided.
    """
    holders = persons_of(accounts).where(col("mfa_identifier_hash").is_not_null())
    judged = beside(holders, "system", "mfa_identifier_hash", people=distinct(col("employee_id")))
    own = (col("people") <= params.people_per_factor) & ~maybe(col("employee_id").is_null())
    assert_every(judged, own, because="its factor serves {people} people")


@control.claims(
    "MFA-03",
    "Every enabled person account uses only factors tied to one device or key (fido2, passkey_device_bound, "
    "smartcard, windows_hello, push, hardware_token); who holds the device is not shown.",
)
@reads(accounts="system account_id employee_id account_type mfa_enrolled mfa_method enabled")
def test_every_factor_is_tied_to_a_device(accounts: Table) -> None:
    """Every enabled person account with a second factor uses only factors tied to one device or key."""
    people = accounts.where(col("enabled") & (col("account_type") == "person") & col("mfa_enrolled"))
    assert_every(
        people, col("mfa_method").every_part_in(TIED_TO_A_DEVICE), because="uses {mfa_method}, tied to no device"
    )


@control(
    "MFA-04",
    "Strong factors for admins, no standing bypass",
    severity="high",
    params={
        "privileged_methods": standard(
            list(RESISTS_PHISHING),
            "list",
            allowed=RESISTS_PHISHING,
            source="NIST SP 800-63B-4 AAL3 / phishing-resistant",
        ),
        "bypass_max": house(30, "days", range=(0, 365)),
    },
    maps={
        "PCI": ["8.4.1", "8.5.1", "8.6.1"],
        "ISO27001": ["A.8.2", "A.8.5"],
        "SOC2": ["CC6.1", "CC6.3"],
        "CSF": ["PR.AA-05"],
        "NIST80053": ["IA-2(1)", "IA-2(8)", "AC-6"],
        "CIS": ["5.4", "6.5"],
        "CCM": ["IAM-10", "IAM-14"],
    },
    remedy=(
        "Give each administrator a security key and remove every weaker method from the account within two weeks. End "
        "each bypass, or date it no more than a month ahead with a named approver."
    ),
    decisions=[
        (
            "Population: enabled accounts rows with privileged true, of any type but service and system, and enabled "
            "rows of every type with bypass or exception_until; the finding is the accounts row."
        ),
        "exception_until excuses a bypass for its days; it never excuses a weak method of a privileged account.",
        "exception_until is one column for every exception, LOG-01's and ACC-05's too, and bypass_max caps it for all.",
        (
            "privileged null is undecided; a privileged account without any method is a finding, be it that none is "
            "enrolled or that the source names none."
        ),
        "Of an account that is not privileged an unknown method is undecided too: it may be a bypass.",
        "An exception_until before the as-of date on an enabled account is a finding, the as-of date itself not.",
        (
            "settings, where given: a row legacy_auth_blocked false is a standing bypass and a finding on the settings "
            "row; mfa_required false is a note."
        ),
    ],
    typical_exception="Break-glass group grown to 40 members; service desk shares one domain administrator.",
)
@reads(accounts="system account_id employee_id privileged mfa_method exception_until enabled account_type")
@reads.optional(settings="system setting value unit is_on")
def test_admins_use_strong_factors_and_nobody_a_standing_bypass(
    accounts: Table, settings: Table | None, params: Any, as_of: AsOf
) -> None:
    """Every enabled account with privileged true, of any account_type but service and system, has an mfa_method whose
    every entry is in privileged_methods (a weaker fallback fails it); and no enabled account holds the method bypass
    or a filled exception_until unless exception_until lies between the as-of date and bypass_max days after it, both
    included.
    """
    enabled, method, until = accounts.where(col("enabled")), col("mfa_method"), col("exception_until")
    admins = enabled.where(col("privileged") & ~col("account_type").is_in(SERVICES))
    assert_every(admins, method.is_told() & method.is_not_null(), because="privileged, without any second factor")
    strong = ~method.is_told() | method.is_null() | method.every_part_in(params.privileged_methods)
    assert_every(admins, strong, because="privileged, and signs in by {mfa_method}")
    bypassing = enabled.where(method.any_part_in(["bypass"]))
    assert_every(bypassing, until.is_not_null(), because="a bypass without end")
    excepted = enabled.where(until.is_not_null())
    assert_every(excepted, until >= as_of.date, because="its exception ended on {exception_until}")
    longest = f"its exception lasts until {{exception_until}}, longer than {params.bypass_max} days"
    assert_every(excepted, until <= as_of.date + timedelta(days=params.bypass_max), because=longest)
    if settings is not None:
        old = settings.where(col("setting") == "legacy_auth_blocked")
        assert_every(old, "is_on", because="{system} lets old protocols sign in, which ask for no second factor")
        note_every(settings.where((col("setting") == "mfa_required") & ~col("is_on")), "{system} requires no factor")
