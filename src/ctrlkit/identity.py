"""Private keys: which files are read, how an encrypted one is opened, and what is said where it stays closed."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TypeVar

from ctrlkit.errors import InputError
from ctrlkit.secret import PASSPHRASE, Ask
from ctrlkit.ssh_config import Hop
from ctrlkit.visible import visible

Key = TypeVar("Key")


def load(
    hops: Iterable[Hop],
    parse: Callable[[str, str | None], Key | str],
    held: Collection[bytes],
    passphrase: str | None,
    ask: Ask | None,
) -> dict[Path, Key]:
    """The private keys that `hops` name, each read once; those of the defaults that cannot be used are left out.

    `parse` makes a key of a file's text and a passphrase, or says what is wrong. An encrypted key is opened with
    `passphrase`, else left to an agent that holds it (`held`: public keys), else `ask` is asked. Raises InputError for
    a key that somebody named and that is not there, is none, or stays closed.
    """
    keys: dict[Path, Key] = {}
    wanted = {(file, hop.own_keys) for hop in hops for file in hop.identity_files}
    for file, named in sorted(wanted, key=lambda pair: (not pair[1], pair[0])):
        if file in keys or not (named or file.is_file()):
            continue
        in_agent = public(file) in held
        key = _opened(file, parse, passphrase, ask if named and not in_agent else None)
        if not isinstance(key, str):
            keys[file] = key
        elif named and not in_agent:
            raise InputError(
                f"{visible(file.as_posix())}: {key}, expected a private key (ed25519, ecdsa, rsa) that can be opened; "
                f"set {PASSPHRASE}, add it to an agent, or check identity_file"
            )
    return keys


def public(file: Path) -> bytes:
    """The bytes of the public key beside a private one, or in the file itself; empty where there is none."""
    beside = file if file.suffix == ".pub" else file.with_name(file.name + ".pub")
    try:
        return base64.b64decode(beside.read_text("ascii").split()[1], validate=True)
    except (OSError, UnicodeDecodeError, IndexError, binascii.Error):
        return b""


def _opened(
    file: Path, parse: Callable[[str, str | None], Key | str], passphrase: str | None, ask: Ask | None
) -> Key | str:
    try:
        text = file.read_text("utf-8", "replace")
    except OSError as wrong:
        return f"cannot be read ({wrong.strerror or type(wrong).__name__})"
    if re.search(r"-----BEGIN (ENCRYPTED )?PRIVATE KEY-----", text):
        return "its form is PKCS #8, which is not read (ssh-keygen -p -f writes it in OpenSSH's)"
    key = parse(text, passphrase)
    if isinstance(key, str) and ask is not None and passphrase is None and "PRIVATE KEY" in text:
        return parse(text, ask(f"Passphrase of {visible(file.as_posix())}: "))
    return key
