from __future__ import annotations

import shutil
import subprocess
import sysconfig
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commands import ctrlkit
from trials import Here, Trial, shelf, trials

from ctrlkit import trial, trying
from ctrlkit.errors import InputError

WRITTEN = (("control", "DSK-01"), ("adapter", "acme-dialler"), ("plugin", "floor-audits"), ("profile", "my-desk"))


def tried(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """What `ctrlkit test` says, in a process of its own: it evaluates with pytest, as a run's child does."""
    program = Path(sysconfig.get_path("scripts")) / "ctrlkit"
    return subprocess.run([program, "test", *words], cwd=folder, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    for what, name in WRITTEN:
        assert ctrlkit(folder, "new", what, name).code == 0
    return folder


def test_what_is_written_runs_and_passes_its_own_datasets(project: Path) -> None:
    done = tried(project)
    assert done.returncode == 0, done.stdout + done.stderr
    files = [line.split() for line in done.stdout.splitlines() if line.endswith(".")]
    assert [file for file, _ in files] == [
        "tests/controls/DSK-01/cases.yaml",
        "tests/adapters/acme-dialler/readings.yaml",
        "tests/adapters/floor-audits/readings.yaml",
        "profiles/my-desk.yaml",
    ]
    assert done.stdout.endswith("15 passed\n")
    assert "own file controls/dsk.py" in done.stderr


def test_the_first_thing_written_makes_the_folder_a_project_and_says_so(tmp_path: Path) -> None:
    first = ctrlkit(tmp_path, "new", "control", "DSK-01")
    assert "is now a ctrlkit project" in first.out
    assert (tmp_path / "ctrlkit.toml").is_file()
    assert "is now a ctrlkit project" not in ctrlkit(tmp_path, "new", "profile", "my-desk").out


def test_a_failing_row_stands_with_its_cells_and_the_case_with_file_and_line(project: Path, tmp_path: Path) -> None:
    copied = tmp_path / "project"
    shutil.copytree(project, copied)
    control, cases = copied / "controls" / "dsk.py", copied / "tests/controls/DSK-01/cases.yaml"
    control.write_text(control.read_text("utf-8").replace('house(45, "days"', 'house(3, "days"'), "utf-8")
    readings = copied / "tests/adapters/acme-dialler/readings.yaml"
    readings.write_text(readings.read_text("utf-8").replace("account_type: service", "account_type: person"), "utf-8")
    done = tried(copied)
    line = cases.read_text("utf-8").splitlines().index("  - name: everybody signed in lately") + 1
    assert done.returncode == 1
    assert f"FAILED DSK-01 everybody signed in lately\n  tests/controls/DSK-01/cases.yaml:{line}\n" in done.stdout
    assert "verdict: expected passed, found failed" in done.stdout
    assert "+ accounts.csv 3: last used on 2026-10-08\n          system: crm, account_id: ben" in done.stdout
    assert 'row 2, account_type: expected "person", found "service"' in done.stdout


def test_a_control_that_was_never_tried_does_not_pass(tmp_path: Path) -> None:
    assert ctrlkit(tmp_path, "new", "control", "DSK-01").code == 0
    (tmp_path / "tests/controls/DSK-01/cases.yaml").unlink()
    answer = ctrlkit(tmp_path, "test", "DSK-01")
    assert answer.code == 1
    assert "no datasets: expected tests/controls/DSK-01/cases.yaml" in answer.out


def test_datasets_of_a_control_that_is_not_loaded_do_not_pass(tmp_path: Path) -> None:
    assert ctrlkit(tmp_path, "new", "control", "DSK-01").code == 0
    (tmp_path / "ctrlkit.toml").unlink()
    answer = ctrlkit(tmp_path, "test")
    assert answer.code == 1
    assert "is there a ctrlkit.toml in this folder?" in answer.out


def test_nothing_to_try_is_no_pass(tmp_path: Path) -> None:
    answer = ctrlkit(tmp_path, "test")
    assert (answer.code, answer.out) == (3, "")
    assert "nothing to try" in answer.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("control", "desk"), "TOPIC-nn"),
        (("adapter", "../evil"), "small letters"),
        (("profile", "My Desk"), "small letters"),
    ],
)
def test_a_name_that_is_none_writes_nothing(tmp_path: Path, words: tuple[str, str], said: str) -> None:
    answer = ctrlkit(tmp_path, "new", *words)
    assert answer.code == 3
    assert said in answer.err
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_and_nothing_is_written_into_a_pack(tmp_path: Path) -> None:
    assert ctrlkit(tmp_path, "new", "control", "DSK-01").code == 0
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert ctrlkit(tmp_path, "new", "control", "DSK-02").code == 3
    (tmp_path / "pack.yaml").write_text("vendor: x\n", "utf-8")
    assert "is a pack" in ctrlkit(tmp_path, "new", "profile", "my-desk").err
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file() and p.name != "pack.yaml"} == before


def a_trial() -> Trial:
    return next(t for t in trials() if t.id == "MFA-01-one-without-a-factor")


def test_each_thing_that_a_case_says_is_compared(tmp_path: Path) -> None:
    one = a_trial()
    result = trying.outcomes(one, tmp_path, shelf(), ("polars",), Here)["polars"]
    assert trying.differences(one, result) == ()
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"verdict": "passed"}, "verdict: expected passed, found failed"),
        ({"population": 4}, "population: expected 4, found 3"),
        ({"findings": ()}, "  + accounts.csv 3: no second factor enrolled"),
        ({"undecided": ("accounts.csv 2",)}, "  - accounts.csv 2"),
        ({"notes": ("of 9",)}, 'notes: expected one with "of 9"'),
        ({"reason": "moon"}, 'reason: expected "moon" in it'),
    ]
    for changes, said in wrong:
        lines = trying.differences(replace(one, **changes), result)
        assert any(line.startswith(said) for line in lines), lines


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("shows: passes", "show: passes", "cases.yaml:14: cases#1.show: unknown key"),
        ("{3: ", "{99: ", "has no line 98"),
        ("without: [accounts.csv]", "without: [acounts.csv]", "there is no file acounts.csv"),
        ("cut: {accounts.csv: [last_login_at]}", "cut: {accounts.csv: [lastlogin]}", "there is no column lastlogin"),
        ("name: one sleeps", "name: one never came", "is there already"),
        ("population: 3", "population: three", "expected a whole number or none"),
    ],
)
def test_a_slip_in_a_dataset_is_said_with_file_and_line(
    project: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    source = project / "tests" / "controls"
    (tmp_path / "DSK-01").mkdir()
    (tmp_path / "engagement.yaml").write_bytes((source / "engagement.yaml").read_bytes())
    text = (source / "DSK-01" / "cases.yaml").read_text("utf-8").replace(old, new)
    (tmp_path / "DSK-01" / "cases.yaml").write_text(text, "utf-8")
    with pytest.raises(InputError) as caught:
        list(trial.trials(tmp_path))
    assert said in str(caught.value)
