"""Evidence assembled from small files, and engagements and profiles to judge it under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from ingestion import read

from ctrlkit import canvas
from ctrlkit.assemble import Evidence, Source, assemble, ties_of
from ctrlkit.engagement import AsOf, Engagement, Period, Site, self_check
from ctrlkit.ingested import Ingested
from ctrlkit.kind import Kind, shipped
from ctrlkit.model import Grade
from ctrlkit.privacy import EngagementKey
from ctrlkit.profile import Profile
from ctrlkit.scope import Ties

KEY = EngagementKey(bytes(range(32)), "test")
AS_OF = AsOf(datetime(2026, 11, 2, 15, 59, 59, tzinfo=UTC), date(2026, 11, 2))
EXPORTED = "2026-11-01T00:00:00Z"


def engagement(**changes: Any) -> Engagement:
    """An engagement in Manila for October 2026."""
    plain = replace(self_check(AS_OF, "PH", "Example"), period=Period(date(2026, 10, 1), date(2026, 10, 31)))
    return replace(plain, **changes)


def site(id_: str, zone: str) -> Site:
    """A site without networks."""
    return Site(id_, "PH", zone, ())


def profile(**changes: Any) -> Profile:
    """A profile that asks for nothing special."""
    plain = Profile(
        name="test", title="Test", controls=(), dropped={}, params={}, freshness={"default": 35},
        minimum_grade={"default": Grade.ATTESTED}, attestable=(), sample=None, country="PH", documents=(),
    )  # fmt: skip
    return replace(plain, **changes)


def source(file: str, found: Ingested | None = None, **changes: Any) -> Source:
    """A typed source, exported the day before the as-of."""
    plain = Source(
        file=file, party="vendor", adapter=None, grade=Grade.TYPED, commitment="", rows=found.rows if found else 0,
        bad_rows=found.bad_rows if found else 0, first=None, last=None, exported_at=EXPORTED, exported_by=None,
        control_total=None, maps={}, notes=(),
    )  # fmt: skip
    return replace(plain, **changes)


def ingested(folder: Path, texts: Sequence[str], kind: str, stem: str = "part") -> list[Ingested]:
    """The texts as CSV files of one kind."""
    found = []
    for number, text in enumerate(texts):
        path = folder / f"{stem}{number}.csv"
        path.write_text(text, "utf-8")
        found.append(read(path, kind=kind))
    return found


def together(  # noqa: PLR0913  (what evidence depends on)
    folder: Path,
    kind: str,
    *texts: str,
    columns: str = "",
    terms: Engagement | None = None,
    key: EngagementKey = KEY,
    ties: Ties | None = None,
) -> Evidence:
    """The evidence that the texts make together; `columns` are read beside key and time, all without."""
    of = shipped()[kind]
    read_ = [(i, source(i.file, i)) for i in ingested(folder, texts, kind)]
    wanted = columns.split() or [*of.columns, *of.derived]
    return assemble(of, read_, wanted, terms or engagement(), key, ties or Ties(None, None), folder / "out")


def csv(evidence: Evidence) -> pl.DataFrame:
    """The evaluated file, all text."""
    assert evidence.csv is not None
    return pl.read_csv(evidence.csv, infer_schema=False)


def frame(evidence: Evidence, folder: Path, zone: str = "Asia/Manila") -> pl.DataFrame:
    """What checks see."""
    assert evidence.csv is not None
    target = folder / "frame.parquet"
    return pl.read_parquet(
        canvas.prepare(evidence.csv, shipped()[evidence.kind], evidence.columns, target, zone).parquet
    )


def ties(folder: Path, roster: str, *accounts: str) -> Ties:
    """How rows are tied through this roster and these accounts."""
    people = ingested(folder, [roster], "roster", "roster")
    owned = ingested(folder, accounts, "accounts", "accounts") if accounts else []
    return ties_of(people, owned, shipped())


def kind(name: str, **changes: Any) -> Kind:
    """A shipped kind, changed."""
    return replace(shipped()[name], **changes)
