"""What ctrlkit itself knows of each file of the packs: its digest, its rows, when it was exported and by whom.

That is the kind `evidence_meta`. Where a party hands in a list of its own, its rows are compared with the files; where
nobody does, the list is made here, from pack.yaml and the files as read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from ctrlkit.assemble import Source
from ctrlkit.column import TYPES
from ctrlkit.ingested import Ingested
from ctrlkit.kind import Kind
from ctrlkit.model import Grade
from ctrlkit.pack_source import PackSource
from ctrlkit.scan import told

META: Final = "evidence_meta"
PACK: Final = "pack.yaml"
Read = Sequence[tuple[Ingested, PackSource]]
Hide = Callable[[str], str]


def files_of(read: Read, kinds: Mapping[str, Kind], own: str, hide: Hide = str) -> pl.DataFrame:
    """`kind` and `file` of each file that is there, in small letters, with what is known of it.

    `own` is the party whose list names them: its files come first, the client's in a vendor's list lie in `client/`.
    """
    twice = _twice(read)
    known = [
        {
            "kind": source.kind.lower(),
            "file": _name(source, source.on_disk, own, twice).lower(),
            "digest_read": hide(found.sha256),
            "rows_read": found.rows + found.bad_rows,
            "is_typed": found.grade is Grade.TYPED and kinds[source.kind].source == "export",
        }
        for found, source in sorted(read, key=lambda pair: pair[1].party != own)
        if found.sha256 is not None
    ]
    schema = {"digest_read": pl.String, "rows_read": pl.Int64, "is_typed": pl.Boolean}
    frame = pl.DataFrame(known, schema={"kind": pl.String, "file": pl.String, **schema})
    return frame.unique(["kind", "file"], keep="first", maintain_order=True)


def compared(rows: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    """A list's rows, and of each: whether its file is here, with these bytes, typed by hand, and how many rows it has.

    The rows are those of the file where it is here, else what the list says.
    """
    told = rows.join(files, on=["kind", "file"], how="left", maintain_order="left")
    said = pl.col("rows") if "rows" in rows.columns else pl.lit(None, TYPES["number"])
    return told.with_columns(
        is_here=pl.col("digest_read").is_not_null(),
        is_as_read=pl.col("sha256").str.to_lowercase() == pl.col("digest_read"),
        rows_counted=pl.coalesce(pl.col("rows_read").cast(TYPES["number"]), said),
        is_typed=pl.col("is_typed").fill_null(value=False),
    ).drop("digest_read", "rows_read")


def unlisted(found: Ingested, files: pl.DataFrame) -> Ingested:
    """A party's own list as read, with a note of the files that are here and that it does not name."""
    if found.parquet is None:
        return found
    named = pl.read_parquet(found.parquet).select(pl.col("kind", "file").str.to_lowercase())
    absent = files.join(named, on=["kind", "file"], how="anti").get_column("file").to_list()
    note = f"{found.file}: does not list {told(', '.join(sorted(absent)))}"
    return replace(found, notes=(*found.notes, note)) if absent else found


def made(read: Read, kind: Kind, hide: Hide, as_of: datetime, target: Path) -> tuple[Ingested, Source]:
    """The list made from pack.yaml and the files as read, and where it comes from.

    `hide` commits to a digest: the digest itself would give a small file away to whoever guesses what it holds.
    """
    twice = _twice(read)
    rows = [_row(found, source, hide(found.sha256), twice) for found, source in read if found.sha256 is not None]
    values = {name: TYPES[column.type] for name, column in kind.columns.items()}
    schema = {**values, "_file": pl.String(), "_row": pl.Int64(), "_bad": pl.String()}
    target.mkdir(parents=True, exist_ok=True)
    parquet, problems = target / f"{META}.parquet", target / f"{META}.ndjson"
    pl.DataFrame(rows, schema=schema).write_parquet(parquet)
    problems.write_text("", "utf-8")
    found = Ingested(PACK, "vendor", META, None, Grade.PROBE, None, tuple(kind.columns), len(rows))
    own = replace(found, parquet=parquet, problems=problems)
    moment = as_of.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    source = Source(
        file=PACK, party="vendor", adapter=None, grade=Grade.PROBE, commitment="", rows=len(rows), bad_rows=0,
        first=None, last=None, exported_at=moment, exported_by=None, control_total=None, maps={}, notes=(),
    )  # fmt: skip
    return own, source


_Place = tuple[str, str, str]


def _twice(read: Read) -> frozenset[_Place]:
    """The files that are read for one kind several times, sheet by sheet."""
    counts = Counter((source.party, source.kind, source.file) for _, source in read)
    return frozenset(place for place, count in counts.items() if count > 1)


def _name(source: PackSource, file: str, own: str, twice: Collection[_Place]) -> str:
    several = (source.party, source.kind, source.file) in twice and source.sheet is not None
    file = f"{file}#{source.sheet}" if several else file
    return f"client/{file}" if source.party == "client" != own else file


def _row(found: Ingested, source: PackSource, digest: str, twice: Collection[_Place]) -> dict[str, Any]:
    exported = source.exported_at
    return {
        "kind": source.kind,
        "file": _name(source, source.file, "vendor", twice),
        "sha256": digest,
        "exported_at": exported.astimezone(UTC).replace(tzinfo=None) if exported else None,
        "exported_by": source.exported_by.strip().casefold() if source.exported_by else None,
        "source_system": source.constants.get("system", found.adapter),
        "rows": found.rows + found.bad_rows,
        "control_total": source.rows,
        "period_start": date.fromisoformat(found.first[:10]) if found.first else None,
        "period_end": date.fromisoformat(found.last[:10]) if found.last else None,
        "_file": "client/pack.yaml" if source.party == "client" else PACK,
        "_row": source.line or 1,
        "_bad": None,
    }
