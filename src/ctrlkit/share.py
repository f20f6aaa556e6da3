"""Shares of a population, judged exactly at both ends of what the unknown rows may be, and put into words."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final, Literal

Judgement = Literal["fails", "keeps", "open"]
SMALL: Final = 100
"""House number: under so many rows a share is shown with its interval."""
_Z: Final = Decimal("1.959963984540054")
_ALL: Final = 100


@dataclass(frozen=True, slots=True)
class Share:
    """The rows of one group: those that keep the rule, keep it if they belong here at all, break it, may do either."""

    kept: int = 0
    kept_perhaps: int = 0
    broken: int = 0
    unknown: int = 0

    def __add__(self, other: Share) -> Share:
        """The rows of both."""
        mine, theirs = (astuple(share) for share in (self, other))
        return Share(*(a + b for a, b in zip(mine, theirs, strict=True)))

    @property
    def rows(self) -> int:
        """All of them."""
        return self.kept + self.kept_perhaps + self.broken + self.unknown


def judged(share: Share, strays: Share, limit: Decimal, *, all_known: bool) -> Judgement:
    """Whether at least `limit` per cent keep the rule, or that this is open; `strays` may belong to any group.

    Decided where it comes out the same at both ends: no doubtful row keeps the rule, and every one does.
    """
    bad = share.broken + share.unknown + strays.broken + strays.unknown
    worst = share.kept * _ALL >= limit * (share.kept + bad)
    most = share.kept + share.kept_perhaps + share.unknown + strays.kept + strays.kept_perhaps + strays.unknown
    best = most * _ALL >= limit * (most + share.broken)
    if not best:
        return "fails"
    if not worst or (all_known and (share.unknown or strays.unknown)):
        return "open"
    return "keeps"


def judged_strays(strays: Share, limit: Decimal) -> Judgement:
    """What can be said of rows whose group is unknown, whichever it is."""
    if strays.broken and limit >= _ALL:
        return "fails"
    return "open" if strays.broken or strays.unknown else "keeps"


def in_words(share: Share, group: str, because: str) -> str:
    """`12 of 80 with …`, with the unknown rows and, where there are few rows, the 95 % interval."""
    kept, whole = share.kept + share.kept_perhaps, share.rows
    text = f"{group}: " * bool(group) + f"{share.broken} of {whole} with {because}"
    if share.unknown:
        text += f", {share.unknown} unknown"
    if 0 < whole < SMALL:
        low, high = wilson(kept, whole)
        text += f"; the share without is {percent(kept, whole)} %, 95 % interval {low} to {high} %"
    return text


def percent(part: int, whole: int) -> Decimal:
    """`part` of `whole` in per cent, one decimal, half to even."""
    return (Decimal(part) * 100 / whole).quantize(Decimal("0.1"), ROUND_HALF_EVEN)


def wilson(part: int, whole: int) -> tuple[Decimal, Decimal]:
    """The 95 % score interval of a share in per cent (E. B. Wilson, JASA 22, 1927), one decimal."""
    share, square = Decimal(part) / whole, _Z * _Z
    centre = share + square / (2 * whole)
    reach = _Z * ((share * (1 - share) + square / (4 * whole)) / whole).sqrt()
    ends = ((centre - reach) / (1 + square / whole), (centre + reach) / (1 + square / whole))
    low, high = ((end * 100).quantize(Decimal("0.1"), ROUND_HALF_EVEN) for end in ends)
    return max(low, Decimal("0.0")), min(high, Decimal("100.0"))
