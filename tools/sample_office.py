"""The back-office records of the invented vendor: mail trace, mailbox rules, settings, data holdings, recordings."""

from __future__ import annotations

from datetime import date, timedelta

from sample_files import Row, Table
from sample_place import Place
from sample_vendor import CLIENT, DAYS, OTHER_CLIENT, Person, Vendor, draw, pick


def partners(domain: str) -> tuple[str, ...]:
    """Where the vendor's mail normally goes."""
    return (
        "northwind.example", "northwind.example", "northwind.example", "tailspin.example", domain, f"it.{domain}",
        "courier.example", "payroll-bureau.example", "landlord.example",
    )  # fmt: skip


def writers(vendor: Vendor) -> list[Person]:
    """Those who send mail at work: everybody but agents, and of the client's programme only."""
    return [p for p in vendor.people if p.role != "agent" and p.status == "active" and p.client == CLIENT]


def mail(table: Table, vendor: Vendor) -> None:
    """About one mail a day and writer; two a week to free-mail domains are stopped at the gateway, as is right."""
    people, place = writers(vendor), vendor.place
    for day in DAYS:
        for n in range(len(people)):
            p = people[draw("writer", day, n) % len(people)]
            size = draw("size", day, n) % 200_000 if draw("attached", day, n) % 3 == 0 else 0
            to, many = pick(partners(place.domain), "to", day, n), 1 + draw("how many", day, n) % 3
            table.add(
                ts=place.at(day, 8 * 60 + draw("sent", day, n) % 600, n % 60),
                sender=p.mail,
                recipient_domain=to,
                recipient_count=many,
                visible_external=0 if to.endswith(place.domain) else many + 2 * (draw("in sight", day, n) % 40 == 0),
                attachment_types=pick(["pdf", "xlsx", "docx"], "type", day, n) if size else None,
                attachment_bytes=size,
                encrypted=True,
                dlp_label="none",
                dlp_action="none",
            )
        if day.weekday() in {1, 4}:
            stopped_mail(table, people[draw("stopped", day) % len(people)], day)


def stopped_mail(table: Table, p: Person, day: date) -> None:
    """A mail to a free-mail domain that did not leave."""
    action = "block" if day.weekday() == 1 else "quarantine"
    table.add(
        ts=p.place.at(day, 11 * 60 + draw("stopped at", day) % 300), sender=p.mail, recipient_domain="gmail.com",
        recipient_count=1, visible_external=1, attachment_types="xlsx", attachment_bytes=48_112, encrypted=False,
        dlp_label="bulk", dlp_action=action,
    )  # fmt: skip


def rules(table: Table, vendor: Vendor) -> None:
    """Twenty mailbox rules: sorting, forwarding inside the house, an old forward to outside that is switched off."""
    people, place = writers(vendor), vendor.place
    for n in range(20):
        p = people[n * len(people) // 20]
        target = (None, None, place.domain, f"helpdesk.{place.domain}")[n % 4]
        name = ("Sort newsletters", "Colour client mail", "Copy to team box", "To the help desk")[n % 4]
        outside = n == 9  # noqa: PLR2004
        table.add(
            mailbox=p.mail,
            rule="Old forward" if outside else name,
            target_domain="outlook.com" if outside else target,
            enabled=not outside,
            created_at=place.at(date(2026, 2, 3) + timedelta(days=9 * n), 10 * 60 + n),
            _person=p,
        )


def settings(table: Table) -> None:
    """What the mail tenant, the identity provider and the CRM are set to."""
    for system, setting, value, unit in (
        ("crm", "idle_lock_minutes", "10", "min"),
        ("crm", "mfa_required", "true", "bool"),
        ("crm", "password_min_length", "12", "chars"),
        ("entra", "external_forwarding_blocked", "true", "bool"),
        ("entra", "legacy_auth_blocked", "true", "bool"),
        ("entra", "lockout_attempts", "8", "attempts"),
        ("entra", "lockout_minutes", "30", "min"),
        ("entra", "mfa_required", "true", "bool"),
        ("entra", "password_min_length", "14", "chars"),
    ):
        table.add(system=system, setting=setting, value=value, unit=unit)


def datasets(table: Table, client: str, place: Place) -> None:
    """Twelve data holdings, each within its own limit; one of them is empty."""
    for number, system, owner, data_class, rows, age, days, basis in (
        (1, "crm", client, "contact", 184_220, 340, 365, "contract 7.2"),
        (2, "crm", client, "chat", 40_118, 150, 180, "contract 7.2"),
        (3, "dialler", client, "recording", 212_904, 84, 90, "contract 7.3"),
        (4, "dialler", client, "log", 902_113, 171, 180, "house"),
        (5, "entra", None, "log", 1_204_551, 360, 365, "law: security logs one year"),
        (6, "mail", None, "mail", 310_877, 165, 180, "house"),
        (7, "quality", client, "recording", 412, 61, 90, "house"),
        (8, "payroll", None, "payroll", 48_120, 1_090, 1_825, "law: pay records"),
        (9, "hr", None, "screening", 1_311, 700, 730, "contract 9.1"),
        (10, "fileshare", client, "contact", 2_204, 29, 30, "contract 7.2"),
        (11, "quality", OTHER_CLIENT, "recording", 96, 12, 90, "house"),
        (12, "archive", client, "contact", 0, None, 180, "house"),
    ):
        table.add(
            dataset_id=f"DS-{number:02d}", system=system, client=owner, data_class=data_class, rows=rows,
            oldest_record_on=date(2026, 11, 1) - timedelta(days=age) if age is not None else None, retention_days=days,
            retention_basis=basis, encrypted=True, storage_country=place.country,
        )  # fmt: skip


def recordings(table: Table, vendor: Vendor) -> None:
    """One recording a day for five people; one call in eight is a payment and paused; some are erased on request."""
    by_day: dict[date, list[Person]] = {}
    for shift in vendor.shifts:
        if (
            shift.clock_in
            and shift.person.role == "agent"
            and shift.person.on_floor
            and shift.day >= shift.person.floor
        ):
            by_day.setdefault(shift.day, []).append(shift.person)
    for day in DAYS:
        people = by_day[day]
        for n in range(max(8, len(vendor.people) // 5)):
            p = people[draw("call", day, n) % len(people)]
            first = {"day": 7, "mid": 14, "night": 22, "office": 8}[p.shift]
            ts = p.place.at(day, first * 60 + 20 + draw("call at", day, n) % 400, n % 60)
            if p.place.holds(ts):
                table.add(recording_id=f"REC-{ts:%Y%m%d}-{day.day:02d}{n:03d}", ts=ts, **_recording(p, n, day))
    table.rows[5] |= {"scan_pan_hits": 2, "deleted_on": date(2026, 10, 4)}


def _recording(p: Person, n: int, day: date) -> Row:
    payment = draw("payment", day, n) % 8 == 0 and p.client == CLIENT
    erased = draw("erased", day, n) % 90 == 0
    return {
        "agent_id": p.employee_id,
        "client": p.client,
        "payment_call": payment,
        "paused_seconds": 40 + draw("pause", day, n) % 201 if payment else 0,
        "scan_pan_hits": 0,
        "encrypted": True,
        "deleted_on": min(day + timedelta(days=9), date(2026, 10, 31)) if erased else None,
    }
