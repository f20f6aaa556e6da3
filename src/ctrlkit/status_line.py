"""One line on a terminal that says what is being done; the next replaces it, and nothing of it stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ctrlkit.visible import visible

GOES_ON: Final = "…"
"""How a text ends that says what is being done and is over when the next thing is said."""


class StatusLine:
    """Shows one line at a time through `write`; `width` says how many columns the terminal has.

    It writes carriage returns and spaces alone: no terminal is too plain for it.
    """

    def __init__(self, write: Callable[[str], object], width: Callable[[], int]) -> None:
        self._write = write
        self._width = width
        self._shown = 0

    def show(self, text: str) -> None:
        """Put the text in the place of what is shown, cut to the width."""
        line = visible(text)
        room = max(1, self._width() - 1)
        line = line if len(line) <= room else line[: room - 1] + GOES_ON
        self._write(f"\r{line.ljust(self._shown)}\r{line}")
        self._shown = len(line)

    def clear(self) -> None:
        """Take away what is shown."""
        if self._shown:
            self._write(f"\r{' ' * self._shown}\r")
            self._shown = 0
