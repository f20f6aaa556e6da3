"""The way to a host: the inventory first, then the user's OpenSSH configuration, then plain defaults."""

from __future__ import annotations

import getpass
import glob
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ctrlkit import inventory
from ctrlkit.errors import InputError
from ctrlkit.inventory import Host, Inventory
from ctrlkit.known_hosts import DEFAULT_PORT
from ctrlkit.visible import visible

Settings = Mapping[str, tuple[str, ...]]
"""Keyword in lower case -> its values in order; for all but identityfile only the first counts."""

SUBSET: Final = (
    "hostname",
    "port",
    "user",
    "identityfile",
    "identitiesonly",
    "proxyjump",
    "proxycommand",
    "hostkeyalias",
    "userknownhostsfile",
    "globalknownhostsfile",
)
"""The keywords that count; all others of the configuration are left aside, StrictHostKeyChecking among them."""

_DEFAULT_KEYS: Final = ("id_ed25519", "id_ecdsa", "id_rsa")
_BEGINS, _ENDS = "{", "}"
"""Marks among the lines, which no keyword can be."""
_MAX_DEPTH: Final = 16
_SECONDS: Final = 10
_JUMP: Final = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@]+)@)?(?:\[(?P<v6>[^\]]+)\]|(?P<host>[^:@\[\]]+))(?::(?P<port>\d+))?"
)


@dataclass(frozen=True, slots=True)
class Hop:
    """One SSH server to connect to. `alias` is the name under which known_hosts is asked; `own_keys`: only these files.

    `name` is the host's in the inventory, or its address where only the user's configuration speaks of it.
    """

    name: str
    address: str
    port: int
    user: str
    alias: str | None
    host_key: str | None
    identity_files: tuple[Path, ...]
    own_keys: bool
    known_hosts: tuple[Path, ...]
    connect_timeout: int


@dataclass(frozen=True, slots=True)
class UserConfig:
    """The user's OpenSSH configuration. `lines` are those that count; `ssh` is the program to ask, None for none."""

    file: Path
    lines: tuple[tuple[str, str], ...]
    ssh: str | None
    home: Path


def load(home: Path, system: Path | None = Path("/etc/ssh/ssh_config")) -> UserConfig:
    """The configuration below `home`, Include followed.

    Raises InputError for `Match exec`, which would run a command here on every look-up.
    """
    own = home / ".ssh" / "config"
    lines = [*_scoped(_lines(own, home / ".ssh", home, 0))]
    if system is not None:
        lines += _scoped(_lines(system, system.parent, home, 0))
    counts = any(keyword in SUBSET for keyword, _ in lines)
    return UserConfig(own, tuple(lines) if counts else (), shutil.which("ssh") if counts else None, home)


def way(book: Inventory, host: Host, config: UserConfig) -> tuple[Hop, ...]:
    """The servers to connect to, one through the other, the host itself last.

    `via` of the inventory decides; without it ProxyJump of the configuration. Raises InputError for a ProxyCommand
    (nothing is run here) and for what the configuration says in a form that cannot be read.
    """
    found: list[Hop] = []
    for number, step in enumerate(inventory.hops(book, host)):
        settings = settings_of(config, step.address or step.name, step.port, step.user)
        if number == 0:
            found += _jumps(book, step, settings, config)
        found.append(_hop(step, settings, config.home))
    return tuple(found)


def settings_of(config: UserConfig, address: str, port: int | None = None, user: str | None = None) -> Settings:
    """What the configuration says about `address`, asked of OpenSSH where it is installed."""
    if not config.lines:
        return {}
    if config.ssh is None:
        return _own_reading(config, address)
    words = [config.ssh, "-G", *(["-p", str(port)] if port else []), *(["-l", user] if user else []), "--", address]
    # Nothing of this process's environment, where passwords may stand, goes along; what was overlooked would be run by
    # SHELL, and is not.
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(config.home), "LC_ALL": "C", "SHELL": "/bin/false"}
    if (
        config.home != _home_of_openssh()
    ):  # it looks there, whatever HOME says; what was not looked through may run things
        words[1:1] = ["-F", str(config.file) if config.file.exists() else "none"]
    try:
        done = subprocess.run(  # noqa: S603 - the user's own ssh, the address cannot begin with a dash
            words,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            env=clean,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as wrong:
        raise InputError(
            f"ssh -G {visible(address)}: did not answer ({type(wrong).__name__}); try it by hand"
        ) from wrong
    if done.returncode != 0:
        said = visible(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no reason given")
        raise InputError(f"ssh -G {visible(address)}: refused ({said}); mend {visible(config.file.as_posix())}")
    return _gathered(_pair(line) for line in done.stdout.splitlines())


def _home_of_openssh() -> Path:
    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except (ImportError, KeyError):
        return Path.home()


def _hop(host: Host, settings: Settings, home: Path) -> Hop:
    address = _first(settings, "hostname") or host.address or host.name
    files = (
        (host.identity_file,) if host.identity_file else tuple(_path(f, home) for f in settings.get("identityfile", ()))
    )
    own = host.identity_file is not None or _first(settings, "identitiesonly") == "yes"
    known = (host.known_hosts,) if host.known_hosts else _known_hosts(settings, home)
    port = host.port or int(_first(settings, "port") or DEFAULT_PORT)
    user = host.user or _first(settings, "user") or getpass.getuser()
    return Hop(
        host.name,
        address,
        port,
        user,
        _first(settings, "hostkeyalias"),
        host.host_key,
        files or tuple(home / ".ssh" / name for name in _DEFAULT_KEYS),
        own,
        known,
        host.connect_timeout,
    )


def _known_hosts(settings: Settings, home: Path) -> tuple[Path, ...]:
    said = [*settings.get("userknownhostsfile", ()), *settings.get("globalknownhostsfile", ())]
    files = [_path(name, home) for text in said for name in text.split()]
    return tuple(files) or (home / ".ssh" / "known_hosts", Path("/etc/ssh/ssh_known_hosts"))


def _jumps(book: Inventory, host: Host, settings: Settings, config: UserConfig) -> Iterator[Hop]:
    """Yield the hops that the configuration puts before `host`; the inventory's `via` would have been taken first."""
    command = _first(settings, "proxycommand")
    if command and command != "none":
        raise InputError(
            f"{book.place(host)}: ProxyCommand in {visible(config.file.as_posix())} is not run; "
            "expected via in the inventory, or ProxyJump; set one"
        )
    jump = _first(settings, "proxyjump")
    for text in jump.split(",") if jump and jump != "none" else ():
        match = _JUMP.fullmatch(text.strip())
        if match is None or text.strip().startswith("-"):
            raise InputError(f"{book.place(host)}: ProxyJump {visible(text)} cannot be read; expected user@host:port")
        name = match["v6"] or match["host"]
        port = int(match["port"]) if match["port"] else None
        step = book.hosts.get(name) or Host(name, name, port, match["user"], connect_timeout=host.connect_timeout)
        yield _hop(step, settings_of(config, step.address or name, step.port, step.user), config.home)


def _first(settings: Settings, keyword: str) -> str | None:
    return next(iter(settings.get(keyword, ())), None)


def _path(text: str, home: Path) -> Path:
    text = text.strip('"').replace("%d", str(home))
    return home / text[2:] if text.startswith("~/") else Path(text)


def _gathered(pairs: Iterable[tuple[str, str]]) -> Settings:
    """Of each keyword the first value, of those that make up a list all."""
    found: dict[str, tuple[str, ...]] = {}
    for keyword, value in pairs:
        if keyword in SUBSET and (keyword == "identityfile" or keyword not in found):
            found[keyword] = (*found.get(keyword, ()), value)
    return found


def _own_reading(config: UserConfig, address: str) -> Settings:
    """The named subset, read without OpenSSH: Host with patterns, the first value counts, `%h` in HostName."""
    chosen: list[tuple[str, str]] = []
    applies = True
    outer: list[bool] = []
    for keyword, value in config.lines:
        if keyword == _BEGINS:
            outer.append(applies)
        elif keyword == _ENDS:
            applies = outer.pop()
        elif keyword == "host":
            applies = all(outer) and _host_matches(_words(value), address)
        elif keyword == "match":
            if value.strip('"').lower() != "all":
                raise InputError(
                    f"{visible(config.file.as_posix())}: Match {visible(value)} needs OpenSSH to be understood; "
                    "install its client, or set what it gives in the inventory"
                )
            applies = all(outer)
        elif applies:
            bare = value[1:-1] if re.fullmatch(r'"[^"]*"', value) else value
            chosen.append((keyword, bare.replace("%h", address) if keyword == "hostname" else bare))
    return _gathered(chosen)


def _host_matches(patterns: Sequence[str], address: str) -> bool:
    def fits(pattern: str) -> bool:
        return re.fullmatch("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern), address) is not None

    if any(p.startswith("!") and fits(p[1:]) for p in patterns):
        return False
    return any(fits(p) for p in patterns if not p.startswith("!"))


def _lines(file: Path, relative_to: Path, home: Path, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _MAX_DEPTH:
        raise InputError(f"{visible(file.as_posix())}: Include goes round in a circle; mend it")
    if not file.is_file():
        return
    try:
        text = file.read_bytes().decode("utf-8", "replace")
    except OSError as wrong:
        raise InputError(
            f"{visible(file.as_posix())}: cannot be read ({wrong.strerror}); check its permissions"
        ) from wrong
    for number, line in enumerate(text.split("\n"), 1):
        keyword, value = _pair(line)
        if keyword == "match" and re.search(r"(?<![\w.-])exec(?![\w.-])", value, re.IGNORECASE):
            raise InputError(
                f"{visible(file.as_posix())}:{number}: Match exec would run a command here; "
                "expected Match without exec; put its settings into the inventory"
            )
        if keyword == "include":
            for pattern in _words(value):
                if re.search(r"[$%]|^~[^/]", pattern):
                    raise InputError(
                        f"{visible(file.as_posix())}:{number}: Include {visible(pattern)} cannot be followed; "
                        "expected a path without $, % and ~user; write it out"
                    )
                yield from _scoped(_included(pattern, relative_to, home, depth))
        elif keyword:
            yield keyword, value


def _included(pattern: str, relative_to: Path, home: Path, depth: int) -> Iterator[tuple[str, str]]:
    path = _path(pattern, home)
    absolute = path if path.is_absolute() else relative_to / path
    for file in sorted(glob.glob(str(absolute))):  # noqa: PTH207 - folders above may be patterns too
        yield from _scoped(_lines(Path(file), relative_to, home, depth + 1))


def _scoped(lines: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """A file's lines between two marks: where it ends, what applied before it applies again."""
    yield _BEGINS, ""
    yield from lines
    yield _ENDS, ""


def _pair(line: str) -> tuple[str, str]:
    line = line.strip()
    match = re.match(r'"?([A-Za-z0-9]+)"?(?:\s*=\s*|\s+|(?="))(.*)', line)
    return (match[1].lower(), match[2].strip()) if match and not line.startswith("#") else ("", "")


def _words(value: str) -> list[str]:
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|([^\s"]+)', value)]
