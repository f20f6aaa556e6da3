"""Strangers: content of a project or of an installed plugin comes in by the doors of the shipped, and no other."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_vendor
from commands import ctrlkit
from small_vendor import arguments

CONTROL = """\
\"\"\"Desk: what this client asks beyond the shipped controls.\"\"\"

from ctrlkit import assert_every, col, control, reads


@control("{id}", "No rule is called copy", severity="medium", remedy="Rename it.")
@reads(mail_rules="mailbox rule enabled")
def test_no_rule_is_called_copy(mail_rules):
    \"\"\"No rule is called copy.\"\"\"
    assert_every(mail_rules, col("rule") != "copy", because="a rule called copy")
"""
PROFILE = "name: desk\ntitle: Desk\ncontrols: {add: [OWN-01, EML-06]}\n"
BERTHS = """\
{"title": "berths", "description": "Seats by the water.", "type": "object", "required": ["berth"],
 "properties": {"berth": {"type": "string", "description": "its number"},
                "keeper": {"type": ["string", "null"], "x-pseudonym": "person", "x-personal": true,
                "description": "who"}},
 "x-key": ["berth"], "x-time": null, "x-party": "vendor", "x-source": "export"}
"""
BERTHS_CONTROL = """

@control("HRB-02", "Every berth has a keeper", severity="low", remedy="Name one.")
@reads(berths="berth keeper")
def test_every_berth_has_a_keeper(berths):
    \"\"\"Every berth has a keeper.\"\"\"
    assert_every(berths, ~col("keeper").is_null(), because="no keeper")
"""
RULES = b"Box,Name,Goes to,On?,Made\nhiraya@harbor.example,copy,,aye,2026-03-02T10:00:00Z\n"
PLUGIN = """\
\"\"\"A plugin as a stranger would write it: an adapter, a control file, a profile, a reporter, a kind.\"\"\"

import json
from pathlib import Path

from ctrlkit.hooks import Adapter, hookimpl
from ctrlkit.kind import parse

HERE = Path(__file__).parent


class Tally:
    name = "tally"
    file = "tally.txt"

    def write(self, run, to):
        to.write(f"{len(run.results)} results\\n".encode())


@hookimpl
def ctrlkit_controls():
    return [HERE / "harbour_controls.py"]


@hookimpl
def ctrlkit_profiles():
    return [HERE / "harbour.yaml"]


@hookimpl
def ctrlkit_reporters():
    return [Tally()]


@hookimpl
def ctrlkit_kinds():
    return [parse(json.loads((HERE / "harbour_berths.schema.json").read_text("utf-8")))]


@hookimpl
def ctrlkit_adapters():
    return [
        Adapter(
            name="harbour-rules", kind="mail_rules", product="Harbour Mail",
            headers=("Box", "Name", "Goes to", "On?", "Made"),
            columns={"Box": "mailbox", "Name": "rule", "Goes to": "target_domain", "On?": "enabled",
                     "Made": "created_at"},
            values={"enabled": {"aye": "true", "nay": "false"}}, constants={},
        )
    ]
"""


def project(folder: Path, *, marked: bool) -> Path:
    """A folder with controls, a plugin and a profile of its own; the vendor's pack beside it."""
    vendor = small_vendor.write(folder / "x")
    cwd = folder / "project"
    for name, text in (
        ("controls/desk.py", CONTROL.format(id="OWN-01")),
        ("profiles/desk.yaml", PROFILE),
        ("plugins/said.py", "import sys\nsys.said = getattr(sys, 'said', 0) + 1\n"),
    ):
        path = cwd / name
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
    if marked:
        (cwd / "ctrlkit.toml").write_text("", "utf-8")
    assert vendor.is_dir()
    return cwd


def test_a_project_s_own_content_is_loaded_named_on_stderr_and_digested(tmp_path: Path) -> None:
    cwd = project(tmp_path, marked=True)
    answer = ctrlkit(cwd, *arguments(tmp_path / "x", "--format", "json", profile="desk"))
    assert answer.verdicts == {"EML-06": "passed", "OWN-01": "failed"}
    for name in ("controls/desk.py", "profiles/desk.yaml", "plugins/said.py"):
        assert f"own file {name} sha256 " in answer.err
    assert vars(sys).pop("said") == 1


def test_without_the_marker_nothing_of_the_folder_is_loaded(tmp_path: Path) -> None:
    cwd = project(tmp_path, marked=False)
    answer = ctrlkit(cwd, *arguments(tmp_path / "x", profile="desk"))
    assert (answer.code, answer.out) == (3, "")
    assert not hasattr(sys, "said")


def test_nothing_in_a_pack_is_executed_even_where_it_is_the_current_folder(tmp_path: Path) -> None:
    """A pack that marks itself as a project: from elsewhere its code is not seen, from inside it is refused."""
    cwd = project(tmp_path, marked=True)
    vendor = tmp_path / "x" / "vendor"
    for name in ("controls", "plugins", "ctrlkit.toml"):
        (cwd / name).rename(vendor / name)
    answer = ctrlkit(tmp_path, *arguments(tmp_path / "x", "--format", "json"))
    assert (len(answer.verdicts), set(answer.verdicts.values())) == (12, {"passed"})
    inside = ctrlkit(vendor, *arguments(tmp_path / "x"))
    assert (inside.code, inside.out) == (3, "")
    assert "controls/desk.py: lies in a pack" in inside.err
    assert not hasattr(sys, "said")


def test_a_profile_in_a_pack_never_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    vendor = tmp_path / "vendor"
    (vendor / "profiles").mkdir()
    (vendor / "profiles" / "bpo-philippines.yaml").write_text("name: bpo-philippines\ntitle: Mine\n", "utf-8")
    assert len(ctrlkit(tmp_path, *arguments(tmp_path, "--format", "json")).verdicts) == 12
    (vendor / "ctrlkit.toml").write_text("", "utf-8")
    inside = ctrlkit(vendor, *arguments(tmp_path))
    assert (inside.code, inside.out) == (3, "")


def test_a_control_file_that_cannot_be_loaded_is_an_error_of_its_controls_and_no_other(tmp_path: Path) -> None:
    cwd = project(tmp_path, marked=True)
    text = CONTROL.format(id="OWN-01").replace('"copy", because', '"copy" / 0 + NOTHING, because')
    (cwd / "controls" / "desk.py").write_text(
        text.replace("\n\n\n@control", "\n\nNOTHING_AT_ALL\n\n\n@control"), "utf-8"
    )
    answer = ctrlkit(cwd, *arguments(tmp_path / "x", "--format", "json", profile="desk"))
    assert answer.verdicts == {"EML-06": "passed", "OWN-01": "error"}
    assert answer.results["OWN-01"]["cause"] == "crashed"
    assert answer.code == 2
    vars(sys).pop("said")


def test_a_broken_control_whose_parameters_a_profile_sets_is_an_error_and_not_a_wrong_profile(tmp_path: Path) -> None:
    cwd = project(tmp_path, marked=True)
    (cwd / "controls" / "desk.py").write_text(
        CONTROL.format(id="OWN-01").replace("\n\n\n@", "\n\nNOTHING\n\n\n@"), "utf-8"
    )
    (cwd / "profiles" / "desk.yaml").write_text(PROFILE + "params: {OWN-01: {limit: 3}}\n", "utf-8")
    answer = ctrlkit(cwd, *arguments(tmp_path / "x", "--format", "json", profile="desk"))
    assert answer.verdicts == {"EML-06": "passed", "OWN-01": "error"}
    vars(sys).pop("said")


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("import os\n", "forbidden"),
        ("from datetime import datetime\nNOW = datetime.now()\n", "forbidden"),
        ("import socket\n", "forbidden"),
        ("LINES = open('/etc/hosts')\n", "forbidden"),
    ],
)
def test_a_control_that_asks_for_more_than_evidence_is_refused(line: str, cause: str, tmp_path: Path) -> None:
    cwd = project(tmp_path, marked=True)
    (cwd / "controls" / "desk.py").write_text(CONTROL.format(id="OWN-01").replace("\n\n\n@", f"\n{line}\n\n@"), "utf-8")
    answer = ctrlkit(cwd, *arguments(tmp_path / "x", "--format", "json", profile="desk"))
    assert (answer.verdicts["OWN-01"], answer.results["OWN-01"]["cause"]) == ("error", cause)
    vars(sys).pop("said")


def test_two_controls_with_one_id_are_refused(tmp_path: Path) -> None:
    cwd = project(tmp_path, marked=True)
    (cwd / "controls" / "desk.py").write_text(CONTROL.format(id="EML-06"), "utf-8")
    answer = ctrlkit(cwd, *arguments(tmp_path / "x"))
    assert (answer.code, answer.out) == (3, "")
    assert "EML-06" in answer.err
    vars(sys).pop("said", None)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A stranger's distribution as pip would leave it, on the path of this process."""
    site = tmp_path / "site"
    info = site / "ctrlkit_harbour-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ctrlkit-harbour\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[ctrlkit]\nharbour = harbour_plugin\n", "utf-8")
    (site / "harbour_plugin.py").write_text(PLUGIN, "utf-8")
    (site / "harbour_controls.py").write_text(CONTROL.format(id="HRB-01") + BERTHS_CONTROL, "utf-8")
    (site / "harbour_berths.schema.json").write_text(BERTHS, "utf-8")
    (site / "harbour.yaml").write_text(
        "name: harbour\ntitle: Harbour\ncontrols: {add: [HRB-01, HRB-02, EML-06]}\n", "utf-8"
    )
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    yield
    sys.modules.pop("harbour_plugin", None)


@pytest.mark.usefixtures("installed")
def test_an_installed_plugin_brings_adapter_control_profile_and_reporter(tmp_path: Path) -> None:
    vendor = small_vendor.write(tmp_path / "x", {"mail_rules": RULES})
    (vendor / "berths.csv").write_text("berth,keeper\n1,E-001\n2,E-002\n", "utf-8")
    with (vendor / "pack.yaml").open("a", encoding="utf-8") as pack:
        pack.write(f"  berths: {{file: berths.csv, exported_at: '{small_vendor.EXPORTED}'}}\n")
    answer = ctrlkit(tmp_path, *arguments(tmp_path / "x", "--format", "json", profile="harbour"))
    assert answer.verdicts == {"EML-06": "passed", "HRB-01": "failed", "HRB-02": "passed"}
    assert [answer.results[id_]["grade"] for id_ in answer.verdicts] == ["export", "export", "typed"]
    bundle = tmp_path / answer.said["bundle"]
    assert (bundle / "data" / "results" / "tally.txt").read_text("utf-8") == "3 results\n"
    assert "E-001" not in (bundle / "data" / "evidence" / "berths.csv").read_text("utf-8")
    assert ctrlkit(tmp_path, "verify", bundle).code == 0
    assert ctrlkit(tmp_path, "replay", bundle).code == 0
    assert "berths" in ctrlkit(tmp_path, "list", "kinds").out
    listed = ctrlkit(tmp_path, "list", "plugins")
    assert "harbour" in listed.out
    for what, name in (("controls", "HRB-01"), ("adapters", "harbour-rules"), ("profiles", "harbour")):
        assert name in ctrlkit(tmp_path, "list", what).out
    assert "No rule is called copy" in ctrlkit(tmp_path, "explain", "HRB-01").out
