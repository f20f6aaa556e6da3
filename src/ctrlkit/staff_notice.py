"""The notice to staff about a check of their workplace, in three languages; the texts are in `evidence/notice.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from ctrlkit.asked import Asking, Wanted

CHECK_FIRST: Final = (
    "The Filipino and Hindi texts were not checked by a native speaker: have one read them before you use them."
)


@dataclass(frozen=True, slots=True)
class Notice:
    """The notice in one language: its title and its paragraphs, with `____` where the company must fill in."""

    language: str
    title: str
    paragraphs: tuple[str, ...]


def notices(asking: Asking) -> tuple[Notice, ...]:
    """The notice in each language. What is looked at is only what this profile asks (PH DPA s.16(a); GDPR 13)."""
    told = json.loads((files("ctrlkit.evidence") / "notice.json").read_text("utf-8"))
    terms = asking.engagement
    found = []
    for text in told["languages"]:
        filled = {
            "vendor": terms.vendor or "____",
            "client": terms.client or "____",
            "start": terms.period.start.isoformat(),
            "end": terms.period.end.isoformat(),
            "what": "; ".join(_groups(asking.wanted, told["kinds"], text["groups"])),
            "authority": text["authorities"].get(terms.country, text["authorities"]["other"]),
        }
        paragraphs = tuple(paragraph.format_map(filled) for paragraph in text["paragraphs"])
        found.append(Notice(text["language"], text["title"], paragraphs))
    return tuple(found)


def _groups(wanted: Sequence[Wanted], groups: Mapping[str, str], words: Mapping[str, Any]) -> list[str]:
    """What is looked at of people: the groups of their kinds; of a kind in no group, as a plugin's, its own words."""
    said: dict[str, None] = {}
    for one in wanted:
        if one.kind.name in groups:
            said[words[groups[one.kind.name]]] = None
        elif any(one.kind.columns[name].personal for name in one.columns):
            said[one.kind.about.rstrip(".")] = None
    return list(said)
