"""The books: every planned line gets one result, from its outcome, the state of its evidence and the client's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from ctrlkit import plan
from ctrlkit.engagement import AsOf, Engagement
from ctrlkit.model import (
    NARROWED,
    Cause,
    EvidenceRef,
    Fault,
    Grade,
    HostRef,
    Note,
    Result,
    Severity,
    Verdict,
    weakest,
)
from ctrlkit.outcome import Outcome, digest
from ctrlkit.plan import Handed, Line
from ctrlkit.waiver import Attestation, Waiver, apply, attest

_VERDICTS = {
    "passed": Verdict.PASSED,
    "failed": Verdict.FAILED,
    "inconclusive": Verdict.INCONCLUSIVE,
    "error": Verdict.ERROR,
    "not_applicable": Verdict.NOT_APPLICABLE,
}


def close(  # noqa: PLR0913, PLR0917  (all of them decide)
    lines: Sequence[Line],
    outcomes: Mapping[int, Outcome],
    handed: Mapping[str, Handed],
    engagement: Engagement,
    as_of: AsOf,
    waivers: Sequence[Waiver],
    attestations: Sequence[Attestation],
    attestable: Sequence[str],
) -> tuple[Result, ...]:
    """One result per line, sorted by control and subject; a line without outcome did not run, and says so."""
    results = []
    for index, line in enumerate(lines):
        result, causes = _result(line, outcomes.get(index), handed, engagement)
        result = attest(result, attestations, attestable, as_of, causes=causes)
        results.append(_waived(result, waivers, as_of, outcomes.get(index), line, handed))
    return tuple(sorted(results, key=lambda r: (r.control, r.subject)))


def _result(
    line: Line, outcome: Outcome | None, handed: Mapping[str, Handed], engagement: Engagement
) -> tuple[Result, list[Cause]]:
    verdict, faults, reason = _verdict(line, outcome, handed, engagement)
    references = tuple(_references(line, handed))
    counted = outcome is not None and verdict is not Verdict.NOT_APPLICABLE
    result = Result(
        control=line.control.id,
        subject=line.subject,
        verdict=verdict,
        severity=line.control.severity,
        reason=reason,
        cause=min((f.cause for f in faults), key=lambda c: c.rank) if faults else None,
        grade=weakest([r.grade if isinstance(r, EvidenceRef) else _grade(line) for r in references]),
        population=outcome.population if outcome is not None and counted else None,
        exceptions=outcome.exceptions if outcome is not None and counted else None,
        params={name: plain_param(value) for name, value in line.params.items()},
        findings=outcome.findings if outcome is not None and verdict is Verdict.FAILED else (),
        notes=tuple(_notes(line, outcome, handed, verdict)),
        evidence=references,
    )
    return result, [f.cause for f in faults]


def _verdict(
    line: Line, outcome: Outcome | None, handed: Mapping[str, Handed], engagement: Engagement
) -> tuple[Verdict, list[Fault], str]:
    if line.verdict is not None:
        return line.verdict, list(line.faults), "; ".join(dict.fromkeys(f.message for f in line.faults))
    if outcome is None:
        fault = Fault(Cause.DID_NOT_RUN, "the check has no outcome")
        return Verdict.ERROR, [fault], fault.message
    claim = line.check.claim if line.check is not None else None
    reason = outcome.reason
    if claim is not None and outcome.state in ("passed", "failed"):
        reason = f"{reason}; " * bool(reason) + f"{NARROWED}: {claim}"
    bad = _unreadable(line, handed)
    if outcome.state == "inconclusive" and outcome.cause is Cause.EMPTY and not bad:
        first = next((handed[t].evidence.kind for t in line.tables if t in handed), "")
        if first in engagement.may_be_empty:
            return (
                Verdict.NOT_APPLICABLE,
                [Fault(Cause.EMPTY, reason)],
                f"{reason}; the client accepts {first} as empty",
            )
    if outcome.state in {"passed", "not_applicable"} and bad:
        return Verdict.INCONCLUSIVE, bad, "; ".join(f.message for f in bad)
    if outcome.state == "inconclusive" and bad:
        faults = [*bad, Fault(outcome.cause or Cause.UNDECIDED, reason)]
        return Verdict.INCONCLUSIVE, faults, "; ".join(f.message for f in faults)
    faults = [Fault(outcome.cause, reason)] if outcome.cause is not None else []
    return _VERDICTS[outcome.state], faults, reason


def _unreadable(line: Line, handed: Mapping[str, Handed]) -> list[Fault]:
    """Rows that could not be read in what the check needs: any of them might be the exception."""
    needs = plan.needed(line.check) if line.check is not None else {}
    bad = [handed[table].evidence for table in needs if table in handed and handed[table].evidence.bad_rows]
    return [
        Fault(Cause.MALFORMED, f"{e.kind}: {e.bad_rows} rows could not be read, see {e.kind}.problems.ndjson")
        for e in bad
    ]


def _grade(line: Line) -> Grade:
    return line.machine.grade if line.machine is not None else Grade.PROBE


def _references(line: Line, handed: Mapping[str, Handed]) -> Iterable[EvidenceRef | HostRef]:
    if line.machine is not None:
        yield from line.machine.references(line.facts)
        return
    read = [table for table, columns in line.tables.items() if columns is not None]
    if not line.tables:
        full = next((c for c in line.control.checks if c.claim is None), None)
        read = list(plan.needed(full)) if full is not None and line.verdict is Verdict.INCONCLUSIVE else []
    for table in dict.fromkeys(read):
        there = handed.get(table)
        if there is not None and there.evidence.sha256:
            e = there.evidence
            yield EvidenceRef(e.kind, e.path, e.sha256, e.rows, _period(there), e.grade)


def _period(there: Handed) -> str | None:
    if there.canvas is None or not there.canvas.days:
        return None
    return f"{there.canvas.days[0]}/{there.canvas.days[-1]}"


def _notes(line: Line, outcome: Outcome | None, handed: Mapping[str, Handed], verdict: Verdict) -> Iterable[Note]:
    def note(text: str) -> Note:
        return Note(digest(line.control.id, line.subject, text), text)

    if outcome is not None:
        yield from outcome.notes
    if verdict is Verdict.FAILED:
        yield from (note(f.message) for f in _unreadable(line, handed))
    yield from (note(text) for text in line.notes)
    for table, columns in line.tables.items():
        there = handed.get(table)
        if columns is not None and there is not None:
            yield from (note(text) for text in (*there.evidence.notes, *there.evidence.replaced, *there.notes))
            if there.evidence.outside:
                yield note(
                    f"{there.evidence.kind}: {there.evidence.outside} rows of other clients or sites are not judged"
                )


def _waived(  # noqa: PLR0913, PLR0917  (all of them decide)
    result: Result,
    waivers: Sequence[Waiver],
    as_of: AsOf,
    outcome: Outcome | None,
    line: Line,
    handed: Mapping[str, Handed],
) -> Result:
    """The result after waivers; accepted exceptions do not decide rows that nobody could decide."""
    after = apply(result, waivers, as_of.date)
    if after.verdict is not Verdict.WAIVED:
        return after
    bad = _unreadable(line, handed)
    if bad:
        return replace(
            after,
            verdict=Verdict.INCONCLUSIVE,
            cause=Cause.MALFORMED,
            findings=(),
            reason="every finding is waived, but " + bad[0].message,
        )
    if outcome is not None and outcome.undecided:
        rows = f"every finding is waived, but {outcome.undecided} rows cannot be decided"
        return replace(after, verdict=Verdict.INCONCLUSIVE, cause=Cause.UNDECIDED, findings=(), reason=rows)
    return after


def plain_param(value: Any) -> Any:
    """A parameter value as results show it: integers, text, lists; decimals as exact text."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return [plain_param(v) for v in value] if isinstance(value, tuple) else value


def counts(results: Iterable[Result]) -> dict[str, int]:
    """How many results have each verdict, in the order of the verdicts."""
    found = [result.verdict for result in results]
    return {verdict.value: found.count(verdict) for verdict in Verdict}


def exit_code(results: Sequence[Result], fail_on: Severity, *, sample: bool) -> int:
    """0 all decided and kept, 1 something failed, 2 something could not be decided, 4 nothing to decide or a sample."""
    verdicts = {result.verdict for result in results}
    if verdicts & {Verdict.INCONCLUSIVE, Verdict.ERROR}:
        return 2
    if any(r.verdict is Verdict.FAILED and r.severity.at_least(fail_on) for r in results):
        return 1
    if not verdicts - {Verdict.NOT_APPLICABLE} or sample:
        return 4
    return 0
