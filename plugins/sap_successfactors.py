"""SAP SuccessFactors: the job records (OData V2, EmpJob) as `roster`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

_DATE: Final = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OPEN: Final = ("1900-01-01", "9999-12-31")
_NAMES: Final = {
    "userId": "user",
    "emplStatus": "status",
    "location": "site",
    "countryOfCompany": "country",
    "managerId": "manager",
}
_EMPLOYMENT: Final = {"startDate": "hired", "endDate": "left", "lastDateWorked": "last day"}


def unfold(document: Any) -> Unfolded | None:
    """One row for each user: of several job records the one that begins last."""
    inner = document.get("d") if isinstance(document, Mapping) else None
    records = inner.get("results") if isinstance(inner, Mapping) else None
    if not isinstance(records, list) or not records or not {"userId", "emplStatus", "startDate"} <= {*records[0]}:
        return None
    latest: dict[str, tuple[tuple[str, int], int, Mapping[str, Any]]] = {}
    for number, record in enumerate(records, 1):
        begins = _day(record["startDate"])
        if not begins:
            raise ValueError(f"record {number} does not say when it begins; export startDate of every record")
        order = (begins, int(record.get("seqNumber") or 0))
        user = str(record["userId"])
        if user not in latest or latest[user][0] < order:
            latest[user] = (order, number, record)
    rows = sorted((number, _cells(record)) for _, number, record in latest.values())
    return Unfolded(tuple(rows))


def _cells(record: Mapping[str, Any]) -> dict[str, str | None]:
    cells = {f"SuccessFactors {ours}": _plain(record[theirs]) for theirs, ours in _NAMES.items() if theirs in record}
    employment = record.get("employmentNav")
    if isinstance(employment, Mapping):
        told = {ours: _day(employment[theirs]) for theirs, ours in _EMPLOYMENT.items() if theirs in employment}
        cells |= {f"SuccessFactors {ours}": day for ours, day in told.items()}
    return cells


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)


def _day(value: Any) -> str | None:
    """The day of `/Date(ms)/`, empty for the days that stand for none; a text of another form stays what it is."""
    found = _DATE.fullmatch(str(value))
    if found is None:
        return _plain(value)
    try:
        day = f"{_EPOCH + timedelta(milliseconds=int(found[1])):%Y-%m-%d}"
    except OverflowError:
        return "unknown"
    return "" if day in _OPEN else day


ROSTER: Final = Adapter(
    name="successfactors_jobs",
    kind="roster",
    product="SAP SuccessFactors (OData V2, EmpJob, JSON)",
    headers=("SuccessFactors user", "SuccessFactors status"),
    columns={
        "SuccessFactors user": "employee_id",
        "SuccessFactors status": "status",
        "SuccessFactors site": "site",
        "SuccessFactors country": "country",
        "SuccessFactors manager": "manager_id",
        "SuccessFactors hired": "hire_date",
        "SuccessFactors left": "termination_date",
        "SuccessFactors last day": "last_day_worked",
    },
    values={
        "status": {
            "A": "active",
            "T": "terminated",
            "R": "terminated",
            **dict.fromkeys(("U", "P", "F"), "on_leave"),
            **dict.fromkeys(("S", "D", "O")),
        },
        "country": {"PHL": "PH", "IND": "IN", "USA": "US", "": ""},
        "manager_id": {"NO_MANAGER": None},
    },
    constants={},
    date_order="ymd",
    about="Of several records of one user the one that begins last counts, also where it begins after the export: ask "
    "for the records of the evaluated day. When people were hired and left stands in employmentNav only; expand it.",
    unfold=unfold,
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The job records."""
    return (ROSTER,)
