"""Reporter: every finding of a run as one row of CSV, for a spreadsheet or a script."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from ctrlkit.closed import Run
from ctrlkit.hooks import Reporter, hookimpl
from ctrlkit.model import Finding, HostPointer, Pointer, Result, plain
from ctrlkit.visible import visible

HEADER: Final = (
    "control", "subject", "severity", "verdict", "key", "message",
    "party", "kind", "file", "row", "host", "probe", "line", "more", "values",
)  # fmt: skip
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
"""How a formula begins; Excel takes the wide forms of the four signs for the signs themselves."""
_SEPARATED: Final = re.compile(";(?=\\s*[=+\\-@\uff1d\uff0b\uff0d\uff20])")
"""Where half of Europe's spreadsheets begin a new cell, and in it a formula."""


class FindingsCsv:
    r"""The table of findings: UTF-8, LF, one header line; a row points at its finding's first source.

    `more` counts the sources besides, `values` is a JSON object. A text that a spreadsheet would run as a formula
    begins with an apostrophe, also behind a semicolon; control characters are written as `\u001b`.
    """

    name: str = "csv"
    file: str = "findings.csv"

    def write(self, run: Run, to: BinaryIO) -> None:
        """Write every finding of every result, waived ones too, in the order of the results."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(HEADER)
        rows.writerows(_row(result, finding) for result in run.results for finding in result.findings)
        to.write(text.getvalue().encode("utf-8"))


def _row(result: Result, finding: Finding) -> Iterator[str | int]:
    source = finding.sources[0] if finding.sources else None
    others = max(len(finding.sources) - 1, 0) + finding.more
    values = json.dumps(plain(finding.values), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    values = _SEPARATED.sub(r"\\u003b", values)
    cells = (
        result.control, result.subject, result.severity.value, result.verdict.value, finding.key, finding.message,
        *_place(source), others, values,
    )  # fmt: skip
    return (cell if isinstance(cell, int) else harmless(cell or "") for cell in cells)


def _place(source: Pointer | HostPointer | None) -> tuple[str | int | None, ...]:
    if isinstance(source, Pointer):
        return source.party, source.kind, source.file, source.row, None, None, None
    if isinstance(source, HostPointer):
        return None, None, None, None, source.host, source.probe, source.line
    return (None,) * 7


def harmless(text: str) -> str:
    """`text` that no spreadsheet takes for a formula, its control characters visible."""
    inner = _SEPARATED.sub(";'", text)
    return ("'" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else "") + visible(inner)


@hookimpl
def ctrlkit_reporters() -> Iterable[Reporter]:
    """Bring the CSV reporter."""
    return (FindingsCsv(),)
