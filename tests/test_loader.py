"""How control files are loaded, refused and kept in the plan although they are broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from fence import write

from ctrlkit.errors import AuthorError, InputError
from ctrlkit.loader import controls_of, load, read
from ctrlkit.model import Cause, Control

DECLARED = '@control("{id}", "A title", severity="high", remedy="Mend it.")\n'
CHECK = DECLARED.format(id="TST-01") + "def test_it():\n    assert True\n"


def controls(folder: Path, body: str, name: str = "mine.py") -> dict[str, Control]:
    return load([(write(folder / name, body), f"controls/{name}")])


REFUSED = {
    "the clock": "from datetime import datetime\nX = datetime.now()\n",
    "today": "from datetime import date\ndef f(): return date.today()\n",
    "time": "import time\n",
    "time of datetime": "from datetime import time\n",
    "chance": "import random\n",
    "chance through another": "import statistics\nX = statistics.random\n",
    "the environment": "import os\n",
    "os through another": "import dataclasses\nX = dataclasses.sys\n",
    "a socket": "import socket\n",
    "a process": "from subprocess import run\n",
    "a file": "X = open('x')\n",
    "a file by pathlib": "from pathlib import Path\n",
    "eval": "X = eval('1')\n",
    "builtins by name": "X = __builtins__\n",
    "a way round by getattr": "import re\nX = getattr(re, 'x')\n",
    "a way round by the class": "X = ().__class__\n",
    "an import by name": "X = __import__('os')\n",
    "an import by pytest": "import pytest\nX = pytest.importorskip('os')\n",
    "the frame": "def test_x(accounts): return accounts.frame\n",
    "a room of ctrlkit": "from ctrlkit.evaluate import Child\n",
    "a room of ctrlkit as a module": "from ctrlkit import evaluate\n",
    "a room of ctrlkit by its path": "import ctrlkit.evaluate\n",
    "a neighbour": "from . import other\n",
    "everything of a neighbour": "from .other import *\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_forbidden_name_refuses_the_file_and_keeps_its_controls_in_the_plan(tmp_path: Path, name: str) -> None:
    found = controls(tmp_path, REFUSED[name] + CHECK)["TST-01"]
    assert found.fault is not None
    assert found.fault.cause is Cause.FORBIDDEN
    assert found.fault.message.startswith("controls/mine.py:2") or "mine.py:3" in found.fault.message
    assert (found.title, found.severity) == ("A title", "high")


CRASHES = {
    "raises": "raise ValueError('boom')\n",
    "exits": "raise SystemExit(0)\n",
    "is skipped": "import pytest\npytest.skip('no', allow_module_level=True)\n",
    "has a wrong severity": '@control("TST-02", "T", severity="severe", remedy="")\ndef test_x(): pass\n',
    "has a wrong id": '@control("tst", "T", severity="high", remedy="")\ndef test_x(): pass\n',
}


@pytest.mark.parametrize("name", [n for n in CRASHES if n != "has a wrong id"])
def test_a_file_that_does_not_load_keeps_its_controls_in_the_plan(tmp_path: Path, name: str) -> None:
    found = controls(tmp_path, CRASHES[name] + CHECK)["TST-01"]
    assert found.fault is not None
    assert found.fault.cause is Cause.CRASHED


WRONG = {
    "a wrong id": CRASHES["has a wrong id"],
    "one function name twice": CHECK + DECLARED.format(id="TST-02") + "def test_it():\n    assert True\n",
    "a claim over the check": CHECK + '@control.claims("TST-01", "less")\ndef test_it():\n    assert True\n',
    "one id twice": CHECK + CHECK.replace("test_it", "test_more"),
    "a claim of nothing": '@control.claims("TST-01", "less")\ndef test_it():\n    assert True\n',
    "a check in a function": "def hide():\n" + "".join(f"    {line}\n" for line in CHECK.splitlines()),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_declaration_that_would_lose_a_check_is_the_authors_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(AuthorError, match=r"controls/mine.py|TOPIC"):
        controls(tmp_path, WRONG[name])


def test_one_id_in_two_files_is_refused(tmp_path: Path) -> None:
    files = [(write(tmp_path / n, CHECK), f"controls/{n}") for n in ("a.py", "b.py")]
    with pytest.raises(InputError, match=r"b\.py: control TST-01 is already declared in controls/a\.py"):
        load(reversed(files))


@pytest.mark.parametrize("body", ["def test_(:\n", "\0", "x = '"])
def test_a_file_that_is_no_python_is_refused_with_its_line(tmp_path: Path, body: str) -> None:
    with pytest.raises(InputError, match=r"controls/mine\.py:\d+: no control file"):
        controls(tmp_path, body)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_bytes(b"x = '\xff'\n")
    with pytest.raises(InputError, match="no control file"):
        read(path, "controls/mine.py")


def test_order_of_files_does_not_matter(tmp_path: Path) -> None:
    files = [(write(tmp_path / f"{n}.py", CHECK.replace("01", f"0{n}")), f"controls/{n}.py") for n in (1, 2, 3)]
    assert list(load(files)) == list(load(reversed(files))) == ["TST-01", "TST-02", "TST-03"]


def test_what_a_declaration_says_is_in_the_control(tmp_path: Path) -> None:
    body = (
        '@control("TST-01", "T", severity="low", remedy="R", maps={"PCI": ["8.1"]}, applies={"countries": ["PH"]},\n'
        '         params={"days": house(3, "days", range=(0, 9)), "words": law(["a"], "", source="Art. 1")})\n'
        '@reads(accounts="enabled mfa_enrolled")\n@reads.optional(roster="status")\n'
        'def test_full(accounts, roster):\n    """What it asks."""\n'
        '@control.claims("TST-01", "only accounts")\n@reads(accounts="enabled")\ndef test_less(accounts): pass\n'
    )
    (found,) = controls_of(
        read(write(tmp_path / "mine.py", "from ctrlkit import house, law\n" + body), "controls/mine.py")
    )
    assert (found.requirement, found.domain, found.maps) == ("What it asks.", "mine", {"PCI": ("8.1",)})
    assert found.params["days"].range == (0, 9)
    assert found.params["words"].value == ("a",)
    assert [(c.claim, dict(c.needs), dict(c.optional)) for c in found.checks] == [
        (None, {"accounts": ("enabled", "mfa_enrolled")}, {"roster": ("status",)}),
        ("only accounts", {"accounts": ("enabled",)}, {}),
    ]
