"""What the client shares with the invented vendor, what is destroyed at an exit, what scans find: registers."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sample_files import Table
from sample_place import Place
from sample_vendor import CLIENT, DAYS, draw

_MATRIX: Final = "client system role field data_class purpose approved_by approved_on masked last_used_on"
_MATRIX_ORDER: Final = ("system", "role", "field")
_APPROVER: Final = "NW-2041"
_FIELDS: Final = (
    ("crm", "agent", "customer_name", "name", "greet and address the caller", True),
    ("crm", "agent", "email", "contact", "send confirmations", False),
    ("crm", "agent", "phone", "contact", "call back", False),
    ("crm", "agent", "delivery_address", "contact", "arrange deliveries", False),
    ("crm", "agent", "order_number", "other", "find the order", False),
    ("crm", "agent", "card_number", "pan", "recognise the card by its last four", True),
    ("crm", "agent", "tax_number", "government_id", "confirm who calls", True),
    ("crm", "team_leader", "card_number", "pan", "recognise the card by its last four", True),
    ("crm", "team_leader", "complaint_text", "other", "answer complaints", False),
    ("crm", "qa", "call_outcome", "other", "check quality", False),
    ("chat", "agent", "card_number", "pan", "customers paste it; masked on arrival", True),
    ("refunds", "payments", "refund_account", "bank_account", "pay refunds", True),
    ("refunds", "payments", "refund_amount", "other", "pay refunds", False),
)
_SENT: Final = ("customer_name", "email", "phone", "delivery_address", "order_number", "card_number", "tax_number")


def fields() -> Table:
    """The client's matrix of roles and fields: each needed, approved within the year, used of late."""
    table = Table("field_matrix", "field_matrix.csv", tuple(_MATRIX.split()), _MATRIX_ORDER, party="client")
    for n, (system, role, field, kind, purpose, masked) in enumerate(_FIELDS):
        table.add(
            client=CLIENT, system=system, role=role, field=field, data_class=kind, purpose=purpose,
            approved_by=_APPROVER, approved_on=date(2026, 2, 2) + timedelta(days=n), masked=masked,
            last_used_on=date(2026, 10, 31) - timedelta(days=draw("used", n) % 9),
        )  # fmt: skip
    return table


def feeds() -> Table:
    """What the client really sent, day by day, and one field on the list that is never sent."""
    table = Table(
        "feeds", "feeds.csv", ("client", "feed", "field", "sent_on"), ("sent_on", "feed", "field"), party="client"
    )
    for day in DAYS:
        for field in _SENT:
            table.add(client=CLIENT, feed="orders-daily", field=field, sent_on=day)
    table.add(client=CLIENT, feed="orders-daily", field="birth_date", sent_on=None)
    return table


def disposals() -> Table:
    """Exits of people, devices, paper and a contract, each done in time with a certificate, two not yet due."""
    columns = ("ref", "client", "trigger", "trigger_on", "completed_on", "method", "certificate")
    table = Table("disposals", "disposals.csv", columns, ("ref",))
    for n, (client, trigger, day, taken, method) in enumerate(
        (
            (None, "device", 2, 6, "wipe_purge"), (None, "device", 5, 14, "crypto_erase"),
            (None, "leaver", 6, 3, "returned"), (None, "leaver", 9, 2, "returned"),
            (None, "leaver", 14, 5, "wipe_clear"), (CLIENT, "paper", 7, 1, "cross_cut"),
            (CLIENT, "paper", 14, 1, "cross_cut"), (CLIENT, "paper", 21, 2, "cross_cut"),
            (CLIENT, "site", 1, 29, "physical_destruction"), (CLIENT, "contract_end", 1, 30, "wipe_purge"),
            (None, "device", 28, None, None), (CLIENT, "contract_end", 26, None, None),
        ), 1,
    ):  # fmt: skip
        on = date(2026, 10, day)
        table.add(
            ref=f"DSP-2026-{n:03d}", client=client, trigger=trigger, trigger_on=on,
            completed_on=on + timedelta(days=taken) if taken is not None else None, method=method,
            certificate=f"CERT-{4100 + n}" if method else None,
        )  # fmt: skip
    return table


def scans(place: Place) -> Table:
    """Six places scanned for three kinds in October, and once before; card numbers only where they may be."""
    table = Table(
        "file_scan",
        "file_scan.csv",
        ("location", "kind", "hits", "scanned_at", "in_scope_store"),
        ("scanned_at", "location", "kind"),
    )
    desks = (f"desktops/{site.name.lower()}" for site in place.sites)
    shelves = ("fs1/operations", "fs1/quality", *desks, "mail/shared-boxes", "crm/attachments")
    for month, day in ((7, 20), (10, 19)):
        for n, shelf in enumerate(shelves):
            store = shelf == shelves[-1]
            for kind in ("pan", place.national_id, "bank_account"):
                hits = 41_200 if store and kind == "pan" else 7 if (month, n, kind) == (7, 2, "pan") else 0
                moment = _moment(place, shelf, kind, date(2026, month, day))
                table.add(location=shelf, kind=kind, hits=hits, scanned_at=moment, in_scope_store=store)
    return table


def _moment(place: Place, shelf: str, kind: str, day: date) -> datetime:
    return place.at(day, 21 * 60 + draw("scan", shelf, kind, day) % 150)
