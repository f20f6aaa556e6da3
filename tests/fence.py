"""Control files as a stranger may write them, evaluated by the real child process."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ctrlkit.evaluate import Child, evaluate
from ctrlkit.outcome import Outcome

HEAD = "from ctrlkit import assert_every, col, control, reads\n"
GOOD = "def test_good():\n    assert 1 + 1 == 2\n"


def write(path: Path, body: str) -> Path:
    """A control file with this body."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + body, "utf-8")
    return path


def item(index: int, path: Path, function: str, **changes: Any) -> dict[str, Any]:
    """One item of a job: the check `function` of the file."""
    plain = {
        "index": index,
        "path": str(path),
        "shown": f"controls/{path.name}",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "function": function,
        "control": f"TST-{index:02}",
        "subject": "organisation",
        "finding_note": "",
        "params": {},
        "tables": {},
        "facts": [],
        "host": None,
    }
    return {**plain, **changes}


def job(evidence: Path, tables: Mapping[str, Any] | None = None, engine: str = "polars") -> dict[str, Any]:
    """A job over the frames in a folder."""
    return {
        "engine": engine,
        "evidence": str(evidence),
        "memory_bytes": 0,
        "as_of": "2026-11-02T15:59:59+00:00",
        "as_of_date": "2026-11-02",
        "period": {
            "start": "2026-10-01",
            "end": "2026-10-31",
            "begins": "2026-09-30T16:00:00+00:00",
            "ends": "2026-10-31T16:00:00+00:00",
        },
        "engagement": {
            "country": "PH",
            "domains": [],
            "systems": {},
            "features": [],
            "scope_clients": [],
            "sites": {},
            "countries": ["PH"],
            "scope_sites": [],
            "site_words": {},
            "networks": [],
        },
        "tables": dict(tables or {}),
        "facts": {},
    }


def evaluated(folder: Path, items: list[dict[str, Any]], seconds: float = 60, **more: Any) -> dict[int, Outcome]:
    """The outcome of every item."""
    return evaluate(job(folder, **more), items, Child(), seconds)


def tried(folder: Path, body: str, function: str = "test_it", seconds: float = 60) -> Outcome:
    """The outcome of one hostile check; the good one after it, in the same file, must still run and pass."""
    path = write(folder / "controls" / "hostile.py", body + "\n\n" + GOOD)
    outcomes = evaluated(folder, [item(0, path, function), item(1, path, "test_good")], seconds)
    assert sorted(outcomes) == [0, 1]
    assert outcomes[1].state == "passed", outcomes[1]
    return outcomes[0]
