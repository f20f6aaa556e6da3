"""From a host to a verdict, the ways people take: over SSH, by hand, and by the engine that the fleet already has."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sshd
from commands import ctrlkit
from ctrlkit.plugins.linux_probes import PROBES
from name_server import serving

from ctrlkit import collect, collection, transcript
from ctrlkit.facts import facts_of

CONTROLS = '''"""Hosts."""

from ctrlkit import control


@control.on_host("NET-91", "Only root has uid 0", roles=["server"], severity="high", remedy="Remove the others.")
def test_only_root_has_uid_0(passwd_accounts):
    assert sum(row.uid == 0 for row in passwd_accounts.rows()) == 1, "more than one account has uid 0"
'''
PORTS = """\
from ctrlkit import control


@control.on_host("NET-91", "Mail may come in", roles=["server"], severity="high", remedy="Approve it.")
def test_mail_may_come_in(passwd_accounts, host):
    assert passwd_accounts.rows(), "no accounts"
    assert 25 in host.ports, "port 25 is not approved"
"""
SURROUNDINGS = """\
from ctrlkit.hooks import Probe, hookimpl


@hookimpl
def ctrlkit_probes():
    command = "env; ps -e -o args 2>/dev/null || cat /proc/[0-9]*/cmdline | tr '\\\\0' ' '"
    return [Probe("surroundings", "surroundings", command, about="what a process is given")]
"""
PROFILE = "name: hosts\ntitle: Hosts\ncontrols: {add: [NET-91]}\n"
ENGAGEMENT = """\
id: northwind-2026-10
issued_by: client
client: northwind
vendor: Example Contact Services, Inc.
country: PH
period: {start: 2026-10-01, end: 2026-10-31}
nonce: 7f3a9c
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A project with one control about hosts, and a pack without any evidence yet."""
    folder = tmp_path / "desk"
    for name, text in {
        "ctrlkit.toml": "",
        "controls/hosts.py": CONTROLS,
        "profiles/hosts.yaml": PROFILE,
        "engagement.yaml": ENGAGEMENT,
        "evidence/pack.yaml": "vendor: Example Contact Services, Inc.\n",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@pytest.fixture
def host(tmp_path: Path) -> Iterator[sshd.Server]:
    """A real sshd on loopback."""
    with sshd.server(tmp_path / "sshd") as server:
        yield server


def inventory(desk: Path, host: sshd.Server, *more: str) -> None:
    (desk / "known_hosts").write_text(host.known_line(), "ascii")
    own = f"{{name: crm-db1, address: {host.address}, roles: [server]}}"
    lines = [
        f"defaults: {{user: {host.user}, port: {host.port}, known_hosts: known_hosts, identity_file: {host.key}}}",
        "hosts:",
        *(f"  - {line}" for line in (own, *more)),
    ]
    (desk / "inventory.yaml").write_text("\n".join(lines) + "\n", "utf-8")


def verdicts(desk: Path) -> dict[str, tuple[str, str | None]]:
    return {r["subject"]: (r["verdict"], r["cause"]) for r in ctrlkit(desk, "run", "--format", "json").said["results"]}


def test_a_host_read_over_ssh_is_judged_and_known_by_its_key(desk: Path, host: sshd.Server) -> None:
    inventory(desk, host)
    done = ctrlkit(desk, "collect")
    assert (done.code, done.out) == (0, "1 host: 1 read\n")
    said = ctrlkit(desk, "run", "--format", "json").said
    (result,) = said["results"]
    assert (result["verdict"], result["subject"], result["grade"]) == ("passed", "host:crm-db1", "probe")
    assert [(e["probe"], e["origin"]) for e in result["evidence"]] == [("passwd_accounts", "ssh")]
    assert host.fingerprint() in (desk / said["bundle"] / "data/hosts/crm-db1.json").read_text("utf-8")
    assert ctrlkit(desk, "replay", "runs/latest").code == 0
    assert not list((desk / said["bundle"]).rglob("*.facts")), "what it printed stays here"


def test_no_password_stands_in_the_pack_or_the_bundle_that_carries_transcripts(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sudo wants it and gets it; the clear bundle holds what the host printed, its environment among it."""
    word = "gravel-77-moss"
    (desk / "controls/hosts.py").write_text(CONTROLS.replace("passwd_accounts", "surroundings"), "utf-8")
    (desk / "plugins").mkdir()
    (desk / "plugins/surroundings.py").write_text(SURROUNDINGS, "utf-8")
    monkeypatch.setenv("SUDO_WORD", word)
    with sshd.server(tmp_path / "sshd", sshd.sudo_asks(tmp_path, word)) as host:
        inventory(desk, host)
        text = (desk / "inventory.yaml").read_text("utf-8")
        more = "{sudo: password, sudo_password_env: SUDO_WORD, user:"
        (desk / "inventory.yaml").write_text(text.replace("{user:", more), "utf-8")
        done = ctrlkit(desk, "collect", "-v")
    assert done.code == 0
    assert '"privilege": "sudo"' in (desk / "evidence/hosts/crm-db1.ssh.json").read_text("utf-8")
    assert "AS_ROOT" in (desk / "evidence/hosts/crm-db1.facts").read_text("utf-8")
    ran = ctrlkit(desk, "run", "--privacy", "clear", "-v", "--html", "report.html", "--format", "json")
    assert [r["subject"] for r in ran.said["results"]] == ["host:crm-db1"]
    carried = [path.read_text("utf-8") for path in (desk / ran.said["bundle"]).rglob("clear/crm-db1.facts")]
    assert carried == [(desk / "evidence/hosts/crm-db1.facts").read_text("utf-8")]
    assert ctrlkit(desk, "replay", "runs/latest").code == 0
    said = [done.out, done.err, ran.out, ran.err, (tmp_path / "account.argv").read_text("utf-8")]
    said += [path.read_bytes().decode("latin-1") for path in desk.rglob("*") if path.is_file()]
    assert not [text for text in said if word in text]


def test_a_host_that_is_dead_is_named_and_unreachable_and_the_rest_is_judged(desk: Path, host: sshd.Server) -> None:
    inventory(desk, host, f"{{name: gone1, address: 127.0.0.1, port: {sshd.free_port()}, roles: [server]}}")
    done = ctrlkit(desk, "collect")
    assert done.code == 2
    assert "gone1: unreachable:" in done.out
    assert verdicts(desk) == {"host:crm-db1": ("passed", None), "host:gone1": ("inconclusive", "unreachable")}


def test_an_interrupted_collection_ends_in_seconds_with_130_and_keeps_what_was_read(
    desk: Path, host: sshd.Server, tmp_path: Path
) -> None:
    """A real signal to a real process, while one of its hosts says nothing."""
    code = "import sys; from ctrlkit.cli import main; sys.exit(main())"
    with sshd.server(tmp_path / "hangs", "ForceCommand exec sleep 30") as hangs:
        inventory(desk, host, f"{{name: hang1, address: {hangs.address}, port: {hangs.port}, roles: [server]}}")
        (desk / "known_hosts").write_text(host.known_line() + hangs.known_line(), "ascii")
        process = subprocess.Popen(
            [sys.executable, "-c", code, "collect"], cwd=desk, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        with process:
            deadline = time.monotonic() + 60
            while not (read(desk) and "Starting session" in hangs.log.read_text("utf-8", "replace")):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline
                time.sleep(0.05)
            sent = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert time.monotonic() - sent < 15
    assert (process.returncode, out) == (130, "")
    assert "interrupted with 1 of 2 hosts read; they are kept, go on with --resume" in err
    assert "Traceback" not in err
    assert read(desk) == ["crm-db1.facts"]
    assert verdicts(desk) == {"host:crm-db1": ("passed", None), "host:hang1": ("inconclusive", "missing")}


def read(desk: Path) -> list[str]:
    """The files of facts that a collection has finished."""
    return sorted(path.name for path in (desk / "evidence/hosts").glob("*.facts"))


def test_the_printed_script_run_by_hand_says_its_role_itself(desk: Path) -> None:
    script = ctrlkit(desk, "collect", "--script", "sh").out
    printed = subprocess.run(["/bin/sh", "-s", "server"], input=script.encode(), capture_output=True, check=True)
    (desk / "evidence/hosts").mkdir()
    (desk / "evidence/hosts/crm-db1.facts").write_bytes(printed.stdout)
    assert verdicts(desk) == {"host:crm-db1": ("passed", None)}


def test_the_same_host_gives_the_same_facts_over_ssh_and_by_hand_under_either_shell(
    desk: Path, host: sshd.Server
) -> None:
    """Byte for byte, apart from the instant; what other tests change on this host meanwhile is left aside."""
    asked = "LOG-01, LOG-04, LOG-05, ACC-03, NET-01, NET-05, NET-06"
    (desk / "profiles/hosts.yaml").write_text(f"name: hosts\ntitle: H\ncontrols: {{add: [{asked}]}}\n", "utf-8")
    inventory(desk, host)
    script = ctrlkit(desk, "collect", "--script", "sh").out

    def by_hand(*shell: str) -> dict[str, bytes]:
        # The probes themselves run in that shell too, as on a host where it is /bin/sh.
        text = script.replace("$session sh -c", f"$session {' '.join(shell)} -c")
        words = [*shell, "-s", "server"]
        return facts(subprocess.run(words, input=text.encode(), capture_output=True, check=True, timeout=100).stdout)

    first = by_hand("sh")
    assert ctrlkit(desk, "collect").code == 0
    over_ssh = facts((desk / "evidence/hosts/crm-db1.facts").read_bytes())
    busybox, last = by_hand("busybox", "sh"), by_hand("sh")
    moving = {"listeners", "sshd_service"} | {name for name in first if first[name] != last[name]}
    steady = over_ssh.keys() - moving
    assert len(steady) >= 10
    assert {n: over_ssh[n] for n in steady} == {n: first[n] for n in steady} == {n: busybox[n] for n in steady}


def facts(frame: bytes) -> dict[str, bytes]:
    """Fact -> its document as a bundle would hold it."""
    found = transcript.read(frame, "crm-db1")
    assert isinstance(found, transcript.Transcript), found
    documents = {name: one.document() for name, one in facts_of(found, PROBES).items() if name in found.probes}
    return {name: json.dumps(one, sort_keys=True).encode() for name, one in documents.items()}


HARD = ("PermitRootLogin no", "MaxAuthTries 3")
WEAK = ("PermitRootLogin yes", "PermitEmptyPasswords yes")
MATCH = (*HARD, "Match Address 203.0.113.0/24\nPermitRootLogin yes\nMaxAuthTries 6")
PLANTED = {
    "host:hard": ("passed", None, []),
    "host:behind": ("passed", None, []),
    "host:weak": ("failed", None, ["root may sign in over SSH"]),
    "host:match": (
        "failed",
        None,
        [f"Match Address 203.0.113.0/24 sets {what}" for what in ("permitrootlogin yes", "maxauthtries 6")],
    ),
    "host:unknown": ("inconclusive", "refused", []),
    "host:changed": ("inconclusive", "refused", []),
}


def test_real_servers_get_the_verdicts_that_were_planted(
    desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NET-06 by the files of servers that run: hardened, behind another, weak, with a Match block; unknown, changed.

    So that root may run these tests their command line lets it in all the same; only that is left out of sight.
    """
    (desk / "profiles/hosts.yaml").write_text("name: hosts\ntitle: H\ncontrols: {add: [NET-06]}\n", "utf-8")
    with ExitStack() as stack:
        lines = {"hard": HARD, "behind": HARD, "weak": WEAK, "match": MATCH, "unknown": HARD, "changed": HARD}
        let_in = ("-o", "PermitRootLogin=yes")
        found = {
            name: stack.enter_context(sshd.server(tmp_path / name, *said, owner=name, words=let_in))
            for name, said in lines.items()
        }
        known = {name: one.known_line() for name, one in found.items() if name != "unknown"}
        place, _, key = known["changed"].partition(" ")
        known["changed"] = f"{place} {known['hard'].partition(' ')[2]}"
        assert key not in known["changed"]
        (desk / "known_hosts").write_text("".join(known.values()), "ascii")
        hosts = [
            f"  - {{name: {name}, address: {one.address}, port: {one.port}, roles: [server]"
            f"{', via: hard' if name == 'behind' else ''}}}\n"
            for name, one in found.items()
        ]
        first = found["hard"]
        defaults = f"defaults: {{user: {first.user}, known_hosts: known_hosts, identity_file: {first.key}}}\n"
        (desk / "inventory.yaml").write_text(f"{defaults}hosts:\n{''.join(hosts)}", "utf-8")
        made = collection.script_for

        def of_its_own(asked: collection.Errand) -> collect.ScriptFor:
            return lambda host, marker: reads_its_own(made(asked)(host, marker), found[host.name].folder)

        monkeypatch.setattr(collection, "script_for", of_its_own)
        assert ctrlkit(desk, "collect").code == 2
    results = ctrlkit(desk, "run", "--format", "json").said["results"]
    assert {r["subject"]: (r["verdict"], r["cause"], [f["message"] for f in r["findings"]]) for r in results} == PLANTED


def reads_its_own(script: str, folder: Path) -> str:
    """The script with the server's own configuration in place of this machine's, which whoever tests may read."""
    own = str(folder / "sshd_config")
    for was, now in {
        "sshd -T": f"sshd -T -f {own}",
        "/etc/ssh/sshd_config /etc/ssh/sshd_config.d |": f"{own} /dev/null | sed s#^{own}:#/etc/ssh/sshd_config:# |",
        "_settings root ": "_settings user ",
        "echo options yes": ":",
    }.items():
        assert was in script
        script = script.replace(was, now)
    return script


def test_facts_of_another_request_are_not_believed(desk: Path) -> None:
    script = ctrlkit(desk, "collect", "--script", "sh").out
    printed = subprocess.run(["/bin/sh", "-s", "server"], input=script.encode(), capture_output=True, check=True)
    (desk / "evidence/hosts").mkdir()
    (desk / "evidence/hosts/crm-db1.facts").write_bytes(printed.stdout)
    (desk / "engagement.yaml").write_text(ENGAGEMENT.replace("7f3a9c", "another"), "utf-8")
    assert verdicts(desk) == {"host:crm-db1": ("inconclusive", "malformed")}


def test_cut_facts_and_a_host_that_no_inventory_lists_are_inconclusive(desk: Path, host: sshd.Server) -> None:
    inventory(desk, host)
    assert ctrlkit(desk, "collect").code == 0
    whole = (desk / "evidence/hosts/crm-db1.facts").read_bytes()
    (desk / "evidence/hosts/crm-db1.facts").write_bytes(whole[: len(whole) // 2])
    (desk / "evidence/hosts/stray.facts").write_bytes(whole)
    assert verdicts(desk) == {"host:crm-db1": ("inconclusive", "cut"), "host:stray": ("inconclusive", "missing")}


def test_without_any_host_the_organisation_line_says_so(desk: Path) -> None:
    assert verdicts(desk) == {"organisation": ("inconclusive", "missing")}


def test_a_host_of_another_role_is_not_asked(desk: Path, host: sshd.Server) -> None:
    inventory(desk, host, "{name: ws-0142, roles: [workstation]}")
    assert ctrlkit(desk, "collect").code == 0
    assert verdicts(desk)["host:ws-0142"] == ("not_applicable", "role")


def test_a_host_of_whose_role_nothing_is_asked_is_not_touched(desk: Path, host: sshd.Server) -> None:
    inventory(desk, host, f"{{name: ws-0142, address: 127.0.0.1, port: {sshd.free_port()}, roles: [workstation]}}")
    done = ctrlkit(desk, "collect")
    assert (done.code, done.out) == (0, "1 host: 1 read\n")
    assert "not touched, for no selected control asks anything of its role: ws-0142" in done.err
    assert sorted(path.name for path in (desk / "evidence/hosts").iterdir()) == ["crm-db1.facts", "crm-db1.ssh.json"]
    assert verdicts(desk)["host:ws-0142"] == ("not_applicable", "role")


def test_a_dry_run_lists_what_is_asked_of_these_hosts_alone(desk: Path, host: sshd.Server) -> None:
    (desk / "profiles/hosts.yaml").write_text("name: hosts\ntitle: H\ncontrols: {add: [END-02, LOG-01]}\n", "utf-8")
    inventory(desk, host)
    said = ctrlkit(desk, "collect", "--dry-run").out
    assert "crm-db1 (server): " in said
    assert ("passwd_accounts:" in said, "malware_protection:" in said) == (True, False)
    assert "malware_protection:" in ctrlkit(desk, "collect", "--script", "sh", "--dry-run").out
    assert host.log.read_text("utf-8").count("Connection from") == 1, "the one by which the test saw it listen"


def test_ports_that_the_inventory_adds_are_approved_named_and_replayed(desk: Path, host: sshd.Server) -> None:
    """One result line for each host, the same from the bundle; a check is told what the inventory says of the host."""
    (desk / "controls/hosts.py").write_text(PORTS, "utf-8")
    inventory(desk, host, f"{{name: mx1, address: {host.address}, roles: [server], ports: [25]}}")
    assert ctrlkit(desk, "collect").code == 0
    results = {r["subject"]: r for r in ctrlkit(desk, "run", "--format", "json").said["results"]}
    assert {subject: r["verdict"] for subject, r in results.items()} == {"host:crm-db1": "failed", "host:mx1": "passed"}
    assert [n["message"] for n in results["host:mx1"]["notes"]] == ["mx1: the inventory lets it open 25 besides"]
    assert results["host:crm-db1"]["notes"] == []
    assert ctrlkit(desk, "replay", "runs/latest").code == 0


def test_ansible_sends_the_script_out_and_its_folder_is_read_as_it_lies(
    desk: Path, host: sshd.Server, tmp_path: Path
) -> None:
    """`ansible -m script --tree`, by the real ansible, over the real sshd."""
    (desk / "facts.sh").write_text(ctrlkit(desk, "collect", "--script", "sh").out, "utf-8")
    words = f"ansible_host={host.address} ansible_port={host.port} ansible_user={host.user}"
    key = f"ansible_ssh_private_key_file={host.key} ansible_python_interpreter={sys.executable}"
    (desk / "fleet.ini").write_text(f"[all]\ncrm-db1 {words} {key}\n", "utf-8")
    ansible = shutil.which("ansible", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    assert ansible is not None, "ansible is missing: pip install ansible-core"
    options = ["-i", "fleet.ini", "-m", "script", "-a", "facts.sh server", "--tree", "evidence/hosts"]
    env = {**os.environ, "ANSIBLE_HOST_KEY_CHECKING": "False", "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible")}
    env |= {"ANSIBLE_HOME": str(tmp_path / "ansible"), "LC_ALL": "C.UTF-8"}
    subprocess.run([ansible, "all", *options], cwd=desk, env=env, check=True, capture_output=True, timeout=120)
    assert verdicts(desk) == {"host:crm-db1": ("passed", None)}


def test_dns_is_asked_for_the_engagement_s_domains_and_lies_in_the_pack(desk: Path) -> None:
    (desk / "engagement.yaml").write_text(ENGAGEMENT + "domains: [vendor.example]\n", "utf-8")
    records = {("vendor.example", "NS"): ["ns1.vendor.example."], ("vendor.example", "TXT"): ['"v=spf1 -all"']}
    with serving(records) as server:
        asked = ["--dns", "--dns-server", "127.0.0.1", "--dns-port", str(server.port)]
        done = ctrlkit(desk, "collect", *asked)
    assert (done.code, done.err) == (0, "")
    assert "v=spf1 -all" in (desk / "evidence/dns.csv").read_text("utf-8")


def test_dns_that_fails_is_named_and_ends_in_2(desk: Path) -> None:
    (desk / "engagement.yaml").write_text(ENGAGEMENT + "domains: [vendor.example]\n", "utf-8")
    with serving({}, {"vendor.example": "servfail"}) as server:
        asked = ["--dns", "--dns-server", "127.0.0.1", "--dns-port", str(server.port)]
        done = ctrlkit(desk, "collect", *asked)
    assert done.code == 2
    assert "vendor.example" in done.err
