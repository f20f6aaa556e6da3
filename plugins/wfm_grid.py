"""Grids of shifts in Excel: people down, days across, a shift or a code in each cell, as `timesheets` and `leave`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final

from ctrlkit.hooks import Adapter, Unfold, Unfolded, hookimpl

Line = tuple[int, tuple[str, ...]]

_FEWEST: Final = 3
"""Days that a header must hold to be that of a grid."""
_HEAD: Final = 20
_WRITTEN: Final = (
    *("%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y"),
    *("%m-%d-%Y", "%d-%m-%Y", "%B %d, %Y", "%d %B %Y"),
)
_NUMBER: Final = ("employee id", "employee no", "employee no.", "employee number", "emp id", "emp no", "emp no.", "id")
_NAME: Final = ("employee name", "employee", "agent name", "agent", "name", "full name")
_WEEKDAY: Final = re.compile(r"(?i)^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*[\s,.]+")
_REST: Final = frozenset({"rd", "rest", "rest day", "restday", "off", "day off", "do", "w/o", "wo"})
_LEAVE: Final = {
    **dict.fromkeys(("vl", "vacation leave", "vacation", "pl", "annual leave"), "vacation"),
    **dict.fromkeys(("sl", "sick leave", "sick"), "sick"),
    **dict.fromkeys(("ml", "maternity", "maternity leave", "paternity", "paternity leave", "sil"), "statutory"),
    **dict.fromkeys(("lwop", "unpaid leave", "leave without pay"), "unpaid"),
    **dict.fromkeys(("el", "emergency leave", "bl", "bereavement leave", "leave"), "other"),
}
_NOBODY: Final = re.compile(
    r"(?i)(?:(?:grand |sub)?totals?|legend|prepared|approved|checked|noted?|notes|remarks|head ?count)\b.*"
)
_TIME: Final = r"(\d{1,2})(?:[:.]?(\d{2}))?(?::00)?\s*([ap])?\.?(?:m\.?)?"
_SHIFT: Final = re.compile(rf"{_TIME}\s*(?:-|\N{{EN DASH}}|to)\s*{_TIME}", re.IGNORECASE)
_UNKNOWN: Final = "unknown"


def _days(cells: Sequence[str]) -> dict[int, date]:
    """The day over each column: read in the one way in which the days follow one another."""
    texts = {n: _WEEKDAY.sub("", " ".join(cell.split())) for n, cell in enumerate(cells) if re.search(r"\d", cell)}
    ways = [days for shape in _WRITTEN if (days := _read(texts, shape))]
    best = {tuple(sorted(days.items())) for days in ways if _follow(list(days.values()))}
    return dict(next(iter(best))) if len(best) == 1 else {}


def _read(texts: Mapping[int, str], shape: str) -> dict[int, date]:
    days = {}
    for n, text in texts.items():
        try:
            days[n] = datetime.strptime(text, shape).date()  # noqa: DTZ007  (a day)
        except ValueError:
            continue
    return days if len(days) >= _FEWEST else {}


def _follow(days: Sequence[date]) -> bool:
    return all(b - a == timedelta(days=1) for a, b in pairwise(days))


def _person(cells: Sequence[str], before: int) -> int | None:
    """The column of the number, else of the name, left of the days."""
    heads = [cell.strip().lower().lstrip("*") for cell in cells[:before]]
    return next((heads.index(name) for name in (*_NUMBER, *_NAME) if name in heads), None)


def _grid(document: Sequence[Sequence[Line]]) -> Iterator[tuple[int, str, date, str]]:
    """Row, person, day and text of each cell; nothing of a document that holds no grid."""
    held = [(place, sheet) for sheet in document if (place := _place(sheet))]
    if len(held) > 1:
        raise ValueError(f"{len(held)} sheets hold a grid; list the file once for each, with its name under sheet")
    for (at, person, days), sheet in held:
        for number, cells in sheet[at + 1 :]:
            who = cells[person].strip() if person < len(cells) else ""
            told = [(day, cells[n].strip()) for n, day in days.items() if n < len(cells)]
            if _about_somebody(who, [text for _, text in told]):
                yield from ((number, who, day, text) for day, text in told)


def _about_somebody(who: str, texts: Sequence[str]) -> bool:
    """Whether a row is a person's: one with a shift or a day off is, whatever stands under its name, or nothing."""
    if any(_SHIFT.fullmatch(text) or text.lower() in _REST or text.lower() in _LEAVE for text in texts):
        return True
    return bool(who) and not _NOBODY.fullmatch(who)


def _place(sheet: Sequence[Line]) -> tuple[int, int, dict[int, date]] | None:
    """Where the header stands, which column names the person, and the day over each other column."""
    for at, (_, cells) in enumerate(sheet[:_HEAD]):
        days = _days(cells)
        person = _person(cells, min(days)) if days else None
        if person is not None:
            return at, person, days
    return None


def _minutes(hour: str, minute: str | None, half: str | None) -> int | None:
    value = int(hour)
    if half:
        if not 1 <= value <= 12:  # noqa: PLR2004  (a clock face)
            return None
        value = value % 12 + (12 if half.lower() == "p" else 0)
    total = value * 60 + int(minute or 0)
    return total if total <= 24 * 60 and int(minute or 0) < 60 else None  # noqa: PLR2004


def _shift(day: date, text: str) -> tuple[str, str]:
    """Begin and end of a shift in a cell, empty for a rest day; a word that is neither says nothing known."""
    if text.lower() in _REST:
        return "", ""
    found = _SHIFT.fullmatch(text)
    begin = _minutes(found[1], found[2], found[3]) if found else None
    end = _minutes(found[4], found[5], found[6]) if found else None
    if found is None or begin is None or end is None or begin == end or bool(found[3]) != bool(found[6]):
        return _UNKNOWN, _UNKNOWN
    midnight = datetime.combine(day, datetime.min.time())
    over = end + (24 * 60 if end < begin else 0)
    return str(midnight + timedelta(minutes=begin)), str(midnight + timedelta(minutes=over))


def _scheduled(who: str, day: date, text: str) -> dict[str, str | None] | None:
    if text.lower() in _LEAVE:
        return None
    begin, end = _shift(day, text)
    return {"Grid person": who, "Grid day": f"{day}", "Grid begin": begin, "Grid end": end}


def _absent(who: str, day: date, text: str) -> dict[str, str | None] | None:
    kind = _LEAVE.get(text.lower())
    return {"Grid absent": who, "Grid first": f"{day}", "Grid last": f"{day}", "Grid leave": kind} if kind else None


def _unfold(make: Callable[[str, date, str], dict[str, str | None] | None]) -> Unfold:
    def unfold(document: Sequence[Sequence[Line]]) -> Unfolded | None:
        cells = list(_grid(document))
        if not any(_SHIFT.fullmatch(text) for _, _, _, text in cells):
            return None
        rows = [(n, made) for n, who, day, text in cells if (made := make(who, day, text)) is not None]
        return Unfolded(tuple(rows)) if rows else None

    return unfold


SCHEDULE: Final = Adapter(
    name="wfm_grid",
    kind="timesheets",
    product="Grid of shifts (Excel, people down, days across)",
    headers=("Grid person", "Grid day", "Grid begin", "Grid end"),
    columns={
        "Grid person": "employee_id",
        "Grid day": "work_date",
        "Grid begin": "sched_start",
        "Grid end": "sched_end",
    },
    values={},
    constants={},
    date_order="ymd",
    about="A cell such as 22:00-07:00 is a shift in the pack's time_zone that begins on the day above it; RD, OFF and "
    "rest are rest days, days of leave make no row. An empty cell, or any other word, is a day of which nothing is "
    "known. The person is the number, or the name where there is no number. Says no clock times, nor when it was set.",
    unfold=_unfold(_scheduled),
    form="grid",
)
LEAVE: Final = replace(
    SCHEDULE,
    name="wfm_grid_leave",
    kind="leave",
    headers=("Grid absent", "Grid first", "Grid last"),
    columns={"Grid absent": "employee_id", "Grid first": "start", "Grid last": "end", "Grid leave": "kind"},
    about="VL, SL and the like in a grid of shifts, a row for each day; whether it was approved is not said.",
    unfold=_unfold(_absent),
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The shifts, then the leave in the same grid."""
    return (SCHEDULE, LEAVE)
