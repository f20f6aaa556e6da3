"""Facts from many hosts over SSH: a bounded crowd of connections, each host's answer written as it comes."""

from __future__ import annotations

import hashlib
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from ctrlkit import host_file, inventory, known_hosts, secret, ssh, ssh_config
from ctrlkit.errors import CtrlkitError, InputError, Withdrawn
from ctrlkit.host_fault import HostFault, Stopped
from ctrlkit.inventory import Host, Inventory
from ctrlkit.model import Cause
from ctrlkit.secret import Ask, Secrets
from ctrlkit.session import Frame
from ctrlkit.ssh import Answer
from ctrlkit.ssh_config import Hop
from ctrlkit.tally import Failure, Step, Summary
from ctrlkit.visible import visible

JOBS: Final = 32
MAX_JOBS: Final = 256
_SLOW: Final = 2.0
"""Seconds after which a host counts as slow and another may be read beside it."""
_CROWD: Final = 4
"""How many times `jobs` may be under way at once, slow hosts counted."""
_TICK: Final = 0.1
_PATIENCE: Final = 3.0
_THREAD: Final = "ctrlkit-read"
_NO_MARKER: Final = "0" * 32

ScriptFor = Callable[[Host, str], str]
"""The script for a host, with a marker of 32 hexadecimal digits in its frame."""

Progress = Callable[[Step], None]
"""Is told of each host as it is done, in the thread that called `collect`."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """All that must be known before the first host is touched."""

    book: Inventory
    hosts: tuple[Host, ...]
    ways: Mapping[str, tuple[Hop, ...]]
    known: Mapping[tuple[Path, ...], known_hosts.KnownHosts]
    keys: ssh.Keys
    secrets: Secrets = field(repr=False)

    def lines(self) -> tuple[str, ...]:
        """What would be read, a line for each host, for `--dry-run`."""
        return tuple(_described(host, self.ways.get(host.name, ())) for host in self.hosts)


def prepare(
    book: Inventory, hosts: Sequence[Host], *, home: Path, environ: Mapping[str, str], ask: Ask | None
) -> Preparation:
    """Resolve the way to each of `hosts`, load host keys and private keys, and ask for the secrets they need.

    `home` is the user's home folder, `ask` asks for a secret without echo (None: nobody is there). Raises InputError.
    """
    config = ssh_config.load(home)
    reached = [host for host in hosts if host.address is not None]
    ways = {host.name: ssh_config.way(book, host, config) for host in reached}
    hops = {hop for way in ways.values() for hop in way}
    steps = {step.name: step for host in reached for step in inventory.hops(book, host)}
    files = sorted({hop.known_hosts for hop in hops})
    known = {names: known_hosts.load(names) for names in files}
    keys = ssh.load_keys(hops, environ.get(secret.PASSPHRASE), ask)
    gathered = secret.gather(book, reached, steps.values(), environ, ask)
    return Preparation(book, tuple(hosts), ways, known, keys, gathered)


def collect(  # noqa: PLR0913 - each is a word of the command
    ready: Preparation,
    script_for: ScriptFor,
    out: Path,
    *,
    now: Callable[[], datetime],
    version: str,
    jobs: int = JOBS,
    resume: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Read every host of `ready` that has an address, and write `<out>/hosts/<name>.facts` and `.ssh.json` for each.

    `now` gives an aware instant in the zone whose days `authorised` counts. Raises InputError before any host is
    touched, CtrlkitError where the facts cannot be written, and Withdrawn after ^C; what was read until then is kept.
    """
    if not 1 <= jobs <= MAX_JOBS:
        raise InputError(f"--jobs: found {jobs}, expected 1 to {MAX_JOBS}")
    reached = [host for host in ready.hosts if host.name in ready.ways]
    if reason := inventory.forbidden(ready.book.authorised, now().date()):
        raise InputError(f"{ready.book.name}: authorised: {reason}")
    host_file.prepare(out, reached, resume)
    tasks = [_task(ready, host, script_for) for host in reached]
    kept = {t.host.name for t in tasks if resume and _is_whole(out, t)}
    work = _Work(ready, script_for, out, now, version, progress, len(tasks) - len(kept))
    _crowd(work, [task for task in tasks if task.host.name not in kept], jobs)
    order = [host.name for host in reached]
    failed = sorted(work.failed, key=lambda failure: order.index(failure.host))
    return Summary(
        tuple(name for name in order if name in work.read),
        tuple(name for name in order if name in kept),
        tuple(host.name for host in ready.hosts if host.name not in ready.ways),
        tuple(failed),
    )


@dataclass(frozen=True, slots=True)
class _Task:
    """One host to read. Its script is made when its turn comes: thousands of them would not be small."""

    host: Host
    way: tuple[Hop, ...]
    marker: str
    script_sha256: str


@dataclass(frozen=True, slots=True)
class _Done:
    """What came of one host: None where it was read and written, else why not; `broken`: it could not be written."""

    host: str
    failure: Failure | None = None
    broken: CtrlkitError | None = None


class _Work:
    """A collection under way: what is shared between the threads, and what has come of it."""

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        ready: Preparation,
        script_for: ScriptFor,
        out: Path,
        now: Callable[[], datetime],
        version: str,
        progress: Progress | None,
        total: int,
    ) -> None:
        self.stop = threading.Event()
        self.client = ssh.Client(ready.known, ready.keys, ready.secrets, self.stop)
        self.window, self.script_for = ready.book.authorised, script_for
        self.out, self.now, self.version, self.progress, self.total = out, now, version, progress, total
        self.done: queue.SimpleQueue[_Done] = queue.SimpleQueue()
        self.read: set[str] = set()
        self.failed: list[Failure] = []

    def note(self, done: _Done) -> None:
        """Count one host, and say so; raises what kept it from being written."""
        if done.broken is not None:
            raise done.broken
        if done.failure is None:
            self.read.add(done.host)
        else:
            self.failed.append(done.failure)
        if self.progress is not None:
            count = len(self.read) + len(self.failed)
            self.progress(Step(done.host, done.failure, count, len(self.failed), self.total))


def _crowd(work: _Work, tasks: Sequence[_Task], jobs: int) -> None:
    """Read `tasks`, `jobs` at a time; one that is slow gives its place to another, up to a bound."""
    waiting = list(reversed(tasks))
    running: dict[str, float] = {}
    left = len(tasks)
    try:
        while left:
            now = time.monotonic()
            quick = sum(now - since < _SLOW for since in running.values())
            while waiting and quick < jobs and len(running) < jobs * _CROWD:
                task = waiting.pop()
                running[task.host.name] = now
                quick += 1
                threading.Thread(target=_reads, args=(work, task), name=_THREAD, daemon=True).start()
            try:
                done = work.done.get(timeout=_TICK)
            except queue.Empty:
                continue
            running.pop(done.host, None)
            left -= 1
            work.note(done)
    except KeyboardInterrupt:
        work.stop.set()
        _last_words(work, running)
        count = len(work.read)
        raise Withdrawn(
            f"collect: interrupted with {count} of {work.total} hosts read; they are kept, go on with --resume"
        ) from None
    finally:
        work.stop.set()
        ssh.close(work.client)


def _last_words(work: _Work, running: dict[str, float]) -> None:
    """Wait a moment for the connections to end, and count what was read in the moment of the interruption."""
    deadline = time.monotonic() + _PATIENCE
    while running and time.monotonic() < deadline:
        try:
            done = work.done.get(timeout=_TICK)
        except queue.Empty:
            continue
        running.pop(done.host, None)
        if done.failure is None and done.broken is None:
            work.read.add(done.host)


def _reads(work: _Work, task: _Task) -> None:
    """Read one host and write what it said; whatever happens, the thread that waits hears of it."""
    done = _Done(task.host.name, broken=CtrlkitError(f"{task.host.name}: reading it came to an unforeseen end"))
    try:
        done = _Done(task.host.name, _written(work, task, _answer(work, task)))
    except Stopped:
        fault = HostFault(Cause.CUT, "stopped", "run --resume")
        done = _Done(task.host.name, _failure(task, fault))
    except CtrlkitError as wrong:
        done = _Done(task.host.name, broken=wrong)
    finally:
        work.done.put(done)


def _answer(work: _Work, task: _Task) -> Answer | HostFault:
    if reason := inventory.forbidden(work.window, work.now().date()):
        return HostFault(Cause.REFUSED, f"not touched: {reason}", "run --resume within the window")
    try:
        script = work.script_for(task.host, task.marker).encode()
        frame = Frame(f"CTRLKIT-FACTS 1 {task.marker}".encode(), f"CTRLKIT-END {task.marker} ".encode())
        return ssh.read(work.client, task.host, task.way, script, frame)
    except HostFault as fault:
        return fault


def _written(work: _Work, task: _Task, answer: Answer | HostFault) -> Failure | None:
    connection = _connection(task, answer, work.now())
    if isinstance(answer, HostFault):
        host_file.write_fault(work.out, task.host.name, work.version, connection, answer)
        return _failure(task, answer)
    host_file.write_facts(work.out, task.host.name, work.version, connection, answer.facts)
    return None


def _failure(task: _Task, fault: HostFault) -> Failure:
    return Failure(task.host.name, fault.cause, fault.message, fault.remedy)


def _task(ready: Preparation, host: Host, script_for: ScriptFor) -> _Task:
    digest = hashlib.sha256(script_for(host, _NO_MARKER).encode()).hexdigest()
    return _Task(host, ready.ways[host.name], secrets.token_hex(16), digest)


def _is_whole(out: Path, task: _Task) -> bool:
    return host_file.is_whole(out, task.host, task.script_sha256, task.way[-1].address, task.way[-1].port)


def _connection(task: _Task, answer: Answer | HostFault, now: datetime) -> host_file.Connection:
    hop = task.way[-1]
    return host_file.Connection(
        address=hop.address,
        port=hop.port,
        user=hop.user,
        via=tuple(step.name for step in task.way[:-1]),
        fingerprint=answer.fingerprint,
        key_type=answer.key_type,
        privilege=answer.privilege if isinstance(answer, Answer) else None,
        script_sha256=task.script_sha256,
        collected_at=now,
    )


def _described(host: Host, way: Iterable[Hop]) -> str:
    roles = ", ".join(host.roles) or "no role"
    hops = [f"{hop.user}@{f'[{hop.address}]' if ':' in hop.address else hop.address}:{hop.port}" for hop in way]
    place = " → ".join(hops) if hops else "no address, read from its file alone"
    return visible(f"{host.name} ({roles}): {place}; sudo: {host.sudo}")
