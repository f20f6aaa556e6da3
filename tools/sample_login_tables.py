"""Help-desk resets, the directory's log, alerts, incidents, drills and settings of the sample, without any weakness."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sample_files import Row, Table
from sample_names import account_id
from sample_place import Place
from sample_vendor import CLIENT, DAYS, Person, Vendor, draw, pick
from sample_work import Book

RESET: Final = (
    "ticket_id ts system account_id reset_type handler_id verify_method verified owner_notified_at manager_approved"
)
INCIDENT: Final = (
    "incident_id source_ref kind occurred_at aware_at client_notified_at regulator regulator_notified_at "
    "full_report_at subjects sensitive contained_at closed_on dismissal_reason"
)
METHODS: Final = ("callback_to_roster_number", "callback_to_roster_number", "manager_video", "id_badge_in_person")


def table(kind: str, file: str, columns: str, *order: str) -> Table:
    """An empty evidence file with canonical columns."""
    return Table(kind, file, tuple(columns.split()), order)


def resets(book: Book, vendor: Vendor) -> None:
    """Two resets a day on the help desk's tickets, each a minute before the change in the directory."""
    book["resets"] = table("resets", "helpdesk/resets.csv", RESET, "ts", "ticket_id")
    book["changes"] = table(
        "credential_changes", "entra/credential_changes.csv", "ts system account_id change actor_id", "ts", "account_id"
    )
    desk = vendor.those(role="it_admin", status="active")
    people = [p for p in vendor.those(client=CLIENT, status="active") if p.on_floor and p.role != "it_admin"]
    for n, day in enumerate(day for day in DAYS for _ in range(2)):
        p, ts = pick(people, "reset", n), vendor.place.at(day, 8 * 60 + draw("reset at", n) % 720, n % 60)
        reset(book, p, ts, desk[n % len(desk)], n)
        own = pick(people, "own", n)
        mine = account_id("entra", own)
        moment = vendor.place.at(day, 7 * 60 + draw("own at", n) % 720, n % 60)
        book["changes"].add(ts=moment, system="entra", account_id=mine, change="password", actor_id=mine)


def reset(book: Book, p: Person, ts: datetime, handler: Person, n: int) -> Row:
    """Add one reset and what the directory says of it; every sixth one is done by the owner, with a second factor."""
    alone, factor = n % 6 == 0, n % 3 == 0
    for later, change in ((60, "factor_removed"), (150, "factor_added")) if factor else ((60, "password"),):
        book["changes"].add(
            ts=ts + timedelta(seconds=later), system="entra", account_id=account_id("entra", p), change=change,
            actor_id=account_id("entra", handler),
        )  # fmt: skip
    return book["resets"].add(
        ticket_id=f"HD-{26_100 + n}", ts=ts, system="entra", account_id=account_id("entra", p),
        reset_type="factor" if factor else "password", handler_id=None if alone else handler.employee_id,
        verify_method="self_service_strong" if alone else pick(METHODS, "proof", n), verified=True,
        owner_notified_at=ts + timedelta(minutes=draw("notice", n) % 10, seconds=5), manager_approved=True, _person=p,
    )  # fmt: skip


INCIDENTS: Final = (
    # kind, day of October, hour, people, sensitive, whether a regulator must know
    ("misdirected_mail", 3, 15, 1, False, False),
    ("lost_device", 8, 23, 12, False, False),
    ("unauthorised_access", 14, 10, 140, True, True),
    ("outage", 20, 9, 0, False, False),
    ("fraud", 24, 18, 3, True, False),
)
SIGNAL: Final = {"unauthorised_access": "edr", "outage": "other", "fraud": "dlp"}
REASONS: Final = ("test file of the maker", "mail to the client's own domain", "device found the same hour")


def incidents(book: Book, place: Place) -> None:
    """Five incidents and twenty alerts that came to nothing; everybody who must be told was."""
    book["incidents"] = table("incidents", "security/incidents.csv", INCIDENT, "incident_id")
    book["alerts"] = table("alerts", "security/alerts.csv", "alert_id ts kind severity incident_id", "ts", "alert_id")
    for n, (kind, day, hour, people, sensitive, grave) in enumerate(INCIDENTS):
        aware = place.at(date(2026, 10, day), hour * 60, 17 * n)
        told = aware + timedelta(hours=2 + 3 * n)
        entry = _entry(n, kind, aware) | {"subjects": people, "sensitive": sensitive}
        entry |= {"client_notified_at": told if people else None, "contained_at": aware + timedelta(hours=5)}
        if grave:
            notified = aware + timedelta(hours=place.notice_hours)
            entry |= {"regulator": place.regulator, "regulator_notified_at": notified}
            entry["full_report_at"] = notified + timedelta(days=4)
        book["incidents"].rows.append(entry)
        alert(book, SIGNAL.get(kind, kind), aware - timedelta(minutes=25), entry)
    for n in range(20):
        seen = place.at(DAYS[(3 * n) % 31], 9 * 60 + draw("alert", n) % 600, n)
        entry = _entry(10 + n, "dismissed", seen + timedelta(hours=1 + n % 30)) | {"dismissal_reason": REASONS[n % 3]}
        book["incidents"].rows.append(entry)
        alert(book, ("dlp", "edr", "lost_device")[n % 3], seen, entry)


def _entry(n: int, kind: str, aware: datetime) -> Row:
    row: Row = dict.fromkeys(INCIDENT.split())
    closed = min(aware.date() + timedelta(days=2), date(2026, 10, 31))
    return row | {
        "incident_id": f"INC-26-{n:03d}", "kind": kind, "aware_at": aware, "occurred_at": aware - timedelta(hours=3),
        "closed_on": closed,
    }  # fmt: skip


def alert(book: Book, kind: str, ts: datetime, entry: Row | None) -> Row:
    """Add the alert behind an entry of the register, or one that nobody followed up."""
    name = f"AL-{4000 + len(book['alerts'].rows)}"
    if entry is not None:
        entry["source_ref"] = name
    return book["alerts"].add(
        alert_id=name, ts=ts, kind=kind, severity=pick(["low", "medium", "high"], "severity", name),
        incident_id=entry and entry["incident_id"],
    )  # fmt: skip


def drills(book: Book, place: Place) -> None:
    """What was rehearsed within two years; the open actions of the last rehearsal are young."""
    book["rehearsals"] = table(
        "drills", "bcm/drills.csv", "drill_id kind held_on site subject_id result retest_of findings_open", "held_on"
    )
    first, second = (site.name for site in place.sites)
    for n, (kind, held, site, result, open_) in enumerate(
        (
            ("incident_response", date(2025, 5, 14), first, "pass", 0),
            ("business_continuity", date(2026, 2, 11), second, "pass", 0),
            ("incident_response", date(2026, 6, 24), first, "pass", 0),
            ("incident_response", date(2026, 7, 8), first, "void", 4),
            ("business_continuity", date(2026, 9, 16), first, "pass", 2),
        )
    ):
        book["rehearsals"].add(
            drill_id=f"DR-{n + 1:02d}", kind=kind, held_on=held, site=site, subject_id=None, result=result,
            retest_of=None, findings_open=open_,
        )  # fmt: skip


def policies(book: Book) -> None:
    """Password, lockout and lock settings; the dialler and the CRM have passwords of their own."""
    listed = {(row["system"], row["setting"]): row for row in book["settings"].rows}
    for system, setting, value, unit in (
        ("crm", "lockout_attempts", "6", "attempts"),
        ("crm", "lockout_minutes", "0", "min"),
        ("crm", "password_history", "5", "passwords"),
        ("crm", "password_min_length", "16", "chars"),
        ("dialler", "breached_password_check", "true", "bool"),
        ("dialler", "lockout_attempts", "10", "attempts"),
        ("dialler", "lockout_minutes", "60", "min"),
        ("dialler", "password_history", "4", "passwords"),
        ("dialler", "password_max_age_days", "0", "days"),
        ("dialler", "password_min_length", "15", "chars"),
        ("entra", "breached_password_check", "true", "bool"),
        ("entra", "password_history", "24", "passwords"),
        ("mdm", "desktop_idle_lock_minutes", "5", "min"),
        ("mdm", "idle_lock_user_can_change", "false", "bool"),
    ):
        if (system, setting) in listed:
            listed[system, setting] |= {"value": value, "unit": unit}
        else:
            book["settings"].add(system=system, setting=setting, value=value, unit=unit)
