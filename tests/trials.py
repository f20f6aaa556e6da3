"""The datasets under tests/controls, and how one of their cases is evaluated, on each engine, in this process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

from ctrlkit import stock, trial, trying
from ctrlkit.check import recording
from ctrlkit.model import Result, plain
from ctrlkit.outcome import judge
from ctrlkit.stock import Stock
from ctrlkit.trial import CLIENT, Trial
from ctrlkit.worker import Frames, planned

__all__ = ["CLIENT", "ENGINES", "FOLDER", "TRIED", "Here", "Trial", "engines_of", "outcomes", "shelf", "trials"]

FOLDER = Path(__file__).parent / "controls"
TRIED = os.environ.get("CTRLKIT_TRIALS", "")
"""`all`: every case on both engines. Else every case on the first, and the first of each sort of a control on the other
too, which takes five times as long on so few rows. A sort is one of the words below."""
ENGINES = ("polars", "duckdb")
OTHERS = ENGINES if TRIED == "all" else ENGINES[:1]
"""Where a case is evaluated that is not the first of its sort."""
SORTS = {"passes", "fails", "undecided", "smaller claim"}


def trials() -> Iterator[Trial]:
    """Every case of every control, in order of their ids and files."""
    yield from _all()


@cache
def _all() -> tuple[Trial, ...]:
    return tuple(trial.trials(FOLDER))


def engines_of(one: Trial) -> tuple[str, ...]:
    """The engines on which a case is evaluated."""
    return _engines().get(one.id, ENGINES)


@cache
def _engines() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    seen: dict[str, set[str]] = {}
    for one in _all():
        new = SORTS & {*one.shows} - seen.setdefault(one.control, set())
        seen[one.control] |= new
        found[one.id] = ENGINES if new else OTHERS
    return found


@cache
def shelf() -> Stock:
    """What ctrlkit ships."""
    return stock.take(FOLDER)


def outcomes(one: Trial, folder: Path, engines: Sequence[str] = ()) -> dict[str, Result]:
    """Engine -> what ctrlkit says of the trial's control; on the engines of the trial, or on these."""
    return trying.outcomes(one, folder, shelf(), engines or engines_of(one), Here)


@dataclass(slots=True)
class Here:
    """What stands for the spawned child: the same checks over the same frames, called as they are, for speed."""

    said: list[dict[str, Any]] = field(default_factory=list)

    def start(self, job: Path) -> None:
        """Evaluate the items of a job."""
        told = json.loads(job.read_text("utf-8"))
        frames = Frames(told)
        for entry in told["items"]:
            item = planned(told, entry, frames)
            control = shelf().controls[item.control]
            function = next(c.function for c in control.checks if c.function.__name__ == item.function)
            with recording() as record:
                function(**{name: item.fixtures[name] for name in signature(function).parameters})
                outcome = judge(record, item.control, item.subject, item.finding_note)
            self.said.append({"index": item.index, "outcome": plain(outcome)})

    def line(self, _: float) -> dict[str, Any] | None:
        """The next outcome."""
        return self.said.pop(0) if self.said else None

    def end(self) -> None:
        """There is nothing to end."""
