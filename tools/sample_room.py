"""What a room of the sample holds: where its tables come from and how its controls are broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sample_truth import Truth
from sample_vendor import Vendor
from sample_work import Book

Plants = dict[str, Callable[[Book, Vendor, Truth], None]]
"""Control -> what breaks it, and notes in the truth each row that must be found."""


class Source(NamedTuple):
    """One kind in pack.yaml: the book's tables that make it, who exported it, and when (HH:MM).

    A `typed` source is one that somebody fills in by hand; it states no control total.
    """

    kind: str
    tables: tuple[str, ...]
    exported_by: str
    clock: str
    typed: bool = False
