"""The datasets under tests/controls, and how one of their cases is evaluated, on each engine, in this process."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from inspect import signature
from pathlib import Path
from typing import Any

import yaml

from ctrlkit import engagement, gather, pack, profile, stock
from ctrlkit.carried import Carried
from ctrlkit.case import Case, Request
from ctrlkit.check import recording
from ctrlkit.model import Result, plain
from ctrlkit.outcome import judge
from ctrlkit.privacy import EngagementKey
from ctrlkit.run import results_of
from ctrlkit.stock import Stock
from ctrlkit.worker import _Evidence, _planned

FOLDER = Path(__file__).parent / "controls"
TRIED = os.environ.get("CTRLKIT_TRIALS", "")
"""`all`: every case on both engines. `few`, for a second Python: the first case of each sort of a control, on the first
engine. Else every case on the first engine, and the first of each sort on the second too, which takes five times as
long on so few rows. A sort is one of the words below."""
ENGINES = ("polars",) if TRIED == "few" else ("polars", "duckdb")
OTHERS = {"all": ENGINES, "few": ()}.get(TRIED, ENGINES[:1])
"""Where a case is evaluated that is not the first of its sort."""
SORTS = {"passes", "fails", "undecided", "smaller claim"}
CLIENT = "client/"


@dataclass(frozen=True, slots=True)
class Trial:
    """One case: a pack, how it is asked for, and what must come out.

    `shows` says what the case is an example of. `edge` names the parameter whose limit it stands beside. `files` are
    the texts of the pack by name, the client's under `client/`. `exported` is when all was exported, or single kinds,
    the client's own under `client/` too.
    """

    control: str
    name: str
    what: str
    shows: tuple[str, ...]
    edge: str
    files: Mapping[str, str]
    exported: Mapping[str, str]
    as_of: str
    engagement: Mapping[str, Any]
    params: Mapping[str, Any]
    empty: Mapping[str, str]
    removed: tuple[str, ...]
    verdict: str
    cause: str
    population: int | None
    findings: tuple[str, ...]
    undecided: tuple[str, ...]
    notes: tuple[str, ...]
    reason: str
    engines: tuple[str, ...] = ENGINES

    @property
    def id(self) -> str:
        """What pytest shows."""
        return f"{self.control}-{self.name.replace(' ', '-')}"


def trials() -> Iterator[Trial]:
    """Every case of every control, in order of their ids and files."""
    for path in sorted(FOLDER.glob("*/cases.yaml")):
        told = _yaml(path)
        seen: set[str] = set()
        for case in told["cases"]:
            trial = _trial(path.parent.name, told, case)
            new = SORTS & {*trial.shows} - seen
            seen |= new
            yield trial if new else replace(trial, engines=OTHERS)


KEYS = {
    "name", "what", "shows", "edge", "files", "lines", "drop", "cut", "rename", "header_only", "without", "exported",
    "as_of", "engagement", "params", "empty", "verdict", "cause", "population", "findings", "undecided", "notes",
    "reason",
}  # fmt: skip


def _trial(control: str, told: Mapping[str, Any], case: Mapping[str, Any]) -> Trial:
    unknown = sorted({*case} - KEYS | {*told} - {"about", "files", "engagement", "cases"})
    assert not unknown, f"{control}: {case.get('name')}: unknown keys {unknown}"
    common = _yaml(FOLDER / "engagement.yaml")
    exported = case.get("exported", {})
    population = case.get("population")
    return Trial(
        control=control,
        name=case["name"],
        what=case["what"],
        shows=tuple(case["shows"].split(", ")),
        edge=case.get("edge", ""),
        files=_files({**told["files"], **case.get("files", {})}, case),
        exported={"all": common["exported_at"], **({"all": exported} if isinstance(exported, str) else exported)},
        as_of=case.get("as_of", common["as_of"]),
        engagement={**common["engagement"], **told.get("engagement", {}), **case.get("engagement", {})},
        params=case.get("params", {}),
        empty=case.get("empty", {}),
        removed=tuple(case.get("without", ())),
        verdict=case["verdict"],
        cause=case.get("cause", ""),
        population=None if population in (None, "none") else int(population),
        findings=tuple(case.get("findings", ())),
        undecided=tuple(case.get("undecided", ())),
        notes=tuple(case.get("notes", ())),
        reason=case.get("reason", ""),
    )


def _yaml(path: Path) -> Any:
    """All scalars as text: what looks like a date or a no stays what was written."""
    return yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  the loader that makes only text


def _files(files: Mapping[str, str], case: Mapping[str, Any]) -> dict[str, str]:
    """The pack of a case: the common one with lines replaced, added, dropped, columns cut, renamed, files removed."""
    changed = dict(files)
    for name, lines in case.get("lines", {}).items():
        text = changed[name].splitlines()
        for number, line in sorted((int(n), line) for n, line in lines.items()):
            assert number <= len(text) + 1, f"{case['name']}: {name} has no line {number - 1}"
            text[number - 1 : number] = [line]
        changed[name] = "\n".join(text) + "\n"
    for name, numbers in case.get("drop", {}).items():
        gone = {int(n) for n in numbers}
        changed[name] = "".join(f"{x}\n" for n, x in enumerate(changed[name].splitlines(), 1) if n not in gone)
    for name, columns in case.get("cut", {}).items():
        changed[name] = _without_columns(changed[name], columns)
    for name, names in case.get("rename", {}).items():
        head, *rest = changed[name].splitlines()
        head = ",".join(names.get(column, column) for column in head.split(","))
        changed[name] = "\n".join([head, *rest]) + "\n"
    for name in case.get("header_only", ()):
        changed[name] = changed[name].splitlines()[0] + "\n"
    for name in case.get("without", ()):
        del changed[name]
    return changed


def _without_columns(text: str, columns: Sequence[str]) -> str:
    rows = [line.split(",") for line in text.splitlines()]
    gone = {rows[0].index(column) for column in columns}
    return "".join(",".join(cell for n, cell in enumerate(row) if n not in gone) + "\n" for row in rows)


@cache
def shelf() -> Stock:
    """What ctrlkit ships."""
    return stock.take(FOLDER)


def outcomes(trial: Trial, folder: Path, engines: Sequence[str] = ()) -> dict[str, Result]:
    """Engine -> what ctrlkit says of the trial's control; on the engines of the trial, or on these."""
    first, *others = (_case(trial, folder, engine) for engine in engines or trial.engines)
    key = EngagementKey(b"t" * 32, "the trials'")
    gathered = gather.from_packs(first, key, folder / "work")
    carried = Carried(declared_empty={kind: why for p in first.packs for kind, why in p.empty.items()}, vendor="trial")
    found = {}
    for case in (first, *others):
        work = folder / case.request.engine
        work.mkdir()
        (result,), *_ = results_of(case, gathered, carried, Here(), work, key)  # type: ignore[arg-type]
        found[case.request.engine] = result
    return found


def _case(trial: Trial, folder: Path, engine: str) -> Case:
    packs = [folder / "pack", folder / "client"]
    for target in packs:
        target.mkdir(exist_ok=True)
    for name, text in trial.files.items():
        target = packs[1] if name.startswith(CLIENT) else packs[0]
        (target / name.removeprefix(CLIENT)).write_text(text, "utf-8", newline="\n")
    asked = _write(folder / "engagement.yaml", trial.engagement)
    terms = engagement.load(asked)
    _write(packs[0] / "pack.yaml", _pack(trial, terms, "vendor", ""))
    _write(packs[1] / "pack.yaml", _pack(trial, terms, "client", CLIENT))
    policy = {
        "name": "trial",
        "title": "Trial",
        "controls": {"add": [trial.control]},
        "params": {trial.control: dict(trial.params)},
    }
    shelves = shelf()
    chosen = profile.load(_write(folder / "profile.yaml", policy), (), shelves.controls, shelves.kinds)
    moment = engagement.as_of(trial.as_of, terms.zone, datetime(2026, 1, 1, tzinfo=UTC))
    loaded = [
        pack.load(p, shelves.kinds, engagement_id=terms.id, party=party)
        for p, party in zip(packs, ("vendor", "client"), strict=True)
    ]
    request = Request(cwd=folder, now=moment.instant, engine=engine)
    return Case(request, shelves, chosen, chosen.controls, terms, moment, tuple(loaded), sample=False)


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
    path.write_text(yaml.safe_dump(dict(told), allow_unicode=True), "utf-8", newline="\n")
    return path


@dataclass(slots=True)
class Here:
    """What stands for the spawned child: the same checks over the same frames, called in this process."""

    said: list[dict[str, Any]] = field(default_factory=list)

    def start(self, path: Path) -> None:
        """Evaluate the items of a job."""
        job = json.loads(path.read_text("utf-8"))
        evidence = _Evidence(job)
        for entry in job["items"]:
            item = _planned(job, entry, evidence)
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
