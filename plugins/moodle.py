"""Moodle: the activity completion report (CSV, or the flavour for Excel) as `training`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _delimited
from ._unfolding import UNKNOWN

_DAY: Final = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})?")
"""A time, or nothing."""
_PERSON: Final = ("id number", "email address", "username")
"""Identity fields that name a person, the best first; a full name names nobody."""
_STATES: Final[Mapping[str, tuple[bool, str]]] = {
    "not completed": (False, "false"),
    "completed": (True, ""),
    "completed (achieved pass grade)": (True, "true"),
    "completed (did not achieve pass grade)": (True, "false"),
}
"""State -> whether it is completed, and whether it was passed."""


def unfold(lines: Sequence[str]) -> Unfolded | None:
    """A row for each person and activity."""
    delimiter = "\t" if lines and "\t" in lines[0] else ","
    if not lines or not lines[0].startswith((delimiter, f'""{delimiter}')):
        return None
    header = [cell.strip() for cell in next(csv.reader((f"{line}\n" for line in lines), delimiter=delimiter))]
    fields = _fields(header)
    if fields == len(header):
        return None
    names = [cell.lower() for cell in header[:fields]]
    person = next((names.index(name) for name in _PERSON if name in names), None)
    if person is None:
        raise ValueError("names people by their names only; let the report show ID number or Email address")
    found, cut = _delimited.below(lines, 0, delimiter, len(header))
    rows = [(n, row) for n, cells in found[1:] for row in _rows(header, fields, person, cells)]
    return Unfolded(tuple(rows), cut)


def _fields(header: Sequence[str]) -> int:
    """How many cells name the person; after them come pairs, an activity and the day it is expected by, or nothing."""
    start = len(header)
    while start > 2 and _DAY.fullmatch(header[start - 1]) and not _DAY.fullmatch(header[start - 2]):  # noqa: PLR2004
        start -= 2
    return start


def _rows(header: Sequence[str], fields: int, person: int, cells: Sequence[str]) -> Iterator[dict[str, str]]:
    for at in range(fields, len(header), 2):
        said, day = " ".join(cells[at].lower().split()), cells[at + 1].strip()
        completed, passed = _STATES.get(said, (None, UNKNOWN))
        done = {True: day or UNKNOWN, False: "", None: UNKNOWN}[completed]
        yield {
            "moodle person": cells[person].strip(),
            "moodle activity": header[at],
            "moodle expected by": header[at + 1],
            "moodle completed": done,
            "moodle passed": passed,
        }


COMPLETION: Final = Adapter(
    name="moodle_completion",
    kind="training",
    product="Moodle activity completion (Reports > Activity completion > Download in spreadsheet format)",
    headers=("moodle person", "moodle activity", "moodle completed", "moodle passed"),
    columns={
        "moodle person": "employee_id",
        "moodle activity": "course",
        "moodle expected by": "due_on",
        "moodle completed": "completed_at",
        "moodle passed": "passed",
    },
    values={},
    constants={},
    date_order="ymd",
    about="Times are in the zone of the person who exported, and carry none: they are read in the pack's time_zone. "
    "Completed alone says nothing of a grade. A state that somebody set by hand is no proof of learning, and a state "
    "in another language than English is not understood: both are not known. It says no score, version, start or "
    "time spent. An activity's name is the course: say under values in pack.yaml which are privacy and security.",
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The completion report."""
    return (COMPLETION,)
