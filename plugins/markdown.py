"""Reporter: a run as Markdown, short enough for the job summary of a CI system."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PureWindowsPath
from typing import BinaryIO, Final

from ctrlkit import coverage, words
from ctrlkit.closed import Run
from ctrlkit.hooks import Reporter, hookimpl
from ctrlkit.model import Result, Verdict
from ctrlkit.visible import short, visible

ROWS: Final = 100
PLACES: Final = 3
DETAILED: Final = 20
VALUES: Final = 4
CLAUSES: Final = 2

_MARKS: Final = re.compile(r"[\\`*_\[\]|~$]")
_LINKS: Final = re.compile(r"@|#|://|(?i:www\.|mailto:|xmpp:)")


class Markdown:
    """Counts, a table of what failed or was not decided (100 rows), the first places of the worst 20, what to do."""

    name: str = "markdown"
    file: str = "summary.md"

    def write(self, run: Run, to: BinaryIO) -> None:
        """Write GitHub-flavoured Markdown, UTF-8, in which no text of a vendor is a link, a mention or markup."""
        to.write("".join(f"{line}\n" for line in _lines(run)).encode("utf-8"))


def _lines(run: Run) -> Iterator[str]:
    for banner in words.banners(run):
        yield from (f"> **{escaped(banner)}**", "")
    red = words.worst_first(run.results, Verdict.FAILED)
    open_ = words.worst_first(run.results, Verdict.ERROR, Verdict.INCONCLUSIVE)
    yield from (f"## {escaped(words.verdict_line(run))}", "")
    yield f"Vendor: {escaped(f'{run.vendor} · {run.profile_title} · {run.period} · as of {run.as_of}')}"
    yield from ("", f"{escaped(words.count_line(run))}  ", f"{escaped(words.grade_line(run))}  ")
    yield f"exit {run.exit_code}: {escaped(words.exit_meaning(run.exit_code))}"
    yield from _table(run, [*red, *open_])
    yield from _places(run, [result for result in red if result.findings])
    yield from ("", "### How far this reaches", "")
    yield from (f"- {escaped(sentence)}" for sentence in coverage.statement(run))
    if run.matches:
        yield from ("", "### People across the lists", "")
        yield from (f"- {escaped(coverage.match_line(match))}" for match in run.matches)
    if run.bundle:
        yield from ("", f"Bundle: {code(PureWindowsPath(run.bundle).name)}")


def _table(run: Run, results: list[Result]) -> Iterator[str]:
    if not results:
        return
    yield from ("", "| verdict | severity | control | what | under | do |", "|---|---|---|---|---|---|")
    for result in results[:ROWS]:
        control = run.controls.get(result.control)
        cells = (
            words.word(result.verdict),
            result.severity.value,
            words.name(run, result),
            short(words.headline(result)),
            words.clauses(control, CLAUSES) if control else "",
            words.to_do(run, result),
        )
        yield f"| {' | '.join(map(escaped, cells))} |"
    if len(results) > ROWS:
        yield from ("", f"… and {len(results) - ROWS} more in results.ndjson")


def _places(run: Run, results: list[Result]) -> Iterator[str]:
    if not results:
        return
    yield from ("", "### Where")
    for result in results[:DETAILED]:
        yield from ("", f"**{escaped(words.name(run, result))}**", "")
        for finding in result.findings[:PLACES]:
            yield f"- {code(short(words.finding_text(finding, VALUES, more=False)))}"
        if len(result.findings) > PLACES:
            yield f"- … and {len(result.findings) - PLACES} more in findings.csv"
    if len(results) > DETAILED:
        yield from ("", f"… and {len(results) - DETAILED} more controls with findings in findings.csv")


def escaped(text: object) -> str:
    """`text` as plain words: no markup, no HTML, no new line, nothing that GitHub would turn into a link or mention."""
    safe = visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _MARKS.sub(lambda match: "\\" + match.group(), safe)
    return _LINKS.sub(lambda match: match.group()[0] + "<!-- -->" + match.group()[1:], safe)


def code(text: object) -> str:
    """`text` as a code span, in which nothing is markup, whatever backticks it holds itself."""
    safe = visible(text)
    fence = "`" * (max(map(len, re.findall("`+", safe)), default=0) + 1)
    pad = " " if safe.startswith(("`", " ")) or safe.endswith(("`", " ")) else ""
    return f"{fence}{pad}{safe}{pad}{fence}"


@hookimpl
def ctrlkit_reporters() -> Iterable[Reporter]:
    """Bring the Markdown reporter."""
    return (Markdown(),)
