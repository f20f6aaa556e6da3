"""The one way control files are loaded: own module names, forbidden names refused, ids known where a file is broken."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

import ctrlkit
from ctrlkit.declaration import CONTROL_ID, declared
from ctrlkit.errors import AuthorError, CtrlkitError, InputError
from ctrlkit.model import Cause, Control, Fault, Severity

ALLOWED_IMPORTS = {
    "__future__",
    "calendar",
    "collections",
    "ctrlkit",
    "dataclasses",
    "datetime",
    "decimal",
    "fractions",
}
ALLOWED_IMPORTS |= {
    "functools",
    "ipaddress",
    "itertools",
    "math",
    "operator",
    "pytest",
    "re",
    "statistics",
    "string",
    "typing",
}
FORBIDDEN = {"now", "today", "utcnow", "time", "random", "environ", "getenv", "socket", "subprocess", "open", "input"}
FORBIDDEN |= {"exec", "eval", "compile", "breakpoint", "globals", "locals", "vars", "fetch", "fetch_all", "frame"}
FORBIDDEN |= {"getattr", "setattr", "delattr", "os", "sys", "_os", "_sys", "builtins", "importlib", "importorskip"}
AUTHORS = {"ctrlkit", "ctrlkit.kind"}
"""What of ctrlkit an author may import from; the rest of it opens files and starts processes."""


@dataclass(frozen=True, slots=True)
class ControlFile:
    """A control file as read: its path, the name shown to people, its text, tree and digest."""

    path: Path
    shown: str
    text: str
    tree: ast.Module
    sha256: str

    @property
    def domain(self) -> str:
        """The file's stem: login, mfa, email."""
        return self.path.stem


def read(path: Path, shown: str) -> ControlFile:
    """The file, parsed but not executed; raises InputError with the line where it is no Python."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
        tree = ast.parse(text, filename=shown)
    except (SyntaxError, UnicodeDecodeError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        msg = f"{shown}:{line}: no control file: {getattr(error, 'msg', error)}; mend the Python"
        raise InputError(msg) from error
    return ControlFile(path, shown, text, tree, hashlib.sha256(content).hexdigest())


def execute(file: ControlFile, rewrite: Callable[[ast.Module, bytes, Path], None] | None = None) -> ModuleType:
    """The executed file as a module, under a name that no other file has."""
    tree = file.tree
    if rewrite is not None:
        tree = ast.parse(file.text, filename=file.shown)  # rewriting changes it
        rewrite(tree, file.text.encode(), file.path)
    module = ModuleType(f"ctrlkit_control_{hashlib.sha256(str(file.path).encode()).hexdigest()[:16]}")
    module.__file__ = str(file.path)
    exec(compile(tree, str(file.path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    return module


def controls_of(file: ControlFile) -> tuple[Control, ...]:
    """The controls of one file; where it cannot be used, its planned controls with the fault that says why."""
    forbidden = _forbidden(file)
    if forbidden:
        return _planned(file, Fault(Cause.FORBIDDEN, forbidden))
    try:
        module = execute(file)
    except (CtrlkitError, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001  the boundary round a stranger's file: SystemExit and skip too
        said = re.sub(r"0x[0-9a-fA-F]+", "0x…", (str(error).splitlines() or [""])[0])[:300]
        return _planned(file, Fault(Cause.CRASHED, f"{file.shown}: {type(error).__name__} while it was loaded: {said}"))
    twice = _lost_checks(file)
    if twice:
        raise AuthorError(twice)
    found = declared(vars(module), domain=file.domain, path=file.shown, sha256=file.sha256)
    lost = {id_ for id_, *_ in _declarations(file)} - {control.id for control in found}
    if lost:
        msg = f"{file.shown}: control {min(lost)} is declared but lost: declare its check at the top level of the file"
        raise AuthorError(msg)
    return found


def load(files: Iterable[tuple[Path, str]]) -> dict[str, Control]:
    """All controls of these files (path, name shown), by id; raises InputError where two files declare one id."""
    controls: dict[str, Control] = {}
    for path, shown in sorted(files, key=lambda item: item[1]):
        for control in controls_of(read(path, shown)):
            first = controls.get(control.id)
            if first is not None:
                msg = f"{shown}: control {control.id} is already declared in {first.path}; give it another id"
                raise InputError(msg)
            controls[control.id] = control
    return dict(sorted(controls.items()))


def _lost_checks(file: ControlFile) -> str:
    """Says which check another one of the same name replaces, so that it would never run; empty if there is none."""
    seen: dict[str, int] = {}
    for node in file.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name in seen:
                return (
                    f"{file.shown}:{node.lineno}: {node.name} is in line {seen[node.name]} already; give each its name"
                )
            seen[node.name] = node.lineno
    return ""


def _forbidden(file: ControlFile) -> str:
    """The first name that would make a verdict depend on more than its evidence, with its line; empty without one."""
    for node in ast.walk(file.tree):
        names = _refused(node) if type(node) in _NAMING else ()
        if names:
            where = f"{file.shown}:{getattr(node, 'lineno', 1)}"
            return f"{where}: {names[0]!r} is not for controls: they see evidence, parameters and as_of only"
    return ""


_NAMING: Final = {ast.Import, ast.ImportFrom, ast.Name, ast.Attribute}


def _refused(node: ast.AST) -> list[str]:
    """The names in one node that a control may not use."""
    match node:
        case ast.Import():
            return [a.name for a in node.names if a.name.split(".")[0] not in ALLOWED_IMPORTS or "ctrlkit." in a.name]
        case ast.ImportFrom():
            module = node.module or "."
            allowed = not node.level and module.split(".")[0] in ALLOWED_IMPORTS
            if module.split(".")[0] == "ctrlkit":
                allowed = module in AUTHORS
            unknown = [a.name for a in node.names if module == "ctrlkit" and a.name not in ctrlkit.__all__]
            return [] if allowed and not unknown and not _bad(node.names) else [*unknown, *_bad(node.names), module]
        case ast.Name():
            return [node.id] if node.id in FORBIDDEN or (node.id.startswith("__") and node.id != "__name__") else []
        case ast.Attribute():
            return [node.attr] if node.attr in FORBIDDEN or node.attr.startswith("__") else []
    return []


def _bad(names: Iterable[ast.alias]) -> list[str]:
    return [a.name for a in names if a.name in FORBIDDEN]


def _declarations(file: ControlFile) -> list[tuple[str, str, str, int]]:
    """Id, title, severity and line of each control that the decorators name, read without running anything."""
    found = []
    for node in _statements(file.tree):
        for decorator in getattr(node, "decorator_list", []):
            if isinstance(decorator, ast.Call) and _is_control(decorator.func):
                words = [a.value for a in decorator.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                severity = [
                    k.value.value
                    for k in decorator.keywords
                    if k.arg == "severity" and isinstance(k.value, ast.Constant)
                ]
                if len(words) > 1 and severity and CONTROL_ID.fullmatch(words[0]):
                    found.append((words[0], words[1], str(severity[0]), node.lineno))  # type: ignore[attr-defined]
    return found


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements below a node, and whatever may hold some; no expression does."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield child
            yield from _statements(child)


def _is_control(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr == "on_host" and isinstance(function.value, ast.Name) and function.value.id == "control"
    return isinstance(function, ast.Name) and function.id == "control"


def _planned(file: ControlFile, fault: Fault) -> tuple[Control, ...]:
    return tuple(
        Control(
            id=id_, title=title, severity=_severity(severity), requirement=title, decisions=(), params={}, maps={},
            remedy="", typical_exception="", finding_note="", applies={}, checks=(), domain=file.domain,
            path=file.shown, sha256=file.sha256, fault=fault,
        )
        for id_, title, severity, _ in _declarations(file)
    )  # fmt: skip


def _severity(word: str) -> Severity:
    """The severity as declared; the worst for a word that is none, in a file that cannot be used anyway."""
    return Severity(word) if word in set(Severity) else Severity.CRITICAL
