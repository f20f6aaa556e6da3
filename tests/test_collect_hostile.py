"""A host is hostile until shown otherwise: whatever it does ends within its limits, with the cause that fits."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import collecting
import hostile
import paramiko
import pytest
import sshd
from hostile import BANNER, Behaviour, Fake
from paramiko.common import AUTH_FAILED, OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED, OPEN_SUCCEEDED

from ctrlkit.collect import ScriptFor
from ctrlkit.model import Cause
from ctrlkit.tally import Summary

Talk = Callable[[socket.socket, threading.Event], None]

NOISE = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(3000))
ANSI = b"\x1b[2J\x1b]0;owned\x07\x9b31m\r\n"


def text(*fakes: Fake, connect: int = 10, timeout: int = 20) -> str:
    """Limits that a busy machine keeps; only where the limit is what is tried are they short."""
    hosts = "".join(f"  - {{name: h{n}, address: 127.0.0.1, port: {fake.port}}}\n" for n, fake in enumerate(fakes))
    return (
        f"defaults: {{user: audit, known_hosts: known_hosts, identity_file: {sshd.make_key()}, "
        f"connect_timeout: {connect}, timeout: {timeout}, output_limit: 200000}}\nhosts:\n{hosts}"
    )


def read(
    folder: Path,
    fake: Fake,
    script: ScriptFor = collecting.script,
    *,
    connect: int = 10,
    timeout: int = 20,
) -> Summary:
    (folder / "known_hosts").write_text(fake.known_line, "ascii")
    prepared = collecting.ready(folder, text(fake, connect=connect, timeout=timeout))
    return collecting.run(prepared, folder / "out", script)


def cause_of(folder: Path, summary: Summary) -> Cause:
    """The cause of the one failure; nothing of it can harm a terminal, and no facts were left."""
    (failure,) = summary.failed
    assert failure.line().isprintable()
    assert failure.remedy
    record = collecting.record(folder / "out", "h0")
    assert (record["cause"], record["reason"]) == (failure.cause, failure.message)
    assert not (folder / "out" / "hosts" / "h0.facts").exists()
    return failure.cause


def silent(_: socket.socket, over: threading.Event) -> None:
    over.wait(30)


def closing(_: socket.socket, __: threading.Event) -> None:
    """Say nothing and go."""


def web(sock: socket.socket, over: threading.Event) -> None:
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\n" * 200)
    over.wait(0.2)


def binary(sock: socket.socket, over: threading.Event) -> None:
    sock.sendall(NOISE[:3000] + b"\n" + ANSI * 100)
    over.wait(0.2)


def endless_line(sock: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        sock.sendall(b"A" * 65536)


def endless_lines(sock: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        sock.sendall(b"welcome\r\n" * 4096)


def drip(sock: socket.socket, over: threading.Event) -> None:
    for byte in BANNER * 1000:
        sock.sendall(b"-" if byte == 10 else bytes([byte]))
        if over.wait(0.05):
            return


def after_banner_silent(sock: socket.socket, over: threading.Event) -> None:
    sock.sendall(BANNER)
    over.wait(30)


def after_banner_binary(sock: socket.socket, over: threading.Event) -> None:
    sock.sendall(BANNER + NOISE)
    over.wait(0.5)


def after_banner_giant(sock: socket.socket, over: threading.Event) -> None:
    """A packet that says it is 2 GB long, and is meant to be kept whole."""
    sock.sendall(BANNER + b"\x7f\xff\xff\xf8\x04\x14")
    while not over.is_set():
        sock.sendall(b"\0" * 65536)


@pytest.mark.parametrize(
    ("talk", "causes"),
    [
        (silent, {Cause.TIMEOUT}),
        (closing, {Cause.UNREACHABLE}),
        (web, {Cause.UNREACHABLE}),
        (binary, {Cause.UNREACHABLE}),
        (endless_line, {Cause.CUT}),
        (endless_lines, {Cause.CUT, Cause.UNREACHABLE}),  # a hundred lines of greeting are enough
        (drip, {Cause.TIMEOUT}),
        (after_banner_silent, {Cause.TIMEOUT}),
        (after_banner_binary, {Cause.UNREACHABLE}),
        (after_banner_giant, {Cause.CUT, Cause.UNREACHABLE}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_answers_without_ssh_is_left_within_the_limit(tmp_path: Path, talk: Talk, causes: set[Cause]) -> None:
    with hostile.raw(talk) as fake:
        summary = read(tmp_path, fake, connect=1 if Cause.TIMEOUT in causes else 10)
    assert cause_of(tmp_path, summary) in causes


class Friendly(Behaviour):
    greeting = "Authorised use only \x1b[31m" * 100


class Noisy(Behaviour):
    """A `.bashrc` that talks, in binary and in colours, before and after."""

    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:
        channel.sendall(
            b"Welcome! \x00\xff" + ANSI + b"CTRLKIT-FACTS 1 " + b"f" * 32 + b"\nCTRLKIT-END " + b"f" * 32 + b"\n"
        )
        channel.sendall_stderr(ANSI)
        super().answer(channel, marker)


class KeepsStdout(Behaviour):
    """A child in the background holds the output open after the last line."""

    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:
        channel.sendall(b"CTRLKIT-FACTS 1 " + marker + b"\n: shell sh\nCTRLKIT-END " + marker + b" 0 0\nmore")
        self.hang()


class InPieces(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:
        whole = b"x\nCTRLKIT-FACTS 1 " + marker + b"\n: shell sh\nCTRLKIT-END " + marker + b" 0 0\n"
        for byte in whole:
            channel.sendall(bytes([byte]))
        self.hang()


class ExitsFirst(Behaviour):
    """The exit status overtakes the output."""

    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:
        channel.send_exit_status(0)
        self.over.wait(0.3)
        super().answer(channel, marker)


@pytest.mark.parametrize("behaviour", [Friendly, Noisy, KeepsStdout, InPieces, ExitsFirst])
def test_what_is_only_odd_is_read_and_its_noise_left_out(tmp_path: Path, behaviour: type[Behaviour]) -> None:
    with hostile.server(behaviour) as fake:
        summary = read(tmp_path, fake)
    assert summary.complete, summary.failed
    assert collecting.facts(tmp_path / "out", "h0") == [": shell sh"]


class HangsAtSignIn(Behaviour):
    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:  # noqa: ARG002
        self.hang()
        return AUTH_FAILED


class LetsNobodyIn(Behaviour):
    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:  # noqa: ARG002
        return AUTH_FAILED


class NoSession(Behaviour):
    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class NoCommand(Behaviour):
    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:  # noqa: ARG002
        self.started.set()
        return False


class HangsAtCommand(Behaviour):
    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:  # noqa: ARG002
        self.started.set()
        self.hang()
        return True


class HangsAtSession(Behaviour):
    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        self.hang()
        return OPEN_SUCCEEDED


class Endless(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:
        channel.sendall(b"CTRLKIT-FACTS 1 " + marker + b"\n")
        while not self.over.is_set():
            channel.sendall(b"y\n" * 16384)


class EndlessStderr(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:  # noqa: ARG002
        while not self.over.is_set():
            channel.sendall_stderr(ANSI * 1024)


class Silent(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:  # noqa: ARG002
        self.hang()


class Drips(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:
        channel.sendall(b"CTRLKIT-FACTS 1 " + marker + b"\n")
        while not self.over.wait(0.05):
            channel.sendall(b".")


class Menu(Behaviour):
    """A router: it greets, answers each line with an error, and waits for more."""

    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:  # noqa: ARG002
        channel.sendall(b"router#\r\n% Unknown command\r\n" * 20 + ANSI)
        self.hang()


class BreaksOff(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:
        channel.sendall(b"CTRLKIT-FACTS 1 " + marker + b"\n: shell sh\n")
        channel.close()


class HangsHalfWay(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:
        channel.sendall(b"CTRLKIT-FACTS 1 " + marker + b"\n: shell sh\n")
        self.hang()


class LosesConnection(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:
        channel.sendall(b"CTRLKIT-FACTS 1 " + marker + b"\n: shell sh\n")
        self.over.wait(0.1)
        channel.get_transport().close()


class ClosesChannel(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:  # noqa: ARG002
        channel.close()


class AnotherFrame(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:  # noqa: ARG002
        super().answer(channel, b"f" * 32)


class Refuses(Behaviour):
    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:  # noqa: ARG002
        channel.sendall_stderr(b"This account is \x1b[1mcurrently\x07 not available.\n")
        channel.send_exit_status(1)
        channel.close()


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (HangsAtSignIn, Cause.TIMEOUT),
        (LetsNobodyIn, Cause.REFUSED),
        (NoSession, Cause.REFUSED),
        (NoCommand, Cause.REFUSED),
        (HangsAtSession, Cause.TIMEOUT),
        (HangsAtCommand, Cause.TIMEOUT),
        (Endless, Cause.CUT),
        (EndlessStderr, Cause.CUT),
        (Silent, Cause.TIMEOUT),
        (Drips, Cause.TIMEOUT),
        (Menu, Cause.UNSUPPORTED),
        (BreaksOff, Cause.CUT),
        (HangsHalfWay, Cause.TIMEOUT),
        (LosesConnection, Cause.CUT),
        (ClosesChannel, Cause.CUT),
        (AnotherFrame, Cause.UNSUPPORTED),
        (Refuses, Cause.UNSUPPORTED),
    ],
)
def test_a_server_that_misbehaves_gets_the_cause_that_fits(
    tmp_path: Path, behaviour: type[Behaviour], cause: Cause
) -> None:
    connect = 2 if behaviour is HangsAtSignIn else 10
    timeout = 2 if cause in {Cause.TIMEOUT, Cause.UNSUPPORTED} else 20
    with hostile.server(behaviour) as fake:
        summary = read(tmp_path, fake, connect=connect, timeout=timeout)
    assert cause_of(tmp_path, summary) is cause
    assert collecting.record(tmp_path / "out", "h0")["fingerprint"].startswith("SHA256:")


@pytest.mark.parametrize("behaviour", [BreaksOff, HangsHalfWay, LosesConnection])
def test_what_a_host_had_said_is_kept_apart_and_is_no_evidence(tmp_path: Path, behaviour: type[Behaviour]) -> None:
    with hostile.server(behaviour) as fake:
        read(tmp_path, fake, timeout=2)
    assert collecting.left(tmp_path / "out") == ["hosts/h0.facts.part", "hosts/h0.ssh.json"]
    part = (tmp_path / "out/hosts/h0.facts.part").read_bytes()
    assert part.startswith(b"CTRLKIT-FACTS 1 ")
    assert part.endswith(b"\n: shell sh\n")


def test_a_host_that_takes_no_input_is_a_timeout(tmp_path: Path) -> None:
    """Its window is full before the script is through."""

    def long(_: object, marker: str) -> str:
        return collecting.framed(": " + "x" * 100_000, marker)

    with hostile.server(Silent, window=32768) as fake:
        assert cause_of(tmp_path, read(tmp_path, fake, long, timeout=2)) is Cause.TIMEOUT


def forced(folder: Path, command: str, timeout: int = 20) -> Summary:
    with sshd.server(folder / "sshd", f"ForceCommand {command}") as one:
        (folder / "known_hosts").write_text(one.known_line(), "ascii")
        inventory = (
            f"defaults: {{user: {one.user}, port: {one.port}, known_hosts: known_hosts, identity_file: {one.key}, "
            f"timeout: {timeout}, output_limit: 200000}}\nhosts:\n  - {{name: h0, address: 127.0.0.1}}\n"
        )
        return collecting.run(collecting.ready(folder, inventory), folder / "out")


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        ("yes", Cause.CUT),
        ("yes >&2", Cause.CUT),
        ("cat /dev/urandom", Cause.CUT),
        ("cat", Cause.UNSUPPORTED),
        ("echo This account is currently not available.; exit 1", Cause.UNSUPPORTED),
        ("false", Cause.UNSUPPORTED),
        ("sleep 60", Cause.TIMEOUT),
        ("kill -9 $$", Cause.CUT),
    ],
)
def test_a_forced_command_of_a_real_server_gets_the_cause_that_fits(tmp_path: Path, command: str, cause: Cause) -> None:
    waits = command in {"cat", "sleep 60"}
    assert cause_of(tmp_path, forced(tmp_path, command, 2 if waits else 20)) is cause


def test_a_shell_that_talks_before_and_after_is_read(tmp_path: Path) -> None:
    talk = "printf 'hello\\\\033[31m\\\\n'; echo to-stderr >&2; eval \"$SSH_ORIGINAL_COMMAND\"; echo bye"
    summary = forced(tmp_path, talk)
    assert summary.complete, summary.failed
    assert collecting.facts(tmp_path / "out", "h0")[0] == "host h0"


def test_slow_and_dead_hosts_delay_no_other(tmp_path: Path) -> None:
    """Two places, both taken by hosts that say nothing for long: the third host is done before either."""
    with ExitStack() as stack:
        slow = [stack.enter_context(hostile.raw(silent)) for _ in range(2)]
        good = stack.enter_context(hostile.server(Behaviour))
        (tmp_path / "known_hosts").write_text(good.known_line, "ascii")
        inventory = text(*slow, good, connect=6)
        done: list[str] = []
        summary = collecting.run(
            collecting.ready(tmp_path, inventory),
            tmp_path / "out",
            jobs=2,
            progress=lambda step: done.append(step.host),
        )
    assert done[0] == "h2"
    assert summary.read == ("h2",)
    assert [f.cause for f in summary.failed] == [Cause.TIMEOUT, Cause.TIMEOUT]


def test_nothing_stays_open_here(tmp_path: Path) -> None:
    """Descriptors and threads are as many after a collection that failed in several ways as before."""
    behaviours = [BreaksOff, Endless, NoCommand, Refuses, Behaviour]
    with ExitStack() as stack:
        fakes = [stack.enter_context(hostile.server(b)) for b in behaviours]
        fakes.append(stack.enter_context(hostile.raw(after_banner_silent)))
        (tmp_path / "known_hosts").write_text("".join(f.known_line for f in fakes), "ascii")
        prepared = collecting.ready(tmp_path, text(*fakes, connect=3))
        collecting.run(prepared, tmp_path / "out")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and ours():
        time.sleep(0.05)
    assert not ours()
    if Path("/proc/self/fd").is_dir():
        assert not [f for f in Path("/proc/self/fd").iterdir() if is_socket_to(int(f.name), {f.port for f in fakes})]


def ours() -> list[str]:
    """Threads that a collection started and that are still alive."""
    return [t.name for t in threading.enumerate() if t.name == "ctrlkit-read"]


def is_socket_to(descriptor: int, ports: set[int]) -> bool:
    """Whether it is our end of a connection to one of `ports`."""
    try:
        with socket.socket(fileno=os.dup(descriptor)) as sock:
            return sock.getpeername()[1] in ports
    except (OSError, IndexError):
        return False
