"""Layouts: which header of a file is which column of a kind, by name, by the pack's map or by an adapter."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from ctrlkit.errors import did_you_mean
from ctrlkit.hooks import Adapter
from ctrlkit.kind import Kind
from ctrlkit.model import Grade

_SHOWN: Final = 40
"""Headers that a message lists."""


class Source(Protocol):
    """One source of a kind, as the pack names it; maps lead from their words to ours."""

    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def party(self) -> str: ...  # noqa: D102
    @property
    def file(self) -> str: ...  # noqa: D102
    @property
    def path(self) -> Path: ...  # noqa: D102
    @property
    def sheet(self) -> str | int | None: ...  # noqa: D102
    @property
    def method(self) -> str | None: ...  # noqa: D102
    @property
    def rows(self) -> int | None: ...  # noqa: D102
    @property
    def columns(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def values(self) -> Mapping[str, Mapping[str, str]]: ...  # noqa: D102
    @property
    def constants(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def adapter(self) -> str | None: ...  # noqa: D102
    @property
    def date_order(self) -> str | None: ...  # noqa: D102
    @property
    def time_zone(self) -> str | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Place:
    """Where a canonical column stands: the position in the file, and which part of the cell is meant."""

    index: int
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file's columns are read; it fits when there are no `problems`.

    `aside`: position -> the words, as `word` gives them, with which a row is no record.
    """

    headers: tuple[str, ...]
    adapter: Adapter | None = None
    places: Mapping[str, Place] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    aside: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def unread(self) -> tuple[str, ...]:
        """Headers that no column of the kind comes from."""
        used = {place.index for place in self.places.values()} | {*self.aside}
        return tuple(h or "(no name)" for i, h in enumerate(self.headers) if i not in used)

    @property
    def theirs(self) -> dict[str, str]:
        """Of the columns that the file calls otherwise: its own header, as far as no adapter made it."""
        if self.adapter is not None and self.adapter.unfold is not None:
            return {}
        named = {name: self.headers[place.index] for name, place in self.places.items()}
        return {name: header for name, header in named.items() if loose(header) != loose(name)}

    @property
    def why_aside(self) -> str:
        """What the rows hold that are no records, for a person."""
        said = {self.headers[i]: [word or "empty" for word in words] for i, words in self.aside.items()}
        return "; ".join(f"{h} is {w[0] if len(w) == 1 else f'one of {len(w)} words'}" for h, w in said.items())


def exact(header: str) -> str:
    """A header as canonical names are compared: NFKC, trimmed, casefolded."""
    return unicodedata.normalize("NFKC", header).strip().casefold()


def loose(header: str) -> str:
    """A header as adapters and maps compare it: also inner spaces, a leading `*` and a trailing `[…]` set aside."""
    text = re.sub(r"\s*\[[^\]]*\]$", "", " ".join(exact(header).lstrip("*").split()))
    return text or exact(header)


def word(text: str) -> str:
    """A cell's text as value maps compare it: NFKC, trimmed, inner spaces collapsed, lower case."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).lower()


def distinct(headers: Iterable[str]) -> tuple[str, ...]:
    """Headers trimmed, a second one of the same name marked `__2`, a third `__3`."""
    seen: defaultdict[str, int] = defaultdict(int)
    named = []
    for header in (h.strip().lstrip("\ufeff") for h in headers):
        seen[header] += 1
        named.append(header if seen[header] == 1 or not header else f"{header}__{seen[header]}")
    return tuple(named)


def resolve(headers: Sequence[str], source: Source, kind: Kind, adapters: Sequence[Adapter]) -> Layout:
    """The layout of a file with these headers.

    Without a named adapter the pack's map and canonical names are tried first, then the adapters of the kind that know
    the headers; two that do are a problem, as is a required column that nothing gives.
    """
    own = _lay_out(headers, source, kind, None)
    if source.adapter == "none" or (source.adapter is None and not own.problems):
        return own
    candidates = [a for a in adapters if a.kind == kind.name]
    if source.adapter is not None:
        return _by_name(own, headers, source, kind, candidates)
    fitting = [a for a in candidates if not _absent(a, headers)]
    if len(fitting) > 1:
        return _refused(own, f"{', '.join(a.name for a in fitting)} all know these headers; say which under adapter")
    return _lay_out(headers, source, kind, fitting[0]) if fitting else own


def _by_name(own: Layout, headers: Sequence[str], source: Source, kind: Kind, candidates: Sequence[Adapter]) -> Layout:
    named = next((a for a in candidates if a.name == source.adapter), None)
    if named is None:
        known = ", ".join(a.name for a in candidates) or "none"
        return _refused(own, f'adapter "{source.adapter}" is not known for {kind.name}; known: {known}')
    absent = _absent(named, headers)
    if absent:
        return _refused(own, f"not an export of {named.product}: no header {_listed(absent)}{_found(headers)}")
    return _lay_out(headers, source, kind, named)


def grade(source: Source, adapter: Adapter | None) -> Grade:
    """How far the file can be believed: the client's own, a recognised export, else typed."""
    if source.party == "client":
        return Grade.CLIENT
    return Grade.EXPORT if adapter is not None and source.method != "typed" else Grade.TYPED


def _refused(layout: Layout, problem: str) -> Layout:
    return Layout(layout.headers, None, layout.places, layout.constants, layout.values, (problem,))


def _absent(adapter: Adapter, headers: Sequence[str]) -> list[str]:
    there = {loose(h) for h in headers}
    return [h for h in adapter.headers if loose(h) not in there]


def _lay_out(headers: Sequence[str], source: Source, kind: Kind, adapter: Adapter | None) -> Layout:
    names = distinct(headers)
    targets, problems = _mapped(names, headers, source, kind)
    claimed = set(targets)
    taken = {place.index for found in targets.values() for place in found}
    for index, header in enumerate(headers):
        target = _by_adapter(header, adapter) if adapter else (exact(header) if exact(header) in kind.columns else None)
        if index in taken or target is None:
            continue
        name, _, part = target.partition("|")
        if name in claimed and adapter:
            continue
        targets[name].append(Place(index, part or None))
    given = dict(source.constants)
    constants = {**{n: v for n, v in (adapter.constants if adapter else {}).items() if n not in targets}, **given}
    problems += _clashes(names, targets, given)
    problems += _missing(headers, kind, {*targets, *constants})
    values, value_problems = _value_maps(source, kind, adapter)
    places = {name: found[0] for name, found in sorted(targets.items())}
    return Layout(names, adapter, places, constants, values, (*problems, *value_problems), _aside(headers, adapter))


def _aside(headers: Sequence[str], adapter: Adapter | None) -> dict[int, tuple[str, ...]]:
    told = {loose(h): tuple(map(word, words)) for h, words in (adapter.aside if adapter else {}).items()}
    return {i: told[loose(h)] for i, h in enumerate(headers) if loose(h) in told}


def _by_adapter(header: str, adapter: Adapter) -> str | None:
    return next((ours for theirs, ours in adapter.columns.items() if loose(theirs) == loose(header)), None)


def _mapped(
    names: Sequence[str], headers: Sequence[str], source: Source, kind: Kind
) -> tuple[defaultdict[str, list[Place]], list[str]]:
    targets: defaultdict[str, list[Place]] = defaultdict(list)
    problems = []
    for theirs, ours in source.columns.items():
        if ours not in kind.columns:
            problems.append(f'columns: {kind.name} has no column "{ours}"{did_you_mean(ours, kind.columns)}')
            continue
        found = next((hits for rule in (exact, loose) if (hits := _matches(theirs, names, headers, rule))), [])
        if not found:
            problems.append(f'columns: no header "{theirs}"{did_you_mean(theirs, headers)}{_found(headers)}')
        else:
            targets[ours] += [Place(i) for i in found]
    return targets, problems


def _matches(theirs: str, names: Sequence[str], headers: Sequence[str], rule: Callable[[str], str]) -> list[int]:
    by_name = [i for i, h in enumerate(names) if h != headers[i].strip() and rule(h) == rule(theirs)]
    return by_name or [i for i, h in enumerate(headers) if rule(h) == rule(theirs)]


def _clashes(names: Sequence[str], targets: Mapping[str, list[Place]], given: Mapping[str, str]) -> list[str]:
    twice = [
        f"{name} stands twice, in {_listed([names[p.index] for p in found])}; keep one, or name one under columns"
        for name, found in sorted(targets.items())
        if len(found) > 1
    ]
    both = [
        f"{name} is a constant in pack.yaml and a column of the file; keep one"
        for name in sorted(given)
        if targets.get(name)
    ]
    return twice + both


def _missing(headers: Sequence[str], kind: Kind, present: set[str]) -> list[str]:
    absent = [name for name in kind.required if name not in present]
    if not absent:
        return []
    hint = did_you_mean(absent[0].replace("_", " "), [loose(h) for h in headers])
    return [f"no column {_listed(absent)}, which {kind.name} needs{_found(headers)}{hint}"]


def _value_maps(
    source: Source, kind: Kind, adapter: Adapter | None
) -> tuple[dict[str, dict[str, str | None]], list[str]]:
    maps: dict[str, dict[str, str | None]] = {}
    problems = []
    for name, pairs in (adapter.values if adapter else {}).items():
        maps[name] = {word(theirs): ours for theirs, ours in pairs.items()}
    for name, own in source.values.items():
        if name not in kind.columns:
            problems.append(f'values: {kind.name} has no column "{name}"{did_you_mean(name, kind.columns)}')
            continue
        maps[name] = maps.get(name, {}) | {word(theirs): ours for theirs, ours in own.items()}
    return maps, problems


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{n}"' if " " in n or not n else n for n in names)


def _found(headers: Sequence[str]) -> str:
    named = [h.strip() for h in headers if h.strip()]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    return f"; found: {', '.join(named[:_SHOWN])}{more}" if named else "; found no header"
