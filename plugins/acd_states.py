"""Diallers and ACDs without an adapter of their own: a report of agent states, one row for each state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

_STATES: Final[dict[str, str | None]] = {
    **dict.fromkeys(("Available", "Ready", "Idle", "Waiting", "On Queue"), "available"),
    **dict.fromkeys(("On Call", "Talking", "Talk", "In Call", "On Hold", "Hold"), "on_call"),
    **dict.fromkeys(("After Call", "After Call Work", "ACW", "Wrap Up", "Wrap-up", "Disposition"), "after_call"),
    **dict.fromkeys(("Break", "Short Break", "Coffee Break", "Restroom"), "break"),
    **dict.fromkeys(("Lunch", "Meal", "Meal Break"), "lunch"),
    **dict.fromkeys(("Training", "Coaching"), "training"),
    **dict.fromkeys(("Offline", "Logged Out", "Logout"), "offline"),
}

STATES: Final = Adapter(
    name="acd_agent_states",
    kind="agent_states",
    product="An ACD's or dialler's report of agent states (CSV with the headers below)",
    headers=("Agent ID", "State", "Start Time", "End Time"),
    columns={
        "Agent ID": "agent_id",
        "State": "state",
        "Start Time": "ts_start",
        "End Time": "ts_end",
        "Station": "workstation_id",
    },
    values={"state": _STATES},
    constants={},
    about="Times carry no zone: they are read in the pack's time_zone; state date_order where days and months cannot "
    "be told apart. Not ready without a reason says neither work nor break: it is not known.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The states."""
    return (STATES,)
