"""The child process that evaluates: reads one job, runs its checks inside the fence, writes one line per outcome."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ctrlkit.engagement import AsOf
from ctrlkit.engine import is_spark, opened_with
from ctrlkit.facts import from_document
from ctrlkit.kind import Kind, parse, shipped
from ctrlkit.model import plain
from ctrlkit.outcome import Outcome
from ctrlkit.table import Root, Table, table_of
from ctrlkit.term import Info
from ctrlkit.terms import Host, Terms, Window


def main() -> int:
    """Load the machinery, wait for the path of a job on stdin, evaluate it; what it says, its lines say.

    Before each item it asks whether that is its own: others may work off the same job.
    """
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    silence = os.open(os.devnull, os.O_RDWR)
    answers = os.fdopen(os.dup(0), encoding="utf-8", newline="\n")
    for stream in range(3):
        os.dup2(silence, stream)
    import polars as pl  # noqa: F401  loaded while the parent still reads the evidence

    from ctrlkit import pytest_plugin

    job_path = answers.readline().strip()
    if not job_path:
        return 0
    job = json.loads(Path(job_path).read_text("utf-8"))

    def say(line: Mapping[str, Any]) -> None:
        out.write(json.dumps(line, ensure_ascii=True) + "\n")
        out.flush()

    def may(index: int) -> bool:
        say({"index": index, "outcome": None})
        return answers.readline().strip() == "1"

    def report(index: int, outcome: Outcome) -> None:
        say({"index": index, "outcome": plain(outcome)})
        if is_spark(job["engine"]):
            gc.collect()  # what a check worked out stays in Spark's memory for as long as Python holds it

    try:
        evidence = Frames(job)
        items = [planned(job, entry, evidence) for entry in job["items"]]
        _fence(job)
        pytest_plugin.run(items, may, report)
    except Exception as error:  # noqa: BLE001  the boundary of the process: the parent turns it into error verdicts
        say({"broken": f"{type(error).__name__}: {error}"})
    return 0


class Frames:
    """The evaluated tables of a job, each opened once, and its `terms`: the fixtures that all checks share."""

    def __init__(self, job: Mapping[str, Any]) -> None:
        self._job = job
        self.terms = _terms(job)
        self._roots: dict[str, Root] = {}
        self._kinds: dict[str, Kind] = {**shipped(), **{d["title"]: parse(d) for d in job.get("kinds", [])}}
        self._open_file = opened_with(job["engine"], job["evidence"])

    def table(self, name: str, columns: list[str]) -> Table:
        """The table of a kind, or of one party's copy of it, with these columns, its key and its time."""
        root = self._roots.get(name) or self._open(name)
        kept = {*columns, *root.kind.key, *([root.kind.time] if root.kind.time else [])}
        visible = {c: info for c, info in root.columns.items() if c in kept}
        whole = table_of(root)
        return Table(whole.root, whole.frame, visible, unique=whole.unique)

    def _open(self, name: str) -> Root:
        entry = self._job["tables"][name]
        columns = {c: Info(t, none=none, pseudonym=domain) for c, (t, none, domain) in entry["columns"].items()}
        exported = datetime.fromisoformat(entry["exported_at"]) if entry["exported_at"] else None
        frame, small = self._open_file(entry["parquet"])
        root = Root(self._kinds[entry["kind"]], entry["party"], frame, columns, exported, entry["bad_rows"], small)
        self._roots[name] = root
        return root


def planned(job: Mapping[str, Any], entry: Mapping[str, Any], evidence: Frames) -> Any:
    """One entry of a job as the item that `pytest_plugin.run` evaluates."""
    from ctrlkit.pytest_plugin import Planned

    params = SimpleNamespace(**{name: _param(value) for name, value in entry["params"].items()})
    fixtures: dict[str, Any] = {**evidence.terms, "params": params}
    for name, columns in entry["tables"].items():
        fixtures[name] = None if columns is None else evidence.table(name, columns)
    if entry["host"] is not None:
        fixtures["host"] = Host(tuple(entry["host"]["roles"]), tuple(entry["host"]["ports"]))
    for name in entry["facts"]:
        fixtures[name] = from_document(job["facts"][entry["subject"]][name])
    return Planned(
        entry["index"], Path(entry["path"]), entry["shown"], entry["sha256"], entry["function"], entry["control"],
        entry["subject"], entry["finding_note"], fixtures, tuple(entry.get("absent", ())),
    )  # fmt: skip


def _terms(job: Mapping[str, Any]) -> dict[str, Any]:
    """The fixtures that are the same for every check of a job."""
    terms = job["engagement"]
    begins, ends = (datetime.fromisoformat(job["period"][edge]) for edge in ("begins", "ends"))
    start, end = (date.fromisoformat(job["period"][edge]) for edge in ("start", "end"))
    return {
        "as_of": AsOf(datetime.fromisoformat(job["as_of"]), date.fromisoformat(job["as_of_date"])),
        "period": Window(start, end, begins, ends),
        "engagement": Terms(
            terms["country"],
            tuple(terms["domains"]),
            terms["systems"],
            frozenset(terms["features"]),
            tuple(terms["scope_clients"]),
            terms["sites"],
            tuple(terms["scope_sites"]),
            terms["site_words"],
            frozenset(terms["countries"]),
            tuple(terms["networks"]),
        ),
    }


def _param(value: Any) -> Any:
    match value:
        case {"decimal": text}:
            return Decimal(text)
        case list():
            return tuple(value)
    return value


_REFUSED = (
    *(
        "socket.",
        "subprocess.",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.fork",
        "pty.",
    ),
    *("ftplib.", "http.", "imaplib.", "poplib.", "smtplib.", "telnetlib.", "urllib.", "webbrowser.", "sqlite3."),
    *("os.chmod", "os.chown", "os.kill", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink"),
    *("os.truncate", "os.utime", "shutil.", "signal.", "tempfile."),
)
"""Audit events of code that reaches beyond its evidence, by how they begin."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _writes(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)


def _is_call_of_spark(event: str, args: tuple[Any, ...]) -> bool:
    """Whether it is Spark's own way to the process beside this one that does its work."""
    if event == "socket.__new__":
        return True
    address = {"socket.connect": args[1:2], "socket.getaddrinfo": args[:1]}.get(event, ())
    host = address[0][0] if address and isinstance(address[0], tuple) else address[0] if address else None
    return host in {"127.0.0.1", "localhost", "::1"}


def _fence(job: Mapping[str, Any]) -> None:
    """From here on Python code gets no network, no other process, no file but the evidence, the controls, its own."""
    from ctrlkit.pytest_plugin import Forbidden

    folders = (job["evidence"], sys.prefix, sys.base_prefix, Path(__file__).parent, *(p for p in sys.path if p))
    below = tuple(os.path.join(os.path.abspath(p), "") for p in folders)  # noqa: PTH100, PTH118  no link is followed
    single = {os.path.abspath(p) for p in (os.devnull, *(i["path"] for i in job["items"]))}  # noqa: PTH100

    def guard(event: str, args: tuple[Any, ...]) -> None:
        if event.startswith(_REFUSED) and not (spark and _is_call_of_spark(event, args)):
            msg = f"a check may not use {event}: it sees its evidence and nothing else"
            raise Forbidden(msg)
        if event == "open" and isinstance(args[0], str | bytes):
            path = os.path.abspath(os.fsdecode(args[0]))  # noqa: PTH100  resolving would open more
            if (_writes(*args[1:3]) and path != os.devnull) or not (path in single or path.startswith(below)):
                msg = f"a check may not open {Path(path).name}: it sees its evidence and nothing else"
                raise Forbidden(msg)

    spark = is_spark(job["engine"])
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
