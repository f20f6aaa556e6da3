"""Jira: issues as CSV, read as `incidents`, `alerts`, `findings` or `resets`, as the pack says which they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

_ISSUE: Final = ("Issue key", "Issue id", "Issue Type", "Created")
_ABOUT: Final = (
    "Dates stand as Jira shows them to the person who exports (03/Aug/26 9:15 AM) and carry no zone: they are read in "
    "the pack's time_zone. The screen's export ends at 1,000 issues: a file of exactly 1,000 is likely cut. Every "
    "issue in the file is taken for one of the kind: export by a filter. Fields of the project's own are read as "
    "Custom field (…) by the names below; name others under columns in pack.yaml."
)
_PRIORITY: Final[dict[str, str | None]] = {
    "Highest": "critical",
    "Critical": "critical",
    "Blocker": "critical",
    "High": "high",
    "Major": "high",
    "Medium": "medium",
    "Low": "low",
    "Minor": "low",
    "Lowest": "low",
    "Trivial": "low",
}
_RESET: Final[dict[str, str | None]] = {
    "Password reset": "password",
    "MFA reset": "factor",
    "Factor reset": "factor",
    "Account unlock": "unlock",
}

INCIDENTS: Final = Adapter(
    name="jira_incidents",
    kind="incidents",
    product="Jira issues that are incidents (Export > CSV)",
    headers=(*_ISSUE, "Resolved"),
    columns={
        "Issue key": "incident_id",
        "Custom field (Source reference)": "source_ref",
        "Custom field (Incident kind)": "kind",
        "Custom field (Occurred at)": "occurred_at",
        "Created": "aware_at",
        "Custom field (Client notified at)": "client_notified_at",
        "Custom field (Regulator)": "regulator",
        "Custom field (Regulator notified at)": "regulator_notified_at",
        "Custom field (Full report at)": "full_report_at",
        "Custom field (Persons affected)": "subjects",
        "Custom field (Sensitive)": "sensitive",
        "Custom field (Contained at)": "contained_at",
        "Resolved": "closed_on",
        "Custom field (Dismissal reason)": "dismissal_reason",
    },
    values={},
    constants={},
    date_order="dmy",
    stops=(1000,),
    about=f"aware_at is when the issue was created; somebody may have known earlier. {_ABOUT}",
)
ALERTS: Final = Adapter(
    name="jira_alerts",
    kind="alerts",
    product="Jira issues that are alerts (Export > CSV)",
    headers=(*_ISSUE, "Priority"),
    columns={
        "Issue key": "alert_id",
        "Created": "ts",
        "Custom field (Alert kind)": "kind",
        "Priority": "severity",
        "Custom field (Incident)": "incident_id",
    },
    values={"severity": _PRIORITY},
    constants={},
    date_order="dmy",
    stops=(1000,),
    about=f"The priority stands for the severity. {_ABOUT}",
)
FINDINGS: Final = Adapter(
    name="jira_findings",
    kind="findings",
    product="Jira issues that are findings (Export > CSV)",
    headers=(*_ISSUE, "Priority", "Resolved"),
    columns={
        "Issue key": "finding_id",
        "Custom field (Control)": "control_id",
        "Priority": "severity",
        "Created": "opened_on",
        "Due date": "due_on",
        "Resolved": "closed_on",
        "Custom field (Closed by)": "closed_by",
        "Custom field (Retested on)": "verified_by_retest_on",
        "Custom field (Repeat of)": "repeat_of",
    },
    values={"severity": _PRIORITY},
    constants={},
    date_order="dmy",
    stops=(1000,),
    about=f"The priority stands for the severity. {_ABOUT}",
)
RESETS: Final = Adapter(
    name="jira_resets",
    kind="resets",
    product="Jira issues that are resets of passwords and factors (Export > CSV)",
    headers=_ISSUE,
    columns={
        "Issue key": "ticket_id",
        "Created": "ts",
        "Custom field (System)": "system",
        "Custom field (Account)": "account_id",
        "Custom field (Reset type)": "reset_type",
        "Assignee": "handler_id",
        "Custom field (Identity check)": "verify_method",
        "Custom field (Identity verified)": "verified",
        "Custom field (Owner notified at)": "owner_notified_at",
        "Custom field (Manager approved)": "manager_approved",
    },
    values={"reset_type": _RESET},
    constants={},
    date_order="dmy",
    stops=(1000,),
    about="The time is that of the ticket, which was created before the reset was done; the assignee stands for the "
    f"person who did it, by the name that Jira shows. {_ABOUT}",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """What issues can be."""
    return (INCIDENTS, ALERTS, FINDINGS, RESETS)
