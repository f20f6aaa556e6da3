"""Linux: firewall, listening sockets, clock and logs."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from ctrlkit.hooks import Reading, Said
from ctrlkit.model import Cause, Fault

from ._lines import Line, headings, under_headings
from ._packets import Step, through

Values = dict[str, tuple[Said, int | None]]

_STRENGTH: Final = ("none", "accept", "reject", "drop")
_HARMLESS: Final = {"counter", "log", "comment"}
_BUILT_IN: Final = {"ACCEPT", "DROP", "REJECT", "RETURN", "LOG", "NFQUEUE"}
_REMARK: Final = re.compile(r' -m comment --comment (?:"(?:[^"\\]|\\.)*"|\S+)')
_ACTION: Final = re.compile(r"action\((?P<body>[^)]*)\)", re.IGNORECASE)
_PAIR: Final = re.compile(r"""(?P<name>[A-Za-z.]+)\s*=\s*"(?P<value>[^"]*)\"""")
_ITSELF: Final = "7F7F0101"
"""How chrony names the machine's own clock, which it may have been told to believe."""
_SPANS: Final = {"us": 1, "ms": 1_000, "s": 1_000_000, "min": 60_000_000}
_LEGACY: Final = re.compile(r"\S+\s+(?P<at>@@?)(?:\([^)]*\))?(?P<target>\[[^\]]+\]\S*|[\w.-]+\S*)")


def listeners(lines: Sequence[str]) -> Reading:
    """The sockets of `ss -tuln` or `netstat -tuln` as rows."""
    rows: list[tuple[int, dict[str, Said]]] = []
    seen_head = False
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0] not in {"tcp", "udp", "tcp6", "udp6"}:
            seen_head = seen_head or "Local" in line
            continue
        local = words[4] if words[1].isalpha() and words[2].isdigit() else words[3]
        address, _, port = local.rpartition(":")
        address = address.partition("%")[0].strip("[]") or "*"
        protocol = words[0].rstrip("6")
        cells: dict[str, Said] = {"protocol": protocol, "address": address, "port": int(port)}
        rows.append((number, {**cells, "is_loopback": _is_loopback(address)}))
    if not seen_head:
        raise ValueError("no table of sockets")
    return Reading(rows=tuple(rows))


def _is_loopback(address: str) -> bool:
    if address in {"*", "0.0.0.0", "::", ""}:  # noqa: S104  compared, not bound to
        return False
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def firewall(lines: Sequence[str]) -> Reading:
    """What becomes of inbound packets that no rule allows, over every firewall printed; the strictest counts."""
    best: dict[str, tuple[str, int | None]] = {"ipv4": ("none", None), "ipv6": ("none", None)}
    tools = [name for name in headings(lines) if name != "ipv6"]
    if not tools:
        raise ValueError("no firewall was asked")
    nft = [line for line in under_headings(lines) if line.heading == "nft"]
    found: list[tuple[str, str, int | None]] = []
    for name in tools:
        if name.endswith("-save"):
            of = [line for line in under_headings(lines) if line.heading == name]
            found.append(("ipv6" if name.startswith("ip6") else "ipv4", *_iptables(of)))
    if nft:
        found += _nft(nft, {family for family, verdict, _ in found if verdict != "none"})
    for family, verdict, line in found:
        if _STRENGTH.index(verdict) > _STRENGTH.index(best[family][0]):
            best[family] = (verdict, line)
    off = next((line.number for line in under_headings(lines) if line.heading == "ipv6" and line.text == "off"), None)
    if off is not None:
        best["ipv6"] = ("off", off)
    values: Values = {"tool": (" ".join(tools), None)}
    return Reading(values=values | {f"inbound_{family}": said for family, said in best.items()})


def _nft(lines: Sequence[Line], saved: Collection[str]) -> Iterable[tuple[str, str, int | None]]:
    """Per family the verdict of each base chain on hook input.

    Conditions that iptables made for itself nft cannot show: `saved` are the families of which iptables said it all.
    Raises ValueError where it did not.
    """
    entries = json.loads("".join(line.text for line in lines))["nftables"]
    chains: dict[tuple[str, str], dict[str, list[Step]]] = {}
    hidden: set[tuple[str, str]] = set()
    for rule in (entry["rule"] for entry in entries if "rule" in entry):
        if any("xt" in expression for expression in rule["expr"]):
            hidden.add((rule["family"], rule["table"]))
        table = chains.setdefault((rule["family"], rule["table"]), {})
        table.setdefault(rule["chain"], []).append(_step(rule["expr"], lines[0].number))
    for chain in (entry["chain"] for entry in entries if "chain" in entry):
        if chain.get("hook") != "input" or chain.get("type") != "filter":
            continue
        families = {"inet": ("ipv4", "ipv6"), "ip": ("ipv4",), "ip6": ("ipv6",)}.get(chain["family"], ())
        if (chain["family"], chain["table"]) in hidden:
            if not {*families} <= {*saved}:
                raise ValueError(f"table {chain['family']} {chain['table']} has conditions that nft does not show")
            continue
        said = through(chains.get((chain["family"], chain["table"]), {}), chain["name"])
        for family in families:
            yield family, said[0] if said else chain.get("policy", "accept"), lines[0].number


def _step(expressions: Sequence[Mapping[str, Any]], number: int) -> Step:
    words = [next(iter(expression)) for expression in expressions]
    if not words:
        return Step("", "", number)
    target = expressions[-1][words[-1]]["target"] if words[-1] in {"jump", "goto"} else ""
    return Step(words[-1], target, number, set(words[:-1]) <= _HARMLESS)


def _iptables(lines: Sequence[Line]) -> tuple[str, int | None]:
    """The verdict of the filter table's chain INPUT."""
    table, policy, at = "", "none", None
    chains: dict[str, list[Step]] = {}
    for line in lines:
        if line.text.startswith("*"):
            table = line.text[1:]
        elif table == "filter" and line.text.startswith(":INPUT "):
            policy, at = line.text.split()[1].lower(), line.number
        elif table == "filter" and line.text.startswith("-A "):
            _, chain, *rest = _REMARK.sub(" ", line.text).split()
            at_target = next((n for n, word in enumerate(rest[:-1]) if word in {"-j", "-g"}), None)
            if at_target is None:
                continue
            target = rest[at_target + 1]
            kind = "goto" if rest[at_target] == "-g" else target.lower() if target in _BUILT_IN else "jump"
            chains.setdefault(chain, []).append(Step(kind, target, line.number, at_target == 0))
    said = through(chains, "INPUT")
    return (said[0], said[1]) if said and policy != "none" else (policy, at)


def clock(lines: Sequence[str]) -> Reading:
    """What chrony, else ntpd, else systemd says of the clock."""
    by: dict[str, list[Line]] = {}
    for line in under_headings(lines):
        by.setdefault(line.heading, []).append(line)
    for line in by.get("chronyc", []):
        fields = line.text.split(",")
        if len(fields) == 14:  # noqa: PLR2004  the tracking report of `chronyc -c`
            kept = fields[13] == "Normal" and fields[2] != "0" and fields[0] != _ITSELF
            return _clock("chrony", kept, Decimal(fields[4]) * 1_000_000, line.number)
    for line in by.get("ntpq", []):
        if line.text.startswith("*") and line.text.split()[1] != ".LOCL.":
            return _clock("ntpd", True, Decimal(line.text.split()[8]) * 1_000, line.number)
    for line in by.get("timedatectl", []):
        name, _, value = line.text.partition("=")
        if name == "NTPSynchronized":
            offset = next(
                (_span(other.text[7:]) for other in by["timedatectl"] if other.text.startswith("Offset:")), None
            )
            return _clock("systemd", value == "yes", offset, line.number)
    if "ntpq" in by:
        return _clock("ntpd", False, None, by["ntpq"][0].number)
    raise ValueError("no time service that says how it stands")


def _span(text: str) -> Decimal | None:
    """Microseconds of a span as systemd writes it, `-1min 2.5s`; None for a unit beyond a minute."""
    words = text.strip().lstrip("+-").split()
    found = [re.fullmatch(r"([0-9]+(?:[.][0-9]+)?)(us|ms|s|min)", word) for word in words]
    spans = [Decimal(part[1]) * _SPANS[part[2]] for part in found if part]
    return sum(spans, Decimal()) if spans and len(spans) == len(words) else None


def _clock(source: str, kept: bool, offset: Decimal | None, line: int) -> Reading:
    values: Values = {"source": (source, line), "is_synchronised": (kept, line)}
    if offset is None:
        fault = Fault(Cause.UNSUPPORTED, f"{source} does not tell how far the clock is off · chrony or ntpd does")
        return Reading(values=values, unread={"offset_microseconds": fault})
    return Reading(values=values | {"offset_microseconds": (abs(int(offset)), line)})


def journal(lines: Sequence[str]) -> Reading:
    """Settings of journald in force: the main file, then each drop-in by name, /etc over /run over /usr/lib."""
    said: Values = {"storage": ("auto", None)}
    names = {"Storage": "storage", "MaxRetentionSec": "max_retention", "SystemMaxUse": "max_use"}
    for line in sorted(under_headings(lines), key=_journal_rank):
        name, _, value = line.text.partition("=")
        if name.strip() in names:
            said[names[name.strip()]] = (value.strip(), line.number)
    folder = "/var/log/journal/" in headings(lines)
    storage, at = said["storage"]
    return Reading(values=said | {"is_persistent": (storage == "persistent" or (storage == "auto" and folder), at)})


def _journal_rank(line: Line) -> tuple[bool, str, int, int]:
    folder, _, name = line.heading.rpartition("/")
    places = ("/usr/lib/", "/run/", "/etc/")
    place = next((n for n, start in enumerate(places) if folder.startswith(start)), -1)
    return folder.endswith(".d"), name if folder.endswith(".d") else "", place, line.number


def journal_reach(lines: Sequence[str]) -> Reading:
    """The instant, in seconds since 1970, of the oldest record."""
    if not lines:
        raise ValueError("the journal holds nothing")
    when = datetime.fromtimestamp(int(lines[0].partition(".")[0]), UTC)
    return Reading(values={"oldest_at": (when.strftime("%Y-%m-%dT%H:%M:%SZ"), 1)})


def log_forwarding(lines: Sequence[str]) -> Reading:
    """Targets that rsyslog, syslog-ng, busybox or journald send logs to, as rows."""
    rows: list[tuple[int, dict[str, Said]]] = []
    by = list(under_headings(lines))
    driver = any(
        "gtls" in line.text or "ossl" in line.text for line in by if "DefaultNetstreamDriver" in _squeezed(line)
    )
    mode = any(_squeezed(line).lower().startswith("$actionsendstreamdrivermode 1") for line in by)
    for line in by:
        if "rsyslog" in line.heading and (found := _LEGACY.match(line.text)):
            tcp = found["at"] == "@@"
            protocol = "tcp" if tcp else "udp"
            rows.append((line.number, _target("rsyslog", found["target"], protocol, tcp and driver and mode)))
        elif "journal-upload" in line.heading and line.text.startswith("URL="):
            url = line.text[4:].strip()
            rows.append((line.number, _target("journal-upload", url, "http", not url.startswith("http:"))))
        elif "syslog-ng" in line.heading and (
            found := re.match(r"(?:network|syslog|tcp|udp)\(\s*\"([^\"]+)\"(.*)", line.text)
        ):
            rows.append((line.number, _target("syslog-ng", found[1], "syslog", "tls(" in found[2])))
        elif "conf.d/syslog" in line.heading and (found := re.search(r"-R\s+([^\s\"]+)", line.text)):
            rows.append((line.number, _target("syslogd", found[1], "udp", False)))
    rows += _actions([line for line in by if "rsyslog" in line.heading], driver)
    return Reading(rows=tuple(sorted(rows, key=lambda row: row[0])))


def _squeezed(line: Line) -> str:
    return " ".join(line.text.split())


def _target(program: str, target: str, protocol: str, encrypted: bool) -> dict[str, Said]:
    return {"program": program, "target": target, "protocol": protocol, "is_encrypted": encrypted}


def _actions(lines: Sequence[Line], driver: bool) -> list[tuple[int, dict[str, Said]]]:
    """`action(type="omfwd" …)` of rsyslog, over as many lines as it takes."""
    starts: list[tuple[int, int]] = []
    whole = ""
    for line in lines:
        starts.append((len(whole), line.number))
        whole += line.text + " "
    rows: list[tuple[int, dict[str, Said]]] = []
    for found in _ACTION.finditer(whole):
        said = {pair["name"].lower(): pair["value"] for pair in _PAIR.finditer(found["body"])}
        number = next((n for (a, n), (b, _) in pairwise([*starts, (len(whole), 0)]) if a <= found.start() < b), 1)
        if said.get("type") in {"omfwd", "omrelp"}:
            tls = said.get("tls") == "on" or (
                said.get("streamdrivermode") == "1"
                and (driver or "streamdriver" in said or "streamdriver.name" in said)
            )
            protocol = "relp" if said["type"] == "omrelp" else said.get("protocol", "udp")
            rows.append((number, _target("rsyslog", said.get("target", ""), protocol, tls)))
    return rows


def audit(lines: Sequence[str]) -> Reading:
    """`enabled N` of auditctl, or `installed no`."""
    for number, line in enumerate(lines, 1):
        word, _, value = line.partition(" ")
        if word == "enabled":
            return Reading(values={"is_installed": (True, number), "enabled": (int(value), number)})
        if line == "installed no":
            return Reading(values={"is_installed": (False, number), "enabled": (0, number)})
    raise ValueError("no line enabled")
