"""BambooHR: reports as JSON (API) or CSV, as `roster` and, of those who left, as `leavers`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ctrlkit.hooks import Adapter, Unfold, Unfolded, hookimpl

from ._rows import Cells, each, given, text

_NEVER: Final = "0000-00-00"
_STATUS: Final[dict[str, str | None]] = {"Active": "active", "Inactive": "terminated"}
_CONTRACT: Final[dict[str, str | None]] = {
    "Contractor": "contract",
    "Contract": "contract",
    "Probationary": "probationary",
    "Regular": "regular",
    "Agency": "agency",
    **dict.fromkeys(("Full-Time", "Part-Time", "Terminated", "Furloughed", "Intern", "Temporary")),
}
_KIND: Final[dict[str, str | None]] = {
    "Resignation (Voluntary)": "resigned",
    "Termination (Involuntary)": None,
    "End of Contract": "end_of_contract",
    "Death": "other",
}
_ABOUT: Final = (
    "A termination date in the future beside the status Active is usual. Says neither the last day worked, nor the "
    "first on the floor, nor the client, nor who is on leave; a job title is no role: map it."
)


def _records(document: Any) -> Sequence[Mapping[str, Any]] | None:
    """The people of a report; None for another document. A directory lists active people only and is refused."""
    if not isinstance(document, Mapping) or not {"fields", "employees"} <= {*document}:
        return None
    people = document["employees"]
    fields = {field["id"] for field in document["fields"]} | {key for person in people for key in person}
    if not {"status", "hireDate"} <= fields:
        what = "is a directory or a report without status and hireDate"
        raise ValueError(f"{what}; run a report with status, hireDate and terminationDate, leavers included")
    return [{**dict.fromkeys(sorted(fields)), **person} for person in people]


def _people(*, gone: bool) -> Unfold:
    """The people of a report, or those of them with a day on which they left, under their number."""

    def unfold(document: Any) -> Unfolded | None:
        people = _records(document)
        if people is None:
            return None
        key = "employeeNumber" if people and "employeeNumber" in people[0] else "id"
        numbers = {str(person.get("id")): person[key] for person in people}
        rows = []
        for number, person in enumerate(people, 1):
            cells = {name: _plain(value) for name, value in person.items()}
            cells["BambooHR leaver" if gone else "BambooHR employee"] = _plain(person[key])
            if "supervisorEid" in person:
                cells["BambooHR supervisor"] = _plain(numbers.get(str(person["supervisorEid"])))
            left = cells.get("terminationDate") or ""
            if not gone or left not in {"", _NEVER} or cells["status"] == "Inactive":
                rows.append((number, {**cells, "terminationDate": "" if left == _NEVER else left}))
        return Unfolded(tuple(rows))

    return unfold


def _plain(value: Any) -> str | None:
    return None if value is None else str(value)


ROSTER: Final = Adapter(
    name="bamboohr_report",
    kind="roster",
    product="BambooHR report (API, JSON)",
    headers=("BambooHR employee", "status", "hireDate"),
    columns={
        "BambooHR employee": "employee_id",
        "BambooHR supervisor": "manager_id",
        "location": "site",
        "status": "status",
        "employmentHistoryStatus": "employment_type",
        "hireDate": "hire_date",
        "terminationDate": "termination_date",
    },
    values={"status": _STATUS, "employment_type": _CONTRACT},
    constants={},
    date_order="ymd",
    about=f"The employeeNumber counts where the report has it, else the id. {_ABOUT}",
    unfold=_people(gone=False),
)
LEAVERS: Final = replace(
    ROSTER,
    name="bamboohr_report_leavers",
    kind="leavers",
    headers=("BambooHR leaver", "status", "hireDate"),
    columns={"BambooHR leaver": "employee_id", "terminationDate": "separated_on", "terminationType": "kind"},
    values={"kind": _KIND},
    about="Of a report, those with a termination date, past or to come. A termination that was not a resignation may "
    "be a dismissal or not, so its kind is not known; pay, certificates and assets are not said.",
    unfold=_people(gone=True),
)

_TABLE: Final = (
    ("Employee #",),
    ("Hire Date",),
    ("Status",),
    ("Termination Date",),
    ("Location", ""),
    ("Employment Status", ""),
    ("Termination Type", ""),
)
_NAMES: Final = {"Location": "site", "Employment Status": "contract", "Termination Type": "why"}


def _row(*, gone: bool) -> Callable[[Cells], Cells | None]:
    def made(cells: Cells) -> Cells | None:
        left = text(cells, "Termination Date")
        if gone and left in {"", _NEVER} and text(cells, "Status") == "Active":
            return None
        told = {"Employee #": "leaver" if gone else "employee", "Hire Date": "hired", "Status": "status", **_NAMES}
        named = {theirs: f"BambooHR {ours}" for theirs, ours in told.items()}
        return {**given(cells, named), "BambooHR left": "" if left == _NEVER else left}

    return made


ROSTER_CSV: Final = replace(
    ROSTER,
    name="bamboohr_report_csv",
    product="BambooHR report (CSV or Excel)",
    headers=("BambooHR employee", "BambooHR hired", "BambooHR status", "BambooHR left"),
    columns={
        "BambooHR employee": "employee_id",
        "BambooHR site": "site",
        "BambooHR status": "status",
        "BambooHR contract": "employment_type",
        "BambooHR hired": "hire_date",
        "BambooHR left": "termination_date",
    },
    date_order=None,
    about=_ABOUT,
    unfold=each(_row(gone=False)),
    form="table",
    reads=_TABLE,
)
LEAVERS_CSV: Final = replace(
    ROSTER_CSV,
    name="bamboohr_report_csv_leavers",
    kind="leavers",
    headers=("BambooHR leaver", "BambooHR left"),
    columns={"BambooHR leaver": "employee_id", "BambooHR left": "separated_on", "BambooHR why": "kind"},
    values={"kind": _KIND},
    about=LEAVERS.about,
    unfold=each(_row(gone=True)),
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The roster first: it is what a report is recognised as."""
    return (ROSTER, LEAVERS, ROSTER_CSV, LEAVERS_CSV)
