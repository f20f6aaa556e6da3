"""The invented vendor on the phone: contacts, the records looked at during them, what is taken out of the systems."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sample_files import Row, Table
from sample_place import START
from sample_vendor import CLIENT, DAYS, Person, Shift, Vendor, draw, pick

LOOKS: Final = ("view", "edit", "export")


def contacts() -> Table:
    """The log of contacts."""
    columns = ("interaction_id", "start", "end", "agent_id", "customer_id", "channel")
    return Table("interactions", "dialler/interactions.csv", columns, ("start", "interaction_id"))


def views() -> Table:
    """The log of looks at customer records."""
    columns = ("ts", "agent_id", "customer_id", "action", "rows", "interaction_id")
    return Table("record_views", "crm/record_views.csv", columns, ("ts", "agent_id", "action"))


def exports() -> Table:
    """The log of reports and exports."""
    columns = ("ts", "user_id", "system", "rows", "approved_by", "ticket", "destination")
    return Table("exports", "exports.csv", columns, ("ts", "user_id"))


def work(calls: Table, looks: Table, vendor: Vendor) -> None:
    """Two contacts in every fifth shift of each agent, a long break between them; the record of one is looked at."""
    for shift in vendor.shifts:
        p = shift.person
        working = shift.clock_in and shift.day in DAYS and shift.day >= p.floor
        if p.role == "agent" and p.on_floor and working and draw("contact", p.seat, shift.day) % 5 == 0:
            _contact(calls, looks, shift)
    for n, p in enumerate(q for q in vendor.those(role="qa", status="active") if q.on_floor):
        for day in DAYS[n % 7 :: 7]:
            _look(
                looks,
                p,
                p.place.at(day, 10 * 60 + draw("checked", p.seat, day) % 300),
                customer("checked", p.seat, day),
            )


def customer(*what: object) -> str:
    """A customer number."""
    return f"C{10_000 + draw('customer', *what) % 90_000}"


def _contact(calls: Table, looks: Table, shift: Shift) -> None:
    p, key = shift.person, (shift.person.seat, shift.day)
    start = shift.starts + timedelta(minutes=120 + draw("call from", *key) % 300, seconds=draw("call at", *key) % 60)
    end = start + timedelta(minutes=2 + draw("talk", *key) % 14, seconds=draw("hung up", *key) % 60)
    if not (p.place.holds(start) and p.place.holds(end)):
        return
    who = customer(*key)
    channel = pick(["voice", "voice", "voice", "voice", "chat", "email"], "channel", *key)
    number = f"INT-{shift.day:%m%d}-{p.seat:04d}"
    calls.add(
        interaction_id=number, start=start, end=end, agent_id=p.employee_id, customer_id=who, channel=channel
    )  # fmt: skip
    first = shift.starts + timedelta(minutes=6 + draw("first call", *key) % 20)
    if first >= p.place.at(START, 0):
        calls.add(
            interaction_id=f"{number}-A", start=first, end=first + timedelta(minutes=3 + draw("first talk", *key) % 12),
            agent_id=p.employee_id, customer_id=customer("first", *key), channel="voice",
        )  # fmt: skip
    if draw("asked who", *key) % 6 == 0:
        _look(looks, p, start + timedelta(seconds=20), None, "search")
    action = "edit" if draw("changed", *key) % 5 == 0 else "view"
    _look(looks, p, start + timedelta(seconds=50), who, action)["interaction_id"] = number
    if draw("afterwards", *key) % 4 == 0:
        _look(looks, p, end + timedelta(minutes=30), who, "edit")["interaction_id"] = number
    if draw("mistaken", *key) % 400 == 0:
        _look(looks, p, start + timedelta(seconds=35), customer("mistaken", *key))["_alone"] = True


def _look(looks: Table, p: Person, ts: object, who: str | None, action: str = "view") -> Row:
    """Add one look at a record; which contact it belongs to is filled in where there is one."""
    return looks.add(
        ts=ts, agent_id=p.employee_id, customer_id=who, action=action, rows=1, interaction_id=None, _person=p
    )


def judged(looks: Table) -> list[Row]:
    """The looks of the client's agents that must belong to a contact."""
    return [
        row
        for row in looks.rows
        if row["action"] in LOOKS and row["_person"].role == "agent" and row["_person"].client == CLIENT
    ]


def browse(looks: Table, shift: Shift, many: int) -> list[Row]:
    """Look at the records of so many customers, one a minute, none of whom called."""
    p, begins = shift.person, shift.starts + timedelta(minutes=75)
    rows = []
    for n in range(many):
        row = _look(looks, p, begins + timedelta(seconds=61 * n), customer("browsed", p.seat, n))
        row["_alone"] = True
        rows.append(row)
    return rows


def reports(table: Table, vendor: Vendor) -> None:
    """Two reports each working day; the large ones asked for by ticket and approved by a manager."""
    people = [p for role in ("wfm", "back_office", "manager") for p in vendor.those(role=role, status="active")]
    bosses = vendor.those(role="manager", status="active")
    for day in (d for d in DAYS if d.weekday() < 5):  # noqa: PLR2004  (Saturday)
        for n in range(2):
            p = people[draw("report", day, n) % len(people)]
            boss = pick([b for b in bosses if b is not p], "boss", day, n)
            large = draw("large", day, n) % 3 == 0
            row = report(
                table, p, p.place.at(day, 9 * 60 + draw("report at", day, n) % 420, n), 2400 if large else 100, boss
            )
            row["ticket"] = _ticket(p, row["ts"]) if large else None
    agent = vendor.those(role="agent", status="active", client=CLIENT)[20]
    report(table, agent, agent.place.at(DAYS[12], 15 * 60 + 2), 0, None)["ticket"] = None


def report(table: Table, p: Person, ts: datetime, rows: int, boss: Person | None) -> Row:
    """Add one report or export, with a ticket."""
    return table.add(
        ts=ts, user_id=p.employee_id, system="bi", rows=rows, approved_by=boss.employee_id if boss else None,
        ticket=_ticket(p, ts), destination=pick(["fileshare", "sftp.northwind.example"], "to", ts),
    )  # fmt: skip


def _ticket(p: Person, ts: datetime) -> str:
    return f"CHG-{10_000 + draw('ticket', p.seat, ts) % 9000}"
