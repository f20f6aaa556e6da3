"""Evaluation from outside: a spawned child runs the checks; the parent watches the clock and misses no item."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctrlkit.outcome import Outcome

CHECK_SECONDS = 600
"""House number: how long one check may take before it is ended."""


class Child:
    """A Python process that has loaded the checks' machinery and waits for one job.

    Started before the evidence is read, so that both happen at once.
    """

    def __init__(self) -> None:
        dropped = (
            "PYTEST_ADDOPTS",
            "PYTEST_PLUGINS",
            "PYTHONOPTIMIZE",
            "PYTHONSTARTUP",
            "PYTHONINSPECT",
            "PYTHONWARNINGS",
        )
        env = {k: v for k, v in os.environ.items() if k not in dropped and not k.startswith("CTRLKIT_")}
        env |= {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C", "PYTHONUTF8": "1"}
        command = [sys.executable, "-P", "-m", "ctrlkit.worker"]
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env, text=True, encoding="utf-8"
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True).start()

    def _listen(self, out: IO[str] | None) -> None:
        if out is not None:
            with out:
                for line in out:
                    self._lines.put(line)
        self._lines.put(None)

    def start(self, job: Path) -> None:
        """Hand over the job."""
        if self._process.stdin is None:
            raise AssertionError
        try:
            self._process.stdin.write(f"{job}\n")
            self._process.stdin.close()
        except OSError:  # it ended before it heard of the job; the missing lines tell
            pass

    def line(self, seconds: float) -> dict[str, Any] | None:
        """The next thing it says; None when it has ended. Raises TimeoutError."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            raise TimeoutError from None
        try:
            said: dict[str, Any] | None = json.loads(line) if line else None
        except ValueError:
            return None
        return said

    def end(self) -> None:
        """Stop it, whatever it is doing, and wait for it."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()


def evaluate(
    job: Mapping[str, Any], items: Sequence[Mapping[str, Any]], child: Child, seconds: float = CHECK_SECONDS
) -> dict[int, Outcome]:
    """The outcome of every item, by its index; an item whose check ended the child or took too long is an error.

    The rest of its items then go to a new child. Nothing is left out: what has no line is `did_not_run`.
    """
    # Not at the top: the child is to be started first, and loads what is heavy while the parent does.
    from ctrlkit.model import Cause
    from ctrlkit.outcome import Outcome

    outcomes: dict[int, Outcome] = {}
    waiting = list(items)
    reason = "the evaluating process ended before the check"
    while waiting:
        begun, why = _one_child(job, waiting, child, seconds, outcomes)
        if begun is not None:
            outcomes[begun] = Outcome("error", Cause.CRASHED, why)
        rest = [item for item in waiting if item["index"] not in outcomes]
        if len(rest) == len(waiting):
            reason = why
            break
        waiting = rest
        if waiting:
            child = Child()
    for item in waiting:
        outcomes[item["index"]] = Outcome("error", Cause.DID_NOT_RUN, f"the check has no outcome: {reason}")
    return outcomes


def _one_child(
    job: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
    child: Child,
    seconds: float,
    outcomes: dict[int, Outcome],
) -> tuple[int | None, str]:
    """Fill `outcomes` from one child; the item that it was at when it ended, if any, and why it ended."""
    with tempfile.TemporaryDirectory(prefix="ctrlkit-job-") as folder:
        path = Path(folder) / "job.json"
        path.write_text(json.dumps({**job, "items": list(items)}), "utf-8")
        child.start(path)
        begun: int | None = None
        why = "the check ended the evaluating process"
        try:
            while (said := child.line(seconds)) is not None:
                if "broken" in said:
                    why = said["broken"]
                elif said["outcome"] is None:
                    begun = said["index"]
                else:
                    outcomes[said["index"]] = outcome_from(said["outcome"])
                    begun = None
        except TimeoutError:
            why = f"the check took longer than {seconds:.0f} s"
        finally:
            child.end()
        return begun, why


def outcome_from(data: Mapping[str, Any]) -> Outcome:
    """The outcome that a child wrote."""
    from ctrlkit.model import Cause, Note
    from ctrlkit.outcome import Outcome
    from ctrlkit.written import finding_from

    return Outcome(
        state=data["state"],
        cause=Cause(data["cause"]) if data["cause"] else None,
        reason=data["reason"],
        population=data["population"],
        exceptions=data["exceptions"],
        findings=tuple(finding_from(f) for f in data["findings"]),
        notes=tuple(Note(**n) for n in data["notes"]),
        undecided=data["undecided"],
    )
