"""A run, from a case to a sealed bundle, written as the list of its steps."""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from ctrlkit import books, bundle, gather, hosts, plan
from ctrlkit import kind as kinds_of
from ctrlkit.assemble import Evidence
from ctrlkit.case import Case
from ctrlkit.errors import AuthorError
from ctrlkit.evaluate import Child, evaluate
from ctrlkit.gather import Listen
from ctrlkit.hooks import Reporter
from ctrlkit.hosts import Machine
from ctrlkit.model import Cause, Fault, Result, Run, Verdict, plain
from ctrlkit.outcome import Outcome
from ctrlkit.plan import Handed, Line
from ctrlkit.privacy import EngagementKey
from ctrlkit.term import Info

INVENTORY = "inventory.yaml"
PACKS = {"vendor": "pack.yaml", "client": "client-pack.yaml"}
BUNDLED_VIEWS = ("junit.xml", "findings.csv", "report.html")
MEMORY_BYTES = 16 * 1024**3
"""House number: the memory that evaluation may take."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What comes with evidence beside its rows: kinds declared empty, names of files nobody read, hidden parameters.

    `hidden` holds, by control and parameter, the pseudonyms that stand for the entries of `clear`. `documents` are the
    packs' own, by their name in a bundle. `claimed` is the verdict that the bundle gives, by control and subject.
    """

    declared_empty: Mapping[str, str]
    vendor: str
    unused: tuple[str, ...] = ()
    proposed: tuple[str, ...] = ()
    hidden: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    clear: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    claimed: Mapping[tuple[str, str], str] = field(default_factory=dict)
    documents: Mapping[str, bytes] = field(default_factory=dict)
    machines: Mapping[str, Machine] = field(default_factory=dict)


def run(case: Case, child: Child, listen: Listen = lambda _: None) -> Run:
    """Evaluate the case and seal its bundle under the folder asked for; the Run says where."""
    key = case.key()
    if key.created:
        listen(f"a new engagement key was made: {key.origin}; keep it, the pseudonyms of this engagement hang on it")
    carried = Carried(
        declared_empty={kind: why for p in case.packs for kind, why in p.empty.items()},
        vendor=case.packs[0].vendor,
        unused=tuple(name for p in case.packs for name in p.unused),
        proposed=tuple(name for p in case.packs for name in p.proposed),
        documents=_own_documents(case),
        machines=_machines(case, key),
    )
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as folder:
        work = Path(folder)
        gathered = gather.from_packs(case, key, work, listen)
        return judged(case, gathered, carried, child, work, key)


def _own_documents(case: Case) -> dict[str, bytes]:
    """The packs' own documents and the inventory, by their name in a bundle."""
    documents = {PACKS[p.party]: p.document.raw for p in case.packs if p.document is not None}
    if case.inventory is not None:
        documents[INVENTORY] = case.inventory.raw
    return documents


def _machines(case: Case, key: EngagementKey) -> Mapping[str, Machine]:
    """The hosts of the case, where a selected control is about hosts."""
    if not any(check.roles is not None for id_ in case.ids for check in case.stock.controls[id_].checks):
        return {}
    folder, nonce = case.packs[0].folder, case.engagement.nonce
    limited = case.inventory
    machines = hosts.from_folder(folder, limited, case.stock.probes, nonce, key.pseudonym)
    wanted = set(case.request.limit)
    return {name: m for name, m in machines.items() if not wanted or name in wanted or wanted & set(m.roles)}


def judged(
    case: Case,
    gathered: Mapping[str, Sequence[Evidence]],
    carried: Carried,
    child: Child,
    work: Path,
    key: EngagementKey | None,
) -> Run:
    """The closed and sealed run over evidence that has been gathered."""
    results, lines = results_of(case, gathered, carried, child, work, key)
    closed = summed(case, results, carried)
    return replace(closed, bundle=str(seal(case, closed, gathered, lines, carried)))


def results_of(
    case: Case,
    gathered: Mapping[str, Sequence[Evidence]],
    carried: Carried,
    child: Child,
    work: Path,
    key: EngagementKey | None,
) -> tuple[tuple[Result, ...], tuple[Line, ...]]:
    """The closed books, and the plan they close: nothing but the case, the evidence and the key decides them."""
    handed = gather.hand(case, gathered, work)
    drawn = plan.draw(
        case.ids, case.stock.controls, handed, carried.declared_empty, case.profile, case.engagement, case.as_of, carried.machines
    )
    lines = tuple(_hidden(line, key, carried) for line in drawn)
    outcomes = decide(case, lines, handed, child, work)
    attestable = case.profile.attestable
    results = books.close(
        lines, outcomes, handed, case.engagement, case.as_of, case.waivers, case.attestations, attestable
    )
    return tuple(_with_claim(result, carried) for result in results), lines


def _with_claim(result: Result, carried: Carried) -> Result:
    """A result whose evidence stayed with the vendor says what the vendor's own run made of it."""
    claim = carried.claimed.get((result.control, result.subject))
    if result.cause is not Cause.WITHHELD or claim is None:
        return result
    return replace(result, reason=f"{result.reason}; the vendor's claim: {claim}")


def _hidden(line: Line, key: EngagementKey | None, carried: Carried) -> Line:
    """The line with parameters that list identifiers hidden as the identifiers are; undecided where nobody can."""
    params = dict(line.params)
    for name, param in line.control.params.items():
        value = params[name]
        where = (line.control.id, name)
        if param.pseudonym is None or not value:
            continue
        if key is not None:
            hidden = key.pseudonyms(param.pseudonym, {str(v).strip().casefold() for v in value})
            params[name] = tuple(sorted(hidden.values()))
        elif carried.clear.get(where) == value:
            params[name] = carried.hidden[where]
        else:
            params[name] = ()
            fault = Fault(Cause.WITHHELD, f"{name} names people, and their pseudonyms need the engagement key")
            line = replace(line, check=None, verdict=Verdict.INCONCLUSIVE, faults=(fault,))
    return replace(line, params=params)


def decide(case: Case, lines: Sequence[Line], handed: Mapping[str, Handed], child: Child, work: Path) -> dict[int, Outcome]:
    """The outcome of every line that a check decides, by its place in `lines`."""
    items = [_item(case, index, line) for index, line in enumerate(lines) if line.check is not None and line.verdict is None]
    if not items:
        child.end()
        return {}
    kinds = {name for item in items for name, columns in item["tables"].items() if columns is not None}
    begins, ends = plan.period_bounds(case.engagement)
    terms = case.engagement
    job = {
        "engine": case.request.engine,
        "evidence": str(work / "frames"),
        "memory_bytes": MEMORY_BYTES,
        "as_of": case.as_of.instant.isoformat(),
        "as_of_date": case.as_of.date.isoformat(),
        "period": {
            "start": terms.period.start.isoformat(),
            "end": terms.period.end.isoformat(),
            "begins": begins.isoformat(),
            "ends": ends.isoformat(),
        },
        "engagement": {
            "country": terms.country,
            "domains": [d.lower() for d in terms.domains],
            "systems": {name.lower(): owner for name, owner in terms.systems.items()},
            "features": list(terms.features or ()),
            "scope_clients": [c.lower() for c in terms.scope_clients],
        },
        "tables": {name: _table(handed[name]) for name in sorted(kinds)},
        "facts": _facts(lines),
        "kinds": [kinds_of.document(case.stock.kinds[name]) for name in sorted(kinds)],
    }
    return evaluate(job, items, child)


def _facts(lines: Sequence[Line]) -> dict[str, dict[str, Any]]:
    """Subject -> fact -> its document, for what the host checks look at."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        if line.machine is not None:
            facts = line.machine.facts
            found.setdefault(line.subject, {}).update({name: facts[name].document() for name in line.facts})
    return found


def _item(case: Case, index: int, line: Line) -> dict[str, Any]:
    if line.check is None:
        raise AssertionError
    return {
        "index": index,
        "path": str(case.stock.files[line.control.path]),
        "shown": line.control.path,
        "sha256": line.control.sha256,
        "function": line.check.function.__name__,
        "control": line.control.id,
        "subject": line.subject,
        "finding_note": line.control.finding_note,
        "params": {name: _param(value) for name, value in line.params.items()},
        "tables": {kind: None if columns is None else list(columns) for kind, columns in line.tables.items()},
        "facts": list(line.facts),
    }


def _param(value: Any) -> Any:
    from decimal import Decimal

    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _table(there: Handed) -> dict[str, Any]:
    if there.canvas is None:
        raise AssertionError
    exported = there.evidence.exported_at
    return {
        "parquet": str(there.canvas.parquet),
        "party": there.evidence.party,
        "exported_at": exported.isoformat() if exported else None,
        "bad_rows": there.evidence.bad_rows,
        "columns": {name: _info(info) for name, info in there.canvas.columns.items()},
    }


def _info(info: Info) -> list[Any]:
    return [info.type, info.none, info.pseudonym]


def summed(case: Case, results: Sequence[Result], carried: Carried) -> Run:
    """The run as its reporters see it; the exit code is computed here and nowhere else."""
    terms = case.engagement
    code = books.exit_code(results, case.request.fail_on, sample=case.sample)
    return Run(
        version=metadata.version("ctrlkit"),
        profile=case.profile.name,
        profile_title=case.profile.title,
        engagement=terms.id,
        vendor=terms.vendor or carried.vendor,
        client=terms.client,
        country=terms.country,
        period=f"{terms.period.start}/{terms.period.end}",
        as_of=case.as_of.instant.strftime("%Y-%m-%dT%H:%M:%SZ"),
        sample=case.sample,
        self_check=terms.self_check,
        exit_code=code,
        counts=books.counts(results),
        results=tuple(results),
        controls={id_: case.stock.controls[id_] for id_ in case.ids},
        unused=carried.unused,
        proposed=carried.proposed,
    )


def seal(
    case: Case, closed: Run, gathered: Mapping[str, Sequence[Evidence]], lines: Sequence[Line], carried: Carried
) -> Path:
    """The bundle's folder, relative to where the run was asked for if it lies below."""
    stem = f"{_slug(closed.profile)}-{_slug(closed.vendor)}-{case.as_of.date}"
    info = {
        "Bagging-Date": case.as_of.date.isoformat(),
        "Bag-Software-Agent": f"ctrlkit {closed.version}",
        "External-Identifier": closed.engagement,
        "External-Description": f"{closed.profile} on {_slug(closed.vendor)}" + (", SAMPLE" if closed.sample else ""),
    }
    out = case.request.out if case.request.out.is_absolute() else case.request.cwd / case.request.out
    folder = bundle.seal(out, stem, lambda data: _fill(data, case, closed, gathered, lines, carried), info)
    return folder.relative_to(case.request.cwd) if folder.is_relative_to(case.request.cwd) else folder


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:60] or "unnamed"


def _fill(
    data: Path,
    case: Case,
    closed: Run,
    gathered: Mapping[str, Sequence[Evidence]],
    lines: Sequence[Line],
    carried: Carried,
) -> None:
    _documents(data, case, carried)
    sources = data / "controls"
    sources.mkdir()
    for path in sorted({control.path for control in closed.controls.values()}):
        (sources / path.replace("/", ".")).write_bytes(case.stock.files[path].read_bytes())
    _evidence(data / "evidence", case, gathered)
    _hosts(data / "hosts", carried.machines)
    results = data / "results"
    results.mkdir()
    with (results / "results.ndjson").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(result.line() for result in closed.results)
    for reporter in case.stock.reporters:
        if reporter.file in BUNDLED_VIEWS or not type(reporter).__module__.startswith("ctrlkit.plugins."):
            _write_view(reporter, closed, results)
    said = json.dumps(record(case, closed, gathered, lines, carried), ensure_ascii=False, indent=1)
    (data / "run.json").write_bytes(f"{said}\n".encode())


def _write_view(reporter: Reporter, closed: Run, results: Path) -> None:
    target = results / reporter.file
    if target.parent != results or target.exists():
        msg = f"reporter {reporter.name}: {reporter.file!r} is no file name of its own, expected a plain one that no view has; rename it"
        raise AuthorError(msg)
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
        (data / "profile" / f"{_slug(Path(str(document.path)).stem)}.yaml").write_bytes(document.raw)
    for name, raw in carried.documents.items():
        (data / name).write_bytes(raw)
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
            for source in evidence.sources:
                lines.append({"kind": name, "restricted": kind.restricted, "carried": carries, **plain(source)})
    with (target / "index.ndjson").open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)


def _hosts(target: Path, machines: Mapping[str, Machine]) -> None:
    for name, machine in sorted(machines.items()):
        target.mkdir(exist_ok=True)
        said = json.dumps(hosts.document(machine), ensure_ascii=True, indent=1)
        (target / f"{name}.json").write_bytes(f"{said}\n".encode())


def _copy_problems(path: Path, target: Path) -> None:
    """The problems with the shape of each cell instead of its words: what stands in a wrong column may name a person."""
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
        "code": {line.control.path: line.control.sha256 for line in lines},
        "plugins": list(case.stock.plugins),
        "own": [list(pair) for pair in case.stock.own],
        "profile": closed.profile,
        "select": list(case.ids),
        "engagement": closed.engagement,
        "self_check": closed.self_check,
        "vendor": closed.vendor,
        "client": closed.client,
        "country": closed.country,
        "time_zone": case.engagement.time_zone,
        "period": closed.period,
        "as_of": closed.as_of,
        "as_of_date": case.as_of.date.isoformat(),
        "sample": closed.sample,
        "fail_on": case.request.fail_on.value,
        "exit": closed.exit_code,
        "counts": dict(closed.counts),
        "params": {line.control.id: {n: books.plain_param(v) for n, v in line.params.items()} for line in lines},
        "profile_documents": [f"{_slug(Path(str(d.path)).stem)}.yaml" for d in case.profile.documents],
        "declared_empty": dict(carried.declared_empty),
        "unused": list(closed.unused),
        "proposed": list(closed.proposed),
        "evidence": [gather.described(e) for _, copies in sorted(gathered.items()) for e in copies],
    }

