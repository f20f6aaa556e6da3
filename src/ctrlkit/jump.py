"""Jump hosts: one connection to each, shared by all hosts behind it, and what is said where it leads nowhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ctrlkit.host_fault import HostFault
from ctrlkit.model import Cause
from ctrlkit.ssh_config import Hop

Connection = TypeVar("Connection")


@dataclass(slots=True)
class _Gate(Generic[Connection]):
    """The connection to one jump host, or why there is none; `lock` is held while it is made."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    connection: Connection | None = None
    fault: HostFault | None = None


class Gates(Generic[Connection]):
    """The connections to jump hosts of one collection, by the way to them."""

    def __init__(self) -> None:
        self._gates: dict[tuple[Hop, ...], _Gate[Connection]] = {}
        self._lock = threading.Lock()

    def open(
        self, way: tuple[Hop, ...], connect: Callable[[], Connection], alive: Callable[[Connection], bool]
    ) -> Connection:
        """The connection to the last hop of `way`, made where there is none that is `alive`.

        Raises HostFault. A jump host that failed is not tried again for each host behind it.
        """
        with self._lock:
            gate = self._gates.setdefault(way, _Gate())
        with gate.lock:
            if gate.fault is None and (gate.connection is None or not alive(gate.connection)):
                try:
                    gate.connection = connect()
                except HostFault as fault:
                    gate.fault = fault
            wrong, connection = gate.fault, gate.connection
        if wrong is not None or connection is None:
            message = wrong.message if wrong else "there is no connection"
            cause, remedy = (wrong.cause, wrong.remedy) if wrong else (Cause.UNREACHABLE, "run --resume")
            raise HostFault(cause, f"on the way through {way[-1].name}: {message}", remedy)
        return connection

    def all(self) -> list[Connection]:
        """The connections that were made, those that lie behind others first."""
        ordered = sorted(self._gates.items(), key=lambda item: -len(item[0]))
        return [gate.connection for _, gate in ordered if gate.connection is not None]


def forbidden(through: Hop, hop: Hop) -> HostFault:
    """What to say where a jump host may not lead on."""
    return HostFault(
        Cause.REFUSED,
        f"{through.name} forwards nothing to {hop.address} port {hop.port}",
        f"allow it there (AllowTcpForwarding, PermitOpen) for {through.user}",
    )


def dead_end(through: Hop, hop: Hop) -> HostFault:
    """What to say where a jump host cannot reach the next."""
    return HostFault(
        Cause.UNREACHABLE,
        f"{through.name} cannot connect to {hop.address} port {hop.port}",
        f"is the host on, and may {through.name} reach its SSH port?",
    )
