"""Punches of a time clock made into shifts, by the rules of docs/how-to/punches.md; what is open is unknown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

SAME: Final = timedelta(minutes=2)
"""Punches of one person that are nearer, and not said to go both ways, are one: the reader was touched twice."""
REST: Final = timedelta(hours=6)
"""A shorter pause lies within a shift."""
LONGEST: Final = timedelta(hours=14)
"""A shift that lasts longer is taken for two punches of different shifts."""
UNKNOWN: Final = "unknown"
_DAYS: Final = ("%Y-%m-%d", "%Y/%m/%d", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d-%b-%Y")
_CLOCKS: Final = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p")


@dataclass(frozen=True, slots=True)
class Punch:
    """One touch of the clock: where it stands, whose it is, its local time, and in, out or another word, if any."""

    number: int
    person: str
    at: datetime
    direction: str | None = None


Row = tuple[int, Mapping[str, str | None]]
Run = Sequence[Punch]


def moments(texts: Sequence[str]) -> list[datetime]:
    """Local times, all written in the one way that reads every one of them; raises ValueError where there is none."""
    plain = [" ".join(text.replace("T", " ").split()) for text in texts]
    read = [found for day in _DAYS for clock in _CLOCKS if (found := _all(plain, f"{day} {clock}"))]
    ways = {tuple(found): found for found in read}
    if len(ways) != 1:
        why = "day and month cannot be told apart" if ways else "no way of writing times reads all of them"
        raise ValueError(f"{why}; export it with times such as 2026-08-02 21:58:01")
    return next(iter(ways.values()))


def _all(texts: Sequence[str], shape: str) -> list[datetime]:
    try:
        return [datetime.strptime(text, shape) for text in texts]  # noqa: DTZ007  (the clock's own time)
    except ValueError:
        return []


def shifts(punches: Iterable[Punch]) -> tuple[Row, ...]:
    """A row for each shift, its person, day, clock_in and clock_out, in the order of the file."""
    held = sorted(punches, key=lambda p: (p.at, p.number))
    told = {p.direction for p in held}
    directed = {"in", "out"} <= told and None not in told
    people: defaultdict[str, list[Punch]] = defaultdict(list)
    for punch in held:
        last = people[punch.person][-1:]
        again = last and punch.at - last[0].at < SAME and (not directed or last[0].direction == punch.direction)
        if not again:
            people[punch.person].append(punch)
    edges = (held[0].at + LONGEST, held[-1].at - LONGEST) if held else None
    rows: list[Row] = []
    for own in people.values():
        for run in _runs(own):
            rows += _by_direction(run) if directed else _by_order(run, edges)
    return tuple(sorted(rows, key=lambda row: row[0]))


def _runs(own: Run) -> Iterator[Run]:
    """The punches of a person, cut at silences longer than any shift."""
    cuts = [0, *(n for n, (a, b) in enumerate(pairwise(own), 1) if b.at - a.at > LONGEST), len(own)]
    return (own[a:b] for a, b in pairwise(cuts))


def _row(first: Punch, begin: datetime | str | None, end: datetime | str | None) -> Row:
    day = begin if isinstance(begin, datetime) else first.at
    cells = {"person": first.person, "day": f"{day:%Y-%m-%d}", "clock_in": _text(begin), "clock_out": _text(end)}
    return first.number, cells


def _text(said: datetime | str | None) -> str | None:
    return f"{said:%Y-%m-%d %H:%M:%S}" if isinstance(said, datetime) else said


def _by_direction(run: Run) -> Iterator[Row]:
    """From an `in` to the last `out` that follows; what stands alone has lost its other half."""
    begin: Punch | None = None
    end: Punch | None = None
    for punch in run:
        if punch.direction == "in" and not _goes_on(begin, end, punch):
            yield from _spoken(begin, end)
            begin, end = punch, None
        elif punch.direction == "out":
            if begin is not None and punch.at - begin.at > LONGEST:
                yield from _spoken(begin, end)
                begin = end = None
            if begin is None:
                yield _row(punch, None, punch.at)
            else:
                end = punch
    yield from _spoken(begin, end)


def _goes_on(begin: Punch | None, end: Punch | None, punch: Punch) -> bool:
    return begin is not None and end is not None and punch.at - end.at < REST and punch.at - begin.at <= LONGEST


def _spoken(begin: Punch | None, end: Punch | None) -> Iterator[Row]:
    if begin is not None:
        yield _row(begin, begin.at, end.at if end else None)


def _by_order(run: Run, edges: tuple[datetime, datetime] | None) -> Iterator[Row]:
    """The division into shifts that misses the fewest punches; where several do, what they share is certain."""
    begins = edges is not None and run[0].at <= edges[0]
    ends = edges is not None and run[-1].at >= edges[1]
    certain = _certain(run, begins=begins, ends=ends)
    rest = set(range(len(run)))
    for first, last in certain:
        rest -= set(range(first, last + 1))
        if (last - first) % 2:
            yield _row(run[first], run[first].at, run[last].at)
        elif not (begins and first == 0) and not (ends and last == len(run) - 1):
            yield _row(run[first], UNKNOWN, UNKNOWN)
    days = {f"{run[n].at:%Y-%m-%d}": run[n] for n in sorted(rest, reverse=True)}
    yield from (_row(punch, UNKNOWN, UNKNOWN) for punch in days.values())


def _certain(run: Run, *, begins: bool, ends: bool) -> list[tuple[int, int]]:
    """The groups, each from its first to its last punch, that stand in every best division of a run."""
    size = len(run)
    groups = [
        (i, j, 0 if (j - i) % 2 or (begins and i == 0) or (ends and j == size - 1) else 1)
        for i in range(size)
        for j in range(i, size)
        if run[j].at - run[i].at <= LONGEST and (j == size - 1 or run[j + 1].at - run[j].at >= REST)
    ]
    before = _best(size, [(i, j + 1, cost) for i, j, cost in groups])
    after = _best(size, [(size - 1 - j, size - i, cost) for i, j, cost in groups])
    lost, ways = before.get(size, (0, 0))
    found = []
    for i, j, cost in groups:
        if i in before and size - 1 - j in after:
            (one, left), (two, right) = before[i], after[size - 1 - j]
            if one + cost + two == lost and left * right == ways:
                found.append((i, j))
    return found


def _best(size: int, steps: Iterable[tuple[int, int, int]]) -> dict[int, tuple[int, int]]:
    """For each place that the steps lead to, the fewest missed punches on the way and how many ways miss as few."""
    best = {0: (0, 1)}
    leading: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for start, end, cost in steps:
        leading[end].append((start, cost))
    for place in range(1, size + 1):
        ways = [(best[start][0] + cost, best[start][1]) for start, cost in leading[place] if start in best]
        if ways:
            least = min(cost for cost, _ in ways)
            best[place] = (least, sum(count for cost, count in ways if cost == least))
    return best
