"""Sealed bundles made without a run: what history reads of them, and nothing that takes time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runs import result

from ctrlkit import books, bundle
from ctrlkit.model import NARROWED, Cause, Finding, Pointer, Result, Severity, Verdict

VENDOR = "Example Contact Services, Inc."
OTHER = "Harbor Contact Services, Inc."


def found(control: str, *keys: str, verdict: Verdict = Verdict.FAILED, **changes: Any) -> Result:
    """A verdict with findings of these keys."""
    findings = tuple(
        Finding(key, f"account {key} has no second factor", {}, (Pointer("accounts", "vendor", "a.csv", n),), 0)
        for n, key in enumerate(keys, 2)
    )
    told = {"reason": f"{len(keys)} accounts", "findings": findings, "severity": Severity.CRITICAL}
    return result(control, verdict, **{**told, **changes})


def passed(control: str, *, narrowed: bool = False) -> Result:
    """A pass, of the whole requirement or of a smaller claim."""
    reason = f"{NARROWED}: only of people" if narrowed else ""
    return result(control, Verdict.PASSED, reason=reason, severity=Severity.CRITICAL)


def undecided(control: str) -> Result:
    """A verdict that decides nothing."""
    return result(control, Verdict.INCONCLUSIVE, reason="not handed in", cause=Cause.MISSING, grade=None)


def make(out: Path, day: str, results: Sequence[Result] | None, issued: str | None = None, **changes: Any) -> Path:
    """The folder of a bundle of that day, below `out`; without results it is a handover."""
    said: dict[str, Any] = {
        "vendor": VENDOR,
        "client": "northwind",
        "engagement": f"northwind-{day[:7]}",
        "profile": "bpo-philippines",
        "period": f"{day[:7]}-01/{day[:7]}-28",
        "as_of": f"{day}T08:00:00Z",
        "as_of_date": day,
        "key": "k1",
        "sample": False,
        "self_check": False,
        "select": sorted({r.control for r in results or ()}),
        "sources": {r.control: f"controls/{r.control[:3].lower()}.py" for r in results or ()},
        **changes,
    }
    if results is not None:
        ordered = sorted(results, key=lambda r: (r.control, r.subject))
        code = books.exit_code(ordered, Severity.LOW, sample=said["sample"])
        said |= {"fail_on": "low", "exit": code, "counts": books.counts(ordered)}

    def fill(data: Path) -> None:
        (data / "run.json").write_text(json.dumps(said), "utf-8")
        if issued is not None:
            (data / "engagement.yaml").write_text(engagement(said["engagement"], said["vendor"], issued), "utf-8")
        if results is not None:
            (data / "results").mkdir()
            (data / "results" / "results.ndjson").write_bytes(b"".join(r.line().encode() for r in ordered))

    return bundle.seal(out, f"{said['profile']}-{said['client']}-{day}", fill, {"Bagging-Date": day})


def engagement(id_: str, vendor: str, issued: str = "2026-10-28", more: Mapping[str, str] = {}) -> str:
    """An engagement document of October 2026."""
    said = {
        "id": id_,
        "issued_by": "client",
        "issued_at": f"{issued}T09:00:00Z",
        "client": "northwind",
        "vendor": json.dumps(vendor),
        "country": "PH",
        "period": "{start: 2026-10-01, end: 2026-10-31}",
        **more,
    }
    return "".join(f"{key}: {value}\n" for key, value in said.items())
