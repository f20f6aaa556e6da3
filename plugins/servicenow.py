"""ServiceNow: a list of records as CSV or JSON, read as `incidents`, `alerts` or `resets`, as the pack says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

_RECORD: Final = ("number", "opened_at", "state", "short_description")
_ABOUT: Final = (
    "Times stand as ServiceNow shows them to the person who exports and carry no zone: they are read in the pack's "
    "time_zone; the REST interface without sysparm_display_value gives UTC instead, then say time_zone: UTC at the "
    "source. Every record in the file is taken for one of the kind: export by a filter. Fields of the company's own "
    "(u_…) are read by the names below; name others under columns in pack.yaml."
)
_PRIORITY: Final[dict[str, str | None]] = {
    said: severity
    for number, name, severity in (
        ("1", "Critical", "critical"),
        ("2", "High", "high"),
        ("3", "Moderate", "medium"),
        ("4", "Low", "low"),
        ("5", "Planning", "info"),
    )
    for said in (number, f"{number} - {name}", name)
}

INCIDENTS: Final = Adapter(
    name="servicenow_incidents",
    kind="incidents",
    product="ServiceNow records that are incidents (list export, CSV or JSON)",
    headers=(*_RECORD, "closed_at"),
    columns={
        "number": "incident_id",
        "u_source_reference": "source_ref",
        "u_incident_kind": "kind",
        "u_occurred_at": "occurred_at",
        "opened_at": "aware_at",
        "u_client_notified_at": "client_notified_at",
        "u_regulator": "regulator",
        "u_regulator_notified_at": "regulator_notified_at",
        "u_full_report_at": "full_report_at",
        "u_persons_affected": "subjects",
        "u_sensitive": "sensitive",
        "u_contained_at": "contained_at",
        "closed_at": "closed_on",
        "u_dismissal_reason": "dismissal_reason",
    },
    values={},
    constants={},
    date_order="ymd",
    about=f"aware_at is when the record was opened; somebody may have known earlier. {_ABOUT}",
)
ALERTS: Final = Adapter(
    name="servicenow_alerts",
    kind="alerts",
    product="ServiceNow records that are alerts (list export, CSV or JSON)",
    headers=(*_RECORD, "priority"),
    columns={
        "number": "alert_id",
        "opened_at": "ts",
        "u_alert_kind": "kind",
        "priority": "severity",
        "parent_incident": "incident_id",
    },
    values={"severity": _PRIORITY},
    constants={},
    date_order="ymd",
    about=f"The priority stands for the severity. {_ABOUT}",
)
RESETS: Final = Adapter(
    name="servicenow_resets",
    kind="resets",
    product="ServiceNow records that are resets of passwords and factors (list export, CSV or JSON)",
    headers=_RECORD,
    columns={
        "number": "ticket_id",
        "opened_at": "ts",
        "u_system": "system",
        "u_account": "account_id",
        "u_reset_type": "reset_type",
        "assigned_to": "handler_id",
        "assigned_to.display_value": "handler_id",
        "assigned_to.value": "handler_id",
        "u_identity_check": "verify_method",
        "u_identity_verified": "verified",
        "u_owner_notified_at": "owner_notified_at",
        "u_manager_approved": "manager_approved",
    },
    values={
        "reset_type": {
            "Password reset": "password",
            "MFA reset": "factor",
            "Factor reset": "factor",
            "Account unlock": "unlock",
        }
    },
    constants={},
    date_order="ymd",
    about="The time is that of the ticket, which was opened before the reset was done; the assignee stands for the "
    f"person who did it. {_ABOUT}",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """What records can be."""
    return (INCIDENTS, ALERTS, RESETS)
