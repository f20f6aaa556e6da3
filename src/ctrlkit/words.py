"""The words every view of a run uses: text made safe to show, counts that add up, places, clauses, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final

from ctrlkit.closed import Run
from ctrlkit.model import (
    ORGANISATION,
    Cause,
    Control,
    EvidenceRef,
    Finding,
    Grade,
    HostPointer,
    Pointer,
    Result,
    Severity,
    Verdict,
)
from ctrlkit.visible import visible

SHOWN: Final = 100
"""Findings of one result that a view shows; all of them stand in results.ndjson and findings.csv."""

READING_ORDER: Final = (
    Verdict.PASSED,
    Verdict.FAILED,
    Verdict.INCONCLUSIVE,
    Verdict.ERROR,
    Verdict.WAIVED,
    Verdict.NOT_APPLICABLE,
)

SAMPLE: Final = "SAMPLE: invented data that ships with ctrlkit; it says nothing about anyone"
SELF_CHECK: Final = "SELF-CHECK: no client asked for this run; scope and period are the vendor's own"

EXITS: Final[Mapping[int, str]] = {
    0: "nothing inconclusive or in error, nothing failed at or above --fail-on, something was decided",
    1: "everything was decided, and something failed at or above --fail-on",
    2: "something is inconclusive or in error, so this run does not say that all is well",
    3: "the input is wrong: profile, engagement, inventory, pack.yaml or an option; nothing was written",
    4: "nothing was decided that could be green: no control applied, or this was a sample",
    5: "ctrlkit itself failed: please report it",
    130: "interrupted; what was collected is kept",
}

ADVICE: Final[Mapping[Cause, str]] = {
    Cause.WITHHELD: "Hand over the withheld originals (--with), or let them travel (carry_restricted).",
    Cause.MISSING: "Hand over what is named here.",
    Cause.MALFORMED: "Export the named file again from the system itself, unedited, with the columns named here.",
    Cause.TRUNCATED: "Export the named file again, whole: every page, every row, up to the control total.",
    Cause.EMPTY: "Hand over the rows, or let the client accept that there are none (may_be_empty).",
    Cause.DECLARED_EMPTY: "Ask the client to accept that there are no rows (may_be_empty).",
    Cause.STALE: "Export the named file again and say when (exported_at).",
    Cause.PERIOD: "Export the named file again for the whole audit period.",
    Cause.WEAK_SOURCE: "Hand over the system's own export in place of a file filled in by hand.",
    Cause.UNDECIDED: "Fill in or correct the cells named here; an empty cell is not an answer.",
    Cause.UNREACHABLE: "Make the host reachable, or hand over its facts as hosts/<name>.facts.",
    Cause.REFUSED: "Let the audit account in as named here, or hand over the facts as hosts/<name>.facts.",
    Cause.CUT: "Collect the host again: its answer was cut.",
    Cause.TIMEOUT: "Run again with more time or less evidence; look at what is slow.",
    Cause.UNSUPPORTED: "Use a probe or adapter that knows this system, or hand over the facts as a file.",
    Cause.CRASHED: "Tell the author of the control, adapter or plugin; the evidence was not judged.",
    Cause.NO_ASSERTION: "Tell the author of the control: its check decided nothing.",
    Cause.DID_NOT_RUN: "Run again; if it stays so, tell the author of the control.",
    Cause.FORBIDDEN: "Tell the author of the control: its check used something a check may not.",
    Cause.ROLE: "Nothing to do: the host's role is outside this control.",
    Cause.SCOPE: "Nothing to do: the engagement does not involve this.",
    Cause.DEFERRED: "Nothing to do until the client's date.",
}


def banners(run: Run) -> tuple[str, ...]:
    """What must stand first in every view: that this was a sample, that no client asked for it."""
    return tuple(text for text, holds in ((SAMPLE, run.sample), (SELF_CHECK, run.self_check)) if holds)


def word(verdict: Verdict) -> str:
    """The verdict as people write it: `not applicable`."""
    return verdict.value.replace("_", " ")


def tally(results: Iterable[Result]) -> dict[Verdict, int]:
    """How many results have each verdict, all six, decided ones first; counted anew, so that no view can disagree."""
    found = Counter(result.verdict for result in results)
    return {verdict: found[verdict] for verdict in READING_ORDER}


def verdict_line(run: Run) -> str:
    """The run in one line: `9 of 12 failed (2 critical), 1 could not be decided`; never green where nothing is."""
    failed = [result for result in run.results if result.verdict is Verdict.FAILED]
    counts = tally(run.results)
    undecided = counts[Verdict.INCONCLUSIVE] + counts[Verdict.ERROR]
    worst = min((result.severity for result in failed), key=list(Severity).index, default=None)
    how_bad = f" ({sum(result.severity is worst for result in failed)} {worst.value})" if worst else ""
    parts = [f"{len(failed)} of {len(run.results)} failed{how_bad}"] if failed else []
    parts += [f"{undecided} could not be decided"] if undecided else []
    if not parts and not counts[Verdict.PASSED]:
        return "nothing was decided"
    return ", ".join(parts) or f"nothing failed: {counts[Verdict.PASSED]} of {len(run.results)} passed"


def count_line(run: Run) -> str:
    """`12 controls: 2 passed · 9 failed · …`, or `30 verdicts on 12 controls: …` where hosts have their own."""
    controls = len({result.control for result in run.results})
    verdicts = len(run.results)
    noun = "control" if controls == 1 else "controls"
    head = f"{controls} {noun}" if verdicts == controls else f"{verdicts} verdicts on {controls} {noun}"
    return f"{head}: " + " · ".join(f"{n} {word(verdict)}" for verdict, n in tally(run.results).items())


def grade_line(run: Run) -> str:
    """`passed 2, of which export 1 · typed 1`: how far the green can be believed; strongest grade first."""
    passed = [result.grade for result in run.results if result.verdict is Verdict.PASSED]
    if not passed:
        return "passed 0"
    found = Counter(passed)
    parts = [f"{grade.value} {found[grade]}" for grade in Grade if found[grade]]
    parts += [f"without a grade {found[None]}"] if found[None] else []
    return f"passed {len(passed)}, of which " + " · ".join(parts)


def worst_first(results: Iterable[Result], *verdicts: Verdict) -> list[Result]:
    """The results with one of `verdicts`, by severity, control and subject."""
    order = list(Severity)
    chosen = (result for result in results if result.verdict in verdicts)
    return sorted(chosen, key=lambda result: (order.index(result.severity), result.control, result.subject))


def by_control(results: Iterable[Result]) -> Iterator[tuple[str, list[Result]]]:
    """Neighbouring results of one control together."""
    for control, group in groupby(results, key=lambda result: result.control):
        yield control, list(group)


def host(result: Result) -> str:
    """The host's name, or an empty text where the subject is the organisation."""
    return "" if result.subject == ORGANISATION else result.subject.removeprefix("host:")


def name(run: Run, result: Result) -> str:
    """`MFA-01 Second factor enrolled for everyone [jump1]`: unique within a run."""
    control = run.controls.get(result.control)
    parts = [result.control, control.title if control else "", f"[{host(result)}]" if host(result) else ""]
    return visible(" ".join(part for part in parts if part))


def domain(run: Run, result: Result) -> str:
    """The control's domain (`login`), `unknown` for a control this run does not know."""
    control = run.controls.get(result.control)
    return control.domain if control else "unknown"


def extent(result: Result) -> str:
    """`14 of 1,212`, or an empty text where nothing was counted."""
    counted = result.exceptions is not None and result.population is not None
    return f"{result.exceptions:,} of {result.population:,}" if counted else ""


def headline(result: Result) -> str:
    """One sentence that stands alone: how many of how many, why, and the cause where it was not decided."""
    told = result.verdict in (Verdict.FAILED, Verdict.WAIVED) and len(result.findings) <= (result.exceptions or 0)
    many = extent(result) if told else ""
    said = result.reason or word(result.verdict)
    cause = result.cause.value if result.cause else ""
    parts = [part for part in (cause, many) if part and part not in said]
    return visible(": ".join([*parts, said]))


def pointer_text(pointer: Pointer | HostPointer) -> str:
    """`hr/roster.xlsx row 14`, `client: list.csv row 2`, `host jump1, probe sshd, line 3`."""
    if isinstance(pointer, HostPointer):
        line = "" if pointer.line is None else f", line {pointer.line}"
        return visible(f"host {pointer.host}, probe {pointer.probe}{line}")
    party = "client: " if pointer.party == "client" else ""
    row = "" if pointer.row is None else f" row {pointer.row}"
    return visible(f"{party}{pointer.file}{row}")


def values_text(values: Mapping[str, object], limit: int | None = None) -> str:
    """`system crm, enabled yes, mfa_method unknown`; `limit` pairs at most."""
    words: dict[object, str] = {True: "yes", False: "no", None: "(empty)"}
    pairs = [
        visible(f"{key} {words[value] if value is None or isinstance(value, bool) else value}")
        for key, value in values.items()
    ]
    kept = pairs if limit is None else pairs[:limit]
    return ", ".join(kept) + (", …" if len(kept) < len(pairs) else "")


def finding_text(finding: Finding, limit: int | None = None, *, more: bool = True) -> str:
    """One finding on one line: where, what, the values that show it (`limit` at most), how many more places."""
    place = pointer_text(finding.sources[0]) if finding.sources else ""
    values = values_text(finding.values, limit)
    others = len(finding.sources) - 1 + finding.more if finding.sources else finding.more
    text = visible(finding.message) + (f" ({values})" if values else "")
    besides = f"and {others} more {'place' if others == 1 else 'places'}" if more and others > 0 else ""
    return " · ".join(part for part in (place, text, besides) if part)


def clauses(control: Control, limit: int | None = None) -> str:
    """`PCI 8.4.1, 8.4.2 · ISO27001 A.8.5`: the first `limit` of the standards and laws a control is mapped to."""
    maps = list(control.maps.items())[:limit]
    return visible(" · ".join(f"{standard} {', '.join(items)}" for standard, items in maps))


def needed(result: Result, control: Control) -> tuple[str, ...]:
    """Evidence the control needs and the result does not rest on: `accounts (system, account_id)`."""
    on_host = bool(host(result))
    checks = [c for c in control.checks if (c.roles is not None) is on_host] or list(control.checks)
    full = [c for c in checks if c.claim is None] or checks
    there = {e.kind if isinstance(e, EvidenceRef) else e.probe for e in result.evidence}
    wanted: dict[str, dict[str, None]] = {}
    for check in full:
        for kind, columns in check.needs.items():
            wanted.setdefault(kind, {}).update(dict.fromkeys(columns))
    absent = [(kind, columns) for kind, columns in wanted.items() if kind not in there]
    return tuple(visible(f"{kind} ({', '.join(columns)})" if columns else kind) for kind, columns in absent)


def to_do(run: Run, result: Result) -> str:
    """What to do about a result: the control's remedy, or what the cause asks for and the evidence to hand over."""
    control = run.controls.get(result.control)
    if result.verdict in (Verdict.FAILED, Verdict.WAIVED):
        return visible(control.remedy) if control else ""
    advice = ADVICE[result.cause] if result.cause else ""
    absent = needed(result, control) if control and result.cause is Cause.MISSING else ()
    return f"Hand over {'; '.join(absent)}." if absent else advice


def exit_meaning(code: int) -> str:
    """What an exit code of `run` says, in one sentence."""
    return EXITS.get(code, "an exit code that ctrlkit does not use")
