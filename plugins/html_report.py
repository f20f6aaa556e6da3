"""Reporter: a run as one HTML page that needs no network and no script; the first screen says what to do first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from ctrlkit import coverage, words
from ctrlkit.closed import Match, Run
from ctrlkit.hooks import Reporter, hookimpl
from ctrlkit.markup import Child, Html, element, joined, pseudonyms
from ctrlkit.model import Grade, Result, Severity, Verdict

from ._report_controls import OPEN, SECTIONS, Anchors, details, since, sources
from ._report_pieces import GRADES, badge, definitions, framed, meaning, number, pairs, sentence, table
from ._report_plots import plots
from ._report_script import SCRIPT, source_hash
from ._report_style import STYLE

FIRST: Final = 5
UNTESTED: Final = 20
POLICY: Final = (
    f"default-src 'none'; script-src {source_hash(SCRIPT)}; style-src {source_hash(STYLE)}; "
    "base-uri 'none'; form-action 'none'"
)


MEANINGS: Final = {
    Verdict.PASSED: "the evidence shows no exception beyond what the profile tolerates",
    Verdict.FAILED: "the evidence shows exceptions",
    Verdict.INCONCLUSIVE: "the evidence cannot carry a decision; this is not green",
    Verdict.ERROR: "a check did not run as it should; this is not green",
    Verdict.WAIVED: "failed, and the client accepts every exception until a day",
    Verdict.NOT_APPLICABLE: "outside what was asked, or nothing of the sort exists; this does not count",
}


class HtmlReport:
    """One file, nothing loaded, all of it there without JavaScript, which only filters and sorts.

    Every text from outside is escaped, its control characters visible; the one script and the one style sheet are
    ours, and the page's own policy allows no other.
    """

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
    main = [
        *_first_screen(run, anchors),
        *plots(run),
        *_overview(run, anchors),
        *details(run, anchors),
        *_accepted(run, anchors),
        *_ending(run),
    ]
    script = joined(Html("<script>"), Html(SCRIPT), Html("</script>"))
    return element("html", head, Html("\n"), element("body", element("main", *main), script), lang="en")


def _first_screen(run: Run, anchors: Anchors) -> Iterator[Html]:
    yield from (element("p", banner, class_="banner", role="note") for banner in words.banners(run))
    yield element("h1", sentence(words.verdict_line(run)))
    client = f" for {run.client}" if run.client else ""
    yield element(
        "p",
        f"{run.vendor}{client} · {run.country} · {run.period} · {run.profile_title} · ",
        meaning("as of", "the moment by which everything here is judged"),
        f" {run.as_of.replace('T', ' ').replace('Z', ' UTC')}",
    )
    tiles = (
        element("li", element("b", f"{count:,}"), words.word(verdict), class_=verdict.value)
        for verdict, count in words.tally(run.results).items()
    )
    yield element("ul", *tiles, class_="counts", aria_label="Verdicts")
    meanings = definitions({words.word(verdict): MEANINGS[verdict] for verdict in words.READING_ORDER})
    yield element("details", element("summary", "What these words mean"), meanings, class_="more")
    yield element(
        "div",
        element("div", *_do_first(run, anchors)),
        element("div", *_how_far(run), *_untested(run, anchors)),
        class_="first-screen",
    )
    links = [("#plots", "To look at"), ("#all", "All controls")]
    links += [(f"#{v[0].value}", title) for title, v in SECTIONS if words.worst_first(run.results, *v)]
    links += [
        ("#accepted", "Waivers and attestations"),
        ("#reach", "How far this reaches"),
        ("#about", "About this run"),
    ]
    items = (element("li", element("a", title, href=href)) for href, title in links)
    yield element("nav", element("ul", *items), aria_label="On this page")


def _do_first(run: Run, anchors: Anchors) -> Iterator[Html]:
    red = words.worst_first(run.results, Verdict.FAILED)
    yield element("h2", "Do first")
    if red:
        yield element("ol", *(_first(run, result, anchors) for result in red[:FIRST]), class_="first")
        if len(red) > FIRST:
            yield element(
                "p", element("a", f"And {number(len(red) - FIRST, 'more failure')}, the worst first", href="#failed")
            )
    else:
        yield element("p", "Nothing failed. What could not be tested comes first then.")


def _how_far(run: Run) -> Iterator[Html]:
    yield element("h2", "How bad, since when, how sure")
    failed = [result for result in run.results if result.verdict is Verdict.FAILED]
    held = Counter(result.severity for result in failed)
    findings = sum(len(result.findings) for result in failed)
    bad = " · ".join(f"{held[severity]} {severity.value}" for severity in Severity if held[severity])
    grades = Counter(result.grade for result in run.results if result.verdict in (Verdict.PASSED, Verdict.FAILED))
    believed = (
        element("li", f"{grades[grade]} {grade.value}: {GRADES[grade.value]}") for grade in Grade if grades[grade]
    )
    yield definitions(
        {
            "How bad": joined(
                f"{bad}; {findings:,} ",
                meaning("findings", "single exceptions: a row, an account, a line of a host"),
            )
            if failed
            else "nothing failed",
            "Since when": _since(run, failed),
            "How sure": joined(
                sentence(words.grade_line(run)),
                ". All that was decided, by ",
                meaning("grade", "how far its weakest evidence can be believed"),
                ":",
                element("ul", *believed),
            ),
        }
    )


def _since(run: Run, failed: list[Result]) -> str:
    if run.opened is None:
        return "not known: this run was given no earlier bundle to compare with (--previous)"
    known = [day for r in failed for f in r.findings if (day := run.opened.get((r.control, f.key)))]
    fresh = sum(len(r.findings) for r in failed) - len(known)
    oldest = f", the oldest on {min(known)}" if known else ""
    return f"{number(len(known), 'finding')} stood in an earlier run{oldest}; {fresh:,} are new"


def _untested(run: Run, anchors: Anchors) -> Iterator[Html]:
    undecided = words.worst_first(run.results, *OPEN)
    yield element("h2", "What could not be tested")
    outside = sum(result.verdict is Verdict.NOT_APPLICABLE for result in run.results)
    aside = f"{number(outside, 'verdict')} not applicable" if outside else ""
    aside += f"{'; ' if aside else ''}{number(len(run.left_out), 'control')} not asked for" if run.left_out else ""
    if not undecided:
        yield element("p", "All that was asked was decided. ", f"{sentence(aside)}." if aside else None)
        return
    yield element("p", "These are not passes: nothing is known about them until the evidence is there.")
    yield element("ul", *(_first(run, result, anchors) for result in undecided[:UNTESTED]), class_="first")
    if len(undecided) > UNTESTED:
        yield element("p", f"And {len(undecided) - UNTESTED} more, all below.")
    if aside:
        yield element("p", f"Besides: {aside}.", class_="quiet")


def _first(run: Run, result: Result, anchors: Anchors) -> Html:
    known = since(run, result)
    to_do = re.sub(r"(?<=[.!?]) .*", "", words.to_do(run, result))  # the rest stands with the control
    return element(
        "li",
        element("span", f"{result.severity.value}", class_=f"verdict {result.verdict.value}"),
        " ",
        element("a", words.name(run, result), href="#" + anchors[result.control, result.subject]),
        ": ",
        pseudonyms(words.headline(result)),
        f" · since {known}" if known else None,
        joined(element("br"), element("span", to_do, class_="quiet")) if to_do else None,
    )


def _overview(run: Run, anchors: Anchors) -> Iterator[Html]:
    yield element("h2", "All controls", id="all")
    yield element(
        "p",
        "Each line is one control for one ",
        meaning("subject", "what it is about: the organisation, or the host in brackets"),
        "; the worst come first.",
    )
    yield element(
        "p",
        "In the sections below, evidence comes in ",
        meaning("kinds", "one sort of record in one documented shape, such as roster or accounts"),
        ". A pointer names the file as it was handed in and the row as a person counts it there. In the bundle the "
        "same row stands in the file of its kind, which says file and row in its first two columns. "
        "People are shown by ",
        meaning(
            "pseudonyms", "the same person has the same one everywhere in this engagement; only the key turns it back"
        ),
        ".",
    )
    yield _filter(run)
    heads = ("Verdict", "Severity", "Control", "Domain", "Exceptions", "Grade")
    head = element("tr", *(element("th", heading, scope="col") for heading in heads))
    chosen = (result for _, verdicts in SECTIONS for result in words.worst_first(run.results, *verdicts))
    rows = (_line(run, result, anchors[result.control, result.subject]) for result in chosen)
    yield framed(head, rows, f"{number(len(run.results), 'verdict')}", "controls")


def _line(run: Run, result: Result, anchor: str) -> Html:
    domain = words.domain(run, result).replace("_", " ")
    order = [verdict for _, verdicts in SECTIONS for verdict in verdicts]
    grade = str(result.grade.weakness) if result.grade else str(len(Grade))
    cells = (
        element("td", badge(result), data_rank=str(order.index(result.verdict))),
        element("td", result.severity.value, data_rank=str(list(Severity).index(result.severity))),
        element("td", element("a", words.name(run, result), href=f"#{anchor}")),
        element("td", domain),
        element("td", words.extent(result), class_="number", data_rank=str(result.exceptions or 0)),
        element("td", result.grade.value if result.grade else "", data_rank=grade),
    )
    said = {"data_verdict": result.verdict.value, "data_severity": result.severity.value, "data_domain": domain}
    return joined(element("tr", *cells, data_section=anchor, **said), Html("\n"))


def _filter(run: Run) -> Html:
    """The form that the script shows; without it there is nothing to fill in."""
    there = {result.verdict for result in run.results}
    choices = {
        "verdict": [(v.value, words.word(v)) for v in words.READING_ORDER if v in there],
        "severity": [(s.value, s.value) for s in Severity if any(r.severity is s for r in run.results)],
        "domain": [(d, d) for d in sorted({words.domain(run, r).replace("_", " ") for r in run.results})],
    }
    fields = [
        element(
            "span",
            element("label", sentence(name), for_=f"by-{name}"),
            element("select", element("option", "all", value="*"), *_options(told), name_=name, id=f"by-{name}"),
        )
        for name, told in choices.items()
    ]
    return element(
        "form",
        element(
            "span",
            element("label", "Words", for_="by-words"),
            element("input", type_="search", name_="words", id="by-words", autocomplete="off"),
        ),
        *fields,
        element("button", "Show all", type_="button"),
        element("output", id="shown", aria_live="polite"),
        id="filter",
        hidden=True,
        aria_label="Filter the controls",
    )


def _options(told: Iterable[tuple[str, str]]) -> Iterator[Html]:
    return (element("option", shown, value=value) for value, shown in told)


def _accepted(run: Run, anchors: Anchors) -> Iterator[Html]:
    """Every waiver of the client, and every verdict that rests on an attestation."""
    yield element("h2", "Waivers and attestations", id="accepted")
    if run.waivers:
        rows: list[tuple[Child, ...]] = [
            (w.control, w.subject, w.approved_by, w.expires, _left(w.days_left)) for w in run.waivers
        ]
        yield table(
            ("Control", "Subject", "Approved by", "Holds until", "As of this run"), rows, "Waivers of the client"
        )
    waived = words.worst_first(run.results, Verdict.WAIVED)
    if waived:
        yield table(
            ("Control", "Waiver", "What it covers"),
            [(_link(run, r, anchors), pairs(r.waiver or {}), number(len(r.findings), "finding")) for r in waived],
            "Failed, and accepted by the client",
        )
    attested = [result for result in run.results if result.attested]
    if attested:
        yield table(
            ("Control", "Attestation"),
            [(_link(run, r, anchors), pairs(r.attested or {})) for r in attested],
            "Rests on a person's word instead of evidence",
        )
    if not (run.waivers or waived or attested):
        yield element("p", "None: no failure was accepted, and no verdict rests on a person's word alone.")


def _left(days: int) -> str:
    return f"expired {number(-days, 'day')} ago, counts no more" if days < 0 else f"{number(days, 'day')} left"


def _link(run: Run, result: Result, anchors: Anchors) -> Html:
    return element("a", words.name(run, result), href="#" + anchors[result.control, result.subject])


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
    if run.identifiers:
        yield element("h2", "Looks like an identifier of somebody")
        yield element("ul", *(element("li", said) for said in run.identifiers))
    yield element("h2", "How far this reaches", id="reach")
    yield element("ul", *(element("li", said) for said in coverage.statement(run)))
    if run.matches:
        yield element("h2", "People across the lists")
        yield element(
            "p",
            "How far two lists name the same people. No verdict hangs on it; "
            "who stands in one list alone is worth a question.",
        )
        yield table(
            ("List", "Other list", "In both", "Only in the first", "Only in the other", "Rows naming nobody"),
            [_match(m) for m in run.matches],
            "People across the lists",
        )
    yield element("h2", "About this run", id="about")
    yield definitions(facts)
    yield from sources(run)
    yield element(
        "p",
        "A passed control says that the evidence shows no exception, not that the evidence is true or complete. "
        "The grade says how far it can be believed: typed and attested evidence is the vendor's or a person's word.",
        class_="quiet",
    )


@hookimpl
def ctrlkit_reporters() -> Iterable[Reporter]:
    """Bring the HTML reporter."""
    return (HtmlReport(),)
