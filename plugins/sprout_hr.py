"""Sprout HR (Philippines): the employee template, Excel or CSV, as `roster` and as the PINs of `identity_map`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from ctrlkit.hooks import Adapter, hookimpl

from ._rows import Cells, each, given, text

_READS: Final = (
    ("*Employee ID No",),
    ("*Biometric ID",),
    ("Employment Status",),
    ("Hire Date",),
    ("Schedule type",),
    ("Location", ""),
)
_GONE: Final = ("resigned", "terminated", "end of contract", "awol", "retired", "separated", "dismissed")
_HERE: Final = ("regular", "probationary", "contractual", "project based", "project-based", "fixed term", "casual")
_STATUS: Final = {**dict.fromkeys(_GONE, "terminated"), **dict.fromkeys(_HERE, "active")}
_CONTRACT: Final[dict[str, str | None]] = {
    "regular": "regular",
    "probationary": "probationary",
    **dict.fromkeys(("contractual", "project based", "project-based", "fixed term"), "contract"),
    **dict.fromkeys((*_GONE, "casual")),
}


def _person(cells: Cells) -> Cells:
    names = {"*Employee ID No": "employee", "Location": "site", "Hire Date": "hired", "Employment Status": "contract"}
    said = text(cells, "Employment Status")
    made = given(cells, {theirs: f"Sprout {ours}" for theirs, ours in names.items()})
    return made | {"Sprout status": _STATUS.get(said.lower(), said)}


def _pin(cells: Cells) -> Cells:
    return {"Sprout employee": cells["*Employee ID No"], "Sprout PIN": cells["*Biometric ID"]}


ROSTER: Final = Adapter(
    name="sprout_employees",
    kind="roster",
    product="Sprout HR employee template (bulk upload, filled in)",
    headers=("Sprout employee", "Sprout status", "Sprout hired"),
    columns={
        "Sprout employee": "employee_id",
        "Sprout site": "site",
        "Sprout contract": "employment_type",
        "Sprout hired": "hire_date",
        "Sprout status": "status",
    },
    values={"employment_type": _CONTRACT},
    constants={"country": "PH"},
    date_order="mdy",
    about="Whoever is regular, probationary or on a contract is active; who is on leave is not said, nor when somebody "
    "left. Dates are month/day/year. The day of birth, which is the first password, is not read.",
    unfold=each(_person),
    form="table",
    reads=_READS,
)
PINS: Final = replace(
    ROSTER,
    name="sprout_biometric_ids",
    kind="identity_map",
    headers=("Sprout employee", "Sprout PIN"),
    columns={"Sprout employee": "employee_id", "Sprout PIN": "badge_pin"},
    values={},
    constants={"system": "biometric"},
    about="Whose PIN on the time clock is whose; Sprout HR never gives one PIN twice.",
    unfold=each(_pin),
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The roster, then the PINs in the same file."""
    return (ROSTER, PINS)
