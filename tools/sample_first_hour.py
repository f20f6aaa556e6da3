"""The sample of the first hour: eight exports that a tenant, a time clock and payroll give by clicking."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import Final

import sample_rooms
from sample_documents import engagement, vendor_pack
from sample_files import Row
from sample_names import code
from sample_place import PHILIPPINES
from sample_plants import agents
from sample_records import records
from sample_truth import Truth
from sample_vendor import CLIENT, DAYS, Person, Shift, Vendor, invent
from sample_work import Book, sign_in

at = PHILIPPINES.at

NAME: Final = "first-hour-ph"
PEOPLE: Final = 100
AS_OF: Final = f"2026-11-02T09:00:00{PHILIPPINES.offset}"
ENGAGEMENT: Final = "northwind-2026-10-first-hour"
TABLES: Final = ("roster", "entra", "entra_events", "timesheets", "payroll", "mail", "rules", "devices")
"""The files of the pack, one each."""
CONTROLS: Final = (
    "ACC-02", "ACC-03", "ACC-05", "EML-05", "EML-06", "EML-07", "END-01", "END-02", "END-04", "END-05", "END-06",
    "LOG-01", "LOG-03", "LOG-07", "MFA-01", "MFA-02", "MFA-03", "MFA-04", "WRK-02", "WRK-03", "WRK-04", "WRK-05",
    "WRK-06", "WRK-08",
)  # fmt: skip
"""The controls that these files decide; the profile first-hour asks for them and no others."""
_OF_THE_ROOMS: Final = (
    "ACC-02", "EML-05", "EML-06", "END-01", "END-04", "END-05", "WRK-02", "WRK-03", "WRK-04", "WRK-05", "WRK-06",
    "WRK-08",
)  # fmt: skip
"""Broken as in the large sample: their weaknesses lie in these files."""


def _meal_worked(_book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A meal cut short makes the day longer: by more than a quarter of an hour, it is overtime that nobody recorded."""
    for row in [p.row for p in truth.planted if p.control == "WRK-08"]:
        worked = row["clock_out"] - row["clock_in"] - timedelta(minutes=row["meal_minutes"])
        if worked > timedelta(hours=8 + row["ot_hours"], minutes=15):
            truth.expect("WRK-02", "timesheets", row, "the meal was worked, and no overtime is recorded")


def _bare(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Four agents without a second factor in the tenant."""
    for p in agents(vendor, truth, 4):
        row = _account(book, p)
        row |= {"mfa_enrolled": False, "mfa_method": None, "mfa_identifier_hash": None}
        truth.expect("MFA-01", "entra", row, "no second factor enrolled")


def _one_phone(book: Book, vendor: Vendor, truth: Truth) -> None:
    """One phone answers for two agents."""
    for p in agents(vendor, truth, 2):
        row = _account(book, p)
        row["mfa_identifier_hash"] = code("factor", "the team leader's phone")
        truth.expect("MFA-03", "entra", row, "one phone is the second factor of two people")


def _login_of_the_floor(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A login that whoever sits on the second floor uses."""
    row = dict.fromkeys(book["entra"].columns) | {
        "system": "entra", "account_id": f"floor2@{PHILIPPINES.domain}", "account_type": "shared", "enabled": True,
        "privileged": False, "role": "team_leader", "client": CLIENT, "created_at": at(date(2025, 2, 3), 600),
        "last_login_at": at(date(2026, 10, 30), 840), "mfa_enrolled": False, "password_last_set": date(2025, 2, 3),
    }  # fmt: skip
    book["entra"].rows.append(row)
    truth.expect("LOG-01", "entra", row, "shared login in use without an exception")


def _leaver(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A leaver whose account stayed open, used three days after the last day."""
    p = next(p for p in vendor.those(status="terminated", shift="day") if p.last_day in DAYS)
    row = _account(book, p)
    row |= {"enabled": True, "disabled_at": None}
    truth.expect("LOG-01", "entra", row, "owner has left, the account is enabled")
    _intrude(
        book,
        truth,
        p,
        at(p.last_day or date.max, (24 * 3 + 13) * 60 + 5),
        "signed in after the last day worked",
    )


def _at_night(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Two sign-ins of an agent of the mid shift at 03:12."""
    (p,) = agents(vendor, truth, 1, shift="mid")
    for day in (DAYS[12], DAYS[19]):
        _intrude(book, truth, p, at(day, 3 * 60 + 12), "signed in at 03:12, outside any shift")


def _intrude(book: Book, truth: Truth, p: Person, ts: datetime, why: str) -> None:
    """A sign-in to this person's account while the person is not at work; the account list knows of it."""
    nobody = Shift(p, ts.date(), scheduled=False, starts=ts, ends=ts, clock_in=None, clock_out=None, overtime=0)
    event = sign_in(book, "entra", nobody, ts)
    if event is not None:
        truth.expect("LOG-03", "entra_events", event, why)
        row = _account(book, p)
        row["last_login_at"] = max(row["last_login_at"] or ts, ts)


def _account(book: Book, p: Person) -> Row:
    return next(row for row in book["entra"].rows if row["employee_id"] == p.employee_id)


PLANTS: Final = (_meal_worked, _bare, _one_phone, _login_of_the_floor, _leaver, _at_night)
"""What is wrong beside that, most of it in the tenant."""


def pack() -> dict[str, bytes]:
    """The files of the sample, by their path inside its folder."""
    vendor, truth = invent(PEOPLE, PHILIPPINES), Truth()
    book = records(vendor)
    for fill in sample_rooms.FILL:
        fill(book, vendor)
    for control in _OF_THE_ROOMS:
        sample_rooms.PLANTS[control](book, vendor, truth)
    for plant in PLANTS:
        plant(book, vendor, truth)
    told = Truth([p for p in truth.planted if p.table in TABLES and p.control in CONTROLS])
    few = {key: book[key] for key in TABLES}
    files = {table.file: table.content() for table in few.values()}
    document = told.document(few, CONTROLS, {}) | {"host_verdicts": {}, "host_findings": []}
    texts = {
        "pack.yaml": vendor_pack(NAME, few, PHILIPPINES, ENGAGEMENT),
        "engagement.yaml": engagement(PHILIPPINES, ENGAGEMENT, "{entra: vendor}", "[home_work]", "northwind-2c81d5f0"),
        "sample.yaml": (
            f"as_of: {AS_OF}\nengagement: engagement.yaml\n"
            "title: What eight exports of the first hour show\nexpected: truth.json\n"
        ),
        "truth.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n",
    }
    return {**files, **{path: text.encode() for path, text in texts.items()}}
