"""The Linux probes: what they print on this host and on recorded ones becomes exact facts, under every shell."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ctrlkit.plugins.linux_probes import PROBES

from ctrlkit.fact_kind import shipped
from ctrlkit.facts import Facts, Unreadable, facts_of
from ctrlkit.hooks import Probe, Reading
from ctrlkit.model import Cause
from ctrlkit.probe_script import build
from ctrlkit.transcript import Transcript, read, sealed

RECORDED = Path(__file__).parent / "recorded"
BY_NAME = {probe.name: probe for probe in PROBES}


def recorded(name: str) -> Mapping[str, Facts]:
    found = read(sealed("0123456789abcdef", (RECORDED / f"{name}.body").read_text("utf-8")), name)
    assert isinstance(found, Transcript), found
    return facts_of(found, PROBES)


def parsed(name: str, text: str) -> Reading:
    parse = BY_NAME[name].parse
    assert parse is not None
    reading: Reading = parse(text.splitlines())
    return reading


def rows(facts: Facts) -> list[dict[str, Any]]:
    return [dict(row.cells) for row in facts.rows()]


def causes(facts: Mapping[str, Facts]) -> dict[str, Cause]:
    return {name: fact.fault.cause for name, fact in facts.items() if fact.fault is not None}


def test_every_probe_has_a_fact_with_a_schema_and_says_what_it_is_for() -> None:
    assert all(probe.fact in shipped() and probe.about for probe in PROBES)


def test_no_probe_writes_installs_or_contacts_anybody() -> None:
    for probe in PROBES:
        text = probe.command.replace(">/dev/null", "")
        for word in ("mktemp", "curl", "wget", "ssh ", "tee ", " rm ", "chmod", "systemctl start", "apt-get update"):
            assert word not in text, probe.name
        redirected = [part[:1] for part in text.replace("2>", ">").split(">")[1:]]
        assert all(first in {"&", "/", " ", "="} for first in redirected), probe.name


# --- this host ---------------------------------------------------------------------------------------------------


def this_host(shell: Sequence[str], *, plain: bool = False, tools: str = "") -> bytes:
    words = [*shell]
    if plain and os.getuid() == 0:
        words = [shutil.which("setpriv") or "setpriv", "--reuid=65534", "--clear-groups", *shell]
    text = build(PROBES, nonce="n1", marker="0123456789abcdef", sudo=False, total_seconds=90)
    # The probes themselves run in the shell under test too, as on a host where it is /bin/sh.
    text = text.replace("$session sh -c", f"$session {' '.join(shell)} -c")
    text = text.replace(" PATH=", f" PATH={tools}:") if tools else text
    done = subprocess.run(words, input=text.encode(), capture_output=True, timeout=120, check=True, cwd="/")
    assert not done.stderr
    return done.stdout


APPLETS = (
    "awk",
    "cat",
    "cut",
    "date",
    "find",
    "grep",
    "head",
    "id",
    "ls",
    "sed",
    "sort",
    "stat",
    "tr",
    "uname",
)


@pytest.fixture
def applets(tmp_path: Path) -> str:
    """A folder with the tools of busybox, which are all that Alpine has of them."""
    for name in APPLETS:
        (tmp_path / name).symlink_to(shutil.which("busybox") or "busybox")
    return str(tmp_path)


def test_this_host_gives_the_same_facts_under_every_shell(applets: str) -> None:
    """Other tests change this host meanwhile: what the first shell reads otherwise the second time is left aside."""
    said: list[dict[str, str]] = []
    for shell in (["dash"], ["bash"], ["busybox", "sh"], ["dash"]):
        found = read(this_host(shell, tools=applets if "busybox" in shell else ""), "here")
        assert isinstance(found, Transcript), found
        said.append({name: facts.sha256 for name, facts in facts_of(found, PROBES).items()})
    moving = {"listeners", "sshd_service"} | {name for name in said[0] if said[0][name] != said[-1][name]}
    steady = [{name: digest for name, digest in one.items() if name not in moving} for one in said]
    assert len(steady[0]) > len(PROBES) // 2
    assert steady[0] == steady[1] == steady[2]


def test_a_plain_user_is_refused_what_needs_root_and_reads_the_rest() -> None:
    found = read(this_host(["dash"], plain=True), "here")
    assert isinstance(found, Transcript), found
    facts = facts_of(found, PROBES)
    privileged = {probe.fact for probe in PROBES if probe.privileged}
    assert {causes(facts).get(name) for name in privileged} == {Cause.REFUSED}
    assert any(row.name == "root" for row in facts["passwd_accounts"].rows())
    with pytest.raises(Unreadable):
        facts["sshd_settings"]["permitrootlogin"]


def test_no_hash_of_a_password_leaves_the_host(tmp_path: Path) -> None:
    shadow = tmp_path / "shadow"
    shadow.write_text(
        "root:$6$saltsalt$SECRETHASH:20228:0:99999:7:::\nana:$y$j9T$SECRET$HASH:20301:1:90:14:30:20800:\n"
        "old:!$6$salt$SECRETHASH:20301:0:99999:7:::\nnew:!:20301:0:99999:7:::\nbin:*:19700:0:99999:7:::\n"
        "open::20301:0:99999:7:::\nmust:abSECRETdes:0:0:99999:7:::\n"
    )
    command = BY_NAME["shadow_accounts"].command.replace("/etc/shadow", str(shadow))
    said = {
        subprocess.run([*shell, "-c", command], capture_output=True, text=True, check=True, timeout=10).stdout
        for shell in (["dash"], ["bash"], ["busybox", "sh"])
    }
    assert len(said) == 1
    text = said.pop()
    assert "SECRET" not in text
    assert "salt" not in text
    states = [(cells["name"], cells["state"], cells["scheme"]) for _, cells in parsed("shadow_accounts", text).rows]
    assert states == [
        ("root", "usable", "sha512"),
        ("ana", "usable", "yescrypt"),
        ("old", "locked", "sha512"),
        ("new", "locked", "none"),
        ("bin", "locked", "none"),
        ("open", "no_password", "none"),
        ("must", "usable", "des"),
    ]


@pytest.mark.parametrize("awk", [["awk"], ["busybox", "awk"]])
def test_the_projection_of_shadow_is_the_same_in_every_awk(awk: Sequence[str], tmp_path: Path) -> None:
    shadow = tmp_path / "shadow"
    shadow.write_text("root:$6$a$b:20228:0:99999:7:::\nold:!$2b$10$abc:20301:0:90:7:30:20800:\n")
    command = BY_NAME["shadow_accounts"].command.replace("/etc/shadow", str(shadow)).replace("$ROOT awk", " ".join(awk))
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, timeout=10)
    assert done.stdout == "root:usable:6:20228:99999::\nold:locked:2b:20301:90:30:20800\n"


def test_a_folder_that_cannot_be_listed_is_refused_not_absent(tmp_path: Path) -> None:
    """With drop-ins out of sight, the main file alone would be taken for the whole setting."""
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "10.conf").write_text("minlen = 6\n")
    (tmp_path / "conf.d").chmod(0)
    tmp_path.chmod(0o755)
    command = BY_NAME["password_quality"].command.replace("/etc/security/pwquality.conf.d", str(tmp_path / "conf.d"))
    words = ["sh", "-c", command]
    if os.getuid() == 0:
        for parent in tmp_path.parents:
            if parent != Path("/") and parent.stat().st_uid == 0 and parent != Path("/tmp"):  # noqa: S108
                parent.chmod(parent.stat().st_mode | 0o011)
        words = [shutil.which("setpriv") or "setpriv", "--reuid=65534", "--clear-groups", *words]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=10, env={"LC_ALL": "C"})
    (tmp_path / "conf.d").chmod(0o755)
    assert "Permission denied" in done.stderr


def of_tools(probe: Probe, folder: Path, **tools: str) -> subprocess.CompletedProcess[str]:
    """What a probe's command prints where nothing but these tools, and what sh itself needs, is on the path."""
    for name in ("sed", "sort", "cat", "grep", "awk", "uname", "tr"):
        (folder / name).symlink_to(shutil.which(name) or name)
    for name, text in tools.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", "ascii")
        (folder / name).chmod(0o755)
    words = ["/bin/sh", "-c", probe.command]
    return subprocess.run(words, env={"PATH": str(folder)}, capture_output=True, text=True, check=False, timeout=10)


DPKG = "echo 'ii |bash'; echo 'rc |anydesk'; echo 'ii |telegram-desktop'"


def test_the_lists_of_software_stand_side_by_side(tmp_path: Path) -> None:
    tools = {"dpkg-query": DPKG, "rpm": ":", "flatpak": "echo org.gnome.Maps", "snap": "echo Name Version; echo core 1"}
    done = of_tools(BY_NAME["installed_software"], tmp_path, **tools)
    said = ["dpkg bash", "dpkg telegram-desktop", "flatpak org.gnome.Maps", "snap core"]
    assert (done.returncode, done.stdout.splitlines()) == (0, said)


@pytest.mark.parametrize("broken", ["dpkg-query", "rpm", "apk", "flatpak", "snap"])
def test_a_list_of_software_that_could_not_be_had_is_no_empty_one(tmp_path: Path, broken: str) -> None:
    """The others answer; that no forbidden name stands there shows nothing."""
    done = of_tools(BY_NAME["installed_software"], tmp_path, **{"dpkg-query": DPKG, broken: "echo partly; exit 1"})
    assert (done.returncode, done.stdout) == (4, "")


@pytest.mark.parametrize("name", ["firewall", "sshd_service", "usb_storage", "listeners", "disks"])
def test_without_proc_nothing_is_taken_to_be_absent(tmp_path: Path, name: str) -> None:
    """No IPv6, no server, no driver, no port, no mount: all of that is read there."""
    tools = {"modprobe": "echo install /bin/false", "netstat": "echo Proto Local", "lsblk": ":", "nft": "echo '{}'"}
    probe = replace(BY_NAME[name], command=BY_NAME[name].command.replace("/proc/", f"{tmp_path}/none/"))
    done = of_tools(probe, tmp_path, **tools)
    assert done.returncode not in probe.answers, done


# --- recorded hosts ----------------------------------------------------------------------------------------------


def test_a_debian_host_is_read_as_recorded() -> None:
    facts = recorded("debian12")
    assert causes(facts) == {
        "clock": Cause.UNSUPPORTED,
        "journal_reach": Cause.UNSUPPORTED,
        "malware_protection": Cause.UNSUPPORTED,
        "usb_storage": Cause.UNSUPPORTED,
    }
    assert facts["account_lockout"]["is_active"] is False
    assert facts["account_lockout"]["accepts_empty"] is True
    assert facts["password_quality"]["min_length"] == 8
    assert facts["firewall"]["inbound_ipv4"] == "none"
    assert facts["os_release"]["version_id"] == "12"
    assert {(row.package, row.is_security) for row in facts["pending_updates"].rows()} >= {
        ("dpkg", False),
        ("liblzma5", True),
    }
    assert [(row.who, row.needs_password) for row in facts["sudo_rules"].rows()] == [("root", True), ("%sudo", True)]


def test_a_red_hat_host_is_read_as_recorded() -> None:
    facts = recorded("rhel9")
    assert not causes(facts)
    lockout = facts["account_lockout"]
    assert (lockout["is_active"], lockout["attempts"], lockout["unlock_seconds"]) == (True, 5, 900)
    assert (lockout["holds_for_root"], lockout["accepts_empty"]) == (True, True)
    quality = facts["password_quality"]
    assert (quality["min_length_said"], quality["credits"], quality["min_length"], quality["history"]) == (14, 1, 13, 5)
    assert facts["login_defs"].get("pass_max_days") == "90"
    assert (facts["shell_timeout"]["seconds"], facts["shell_timeout"]["is_readonly"]) == (900, True)
    lock = facts["screen_lock"]
    assert (lock["idle_seconds"], lock["lock_enabled"], lock["users_can_change"]) == (300, True, True)
    assert lock["is_compiled"] is False
    assert facts["sshd_settings"]["permitrootlogin"] == "without-password"
    assert facts["sshd_root_settings"]["permitrootlogin"] == "yes"
    assert [(r["criteria"], r["setting"], r["value"]) for r in rows(facts["sshd_match_settings"])] == [
        ("Address 192.0.2.0/24", "permitrootlogin", "yes"),
        ("Address 192.0.2.0/24", "passwordauthentication", "yes"),
        ('User "backup"', "allowtcpforwarding", "no"),
    ]
    assert [(r["group"], r["member"]) for r in rows(facts["admin_groups"])] == [
        ("wheel", "ops"),
        ("wheel", "ana"),
        ("root", "root"),
        ("root", "toor"),
    ]
    assert [(r["who"], r["needs_password"]) for r in rows(facts["sudo_rules"])] == [
        ("root", True),
        ("%wheel", True),
        ("ops", False),
    ]
    assert (facts["firewall"]["inbound_ipv4"], facts["firewall"]["inbound_ipv6"]) == ("reject", "reject")
    assert [(r["address"], r["port"], r["is_loopback"]) for r in rows(facts["listeners"])] == [
        ("0.0.0.0", 22, False),  # noqa: S104
        ("::", 22, False),
        ("127.0.0.1", 25, True),
        ("::ffff:192.0.2.15", 9200, False),
        ("*", 5060, False),
        ("127.0.0.1", 323, True),
        ("fe80::1", 546, False),
    ]
    assert (facts["clock"]["is_synchronised"], facts["clock"]["offset_microseconds"]) == (True, 31)
    assert (facts["journal"]["is_persistent"], facts["journal"]["max_retention"]) == (True, "1year")
    assert [(r["target"], r["is_encrypted"]) for r in rows(facts["log_forwarding"])] == [
        ("loghost.example:6514", True),
        ("198.51.100.7", False),
        ("siem.example", True),
    ]
    assert facts["audit"]["enabled"] == 2
    assert {(r["mountpoint"], r["is_encrypted"]) for r in rows(facts["disks"]) if r["type"] != "memory"} == {
        ("/boot", False),
        ("/", True),
        ("[SWAP]", True),
        ("/recordings", False),
        ("/srv", False),
    }
    assert [(r["product"], r["is_active"], r["signatures_on"]) for r in rows(facts["malware_protection"])] == [
        ("clamd@scan", True, "2026-10-30"),
        ("mdatp", False, None),
    ]
    assert facts["os_release"]["is_reboot_pending"] is True
    assert [(r["package"], r["is_security"]) for r in rows(facts["pending_updates"])] == [
        ("openssl-libs", True),
        ("glibc", True),
    ]
    usb = facts["usb_storage"]
    assert (usb["storage_disabled"], usb["uas_disabled"], usb["is_loaded"], usb["is_deauthorised"]) == (
        True,
        False,
        True,
        True,
    )
    assert facts["usbguard"]["implicit_target"] == "block"
    assert facts["host_identity"]["serial"] == "EX12345"


def test_an_alpine_host_read_as_a_plain_user_is_read_as_recorded() -> None:
    facts = recorded("alpine3")
    refused = {name for name, cause in causes(facts).items() if cause is Cause.REFUSED}
    assert refused == {probe.fact for probe in PROBES if probe.privileged}
    unsupported = {name for name, cause in causes(facts).items() if cause is Cause.UNSUPPORTED}
    assert unsupported == {
        *("account_lockout", "disks", "journal", "last_logins", "login_defs", "malware_protection", "password_quality"),
        "useradd_defaults",
    }
    assert [(r["address"], r["port"]) for r in rows(facts["listeners"])] == [
        ("0.0.0.0", 22),  # noqa: S104
        ("::", 22),
        ("127.0.0.1", 323),
    ]
    assert facts["clock"]["offset_microseconds"] == 1250
    assert facts["screen_lock"]["is_managed"] is False
    assert rows(facts["pending_updates"]) == [{"package": "openssl", "is_security": None}]
    with pytest.raises(Unreadable):
        facts["os_release"]["is_reboot_pending"]
    with pytest.raises(Unreadable) as caught:
        facts["host_identity"]["serial"]
    assert caught.value.cause is Cause.REFUSED


# --- shapes that tempt -------------------------------------------------------------------------------------------


def settings_of(name: str, text: str) -> dict[str, Any]:
    return {key: value for key, (value, _) in parsed(name, text).values.items()}


def test_a_lockout_module_outside_the_stack_does_nothing() -> None:
    text = (
        "== /etc/pam.d/sshd\n@include common-auth\n== /etc/pam.d/common-auth\nauth [default=ignore] pam_unix.so\n"
        "== /etc/pam.d/other\nauth required pam_faillock.so preauth\nauth required pam_faillock.so authfail\n"
        "== /etc/security/faillock.conf\ndeny = 3\n"
    )
    assert settings_of("account_lockout", text)["is_active"] is False
    assert "attempts" not in settings_of("account_lockout", text)


def test_a_lockout_that_counts_and_never_refuses_does_nothing() -> None:
    text = "== /etc/pam.d/sshd\nauth sufficient pam_unix.so\nauth required pam_faillock.so authfail\n"
    assert settings_of("account_lockout", text)["is_active"] is False


def test_a_stack_with_an_unknown_part_is_not_read() -> None:
    with pytest.raises(ValueError, match="includes house"):
        parsed("account_lockout", "== /etc/pam.d/sshd\nauth include house\n")
    with pytest.raises(ValueError, match="itself"):
        parsed("account_lockout", "== /etc/pam.d/sshd\nauth include sshd\n")


def test_of_several_stacks_the_weakest_counts() -> None:
    strict = "auth required pam_faillock.so preauth deny=3\nauth required pam_faillock.so authfail deny=3\n"
    loose = strict.replace("deny=3", "deny=50 unlock_time=60")
    said = settings_of("account_lockout", f"== /etc/pam.d/login\n{strict}== /etc/pam.d/sshd\n{loose}")
    assert (said["attempts"], said["unlock_seconds"]) == (50, 60)
    said = settings_of(
        "account_lockout", f"== /etc/pam.d/login\n{strict}== /etc/pam.d/sshd\nauth required pam_unix.so\n"
    )
    assert said["is_active"] is False


@pytest.mark.parametrize(
    ("stack", "module", "length"),
    [
        ("password requisite pam_pwquality.so retry=3 minlen=12\n", "pwquality", 12),
        ("password requisite pam_pwquality.so minlen=12 dcredit=2 ocredit=1\n", "pwquality", 9),
        ("password requisite pam_pwquality.so minlen=12 dcredit=-2\n", "pwquality", 12),
        ("password requisite pam_pwquality.so minlen=4\n", "pwquality", 6),
        ("password optional pam_pwquality.so minlen=12\npassword required pam_unix.so\n", "none", 0),
        ("password required pam_unix.so obscure minlen=10\n", "none", 10),
        ("password required pam_unix.so minlen=10\n", "none", 0),
        ("password requisite pam_cracklib.so minlen=14\n", "cracklib", 10),
    ],
)
def test_the_length_of_passwords_is_the_effective_one(stack: str, module: str, length: int) -> None:
    said = settings_of("password_quality", f"== /etc/pam.d/passwd\n{stack}")
    assert (said["module"], said["min_length"]) == (module, length)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("TMOUT=600\nreadonly TMOUT\n", (True, 600, True)),
        ("readonly TMOUT=900\n", (True, 900, True)),
        ("declare -xr TMOUT=300\n", (True, 300, True)),
        ("export TMOUT=300\n", (True, 300, False)),
        ("readonly TMOUT=900\nTMOUT=0\n", (True, 900, True)),
        ("TMOUT=900\nTMOUT=0\n", (True, 0, False)),
        ("readonly TMOUT='900' # idle\n", (True, 900, True)),
        ('TMOUT="900"; readonly TMOUT; export TMOUT\n', (True, 900, True)),
    ],
)
def test_the_idle_limit_of_shells(text: str, said: tuple[bool, int, bool]) -> None:
    found = settings_of("shell_timeout", f"== /etc/profile\n{text}")
    assert (found["is_set"], found["seconds"], found["is_readonly"]) == said


@pytest.mark.parametrize("text", ["readonly TMOUT=$((15 * 60))", ': "${TMOUT:=900}"', "TMOUT=$idle", "TMOUT="])
def test_an_idle_limit_that_only_a_shell_could_work_out_is_not_known(text: str) -> None:
    found = settings_of("shell_timeout", f"== /etc/profile\n{text}\n")
    assert (found["is_set"], found["seconds"]) == (True, None)


@pytest.mark.parametrize(
    "text",
    [
        "== /etc/ssh/sshd_config\nInclude /opt/house/sshd.conf\n",
        "== /etc/ssh/sshd_config.d/1.conf\nUsePAM yes\n",
        "== /etc/ssh/sshd_config\nInclude sshd_config.d/*\n== /etc/ssh/sshd_config.d/1\nInclude sshd_config.d/1\n",
    ],
    ids=["included from elsewhere", "no main file", "includes itself"],
)
def test_match_blocks_out_of_sight_are_not_taken_for_none(text: str) -> None:
    with pytest.raises(ValueError, match="sshd"):
        parsed("sshd_match_settings", text)


def test_a_file_that_no_include_names_does_not_count() -> None:
    text = "== /etc/ssh/sshd_config\nPort 22\n== /etc/ssh/sshd_config.d/1.conf\nMatch User a\nPermitRootLogin yes\n"
    assert parsed("sshd_match_settings", text).rows == ()


NFT = (
    '{"nftables": [{"metainfo": {}}, {"chain": {"family": "%s", "table": "f", "name": "in", "type": "filter", '
    '"hook": "input", "policy": "%s"}}%s]}'
)
RULE = ', {"rule": {"family": "%s", "table": "f", "chain": "in", "expr": [%s]}}'
TO_ZONE = RULE % ("inet", '{"jump": {"target": "zone"}}')
ZONE = ', {"rule": {"family": "inet", "table": "f", "chain": "zone", "expr": [%s]}}'
LAST = RULE % ("inet", '{"drop": null}')
"""As firewalld has it: a chain of the zone first, which of the zone `trusted` lets everything in."""


@pytest.mark.parametrize(
    ("nft", "ipv4", "ipv6"),
    [
        (NFT % ("inet", "drop", ""), "drop", "drop"),
        (NFT % ("ip", "drop", ""), "drop", "none"),
        (NFT % ("ip6", "drop", ""), "none", "drop"),
        (NFT % ("inet", "accept", ""), "accept", "accept"),
        (NFT % ("inet", "accept", RULE % ("inet", '{"counter": null}, {"drop": null}')), "drop", "drop"),
        (NFT % ("inet", "accept", RULE % ("inet", '{"match": {}}, {"drop": null}')), "accept", "accept"),
        ('{"nftables": [{"metainfo": {}}]}', "none", "none"),
        (NFT % ("inet", "drop", RULE % ("inet", '{"counter": null}, {"accept": null}')), "accept", "accept"),
        (NFT % ("inet", "accept", TO_ZONE + ZONE % '{"reject": {"type": "icmpx"}}'), "reject", "reject"),
        (NFT % ("inet", "accept", TO_ZONE + ZONE % '{"accept": null}' + LAST), "accept", "accept"),
        (NFT % ("inet", "accept", TO_ZONE + ZONE % '{"match": {}}, {"accept": null}' + LAST), "drop", "drop"),
    ],
)
def test_default_deny_of_nftables(nft: str, ipv4: str, ipv6: str) -> None:
    said = settings_of("firewall", f"== ipv6\non\n== nft\n{nft}\n")
    assert (said["inbound_ipv4"], said["inbound_ipv6"]) == (ipv4, ipv6)


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("/usr/sbin/sshd\0-D\0", False),
        ("/usr/sbin/sshd\0-D\0-f\0/etc/ssh/sshd_config\0", False),
        ("/usr/sbin/sshd\0-D\0-oCiphers=aes256-gcm@openssh.com\0", False),
        ("/usr/sbin/sshd\0-f/srv/sshd.conf\0", True),
        ("/usr/sbin/sshd\0-o\0permitRootLogin=yes\0", True),
        ("sshd: /usr/sbin/sshd -D -oMaxAuthTries=9 [listener] 0 of 10-100 startups", True),
    ],
)
def test_a_server_started_with_settings_of_its_own_says_so(tmp_path: Path, words: str, seen: bool) -> None:
    for name, text in {"comm": "sshd\n", "cmdline": words}.items():
        (tmp_path / "proc/1").mkdir(parents=True, exist_ok=True)
        (tmp_path / "proc/1" / name).write_text(text, "ascii")
    (tmp_path / "tools").mkdir()
    command = BY_NAME["sshd_service"].command.replace("/proc/", f"{tmp_path}/proc/")
    done = of_tools(replace(BY_NAME["sshd_service"], command=command), tmp_path / "tools")
    said = ["installed no", "running yes", *(["options yes"] if seen else [])]
    assert (done.returncode, done.stdout.splitlines()) == (0, said), done


@pytest.mark.parametrize(
    ("rule", "refuses"),
    [
        ('ACTION=="add", SUBSYSTEMS=="usb", ATTR{authorized_default}="0"', True),
        ('SUBSYSTEM=="usb", ATTR{bInterfaceClass}=="08", ATTR{authorized}="0"', True),
        ('SUBSYSTEM=="usb", ATTR{idVendor}=="0781", ATTR{authorized}="0"', False),
        ('SUBSYSTEM=="usb", ATTRS{product}=="Stick", ATTR{authorized}="0"', False),
    ],
)
def test_a_rule_against_one_make_of_sticks_blocks_no_other(rule: str, refuses: bool) -> None:
    text = f"== usb-storage\ninsmod a\n== uas\ninsmod b\n== /etc/udev/rules.d/1.rules\n{rule}\n"
    assert settings_of("usb_storage", text)["is_deauthorised"] is refuses


UFW = (
    ":not-local -\n-A INPUT -j not-local\n-A not-local -m addrtype --dst-type LOCAL -j RETURN\n"
    "-A not-local -m limit --limit 3/min -j LOG\n-A not-local -j DROP"
)
"""As ufw has it: what is for this host is sent back, the rest dropped, and what comes after decides."""


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        (":INPUT DROP", "drop"),
        (":INPUT ACCEPT", "accept"),
        (":INPUT ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -j DROP", "drop"),
        (":INPUT ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited", "reject"),
        (":INPUT ACCEPT\n-A INPUT -j DROP\n-A INPUT -p tcp -j ACCEPT", "drop"),
        (":INPUT DROP\n-A INPUT -j ACCEPT", "accept"),
        (":INPUT DROP\n-A INPUT -i lo -j ACCEPT", "drop"),
        (':INPUT DROP\n-A INPUT -m comment --comment "for \\"now\\" -j DROP" -j ACCEPT', "accept"),
        (":INPUT DROP\n:open -\n-A INPUT -j open\n-A open -p tcp -j DROP\n-A open -j ACCEPT", "accept"),
        (":INPUT DROP\n:open -\n-A INPUT -p tcp -j open\n-A open -j ACCEPT", "drop"),
        (":INPUT DROP\n:a -\n-A INPUT -g a\n-A INPUT -j ACCEPT\n-A a -p tcp -j ACCEPT", "drop"),
        (":INPUT DROP\n:a -\n-A INPUT -j a\n-A a -j RETURN\n-A a -j ACCEPT", "drop"),
        (f":INPUT ACCEPT\n{UFW}", "accept"),
        (f":INPUT DROP\n{UFW}", "drop"),
        (f":INPUT ACCEPT\n{UFW}\n-A INPUT -j REJECT", "reject"),
        (":INPUT ACCEPT\n-A INPUT -p icmp -j RETURN\n-A INPUT -j DROP", "accept"),
        (":INPUT DROP\n-A INPUT -p icmp -j RETURN\n-A INPUT -j ACCEPT", "accept"),
        (
            ":INPUT ACCEPT\n:a -\n-A INPUT -j LOG\n-A INPUT -j MARK --set-mark 1\n-A INPUT -j a\n-A a -j REJECT",
            "reject",
        ),
        (":INPUT ACCEPT\n-A INPUT -p tcp -j DROP", "accept"),
    ],
)
def test_default_deny_of_iptables(rules: str, verdict: str) -> None:
    text = f"== ipv6\noff\n== iptables-save\n*nat\n:INPUT DROP\nCOMMIT\n*filter\n{rules}\nCOMMIT\n"
    said = settings_of("firewall", text)
    assert (said["inbound_ipv4"], said["inbound_ipv6"]) == (verdict, "off")


OPEN = ', {"rule": {"family": "ip", "table": "f", "chain": "in", "expr": [{"xt": null}, {"accept": null}]}}'


def test_what_nft_cannot_show_of_iptables_is_asked_of_iptables() -> None:
    """A condition, or a remark: only iptables tells them apart, and where it does not speak nobody knows."""
    nft = f"== ipv6\noff\n== nft\n{NFT % ('ip', 'drop', OPEN)}\n== iptables-save\n"
    with pytest.raises(ValueError, match="table ip f has conditions that nft does not show"):
        parsed("firewall", nft)
    save = '*filter\n:INPUT DROP\n-A INPUT -m comment --comment "all of it" -j ACCEPT\nCOMMIT\n'
    assert settings_of("firewall", nft + save)["inbound_ipv4"] == "accept"


@pytest.mark.parametrize("target", ["NFQUEUE --queue-num 0", "a"])
def test_what_becomes_of_packets_that_a_program_or_a_circle_decides_is_not_known(target: str) -> None:
    text = f"== ipv6\noff\n== iptables-save\n*filter\n:INPUT DROP\n-A INPUT -j {target}\n-A a -j INPUT\nCOMMIT\n"
    with pytest.raises(ValueError, match="chain INPUT"):
        parsed("firewall", text)


@pytest.mark.parametrize(
    "text",
    [
        "== chronyc\n7F7F0101,,10,0.0,0.0,0.0,0.0,0,0,0,0,0,0,Not synchronised\n",
        "== timedatectl\nNTPSynchronized=no\n",
        "== chronyc\n7F7F0101,,10,1793491100.1,0.000000001,0.0,0.0,0,0,0,0,0,0.5,Normal\n",
        "== ntpq\n remote refid\n=====\n*LOCAL(0) .LOCL. 5 l 12 64 377 0.000 0.000 0.000\n",
        "== ntpq\n remote refid\n=====\n 192.0.2.1 .INIT. 16 u - 64 0 0.000 0.000 0.000\n",
    ],
)
def test_a_clock_nobody_keeps(text: str) -> None:
    assert settings_of("clock", text)["is_synchronised"] is False


DCONF = """\
== /etc/dconf/db/local.d/00
[org/gnome/desktop/session]
idle-delay=uint32 300
== /etc/dconf/db/site.d/00
[org/gnome/desktop/session]
idle-delay=uint32 9000
"""


@pytest.mark.parametrize(
    ("profile", "seconds"),
    [
        ("== /etc/dconf/profile/user\nuser-db:user\nsystem-db:local\nsystem-db:site\n", 300),
        ("== /etc/dconf/profile/user\nuser-db:user\nsystem-db:site\n", 9000),
        ("== /usr/share/dconf/profile/user\nsystem-db:local\n", 300),
        ("== /etc/dconf/profile/user\nuser-db:user\n== /usr/share/dconf/profile/user\nsystem-db:local\n", None),
        ("", None),
    ],
)
def test_a_lock_that_no_profile_asks_for_is_not_prescribed(profile: str, seconds: int | None) -> None:
    found = settings_of("screen_lock", f"{profile}{DCONF}")
    assert (found["is_managed"], found.get("idle_seconds")) == (seconds is not None, seconds)


@pytest.mark.parametrize(
    ("said", "microseconds"),
    [("+512us", 512), ("-1.063ms", 1063), ("+2s", 2_000_000), ("-1min 2.5s", 62_500_000), ("+3h 1s", None), ("", None)],
)
def test_how_far_systemd_says_the_clock_is_off(said: str, microseconds: int | None) -> None:
    found = parsed("clock", f"== timedatectl\nNTPSynchronized=yes\n       Offset: {said}\n")
    offset = found.values.get("offset_microseconds", (None, None))[0]
    assert (found.values["is_synchronised"][0], offset) == (True, microseconds)
    assert ("offset_microseconds" in found.unread) == (microseconds is None)


def test_a_root_on_no_device_is_unknown_not_clear() -> None:
    reading = parsed(
        "disks", '== devices\nNAME="sda" KNAME="sda" PKNAME="" TYPE="disk" FSTYPE="" MOUNTPOINTS=""\n== root\nzfs\n'
    )
    assert [(cells["mountpoint"], cells["is_encrypted"]) for _, cells in reading.rows] == [("/", None)]


def test_a_data_set_on_no_device_is_unknown_beside_an_encrypted_root() -> None:
    device = '== devices\nNAME="r" KNAME="dm-0" PKNAME="sda" TYPE="crypt" FSTYPE="ext4" MOUNTPOINTS="/"\n'
    reading = parsed("disks", f"{device}== root\next4\n== on no device\n/home\n")
    assert [(c["mountpoint"], c["is_encrypted"]) for _, c in reading.rows] == [("/", True), ("/home", None)]


@pytest.mark.parametrize("sources", ["files sss", "ldap [SUCCESS=return] files", "sss"])
def test_rules_of_sudo_that_a_directory_gives_are_out_of_sight(sources: str) -> None:
    with pytest.raises(ValueError, match="rules of sudo come from"):
        parsed("sudo_rules", f"== /etc/nsswitch.conf\nsudoers: {sources}\n== /etc/sudoers\nroot ALL=(ALL) ALL\n")
    assert parsed("sudo_rules", "== /etc/nsswitch.conf\nsudoers:   files\n").rows == ()


def test_a_mirror_is_encrypted_only_if_both_halves_are() -> None:
    text = "== devices\n" + "".join(
        f'NAME="{name}" KNAME="{name}" PKNAME="{under}" TYPE="{kind}" FSTYPE="" MOUNTPOINT="{point}"\n'
        for name, under, kind, point in [
            ("sda", "", "disk", ""),
            ("sdb", "", "disk", ""),
            ("dm-0", "sda", "crypt", ""),
            ("md0", "dm-0", "raid1", "/"),
            ("md0", "sdb", "raid1", "/"),
        ]
    )
    assert {cells["is_encrypted"] for _, cells in parsed("disks", text).rows} == {False}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("passwd_accounts", ""),
        ("passwd_accounts", "root:x\n"),
        ("shadow_accounts", ""),
        ("last_logins", ""),
        ("last_logins", "Username Port From Latest\nana pts/0 somewhen\n"),
        ("listeners", ""),
        ("firewall", "== ipv6\noff\n"),
        ("clock", "== chronyc\n"),
        ("journal_reach", ""),
        ("audit", ""),
        ("os_release", "== release\n"),
        ("pending_updates", ""),
        ("pending_updates", "== dnf\nError: cache-only enabled but no cache\n"),
        ("pending_updates", "== apt\nE: broken\n"),
        ("update_lists", ""),
        ("usb_storage", "== usb-storage\n== uas\n"),
        ("installed_software", ""),
        ("useradd_defaults", "GROUP=100\n"),
        ("sudo_rules", "== /etc/sudoers\nwhat is this\n"),
    ],
)
def test_output_that_answers_nothing_is_no_answer(name: str, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parsed(name, text)


def test_a_later_dnf_is_read_too() -> None:
    text = (
        "== dnf\nName           Type     Severity  Package                          Issued\n"
        "FEDORA-2026-1a security Important openssl-libs-3.2.1-2.fc40.x86_64 2026-10-01 02:11:33\n"
    )
    assert [cells for _, cells in parsed("pending_updates", text).rows] == [
        {"package": "openssl-libs", "is_security": True}
    ]


def test_a_log_that_rotates_cannot_say_never() -> None:
    reading = parsed("last_logins", "USER:LAST-LOGIN\nana:2026-08-03T09:15:02+08:00\nbin:\n")
    assert [(cells["name"], cells["has_signed_in"], cells["last_login_at"]) for _, cells in reading.rows] == [
        ("ana", True, "2026-08-03T01:15:02Z"),
        ("bin", None, None),
    ]


def test_a_rule_of_doas_without_password_is_one() -> None:
    reading = parsed(
        "sudo_rules", "== /etc/doas.conf\npermit persist :wheel\npermit nopass ana as root cmd apk\ndeny bob\n"
    )
    assert [(cells["who"], cells["needs_password"]) for _, cells in reading.rows] == [("%wheel", True), ("ana", False)]


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
@pytest.mark.parametrize(
    "text", ["\x1b[31m\n", "==\n== \n", "a:b:c:d:e:f:g:h\n", '{"nftables": [' * 3000, "\n" * 5, "=|?\n!\n"]
)
def test_hostile_output_never_breaks_a_parser(probe: Probe, text: str) -> None:
    """It is read or refused; anything else would be a crash that a host can cause."""
    if probe.parse is None:
        return
    try:
        probe.parse(["== nft", *text.split("\n")])
        probe.parse(text.split("\n"))
    except (ValueError, RecursionError):
        pass
