"""The commands over evidence, bundles and what ctrlkit ships: options to the rooms, answers to the desk."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctrlkit import console
from ctrlkit.desk import Desk
from ctrlkit.errors import InputError

if TYPE_CHECKING:
    from ctrlkit.case import Request
    from ctrlkit.closed import Run
    from ctrlkit.evaluate import Child
    from ctrlkit.key_change import KeyChange
    from ctrlkit.signature import Private
    from ctrlkit.statement import Role
    from ctrlkit.stock import Stock


def run(desk: Desk) -> int:
    """Plan, read, judge, report and seal."""
    refuse_file(desk)
    for name in ("junit", "html", "markdown"):
        _check_place(f"--{name}", getattr(desk.options, name))
    closed, stock = judge(desk, desk.request(), signing_key(desk))
    views = {reporter.name: reporter for reporter in stock.reporters}
    for name in ("junit", "html", "markdown"):
        path: Path | None = getattr(desk.options, name)
        if path is not None:
            from ctrlkit.payload import view

            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(view(views[name], closed))
    if desk.options.format == "json":
        from ctrlkit.model import plain

        said = {"exit": closed.exit_code, "counts": dict(closed.counts), "bundle": closed.bundle}
        desk.print(json.dumps({**said, "results": plain(closed.results)}, ensure_ascii=False, indent=1))
    else:
        from ctrlkit.terminal import render

        desk.print(render(closed, console.width(), console.coloured(desk.options.color)))
    return closed.exit_code


def _check_place(option: str, path: Path | None) -> None:
    """Raises InputError where no file can come to lie at `path`, before anything is judged."""
    if path is None:
        return
    if path.is_dir():
        msg = f"{option} {path}: is a folder, expected the name of a file; add one"
        raise InputError(msg)
    above = next(folder for folder in (path.parent, *path.parent.parents) if folder.exists())
    if not above.is_dir():
        msg = f"{option} {path}: {above} is a file, expected a folder; give another name"
        raise InputError(msg)


def refuse_file(desk: Desk) -> None:
    """Raises InputError where bundles are to go into what is no folder."""
    if desk.options.out.exists() and not desk.options.out.is_dir():
        msg = f"--out {desk.options.out}: is a file, expected a folder; give another name"
        raise InputError(msg)


def signing_key(desk: Desk) -> Private | None:
    """The key that the run is to be signed with, read before anything is judged."""
    from ctrlkit import signature

    path = desk.options.sign_key
    return None if path is None else signature.private_key(Path.cwd() / path, console.password)


def _sign_run(desk: Desk, closed: Run, key: Private) -> None:
    """Sign the bundle of a run: a self-check is the vendor's claim, any other run the client's verification."""
    from ctrlkit import seals

    if closed.sample:
        desk.say("--sign-key: a sample is not signed: it says nothing about anyone")
        return
    role: Role = "vendor" if closed.self_check else "client"
    desk.say(f"signed as {role}: {seals.add(Path.cwd() / closed.bundle, role, key, desk.now()).name}")


def judge(desk: Desk, request: Request, key: Private | None) -> tuple[Run, Stock]:
    """The sealed run of what was asked for, signed and zipped where that was asked for too."""
    from ctrlkit.evaluate import Child

    child = Child()
    try:
        closed, stock = _closed(desk, request, child)
    finally:
        child.end()
    if key is not None:
        _sign_run(desk, closed, key)
    if desk.options.zip:
        from ctrlkit.bundle import zip_bundle

        zip_bundle(Path.cwd() / closed.bundle)
    return closed, stock


def _closed(desk: Desk, request: Request, child: Child) -> tuple[Run, Stock]:
    from ctrlkit import case, replay, run

    if request.rekey and not request.previous:
        msg = "--rekey: leads an earlier bundle to this run's key, and none is named; name it with --previous"
        raise InputError(msg)
    if request.pack is not None and replay.is_bundle(request.cwd / request.pack):
        return replay.rejudge(request, request.cwd / request.pack, child, desk.say)
    if request.originals:
        msg = "--with: brings the originals behind a bundle, and what is judged here is a pack; name a bundle"
        raise InputError(msg)
    one = case.prepare(request)
    for text in one.announcements:
        desk.say(text)
    for name, sha256 in one.stock.own:
        desk.say(f"own file {name} sha256 {sha256}")
    return run.run(one, child, desk.listener()), one.stock


def handover(desk: Desk) -> int:
    """Seal the pack without verdicts, for the client to judge; signed where a key is given."""
    from ctrlkit import case, seals, signature
    from ctrlkit.run import hand_over
    from ctrlkit.terminal import first_of

    one = case.prepare(desk.request())
    key = None
    if desk.options.sign_key is not None:
        if one.sample:
            msg = "--sign-key: this is a sample, which nobody signs: it says nothing about anyone"
            raise InputError(msg)
        key = signature.private_key(Path.cwd() / desk.options.sign_key, console.password)
    path, waiting, identifiers = hand_over(one, desk.listener())
    for text in first_of(identifiers):
        desk.print(text)
    for line in waiting:
        desk.print(f"{line.control.id} will not be decided: {'; '.join(fault.message for fault in line.faults)}")
    signed = ""
    if key is not None:
        signed = f", signed: {seals.add(Path.cwd() / path, 'vendor', key, desk.now()).name}"
    decided = len(one.ids) - len({line.control.id for line in waiting})
    desk.print(f"{decided} of {len(one.ids)} controls can be decided from it")
    desk.print(f"handover {path}{signed}")
    desk.print("next: send the folder to the client, who judges it with ctrlkit run FOLDER")
    return 2 if waiting else 0


def sign(desk: Desk) -> int:
    """Add a statement about a bundle, in a role."""
    from ctrlkit import replay, seals, signature

    path = Path.cwd() / desk.options.bundle
    if path.suffix == ".zip":
        msg = f"{path}: is a zip, expected the bundle's folder; unpack it, sign it, and zip it again"
        raise InputError(msg)
    with replay.whole_bundle(path) as folder:
        if json.loads((folder / "data" / "run.json").read_text("utf-8"))["sample"]:
            msg = f"{path}: is of a sample, which nobody signs: it says nothing about anyone"
            raise InputError(msg)
        key = signature.private_key(Path.cwd() / desk.options.sign_key, console.password)
        target = seals.add(folder, desk.options.role, key, desk.now())
        desk.print(f"signed as {desk.options.role}: {folder.name}/{target.relative_to(folder)}")
    return 0


def replay(desk: Desk) -> int:
    """Judge a bundle again under its own documents."""
    from ctrlkit.evaluate import Child
    from ctrlkit.replay import replay

    child = Child()
    try:
        differences, left_out = replay(desk.options.bundle, desk.request(), child, desk.say)
    finally:
        child.end()
    for difference in differences:
        desk.print(f"{difference.where}: {difference.message}")
    if left_out:
        desk.print(f"not compared, as evidence of theirs stays behind: {', '.join(left_out)}")
    same = "identical: the same results, byte for byte" + (", of all others" if left_out else "")
    desk.print("different" if differences else same)
    return 1 if differences else 0


def diff(desk: Desk) -> int:
    """What got better or worse from one bundle to the next; 1 where something got worse."""
    from ctrlkit import comparison, key_change, stock
    from ctrlkit.replay import whole_bundle

    with whole_bundle(desk.options.before) as one, whole_bundle(desk.options.after) as two:
        books = key_change.followed(comparison.book(one), _changes(desk)), comparison.book(two)
    titles = {id_: control.title for id_, control in stock.take(Path.cwd()).controls.items()}
    changes = comparison.compare(*books, titles)
    said = comparison.to_json(changes)
    if desk.options.format == "json":
        desk.print(json.dumps(said, ensure_ascii=False, indent=1))
    else:
        desk.print(comparison.text(*books, changes, markdown=desk.options.format == "markdown"))
    return 1 if said["regression"] else 0


def _changes(desk: Desk) -> list[KeyChange]:
    """The recorded changes of the engagement key that the options name, each checked."""
    from ctrlkit import key_change, keyring, privacy

    asked, cwd = desk.options, Path.cwd()
    if not asked.rekey:
        return []
    pinned = keyring.load(cwd / asked.vendor_key) if asked.vendor_key is not None else ()
    held = privacy.held_keys(asked.engagement_key)
    changes = [key_change.load(cwd / path, held, pinned) for path in asked.rekey]
    for change in changes:
        desk.say(key_change.told(change))
    return changes


def check(desk: Desk) -> int:
    """What of a pack can be read, and which controls would decide."""
    import tempfile

    from ctrlkit import case, readiness

    one = case.prepare(desk.request())
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as work:
        found = readiness.inspect(one, Path(work), desk.listener())
    desk.print(
        json.dumps(readiness.to_json(found), ensure_ascii=False, indent=1)
        if desk.options.format == "json"
        else readiness.text(found)
    )
    return 0 if found.complete else 2


def listing(desk: Desk) -> int:
    """What there is."""
    from ctrlkit import explain

    shelf, policy = _shelf(desk)
    if desk.options.format == "json":
        desk.print(json.dumps(explain.listing(desk.options.what, shelf, policy), ensure_ascii=False, indent=1))
    else:
        desk.print(explain.listing_text(desk.options.what, shelf, policy))
    return 0


def explain(desk: Desk) -> int:
    """All about one control, kind, cause or exit code."""
    from ctrlkit import explain

    desk.print(explain.explain(desk.options.word, *_shelf(desk)))
    return 0


def _shelf(desk: Desk) -> tuple[Stock, Any]:
    from ctrlkit import profile, stock

    shelf = stock.take(Path.cwd())
    policy = (
        profile.load(desk.options.profile, shelf.profiles, shelf.controls, shelf.kinds)
        if desk.options.profile
        else None
    )
    return shelf, policy


def init(desk: Desk) -> int:
    """Start a folder."""
    from ctrlkit import start
    from ctrlkit.scan import told

    folder, policy = Path.cwd() / desk.options.folder, desk.options.profile or "bpo-philippines"
    desk.print(told(start.start(folder, policy, desk.options.vendor, desk.options.ci, desk.now())))
    return 0


def keygen(desk: Desk) -> int:
    """Make a key."""
    from ctrlkit import start
    from ctrlkit.signature import PASSWORD

    desk.print(start.keygen(desk.options.kind, desk.options.out, os.environ.get(PASSWORD)))
    return 0
