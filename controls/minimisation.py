"""Minimum: only what the work needs is shared, shown, looked at and taken out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ctrlkit import (
    AsOf,
    Table,
    Window,
    any_of,
    assert_every,
    assert_rate,
    beside,
    col,
    control,
    count,
    days,
    first_of,
    house,
    maybe,
    minutes,
    note_every,
    reads,
    standard,
)
from ctrlkit.kind import shipped

ROLES = shipped()["roster"].column("role").values
CLASSES = shipped()["field_matrix"].column("data_class").known_values
MASKED = ("pan", "government_id", "bank_account")
LOOKS = ("view", "edit", "export")


@control(
    "MIN-01",
    "Only needed fields are shared",
    severity="high",
    params={
        "unused_days": house(90, "days", range=(0, 3650)),
        "approval_age": house(365, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["7.2.1", "7.2.2"],
        "ISO27001": ["A.8.3", "A.5.34"],
        "SOC2": ["P3.1", "P4.1", "CC6.3"],
        "CSF": ["PR.AA-05", "ID.AM-07"],
        "NIST80053": ["SI-12(1)", "AC-6"],
        "CIS": ["3.3", "6.8"],
        "CCM": ["DSP-08", "IAM-05"],
        "GDPR": ["5.1.c", "25.2"],
        "PH": ["DPA s.11(c)", "DPA s.11(d)", "IRR s.18"],
        "IN": ["DPDPA 6(1)"],
        "CCPA": ["7051-a.2"],
        "HIPAA": ["164.502(b)"],
    },
    remedy=(
        "Take each listed field out of the feed or the screen within a month, or write down who needs it for what "
        "and have the client approve it. Renew the approvals once a year."
    ),
    decisions=[
        (
            "Population: field_matrix rows, and feeds rows sent in the period; findings are field_matrix rows and the "
            "first feeds row per client and field."
        ),
        (
            "last_used_on null is a finding, also for a field just approved, since the log reaches and shows no use; "
            "without a log the column is left out and the smaller claim is decided."
        ),
        "Limits are inclusive; purpose blank or null is a finding.",
        "The client's copy of field_matrix outranks the vendor's.",
        "Client and field are compared without case; a field sent in several feeds is one finding.",
    ],
    typical_exception="Nightly full-customer dump because it was easier than an API.",
)
@reads(field_matrix="client system role field data_class purpose approved_by approved_on last_used_on")
@reads.optional(feeds="client feed field sent_on")
def test_only_needed_fields_are_shared(
    field_matrix: Table, feeds: Table | None, params: Any, period: Window, as_of: AsOf
) -> None:
    """Every field_matrix row has purpose, approved_by, approved_on at most approval_age and last_used_on at most
    unused_days before the as-of date; and where feeds are given, every field sent in the period has a row of the same
    client and field in field_matrix. A feed field without one is a finding.
    """
    used = col("last_used_on")
    assert_approved_for_a_purpose(field_matrix, params, as_of)
    assert_every(field_matrix, used.is_not_null(), because="{field} was never used")
    lately = used.is_null() | (used + days(params.unused_days) >= as_of.date)
    assert_every(field_matrix, lately, because="{field} was last used on {last_used_on}")
    if feeds is not None:
        sent = period.of(feeds).exists(field_matrix, {"client": "client", "field": "field"}, "listed")
        assert_every(first_of(sent, "client", "field"), "listed", because="{field} is sent and stands in no matrix")


def assert_approved_for_a_purpose(field_matrix: Table, params: Any, as_of: AsOf) -> None:
    """Every field has a purpose and an approval that is not too old."""
    on = col("approved_on")
    assert_every(field_matrix, col("purpose").is_not_null(), because="no purpose is stated for {field}")
    assert_every(field_matrix, col("approved_by").is_not_null(), because="nobody approved {field}")
    assert_every(field_matrix, on.is_not_null(), because="{field} was never approved")
    fresh = on.is_null() | (on + days(params.approval_age) >= as_of.date)
    assert_every(field_matrix, fresh, because="{field} was approved on {approved_on}, too long ago")


@control.claims(
    "MIN-01",
    "Every listed field has a stated purpose and a fresh approval; whether it was used, and whether more is sent than "
    "listed, is not shown.",
)
@reads(field_matrix="client system role field data_class purpose approved_by approved_on")
def test_every_listed_field_is_approved_for_a_purpose(field_matrix: Table, params: Any, as_of: AsOf) -> None:
    """Every field_matrix row has purpose, approved_by, and approved_on at most approval_age before the as-of date."""
    assert_approved_for_a_purpose(field_matrix, params, as_of)


@control(
    "MIN-02",
    "Sensitive values are masked",
    severity="high",
    params={
        "pan_visible": standard("bin+4", "enum", allowed=["bin+4", "last4", "none"], source="PCI 3.4.1"),
        "id_visible": house(4, "digits", range=(0, 4)),
        "unmasked_roles": house([], "list", source="per client"),
    },
    maps={
        "PCI": ["3.4.1"],
        "ISO27001": ["A.8.11"],
        "SOC2": ["C1.1", "CC6.1"],
        "CSF": ["PR.DS-10"],
        "NIST80053": ["AC-3", "SI-12(1)"],
        "CIS": ["3.3"],
        "CCM": ["DSP-17"],
        "PH": ["DPA s.11(d)"],
        "IN": ["DPDPR r.6(1)(a)"],
        "GDPR": ["32.1.a"],
    },
    remedy=(
        "Mask each listed field for each listed role within two weeks, in every tool that shows it, transcripts and "
        "refunds too. Who must see it whole is named by the client. The card security code is shown to nobody."
    ),
    decisions=[
        "Population: field_matrix rows of the named classes; the finding is the field_matrix row.",
        "masked null is undecided; a card_security_code row is a finding whatever masked says.",
        "A role of unmasked_roles is excused only where approved_by is filled; roles are compared without case.",
        (
            "pan_visible and id_visible are looked at only in sample_results, whose answers are the viewer's; without "
            "them how much shows is not claimed."
        ),
        "A data_class that is none of the known words is noted: nobody can tell whether it should be masked.",
    ],
    typical_exception="Masked in the CRM, plain in the chat transcript and the refund tool.",
)
@reads(field_matrix="client system role field data_class masked approved_by")
@reads.optional(sample_results="sample_id row_key answer at")
def test_sensitive_values_are_masked(field_matrix: Table, sample_results: Table | None, params: Any) -> None:
    """Every field_matrix row with data_class pan, government_id or bank_account has masked true (pan_visible and
    id_visible say what a masked field may show), unless its role is in unmasked_roles and approved_by is filled;
    card_security_code is never shown at all.
    """
    kind, code = col("data_class"), col("data_class") == "card_security_code"
    excused = col("role").is_in([role.lower() for role in params.unmasked_roles]) & col("approved_by").is_not_null()
    sensitive = field_matrix.where(kind.is_in(MASKED))
    assert_every(sensitive, col("masked") | excused, because="{field} is shown whole to {role} in {system}")
    assert_every(field_matrix.where(code), ~code, because="a card security code is shown to {role} in {system}")
    note_every(field_matrix.where(~kind.is_in(CLASSES)), "data_class {data_class} is none of the known words")
    if sample_results is not None:
        seen = sample_results.where(col("sample_id").starts_with("min-02"))
        allowed = f"{params.pan_visible} of a card number or {params.id_visible} digits of an ID"
        assert_every(seen, col("answer") != "exception", because=f"shows more than {allowed}")


def looks_of(record_views: Table, roster: Table, period: Window) -> Table:
    """Views, edits and exports of the period; whoever made one must be on the roster."""
    looks = period.of(record_views).where(col("action").is_in(LOOKS)).match(roster, {"agent_id": "employee_id"}, "who")
    role = col("who_role").is_not_null()
    assert_every(looks.where(~col("who")), "who", because="looked at a record and is not on the roster")
    assert_every(looks.where(col("who") & ~role), role, because="looked at a record in a role that nobody recorded")
    return looks


def assert_looks_follow_contacts(looks: Table, interactions: Table, on: Mapping[str, str], params: Any) -> None:
    """Few looks lie outside a contact with the same `on`, and nobody has many of them on one day."""
    judged = looks.where(col("who") & col("who_role").is_in(params.roles))
    start, end = col("start"), col("end").or_else(col("start"))
    span = (start - minutes(params.window_before), end + minutes(params.window_after))
    met = judged.during(interactions, on, "ts", span, "contact")
    met = met.exists(interactions, {"viewed_on": "started_on"}, "covered")
    fine, because = col("contact") | maybe(~col("covered")), "no contact at that time"
    assert_rate(met, fine, at_least=100 - params.unmatched_rate, all_known=True, because=because)
    alone = beside(met.where(~fine), "agent_id", "viewed_on", that_day=count())
    alone = beside(alone, "agent_id", browses=any_of(col("that_day") > params.per_agent_flag))
    often = f"one of more than {params.per_agent_flag} a day without contact"
    assert_every(alone, ~col("browses"), because=often)
    if looks.has("interaction_id"):
        note_every(alone.where(col("interaction_id").is_not_null()), "the system ties it to contact {interaction_id}")


@control(
    "MIN-03",
    "No looking without a call",
    severity="critical",
    params={
        "window_before": house(5, "min", range=(0, 240)),
        "window_after": house(30, "min", range=(0, 1440)),
        "unmatched_rate": house(2, "%", range=(0, 100)),
        "per_agent_flag": house(10, "views/day", range=(0, 10_000)),
        "roles": house(["agent"], "list", allowed=ROLES),
    },
    finding_note="an indication, to be heard before discipline",
    maps={
        "PCI": ["10.2.1.1", "7.2.6"],
        "ISO27001": ["A.8.15", "A.8.16", "A.8.3"],
        "SOC2": ["CC7.2", "CC6.3"],
        "CSF": ["DE.CM-03", "DE.AE-03"],
        "NIST80053": ["AC-6", "SI-4"],
        "CIS": ["3.14", "8.11"],
        "CCM": ["LOG-05", "DSP-17"],
        "PH": ["DPA s.25", "DPA s.20(a)", "IRR s.28(d)"],
        "IN": ["DPDPR r.6(1)(c)"],
        "GDPR": ["32.4", "5.1.b"],
        "HIPAA": ["164.312(b)", "164.502(b)"],
    },
    remedy=(
        "Hear each listed agent this week before anything else, and tell the client whose records were looked at. "
        "Then let the system open a record only from the contact it belongs to."
    ),
    decisions=[
        (
            "Population: record_views rows with action view, edit or export of roles in roles, ts in the period; the "
            "finding is the record_views row."
        ),
        (
            "Two tests, each enough to fail: unmatched share of the population, pooled, above unmatched_rate; or one "
            "agent above per_agent_flag on one local day. Then all unmatched rows, or all of that agent, are findings."
        ),
        "Exactly 2 % and exactly ten pass; the share is compared before rounding.",
        "With no agent above and the rate kept the unmatched rows are notes.",
        "Team leaders, QA and back office are outside by roles, not by name; a null role is undecided, contact or not.",
        "An agent_id not on the roster is a finding.",
        "A view on a day the interactions do not cover (none began) is undecided; a null end is the start.",
        (
            "A null customer_id of a view is undecided; one of an interaction only makes undecided what that agent "
            "looked at during it."
        ),
        "Days are those of the engagement's zone; an undecided look keeps the control from passing, however few.",
        "That the system ties a look to a contact at another time excuses nothing; it is noted.",
    ],
    typical_exception=(
        "Bribed agents browsed accounts with no contact open and photographed the screen (Coinbase/TaskUs 2024-25)."
    ),
)
@reads(
    record_views="ts agent_id customer_id action viewed_on",
    interactions="interaction_id start end agent_id customer_id started_on",
    roster="employee_id role",
)
@reads.optional(record_views="interaction_id rows")
def test_nobody_looks_without_a_call(
    record_views: Table, interactions: Table, roster: Table, params: Any, period: Window
) -> None:
    """A record_views row with action view, edit or export and an agent_id whose roster role is in roles matches if an
    interaction of the same agent and the same customer has start - window_before <= ts <= end + window_after (end
    null: start). Search rows have no customer and are outside. Fails when unmatched rows are more than unmatched_rate
    of the population, or one agent has more than per_agent_flag of them on one local day; then all unmatched rows, or
    that agent's, are findings. Otherwise they are notes. A null customer_id on either side is undecided.
    """
    same = {"agent_id": "agent_id", "customer_id": "customer_id"}
    assert_looks_follow_contacts(looks_of(record_views, roster, period), interactions, same, params)


@control.claims(
    "MIN-03",
    "Records were opened only during or shortly after some contact of that agent; that it was that customer's contact "
    "is not shown.",
)
@reads(
    record_views="ts agent_id action viewed_on",
    interactions="interaction_id start end agent_id started_on",
    roster="employee_id role",
)
def test_nobody_looks_without_any_call(
    record_views: Table, interactions: Table, roster: Table, params: Any, period: Window
) -> None:
    """Records were opened only during or shortly after some contact of that agent."""
    same = {"agent_id": "agent_id"}
    assert_looks_follow_contacts(looks_of(record_views, roster, period), interactions, same, params)


@control(
    "MIN-04",
    "Bulk export is rare and approved",
    severity="high",
    params={
        "agent_rows": house(0, "rows", range=(0, 10_000_000)),
        "approval_rows": house(100, "rows", range=(0, 10_000_000)),
    },
    maps={
        "PCI": ["7.2.6", "3.4.2"],
        "ISO27001": ["A.8.12", "A.8.3"],
        "SOC2": ["CC6.7"],
        "CSF": ["PR.DS-10", "DE.CM-03"],
        "NIST80053": ["AC-4", "AC-6"],
        "CIS": ["3.13", "3.14"],
        "CCM": ["UEM-11", "DSP-17"],
        "PH": ["IRR s.28(d)"],
        "IN": ["DPDPR r.6(1)(c)"],
        "GDPR": ["32.1.b"],
    },
    remedy=(
        "Find each listed file and delete it, and take the export right from agents today. Let larger exports run only "
        "with a ticket that somebody else approved, and look through the log every month."
    ),
    decisions=[
        "Population: exports rows with ts in the period; the finding is the exports row.",
        "Limits are exceeded by more: 0 rows for agents, exactly 100 rows need no ticket.",
        "Under approval_rows an empty ticket and an own approval are notes.",
        "Above it each of empty ticket, empty approver and own approval is a finding, one per row.",
        (
            "rows null is malformed; a service account as user needs ticket and approver too; a user not on the roster "
            "is undecided for the role."
        ),
        "An export of no more than agent_rows is in order whoever made it.",
    ],
    typical_exception="WFM or QA reports carry full customer rows; report scheduler mails them weekly.",
)
@reads(exports="ts user_id system rows approved_by ticket destination", roster="employee_id role")
def test_bulk_export_is_rare_and_approved(exports: Table, roster: Table, params: Any, period: Window) -> None:
    """No exports row whose user has roster role agent has rows above agent_rows, and every row with rows above
    approval_rows has a ticket and an approved_by that is not the user_id.
    """
    taken = period.of(exports).match(roster, {"user_id": "employee_id"}, "user")
    few, large = col("rows") <= params.agent_rows, col("rows") > params.approval_rows
    ticket, other = col("ticket").is_not_null(), col("approved_by") != col("user_id")
    assert_every(taken, few | (col("user_role") != "agent"), because="an agent took {rows} rows out of {system}")
    assert_every(taken, ~large | ticket, because="{rows} rows without a ticket")
    assert_every(taken, ~large | col("approved_by").is_not_null(), because="{rows} rows that nobody approved")
    assert_every(taken, ~large | other, because="{rows} rows approved by whoever took them")
    note_every(taken.where(~large & ~ticket), "{rows} rows without a ticket; so few need none")
    note_every(taken.where(~large & ~other), "{rows} rows approved by whoever took them; so few may be")
