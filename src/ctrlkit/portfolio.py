"""A folder of engagements, one folder each: the client's documents, and beside them what the vendor has handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from ctrlkit import engagement
from ctrlkit.case import Request, bare
from ctrlkit.engagement import Engagement
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.past import Asked
from ctrlkit.replay import is_bundle

DUE_DAYS: Final = 14
"""House number: days after the period's end by which an answer is due where the engagement does not say."""

DOCUMENT: Final = "engagement.yaml"
PACK: Final = "pack"
CLIENT_PACK: Final = "client-pack"
KEY: Final = "engagement.key"
_DOCUMENTS: Final = ("profile", "waivers", "attestations", "canaries", "inventory")


@dataclass(frozen=True, slots=True)
class Held:
    """One folder: its engagement, and the packs and bundles of the vendor in it; `fault` says why it cannot be run."""

    folder: Path
    terms: Engagement | None
    received: tuple[Path, ...] = ()
    fault: str = ""

    @property
    def due(self) -> date | None:
        """The last day for the vendor's answer."""
        if self.terms is None:
            return None
        return self.terms.due or self.terms.period.end + timedelta(days=DUE_DAYS)

    def state(self, now: datetime) -> str:
        """`received`, `open` or `overdue`; `unreadable` where the folder is at fault."""
        if self.fault or self.terms is None or self.due is None:
            return "unreadable"
        if self.received:
            return "received"
        return "overdue" if now.astimezone(self.terms.zone).date() > self.due else "open"


def load(folder: Path) -> tuple[Held, ...]:
    """What every folder in `folder` holds, by name; what is wrong in one is its fault and no other's.

    Raises InputError where there is no such folder, or no folder in it.
    """
    if not folder.is_dir():
        msg = f"--engagements {folder}: is no folder; expected one with a folder for each engagement; check the path"
        raise InputError(msg)
    held = [_held(path) for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
    if not held:
        msg = f"--engagements {folder}: holds no folder; expected one for each engagement, with {DOCUMENT} in it"
        raise InputError(msg)
    return tuple(_once(one, held[:place]) for place, one in enumerate(held))


def _held(folder: Path) -> Held:
    try:
        _refuse_unknown(folder)
        return Held(folder, engagement.load(folder / DOCUMENT), _received(folder))
    except InputError as error:
        return Held(folder, None, fault=str(error))


def _once(one: Held, before: Sequence[Held]) -> Held:
    """The folder, at fault where an earlier one holds the same engagement of the same vendor."""
    for other in before:
        if one.terms and other.terms and _who(one.terms) == _who(other.terms):
            msg = (
                f"{one.folder.name}: holds engagement {one.terms.id!r} of {one.terms.vendor!r}, as {other.folder.name}"
            )
            return Held(one.folder, None, fault=f"{msg} does; expected each once; give one another id")
    return one


def _who(terms: Engagement) -> tuple[str, str]:
    return terms.id, bare(terms.vendor)


def _refuse_unknown(folder: Path) -> None:
    """A misspelt document would be one that counts for nothing, and nobody would see it."""
    if not (folder / DOCUMENT).is_file():
        msg = f"{folder.name}: holds no {DOCUMENT}; expected the client's; put it there, or move the folder away"
        raise InputError(msg)
    known = [DOCUMENT, *(f"{name}.yaml" for name in _DOCUMENTS), PACK, CLIENT_PACK]
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".") or is_bundle(path)
        if not hidden and path.name not in known and (path.is_dir() or path.suffix in {".yaml", ".yml"}):
            near = did_you_mean(path.name, known)
            msg = f"{folder.name}/{path.name}: is nothing that is read{near}; expected a bundle, or {', '.join(known)}"
            raise InputError(msg)


def _received(folder: Path) -> tuple[Path, ...]:
    """The pack, where it holds a file, or the bundle; raises InputError where it is not clear what is to be judged."""
    pack = folder / PACK
    packs = [pack] if pack.is_dir() and any(path.is_file() for path in pack.rglob("*")) else []
    bundles = [path for path in sorted(folder.iterdir()) if path != pack and is_bundle(path)]
    if len(packs) + len(bundles) > 1:
        names = ", ".join(path.name for path in (*packs, *bundles))
        msg = f"{folder.name}: holds {names}; expected one of them; move what is not to be judged away"
        raise InputError(msg)
    for name in (CLIENT_PACK, "inventory.yaml"):
        if bundles and (folder / name).exists():
            msg = (
                f"{folder.name}/{name}: counts for a pack only, and here lies a bundle; ask for the pack, or remove it"
            )
            raise InputError(msg)
    return (*packs, *bundles)


def asked(portfolio: Sequence[Held]) -> tuple[Asked, ...]:
    """The engagements as history keeps them."""
    return tuple(_asked(one) for one in portfolio)


def _asked(one: Held) -> Asked:
    terms = one.terms
    if terms is None:
        return Asked(one.folder.name, "", "", "", "", None, "", received=False, fault=one.fault)
    period = f"{terms.period.start}/{terms.period.end}"
    return Asked(
        name=one.folder.name,
        engagement=terms.id,
        vendor=terms.vendor,
        client=terms.client,
        period=period,
        due=one.due,
        time_zone=terms.time_zone,
        received=bool(one.received),
        fault="",
    )


def request_for(one: Held, plain: Request) -> Request:
    """The request of one engagement: what lies in its folder, and for the rest what was asked for all of them.

    Raises InputError where nobody says under which profile: a bundle's own is the vendor's choice.
    """
    documents = {name: path for name in _DOCUMENTS if (path := one.folder / f"{name}.yaml").is_file()}
    profile = str(documents["profile"]) if "profile" in documents else plain.profile
    if profile is None:
        msg = "--profile: which one? expected a name, or profile.yaml beside the engagement; see ctrlkit list profiles"
        raise InputError(msg)
    client_pack, key = one.folder / CLIENT_PACK, one.folder / KEY
    return replace(
        plain,
        pack=one.received[0],
        profile=profile,
        engagement=one.folder / DOCUMENT,
        client_pack=client_pack if client_pack.is_dir() else None,
        waivers=documents.get("waivers"),
        attestations=documents.get("attestations"),
        canaries=documents.get("canaries"),
        inventory=documents.get("inventory"),
        engagement_key=key if key.is_file() else plain.engagement_key,
    )
