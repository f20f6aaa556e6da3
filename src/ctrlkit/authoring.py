"""The commands of authors: start a control, adapter, plugin or profile that runs, and try all of them on datasets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ctrlkit.desk import Desk
from ctrlkit.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from ctrlkit.adapter_trial import Reading
    from ctrlkit.stock import Stock
    from ctrlkit.trial import Trial

CONTROLS: Final = Path("tests/controls")
ADAPTERS: Final = Path("tests/adapters")
_SCHEMAS: Final = {"cases.yaml": "cases", "engagement.yaml": "common", "readings.yaml": "readings"}
WIDTH: Final = 60
"""Cases of one file on a line."""


@dataclass(frozen=True, slots=True)
class _Case:
    """One thing to try: the file it stands in, its place and name, and what does it: in what it differs."""

    file: str
    place: str
    name: str
    differences: Callable[[Path], Sequence[str]]


def new(desk: Desk) -> int:
    """Write a control, adapter, plugin or profile with its datasets into the project in this folder."""
    from ctrlkit import editor, skeleton, stock, template
    from ctrlkit.stock import MARKER, PACK

    folder = Path.cwd()
    if (folder / PACK).exists():
        msg = f"{PACK}: this folder is a pack, in which nothing is ever executed"
        raise InputError(f"{msg}; expected a project; move {PACK} and its files to evidence/, or go elsewhere")
    files = skeleton.files(desk.options.what, desk.options.name)
    there = [path for path in files if (folder / path).exists() and path != skeleton.COMMON]
    if there:
        msg = f"{there[0]}: is there already and was not changed; expected none"
        raise InputError(f"{msg}; add to it by hand, or give another name")
    begun = not (folder / MARKER).exists()
    files = {**({MARKER: template.MARKER} if begun else {}), **files}
    made = [path for path in files if not (folder / path).exists()]
    yaml = [path for path in made if path.endswith(".yaml")]
    files |= {path: editor.named(path, _SCHEMAS.get(Path(path).name, "profile"), files[path]) for path in yaml}
    for path in made:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / path).open("x", encoding="utf-8", newline="\n") as file:
            file.write(files[path])
    editor.write(folder, editor.OF_AN_AUTHOR, stock.take(folder))
    if begun:
        desk.print(
            f"this folder is now a ctrlkit project: {MARKER} lets ctrlkit load ./controls, ./plugins, ./profiles"
        )
    desk.print(f"made {', '.join(made)}, and {editor.FOLDER}/ with the schemas that an editor completes them by")
    tried = {"control": desk.options.name, "profile": "profiles"}.get(desk.options.what, "plugins")
    desk.print(f"next: ctrlkit test {tried}, then change both, the test first")
    return 0


def test(desk: Desk) -> int:
    """Try the datasets of controls and adapters and the profiles of this project; 1 where one is not as written."""
    from ctrlkit import stock

    folder = Path.cwd()
    shelf = stock.take(folder)
    for name, sha256 in shelf.own:
        desk.say(f"own file {name} sha256 {sha256}")
    cases = list(_cases(folder, shelf, desk.options.path))
    failed: list[tuple[_Case, Sequence[str]]] = []
    for file in dict.fromkeys(case.file for case in cases):
        marks = ""
        for case in (c for c in cases if c.file == file):
            with tempfile.TemporaryDirectory(prefix="ctrlkit-") as work:
                wrong = _tried(case, Path(work))
            if desk.options.verbose:
                desk.print(f"{case.place} {case.name} {'FAILED' if wrong else 'PASSED'}")
            marks += "F" if wrong else "."
            failed += [(case, wrong)] if wrong else []
        if not desk.options.verbose and not desk.options.quiet:
            lines = [marks[at : at + WIDTH] for at in range(0, len(marks), WIDTH)]
            desk.print("\n".join([f"{file} {lines[0]}", *lines[1:]]))
    for case, wrong in failed:
        desk.print(f"\nFAILED {case.name}\n  {case.place}")
        for line in wrong:
            desk.print(f"    {line}")
    passed = len(cases) - len(failed)
    desk.print(("\n" if failed else "") + (f"{len(failed)} failed, " if failed else "") + f"{passed} passed")
    return 1 if failed else 0


def _tried(case: _Case, work: Path) -> Sequence[str]:
    try:
        return case.differences(work)
    except InputError as error:
        return (str(error).replace(f"{work.as_posix()}/", ""),)


def _cases(folder: Path, shelf: Stock, asked: str | None) -> Iterator[_Case]:
    """All cases, or those that a path, a control's id or an adapter's name asks for. Raises InputError for none."""
    from ctrlkit import adapter_trial, trial

    own = {name for name, _ in shelf.own}
    with_datasets = {p.parent.name: p for p in sorted((folder / CONTROLS).glob(f"*/{trial.CASES}"))}
    mine = {id_ for id_, control in shelf.controls.items() if control.path in own}
    ids = {id_ for id_ in {*with_datasets, *mine} if _asked(folder, asked, *_places(folder, shelf, id_))}
    names = {p.parent.name: p for p in sorted((folder / ADAPTERS).glob(f"*/{adapter_trial.READINGS}"))}
    found: list[_Case] = []
    for id_ in sorted(ids):
        found += _of_control(folder, shelf, id_, with_datasets.get(id_))
    for name, path in names.items():
        if _asked(folder, asked, name, path, folder / "plugins"):
            found += [_of_reading(folder, one, shelf) for one in adapter_trial.readings(path)]
    for name in sorted(own):
        if name.startswith("profiles/") and _asked(folder, asked, folder / name):
            found.append(_of_profile(name, shelf))
    if not found:
        near = did_you_mean(asked, [*with_datasets, *names]) if asked else ""
        what = f"test {asked}: nothing to try" if asked else "test: nothing to try here"
        raise InputError(
            f"{what}{near}; expected {CONTROLS.as_posix()}/<ID>/{trial.CASES}, "
            f"{ADAPTERS.as_posix()}/<NAME>/{adapter_trial.READINGS} or profiles/ of a project; start with ctrlkit new"
        )
    yield from found


def _places(folder: Path, shelf: Stock, id_: str) -> tuple[str | Path, ...]:
    """What a control is asked for by: its id, its file, its datasets."""
    control = shelf.controls.get(id_)
    file = shelf.files.get(control.path) if control is not None else None
    return (id_, folder / CONTROLS / id_ / "cases.yaml", *([file] if file is not None else []))


def _asked(folder: Path, asked: str | None, *places: str | Path) -> bool:
    if asked is None or asked in places:
        return True
    target = (folder / asked).resolve()
    return any(isinstance(p, Path) and p.resolve().is_relative_to(target) for p in places)


def _of_control(folder: Path, shelf: Stock, id_: str, path: Path | None) -> Iterator[_Case]:
    from ctrlkit import trial

    if path is None:
        wanted = (CONTROLS / id_ / trial.CASES).as_posix()
        lacking = (f"no datasets: expected {wanted}; a control that was never tried is not known to work",)
        yield _Case(shelf.controls[id_].path, shelf.controls[id_].path, id_, lambda _: lacking)
        return
    shown = path.relative_to(folder).as_posix()
    if id_ not in shelf.controls:
        lacking = (f"no control {id_}{did_you_mean(id_, shelf.controls)}; is there a ctrlkit.toml in this folder?",)
        yield _Case(shown, shown, id_, lambda _: lacking)
        return
    for one in trial.trials_of(path):
        yield _of_trial(folder, shown, one, shelf)


def _of_trial(folder: Path, shown: str, one: Trial, shelf: Stock) -> _Case:
    from ctrlkit import trying

    def differences(work: Path) -> Sequence[str]:
        return trying.differences(one, trying.outcomes(one, work, shelf)["polars"])

    return _Case(shown, _short(folder, one.place), f"{one.control} {one.name}", differences)


def _of_reading(folder: Path, one: Reading, shelf: Stock) -> _Case:
    from ctrlkit import adapter_trial

    place = _short(folder, one.place)
    name = f"{one.adapter} {one.name}"
    return _Case(place.rpartition(":")[0], place, name, lambda work: adapter_trial.differences(one, work, shelf))


def _of_profile(name: str, shelf: Stock) -> _Case:
    from ctrlkit import profile

    def differences(_: Path) -> Sequence[str]:
        found = profile.load(Path(name).stem, shelf.profiles, shelf.controls, shelf.kinds)
        return () if found.controls else ("it selects no control",)

    return _Case(name, name, f"{Path(name).stem} can be read and selects controls", differences)


def _short(folder: Path, place: str) -> str:
    return place.removeprefix(f"{folder.as_posix()}/")
