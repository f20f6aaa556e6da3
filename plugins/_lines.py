"""Reading probe output line by line: files printed one after the other, and sh text that prints them so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from posixpath import dirname


@dataclass(frozen=True, slots=True)
class Line:
    """One line under a `== heading`, with its number in the probe's output."""

    heading: str
    number: int
    text: str


def files(*patterns: str) -> str:
    """Sh text that prints `== path` and then each line that is no comment, for every file that is there.

    What cannot be opened, or a folder that cannot be listed, leaves its complaint on stderr: the probe is refused then.
    """
    folders = sorted({dirname(pattern) for pattern in patterns if "*" not in dirname(pattern)})
    return (
        f"ls {' '.join(folders)} >/dev/null\n"
        f"for file in {' '.join(patterns)}; do\n"
        '  [ -f "$file" ] || continue\n'
        '  echo "== $file"\n'
        "  grep -v '^[[:space:]]*#' \"$file\" | grep '[^[:space:]]'\n"
        "done"
    )


def under_headings(lines: Sequence[str]) -> Iterator[Line]:
    """Every line that is no heading, in order; lines before the first heading stand under an empty one."""
    heading = ""
    for number, text in enumerate(lines, 1):
        if text.startswith("== "):
            heading = text[3:]
        elif text.strip():
            yield Line(heading, number, text.strip())


def headings(lines: Sequence[str]) -> tuple[str, ...]:
    """The headings, in order."""
    return tuple(text[3:] for text in lines if text.startswith("== "))


def joined(lines: Iterator[Line]) -> Iterator[Line]:
    """Lines that end in a backslash joined to the next of the same file; the number is the first's."""
    held: Line | None = None
    for line in lines:
        if held is not None and held.heading == line.heading:
            held = Line(held.heading, held.number, held.text[:-1].rstrip() + " " + line.text)
        else:
            if held is not None:
                yield Line(held.heading, held.number, held.text[:-1].rstrip())
            held = line
        if not held.text.endswith("\\"):
            yield held
            held = None
    if held is not None:
        yield Line(held.heading, held.number, held.text[:-1].rstrip())
