"""The script: one frame, the same whatever the shell, nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from ctrlkit.plugins.linux_probes import PROBES

from ctrlkit.errors import AuthorError, InputError
from ctrlkit.hooks import Probe
from ctrlkit.probe_script import build, chosen, describe, marker_of
from ctrlkit.transcript import Transcript, read

SHELLS = {"dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}
MARKER = "0123456789abcdef"


def probe(name: str, command: str, *, privileged: bool = False) -> Probe:
    return Probe(name=name, fact=name, command=command, about=f"for {name}", privileged=privileged)


def script(*probes: Probe, seconds: int = 2, total: int = 30) -> str:
    return build(probes, nonce="n1", marker=MARKER, sudo=False, probe_seconds=seconds, total_seconds=total)


def printed(text: str, shell: str = "dash", *, cwd: Path | None = None, wait: int = 40) -> bytes:
    """What the script prints when a shell reads it from stdin, as over SSH; all but the instant and the checksum."""
    words = SHELLS[shell]
    done = subprocess.run(words, input=text.encode(), capture_output=True, timeout=wait, check=True, cwd=cwd)
    assert not done.stderr
    return done.stdout


def asked(text: str, shell: str = "dash") -> Transcript:
    found = read(printed(text, shell), "h1")
    assert isinstance(found, Transcript), found
    return found


def without_instant(frame: bytes) -> bytes:
    return b"".join(
        line for line in frame.splitlines(keepends=True) if not line.startswith((b": started", b"CTRLKIT-END"))
    )


HOSTILE = (
    probe("both", "echo out; echo err >&2; exit 3"),
    probe("no_newline", "printf 'a\\nb'; printf 'c' >&2"),
    probe("blank_lines", "echo; echo; echo a; echo"),
    probe("quotes", """awk 'BEGIN { print "it'\\''s \\\\ ok" }'"""),
    probe("binary", "printf 'a\\000b\\n\\033[31mred\\r\\n\\377\\n'"),
    probe("faked", "echo 'CTRLKIT-END x 1 2'; echo '= other'; echo '? 0'; echo '| x'"),
    probe("nothing", ":"),
    probe("missing", "no-such-tool-here 2>/dev/null"),
    probe("flood", "yes"),
    probe("flood_stderr", "yes >&2"),
)


def test_the_frame_is_the_same_under_every_shell() -> None:
    frames = {without_instant(printed(script(*HOSTILE), shell)) for shell in SHELLS}
    assert len(frames) == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_every_answer_comes_back_apart(shell: str) -> None:
    answers = asked(script(*HOSTILE), shell).probes
    assert (answers["both"].stdout, answers["both"].stderr, answers["both"].status) == (b"out\n", b"err\n", 3)
    assert answers["no_newline"].stdout == b"a\nb\n"
    assert answers["blank_lines"].stdout == b"\n\na\n\n"
    assert answers["quotes"].stdout == b"it's \\ ok\n"
    assert answers["binary"].stdout == b"ab\n\x1b[31mred\r\n\xff\n"
    assert answers["faked"].status == 0
    assert answers["faked"].stdout.startswith(b"CTRLKIT-END x 1 2\n= other\n")
    assert (answers["nothing"].stdout, answers["nothing"].status) == (b"", 0)
    assert answers["missing"].status == 127


@pytest.mark.parametrize("shell", SHELLS)
def test_a_flood_is_cut(shell: str) -> None:
    answers = asked(script(*HOSTILE), shell).probes
    assert answers["flood"].end == "clipped"
    assert len(answers["flood"].stdout) <= 1 << 20
    assert answers["flood_stderr"].status != 0
    assert len(answers["flood_stderr"].stderr) <= 1 << 16


@pytest.mark.parametrize("shell", SHELLS)
def test_a_probe_that_reads_gets_nothing_and_eats_nothing(shell: str) -> None:
    answers = asked(script(probe("reads", "cat; read x; echo end"), probe("after", "echo here")), shell).probes
    assert answers["reads"].stdout == b"end\n"
    assert answers["after"].stdout == b"here\n"


@pytest.mark.parametrize("shell", SHELLS)
def test_a_probe_that_hangs_is_ended_with_its_children(shell: str, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    answers = asked(script(probe("hangs", f"sleep 300 & echo $! > {pid}; wait"), probe("after", "echo here")), shell)
    assert answers.probes["hangs"].end == "timeout"
    assert answers.probes["after"].stdout == b"here\n"
    assert not alive(int(pid.read_text()))


@pytest.mark.parametrize("shell", SHELLS)
def test_a_child_that_keeps_stdout_holds_nobody_up_and_is_ended(shell: str, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    answers = asked(script(probe("leaves", f"sleep 300 & echo $! > {pid}; echo done"), seconds=20), shell)
    assert (answers.probes["leaves"].stdout, answers.probes["leaves"].status) == (b"done\n", 0)
    assert not alive(int(pid.read_text()))


def test_a_child_in_a_session_of_its_own_holds_nobody_up() -> None:
    answers = asked(script(probe("escapes", "setsid sleep 3 & sleep 0.1; echo done"), seconds=20))
    assert (answers.probes["escapes"].stdout, answers.probes["escapes"].status) == (b"done\n", 0)


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    for _ in range(20):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return False
        if state == "Z":
            return False
        time.sleep(0.05)
    return True


def test_no_watchdog_outlives_the_script(tmp_path: Path) -> None:
    """Each probe's process and watchdog share the script's environment; afterwards nobody has it."""
    mark = f"CTRLKIT_TEST={tmp_path}"
    env = {**os.environ, "CTRLKIT_TEST": str(tmp_path)}
    text = script(probe("one", "echo 1"), probe("two", "sleep 100 & :"), seconds=30)
    subprocess.run(["dash"], input=text.encode(), capture_output=True, timeout=40, check=True, env=env)
    time.sleep(0.2)
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "environ").read_bytes()
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
        if mark.encode() in said:
            left.append(process.name)
    assert not left


def test_when_time_is_out_the_rest_is_named_and_the_frame_still_whole() -> None:
    answers = asked(script(probe("slow", "sleep 60"), probe("late", "echo 1"), seconds=20, total=1)).probes
    assert (answers["slow"].end, answers["late"].end) == ("timeout", "skipped")


def test_no_file_is_made(tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    env = {**os.environ, "TMPDIR": str(here), "HOME": str(here)}
    text = build(PROBES, nonce="n1", marker=MARKER, sudo=False)
    subprocess.run(["dash"], input=text.encode(), capture_output=True, timeout=90, check=True, env=env, cwd=here)
    assert not list(here.iterdir())


def test_what_the_user_has_set_changes_nothing(tmp_path: Path) -> None:
    text = script(probe("env", "echo $LC_ALL $TZ $PATH; printf '%s' \"$IFS\" | od -c"))
    plain = printed(text)
    rc = tmp_path / "rc"
    rc.write_text("echo noise\n")
    env = {"PATH": os.environ["PATH"], "ENV": str(rc), "BASH_ENV": str(rc), "LC_ALL": "C.UTF-8", "TZ": "Asia/Manila"}
    done = subprocess.run(["dash"], input=text.encode(), capture_output=True, timeout=30, check=True, env=env)
    assert without_instant(done.stdout) == without_instant(plain)


def test_without_rights_a_privileged_probe_is_not_run() -> None:
    text = script(probe("secret", "cat /etc/shadow", privileged=True), probe("plain", "echo $ROOT."))
    words = (
        [shutil.which("setpriv") or "setpriv", "--reuid=65534", "--clear-groups", "dash"]
        if os.getuid() == 0
        else ["dash"]
    )
    done = subprocess.run(words, input=text.encode(), capture_output=True, timeout=30, check=True)
    found = read(done.stdout, "h1")
    assert isinstance(found, Transcript)
    assert found.rights == "none"
    assert found.probes["secret"].end == "refused"
    assert found.probes["plain"].stdout == b".\n"


def test_it_says_who_it_is() -> None:
    found = asked(script(probe("one", "echo 1")))
    assert (found.marker, found.nonce, found.shell, found.uid) == (MARKER, "n1", "sh", str(os.getuid()))


def test_an_administrator_can_read_what_it_does() -> None:
    text = build(PROBES, nonce="n1", marker=marker_of("n1"), sudo=True)
    head = text.partition("main() {")[0]
    assert '"n1"' in head
    assert all(f"#   {p.name}: {p.about}" in head for p in PROBES)
    assert max(map(len, head.splitlines())) <= 120


def test_a_dry_run_lists_each_probe_with_its_command() -> None:
    said = describe(PROBES)
    for each in PROBES:
        assert f"{each.name}: {each.about}" in said
        assert each.command.strip().splitlines()[0] in said


def test_the_shipped_probes_pass_the_linter_of_shells(tmp_path: Path) -> None:
    path = tmp_path / "probe.sh"
    path.write_text(build(PROBES, nonce="n1", marker=MARKER, sudo=True))
    for words in SHELLS.values():
        subprocess.run([*words, "-n", str(path)], check=True, timeout=20)
    for each in PROBES:
        for words in SHELLS.values():
            subprocess.run([*words, "-n"], input=each.command.encode(), check=True, timeout=20)


def test_the_marker_of_a_printed_script_follows_from_the_nonce() -> None:
    assert marker_of("a") == marker_of("a") != marker_of("b")


@pytest.mark.parametrize("nonce", ["a b", "a'b", "$(id)", "a\nb", "x" * 129])
def test_a_nonce_that_could_become_shell_is_refused(nonce: str) -> None:
    with pytest.raises(InputError, match="nonce"):
        build([probe("one", ":")], nonce=nonce, marker=MARKER, sudo=False)


@pytest.mark.parametrize("marker", ["", "short", "with space", "a" * 65])
def test_a_marker_that_is_none_is_refused(marker: str) -> None:
    with pytest.raises(InputError, match="marker"):
        build([probe("one", ":")], nonce="", marker=marker, sudo=False)


@pytest.mark.parametrize("name", ["", "Big", "a b", "1a", "a;b", "é"])
def test_a_name_no_frame_can_hold_is_refused(name: str) -> None:
    with pytest.raises(AuthorError, match="name"):
        chosen([probe(name, ":")])


def test_a_name_twice_and_an_empty_command_are_refused() -> None:
    with pytest.raises(AuthorError, match="twice"):
        chosen([probe("one", ":"), probe("one", ":")])
    with pytest.raises(AuthorError, match="no command"):
        chosen([probe("one", "  ")])
