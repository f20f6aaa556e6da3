"""The floor, visitors, cameras and assets: records of the sample, and how controls are broken."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sample_files import Row, Table
from sample_plants import agents
from sample_room import Plants, Source
from sample_truth import Truth
from sample_vendor import CLIENT, DAYS, OTHER_CLIENT, Person, Shift, Vendor, draw, pick
from sample_work import Book

SOURCES: Final[tuple[Source, ...]] = (
    Source("badge_events", ("badge",), "facilities", "09:50"),
    Source("floor_walks", ("walks",), "facilities", "10:40", typed=True),
    Source("visitors", ("visitors",), "facilities", "10:45", typed=True),
    Source("cctv", ("cctv",), "facilities", "10:50", typed=True),
    Source("disposals", ("scrapped",), "it-operations", "10:55", typed=True),
)
CLIENT_SOURCES: Final[tuple[Source, ...]] = ()
CONTROLS: Final[tuple[str, ...]] = ("PHY-01", "PHY-02", "PHY-03", "PHY-04", "PHY-05")
SHOWN: Final[tuple[str, ...]] = ("PHY-01", "PHY-02", "PHY-03", "PHY-05")
ZONES: Final = ("entrance", "floor", "server_room")


def fill(book: Book, vendor: Vendor) -> None:
    """Add the tables of these domains without any weakness."""
    _doors(book)
    _walks(book, vendor)
    _visits(book, vendor)
    _cameras(book, vendor)
    _disposals(book)


def _table(kind: str, file: str, columns: str, order: str) -> Table:
    return Table(kind, file, tuple(columns.split()), tuple(order.split()))


def _doors(book: Book) -> None:
    """Who signs in at a desk came in through a door of the site before, once a shift."""
    doors = book["badge"] = _table(
        "badge_events", "facilities/door_log.csv", "ts employee_id door zone direction result", "ts employee_id"
    )
    first: dict[tuple[str, date], tuple[Shift, datetime]] = {}
    for system in ("entra", "crm", "dialler"):
        for row in book[f"{system}_events"].rows:
            shift: Shift | None = row.get("_shift")
            if shift is not None and row["result"] == "success" and not row["remote"]:
                key = (shift.person.employee_id, shift.day)
                earliest = min(row["ts"], shift.clock_in or row["ts"], first.get(key, (shift, row["ts"]))[1])
                first[key] = (shift, earliest)
    for (person, day), (shift, moment) in first.items():
        came = moment - timedelta(minutes=2 + draw("door", person, day) % 6, seconds=draw("step", person, day) % 50)
        _enter(doors, shift.person, came, shift.person.site)


def _enter(doors: Table, p: Person, ts: datetime, site: str) -> Row:
    return doors.add(
        ts=ts, employee_id=p.employee_id, door=f"{site}-floor{1 + p.seat % 2}", zone="floor", direction="in",
        result="granted", _person=p,
    )  # fmt: skip


WALKS: Final = ((2, 10, True), (7, 23, False), (13, 3, False), (19, 15, False), (26, 21, False))
"""Day of October, hour and whether it was announced, of each walk of a site."""


def _walks(book: Book, vendor: Vendor) -> None:
    walkers = vendor.those(role="facilities")
    table = book["walks"] = _table(
        "floor_walks",
        "facilities/floor_walks.csv",
        "walk_id walked_at site zone walker_id seats finding employee_id fixed_on announced",
        "walked_at site zone",
    )
    for site in (site.name for site in vendor.place.sites):
        for n, (day, hour, announced) in enumerate(WALKS, 1):
            walker = pick(walkers, "walker", site, n).employee_id
            for floor in (1, 2):
                table.add(
                    walk_id=f"FW-{site}-{n}", walked_at=vendor.place.at(DAYS[day - 1], hour * 60 + n, 0), site=site,
                    zone=f"floor_{floor}", walker_id=walker, seats=70, finding=None, employee_id=None, fixed_on=None,
                    announced=announced,
                )  # fmt: skip
    paper = table.rows[2]
    paper |= {"finding": "paper", "fixed_on": paper["walked_at"].date() + timedelta(days=1)}


def _visits(book: Book, vendor: Vendor) -> None:
    hosts = vendor.those(role="manager", client=CLIENT)
    table = book["visitors"] = _table(
        "visitors", "facilities/visitors.csv", "visit_id in_at out_at host_id zone escorted badge_returned", "in_at"
    )
    for n in range(24):
        came = vendor.place.at(DAYS[n], 9 * 60 + draw("visit", n) % 400)
        table.add(
            visit_id=f"V-{n + 1:03d}", in_at=came, out_at=came + timedelta(minutes=20 + draw("stay", n) % 120),
            host_id=pick(hosts, "host", n).employee_id, zone=pick(["reception", "floor"], "where", n), escorted=True,
            badge_returned=True,
        )  # fmt: skip


def _cameras(book: Book, vendor: Vendor) -> None:
    table = book["cctv"] = _table(
        "cctv",
        "facilities/cameras.csv",
        "camera_id zone working oldest_footage_on audio notice_posted access_logged",
        "camera_id",
    )
    for site in (site.name for site in vendor.place.sites):
        for n, zone in enumerate((*ZONES, "floor"), 1):
            oldest = date(2026, 7, 1) + timedelta(days=draw("footage", site, n) % 20)
            table.add(
                camera_id=f"{site}-C{n:02d}", zone=zone, working=True, oldest_footage_on=oldest, audio=False,
                notice_posted=True, access_logged=True,
            )  # fmt: skip


def _disposals(book: Book) -> None:
    table = book["scrapped"] = _table(
        "disposals",
        "it/disposals.csv",
        "ref client trigger trigger_on completed_on method certificate",
        "trigger_on ref",
    )
    for n, (trigger, day, took, method, client) in enumerate(
        (
            ("paper", 2, 3, "cross_cut", CLIENT),
            ("device", 5, 6, "wipe_purge", None),
            ("leaver", 9, 4, "returned", CLIENT),
            ("paper", 16, 3, "cross_cut", CLIENT),
            ("contract_end", 1, 21, "crypto_erase", OTHER_CLIENT),
            ("leaver", 19, 5, "wipe_purge", CLIENT),
            ("paper", 28, None, None, CLIENT),
        ),
        1,
    ):
        begun = DAYS[day - 1]
        table.add(
            ref=f"D-{n:03d}", client=client, trigger=trigger, trigger_on=begun,
            completed_on=begun + timedelta(days=took) if took else None, method=method,
            certificate=f"CERT-{n:03d}" if took else None,
        )  # fmt: skip


def _found_on_the_floor(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Phones and paper at one site, more than its seats allow, and a phone that nobody ever took away."""
    at_night = [row for row in book["walks"].rows if row["site"] == vendor.place.sites[1].name and not row["announced"]]
    found = (*(("phone", row, 0) for row in at_night[:4]), ("paper", at_night[4], 1), ("phone", at_night[6], None))
    (caught,) = agents(vendor, truth, 1, site=vendor.place.sites[1].name)
    for finding, row, later in found:
        fixed = row["walked_at"].date() + timedelta(days=later) if later is not None else None
        row |= {"finding": finding, "employee_id": caught.employee_id if later is None else None, "fixed_on": fixed}
        truth.expect("PHY-01", "walks", row, f"{finding} on the floor, more than one per 100 seats of the site")


def _two_places(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Two badges that opened doors in two cities within the hour."""
    for p in agents(vendor, truth, 2, site=vendor.place.sites[0].name, mode="onsite"):
        came = next(row for row in book["badge"].rows if row["_person"] is p and row["ts"].date() > DAYS[8])
        row = _enter(book["badge"], p, came["ts"] + timedelta(minutes=23), vendor.place.sites[1].name)
        truth.expect("PHY-02", "badge", row, "the badge opened a door in another city 23 minutes before")


def _lost_visitors(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A visitor nobody led over the floor, one who never left, one without a host."""
    alone, stayed, nobody = book["visitors"].rows[4], book["visitors"].rows[11], book["visitors"].rows[17]
    alone |= {"zone": "floor", "escorted": False}
    truth.expect("PHY-03", "visitors", alone, "on the floor without an escort")
    stayed |= {"out_at": None, "badge_returned": False}
    truth.expect("PHY-03", "visitors", stayed, "never left, the badge was not returned")
    nobody["host_id"] = None
    truth.expect("PHY-03", "visitors", nobody, "visited nobody")


def _blind_cameras(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A camera that does not work, one with sound, one whose footage is kept for a year."""
    broken, loud, long = book["cctv"].rows[0], book["cctv"].rows[3], book["cctv"].rows[5]
    broken |= {"working": False, "oldest_footage_on": None}
    truth.expect("PHY-04", "cctv", broken, "does not work")
    loud["audio"] = True
    truth.expect("PHY-04", "cctv", loud, "records sound")
    long["oldest_footage_on"] = date(2025, 11, 3)
    truth.expect("PHY-04", "cctv", long, "footage of a year")


def _not_back(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """A leaver whose things never came back, and paper that was thrown away."""
    kept = next(
        row for row in book["leavers"].rows if row["separated_on"] == max(r["separated_on"] for r in _old(book))
    )
    kept["assets_returned_on"] = None
    truth.expect("PHY-05", "leavers", kept, "assets never returned")
    paper = next(row for row in book["scrapped"].rows if row["trigger"] == "paper")
    paper["method"] = "other"
    truth.expect("PHY-05", "scrapped", paper, "paper not cut")


def _old(book: Book) -> list[Row]:
    """The leavers whose week for giving things back was over at the end of the period."""
    return [row for row in book["leavers"].rows if row["separated_on"] < DAYS[15]]


PLANTS: Final[Plants] = {
    "PHY-01": _found_on_the_floor,
    "PHY-02": _two_places,
    "PHY-03": _lost_visitors,
    "PHY-04": _blind_cameras,
    "PHY-05": _not_back,
}
