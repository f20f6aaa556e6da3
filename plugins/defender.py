"""Microsoft Defender for Endpoint: the machines of its API as `devices`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

MACHINES: Final = Adapter(
    name="defender_machines",
    kind="devices",
    product="Microsoft Defender for Endpoint (/api/machines)",
    headers=("id", "computerDnsName", "lastSeen", "osPlatform", "healthStatus", "onboardingStatus"),
    columns={"id": "device_id", "osPlatform": "os", "lastSeen": "edr_last_seen"},
    values={"os": {"Unknown": None, "Other": None}},
    constants={},
    date_order="ymd",
    zone="UTC",
    about="Times are UTC. device_id is Defender's own; sign-in logs name aadDeviceId, other lists computerDnsName: a "
    "pack may map either to device_id instead. lastSeen of a machine that is not onboarded is when the network saw it. "
    "Says nothing of holder, encryption, antivirus, USB storage, local admins, firewall and patches. A page with "
    "@odata.nextLink is not the whole list.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The machines."""
    return (MACHINES,)
