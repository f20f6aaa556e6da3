"""Nessus and Tenable: the CSV of a scan as `vulns`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _delimited, _findings

_TOOL: Final = "Nessus"
_SCAN_INFORMATION: Final = "19506"
_STARTED: Final = re.compile(r"Scan Start Date\s*:\s*(\d{4})/(\d{1,2})/(\d{1,2})")
_PUBLISHED: Final = ("Vulnerability Publication Date", "Vuln Publication Date", "Plugin Publication Date")
_FIRST: Final = ("First Found", "First Discovered", "First Seen")
_LAST: Final = ("Last Found", "Last Observed", "Last Seen")
_STATES: Final = ("Vulnerability State", "Vuln State", "State")


def unfold(document: list[str]) -> Unfolded | None:
    """A row for each host and CVE, or plugin where it names none; a weakness that is fixed is not among them."""
    sheet = _delimited.sheet(document, "Plugin ID", "CVE", "Risk", "Host")
    if sheet is None:
        return None
    published, first, last, state = (_there(sheet, names) for names in (_PUBLISHED, _FIRST, _LAST, _STATES))
    scans = _scans(sheet)
    told = {"published": published, "first": first, "scanned": "Plugin Output" if scans else last}
    findings = _findings.Findings(_TOOL, tuple(name for name, header in told.items() if header))
    for number, cells in sheet.rows:
        if state and cells[state].strip().lower() == "fixed":
            continue
        host = cells["Host"].strip()
        days = {name: _findings.day(cells[told[name]]) for name in findings.columns if told[name] != "Plugin Output"}
        days.setdefault("scanned", scans.get(host))
        for weakness in _findings.weaknesses(cells["CVE"], f"nessus-{cells['Plugin ID'].strip()}"):
            findings.add(number, host, weakness, cells["Risk"].strip(), days)
    return findings.unfolded(sheet.cut)


def _there(sheet: _delimited.Sheet, names: Iterable[str]) -> str:
    return next((name for name in names if name in sheet.headers), "")


def _scans(sheet: _delimited.Sheet) -> Mapping[str, str]:
    """The day of each host's scan, as the plugin with the scan's information tells it."""
    found: dict[str, str] = {}
    for _, cells in sheet.rows:
        began = _STARTED.search(cells.get("Plugin Output", ""))
        if cells["Plugin ID"].strip() == _SCAN_INFORMATION and began:
            day = f"{began[1]}-{began[2]:0>2}-{began[3]:0>2}"
            found[cells["Host"].strip()] = max(day, found.get(cells["Host"].strip(), ""))
    return found


SCAN: Final = Adapter(
    name="nessus_csv",
    kind="vulns",
    product="Nessus, Tenable Vulnerability Management (scan export, CSV)",
    headers=(f"{_TOOL} asset", f"{_TOOL} weakness", f"{_TOOL} severity"),
    columns={
        f"{_TOOL} asset": "asset_id",
        f"{_TOOL} weakness": "cve",
        f"{_TOOL} severity": "severity",
        f"{_TOOL} published": "published_on",
        f"{_TOOL} first": "first_seen",
        f"{_TOOL} scanned": "scanned_on",
        f"{_TOOL} fixed": "fixed_on",
    },
    values={"severity": {"None": "info"}},
    constants={},
    date_order="ymd",
    about="A row for each host and CVE, the worst risk of all ports and plugins; a finding without CVE has nessus- and "
    "the plugin's number. All are open: a scan does not show what is fixed, and rows in state Fixed are left out. "
    "published_on is the weakness's day where the export has it, else the plugin's. scanned_on comes from plugin "
    "19506, else from the last sight. Whether the scan could log in (Credentialed checks, there too) is not read: one "
    "that could not proves little.",
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The scan."""
    return (SCAN,)
