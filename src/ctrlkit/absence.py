"""What checks assert of things that must have a row: one without is a finding about the file, named by the thing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import narwhals as nw

from ctrlkit.check import Absent, Record, current
from ctrlkit.decision import Outcome, State, digest
from ctrlkit.errors import AuthorError
from ctrlkit.model import Cause, Finding, Note, Pointer
from ctrlkit.rows import fetch
from ctrlkit.table import Table


def assert_listed(table: Table, by: str, things: Collection[str], *, because: str, if_absent: str = "fails") -> None:
    """Each of `things` must stand in the column `by` of a row of `table`: one that does not is a finding.

    It points to the file, for there is no row. `because` says what is wrong. With `if_absent="unknown"` a thing without
    a row is undecided; so is, either way, one that may stand in a row that nobody could read or place.
    """
    if if_absent not in {"fails", "unknown"}:
        msg = f'assert_listed: if_absent is "fails" or "unknown", not {if_absent!r}'
        raise AuthorError(msg)
    if table.columns[by].pseudonym is not None:
        msg = f"assert_listed: {by} is a pseudonym ({table.columns[by].pseudonym}), which no word ever equals"
        raise AuthorError(msg)
    record = current()
    record.asserted += 1
    wanted = sorted(things)
    sure = nw.when(table.sure()).then(nw.lit(1)).otherwise(nw.lit(0)).alias("_s")
    met = table.frame.filter(nw.col(by).is_in(wanted)).select(nw.col(by).alias("_thing"), sure) if wanted else None
    rows = fetch(met.group_by("_thing").agg(nw.col("_s").max())) if met is not None else []
    found = {row["_thing"]: row["_s"] == 1 for row in rows}
    doubtful = bool(table.root.bad_rows or table.unknown_keys((by,)))
    for thing in wanted:
        if not found.get(thing, False):
            known = if_absent == "fails" and thing not in found and not doubtful
            record.absent.append(Absent(table, by, thing, because, is_known=known))


def with_absent(outcome: Outcome, record: Record, of: tuple[str, str], note: str) -> Outcome:
    """The outcome, with the things that have no row: findings that point to the file, doubts as notes."""
    broken = list(dict.fromkeys(_said(a) for a in record.absent if a.is_known))
    doubts = list(dict.fromkeys(_said(a) for a in record.absent if not a.is_known))
    if not (broken or doubts):
        return outcome
    state, cause, reason = _decision(outcome, broken, doubts)
    files = {(a.table.root.kind.name, a.table.root.party): _file(a.table) for a in record.absent if a.is_known}
    findings = [
        Finding(digest(*of, kind, thing), words + (f" ({note})" if note else ""), {by: thing}, (pointer,))
        for kind, party, by, thing, words in broken
        for pointer in (Pointer(kind, party, files[kind, party], None),)
    ]
    return replace(
        outcome,
        state=state,
        cause=cause,
        reason=reason,
        population=len(broken) + len(doubts) + (outcome.population or 0),
        exceptions=len(broken) + (outcome.exceptions or 0),
        findings=(*findings, *outcome.findings),
        notes=(*outcome.notes, *(Note(digest(*of, "undecided", k, t), f"undecided: {w}") for k, _, _, t, w in doubts)),
        undecided=outcome.undecided + len(doubts),
    )


def _said(absent: Absent) -> tuple[str, str, str, str, str]:
    """Kind, party, column, thing, and what is wrong in words."""
    root = absent.table.root
    words = f"{root.kind.name}: {absent.thing}: {absent.because}"
    return root.kind.name, root.party, absent.by, absent.thing, words


def _decision(
    outcome: Outcome, broken: list[tuple[str, str, str, str, str]], doubts: list[tuple[str, str, str, str, str]]
) -> tuple[State, Cause | None, str]:
    words = "; ".join(said[-1] for said in (broken or doubts)[:2])
    if broken:
        return "failed", None, f"{outcome.reason}; {words}" if outcome.state == "failed" else words
    if outcome.state != "passed":
        return outcome.state, outcome.cause, outcome.reason
    return "inconclusive", Cause.UNDECIDED, words


def _file(table: Table) -> str:
    """The first file of the table's evidence."""
    return str(fetch(table.root.frame.select(nw.col("_file").min().alias("_file")))[0]["_file"])
