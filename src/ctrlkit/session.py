"""One command on one host: the script goes in, what it prints comes out, within a deadline and a limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

_CHUNK: Final = 65536
_WAIT: Final = 0.1
_WAIT_TO_SEND: Final = 0.01
_GATHER: Final = 0.01
"""Seconds that what comes in small pieces has to come together, so that not every piece wakes a thread."""
_STDERR_KEPT: Final = 4096


class Close(StrEnum):
    """How a command came to its end."""

    FRAMED = "framed"
    CLOSED = "closed"
    TIMEOUT = "timeout"
    FLOODED = "flooded"
    STOPPED = "stopped"


class Channel(Protocol):
    """What is needed of a channel: reading that never waits, writing that takes what fits."""

    def recv_ready(self) -> bool:
        """Whether there is something to read."""

    def recv_stderr_ready(self) -> bool:
        """Whether there is something to read of stderr."""

    def recv(self, size: int, /) -> bytes:
        """Read."""

    def recv_stderr(self, size: int, /) -> bytes:
        """Read of stderr."""

    def send_ready(self) -> bool:
        """Whether something may be written."""

    def send(self, data: bytes, /) -> int:
        """Write what fits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`deadline` as `time.monotonic` counts, `output` bytes of stdout and stderr together."""

    deadline: float
    output: int
    stop: threading.Event


class Conversation:
    """A running command: `stdout` whole, the beginning of `stderr`, and how it ended."""

    def __init__(self, channel: Channel, wake: threading.Event, alive: Callable[[], bool], limits: Limits) -> None:
        self._channel = channel
        self._wake = wake
        self._alive = alive
        self._limits = limits
        self._unsent = b""
        self._received = 0
        self.stdout = bytearray()
        self.stderr = bytearray()

    def say(self, data: bytes) -> None:
        """Send `data` as the host takes it, while its output is read."""
        self._unsent += data

    def until(self, done: Callable[[Conversation], bool], deadline: float | None = None) -> Close:
        """Read and write until `done`, asked after each step; FRAMED says that it was."""
        last = min(self._limits.deadline, deadline or self._limits.deadline)
        while True:
            self._wake.clear()
            alive = self._alive()  # asked before the last reading: what came until then is read
            moved = self._read() | self._write()
            if done(self):
                return Close.FRAMED
            if self._received > self._limits.output:
                return Close.FLOODED
            if self._limits.stop.is_set():
                return Close.STOPPED
            if time.monotonic() > last:
                return Close.TIMEOUT
            if not moved:
                if not alive:
                    return Close.CLOSED
                if self._wake.wait(_WAIT_TO_SEND if self._unsent else _WAIT):
                    time.sleep(_GATHER)

    def _read(self) -> bool:
        moved = False
        while self._channel.recv_ready() and self._received <= self._limits.output:
            chunk = self._channel.recv(_CHUNK)
            if not chunk:
                break
            self.stdout += chunk
            self._received += len(chunk)
            moved = True
        while self._channel.recv_stderr_ready() and self._received <= self._limits.output:
            chunk = self._channel.recv_stderr(_CHUNK)
            if not chunk:
                break
            self.stderr += chunk[: _STDERR_KEPT - len(self.stderr)]
            self._received += len(chunk)
            moved = True
        return moved

    def _write(self) -> bool:
        if not (self._unsent and self._alive() and self._channel.send_ready()):
            return False
        try:
            sent = self._channel.send(self._unsent[:_CHUNK])
        except OSError:  # closed since it was asked; what came until then is still read
            self._unsent = b""
            return False
        self._unsent = self._unsent[sent:]
        return sent > 0


@dataclass(frozen=True, slots=True)
class Frame:
    """The first line of what a script prints, and how its last line begins."""

    start: bytes
    end: bytes

    def cut_out(self, output: bytes | bytearray) -> bytes | None:
        """The bytes from first to last line, both with their line ends, or None where either is not there."""
        begin = self._begin(output)
        if begin is None:
            return None
        last = output.find(b"\n" + self.end, begin)
        stop = output.find(b"\n", last + 1) if last >= 0 else -1
        return bytes(output[begin : stop + 1]) if stop >= 0 else None

    def begun(self, output: bytes | bytearray) -> bytes:
        """What stands from the first line on, empty where there is none."""
        begin = self._begin(output)
        return b"" if begin is None else bytes(output[begin:])

    def _begin(self, output: bytes | bytearray) -> int | None:
        """Where the first line begins, which need not be at the beginning of a line: a greeting may lack its end."""
        found = output.find(self.start + b"\n")
        return None if found < 0 else found


def framed(frame: Frame) -> Callable[[Conversation], bool]:
    """A question for `until`: has the last line of the frame come? Looks at each byte about once."""
    seen = 0

    def asked(talk: Conversation) -> bool:
        nonlocal seen
        last = talk.stdout.find(b"\n" + frame.end, max(0, seen - len(frame.end)))
        if last < 0:
            seen = len(talk.stdout)
            return False
        seen = last
        return talk.stdout.find(b"\n", last + 1) >= 0

    return asked


class Privilege(StrEnum):
    """What the host said when it was asked for more than a plain user may: nothing asked, granted, refused."""

    PLAIN = "plain"
    SUDO = "sudo"
    REFUSED = "refused"


def command(first: str, second: str) -> str:
    """The words that ask for sudo before a script is read; they hold no secret.

    `first` and `second` together are the mark by which its answers are known; apart, so that a host that repeats the
    command does not speak the mark. `sudo -n` is tried first. The shell that will read the script is started by sudo
    itself and says so before it reads, so that the password has no way into it.
    """
    return (
        f"sh -c 'LC_ALL=C; export LC_ALL; m={first}; m=${{m}}{second}; "
        "if sudo -n true </dev/null >/dev/null 2>&1; then echo $m:plain; exec sh; fi; "
        'sudo -S -p $m:ask sh -c "echo $m:sudo; exec sh"; '
        "echo $m:refused'"
    )


def ask_for_sudo(talk: Conversation, mark: str, password: str, deadline: float) -> Privilege | Close:
    """Answer sudo's own prompt, once. Returns PLAIN where no password is needed, SUDO where a root shell now listens.

    REFUSED: nothing was left unread, but no script must be sent on this channel. A Close says that it ended before.
    """
    prompt = f"{mark}:ask".encode()
    answers = {
        f"{mark}:plain\n".encode(): Privilege.PLAIN,
        f"{mark}:sudo\n".encode(): Privilege.SUDO,
        f"{mark}:refused\n".encode(): Privilege.REFUSED,
    }

    def heard(at: Conversation) -> bool:
        return any(answer in at.stdout for answer in answers)

    close = talk.until(lambda at: heard(at) or prompt in at.stderr, deadline)
    if close is Close.FRAMED and not heard(talk):
        talk.say(password.encode() + b"\n")
        close = talk.until(lambda at: heard(at) or at.stderr.count(prompt) > 1, deadline)
    if close in {Close.STOPPED, Close.FLOODED}:
        return close
    return next((p for answer, p in answers.items() if answer in talk.stdout), Privilege.REFUSED)
