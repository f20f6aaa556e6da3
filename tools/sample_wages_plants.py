"""How wages, hours and rest of the sample are broken."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from sample_files import Row
from sample_place import INDIA
from sample_plants import agents, some
from sample_room import Plants
from sample_truth import Truth
from sample_vendor import CLIENT, DAYS, Person, Vendor
from sample_work import Book


def _pay(book: Book, p: Person, payday: date) -> Row:
    return next(r for r in book["payroll"].rows if r["employee_id"] == p.employee_id and r["payday"] == payday)


def _credit(book: Book, p: Person, payday: date) -> Row:
    return next(r for r in book["bank"].rows if r["employee_id"] == p.employee_id and r["value_date"] == payday)


def _sheets(book: Book, p: Person) -> list[Row]:
    """The worked shifts of the period, by day."""
    mine = [r for r in book["timesheets"].rows if r["employee_id"] == p.employee_id and r["clock_in"]]
    return sorted((r for r in mine if r["work_date"] in DAYS and r["sched_start"]), key=lambda r: r["work_date"])


def _late_pay(book: Book, vendor: Vendor, truth: Truth) -> None:
    """People were paid four days late, one short at the next payday."""
    *late, short = agents(vendor, truth, some(vendor, 7))
    *_, middle, end = vendor.place.pay.banked
    for p in late:
        _credit(book, p, middle)["value_date"] = middle + timedelta(days=4)
        truth.expect("WRK-01", "payroll", _pay(book, p, middle), "paid four days late")
    _credit(book, short, end)["amount"] -= 500
    truth.expect("WRK-01", "payroll", _pay(book, short, end), "500 short")


def _plain_overtime(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Overtime of some agents was paid as ordinary hours."""
    for p in agents(vendor, truth, some(vendor, 6)):
        row = _pay(book, p, vendor.place.pay.covered[-1])
        if row["ot_hours"]:
            row["ot_pay"] = row["basic_hourly"] * row["ot_hours"]
            truth.expect("WRK-02", "payroll", row, "overtime paid as ordinary hours")


def _ordered(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Overtime of some agents was ordered, and two others were asked once it had begun."""
    *ordered, one, two = agents(vendor, truth, some(vendor, 7))
    for p in ordered:
        for row in [r for r in _sheets(book, p) if r["ot_hours"]][:2]:
            row |= {"ot_kind": "mandatory", "ot_consent_on": None, "ot_reason": "volume_spike"}
            truth.expect("WRK-03", "timesheets", row, "overtime was ordered")
    for p in (one, two):
        for row in [r for r in _sheets(book, p) if r["ot_hours"]][:1]:
            row["ot_consent_on"] = row["sched_end"] + timedelta(minutes=20)
            truth.expect("WRK-03", "timesheets", row, "consent was recorded after the overtime began")


def _long_days(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Two agents worked thirteen hours before their days off."""
    for p in agents(vendor, truth, 2, shift="day"):
        days = {r["work_date"] for r in book["timesheets"].rows if r["employee_id"] == p.employee_id}
        row = next(r for r in _sheets(book, p) if r["work_date"] + timedelta(days=1) not in days)
        consent = row["sched_end"] - timedelta(minutes=40)
        row |= {"clock_out": row["sched_end"] + timedelta(hours=5, minutes=5), "ot_hours": 5, "paid_hours": 13}
        row |= {"ot_kind": "voluntary", "ot_consent_on": consent, "ot_reason": "queue_cover"}
        truth.expect("WRK-04", "timesheets", row, "worked thirteen hours")
        _paid_too(book, row, 5)


def _paid_too(book: Book, sheet: Row, hours: int) -> None:
    """The overtime of this sheet was paid, if its pay period is the one that is looked at."""
    p: Person = sheet["_shift"].person
    first, last, payday = p.place.pay.covered
    if first <= sheet["work_date"] <= last:
        row = _pay(book, p, payday)
        extra = row["basic_hourly"] * hours * p.place.pay.overtime
        row |= {"ot_hours": row["ot_hours"] + hours, "ot_pay": row["ot_pay"] + extra}
        row |= {"gross": row["gross"] + extra, "net": row["net"] + extra}


def _late_roster(book: Book, vendor: Vendor, truth: Truth) -> None:
    """One team member's week was published three days ahead."""
    (p,) = agents(vendor, truth, 1)
    for row in _sheets(book, p)[5:8]:
        row["published_at"] = row["sched_start"] - timedelta(days=3)
        truth.expect("WRK-05", "timesheets", row, "published three days ahead")


def _night_by_schedule(book: Book, vendor: Vendor, truth: Truth) -> None:
    """The differential of four agents was cut; in India two women went home on their own, one never agreed."""
    if vendor.place is INDIA:
        *alone, unasked = agents(vendor, truth, 3, shift="night", mode="onsite", woman=True)
        for row in book["nights"].rows:
            if row["_person"] is unasked:
                row["consent_on"] = None
                truth.expect("WRK-06", "nights", row, "no consent to night work")
            elif row["_person"] in alone and row["shift_start"].date() in DAYS[11:18]:
                row["transport"] = "own"
                truth.expect("WRK-06", "nights", row, "no transport by the company")
        return
    for p in agents(vendor, truth, 4, shift="night"):
        row = _pay(book, p, vendor.place.pay.covered[-1])
        row["night_pay"] = (row["night_pay"] * Decimal("0.8")).quantize(Decimal("0.01"))
        truth.expect("WRK-06", "payroll", row, "night hours paid at less than a tenth on top")


def _boot_up(book: Book, vendor: Vendor, truth: Truth) -> None:
    """One agent starts the systems 25 minutes before the paid shift, every day of a pay period."""
    (p,) = agents(vendor, truth, 1, shift="day")
    first, last, payday = vendor.place.pay.covered
    for row in _sheets(book, p):
        if first <= row["work_date"] <= last:
            mine = [r for r in book["crm_events"].rows if r.get("_shift") is row["_shift"] and r["result"] == "success"]
            event = min(mine, key=lambda r: r["ts"])
            before, event["ts"] = event["ts"], row["clock_in"] - timedelta(minutes=25)
            for account in [r for key in ("crm", "client") for r in book[key].rows if r["last_login_at"] == before]:
                account["last_login_at"] = event["ts"]
            for entry in book["badge"].rows:
                if entry["employee_id"] == p.employee_id and abs(entry["ts"] - row["clock_in"]) < timedelta(hours=1):
                    entry["ts"] = row["clock_in"] - timedelta(minutes=28)
            truth.expect("WRK-07", "timesheets", row, "signed in 25 minutes before the paid shift")
    truth.expect("WRK-07", "payroll", _pay(book, p, payday), "the unpaid minutes add up")


def _no_meal(book: Book, vendor: Vendor, truth: Truth) -> None:
    """One agent's meal was cut short on two days."""
    short = vendor.place.pay.short_meal
    (p,) = agents(vendor, truth, 1, shift="day")
    for row in [r for r in _sheets(book, p) if r["work_date"] < DAYS[9]][:2]:
        row |= {"meal_minutes": short}
        truth.expect("WRK-08", "timesheets", row, f"a meal of {short} minutes")
        if not short:
            for control in ("WRK-02", "WRK-07"):
                truth.expect(control, "timesheets", row, "the meal was worked, and not paid")
            truth.expect("WRK-07", "payroll", _pay(book, p, vendor.place.pay.covered[-1]), "the meals add up")


def _held_pay(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Of one leaver of the summer the final pay is held, of another the certificate."""
    gone = [r for r in book["leavers"].rows if r["separated_on"] < date(2026, 9, 1) and r["_person"].client == CLIENT]
    gone.sort(key=lambda r: str(r["employee_id"]))
    del vendor
    gone[0]["final_pay_on"] = None
    truth.expect("WRK-10", "leavers", gone[0], "final pay is held")
    gone[1]["coe_issued_on"] = None
    truth.expect("WRK-10", "leavers", gone[1], "the certificate is held")


def _bonds(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A cash bond was taken off some agents, and one remittance was late."""
    for p in agents(vendor, truth, some(vendor, 5)):
        row = _pay(book, p, vendor.place.pay.covered[-1])
        row["deduction_kinds"] += ";cash_bond"
        truth.expect("WRK-11", "payroll", row, "a cash bond was taken off")
    row = next(r for r in book["contributions"].rows if r["scheme"] == vendor.place.pay.schemes[-1][0])
    row["paid_on"] = date(2026, 10, 27)
    truth.expect("WRK-11", "contributions", row, "remitted twelve days late")


def _unheard(book: Book, vendor: Vendor, truth: Truth) -> None:
    """At one site few answered."""
    row = next(r for r in book["pulse"].rows if r["site"] == vendor.place.sites[1].name)
    row["answered"] = row["invited"] // 3
    truth.expect("WRK-12", "pulse", row, "a third answered")


PLANTS: Final[Plants] = {
    "WRK-01": _late_pay,
    "WRK-02": _plain_overtime,
    "WRK-03": _ordered,
    "WRK-04": _long_days,
    "WRK-05": _late_roster,
    "WRK-06": _night_by_schedule,
    "WRK-07": _boot_up,
    "WRK-08": _no_meal,
    "WRK-10": _held_pay,
    "WRK-11": _bonds,
    "WRK-12": _unheard,
}
