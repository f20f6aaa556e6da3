"""What the sections of the HTML report are put together from: tables, pairs, words that are explained."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Final

from ctrlkit import words
from ctrlkit.markup import Child, Html, element, joined
from ctrlkit.model import Result, plain

GRADES: Final[Mapping[str, str]] = {
    "client": "the client's own system",
    "third_party": "somebody independent, such as a bank",
    "probe": "read from the machine itself",
    "export": "a system's own export, recognised as such",
    "typed": "a file that anybody could have written",
    "attested": "a person's word",
}


def table(headings: tuple[str, ...], rows: Iterable[tuple[Child, ...]], caption: str = "", id_: str = "") -> Html:
    """A table that scrolls by itself where the window is narrower, and can be reached and named there."""
    head = element("tr", *(element("th", heading, scope="col") for heading in headings))
    body = (joined(element("tr", *(element("td", cell) for cell in row)), Html("\n")) for row in rows)
    return framed(head, body, caption, id_)


def framed(head: Html, body: Iterable[Html], caption: str, id_: str = "") -> Html:
    """A table of a head row and body rows, in its frame."""
    title = element("caption", caption) if caption else None
    inner = element("table", title, element("thead", head), element("tbody", *body), id=id_)
    return element("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption or "table")


def definitions(facts: Mapping[str, Child]) -> Html:
    """Names and what they hold, without those that hold nothing."""
    pairs = (
        (element("dt", key), element("dd", value)) for key, value in facts.items() if value not in (None, "", Html(""))
    )
    return joined(element("dl", *(item for pair in pairs for item in pair)), Html("\n"))


def meaning(word: str, said: str) -> Html:
    """A word where it is first used, and what it means."""
    return joined(element("dfn", word), element("span", f" ({said})", class_="quiet"))


def badge(result: Result) -> Html:
    """The verdict as a word in its colour."""
    return element("span", words.word(result.verdict), class_=f"verdict {result.verdict.value}")


def pairs(values: Mapping[str, object]) -> str:
    """`coverage 100, words a; b`; lists and objects as JSON would write them."""
    return words.values_text({key: flat(value) for key, value in values.items()})


def flat(value: object) -> object:
    """A value on one line."""
    if isinstance(value, list | tuple) and all(isinstance(item, str | int) for item in value):
        return "; ".join(map(str, value)) or None
    return json.dumps(plain(value), ensure_ascii=False) if isinstance(value, list | tuple | Mapping) else value


def sentence(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]


def number(count: int, one: str, many: str = "") -> str:
    """`1 finding`, `1,200 findings`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
