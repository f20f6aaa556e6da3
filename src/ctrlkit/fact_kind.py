"""Kinds of host facts: the documented shapes that probes are read into, from `<fact>.fact.schema.json`.

A fact is either settings (one value per name) or rows (a list of things, each with the same columns).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from ctrlkit.hooks import Reading, Said

SUFFIX: Final = ".fact.schema.json"


@dataclass(frozen=True, slots=True)
class Item:
    """One setting, or one column of the rows.

    `type` is string, integer, boolean, date or datetime; `values` a closed list. `null_means` says what no answer
    means; None: it is unknown. `pseudonym` is the domain in which the value is hidden.
    """

    name: str
    type: str
    about: str
    values: tuple[Said, ...] = ()
    is_list: bool = False
    null_means: str | None = None
    personal: bool = False
    pseudonym: str | None = None
    unit: str | None = None

    def fits(self, value: Said) -> bool:
        """Whether `value` is one that this item can hold; None always is."""
        if value is None:
            return True
        if self.is_list:
            return isinstance(value, tuple)
        if self.type == "boolean" or isinstance(value, bool):
            return self.type == "boolean" and isinstance(value, bool)
        if self.type == "integer":
            return isinstance(value, int)
        return isinstance(value, str) and (not self.values or value in self.values) and self._is_time(value)

    def typed(self, value: Said) -> Any:
        """`value` as a check sees it: a date or an aware UTC instant where the kind says so."""
        if not isinstance(value, str):
            return value
        if self.type == "datetime":
            return datetime.fromisoformat(value)
        return date.fromisoformat(value) if self.type == "date" else value

    def _is_time(self, value: str) -> bool:
        try:
            self.typed(value)
        except ValueError:
            return False
        return self.type != "datetime" or value.endswith("Z")


@dataclass(frozen=True, slots=True)
class FactKind:
    """A named shape of host fact. `is_open`: names beside the documented ones may occur, as text or lists of text."""

    name: str
    about: str
    has_rows: bool
    items: Mapping[str, Item]
    is_open: bool = False

    def fault_of(self, reading: Reading) -> str | None:
        """What in `reading` this kind does not allow, in words, or None."""
        settings = [(name, value, line) for name, (value, line) in reading.values.items()]
        cells = [(name, value, line) for line, row in reading.rows for name, value in row.items()]
        for name, value, line in [*settings, *cells]:
            item = self.items.get(name)
            if (item is None and not self.is_open) or (item is not None and not item.fits(value)):
                return f"line {line}: {name} {value!r}"
        return None


def parse(document: Mapping[str, Any]) -> FactKind:
    """The fact kind that one schema document describes."""
    rows = document["type"] == "array"
    body = document["items"] if rows else document
    return FactKind(
        name=document["title"],
        about=document["description"],
        has_rows=rows,
        items={name: _item(name, spec) for name, spec in body["properties"].items()},
        is_open=body.get("additionalProperties", False) is not False,
    )


def _item(name: str, spec: Mapping[str, Any]) -> Item:
    kinds = spec["type"] if isinstance(spec["type"], list) else [spec["type"]]
    base = next(kind for kind in kinds if kind != "null")
    by_format = {"date": "date", "date-time": "datetime"}
    is_list = base == "array"
    return Item(
        name=name,
        type="string" if is_list else by_format.get(spec.get("format", ""), base),
        about=spec["description"],
        values=tuple(value for value in spec.get("enum", ()) if value is not None),
        is_list=is_list,
        null_means=spec.get("x-null-means"),
        personal=spec.get("x-personal", False),
        pseudonym=spec.get("x-pseudonym"),
        unit=spec.get("x-unit"),
    )


@cache
def shipped() -> Mapping[str, FactKind]:
    """All fact kinds that ctrlkit ships, by name."""
    folder = files("ctrlkit.evidence") / "facts"
    found = [parse(json.loads(file.read_text("utf-8"))) for file in folder.iterdir() if file.name.endswith(SUFFIX)]
    return MappingProxyType({kind.name: kind for kind in sorted(found, key=lambda kind: kind.name)})
