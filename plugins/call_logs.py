"""Call logs of contact centres: Five9 as `interactions`, recording details as `recordings` and `interactions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

FIVE9_CALLS: Final = Adapter(
    name="five9_calls",
    kind="interactions",
    product="Five9 call log report (CSV)",
    headers=("CALL ID", "TIMESTAMP", "CALL TYPE", "AGENT", "DISPOSITION", "SESSION ID"),
    columns={"CALL ID": "interaction_id", "TIMESTAMP": "start", "AGENT": "agent_id"},
    values={},
    constants={"channel": "voice"},
    date_order="ymd",
    about="Times are to the minute and carry no zone: they are read in the pack's time_zone. A call that no agent took "
    "is left aside. The numbers of callers are not read, so no customer is known; it says no end.",
    aside={"AGENT": ("",)},
)
_DETAILS: Final = (
    "Start Time",
    "Agent loginId",
    "Direction",
    "Talk Time",
    "Export status",
    "RecordingId",
    "Global Interaction ID",
)
RECORDINGS: Final = Adapter(
    name="bright_pattern_recordings",
    kind="recordings",
    product="Bright Pattern recording details (CSV beside exported recordings)",
    headers=_DETAILS,
    columns={"RecordingId": "recording_id", "Start Time": "ts", "Agent loginId": "agent_id"},
    values={},
    constants={},
    date_order="ymd",
    about="Times carry no zone: they are read in the pack's time_zone. A recording is known by its file name; one "
    "whose export failed is there all the same. It says neither which calls took a payment, nor for how long a "
    "recording was paused, nor whether it is encrypted or deleted.",
)
INTERACTIONS: Final = Adapter(
    name="bright_pattern_interactions",
    kind="interactions",
    product="Bright Pattern recording details (CSV beside exported recordings)",
    headers=_DETAILS,
    columns={"RecordingId": "interaction_id", "Start Time": "start", "Agent loginId": "agent_id"},
    values={},
    constants={"channel": "voice"},
    date_order="ymd",
    about="One row for each agent who took part in a call: the recording stands for the interaction. Only recorded "
    "calls are there. Times carry no zone: they are read in the pack's time_zone. The numbers of callers are not read, "
    "so no customer is known; talk time leaves out holds, so no end is known. A row without an agent is left aside.",
    aside={"Agent loginId": ("",)},
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """Calls and recordings."""
    return (FIVE9_CALLS, RECORDINGS, INTERACTIONS)
