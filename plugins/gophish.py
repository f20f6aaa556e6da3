"""GoPhish: a campaign's results, with the time of the last step, and its events, with that of each, as `phish`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ctrlkit.hooks import Adapter, Unfold, Unfolded, hookimpl

from . import _delimited
from ._unfolding import UNKNOWN

_RESULTS: Final = ("id", "status", "send_date", "reported", "modified_date", "email")
_EVENTS: Final = ("campaign_id", "email", "time", "message", "details")
_SENT: Final = ("Email Sent", "Email Opened", "Clicked Link", "Submitted Data")
"""What a mail that was delivered can have come to, each step after the one before."""
_REPORTED: Final = "Email Reported"
_NEVER_SENT: Final = ("Scheduled", "Sending", "Retrying", "Error", "Error Sending Email")
_STEPS: Final = {
    "Email Sent": "sent",
    "Clicked Link": "clicked",
    "Submitted Data": "submitted",
    _REPORTED: "reported",
}


def results(lines: Sequence[str]) -> Unfolded | None:
    """A row for each mail that left; a step that happened carries the time of the last one."""
    table = _delimited.sheet(lines, *_RESULTS, name=_delimited.lower)
    if table is None:
        return None
    sent = [(number, cells) for number, cells in table.rows if cells["status"] not in _NEVER_SENT]
    campaign = min((cells["send_date"] for _, cells in sent), default="")
    return Unfolded(tuple((n, {"gophish result campaign": campaign, **_result(cells)}) for n, cells in sent), table.cut)


def _result(cells: Mapping[str, str]) -> dict[str, str]:
    last = cells["modified_date"] or UNKNOWN
    reached = _SENT.index(cells["status"]) if cells["status"] in _SENT else None

    def at(step: str) -> str:
        if reached is None:
            return UNKNOWN
        return last if reached >= _SENT.index(step) else ""

    return {
        "gophish result email": cells["email"],
        "gophish result sent": cells["send_date"],
        "gophish result clicked": at("Clicked Link"),
        "gophish result submitted": at("Submitted Data"),
        "gophish result reported": {"true": last, "false": ""}.get(cells["reported"].lower(), UNKNOWN),
    }


def events(lines: Sequence[str]) -> Unfolded | None:
    """A row for each mail that left, with the first time of each step."""
    table = _delimited.sheet(lines, *_EVENTS, name=_delimited.lower)
    if table is None:
        return None
    mails: dict[tuple[str, str], dict[str, str]] = {}
    lines_of: dict[tuple[str, str], int] = {}
    for number, cells in table.rows:
        mail, step = (cells["campaign_id"], cells["email"].lower()), _STEPS.get(cells["message"])
        if step is not None:
            lines_of.setdefault(mail, number)
            mails.setdefault(mail, {}).setdefault(step, cells["time"])
    rows = [
        (lines_of[mail], {"gophish event campaign": mail[0], "gophish event email": mail[1], **_event(seen)})
        for mail, seen in mails.items()
        if "sent" in seen
    ]
    return Unfolded(tuple(rows), table.cut)


def _event(seen: Mapping[str, str]) -> dict[str, str]:
    return {f"gophish event {step}": seen.get(step, "") for step in _STEPS.values()}


def _adapter(what: str, name: str, product: str, about: str, unfold: Unfold) -> Adapter:
    said = {
        "campaign": "campaign_id",
        "email": "employee_id",
        "sent": "sent_at",
        "clicked": "clicked_at",
        "submitted": "submitted_at",
        "reported": "reported_at",
    }
    return Adapter(
        name=name,
        kind="phish",
        product=product,
        headers=tuple(f"gophish {what} {word}" for word in said),
        columns={f"gophish {what} {word}": ours for word, ours in said.items()},
        values={},
        constants={},
        date_order="ymd",
        zone="UTC",
        about=f"{about} A mail that never left is left aside; to open one is no click. People are named by e-mail "
        "address: hand over identity_map. It does not say which template was sent, nor who was trained after a click.",
        unfold=unfold,
        form="text",
    )


RESULTS: Final = _adapter(
    "result",
    "gophish_results",
    "GoPhish campaign (Export CSV > Results)",
    "The results hold the time of a mail's last step only, which stands for each step that happened: a click may be "
    "earlier. The events say more. The file does not name its campaign: the time of its first mail stands for it.",
    results,
)
EVENTS: Final = _adapter(
    "event",
    "gophish_events",
    "GoPhish campaign (Export CSV > Raw Events)",
    "The first time of each step counts.",
    events,
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """Results and events."""
    return (RESULTS, EVENTS)
