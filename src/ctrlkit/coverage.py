"""The coverage statement: what a run could not test, why, and what would change that; how far its green reaches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from ctrlkit import words
from ctrlkit.closed import Match, Run, Side
from ctrlkit.model import Cause, Grade, Result, Verdict
from ctrlkit.visible import visible

NAMED: Final = 6
SOON: Final = 30
"""House number, days: a waiver that ends within them is named, so that nobody is taken by surprise."""
_OPEN: Final = (Verdict.INCONCLUSIVE, Verdict.ERROR)
_WORD_OF_SOMEBODY: Final = (Grade.TYPED, Grade.ATTESTED)


def statement(run: Run) -> tuple[str, ...]:
    """The sentences of the statement, each true by itself; never empty."""
    return tuple(_sentences(run))


def _sentences(run: Run) -> Iterator[str]:
    decided = [r for r in run.results if r.verdict not in {*_OPEN, Verdict.NOT_APPLICABLE}]
    yield f"decided: {len(decided)} of {len(run.results)} {'verdict' if len(run.results) == 1 else 'verdicts'}"
    open_ = [r for r in run.results if r.verdict in _OPEN]
    for cause in sorted({r.cause for r in open_ if r.cause}, key=lambda c: c.rank):
        of_cause = [r for r in open_ if r.cause is cause]
        yield f"not tested, {cause.value}: {_names(of_cause)}. {words.ADVICE[cause]}"
    outside = [r for r in run.results if r.verdict is Verdict.NOT_APPLICABLE]
    if outside:
        by_cause = Counter((r.cause or Cause.SCOPE).value for r in outside)
        told = ", ".join(f"{count} by {cause}" for cause, count in sorted(by_cause.items()))
        yield f"outside what was asked: {told}"
    yield from _waivers(run)
    smaller = [r for r in run.results if r.narrowed]
    if smaller:
        yield f"a smaller claim only: {_names(smaller)}; hand over the columns that the full one reads"
    believed = [r for r in run.results if r.verdict is Verdict.PASSED and r.grade in _WORD_OF_SOMEBODY]
    if believed:
        yield f"passed on somebody's word (typed or attested): {_names(believed)}; hand over the systems' own exports"
    if run.left_out:
        yield f"not asked for by {run.profile}: {len(run.left_out)} controls that ctrlkit knows ({_few(run.left_out)})"


def _waivers(run: Run) -> Iterator[str]:
    """What the client's waivers change, and those that no longer count or soon will not."""
    failed = sum(r.verdict is Verdict.FAILED for r in run.results)
    waived = [r for r in run.results if r.verdict is Verdict.WAIVED]
    if waived:
        yield f"waived by the client: {_names(waived)}; {failed + len(waived)} failed before waivers, {failed} after"
    for words_, chosen in (
        ("expired waivers, which count no more", [w for w in run.waivers if w.days_left < 0]),
        (f"waivers that end within {SOON} days", [w for w in run.waivers if 0 <= w.days_left <= SOON]),
    ):
        if chosen:
            told = tuple(f"{w.control} on {w.expires} ({w.approved_by})" for w in chosen)
            yield visible(f"{words_}: {_few(told)}")


def _names(results: list[Result]) -> str:
    return _few(tuple(dict.fromkeys(result.control for result in results)))


def _few(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
    return ", ".join(ids[:NAMED]) + more


def match_line(match: Match) -> str:
    """One match in words: `active people (roster) and people paid (payroll): 291 in both, 3 only in roster, …`."""
    sides = (match.left, match.right)
    head = " and ".join(f"{side.who} ({side.kind})" for side in sides)
    only = ", ".join(f"{side.only:,} only in {side.kind}" for side in sides)
    rest = [text for side in sides for text in _rest(side)]
    return "; ".join([f"{head}: {match.matched:,} in both, {only}", *rest])


def _rest(side: Side) -> Iterator[str]:
    if side.nameless:
        yield f"{side.nameless:,} rows of {side.kind} name nobody"
