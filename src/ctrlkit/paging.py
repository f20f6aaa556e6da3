"""What the envelope round a list of records says of further pages, in the words of many products' interfaces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ctrlkit.model import Cause, Fault

_NEXT: Final = (
    *("@odata.nextlink", "odata.nextlink", "nextlink", "nextpagetoken", "__next", "nexttoken", "nexturi", "next"),
    *("next_page", "nextpage", "next_cursor", "next_link", "more"),
)
"""Keys, in lower case, that say that another page follows."""

_MORE: Final = frozenset(
    {"hasmore", "hasnext", "hasnextpage", "moreitems", "moreavailable", "istruncated", "incomplete"}
)
"""Keys, in lower case and without dashes, that say so by being true."""
_LAST: Final = frozenset({"islast", "lastpage", "islastpage"})
_PAGING: Final = frozenset(
    {"paging", "pagination", "links", "_links", "meta", "metadata", "responsemetadata", "pageinfo", "page", "cursor"}
)
LISTS: Final = ("value", "d", "results", "result", "records", "users", "items", "activities", "entities", "response")
_TOTALS: Final = ("totalcount", "total_count", "@odata.count", "odata.count", "__count")


def look_for_more(document: Mapping[str, Any], faults: list[Fault], before: str = "") -> None:
    """Adds a fault for each key that says that another page follows."""
    for key, value in document.items():
        plain = re.sub(r"[^a-z@._]|(?<=[a-z])_", "", key.lower())
        told = (key.lower() in _NEXT or plain in _MORE) and value not in (None, "", False, [], {}, "false")
        if told or (plain in _LAST and value is False):
            name = f"{before}{key}"
            faults.append(Fault(Cause.TRUNCATED, f"{name} says that another page follows; hand over every page"))
        elif plain in _PAGING and isinstance(value, dict) and not before:
            look_for_more(value, faults, f"{key}.")
        elif plain in _PAGING and isinstance(value, list) and any(map(_is_link_on, value)):
            faults.append(Fault(Cause.TRUNCATED, f"{key} says that another page follows; hand over every page"))


def further(document: Any) -> list[Fault]:
    """What the envelope of a document that an adapter reads says of pages that follow."""
    faults: list[Fault] = []
    if isinstance(document, dict):
        look_for_more(document, faults)
        lists = [value for value in document.values() if isinstance(value, list)]
        if lists:
            count(document, max(map(len, lists)), faults)
        inner = [value for key, value in document.items() if key.lower() in LISTS and isinstance(value, dict)]
        faults += [fault for value in inner for fault in further(value)]
    return faults


def is_link(link: Any) -> bool:
    """Whether that is a link of an envelope, and no record."""
    return isinstance(link, dict) and bool({"rel", "relation"} & link.keys()) and bool({"href", "url"} & link.keys())


def _is_link_on(link: Any) -> bool:
    return isinstance(link, dict) and "next" in {link.get("rel"), link.get("relation")}


def count(document: Mapping[str, Any], rows: int, faults: list[Fault]) -> None:
    """Adds a fault where the envelope says that there are more records, or pages, than it holds."""
    told = {k.lower(): v for k, v in document.items() if k.lower() in {*_TOTALS, "pagenumber", "pagecount"}}
    numbers = {k: int(v) for k, v in told.items() if isinstance(v, str) and re.fullmatch(r"[0-9]{1,18}", v)}
    total = max(numbers.get(name, 0) for name in _TOTALS)
    if total > rows:
        faults.append(
            Fault(Cause.TRUNCATED, f"says that there are {total} records and holds {rows}; hand over every page")
        )
    if numbers.get("pagenumber", 0) < numbers.get("pagecount", 0):
        found = f"is page {numbers.get('pagenumber', 0)} of {numbers['pagecount']}"
        faults.append(Fault(Cause.TRUNCATED, f"{found}; hand over every page"))
