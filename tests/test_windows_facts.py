"""Windows: the script an administrator reads, and recorded PCs in several languages read into the same facts.

The script itself was not run on Windows by these tests: what they read was written by hand from documented shapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from ctrlkit.plugins import linux_probes
from ctrlkit.plugins.windows_probes import PROBES

from ctrlkit.errors import AuthorError, InputError
from ctrlkit.fact_kind import shipped
from ctrlkit.facts import Facts, Unreadable, facts_of
from ctrlkit.hooks import Probe
from ctrlkit.model import Cause
from ctrlkit.powershell_script import build
from ctrlkit.probe_script import describe
from ctrlkit.transcript import Transcript, read, sealed

RECORDED = Path(__file__).parent / "recorded"
MARKER = "0123456789abcdef"
SCRIPT = build(PROBES, nonce="n1", marker=MARKER)


def recorded(name: str) -> Mapping[str, Facts]:
    found = read(sealed(MARKER, (RECORDED / f"{name}.body").read_text("utf-8")), name)
    assert isinstance(found, Transcript), found
    return facts_of(found, [*linux_probes.PROBES, *PROBES])


def causes(facts: Mapping[str, Facts]) -> dict[str, Cause]:
    windows = {probe.fact for probe in PROBES}
    return {name: fact.fault.cause for name, fact in facts.items() if fact.fault is not None and name in windows}


def test_an_english_pc_is_read_as_recorded() -> None:
    facts = recorded("windows11_en")
    assert not causes(facts)
    assert [(row.mountpoint, row.cells["is_encrypted"]) for row in facts["disks"].rows()] == [
        ("C:", True),
        ("D:", False),
        ("E:", None),
    ]
    assert [(row.product, row.is_active, row.cells["signatures_on"]) for row in facts["malware_protection"].rows()] == [
        ("Microsoft Defender", True, "2026-10-30"),
        ("Windows Defender", True, None),
        ("Example Antivirus", False, None),
    ]
    release = facts["os_release"]
    assert (release["id"], release["name"], release["kernel"]) == ("windows", "Windows 11 Pro", "10.0.22631.4317")
    assert release["is_reboot_pending"] is True
    assert [(row.package, row.is_security) for row in facts["pending_updates"].rows()] == [
        ("KB5044380", True),
        ("KB890830", False),
    ]
    assert [(row.group, row.member, row.is_root) for row in facts["admin_groups"].rows()] == [
        ("Administrators", "Administrator", True),
        ("Administrators", "peña", False),
        ("Administrators", "Domain Admins", False),
    ]
    usb = facts["usb_storage"]
    assert (usb["storage_disabled"], usb["uas_disabled"], usb["is_loaded"], usb["is_deauthorised"]) == (
        True,
        True,
        False,
        True,
    )
    assert (facts["screen_lock"]["idle_seconds"], facts["screen_lock"]["users_can_change"]) == (300, False)
    assert facts["firewall"]["inbound_ipv4"] == "accept"
    assert [(row.port, row.is_loopback) for row in facts["listeners"].rows()] == [
        (135, False),
        (5939, True),
        (1900, False),
    ]
    assert {row.name for row in facts["installed_software"].rows()} >= {"AnyDesk", "Telegram Desktop"}
    assert facts["clock"]["is_synchronised"] is True
    with pytest.raises(Unreadable):
        facts["clock"]["offset_microseconds"]
    remote = facts["rdp_redirection"]
    assert (remote["accepts_connections"], remote["drives_blocked"], remote["clipboard_blocked"]) == (True, True, False)
    assert facts["host_identity"]["serial"] == "EX777"
    assert (facts["password_quality"]["min_length"], facts["password_quality"]["history"]) == (14, 24)
    lockout = facts["account_lockout"]
    assert (lockout["is_active"], lockout["attempts"], lockout["unlock_seconds"]) == (True, 10, 1800)
    assert [row.id for row in facts["installed_updates"].rows()] == ["KB5043937", "KB5044285"]


def test_a_german_pc_without_elevation_is_refused_what_needs_it_and_the_rest_is_read() -> None:
    facts = recorded("windows11_de")
    assert causes(facts) == {
        "clock": Cause.REFUSED,
        "disks": Cause.REFUSED,
        "installed_software": Cause.REFUSED,
        "journal_reach": Cause.REFUSED,
        "malware_protection": Cause.UNSUPPORTED,
        "pending_updates": Cause.TIMEOUT,
    }
    assert facts["screen_lock"]["is_managed"] is False
    assert facts["account_lockout"]["is_active"] is False
    assert facts["usb_storage"]["storage_disabled"] is False
    assert [row.member for row in facts["admin_groups"].rows()][-1] == "Domänen-Admins"


def test_a_japanese_pc_gives_the_same_kinds_of_answers() -> None:
    facts = recorded("windows10_ja")
    assert not causes(facts)
    assert [(row.member, row.is_root) for row in facts["admin_groups"].rows()] == [
        ("Administrateur", True),
        ("管理者", False),
    ]
    assert facts["account_lockout"]["unlock_seconds"] == 0
    assert facts["usb_storage"]["storage_disabled"] is True
    with pytest.raises(Unreadable, match="uas_disabled is not known"):
        facts["usb_storage"]["uas_disabled"]
    assert [row.cells["name"] for row in facts["installed_software"].rows()][2:] == [None, "Telegram Desktop"]
    assert facts["clock"]["is_synchronised"] is False


def test_a_pc_has_no_facts_of_linux_alone() -> None:
    fault = recorded("windows11_en")["sshd_settings"].fault
    assert fault is not None
    assert fault.cause is Cause.UNSUPPORTED


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
@pytest.mark.parametrize("text", ["", "\n", "x", "a b\tc", "\t\t", "\x1b[31m\t1\t2", "S-1-5-32-544\tS\t"])
def test_hostile_output_never_breaks_a_parser(probe: Probe, text: str) -> None:
    """It is read or refused; anything else would be a crash that a PC can cause."""
    assert probe.parse is not None
    try:
        reading = probe.parse(text.split("\n"))
    except ValueError:
        return
    assert shipped()[probe.fact].fault_of(reading) is None


def test_the_script_is_ascii_with_the_line_ends_of_windows() -> None:
    assert SCRIPT.isascii()
    assert "\r\n" in SCRIPT
    assert not re.search(r"(?<!\r)\n", SCRIPT)


def test_an_administrator_can_read_what_it_does() -> None:
    head = SCRIPT.partition("param(")[0]
    assert '"n1"' in head
    for probe in PROBES:
        assert f"#   {probe.name}: {probe.about}" in head
        assert f"Ask '{probe.name}' ${'true' if probe.privileged else 'false'} {{" in SCRIPT
    assert max(map(len, SCRIPT.splitlines())) <= 120


def test_a_dry_run_says_what_needs_elevation() -> None:
    said = describe(PROBES)
    assert "elevated, as administrator or SYSTEM" in said
    assert "sudo" not in said


def test_the_script_changes_nothing_and_contacts_nobody() -> None:
    verbs = (
        "Set-Item|Set-Content|New-Item|Remove-|Start-|Stop-|Restart-|Enable-|Disable-|Invoke-|Import-Module|Add-Type"
    )
    others = "Install-|Out-File|Net.WebClient|Sockets|Download|iex |secedit|manage-bde"
    assert not re.findall(f"{verbs}|{others}", SCRIPT)
    assert SCRIPT.count("WriteAllText") == 1


def test_no_answer_rests_on_words_of_a_language() -> None:
    """Tools that print in the language of the PC are not asked, but for one of which only numbers are read."""
    tools = re.findall(r"[\w:\\$]*\.exe", SCRIPT)
    assert tools == ["$env:SystemRoot\\System32\\w32tm.exe"]
    assert not re.search(r"net accounts|netsh|Get-LocalGroupMember|systeminfo", SCRIPT)


def test_a_key_that_may_not_be_opened_is_no_absence() -> None:
    assert "SilentlyContinue" not in "".join(probe.command for probe in PROBES)


def test_braces_and_quotes_of_every_probe_are_closed() -> None:
    for probe in PROBES:
        bare = re.sub(r"'(?:[^']|'')*'", "''", probe.command)
        assert bare.count("{") == bare.count("}"), probe.name
        assert bare.count("(") == bare.count(")"), probe.name
        assert bare.count('"') % 2 == 0, probe.name


def test_letters_beside_ascii_are_refused() -> None:
    with pytest.raises(AuthorError, match="ASCII"):
        build([Probe("p", "p", "'ñ'", about="x", language="powershell")], nonce="", marker=MARKER)


def test_a_nonce_that_could_become_script_is_refused() -> None:
    with pytest.raises(InputError, match="nonce"):
        build(PROBES, nonce="'; Remove-Item", marker=MARKER)


def test_only_probes_of_its_language_are_in_it() -> None:
    assert "sshd" not in build([*linux_probes.PROBES, *PROBES], nonce="", marker=MARKER)


def test_every_probe_has_a_fact_with_a_schema() -> None:
    assert all(probe.fact in shipped() and probe.about for probe in PROBES)
