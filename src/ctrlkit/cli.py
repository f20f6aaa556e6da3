"""The command line: words to the rooms, and the rooms' answers to an exit code; the only place that prints or ends."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module

from ctrlkit.desk import Desk
from ctrlkit.errors import CtrlkitError, InputError, Withdrawn
from ctrlkit.options import parser_of
from ctrlkit.status_line import StatusLine

BUG, WRONG, INTERRUPTED = 5, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    verbose = "-v" in words or "--verbose" in words

    def carry_out() -> int:
        _refuse_optimised()
        if arguments is None and "_ARGCOMPLETE" in os.environ:
            from ctrlkit import completing

            completing.answer(os.environ.get("COMP_LINE", ""))
        options = parser_of(words).parse_args(words)
        code = _carried_out(options, verbose=verbose)
        sys.stdout.flush()
        return code

    return _walled(carry_out, verbose=verbose)


def _walled(work: Callable[[], int], *, verbose: bool, where: str = "") -> int:
    """The exit code of a piece of work, whatever it raises; what went wrong is said after `where`."""
    try:
        return work()
    except CtrlkitError as error:
        _say(f"ctrlkit: {where}{error}")
        return INTERRUPTED if isinstance(error, Withdrawn) else WRONG
    except KeyboardInterrupt:
        _say("ctrlkit: interrupted; nothing half done was kept")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return WRONG
    except Exception as error:  # noqa: BLE001  the wall: whatever nobody foresaw is our own bug, and never a verdict
        if verbose:
            import traceback

            traceback.print_exc()
        what = f"{type(error).__name__}: {error}"
        _say(f"ctrlkit: {where}a fault of ctrlkit itself: {what}; run again with -v and report it")
        return BUG


def _carried_out(options: argparse.Namespace, *, verbose: bool) -> int:
    """The exit code of the command; whatever else is printed, the line that says what goes on is taken away before."""
    status = StatusLine(_to_terminal, lambda: shutil.get_terminal_size((80, 24)).columns)

    def write(text: str) -> int:
        status.clear()
        return sys.stdout.write(text)

    def say(text: str) -> None:
        status.clear()
        _say(text)

    def cleared(work: Callable[[], int]) -> int:
        try:
            return work()
        finally:
            status.clear()

    desk = Desk(
        options,
        lambda: datetime.now(UTC),
        write,
        say,
        watched=sys.stderr.isatty(),
        show=status.show,
        walled=lambda work, where: _walled(lambda: cleared(work), verbose=verbose, where=where),
    )
    return cleared(lambda: _command(options)(desk))


def _to_terminal(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _refuse_optimised() -> None:
    if not __debug__:
        msg = "ctrlkit does not run under python -O: assertions would vanish"
        raise InputError(f"{msg}; start it without -O and PYTHONOPTIMIZE")


def _say(text: str) -> None:
    from ctrlkit.scan import told

    print(told(text), file=sys.stderr)


_ROOMS = {
    **dict.fromkeys(("init", "check", "run", "handover", "sign", "replay", "diff", "explain", "keygen"), "commands"),
    **dict.fromkeys(("reveal", "rekey", "receipt", "stamp", "clean"), "custody"),
    **dict.fromkeys(("new", "test"), "authoring"),
    "collect": "collecting",
    "completion": "completing",
    "history": "looking_back",
    "report": "reporting",
    "request": "asking",
    "sample": "drawing",
    "verify": "checking",
}
"""Command -> the module whose function of that name carries it out."""


def _command(options: argparse.Namespace) -> Callable[[Desk], int]:
    """The function that carries out a command; its room is loaded now, so that `ctrlkit --help` does not wait."""
    name, room = options.command, _ROOMS.get(options.command, "")
    if name == "list":
        name, room = "listing", "commands"
    elif name == "run" and options.engagements is not None:
        room = "rounds"
    function: Callable[[Desk], int] = getattr(import_module(f"ctrlkit.{room}"), name)
    return function
