"""A bundle as one file: zipped the same way every time, and opened again without trusting it."""

from __future__ import annotations

import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ctrlkit.bag import LATEST, MANIFEST, clashes, name_fault, shown
from ctrlkit.errors import BundleError

MAX_ENTRIES = 100_000
MAX_BYTES = 64 << 30
MAX_RATIO = 200

_BLOCK: Final = 1 << 20
_DIRECTORY_ENTRY: Final = 512
_DAMAGE: Final = (
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What zipfile raises over bytes that are no sound zip."""


def write_zip(folder: Path, files: Iterable[str], target: Path) -> None:
    """Write `files` of `folder` into a new zip: sorted, stored, no times, no owners; equal files give equal bytes."""
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{folder.name}/{name}", (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            # Known beforehand, so that zipfile chooses zip64 exactly where it is needed.
            entry.file_size = (folder / name).stat().st_size
            with (folder / name).open("rb") as source, archive.open(entry, "w") as packed:
                shutil.copyfileobj(source, packed, _BLOCK)


@contextmanager
def opened(path: Path) -> Iterator[Path]:
    """The folder of a bundle given as folder, zip, `latest` file or folder with one; a zip is unpacked privately.

    Raises BundleError for anything else, and for a zip that could write outside its folder, hide a file from some
    readers or fill the disk. The folder is not verified.
    """
    found = _located(path)
    if found.is_dir():
        yield found
        return
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as private:
        yield _unpacked(found, Path(private))


def _located(path: Path) -> Path:
    if path.is_dir():
        if any((path / name).exists() for name in ("bagit.txt", MANIFEST)):
            return path
        if (path / LATEST).is_file():
            return _followed(path / LATEST)
        if (path / "data").is_dir():
            return path
        raise BundleError(f"{path} · has no bagit.txt and no {LATEST} · expected a bundle · name the bundle's folder")
    if not path.is_file():
        raise BundleError(f"{path} · is not there · expected a bundle's folder, zip or {LATEST} file · check the path")
    with path.open("rb") as file:
        return path if file.read(2) == b"PK" else _followed(path)


def _followed(latest: Path) -> Path:
    with latest.open("rb") as file:
        name = file.read(512).decode("ascii", "backslashreplace").removesuffix("\n").removesuffix("\r")
    if "/" in name or name_fault(name):
        raise BundleError(
            f"{latest} · holds {shown(name[:80])!r} · expected the name of a bundle's folder beside it, or a zip · "
            "name the bundle itself"
        )
    if not (latest.parent / name).is_dir():
        raise BundleError(f"{latest} · names {name} · no such folder lies beside it · name the bundle itself")
    return latest.parent / name


def _unpacked(path: Path, into: Path) -> Path:
    try:
        _refuse_large_directory(path)
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            top = _checked(path, entries)
            for entry in entries:
                _extract(archive, entry, into)
    except _DAMAGE as error:
        raise _refusal(path, f"is damaged: {shown(str(error))}") from error
    except OSError as error:
        raise _refusal(path, f"could not be unpacked: {error.strerror}") from error
    return into / top


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, into: Path) -> None:
    target = into / entry.filename
    if entry.is_dir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(entry) as source, target.open("xb") as file:
        shutil.copyfileobj(source, file, _BLOCK)
        if file.tell() != entry.file_size:
            raise EOFError(f"{entry.filename} ends early")


def _refuse_large_directory(path: Path) -> None:
    """Raise before zipfile reads a directory of millions of entries into memory."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 98))
        tail = file.read()
    record, locator, end = tail[:56], tail[-42:-22], tail[-22:]
    if end[:4] != b"PK\5\6" or end[20:] != b"\0\0":
        raise _refusal(path, "does not end as a zip ends")
    length: int = struct.unpack("<L", end[12:16])[0]
    if locator[:4] == b"PK\6\7":
        if record[:4] != b"PK\6\6" or struct.unpack("<Q", locator[8:16])[0] != size - 98:
            raise _refusal(path, "has a directory that readers may find in different places")
        length = struct.unpack("<Q", record[40:48])[0]
    if length > MAX_ENTRIES * _DIRECTORY_ENTRY:
        raise _refusal(path, f"has a directory of {length} bytes")


def _checked(path: Path, entries: list[zipfile.ZipInfo]) -> str:
    """The one top folder of the entries; raises BundleError for the first that may not be there."""
    if len(entries) > MAX_ENTRIES:
        raise _refusal(path, f"has {len(entries)} entries, at most {MAX_ENTRIES} are allowed")
    total = sum(entry.file_size for entry in entries)
    # Against the archive's own size: entries that overlap in it each claim the same packed bytes.
    if total > MAX_BYTES or total > MAX_RATIO * path.stat().st_size:
        raise _refusal(path, f"unpacks to {total} bytes, allowed are {MAX_BYTES} and {MAX_RATIO} times its size")
    for entry in entries:
        if fault := _entry_fault(entry):
            raise _refusal(path, f"entry {shown(entry.orig_filename)!r} {fault}")
    names = Counter(entry.filename.removesuffix("/") for entry in entries)
    for name in (name for name, times in names.items() if times > 1):
        raise _refusal(path, f"holds {name} more than once")
    files = [entry.filename for entry in entries if not entry.is_dir()]
    for name, other in clashes(files, names):
        raise _refusal(path, f"holds {name} and {other}, which cannot both lie in one folder everywhere")
    tops = sorted({name.split("/")[0] for name in names})
    if len(tops) != 1 or tops[0] in files:
        raise _refusal(path, f"holds {', '.join(tops[:3]) or 'nothing'} at its top, expected one folder")
    return tops[0]


def _entry_fault(entry: zipfile.ZipInfo) -> str | None:
    name = entry.orig_filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    top, _, inside = name.removesuffix("/").partition("/")
    fault = name_fault(top or name) or (name_fault(inside) if inside else None)
    if fault or entry.filename != name:
        return fault or "has two different names"
    if kind not in (0, stat.S_IFDIR if entry.is_dir() else stat.S_IFREG):
        return "is a link, device or other special file"
    if entry.flag_bits & 0x2041:
        return "is encrypted"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is packed by method {entry.compress_type}, expected stored or deflated"
    if entry.is_dir() and entry.file_size:
        return "is a folder with content"
    return None


def _refusal(path: Path, found: str) -> BundleError:
    return BundleError(f"{path} · {found} · expected a zip made by --zip · do not unpack it, ask for it again")
