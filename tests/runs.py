"""Small runs for the tests of views: every verdict, a host, hostile text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ctrlkit import model
from ctrlkit.closed import Run
from ctrlkit.model import Cause, Control, EvidenceRef, Finding, Grade, HostPointer, Pointer, Result, Severity, Verdict

PSEUDONYM = "p_" + "k3jq7xw2mz5a6b4c" * 2
DIGEST = "0123456789abcdef" * 4


def control(id_: str, title: str = "A title", **changes: Any) -> Control:
    """A control; `changes` replace its fields."""
    check = model.Check(None, {"accounts": ("system", "account_id"), "roster": ("employee_id",)}, {}, None, None, 10)
    plain = Control(
        id=id_,
        title=title,
        severity=Severity.HIGH,
        requirement=f"What {id_} asks.",
        decisions=("People on leave count.",),
        params={},
        maps={"PCI": ("8.4.1", "8.4.2"), "ISO27001": ("A.8.5",), "GDPR": ("32.1.b",)},
        remedy=f"Mend {id_} before the next shift.",
        typical_exception="",
        finding_note="",
        applies={},
        checks=(check,),
        domain=id_.partition("-")[0].lower(),
        path=f"controls/{id_}.py",
        sha256=DIGEST,
    )
    return replace(plain, **changes)


def result(id_: str, verdict: Verdict, **changes: Any) -> Result:
    """A result for the organisation; `changes` replace its fields."""
    plain = Result(
        control=id_,
        subject=model.ORGANISATION,
        verdict=verdict,
        severity=Severity.HIGH,
        reason="",
        cause=None,
        grade=Grade.TYPED,
        population=None,
        exceptions=None,
        params={},
    )
    return replace(plain, **changes)


def findings(count: int, file: str = "crm/accounts.csv") -> tuple[Finding, ...]:
    """`count` findings in neighbouring rows, the first in row 2."""
    return tuple(
        Finding(
            key=f"{number:032x}",
            message="no second factor enrolled",
            values={"system": "crm", "account_id": PSEUDONYM, "enabled": True, "mfa_method": None},
            sources=(Pointer("accounts", "vendor", file, number + 2), Pointer("roster", "vendor", "roster.csv", 9)),
        )
        for number in range(count)
    )


def run(results: tuple[Result, ...], controls: tuple[Control, ...] | None = None, **changes: Any) -> Run:
    """A closed run over `results`; controls that are not given are made up."""
    known = controls if controls is not None else tuple(control(id_) for id_ in {r.control: None for r in results})
    plain = Run(
        version="0.1.0",
        profile="bpo-test",
        profile_title="Test desk",
        engagement="northwind-2026-10",
        vendor="Example Contact Services, Inc.",
        client="northwind",
        country="PH",
        period="2026-10-01/2026-10-31",
        as_of="2026-11-02T01:00:00Z",
        sample=False,
        self_check=False,
        exit_code=1,
        counts={v.value: sum(r.verdict is v for r in results) for v in Verdict},
        results=results,
        controls={c.id: c for c in known},
    )
    return replace(plain, **changes)


def every_verdict(**changes: Any) -> Run:
    """One run with all six verdicts, two failures of different severity, one host and one restricted grade."""
    evidence = EvidenceRef("accounts", "data/evidence/accounts.csv", DIGEST, 289, "2026-10-01/2026-10-31", Grade.EXPORT)
    results = (
        result(
            "ACC-01",
            Verdict.WAIVED,
            reason="3 leavers still enabled",
            population=9,
            exceptions=3,
            findings=findings(3),
            waiver={"reason": "moves to the new directory", "approved_by": "ciso", "expires": "2026-12-31"},
        ),
        result("EML-05", Verdict.ERROR, reason="the check raised KeyError", cause=Cause.CRASHED, grade=None),
        result("LOG-01", Verdict.FAILED, reason="shared logins", population=40, exceptions=2, findings=findings(2)),
        result(
            "MFA-01",
            Verdict.FAILED,
            severity=Severity.CRITICAL,
            reason="people without a second factor",
            population=289,
            exceptions=120,
            findings=findings(120),
            evidence=(evidence,),
            grade=Grade.EXPORT,
            notes=(model.Note("typed", "roster is typed although an export exists"),),
            params={"coverage": 100},
        ),
        result("NET-06", Verdict.PASSED, subject="host:jump1", grade=Grade.PROBE),
        result("PHY-04", Verdict.NOT_APPLICABLE, reason="deferred until 2027-01-31", cause=Cause.DEFERRED, grade=None),
        result(
            "REM-01",
            Verdict.INCONCLUSIVE,
            reason="no roster was handed over",
            cause=Cause.MISSING,
            grade=None,
            evidence=(evidence,),
        ),
        result("RET-01", Verdict.PASSED, population=12, exceptions=0),
    )
    return run(results, **{"exit_code": 2, **changes})


def hostile() -> Run:
    """A run whose every text tries to break out of its view."""
    nasty = "=cmd|' /C'!A0\x1b[31m</td><script>alert(1)</script>`|**x**\n\u202eevil\ud800\ufffe\x00]]>"
    nasty += "@team https://a.example"
    place = (Pointer("accounts", "vendor", nasty, 3), HostPointer(nasty, nasty, None))
    bad = result(
        "BAD-01",
        Verdict.FAILED,
        reason=nasty,
        population=2,
        exceptions=1,
        findings=(Finding(nasty, nasty, {nasty: nasty}, place, 7),),
        notes=(model.Note("n", nasty),),
        params={"words": (nasty,)},
        waiver={nasty: nasty},
        evidence=(
            EvidenceRef("accounts", nasty, DIGEST, 2, None, Grade.TYPED),
            model.HostRef(nasty, nasty, DIGEST, "ssh"),
        ),
    )
    stuck = result("BAD-02", Verdict.INCONCLUSIVE, reason=nasty, cause=Cause.UNDECIDED, subject=f"host:{nasty}")
    skipped = result("BAD-03", Verdict.NOT_APPLICABLE, reason=nasty, cause=Cause.SCOPE)
    texts: dict[str, Any] = {
        "title": nasty,
        "requirement": nasty,
        "remedy": nasty,
        "decisions": (nasty,),
        "maps": {nasty: (nasty,)},
        "domain": nasty,
    }
    controls = tuple(control(id_, **texts) for id_ in ("BAD-01", "BAD-02", "BAD-03"))
    return run(
        (bad, stuck, skipped),
        controls,
        vendor=nasty,
        client=nasty,
        profile=nasty,
        profile_title=nasty,
        engagement=nasty,
        country=nasty,
        period=nasty,
        unused=(nasty,),
        proposed=(nasty,),
    )
