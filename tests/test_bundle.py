from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import re
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from pathlib import Path

import broken_bundles as broken
import pytest

from ctrlkit.bundle import opened, seal, verify, verify_text, zip_bundle
from ctrlkit.errors import BundleError, CtrlkitError, InputError

WHOLE = {
    "VERIFY.txt",
    "bag-info.txt",
    "bagit.txt",
    "data/controls/mfa.py",
    "data/evidence/accounts.csv",
    "data/evidence/accounts.problems.ndjson",
    "data/results/results.ndjson",
    "data/run.json",
    "manifest-sha256.txt",
    "tagmanifest-sha256.txt",
}


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def one_file(name: str, data: bytes = b"x") -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    return fill


def test_a_bundle_holds_the_payload_and_the_files_of_a_bag(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path / "runs")
    files = tree(bundle)
    assert set(files) == WHOLE
    assert files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    size = sum(len(data) for name, data in files.items() if name.startswith("data/"))
    assert files["bag-info.txt"].decode() == (
        "Bag-Software-Agent: ctrlkit 0.1.0\nBagging-Date: 2026-11-02\n"
        f"External-Identifier: northwind-2026-10\nPayload-Oxum: {size}.5\n"
    )
    assert files["data/evidence/accounts.csv"] == broken.ACCOUNTS


def test_the_folder_is_named_by_its_manifest_and_latest_names_the_folder(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    digest = hashlib.sha256((bundle / broken.MANIFEST).read_bytes()).hexdigest()
    assert bundle.name == f"{broken.STEM}-{digest[:8]}"
    assert (tmp_path / "latest").read_bytes() == f"{bundle.name}\n".encode()
    assert {p.name for p in tmp_path.iterdir()} == {bundle.name, "latest"}


def test_the_same_payload_gives_the_same_bytes_in_any_order_and_place(tmp_path: Path) -> None:
    def backwards(data: Path) -> None:
        made = tmp_path / "payload"
        made.mkdir()
        broken.fill(made)
        for name, content in sorted(tree(made).items(), reverse=True):
            one_file(name, content)(data)

    first = broken.good(tmp_path / "a")
    info = dict(reversed(broken.INFO.items()))
    second = seal(tmp_path / "b" / "c", broken.STEM, backwards, info)
    assert (first.name, tree(first)) == (second.name, tree(second))


def test_a_folder_without_files_is_not_part_of_a_bundle(tmp_path: Path) -> None:
    """BagIt has no way to list one: it is neither counted nor a fault."""

    def fill(data: Path) -> None:
        broken.fill(data)
        (data / "hosts").mkdir()

    assert verify(seal(tmp_path, broken.STEM, fill, broken.INFO)) == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Ünïcode.csv", "holds something else"),
        ("a b.csv", "holds something else"),
        ("a:b", "holds something else"),
        ("a%20b", "has a % escape"),
        (".hidden", "begins or ends with a dot"),
        ("sub/.hidden/x", "begins or ends with a dot"),
        ("end.", "begins or ends with a dot"),
        ("end ", "holds something else"),
        ("AUX", "Windows reserves"),
        ("com1.csv", "Windows reserves"),
        ("/".join(["x" * 99, "y" * 99]), "204 characters"),
    ],
)
def test_a_payload_name_that_some_system_cannot_hold_is_refused(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        seal(tmp_path, "run", one_file(name), broken.INFO)
    assert list(tmp_path.iterdir()) == []


def test_payload_names_equal_but_for_case_are_refused(tmp_path: Path) -> None:
    def fill(data: Path) -> None:
        one_file("hosts/Jump1.json")(data)
        one_file("hosts/jump1.json")(data)

    with pytest.raises(InputError, match="clashes with"):
        seal(tmp_path, "run", fill, broken.INFO)


def test_a_link_in_the_payload_is_refused_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x", "utf-8")
    with pytest.raises(InputError, match="data/link · is a link"):
        seal(tmp_path / "runs", "run", lambda data: (data / "link").symlink_to(tmp_path / "secret"), broken.INFO)


def test_an_empty_payload_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no file"):
        seal(tmp_path, "run", lambda _: None, broken.INFO)


@pytest.mark.parametrize("stem", ["", "a/b", "..", ".hidden", "a b", "nul", "x" * 201])
def test_a_bundle_name_that_some_system_cannot_hold_is_refused_before_anything_is_written(
    stem: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="expected"):
        seal(tmp_path / "runs", stem, broken.fill, broken.INFO)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "info",
    [
        {},
        {"Bagging-Date": "02.11.2026"},
        {**broken.INFO, "Payload-Oxum": "1.1"},
        {**broken.INFO, "two words": "x"},
        {**broken.INFO, "Contact: x\nName": "x"},
        {**broken.INFO, "Contact-Name": ""},
        {**broken.INFO, "Contact-Name": " x"},
        {**broken.INFO, "Contact-Name": "x\nPayload-Oxum: 1.1"},
        {**broken.INFO, "Contact-Name": "x\u2028y"},
    ],
    ids=["no date", "date", "own label", "label", "label line", "empty", "blank", "second line", "line separator"],
)
def test_bag_info_that_cannot_be_written_as_one_line_is_refused(info: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"bag-info\.txt"):
        seal(tmp_path / "runs", "run", broken.fill, info)
    assert list(tmp_path.iterdir()) == []


def test_what_fails_while_the_payload_is_written_leaves_nothing_and_latest_as_it_was(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)

    def fill(data: Path) -> None:
        one_file("evidence.csv")(data)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal(tmp_path, "second", fill, broken.INFO)
    assert {p.name for p in tmp_path.iterdir()} == {bundle.name, "latest"}
    assert (tmp_path / "latest").read_text("utf-8") == f"{bundle.name}\n"


def test_a_full_disk_is_said_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    def fill(data: Path) -> None:
        one_file("evidence.csv")(data)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(data / "evidence.csv"))

    with pytest.raises(
        CtrlkitError, match=r"evidence\.csv · No space left on device · the bundle was not written"
    ) as told:
        seal(tmp_path, "run", fill, broken.INFO)
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file", "utf-8")
    with pytest.raises(CtrlkitError, match="runs · File exists · the bundle was not written"):
        broken.good(tmp_path / "runs")


def killed(out: Path) -> None:
    """Another process that is killed while it writes the payload."""
    words = """
        import os, sys
        from pathlib import Path
        from ctrlkit.bundle import seal

        def fill(data):
            (data / "evidence.csv").write_text("half", "utf-8")
            os._exit(9)

        seal(Path(sys.argv[1]), "run", fill, {"Bagging-Date": "2026-11-02"})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(words), str(out)], check=False, timeout=60)
    assert done.returncode == 9


def test_a_killed_run_leaves_no_bundle_and_its_remains_go_at_the_next_seal(tmp_path: Path) -> None:
    killed(tmp_path)
    assert [p.name.startswith(".sealing-") for p in tmp_path.iterdir()] == [True]
    bundle = broken.good(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {bundle.name, "latest"}


def test_two_runs_may_seal_into_one_folder_at_once(tmp_path: Path) -> None:
    """Cleaning up spares what another run is still writing."""

    def fill(data: Path) -> None:
        one_file("before")(data)
        seal(tmp_path, "inner", one_file("run.json", b"{}"), broken.INFO)
        one_file("run.json", b"{}")(data)

    outer = seal(tmp_path, "outer", fill, broken.INFO)
    assert verify(outer) == ()
    assert sorted(p.name.split("-")[0] for p in tmp_path.iterdir()) == ["inner", "latest", "outer"]


def test_an_identical_bundle_is_kept_with_its_signatures(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    one_file("signatures/vendor.0123abcd.dsse.json", b"{}")(bundle)
    assert broken.good(tmp_path) == bundle
    assert (bundle / "signatures" / "vendor.0123abcd.dsse.json").exists()
    assert {p.name for p in tmp_path.iterdir()} == {bundle.name, "latest"}


def test_a_damaged_bundle_of_the_same_name_is_replaced(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    whole = tree(bundle)
    (bundle / broken.EVIDENCE).write_bytes(b"")
    assert broken.good(tmp_path) == bundle
    assert tree(bundle) == whole
    assert {p.name for p in tmp_path.iterdir()} == {bundle.name, "latest"}


def test_a_damaged_signed_bundle_is_never_overwritten(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    one_file("signatures/vendor.0123abcd.dsse.json", b"{}")(bundle)
    (bundle / broken.EVIDENCE).write_bytes(b"")
    before = tree(bundle)
    with pytest.raises(BundleError, match="is signed or no bundle, and differs"):
        broken.good(tmp_path)
    assert tree(bundle) == before


def test_a_failed_move_puts_back_what_stood_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = broken.good(tmp_path)
    (bundle / "stray.txt").write_text("x", "utf-8")
    before = tree(bundle)
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path.name == "bag":
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(CtrlkitError, match="Input/output error"):
        broken.good(tmp_path)
    assert tree(bundle) == before


def test_a_payload_is_hashed_in_blocks_and_never_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> bytes:
        raise AssertionError(path)

    large = os.urandom(3 << 20)
    monkeypatch.setattr(Path, "read_bytes", refused)
    bundle = seal(tmp_path, "run", one_file("large.bin", large), broken.INFO)
    monkeypatch.undo()
    assert (bundle / broken.MANIFEST).read_text("utf-8") == f"{hashlib.sha256(large).hexdigest()}  data/large.bin\n"


# --- zip


def test_a_zip_depends_on_the_files_alone(tmp_path: Path) -> None:
    first, second = broken.good(tmp_path / "a"), broken.good(tmp_path / "b")
    for number, path in enumerate(sorted(second.rglob("*"))):
        os.utime(path, (number, number))
        path.chmod(0o700)
    assert zip_bundle(first).read_bytes() == zip_bundle(second).read_bytes()


def test_a_zip_is_sorted_stored_and_without_times_or_owners(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    packed = zip_bundle(bundle)
    assert packed == tmp_path / f"{bundle.name}.zip"
    with zipfile.ZipFile(packed) as archive:
        entries = archive.infolist()
    assert [e.filename for e in entries] == sorted(f"{bundle.name}/{name}" for name in WHOLE)
    facts = {(e.date_time, e.external_attr >> 16, e.create_system, e.compress_type, e.flag_bits) for e in entries}
    assert facts == {((1980, 1, 1, 0, 0, 0), 0o100644, 3, zipfile.ZIP_STORED, 0)}


def test_a_zip_opens_as_the_same_bundle(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    one_file("signatures/vendor.0123abcd.dsse.json", b"{}")(bundle)
    with opened(zip_bundle(bundle)) as folder:
        assert (folder.name, tree(folder)) == (bundle.name, tree(bundle))
        assert verify(folder) == ()
    assert not folder.exists()


def test_zipping_again_replaces_the_zip(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    first = zip_bundle(bundle).read_bytes()
    zip_bundle(bundle).write_bytes(b"old")
    assert zip_bundle(bundle).read_bytes() == first
    assert {p.name for p in tmp_path.iterdir()} == {bundle.name, f"{bundle.name}.zip", "latest"}


def test_a_bundle_with_a_link_is_not_zipped(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    (bundle / "signatures").symlink_to(tmp_path)
    with pytest.raises(BundleError, match="is a link"):
        zip_bundle(bundle)


# --- what VERIFY.txt says, done as it says


def commands(bundle: Path, number: int) -> str:
    """The indented lines under one numbered heading of the bundle's own VERIFY.txt."""
    text = (bundle / "VERIFY.txt").read_text("ascii")
    section = re.split(r"^\d\. ", text.split("\n\n\nWhat this bundle does not show")[0], flags=re.MULTILINE)[number]
    return "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))


def shell(bundle: Path, script: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    words = ["sh", "-euc", script]
    return subprocess.run(
        words, cwd=bundle, env={"PATH": path}, capture_output=True, text=True, timeout=60, check=False
    )


def test_sha256sum_accepts_the_bundle_and_sees_a_change(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    done = shell(bundle, commands(bundle, 1))
    assert done.returncode == 0
    assert {line.rsplit(": ", 1)[1] for line in done.stdout.splitlines()} == {"OK"}
    assert len(done.stdout.splitlines()) == 9
    (bundle / broken.EVIDENCE).write_bytes(b"")
    assert "data/evidence/accounts.csv: FAILED" in shell(bundle, commands(bundle, 1)).stdout


def test_the_command_for_added_files_prints_nothing_but_what_was_added(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    assert shell(bundle, commands(bundle, 2)).stdout == ""
    one_file("data/evidence/more.csv")(bundle)
    assert shell(bundle, commands(bundle, 2)).stdout == "data/evidence/more.csv\n"


def test_the_command_for_the_name_prints_its_end(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    assert shell(bundle, commands(bundle, 3)).stdout == f"{bundle.name[-8:]}\n"
    assert f"Must print {bundle.name[-8:]}, the end" in (bundle / "VERIFY.txt").read_text("ascii")


def test_bagit_accepts_the_bundle_also_when_signed_and_sees_an_added_file(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path)
    one_file("signatures/vendor.0123abcd.dsse.json", b"{}")(bundle)
    done = shell(bundle, commands(bundle, 5))
    assert done.returncode == 0, done.stderr
    one_file("data/evidence/more.csv")(bundle)
    assert shell(bundle, commands(bundle, 5)).returncode != 0


def signed(bundle: Path, keys: Path, subject: str, digest: str) -> None:
    """A DSSE envelope made by openssl over a statement about one file."""
    kind = "application/vnd.in-toto+json"
    statement = json.dumps({"subject": [{"name": subject, "digest": {"sha256": digest}}], "note": "ñ"}).encode()
    (keys / "pae").write_bytes(b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(statement), statement))
    script = """
        openssl ecparam -name prime256v1 -genkey -noout -out k.key
        openssl ec -in k.key -pubout -out k.pub
        openssl dgst -sha256 -sign k.key -out sig pae
    """
    assert shell(keys, script).returncode == 0
    sig = base64.b64encode((keys / "sig").read_bytes()).decode()
    envelope = {"payload": base64.b64encode(statement).decode(), "payloadType": kind, "signatures": [{"sig": sig}]}
    one_file("signatures/vendor.0123abcd.dsse.json", json.dumps(envelope).encode())(bundle)


def signature_script(bundle: Path, keys: Path) -> str:
    script = commands(bundle, 6).replace("ROLE.KEY", "vendor.0123abcd")
    return script.replace("/path/to/signer.pub", str(keys / "k.pub"))


def test_jq_and_openssl_verify_a_signature_as_verify_txt_says(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path / "runs")
    digest = hashlib.sha256((bundle / broken.TAGS).read_bytes()).hexdigest()
    signed(bundle, tmp_path, "tagmanifest-sha256.txt", digest)
    done = shell(bundle, signature_script(bundle, tmp_path))
    assert (done.returncode, done.stdout) == (0, "Signature Verified Successfully\ntrue\n"), done.stderr


def test_jq_says_false_when_a_good_signature_is_about_another_bundle(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path / "runs")
    signed(bundle, tmp_path, "tagmanifest-sha256.txt", "0" * 64)
    assert shell(bundle, signature_script(bundle, tmp_path)).stdout == "Signature Verified Successfully\nfalse\n"


def test_openssl_refuses_a_statement_that_was_changed(tmp_path: Path) -> None:
    bundle = broken.good(tmp_path / "runs")
    signed(bundle, tmp_path, "tagmanifest-sha256.txt", "0" * 64)
    path = bundle / "signatures" / "vendor.0123abcd.dsse.json"
    envelope = json.loads(path.read_bytes())
    forged = base64.b64decode(envelope["payload"]).replace(b"0000", b"1111")
    path.write_text(json.dumps({**envelope, "payload": base64.b64encode(forged).decode()}), "utf-8")
    done = shell(bundle, signature_script(bundle, tmp_path))
    assert done.returncode != 0
    assert "Verification Failure" in done.stdout + done.stderr


def test_verify_txt_is_plain_ascii_in_lines_that_fit_and_says_what_is_not_shown() -> None:
    text = verify_text(f"{broken.STEM}-0123abcd")
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 120
    assert "@" not in text.replace("@sha", "")
    for words in ("typed", "inconclusive", "That an export was complete", "pseudonyms", "--fast"):
        assert words in text
