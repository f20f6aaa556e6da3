"""Signed bundles: by whom, about what, and that taking an envelope away or changing it shows; openssl agrees."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import small_vendor
from commands import Answer, ctrlkit
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from test_bundle import commands, shell

from ctrlkit import signature
from ctrlkit.errors import InputError

PEM = serialization.Encoding.PEM


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run of the small vendor and the keys of a vendor and a client."""
    folder = tmp_path_factory.mktemp("signed")
    small_vendor.write(folder)
    answer = ctrlkit(folder, *small_vendor.arguments(folder, "--select", "MFA-01,REM-01"))
    assert answer.code == 0, answer.err
    for who in ("vendor", "client", "stranger"):
        assert ctrlkit(folder, "keygen", "--kind", "sign", "--out", f"{who}-key").code == 0
    return folder


@pytest.fixture
def desk(made: Path, tmp_path: Path) -> Path:
    """A copy of that folder, to be signed and broken."""
    return Path(shutil.copytree(made, tmp_path / "desk"))


def bundle_of(desk: Path) -> Path:
    return desk / "runs" / (desk / "runs" / "latest").read_text("ascii").strip()


def sign(desk: Path, role: str, key: str = "") -> Answer:
    return ctrlkit(desk, "sign", "runs/latest", "--role", role, "--sign-key", f"{key or role}-key.key")


def verify(desk: Path, *more: str) -> Answer:
    return ctrlkit(desk, "verify", "runs/latest", "--format", "json", *more)


def test_vendor_and_client_sign_and_both_keys_verify(desk: Path) -> None:
    for role in ("vendor", "client"):
        answer = sign(desk, role)
        assert answer.code == 0, answer.err
    keys = ("--vendor-key", "vendor-key.pub", "--client-key", "client-key.pub")
    answer = verify(desk, *keys)
    assert (answer.code, answer.said["whole"]) == (0, True), answer.out
    assert [(s["role"], s["verified"]) for s in answer.said["signatures"]] == [("client", True), ("vendor", True)]
    shown = ctrlkit(desk, "verify", "runs/latest", "--vendor-key", "vendor-key.pub").out
    assert "signed as client" in shown
    assert "not verified: pin the key with --client-key" in shown


def test_what_a_vendor_claims_and_a_client_binds(desk: Path) -> None:
    sign(desk, "vendor")
    sign(desk, "client")
    told = {}
    for path in (bundle_of(desk) / "signatures").iterdir():
        told[path.name.partition(".")[0]] = json.loads(signature.envelope(path.read_bytes()).payload)
    claim, verification = told["vendor"], told["client"]
    assert claim["predicateType"].endswith("/test-result/v0.1")
    assert claim["predicate"]["result"] == "PASSED"
    assert claim["predicate"]["passedTests"] == ["MFA-01 organisation", "REM-01 organisation"]
    assert {d["name"] for d in claim["predicate"]["configuration"]} >= {"data/engagement.yaml", "data/pack.yaml"}
    assert verification["predicateType"].endswith("/svr/v0.2")
    assert next(s["name"] for s in verification["subject"]) == "tagmanifest-sha256.txt"
    assert [s["name"] for s in verification["subject"]][1].startswith("signatures/vendor.")
    assert verification["predicate"]["properties"] == [
        "CTRLKIT_BUNDLE_WHOLE",
        "CTRLKIT_VENDOR_ENVELOPE_BOUND",
        "CTRLKIT_PROFILE_SATISFIED",
    ]


def test_a_stranger_checks_the_signature_with_jq_and_openssl_alone(desk: Path) -> None:
    sign(desk, "vendor")
    bundle = bundle_of(desk)
    (envelope,) = (bundle / "signatures").iterdir()
    script = commands(bundle, 6).replace("ROLE.KEY.dsse.json", envelope.name)
    done = shell(bundle, script.replace("/path/to/signer.pub", str(desk / "vendor-key.pub")))
    assert (done.returncode, done.stdout) == (0, "Signature Verified Successfully\ntrue\n"), done.stderr
    other = shell(bundle, script.replace("/path/to/signer.pub", str(desk / "stranger-key.pub")))
    assert other.returncode != 0


def test_securesystemslib_would_read_the_envelope_too(desk: Path) -> None:
    """The fields that DSSE names, no others, and base64 without line breaks."""
    sign(desk, "vendor")
    (envelope,) = (bundle_of(desk) / "signatures").iterdir()
    said = json.loads(envelope.read_bytes())
    assert set(said) == {"payload", "payloadType", "signatures"}
    assert [set(s) for s in said["signatures"]] == [{"keyid", "sig"}]
    assert "\n" not in said["payload"]


Break = Callable[[Path], None]


def _edit(name: str, old: bytes, new: bytes) -> Break:
    def change(bundle: Path) -> None:
        (path,) = (bundle / "signatures").glob(name)
        raw = path.read_bytes()
        assert old in raw
        path.write_bytes(raw.replace(old, new, 1))

    return change


def _take_away(bundle: Path) -> None:
    (path,) = (bundle / "signatures").glob("vendor.*")
    path.unlink()


def _rename(bundle: Path) -> None:
    (path,) = (bundle / "signatures").glob("vendor.*")
    path.rename(path.with_name("vendor.00000000.dsse.json"))


def _as_auditor(bundle: Path) -> None:
    (path,) = (bundle / "signatures").glob("vendor.*")
    path.rename(path.with_name(path.name.replace("vendor", "auditor")))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_take_away, "which is not here: it was taken away"),
        (_edit("vendor.*", b'"payload": "ey', b'"payload": "eY'), "no in-toto statement"),
        (_edit("vendor.*", b"vnd.in-toto", b"vnd.in_toto"), "says payloadType"),
        (_edit("vendor.*", b'"sig": "', b'"sig": "AAAA'), "that envelope was changed after it was signed"),
        (_edit("vendor.*", b"{", b"["), "is no DSSE envelope"),
        (_rename, "is named after another key than it holds"),
        (_as_auditor, "which a auditor does not"),
        (lambda b: (b / "signatures" / "note.txt").write_text("x") and None, "is no envelope"),
    ],
)
def test_an_envelope_that_was_touched_is_named(desk: Path, harm: Break, said: str) -> None:
    sign(desk, "vendor")
    sign(desk, "client")
    harm(bundle_of(desk))
    answer = verify(desk)
    assert answer.code == 1
    assert any(said in problem["message"] for problem in answer.said["problems"]), answer.out


def test_a_key_that_did_not_sign_is_not_believed(desk: Path) -> None:
    sign(desk, "vendor", key="stranger")
    answer = verify(desk, "--vendor-key", "vendor-key.pub", "--client-key", "client-key.pub")
    assert answer.code == 1
    messages = [problem["message"] for problem in answer.said["problems"]]
    assert any("1 by another key" in m for m in messages)
    assert any("no client has signed it" in m for m in messages)


@pytest.mark.parametrize(("until", "code"), [("2099-12-31", 0), ("2020-12-31", 1)])
def test_a_key_history_says_on_which_days_a_key_signs(desk: Path, until: str, code: int) -> None:
    sign(desk, "vendor")
    (desk / "keys.yaml").write_text(
        f"- {{key: stranger-key.pub, from: 2010-01-01, until: 2010-12-31}}\n"
        f"- {{key: vendor-key.pub, from: 2020-01-01, until: {until}}}\n",
        "utf-8",
    )
    assert verify(desk, "--vendor-key", "keys.yaml").code == code
    (desk / "keys.yaml").write_text("- {key: vendor-key.pub, from: 2021-01-01, until: 2020-01-01}\n", "utf-8")
    wrong = verify(desk, "--vendor-key", "keys.yaml")
    assert (wrong.code, "keys.yaml:1" in wrong.err) == (3, True)


def test_a_key_signs_once_in_a_role_and_a_broken_bundle_not_at_all(desk: Path) -> None:
    sign(desk, "vendor")
    again = sign(desk, "vendor")
    assert (again.code, "has signed as vendor already" in again.err) == (3, True)
    path = bundle_of(desk) / "data" / "results" / "results.ndjson"
    path.write_bytes(path.read_bytes() + b"\n")
    assert sign(desk, "client").code == 3


def test_a_sample_cannot_be_signed(desk: Path) -> None:
    ctrlkit(desk, "run", "--profile", "bpo-philippines", "--select", "MFA-01", "--out", "sample")
    answer = ctrlkit(desk, "sign", "sample/latest", "--role", "client", "--sign-key", "client-key.key")
    assert (answer.code, "is of a sample, which nobody signs" in answer.err) == (3, True)


def test_an_encrypted_key_needs_its_password_from_the_environment(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(signature.PASSWORD, "correct horse")
    assert "encrypted" in ctrlkit(desk, "keygen", "--kind", "sign", "--out", "locked-key").out
    assert b"ENCRYPTED" in (desk / "locked-key.key").read_bytes()
    monkeypatch.setenv(signature.PASSWORD, "wrong")
    assert "cannot be decrypted" in sign(desk, "auditor", key="locked").err
    monkeypatch.setenv(signature.PASSWORD, "correct horse")
    assert sign(desk, "auditor", key="locked").code == 0
    kept = [p.read_bytes() for p in desk.rglob("*") if p.is_file()]
    assert not any(b"correct horse" in raw for raw in kept)


def test_an_ed25519_key_of_openssl_signs_and_verifies(desk: Path) -> None:
    script = "openssl genpkey -algorithm ed25519 -out ed-key.key; openssl pkey -in ed-key.key -pubout -out ed-key.pub"
    subprocess.run(["sh", "-ec", script], cwd=desk, check=True, env={"PATH": os.environ["PATH"]}, timeout=60)
    assert sign(desk, "client", key="ed").code == 0
    assert verify(desk, "--client-key", "ed-key.pub").code == 0
    bundle = bundle_of(desk)
    (envelope,) = (bundle / "signatures").iterdir()
    script = commands(bundle, 6).replace("ROLE.KEY.dsse.json", envelope.name)
    done = shell(bundle, script.replace("/path/to/signer.pub", str(desk / "ed-key.pub")))
    assert done.stdout == "Signature Verified Successfully\ntrue\n", done.stderr


def test_other_kinds_of_keys_are_refused(tmp_path: Path) -> None:
    wide = ec.generate_private_key(ec.SECP384R1())
    pem = wide.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "wide.key").write_bytes(pem)
    with pytest.raises(InputError, match="another kind of key"):
        signature.private_key(tmp_path / "wide.key", lambda _: None)
    (tmp_path / "no.key").write_text("nothing", "utf-8")
    with pytest.raises(InputError, match="holds no private key"):
        signature.private_key(tmp_path / "no.key", lambda _: None)
    with pytest.raises(InputError, match="holds no public key"):
        signature.public_key(tmp_path / "no.key")
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    assert len(signature.key_id(public)) == 64
