"""Microsoft Intune: the console's export of all devices, and Graph's list of managed devices, as `devices`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

_ABOUT: Final = (
    "Times are UTC. edr_last_seen is the last check-in with Intune, not an EDR agent; a device that stopped to check "
    "in keeps its last answers. Says nothing of USB storage, local admins, firewall, antivirus, patches and software. "
    "device_id is Intune's own; sign-in logs name {entra}, which a pack may map to device_id instead."
)

ALL_DEVICES: Final = Adapter(
    name="intune_devices",
    kind="devices",
    product="Microsoft Intune (Devices > All devices > Export)",
    headers=(
        *("Device ID", "Device name", "Last check-in", "Primary user UPN"),
        *("Compliance", "Managed by", "Ownership", "Encrypted"),
    ),
    columns={
        "Device ID": "device_id",
        "Ownership": "owner",
        "Primary user UPN": "employee_id",
        "OS": "os",
        "Encrypted": "disk_encrypted",
        "Last check-in": "edr_last_seen",
        "Managed by": "mdm_enrolled",
    },
    values={
        "owner": {"Corporate": "company", "Company": "company", "Personal": "personal", "Unknown": None},
        "disk_encrypted": {"True": "true", "False": "false"},
        "mdm_enrolled": {
            "Intune": "true",
            "MDM": "true",
            "Co-managed": "true",
            "MDM/ConfigMgr": "true",
            "MDM/EAS": "true",
            "EAS": "false",
            "ConfigMgr": None,
            "Unknown": None,
        },
    },
    constants={},
    date_order="ymd",
    zone="UTC",
    about="The CSV inside the zip. The holder is named by UPN, so identity_map must lead to the employee. os is the "
    "family without its version. " + _ABOUT.format(entra="the Microsoft Entra Device ID"),
)

MANAGED_DEVICES: Final = Adapter(
    name="intune_graph_devices",
    kind="devices",
    product="Microsoft Graph (/deviceManagement/managedDevices)",
    headers=("id", "azureADDeviceId", "managedDeviceOwnerType", "managementAgent", "isEncrypted", "lastSyncDateTime"),
    columns={
        "id": "device_id",
        "managedDeviceOwnerType": "owner",
        "userPrincipalName": "employee_id",
        "operatingSystem": "os",
        "isEncrypted": "disk_encrypted",
        "lastSyncDateTime": "edr_last_seen",
        "managementAgent": "mdm_enrolled",
    },
    values={
        "owner": {"company": "company", "personal": "personal", "unknown": None},
        "mdm_enrolled": {
            "mdm": "true",
            "easMdm": "true",
            "intuneClient": "true",
            "easIntuneClient": "true",
            "configurationManagerClientMdm": "true",
            "configurationManagerClientMdmEas": "true",
            "eas": "false",
            "configurationManagerClient": None,
            "unknown": None,
        },
    },
    constants={},
    date_order="ymd",
    zone="UTC",
    about="A page with @odata.nextLink is not the whole list. " + _ABOUT.format(entra="azureADDeviceId"),
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The console's export and Graph's list."""
    return (ALL_DEVICES, MANAGED_DEVICES)
