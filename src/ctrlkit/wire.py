"""The bytes between here and a host: a socket that gives up at a deadline, at a limit, or when it is told to stop."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from enum import StrEnum
from typing import Final, Protocol

from ctrlkit.host_fault import HostFault, Stopped
from ctrlkit.model import Cause
from ctrlkit.visible import visible

_CHUNK: Final = 65536
_POLL: Final = 0.1
"""Seconds after which a silent socket looks at its deadline again."""


class Ended(StrEnum):
    """Why a wire gave up by itself."""

    TIMEOUT = "timeout"
    FLOODED = "flooded"
    STOPPED = "stopped"


class Stream(Protocol):
    """A connected socket, or a channel of another connection that behaves like one."""

    def recv(self, size: int, /) -> bytes:
        """Read."""

    def send(self, data: bytes, /) -> int:
        """Write what fits."""

    def settimeout(self, seconds: float | None, /) -> None:
        """Say how long to wait."""

    def close(self) -> None:
        """Close."""

    def shutdown(self, how: int, /) -> None:
        """End reading and writing."""


class Wire:
    """A stream for one SSH connection, which paramiko reads in a thread of its own, at least ten times a second.

    `deadline` is an instant of `time.monotonic`, `limit` a number of bytes received in all. Past either, or once
    `stop` is set, reading and writing end as if the host had closed, and `ended` says why. So nothing that waits for
    the host, however deep inside the library, can wait longer.
    """

    def __init__(self, stream: Stream, stop: threading.Event) -> None:
        self._stream = stream
        self._stop = stop
        self.deadline = math.inf
        self.limit = math.inf
        self.received = 0
        self.ended: Ended | None = None
        self._closed = False  # paramiko asks its socket for this name
        stream.settimeout(_POLL)

    def recv(self, size: int) -> bytes:
        """At most `size` bytes; raises EOFError where the wire gave up, TimeoutError where nothing came for a while."""
        self._check()
        data = self._stream.recv(min(size, _CHUNK))
        self.received += len(data)
        return data

    def send(self, data: bytes) -> int:
        """Pass on what fits, and say how much that was."""
        self._check()
        return self._stream.send(data)

    def settimeout(self, _: float | None) -> None:
        """Keep the wire's own rhythm: a longer wait would overlook the deadline."""

    def close(self) -> None:
        """Close the stream, and wake whoever reads it."""
        self._closed = True
        with contextlib.suppress(OSError, EOFError):  # the other side, or the jump host in between, was faster
            self._stream.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError, EOFError):
            self._stream.close()

    def say_why(self, place: str, seconds: int, what: str) -> None:
        """Raise what an end by itself means: HostFault, or Stopped; nothing where the host ended it."""
        if self.ended is Ended.STOPPED:
            raise Stopped("stopped")
        if self.ended is Ended.TIMEOUT:
            raise HostFault(
                Cause.TIMEOUT,
                f"{place} did not {what} within {seconds} s",
                "is it overloaded or hung? else raise connect_timeout or timeout in the inventory",
            )
        if self.ended is Ended.FLOODED:
            message = f"{place} sent {self.received} bytes where few were due, cut"
            raise HostFault(Cause.CUT, message, "find out what answers there")

    def no_handshake(self, place: str, seconds: int, closed: bool) -> HostFault:
        """What it means that no key was shown; `closed`: the host went. Raises what an end by itself means."""
        self.say_why(place, seconds, "show its key")
        said = "closed the connection" if closed or not self.received else "speaks no SSH"
        return HostFault(
            Cause.UNREACHABLE,
            f"{place} {said} before it showed a key, expected an SSH server",
            "check address and port; a firewall or MaxStartups may turn connections away",
        )

    def _check(self) -> None:
        if self.ended is None:
            if self._stop.is_set():
                self.ended = Ended.STOPPED
            elif self.received > self.limit:
                self.ended = Ended.FLOODED
            elif time.monotonic() > self.deadline:
                self.ended = Ended.TIMEOUT
        if self.ended is not None:
            raise EOFError(self.ended.value)


def connect(address: str, port: int, seconds: float) -> socket.socket:
    """A TCP connection, IPv6 or IPv4, without delay for small packets and with keepalive.

    Raises HostFault (unreachable) where no address answers within `seconds` in all.
    """
    deadline = time.monotonic() + seconds
    place = f"{address} port {port}"
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as wrong:
        reason = wrong.strerror if isinstance(wrong, OSError) and wrong.strerror else "no such name"
        raise HostFault(
            Cause.UNREACHABLE, f"the name {address} is not found ({reason})", "check address in the inventory"
        ) from wrong
    reason = f"no answer within {seconds:g} s"
    for family, kind, protocol, _, target in found:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(left)
            sock.connect(target)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        except OSError as wrong:
            sock.close()
            reason = f"no answer within {seconds:g} s" if isinstance(wrong, TimeoutError) else _words(wrong)
        else:
            return sock
    raise HostFault(
        Cause.UNREACHABLE, f"{visible(place)}: {reason}", "is the host on, and may this machine reach its SSH port?"
    )


def _words(wrong: OSError) -> str:
    return (wrong.strerror or type(wrong).__name__).lower()
