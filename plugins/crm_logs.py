"""CRMs without an adapter of their own: the log of records looked at, and that of exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

_ACTIONS: Final[dict[str, str | None]] = {
    **dict.fromkeys(("View", "Viewed", "Read", "Open", "Opened", "Access", "Accessed", "Retrieve"), "view"),
    **dict.fromkeys(("Edit", "Edited", "Update", "Updated", "Modified", "Create", "Created", "Delete"), "edit"),
    **dict.fromkeys(("Search", "Searched", "Query", "List"), "search"),
    **dict.fromkeys(("Export", "Exported", "Download", "Downloaded", "Print", "Printed"), "export"),
}

VIEWS: Final = Adapter(
    name="crm_record_log",
    kind="record_views",
    product="A CRM's log of records looked at (CSV with the headers below)",
    headers=("Timestamp", "User", "Action", "Record ID"),
    columns={
        "Timestamp": "ts",
        "User": "agent_id",
        "Action": "action",
        "Record ID": "customer_id",
        "Records": "rows",
        "Interaction ID": "interaction_id",
    },
    values={"action": _ACTIONS},
    constants={},
    about="Times carry no zone: they are read in the pack's time_zone; state date_order where days and months cannot "
    "be told apart. The record stands for the customer. Creating and deleting count as edits, printing as an export.",
)
EXPORTS: Final = Adapter(
    name="crm_export_log",
    kind="exports",
    product="A CRM's audit log of exports (CSV with the headers below)",
    headers=("Timestamp", "User", "Records Exported"),
    columns={
        "Timestamp": "ts",
        "User": "user_id",
        "Records Exported": "rows",
        "Approved By": "approved_by",
        "Ticket": "ticket",
        "Destination": "destination",
    },
    values={},
    constants={"system": "crm"},
    about="Times carry no zone: they are read in the pack's time_zone. The system stands as crm: say its name under "
    "constants in pack.yaml.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """Views and exports."""
    return (VIEWS, EXPORTS)
