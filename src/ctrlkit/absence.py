"""What checks assert of things that must have a row, and the findings about those that have none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import narwhals as nw

from ctrlkit.check import Absent, cannot_tell, current
from ctrlkit.decision import Outcome, digest
from ctrlkit.model import Finding, Pointer
from ctrlkit.rows import fetch, fetch_all
from ctrlkit.table import Root, Table


def assert_some(*tables: Table, of: str, because: str) -> None:
    """One of the tables must hold a row; where none does, the finding is named `of` and points to the first one's file.

    `because` says in a few words what is wrong then. Where nobody knows whether a row belongs, it is undecided.
    """
    record = current()
    record.asserted += 1
    rows, sure = _known(tables)
    if sure:
        return
    if rows or any(table.root.bad_rows for table in tables):
        cannot_tell(f"{because}? of no row it is known that it belongs")
        return
    root = tables[0].root
    record.absent.append(Absent(of, because, root.kind.name, root.party, _file_of(root)))


def cannot_tell_without(rows: Table, because: str) -> None:
    """Say that the check cannot decide, unless `rows` certainly holds a row."""
    if not _known([rows])[1]:
        cannot_tell(because)


def _known(tables: Iterable[Table]) -> tuple[int, int]:
    """How many rows the tables hold, and how many of them certainly belong."""
    sure = nw.when(nw.col("_sure")).then(nw.lit(1)).otherwise(nw.lit(0))
    frames = [
        table.frame.with_columns(table.sure().alias("_sure")).select(
            nw.len().alias("n"), sure.sum().cast(nw.Int64).alias("sure")
        )
        for table in tables
    ]
    counted = [row for rows in fetch_all(frames) for row in rows]
    return sum(row["n"] for row in counted), sum(row["sure"] or 0 for row in counted)


def _file_of(root: Root) -> str:
    """The first file of the evidence, by name."""
    (first,) = fetch(root.frame.select(nw.col("_file").min()))
    return str(first["_file"] or root.kind.name)


def with_absences(outcome: Outcome, absent: Iterable[Absent], of: tuple[str, str], note: str) -> Outcome:
    """The outcome, with a finding for each thing that has no row."""
    found = {digest(*of, a.kind, "absent", a.name): a for a in absent}
    if not found:
        return outcome
    words = "; ".join(dict.fromkeys(a.because for a in found.values()))
    return replace(
        outcome,
        state="failed",
        cause=None,
        reason=f"{outcome.reason}; {words}" if outcome.state == "failed" else words,
        population=(outcome.population or 0) + len(found),
        exceptions=(outcome.exceptions or 0) + len(found),
        findings=(*outcome.findings, *(_finding(key, a, note) for key, a in found.items())),
    )


def _finding(key: str, absent: Absent, note: str) -> Finding:
    values: dict[str, Any] = {"missing": absent.name}
    message = absent.because + (f" ({note})" if note else "")
    return Finding(key, message, values, (Pointer(absent.kind, absent.party, absent.file, None),))
