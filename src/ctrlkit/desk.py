"""The desk at which a command is carried out: its options, what it may print, the only reading of the clock."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ctrlkit.case import Request


@dataclass(frozen=True, slots=True)
class Desk:
    """What a command works with.

    `write` puts text on standard output as it is, `say` a line on standard error; `watched` is true where a person
    looks at standard error. `walled` does one piece of work of several and gives its exit code: what goes wrong in it
    is said after the given words, and the next piece has its turn.
    """

    options: argparse.Namespace
    now: Callable[[], datetime]
    write: Callable[[str], object]
    say: Callable[[str], None]
    watched: bool
    walled: Callable[[Callable[[], int], str], int]

    def print(self, text: str) -> None:
        """Put a line on standard output."""
        self.write(f"{text}\n")

    def listener(self) -> Callable[[str], None]:
        """Where the progress of slow work goes: to a person who watches, or asks for it; else nowhere."""
        if self.options.verbose or (self.watched and not self.options.quiet):
            return self.say
        return lambda _: None

    def request(self) -> Request:
        """What the options ask for, with the documents they name, none of them read yet."""
        from ctrlkit import cache, privacy
        from ctrlkit.case import Request
        from ctrlkit.model import Severity

        now = self.now()
        kept = privacy.cache_folder()
        cache.forget(kept, 7, now=now)
        given = vars(self.options)
        return Request(
            cwd=Path.cwd(),
            now=now,
            pack=given.get("pack"),
            profile=given.get("profile"),
            engagement=given.get("engagement"),
            client_pack=given.get("client_pack"),
            as_of=given.get("as_of"),
            select=words_of(given.get("select", [given["control"]] if "control" in given else [])),
            waivers=given.get("waivers"),
            attestations=given.get("attestations"),
            canaries=given.get("canaries"),
            previous=given.get("previous", ()),
            originals=given.get("originals", ()),
            rekey=given.get("rekey", ()),
            vendor_key=given.get("vendor_key"),
            fail_on=Severity(given.get("fail_on", "low")),
            out=given.get("out", Path("runs")),
            engine=given.get("engine", "polars"),
            clear=given.get("privacy") == "clear",
            engagement_key=given.get("engagement_key"),
            cache=kept,
            inventory=given.get("inventory"),
            limit=words_of(given.get("limit", [])),
            jobs=given.get("jobs"),
        )


def words_of(texts: Sequence[str]) -> list[str]:
    """The words of an option that may be repeated and takes commas."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]
