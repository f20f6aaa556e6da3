"""The files of a pack: found by exact name or pattern, always inside its folder, always regular files."""

from __future__ import annotations

import stat
import unicodedata
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from ctrlkit.errors import InputError
from ctrlkit.strict_yaml import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Refuse = Callable[[str], InputError]

_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)


def files_named(folder: Path, text: str, refuse: Refuse) -> tuple[str, ...]:
    """Names, relative to `folder` with `/` and sorted, of the files that `text` (a name or pattern) names; else none.

    Raises what `refuse` makes of a message where the name leaves the pack, differs in case only, or is no file.
    """
    parts = _parts(text, refuse)
    name = _literal(folder, parts, refuse)
    if name is not None:
        checked(folder, name, refuse)
        return (name,)
    if not any(mark in text for mark in "*?["):
        return ()
    names = sorted(set(_matches(folder, parts, "", refuse)))
    _refuse_twins(names, refuse)
    for found in names:
        checked(folder, found, refuse)
    return tuple(names)


def names_in(folder: Path) -> list[str]:
    """The names in a folder, sorted, without hidden files and the lock files of office programs.

    What iCloud hides in the place of a file that is not on this computer is named.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        raise InputError(f"{folder.as_posix()}: cannot be read ({reason}); expected a folder; check it") from fault
    return [name for name in names if not name.startswith((".", "~$")) or name.endswith(".icloud")]


def checked(folder: Path, name: str, refuse: Refuse) -> Path:
    """The path of the file `name` of the pack; refused where it leads out of the folder or is no regular file."""
    path = folder / name
    try:
        real = path.resolve(strict=True)
        mode = real.stat().st_mode
    except (OSError, RuntimeError) as fault:
        raise refuse(f"{shown(name)} cannot be followed; expected a file of the pack; put the file there") from fault
    if not real.is_relative_to(folder.resolve()):
        raise refuse(f"{shown(name)} leads out of the pack; expected a file inside it; copy the file into the pack")
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        raise refuse(f"{shown(name)} is {what}; expected a file; name the file itself")
    return path


def _parts(text: str, refuse: Refuse) -> list[str]:
    if "\\" in text:
        raise refuse(f"found {shown(text)}, expected / between folders; write {shown(text.replace(chr(92), '/'))}")
    if text.startswith("/") or ":" in text or not text.isprintable():
        raise refuse(f"found {shown(text)}, expected a name inside the pack; write it from the pack's folder on")
    parts = [part for part in text.split("/") if part != "."]
    if ".." in parts:
        raise refuse(f"found {shown(text)}, which leaves the pack; expected a name inside it; copy the file there")
    for part in parts or [""]:
        if not part or part != part.rstrip(" .") or part.split(".", 1)[0].casefold() in _RESERVED:
            raise refuse(f"found {shown(text)}, expected a plain file name that every system can hold; rename the file")
    return parts


def _literal(folder: Path, parts: list[str], refuse: Refuse) -> str | None:
    names: list[str] = []
    for part in parts:
        here = folder.joinpath(*names)
        if not here.is_dir():
            return None
        found = _entry(here, part, refuse)
        if found is None:
            return None
        names.append(found)
    return "/".join(names)


def _entry(directory: Path, wanted: str, refuse: Refuse) -> str | None:
    """The entry of that name as the file system spells it; a name that differs only in case is refused."""
    alike = [entry.name for entry in directory.iterdir() if _folded(entry.name) == _folded(wanted)]
    if not alike:
        return None
    _refuse_twins(sorted(alike), refuse)
    if unicodedata.normalize("NFC", alike[0]) != unicodedata.normalize("NFC", wanted):
        raise refuse(f"found {shown(wanted)}, but the name is {shown(alike[0])}; expected the same case; write it so")
    return alike[0]


def _refuse_twins(names: list[str], refuse: Refuse) -> None:
    seen: dict[str, str] = {}
    for name in names:
        twin = seen.setdefault(_folded(name), name)
        if twin != name:
            raise refuse(f"{shown(twin)} and {shown(name)} differ only in case; expected distinct names; rename one")


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _matches(directory: Path, parts: list[str], prefix: str, refuse: Refuse) -> Iterator[str]:
    """Files below `directory` that the pattern matches part by part; `**` stands for any folders."""
    head, rest = parts[0], parts[1:]
    names = names_in(directory)
    if head == "**":
        yield from _matches(directory, rest or ["*"], prefix, refuse)
        for name in names:
            if (directory / name).is_dir() and not (directory / name).is_symlink():
                yield from _matches(directory / name, parts, f"{prefix}{name}/", refuse)
        return
    for name in names:
        if not fnmatchcase(unicodedata.normalize("NFC", name), unicodedata.normalize("NFC", head)):
            continue
        if not rest and not (directory / name).is_dir():
            yield prefix + name
        elif rest and (directory / name).is_dir():
            if (directory / name).is_symlink():
                raise refuse(f"{shown(prefix + name)} is a link; expected a folder of the pack; copy it there")
            yield from _matches(directory / name, rest, f"{prefix}{name}/", refuse)
