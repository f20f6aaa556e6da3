"""Windows: what the PowerShell probes print, read into the same facts as on Linux, whatever the language of the PC."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ctrlkit.hooks import Reading, Said
from ctrlkit.model import Cause, Fault

Values = dict[str, tuple[Said, int | None]]
Rows = list[tuple[int, dict[str, Said]]]

_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
# SecurityCenter2 keeps the state of a product in three bytes; the middle one says whether it runs.
_RUNNING: Final = {0x10, 0x11}
_FOREVER: Final = 2**31


def _said(lines: Sequence[str], *names: str) -> dict[str, tuple[str, int]]:
    """`name value` lines; raises ValueError where one of `names` is not there."""
    found = {name: (value, n) for n, line in enumerate(lines, 1) for name, _, value in [line.partition(" ")]}
    lacking = next((name for name in names if name not in found), None)
    if lacking is not None:
        raise ValueError(f"no line {lacking}")
    return found


def _rows(lines: Sequence[str], fields: int) -> list[tuple[int, list[str]]]:
    """Lines of `fields` parts with a tab between."""
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, 1) if line]
    for number, parts in rows:
        if len(parts) != fields:
            raise ValueError(f"line {number}: {len(parts)} parts where {fields} were expected")
    return rows


def disks(lines: Sequence[str]) -> Reading:
    """`letter TAB file system TAB protection`: 1 is on, 0 off, anything else (locked, unknown) is not known."""
    rows: Rows = []
    for number, (letter, filesystem, protection) in _rows(lines, 3):
        cells: dict[str, Said] = {
            "mountpoint": letter,
            "name": letter,
            "type": "part",
            "filesystem": filesystem or None,
        }
        rows.append((number, {**cells, "is_encrypted": {"1": True, "0": False}.get(protection)}))
    if not rows:
        raise ValueError("not one volume")
    return Reading(rows=tuple(rows))


def malware_protection(lines: Sequence[str]) -> Reading:
    """`defender TAB active TAB instant of signatures` and `center TAB name TAB state`."""
    rows: Rows = []
    for number, (source, first, second) in _rows(lines, 3):
        if source == "defender":
            signed = second[:10] if _INSTANT.fullmatch(second) else None
            rows.append(
                (number, {"product": "Microsoft Defender", "is_active": first == "True", "signatures_on": signed})
            )
        else:
            active = (int(second) >> 8) & 0xFF in _RUNNING
            rows.append((number, {"product": first, "is_active": active, "signatures_on": None}))
    return Reading(rows=tuple(rows))


def os_release(lines: Sequence[str]) -> Reading:
    """Build, edition and whether a restart is due."""
    said = _said(lines, "build", "version", "name", "architecture", "reboot")
    build, line = said["build"]
    if not re.fullmatch(r"[0-9]+(?:[.][0-9]+){3}", build):
        raise ValueError(f"build {build}")
    values: Values = {"id": ("windows", line), "version_id": said.get("version", ("", line)), "kernel": (build, line)}
    values |= {"name": said["name"], "architecture": said["architecture"]}
    # Windows 11 still calls itself 10 in the registry; its builds begin at 22000.
    if "Windows 10" in said["name"][0] and int(build.split(".")[2]) >= 22_000:  # noqa: PLR2004
        values["name"] = (said["name"][0].replace("Windows 10", "Windows 11"), said["name"][1])
    return Reading(values=values | {"is_reboot_pending": (said["reboot"][0] == "yes", said["reboot"][1])})


def installed_updates(lines: Sequence[str]) -> Reading:
    """One `KB…` a line."""
    return Reading(rows=tuple((number, {"id": line}) for number, line in enumerate(lines, 1) if line))


def pending_updates(lines: Sequence[str]) -> Reading:
    """`article TAB yes|no for security`."""
    return Reading(
        rows=tuple((n, {"package": kb, "is_security": secure == "yes"}) for n, (kb, secure) in _rows(lines, 2))
    )


def update_lists(lines: Sequence[str]) -> Reading:
    """The instant of the last search that succeeded, or a word for never."""
    when, line = _said(lines, "searched")["searched"]
    return Reading(
        values={"manager": ("windows", line), "updated_at": (when if _INSTANT.fullmatch(when) else None, line)}
    )


def admin_groups(lines: Sequence[str]) -> Reading:
    """`group SID TAB member SID TAB member`; the built-in administrator is known by its number, 500."""
    rows: Rows = []
    for number, (group, sid, member) in _rows(lines, 3):
        name = {"S-1-5-32-544": "Administrators"}.get(group, group)
        rows.append(
            (number, {"group": name, "member": member or sid, "is_root": bool(re.fullmatch(r"S-1-5-21-.*-500", sid))})
        )
    if not rows:
        raise ValueError("a PC without administrator")
    return Reading(rows=tuple(rows))


def usb_storage(lines: Sequence[str]) -> Reading:
    """Start types of the two drivers (4 is disabled) and the policy that denies all removable storage.

    Of a driver that has no start type yet, nothing is known: Windows may make one when a stick is plugged in.
    """
    said = _said(lines, "usbstor", "uaspstor", "deny_all", "disks_read", "disks_write", "loaded")
    denied = said["deny_all"][0] == "1" or (said["disks_read"][0] == "1" and said["disks_write"][0] == "1")
    values: Values = {"is_deauthorised": (denied, said["deny_all"][1])}
    for name, word in (("storage_disabled", "usbstor"), ("uas_disabled", "uaspstor")):
        start, line = said[word]
        values[name] = (None if start == "absent" else start == "4", line)
    loaded = said["loaded"]
    return Reading(values=values | {"is_loaded": (loaded[0] == "yes", loaded[1])})


def screen_lock(lines: Sequence[str]) -> Reading:
    """The machine's inactivity limit; it locks at once and users cannot change it."""
    seconds, line = _said(lines, "inactivity")["inactivity"]
    if seconds == "absent":
        return Reading(values={"is_managed": (False, line)})
    values: Values = {"is_managed": (True, line), "idle_seconds": (int(seconds), line)}
    values |= {"lock_enabled": (int(seconds) > 0, line), "lock_delay_seconds": (0, line)}
    return Reading(values=values | {"users_can_change": (False, line), "is_compiled": (True, line)})


def firewall(lines: Sequence[str]) -> Reading:
    """Per profile whether it is on and blocks inbound traffic by default; the weakest of the three counts."""
    rows = _rows(lines, 3)
    if {profile for _, (profile, _, _) in rows} != {"domain", "private", "public"}:
        raise ValueError("not all three profiles")
    verdicts = [
        ("none" if on != "1" else "drop" if action != "0" else "accept", number) for number, (_, on, action) in rows
    ]
    weakest = min(verdicts, key=lambda verdict: ("none", "accept", "drop").index(verdict[0]))
    return Reading(values={"tool": ("windows", None), "inbound_ipv4": weakest, "inbound_ipv6": weakest})


def listeners(lines: Sequence[str]) -> Reading:
    """`protocol TAB address TAB port TAB loopback`."""
    rows: Rows = []
    for number, (protocol, address, port, loopback) in _rows(lines, 4):
        cells: dict[str, Said] = {"protocol": protocol, "address": address, "port": int(port)}
        rows.append((number, {**cells, "is_loopback": loopback == "True"}))
    return Reading(rows=tuple(rows))


def installed_software(lines: Sequence[str]) -> Reading:
    """`source TAB name`; `unseen` for people who were not signed in, whose own programs are not known."""
    rows = tuple(
        (number, {"name": None if source == "unseen" else name, "source": source.replace("unseen", "user")})
        for number, (source, name) in _rows(lines, 2)
    )
    if not any(cells["name"] for _, cells in rows):
        raise ValueError("not one program")
    return Reading(rows=rows)


def clock(lines: Sequence[str]) -> Reading:
    """Service, and leap indicator and stratum of w32tm: leap 3 or stratum 0 is not synchronised."""
    said = _said(lines, "service", "type")
    if said["service"][0] != "Running":
        values: Values = {"source": ("w32time", said["service"][1]), "is_synchronised": (False, said["service"][1])}
    else:
        said = _said(lines, "leap", "stratum", "type")
        kept = said["leap"][0] != "3" and said["stratum"][0] != "0" and said["type"][0] != "NoSync"
        values = {"source": ("w32time", said["type"][1]), "is_synchronised": (kept, said["leap"][1])}
    fault = Fault(Cause.UNSUPPORTED, "w32time does not tell how far the clock is off in a form this probe reads")
    return Reading(values=values, unread={"offset_microseconds": fault})


def rdp_redirection(lines: Sequence[str]) -> Reading:
    """Remote desktop: whether it is on, and which devices a session may hand over."""
    said = _said(lines, "denied", "drives", "clipboard")
    names = {
        "accepts_connections": ("denied", "0"),
        "drives_blocked": ("drives", "1"),
        "clipboard_blocked": ("clipboard", "1"),
    }
    return Reading(values={name: (said[word][0] == yes, said[word][1]) for name, (word, yes) in names.items()})


def host_identity(lines: Sequence[str]) -> Reading:
    """`name value` lines; what the maker left blank is absent."""
    names = ("hostname", "machine_id", "product", "serial")
    said = _said(lines, *names)
    return Reading(values={name: (said[name][0].strip(), said[name][1]) for name in names if said[name][0].strip()})


def password_quality(lines: Sequence[str]) -> Reading:
    """Length and history that the local policy (of the domain, where there is one) asks for."""
    said = _said(lines, "MinPasswordLength", "PasswordHistoryLength")
    length, line = said["MinPasswordLength"]
    history, at = said["PasswordHistoryLength"]
    values: Values = {"module": ("windows", line), "credits": (0, None), "history": (int(history), at)}
    return Reading(values=values | {"min_length": (int(length), line), "min_length_said": (int(length), line)})


def account_lockout(lines: Sequence[str]) -> Reading:
    """Lockout of the local policy; an interval beyond 68 years is how Windows writes "until an admin unlocks"."""
    said = _said(lines, "MaxBadPasswordsAllowed", "AutoUnlockInterval", "LockoutObservationInterval")
    attempts, line = said["MaxBadPasswordsAllowed"]
    if int(attempts) == 0:
        return Reading(values={"is_active": (False, line)})
    unlock, at = said["AutoUnlockInterval"]
    seconds = int(unlock) if 0 <= int(unlock) < _FOREVER else 0
    window = said["LockoutObservationInterval"]
    values: Values = {"is_active": (True, line), "attempts": (int(attempts), line), "unlock_seconds": (seconds, at)}
    return Reading(values=values | {"window_seconds": (int(window[0]), window[1])})


def journal_reach(lines: Sequence[str]) -> Reading:
    """The instant of the oldest record of the security log."""
    when, line = _said(lines, "oldest")["oldest"]
    if not _INSTANT.fullmatch(when):
        raise ValueError("the security log holds nothing")
    datetime.strptime(when, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return Reading(values={"oldest_at": (when, line)})
