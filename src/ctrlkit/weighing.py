"""What is wrong with the evidence of one kind as a whole: too old, of another period, with gaps, without a system."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from itertools import pairwise

from ctrlkit.assemble import Evidence
from ctrlkit.canvas import Canvas
from ctrlkit.engagement import AsOf, Engagement
from ctrlkit.kind import Kind
from ctrlkit.model import Cause, Fault
from ctrlkit.profile import Profile

SILENCE_DAYS = 7
"""House number: a continuous log that holds no row for so many days on end has a gap."""
CLOCK_TOLERANCE = timedelta(days=1)
"""House number: how far after the as-of an export may claim to be made, for clocks and zones that disagree."""


def weigh(  # noqa: PLR0913, PLR0917  (all of them decide)
    evidence: Evidence, canvas: Canvas | None, kind: Kind, profile: Profile, engagement: Engagement, as_of: AsOf
) -> tuple[Fault, ...]:
    """Everything wrong with a kind's evidence under this profile and engagement, in the order of the causes."""
    faults = list(evidence.faults)
    if evidence.withheld:
        faults.append(Fault(Cause.WITHHELD, f"{kind.name}: judged by the vendor, not carried in the bundle"))
    elif canvas is not None and canvas.rows:
        faults += _covers(kind, canvas, engagement, as_of)
        faults += _systems(kind, canvas, engagement)
    elif evidence.bad_rows and not faults:
        faults.append(Fault(Cause.MALFORMED, f"{kind.name}: none of its {evidence.bad_rows} rows could be read"))
    if not faults or canvas is not None:
        faults += _age(evidence, kind, profile, as_of)
    return tuple(sorted(dict.fromkeys(faults), key=lambda f: f.cause.rank))


def _age(evidence: Evidence, kind: Kind, profile: Profile, as_of: AsOf) -> list[Fault]:
    if not evidence.sources:
        return []
    limit = profile.fresh_days(kind.name)
    exported = evidence.exported_at
    if exported is None:
        return [Fault(Cause.STALE, f"{kind.name}: nobody says when it was exported; add exported_at to pack.yaml")]
    age = as_of.instant - exported
    if age > timedelta(days=limit):
        return [
            Fault(
                Cause.STALE,
                f"{kind.name}: exported {age.days} days before the as-of, the limit is {limit}; export it again",
            )
        ]
    if age < -CLOCK_TOLERANCE and not all(s.exported_at for s in evidence.sources):
        # rows may speak of days to come (leave, shifts); then the newest says nothing of the export
        return [Fault(Cause.STALE, f"{kind.name}: its newest row lies ahead; add exported_at to pack.yaml")]
    if age < -CLOCK_TOLERANCE:
        when = exported.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return [
            Fault(
                Cause.MALFORMED, f"{kind.name}: exported on {when}, after the as-of; hand over an export of the period"
            )
        ]
    return []


def days_covered(kind: Kind, canvas: Canvas | None, engagement: Engagement, as_of: AsOf) -> tuple[str, ...]:
    """How a continuous log covers the audit period, in words: days with rows, the first, the last, the longest gap."""
    if canvas is None or not kind.continuous:
        return ()
    days = _days(canvas, engagement, as_of)
    if not days:
        return ()
    first, last = _longest_silence(days, engagement, as_of)
    silent = (last - first).days - 1
    gap = f", longest silence {silent} days from {first + timedelta(days=1)}" if silent else ""
    whole = (min(engagement.period.end, as_of.date) - engagement.period.start).days + 1
    return (f"{kind.name}: rows on {len(days)} of {whole} days of the audit period, {days[0]} to {days[-1]}{gap}",)


def _days(canvas: Canvas, engagement: Engagement, as_of: AsOf) -> list[date]:
    start, end = engagement.period.start, min(engagement.period.end, as_of.date)
    return [d for d in canvas.days if start <= d <= end]


def _longest_silence(days: list[date], engagement: Engagement, as_of: AsOf) -> tuple[date, date]:
    """The days just before and after the longest run of days without a row."""
    start, end = engagement.period.start, min(engagement.period.end, as_of.date)
    edges = [start - timedelta(days=1), *days, end + timedelta(days=1)]
    return max(pairwise(edges), key=lambda pair: pair[1] - pair[0])


def _covers(kind: Kind, canvas: Canvas, engagement: Engagement, as_of: AsOf) -> list[Fault]:
    """Gaps of a continuous log within the audit period, up to the as-of."""
    if not kind.continuous:
        return []
    start, end = engagement.period.start, min(engagement.period.end, as_of.date)
    days = _days(canvas, engagement, as_of)
    if not days:
        found = f"its rows lie between {canvas.days[0]} and {canvas.days[-1]}" if canvas.days else "no row is dated"
        return [Fault(Cause.MALFORMED, f"{kind.name}: is of another period: {found}, asked for is {start} to {end}")]
    first, last = _longest_silence(days, engagement, as_of)
    silent = (last - first).days - 1
    if silent >= SILENCE_DAYS:
        gap = f"{first + timedelta(days=1)} to {last - timedelta(days=1)}"
        return [Fault(Cause.PERIOD, f"{kind.name}: holds nothing from {gap}, {silent} days of the audit period")]
    return []


def _systems(kind: Kind, canvas: Canvas, engagement: Engagement) -> list[Fault]:
    if kind.name != "accounts":
        return []
    absent = sorted(name for name in engagement.systems if name.lower() not in canvas.systems)
    return [Fault(Cause.MISSING, f"accounts: no row of {name}, a system that the engagement names") for name in absent]
