"""Google Workspace: users as `accounts`, logs as `auth_events`, `credential_changes`, `mail_rules`, `mail_trace`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

from ctrlkit.hooks import Adapter, hookimpl

from . import _google_log, _unfolding

USERS = Adapter(
    name="google_users",
    kind="accounts",
    product="Google Workspace users (Directory > Users > Download users)",
    headers=("Email Address [Required]", "Status [READ ONLY]", "Last Sign In [READ ONLY]", "2sv Enrolled [READ ONLY]"),
    columns={
        "Email Address [Required]": "account_id",
        "Employee ID": "employee_id",
        "Status [READ ONLY]": "enabled",
        "Last Sign In [READ ONLY]": "last_login_at",
        "2sv Enrolled [READ ONLY]": "mfa_enrolled",
    },
    values={
        "enabled": {"Active": "true", "Suspended": "false", "Archived": "false"},
        "last_login_at": {"Never logged in": ""},
    },
    constants={"system": "google"},
    date_order="ymd",
    about="Times carry no zone: they are read in the pack's time_zone. The file does not say which second factor.",
)


_NEVER: Final = "1970-01-01T00:00:00.000Z"


def unfold_users(document: Any) -> _unfolding.Found | None:
    """A row for each user of the Directory API; enabled is who is neither suspended nor archived."""
    users = _unfolding.records(document)
    if not users.have("primaryemail", "suspended", "isenrolledin2sv"):
        return None
    rows: list[_unfolding.Row] = []
    for number, cells in users.each:
        shut = {_unfolding.text(cells[name]) for name in ("suspended", "archived") if name in cells}
        last = _unfolding.text(cells.get("lastlogintime"))
        row: dict[str, str | None] = {
            "account_id": _unfolding.text(cells["primaryemail"]),
            "enabled": "false" if "true" in shut else "true" if shut == {"false"} else _unfolding.UNKNOWN,
            "privileged": _any(cells.get("isadmin"), cells.get("isdelegatedadmin")),
            "created_at": _unfolding.text(cells.get("creationtime")),
            "last_login_at": "" if last == _NEVER else last or _unfolding.UNKNOWN,
            "mfa_enrolled": _unfolding.text(cells["isenrolledin2sv"]),
        }
        rows.append((number, row))
    return _unfolding.Found(rows, users.ends_a_page(100, 500))


def _any(*said: Any) -> str:
    return "true" if True in said else "false" if said == (False, False) else _unfolding.UNKNOWN


def unfold_log(pick: Callable[[_unfolding.Records], list[_unfolding.Row]], document: Any) -> _unfolding.Found | None:
    """The rows that `pick` takes out of the activities of the Reports API."""
    log = _unfolding.records(document)
    return _unfolding.Found(pick(log), log.ends_a_page(1000)) if _google_log.is_log(log) else None


_EVENTS: Final = {
    "successful login": "success",
    "failed login": "failure",
    "login challenge": "challenge",
    "login verification": "challenge",
}
_CONSOLE: Final = ("date", "event", "actor", "ip address")


def unfold_console(lines: Sequence[str]) -> _unfolding.Found | None:
    """A row for each sign-in of the console's user log events; other events of accounts are left aside."""
    log = _unfolding.table(lines, *_CONSOLE, "login type")
    if log is None:
        return None
    rows: list[_unfolding.Row] = []
    for number, cells in log.each:
        result = _EVENTS.get(_unfolding.text(cells["event"]).lower())
        if result:
            row: dict[str, str | None] = {
                "ts": _unfolding.text(cells["date"]),
                "account_id": _unfolding.text(cells["actor"]),
                "result": result,
                "src_ip": _unfolding.text(cells["ip address"]),
            }
            rows.append((number, row))
    return _unfolding.Found(rows, log.cut)


USERS_JSON: Final = _unfolding.adapter(
    unfold_users,
    name="google_users_json",
    kind="accounts",
    product="Google Workspace users (Directory API, users.list)",
    needs=("account_id", "enabled", "privileged", "created_at", "last_login_at", "mfa_enrolled"),
    constants={"system": "google"},
    zone="UTC",
    date_order="ymd",
    about="Enrolled in 2-Step Verification, not only obliged to it. The API does not say which second factor.",
)
_LOG: Final[dict[str, Any]] = {"constants": {"system": "google"}, "zone": "UTC", "date_order": "ymd"}
SIGN_INS: Final = _unfolding.adapter(
    partial(unfold_log, _google_log.sign_ins),
    name="google_sign_ins",
    kind="auth_events",
    product="Google Reports API, activities of application login",
    needs=("ts", "account_id", "result", "factors", "mfa_method", "src_ip"),
    also=("country",),
    values={"mfa_method": _google_log.METHODS},
    about="Two factors only where the sign-in itself names a method beside the password, one where it names the "
    "password alone; sign-ins through another identity provider do not say. Kept for 180 days.",
    **_LOG,
)
CHANGES: Final = _unfolding.adapter(
    partial(unfold_log, _google_log.changes),
    name="google_changes",
    kind="credential_changes",
    product="Google Reports API, activities of application login or user_accounts: credentials",
    needs=("ts", "account_id", "change", "actor_id"),
    about="What owners changed themselves; what an admin resets is in the admin application's log.",
    **_LOG,
)
FORWARDING: Final = _unfolding.adapter(
    partial(unfold_log, _google_log.forwarding),
    name="google_forwarding",
    kind="mail_rules",
    product="Google Reports API, activities of application login or user_accounts: forwarding",
    needs=("mailbox", "rule", "target_domain", "enabled", "created_at"),
    zone="UTC",
    date_order="ymd",
    about="Forwarding outside the domain as it was switched on; whether it still stands is not said, so it counts. "
    "Filters that forward are not in it.",
)
CONSOLE: Final = _unfolding.adapter(
    unfold_console,
    name="google_console_sign_ins",
    kind="auth_events",
    product="Google Workspace user log events (Admin console, Export all > CSV)",
    needs=("ts", "account_id", "result", "src_ip"),
    form="text",
    constants={"system": "google"},
    date_order="ymd",
    about="Dates carry their offset; one without is read in the pack's time_zone. English events only. The file does "
    "not say how many factors a sign-in took: hand over the Reports API's JSON for that.",
)
_MAIL: Final = (
    *("message id", "start date", "sender", "direction", "attachments", "recipient address", "event target"),
    "event status",
)
MAIL: Final = _unfolding.adapter(
    partial(_google_log.mails, needed=_MAIL),
    name="google_email_log",
    kind="mail_trace",
    product="Google Workspace email log search (Download results > CSV)",
    needs=("ts", "sender", "recipient_domain", "recipient_count", "attachment_types", "attachment_bytes"),
    form="text",
    date_order="ymd",
    about="One row for each message and domain, at its earliest step; received mail is left aside. An export holds at "
    "most 1,000 messages. Encryption of the transport is not that of the message, so encrypted is left out; only that "
    "there is no attachment is said of attachments.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The users and the logs."""
    return (USERS, USERS_JSON, SIGN_INS, CHANGES, FORWARDING, CONSOLE, MAIL)
