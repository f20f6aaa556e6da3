"""Mail protection, exits, stray data and what the client shares: records of the sample, and how controls are broken."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import sample_messages_calls as calls
import sample_messages_data as data
import sample_messages_dns as dns
from sample_files import Row
from sample_plants import agents
from sample_room import Plants, Source
from sample_truth import Truth
from sample_vendor import CLIENT, DAYS, Vendor
from sample_work import Book

SOURCES: Final[tuple[Source, ...]] = (
    Source("dns", ("dns",), "mail-administration", "10:15"),
    Source("interactions", ("interactions",), "workforce-management", "09:45"),
    Source("record_views", ("views",), "it-operations", "09:50"),
    Source("exports", ("exports",), "it-operations", "09:55"),
    Source("disposals", ("disposals",), "data-protection", "10:35", typed=True),
    Source("file_scan", ("scans",), "data-protection", "10:40"),
)
CLIENT_SOURCES: Final[tuple[Source, ...]] = (
    Source("field_matrix", ("fields",), "data-protection", "08:10", typed=True),
    Source("feeds", ("feeds",), "data-platform", "08:20"),
)
CONTROLS: Final[tuple[str, ...]] = (
    *("EML-01", "EML-02", "EML-03", "EML-04", "EML-07", "EML-08"),
    *("MIN-01", "MIN-02", "MIN-03", "MIN-04", "RET-03", "RET-04"),
)
SHOWN: Final[tuple[str, ...]] = ("EML-02", "EML-03", "EML-07", "MIN-01", "MIN-03", "MIN-04", "RET-03")
TOLERATED: Final = 2
"""Per cent of looks that may be without a contact."""


def fill(book: Book, vendor: Vendor) -> None:
    """Add the tables of these domains without any weakness."""
    book |= {
        "dns": dns.table(vendor.place),
        "interactions": calls.contacts(),
        "views": calls.views(),
        "exports": calls.exports(),
        "fields": data.fields(),
        "feeds": data.feeds(),
        "disposals": data.disposals(),
        "scans": data.scans(vendor.place),
    }
    calls.work(book["interactions"], book["views"], vendor)
    calls.reports(book["exports"], vendor)


def _spf(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Marketing tools push the look-ups to fourteen; a receiver stops after ten."""
    tools = [f"_spf.tool{n:02d}.example" for n in range(11)]
    row = dns.record(book["dns"], vendor.place.domain, "v=spf1")
    row["value"] = row["value"].replace(" -all", "".join(f" include:{name}" for name in tools) + " -all")
    for n, name in enumerate(tools[:7]):
        dns.add(book["dns"], vendor.place, "TXT", name, f"v=spf1 ip4:203.0.113.{n} ~all")
    truth.expect("EML-01", "dns", row, "costs a receiver 14 look-ups, 10 are allowed")


def _dkim(book: Book, vendor: Vendor, truth: Truth) -> None:
    """The selector of a tool that was cancelled is still live, with a short key."""
    value = f"v=DKIM1; k=rsa; p={dns.rsa_key('k1', 1024)}"
    row = dns.add(book["dns"], vendor.place, "TXT", f"k1._domainkey.{vendor.place.domain}", value)
    truth.expect("EML-02", "dns", row, "a key of 1024 bits")


def _dmarc(book: Book, vendor: Vendor, truth: Truth) -> None:
    """DMARC that has only watched for six years."""
    row = dns.record(book["dns"], f"_dmarc.{vendor.place.domain}", "v=DMARC1")
    row["value"] = f"v=DMARC1; p=none; {dns.reports(vendor.place)}"
    truth.expect("EML-03", "dns", row, "the policy is none")


def _sensitive_mail(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Card and ID numbers in clear under a rule that only watches, and one mail with the whole list in sight."""
    writers = vendor.those(role="back_office", client=CLIENT) + vendor.those(role="wfm", client=CLIENT)
    for n, (label, seen, why) in enumerate(
        (
            ("pan", 1, "a card number in clear"),
            ("government_id", 2, "an ID in clear"),
            ("none", 38, "38 outsiders see each other's addresses"),
        )
    ):
        row = book["mail"].add(
            ts=vendor.place.at(DAYS[4 + 9 * n], 16 * 60 + 11 * n, 30), sender=writers[n % len(writers)].mail,
            recipient_domain="courier.example", recipient_count=1, visible_external=seen, attachment_types="xlsx",
            attachment_bytes=20_310, encrypted=False, dlp_label=label, dlp_action="notify",
        )  # fmt: skip
        truth.expect("EML-07", "mail", row, why)


def _field(book: Book, system: str, role: str, field: str) -> Row:
    rows = book["fields"].rows
    return next(r for r in rows if (r["system"], r["role"], r["field"]) == (system, role, field))


def _shared_fields(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A field that nobody uses, one that nobody approved, an approval of two years ago, and more sent than listed."""
    unused, unapproved, old = (
        _field(book, "crm", "agent", "delivery_address"),
        _field(book, "crm", "team_leader", "complaint_text"),
        _field(book, "crm", "qa", "call_outcome"),
    )
    unused["last_used_on"] = date(2026, 5, 19)
    unapproved |= {"approved_by": None, "approved_on": None}
    old["approved_on"] = date(2024, 10, 30)
    truth.expect("MIN-01", "fields", unused, "last used in May")
    truth.expect("MIN-01", "fields", unapproved, "nobody approved it")
    truth.expect("MIN-01", "fields", old, "approved two years ago")
    rows = [
        book["feeds"].add(client=CLIENT, feed="orders-daily", field="loyalty_level", sent_on=day) for day in DAYS[11:]
    ]
    truth.expect("MIN-01", "feeds", rows[0], "sent since the twelfth and in no matrix")


def _shown_whole(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Card numbers whole in the chat, accounts whole in refunds, and a field for the security code."""
    for place, why in (
        (("chat", "agent", "card_number"), "card number not masked in the chat"),
        (("refunds", "payments", "refund_account"), "bank account not masked"),
    ):
        row = _field(book, *place)
        row["masked"] = False
        truth.expect("MIN-02", "fields", row, why)
    code = book["fields"].add(
        client=CLIENT, system="refunds", role="payments", field="card_code", data_class="card_security_code",
        purpose="retry payments", approved_by=None, approved_on=date(2026, 3, 3), masked=True,
        last_used_on=date(2026, 10, 20),
    )  # fmt: skip
    truth.expect("MIN-02", "fields", code, "a card security code is shown to nobody")
    truth.expect("MIN-01", "fields", code, "nobody approved it")


def _browsing(book: Book, vendor: Vendor, truth: Truth) -> None:
    """An agent who opened the records of twelve customers in a quarter of an hour; none of them had called."""
    (p,) = agents(vendor, truth, 1, shift="mid")
    shift = next(s for s in vendor.shifts if s.person is p and s.clock_in and s.day > DAYS[10])
    calls.browse(book["views"], shift, 12)
    looks = calls.judged(book["views"])
    alone = [row for row in looks if row.get("_alone")]
    many = len(alone) * 100 > TOLERATED * len(looks)
    for row in alone:
        if many or row["_person"] is p:
            truth.expect("MIN-03", "views", row, "looked at without a contact")


def _taken_out(book: Book, vendor: Vendor, truth: Truth) -> None:
    """An agent's own export, a weekly report without a ticket, and one approved by whoever ran it."""
    (p,) = agents(vendor, truth, 1)
    planner, boss = vendor.those(role="wfm", status="active")[0], vendor.those(role="manager", status="active")[-1]
    table = book["exports"]
    row = calls.report(table, p, vendor.place.at(DAYS[17], 17 * 60 + 40), 3400, None)
    row["ticket"] = None
    truth.expect("MIN-04", "exports", row, "an agent took 3400 rows out, without ticket or approver")
    for n in range(4):
        row = calls.report(table, planner, vendor.place.at(DAYS[4 + 7 * n], 7 * 60), 18_200 + 310 * n, boss)
        row["ticket"] = None
        truth.expect("MIN-04", "exports", row, "a scheduled report of thousands of rows without a ticket")
    row = calls.report(table, boss, vendor.place.at(DAYS[20], 13 * 60 + 5), 101, boss)
    truth.expect("MIN-04", "exports", row, "approved by whoever took it")


def _exits(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A former storage kept in case of disputes, a device wiped late, paper shredded without a certificate."""
    table, by_ref = book["disposals"], {row["ref"]: row for row in book["disposals"].rows}
    kept = table.add(
        ref="DSP-2026-013", client=CLIENT, trigger="contract_end", trigger_on=date(2026, 6, 30), completed_on=None,
        method=None, certificate=None,
    )  # fmt: skip
    late, bare = by_ref["DSP-2026-002"], by_ref["DSP-2026-007"]
    late["completed_on"] = date(2026, 10, 27)
    bare["certificate"] = None
    truth.expect("RET-03", "disposals", kept, "open four months after the contract ended")
    truth.expect("RET-03", "disposals", late, "wiped 22 days after it was given back")
    truth.expect("RET-03", "disposals", bare, "no certificate")


def _stray_data(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Card numbers on desktops and in a mailbox again."""
    for place, kind, hits in (
        (f"desktops/{vendor.place.sites[0].name.lower()}", "pan", 3),
        ("mail/shared-boxes", vendor.place.national_id, 11),
    ):
        row = next(
            r
            for r in book["scans"].rows
            if (r["location"], r["kind"]) == (place, kind) and _is_of_october(r["scanned_at"])
        )
        row["hits"] = hits
        truth.expect("RET-04", "scans", row, f"{hits} hits where none may be")


def _is_of_october(moment: datetime) -> bool:
    return moment.month == DAYS[0].month


PLANTS: Final[Plants] = {
    "EML-01": _spf,
    "EML-02": _dkim,
    "EML-03": _dmarc,
    "EML-07": _sensitive_mail,
    "MIN-01": _shared_fields,
    "MIN-02": _shown_whole,
    "MIN-03": _browsing,
    "MIN-04": _taken_out,
    "RET-03": _exits,
    "RET-04": _stray_data,
}
