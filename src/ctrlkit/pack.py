"""The vendor's pack: a folder, what its pack.yaml says, and the files in it; nothing in it is executed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from ctrlkit.document import Document
from ctrlkit.document import load as load_document
from ctrlkit.engagement import zone_fault
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.pack_file import checked, names_in
from ctrlkit.pack_source import PackSource, check_kind, named, self_named
from ctrlkit.scan import covered, numbered, told
from ctrlkit.strict_yaml import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ctrlkit.kind import Kind

__all__ = ["Pack", "PackSource", "find", "load", "sample_folder"]

DOCUMENT: Final = "pack.yaml"
PROPOSED: Final = ("attestations.yaml", "waivers.yaml")
_ALMOST: Final = {DOCUMENT, "pack.yml"}
_OF_SAMPLES: Final = {"truth.json"}
_RECIPES: Final = {"Jenkinsfile", "azure-pipelines.yml"}
_NOT_EVIDENCE: Final = {
    DOCUMENT,
    "engagement.yaml",
    "inventory.yaml",
    "ctrlkit.toml",
    "sample.yaml",
    *PROPOSED,
    *_RECIPES,
}


@dataclass(frozen=True, slots=True)
class Pack:
    """A folder of evidence. Its sources are sorted by kind and file.

    `empty` holds declared reasons by kind, `unused` files that nothing names, as they are on disk, `proposed` the
    vendor's own waivers and attestations, shown and never counted. `engagement_file` makes the run a self-check.
    `sample` marks a pack that ctrlkit ships.
    """

    folder: Path
    document: Document | None
    vendor: str
    engagement: str | None
    time_zone: str | None
    exported_at: datetime | None
    party: str
    sources: tuple[PackSource, ...]
    empty: Mapping[str, str]
    unused: tuple[str, ...]
    proposed: tuple[str, ...]
    engagement_file: Path | None
    sample: bool


def load(
    folder: Path,
    kinds: Mapping[str, Kind],
    *,
    engagement_id: str | None = None,
    party: str = "vendor",
    vendor: str | None = None,
) -> Pack:
    """The pack in `folder`, read as the one of `party` (vendor or client).

    `vendor` is the name to take where there is no pack.yaml. Raises InputError with file and line for whatever is wrong
    in pack.yaml; a file that is not there is no error here.
    """
    document = _document(folder)
    data: Mapping[str, Any] = document.data if document else {}
    _check_party(folder, document, party)
    _check_answers(document, engagement_id)
    name = data.get("vendor", vendor)
    if name is None:
        raise InputError(f"{folder.as_posix()}: nobody says who hands this in; expected {DOCUMENT} with vendor: a name")
    if document and (fault := zone_fault(data.get("time_zone", "UTC"))):
        raise document.error(("time_zone",), fault)
    declared = named(folder, document, kinds) if document else []
    plain = self_named(folder, data, kinds, {source.file for source in declared})
    sample = document is not None and _is_sample(document.raw)
    sources = sorted((*declared, *plain), key=lambda s: (s.kind, s.file, str(s.sheet or "")))
    unused = _unused(folder, {source.file for source in sources} | (_OF_SAMPLES if sample else set()))
    hide = numbered()
    return Pack(
        folder=folder,
        document=document,
        vendor=name,
        engagement=data.get("engagement"),
        time_zone=data.get("time_zone"),
        exported_at=data.get("exported_at"),
        party=party,
        sources=tuple(replace(source, file=covered(source.file, hide)) for source in sources),
        empty=_empty(document, kinds),
        unused=unused,
        proposed=tuple(proposal for proposal in PROPOSED if (folder / proposal).is_file()),
        engagement_file=_inside(folder, "engagement.yaml"),
        sample=sample,
    )


def check_adapters(pack: Pack, known: Mapping[str, str]) -> None:
    """Raises InputError for a source that names an adapter which is none, or another kind's; `known`: name -> kind."""
    for source in pack.sources:
        if source.adapter not in {None, "none"} and known.get(source.adapter or "") != source.kind:
            names = [name for name, kind in known.items() if kind == source.kind]
            found = f"{pack.folder.name}/{DOCUMENT}:{source.line}: {source.kind}: no adapter {shown(source.adapter)}"
            raise InputError(f"{found}{did_you_mean(source.adapter or '', names)}; see ctrlkit list adapters")


def find(argument: Path | None, cwd: Path, profile_sample: Callable[[], Path | None] = lambda: None) -> Path | None:
    """The folder of the pack: the one given, else `cwd` or its `evidence` where pack.yaml lies, else the sample's.

    A misspelt pack.yml is found as well, for `load` to refuse: no sample is to stand in for it unnoticed. Raises
    InputError where the folder given is none.
    """
    if argument is not None:
        folder = cwd / argument
        if not folder.is_dir():
            raise InputError(f"{argument.as_posix()}: is no folder; expected a pack; check the path")
        return folder
    for folder in (cwd, cwd / "evidence"):
        if folder.is_dir() and any(name.casefold() in _ALMOST for name in names_in(folder)):
            return folder
    return profile_sample()


def party_of(folder: Path) -> str:
    """Whose pack the folder says it is: client or vendor."""
    document = _document(folder)
    return str(document.data.get("party", "vendor")) if document else "vendor"


def sample_folder(name: str) -> Path:
    """The folder of a shipped sample pack. Raises InputError for an unknown name."""
    known = {document.parent.name: document.parent for document in _sample_documents()}
    if name not in known:
        near = did_you_mean(name, known)
        raise InputError(f"no sample {shown(name)}{near}; expected one of {', '.join(known) or 'none'}")
    return known[name]


def sample_of(folder: Path) -> Path | None:
    """The shipped sample whose pack.yaml, byte for byte, lies in `folder`; None for any other pack."""
    path = folder / DOCUMENT
    raw = path.read_bytes() if path.is_file() else None
    return next((document.parent for document in _sample_documents() if document.read_bytes() == raw), None)


def _document(folder: Path) -> Document | None:
    for name in names_in(folder):
        if name.casefold() in _ALMOST and name != DOCUMENT:
            raise InputError(f"{(folder / name).as_posix()}: is not read; expected the name {DOCUMENT}; rename it")
    path = _inside(folder, DOCUMENT)
    return None if path is None else load_document(path, "pack")


def _inside(folder: Path, name: str) -> Path | None:
    path = folder / name
    if not path.exists() and not path.is_symlink():
        return None
    return checked(folder, name, lambda message: InputError(f"{path.as_posix()}: {message}"))


def _check_party(folder: Path, document: Document | None, party: str) -> None:
    said = document.data.get("party", "vendor") if document else "vendor"
    if said == party:
        return
    if party == "client":
        message = f"this pack does not say that it is the client's; expected party: client in {DOCUMENT}; add it"
        raise document.error((), message) if document else InputError(f"{folder.as_posix()}: {message}")
    message = f"found {said}, expected the vendor's own pack; hand this one over with --client-pack"
    raise document.error(("party",), message) if document else InputError(f"{folder.as_posix()}: {message}")


def _check_answers(document: Document | None, engagement_id: str | None) -> None:
    said = document.data.get("engagement") if document else None
    if document and said is not None and engagement_id is not None and said != engagement_id:
        found = f"found {shown(said)}, but the engagement is {shown(engagement_id)}"
        raise document.error(("engagement",), f"{found}; expected the pack of this engagement; check which one it is")


def _empty(document: Document | None, kinds: Mapping[str, Kind]) -> dict[str, str]:
    declared: dict[str, str] = document.data.get("empty", {}) if document else {}
    for name in declared:
        if document:
            check_kind(document, ("empty", name), name, kinds)
    return {name: told(why) for name, why in sorted(declared.items())}


def _unused(folder: Path, used: set[str]) -> tuple[str, ...]:
    """Files that nothing names, in the pack's folder and in those in which named files lie."""
    folders = {PurePosixPath("."), *(PurePosixPath(name).parent for name in used)}
    unused: set[str] = set()
    for place in folders:
        if (folder / place).is_dir():
            names = [(place / name).as_posix() for name in names_in(folder / place)]
            unused |= {name for name in names if not (folder / name).is_dir()} - used - _NOT_EVIDENCE
    return tuple(sorted(unused))


def _is_sample(raw: bytes) -> bool:
    return raw in (document.read_bytes() for document in _sample_documents())


def _sample_documents() -> list[Path]:
    samples = Path(str(files("ctrlkit.evidence"))) / "samples"
    return sorted(samples.glob(f"*/{DOCUMENT}"))
