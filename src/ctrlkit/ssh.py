"""SSH: one connection and one command for each host, its key compared before anything is given to it."""

from __future__ import annotations

import io
import logging
import math
import os
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import paramiko
from paramiko.packet import Packetizer
from paramiko.ssh_exception import IncompatiblePeer

from ctrlkit import exchange, host_key, identity, jump, sign_in, wire
from ctrlkit.host_fault import HostFault
from ctrlkit.inventory import Host
from ctrlkit.jump import Gates
from ctrlkit.known_hosts import KnownHosts
from ctrlkit.model import Cause
from ctrlkit.secret import Ask, Secrets
from ctrlkit.session import Frame, Privilege
from ctrlkit.ssh_config import Hop
from ctrlkit.wire import Wire

_LOG: Final = "ctrlkit.ssh"
_BEFORE_SIGN_IN: Final = 1024 * 1024
"""Bytes a host may send before it has let us in; a key exchange takes some 3 kB."""
_OVERHEAD, _SLACK = 4, 4 * 1024 * 1024
_KEEPALIVE: Final = 15
_GRACE: Final = 2.0
_PROHIBITED: Final = 1
_ITS_DEATH: Final = (
    *(paramiko.SSHException, EOFError, OSError, struct.error),
    *(ValueError, TypeError, LookupError, AttributeError),
)
"""paramiko raises in whoever waits what its reading thread died of, and a hostile host chooses that."""

_CIPHERS: Final = tuple(f"aes{bits}-{mode}" for mode in ("gcm@openssh.com", "ctr") for bits in (128, 256))
"""Those that check a packet while they open it come first: they cost the least here."""
_DIGESTS: Final = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512")

_SILENT = logging.getLogger(_LOG)
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False  # what a host says must not reach a terminal through the log
_SILENT.setLevel(logging.CRITICAL + 1)

Keys = Mapping[Path, paramiko.PKey]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one host said: `facts` from the first line of the frame to its last, and which machine that was."""

    facts: bytes
    address: str
    port: int
    user: str
    fingerprint: str
    key_type: str
    privilege: Privilege


@dataclass(frozen=True, slots=True)
class _Connection:
    transport: paramiko.Transport
    wire: Wire
    key: bytes

    def is_open(self) -> bool:
        """Whether the connection is still there."""
        return self.transport.is_active()

    def is_passed(self) -> bool:
        """Whether the host has let us in."""
        return self.transport.is_authenticated()

    def try_key(self, user: str, key: paramiko.PKey) -> Sequence[str]:
        """Offer a key."""
        return _attempted(partial(self.transport.auth_publickey, user, key))

    def try_password(self, user: str, password: str) -> Sequence[str]:
        """Offer a password, as the answer to a question where the host asks for it that way."""
        return _attempted(partial(self.transport.auth_password, user, password))


@dataclass(frozen=True, slots=True)
class Client:
    """What all connections of a collection share; `stop` ends them all."""

    known: Mapping[tuple[Path, ...], KnownHosts]
    keys: Keys
    secrets: Secrets
    stop: threading.Event
    gates: Gates[_Connection] = field(default_factory=Gates)


def load_keys(hops: Iterable[Hop], passphrase: str | None, ask: Ask | None) -> Keys:
    """The private keys that `hops` name, each read once; see `identity.load` for what it raises."""
    with _agent() as held:
        return identity.load(hops, _parsed, set(held), passphrase, ask)


def _parsed(text: str, passphrase: str | None) -> paramiko.PKey | str:
    for sort in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return sort.from_private_key(io.StringIO(text), passphrase)
        except paramiko.PasswordRequiredException:
            return "it is encrypted"
        except (paramiko.SSHException, ValueError, struct.error):
            continue
    return "found no private key, or the passphrase does not open it"


@contextmanager
def _agent() -> Iterator[Mapping[bytes, paramiko.PKey]]:
    """The keys that the user's agent holds, by their public bytes; they can sign until the end of the block."""
    if not os.environ.get("SSH_AUTH_SOCK"):
        yield {}
        return
    agent: paramiko.Agent | None = None
    held: dict[bytes, paramiko.PKey] = {}
    with suppress(*_ITS_DEATH):  # an agent that does not answer is none
        agent = paramiko.Agent()
        held = {key.asbytes(): key for key in agent.get_keys()}
    try:
        yield held
    finally:
        if agent is not None:
            agent.close()


def read(client: Client, host: Host, way: tuple[Hop, ...], script: bytes, frame: Frame) -> Answer:
    """Run `script` under `sh` on the last hop of `way`, and return what it printed between the lines of `frame`.

    Raises HostFault with its cause where that did not work, Stopped where the person wants no more.
    """
    hop = way[-1]
    connection = _connected(client, way)
    found = host_key.shown_by(connection.key)
    try:
        connection.wire.limit = connection.wire.received + _OVERHEAD * host.output_limit + _SLACK
        connection.wire.deadline = time.monotonic() + host.timeout + _GRACE
        order = exchange.Order(script, frame, client.secrets.sudo.get(host.name), client.stop)
        facts, privilege = exchange.run(lambda words: _started(hop, connection, host.timeout, words), host, order)
    except HostFault as fault:
        fault.fingerprint, fault.key_type = found
        raise
    except _ITS_DEATH as wrong:
        connection.wire.say_why(f"{hop.address} port {hop.port}", host.timeout, "finish")
        raise HostFault(
            Cause.CUT, f"the connection broke ({type(wrong).__name__})", "run collect --resume; look at its SSH server"
        ) from wrong
    finally:
        connection.transport.close()
    return Answer(facts, hop.address, hop.port, hop.user, *found, privilege)


def close(client: Client) -> None:
    """Close the connections to jump hosts."""
    for connection in client.gates.all():
        connection.transport.close()


def _connected(client: Client, way: tuple[Hop, ...]) -> _Connection:
    """A connection on which we are signed in. A pinned key that is not the server's first choice is asked for again."""
    hop, known = way[-1], client.known[way[-1].known_hosts]
    wanted = host_key.wanted_types(hop, known)
    fault = None
    while wanted:
        connection = _keyed(client, way, wanted)
        if connection is None:
            break
        refusal = host_key.refusal(hop, known, connection.key)
        if refusal is None:
            return _welcomed(client, hop, connection)
        connection.transport.close()
        fault = fault or refusal
        wanted = host_key.other_types(hop, known, connection.key, wanted)
    raise fault or _other_key(client, way, known)


def _other_key(client: Client, way: tuple[Hop, ...], known: KnownHosts) -> HostFault:
    """What to say where the server has no key of the type that is known: which key it has instead."""
    connection = _keyed(client, way, tuple(host_key.ALGORITHMS))
    if connection is not None:
        connection.transport.close()
        fault = host_key.refusal(way[-1], known, connection.key)
        if fault is not None:
            return fault
    return host_key.no_algorithm(way[-1])


def _keyed(client: Client, way: tuple[Hop, ...], types: tuple[str, ...]) -> _Connection | None:
    """A connection that has shown its key, one of `types`, and knows nothing of us; None where it has none of them."""
    hop = way[-1]
    line = Wire(_stream(client, way), client.stop)
    line.limit, line.deadline = _BEFORE_SIGN_IN, time.monotonic() + hop.connect_timeout
    # It needs no more of a socket than a Wire has.
    transport = paramiko.Transport(line, packetizer_class=_Packets)  # type: ignore[arg-type]
    transport.set_log_channel(_LOG)
    transport.banner_timeout = transport.handshake_timeout = hop.connect_timeout + 1
    options = transport.get_security_options()
    options.key_types = tuple(a for t in types for a in host_key.ALGORITHMS[t])
    options.ciphers, options.digests = _CIPHERS, _DIGESTS
    done = threading.Event()
    transport.start_client(done)
    done.wait()
    if transport.is_active():
        return _Connection(transport, line, transport.get_remote_server_key().asbytes())
    wrong = transport.get_exception()
    transport.close()
    if line.ended is None and isinstance(wrong, IncompatiblePeer):
        return None
    raise line.no_handshake(f"{hop.address} port {hop.port}", hop.connect_timeout, isinstance(wrong, EOFError))


class _Packets(Packetizer):
    """Packets without a clock of their own, which would cost a thread for each host: the wire has one."""

    def start_handshake(self, timeout: float) -> None:
        """Start nothing."""


def _stream(client: Client, way: tuple[Hop, ...]) -> wire.Stream:
    hop = way[-1]
    if len(way) == 1:
        return wire.connect(hop.address, hop.port, hop.connect_timeout)
    through = way[-2]
    gate = client.gates.open(way[:-1], lambda: _lasting(client, way[:-1]), _Connection.is_open)
    place = (hop.address, hop.port)
    try:
        return gate.transport.open_channel("direct-tcpip", place, ("127.0.0.1", 0), timeout=hop.connect_timeout)
    except paramiko.ChannelException as wrong:
        fault = jump.forbidden if wrong.code == _PROHIBITED else jump.dead_end
        raise fault(through, hop) from wrong
    except _ITS_DEATH as wrong:
        gate.wire.say_why(through.name, through.connect_timeout, "answer")
        raise jump.dead_end(through, hop) from wrong


def _lasting(client: Client, way: tuple[Hop, ...]) -> _Connection:
    connection = _connected(client, way)
    connection.wire.deadline = connection.wire.limit = math.inf
    return connection


def _welcomed(client: Client, hop: Hop, connection: _Connection) -> _Connection:
    transport, line = connection.transport, connection.wire
    line.deadline = time.monotonic() + hop.connect_timeout
    transport.auth_timeout = hop.connect_timeout + 1
    transport.set_keepalive(_KEEPALIVE)
    try:
        with _agent() as held:
            keys = sign_in.keys_for(hop, client.keys, held)
            sign_in.sign_in(connection, hop, line, keys, client.secrets.sign_in.get(hop.name))
    except HostFault as fault:
        fault.fingerprint, fault.key_type = host_key.shown_by(connection.key)
        raise
    finally:
        if not transport.is_authenticated():
            transport.close()
    return connection


def _attempted(attempt: Callable[[], Sequence[str]]) -> Sequence[str]:
    try:
        return attempt()
    except paramiko.BadAuthenticationType as wrong:
        return tuple(wrong.allowed_types)
    except _ITS_DEATH:
        return ()


@dataclass(frozen=True, slots=True)
class _Running:
    channel: paramiko.Channel
    wake: threading.Event
    transport: paramiko.Transport
    left: list[float] = field(default_factory=list)

    def alive(self) -> bool:
        """Whether more may come. Exit status and end of output come in either order; one is waited for a moment."""
        if self.channel.closed or not self.transport.is_active():
            return False
        signs = [self.channel.eof_received, self.channel.exit_status_ready()]
        if any(signs) and not self.left:
            self.left.append(time.monotonic() + _GRACE)
        return not all(signs) and (not any(signs) or time.monotonic() < self.left[0])

    def status(self) -> int | None:
        """Its exit status, None where the host did not say."""
        return self.channel.exit_status if self.channel.exit_status >= 0 else None

    def lost(self) -> bool:
        """Whether the connection itself is gone."""
        return not self.transport.is_active()

    def close(self) -> None:
        """Close the channel."""
        self.channel.close()


def _started(hop: Hop, connection: _Connection, seconds: int, words: str) -> _Running:
    transport, place = connection.transport, f"{hop.address} port {hop.port}"
    try:
        channel = transport.open_session(timeout=seconds + 2 * _GRACE)  # the wire gives up before
        channel.exec_command(words)
    except _ITS_DEATH as wrong:
        connection.wire.say_why(place, seconds, "start a command")
        lost = not transport.is_active()
        message = "closed the connection" if lost else f"runs no command for {hop.user}"
        raise HostFault(
            Cause.CUT if lost else Cause.REFUSED,
            f"{place} {message} when sh was to be started",
            f"allow sessions for {hop.user} there (MaxSessions, its shell), or hand over the printed script's output",
        ) from wrong
    channel.setblocking(0)
    wake = threading.Event()
    channel.in_buffer.set_event(wake)
    channel.in_stderr_buffer.set_event(wake)
    return _Running(channel, wake, transport)
