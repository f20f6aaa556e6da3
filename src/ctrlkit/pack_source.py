"""The sources of a pack: each file of evidence that pack.yaml or its own name declares, and how it is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ctrlkit.engagement import zone_fault
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.pack_file import files_named, names_in
from ctrlkit.strict_yaml import Where, shown
from ctrlkit.value_map import columns_of, constants_of, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from ctrlkit.document import Document
    from ctrlkit.kind import Kind

FORMATS: Final = ("csv", "tsv", "json", "ndjson", "xlsx", "parquet")
"""The endings of files that need no entry; each may be packed as .gz."""


@dataclass(frozen=True, slots=True)
class PackSource:
    """One file of evidence and how to read it.

    `file` is its name inside the pack with `/`, or the name or pattern asked for where there is no such file; then
    `path` does not exist. It may be shown to everybody; `on_disk` is that name as it is, whoever is named in it.
    `columns` is theirs → ours, `values` our column → {theirs: ours}, `constants` our column → text. `adapter` is None
    (recognise it), "none" or a name. `rows` is the control total. `line` is None for a file that needs no entry. Times
    are aware UTC; `time_zone` holds for cells that carry none.
    """

    kind: str
    party: str
    file: str
    path: Path
    sheet: str | int | None
    exported_at: datetime | None
    exported_by: str | None
    method: str | None
    rows: int | None
    columns: Mapping[str, str]
    values: Mapping[str, Mapping[str, str]]
    constants: Mapping[str, str]
    adapter: str | None
    date_order: str | None
    time_zone: str | None
    line: int | None
    on_disk: str


def named(folder: Path, document: Document, kinds: Mapping[str, Kind]) -> list[PackSource]:
    """The sources under `evidence` of pack.yaml, one per file, patterns expanded.

    Raises InputError with file and line for unknown kinds, maps that are refused, and files outside the pack.
    """
    sources: list[PackSource] = []
    seen: set[tuple[str, str, str]] = set()
    for name, entry in document.data.get("evidence", {}).items():
        where: Where = ("evidence", name)
        check_kind(document, where, name, kinds)
        entries = [(where, entry)] if isinstance(entry, dict) else [((*where, i), e) for i, e in enumerate(entry)]
        for place, one in entries:
            for source in _sources(folder, document, place, kinds[name], one):
                key = (name, source.file, str(source.sheet))
                if key in seen:
                    found = f"{shown(source.file)} is named twice for {name}"
                    raise document.error((*place, "file"), f"{found}; expected each file once; remove one")
                seen.add(key)
                sources.append(source)
    return sources


def self_named(folder: Path, data: Mapping[str, Any], kinds: Mapping[str, Kind], taken: set[str]) -> list[PackSource]:
    """The files `<kind>.<format>` of the folder that are not `taken`; `data` is that of pack.yaml, for its defaults."""
    sources: list[PackSource] = []
    for name in names_in(folder):
        kind, _, suffix = name.casefold().removesuffix(".gz").rpartition(".")
        if name in taken or suffix not in FORMATS or kind not in kinds or (folder / name).is_dir():
            continue
        files_named(folder, name, lambda message: InputError(f"{folder.as_posix()}: {message}"))
        sources.append(_source(folder, data, kind, name, {}))
    return sources


def check_kind(document: Document, where: Where, name: str, kinds: Mapping[str, Kind]) -> None:
    """Refuse a kind that is not among `kinds`. Raises InputError with file and line."""
    if name not in kinds:
        found = f"no evidence kind {shown(name)}{did_you_mean(name, kinds)}"
        raise document.error(where, f"{found}; see ctrlkit list kinds")


def _sources(folder: Path, document: Document, where: Where, kind: Kind, entry: Mapping[str, Any]) -> list[PackSource]:
    columns = columns_of(document, (*where, "columns"), kind, entry.get("columns", {}))
    maps = {
        "columns": columns,
        "values": values_of(document, (*where, "values"), kind, entry.get("values", {})),
        "constants": constants_of(document, (*where, "constants"), kind, entry.get("constants", {}), columns.values()),
    }
    if fault := zone_fault(entry.get("time_zone", "UTC")):
        raise document.error((*where, "time_zone"), fault)
    given, place = entry["file"], (*where, "file")
    texts = [(place, given)] if isinstance(given, str) else [((*place, i), text) for i, text in enumerate(given)]
    return [
        _source(folder, document.data, kind.name, name, {**entry, **maps, "line": document.line(where)})
        for at, text in texts
        for name in _expanded(folder, document, at, text)
    ]


def _expanded(folder: Path, document: Document, where: Where, text: str) -> tuple[str, ...]:
    return files_named(folder, text, lambda message: document.error(where, message)) or (text,)


def _source(folder: Path, data: Mapping[str, Any], kind: str, name: str, entry: Mapping[str, Any]) -> PackSource:
    return PackSource(
        kind=kind,
        party=data.get("party", "vendor"),
        file=name,
        path=folder / name,
        sheet=entry.get("sheet"),
        exported_at=entry.get("exported_at", data.get("exported_at")),
        exported_by=entry.get("exported_by"),
        method=entry.get("method"),
        rows=entry.get("rows"),
        columns=entry.get("columns", {}),
        values=entry.get("values", {}),
        constants=entry.get("constants", {}),
        adapter=entry.get("adapter"),
        date_order=entry.get("date_order"),
        time_zone=entry.get("time_zone", data.get("time_zone")),
        line=entry.get("line"),
        on_disk=name,
    )
