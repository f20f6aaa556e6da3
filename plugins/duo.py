"""Duo: users as `accounts`, the authentication log as `auth_events`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any, Final

from ctrlkit.hooks import Adapter, hookimpl

from . import _countries, _unfolding

_ENABLED: Final[dict[str, str | None]] = {
    "active": "true",
    "bypass": "true",
    "locked out": "true",
    "disabled": "false",
    "pending deletion": "false",
}
_BYPASS: Final = "bypass"
_PHONE: Final = {"push": "push", "sms": "sms", "phone": "voice", "mobile_otp": "totp"}
_FACTORS: Final[dict[str, str | None]] = {
    "duo_push": "push",
    "verified_duo_push": "push",
    "phone_call": "voice",
    "sms_passcode": "sms",
    "duo_mobile_passcode": "totp",
    "hardware_token": "hardware_token",
    "yubikey_code": "hardware_token",
    "u2f_token": "fido2",
    "bypass_code": "bypass",
    "remembered_device": "remembered_device",
    "not_available": None,
}
_ONE: Final = frozenset({"bypass_user", "remembered_device", "allow_unenrolled_user", "trusted_network"})
"""Reasons for which Duo let somebody in without asking for a second factor."""
_PORT: Final = re.compile(r"^(?:\[(?P<v6>[0-9a-f:]+)\](?::\d+)?|(?P<v4>\d+(?:\.\d+){3})(?::\d+)?|(?P<odd>[0-9a-f:]+))"
                          r"(?:(?:#|p| port |\.)\d+)?$", re.IGNORECASE)  # fmt: skip
_WEBAUTHN: Final = "webauthn"


def unfold_users(document: Any) -> _unfolding.Found | None:
    """A row for each user of the Admin API; who is let in without a second factor is not enrolled."""
    users = _unfolding.records(document)
    if not users.have("user_id", "username", "status", "is_enrolled"):
        return None
    rows: list[_unfolding.Row] = []
    for number, cells in users.each:
        bypassed = _unfolding.text(cells["status"]).lower() == _BYPASS
        row: dict[str, str | None] = {
            "account_id": _unfolding.text(cells["username"]),
            "enabled": _unfolding.text(cells["status"]),
            "created_at": _unfolding.moment(cells.get("created")),
            "last_login_at": _unfolding.moment(cells.get("last_login")),
            "mfa_enrolled": "false" if bypassed else _unfolding.text(cells["is_enrolled"]),
            "mfa_method": _BYPASS if bypassed else _methods(cells),
        }
        rows.append((number, row))
    return _unfolding.Found(rows, _further(document, len(rows)) or users.ends_a_page(100, 300))


def _methods(cells: Mapping[str, Any]) -> str:
    """What a user may use beside the password; what a phone can do that does not say is not known."""
    found = ["fido2"] * bool(cells.get("webauthncredentials") or cells.get("u2ftokens"))
    found += ["hardware_token"] * bool(cells.get("tokens"))
    for phone in cells.get("phones") or ():
        able = [_PHONE[name] for name in phone.get("capabilities") or () if name in _PHONE]
        found += able or [_unfolding.UNKNOWN]
    return ";".join(dict.fromkeys(found)) if _unfolding.text(cells["is_enrolled"]) == "true" else ""


def _further(document: Any, held: int) -> str:
    """Why the answer is a page of several, as its metadata say."""
    places = [document.get("metadata"), document.get("response")] if isinstance(document, Mapping) else []
    inner = [place.get("metadata", place) for place in places if isinstance(place, Mapping)]
    for said in inner:
        total = _unfolding.text(said.get("total_objects"))
        if said.get("next_offset") or (total.isdigit() and int(total) > held):
            return "says that there are more than it holds; hand over every page"
    return ""


def unfold_log(document: Any) -> _unfolding.Found | None:
    """A row for each authentication; enrolments are left aside."""
    log = _unfolding.records(document)
    if not log.have("txid", "isotimestamp", "factor", "result", "reason"):
        return None
    rows: list[_unfolding.Row] = []
    for number, cells in log.each:
        if _unfolding.text(cells.get("event_type")) in {"", "authentication"}:
            factor = _unfolding.text(cells["factor"]).lower()
            row: dict[str, str | None] = {
                "ts": _unfolding.text(cells["isotimestamp"]),
                "account_id": _unfolding.said(cells, "user.name", "email") or _unfolding.UNKNOWN,
                "result": _unfolding.text(cells["result"]),
                "factors": _factors(cells, factor),
                "mfa_method": "fido2" if factor.startswith(_WEBAUTHN) else factor or _unfolding.UNKNOWN,
                "src_ip": _address(_unfolding.text(cells.get("access_device.ip"))),
                "country": _unfolding.text(cells.get("access_device.location.country")),
            }
            row["mfa_method"] = "" if row["factors"] == "1" and factor == "not_available" else row["mfa_method"]
            rows.append((number, row))
    return _unfolding.Found(rows, _further(document, len(log.each)) or log.ends_a_page(100, 1000))


def _factors(cells: Mapping[str, Any], factor: str) -> str:
    if _unfolding.text(cells["result"]).lower() != "success":
        return _unfolding.UNKNOWN
    if _unfolding.text(cells["reason"]).lower() in _ONE or factor in {"remembered_device", "bypass_code"}:
        return "1"
    return "2" if factor in _FACTORS.keys() - {"not_available"} or factor.startswith(_WEBAUTHN) else _unfolding.UNKNOWN


def _address(said: str) -> str:
    """The address without its port, which Duo writes in seven ways; not known where it cannot be told."""
    if not said:
        return ""
    found = _PORT.match(said)
    bare = said if found is None else found["v6"] or found["v4"] or found["odd"]
    try:
        return str(ip_address(bare))
    except ValueError:
        return _unfolding.UNKNOWN


USERS: Final = _unfolding.adapter(
    unfold_users,
    name="duo_users",
    kind="accounts",
    product="Duo users (Admin API, /admin/v1/users)",
    needs=("account_id", "enabled", "created_at", "last_login_at", "mfa_enrolled", "mfa_method"),
    values={"enabled": _ENABLED},
    constants={"system": "duo"},
    zone="UTC",
    date_order="ymd",
    about="Who is in bypass is let in without a second factor and counts as not enrolled. A phone says what it can do "
    "only where its capabilities are in the file.",
)
LOG: Final = _unfolding.adapter(
    unfold_log,
    name="duo_log",
    kind="auth_events",
    product="Duo authentication log (Admin API v2, /admin/v2/logs/authentication)",
    needs=("ts", "account_id", "result", "factors", "mfa_method", "src_ip", "country"),
    values={
        "result": {"denied": "failure", "fraud": "failure"},
        "mfa_method": _FACTORS,
        "country": _countries.BY_NAME,
    },
    constants={"system": "duo"},
    zone="UTC",
    date_order="ymd",
    about="Duo sees the second step. A user in bypass, a remembered device and a bypass code count as one factor. Kept "
    "for 180 days.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The users and the log."""
    return (USERS, LOG)
