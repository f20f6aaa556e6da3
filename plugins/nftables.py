"""The Linux packet filter as `nft -j list ruleset` writes it, as `network_rules`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _rules

_TOOL: Final = "nft"
_HOOKS: Final = {"input": "in", "forward": "forward", "output": "out"}
_ZONES: Final = {"nft ipv4": ("inet", "ip"), "nft ipv6": ("inet", "ip6")}
_VERDICTS: Final = {"accept": "allow", "drop": "deny", "reject": "reject", "return": "return", "continue": "pass"}
_GOES_ON: Final = {
    *("counter", "log", "mangle", "notrack", "set", "map", "ct helper", "ct timeout", "flow", "meter", "quota"),
    *("last", "secmark", "ct expectation", "comment"),
}
_REPLIES: Final = {"established", "related"}

Place = tuple[str, str, str]
"""Family, table and chain."""


@dataclass(slots=True)
class Ruleset:
    """The chains of a ruleset, and which of them the kernel asks."""

    steps: defaultdict[Place, list[_rules.Step]] = field(default_factory=lambda: defaultdict(list))
    bases: list[Mapping[str, Any]] = field(default_factory=list)


def unfold(document: Any) -> Unfolded | None:
    """A row for each rule that traffic in, through and out can meet, and for what happens to the rest."""
    if not isinstance(document, Mapping) or {*document} != {"nftables"}:
        return None
    items = document["nftables"]
    if not any("metainfo" in item for item in items):
        return None
    ruleset = Ruleset()
    for item in items:
        chain = item.get("chain", {})
        if "hook" in chain and chain.get("type") == "filter":
            ruleset.bases.append(chain)
        if "rule" in item:
            rule = item["rule"]
            place = rule["family"], rule["table"], rule["chain"]
            name = f"{' '.join(place)} {rule['handle']}"
            ruleset.steps[place] += _steps(name, rule["expr"], place)
    book = _rules.Book(_TOOL)
    for zone, families in _ZONES.items():
        for hook, direction in _HOOKS.items():
            _add(book, zone, direction, ruleset, [c for c in ruleset.bases if _fits(c, hook, families)])
    return book.unfolded()


def _fits(chain: Mapping[str, Any], hook: str, families: Iterable[str]) -> bool:
    return chain["hook"] == hook and chain["family"] in families


def _add(book: _rules.Book, zone: str, direction: str, ruleset: Ruleset, bases: list[Mapping[str, Any]]) -> None:
    """The chains of one hook, those that drop the rest last: traffic must get past each of them."""
    chains = {_key(place): steps for place, steps in ruleset.steps.items()}
    walk = _rules.Walk(book, zone, direction, chains)
    closed = False
    for chain in sorted(bases, key=lambda c: (c.get("policy") == "drop", int(c.get("prio", 0)))):
        place = chain["family"], chain["table"], chain["name"]
        if walk.follow(_key(place)):
            closed = True
        elif chain.get("policy") == "drop":
            book.add(zone, direction, f"{' '.join(place)} policy", "deny", _rules.Limits())
            closed = True
    if not closed:
        book.add(zone, direction, "policy", "allow", _rules.Limits())


def _key(place: Place) -> str:
    return " ".join(place)


def _steps(name: str, expressions: Iterable[Mapping[str, Any]], place: Place) -> Iterator[_rules.Step]:
    """The steps of a rule: one, or one for each entry of the map that decides."""
    limits = _rules.Limits()
    for expression in expressions:
        (word, value), *_ = expression.items()
        if word == "match":
            limits = _limited(limits, value["op"], value["left"], value["right"])
        elif word == "vmap":
            yield from _mapped(name, value, limits, place)
            return
        elif word in _VERDICTS or word in {"jump", "goto"}:
            yield _verdict(name, word, value, limits, place)
            return
        elif word == "limit":
            limits = replace(limits, other=(*limits.other, "limit"))
        elif word not in _GOES_ON:
            yield _rules.Step(name, None, limits)
            return


def _verdict(name: str, word: str, value: Any, limits: _rules.Limits, place: Place) -> _rules.Step:
    if word in {"jump", "goto"}:
        return _rules.Step(name, word, limits, _key((place[0], place[1], value["target"])))
    return _rules.Step(name, _VERDICTS.get(word), limits)


def _mapped(name: str, vmap: Mapping[str, Any], limits: _rules.Limits, place: Place) -> Iterator[_rules.Step]:
    data = vmap["data"]
    if not isinstance(data, Mapping) or "set" not in data:
        yield _rules.Step(name, None, limits)
        return
    for number, (element, verdict) in enumerate(data["set"], 1):
        (word, value), *_ = verdict.items()
        own = _limited(limits, "==", vmap["key"], element)
        yield _verdict(f"{name}.{number}", word, value, own, place)


def _limited(limits: _rules.Limits, op: str, left: Any, right: Any) -> _rules.Limits:
    (word, what), *_ = left.items() if isinstance(left, Mapping) else [("", {})]
    key = what.get("field", what.get("key", "")) if isinstance(what, Mapping) else ""
    protocol = what.get("protocol", "") if isinstance(what, Mapping) else ""
    said, but = list(_texts(right)), op == "!="
    if word == "payload" and key == "daddr":
        return replace(limits, to=",".join(said), but=but)
    if word == "payload" and key == "dport" and not but:
        return replace(limits, protocol=limits.protocol or protocol, ports=",".join(said))
    if (word, key) in {("meta", "l4proto"), ("payload", "protocol"), ("payload", "nexthdr")} and not but:
        return replace(limits, protocol=_rules.protocols(said))
    if (word, key) == ("ct", "state") and not but and {*said} <= _REPLIES:
        return replace(limits, within=_rules.REPLIES)
    if (word, key) in {("meta", name) for name in ("iif", "iifname", "oif", "oifname")} and said == ["lo"] and not but:
        return replace(limits, within=_rules.LOOPBACK)
    if word == "payload" and protocol in {"icmp", "icmpv6"} and not but:
        limits = replace(limits, protocol=protocol)
    return replace(limits, other=(*limits.other, " ".join((word, str(key), op, ",".join(said)))))


def _texts(right: Any) -> Iterator[str]:
    """The values of a match as texts."""
    match right:
        case {"set": [*members]} | [*members]:
            for member in members:
                yield from _texts(member)
        case {"prefix": {"addr": address, "len": length}}:
            yield f"{address}/{length}"
        case {"range": [first, last]}:
            yield f"{first}-{last}"
        case {"elem": {"val": value}}:
            yield from _texts(value)
        case _:
            yield str(right)


RULESET: Final = Adapter(
    name="nft_json",
    kind="network_rules",
    product="nftables (nft -j list ruleset)",
    headers=_rules.headers(_TOOL),
    columns=_rules.columns(_TOOL),
    values={},
    constants={},
    about="Zones are nft ipv4 and nft ipv6, with the tables of family inet in both; a hook without a chain, as in an "
    "empty ruleset, lets everything pass. Take the whole ruleset, as root: of one table alone the rest looks open. The "
    "file does not name its host: rules of two hosts in one pack clash. A match or target that nft itself does not "
    "know (xt, queue, a named map) is not known. " + _rules.ABOUT,
    unfold=unfold,
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The ruleset."""
    return (RULESET,)
