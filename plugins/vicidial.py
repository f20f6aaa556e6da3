"""VICIdial: the dialler's agent log (vicidial_agent_log) as `agent_states`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _delimited

_NEEDED: Final = (
    "user",
    "event_time",
    *(f"{part}_{unit}" for part in ("pause", "wait", "talk", "dispo") for unit in ("epoch", "sec")),
)
_STATES: Final = {"wait": "available", "talk": "on_call", "dispo": "after_call"}
_PAUSES: Final = {"break": "break", "lunch": "lunch", "meal": "lunch", "train": "training", "traing": "training"}
"""Pause code, at most six characters that the company chose -> state."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def unfold(lines: Sequence[str]) -> Unfolded | None:
    """A row for each part of an entry that took any time: pause, wait, talk, wrap-up."""
    table = _delimited.sheet(lines, *_NEEDED, name=_delimited.lower)
    if table is None:
        return None
    return Unfolded(tuple((number, row) for number, cells in table.rows for row in _rows(number, cells)), table.cut)


def _rows(number: int, cells: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for part in ("pause", "wait", "talk", "dispo"):
        epoch, seconds = cells[f"{part}_epoch"], cells[f"{part}_sec"]
        if not seconds or seconds == "0":
            continue
        if not (epoch.isdigit() and seconds.isdigit()):
            raise ValueError(f"line {number}: {part}_epoch and {part}_sec are no numbers; export the table itself")
        start = _EPOCH + timedelta(seconds=int(epoch))
        code = cells.get("sub_status", "").lower()
        yield {
            "vicidial user": cells["user"],
            "vicidial state": _STATES.get(part) or _PAUSES.get(code, f"pause {code}"),
            "vicidial start": start.isoformat(),
            "vicidial end": (start + timedelta(seconds=int(seconds))).isoformat(),
        }


LOG: Final = Adapter(
    name="vicidial_agent_log",
    kind="agent_states",
    product="VICIdial agent log (table vicidial_agent_log as CSV or tab-separated text)",
    headers=("vicidial user", "vicidial state", "vicidial start", "vicidial end"),
    columns={
        "vicidial user": "agent_id",
        "vicidial state": "state",
        "vicidial start": "ts_start",
        "vicidial end": "ts_end",
    },
    values={},
    constants={},
    date_order="ymd",
    zone="UTC",
    about="Times are seconds since 1970, so their zone is sure. A pause is a break, lunch or training where its code "
    "says so (BREAK, LUNCH, MEAL, TRAIN); with any other code, or none, it is not known what it was. A part of no "
    "length is no state. Time not logged in has no row.",
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The log."""
    return (LOG,)
