"""Whether a bundle's results, counts, exit code and evidence digests agree with one another."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from ctrlkit.bag import Problem, shown
from ctrlkit.model import EvidenceRef, Result, Severity, Verdict
from ctrlkit.written import result_from

RUN: Final = "data/run.json"
RESULTS: Final = "data/results/results.ndjson"


@dataclass(frozen=True, slots=True)
class _Line:
    """What is kept of a line of results while the books are checked."""

    number: int
    key: tuple[str, str]
    verdict: Verdict
    severity: Severity
    evidence: tuple[EvidenceRef, ...]


def disagreements(folder: Path, files: Container[str], listed: Mapping[str, str]) -> Iterator[Problem]:
    """What does not agree between `data/run.json`, `data/results/results.ndjson` and the manifest (`listed`).

    A bundle without verdicts (a handover) has neither results nor `counts` and `exit` in `run.json`.
    """
    if RUN not in files:
        yield Problem(RUN, "is not there")
        return
    run = _run(folder)
    if isinstance(run, Problem):
        yield run
        return
    if RESULTS not in files:
        if "counts" in run or "exit" in run:
            yield Problem(RESULTS, f"is not there, but {RUN} tells its counts")
        return
    lines: list[_Line] = []
    for line in _lines(folder):
        if isinstance(line, Problem):
            yield line
        else:
            lines.append(line)
    yield from _order(lines)
    yield from _references(listed, lines)
    yield from _sums(run, lines)


def _run(folder: Path) -> Mapping[str, Any] | Problem:
    try:
        run = json.loads((folder / RUN).read_bytes(), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        return Problem(RUN, f"is not JSON: {shown(str(error))}")
    return run if isinstance(run, dict) else Problem(RUN, "is not a JSON object")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    repeated = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
    if repeated:
        raise ValueError(f"the key {repeated[0]!r} stands twice in one object")
    return dict(pairs)


def _lines(folder: Path) -> Iterator[_Line | Problem]:
    with (folder / RESULTS).open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                result = result_from(line.decode("utf-8"))
                canonical = result.line().encode("utf-8") == line
            except (KeyError, TypeError, ValueError, RecursionError) as error:
                yield Problem(RESULTS, f"line {number} is no result: {shown(str(error))[:200]}")
                continue
            if not canonical:
                yield Problem(RESULTS, f"line {number} is not in canonical form (keys, order, white space, LF)")
            yield _kept(number, result)


def _kept(number: int, result: Result) -> _Line:
    evidence = tuple(ref for ref in result.evidence if isinstance(ref, EvidenceRef))
    return _Line(number, (str(result.control), str(result.subject)), result.verdict, result.severity, evidence)


def _order(lines: list[_Line]) -> Iterator[Problem]:
    for before, line in pairwise(lines):
        if line.key < before.key:
            yield Problem(
                RESULTS,
                f"line {line.number} ({' '.join(line.key)}) is out of order, it stands after {' '.join(before.key)}",
            )
    seen: dict[tuple[str, str], int] = {}
    for line in lines:
        if (first := seen.setdefault(line.key, line.number)) != line.number:
            message = f"line {line.number} gives {' '.join(line.key)} a second verdict, the first is on line {first}"
            yield Problem(RESULTS, message)


def _references(listed: Mapping[str, str], lines: list[_Line]) -> Iterator[Problem]:
    for line in lines:
        for ref in line.evidence:
            if ref.file in listed and ref.sha256 != listed[ref.file]:
                message = (
                    f"line {line.number} ({line.key[0]}) rests on another {ref.file} than the bundle's: digests differ"
                )
                yield Problem(RESULTS, message)


def _sums(run: Mapping[str, Any], lines: list[_Line]) -> Iterator[Problem]:
    counts = run.get("counts")
    found = {verdict.value: 0 for verdict in Verdict} | Counter(line.verdict.value for line in lines)
    if not isinstance(counts, dict) or not set(counts) <= set(found):
        yield Problem(RUN, f"has no counts by verdict ({', '.join(found)})")
        return
    for verdict, number in found.items():
        if not _equal(counts.get(verdict, 0), number):
            yield Problem(RUN, f"counts {counts.get(verdict, 0)!r} {verdict}, {RESULTS} has {number}")
    expected = _exit(run, lines)
    if expected is None:
        yield Problem(RUN, f"has fail_on {run.get('fail_on')!r}, expected {', '.join(Severity)}")
    elif not _equal(run.get("exit"), expected):
        yield Problem(RUN, f"says exit {run.get('exit')!r}, the results mean {expected}")


def _equal(told: object, number: int) -> bool:
    return isinstance(told, int) and not isinstance(told, bool) and told == number


def _exit(run: Mapping[str, Any], lines: list[_Line]) -> int | None:
    """The exit code these results mean under the run's `fail_on` (default low) and `sample`; None: no such severity."""
    limit = run.get("fail_on", Severity.LOW)
    if not isinstance(limit, str) or limit not in set(Severity):
        return None
    verdicts = {line.verdict for line in lines}
    if verdicts & {Verdict.INCONCLUSIVE, Verdict.ERROR}:
        return 2
    if any(line.verdict is Verdict.FAILED and line.severity.at_least(Severity(limit)) for line in lines):
        return 1
    return 0 if verdicts & {Verdict.PASSED, Verdict.FAILED, Verdict.WAIVED} and not run.get("sample") else 4
