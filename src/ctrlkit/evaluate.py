"""Evaluation from outside: spawned children run the checks; the parent watches the clock and misses no item."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ctrlkit.outcome import Outcome

CHECK_SECONDS = 600
"""House number: how long one check may take before it is ended."""
ENDED = "the check ended the evaluating process"
MOST_CHILDREN = 4
CHECKS_PER_CHILD = 12
"""House numbers: another process, up to so many, for each so many checks; one costs a second to start."""


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
            self._process.stdin.flush()
        except OSError:  # it ended before it heard of the job; the missing lines tell
            pass

    def answer(self, yes: bool) -> None:
        """Say whether the item that it asked for is its own."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.write(f"{int(yes)}\n")
                self._process.stdin.flush()

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


@dataclass(slots=True)
class _Books:
    """Which items have been taken by a child, and the outcome of those that it brought to an end."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    _taken: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, index: int) -> bool:
        """Whether it is still free; from now on it is not."""
        with self._lock:
            free = index not in self._taken
            self._taken.add(index)
            return free

    def free(self, indexes: Iterable[int]) -> None:
        """Let them be taken again."""
        self._taken.difference_update(indexes)


def evaluate(
    job: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
    child: Child,
    seconds: float = CHECK_SECONDS,
    jobs: int | None = None,
) -> dict[int, Outcome]:
    """The outcome of every item, by its index; an item whose check ended a child or took too long is an error.

    `child` gets help where there are many items: in all at most `jobs` processes, without it as many as there are
    processors. What a child leaves when it ends goes to another, which has the memory of all. What has no line in the
    end is `did_not_run`.
    """
    # Not at the top: the child is to be started first, and loads what is heavy while the parent does.
    from ctrlkit.model import Cause
    from ctrlkit.outcome import Outcome

    books = _Books()
    outcomes = books.outcomes
    waiting = list(items)
    reason = "the evaluating process ended before the check"
    most = min(MOST_CHILDREN, os.cpu_count() or 1) if jobs is None else jobs
    crew = [child, *(Child() for _ in range(min(most, len(items) // CHECKS_PER_CHILD) - 1))]
    while waiting:
        ends = _work_off(
            {**job, "memory_bytes": job.get("memory_bytes", 0) // len(crew)}, waiting, crew, seconds, books
        )
        ended = {begun: why for begun, why in ends if begun is not None}
        # for want of memory perhaps, of which it has more when it is alone
        again = [begun for begun, why in ended.items() if len(crew) > 1 and why == ENDED]
        books.free(again)
        outcomes.update({n: Outcome("error", Cause.CRASHED, why) for n, why in ended.items() if n not in again})
        rest = [item for item in waiting if item["index"] not in outcomes]
        if len(rest) == len(waiting) and not again:
            reason = ends[0][1]
            break
        waiting = rest
        crew = [Child()] if waiting else []
    for item in waiting:
        outcomes[item["index"]] = Outcome("error", Cause.DID_NOT_RUN, f"the check has no outcome: {reason}")
    return outcomes


def _work_off(
    job: Mapping[str, Any], items: Sequence[Mapping[str, Any]], crew: Sequence[Child], seconds: float, books: _Books
) -> list[tuple[int | None, str]]:
    """Fill the books from several children at once, each of which takes what is free; of each as `_one_child` says."""
    with ThreadPoolExecutor(len(crew)) as pool:
        try:
            return list(pool.map(lambda child: _one_child(job, items, child, seconds, books), crew))
        finally:  # where it is interrupted, nobody waits for what they are at
            for child in crew:
                child.end()


def _one_child(
    job: Mapping[str, Any], items: Sequence[Mapping[str, Any]], child: Child, seconds: float, books: _Books
) -> tuple[int | None, str]:
    """Fill the books from one child; the item that it was at when it ended, if any, and why it ended."""
    with tempfile.TemporaryDirectory(prefix="ctrlkit-job-") as folder:
        path = Path(folder) / "job.json"
        path.write_text(json.dumps({**job, "items": list(items)}), "utf-8")
        child.start(path)
        begun: int | None = None
        why = ENDED
        try:
            while (said := child.line(seconds)) is not None:
                if "broken" in said:
                    why = said["broken"]
                elif said["outcome"] is None:
                    mine = books.take(said["index"])
                    begun = said["index"] if mine else None
                    child.answer(mine)
                else:
                    books.outcomes[said["index"]] = outcome_from(said["outcome"])
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
