"""Files of records: JSON lists and envelopes, NDJSON and Parquet, as tables of text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from ctrlkit.hooks import Adapter
from ctrlkit.model import Cause, Fault
from ctrlkit.raw import Candidate, Raw, settle
from ctrlkit.reader import COLUMN_LIMIT, Survey, UnreadableError

NEXT_PAGE: Final = (
    *("@odata.nextlink", "odata.nextlink", "nextlink", "nextpagetoken", "__next", "nexttoken", "nexturi", "next"),
    *("next_page", "nextpage", "next_cursor", "next_link", "more"),
)
"""Keys, in lower case, that say that another page follows."""

MORE: Final = frozenset(
    {"hasmore", "hasnext", "hasnextpage", "moreitems", "moreavailable", "istruncated", "incomplete"}
)
"""Keys, in lower case and without dashes, that say so by being true."""
_LAST: Final = frozenset({"islast", "lastpage", "islastpage"})
_PAGING: Final = frozenset(
    {"paging", "pagination", "links", "_links", "meta", "metadata", "responsemetadata", "pageinfo", "page", "cursor"}
)
_LISTS: Final = ("value", "d", "results", "result", "records", "users", "items", "activities", "entities", "response")
_DEPTH: Final = 8

Row = tuple[int, str | None, dict[str, str | None]]
"""Number, flaw, cells by header."""


def json_candidates(path: Path, adapters: Sequence[Adapter] = ()) -> tuple[Candidate, ...]:
    """The one table in a JSON file: what an adapter unfolds, a list, an envelope with one list, or a single record."""
    text = path.read_text("utf-8-sig")
    try:
        document = _parse(text)
    except json.JSONDecodeError as error:
        cut = _is_cut(text.strip(), error)
        cause = Cause.TRUNCATED if cut else Cause.MALFORMED
        found = "ends in the middle of a record; the file is cut" if cut else f"is no JSON: {error.msg}"
        raise UnreadableError(cause, f"line {error.lineno}: {found}; export it again") from None
    except RecursionError:
        raise UnreadableError(Cause.MALFORMED, "is nested too deeply; expected a list of records") from None
    known = [candidate for adapter in adapters if (candidate := unfolded(adapter, document)) is not None]
    if known:
        return tuple(known)
    faults: list[Fault] = []
    listed = _list_in(document, faults)
    if listed and not any(isinstance(record, dict) for record in listed):
        raise UnreadableError(Cause.MALFORMED, "holds a list of plain values; expected a list of records")
    rows: list[Row] = []
    for number, record in enumerate(listed, 1):
        if isinstance(record, dict):
            rows.append((number, None, _flat(record)))
        else:
            rows.append((number, "no object", {}))
    return (_candidate(rows, faults),)


def unfolded(adapter: Adapter, document: Any, lines: _Lines | None = None) -> Candidate | None:
    """The records that an adapter finds in a document; None where it is not the product's."""
    lines = lines or _Lines()
    if adapter.unfold is None:
        return None
    try:
        found = adapter.unfold(document)
    except ValueError as error:
        raise UnreadableError(Cause.MALFORMED, f"{adapter.product}: {error}") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError) as error:
        what = f"is no export that adapter {adapter.name} knows ({type(error).__name__}: {error})"
        raise UnreadableError(Cause.MALFORMED, f"{what}; export it again") from None
    if found is None:
        return None
    faults = [*lines.faults, *([Fault(Cause.TRUNCATED, found.cut)] if found.cut else [])]
    rows: list[Row] = [(lines.line(number), None, dict(cells)) for number, cells in found.rows]
    return replace(_candidate([*rows, *lines.flaws], faults), by=adapter.name)


def _is_cut(text: str, error: json.JSONDecodeError) -> bool:
    closing = {"[": "]", "{": "}"}.get(text[:1])
    return closing is not None and (not text.endswith(closing) or error.doc[error.pos :].strip() == "")


def ndjson_candidates(path: Path, seen: Survey, adapters: Sequence[Adapter] = ()) -> tuple[Candidate, ...]:
    """The one table in a file with one JSON object on each line: what an adapter unfolds of them, or each as a row."""
    rows: list[Row] = []
    whole: list[tuple[int, Any]] = []
    faults: list[Fault] = []
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = _parse(line)
            except (json.JSONDecodeError, RecursionError):
                rows.append((number, "no JSON object on this line", {}))
                continue
            flat = _flat(record) if isinstance(record, dict) else {}
            rows.append((number, None if isinstance(record, dict) else "no JSON object on this line", flat))
            whole += [(number, record)] if adapters else []
    if rows and rows[-1][1] and not seen.ended:
        faults.append(
            Fault(
                Cause.TRUNCATED, f"line {rows[-1][0]}: ends in the middle of a record; the file is cut, export it again"
            )
        )
    if rows and all(flaw for _, flaw, _ in rows):
        raise UnreadableError(
            Cause.TRUNCATED if faults else Cause.MALFORMED, "no line holds a JSON object; export it again"
        )
    flaws = [row for row in rows if row[1]]
    known = [found for a in adapters if (found := unfolded(a, [r for _, r in whole], _Lines(whole, flaws, faults)))]
    return tuple(known) or (_candidate(rows, faults),)


@dataclass(frozen=True, slots=True)
class _Lines:
    """What a list of records cannot say of the lines it came from: their numbers, and those that are no record."""

    records: Sequence[tuple[int, Any]] = ()
    flaws: Sequence[Row] = ()
    faults: Sequence[Fault] = ()

    def line(self, number: int) -> int:
        """The line of the record of that number, which is its own number where there are no lines."""
        return self.records[number - 1][0] if 0 < number <= len(self.records) else number


def parquet_candidates(path: Path, size: int, work: Path, digest: str) -> tuple[Candidate, ...]:
    """The one table in a Parquet file, its types turned into text without loss."""
    try:
        frame = pl.scan_parquet(path, glob=False)
        schema = frame.collect_schema()
        frame.select(pl.len()).collect()
    except (pl.exceptions.PolarsError, OSError) as error:
        found = str(error).splitlines()[0]
        raise UnreadableError(Cause.MALFORMED, f"is no whole Parquet file ({found}); export it again") from None
    target = work / f"{digest[:16]}.rows.parquet"

    def load(_header: int, indexes: Sequence[int]) -> Raw:
        names = schema.names()
        texts = {f"c{i}": as_text(pl.col(names[i]), schema[names[i]]) for i in sorted(set(indexes))}
        whole = [as_text(pl.col(n), schema[n]) for n in names]
        table = frame.select(
            (pl.int_range(pl.len(), dtype=pl.Int64) + 1).alias("_row"), pl.lit(None, pl.String).alias("_flaw"),
            as_text(pl.col(names[0]), schema[names[0]]).alias("_first"),
            pl.all_horizontal([t.fill_null("").str.strip_chars() == "" for t in whole]).alias("_blank"),
            **texts,
        ).filter(~pl.col("_blank")).drop("_blank")  # fmt: skip
        try:
            return Raw(settle(table, size, target))
        except (pl.exceptions.PolarsError, OSError) as error:
            found = str(error).splitlines()[0]
            raise UnreadableError(Cause.MALFORMED, f"is no whole Parquet file ({found}); export it again") from None

    return (Candidate(((0, tuple(schema.names())),), load),)


def as_text(value: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """A typed column as the text a person would write; a type that has none becomes a cell that cannot be read."""
    if isinstance(kind, pl.Datetime):
        shape = "%Y-%m-%dT%H:%M:%S%.6f"
        return (
            value.dt.convert_time_zone("UTC").dt.strftime(shape + "Z") if kind.time_zone else value.dt.strftime(shape)
        )
    if isinstance(kind, pl.List) and kind.inner == pl.String:
        return value.list.join(";")
    if kind.is_nested() or kind in {pl.Binary, pl.Object, pl.Duration, pl.Time}:
        return pl.when(value.is_not_null()).then(pl.lit("#UNREADABLE!"))
    return value.cast(pl.String)


def _candidate(rows: list[Row], faults: Iterable[Fault]) -> Candidate:
    headers = tuple(dict.fromkeys(name for _, _, cells in rows for name in cells))
    if len(headers) > COLUMN_LIMIT:
        raise UnreadableError(Cause.MALFORMED, f"has {len(headers)} different keys; at most {COLUMN_LIMIT} are read")
    return Candidate(((0, headers),), partial(_load, rows, headers, tuple(faults)))


def _load(
    rows: list[Row], headers: tuple[str, ...], faults: tuple[Fault, ...], _header: int, indexes: Sequence[int]
) -> Raw:
    wanted = sorted(set(indexes))
    schema = {"_row": pl.Int64, "_flaw": pl.String, "_first": pl.String} | {f"c{i}": pl.String for i in wanted}
    first = headers[0] if headers else ""
    kept = [r for r in rows if r[1] or any(v and v.strip() for v in r[2].values())]
    columns: dict[str, list[Any]] = {
        "_row": [row for row, _, _ in kept],
        "_flaw": [flaw for _, flaw, _ in kept],
        "_first": [cells.get(first) for _, _, cells in kept],
        **{f"c{i}": [cells.get(headers[i]) for _, _, cells in kept] for i in wanted},
    }
    return Raw(pl.DataFrame(columns, schema=schema).lazy(), faults)


def _parse(text: str) -> Any:
    """JSON with its numbers as they are written."""
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = sorted({key for key, _ in pairs if sum(k == key for k, _ in pairs) > 1})
        raise UnreadableError(
            Cause.MALFORMED, f"the key {', '.join(twice)} stands twice in one record; expected it once"
        )
    return found


def _list_in(document: Any, faults: list[Fault]) -> list[Any]:
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise UnreadableError(Cause.MALFORMED, "holds a single value; expected a list of records")
    _look_for_more(document, faults)
    lists = {
        key: value
        for key, value in document.items()
        if isinstance(value, list) and all(isinstance(v, dict) for v in value) and not any(map(_is_link, value))
    }
    lists = {key: value for key, value in lists.items() if value or key.lower() in _LISTS or len(document) == 1}
    if len(lists) > 1:
        raise UnreadableError(
            Cause.MALFORMED, f"holds several lists ({', '.join(sorted(lists))}); expected one list of records"
        )
    if lists:
        found: list[Any] = next(iter(lists.values()))
        _count(document, len(found), faults)
        return found
    inner = [value for key, value in document.items() if key.lower() in _LISTS and isinstance(value, dict)]
    return _list_in(inner[0], faults) if len(inner) == 1 else [document]


def _look_for_more(document: Mapping[str, Any], faults: list[Fault], before: str = "") -> None:
    for key, value in document.items():
        plain = re.sub(r"[^a-z@._]|(?<=[a-z])_", "", key.lower())
        told = (key.lower() in NEXT_PAGE or plain in MORE) and value not in (None, "", False, [], {}, "false")
        if told or (plain in _LAST and value is False):
            name = f"{before}{key}"
            faults.append(Fault(Cause.TRUNCATED, f"{name} says that another page follows; hand over every page"))
        elif plain in _PAGING and isinstance(value, dict) and not before:
            _look_for_more(value, faults, f"{key}.")
        elif plain in _PAGING and isinstance(value, list) and any(map(_is_link_on, value)):
            faults.append(Fault(Cause.TRUNCATED, f"{key} says that another page follows; hand over every page"))


def _is_link(link: Any) -> bool:
    return isinstance(link, dict) and bool({"rel", "relation"} & link.keys()) and bool({"href", "url"} & link.keys())


def _is_link_on(link: Any) -> bool:
    return isinstance(link, dict) and "next" in {link.get("rel"), link.get("relation")}


def _count(document: Mapping[str, Any], rows: int, faults: list[Fault]) -> None:
    numbers = {k.lower(): int(v) for k, v in document.items() if isinstance(v, str) and v.isascii() and v.isdigit()}
    total = max(numbers.get("totalcount", 0), numbers.get("total_count", 0), numbers.get("@odata.count", 0))
    if total > rows:
        faults.append(
            Fault(Cause.TRUNCATED, f"says that there are {total} records and holds {rows}; hand over every page")
        )
    if numbers.get("pagenumber", 0) < numbers.get("pagecount", 0):
        found = f"is page {numbers.get('pagenumber', 0)} of {numbers['pagecount']}"
        faults.append(Fault(Cause.TRUNCATED, f"{found}; hand over every page"))


def _flat(record: Mapping[str, Any], before: str = "", depth: int = 0) -> dict[str, str | None]:
    """Cells by header; an object within becomes `outer.inner`, a list of plain values is joined by `;`."""
    cells: dict[str, str | None] = {}
    for key, value in record.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and value and depth < _DEPTH:
            cells |= _flat(value, f"{name}.", depth + 1)
        else:
            cells[name] = _plain(value)
    return cells


def _plain(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case list() if not value:
            return None
        case list() if all(isinstance(v, str) for v in value):
            return ";".join(value)
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False, sort_keys=True)
