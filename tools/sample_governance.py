"""The contract, sub-processors, audits and registrations: records of the sample, and how controls are broken."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sample_files import Row, Table
from sample_place import INDIA, Place
from sample_plants import agents
from sample_room import Plants, Source
from sample_truth import Truth
from sample_vendor import CLIENT, DAYS, Vendor
from sample_work import Book

SOURCES: Final[tuple[Source, ...]] = (
    Source("findings", ("findings",), "compliance", "11:00", typed=True),
    Source("subprocessors", ("subprocessors",), "legal", "11:05", typed=True),
    Source("clauses", ("clauses",), "legal", "11:10", typed=True),
    Source("registrations", ("registrations",), "data-protection", "11:15", typed=True),
    Source("ropa", ("ropa",), "data-protection", "11:20", typed=True),
    Source("audits", ("audits",), "compliance", "11:25", typed=True),
)
CLIENT_SOURCES: Final[tuple[Source, ...]] = ()
CONTROLS: Final[tuple[str, ...]] = ("GOV-01", "GOV-02", "GOV-03", "GOV-04", "GOV-05", "GOV-06", "GOV-07", "GOV-08")
SHOWN: Final[tuple[str, ...]] = ("GOV-02", "GOV-04", "GOV-05", "GOV-06", "GOV-08")
CLAUSES: Final = (
    "subject_duration nature_purpose data_types obligations location documented_instructions confidentiality security "
    "no_subprocessor_without_leave assist_rights assist_compliance delete_or_return audit_and_inspection "
    "warn_unlawful_instruction"
)


def fill(book: Book, vendor: Vendor) -> None:
    """Add the tables of these domains without any weakness."""
    place = vendor.place
    staffing, hosting, courier = place.partners
    officer, *_ = (p.employee_id for p in vendor.those(role="manager"))
    _findings(book, officer)
    _add(
        book, "subprocessors", "governance/subprocessors.csv",
        "name service country client_approved_on contract_on last_assessed_on",
        (staffing, "staffing agency, facilities", place.country, date(2025, 2, 3), date(2025, 2, 10),
         date(2026, 2, 16)),
        (hosting, "hosting of the dialler", "SG", date(2024, 6, 3), date(2024, 6, 7),
         date(2026, 5, 11)),
        (courier, "courier", place.country, date(2024, 9, 2), date(2024, 9, 4), date(2025, 11, 24)),
    )  # fmt: skip
    signed, until = date(2024, 2, 5), date(2027, 2, 4)
    _add(
        book, "clauses", "governance/clauses.csv", "contract_id client clause present page signed_on expires_on",
        *(("MSA-2024", CLIENT, clause, True, str(4 + n // 2), signed, until)
          for n, clause in enumerate(CLAUSES.split())),
    )  # fmt: skip
    _add(
        book, "registrations", "governance/registrations.csv",
        "kind authority ref effective_on expires_on person filed_on due_on",
        *_registered(place, officer),
    )  # fmt: skip
    _add(
        book, "ropa", "governance/processing_inventory.csv", "system purpose client assessed_on reviewed_on owner",
        *((name, purpose, CLIENT, date(2024, 4, 8), date(2026, 4, 13), officer) for name, purpose in _systems(book)),
    )  # fmt: skip
    _audits(book, vendor)


def _registered(place: Place, officer: str) -> tuple[tuple[object, ...], ...]:
    """The privacy commission's numbers and report; in India whom CERT-In and people who ask may call."""
    if place is INDIA:
        return (
            (
                "certin_contact",
                "CERT-In",
                "POC-26-0417",
                date(2026, 4, 6),
                date(2027, 4, 5),
                officer,
                date(2026, 4, 6),
                date(2026, 4, 30),
            ),
            ("other", "DPB", "grievance officer", date(2026, 4, 6), None, officer, None, None),
        )
    return (
        ("dpo", "NPC", "PIC-004-1182", date(2026, 3, 9), date(2027, 3, 8), officer, date(2026, 3, 2), None),
        ("dps", "NPC", "DPS-004-1183", date(2026, 3, 9), date(2027, 3, 8), None, date(2026, 3, 2), None),
        ("annual_report", "NPC", "ASIR-2025", None, None, officer, date(2026, 3, 17), date(2026, 3, 31)),
    )


def _add(book: Book, kind: str, file: str, columns: str, *rows: tuple[object, ...]) -> None:
    names = tuple(columns.split())
    table = book[kind] = Table(kind, file, names, names[:3])
    for row in rows:
        table.add(**dict(zip(names, row, strict=True)))


def _systems(book: Book) -> list[tuple[str, str]]:
    """Every system that stands in the accounts or the holdings, and what it is for."""
    tables = ("entra", "crm", "dialler", "datasets")
    names = sorted({row["system"] for name in tables for row in book[name].rows})
    purposes = {"crm": "serving the client's customers", "dialler": "calls and their recordings", "entra": "sign-in"}
    return [(name, purposes.get(name, "running the operation")) for name in names]


def _findings(book: Book, officer: str) -> None:
    """What the last audits found: all but the newest closed by one and retested by another, in time."""
    rows = []
    for n, (control, severity, month, day) in enumerate(
        (
            ("MFA-01", "critical", 3, 9), ("ACC-01", "high", 3, 9), ("REM-01", "medium", 3, 9), ("RET-01", "low", 3, 9),
            ("LOG-01", "critical", 4, 20), ("EML-05", "high", 4, 20), ("PHY-01", "high", 6, 8),
            ("TRN-01", "medium", 6, 8), ("ACC-06", "high", 7, 13), ("WRK-02", "medium", 7, 13),
            ("LOG-03", "high", 9, 1), ("END-03", "high", 10, 12),
        ),
        1,
    ):  # fmt: skip
        opened, allowed = date(2026, month, day), {"critical": 7, "high": 30}.get(severity, 90)
        closed = None if month > 9 else opened + timedelta(days=allowed // 2)  # noqa: PLR2004
        retested = closed + timedelta(days=2) if closed else None
        due = opened + timedelta(days=allowed)
        by = officer if closed else None
        rows.append((f"F-{n:03d}", control, severity, opened, due, closed, by, retested, None))
    _add(
        book, "findings", "governance/findings.csv",
        "finding_id control_id severity opened_on due_on closed_on closed_by verified_by_retest_on repeat_of", *rows,
    )  # fmt: skip


def _audits(book: Book, vendor: Vendor) -> None:
    first, second = (site.name for site in vendor.place.sites)
    both = f"{first};{second}"
    _add(
        book, "audits", "governance/audits.csv",
        "ref kind by performed_on valid_until scope_sites scope_services on_site",
        ("AUD-01", "client_visit", "Northwind assurance", date(2026, 3, 9), None, first, "voice", True),
        ("AUD-02", "client_visit", "Northwind assurance", date(2026, 6, 8), None, second, "voice", True),
        ("AUD-03", "provider_review", vendor.place.vendor, date(2026, 9, 21), None, both, "voice", False),
        ("AUD-05", "segmentation_test", "Example Testing", date(2026, 6, 15), None, both, "voice", True),
        ("AUD-06", "rogue_ap_scan", "Example Testing", date(2026, 9, 7), None, both, "voice", True),
        ("AUD-07", "dmarc_report", "Example Mail Reports", date(2026, 10, 30), None, None, "mail", False),
        ("AUD-04", "certificate", "Example Certification", date(2025, 5, 12), date(2028, 5, 11), both, "voice",
         True),
    )  # fmt: skip


def _by(table: Table, column: str, value: object) -> Row:
    return next(row for row in table.rows if row[column] == value)


def _no_clause(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A clause that is not in the contract."""
    row = _by(book["clauses"], "clause", "no_subprocessor_without_leave")
    row |= {"present": False, "page": None}
    truth.expect("GOV-01", "clauses", row, "the clause is missing")


def _hidden_partner(book: Book, vendor: Vendor, truth: Truth) -> None:
    """An overflow partner nobody approved, and the staffing agency gone from the register."""
    row = book["subprocessors"].add(
        name="Down The Road Calls Example", service="overflow calls", country=vendor.place.country,
        client_approved_on=None, contract_on=None, last_assessed_on=None,
    )  # fmt: skip
    truth.expect("GOV-02", "subprocessors", row, "neither approved nor under contract nor assessed")
    agency = _by(book["subprocessors"], "service", "staffing agency, facilities")
    book["subprocessors"].rows.remove(agency)
    sent = {p.employee_id for p in vendor.people if p.employment == "agency" and p.client == CLIENT}
    for person in book["roster"].rows:
        if person["employee_id"] in sent:
            truth.expect("GOV-02", "roster", person, "sent by an agency that the register does not name")


def _nobody_looked(book: Book, vendor: Vendor, truth: Truth) -> None:
    """One site was last visited two years ago."""
    row = _by(book["audits"], "ref", "AUD-02")
    row["performed_on"] = date(2024, 6, 10)
    newest = _by(book["audits"], "ref", "AUD-03")
    truth.expect("GOV-03", "audits", newest, f"{vendor.place.sites[1].name} was not visited within the year")


def _by_email(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Closed by e-mail, retested too late, open for months, and one that came back."""
    unseen, late, open_, again = (_by(book["findings"], "finding_id", f"F-{n:03d}") for n in (2, 5, 9, 11))
    unseen["verified_by_retest_on"] = None
    truth.expect("GOV-04", "findings", unseen, "closed without a retest")
    late["verified_by_retest_on"] = late["opened_on"] + timedelta(days=24)
    truth.expect("GOV-04", "findings", late, "critical, and retested after 24 days")
    open_ |= {"closed_on": None, "closed_by": None, "verified_by_retest_on": None}
    truth.expect("GOV-04", "findings", open_, "high, and open since July")
    again["repeat_of"] = "F-005"
    truth.expect("GOV-04", "findings", again, "seen before, one in twelve")


def _lapsed(book: Book, vendor: Vendor, truth: Truth) -> None:
    """The registration ran out in spring, and the annual report was filed late; CERT-In was told of nobody to call."""
    if vendor.place is INDIA:
        contact = _by(book["registrations"], "kind", "certin_contact")
        contact["person"] = None
        truth.expect("GOV-05", "registrations", contact, "the contact for CERT-In left, and no other was named")
        return
    row = _by(book["registrations"], "kind", "dps")
    row |= {"effective_on": date(2025, 3, 10), "expires_on": date(2026, 3, 9)}
    truth.expect("GOV-05", "registrations", row, "the registration ran out on 2026-03-09")
    report = _by(book["registrations"], "kind", "annual_report")
    report["filed_on"] = date(2026, 5, 4)
    truth.expect("GOV-05", "registrations", report, "filed five weeks late")


def _unmapped(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A system whose review is two years old, and one that was never assessed."""
    old, never = _by(book["ropa"], "system", "dialler"), _by(book["ropa"], "system", "entra")
    old["reviewed_on"] = None
    truth.expect("GOV-06", "ropa", old, "last looked at in April 2024")
    never["assessed_on"] = None
    truth.expect("GOV-06", "ropa", never, "never assessed")


def _cut_log(book: Book, vendor: Vendor, truth: Truth) -> None:
    """The client saw logins in use after the last sign-in that the vendor's log shows."""
    for n, p in enumerate(agents(vendor, truth, 3)):
        row = next(r for r in book["client"].rows if r["_person"] is p)
        row["last_login_at"] = vendor.place.at(DAYS[30], 23 * 60 + 11 + n)
        truth.expect("GOV-08", "client", row, "used after the last sign-in in the vendor's log")


PLANTS: Final[Plants] = {
    "GOV-01": _no_clause,
    "GOV-02": _hidden_partner,
    "GOV-03": _nobody_looked,
    "GOV-04": _by_email,
    "GOV-05": _lapsed,
    "GOV-06": _unmapped,
    "GOV-08": _cut_log,
}
