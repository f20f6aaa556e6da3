"""Judging a bundle again: under its own documents, to compare, or under the caller's."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ctrlkit import engagement, gather, hosts, originals, plan, privacy, profile, run, seals, stock, waiver
from ctrlkit.assemble import Evidence
from ctrlkit.bundle import Problem, opened, verify
from ctrlkit.carried import Carried
from ctrlkit.case import Case, Request, bare, choose_profile, load_canaries
from ctrlkit.closed import Run
from ctrlkit.engagement import AsOf, Engagement, Period
from ctrlkit.errors import BundleError, InputError
from ctrlkit.evaluate import Child
from ctrlkit.gather import Listen
from ctrlkit.model import Result, Severity
from ctrlkit.payload import INVENTORY, PACKS
from ctrlkit.profile import Profile, effective
from ctrlkit.stock import Stock
from ctrlkit.waiver import Attestation


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a replay departs from what the bundle says, and why, in words."""

    where: str
    message: str


def is_bundle(path: Path) -> bool:
    """Whether `path` looks like a bundle rather than a pack: a bag, a zip, or the `latest` file of a folder of runs."""
    return (path / "bagit.txt").is_file() or path.name == "latest" or (path.is_file() and path.suffix == ".zip")


def rejudge(request: Request, path: Path, child: Child, say: Listen = lambda _: None) -> tuple[Run, Stock]:
    """Verify the bundle at `path`, judge its evidence under the caller's documents, seal a new bundle.

    Where the caller names no profile or engagement, the bundle's own are taken. Originals that the caller brings are
    judged in the place of what was withheld. Raises BundleError before anything is written where the bundle is not
    whole.
    """
    with opened(path) as folder, tempfile.TemporaryDirectory(prefix="ctrlkit-") as work:
        said = _whole(folder, path)
        shelf = _able(stock.take(request.cwd), said, path)
        policy = choose_profile(request, shelf) if request.profile else _profile(folder, said, shelf)
        terms, moment = _terms(request, folder, said)
        if request.engagement is not None and bare(terms.vendor) != bare(said["vendor"]):
            msg = f"{path}: is of {said['vendor']!r}, the engagement asks {terms.vendor!r}; judge that vendor's bundle"
            raise InputError(msg)
        _answers(said, terms, path)
        known = set(shelf.controls)
        case = Case(
            request, shelf, policy, plan.select(policy, request.select, shelf.controls), terms, moment, (),
            said["sample"],
            waiver.load_waivers(request.waivers, known) if request.waivers else (),
            waiver.load_attestations(request.attestations, known, policy.attestable) if request.attestations else (),
        )  # fmt: skip
        engagement.check_controls(terms, shelf.controls)
        carried = carried_from(folder, said, shelf)
        key = case.key() if request.engagement_key else None
        held = _held(folder, said, own_case(folder, said, shelf, _bare(request)), Path(work), say)
        gathered = gather.looked_through(held, load_canaries(request, shelf), shelf, key)
        return run.judged(case, gathered, carried, child, Path(work), key), shelf


def _bare(request: Request) -> Request:
    """The request without any document of the caller's: who reads a bundle's originals, reads them as they were."""
    return Request(request.cwd, request.now, engagement_key=request.engagement_key, originals=request.originals)


def _held(
    folder: Path, said: Mapping[str, Any], own: Case, work: Path, say: Listen
) -> Mapping[str, tuple[Evidence, ...]]:
    """The evidence of a bundle, and what was withheld of it where the caller brings the originals and the key."""
    gathered, brought = gather.from_bundle(folder, said), own.request.originals
    if not brought:
        return gathered
    key = privacy.key_of(said.get("key", ""), own.request.engagement_key)
    own = replace(own, packs=originals.packs(brought, own, said["vendor"]))
    return originals.put_back(gathered, own, key, work / "originals", say)


@contextmanager
def whole_bundle(path: Path) -> Iterator[Path]:
    """The folder of a verified bundle, while its files are open; raises BundleError where it is not whole."""
    with opened(path) as folder:
        _whole(folder, path)
        yield folder


@contextmanager
def opened_case(cwd: Path, path: Path, now: datetime) -> Iterator[tuple[Path, dict[str, Any], Case]]:
    """The folder of a whole bundle, its `run.json` and the case it was made of, while its files are open."""
    with opened(path) as folder:
        said = _whole(folder, path)
        shelf = _able(stock.take(cwd), said, path)
        yield folder, said, own_case(folder, said, shelf, Request(cwd, now))


@contextmanager
def evidence_of(cwd: Path, path: Path) -> Iterator[tuple[Stock, dict[str, tuple[Evidence, ...]]]]:
    """The evidence of a whole bundle, while its files are open; raises BundleError where it is not whole."""
    with opened(path) as folder:
        said = _whole(folder, path)
        yield _able(stock.take(cwd), said, path), gather.from_bundle(folder, said)


def _answers(said: Mapping[str, Any], terms: Engagement, path: Path) -> None:
    """Raises InputError where a handover answers another request than this one."""
    asked, told = (terms.id, terms.nonce), (said["engagement"], said.get("nonce", ""))
    if "exit" not in said and asked != told:
        what = "engagement" if asked[0] != told[0] else "nonce"
        found, wanted = (told[0], asked[0]) if what == "engagement" else (told[1] or "none", asked[1] or "none")
        msg = f"{path}: is handed over for {what} {found!r}, the engagement is {wanted!r}; ask for it anew"
        raise InputError(msg)


def replay(
    path: Path, request: Request, child: Child, say: Listen = lambda _: None
) -> tuple[tuple[Difference, ...], tuple[str, ...]]:
    """Evaluate the bundle again under its own documents and as-of: what differs, and which controls were left out.

    Without a difference `results.ndjson` comes out the same, but for the controls left out: those that read evidence
    which stays withheld, if its kind is one that stays behind. Of the request only the originals and the engagement key
    count. The code is the one installed here, never the sources in
    the bundle; where it differs, that is said first.
    """
    with opened(path) as folder, tempfile.TemporaryDirectory(prefix="ctrlkit-") as work:
        said = _whole(folder, path)
        if "exit" not in said:
            msg = f"{path}: is a handover, which holds no verdicts to replay; judge it with ctrlkit run {path}"
            raise InputError(msg)
        shelf = _able(stock.take(request.cwd), said, path)
        lost = [id_ for id_ in said["select"] if id_ not in shelf.controls]
        if lost:
            what = "no such control is installed here; install the plugin that brings it"
            return tuple(Difference(id_, what) for id_ in lost), ()
        case = own_case(folder, said, shelf, _bare(request))
        gathered = _held(folder, said, case, Path(work), say)
        results, *_ = run.results_of(case, gathered, carried_from(folder, said, shelf), child, Path(work), None)
        left_out = _left_out(gathered, shelf, said["select"])
        compared = _compare(_lines(folder), results, left_out)
        return (*_code(said, shelf), *_kept_back(gathered, shelf), *compared), left_out


def _whole(folder: Path, path: Path) -> dict[str, Any]:
    problems = verify(folder)
    if problems:
        more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
        msg = f"{path}: {problems[0].file}: {problems[0].message}{more}; ask for the bundle again"
        raise BundleError(msg)
    said: dict[str, Any] = json.loads((folder / "data" / "run.json").read_text("utf-8"))
    return said


def _able(shelf: Stock, said: Mapping[str, Any], path: Path) -> Stock:
    """The stock, if it knows every kind of the bundle's evidence; raises InputError where a plugin is lacking."""
    strange = sorted({e["kind"] for e in said["evidence"]} - set(shelf.kinds))
    if strange:
        msg = f"{path}: holds {', '.join(strange)}, no kind that is known here; install the plugin that brings it"
        raise InputError(msg)
    return shelf


def own_case(folder: Path, said: Mapping[str, Any], shelf: Stock, request: Request) -> Case:
    """The case that a verified bundle was made of, without packs: its own documents, as-of and selection."""
    policy = _profile(folder, said, shelf)
    terms, moment = _terms(request, folder, said)
    known = set(shelf.controls)
    documents = {name: folder / "data" / f"{name}.yaml" for name in ("waivers", "attestations")}
    waivers = waiver.load_waivers(documents["waivers"], known) if documents["waivers"].is_file() else ()
    answers: tuple[Attestation, ...] = ()
    if documents["attestations"].is_file():
        answers = waiver.load_attestations(documents["attestations"], known, policy.attestable)
    request = replace(request, fail_on=Severity(said["fail_on"]))
    return Case(request, shelf, policy, tuple(said["select"]), terms, moment, (), said["sample"], waivers, answers)


def _profile(folder: Path, said: Mapping[str, Any], shelf: Stock) -> Profile:
    documents = [folder / "data" / "profile" / name for name in said["profile_documents"]]
    return profile.load(documents[-1], documents, shelf.controls, shelf.kinds)


def _terms(request: Request, folder: Path, said: Mapping[str, Any]) -> tuple[Engagement, AsOf]:
    """The caller's engagement and as-of, else the bundle's own."""
    own = folder / "data" / "engagement.yaml"
    beside = request.cwd / "engagement.yaml"
    if request.engagement is not None:
        terms = engagement.load(request.cwd / request.engagement)
    elif request.profile is not None and beside.is_file():
        terms = engagement.load(beside)
    elif own.is_file():
        terms = engagement.load(own, inside_pack=said["self_check"])
    else:
        terms = _self_check(said)
    moment = AsOf(datetime.fromisoformat(said["as_of"]), date.fromisoformat(said["as_of_date"]))
    if request.as_of is not None:
        moment = engagement.as_of(request.as_of, terms.zone, request.now)
    return terms, moment


def _self_check(said: Mapping[str, Any]) -> Engagement:
    """The engagement of a run that nobody asked for, as the bundle records it."""
    moment = datetime.fromisoformat(said["as_of"])
    as_of = AsOf(moment, moment.astimezone(ZoneInfo(said["time_zone"])).date())
    start, end = (date.fromisoformat(day) for day in said["period"].split("/"))
    base = engagement.self_check(as_of, said["country"], said["vendor"], said["time_zone"])
    return replace(base, id=said["engagement"], period=Period(start, end))


def carried_from(folder: Path, said: Mapping[str, Any], shelf: Stock) -> Carried:
    """What a verified bundle holds beside its rows."""
    own = _profile(folder, said, shelf)
    hidden, clear = {}, {}
    for id_ in said["select"]:
        for name, param in shelf.controls[id_].params.items() if id_ in shelf.controls else ():
            if param.pseudonym is not None:
                hidden[id_, name] = tuple(said["params"][id_].get(name, ()))
                clear[id_, name] = effective(own, shelf.controls[id_])[name]
    documents = {n: (folder / "data" / n).read_bytes() for n in PACKS.values() if (folder / "data" / n).is_file()}
    documents |= seals.carried_over(folder)
    claimed = {
        (line["control"], line["subject"]): line["verdict"] for text in _lines(folder) for line in [json.loads(text)]
    }
    inventory = folder / "data" / INVENTORY
    documents |= {INVENTORY: inventory.read_bytes()} if inventory.is_file() else {}
    return Carried(
        said["declared_empty"], said["vendor"], tuple(said["unused"]), tuple(said["proposed"]), hidden, clear, claimed,
        documents,
        hosts.from_bundle(folder / "data" / "hosts"), said.get("key", ""), tuple(said["identifiers"]),
    )  # fmt: skip


def _lines(folder: Path) -> list[str]:
    """The lines of the bundle's results, as they stand there; a handover has none."""
    path = folder / "data" / "results" / "results.ndjson"
    return path.read_bytes().decode("utf-8").splitlines(keepends=True) if path.is_file() else []


def _code(said: Mapping[str, Any], shelf: Stock) -> list[Difference]:
    now = {control.path: control.sha256 for control in shelf.controls.values()}
    return [
        Difference(path, "the control's source differs from the one that judged the bundle")
        for path, sha256 in said["code"].items()
        if now.get(path) != sha256
    ]


def _kept_back(gathered: Mapping[str, Sequence[Evidence]], shelf: Stock) -> list[Difference]:
    """Evidence that is not in the bundle although nothing keeps its kind from travelling."""
    return [
        Difference(evidence.path, "was judged and is not in the bundle; ask for the whole bundle")
        for name, copies in gathered.items()
        for evidence in copies
        if evidence.withheld and not shelf.kinds[name].restricted
    ]


def _left_out(gathered: Mapping[str, Sequence[Evidence]], shelf: Stock, ids: Sequence[str]) -> tuple[str, ...]:
    """The controls that read, needed or not, a kind which stays behind and is not in the bundle."""
    behind = [evidence for copies in gathered.values() for evidence in copies if evidence.withheld]
    gone = {evidence.kind for evidence in behind if shelf.kinds[evidence.kind].restricted}
    return tuple(i for i in ids if any(gone & {*c.needs, *c.optional} for c in shelf.controls[i].checks))


def _compare(first: Sequence[str], again: Sequence[Result], left_out: Sequence[str]) -> list[Difference]:
    lines = {(result.control, result.subject): result for result in again}
    differences = []
    for line in first:
        said = json.loads(line)
        where = f"{said['control']} {said['subject']}"
        other = lines.pop((said["control"], said["subject"]), None)
        if other is None:
            differences.append(Difference(where, "has a result in the bundle and none now"))
            continue
        if other.line() != line and said["control"] not in left_out:
            now = json.loads(other.line())
            keys = [key for key in {**said, **now} if said.get(key) != now.get(key)]
            what = ", ".join(f"{k}: {_brief(said.get(k))} became {_brief(now.get(k))}" for k in keys[:3])
            differences.append(Difference(where, what or "is written differently"))
    return [*differences, *(Difference(" ".join(where), "has no result in the bundle") for where in lines)]


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "…"  # noqa: PLR2004


def other_documents(
    folder: Path, cwd: Path, policy: str | None, terms: Path | None, waivers: Path | None
) -> list[Problem]:
    """The documents among those given that are not the ones the bundle was judged by."""
    data = folder / "data"
    problems = []
    for name, path in (("engagement", terms), ("waivers", waivers)):
        own = data / f"{name}.yaml"
        if path is not None and (not own.is_file() or own.read_bytes() != _bytes(cwd / path)):
            problems.append(Problem(f"data/{name}.yaml", f"it was judged by another document than {path}"))
    if policy is not None:
        shelf = stock.take(cwd)
        given = profile.load(policy, shelf.profiles, shelf.controls, shelf.kinds)
        said = json.loads((data / "run.json").read_text("utf-8"))
        judged = [(data / "profile" / name).read_bytes() for name in said["profile_documents"]]
        if judged != [document.raw for document in given.documents]:
            problems.append(Problem("data/profile", f"it was judged by another profile than {policy}"))
    return problems


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); check the path"
        raise InputError(msg) from error
