"""The documents tell the truth: words, codes, links, commands and examples are compared with the program."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from dataclasses import fields
from functools import cache
from pathlib import Path

import make_reference
import pytest

from ctrlkit import loader
from ctrlkit.hooks import Hooks
from ctrlkit.model import Cause, Grade, Result, Severity, Verdict
from ctrlkit.options import parser_of
from ctrlkit.stock import take

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
CONTRACT = (ROOT / "docs" / "reference" / "contract.md").read_text("utf-8")
HOOKS = (ROOT / "docs" / "reference" / "hooks.md").read_text("utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *(p for p in ROOT.glob("docs/**/*.md") if "generated" not in p.parts)])
TUTORIAL = ROOT / "docs" / "tutorials" / "first-hour.md"

EXIT_CODES = ["0", "1", "2", "3", "4", "5", "130"]


def section(page: str, title: str) -> str:
    """The text under one heading, as far as the next of its rank."""
    _, _, rest = page.partition(f"\n## {title}\n")
    assert rest, f"no section {title!r}"
    return rest.partition("\n## ")[0]


def first_column(text: str) -> list[str]:
    """The words in backticks that begin the rows of the tables in a section."""
    return [word for row in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for word in re.findall(r"`([^`]+)`", row)]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)


@cache
def told(*words: str) -> str:
    """What the installed program prints, and that it ends without complaint."""
    program = Path(sysconfig.get_path("scripts")) / "ctrlkit"
    return subprocess.run([program, *words], check=True, capture_output=True, text=True, encoding="utf-8").stdout


def test_the_contract_lists_every_verdict_and_cause_in_order() -> None:
    assert first_column(section(CONTRACT, "Verdicts")) == [*Verdict, *Cause]


def test_the_contract_lists_grades_and_severities_in_order() -> None:
    text = section(CONTRACT, "Verdicts")
    assert " ".join(f"`{grade}`" for grade in Grade) in text
    assert " ".join(f"`{severity}`" for severity in Severity) in text


def test_the_contract_lists_the_keys_of_a_result_in_order() -> None:
    assert first_column(section(CONTRACT, "Results")) == [field.name for field in fields(Result)]


def test_the_contract_lists_the_exit_codes() -> None:
    assert first_column(section(CONTRACT, "Exit codes")) == EXIT_CODES


def test_the_contract_lists_the_commands_of_the_program() -> None:
    documented = {word.split()[0] for word in first_column(section(CONTRACT, "Commands"))}
    known = re.search(r"\{([a-z,]+)\}", told("--help"))
    assert known, "ctrlkit --help names no commands"
    assert set(known.group(1).split(",")) == documented


@pytest.mark.parametrize("command", [w.split()[0] for w in first_column(section(CONTRACT, "Commands"))])
def test_the_contract_names_the_options_of_a_command(command: str) -> None:
    """Those that every command has stand apart; the others stand in its row, all of them and no more."""
    (row,) = re.findall(rf"^\| `{command}\b.*$", section(CONTRACT, "Commands"), re.MULTILINE)
    shared = {"--help", "--version", "--color", "--quiet", "--verbose"}
    known = set(re.findall(r"--[a-z][a-z-]*", told(command, "--help"))) - shared
    assert known == set(re.findall(r"--[a-z][a-z-]*", row))


def test_every_hook_is_documented() -> None:
    specs = [name for name in vars(Hooks) if name.startswith("ctrlkit_")]
    assert first_column(HOOKS) == specs
    for name in specs:
        assert getattr(Hooks, name).__doc__, f"{name} has no docstring"


def test_the_plugin_in_the_documents_runs() -> None:
    for source in blocks(HOOKS, "python"):
        room: dict[str, object] = {}
        exec(compile(source, "hooks.md", "exec"), room)  # noqa: S102 - our own page
        assert room["USERS"] in room["ctrlkit_adapters"]()  # type: ignore[operator]


def test_the_control_in_the_readme_is_one(tmp_path: Path) -> None:
    """It loads like anybody's control file, and speaks of a control that ships under the same id and title."""
    (example,) = blocks(README, "python")
    path = tmp_path / "mfa.py"
    path.write_text(example, "utf-8")
    (found,) = loader.load([(path, "mfa.py")]).values()
    assert found.fault is None
    shipped = take(ROOT / "docs").controls[found.id]
    assert (found.title, found.severity) == (shipped.title, shipped.severity)
    assert set(found.checks[0].needs["accounts"]) <= set(shipped.checks[0].needs["accounts"])


def test_the_readme_shows_what_a_run_prints(tmp_path: Path) -> None:
    """Each line under the command stands in the output, in order; `…` stands for lines left out."""
    (shown,) = [b for b in blocks(README, "console") if b.startswith("$ ctrlkit run --profile bpo-philippines\n")]
    program = Path(sysconfig.get_path("scripts")) / "ctrlkit"
    words = [str(program), "run", "--profile", "bpo-philippines", "--color", "never"]
    env = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(words, cwd=tmp_path, env=env, check=False, capture_output=True, text=True, encoding="utf-8")
    printed = iter(done.stdout.splitlines())
    expected = [line for line in shown.splitlines()[1:] if line.strip() not in {"", "…"}]
    assert expected, "the README shows no output"
    for line in expected:
        assert any(line == other for other in printed), f"not printed, or not in this place: {line}\n{done.stderr}"
    bundle = tmp_path / "runs" / (tmp_path / "runs" / "latest").read_text("ascii").strip()
    files = [path.relative_to(bundle).as_posix() for path in bundle.rglob("*") if path.is_file()]
    assert files
    assert not [file for file in files if not any(re.fullmatch(pattern, file) for pattern in in_a_bundle())]


def in_a_bundle() -> list[str]:
    """What the contract says lies in a bundle, as patterns; of a folder all that is in it."""
    tree = section(CONTRACT, "Bundle").partition("\n```\n")[2].partition("\n```")[0]
    patterns, folder = [], ""
    for word in re.split(r"\n *| {2,}", tree):
        path = word if "/" in word else folder + word
        folder = "data/results/" if path.startswith("data/results/") else ""
        whole = re.escape(path).replace("<kind>", "[a-z_]+").replace(re.escape("[client/]"), "(client/)?")
        patterns.append(whole + (".+" if path.endswith("/") else ""))
    return patterns


def test_the_readme_shows_commands_that_exist() -> None:
    known = re.search(r"\{([a-z,]+)\}", told("--help"))
    used = re.findall(r"^\$ ctrlkit ([a-z]+)", README, re.MULTILINE)
    assert known
    assert used
    assert set(used) <= set(known.group(1).split(","))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_to_a_page_leads_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(#[^)\s]*)?\)", page.read_text("utf-8")):
        there = page.parent / target if target else page
        if there.parent.name == "generated":  # made when the site is built
            assert f'"{there.stem}": ' in (ROOT / "tools" / "make_reference.py").read_text("utf-8"), target
            continue
        assert there.exists(), f"{page.name}: {target}"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
            assert anchor[1:] in {re.sub(r"[^a-z0-9 -]", "", t.lower()).replace(" ", "-") for t in titles}


def shown(page: str) -> list[str]:
    """The command lines that a page shows, those that go on after a backslash put together; indented blocks too."""
    text = "".join(re.findall(r"^ *```console\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)).replace("\\\n", " ")
    return [line.strip() for line in re.findall(r"^ *\$ (.*)$", text, re.MULTILINE)]


@pytest.mark.parametrize("page", [p for p in PAGES if "$ ctrlkit" in p.read_text("utf-8")], ids=lambda p: p.name)
def test_every_command_that_a_page_shows_has_words_that_the_program_takes(page: Path) -> None:
    calls = [line for line in shown(page.read_text("utf-8")) if re.match(r"(podman run .* )?ctrlkit ", line)]
    assert calls
    for line in calls:
        words = shlex.split(re.sub(r" >.*$", "", line[line.index("ctrlkit ") :]), comments=True)[1:]
        parser_of(words).parse_args(words)


def test_everything_in_the_tutorial_happens_as_it_says(tmp_path: Path) -> None:
    """Files are written and commands run in order; what stands below a command is printed, `…` where it is cut."""
    env = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    env["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    here = tmp_path / "start"
    here.mkdir()
    done = 0
    for info, text in re.findall(r"^```(\w[^\n]*)\n(.*?)^```", TUTORIAL.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        language, _, file = info.partition(" ")
        if language != "console":
            path = here / file.removeprefix("+")
            path.write_text((path.read_text("utf-8") if file.startswith("+") else "") + text, "utf-8")
            continue
        for command, said in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
            if re.match(r"pip |python3 -m venv|\. \.venv", command):
                continue  # it is installed: these tests try just that
            if command.startswith("cd "):
                here = here / command.removeprefix("cd ")
                continue
            words = ["bash", "-c", command]
            ended = subprocess.run(
                words, cwd=here, env=env, check=False, capture_output=True, text=True, encoding="utf-8"
            )
            expected = "".join(".*" if part == "…" else re.escape(part) for part in re.split("(…)", said))
            assert re.fullmatch(expected + r"\n?", ended.stdout, re.DOTALL), (
                f"$ {command}\n{ended.stdout}{ended.stderr}"
            )
            done += 1
    assert done >= 8


def test_the_site_shows_every_page(tmp_path: Path) -> None:
    """Those made of the program hold all that it lists; links to pages at the repository's top lead to copies."""
    make_reference.write(tmp_path)
    shelf = take(tmp_path)
    for what, names in {
        "controls": shelf.controls,
        "kinds": shelf.kinds,
        "adapters": [adapter.name for adapter in shelf.adapters],
        "profiles": [file.name.removesuffix(".yaml") for file in shelf.profiles],
    }.items():
        page = (tmp_path / f"{what}.md").read_text("utf-8")
        assert not [name for name in names if name not in page]
    page = (tmp_path / "causes.md").read_text("utf-8") + (tmp_path / "exits.md").read_text("utf-8")
    assert not [word for word in (*Cause, *EXIT_CODES) if f"`{word}`" not in page]
    assert not [p.name for p in tmp_path.glob("*.md") if re.search(r"\]\([./]*[A-Z]+\.md", p.read_text("utf-8"))]


def test_the_site_is_built_with_warnings_as_errors() -> None:
    """Broken links are warnings; scripts/test.sh builds it for every change."""
    script = (ROOT / "scripts" / "test.sh").read_text("utf-8")
    assert re.search(r'^step "docs" .*sphinx-build -q -n -W --keep-going', script, re.MULTILINE)


def test_the_first_page_leads_to_every_other() -> None:
    first = ROOT / "docs" / "index.md"
    linked = {target for target, _ in re.findall(r"\]\(([^)#:\s]+)(#[^)\s]*)?\)", first.read_text("utf-8"))}
    pages = {p.relative_to(first.parent).as_posix() for p in PAGES if first.parent in p.parents and p != first}
    assert not pages - linked


def test_scripts_in_the_readme_exist() -> None:
    named = re.findall(r"^\$ sh (\S+)", README, re.MULTILINE)
    assert sorted(named) == ["scripts/test.sh", "scripts/try.sh"]
    assert all((ROOT / name).is_file() for name in named)


def test_ci_calls_the_command_of_the_readme() -> None:
    assert "exec sh scripts/test.sh" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_starting_the_program_loads_no_heavy_library() -> None:
    """`ctrlkit --help` answers at once: no frames, no schema validator, no pytest."""
    heavy = ["duckdb", "fastexcel", "jsonschema", "polars", "pytest", "sqlalchemy"]
    ask = f"import sys; from ctrlkit import cli; print(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []
