"""Signing in: which keys are offered in which order, then a password where one was given, and what a refusal says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol, TypeVar

from ctrlkit import identity
from ctrlkit.host_fault import HostFault
from ctrlkit.model import Cause
from ctrlkit.ssh_config import Hop
from ctrlkit.wire import Wire

MOST_KEYS: Final = 5
"""A server closes the connection after six attempts, unless it was told otherwise."""
_SAID: Final = 120


class PrivateKey(Protocol):
    """A key that can sign."""

    def asbytes(self) -> bytes:
        """The bytes of its public half."""


Key = TypeVar("Key", bound=PrivateKey)
Key_contra = TypeVar("Key_contra", bound=PrivateKey, contravariant=True)


class Door(Protocol[Key_contra]):
    """A connection on which to sign in. An attempt returns the methods that the host takes, where it says them."""

    def is_open(self) -> bool:
        """Whether the connection is still there."""

    def is_passed(self) -> bool:
        """Whether the host has let us in."""

    def try_key(self, user: str, key: Key_contra) -> Sequence[str]:
        """Offer a key."""

    def try_password(self, user: str, password: str) -> Sequence[str]:
        """Offer a password."""


def keys_for(hop: Hop, files: Mapping[Path, Key], held: Mapping[bytes, Key]) -> list[Key]:
    """The keys to offer, an agent's (`held`, by public bytes) first; of those only the named where files are named."""
    if hop.own_keys:
        named = {identity.public(file) for file in hop.identity_files}
        held = {blob: key for blob, key in held.items() if blob in named}
    own = [files[file] for file in hop.identity_files if file in files]
    return [*held.values(), *(key for key in own if key.asbytes() not in held)][:MOST_KEYS]


def sign_in(door: Door[Key], hop: Hop, line: Wire, keys: Iterable[Key], password: str | None) -> None:
    """Pass the door, or raise HostFault (refused, or what the wire ended with)."""
    takes: Sequence[str] = ()
    offered = 0
    for key in keys:
        if door.is_open() and (not takes or "publickey" in takes):
            offered += 1
            takes = door.try_key(hop.user, key) or takes
        if door.is_passed():
            return
    if password is not None and door.is_open():
        takes = door.try_password(hop.user, password) or takes
        if door.is_passed():
            return
    is_open = door.is_open()
    line.say_why(f"{hop.address} port {hop.port}", hop.connect_timeout, "let us in or refuse")
    what = f"{offered} key{'' if offered == 1 else 's'}{' and a password' if password is not None else ''}"
    says = f"; it takes {', '.join(takes)[:_SAID]}" if takes else "" if is_open else "; it closed the connection"
    raise HostFault(
        Cause.REFUSED,
        f"{hop.address} port {hop.port} does not let {hop.user} in: offered {what}{says}",
        "add the public key there, or set user, identity_file or password_env in the inventory",
    )
