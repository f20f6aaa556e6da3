"""Canaries: events that only the client knows (a test sign-in, a mystery call, a seeded mail) and a whole log holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from ctrlkit.assemble import Evidence
from ctrlkit.document import day, number
from ctrlkit.document import load as load_document
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.evaluated import cell_text
from ctrlkit.ingested import Ingested
from ctrlkit.kind import Column, Kind
from ctrlkit.model import Cause, Fault
from ctrlkit.scan import covered, hits

if TYPE_CHECKING:
    from pathlib import Path

WITHIN: Final = 10
"""House number, minutes: how far the clocks of both sides may differ where the client does not say."""

Hide = Callable[[str, str], str]
"""Domain and value to pseudonym."""


@dataclass(frozen=True, slots=True)
class Canary:
    """One event: the row of `kind` that holds these texts, dated `at` give or take `within`."""

    kind: str
    where: Mapping[str, str]
    at: datetime | None
    within: timedelta
    place: str


def load(path: Path, kinds: Mapping[str, Kind]) -> tuple[Canary, ...]:
    """The canaries in `path`. Raises InputError with file and line, also for what a kind cannot hold."""
    document = load_document(path, "canaries")
    found = []
    for place, entry in enumerate(document.data):
        kind = kinds.get(entry["kind"])
        if kind is None:
            near = did_you_mean(entry["kind"], kinds)
            raise document.error((place, "kind"), f"no kind {entry['kind']!r}{near}; see ctrlkit list kinds")
        for name, value in entry["where"].items():
            if name not in kind.columns:
                near = did_you_mean(name, kind.columns)
                raise document.error((place, "where", name), f"{kind.name} has no such column{near}")
            if _canonical(kind.columns[name], value) is None:
                wanted = f"expected a {kind.columns[name].type}"
                raise document.error((place, "where", name), f"found {value!r}, {wanted}; give the instant under at")
        if "at" in entry and (kind.time is None or kind.columns[kind.time].type != "datetime"):
            raise document.error((place, "at"), f"{kind.name} is not dated by an instant; name its day under where")
        within = timedelta(minutes=entry.get("within_minutes", WITHIN))
        line = f"{document.name}:{document.line((place,))}"
        found.append(Canary(kind.name, entry["where"], entry.get("at"), within, line))
    return tuple(found)


def _canonical(column: Column, value: str) -> str | None:
    """The value as canonical text; None where the column cannot hold it. Instants stand under `at`."""
    match column.type:
        case "boolean":
            return value if value in {"true", "false"} else None
        case "number" | "decimal":
            known = number(value)
            return None if known is None else str(known)
        case "date":
            return value if day(value) else None
        case "datetime":
            return None
    return value.strip().casefold()


def in_files(canaries: Sequence[Canary], evidence: Evidence, read: Sequence[Ingested], kind: Kind) -> Evidence:
    """The vendor's evidence, with a fault where its files do not hold all the canaries of its kind."""
    files = [i for i in read if i.parquet is not None]
    lost = [c for c in canaries if not any(_in_file(c, file, kind) for file in files)]
    return _weighed(evidence, len(canaries), len(lost)) if files else evidence


def _in_file(canary: Canary, file: Ingested, kind: Kind) -> bool:
    needed = _columns(canary, kind)
    if not needed <= {*file.columns}:
        return False
    texts = [cell_text(kind.columns[name], has_bad=False).alias(name) for name in sorted(needed)]
    return _holds(pl.scan_parquet(file.parquet or "").select(texts), canary, kind, None)


def _columns(canary: Canary, kind: Kind) -> set[str]:
    return {*canary.where, *([kind.time] if canary.at is not None and kind.time else [])}


def in_bundle(canaries: Sequence[Canary], evidence: Evidence, kind: Kind, hide: Hide | None) -> Evidence:
    """The same over a bundle's file, which holds pseudonyms and only the columns that were read.

    Raises InputError where a canary names a column that did not travel, or an identifier without the key.
    """
    if evidence.csv is None:
        return evidence
    text = pl.read_csv(evidence.csv, infer_schema=False).lazy()
    lost = 0
    for canary in canaries:
        gone = sorted(_columns(canary, kind) - {*evidence.columns})
        hidden = [name for name, value in canary.where.items() if _is_hidden(kind.columns[name], value)]
        if gone:
            msg = f"{canary.place}: {kind.name} of this bundle does not hold {gone[0]}; leave it out of where"
            raise InputError(msg)
        if hidden and hide is None:
            msg = f"{canary.place}: {hidden[0]} is a pseudonym in a bundle; give --engagement-key or leave it out"
            raise InputError(msg)
        lost += not _holds(text, canary, kind, hide)
    return _weighed(evidence, len(canaries), lost)


def _holds(texts: pl.LazyFrame, canary: Canary, kind: Kind, hide: Hide | None) -> bool:
    """Whether a frame of canonical texts has the row; `hide` makes pseudonyms of our words where it holds some."""
    rule = pl.lit(value=True)
    for name, value in canary.where.items():
        column = kind.columns[name]
        if hide is not None and column.pseudonym is not None:
            wanted = hide(column.pseudonym, _canonical(column, value) or "")
        elif hide is not None and _is_hidden(column, value):
            wanted = _canonical(column, covered(str(value), hide)) or ""
        else:
            wanted = _canonical(column, value) or ""
        rule &= pl.col(name).str.to_lowercase() == wanted
    if canary.at is not None and kind.time:
        bare = pl.col(kind.time).str.strip_chars_end("Z")
        moment = bare.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
        at = canary.at.replace(tzinfo=None)
        rule &= moment.is_between(at - canary.within, at + canary.within)
    return bool(texts.select(rule.any()).collect().item())


def _is_hidden(column: Column, value: object) -> bool:
    return column.pseudonym is not None or (not column.published and bool(hits(str(value))))


def _weighed(evidence: Evidence, asked: int, lost: int) -> Evidence:
    kind = evidence.kind
    if lost:
        words = f"{kind}: lacks {lost} of {asked} events that the client knows of; export it whole"
        return replace(evidence, faults=(*evidence.faults, Fault(Cause.TRUNCATED, words)))
    return replace(evidence, notes=(*evidence.notes, f"{kind}: holds what only the client knew of, {asked} of {asked}"))
