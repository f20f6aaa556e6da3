"""Linux: accounts, who is administrator, and when anybody last signed in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from posixpath import dirname, normpath
from typing import Final

from ctrlkit.hooks import Reading, Said

from ._lines import Line, headings, joined, under_headings

_SCHEMES: Final = {"1": "md5", "5": "sha256", "6": "sha512", "y": "yescrypt", "gy": "gost_yescrypt", "7": "scrypt"}
_LATEST: Final = re.compile(r"(?P<when>[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]?[0-9] [0-9:]{8} [+-][0-9]{4} [0-9]{4})\s*$")
_NEVER: Final = "**Never logged in**"
_SUDO: Final = re.compile(r"(?P<who>\S+)\s+[^=]*=\s*(?P<what>.*)")
_INCLUDE: Final = re.compile(r"[@#]include(?P<folder>dir)?\s+\"?(?P<path>[^\"]+)\"?")
_NO_PASSWORD: Final = re.compile(r"NOPASSWD\s*:")
_FREELY: Final = re.compile(r"!authenticate|exempt_group")
_OTHERS: Final = re.compile(r"(?<!!)\b(?:targetpw|rootpw|runaspw)\b")
"""Whoever is asked for a password has to know that of somebody else."""
_ROOT: Final = {"root", "#0", "%root", "%#0"}
_ADMIN_GROUPS: Final = {"%sudo", "%wheel", "%admin"}
"""Groups whose members `admin_groups` lists."""
_DOAS: Final = re.compile(
    r"permit\s+(?P<options>(?:(?:nopass|nolog|persist|keepenv|setenv\s*\{[^}]*\})\s+)*)(?P<who>:?\S+)(?P<rest>.*)"
)


def passwd(lines: Sequence[str]) -> Reading:
    """`name:uid:gid:shell` lines as rows."""
    rows: list[tuple[int, dict[str, Said]]] = []
    for number, line in enumerate(lines, 1):
        name, uid, gid, shell = line.split(":", 3)
        cells: dict[str, Said] = {"name": name, "uid": int(uid), "gid": int(gid), "shell": shell}
        rows.append((number, {**cells, "is_root": name == "root"}))
    if not rows:
        raise ValueError("no account at all")
    return Reading(rows=tuple(rows))


def shadow(lines: Sequence[str]) -> Reading:
    """`name:state:scheme:changed:max:inactive:expires` lines as rows; the days count from 1970-01-01."""
    rows: list[tuple[int, dict[str, Said]]] = []
    for number, line in enumerate(lines, 1):
        name, state, scheme, changed, longest, inactive, expires = line.split(":")
        cells: dict[str, Said] = {
            "name": name,
            "is_root": name == "root",
            "state": state,
            "scheme": _SCHEMES.get(scheme, "bcrypt" if scheme[:1] == "2" else scheme) or "des" * (state == "usable"),
            "changed_on": _day(changed),
            "max_days": _days(longest),
            "inactive_days": _days(inactive),
            "expires_on": _day(expires),
        }
        rows.append((number, {**cells, "scheme": cells["scheme"] or "none"}))
    if not rows:
        raise ValueError("no account at all")
    return Reading(rows=tuple(rows))


def _day(text: str) -> str | None:
    # Day 0 of the last change stands for "must change at the next sign-in"; when it was changed is not told.
    return (date(1970, 1, 1) + timedelta(days=int(text))).isoformat() if text not in {"", "0", "-1"} else None


def _days(text: str) -> int | None:
    # 99999 days is how every distribution writes "never".
    return None if text in {"", "-1"} or int(text) >= 99_999 else int(text)  # noqa: PLR2004


def useradd_defaults(lines: Sequence[str]) -> Reading:
    """INACTIVE of `useradd -D`."""
    for number, line in enumerate(lines, 1):
        name, _, value = line.partition("=")
        if name == "INACTIVE":
            return Reading(values={"inactive_days": (int(value), number)})
    raise ValueError("no line INACTIVE")


def last_logins(lines: Sequence[str]) -> Reading:
    """The tables of lastlog and lastlog2, or `user:instant` lines of lslogins, as rows."""
    if lines and lines[0].startswith("USER:"):
        return Reading(rows=tuple(_lslogins(number, line) for number, line in enumerate(lines, 1) if number > 1))
    if not lines or not lines[0].startswith("Username"):
        raise ValueError("no table of sign-ins")
    return Reading(rows=tuple(_lastlog(number, line) for number, line in enumerate(lines, 1) if number > 1))


def _lastlog(number: int, line: str) -> tuple[int, dict[str, Said]]:
    name = line.split(maxsplit=1)[0]
    if line.rstrip().endswith(_NEVER):
        return number, {"name": name, "has_signed_in": False, "last_login_at": None}
    found = _LATEST.search(line)
    if found is None:
        raise ValueError(f"line {number}: no instant at its end")
    when = datetime.strptime(found["when"], "%a %b %d %H:%M:%S %z %Y")
    return number, {"name": name, "has_signed_in": True, "last_login_at": _instant(when)}


def _lslogins(number: int, line: str) -> tuple[int, dict[str, Said]]:
    """A row of lslogins; it reads a log that is rotated, so that nothing there does not mean never."""
    name, _, when = line.partition(":")
    if not when:
        return number, {"name": name, "has_signed_in": None, "last_login_at": None}
    return number, {"name": name, "has_signed_in": True, "last_login_at": _instant(datetime.fromisoformat(when))}


def _instant(when: datetime) -> str:
    if when.tzinfo is None:
        raise ValueError("an instant without its zone")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def admin_groups(lines: Sequence[str]) -> Reading:
    """Members of administrators' groups: listed in the group, or with it as their primary one; each once."""
    found: dict[tuple[str, str], int] = {}
    numbers: dict[str, str] = {}
    for line in under_headings(lines):
        fields = line.text.split(":")
        if line.heading == "groups":
            group, _, number, members = fields
            numbers[number] = group
            for name in filter(None, members.split(",")):
                found.setdefault((group, name), line.number)
        else:
            name, number = fields
            if number in numbers:
                found.setdefault((numbers[number], name), line.number)
    return Reading(rows=tuple((number, _member(group, name)) for (group, name), number in found.items()))


def _member(group: str, name: str) -> dict[str, Said]:
    return {"group": group, "member": name, "is_root": name == "root"}


def sudo_rules(lines: Sequence[str]) -> Reading:
    """Rules of sudoers and doas.conf as rows, aliases unresolved; a Defaults that asks nobody for a password is one.

    Raises ValueError where rules come from a directory too, or are included from a file that was not printed.
    """
    printed = headings(lines)
    every = list(joined(under_headings(lines)))
    other = any(line.text.startswith("Defaults") and _OTHERS.search(line.text) for line in every)
    rows: list[tuple[int, dict[str, Said]]] = []
    for line in every:
        if line.heading == "/etc/nsswitch.conf":
            _check_sources(line.text)
            continue
        if "/doas." in line.heading:
            row = _doas(line.text)
        else:
            _check_included(line, printed)
            row = _sudo(line.text)
        if row is not None:
            row["is_beside_groups"] = row["who"] not in _ROOT | _ADMIN_GROUPS and not (other and row["who"] == "ALL")
            rows.append((line.number, {"file": line.heading, **row}))
    return Reading(rows=tuple(rows))


def _check_sources(text: str) -> None:
    elsewhere = set(re.sub(r"\[[^]]*\]", " ", text.partition(":")[2]).split()) - {"files"}
    if elsewhere:
        raise ValueError(f"rules of sudo come from {', '.join(sorted(elsewhere))} too, which is not read")


def _check_included(line: Line, printed: Sequence[str]) -> None:
    found = _INCLUDE.fullmatch(line.text)
    if found is None:
        return
    path = normpath(f"{dirname(line.heading)}/{found['path'].strip()}" if found["path"][0] != "/" else found["path"])
    seen = path == "/etc/sudoers.d" if found["folder"] else path in printed or dirname(path) == "/etc/sudoers.d"
    if not seen:
        raise ValueError(f"{line.heading} includes {path}, which is not read")


def _sudo(text: str) -> dict[str, Said] | None:
    word = text.split(maxsplit=1)[0]
    if word.startswith("Defaults"):
        return {"who": "ALL", "needs_password": False, "commands": text} if _FREELY.search(text) else None
    if word.endswith("_Alias") or _INCLUDE.fullmatch(text) or re.fullmatch(r"#(?![0-9]+,?).*", word):
        return None
    found = _SUDO.fullmatch(text)
    if found is None:
        raise ValueError(f"a rule that cannot be read: {text}")
    what = _NO_PASSWORD.sub("NOPASSWD:", found["what"])
    return {"who": found["who"], "needs_password": "NOPASSWD:" not in what, "commands": what}


def _doas(text: str) -> dict[str, Said] | None:
    if text.startswith("deny"):
        return None
    found = _DOAS.fullmatch(text)
    if found is None:
        raise ValueError(f"a rule that cannot be read: {text}")
    who = found["who"].replace(":", "%", 1) if found["who"].startswith(":") else found["who"]
    return {"who": who, "needs_password": "nopass" not in found["options"].split(), "commands": text}
