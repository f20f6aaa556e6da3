"""Multi-factor: a stolen password alone opens no customer record."""

from __future__ import annotations

from typing import Any

from ctrlkit import (
    Table,
    assert_every,
    assert_rate,
    beside,
    col,
    control,
    count,
    distinct,
    group,
    maybe,
    note_every,
    reads,
    standard,
)

NO_FACTOR = ("bypass", "security_question", "remembered_device")
TIED_TO_A_DEVICE = ("fido2", "passkey_device_bound", "smartcard", "windows_hello", "push", "hardware_token")


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
