"""Devices, networks and their scans: records of the sample, and how controls are broken."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sample_devices_tables import devices, insert_rule, log_sources, network_rules, tls, vulns
from sample_files import Row
from sample_room import Plants, Source
from sample_truth import Truth
from sample_vendor import CLIENT, OTHER_CLIENT, Person, Vendor, draw
from sample_work import Book

SOURCES: Final[tuple[Source, ...]] = (
    Source("devices", ("devices",), "endpoint-management", "10:40"),
    Source("network_rules", ("network_rules",), "network-operations", "10:45"),
    Source("tls", ("tls",), "network-operations", "10:50"),
    Source("vulns", ("vulns",), "security-operations", "10:55"),
    Source("log_sources", ("log_sources",), "security-operations", "11:00"),
)
CLIENT_SOURCES: Final[tuple[Source, ...]] = ()


def fill(book: Book, vendor: Vendor) -> None:
    """Add the tables of these domains without any weakness."""
    devices(book, vendor)
    network_rules(book, vendor.place)
    tls(book, vendor.place)
    vulns(book)
    log_sources(book, vendor.place)


def _rules(book: Book, zone: str, direction: str) -> list[Row]:
    return [row for row in book["network_rules"].rows if (row["zone"], row["direction"]) == (zone, direction)]


def _device(book: Book, name: str) -> Row:
    return next(row for row in book["devices"].rows if row["device_id"] == name)


def _seats(book: Book, vendor: Vendor, number: int) -> list[Person]:
    """Agents of the client who sit at a desk all month and carry no weakness yet; these do not count as one."""
    away = {a.person.employee_id for a in vendor.absences}
    used = {row["_person"].employee_id for row in book["devices"].rows if row.get("_planted")}
    free = [
        p
        for p in vendor.those(role="agent", status="active", client=CLIENT, mode="onsite")
        if p.hired < date(2026, 9, 1) and p.employee_id not in away | used
    ]
    return sorted(free, key=lambda p: draw("device plant", p.employee_id))[:number]


def _desk(book: Book, p: Person) -> Row:
    """The desktop of a person, from now on one with a weakness."""
    row = _device(book, p.desktop)
    row["_planted"] = True
    return row


def _inbound(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A way in for the PBX's maker behind the last deny, a zone open to all, a rule nobody has looked at for long."""
    last = _rules(book, "wan", "in")[-1]
    support = insert_rule(
        book["network_rules"], last, rule_id="temp RDP", direction="in", action="allow", destination="203.0.113.60"
    )
    truth.expect("NET-01", "network_rules", support, "stands behind the deny at the end of its zone, never reviewed")
    opened = _rules(book, "voice", "in")[0]
    opened["destination"] = "any"
    truth.expect("NET-01", "network_rules", opened, "lets everything into the voice zone")
    old = _rules(book, "servers", "in")[0]
    old["reviewed_on"] = date(2025, 1, 20)
    truth.expect("NET-01", "network_rules", old, "last reviewed on 2025-01-20, 180 days are allowed")


def _outbound(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Messages let out of the client's floor, and servers that reach what nobody denies."""
    messages = next(row for row in _rules(book, f"floor-{CLIENT}", "out") if row["category"] == "messaging")
    messages["action"] = "allow"
    truth.expect("NET-02", "network_rules", messages, "messaging is let out of the client's floor")
    *_, left, last = _rules(book, "servers", "out")
    book["network_rules"].rows.remove(last)
    truth.expect("NET-02", "network_rules", left, "the zone does not end in deny, so no category is denied")


def _weak_tls(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """An upload server with an old protocol, a certificate about to end, one that nobody trusts."""
    by_name = {(row["host"].split(".")[0], row["port"]): row for row in book["tls"].rows}
    for name, change, why in (
        (("qa", 990), {"protocol_min": "1.0"}, "accepts TLS 1.0"),
        (("sip", 5061), {"cert_not_after": date(2026, 11, 23)}, "the certificate ends in exactly 21 days"),
        (("wfm", 443), {"cert_chain_ok": False}, "the certificate is not trusted"),
    ):
        by_name[name].update(change)
        truth.expect("NET-03", "tls", by_name[name], why)


def _one_network(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """The other client's floor reaches this client's, and the separation was last tested in March."""
    first = _rules(book, f"floor-{OTHER_CLIENT}", "out")[0]
    bridge = insert_rule(
        book["network_rules"], first, rule_id="seat move", direction="out", action="allow", category="segment",
        destination=f"floor-{CLIENT}", reviewed_on=date(2026, 9, 1),
    )  # fmt: skip
    truth.expect("NET-04", "network_rules", bridge, "one client's floor reaches the other's")
    for row in book["audits"].rows:
        if row["kind"] == "segmentation_test":
            row["performed_on"] = min(row["performed_on"], date(2026, 3, 2))
            if row["performed_on"] == date(2026, 3, 2):
                truth.expect("NET-04", "audits", row, "the last segmentation test was on 2026-03-02")


def _short_logs(book: Book, vendor: Vendor, truth: Truth) -> None:
    """The dialler keeps fourteen days, the time clock fell silent, and the CRM is on no list."""
    by_system = {row["system"]: row for row in book["log_sources"].rows}
    by_system["dialler"] |= {"oldest_record_on": date(2026, 10, 18), "oldest_online_on": date(2026, 10, 18)}
    truth.expect("NET-05", "log_sources", by_system["dialler"], "the oldest record is 15 days old")
    by_system["wfm"] |= {"newest_record_at": vendor.place.at(date(2026, 10, 20), 611), "tamper_protected": False}
    truth.expect("NET-05", "log_sources", by_system["wfm"], "silent for twelve days, and open to change")
    book["log_sources"].rows.remove(by_system["crm"])
    first = min(book["crm"].rows, key=lambda row: str(row["account_id"]))
    truth.expect("NET-05", "crm", first, "no log of the CRM is listed; its first account")


def _plain_disks(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Two laptops that travel with plain disks."""
    for seat in (vendor.spare + 50, vendor.spare + 52):
        row = _device(book, f"{vendor.place.tag}-LT-{seat:04d}")
        row["disk_encrypted"] = False
        truth.expect("END-01", "devices", row, "outside the sites with a plain disk")


def _unprotected(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Protection switched off on one desktop, signatures of September on another, a third not seen for twelve days."""
    off, old, silent = (_desk(book, p) for p in _seats(book, vendor, 3))
    off |= {"av_active": False, "av_signature_on": None}
    truth.expect("END-02", "devices", off, "no protection runs")
    old["av_signature_on"] = date(2026, 9, 18)
    truth.expect("END-02", "devices", old, "signatures of 2026-09-18")
    silent["edr_last_seen"] = vendor.place.at(date(2026, 10, 21), 17 * 60 + 5)
    truth.expect("END-02", "devices", silent, "last seen twelve days ago")


def _unpatched(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Weaknesses fixed late or never, one on a recorder that no inventory holds, and training-room PCs past support."""
    graves = [row for row in book["vulns"].rows if row["severity"] in {"critical", "high"} and row["fixed_on"]]
    recorder = next(row for row in graves if row["asset_id"] == "recorder1")
    late = next(row for row in graves if row["severity"] == "high" and row is not recorder)
    recorder["fixed_on"] = None
    truth.expect("END-03", "vulns", recorder, "published months ago and still open on the recorder")
    late["fixed_on"] = late["published_on"] + timedelta(days=46)
    truth.expect("END-03", "vulns", late, "fixed 46 days after publication, 45 are allowed")
    for seat in (vendor.spare + 1, vendor.spare + 2):
        row = _device(book, f"{vendor.place.tag}-WS-{seat:04d}")
        row |= {"os": "Windows 10 Enterprise 22H2", "os_supported_until": date(2025, 10, 14)}
        row["last_patch_on"] = date(2025, 10, 14)
        truth.expect("END-03", "devices", row, "Windows 10 is out of support since 2025-10-14")


def _sticks(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Three desktops that take a stick, one of them to read alone."""
    for p, word in zip(_seats(book, vendor, 3), ("allowed", "allowed", "read_only"), strict=True):
        row = _desk(book, p)
        row["usb_storage"] = word
        truth.expect("END-04", "devices", row, f"USB storage is {word}")


def _rights(book: Book, vendor: Vendor, truth: Truth) -> None:
    """An agent who is administrator, a tool that support left on two desktops, a program that moves the mouse."""
    admin, *helped, idle = (_desk(book, p) for p in _seats(book, vendor, 4))
    admin["local_admin"] = True
    truth.expect("END-05", "devices", admin, "the agent who holds it is local administrator")
    for row in helped:
        row["software"] += ";AnyDesk 8.0.9"
        truth.expect("END-05", "devices", row, "a remote-control tool that support left behind")
    idle["software"] += ";Mouse Jiggler 2.1"
    truth.expect("END-05", "devices", idle, "a program that keeps the screen from locking")


def _inventory(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A desktop in daily use that is not listed, and devices of nobody, of nobody known and of somebody on leave."""
    unlisted, lost, foreign, left = (_desk(book, p) for p in _seats(book, vendor, 4))
    book["devices"].rows.remove(unlisted)
    name = unlisted["device_id"]
    used = [row for row in book["crm_events"].rows if row["device_id"] == name and row["result"] == "success"]
    first = min(used, key=lambda row: (row["ts"].isoformat(), row["account_id"]))
    truth.expect("END-06", "crm_events", first, f"{name} is not in the inventory; its first sign-in")
    lost["employee_id"] = None
    truth.expect("END-06", "devices", lost, "nobody holds it")
    foreign["employee_id"] = f"{vendor.place.tag}-09417"
    truth.expect("END-06", "devices", foreign, "its holder is not on the roster")
    left["employee_id"] = vendor.those(status="on_leave")[0].employee_id
    truth.expect("END-06", "devices", left, "its holder is on leave")


PLANTS: Final[Plants] = {
    "NET-01": _inbound,
    "NET-02": _outbound,
    "NET-03": _weak_tls,
    "NET-04": _one_network,
    "NET-05": _short_logs,
    "END-01": _plain_disks,
    "END-02": _unprotected,
    "END-03": _unpatched,
    "END-04": _sticks,
    "END-05": _rights,
    "END-06": _inventory,
}
CONTROLS: Final[tuple[str, ...]] = tuple(PLANTS)
SHOWN: Final[tuple[str, ...]] = tuple(id_ for id_ in PLANTS if id_ not in {"NET-03", "NET-04", "END-02"})
