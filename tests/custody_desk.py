"""A small vendor with people to name: weak files, screening that stays with the vendor, a run and what it found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import small_vendor
from commands import Answer, ctrlkit

SCREENING = [
    {"employee_id": "E-001", "check": "identity", "notice_or_consent_on": "2026-02-01", "requested_on": "2026-02-02"},
    {"employee_id": "E-005", "check": "nbi", "notice_or_consent_on": "2026-02-09", "requested_on": "2026-02-02"},
    {"employee_id": "E-003", "check": "police", "notice_or_consent_on": "", "requested_on": "2026-02-02"},
]
"""E-005 was told after the order, E-003 never: SCR-03 has two findings, about a kind that does not travel."""
ASKED = "MFA-01,LOG-07,EML-06,SCR-03"
FOUND = {"MFA-01": 1, "LOG-07": 2, "EML-06": 1, "SCR-03": 2}


def write(folder: Path) -> None:
    """The folder of a vendor whose files have weaknesses, screening among them."""
    small_vendor.write(folder, small_vendor.weak())
    pack = folder / "vendor"
    (pack / "screening.csv").write_bytes(small_vendor.render(SCREENING))
    with (pack / "pack.yaml").open("a", encoding="utf-8") as out:
        when = small_vendor.EXPORTED
        out.write(f"  screening: {{file: screening.csv, method: export, exported_at: '{when}', exported_by: lena}}\n")


def run(folder: Path, *more: str) -> Answer:
    """A run over that vendor."""
    return ctrlkit(folder, *small_vendor.arguments(folder, "--format", "json", "--select", ASKED, *more))


def handed(folder: Path) -> Answer:
    """The same handed over, without verdicts, into `handed`."""
    own = "".join(f"    - {id_}\n" for id_ in ASKED.split(","))
    (folder / "asked.yaml").write_text(f"name: asked\ntitle: Asked\ncontrols:\n  add:\n{own}", "utf-8")
    given = ["--engagement", "engagement.yaml", "--engagement-key", "engagement.key", "--as-of", small_vendor.AS_OF]
    return ctrlkit(folder, "handover", "vendor", "--profile", "asked.yaml", *given, "--out", "handed")


def latest(folder: Path, runs: str = "runs") -> Path:
    """The newest bundle in a folder of runs."""
    return folder / runs / (folder / runs / "latest").read_text("ascii").strip()


def result(folder: Path, control: str) -> dict[str, Any]:
    """The result of a control in the newest run."""
    lines = (latest(folder) / "data" / "results" / "results.ndjson").read_text("utf-8").splitlines()
    (found,) = (said for said in map(json.loads, lines) if said["control"] == control)
    return dict(found)


def copied(folder: Path, to: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(folder, to))
