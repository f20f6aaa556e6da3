"""The invented vendor of the sample packs: its people, sites, shifts, absences, drawn from a seed and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from sample_place import END, START, Place

T = TypeVar("T")
SEED: Final = "mabuhay-2026-10"
DAYS: Final = tuple(date(2026, 10, 1) + timedelta(days=n) for n in range(31))
EVE: Final = date(2026, 9, 30)
CLIENT: Final = "northwind"
OTHER_CLIENT: Final = "tailspin"
HOURS: Final = {"day": (7, 16), "mid": (14, 23), "night": (22, 31), "office": (8, 17)}
"""Start and end of a shift, in hours from the midnight that begins its work date; 31 is 07:00 of the next day."""

_SUPPORT: Final = (
    ("team_leader", 16), ("qa", 8), ("trainer", 4), ("wfm", 4), ("back_office", 4), ("payments", 6), ("payroll", 2),
    ("hr", 3), ("it_admin", 4), ("facilities", 3), ("manager", 6),
)  # fmt: skip
"""How many of each role stand beside 240 agents in a house of 300."""


def draw(*what: object) -> int:
    """A number below 2**48 that depends on `what` and the seed alone: without a stream a plant changes nothing else."""
    text = "|".join([SEED, *map(str, what)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def pick(options: Sequence[T], *what: object) -> T:
    """One of `options`, by `draw`."""
    return options[draw(*what) % len(options)]


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the roster and what the other files need of the same person; `login` is the mail local part."""

    employee_id: str
    name: str
    login: str
    role: str
    site: str
    client: str
    employment: str
    manager_id: str | None
    hired: date
    floor: date
    status: str
    mode: str
    shift: str
    rest: int
    last_day: date | None
    separated: date | None
    seat: int
    place: Place

    @property
    def mail(self) -> str:
        """The person's mail address."""
        return f"{self.login}@{self.place.domain}"

    @property
    def woman(self) -> bool:
        """Whether this is a woman."""
        return self.place.first_names.split().index(self.name.split()[0]) % 2 == 0

    @property
    def desktop(self) -> str:
        """The computer at the person's seat."""
        return f"{self.place.tag}-WS-{self.seat:04d}"

    @property
    def laptop(self) -> str:
        """The computer that the person works on at home."""
        return f"{self.place.tag}-LT-{self.seat:04d}"

    @property
    def has_client_login(self) -> bool:
        """Whether the client issues this person a login once on the floor."""
        return self.client == CLIENT and self.role in {"agent", "team_leader", "qa"}

    @property
    def on_floor(self) -> bool:
        """Whether the person has finished training by the end of the period."""
        return self.floor < END

    @property
    def dials(self) -> bool:
        """Whether the person has a dialler extension."""
        return self.role in {"agent", "team_leader"}


@dataclass(frozen=True, slots=True)
class Shift:
    """A scheduled or worked shift; `scheduled` False is work on a rest day; `clock_in` None: did not come."""

    person: Person
    day: date
    scheduled: bool
    starts: datetime
    ends: datetime
    clock_in: datetime | None
    clock_out: datetime | None
    overtime: int


@dataclass(frozen=True, slots=True)
class Absence:
    """Approved leave; `end` None is open. `worked` days within it were worked after all."""

    person: Person
    start: date
    end: date | None
    kind: str
    worked: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Vendor:
    """All there is to know about the invented vendor, before any weakness is planted."""

    place: Place
    people: tuple[Person, ...]
    absences: tuple[Absence, ...]
    shifts: tuple[Shift, ...]

    @property
    def spare(self) -> int:
        """The number of the first seat that nobody sits at: training rooms and laptops for the road begin there."""
        seats = len(self.people)
        return 900 if seats < 900 else 9 * 10 ** len(str(seats))  # noqa: PLR2004  (where a house of 300 has them)

    def those(self, **traits: object) -> list[Person]:
        """The people whose attributes equal `traits`, in order of employee id."""
        return [p for p in self.people if all(getattr(p, name) == value for name, value in traits.items())]


def invent(size: int, place: Place) -> Vendor:
    """A vendor with `size` people on the roster besides its leavers of the last twelve months; at least 100."""
    people = tuple(_people(size, place))
    absences = tuple(_absences(people))
    return Vendor(place, people, absences, tuple(_missed_twice(list(_shifts(people, absences)))))


def _roles(size: int) -> list[str]:
    support = [role for role, share in _SUPPORT for _ in range(max(1, share * size // 300))]
    return ["agent"] * (size - len(support)) + support


@dataclass(frozen=True, slots=True)
class _House:
    """What one person's row needs to know of the whole: people by index, those who left after the others."""

    place: Place
    size: int
    roles: list[str]
    ids: dict[int, str]
    logins: dict[str, int]

    def those(self, role: str) -> list[int]:
        return [i for i in range(self.size) if self.roles[i] == role]


def _people(size: int, place: Place) -> Iterator[Person]:
    leavers = max(10, size // 25)
    roles = [*_roles(size), *["agent"] * (leavers - 2), "it_admin", "qa"]
    hired = sorted((_hired(i, size), i) for i in range(len(roles)))
    house = _House(place, size, roles, {i: f"{place.tag}-{10001 + n}" for n, (_, i) in enumerate(hired)}, {})
    leads, heads, agents = house.those("team_leader"), house.those("manager"), len(house.those("agent"))
    teams = [
        leads.index(i) if role == "team_leader" else i * len(leads) // agents % len(leads)
        for i, role in enumerate(roles)
    ]
    bosses = [leads[team] if role == "agent" else heads[0] for team, role in zip(teams, roles, strict=True)]
    built = [_person(house, i, teams[i], bosses[i]) for i in range(len(roles))]
    yield from sorted(built, key=lambda p: p.employee_id)


def _hired(i: int, size: int) -> date:
    if i < _NEW:
        return date(2026, 10, 5)
    latest = date(2026, 8, 3) if i < size else date(2025, 9, 1)
    return latest - timedelta(days=draw("hired", i) % 2200)


_NEW: Final = 6
"""The first agents by index were hired in October; half of them are still in training at its end."""
_AWAY: Final = range(_NEW, _NEW + 4)
"""The next ones are on long leave."""


def _person(house: _House, i: int, team: int, boss: int) -> Person:
    size, role, left, agents = house.size, house.roles[i], i >= house.size, len(house.those("agent"))
    first, last = pick(house.place.first_names.split(), "first", i), pick(house.place.last_names.split(), "last", i)
    local = f"{first}.{last}".lower()
    house.logins[local] = house.logins.get(local, 0) + 1
    hired = _hired(i, size)
    last_day = _last_day(i - size) if left else None
    return Person(
        employee_id=house.ids[i],
        name=f"{first} {last}",
        login=local if house.logins[local] == 1 else f"{local}{house.logins[local]}",
        role=role,
        site=house.place.sites[team % 3 // 2].name,
        client=OTHER_CLIENT if agents - max(4, size // 25) <= i < agents else CLIENT,
        employment="probationary" if i < _NEW else "agency" if role == "facilities" else "regular",
        manager_id=house.ids[boss] if boss != i else None,
        hired=hired,
        floor=date(2026, 11, 16) if i < _NEW // 2 else hired + timedelta(days=14),
        status="terminated" if left else "on_leave" if i in _AWAY else "active",
        mode=_mode(i, role),
        shift=_shift_of(i, size, role),
        rest=draw("rest", i) % 7,
        last_day=last_day,
        separated=last_day + timedelta(days=draw("separated", i) % 4) if last_day else None,
        seat=i,
        place=house.place,
    )


def _mode(i: int, role: str) -> str:
    if role in {"agent", "qa", "wfm"} and i >= _AWAY.stop:
        return pick(["wfh", "hybrid", *["onsite"] * 11], "mode", i)
    return "onsite"


def _shift_of(i: int, size: int, role: str) -> str:
    if i < _NEW or role not in {"agent", "team_leader"}:
        return "office"
    if i >= size:
        return "night" if i == size else "day"
    return pick(["day", "day", "mid", "night", "night"], "shift", i)


def _last_day(n: int) -> date:
    """The leavers of October first, the first of them from the night shift, then the months before."""
    october = (14, 6, 9, 16, 23)
    return date(2026, 10, october[n]) if n < len(october) else date(2026, 9, 25) - timedelta(days=26 * (n % 10))


def _absences(people: tuple[Person, ...]) -> Iterator[Absence]:
    came_in = True
    for p in people:
        if p.status == "on_leave":
            yield Absence(p, date(2026, 9, 1), date(2026, 12, 14) if p.seat % 2 else None, "statutory")
        elif p.status == "active" and p.hired < START and draw("leave", p.seat) % 8 == 0:
            start = date(2026, 10, 1 + draw("leave from", p.seat) % 26)
            kind = pick(["vacation", "vacation", "sick", "unpaid"], "leave kind", p.seat)
            end = start + timedelta(days=1 + draw("leave days", p.seat) % 5)
            worked = (start,) if came_in and kind == "vacation" and p.role == "agent" else ()
            came_in = came_in and not worked
            yield Absence(p, start, end, kind, worked)


def _shifts(people: tuple[Person, ...], absences: tuple[Absence, ...]) -> Iterator[Shift]:
    away = {
        (a.person.employee_id, day)
        for a in absences
        for day in (EVE, *DAYS)
        if a.start <= day <= (a.end or END) and day not in a.worked
    }
    called_in = {(a.person.employee_id, day) for a in absences for day in a.worked}
    for p in people:
        free = EVE - timedelta(days=1)
        for day in (EVE, *DAYS):
            key = (p.employee_id, day)
            if key in away or day < p.hired or (p.last_day and day > p.last_day) or (day == EVE and p.shift != "night"):
                free = day
                continue
            resting = (day.weekday() - p.rest) % 7 < 2 if p.shift != "office" else day.weekday() >= 5  # noqa: PLR2004
            asked = key in called_in or day == p.last_day or not resting
            extra = not asked and draw("rest day work", p.seat, day) % 60 == 0 and _may_come(p, day - free)
            shift = _shift(p, day, scheduled=asked)
            free = free if (asked or extra) and shift.clock_in else day
            if asked or extra:
                yield shift


def _may_come(p: Person, since_free: timedelta) -> bool:
    """Nobody of the client's works on seven days in a row."""
    return p.client == OTHER_CLIENT or since_free <= timedelta(days=6)


def _missed_twice(shifts: list[Shift]) -> list[Shift]:
    """Somebody misses two shifts in a row and comes again; in a small house not by chance, so one is made to."""
    rows = [n for n, s in enumerate(shifts) if s.clock_in is None and s.scheduled and s.day in DAYS]
    if not any(shifts[n].person is shifts[n + 1].person and n + 1 in rows for n in rows[:-1]):
        after = [(n, shifts[n : n + 3]) for n in rows if shifts[n].person.client == CLIENT]
        n = next(n for n, three in after if _in_a_row(three))
        shifts[n + 1] = replace(shifts[n + 1], clock_in=None, clock_out=None, overtime=0)
    return shifts


def _in_a_row(three: list[Shift]) -> bool:
    same = len({(s.person.employee_id, s.scheduled, s.day - timedelta(days=n)) for n, s in enumerate(three)}) == 1
    return same and all(s.clock_in for s in three[1:]) and three[0].person.role == "agent"


def _shift(p: Person, day: date, *, scheduled: bool) -> Shift:
    first, last = HOURS[p.shift]
    starts, ends = p.place.at(day, first * 60), p.place.at(day, last * 60)
    sure = day == p.last_day or not scheduled
    if not sure and draw("no show", p.seat, day) % 150 == 0:
        return Shift(p, day, scheduled, starts, ends, None, None, 0)
    overtime = (
        0 if p.shift == "office" or not scheduled else (0, 0, 0, 0, 0, 0, 0, 0, 60, 120)[draw("ot", p.seat, day) % 10]
    )
    clock_in = starts - timedelta(minutes=draw("in", p.seat, day) % p.place.pay.slack)
    clock_out = ends + timedelta(minutes=overtime + draw("out", p.seat, day) % p.place.pay.slack)
    return Shift(p, day, scheduled, starts, ends, clock_in, clock_out, overtime)
