"""How findings come and go: their trend, how long a remedy takes, since when each is known, at which site they lie."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import polars as pl

from ctrlkit.closed import Plot, Series
from ctrlkit.model import Control, Pointer, Result, Severity, Verdict
from ctrlkit.plan import Handed
from ctrlkit.plots import FEWEST, Params, drawn

KIND: Final = "findings"
WORKING: Final = "working_conditions"
LOOKS: Final = 12
_EPOCH: Final = date(1970, 1, 1)
_HUNDRED: Final = 100
_PERSON: Final = "employee_id"


def opened(handed: Mapping[str, Handed]) -> dict[tuple[str, str], str]:
    """(control, finding key) -> the day of the first earlier bundle that has it, of those that are open still."""
    there = handed.get(KIND)
    if there is None or there.canvas is None:
        return {}
    rows = pl.read_parquet(there.canvas.parquet).filter(
        pl.col("closed_on").is_null() & pl.col("opened_on").is_not_null()
    )
    named = rows.select("control_id", "finding_id", "opened_on").iter_rows()
    return {(str(control).upper(), str(id_).partition("#")[0]): _day(day).isoformat() for control, id_, day in named}


def of_findings(  # noqa: PLR0913, PLR0917  (each is one of the things that are compared)
    handed: Mapping[str, Handed],
    params: Params,
    results: Sequence[Result],
    controls: Mapping[str, Control],
    today: date,
    followed: bool,
) -> tuple[Plot, ...]:
    """The trend of findings, the days to their remedy, and the sites they lie at.

    `followed`: the list of findings is that of earlier bundles, and this run is the newest look.
    """
    plots: list[Plot] = []
    if "GOV-04" in params:
        asked = {word: int(params["GOV-04"][f"{word}_days"]) for word in ("critical", "high", "medium")}
        allowed = {**asked, "low": asked["medium"]}
        trend = Plot("trend", "Open findings over time", "")
        needs = ("severity", "opened_on", "closed_on", "verified_by_retest_on")
        now = Counter(result.severity.value for result in results for _ in _found(result)) if followed else None
        plots += drawn(trend, handed, KIND, needs, lambda f: _trend(trend, f.collect(), handed, today, now))
        remedy = Plot("remedy", "Days from a finding to its retest", "")
        plots += drawn(remedy, handed, KIND, needs, lambda f: _remedy(remedy, f.collect(), allowed, today))
    site = Plot("sites", "Findings at each site", "")
    plots += drawn(
        site, handed, "roster", (_PERSON, "site"), lambda f: _sites(site, f.collect(), handed, results, controls)
    )
    return tuple(plots)


def _found(result: Result) -> tuple[object, ...]:
    reads_findings = any(getattr(reference, "kind", "") == KIND for reference in result.evidence)
    return result.findings if result.verdict is Verdict.FAILED and not reads_findings else ()


def _trend(
    plot: Plot, rows: pl.DataFrame, handed: Mapping[str, Handed], today: date, now: Mapping[str, int] | None
) -> Plot:
    """How many findings of each severity were open at each look, or at each month's end in a register."""
    if rows["opened_on"].drop_nulls().is_empty():
        return replace(plot, says="no finding says when it was opened")
    if now is not None:
        looks = {date.fromisoformat(s.last) for s in handed[KIND].evidence.sources if s.last}
    else:
        looks = _month_ends(_day(rows["opened_on"].min()), today)  # type: ignore[arg-type]
    days = sorted(day for day in looks if day < today)[-LOOKS:]
    told = rows.select("severity", "opened_on", "closed_on").rows()
    counts = [
        Counter(
            severity
            for severity, since, until in told
            if since is not None and _day(since) <= day and (until is None or _day(until) > day)
        )
        for day in (days if now is not None else [*days, today])
    ]
    counts += [Counter(now)] if now is not None else []
    names = [severity.value for severity in Severity]
    series = tuple(Series(name, name, tuple(count[name] for count in counts)) for name in names)
    whose = "earlier runs and this one" if now is not None else "a register of findings, not this run's"
    sums = [sum(count.values()) for count in counts]
    way = "fewer" if sums[-1] < sums[0] else "more" if sums[-1] > sums[0] else "as many"
    return replace(
        plot,
        across="day",
        unit="open findings",
        labels=tuple(day.isoformat() for day in [*days, today]),
        series=series,
        says=f"{sums[0]:,} open on {[*days, today][0]}, {sums[-1]:,} on {today}: {way}. Counted from {whose}.",
    )


def _month_ends(first: date, last: date) -> set[date]:
    months = range(first.year * 12 + first.month, last.year * 12 + last.month)
    return {date(month // 12, month % 12 + 1, 1) - timedelta(days=1) for month in months}


def _remedy(plot: Plot, rows: pl.DataFrame, allowed: Mapping[str, int], today: date) -> Plot:
    """Of each severity, how many findings were retested in time, late, and how many wait, within their limit or not."""
    held: dict[str, Counter[str]] = {name: Counter() for name in allowed}
    took = []
    for severity, since, retested in rows.select("severity", "opened_on", "verified_by_retest_on").iter_rows():
        if severity not in held or since is None:
            continue
        lasted = (retested - since) if retested is not None else (today - _EPOCH).days - since
        late = lasted > allowed[severity]
        took += [lasted] if retested is not None else []
        held[severity][("late" if late else "in time") if retested is not None else "overdue" if late else "open"] += 1
    if not any(held.values()):
        return replace(plot, says="no finding says how bad it is and when it was opened")
    tones = {"in time": ("retested in time", "good"), "late": ("retested late", "medium"),
             "open": ("waiting, not yet due", "plain"), "overdue": ("waiting and overdue", "bad")}  # fmt: skip
    labels = [name for name in allowed if held[name]]
    series = tuple(
        Series(says, tone, tuple(held[label][key] for label in labels)) for key, (says, tone) in tones.items()
    )
    overdue, late = (sum(count[key] for count in held.values()) for key in ("overdue", "late"))
    middle = f" Half of those retested took {sorted(took)[(len(took) - 1) // 2]} days or less." if took else ""
    return replace(
        plot,
        across="severity and its limit in days",
        unit="findings",
        labels=tuple(f"{name} ({allowed[name]} d)" for name in labels),
        series=series,
        says=f"{overdue:,} not retested although their limit has passed, {late:,} retested late.{middle}",
    )


def _sites(
    plot: Plot,
    roster: pl.DataFrame,
    handed: Mapping[str, Handed],
    results: Iterable[Result],
    controls: Mapping[str, Control],
) -> Plot:
    """Findings for each hundred people of a site, those about working conditions beside all others."""
    placed = {person: site for person, site in roster.select(_PERSON, "site").iter_rows() if person and site}
    people = Counter(placed.values())
    told = sorted(site for site, count in people.items() if count >= FEWEST)
    if len(told) < 2:  # noqa: PLR2004  (one site cannot be compared)
        return replace(plot, says=f"the roster names fewer than two sites of {FEWEST} people or more")
    where = {kind: dict(_places(there, placed)) for kind, there in handed.items()}
    counts = {True: Counter[str](), False: Counter[str]()}
    nowhere = 0
    for result in results:
        control = controls.get(result.control)
        working = control is not None and control.domain == WORKING
        for finding in result.findings if result.verdict is Verdict.FAILED else ():
            source = finding.sources[0] if finding.sources else None
            site = where.get(source.kind, {}).get((source.file, source.row)) if isinstance(source, Pointer) else None
            nowhere += site not in told
            counts[working][site or ""] += 1
    if not any(counts[working][site] for working in counts for site in told):
        return replace(plot, says="no finding could be tied to a site")
    rates = {w: tuple(_rate(counts[w][site], people[site]) for site in told) for w in counts}
    parts = [f"{site} {_said(rates[False][n])} and {_said(rates[True][n])}" for n, site in enumerate(told)]
    return replace(
        plot,
        across="site",
        unit="findings for each 100 people",
        labels=tuple(told),
        series=(
            Series("security and privacy", "high", rates[False]),
            Series("working conditions", "plain", rates[True]),
        ),
        says=(
            f"For each 100 people on the roster, security and privacy beside working conditions: {', '.join(parts)}. "
            f"{nowhere:,} findings lie at no site of {FEWEST} people or more. That both are high says nothing of why."
        ),
    )


def _rate(found: int, people: int) -> int | None:
    """Findings for each hundred people; None where there are few, which may be of few people."""
    return None if 0 < found < FEWEST else (_HUNDRED * found + people // 2) // people


def _said(rate: int | None) -> str:
    return "few" if rate is None else str(rate)


def _places(there: Handed, placed: Mapping[str, str]) -> Iterator[tuple[tuple[str, int | None], str]]:
    """(file, row) -> the site that the row names, or that of its person."""
    if there.canvas is None:
        return
    column = next((name for name in ("site", _PERSON) if name in there.canvas.columns), None)
    if column is not None:
        for file, row, value in pl.read_parquet(there.canvas.parquet, columns=["_file", "_row", column]).iter_rows():
            site = value if column == "site" else placed.get(value)
            if site:
                yield (file, row), site


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)
