"""Evaluating a case of a control's datasets as a run would, and saying in what the outcome is another than written."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Protocol

from ctrlkit import engagement, gather, pack, profile
from ctrlkit.carried import Carried
from ctrlkit.case import Case, Request
from ctrlkit.model import Finding, HostPointer, Result, plain
from ctrlkit.outcome import Outcome
from ctrlkit.privacy import EngagementKey
from ctrlkit.run import results_of
from ctrlkit.stock import Stock
from ctrlkit.trial import CLIENT, Trial

_UNDECIDED: Final = re.compile(r"undecided: (.+) row (\d+): ")


class Evaluator(Protocol):
    """What stands for the spawned child of a run: it gets a job and says an outcome for each of its items."""

    def start(self, job: Path) -> None:
        """Hand over the job."""

    def line(self, seconds: float) -> dict[str, Any] | None:
        """The next thing it says; None when it has ended."""

    def end(self) -> None:
        """Stop it."""


@dataclass(slots=True)
class InProcess:
    """Evaluates in this process, by the same pytest as the child's; without its fence and its limits of time."""

    said: list[dict[str, Any]] = field(default_factory=list)

    def start(self, job: Path) -> None:
        """Evaluate the items of the job."""
        from ctrlkit import pytest_plugin, worker

        told = json.loads(job.read_text("utf-8"))
        frames = worker.Frames(told)
        items = [worker.planned(told, entry, frames) for entry in told["items"]]
        pytest_plugin.run(items, lambda _: True, self._report)

    def _report(self, index: int, outcome: Outcome) -> None:
        self.said.append({"index": index, "outcome": plain(outcome)})

    def line(self, _: float) -> dict[str, Any] | None:
        """The next outcome."""
        return self.said.pop(0) if self.said else None

    def end(self) -> None:
        """There is nothing to end."""


def outcomes(
    trial: Trial,
    folder: Path,
    stock: Stock,
    engines: Sequence[str] = ("polars",),
    evaluator: Callable[[], Evaluator] = InProcess,
) -> dict[str, Result]:
    """Engine -> what ctrlkit says of the trial's control; `folder` is empty and the trial's own.

    Raises InputError for a dataset whose engagement, profile or pack is none.
    """
    first, *others = (_case(trial, folder, stock, engine) for engine in engines)
    key = EngagementKey(b"t" * 32, "the trials'")
    gathered = gather.from_packs(first, key, folder / "work")
    carried = Carried(declared_empty={kind: why for p in first.packs for kind, why in p.empty.items()}, vendor="trial")
    found = {}
    for case in (first, *others):
        work = folder / case.request.engine
        work.mkdir()
        (result,), *_ = results_of(case, gathered, carried, evaluator(), work, key)  # type: ignore[arg-type]
        found[case.request.engine] = result
    return found


def _case(trial: Trial, folder: Path, stock: Stock, engine: str) -> Case:
    packs = [folder / "pack", folder / "client"]
    for target in packs:
        target.mkdir(exist_ok=True)
    for name, text in trial.files.items():
        target = packs[1] if name.startswith(CLIENT) else packs[0]
        (target / name.removeprefix(CLIENT)).write_text(text, "utf-8", newline="\n")
    terms = engagement.load(_write(folder / "engagement.yaml", trial.engagement))
    _write(packs[0] / "pack.yaml", _pack(trial, terms, "vendor", ""))
    _write(packs[1] / "pack.yaml", _pack(trial, terms, "client", CLIENT))
    policy = {
        "name": "trial",
        "title": "Trial",
        "controls": {"add": [trial.control]},
        "params": {trial.control: dict(trial.params)},
    }
    chosen = profile.load(_write(folder / "profile.yaml", policy), (), stock.controls, stock.kinds)
    moment = engagement.as_of(trial.as_of, terms.zone, datetime(2026, 1, 1, tzinfo=UTC))
    loaded = [
        pack.load(p, stock.kinds, engagement_id=terms.id, party=party)
        for p, party in zip(packs, ("vendor", "client"), strict=True)
    ]
    request = Request(cwd=folder, now=moment.instant, engine=engine)
    return Case(request, stock, chosen, chosen.controls, terms, moment, tuple(loaded), sample=False)


def _pack(trial: Trial, terms: engagement.Engagement, party: str, prefix: str) -> dict[str, Any]:
    told = {name: at for name, at in trial.exported.items() if not name.startswith(CLIENT)}
    told |= {name.removeprefix(prefix): at for name, at in trial.exported.items() if prefix and prefix in name}
    own = {
        kind: {"file": f"{kind}.csv", "exported_at": at}
        for kind, at in told.items()
        if f"{prefix}{kind}.csv" in trial.files
    }
    head = {"vendor": terms.vendor, "engagement": terms.id, "party": party, "exported_at": trial.exported["all"]}
    return {**head, "evidence": own, **({"empty": dict(trial.empty)} if party == "vendor" else {})}


def _write(path: Path, told: Mapping[str, Any]) -> Path:
    """A document as JSON, which is YAML with everything in quotes."""
    path.write_text(json.dumps(dict(told), ensure_ascii=False, indent=1), "utf-8", newline="\n")
    return path


def place(finding: Finding) -> str:
    """A finding as datasets write it: file, row and message."""
    first = finding.sources[0]
    where = f"{first.host} {first.line}" if isinstance(first, HostPointer) else f"{first.file} {first.row}"
    return f"{where}: {finding.message}"


def undecided(result: Result) -> list[str]:
    """The undecided rows as datasets write them: file and row."""
    return [f"{m[1]} {m[2]}" for note in result.notes if (m := _UNDECIDED.match(note.message))]


def differences(trial: Trial, result: Result) -> tuple[str, ...]:
    """In what the outcome is another than the case says, in lines for a person; empty where it is the same.

    Rows that were found and not expected, or expected and not found, stand with their cells.
    """
    return tuple(_differences(trial, result))


def _differences(trial: Trial, result: Result) -> Iterator[str]:
    cause = result.cause.value if result.cause else ""
    if (result.verdict.value, cause) != (trial.verdict, trial.cause):
        said = f"{result.verdict.value} {cause}".strip() + (f": {result.reason}" if result.reason else "")
        yield f"verdict: expected {f'{trial.verdict} {trial.cause}'.strip()}, found {said}"
    if result.population != trial.population:
        expected, found = ("none" if n is None else n for n in (trial.population, result.population))
        yield f"population: expected {expected}, found {found}"
    if trial.reason not in result.reason:
        yield f'reason: expected "{trial.reason}" in it, found "{result.reason}"'
    yield from _rows("findings", trial, trial.findings, [place(f) for f in result.findings])
    yield from _rows("undecided", trial, trial.undecided, undecided(result))
    notes = [note.message for note in result.notes]
    for wanted in trial.notes:
        if not any(wanted in note for note in notes):
            yield f'notes: expected one with "{wanted}", found {"; ".join(notes) or "none"}'


def _rows(what: str, trial: Trial, expected: Sequence[str], found: Sequence[str]) -> Iterator[str]:
    if list(expected) == list(found):
        return
    lacking, more = [x for x in expected if x not in found], [x for x in found if x not in expected]
    yield f"{what}: expected {len(expected)}, found {len(found)}" if lacking or more else f"{what}: in another order"
    for sign, lines in (("-", lacking), ("+", more)):
        for line in lines:
            yield f"  {sign} {line}"
            if cells := _cells(trial, line):
                yield f"      {cells}"


def _cells(trial: Trial, line: str) -> str:
    """The row that a line of a dataset names, as `column: value`."""
    match = re.match(r"(\S+) (\d+)(?:: |$)", line)
    text = trial.files.get(match[1], "") if match else ""
    rows = list(csv.reader(text.splitlines()))
    number = int(match[2]) if match else 0
    if not 1 < number <= len(rows):
        return ""
    return ", ".join(f"{name}: {value}" for name, value in zip(rows[0], rows[number - 1], strict=False) if value)
