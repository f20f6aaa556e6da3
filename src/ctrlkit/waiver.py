"""Waivers and attestations: the client's accepted exceptions and dated human answers, and what they do to a result."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ctrlkit.document import Document
from ctrlkit.document import load as load_document
from ctrlkit.errors import did_you_mean
from ctrlkit.model import ORGANISATION, Cause, Finding, Grade, Note, Result, Verdict
from ctrlkit.scan import told
from ctrlkit.strict_yaml import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from ctrlkit.engagement import AsOf


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted exception: of all findings of one control and subject (`findings` is None), or of those keys alone.

    `expires` is the last day it holds; `line` where it stands in its file.
    """

    control: str
    subject: str
    findings: tuple[str, ...] | None
    reason: str
    approved_by: str
    expires: date
    line: int

    def covers(self, key: str) -> bool:
        """Whether it speaks about the finding of that key."""
        return self.findings is None or key in self.findings


@dataclass(frozen=True, slots=True)
class Attestation:
    """A person's dated answer; it holds from `at` to `valid_until`, both days included."""

    control: str
    answer: Verdict
    by: str
    at: date
    valid_until: date
    evidence: tuple[str, ...]
    note: str


def load_waivers(path: Path | Traversable, known_ids: Collection[str]) -> tuple[Waiver, ...]:
    """The waivers in `path`, in a fixed order. Raises InputError with file and line, also for unknown control ids."""
    document = load_document(path, "waivers")
    waivers = []
    for place, entry in enumerate(document.data):
        _check_control(document, place, entry["control"], known_ids)
        findings = tuple(entry["findings"]) if "findings" in entry else None
        own = {"findings": findings, "reason": told(entry["reason"])}
        waivers.append(Waiver(**{**entry, **own}, line=document.line((place,))))
    return tuple(sorted(waivers, key=_order))


def load_attestations(
    path: Path | Traversable, known_ids: Collection[str], attestable: Collection[str]
) -> tuple[Attestation, ...]:
    """The attestations in `path`, newest first, `failed` before `passed`.

    Raises InputError with file and line, also for unknown control ids and for controls that are not `attestable`.
    """
    document = load_document(path, "attestations")
    answers = []
    for place, entry in enumerate(document.data):
        _check_control(document, place, entry["control"], known_ids)
        if entry["control"] not in attestable:
            those = ", ".join(sorted(attestable)) or "none"
            found = f"{entry['control']} is not attestable in this profile"
            raise document.error((place, "control"), f"{found}; expected one of {those}; hand over evidence instead")
        if entry["valid_until"] < entry["at"]:
            found = f"found {entry['valid_until']}, which is before at {entry['at']}"
            raise document.error((place, "valid_until"), f"{found}; expected a later day; mend one of them")
        answers.append(
            Attestation(
                control=entry["control"],
                answer=Verdict(entry["answer"]),
                by=entry["by"],
                at=entry["at"],
                valid_until=entry["valid_until"],
                evidence=tuple(map(told, entry.get("evidence", ()))),
                note=told(entry.get("note", "")),
            )
        )
    answers.sort(key=lambda a: (a.answer, a.by, a.valid_until, a.note, a.evidence))
    answers.sort(key=lambda a: a.at, reverse=True)
    return tuple(answers)


def apply(result: Result, waivers: Sequence[Waiver], as_of_date: date) -> Result:
    """The result after waivers: `waived` where it failed and valid waivers cover every finding, else as it was.

    Expired waivers, waivers of only some findings and waivers of findings that do not exist are noted. Only equal
    control, subject and finding keys match. Nothing but a failed result is touched.
    """
    ours = sorted((w for w in waivers if (w.control, w.subject) == (result.control, result.subject)), key=_order)
    if result.verdict is not Verdict.FAILED or not ours:
        return result
    valid = [w for w in ours if as_of_date <= w.expires]
    used = _used(result, valid)
    notes = [_note(result, text) for w in ours for text in _remarks(result, w, as_of_date)]
    if used is not None:
        return replace(result, verdict=Verdict.WAIVED, waiver=_object(result, used), notes=(*result.notes, *notes))
    notes += [_note(result, text) for w in valid if (text := _share(result, w))]
    return replace(result, notes=(*result.notes, *notes))


def attest(
    result: Result,
    attestations: Sequence[Attestation],
    attestable: Collection[str],
    as_of: AsOf,
    causes: Collection[Cause] | None = None,
) -> Result:
    """The result after attestations: a person's answer where evidence is missing and nothing else is wrong.

    `causes` are those of all faults of the result; None: its one cause is all that is known. Of several valid answers
    the newest counts, of one day the worst. Answers out of date are noted.
    """
    missing = result.cause is Cause.MISSING and set(causes or ()) <= {Cause.MISSING}
    if result.verdict is not Verdict.INCONCLUSIVE or not missing or result.subject != ORGANISATION:
        return result
    ours = [a for a in attestations if a.control == result.control and a.control in attestable]
    valid = [a for a in ours if a.at <= as_of.date <= a.valid_until]
    late = [_note(result, _out_of_date(a, as_of.date)) for a in ours if a not in valid]
    result = replace(result, notes=(*result.notes, *late))
    if not valid:
        return result
    newest = max(a.at for a in valid)
    answer = min((a for a in valid if a.at == newest), key=lambda a: (a.answer, a.by, a.valid_until, a.note))
    return _answered(result, answer)


def _check_control(document: Document, place: int, control: str, known: Collection[str]) -> None:
    if control not in known:
        found = f"no control {shown(control)}{did_you_mean(control, known)}"
        raise document.error((place, "control"), f"{found}; see ctrlkit list controls")


def _order(waiver: Waiver) -> tuple[Any, ...]:
    return (
        waiver.control,
        waiver.subject,
        waiver.expires,
        waiver.approved_by,
        waiver.reason,
        waiver.findings is not None,
        waiver.findings or (),
    )


def _used(result: Result, valid: Sequence[Waiver]) -> tuple[Waiver, ...] | None:
    """The waivers that together cover every finding, or None. A failure without findings needs one of the whole."""
    whole = next((w for w in reversed(valid) if w.findings is None), None)
    if whole is not None:
        return (whole,)
    covering = [next((w for w in reversed(valid) if w.covers(f.key)), None) for f in result.findings]
    found = [w for w in covering if w is not None]
    if not covering or len(found) < len(covering):
        return None
    return tuple(w for w in valid if w in found)


def _object(result: Result, used: Sequence[Waiver]) -> dict[str, Any]:
    return {
        "reason": "; ".join(dict.fromkeys(w.reason for w in used)),
        "approved_by": "; ".join(dict.fromkeys(w.approved_by for w in used)),
        "expires": min(w.expires for w in used).isoformat(),
        "findings": len(result.findings),
    }


def _remarks(result: Result, waiver: Waiver, on: date) -> list[str]:
    if waiver.expires < on:
        return [f"waiver of {waiver.approved_by} expired on {waiver.expires}"]
    keys = {finding.key for finding in result.findings}
    unknown = [key for key in waiver.findings or () if key not in keys]
    return [f"waiver of {waiver.approved_by} names finding {shown(key)}, which does not exist here" for key in unknown]


def _share(result: Result, waiver: Waiver) -> str:
    covered = sum(waiver.covers(finding.key) for finding in result.findings)
    return f"{covered} of {len(result.findings)} findings waived by {waiver.approved_by} until {waiver.expires}"


def _out_of_date(attestation: Attestation, on: date) -> str:
    if on < attestation.at:
        return f"attestation of {attestation.by} is dated {attestation.at}, after the as-of date"
    return f"attestation of {attestation.by} expired on {attestation.valid_until}"


def _answered(result: Result, answer: Attestation) -> Result:
    said = f"{answer.by} answered {answer.answer} on {answer.at}, valid until {answer.valid_until}"
    note = f": {answer.note}" if answer.note else ""
    findings: tuple[Finding, ...] = ()
    if answer.answer is Verdict.FAILED:
        findings = (Finding(_key(result.control, result.subject, "attested"), said + note),)
    return replace(
        result,
        verdict=answer.answer,
        cause=None,
        grade=Grade.ATTESTED,
        reason=f"{said}, no evidence was read{note}",
        findings=findings,
        attested={
            "answer": answer.answer.value,
            "by": answer.by,
            "at": answer.at.isoformat(),
            "valid_until": answer.valid_until.isoformat(),
            "evidence": list(answer.evidence),
            "note": answer.note,
        },
    )


def _note(result: Result, text: str) -> Note:
    return Note(_key(result.control, result.subject, text), text)


def _key(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()
