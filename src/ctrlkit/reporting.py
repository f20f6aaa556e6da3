"""The command `report`: views of a sealed bundle made again outside it, in the formats of other tools as well."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ctrlkit.desk import Desk
from ctrlkit.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctrlkit.hooks import Reporter

VIEWS: Final = ("html", "junit", "markdown", "csv", "oscal", "sarif", "hdf")
PLAN: Final = "oscal-plan"
"""The reporter of the plan that OSCAL results refer to by its file name, so it is written beside them."""


def report(desk: Desk) -> int:
    """Write the views asked for; nothing is written where the bundle is not whole."""
    from ctrlkit import stock
    from ctrlkit.payload import view
    from ctrlkit.reopen import reopen, strangers
    from ctrlkit.replay import whole_bundle

    shelf = stock.take(Path.cwd())
    reporters = {reporter.name: reporter for reporter in shelf.reporters}
    with whole_bundle(desk.options.bundle) as folder:
        wanted = _targets(desk, reporters, folder)
        run = reopen(folder, shelf)
        changed = strangers(run, folder)
    if changed:
        few = ", ".join(changed[:6]) + (f" and {len(changed) - 6} more" if changed[6:] else "")
        desk.say(f"verdicts are the bundle's; what it calls and asks differs here, or is not installed: {few}")
    written = {target: view(reporters[name], run) for name, target in wanted.items()}
    for target, content in written.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        desk.print(str(target))
    return 0


def _targets(desk: Desk, reporters: Mapping[str, Reporter], bundle: Path) -> dict[str, Path]:
    """Reporter -> the file its view goes to; an option without a file means the view's own name, here."""
    given: dict[str, Path | None] = {name: getattr(desk.options, name) for name in VIEWS}
    wanted = {n: p if p != Path() else Path(reporters[n].file) for n, p in given.items() if p is not None}
    if not wanted:
        msg = f"report: no view is asked for; expected at least one of {', '.join(f'--{name}' for name in VIEWS)}"
        raise InputError(f"{msg}; each may name a file")
    if "oscal" in wanted:
        wanted[PLAN] = wanted["oscal"].with_name(reporters[PLAN].file)
        if wanted[PLAN] == wanted["oscal"]:
            msg = f"--oscal {wanted['oscal']}: is the name of the plan, which is written beside the results"
            raise InputError(f"{msg}; give the results another one")
    places: dict[Path, str] = {}
    sources = (bundle.resolve(), (Path.cwd() / desk.options.bundle).resolve())
    for name, path in ((name.removesuffix("-plan"), path) for name, path in wanted.items()):
        there = (Path.cwd() / path).resolve()
        if any(there.is_relative_to(source) for source in sources):
            msg = f"--{name} {path}: lies in the bundle, which would be broken by it"
            raise InputError(f"{msg}; name a file outside")
        if there.is_dir():
            raise InputError(f"--{name} {path}: is a folder, expected a file; give the file a name")
        if there in places:
            raise InputError(f"--{name} {path}: is where --{places[there]} goes; give each view a file of its own")
        places[there] = name
    return wanted
