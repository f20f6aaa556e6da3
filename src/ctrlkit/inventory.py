"""The inventory: which hosts there are, what they are, how they are reached and when they may be touched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from ctrlkit import document, inventory_list
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.strict_yaml import Where, shown
from ctrlkit.visible import visible

CONNECT_TIMEOUT: Final = 10
TIMEOUT: Final = 60
OUTPUT_LIMIT: Final = 8 * 1024 * 1024
_PATHS: Final = ("known_hosts", "identity_file")
_PLAIN: Final = re.compile(r"""(?!-)[^\s/\\'"\x00-\x1f\x7f-\x9f]+""")


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the inventory, its defaults merged in.

    `address` None: it is read from its file alone. `port` and `user` None: the user's OpenSSH configuration decides,
    else 22 and the local name. `via` names the host to go through. Times are seconds, `output_limit` bytes. `ports` are
    those it may listen on beside what the profile allows: its own and those of its roles. `line` is where the inventory
    speaks of it, 0 where its form has no lines.
    """

    name: str
    address: str | None = None
    port: int | None = None
    user: str | None = None
    roles: tuple[str, ...] = ()
    via: str | None = None
    host_key: str | None = None
    identity_file: Path | None = None
    known_hosts: Path | None = None
    connect_timeout: int = CONNECT_TIMEOUT
    timeout: int = TIMEOUT
    output_limit: int = OUTPUT_LIMIT
    password_env: str | None = None
    sudo: str = "never"
    sudo_password_env: str | None = None
    ports: tuple[int, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """Who allowed the hosts to be touched, where that is written, and from which day to which, both included."""

    by: str
    reference: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Inventory:
    """The hosts by name, in the order of the file; `name` is the file as messages call it.

    `raw` are its bytes as a bundle carries them: of an inventory of ansible, what is read.
    """

    name: str
    hosts: Mapping[str, Host]
    authorised: Window | None
    raw: bytes

    def place(self, host: Host) -> str:
        """`file:line: host` as a message begins."""
        return f"{self.name}:{host.line}: {host.name}" if host.line else f"{self.name}: {host.name}"


def load(path: Path) -> Inventory:
    """The inventory in `path`: YAML of the contract, `ansible-inventory --list` JSON, or a plain list of hosts.

    Paths in it are relative to its own folder. Raises InputError, with file and line, for a duplicate, an unknown
    `via`, a circle of them, and whatever else cannot be understood.
    """
    raw = _read(path)
    name = visible(path.as_posix())
    form = inventory_list.form_of(raw, path)
    if form == "yaml":
        return _from_yaml(document.parse(raw, path, "inventory"))
    entries = inventory_list.from_ansible(raw, name) if form == "ansible" else inventory_list.from_plain(raw, name)
    raw = inventory_list.told(raw, name) if form == "ansible" else raw
    hosts = [_host(entry, {}, entry.pop("line"), path.parent) for entry in entries]
    return _checked(Inventory(name, _by_name(name, hosts), None, raw))


def choose(inventory: Inventory, limits: Iterable[str]) -> tuple[Host, ...]:
    """The hosts that `limits` name, by exact name or by role, in the order of the inventory; all without limits.

    A limit may hold several words, parted by commas. Raises InputError for a word that names nothing.
    """
    words = [word.strip() for limit in limits for word in limit.split(",") if word.strip()]
    known = set(inventory.hosts) | {role for host in inventory.hosts.values() for role in host.roles}
    for word in words:
        if word not in known:
            raise InputError(
                f"--limit: found {shown(word)}, expected the name or a role of a host in {inventory.name}"
                f"{did_you_mean(word, sorted(known))}"
            )
    wanted = set(words)
    return tuple(h for h in inventory.hosts.values() if not wanted or h.name in wanted or wanted & set(h.roles))


def shard(hosts: Sequence[Host], text: str) -> tuple[Host, ...]:
    """The part I of N of `hosts` that `text` ("I/N", counted from 1) names; the parts are disjoint and make up all.

    Raises InputError for another text.
    """
    part, slash, parts = text.partition("/")
    if not (slash and part.isascii() and parts.isascii() and part.isdigit() and parts.isdigit()):
        raise InputError(f"--shard: found {shown(text)}, expected I/N such as 1/4")
    index, count = int(part), int(parts)
    if not 1 <= index <= count:
        raise InputError(f"--shard: found {shown(text)}, expected I from 1 to N; for example 1/{max(count, 1)}")
    ordered = sorted(hosts, key=lambda host: host.name)
    mine = {host.name for host in ordered[index - 1 :: count]}
    return tuple(host for host in hosts if host.name in mine)


def forbidden(window: Window | None, day: date) -> str | None:
    """Why no host may be touched on `day` (the client's calendar), or None where it may."""
    if window is None or window.start <= day <= window.end:
        return None
    reference = f", {window.reference}" if window.reference else ""
    return (
        f"today is {day.isoformat()}, but {visible(window.by)}{visible(reference)} authorised "
        f"{window.start.isoformat()} to {window.end.isoformat()}; ask for a new window and enter it under authorised"
    )


def hops(inventory: Inventory, host: Host) -> tuple[Host, ...]:
    """The hosts on the way to `host`, the first to connect to first, `host` itself last."""
    way = [host]
    while (via := way[0].via) is not None:
        way.insert(0, inventory.hosts[via])
    return tuple(way)


def _read(path: Path) -> bytes:
    if not path.is_file():
        found = "is not a regular file" if path.exists() else "is not there"
        raise InputError(f"{visible(path.as_posix())}: {found}; expected an inventory; check the path")
    try:
        with path.open("rb") as stream:
            raw = stream.read(inventory_list.MAX_BYTES + 1)
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise InputError(f"{visible(path.as_posix())}: cannot be read ({reason}); check its permissions") from wrong
    return raw


def _from_yaml(doc: document.Document) -> Inventory:
    defaults: Mapping[str, Any] = doc.data.get("defaults", {})
    of_roles: Mapping[str, Sequence[int]] = doc.data.get("ports", {})
    folder = Path(str(doc.path)).parent
    hosts = []
    for place, entry in enumerate(doc.data["hosts"]):
        where: Where = ("hosts", place)
        ports = [port for role in entry.get("roles", ()) for port in of_roles.get(role, ())]
        own = {**entry, "ports": [*entry.get("ports", ()), *ports]}
        hosts.append(_host(own, defaults, doc.line(where), folder))
    known = {*inventory_list.KNOWN_ROLES, *(role for host in hosts for role in host.roles)}
    for role in of_roles:
        if role not in known:
            near = did_you_mean(role, sorted(known))
            raise doc.error(("ports", role), f"found {shown(role)}, expected a role that a host has{near}; mend one")
    window = _window(doc)
    return _checked(Inventory(doc.name, _by_name(doc.name, hosts), window, doc.raw))


def _window(doc: document.Document) -> Window | None:
    said = doc.data.get("authorised")
    if said is None:
        return None
    if said["until"] < said["from"]:
        raise doc.error(
            ("authorised", "until"),
            f"found {said['until'].isoformat()}, expected a day not before from ({said['from'].isoformat()}); mend one",
        )
    return Window(str(said["by"]), str(said.get("reference", "")), said["from"], said["until"])


def _host(entry: Mapping[str, Any], defaults: Mapping[str, Any], line: int, folder: Path) -> Host:
    known = {f.name for f in fields(Host)}
    merged = {k: v for k, v in {**defaults, **entry}.items() if k in known}
    merged["roles"] = tuple(merged.get("roles", ()))
    merged["ports"] = tuple(sorted(set(merged.get("ports", ()))))
    for key in _PATHS:
        if key in merged:
            merged[key] = folder / Path(merged[key]).expanduser()
    return Host(**merged, line=line)


def _by_name(file: str, hosts: Iterable[Host]) -> Mapping[str, Host]:
    """Refuse names that differ in case only: their files would be one on many systems."""
    found: dict[str, Host] = {}
    seen: dict[str, Host] = {}
    for host in hosts:
        before = seen.get(host.name.casefold())
        if before is not None:
            place = f" (line {before.line})" if before.line else ""
            raise InputError(
                f"{file}:{host.line}: host {host.name}: named twice, first as {before.name}{place}; "
                "expected each host once; remove one"
            )
        seen[host.name.casefold()] = found[host.name] = host
    return MappingProxyType(found)


def _checked(inventory: Inventory) -> Inventory:
    for host in inventory.hosts.values():
        _check_words(inventory, host)
        _check_way(inventory, host)
    return inventory


def _check_words(inventory: Inventory, host: Host) -> None:
    """Refuse what another program could take for an option, and what no address or user name holds."""
    for key, value in (("address", host.address), ("user", host.user)):
        if value is not None and not _PLAIN.fullmatch(value):
            raise InputError(
                f"{inventory.place(host)}: {key}: found {shown(value)}, expected no blanks, quotes, slashes, "
                "and no dash in front; mend it"
            )


def _check_way(inventory: Inventory, host: Host) -> None:
    way, here = [host.name], host
    while here.via is not None:
        step = inventory.hosts.get(here.via)
        if step is None:
            raise InputError(
                f"{inventory.place(here)}: via: no host {shown(here.via)} in the inventory; expected the name of one"
                f"{did_you_mean(here.via, sorted(inventory.hosts))}"
            )
        if step.address is None:
            raise InputError(
                f"{inventory.place(here)}: via: {step.name} has no address; expected a host that can be reached; add it"
            )
        way.append(step.name)
        if step.name in way[:-1]:
            raise InputError(
                f"{inventory.place(host)}: via: found a circle ({' → '.join(way)}), expected a way that ends; mend one"
            )
        here = step
