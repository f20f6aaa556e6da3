"""Starting a folder: engagement, pack, profile, .gitignore, CI recipe, from what lies there; nothing is overwritten."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Final

from ctrlkit import editor, engagement, matching, pack, plan, profile, stock, template
from ctrlkit.errors import InputError
from ctrlkit.inspection import handed_over
from ctrlkit.keygen import keygen
from ctrlkit.layout import Source
from ctrlkit.profile import Profile
from ctrlkit.recipe import recipe
from ctrlkit.recognition import Recognised, Unknown, look
from ctrlkit.stock import MARKER, Stock
from ctrlkit.visible import visible

__all__ = ["Started", "begin", "keygen", "render", "start"]

DEFAULT_PROFILE: Final = "bpo-philippines"
TABLES: Final = (".csv", ".gz", ".jsonl", ".ndjson", ".parquet", ".tab", ".tsv", ".xlsm", ".xlsx")
"""Endings that make a file beside other things look like evidence."""


@dataclass(frozen=True, slots=True)
class Started:
    """What was done: names of files made and kept, relative to `folder` with `/`; `said` is what a person must know.

    `pack` is the folder of the evidence, relative to `folder`. `recognised` is empty where a pack.yaml was kept.
    """

    folder: Path
    made: tuple[str, ...]
    kept: tuple[str, ...]
    pack: str
    recognised: tuple[Recognised, ...]
    unknown: tuple[Unknown, ...]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """Where the evidence lies and what it is; `document` is a pack.yaml that was there before."""

    pack: str
    recognised: tuple[Recognised, ...] = ()
    unknown: tuple[Unknown, ...] = ()
    document: bool = False


def start(folder: Path, profile_name: str, vendor: str | None, ci: str | None, now: datetime) -> str:
    """`begin` in the stock of `folder`, as text: what was done and the one next thing to do."""
    version = metadata.version("ctrlkit")
    shelf = stock.take(folder)
    started = begin(folder, shelf, now=now, version=version, profile_name=profile_name, vendor=vendor, ci=ci)
    return render(started, Path.cwd())


def begin(  # noqa: PLR0913  (each is an option of the command, or what decides its output)
    folder: Path,
    shelf: Stock,
    *,
    now: datetime,
    version: str,
    profile_name: str = DEFAULT_PROFILE,
    vendor: str | None = None,
    ci: str | None = None,
) -> Started:
    """Start `folder`, made if need be, so that a plain `ctrlkit run` in it works.

    `shelf` is the stock of `folder`, `now` is aware, `version` is that of ctrlkit. Raises InputError for an unknown
    profile or CI service and for a folder or document that cannot be read, before anything is written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder.as_posix()}: is no folder; expected one, or a name for a new one; give another")
    policy = _policy(profile_name, shelf)
    terms, name = _terms(folder, policy, now, vendor)
    found = _found(folder, shelf)
    files = {
        "engagement.yaml": template.engagement(terms, name, found.pack, shelf.controls),
        f"{found.pack}/pack.yaml".removeprefix("./"): template.pack(
            name, terms, now, found=(found.recognised, found.unknown), wanted=_wanted(policy, shelf, found)
        ),
        MARKER: template.MARKER,
        ".gitignore": template.ignored(found.pack, TABLES),
    }
    who = matching.propose(_sources(folder / found.pack, found, shelf), shelf.kinds, shelf.adapters)
    for name_of, text in (who.documents() if who else {}).items():
        files[f"{found.pack}/{name_of}".removeprefix("./")] = text
    own = sorted(p.name for p in (folder / "profiles").glob("*.y*ml"))
    stem = own[0].rpartition(".")[0] if own else _free(template.slug(name), shelf)
    if not own:
        files[f"profiles/{stem}.yaml"] = template.profile(stem, name, profile_name)
    if ci is not None:
        path, text = recipe(ci, version, stem)
        files[path] = text
    schemas = {"engagement.yaml": "engagement", f"{found.pack}/pack.yaml".removeprefix("./"): "pack"}
    schemas |= {path: "profile" for path in files if path.startswith("profiles/")}
    files |= {path: editor.named(path, schema, files[path]) for path, schema in schemas.items()}
    kept = [*(path for path in files if (folder / path).exists()), *(f"profiles/{file}" for file in own)]
    made = [path for path in files if path not in kept]
    for path in made:
        _write(folder / path, files[path])
    editor.write(folder, editor.OF_A_FOLDER, shelf)
    said = _said(folder, found, kept, own, files[".gitignore"])
    said += [who.said()] if who else []
    return Started(
        folder, tuple(sorted(made)), tuple(sorted(kept)), found.pack, found.recognised, found.unknown, tuple(said)
    )


def _policy(name: str, shelf: Stock) -> Profile:
    if re.search(r"[/\\]|\.ya?ml$", name):
        raise InputError(
            f"--profile {visible(name)}: is a path; expected the name of a profile; see ctrlkit list profiles"
        )
    return profile.load(name, shelf.profiles, shelf.controls, shelf.kinds)


def _terms(folder: Path, policy: Profile, now: datetime, vendor: str | None) -> tuple[engagement.Engagement, str]:
    """The engagement that is there, else a self-check for the month before `now`; and the vendor's name."""
    beside = folder / "engagement.yaml"
    if beside.is_file():
        terms = engagement.load(beside)
        return terms, vendor or terms.vendor
    name = vendor or visible(folder.resolve().name).strip() or "vendor"
    zone = engagement.self_check(engagement.AsOf(now, now.date()), policy.country, name).zone
    return engagement.self_check(engagement.as_of(None, zone, now), policy.country, name), name


def _found(folder: Path, shelf: Stock) -> _Found:
    """The pack that is there; else the folder itself where evidence lies in it, else its `evidence`."""
    for place in (".", "evidence"):
        if (folder / place / pack.DOCUMENT).exists():
            return _Found(place, document=True)
    if not folder.exists():
        return _Found("evidence")
    below = folder / "evidence"
    there, strange_there = look(below, shelf.kinds, shelf.adapters, deep=True) if below.is_dir() else ((), ())
    here, strange = look(folder, shelf.kinds, shelf.adapters, deep=False)
    strange = tuple(u for u in strange if PurePosixPath(u.file).suffix.lower() in TABLES)
    if here or (strange and not (there or strange_there)):
        moved = tuple(replace(r, file=f"evidence/{r.file}") for r in there)
        moved_strange = tuple(
            replace(
                u, file=f"evidence/{u.file}", choices=tuple(replace(c, file=f"evidence/{c.file}") for c in u.choices)
            )
            for u in strange_there
        )
        return _Found(".", (*here, *moved), (*strange, *moved_strange))
    return _Found("evidence", there, strange_there)


def _sources(folder: Path, found: _Found, shelf: Stock) -> Sequence[Source]:
    """The files of evidence: those that a pack.yaml names, else those that were recognised."""
    if not found.document:
        return matching.recognised_in(folder, found.recognised)
    try:
        return pack.load(folder, shelf.kinds, vendor="").sources
    except InputError:
        return ()  # whatever is wrong in a pack that was there is said when it is read


def _wanted(policy: Profile, shelf: Stock, found: _Found) -> Mapping[str, tuple[Sequence[str], Sequence[str]]]:
    """Kind -> the columns read of it and the ids that cannot do without it, for kinds that no recognised file holds."""
    controls = [shelf.controls[id_] for id_ in policy.controls]
    there = {r.kind for r in found.recognised}
    wanted = {}
    for kind, columns in plan.columns_read(controls).items():
        ids = sorted({c.id for c in controls for check in c.checks if check.claim is None and kind in check.needs})
        if kind not in there and ids:
            wanted[kind] = (handed_over(shelf.kinds[kind], columns), ids)
    return wanted


def _free(stem: str, shelf: Stock) -> str:
    """A name that no other profile has."""
    taken = {file.name.rpartition(".")[0] for file in shelf.profiles}
    names = (stem, f"{stem}-desk", *(f"{stem}-desk-{n}" for n in range(2, 1000)))
    return next(name for name in names if name not in taken)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)


def _said(folder: Path, found: _Found, kept: Sequence[str], own: Sequence[str], ignored: str) -> list[str]:
    said = []
    where = f"{found.pack}/pack.yaml".removeprefix("./")
    if found.recognised:
        said.append(f"{where} says that these files were exported now: correct exported_at if that was earlier")
    if found.document:
        said.append(f"{where} was there and was not changed: add what is new to it by hand")
    if len(own) > 1:
        said.append(f"profiles/ holds {len(own)} profiles: say which one with --profile")
    if ".gitignore" in kept:
        there = (folder / ".gitignore").read_text("utf-8", errors="replace").splitlines()
        lacking = [line for line in ignored.splitlines() if line and not line.startswith("#") and line not in there]
        if lacking:
            said.append(f"evidence must never be committed: add to .gitignore {' '.join(lacking)}")
    return said


def render(started: Started, cwd: Path) -> str:
    """What was done and the one next thing to do, without the last line feed."""
    lines = [f"made {', '.join(started.made)}" if started.made else "made nothing: everything was there"]
    lines.append(f"{editor.FOLDER}/ holds the schemas by which an editor completes these documents")
    if started.kept:
        lines.append(f"kept as it was: {', '.join(started.kept)}")
    lines += [
        f"recognised {r.file}{f', sheet {r.sheet},' if r.sheet else ''} as {r.kind}"
        + (f", by {r.adapter}" if r.adapter else "")
        for r in started.recognised
    ]
    lines += [f"not recognised: {u.file}: {u.why}" for u in started.unknown]
    lines += started.said
    place = started.folder.resolve()
    if place.is_relative_to(cwd.resolve()):
        place = place.relative_to(cwd.resolve())
    go = "" if place == Path() else f"cd {place.as_posix()}, then "
    if started.recognised:
        lines.append(f"next: {go}ctrlkit run")
    else:
        where = "this folder" if started.pack == "." else f"{started.pack}/"
        lines.append(f"next: {go}put exports into {where} and ctrlkit check")
    return "\n".join(visible(line) for line in lines)
