"""Text from strangers made safe to show: control characters made visible, pseudonyms shortened."""

from __future__ import annotations

import re
from typing import Final

# Explicit ranges, not unicodedata: the same bytes whatever Unicode version this Python knows.
_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufeff"
    "\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f"
    + "".join(chr(plane * 0x10000 + end) for plane in range(1, 17) for end in (0xFFFE, 0xFFFF))
    + "]",
)
_SHORT_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
PSEUDONYM: Final = re.compile(
    r"(?<![\w.-])(?=[a-z]*[_:]?[a-z]*\d)(?:[a-z]{1,12}[_:])?(?:[0-9a-f]{20,}|[a-z2-7]{20,})(?!\w|[.-]\w)",
)
"""A keyed pseudonym or digest inside a text: at least 20 characters of base 32 or base 16, with a digit among them."""


def visible(text: object) -> str:
    r"""`text` on one line; control, direction, invisible and non-characters are written as in JSON: `\u001b`, `\n`."""
    shown = str(text)
    # most text is plain ASCII, of which Python knows at once whether it can be seen
    return shown if shown.isascii() and shown.isprintable() else _HIDDEN.sub(_escape, shown)


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    if character in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[character]
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def short(text: object) -> str:
    """`text` made visible, each pseudonym in it cut to its first 8 characters and an ellipsis."""
    return PSEUDONYM.sub(lambda match: match.group()[:8] + "…", visible(text))
