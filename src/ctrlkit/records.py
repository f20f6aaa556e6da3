"""Files of records: JSON lists and envelopes, and NDJSON, as tables of text."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from ctrlkit.hooks import Adapter
from ctrlkit.model import Cause, Fault
from ctrlkit.paging import LISTS, count, further, is_link, look_for_more
from ctrlkit.raw import Candidate, Raw
from ctrlkit.reader import COLUMN_LIMIT, Survey, UnreadableError

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
    known = any_of(partial(unfolded, adapter, document) for adapter in adapters)
    if known:
        return known
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
        rows: list[Row] = [(lines.line(n), None, _cells(cells)) for n, cells in found.rows] if found is not None else []
    except ValueError as error:
        raise UnreadableError(Cause.MALFORMED, f"{adapter.product}: {error}") from None
    except Exception as error:  # noqa: BLE001  the boundary round a plugin's function: a file it cannot read, no more
        what = f"is no export that adapter {adapter.name} knows ({type(error).__name__}: {error})"
        raise UnreadableError(Cause.MALFORMED, f"{what}; export it again") from None
    if found is None:
        return None
    faults = [*lines.faults, *([Fault(Cause.TRUNCATED, found.cut)] if found.cut else further(document))]
    return replace(_candidate([*rows, *lines.flaws], faults), by=adapter.name, source=tuple(_keys(document)))


def _cells(cells: Mapping[str, str | None]) -> dict[str, str | None]:
    if wrong := next((value for value in cells.values() if not isinstance(value, str | None)), None):
        msg = f"a cell that is no text ({wrong!r})"
        raise TypeError(msg)
    return dict(cells)


def _keys(document: Any) -> Iterator[str]:
    """The names of everything in a document, once each."""
    seen: set[str] = set()
    waiting = [document]
    while waiting:
        match waiting.pop():
            case dict() as record:
                yield from (key for key in record if isinstance(key, str) and key not in seen)
                seen |= record.keys()
                waiting += record.values()
            case list() | tuple() as listed:
                waiting += (item for item in listed if isinstance(item, dict | list | tuple))


def any_of(ways: Iterable[Callable[[], Candidate | None]]) -> tuple[Candidate, ...]:
    """What the ways to read a document find; raises the first one's UnreadableError where none finds anything."""
    found, wrong = [], []
    for way in ways:
        try:
            found.append(way())
        except UnreadableError as error:
            wrong.append(error)
    held = tuple(candidate for candidate in found if candidate is not None)
    if wrong and not held:
        raise wrong[0]
    return held


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
    lines = _Lines(whole, flaws, faults)
    known = any_of(partial(unfolded, a, [record for _, record in whole], lines) for a in adapters)
    return known or (_candidate(rows, faults),)


@dataclass(frozen=True, slots=True)
class _Lines:
    """What a list of records cannot say of the lines it came from: their numbers, and those that are no record."""

    records: Sequence[tuple[int, Any]] = ()
    flaws: Sequence[Row] = ()
    faults: Sequence[Fault] = ()

    def line(self, number: int) -> int:
        """The line of the record of that number, which is its own number where there are no lines."""
        return self.records[number - 1][0] if 0 < number <= len(self.records) else number


def _candidate(rows: list[Row], faults: Iterable[Fault]) -> Candidate:
    headers = tuple(dict.fromkeys(name for _, _, cells in rows for name in cells))
    if len(headers) > COLUMN_LIMIT:
        raise UnreadableError(Cause.MALFORMED, f"has {len(headers)} different keys; at most {COLUMN_LIMIT} are read")
    _refuse_halves("".join(headers))
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
    for cells in columns.values():
        _refuse_halves("".join(cell for cell in cells if isinstance(cell, str)))
    return Raw(pl.DataFrame(columns, schema=schema).lazy(), faults)


def _refuse_halves(text: str) -> None:
    """Half a character, which JSON can write and no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found = f"holds half a character (\\u{ord(text[error.start]):04x})"
        raise UnreadableError(Cause.MALFORMED, f"{found}; export it again") from None


def _parse(text: str) -> Any:
    """JSON with its numbers as they are written."""
    return json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = sorted(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise UnreadableError(
            Cause.MALFORMED, f"the key {', '.join(twice)} stands twice in one record; expected it once"
        )
    return found


def _list_in(document: Any, faults: list[Fault]) -> list[Any]:
    if isinstance(document, list):
        return document
    if not isinstance(document, dict):
        raise UnreadableError(Cause.MALFORMED, "holds a single value; expected a list of records")
    look_for_more(document, faults)
    lists = {
        key: value
        for key, value in document.items()
        if isinstance(value, list) and all(isinstance(v, dict) for v in value) and not any(map(is_link, value))
    }
    lists = {key: value for key, value in lists.items() if value or key.lower() in LISTS or len(document) == 1}
    if len(lists) > 1:
        raise UnreadableError(
            Cause.MALFORMED, f"holds several lists ({', '.join(sorted(lists))}); expected one list of records"
        )
    if lists:
        found: list[Any] = next(iter(lists.values()))
        count(document, len(found), faults)
        return found
    inner = [value for key, value in document.items() if key.lower() in LISTS and isinstance(value, dict)]
    return _list_in(inner[0], faults) if len(inner) == 1 else [document]


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
