"""The commands of those who hold keys and bundles: names back, a new key, receipts, time stamps, what is forgotten."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ctrlkit.desk import Desk
from ctrlkit.errors import InputError

TO_FIX = "to-fix.xlsx"


def reveal(desk: Desk) -> int:
    """Write what a bundle found, with names, outside the bundle."""
    from dataclasses import replace

    from ctrlkit import originals, privacy, replay
    from ctrlkit import reveal as room
    from ctrlkit.spreadsheet import workbook

    asked, cwd = desk.options, Path.cwd()
    target = _outside(cwd / asked.out / TO_FIX)
    path = cwd / asked.bundle
    with (
        replay.opened_case(cwd, path, desk.now()) as (folder, said, case),
        tempfile.TemporaryDirectory(prefix="ctrlkit-") as work,
    ):
        key = privacy.key_of(said.get("key", ""), asked.engagement_key)
        held = replace(case, packs=originals.packs(asked.originals, case, said["vendor"]))
        found = room.reveal(folder, said, held, key, Path(work), desk.listener())
        content = workbook(found.sheets, case.as_of.instant)
    _write_private(target, content)
    desk.print(f"{found.findings} findings to fix, {found.undecided} controls not decided: {asked.out / TO_FIX}")
    if found.waived:
        desk.print(f"{found.waived} waived findings are accepted and not listed")
    if found.unnamed:
        desk.print(f"{found.unnamed} findings keep a pseudonym: whoever it is stands in none of the originals given")
    desk.print(f"due: opened plus {room.limits_text(found.limits)}")
    desk.say("the list names people: keep it with the originals, and delete it when all is mended")
    desk.print(f"next: mend what is due first, judge again with ctrlkit run, and ctrlkit diff {asked.bundle} NEWER")
    return 0


def rekey(desk: Desk) -> int:
    """Record which finding of a bundle is which under a new engagement key."""
    import json
    from dataclasses import replace

    from ctrlkit import console, key_change, originals, privacy, replay, signature
    from ctrlkit import rekey as room
    from ctrlkit.evaluate import Child

    asked, cwd = desk.options, Path.cwd()
    target = _outside(cwd / asked.out)
    pen = signature.private_key(cwd / asked.sign_key, console.password) if asked.sign_key is not None else None
    new, path, child = privacy.read_key(asked.new_key), cwd / asked.bundle, Child()
    try:
        with (
            replay.opened_case(cwd, path, desk.now()) as (folder, said, case),
            tempfile.TemporaryDirectory(prefix="ctrlkit-") as work,
        ):
            old = privacy.key_of(said.get("key", ""), asked.engagement_key)
            held = replace(case, packs=originals.packs(asked.originals, case, said["vendor"]))
            change = room.change(folder, said, held, old, new, child, Path(work), desk.now())
    finally:
        child.end()
    document = change.document(old, new)
    plain = f"{json.dumps(document, ensure_ascii=False, indent=1)}\n".encode()
    _write_private(target, plain if pen is None else key_change.signed(document, pen))
    desk.print(key_change.told(change))
    desk.print(f"record {asked.out}{', signed' if pen is not None else ''}")
    desk.print(f"next: ctrlkit diff OLDER NEWER --rekey {asked.out}; keep the old key as long as its bundles")
    return 0


def clean(desk: Desk) -> int:
    """Remove what was kept of read evidence; or list the bundles past their day, and remove those where asked."""
    from ctrlkit import cache, privacy, retention

    asked = desk.options
    if asked.bundles is None:
        if asked.remove:
            msg = "--remove: of what? expected it beside --bundles DIR; name the folder of runs"
            raise InputError(msg)
        desk.print(f"{cache.forget(privacy.cache_folder(), 0, now=desk.now())} files of read evidence removed")
        return 0
    found = retention.past(Path.cwd() / asked.bundles, desk.now().date())
    over = [one for one in found if not one.fault]
    for one in found:
        desk.print(
            f"left: {one.path.name} {one.fault}" if one.fault else f"kept until {one.keep_until}: {one.path.name}"
        )
    if asked.remove:
        for one in over:
            retention.remove(one)
        desk.print(f"{len(over)} bundles removed")
    else:
        desk.print(f"{len(over)} bundles are past their day" + ("; add --remove to remove them" if over else ""))
    return 0


def receipt(desk: Desk) -> int:
    """Write a signed receipt for a bundle that has come."""
    from ctrlkit import console, replay, signature
    from ctrlkit import receipt as room

    asked, cwd = desk.options, Path.cwd()
    target = _outside(cwd / asked.out)
    with replay.whole_bundle(cwd / asked.bundle) as folder:
        pen = signature.private_key(cwd / asked.sign_key, console.password)
        content = room.make(folder, pen, desk.now())
        _write_private(target, content)
        desk.print(f"receipt {asked.out} for {folder.name}")
    desk.print(f"next: return it to the vendor, who checks it with ctrlkit verify BUNDLE --receipt {target.name}")
    return 0


def stamp(desk: Desk) -> int:
    """Have a bundle time stamped: write the request, add the reply, or ask an authority over the network."""
    from ctrlkit import replay, timestamp

    asked, cwd = desk.options, Path.cwd()
    path = cwd / asked.bundle
    if path.suffix == ".zip":
        msg = f"{path}: is a zip, expected the bundle's folder; unpack it, stamp it, and zip it again"
        raise InputError(msg)
    with replay.whole_bundle(path) as folder:
        if asked.request is not None:
            _write_private(_outside(cwd / asked.request), timestamp.request(folder))
            desk.print(f"request {asked.request} for {folder.name}: it holds a digest and nothing else")
            desk.print("next: take it to an authority, and add what it returns with --reply")
            return 0
        raw, where = (timestamp.ask(folder, asked.tsa), asked.tsa) if asked.tsa else _reply(cwd / asked.reply)
        made = timestamp.add(folder, raw, where)
        desk.print(f"time stamped at {made.at}: {folder.name}/{made.file}")
        desk.print("next: ctrlkit verify BUNDLE --tsa-cert FILE, the certificate got from the authority itself")
    return 0


def _reply(path: Path) -> tuple[bytes, str]:
    try:
        return path.read_bytes(), str(path)
    except OSError as error:
        msg = f"--reply {path}: cannot be read ({error.strerror}); expected what the authority returned; check the path"
        raise InputError(msg) from error


def _outside(path: Path) -> Path:
    """The path, where it lies in no bundle and nothing is there; raises InputError else."""
    real = path.resolve()
    inside = next((folder for folder in real.parents if (folder / "bagit.txt").is_file()), None)
    if inside is not None:
        msg = f"--out {path.parent}: lies inside the bundle {inside.name}; expected a folder outside any bundle"
        raise InputError(f"{msg}; names never go into one: give another folder")
    if path.exists():
        msg = f"{path}: is there already, perhaps with somebody's notes; expected a new file; give another --out"
        raise InputError(msg)
    return path


def _write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner can read, whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        msg = f"{path}: cannot be written ({error.strerror}); expected a folder that can be written to; check --out"
        raise InputError(msg) from error
