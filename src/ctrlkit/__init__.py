"""ctrlkit: an audit as a test suite. What the authors of controls import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctrlkit.arithmetic import folded, greater, in_hours, is_known, lesser, month_of, seconds, times, week_of
    from ctrlkit.check import assert_every, assert_rate, cannot_tell, does_not_apply, not_due, note_every
    from ctrlkit.declaration import advisory, control, house, law, reads, standard
    from ctrlkit.engagement import AsOf
    from ctrlkit.expression import Expr, col, days, hours, maybe, minutes, when
    from ctrlkit.fact import Facts, Row
    from ctrlkit.grouping import any_of, beside, count, distinct, earliest, group, latest, total
    from ctrlkit.listing import assert_each
    from ctrlkit.owner import with_owner
    from ctrlkit.relation import beside_those, free_times
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
    "advisory",
    "any_of",
    "assert_each",
    "assert_every",
    "assert_rate",
    "beside",
    "beside_those",
    "cannot_tell",
    "col",
    "control",
    "count",
    "days",
    "distinct",
    "does_not_apply",
    "earliest",
    "folded",
    "free_times",
    "greater",
    "group",
    "hours",
    "house",
    "in_hours",
    "is_known",
    "latest",
    "law",
    "lesser",
    "maybe",
    "minutes",
    "month_of",
    "not_due",
    "note_every",
    "reads",
    "seconds",
    "standard",
    "times",
    "total",
    "week_of",
    "when",
    "with_owner",
]

_ROOMS = {
    "arithmetic": ("folded", "greater", "in_hours", "is_known", "lesser", "month_of", "seconds", "times", "week_of"),
    "check": ("assert_every", "assert_rate", "cannot_tell", "does_not_apply", "not_due", "note_every"),
    "declaration": ("advisory", "control", "house", "law", "reads", "standard"),
    "expression": ("Expr", "col", "days", "hours", "maybe", "minutes", "when"),
    "grouping": ("any_of", "beside", "count", "distinct", "earliest", "group", "latest", "total"),
    "engagement": ("AsOf",),
    "fact": ("Facts", "Row"),
    "listing": ("assert_each",),
    "owner": ("with_owner",),
    "relation": ("beside_those", "free_times"),
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
