"""The invented vendor at work: time sheets and sign-ins, shift by shift, and the last sign-in of each account."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from sample_files import Row, Table
from sample_names import account_id, code, factor, systems_of
from sample_place import START
from sample_vendor import DAYS, Person, Shift, Vendor, draw

Book = dict[str, Table]
"""The tables by a short name: the file's folder where several files make one kind."""


def work(book: Book, vendor: Vendor) -> None:
    """Fill in the time sheets, the sign-ins of each shift and, from them, the last sign-in of each account."""
    for shift in vendor.shifts:
        timesheet(book, shift)
        if shift.clock_in:
            _sign_ins(book, shift, shift.clock_in)
    _noise(book, vendor)
    _night_leaver(book, vendor)
    _at_the_edge(book, vendor)
    _last_logins(book)


def timesheet(book: Book, shift: Shift) -> Row:
    """Add the time sheet of a shift, times without a zone as the clocks show them, to the minute."""
    came = shift.clock_in is not None
    hours, key = Decimal(shift.overtime) / 60, (shift.person.seat, shift.day)
    return book["timesheets"].add(
        employee_id=shift.person.employee_id,
        work_date=shift.day,
        sched_start=shift.starts if shift.scheduled else None,
        sched_end=shift.ends if shift.scheduled else None,
        clock_in=shift.clock_in,
        clock_out=shift.clock_out,
        meal_minutes=60 if came else 0,
        paid_hours=8 + int(hours) if came else 0,
        ot_hours=int(hours),
        ot_kind="voluntary" if shift.overtime else None,
        ot_consent_on=shift.ends - timedelta(minutes=35 + draw("agreed", *key) % 300) if shift.overtime else None,
        ot_reason="queue_cover" if shift.overtime else None,
        published_at=published(shift),
        _shift=shift,
    )


def published(shift: Shift) -> datetime:
    """When the roster of the shift's week was published: on the Thursday ten days before that Monday."""
    monday = shift.day - timedelta(days=shift.day.weekday())
    return shift.person.place.at(monday - timedelta(days=11), 15 * 60)


def _sign_ins(book: Book, shift: Shift, clock_in: datetime) -> None:
    p, key = shift.person, (shift.person.seat, shift.day)
    systems = [s for s in systems_of(p) if s == "entra" or shift.day >= p.floor]
    for system in systems:
        moment = clock_in + timedelta(minutes=2 + draw(system, *key) % 12, seconds=draw("second", system, *key) % 60)
        rare = draw("weekly", *key) % (24 if at_home(p, shift.day) else 6)
        if system == "entra" and (rare or (p.mode == "hybrid" and not at_home(p, shift.day))):
            continue  # the session of a hybrid worker lives on the laptop at home
        if draw("mistyped", system, *key) % 40 == 0:
            sign_in(book, system, shift, moment - timedelta(seconds=35), result="failure")
        sign_in(book, system, shift, moment)
        if system == "crm" and draw("again", *key) % 6 == 0:
            sign_in(book, system, shift, moment + timedelta(minutes=270))


def at_home(p: Person, day: date) -> bool:
    """Whether this person works at home that day; hybrid workers change from week to week."""
    return p.mode == "wfh" or (p.mode == "hybrid" and draw("home", p.seat, day.isocalendar().week) % 2 == 0)


def sign_in(book: Book, system: str, shift: Shift, ts: datetime, *, result: str = "success") -> Row | None:
    """Add a sign-in of the shift's person, from the site or from home; None where it lies outside the period."""
    p = shift.person
    if not p.place.holds(ts):
        return None
    home = at_home(p, shift.day)
    seat = p.seat
    row: Row = {
        "ts": ts,
        "system": system,
        "account_id": account_id(system, p),
        "result": result,
        "factors": 2 if result == "success" else 1,
        "mfa_method": factor(system, p) if result == "success" else None,
        "src_ip": f"192.0.2.{10 + seat % 240}" if home else f"{p.place.site(p.site).network}.{10 + seat % 12}",
        "country": p.place.country,
        "device_id": p.laptop if home else p.desktop,
        "workstation_id": None if home else f"{p.site}-{seat:04d}",
        "session_id": code("session", system, p.seat, ts.isoformat(), result, size=10),
        "logout_ts": _signed_out(shift) if result == "success" else None,
        "remote": home,
        "city": p.place.site(p.site).city,
        "_person": p,
        "_shift": shift,
    }
    book[f"{system}_events"].rows.append(row)
    return row


def _signed_out(shift: Shift) -> datetime | None:
    if shift.clock_out is None:
        return None
    return shift.clock_out - timedelta(minutes=1 + draw("done", shift.person.seat, shift.day) % 9)


def _noise(book: Book, vendor: Vendor) -> None:
    """Attempts from outside that got nowhere: mistyped names, guessing from abroad. Nothing to find in them."""
    for n in range(6):
        ts = vendor.place.at(DAYS[(5 * n) % 31], 190 + 61 * n, 7 * n)
        book["crm_events"].add(
            ts=ts, system="crm", account_id=f"nw.guest{n}", result="failure", factors=1, mfa_method=None,
            src_ip=f"192.0.2.{250 - n}", country="BR", device_id=None, workstation_id=None,
            session_id=code("noise", n, size=10), logout_ts=None, remote=True,
        )  # fmt: skip


def _night_leaver(book: Book, vendor: Vendor) -> None:
    """The leaver of the night shift signs in after midnight of the last shift, which still is the last day.

    Not to the client's system: the client's list knows no shifts, so there the last sign-in lies before midnight.
    """
    p = next(p for p in vendor.those(status="terminated", shift="night") if p.last_day)
    shift = next(s for s in vendor.shifts if s.person is p and s.day == p.last_day)
    midnight = vendor.place.at(shift.day, 24 * 60)
    events = book["crm_events"]
    events.rows = [row for row in events.rows if row.get("_person") is not p or row["ts"] < midnight]
    sign_in(book, "entra", shift, midnight + timedelta(minutes=40, seconds=11))


def _at_the_edge(book: Book, vendor: Vendor) -> None:
    """Two sign-ins exactly half an hour before and after a shift: a limit is inclusive."""
    worked = (s for s in vendor.shifts if s.person.dials and s.person.on_floor and s.day == DAYS[7])
    shift, clocks = next((s, (s.clock_in, s.clock_out)) for s in worked if s.clock_in and s.clock_out)
    sheet = next(row for row in book["timesheets"].rows if row["_shift"] is shift)
    sheet |= {"paid_hours": sheet["paid_hours"] + 1, "ot_hours": sheet["ot_hours"] + 1, "ot_kind": "voluntary"}
    sheet |= {"ot_consent_on": shift.ends - timedelta(minutes=50), "ot_reason": "queue_cover"}
    for clock, minutes in zip(clocks, (-30, 30), strict=True):
        if clock:
            sign_in(book, "dialler", shift, clock + timedelta(minutes=minutes))


def _last_logins(book: Book) -> None:
    """Fill `last_login_at` from the sign-ins, so that both tell one story; without any, a day before the period."""
    seen: dict[tuple[str, str], datetime] = {}
    for system in ("entra", "crm", "dialler"):
        for row in book[f"{system}_events"].rows:
            if row["result"] == "success":
                key = (system, row["account_id"])
                seen[key] = max(row["ts"], seen.get(key, row["ts"]))
    for name in ("entra", "crm", "dialler", "client"):
        for row in book[name].rows:
            p: Person | None = row.get("_person")
            if p is not None:
                earlier = p.place.at(min(p.last_day or START, date(2026, 8, 28)), 9 * 60 + 12)
                fallback = earlier if p.hired < earlier.date() else None
                row["last_login_at"] = seen.get((row["system"], row["account_id"]), fallback)
