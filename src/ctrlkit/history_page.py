"""The history as one HTML page that loads nothing and runs nothing; every chart has its numbers in a table below it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ctrlkit import chronicle
from ctrlkit.markup import Child, Html, element, joined, pseudonyms
from ctrlkit.model import Verdict
from ctrlkit.trend import Course, History, Track
from ctrlkit.words import SAMPLE, SELF_CHECK, SHOWN

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STACK: Final = (
    (Verdict.PASSED, "passed"),
    (Verdict.WAIVED, "waived"),
    (Verdict.FAILED, "failed"),
    (Verdict.INCONCLUSIVE, "undecided"),
    (Verdict.ERROR, "undecided"),
)
_HIGH, _BAR, _GAP = 120, 18, 6
_STYLE: Final = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --quiet: #57606a; --rule: #d0d7de;
  --failed: #b01c24; --undecided: #875400; --passed: #17692e; --waived: #0f5f86; }
@media (prefers-color-scheme: dark) { :root { --paper: #0f1419; --ink: #e4e8ec; --quiet: #a3adb8; --rule: #38424d;
  --failed: #ff8f8a; --undecided: #f0b64a; --passed: #6fd08c; --waived: #7cc4ee; } }
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.5rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h2 { border-bottom: 1px solid var(--rule); margin-top: 2.5rem; }
.quiet, caption { color: var(--quiet); text-align: left; }
.banner { border: 3px solid var(--undecided); color: var(--undecided); font-weight: 700; padding: .5rem .8rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .93rem; margin: .3rem 0 1rem; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid var(--rule); padding: .25rem .8rem .25rem 0; }
code { font: .9em/1.4 ui-monospace, monospace; white-space: pre; }
svg .passed { fill: var(--passed); } svg .waived { fill: var(--waived); }
svg .failed { fill: var(--failed); } svg .undecided { fill: var(--undecided); }
strong { color: var(--failed); }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } tr { break-inside: avoid; } }
"""


def page(history: History) -> bytes:
    """The page, UTF-8. Every text of a bundle is escaped, and its control characters are made visible."""
    marks = sorted({track.mark for track in history.tracks if track.mark})
    title = " · ".join([f"History, {len(history.tracks)} side by side", *(f"with {mark}" for mark in marks)])
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        # Trusted text of our own; escaping would break the selectors.
        joined(Html("<style>"), Html(_STYLE), Html("</style>")),
    )
    main = element("main", element("h1", title), *_main(history))
    whole = element("html", head, Html("\n"), element("body", main), lang="en")
    return b"<!DOCTYPE html>\n" + whole.text.encode("utf-8") + b"\n"


def _main(history: History) -> Iterator[Html]:
    if history.left_out:
        yield element("p", chronicle.left_out_line(history), class_="banner", role="note")
        yield _table(("Bundle", "What is wrong"), ((one.name, one.problem) for one in history.left_out))
    names = [f"{n} {chronicle.name(track)}" for n, track in enumerate(history.tracks, 1)]
    if history.tracks:
        yield element("h2", "Vendors side by side")
        figures = ((label, *map(of, history.tracks)) for label, of in chronicle.figures().items())
        yield _table(("", *names), figures)
        yield element("h2", "Domains in the last run")
        yield element("p", "The worst verdict of its controls, and how many findings.", class_="quiet")
        known = chronicle.domains(history.tracks)
        yield _table(("", *names), ((d, *(chronicle.last_of(t, d) for t in history.tracks)) for d in known))
    if history.requests:
        yield element("h2", f"Engagements: {chronicle.states_line(history.requests)}")
        rows = ((_state(one.state), chronicle.request_line(one)) for one in history.requests)
        yield _table(("State", "Engagement"), rows)
    if history.waiting:
        yield element("p", f"{chronicle.WAITING}: {', '.join(history.waiting)}", class_="banner", role="note")
    for name, track in zip(names, history.tracks, strict=True):
        yield from _track(name, track)
    yield element("p", chronicle.LEGEND, class_="quiet")


def _state(state: str) -> Child:
    return element("strong", state) if state in {"overdue", "unreadable"} else state


def _track(name: str, track: Track) -> Iterator[Html]:
    yield element("h2", name)
    if track.mark:
        yield element("p", SAMPLE if track.mark == "SAMPLE" else SELF_CHECK, class_="banner", role="note")
    if track.key:
        yield element("p", "Engagement key ", pseudonyms(track.key), class_="quiet")
    yield element("h3", "Runs")
    yield _chart(track)
    rows = (
        (
            element("code", run.as_of[:10]),
            run.period,
            run.profile,
            *(run.counts[verdict.value] for verdict in Verdict),
            *(run.open, run.new, run.mended),
            "yes" if run.around_audit else "",
            run.exit,
        )
        for run in track.runs
    )
    verdicts = [verdict.value.replace("_", " ") for verdict in Verdict]
    yield _table(("As of", "Period", "Profile", *verdicts, "Open", "New", "Mended", "Around an audit", "Exit"), rows)
    yield element("h3", "Domains")
    yield _courses(track.domains)
    loud = [course for course in track.controls if not chronicle.is_quiet(course)]
    yield element("h3", f"Controls: {len(track.controls) - len(loud)} passed or did not apply in every run, the others")
    yield _courses(loud)
    yield element("h3", "Days to remedy")
    yield element("ul", *(element("li", line) for line in chronicle.remedy_lines(track)))
    yield element("h3", f"Came back: {len(track.returns)}")
    returns = (
        (
            element("strong", "for the audit only") if one.for_audit else "",
            one.control,
            one.subject,
            one.opened,
            one.gone,
            one.back,
            pseudonyms(one.message),
        )
        for one in chronicle.returns(track)[:SHOWN]
    )
    if track.returns:
        yield _table(("Mended", "Control", "Subject", "Found", "Gone", "Back", "What"), returns)
    if len(track.returns) > SHOWN:
        yield element("p", f"And {len(track.returns) - SHOWN} more, all of them with --format json.")
    yield from (element("p", line, class_="quiet") for line in chronicle.audit_lines(track))


def _chart(track: Track) -> Html:
    """One bar per run, its verdicts on top of each other; the numbers stand in the table below."""
    most = max(1, *(sum(run.counts[verdict] for verdict, _ in _STACK) for run in track.runs))
    bars: list[Html] = []
    for place, run in enumerate(track.runs):
        top = _HIGH
        for verdict, colour in _STACK:
            high = run.counts[verdict] * _HIGH // most
            top -= high
            box = {"x": str(place * (_BAR + _GAP)), "y": str(top), "width": str(_BAR), "height": str(high)}
            tip = element("title", f"{run.as_of[:10]}: {run.counts[verdict]} {verdict.value}")
            bars += [element("rect", tip, class_=colour, **box)] if high else []
    wide = len(track.runs) * (_BAR + _GAP)
    said = f"Verdicts of {len(track.runs)} runs, a bar for each, the oldest left; the numbers stand in the table below"
    size = {"width": str(wide), "height": str(_HIGH), "viewBox": f"0 0 {wide} {_HIGH}"}
    legend = element("p", "Each bar a run, from below: passed, waived, failed, could not be decided.", class_="quiet")
    return joined(element("div", element("svg", *bars, role="img", aria_label=said, **size), class_="scroll"), legend)


def _courses(courses: Sequence[Course]) -> Html:
    rows = (
        (
            course.name,
            course.title,
            element("code", "".join(chronicle.letter(course, at) for at in range(len(course.verdicts)))),
            " ".join("." if count is None else str(count) for count in course.findings),
        )
        for course in courses
    )
    return _table(("Name", "Title", "Verdicts", "Findings"), rows)


def _table(headings: tuple[str, ...], rows: Iterable[tuple[Child, ...]]) -> Html:
    head = element("tr", *(element("th", heading, scope="col") for heading in headings))
    body = (joined(element("tr", *(element("td", cell) for cell in row)), Html("\n")) for row in rows)
    return element("div", element("table", element("thead", head), element("tbody", *body)), class_="scroll")
