"""NICE IEX workforce management: agent schedules (detail, pipe-delimited text) as scheduled shifts in `timesheets`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from ._rows import Cells, text

_REST: Final = frozenset({"day off", "off", "rest day", "rd"})
_LEAVE: Final = frozenset({"vacation", "sick", "sick leave", "leave", "holiday", "unavailable"})
_LONGEST: Final = timedelta(hours=16)
_UNKNOWN: Final = "unknown"


def unfold(rows: Sequence[tuple[int, Cells]]) -> Unfolded:
    """One row for each agent and day of the schedule, from the begin of its first activity to the end of its last."""
    days: dict[tuple[str, str], tuple[int, list[Cells]]] = {}
    for number, cells in rows:
        days.setdefault((text(cells, "tvID"), text(cells, "schedDate")), (number, []))[1].append(cells)
    made = [(number, _shift(who, day, parts)) for (who, day), (number, parts) in days.items()]
    return Unfolded(tuple((number, cells) for number, cells in made if cells is not None))


def _shift(who: str, day: str, parts: Sequence[Cells]) -> dict[str, str | None] | None:
    """The shift of a day: empty times for a rest day, nothing for a day on leave."""
    on = _day(day)
    words = {text(part, "activity").lower() for part in parts}
    work = [part for part in parts if text(part, "activity").lower() not in _REST | _LEAVE]
    if not work and words & _LEAVE:
        return None
    span = _span(on, work) if on and work else None
    begin, end = (moment.isoformat() for moment in span) if span else 2 * (_UNKNOWN if work else "",)
    return {"IEX agent": who, "IEX day": f"{on}" if on else _UNKNOWN, "IEX begin": begin, "IEX end": end}


def _span(on: date, work: Sequence[Cells]) -> tuple[datetime, datetime] | None:
    """Begin and end of activities in the order of the day; None where a time or the zone cannot be read."""
    zone = text(work[0], "TZ")
    times = [(_clock(text(part, "start")), _clock(text(part, "stop"))) for part in work]
    shifted, held = timedelta(), list[tuple[timedelta, timedelta]]()
    for first, last in times:
        if first is None or last is None:
            return None
        begin = first + shifted
        if held and begin < held[-1][0]:
            begin, shifted = begin + timedelta(days=1), shifted + timedelta(days=1)
        held.append((begin, last + shifted + (timedelta(days=1) if last <= first else timedelta())))
    begin, end = held[0][0], max(last for _, last in held)
    if end - begin > _LONGEST or "/" not in zone:
        return None
    try:
        midnight = datetime.combine(on, datetime.min.time(), ZoneInfo(zone))
    except (KeyError, ValueError):
        return None
    return midnight + begin, midnight + end


def _clock(written: str) -> timedelta | None:
    found = re.fullmatch(r"(\d{1,2}):?(\d{2})", written)
    return timedelta(hours=int(found[1]), minutes=int(found[2])) if found else None


def _day(written: str) -> date | None:
    try:
        return datetime.strptime(written, "%m%d%Y").date()  # noqa: DTZ007  (a day)
    except ValueError:
        return None


SCHEDULE: Final = Adapter(
    name="nice_iex_schedule",
    kind="timesheets",
    product="NICE IEX agentScheduleDetail (pipe-delimited text)",
    headers=("IEX agent", "IEX day", "IEX begin", "IEX end"),
    columns={"IEX agent": "employee_id", "IEX day": "work_date", "IEX begin": "sched_start", "IEX end": "sched_end"},
    values={},
    constants={},
    date_order="ymd",
    about="Times are in the zone of the management unit, which TZ must give by its IANA name; an abbreviation leaves "
    "them unknown. The agent is the tvID, which must be the roster's employee id. A shift begins on its schedDate and "
    "takes its activities in the order of the file. Days of leave make no row. Says no clock times.",
    unfold=unfold,
    form="table",
    reads=(("schedDate",), ("TZ",), ("tvID",), ("activity",), ("start",), ("stop",)),
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The schedule."""
    return (SCHEDULE,)
