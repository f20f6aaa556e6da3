"""A list of employees as any HR system or HR desk keeps it, CSV or Excel, as `roster` and as `leavers`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from ctrlkit.hooks import Adapter, hookimpl

from ._rows import Cells, each, given, text

_LEFT: Final = "Separation Date"
_READS: Final = (
    (
        *("Employee No", "Employee No.", "Employee Number", "Employee ID", "Staff ID", "Staff No"),
        *("Employee Code", "Emp No", "Emp No.", "Emp ID", "Emp Code", "Associate ID"),
    ),
    ("Employment Status", "Employee Status", "Emp Status", "Status"),
    ("Date Hired", "Hire Date", "Hired Date", "Date of Hire", "Hiring Date", "Date of Joining", "Joining Date", "DOJ"),
    (
        *(_LEFT, "Date Separated", "Date of Separation", "Resignation Date", "Date Resigned", "Termination Date"),
        *("Exit Date", "Date of Exit", "Relieving Date", "Date of Leaving", ""),
    ),
    ("Last Day Worked", "Last Working Day", "Last Working Date", "LWD", ""),
    ("Site", "Location", "Work Location", "Branch", "Office", ""),
    ("Account", "Client", "Campaign", "Client Account", ""),
    ("Employment Type", "Employee Type", "Contract Type", ""),
    ("Manager ID", "Supervisor ID", "Immediate Supervisor ID", "Reporting Manager ID", "Manager Employee ID", ""),
    ("Work Setup", "Work Arrangement", "Work Mode", "Work Set-up", ""),
)
_ROSTER: Final = {
    "Employee No": "employee_id",
    "Employment Status": "status",
    "Date Hired": "hire_date",
    _LEFT: "termination_date",
    "Last Day Worked": "last_day_worked",
    "Site": "site",
    "Account": "client",
    "Employment Type": "employment_type",
    "Manager ID": "manager_id",
    "Work Setup": "work_mode",
}
_RESIGNED: Final = ("resigned", "resignation", "voluntary resignation")
_ENDED: Final = ("end of contract", "eoc", "endo", "contract ended", "project ended")
_AWOL: Final = ("awol", "absconded", "absconding", "job abandonment", "abandoned")
_GONE: Final = ("terminated", "separated", "dismissed", "retired", "inactive", "exited", "left", "relieved", "deceased")
_HERE: Final = (
    *("active", "regular", "permanent", "confirmed", "probationary", "probation", "on probation", "contractual"),
    *("contract", "project based", "project-based", "fixed term", "employed", "trainee", "in training"),
)
_AWAY: Final = ("on leave", "loa", "leave of absence", "maternity leave", "on maternity leave")
_STATUS: Final[dict[str, str | None]] = {
    **dict.fromkeys(_HERE, "active"),
    **dict.fromkeys(_AWAY, "on_leave"),
    **dict.fromkeys((*_RESIGNED, *_ENDED, *_AWOL, *_GONE), "terminated"),
}
_KIND: Final[dict[str, str | None]] = {
    **dict.fromkeys(_RESIGNED, "resigned"),
    **dict.fromkeys(_ENDED, "end_of_contract"),
    **dict.fromkeys(_AWOL, "absent_without_leave"),
    "dismissed": "dismissed",
    **dict.fromkeys(("retired", "deceased"), "other"),
    **dict.fromkeys(("terminated", "separated", "inactive", "exited", "left", "relieved", *_HERE, *_AWAY)),
}
_TYPE: Final[dict[str, str | None]] = {
    **dict.fromkeys(("regular", "permanent", "confirmed", "full-time regular"), "regular"),
    **dict.fromkeys(("probationary", "probation", "on probation"), "probationary"),
    **dict.fromkeys(("contractual", "contract", "project based", "project-based", "fixed term"), "contract"),
    **dict.fromkeys(("agency", "third party", "outsourced"), "agency"),
    **dict.fromkeys(("full-time", "full time", "part-time", "part time", "intern", "trainee", "casual")),
}
_MODE: Final[dict[str, str | None]] = {
    **dict.fromkeys(("onsite", "on-site", "on site", "office", "wfo", "rto"), "onsite"),
    **dict.fromkeys(("wfh", "work from home", "work-from-home", "remote", "home"), "wfh"),
    **dict.fromkeys(("hybrid", "rotational"), "hybrid"),
}


def _person(brand: str, *, gone: bool) -> Callable[[Cells], Cells | None]:
    """A person under the brand's headers; of leavers only whoever has a day of separation."""

    def made(cells: Cells) -> Cells | None:
        if gone and not text(cells, _LEFT):
            return None
        return given(cells, {theirs: f"{brand} {ours}" for theirs, ours in _ROSTER.items()})

    return made


ROSTER: Final = Adapter(
    name="employee_list",
    kind="roster",
    product="List of employees (CSV or Excel, one row for each person)",
    headers=("Employee employee_id", "Employee status", "Employee hire_date"),
    columns={f"Employee {ours}": ours for ours in _ROSTER.values()},
    values={"status": _STATUS, "employment_type": _TYPE, "work_mode": _MODE},
    constants={},
    about="Of no one product: an employee number, a status and a hire date under their usual names; the day of "
    "separation, the last day, site, account, contract and supervisor's number where they are there. A position is no "
    "role: map it. Names, birthdays and pay are not read.",
    unfold=each(_person("Employee", gone=False)),
    form="table",
    reads=_READS,
)
LEAVERS: Final = replace(
    ROSTER,
    name="employee_list_leavers",
    kind="leavers",
    headers=("Leaver employee_id", "Leaver termination_date"),
    columns={
        "Leaver employee_id": "employee_id",
        "Leaver termination_date": "separated_on",
        "Leaver status": "kind",
    },
    values={"kind": _KIND},
    about="Of a list of employees, those with a day of separation, past or to come. Whether somebody who was "
    "terminated or separated went or was sent is not known; final pay, certificates and assets are not said.",
    unfold=each(_person("Leaver", gone=True)),
    reads=tuple(tuple(name for name in group if name) if group[0] == _LEFT else group for group in _READS),
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The roster first: it is what a list is recognised as."""
    return (ROSTER, LEAVERS)
