"""Salesforce: page views of the event log as `record_views`, report events as `exports`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ctrlkit.hooks import Adapter, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGE_VIEWS: Final = Adapter(
    name="salesforce_page_views",
    kind="record_views",
    product="Salesforce event log file LightningPageView (CSV)",
    headers=("EVENT_TYPE", "TIMESTAMP_DERIVED", "USER_ID_DERIVED", "PAGE_ENTITY_ID", "PAGE_ENTITY_TYPE"),
    columns={
        "TIMESTAMP_DERIVED": "ts",
        "USER_ID_DERIVED": "agent_id",
        "PAGE_ENTITY_ID": "customer_id",
    },
    values={},
    constants={"action": "view"},
    date_order="ymd",
    zone="UTC",
    about="A page that shows no record is left aside. Records of every type are there: state under customer_id what a "
    "customer is, or filter by PAGE_ENTITY_TYPE. It tells looking from editing no further, and says nothing of "
    "searches and exports. People are named by id: hand over identity_map.",
    aside={"PAGE_ENTITY_ID": ("",)},
)
REPORTS: Final = Adapter(
    name="salesforce_report_exports",
    kind="exports",
    product="Salesforce ReportEvent (real-time event monitoring; query as CSV or JSON)",
    headers=("EventDate", "Username", "Operation", "RowsProcessed", "ReportId"),
    columns={"EventDate": "ts", "Username": "user_id", "RowsProcessed": "rows"},
    values={},
    constants={"system": "salesforce"},
    date_order="ymd",
    zone="UTC",
    about="Reports that were only run, opened or scheduled are left aside; any other operation counts as an export. It "
    "does not say who approved it, under which ticket, nor where the file went.",
    aside={
        "Operation": (
            "ChartRenderedInEmbeddedAnalyticsApp",
            "ChartRenderedOnHomePage",
            "ChartRenderedOnVisualforcePage",
            "DashboardComponentPreviewed",
            "DashboardComponentUpdated",
            "ProbeQuery",
            "ReportAddedToEinsteinDiscovery",
            "ReportOpenedFromMobileDashboard",
            "ReportPreviewed",
            "ReportResultsAddedToEinsteinDiscovery",
            "ReportResultsAddedToWaveTrending",
            "ReportRunAndNotificationSent",
            "ReportRunFromClassic",
            "ReportRunFromLightning",
            "ReportRunFromMobile",
            "ReportRunFromReportingSnapshot",
            "ReportRunFromRestApi",
            "ReportRunUsingApexAsynchronousApi",
            "ReportRunUsingApexSynchronousApi",
            "ReportRunUsingAsynchronousApi",
            "ReportRunUsingSynchronousApi",
            "ReportScheduled",
        )
    },
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """Views and exports."""
    return (PAGE_VIEWS, REPORTS)
