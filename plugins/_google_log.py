"""What Google's log of activities says of sign-ins, credentials and forwarding: one event at a time, each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from . import _mail, _unfolding

_RESULT: Final = {
    "login_success": "success",
    "login_failure": "failure",
    "login_challenge": "challenge",
    "login_verification": "challenge",
}
CHANGES: Final = {
    "password_edit": "password",
    "2sv_enroll": "factor_added",
    "2sv_disable": "factor_removed",
}
METHODS: Final[dict[str, str | None]] = {
    "google_authenticator": "totp",
    "offline_otp": "totp",
    "google_prompt": "push",
    "security_key": "fido2",
    "security_key_otp": "hardware_token",
    "passkey": "passkey",
    "backup_code": None,
    "idv_preregistered_phone": None,
    "idv_any_phone": None,
    "idv_preregistered_email": "email",
    "idv_any_email": "email",
    "internal_two_factor": None,
}
"""Google's names of what was asked for beside the password; a phone may be a text or a call."""
_NO_PROOF: Final = frozenset({"password", "none", "recaptcha", "login_location", "time_delay"})

Event = tuple[int, Mapping[str, Any], str, Mapping[str, Any]]
"""Number of the activity, its cells, the event's name, its parameters by name."""


def is_log(log: _unfolding.Records) -> bool:
    """Whether these are activities of the Reports API that belong to sign-ins or accounts."""
    names = {_unfolding.text(cells.get("id.applicationname")) for _, cells in log.each}
    return log.have("id.time", "id.applicationname", "events") and names <= {"login", "user_accounts"}


def events(log: _unfolding.Records) -> Iterator[Event]:
    """Every event once, though it may stand in two applications' files; some shippers write one without a list."""
    seen: set[tuple[str, ...]] = set()
    for number, cells in log.each:
        found = cells["events"] if isinstance(cells["events"], list) else [cells["events"]]
        for event in found:
            name = str(event["name"])
            place = (*(_unfolding.text(cells.get(key)) for key in ("id.time", "id.uniquequalifier")), name)
            if place not in seen:
                seen.add(place)
                yield number, cells, name, _parameters(event)


def _parameters(event: Mapping[str, Any]) -> dict[str, Any]:
    """What each parameter holds, under whichever of its six keys."""
    return {
        str(one["name"]): next((one[key] for key in one if key != "name"), None)
        for one in event.get("parameters") or ()
    }


def sign_ins(log: _unfolding.Records) -> list[_unfolding.Row]:
    """A row for each sign-in, failure and challenge; a challenge that was not passed is a failure."""
    rows: list[_unfolding.Row] = []
    for number, cells, name, said in events(log):
        result = _RESULT.get(name)
        if result is None:
            continue
        status = _unfolding.text(said.get("login_challenge_status")).lower()
        if result == "challenge" and status and "passed" not in status:
            result = "failure"
        factors, method = _factors(name, said)
        row: dict[str, str | None] = {
            "ts": _unfolding.text(cells["id.time"]),
            "account_id": _unfolding.text(cells.get("actor.email")) or _unfolding.UNKNOWN,
            "result": result,
            "factors": factors,
            "mfa_method": method,
            "src_ip": _unfolding.text(cells.get("ipaddress")),
        }
        if log.know("networkinfo.regioncode"):
            row["country"] = _unfolding.text(cells.get("networkinfo.regioncode"))
        rows.append((number, row))
    return rows


def _factors(name: str, said: Mapping[str, Any]) -> tuple[str, str]:
    """How many factors a sign-in shows and which was the second: two only beside a password, one for it alone."""
    asked = said.get("login_challenge_method")
    methods = [_unfolding.text(one) for one in (asked if isinstance(asked, list) else [asked]) if one]
    second = [method for method in methods if method.lower() not in _NO_PROOF]
    own = _unfolding.text(said.get("login_type")).lower() in {"", "google_password", "reauth"}
    if name != "login_success" or not methods or not own or "password" not in methods:
        return _unfolding.UNKNOWN, second[-1] if second else _unfolding.UNKNOWN
    return ("2", second[-1]) if second else ("1", "")


def changes(log: _unfolding.Records) -> list[_unfolding.Row]:
    """A row for each password and second factor that its owner changed."""
    rows: list[_unfolding.Row] = []
    for number, cells, name, _ in events(log):
        if name in CHANGES:
            owner = _unfolding.text(cells.get("actor.email")) or _unfolding.UNKNOWN
            when = _unfolding.text(cells["id.time"])
            rows.append((number, {"ts": when, "account_id": owner, "change": CHANGES[name], "actor_id": owner}))
    return rows


def forwarding(log: _unfolding.Records) -> list[_unfolding.Row]:
    """A row for each time that a mailbox was told to forward outside its domain."""
    return [
        (
            number,
            {
                "mailbox": _unfolding.text(cells.get("actor.email")) or _unfolding.UNKNOWN,
                "rule": "automatic forwarding",
                "target_domain": _mail.domain(_unfolding.text(said.get("email_forwarding_destination_address"))),
                "enabled": "true",
                "created_at": _unfolding.text(cells["id.time"]),
            },
        )
        for number, cells, name, said in events(log)
        if name == "email_forwarding_out_of_domain"
    ]


def mails(lines: Sequence[str], needed: Sequence[str]) -> _unfolding.Found | None:
    """A row for each message that left or stayed and each domain it went to, from every step of its delivery."""
    log = _unfolding.table(lines, *needed)
    if log is None:
        return None
    messages: dict[tuple[str, str, str], tuple[int, dict[str, str | None], set[str]]] = {}
    for number, cells in log.each:
        if _unfolding.text(cells["direction"]).lower() == "received":
            continue
        sender = _unfolding.text(cells["sender"]).lower()
        start = _unfolding.text(cells["start date"])
        for recipient in _unfolding.text(cells["recipient address"]).replace(",", " ").replace(";", " ").split():
            place = (_unfolding.text(cells["message id"]), sender, _mail.domain(recipient))
            row: dict[str, str | None] = {"ts": start, "sender": sender, "recipient_domain": place[2]}
            if _unfolding.text(cells["attachments"]) == "0":
                row |= {"attachment_types": "", "attachment_bytes": "0"}
            else:
                row |= {"attachment_types": _unfolding.UNKNOWN, "attachment_bytes": _unfolding.UNKNOWN}
            first = messages.setdefault(place, (number, row, set()))
            first[1]["ts"] = min(first[1]["ts"] or start, start)
            first[2].add(recipient.lower())
    rows = [(number, {**row, "recipient_count": str(len(who))}) for number, row, who in messages.values()]
    held = {_unfolding.text(cells["message id"]) for _, cells in log.each}
    full = f"holds {len(held)} messages, which is all that one export may hold; search shorter spans" * (
        len(held) == _EXPORT
    )
    return _unfolding.Found(rows, log.cut or full)


_EXPORT: Final = 1000
"""Messages in one export of the email log search."""
