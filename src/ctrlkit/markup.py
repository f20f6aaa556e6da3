"""HTML that is escaped by construction: only this module can make text into markup."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from ctrlkit.visible import PSEUDONYM, short, visible

_VOID: Final = frozenset({"br", "meta", "link", "hr", "input"})


@dataclass(frozen=True, slots=True)
class Html:
    """Markup that is safe to put into a page as it stands."""

    text: str


Child = Html | str | int | None
"""What an element may hold: markup, text that is escaped and made visible, a number, or nothing."""


def element(name: str, *children: Child, **attributes: str | bool) -> Html:
    """One element; a trailing underscore is cut from attribute names (`class_`), others become hyphens.

    An attribute that is False or an empty text is left out, True is written without a value.
    """
    start = name
    for key, value in attributes.items():
        start += _attribute(key, value)
    if name in _VOID:
        return Html(f"<{start}>")
    return Html(f"<{start}>{''.join([_inner(child) for child in children])}</{name}>")


def joined(*children: Child) -> Html:
    """The children one after the other."""
    return Html("".join([_inner(child) for child in children]))


def pseudonyms(text: str) -> Html:
    """`text` in which each pseudonym is short to read and whole where one points at it."""
    return joined(*_pieces(visible(text)))


def _pieces(text: str) -> Iterator[Html | str]:
    end = 0
    for match in PSEUDONYM.finditer(text):
        yield text[end : match.start()]
        yield element("abbr", short(match.group()), title=match.group())
        end = match.end()
    yield text[end:]


def _attribute(key: str, value: str | bool) -> str:
    if value is False or value == "":
        return ""
    key = key.removesuffix("_").replace("_", "-")
    return f" {key}" if value is True else f' {key}="{escape(visible(value))}"'


def _inner(child: Child) -> str:
    if isinstance(child, Html):
        return child.text
    return "" if child is None else escape(visible(child))
