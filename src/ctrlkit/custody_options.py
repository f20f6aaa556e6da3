"""The words of the commands for those who hold keys and originals."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

BUNDLE = "a folder, a zip, or the file `latest`"


def originals(parser: argparse.ArgumentParser) -> None:
    """The option that brings the originals."""
    parser.add_argument(
        "--with", dest="originals", action="append", default=[], type=Path, metavar="DIR",
        help="the pack with the originals; repeat it for the client's",
    )  # fmt: skip


def engagement_key(parser: argparse.ArgumentParser) -> None:
    """The option that names the engagement key."""
    parser.add_argument("--engagement-key", type=Path, metavar="FILE", help="the secret behind the pseudonyms")


def _reveal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help=BUNDLE)
    engagement_key(parser)
    originals(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where to-fix.xlsx goes: in no bundle")


COMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "reveal": (
        "names back, for those who hold the key and the originals: what to fix, who, where, until when",
        "ctrlkit reveal runs/latest --engagement-key northwind.key --out to-fix",
        _reveal,
    ),
}
