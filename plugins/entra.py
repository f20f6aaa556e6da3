"""Microsoft Entra ID: sign-ins as `auth_events`, from the portal, Graph or the diagnostic settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ctrlkit.hooks import Adapter, hookimpl

from . import _unfolding

VALUES: Final[dict[str, dict[str, str | None]]] = {
    "factors": {
        "multiFactorAuthentication": "2",
        "Multifactor authentication": "2",
        "Multi-factor authentication": "2",
        "singleFactorAuthentication": "1",
        "Single-factor authentication": "1",
    },
    "mfa_method": {
        "None": "",
        "Text message": "sms",
        "Phone call": "voice",
        "alternateMobilePhone": "voice",
        "officePhone": "voice",
        "Mobile app notification": "push",
        "microsoftAuthenticatorPush": "push",
        "microsoftAuthenticatorPasswordless": "push",
        "Mobile app verification code": "totp",
        "OATH verification code": "totp",
        "softwareOneTimePasscode": "totp",
        "hardwareOneTimePasscode": "hardware_token",
        "windowsHelloForBusiness": "windows_hello",
        "Windows Hello for Business": "windows_hello",
        "FIDO2 security key": "fido2",
        "X.509 Certificate": "smartcard",
        "temporaryAccessPass": "temporary_access_pass",
        "mobilePhone": None,
    },
    "device_id": {"None": ""},
    "session_id": {"None": ""},
    "country": {"None": ""},
}

SIGN_INS = Adapter(
    name="entra_sign_ins",
    kind="auth_events",
    product="Microsoft Entra ID sign-in logs (portal, Download > CSV)",
    headers=("Date (UTC)", "User", "Username", "Client app", "Status", "IP address"),
    columns={
        "Date (UTC)": "ts",
        "Username": "account_id",
        "Status": "result",
        "Authentication requirement": "factors",
        "Multifactor authentication auth method": "mfa_method",
        "IP address": "src_ip",
        "Location": "country|last",
        "Device ID": "device_id",
        "Session ID": "session_id",
    },
    values=VALUES,
    constants={"system": "entra"},
    zone="UTC",
    about="Holds only what the portal's filter showed; a file of about 250,000 rows is likely cut. "
    "mobilePhone says text or call, so the factor is not known.",
)


SIGN_INS_OLD: Final = Adapter(
    name="entra_sign_ins_old",
    kind="auth_events",
    product="Microsoft Entra ID sign-in logs, older CSV (CreatedDateTime, ConditionalAccessStatus)",
    headers=("CreatedDateTime", "UserPrincipalName", "IPAddress", "Country", "Status", "ConditionalAccessStatus"),
    columns={
        "CreatedDateTime": "ts",
        "UserPrincipalName": "account_id",
        "Status": "result",
        "IPAddress": "src_ip",
        "Country": "country",
    },
    values={"country": {"None": ""}},
    constants={"system": "entra"},
    zone="UTC",
    about="This form does not say how many factors a sign-in took, nor its session or device: take the portal's "
    "present download.",
)

_INTERRUPTED: Final = frozenset({
    *("16000", "16001", "50058", "50072", "50074", "50076", "50079", "50097", "50125", "50127", "50129"),
    *("50140", "50158", "65001"),
})  # fmt: skip
"""Codes of sign-ins that Entra stopped to ask for something more: not in, and no failure."""
_PEOPLE: Final = frozenset({"", "signinlogs", "noninteractiveusersigninlogs"})
"""Categories of the diagnostic settings that are of users; the others are of applications."""
_NO_FACTOR: Final = frozenset({"", "password", "previously satisfied", "passwordless sign-in"})
_SIGN: Final = ("createddatetime", "userprincipalname", "status.errorcode", "appdisplayname")


def unfold(document: Any) -> _unfolding.Found | None:
    """A row for each sign-in of a user, whichever wrapper it lies in."""
    records = _unfolding.records(document)
    each = [(number, _bare(cells)) for number, cells in records.each if _category(cells) in _PEOPLE]
    people = _unfolding.Records(each, records.cut, records.bare)
    if not people.have(*_SIGN):
        return None
    told = {
        "factors": people.know("authenticationrequirement"),
        "mfa_method": people.know("authenticationdetails") or people.know("mfadetail"),
        "device_id": people.know("devicedetail"),
        "session_id": people.know("sessionid"),
    }
    return _unfolding.Found([(number, _sign_in(cells, told)) for number, cells in each], people.ends_a_page(1000))


def _category(cells: Mapping[str, Any]) -> str:
    return _unfolding.text(cells.get("category")).lower() if "properties.createddatetime" in cells else ""


def _bare(cells: Mapping[str, Any]) -> Mapping[str, Any]:
    """The sign-in out of the wrapper of the diagnostic settings."""
    inner = {name.removeprefix("properties."): cell for name, cell in cells.items() if name.startswith("properties.")}
    return inner or cells


def _sign_in(cells: Mapping[str, Any], told: Mapping[str, bool]) -> dict[str, str | None]:
    code = _unfolding.text(cells["status.errorcode"])
    row: dict[str, str | None] = {
        "ts": _unfolding.text(cells["createddatetime"]),
        "account_id": _unfolding.text(cells["userprincipalname"]),
        "result": "success" if code == "0" else "interrupted" if code in _INTERRUPTED else "failure",
        "factors": _unfolding.text(cells.get("authenticationrequirement")) or _unfolding.UNKNOWN,
        "mfa_method": _method(cells),
        "src_ip": _unfolding.text(cells.get("ipaddress")),
        "country": _unfolding.text(cells.get("location.countryorregion")),
        "device_id": _unfolding.text(cells.get("devicedetail.deviceid")),
        "session_id": _unfolding.text(cells.get("sessionid")),
    }
    row["result"] = row["result"] if code else _unfolding.UNKNOWN
    return {name: cell for name, cell in row.items() if told.get(name, True)}


def _method(cells: Mapping[str, Any]) -> str:
    """The second factor that was really used: the last step that succeeded with anything but the password."""
    steps = cells.get("authenticationdetails") or ()
    used = [_unfolding.text(step.get("authenticationMethod")) for step in steps if step.get("succeeded") is True]
    asked = [method for method in used if method.lower() not in _NO_FACTOR]
    return asked[-1] if asked else _unfolding.said(cells, "mfadetail.authmethod")


SIGN_INS_JSON: Final = _unfolding.adapter(
    unfold,
    name="entra_sign_ins_json",
    kind="auth_events",
    product="Microsoft Entra ID sign-in logs (Graph auditLogs/signIns, portal JSON, diagnostic settings)",
    needs=("ts", "account_id", "result", "src_ip", "country"),
    also=("factors", "mfa_method", "device_id", "session_id"),
    values=VALUES,
    constants={"system": "entra"},
    zone="UTC",
    date_order="ymd",
    about="Graph v1.0 does not say which factors were asked for: take beta or the portal's CSV. Codes by which Entra "
    "asks for more are interrupted. Sign-ins of applications and managed identities are left aside. A list "
    "of exactly 1,000 records is taken for one page of several.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The sign-ins, as CSV and as JSON."""
    return (SIGN_INS, SIGN_INS_OLD, SIGN_INS_JSON)
