"""How the controls about training, drills and screening are broken, each row with what it must yield."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sample_files import Row
from sample_plants import agents, some
from sample_room import Plants
from sample_truth import Truth
from sample_vendor import CLIENT, Person, Vendor
from sample_work import Book


def _of(book: Book, table: str, p: Person, **traits: object) -> list[Row]:
    """The rows of a person with these values, in the order in which they were made."""
    return [
        row
        for row in book[table].rows
        if row["employee_id"] == p.employee_id and all(row[name] == value for name, value in traits.items())
    ]


def _long_there(vendor: Vendor, truth: Truth, number: int) -> list[Person]:
    """So many agents who were hired before this year's versions, and so took the yearly courses twice."""
    drawn = agents(vendor, truth, some(vendor, 3 * number, number + 1))
    return [p for p in drawn if p.hired < date(2026, 3, 1)][:number]


def _unscreened(book: Book, vendor: Vendor, truth: Truth) -> None:
    """An agent without a clearance, one whose came on the floor, one whose degree nobody could find, or decided on."""
    bare, late, doubtful, running = agents(vendor, truth, 4)
    (gone,) = _of(book, "screening", bare, check=vendor.place.criminal_check)
    book["screening"].rows.remove(gone)
    truth.expect("SCR-01", "roster", _of(book, "roster", bare)[0], "no clearance at all")
    (row,) = _of(book, "screening", late, check=vendor.place.criminal_check)
    row["completed_on"] = late.floor + timedelta(days=20)
    truth.expect("SCR-01", "screening", row, "complete three weeks after the first day on the floor")
    (row,) = _of(book, "screening", doubtful, check="education")
    row["result"] = "discrepancy"
    truth.expect("SCR-01", "screening", row, "adverse, and nobody has decided")
    (row,) = _of(book, "screening", running, check="identity")
    row |= {"completed_on": None, "result": "pending"}
    truth.expect("SCR-01", "screening", row, "not complete")


def _not_checked_again(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A team leader last checked when hired, and an agent whose clearance was a year old at the hiring."""
    lead = next(p for p in vendor.those(role="team_leader", client=CLIENT) if p.hired < date(2024, 9, 1))
    first, again = _of(book, "screening", lead, check=vendor.place.criminal_check)
    book["screening"].rows.remove(again)
    truth.expect("SCR-02", "screening", first, "not repeated for two years")
    (p,) = agents(vendor, truth, 1)
    (row,) = _of(book, "screening", p, check=vendor.place.criminal_check)
    row["issued_on"] = p.hired - timedelta(days=370)
    truth.expect("SCR-02", "screening", row, "a year old at the hiring")


def _unlawful(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A pregnancy test, an agent's credit report, and a check that nobody was told of."""
    tested, rated, untold = agents(vendor, truth, 3)
    for p, check, why in (
        (tested, "pregnancy", "a pregnancy test was ordered"),
        (rated, "credit", "a credit check of an agent"),
    ):
        (like,) = _of(book, "screening", p, check="identity")
        row = book["screening"].add(**{**like, "check": check, "result": None, "completed_on": None})
        truth.expect("SCR-03", "screening", row, why)
    (row,) = _of(book, "screening", untold, check="employment")
    row["notice_or_consent_on"] = None
    truth.expect("SCR-03", "screening", row, "neither notice nor consent")


def _unsigned(book: Book, vendor: Vendor, truth: Truth) -> None:
    """An agent who never signed, one who signed a month late, an empty form."""
    never, late, empty = agents(vendor, truth, 3)
    (gone,) = _of(book, "undertakings", never, document="confidentiality")
    book["undertakings"].rows.remove(gone)
    truth.expect("SCR-04", "roster", _of(book, "roster", never)[0], "confidentiality never signed")
    (row,) = _of(book, "undertakings", late, document="acceptable_use")
    row["signed_on"] = late.hired + timedelta(days=31)
    truth.expect("SCR-04", "undertakings", row, "signed a month after the first account")
    (row,) = _of(book, "undertakings", empty, document="confidentiality")
    row["signed_on"] = None
    truth.expect("SCR-04", "undertakings", row, "not signed")


def _trained_late(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Two agents took the privacy course three weeks after they had begun."""
    for p in agents(vendor, truth, 2):
        row = _of(book, "training", p, course="privacy")[0]
        moved = timedelta(days=35)
        row |= {"started_at": row["started_at"] + moved, "completed_at": row["completed_at"] + moved}
        truth.expect("TRN-01", "training", row, "completed three weeks after the first day on the floor")


def _support_staff(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Facilities never got the yearly course; an agent failed it."""
    for p in vendor.those(role="facilities", status="active", client=CLIENT):
        if p.hired < date(2025, 9, 1):
            first, *again = _of(book, "training", p, course="security")
            book["training"].rows = [row for row in book["training"].rows if row not in again]
            truth.expect("TRN-02", "training", first, "not taken again since the hiring")
    (p,) = _long_there(vendor, truth, 1)
    row = _of(book, "training", p, course="privacy")[-1]
    row |= {"passed": False, "score": 45}
    truth.expect("TRN-02", "training", row, "failed, and not repeated")


def _head_office_only(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A tenth of the agents were in no campaign."""
    left_out = {p.employee_id for p in agents(vendor, truth, 24 * len(vendor.people) // 300)}
    if len(vendor.people) < 300:  # noqa: PLR2004
        truth.used -= left_out  # in a small house they may carry another weakness, too
    book["phish"].rows = [row for row in book["phish"].rows if row["employee_id"] not in left_out]
    for row in book["roster"].rows:
        if row["employee_id"] in left_out:
            truth.expect("TRN-03", "roster", row, "no drill for a quarter")


def _clicked(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Of those who clicked in August two were never trained, and one a month later."""
    fell = [row for row in book["phish"].rows if row["clicked_at"] and row["_person"].client == CLIENT]
    for n, row in enumerate(sorted(fell, key=lambda r: (r["clicked_at"], r["employee_id"]))[:3]):
        row["retrained_on"] = row["clicked_at"].date() + timedelta(days=30) if n else None
        truth.expect("TRN-04", "phish", row, "not trained within 14 days of the click")


def _gave_in(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """An agent gave in to a mystery caller and was not called again."""
    retest = next(row for row in book["drills"].rows if row["kind"] == "mystery_call" and row["retest_of"])
    book["drills"].rows.remove(retest)
    (row,) = [row for row in book["drills"].rows if row["drill_id"] == retest["retest_of"]]
    truth.expect("TRN-05", "drills", row, "failed and not repeated")
    truth.expect("TRN-06", "drills", row, "failed and not repeated")


def _no_second_try(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Full desks, of which one site was not looked at again, and the other too late."""
    for n, retest in enumerate([r for r in book["drills"].rows if r["kind"] == "clean_desk" and r["retest_of"]]):
        (row,) = [row for row in book["drills"].rows if row["drill_id"] == retest["retest_of"]]
        if n:
            retest["held_on"] = row["held_on"] + timedelta(days=31)
        else:
            book["drills"].rows.remove(retest)
        truth.expect("TRN-06", "drills", row, "failed and not repeated within 30 days")


def _clicked_through(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A team leader clicked the course through for six agents on the eve of the audit, and one took no time for it."""
    *team, hasty = _long_there(vendor, truth, 7)
    for n, p in enumerate(team):
        row = _of(book, "training", p, course="security")[-1]
        done = vendor.place.at(date(2026, 9, 28), 21 * 60 + 14, 9 * n)
        row |= {"src_ip": "203.0.113.77", "method": "interactive", "completed_at": done}
        row["started_at"] = done - timedelta(seconds=row["seconds_spent"] + 20)
        truth.expect("TRN-07", "training", row, "six completions within a minute at one address")
    row = _of(book, "training", hasty, course="privacy")[-1]
    row |= {"seconds_spent": 140, "completed_at": row["started_at"] + timedelta(seconds=150)}
    truth.expect("TRN-07", "training", row, "140 seconds for a course of half an hour")


PLANTS: Final[Plants] = {
    "SCR-01": _unscreened,
    "SCR-02": _not_checked_again,
    "SCR-03": _unlawful,
    "SCR-04": _unsigned,
    "TRN-01": _trained_late,
    "TRN-02": _support_staff,
    "TRN-03": _head_office_only,
    "TRN-04": _clicked,
    "TRN-05": _gave_in,
    "TRN-06": _no_second_try,
    "TRN-07": _clicked_through,
}
"""How each control is broken."""
