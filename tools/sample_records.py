"""The records of the invented vendor: one table for each evidence file of a sample pack, before anything is planted."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sample_files import Row, Table
from sample_layouts import attendance_report, dialler_sign_ins, entra_sign_ins, roster_report
from sample_names import account_id, code, factor, systems_of
from sample_office import datasets, mail, recordings, rules, settings
from sample_place import END, Place
from sample_vendor import CLIENT, Person, Vendor, draw, pick
from sample_work import Book, work

ACCOUNT: Final = (
    "system account_id employee_id account_type enabled privileged role client created_at last_login_at disabled_at "
    "mfa_enrolled mfa_method mfa_identifier_hash password_last_set exception_until"
)
CRM_EVENT: Final = (
    "ts system account_id result factors mfa_method src_ip country device_id workstation_id session_id logout_ts remote"
)
DIAL_EVENT: Final = (
    "ts system account_id result factors mfa_method src_ip country device_id workstation_id session_id logout_ts remote"
)
TIMESHEET: Final = (
    "employee_id work_date sched_start sched_end clock_in clock_out meal_minutes paid_hours ot_hours ot_kind "
    "ot_consent_on ot_reason published_at"
)
MAIL: Final = (
    "ts sender recipient_domain recipient_count visible_external attachment_types attachment_bytes encrypted dlp_label "
    "dlp_action"
)
DATASET: Final = (
    "dataset_id system client data_class rows oldest_record_on retention_days retention_basis encrypted storage_country"
)
WFH: Final = (
    "employee_id agreement_signed_on approved_by approved_until device_id home_check_on home_check_method "
    "home_check_result monitoring_notice_on"
)


def records(vendor: Vendor) -> Book:
    """All tables of the vendor without any weakness; sorted when they are written."""
    book: Book = {
        "roster": roster_report(),
        "leave": _table("leave", "hr/leave.csv", "employee_id start end kind", "employee_id start"),
        "leavers": _table(
            "leavers",
            "hr/leavers.csv",
            "employee_id separated_on kind final_pay_on coe_requested_on coe_issued_on assets_returned_on "
            "badge_disabled_at",
            "separated_on employee_id",
        ),
        "wfh": _table("wfh_register", "hr/wfh_register.csv", WFH, "employee_id"),
        "timesheets": attendance_report(TIMESHEET.split()),
        "entra": _table("accounts", "entra/accounts.csv", ACCOUNT, "account_id"),
        "crm": _table("accounts", "crm/accounts.csv", ACCOUNT, "account_id"),
        "dialler": _table("accounts", "dialler/accounts.csv", ACCOUNT, "account_id"),
        "identity": _table(
            "identity_map",
            "identity_map.csv",
            "employee_id system account_id email badge_pin",
            "employee_id system account_id",
        ),
        "entra_events": entra_sign_ins(),
        "crm_events": _table("auth_events", "crm/sign_ins.csv", CRM_EVENT, "ts account_id"),
        "dialler_events": dialler_sign_ins(DIAL_EVENT.split()),
        "mail": _table("mail_trace", "mail/mail_trace.csv", MAIL, "ts sender"),
        "rules": _table(
            "mail_rules", "mail/mail_rules.csv", "mailbox rule target_domain enabled created_at", "mailbox rule"
        ),
        "settings": _table("settings", "settings.csv", "system setting value unit", "system setting"),
        "datasets": _table("datasets", "datasets.csv", DATASET, "dataset_id"),
        "recordings": _table(
            "recordings",
            "dialler/recordings.csv",
            "recording_id ts agent_id client payment_call paused_seconds scan_pan_hits encrypted deleted_on",
            "recording_id",
        ),
        "client": Table(
            "client_accounts",
            "client_accounts.csv",
            ("system", "account_id", "employee_id", "enabled", "role", "last_login_at", "created_at"),
            ("account_id",),
            party="client",
        ),
    }
    _people(book, vendor)
    work(book, vendor)
    _office(book, vendor)
    return book


def _table(kind: str, file: str, columns: str, order: str) -> Table:
    return Table(kind, file, tuple(columns.split()), tuple(order.split()))


def _people(book: Book, vendor: Vendor) -> None:
    leads = [p.employee_id for p in vendor.those(role="manager")]
    for p in vendor.people:
        book["roster"].add(
            **{name: getattr(p, name) for name in _ROSTER.split()}, last_day_worked=p.last_day, _person=p
        )
        for system in systems_of(p):
            book[system].rows.append(account(system, p))
            mail = account_id("entra", p) if system == "entra" else None
            book["identity"].add(employee_id=p.employee_id, system=system, account_id=account_id(system, p), email=mail)
            if system == "crm":
                _client_account(book, p)
        if p.status == "active":
            pin = f"{p.seat:05d}"
            book["identity"].add(employee_id=p.employee_id, system="badge", account_id=None, email=None, badge_pin=pin)
        if p.last_day and p.separated:
            _leaver(book, p, p.last_day, p.separated)
        if p.mode != "onsite" and p.status == "active":
            _home_worker(book, p, pick(leads, "approver", p.seat))
    for absence in vendor.absences:
        book["leave"].add(
            employee_id=absence.person.employee_id, start=absence.start, end=absence.end, kind=absence.kind
        )
    _shared_services(book, vendor.place)


_ROSTER: Final = "employee_id site role client employment manager_id hired floor separated status mode"


def account(system: str, p: Person) -> Row:
    """A person's account as the system lists it; the last sign-in follows later, from the sign-ins."""
    created = p.place.at(
        max(p.hired, p.floor - timedelta(days=1)) if system != "entra" else p.hired, 9 * 60, p.seat % 60
    )
    method = factor(system, p)
    return {
        "system": system,
        "account_id": account_id(system, p),
        "employee_id": p.employee_id,
        "account_type": "person",
        "enabled": p.status == "active",
        "privileged": p.role == "it_admin",
        "role": p.role,
        "client": p.client,
        "created_at": created,
        "last_login_at": None,
        "disabled_at": _disabled_at(system, p),
        "mfa_enrolled": True,
        "mfa_method": method,
        "mfa_identifier_hash": code("factor", "phone" if method in {"push", "totp"} else "key", p.employee_id),
        "password_last_set": max(
            created.date(), date(2026, 10, 20) - timedelta(days=draw("password", system, p.seat) % 80)
        ),
        "exception_until": None,
        "_person": p,
    }


def _disabled_at(system: str, p: Person) -> datetime | None:
    if p.status == "active":
        return None
    if p.last_day is None:
        return p.place.at(date(2026, 9, 1), 8 * 60 + p.seat % 60)
    if p.shift == "night":
        return p.place.at(p.last_day, 48 * 60 + 5 * 60, draw("disabled", system, p.seat) % 60)
    minutes = 17 * 60 + draw("disabled", system, p.seat) % (6 * 60 if p.role == "it_admin" else 20 * 60)
    return p.place.at(p.last_day, minutes, p.seat % 60)


def _client_account(book: Book, p: Person) -> None:
    unknown = draw("client knows", p.seat) % 25 == 0
    book["client"].add(
        system="crm",
        account_id=account_id("crm", p),
        employee_id=None if unknown else p.employee_id,
        enabled=p.status == "active",
        role=p.role,
        last_login_at=None,
        created_at=account("crm", p)["created_at"],
        _person=p,
    )


def _leaver(book: Book, p: Person, last_day: date, separated: date) -> None:
    paid = separated + timedelta(days=p.place.pay.final_days)
    book["leavers"].add(
        employee_id=p.employee_id,
        separated_on=separated,
        kind=pick(["resigned", "resigned", "end_of_contract", "absent_without_leave"], "leaver", p.seat),
        final_pay_on=paid if paid < END else None,
        coe_requested_on=separated,
        coe_issued_on=separated + timedelta(days=2),
        assets_returned_on=last_day,
        badge_disabled_at=p.place.at(last_day, (24 + 7 if p.shift == "night" else 19) * 60 + p.seat % 60),
        _person=p,
    )


def _home_worker(book: Book, p: Person, approver: str) -> None:
    signed = max(p.hired, date(2026, 9, 28) - timedelta(days=draw("agreement", p.seat) % 300))
    open_end = draw("open end", p.seat) % 4 == 0
    until = signed.replace(year=signed.year + 1)
    book["wfh"].add(
        employee_id=p.employee_id,
        agreement_signed_on=signed,
        approved_by=approver,
        approved_until=None if open_end else until,
        device_id=p.laptop,
        home_check_on=signed - timedelta(days=3),
        home_check_method=pick(["live_video", "visit"], "home check", p.seat),
        home_check_result="pass",
        monitoring_notice_on=signed,
        _person=p,
    )


def _shared_services(book: Book, place: Place) -> None:
    """Accounts that belong to no person: services, and the sealed administrator of last resort."""
    for system, name, kind in (
        ("entra", f"svc.backup@{place.domain}", "service"),
        ("entra", f"svc.hrsync@{place.domain}", "service"),
        ("entra", f"breakglass@{place.domain}", "admin"),
        ("dialler", "svc.recorder", "service"),
    ):
        row: Row = dict.fromkeys(ACCOUNT.split())
        row |= {
            "system": system,
            "account_id": name,
            "account_type": kind,
            "enabled": True,
            "privileged": kind == "admin",
        }
        row |= {"created_at": place.at(date(2024, 3, 4), 600), "mfa_enrolled": kind == "admin"}
        row |= {"password_last_set": date(2026, 9, 14), "role": "system"}
        if kind == "admin":
            row |= {"mfa_method": "fido2", "mfa_identifier_hash": code(name), "exception_until": date(2026, 11, 30)}
        book[system].rows.append(row)


def _office(book: Book, vendor: Vendor) -> None:
    mail(book["mail"], vendor)
    rules(book["rules"], vendor)
    settings(book["settings"])
    datasets(book["datasets"], CLIENT, vendor.place)
    recordings(book["recordings"], vendor)
