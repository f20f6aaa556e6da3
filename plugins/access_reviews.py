"""Access reviews: the decisions of Microsoft Entra (Graph, JSON) and the sheet most vendors keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ctrlkit.hooks import Adapter, Unfold, Unfolded, hookimpl

from . import _delimited
from ._unfolding import UNKNOWN

_HEAD: Final = 20
_NEVER: Final = "0001-01-01"
_APPLIED: Final = ("AppliedSuccessfully", "AppliedSuccessfullyButObjectNotFound")
_NOT_APPLIED: Final = ("", "New", "AppliedWithUnknownFailure", "ApplyNotSupported")
_FIELDS: Final = {"decision", "reviewedDateTime", "principal", "resource"}


def unfold(document: Any) -> Unfolded | None:
    """A row for each decision: only a denial that was applied takes anything away."""
    listed = document
    if isinstance(document, Mapping):
        listed = document.get("value", [document])
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        return None
    if not all(isinstance(item, Mapping) and _FIELDS.issubset(item) for item in listed):
        return None
    return Unfolded(tuple((number, _row(item)) for number, item in enumerate(listed, 1)))


def _row(item: Mapping[str, Any]) -> dict[str, str | None]:
    reviewed, principal, resource = item.get("reviewedDateTime"), item["principal"] or {}, item["resource"] or {}
    return {
        "entra review decision id": item.get("id"),
        "entra review system": resource.get("displayName"),
        "entra review account": principal.get("userPrincipalName"),
        "entra review reviewer": (item.get("reviewedBy") or {}).get("userPrincipalName"),
        "entra review reviewed": "" if str(reviewed or "").startswith(_NEVER) else reviewed,
        "entra review decision": item["decision"],
        "entra review removed": _removed(item),
    }


def _removed(item: Mapping[str, Any]) -> str:
    """When access was taken away: of a denial the moment it was applied; nothing where it was not."""
    result, applied = item.get("applyResult") or "", str(item.get("appliedDateTime") or "")
    if item["decision"] != "Deny" or result in _NOT_APPLIED:
        return ""
    return applied if result in _APPLIED and applied and not applied.startswith(_NEVER) else UNKNOWN


ENTRA: Final = Adapter(
    name="entra_access_reviews",
    kind="access_reviews",
    product="Microsoft Entra access review decisions (Graph accessReviews, decisions, JSON)",
    headers=("entra review system", "entra review account", "entra review decision"),
    columns={
        "entra review decision id": "review_id",
        "entra review system": "system",
        "entra review account": "account_id",
        "entra review reviewer": "reviewer_id",
        "entra review reviewed": "reviewed_at",
        "entra review decision": "decision",
        "entra review removed": "removed_at",
    },
    values={
        "decision": {"Approve": "keep", "Deny": "remove", "NotReviewed": "not_reviewed", "DontKnow": "not_reviewed"}
    },
    constants={},
    date_order="ymd",
    zone="UTC",
    about="The system is the group or application that was reviewed, by its name. A denial counts as removed when it "
    "was applied; partly applied is not known. Who answered that they do not know has not reviewed.",
    unfold=unfold,
)
_SHEET: Final = {
    "system": "system",
    "user_name": "account_id",
    "decision": "decision",
    "review_uid": "review_id",
    "reviewer": "reviewer_id",
    "reviewed_time": "reviewed_at",
    "removed_time": "removed_at",
}
"""Header of the sheet -> column; entitlement and justification are not read."""
_WORDS: Final[dict[str, str | None]] = {
    **dict.fromkeys(("approve", "approved", "certify", "certified"), "keep"),
    **dict.fromkeys(("deny", "denied", "revoke", "revoked"), "remove"),
    **dict.fromkeys(("change", "changed"), "modify"),
    **dict.fromkeys(("don't know", "dont_know"), "not_reviewed"),
}


def of_csv(lines: Sequence[str]) -> Unfolded | None:
    """The rows of a sheet saved as CSV."""
    table = _delimited.sheet(lines, *_SHEET, "entitlement", name=_delimited.lower)
    if table is None:
        return None
    return Unfolded(tuple((n, _line("CSV", n, cells)) for n, cells in table.rows), table.cut)


def of_workbook(sheets: Sequence[Sequence[tuple[int, Sequence[str]]]]) -> Unfolded | None:
    """The rows of the first sheet that has the header."""
    for sheet in sheets:
        for place, (_, header) in enumerate(sheet[:_HEAD]):
            names = [cell.strip().lower() for cell in header]
            if {*_SHEET, "entitlement"} <= {*names}:
                below = [(n, dict(zip(names, cells, strict=False))) for n, cells in sheet[place + 1 :]]
                return Unfolded(tuple((n, _line("workbook", n, cells)) for n, cells in below if any(cells.values())))
    return None


def _line(form: str, number: int, cells: Mapping[str, str]) -> dict[str, str]:
    """A row, its review named with its number: a sheet names the whole review, and many rows share it."""
    said = {name: cells.get(name, "") for name in _SHEET}
    said["review_uid"] = f"{said['review_uid']} row {number}"
    return {f"review {form} {name}": cell for name, cell in said.items()}


def _sheet(form: str, unfold: Unfold) -> Adapter:
    return Adapter(
        name=f"access_review_{form.lower()}",
        kind="access_reviews",
        product=f"An access review kept as a sheet, as {form} (review_uid, user_name, entitlement, decision, reviewer)",
        headers=tuple(f"review {form} {name}" for name in ("system", "user_name", "decision", "review_uid")),
        columns={f"review {form} {name}": ours for name, ours in _SHEET.items()},
        values={"decision": _WORDS},
        constants={},
        about="Typed by a person: it says what somebody wrote down, not what a system did. A sheet names the whole "
        "review; the number of the row is added, so that each row has a name of its own.",
        unfold=unfold,
        form="text" if form == "CSV" else "grid",
    )


CSV: Final = _sheet("CSV", of_csv)
WORKBOOK: Final = _sheet("workbook", of_workbook)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """Decisions, and the sheet in both forms."""
    return (ENTRA, CSV, WORKBOOK)
