"""One case: what a person asked for, resolved into documents, packs, controls and the instant it is judged at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ctrlkit import canary, document, engagement, engine, inventory, pack, plan, profile, stock, waiver
from ctrlkit.canary import Canary
from ctrlkit.engagement import AsOf, Engagement
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.inventory import Inventory
from ctrlkit.model import Severity
from ctrlkit.pack import Pack
from ctrlkit.privacy import SAMPLE_KEY, EngagementKey, find_key
from ctrlkit.profile import Profile
from ctrlkit.stock import Stock
from ctrlkit.strict_yaml import shown
from ctrlkit.waiver import Attestation, Waiver

SAMPLE_DOCUMENT = "sample.yaml"


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asked for, as given; `cwd` is the folder it was asked in, `now` the only reading of a clock."""

    cwd: Path
    now: datetime
    pack: Path | None = None
    profile: str | None = None
    engagement: Path | None = None
    client_pack: Path | None = None
    as_of: str | None = None
    select: Sequence[str] = ()
    waivers: Path | None = None
    attestations: Path | None = None
    fail_on: Severity = Severity.LOW
    out: Path = Path("runs")
    engine: str = "polars"
    clear: bool = False
    engagement_key: Path | None = None
    cache: Path | None = None
    inventory: Path | None = None
    limit: Sequence[str] = ()
    canaries: Path | None = None
    previous: Sequence[Path] = ()
    originals: Sequence[Path] = ()
    rekey: Sequence[Path] = ()
    vendor_key: Path | None = None
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A request with everything it names read and checked; nothing has been evaluated, nothing written."""

    request: Request
    stock: Stock
    profile: Profile
    ids: tuple[str, ...]
    engagement: Engagement
    as_of: AsOf
    packs: tuple[Pack, ...]
    sample: bool
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    announcements: tuple[str, ...] = field(default=())
    inventory: Inventory | None = None
    canaries: tuple[Canary, ...] = ()

    def key(self) -> EngagementKey:
        """The engagement key, made where there is none; a public one for samples."""
        if self.sample:
            return EngagementKey(SAMPLE_KEY, "the public key of the samples")
        return find_key(self.request.engagement_key, self.engagement.client, self.engagement.vendor)


def prepare(request: Request) -> Case:
    """The case of a pack. Raises InputError for what is wrong with a document or option, before anything is written."""
    engine.refuse_absent(request.engine)
    if request.jobs is not None and request.jobs < 1:
        msg = f"--jobs: found {request.jobs}, expected 1 or more"
        raise InputError(msg)
    shelf = stock.take(request.cwd)
    policy = choose_profile(request, shelf)
    folder = pack.find(request.pack, request.cwd, lambda: pack.sample_folder(policy.sample) if policy.sample else None)
    if folder is None:
        msg = f"{request.cwd}: no pack here; expected ./pack.yaml or ./evidence/pack.yaml; start one with ctrlkit init"
        raise InputError(msg)
    said = (
        []
        if request.pack is not None or folder.is_relative_to(request.cwd)
        else [f"no pack here: evaluating the shipped sample {folder.name}"]
    )
    terms, moment, client_folder = _terms(request, policy, folder)
    ids = plan.select(policy, request.select, shelf.controls)
    engagement.check_controls(terms, shelf.controls)
    given = terms.document is not None and not terms.self_check
    vendor = pack.load(
        folder, shelf.kinds, engagement_id=terms.id if given else None, vendor=terms.vendor or folder.name
    )
    if given and bare(vendor.vendor) != bare(terms.vendor):
        msg = f"{folder.name}/pack.yaml: vendor: found {vendor.vendor!r}, the engagement asks {terms.vendor!r}"
        raise InputError(f"{msg}; hand over that vendor's pack")
    _check_features(terms, shelf)
    packs = [vendor]
    if client_folder is not None:
        packs.append(
            pack.load(
                client_folder,
                shelf.kinds,
                engagement_id=terms.id if given else None,
                party="client",
                vendor=vendor.vendor,
            )
        )
    for given_pack in packs:
        pack.check_adapters(given_pack, {adapter.name: adapter.kind for adapter in shelf.adapters})
    known = set(shelf.controls)
    book = load_inventory(request, folder)
    if book is not None:
        _check_roles(book, shelf)
    birds = load_canaries(request, shelf)
    read = plan.columns_read([shelf.controls[id_] for id_ in ids])
    said += [f"{c.place}: no selected control reads {c.kind}: nobody looks for it" for c in birds if c.kind not in read]
    return Case(
        request, shelf, policy, ids, terms, moment, tuple(packs), vendor.sample,
        waiver.load_waivers(request.waivers, known) if request.waivers else (),
        waiver.load_attestations(request.attestations, known, policy.attestable) if request.attestations else (),
        tuple(said), book, birds,
    )  # fmt: skip


def _check_features(terms: Engagement, shelf: Stock) -> None:
    """Raises InputError for a feature that is a slip of one that controls know: it would take them out of scope."""
    known = {feature for control in shelf.controls.values() for feature in control.applies.get("features", ())}
    engagement.check_features(terms, {*known, *(f for f in terms.features or () if not did_you_mean(f, known))})


def _check_roles(book: Inventory, shelf: Stock) -> None:
    """Raises InputError for a host that a slip in its only role would take out of every control."""
    known = {role for c in shelf.controls.values() for check in c.checks for role in check.roles or ()}
    for host in book.hosts.values():
        near = did_you_mean(host.roles[0], sorted(known)) if host.line and host.roles else ""
        if near and not known & set(host.roles):
            msg = f"{book.place(host)}: found the role {shown(host.roles[0])}, which no control is about{near}"
            raise InputError(f"{msg}; expected one of {', '.join(sorted(known))}; mend it")


def load_canaries(request: Request, shelf: Stock) -> tuple[Canary, ...]:
    """The client's canaries, where it has laid any."""
    return canary.load(request.cwd / request.canaries, shelf.kinds) if request.canaries else ()


def load_inventory(request: Request, folder: Path) -> Inventory | None:
    """The inventory asked for, else `inventory.yaml` in the folder the run was asked for in, else a sample's own."""
    beside = request.cwd / "inventory.yaml"
    path = request.inventory and request.cwd / request.inventory
    if path is None and beside.is_file() and folder.resolve() != request.cwd.resolve():
        path = beside
    shipped = pack.sample_of(folder)
    if path is None and shipped is not None and (shipped / "inventory.yaml").is_file():
        path = shipped / "inventory.yaml"
    return None if path is None else inventory.load(path)


def choose_profile(request: Request, shelf: Stock) -> Profile:
    """The profile asked for; without one, the only one of the user's own project."""
    name = request.profile
    if name is None:
        own = [shown for shown, _ in shelf.own if shown.startswith("profiles/")]
        if len(own) != 1:
            names = ", ".join(sorted(Path(str(f)).stem for f in shelf.profiles))
            msg = f"--profile: which one? expected one of {names}, or a file; see ctrlkit list profiles"
            raise InputError(msg)
        name = Path(own[0]).stem
    return profile.load(name, shelf.profiles, shelf.controls, shelf.kinds)


def _terms(request: Request, policy: Profile, folder: Path) -> tuple[Engagement, AsOf, Path | None]:
    """The engagement, the as-of and the client's pack: as given, else the sample's own, else a self-check."""
    path, text, client_pack = request.engagement, request.as_of, request.client_pack
    shipped = pack.sample_of(folder)
    if shipped is not None:
        own = document.load(shipped / SAMPLE_DOCUMENT, "sample").data
        path = path or shipped / own["engagement"]
        text = text or own["as_of"]
        if client_pack is None and "client_pack" in own:
            client_pack = next(f for f in (folder / own["client_pack"], shipped / own["client_pack"]) if f.is_dir())
        terms = engagement.load(path)
        return terms, engagement.as_of(text, terms.zone, request.now), client_pack
    beside = request.cwd / "engagement.yaml"
    if path is None and beside.is_file():
        path = beside
    inside = path is None or path.resolve().parent == folder.resolve()
    if path is None and (folder / "engagement.yaml").is_file():
        path = folder / "engagement.yaml"
    if path is not None:
        terms = engagement.load(path if path.is_absolute() else request.cwd / path, inside_pack=inside)
        return terms, engagement.as_of(text, terms.zone, request.now), client_pack
    country = policy.country
    zone = engagement.self_check(AsOf(request.now, request.now.date()), country, "").zone
    moment = engagement.as_of(text, zone, request.now)
    return engagement.self_check(moment, country, ""), moment, client_pack


def bare(name: str) -> str:
    """A vendor's name without case, spaces and punctuation, for comparison."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
