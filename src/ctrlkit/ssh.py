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
from paramiko.ssh_exception import IncompatiblePeer

from ctrlkit import exchange, host_key, identity, wire
from ctrlkit.host_fault import HostFault
from ctrlkit.inventory import Host
from ctrlkit.known_hosts import KnownHosts
from ctrlkit.model import Cause
from ctrlkit.secret import Ask, Secrets
from ctrlkit.session import Frame, Privilege
from ctrlkit.ssh_config import Hop
from ctrlkit.wire import Wire

_LOG: Final = "ctrlkit.ssh"
_BEFORE_SIGN_IN: Final = 1024 * 1024
"""Bytes a host may send before it has let us in; a key exchange takes some 3 kB."""
_OVERHEAD: Final = 4
_SLACK: Final = 4 * 1024 * 1024
_KEEPALIVE: Final = 15
_GRACE: Final = 2.0
_SAID: Final = 120
_PROHIBITED: Final = 1
_MAX_KEYS: Final = 5
_ITS_DEATH: Final = (
    paramiko.SSHException,
    EOFError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    struct.error,
)
"""paramiko raises in whoever waits what its reading thread died of, and a hostile host chooses that."""

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


@dataclass(frozen=True, slots=True)
class _Gate:
    """The one connection to a jump host that all hosts behind it share, or why there is none."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    found: list[_Connection | HostFault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Client:
    """What all connections of a collection share. `agent`: an SSH agent may be asked. `stop` ends them all."""

    known: Mapping[tuple[Path, ...], KnownHosts]
    keys: Keys
    secrets: Secrets
    stop: threading.Event
    gates: dict[tuple[Hop, ...], _Gate] = field(default_factory=dict)
    gates_lock: threading.Lock = field(default_factory=threading.Lock)


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
    """Close the connections to jump hosts, those that lie behind others first."""
    for _, gate in sorted(client.gates.items(), key=lambda item: -len(item[0])):
        for connection in gate.found:
            if isinstance(connection, _Connection):
                connection.transport.close()


def _connected(client: Client, way: tuple[Hop, ...]) -> _Connection:
    """A connection on which we are signed in. A pinned key that is not the server's first choice is asked for again."""
    hop, known = way[-1], client.known[way[-1].known_hosts]
    wanted = host_key.wanted_types(hop, known)
    fault: HostFault | None = None
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
    return HostFault(
        Cause.UNSUPPORTED,
        f"{way[-1].address} port {way[-1].port} offers no algorithm that is safe to use here",
        "its SSH server is too old, or limited to what this program does not know; update it",
    )


def _keyed(client: Client, way: tuple[Hop, ...], types: tuple[str, ...]) -> _Connection | None:
    """A connection that has shown its key, one of `types`, and knows nothing of us; None where it has none of them."""
    hop = way[-1]
    line = Wire(_stream(client, way), client.stop)
    line.limit, line.deadline = _BEFORE_SIGN_IN, time.monotonic() + hop.connect_timeout
    transport = paramiko.Transport(line)  # type: ignore[arg-type]  # it needs no more of a socket than a Wire has
    transport.set_log_channel(_LOG)
    transport.banner_timeout = transport.handshake_timeout = hop.connect_timeout + 1
    transport.get_security_options().key_types = tuple(a for t in types for a in host_key.ALGORITHMS[t])
    done = threading.Event()
    transport.start_client(done)
    done.wait()
    wrong = None if transport.is_active() else transport.get_exception()
    if wrong is None and transport.is_active():
        return _Connection(transport, line, transport.get_remote_server_key().asbytes())
    transport.close()
    if line.ended is None and isinstance(wrong, IncompatiblePeer):
        return None
    raise _no_handshake(hop, line, wrong)


def _no_handshake(hop: Hop, line: Wire, wrong: Exception | None) -> HostFault:
    place = f"{hop.address} port {hop.port}"
    line.say_why(place, hop.connect_timeout, "show its key")
    said = "closed the connection" if line.received == 0 or isinstance(wrong, EOFError) else "speaks no SSH"
    return HostFault(
        Cause.UNREACHABLE,
        f"{place} {said} before it showed a key, expected an SSH server",
        "check address and port; a firewall or MaxStartups may turn connections away",
    )


def _stream(client: Client, way: tuple[Hop, ...]) -> wire.Stream:
    hop = way[-1]
    if len(way) == 1:
        return wire.connect(hop.address, hop.port, hop.connect_timeout)
    through = way[-2]
    gate = _through(client, way[:-1])
    try:
        return gate.transport.open_channel(
            "direct-tcpip", (hop.address, hop.port), ("127.0.0.1", 0), timeout=hop.connect_timeout
        )
    except paramiko.ChannelException as wrong:
        if wrong.code == _PROHIBITED:
            raise HostFault(
                Cause.REFUSED,
                f"{through.name} forwards nothing to {hop.address} port {hop.port}",
                f"allow it there (AllowTcpForwarding, PermitOpen) for {through.user}",
            ) from wrong
        reason = f"{through.name} cannot connect to {hop.address} port {hop.port}"
        raise HostFault(Cause.UNREACHABLE, reason, f"is the host on, and may {through.name} reach it?") from wrong
    except _ITS_DEATH as wrong:
        gate.wire.say_why(through.name, through.connect_timeout, "answer")
        reason = f"no answer through {through.name} to {hop.address} port {hop.port} within {hop.connect_timeout} s"
        raise HostFault(Cause.UNREACHABLE, reason, f"is the host on, and may {through.name} reach it?") from wrong


def _through(client: Client, way: tuple[Hop, ...]) -> _Connection:
    """The shared connection to the last hop of `way`; one that failed is not tried again for each host behind it."""
    with client.gates_lock:
        gate = client.gates.setdefault(way, _Gate())
    with gate.lock:
        found = gate.found[-1] if gate.found else None
        if found is None or (isinstance(found, _Connection) and not found.transport.is_active()):
            try:
                found = _connected(client, way)
                found.wire.deadline = found.wire.limit = math.inf
            except HostFault as fault:
                found = fault
            gate.found.append(found)
    if isinstance(found, HostFault):
        raise HostFault(found.cause, f"on the way through {way[-1].name}: {found.message}", found.remedy)
    return found


def _welcomed(client: Client, hop: Hop, connection: _Connection) -> _Connection:
    try:
        with _agent() as held:
            _sign_in(client, hop, connection, held)
    except HostFault as fault:
        fault.fingerprint, fault.key_type = host_key.shown_by(connection.key)
        raise
    finally:
        if not connection.transport.is_authenticated():
            connection.transport.close()
    return connection


def _sign_in(client: Client, hop: Hop, connection: _Connection, held: Mapping[bytes, paramiko.PKey]) -> None:
    """Sign in with keys, then with the password where one was given."""
    transport, line = connection.transport, connection.wire
    line.deadline = time.monotonic() + hop.connect_timeout
    transport.auth_timeout = hop.connect_timeout + 1
    transport.set_keepalive(_KEEPALIVE)
    password = client.secrets.sign_in.get(hop.name)
    keys = _keys_for(client, hop, held)[:_MAX_KEYS]
    ways: list[tuple[str, Callable[[], Sequence[str]]]] = [
        ("publickey", partial(transport.auth_publickey, hop.user, key)) for key in keys
    ]
    if password is not None:
        ways.append(("password", partial(transport.auth_password, hop.user, password)))
    takes: Sequence[str] = ()
    for method, attempt in ways:
        if transport.is_active() and (not takes or method in takes or method == "password"):
            takes = _attempted(attempt) or takes
        if transport.is_authenticated():
            return
    alive = transport.is_active()
    line.say_why(f"{hop.address} port {hop.port}", hop.connect_timeout, "let us in or refuse")
    offered = f"{len(keys)} key{'' if len(keys) == 1 else 's'}" + (" and a password" if password is not None else "")
    says = f"; it takes {', '.join(takes)[:_SAID]}" if takes else "" if alive else "; it closed the connection"
    raise HostFault(
        Cause.REFUSED,
        f"{hop.address} port {hop.port} does not let {hop.user} in: offered {offered}{says}",
        "add the public key there, or set user, identity_file or password_env in the inventory",
    )


def _attempted(attempt: Callable[[], Sequence[str]]) -> Sequence[str]:
    """Try one way to sign in; returns the methods that the host takes next, where it says them."""
    try:
        return attempt()
    except paramiko.BadAuthenticationType as wrong:
        return tuple(wrong.allowed_types)
    except _ITS_DEATH:
        return ()


def _keys_for(client: Client, hop: Hop, held: Mapping[bytes, paramiko.PKey]) -> list[paramiko.PKey]:
    """The keys to offer, an agent's first; where the files are named, of the agent's only those."""
    if hop.own_keys:
        held = {
            blob: key for blob, key in held.items() if blob in {identity.public(file) for file in hop.identity_files}
        }
    files = [client.keys[file] for file in hop.identity_files if file in client.keys]
    return [*held.values(), *(key for key in files if key.asbytes() not in held)]


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
