"""Bundles that are past the day until which they are to be kept: found, listed, and removed where that is asked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from ctrlkit import bag
from ctrlkit.bundle import opened, verify
from ctrlkit.errors import CtrlkitError, InputError

LABEL: Final = "Keep-Until"
"""The line of bag-info.txt that says the last day."""
_REMOVING: Final = ".removing-"


@dataclass(frozen=True, slots=True)
class Past:
    """A bundle, folder or zip, whose last day is over; `fault` says why it is left all the same, else it is empty."""

    path: Path
    keep_until: date
    fault: str = ""


def past(runs: Path, today: date) -> tuple[Past, ...]:
    """The bundles directly in the folder `runs` that were to be kept until a day before `today`, by name.

    One without such a day is kept for ever. One that is not whole is named and left: what it says cannot be relied on.
    Raises InputError where there is no such folder.
    """
    if not runs.is_dir():
        msg = f"--bundles {runs}: is no folder; expected the folder of runs; check the path"
        raise InputError(msg)
    return tuple(found for path in _bundles(runs) if (found := _past(path, today)) is not None)


def _bundles(runs: Path) -> Iterator[Path]:
    """Folders of bundles, and zips that lie there alone; links are not followed."""
    for path in sorted(runs.iterdir()):
        folder = path.is_dir() and (path / "bagit.txt").is_file()
        alone = path.suffix == ".zip" and path.is_file() and not path.with_suffix("").is_dir()
        if (folder or alone) and not path.is_symlink() and not path.name.startswith("."):
            yield path


def _past(path: Path, today: date) -> Past | None:
    try:
        with opened(path) as folder:
            run = json.loads((folder / "data" / "run.json").read_text("utf-8"))
            last = date.fromisoformat(run["keep_until"]) if run.get("keep_until") else None
            if last is None or last >= today:
                return None
            problems = verify(folder)
            lines = (folder / "bag-info.txt").read_text("utf-8").splitlines()
    except (CtrlkitError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return Past(path, date.min, f"is no sound bundle ({type(error).__name__})")
    if problems:
        return Past(path, last, f"is not whole: {problems[0].file}: {problems[0].message}")
    if f"{LABEL}: {last}" not in lines:
        return Past(path, last, f"says another {LABEL} in bag-info.txt than in run.json")
    return Past(path, last)


def remove(found: Past) -> None:
    """Remove a bundle that is past its day: its folder, the zip beside it, and `latest` where it names it.

    Raises InputError where the system does not let it; what is half removed no longer bears the bundle's name.
    """
    path = found.path
    latest = path.parent / bag.LATEST
    try:
        if path.is_dir():
            aside = path.with_name(f"{_REMOVING}{path.name}")
            path.rename(aside)
            shutil.rmtree(aside)
        path.with_name(f"{path.name.removesuffix('.zip')}.zip").unlink(missing_ok=True)
        if latest.is_file() and latest.read_text("utf-8", "replace").strip() == path.name.removesuffix(".zip"):
            latest.unlink()
    except OSError as error:
        msg = f"{path}: cannot be removed ({error.strerror}); expected a folder of your own; check who owns it"
        raise InputError(msg) from error
