"""Reporter: a run as one HTML page that needs no network and no script; the first screen says what to do first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, Final

from ctrlkit import coverage, words
from ctrlkit.closed import Match, Run
from ctrlkit.hooks import Reporter, hookimpl
from ctrlkit.markup import Child, Html, element, joined, pseudonyms
from ctrlkit.model import EvidenceRef, Finding, HostRef, Result, Verdict, plain

from ._report_style import STYLE

FIRST: Final = 5
UNTESTED: Final = 20
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_OPEN: Final = (Verdict.ERROR, Verdict.INCONCLUSIVE)
_SECTIONS: Final = (
    ("Failed", (Verdict.FAILED,)),
    ("Could not be decided", _OPEN),
    ("Waived by the client", (Verdict.WAIVED,)),
    ("Passed", (Verdict.PASSED,)),
    ("Not applicable", (Verdict.NOT_APPLICABLE,)),
)


class HtmlReport:
    """One file, no JavaScript, nothing loaded; every text from outside is escaped, its control characters visible."""

    name: str = "html"
    file: str = "report.html"

    def write(self, run: Run, to: BinaryIO) -> None:
        """Write the page, UTF-8; the first 100 findings of each result, and how many there are."""
        to.write(b"<!DOCTYPE html>\n" + _page(run).text.encode("utf-8") + b"\n")


def _page(run: Run) -> Html:
    mark = "SAMPLE · " if run.sample else "SELF-CHECK · " if run.self_check else ""
    anchors = {(result.control, result.subject): f"r{n}" for n, result in enumerate(run.results, 1)}
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{mark}{run.vendor}: {words.verdict_line(run)}"),
        # Trusted text of our own; escaping would break the selectors.
        joined(Html("<style>"), Html(STYLE), Html("</style>")),
    )
    main = [*_first_screen(run, anchors), _overview(run, anchors), *_details(run, anchors), *_ending(run)]
    return element("html", head, Html("\n"), element("body", element("main", *main)), lang="en")


def _first_screen(run: Run, anchors: Mapping[tuple[str, str], str]) -> Iterator[Html]:
    yield from (element("p", banner, class_="banner", role="note") for banner in words.banners(run))
    yield element("h1", _sentence(words.verdict_line(run)))
    client = f" for {run.client}" if run.client else ""
    yield element("p", f"{run.vendor}{client} · {run.country} · {run.period} · {run.profile_title}")
    tiles = (
        element("li", element("b", number), words.word(verdict), class_=verdict.value)
        for verdict, number in words.tally(run.results).items()
    )
    yield element("ul", *tiles, class_="counts", aria_label="Verdicts")
    yield element("p", _sentence(words.count_line(run)), ". ", _sentence(words.grade_line(run)), ".")
    red = words.worst_first(run.results, Verdict.FAILED)
    if red:
        yield element("h2", "Do first")
        yield element("ol", *(_first(run, result, anchors) for result in red[:FIRST]), class_="first")
    undecided = words.worst_first(run.results, *_OPEN)
    if undecided:
        yield element("h2", "What could not be tested")
        yield element("p", "These are not passes: nothing is known about them until the evidence is there.")
        yield element("ul", *(_first(run, result, anchors) for result in undecided[:UNTESTED]), class_="first")
        if len(undecided) > UNTESTED:
            yield element("p", f"And {len(undecided) - UNTESTED} more, all below.")


def _first(run: Run, result: Result, anchors: Mapping[tuple[str, str], str]) -> Html:
    return element(
        "li",
        element("span", f"{result.severity.value}", class_=f"verdict {result.verdict.value}"),
        " ",
        element("a", words.name(run, result), href="#" + anchors[result.control, result.subject]),
        ": ",
        pseudonyms(words.headline(result)),
        joined(element("br"), words.to_do(run, result)) if words.to_do(run, result) else None,
    )


def _overview(run: Run, anchors: Mapping[tuple[str, str], str]) -> Html:
    rows = [
        (
            _verdict(result),
            result.severity.value,
            element("a", words.name(run, result), href="#" + anchors[result.control, result.subject]),
            words.extent(result),
            result.grade.value if result.grade else "",
        )
        for _, verdicts in _SECTIONS
        for result in words.worst_first(run.results, *verdicts)
    ]
    return joined(
        element("h2", "All controls"), _table(("Verdict", "Severity", "Control", "Exceptions", "Grade"), rows)
    )


def _details(run: Run, anchors: Mapping[tuple[str, str], str]) -> Iterator[Html]:
    for title, verdicts in _SECTIONS:
        chosen = words.worst_first(run.results, *verdicts)
        if chosen:
            yield element("h2", title)
            yield from (_control(run, result, anchors[result.control, result.subject]) for result in chosen)


def _control(run: Run, result: Result, anchor: str) -> Html:
    control = run.controls.get(result.control)
    facts: dict[str, Child] = {"Severity": result.severity.value}
    if control:
        facts["Requirement"] = control.requirement
    facts["Result"] = pseudonyms(words.headline(result))
    facts["Grade"] = result.grade.value if result.grade else None
    facts["Do"] = words.to_do(run, result)
    if control:
        facts["Clauses"] = words.clauses(control)
        facts["Decisions"] = joined(*(element("p", decision) for decision in control.decisions))
    facts["Limits"] = _pairs(result.params)
    facts["Waiver"] = _pairs(result.waiver or {})
    facts["Attested"] = _pairs(result.attested or {})
    return element(
        "section",
        element("h3", _verdict(result), " ", words.name(run, result)),
        _definitions(facts),
        _findings(result),
        _notes(result),
        _evidence(result),
        class_=f"control {result.verdict.value}",
        id=anchor,
    )


def _verdict(result: Result) -> Html:
    return element("span", words.word(result.verdict), class_=f"verdict {result.verdict.value}")


def _findings(result: Result) -> Html | None:
    if not result.findings:
        return None
    shown = result.findings[: words.SHOWN]
    rest = len(result.findings) - len(shown)
    rows = [(_places(f), pseudonyms(f.message), pseudonyms(words.values_text(f.values))) for f in shown]
    caption = f"{len(result.findings)} {'finding' if len(result.findings) == 1 else 'findings'}"
    caption += f", the first {len(shown)} here, all in findings.csv" if rest else ""
    return joined(element("h4", "Findings"), _table(("Where", "What", "Values"), rows, caption))


def _places(finding: Finding) -> Html:
    places = [joined(words.pointer_text(source), element("br")) for source in finding.sources]
    return joined(*places, f"and {finding.more} more" if finding.more else None)


def _notes(result: Result) -> Html | None:
    if not result.notes:
        return None
    items = (element("li", pseudonyms(note.message)) for note in result.notes)
    return joined(element("h4", "Notes"), element("ul", *items))


def _evidence(result: Result) -> Html | None:
    if not result.evidence:
        return None
    headings = ("Evidence", "File or host", "Rows", "Period", "Grade or origin", "SHA-256 of what was judged")
    return joined(element("h4", "Evidence"), _table(headings, [_reference(e) for e in result.evidence]))


def _reference(reference: EvidenceRef | HostRef) -> tuple[Child, ...]:
    digest = element("code", reference.sha256)
    if isinstance(reference, HostRef):
        return reference.probe, reference.host, "", "", reference.origin, digest
    return reference.kind, reference.file, reference.rows, reference.period, reference.grade.value, digest


def _match(match: Match) -> tuple[Child, ...]:
    left, right = match.left, match.right
    lists = [f"{side.who} ({side.kind})" for side in (left, right)]
    return (*lists, match.matched, left.only, right.only, left.nameless + right.nameless)


def _ending(run: Run) -> Iterator[Html]:
    facts: dict[str, Child] = {
        "Engagement": run.engagement,
        "Profile": run.profile,
        "As of": run.as_of,
        "ctrlkit": run.version,
        "Exit code": f"{run.exit_code}: {words.exit_meaning(run.exit_code)}",
        "Proposed by the vendor, not counted": ", ".join(run.proposed),
        "In the pack, read by nothing": ", ".join(run.unused),
    }
    yield element("h2", "How far this reaches")
    yield element("ul", *(element("li", sentence) for sentence in coverage.statement(run)))
    if run.matches:
        yield element("h2", "People across the lists")
        yield element(
            "p",
            "How far two lists name the same people. No verdict hangs on it; "
            "who stands in one list alone is worth a question.",
        )
        yield _table(
            ("List", "Other list", "In both", "Only in the first", "Only in the other", "Rows naming nobody"),
            [_match(m) for m in run.matches],
        )
    yield element("h2", "About this run")
    yield _definitions(facts)
    yield element(
        "p",
        "A passed control says that the evidence shows no exception, not that the evidence is true or complete. "
        "The grade says how far it can be believed: typed and attested evidence is the vendor's or a person's word.",
        class_="quiet",
    )


def _table(headings: tuple[str, ...], rows: Iterable[tuple[Child, ...]], caption: str = "") -> Html:
    head = element("tr", *(element("th", heading, scope="col") for heading in headings))
    body = (joined(element("tr", *(element("td", cell) for cell in row)), Html("\n")) for row in rows)
    title = element("caption", caption) if caption else None
    return element("div", element("table", title, element("thead", head), element("tbody", *body)), class_="scroll")


def _definitions(facts: Mapping[str, Child]) -> Html:
    pairs = (
        (element("dt", key), element("dd", value)) for key, value in facts.items() if value not in (None, "", Html(""))
    )
    return joined(element("dl", *(item for pair in pairs for item in pair)), Html("\n"))


def _pairs(values: Mapping[str, object]) -> str:
    """`coverage 100, words a; b`; lists and objects as JSON would write them."""
    return words.values_text({key: _flat(value) for key, value in values.items()})


def _flat(value: object) -> object:
    if isinstance(value, list | tuple) and all(isinstance(item, str | int) for item in value):
        return "; ".join(map(str, value)) or None
    return json.dumps(plain(value), ensure_ascii=False) if isinstance(value, list | tuple | Mapping) else value


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


@hookimpl
def ctrlkit_reporters() -> Iterable[Reporter]:
    """Bring the HTML reporter."""
    return (HtmlReport(),)
