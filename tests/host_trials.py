"""The datasets under tests/host_controls, and what ctrlkit says of each: from the frame a host printed to the books."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ctrlkit import books, engagement, hosts, inventory, job, plan, profile, stock
from ctrlkit.case import Case, Request
from ctrlkit.evaluate import Child
from ctrlkit.model import Result
from ctrlkit.plan import Line
from ctrlkit.stock import Stock
from ctrlkit.transcript import sealed

FOLDER = Path(__file__).parent / "host_controls"
NONCE = "asked-2026-11"
STARTED = "2026-11-01T02:00:00Z"
AS_OF = "2026-11-02T09:00:00+08:00"
UNANSWERED = {"timeout": "timeout", "refused": "refused", "clipped": "cut", "127": "unsupported"}
"""How a probe ends without an answer, and the cause that it gives."""
KEYS = {
    "name", "what", "shows", "edge", "role", "params", "features", "probes", "ends", "listed", "lost", "cut", "nonce",
    "ports", "shell", "started", "verdict", "cause", "reason", "population", "findings", "undecided", "notes",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """One host and one control: what its probes print, how they end, and what must come out.

    `ends` maps a probe to its exit status, or to the word for how it was ended. `edge` names the parameter whose limit
    the case stands beside. `shell` powershell: a PC with Windows, of which the case says all. `lost` hosts handed
    nothing in, `cut` ones a file without its last line. `file` is the stem of the dataset: the control, and what it is
    asked for a role, `LOG-05.shell`.
    """

    file: str
    name: str
    shows: tuple[str, ...]
    role: str
    probes: Mapping[str, str]
    edge: str = ""
    ends: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    features: tuple[str, ...] = ()
    listed: bool = True
    ports: tuple[int, ...] = ()
    shell: str = "sh"
    lost: bool = False
    cut: bool = False
    nonce: str = NONCE
    started: str = STARTED
    verdict: str = "passed"
    cause: str = ""
    reason: str = ""
    population: int | None = None
    findings: tuple[str, ...] = ()
    undecided: int = 0
    notes: tuple[str, ...] = ()

    @property
    def control(self) -> str:
        """The id of the control."""
        return self.file.partition(".")[0]

    @property
    def id(self) -> str:
        """What pytest shows."""
        return f"{self.file}-{self.name.replace(' ', '-')}"


def told_trials() -> Iterator[Trial]:
    """Every case that the files tell, in order of their controls, and what may befall any host."""
    for path in sorted(FOLDER.glob("*-*.yaml")):
        told = _yaml(path)
        for case in (*told["cases"], *_yaml(FOLDER / "any_host.yaml")["cases"]):
            unknown = sorted({*case} - KEYS)
            assert not unknown, f"{path.name}: {case.get('name')}: unknown keys {unknown}"
            yield _trial(path.stem, {**told, **case})


def _trial(stem: str, case: Mapping[str, Any]) -> Trial:
    population = case.get("population", "none")
    return Trial(
        file=stem,
        name=case["name"],
        shows=tuple(case["shows"].split(", ")),
        edge=case.get("edge", ""),
        role=case["role"],
        probes={**(good() if case.get("shell", "sh") == "sh" else {}), **case.get("probes", {})},
        ends=case.get("ends", {}),
        params=case.get("params", {}),
        features=tuple(case.get("features", ())),
        listed=case.get("listed") != "no",
        shell=case.get("shell", "sh"),
        ports=tuple(int(port) for port in case.get("ports", ())),
        lost=case.get("lost") == "yes",
        cut=case.get("cut") == "yes",
        nonce=case.get("nonce", NONCE),
        started=case.get("started", STARTED),
        verdict=case["verdict"],
        cause=case.get("cause", ""),
        reason=case.get("reason", ""),
        population=None if population == "none" else int(population),
        findings=tuple(case.get("findings", ())),
        undecided=int(case.get("undecided", 0)),
        notes=tuple(case.get("notes", ())),
    )


def trials_without() -> Iterator[Trial]:
    """Every control on a good host of which one probe did not answer: the verdict that is never green.

    A file names under `spared` the probes that it needs only where the others leave a doubt.
    """
    for path in sorted(FOLDER.glob("*-*.yaml")):
        told = _yaml(path)
        for fact in facts_of(path.stem.partition(".")[0], told["role"]):
            spared = fact in told.get("spared", ())
            for end, cause in (
                ("timeout", "timeout"),
                ("refused", "refused"),
                ("clipped", "cut"),
                ("127", "unsupported"),
            ):
                plain = Trial(path.stem, f"{fact} {end}", (cause,), told["role"], good(), ends={fact: end})
                yield plain if spared else replace(plain, verdict="inconclusive", cause=cause)


def facts_of(control: str, role: str) -> tuple[str, ...]:
    """The facts that a control looks at on a host of that role."""
    return next(check.facts for check in shelf().controls[control].checks if role in (check.roles or ()))


@cache
def good() -> dict[str, str]:
    """What each probe prints on a host that keeps everything."""
    said: dict[str, str] = _yaml(FOLDER / "good.yaml")
    return said


@cache
def shelf() -> Stock:
    """What ctrlkit ships."""
    return stock.take(FOLDER)


def host_controls() -> tuple[str, ...]:
    """The ids of the controls with a host side."""
    found = shelf().controls.items()
    return tuple(sorted(id_ for id_, c in found if any(check.roles is not None for check in c.checks)))


def _yaml(path: Path) -> Any:
    """All scalars as text: what looks like a date or a no stays what was written."""
    return yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  the loader that makes only text


def frame(trial: Trial) -> bytes:
    """The file that the script would have printed on the trial's host."""
    names = [name for name in trial.probes if trial.ends.get(name) != "absent"]
    meta = {
        "shell": trial.shell, "nonce": trial.nonce, "host": "trial", "started": trial.started, "uid": "0",
        "rights": "root", "probes": str(len(names)),
    }  # fmt: skip
    body = "".join(f": {key} {value}\n" for key, value in meta.items())
    for name in names:
        end = trial.ends.get(name, "0")
        said = "" if end in {"127", "refused"} else trial.probes[name]
        body += f"= {name}\n" + "".join(f"|{line}\n" for line in said.splitlines()) + f"? {end}\n"
    whole = sealed("0123456789abcdef", body)
    return b"".join(whole.splitlines(keepends=True)[:-1]) if trial.cut else whole


def results(trials: Sequence[Trial], folder: Path) -> dict[str, Result]:
    """Trial id -> its result for the host; all of them in one child for each set of features."""
    found: dict[str, Result] = {}
    for features in sorted({trial.features for trial in trials}):
        of_them = [trial for trial in trials if trial.features == features]
        work = folder / "-".join(("asked", *features))
        found |= _results(of_them, work, features)
    return found


def _results(trials: Sequence[Trial], work: Path, features: Sequence[str]) -> dict[str, Result]:
    (work / "hosts").mkdir(parents=True)
    names = {f"h{number:04}": trial for number, trial in enumerate(trials)}
    for name, trial in names.items():
        if not trial.lost:
            (work / "hosts" / f"{name}.facts").write_bytes(frame(trial))
    listed = [
        {"name": name, "roles": trial.role.split(), "ports": list(trial.ports)}
        for name, trial in names.items()
        if trial.listed
    ]
    book = inventory.load(_write(work / "inventory.yaml", {"hosts": listed}))
    machines = hosts.from_folder(work, book, shelf().probes, NONCE, lambda _, value: value)
    terms = engagement.load(_write(work / "engagement.yaml", _terms(features)))
    moment = engagement.as_of(AS_OF, terms.zone, datetime(2026, 1, 1, tzinfo=UTC))
    policies: dict[str, profile.Profile] = {}
    lines: list[Line] = []
    for name, trial in names.items():
        policy = policies.setdefault(repr((trial.control, trial.params)), _policy(trial, work))
        drawn = plan.draw([trial.control], shelf().controls, {}, {}, policy, terms, moment, {name: machines[name]})
        lines += [line for line in drawn if line.subject == f"host:{name}"]
    assert len(lines) == len(trials)
    request = Request(cwd=work, now=moment.instant)
    case = Case(request, shelf(), next(iter(policies.values())), (), terms, moment, (), sample=False)
    outcomes = job.decide(case, lines, {}, Child(), work)
    closed = books.close(lines, outcomes, {}, terms, moment, (), (), ())
    return {names[result.subject.removeprefix("host:")].id: result for result in closed}


def _policy(trial: Trial, work: Path) -> profile.Profile:
    told: dict[str, Any] = {"name": "trial", "title": "Trial", "controls": {"add": [trial.control]}}
    path = _write(work / "profile.yaml", {**told, "params": {trial.control: dict(trial.params)}})
    return profile.load(path, (), shelf().controls, shelf().kinds)


def _terms(features: Sequence[str]) -> dict[str, Any]:
    return {
        "id": "trial-2026-10",
        "issued_by": "client",
        "client": "northwind",
        "vendor": "Harbor Contact Services, Inc.",
        "country": "PH",
        "time_zone": "Asia/Manila",
        "period": {"start": "2026-10-01", "end": "2026-10-31"},
        "features": list(features),
        "nonce": NONCE,
    }


def _write(path: Path, told: Mapping[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(dict(told), allow_unicode=True), "utf-8", newline="\n")
    return path
