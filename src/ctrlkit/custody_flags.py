"""The options of the commands for those who hold keys and originals, and those that others share with them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Protocol


class Holder(Protocol):
    """A parser, or a group of its options."""

    def add_argument(self, *words: str, **told: Any) -> Any:
        """Add one."""


BUNDLE = "a folder, a zip, or the file `latest`"


def originals(parser: Holder) -> None:
    """The option that brings the originals."""
    parser.add_argument(
        "--with", dest="originals", action="append", default=[], type=Path, metavar="DIR",
        help="the pack with the originals; repeat it for the client's",
    )  # fmt: skip


def engagement_key(parser: Holder) -> None:
    """The option that names the engagement key."""
    parser.add_argument("--engagement-key", type=Path, metavar="FILE", help="the secret behind the pseudonyms")


def key_change(parser: Holder) -> None:
    """The options that lead from bundles of an older engagement key to those of the newest."""
    what = "the record of a change of the engagement key; repeat it"
    parser.add_argument("--rekey", action="append", default=[], type=Path, metavar="FILE", help=what)
    parser.add_argument("--vendor-key", type=Path, metavar="PUB", help="whose signature the record bears")


def reveal(parser: argparse.ArgumentParser) -> None:
    """Add those of `reveal`."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help=BUNDLE)
    engagement_key(parser)
    originals(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where to-fix.xlsx goes: in no bundle")


def rekey(parser: argparse.ArgumentParser) -> None:
    """Add those of `rekey`."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help=BUNDLE)
    engagement_key(parser)
    parser.add_argument("--new-key", required=True, type=Path, metavar="FILE", help="the key that follows it")
    originals(parser)
    parser.add_argument("--sign-key", type=Path, metavar="FILE", help="sign the record, for those who hold no key")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="where the record goes")


def receipt(parser: argparse.ArgumentParser) -> None:
    """Add those of `receipt`."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help=BUNDLE)
    parser.add_argument("--sign-key", required=True, type=Path, metavar="FILE", help="your private key, PKCS#8 PEM")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="where the receipt goes: in no bundle")


def stamp(parser: argparse.ArgumentParser) -> None:
    """Add those of `stamp`."""
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder, or the file `latest`")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--request", type=Path, metavar="FILE", help="write the request, to be taken to an authority")
    way.add_argument("--reply", type=Path, metavar="FILE", help="add what the authority returned")
    way.add_argument("--tsa", metavar="URL", help="ask this authority over the network: it gets a digest")
