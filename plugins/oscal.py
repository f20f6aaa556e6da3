"""Reporters: a run as OSCAL 1.2.1 assessment results, and as the assessment plan that these refer to.

Nothing but `passed` is `satisfied`. A vendor of a call center has no system security plan, so the plan names the
engagement in its place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from ctrlkit import coverage, words
from ctrlkit.closed import Run
from ctrlkit.hooks import Reporter, hookimpl
from ctrlkit.model import Control, EvidenceRef, HostRef, Result, Verdict

from . import _oscal as oscal
from ._standards import Ids, document, evidence, facts, flat, ids_of, kept, lines, never_empty, title, told, uri, uuid


class OscalResults:
    """One observation per result, one finding per result that applies, one risk per failure, waived or not."""

    name: str = "oscal"
    file: str = "assessment-results.json"

    def write(self, run: Run, to: BinaryIO) -> None:
        """Write the document, JSON in ASCII; it names the plan by its file name and digest."""
        to.write(document({"assessment-results": _results(never_empty(run), ids_of(run))}))


class OscalPlan:
    """What was asked, of whom, by what tool."""

    name: str = "oscal-plan"
    file: str = oscal.PLAN_FILE

    def write(self, run: Run, to: BinaryIO) -> None:
        """Write the document, JSON in ASCII."""
        to.write(_plan(never_empty(run), ids_of(run)))


def _results(run: Run, ids: Ids) -> dict[str, Any]:
    plan = _resource(ids, "plan", "assessment plan", oscal.PLAN_FILE, hashlib.sha256(_plan(run, ids)).hexdigest())
    return {
        "uuid": ids.of("assessment-results"),
        "metadata": oscal.metadata(run, title(run)),
        "import-ap": {"href": f"#{plan['uuid']}"},
        "results": [_result(run, ids)],
        "back-matter": {"resources": [plan, *_evidence(run, ids)]},
    }


def _result(run: Run, ids: Ids) -> dict[str, Any]:
    counts = {f"count-{token}": str(number) for token, number in _counts(run).items()}
    return kept(
        {
            "uuid": ids.of("result"),
            "title": oscal.prose(words.verdict_line(run)),
            "description": oscal.prose(*words.banners(run), words.count_line(run)),
            "start": run.as_of,
            "props": oscal.props({**counts, "exit-code": str(run.exit_code)}),
            "local-definitions": kept({"components": [oscal.tool(run)], "inventory-items": oscal.hosts(run)}),
            "reviewed-controls": oscal.reviewed(oscal.asked(run)),
            "observations": [_observation(run, ids, result) for result in run.results],
            "risks": [_risk(run, ids, result) for result in run.results if _is_risk(result)],
            "findings": [_finding(run, ids, result) for result in run.results if result.verdict in oscal.STATES],
            "remarks": oscal.prose(*coverage.statement(run)),
        }
    )


def _counts(run: Run) -> dict[str, int]:
    return {verdict.value.replace("_", "-"): number for verdict, number in words.tally(run.results).items()}


def _observation(run: Run, ids: Ids, result: Result) -> dict[str, Any]:
    return kept(
        {
            "uuid": _observation_id(ids, result),
            "title": oscal.prose(words.name(run, result)),
            "description": oscal.prose(words.headline(result)),
            "props": oscal.props(facts(result)),
            "methods": ["INTERVIEW" if result.attested else "TEST"],
            "types": ["control-objective"],
            "origins": [_origin(run)],
            "subjects": [oscal.subject(run, result)],
            "relevant-evidence": [
                {"href": f"#{_evidence_id(ids, ref)}", "description": oscal.prose(_evidence_name(ref))}
                for ref in dict.fromkeys(result.evidence)
            ],
            "collected": run.as_of,
            "remarks": oscal.prose(*list(told(result))[1:]),
        }
    )


def _observation_id(ids: Ids, result: Result) -> str:
    return ids.of("observation", result.control, result.subject)


def _origin(run: Run) -> dict[str, Any]:
    return {"actors": [{"type": "tool", "actor-uuid": oscal.tool(run)["uuid"]}]}


def _finding(run: Run, ids: Ids, result: Result) -> dict[str, Any]:
    state, reason = oscal.STATES[result.verdict]
    seen = [{"observation-uuid": _observation_id(ids, result)}]
    said = oscal.prose(words.headline(result))
    return kept(
        {
            "uuid": ids.of("finding", result.control, result.subject),
            "title": oscal.prose(words.name(run, result)),
            "description": said,
            "props": oscal.props(facts(result)),
            "origins": [_origin(run)],
            "target": {
                "type": "objective-id",
                "target-id": oscal.objective(result.control),
                "status": {"state": state, "reason": reason, "remarks": said},
            },
            "related-observations": seen,
            "related-risks": [{"risk-uuid": _risk_id(ids, result)}] if _is_risk(result) else [],
        }
    )


def _is_risk(result: Result) -> bool:
    return result.verdict in (Verdict.FAILED, Verdict.WAIVED)


def _risk_id(ids: Ids, result: Result) -> str:
    return ids.of("risk", result.control, result.subject)


def _risk(run: Run, ids: Ids, result: Result) -> dict[str, Any]:
    """A failure; one that the client accepts is an approved deviation, until the last second of its last day in UTC."""
    waiver = result.waiver if result.verdict is Verdict.WAIVED else None
    accepted = [f"waived: {waiver.get('reason', '')}"] if waiver else []
    control = run.controls.get(result.control)
    remedy = words.to_do(run, result)
    remediation = {
        "uuid": ids.of("remediation", result.control, result.subject),
        "lifecycle": "recommendation",
        "title": "what to do",
        "description": oscal.prose(remedy),
    }
    return kept(
        {
            "uuid": _risk_id(ids, result),
            "title": oscal.prose(words.name(run, result)),
            "description": oscal.prose(words.headline(result), *accepted),
            "statement": oscal.prose(flat(control.requirement if control else "") or words.headline(result)),
            "props": oscal.props(facts(result)),
            "status": "deviation-approved" if waiver else "open",
            "origins": [_origin(run)],
            "deadline": f"{waiver['expires']}T23:59:59Z" if waiver and waiver.get("expires") else "",
            "remediations": [remediation] if remedy else [],
            "related-observations": [{"observation-uuid": _observation_id(ids, result)}],
        }
    )


def _evidence(run: Run, ids: Ids) -> Iterator[dict[str, Any]]:
    """What the results rest on: files of the bundle with their digests, answers of hosts, the results themselves."""
    seen = {_evidence_id(ids, ref): ref for result in run.results for ref in result.evidence}
    files = evidence(run)
    for id_, ref in sorted(seen.items(), key=lambda pair: _evidence_name(pair[1])):
        if isinstance(ref, EvidenceRef):
            resource = _resource(ids, ref.file, _evidence_name(ref), ref.file, files[ref.file].sha256, "evidence")
            yield {**resource, "uuid": id_}
        else:
            told = {"sha256": ref.sha256, "origin": ref.origin}
            place = [{"href": uri(f"data/hosts/{ref.host}.json"), "media-type": "application/json"}]
            name = oscal.prose(_evidence_name(ref))
            yield {"uuid": id_, "title": name, "props": [_kind("evidence"), *oscal.props(told)], "rlinks": place}
    sealed = hashlib.sha256(lines(run)).hexdigest()
    yield _resource(ids, "results", "results", "data/results/results.ndjson", sealed, "tool-output")


def _evidence_id(ids: Ids, ref: EvidenceRef | HostRef) -> str:
    where = (ref.file,) if isinstance(ref, EvidenceRef) else (ref.host, ref.probe)
    return ids.of("evidence", *where, ref.sha256)


def _evidence_name(ref: EvidenceRef | HostRef) -> str:
    if isinstance(ref, HostRef):
        return f"host {ref.host}, probe {ref.probe}"
    period = f", {ref.period}" if ref.period else ""
    return f"{ref.kind}: {ref.rows} rows{period}, {ref.grade.value}"


def _kind(word: str) -> dict[str, str]:
    return {"name": "type", "value": word}


def _resource(ids: Ids, id_: str, name: str, path: str, sha256: str, kind: str = "plan") -> dict[str, Any]:  # noqa: PLR0913, PLR0917  (what a resource holds)
    media = "text/csv" if path.endswith(".csv") else "application/json"
    hashes = [{"algorithm": "SHA-256", "value": sha256}]
    return {
        "uuid": ids.of("resource", id_),
        "title": oscal.prose(name),
        "props": [_kind(kind)],
        "rlinks": [{"href": uri(path), "media-type": media, "hashes": hashes}],
    }


def _plan(run: Run, ids: Ids) -> bytes:
    engagement = ids.of("engagement")
    platform = {
        "uuid": uuid("platform", run.version),
        "title": "ctrlkit",
        "uses-components": [{"component-uuid": oscal.tool(run)["uuid"]}],
    }
    subjects: list[dict[str, Any]] = [
        {"type": "party", "include-subjects": [{"subject-uuid": oscal.party(run, "vendor"), "type": "party"}]},
    ]
    if oscal.hosts(run):
        subjects.append({"type": "inventory-item", "include-all": {}})
    about = f"engagement {run.engagement} of {run.vendor}, {run.period}; there is no system security plan"
    objectives = [_objective(run, id_) for id_ in sorted(oscal.asked(run))]
    plan = {
        "uuid": ids.of("assessment-plan"),
        "metadata": oscal.metadata(run, f"Plan of {title(run)}"),
        "import-ssp": {"href": f"#{engagement}", "remarks": oscal.prose(about)},
        "local-definitions": kept({"inventory-items": oscal.hosts(run), "objectives-and-methods": objectives}),
        "reviewed-controls": oscal.reviewed(oscal.asked(run)),
        "assessment-subjects": subjects,
        "assessment-assets": {"components": [oscal.tool(run)], "assessment-platforms": [platform]},
        "back-matter": {
            "resources": [
                {"uuid": engagement, "title": oscal.prose(about), "rlinks": [{"href": "data/run.json"}]},
            ]
        },
    }
    return document({"assessment-plan": kept(plan)})


def _objective(run: Run, id_: str) -> dict[str, Any]:
    """What a control asks, and what it looks at."""
    control = run.controls.get(id_)
    requirement = oscal.prose(flat(control.requirement or control.title) if control else id_)
    method = f"{oscal.token(id_)}_method"
    own = oscal.props({"under": words.clauses(control), "severity": control.severity.value} if control else {})
    asked = {
        "id": oscal.objective(id_),
        "name": "assessment-objective",
        "title": oscal.prose(f"{id_} {control.title}" if control else id_),
        "props": [{"name": "method-id", "value": method}, *own],
        "prose": requirement,
    }
    objects = {"name": "assessment-objects", "prose": oscal.prose(*_read(control)) or "evidence"}
    how = {
        "id": method,
        "name": "assessment-method",
        "props": [{"name": "method", "value": "TEST"}],
        "parts": [objects],
    }
    return {"control-id": oscal.token(id_), "description": requirement, "parts": [asked, how]}


def _read(control: Control | None) -> Iterator[str]:
    """The kinds of evidence and facts of hosts that decide a control, the columns with them."""
    for check in control.checks if control else ():
        if check.claim is None:
            yield from (f"{kind} ({', '.join(columns)})" for kind, columns in check.needs.items())
            yield from (f"host fact {name}" for name in check.facts)


@hookimpl
def ctrlkit_reporters() -> Iterable[Reporter]:
    """Bring the OSCAL reporters."""
    return (OscalResults(), OscalPlan())
