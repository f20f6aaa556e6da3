"""The rules of the house: who may import whom, what is shipped, what no file may hold."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ctrlkit.loader import AUTHORS

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "ctrlkit"

LAYERS = (
    "errors",
    "model",
    "closed",
    "written",
    "visible",
    "scan",
    "words",
    "markup",
    "coverage",
    "terminal",
    "strict_yaml",
    "document",
    "kind",
    "hooks",
    "literal",
    "term",
    "months",
    "expression",
    "lengths",
    "amount",
    "known",
    "arithmetic",
    "rows",
    "engine",
    "interval",
    "table",
    "succession",
    "streaks",
    "figure",
    "grouping",
    "pairing",
    "sequence",
    "relation",
    "owner",
    "share",
    "fact_kind",
    "fact",
    "check",
    "presence",
    "decision",
    "listing",
    "outcome",
    "engagement",
    "parameter",
    "profile",
    "waiver",
    "pack_file",
    "value_map",
    "pack_source",
    "pack",
    "spf",
    "mail_records",
    "dns_pack",
    "dns_lookup",
    "dns_survey",
    "mta_sts",
    "inventory_list",
    "inventory",
    "known_hosts",
    "host_fault",
    "ssh_config",
    "secret",
    "identity",
    "host_key",
    "wire",
    "session",
    "jump",
    "sign_in",
    "exchange",
    "ssh",
    "tally",
    "host_file",
    "collect",
    "transcript",
    "facts",
    "hosts",
    "probe_script",
    "powershell_script",
    "moment",
    "cell",
    "column",
    "sensitive",
    "placeholder",
    "reader",
    "raw",
    "problem",
    "layout",
    "canonical",
    "rows_file",
    "whole",
    "delimited",
    "sheet_parts",
    "workbook",
    "ingested",
    "paging",
    "parquet",
    "records",
    "tabled",
    "opening",
    "guessing",
    "recognition",
    "matching",
    "cache",
    "ingest",
    "derive",
    "privacy",
    "scope",
    "parts",
    "settling",
    "sweep",
    "evaluated",
    "identities",
    "rostered",
    "assemble",
    "sampling",
    "canary",
    "envelope",
    "canvas",
    "weighing",
    "signs",
    "declaration",
    "terms",
    "__init__",
    "loader",
    "stock",
    "plan",
    "comparison",
    "reconciliation",
    "plots",
    "progress",
    "pytest_plugin",
    "evaluate",
    "worker",
    "books",
    "bag",
    "archive",
    "agreement",
    "instructions",
    "verification",
    "bundle",
    "retention",
    "followed",
    "predecessor",
    "signature",
    "keyring",
    "statement",
    "seals",
    "receipt",
    "timestamp",
    "key_change",
    "case",
    "gather",
    "carried",
    "originals",
    "job",
    "payload",
    "papers",
    "run",
    "collection",
    "replay",
    "reopen",
    "spreadsheet",
    "reveal",
    "rekey",
    "trial",
    "trying",
    "adapter_trial",
    "past",
    "ledger",
    "trend",
    "chronicle",
    "history_page",
    "portfolio",
    "catalogue",
    "explain",
    "file_state",
    "template",
    "inspection",
    "readiness",
    "recipe",
    "ways",
    "asked",
    "staff_notice",
    "request_words",
    "request_book",
    "keygen",
    "editor",
    "start",
    "skeleton",
    "custody_flags",
    "flags",
    "options",
    "console",
    "status_line",
    "desk",
    "asking",
    "authoring",
    "collecting",
    "completing",
    "drawing",
    "reporting",
    "custody",
    "checking",
    "looking_back",
    "commands",
    "rounds",
    "cli",
    "__main__",
)
"""The rooms, lowest first. A module may import only what stands before it; a new module needs a place here."""

PLUGINS_MAY_IMPORT = {"closed", "coverage", "errors", "hooks", "kind", "markup", "model", "visible", "words"}
"""What a stranger's plugin may rely on is all that a shipped one uses."""

AUTHORS_MAY_IMPORT = {"__init__", "kind"}
"""What the loader lets a control file import of ctrlkit; a test compares the two."""

OWNERS = {
    "fastexcel": {"workbook"},
    "xlsxwriter": {"spreadsheet"},
    "rfc3161_client": {"timestamp"},
    "dns": {"dns_lookup"},
    "paramiko": {"ssh"},
    "cryptography": {"signature"},
    "argcomplete": {"completing"},
    "jsonschema": {"document"},
    "sqlalchemy": {"ledger"},
    "pluggy": {"hooks"},
    "pytest": {"pytest_plugin"},
    "_pytest": {"pytest_plugin"},
    "yaml": {"strict_yaml"},
}
"""Outside libraries that one module alone knows."""

CLOCKS = {"cli"}
"""Modules that may ask what time it is."""

PROGRAMS = {"__main__", "cli", "worker"}
WALLS = {"cli", "loader", "pytest_plugin", "records", "stock", "worker"}
"""Modules with a boundary that catches whatever a stranger's code raises."""

NOT_EVERYWHERE = {"fcntl", "grp", "pwd", "resource", "termios"}
"""Standard modules that Windows does not have: imported inside a function that can do without, never at the top."""

SHIPPED = {
    "ctrlkit": SOURCE,
    **{f"ctrlkit/{f}": ROOT / f for f in ("controls", "evidence", "plugins", "profiles")},
}
"""Folder in the wheel -> folder in the checkout."""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def modules() -> list[Path]:
    return sorted(SOURCE.glob("*.py"))


def content(folder: str) -> list[Path]:
    return sorted(p for p in (ROOT / folder).glob("*.py") if p.name != "__init__.py")


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, at the top or inside a function, and the line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                # A folder of content has one name in the checkout and another once installed; a neighbour has neither.
                assert path.parent != SOURCE, f"{path.name}:{node.lineno}: a relative import; write `from ctrlkit.x`"
                continue
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield (whole if node.module == "ctrlkit" else str(node.module)), node.lineno


def rooms_imported(path: Path) -> Iterator[tuple[str, int]]:
    """The modules of ctrlkit that a file imports; `from ctrlkit import control` of an author is `__init__`."""
    known = {m.stem for m in modules()}
    for name, line in imported(path):
        if name.partition(".")[0] == "ctrlkit":
            room = name.split(".")[1] if "." in name else "__init__"
            yield (room if room in known or name.count(".") > 1 else "__init__"), line


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Every name called, dotted where it is."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.stem)
def test_a_module_imports_only_what_stands_above_it(path: Path) -> None:
    assert path.stem in LAYERS, f"{path.stem} has no place in LAYERS"
    above = LAYERS[: LAYERS.index(path.stem)]
    wrong = [f"{path.name}:{line}: {room}" for room, line in rooms_imported(path) if room not in above]
    assert not wrong


def test_every_place_in_the_order_is_a_module() -> None:
    assert not set(LAYERS) - {m.stem for m in modules()}


@pytest.mark.parametrize("path", content("plugins"), ids=lambda p: p.stem)
def test_a_shipped_plugin_uses_only_the_doors_of_a_stranger(path: Path) -> None:
    wrong = [f"{path.name}:{line}: {room}" for room, line in rooms_imported(path) if room not in PLUGINS_MAY_IMPORT]
    assert not wrong


@pytest.mark.parametrize("path", content("controls"), ids=lambda p: p.stem)
def test_a_shipped_control_imports_only_what_an_author_may(path: Path) -> None:
    wrong = [f"{path.name}:{line}: {room}" for room, line in rooms_imported(path) if room not in AUTHORS_MAY_IMPORT]
    assert not wrong


def test_the_loader_lets_authors_import_just_that() -> None:
    assert {name.partition(".")[2] or "__init__" for name in AUTHORS} == AUTHORS_MAY_IMPORT


@pytest.mark.parametrize("library", OWNERS)
def test_one_module_knows_an_outside_library(library: str) -> None:
    users = {m.stem for m in modules() for name, _ in imported(m) if name.partition(".")[0] == library}
    assert users <= OWNERS[library]


@pytest.mark.parametrize("path", [m for m in modules() if m.stem not in PROGRAMS], ids=lambda p: p.stem)
def test_only_the_command_line_prints_and_exits(path: Path) -> None:
    words = {"print", "sys.exit", "exit", "quit", "SystemExit"}
    assert not [f"{path.name}:{line}: {name}" for name, line in calls(path) if name in words]


@pytest.mark.parametrize("path", [m for m in modules() if m.stem not in CLOCKS], ids=lambda p: p.stem)
def test_no_other_module_asks_the_clock(path: Path) -> None:
    clock = re.compile(r"^((datetime|date|dt)\b.*\.(now|today|utcnow)|time\.(time|time_ns|localtime|gmtime|strftime))$")
    assert not [f"{path.name}:{line}: {name}" for name, line in calls(path) if clock.search(name)]


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.stem)
def test_no_module_swallows_what_it_does_not_know(path: Path) -> None:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ExceptHandler) and path.stem not in WALLS:
            caught = "" if node.type is None else ast.unparse(node.type)
            assert caught not in {"", "Exception", "BaseException"}, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.stem)
def test_a_module_loads_where_there_is_no_unix(path: Path) -> None:
    for node in tree(path).body:
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
        assert not NOT_EVERYWHERE & set(names), f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", [*modules(), *content("plugins"), *content("controls")], ids=lambda p: p.stem)
def test_a_module_says_first_what_it_is_for(path: Path) -> None:
    said = (ast.get_docstring(tree(path)) or "").partition("\n")[0]
    assert re.match(r"[A-Za-z`].*[.!?]$", said), f"{path.name}: {said!r} is no sentence"


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.stem)
def test_a_module_fits_in_the_head(path: Path) -> None:
    lines = path.read_text("utf-8").count("\n")
    assert lines <= 330, f"{path.name} has {lines} lines; about 250 is what a person holds in the head: split it"


@pytest.mark.parametrize("path", modules(), ids=lambda p: p.stem)
def test_names_say_what_they_name(path: Path) -> None:
    assert not re.search(r"util|helper|common|manager|base|core", path.stem)
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            assert not node.name.startswith("get_"), f"{path.name}:{node.lineno}: {node.name}"


def test_a_folder_of_content_is_not_hidden_by_a_module() -> None:
    """An editable install would import src/ctrlkit/evidence.py, the wheel the folder evidence/."""
    assert not [name for name in ("controls", "evidence", "plugins", "profiles") if (SOURCE / f"{name}.py").exists()]


def test_folders_of_code_are_flat() -> None:
    """A package that pyproject.toml does not list is left out of the wheel without a word."""
    folders = [SOURCE, *(ROOT / name for name in ("controls", "evidence", "plugins", "profiles"))]
    assert not [p for folder in folders for p in folder.glob("*/**/*.py") if "__pycache__" not in p.parts]


def checkout() -> set[str]:
    """What the wheel must hold, as paths in it: every file of the five folders that git keeps or would keep."""
    kept = {p for folder in SHIPPED.values() for p in tracked(folder)}
    return {
        f"{there}/{p.relative_to(here).as_posix()}"
        for there, here in SHIPPED.items()
        for p in kept
        if p.is_relative_to(here)
    }


def tracked(folder: Path) -> set[Path]:
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        words = [git, "-C", str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split("\0")
        return {path for name in listed if name and (path := folder / name).exists()}
    unkept = re.compile(r"(^|/)(\.|__pycache__/|build/|dist/|runs/|[^/]*\.egg-info/)")
    files = (path for path in folder.rglob("*") if not path.is_dir())
    return {path for path in files if not unkept.search(path.relative_to(folder).as_posix())}


def wheel_under_test(folder: Path) -> Path:
    """The wheel that CTRLKIT_WHEEL names, or one built here from a copy (a build folder would ship what lies in it)."""
    if named := os.environ.get("CTRLKIT_WHEEL"):
        return Path(named)
    copy = folder / "copy"
    for path in {p for here in SHIPPED.values() for p in tracked(here)} | {
        ROOT / n for n in ("pyproject.toml", "README.md", "LICENSE")
    }:
        to = copy / path.relative_to(ROOT)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, to)
    build = "from setuptools.build_meta import build_wheel; print(build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=copy, check=True, capture_output=True, text=True)
    return copy / done.stdout.split()[-1]


def test_the_wheel_holds_the_checkout_and_nothing_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel_under_test(tmp_path)) as wheel:
        packed = {name for name in wheel.namelist() if not name.partition("/")[0].endswith(".dist-info")}
    assert packed == checkout()


def texts() -> Iterator[tuple[Path, str]]:
    for path in sorted(tracked(ROOT)):
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".sh", ".csv", ""}:
            yield path, path.read_text("utf-8")


def test_no_file_speaks_of_the_place_where_it_was_written() -> None:
    """A path of one machine, or of a folder beside the checkout, means nothing to anyone else."""
    place = re.compile(r"/root/|/home/[a-z]|/tmp/[a-z]")
    assert not [str(p.relative_to(ROOT)) for p, text in texts() if p != Path(__file__) and place.search(text)]


def test_no_link_and_no_name_that_another_system_refuses() -> None:
    paths = tracked(ROOT)
    assert not [p for p in paths if p.is_symlink()]
    assert not [p for p in paths if re.search(r'[:*?"<>|\\]|[ .]$', str(p.relative_to(ROOT)))]
    assert len({str(p).casefold() for p in paths}) == len(paths)


def test_line_ends_are_the_same_everywhere() -> None:
    assert not [
        str(p.relative_to(ROOT))
        for p in tracked(ROOT)
        if p.suffix in {".py", ".sh", ".toml", ".md"} and b"\r" in p.read_bytes()
    ]
