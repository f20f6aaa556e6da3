"""OpenVAS, Greenbone: the CSV of a report as `vulns`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _delimited, _findings

_TOOL: Final = "OpenVAS"


def unfold(document: list[str]) -> Unfolded | None:
    """A row for each address and CVE, or test where it names none."""
    sheet = _delimited.sheet(document, "IP", "Severity", "NVT OID", "CVEs")
    if sheet is None:
        return None
    findings = _findings.Findings(_TOOL, ("scanned",) if "Timestamp" in sheet.headers else ())
    for number, cells in sheet.rows:
        scanned = {"scanned": cells.get("Timestamp", "").strip() or None}
        for weakness in _findings.weaknesses(cells["CVEs"], f"nvt-{cells['NVT OID'].strip()}"):
            findings.add(number, cells["IP"].strip(), weakness, cells["Severity"].strip(), scanned)
    return findings.unfolded(sheet.cut)


REPORT: Final = Adapter(
    name="openvas_csv",
    kind="vulns",
    product="OpenVAS, Greenbone (report, CSV Results)",
    headers=(f"{_TOOL} asset", f"{_TOOL} weakness", f"{_TOOL} severity"),
    columns={
        f"{_TOOL} asset": "asset_id",
        f"{_TOOL} weakness": "cve",
        f"{_TOOL} severity": "severity",
        f"{_TOOL} scanned": "scanned_on",
        f"{_TOOL} fixed": "fixed_on",
    },
    values={"severity": {"Log": "info"}},
    constants={},
    date_order="ymd",
    about="A row for each address and CVE, the worst severity of all ports and tests; a finding without CVE has nvt- "
    "and the test's OID. All are open: a report does not show what is fixed. It holds what its filter lets through: "
    "ask for levels=hmlg and a min_qod of 0. The severity of what somebody marked as false positive is not known. Says "
    "nothing of publication. A time without zone is read in the pack's.",
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The report."""
    return (REPORT,)
