"""Microsoft Purview and Defender: alerts of Graph security (alerts_v2), DLP among them, as `alerts`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

_ENDPOINT: Final = ("microsoftDefenderForEndpoint", "antivirus", "smartScreen", "customTi", "microsoftThreatExperts")
_OTHERS: Final = (
    "appGovernanceDetection",
    "appGovernancePolicy",
    "automatedInvestigation",
    "azureAdIdentityProtection",
    "cloudAppSecurity",
    "customDetection",
    "manual",
    "microsoft365Defender",
    "microsoftDefenderForIdentity",
    "microsoftDefenderForOffice365",
)

ALERTS: Final = Adapter(
    name="microsoft_security_alerts",
    kind="alerts",
    product="Microsoft Purview and Defender alerts (Graph security/alerts_v2, JSON)",
    headers=("id", "providerAlertId", "serviceSource", "detectionSource", "severity", "createdDateTime"),
    columns={"id": "alert_id", "createdDateTime": "ts", "detectionSource": "kind", "severity": "severity"},
    values={
        "kind": {
            "microsoftDataLossPrevention": "dlp",
            **dict.fromkeys(_ENDPOINT, "edr"),
            **dict.fromkeys(_OTHERS, "other"),
            **dict.fromkeys(("unknown", "unknownFutureValue"), None),
        },
        "severity": {"informational": "info", "unknown": None, "unknownFutureValue": None},
    },
    constants={},
    date_order="ymd",
    zone="UTC",
    about="The kind follows from what detected it (detectionSource). incidentId is Microsoft's own number and not that "
    "of the incident register, so which alert is in the register is not known: map it under columns in pack.yaml where "
    "the register keeps these numbers.",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The alerts."""
    return (ALERTS,)
