"""What the formats of other tools have in common: JSON without a clock, ids made of digests, places as URIs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID, uuid5

from ctrlkit import words
from ctrlkit.closed import Run
from ctrlkit.model import ORGANISATION, Cause, EvidenceRef, Result, Severity, Verdict
from ctrlkit.visible import visible

NAMESPACE: Final = UUID("4f0f5f6e-2c35-5d0e-9a3e-6b8f3a1d7c42")
"""Of every id in a view; a number of our own, never to change."""
UNDECIDED: Final = (Verdict.INCONCLUSIVE, Verdict.ERROR)
NOTHING: Final = Result(
    control="none",
    subject=ORGANISATION,
    verdict=Verdict.ERROR,
    severity=Severity.HIGH,
    reason="no control was selected, so nothing was decided",
    cause=Cause.DID_NOT_RUN,
    grade=None,
    population=None,
    exceptions=None,
    params={},
)
"""What a run without any result is shown as: an empty document would be without fault for most consumers."""


def document(data: Mapping[str, Any]) -> bytes:
    """`data` as JSON in ASCII, keys in their own order, ending in LF."""
    return f"{json.dumps(data, ensure_ascii=True, indent=1, allow_nan=False)}\n".encode("ascii")


def lines(run: Run) -> bytes:
    """The bytes of `results.ndjson`."""
    return "".join(r.line() for r in run.results if r is not NOTHING).encode("utf-8", "surrogatepass")


def never_empty(run: Run) -> Run:
    """The run, or one that says that nothing was decided."""
    return run if run.results else replace(run, results=(NOTHING,))


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of one run: they hang on `digest`, that of its results and of whom, when and by what they judge."""

    digest: str

    def of(self, *parts: str) -> str:
        """The id of a part of the run."""
        return uuid(self.digest, *parts)


def ids_of(run: Run) -> Ids:
    """The ids of a run; to be asked once, since all results are read for it."""
    about = [run.version, run.profile, run.engagement, run.vendor, run.client, run.period, run.as_of]
    told = json.dumps([*about, hashlib.sha256(lines(run)).hexdigest()])
    return Ids(hashlib.sha256(told.encode()).hexdigest())


def uuid(*parts: str) -> str:
    """The id of what `parts` name: the same parts, the same id (version 5)."""
    return str(uuid5(NAMESPACE, json.dumps(parts)))


def kept(entries: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that say something: formats refuse empty lists and texts."""
    return {key: value for key, value in entries.items() if value not in (None, "", [], {}, ())}


def flat(text: str) -> str:
    """A text of an author on one line, as a requirement that is written over several."""
    return visible(" ".join(text.split()))


def title(run: Run) -> str:
    """`SAMPLE · Test desk: Example Contact Services, Inc., 2026-10-01/2026-10-31`."""
    mark = "SAMPLE · " if run.sample else "SELF-CHECK · " if run.self_check else ""
    return visible(f"{mark}{run.profile_title}: {run.vendor}, {run.period}")


def told(result: Result) -> Iterator[str]:
    """A result in lines: what was found, its findings (the first 100), its notes."""
    yield words.headline(result)
    yield from (words.finding_text(finding) for finding in result.findings[: words.SHOWN])
    if len(result.findings) > words.SHOWN:
        yield f"and {len(result.findings) - words.SHOWN} more in findings.csv"
    yield from (visible(f"note: {note.message}") for note in result.notes)


def facts(result: Result) -> dict[str, str]:
    """What stands beside a verdict, as text: cause, grade, severity and how many of how many."""
    values = {
        "verdict": result.verdict.value,
        "cause": result.cause.value if result.cause else "",
        "severity": result.severity.value,
        "grade": result.grade.value if result.grade else "",
        "population": "" if result.population is None else str(result.population),
        "exceptions": "" if result.exceptions is None else str(result.exceptions),
        "findings": str(len(result.findings)),
        "waived-by": visible(result.waiver.get("approved_by", "")) if result.waiver else "",
        "waived-until": visible(result.waiver.get("expires", "")) if result.waiver else "",
        "attested-by": visible(result.attested.get("by", "")) if result.attested else "",
        "attested-until": visible(result.attested.get("valid_until", "")) if result.attested else "",
    }
    return {name: text.strip() for name, text in values.items() if text.strip()}


def uri(path: str) -> str:
    """A path as a relative reference: everything but letters, digits, `/` and a few marks is escaped."""
    return quote(visible(path).lstrip("/"), safe="/")


def evidence(run: Run) -> dict[str, EvidenceRef]:
    """File in the bundle -> what the results say of it, by name."""
    references = {ref.file: ref for result in run.results for ref in result.evidence if isinstance(ref, EvidenceRef)}
    return {file: references[file] for file in sorted(references)}
