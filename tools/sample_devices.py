"""Devices, networks and their scans: records of the sample, and how controls are broken."""

from __future__ import annotations

from typing import Final

from sample_room import Plants, Source
from sample_vendor import Vendor
from sample_work import Book

SOURCES: Final[tuple[Source, ...]] = ()
CLIENT_SOURCES: Final[tuple[Source, ...]] = ()
CONTROLS: Final[tuple[str, ...]] = ()
SHOWN: Final[tuple[str, ...]] = ()
PLANTS: Final[Plants] = {}


def fill(book: Book, vendor: Vendor) -> None:
    """Add the tables of these domains without any weakness."""
    del book, vendor
