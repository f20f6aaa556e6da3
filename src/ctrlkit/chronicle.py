"""The history for a terminal and as plain data: vendors side by side, then each vendor's runs, trends and returns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from ctrlkit.model import Verdict, plain
from ctrlkit.terminal import columns, wrapped
from ctrlkit.trend import AUDIT_DAYS, Course, History, Moment, Request, Return, Track
from ctrlkit.visible import short, visible
from ctrlkit.words import SAMPLE, SELF_CHECK

RUNS: Final = 24
"""Runs whose letters stand in a line; JSON has all of them."""
RETURNS: Final = 20
"""Findings that came back which stand in text; JSON has all of them."""
COUNTED: Final = 6
"""Runs whose numbers of findings stand beside the letters."""
CELL: Final = 17
LABEL: Final = 24

LETTERS: Final = {
    Verdict.PASSED.value: "P",
    Verdict.FAILED.value: "F",
    Verdict.INCONCLUSIVE.value: "I",
    Verdict.ERROR.value: "E",
    Verdict.WAIVED.value: "W",
    Verdict.NOT_APPLICABLE.value: "-",
}
LEGEND: Final = (
    "P passed, F failed, I inconclusive, E error, W waived, - not applicable, . not asked; a small letter: decided for "
    "a smaller claim only; the oldest run stands left"
)
RULE: Final = (
    f"mended for the audit only: every run without the finding lies within {AUDIT_DAYS} days of the issue of an "
    "engagement (a house number), the run before and the one that has it again do not"
)
WAITING: Final = "HANDED OVER, NOT JUDGED YET"
_STATES: Final = ("unreadable", "overdue", "open", "received")


def to_json(history: History) -> dict[str, Any]:
    """The history as plain data."""
    return {
        "audit_days": AUDIT_DAYS,
        "left_out": plain(history.left_out),
        "engagements": plain(history.requests),
        "not_judged": list(history.waiting),
        "vendors": plain(history.tracks),
    }


def render(history: History, width: int) -> str:
    """The history as text, lines of at most `width` columns; a single longer word stays whole."""
    return "\n".join(line.rstrip() for line in _lines(history, width))


def _lines(history: History, width: int) -> Iterator[str]:
    if history.left_out:
        yield from wrapped("", visible(left_out_line(history)), width)
        for left in history.left_out:
            yield from wrapped(f"  {left.name} ", visible(left.problem), width)
        yield ""
    if history.tracks:
        yield "VENDORS SIDE BY SIDE"
        yield from _matrix(history.tracks, _figures(), width)
        yield ""
        yield "DOMAINS IN THE LAST RUN: the worst verdict, findings"
        yield from _matrix(history.tracks, _domains(history.tracks), width)
        yield ""
    if history.requests:
        yield from wrapped("", f"ENGAGEMENTS: {states_line(history.requests)}", width)
        for one in sorted(history.requests, key=lambda r: (_STATES.index(r.state), r.due, r.name)):
            yield from wrapped(f"  {_STATES_SHOWN[one.state]} ", visible(request_line(one)), width)
        yield ""
    if history.waiting:
        yield from wrapped(f"{WAITING}: ", visible(", ".join(history.waiting)), width)
        yield ""
    for number, track in enumerate(history.tracks, 1):
        yield from _track(number, track, width)
    if history.tracks:
        yield from wrapped("", LEGEND, width)


_STATES_SHOWN: Final = {"unreadable": "UNREADABLE", "overdue": "OVERDUE", "open": "open", "received": "received"}


def left_out_line(history: History) -> str:
    """What is missing from the history, in words."""
    count = len(history.left_out)
    what = "1 bundle was" if count == 1 else f"{count} bundles were"
    return f"LEFT OUT: {what} not whole or not readable, so this history does not show all that was found"


def states_line(requests: Sequence[Request]) -> str:
    """How many engagements stand where."""
    counted = ((state, sum(r.state == state for r in requests)) for state in _STATES)
    return ", ".join(f"{count} {state}" for state, count in counted if count or state != "unreadable")


def request_line(one: Request) -> str:
    """One engagement in words."""
    if one.fault:
        return one.fault if one.fault.startswith(one.name) else f"{one.name}: {one.fault}"
    judged = ", judged" if one.judged else ", not judged yet" if one.state == "received" else ""
    return f"{one.engagement} · {one.vendor} · {one.period} · due {one.due}{judged}"


def name(track: Track) -> str:
    """Whose runs these are, and of which sort."""
    return f"{track.mark} {track.vendor}" if track.mark else track.vendor


def figures() -> dict[str, Callable[[Track], str]]:
    """What vendors are compared by: label -> text of a track."""
    return {
        "runs": lambda t: str(len(t.runs)),
        "last run": lambda t: t.runs[-1].as_of[:10],
        "passed": lambda t: str(t.runs[-1].counts["passed"]),
        "failed": lambda t: str(t.runs[-1].counts["failed"]),
        "could not be decided": lambda t: str(t.runs[-1].counts["inconclusive"] + t.runs[-1].counts["error"]),
        "waived": lambda t: str(t.runs[-1].counts["waived"]),
        "findings open": lambda t: str(t.runs[-1].open),
        "findings mended": lambda t: str(sum(r.mended for r in t.remedies)),
        "oldest open, days": lambda t: _or_none(
            max((r.oldest for r in t.remedies if r.oldest is not None), default=None)
        ),
        "longest remedy, days": lambda t: _or_none(
            max((r.longest for r in t.remedies if r.longest is not None), default=None)
        ),
        "came back": lambda t: str(len(t.returns)),
        "for the audit only": lambda t: str(sum(r.for_audit for r in t.returns)) if t.audits else "not known",
    }


def _figures() -> Iterator[tuple[str, Callable[[Track], str]]]:
    yield from figures().items()


def domains(tracks: Sequence[Track]) -> list[str]:
    """The domains that any vendor's runs know, sorted."""
    return sorted({course.name for track in tracks for course in track.domains})


def last_of(track: Track, domain: str) -> str:
    """A domain in the last run: the letter of its worst verdict, and its findings."""
    course = next((c for c in track.domains if c.name == domain), None)
    if course is None:
        return "."
    count = course.findings[-1]
    return letter(course, -1) + (f" {count}" if count else "")


def _domains(tracks: Sequence[Track]) -> Iterator[tuple[str, Callable[[Track], str]]]:
    for domain in domains(tracks):
        yield domain, lambda track, domain=domain: last_of(track, domain)  # type: ignore[misc]


def _matrix(tracks: Sequence[Track], rows: Iterable[tuple[str, Callable[[Track], str]]], width: int) -> Iterator[str]:
    """A row per label, a column per vendor, in as many blocks as the width asks for."""
    told = list(rows)
    per_block = max(1, (width - LABEL) // CELL)
    for start in range(0, len(tracks), per_block):
        block = list(enumerate(tracks, 1))[start : start + per_block]
        if start:
            yield ""
        yield _padded("", LABEL) + "".join(_padded(f"{n} {name(t)}", CELL) for n, t in block)
        for label, of in told:
            yield _padded(f"  {label}", LABEL) + "".join(_padded(of(track), CELL) for _, track in block)


def _padded(text: str, width: int) -> str:
    """`text` made visible, cut or filled to `width` columns, the last of them empty."""
    text = visible(text)
    while columns(text) >= width:
        text = text.removesuffix("…")[:-1] + "…"
    return text + " " * (width - columns(text))


def _track(number: int, track: Track, width: int) -> Iterator[str]:
    yield from wrapped("", f"{number} {visible(track.vendor)}".upper(), width)
    if track.mark:
        yield from wrapped("", SAMPLE if track.mark == "SAMPLE" else SELF_CHECK, width)
    if track.key:
        yield from wrapped("", f"engagement key {short(track.key)}", width)
    yield f"  runs{_only(len(track.runs))}"
    for run in track.runs[-RUNS:]:
        yield from wrapped(f"    {run.as_of[:10]} ", visible(run_line(run)), width)
    yield "  domains"
    room = max((columns(visible(course.name)) for course in track.domains), default=0)
    for course in track.domains:
        yield from wrapped(f"    {course_line(course, room)}", "", width)
    loud = [course for course in track.controls if not is_quiet(course)]
    room = max((columns(visible(course.name)) for course in loud), default=0)
    quiet = len(track.controls) - len(loud)
    yield from wrapped("  ", f"controls: {quiet} passed or did not apply in every run, the others", width)
    for course in loud:
        yield from wrapped(f"    {course_line(course, room)}", visible(course.title), width)
    yield "  days to remedy"
    for line in remedy_lines(track):
        yield from wrapped("    ", line, width)
    yield f"  came back: {len(track.returns)}"
    for one in returns(track)[:RETURNS]:
        yield from wrapped("    ", short(return_line(one)), width)
    if len(track.returns) > RETURNS:
        yield from wrapped("    ", f"and {len(track.returns) - RETURNS} more, all of them with --format json", width)
    for line in audit_lines(track):
        yield from wrapped("    ", line, width)
    yield ""


def _only(count: int) -> str:
    return f" (the last {RUNS} of {count})" if count > RUNS else ""


def run_line(run: Moment) -> str:
    """One run in words."""
    counts = " ".join(f"{letter_} {run.counts[verdict]}" for verdict, letter_ in LETTERS.items() if run.counts[verdict])
    audit = " · around an audit" if run.around_audit else ""
    return (
        f"exit {run.exit} · {counts} · {run.open} open, {run.new} new, {run.mended} mended · "
        f"{run.period} · {run.profile}{audit}"
    )


def letter(course: Course, place: int) -> str:
    """The letter of a verdict, small where only a smaller claim was decided."""
    verdict = course.verdicts[place]
    if verdict is None:
        return "."
    return LETTERS[verdict].lower() if course.narrowed[place] else LETTERS[verdict]


def course_line(course: Course, room: int) -> str:
    """`MFA-01  PFFP  0 14 14 0`: a control or domain through its last runs, its name filled to `room` columns."""
    places = range(max(0, len(course.verdicts) - RUNS), len(course.verdicts))
    counts = ["." if count is None else str(count) for count in course.findings[-COUNTED:]]
    name_ = visible(course.name)
    return (
        f"{name_}{' ' * (room - columns(name_))}  {''.join(letter(course, at) for at in places)}  {' '.join(counts)} "
    )


def is_quiet(course: Course) -> bool:
    """Whether it was asked, and passed whole or did not apply, in every run."""
    return not any(course.narrowed) and set(course.verdicts) <= {Verdict.PASSED.value, Verdict.NOT_APPLICABLE.value}


def remedy_lines(track: Track) -> Iterator[str]:
    """Days to remedy per severity, in words."""
    if not track.remedies:
        yield "no finding has been seen"
    for one in track.remedies:
        mended = f"{one.mended} mended"
        if one.mended:
            mended += f" within {one.longest} days, half of them within {one.middle}"
        still = f"{one.open} open" + (f", the oldest for {one.oldest} days" if one.open else "")
        yield f"{one.severity}: {mended}; {still}"


def returns(track: Track) -> list[Return]:
    """What came back: what was mended for an audit first, then what came back last."""
    latest = sorted(track.returns, key=lambda one: one.back, reverse=True)
    return sorted(latest, key=lambda one: not one.for_audit)


def return_line(one: Return) -> str:
    """A finding that came back, in words."""
    host = f" [{one.subject.removeprefix('host:')}]" if one.subject.startswith("host:") else ""
    audit = "MENDED FOR THE AUDIT ONLY: " if one.for_audit else ""
    days = f"found {one.opened}, gone {one.gone}, back {one.back}"
    return f"{audit}{one.control}{host} {days}: {one.message} ({one.key})"


def audit_lines(track: Track) -> Iterator[str]:
    """The rule by which a return counts as mended for an audit, and where it cannot be told."""
    if not track.audits:
        yield "whether anything was mended for an audit only cannot be told: no engagement says when it was issued"
    elif track.returns:
        yield f"{RULE}; issued {', '.join(track.audits)}"


def _or_none(number: int | None) -> str:
    return "none" if number is None else str(number)
