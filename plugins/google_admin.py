"""Google Workspace: what administrators did to passwords and second factors of others, as `credential_changes`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from ctrlkit.hooks import Adapter, hookimpl

from . import _google_log, _unfolding

_NAMES: Final = {
    "change_password": "password",
    "turn_off_2_step_verification": "factor_removed",
    "unenroll_user_from_strong_auth": "factor_removed",
    "revoke_security_key": "factor_removed",
    "generate_2sv_scratch_codes": "factor_added",
}
"""Events of the Reports API's application admin, by their names in small letters."""
_NO_CHANGE: Final = frozenset({"change_password_on_next_login", "revoke_asp", "delete_2sv_scratch_codes"})
_EVENTS: Final = {
    **dict.fromkeys(("password changed", "user password changed", "user password change"), "password"),
    **dict.fromkeys(
        (
            *("2-step verification disabled", "2-step verification turned off", "user 2-step verification disabled"),
            *("user unenrolled from 2-step verification", "user security key revoked", "security key revoked"),
        ),
        "factor_removed",
    ),
    "user backup verification codes generated": "factor_added",
}
"""Events as the console names them in English; not confirmed, so one that says the same otherwise stays as it is."""
_SPEAKS_OF: Final = re.compile(r"password|2-step|2 step|2sv|security key|strong auth|backup verification|passkey")
_POLICY: Final = re.compile(r"polic|setting|enforce|requirement|allowed|next (?:sign|log)")
_ADDRESS: Final = re.compile(r"[^\s@,;<>()]{1,64}@[^\s@,;<>()]{1,190}\.[a-z]{2,24}", re.IGNORECASE)
_TABLE: Final = ("date", "event", "description", "actor", "ip address", "setting name")
_TARGETS: Final = ("user email", "target user", "resource name", "resource id(s)")


def unfold_log(document: Any) -> _unfolding.Found | None:
    """A row for each password and factor that an administrator changed, of activities of the application admin."""
    log = _unfolding.records(document)
    names = {_unfolding.text(cells.get("id.applicationname")) for _, cells in log.each}
    if not log.have("id.time", "id.applicationname", "events") or names != {"admin"}:
        return None
    rows: list[_unfolding.Row] = []
    for number, cells, event, said in _google_log.events(log):
        name = event.lower()
        change = _NAMES.get(name) or (event if _may_be_one(name.replace("_", " "), name) else "")
        if change:
            who = _unfolding.text(said.get("USER_EMAIL"))
            rows.append((number, _row(cells["id.time"], who, change, cells.get("actor.email"))))
    return _unfolding.Found(rows, log.ends_a_page(1000))


def _may_be_one(words: str, name: str = "") -> bool:
    """Whether an event that has no known name may be a change of somebody's password or factor."""
    return name not in _NO_CHANGE and bool(_SPEAKS_OF.search(words)) and not _POLICY.search(words)


def _row(when: Any, who: str, change: str, actor: Any) -> dict[str, str | None]:
    by = _unfolding.text(actor)
    return {
        "ts": _unfolding.text(when),
        "account_id": who or _unfolding.UNKNOWN,
        "change": change,
        "actor_id": by or _unfolding.UNKNOWN,
    }


def unfold_console(lines: Sequence[str]) -> _unfolding.Found | None:
    """The same of the console's admin log events; whom an event is about stands in a column or in its description."""
    log = _unfolding.table(lines, *_TABLE)
    if log is None:
        return None
    rows: list[_unfolding.Row] = []
    for number, cells in log.each:
        event = _unfolding.text(cells["event"])
        change = _EVENTS.get(event.lower()) or (event if _may_be_one(event.lower()) else "")
        if change:
            rows.append((number, _row(cells["date"], _target(cells), change, cells["actor"])))
    return _unfolding.Found(rows, log.cut)


def _target(cells: Any) -> str:
    """The one address in a column of targets, else in the description; nothing where there are several."""
    for name in (*_TARGETS, "description"):
        found = {address.lower() for address in _ADDRESS.findall(_unfolding.text(cells.get(name)))}
        if name == "description":
            found -= {_unfolding.text(cells["actor"]).lower()}
        if found:
            return found.pop() if len(found) == 1 else ""
    return ""


_NEEDS: Final = ("ts", "account_id", "change", "actor_id")
LOG: Final = _unfolding.adapter(
    unfold_log,
    name="google_admin_changes",
    kind="credential_changes",
    product="Google Reports API, activities of application admin",
    needs=_NEEDS,
    constants={"system": "google"},
    zone="UTC",
    date_order="ymd",
    about="What administrators changed of others; what people change themselves is in the log of user_accounts. Every "
    "other event is left aside. Kept for 180 days.",
)
CONSOLE: Final = _unfolding.adapter(
    unfold_console,
    name="google_console_admin_changes",
    kind="credential_changes",
    product="Google Workspace admin log events (Admin console, Export all > CSV)",
    needs=_NEEDS,
    form="text",
    constants={"system": "google"},
    date_order="ymd",
    about="Dates carry their offset; one without is read in the pack's time_zone. English events only: one that speaks "
    "of a password or a second factor in other words is a change that is not known until pack.yaml maps it.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The API's log and the console's."""
    return (LOG, CONSOLE)
