"""The profiles that ctrlkit ships: each loads, no control is forgotten, and each asks what it says it asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import ctrlkit

from ctrlkit import stock
from ctrlkit.pack import sample_folder
from ctrlkit.profile import Profile, load
from ctrlkit.stock import Stock

NAMES = ("bpo-baseline", "bpo-india", "bpo-philippines", "client-duties", "first-hour")
OF_THE_CLIENT = {"CLI-01", "CLI-02"}
CLICKED = {"roster", "accounts", "auth_events", "timesheets", "payroll", "mail_trace", "mail_rules", "devices"}


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """What ctrlkit ships, without anything of a user's."""
    return stock.take(tmp_path_factory.mktemp("nowhere"))


def shipped(name: str, shelf: Stock) -> Profile:
    return load(name, shelf.profiles, shelf.controls, shelf.kinds)


def test_these_are_all(shelf: Stock) -> None:
    assert sorted(Path(file.name).stem for file in shelf.profiles) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_profile_loads_under_its_file_s_name_and_its_sample_is_there(name: str, shelf: Stock) -> None:
    found = shipped(name, shelf)
    assert found.name == name
    assert found.controls
    assert found.sample is None or sample_folder(found.sample).is_dir()


def test_every_control_is_asked_by_a_profile_and_the_clients_own_by_its_own_alone(shelf: Stock) -> None:
    asked = {name: set(shipped(name, shelf).controls) for name in NAMES}
    assert set().union(*asked.values()) == set(shelf.controls)
    assert [name for name in NAMES if asked[name] & OF_THE_CLIENT] == ["client-duties"]
    assert asked["client-duties"] >= OF_THE_CLIENT | {"ACC-06", "GOV-01", "GOV-03", "GOV-08", "MIN-01"}


def test_what_the_client_owes_is_judged_on_its_own_evidence(shelf: Stock) -> None:
    needed = {kind for id_ in OF_THE_CLIENT for check in shelf.controls[id_].checks for kind in check.needs}
    assert needed == {"invoices", "attendance"}
    assert {shelf.kinds[kind].party for kind in needed} == {"client"}


def test_the_first_hour_needs_no_more_than_eight_exports(shelf: Stock) -> None:
    profile = shipped("first-hour", shelf)
    whole = [c for id_ in profile.controls for c in shelf.controls[id_].checks if c.claim is None and c.roles is None]
    assert len(whole) == len(profile.controls) >= 20
    assert set().union(*(check.needs for check in whole)) == CLICKED
    truth = json.loads((sample_folder("first-hour-ph") / "truth.json").read_text("utf-8"))
    assert sorted(truth["verdicts"]) == sorted(profile.controls)


LEDGER = """invoice_id,issued_on,due_on,paid_on,disputed_on,cancelled_on
INV-01,2026-08-31,2026-09-30,2026-10-09,,
INV-02,2026-09-30,2026-10-30,2026-10-29,,
"""
CAME = """session_id,kind,held_on,site,attended_by
S-01,training,2026-10-06,MNL1,NW-104
S-02,drill,2026-06-02,CEB1,NW-104
S-03,visit,2026-03-10,MNL1,NW-117
S-04,visit,2026-03-12,CEB1,NW-117
"""
PACK = """vendor: Mabuhay Contact Services, Inc.
engagement: northwind-2026-10
party: client
exported_at: 2026-11-02T08:00:00+08:00
evidence:
  invoices: {file: invoices.csv}
  attendance: {file: attendance.csv}
"""


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_the_client_s_pack_decides_what_the_client_owes(engine: str, tmp_path: Path) -> None:
    client = tmp_path / "client"
    client.mkdir()
    for name, text in (("invoices.csv", LEDGER), ("attendance.csv", CAME), ("pack.yaml", PACK)):
        (client / name).write_text(text, "utf-8")
    words = ["--profile", "client-duties", "--select", "CLI-01,CLI-02", "--engine", engine, "--format", "json"]
    answer = ctrlkit(tmp_path, "run", sample_folder("northwind-ph"), "--client-pack", client, *words)
    said = {result["control"]: result for result in answer.said["results"]}
    assert {id_: result["verdict"] for id_, result in said.items()} == {"CLI-01": "failed", "CLI-02": "passed"}
    (late,) = said["CLI-01"]["findings"]
    assert (late["sources"][0]["party"], late["sources"][0]["row"]) == ("client", 2)
    assert answer.code == 1
