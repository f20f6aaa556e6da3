"""The script on an open connection: with which privilege it runs, and what its ending means."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from ctrlkit.host_fault import HostFault, Stopped
from ctrlkit.inventory import Host
from ctrlkit.model import Cause
from ctrlkit.session import (
    Channel,
    Close,
    Conversation,
    Frame,
    Limits,
    Privilege,
    ask_for_sudo,
    command,
    framed,
)

_SUDO_SECONDS: Final = 20
_SAID: Final = 120


class Running(Protocol):
    """A command that was started on a host."""

    @property
    def channel(self) -> Channel:
        """Where its input and output flow."""

    @property
    def wake(self) -> threading.Event:
        """Set when there is something to read."""

    def alive(self) -> bool:
        """Whether more may come."""

    def status(self) -> int | None:
        """Its exit status, None where the host did not say."""

    def lost(self) -> bool:
        """Whether the connection itself is gone."""

    def close(self) -> None:
        """Close the channel."""


Start = Callable[[str], Running]
"""Starts a command on the connection; raises HostFault where the host does not let it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to run: the script, its frame, the password for sudo (None: do not offer one), and who may stop it."""

    script: bytes
    frame: Frame
    sudo_password: str | None
    stop: threading.Event


def run(start: Start, host: Host, order: Order) -> tuple[bytes, Privilege]:
    """The frame that the script printed, and with which privilege it ran.

    Raises HostFault (cut, timeout, unsupported, refused) and Stopped.
    """
    limits = Limits(time.monotonic() + host.timeout, host.output_limit, order.stop)
    if order.sudo_password is not None:
        facts = _with_password(start, host, order, order.sudo_password, limits)
        if facts is not None:
            return facts
    running = start("sh")
    talk = Conversation(running.channel, running.wake, running.alive, limits)
    privilege = Privilege.PLAIN if order.sudo_password is None else Privilege.REFUSED
    return _finish(running, talk, host, order), privilege


def _with_password(
    start: Start, host: Host, order: Order, password: str, limits: Limits
) -> tuple[bytes, Privilege] | None:
    """As `run`, under sudo; None where it is refused. What comes next then goes over a channel of its own."""
    first, second = secrets.token_hex(8), secrets.token_hex(8)
    running = start(command(first, second))
    talk = Conversation(running.channel, running.wake, running.alive, limits)
    got = ask_for_sudo(talk, first + second, password, time.monotonic() + min(_SUDO_SECONDS, host.timeout / 2))
    if got is Privilege.REFUSED:
        running.close()
        return None
    if isinstance(got, Close):
        raise _ended(got, running, talk, host, order)
    talk.stdout.clear()
    return _finish(running, talk, host, order), got


def _finish(running: Running, talk: Conversation, host: Host, order: Order) -> bytes:
    talk.say(order.script)
    close = talk.until(framed(order.frame))
    facts = order.frame.cut_out(talk.stdout)
    if facts is not None:
        running.close()
        return facts
    raise _ended(close, running, talk, host, order)


def _ended(close: Close, running: Running, talk: Conversation, host: Host, order: Order) -> HostFault:
    if close is Close.STOPPED:
        raise Stopped("stopped")
    begun = order.frame.begun(talk.stdout)
    if close is Close.FLOODED:
        message = f"sent more than {host.output_limit} bytes, cut"
        return HostFault(Cause.CUT, message, "find out what prints so much, or raise output_limit", partial=begun)
    if close is Close.TIMEOUT and (begun or not (talk.stdout or talk.stderr)):
        message = f"did not finish within {host.timeout} s"
        return HostFault(Cause.TIMEOUT, message, "is it overloaded or hung? else raise timeout", partial=begun)
    if begun or running.lost():
        message = "the connection was lost" if running.lost() else "the answer broke off"
        return HostFault(Cause.CUT, f"{message} before the last line", "run collect --resume", partial=begun)
    if running.status() is None and not (talk.stdout or talk.stderr):
        return HostFault(Cause.CUT, "closed the channel without a word", "does its log say why? then run --resume")
    return HostFault(
        Cause.UNSUPPORTED,
        f"the account's shell did not run the script{_said(running, talk)}, expected a POSIX shell behind sh",
        "is it a forced command, a menu or a device? hand over the printed script's output (collect --script sh)",
    )


def _said(running: Running, talk: Conversation) -> str:
    status = running.status()
    words = bytes(talk.stderr or talk.stdout)[: 4 * _SAID].decode("utf-8", "replace").split()
    said = " ".join(words)[:_SAID]
    return (f" (exit status {status})" if status is not None else "") + (f': it said "{said}"' if said else "")
