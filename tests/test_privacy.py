"""Pseudonyms and the key: the same person everywhere under one key, nobody under another, and the key stays home."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest
from assembled import KEY, csv, together

from ctrlkit.errors import InputError
from ctrlkit.kind import shipped
from ctrlkit.privacy import KEY_VARIABLE, EngagementKey, config_folder, find_key, write_private

OTHER = EngagementKey(bytes(32), "other")


def test_one_person_has_one_pseudonym_in_every_kind(tmp_path: Path) -> None:
    """However each file writes the number; and another under another key."""
    roster = together(tmp_path, "roster", "employee_id,status\nE-7,active\n")
    leave = together(tmp_path, "leave", "employee_id,start,end,kind\n e-7 ,2026-10-05,,annual\n")
    accounts = together(tmp_path, "accounts", "system,account_id,employee_id,enabled\ncrm,e-7,E-7,yes\n")
    names = {csv(found)["employee_id"].to_list()[0] for found in (roster, leave, accounts)}
    assert names == {KEY.pseudonym("person", "e-7")}
    assert csv(accounts)["account_id"].to_list() != csv(accounts)["employee_id"].to_list()
    elsewhere = together(tmp_path, "roster", "employee_id,status\nE-7,active\n", key=OTHER)
    assert csv(elsewhere)["employee_id"].to_list()[0] not in names


def test_no_identifier_leaves_in_clear(tmp_path: Path) -> None:
    """Of a kind with every hidden column filled, no text of one is in the evaluated file."""
    kind = shipped()["accounts"]
    hidden = [name for name, column in kind.columns.items() if column.pseudonym]
    values = {name: f"zz-{number}-secret" for number, name in enumerate(hidden)}
    cells = {"system": "crm", "enabled": "yes"} | values
    found = together(tmp_path, "accounts", ",".join(cells) + "\n" + ",".join(cells.values()) + "\n")
    assert found.csv is not None
    assert "secret" not in found.csv.read_text("utf-8")
    assert all(csv(found)[name].to_list()[0].startswith("p_") for name in hidden)


def test_many_pseudonyms_are_the_single_ones_and_domains_are_apart() -> None:
    values = ["a", "b", "ä", ""]
    assert KEY.pseudonyms("person", values) == {v: KEY.pseudonym("person", v) for v in values}
    assert len({KEY.pseudonym(d, "a") for d in ("person", "account", "device")}) == 3
    assert KEY.pseudonym("person", "a") == "p_" + KEY.pseudonym("person", "a")[2:].lower()
    assert len(KEY.pseudonym("person", "a")) == 18


def test_a_commitment_needs_the_key_and_the_keys_name_tells_nothing() -> None:
    assert KEY.commitment("0" * 64) == KEY.commitment("0" * 64) != OTHER.commitment("0" * 64)
    assert KEY.id != OTHER.id
    assert KEY.id not in KEY.secret.hex()
    assert len({KEY.id, KEY.commitment("x")[:8], KEY.pseudonym("key id", "")[2:10]}) == 3


def test_a_key_is_kept_for_client_and_vendor_and_is_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("APPDATA", str(tmp_path))
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    first = find_key(None, "northwind", "Example")
    again, other = find_key(None, "northwind", "Example"), find_key(None, "northwind", "Another")
    assert (first.created, again.created, other.created) == (True, False, True)
    assert first.secret == again.secret != other.secret
    path = Path(first.origin)
    assert path.is_relative_to(config_folder())
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_a_key_given_goes_before_the_environment_and_that_before_the_kept_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "11" * 32)
    file = tmp_path / "a.key"
    file.write_text("22" * 32 + "\n", "ascii")
    assert find_key(file, "c", "v").secret == bytes([0x22]) * 32
    assert find_key(None, "c", "v").secret == bytes([0x11]) * 32


@pytest.mark.parametrize("content", [b"", b"22", b"zz" * 32, b"\xff\xfe", b"22" * 31])
def test_a_file_without_a_key_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "a.key"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.key: .*64 hex digits.*keygen"):
        find_key(file, "c", "v")
    with pytest.raises(InputError, match="cannot be read"):
        find_key(tmp_path / "none.key", "c", "v")


def test_an_empty_key_in_the_environment_is_not_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret that a CI job forgot must not quietly become a new one."""
    monkeypatch.setenv(KEY_VARIABLE, "")
    with pytest.raises(InputError, match=KEY_VARIABLE):
        find_key(None, "c", "v")


def test_a_secret_is_never_written_over_another_file(tmp_path: Path) -> None:
    file = tmp_path / "a.key"
    write_private(file, "one")
    with pytest.raises(InputError, match="never overwritten"):
        write_private(file, "two")
    assert file.read_text("ascii") == "one"
    assert os.name == "nt" or stat.S_IMODE(file.stat().st_mode) == 0o600
