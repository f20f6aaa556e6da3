"""Completion of the command line: the script that a shell loads, and the answers to what a person has typed so far."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

import argcomplete
from argcomplete import shell_integration
from argcomplete.completers import DirectoriesCompleter, FilesCompleter, SuppressCompleter

from ctrlkit.desk import Desk
from ctrlkit.options import parser_of

MARKER: Final = "ctrlkit.toml"
_FREE: Final = frozenset({"ADDRESS", "COLUMN", "COLUMN=VALUE", "DATE|INSTANT", "HOSTS", "I/N", "N", "NAME", "TEXT"})
"""What nobody but the person knows: no file is offered for it."""


def completion(desk: Desk) -> int:
    """Print the script for a shell."""
    desk.print(shell_integration.shellcode(["ctrlkit"], shell=desk.options.shell).strip())
    return 0


def answer(line: str) -> None:
    """Tell the shell what may stand next on `line`, in its own way, and end the process."""
    parser = parser_of(line.split())
    for action in _actions(parser):
        if (completer := _completer(action)) is not None:
            action.completer = completer  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser, always_complete_options="long")


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:  # noqa: SLF001  argparse names them nowhere else
        yield action
        if isinstance(action.choices, dict):
            for below in action.choices.values():
                yield from _actions(below)


def _completer(action: argparse.Action) -> Callable[..., object] | None:
    """What offers the values of an option; None where its choices, or any file, do."""
    if action.choices is not None or action.nargs == 0:
        return None
    if action.dest == "profile":
        return _offered(_profiles)
    if action.dest in {"select", "control", "word"}:
        return _offered(_controls)
    if action.dest == "path":
        return _offered(_controls, FilesCompleter())
    free = str(action.metavar) in _FREE
    return SuppressCompleter() if free else DirectoriesCompleter() if action.metavar == "DIR" else None


def _offered(
    names: Callable[[], Iterator[str]], other: Callable[..., object] | None = None
) -> Callable[..., list[str]]:
    def offer(prefix: str, **rest: object) -> list[str]:
        found = other(prefix=prefix, **rest) if other is not None else ()
        return [*sorted(set(names())), *(found if isinstance(found, list | tuple) else ())]

    return offer


def _profiles() -> Iterator[str]:
    """The profiles that ship and those of a project in this folder; those of installed plugins take too long."""
    yield from (f.name.removesuffix(".yaml") for f in files("ctrlkit.profiles").iterdir() if f.name.endswith(".yaml"))
    if Path(MARKER).is_file():
        yield from (f.stem for f in Path("profiles").glob("*.y*ml"))


def _controls() -> Iterator[str]:
    """The ids of the controls that ship and of a project in this folder, by their declarations alone."""
    own = Path("controls").glob("*.py") if Path(MARKER).is_file() else ()
    for file in (*files("ctrlkit.controls").iterdir(), *own):
        if file.name.endswith(".py"):
            yield from re.findall(r'@control\(\s*"([A-Z]{2,6}-[0-9]{2,3})"', file.read_text(encoding="utf-8"))
