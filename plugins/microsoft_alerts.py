"""Microsoft Purview and Defender: alerts of Graph security (alerts_v2), DLP among them, as `alerts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

ALERTS: Final = Adapter(
    name="microsoft_security_alerts",
    kind="alerts",
    product="Microsoft Purview and Defender alerts (Graph security/alerts_v2, JSON)",
    headers=("id", "providerAlertId", "serviceSource", "severity", "createdDateTime", "incidentId"),
    columns={"id": "alert_id", "createdDateTime": "ts", "serviceSource": "kind", "severity": "severity"},
    values={
        "kind": {
            "microsoftDataLossPrevention": "dlp",
            "dataLossPrevention": "dlp",
            "microsoftDefenderForEndpoint": "edr",
            "microsoftDefenderForOffice365": "other",
            "microsoftDefenderForIdentity": "other",
            "microsoftDefenderForCloudApps": "other",
            "azureAdIdentityProtection": "other",
            "microsoft365Defender": "other",
            "unknown": None,
            "unknownFutureValue": None,
        },
        "severity": {"informational": "info", "unknown": None, "unknownFutureValue": None},
    },
    constants={},
    date_order="ymd",
    zone="UTC",
    about="The kind follows from the service that raised the alert. incidentId is Microsoft's own number and not that "
    "of the incident register, so which alert is in the register is not known: map it under columns in pack.yaml where "
    "the register keeps these numbers.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The alerts."""
    return (ALERTS,)
