"""Evidence kinds: the documented shapes that evidence is read into, from `evidence/<kind>.schema.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from ctrlkit.errors import AuthorError

Type = Literal["string", "number", "decimal", "date", "datetime", "boolean"]
"""string: text. number: exact decimal. decimal: money. date: local day of the site. datetime: an instant, in UTC."""

ANY_VALUE = "*"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a kind.

    `pseudonym` is the domain of its pseudonym (person, account, device …), None for a column that is not an identifier.
    `null_means` says what an empty cell answers; None: an empty cell is unknown. `null_where` narrows that to rows in
    which each named column holds one of the given values ("*": any value, None: none). `past`: a value after the as-of
    date makes the row malformed. `changed`: it dates what somebody did to the row, as in "disabled", so that what was
    done after the client's request can be told. `exact`: upper and lower case differ, though it is part of the key.
    `published`: anybody can look its values up, so identifiers in them are left standing.
    `values` is a closed list, `known_values` an open one.
    """

    name: str
    type: Type
    required: bool = False
    description: str = ""
    personal: bool = False
    pseudonym: str | None = None
    null_means: str | None = None
    null_where: Mapping[str, tuple[object, ...]] | None = None
    values: tuple[object, ...] = ()
    known_values: tuple[str, ...] = ()
    is_list: bool = False
    unit: str | None = None
    past: bool = False
    changed: str | None = None
    exact: bool = False
    published: bool = False
    rule: str | None = None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A named shape of evidence. `derived` columns are computed at ingestion, before identifiers are hidden.

    `key` identifies a row; `time` dates it (None: a state or register); `party` is who can credibly provide it
    (vendor, client, either); `restricted` kinds never travel in a bundle; `repeats` kinds may hold rows with equal
    keys; `continuous` kinds must not fall silent within the audit period.
    """

    name: str
    about: str
    columns: Mapping[str, Column]
    derived: Mapping[str, Column]
    key: tuple[str, ...]
    time: str | None
    party: str
    source: str
    restricted: bool = False
    repeats: bool = False
    continuous: bool = False

    @property
    def required(self) -> tuple[str, ...]:
        """Columns without which a row cannot be read."""
        return tuple(c.name for c in self.columns.values() if c.required)

    def column(self, name: str) -> Column:
        """The column, canonical or derived; raises AuthorError for a name the kind does not have."""
        found = self.columns.get(name) or self.derived.get(name)
        if found is None:
            msg = f"kind {self.name} has no column {name!r}; it has {', '.join([*self.columns, *self.derived])}"
            raise AuthorError(msg)
        return found


def parse(document: Mapping[str, Any]) -> Kind:
    """The kind that one schema document describes."""
    required = set(document["required"])
    return Kind(
        name=document["title"],
        about=document["description"],
        columns=MappingProxyType({n: _column(n, spec, n in required) for n, spec in document["properties"].items()}),
        derived=MappingProxyType({n: _column(n, spec, False) for n, spec in document.get("x-derived", {}).items()}),
        key=tuple(document["x-key"]),
        time=document["x-time"],
        party=document["x-party"],
        source=document["x-source"],
        restricted=document.get("x-restricted", False),
        repeats=document.get("x-repeats", False),
        continuous=document.get("x-continuous", False),
    )


def document(kind: Kind) -> dict[str, Any]:
    """The schema document of a kind, ready for JSON: `parse` makes the same kind of it."""
    said: dict[str, Any] = {
        "title": kind.name,
        "description": kind.about,
        "required": list(kind.required),
        "properties": {n: _spec(c) for n, c in kind.columns.items()},
        "x-derived": {n: _spec(c) for n, c in kind.derived.items()},
        "x-key": list(kind.key),
        "x-time": kind.time,
        "x-party": kind.party,
        "x-source": kind.source,
    }
    return said | {f"x-{name}": True for name in ("restricted", "repeats", "continuous") if getattr(kind, name)}


def _spec(column: Column) -> dict[str, Any]:
    formats = {"decimal": "decimal", "date": "date", "datetime": "date-time"}
    where = column.null_where
    said = {
        "type": "string" if column.type in formats else column.type,
        "format": formats.get(column.type),
        "description": column.description,
        "x-personal": column.personal,
        "x-pseudonym": column.pseudonym,
        "x-null-means": column.null_means,
        "x-null-where": {n: list(v) for n, v in where.items()} if where else None,
        "x-values": list(column.values),
        "examples": list(column.known_values),
        "x-list": column.is_list,
        "x-unit": column.unit,
        "x-past": column.past,
        "x-changed": column.changed,
        "x-exact": column.exact,
        "x-published": column.published,
        "x-rule": column.rule,
        "x-of": column.of,
    }
    return {name: value for name, value in said.items() if value not in (None, [], False, "")}


def _column(name: str, spec: Mapping[str, Any], required: bool) -> Column:
    base = spec["type"][0] if isinstance(spec["type"], list) else spec["type"]
    by_format: dict[str | None, Type] = {"decimal": "decimal", "date": "date", "date-time": "datetime"}
    where = spec.get("x-null-where")
    return Column(
        name=name,
        type=by_format.get(spec.get("format")) or base,
        required=required,
        description=spec.get("description", ""),
        personal=spec.get("x-personal", False),
        pseudonym=spec.get("x-pseudonym"),
        null_means=spec.get("x-null-means"),
        null_where=MappingProxyType({c: tuple(v) for c, v in where.items()}) if where else None,
        values=tuple(v for v in spec.get("enum", spec.get("x-values", ())) if v is not None),
        known_values=tuple(spec.get("examples", ())),
        is_list=spec.get("x-list", False),
        unit=spec.get("x-unit"),
        past=spec.get("x-past", False),
        changed=spec.get("x-changed"),
        exact=spec.get("x-exact", False),
        published=spec.get("x-published", False),
        rule=spec.get("x-rule"),
        of=spec.get("x-of"),
    )


@cache
def shipped() -> Mapping[str, Kind]:
    """All kinds that ctrlkit ships, by name."""
    folder = files("ctrlkit.evidence")
    documents = [json.loads(f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".schema.json")]
    return MappingProxyType({kind.name: kind for kind in sorted(map(parse, documents), key=lambda k: k.name)})
