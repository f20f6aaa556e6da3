"""OpenVPN: the status file of its server, in each of its three versions, as `vpn_sessions`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _moments

if TYPE_CHECKING:
    from datetime import datetime

_FIRST: Final = "OpenVPN CLIENT LIST"
_CLIENT: Final = "CLIENT_LIST"
_NAME, _ADDRESS, _SINCE = "Common Name", "Real Address", "Connected Since"
_SHAPES: Final = ("%Y-%m-%d %H:%M:%S", "%a %b %d %H:%M:%S %Y")
_PLACE: Final = re.compile(r"(?:(?:udp|tcp)[46]?(?:-\w+)?:)?(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):\d+|([0-9A-Fa-f:.]+)")
_CUT: Final = "has no line END; the file is cut, take it again"

Clients = list[tuple[int, Mapping[str, str]]]


def unfold(document: list[str]) -> Unfolded | None:
    """A row for each client that is connected."""
    first = document[0].strip() if document else ""
    if first == _FIRST:
        clients = _of_version_1(document)
    elif re.match(r"TITLE[,\t]OpenVPN ", first):
        clients = _of_later(document, first[len("TITLE")])
    else:
        return None
    ended = any(line.strip() == "END" for line in document)
    return Unfolded(tuple((number, _session(cells)) for number, cells in clients), "" if ended else _CUT)


def _of_version_1(lines: Sequence[str]) -> Clients:
    clients: Clients = []
    headers: list[str] = []
    for number, line in enumerate(lines, 1):
        if line.strip() in {"ROUTING TABLE", "END"}:
            break
        cells = next(csv.reader([line]), [])
        if cells[:2] == [_NAME, _ADDRESS]:
            headers = cells
        elif headers:
            clients += _client(number, headers, cells, len(lines))
    return clients


def _of_later(lines: Sequence[str], delimiter: str) -> Clients:
    clients: Clients = []
    headers: list[str] = []
    for number, line in enumerate(lines, 1):
        cells = next(csv.reader([line], delimiter=delimiter), [])
        if cells[:2] == ["HEADER", _CLIENT]:
            headers = cells[2:]
        elif cells[:1] == [_CLIENT]:
            if not headers:
                raise ValueError(
                    f"line {number}: a client before any line HEADER,{_CLIENT}; take the file again, whole"
                )
            clients += _client(number, headers, cells[1:], len(lines))
    return clients


def _client(number: int, headers: Sequence[str], cells: Sequence[str], lines: int) -> Clients:
    if len(cells) == len(headers):
        return [(number, dict(zip(headers, cells, strict=True)))]
    if number < lines:
        raise ValueError(f"line {number}: {len(cells)} cells where the header has {len(headers)}; take the file again")
    return []


def _session(cells: Mapping[str, str]) -> Mapping[str, str | None]:
    user = cells.get("Username", "").strip()
    place = _PLACE.fullmatch(cells[_ADDRESS].strip())
    since: datetime | None = _moments.instant(cells.get(f"{_SINCE} (time_t)", ""))
    return {
        "OpenVPN client": cells[_NAME] if user in {"", "UNDEF"} else user,
        "OpenVPN address": next(filter(None, place.groups()), None) if place else "?",
        "OpenVPN since": _moments.written(since or _moments.local(cells[_SINCE].strip(), *_SHAPES)),
        "OpenVPN end": "",
    }


STATUS: Final = Adapter(
    name="openvpn_status",
    kind="vpn_sessions",
    product="OpenVPN server status file (--status, versions 1, 2 and 3)",
    headers=("OpenVPN client", "OpenVPN address", "OpenVPN since"),
    columns={
        "OpenVPN since": "start",
        "OpenVPN end": "end",
        "OpenVPN client": "account_id",
        "OpenVPN address": "src_ip",
    },
    values={"account_id": {"UNDEF": None}},
    constants={},
    date_order="ymd",
    about="A snapshot: who was connected when it was written, nobody who had left; a period needs many of them, or the "
    "log. A client without a user name gave a certificate alone and is named after it. Version 1 has times without a "
    "zone: they are read in the pack's time_zone. Says nothing of devices, split tunnels and redirection.",
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The status file."""
    return (STATUS,)
