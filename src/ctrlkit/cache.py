"""The cache of read evidence: private to the user, keyed by all that decides how a file is read, and forgetful."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

_DAY: Final = 86_400
_OURS: Final = re.compile(r"^[0-9a-f]{40}(?:\.[a-z]+)*\.(?:json|ndjson|parquet|part)$")


def private(folder: Path) -> Path:
    """The folder, made with mode 700 where the system knows modes."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def recall(folder: Path, key: str) -> dict[str, Any] | None:
    """What was kept under the key, or None where it is not there whole."""
    try:
        kept = json.loads((folder / f"{key}.json").read_text("utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return None
    named = [name for name in (kept.get("parquet"), kept.get("problems")) if name]
    return kept if all((folder / name).is_file() for name in named) else None


def keep(folder: Path, key: str, meaning: Mapping[str, Any]) -> None:
    """Keep what a file was read as, written beside and renamed, last of its files."""
    beside = folder / f"{key}.part"
    beside.write_text(json.dumps(meaning, ensure_ascii=False), "utf-8")
    beside.replace(folder / f"{key}.json")


def forget(folder: Path, days: int, *, now: datetime) -> int:
    """Remove what was kept `days` days before `now` or earlier (0: everything); returns the number of files removed."""
    if not folder.is_dir():
        return 0
    limit = now.timestamp() - days * _DAY
    old = [p for p in sorted(folder.iterdir()) if _OURS.match(p.name) and (days == 0 or p.stat().st_mtime <= limit)]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
