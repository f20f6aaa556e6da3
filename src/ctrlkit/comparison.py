"""Two bundles of one vendor beside each other: what got better or worse by finding key, and what may be the cause."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ctrlkit.errors import InputError
from ctrlkit.model import EvidenceRef, HostRef, Result, Verdict
from ctrlkit.visible import visible
from ctrlkit.written import result_from

WORSE, BETTER, NEW, GONE, SAME = "worse", "better", "new", "gone", "same"
ORDER: Final = (WORSE, GONE, NEW, BETTER, SAME)
_RANK: Final = {
    Verdict.PASSED: 0,
    Verdict.WAIVED: 1,
    Verdict.FAILED: 2,
    Verdict.INCONCLUSIVE: 3,
    Verdict.ERROR: 3,
}
"""What could not be decided is behind what failed: of it not even the exceptions are known."""
_SURE: Final = (Verdict.PASSED, Verdict.WAIVED, Verdict.FAILED)
"""Where these were of the whole requirement, a verdict on a smaller claim is a step back whatever it says."""


@dataclass(frozen=True, slots=True)
class Change:
    """One control and subject in both bundles; `fresh` and `gone` are the finding keys of only one of them.

    `because` names what differs between the two runs that this verdict rests on; none of it is proof of the cause.
    `regression` says whether a gate for "nothing got worse" closes.
    """

    control: str
    subject: str
    title: str
    what: str
    before: Result | None
    after: Result | None
    fresh: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    regression: bool = False


@dataclass(frozen=True, slots=True)
class Book:
    """What is compared of one bundle: its `run.json`, its results, and digests of its documents."""

    run: Mapping[str, Any]
    results: Mapping[tuple[str, str], Result]
    documents: Mapping[str, bytes]


def book(folder: Path) -> Book:
    """The book of a verified bundle. Raises InputError where it holds no verdicts."""
    results = folder / "data" / "results" / "results.ndjson"
    if not results.is_file():
        msg = f"{folder.name}: holds no results (a handover); expected the bundle of a run"
        raise InputError(msg)
    lines = [result_from(line) for line in results.read_bytes().decode("utf-8").splitlines()]
    run: dict[str, Any] = json.loads((folder / "data" / "run.json").read_text("utf-8"))
    documents = {
        name: path.read_bytes()
        for name in ("engagement.yaml", "waivers.yaml", "attestations.yaml", "inventory.yaml")
        if (path := folder / "data" / name).is_file()
    }
    for path in sorted((folder / "data" / "profile").glob("*.yaml")):
        documents[f"profile/{path.name}"] = path.read_bytes()
    return Book(run, {(r.control, r.subject): r for r in lines}, documents)


def compare(first: Book, second: Book, titles: Mapping[str, str]) -> tuple[Change, ...]:
    """Every line of either bundle, the worst changes first. Raises InputError for bundles that cannot be compared."""
    if first.run["vendor"] != second.run["vendor"]:
        msg = f"the bundles are of {first.run['vendor']!r} and {second.run['vendor']!r}; expected one vendor's"
        raise InputError(msg)
    if first.run.get("key") != second.run.get("key"):
        msg = "the bundles were made under two engagement keys: their people and findings have other pseudonyms"
        raise InputError(f"{msg}; name the record of the change with --rekey, or judge the older one's evidence again")
    keys = sorted({*first.results, *second.results})
    changes = [_change(first, second, key, titles.get(key[0], "")) for key in keys]
    return tuple(sorted(changes, key=lambda c: (ORDER.index(c.what), c.control, c.subject)))


def _change(first: Book, second: Book, key: tuple[str, str], title: str) -> Change:
    before, after = first.results.get(key), second.results.get(key)
    fresh, gone = _keys(after) - _keys(before), _keys(before) - _keys(after)
    what = _what(before, after, bool(fresh), bool(gone))
    because = tuple(_because(first, second, before, after)) if what != SAME else ()
    dropped = what == GONE and (key[0] not in second.run["select"] or _is_out(after))
    return Change(
        *key,
        title=title,
        what=what,
        before=before,
        after=after,
        fresh=tuple(sorted(fresh)),
        gone=tuple(sorted(gone)),
        because=because,
        regression=what == WORSE or (what == GONE and not dropped),
    )


def _keys(result: Result | None) -> set[str]:
    return {finding.key for finding in result.findings} if result is not None else set()


def _is_out(result: Result | None) -> bool:
    return result is not None and result.verdict is Verdict.NOT_APPLICABLE


def _what(before: Result | None, after: Result | None, fresh: bool, gone: bool) -> str:
    judged = [r is not None and not _is_out(r) for r in (before, after)]
    if judged != [True, True]:
        return {(True, False): GONE, (False, True): NEW}.get((judged[0], judged[1]), SAME)
    if before is None or after is None:
        raise AssertionError
    if after.narrowed and not before.narrowed and before.verdict in _SURE:
        return WORSE
    was, now = (_RANK[before.verdict], before.narrowed), (_RANK[after.verdict], after.narrowed)
    if now != was:
        return WORSE if now > was else BETTER
    if fresh and before.verdict in (Verdict.FAILED, Verdict.WAIVED):
        return WORSE
    return BETTER if gone and not fresh else SAME


def _because(first: Book, second: Book, before: Result | None, after: Result | None) -> Iterator[str]:
    """What differs, in the order in which people ask: the vendor's doing, the client's, ctrlkit's own."""
    kinds = sorted(_differing(first, second, before, after))
    if kinds:
        yield f"evidence ({', '.join(kinds)})"
    for word, one, two in (
        ("waiver", before.waiver if before else None, after.waiver if after else None),
        ("attestation", before.attested if before else None, after.attested if after else None),
    ):
        if one != two:
            yield word
    if before is not None and after is not None and before.narrowed != after.narrowed:
        yield "smaller claim"
    if before is not None and after is not None and before.params != after.params:
        names = sorted(n for n in {*before.params, *after.params} if before.params.get(n) != after.params.get(n))
        yield f"parameter ({', '.join(names)})"
    yield from _documents(first, second)
    control = after or before
    if control is not None and _code(first, second, control.control):
        yield "control"
    if first.run["as_of"] != second.run["as_of"]:
        yield "as-of"
    if first.run["ctrlkit"] != second.run["ctrlkit"] or first.run["distributions"] != second.run["distributions"]:
        yield "tool"


def _differing(first: Book, second: Book, before: Result | None, after: Result | None) -> set[str]:
    """The kinds whose original files are others, and the probes that answered otherwise or only once.

    Originals are told apart by their commitments: what a run reads of them changes with the controls it is asked for.
    """
    told = [{_name(e) for e in r.evidence} if r is not None else set() for r in (before, after)]
    probes = [
        {e.probe: e.sha256 for e in r.evidence if isinstance(e, HostRef)} if r is not None else {}
        for r in (before, after)
    ]
    originals = [_originals(book_) for book_ in (first, second)]
    return {
        name
        for name in {*told[0], *told[1]}
        if originals[0].get(name) != originals[1].get(name) or probes[0].get(name) != probes[1].get(name)
    }


def _name(reference: EvidenceRef | HostRef) -> str:
    return reference.kind if isinstance(reference, EvidenceRef) else reference.probe


def _originals(book_: Book) -> dict[str, list[str]]:
    """Kind -> the commitments to its original files, of either party."""
    found: dict[str, list[str]] = {}
    for evidence in book_.run.get("evidence", ()):
        found.setdefault(evidence["kind"], []).extend(source["commitment"] for source in evidence["sources"])
    return found


def _documents(first: Book, second: Book) -> Iterator[str]:
    for word, start in (("profile", "profile/"), ("engagement", "engagement"), ("inventory", "inventory")):
        one, two = ({n: d for n, d in b.documents.items() if n.startswith(start)} for b in (first, second))
        if one != two:
            yield word


def _code(first: Book, second: Book, control: str) -> bool:
    """Whether the control's own source differs; both bundles name their sources by path."""
    one, two = first.run["code"], second.run["code"]
    path = first.run.get("sources", {}).get(control) or second.run.get("sources", {}).get(control)
    return bool(one != two if path is None else one.get(path) != two.get(path))


def heading(first: Book, second: Book) -> str:
    """Who and when: `Example Contact Services, Inc. · 2026-10-01/2026-10-31 → 2026-11-01/2026-11-30`."""
    periods = [book_.run["period"] for book_ in (first, second)]
    when = periods if periods[0] != periods[1] else [book_.run["as_of"] for book_ in (first, second)]
    return f"{second.run['vendor']} · {when[0]} → {when[1]}"


def line(change: Change) -> str:
    """One change in words: `MFA-01 Second factor enrolled: failed → passed, 14 → 0 findings; because: …`."""
    host = f" [{change.subject.removeprefix('host:')}]" if change.subject.startswith("host:") else ""
    was, now = (_said(r) for r in (change.before, change.after))
    counts = [len(r.findings) if r is not None else 0 for r in (change.before, change.after)]
    findings = f", {counts[0]} → {counts[1]} findings" if any(counts) else ""
    detail = f" ({len(change.fresh)} new, {len(change.gone)} gone)" if change.fresh and change.gone else ""
    cause = f"; because: {', '.join(change.because)}" if change.because else ""
    return f"{change.control} {change.title}{host}: {was} → {now}{findings}{detail}{cause}".replace(" :", ":")


def _said(result: Result | None) -> str:
    return "not asked" if result is None else result.verdict.value.replace("_", " ")


def text(first: Book, second: Book, changes: tuple[Change, ...], *, markdown: bool) -> str:
    """The comparison for a person: counts, then each change, the worst first; what stayed the same is only counted."""
    counts = " · ".join(f"{sum(c.what == word for c in changes)} {word}" for word in ORDER)
    lines = [visible(heading(first, second)), counts]
    for word in (w for w in ORDER if w != SAME):
        chosen = [c for c in changes if c.what == word]
        if chosen:
            lines += ["", f"### {word.capitalize()}" if markdown else word.upper(), *([""] if markdown else [])]
            lines += [f"{'- ' if markdown else '  '}{visible(line(c))}" for c in chosen]
    worse = sum(change.regression for change in changes)
    return "\n".join([*lines, "", f"{worse} got worse" if worse else "nothing got worse"])


def to_json(changes: tuple[Change, ...]) -> dict[str, Any]:
    """The comparison as plain data."""
    return {
        "regression": any(change.regression for change in changes),
        "counts": {word: sum(change.what == word for change in changes) for word in ORDER},
        "changes": [
            {
                "control": change.control,
                "subject": change.subject,
                "change": change.what,
                "regression": change.regression,
                "before": change.before.verdict.value if change.before else None,
                "after": change.after.verdict.value if change.after else None,
                "findings_before": len(change.before.findings) if change.before else 0,
                "findings_after": len(change.after.findings) if change.after else 0,
                "new": list(change.fresh),
                "gone": list(change.gone),
                "because": list(change.because),
            }
            for change in changes
            if change.what != SAME
        ],
    }
