"""ctrlkit: an audit as a test suite. What the authors of controls import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctrlkit.check import assert_every, assert_rate, assert_some, cannot_tell, does_not_apply, note_every
    from ctrlkit.declaration import control, house, law, reads, standard
    from ctrlkit.engagement import AsOf
    from ctrlkit.expression import Expr, col, days, hours, maybe, minutes, seconds, when
    from ctrlkit.fact import Facts, Row
    from ctrlkit.grouping import any_of, beside, count, distinct, earliest, group, latest, median, total
    from ctrlkit.known import given, share_of
    from ctrlkit.listing import assert_each
    from ctrlkit.owner import with_owner
    from ctrlkit.sequence import neighbour
    from ctrlkit.table import Table
    from ctrlkit.terms import Terms, Window

__all__ = [
    "AsOf",
    "Expr",
    "Facts",
    "Row",
    "Table",
    "Terms",
    "Window",
    "any_of",
    "assert_each",
    "assert_every",
    "assert_rate",
    "assert_some",
    "beside",
    "cannot_tell",
    "col",
    "control",
    "count",
    "days",
    "distinct",
    "does_not_apply",
    "earliest",
    "given",
    "group",
    "hours",
    "house",
    "latest",
    "law",
    "maybe",
    "median",
    "minutes",
    "neighbour",
    "note_every",
    "reads",
    "seconds",
    "share_of",
    "standard",
    "total",
    "when",
    "with_owner",
]

_ROOMS = {
    "check": ("assert_every", "assert_rate", "assert_some", "cannot_tell", "does_not_apply", "note_every"),
    "declaration": ("control", "house", "law", "reads", "standard"),
    "expression": ("Expr", "col", "days", "hours", "maybe", "minutes", "seconds", "when"),
    "grouping": ("any_of", "beside", "count", "distinct", "earliest", "group", "latest", "median", "total"),
    "engagement": ("AsOf",),
    "fact": ("Facts", "Row"),
    "known": ("given", "share_of"),
    "listing": ("assert_each",),
    "owner": ("with_owner",),
    "sequence": ("neighbour",),
    "table": ("Table",),
    "terms": ("Terms", "Window"),
}


def __getattr__(name: str) -> Any:
    """Load a room when it is first asked for, so that `ctrlkit --help` does not wait for a table engine."""
    import importlib

    for room, names in _ROOMS.items():
        if name in names:
            return getattr(importlib.import_module(f"ctrlkit.{room}"), name)
    msg = f"module 'ctrlkit' has no attribute {name!r}"
    raise AttributeError(msg)
