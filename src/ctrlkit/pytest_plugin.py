"""The only module that knows pytest: planned checks become items, kinds become fixtures, items become outcomes.

pytest is fenced: our own module loader (two `controls/login.py` stay two, assertions are rewritten, no stale byte
code), our own collection and run protocol (skip, exit, a missing fixture become an error and the next item still runs),
no configuration, plugins or cache of the folder it is started in.
"""

from __future__ import annotations

import inspect
import linecache
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from _pytest.assertion import util as assertion_util
from _pytest.assertion.rewrite import rewrite_asserts
from _pytest.fixtures import FuncFixtureInfo
from _pytest.outcomes import Failed

from ctrlkit import loader
from ctrlkit.check import Record, recording
from ctrlkit.errors import AuthorError, ColumnError, CtrlkitError
from ctrlkit.fact import Facts, Unreadable
from ctrlkit.model import Cause, Finding, HostPointer, Note
from ctrlkit.outcome import Outcome, digest, judge


@dataclass(frozen=True, slots=True)
class Planned:
    """One item to evaluate: a check of a control file, for one subject, with the fixtures it may ask for.

    `absent` names columns, as `kind.column`, that the check would look at and that need not be handed in, and were not.
    """

    index: int
    path: Path
    shown: str
    sha256: str
    function: str
    control: str
    subject: str
    finding_note: str
    fixtures: Mapping[str, Any]
    absent: tuple[str, ...] = ()


May = Callable[[int], bool]
"""Asked before an item begins, by its index: another process may have taken it."""
Report = Callable[[int, Outcome], None]
"""Told the outcome of an item, by its index."""

_UNUSED = (
    *("cacheprovider", "capture", "debugging", "doctest", "faulthandler", "junitxml", "legacypath", "logging"),
    *("monkeypatch", "pastebin", "recwarn", "reports", "setuponly", "setupplan", "skipping", "stepwise", "subtests"),
    *("terminal", "threadexception", "tmpdir", "unittest", "unraisableexception", "warnings"),
)
OPTIONS = (
    *("-c", os.devnull, "--rootdir", Path(os.devnull).anchor or os.sep, "--noconftest"),
    *("-o", "enable_assertion_pass_hook=true"),
    *(word for name in _UNUSED for word in ("-p", f"no:{name}")),
)


class Forbidden(PermissionError):  # noqa: N818  (the word of the contract)
    """A check reached for something beside its evidence."""


def run(items: Sequence[Planned], may: May, report: Report) -> None:
    """Evaluate the items that it `may`, in order; `report` hears of each, whatever a check does but end the process."""
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    pytest.main([*OPTIONS], plugins=[_Evaluation(items, may, report), _fixtures(items)])


class _Evaluation:
    """The pytest plugin of one run."""

    def __init__(self, items: Sequence[Planned], may: May, report: Report) -> None:
        self.items = items
        self.may = may
        self.report = report
        self.asserted = 0
        self.before: dict[str, int] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool:
        """The planned items and nothing that lies in a folder; a file that cannot be used costs its own items only."""
        session.items = []
        for path in sorted({item.path for item in self.items}):
            of_file = [item for item in self.items if item.path == path]
            try:
                module: _ControlModule = _ControlModule.from_parent(session, path=path, planned=of_file)
                session.items += module.collect()
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  the boundary round a control file that is loaded
                for planned in filter(lambda planned: self.may(planned.index), of_file):
                    self.report(planned.index, Outcome("error", Cause.DID_NOT_RUN, _words(planned.shown, None, error)))
        session.testscollected = len(session.items)
        return True

    def pytest_assertion_pass(self, item: pytest.Item) -> None:
        self.asserted += 1
        self.before = {name: len(facts._touched) for name, facts in _facts(item.stash[_ITEM]).items()}  # noqa: SLF001

    def pytest_runtest_protocol(self, item: pytest.Function) -> bool:
        planned: Planned = item.stash[_ITEM]
        if self.may(planned.index):
            self.report(planned.index, self._evaluate(item, planned))
        return True

    def _evaluate(self, item: pytest.Function, planned: Planned) -> Outcome:
        self.asserted, self.before = 0, {}
        assertion_util._reprcompare = None  # noqa: SLF001  the comparison text of passing asserts is never read
        state = item.session._setupstate  # noqa: SLF001  own protocol: a third of the time of the stock one
        with recording() as record:
            try:
                if item.stash[_GIVEN]:
                    _call(item, planned.fixtures)
                else:
                    try:
                        state.setup(item)
                        _call(item, item.funcargs)
                    finally:
                        state.teardown_exact(None)  # the next item may be another process's
                record.asserted += self.asserted
                return _read(judge(record, planned.control, planned.subject, planned.finding_note), planned)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  the boundary round a check: whatever it raises is an outcome
                return _raised(error, planned, record, self.before)


def _call(item: pytest.Function, found: Mapping[str, Any]) -> None:
    """Run the check; what it returns says nothing, and one that yields or awaits has not run."""
    arguments = {name: found[name] for name in item._fixtureinfo.argnames}  # noqa: SLF001
    returned = item.obj(**arguments)
    if inspect.isgenerator(returned) or inspect.isawaitable(returned) or inspect.isasyncgen(returned):
        if inspect.iscoroutine(returned):
            returned.close()
        msg = "a check neither yields nor awaits; write it as a plain function"
        raise AuthorError(msg)


_ITEM = pytest.StashKey[Planned]()
_GIVEN = pytest.StashKey[bool]()
"""Whether all that a check asks for is planned, so that pytest need not set up any fixture: most of its time."""


class _ControlModule(pytest.Module):
    """A control file, loaded by ctrlkit's own loader, that yields exactly the planned items."""

    def __init__(self, *, planned: Sequence[Planned], **rest: Any) -> None:
        super().__init__(**rest)
        self.planned = planned
        self.infos: dict[str, FuncFixtureInfo] = {}

    def _getobj(self) -> Any:
        planned = self.planned[0]
        file = loader.read(self.path, planned.shown)
        if file.sha256 != planned.sha256:
            msg = "it was changed while the run was going on; run again"
            raise OSError(msg)

        def rewrite(tree: Any, source: bytes, path: Path) -> None:
            rewrite_asserts(tree, source, str(path), self.config)

        return loader.execute(file, rewrite)

    def collect(self) -> list[pytest.Item]:
        module = self.obj
        self.session._fixturemanager.parsefactories(module, self.nodeid)  # noqa: SLF001
        return [self._item(planned, vars(module)[planned.function]) for planned in self.planned]

    def _item(self, planned: Planned, function: Any) -> pytest.Item:
        name = f"{planned.function}[{planned.index}]"
        info = self.infos.get(planned.function)
        item: pytest.Function = pytest.Function.from_parent(self, name=name, callobj=function, fixtureinfo=info)
        item.stash[_ITEM] = planned
        info = self.infos[planned.function] = item._fixtureinfo  # noqa: SLF001  one for all items of a function
        item.stash[_GIVEN] = _is_given(info, planned)
        item.own_markers.clear()
        return item


def _is_given(info: FuncFixtureInfo, planned: Planned) -> bool:
    """Whether the check asks for nothing that its own file, or pytest, provides, and nothing is to run unasked."""
    ours = all(fixture.func.__module__ == __name__ for of in info.name2fixturedefs.values() for fixture in of)
    return ours and {*info.argnames} <= {*planned.fixtures} and {*info.initialnames} == {*info.argnames}


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


def _raised(error: BaseException, planned: Planned, record: Record, before: Mapping[str, int]) -> Outcome:
    """What an exception says: a plain assertion that did not hold is a failure, everything else an error of the check.

    What the check had found before a plain assertion, or a fact that could not be read, stopped it stands beside that.
    """
    line, innermost = _line_in(error, planned.path)
    if isinstance(error, Unreadable):
        return _stopped(error.cause, str(error), planned, record)
    if isinstance(error, ColumnError) and planned.absent:
        return _stopped(Cause.MISSING, f"the evidence has no {', '.join(planned.absent)}", planned, record)
    failed = type(error) is Failed or (type(error) is AssertionError and innermost)
    if not failed:
        cause = Cause.FORBIDDEN if isinstance(error, Forbidden) else Cause.CRASHED
        return Outcome("error", cause, _words(planned.shown, line, error))
    text = _said(error) or (linecache.getline(str(planned.path), line).strip() if line else "an assertion did not hold")
    found = judge(record, planned.control, planned.subject, planned.finding_note)
    sources = _touched(planned, before)
    where = "" if sources else f"{planned.shown}:{line}: "
    return replace(
        found,
        state="failed",
        cause=None,
        reason=where + text + f"; {found.reason}" * (found.state == "failed"),
        findings=(*found.findings, Finding(digest(planned.control, planned.subject, text), text, sources=sources)),
    )


def _stopped(cause: Cause, why: str, planned: Planned, record: Record) -> Outcome:
    """Not decided, unless what was found before is enough: then the doubt is noted."""
    found = judge(record, planned.control, planned.subject, planned.finding_note)
    if found.state != "failed":
        return Outcome("inconclusive", cause, why)
    note = Note(digest(planned.control, planned.subject, why), f"not read: {why}")
    return replace(found, notes=(*found.notes, note), undecided=found.undecided + 1)


def _said(error: BaseException) -> str:
    """The message that the author gave the assertion, its first line; empty where there is none."""
    first = str(error).split("\n", 1)[0].strip()
    return "" if first.startswith("assert ") or not first else re.sub(r"0x[0-9a-fA-F]+", "0x…", first)[:300]


def _facts(planned: Planned) -> dict[str, Facts]:
    return {name: facts for name, facts in planned.fixtures.items() if isinstance(facts, Facts)}


def _touched(planned: Planned, before: Mapping[str, int]) -> tuple[HostPointer, ...]:
    """Where the host facts stand that the assertion looked at, the last first, at most 20.

    `before` says how much each was looked at until the assertion before it held; where this one looked at nothing
    more, as its values were read earlier, all counts.
    """
    facts = _facts(planned)
    late = [replace(f, _touched=f._touched[before.get(name, 0) :]).touched for name, f in facts.items()]  # noqa: SLF001
    pointers = [p for found in late for p in found] or [p for f in facts.values() for p in f.touched]
    return tuple(dict.fromkeys(pointers))[:20]


def _read(outcome: Outcome, planned: Planned) -> Outcome:
    """The outcome, if no fact that could not be read was touched and the doubt swallowed."""
    faults = [fault for facts in _facts(planned).values() for fault in facts.faults]
    if outcome.state != "passed" or not faults:
        return outcome
    return replace(outcome, state="inconclusive", cause=faults[0].cause, reason=faults[0].message)


_NAMELESS = re.compile(r"(?<=0x)[0-9a-fA-F]+|(?<=calling o)[0-9]+")
"""What Python and Java call objects by, another in each run."""


def _words(shown: str, line: int | None, error: BaseException) -> str:
    """Where and what, in one line without addresses of objects, which change from run to run."""
    first, *rest = f"{type(error).__name__}: {error}".splitlines()
    said = first + rest[0] if rest and rest[0].startswith(":") else first  # what Java says follows what Python says
    return f"{shown}:{line or 1}: {_NAMELESS.sub('…', said)[:300]}"


def _line_in(error: BaseException, path: Path) -> tuple[int | None, bool]:
    """The last line of the control file that the error came through, and whether it was raised there."""
    line, innermost = None, False
    trace = error.__traceback__
    while trace is not None:
        innermost = trace.tb_frame.f_code.co_filename == str(path)
        line = trace.tb_lineno if innermost else line
        trace = trace.tb_next
    return line, innermost


if not __debug__:  # pragma: no cover
    msg = "ctrlkit does not run under python -O: assertions would disappear and failing controls would pass"
    raise CtrlkitError(msg)
