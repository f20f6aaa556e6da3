"""Time stamps: a third party's word that a bundle was there, about this bundle only, never green without its key."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import custody_desk
import pytest
import time_authority
from commands import Answer, ctrlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from ctrlkit import bundle, timestamp

STAMP = "signatures/tagmanifest-sha256.txt.tsr"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return time_authority.make(tmp_path_factory.mktemp("authority") / "tsa")


@pytest.fixture(scope="module")
def stamped(custody: Path, authority: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A desk with a signed handover that was stamped over the network."""
    folder = custody_desk.copied(custody, tmp_path_factory.mktemp("stamp") / "desk")
    assert ctrlkit(folder, "keygen", "--kind", "sign", "--out", "pen").code == 0
    assert ctrlkit(folder, "sign", "handed/latest", "--role", "vendor", "--sign-key", "pen.key").code == 0
    shutil.copyfile(authority / "ca.pem", folder / "ca.pem")
    other = time_authority.make(folder / "other")
    shutil.copyfile(other / "ca.pem", folder / "stranger.pem")
    with time_authority.serving(authority) as url:
        answer = ctrlkit(folder, "stamp", "handed/latest", "--tsa", url)
    assert answer.code == 0, answer.err
    assert answer.out.startswith("time stamped at 20")
    return folder


@pytest.fixture
def desk(stamped: Path, tmp_path: Path) -> Path:
    return custody_desk.copied(stamped, tmp_path / "desk")


@pytest.fixture
def bare(desk: Path) -> Path:
    """The desk, its bundle not stamped."""
    (custody_desk.latest(desk, "handed") / STAMP).unlink()
    return desk


def verify(desk: Path, *more: str, name: str = "handed/latest") -> Answer:
    return ctrlkit(desk, "verify", name, *more)


def test_the_pinned_authority_is_told_from_any_other(stamped: Path) -> None:
    answer = verify(stamped, "--tsa-cert", "ca.pem", "--vendor-key", "pen.pub")
    assert answer.code == 0, answer.out
    (line,) = (line for line in answer.out.splitlines() if line.startswith("time stamp: was there at 20"))
    assert line.endswith("Z: verified")
    answer = verify(stamped, "--tsa-cert", "stranger.pem")
    assert (answer.code, f"{STAMP}: is not of the pinned authority" in answer.out) == (1, True)
    answer = verify(stamped)
    assert answer.code == 0
    assert "not verified: pin the authority's certificate with --tsa-cert" in answer.out
    (said,) = verify(stamped, "--format", "json").said["time_stamps"]
    assert (said["file"], said["verified"]) == (STAMP, False)


def test_openssl_alone_comes_to_the_same(stamped: Path) -> None:
    """As VERIFY.txt says it."""
    folder = custody_desk.latest(stamped, "handed")
    words = ["openssl", "ts", "-verify", "-data", "tagmanifest-sha256.txt", "-in", STAMP, "-CAfile"]
    assert " ".join(words) in (folder / "VERIFY.txt").read_text("ascii")
    done = subprocess.run([*words, stamped / "ca.pem"], cwd=folder, check=False, capture_output=True, text=True)
    assert "Verification: OK" in done.stdout


def test_it_is_asked_for_by_file_where_there_is_no_network(bare: Path, authority: Path) -> None:
    assert verify(bare, "--tsa-cert", "ca.pem").code == 1
    assert "holds no time stamp of the pinned authority" in verify(bare, "--tsa-cert", "ca.pem").out
    assert ctrlkit(bare, "stamp", "handed/latest", "--request", "query.tsq").code == 0
    (bare / "reply.tsr").write_bytes(time_authority.reply(authority, (bare / "query.tsq").read_bytes()))
    assert ctrlkit(bare, "stamp", "handed/latest", "--reply", "reply.tsr").code == 0
    assert verify(bare, "--tsa-cert", "ca.pem").code == 0
    answer = ctrlkit(bare, "stamp", "handed/latest", "--reply", "reply.tsr")
    assert (answer.code, "the first is worth most: leave it" in answer.err) == (3, True)


def test_a_stamp_of_another_bundle_is_refused_and_found(bare: Path, authority: Path) -> None:
    assert ctrlkit(bare, "stamp", "runs/latest", "--request", "query.tsq").code == 0
    raw = time_authority.reply(authority, (bare / "query.tsq").read_bytes())
    (bare / "reply.tsr").write_bytes(raw)
    answer = ctrlkit(bare, "stamp", "handed/latest", "--reply", "reply.tsr")
    assert (answer.code, "is a time stamp of something else than this" in answer.err) == (3, True)
    (custody_desk.latest(bare, "handed") / STAMP).write_bytes(raw)
    for more in ((), ("--tsa-cert", "ca.pem")):
        answer = verify(bare, *more)
        assert (answer.code, "is a time stamp of something else than this" in answer.out) == (1, True)


def test_the_vendors_stamp_travels_with_its_signature(desk: Path) -> None:
    own = ["--profile", "asked.yaml", "--engagement", "engagement.yaml", "--out", "judged"]
    assert ctrlkit(desk, "run", "handed/latest", *own).code == 2
    answer = verify(desk, "--tsa-cert", "ca.pem", "--vendor-key", "pen.pub", name="judged/latest")
    assert answer.code == 0, answer.out
    assert "time stamp of the handover: was there at 20" in answer.out


def test_an_authority_that_answers_something_else_is_refused(bare: Path, authority: Path) -> None:
    ctrlkit(bare, "stamp", "handed/latest", "--request", "query.tsq")
    old = time_authority.reply(authority, (bare / "query.tsq").read_bytes())
    for raw, said in ((old, "replies to another request"), (b"<html>", "is no reply of a time stamping authority")):
        with time_authority.serving(authority, replay=raw) as url:
            answer = ctrlkit(bare, "stamp", "handed/latest", "--tsa", url)
        assert (answer.code, said in answer.err) == (3, True), answer.err
    with time_authority.serving(authority) as url:
        answer = ctrlkit(bare, "stamp", "handed/latest", "--tsa", f"{url}nowhere")
    assert (answer.code, "gives no reply (Not Found)" in answer.err) == (3, True), answer.err
    answer = ctrlkit(bare, "stamp", "handed/latest", "--tsa", url)
    assert (answer.code, "gives no reply" in answer.err) == (3, True)
    answer = ctrlkit(bare, "stamp", "handed/latest", "--tsa", "file:///etc/hostname")
    assert (answer.code, "expected an address that begins with https://" in answer.err) == (3, True)
    assert not (custody_desk.latest(bare, "handed") / STAMP).exists()


def test_a_file_that_is_no_reply_and_one_that_is_no_certificate_are_said(bare: Path) -> None:
    (bare / "reply.tsr").write_bytes(b"no")
    answer = ctrlkit(bare, "stamp", "handed/latest", "--reply", "reply.tsr")
    assert (answer.code, "reply.tsr: is no reply of a time stamping authority" in answer.err) == (3, True)
    assert "cannot be read" in ctrlkit(bare, "stamp", "handed/latest", "--reply", "nothing").err
    answer = verify(bare, "--tsa-cert", "reply.tsr")
    assert (answer.code, "reply.tsr: holds no certificate" in answer.err) == (3, True)
    bundle.zip_bundle(custody_desk.latest(bare, "handed"))
    (name,) = (path.name for path in (bare / "handed").glob("*.zip"))
    assert "is a zip, expected the bundle's folder" in ctrlkit(bare, "stamp", f"handed/{name}", "--reply", "x").err


def test_without_the_library_nothing_is_taken_for_verified(stamped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamp, "find_spec", lambda _: None)
    answer = verify(stamped)
    assert (answer.code, f"{STAMP}: not looked into: pip install 'ctrlkit[timestamp]'" in answer.out) == (0, True)
    for answer in (verify(stamped, "--tsa-cert", "ca.pem"), ctrlkit(stamped, "stamp", "runs/latest", "--request", "q")):
        assert (answer.code, "rfc3161-client is not installed" in answer.err) == (3, True)


@pytest.fixture(scope="module")
def raw(stamped: Path) -> tuple[bytes, bytes]:
    folder = custody_desk.latest(stamped, "handed")
    return (folder / STAMP).read_bytes(), (folder / "tagmanifest-sha256.txt").read_bytes()


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, 2000), value=st.integers(0, 255), cut=st.booleans())
def test_a_bent_stamp_is_a_problem_and_never_a_crash(
    raw: tuple[bytes, bytes], authority: Path, at: int, value: int, *, cut: bool
) -> None:
    from ctrlkit.signature import certificates

    good, message = raw
    place = at % len(good)
    bent = good[:place] if cut else good[:place] + bytes([value]) + good[place + 1 :]
    pinned = certificates(authority / "ca.pem")
    made = whole = timestamp.stamp_in(good, message, STAMP, pinned)
    with suppress(ValueError):
        made = timestamp.stamp_in(bent, message, STAMP, pinned)
    assert made == whole
