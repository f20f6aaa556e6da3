"""What the bundles of a folder say of the past, as plain rows; a bundle that is not whole is left out by name."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ctrlkit import bag, comparison, document
from ctrlkit.agreement import RESULTS, RUN
from ctrlkit.bundle import opened, verify
from ctrlkit.comparison import Book
from ctrlkit.errors import BundleError, CtrlkitError, InputError
from ctrlkit.followed import is_followed
from ctrlkit.model import Result
from ctrlkit.visible import visible

_ENGAGEMENT = "engagement.yaml"
_MOST = 2**63


@dataclass(frozen=True, slots=True)
class Bundle:
    """One sealed run or handover. `bundle` is the SHA-256 of its manifest, `as_of` RFC 3339 UTC text.

    `key` names the engagement key that its findings' names come from. `exit` is None for a handover, which holds no
    verdicts. `issued_on` is the day on which a client issued the engagement, where it says so.
    """

    bundle: str
    name: str
    vendor: str
    client: str
    engagement: str
    profile: str
    period: str
    as_of: str
    as_of_date: date
    key: str
    sample: bool
    self_check: bool
    exit: int | None
    issued_on: date | None


@dataclass(frozen=True, slots=True)
class Judged:
    """One verdict. `followed` is true where it tells which findings of its control there are."""

    bundle: str
    control: str
    subject: str
    domain: str
    verdict: str
    severity: str
    cause: str | None
    grade: str | None
    narrowed: bool
    followed: bool
    population: int | None
    exceptions: int | None
    findings: int


@dataclass(frozen=True, slots=True)
class Found:
    """One finding of a verdict, failed or waived; `number` is its place there, from 1."""

    bundle: str
    control: str
    subject: str
    number: int
    key: str
    message: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A bundle that was not read, and why."""

    name: str
    problem: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An engagement that a client has issued; `received` where something of the vendor's lies beside it.

    `due` is the last day for the vendor's answer, counted in `time_zone`. `fault` says why it could not be read.
    """

    name: str
    engagement: str
    vendor: str
    client: str
    period: str
    due: date | None
    time_zone: str
    received: bool
    fault: str


@dataclass(frozen=True, slots=True)
class Past:
    """All that is known of the past: what a history is rebuilt from, and what it gives back."""

    bundles: tuple[Bundle, ...]
    verdicts: tuple[Judged, ...]
    findings: tuple[Found, ...]
    left_out: tuple[LeftOut, ...] = ()
    engagements: tuple[Asked, ...] = ()


def read(folders: Iterable[Path], engagements: Iterable[Asked] = ()) -> Past:
    """The past that the bundles below these folders tell, each counted once; folder and zip of one bundle are the same.

    Raises InputError where there is no such folder, or nothing in it that looks like a bundle.
    """
    bundles: dict[str, Bundle] = {}
    verdicts: list[Judged] = []
    findings: list[Found] = []
    left_out = []
    for folder, path in _candidates(folders):
        shown = visible(path.relative_to(folder).as_posix())
        try:
            with opened(path) as place:
                one, book = _bundle(place)
                if one.bundle not in bundles:
                    lines = _judged(one, book)
                    bundles[one.bundle] = one
                    verdicts += [line for line, _ in lines]
                    findings += [found for _, told in lines for found in told]
        except (CtrlkitError, OSError) as error:
            left_out.append(LeftOut(shown, visible(error)))
    return Past(tuple(bundles.values()), tuple(verdicts), tuple(findings), tuple(left_out), tuple(engagements))


def _candidates(folders: Iterable[Path]) -> list[tuple[Path, Path]]:
    """Each folder with what looks like a bundle below it, sorted; a bundle that lost a file must still be seen."""
    found = []
    for folder in folders:
        if not folder.is_dir():
            msg = f"{folder}: is no folder; expected one with bundles, such as runs; check the path"
            raise InputError(msg)
        here = sorted(_below(folder))
        if not here:
            msg = f"{folder}: holds no bundle; expected those of ctrlkit run --out {folder}; check the path"
            raise InputError(msg)
        found += [(folder.parent, path) for path in here]
    return found


def _below(folder: Path) -> Iterator[Path]:
    marks = ("bagit.txt", bag.MANIFEST, bag.TAG_MANIFEST, RUN)
    for at, folders, files in os.walk(folder):
        here = Path(at)
        if any((here / mark).exists() for mark in marks):
            folders.clear()
            yield here
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (here / name for name in files if name.endswith(".zip") and not name.startswith("."))


def _bundle(folder: Path) -> tuple[Bundle, Book]:
    """What a whole bundle says of itself; raises BundleError for any other."""
    if problems := verify(folder):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        msg = f"{problems[0].file}: {problems[0].message}{more}; ask for the bundle again"
        raise BundleError(msg)
    try:
        book = comparison.book(folder) if (folder / RESULTS).is_file() else Book(_run(folder), {}, {})
        run = book.run
        said = Bundle(
            bundle=bag.digest(folder / bag.MANIFEST),
            name=visible(folder.name),
            vendor=_text(run["vendor"]),
            client=_text(run["client"]),
            engagement=_text(run["engagement"]),
            profile=_text(run["profile"]),
            period=_text(run["period"]),
            as_of=_instant(run["as_of"]),
            as_of_date=date.fromisoformat(run["as_of_date"]),
            key=_text(run.get("key") or ""),
            sample=_yes_or_no(run["sample"]),
            self_check=_yes_or_no(run["self_check"]),
            exit=_number(run["exit"]) if "exit" in run else None,
            issued_on=None if run["self_check"] else _issued(folder),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _strange(RUN, error) from error
    return said, book


def _strange(file: str, error: Exception) -> BundleError:
    what = f"{type(error).__name__}: {visible(error)[:200]}"
    return BundleError(f"{file}: is whole, but not what ctrlkit writes ({what}); ask for the bundle again")


def _run(folder: Path) -> dict[str, Any]:
    run: dict[str, Any] = json.loads((folder / RUN).read_text("utf-8"))
    return run


def _issued(folder: Path) -> date | None:
    """The day (UTC) on which the engagement was issued; None where it does not say."""
    path = folder / "data" / _ENGAGEMENT
    if not path.is_file():
        return None
    try:
        said = document.parse(path.read_bytes(), path, "engagement").data.get("issued_at")
    except InputError:
        return None  # of another version of ctrlkit: then the view says that nobody knows the day
    return said.date() if said is not None else None


def _judged(one: Bundle, book: Book) -> list[tuple[Judged, list[Found]]]:
    try:
        return [_line(one.bundle, book.run, result) for result in book.results.values()]
    except (KeyError, TypeError, ValueError) as error:
        raise _strange(RESULTS, error) from error


def _line(bundle: str, run: Mapping[str, Any], result: Result) -> tuple[Judged, list[Found]]:
    control, subject = _text(result.control), _text(result.subject)
    found = [
        Found(bundle, control, subject, number, _text(finding.key), _text(finding.message))
        for number, finding in enumerate(result.findings, 1)
    ]
    said = Judged(
        bundle=bundle,
        control=control,
        subject=subject,
        domain=_text(Path(run["sources"][result.control]).stem),
        verdict=result.verdict.value,
        severity=result.severity.value,
        cause=result.cause.value if result.cause else None,
        grade=result.grade.value if result.grade else None,
        narrowed=result.narrowed,
        followed=is_followed(result),
        population=_count(result.population),
        exceptions=_count(result.exceptions),
        findings=len(found),
    )
    return said, found


def _text(value: Any) -> str:
    """A stranger's text, as both databases can hold it: no control character, no half of a pair."""
    if not isinstance(value, str):
        msg = f"found {value!r}, expected a text"
        raise TypeError(msg)
    return visible(value)


def _instant(value: Any) -> str:
    if document.instant(_text(value)) is None or not value.endswith("Z"):
        msg = f"as_of is {value!r}, expected an instant in UTC"
        raise ValueError(msg)
    return str(value)


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        msg = f"found {value!r}, expected true or false"
        raise TypeError(msg)
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _MOST:
        msg = f"found {value!r}, expected a number from 0"
        raise ValueError(msg)
    return value


def _count(value: Any) -> int | None:
    return None if value is None else _number(value)
