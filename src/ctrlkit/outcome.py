"""From what a check asserted to what it decided: findings with pointers and keys, notes, and one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import narwhals as nw

from ctrlkit.check import BROKEN, UNKNOWN, Record, Stumble
from ctrlkit.decision import Outcome, State, digest, plainly
from ctrlkit.listing import with_rows
from ctrlkit.literal import logical
from ctrlkit.model import ORGANISATION, Cause, Finding, Note, Pointer
from ctrlkit.rows import fetch, fetch_all
from ctrlkit.share import Judgement
from ctrlkit.table import Root, Table

__all__ = ["SHOWN_NOTES", "SHOWN_SOURCES", "Outcome", "State", "digest", "judge", "plainly"]

SHOWN_SOURCES = 20
SHOWN_NOTES = 100


def judge(record: Record, control: str, subject: str, finding_note: str = "") -> Outcome:
    """The outcome of a check that ended by itself."""
    judgements = _judgements(record)
    broken, tolerated, undecided = [], [], []
    for stumble in record.stumbles.values():
        states = {(mark.state, judgements[mark.pool]) for mark in stumble.marks}
        if (BROKEN, "fails") in states:
            broken.append(stumble)
        elif any(state == UNKNOWN and held != "keeps" for state, held in states) or (BROKEN, "open") in states:
            undecided.append(stumble)
        else:
            tolerated.append(stumble)
    places = _Places([*broken, *tolerated, *undecided, *record.noted])
    spoken = bool(record.populations or record.wanted)
    population = _population(record.populations) + record.wanted if spoken else None
    findings = tuple(_findings(broken, judgements, places, (control, subject), finding_note))
    notes = [Note(digest(control, subject, figure), plainly(figure)) for figure in record.figures]
    notes += _notes(undecided, "undecided", places, (control, subject))
    notes += _notes(tolerated, "tolerated", places, (control, subject))
    notes += _notes(record.noted, "", places, (control, subject))
    notes += [Note(digest(control, subject, doubt.message), doubt.message) for doubt in record.doubts]
    state, cause, reason = _decision(record, population, broken, undecided, places)
    if cause is Cause.ROLE and subject == ORGANISATION:
        state, cause, reason = "error", Cause.NO_ASSERTION, "does_not_apply is for hosts, and nothing was asserted"
    exceptions = len(broken) + sum(1 for s in tolerated if any(m.state == BROKEN for m in s.marks))
    counted = exceptions if spoken else None
    outcome = Outcome(
        state, cause, reason, population, counted, findings, tuple(notes), len(undecided) + len(record.doubts)
    )
    return with_rows(outcome, record, (control, subject), finding_note)


def _judgements(record: Record) -> dict[str, Judgement]:
    """Whether each pool keeps its tolerance: decided where the undecided rows cannot change the answer."""
    broken: Counter[str] = Counter()
    doubtful: Counter[str] = Counter()
    for stumble in record.stumbles.values():
        for pool in {mark.pool for mark in stumble.marks}:
            states = {mark.state for mark in stumble.marks if mark.pool == pool}
            (broken if BROKEN in states else doubtful)[pool] += 1
    answers: dict[str, Judgement] = dict(record.shares)
    for pool, limit in record.pools.items():
        over = broken[pool] > limit
        answers[pool] = "fails" if over else ("open" if broken[pool] + doubtful[pool] > limit else "keeps")
    return answers


def _decision(  # noqa: PLR0911  (one per way to end)
    record: Record, population: int | None, broken: list[Stumble], undecided: list[Stumble], places: _Places
) -> tuple[State, Cause | None, str]:
    spoken = [table for table, *_ in record.populations] or [s.table for s in record.stumbles.values()]
    kinds = " and ".join(dict.fromkeys(table.root.kind.name for table in spoken)) or "evidence"
    if broken:
        why = Counter(mark.because for stumble in broken for mark in stumble.marks if mark.state == BROKEN)
        words = "; ".join(text for text, _ in sorted(why.items(), key=lambda item: (-item[1], item[0]))[:2])
        what = (
            f"{len(broken):,} findings" if population is None else f"{len(broken):,} of {population:,} rows of {kinds}"
        )
        return "failed", None, f"{what}: {plainly(words)}"
    if undecided:
        first = min(undecided, key=places.order)
        return (
            "inconclusive",
            Cause.UNDECIDED,
            (
                f"{len(undecided):,} of {population or 0:,} rows of {kinds} cannot be decided, "
                f"first {places.text(first)}: {_unknown(first)}"
            ),
        )
    if record.doubts:
        worst = min((doubt.cause for doubt in record.doubts), key=lambda cause: cause.rank)
        return "inconclusive", worst, "; ".join(doubt.message for doubt in record.doubts)
    if record.outside and not record.asserted:
        return "not_applicable", Cause.ROLE, "; ".join(record.outside)
    if record.not_due and (not record.asserted or population == 0):
        return "not_applicable", Cause.SCOPE, "; ".join(record.not_due)
    if not record.asserted:
        return "error", Cause.NO_ASSERTION, "the check asserted nothing"
    if population == 0:
        return "inconclusive", Cause.EMPTY, f"{kinds}: no row that this control speaks about"
    if record.populations and not record.wanted and not any(sure for *_, sure in record.populations):
        words = f"{kinds}: of no row it is known whether this control speaks about it ({population:,} may be such rows)"
        return "inconclusive", Cause.UNDECIDED, words
    return "passed", None, ""


def _population(populations: list[tuple[Table, int, int]]) -> int:
    """The number of different rows that the assertions spoke about."""
    distinct = {id(table): (table, number) for table, number, _ in populations}
    if len(distinct) <= 1:
        return sum(number for _, number in distinct.values())
    by_root: dict[tuple[int, frozenset[str] | None], list[Table]] = {}
    for table, _ in distinct.values():
        by = table.unique if table.grouped is not None else None
        by_root.setdefault((id(table.root), by), []).append(table)
    ids = [
        nw.concat([t.frame.select("_id") for t in tables]).unique("_id").select(nw.len().alias("n"))
        for tables in by_root.values()
    ]
    return sum(rows[0]["n"] for frame in ids for rows in [fetch(frame)])


def _findings(
    broken: list[Stumble], judgements: Mapping[str, Judgement], places: _Places, of: tuple[str, str], note: str
) -> Iterable[Finding]:
    seen: Counter[str] = Counter()
    for stumble in sorted(broken, key=places.order):
        texts = dict.fromkeys(
            _filled(m.because, stumble) for m in stumble.marks if (m.state, judgements[m.pool]) == (BROKEN, "fails")
        )
        key = digest(*of, *places.identity(stumble))
        seen[key] += 1
        if seen[key] > 1:
            key = digest(key, seen[key])
        sources, more = places.pointers(stumble)
        yield Finding(key, "; ".join(texts) + (f" ({note})" if note else ""), _shown(stumble, places), sources, more)


def _notes(stumbles: list[Stumble], what: str, places: _Places, of: tuple[str, str]) -> list[Note]:
    notes = []
    ordered = sorted(stumbles, key=places.order)
    for stumble in ordered[:SHOWN_NOTES]:
        words = (
            _unknown(stumble)
            if what == "undecided"
            else "; ".join(dict.fromkeys(_filled(m.because, stumble) for m in stumble.marks))
        )
        message = f"{what}: {places.text(stumble)}: {words}" if what else f"{places.text(stumble)}: {words}"
        notes.append(Note(digest(*of, what, words, *places.identity(stumble)), message))
    if len(ordered) > SHOWN_NOTES:
        notes.append(Note(digest(*of, what, "more"), f"{what or 'noted'}: {len(ordered) - SHOWN_NOTES:,} further rows"))
    return notes


def _unknown(stumble: Stumble) -> str:
    names = [name for name, value in stumble.values.items() if value is None]
    words = dict.fromkeys(plainly(mark.because) for mark in stumble.marks)
    missing = f"{', '.join(names)} not known" if names else "whether the control speaks of it is not known"
    return f"{missing} ({'; '.join(words)}?)"


def _filled(because: str, stumble: Stumble) -> str:
    """The words with the row's values in their places; of kinds that never travel, without them."""
    if "{" not in because:
        return because
    if _stays(stumble):
        return plainly(because)
    return because.format_map({k: ("" if v is None else v) for k, v in stumble.values.items()})


def _stays(stumble: Stumble) -> bool:
    """Whether the row rests on a kind that never travels."""
    return any(root.kind.restricted for root in (stumble.table.root, *stumble.table.links.values()))


def _shown(stumble: Stumble, places: _Places) -> dict[str, Any]:
    """The values a finding carries, what names the row first; of kinds that never travel, none."""
    if _stays(stumble):
        return {}
    values = {name: (None if value == "none" else value) for name, value in stumble.values.items()}
    return {**places.names(stumble), **values}


class _Places:
    """Where rows stand in the vendor's files, looked up once for all rows that will be shown."""

    def __init__(self, stumbles: list[Stumble]) -> None:
        self._rows: dict[tuple[int, int], dict[str, Any]] = {}
        self._behind: dict[tuple[int, tuple[Any, ...]], list[int]] = {}
        wanted: dict[int, tuple[Root, set[int]]] = {}
        for stumble in stumbles:
            for link, id_ in stumble.ids.items():
                root = stumble.table.links[link] if link else stumble.table.root
                if id_ is not None:
                    wanted.setdefault(id(root), (root, set()))[1].add(id_)
        for stumble in _first_of_each_table(s for s in stumbles if s.table.grouped is not None):
            self._look_behind(stumble.table, [s for s in stumbles if s.table is stumble.table], wanted)
        roots = [root for root, _ in wanted.values()]
        frames = [_place_frame(root, ids) for root, ids in wanted.values()]
        for root, rows in zip(roots, fetch_all(frames) if frames else [], strict=True):
            for row in rows:
                self._rows[id(root), row["_id"]] = row

    def _look_behind(self, groups: Table, stumbles: list[Stumble], wanted: dict[int, tuple[Root, set[int]]]) -> None:
        if groups.grouped is None or not groups.unique:
            raise AssertionError
        names = sorted(groups.unique)
        shown = {stumble.keys for stumble in stumbles}
        for row in fetch(groups.grouped.frame.select("_id", *names)):
            keys = tuple(logical(row[name], groups.columns[name].type) for name in names)
            if keys in shown:
                self._behind.setdefault((id(groups), keys), []).append(row["_id"])
                wanted.setdefault(id(groups.root), (groups.root, set()))[1].add(row["_id"])

    def _pointer(self, root: Root, id_: int) -> Pointer:
        row = self._rows[id(root), id_]
        return Pointer(root.kind.name, root.party, row["_file"], row["_row"])

    def pointers(self, stumble: Stumble) -> tuple[tuple[Pointer, ...], int]:
        """At most 20 pointers, the row's own first, and how many more there are."""
        behind = self._behind.get((id(stumble.table), stumble.keys))
        if behind is not None:
            own = sorted((self._pointer(stumble.table.root, i) for i in behind), key=_pointer_order)
        elif stumble.ids[""] is None:
            own = [Pointer(stumble.table.root.kind.name, stumble.table.root.party, _file_of(stumble.table.root), None)]
        else:
            own = [self._pointer(stumble.table.root, stumble.ids[""])]
        links = [
            self._pointer(stumble.table.links[link], id_)
            for link, id_ in sorted(stumble.ids.items())
            if link and id_ is not None
        ]
        pointers = list(dict.fromkeys([*own, *links]))
        return tuple(pointers[:SHOWN_SOURCES]), max(0, len(pointers) - SHOWN_SOURCES)

    def order(self, stumble: Stumble) -> tuple[str, str, int, str, str]:
        """Findings stand in the order of their first source; two with the same one in that of what names them."""
        pointers, _ = self.pointers(stumble)
        return (*_pointer_order(pointers[0]), pointers[0].party, digest(*self.identity(stumble)))

    def text(self, stumble: Stumble) -> str:
        """The first place, in words."""
        (first, *_), _ = self.pointers(stumble)
        return first.file if first.row is None else f"{first.file} row {first.row}"

    def identity(self, stumble: Stumble) -> tuple[Any, ...]:
        """What names the row next month too: its key as evaluated, never its number or its other values."""
        return (stumble.table.root.kind.name, *self.names(stumble).values())

    def names(self, stumble: Stumble) -> dict[str, Any]:
        """The key of the row, or of the group, as evaluated: column -> value."""
        root = stumble.table.root
        if stumble.keys:
            return dict(zip(sorted(stumble.table.unique or ()), stumble.keys, strict=True))
        if stumble.ids[""] is None:  # something that is not there, under no name
            return {}
        row = self._rows[id(root), stumble.ids[""]]
        return {k: logical(row[k], root.columns[k].type) for k in root.kind.key if k in root.columns}


def _pointer_order(pointer: Pointer) -> tuple[str, str, int]:
    return (pointer.kind, pointer.file, pointer.row or 0)


def _file_of(root: Root) -> str:
    """The first of the files behind a kind's evidence."""
    (first,) = fetch(root.frame.select(nw.col("_file").min()))
    return str(first["_file"] or root.kind.name)


def _place_frame(root: Root, ids: set[int]) -> nw.LazyFrame[Any]:
    keys = [key for key in root.kind.key if key in root.columns]
    return root.frame.filter(nw.col("_id").is_in(sorted(ids))).select("_id", "_file", "_row", *keys)


def _first_of_each_table(stumbles: Iterable[Stumble]) -> list[Stumble]:
    return list({id(stumble.table): stumble for stumble in stumbles}.values())
