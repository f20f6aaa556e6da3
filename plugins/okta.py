"""Okta: users as `accounts`, the System Log as `auth_events` and `credential_changes`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from ctrlkit.hooks import Adapter, hookimpl

from . import _countries, _okta_log, _unfolding

_PAGES: Final = (100, 200, 500, 1000)
_GONE: Final = frozenset({"SUSPENDED", "DEPROVISIONED"})
_STATUS: Final[dict[str, str | None]] = {
    "ACTIVE": "true",
    "RECOVERY": "true",
    "PASSWORD_EXPIRED": "true",
    "LOCKED_OUT": "true",
    "STAGED": "false",
    "PROVISIONED": "false",
    "SUSPENDED": "false",
    "DEPROVISIONED": "false",
}
_USER: Final = ("profile.login", "status", "created", "lastlogin", "passwordchanged")
_USERS_ABOUT: Final = (
    "The list leaves deprovisioned users out unless it was asked for them as well (filter=status eq DEPROVISIONED). "
    "Locked and expired accounts count as enabled, for they come back. It says nothing of second factors, and not "
    "whether an account is a person's."
)
_LOG_ABOUT: Final = (
    "A session counts as two factors only where the same session passed one in this file, and as one where it did not "
    "while others did: hand over every event of the period, not only the sign-ins. Okta writes countries by name."
)


def unfold_users(users: _unfolding.Records) -> _unfolding.Found | None:
    """A row for each user."""
    if not users.have(*_USER):
        return None
    owners = users.know("profile.employeenumber")
    changed = users.know("statuschanged")
    rows: list[_unfolding.Row] = []
    for number, cells in users.each:
        row: dict[str, str | None] = {
            "account_id": _unfolding.text(cells["profile.login"]),
            "enabled": _unfolding.text(cells["status"]),
            "created_at": _unfolding.text(cells["created"]),
            "last_login_at": _unfolding.text(cells["lastlogin"]),
            "password_last_set": _unfolding.text(cells["passwordchanged"]),
        }
        if owners:
            row["employee_id"] = _unfolding.text(cells.get("profile.employeenumber"))
        if changed:
            row["disabled_at"] = _since(cells)
        rows.append((number, row))
    return _unfolding.Found(rows, users.ends_a_page(*_PAGES))


def _since(cells: Mapping[str, Any]) -> str:
    """When an account was taken away; when it was staged says nothing of that."""
    status = _unfolding.text(cells["status"]).upper()
    if status in _GONE:
        return _unfolding.text(cells.get("statuschanged")) or _unfolding.UNKNOWN
    return "" if _STATUS.get(status) == "true" else _unfolding.UNKNOWN


def unfold_log(
    pick: Callable[[Sequence[tuple[int, _okta_log.Cells]]], list[_unfolding.Row]], log: _unfolding.Records
) -> _unfolding.Found | None:
    """The rows that `pick` takes out of a System Log."""
    if not log.have(*_okta_log.SIGNS):
        return None
    return _unfolding.Found(pick(log.each), log.ends_a_page(*_PAGES))


def _of_json(unfold: Callable[[_unfolding.Records], _unfolding.Found | None], document: Any) -> Any:
    return unfold(_unfolding.records(document))


def _of_csv(
    needed: Sequence[str], unfold: Callable[[_unfolding.Records], _unfolding.Found | None], lines: Sequence[str]
) -> Any:
    found = _unfolding.table(lines, *needed)
    return found and unfold(found)


def _pair(
    needed: Sequence[str], unfold: Callable[[_unfolding.Records], _unfolding.Found | None], name: str, **said: Any
) -> tuple[Adapter, Adapter]:
    """One export in its two forms, JSON and CSV."""
    product = said.pop("product")
    return (
        _unfolding.adapter(partial(_of_json, unfold), name=f"{name}_json", product=f"{product} (JSON)", **said),
        _unfolding.adapter(
            partial(_of_csv, needed, unfold), name=f"{name}_csv", product=f"{product} (CSV)", form="text", **said
        ),
    )


USERS: Final = _pair(
    _USER,
    unfold_users,
    "okta_users",
    kind="accounts",
    product="Okta users, /api/v1/users",
    needs=("account_id", "enabled", "created_at", "last_login_at", "password_last_set"),
    also=("employee_id", "disabled_at"),
    values={"enabled": _STATUS},
    constants={"system": "okta"},
    zone="UTC",
    date_order="ymd",
    about=_USERS_ABOUT,
)
SIGN_INS: Final = _pair(
    _okta_log.SIGNS,
    partial(unfold_log, _okta_log.sign_ins),
    "okta_sign_ins",
    kind="auth_events",
    product="Okta System Log, sign-ins",
    needs=("ts", "account_id", "result", "src_ip", "country", "factors", "mfa_method", "session_id", "logout_ts"),
    values={
        "result": {"ALLOW": "success", "DENY": "failure"},
        "mfa_method": _okta_log.FACTORS,
        "src_ip": {"null": ""},
        "country": _countries.BY_NAME,
    },
    constants={"system": "okta"},
    zone="UTC",
    date_order="ymd",
    about=f"{_LOG_ABOUT} The common ones are read, others stay as they are and cannot be judged: map them.",
)
CHANGES: Final = _pair(
    _okta_log.SIGNS,
    partial(unfold_log, _okta_log.changes),
    "okta_changes",
    kind="credential_changes",
    product="Okta System Log, credentials",
    needs=("ts", "account_id", "change", "actor_id"),
    constants={"system": "okta"},
    zone="UTC",
    date_order="ymd",
    about="Passwords set and reset, factors added and removed, accounts unlocked; attempts that failed are left aside.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The users and the log, as JSON and as CSV."""
    return (*USERS, *SIGN_INS, *CHANGES)
