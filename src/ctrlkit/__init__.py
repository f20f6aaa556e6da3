"""ctrlkit: an audit as a test suite. What the authors of controls import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctrlkit.amount import multiple
    from ctrlkit.arithmetic import folded, greater, in_hours, lesser, month_of, times, week_of
    from ctrlkit.check import assert_every, assert_rate, cannot_tell, does_not_apply, note, note_every
    from ctrlkit.declaration import advisory, control, house, law, reads, standard
    from ctrlkit.engagement import AsOf
    from ctrlkit.expression import Expr, col, maybe, when
    from ctrlkit.fact import Facts, Row
    from ctrlkit.figure import any_of, count, distinct, earliest, latest, median, total
    from ctrlkit.grouping import absent, beside, first_of, group, newest
    from ctrlkit.known import share_of
    from ctrlkit.lengths import days, hours, minutes, seconds
    from ctrlkit.listing import assert_each
    from ctrlkit.owner import with_account, with_owner, with_system, without_services
    from ctrlkit.pairing import pair
    from ctrlkit.presence import assert_listed, assert_some, assert_tied, cannot_tell_without, not_due, size
    from ctrlkit.relation import beside_those, free_times
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
    "advisory",
    "any_of",
    "assert_each",
    "assert_every",
    "assert_listed",
    "assert_rate",
    "assert_some",
    "assert_tied",
    "beside",
    "beside_those",
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
    "folded",
    "free_times",
    "greater",
    "group",
    "hours",
    "house",
    "in_hours",
    "latest",
    "law",
    "lesser",
    "maybe",
    "median",
    "minutes",
    "month_of",
    "multiple",
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
    "week_of",
    "when",
    "with_account",
    "with_earlier",
    "with_later",
    "with_owner",
    "with_system",
    "without_services",
]

_ROOMS = {
    "amount": ("multiple",),
    "arithmetic": ("folded", "greater", "in_hours", "lesser", "month_of", "times", "week_of"),
    "check": ("assert_every", "assert_rate", "cannot_tell", "does_not_apply", "note", "note_every"),
    "declaration": ("advisory", "control", "house", "law", "reads", "standard"),
    "engagement": ("AsOf",),
    "expression": ("Expr", "col", "maybe", "when"),
    "fact": ("Facts", "Row"),
    "figure": ("any_of", "count", "distinct", "earliest", "latest", "median", "total"),
    "grouping": ("absent", "beside", "first_of", "group", "newest"),
    "known": ("share_of",),
    "lengths": ("days", "hours", "minutes", "seconds"),
    "listing": ("assert_each",),
    "owner": ("with_account", "with_owner", "with_system", "without_services"),
    "pairing": ("pair",),
    "presence": ("assert_listed", "assert_some", "assert_tied", "cannot_tell_without", "not_due", "size"),
    "relation": ("beside_those", "free_times"),
    "sequence": ("neighbour",),
    "streaks": ("streak",),
    "succession": ("with_earlier", "with_later"),
    "table": ("Table",),
    "terms": ("Host", "Terms", "Window"),
}


def __getattr__(name: str) -> Any:
    """Load a room when it is first asked for, so that `ctrlkit --help` does not wait for a table engine."""
    import importlib

    for room, names in _ROOMS.items():
        if name in names:
            return getattr(importlib.import_module(f"ctrlkit.{room}"), name)
    msg = f"module 'ctrlkit' has no attribute {name!r}"
    raise AttributeError(msg)
