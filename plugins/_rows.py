"""Helpers of adapters that read a table row by row, and of clocks whose rows are punches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ctrlkit.hooks import Adapter, Unfold, Unfolded

from ._shifts import Punch, moments, shifts

Cells = Mapping[str, str | None]


def each(make: Callable[[Cells], Cells | None]) -> Unfold:
    """An unfold for tables whose rows are records one by one; a row of which nothing is made is left out."""

    def unfold(rows: Sequence[tuple[int, Cells]]) -> Unfolded:
        return Unfolded(tuple((number, made) for number, cells in rows if (made := make(cells)) is not None))

    return unfold


def text(cells: Cells, name: str) -> str:
    """A cell without the space around it, empty where it is or where there is no such column."""
    return (cells.get(name) or "").strip()


def given(cells: Cells, names: Mapping[str, str]) -> dict[str, str | None]:
    """The cells of the columns that are there, under new headers: theirs -> new."""
    return {new: cells[theirs] for theirs, new in names.items() if theirs in cells}


def clocked(adapter: Adapter, punches: Callable[[Any], Sequence[Punch] | None]) -> Adapter:
    """The adapter that makes shifts, kind `timesheets`, of the punches that another one finds in its document."""
    brand = adapter.name.removesuffix("_punches")

    def unfold(document: Any) -> Unfolded | None:
        found = punches(document)
        if found is None:
            return None
        return Unfolded(tuple((n, {f"{brand} {k}": v for k, v in cells.items()}) for n, cells in shifts(found)))

    return Adapter(
        name=f"{brand}_shifts",
        kind="timesheets",
        product=f"{adapter.product}, paired into shifts",
        headers=(f"{brand} day", f"{brand} clock_in"),
        columns={
            f"{brand} person": "employee_id",
            f"{brand} day": "work_date",
            f"{brand} clock_in": "clock_in",
            f"{brand} clock_out": "clock_out",
        },
        values={},
        constants={},
        date_order="ymd",
        about="Shifts made of punches by stated rules; a shift belongs to the day it begins. Where it is open which "
        "punch began a shift, both times are unknown. Schedules, meals and overtime are not said.",
        unfold=unfold,
        form=adapter.form,
        named_only=adapter.named_only,
        reads=adapter.reads,
    )


def listed(
    rows: Sequence[tuple[int, Cells]], words: Mapping[str, str], person: str, at: Callable[[Cells], str], way: str = ""
) -> list[Punch]:
    """The punches of a table: whose, when, and which way, as `words` (in lower case) translate it; no total rows."""
    rows = [(number, cells) for number, cells in rows if not text(cells, person).lower().startswith("total")]
    times = moments([at(cells) for _, cells in rows]) if rows else []
    return [
        Punch(number, text(cells, person), when, words.get(text(cells, way).lower()))
        for (number, cells), when in zip(rows, times, strict=True)
    ]
