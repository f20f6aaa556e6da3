"""Screening: who works on customer data was checked before, lawfully, and has promised to keep it secret."""

from __future__ import annotations

from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Table,
    assert_every,
    assert_tied,
    beside,
    col,
    control,
    days,
    earliest,
    group,
    house,
    latest,
    law,
    maybe,
    reads,
    when,
)
from ctrlkit.kind import shipped

ROLES = shipped()["roster"].column("role").values
BOTH = (
    "police", "criminal", "court_record", "address", "employment", "education", "reference", "credit", "sanctions",
    "social_media", "other",
)  # fmt: skip
CRIMINAL = ("nbi", "criminal", "police", "court_record")
ASKED = {"PH": "nbi", "IN": "court_record"}
"""The check of a criminal record that SCR-01 asks for by default, by country."""
NOT_COMPLETE = ("insufficient", "pending", "stopped")
ADVERSE = ("consider", "discrepancy", "unable_to_verify")
NEEDS_CREDIT = ("payments", "payroll")
NO_PERSON = ("service", "system")
DOCUMENTS = ("confidentiality", "acceptable_use")
UNTIED = "no account of anybody who works here is on record"


def with_access(people: Table, accounts: Table, interactions: Table | None) -> Table:
    """The same people with the days of their first `account` and, where that is handed in, first `contact`."""
    made = group(accounts, "employee_id", first=earliest(col("created_on")))
    known = people.match(made, "employee_id", "account")
    if interactions is None:
        return known
    spoken = group(interactions, "agent_id", first=earliest(col("started_on")))
    return known.match(spoken, {"employee_id": "agent_id"}, "contact")


def before_access(rows: Table, grace: int) -> Expr:
    """Whether a check was complete at most `grace` days after each of the person's first days."""
    done, limit = col("completed_on"), days(grace)
    early = done <= col("person_floor_date") + limit
    for way in ("account", "contact"):
        if rows.has(f"person_{way}"):
            early = early & (~col(f"person_{way}") | (done <= col(f"person_{way}_first") + limit))
    return early


def is_settled() -> Expr:
    """Whether nothing is left to decide: the check is clear, or somebody else has decided on it."""
    decided = col("adjudicated_by").is_not_null() & (col("adjudicated_by") != col("employee_id"))
    return (col("result") == "clear") | (col("result").is_in(ADVERSE) & decided)


def lists_of_checks(params: Any) -> dict[str, tuple[str, ...]]:
    """The checks that are asked for, by country; a country without any has no list."""
    lists = {"PH": tuple(params.checks_PH), "IN": tuple(params.checks_IN)}
    return {country: checks for country, checks in lists.items() if checks}


def checks_asked_for(screening: Table, people: Table, params: Any) -> Table:
    """The rows of the checks that the country of their `person` asks for, with the first and newest completion."""
    rows = screening.match(people, "employee_id", "person")
    wanted = ~col("person")
    for country, checks in lists_of_checks(params).items():
        wanted = wanted | ((col("person_country_code") == country) & col("check").is_in(checks))
    asked = rows.where(col("person") & wanted)
    done = col("completed_on")
    return beside(asked, "employee_id", "check", first=earliest(done), newest=latest(done))


def first_completed(rows: Table) -> Table:
    """Of each check the row completed first; all of them where none is complete."""
    return rows.where(col("first").is_null() | (col("completed_on") == col("first")))


def assert_nothing_is_missing(people: Table, screening: Table, params: Any) -> None:
    """Everybody has a row of each check that the country asks for; where no list is set for it, that is undecided."""
    lists = lists_of_checks(params)
    for country, checks in lists.items():
        here = people.where(col("country_code") == country)
        for check in checks:
            lacking = here.without(screening.where(col("check") == check), "employee_id")
            assert_every(lacking, "there", because=f"no {check} check")
    elsewhere = ~col("country_code").is_in(tuple(lists))
    assert_every(people.where(elsewhere), maybe(elsewhere), because="no list of checks is set for the country")


@control(
    "SCR-01",
    "Screened before access",
    severity="critical",
    params={
        "checks_PH": house(["identity", "nbi", "employment", "education"], "list", allowed=["identity", "nbi", *BOTH]),
        "checks_IN": house(
            ["identity", "address", "employment", "education", "court_record"], "list", allowed=["identity", *BOTH]
        ),
        "grace": house(0, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["12.7.1"],
        "ISO27001": ["A.6.1"],
        "SOC2": ["CC1.4"],
        "CSF": ["GV.RR-04"],
        "NIST80053": ["PS-3"],
        "CCM": ["HRS-01"],
        "PH": ["DPA s.13", "IRR s.26(d)"],
        "HIPAA": ["164.308(a)(3)(ii)(B)"],
    },
    remedy=(
        "Take each listed person off customer data today, order the missing checks, and let a person who is not "
        "concerned decide on those that are open. Then have IT make no account before HR says that every check is "
        "complete."
    ),
    decisions=[
        (
            "Population: active and on_leave roster people, each check; the finding is the screening row, else "
            "the roster row."
        ),
        (
            "For time and result the earliest completed row counts, so a later re-screening never makes an honest "
            "vendor late."
        ),
        (
            "The newest completed row must pass by result as well: adverse and not adjudicated, it is a finding "
            "however good the first was."
        ),
        "Adverse is in order once adjudicated_by is filled and names another person.",
        "result null with completed_on filled is undecided; requested_on null is undecided.",
        "A null country, and one for which no list of checks is set, is undecided.",
        "Agency staff count where the roster lists them.",
        (
            "The access dates that can be read may show that a check was late, never that it was in time while "
            "another of them cannot be read."
        ),
        "Where no account of anybody here is on record, nothing shows that accounts are tied to people: undecided.",
        (
            "Findings say that a check is missing, late or open; no result and no type of a recorded check leaves "
            "the vendor."
        ),
        "The smaller claim says before: there the first day on the floor is too late, and grace moves nothing.",
    ],
    typical_exception='Ramp pressure: agents on the floor for weeks on "BGV in progress".',
)
@reads(
    screening="employee_id check requested_on completed_on result adjudicated_by",
    roster="employee_id country country_code status floor_date",
    accounts="system account_id employee_id created_at created_on",
)
@reads.optional(interactions="agent_id start started_on", accounts="client", screening="country", roster="hire_date")
def test_everybody_is_screened_before_access(
    screening: Table, roster: Table, accounts: Table, interactions: Table | None, params: Any
) -> None:
    """For every person with status active or on_leave, each check of checks_PH or checks_IN (by roster country) has a
    row with completed_on at most grace days after the access date and not before requested_on, and result clear, or
    consider, discrepancy or unable_to_verify with adjudicated_by filled. The access date is the earliest of
    floor_date, the local date of created_at of any account of the person, and of the first interaction where given.
    No row, or result insufficient, pending or stopped, is a finding; of several rows for one check the earliest
    completed counts. A person without any access date is undecided.
    """
    here = roster.where(col("status").is_in(["active", "on_leave"]))
    people = with_access(here, accounts, interactions)
    assert_tied(here, accounts, "employee_id", because=UNTIED)
    assert_nothing_is_missing(people, screening, params)
    asked = checks_asked_for(screening, people, params)
    first, done = first_completed(asked), col("completed_on")
    started = done.is_null()
    assert_every(first, done.is_not_null(), because="not complete")
    assert_every(first, started | before_access(first, params.grace), because="complete only after access")
    assert_every(first, started | (done >= col("requested_on")), because="complete before it was asked for")
    assert_every(first, started | is_settled(), because="open")
    assert_every(asked.where(done == col("newest")), is_settled(), because="open")


@control.claims(
    "SCR-01",
    "All required checks were complete before the first day on the floor; when accounts were made is not shown.",
)
@reads(
    screening="employee_id check completed_on result",
    roster="employee_id country country_code status floor_date",
)
def test_everybody_is_screened_before_the_first_day_on_the_floor(screening: Table, roster: Table, params: Any) -> None:
    """Every required check of everybody who is active or on leave was complete before the first day on the floor."""
    people = roster.where(col("status").is_in(["active", "on_leave"]))
    assert_nothing_is_missing(people, screening, params)
    first, done = first_completed(checks_asked_for(screening, people, params)), col("completed_on")
    complete = done.is_not_null() & ~col("result").is_in(NOT_COMPLETE)
    assert_every(first, complete, because="not complete")
    assert_every(first, done.is_null() | (done < col("person_floor_date")), because="complete only on the floor")


@control(
    "SCR-02",
    "Checks are the right ones and fresh",
    severity="medium",
    params={
        "nbi_age_at_hire": house(
            180, "days", range=(0, 3650), source="NBI clearance itself is generally valid one year"
        ),
        "rescreen_months": house(24, "months", range=(1, 120)),
        "high_risk_roles": house(["team_leader", "it_admin", "payments", "payroll"], "list", allowed=ROLES),
    },
    maps={
        "PCI": ["12.7.1"],
        "ISO27001": ["A.6.1"],
        "SOC2": ["CC1.4"],
        "CSF": ["GV.RR-04"],
        "NIST80053": ["PS-3", "PS-7"],
        "CCM": ["HRS-01"],
    },
    remedy=(
        "Order a new check for each listed person within two weeks, and refuse clearances older than the limit "
        "when people are hired. Put the re-screening of high-risk roles into the calendar of HR."
    ),
    decisions=[
        (
            "Population: active roster people; checks nbi, criminal, police and court_record, where a row of that "
            "kind exists or checks_PH, checks_IN ask for it."
        ),
        "Finding: the screening row; for a missing re-screening the newest row of that check, else the roster row.",
        (
            "Age at hire is hire_date - issued_on; an issued_on after hire_date is SCR-01's and passes here; null "
            "is undecided."
        ),
        "At hire the row completed first counts, for the cycle the newest.",
        "rescreen_months are calendar months; people hired within them are not due.",
        (
            "A check that SCR-01 asks for is taken from its defaults: nbi in PH, court_record in IN; a profile "
            "that changes those lists does not move this control."
        ),
        "A row that is not complete says nothing of the age at hire; whether it had to be is SCR-01's.",
        "An exception in the answers to the drawn sample is a finding.",
    ],
    typical_exception='Scan of a friend\'s clearance with the name changed; "hit" never resolved.',
)
@reads(
    screening="employee_id check issued_on completed_on",
    roster="employee_id role hire_date country country_code status",
)
@reads.optional(sample_results="sample_id row_key answer at")
def test_criminal_checks_were_fresh_at_hire_and_are_repeated(
    screening: Table, roster: Table, sample_results: Table | None, params: Any, as_of: AsOf
) -> None:
    """For every active person, issued_on of nbi (PH), criminal, police and court_record checks is at most
    nbi_age_at_hire days before hire_date; and in roles of high_risk_roles the newest completed_on of each such
    check is at most rescreen_months before the as-of date.
    """
    people = roster.where(col("status") == "active")
    rows = criminal_checks(screening, people)
    first = rows.where(col("completed_on") == col("first"))
    fresh = col("issued_on") >= col("person_hire_date") - days(params.nbi_age_at_hire)
    assert_every(first, fresh, because="too old when the person was hired")
    risky = people.where(col("role").is_in(params.high_risk_roles))
    due = risky.where(~(col("hire_date").add_months(params.rescreen_months) >= as_of.date))
    for country, check in ASKED.items():
        lacking = due.where(col("country_code") == country).without(rows.where(col("check") == check), "employee_id")
        assert_every(lacking, "there", because=f"no {check} check in a role of high risk")
    assert_checked_again(criminal_checks(screening, due), params, as_of)
    if sample_results is not None:
        verified = sample_results.where(col("sample_id").starts_with("scr-02"))
        assert_every(verified, col("answer") != "exception", because="not confirmed at the source")


def criminal_checks(screening: Table, people: Table) -> Table:
    """The rows of these people's checks for a criminal record, with the first and newest completion of each check."""
    rows = screening.where(col("check").is_in(CRIMINAL)).match(people, "employee_id", "person").where(col("person"))
    done = col("completed_on")
    return beside(rows, "employee_id", "check", first=earliest(done), newest=latest(done))


def assert_checked_again(rows: Table, params: Any, as_of: AsOf) -> None:
    """The newest completion of each check is no longer ago than the cycle."""
    newest = rows.where(col("newest").is_null() | (col("completed_on") == col("newest")))
    again = col("completed_on").add_months(params.rescreen_months) >= as_of.date
    assert_every(newest, again, because="not repeated in time")


@control.claims(
    "SCR-02",
    "People in high-risk roles were screened within the cycle; how old each paper was at hiring is not shown.",
)
@reads(screening="employee_id check completed_on", roster="employee_id role status")
def test_people_in_roles_of_high_risk_were_screened_within_the_cycle(
    screening: Table, roster: Table, params: Any, as_of: AsOf
) -> None:
    """Everybody active in a role of high risk has a check for a criminal record, each repeated within the cycle."""
    risky = roster.where((col("status") == "active") & col("role").is_in(params.high_risk_roles))
    rows = criminal_checks(screening, risky)
    assert_every(risky.without(rows, "employee_id"), "there", because="no check for a criminal record")
    assert_checked_again(rows, params, as_of)


@control(
    "SCR-03",
    "Screening is lawful",
    severity="medium",
    params={
        "forbidden": law(
            ["hiv", "pregnancy", "age", "religion", "union", "credit_without_reason"],
            "list",
            source="PH RA 11166, RA 10911; DPA s.13",
        ),
        "rejected_retention": house(180, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["12.7.1"],
        "ISO27001": ["A.6.1", "A.5.34"],
        "SOC2": ["P1.1", "P2.1"],
        "CSF": ["GV.OC-03"],
        "NIST80053": ["PS-3", "PT-3"],
        "CCM": ["HRS-01"],
        "GDPR": ["6.1", "10"],
        "PH": ["DPA s.12", "DPA s.13", "DPA s.16", "NPC 2023-04"],
        "IN": ["DPDPA 7(i)", "DPDPA 6(1)"],
    },
    remedy=(
        "Stop ordering the forbidden checks today and delete what came of them. Have each person told or asked "
        "before a check is ordered, and keep the dated notice with the order."
    ),
    decisions=[
        "Population: every screening row, of leavers too; the finding is the screening row.",
        "The same day is in order; notice_or_consent_on null is a finding, requested_on null undecided.",
        (
            "credit counts as credit_without_reason unless the roster role is payments or payroll; without roster "
            "it is undecided."
        ),
        "rejected_retention is judged by RET-01, over datasets; this control only states it.",
        "A credit check of a person whom the roster does not list has no reason.",
    ],
    typical_exception="One blanket consent for any check for ever; rejected files kept for years.",
)
@reads(screening="employee_id check notice_or_consent_on requested_on")
@reads.optional(roster="employee_id role")
def test_screening_is_lawful(screening: Table, roster: Table | None, params: Any) -> None:
    """Every check was requested on or after its notice_or_consent_on, and no check of a type in forbidden was ordered
    (credit only where the role is in payments or payroll). Reads the types ordered and their dates; no result is
    read, and results of drug and medical checks are never handed over. Who decided on adverse results is SCR-01;
    how long rejected files are kept is RET-01 (data_class screening, rejected_retention).
    """
    notice = col("notice_or_consent_on")
    assert_every(screening, notice.is_not_null(), because="no notice or consent is recorded")
    told_first = notice.is_null() | (notice <= col("requested_on"))
    assert_every(screening, told_first, because="ordered before notice or consent")
    assert_every(screening, ~col("check").is_in(params.forbidden), because="a check that must not be ordered")
    if "credit_without_reason" in params.forbidden:
        assert_every(*credit_has_a_reason(screening, roster), because="a credit check without a reason")


def credit_has_a_reason(screening: Table, roster: Table | None) -> tuple[Table, Expr]:
    """The rows, and whether they are no credit check or one of a role that handles money; unknown without roles."""
    credit = col("check") == "credit"
    if roster is None or not roster.has("role"):
        return screening, ~maybe(credit)
    handles_money = col("person") & col("person_role").is_in(NEEDS_CREDIT)
    return screening.match(roster, "employee_id", "person"), ~credit | handles_money


@control(
    "SCR-04",
    "Signed secrecy before access",
    severity="high",
    params={
        "before_access": law(True, "bool", allowed=[True], source="PH DPA s.20(e); GDPR 28(3)(b)"),
    },
    maps={
        "PCI": ["12.1.3", "12.2.1"],
        "ISO27001": ["A.6.6", "A.6.2"],
        "SOC2": ["CC1.1", "C1.1"],
        "CSF": ["GV.RR-04"],
        "NIST80053": ["PS-6"],
        "CCM": ["HRS-10"],
        "GDPR": ["28.3.b"],
        "PH": ["DPA s.20(e)", "IRR s.26(d)", "IRR s.44(b)"],
    },
    remedy=(
        "Have each listed person sign both documents today, before the next sign-in. Let IT make an account only "
        "against the signed copy."
    ),
    decisions=[
        (
            "Population: active roster people, each of the two documents; the finding is the earliest "
            "undertakings row of that document, else the roster row."
        ),
        "Any version counts; the earliest signed_on counts; the same local day passes.",
        "service and system accounts do not start the clock; created_at null everywhere falls back to floor_date.",
        (
            "Where only some accounts have a created_at, the others may be older: a signature in time for the "
            "known ones is undecided."
        ),
        "A null account_type is undecided, where the column is there.",
        "Where no account of anybody active is on record, nothing shows that accounts are tied to people: undecided.",
    ],
    typical_exception="Signed with the vendor but silent on the client; agency staff never asked.",
)
@reads(
    undertakings="employee_id document version signed_on",
    accounts="system account_id employee_id created_at created_on",
    roster="employee_id status hire_date floor_date",
)
@reads.optional(accounts="account_type")
def test_secrecy_is_signed_before_access(undertakings: Table, accounts: Table, roster: Table) -> None:
    """Every active person has undertakings of document confidentiality and acceptable_use with signed_on on or before
    the local date of the earliest created_at of the person's accounts (without accounts: floor_date).
    """
    active = roster.where(col("status") == "active")
    people = with_first_accounts(active, accounts)
    assert_tied(active, of_people(accounts), "employee_id", because=UNTIED)
    for document in DOCUMENTS:
        rows = undertakings.where(col("document") == document).match(people, "employee_id", "person")
        signed = beside(rows.where(col("person")), "employee_id", first=earliest(col("signed_on")))
        first = signed.where(col("first").is_null() | (col("signed_on") == col("first")))
        assert_every(people.without(signed, "employee_id"), "there", because=f"{document} never signed")
        assert_every(first, col("signed_on").is_not_null(), because=f"{document} not signed")
        late = f"{document} signed on {{signed_on}}, after access"
        assert_every(first, col("signed_on").is_null() | signed_before_access(), because=late)


def of_people(accounts: Table) -> Table:
    """The accounts but for those of services and systems."""
    return accounts.where(~col("account_type").is_in(NO_PERSON)) if accounts.has("account_type") else accounts


def with_first_accounts(people: Table, accounts: Table) -> Table:
    """The same people with the days of their first `account`, and of the first of those `dated` at all."""
    accounts = of_people(accounts)
    dated = accounts.where(col("created_on").is_stated())
    first = {"first": earliest(col("created_on"))}
    known = people.match(group(accounts, "employee_id", **first), "employee_id", "account")
    return known.match(group(dated, "employee_id", **first), "employee_id", "dated")


def signed_before_access() -> Expr:
    """Whether the signature is no later than the first account; where none is dated, than the first day on the floor.

    An account without a date may be older than the dated ones.
    """
    by_account = (col("signed_on") <= col("person_dated_first")) & (col("signed_on") <= col("person_account_first"))
    return when(col("person_dated"), by_account, col("signed_on") <= col("person_floor_date"))
