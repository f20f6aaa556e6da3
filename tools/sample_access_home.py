"""Remote work and presence in the sample, for the controls that compare them with doors and devices."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sample_files import Row
from sample_plants import agents
from sample_room import Plants
from sample_truth import Truth
from sample_vendor import CLIENT, DAYS, Person, Vendor
from sample_work import Book


def with_doors_and_devices(book: Book, vendor: Vendor) -> None:
    """What REM-02 and REM-03 need of tables that others fill: each home worker's laptop, a badge before each shift.

    To be called after every room's `fill`.
    """
    known = {row["device_id"] for row in book["devices"].rows}
    for p in vendor.people:
        laptop = p.laptop
        if p.mode != "onsite" and p.status == "active" and laptop not in known:
            book["devices"].add(**dict.fromkeys(book["devices"].columns) | _managed(laptop, p))
    entered: dict[str, list[datetime]] = {}
    for row in book["badge"].rows:
        if row["direction"] == "in" and row["result"] == "granted":
            entered.setdefault(row["employee_id"], []).append(row["ts"])
    events = [row for system in ("entra", "crm", "dialler") for row in book[f"{system}_events"].rows]
    for row in sorted(events, key=lambda event: event["ts"]):
        someone: Person | None = row.get("_person")
        ts = row["ts"]
        if someone is None or row["result"] != "success" or row["src_ip"].startswith("192.0.2."):
            continue
        if not any(ts - timedelta(hours=14) <= moment <= ts for moment in entered.setdefault(someone.employee_id, [])):
            entry: Row = {"ts": ts - timedelta(minutes=4), "employee_id": someone.employee_id, "direction": "in"}
            entry |= {"result": "granted", "zone": "entrance", "door": "D1"}
            book["badge"].rows.append(dict.fromkeys(book["badge"].columns) | entry)
            entered[someone.employee_id].append(entry["ts"])


def _managed(laptop: str, p: Person) -> Row:
    safe = dict.fromkeys(("mdm_enrolled", "disk_encrypted", "av_active"), True)
    return {"device_id": laptop, "owner": "company", "employee_id": p.employee_id, **safe}


def _undeclared(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Overtime from home, by two agents of the site; one desk used by nobody who came in."""
    one, other, early = agents(vendor, truth, 3, shift="day", mode="onsite")
    for p in (one, other):
        day = next(s.day for s in vendor.shifts if s.person is p and s.clock_in and s.day > DAYS[10])
        for row in book["crm_events"].rows:
            if row.get("_person") is p and row["_shift"].day == day and row["result"] == "success":
                row |= {"src_ip": f"192.0.2.{10 + p.seat % 240}", "remote": True}
                truth.expect("REM-02", "crm_events", row, "recorded as on-site, signed in from home")
    shift = next(s for s in vendor.shifts if s.person is early and s.clock_in and s.day > DAYS[10])
    person, day = early.employee_id, shift.day
    gone = [r for r in book["badge"].rows if r["employee_id"] == person and r["ts"].date() == day]
    book["badge"].rows = [row for row in book["badge"].rows if row not in gone]
    for name in ("entra_events", "crm_events", "dialler_events"):
        for row in book[name].rows:
            if row.get("_shift") is shift and row["result"] == "success":
                truth.expect("REM-02", name, row, "signed in at the site without having come in")
    _without_a_badge(book, truth)


def _without_a_badge(book: Book, truth: Truth) -> None:
    """What other weaknesses let people do at the site without coming in, and the login that is nobody's."""
    for planted in [p for p in truth.planted if p.control == "LOG-03" and not p.undecided]:
        p = planted.row["_person"]
        if p.mode != "wfh" and not planted.row["src_ip"].startswith("192.0.2."):
            truth.expect("REM-02", planted.table, planted.row, "signed in at the site without having come in")
    for row in book["crm_events"].rows:
        if row["account_id"] == "trainer01":
            truth.doubt("REM-02", "crm_events", row, "the login is nobody's")


def _unmanaged(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A family computer, sessions without a device, a laptop that was never encrypted, a colleague's laptop."""
    ours = [row for row in book["vpn"].rows if row["_person"].client == CLIENT]
    people = list({row["account_id"]: row["_person"] for row in ours}.values())
    for p, device, why in (
        (people[0], "DESKTOP-7K2QF", "a computer that nobody manages"),
        (people[1], None, "no device is named"),
        (people[2], people[3].laptop, "the laptop of a colleague"),
    ):
        for row in [row for row in ours if row["_person"] is p][:2]:
            row["device_id"] = device
            truth.expect("REM-03", "vpn", row, why)
    laptop = people[4].laptop
    bare = next(row for row in book["devices"].rows if row["device_id"] == laptop)
    bare["disk_encrypted"] = False
    truth.expect("END-01", "devices", bare, "the disk is not encrypted")
    for row in [row for row in ours if row["device_id"] == laptop]:
        truth.expect("REM-03", "vpn", row, "the disk of the laptop is not encrypted")


WITH_DOORS_AND_DEVICES: Final[Plants] = {"REM-02": _undeclared, "REM-03": _unmanaged}
"""How the two controls are broken, once the sample holds `badge` and `devices`."""
