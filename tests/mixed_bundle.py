"""A bundle of the small vendor in which controls passed, failed, were waived, put off, and could not be decided."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import small_vendor
from commands import ctrlkit

DEFERRED = "deferred: [{control: RET-01, until: 2027-01-31, why: the archive moves}]\n"
WAIVER = (
    "- {control: LOG-07, subject: organisation, reason: two leads travel, approved_by: ciso, expires: 2026-12-31}\n"
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """The bundle's folder, and the verdicts that its results.ndjson holds, control -> verdict."""

    folder: Path
    verdicts: dict[str, str]

    @property
    def counts(self) -> dict[str, int]:
        """Verdict -> how many."""
        return dict(Counter(self.verdicts.values()))


@cache
def sealed_once(temporary: Path) -> Sealed:
    """A run over the weak vendor, whose recordings did not come; one for all files of tests, and not to be changed."""
    folder = temporary / "mixed-bundle"
    small_vendor.write(folder, {**small_vendor.weak(), "recordings": None})
    with (folder / "engagement.yaml").open("a", encoding="utf-8") as file:
        file.write(DEFERRED)
    waivers = folder / "waivers.yaml"
    waivers.write_text(WAIVER, "utf-8")
    answer = ctrlkit(folder, *small_vendor.arguments(folder, "--waivers", str(waivers), "--zip"))
    assert answer.code == 2, answer.err
    bundle = folder / "runs" / (folder / "runs" / "latest").read_text("utf-8").strip()
    lines = (bundle / "data" / "results" / "results.ndjson").read_text("utf-8").splitlines()
    return Sealed(bundle, {result["control"]: result["verdict"] for result in map(json.loads, lines)})
