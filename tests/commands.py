"""The command line as a person meets it: words and a folder in, exit code and both streams out."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ctrlkit.cli import main


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """Control -> its result, of a run with `--format json`."""
        return {result["control"]: result for result in self.said["results"]}

    @property
    def verdicts(self) -> dict[str, str]:
        """Control -> its verdict."""
        return {id_: result["verdict"] for id_, result in self.results.items()}


def ctrlkit(cwd: Path, *words: str | Path) -> Answer:
    """Run one command in a folder, in this process; evaluation has its own."""
    out, err = io.StringIO(), io.StringIO()
    cwd.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(word) for word in words])
        except SystemExit as end:
            code = int(end.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())
