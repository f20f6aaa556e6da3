"""The HTML report, control by control: requirement, result, findings, remedy, law, limits, evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from ctrlkit import words
from ctrlkit.closed import Run
from ctrlkit.markup import Child, Html, element, joined, pseudonyms
from ctrlkit.model import Control, EvidenceRef, Finding, HostPointer, HostRef, Pointer, Result, Verdict

from ._report_pieces import badge, definitions, flat, framed, number, pairs, table

OPEN: Final = (Verdict.ERROR, Verdict.INCONCLUSIVE)
SECTIONS: Final = (
    ("Failed", (Verdict.FAILED,)),
    ("Could not be decided", OPEN),
    ("Waived by the client", (Verdict.WAIVED,)),
    ("Passed", (Verdict.PASSED,)),
    ("Not applicable", (Verdict.NOT_APPLICABLE,)),
)
LAWS: Final = ("PH", "IN", "GDPR")
"""Of what a control is mapped to, the laws; all else are standards."""
AT_ONCE: Final = 10
"""Findings that stand open; the others of the first 100 unfold."""
_FOLDED: Final = (Verdict.PASSED, Verdict.NOT_APPLICABLE)

Anchors = Mapping[tuple[str, str], str]
"""(control, subject) -> the id of its section."""


def details(run: Run, anchors: Anchors) -> Iterator[Html]:
    """A section for each result, the worst first; what passed is folded."""
    for title, verdicts in SECTIONS:
        chosen = words.worst_first(run.results, *verdicts)
        if chosen:
            yield element(
                "h2", title, element("span", f" {len(chosen):,}", class_="quiet"), id=verdicts[0].value, data_group=True
            )
            yield from (_section(run, result, anchors[result.control, result.subject]) for result in chosen)


def _section(run: Run, result: Result, anchor: str) -> Html:
    control = run.controls.get(result.control)
    folded = result.verdict in _FOLDED
    inner = (
        definitions(_facts(run, result, control)),
        _findings(run, result, anchor),
        _notes(result),
        _evidence(run, result, anchor),
        _decisions(control),
    )
    heading = element("h3", badge(result), " ", words.name(run, result))
    return element(
        "section",
        element("details", element("summary", heading), *inner, open=not folded),
        Html("\n"),
        class_=f"control {result.verdict.value}",
        id=anchor,
    )


def _facts(run: Run, result: Result, control: Control | None) -> dict[str, Child]:
    facts: dict[str, Child] = {"Severity": result.severity.value}
    facts["Result"] = pseudonyms(words.headline(result))
    facts["Since"] = since(run, result)
    facts["Do"] = words.to_do(run, result)
    if control:
        facts["Requirement"] = " ".join(control.requirement.split())
        facts["Law"] = _clauses(control, law=True)
        facts["Standards"] = _clauses(control, law=False)
    facts["Limits"] = joined(*_limits(result, control))
    facts["Grade"] = result.grade.value if result.grade else None
    facts["Waiver"] = pairs(result.waiver or {})
    facts["Attested"] = pairs(result.attested or {})
    if control and result.findings:
        facts["Read findings as"] = control.finding_note
    return facts


def _decisions(control: Control | None) -> Html | None:
    """How the requirement is read where two honest readers could differ."""
    if control is None or not control.decisions:
        return None
    items = (element("li", decision) for decision in control.decisions)
    summary = element("summary", f"How {control.id} is read: {number(len(control.decisions), 'decision')}")
    return element("details", summary, element("ul", *items), class_="more")


def since(run: Run, result: Result) -> str:
    """Since when findings of a result are known, where earlier bundles were given."""
    if run.opened is None or not result.findings:
        return ""
    days = [day for f in result.findings if (day := run.opened.get((result.control, f.key)))]
    if not days:
        return "new in this run"
    return f"{min(days)}: {len(days):,} of {number(len(result.findings), 'finding')} stood in an earlier run"


def _clauses(control: Control, *, law: bool) -> str:
    maps = {name: items for name, items in control.maps.items() if (name in LAWS) is law}
    return " · ".join(f"{name} {', '.join(items)}" for name, items in maps.items())


def _limits(result: Result, control: Control | None) -> Iterator[Html]:
    """Each parameter as it was in force, what it is measured in, and on what ground it stands."""
    for name, value in result.params.items():
        param = control.params.get(name) if control else None
        unit = f" {param.unit}" if param and param.unit not in {"list", "bool"} else ""
        ground = " · ".join(part for part in (param.basis, param.source) if part) if param else ""
        shown = words.values_text({name: flat(value)})
        yield element(
            "p", pseudonyms(shown + unit), element("span", f" ({ground})", class_="quiet") if ground else None
        )


def _findings(run: Run, result: Result, anchor: str) -> Html | None:
    if not result.findings:
        return None
    shown = result.findings[: words.SHOWN]
    rest = len(result.findings) - len(shown)
    caption = number(len(result.findings), "finding")
    caption += f", the first {len(shown)} here, all in findings.csv" if rest else ""
    targets = _targets(result, anchor)
    heads = ("Where", "What", "Values", *(("Since",) if run.opened is not None else ()))
    head = element("tr", *(element("th", heading, scope="col") for heading in heads))
    rows = [_row(run, result, f, f"{anchor}-f{n}", targets) for n, f in enumerate(shown, 1)]
    first = framed(head, rows[:AT_ONCE], caption)
    more = f"{len(rows) - AT_ONCE} more" + (f"; another {rest:,} only in findings.csv" if rest else "")
    folded = None
    if len(rows) > AT_ONCE:
        inner = framed(head, rows[AT_ONCE:], f"Findings {AT_ONCE + 1} to {len(rows)} of {result.control}")
        folded = element("details", element("summary", more), inner, class_="more")
    return joined(element("h4", "Findings"), first, folded)


def _row(run: Run, result: Result, finding: Finding, id_: str, targets: Mapping[tuple[str, str], str]) -> Html:
    places = [joined(_place(source, targets), element("br")) for source in finding.sources]
    where = joined(*places, f"and {finding.more} more" if finding.more else None)
    cells: list[Child] = [where, pseudonyms(finding.message), pseudonyms(words.values_text(finding.values))]
    if run.opened is not None:
        cells.append(run.opened.get((result.control, finding.key), "this run"))
    return joined(element("tr", *(element("td", cell) for cell in cells), id=id_), Html("\n"))


def _place(source: Pointer | HostPointer, targets: Mapping[tuple[str, str], str]) -> Child:
    """Where a finding lies; it leads to the evidence of the control that holds the row."""
    text = words.pointer_text(source)
    key = (source.kind, source.party) if isinstance(source, Pointer) else (source.host, source.probe)
    target = targets.get(key)
    return element("a", text, href=f"#{target}") if target else text


def _targets(result: Result, anchor: str) -> dict[tuple[str, str], str]:
    """(kind, party) or (host, probe) -> the id of its row among the evidence."""
    held: dict[tuple[str, str], str] = {}
    for n, reference in enumerate(result.evidence, 1):
        if isinstance(reference, HostRef):
            key = (reference.host, reference.probe)
        else:
            key = (reference.kind, "client" if "/client/" in reference.file else "vendor")
        held.setdefault(key, f"{anchor}-e{n}")
    return held


def _notes(result: Result) -> Html | None:
    if not result.notes:
        return None
    items = (element("li", pseudonyms(note.message)) for note in result.notes)
    return joined(element("h4", "Notes"), element("ul", *items))


def _evidence(run: Run, result: Result, anchor: str) -> Html | None:
    if not result.evidence:
        return None
    heads = ("Evidence", "File or host", "Rows", "Period", "Exported", "Grade or origin", "SHA-256 of what was judged")
    head = element("tr", *(element("th", heading, scope="col") for heading in heads))
    rows = (
        element("tr", *(element("td", cell) for cell in _reference(run, reference)), id=f"{anchor}-e{n}")
        for n, reference in enumerate(result.evidence, 1)
    )
    return joined(element("h4", "Evidence"), framed(head, rows, f"What the verdict on {result.control} rests on"))


def _reference(run: Run, reference: EvidenceRef | HostRef) -> tuple[Child, ...]:
    digest = element("code", reference.sha256)
    if isinstance(reference, HostRef):
        return reference.probe, reference.host, "", "", "", reference.origin, digest
    made = _age(run.exported.get(reference.file, ""), run.as_of)
    rows = f"{reference.rows:,}"
    return reference.kind, reference.file, rows, reference.period, made, reference.grade.value, digest


def _age(made: str, as_of: str) -> str:
    """`2026-11-01, 1 day before as-of`: by the calendar of UTC, of which both are written."""
    if not made:
        return ""
    days = (date.fromisoformat(as_of[:10]) - date.fromisoformat(made[:10])).days
    return f"{made[:10]}, {number(days, 'day')} before as-of"


def evidence_of(run: Run) -> list[EvidenceRef]:
    """Every file of evidence that a verdict rests on, once, by its name."""
    held = {e.file: e for result in run.results for e in result.evidence if isinstance(e, EvidenceRef)}
    return [held[file] for file in sorted(held)]


def sources(run: Run) -> Iterator[Html]:
    """The table of all evidence."""
    rows = [(e.kind, e.file, *_reference(run, e)[2:6]) for e in evidence_of(run)]
    if rows:
        yield table(("Kind", "File in the bundle", "Rows", "Period", "Exported", "Grade"), rows, "All evidence judged")
