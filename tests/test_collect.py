"""A collection: written as it comes, resumed, interrupted, bounded by its window; nothing lost and nothing half."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import collecting
import hostile
import pytest
import sshd
from sshd import Server

from ctrlkit import collect, inventory, transcript
from ctrlkit.errors import CtrlkitError, InputError, Withdrawn
from ctrlkit.hooks import Probe
from ctrlkit.inventory import Host
from ctrlkit.model import Cause
from ctrlkit.probe_script import build
from ctrlkit.tally import Step

LISTEN = tuple(f"127.0.0.{n}" for n in range(1, 7))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with sshd.server(tmp_path_factory.mktemp("sshd"), listen=LISTEN) as one:
        yield one


def text(server: Server, count: int = 3, *more: str, head: str = "") -> str:
    hosts = [f"name: h{n}, address: 127.0.0.{n}, roles: [server]" for n in range(1, count + 1)]
    listed = "".join(f"  - {{{host}}}\n" for host in [*hosts, *more])
    return (
        f"{head}defaults: {{user: {server.user}, port: {server.port}, known_hosts: known_hosts, "
        f"identity_file: {server.key}, connect_timeout: 10, timeout: 20}}\nhosts:\n{listed}"
    )


@pytest.fixture
def folder(server: Server, tmp_path: Path) -> Path:
    """A folder whose known_hosts trusts the server under each of its addresses."""
    lines = "".join(server.known_line(address=address) for address in LISTEN)
    (tmp_path / "known_hosts").write_text(lines, "ascii")
    return tmp_path


def signed_in(server: Server) -> int:
    return server.log.read_text("utf-8", "replace").count("Accepted publickey for")


def test_every_host_is_read_and_reported_as_it_comes(server: Server, folder: Path) -> None:
    steps: list[Step] = []
    prepared = collecting.ready(folder, text(server, 3, "name: kiosk"))
    summary = collecting.run(prepared, folder / "out", progress=steps.append)
    assert (summary.read, summary.by_file, summary.complete) == (("h1", "h2", "h3"), ("kiosk",), True)
    assert [(s.done, s.total, s.failed) for s in steps] == [(1, 3, 0), (2, 3, 0), (3, 3, 0)]
    assert {s.host for s in steps} == {"h1", "h2", "h3"}
    assert steps[-1].line() == f"3/3 hosts · {steps[-1].host} read"
    assert summary.lines() == ("4 hosts: 3 read, 1 to be handed over as a file",)
    files = [f"hosts/h{n}{end}" for n in (1, 2, 3) for end in (".facts", ".ssh.json")]
    assert collecting.left(folder / "out") == files


def test_the_frame_of_the_real_script_comes_back_whole(server: Server, folder: Path) -> None:
    probes = [Probe(name="kernel", fact="kernel", command="uname -s; echo odd >&2", about="kernel")]

    def script(host: Host, marker: str) -> str:
        return build(probes, nonce="7f3a", marker=marker, sudo=host.sudo != "never")

    summary = collecting.run(collecting.ready(folder, text(server, 1)), folder / "out", script)
    assert summary.complete, summary.failed
    found = transcript.read((folder / "out/hosts/h1.facts").read_bytes(), "h1")
    assert isinstance(found, transcript.Transcript)
    assert found.probes["kernel"].stdout == os.uname().sysname.encode() + b"\n"
    assert found.probes["kernel"].stderr == b"odd\n"


def test_markers_differ_from_host_to_host_and_from_run_to_run(server: Server, folder: Path) -> None:
    prepared = collecting.ready(folder, text(server, 2))
    for out in ("first", "second"):
        collecting.run(prepared, folder / out)
    files = [folder / out / "hosts" / f"h{n}.facts" for out in ("first", "second") for n in (1, 2)]
    assert len({file.read_text("utf-8").splitlines()[0] for file in files}) == 4


def test_at_the_end_each_failed_host_has_a_line_with_reason_and_remedy(server: Server, folder: Path) -> None:
    more = (
        f"name: off, address: 127.0.0.1, port: {sshd.free_port()}",
        "name: new, address: 127.0.0.6, known_hosts: none",
    )
    summary = collecting.run(collecting.ready(folder, text(server, 1, *more)), folder / "out")
    head, off, new = summary.lines()
    assert head == "3 hosts: 1 read, 2 failed"
    assert off.startswith("off: unreachable: 127.0.0.1 port ")
    assert new.startswith("new: refused: the host key of ")
    assert all("; " in line for line in (off, new))


def test_resume_reads_only_what_is_missing(server: Server, folder: Path) -> None:
    inventory_text = text(server, 3)
    collecting.run(collecting.ready(folder, inventory_text, limits=("h1",)), folder / "out")
    before, kept = signed_in(server), (folder / "out/hosts/h1.facts").read_bytes()
    summary = collecting.run(collecting.ready(folder, inventory_text), folder / "out", resume=True)
    assert (summary.kept, summary.read) == (("h1",), ("h2", "h3"))
    assert signed_in(server) == before + 2
    assert (folder / "out/hosts/h1.facts").read_bytes() == kept
    assert summary.lines() == ("3 hosts: 2 read, 1 kept from before",)


@pytest.mark.parametrize(
    "harm",
    ["cut facts", "no facts", "broken record", "failed before", "another script", "another address"],
)
def test_resume_does_not_keep_what_is_not_whole(server: Server, folder: Path, harm: str) -> None:
    collecting.run(collecting.ready(folder, text(server, 1)), folder / "out")
    facts, record = folder / "out/hosts/h1.facts", folder / "out/hosts/h1.ssh.json"
    script: collect.ScriptFor = collecting.script
    inventory_text = text(server, 1)
    if harm == "cut facts":
        facts.write_bytes(facts.read_bytes()[:-5])
    elif harm == "no facts":
        facts.unlink()
    elif harm == "broken record":
        record.write_text('{"address": ', "ascii")
    elif harm == "failed before":
        record.write_text(record.read_text("ascii").replace('"ctrlkit"', '"cause": "cut",\n "ctrlkit"'), "ascii")
    elif harm == "another script":

        def script(_: Host, marker: str) -> str:
            return collecting.framed("echo another", marker)

    else:
        inventory_text = inventory_text.replace("127.0.0.1", "127.0.0.2")
    summary = collecting.run(collecting.ready(folder, inventory_text), folder / "out", script, resume=True)
    assert (summary.kept, summary.read) == ((), ("h1",))
    assert facts.read_bytes().endswith(b" 0 0\n")


def test_resume_sets_old_facts_aside_where_the_host_now_fails(server: Server, folder: Path) -> None:
    collecting.run(collecting.ready(folder, text(server, 1)), folder / "out")
    closed = text(server, 1).replace(f"port: {server.port}", f"port: {sshd.free_port()}")
    summary = collecting.run(collecting.ready(folder, closed), folder / "out", resume=True)
    assert [f.cause for f in summary.failed] == [Cause.UNREACHABLE]
    assert collecting.left(folder / "out") == ["hosts/h1.facts.earlier", "hosts/h1.ssh.json"]


def test_killed_between_its_two_files_a_host_is_read_again(server: Server, folder: Path) -> None:
    asked = collecting.ready(folder, text(server, 1))
    (folder / "out/hosts").mkdir(parents=True)
    (folder / "out/hosts/h1.facts.writing").mkdir()  # nothing can be written there
    with pytest.raises(CtrlkitError):
        collecting.run(asked, folder / "out")
    (folder / "out/hosts/h1.facts.writing").rmdir()
    assert collecting.left(folder / "out") == ["hosts/h1.ssh.json"]
    assert collecting.run(asked, folder / "out", resume=True).read == ("h1",)


def test_what_was_handed_over_after_a_failure_is_neither_lost_nor_written_over(server: Server, folder: Path) -> None:
    """It counts until the host is read, and is set aside then."""
    one = f"name: h0, address: {server.address}, port: {server.port}"
    asked = collecting.ready(folder, text(server, 0, one.replace(str(server.port), str(sshd.free_port()))))
    assert not collecting.run(asked, folder / "out").complete
    facts = folder / "out/hosts/h0.facts"
    facts.write_bytes(b"handed over\n")
    assert not collecting.run(asked, folder / "out", resume=True).complete
    assert facts.read_bytes() == b"handed over\n"
    assert collecting.run(collecting.ready(folder, text(server, 0, one)), folder / "out", resume=True).complete
    assert collecting.facts(folder / "out", "h0")[0] == "host h0"
    assert (folder / "out/hosts/h0.facts.earlier").read_bytes() == b"handed over\n"


def test_a_second_collection_into_the_same_folder_is_refused(server: Server, folder: Path) -> None:
    prepared = collecting.ready(folder, text(server, 1))
    collecting.run(prepared, folder / "out")
    before = signed_in(server)
    with pytest.raises(InputError, match=r"h1\.facts: is there already.*--resume"):
        collecting.run(prepared, folder / "out")
    assert signed_in(server) == before


@pytest.mark.parametrize("resume", [False, True])
def test_facts_that_were_handed_over_are_never_written_over(server: Server, folder: Path, resume: bool) -> None:
    (folder / "out/hosts").mkdir(parents=True)
    (folder / "out/hosts/h1.facts").write_text("by hand", "ascii")
    with pytest.raises(InputError, match="was handed over"):
        collecting.run(collecting.ready(folder, text(server, 1)), folder / "out", resume=resume)
    assert (folder / "out/hosts/h1.facts").read_text("ascii") == "by hand"


def test_shards_of_one_inventory_fill_one_folder(server: Server, folder: Path) -> None:
    path = folder / "inventory.yaml"
    path.write_text(text(server, 5), "utf-8")
    book = inventory.load(path)
    for part in ("1/2", "2/2"):
        hosts = inventory.shard(inventory.choose(book, []), part)
        prepared = collect.prepare(book, hosts, home=folder, environ={}, ask=None)
        assert collecting.run(prepared, folder / "out").complete
    assert [name for name in collecting.left(folder / "out") if name.endswith(".facts")] == [
        f"hosts/h{n}.facts" for n in range(1, 6)
    ]


WINDOW = "authorised: {by: vendor-it, from: 2026-10-01, until: 2026-10-31}\n"


@pytest.mark.parametrize("day", ["2026-09-30T23:59:59", "2026-11-01T00:00:00"])
def test_outside_the_window_nothing_is_touched_and_nothing_written(server: Server, folder: Path, day: str) -> None:
    prepared = collecting.ready(folder, text(server, 1, head=WINDOW))
    before = signed_in(server)
    with pytest.raises(InputError, match=r"authorised: .*vendor-it.*2026-10-01 to 2026-10-31"):
        collecting.run(prepared, folder / "out", now=lambda: datetime.fromisoformat(day).replace(tzinfo=UTC))
    assert signed_in(server) == before
    assert not (folder / "out").exists()


def test_a_window_that_closes_under_way_ends_the_touching(server: Server, folder: Path) -> None:
    days = iter([datetime(2026, 10, 31, 23, tzinfo=UTC)])
    after = datetime(2026, 11, 1, 1, tzinfo=UTC)
    prepared = collecting.ready(folder, text(server, 1, head=WINDOW))
    before = signed_in(server)
    summary = collecting.run(prepared, folder / "out", now=lambda: next(days, after))
    assert [f.cause for f in summary.failed] == [Cause.REFUSED]
    assert "not touched" in summary.failed[0].message
    assert signed_in(server) == before


def test_a_dry_run_lists_hosts_and_ways_and_touches_none(server: Server, folder: Path) -> None:
    more = ("name: inner, address: 192.0.2.7, via: h1, sudo: nopasswd", "name: kiosk")
    before = signed_in(server)
    lines = collecting.ready(folder, text(server, 1, *more)).lines()
    at = f"{server.user}@127.0.0.1:{server.port}"
    assert lines == (
        f"h1 (server): {at}; sudo: never",
        f"inner (no role): {at} → {server.user}@192.0.2.7:{server.port}; sudo: nopasswd",
        "kiosk (no role): no address, read from its file alone; sudo: never",
    )
    assert signed_in(server) == before


@pytest.mark.parametrize("jobs", [0, 1000])
def test_an_absurd_number_of_jobs_is_refused(server: Server, folder: Path, jobs: int) -> None:
    with pytest.raises(InputError, match="--jobs: found"):
        collecting.run(collecting.ready(folder, text(server, 1)), folder / "out", jobs=jobs)


def test_more_hosts_than_jobs_are_all_read(server: Server, folder: Path) -> None:
    assert len(collecting.run(collecting.ready(folder, text(server, 6)), folder / "out", jobs=2).read) == 6


def test_what_cannot_be_written_is_said_and_ends_the_collection(server: Server, folder: Path) -> None:
    (folder / "out").write_text("a file where the folder should be", "ascii")
    with pytest.raises(CtrlkitError, match=r"cannot be written .*--resume"):
        collecting.run(collecting.ready(folder, text(server, 2)), folder / "out")


def test_half_written_files_have_another_name_and_do_not_stay(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CtrlkitError, match="No space left on device"):
        collecting.run(collecting.ready(folder, text(server, 1)), folder / "out")
    assert collecting.left(folder / "out") == []


def test_an_interruption_ends_at_once_and_keeps_what_is_there(server: Server, folder: Path) -> None:
    """One host has been read, one says nothing for a minute; then somebody presses ^C."""
    over = threading.Event()

    def silent(_: object, ended: threading.Event) -> None:
        ended.wait(60)
        over.set()

    with hostile.raw(silent) as fake:
        more = f"name: slow, address: 127.0.0.1, port: {fake.port}, connect_timeout: 60"
        prepared = collecting.ready(folder, text(server, 1, more))
        interrupt = lambda _: os.kill(os.getpid(), signal.SIGINT)  # noqa: E731
        with pytest.raises(Withdrawn, match=r"interrupted with 1 of 2 hosts read.*--resume"):
            collecting.run(prepared, folder / "out", progress=interrupt)
        assert not over.is_set()
    assert collecting.left(folder / "out") == ["hosts/h1.facts", "hosts/h1.ssh.json"]


KILLED = """
import sys, os
from pathlib import Path
sys.path.insert(0, {tests!r})
import collecting
folder = Path({folder!r})
prepared = collecting.ready(folder, (folder / "text.yaml").read_text("utf-8"))
collecting.run(prepared, folder / "out", jobs=1, progress=lambda step: os._exit(9) if step.done == 2 else None)
"""


def test_killed_half_way_a_collection_goes_on_where_it_was(server: Server, folder: Path) -> None:
    (folder / "text.yaml").write_text(text(server, 4), "utf-8")
    code = KILLED.format(tests=str(Path(__file__).parent), folder=str(folder))
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 9
    assert len(collecting.left(folder / "out")) == 4
    summary = collecting.run(collecting.ready(folder, text(server, 4)), folder / "out", resume=True)
    assert (summary.kept, summary.read) == (("h1", "h2"), ("h3", "h4"))


WATCHING_SSH = """#!/bin/sh
# The ssh that is asked for the configuration: it notes what it is given.
{ echo "argv: $*"; env; } >> "@ACCOUNT@"
exec @SSH@ "$@"
"""


def test_no_secret_stands_in_arguments_environments_logs_or_files(
    server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """Passwords to sign in, for sudo and for a key are given; a watching ssh notes what the children see."""
    secrets = {"SIGN_IN": "tulip-38-north", "SUDO_WORD": "gravel-77-moss", "CTRLKIT_KEY_PASSPHRASE": "lantern-12-fox"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    watching = folder / "bin" / "ssh"
    watching.parent.mkdir()
    account = folder / "account"
    script = WATCHING_SSH.replace("@ACCOUNT@", str(account)).replace("@SSH@", sshd.program("ssh"))
    watching.write_text(script, "ascii")
    watching.chmod(watching.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{watching.parent}{os.pathsep}{os.environ['PATH']}")
    (folder / ".ssh").mkdir()
    (folder / ".ssh/config").write_text("Host *\n  ServerAliveInterval 5\n  IdentitiesOnly no\n", "ascii")
    key = sshd.make_key("ed25519", secrets["CTRLKIT_KEY_PASSPHRASE"], name="secretive")
    more = (
        "name: s, address: 127.0.0.2, sudo: password, sudo_password_env: SUDO_WORD, password_env: SIGN_IN",
        f"name: k, address: 127.0.0.3, identity_file: {key}, password_env: SIGN_IN",
    )
    with caplog.at_level("DEBUG"):
        summary = collecting.run(collecting.ready(folder, text(server, 1, *more)), folder / "out")
    assert [f.host for f in summary.failed] == ["k"]
    said = [*capfd.readouterr(), caplog.text, repr(summary), *summary.lines()]
    said += [path.read_text("utf-8", "replace") for path in folder.rglob("*") if path.is_file()]
    said.append(server.log.read_text("utf-8", "replace"))
    assert " -G " in account.read_text("utf-8")
    assert not [value for value in secrets.values() for text_ in said if value in text_]
