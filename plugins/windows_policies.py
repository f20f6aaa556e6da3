"""Windows policies for passwords and lockout: `net accounts`, `Get-ADDefaultDomainPasswordPolicy`, `secedit`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from ctrlkit.hooks import Adapter, hookimpl

from . import _unfolding

_UNITS: Final = {
    "password_min_length": "chars",
    "password_history": "passwords",
    "password_max_age_days": "days",
    "password_complexity": "bool",
    "lockout_attempts": "attempts",
    "lockout_minutes": "min",
    "desktop_idle_lock_minutes": "min",
}
_NEEDS: Final = ("setting", "value", "unit")
_NOTHING: Final = frozenset({"never", "none", "unlimited"})
_ASKED: Final = "export it again, whole"

_NET: Final = {
    "maximum password age (days)": "password_max_age_days",
    "minimum password length": "password_min_length",
    "length of password history maintained": "password_history",
    "lockout threshold": "lockout_attempts",
    "lockout duration (minutes)": "lockout_minutes",
}
_DONE: Final = "the command completed successfully."
_MEMBER: Final = frozenset({"workstation", "server"})

_LAST_HOUR: Final = 23

Read = Callable[[str], str]


def unfold_net(lines: Sequence[str]) -> _unfolding.Found | None:
    """The settings that `net accounts` prints; those of a member alone are not the domain's and refused."""
    labels = {number: _split(line, ":") for number, line in enumerate(lines, 1)}
    if not any(label == "force user logoff how long after time expires?" for label, _ in labels.values()):
        return None
    role = next((value.lower() for label, value in labels.values() if label == "computer role"), "")
    asked = any("domain controller for domain" in line.lower() for line in lines)
    if role in _MEMBER and not asked:
        raise ValueError(f"is the policy of one {role}, not of the domain; run net accounts /domain")
    rows = [_row(n, _NET[label], _net_value(value)) for n, (label, value) in labels.items() if label in _NET]
    whole = any(line.strip().lower() == _DONE for line in lines) and len(rows) == len(_NET)
    return _unfolding.Found(rows, "" if whole else f"does not end as net accounts does; {_ASKED}")


def _net_value(value: str) -> str:
    return "0" if value.lower() in _NOTHING else value if value.isdigit() else _unfolding.UNKNOWN


def _split(line: str, apart: str) -> tuple[str, str]:
    label, _, value = line.rpartition(apart) if apart == ":" and line.count(":") > 1 else line.partition(apart)
    return label.strip().rstrip(":").lower(), value.strip()


def _row(number: int, setting: str, value: str) -> _unfolding.Row:
    return number, {"setting": setting, "value": value, "unit": _UNITS[setting]}


def _whole(value: str) -> str:
    return value if value.isdigit() else _unfolding.UNKNOWN


def _truth(value: str) -> str:
    return value.lower() if value.lower() in {"true", "false"} else _unfolding.UNKNOWN


def _days(value: str) -> str:
    """Whole days of a span, of which none means that a password never ends; 42:00:00 has lost the dot of 42 days."""
    days, hours, minutes = _span(value)
    if not days and days is not None and hours > _LAST_HOUR and not minutes:
        return str(hours)
    return _unfolding.UNKNOWN if days is None or hours or minutes else str(days)


def _minutes(value: str) -> str:
    """Whole minutes of a span, of which none means until an admin unlocks."""
    days, hours, minutes = _span(value)
    return _unfolding.UNKNOWN if days is None else str((days * 24 + hours) * 60 + minutes)


def _span(value: str) -> tuple[int | None, int, int]:
    found = re.fullmatch(r"(?:(\d+)\.)?(\d+):(\d\d):(\d\d)(?:\.0+)?", value)
    if found is None or found[4] != "00":
        return None, 0, 0
    return int(found[1] or 0), int(found[2]), int(found[3])


_AD: Final[dict[str, tuple[str, Read]]] = {
    "minpasswordlength": ("password_min_length", _whole),
    "passwordhistorycount": ("password_history", _whole),
    "maxpasswordage": ("password_max_age_days", _days),
    "complexityenabled": ("password_complexity", _truth),
    "lockoutthreshold": ("lockout_attempts", _whole),
    "lockoutduration": ("lockout_minutes", _minutes),
}


def unfold_ad(lines: Sequence[str]) -> _unfolding.Found | None:
    """The settings of the default policy as PowerShell lists it."""
    labels = [(number, *_first(line)) for number, line in enumerate(lines, 1)]
    names = {label for _, label, _ in labels}
    if not {"complexityenabled", "lockoutthreshold", "distinguishedname"} <= names:
        return None
    if "precedence" in names:
        raise ValueError("is a fine-grained policy, which holds for some; hand over Get-ADDefaultDomainPasswordPolicy")
    rows = [_row(n, _AD[label][0], _AD[label][1](value)) for n, label, value in labels if label in _AD]
    last = next((value for _, label, value in labels if label == "reversibleencryptionenabled"), "")
    whole = len(rows) == len(_AD) and last.lower() in {"true", "false"}
    return _unfolding.Found(rows, "" if whole else f"does not hold every setting of the policy; {_ASKED}")


def _first(line: str) -> tuple[str, str]:
    label, _, value = line.partition(" : ")
    return label.strip().lower(), value.strip()


def unfold_ad_json(document: Any) -> _unfolding.Found | None:
    """The same as `| ConvertTo-Json` writes it, with spans as objects."""
    records = _unfolding.records(document)
    if not records.have("complexityenabled", "lockoutthreshold", "distinguishedname", "minpasswordlength"):
        return None
    number, cells = records.each[0]
    if "precedence" in cells or len(records.each) > 1:
        raise ValueError("holds fine-grained policies; hand over Get-ADDefaultDomainPasswordPolicy")
    said = {name: _json_value(name, cells) for name in _AD}
    missing = [name for name, value in said.items() if not value]
    rows = [_row(number, _AD[name][0], _AD[name][1](value)) for name, value in said.items() if value]
    return _unfolding.Found(rows, f"does not hold {', '.join(missing)}; {_ASKED}" if missing else "")


def _json_value(name: str, cells: Mapping[str, Any]) -> str:
    if f"{name}.days" not in cells:
        return _unfolding.text(cells.get(name))
    days, hours, minutes, seconds = (int(cells[f"{name}.{part}"]) for part in ("days", "hours", "minutes", "seconds"))
    return f"{days}.{hours:02}:{minutes:02}:{seconds:02}"


_IDLE: Final = r"machine\software\microsoft\windows\currentversion\policies\system\inactivitytimeoutsecs"


def _off(value: str) -> str:
    return "0" if value == "-1" else _whole(value)


def _yes(value: str) -> str:
    return {"1": "true", "0": "false"}.get(value, _unfolding.UNKNOWN)


def _idle(value: str) -> str:
    """Minutes of `4,900`, rounded up; 4 says that it is a number."""
    kind, _, seconds = value.partition(",")
    return str(-(-int(seconds) // 60)) if kind == "4" and seconds.isdigit() else _unfolding.UNKNOWN


_SECEDIT: Final[dict[tuple[str, str], tuple[str, Read]]] = {
    ("system access", "minimumpasswordlength"): ("password_min_length", _whole),
    ("system access", "passwordhistorysize"): ("password_history", _whole),
    ("system access", "maximumpasswordage"): ("password_max_age_days", _off),
    ("system access", "passwordcomplexity"): ("password_complexity", _yes),
    ("system access", "lockoutbadcount"): ("lockout_attempts", _whole),
    ("system access", "lockoutduration"): ("lockout_minutes", _off),
    ("registry values", _IDLE): ("desktop_idle_lock_minutes", _idle),
}


def unfold_secedit(lines: Sequence[str]) -> _unfolding.Found | None:
    """The settings of an exported security template; one that it does not hold gets no row."""
    if not any(line.strip().lower() == "[system access]" for line in lines):
        return None
    rows: list[_unfolding.Row] = []
    section, sections = "", set()
    for number, line in enumerate(lines, 1):
        if line.strip().startswith("["):
            section = line.strip().strip("[]").lower()
            sections.add(section)
            continue
        label, _, value = line.partition("=")
        known = _SECEDIT.get((section, label.strip().lower()))
        if known:
            rows.append(_row(number, known[0], known[1](value.strip())))
    whole = "version" in sections and any(line.strip().lower().startswith("revision") for line in lines)
    return _unfolding.Found(rows, "" if whole else f"does not end with its version; {_ASKED}")


NET: Final = _unfolding.adapter(
    unfold_net,
    name="net_accounts",
    kind="settings",
    product="Windows domain policy (net accounts /domain > file)",
    needs=_NEEDS,
    form="text",
    constants={"system": "ad"},
    about="In English only. The policy of the domain: a member's own is refused. Fine-grained policies are not shown, "
    "nor whether passwords must be complex.",
)
AD: Final = _unfolding.adapter(
    unfold_ad,
    name="ad_password_policy",
    kind="settings",
    product="Active Directory default policy (Get-ADDefaultDomainPasswordPolicy > file)",
    needs=_NEEDS,
    form="text",
    constants={"system": "ad"},
    about="The default of the domain: a fine-grained policy may be weaker for some people and is not in it.",
)
AD_JSON: Final = _unfolding.adapter(
    unfold_ad_json,
    name="ad_password_policy_json",
    kind="settings",
    product="Active Directory default policy (Get-ADDefaultDomainPasswordPolicy | ConvertTo-Json)",
    needs=_NEEDS,
    constants={"system": "ad"},
    about="The default of the domain: a fine-grained policy may be weaker for some people and is not in it.",
)
SECEDIT: Final = _unfolding.adapter(
    unfold_secedit,
    name="secedit",
    kind="settings",
    product="Windows security template (secedit /export /cfg file.inf)",
    needs=_NEEDS,
    form="text",
    constants={"system": "windows"},
    about="What holds on the one computer on which it was exported: name that as system under constants where several "
    "are handed over. The screen lock is that of the machine policy alone.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The three sources of one policy."""
    return (NET, AD, AD_JSON, SECEDIT)
