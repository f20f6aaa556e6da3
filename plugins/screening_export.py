"""A provider's list of background checks, one row for each check, as `screening`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ctrlkit.hooks import Adapter, hookimpl

from ._rows import Cells, each, given, text

_NEVER_TOLD: Final = frozenset({"drug", "medical", "hiv", "pregnancy"})
_CHECKS: Final = {
    **dict.fromkeys(("nbi clearance", "nbi"), "nbi"),
    **dict.fromkeys(("police clearance", "police verification", "police"), "police"),
    **dict.fromkeys(("criminal record", "criminal check", "criminal"), "criminal"),
    **dict.fromkeys(("court record", "court records", "court"), "court_record"),
    **dict.fromkeys(("identity", "id verification", "identity verification", "identity check"), "identity"),
    **dict.fromkeys(("address", "address verification", "address check"), "address"),
    **dict.fromkeys(("employment", "employment verification", "previous employment"), "employment"),
    **dict.fromkeys(("education", "education verification"), "education"),
    **dict.fromkeys(("reference", "reference check", "character reference"), "reference"),
    **dict.fromkeys(("credit", "credit check"), "credit"),
    **dict.fromkeys(("sanctions", "global database", "sanctions check"), "sanctions"),
    **dict.fromkeys(("social media", "social media check"), "social_media"),
    **dict.fromkeys(("drug", "drug test"), "drug"),
    **dict.fromkeys(("medical", "medical exam", "pre-employment medical"), "medical"),
    **dict.fromkeys(("hiv", "hiv test"), "hiv"),
    **dict.fromkeys(("pregnancy", "pregnancy test"), "pregnancy"),
}
_RESULTS: Final = {
    **dict.fromkeys(("clear", "green", "no derrogatory record", "no derogatory record"), "clear"),
    "consider": "consider",
    **dict.fromkeys(("red", "discrepancy"), "discrepancy"),
    **dict.fromkeys(("unable to verify", "unable_to_verify"), "unable_to_verify"),
    **dict.fromkeys(("grey", "gray", "insufficient", "insufficient data"), "insufficient"),
    **dict.fromkeys(("yellow", "pending", "in progress", "wip"), "pending"),
    **dict.fromkeys(("blue", "stopped", "stop check", "canceled", "cancelled"), "stopped"),
    "amber": "unknown",
}


def _check(cells: Cells) -> Cells:
    """A check: its kind in our words, and its result unless that is never handed over."""
    kind = text(cells, "check_type")
    check = _CHECKS.get(kind.lower().replace("_", " "), kind)
    said = text(cells, "result") or text(cells, "status")
    told = {
        "employee_uid": "employee",
        "ordered_date": "ordered",
        "completed_date": "completed",
        "issued_date": "issued",
        "consent_date": "consent",
        "country": "country",
    }
    made = given(cells, {theirs: f"Provider {ours}" for theirs, ours in told.items()})
    result = "" if check in _NEVER_TOLD else _RESULTS.get(said.lower(), said)
    return made | {"Provider check": check, "Provider result": result}


CHECKS: Final = Adapter(
    name="screening_provider",
    kind="screening",
    product="List of background checks of a screening provider",
    headers=("Provider employee", "Provider check", "Provider result"),
    columns={
        "Provider employee": "employee_id",
        "Provider check": "check",
        "Provider country": "country",
        "Provider consent": "notice_or_consent_on",
        "Provider ordered": "requested_on",
        "Provider completed": "completed_on",
        "Provider issued": "issued_on",
        "Provider result": "result",
    },
    values={},
    constants={},
    about="Of no one provider. Colours as in India: green clear, red discrepancy, yellow pending, grey insufficient, "
    "blue stopped; amber may be minor or unable to verify, so it is not known. Results of drug tests, medical "
    "examinations, HIV and pregnancy tests are never read. Who decided is not said.",
    unfold=each(_check),
    form="table",
    reads=(
        ("employee_uid", "Employee ID", "Employee No", "Employee Number", "Candidate Employee ID", "Emp ID"),
        ("provider", "Provider", "Screening Provider", "Vendor", "package", "Package"),
        ("check_type", "Check Type", "Check", "Check Name", "Verification Type"),
        ("ordered_date", "Ordered Date", "Order Date", "Initiated On", "Initiation Date", "Requested Date"),
        ("completed_date", "Completed Date", "Completion Date", "Closed Date", "Completed On"),
        ("result", "Result", "Color Code", "Colour Code", "Check Result", "Final Status"),
        ("status", "Status", ""),
        ("issued_date", "Issued Date", "Date Issued", ""),
        ("consent_date", "Consent Date", "Consent Received On", ""),
        ("country", "Country", ""),
    ),
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The checks."""
    return (CHECKS,)
