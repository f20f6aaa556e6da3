"""Jamf Pro: the CSV of a search for computers as `devices`, its continuation rows folded into the row above."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _delimited

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEY: Final = "JSS Computer ID"
_SOFTWARE: Final = "Application Title"


def unfold(document: list[str]) -> Unfolded | None:
    """A row for each computer; rows without its key belong to the row above and only add software."""
    sheet = _delimited.sheet(document, _KEY, "Computer Name")
    if sheet is None:
        return None
    found: list[tuple[int, dict[str, str | None]]] = []
    titles: dict[int, list[str]] = {}
    for number, cells in sheet.rows:
        if cells[_KEY].strip():
            found.append((number, {name: cells[name] for name in sheet.headers if name in COMPUTERS.columns}))
        elif not found or cells["Computer Name"].strip():
            raise ValueError(f'line {number}: a computer without "{_KEY}"; export it again with that column')
        titles.setdefault(found[-1][0], []).append(cells.get(_SOFTWARE, "").replace(";", ",").strip())
    for number, row in found:
        if _SOFTWARE in row:
            row[_SOFTWARE] = ";".join(dict.fromkeys(filter(None, titles[number])))
    return Unfolded(tuple((number, row) for number, row in found), sheet.cut)


COMPUTERS: Final = Adapter(
    name="jamf_computers",
    kind="devices",
    product="Jamf Pro computers (advanced search > Export, CSV)",
    headers=(_KEY, "FileVault 2 Status"),
    columns={
        _KEY: "device_id",
        "Username": "employee_id",
        "Operating System Version": "os",
        "FileVault 2 Status": "disk_encrypted",
        "Firewall Enabled": "firewall_on",
        "Last Check-in": "edr_last_seen",
        "Managed": "mdm_enrolled",
        "Building": "location",
        _SOFTWARE: "software",
    },
    values={
        "disk_encrypted": {
            "Encrypted": "true",
            "All Partitions Encrypted": "true",
            "Boot Partitions Encrypted": None,
            "Some Partitions Encrypted": "false",
            "No Partitions Encrypted": "false",
            "Not Encrypted": "false",
        },
        "firewall_on": {"Enabled": "true", "Yes": "true", "Not Enabled": "false", "Disabled": "false", "No": "false"},
        "mdm_enrolled": {"Managed": "true", "Yes": "true", "Unmanaged": "false", "No": "false"},
    },
    constants={},
    date_order="ymd",
    about="Whoever searches picks the columns: those that are not there are not known. Times carry no zone: they are "
    "read in the pack's time_zone. edr_last_seen is the last check-in with Jamf, not an EDR agent. os is the version "
    "of macOS alone. Where only the boot partitions are encrypted, the disk is not known. Says nothing of owner, "
    "antivirus, USB storage and local admins.",
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The computers."""
    return (COMPUTERS,)
