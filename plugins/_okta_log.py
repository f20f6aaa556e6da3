"""What the Okta System Log says of sign-ins and of changed credentials, one event at a time, by dotted name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from . import _unfolding

Cells = Mapping[str, Any]

SIGNS: Final = ("published", "eventtype", "outcome.result", "actor.alternateid")
_START, _END, _MFA = "user.session.start", "user.session.end", "user.authentication.auth_via_mfa"
_PASSED: Final = frozenset({"SUCCESS", "ALLOW"})
CHANGES: Final = {
    "user.account.update_password": "password",
    "user.account.reset_password": "password",
    "user.mfa.factor.activate": "factor_added",
    "user.mfa.factor.deactivate": "factor_removed",
    "system.mfa.factor.deactivate": "factor_removed",
    "user.mfa.factor.reset_all": "factor_removed",
    "user.account.unlock": "unlock",
    "user.account.unlock_by_admin": "unlock",
}
FACTORS: Final[dict[str, str | None]] = {
    "OKTA_VERIFY_PUSH": "push",
    "OKTA_SOFT_TOKEN": "totp",
    "GOOGLE_AUTHENTICATOR": "totp",
    "SMS_FACTOR": "sms",
    "CALL_FACTOR": "voice",
    "EMAIL_FACTOR": "email",
    "FIDO_WEBAUTHN": "fido2",
    "FIDO_U2F": "fido2",
    "YUBIKEY_OTP_TOKEN": "hardware_token",
    "QUESTION": "security_question",
}


def sign_ins(events: Sequence[tuple[int, Cells]]) -> list[_unfolding.Row]:
    """A row for each session that was begun or refused, and for each second factor that was not accepted.

    Two factors where the same session passed one; one where it did not and the file shows that others did.
    """
    passed = {_session(c): c for _, c in events if _is(c, _MFA) and _result(c) in _PASSED and _session(c)}
    ended = {_session(c): _unfolding.text(c["published"]) for _, c in events if _is(c, _END) and _session(c)}
    rows: list[_unfolding.Row] = []
    for number, cells in events:
        if not _of_a_person(cells) or not _is(cells, _START, _MFA):
            continue
        factor = passed.get(_session(cells))
        if _is(cells, _MFA) and _result(cells) in _PASSED:
            continue
        row = _event(cells)
        row["factors"] = (
            "2"
            if factor
            else "1"
            if passed and _is(cells, _START) and _result(cells) in _PASSED
            else _unfolding.UNKNOWN
        )
        row["mfa_method"] = _factor(factor or cells) if factor or _is(cells, _MFA) else ""
        row["logout_ts"] = ended.get(_session(cells), "") if _is(cells, _START) else ""
        rows.append((number, row))
    return rows


def changes(events: Sequence[tuple[int, Cells]]) -> list[_unfolding.Row]:
    """A row for each change of a credential that came about: whose it is, and who did it."""
    rows: list[_unfolding.Row] = []
    for number, cells in events:
        change = CHANGES.get(_unfolding.text(cells["eventtype"]))
        if change and _result(cells) in _PASSED:
            actor = _unfolding.text(cells["actor.alternateid"])
            owner = _target(cells) or (actor if _of_a_person(cells) else _unfolding.UNKNOWN)
            when = _unfolding.text(cells["published"])
            rows.append((number, {"ts": when, "account_id": owner, "change": change, "actor_id": actor}))
    return rows


def _event(cells: Cells) -> dict[str, str | None]:
    return {
        "ts": _unfolding.text(cells["published"]),
        "account_id": _unfolding.text(cells["actor.alternateid"]),
        "result": _result(cells) or _unfolding.UNKNOWN,
        "src_ip": _unfolding.text(cells.get("client.ipaddress")),
        "country": _unfolding.text(cells.get("client.geographicalcontext.country")),
        "session_id": _session(cells),
    }


def _is(cells: Cells, *names: str) -> bool:
    return cells["eventtype"] in names


def _of_a_person(cells: Cells) -> bool:
    return _unfolding.text(cells.get("actor.type")) in {"", "User"}


def _result(cells: Cells) -> str:
    return _unfolding.text(cells["outcome.result"]).upper()


def _session(cells: Cells) -> str:
    found = _unfolding.text(cells.get("authenticationcontext.externalsessionid"))
    return "" if found.lower() in {"unknown", "null"} else found


def _factor(cells: Cells) -> str:
    return _unfolding.text(cells.get("debugcontext.debugdata.factor")) or _unfolding.UNKNOWN


def _target(cells: Cells) -> str:
    """The login of the user whom an event is about; in CSV the targets are numbered, or written into one cell."""
    for target in _targets(cells):
        if target.get("type") == "User":
            return _unfolding.text(target.get("alternateId"))
    return next(
        (_unfolding.text(cells.get(f"target{n}.alternateid")) for n in _numbers(cells) if _is_user(cells, n)), ""
    )


def _targets(cells: Cells) -> Iterable[Mapping[str, Any]]:
    found = cells.get("target")
    if isinstance(found, str) and found.startswith("["):
        try:
            found = json.loads(found)
        except json.JSONDecodeError:
            found = None
    return [target for target in found if isinstance(target, Mapping)] if isinstance(found, list) else []


def _numbers(cells: Cells) -> list[str]:
    ends = [key.removeprefix("target").removesuffix(".type") for key in cells if key.startswith("target")]
    return [end for end in ends if end.strip(".").isdigit()]


def _is_user(cells: Cells, number: str) -> bool:
    return _unfolding.text(cells.get(f"target{number}.type")) == "User"
