from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import broken_bundles as broken
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ctrlkit import archive
from ctrlkit.bundle import opened, verify, zip_bundle
from ctrlkit.errors import BundleError

Entry = tuple[str, bytes]


def made(path: Path, *entries: Entry, mode: int = 0o100644, method: int = zipfile.ZIP_STORED) -> Path:
    """A zip of the given entries, names exactly as given."""
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in entries:
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            entry.external_attr = (stat.S_IFDIR if name.endswith("/") else mode) << 16
            entry.compress_type = method
            packed.writestr(entry, data)
    return path


def test_a_folder_is_opened_as_it_is(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    with opened(bundle) as folder:
        assert folder == bundle


def test_a_latest_file_and_the_folder_that_holds_it_lead_to_the_bundle(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    for path in (tmp_path, tmp_path / "latest"):
        with opened(path) as folder:
            assert folder == bundle


def test_a_latest_file_with_the_line_end_of_windows_is_read(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    (tmp_path / "latest").write_bytes(f"{bundle.name}\r\n".encode())
    with opened(tmp_path) as folder:
        assert folder == bundle


@pytest.mark.parametrize("name", ["bagit.txt", broken.MANIFEST])
def test_a_bundle_that_lost_a_file_is_opened_so_that_verify_can_name_it(name: str, tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    (bundle / name).unlink()
    with opened(bundle) as folder:
        assert name in {problem.file for problem in verify(folder)}


@pytest.mark.parametrize("text", ["../elsewhere", "/etc", "a/b", "", "two\nlines", "C:", "x" * 600, "\udc00\x1b"])
def test_a_latest_file_cannot_lead_elsewhere(text: str, tmp_path: Path) -> None:
    (tmp_path / "latest").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(BundleError, match="expected the name of a bundle's folder"), opened(tmp_path):
        pass


def test_a_latest_file_whose_bundle_is_gone_is_said(tmp_path: Path) -> None:
    (tmp_path / "latest").write_text("gone\n", "utf-8")
    with pytest.raises(BundleError, match="names gone · no such folder"), opened(tmp_path / "latest"):
        pass


def test_what_is_not_there_or_no_bundle_is_said(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is not there"), opened(tmp_path / "nothing"):
        pass
    with pytest.raises(BundleError, match=r"has no bagit\.txt and no latest"), opened(tmp_path):
        pass


def test_a_zip_packed_again_by_another_tool_is_opened(tmp_path: Path) -> None:
    """Deflated, with entries for folders and no modes, as a desktop does it."""
    bundle = broken.good(tmp_path)
    packed = tmp_path / "again.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as again:
        for path in (bundle, *sorted(bundle.rglob("*"))):
            again.write(path, path.relative_to(tmp_path))
    with opened(packed) as folder:
        assert verify(folder) == ()


HOSTILE: dict[str, tuple[tuple[Entry, ...], str]] = {
    "climbs out": ((("b/../../x", b""),), "climbs out of the bundle"),
    "climbs out at the top": ((("../x", b""),), "climbs out of the bundle"),
    "absolute": ((("/etc/x", b""),), "is an absolute path"),
    "drive": ((("C:/x", b""),), "is an absolute path"),
    "backslash": ((("b\\..\\x", b""),), "holds something else"),
    "NUL in a name": ((("b/x\0.csv", b""),), "holds something else"),
    "not ASCII": ((("b/é", b""),), "holds something else"),
    "hidden": ((("b/.bashrc", b""),), "begins or ends with a dot"),
    "device name": ((("b/data/nul", b""),), "Windows reserves"),
    "long name": ((("b/" + "x" * 201, b""),), "201 characters"),
    "empty part": ((("b//x", b""),), "is an absolute path"),
    "same name twice": ((("b/x", b"1"), ("b/x", b"2")), "holds b/x more than once"),
    "file and folder of one name": ((("b/x", b"1"), ("b/x/", b"")), "holds b/x more than once"),
    "file where a folder is needed": ((("b/x", b"1"), ("b/x/y", b"")), "cannot both lie"),
    "names equal but for case": ((("b/x", b"1"), ("b/X", b"2")), "cannot both lie"),
    "folders equal but for case": ((("b/x/1", b"1"), ("b/X/2", b"2")), "cannot both lie"),
    "two folders at the top": ((("a/x", b""), ("b/x", b"")), "holds a, b at its top, expected one folder"),
    "a file at the top": ((("x", b""),), "holds x at its top, expected one folder"),
    "nothing": ((), "holds nothing at its top"),
    "folder with content": ((("b/x/", b"1"),), "is a folder with content"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_zip_is_refused_and_nothing_of_it_unpacked(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries, words = HOSTILE[case]
    (tmp_path / "private").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "private"))
    packed = made(tmp_path / "bundle.zip", *entries)
    with pytest.raises(BundleError, match=words) as told, opened(packed):
        pass
    assert str(told.value).isprintable()
    assert {p.name for p in tmp_path.rglob("*")} == {"private", "bundle.zip"}


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFDIR])
def test_an_entry_that_is_no_plain_file_is_refused(kind: int, tmp_path: Path) -> None:
    packed = made(tmp_path / "bundle.zip", ("b/x", b"/etc/passwd"), mode=kind | 0o777)
    with pytest.raises(BundleError, match="is a link, device or other special file"), opened(packed):
        pass


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    packed = made(tmp_path / "bundle.zip", ("b/x", b"1"))
    data = packed.read_bytes()
    at = data.index(b"PK\1\2") + 8
    packed.write_bytes(data[:at] + b"\1\0" + data[at + 2 :])
    with pytest.raises(BundleError, match="is encrypted"), opened(packed):
        pass


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_packing_is_refused(method: int, tmp_path: Path) -> None:
    packed = made(tmp_path / "bundle.zip", ("b/x", b"1"), method=method)
    with pytest.raises(BundleError, match="is packed by method"), opened(packed):
        pass


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    packed = made(tmp_path / "bundle.zip", ("b/x", bytes(10 << 20)), method=zipfile.ZIP_DEFLATED)
    with pytest.raises(BundleError, match="unpacks to 10485760 bytes"), opened(packed):
        pass


def test_overlapping_entries_count_once_against_the_ratio(tmp_path: Path) -> None:
    """Many entries of the directory that point at the same packed bytes."""
    packed = made(tmp_path / "bundle.zip", ("b/x000", bytes(100_000)), method=zipfile.ZIP_DEFLATED)
    data = packed.read_bytes()
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    entries = b"".join(data[start:end].replace(b"b/x000", b"b/x%03d" % n) for n in range(500))
    tail = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, 500, 500, len(entries), start, 0)
    packed.write_bytes(data[:start] + entries + tail)
    with pytest.raises(BundleError, match="unpacks to 50000000 bytes"), opened(packed):
        pass


def test_too_many_entries_and_too_many_bytes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = zip_bundle(broken.good(tmp_path))
    for limit, words in (("MAX_ENTRIES", "has 10 entries, at most 9"), ("MAX_BYTES", "bytes, allowed are 9")):
        with monkeypatch.context() as patch:
            patch.setattr(archive, limit, 9)
            with pytest.raises(BundleError, match=words), opened(packed):
                pass


def test_a_huge_directory_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = zip_bundle(broken.good(tmp_path))
    monkeypatch.setattr(archive, "MAX_ENTRIES", 1)
    with pytest.raises(BundleError, match=r"has a directory of \d+ bytes"), opened(packed):
        pass


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda data: data[: len(data) // 2], "does not end as a zip ends"),
    "empty": (lambda _: b"PK", "does not end as a zip ends"),
    "bytes after its end": (lambda data: data + b"x", "does not end as a zip ends"),
    "a comment": (lambda data: data[:-2] + b"\1\0x", "does not end as a zip ends"),
    "content changed": (lambda data: data.replace(b"p_b,false", b"p_b,truee"), "is damaged: Bad CRC-32"),
    "two names for an entry": (
        lambda data: data.replace(b"mfa.py", b"mfb.py", 1),
        "is damaged: File name in directory",
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_zip_is_refused(case: str, tmp_path: Path) -> None:
    damage, words = DAMAGE[case]
    packed = zip_bundle(broken.good(tmp_path))
    packed.write_bytes(damage(packed.read_bytes()))
    with pytest.raises(BundleError, match=words), opened(packed):
        pass


def test_a_large_zip_with_the_directory_of_zip64_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    packed = zip_bundle(broken.good(tmp_path))
    assert b"PK\6\6" in packed.read_bytes()
    with opened(packed) as folder:
        assert verify(folder) == ()


def test_a_zip64_directory_in_two_places_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    packed = zip_bundle(broken.good(tmp_path))
    data = packed.read_bytes()
    packed.write_bytes(data[:-34] + struct.pack("<Q", 7) + data[-26:])
    with pytest.raises(BundleError, match="directory that readers may find in different places"), opened(packed):
        pass


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_zip_with_any_byte_changed_is_refused_or_named_or_the_same(data: st.DataObject, tmp_path: Path) -> None:
    packed = next(iter(tmp_path.glob("*.zip")), None) or zip_bundle(broken.good(tmp_path))
    whole = packed.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = tmp_path / "changed"
    changed.write_bytes(whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :])
    with suppress(BundleError), opened(changed) as folder:
        if verify(folder) == ():
            files = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
            original = packed.with_suffix("")
            assert all((folder / p).read_bytes() == (original / p).read_bytes() for p in files)
            assert len(files) == 10
