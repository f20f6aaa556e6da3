"""What the tests of SSH share: a small script in a frame, and a collection from an inventory written out as text."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ctrlkit import collect, inventory
from ctrlkit.inventory import Host
from ctrlkit.tally import Summary
from ctrlkit.transcript import sealed

NOW = datetime(2026, 10, 15, 4, 0, tzinfo=UTC)
MARKER = "m" * 32


def script(host: Host, marker: str) -> str:
    """Print a frame with the host's name and the user; sudo as a real script would use it."""
    ask = "sudo -n id -u 2>/dev/null || echo refused" if host.sudo != "never" else "echo no"
    return framed(f"echo host {host.name}; echo uid $(id -u); echo sudo $({ask})", marker)


def framed(commands: str, marker: str = MARKER) -> str:
    """`commands` between the first and the last line of a frame."""
    return f"main() {{\necho 'CTRLKIT-FACTS 1 {marker}'\n{commands}\necho 'CTRLKIT-END {marker} 0 0'\n}}\nmain\n"


def whole(marker: str) -> bytes:
    """A frame as a server of our own would print it."""
    return sealed(marker, ": shell sh\n")


def ready(
    folder: Path, text: str, *, limits: tuple[str, ...] = (), environ: Mapping[str, str] | None = None,
    ask: Callable[[str], str] | None = None,
) -> collect.Preparation:  # fmt: skip
    """The inventory in `text`, prepared; the user's home is `folder`, so no configuration but the test's counts."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "inventory.yaml"
    path.write_text(text, "utf-8")
    book = inventory.load(path)
    environ = os.environ if environ is None else environ
    return collect.prepare(book, inventory.choose(book, limits), home=folder, environ=environ, ask=ask)


def run(  # noqa: PLR0913
    prepared: collect.Preparation,
    out: Path,
    script_for: collect.ScriptFor = script,
    *,
    resume: bool = False,
    jobs: int = 8,
    now: Callable[[], datetime] = lambda: NOW,
    progress: collect.Progress | None = None,
) -> Summary:
    """Collect into `out`."""
    return collect.collect(
        prepared, script_for, out, now=now, version="0.0", jobs=jobs, resume=resume, progress=progress
    )


def facts(out: Path, name: str) -> list[str]:
    """The lines that a host's script printed inside its frame."""
    return (out / "hosts" / f"{name}.facts").read_text("utf-8").splitlines()[1:-1]


def record(out: Path, name: str) -> dict[str, Any]:
    """What the collection noted about the connection."""
    data: dict[str, Any] = json.loads((out / "hosts" / f"{name}.ssh.json").read_text("utf-8"))
    return data


def left(out: Path) -> list[str]:
    """The names of all files below `out`."""
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
