"""Servers that misbehave, each in one way: raw sockets before SSH begins, paramiko's server side after it."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import paramiko
import sshd
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, DEFAULT_WINDOW_SIZE, OPEN_SUCCEEDED

from ctrlkit.identity import public
from ctrlkit.known_hosts import name_of

BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"
MARKER_BEGINS = b"CTRLKIT-FACTS 1 "

_LOG = logging.getLogger("hostile")
_LOG.addHandler(logging.NullHandler())
_LOG.propagate = False
_LOG.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True)
class Fake:
    """Where it listens, and the line of known_hosts that trusts it."""

    port: int

    @property
    def known_line(self) -> str:
        words = sshd.make_key(name="fake").with_name("fake_ed25519.pub").read_text("ascii").split()
        return f"{name_of('127.0.0.1', self.port)} {words[0]} {words[1]}\n"


@contextmanager
def raw(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[Fake]:
    """Give each connection to `talk`, which ends when the event is set."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        thread = threading.Thread(target=_accept, args=(listener, talk, over), daemon=True)
        thread.start()
        try:
            yield Fake(listener.getsockname()[1])
        finally:
            over.set()
            thread.join(5)


def _accept(
    listener: socket.socket, talk: Callable[[socket.socket, threading.Event], None], over: threading.Event
) -> None:
    while not over.is_set():
        try:
            sock, _ = listener.accept()
        except TimeoutError:
            continue
        threading.Thread(target=_talk, args=(sock, talk, over), daemon=True).start()


def _talk(sock: socket.socket, talk: Callable[[socket.socket, threading.Event], None], over: threading.Event) -> None:
    with sock:
        try:
            talk(sock, over)
        except OSError:
            return


class Behaviour(paramiko.ServerInterface):
    """A server that lets everyone in and answers the script as `answer` does; what differs is overridden."""

    greeting: str | None = None

    def __init__(self, over: threading.Event) -> None:
        self.over = over
        self.started = threading.Event()

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002
        return "publickey,password"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:  # noqa: ARG002
        return AUTH_SUCCESSFUL

    def check_auth_password(self, username: str, password: str) -> int:  # noqa: ARG002
        return AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002
        return OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:  # noqa: ARG002
        self.started.set()
        return True

    def get_banner(self) -> tuple[str | None, str | None]:
        return (self.greeting, "en") if self.greeting else (None, None)

    def answer(self, channel: paramiko.Channel, marker: bytes) -> None:
        """What the host does with the script."""
        channel.sendall(MARKER_BEGINS + marker + b"\n: shell sh\nCTRLKIT-END " + marker + b" 0 0\n")
        channel.close()

    def hang(self) -> None:
        """Do nothing until the test is over."""
        self.over.wait(30)


@contextmanager
def server(behaviour: type[Behaviour], *, window: int = 0) -> Iterator[Fake]:
    """An SSH server with a behaviour; it reads the script's marker before it answers, unless its window is small."""
    key = paramiko.Ed25519Key.from_private_key_file(str(sshd.make_key(name="fake")))
    assert key.asbytes() == public(sshd.make_key(name="fake"))

    def talk(sock: socket.socket, over: threading.Event) -> None:
        transport = paramiko.Transport(sock, default_window_size=window or DEFAULT_WINDOW_SIZE)
        transport.set_log_channel("hostile")
        transport.add_server_key(key)
        acting = behaviour(over)
        try:
            transport.start_server(server=acting)
            channel = transport.accept(10)
            if channel is not None:
                acting.started.wait(10)
                acting.answer(channel, b"" if window else _marker(channel))
            over.wait(30)
        except (paramiko.SSHException, EOFError, OSError):
            return
        finally:
            transport.close()

    with raw(talk) as fake:
        yield fake


def _marker(channel: paramiko.Channel) -> bytes:
    """The marker that the script it is sent carries."""
    said = b""
    channel.settimeout(5)
    while b"CTRLKIT-END" not in said:
        chunk = channel.recv(65536)
        if not chunk:
            return b""
        said += chunk
    return said.partition(MARKER_BEGINS)[2].partition(b"'")[0]
