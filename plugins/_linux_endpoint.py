"""Linux: disks, protection against malware, updates, USB storage, software and identity."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ctrlkit.hooks import Reading, Said
from ctrlkit.model import Cause, Fault

from ._lines import headings, under_headings

Values = dict[str, tuple[Said, int | None]]

_PAIR: Final = re.compile(r'(?P<name>[A-Z]+)="(?P<value>[^"]*)"')
_ESCAPE: Final = re.compile(r"\\x([0-9a-f]{2})")
_UPDATES: Final = {
    "apt": (
        re.compile(r"Inst (?P<name>\S+)(?: \[[^\]]*\])? \([^)]*\).*"),
        ("Conf ", "Remv ", "NOTE:", "Reading ", "Building "),
    ),
    # dnf 4 and yum: advisory, severity, package; dnf 5 has a column more on either side, and a head.
    "dnf": (
        re.compile(r"\S+\s+(?:security\s+)?\S+\s+(?P<name>\S+)-[^-\s]+-[^-\s]+(?:\s+[0-9]{4}-.*)?"),
        ("Name ", "Last metadata", "Loaded plugins", "updateinfo list done"),
    ),
    "apk": (re.compile(r"(?P<name>\S+)-[0-9][^-\s]*-r[0-9]+\s+<\s+\S+.*"), ("Installed:",)),
}
"""Package manager -> how it prints an update, and how lines begin that are none."""
_REFUSES: Final = re.compile(r'authorized(?:_default)?\}\s*=\s*"0"')
_ONE_DEVICE: Final = re.compile(r"\b(?:idVendor|idProduct|serial|manufacturer|product)\}")
_REFUSING: Final = re.compile(r"install (?:/usr)?/s?bin/(?:false|true)(?: .*)?")


def disks(lines: Sequence[str]) -> Reading:
    """Mount points of `lsblk -P` as rows; a root, or a data set of ZFS, on none of its devices is there and unknown."""
    devices = [
        (line.number, {found["name"]: found["value"] for found in _PAIR.finditer(line.text)})
        for line in under_headings(lines)
        if line.heading == "devices"
    ]
    rows: list[tuple[int, dict[str, Said]]] = []
    for number, device in devices:
        for point in _points(device):
            cells: dict[str, Said] = {"mountpoint": point, "name": device["NAME"], "type": _type(device)}
            secret = _encrypted(device, [device for _, device in devices])
            rows.append((number, {**cells, "filesystem": device.get("FSTYPE") or None, "is_encrypted": secret}))
    for line in under_headings(lines):
        if line.heading == "on no device":
            cells = {"mountpoint": line.text, "name": "", "type": "other", "filesystem": "zfs", "is_encrypted": None}
            rows.append((line.number, cells))
    if not any(cells["mountpoint"] == "/" for _, cells in rows):
        root = next((line for line in under_headings(lines) if line.heading == "root"), None)
        cells = {"mountpoint": "/", "name": "", "type": "other", "filesystem": root.text if root else None}
        rows.append((root.number if root else 1, {**cells, "is_encrypted": None}))
    return Reading(rows=tuple(rows))


def _points(device: dict[str, str]) -> list[str]:
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), device.get("MOUNTPOINTS", device.get("MOUNTPOINT", "")))
    return list(dict.fromkeys(point for point in text.split("\n") if point))


def _type(device: dict[str, str]) -> str:
    return "memory" if device["NAME"].startswith(("zram", "ram")) else device["TYPE"]


def _encrypted(device: dict[str, str], devices: Sequence[dict[str, str]]) -> bool:
    """Whether the device, or what lies under it on every path, is a crypt node."""
    if device["TYPE"] == "crypt":
        return True
    mine = {other["PKNAME"] for other in devices if other["KNAME"] == device["KNAME"]} - {"", device["KNAME"]}
    under = [other for other in devices if other["KNAME"] in mine]
    return bool(under) and all(_encrypted(other, devices) for other in under)


def malware_protection(lines: Sequence[str]) -> Reading:
    """Services of known products that the system has, with the day of the newest ClamAV signatures."""
    newest = max(
        (int(line.text.split()[0]) for line in under_headings(lines) if line.heading == "signatures"), default=0
    )
    day = datetime.fromtimestamp(newest, UTC).date().isoformat() if newest else None
    rows: list[tuple[int, dict[str, Said]]] = []
    block: dict[str, str] = {}
    for line in under_headings(lines):
        if line.heading != "services":
            continue
        name, _, value = line.text.partition("=")
        block = {name: value} if name == "Id" else {**block, name: value}
        if len(block) == 3 and block["LoadState"] != "not-found":  # noqa: PLR2004  Id, LoadState, ActiveState
            product = block["Id"].removesuffix(".service")
            signed = day if product.startswith("clam") else None
            active = block["ActiveState"] == "active"
            rows.append((line.number, {"product": product, "is_active": active, "signatures_on": signed}))
    return Reading(rows=tuple(rows))


def os_release(lines: Sequence[str]) -> Reading:
    """os-release, the running kernel and whether a restart is due."""
    names = {"ID": "id", "VERSION_ID": "version_id", "PRETTY_NAME": "name"}
    values: Values = {}
    for line in under_headings(lines):
        if line.heading == "release":
            name, _, value = line.text.partition("=")
            values |= {names[name]: (value.strip("\"'"), line.number)} if name in names else {}
        elif line.heading == "kernel":
            kernel, _, machine = line.text.partition(" ")
            values |= {"kernel": (kernel, line.number), "architecture": (machine, line.number)}
        else:
            values["is_reboot_pending"] = ({"yes": True, "no": False}.get(line.text), line.number)
    if "id" not in values:
        raise ValueError("no ID in os-release")
    return Reading(values=values)


def pending_updates(lines: Sequence[str]) -> Reading:
    """Packages that apt, dnf, yum or apk would bring up to date, as rows; apk does not tell which are for security."""
    if not headings(lines):
        raise ValueError("no package manager was asked")
    rows: list[tuple[int, dict[str, Said]]] = []
    for line in under_headings(lines):
        if line.heading not in _UPDATES:
            raise ValueError(f"line {line.number}: a package manager this probe does not know")
        pattern, passed_over = _UPDATES[line.heading]
        found = pattern.fullmatch(line.text)
        if found:
            secure = {"apt": "security" in line.text.lower(), "dnf": True}.get(line.heading)
            rows.append((line.number, {"package": found["name"], "is_security": secure}))
        elif not line.text.startswith(passed_over):
            raise ValueError(f"line {line.number}: no update as {line.heading} lists them: {line.text}")
    return Reading(rows=tuple(rows))


def update_lists(lines: Sequence[str]) -> Reading:
    """`== manager`, then the seconds since 1970 of every file that shows when lists were fetched; the newest counts."""
    manager = headings(lines)
    if not manager:
        raise ValueError("no package manager is there")
    stamps = [(int(line.text.split()[0]), line.number) for line in under_headings(lines)]
    values: Values = {"manager": (manager[0], 1), "updated_at": (None, 1)}
    if stamps:
        newest, number = max(stamps)
        values["updated_at"] = (datetime.fromtimestamp(newest, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), number)
    return Reading(values=values)


def usb_storage(lines: Sequence[str]) -> Reading:
    """Whether modprobe would load the storage drivers, whether one is loaded, and udev rules that refuse devices."""
    found: dict[str, tuple[bool, int | None]] = {}
    values: Values = {"is_loaded": (False, None), "is_deauthorised": (False, None)}
    for line in under_headings(lines):
        if line.heading in {"usb-storage", "uas"}:
            refused = bool(_REFUSING.fullmatch(line.text)) or line.text == "absent"
            known = found.get(line.heading, (False, None))
            found[line.heading] = (known[0] or refused, line.number)
        elif line.heading in {"loaded", "builtin"}:
            values["is_loaded"] = (True, line.number)
        elif line.heading.endswith(".rules") and _REFUSES.search(line.text) and not _ONE_DEVICE.search(line.text):
            values["is_deauthorised"] = (True, line.number)
    if set(found) != {"usb-storage", "uas"}:
        raise ValueError("modprobe said nothing of a driver")
    return Reading(values=values | {"storage_disabled": found["usb-storage"], "uas_disabled": found["uas"]})


def usbguard(lines: Sequence[str]) -> Reading:
    """`installed`, `active` and the two policies of the daemon's file."""
    values: Values = {}
    names = {"ImplicitPolicyTarget": "implicit_target", "PresentDevicePolicy": "present_policy"}
    for number, line in enumerate(lines, 1):
        word, _, value = line.replace("=", " ", 1).partition(" ")
        if word in {"installed", "active"}:
            values[f"is_{word}"] = (value == "yes", number)
        elif word in names:
            values[names[word]] = (value.strip(), number)
    return Reading(values=values)


def installed_software(lines: Sequence[str]) -> Reading:
    """`source name` lines as rows."""
    rows: list[tuple[int, dict[str, Said]]] = []
    for number, line in enumerate(lines, 1):
        source, _, name = line.partition(" ")
        rows.append((number, {"name": name, "source": source}))
    if not rows:
        raise ValueError("not one package")
    return Reading(rows=tuple(rows))


def host_identity(lines: Sequence[str]) -> Reading:
    """`name value` lines; `name ?` where the account may not read it."""
    values: Values = {}
    unread: dict[str, Fault] = {}
    for number, line in enumerate(lines, 1):
        name, _, value = line.partition(" ")
        if value == "?":
            unread[name] = Fault(Cause.REFUSED, "only root may read it · run the script as root")
        elif value:
            values[name] = (value.strip(), number)
    return Reading(values=values, unread=unread)
