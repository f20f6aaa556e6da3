"""Linux: passwords, lockout, idle limits and the SSH server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from typing import Final

from ctrlkit.hooks import Reading, Said
from ctrlkit.model import Cause, Fault

from ._lines import Line, headings, under_headings
from ._pam import Entry, Stack, stacks

Values = dict[str, tuple[Said, int | None]]

_CREDITS: Final = ("dcredit", "ucredit", "lcredit", "ocredit")
_TMOUT: Final = re.compile(r"\bTMOUT:?=(?P<value>[^\s;#]*)")
_TMOUT_READONLY: Final = re.compile(r"(?:^|[\s;])(?:readonly|(?:declare|typeset)\s+-[a-z]*r[a-z]*)\s[^;#]*\bTMOUT\b")
_SIGN_IN: Final = ("sshd", "login", "gdm-password", "lightdm", "sddm", "xrdp-sesman")


def password_quality(lines: Sequence[str]) -> Reading:
    """What the password stack of `passwd` asks of a new password, with pwquality's files; arguments win over files."""
    found = [
        s for name in ("passwd", "login", "system-auth", "common-password") for s in stacks(lines, [name], "password")
    ]
    if not found:
        raise ValueError("no PAM stack for passwords; without PAM nothing here asks anything of a password")
    stack = found[0]
    tester = stack.first("pam_pwquality", "pam_cracklib", "pam_passwdqc")
    unix = stack.first("pam_unix")
    values: Values = {"history": _history(lines, stack)}
    if tester is None:
        least = int(unix.options.get("minlen", "6")) if unix and "obscure" in unix.options else 0
        line = unix.number if unix else None
        values |= {"module": ("none", line), "min_length": (least, line), "min_length_said": (least, line)}
        return Reading(values=values | {"credits": (0, line), "refuses_dictionary": (False, line)})
    module = tester.module.removeprefix("pam_")
    values["module"] = (module, tester.number)
    if module == "passwdqc":
        fault = Fault(Cause.UNSUPPORTED, "passwdqc has no one length; read its min= by hand")
        return Reading(values=values, unread=dict.fromkeys(("min_length", "min_length_said"), fault))
    return Reading(values=values | _quality(lines, tester, cracklib=module == "cracklib"))


def _quality(lines: Sequence[str], tester: Entry, *, cracklib: bool) -> Values:
    said: dict[str, tuple[str, int | None]] = {
        "minlen": ("9" if cracklib else "8", None),
        "minclass": ("0", None),
        "dictcheck": ("1", None),
        **dict.fromkeys(_CREDITS, ("1" if cracklib else "0", None)),
    }
    if not cracklib:
        said |= _options(lines, lambda path: "/pwquality.conf.d/" in path)
        said |= _options(lines, lambda path: path.endswith("/pwquality.conf"))
    said |= {name: (value, tester.number) for name, value in tester.options.items()}
    given = sum(max(0, int(said[name][0])) for name in _CREDITS)
    length, line = int(said["minlen"][0]), said["minlen"][1] or tester.number
    root = said.get("enforce_for_root")
    return {
        "min_length_said": (length, line),
        "credits": (given, next((said[name][1] for name in _CREDITS if int(said[name][0]) > 0), None)),
        # The library never lets a password through that is shorter than six, whatever the credits.
        "min_length": (max(6, length - given), line),
        "min_classes": (int(said["minclass"][0]), said["minclass"][1]),
        "refuses_dictionary": (int(said["dictcheck"][0]) != 0, said["dictcheck"][1]),
        "holds_for_root": (root is not None, root[1] if root else None),
    }


def _history(lines: Sequence[str], stack: Stack) -> tuple[Said, int | None]:
    former = stack.first("pam_pwhistory")
    if former is not None:
        said = _options(lines, lambda path: path.endswith("/pwhistory.conf"))
        value, line = said.get("remember", ("10", former.number))
        return int(former.options.get("remember", value)), former.number if "remember" in former.options else line
    unix = stack.first("pam_unix")
    return (int(unix.options.get("remember", "0")), unix.number) if unix else (0, None)


def account_lockout(lines: Sequence[str]) -> Reading:
    """Lockout over the auth stacks of every service one signs in by; where they differ, the weakest counts."""
    found = stacks(lines, _SIGN_IN, "auth") or stacks(lines, ["system-auth", "common-auth", "base-auth"], "auth")
    if not found:
        raise ValueError("no PAM stack for signing in; without PAM nothing here counts wrong passwords")
    conf = _options(lines, lambda path: path.endswith("/faillock.conf"))
    held = [_locks(stack, conf) for stack in found]
    empty = next(
        (e for stack in found for e in stack.entries if e.module == "pam_unix" and "nullok" in e.options), None
    )
    values: Values = {"accepts_empty": (empty is not None, empty.number if empty else None)}
    open_door = next((values["is_active"] for values in held if not values["is_active"][0]), None)
    values["is_active"] = open_door or held[0]["is_active"]
    locking = [values for values in held if values["is_active"][0]]
    if locking:
        values["attempts"] = max((lock["attempts"] for lock in locking), key=lambda said: int(str(said[0])))
        values["unlock_seconds"] = min((lock["unlock_seconds"] for lock in locking), key=_patience)
        values["window_seconds"] = min((lock["window_seconds"] for lock in locking), key=lambda said: int(str(said[0])))
        loose = next((lock["holds_for_root"] for lock in locking if not lock["holds_for_root"][0]), None)
        values["holds_for_root"] = loose or locking[0]["holds_for_root"]
    return Reading(values=values)


def _patience(said: tuple[Said, int | None]) -> float:
    return float(str(said[0])) or float("inf")


def _locks(stack: Stack, conf: dict[str, tuple[str, int | None]]) -> Values:
    """What one auth stack does about wrong passwords: faillock must both count and refuse, tally2 does by itself."""
    tally = stack.first("pam_tally2")
    counts = next((e for e in stack.entries if e.module == "pam_faillock" and "authfail" in e.options), None)
    before = next((e for e in stack.entries if e.module == "pam_faillock" and "preauth" in e.options), None)
    active = tally or (counts if before or (counts and stack.account_faillock) else None)
    if active is None:
        anywhere = counts or before or next(iter(stack.entries), None)
        return {"is_active": (False, anywhere.number if anywhere else None)}
    said: dict[str, tuple[str, int | None]] = {"deny": ("3", active.number), "unlock_time": ("600", active.number)}
    said["fail_interval"] = ("900", active.number)
    said |= {} if tally else conf
    for entry in (before, counts, tally):
        said |= {name: (value, entry.number) for name, value in entry.options.items()} if entry else {}
    root = said.get("even_deny_root")
    return {
        "is_active": (True, active.number),
        "attempts": (int(said["deny"][0]), said["deny"][1]),
        "unlock_seconds": (int(said["unlock_time"][0].replace("never", "0")), said["unlock_time"][1]),
        "window_seconds": (int(said["fail_interval"][0]), said["fail_interval"][1]),
        "holds_for_root": (root is not None, root[1] if root else active.number),
    }


def _options(lines: Sequence[str], of: object) -> dict[str, tuple[str, int | None]]:
    """`name = value` and bare `name` lines of the files whose path fits, the last of each name."""
    found: dict[str, tuple[str, int | None]] = {}
    for line in under_headings(lines):
        if callable(of) and of(line.heading):
            name, _, value = line.text.partition("#")[0].partition("=")
            found[name.strip()] = (value.strip(), line.number)
    return found


def login_defs(lines: Sequence[str]) -> Reading:
    """`NAME value` lines in small letters, the last of each name."""
    values: Values = {}
    for number, line in enumerate(lines, 1):
        name, _, value = line.strip().partition(" ")
        values[name.lower()] = (value.strip(), number)
    return Reading(values=values)


def shell_timeout(lines: Sequence[str]) -> Reading:
    """The last TMOUT of the system's shell start files, and whether any line makes it unchangeable.

    A value that only a shell could work out (`$((15 * 60))`, a default) is not known.
    """
    value: tuple[Said, int | None] = (0, None)
    fixed: int | None = None
    for line in under_headings(lines):
        text = line.text.partition(" #")[0]
        if fixed is None and (found := _TMOUT.search(text)):
            said = re.fullmatch(r"""(["']?)([0-9]{1,9})\1""", found["value"])
            value = (int(said[2]) if said else None, line.number)
        if fixed is None and _TMOUT_READONLY.search(text):
            fixed = line.number
    if value[1] is None:
        return Reading(values={"is_set": (False, None)})
    readonly = (fixed is not None, fixed or value[1])
    return Reading(values={"is_set": (True, value[1]), "seconds": value, "is_readonly": readonly})


def screen_lock(lines: Sequence[str]) -> Reading:
    """Lock settings of the system's dconf databases: the first database of the profile that says it, its locks.

    A database that the profile does not name is never asked; without a profile none is.
    """
    said: dict[str, tuple[str, int]] = {}
    locked: dict[str, int] = {}
    stale: dict[str, int] = {}
    profile = next((name for name in headings(lines) if name.endswith("/profile/user")), "")
    order = [
        line.text.partition(":")[2]
        for line in under_headings(lines)
        if line.heading == profile and line.text.startswith("system-db:")
    ]
    section = ""
    for line in sorted(under_headings(lines), key=lambda line: _rank(line, order)):
        if ".d/" in line.heading and _rank(line, order)[0] == -len(order):
            continue  # no profile asks this database
        if line.heading == "state":
            state, _, folder = line.text.partition(" ")
            stale |= {folder: line.number} if state == "stale" else {}
        elif "/locks/" in line.heading:
            locked.setdefault(line.text, line.number)
        elif line.text.startswith("["):
            section = line.text.strip("[]")
        elif "=" in line.text and ".d/" in line.heading:
            name, _, value = line.text.partition("=")
            said[f"/{section}/{name.strip()}"] = (value.strip(), line.number)
    return Reading(values=_lock_values(said, locked, stale))


def _rank(line: Line, order: Sequence[str]) -> tuple[int, int]:
    """Later databases of the profile first, so that the first one has the last word; within one, as printed."""
    name = next((n for n, db in enumerate(order) if f"/db/{db}.d/" in line.heading), len(order))
    return -name, line.number


def _lock_values(said: dict[str, tuple[str, int]], locked: dict[str, int], stale: dict[str, int]) -> Values:
    saver = "/org/gnome/desktop/screensaver"
    wanted = {
        "idle_seconds": "/org/gnome/desktop/session/idle-delay",
        "lock_enabled": f"{saver}/lock-enabled",
        "lock_delay_seconds": f"{saver}/lock-delay",
    }
    here = {name: said[path] for name, path in wanted.items() if path in said}
    if not here:
        return {"is_managed": (False, None)}
    values: Values = {"is_managed": (True, next(iter(here.values()))[1])}
    for name, (value, line) in here.items():
        values[name] = (value == "true" if name == "lock_enabled" else int(value.split()[-1]), line)
    free = next((said[path][1] for name, path in wanted.items() if name in here and path not in locked), None)
    values["users_can_change"] = (free is not None, free or next(iter(locked.values()), None))
    values["is_compiled"] = (not stale, next(iter(stale.values()), None))
    return values


def sshd_match(lines: Sequence[str]) -> Reading:
    """Settings inside Match blocks, following Include; a file that is included but was not printed is an error."""
    main = "/etc/ssh/sshd_config"
    paths = headings(lines)
    rows: list[tuple[int, dict[str, Said]]] = []

    def walk(path: str, criteria: str, depth: int) -> None:
        if depth > len(paths):
            raise ValueError(f"{path} includes itself")
        for line in (line for line in under_headings(lines) if line.heading == path):
            name, value = _setting(line.text)
            if name == "match":
                criteria = "" if value.lower() == "all" else value
            elif name == "include":
                for inner in _included(value, paths):
                    walk(inner, criteria, depth + 1)
            elif criteria:
                cells: dict[str, Said] = {"criteria": criteria, "setting": name, "value": value, "file": path}
                rows.append((line.number, cells))

    if main not in paths:
        raise ValueError(f"no {main}")
    walk(main, "", 0)
    return Reading(rows=tuple(sorted(rows, key=lambda row: row[0])))


def _setting(text: str) -> tuple[str, str]:
    name, _, value = text.replace("=", " ", 1).replace("\t", " ").partition(" ")
    value = re.sub(r"\s#.*", "", f" {value}").strip()
    quoted = value[:1] == value[-1:] == '"' and value.count('"') == 2  # noqa: PLR2004  one pair
    return name.lower(), value[1:-1] if quoted else value


def _included(value: str, paths: Iterable[str]) -> list[str]:
    found: list[str] = []
    for pattern in value.split():
        whole = pattern.strip('"') if pattern.startswith(("/", '"/')) else f"/etc/ssh/{pattern}"
        if not whole.startswith(("/etc/ssh/sshd_config.d/", "/etc/crypto-policies/")):
            raise ValueError(f"Include {whole} lies outside what is read")
        found += sorted(path for path in paths if fnmatch(path, whole))
    return found


def sshd_service(lines: Sequence[str]) -> Reading:
    """`installed yes|no` and `running yes|no`.

    `other yes` where a server runs that is not OpenSSH, `options yes` where one was started with settings of its own.
    """
    said = {line.split(" ")[0]: (line.endswith(" yes"), number) for number, line in enumerate(lines, 1)}
    if set(said) - {"other", "options"} != {"installed", "running"}:
        raise ValueError("not both of installed and running")
    names = {
        "installed": "is_installed",
        "running": "is_running",
        "other": "is_another_running",
        "options": "has_options",
    }
    return Reading(values={names[word]: value for word, value in said.items()})
