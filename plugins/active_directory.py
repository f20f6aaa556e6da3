"""Active Directory: `Get-ADUser … | Export-Csv` as `accounts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ctrlkit.hooks import Adapter, hookimpl

from . import _unfolding

_NEEDED: Final = ("samaccountname", "enabled", "distinguishedname", "sid")
_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_FOREVER: Final = frozenset({"", "0", "9223372036854775807"})
_LAST: Final = ("lastlogondate", "lastlogontimestamp", "lastlogon")
_SET: Final = ("passwordlastset", "pwdlastset")


def unfold(lines: Sequence[str]) -> _unfolding.Found | None:
    """A row for each user; what was not asked for with -Properties is left out."""
    users = _unfolding.table(lines, *_NEEDED)
    if users is None:
        return None
    names = users.each[0][1].keys() if users.each else ()
    told = {
        "employee_id": "employeeid" in names,
        "privileged": "admincount" in names,
        "created_at": "whencreated" in names,
        "last_login_at": any(name in names for name in _LAST),
        "password_last_set": any(name in names for name in _SET),
    }
    rows = [(number, {k: v for k, v in _user(c).items() if told.get(k, True)}) for number, c in users.each]
    return _unfolding.Found(rows, users.cut)


def _user(cells: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        "account_id": _unfolding.said(cells, "userprincipalname", "samaccountname"),
        "enabled": _unfolding.text(cells["enabled"]),
        "employee_id": _unfolding.text(cells.get("employeeid")),
        "privileged": "true" if _unfolding.text(cells.get("admincount")) == "1" else _unfolding.UNKNOWN,
        "created_at": _unfolding.text(cells.get("whencreated")),
        "last_login_at": _moment(cells, *_LAST),
        "password_last_set": _moment(cells, *_SET) or _unfolding.UNKNOWN,
    }


def _moment(cells: Mapping[str, Any], *names: str) -> str:
    """The first of these that is there, raw 100 ns since 1601 as an instant; nothing where AD says never."""
    found = next((_unfolding.text(cells[name]) for name in names if name in cells), "")
    if found in _FOREVER:
        return ""
    if not found.isdigit():
        return found
    return (_EPOCH + timedelta(microseconds=int(found) // 10)).isoformat()


USERS: Final = _unfolding.adapter(
    unfold,
    name="ad_users",
    kind="accounts",
    product="Active Directory users (Get-ADUser -Filter * -Properties … | Export-Csv)",
    needs=("account_id", "enabled"),
    also=("employee_id", "privileged", "created_at", "last_login_at", "password_last_set"),
    form="text",
    constants={"system": "ad"},
    about="Times stand as the exporting computer writes them: say its date_order and time_zone where the file does not "
    "show them. LastLogonDate may be 14 days late. Ask for LastLogonDate, PasswordLastSet, whenCreated, EmployeeID and "
    "adminCount. Groups are lost in this export: only adminCount 1 says privileged, anything else does not say. The "
    "file says neither second factors nor whether an account is a person's.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The users."""
    return (USERS,)
