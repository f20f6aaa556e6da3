"""The questions that the twelve controls ask of the sign-ins, written by hand in Polars over the pack's own files.

LOG-03 (every successful sign-in of an agent lies in a shift of the owner, half an hour around it allowed) and LOG-07
(only from agreed countries). No privacy, no pointers, no third answer, nothing kept: only the two counts.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

GRACE = pl.duration(minutes=30)
SHAPE = "%Y-%m-%dT%H:%M:%SZ"


def instant(name: str) -> pl.Expr:
    """A column of instants that end in Z."""
    return pl.col(name).str.to_datetime(SHAPE, time_unit="us").dt.replace_time_zone("UTC")


def main(pack: Path) -> None:
    """Print the number of exceptions to both."""
    log = pl.scan_csv(pack / "crm" / "sign_ins.csv", infer_schema=False)
    signins = log.filter(pl.col("result") == "success").select(
        instant("ts"), pl.col("account_id").str.to_lowercase(), pl.col("country").str.to_uppercase()
    )
    away = signins.filter(~pl.col("country").is_in(["PH", "IN"])).select(pl.len())
    accounts = pl.scan_csv(pack / "crm" / "accounts.csv", infer_schema=False).filter(pl.col("account_type") == "person")
    roster = pl.scan_csv(pack / "hr" / "roster_2026-11-01.csv", infer_schema=False)
    agents = roster.filter(pl.col("Position") == "Customer Service Representative")
    owners = accounts.join(agents, left_on="employee_id", right_on="Employee No.", how="semi").select(
        pl.col("account_id").str.to_lowercase(), "employee_id"
    )
    shifts = shifts_of(pack / "wfm" / "attendance_2026-10.xlsx").lazy()
    owned = signins.join(owners, on="account_id").with_row_index("number")
    days = pl.concat(
        [
            owned.with_columns((pl.col("ts").dt.offset_by("8h").dt.date() - pl.duration(days=d)).alias("day"))
            for d in (0, 1)
        ]
    )
    met = days.join(shifts, on=["employee_id", "day"])
    inside = (
        met.filter(pl.col("ts").is_between(pl.col("begin") - GRACE, pl.col("end") + GRACE)).select("number").unique()
    )
    outside = owned.join(inside, on="number", how="anti").select(pl.len())
    print([frame.item() for frame in pl.collect_all([away, outside], engine="streaming")])


def shifts_of(workbook: Path) -> pl.DataFrame:
    """Person, day, begin and end in UTC of each shift that was worked."""
    options = {"header_row": 2, "dtypes": "string"}
    sheet = pl.read_excel(workbook, sheet_name="Attendance", engine="calamine", read_options=options)
    return sheet.select(
        "employee_id",
        pl.col("work_date").str.slice(0, 10).str.to_date().alias("day"),
        *(_clock(theirs).alias(ours) for theirs, ours in (("clock_in", "begin"), ("clock_out", "end"))),
    ).drop_nulls()


def _clock(name: str) -> pl.Expr:
    local = pl.col(name).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us")
    return local.dt.replace_time_zone("Asia/Manila").dt.convert_time_zone("UTC")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
