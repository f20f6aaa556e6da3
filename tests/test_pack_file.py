"""Names in a pack lead to regular files inside it, spelt the same on every system."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ctrlkit.errors import InputError
from ctrlkit.pack_file import files_named, names_in


def filled(folder: Path, *names: str) -> Path:
    """A pack of empty files with those names, beside a secret outside it."""
    pack = folder / "pack"
    for name in names:
        (pack / name).parent.mkdir(parents=True, exist_ok=True)
        (pack / name).write_bytes(b"")
    pack.mkdir(exist_ok=True)
    (folder / "secret.csv").write_bytes(b"secret")
    return pack


def named(pack: Path, text: str) -> tuple[str, ...]:
    return files_named(pack, text, InputError)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a.csv", ("a.csv",)),
        ("./a.csv", ("a.csv",)),
        ("hr/b.csv", ("hr/b.csv",)),
        ("none.csv", ()),
        ("none/b.csv", ()),
        ("a.csv/b.csv", ()),
        ("*.csv", ("a.csv", "c [1].csv")),
        ("c [1].csv", ("c [1].csv",)),
        ("?.csv", ("a.csv",)),
        ("*/*.csv", ("hr/b.csv",)),
        ("**/*.csv", ("a.csv", "c [1].csv", "hr/b.csv", "hr/old/d.csv")),
        ("hr/**", ("hr/b.csv", "hr/old/d.csv")),
        ("hr/*.tsv", ()),
        ("*", ("a.csv", "c [1].csv")),
    ],
)
def test_names_and_patterns_find_files_in_order(tmp_path: Path, text: str, found: tuple[str, ...]) -> None:
    pack = filled(tmp_path, "hr/old/d.csv", "hr/b.csv", "a.csv", "c [1].csv", "~$a.csv", ".hidden.csv")
    assert named(pack, text) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("../secret.csv", "leaves the pack"),
        ("hr/../../secret.csv", "leaves the pack"),
        ("hr/../a.csv", "leaves the pack"),
        ("/etc/passwd", "expected a name inside the pack"),
        ("C:/secret.csv", "expected a name inside the pack"),
        ("a.csv:stream", "expected a name inside the pack"),
        ("hr\\b.csv", 'expected / between folders; write "hr/b.csv"'),
        ("a\x00.csv", "expected a name inside the pack"),
        ("a.csv.", "plain file name"),
        ("a.csv ", "plain file name"),
        ("hr//b.csv", "plain file name"),
        ("hr/", "plain file name"),
        (".", "plain file name"),
        ("nul", "plain file name"),
        ("COM1.csv", "plain file name"),
        ("A.csv", 'the name is "a.csv"; expected the same case'),
        ("HR/b.csv", 'the name is "hr"; expected the same case'),
        ("hr", '"hr" is a folder'),
        ("**/../*.csv", "leaves the pack"),
    ],
)
def test_other_names_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        named(filled(tmp_path, "a.csv", "hr/b.csv"), text)
    assert message in str(error.value)


def test_links_that_stay_inside_are_followed(tmp_path: Path) -> None:
    pack = filled(tmp_path, "hr/b.csv")
    (pack / "a.csv").symlink_to(pack / "hr" / "b.csv")
    assert named(pack, "a.csv") == ("a.csv",)


@pytest.mark.parametrize("text", ["a.csv", "*.csv", "out/secret.csv", "out/*.csv", "gone.csv", "loop.csv"])
def test_links_that_leave_lead_nowhere_or_turn_are_refused(tmp_path: Path, text: str) -> None:
    pack = filled(tmp_path)
    (pack / "a.csv").symlink_to(tmp_path / "secret.csv")
    (pack / "out").symlink_to(tmp_path, target_is_directory=True)
    (pack / "gone.csv").symlink_to(tmp_path / "none.csv")
    (pack / "loop.csv").symlink_to(pack / "loop.csv")
    with pytest.raises(InputError, match=r"leads out of the pack|is a link|cannot be followed"):
        named(pack, text)


def test_names_that_differ_in_case_alone_are_refused(tmp_path: Path) -> None:
    pack = filled(tmp_path, "a.csv", "A.csv")
    for text in ("a.csv", "*.csv"):
        with pytest.raises(InputError, match="differ only in case"):
            named(pack, text)


def test_a_name_composed_in_another_way_is_the_same_name(tmp_path: Path) -> None:
    """A zip made on a Mac spells é as e and an accent."""
    pack = filled(tmp_path, "Sen\u0303ores.csv")
    assert len(named(pack, "Se\u00f1ores.csv")) == 1


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    pack = filled(tmp_path)
    os.mkfifo(pack / "a.csv")
    for text in ("a.csv", "*.csv"):
        with pytest.raises(InputError, match="is a pipe, socket or device"):
            named(pack, text)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        names_in(tmp_path / "none")
