"""Results read back from the lines that they were written as."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ctrlkit.model import (
    Cause,
    EvidenceRef,
    Finding,
    Grade,
    HostPointer,
    HostRef,
    Note,
    Pointer,
    Result,
    Severity,
    Verdict,
)


def result_from(line: str | Mapping[str, Any]) -> Result:
    """The Result that `Result.line` wrote; raises KeyError or ValueError where the line is no such thing."""
    data = json.loads(line) if isinstance(line, str) else line
    return Result(
        control=data["control"],
        subject=data["subject"],
        verdict=Verdict(data["verdict"]),
        severity=Severity(data["severity"]),
        reason=data["reason"],
        cause=Cause(data["cause"]) if data["cause"] else None,
        grade=Grade(data["grade"]) if data["grade"] else None,
        population=data["population"],
        exceptions=data["exceptions"],
        params=data["params"],
        findings=tuple(finding_from(f) for f in data["findings"]),
        notes=tuple(Note(**n) for n in data["notes"]),
        evidence=tuple(_reference(e) for e in data["evidence"]),
        attested=data["attested"],
        waiver=data["waiver"],
    )


def finding_from(data: Mapping[str, Any]) -> Finding:
    """The Finding that `plain` wrote."""
    return Finding(
        key=data["key"],
        message=data["message"],
        values=data["values"],
        sources=tuple(HostPointer(**s) if "host" in s else Pointer(**s) for s in data["sources"]),
        more=data["more"],
    )


def _reference(data: Mapping[str, Any]) -> EvidenceRef | HostRef:
    if "host" in data:
        return HostRef(**data)
    return EvidenceRef(**{**data, "grade": Grade(data["grade"])})
