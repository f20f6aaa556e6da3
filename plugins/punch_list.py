"""A list of punches as any time clock or HR system gives it: one row a punch, with a person, a time and a direction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from ctrlkit.hooks import Adapter, hookimpl

from ._rows import clocked, each, given, listed, text

_PERSON: Final = (
    "Employee ID",
    "Employee No",
    "Employee No.",
    "Employee Number",
    "Emp ID",
    "Emp No",
    "Emp Code",
    "UserId",
)
_TIME: Final = ("Punch Time", "Punch Date/Time", "Punch Datetime", "Log Time", "LogDate", "Log Date/Time", "Time Log")
_WAY: Final = ("Direction", "Log Type", "Punch Type", "In/Out", "IN/OUT Mode")
_DEVICE: Final = ("Device", "Device Name", "DeviceId", "Terminal", "")
_WORDS: Final = {
    "in": "in",
    "i": "in",
    "time in": "in",
    "clock in": "in",
    "check in": "in",
    "log in": "in",
    "out": "out",
    "o": "out",
    "time out": "out",
    "clock out": "out",
    "check out": "out",
    "log out": "out",
    "break out": "break_out",
    "lunch out": "break_out",
    "break start": "break_out",
    "break in": "break_in",
    "lunch in": "break_in",
    "break end": "break_in",
}


def _punch(cells: Mapping[str, str | None]) -> dict[str, str | None]:
    names = {_PERSON[0]: "Punch list person", _TIME[0]: "Punch list time", _DEVICE[0]: "Punch list device"}
    way = text(cells, _WAY[0])
    return given(cells, names) | {"Punch list way": _WORDS.get(way.lower(), way)}


PUNCHES: Final = Adapter(
    name="punch_list_punches",
    kind="punches",
    product="List of punches (employee, time, direction)",
    headers=("Punch list person", "Punch list time", "Punch list way"),
    columns={
        "Punch list person": "employee_id",
        "Punch list time": "ts",
        "Punch list way": "direction",
        "Punch list device": "device",
    },
    values={},
    constants={},
    about="Of no one product: an Employee ID, a Punch Time with its date, and a Direction, under their usual names. "
    "Times without a zone are read in the pack's time_zone. A direction that is none of the usual words is unknown.",
    unfold=each(_punch),
    form="table",
    reads=(_PERSON, _TIME, _WAY, _DEVICE),
)
SHIFTS: Final = clocked(
    PUNCHES, lambda rows: listed(rows, _WORDS, _PERSON[0], lambda cells: text(cells, _TIME[0]), _WAY[0])
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The punches, and the shifts they make."""
    return (PUNCHES, SHIFTS)
