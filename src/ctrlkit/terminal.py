"""The view of a run for a person at a terminal: what failed, where, under which clause, what to do first."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from ctrlkit import coverage, words
from ctrlkit.closed import Run
from ctrlkit.model import Result, Verdict
from ctrlkit.visible import short, visible

NARROWEST: Final = 40
PLACES: Final = 3
SUBJECTS: Final = 3
CLAUSES: Final = 2
VALUES: Final = 4
_IDENTIFIERS: Final = 10
LONGEST: Final = 240
LABEL: Final = 7
INDENT: Final = "  "

_STYLES: Final = {
    Verdict.FAILED: "1;31",
    Verdict.ERROR: "1;35",
    Verdict.INCONCLUSIVE: "1;33",
    Verdict.WAIVED: "36",
    Verdict.NOT_APPLICABLE: "2",
    Verdict.PASSED: "32",
}


def render(run: Run, width: int, colour: bool) -> str:
    """The whole view as text that ends in a line feed, lines of at most `width` columns (40 at least).

    A single word longer than the line, such as a path, stays whole so that it can be copied. The only control
    characters are line feeds and, where `colour` is asked for, our own colour codes; no word depends on colour.
    """
    lines = [
        *_head(run),
        *_details(run, "failed, the worst first", Verdict.FAILED),
        *_details(run, "in error", Verdict.ERROR),
        *_details(run, "inconclusive", Verdict.INCONCLUSIVE),
        *_compact(run),
        *_tail(run),
    ]
    return "".join(_laid_out(lines, max(width, NARROWEST), colour))


class Line(NamedTuple):
    """One paragraph: what it starts with, its text (indented as far where it wraps), the verdict that colours it."""

    start: str
    text: str
    verdict: Verdict | None = None


def _head(run: Run) -> Iterator[Line]:
    for banner in words.banners(run):
        yield Line("", banner, Verdict.INCONCLUSIVE)
    client = f" for {run.client}" if run.client else ""
    yield Line("", f"ctrlkit {run.version} · {run.vendor}{client} · {run.country} · {run.period}")
    yield Line("", f"{run.profile_title} ({run.profile}) · engagement {run.engagement} · as of {run.as_of}")


def _details(run: Run, title: str, verdict: Verdict) -> Iterator[Line]:
    chosen = words.worst_first(run.results, verdict)
    if not chosen:
        return
    yield Line("", "")
    yield Line("", f"{len(chosen)} {title}", verdict)
    for _, results in words.by_control(chosen):
        for result in results[:SUBJECTS]:
            yield Line("", "")
            yield from _block(run, result)
        others = [words.host(result) for result in results[SUBJECTS:]]
        if others:
            yield Line(INDENT, f"and on {len(others)} more: {_clipped(', '.join(others))}")


def _block(run: Run, result: Result) -> Iterator[Line]:
    mark = f"{words.word(result.verdict).upper()} {result.severity.value} "
    yield Line(mark, words.name(run, result), result.verdict)
    yield Line(_label("why"), short(words.headline(result)))
    shown = result.findings[:PLACES]
    for place, finding in enumerate(shown):
        yield Line(_label("" if place else "where"), _clipped(short(words.finding_text(finding, VALUES, more=False))))
    if len(result.findings) > len(shown):
        yield Line(_label(""), f"and {len(result.findings) - len(shown)} more in findings.csv")
    control = run.controls.get(result.control)
    if control and control.maps:
        yield Line(_label("under"), words.clauses(control, CLAUSES))
    if words.to_do(run, result):
        yield Line(_label("do"), words.to_do(run, result))


def _compact(run: Run) -> Iterator[Line]:
    for verdict in (Verdict.WAIVED, Verdict.NOT_APPLICABLE, Verdict.PASSED):
        chosen = sorted((r for r in run.results if r.verdict is verdict), key=lambda r: (r.control, r.subject))
        if chosen:
            yield Line("", "")
            yield Line("", f"{len(chosen)} {words.word(verdict)}", verdict)
        for control, results in words.by_control(chosen):
            yield Line(f"{INDENT}{control} ", _in_short(run, results))


def _in_short(run: Run, results: list[Result]) -> str:
    first = results[0]
    control = run.controls.get(first.control)
    hosts = [words.host(result) for result in results if words.host(result)]
    notes = sum(len(result.notes) for result in results)
    grades = sorted({result.grade for result in results if result.grade}, key=lambda grade: grade.weakness)
    parts = [
        control.title if control else "",
        f"on {len(hosts)} {'host' if len(hosts) == 1 else 'hosts'}" if hosts else "",
        "/".join(grade.value for grade in grades) if first.verdict is Verdict.PASSED else "",
        short(words.headline(first)) if first.verdict is not Verdict.PASSED or first.reason else "",
        f"{notes} {'note' if notes == 1 else 'notes'}" if notes else "",
    ]
    return " · ".join(part for part in parts if part)


def first_of(identifiers: Sequence[str]) -> Iterator[str]:
    """The first of what a run says of identifiers where none belong, and how many more there are."""
    yield from identifiers[:_IDENTIFIERS]
    if len(identifiers) > _IDENTIFIERS:
        yield f"and {len(identifiers) - _IDENTIFIERS} more; run.json in the bundle has all"


def _tail(run: Run) -> Iterator[Line]:
    yield Line("", "")
    if run.proposed:
        yield Line("", f"proposed by the vendor, not counted: {', '.join(run.proposed)}")
    if run.unused:
        yield Line("", f"in the pack, read by nothing: {_clipped(', '.join(run.unused))}")
    if run.identifiers:
        yield Line("", "looks like an identifier of somebody")
        yield from (Line(f"{INDENT}", said) for said in first_of(run.identifiers))
        yield Line("", "")
    yield Line("", "how far this reaches")
    yield from (Line(f"{INDENT}", sentence) for sentence in coverage.statement(run))
    yield Line("", "")
    if run.matches:
        yield Line("", "people across the lists")
        yield from (Line(f"{INDENT}", coverage.match_line(match)) for match in run.matches)
        yield Line("", "")
    yield Line("", words.count_line(run))
    yield Line("", words.grade_line(run))
    if run.bundle:
        yield Line("", f"bundle {run.bundle}")
    yield Line("", f"exit {run.exit_code}: {words.exit_meaning(run.exit_code)}")


def _label(text: str) -> str:
    return INDENT + text.ljust(LABEL)


def _clipped(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _laid_out(lines: Iterable[Line], width: int, colour: bool) -> Iterator[str]:
    for line in lines:
        first, *rest = wrapped(visible(line.start), visible(line.text), width)
        if colour and line.verdict:
            mark = line.start if line.start.strip() else first
            first = first.replace(mark, f"\x1b[{_STYLES[line.verdict]}m{mark}\x1b[0m", 1)
        yield from (f"{text.rstrip()}\n" for text in (first, *rest))


def wrapped(start: str, text: str, width: int) -> list[str]:
    """`text` broken at spaces; further lines are indented as `start`, or by four where `start` takes half the width."""
    hang = " " * (len(start) if 0 < len(start) < width // 2 else 4)
    lines, line, used = [], start, len(start)
    fresh = True
    for item in text.split(" "):
        size = columns(item)
        if not fresh and used + 1 + size > width:
            lines.append(line)
            line, used, fresh = hang, len(hang), True
        line, used = (line + item, used + size) if fresh else (f"{line} {item}", used + 1 + size)
        fresh = False
    return [*lines, line]


def columns(text: str) -> int:
    """How many columns a terminal gives `text`: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )
