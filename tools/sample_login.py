"""Sign-in rules, second factors and incidents: records of the sample, and how controls are broken."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sample_files import Row
from sample_login_tables import alert, drills, incidents, policies, resets
from sample_names import account_id
from sample_room import Plants, Source
from sample_truth import Truth
from sample_vendor import CLIENT, DAYS, Person, Vendor, draw
from sample_work import Book, sign_in

SOURCES: Final[tuple[Source, ...]] = (
    Source("resets", ("resets",), "it-operations", "10:25"),
    Source("credential_changes", ("changes",), "it-operations", "09:35"),
    Source("incidents", ("incidents",), "information-security", "10:40", typed=True),
    Source("alerts", ("alerts",), "information-security", "10:45"),
    Source("drills", ("rehearsals",), "business-continuity", "10:50", typed=True),
)
CLIENT_SOURCES: Final[tuple[Source, ...]] = ()


def fill(book: Book, vendor: Vendor) -> None:
    """Add the tables of these domains without any weakness."""
    resets(book, vendor)
    incidents(book, vendor.place)
    drills(book, vendor.place)
    policies(book)


def _agents(vendor: Vendor, truth: Truth, number: int, what: str, **traits: str) -> list[Person]:
    """Agents of the client on the floor the whole month, drawn for themselves: whom others take stays the same."""
    away = {a.person.employee_id for a in vendor.absences}
    free = [
        p
        for p in vendor.those(role="agent", status="active", client=CLIENT, **traits)
        if p.employee_id not in truth.used | away and p.hired < DAYS[0] - timedelta(days=30) and p.shift != "office"
    ]
    return sorted(free, key=lambda p: draw(what, p.employee_id))[:number]


def _two_seats(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A login lent to a team-mate at the next seats while its owner is signed in."""
    lent = _agents(vendor, truth, 2, "lent", mode="onsite")
    for row in [row for p in lent for row in _first_sign_ins(book, p, 2)]:
        p: Person = row["_person"]
        ts = row["ts"] + timedelta(minutes=50)
        event = sign_in(book, "crm", row["_shift"], ts)
        if event is not None:
            desks = [q for q in vendor.people if q.seat > p.seat and q.mode != "wfh"]
            near = min(desks, key=lambda q: q.seat)
            event |= {"workstation_id": f"{p.site}-{near.seat:04d}", "device_id": near.desktop}
            event["logout_ts"] = ts + timedelta(minutes=95)
            truth.expect("LOG-02", "crm_events", event, "signed in at two seats at once")


def _first_sign_ins(book: Book, p: Person, number: int) -> list[Row]:
    """The first sign-ins to the CRM in shifts in the middle of the month."""
    mine = [r for r in book["crm_events"].rows if r.get("_person") is p and r["result"] == "success"]
    days = sorted({r["_shift"].day for r in mine if r["_shift"].day in DAYS[8:24]})[:number]
    return [min((r for r in mine if r["_shift"].day == day), key=lambda r: r["ts"]) for day in days]


def _resets(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Resets for whoever calls, an owner who was never told, and changes in the directory that no ticket explains."""
    rows = sorted((r for r in book["resets"].rows if r["handler_id"]), key=lambda r: r["ticket_id"])
    for row in rows[3:24:7]:
        row |= {"verify_method": "caller_gave_employee_number", "manager_approved": False}
        truth.expect("LOG-06", "resets", row, "an employee number is no proof of identity")
    rows[9] |= {"verify_method": None, "verified": None}
    truth.expect("LOG-06", "resets", rows[9], "no identity check is recorded")
    rows[15]["owner_notified_at"] = None
    truth.expect("LOG-06", "resets", rows[15], "the owner was never told")
    rows[20]["owner_notified_at"] = rows[20]["ts"] + timedelta(hours=9)
    truth.expect("LOG-06", "resets", rows[20], "the owner was told nine hours later")
    admin = vendor.those(role="it_admin", status="active")[0]
    for p, day in zip(_agents(vendor, truth, 2, "no ticket"), (DAYS[11], DAYS[26]), strict=True):
        row = book["changes"].add(
            ts=vendor.place.at(day, 21 * 60 + 3, 9), system="entra", account_id=account_id("entra", p),
            change="factor_added", actor_id=account_id("entra", admin),
        )  # fmt: skip
        truth.expect("LOG-06", "changes", row, "a factor added by an administrator, without a ticket")


def _remembered(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Sign-ins to the client's system by a remembered device, and by a password alone."""
    forgetful, alone = _agents(vendor, truth, 2, "one factor")
    changes: tuple[tuple[Person, Row], ...] = (
        (forgetful, {"mfa_method": "remembered_device"}),
        (alone, {"factors": 1, "mfa_method": None}),
    )
    for p, change in changes:
        for row in _first_sign_ins(book, p, 3):
            row.update(change)
            truth.expect("MFA-02", "crm_events", row, "signed in to the client's system with one factor")


def _weak_admins(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Rights in the dialler behind a code, a bypass that nobody ended, and one that lasts until spring."""
    admin, forgotten, long = _agents(vendor, truth, 3, "strong")
    row = _account(book, "dialler", admin)
    row |= {"privileged": True, "mfa_method": "fido2;totp"}
    truth.expect("MFA-04", "dialler", row, "privileged, and a code is a weaker way in")
    row = _account(book, "crm", forgotten)
    row["mfa_method"] = "totp;bypass"
    truth.expect("MFA-04", "crm", row, "a bypass without end")
    row = _account(book, "crm", long)
    row |= {"mfa_method": "bypass;totp", "exception_until": DAYS[0].replace(year=2027, month=3)}
    truth.expect("MFA-04", "crm", row, "a bypass for five months")


def _account(book: Book, system: str, p: Person) -> Row:
    return next(row for row in book[system].rows if row["employee_id"] == p.employee_id)


def _entry(book: Book, kind: str) -> Row:
    return next(row for row in book["incidents"].rows if row["kind"] == kind)


def _client_waits(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A lost device that the client heard of after the investigation, and a fraud that it never heard of."""
    row = _entry(book, "lost_device")
    row["client_notified_at"] = row["aware_at"] + timedelta(days=9)
    truth.expect("INC-01", "incidents", row, "the client was told nine days later")
    row = _entry(book, "fraud")
    row["client_notified_at"] = None
    truth.expect("INC-01", "incidents", row, "the client was never told")


def _regulator_waits(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Sensitive data of 140 people, and the privacy commission heard of it a week later."""
    row = _entry(book, "unauthorised_access")
    row["regulator_notified_at"] = row["aware_at"] + timedelta(days=7)
    row["full_report_at"] = row["aware_at"] + timedelta(days=9)
    truth.expect("INC-02", "incidents", row, f"{row['regulator']} was told after seven days")
    row = _entry(book, "fraud")
    row["subjects"] = 260
    truth.expect("INC-02", "incidents", row, "sensitive data of 260 people, and no regulator was told")


def _never_again(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """The incident plan was rehearsed last in spring of the year before."""
    newest = next(row for row in book["rehearsals"].rows if row["drill_id"] == "DR-03")
    newest["held_on"] = newest["held_on"].replace(year=2025)
    truth.expect("INC-03", "rehearsals", newest, "the last rehearsal of the incident plan is 496 days ago")
    open_ = next(row for row in book["rehearsals"].rows if row["drill_id"] == "DR-02")
    open_["findings_open"] = 3
    truth.expect("INC-03", "rehearsals", open_, "three actions are open after nine months")


def _unfollowed(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Alerts that stand in no register, one entered a week later, one dismissed without a reason."""
    for kind, day in (("misdirected_mail", DAYS[6]), ("lost_device", DAYS[17]), ("dlp", DAYS[28])):
        row = alert(book, kind, vendor.place.at(day, 16 * 60 + 12, 5), None)
        truth.expect("INC-04", "alerts", row, "the alert stands in no register")
    dismissed = [row for row in book["incidents"].rows if row["kind"] == "dismissed"]
    behind = {row["alert_id"]: row for row in book["alerts"].rows}
    late, silent = dismissed[4], dismissed[9]
    late["aware_at"] = behind[late["source_ref"]]["ts"] + timedelta(days=7)
    truth.expect("INC-04", "alerts", behind[late["source_ref"]], "entered a week later, two days are allowed")
    silent["dismissal_reason"] = None
    truth.expect("INC-04", "alerts", behind[silent["source_ref"]], "dismissed without a reason")


def _policies(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A dialler with six characters, a CRM that never locks, a directory that takes breached passwords."""
    listed = {(row["system"], row["setting"]): row for row in book["settings"].rows}
    for system, setting, value, why in (
        ("dialler", "password_min_length", "6", "six characters, twelve are asked for with card data"),
        ("crm", "lockout_attempts", "0", "never locks"),
        ("entra", "breached_password_check", "false", "takes breached passwords"),
    ):
        listed[system, setting]["value"] = value
        truth.expect("LOG-04", "settings", listed[system, setting], why)


PLANTS: Final[Plants] = {
    "LOG-02": _two_seats,
    "LOG-04": _policies,
    "LOG-06": _resets,
    "MFA-02": _remembered,
    "MFA-04": _weak_admins,
    "INC-01": _client_waits,
    "INC-02": _regulator_waits,
    "INC-03": _never_again,
    "INC-04": _unfollowed,
}
CONTROLS: Final[tuple[str, ...]] = (*PLANTS, "LOG-05")
SHOWN: Final[tuple[str, ...]] = ("LOG-02", "LOG-06", "MFA-02", "MFA-04", "INC-01", "INC-04")
