"""Times as logs write them, given as text that evidence reads: epochs of any unit in UTC, the others as they stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS: Final = ((12, 1_000_000), (15, 1_000), (18, 1), (21, 0))
"""Digits below which an epoch is in seconds, milliseconds, microseconds, nanoseconds; and what one of them is."""


def instant(epoch: str) -> datetime | None:
    """The instant of an epoch in seconds, milli-, micro- or nanoseconds, told by its digits; None for what is none."""
    if not (epoch.isascii() and epoch.isdigit()):
        return None
    unit = next((unit for digits, unit in _MICROSECONDS if len(epoch) < digits), None)
    if unit is None:
        return None
    return _EPOCH + timedelta(microseconds=int(epoch) * unit if unit else int(epoch) // 1_000)


def written(moment: datetime | None) -> str | None:
    """An instant as evidence writes it, with its zone where it has one."""
    if moment is None:
        return None
    text = moment.isoformat(sep="T", timespec="microseconds" if moment.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def local(text: str, *shapes: str) -> datetime | None:
    """A time in one of these shapes, with a zone only where it names one; None where it has none of them."""
    for shape in shapes:
        try:
            return datetime.strptime(text, shape)  # noqa: DTZ007  (a time without a zone is read in the pack's)
        except ValueError:
            continue
    return None
