"""Genesys Cloud: the presence and routing status of agents (analytics, user details) as `agent_states`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

_PRESENCE: Final = {
    "AVAILABLE": "available",
    "BREAK": "break",
    "MEAL": "lunch",
    "TRAINING": "training",
    "OFFLINE": "offline",
}
_ROUTING: Final = {"IDLE": "available", "INTERACTING": "on_call", "COMMUNICATING": "on_call"}
_ON_QUEUE: Final = "ON_QUEUE"
_OFF_QUEUE: Final = "OFF_QUEUE"


def unfold(document: Any) -> Unfolded | None:
    """A row for each presence off the queue, and on the queue for each routing status."""
    if not isinstance(document, Mapping) or not isinstance(document.get("userDetails"), list):
        return None
    users = document["userDetails"]
    if not all(isinstance(user, Mapping) and "userId" in user for user in users):
        return None
    rows = [(number, row) for number, user in enumerate(users, 1) for row in _rows(user)]
    total = str(document.get("totalHits", ""))
    cut = f"says that there are {total} users and holds {len(users)}; hand over every page"
    return Unfolded(tuple(rows), cut if total.isdigit() and int(total) > len(users) else "")


def _rows(user: Mapping[str, Any]) -> Iterator[dict[str, str | None]]:
    routing = [status for status in user.get("routingStatus") or () if status["routingStatus"] != _OFF_QUEUE]
    for presence in user.get("primaryPresence") or ():
        said = presence["systemPresence"]
        if said != _ON_QUEUE or not routing:
            yield _row(user, presence, _PRESENCE.get(said, said))
    for status in routing:
        yield _row(user, status, _ROUTING.get(status["routingStatus"], status["routingStatus"]))


def _row(user: Mapping[str, Any], span: Mapping[str, Any], state: str) -> dict[str, str | None]:
    return {
        "genesys user": user["userId"],
        "genesys state": state,
        "genesys start": span["startTime"],
        "genesys end": span.get("endTime"),
    }


STATES: Final = Adapter(
    name="genesys_agent_states",
    kind="agent_states",
    product="Genesys Cloud user details (POST /api/v2/analytics/users/details/query, JSON)",
    headers=("genesys user", "genesys state", "genesys start", "genesys end"),
    columns={
        "genesys user": "agent_id",
        "genesys state": "state",
        "genesys start": "ts_start",
        "genesys end": "ts_end",
    },
    values={},
    constants={},
    date_order="ymd",
    zone="UTC",
    about="On the queue the routing status counts, off it the presence. Away, busy, meeting, idle and not responding "
    "say neither work nor break: they are not known. Work after a call is not told apart from the call. People are "
    "named by id: hand over identity_map.",
    unfold=unfold,
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The states."""
    return (STATES,)
