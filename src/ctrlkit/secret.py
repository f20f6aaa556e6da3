"""Passwords: from the environment or a prompt, never from a file or an argument, and never shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ctrlkit.errors import InputError
from ctrlkit.inventory import Host, Inventory

PASSPHRASE: Final = "CTRLKIT_KEY_PASSPHRASE"  # noqa: S105 - the name of a variable
"""The environment variable that may hold the passphrase of the private keys."""

Ask = Callable[[str], str]
"""Asks a person for a secret, without echo, and returns it."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Host name -> password to sign in, and password for sudo. Neither stands in its repr."""

    sign_in: Mapping[str, str] = field(default_factory=dict, repr=False)
    sudo: Mapping[str, str] = field(default_factory=dict, repr=False)


def gather(
    book: Inventory, hosts: Iterable[Host], steps: Iterable[Host], environ: Mapping[str, str], ask: Ask | None
) -> Secrets:
    """The secrets that `hosts` need for sudo, and `steps` (they, and the hosts on the way to them) to sign in.

    Each user is asked about once; `ask` None: nobody is there to be asked. Raises InputError, before any host is
    touched, for what is not there.
    """
    sign_in = {
        step.name: _variable(book, step, "password_env", step.password_env, environ)
        for step in steps
        if step.password_env
    }
    sudo: dict[str, str] = {}
    asked: dict[str, str] = {}
    for host in hosts:
        if host.sudo == "password" and host.sudo_password_env:
            sudo[host.name] = _variable(book, host, "sudo_password_env", host.sudo_password_env, environ)
        elif host.sudo == "password":
            sudo[host.name] = _asked(book, host, asked, ask)
    return Secrets(sign_in, sudo)


def _variable(book: Inventory, host: Host, key: str, name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "")
    if not value or "\n" in value or "\r" in value or "\0" in value:
        raise InputError(
            f"{book.place(host)}: {key}: no password in the variable {name}; expected one line; set it and run again"
        )
    return value


def _asked(book: Inventory, host: Host, asked: dict[str, str], ask: Ask | None) -> str:
    user = host.user or "your user"
    if user not in asked:
        if ask is None:
            raise InputError(
                f"{book.place(host)}: sudo: password: nobody is here to be asked; expected sudo_password_env; set it"
            )
        answer = ask(f"Password for sudo of {user}: ")
        if not answer:
            raise InputError(f"{book.place(host)}: sudo: password: none was given; run again, or set sudo: never")
        asked[user] = answer
    return asked[user]
