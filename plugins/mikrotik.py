"""MikroTik RouterOS: the export of its firewall filter as `network_rules`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _rules

_TOOL: Final = "RouterOS"
_SECTION: Final = re.compile(r"/(ip|ipv6) firewall filter(?: (add|set)\b.*)?$")
_PAIR: Final = re.compile(r'([a-z][a-z0-9-]*)=(?:"((?:[^"\\]|\\.)*)"|(\S*))(?=\s|$)')
_ZONES: Final = {"ip": "routeros ipv4", "ipv6": "routeros ipv6"}
_DIRECTIONS: Final = {"input": "in", "forward": "forward", "output": "out"}
_ACTIONS: Final = {"accept": "allow", "drop": "deny", "tarpit": "deny", "reject": "reject", "return": "return"}
_GOES_ON: Final = {"log", "passthrough", "fasttrack-connection", "add-src-to-address-list", "add-dst-to-address-list"}
_NO_LIMIT: Final = {
    *("chain", "action", "comment", "disabled", "log", "log-prefix", "jump-target", "reject-with", "hw-offload"),
    *("address-list", "address-list-timeout", "place-before"),
}
_REPLIES: Final = {"established", "related", "untracked"}

Rules = list[tuple[int, Mapping[str, str]]]


def unfold(document: list[str]) -> Unfolded | None:
    """A row for each rule that traffic in, through and out can meet, and for the rest, which RouterOS lets pass."""
    if not any(line.startswith("/") and _SECTION.match(line.rstrip(" \\")) for line in document):
        return None
    sections, cut = _read(document)
    book = _rules.Book(_TOOL)
    for family, rules in sections.items():
        chains = _chains(rules)
        for chain, direction in _DIRECTIONS.items():
            walk = _rules.Walk(book, _ZONES[family], direction, chains)
            if not walk.follow(chain) and (chain in chains or direction != "out"):
                book.add(_ZONES[family], direction, f"{chain} default", "allow", _rules.Limits())
    return book.unfolded(cut)


def _read(lines: Sequence[str]) -> tuple[dict[str, Rules], str]:
    """The rules of each family, and why they are not all."""
    sections: dict[str, Rules] = {}
    family, last = "", max(number for number, line in enumerate(lines, 1) if line.strip())
    for number, end, command in _joined(lines):
        text, section = command, _SECTION.match(command)
        if command.startswith("/"):
            family = section[1] if section else ""
            text = command[section.start(2) :] if section and section[2] else ""
            if section:
                sections.setdefault(family, [])
        if not family or not text:
            continue
        pairs = {key: quoted or plain for key, quoted, plain in _PAIR.findall(text)}
        if re.match(r"set \[ ?find default", text):
            continue
        rest = _PAIR.sub("", text.removeprefix("add")).strip()
        if not text.startswith("add ") or rest or "chain" not in pairs:
            if end < last:
                raise ValueError(f"line {number}: is no rule as /export writes it; export it again")
            return sections, f"line {number}: ends in the middle of a rule; the file is cut, export it again"
        sections[family].append((number, pairs))
    return sections, ""


def _joined(lines: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    r"""Each command with its first and last line, those that end in `\` joined to the next."""
    held, start = "", 0
    for number, line in enumerate(lines, 1):
        start = start or number
        if line.rstrip().endswith("\\"):
            held += line.rstrip()[:-1] if not held else line.strip()[:-1]
            continue
        text = held + (line.strip() if held else line.rstrip())
        if text.strip() and not text.lstrip().startswith("#"):
            yield start, number, text.strip()
        held, start = "", 0
    if held.strip():
        yield start, len(lines), f"{held.strip()} \\"


def _chains(rules: Rules) -> dict[str, list[_rules.Step]]:
    chains: defaultdict[str, list[_rules.Step]] = defaultdict(list)
    counts: defaultdict[str, int] = defaultdict(int)
    for _, rule in rules:
        counts[rule["chain"]] += 1
        if rule.get("disabled") == "yes":
            continue
        name, action = f"{rule['chain']} {counts[rule['chain']]}", rule.get("action", "accept")
        known = "pass" if action in _GOES_ON else "jump" if action == "jump" else _ACTIONS.get(action)
        chains[rule["chain"]].append(_rules.Step(name, known, _limits(rule), rule.get("jump-target", "")))
    return chains


def _limits(rule: Mapping[str, str]) -> _rules.Limits:
    limits = _rules.Limits()
    for key, text in rule.items():
        but, value = text.startswith("!"), text.removeprefix("!")
        if key in _NO_LIMIT:
            continue
        if key in {"dst-address", "dst-address-list"}:
            limits = replace(limits, to=f"list {value}" if key.endswith("list") else value, but=but)
        elif key == "protocol" and not but:
            limits = replace(limits, protocol=_rules.protocols([value]))
        elif key == "dst-port" and not but:
            limits = replace(limits, ports=value)
        elif key == "connection-state" and not but and {*value.split(",")} <= _REPLIES:
            limits = replace(limits, within=_rules.REPLIES)
        elif key in {"in-interface", "out-interface"} and value in {"lo", "lo0"} and not but:
            limits = replace(limits, within=_rules.LOOPBACK)
        else:
            limits = replace(limits, other=(*limits.other, f"{key}={text}"))
    return limits


EXPORT: Final = Adapter(
    name="mikrotik_filter",
    kind="network_rules",
    product="MikroTik RouterOS (/ip firewall filter export, /export)",
    headers=_rules.headers(_TOOL),
    columns=_rules.columns(_TOOL),
    values={},
    constants={},
    about="Zones are routeros ipv4 and routeros ipv6, each as far as its section is there. RouterOS lets pass what no "
    "rule stops: that is the last row of a chain that does not end in a drop of everything. Of its own outbound "
    "traffic nothing is said where no rule is. Name the file .rsc or .txt. " + _rules.ABOUT,
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The export."""
    return (EXPORT,)
