"""Reporter: a run as SARIF 2.1.0; what failed is a result, what could not be evaluated a notification of the tool.

What passed, was waived or does not apply is no result: code scanning shows every result as an open alert, whatever its
kind and suppressions say. Their numbers stand among the properties of the run.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

from ctrlkit import coverage, words
from ctrlkit.closed import Run
from ctrlkit.hooks import Reporter, hookimpl
from ctrlkit.model import Cause, Control, EvidenceRef, HostPointer, Pointer, Result, Severity, Verdict
from ctrlkit.visible import visible

from ._standards import UNDECIDED, Ids, document, evidence, facts, flat, ids_of, never_empty, title, told, uri

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
PLACES: Final = 100
"""Locations of one result; GitHub shows no more."""
SENTENCES: Final = 21
"""Lines of one message: the headline and 20 findings."""
_LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_SCORES: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "3.0"}
"""Text that GitHub sorts alerts by; the middle of each of its own bands."""
_BASES: Final = {
    "BUNDLE": "the folder of the bundle",
    "PACK": "the vendor's pack, which is not in the bundle",
    "CLIENT_PACK": "the client's own pack, which is not in the bundle",
}
_MARKS: Final = {"sample": words.SAMPLE, "self_check": words.SELF_CHECK}


class Sarif:
    """One result per failed control and subject, one notification per undecided one.

    `executionSuccessful` is false where something could not be evaluated or nothing was decided.
    """

    name: str = "sarif"
    file: str = "findings.sarif"

    def write(self, run: Run, to: BinaryIO) -> None:
        """Write the log, JSON in ASCII, with one run in it."""
        to.write(document({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(never_empty(run))]}))


def _run(run: Run) -> dict[str, Any]:
    ids = list(dict.fromkeys([*run.controls, *(result.control for result in run.results)]))
    named = ids_of(run)
    failed = [result for result in run.results if result.verdict is Verdict.FAILED]
    return {
        "tool": {
            "driver": {
                "name": "ctrlkit",
                "version": visible(run.version),
                "rules": [_rule(run, id_) for id_ in ids],
                "notifications": [_descriptor(id_, text) for id_, text in _descriptors(run).items()],
            },
        },
        "automationDetails": {
            "id": _category(run),
            "description": _message(title(run)),
            "guid": named.of("run"),
        },
        "originalUriBaseIds": {base: {"description": _message(what)} for base, what in _BASES.items()},
        "invocations": [_invocation(run, ids)],
        "artifacts": [_artifact(reference) for reference in evidence(run).values()],
        "results": [_result(run, named, result, ids) for result in failed],
        "language": "en-US",
        "properties": {
            "vendor": visible(run.vendor),
            "period": visible(run.period),
            "asOf": visible(run.as_of),
            "counts": {verdict.value: number for verdict, number in words.tally(run.results).items()},
            "waived": [words.name(run, result) for result in run.results if result.verdict is Verdict.WAIVED],
            "coverage": list(coverage.statement(run)),
        },
    }


def _category(run: Run) -> str:
    """Profile and vendor, then the instant: code scanning takes all before the last slash for one series of runs."""
    series = ("ctrlkit", run.profile, run.vendor)
    return "/".join([*(re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-").lower() for part in series), visible(run.as_of)])


def _message(text: str) -> dict[str, str]:
    """`text` as a message in which nothing is a link."""
    return {"text": text.replace("](", "] (")}


def _rule(run: Run, id_: str) -> dict[str, Any]:
    control = run.controls.get(id_)
    if control is None:
        return {"id": visible(id_)}
    return {
        "id": visible(id_),
        **{
            key: _message(flat(text))
            for key, text in (
                ("shortDescription", control.title),
                ("fullDescription", control.requirement),
                ("help", control.remedy),
            )
            if text
        },
        "defaultConfiguration": {"level": _LEVELS[control.severity]},
        "properties": _tagged(control),
    }


def _tagged(control: Control) -> dict[str, Any]:
    return {
        "tags": ["security", visible(control.domain)],
        "security-severity": _SCORES[control.severity],
        "under": words.clauses(control),
    }


def _descriptors(run: Run) -> dict[str, str]:
    """All that a notification of this run may be about: the causes, an error without one, what marks the whole run."""
    causes = {cause.value: words.ADVICE[cause] for cause in Cause}
    marks = {mark: text for mark, text in _MARKS.items() if getattr(run, mark)}
    return {**causes, "error": "Run again; if it stays so, report it.", **marks}


def _descriptor(id_: str, text: str) -> dict[str, Any]:
    return {"id": id_, "shortDescription": _message(text)}


def _invocation(run: Run, ids: list[str]) -> dict[str, Any]:
    undecided = [result for result in run.results if result.verdict in UNDECIDED]
    decided = any(result.verdict in (Verdict.PASSED, Verdict.FAILED, Verdict.WAIVED) for result in run.results)
    return {
        "executionSuccessful": decided and not undecided,
        "exitCode": run.exit_code,
        "exitCodeDescription": words.exit_meaning(run.exit_code),
        "toolExecutionNotifications": [
            *_about_the_run(run),
            *(_notification(run, result, ids) for result in undecided),
        ],
    }


def _about_the_run(run: Run) -> Iterator[dict[str, Any]]:
    for mark, text in _MARKS.items():
        if getattr(run, mark):
            yield {"descriptor": _reference(run, mark), "level": "warning", "message": _message(text)}


def _notification(run: Run, result: Result, ids: list[str]) -> dict[str, Any]:
    cause = result.cause.value if result.cause else "error"
    said = [f"{words.name(run, result)}: {words.headline(result)}", *list(told(result))[1:SENTENCES]]
    return {
        "descriptor": _reference(run, cause),
        "associatedRule": {"id": visible(result.control), "index": ids.index(result.control)},
        "level": "error",
        "message": _message("\n".join([*said, words.to_do(run, result)]).rstrip()),
        "properties": _properties(result),
    }


def _reference(run: Run, id_: str) -> dict[str, Any]:
    return {"id": id_, "index": list(_descriptors(run)).index(id_)}


def _result(run: Run, named: Ids, result: Result, ids: list[str]) -> dict[str, Any]:
    lines = list(told(result))
    rest = [f"and {len(lines) - SENTENCES} more in findings.csv"] if len(lines) > SENTENCES else []
    return {
        "ruleId": visible(result.control),
        "ruleIndex": ids.index(result.control),
        "kind": "fail",
        "level": _LEVELS[result.severity],
        "message": _message("\n".join([*lines[:SENTENCES], *rest])),
        "locations": _locations(result),
        "guid": named.of("result", result.control, result.subject),
        "partialFingerprints": {"ctrlkit/v1": _fingerprint(run, result)},
        "properties": _properties(result),
    }


def _fingerprint(run: Run, result: Result) -> str:
    """The same for the same vendor, control and subject next month, so that an alert stays one alert."""
    told = json.dumps([run.vendor, result.control, result.subject])
    return hashlib.sha256(told.encode("ascii")).hexdigest()


def _properties(result: Result) -> dict[str, Any]:
    return {"subject": visible(result.subject), **facts(result)}


def _locations(result: Result) -> list[dict[str, Any]]:
    """Where it was found: rows of the handed-in files and answers of hosts; at least the results themselves."""
    places = [place for finding in result.findings for place in finding.sources[:1]]
    found = [_place(place) for place in dict.fromkeys(places)][:PLACES]
    whole = [_physical("BUNDLE", ref.file) for ref in result.evidence if isinstance(ref, EvidenceRef)]
    return found or whole[:PLACES] or [_physical("BUNDLE", "data/results/results.ndjson")]


def _place(place: Pointer | HostPointer) -> dict[str, Any]:
    if isinstance(place, HostPointer):
        probe = {"fullyQualifiedName": visible(f"{place.host}/{place.probe}"), "kind": "resource"}
        line = _message(words.pointer_text(place))
        return {**_physical("BUNDLE", f"data/hosts/{place.host}.json"), "logicalLocations": [probe], "message": line}
    return _physical("CLIENT_PACK" if place.party == "client" else "PACK", place.file, place.row)


def _physical(base: str, file: str, row: int | None = None) -> dict[str, Any]:
    """A row, or a whole file as its first line: code scanning shows no place without a line."""
    where = {"uri": uri(file), "uriBaseId": base}
    return {"physicalLocation": {"artifactLocation": where, "region": {"startLine": row or 1}}}


def _artifact(reference: EvidenceRef) -> dict[str, Any]:
    return {
        "location": {"uri": uri(reference.file), "uriBaseId": "BUNDLE"},
        "hashes": {"sha-256": visible(reference.sha256)},
        "roles": ["analysisTarget"],
        "description": _message(visible(f"{reference.kind}, {reference.rows} rows, {reference.grade.value}")),
    }


@hookimpl
def ctrlkit_reporters() -> Iterable[Reporter]:
    """Bring the SARIF reporter."""
    return (Sarif(),)
