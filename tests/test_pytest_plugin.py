"""The fence: whatever a check does, it is not green unless it asserted something that holds, and the next one runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fence import GOOD, evaluated, item, tried, write

CRASHED = {
    "skips": "import pytest\ndef test_it():\n    assert True\n    pytest.skip('not today')",
    "imports or skips": "import pytest\ndef test_it():\n    pytest.importorskip('no_such_module')",
    "marks itself as expected to fail": "import pytest\ndef test_it():\n    assert True\n    pytest.xfail('known')",
    "exits pytest": "import pytest\ndef test_it():\n    assert True\n    pytest.exit('bye')",
    "exits pytest with 0": "import pytest\ndef test_it():\n    pytest.exit('bye', returncode=0)",
    "exits Python": "def test_it():\n    assert True\n    raise SystemExit(0)",
    "calls exit": "def test_it():\n    exit(0)",
    "recurses without end": "def test_it():\n    test_it()",
    "asks for what nobody gives": "def test_it(no_such_thing):\n    assert True",
    "asks for a kind it does not read": "def test_it(accounts):\n    assert True",
    "raises": "def test_it():\n    assert True\n    raise ValueError('boom')",
    "raises a bare base exception": "def test_it():\n    raise BaseException('boom')",
    "yields": "def test_it():\n    assert True\n    yield",
    "awaits": "async def test_it():\n    assert True",
    "has a fixture that fails": (
        "import pytest\n@pytest.fixture\ndef bad():\n    raise OSError('x')\ndef test_it(bad): assert True"
    ),
    "has a fixture that fails afterwards": (
        "import pytest\n@pytest.fixture\ndef bad():\n    yield 1\n    raise OSError('x')\ndef test_it(bad): assert True"
    ),
    "raises an assertion error from elsewhere": (
        "import operator\nclass Odd:\n    def __eq__(self, _): raise LookupError\n"
        "def test_it():\n    assert operator.eq(Odd(), 1)"
    ),
    "touches a generator that is spent": "def test_it():\n    assert next(iter(()))",
    "makes a temporary file": "import tempfile\ndef test_it():\n    assert tempfile.mkstemp()",
    "interrupts": "def test_it():\n    raise KeyboardInterrupt",
}


@pytest.mark.parametrize("name", CRASHED)
def test_a_check_that_ends_badly_is_an_error(tmp_path: Path, name: str) -> None:
    outcome = tried(tmp_path, CRASHED[name])
    assert (outcome.state, outcome.cause) == ("error", "crashed"), outcome


NOTHING = {
    "returns true": "def test_it():\n    return True",
    "loops over nothing": "def test_it():\n    for x in ():\n        assert x",
    "is empty": "def test_it():\n    pass",
    "asserts only where nobody goes": "def test_it():\n    if False:\n        assert True",
    "swallows everything before it asserts": (
        "def test_it():\n    try:\n        raise OSError\n        assert True\n    except BaseException:\n        pass"
    ),
    "swallows its only assertion": (
        "def test_it():\n    try:\n        assert 1 == 2\n    except AssertionError:\n        pass"
    ),
}


@pytest.mark.parametrize("name", NOTHING)
def test_a_check_that_asserts_nothing_is_an_error(tmp_path: Path, name: str) -> None:
    outcome = tried(tmp_path, NOTHING[name])
    assert (outcome.state, outcome.cause) == ("error", "no_assertion"), outcome


FAILED = {
    "asserts what is not": "def test_it():\n    assert 1 == 2",
    "fails in words": "import pytest\ndef test_it():\n    pytest.fail('wrong')",
    "is marked to be skipped": "import pytest\n@pytest.mark.skip\ndef test_it():\n    assert 1 == 2",
    "is marked to be skipped if": (
        "import pytest\n@pytest.mark.skipif(True, reason='x')\ndef test_it():\n    assert 1 == 2"
    ),
    "is marked to fail": "import pytest\n@pytest.mark.xfail\ndef test_it():\n    assert 1 == 2",
    "is in a file that is marked": "import pytest\npytestmark = pytest.mark.skip\ndef test_it():\n    assert 1 == 2",
    "returns true after that": "def test_it():\n    assert 1 == 2\n    return True",
}


@pytest.mark.parametrize("name", FAILED)
def test_a_check_that_does_not_hold_fails_whatever_it_is_marked(tmp_path: Path, name: str) -> None:
    outcome = tried(tmp_path, FAILED[name])
    assert (outcome.state, len(outcome.findings)) == ("failed", 1), outcome
    assert (outcome.population, outcome.exceptions) == (None, None)
    assert outcome.reason.startswith("controls/hostile.py:")


ENDED = {
    "ends the process": "import os\ndef test_it():\n    assert True\n    os._exit(0)",
    "kills it": "import os, signal\ndef test_it():\n    assert True\n    os.abort()",
}


@pytest.mark.parametrize("name", ENDED)
def test_a_check_that_ends_the_process_loses_only_itself(tmp_path: Path, name: str) -> None:
    outcome = tried(tmp_path, ENDED[name])
    assert (outcome.state, outcome.cause) == ("error", "crashed"), outcome


ENDLESS = {
    "loops": "def test_it():\n    while True: pass",
    "loops and swallows all": (
        "def test_it():\n    while True:\n        try:\n"
        "            while True: pass\n        except BaseException: pass"
    ),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_check_without_end_is_ended(tmp_path: Path, name: str) -> None:
    outcome = tried(tmp_path, ENDLESS[name], seconds=6)
    assert (outcome.state, outcome.cause) == ("error", "crashed")
    assert outcome.reason == "the check took longer than 6 s"


FORBIDDEN = {
    "opens a file": "def test_it():\n    assert open('/etc/hostname')",
    "opens a file in its folder": "def test_it():\n    assert open('secret.txt')",
    "writes its own file": "def test_it():\n    assert open(__file__, 'w')",
    "writes by descriptor": "import os\ndef test_it():\n    assert os.open(__file__, os.O_WRONLY)",
    "removes its own file": "import os\ndef test_it():\n    os.remove(__file__)",
    "opens a socket": "import socket\ndef test_it():\n    assert socket.socket()",
    "asks for a name": "import socket\ndef test_it():\n    assert socket.gethostbyname('crm.example')",
    "starts a process": "import subprocess\ndef test_it():\n    assert subprocess.run(['true'])",
    "starts a shell": "import os\ndef test_it():\n    assert os.system('true') == 0",
    "forks": "import os\ndef test_it():\n    assert os.fork()",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_a_check_that_reaches_beyond_its_evidence_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    outcome = tried(tmp_path, FORBIDDEN[name])
    assert (outcome.state, outcome.cause) == ("error", "forbidden"), outcome


HOSTILE = {
    "pytest.ini": "[pytest]\naddopts = --collect-only -p no:python\npython_functions = nothing\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--deselect controls"\nxfail_strict = false\n',
    "tox.ini": "[pytest]\naddopts = --co\n",
    "conftest.py": (
        "import pytest\ndef pytest_runtest_call(item): pytest.skip('no')\n"
        "def pytest_collection_modifyitems(items): items.clear()\n"
    ),
    "sitecustomize.py": "raise SystemExit(0)\n",
    "pytest.py": "def main(*a, **k): return 0\n",
    "polars.py": "raise SystemExit(0)\n",
}


@pytest.mark.parametrize("where", ["the folder it is started in", "the folder of the control"])
def test_what_lies_in_a_folder_changes_nothing(tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings, conftest, modules of a known name, environment: a failing check fails, a passing one passes."""
    path = write(tmp_path / "controls" / "login.py", "def test_it():\n    assert 1 == 2\n\n" + GOOD)
    folder = tmp_path if where.startswith("the folder it") else path.parent
    for name, text in HOSTILE.items():
        (folder / name).write_text(text, "utf-8")
    (path.parent / "__init__.py").write_text("raise SystemExit(0)\n", "utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only --deselect x")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    outcomes = evaluated(tmp_path, [item(0, path, "test_it"), item(1, path, "test_good")])
    assert [outcomes[i].state for i in (0, 1)] == ["failed", "passed"]


def test_two_files_of_one_name_stay_two(tmp_path: Path) -> None:
    """With `__init__.py` beside both; one of them must not answer for the other."""
    one = write(tmp_path / "one" / "controls" / "login.py", GOOD)
    other = write(tmp_path / "other" / "controls" / "login.py", "def test_good():\n    assert 1 == 2\n")
    for path in (one, other):
        (path.parent / "__init__.py").write_text("", "utf-8")
    outcomes = evaluated(tmp_path, [item(0, one, "test_good"), item(1, other, "test_good")])
    assert [outcomes[i].state for i in (0, 1)] == ["passed", "failed"]


@pytest.mark.parametrize("folder", ["a [b] c", "a::b" if os.name != "nt" else "a b", "-k nothing"])
def test_a_folder_may_have_any_name(tmp_path: Path, folder: str) -> None:
    path = write(tmp_path / folder / "login.py", GOOD)
    assert evaluated(tmp_path, [item(0, path, "test_good")])[0].state == "passed"


def test_byte_code_that_lies_about_is_not_run(tmp_path: Path) -> None:
    """A plain pytest over the file leaves one in which asserts say nothing; and one of an older file passes."""
    path = write(tmp_path / "controls" / "login.py", GOOD)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", str(path)],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(path.parent)], check=True)
    stat = path.stat()
    assert evaluated(tmp_path, [item(0, path, "test_good")])[0].state == "passed"
    path.write_text(path.read_text("utf-8").replace("== 2", "== 3"), "utf-8")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert evaluated(tmp_path, [item(0, path, "test_good")])[0].state == "failed"


def test_a_file_changed_after_the_plan_does_not_run(tmp_path: Path) -> None:
    """Nor one that went away; the items of other files do."""
    changed, gone, other = (write(tmp_path / "controls" / f"{n}.py", GOOD) for n in ("changed", "gone", "other"))
    items = [item(i, path, "test_good") for i, path in enumerate((changed, gone, other))]
    changed.write_text(GOOD + "# another", "utf-8")
    gone.unlink()
    outcomes = evaluated(tmp_path, items)
    assert [(outcomes[i].state, outcomes[i].cause) for i in range(3)] == [
        ("error", "did_not_run"), ("error", "did_not_run"), ("passed", None),
    ]  # fmt: skip
    assert "changed while the run was going on" in outcomes[0].reason


def test_an_authors_own_fixtures_work_and_are_his_files_alone(tmp_path: Path) -> None:
    body = "import pytest\n@pytest.fixture\ndef limit():\n    return 3\ndef test_it(limit):\n    assert limit == 3\n"
    one = write(tmp_path / "controls" / "one.py", body)
    other = write(tmp_path / "controls" / "other.py", "def test_it(limit):\n    assert limit == 3\n")
    outcomes = evaluated(tmp_path, [item(0, one, "test_it"), item(1, other, "test_it")])
    assert [outcomes[i].state for i in (0, 1)] == ["passed", "error"]


FIXTURES = {
    "in the place of one of ours": (
        "@pytest.fixture\ndef params(params):\n    return params.n + 1\ndef test_it(params):\n    assert params == 2\n"
    ),
    "that nobody asks for and that runs all the same": (
        "seen = []\n@pytest.fixture(autouse=True)\ndef before():\n    seen.append(1)\n"
        "def test_it(params):\n    assert len(seen) == 1, params\n"
    ),
}


@pytest.mark.parametrize("name", FIXTURES)
def test_an_author_may_have_a_fixture(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "controls" / "a.py", "import pytest\n" + FIXTURES[name])
    (outcome,) = evaluated(tmp_path, [item(0, path, "test_it", params={"n": 1})]).values()
    assert outcome.state == "passed", outcome


def test_one_check_for_two_subjects_is_two_outcomes(tmp_path: Path) -> None:
    path = write(tmp_path / "controls" / "a.py", "def test_it(params):\n    assert params.ok\n")
    items = [item(i, path, "test_it", subject=f"host:{i}", params={"ok": i == 1}) for i in range(3)]
    outcomes = evaluated(tmp_path, items)
    assert [outcomes[i].state for i in range(3)] == ["failed", "passed", "failed"]


def test_what_was_found_before_a_plain_assertion_stands(tmp_path: Path) -> None:
    body = "def test_it():\n    limits = {1, 2}\n    assert limits == {1, 2}, 'x'\n    assert not limits\n"
    outcome = tried(tmp_path, body)
    assert outcome.reason == "controls/hostile.py:5: assert not limits"


def test_words_of_an_error_hold_no_address(tmp_path: Path) -> None:
    body = "class Odd: pass\ndef test_it():\n    raise ValueError(Odd())\n"
    assert "0x…" in tried(tmp_path, body).reason


def test_words_of_an_error_in_java_say_what_java_says(tmp_path: Path) -> None:
    said = "An error occurred while calling o94594.collect.\\n: java.lang.OutOfMemoryError: Java heap space\\n\\tat x.y"
    body = f"class Py4JJavaError(Exception): pass\ndef test_it():\n    raise Py4JJavaError('{said}')\n"
    reason = tried(tmp_path, body).reason
    assert reason.endswith("calling o….collect.: java.lang.OutOfMemoryError: Java heap space")


def test_python_without_assertions_is_refused(tmp_path: Path) -> None:
    """Under -O the asserts of a control would vanish."""
    code = "import ctrlkit.pytest_plugin"
    done = subprocess.run([sys.executable, "-O", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "does not run under python -O" in done.stderr
