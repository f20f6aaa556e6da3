"""Whether a pack is readable and complete, which controls it can decide, and which one file more would help most."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ctrlkit import gather, plan, recognition, words
from ctrlkit.assemble import Evidence
from ctrlkit.case import Case
from ctrlkit.file_state import FileState, state_of
from ctrlkit.gather import Listen
from ctrlkit.kind import Kind
from ctrlkit.model import Cause, Severity, Verdict
from ctrlkit.plan import Handed, Line
from ctrlkit.privacy import EngagementKey
from ctrlkit.recognition import Recognised, Unknown
from ctrlkit.run import machines_of
from ctrlkit.scan import told

READY: Final = "ready"
INCOMPLETE: Final = "incomplete"
"""The state of a kind that can be read and lacks a column that some control asks for."""


@dataclass(frozen=True, slots=True)
class KindState:
    """One kind that a selected control reads: `ready`, `incomplete`, or the first cause why not; each fault in words.

    `needed_by` are the ids that cannot do without, `columns` those that they ask for, `lacks` those in no source.
    """

    kind: str
    state: str
    needed_by: tuple[str, ...]
    faults: tuple[str, ...]
    lacks: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A control that cannot be decided, with the reasons that a run would give.

    `kinds` says of each reason which kind it is about, an empty text for one that is about none.
    """

    control: str
    severity: Severity
    kinds: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gain:
    """The one kind more that would help most, and the controls it alone would make decidable (maybe none)."""

    kind: str
    decides: tuple[str, ...]
    eases: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a pack is good for under a profile and an engagement, before anything is judged.

    `idle` names files of the pack that no selected control reads, `unused` those that nothing names, and `strangers`
    says what these are. `notes` are about the files of a kind together.
    `head` says whose pack, which profile and period: the first lines of every view.
    """

    head: tuple[str, ...]
    notes: tuple[str, ...]
    strangers: tuple[Recognised | Unknown, ...]
    files: tuple[FileState, ...]
    kinds: tuple[KindState, ...]
    decidable: tuple[str, ...]
    waiting: tuple[Waiting, ...]
    outside: tuple[tuple[str, str], ...]
    gain: Gain | None
    idle: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every control can be decided and everything handed in can be read."""
        return bool(self.decidable) and not self.waiting and not any(f.problems for f in self.files)


def inspect(case: Case, work: Path, listen: Listen = lambda _: None) -> Readiness:
    """Read the packs of a case and say what they are good for; nothing is judged, and no engagement key is made.

    `work` is a private folder that the caller removes.
    """
    key = EngagementKey(secrets.token_bytes(32), "this check only")
    gathered = gather.from_packs(case, key, work, listen)
    handed = gather.hand(case, gathered, work)
    empty = {kind: why for p in case.packs for kind, why in p.empty.items()}
    machines = machines_of(case, key)
    lines = plan.draw(case.ids, case.stock.controls, handed, empty, case.profile, case.engagement, case.as_of, machines)
    waiting = tuple(w for line in lines if (w := _waiting(line, handed)) is not None)
    stuck = {w.control for w in waiting}
    asked = [line.control.id for line in lines if line.check is not None]
    kinds = tuple(_kinds(case, lines, handed, empty))
    read = plan.columns_read([case.stock.controls[id_] for id_ in case.ids])
    return Readiness(
        head=tuple(_head(case)),
        notes=tuple(_together(gathered)),
        strangers=tuple(_strangers(case)),
        files=tuple(
            state_of(evidence, source, case.stock.kinds[evidence.kind], case.engagement.zone)
            for evidence in _copies(gathered)
            for source in evidence.sources
        ),
        kinds=kinds,
        decidable=tuple(dict.fromkeys(id_ for id_ in asked if id_ not in stuck)),
        waiting=waiting,
        outside=tuple(
            (line.control.id, line.faults[0].message)
            for line in lines
            if line.verdict is Verdict.NOT_APPLICABLE and line.control.id not in {*asked, *stuck}
        ),
        gain=_gain(waiting, kinds),
        idle=tuple(sorted({source.file for p in case.packs for source in p.sources if source.kind not in read})),
        unused=tuple(sorted({told(name) for p in case.packs for name in p.unused})),
    )


def _head(case: Case) -> Iterator[str]:
    if case.sample:
        yield words.SAMPLE
    terms, policy = case.engagement, case.profile
    if terms.self_check:
        yield words.SELF_CHECK
    yield f"{case.packs[0].vendor} · {policy.title} ({policy.name}) · {terms.id}"
    as_of = case.as_of.instant.strftime("%Y-%m-%dT%H:%M:%SZ")
    yield f"period {terms.period.start} to {terms.period.end} · as of {as_of}"


def _together(gathered: Mapping[str, Sequence[Evidence]]) -> Iterator[str]:
    """What was made of the files of a kind together, as rows that several of them hold."""
    for evidence in _copies(gathered):
        own = {f"{source.file}: " for source in evidence.sources}
        yield from (f"{evidence.kind}: {note}" for note in evidence.notes if not note.startswith(tuple(own)))


def _strangers(case: Case) -> Iterator[Recognised | Unknown]:
    for p in case.packs:
        yield from recognition.tell(p.folder, p.unused, case.stock.kinds, case.stock.adapters)


def _copies(gathered: Mapping[str, Sequence[Evidence]]) -> Iterator[Evidence]:
    for _, copies in sorted(gathered.items()):
        yield from copies


def _waiting(line: Line, handed: Mapping[str, Handed]) -> Waiting | None:
    """Why the line cannot be decided; None where it can or need not be."""
    if line.verdict is Verdict.NOT_APPLICABLE:
        return None
    reasons = [fault.message for fault in line.faults]
    if line.check is not None:
        there = [handed[table] for table in plan.needed(line.check) if table in handed]
        reasons += [_unread(one.evidence.kind, one) for one in there if one.evidence.bad_rows]
    if not reasons:
        return None
    reasons = list(dict.fromkeys(reasons))
    kinds = tuple(_about(line, reason, handed) for reason in reasons)
    return Waiting(line.control.id, line.control.severity, kinds, tuple(reasons))


def _about(line: Line, reason: str, handed: Mapping[str, Handed]) -> str:
    """The kind that a reason is about: it names it, or one of its files."""
    needed = [kind for check in line.control.checks for kind in check.needs]
    head = reason.partition(":")[0]
    if head in needed:
        return head
    return next((k for k in needed if k in handed and any(f.message == reason for f in handed[k].faults)), "")


def _kinds(
    case: Case, lines: Sequence[Line], handed: Mapping[str, Handed], empty: Mapping[str, str]
) -> Iterator[KindState]:
    wanted: dict[str, dict[str, None]] = {}
    needed: dict[str, list[str]] = {}
    for line in lines:
        if line.verdict is Verdict.NOT_APPLICABLE:
            continue
        for check in (c for c in line.control.checks if c.claim is None and c.roles is None):
            for kind, names in check.needs.items():
                wanted.setdefault(kind, {}).update(dict.fromkeys(names))
                needed.setdefault(kind, []).append(line.control.id)
            for kind in check.optional:
                wanted.setdefault(kind, {})
    for kind, asked in sorted(wanted.items()):
        ids = tuple(dict.fromkeys(needed.get(kind, ())))
        yield _kind(case.stock.kinds[kind], tuple(asked), ids, handed.get(kind), empty)


def _kind(
    kind: Kind, names: tuple[str, ...], needed: tuple[str, ...], there: Handed | None, empty: Mapping[str, str]
) -> KindState:
    name, columns = kind.name, handed_over(kind, names)
    if there is None:
        declared = f"{name}: declared empty ({empty[name]})" if name in empty else ""
        state = Cause.DECLARED_EMPTY if declared else Cause.MISSING
        return KindState(name, state.value, needed, (declared or f"{name}: not handed in",), (), columns)
    faults = [fault.message for fault in there.faults]
    states = [fault.cause.value for fault in there.faults]
    if there.evidence.bad_rows:
        states.append(Cause.MALFORMED.value)
        faults.append(_unread(name, there))
    lacks = _sources(kind, there.lacks(names)) if there.canvas is not None else ()
    if lacks:
        states.append(INCOMPLETE)
        faults.append(f"{name}: no source holds {', '.join(lacks)}")
    return KindState(name, (states or [READY])[0], needed, tuple(dict.fromkeys(faults)), lacks, columns)


def handed_over(kind: Kind, names: Sequence[str]) -> tuple[str, ...]:
    """The columns of a file that can be read and gives `names`."""
    return _sources(kind, [*kind.required, *names])


def _sources(kind: Kind, names: Sequence[str]) -> tuple[str, ...]:
    """The columns themselves, and for derived ones what they are computed from."""
    sources = [kind.derived[name].of if name in kind.derived else name for name in names]
    return tuple(dict.fromkeys(name for name in sources if name is not None))


def _unread(name: str, there: Handed) -> str:
    rows = there.evidence.bad_rows
    return f"{name}: {rows} {'row' if rows == 1 else 'rows'} could not be read"


def _gain(waiting: Sequence[Waiting], kinds: Iterable[KindState]) -> Gain | None:
    """The kind that alone decides most controls, the gravest first; else the one that most of them wait for."""
    order = list(Severity)
    best: tuple[tuple[int, int, int, str], Gain] | None = None
    for kind in kinds:
        alone = [w for w in waiting if set(w.kinds) == {kind.kind}]
        among = [w for w in waiting if kind.kind in w.kinds]
        if not among:
            continue
        weight = sum(len(order) - order.index(w.severity) for w in alone or among)
        ids = tuple(w.control for w in alone)
        gain = Gain(kind.kind, ids, tuple(w.control for w in among if w.control not in ids), kind.columns)
        rank = (-len(alone), -len(among), -weight, kind.kind)
        if best is None or rank < best[0]:
            best = rank, gain
    return best[1] if best else None


def to_json(ready: Readiness) -> dict[str, Any]:
    """What `check --format json` prints (contract of the command line)."""
    return {
        "files": [
            {
                "file": f.file,
                "kind": f.kind,
                "adapter": f.adapter,
                "rows": f.rows,
                "period": f.period,
                "grade": f.grade.value,
                "problems": [
                    {k: v for k, v in asdict(problem).items() if k not in {"rows", "header", "sheet"}}
                    for problem in f.problems
                ],
            }
            for f in ready.files
        ],
        "kinds": [{"kind": k.kind, "state": k.state, "needed_by": list(k.needed_by)} for k in ready.kinds],
        "controls": {
            "decidable": list(ready.decidable),
            "waiting": [{"control": w.control, "for": "; ".join(w.reasons)} for w in ready.waiting],
        },
    }
