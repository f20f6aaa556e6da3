"""FortiGate: the VPN events of its log, as text or as the console's CSV, as `vpn_sessions`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _moments

_PAIR: Final = re.compile(r'([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))(?=[\s,]|$)')
_LIKE_IT: Final = re.compile(r'(?:^|[\s,"])devid="*[A-Z0-9].*(?:^|[\s,"])logid=')
_ENDS: Final = ("tunnel-down", "tunnel-stats")
_EMPTY: Final = {"", "N/A", "(null)", "0.0.0.0"}  # noqa: S104  (how the product writes that there is no address)
_COUNTRIES: Final = {
    "Australia": "AU",
    "Bangladesh": "BD",
    "Canada": "CA",
    "China": "CN",
    "Germany": "DE",
    "Hong Kong": "HK",
    "India": "IN",
    "Indonesia": "ID",
    "Japan": "JP",
    "Malaysia": "MY",
    "Nepal": "NP",
    "Netherlands": "NL",
    "Pakistan": "PK",
    "Philippines": "PH",
    "Russian Federation": "RU",
    "Singapore": "SG",
    "Sri Lanka": "LK",
    "Thailand": "TH",
    "United Arab Emirates": "AE",
    "United Kingdom": "GB",
    "United States": "US",
    "Vietnam": "VN",
    "Reserved": None,
}
"""The names that are common here; another stays a name, and no country can be read from it."""


@dataclass(slots=True)
class Session:
    """One tunnel of one user: the line where it is first met, when it began and ended as far as is told."""

    number: int
    account: str | None
    address: str | None
    country: str | None
    start: datetime | None = None
    end: datetime | None = None
    closed: bool = False

    def note(self, event: Mapping[str, str]) -> None:
        """Add what an event says; where the log begins after the tunnel did, its duration tells when that was."""
        moment = _moment(event)
        if event["action"] == "tunnel-up":
            self.start = self.start or moment
            return
        self.closed |= event["action"] == "tunnel-down"
        self.end = moment if self.closed else None
        lasted = event.get("duration", "")
        if self.start is None and moment is not None and lasted.isascii() and lasted.isdigit():
            self.start = moment - timedelta(seconds=int(lasted))

    def cells(self) -> Mapping[str, str | None]:
        """The row, under headers of ours."""
        return {
            "FortiGate user": self.account,
            "FortiGate remip": self.address,
            "FortiGate country": self.country,
            "FortiGate start": _moments.written(self.start),
            "FortiGate end": (_moments.written(self.end) or "?") if self.closed else "",
        }


def unfold(document: list[str]) -> Unfolded | None:
    """A row for each tunnel of a user; a failed log-in, and a tunnel between sites, is no session of anybody."""
    if not any(_LIKE_IT.search(line) for line in document[:20]):
        return None
    events, cut = [], ""
    for number, event in _events(document):
        if event is not None:
            events.append((number, event))
        elif any(line.strip() for line in document[number:]):
            raise ValueError(f"line {number}: is no whole event; export the log again")
        else:
            cut = f"line {number}: ends in the middle of an event; the file is cut, export it again"
    of_vpn = [(number, event) for number, event in events if event.get("subtype") == "vpn"]
    if not of_vpn:
        return None
    found = _sessions(of_vpn)
    if not found and not cut:
        raise ValueError("holds no tunnel of a user; export the log of VPN events, of the whole period")
    return Unfolded(tuple((session.number, session.cells()) for session in found), cut)


def _sessions(events: Iterable[tuple[int, Mapping[str, str]]]) -> list[Session]:
    """The tunnels, in the order in which they are first met."""
    open_now: dict[tuple[str, ...], Session] = {}
    found: list[Session] = []
    for number, event in events:
        account = _said(event, "user") or _said(event, "xauthuser")
        between_sites = account is None and event.get("tunneltype", "").startswith("ipsec")
        if event.get("action") not in {"tunnel-up", *_ENDS} or between_sites:
            continue
        tunnel = *(event.get(key, "") for key in ("devid", "vd", "tunneltype", "tunnelid")), account or ""
        if tunnel not in open_now:
            open_now[tunnel] = Session(number, account, _said(event, "remip"), _said(event, "srccountry"))
            found.append(open_now[tunnel])
        open_now[tunnel].note(event)
        if event["action"] == "tunnel-down":
            del open_now[tunnel]
    return found


def _events(lines: Sequence[str]) -> Iterator[tuple[int, Mapping[str, str] | None]]:
    """Each event with its line, the oldest first where the log stands the other way round; None: not whole."""
    read = [(number, _event(line)) for number, line in enumerate(lines, 1) if line.strip()]
    times = [f"{event['date']} {event['time']}" for _, event in read if event]
    return iter(read[::-1] if times and times[0] > times[-1] else read)


def _event(line: str) -> Mapping[str, str] | None:
    if re.match(r'"[A-Za-z_]\w*=', line):
        try:
            pairs = [cell.partition("=") for cell in next(csv.reader([line], strict=True))]
        except csv.Error:
            return None
        if any(value.startswith('"') and not value[1:].endswith('"') for _, _, value in pairs):
            return None
        return _whole({key: value.strip('"') for key, _, value in pairs})
    rest = _PAIR.sub("", line)
    return None if '"' in rest else _whole({key: quoted or plain for key, quoted, plain in _PAIR.findall(line)})


def _whole(event: Mapping[str, str]) -> Mapping[str, str] | None:
    """The event, where it says when and what it was."""
    return (
        event if {"date", "time", "logid", "type"} <= {*event} and ("action" in event or "subtype" in event) else None
    )


def _said(event: Mapping[str, str], key: str) -> str | None:
    text = event.get(key, "")
    return None if text in _EMPTY else text


def _moment(event: Mapping[str, str]) -> datetime | None:
    """The event's own clock decides; without it the firewall's local time, in its zone where the event names one."""
    moment = _moments.instant(event.get("eventtime", ""))
    text = f"{event['date']} {event['time']}"
    return moment or _moments.local(
        f"{text} {event.get('tz', '')}".strip(), "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S"
    )


EVENTS: Final = Adapter(
    name="fortigate_vpn_events",
    kind="vpn_sessions",
    product="FortiGate event log, VPN events (text or CSV of key=value pairs)",
    headers=("FortiGate user", "FortiGate remip", "FortiGate start"),
    columns={
        "FortiGate start": "start",
        "FortiGate end": "end",
        "FortiGate user": "account_id",
        "FortiGate remip": "src_ip",
        "FortiGate country": "country",
    },
    values={"country": dict(_COUNTRIES)},
    constants={},
    date_order="ymd",
    about="A row for each tunnel: web and tunnel mode of one log-in are two. One without an end was open when the log "
    "ended; one that began before the log begins where its duration says. Failed log-ins and tunnels between sites are "
    "left out. Times are those of eventtime, else local with tz, else in the pack's time_zone. Says nothing of "
    "devices, split tunnels and redirection.",
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The VPN events."""
    return (EVENTS,)
