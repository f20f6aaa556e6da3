from __future__ import annotations

import os
import pty
import subprocess
import sysconfig
from pathlib import Path

from desks import THREE

from ctrlkit.status_line import StatusLine

PROGRAM = Path(sysconfig.get_path("scripts")) / "ctrlkit"


def standing(written: str) -> list[str]:
    """The lines that stand on a terminal in the end, once carriage returns have been followed."""
    lines = []
    for text in written.replace("\r\n", "\n").split("\n"):
        line, place = [" "] * 400, 0
        for letter in text:
            if letter == "\r":
                place = 0
            else:
                line[place] = letter
                place += 1
        lines.append("".join(line).rstrip())
    return [line for line in lines if line]


def on_a_terminal(folder: Path, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output, and what a person's terminal got on standard error."""
    ours, theirs = pty.openpty()
    done = subprocess.run([PROGRAM, *words], cwd=folder, check=False, stdout=subprocess.PIPE, stderr=theirs, text=True)
    os.close(theirs)
    got = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # how Linux says that nobody holds the other end any more
            part = b""
        if not part:
            break
        got += part
    os.close(ours)
    return done.returncode, done.stdout, got.decode()


def desk(folder: Path) -> Path:
    for name, text in THREE.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "pack.yaml").write_text("vendor: Harbour Example Services\n", "utf-8")
    return folder


def test_a_person_sees_what_is_read_on_one_line_and_nothing_of_it_stays(tmp_path: Path) -> None:
    words = ("check", "--profile", "first-hour")
    code, out, err = on_a_terminal(desk(tmp_path), *words)
    assert code == 2
    assert "reading 1 of 2: " in err
    assert "reading 2 of 2: " in err
    assert "\n" not in err.replace("\r\n", "\n").rstrip()
    assert standing(err) == []
    assert out
    assert on_a_terminal(tmp_path, *words, "-q")[2] == ""


def test_who_asks_for_more_keeps_every_line(tmp_path: Path) -> None:
    _, _, err = on_a_terminal(desk(tmp_path), "check", "--profile", "first-hour", "-v")
    assert sum(line.startswith("reading ") for line in standing(err)) == 2


def test_where_nobody_looks_nothing_is_said(tmp_path: Path) -> None:
    words = ("check", "--profile", "first-hour")
    done = subprocess.run([PROGRAM, *words], cwd=desk(tmp_path), check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "")


def test_an_error_stands_alone_on_its_line(tmp_path: Path) -> None:
    desk(tmp_path)
    (tmp_path / "accounts.csv").write_text("password_hash,system,account_id\nx,crm,ana\n", "utf-8")
    _, _, err = on_a_terminal(tmp_path, "run", "--profile", "first-hour", "--out", "pack.yaml")
    assert len(standing(err)) == 1
    assert standing(err)[0].startswith("ctrlkit: ")


def test_a_line_is_cut_to_the_width_and_never_moves_the_terminal() -> None:
    written: list[str] = []
    line = StatusLine(written.append, lambda: 20)
    line.show("reading 1 of 3: a\x1b[2Jvery/long/name.csv …")
    line.show("short …")
    assert standing("".join(written)) == ["short …"]
    assert "\x1b" not in "".join(written)
    assert max(len(part) for text in written for part in text.split("\r")) <= 19
    line.clear()
    line.clear()
    assert standing("".join(written)) == []
    assert len(written) == 3
