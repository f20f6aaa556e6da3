"""Is this the machine that was meant: the key a server shows against the inventory's pin and known_hosts."""

from __future__ import annotations

import shlex
from typing import Final

from ctrlkit.host_fault import HostFault
from ctrlkit.known_hosts import Entry, KnownHosts, Standing, fingerprint, judge, key_types, name_of
from ctrlkit.model import Cause
from ctrlkit.ssh_config import Hop

ALGORITHMS: Final = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""Type of a key -> how a server may sign with it; SHA-1 is not among them."""

_WORDS: Final = {"ssh-ed25519": "ed25519", "ssh-rsa": "rsa"}


def shown_by(key: bytes) -> tuple[str, str]:
    """Fingerprint and type of a public key."""
    length = int.from_bytes(key[:4], "big")
    return fingerprint(key), key[4 : 4 + length].decode("ascii", "replace")


def wanted_types(hop: Hop, known: KnownHosts) -> tuple[str, ...]:
    """The types of key to ask the server for: those that known_hosts trusts, all where it trusts none.

    Raises HostFault where it trusts only types that cannot be checked here.
    """
    said = key_types(known, _name(hop))
    usable = tuple(t for t in said if t in ALGORITHMS)
    if said and not usable and hop.host_key is None:
        raise HostFault(
            Cause.REFUSED,
            f"{_name(hop)} is known only by keys of type {', '.join(said)}, expected one of {', '.join(ALGORITHMS)}",
            "add such a key of the host to known_hosts, or pin its host_key in the inventory",
        )
    return usable or tuple(ALGORITHMS)


def other_types(hop: Hop, known: KnownHosts, key: bytes, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Of `wanted`, what to ask for after `key` was refused: a pinned key may be one of another type."""
    seen = shown_by(key)[1]
    revoked = judge(known, _name(hop), seen, key)[0] is Standing.REVOKED
    return () if hop.host_key is None or revoked else tuple(t for t in wanted if t != seen)


def refusal(hop: Hop, known: KnownHosts, key: bytes) -> HostFault | None:
    """Why this key is not accepted, with its fingerprint and what to do; None for the machine that was meant."""
    found, key_type = shown_by(key)
    standing, entries = judge(known, _name(hop), key_type, key)
    fault = _fault(hop, known, found, key_type, standing, entries)
    if fault is not None:
        fault.fingerprint, fault.key_type = found, key_type
    return fault


def no_algorithm(hop: Hop) -> HostFault:
    """What to say of a server with which no safe algorithm can be agreed upon."""
    return HostFault(
        Cause.UNSUPPORTED,
        f"{hop.address} port {hop.port} offers no algorithm that is safe to use here",
        "its SSH server is too old, or limited to what this program does not know; update it",
    )


def _fault(  # noqa: PLR0913, PLR0917 - the parts of one sentence
    hop: Hop, known: KnownHosts, found: str, key_type: str, standing: Standing, entries: tuple[Entry, ...]
) -> HostFault | None:
    name = _name(hop)
    places = ", ".join(dict.fromkeys(entry.place for entry in entries))
    if standing is Standing.REVOKED:
        return _refused(
            f"the host key of {name} is revoked ({places}): found {found} ({key_type}), expected another key",
            "the host must get a new key; do not connect until it has one",
        )
    if hop.host_key is not None:
        if hop.host_key.rstrip("=") == found:
            return None
        return _refused(
            f"wrong host key of {name}: found {found} ({key_type}), expected {hop.host_key} as the inventory pins it",
            f'if the host\'s administrator confirms the new key, set host_key: "{found}" for it in the inventory',
        )
    if standing is Standing.TRUSTED:
        return None
    accept = _accept(hop, known, key_type)
    if standing is Standing.CHANGED:
        expected = ", ".join(dict.fromkeys(fingerprint(entry.key) for entry in entries))
        return _refused(
            f"the host key of {name} has changed: found {found} ({key_type}), expected {expected} ({places})",
            "somebody may stand in between; if the host's administrator confirms the new key: "
            f"ssh-keygen -R {shlex.quote(name)} -f {shlex.quote(_file(known))} && {accept}",
        )
    only = f"; only a certificate authority vouches for it ({places}), which is not believed" if places else ""
    unread = f"; not readable there: {', '.join(known.unread[:3])}" if known.unread else ""
    return _refused(
        f"the host key of {name} is not known: found {found} ({key_type}), "
        f"expected one from {_file(known)}{only}{unread}",
        f'compare it with what the host\'s administrator reads there, then: {accept} (or host_key: "{found}" in the '
        "inventory)",
    )


def _refused(message: str, remedy: str) -> HostFault:
    return HostFault(Cause.REFUSED, message, remedy)


def _name(hop: Hop) -> str:
    return hop.alias or name_of(hop.address, hop.port)


def _file(known: KnownHosts) -> str:
    return known.files[0].as_posix() if known.files else "known_hosts"


def _accept(hop: Hop, known: KnownHosts, key_type: str) -> str:
    port = f"-p {hop.port} " if hop.port != 22 else ""  # noqa: PLR2004 - the port of SSH
    word = _WORDS.get(key_type, "ecdsa")
    return f"ssh-keyscan {port}-t {word} {shlex.quote(hop.address)} >> {shlex.quote(_file(known))}"
