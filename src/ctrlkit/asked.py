"""What to hand over: the kinds that controls read, with their columns, ordered by what they decide for the effort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from ctrlkit import envelope, plan
from ctrlkit.engagement import Engagement
from ctrlkit.inspection import handed_over
from ctrlkit.kind import Kind
from ctrlkit.model import Control, Severity, Verdict
from ctrlkit.plan import Line
from ctrlkit.profile import Profile
from ctrlkit.stock import Stock
from ctrlkit.ways import Way, ways

MADE_HERE: Final = frozenset({envelope.META, "sample_results"})
"""Kinds that ctrlkit itself makes, or makes the form for: nobody is asked for them."""
EXPORTED: Final = 1
MAPPED: Final = 2
TYPED: Final = 4
"""House numbers for the effort of one kind: an export that ctrlkit reads as it is, one whose columns must be named, and
rows that a person types."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One kind to hand over.

    `columns` are those of the file, in the kind's own order; `needed` those without which a control or the file itself
    cannot do. `controls` are those that cannot do without the kind, `decides` the ids that can be decided once it and
    all that stands before it is there. `sheet`: people keep it themselves and no system exports it, so it is typed.
    """

    kind: Kind
    columns: tuple[str, ...]
    needed: tuple[str, ...]
    controls: tuple[Control, ...]
    decides: tuple[str, ...]
    ways: tuple[Way, ...]
    sheet: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """All that one profile and engagement ask for, in order; `total` counts the controls that apply.

    `alone` of them need nothing besides the files as such; `hosts` are about hosts, which `ctrlkit collect` reads.
    """

    profile: Profile
    engagement: Engagement
    wanted: tuple[Wanted, ...]
    total: int
    alone: int
    hosts: tuple[Control, ...]


def asking(stock: Stock, profile: Profile, engagement: Engagement, lines: Sequence[Line]) -> Asking:
    """What to hand over for these lines, which are drawn as if nothing had been handed in yet."""
    asked = list({x.control.id: x.control for x in lines if x.verdict is not Verdict.NOT_APPLICABLE}.values())
    full = [(c, check) for c in asked for check in c.checks if check.claim is None and check.roles is None]
    needs = {c.id: frozenset(check.needs) - MADE_HERE for c, check in full}
    read = {kind: names for kind, names in plan.columns_read(asked).items() if kind not in MADE_HERE}
    must: dict[str, list[str]] = {}
    for _, check in full:
        for kind, names in check.needs.items():
            must.setdefault(kind, []).extend(names)
    found = {kind: _wanted(stock, stock.kinds[kind], names, must.get(kind, ()), asked) for kind, names in read.items()}
    order = in_order(needs, {c.id: _weight(c) for c in asked}, {k: effort(w) for k, w in found.items()})
    later = sorted(found.keys() - order.keys())
    return Asking(
        profile=profile,
        engagement=engagement,
        wanted=tuple(replace(found[kind], decides=order.get(kind, ())) for kind in (*order, *later)),
        total=len(asked),
        alone=sum(not kinds for kinds in needs.values()),
        hosts=tuple(c for c in asked if any(check.roles is not None for check in c.checks)),
    )


def _wanted(stock: Stock, kind: Kind, read: Sequence[str], must: Sequence[str], asked: Sequence[Control]) -> Wanted:
    columns, needed = set(handed_over(kind, read)), set(handed_over(kind, must))
    known = ways(kind.name, stock.adapters)
    return Wanted(
        kind=kind,
        columns=tuple(name for name in kind.columns if name in columns),
        needed=tuple(name for name in kind.columns if name in needed),
        controls=tuple(c for c in asked if any(check.claim is None and kind.name in check.needs for check in c.checks)),
        decides=(),
        ways=known,
        sheet=kind.source == "typed" or (kind.source == "either" and not known),
    )


def effort(wanted: Wanted) -> int:
    """How much work a kind is, in the house numbers above."""
    if wanted.sheet:
        return TYPED
    return EXPORTED if wanted.ways or wanted.kind.source == "probe" else MAPPED


def _weight(control: Control) -> int:
    return len(Severity) - list(Severity).index(control.severity)


def in_order(
    needs: Mapping[str, frozenset[str]], weights: Mapping[str, int], efforts: Mapping[str, int]
) -> dict[str, tuple[str, ...]]:
    """Kind -> the controls that it decides together with those before it; the best next step always comes first.

    A step is all that one control still lacks: the one that decides most controls for its effort, the gravest where
    several do. `needs` is control -> kinds, `efforts` kind -> a number above 0.
    """
    order: dict[str, tuple[str, ...]] = {}
    left, step = dict(needs), frozenset[str]()
    while left:
        if not step:
            steps = {frozenset(kinds - order.keys()) for kinds in left.values()}
            step = _best(steps, order.keys(), left, weights, efforts)
        for kind in _best({frozenset({kind}) for kind in step}, order.keys(), left, weights, efforts):
            order[kind] = tuple(sorted(id_ for id_, kinds in left.items() if kinds <= {*order, kind}))
        step -= order.keys()
        left = {id_: kinds for id_, kinds in left.items() if not kinds <= order.keys()}
    return order


def _best(
    steps: AbstractSet[frozenset[str]],
    there: AbstractSet[str],
    left: Mapping[str, frozenset[str]],
    weights: Mapping[str, int],
    efforts: Mapping[str, int],
) -> frozenset[str]:
    """The step after which most controls are decided for its effort; the gravest, then the most asked for; or none."""

    def rank(step: frozenset[str]) -> tuple[Fraction, int, int, list[str]]:
        ids = [id_ for id_, kinds in left.items() if kinds <= there | step]
        cost = sum(efforts[kind] for kind in step)
        rate = Fraction(len(ids), cost) if cost else Fraction(len(left) + 1)
        asked = sum(len(step & kinds) for kinds in left.values())
        return -rate, -sum(weights[id_] for id_ in ids), -asked, sorted(step)

    return min(steps, key=rank, default=frozenset())
