"""Endpoints: what is on a computer, what protects it, and what can be carried off with it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from ctrlkit import (
    AsOf,
    Expr,
    Facts,
    Row,
    Table,
    Window,
    any_of,
    assert_each,
    assert_every,
    assert_rate,
    assert_some,
    cannot_tell,
    col,
    control,
    count,
    days,
    group,
    house,
    maybe,
    note_every,
    reads,
    standard,
    when,
)

DESKTOPS = ("workstation",)
EVERY_HOST = ("workstation", "server", "jump", "mail")
SILENT_DAYS = 30
NO_DATA = ("/boot", "/boot/efi", "/efi")
NOT_A_DISK = ("memory", "loop", "rom")
UPDATERS = ("clamav-freshclam",)
REFUSING = ("block", "reject")
SUPPORTED_UNTIL = {
    "alpine 3.19": date(2025, 11, 1),
    "alpine 3.20": date(2026, 4, 1),
    "alpine 3.21": date(2026, 11, 1),
    "alpine 3.22": date(2027, 5, 1),
    "alpine 3.23": date(2027, 11, 1),
    "almalinux 8": date(2029, 3, 1),
    "almalinux 9": date(2032, 5, 31),
    "almalinux 10": date(2035, 5, 31),
    "centos 7": date(2024, 6, 30),
    "centos 8": date(2024, 5, 31),
    "centos 9": date(2027, 5, 31),
    "centos 10": date(2030, 1, 1),
    "debian 10": date(2024, 6, 30),
    "debian 11": date(2026, 8, 31),
    "debian 12": date(2028, 6, 30),
    "debian 13": date(2030, 6, 30),
    "rhel 7": date(2024, 6, 30),
    "rhel 8": date(2029, 5, 31),
    "rhel 9": date(2032, 5, 31),
    "rhel 10": date(2035, 5, 31),
    "rocky 8": date(2029, 5, 31),
    "rocky 9": date(2032, 5, 31),
    "rocky 10": date(2035, 5, 31),
    "ubuntu 18.04": date(2023, 5, 31),
    "ubuntu 20.04": date(2025, 5, 29),
    "ubuntu 22.04": date(2027, 6, 1),
    "ubuntu 24.04": date(2029, 5, 31),
    "ubuntu 25.10": date(2026, 7, 9),
    "ubuntu 26.04": date(2031, 5, 29),
    "windows 10.0.19044": date(2023, 6, 13),
    "windows 10.0.19045": date(2025, 10, 14),
    "windows 10.0.22000": date(2023, 10, 10),
    "windows 10.0.22621": date(2024, 10, 8),
    "windows 10.0.22631": date(2025, 11, 11),
    "windows 10.0.26100": date(2026, 10, 13),
    "windows 10.0.26200": date(2027, 10, 12),
    "windows enterprise 10.0.19044": date(2024, 6, 11),
    "windows enterprise 10.0.19045": date(2025, 10, 14),
    "windows enterprise 10.0.22000": date(2024, 10, 8),
    "windows enterprise 10.0.22621": date(2025, 10, 14),
    "windows enterprise 10.0.22631": date(2026, 11, 10),
    "windows enterprise 10.0.26100": date(2027, 10, 12),
    "windows enterprise 10.0.26200": date(2028, 10, 10),
    "windows ltsc 2016": date(2026, 10, 13),
    "windows ltsc 2019": date(2029, 1, 9),
    "windows ltsc 2021": date(2027, 1, 12),
    "windows ltsc 2024": date(2029, 10, 9),
    "windows server 2012": date(2023, 10, 10),
    "windows server 2012 R2": date(2023, 10, 10),
    "windows server 2016": date(2027, 1, 12),
    "windows server 2019": date(2029, 1, 9),
    "windows server 2022": date(2031, 10, 14),
    "windows server 2025": date(2034, 11, 14),
}
"""Last day with security updates for everybody, as the makers announce it; paid extensions do not count.

Looked up in November 2026, nowhere on the makers' pages as they stood that day but in copies of them:

- Debian (LTS, wiki.debian.org/LTS) and Ubuntu (ubuntu.com/about/release-cycle): the data that both projects ship as
  the package distro-info-data.
- Alpine (alpinelinux.org/releases, branch main), RHEL 7 to 9 (access.redhat.com/support/policy/updates/errata, end of
  maintenance), Rocky 8 and 9 (wiki.rockylinux.org/rocky/version), AlmaLinux (wiki.almalinux.org/release-notes), CentOS
  Stream (centos.org/stream9): endoflife.date, which names these pages. A CentOS 8 that is no Stream ended in 2021.
- Windows, under learn.microsoft.com: lifecycle/products/windows-11-home-and-pro, windows-11-enterprise-and-education,
  those of 10, lifecycle/products/windows-server-2025 and so on, windows/release-health/release-information for LTSC;
  copies of 27 May to 22 July 2026.
- Not seen on a maker's page or a copy of it: RHEL 10 and Rocky 10 (ten years as AlmaLinux 10), Windows LTSC 2024.
"""


@control(
    "END-01",
    "Disks encrypted",
    severity="high",
    params={"coverage": house(100, "%", range=(0, 100))},
    maps={
        "PCI": ["3.5.1.2"],
        "ISO27001": ["A.8.1", "A.8.24", "A.7.9"],
        "SOC2": ["CC6.1", "CC6.7"],
        "CSF": ["PR.DS-01"],
        "NIST80053": ["SC-28"],
        "CIS": ["3.6"],
        "CCM": ["UEM-08"],
        "GDPR": ["32.1.a"],
        "PH": ["IRR s.28(g)", "NPC 2023-06"],
        "IN": ["DPDPR r.6(1)(a)"],
    },
    remedy=(
        "Encrypt the whole disk, swap too, before the computer leaves the floor again; keep the recovery key in the "
        "device management, not with the person."
    ),
    decisions=[
        "Host lines read the probe; the organisation line reads devices.",
        ("Population: every devices row with location outside the engagement's sites; the finding is the devices row."),
        "A location null counts as outside; owner personal counts too. Sites are compared without case.",
        "coverage is pooled; under it each unencrypted row is a finding.",
        "disk_encrypted null is undecided; 30 days are 30 x 24 h, limit included; never reported is unencrypted.",
        (
            "Unencrypted devices at a site are notes, since the table does not tell laptops from desktops; a profile "
            "has no way to ask for all of them yet."
        ),
        (
            "Every mounted file system and swap counts but /boot and what lies in memory, in a file or on a read-only "
            "disc: each must lie on an encrypted device on every path."
        ),
        "A host line is about one computer: coverage, which is pooled over devices, does not excuse it.",
    ],
    typical_exception="Home desktops shipped in the pandemic, never enrolled.",
)
@reads(devices="device_id owner location at_site disk_encrypted edr_last_seen")
def test_every_device_outside_the_sites_is_encrypted(devices: Table, params: Any, as_of: AsOf) -> None:
    """Every devices row whose location is not a site of the engagement (home, elsewhere, null) has disk_encrypted true
    and edr_last_seen at most 30 days before the as-of instant; a device that reported longer ago counts as
    unencrypted. Unencrypted devices at a site are notes, since the table does not tell laptops from desktops, unless
    the profile says all.
    """
    encrypted = col("disk_encrypted") & seen_within(SILENT_DAYS, as_of)
    plain = "disk not encrypted, or silent for 30 days"
    assert_rate(devices.where(~col("at_site")), encrypted, at_least=params.coverage, because=plain)
    note_every(devices.where(col("at_site") & ~encrypted), f"at site {{location}}: {plain}")


def seen_within(limit: int, as_of: AsOf) -> Expr:
    """Whether a device reported to its agent at most so many days of 24 hours before the as-of instant."""
    return col("edr_last_seen") >= as_of.instant - timedelta(days=limit)


@control.on_host("END-01", roles=DESKTOPS)
def test_every_disk_with_data_is_encrypted(disks: Facts) -> None:
    """Every file system of a workstation that may hold data, swap included, lies on an encrypted device."""
    assert_each(
        disks,
        lambda row: row.is_encrypted,
        where=lambda row: row.mountpoint not in NO_DATA and row.type not in NOT_A_DISK,
        because="{mountpoint} lies on {name}, which is not encrypted",
        by="mountpoint",
    )


@control(
    "END-02",
    "Malware protection alive",
    severity="high",
    params={
        "seen_days": house(7, "days", range=(0, 3650)),
        "signature_days": house(3, "days", range=(0, 3650)),
    },
    maps={
        "PCI": ["5.2.1", "5.3.1", "5.3.2", "5.3.5"],
        "ISO27001": ["A.8.7"],
        "SOC2": ["CC6.8"],
        "CSF": ["DE.CM-09"],
        "NIST80053": ["SI-3"],
        "CIS": ["10.1", "10.2"],
        "CCM": ["UEM-09"],
        "PH": ["NPC PHE Bulletin 12"],
    },
    remedy=(
        "Start the protection, let it fetch its signatures every day, and have its console alarm on what it no longer "
        "hears of."
    ),
    decisions=[
        (
            "Host lines read the probe; population of the organisation line: every devices row; the finding is the "
            "devices row."
        ),
        "av_signature_on null with av_active true is undecided; edr_last_seen null is a finding.",
        "Stock that is never switched on is a finding until it leaves the inventory.",
        "One product that runs is enough; a service that only fetches signatures protects nothing.",
        (
            "Signatures of a product that runs are at most signature_days old at the as-of date. Of several those "
            "count that say how old theirs are; where none does the host is undecided, as av_signature_on null is."
        ),
    ],
    typical_exception="Console reports full coverage of only those machines it knows.",
)
@reads(devices="device_id av_active av_signature_on edr_last_seen")
def test_protection_against_malware_is_alive(devices: Table, params: Any, as_of: AsOf) -> None:
    """Every devices row has av_active true, av_signature_on at most signature_days before the as-of date and
    edr_last_seen at most seen_days before the as-of instant. Stock is not left out.
    """
    is_on, signatures = col("av_active"), col("av_signature_on")
    fresh = signatures >= as_of.date - timedelta(days=params.signature_days)
    assert_every(devices, is_on, because="no protection runs")
    assert_every(devices, ~is_on | fresh, because="signatures of {av_signature_on}")
    assert_every(devices, seen_within(params.seen_days, as_of), because="last seen: {edr_last_seen}")


@control.on_host("END-02", roles=DESKTOPS)
def test_protection_against_malware_runs_and_is_fresh(malware_protection: Facts, params: Any, as_of: AsOf) -> None:
    """A product against malware runs on every workstation, and its signatures are at most signature_days old."""
    scanners = [row for row in malware_protection.rows() if row.product not in UPDATERS]
    running = [row for row in scanners if row.is_active]
    assert_each(
        [row for row in running if row.cells["signatures_on"] is not None] or running,
        lambda row: as_of.date - row.signatures_on <= timedelta(days=params.signature_days),
        because="signatures of {product} are too old",
        by="product",
    )
    assert running, "no protection against malware runs"


@control(
    "END-03",
    "Patched and supported",
    severity="high",
    params={
        "critical_days": standard(30, "days", range=(0, 3650), source="PCI 6.3.3 one month"),
        "high_days": house(45, "days", range=(0, 3650)),
        "scan_days": standard(90, "days", range=(0, 3650), source="PCI 11.3.1"),
    },
    maps={
        "PCI": ["6.3.1", "6.3.3", "11.3.1", "12.3.4"],
        "ISO27001": ["A.8.8"],
        "SOC2": ["CC7.1"],
        "CSF": ["PR.PS-02"],
        "NIST80053": ["SI-2", "RA-5"],
        "CIS": ["7.3", "7.4", "2.2"],
        "CCM": ["TVM-03", "UEM-07"],
        "PH": ["IRR s.28(d)", "DPA s.20(c)"],
    },
    remedy=(
        "Install the pending security updates and restart; replace a system whose support has run out, or take it off "
        "the network until it is replaced."
    ),
    decisions=[
        "Host lines read the probe; the organisation line reads vulns and devices.",
        (
            "Population: vulns rows of severity critical or high, and every devices row; findings are vulns rows and "
            "devices rows."
        ),
        "published_on null: first_seen counts; both null is undecided.",
        "An asset of vulns that devices does not list still counts.",
        (
            "Scan age: the newest scanned_on, else first_seen, or audits.performed_on, whichever is newer; with none "
            "of them scan age is undecided. Where all are too old the finding is the vulns file: the missing scan."
        ),
        (
            "scanned_on given: an asset whose newest scan is older than scan_days is undecided, pooled scans do not "
            "stand for it."
        ),
        "os_supported_until null is undecided; last_patch_on is shown only.",
        (
            "A security update that the host itself knows of and has not installed is a finding; whether the others "
            "are for security is undecided where the package manager does not tell."
        ),
        "Lists of updates fetched more than critical_days before the as-of instant decide nothing.",
        "An update that waits for a restart is not in force: a pending restart is a finding, an unknown one undecided.",
        "A system whose end of support this control does not know is undecided; paid extensions do not count.",
        (
            "Of Windows the edition and its year or build say until when it is supported; which updates lack, the PC's "
            "own list of them, as searched for within critical_days. Which articles are installed decides nothing: a "
            "later one replaces the earlier."
        ),
    ],
    typical_exception="Windows builds past support on training-room PCs that are used live at peak.",
)
@reads(vulns="asset_id cve severity published_on fixed_on", devices="device_id os os_supported_until last_patch_on")
@reads.optional(vulns="first_seen scanned_on", audits="kind performed_on")
def test_weaknesses_are_fixed_in_time_and_systems_are_supported(
    vulns: Table, devices: Table, audits: Table | None, params: Any, as_of: AsOf
) -> None:
    """Every vulns row with severity critical or high has fixed_on (or, if open, the as-of date) at most critical_days
    or high_days after published_on, limit included; every device has os_supported_until on or after the as-of date;
    the newest vulns.first_seen, or audits row of kind vulnerability_scan, is at most scan_days old.
    """
    grave = vulns.where(col("severity").is_in(["critical", "high"]))
    limit = when(col("severity") == "critical", params.critical_days, params.high_days)
    ended = col("fixed_on").or_else(as_of.date)
    late = "{severity}, published {published_on}, fixed {fixed_on}"
    assert_every(grave, ended <= known_since(vulns) + days(limit), because=late)
    supported = col("os_supported_until") >= as_of.date
    old = "{os} is out of support since {os_supported_until}, last patch {last_patch_on}"
    assert_every(devices, supported, because=old)
    assert_scanned_lately(vulns, audits, as_of.date - timedelta(days=params.scan_days))


def known_since(vulns: Table) -> Expr:
    """The day a weakness was published, else the day the scanner first saw it; unknown where neither is told."""
    published = col("published_on")
    if vulns.has("first_seen"):
        return published.or_else(col("first_seen"))
    return when(maybe(published.is_null()), published, published)


def assert_scanned_lately(vulns: Table, audits: Table | None, since: date) -> None:
    """Some scan was made on or after `since`; where rows tell their scan, one of every asset was."""
    told = next((name for name in ("scanned_on", "first_seen") if vulns.has(name)), None)
    scans = [] if told is None else [vulns.where(col(told) >= since)]
    if audits is not None:
        scans.append(audits.where((col("kind") == "vulnerability_scan") & (col("performed_on") >= since)))
    if scans:
        assert_some(*scans, what="vulnerability scan", because=f"no scan on or after {since}")
    else:
        cannot_tell("vulns: nothing says when was scanned")
    if told == "scanned_on":
        assets = group(vulns, "asset_id", rows=count(), scanned=any_of(col("scanned_on") >= since))
        unseen = assets.where(~col("scanned"))
        assert_every(unseen, maybe(~col("scanned")), because=f"{{asset_id}} was not scanned on or after {since}")


@control.on_host("END-03", roles=EVERY_HOST)
def test_the_system_is_supported_and_its_updates_are_in(
    pending_updates: Facts, os_release: Facts, update_lists: Facts, params: Any, as_of: AsOf
) -> None:
    """The system of every host is supported on the as-of date, no security update is pending, none waits for a restart,
    and the host has asked for updates within critical_days.
    """
    assert_each(
        pending_updates,
        lambda row: not row.is_security,
        because="security update of {package} is not installed",
        by="package",
    )
    system = release_of(os_release)
    until = supported_until(system)
    if until is None:
        cannot_tell(f"until when {system} is supported is not known to this control")
    else:
        assert until >= as_of.date, f"{system} is out of support since {until}"
    assert not os_release["is_reboot_pending"], "an installed update waits for a restart"
    if update_lists["updated_at"] < as_of.instant - timedelta(days=params.critical_days):
        cannot_tell(f"the lists of updates are more than {params.critical_days} days old")


def release_of(system: Facts) -> str:
    """What its maker supports as one: the distribution and its version; of Windows the edition and its year or build.

    One build has several lives: 26100 is Windows 11 24H2, its LTSC of 2024, and Windows Server 2025. Its fourth number
    grows with every update and would make each month's finding another one.
    """
    if system["id"] != "windows":
        return f"{system['id']} {system['version_id']}"
    edition, build = system["name"], ".".join(system["kernel"].split(".")[:3])
    if year := re.search(r"\b20\d\d(?: R2)?\b", edition):
        channel = "server" if "Server" in edition else "iot ltsc" if "IoT" in edition else "ltsc"
        return f"windows {channel} {year[0]}"
    if "Server" in edition:
        return f"windows server {build}"
    longer = "Pro" not in edition.split() and any(word in edition for word in ("Enterprise", "Education"))
    return f"windows {'enterprise ' if longer else ''}{build}"


def supported_until(system: str) -> date | None:
    """The last day with updates of `id version`; the point releases of a version share it."""
    parts = system.split(".")
    names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((SUPPORTED_UNTIL[name] for name in names if name in SUPPORTED_UNTIL), None)


@control(
    "END-04",
    "No removable storage",
    severity="high",
    params={"exceptions": house(0, "devices", range=(0, 10_000))},
    maps={
        "PCI": ["5.3.3", "9.4.4"],
        "ISO27001": ["A.7.10", "A.8.12"],
        "SOC2": ["CC6.7"],
        "CSF": ["PR.DS-01", "PR.PS-01"],
        "NIST80053": ["MP-7"],
        "CIS": ["10.3"],
        "CCM": ["UEM-11"],
        "PH": ["IRR s.27(d)", "RA 11165 s.6"],
        "HIPAA": ["164.310(d)"],
    },
    remedy=(
        "Let neither usb-storage nor uas be loaded (install … /bin/false in modprobe.d), or admit listed devices only "
        "with USBGuard (ImplicitPolicyTarget=block); then try a stick on three seats."
    ),
    decisions=[
        "Host lines read the probe; population: every devices row; the finding is the devices row.",
        (
            "More than exceptions rows, pooled over all sites, fail; then each is a finding. read_only is a finding, "
            "unknown is undecided."
        ),
        "Phones over MTP are not in this table.",
        (
            "Blocked is: neither driver can be loaded and none is, or a device rule refuses USB devices of any make, "
            "or USBGuard runs and blocks what no rule names. A driver of Windows without a start type is undecided."
        ),
        (
            "A host line is about one computer: exceptions, which are pooled over devices, do not excuse it; a waiver "
            "does."
        ),
        "Phones over MTP are not seen by this probe.",
    ],
    typical_exception="usb-storage blocked but phones mount over MTP; headset hub lets a stick through.",
)
@reads(devices="device_id usb_storage owner employee_id")
def test_usb_storage_is_blocked(devices: Table, params: Any) -> None:
    """No more than exceptions devices have usb_storage other than blocked, whoever holds them: seats change hands.
    read_only is a finding, unknown undecided.
    """
    usable = "USB storage is {usb_storage} on a device of owner {owner}"
    assert_every(devices, col("usb_storage") == "blocked", because=usable, at_most=params.exceptions)


@control.on_host("END-04", roles=DESKTOPS)
def test_no_usb_storage_can_be_used(usb_storage: Facts, usbguard: Facts, os_release: Facts) -> None:
    """No USB storage can be used on a workstation, whoever holds it: seats change hands."""
    blocked = (
        usb_storage["is_deauthorised"]
        or drivers_refused(usb_storage)
        or (os_release["id"] != "windows" and guarded(usbguard))
    )
    assert blocked, "USB storage can be used"


def drivers_refused(usb: Facts) -> bool:
    """Whether neither driver for USB storage is or can be loaded."""
    return bool(usb["storage_disabled"] and usb["uas_disabled"] and not usb["is_loaded"])


def guarded(usbguard: Facts) -> bool:
    """Whether USBGuard runs and blocks the devices that no rule names."""
    return bool(usbguard["is_active"] and usbguard["implicit_target"] in REFUSING)


@control(
    "END-05",
    "No local admin, no forbidden software",
    severity="high",
    params={
        "denied": house(
            [
                "anydesk",
                "teamviewer",
                "rustdesk",
                "ultraviewer",
                "telegram",
                "whatsapp",
                "megasync",
                "dropbox",
                "mouse_jiggler",
                "browser_password_store",
            ],
            "list",
        ),
        "agents_admin": house(0, "devices", range=(0, 10_000)),
    },
    maps={
        "PCI": ["2.2.4", "7.2.2", "12.2.1"],
        "ISO27001": ["A.8.2", "A.8.19", "A.8.18"],
        "SOC2": ["CC6.3", "CC6.8"],
        "CSF": ["PR.PS-05", "PR.AA-05"],
        "NIST80053": ["AC-6", "CM-11"],
        "CIS": ["2.3", "2.5", "5.4"],
        "CCM": ["UEM-02", "IAM-05"],
        "PH": ["NPC PHE Bulletin 12"],
    },
    remedy=(
        "Take the account out of the administrators' group, ask for a password in sudo, remove the software today, "
        "and find out who has used it. Where support needs an account of its own, have it waived by name."
    ),
    decisions=[
        "Host lines read the probe; the organisation line reads devices and roster.",
        (
            "Population: devices rows held by a person of role agent (local_admin), and all devices rows (software); "
            "the finding is the devices row."
        ),
        "agents_admin counts such devices, pooled; more than that fails.",
        "software null is undecided; a holder not on the roster is judged as an agent, stock has no holder.",
        (
            "Starts with means whole words: anydesk matches AnyDesk 8.0, not anydesktop; mouse_jiggler matches mouse "
            "jiggler. Of names that begin with a domain turned round (flatpak) the rest counts."
        ),
        (
            "A host does not say who an account belongs to: every member of an administrators' group but the built-in "
            "one is judged as an agent, as a holder not on the roster is."
        ),
        (
            "A rule of sudo or doas that lets everything run, or commands by alias, makes an administrator: it is a "
            "finding where it asks for no password, and where it names anybody but root and the administrators' "
            "groups. Where sudo asks for root's password (rootpw, targetpw), a rule for ALL makes nobody one."
        ),
        (
            "Rules that are included from files out of sight leave the host undecided, and so do people with a profile "
            "on a PC with Windows who were not signed in: what they installed for themselves cannot be seen."
        ),
        "A host line is about one computer: agents_admin, which is pooled over devices, does not excuse it.",
    ],
    typical_exception="IT support leaves a remote-control tool on every home PC with one shared password.",
)
@reads(devices="device_id employee_id local_admin software", roster="employee_id role")
def test_no_agent_is_administrator_and_no_denied_software_is_installed(
    devices: Table, roster: Table, params: Any
) -> None:
    """Every device held by a person with roster role agent has local_admin false, and no device at all lists a name in
    software that equals, or starts with, an entry of denied (case and punctuation ignored).
    """
    assert_no_agent_is_administrator(devices, roster, params)
    for entry in params.denied:
        assert_every(devices, ~col("software").any_part_begins([entry]), because=f"{entry} is installed")


def assert_no_agent_is_administrator(devices: Table, roster: Table, params: Any) -> None:
    """No device that an agent holds, or somebody whom the roster does not know, lets its holder administer it."""
    held = devices.match(roster, "employee_id", "holder").where(col("employee_id").is_not_null())
    of_agents = held.where(~col("holder") | (col("holder_role") == "agent"))
    because = "its holder, an agent, is local administrator"
    assert_every(of_agents, ~col("local_admin"), because=because, at_most=params.agents_admin)


@control.claims("END-05", "No agent is local administrator of a listed device; what is installed is not shown.")
@reads(devices="device_id employee_id local_admin", roster="employee_id role")
def test_no_agent_is_administrator(devices: Table, roster: Table, params: Any) -> None:
    """No agent is local administrator of a listed device."""
    assert_no_agent_is_administrator(devices, roster, params)


@control.on_host("END-05", roles=DESKTOPS)
def test_nobody_is_administrator_and_no_denied_software_is_there(
    admin_groups: Facts, installed_software: Facts, sudo_rules: Facts, os_release: Facts, params: Any
) -> None:
    """No account of a workstation but the built-in one is an administrator, by group or by rule, none becomes one
    without a password, and no software equals, or starts with, an entry of denied (case and punctuation ignored).
    """
    denied = [words_of(entry) for entry in params.denied]
    assert_each(admin_groups, lambda row: row.is_root, because="{member} is in group {group}", by="group member")
    assert_each(
        installed_software,
        lambda row: not any(begins(software_words(row), entry) for entry in denied),
        because="{name} is installed",
        by="name source",
    )
    if os_release["id"] != "windows":
        assert_each(
            sudo_rules,
            lambda row: row.needs_password or not is_broad(row.commands),
            because="{who} becomes root without a password: {commands}",
            by="file who commands",
        )
        assert_each(
            sudo_rules,
            lambda row: not (row.is_beside_groups and is_broad(row.commands)),
            where=lambda row: row.needs_password,
            because="{who} may become root: {commands}",
            by="file who commands",
        )


def words_of(text: str) -> list[str]:
    """The words of a name, without case and punctuation."""
    return [word for word in re.split(r"[\W_]+", text.casefold()) if word]


def software_words(row: Row) -> list[str]:
    """The words that an application goes by."""
    words = words_of(row.name)
    return words[2:] if row.source == "flatpak" and row.name.count(".") > 1 else words


def begins(words: list[str], entry: list[str]) -> bool:
    """Whether the words start with the entry's."""
    return words[: len(entry)] == entry


def is_broad(commands: str) -> bool:
    """Whether a rule lets everything run, or what an alias says; where it asks for no password, without one."""
    if commands.startswith("permit"):
        return " cmd " not in f"{commands} "
    if commands.startswith("Defaults"):
        return True
    allowed = commands.partition("NOPASSWD:")[2] or re.sub(r"\([^)]*\)", " ", commands)
    return re.search(r"(?<![\w/!.-])[A-Z][A-Z0-9_]+(?![\w/:])", allowed) is not None


@control(
    "END-06",
    "Inventory is true",
    severity="medium",
    params={"unseen_days": house(30, "days", range=(0, 3650))},
    maps={
        "PCI": ["12.5.1", "9.4.5"],
        "ISO27001": ["A.5.9", "A.5.11"],
        "SOC2": ["CC6.1"],
        "CSF": ["ID.AM-01"],
        "NIST80053": ["CM-8"],
        "CIS": ["1.1", "1.2"],
        "CCM": ["UEM-04", "HRS-05"],
        "PH": ["IRR s.27(d)"],
    },
    remedy=(
        "Find each listed device this week: enter it, fetch it back, or strike it off with a note; wipe from afar what "
        "does not come back. Then have every handover and every leaver change the inventory the same day."
    ),
    decisions=[
        (
            "Population: device_ids of successful sign-ins, and devices rows; findings are auth_events rows (one per "
            "device_id, the first) and devices rows."
        ),
        "Sign-ins count of the audit period; the inventory is that of its export.",
        "device_id null in auth_events is not a device and is counted as a note; one that cannot be read is undecided.",
        "A holder on_leave, gone, or not on the roster is a finding; a leaver's device is one in PHY-05 too.",
        "Stock without holder is a finding; name the store keeper as its holder.",
        (
            "Devices that another client's people hold are not judged, so a sign-in of ours from one is from a device "
            "that our inventory does not hold: a finding."
        ),
    ],
    typical_exception="Shipped laptops still listed against people who left months ago.",
)
@reads(
    devices="device_id employee_id edr_last_seen location",
    auth_events="system account_id device_id device_is_told ts result",
    roster="employee_id status",
)
def test_the_inventory_is_true(
    devices: Table, auth_events: Table, roster: Table, params: Any, period: Window, as_of: AsOf
) -> None:
    """Every device_id in auth_events with result success is in devices; every device has edr_last_seen at most
    unseen_days before the as-of instant; every device has an employee_id that is on the roster with status active.
    """
    signins = period.of(auth_events).where(col("result") == "success")
    used = group(signins.where(col("device_is_told")), "device_id", signins=count())
    assert_every(used.exists(devices, "device_id", "listed"), "listed", because="signed in from a device nobody lists")
    seen = "last seen: {edr_last_seen}, at {location}"
    assert_every(devices, seen_within(params.unseen_days, as_of), because=seen)
    assert_every_device_has_an_active_holder(devices, roster)
    untold = group(signins.where(~col("device_is_told")), "system", signins=count())
    note_every(untold, "{signins} sign-ins to {system} name no device")


def assert_every_device_has_an_active_holder(devices: Table, roster: Table) -> None:
    """Every device is held by a person who is active on the roster."""
    held = devices.match(roster, "employee_id", "holder")
    nobody, unknown = col("employee_id").is_null(), ~col("holder")
    assert_every(held, ~nobody, because="nobody holds it")
    assert_every(held, nobody | ~unknown, because="its holder is not on the roster")
    assert_every(held, unknown | (col("holder_status") == "active"), because="its holder is {holder_status}")
