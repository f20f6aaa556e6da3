"""Microsoft Entra ID: users and what they registered to sign in with, as `accounts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ctrlkit.hooks import Adapter, hookimpl

from . import _unfolding

_TYPE: Final[dict[str, str | None]] = {"Guest": "guest", "Member": None, "unknownFutureValue": None}
"""A member may be a person, a shared mailbox or a service: Entra does not say which."""
_MEMBERS: Final = (
    "Members may be people, shared mailboxes or services, so their account_type is not known: say it "
    "under values, as in {account_type: {Member: person}}, where all of them are people."
)
_METHODS: Final[dict[str, str | None]] = {
    "mobilePhone": None,
    "Mobile phone": None,
    "Phone": None,
    "alternateMobilePhone": "voice",
    "Alternate mobile phone": "voice",
    "officePhone": "voice",
    "Office phone": "voice",
    "Email": "email",
    "microsoftAuthenticatorPush": "push",
    "Microsoft Authenticator app (push notification)": "push",
    "Microsoft Authenticator (push notification)": "push",
    "microsoftAuthenticatorPasswordless": "push",
    "Microsoft Authenticator passwordless": "push",
    "Passwordless phone sign-in": "push",
    "softwareOneTimePasscode": "totp",
    "Software one time passcode": "totp",
    "Authenticator app or hardware token": None,
    "hardwareOneTimePasscode": "hardware_token",
    "Hardware one time passcode": "hardware_token",
    "fido2": "fido2",
    "fido2SecurityKey": "fido2",
    "FIDO2 security key": "fido2",
    "passKeyDeviceBound": "passkey_device_bound",
    "passKeyDeviceBoundAuthenticator": "passkey_device_bound",
    "passKeyDeviceBoundWindowsHello": "passkey_device_bound",
    "passKeySynced": "passkey",
    "windowsHelloForBusiness": "windows_hello",
    "Windows Hello for Business": "windows_hello",
    "temporaryAccessPass": "temporary_access_pass",
    "Temporary Access Pass": "temporary_access_pass",
    "securityQuestion": "security_question",
    "Security questions": "security_question",
    "x509Certificate": "smartcard",
    "None": "",
}
_REGISTERED: Final = (
    "The report leaves disabled accounts out, so all of its accounts are enabled; whoever is missing is not judged. "
    "Enrolled is who is capable: registered, with a method that policy allows. mobilePhone says text or call, so the "
    "factor is not known. Methods for resetting the password alone (email, questions) are listed as well."
)

USERS_CSV: Final = Adapter(
    name="entra_users",
    kind="accounts",
    product="Microsoft Entra ID users (portal, Users > Download users)",
    headers=("userPrincipalName", "accountEnabled", "userType", "createdDateTime", "directorySynced", "creationType"),
    columns={
        "userPrincipalName": "account_id",
        "userType": "account_type",
        "accountEnabled": "enabled",
        "createdDateTime": "created_at",
    },
    values={"account_type": _TYPE},
    constants={"system": "entra"},
    date_order="mdy",
    about="Days stand month first and times carry no zone: they are read in the pack's time_zone. The file holds no "
    f"last sign-in, no roles and no second factors. {_MEMBERS}",
)

USERS_M365: Final = Adapter(
    name="m365_users",
    kind="accounts",
    product="Microsoft 365 admin center users (Users > Active users > Export users)",
    headers=("User principal name", "Block credential", "Object Id", "Licenses", "When created"),
    columns={
        "User principal name": "account_id",
        "Block credential": "enabled",
        "When created": "created_at",
        "Last password change time stamp": "password_last_set",
    },
    values={"enabled": {"True": "false", "False": "true"}},
    constants={"system": "entra"},
    zone="UTC",
    date_order="ymd",
    about="Enabled is who is not blocked. The file holds no last sign-in, no roles and no second factors, and does not "
    "tell people from shared mailboxes and services.",
)

REGISTRATIONS: Final = Adapter(
    name="entra_registrations",
    kind="accounts",
    product="Microsoft Entra ID userRegistrationDetails (Graph JSON, or a CSV with the same names)",
    headers=("userPrincipalName", "isMfaCapable", "isMfaRegistered", "methodsRegistered"),
    columns={
        "userPrincipalName": "account_id",
        "userType": "account_type",
        "isAdmin": "privileged",
        "isMfaCapable": "mfa_enrolled",
        "methodsRegistered": "mfa_method",
    },
    values={"account_type": _TYPE, "mfa_method": _METHODS},
    constants={"system": "entra", "enabled": "true"},
    about=f"{_REGISTERED} {_MEMBERS}",
)

REGISTRATIONS_REPORT: Final = Adapter(
    name="entra_registrations_report",
    kind="accounts",
    product="Microsoft Entra ID MFA registration report (CSV with MFA capable and MFA registered)",
    headers=("User Principal Name", "MFA registered", "MFA capable", "Methods registered"),
    columns={
        "User Principal Name": "account_id",
        "MFA capable": "mfa_enrolled",
        "Methods registered": "mfa_method",
    },
    values={"mfa_method": _METHODS},
    constants={"system": "entra", "enabled": "true"},
    about=_REGISTERED,
)

REGISTRATIONS_PORTAL: Final = Adapter(
    name="entra_registrations_portal",
    kind="accounts",
    product="Microsoft Entra ID user registration details (portal, Authentication methods > Download)",
    headers=("Multifactor authentication capable", "Multifactor authentication registered"),
    columns={
        "User principal name": "account_id",
        "UserPrincipalName": "account_id",
        "UPN": "account_id",
        "Username": "account_id",
        "Multifactor authentication capable": "mfa_enrolled",
        "Methods registered": "mfa_method",
    },
    values={
        "mfa_enrolled": {"Capable": "true", "Not capable": "false", "Not Capable": "false"},
        "mfa_method": _METHODS,
    },
    constants={"system": "entra", "enabled": "true"},
    about=_REGISTERED,
)


def unfold_users(document: Any) -> _unfolding.Found | None:
    """A row for each user; refused where the request did not select whether it is enabled."""
    users = _unfolding.records(document)
    context = str(document.get("@odata.context", "")) if isinstance(document, Mapping) else ""
    if not users.have("id", "userprincipalname") or users.know("ismfacapable"):
        return None
    if not users.have("accountenabled"):
        if "$metadata#users" not in context:
            return None
        raise ValueError("accountEnabled is not in it; ask for it with $select, beside signInActivity and employeeId")
    told = {
        "account_type": users.know("usertype"),
        "employee_id": users.know("employeeid"),
        "created_at": users.know("createddatetime"),
        "last_login_at": users.know("signinactivity"),
        "password_last_set": users.know("lastpasswordchangedatetime"),
    }
    rows = [(number, {k: v for k, v in _user(c).items() if told.get(k, True)}) for number, c in users.each]
    return _unfolding.Found(rows, users.ends_a_page(100, 999))


def _user(cells: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        "account_id": _unfolding.text(cells["userprincipalname"]),
        "enabled": _unfolding.text(cells["accountenabled"]) or _unfolding.UNKNOWN,
        "account_type": _unfolding.text(cells.get("usertype")),
        "employee_id": _unfolding.text(cells.get("employeeid")),
        "created_at": _unfolding.text(cells.get("createddatetime")),
        "last_login_at": _last(cells),
        "password_last_set": _unfolding.text(cells.get("lastpasswordchangedatetime")),
    }


def _last(cells: Mapping[str, Any]) -> str:
    """The last sign-in that succeeded, where Entra says it; else the last of any, which may have failed."""
    good = _unfolding.text(cells.get("signinactivity.lastsuccessfulsignindatetime"))
    kinds = ("signinactivity.lastsignindatetime", "signinactivity.lastnoninteractivesignindatetime")
    return good or max(_unfolding.text(cells.get(name)) for name in kinds)


USERS_JSON: Final = _unfolding.adapter(
    unfold_users,
    name="entra_users_json",
    kind="accounts",
    product="Microsoft Entra ID users (Graph /users, with accountEnabled selected)",
    needs=("account_id", "enabled"),
    also=("account_type", "employee_id", "created_at", "last_login_at", "password_last_set"),
    values={"account_type": _TYPE},
    constants={"system": "entra"},
    zone="UTC",
    date_order="ymd",
    about="Where signInActivity was selected, a user without it has never signed in since Entra keeps it (April 2020). "
    f"What was not selected is not known. A bare list of 100 or 999 users is taken for one page. {_MEMBERS}",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The users and their registrations."""
    return (USERS_CSV, USERS_M365, USERS_JSON, REGISTRATIONS, REGISTRATIONS_REPORT, REGISTRATIONS_PORTAL)
