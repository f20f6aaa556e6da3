"""Inventories in other people's forms: `ansible-inventory --list` JSON, and a plain list of hosts."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from ctrlkit.errors import InputError
from ctrlkit.strict_yaml import shown

Form = Literal["yaml", "ansible", "plain"]

MAX_BYTES: Final = 64 * 1024 * 1024
"""A fleet of ten thousand with its variables is some 20 MB of JSON; YAML has its own, smaller limit."""

KNOWN_ROLES: Final = ("workstation", "server", "mail", "jump")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ROLE: Final = re.compile(r"[a-z][a-z0-9_]*")
_YAML_KEY: Final = re.compile(rb"(?m)^(hosts|defaults|authorised)[ \t]*:|^---[ \t]*$")
_ANSIBLE_INI: Final = re.compile(rb"(?m)^\[[A-Za-z0-9_.:-]+\][ \t]*\r?$")
_LINE: Final = re.compile(
    r"(?:(?P<user>[^@\s]+)@)?(?:\[(?P<v6>[0-9A-Fa-f:.%]+)\]|(?P<host>[^:\s\[\]]+))(?::(?P<port>[0-9]{1,5}))?"
)
_BARE_V6: Final = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%\w+)?")
_NO_SSH: Final = ("local", "winrm", "psrp", "docker", "podman", "community.docker.docker")
_ADDRESS, _PORT = ("ansible_ssh_host", "ansible_host"), ("ansible_ssh_port", "ansible_port")
_USER, _KEY_FILE = ("ansible_ssh_user", "ansible_user"), ("ansible_private_key_file", "ansible_ssh_private_key_file")
_ARGUMENTS = ("ansible_ssh_common_args", "ansible_ssh_extra_args")
_READ: Final = {
    *(*_ADDRESS, *_PORT, *_USER, *_KEY_FILE, *_ARGUMENTS),
    *("ansible_connection", "ansible_become", "ctrlkit_roles", "ctrlkit_ports"),
}
_SPOKEN_OF_NOWHERE: Final = {"all", "ungrouped"}
_LAST_PORT: Final = 65535


def form_of(raw: bytes, path: Path) -> Form:
    """Which form `raw` has: YAML of the contract, JSON of ansible, or one host per line."""
    text = raw.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"{"):
        return "ansible"
    if path.suffix.lower() in {".yaml", ".yml"} or _YAML_KEY.search(text):
        return "yaml"
    return "plain"


def from_plain(raw: bytes, file: str) -> list[dict[str, Any]]:
    """The hosts of a plain list, as the YAML form would write them, each with its `line`.

    A line is `[user@]host[:port] [role …]`; IPv6 addresses with a port stand in brackets; `#` begins a remark.
    """
    if _ANSIBLE_INI.search(raw):
        raise InputError(
            f"{file}: found an inventory of ansible in INI form, expected one host per line; "
            f"run: ansible-inventory -i {file} --list > inventory.json"
        )
    entries = []
    for number, line in enumerate(_text(raw, file).splitlines(), 1):
        words = line.partition("#")[0].split()
        if words:
            entries.append(_plain_host(words, f"{file}:{number}") | {"line": number})
    if not entries:
        raise InputError(f"{file}: holds no host; expected one per line; add them")
    return entries


def _plain_host(words: list[str], place: str) -> dict[str, Any]:
    bare = _BARE_V6.fullmatch(words[0])
    match = None if bare else _LINE.fullmatch(words[0])
    if not (bare or match):
        raise InputError(f"{place}: found {shown(words[0])}, expected [user@]host[:port], IPv6 with port in brackets")
    address = words[0] if bare else str(match and (match["v6"] or match["host"]))
    entry: dict[str, Any] = {"name": _name_of(address), "address": address, "roles": words[1:]}
    if not _NAME.fullmatch(entry["name"]):
        raise InputError(f"{place}: found {shown(address)}, expected the name or address of a host; mend it")
    if match and match["user"]:
        entry["user"] = match["user"]
    if match and match["port"]:
        entry["port"] = _port(match["port"], place)
    for role in words[1:]:
        if not _ROLE.fullmatch(role):
            raise InputError(f"{place}: found {shown(role)}, expected a role such as {', '.join(KNOWN_ROLES)}; mend it")
    if len(set(words[1:])) < len(words[1:]):
        raise InputError(f"{place}: found a role twice, expected each once; remove one")
    return entry


def _name_of(address: str) -> str:
    """A name that may be part of a file name on every system."""
    return "v6-" + re.sub(r"[:%]", "-", address).strip("-") if ":" in address else address


def from_ansible(raw: bytes, file: str) -> list[dict[str, Any]]:
    """The hosts of `ansible-inventory --list`, as the YAML form would write them.

    Roles are the names of a host's groups, those above them too, in lower_snake; the plural of a known role is the
    role (`servers` → server); the variable `ctrlkit_roles` replaces them, `ctrlkit_ports` are ports it may listen on.
    Passwords among the variables are not read.
    """
    tree = _json(raw, file)
    meta = tree.get("_meta", {})
    variables = meta.get("hostvars", {}) if isinstance(meta, Mapping) else None
    if not isinstance(variables, Mapping):
        raise InputError(f'{file}: _meta.hostvars: expected a mapping; run "ansible-inventory --list" again')
    groups = _groups(tree, file)
    names = sorted(set(variables) | {host for hosts, _ in groups.values() for host in hosts})
    if not names:
        raise InputError(f"{file}: holds no host; expected the output of ansible-inventory --list")
    return [_ansible_host(name, variables.get(name, {}), _roles(name, groups), file) | {"line": 0} for name in names]


def told(raw: bytes, file: str) -> bytes:
    """An inventory of ansible with nothing but what is read of it: its other variables may hold passwords."""
    tree = _json(raw, file)
    groups = {name: {"hosts": hosts, "children": children} for name, (hosts, children) in _groups(tree, file).items()}
    variables = {
        name: {key: value for key, value in said.items() if key in _READ}
        for name, said in tree.get("_meta", {}).get("hostvars", {}).items()
    }
    text = json.dumps({"_meta": {"hostvars": variables}, **groups}, ensure_ascii=True, indent=1, sort_keys=True)
    return f"{text}\n".encode()


def _groups(tree: Mapping[str, Any], file: str) -> dict[str, tuple[list[str], list[str]]]:
    groups = {}
    for name, group in tree.items():
        if name == "_meta":
            continue
        words: Mapping[str, Any] = group if isinstance(group, Mapping) else {"hosts": None}
        hosts, children = words.get("hosts", []), words.get("children", [])
        if not (_words(hosts) and _words(children)):
            raise InputError(f"{file}: {shown(name)}: expected a group with lists hosts, children; was this --list?")
        groups[name] = (hosts, children)
    return groups


def _words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _roles(host: str, groups: Mapping[str, tuple[list[str], list[str]]]) -> list[str]:
    within = {name for name, (hosts, _) in groups.items() if host in hosts}
    grown = True
    while grown:
        above = {name for name, (_, children) in groups.items() if within & set(children)} - within
        within |= above
        grown = bool(above)
    return sorted({_role(name) for name in within - _SPOKEN_OF_NOWHERE if _ROLE.fullmatch(_role(name))})


def _role(group: str) -> str:
    word = group.lower().replace("-", "_")
    return word.removesuffix("s") if word.removesuffix("s") in KNOWN_ROLES else word


def _ansible_host(name: str, variables: object, roles: list[str], file: str) -> dict[str, Any]:
    place = f"{file}: {shown(name)}"
    if not isinstance(variables, Mapping):
        raise InputError(f"{place}: expected a mapping of variables")
    if not _NAME.fullmatch(name):
        raise InputError(f"{place}: expected letters, digits, dot, dash or underscore, at most 100; rename it")
    entry: dict[str, Any] = {"name": name, "roles": _own_roles(variables, roles, place)}
    if str(variables.get("ansible_connection", "ssh")) not in _NO_SSH:
        entry["address"] = _word(variables, _ADDRESS, place) or name
    port = _word(variables, _PORT, place)
    found = {
        "port": _port(port, place) if port else None,
        "user": _word(variables, _USER, place),
        "identity_file": _word(variables, _KEY_FILE, place),
        "via": _jump(variables, place),
        "ports": _own_ports(variables, place),
        "sudo": "nopasswd" if str(variables.get("ansible_become", "")).lower() in {"true", "yes", "1"} else None,
    }
    return entry | {key: value for key, value in found.items() if value is not None}


def _own_roles(variables: Mapping[str, Any], roles: list[str], place: str) -> list[str]:
    said = variables.get("ctrlkit_roles", roles)
    words = [word.strip() for word in said.split(",")] if isinstance(said, str) else said
    if not (_words(words) and all(_ROLE.fullmatch(word) for word in words) and len(set(words)) == len(words)):
        raise InputError(f"{place}: ctrlkit_roles: expected a list of roles such as {', '.join(KNOWN_ROLES)}; mend it")
    return list(words)


def _own_ports(variables: Mapping[str, Any], place: str) -> list[int]:
    said = variables.get("ctrlkit_ports", [])
    words = said.split(",") if isinstance(said, str) else said if isinstance(said, list) else [said]
    return [_port(str(word).strip(), f"{place}: ctrlkit_ports") for word in words]


def _word(variables: Mapping[str, Any], keys: tuple[str, ...], place: str) -> str | None:
    for key in keys:
        value = variables.get(key)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, str | int) or "{{" in str(value):
            raise InputError(f"{place}: {key}: expected plain text, no template, vault or mapping; write it out")
        return str(value)
    return None


def _jump(variables: Mapping[str, Any], place: str) -> str | None:
    """The inventory host that `-J` or `ProxyJump` among ansible's arguments names; the rest is ansible's own."""
    texts = (_word(variables, (key,), place) for key in _ARGUMENTS)
    for text in filter(None, texts):
        try:
            words = shlex.split(text)
        except ValueError:
            raise InputError(f"{place}: ansible_ssh_common_args: quotes do not match; mend them") from None
        for at, word in enumerate(words):
            option = re.fullmatch(r"(?:-o)?ProxyJump[= ](.+)", word, re.IGNORECASE)
            if option or (word == "-J" and at + 1 < len(words)):
                return option[1] if option else words[at + 1]
            if re.match(r"(?:-o)?ProxyCommand", word, re.IGNORECASE):
                raise InputError(f"{place}: ProxyCommand is not run; expected -J with the name of an inventory host")
    return None


def _port(text: str, place: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _LAST_PORT):
        raise InputError(f"{place}: port: found {shown(text)}, expected a number from 1 to {_LAST_PORT}; mend it")
    return int(text)


def _json(raw: bytes, file: str) -> Mapping[str, Any]:
    if len(raw) > MAX_BYTES:
        raise InputError(f"{file}: more than {MAX_BYTES} bytes; expected an inventory; split it and use --shard")
    try:
        tree = json.loads(_text(raw, file), object_pairs_hook=lambda pairs: _unique(pairs, file))
    except json.JSONDecodeError as wrong:
        raise InputError(
            f"{file}:{wrong.lineno}: is no JSON ({wrong.msg}); run ansible-inventory --list again"
        ) from wrong
    except RecursionError:
        raise InputError(f"{file}: nested too deep; expected the output of ansible-inventory --list") from None
    if not isinstance(tree, Mapping):
        raise InputError(f"{file}: expected a mapping of groups, as ansible-inventory --list prints it")
    return tree


def _unique(pairs: list[tuple[str, Any]], file: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise InputError(f"{file}: found the key {shown(key)} twice, expected it once; remove one")
        found[key] = value
    return found


def _text(raw: bytes, file: str) -> str:
    if len(raw) > MAX_BYTES:
        raise InputError(f"{file}: more than {MAX_BYTES} bytes; expected an inventory")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise InputError(f"{file}: is not UTF-8 (byte {wrong.start}); save it as UTF-8 text") from wrong
