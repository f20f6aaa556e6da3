"""Measuring: two commands by turns in one run, the medians of both, and the ratio that counts."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PYTHON = sys.executable


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command took: seconds on the clock, seconds of processor (children included), peak memory in MB."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, where, what its environment holds besides ours, and the exit codes it may end with."""

    words: Sequence[str]
    cwd: Path | None = None
    also: Mapping[str, str] | None = None
    ends: tuple[int, ...] = (0, 1, 2)


def cost(command: Command) -> Cost:
    """The cost of one run of a command; raises CalledProcessError where it ends otherwise."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | dict(command.also or {})
    quiet = subprocess.DEVNULL
    begin = time.perf_counter()
    process = subprocess.Popen(command.words, cwd=command.cwd, env=env, stdout=quiet, stderr=quiet)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.ends:
        raise subprocess.CalledProcessError(process.returncode, list(command.words))
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def turns(times: int, **commands: Command) -> dict[str, Cost]:
    """The medians of commands run by turns, `times` each, after one run that nobody counts."""
    seen: dict[str, list[Cost]] = {name: [] for name in commands}
    for number in range(times + 1):
        for name, command in commands.items():
            one = cost(command)
            if number:
                seen[name].append(one)
    return {name: middle(costs) for name, costs in seen.items()}


def middle(costs: Sequence[Cost]) -> Cost:
    """The median of each cost, and the highest memory."""
    return Cost(median(c.wall for c in costs), median(c.cpu for c in costs), max(c.memory for c in costs))


def say(what: str, ours: Cost, peer: str, theirs: Cost, reach: str) -> None:
    """Print one line of figures: the ratio of both clocks, and what it should be."""
    walls = f"{ours.wall:.3f} s / {theirs.wall:.3f} s = {ours.wall / theirs.wall:.2f}"
    processors = f"{ours.cpu:.3f} s / {theirs.cpu:.3f} s = {ours.cpu / theirs.cpu:.2f}"
    print(f"{what} beside {peer}: wall {walls} · CPU {processors} · memory {ours.memory:.0f} / {theirs.memory:.0f} MB")
    print(f"    to reach: {reach}; load {os.getloadavg()[0]:.1f}")


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for data, removed at the end."""
    return tempfile.TemporaryDirectory(prefix="ctrlkit-benchmark-")
