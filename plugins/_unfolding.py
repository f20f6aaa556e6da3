"""What adapters that unfold share: records of JSON in their envelopes, tables of text, and the adapter made of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from ctrlkit.hooks import Adapter, Unfolded

from . import _delimited

UNKNOWN: Final = "unknown"
"""What is written where the product gives no answer and an empty cell would be one."""
_LISTS: Final = ("value", "d", "results", "result", "records", "items", "activities", "users", "response", "authlogs")
_DEPTH: Final = 8
_HEAD: Final = 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS: Final = 10

Row = tuple[int, Mapping[str, str | None]]
"""Number and cells by column of the kind."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows found in a document, by columns of the kind; `cut` says why it is not whole."""

    rows: Sequence[Row]
    cut: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a document: each a number and its cells, by dotted name in lower case; lists stay lists.

    `bare`: a list without an envelope, which says nothing of a further page. `headed`: a table with a header.
    """

    each: Sequence[tuple[int, Mapping[str, Any]]]
    cut: str = ""
    bare: bool = False
    headed: bool = False

    def have(self, *names: str) -> bool:
        """Whether there are records, or a header at least, and every one of them has all these names."""
        return (bool(self.each) or self.headed) and all(name in cells for _, cells in self.each for name in names)

    def know(self, name: str) -> bool:
        """Whether any record has this name, or one below it."""
        return any(key == name or key.startswith(f"{name}.") for _, cells in self.each for key in cells)

    def ends_a_page(self, *sizes: int) -> str:
        """Why the document is a page of several: it says so, or is a bare list just as long as a page."""
        if self.bare and not self.cut and len(self.each) in sizes:
            return f"holds {len(self.each)} records, which is where a page ends; hand over every page in one file"
        return self.cut


def adapter(  # noqa: PLR0913  (an adapter is data, and this is its data)
    find: Callable[[Any], Found | None],
    *,
    name: str,
    kind: str,
    product: str,
    needs: Sequence[str],
    also: Sequence[str] = (),
    form: Literal["json", "text"] = "json",
    values: Mapping[str, Mapping[str, str | None]] | None = None,
    constants: Mapping[str, str] | None = None,
    zone: str | None = None,
    date_order: str | None = None,
    about: str = "",
) -> Adapter:
    """An adapter that unfolds: `find` gives rows by column of the kind, each with all that `needs` names."""

    def unfold(document: Any) -> Unfolded | None:
        found = find(document)
        if found is None:
            return None
        rows = tuple((n, {f"{name} {ours}": cell for ours, cell in cells.items()}) for n, cells in found.rows)
        return Unfolded(rows, found.cut)

    return Adapter(
        name=name,
        kind=kind,
        product=product,
        headers=tuple(f"{name} {ours}" for ours in needs),
        columns={f"{name} {ours}": ours for ours in (*needs, *also)},
        values={column: dict(pairs) for column, pairs in (values or {}).items()},
        constants=dict(constants or {}),
        date_order=date_order,
        zone=zone,
        about=about,
        unfold=unfold,
        form=form,
    )


def records(document: Any) -> Records:
    """The records of a JSON document: a list, a list in an envelope or a single record; none where it is neither."""
    listed = document
    while isinstance(listed, Mapping):
        keys = {str(key).lower(): value for key, value in listed.items()}
        inner = [keys[key] for key in _LISTS if isinstance(keys.get(key), (list, Mapping))]
        listed = inner[0] if len(inner) == 1 else [listed]
    if not isinstance(listed, list):
        return Records(())
    each = [(number, flat(record)) for number, record in enumerate(listed, 1) if isinstance(record, Mapping)]
    return Records(each if len(each) == len(listed) else (), bare=listed is document)


def flat(record: Mapping[str, Any], before: str = "", depth: int = 0) -> dict[str, Any]:
    """Cells by dotted name in lower case."""
    cells: dict[str, Any] = {}
    for key, value in record.items():
        name = f"{before}{str(key).lower()}"
        if isinstance(value, Mapping) and value and depth < _DEPTH:
            cells |= flat(value, f"{name}.", depth + 1)
        else:
            cells[name] = value
    return cells


def text(value: Any) -> str:
    """A cell as text; nothing for null, an empty object and an empty list."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ";".join(text(one) for one in value)
    return str(value).strip() if value not in (None, {}) else ""


def said(cells: Mapping[str, Any], *names: str) -> str:
    """The first of these cells that is not empty, as text."""
    return next((found for name in names if (found := text(cells.get(name)))), "")


def table(lines: Sequence[str], *needed: str) -> Records | None:
    """The records of a delimited table whose header, in one of its first lines, has all these names; else None."""
    found = _delimited.sheet(lines, *needed, within=_HEAD, name=_delimited.lower)
    return Records(found.rows, found.cut, headed=True) if found else None


def moment(value: Any) -> str:
    """An instant as it is written; `/Date(…)/` and seconds since 1970 as ISO 8601."""
    found = text(value)
    inner = found.removeprefix("/Date(").removesuffix(")/") if found.startswith("/Date(") else ""
    if inner.lstrip("-").isdigit():
        return (_EPOCH + timedelta(milliseconds=int(inner))).isoformat()
    if found.isdigit() and len(found) == _SECONDS:
        return (_EPOCH + timedelta(seconds=int(found))).isoformat()
    return found
