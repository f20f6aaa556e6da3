"""Training, drills, phishing and screening: records of the sample, and how controls are broken."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sample_files import Row, Table
from sample_people_plants import PLANTS as _PLANTS
from sample_place import START
from sample_room import Plants, Source
from sample_vendor import CLIENT, Person, Vendor, draw, pick
from sample_work import Book

SOURCES: Final[tuple[Source, ...]] = (
    Source("training", ("training",), "learning-and-development", "09:50"),
    Source("phish", ("phish",), "information-security", "10:15"),
    Source("drills", ("drills",), "information-security", "10:40", typed=True),
    Source("screening", ("screening",), "hr-systems", "09:20", typed=True),
    Source("undertakings", ("undertakings",), "hr-systems", "09:25", typed=True),
)
CLIENT_SOURCES: Final[tuple[Source, ...]] = ()
CONTROLS: Final[tuple[str, ...]] = (
    "SCR-01", "SCR-02", "SCR-03", "SCR-04", "TRN-01", "TRN-02", "TRN-03", "TRN-04", "TRN-05", "TRN-06", "TRN-07",
)  # fmt: skip
SHOWN: Final[tuple[str, ...]] = ("SCR-01", "SCR-03", "SCR-04", "TRN-01", "TRN-02", "TRN-03", "TRN-06", "TRN-07")
PLANTS: Final[Plants] = _PLANTS

_TRAINING: Final = (
    "employee_id course version language assigned_on due_on started_at completed_at seconds_spent score passed method "
    "src_ip rating course_seconds"
)
_SCREENING: Final = (
    "employee_id check country notice_or_consent_on requested_on completed_on issued_on result adjudicated_by"
)
_COURSES: Final = {"privacy": 1800, "security": 2400, "client_rules": 3600}
"""The courses and the seconds that the learning system states for them."""
_ROLLED_OUT: Final = date(2026, 4, 1)
"""The current versions of the yearly courses and of the mail rules."""
_HIGH_RISK: Final = ("team_leader", "it_admin", "payments", "payroll")
_AUGUST, _OCTOBER = date(2026, 8, 17), date(2026, 10, 12)


def fill(book: Book, vendor: Vendor) -> None:
    """Add the tables of these domains without any weakness."""
    book["training"] = _table("training", "lms/completions.csv", _TRAINING, "completed_at employee_id course")
    book["phish"] = _table(
        "phish",
        "security/phishing.csv",
        "campaign_id employee_id sent_at template clicked_at submitted_at reported_at retrained_on",
        "sent_at employee_id",
    )
    book["drills"] = _table(
        "drills",
        "security/drills.csv",
        "drill_id kind held_on site subject_id result retest_of findings_open",
        "held_on drill_id",
    )
    book["screening"] = _table("screening", "hr/screening.csv", _SCREENING, "employee_id check completed_on")
    book["undertakings"] = _table(
        "undertakings", "hr/undertakings.csv", "employee_id document version language signed_on", "employee_id document"
    )
    for p in vendor.people:
        _courses(book["training"], p)
        if p.status != "terminated":
            _checks(book["screening"], vendor, p)
            _signatures(book["undertakings"], p)
        if p.status == "active":
            _mails(book["phish"], p)
    _taken_abroad(book["training"], vendor)
    _drills(book["drills"], vendor)


def _table(kind: str, file: str, columns: str, order: str) -> Table:
    return Table(kind, file, tuple(columns.split()), tuple(order.split()))


def _courses(table: Table, p: Person) -> None:
    """All courses between the hiring and the floor; those of the yearly ones that are older again since the spring."""
    for n, course in enumerate(_COURSES):
        day = p.hired + timedelta(days=1 + 2 * n + draw("course", course, p.seat) % 2)
        watched = p.hired >= p.place.pay.covered[0] and day.weekday() >= 5  # noqa: PLR2004  (an unpaid Saturday)
        _course(table, p, course, day + timedelta(days=2) if watched else day)
        if course != "client_rules" and p.hired < _ROLLED_OUT and p.status != "terminated":
            _course(table, p, course, _ROLLED_OUT + timedelta(days=7 + draw("again", course, p.seat) % 150))


def _course(table: Table, p: Person, course: str, day: date, language: str = "") -> Row:
    """A course taken on this day, before the floor or at a quiet hour."""
    length, key = _COURSES[course], (course, p.seat, day)
    spent = length * (85 + draw("spent", *key) % 60) // 100
    started = p.place.at(day, 8 * 60 + draw("started", *key) % 420, draw("at", *key) % 60)
    current = day >= _ROLLED_OUT
    return table.add(
        employee_id=p.employee_id,
        course=course,
        version="2026" if current else str(day.year - (day.month < _ROLLED_OUT.month)),
        language=language or pick(["en", "en", p.place.languages[0]], "language", *key),
        assigned_on=day - timedelta(days=1),
        due_on=day + timedelta(days=14),
        started_at=started,
        completed_at=started + timedelta(seconds=spent + 20),
        seconds_spent=spent,
        score=80 + draw("score", *key) % 21,
        passed=True,
        method="classroom" if course == "client_rules" else pick(["interactive", "video"], "method", *key),
        src_ip=f"{p.place.site(p.site).network}.{10 + p.seat % 90}",
        rating=pick([3, 4, 4, 5, 5], "rating", *key) if current else None,
        course_seconds=length,
    )


def _taken_abroad(table: Table, vendor: Vendor) -> None:
    """The managers try out the translation that is made for another site."""
    for p in vendor.those(role="manager", client=CLIENT)[:2]:
        _course(table, p, "security", date(2026, 10, 20), p.place.languages[1])


def _mails(table: Table, p: Person) -> None:
    """A mail of each campaign since the hiring, spread over the week; few click, many report."""
    for campaign, monday in (("2026-08", _AUGUST), ("2026-10", _OCTOBER)):
        if p.hired < monday:
            key = (campaign, p.seat)
            sent = p.place.at(monday + timedelta(days=draw("day", *key) % 5), 9 * 60 + draw("minute", *key) % 480)
            fell = draw("clicked", *key) % 40 == 0
            reported = not fell and draw("reported", *key) % 5 < 2  # noqa: PLR2004
            clicked = sent + timedelta(minutes=3 + draw("soon", *key) % 90)
            table.add(
                campaign_id=campaign,
                employee_id=p.employee_id,
                sent_at=sent,
                template=pick(["parcel", "payslip", "shared file"], "template", *key),
                clicked_at=clicked if fell else None,
                submitted_at=clicked + timedelta(minutes=1) if fell and draw("typed", *key) % 4 == 0 else None,
                reported_at=sent + timedelta(minutes=2 + draw("took", *key) % 22) if reported else None,
                retrained_on=clicked.date() + timedelta(days=1 + draw("retrained", *key) % 10) if fell else None,
                _person=p,
            )


def _drills(table: Table, vendor: Vendor) -> None:
    """Mystery calls in each week of the quarter, two of which an agent failed at first; drills of other kinds."""
    agents = [p for p in vendor.those(role="agent", status="active", client=CLIENT) if p.hired < START]
    sites = [site.name for site in vendor.place.sites]
    called = sorted(agents, key=lambda p: draw("mystery", p.seat))[:64]
    for n, p in enumerate(called):
        failed = n in {11, 40}
        day = date(2026, 8, 10) + timedelta(days=n * 80 // 64)
        first = _drill(table, "mystery_call", day, p.site, p)
        if failed:
            first["result"] = "fail"
            again = _drill(table, "mystery_call", day + timedelta(days=9 + n % 7), p.site, p)
            again["retest_of"] = _name("mystery_call", day, p.site, p)
    for n, day in enumerate((date(2026, 8, 12), date(2026, 9, 9), date(2026, 10, 14))):
        for site in sites:
            _drill(table, "phone_ban", day, site)
            first = _drill(table, "clean_desk", day + timedelta(days=1), site)
            if n == 1:
                first["result"] = "fail"
                again = _drill(table, "clean_desk", day + timedelta(days=15), site)
                again["retest_of"] = _name("clean_desk", day + timedelta(days=1), site)
    for kind, day in (
        ("fire", date(2026, 3, 11)), ("incident_response", date(2026, 5, 20)), ("lost_device", date(2026, 6, 17)),
        ("business_continuity", date(2026, 7, 8)),
    ):  # fmt: skip
        for site in sites:
            _drill(table, kind, day, site)


def _name(kind: str, day: date, site: str, p: Person | None = None) -> str:
    who = f"-{p.seat:03d}" if p else ""
    return f"DR-{day:%m%d}-{kind[:2].upper()}-{site}{who}"


def _drill(table: Table, kind: str, day: date, site: str, p: Person | None = None) -> Row:
    return table.add(
        drill_id=_name(kind, day, site, p), kind=kind, held_on=day, site=site,
        subject_id=p.employee_id if p else None, result="pass", retest_of=None, findings_open=0,
    )  # fmt: skip


def _checks(table: Table, vendor: Vendor, p: Person) -> None:
    """The checks of the place before the hiring, a credit check where money is handled; high risks again this year."""
    checks = [*p.place.checks, *(["credit"] if p.role in _HIGH_RISK[2:] else [])]
    for check in checks:
        done = p.hired - timedelta(days=2 + draw("done", check, p.seat) % 9)
        row = _check(table, p, check, done)
        if check == "employment" and draw("doubt", p.seat) % 12 == 0:
            deciders = [m for m in vendor.those(role="hr") if m is not p] or vendor.those(role="manager")
            row |= {"result": "unable_to_verify", "adjudicated_by": pick(deciders, "decider", p.seat).employee_id}
    if p.role in _HIGH_RISK and p.hired < date(2025, 1, 1):
        _check(table, p, p.place.criminal_check, date(2025, 6, 2) + timedelta(days=draw("cycle", p.seat) % 300))


def _check(table: Table, p: Person, check: str, done: date) -> Row:
    ordered = done - timedelta(days=5 + draw("ordered", check, p.seat, done) % 12)
    return table.add(
        employee_id=p.employee_id,
        check=check,
        country=p.place.country,
        notice_or_consent_on=ordered - timedelta(days=draw("told", p.seat, done) % 3),
        requested_on=ordered,
        completed_on=done,
        issued_on=ordered + timedelta(days=2) if check == p.place.criminal_check else None,
        result="clear",
        adjudicated_by=None,
        _person=p,
    )


def _signatures(table: Table, p: Person) -> None:
    """Both documents on the first day; the mail rules then too, or since their current version."""
    rules = max(p.hired, _ROLLED_OUT + timedelta(days=3 + draw("rules", p.seat) % 60))
    for document, version, day in (
        ("confidentiality", "2019", p.hired), ("acceptable_use", "2019", p.hired), ("mail_rules", "2026", rules),
    ):  # fmt: skip
        table.add(
            employee_id=p.employee_id,
            document=document,
            version=version,
            language=f"en;{p.place.languages[0]}",
            signed_on=day,
            _person=p,
        )
