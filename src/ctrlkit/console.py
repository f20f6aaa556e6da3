"""What the terminal can do: its width, colour, and whether a person sits at it to be asked."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from collections.abc import Callable


def width() -> int:
    """Columns of text, 60 to 140."""
    return max(60, min(140, shutil.get_terminal_size((100, 24)).columns))


def coloured(wish: str) -> bool:
    """Whether to colour text on standard output, for always, never or auto (a terminal, and no NO_COLOR)."""
    if wish != "auto":
        return wish == "always"
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def password(name: str) -> str | None:
    """The password of a signing key, from the environment or a prompt; None where nobody can be asked."""
    given = os.environ.get("CTRLKIT_SIGN_PASSWORD")
    ask = asker()
    return given or (ask(f"password of {name}:") if ask is not None else None)


def asker() -> Callable[[str], str] | None:
    """Asks for a secret without echo; None where nobody sits at the terminal."""
    return (lambda prompt: getpass.getpass(f"{prompt} ")) if sys.stdin.isatty() else None
