"""pfSense and OPNsense: the rules of their config.xml as `network_rules`; nothing else of it is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _rules

_TOOL: Final = "pfSense"
_TYPES: Final = {"pass": "allow", "block": "deny", "reject": "reject"}
_REMOTE: Final = {"openvpn", "ipsec", "enc0", "l2tp", "pptp", "pppoe", "wireguard"}
"""Interfaces over which the outside comes in, beside those that lead to the Internet."""
_LEASED: Final = {"dhcp", "dhcp6", "pppoe", "pptp", "l2tp", "ppp"}
_SHOWN: Final = 20
"""Addresses of an alias that are named."""
_NARROW: Final = ("sched", "os", "tag", "tagged", "statetype", "tcpflags1", "icmptype", "dscp", "vlanprio", "user")
_HARMLESS: Final = {"", "keep state"}


@dataclass(frozen=True, slots=True)
class Wall:
    """What rules refer to: zones by interface, which of those face outwards, and aliases."""

    zones: Mapping[str, str]
    outward: frozenset[str]
    aliases: Mapping[str, str]

    def direction(self, interface: str, way: str) -> str:
        """Traffic that enters the firewall from a zone goes out of that zone, or comes in from outside."""
        return "in" if (interface in self.outward) is (way == "in") else "out"


def unfold(document: Element) -> Unfolded | None:
    """A row for each rule of each zone it holds for, and for the rest, which both products deny."""
    if document.tag not in {"pfsense", "opnsense"}:
        return None
    filter_ = document.find("filter")
    if filter_ is None:
        raise ValueError("holds no filter; back up all areas, or the firewall rules with interfaces and aliases")
    if document.find("OPNsense/Firewall/Filter/rules/rule") is not None:
        raise ValueError("holds rules of OPNsense's automation pages too, which are not read; use a column map")
    rules = [rule for rule in filter_.findall("rule") if not _is_set(rule, "disabled")]
    wall = _wall(document, rules)
    book, ids = _rules.Book(_TOOL), _ids(filter_)
    ranked: dict[tuple[str, str], list[tuple[int, Element]]] = {}
    for place, rule in enumerate(rules):
        for interface, way in _where(rule, wall):
            ranked.setdefault((interface, way), []).append((_rank(rule, place, len(rules)), rule))
    for interface in wall.zones:
        for way in ("in", "out"):
            held = ranked.get((interface, way), [])
            if held or way == "in":
                _add(book, wall, (interface, way), [rule for _, rule in sorted(held, key=lambda r: r[0])], ids)
    return book.unfolded()


def _add(
    book: _rules.Book, wall: Wall, place: tuple[str, str], rules: list[Element], ids: Mapping[Element, str]
) -> None:
    interface, way = place
    zone, direction = wall.zones[interface], wall.direction(interface, way)
    suffix = "" if way == "in" else " leaving"
    for rule in rules:
        limits, action = _limits(rule, wall), _TYPES.get(_text(rule, "type") or "pass")
        book.add(zone, direction, ids[rule] + suffix, action, limits)
        if limits == _rules.Limits():
            return
    if way == "in":
        book.add(zone, direction, "default deny", "deny", _rules.Limits())


def _ids(filter_: Element) -> dict[Element, str]:
    """The tracker of each rule, or its place in the file where it has none of its own."""
    ids: dict[Element, str] = {}
    for number, rule in enumerate(filter_.findall("rule"), 1):
        tracker = _text(rule, "tracker") or rule.get("uuid", "")
        ids[rule] = tracker if tracker and tracker not in ids.values() else f"rule {number}"
    return ids


def _rank(rule: Element, place: int, rules: int) -> int:
    """Floating rules go first, the first that matches; those without quick last, where the last that matches counts."""
    if not _is_floating(rule):
        return rules + place
    return place if _is_set(rule, "quick") else 3 * rules - place


def _where(rule: Element, wall: Wall) -> Iterator[tuple[str, str]]:
    if _text(rule, "type") == "match":
        return
    named = [name for name in _text(rule, "interface").split(",") if name]
    way = (_text(rule, "direction") or "in") if _is_floating(rule) else "in"
    for interface in named if named and named != ["any"] else wall.zones:
        for one in ("in", "out") if way == "any" else (way,):
            yield interface, one


def _wall(document: Element, rules: Iterable[Element]) -> Wall:
    zones: dict[str, str] = {}
    outward = set(_REMOTE)
    for interface in document.iterfind("interfaces/*"):
        name = _text(interface, "descr") or interface.tag
        taken = {zone.lower() for zone in zones.values()}
        zones[interface.tag] = interface.tag if name.lower() in taken else name
        leads_out = _text(interface, "gateway") not in {"", "none"} or _text(interface, "ipaddr") in _LEASED
        if interface.tag == "wan" or leads_out:
            outward.add(interface.tag)
    for group in document.iterfind("ifgroups/ifgroupentry"):
        zones[_text(group, "ifname")] = _text(group, "ifname")
        if {*_text(group, "members").replace(",", " ").split()} <= outward:
            outward.add(_text(group, "ifname"))
    for rule in rules:
        for name in filter(None, _text(rule, "interface").split(",")):
            zones.setdefault(name, name)
            if name == "wan":
                outward.add(name)
    zones.pop("any", None)
    return Wall(zones, frozenset(outward), _aliases(document))


def _aliases(document: Element) -> dict[str, str]:
    """The members of each alias of addresses or ports, aliases within resolved; other lists keep their name."""
    listed = [*document.iterfind("aliases/alias"), *document.iterfind("OPNsense/Firewall/Alias/aliases/alias")]
    members = {
        _text(alias, "name"): (_text(alias, "address") or _text(alias, "content")).split()
        for alias in listed
        if _text(alias, "type") in {"host", "network", "port"}
    }
    return {name: ",".join(_resolved(name, members)) for name in members}


def _resolved(name: str, members: Mapping[str, list[str]], seen: tuple[str, ...] = ()) -> list[str]:
    if name not in members or name in seen:
        return [name]
    return [text for member in members[name] for text in _resolved(member, members, (*seen, name))]


def _limits(rule: Element, wall: Wall) -> _rules.Limits:
    to, but, zone = _end(rule.find("destination"), wall)
    source, not_source, _ = _end(rule.find("source"), wall)
    other = [f"from {'all but ' * not_source}{source}"] if source else []
    if port := _text(rule, "source/port"):
        other.append(f"from port {port}")
    family = _text(rule, "ipprotocol")
    if family in {"inet", "inet6"} and _TYPES.get(_text(rule, "type")) in _rules.DENIES:
        other.append({"inet": "IPv4 only", "inet6": "IPv6 only"}[family])
    other += [f"{name} {_text(rule, name)}" for name in _NARROW if _text(rule, name) not in _HARMLESS]
    ports = _text(rule, "destination/port")
    protocol = _rules.protocols(_text(rule, "protocol").split("/"))
    return _rules.Limits(to, but, zone, protocol, wall.aliases.get(ports, ports), "", tuple(other))


def _end(end: Element | None, wall: Wall) -> tuple[str, bool, bool]:
    """Source or destination as text, whether all but that is meant, and whether it is a zone."""
    if end is None or end.find("any") is not None:
        return "", False, False
    but, network, address = _is_set(end, "not"), _text(end, "network"), _text(end, "address")
    if network in wall.zones:
        return wall.zones[network], but, True
    if network.removesuffix("ip") in wall.zones:
        return f"{wall.zones[network.removesuffix('ip')]} address", but, False
    name = network or address
    resolved = wall.aliases.get(name, name)
    if {*resolved.split(",")} & {"0.0.0.0/0", "::/0", "any"}:
        return "", False, False
    return (resolved if resolved.count(",") < _SHOWN else f"alias {name}"), but, False


def _is_floating(rule: Element) -> bool:
    return _is_set(rule, "floating")


def _is_set(rule: Element, name: str) -> bool:
    """Whether an element is there; it is true by standing there, unless it says no."""
    return rule.find(name) is not None and _text(rule, name).lower() not in {"no", "0", "false"}


def _text(element: Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


CONFIG: Final = Adapter(
    name="pfsense_config",
    kind="network_rules",
    product="pfSense, OPNsense (config.xml)",
    headers=_rules.headers(_TOOL),
    columns=_rules.columns(_TOOL),
    values={},
    constants={},
    about="Zones are the interfaces, by the names that they were given. What enters the firewall from an inner zone is "
    "outbound for that zone; from the Internet or a VPN it is inbound. So a zone that faces the Internet says nothing "
    "of outbound traffic. Both products deny what no rule allows: that is the last row of each zone. Aliases are "
    "resolved. Rules of packages and of OPNsense's automation pages are not read. " + _rules.ABOUT,
    unfold=unfold,
    form="xml",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The configuration."""
    return (CONFIG,)
