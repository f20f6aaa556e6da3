"""The only module that knows pytest: planned checks become items, evidence kinds become fixtures, items become outcomes.

pytest is fenced: our own module loader (two `controls/login.py` stay two, assertions are rewritten, no stale byte code),
our own run protocol (skip, exit, a missing fixture become an error and the next item still runs), no configuration,
plugins or cache of the folder it is started in.
"""

from __future__ import annotations

import linecache
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.assertion import util as assertion_util
from _pytest.assertion.rewrite import rewrite_asserts
from _pytest.outcomes import Failed

from ctrlkit import loader
from ctrlkit.check import recording
from ctrlkit.model import Cause, Finding
from ctrlkit.outcome import Outcome, digest, judge


@dataclass(frozen=True, slots=True)
class Planned:
    """One item to evaluate: a check of a control file, for one subject, with the fixtures it may ask for."""

    index: int
    path: Path
    shown: str
    sha256: str
    function: str
    control: str
    subject: str
    finding_note: str
    fixtures: Mapping[str, Any]


Report = Callable[[int, Outcome | None], None]
"""Told the index of an item when it begins (None) and its outcome when it ends."""

OPTIONS = (
    "-c", os.devnull, "--rootdir", os.path.abspath(os.sep), "--disable-plugin-autoload", "-p", "no:cacheprovider", "-p", "no:terminal",
    "-p", "no:doctest", "-p", "no:unittest", "-p", "no:junitxml", "-p", "no:pastebin", "-p", "no:stepwise", "-p", "no:faulthandler",
    "-p", "no:setuponly", "-p", "no:setupplan", "-p", "no:legacypath", "-p", "no:logging", "-p", "no:recwarn", "-p", "no:threadexception",
    "-p", "no:unraisableexception", "-p", "no:tmpdir", "-p", "no:monkeypatch", "-p", "no:skipping", "-p", "no:warnings", "-p", "no:subtests",
    "-p", "no:debugging", "-p", "no:capture", "-p", "no:reports", "--noconftest",
    "--strict-markers", "--continue-on-collection-errors", "-o", "enable_assertion_pass_hook=true",
)  # fmt: skip


def run(items: Sequence[Planned], report: Report) -> None:
    """Evaluate every item once, in order; `report` hears of each, whatever the check does short of ending the process."""
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    files = sorted({str(item.path) for item in items})
    pytest.main([*OPTIONS, *files], plugins=[_Evaluation(items, report), _fixtures(items)])


class _Evaluation:
    """The pytest plugin of one run."""

    def __init__(self, items: Sequence[Planned], report: Report) -> None:
        self.items = items
        self.report = report
        self.asserted = 0

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[_PLAN] = self

    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector:
        """Folders are only folders: an `__init__.py` beside a control file is never run."""
        folder: pytest.Dir = pytest.Dir.from_parent(parent, path=path)
        return folder

    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Module:
        module: _ControlModule = _ControlModule.from_parent(parent, path=module_path)
        return module

    def pytest_assertion_pass(self) -> None:
        self.asserted += 1

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        planned: Planned = item.stash[_ITEM]
        self.report(planned.index, None)
        outcome = self._evaluate(item, nextitem, planned)
        self.report(planned.index, outcome)
        return True

    def _evaluate(self, item: pytest.Item, nextitem: pytest.Item | None, planned: Planned) -> Outcome:
        self.asserted = 0
        assertion_util._reprcompare = None  # noqa: SLF001  the comparison text of passing asserts is never read
        with recording() as record:
            try:
                try:
                    item.session._setupstate.setup(item)  # noqa: SLF001  own protocol: a third of the time of the stock one
                    item.runtest()
                finally:
                    item.session._setupstate.teardown_exact(nextitem)  # noqa: SLF001
                record.asserted += self.asserted
                return judge(record, planned.control, planned.subject, planned.finding_note)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  the boundary round a check: whatever it raises is an outcome
                return _raised(error, planned)


_PLAN = pytest.StashKey[_Evaluation]()
_ITEM = pytest.StashKey[Planned]()


class _ControlModule(pytest.Module):
    """A control file, loaded by ctrlkit's own loader, that yields exactly the planned items."""

    def _getobj(self) -> Any:
        planned = next(item for item in self.config.stash[_PLAN].items if item.path == self.path)
        file = loader.read(self.path, planned.shown)
        if file.sha256 != planned.sha256:
            msg = f"{planned.shown} was changed while the run was going on; run again"
            raise OSError(msg)

        def rewrite(tree: Any, source: bytes, path: Path) -> None:
            rewrite_asserts(tree, source, str(path), self.config)

        return loader.execute(file, rewrite)

    def collect(self) -> Iterator[pytest.Item]:
        module = self.obj
        self.session._fixturemanager.parsefactories(module, self.nodeid)  # noqa: SLF001
        for planned in self.config.stash[_PLAN].items:
            if planned.path == self.path:
                function = vars(module)[planned.function]
                item = pytest.Function.from_parent(self, name=f"{planned.function}[{planned.index}]", callobj=function)
                item.stash[_ITEM] = planned
                item.own_markers.clear()
                yield item


def _fixtures(items: Sequence[Planned]) -> ModuleType:
    """A pytest plugin that offers each kind, and params, as_of, period and engagement, as a fixture."""
    module = ModuleType("ctrlkit_fixtures")
    for name in sorted({name for item in items for name in item.fixtures}):
        setattr(module, name, _fixture(name))
    return module


def _fixture(name: str) -> Any:
    def value(request: pytest.FixtureRequest) -> Any:
        try:
            return request.node.stash[_ITEM].fixtures[name]
        except KeyError:
            msg = f"the check asks for {name} and does not say so in @reads"
            raise LookupError(msg) from None

    return pytest.fixture(name=name)(value)


def _raised(error: BaseException, planned: Planned) -> Outcome:
    """What an exception says: a plain assertion that did not hold is a failure, everything else an error of the check."""
    line = _line_in(error, planned.path)
    if type(error) is AssertionError or type(error) is Failed:
        text = linecache.getline(str(planned.path), line).strip() if line else "an assertion did not hold"
        key = digest(planned.control, planned.subject, text)
        return Outcome("failed", None, f"{planned.shown}:{line}: {text}", None, 1, (Finding(key, text),))
    words = re.sub(r"0x[0-9a-fA-F]+", "0x…", f"{type(error).__name__}: {error}".splitlines()[0])[:300]
    return Outcome("error", Cause.CRASHED, f"{planned.shown}:{line or 1}: {words}")


def _line_in(error: BaseException, path: Path) -> int | None:
    line = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


if not __debug__:  # pragma: no cover
    sys.exit("ctrlkit does not run under python -O: assertions would disappear and failing controls would pass")
