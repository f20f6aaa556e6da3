"""Documents in YAML: scalars typed by a JSON Schema, faults said with file, line and what was expected."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.strict_yaml import MAX_BYTES, Quoted, Where, dotted, fault, line_of, read, shown, visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})")
_TYPES = {
    "object": "a mapping (key: value)",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "no value",
}
_FORMATS = {
    "date": "a date such as 2026-10-31",
    "date-time": "an instant with its offset, such as 2026-10-28T09:00:00Z",
}
_LIMITS = {
    "minimum": "expected at least {}",
    "maximum": "expected at most {}",
    "minLength": "expected some text; fill it in",
    "minItems": "expected at least one entry; add one or remove the key",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One document: `data` typed by its schema, `raw` the bytes as found, `lines` where each place stands (from 1)."""

    path: Path | Traversable
    data: Any
    raw: bytes
    lines: Mapping[Where, int]

    @property
    def name(self) -> str:
        """The file as messages name it."""
        return _name(self.path)

    def line(self, where: Where) -> int:
        """The line on which `where`, or the nearest place around it, begins."""
        return line_of(self.lines, where)

    def error(self, where: Where, message: str) -> InputError:
        """An error that says `file:line: dotted.path: message`; for the caller to raise."""
        return fault(self.name, self.lines, where, message)


def load(path: Path | Traversable, schema_name: str) -> Document:
    """The document in `path`, checked against `schemas/<schema_name>.schema.json`.

    Whole numbers come as int, other numbers as Decimal, dates as date, instants as aware UTC datetime, all else as
    text. Raises InputError for the first fault, with file and line.
    """
    return parse(_bytes(path), path, schema_name)


def parse(raw: bytes, path: Path | Traversable, schema_name: str) -> Document:
    """The document in `raw`, as `load` reads it; `path` is what messages call it."""
    name = _name(path)
    tree, lines = read(raw, name)
    schema = _schema(schema_name)
    data = _typed(tree, schema, schema)
    faults = [_said(leaf) for error in _validator(schema_name).iter_errors(data) for leaf in _leaves(error)]
    if faults:
        raise fault(name, lines, *min(faults, key=lambda said: _precedence(lines, *said)))
    return Document(path, data, raw, lines)


def instant(text: str) -> datetime | None:
    """The aware UTC datetime that `text` writes with its offset, or None."""
    if not (_DATE.fullmatch(text[:10]) and text[10:11] in {"T", "t", " "} and _TIME.fullmatch(text[11:])):
        return None
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(text: str) -> date | None:
    """The date that `text` writes as YYYY-MM-DD, or None."""
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def number(text: str) -> int | Decimal | None:
    """The exact number that `text` writes without exponent or separators, int where it is whole, or None."""
    if not _NUMBER.fullmatch(text):
        return None
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else value.normalize()


def _name(path: Path | Traversable) -> str:
    return visible(path.as_posix() if isinstance(path, Path) else path.name)


def _bytes(path: Path | Traversable) -> bytes:
    if not path.is_file():
        found = "is not a regular file" if isinstance(path, Path) and path.exists() else "is not there"
        raise InputError(f"{_name(path)}: {found}; expected a YAML document; check the path")
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise InputError(f"{_name(path)}: cannot be read ({reason}); check its permissions") from wrong


@cache
def _schema(name: str) -> Mapping[str, Any]:
    text = (files("ctrlkit") / "schemas" / f"{name}.schema.json").read_text("utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


@cache
def _validator(name: str) -> Validator:
    from jsonschema import Draft202012Validator, FormatChecker, validators

    formats = FormatChecker(formats=())
    formats.checks("date")(lambda value: type(value) is date)
    formats.checks("date-time")(lambda value: isinstance(value, datetime))
    types = Draft202012Validator.TYPE_CHECKER.redefine("string", lambda _, value: isinstance(value, str | date))
    extend: Any = validators.extend
    strict = extend(Draft202012Validator, validators={"pattern": _pattern}, type_checker=types)
    validator: Validator = strict(_schema(name), format_checker=formats)
    return validator


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    """Match the whole text: `$` of Python's re also matches before a last line break, which no name may hold."""
    from jsonschema.exceptions import ValidationError

    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError("pattern")


def _typed(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Any:
    schema = _resolved(value, schema, root)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        other = schema.get("additionalProperties") or {}
        return {str(key): _typed(item, known.get(key, other), root) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item, schema.get("items", {}), root) for item in value]
    return None if value is None else _word(value, schema)


def _resolved(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references and, of alternatives, take the one that is about this sort of value."""
    while "$ref" in schema:
        schema = root["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    if "anyOf" not in schema:
        return schema
    sort = "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "string"
    branches = [_resolved(value, branch, root) for branch in schema["anyOf"]]
    return next((branch for branch in branches if branch["type"] == sort), {})


def _word(value: str, schema: Mapping[str, Any]) -> Any:
    """Type `value` as its schema says; leave it text where that cannot be, for the validator to refuse."""
    wanted = schema.get("type", "string")
    text = str(value)
    typed: Any = None
    if wanted == "boolean":
        typed = {"true": True, "false": False}.get(text)
    elif wanted == "number":
        typed = number(text)
    elif wanted == "integer" or ("integer" in wanted and not isinstance(value, Quoted)):
        typed = int(text) if _INTEGER.fullmatch(text) else None
    elif schema.get("format") == "date":
        typed = day(text)
    elif schema.get("format") == "date-time":
        typed = instant(text)
    return text if typed is None else typed


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    """Yield the faults inside `error`: of alternatives, those of the one that is about this sort of value."""
    branches: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [b for b in branches.values() if not any(e.validator == "type" and not e.relative_path for e in b)]
    if not fitting:
        yield error
        return
    for inner in fitting[0]:
        yield from _leaves(inner)


def _precedence(lines: Mapping[Where, int], where: Where, message: str) -> tuple[bool, int, str]:
    """Say a misspelt key before the key that is missing because of it, else the first fault of the file."""
    return not message.startswith("unknown key"), line_of(lines, where), dotted(where)


def _said(error: ValidationError) -> tuple[Where, str]:
    where: Where = tuple(error.absolute_path)
    schema: Any = error.schema
    rule, limit, found = str(error.validator), error.validator_value, _instance(error)
    if rule == "additionalProperties":
        return _unknown_key(where, found, tuple(schema.get("properties", {})))
    if rule == "required":
        return where, _missing_key(found, limit, schema.get("properties", {}))
    if rule == "uniqueItems":
        again = next(place for place, item in enumerate(found) if item in found[:place])
        return (*where, again), f"{_found(found[again])} again, expected each entry once; remove the repetition"
    return where, f"{_found(found)}, {_expected(rule, limit, schema, found)}"


def _instance(error: ValidationError) -> Any:
    return error.instance


def _unknown_key(where: Where, found: Any, known: tuple[str, ...]) -> tuple[Where, str]:
    key = next(key for key in found if key not in known)
    return (*where, key), f"unknown key{did_you_mean(key, known)}; expected one of {', '.join(known)}"


def _missing_key(found: Any, required: Any, properties: Mapping[str, Any]) -> str:
    key = next(key for key in required if key not in found)
    about = properties.get(key, {}).get("description", "a value")
    return f'the key "{key}" is missing; expected {key}: {about}; add it'


def _found(value: Any) -> str:
    if value is None:
        return "has no value"
    if isinstance(value, dict):
        return "found a mapping"
    if isinstance(value, list):
        return "found a list" if value else "found an empty list"
    return f"found {shown(value.isoformat() if isinstance(value, date) else value)}"


def _expected(rule: str, limit: Any, schema: Mapping[str, Any], found: Any) -> str:
    example = f"; for example {schema['examples'][0]}" if "examples" in schema else ""
    if rule in {"type", "anyOf"}:
        return f"expected {_sort(rule, limit, schema)}{example}"
    if rule == "enum":
        return f"expected one of {', '.join(limit)}{did_you_mean(found, limit)}"
    if rule == "pattern":
        return f"expected {schema['x-expected']}{example}"
    if rule == "format":
        return f"expected {_FORMATS[limit]}"
    return _LIMITS[rule].format(limit) + example


def _sort(rule: str, limit: Any, schema: Mapping[str, Any]) -> str:
    if rule == "anyOf":
        return " or ".join(_TYPES[branch.get("type", "object")] for branch in limit)
    if "format" in schema:
        return _FORMATS[schema["format"]]
    return " or ".join(_TYPES[word] for word in ([limit] if isinstance(limit, str) else limit))
