"""Canaries: a log that lacks what only the client knows of is truncated, in a pack and in a bundle."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_vendor
from commands import Answer, ctrlkit

SIGN_IN = """
- kind: auth_events
  what: test sign-in of our auditor
  where: {system: CRM, account_id: %s, result: success}
  at: %s
"""
KNOWN = small_vendor.clean()["auth_events"][0]


def asked(folder: Path, canaries: str, *more: str) -> Answer:
    """A run over the small vendor with these canaries."""
    small_vendor.write(folder)
    (folder / "canaries.yaml").write_text(canaries, "utf-8")
    return ctrlkit(folder, *small_vendor.arguments(folder, "--format", "json", "--canaries", "canaries.yaml", *more))


def verdict(answer: Answer, control: str) -> tuple[str, str | None]:
    result = answer.results[control]
    return result["verdict"], result["cause"]


def test_a_log_that_holds_every_canary_says_so_and_passes(tmp_path: Path) -> None:
    answer = asked(tmp_path, SIGN_IN % (KNOWN["account_id"].upper(), KNOWN["ts"]))
    assert verdict(answer, "LOG-07") == ("passed", None), answer.err
    notes = [note["message"] for note in answer.results["LOG-07"]["notes"]]
    assert "auth_events: holds what only the client knew of, 1 of 1" in notes
    assert not any("auditor" in note for note in notes), "what a canary is stays the client's"


@pytest.mark.parametrize("hour", ["03:11:00", "02:49:00"])
def test_a_log_that_lacks_a_canary_is_truncated_and_nothing_else_suffers(hour: str, tmp_path: Path) -> None:
    answer = asked(tmp_path, SIGN_IN % (KNOWN["account_id"], f"2026-10-14T{hour}+08:00"))
    readers = {"LOG-03", "LOG-07"}
    assert {id_ for id_, v in answer.verdicts.items() if v != "passed"} == readers
    for id_ in readers:
        assert verdict(answer, id_) == ("inconclusive", "truncated")
        assert "lacks 1 of 1 events that the client knows of" in answer.results[id_]["reason"]
    assert answer.code == 2


def test_a_bundle_is_looked_through_with_the_key_and_refused_without(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    first = ctrlkit(tmp_path, *small_vendor.arguments(tmp_path, "--format", "json"))
    again = ("run", first.said["bundle"], "--format", "json", "--canaries", "canaries.yaml", "--out", "again")
    key = ("--engagement-key", tmp_path / "engagement.key")
    (tmp_path / "canaries.yaml").write_text(SIGN_IN % (KNOWN["account_id"], KNOWN["ts"]), "utf-8")
    assert verdict(ctrlkit(tmp_path, *again, *key), "LOG-07") == ("passed", None)
    refused = ctrlkit(tmp_path, *again)
    assert refused.code == 3
    assert "canaries.yaml:2: account_id is a pseudonym in a bundle; give --engagement-key" in refused.err
    (tmp_path / "canaries.yaml").write_text(SIGN_IN % ("nobody", KNOWN["ts"]), "utf-8")
    lost = ctrlkit(tmp_path, *again, *key)
    assert verdict(lost, "LOG-07") == ("inconclusive", "truncated")
    assert ctrlkit(tmp_path, "replay", lost.said["bundle"]).code == 0


def test_the_clients_own_copy_is_not_what_a_canary_tests(tmp_path: Path) -> None:
    where = "- {kind: client_accounts, what: a login we made up, where: {account_id: nobody}}\n"
    assert asked(tmp_path, where).verdicts["ACC-06"] == "passed"


def test_a_canary_of_a_kind_that_nobody_reads_is_said(tmp_path: Path) -> None:
    answer = asked(tmp_path, "- {kind: visitors, what: our visit, where: {visit_id: V-7}}\n")
    assert "canaries.yaml:1: no selected control reads visitors: nobody looks for it" in answer.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {kind: auth_event, what: x, where: {system: crm}}", "no kind 'auth_event'; did you mean \"auth_events\"?"),
        (
            "- {kind: auth_events, what: x, where: {sytem: crm}}",
            'auth_events has no such column; did you mean "system"?',
        ),
        ("- {kind: auth_events, what: x, where: {remote: maybe}}", "found 'maybe', expected a boolean"),
        ("- {kind: auth_events, what: x, where: {ts: yesterday}}", "found 'yesterday', expected a datetime"),
        ("- {kind: auth_events, where: {system: crm}}", 'the key "what" is missing'),
        ("- {kind: roster, what: x, where: {site: a}, at: 2026-10-14T03:00:00Z}", "roster is not dated by an instant"),
    ],
)
def test_a_canary_that_cannot_be_is_refused_with_its_line(text: str, said: str, tmp_path: Path) -> None:
    answer = asked(tmp_path, text + "\n")
    assert answer.code == 3
    assert "canaries.yaml:1: " in answer.err
    assert said in answer.err
    assert not (tmp_path / "runs").exists()
