"""What there is to work with: a stranger's content comes in by a marked folder, and is named with its digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from fence import HEAD

from ctrlkit.errors import CtrlkitError, InputError
from ctrlkit.kind import shipped
from ctrlkit.stock import Stock, take

CONTROL = HEAD + '@control("TST-01", "T", severity="low", remedy="R")\ndef test_it():\n    assert True\n'
PLUGIN = """
from ctrlkit.hooks import Adapter, hookimpl
from ctrlkit.kind import Column, Kind

@hookimpl
def ctrlkit_adapters():
    return [Adapter("mine", "accounts", "Mine", ("A",), {"A": "account_id"}, {}, {})]

@hookimpl
def ctrlkit_kinds():
    return [Kind("desks", "Desks.", {"id": Column("id", "string", required=True)}, {}, ("id",), None, "vendor", "")]
"""


def project(folder: Path, files: dict[str, str], *, marked: bool = True) -> Path:
    if marked:
        (folder / "ctrlkit.toml").write_text("", "utf-8")
    for name, text in {"controls/mine.py": CONTROL, "plugins/mine.py": PLUGIN, **files}.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def test_a_users_own_content_counts_where_the_folder_is_marked(tmp_path: Path) -> None:
    found = take(project(tmp_path, {"profiles/mine.yaml": "name: mine\ntitle: M\n", "controls/_part.py": "1/0"}))
    assert "TST-01" in found.controls
    assert "desks" in found.kinds
    assert "mine" in {a.name for a in found.adapters}
    assert [name for name, _ in found.own] == ["controls/mine.py", "plugins/mine.py", "profiles/mine.yaml"]
    assert dict(found.own)["controls/mine.py"] == hashlib.sha256(CONTROL.encode()).hexdigest()


def test_without_the_mark_nothing_of_the_folder_is_loaded(tmp_path: Path) -> None:
    found: Stock = take(project(tmp_path, {"plugins/bad.py": "raise SystemExit(9)"}, marked=False))
    assert found.own == ()
    assert "TST-01" not in found.controls


def test_shipped_content_comes_through_the_same_doors(tmp_path: Path) -> None:
    found = take(tmp_path)
    assert {"MFA-01", "LOG-03", "RET-02"} <= set(found.controls)
    assert set(found.kinds) >= set(shipped())
    assert {"junit", "csv", "markdown"} <= {r.name for r in found.reporters}
    assert all(control.fault is None for control in found.controls.values())
    assert all(name in found.files for name in {c.path for c in found.controls.values()})


BROKEN = {
    "a plugin that raises": {"plugins/bad.py": "1/0"},
    "a plugin that exits": {"plugins/bad.py": "raise SystemExit(0)"},
    "a plugin with a hook that is none": {
        "plugins/bad.py": "from ctrlkit.hooks import hookimpl\n@hookimpl\ndef ctrlkit_contrls(): return []\n"
    },
    "an adapter of a known name": {"plugins/bad.py": PLUGIN.replace("desks", "chairs")},
    "a kind of a known name": {"plugins/bad.py": PLUGIN.replace("desks", "accounts").replace('"mine"', '"mine2"')},
    "an id that is shipped": {"controls/more.py": CONTROL.replace("TST-01", "MFA-01")},
    "a control that is no Python": {"controls/bad.py": "def ("},
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_content_of_the_users_own_is_said_before_anything_runs(tmp_path: Path, name: str) -> None:
    with pytest.raises(CtrlkitError):
        take(project(tmp_path, BROKEN[name]))


def test_a_message_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"plugins/bad\.py: ZeroDivisionError while it was loaded"):
        take(project(tmp_path, BROKEN["a plugin that raises"]))
