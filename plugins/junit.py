"""Reporter: a run as JUnit XML, valid against the Jenkins (junit-10) and the windyroad schema alike.

Written with the standard library: junit-xml 1.9 drops a failure without a message and crashes on some characters,
junitparser 5 adds attributes that windyroad refuses. Nothing here needs more than an element tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Final
from xml.etree import ElementTree as ET

from ctrlkit import coverage, words
from ctrlkit.closed import Run
from ctrlkit.hooks import Reporter, hookimpl
from ctrlkit.model import Result, Verdict
from ctrlkit.visible import visible

_ELEMENTS: Final = {
    Verdict.FAILED: "failure",
    Verdict.INCONCLUSIVE: "error",
    Verdict.ERROR: "error",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.WAIVED: "skipped",
}
_COUNTED: Final = (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))


class JUnit:
    """One `<testsuite>` per domain, one `<testcase>` per control and subject; never without a test case."""

    name: str = "junit"
    file: str = "junit.xml"

    def write(self, run: Run, to: BinaryIO) -> None:
        """Write the document: UTF-8, times all 0, the time stamp is the run's as-of in UTC."""
        root = ET.Element("testsuites")
        domains = sorted({words.domain(run, result) for result in run.results})
        for number, domain in enumerate(domains):
            chosen = [result for result in run.results if words.domain(run, result) == domain]
            root.append(_suite(run, number, domain, [_case(run, domain, result) for result in chosen], chosen))
        if not domains:
            # An empty document is green for most consumers.
            root.append(_suite(run, 0, "run", [_nothing_selected(run)], []))
        ET.indent(root)
        to.write(b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8") + b"\n")


def _suite(run: Run, number: int, domain: str, cases: list[ET.Element], results: list[Result]) -> ET.Element:
    mark = " (SAMPLE)" if run.sample else " (SELF-CHECK)" if run.self_check else ""
    counts = {key: str(sum(case.find(tag) is not None for case in cases)) for key, tag in _COUNTED}
    suite = _element("testsuite", name=domain + mark, tests=str(len(cases)), **counts, time="0")
    suite.attrib |= {
        "timestamp": datetime.fromisoformat(run.as_of).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "hostname": "localhost",
        "package": visible(run.profile),
        "id": str(number),
    }
    properties = ET.SubElement(suite, "properties")
    for key, value in _properties(run):
        properties.append(_element("property", name=key, value=value))
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = "\n".join([*words.banners(run), *map(_line, results)])
    ET.SubElement(suite, "system-err")
    return suite


def _properties(run: Run) -> Iterator[tuple[str, str]]:
    yield "ctrlkit.version", run.version
    for key in ("profile", "engagement", "vendor", "client", "country", "period", "as_of"):
        yield f"ctrlkit.{key}", getattr(run, key)
    yield "ctrlkit.sample", str(run.sample).lower()
    yield "ctrlkit.self_check", str(run.self_check).lower()
    yield "ctrlkit.exit", str(run.exit_code)
    for verdict, number in words.tally(run.results).items():
        yield f"ctrlkit.count.{verdict.value}", str(number)
    for number, sentence in enumerate(coverage.statement(run), 1):
        yield f"ctrlkit.coverage.{number}", sentence


def _case(run: Run, domain: str, result: Result) -> ET.Element:
    case = _element("testcase", name=words.name(run, result), classname=f"{run.profile}.{domain}", time="0")
    if result.verdict is Verdict.PASSED:
        return case
    outcome = _element(_ELEMENTS[result.verdict], message=words.headline(result))
    if outcome.tag != "skipped":
        kind = result.verdict if outcome.tag == "failure" else result.cause or result.verdict
        outcome.set("type", kind.value)
    outcome.text = "\n".join(_text(run, result))
    case.append(outcome)
    return case


def _text(run: Run, result: Result) -> Iterator[str]:
    """The first two lines carry the finding: some consumers show no more."""
    yield words.headline(result)
    for finding in result.findings[: words.SHOWN]:
        yield words.finding_text(finding)
    if len(result.findings) > words.SHOWN:
        yield f"and {len(result.findings) - words.SHOWN} more in findings.csv"
    for note in result.notes:
        yield visible(f"note: {note.message}")
    if words.to_do(run, result):
        yield f"do: {words.to_do(run, result)}"
    control = run.controls.get(result.control)
    if control and control.maps:
        yield f"under: {words.clauses(control)}"
    yield f"severity: {result.severity.value}"
    yield from words.banners(run)


def _line(result: Result) -> str:
    many = "" if result.population is None else f", {result.exceptions or 0} of {result.population}"
    grade = f", {result.grade.value}" if result.grade else ""
    subject = f" {result.subject}" if words.host(result) else ""
    return visible(f"{result.control}{subject}: {words.word(result.verdict)}{grade}{many}")


def _nothing_selected(run: Run) -> ET.Element:
    case = _element("testcase", name="no control was selected", classname=f"{run.profile}.run", time="0")
    case.append(_element("error", message="no control was selected, so nothing was decided", type="did_not_run"))
    return case


def _element(tag: str, **attributes: str) -> ET.Element:
    return ET.Element(tag, {key: visible(value) for key, value in attributes.items()})


@hookimpl
def ctrlkit_reporters() -> Iterable[Reporter]:
    """Bring the JUnit reporter."""
    return (JUnit(),)
