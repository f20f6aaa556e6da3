from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import runs
import yaml
from commands import ctrlkit
from jsonschema import Draft202012Validator, FormatChecker
from small_vendor import ENGAGEMENT
from trials import FOLDER, shelf

from ctrlkit import editor

PROFILES = Path(__file__).parent.parent / "profiles"


class Loader(yaml.SafeLoader):
    """YAML as an editor reads it: numbers and yes or no are none of text, a day stays text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def faults(path: Path) -> list[str]:
    """What an editor marks in a document, by the schema that its first line names."""
    text = path.read_text("utf-8")
    mark, _, named = text.partition("\n")[0].partition("$schema=")
    assert mark == "# yaml-language-server: ", path
    schema: dict[str, Any] = json.loads((path.parent / named).read_text("utf-8"))
    return marked(schema, text)


def marked(schema: dict[str, Any], text: str) -> list[str]:
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    return [error.message for error in validator.iter_errors(yaml.load(text, Loader=Loader))]  # noqa: S506  ours


def test_the_documents_of_init_name_schemas_that_lie_beside_them(tmp_path: Path) -> None:
    assert ctrlkit(tmp_path, "init", "desk", "--profile", "bpo-philippines").code == 0
    made = [p for p in (tmp_path / "desk").rglob("*.yaml") if ".github" not in p.parts]
    assert len(made) == 3
    for path in made:
        assert faults(path) == []
    laid = {p.name.partition(".")[0] for p in (tmp_path / "desk" / ".ctrlkit").iterdir()}
    assert laid == {"engagement", "pack", "profile", "waivers", "attestations", "inventory", "canaries"}


def test_the_datasets_of_new_name_schemas_that_lie_beside_them(tmp_path: Path) -> None:
    for what, name in (("control", "DSK-01"), ("adapter", "acme"), ("profile", "my-desk")):
        assert ctrlkit(tmp_path, "new", what, name).code == 0
    made = list(tmp_path.rglob("*.yaml"))
    assert len(made) == 4
    for path in made:
        assert faults(path) == []


def test_an_editor_marks_what_ctrlkit_would_refuse() -> None:
    pack = editor.schema("pack", shelf())
    assert marked(pack, "vendor: x\nevidence: {acounts: {file: a.csv}}")
    assert marked(pack, "vendor: x\nevidence: {accounts: {fil: a.csv}}")
    assert not marked(pack, "vendor: x\nevidence: {accounts: {file: a.csv, constants: {system: 7}}}")
    profile = editor.schema("profile", shelf())
    assert marked(profile, "name: x\ntitle: x\ncontrols: {add: [MFA-99]}")
    assert not marked(profile, "name: x\ntitle: x\nparams: {MFA-01: {coverage: 90}}")


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.yaml")), ids=lambda p: p.stem)
def test_shipped_profiles_are_unmarked(path: Path) -> None:
    assert marked(editor.schema("profile", shelf()), path.read_text("utf-8")) == []


def test_other_documents_are_unmarked_as_their_reference_shows_them() -> None:
    assert marked(editor.schema("engagement", shelf()), ENGAGEMENT) == []
    waiver = "- {control: LOG-07, subject: organisation, reason: r, approved_by: ciso, expires: 2026-12-31}"
    assert marked(editor.schema("waivers", shelf()), waiver) == []
    cases = (FOLDER / "MFA-01" / "cases.yaml").read_text("utf-8")
    assert marked(editor.schema("cases", shelf()), cases) == []


def test_every_line_of_results_is_valid_against_its_schema(tmp_path: Path) -> None:
    told = {entry["id"]: entry["schema"] for entry in ctrlkit(tmp_path, "list", "schemas", "--format", "json").said}
    assert {*editor.OF_A_FOLDER, *editor.OF_AN_AUTHOR, "result"} <= told.keys()
    validator = Draft202012Validator(told["result"])
    for result in (*runs.every_verdict().results, *runs.hostile().results):
        assert [e.message for e in validator.iter_errors(json.loads(result.line()))] == []
    wrong = json.loads(runs.every_verdict().results[0].line())
    assert list(validator.iter_errors({**wrong, "verdict": "green"}))
