"""Handed over by the vendor, judged by the client: no name crosses, the signature travels, nothing is swapped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import small_vendor
from commands import Answer, ctrlkit

CONTROLS = "MFA-01,REM-01,LOG-01,RET-01"
NONCE = "7f3a91c4"


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the vendor has handed over its evidence, signed, for an engagement with a nonce."""
    folder = tmp_path_factory.mktemp("handover")
    small_vendor.write(folder)
    terms = folder / "engagement.yaml"
    terms.write_text(f"{terms.read_text('utf-8')}nonce: {NONCE}\n", "utf-8")
    own = folder / "profile.yaml"
    asked = "".join(f"    - {id_}\n" for id_ in CONTROLS.split(","))
    own.write_text(f"name: own\ntitle: Own\ncontrols:\n  add:\n{asked}", "utf-8")
    assert ctrlkit(folder, "keygen", "--kind", "sign", "--out", "vendor").code == 0
    answer = hand_over(folder, "--sign-key", "vendor.key")
    assert answer.code == 0, answer.out + answer.err
    assert "4 of 4 controls can be decided from it" in answer.out
    return folder


@pytest.fixture
def desk(handed: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    return Path(shutil.copytree(handed, tmp_path / "desk"))


def hand_over(folder: Path, *more: str) -> Answer:
    own = ["--profile", "profile.yaml", "--engagement", "engagement.yaml", "--engagement-key", "engagement.key"]
    return ctrlkit(folder, "handover", "vendor", *own, "--as-of", small_vendor.AS_OF, "--out", "handed", *more)


def judge(desk: Path, *more: str, terms: str = "engagement.yaml") -> Answer:
    own = ["--profile", "profile.yaml", "--engagement", terms, "--format", "json"]
    return ctrlkit(desk, "run", "handed/latest", *own, *more)


def bundle_of(desk: Path, where: str) -> Path:
    return desk / where / (desk / where / "latest").read_text("ascii").strip()


def test_a_handover_holds_no_verdict_and_no_name(desk: Path) -> None:
    bundle = bundle_of(desk, "handed")
    said = json.loads((bundle / "data" / "run.json").read_text("utf-8"))
    assert (said["engagement"], said["nonce"]) == ("acme-2026-10", NONCE)
    assert not {"exit", "counts"} & set(said)
    assert not (bundle / "data" / "results").exists()
    texts = [path.read_bytes() for path in bundle.rglob("*") if path.is_file()]
    for name in (*small_vendor.NAMES, *small_vendor.NAMES.values()):
        assert not any(name.encode() in text for text in texts), name
    assert ctrlkit(desk, "verify", "handed/latest", "--vendor-key", "vendor.pub").code == 0


def test_the_client_comes_to_the_verdicts_that_the_pack_itself_gives(desk: Path) -> None:
    direct = ctrlkit(desk, *small_vendor.arguments(desk, "--format", "json", "--select", CONTROLS))
    judged = judge(desk)
    assert judged.code == 0, judged.err
    assert judged.verdicts == direct.verdicts
    assert ctrlkit(desk, "replay", "runs/latest").code == 0


def test_the_vendors_signature_travels_with_the_evidence_and_binds_it(desk: Path) -> None:
    judge(desk)
    answer = ctrlkit(desk, "verify", "runs/latest", "--vendor-key", "vendor.pub", "--format", "json")
    assert answer.code == 0, answer.out
    assert [(s["role"], s["verified"]) for s in answer.said["signatures"]] == [("vendor", True)]
    assert answer.said["signatures"][0]["file"].startswith("data/handover/vendor.")


def test_a_manifest_of_another_handover_beside_the_evidence_is_found(desk: Path) -> None:
    """The client's new bundle is sealed anew around a swapped handover: the chain from the envelope breaks."""
    first = bundle_of(desk, "handed")
    manifest = first / "manifest-sha256.txt"
    manifest.write_bytes(manifest.read_bytes().replace(b"accounts", b"acc0unts", 1))
    answer = judge(desk)
    assert answer.code == 3
    assert not (desk / "runs").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f"nonce: {NONCE}", "nonce: 00000000", f"is handed over for nonce '{NONCE}', the engagement is '00000000'"),
        ("id: acme-2026-10", "id: acme-2026-11", "is handed over for engagement 'acme-2026-10'"),
    ],
)
def test_a_handover_for_another_request_is_refused(desk: Path, old: str, new: str, said: str) -> None:
    terms = (desk / "engagement.yaml").read_text("utf-8")
    (desk / "other.yaml").write_text(terms.replace(old, new), "utf-8")
    answer = judge(desk, terms="other.yaml")
    assert (answer.code, said in answer.err) == (3, True), answer.err


def test_a_handover_is_not_replayed_nor_compared(desk: Path) -> None:
    answer = ctrlkit(desk, "replay", "handed/latest")
    assert (answer.code, "is a handover, which holds no verdicts" in answer.err) == (3, True)
    answer = ctrlkit(desk, "diff", "handed/latest", "handed/latest")
    assert (answer.code, "holds no results (a handover)" in answer.err) == (3, True)


def test_what_will_not_be_decided_is_said_before_anything_is_sent(desk: Path) -> None:
    (desk / "vendor" / "wfh_register.csv").unlink()
    pack = desk / "vendor" / "pack.yaml"
    lines = [line for line in pack.read_text("utf-8").splitlines() if "wfh_register" not in line]
    pack.write_text("\n".join(lines) + "\n", "utf-8")
    answer = hand_over(desk)
    assert answer.code == 2
    assert "REM-01 will not be decided: wfh_register: not handed in" in answer.out
    assert "3 of 4 controls can be decided from it" in answer.out


def test_a_run_signs_its_own_bundle_as_who_asked_for_it(desk: Path) -> None:
    assert ctrlkit(desk, "keygen", "--kind", "sign", "--out", "client").code == 0
    judge(desk, "--sign-key", "client.key")
    keys = ("--vendor-key", "vendor.pub", "--client-key", "client.pub")
    answer = ctrlkit(desk, "verify", "runs/latest", *keys)
    assert answer.code == 0, answer.out
