"""The recipes for CI, the action and the container file: valid, and what their steps do is what they promise."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import runs
import small_vendor
import yaml
from commands import ctrlkit

from ctrlkit.recipe import ANNOTATE, FETCH, SERVICES, recipe

ROOT = Path(__file__).resolve().parent.parent
PROFILE = "name: desk\ntitle: Desk\ncontrols: {add: [MFA-01, REM-01]}\n"
SCHEMAS = {"github": "github-workflows", "gitlab": "gitlab-ci", "azure": "azure-pipelines"}


def text_of(service: str) -> str:
    return recipe(service, "0.1.0", "desk")[1]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client's folder as CI checks it out; the vendor's handover lies in it as a zip, elsewhere.zip."""
    folder = tmp_path_factory.mktemp("ci")
    small_vendor.write(folder / "vendor", small_vendor.weak())
    for name, text in {"desk.yaml": PROFILE}.items():
        (folder / "vendor" / name).write_text(text, "utf-8")
    words = ["--profile", "desk.yaml", "--engagement", "engagement.yaml", "--engagement-key", "engagement.key"]
    answer = ctrlkit(folder / "vendor", "handover", "vendor", *words, "--as-of", small_vendor.AS_OF)
    assert answer.code in (0, 2), answer.err
    handed = folder / "vendor" / "runs"
    bundle = (handed / "latest").read_text("ascii").strip()
    shutil.make_archive(str(folder / "elsewhere"), "zip", handed, bundle)
    client = folder / "client"
    (client / "profiles").mkdir(parents=True)
    (client / "profiles" / "desk.yaml").write_text(PROFILE, "utf-8")
    (client / "ctrlkit.toml").write_text("", "utf-8")
    shutil.copyfile(folder / "vendor" / "engagement.yaml", client / "engagement.yaml")
    return client


def commands(service: str) -> list[str]:
    """The shell texts of a recipe's steps, in order, without the one that installs ctrlkit."""
    if service == "jenkins":
        found = [a or b for a, b in re.findall(r"^ *sh (?:'''(.*?)'''|'([^'\n]*)')$", text_of(service), re.MULTILINE)]
        found = [text.replace(".venv/bin/", "") for text in found]
    else:
        said: dict[str, Any] = yaml.safe_load(text_of(service))
        if service == "gitlab":
            found = list(said["ctrlkit"]["script"])
        else:
            steps = said["jobs"]["ctrlkit"]["steps"] if service == "github" else said["steps"]
            found = [step[key] for step in steps for key in ("run", "script") if key in step]
    assert "pip install" in found[0]
    return found[1:]


def shell(command: str, folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([sysconfig.get_path("scripts"), str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "HANDOVER_URL": url, "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
    words = ["bash", "-e", "-c", command]
    return subprocess.run(words, cwd=folder, env=env, check=False, capture_output=True, text=True, encoding="utf-8")


@pytest.mark.parametrize("service", SCHEMAS)
def test_a_recipe_is_what_its_service_s_own_schema_asks(service: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.yml"
    path.write_text(text_of(service), "utf-8")
    valid(SCHEMAS[service], path)


def valid(schema: str, path: Path) -> None:
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
    # A pattern of Azure's own schema is none for a strict reader of patterns.
    words += ["--regex-variant", "nonunicode"] if schema == "azure-pipelines" else []
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_jenkinsfile_is_a_declarative_pipeline_with_every_bracket_closed() -> None:
    """No linter of Jenkins runs without Jenkins; this is what can be said without one."""
    text = re.sub(r"'''.*?'''|'[^'\n]*'|\"[^\"\n]*\"|^\s*//.*$", "", text_of("jenkins"), flags=re.MULTILINE)
    depth = [0]
    for sign in re.findall(r"[{}()]", text):
        depth.append(depth[-1] + (1 if sign in "{(" else -1))
        assert depth[-1] >= 0
    assert depth[-1] == 0
    assert text.split()[:2] == ["pipeline", "{"]
    sections = re.findall(r"^  (\w+) ", text, re.MULTILINE)
    assert sections == ["agent", "options", "triggers", "environment", "stages", "post"]


def test_jenkins_runs_what_gitlab_runs() -> None:
    assert commands("jenkins") == commands("gitlab")


@pytest.fixture(scope="module")
def judged(desk: Path) -> tuple[Path, list[subprocess.CompletedProcess[str]]]:
    """The client's folder after all steps of GitHub's recipe, and what each step did."""
    folder = Path(shutil.copytree(desk, desk.parent / "judged"))
    return folder, [shell(text, folder, (desk.parent / "elsewhere.zip").as_uri()) for text in commands("github")]


def test_the_steps_of_a_recipe_judge_the_handover_and_end_as_ctrlkit_does(
    judged: tuple[Path, list[subprocess.CompletedProcess[str]]],
) -> None:
    folder, (fetch, judge, annotate) = judged
    assert fetch.returncode == 0, fetch.stderr
    assert judge.returncode == 1, judge.stdout + judge.stderr
    assert "MFA-01" in (folder / "summary.md").read_text("utf-8")
    assert "<testsuite" in (folder / "junit.xml").read_text("utf-8")
    assert (annotate.returncode, "MFA-01 failed" in annotate.stdout) == (0, True), annotate.stderr


@pytest.mark.parametrize("service", ["gitlab", "azure"])
def test_other_recipes_ask_ctrlkit_for_the_same(
    service: str, judged: tuple[Path, list[subprocess.CompletedProcess[str]]], tmp_path: Path
) -> None:
    """One run is enough: their words differ in where the summary goes, and Azure's last steps work on what it left."""
    judge, *after = commands(service)[1:]
    words = shlex.split(judge.partition(" > ")[0])
    (own,) = [line for line in commands("github")[1].splitlines() if line.startswith("ctrlkit run ")]
    assert words == shlex.split(own.replace("$GITHUB_STEP_SUMMARY", "summary.md"))
    folder = Path(shutil.copytree(judged[0], tmp_path / "client"))
    done = [shell(text, folder, "") for text in after]
    assert [step.returncode for step in done] == [0] * len(done), [step.stderr for step in done]
    if service == "azure":
        assert "MFA-01 failed" in done[0].stdout
        assert {path.name for path in (folder / "kept").iterdir()} == {"summary.md", "runs"}


@pytest.mark.parametrize("service", SCHEMAS)
def test_a_handover_that_does_not_come_ends_in_3_and_never_in_green(service: str, desk: Path, tmp_path: Path) -> None:
    fetch, judge = commands(service)[:2]
    assert shell(fetch, tmp_path, (desk / "nowhere.zip").as_uri()).returncode == 3
    (tmp_path / "handover.zip").write_bytes(b"<html>Sign in</html>")
    assert shell(judge, tmp_path, "").returncode == 3
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("service", SERVICES)
def test_a_recipe_names_every_exit_code_and_keeps_evidence_out(service: str) -> None:
    text = text_of(service)
    for code in "012345":
        assert re.search(rf"[ .·]\b{code} (all|something|the|nothing|a fault)\b|\b{code} the$", text, re.MULTILINE), (
            code
        )
    assert "git add" not in text
    assert not re.search(r"^\s*(- )?(uses: actions/)?cache\b", text, re.MULTILINE)
    assert "evidence/" not in text
    assert "ENGAGEMENT_KEY" not in text


@pytest.mark.parametrize("service", ANNOTATE)
def test_a_result_cannot_give_orders_through_an_annotation(service: str, tmp_path: Path) -> None:
    """One line each, whatever the reason holds; the worst first, ten at most, and nothing that is in order."""
    hostile = [r for r in runs.hostile().results if r.control != "BAD-03"]
    lines = [r.line() for r in (*runs.every_verdict().results, *hostile)]
    path = tmp_path / "results.ndjson"
    path.write_text("".join(lines), "utf-8", errors="replace")
    done = subprocess.run(["jq", "-rn", ANNOTATE[service], path], check=True, capture_output=True, text=True)
    said = done.stdout.splitlines()
    begins = {"github": "::error title=", "azure": "##vso[task.logissue type=error]"}[service]
    assert all(line.startswith(begins) for line in said)
    words = [line.removeprefix(begins).split()[0] for line in said]
    assert words == ["MFA-01", "EML-05", "LOG-01", "REM-01", "BAD-01", "BAD-02"]


def test_the_action_is_what_github_s_schema_asks_and_annotates_as_the_recipe_does() -> None:
    path = ROOT / "action.yml"
    valid("github-actions", path)
    said: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    steps = said["runs"]["steps"]
    shells = [step["run"] for step in steps if "run" in step]
    assert any(ANNOTATE["github"] in text for text in shells)
    # What a caller gives reaches the shell as a variable, never as text of the script.
    assert not [text for text in shells if "${{" in text]
    used = set(re.findall(r"inputs\.([a-z-]+)", path.read_text("utf-8")))
    assert used == set(said["inputs"])


@pytest.mark.parametrize("code", ["right", "wrong"])
def test_the_action_s_steps_judge_a_handover(code: str, desk: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(desk, tmp_path / "client"))
    said: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    (judge,) = [step["run"] for step in said["runs"]["steps"] if step.get("id") == "judge"]
    bundle = desk.parent / ("elsewhere.zip" if code == "right" else "nowhere.zip")
    values = {"BUNDLE": str(bundle), "PROFILE": "desk", "ENGAGEMENT": "engagement.yaml", "FAIL_ON": "low"}
    values |= {"VENDOR_KEY": "", "OUT": "runs", "JUNIT": "junit.xml", "GITHUB_OUTPUT": "outputs.txt"}
    given = "".join(f"export {name}={json.dumps(value)}\n" for name, value in values.items())
    done = shell(given + judge, folder, "")
    assert done.returncode == (1 if code == "right" else 3), done.stdout + done.stderr
    outputs = dict(line.split("=", 1) for line in (folder / "outputs.txt").read_text("utf-8").splitlines())
    assert outputs["exit-code"] == str(done.returncode)
    assert (folder / outputs["bundle"] / "bagit.txt").is_file() is (code == "right")


def test_the_container_takes_the_wheel_from_this_checkout_and_runs_it_as_nobody_special() -> None:
    steps = re.findall(r"^([A-Z]+) (.*)$", (ROOT / "Containerfile").read_text("utf-8"), re.MULTILINE)
    words = [step for step, _ in steps]
    assert words.count("FROM") == 2
    assert all("-slim" in value for step, value in steps if step == "FROM")
    taken = {w for step, value in steps if step == "COPY" and "--from" not in value for w in value.split()[:-1]}
    assert taken == {"pyproject.toml", "README.md", "LICENSE", "src", "controls", "evidence", "plugins", "profiles"}
    assert all((ROOT / name).exists() for name in taken)
    (user,) = [value for step, value in steps if step == "USER"]
    assert int(user) > 0
    (entry,) = [json.loads(value) for step, value in steps if step == "ENTRYPOINT"]
    assert entry == ["ctrlkit"]


def test_the_fetch_of_every_recipe_is_the_same_line() -> None:
    assert all(FETCH in text_of(service) for service in SERVICES)
