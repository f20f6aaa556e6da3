"""Opening a file of evidence: its tables as text, whatever its form; those that an adapter unfolds go first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from ctrlkit import delimited, parquet, records, tabled, workbook
from ctrlkit.hooks import Adapter
from ctrlkit.model import Cause, Fault
from ctrlkit.placeholder import lock_beside
from ctrlkit.raw import Candidate, Raw
from ctrlkit.reader import (
    COLUMN_LIMIT,
    LINE_LIMIT,
    PACKED,
    UnreadableError,
    as_utf8,
    counted,
    declares,
    survey,
    unpacked,
)

UNFOLDED_LIMIT: Final = 64 * 2**20
"""Bytes of a document that is held whole, so that an adapter can unfold it; a larger table is read as one."""
LINES_LIMIT: Final = 2_000_000
"""Lines of a text that is held whole; a hundred bytes go with each, however short it is."""
UNFOLDED_LINE: Final = 4 * 2**20
"""Bytes of a line that an adapter is shown; no product writes a longer one."""
JSON_LIMIT: Final = 256 * 2**20
"""Bytes of a JSON document, which is held whole."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The tables a file may hold, and what is said of it as a whole."""

    candidates: tuple[Candidate, ...]
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def readers(adapters: Sequence[Adapter], form: str) -> list[Adapter]:
    """Those that may read a file of that form unnamed: an unfolded one's headers are those of its own form alone."""
    own = {"xlsx": "grid", "json": "json", "ndjson": "json", "xml": "xml", "parquet": ""}.get(form, "text")
    return [a for a in adapters if not a.named_only and (a.unfold is None or a.form in {own, "table"})]


def tables(  # noqa: PLR0913, PLR0917  (all of them decide)
    path: Path, form: str, digest: str, sheet: str | int | None, adapters: Sequence[Adapter], work: Path
) -> Opened:
    """The tables in a file of that form. Raises UnreadableError where it holds none that can be read."""
    plain = unpacked(path, digest, work) if path.suffix.lower() == PACKED else path
    found = _as_they_are(plain, form, digest, sheet, adapters, work)
    found = replace(found, candidates=_narrow(found.candidates))
    if plain.stat().st_size <= UNFOLDED_LIMIT:
        found = replace(found, candidates=(*tabled.unfolded(found.candidates, adapters), *found.candidates))
    lock = lock_beside(path)
    return replace(found, notes=(*found.notes, lock)) if lock else found


def _narrow(found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The tables that are not wider than any is read; a delimiter that makes too many cells is not the one meant."""
    widths = [max((len(cells) for _, cells in candidate.head), default=0) for candidate in found]
    kept = tuple(c for c, width in zip(found, widths, strict=True) if width <= COLUMN_LIMIT)
    meant = any(1 < width <= COLUMN_LIMIT for width in widths) and not any(candidate.name for candidate in found)
    if len(kept) < len(found) and not meant:
        raise UnreadableError(Cause.MALFORMED, f"has {max(widths)} columns; at most {COLUMN_LIMIT} are read")
    return kept


def _as_they_are(  # noqa: PLR0913, PLR0917  (all of them decide)
    path: Path, form: str, digest: str, sheet: str | int | None, adapters: Sequence[Adapter], work: Path
) -> Opened:
    if form == "xlsx":
        grids = partial(workbook.grid, path, sheet)
        return Opened(_unfolded(path, "grid", grids, adapters) or workbook.candidates(path, sheet))
    if form == "parquet":
        return Opened(parquet.candidates(path, path.stat().st_size, work, digest))
    if form == "xml":
        return Opened(_unfolded(path, "xml", partial(_root, path), adapters) or _nobodys("XML"))
    return _of_text(path, form, digest, adapters, work)


def _of_text(path: Path, form: str, digest: str, adapters: Sequence[Adapter], work: Path) -> Opened:
    text, seen, notes = as_utf8(path, survey(path, digest), work)
    if form == "json" and seen.size > JSON_LIMIT:
        size = f"is one JSON document of {seen.size // 2**20} MiB"
        raise UnreadableError(Cause.MALFORMED, f"{size}; at most {JSON_LIMIT // 2**20} are read, export NDJSON or CSV")
    if form != "json" and seen.longest > LINE_LIMIT:
        line = f"has a line of more than {LINE_LIMIT // 2**20} MiB"
        raise UnreadableError(Cause.MALFORMED, f"{line}, which is no record; export it again")
    cut = Fault(Cause.TRUNCATED, "ends in the middle of a character; it is cut, export it again")
    if form == "json":
        found = records.json_candidates(text, [a for a in adapters if a.form == "json"])
    elif form == "ndjson":
        held = text.stat().st_size <= UNFOLDED_LIMIT
        asked = [a for a in adapters if held and a.unfold is not None and a.form == "json"]
        found = records.ndjson_candidates(text, seen, asked)
    else:
        long = seen.longest > UNFOLDED_LINE or counted(text, [b"\n"])[b"\n"] > LINES_LIMIT
        found = () if long else _unfolded(text, "text", partial(_lines, text), adapters)
        if form == "text" and (long or seen.size > UNFOLDED_LIMIT):
            raise UnreadableError(Cause.MALFORMED, "is longer than a text that is read at once; export it by month")
        if form in {"csv", "tsv"} and not seen.ended:
            found = tuple(replace(table, load=partial(_unended, table)) for table in found)
        if not found:
            found = _nobodys("text") if form == "text" else delimited.candidates(text, seen, work, tabs=form == "tsv")
    return Opened(found, (cut,) if seen.cut_character else (), tuple(notes))


def _unfolded(path: Path, form: str, document: Callable[[], Any], adapters: Sequence[Adapter]) -> tuple[Candidate, ...]:
    """What the adapters of this form find in a document, which is read only where there are any and it is not long."""
    asked = [a for a in adapters if a.unfold is not None and a.form == form]
    if not asked or path.stat().st_size > UNFOLDED_LIMIT:
        return ()
    held = document()
    return records.any_of(partial(records.unfolded, adapter, held) for adapter in asked)


def _nobodys(what: str) -> tuple[Candidate, ...]:
    msg = f"is {what} that no adapter knows; expected an export named in ctrlkit list adapters, or a table"
    raise UnreadableError(Cause.MALFORMED, msg)


def _unended(table: Candidate, header: int, indexes: Sequence[int]) -> Raw:
    """A table that was unfolded and whose last line has no line break, as in any other file of its kind."""
    raw = table.load(header, indexes)
    return replace(raw, unended=not raw.faults)


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8-sig").splitlines()


def _root(path: Path) -> ET.Element:
    raw = path.read_bytes()
    if declares(raw):
        raise UnreadableError(Cause.MALFORMED, "declares entities or a document type, which no export needs; refused")
    try:
        return ET.fromstring(raw)  # noqa: S314  (no declarations, so nothing expands)
    except ET.ParseError as error:
        line, _ = error.position
        raise UnreadableError(Cause.MALFORMED, f"line {line}: is no whole XML ({error}); export it again") from None
    except (LookupError, ValueError) as error:
        raise UnreadableError(Cause.MALFORMED, f"is XML in an unknown encoding ({error}); export it again") from None
