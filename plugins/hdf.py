"""Reporter: a run as the Heimdall data format (InSpec's exec-json), which MITRE's SAF and Heimdall read.

There a control with one `error` is a profile error whatever else it holds, while one `passed` beside a `skipped` is
passed. So what could not be evaluated is `error` and never `skipped`, and every control and subject is a control.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, BinaryIO, Final

from ctrlkit import coverage, words
from ctrlkit.closed import Run
from ctrlkit.hooks import Reporter, hookimpl
from ctrlkit.model import Result, Severity, Verdict
from ctrlkit.visible import visible

from ._standards import document, facts, flat, kept, never_empty, title, told

_IMPACTS: Final = {Severity.CRITICAL: 0.9, Severity.HIGH: 0.7, Severity.MEDIUM: 0.5, Severity.LOW: 0.3}
"""InSpec's own steps; the format knows no other numbers than those between 0 and 1."""
_STATUS: Final = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.INCONCLUSIVE: "error",
    Verdict.ERROR: "error",
    Verdict.NOT_APPLICABLE: "skipped",
    Verdict.WAIVED: "failed",
}


class Hdf:
    """One profile; one control, with one result, per control and subject."""

    name: str = "hdf"
    file: str = "hdf.json"

    def write(self, run: Run, to: BinaryIO) -> None:
        """Write the document, JSON in ASCII; times are the run's as-of."""
        version = visible(run.version)
        platform = {"name": "ctrlkit", "release": version, "target_id": visible(run.vendor)}
        profile = _profile(never_empty(run))
        to.write(document({"platform": platform, "version": version, "statistics": {}, "profiles": [profile]}))


def _profile(run: Run) -> dict[str, Any]:
    controls = [_control(run, result) for result in run.results]
    domains = sorted({words.domain(run, result) for result in run.results})
    return {
        "name": visible(run.profile),
        "title": title(run),
        "summary": "\n".join([*words.banners(run), words.verdict_line(run), *coverage.statement(run)]),
        "sha256": _digest(run),
        "supports": [],
        "attributes": [],
        "groups": [
            {
                "id": visible(domain),
                "controls": [_id(result) for result in run.results if words.domain(run, result) == domain],
            }
            for domain in domains
        ],
        "status": "loaded",
        "controls": controls,
    }


def _digest(run: Run) -> str:
    """The digest of the code that judged: the profile's name and each control's source."""
    told = "\n".join([run.profile, *(f"{id_} {control.sha256}" for id_, control in sorted(run.controls.items()))])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _id(result: Result) -> str:
    """`NET-06`, or `NET-06 [jump1]`: unique in the profile."""
    host = words.host(result)
    return visible(result.control + f" [{host}]" * bool(host))


def _control(run: Run, result: Result) -> dict[str, Any]:
    control = run.controls.get(result.control)
    out = result.verdict is Verdict.NOT_APPLICABLE
    texts = {
        "default": flat(control.requirement) if control else "",
        "fix": words.to_do(run, result) or (flat(control.remedy) if control else ""),
        "rationale": flat(" ".join(control.decisions)) if control else "",
    }
    return {
        "id": _id(result),
        "title": words.name(run, result),
        "desc": texts["default"] or words.headline(result),
        "descriptions": [{"label": label, "data": text} for label, text in texts.items() if text],
        "impact": 0 if out else _IMPACTS[result.severity],
        "refs": [],
        "tags": {
            "gid": visible(result.control),
            "subject": visible(result.subject),
            **facts(result),
            **_clauses(run, result),
        },
        "source_location": {"ref": visible(control.path) if control else "", "line": 1},
        **_waiver(result),
        "results": [_outcome(run, result)],
    }


def _clauses(run: Run, result: Result) -> dict[str, Any]:
    """The clauses it is mapped to; those of NIST SP 800-53 under the name by which Heimdall arranges controls."""
    control = run.controls.get(result.control)
    maps = control.maps if control else {}
    nist = [visible(clause) for clause in maps.get("NIST80053", ())]
    return kept({"nist": nist, "under": words.clauses(control) if control else ""})


def _waiver(result: Result) -> dict[str, Any]:
    """What makes a waived failure "not applicable" there: accepted, and neither passed nor counted."""
    if result.verdict is not Verdict.WAIVED:
        return {}
    given = {key: visible(value) for key, value in (result.waiver or {}).items()}
    return {
        "waiver_data": {
            "skipped_due_to_waiver": True,
            "run": True,
            "justification": given.get("reason", ""),
            "expiration_date": given.get("expires", ""),
            "message": f"approved by {given.get('approved_by', '')}",
        }
    }


def _outcome(run: Run, result: Result) -> dict[str, Any]:
    status = _STATUS[result.verdict]
    text = "\n".join(told(result))
    said: dict[str, Any] = {"status": status, "code_desc": words.name(run, result), "start_time": visible(run.as_of)}
    if status == "skipped":
        return {**said, "skip_message": text}
    if status == "error":
        return {**said, "message": text, "exception": result.cause.value if result.cause else result.verdict.value}
    return {**said, "message": text} if text != words.word(Verdict.PASSED) else said


@hookimpl
def ctrlkit_reporters() -> Iterable[Reporter]:
    """Bring the reporter of the Heimdall data format."""
    return (Hdf(),)
