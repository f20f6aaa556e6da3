"""What a missed punch leaves undecided beyond the sign-ins: hours, rest and pay of the days and period around it."""

from __future__ import annotations

from datetime import timedelta

from sample_files import Row
from sample_truth import Truth
from sample_work import Book

WHY = "the shift has no clock-out"


def doubt_hours(book: Book, truth: Truth, sheet: Row) -> None:
    """Note each row that nobody can decide because `sheet` lacks its clock-out."""
    who, day = sheet["employee_id"], sheet["work_date"]
    for control in ("WRK-02", "WRK-07", "WRK-08"):
        truth.doubt(control, "timesheets", sheet, WHY)
    for row in book["timesheets"].rows:
        if row["employee_id"] == who and row["clock_in"]:
            after = row["work_date"] - day
            if timedelta(0) <= after <= timedelta(days=6):
                truth.doubt("WRK-04", "timesheets", row, WHY)
            if timedelta(0) < after <= timedelta(days=2):
                truth.doubt("WRK-05", "timesheets", row, WHY)
    first = min(row["work_date"] for row in book["timesheets"].rows)
    for row in book["payroll"].rows:
        if row["employee_id"] == who and first <= row["period_start"] <= day <= row["period_end"]:
            at_night = sheet["_shift"].person.place.pay.at_night
            for control in ("WRK-02", *(("WRK-06",) if at_night else ()), "WRK-07"):
                truth.doubt(control, "payroll", row, WHY)
