"""The vendor's devices, firewall rules, TLS results, scanner findings and log sources, with nothing wrong in them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sample_files import Row, Table
from sample_place import Place
from sample_vendor import CLIENT, OTHER_CLIENT, Person, Vendor, draw, pick
from sample_work import Book

DEVICE: Final = (
    "device_id owner employee_id os os_supported_until disk_encrypted av_active av_signature_on edr_last_seen "
    "usb_storage local_admin firewall_on last_patch_on mdm_enrolled software location"
)
RULE: Final = "rule_id zone direction action category destination reviewed_on"
MORNING: Final = date(2026, 11, 1)
"""When all of it was exported."""
BLOCKED: Final = (
    "webmail", "file_sharing", "paste", "messaging", "remote_control", "genai_unapproved", "anonymizer",
)  # fmt: skip
_OS: Final = (
    ("Windows 11 Enterprise 24H2", date(2027, 10, 12)),
    ("Windows 11 Enterprise 24H2", date(2027, 10, 12)),
    ("Windows 11 Enterprise 25H2", date(2028, 10, 10)),
)
_DEBIAN: Final = ("Debian GNU/Linux 12", date(2028, 6, 30))
_DEBIAN_SEAT: Final = 142
"""The audit drew this one: what it says of itself lies beside the files."""


def devices(book: Book, vendor: Vendor) -> None:
    """One desktop for each seat, a laptop for each home worker; what nobody uses is with the store keeper."""
    book["devices"] = Table("devices", "mdm/devices_2026-11-01.csv", tuple(DEVICE.split()), ("device_id",))
    keeper = vendor.those(role="facilities", status="active")[0]
    for p in vendor.people:
        holder = p if p.status == "active" else keeper
        if p.mode != "wfh":
            _device(book, p.desktop, holder, p.site, p.seat)
        if p.mode != "onsite":
            _device(book, p.laptop, holder, "home" if holder is p else p.site, p.seat)
    trainer = vendor.those(role="trainer", status="active", client=CLIENT)[0]
    for seat in range(vendor.spare, vendor.spare + 4):
        _device(book, f"{vendor.place.tag}-WS-{seat:04d}", trainer, vendor.place.sites[0].name, seat)
    boss = vendor.those(role="manager", status="active", client=CLIENT)[0]
    for seat in range(vendor.spare + 50, vendor.spare + 54):
        where = pick(["elsewhere", "home", None], "on the road", seat)
        _device(book, f"{vendor.place.tag}-LT-{seat:04d}", boss, where, seat)


def _device(book: Book, name: str, holder: Person, location: str | None, seat: int) -> None:
    os, until = _DEBIAN if seat == _DEBIAN_SEAT else pick(_OS, "os", name)
    book["devices"].add(
        device_id=name,
        owner="client" if holder.role == "payments" else "company",
        employee_id=holder.employee_id,
        os=os,
        os_supported_until=until,
        disk_encrypted="-LT-" in name or draw("encrypted", name) % 16 > 0,
        av_active=True,
        av_signature_on=MORNING - timedelta(days=draw("signatures", name) % 3),
        edr_last_seen=_seen(holder.place, name),
        usb_storage="blocked",
        local_admin=holder.role == "it_admin",
        firewall_on=True,
        last_patch_on=date(2026, 10, 14) + timedelta(days=draw("patched", name) % 12),
        mdm_enrolled=True,
        software=_software(holder, name),
        location=location,
        _person=holder,
    )


def _seen(place: Place, name: str) -> datetime:
    return place.at(MORNING, 9 * 60 - draw("seen", name) % (3 * 24 * 60), draw("seen second", name) % 60)


def _software(holder: Person, name: str) -> str:
    apps = [pick(["Google Chrome 141.0", "Mozilla Firefox 140.4", "Microsoft Edge 141.0"], "browser", name)]
    if holder.dials:
        apps += ["Agent Desktop 6.2", "Softphone 11.4"]
    if draw("office", name) % 3 == 0:
        apps += ["LibreOffice 25.2"]
    if holder.role == "it_admin":
        apps += ["PuTTY 0.83", "Wireshark 4.4"]
    return ";".join([*apps, "Endpoint Sensor 7.19"])


def network_rules(book: Book, place: Place) -> None:
    """The rules of the sites' firewall, zone by zone, each zone closed at its end, in the order they apply in."""
    table = Table("network_rules", "network/firewall_rules_2026-11-01.csv", tuple(RULE.split()), ("_order",))
    book["network_rules"] = table
    for zone, rules in _zones(place.domain).items():
        for number, (direction, action, category, destination) in enumerate(rules, 1):
            reviewed = date(2026, 8, 11) + timedelta(days=draw("reviewed", zone, number) % 40)
            _rule(table, f"{zone}-{10 * number:03d}", zone, direction, action, category, destination, reviewed)


def _rule(  # noqa: PLR0913, PLR0917  (a rule has so many columns)
    table: Table,
    rule_id: str,
    zone: str,
    direction: str,
    action: str,
    category: str | None,
    destination: str | None,
    reviewed_on: date | None,
) -> Row:
    return table.add(
        rule_id=rule_id, zone=zone, direction=direction, action=action, category=category, destination=destination,
        reviewed_on=reviewed_on, _order=f"{len(table.rows):05d}",
    )  # fmt: skip


def insert_rule(table: Table, after: Row, **rule: str | date | None) -> Row:
    """Add a rule that applies right after another one."""
    columns = dict.fromkeys(table.columns)
    return table.add(**{**columns, "zone": after["zone"], **rule, "_order": f"{after['_order']}a"})


def _zones(domain: str) -> dict[str, list[tuple[str, str, str | None, str | None]]]:
    proxy = [("out", "deny", category, "any") for category in BLOCKED]
    closed = ("out", "deny", "any", "any")
    return {
        "wan": [
            ("in", "allow", None, "203.0.113.20"),
            ("in", "allow", None, "203.0.113.21"),
            ("in", "deny", "any", "any"),
            ("out", "allow", "business", "198.51.100.2"),
            closed,
        ],
        f"floor-{CLIENT}": [
            ("out", "deny", "segment", f"floor-{OTHER_CLIENT}"),
            *proxy,
            ("out", "allow", "business", f"crm.{CLIENT}.example"),
            ("out", "allow", "business", f"sso.{domain}"),
            ("out", "allow", "segment", "voice"),
            closed,
            ("in", "deny", "any", "any"),
        ],
        f"floor-{OTHER_CLIENT}": [
            ("out", "deny", "segment", f"floor-{CLIENT}"),
            ("out", "allow", "business", f"desk.{OTHER_CLIENT}.example"),
            ("out", "allow", "segment", "voice"),
            closed,
            ("in", "deny", "any", "any"),
        ],
        "voice": [
            ("in", "allow", None, "203.0.113.40"),
            ("in", "deny", "any", "any"),
            ("out", "allow", None, "198.51.100.30"),
            closed,
        ],
        "servers": [
            ("in", "allow", "segment", "203.0.113.52"),
            ("in", "reject", "any", "any"),
            ("out", "allow", "business", f"updates.{domain}"),
            ("out", "allow", None, "198.51.100.53"),
            closed,
        ],
        "guest": [*proxy, ("out", "allow", "business", "any"), closed, ("in", "deny", "any", "any")],
    }


def tls(book: Book, place: Place) -> None:
    """What a handshake with each port that faces outside came to."""
    columns = ("host", "port", "protocol_min", "protocol_max", "cert_not_after", "cert_chain_ok")
    book["tls"] = table = Table("tls", "network/tls_2026-11-01.csv", columns, ("host", "port"))
    for name, port, least in (
        ("sso", 443, "1.2"), ("vpn", 443, "1.3"), ("vpn2", 443, "1.3"), ("sip", 5061, "1.2"), ("mail", 587, "1.2"),
        ("mail", 993, "1.2"), ("recordings", 443, "1.2"), ("qa", 990, "1.2"), ("wfm", 443, "1.2"),
        ("mx1", 25, "1.2"), ("mx2", 25, "1.2"),
    ):  # fmt: skip
        ends = date(2026, 12, 4) + timedelta(days=draw("certificate", name) % 60)
        table.add(
            host=f"{name}.{place.domain}", port=port, protocol_min=least, protocol_max="1.3", cert_not_after=ends,
            cert_chain_ok=True,
        )  # fmt: skip


def vulns(book: Book) -> None:
    """What the scanner found: fixed in time, or still young, or not grave; every asset was scanned in October."""
    columns = ("asset_id", "cve", "severity", "published_on", "first_seen", "fixed_on", "scanned_on")
    book["vulns"] = table = Table(
        "vulns", "scanner/findings_2026-11-01.csv", columns, ("published_on", "cve", "asset_id")
    )
    names = sorted(row["device_id"] for row in book["devices"].rows)
    assets = ["crm-db1", "pbx1", "recorder1", *names[:: max(1, len(names) // 12)]]
    for n in range(30):
        severity = ("critical", "high", "medium", "high", "low")[n % 5]
        published = date(2026, 7, 6) + timedelta(days=3 * n)
        for asset in assets[n % 4 :: 4]:
            fixed = published + timedelta(days=9 + draw("fixed", asset, n) % 18)
            open_ = fixed > date(2026, 10, 28) or severity in {"medium", "low"}
            table.add(
                asset_id=asset, cve=f"CVE-2026-{90001 + 7 * n}", severity=severity, published_on=published,
                first_seen=published + timedelta(days=2), fixed_on=None if open_ else fixed,
                scanned_on=date(2026, 10, 27) + timedelta(days=draw("scanned", asset) % 5),
            )  # fmt: skip


def log_sources(book: Book, place: Place) -> None:
    """Where the records of each system are kept, and from when until when."""
    columns = (
        "source", "system", "oldest_record_on", "oldest_online_on", "newest_record_at", "storage_country",
        "tamper_protected",
    )  # fmt: skip
    book["log_sources"] = table = Table("log_sources", "siem/log_sources_2026-11-01.csv", columns, ("source", "system"))
    for source, system in (
        ("siem", "crm"), ("siem", "dialler"), ("siem", "entra"), ("siem", "firewall"), ("siem", "vpn"),
        ("siem", "wfm"), ("siem", "hris"), ("siem", "mdm"), ("mail gateway", "mail"), ("badge server", "badge"),
    ):  # fmt: skip
        days = draw("oldest", system) % 90
        table.add(
            source=source, system=system, oldest_record_on=date(2025, 10, 20) - timedelta(days=days),
            oldest_online_on=date(2026, 7, 20) - timedelta(days=days % 40),
            newest_record_at=place.at(MORNING, 10 * 60 - draw("newest", system) % 50), storage_country=place.country,
            tamper_protected=True,
        )  # fmt: skip
