"""known_hosts: plain, hashed, patterns, revoked, authorities; what cannot be read makes nobody known."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest
import sshd

from ctrlkit.errors import InputError
from ctrlkit.identity import public
from ctrlkit.known_hosts import Standing, fingerprint, judge, key_types, load, name_of


def key(name: str, sort: str = "ed25519") -> tuple[str, bytes, str]:
    """Type, bytes and text of a public key."""
    blob = public(sshd.make_key(sort, name=name))
    length = int.from_bytes(blob[:4], "big")
    return blob[4 : 4 + length].decode(), blob, base64.b64encode(blob).decode()


GOOD, OTHER, RSA = key("good"), key("other"), key("good", "rsa")


def standing(tmp_path: Path, text: str, name: str, shown: tuple[str, bytes, str] = GOOD) -> Standing:
    (tmp_path / "known_hosts").write_text(text, "utf-8")
    return judge(load((tmp_path / "known_hosts",)), name, shown[0], shown[1])[0]


def line(hosts: str, of: tuple[str, bytes, str] = GOOD, marker: str = "") -> str:
    return f"{marker} {hosts} {of[0]} {of[2]} remark\n".lstrip()


@pytest.mark.parametrize(
    ("hosts", "name", "expected"),
    [
        ("192.0.2.10", "192.0.2.10", Standing.TRUSTED),
        ("192.0.2.10", "192.0.2.11", Standing.UNKNOWN),
        ("192.0.2.10", "[192.0.2.10]:2222", Standing.UNKNOWN),
        ("[192.0.2.10]:2222", "[192.0.2.10]:2222", Standing.TRUSTED),
        ("a.example,192.0.2.10", "192.0.2.10", Standing.TRUSTED),
        ("Jump.Example", "jump.example", Standing.TRUSTED),
        ("*.example", "jump.example", Standing.TRUSTED),
        ("*.example,!jump.example", "jump.example", Standing.UNKNOWN),
        ("jump?.example", "jump1.example", Standing.TRUSTED),
        ("[*.example]:2222", "[jump.example]:2222", Standing.TRUSTED),
        ("j.mp.example", "jump.example", Standing.UNKNOWN),
        ("2001:db8::1", "2001:db8::1", Standing.TRUSTED),
    ],
)
def test_a_host_is_known_by_exactly_its_name(tmp_path: Path, hosts: str, name: str, expected: Standing) -> None:
    assert standing(tmp_path, line(hosts), name) is expected


def test_a_file_hashed_by_openssh_is_read(tmp_path: Path) -> None:
    (tmp_path / "known_hosts").write_text(line("192.0.2.10") + line("[a.example]:2222"), "utf-8")
    words = [sshd.program("ssh-keygen"), "-H", "-f", str(tmp_path / "known_hosts")]
    subprocess.run(words, check=True, capture_output=True, timeout=20)
    text = (tmp_path / "known_hosts").read_text("utf-8")
    assert "192.0.2.10" not in text
    assert standing(tmp_path, text, "192.0.2.10") is Standing.TRUSTED
    assert standing(tmp_path, text, "[a.example]:2222") is Standing.TRUSTED
    assert standing(tmp_path, text, "192.0.2.11") is Standing.UNKNOWN


def test_another_key_of_a_known_host_is_a_change(tmp_path: Path) -> None:
    assert standing(tmp_path, line("192.0.2.10"), "192.0.2.10", OTHER) is Standing.CHANGED


def test_a_second_type_of_key_does_not_make_the_first_unknown(tmp_path: Path) -> None:
    text = line("192.0.2.10", RSA) + line("192.0.2.10")
    assert standing(tmp_path, text, "192.0.2.10") is Standing.TRUSTED
    assert key_types(load((tmp_path / "known_hosts",)), "192.0.2.10") == ("ssh-rsa", "ssh-ed25519")


def test_a_revoked_key_is_refused_even_where_another_line_trusts_it(tmp_path: Path) -> None:
    text = line("192.0.2.10") + line("*", marker="@revoked")
    assert standing(tmp_path, text, "192.0.2.10") is Standing.REVOKED


def test_a_key_revoked_for_others_stays_good_here(tmp_path: Path) -> None:
    assert standing(tmp_path, line("a.example") + line("b.example", marker="@revoked"), "a.example") is Standing.TRUSTED


def test_the_key_of_an_authority_is_no_key_of_a_host(tmp_path: Path) -> None:
    assert standing(tmp_path, line("*", marker="@cert-authority"), "192.0.2.10") is Standing.AUTHORITY


@pytest.mark.parametrize(
    "text",
    ["@revoked * ssh-ed25519\n", "@revoked * ssh-ed25519 not-base64!\n", "@trusted * ssh-ed25519 AAAA\n",
     f"@revoked * ssh-rsa {GOOD[2]}\n"],
    ids=["no key", "no base64", "unknown marker", "another type inside"],
)  # fmt: skip
def test_a_line_that_forbids_something_unreadable_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "known_hosts").write_text("# a remark\n" + text, "utf-8")
    with pytest.raises(InputError, match=r"known_hosts:2: .* expected"):
        load((tmp_path / "known_hosts",))


@pytest.mark.parametrize(
    "text",
    ["192.0.2.10\n", "192.0.2.10 ssh-ed25519 %%%%\n", f"192.0.2.10 ssh-rsa {GOOD[2]}\n", "|1|x|y ssh-ed25519 AAAA\n",
     "192.0.2.10 2048 35 12345\n"],
    ids=["one word", "no base64", "another type inside", "broken hash", "protocol 1"],
)  # fmt: skip
def test_a_line_that_cannot_be_read_makes_nobody_known_and_is_named(tmp_path: Path, text: str) -> None:
    assert standing(tmp_path, text, "192.0.2.10") is Standing.UNKNOWN
    assert load((tmp_path / "known_hosts",)).unread == (f"{(tmp_path / 'known_hosts').as_posix()}:1",)


def test_a_broken_hash_with_a_good_key_matches_nobody(tmp_path: Path) -> None:
    assert standing(tmp_path, line("|1|%%%|%%%") + line("|1|x"), "192.0.2.10") is Standing.UNKNOWN


def test_no_file_knows_nobody(tmp_path: Path) -> None:
    known = load((tmp_path / "absent",))
    assert judge(known, "192.0.2.10", GOOD[0], GOOD[1]) == (Standing.UNKNOWN, ())


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a regular file"):
        load((tmp_path,))


def test_the_fingerprint_is_the_one_ssh_keygen_prints() -> None:
    file = sshd.make_key(name="good")
    words = [sshd.program("ssh-keygen"), "-l", "-f", str(file)]
    said = subprocess.run(words, check=True, capture_output=True, text=True, timeout=20).stdout
    assert fingerprint(GOOD[1]) == said.split()[1]


def test_a_port_of_its_own_stands_in_the_name() -> None:
    assert name_of("a.example", 22) == "a.example"
    assert name_of("2001:db8::1", 2222) == "[2001:db8::1]:2222"
