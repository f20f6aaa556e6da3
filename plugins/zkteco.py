"""ZKTeco time clocks: `attlog` files of the device, and what its programs export, as `punches` and `timesheets`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from ._rows import Cells, clocked, each, listed, text
from ._shifts import Punch, moments

_WAYS: Final = {"0": "in", "1": "out", "2": "break_out", "3": "break_in", "4": "in", "5": "out"}
"""What the status of a punch says; 4 and 5 begin and end overtime."""
_WORDS: Final = {
    "c/in": "in",
    "check in": "in",
    "check-in": "in",
    "in": "in",
    "overtime in": "in",
    "overtimein": "in",
    "c/out": "out",
    "check out": "out",
    "check-out": "out",
    "out": "out",
    "overtime out": "out",
    "overtimeout": "out",
    "break out": "break_out",
    "break-out": "break_out",
    "out back": "break_in",
    "break in": "break_in",
    "break-in": "break_in",
    "overtime-in": "in",
    "overtime-out": "out",
}
_RECORD: Final = re.compile(r"\s*(\d{1,24})\s*[\t,]\s*(\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?)((?:\s*[\t,]\s*\d*)*)\s*")
_FIELDS: Final = 4
"""Numbers after the time; newer devices add more."""


def attlog(
    lines: Sequence[str], status: int | None = None
) -> list[tuple[int, str, str, str | None, str | None]] | None:
    """Number, PIN, time, status and device of each punch; None for another document.

    `status` is the place of the status after the time: 0 or 1, where the device's number stands first; None: not said.
    The serial number on the first line and the checksum on the last are no punches.
    """
    held = [(n, line) for n, line in enumerate(lines, 1) if line.strip()]
    found = [(n, _RECORD.fullmatch(line)) for n, line in held]
    inner = found[1:-1] if len(found) > 2 else found[:1]  # noqa: PLR2004  (a first and a last line)
    if not inner or not all(match for _, match in inner):
        return None
    fields = [(n, m[1], m[2], [f.strip() for f in re.split(r"[\t,]", m[3])[1:]]) for n, m in found if m]
    if any(len(more) < _FIELDS - 1 for _, _, _, more in fields[:1]):
        return None
    says = {more[status] for _, _, _, more in fields if len(more) > status} if status is not None else set()
    told = status if len(says) > 1 else None
    return [
        (n, pin, at, more[told] if told is not None and len(more) > told else None, more[0] if status == 1 else None)
        for n, pin, at, more in fields
    ]


def _cut(lines: Sequence[str]) -> str:
    """Why the last line shows that the file is cut: it is no whole punch, nor the checksum that goes with a serial."""
    held = [line for line in lines if line.strip()]
    widths = {line.count("\t") + line.count(",") for line in held if _RECORD.fullmatch(line)}
    if not _RECORD.fullmatch(held[0]):
        whole = bool(re.fullmatch(r"[0-9A-Fa-f]{4,32}\s*", held[-1]))
    else:
        whole = bool(_RECORD.fullmatch(held[-1])) and held[-1].count("\t") + held[-1].count(",") == max(widths)
    return "" if whole else "its last line is no whole punch; the file is cut, download it again"


def _punches(status: int | None, brand: str) -> Callable[[Sequence[str]], Unfolded | None]:
    def unfold(lines: Sequence[str]) -> Unfolded | None:
        found = attlog(lines, status)
        if found is None:
            return None
        rows = []
        for number, pin, at, said, device in found:
            cells: dict[str, str | None] = {f"{brand} PIN": pin, f"{brand} time": at}
            if status is not None:
                cells[f"{brand} status"] = said
            if status == 1:
                cells[f"{brand} device"] = device
            rows.append((number, cells))
        return Unfolded(tuple(rows), _cut(lines))

    return unfold


def _paired(status: int | None) -> Callable[[Sequence[str]], list[Punch] | None]:
    def punches(lines: Sequence[str]) -> list[Punch] | None:
        found = attlog(lines, status)
        if found is None:
            return None
        if cut := _cut(lines):
            raise ValueError(cut)
        times = moments([at for _, _, at, _, _ in found])
        return [
            Punch(n, pin, when, _WAYS.get(said or "")) for (n, pin, _, said, _), when in zip(found, times, strict=True)
        ]

    return punches


def _device(name: str, status: int | None, order: str = "") -> tuple[Adapter, Adapter]:
    """The punches of a device's file and the shifts they make."""
    brand = f"ZKTeco {name}"
    columns = {f"{brand} PIN": "employee_id", f"{brand} time": "ts"}
    columns |= {} if status is None else {f"{brand} status": "direction"}
    columns |= {f"{brand} device": "device"} if status == 1 else {}
    punches = Adapter(
        name=f"{name}_punches",
        kind="punches",
        product=f"ZKTeco attlog file (USB, Download attendance){order}",
        headers=(f"{brand} PIN", f"{brand} time"),
        columns=columns,
        values={"direction": {**_WAYS, "255": None}} if status is not None else {},
        constants={},
        date_order="ymd",
        about="Times are the device's own, in the pack's time_zone. The PIN is taken for the employee id, or "
        "for the badge_pin of whom identity_map names. Models differ in what the numbers after "
        "the time are: name zkteco_status_first or "
        "zkteco_device_first to read the direction. A status that is the same in the whole file says nothing.",
        unfold=_punches(status, brand),
        form="text",
        named_only=status is not None,
    )
    return punches, clocked(punches, _paired(status))


PLAIN: Final = _device("zkteco", None)
STATUS_FIRST: Final = _device("zkteco_status_first", 0, ", the status right after the time")
DEVICE_FIRST: Final = _device("zkteco_device_first", 1, ", the number of the device right after the time")


def _named(  # noqa: PLR0913  (an export is all of that)
    name: str, product: str, reads: tuple[tuple[str, ...], ...], person: str, when: tuple[str, ...], *, way: str,
    device: str,
) -> tuple[Adapter, Adapter]:  # fmt: skip
    """An export of one of the maker's programs, whose header says what is what."""
    brand = product.split(" (", maxsplit=1)[0]

    def at(cells: Cells) -> str:
        return " ".join(text(cells, part) for part in when)

    def punch(cells: Cells) -> dict[str, str | None]:
        made = {f"{brand} person": cells[person], f"{brand} time": at(cells)}
        made |= {f"{brand} way": _WORDS.get(text(cells, way).lower(), text(cells, way))} if way in cells else {}
        return made | ({f"{brand} device": cells[device]} if device in cells else {})

    punches = Adapter(
        name=f"{name}_punches",
        kind="punches",
        product=product,
        headers=(f"{brand} person", f"{brand} time"),
        columns={
            f"{brand} person": "employee_id",
            f"{brand} time": "ts",
            f"{brand} way": "direction",
            f"{brand} device": "device",
        },
        values={},
        constants={},
        about="Times are the device's own, in the pack's time_zone; the number on the device is taken for the employee "
        "id, or for the badge_pin of whom identity_map names. The state is what the person pressed, "
        "or what the device supposed.",
        unfold=each(punch),
        form="table",
        reads=reads,
    )
    return punches, clocked(punches, lambda rows: listed(rows, _WORDS, person, at, way))


MANAGEMENT: Final = _named(
    "zkteco_attendance_management",
    "ZKTeco Attendance Management (attendance records, export)",
    (("No.",), ("Date/Time",), ("VerifyCode",), ("CardNo",), ("Status", ""), ("Location ID", "")),
    "No.",
    ("Date/Time",),
    way="Status",
    device="Location ID",
)
ZKTIME: Final = _named(
    "zkteco_zktime",
    "ZKTeco ZKTime 5 (original records, export)",
    (("AC-No.",), ("Time",), ("State",), ("New State",)),
    "AC-No.",
    ("Time",),
    way="State",
    device="",
)
BIOTIME: Final = _named(
    "zkteco_biotime",
    "ZKTeco BioTime 8 (transactions, export)",
    (("Employee ID",), ("Date",), ("Time",), ("Punch State",), ("Terminal Alias", "Device Name", "Area", "")),
    "Employee ID",
    ("Date", "Time"),
    way="Punch State",
    device="Terminal Alias",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """Files of the devices and exports of the programs."""
    return (*PLAIN, *MANAGEMENT, *ZKTIME, *BIOTIME, *STATUS_FIRST, *DEVICE_FIRST)
