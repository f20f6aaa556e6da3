"""What the past shows of each vendor: trends, days to remedy, what came back, and what was mended for an audit only."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from ctrlkit.case import bare
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.followed import Followed, Look, Where, follow
from ctrlkit.model import Severity, Verdict
from ctrlkit.past import Asked, Bundle, Found, Judged, LeftOut, Past

AUDIT_DAYS: Final = 14
"""House number: a run this close to the day on which an engagement was issued is one around an audit."""

_WORST_FIRST: Final = (
    Verdict.ERROR,
    Verdict.INCONCLUSIVE,
    Verdict.FAILED,
    Verdict.WAIVED,
    Verdict.PASSED,
    Verdict.NOT_APPLICABLE,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One run: its verdicts by name, the findings that are open after it, those it opened and those it closed.

    `around_audit` is true where it lies within AUDIT_DAYS of an engagement's issue.
    """

    bundle: str
    as_of: str
    period: str
    profile: str
    engagement: str
    exit: int
    counts: Mapping[str, int]
    open: int
    new: int
    mended: int
    around_audit: bool


@dataclass(frozen=True, slots=True)
class Course:
    """A control or a domain through the runs, one item per run, None where it was not asked.

    `verdicts` are the worst of its subjects (of a domain: of its controls), `narrowed` whether any of them was decided
    for a smaller claim only, `findings` how many there were.
    """

    name: str
    title: str
    verdicts: tuple[str | None, ...]
    narrowed: tuple[bool, ...]
    findings: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Remedy:
    """Days from the first run with a finding to the first that decided without it; `middle` is the upper median.

    `open` findings are not mended: `oldest` is how many days the oldest has been known by the last run.
    """

    severity: str
    mended: int
    middle: int | None
    longest: int | None
    open: int
    oldest: int | None


@dataclass(frozen=True, slots=True)
class Return:
    """A finding that came back: opened, gone and back on these days.

    `for_audit`: every run without it lies around an audit, and both the run before and the one that has it again do
    not.
    """

    control: str
    subject: str
    key: str
    message: str
    opened: str
    gone: str
    back: str
    for_audit: bool


@dataclass(frozen=True, slots=True)
class Track:
    """The runs of one vendor that may be compared: of one sort (client, self-check, sample) and one engagement key."""

    vendor: str
    mark: str
    key: str
    runs: tuple[Moment, ...]
    controls: tuple[Course, ...]
    domains: tuple[Course, ...]
    remedies: tuple[Remedy, ...]
    returns: tuple[Return, ...]
    audits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """An engagement and where it stands: `received`, `open`, `overdue`, or `unreadable`; `judged` where a run is."""

    name: str
    engagement: str
    vendor: str
    period: str
    due: str
    state: str
    judged: bool
    fault: str


@dataclass(frozen=True, slots=True)
class History:
    """All that a view of the past shows; `waiting` are handovers of engagements that no run has judged."""

    tracks: tuple[Track, ...]
    requests: tuple[Request, ...]
    left_out: tuple[LeftOut, ...]
    waiting: tuple[str, ...] = ()


def history(past: Past, titles: Mapping[str, str], now: datetime, vendors: Collection[str] = ()) -> History:
    """The history of these vendors, of all where none is named; raises InputError for one that nobody knows."""
    known = {bundle.vendor for bundle in past.bundles} | {asked.vendor for asked in past.engagements if asked.vendor}
    wanted = {bare(name) for name in vendors}
    for name in vendors:
        if bare(name) not in {bare(one) for one in known}:
            near = did_you_mean(name, sorted(known))
            msg = f"--vendor {name}: no bundle is of that vendor{near}; expected one of {', '.join(sorted(known))}"
            raise InputError(msg)
    bundles = [b for b in past.bundles if not wanted or bare(b.vendor) in wanted]
    judged: dict[str, list[Judged]] = {}
    for line in past.verdicts:
        judged.setdefault(line.bundle, []).append(line)
    found: dict[str, dict[Where, list[Found]]] = {}
    for one in past.findings:
        found.setdefault(one.bundle, {}).setdefault((one.control, one.subject), []).append(one)
    tracks = [
        _track(runs, judged, found, titles)
        for _, track in groupby(sorted(bundles, key=_by_track), lambda b: _by_track(b)[:3])
        if (runs := [bundle for bundle in track if bundle.exit is not None])
    ]
    asked = [a for a in past.engagements if not wanted or bare(a.vendor) in wanted or a.fault]
    requests = tuple(request(one, past.bundles, now) for one in asked)
    answered = {(bare(b.vendor), b.engagement) for b in bundles if b.exit is not None}
    waiting = sorted(b.name for b in bundles if b.exit is None and (bare(b.vendor), b.engagement) not in answered)
    return History(tuple(tracks), requests, past.left_out, tuple(waiting))


def _by_track(bundle: Bundle) -> tuple[str, str, str, str, str]:
    mark = "SAMPLE" if bundle.sample else "SELF-CHECK" if bundle.self_check else ""
    return bare(bundle.vendor), mark, bundle.key, bundle.as_of, bundle.name


def request(asked: Asked, bundles: Iterable[Bundle], now: datetime) -> Request:
    """Where an engagement stands now: a real bundle that answers it, or something beside it, is `received`."""
    answers = [
        b for b in bundles if b.engagement == asked.engagement and bare(b.vendor) == bare(asked.vendor) and not b.sample
    ]
    state = "unreadable"
    if not asked.fault and asked.due is not None:
        late = now.astimezone(ZoneInfo(asked.time_zone)).date() > asked.due
        state = "received" if asked.received or answers else "overdue" if late else "open"
    return Request(
        name=asked.name,
        engagement=asked.engagement,
        vendor=asked.vendor,
        period=asked.period,
        due=asked.due.isoformat() if asked.due else "",
        state=state,
        judged=any(b.exit is not None and not b.self_check for b in answers),
        fault=asked.fault,
    )


def _track(
    runs: Sequence[Bundle],
    judged: Mapping[str, Sequence[Judged]],
    found: Mapping[str, Mapping[Where, Sequence[Found]]],
    titles: Mapping[str, str],
) -> Track:
    audits = sorted({b.issued_on for b in runs if b.issued_on is not None})
    lines = [judged.get(b.bundle, ()) for b in runs]
    instants = [list(same) for _, same in groupby(range(len(runs)), lambda n: runs[n].as_of)]
    looks = [_look([runs[n] for n in same], judged, found) for same in instants]
    followed = follow(looks)
    place = {n: at for at, same in enumerate(instants) for n in same}
    around = [_is_around(look.day, audits) for look in looks]
    messages = {(w, f.key): f.message for b in runs for w, told in found.get(b.bundle, {}).items() for f in told}
    return Track(
        vendor=runs[-1].vendor,
        mark=_by_track(runs[-1])[1],
        key=runs[-1].key,
        runs=tuple(_moment(b, lines[n], followed, place[n], around=around[place[n]]) for n, b in enumerate(runs)),
        controls=tuple(_courses(lines, lambda line: line.control, titles)),
        domains=tuple(_courses(lines, lambda line: line.domain, {})),
        remedies=tuple(_remedies(followed, [look.day for look in looks])),
        returns=tuple(_returns(followed, looks, around, messages)),
        audits=tuple(day.isoformat() for day in audits),
    )


def _look(
    bundles: Sequence[Bundle],
    judged: Mapping[str, Sequence[Judged]],
    found: Mapping[str, Mapping[Where, Sequence[Found]]],
) -> Look:
    """What the runs of one instant found, taken together: so that none of them closes what another has.

    A waiver mends nothing: what the client has accepted is still there.
    """
    keys: dict[Where, dict[str, None]] = {}
    severity: dict[str, str] = {}
    whole: set[Where] = set()
    for bundle in bundles:
        for line in judged.get(bundle.bundle, ()):
            if line.followed:
                where = (line.control, line.subject)
                told = sorted(found.get(bundle.bundle, {}).get(where, ()), key=lambda one: one.number)
                keys.setdefault(where, {}).update(dict.fromkeys(one.key for one in told))
                severity[line.control] = line.severity
                whole |= set() if line.narrowed else {where}
    narrowed = frozenset(where for where in keys if where not in whole)
    told_keys = {where: tuple(names) for where, names in keys.items()}
    return Look(bundles[0].as_of_date, bundles[0].name, told_keys, severity, narrowed)


def _is_around(day: date, audits: Sequence[date]) -> bool:
    return any(abs((day - audit).days) <= AUDIT_DAYS for audit in audits)


def _moment(
    bundle: Bundle, lines: Sequence[Judged], followed: Sequence[Followed], place: int, *, around: bool
) -> Moment:
    if bundle.exit is None:
        raise AssertionError
    return Moment(
        bundle=bundle.name,
        as_of=bundle.as_of,
        period=bundle.period,
        profile=bundle.profile,
        engagement=bundle.engagement,
        exit=bundle.exit,
        counts={verdict.value: sum(line.verdict == verdict for line in lines) for verdict in Verdict},
        open=sum(one.first <= place and (one.closed is None or one.closed > place) for one in followed),
        new=sum(one.first == place for one in followed),
        mended=sum(one.closed == place for one in followed),
        around_audit=around,
    )


def _courses(
    lines: Sequence[Sequence[Judged]], of: Callable[[Judged], str], titles: Mapping[str, str]
) -> Iterator[Course]:
    for name in sorted({of(line) for run in lines for line in run}):
        runs = [[line for line in run if of(line) == name] for run in lines]
        yield Course(
            name,
            titles.get(name, ""),
            tuple(_worst(run) for run in runs),
            tuple(any(line.narrowed for line in run) for run in runs),
            tuple(sum(line.findings for line in run) if run else None for run in runs),
        )


def _worst(lines: Sequence[Judged]) -> str | None:
    found = {line.verdict for line in lines}
    return next((verdict.value for verdict in _WORST_FIRST if verdict in found), None)


def _remedies(followed: Sequence[Followed], days: Sequence[date]) -> Iterator[Remedy]:
    for severity in Severity:
        here = [one for one in followed if one.severity == severity]
        mended = [(days[one.closed] - days[one.first]).days for one in here if one.closed is not None]
        still = [(days[-1] - days[one.first]).days for one in here if one.closed is None]
        if here:
            middle = statistics.median_high(mended) if mended else None
            longest, oldest = max(mended, default=None), max(still, default=None)
            yield Remedy(severity.value, len(mended), middle, longest, len(still), oldest)


def _returns(
    followed: Sequence[Followed],
    looks: Sequence[Look],
    around: Sequence[bool],
    messages: Mapping[tuple[Where, str], str],
) -> Iterator[Return]:
    for one in followed:
        was = one.before
        if was is None or was.closed is None:
            continue
        gap = [at for at in range(was.closed, one.first) if one.where in looks[at].keys]
        yield Return(
            control=one.where[0],
            subject=one.where[1],
            key=one.key,
            message=messages.get((one.where, one.key), ""),
            opened=looks[was.first].day.isoformat(),
            gone=looks[was.closed].day.isoformat(),
            back=looks[one.first].day.isoformat(),
            for_audit=all(around[at] for at in gap) and not around[was.last] and not around[one.first],
        )
