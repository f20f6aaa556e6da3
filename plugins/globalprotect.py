"""GlobalProtect of PAN-OS: its log as syslog lines without a header, as `vpn_sessions`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _moments

_LINE: Final = re.compile(r"(?:^|\s)(\d*,\d{4}/\d\d/\d\d \d\d:\d\d:\d\d,[^,]*,GLOBALPROTECT,.*)$")
_FIELDS: Final = {
    "generated": 6, "vsys": 7, "event": 8, "user": 12, "region": 13, "machine": 14, "address": 15, "address_6": 16,
    "host": 19, "status": 28, "lasted": 30,
}  # fmt: skip
_WIDTH: Final = 36
"""Fields up to the last that every version has, actionflags."""
_EVENT_TIME: Final = 36
_MACHINE: Final = "pre-logon"
"""The user of a tunnel that a machine opens before anybody has logged in."""
_NONE: Final = {"", "0.0.0.0", "::"}  # noqa: S104  (how the product writes that there is no address)


@dataclass(slots=True)
class Session:
    """One connection to a gateway."""

    number: int
    event: Mapping[str, str]
    start: datetime | None
    end: datetime | None = None
    closed: bool = False

    def cells(self) -> Mapping[str, str | None]:
        """The row, under headers of ours."""
        address = next((a for a in (self.event["address"], self.event["address_6"]) if a not in _NONE), "?")
        region = self.event["region"]
        return {
            "GlobalProtect user": self.event["user"] or None,
            "GlobalProtect machine": self.event["machine"] or "?",
            "GlobalProtect address": address,
            "GlobalProtect region": region if re.fullmatch("[A-Z]{2}", region) else "?",
            "GlobalProtect start": _moments.written(self.start),
            "GlobalProtect end": (_moments.written(self.end) or "?") if self.closed else "",
        }


def unfold(document: list[str]) -> Unfolded | None:
    """A row for each connection to a gateway; a log-in alone, and what failed, is none."""
    if not _LINE.search(next((line for line in document if line.strip()), "")):
        return None
    lines = [(number, _LINE.search(line)) for number, line in enumerate(document, 1) if line.strip()]
    events, cut = [], ""
    for number, match in lines:
        event = _event(match[1]) if match else None
        if event is None and number < lines[-1][0]:
            raise ValueError(f"line {number}: is no whole line of the GlobalProtect log; export it again")
        if event is None:
            cut = f"line {number}: ends in the middle of an event; the file is cut, export it again"
        else:
            events.append((number, event))
    if len(events) > 1 and (events[0][1]["generated"] > events[-1][1]["generated"]):
        events.reverse()
    found = _sessions(events)
    if not found and not cut:
        raise ValueError("holds no connection to a gateway (gateway-connected); export the whole log of the period")
    return Unfolded(tuple((session.number, session.cells()) for session in found), cut)


def _event(line: str) -> Mapping[str, str] | None:
    try:
        cells = next(csv.reader([line], strict=True))
    except csv.Error:
        return None
    if len(cells) < _WIDTH:
        return None
    clock = cells[_EVENT_TIME] if len(cells) > _EVENT_TIME else ""
    return {name: cells[place].strip() for name, place in _FIELDS.items()} | {"clock": clock.strip()}


def _sessions(events: Iterable[tuple[int, Mapping[str, str]]]) -> list[Session]:
    open_now: dict[tuple[str, str, str], Session] = {}
    found: list[Session] = []
    for number, event in events:
        key = event["vsys"], event["user"].casefold(), event["machine"].casefold()
        if event["user"].casefold() == _MACHINE or event["status"] == "failure":
            continue
        if event["event"] == "gateway-connected":
            if before := open_now.get(key):
                before.closed = True
            open_now[key] = Session(number, event, _moment(event))
            found.append(open_now[key])
        elif event["event"] == "gateway-logout":
            session = open_now.pop(key, None)
            if session is None:
                session = Session(number, event, _before(event))
                found.append(session)
            session.end, session.closed = _moment(event), True
    return found


def _moment(event: Mapping[str, str]) -> datetime | None:
    exact = _moments.local(event["clock"], "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z")
    return exact or _moments.local(event["generated"], "%Y/%m/%d %H:%M:%S")


def _before(event: Mapping[str, str]) -> datetime | None:
    """When a connection began that the log only sees end: its duration says, where that is told."""
    moment, lasted = _moment(event), event["lasted"]
    told = lasted.isascii() and lasted.isdigit() and int(lasted) > 0
    return moment - timedelta(seconds=int(lasted)) if moment and told else None


LOG: Final = Adapter(
    name="globalprotect_log",
    kind="vpn_sessions",
    product="PAN-OS GlobalProtect log (syslog lines, PAN-OS 9.1 and newer)",
    headers=("GlobalProtect user", "GlobalProtect machine", "GlobalProtect start"),
    columns={
        "GlobalProtect start": "start",
        "GlobalProtect end": "end",
        "GlobalProtect user": "account_id",
        "GlobalProtect machine": "device_id",
        "GlobalProtect address": "src_ip",
        "GlobalProtect region": "country",
    },
    values={},
    constants={},
    date_order="ymd",
    about="A row from gateway-connected to gateway-logout of the same user and machine; one without an end was open "
    "when the log ended, or its logout was not seen; where the same user connects anew before, the end is not known. "
    "Log-ins alone and pre-logon tunnels of machines are left out. device_id is the machine's name. Times are the "
    "firewall's own and without a zone, read in the pack's time_zone, unless the line has event_time. Says nothing of "
    "split tunnels and redirection.",
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The log."""
    return (LOG,)
