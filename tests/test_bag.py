from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctrlkit.bag import clashes, digest, name_fault, read_manifest, shown, walk


@pytest.mark.parametrize(
    "name", ["data/run.json", "data/evidence/client/roster.csv", "a-b_c.1", "x" * 200, "com10", "-a"]
)
def test_a_plain_name_has_no_fault(name: str) -> None:
    assert name_fault(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a//b",
        "a/",
        "../a",
        "a/../b",
        ".",
        "a/.",
        "a\\b",
        "C:/a",
        "a\0b",
        "a\nb",
        "é",
        "COM0",
        "lpt9.txt",
        "a/con",
    ],
)
def test_a_name_that_some_system_reads_differently_has_one(name: str) -> None:
    assert name_fault(name)


@given(st.text(max_size=30))
def test_a_name_without_fault_stays_inside_the_folder(name: str) -> None:
    if name_fault(name) is None:
        assert name.isascii()
        assert Path("bundle", name).parts == ("bundle", *name.split("/"))


def test_names_clash_by_case_in_any_part_and_as_file_and_folder() -> None:
    assert list(clashes(["a/b", "a/c", "d"])) == []
    assert list(clashes(["data/A/x", "data/a/y"])) == [("data/a/y", "data/A")]
    assert list(clashes(["a", "a/b"])) == [("a/b", "a")]
    assert list(clashes(["a/b"], ["a", "A"])) == [("a", "A"), ("a/b", "A")]


def test_a_manifest_is_read_as_sha256sum_writes_it() -> None:
    manifest = read_manifest(b"%s  data/a\n%s *data/b\n" % (b"0" * 64, b"1" * 64))
    assert manifest.digests == {"data/a": "0" * 64, "data/b": "1" * 64}
    assert manifest.faults == ()


@given(st.binary(max_size=200))
def test_any_bytes_make_a_manifest_or_faults(data: bytes) -> None:
    manifest = read_manifest(data)
    assert manifest.faults or not data or data.endswith(b"\n")
    assert all(name_fault(name) is None for name in manifest.digests)
    assert all(fault.isprintable() for fault in manifest.faults)


def test_what_is_shown_of_a_name_is_one_printable_line() -> None:
    assert shown("a\nb\x1b[31mé\udce9") == r"a\nb\x1b[31m\xe9\udce9"


def test_a_walk_names_files_with_sizes_in_order_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x").write_bytes(b"123")
    (tmp_path / "a").write_bytes(b"")
    (tmp_path / "c").symlink_to(tmp_path / "b", target_is_directory=True)
    contents = walk(tmp_path)
    assert list(contents.files.items()) == [("a", 0), ("b/x", 3)]
    assert dict(contents.foreign) == {"c": "is a link"}


def test_a_digest_is_that_of_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert digest(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
