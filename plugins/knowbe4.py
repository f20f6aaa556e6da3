"""KnowBe4: enrollments as `training` and recipients of phishing tests as `phish`, of the API or flattened as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

ENROLLMENTS: Final = Adapter(
    name="knowbe4_enrollments",
    kind="training",
    product="KnowBe4 training enrollments (reporting API v1, JSON, or the same as CSV)",
    headers=("enrollment_id", "module_name", "user.email", "enrollment_date", "completion_date", "status"),
    columns={
        "user.email": "employee_id",
        "module_name": "course",
        "enrollment_date": "assigned_on",
        "start_date": "started_at",
        "completion_date": "completed_at",
        "time_spent": "seconds_spent",
        "status": "passed",
    },
    values={
        "passed": {
            "Passed": "true",
            "Completed": "",
            "Not Started": "false",
            "In Progress": "false",
            "Past Due": "false",
        },
    },
    constants={},
    date_order="ymd",
    zone="UTC",
    about="Completed alone says nothing of a quiz, so whether it was passed is not known. It says no score, version or "
    "language, and may leave out archived users, leavers among them. A page holds at most 500: a file of exactly 500 "
    "or a multiple is likely cut. People are named by e-mail address: hand over identity_map, or name "
    "user.employee_number under columns in pack.yaml.",
    stops=(500,),
)
RECIPIENTS: Final = Adapter(
    name="knowbe4_recipients",
    kind="phish",
    product="KnowBe4 recipients of a phishing security test (reporting API v1, JSON, or the same as CSV)",
    headers=("recipient_id", "pst_id", "user.email", "delivered_at", "clicked_at", "data_entered_at", "reported_at"),
    columns={
        "pst_id": "campaign_id",
        "user.email": "employee_id",
        "delivered_at": "sent_at",
        "template.name": "template",
        "clicked_at": "clicked_at",
        "data_entered_at": "submitted_at",
        "reported_at": "reported_at",
    },
    values={},
    constants={},
    date_order="ymd",
    zone="UTC",
    about="A mail that was not delivered is left aside, one that bounced among them. Opening a mail is no click. "
    "Replies, opened attachments and macros are no clicks here either: a test built on them needs its own look. An "
    "administrator can delete failures for good: compare the counts of the test with its rows. It does not say who was "
    "trained after a click.",
    aside={"delivered_at": ("",)},
    stops=(500,),
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """Enrollments and recipients."""
    return (ENROLLMENTS, RECIPIENTS)
