from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ctrlkit import profile, stock, words
from ctrlkit.errors import InputError
from ctrlkit.explain import MEANING, explain, listing, listing_text
from ctrlkit.kind import shipped
from ctrlkit.model import Cause
from ctrlkit.profile import Profile
from ctrlkit.stock import Stock

LISTS = ("controls", "kinds", "adapters", "profiles", "plugins", "probes", "schemas")
OWN = """\
name: desk
title: Example desk
extends: [bpo-philippines]
params: {MFA-01: {coverage: 98}}
minimum_grade: {MFA-01: export}
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    folder = tmp_path_factory.mktemp("desk")
    (folder / "ctrlkit.toml").write_text("", "utf-8")
    (folder / "profiles").mkdir()
    (folder / "profiles" / "desk.yaml").write_text(OWN, "utf-8")
    return stock.take(folder)


@pytest.fixture(scope="module")
def policy(shelf: Stock) -> Profile:
    return profile.load("desk", shelf.profiles, shelf.controls, shelf.kinds)


@pytest.mark.parametrize("what", LISTS)
def test_a_list_is_ready_for_json_and_each_entry_has_its_id_once(shelf: Stock, policy: Profile, what: str) -> None:
    entries = listing(what, shelf, policy)
    assert json.loads(json.dumps(entries, allow_nan=False)) == entries
    places = [(entry.get("of"), entry["id"]) for entry in entries]
    assert len(set(places)) == len(places)
    assert entries


@pytest.mark.parametrize("what", LISTS)
def test_a_list_as_text_shows_every_id_and_what_to_ask_next(shelf: Stock, what: str) -> None:
    text = listing_text(what, shelf)
    assert all(entry["id"] in text for entry in listing(what, shelf))
    assert "; next: ctrlkit " in text.splitlines()[-1]


def test_an_unknown_list_is_refused_with_the_nearest(shelf: Stock) -> None:
    with pytest.raises(InputError, match='did you mean "controls"'):
        listing("control", shelf)


def test_with_a_profile_only_its_controls_are_listed(shelf: Stock, policy: Profile) -> None:
    assert [entry["id"] for entry in listing("controls", shelf, policy)] == list(policy.controls)


@pytest.mark.parametrize("what", ["controls", "kinds", "adapters", "profiles"])
def test_whatever_is_listed_can_be_explained_in_lines_that_fit(shelf: Stock, policy: Profile, what: str) -> None:
    for entry in listing(what, shelf):
        text = explain(entry["id"], shelf, policy)
        assert text.splitlines()[0].startswith(entry["id"])
        assert text.splitlines()[-1].startswith("next: ctrlkit") or text.splitlines()[-1].startswith("next: put ")


@pytest.mark.parametrize("word", ["MFA-01", "mfa-01", " Mfa-01 "])
def test_case_does_not_count(shelf: Stock, word: str) -> None:
    assert explain(word, shelf).startswith("MFA-01  ")


def test_a_control_shows_all_that_its_author_declared(shelf: Stock, policy: Profile) -> None:
    flat = " ".join(explain("MFA-01", shelf, policy).split())
    control = shelf.controls["MFA-01"]
    for text in (control.title, control.requirement, control.remedy, control.typical_exception, *control.decisions):
        assert " ".join(text.split()) in flat
    for kind, names in control.checks[0].needs.items():
        assert kind in flat
        assert all(name in flat for name in names)
    assert all(clause in flat for clauses in control.maps.values() for clause in clauses)


def test_a_parameter_says_which_file_set_it_and_what_it_would_be(shelf: Stock, policy: Profile) -> None:
    flat = " ".join(explain("MFA-01", shelf, policy).split())
    assert "coverage = 98 (%, 0 to 100): set in desk.yaml, its own default is 100" in flat
    said = next(e for e in listing("controls", shelf, policy) if e["id"] == "MFA-01")["params"][0]
    assert (said["value"], said["default"], said["from"]) == (98, 100, "desk.yaml")


def test_without_a_profile_a_parameter_is_the_control_s_own(shelf: Stock) -> None:
    assert "coverage = 100 (%, 0 to 100): the control's default" in " ".join(explain("MFA-01", shelf).split())


def test_the_grade_that_the_profile_asks_for_is_shown(shelf: Stock, policy: Profile) -> None:
    assert "grade       export or better" in explain("MFA-01", shelf, policy)


def test_a_control_outside_the_profile_is_said_to_be_outside(shelf: Stock, policy: Profile) -> None:
    from dataclasses import replace

    fewer = replace(policy, controls=("MFA-03",))
    assert "not asked by this profile" in explain("MFA-01", shelf, fewer)


def test_a_sample_finding_carries_the_words_of_the_check(shelf: Stock) -> None:
    said = next(e for e in listing("controls", shelf) if e["id"] == "MFA-01")["sample_finding"]
    assert said == "accounts.csv row 14 · no second factor enrolled (system …, account_id …)"


def test_every_control_has_a_sample_finding(shelf: Stock) -> None:
    said = {e["id"]: e["sample_finding"] for e in listing("controls", shelf)}
    assert not [id_ for id_, text in said.items() if not re.search(r" (row|line) 14 · .", text)]
    assert said["NET-06"] == "host …, probe sshd_settings, line 14 · Match … sets … …"


def test_a_kind_shows_every_column_and_who_reads_and_makes_it(shelf: Stock) -> None:
    text = explain("accounts", shelf)
    assert all(name in text for name in shipped()["accounts"].columns)
    assert "needed by   " in text
    assert "MFA-01" in text
    assert "google_users" in text


def test_a_kind_says_what_it_is_for_who_sees_it_and_how_long_it_is_kept(shelf: Stock) -> None:
    """What an employer must tell its people before it hands their data over."""
    open_, shut = (" ".join(explain(name, shelf).split()) for name in ("accounts", "payroll"))
    for text in (open_, shut):
        assert "purpose to judge these controls, and nothing else" in text
        assert "kept the files stay where you put them" in text
    assert "seen by whoever gets the bundle" in open_
    assert "seen by ctrlkit where it runs: its rows are judged and not carried in a bundle" in shut


def test_what_an_empty_cell_says_is_shown(shelf: Stock) -> None:
    assert "last_login_at        instant; empty: never signed in" in explain("accounts", shelf)


def test_every_cause_has_a_meaning_and_an_advice(shelf: Stock) -> None:
    assert set(MEANING) == set(Cause)
    for cause in Cause:
        text = " ".join(explain(cause.value.upper(), shelf).split())
        assert MEANING[cause] in text
        assert " ".join(words.ADVICE[cause].split()) in text


@pytest.mark.parametrize("code", words.EXITS)
def test_every_exit_code_is_explained(shelf: Stock, code: int) -> None:
    assert explain(str(code), shelf) == explain(f"exit {code}", shelf)
    assert words.EXITS[code] in explain(str(code), shelf)


@pytest.mark.parametrize(
    ("word", "near"),
    [("MFA-O1", "mfa-01"), ("acounts", "accounts"), ("mising", "missing"), ("bpo-phillipines", "bpo-philippines")],
)
def test_an_unknown_word_is_refused_with_the_nearest(shelf: Stock, word: str, near: str) -> None:
    with pytest.raises(InputError, match=f'did you mean "{near}"'):
        explain(word, shelf)


def test_a_broken_control_file_is_said_where_its_control_is_explained(tmp_path: Path) -> None:
    (tmp_path / "ctrlkit.toml").write_text("", "utf-8")
    (tmp_path / "controls").mkdir()
    (tmp_path / "controls" / "own.py").write_text(
        "import socket\nfrom ctrlkit import control\n"
        '@control("OWN-01", "Ours", severity="low", remedy="Do.")\ndef test_ours():\n    assert True\n',
        "utf-8",
    )
    assert "'socket' is not for controls" in " ".join(explain("OWN-01", stock.take(tmp_path)).split())
