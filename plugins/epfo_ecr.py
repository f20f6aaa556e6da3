"""EPFO (India): the electronic challan cum return, a text of one line for each member, as `contributions`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

_BETWEEN: Final = "#~#"
_FIELDS: Final = 11
_REMITTED: Final = slice(6, 9)
"""EPF share of the member, EPS share, and the difference that the employer pays to the EPF."""


def unfold(lines: Sequence[str]) -> Unfolded | None:
    """How many members the return names and what it remits for them; names and wages are let go."""
    held = [(number, line.split(_BETWEEN)) for number, line in enumerate(lines, 1) if line.strip()]
    if not held or not re.fullmatch(r"\s*\d{12}\s*", held[0][1][0]) or len(held[0][1]) == 1:
        return None
    last, fields = held[-1]
    cut = ""
    if len(fields) < _FIELDS or not fields[-1].strip():
        cut = f"line {last}: ends in the middle of a member; the file is cut, download it again"
        held = held[:-1]
    for number, parts in held:
        if len(parts) != _FIELDS or not all(re.fullmatch(r"\s*\d+\s*", part) for part in (parts[0], *parts[2:])):
            raise ValueError(f"line {number}: is no member of {_FIELDS} fields, whole numbers but for the name")
    members = {parts[0].strip() for _, parts in held}
    amount = sum(int(part) for _, parts in held for part in parts[_REMITTED])
    return Unfolded(((1, {"ECR members": str(len(members)), "ECR remitted": str(amount)}),), cut)


RETURN: Final = Adapter(
    name="epfo_ecr",
    kind="contributions",
    product="EPFO electronic challan cum return (ECR text file)",
    headers=("ECR members", "ECR remitted"),
    columns={"ECR members": "employees", "ECR remitted": "amount"},
    values={},
    constants={"scheme": "epf", "month": "unknown"},
    about="One row for the file: different UANs, and the member's and the employer's shares without EDLI and charges. "
    'The file does not say its month: give it under constants, month: "2026-07". Nor does it say that anything was '
    "paid. Names and wages are not kept.",
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The return."""
    return (RETURN,)
