"""How real products lay out what the sample packs hold: a sign-in portal's 56 columns, an HR report, a time clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Final

from sample_files import Row, Table
from sample_names import guid
from sample_place import Place

PORTAL: Final = (
    "Date (UTC)", "Request ID", "User agent", "Correlation ID", "User ID", "User", "Username", "User type",
    "Cross tenant access type", "Incoming token type", "Authentication Protocol", "Unique token identifier",
    "Original transfer method", "Client credential type", "Token Protection - Sign In Session",
    "Token Protection - Sign In Session StatusCode", "Application", "Application ID ", "App owner tenant ID",
    "Resource", "Resource ID ", "Resource tenant ID", "Resource owner tenant ID", "Home tenant ID", "Home tenant name",
    "IP address", "Location", "Status", "Sign-in error code", "Failure reason", "Client app", "Device ID", "Browser",
    "Operating System",
    "Compliant", "Managed", "Join Type", "Multifactor authentication result", "Multifactor authentication auth method",
    "Multifactor authentication auth detail", "Authentication requirement", "Sign-in identifier", "Session ID",
    "IP address (seen by resource)", "Through Global Secure Access", "Global Secure Access IP address",
    "Autonomous system  number", "Flagged for review", "Token issuer type", "Incoming token type", "Token issuer name",
    "Latency", "Conditional Access", "Associated Resource Id", "Federated Token Id", "Federated Token Issuer",
)  # fmt: skip
"""The header of an interactive sign-in download, with its trailing and double spaces and the name that stands twice."""

METHOD: Final = {
    "push": "Mobile app notification",
    "totp": "OATH verification code",
    "fido2": "FIDO2 security key",
}
"""The portal's words for second factors."""

ROSTER: Final = {
    "Employee No.": "employee_id",
    "Site": "site",
    "Country": "country",
    "Region": "state",
    "Position": "role",
    "Account": "client",
    "Employment Type": "employment_type",
    "Immediate Head": "manager_id",
    "Date Hired": "hire_date",
    "Floor Date": "floor_date",
    "Last Day Worked": "last_day_worked",
    "Date Separated": "termination_date",
    "Status": "status",
    "Work Arrangement": "work_mode",
    "Language": "language",
}
"""The HR report's headers and the columns they hold."""

STATUS: Final = {"active": "Active", "on_leave": "Leave of Absence", "terminated": "Separated"}
POSITION: Final = {"agent": "Customer Service Representative", "it_admin": "Systems Administrator"}
MODE: Final = {"onsite": "Office", "wfh": "Home", "hybrid": "Hybrid"}
"""The HR report's words, where they are not the canonical ones."""


def entra_sign_ins() -> Table:
    """The sign-in table as the portal's CSV."""
    return Table(
        "auth_events",
        "entra/InteractiveSignIns_2026-11-01.csv",
        (
            "ts",
            "account_id",
            "result",
            "factors",
            "mfa_method",
            "src_ip",
            "country",
            "device_id",
            "session_id",
            "remote",
        ),
        ("ts", "account_id"),
        header=PORTAL,
        cells=_portal_cells,
    )


def _portal_cells(row: Row) -> Sequence[object]:
    good = row["result"] == "success"
    known = {
        "Date (UTC)": row["ts"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "Request ID": guid("request", row["session_id"]),
        "User agent": "Mozilla/5.0",
        "User ID": guid("user", row["account_id"]),
        "User": row["_person"].name,
        "Username": row["account_id"],
        "User type": "Member",
        "Authentication Protocol": "None",
        "Application": "Agent Desktop",
        "Resource": "Agent Desktop",
        "Home tenant name": row["_person"].place.domain,
        "IP address": row["src_ip"],
        "Location": row["city"],
        "Status": "Success" if good else "Failure",
        "Sign-in error code": 0 if good else 50126,
        "Failure reason": "Other." if good else "Error validating credentials due to invalid username or password.",
        "Client app": "Browser",
        "Device ID": row["device_id"],
        "Operating System": "Windows10",
        "Compliant": "Yes",
        "Managed": "Yes",
        "Multifactor authentication result": "MFA completed in Azure AD" if good else "",
        "Multifactor authentication auth method": METHOD.get(row["mfa_method"], ""),
        "Authentication requirement": "multiFactorAuthentication",
        "Session ID": row["session_id"],
        "Through Global Secure Access": "Yes" if row["remote"] else "No",
        "Latency": 90 + int(row["session_id"][:2], 16),
        "Conditional Access": "Success" if good else "Not Applied",
    }
    return [known.get(name, "") for name in PORTAL]


def dialler_sign_ins(columns: Sequence[str]) -> Table:
    """The dialler's log: canonical columns, but local times that name no zone."""

    def cells(row: Row) -> Sequence[object]:
        clocks = {name: row.get(name) and f"{row[name]:%Y-%m-%d %H:%M:%S}" for name in ("ts", "logout_ts")}
        return [(row | clocks).get(column) for column in columns]

    return Table("auth_events", "dialler/sign_ins.csv", tuple(columns), ("ts", "account_id"), cells=cells)


def attendance_report(columns: Sequence[str]) -> Table:
    """The time sheets as a workbook with a title above the header, local times as Excel keeps them."""
    title = ("Attendance, all sites", "1 October to 31 October 2026, with the night shifts that began the day before")
    order = ("work_date", "employee_id")
    return Table("timesheets", "wfm/attendance_2026-10.xlsx", tuple(columns), order, title=title)


def roster_report() -> Table:
    """The roster as the HR system prints it: its own headers and words, dates with the month first."""
    return Table(
        "roster", "hr/roster_2026-11-01.csv", tuple(ROSTER.values()), ("employee_id",), header=tuple(ROSTER), cells=_hr
    )


def _hr(row: Row) -> Sequence[object]:
    place: Place = row["_person"].place
    days = [row["hired"], row["floor"], row["last_day_worked"], row["separated"]]
    hired, floor, last_day, separated = (f"{d:%m/%d/%Y}" if d else "" for d in days)
    return [
        row["employee_id"], row["site"], place.country, place.site(row["site"]).state,
        POSITION.get(row["role"], row["role"].replace("_", " ").title()), row["client"], row["employment"].title(),
        row["manager_id"], hired, floor, last_day, separated, STATUS[row["status"]], MODE[row["mode"]],
        f"en;{place.languages[0]}",
    ]  # fmt: skip
