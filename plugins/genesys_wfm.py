"""Genesys Cloud workforce management: agents' schedules (API, JSON) as scheduled shifts in `timesheets`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl


def unfold(document: Any) -> Unfolded | None:
    """One row for each shift; a number counts the shifts of the document."""
    users = document.get("userSchedules") if isinstance(document, Mapping) else None
    if not isinstance(users, Mapping):
        return None
    shifts = [(user, shift) for user, held in users.items() for shift in held["shifts"]]
    return Unfolded(tuple((number, _cells(user, shift)) for number, (user, shift) in enumerate(shifts, 1)))


def _cells(user: str, shift: Mapping[str, Any]) -> dict[str, str | None]:
    begin = datetime.fromisoformat(str(shift["startDate"]))
    if begin.tzinfo is None:
        raise ValueError("a shift has a startDate without a zone; export it from the API, where it ends in Z")
    end = begin + timedelta(minutes=int(shift["lengthMinutes"]))
    return {"Genesys user": user, "Genesys begin": begin.isoformat(), "Genesys end": end.isoformat(),
            "Genesys day": begin.isoformat()}  # fmt: skip


SCHEDULE: Final = Adapter(
    name="genesys_wfm_schedules",
    kind="timesheets",
    product="Genesys Cloud WFM (API, agentschedules, JSON)",
    headers=("Genesys user", "Genesys day", "Genesys begin", "Genesys end"),
    columns={
        "Genesys user": "employee_id",
        "Genesys day": "work_date",
        "Genesys begin": "sched_start",
        "Genesys end": "sched_end",
    },
    values={},
    constants={},
    date_order="ymd",
    about="A shift belongs to the day at the site on which it begins. The person is the user id of Genesys, which must "
    "be the roster's. Days without a shift make no row, so rest days are not said; nor are clock times.",
    unfold=unfold,
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The schedules."""
    return (SCHEDULE,)
