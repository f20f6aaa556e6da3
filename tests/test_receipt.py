"""A receipt: this very bundle came, then and from them; returned at once, and worth nothing for any other."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import custody_desk
import pytest
from commands import Answer, ctrlkit


@pytest.fixture(scope="module")
def received(custody: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with a signed handover that the client has returned a receipt for."""
    folder = custody_desk.copied(custody, tmp_path_factory.mktemp("receipt") / "desk")
    for name in ("vendor-pen", "client", "other"):
        assert ctrlkit(folder, "keygen", "--kind", "sign", "--out", name).code == 0
    assert ctrlkit(folder, "sign", "handed/latest", "--role", "vendor", "--sign-key", "vendor-pen.key").code == 0
    answer = ctrlkit(folder, "receipt", "handed/latest", "--sign-key", "client.key", "--out", "receipt.json")
    assert answer.code == 0, answer.err
    assert f"receipt receipt.json for {custody_desk.latest(folder, 'handed').name}" in answer.out
    return folder


@pytest.fixture
def desk(received: Path, tmp_path: Path) -> Path:
    return custody_desk.copied(received, tmp_path / "desk")


def verify(desk: Path, *more: str, bundle: str = "handed/latest") -> Answer:
    return ctrlkit(desk, "verify", bundle, "--receipt", "receipt.json", *more)


def test_the_vendor_sees_that_the_client_has_it(received: Path) -> None:
    answer = verify(received, "--client-key", "client.pub", "--vendor-key", "vendor-pen.pub")
    assert answer.code == 0, answer.out
    (line,) = (line for line in answer.out.splitlines() if line.startswith("received by the client, signed with key"))
    assert line.endswith("verified")
    assert verify(received).code == 0
    assert "not verified: pin the key with --client-key" in verify(received).out
    said = verify(received, "--client-key", "client.pub", "--format", "json").said
    assert [(s["role"], s["verified"]) for s in said["signatures"]] == [("vendor", False), ("client", True)]


def test_a_receipt_says_which_bundle_and_that_it_was_whole_and_nothing_of_what_was_found(received: Path) -> None:
    said = json.loads(base64.b64decode(json.loads((received / "receipt.json").read_text("utf-8"))["payload"]))
    names = [subject["name"] for subject in said["subject"]]
    assert names[0] == "tagmanifest-sha256.txt"
    assert names[1].startswith("signatures/vendor.")
    assert said["predicate"]["properties"] == [
        "CTRLKIT_BUNDLE_WHOLE",
        "CTRLKIT_VENDOR_ENVELOPE_BOUND",
        "CTRLKIT_BUNDLE_RECEIVED",
    ]
    assert said["predicate"]["timeCreated"].endswith("Z")


def test_it_leaves_the_bundle_as_it_is(received: Path) -> None:
    bundle = custody_desk.latest(received, "handed")
    assert [path.name.partition(".")[0] for path in (bundle / "signatures").iterdir()] == ["vendor"]
    answer = ctrlkit(received, "receipt", bundle, "--sign-key", "client.key", "--out", f"{bundle}/receipt.json")
    assert (answer.code, "lies inside the bundle" in answer.err) == (3, True)


def test_it_is_worth_nothing_under_another_key_or_for_another_bundle(received: Path) -> None:
    answer = verify(received, "--client-key", "other.pub")
    assert (answer.code, "none of the client's pinned keys" in answer.out) == (1, True)
    answer = verify(received, "--client-key", "client.pub", bundle="runs/latest")
    assert (answer.code, "receipt.json: is about" in answer.out) == (1, True), answer.out


def test_an_envelope_that_was_taken_away_since_shows(desk: Path) -> None:
    (envelope,) = (custody_desk.latest(desk, "handed") / "signatures").iterdir()
    envelope.unlink()
    answer = verify(desk, "--client-key", "client.pub")
    assert (answer.code, "it was taken away" in answer.out) == (1, True)


def test_a_verification_is_no_receipt_and_a_file_that_is_none_is_said(desk: Path) -> None:
    assert ctrlkit(desk, "sign", "handed/latest", "--role", "client", "--sign-key", "client.key").code == 0
    (signed,) = custody_desk.latest(desk, "handed").glob("signatures/client.*")
    (desk / "receipt.json").write_bytes(signed.read_bytes())
    answer = verify(desk, "--client-key", "client.pub")
    assert (answer.code, "is no receipt" in answer.out) == (1, True)
    (desk / "receipt.json").write_bytes(b"{}")
    assert (verify(desk).code, "is no DSSE envelope" in verify(desk).out) == (1, True)
    (desk / "receipt.json").unlink()
    assert (verify(desk).code, "cannot be read" in verify(desk).err) == (3, True)


def test_a_bundle_that_is_not_whole_gets_none(desk: Path) -> None:
    (custody_desk.latest(desk, "handed") / "data" / "run.json").write_text("{}", "utf-8")
    answer = ctrlkit(desk, "receipt", "handed/latest", "--sign-key", "client.key", "--out", "second.json")
    assert (answer.code, "was altered" in answer.err) == (3, True)
    assert not (desk / "second.json").exists()
