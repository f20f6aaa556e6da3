"""Access reviews, movers, and remote work: records of the sample, and how controls are broken."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sample_access_home import WITH_DOORS_AND_DEVICES, with_doors_and_devices
from sample_files import Row, Table
from sample_names import account_id
from sample_place import START
from sample_plants import agents, some
from sample_records import account
from sample_room import Plants, Source
from sample_truth import Truth
from sample_vendor import CLIENT, DAYS, OTHER_CLIENT, Person, Shift, Vendor, draw
from sample_work import Book

REVIEWED: Final = date(2026, 9, 15)
"""The day of the last recertification."""
SESSION: Final = (
    "start end system account_id device_id src_ip country split_tunnel clipboard drive_redirect print_redirect"
)
SOURCES: Final[tuple[Source, ...]] = (
    Source("access_reviews", ("reviews",), "it-operations", "10:40"),
    Source("vpn_sessions", ("vpn",), "it-operations", "09:35"),
)
CLIENT_SOURCES: Final[tuple[Source, ...]] = ()
CONTROLS: Final[tuple[str, ...]] = (
    *("ACC-02", "ACC-03", "ACC-04", "ACC-05"),
    *("REM-02", "REM-03", "REM-04", "REM-05", "REM-06"),
)
SHOWN: Final[tuple[str, ...]] = ("ACC-02", "ACC-03", "ACC-04", "ACC-05", "REM-02", "REM-03", "REM-04", "REM-06")


def fill(book: Book, vendor: Vendor) -> None:
    """Add the tables of these domains without any weakness."""
    book["reviews"] = _table("access_reviews", "iam/access_reviews_2026-09.csv", REVIEW, "review_id")
    book["vpn"] = _table("vpn_sessions", "vpn/sessions_2026-10.csv", SESSION, "start account_id")
    _reviews(book, vendor)
    for shift in vendor.shifts:
        _session(book, shift)
    _seen_in_september(book)
    for row in book["wfh"].rows:
        checked = date(2026, 5, 11) + timedelta(days=draw("home check", row["employee_id"]) % 140)
        row["home_check_on"] = max(row["home_check_on"], checked)


def _seen_in_september(book: Book) -> None:
    """Who is at work and had no use for the directory in the period signed in there shortly before it."""
    for row in book["entra"].rows:
        p: Person | None = row.get("_person")
        if p and p.status == "active" and row["last_login_at"] and row["last_login_at"] < p.place.at(START, 0):
            row["last_login_at"] = p.place.at(
                date(2026, 9, 21) + timedelta(days=draw("september", p.seat) % 9), 9 * 60 + 12
            )


REVIEW: Final = "review_id system account_id reviewer_id reviewed_at decision removed_at"


def _table(kind: str, file: str, columns: str, order: str) -> Table:
    return Table(kind, file, tuple(columns.split()), tuple(order.split()))


def _reviews(book: Book, vendor: Vendor) -> None:
    """One line for each account that was there, in September; leavers of the weeks before were to be removed."""
    boss = vendor.those(role="manager", status="active")[0]
    for system in ("entra", "crm", "dialler"):
        for row in book[system].rows:
            p: Person | None = row.get("_person")
            if row["created_at"].date() > REVIEWED or (p and p.last_day and p.last_day < date(2026, 8, 20)):
                continue
            gone = p is not None and p.last_day is not None and p.last_day < REVIEWED
            book["reviews"].add(
                review_id=_number(book, system),
                system=system,
                account_id=row["account_id"],
                reviewer_id=p.manager_id if p and p.manager_id else _another(vendor, boss, p),
                reviewed_at=REVIEWED,
                decision="remove" if gone else "keep",
                removed_at=REVIEWED + timedelta(days=1) if gone else None,
                _person=p,
            )


def _number(book: Book, system: str) -> str:
    return f"2026Q3-{system}-{len(book['reviews'].rows) + 1:04}"


def _another(vendor: Vendor, boss: Person, p: Person | None) -> str:
    """Who reviews what has no manager: the head, and of the head the head of information technology."""
    return boss.employee_id if p is not boss else vendor.those(role="it_admin", status="active")[0].employee_id


def _session(book: Book, shift: Shift) -> None:
    """The gateway's session of a shift worked from home; it signs in by the directory."""
    p = shift.person
    home = p.mode == "wfh" or (p.mode == "hybrid" and draw("home", p.seat, shift.day.isocalendar().week) % 2 == 0)
    if not home or shift.clock_in is None:
        return
    start = shift.clock_in - timedelta(minutes=1, seconds=draw("tunnel", p.seat, shift.day) % 50)
    if not p.place.holds(start):
        return
    end = None if shift.clock_out is None else shift.clock_out + timedelta(minutes=1)
    book["vpn"].add(
        start=start,
        end=end,
        system="entra",
        account_id=account_id("entra", p),
        device_id=p.laptop,
        src_ip=f"192.0.2.{10 + p.seat % 240}",
        country=p.place.country,
        split_tunnel=False,
        clipboard=False,
        drive_redirect=False,
        print_redirect=False,
        _person=p,
        _shift=shift,
    )


def complete(book: Book, vendor: Vendor) -> None:
    """What these controls need of tables that others fill; to be called after every room's `fill`."""
    with_doors_and_devices(book, vendor)
    _monitored(book, vendor)


def _monitored(book: Book, vendor: Vendor) -> None:
    """The supervision of home work stands in the inventory of processing, assessed and looked at again."""
    owner = vendor.those(role="manager", status="active")[0].employee_id
    book["ropa"].add(
        system="remote_monitoring", purpose="supervision of home work", client=None, assessed_on=date(2025, 2, 3),
        reviewed_on=date(2026, 2, 5), owner=owner,
    )  # fmt: skip


def _row(table: Table, p: Person) -> Row:
    return next(row for row in table.rows if row["employee_id"] == p.employee_id)


def _no_shows(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Two agents miss two shifts before their rest days; nobody suspends them."""
    for p in agents(vendor, truth, 2, shift="day", mode="onsite"):
        first, second = _before_a_rest(vendor, p)
        for shift in (first, second):
            _stay_away(book, shift)
        sheet = next(row for row in book["timesheets"].rows if row["_shift"] is second)
        truth.expect("ACC-02", "timesheets", sheet, "missed two shifts in a row, the accounts stayed enabled")


def _before_a_rest(vendor: Vendor, p: Person) -> tuple[Shift, Shift]:
    """The last two shifts before a rest day in the middle of the month, with a shift worked before them."""
    worked = [s for s in vendor.shifts if s.person is p and s.day in DAYS]
    return next(
        (one, two)
        for before, one, two, after in zip(worked, worked[1:], worked[2:], worked[3:], strict=False)
        if one.day > DAYS[7] and before.clock_in and one.clock_in and two.clock_in and one.scheduled and two.scheduled
        and (after.day - two.day).days > 1 and (two.day - one.day).days == 1
    )  # fmt: skip


def _stay_away(book: Book, shift: Shift) -> None:
    """Nobody came: no punches, no sign-ins."""
    sheet = next(row for row in book["timesheets"].rows if row["_shift"] is shift)
    extra = sheet["ot_hours"]
    sheet |= {"clock_in": None, "clock_out": None, "meal_minutes": 0, "paid_hours": 0, "ot_hours": 0, "ot_kind": None}
    for pay in book["payroll"].rows:
        if pay["employee_id"] == sheet["employee_id"] and pay["period_start"] <= shift.day <= pay["period_end"]:
            pay["regular_hours"] -= 8
            pay["ot_hours"] = max(0, pay["ot_hours"] - extra)
    for system in ("entra", "crm", "dialler"):
        book[f"{system}_events"].rows = [r for r in book[f"{system}_events"].rows if r.get("_shift") is not shift]


def _dormant(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Dialler extensions made for a ramp that never came, and a person who has had no use for one since summer."""
    for n, p in enumerate(vendor.those(role="trainer", client=CLIENT, status="active")[:3]):
        row = account("dialler", p) | {"last_login_at": None if n else p.place.at(date(2026, 8, 3), 540)}
        row |= {"account_id": str(69100 + n), "created_at": p.place.at(date(2026, 7, 1), 540)}
        book["dialler"].rows.append(row)
        why = "made in July and never used" if n else "last used on 3 August"
        truth.expect("ACC-03", "dialler", row, why)
        _review(book, row, p)


def _review(book: Book, row: Row, p: Person) -> None:
    book["reviews"].add(
        review_id=_number(book, row["system"]), system=row["system"], account_id=row["account_id"],
        reviewer_id=p.manager_id, reviewed_at=REVIEWED, decision="keep", removed_at=None, _person=p,
    )  # fmt: skip


def _unreviewed(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Lines passed over, an account that was forgotten, a team leader who reviewed herself, a removal never done."""
    *passed, forgotten, open_ = agents(vendor, truth, some(vendor, 5))
    lines = {(row["system"], row["account_id"]): row for row in book["reviews"].rows}
    for p in passed:
        lines["dialler", account_id("dialler", p)] |= {"decision": "not_reviewed", "reviewer_id": None}
        truth.expect("ACC-04", "dialler", _row(book["dialler"], p), "listed for review and not reviewed")
    book["reviews"].rows.remove(lines["crm", account_id("crm", forgotten)])
    truth.expect("ACC-04", "crm", _row(book["crm"], forgotten), "never reviewed")
    lead = vendor.those(role="team_leader", client=CLIENT, status="active")[1]
    lines["entra", account_id("entra", lead)]["reviewer_id"] = lead.employee_id
    truth.expect("ACC-04", "entra", _row(book["entra"], lead), "reviewed by the owner")
    line = lines["crm", account_id("crm", open_)]
    line["decision"] = "remove"
    truth.expect("ACC-04", "reviews", line, "to be removed since September, the account is still enabled")


def _movers(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Two agents of another client who kept the account of the client they left."""
    for p in vendor.those(role="agent", client=OTHER_CLIENT, status="active")[:2]:
        row = account("crm", p) | {"client": CLIENT, "last_login_at": p.place.at(date(2026, 10, 2), 540)}
        book["crm"].rows.append(row)
        truth.expect("ACC-05", "crm", row, "works for another client and can still sign in to this one's system")
        truth.expect("LOG-01", "crm", row, "the owner is not among the people of this client")
        truth.expect("ACC-04", "crm", row, "never reviewed")


def _registered(book: Book) -> list[Row]:
    """The register's lines of this client's people, without those that other weaknesses take: the last ones first."""
    return [row for row in reversed(book["wfh"].rows) if row["_person"].client == CLIENT]


def _unchecked_homes(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Checks of last winter, one that was failed, one that the person made."""
    changes: tuple[tuple[Row, str], ...] = (
        ({"home_check_on": date(2026, 2, 9)}, "checked in February"),
        ({"home_check_on": date(2026, 5, 1)}, "checked six months and a day ago"),
        ({"home_check_result": "fail"}, "the check was failed"),
        ({"home_check_method": "self"}, "checked by the person"),
    )
    for row, (change, why) in zip(_registered(book), changes, strict=False):
        row.update(change)
        truth.expect("REM-04", "wfh", row, why)


def _open_channels(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A day on which the tunnel was split for everybody, and an analyst whose clipboard was open all month."""
    ours = [row for row in book["vpn"].rows if row["_person"].client == CLIENT]
    someone = next(row["_person"] for row in ours if row["_person"].role == "qa")
    for row in ours:
        if row["_shift"].day == DAYS[20]:
            row["split_tunnel"] = True
            truth.expect("REM-05", "vpn", row, "traffic may leave the tunnel")
        if row["_person"] is someone:
            row["clipboard"] = True
            truth.expect("REM-05", "vpn", row, "the clipboard is open")


def _unannounced(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Two people who were never told what is watched, and a tool that nobody assessed for a year."""
    for row in _registered(book)[4:6]:
        row["monitoring_notice_on"] = None
        truth.expect("REM-06", "wfh", row, "no notice of the monitoring")
    tool = next(row for row in book["ropa"].rows if row["system"] == "remote_monitoring")
    tool["reviewed_on"] = None
    truth.expect("REM-06", "ropa", tool, "assessed in February 2025 and never since")


PLANTS: Final[Plants] = {
    "ACC-02": _no_shows,
    "ACC-03": _dormant,
    "ACC-04": _unreviewed,
    "ACC-05": _movers,
    "REM-04": _unchecked_homes,
    "REM-05": _open_channels,
    "REM-06": _unannounced,
    **WITH_DOORS_AND_DEVICES,
}
