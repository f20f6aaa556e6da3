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


def rekey(parser: argparse.ArgumentParser) -> None:
    """The options that lead from bundles of an older engagement key to those of the newest."""
    what = "the record of a change of the engagement key; repeat it"
    parser.add_argument("--rekey", action="append", default=[], type=Path, metavar="FILE", help=what)
    parser.add_argument("--vendor-key", type=Path, metavar="PUB", help="whose signature the record bears")


def _reveal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help=BUNDLE)
    engagement_key(parser)
    originals(parser)
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where to-fix.xlsx goes: in no bundle")


def _rekey(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help=BUNDLE)
    engagement_key(parser)
    parser.add_argument("--new-key", required=True, type=Path, metavar="FILE", help="the key that follows it")
    originals(parser)
    parser.add_argument("--sign-key", type=Path, metavar="FILE", help="sign the record, for those who hold no key")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="where the record goes")


def _receipt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help=BUNDLE)
    parser.add_argument("--sign-key", required=True, type=Path, metavar="FILE", help="your private key, PKCS#8 PEM")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="where the receipt goes: in no bundle")


def _stamp(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a folder, or the file `latest`")
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--request", type=Path, metavar="FILE", help="write the request, to be taken to an authority")
    way.add_argument("--reply", type=Path, metavar="FILE", help="add what the authority returned")
    way.add_argument("--tsa", metavar="URL", help="ask this authority over the network: it gets a digest")


COMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "reveal": (
        "names back, for those who hold the key and the originals: what to fix, who, where, until when",
        "ctrlkit reveal runs/latest --engagement-key northwind.key --out to-fix",
        _reveal,
    ),
    "rekey": (
        "record a change of the engagement key, so that findings are followed across it",
        "ctrlkit rekey runs/latest --engagement-key old.key --new-key new.key --out rekey.json",
        _rekey,
    ),
    "receipt": (
        "a signed receipt for a bundle that has come, to return at once",
        "ctrlkit receipt handed-over --sign-key client.key --out receipt.dsse.json",
        _receipt,
    ),
    "stamp": (
        "a third party's word for when a bundle was there already (RFC 3161)",
        "ctrlkit stamp runs/latest --tsa https://tsa.example/",
        _stamp,
    ),
}
