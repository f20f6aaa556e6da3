"""JSON Schemas laid beside the documents of a folder, so that an editor completes and checks them without a network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ctrlkit.stock import Stock

FOLDER: Final = ".ctrlkit"
OF_A_FOLDER: Final = ("engagement", "pack", "profile", "waivers", "attestations", "inventory", "canaries")
OF_AN_AUTHOR: Final = ("cases", "common", "profile", "readings")
_LOOSE: Final = ("boolean", "number", "string")
"""What an editor takes a bare word for; ctrlkit itself reads it as text."""


def named(path: str, schema: str, text: str) -> str:
    """The document `text` at `path` of a folder, its first line naming its schema to editors."""
    up = "../" * (len(PurePosixPath(path).parts) - 1)
    return f"# yaml-language-server: $schema={up}{FOLDER}/{schema}.schema.json\n{text}"


def write(folder: Path, names: Sequence[str], stock: Stock) -> None:
    """Lay those schemas into `.ctrlkit` of the folder, which holds nothing else; they are made anew each time."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    for name in names:
        text = json.dumps(schema(name, stock), ensure_ascii=False, indent=1)
        (folder / FOLDER / f"{name}.schema.json").write_text(f"{text}\n", "utf-8", newline="\n")


def schema(name: str, stock: Stock) -> dict[str, Any]:
    """A document's schema as an editor needs it: words may be written without quotes, kinds and controls are known."""
    told: dict[str, Any] = json.loads((files("ctrlkit") / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    loose: dict[str, Any] = _loosened(told)
    properties = loose.get("properties", {})
    kinds = {kind.name: kind.about for kind in stock.kinds.values()}
    controls = {control.id: control.title for control in stock.controls.values()}
    if name == "pack":
        for key in ("evidence", "empty"):
            properties[key] = _keyed(properties[key], kinds)
    if name == "profile":
        properties["params"] = _keyed(properties["params"], controls)
        for key in ("freshness", "minimum_grade"):
            known = kinds if key == "freshness" else controls
            properties[key] = _keyed(properties[key], {"default": "all that are not named", **known})
        properties["controls"]["properties"]["add"] = {"type": "array", "items": {"enum": sorted(controls)}}
    return loose


def _keyed(of: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A map whose keys are known: each with what it means, and no other."""
    value = of["additionalProperties"]
    known = {key: {"description": about, "allOf": [value]} for key, about in sorted(names.items())}
    return {**{k: v for k, v in of.items() if k != "additionalProperties"}, "properties": known} | {
        "additionalProperties": False
    }


def _loosened(node: Any) -> Any:
    """The schema with every text that is only text taking numbers and yes or no as well."""
    if isinstance(node, list):
        return [_loosened(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _loosened(value) for key, value in node.items()}
    exact = {"enum", "format", "pattern", "const"} & node.keys()
    types = [node["type"]] if isinstance(node.get("type"), str) else node.get("type")
    if isinstance(types, list) and "string" in types and not exact:
        changed["type"] = sorted({*types, *_LOOSE})
    return changed
