"""A new engagement key: findings are followed across it by a record that only who held both keys could make."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import custody_desk
import pytest
import runs
import small_vendor
from commands import Answer, ctrlkit

from ctrlkit import key_change, rekey
from ctrlkit.comparison import Book
from ctrlkit.errors import InputError
from ctrlkit.key_change import KeyChange
from ctrlkit.model import Verdict
from ctrlkit.privacy import EngagementKey

OLD, NEW = EngagementKey(b"o" * 32, "old"), EngagementKey(b"n" * 32, "new")
LATER = "2026-11-20"


def record(folder: Path, bundle: str, *more: str, new: str = "new.key") -> Answer:
    words = ["rekey", bundle, "--engagement-key", "engagement.key", "--new-key", new]
    return ctrlkit(folder, *words, "--with", "vendor", "--with", "client", *more)


@pytest.fixture(scope="module")
def changed(custody: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk where the key was changed, with the record, and the next run under the new key."""
    folder = custody_desk.copied(custody, tmp_path_factory.mktemp("rekey") / "desk")
    custody_desk.latest(folder).rename(folder / "first")
    (folder / "new.key").write_text("c3" * 32, "ascii")
    assert ctrlkit(folder, "keygen", "--kind", "sign", "--out", "vendor-pen").code == 0
    answer = record(folder, "first", "--sign-key", "vendor-pen.key", "--out", "signed.json")
    assert answer.code == 0, answer.err
    assert "6 findings are followed" in answer.out
    said = json.loads((folder / "signed.json").read_text("utf-8"))
    plain = json.loads(base64.b64decode(said["payload"]))["predicate"]
    (folder / "rekey.json").write_text(json.dumps(plain), "utf-8")
    asked = ["--select", f"{custody_desk.ASKED},GOV-04", "--engagement-key", "new.key", "--as-of", LATER]
    answer = ctrlkit(folder, *small_vendor.arguments(folder, *asked, "--previous", "first"))
    assert (answer.code, "name the record of the change with --rekey" in answer.err) == (3, True)
    asked += ["--previous", "first", "--rekey", "rekey.json"]
    answer = ctrlkit(folder, *small_vendor.arguments(folder, *asked))
    assert answer.code == 1, answer.err
    return folder


def compared(folder: Path, *more: str) -> Answer:
    return ctrlkit(folder, "diff", "first", "runs/latest", "--format", "json", *more)


def test_the_same_findings_under_the_new_key_are_the_same(changed: Path) -> None:
    answer = compared(changed, "--rekey", "rekey.json", "--engagement-key", "new.key")
    assert answer.code == 0, answer.out + answer.err
    assert [c["control"] for c in answer.said["changes"]] == ["GOV-04"]
    assert "6 findings are followed" in answer.err
    told = json.loads((changed / "rekey.json").read_text("utf-8"))["findings"]
    now = {f["key"] for c in custody_desk.FOUND for f in custody_desk.result(changed, c)["findings"]}
    assert set(told.values()) == now


def test_what_was_found_before_the_change_is_followed_up(changed: Path) -> None:
    """MFA-01 may stay open for 7 days: the finding of 2 November is overdue, whatever key it was found under."""
    found = custody_desk.result(changed, "GOV-04")
    (overdue,) = found["findings"]
    (open_,) = custody_desk.result(changed, "MFA-01")["findings"]
    assert overdue["values"]["finding_id"] == open_["key"]
    assert overdue["values"]["opened_on"] == "2026-11-02"
    kept = list((custody_desk.latest(changed) / "data" / "rekey").glob("*"))
    assert [path.read_bytes() for path in kept] == [(changed / "rekey.json").read_bytes()]
    assert ctrlkit(changed, "replay", "runs/latest").code == 0


def test_without_the_record_two_keys_are_not_compared(changed: Path) -> None:
    answer = compared(changed)
    assert (answer.code, "made under two engagement keys" in answer.err) == (3, True)


def test_a_record_is_never_taken_on_trust(changed: Path) -> None:
    answer = compared(changed, "--rekey", "rekey.json")
    assert (answer.code, "nothing here shows that it is right" in answer.err) == (3, True)
    (changed / "stranger.key").write_text("d4" * 32, "ascii")
    answer = compared(changed, "--rekey", "rekey.json", "--engagement-key", "stranger.key")
    assert (answer.code, "nothing here shows that it is right" in answer.err) == (3, True)


def test_a_client_without_the_key_pins_the_vendors_signature(changed: Path) -> None:
    assert compared(changed, "--rekey", "signed.json", "--vendor-key", "vendor-pen.pub").code == 0
    ctrlkit(changed, "keygen", "--kind", "sign", "--out", "other")
    answer = compared(changed, "--rekey", "signed.json", "--vendor-key", "other.pub")
    assert (answer.code, "nothing here shows that it is right" in answer.err) == (3, True)
    assert compared(changed, "--rekey", "rekey.json", "--vendor-key", "vendor-pen.pub").code == 3


@pytest.mark.parametrize("key", ["engagement.key", "new.key"])
def test_an_altered_record_is_found_under_either_key(changed: Path, tmp_path: Path, key: str) -> None:
    said = json.loads((changed / "rekey.json").read_text("utf-8"))
    one, other, *_ = said["findings"]
    said["findings"] |= {one: said["findings"][other], other: said["findings"][one]}
    (tmp_path / "altered.json").write_text(json.dumps(said), "utf-8")
    answer = compared(changed, "--rekey", str(tmp_path / "altered.json"), "--engagement-key", key)
    assert (answer.code, "its HMAC does not match" in answer.err) == (3, True), answer.err


def test_the_record_holds_no_key_no_pseudonym_and_nobody(changed: Path) -> None:
    text = (changed / "rekey.json").read_text("utf-8").lower()
    secrets = [small_vendor.KEY.strip(), "c3" * 32, "p_"]
    people = [*small_vendor.NAMES, *small_vendor.NAMES.values()]
    assert not [word for word in (*secrets, *people) if word.lower() in text]


def test_the_key_itself_an_original_that_changed_and_a_handover_are_refused(changed: Path, tmp_path: Path) -> None:
    desk = custody_desk.copied(changed, tmp_path / "desk")
    answer = record(desk, "first", "--out", "again.json", new="engagement.key")
    assert (answer.code, "which the bundle was made under; expected the new key" in answer.err) == (3, True)
    answer = record(desk, "handed/latest", "--out", "again.json")
    assert (answer.code, "holds no findings to follow" in answer.err) == (3, True)
    answer = ctrlkit(desk, *small_vendor.arguments(desk, "--rekey", "rekey.json"))
    assert (answer.code, "none is named; name it with --previous" in answer.err) == (3, True)
    answer = record(desk, "first", "--out", "first/again.json")
    assert (answer.code, "lies inside the bundle" in answer.err) == (3, True)
    with (desk / "vendor" / "mail_rules.csv").open("ab") as file:
        file.write(b"\n")
    answer = record(desk, "first", "--out", "again.json")
    assert (answer.code, "mail_rules.csv is another file than the one that was judged" in answer.err) == (3, True)
    assert not (desk / "again.json").exists()


def change(**changes: Any) -> KeyChange:
    plain = KeyChange(
        "2026-11-10T00:00:00Z", "Example", "e", "b", "0" * 64, OLD.id, NEW.id, {"a": "A", "b": "B"}, {"c": "C"}, 0
    )
    return replace(plain, **changes)


def written(folder: Path, spoil: Callable[[dict[str, Any]], Any] = lambda said: said) -> Path:
    said = change().document(OLD, NEW)
    path = folder / "record.json"
    path.write_text(json.dumps(spoil(said)), "utf-8")
    return path


def test_a_record_is_read_back_as_it_was(tmp_path: Path) -> None:
    for key in (OLD, NEW):
        assert key_change.load(written(tmp_path), [key], ()) == change()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda said: {k: v for k, v in said.items() if k != "findings"}, "it holds no findings"),
        (lambda said: {**said, "rekey": 2}, "it holds no version 1"),
        (lambda said: {**said, "findings": {"a": "A", "b": "A"}}, "two findings become one"),
        (lambda said: {**said, "originals": {"a": 1}}, "originals are no digests"),
        (lambda said: {**said, "findings": ["a"]}, "findings are no digests"),
        (lambda _: [1], "no record of a changed key"),
        (lambda _: {"payloadType": "x"}, "no record of a changed key"),
    ],
)
def test_what_is_no_record_is_refused(tmp_path: Path, spoil: Any, why: str) -> None:
    with pytest.raises(InputError, match=why):
        key_change.load(written(tmp_path, spoil), [OLD], ())


def test_a_finding_that_the_record_does_not_know_is_nobodys_successor() -> None:
    results = [runs.result("MFA-01", Verdict.FAILED, findings=tuple(replace(f, key=k) for f in runs.findings(1)))
               for k in "az"]  # fmt: skip
    book = Book(
        {"key": OLD.id, "vendor": "Example", "evidence": [{"sources": [{"commitment": "c"}, {"commitment": "d"}]}]},
        {(f"X-0{n}", "organisation"): r for n, r in enumerate(results)},
        {},
    )
    led = key_change.followed(book, [change()])
    assert [f.key for r in led.results.values() for f in r.findings] == ["A", "z"]
    assert led.run["key"] == NEW.id
    assert [s["commitment"] for s in led.run["evidence"][0]["sources"]] == ["C", "d"]
    assert key_change.followed(book, [change(old_key="ffffffff")]) == book
    assert key_change.followed(book, [change(vendor="Another")]) == book


def test_findings_that_are_alike_but_for_their_people_are_not_paired() -> None:
    """Two people in one row: which of them became which nobody can tell, so neither is followed."""
    (one,) = runs.findings(1)
    twins = tuple(replace(one, key=k, values={**one.values, "account_id": "p_" + k * 16}) for k in "ab")
    other = replace(one, key="c", message="another weakness")
    before = runs.result("MFA-01", Verdict.FAILED, findings=(*twins, other))
    after = replace(before, findings=tuple(replace(f, key=f.key.upper()) for f in before.findings))
    assert dict(rekey.paired(before, after)) == {"c": "C"}
    assert dict(rekey.paired(before, None)) == {}


def test_a_kind_of_both_parties_is_read_with_each_column_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctrlkit.plan.columns_read", lambda _: {"accounts": []})
    copies = (["system", "enabled"], ["system", "accounts"])
    said = {"evidence": [{"kind": "accounts", "columns": columns} for columns in copies]}
    case: Any = SimpleNamespace(ids=(), stock=None)
    assert rekey.columns_judged(case, said) == {"accounts": ["system", "enabled", "accounts"]}
