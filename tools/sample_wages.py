"""Wages, hours and rest: records of the sample, and how controls are broken."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from sample_files import Row, Table
from sample_place import INDIA
from sample_room import Plants, Source
from sample_vendor import CLIENT, DAYS, Person, Shift, Vendor, draw, pick
from sample_wages_plants import PLANTS as WAGE_PLANTS
from sample_work import Book, at_home

SOURCES: Final[tuple[Source, ...]] = (
    Source("payroll", ("payroll",), "payroll", "10:40"),
    Source("bank_credits", ("bank",), "house-bank", "10:45"),
    Source("contributions", ("contributions",), "payroll", "10:50", typed=True),
    Source("calendar", ("calendar",), "hr-systems", "09:12", typed=True),
    Source("night_work", ("nights",), "transport-desk", "09:50"),
    Source("pulse", ("pulse",), "hr-systems", "09:14", typed=True),
)
CLIENT_SOURCES: Final[tuple[Source, ...]] = ()
CONTROLS: Final[tuple[str, ...]] = (
    *(f"WRK-{number:02d}" for number in range(1, 9)), "WRK-10", "WRK-11", "WRK-12",
)  # fmt: skip
SHOWN: Final[tuple[str, ...]] = (
    "WRK-01", "WRK-02", "WRK-03", "WRK-04", "WRK-05", "WRK-06", "WRK-07", "WRK-08", "WRK-11",
)  # fmt: skip
PLANTS: Final[Plants] = WAGE_PLANTS
PAYROLL: Final = (
    "employee_id period_start period_end payday basic basic_hourly regular_hours ot_hours ot_pay rest_day_hours "
    "rest_day_pay night_hours night_pay deductions deduction_kinds gross net payslip_on thirteenth_month"
)
CENT: Final = Decimal("0.01")


def fill(book: Book, vendor: Vendor) -> None:
    """Add the tables of these domains without any weakness."""
    book["payroll"] = _table("payroll", "hr/payroll_register.csv", PAYROLL, "period_end employee_id")
    book["bank"] = _table(
        "bank_credits", "bank/credits.csv", "employee_id value_date amount batch purpose", "value_date employee_id"
    )
    sheets: dict[str, list[Row]] = {}
    for row in book["timesheets"].rows:
        sheets.setdefault(row["employee_id"], []).append(row)
    for p in vendor.people:
        for period in vendor.place.pay.cutoffs:
            if p.status != "on_leave" and p.hired <= period[1] and (p.last_day is None or p.last_day >= period[0]):
                _pay(book, p, period, sheets.get(p.employee_id, []))
    if vendor.place is INDIA:
        _night_register(book, vendor)
    _contributions(book, vendor)
    book["calendar"] = _table("calendar", "hr/calendar.csv", "date country state site kind name", "date")
    day, kind, name = vendor.place.pay.holiday
    book["calendar"].add(date=day, country=vendor.place.country, state=None, site=None, kind=kind, name=name)
    book["pulse"] = _table(
        "pulse",
        "hr/pulse.csv",
        "survey_on site invited answered score grievance_opened grievance_closed_30d channel",
        "survey_on site",
    )
    for n, site in enumerate(sorted(site.name for site in vendor.place.sites)):
        asked = len(vendor.those(site=site, status="active"))
        book["pulse"].add(
            survey_on=date(2026, 9, 14 + n), site=site, invited=asked, answered=asked * 3 // 4, score=64 + n,
            grievance_opened=10, grievance_closed_30d=9 + n, channel="third_party",
        )  # fmt: skip


def _table(kind: str, file: str, columns: str, order: str) -> Table:
    return Table(kind, file, tuple(columns.split()), tuple(order.split()))


def _pay(book: Book, p: Person, period: tuple[date, date, date], sheets: list[Row]) -> None:
    """One line of the payroll register and the credit that the bank shows for it."""
    (start, end, payday), law = period, p.place.pay
    hourly = Decimal(law.cents_an_hour + 25 * (draw("hourly", p.seat) % 240)) / 100
    mine = [row for row in sheets if start <= row["work_date"] <= end and row["clock_in"]]
    known = start > date(2026, 9, 30)
    regular = (
        sum((row["paid_hours"] - row["ot_hours"] for row in mine if row["sched_start"]), 0) if known else law.hours
    )
    overtime = sum(row["ot_hours"] for row in mine) if known else 0
    resting = sum(row["paid_hours"] for row in mine if row["sched_start"] is None) if known else 0
    nights = [night_share(row["_shift"]) for row in mine] if known and law.at_night else []
    row: Row = {
        "employee_id": p.employee_id, "period_start": start, "period_end": end, "payday": payday,
        "basic": _cents(hourly * regular), "basic_hourly": hourly, "regular_hours": regular + resting,
        "ot_hours": overtime, "ot_pay": _cents(hourly * overtime * law.overtime),
        "rest_day_hours": resting, "rest_day_pay": _cents(hourly * resting * law.rest_day),
        "night_hours": sum(round(hours) for hours, _ in nights), "deduction_kinds": law.deductions,
        "night_pay": _cents(hourly * sum((share for _, share in nights), Decimal(0))),
        "payslip_on": payday if payday in law.banked else None, "thirteenth_month": Decimal("0.00"), "_person": p,
    }  # fmt: skip
    row["gross"] = row["basic"] + row["ot_pay"] + row["rest_day_pay"] + row["night_pay"]
    row["deductions"] = _cents(row["gross"] * law.withheld / 100)
    row["net"] = row["gross"] - row["deductions"]
    book["payroll"].rows.append(row)
    if row["net"] and payday in law.banked:
        book["bank"].add(
            employee_id=p.employee_id, value_date=payday, amount=row["net"], batch=f"PAY-{payday:%m%d}",
            purpose="salary", _person=p,
        )  # fmt: skip


def _cents(amount: Decimal) -> Decimal:
    """The amount in whole cents, rounded up as payroll does in favour of staff."""
    return -(-amount // CENT) * CENT


def night_share(shift: Shift) -> tuple[Decimal, Decimal]:
    """Hours between ten at night and six less the meal, and the hours' pay due on top for them."""
    if shift.clock_in is None or shift.clock_out is None:
        return Decimal(0), Decimal(0)
    night, late, at = 0, 0, shift.person.place.at
    normal = shift.clock_in + timedelta(hours=9)
    for day in (-1, 0, 1):
        first, last = at(shift.day, (22 + 24 * day) * 60), at(shift.day, (30 + 24 * day) * 60)
        night += max(0, int((min(shift.clock_out, last) - max(shift.clock_in, first)).total_seconds()))
        late += max(0, int((min(shift.clock_out, last) - max(normal, first)).total_seconds()))
    plain = max(0, night - late - 3600)
    return Decimal(night) / 3600, Decimal(plain) / 36000 + Decimal(late) * Decimal("0.125") / 3600


def _night_register(book: Book, vendor: Vendor) -> None:
    """The women who work between seven in the evening and six, that they agreed, and how they travel; none at home."""
    book["nights"] = _table(
        "night_work",
        "transport/night_work.csv",
        "employee_id shift_start shift_end gender consent_on transport",
        "shift_start employee_id",
    )
    for shift in vendor.shifts:
        p = shift.person
        if (
            p.woman
            and shift.day in DAYS
            and p.shift in {"mid", "night"}
            and shift.clock_in
            and not at_home(p, shift.day)
        ):
            book["nights"].add(
                employee_id=p.employee_id, shift_start=shift.starts, shift_end=shift.ends, gender="f",
                consent_on=p.hired, transport=pick(["company_cab", "company_cab", "company_bus"], "transport", p.seat),
                _person=p,
            )  # fmt: skip


def _contributions(book: Book, vendor: Vendor) -> None:
    """The receipts of September for the people who work for the client: all three schemes, in time."""
    book["contributions"] = _table(
        "contributions", "hr/contributions.csv", "scheme month employees amount due_on paid_on", "month scheme"
    )
    ours = {p.employee_id for p in vendor.people if p.client == CLIENT}
    paid = {row["employee_id"] for row in book["payroll"].rows if row["period_end"].month == 9} & ours  # noqa: PLR2004
    for scheme, share, due in vendor.place.pay.schemes:
        book["contributions"].add(
            scheme=scheme, month="2026-09", employees=len(paid), amount=len(paid) * share,
            due_on=date(2026, 10, due), paid_on=date(2026, 10, 12),
        )  # fmt: skip
