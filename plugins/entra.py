"""Microsoft Entra ID: the portal's sign-in download (interactive and non-interactive users) as `auth_events`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    values={
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
    },
    constants={"system": "entra"},
    zone="UTC",
    about="Holds only what the portal's filter showed; a file of about 250,000 rows is likely cut. "
    "mobilePhone says text or call, so the factor is not known.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The sign-in download."""
    return (SIGN_INS,)
