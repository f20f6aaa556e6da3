"""The sealed record of a run or a handover: written whole or not at all, and one door to opening and verifying it."""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from ctrlkit import bag
from ctrlkit.archive import opened, write_zip
from ctrlkit.bag import Problem
from ctrlkit.errors import BundleError, CtrlkitError, InputError
from ctrlkit.instructions import verify_text
from ctrlkit.verification import verify

__all__ = ["Problem", "opened", "seal", "verify", "verify_text", "zip_bundle"]

_UNFINISHED: Final = ".sealing-"
_LABEL: Final = re.compile(r"[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)*")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_OWN_LABELS: Final = frozenset({"Payload-Oxum"})


def seal(out: Path, stem: str, fill: Callable[[Path], None], info: Mapping[str, str]) -> Path:
    """The folder `<out>/<stem>-<id8>` of a new bundle, whose payload `fill(data folder)` writes.

    `info` holds the lines of `bag-info.txt` (label -> one line of text), `Bagging-Date` (YYYY-MM-DD) among them;
    nothing is taken from a clock. `<out>/latest` names the folder afterwards. An identical bundle that is there already
    is kept with its signatures. Raises InputError for a stem, label or payload name that cannot stand in a bundle,
    BundleError where a signed bundle would be overwritten, CtrlkitError where the disk refuses; nothing half written
    ever stands under the name.
    """
    lines = _info_lines(info)
    fault = "holds a slash" if "/" in stem else bag.name_fault(stem)
    if fault:
        raise InputError(f"{stem!r} · {fault} · expected A-Z a-z 0-9 . _ - · choose another bundle name")
    try:
        out.mkdir(parents=True, exist_ok=True)
        with _workspace(out) as work:
            made = work / "bag"
            (made / "data").mkdir(parents=True)
            fill(made / "data")
            folder = out / f"{stem}-{_close(made, stem, lines)}"
            _place(made, folder, work / "replaced")
            (work / bag.LATEST).write_bytes(f"{folder.name}\n".encode())
            (work / bag.LATEST).replace(out / bag.LATEST)
    except OSError as error:
        raise _unwritten(out, error) from error
    return folder


def zip_bundle(folder: Path) -> Path:
    """`<folder>.zip` of a bundle's folder, the same bytes for the same files; one that is there already is replaced.

    Raises BundleError where the folder holds something that a bundle may not hold, CtrlkitError where the disk refuses.
    """
    folder = folder.resolve()
    try:
        contents = bag.walk(folder)
        faults = [*contents.foreign.items(), *((name, bag.name_fault(name)) for name in contents.files)]
        for name, fault in faults:
            if fault:
                raise BundleError(
                    f"{folder / bag.shown(name)} · {fault} · expected plain files of a bundle · remove it and zip again"
                )
        target = folder.with_name(f"{folder.name}.zip")
        with _workspace(folder.parent) as work:
            write_zip(folder, contents.files, work / "zip")
            (work / "zip").replace(target)
    except OSError as error:
        raise _unwritten(folder, error) from error
    return target


def _unwritten(where: Path, error: OSError) -> CtrlkitError:
    return CtrlkitError(
        f"{error.filename or where} · {error.strerror or error} · the bundle was not written, what stood in its place "
        "still does · free the disk or name another folder with --out, and run again"
    )


def _info_lines(info: Mapping[str, str]) -> list[str]:
    for label, text in info.items():
        if not _LABEL.fullmatch(label) or label in _OWN_LABELS:
            raise InputError(
                f"bag-info.txt: {label!r} · is no label that may be given · expected words like Bagging-Date"
            )
        if not text or text != text.strip() or not text.isprintable():
            raise InputError(f"bag-info.txt: {label}: {text!r} · expected one line of printable text · mend the value")
    if not _DATE.fullmatch(info.get("Bagging-Date", "")):
        raise InputError(
            f"bag-info.txt: Bagging-Date: {info.get('Bagging-Date')!r} · expected YYYY-MM-DD · give a date"
        )
    return [f"{label}: {info[label]}" for label in sorted(info)]


def _close(made: Path, stem: str, info: list[str]) -> str:
    """Write everything beside the payload; the first 8 hex digits of the manifest's digest."""
    files = _payload(made)
    with ThreadPoolExecutor(2) as pool:
        digests = pool.map(lambda name: bag.digest(made / name), files)
        manifest = "".join(f"{digest}  {name}\n" for name, digest in zip(files, digests, strict=True)).encode()
    identity = hashlib.sha256(manifest).hexdigest()[:8]
    oxum = f"Payload-Oxum: {sum(files.values())}.{len(files)}"
    tags = {
        "VERIFY.txt": verify_text(f"{stem}-{identity}").encode(),
        "bag-info.txt": "".join(f"{line}\n" for line in sorted([*info, oxum])).encode(),
        "bagit.txt": bag.DECLARATION,
        bag.MANIFEST: manifest,
    }
    listed = "".join(f"{hashlib.sha256(tags[name]).hexdigest()}  {name}\n" for name in bag.TAG_FILES)
    for name, data in {**tags, bag.TAG_MANIFEST: listed.encode()}.items():
        (made / name).write_bytes(data)
    return identity


def _payload(made: Path) -> Mapping[str, int]:
    contents = bag.walk(made)
    named = ((name, fault) for name in contents.files if (fault := bag.name_fault(name)))
    clashing = ((name, f"clashes with {other}") for name, other in bag.clashes(contents.files))
    for name, fault in (*contents.foreign.items(), *named, *clashing):
        raise InputError(
            f"{bag.shown(name)} · {fault} · expected a plain file with a name that every system can hold · rename it"
        )
    if not contents.files:
        raise InputError("data · holds no file · expected evidence or results to seal · say what the bundle is to hold")
    return contents.files


def _place(made: Path, folder: Path, aside: Path) -> None:
    """Move a finished bundle under its name; what stood there is kept where equal, else replaced as a whole."""
    if folder.exists():
        if _identical(made, folder):
            return
        if not folder.is_dir() or (folder / bag.SIGNATURES).exists():
            raise BundleError(
                f"{folder} · is signed or no bundle, and differs from the new bundle of this name · expected an equal "
                "one or none · verify it, move it away and run again"
            )
        folder.rename(aside)
    try:
        made.rename(folder)
    except OSError:
        # Another run may have placed the same bundle just now.
        if not (folder.exists() and _identical(made, folder)):
            raise
    finally:
        if aside.exists() and not folder.exists():
            aside.rename(folder)


def _identical(made: Path, folder: Path) -> bool:
    there = folder / bag.TAG_MANIFEST
    return there.is_file() and there.read_bytes() == (made / bag.TAG_MANIFEST).read_bytes() and not verify(folder)


@contextmanager
def _workspace(out: Path) -> Iterator[Path]:
    """A new folder in `out`, gone afterwards; what killed runs left behind goes first."""
    for left in sorted(out.glob(f"{_UNFINISHED}*/lock")):
        with left.open("rb+") as lock:
            abandoned = _locked(lock)
        if abandoned:
            shutil.rmtree(left.parent)
    work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=out))
    try:
        # The system drops the lock when this process ends, however it ends: that tells a killed run from a living one.
        with (work / "lock").open("wb") as lock:
            _locked(lock)
            yield work
    finally:
        shutil.rmtree(work)


def _locked(file: IO[bytes]) -> bool:
    """Whether this process holds the lock on an open file now; False where another one does."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
