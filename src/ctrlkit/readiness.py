"""The view of a pack's readiness at a terminal: each file, what is missing or wrong, what would help most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ctrlkit.explain import aligned
from ctrlkit.file_state import FileState, Problem
from ctrlkit.inspection import INCOMPLETE, READY, Readiness, Waiting, inspect, to_json
from ctrlkit.matching import PROPOSED, UNMATCHED
from ctrlkit.model import Cause
from ctrlkit.recognition import Recognised, Unknown
from ctrlkit.scan import told
from ctrlkit.template import entry
from ctrlkit.visible import visible

__all__ = ["Readiness", "inspect", "text", "to_json"]

SHOWN: Final = 10
"""Problems of one file that are listed; the rest is counted."""


def text(ready: Readiness) -> str:
    """The whole view, without the last line feed."""
    lines = [*ready.head, *_files(ready), *_wanting(ready), *_controls(ready), *_tail(ready)]
    return "\n".join(visible(line) for line in lines)


def _files(ready: Readiness) -> Iterator[str]:
    yield ""
    if not ready.files:
        yield "no file here is one that these controls read"
        return
    rows = [("FILE", "KIND", "ROWS", "PERIOD", "GRADE", "READ BY")]
    rows += [
        (
            _name(f),
            f.kind,
            str(f.rows),
            (f.period or "-").replace("/", " to "),
            f.grade.value,
            f.adapter or "its own header",
        )
        for f in ready.files
    ]
    heading, *table = aligned(rows)
    yield heading
    for file, line in zip(ready.files, table, strict=True):
        yield line
        yield from (f"    {said}" for said in _about(file))
        yield from (f"    {_problem(problem)}" for problem in file.problems[:SHOWN])
        if len(file.problems) > SHOWN:
            yield f"    and {len(file.problems) - SHOWN} more sorts of problem in this file"
    if ready.notes:
        yield ""
    yield from (f"note: {note}" for note in ready.notes)


def _about(file: FileState) -> Iterator[str]:
    """What was taken from a file, and what a person should know of how it was read."""
    if file.columns:
        yield f"columns: {', '.join(file.columns)}"
    yield from (f"note: {note}" for note in file.notes[:SHOWN])


def _name(file: FileState) -> str:
    return f"client: {file.file}" if file.party == "client" else file.file


def _problem(problem: Problem) -> str:
    if problem.row is None and problem.column is None:
        return problem.expected
    where = f"row {problem.row}" + (f", {problem.column}" if problem.column else "")
    where = f"sheet {problem.sheet}, {where}" if problem.sheet else where
    where += f" (its {problem.header})" if problem.header else ""
    others = ", ".join(map(str, problem.rows[1:])) + (", …" if problem.count > len(problem.rows) else "")
    more = f" (and {problem.count - 1} more: row {others})" if problem.count > 1 else ""
    found = "" if problem.value is None and problem.column is None else f"found {_value(problem)}, "
    return f"{where}: {found}expected {problem.expected}{more}"


def _value(problem: Problem) -> str:
    return "empty" if problem.value is None else f'"{problem.value}"'


def _wanting(ready: Readiness) -> Iterator[str]:
    wanting = [k for k in ready.kinds if k.state != READY and k.needed_by]
    if wanting:
        yield ""
        noun = "kind of evidence is" if len(wanting) == 1 else "kinds of evidence are"
        yield f"{len(wanting)} {noun} missing or not good enough"
    for kind in wanting:
        yield f"  {kind.kind}  {kind.state} · needed by {', '.join(kind.needed_by)}"
        yield from (f"    {fault}" for fault in kind.faults if fault != f"{kind.kind}: not handed in")
        if kind.state == Cause.MISSING.value:
            yield f"    hand over: {_columns(kind.columns)}"
    spare = [k.kind for k in ready.kinds if k.state != READY and not k.needed_by]
    if spare:
        yield ""
        yield f"would be read too, and is not needed: {', '.join(spare)}"


def _columns(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "any columns of the kind"


def _controls(ready: Readiness) -> Iterator[str]:
    total = len(ready.decidable) + len(ready.waiting) + len(ready.outside)
    yield ""
    yield f"{len(ready.decidable)} of {total} controls can be decided: {', '.join(ready.decidable) or 'none'}"
    states = {kind.kind: kind.state for kind in ready.kinds}
    for waiting in ready.waiting:
        yield f"  {waiting.control} waits: {'; '.join(_reasons(waiting, states))}"
    for control, why in ready.outside:
        yield f"  {control} does not apply: {why}"


def _reasons(waiting: Waiting, states: Mapping[str, str]) -> Iterator[str]:
    """Each reason once: in two words where it is said above of the whole kind."""
    said = []
    for kind, reason in zip(waiting.kinds, waiting.reasons, strict=True):
        whole = states.get(kind, READY) not in {READY, INCOMPLETE}
        said.append(f"{kind} {states[kind].replace('_', ' ')}" if whole else reason)
    yield from dict.fromkeys(said)


def _strangers(found: Sequence[Recognised | Unknown]) -> Iterator[str]:
    if found:
        yield ""
        yield "in the pack, and named nowhere in pack.yaml"
    for one in found[:SHOWN]:
        if isinstance(one, Unknown):
            left = one.file.endswith(UNMATCHED)
            yield f"  {one.file}: {'is what ctrlkit init could not match, for you to read' if left else one.why}"
        elif one.file.endswith(PROPOSED):
            yield f"  {one.file}: is a proposal of ctrlkit init; check it, then rename it identity_map.csv"
        else:
            yield f"  {one.file}: is {one.kind}; to hand it in, write in pack.yaml under {one.kind}: {entry(one)}"
    if len(found) > SHOWN:
        yield f"  and {len(found) - SHOWN} more"


def _tail(ready: Readiness) -> Iterator[str]:
    if ready.idle:
        yield ""
        yield f"in the pack, read by none of these controls: {', '.join(ready.idle)}"
    yield from map(told, _strangers(ready.strangers))
    yield ""
    if ready.complete:
        yield "the pack is complete; next: ctrlkit run, with the same options"
        return
    if ready.gain is not None:
        gain = ready.gain
        alone = f"it alone decides {', '.join(gain.decides)}" if gain.decides else f"needed by {', '.join(gain.eases)}"
        also = f", and is needed by {', '.join(gain.eases)}" if gain.decides and gain.eases else ""
        yield f"most would be gained by {gain.kind} ({_columns(gain.columns)}): {alone}{also}"
        yield f"next: hand over {gain.kind} whole, then ctrlkit check; ctrlkit explain {gain.kind} tells its columns"
    elif any(f.problems for f in ready.files):
        yield "next: mend the cells and rows named above, then ctrlkit check"
    else:
        yield "next: ctrlkit list controls --profile, as none of these controls can be decided here"
