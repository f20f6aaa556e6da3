"""The command line: words to the rooms, and the rooms' answers to an exit code; the only place that prints or ends."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import import_module

from ctrlkit import custody_options
from ctrlkit.desk import Desk
from ctrlkit.errors import CtrlkitError, InputError, Withdrawn
from ctrlkit.options import parser_of

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
        options = parser_of(words).parse_args(words)
        desk = Desk(
            options,
            lambda: datetime.now(UTC),
            sys.stdout.write,
            _say,
            watched=sys.stderr.isatty(),
            walled=lambda work, where: _walled(work, verbose=verbose, where=where),
        )
        code = _command(options)(desk)
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


def _refuse_optimised() -> None:
    if not __debug__:
        msg = "ctrlkit does not run under python -O: assertions would vanish"
        raise InputError(f"{msg}; start it without -O and PYTHONOPTIMIZE")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


_ROOMS = {
    **dict.fromkeys(
        ("run", "init", "check", "handover", "sign", "replay", "diff", "list", "explain", "keygen"), "commands"
    ),
    **dict.fromkeys(custody_options.COMMANDS, "custody"),
    "clean": "custody",
    "collect": "collecting",
    "history": "looking_back",
    "report": "reporting",
    "sample": "drawing",
    "verify": "checking",
}
"""Command -> the module whose function of that name carries it out."""


def _command(options: argparse.Namespace) -> Callable[[Desk], int]:
    """The function that carries out a command; its room is loaded now, so that `ctrlkit --help` does not wait."""
    name = options.command
    room = "rounds" if name == "run" and options.engagements is not None else _ROOMS[name]
    module = import_module(f"ctrlkit.{room}")
    function: Callable[[Desk], int] = getattr(module, "listing" if name == "list" else name)
    return function


if __name__ == "__main__":
    sys.exit(main())
