"""Shifts of a clock laid into a schedule: by the time they share, and into nothing where two could be meant."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestion import read_text, table

from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped
from ctrlkit.rostered import joined

PLAN = "employee_id,work_date,sched_start,sched_end\n"
CLOCK = "employee_id,work_date,clock_in,clock_out\n"


def at(day: int, clock: str) -> str:
    return f"2026-10-{day:02}T{clock}:00+08:00"


def planned(day: int, begin: str, end: str, *, over: int = 0) -> str:
    return f"E-1,2026-10-{day:02},{at(day, begin)},{at(day + over, end)}\n"


def worked(begin: str, end: str) -> str:
    return f"E-1,2026-10-01,{at(1, begin)},{at(1, end)}\n"


def laid(folder: Path, plan: str, clock: str) -> list[Ingested]:
    files = [
        read_text(folder, PLAN + plan, "plan.csv", kind="timesheets"),
        read_text(folder, CLOCK + clock, "clock.csv", kind="timesheets"),
    ]
    return joined(files, shipped()["timesheets"], folder / "rostered")


def rows(found: Ingested) -> list[tuple[Any, ...]]:
    """Day, begin and end by the clock as they were written in Manila, and what is not known."""

    def local(moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.replace(tzinfo=UTC).timestamp() / 3600 % 24 + 8:.2f}"

    return [
        (r["work_date"].day, local(r.get("clock_in")), local(r.get("clock_out")), r["_bad"])
        for r in table(found).to_dicts()
    ]


NOTHING = ";clock_in;clock_out;"


def test_a_night_shift_is_laid_into_the_schedule_that_it_covers_whatever_day_the_clock_says(tmp_path: Path) -> None:
    """Scheduled from midnight, clocked in before it: the clock's day is the one before."""
    clock = f"E-1,2026-10-01,{at(1, '23:50')},{at(2, '09:05')}\n"
    plan, rest = laid(tmp_path, planned(1, "00:00", "09:00") + planned(2, "00:00", "09:00"), clock)
    assert [(day, bad) for day, _, _, bad in rows(plan)] == [(1, NOTHING), (2, None)]
    assert plan.columns == ("employee_id", "work_date", "sched_start", "sched_end", "clock_in", "clock_out")
    assert rows(rest) == []
    assert "1 shifts are laid into plan.csv" in rest.notes[-1]


def test_a_shift_on_a_rest_day_is_laid_into_it(tmp_path: Path) -> None:
    plan, rest = laid(tmp_path, "E-1,2026-10-03,,\n", f"E-1,2026-10-03,{at(3, '09:00')},{at(3, '15:00')}\n")
    assert [bad for *_, bad in rows(plan)] == [None]
    assert rows(rest) == []


def test_what_could_belong_to_two_or_covers_too_little_stays_where_it_is(tmp_path: Path) -> None:
    """Two shifts within one scheduled one, one shift over two, a swapped shift, a missed punch, another person's."""
    two = planned(1, "08:00", "12:00") + planned(1, "13:00", "17:00")
    day = planned(1, "08:00", "17:00")
    for plan, clock in (
        (day, worked("08:00", "13:00") + worked("12:00", "17:00")),
        (two, worked("08:00", "17:00")),
        (planned(1, "16:00", "23:00"), worked("08:00", "17:00")),
        (day, f"E-1,2026-10-01,{at(1, '08:00')},\n"),
        (day, worked("08:00", "17:00").replace("E-1", "E-2")),
        ("E-1,2026-10-01,unknown,unknown\n", worked("08:00", "17:00")),
    ):
        first, second = laid(tmp_path, plan, clock)
        assert len(rows(first)) == plan.count("\n")
        assert len(rows(second)) == clock.count("\n")
        assert "clock_in" not in first.columns


def test_a_cell_of_the_clock_that_could_not_be_read_stays_unread(tmp_path: Path) -> None:
    head, extra = CLOCK.replace("\n", ",meal_minutes\n"), ",about an hour\n"
    clock = read_text(
        tmp_path, head + f"E-1,2026-10-01,{at(1, '08:00')},{at(1, '17:00')}{extra}", "clock.csv", kind="timesheets"
    )
    plan = read_text(tmp_path, PLAN + planned(1, "08:00", "17:00"), "plan.csv", kind="timesheets")
    first, _ = joined([plan, clock], shipped()["timesheets"], tmp_path / "rostered")
    assert [bad for *_, bad in rows(first)] == [";meal_minutes;"]


def test_one_sort_of_file_alone_stays_as_it_is(tmp_path: Path) -> None:
    plan = read_text(tmp_path, PLAN + planned(1, "08:00", "17:00"), "plan.csv", kind="timesheets")
    assert joined([plan], shipped()["timesheets"], tmp_path / "rostered") == [plan]
