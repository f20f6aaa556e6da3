"""What is signed about a bundle: in-toto statements, the vendor's claim and the client's or auditor's verification.

in-toto Statement v1; predicates test-result v0.1 (github.com/in-toto/attestation/spec/predicates/test-result.md) and
svr v0.2 (…/svr.md). The subject is the digest of `tagmanifest-sha256.txt`: it covers `manifest-sha256.txt`, and that
every file of `data/`. Whoever verifies a signed bundle names the vendor's envelope as a second subject, so that taking
it away or changing it shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from ctrlkit import bag
from ctrlkit.model import Verdict
from ctrlkit.written import result_from

Role = Literal["vendor", "client", "auditor"]
ROLES: Final[tuple[Role, ...]] = ("vendor", "client", "auditor")
TYPE: Final = "https://in-toto.io/Statement/v1"
TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"
SVR: Final = "https://in-toto.io/attestation/svr/v0.2"
SATISFIED: Final = "CTRLKIT_PROFILE_SATISFIED"
RECEIVED: Final = "CTRLKIT_BUNDLE_RECEIVED"
_DOCUMENTS: Final = ("engagement.yaml", "pack.yaml", "waivers.yaml", "attestations.yaml", "inventory.yaml")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as read from an envelope: name -> SHA-256 of its subjects, its predicate and that one's type."""

    subjects: Mapping[str, str]
    predicate_type: str
    predicate: Mapping[str, Any]


def digest(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def payload(folder: Path, role: Role, envelopes: Mapping[str, str], now: datetime, *, received: bool = False) -> bytes:
    """The statement about the bundle in `folder`, as canonical JSON; `envelopes` are those of the vendor, by name.

    One that a bundle was `received` states nothing of what was found in it.
    """
    subjects = {bag.TAG_MANIFEST: digest(folder / bag.TAG_MANIFEST)}
    run: dict[str, Any] = json.loads((folder / "data" / "run.json").read_text("utf-8"))
    if role == "vendor":
        kind, predicate = TEST_RESULT, _claim(folder, run, now)
    else:
        subjects |= envelopes
        kind, predicate = SVR, _verification(folder, run, role, now, signed=bool(envelopes))
        if received:
            kept = [word for word in predicate["properties"] if word != SATISFIED]
            predicate = {**predicate, "properties": [*kept, RECEIVED]}
    said = {
        "_type": TYPE,
        "subject": [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in subjects.items()],
        "predicateType": kind,
        "predicate": predicate,
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _claim(folder: Path, run: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The vendor's claim; only a run in which all was decided and nothing failed, waived or not, is PASSED."""
    results = folder / "data" / "results" / "results.ndjson"
    lines = [result_from(line) for line in results.read_text("utf-8").splitlines()] if results.is_file() else []
    names = {
        verdict: [f"{r.control} {r.subject}" for r in lines if r.verdict in verdicts]
        for verdict, verdicts in (
            ("passedTests", {Verdict.PASSED}),
            ("warnedTests", {Verdict.WAIVED}),
            ("failedTests", {Verdict.FAILED, Verdict.INCONCLUSIVE, Verdict.ERROR}),
        )
    }
    result = "FAILED" if names["failedTests"] or not names["passedTests"] else "PASSED"
    if result == "PASSED" and names["warnedTests"]:
        result = "WARNED"
    return {
        "result": result,
        "configuration": _documents(folder),
        **names,
        "ctrlkitSignedAt": _instant(now),
        "ctrlkitVersion": run["ctrlkit"],
        **{f"ctrlkit{key.title().replace('_', '')}": run[key] for key in ("engagement", "vendor", "period", "as_of")},
        "ctrlkitCounts": run.get("counts", {}),
        "ctrlkitHandover": not lines,
    }


def _verification(folder: Path, run: Mapping[str, Any], role: Role, now: datetime, *, signed: bool) -> dict[str, Any]:
    """A summary of what held when the bundle was signed; what did not hold is left out, never stated as false."""
    properties = ["CTRLKIT_BUNDLE_WHOLE"]
    if signed:
        properties.append("CTRLKIT_VENDOR_ENVELOPE_BOUND")
    if run.get("exit") == 0:
        properties.append(SATISFIED)
    return {
        "verifier": {"id": f"urn:ctrlkit:{role}", "policies": _documents(folder)},
        "timeCreated": _instant(now),
        "properties": properties,
        "ctrlkitExit": run.get("exit"),
        "ctrlkitCounts": run.get("counts", {}),
    }


def _documents(folder: Path) -> list[dict[str, Any]]:
    """The rules that the bundle was judged by, as in-toto resource descriptors."""
    data = folder / "data"
    paths = [data / name for name in _DOCUMENTS if (data / name).is_file()]
    paths += sorted((data / "profile").glob("*.yaml"))
    return [{"name": p.relative_to(folder).as_posix(), "digest": {"sha256": digest(p)}} for p in paths]


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def read(raw: bytes) -> Statement:
    """The statement in an envelope's payload. Raises ValueError, saying what is wrong, where it is none of ours."""
    try:
        said: Any = json.loads(raw)
        subjects = {str(s["name"]): str(s["digest"]["sha256"]) for s in said["subject"]}
        kind, predicate = said["predicateType"], said["predicate"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        msg = f"its payload is no in-toto statement: {type(error).__name__}"
        raise ValueError(msg) from error
    if said.get("_type") != TYPE or kind not in (TEST_RESULT, SVR) or not isinstance(predicate, dict):
        msg = f"its payload says {said.get('_type')!r}, {kind!r}; expected a statement of ctrlkit's two predicates"
        raise ValueError(msg)
    return Statement(subjects, kind, predicate)
