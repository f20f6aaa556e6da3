"""The child process that evaluates: reads one job, runs its checks inside the fence, writes one line per outcome."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ctrlkit.engagement import AsOf
from ctrlkit.expression import Expr, col
from ctrlkit.kind import Kind, parse, shipped
from ctrlkit.model import plain
from ctrlkit.outcome import Outcome
from ctrlkit.table import Root, Table, table_of
from ctrlkit.term import Info


@dataclass(frozen=True, slots=True)
class Window:
    """The audit period: first and last local day, and the instants at which it begins and ends."""

    start: date
    end: date
    begins: datetime
    ends: datetime

    def holds(self, name: str, table: Table) -> Expr:
        """Whether the date or instant column `name` of `table` lies in the period, both ends included."""
        if table.columns[name].type == "date":
            return (col(name) >= self.start) & (col(name) <= self.end)
        return (col(name) >= self.begins) & (col(name) < self.ends)

    def of(self, table: Table) -> Table:
        """The rows of an event table whose time lies in the period."""
        return table.where(self.holds(table.root.kind.time or "", table))


@dataclass(frozen=True, slots=True)
class Terms:
    """What a check may know of the engagement."""

    country: str
    domains: tuple[str, ...]
    systems: Mapping[str, str]
    features: frozenset[str]
    scope_clients: tuple[str, ...]

    @property
    def client_systems(self) -> tuple[str, ...]:
        """The systems that the engagement calls the client's."""
        return tuple(sorted(name for name, owner in self.systems.items() if owner == "client"))


def main() -> int:
    """Load the machinery, wait for the path of a job on stdin, evaluate it; the exit code says nothing, the lines do."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    import polars as _  # noqa: F401  loaded while the parent still reads the evidence

    from ctrlkit import pytest_plugin

    job_path = sys.stdin.readline().strip()
    if not job_path:
        return 0
    job = json.loads(Path(job_path).read_text("utf-8"))

    def say(line: Mapping[str, Any]) -> None:
        out.write(json.dumps(line, ensure_ascii=True) + "\n")
        out.flush()

    def report(index: int, outcome: Outcome | None) -> None:
        say({"index": index, "outcome": plain(outcome) if outcome else None})

    try:
        evidence = _Evidence(job)
        items = [_planned(job, entry, evidence) for entry in job["items"]]
        _fence(job)
        pytest_plugin.run(items, report)
    except Exception as error:  # noqa: BLE001  the boundary of the process: the parent turns it into error verdicts
        say({"broken": f"{type(error).__name__}: {error}"})
    return 0


class _Evidence:
    """The evaluated tables of a job, opened once per kind."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self._job = job
        self._roots: dict[str, Root] = {}
        self._kinds: dict[str, Kind] = {**shipped(), **{d["title"]: parse(d) for d in job.get("kinds", [])}}
        self._connection: Any = None

    def table(self, name: str, columns: list[str]) -> Table:
        """The table of a kind with these columns, its key and its time."""
        root = self._roots.get(name) or self._open(name)
        kept = {*columns, *root.kind.key, *([root.kind.time] if root.kind.time else [])}
        visible = {c: info for c, info in root.columns.items() if c in kept}
        whole = table_of(root)
        return Table(whole.root, whole.frame, visible, unique=whole.unique)

    def _open(self, name: str) -> Root:
        entry = self._job["tables"][name]
        columns = {c: Info(t, none=none, pseudonym=domain) for c, (t, none, domain) in entry["columns"].items()}
        exported = datetime.fromisoformat(entry["exported_at"]) if entry["exported_at"] else None
        root = Root(self._kinds[name], entry["party"], self._frame(entry["parquet"]), columns, exported)
        self._roots[name] = root
        return root

    def _frame(self, path: str) -> Any:
        import narwhals as nw

        if self._job["engine"] == "duckdb":
            import duckdb

            if self._connection is None:
                self._connection = duckdb.connect(config={"threads": 2})
                self._connection.execute("SET allowed_directories = [?]", [self._job["evidence"]])
                self._connection.execute("SET enable_external_access = false")
            return nw.from_native(self._connection.read_parquet(path))
        import polars

        return nw.from_native(polars.scan_parquet(path))


def _planned(job: Mapping[str, Any], entry: Mapping[str, Any], evidence: _Evidence) -> Any:
    from ctrlkit.pytest_plugin import Planned

    terms = job["engagement"]
    begins, ends = (datetime.fromisoformat(job["period"][edge]) for edge in ("begins", "ends"))
    start, end = (date.fromisoformat(job["period"][edge]) for edge in ("start", "end"))
    fixtures: dict[str, Any] = {
        "params": SimpleNamespace(**{name: _param(value) for name, value in entry["params"].items()}),
        "as_of": AsOf(datetime.fromisoformat(job["as_of"]), date.fromisoformat(job["as_of_date"])),
        "period": Window(start, end, begins, ends),
        "engagement": Terms(
            terms["country"], tuple(terms["domains"]), terms["systems"], frozenset(terms["features"]), tuple(terms["scope_clients"])
        ),
    }
    for name, columns in entry["tables"].items():
        fixtures[name] = None if columns is None else evidence.table(name, columns)
    return Planned(
        entry["index"], Path(entry["path"]), entry["shown"], entry["sha256"], entry["function"], entry["control"], entry["subject"],
        entry["finding_note"], fixtures,
    )  # fmt: skip


def _param(value: Any) -> Any:
    match value:
        case {"decimal": text}:
            return Decimal(text)
        case list():
            return tuple(value)
    return value


def _fence(job: Mapping[str, Any]) -> None:
    """No network, no other process, no file but the evidence, the controls and Python's own, for any Python code from here on."""
    readable = tuple(
        os.path.abspath(p)
        for p in (job["evidence"], sys.prefix, sys.base_prefix, str(Path(__file__).parent), os.devnull, *{i["path"] for i in job["items"]})
    ) + tuple(os.path.abspath(p) for p in sys.path if p)

    def guard(event: str, args: tuple[Any, ...]) -> None:
        if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "ftplib.", "urllib.")):
            msg = f"a check may not use {event}: it sees its evidence and nothing else"
            raise PermissionError(msg)
        if event == "open" and isinstance(args[0], str | bytes):
            path = os.path.abspath(os.fsdecode(args[0]))
            writes = isinstance(args[1], str) and any(letter in args[1] for letter in "wax+")
            if (writes and path != os.devnull) or not path.startswith(readable):
                msg = f"a check may not open {os.path.basename(path)}: it sees its evidence and nothing else"
                raise PermissionError(msg)

    limit = job.get("memory_bytes")
    if limit:
        try:
            import resource
        except ImportError:  # not a POSIX system: the parent's time limit is the only one
            pass
        else:
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    sys.addaudithook(guard)


if __name__ == "__main__":
    raise SystemExit(main())
