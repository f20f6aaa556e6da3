"""The payload of a bundle: documents, sources, evidence, hosts, results, and `run.json` for a replay."""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from ctrlkit import books, coverage, gather, hosts
from ctrlkit.assemble import Evidence
from ctrlkit.carried import Carried
from ctrlkit.case import Case
from ctrlkit.closed import Run
from ctrlkit.errors import AuthorError
from ctrlkit.hooks import Reporter
from ctrlkit.host_file import FACTS
from ctrlkit.hosts import Machine
from ctrlkit.model import plain
from ctrlkit.plan import Line

INVENTORY = "inventory.yaml"
PACKS = {"vendor": "pack.yaml", "client": "client-pack.yaml"}
BUNDLED_VIEWS = ("junit.xml", "findings.csv", "report.html")


def slug(text: str) -> str:
    """`text` as part of a file name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:60] or "unnamed"


def fill(  # noqa: PLR0913, PLR0917  (all that a bundle holds)
    data: Path,
    case: Case,
    closed: Run,
    gathered: Mapping[str, Sequence[Evidence]],
    lines: Sequence[Line],
    carried: Carried,
    *,
    verdicts: bool,
) -> None:
    """Write the payload of a run into the data folder of its bundle; a handover has no `verdicts` and no results."""
    _documents(data, case, carried)
    sources = data / "controls"
    sources.mkdir()
    for path in sorted({control.path for control in closed.controls.values()}):
        (sources / path.replace("/", ".")).write_bytes(case.stock.files[path].read_bytes())
    _evidence(data / "evidence", case, gathered)
    _hosts(data / "hosts", carried.machines, case.request.clear)
    said = record(case, closed, gathered, lines, carried)
    if verdicts:
        _results(data / "results", case, closed)
    else:
        said = {key: value for key, value in said.items() if key not in _OF_VERDICTS}
    text = json.dumps(said, ensure_ascii=False, indent=1)
    (data / "run.json").write_bytes(f"{text}\n".encode())


_OF_VERDICTS = ("exit", "counts", "coverage", "matches", "plots", "opened", "exported", "canaries")


def _results(results: Path, case: Case, closed: Run) -> None:
    results.mkdir()
    with (results / "results.ndjson").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(result.line() for result in closed.results)
    for reporter in case.stock.reporters:
        if reporter.file in BUNDLED_VIEWS or not type(reporter).__module__.startswith("ctrlkit.plugins."):
            _write_view(reporter, closed, results)


def _write_view(reporter: Reporter, closed: Run, results: Path) -> None:
    target = results / reporter.file
    if target.parent != results or target.exists():
        msg = f"reporter {reporter.name}: {reporter.file!r} is no file name of its own"
        raise AuthorError(f"{msg}; expected a plain one that no other view has; rename it")
    target.write_bytes(view(reporter, closed))


def view(reporter: Reporter, closed: Run) -> bytes:
    """A reporter's view of the run."""
    out = io.BytesIO()
    reporter.write(closed, out)
    return out.getvalue()


def _documents(data: Path, case: Case, carried: Carried) -> None:
    request = case.request
    if case.engagement.document is not None:
        (data / "engagement.yaml").write_bytes(case.engagement.document.raw)
    (data / "profile").mkdir()
    for document in case.profile.documents:
        (data / "profile" / f"{slug(Path(str(document.path)).stem)}.yaml").write_bytes(document.raw)
    for name, raw in carried.documents.items():
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_bytes(raw)
    for number, change in enumerate(request.rekey, 1):
        (data / "rekey").mkdir(exist_ok=True)
        (data / "rekey" / f"{number}.json").write_bytes((request.cwd / change).read_bytes())
    for name, path in (("waivers", request.waivers), ("attestations", request.attestations)):
        if path is not None:
            (data / f"{name}.yaml").write_bytes((request.cwd / path).read_bytes())


def _evidence(target: Path, case: Case, gathered: Mapping[str, Sequence[Evidence]]) -> None:
    target.mkdir()
    lines = []
    for name, copies in sorted(gathered.items()):
        kind = case.stock.kinds[name]
        carries = not kind.restricted or name in case.engagement.carry_restricted
        for evidence in copies:
            folder = target / "client" if evidence.party == "client" else target
            folder.mkdir(exist_ok=True)
            _copy(evidence.csv if carries else None, folder / f"{name}.csv")
            if carries and evidence.problems is not None:
                _copy_problems(evidence.problems, folder / f"{name}.problems.ndjson")
            _copy(evidence.clear if carries else None, folder / "clear" / f"{name}.csv")
            about = {"kind": name, "restricted": kind.restricted, "carried": carries}
            lines += [{**about, **plain(source)} for source in evidence.sources]
    with (target / "index.ndjson").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)


def _hosts(target: Path, machines: Mapping[str, Machine], clear: bool) -> None:
    for name, machine in sorted(machines.items()):
        target.mkdir(exist_ok=True)
        said = json.dumps(hosts.document(machine), ensure_ascii=True, indent=1)
        (target / f"{name}.json").write_bytes(f"{said}\n".encode())
        _copy(machine.path if clear else None, target / "clear" / f"{name}{FACTS}")


def _copy_problems(path: Path, target: Path) -> None:
    """The problems, with the shape of each cell instead of its words: a cell in a wrong column may name a person."""
    with path.open(encoding="utf-8") as lines, target.open("w", encoding="utf-8", newline="\n") as out:
        for line in lines:
            said = json.loads(line)
            if said["column"] is not None and said["value"] is not None:
                said["value"] = re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "a", said["value"]))
            out.write(json.dumps(said, ensure_ascii=False) + "\n")


def _copy(path: Path | None, target: Path) -> None:
    if path is not None:
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, target)


def record(
    case: Case, closed: Run, gathered: Mapping[str, Sequence[Evidence]], lines: Sequence[Line], carried: Carried
) -> dict[str, Any]:
    """`run.json`: everything a replay needs beside the evidence, and what code judged."""
    return {
        "ctrlkit": closed.version,
        "distributions": {name: metadata.version(name) for name in ("ctrlkit", "polars", "narwhals", "pytest")},
        "key": carried.key_id,
        "sources": {line.control.id: line.control.path for line in lines},
        "code": {line.control.path: line.control.sha256 for line in lines},
        "plugins": list(case.stock.plugins),
        "own": [list(pair) for pair in case.stock.own],
        "profile": closed.profile,
        "select": list(case.ids),
        "engagement": closed.engagement,
        "nonce": case.engagement.nonce,
        "self_check": closed.self_check,
        "vendor": closed.vendor,
        "client": closed.client,
        "country": closed.country,
        "time_zone": case.engagement.time_zone,
        "period": closed.period,
        "as_of": closed.as_of,
        "as_of_date": case.as_of.date.isoformat(),
        "keep_until": case.engagement.keep_until.isoformat() if case.engagement.keep_until else None,
        "sample": closed.sample,
        "fail_on": case.request.fail_on.value,
        "exit": closed.exit_code,
        "counts": dict(closed.counts),
        "params": {line.control.id: {n: books.plain_param(v) for n, v in line.params.items()} for line in lines},
        "profile_documents": [f"{slug(Path(str(d.path)).stem)}.yaml" for d in case.profile.documents],
        "declared_empty": dict(carried.declared_empty),
        "unused": list(closed.unused),
        "proposed": list(closed.proposed),
        "matches": plain(closed.matches),
        "plots": plain(closed.plots),
        "opened": None if closed.opened is None else [[*key, day] for key, day in sorted(closed.opened.items())],
        "exported": dict(sorted(closed.exported.items())),
        "coverage": list(coverage.statement(closed)),
        "identifiers": list(closed.identifiers),
        "canaries": len(case.canaries),
        "evidence": [gather.described(e) for _, copies in sorted(gathered.items()) for e in copies],
    }
