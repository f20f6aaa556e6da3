"""ctrlkit: an audit as a test suite. What the authors of controls import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctrlkit.amount import times
    from ctrlkit.check import assert_every, assert_rate, cannot_tell, does_not_apply, note, note_every
    from ctrlkit.declaration import control, house, law, reads, standard
    from ctrlkit.engagement import AsOf
    from ctrlkit.expression import Expr, col, days, hours, maybe, minutes, seconds, when
    from ctrlkit.fact import Facts, Row
    from ctrlkit.grouping import (
        absent,
        any_of,
        beside,
        count,
        distinct,
        earliest,
        first_of,
        group,
        latest,
        median,
        newest,
        total,
    )
    from ctrlkit.known import given, share_of
    from ctrlkit.listing import assert_each
    from ctrlkit.owner import with_account, with_owner, with_system, without_services
    from ctrlkit.pairing import pair
    from ctrlkit.presence import assert_listed, assert_some, cannot_tell_without, not_due, size
    from ctrlkit.sequence import neighbour
    from ctrlkit.streaks import streak
    from ctrlkit.succession import with_earlier, with_later
    from ctrlkit.table import Table
    from ctrlkit.terms import Host, Terms, Window

__all__ = [
    "AsOf",
    "Expr",
    "Facts",
    "Host",
    "Row",
    "Table",
    "Terms",
    "Window",
    "absent",
    "any_of",
    "assert_each",
    "assert_every",
    "assert_listed",
    "assert_rate",
    "assert_some",
    "beside",
    "cannot_tell",
    "cannot_tell_without",
    "col",
    "control",
    "count",
    "days",
    "distinct",
    "does_not_apply",
    "earliest",
    "first_of",
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
    "newest",
    "not_due",
    "note",
    "note_every",
    "pair",
    "reads",
    "seconds",
    "share_of",
    "size",
    "standard",
    "streak",
    "times",
    "total",
    "when",
    "with_account",
    "with_earlier",
    "with_later",
    "with_owner",
    "with_system",
    "without_services",
]

_ROOMS = {
    "amount": ("times",),
    "check": (
        "assert_every",
        "assert_rate",
        "cannot_tell",
        "does_not_apply",
        "note",
        "note_every",
    ),
    "declaration": (
        "control",
        "house",
        "law",
        "reads",
        "standard",
    ),
    "engagement": ("AsOf",),
    "expression": (
        "Expr",
        "col",
        "days",
        "hours",
        "maybe",
        "minutes",
        "seconds",
        "when",
    ),
    "fact": (
        "Facts",
        "Row",
    ),
    "grouping": (
        "absent",
        "any_of",
        "beside",
        "count",
        "distinct",
        "earliest",
        "first_of",
        "group",
        "latest",
        "median",
        "newest",
        "total",
    ),
    "known": (
        "given",
        "share_of",
    ),
    "listing": ("assert_each",),
    "owner": (
        "with_account",
        "with_owner",
        "with_system",
        "without_services",
    ),
    "pairing": ("pair",),
    "presence": (
        "assert_listed",
        "assert_some",
        "cannot_tell_without",
        "not_due",
        "size",
    ),
    "sequence": ("neighbour",),
    "streaks": ("streak",),
    "succession": (
        "with_earlier",
        "with_later",
    ),
    "table": ("Table",),
    "terms": (
        "Host",
        "Terms",
        "Window",
    ),
}


def __getattr__(name: str) -> Any:
    """Load a room when it is first asked for, so that `ctrlkit --help` does not wait for a table engine."""
    import importlib

    for room, names in _ROOMS.items():
        if name in names:
            return getattr(importlib.import_module(f"ctrlkit.{room}"), name)
    msg = f"module 'ctrlkit' has no attribute {name!r}"
    raise AttributeError(msg)
