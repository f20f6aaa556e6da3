"""Connections to a real sshd: host keys before all else, ways to sign in, jump hosts, sudo, secrets that stay here."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import collecting
import pytest
import sshd
from sshd import Server

from ctrlkit.errors import InputError
from ctrlkit.model import Cause
from ctrlkit.tally import Summary

SECRET = "correct-horse-7Q"  # noqa: S105 - the point of several tests


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sshd")
    with sshd.server(folder, host_keys=("ed25519", "ecdsa", "rsa"), listen=("127.0.0.1", "127.0.0.2", "::1")) as one:
        yield one


def text(server: Server, *hosts: str, more: str = "") -> str:
    """An inventory whose defaults fit `server`; each host is the inside of a mapping."""
    listed = "".join(f"  - {{{host}}}\n" for host in hosts or ("name: a, address: 127.0.0.1",))
    return (
        f"defaults: {{user: {server.user}, port: {server.port}, known_hosts: known_hosts, "
        f"identity_file: {server.key}, connect_timeout: 10, timeout: 20{more}}}\nhosts:\n{listed}"
    )


def known(folder: Path, *lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "known_hosts").write_text("".join(lines), "ascii")


def fault(summary: Summary) -> tuple[Cause, str]:
    """Cause and line of the only host, which failed."""
    assert not summary.complete
    assert not summary.read
    (failure,) = summary.failed
    return failure.cause, failure.line()


def test_one_host_is_read_with_the_fingerprint_that_proves_which(server: Server, tmp_path: Path) -> None:
    known(tmp_path, server.known_line())
    summary = collecting.run(collecting.ready(tmp_path, text(server)), tmp_path / "out")
    assert (summary.read, summary.complete) == (("a",), True)
    assert collecting.facts(tmp_path / "out", "a") == ["host a", f"uid {os.geteuid()}", "sudo no"]
    record = collecting.record(tmp_path / "out", "a")
    assert record["fingerprint"] == server.fingerprint()
    assert (record["address"], record["port"], record["user"]) == ("127.0.0.1", server.port, server.user)
    assert (record["key_type"], record["collected_at"]) == ("ssh-ed25519", "2026-10-15T04:00:00Z")


def test_a_host_costs_one_connection_and_one_command(tmp_path: Path) -> None:
    with sshd.server(tmp_path / "sshd", "LogLevel DEBUG1") as one:
        known(tmp_path, one.known_line())
        assert collecting.run(collecting.ready(tmp_path, text(one)), tmp_path / "out").complete
        log = one.log.read_text("utf-8", "replace")
    assert log.count("Accepted publickey") == 1
    assert log.count("Starting session: ") == 1


@pytest.mark.parametrize("sort", ["ed25519", "ecdsa", "rsa"])
def test_the_type_of_key_that_is_known_is_asked_for(server: Server, tmp_path: Path, sort: str) -> None:
    known(tmp_path, server.known_line(sort))
    collecting.run(collecting.ready(tmp_path, text(server)), tmp_path / "out")
    assert collecting.record(tmp_path / "out", "a")["fingerprint"] == server.fingerprint(sort)


@pytest.mark.parametrize("sort", ["ed25519", "ecdsa", "rsa"])
def test_a_pinned_key_is_found_whichever_the_server_prefers(server: Server, tmp_path: Path, sort: str) -> None:
    host = f'name: a, address: 127.0.0.1, host_key: "{server.fingerprint(sort)}"'
    assert collecting.run(collecting.ready(tmp_path, text(server, host)), tmp_path / "out").complete
    assert collecting.record(tmp_path / "out", "a")["fingerprint"] == server.fingerprint(sort)


def test_ipv6_is_reached(server: Server, tmp_path: Path) -> None:
    known(tmp_path, server.known_line(address="::1"))
    prepared = collecting.ready(tmp_path, text(server, 'name: a, address: "::1"'))
    assert collecting.run(prepared, tmp_path / "out").complete


def signed_in(server: Server) -> int:
    return server.log.read_text("utf-8", "replace").count("Accepted publickey for")


def asked_for(server: Server) -> int:
    """How often somebody gave the server a user name or a key."""
    said = server.log.read_text("utf-8", "replace")
    return said.count("Accepted") + said.count("Failed")


def test_an_unknown_key_is_refused_with_its_fingerprint_and_the_command(server: Server, tmp_path: Path) -> None:
    before = asked_for(server)
    cause, line = fault(collecting.run(collecting.ready(tmp_path, text(server)), tmp_path / "out"))
    assert cause is Cause.REFUSED
    assert f"is not known: found {server.fingerprint()} (ssh-ed25519)" in line
    assert f"ssh-keyscan -p {server.port} -t ed25519 127.0.0.1 >> {tmp_path / 'known_hosts'}" in line
    assert collecting.record(tmp_path / "out", "a")["fingerprint"] == server.fingerprint()
    assert collecting.left(tmp_path / "out") == ["hosts/a.ssh.json"]
    assert asked_for(server) == before


def test_the_command_that_accepts_a_key_makes_the_host_known(server: Server, tmp_path: Path) -> None:
    _, line = fault(collecting.run(collecting.ready(tmp_path, text(server)), tmp_path / "out"))
    command = line.partition("then: ")[2].partition(" (or host_key")[0]
    subprocess.run(["sh", "-c", command], check=True, capture_output=True, timeout=20)
    assert collecting.run(collecting.ready(tmp_path, text(server)), tmp_path / "out").complete


def test_a_changed_key_is_refused_before_anything_is_given(server: Server, tmp_path: Path) -> None:
    with sshd.server(tmp_path / "old", owner="elsewhere") as old:
        other = old.known_line().split()[1:]
    known(tmp_path, " ".join([f"[127.0.0.1]:{server.port}", *other]) + "\n")
    before = asked_for(server)
    cause, line = fault(collecting.run(collecting.ready(tmp_path, text(server)), tmp_path / "out"))
    assert cause is Cause.REFUSED
    assert "has changed" in line
    assert server.fingerprint() in line
    assert old.fingerprint() in line
    assert f"known_hosts:1); somebody may stand in between" in line  # noqa: F541
    assert asked_for(server) == before


def test_a_server_without_the_known_type_of_key_has_changed(tmp_path: Path) -> None:
    with sshd.server(tmp_path / "sshd", host_keys=("ed25519",)) as one:
        with sshd.server(tmp_path / "old", host_keys=("rsa",), owner="elsewhere") as old:
            other = old.known_line("rsa").split()[1:]
        known(tmp_path, " ".join([f"[127.0.0.1]:{one.port}", *other]) + "\n")
        cause, line = fault(collecting.run(collecting.ready(tmp_path, text(one)), tmp_path / "out"))
    assert (cause, "has changed" in line, one.fingerprint() in line) == (Cause.REFUSED, True, True)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("{known}@revoked * {key}", "is revoked"),
        ("@cert-authority * {key}", "certificate authority"),
        ("{hosts} ssh-dss AAAAB3NzaC1kc3M=\n", "only by keys of type ssh-dss"),
        ("{hosts} ssh-ed25519 ???\n", "not readable there"),
    ],
    ids=["revoked", "authority", "old type", "broken line"],
)
def test_what_known_hosts_does_not_trust_is_refused(server: Server, tmp_path: Path, lines: str, said: str) -> None:
    hosts, _, key = server.known_line().partition(" ")
    known(tmp_path, lines.format(known=server.known_line(), hosts=hosts, key=key))
    cause, line = fault(collecting.run(collecting.ready(tmp_path, text(server)), tmp_path / "out"))
    assert cause is Cause.REFUSED
    assert said in line


def test_a_pin_that_does_not_fit_is_refused_although_known_hosts_trusts(server: Server, tmp_path: Path) -> None:
    known(tmp_path, server.known_line())
    pin = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
    prepared = collecting.ready(tmp_path, text(server, f'name: a, address: 127.0.0.1, host_key: "{pin}"'))
    before = asked_for(server)
    cause, line = fault(collecting.run(prepared, tmp_path / "out"))
    assert cause is Cause.REFUSED
    assert pin in line
    assert asked_for(server) == before


def test_a_revoked_key_is_refused_although_it_is_pinned(server: Server, tmp_path: Path) -> None:
    known(tmp_path, "@revoked * " + server.known_line().partition(" ")[2])
    host = f'name: a, address: 127.0.0.1, host_key: "{server.fingerprint()}"'
    cause, line = fault(collecting.run(collecting.ready(tmp_path, text(server, host)), tmp_path / "out"))
    assert (cause, "is revoked" in line) == (Cause.REFUSED, True)


@pytest.mark.parametrize("sort", ["ed25519", "ecdsa", "rsa"])
def test_keys_of_each_kind_open_the_door(tmp_path: Path, sort: str) -> None:
    with sshd.server(tmp_path / "sshd", accepted=(sshd.make_key(sort),)) as one:
        known(tmp_path, one.known_line())
        assert collecting.run(collecting.ready(tmp_path, text(one)), tmp_path / "out").complete


@pytest.mark.parametrize("sort", ["ed25519", "ecdsa", "rsa"])
def test_an_encrypted_key_is_opened_by_the_environment_or_a_prompt(tmp_path: Path, sort: str) -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return SECRET

    with sshd.server(tmp_path / "sshd", accepted=(sshd.make_key(sort, SECRET),)) as one:
        known(tmp_path, one.known_line())
        by_name = collecting.ready(tmp_path, text(one), environ={"CTRLKIT_KEY_PASSPHRASE": SECRET})
        assert collecting.run(by_name, tmp_path / "first").complete
        assert collecting.run(collecting.ready(tmp_path, text(one), environ={}, ask=ask), tmp_path / "second").complete
    assert len(asked) == 1
    assert str(one.key) in asked[0]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder / "absent", "No such file"),
        (lambda folder: folder / "known_hosts", "found no private key"),
        (lambda _: sshd.make_key("ed25519", SECRET), "it is encrypted"),
    ],
    ids=["absent", "no key", "closed"],
)
def test_a_named_key_that_cannot_be_used_is_an_error_before_any_host(
    server: Server, tmp_path: Path, make: object, said: str
) -> None:
    known(tmp_path, server.known_line())
    assert callable(make)
    inventory = text(server, f"name: a, address: 127.0.0.1, identity_file: {make(tmp_path)}")
    with pytest.raises(InputError, match=said) as caught:
        collecting.ready(tmp_path, inventory, environ={})
    assert "check identity_file" in str(caught.value)


def test_a_key_in_the_form_of_others_is_named_with_how_to_turn_it(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "key"
    words = ["-q", "-t", "ecdsa", "-m", "PKCS8", "-N", SECRET, "-f", str(file)]
    subprocess.run([sshd.program("ssh-keygen"), *words], check=True, timeout=20)
    with pytest.raises(InputError, match=r"its form is PKCS #8, .*ssh-keygen -p -f"):
        collecting.ready(tmp_path, text(server, f"name: a, address: 127.0.0.1, identity_file: {file}"))


def test_a_wrong_passphrase_is_an_error_before_any_host(server: Server, tmp_path: Path) -> None:
    known(tmp_path, server.known_line())
    host = f"name: a, address: 127.0.0.1, identity_file: {sshd.make_key('ed25519', SECRET)}"
    with pytest.raises(InputError, match="does not open it") as caught:
        collecting.ready(tmp_path, text(server, host), environ={"CTRLKIT_KEY_PASSPHRASE": "wrong-word"})
    assert "wrong-word" not in str(caught.value)


def test_an_agent_opens_what_is_closed_here(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "id_agent"
    shutil.copy(sshd.make_key(), key)
    shutil.copy(sshd.make_key().with_name("user_ed25519.pub"), tmp_path / "id_agent.pub")
    known(tmp_path, server.known_line())
    agent = subprocess.run([sshd.program("ssh-agent"), "-s"], check=True, capture_output=True, text=True, timeout=20)
    words = dict(part.split("=", 1) for part in agent.stdout.replace("\n", ";").split(";") if "=" in part)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", words["SSH_AUTH_SOCK"])
        subprocess.run([sshd.program("ssh-add"), "-q", str(key)], check=True, timeout=20, capture_output=True)
        closed = [sshd.program("ssh-keygen"), "-q", "-p", "-N", SECRET, "-f", str(key)]
        subprocess.run(closed, check=True, timeout=20, capture_output=True)
        host = f"name: a, address: 127.0.0.1, identity_file: {key}"
        prepared = collecting.ready(tmp_path, text(server, host))
        assert not prepared.keys
        assert collecting.run(prepared, tmp_path / "out").complete
    finally:
        os.kill(int(words["SSH_AGENT_PID"]), 15)


def test_a_key_that_is_not_accepted_is_refused(server: Server, tmp_path: Path) -> None:
    known(tmp_path, server.known_line())
    host = f"name: a, address: 127.0.0.1, identity_file: {sshd.make_key(name='stranger')}"
    cause, line = fault(collecting.run(collecting.ready(tmp_path, text(server, host)), tmp_path / "out"))
    assert cause is Cause.REFUSED
    assert f"does not let {server.user} in: offered 1 key" in line
    assert collecting.record(tmp_path / "out", "a")["fingerprint"] == server.fingerprint()


def test_a_closed_port_is_unreachable(server: Server, tmp_path: Path) -> None:
    host = f"name: a, address: 127.0.0.1, port: {sshd.free_port()}"
    cause, line = fault(collecting.run(collecting.ready(tmp_path, text(server, host)), tmp_path / "out"))
    assert cause is Cause.UNREACHABLE
    assert "connection refused" in line


def test_a_name_that_nobody_has_is_unreachable(server: Server, tmp_path: Path) -> None:
    prepared = collecting.ready(tmp_path, text(server, "name: a, address: nobody.invalid"))
    cause, line = fault(collecting.run(prepared, tmp_path / "out"))
    assert (cause, "nobody.invalid" in line) == (Cause.UNREACHABLE, True)


def test_a_host_is_reached_over_several_hops(tmp_path: Path) -> None:
    with ExitStack() as stack:
        one, two, three = (
            stack.enter_context(sshd.server(tmp_path / str(n), address=f"127.0.0.{n}", owner=f"hop{n}"))
            for n in (1, 2, 3)
        )
        known(tmp_path, *(s.known_line() for s in (one, two, three)))
        inventory = text(
            one,
            "name: jump1, address: 127.0.0.1",
            f"name: jump2, address: 127.0.0.2, port: {two.port}, via: jump1",
            f"name: end, address: 127.0.0.3, port: {three.port}, via: jump2",
            f"name: other, address: 127.0.0.3, port: {three.port}, via: jump2",
        )
        prepared = collecting.ready(tmp_path, inventory, limits=("end", "other"))
        assert collecting.run(prepared, tmp_path / "out").read == ("end", "other")
        assert collecting.record(tmp_path / "out", "end")["via"] == ["jump1", "jump2"]
        assert collecting.record(tmp_path / "out", "end")["fingerprint"] == three.fingerprint()
        # Hosts behind the same jump share one connection to it.
        assert (signed_in(one), signed_in(two), signed_in(three)) == (1, 1, 2)


def test_a_jump_host_with_a_changed_key_gets_nothing_and_its_hosts_say_why(server: Server, tmp_path: Path) -> None:
    with sshd.server(tmp_path / "old", owner="elsewhere") as old:
        other = old.known_line().split()[1:]
    known(tmp_path, " ".join([f"[127.0.0.1]:{server.port}", *other]) + "\n", server.known_line(address="127.0.0.2"))
    inventory = text(server, "name: jump, address: 127.0.0.1", "name: a, address: 127.0.0.2, via: jump")
    cause, line = fault(collecting.run(collecting.ready(tmp_path, inventory, limits=("a",)), tmp_path / "out"))
    assert cause is Cause.REFUSED
    assert "on the way through jump: the host key of" in line


@pytest.mark.parametrize(
    ("lines", "cause"),
    [((), Cause.UNREACHABLE), (("AllowTcpForwarding no",), Cause.REFUSED)],
    ids=["dead", "forbidden"],
)
def test_what_a_jump_host_cannot_or_may_not_reach_is_told_apart(
    tmp_path: Path, lines: tuple[str, ...], cause: Cause
) -> None:
    with sshd.server(tmp_path / "sshd", *lines) as one:
        known(tmp_path, one.known_line())
        inventory = text(
            one, "name: jump, address: 127.0.0.1", f"name: a, address: 127.0.0.3, port: {sshd.free_port()}, via: jump"
        )
        found, line = fault(collecting.run(collecting.ready(tmp_path, inventory, limits=("a",)), tmp_path / "out"))
    assert found is cause
    assert "jump" in line


def test_a_host_behind_a_jump_that_says_nothing_is_a_timeout(server: Server, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        known(tmp_path, server.known_line())
        inventory = text(
            server,
            "name: jump, address: 127.0.0.1",
            f"name: a, address: 127.0.0.1, port: {silent.getsockname()[1]}, via: jump, connect_timeout: 1",
        )
        cause, _ = fault(collecting.run(collecting.ready(tmp_path, inventory, limits=("a",)), tmp_path / "out"))
    assert cause is Cause.TIMEOUT


@pytest.fixture
def with_sudo(tmp_path: Path) -> Iterator[Server]:
    """A host whose sudo is a stand-in that works for any user; the account it keeps lies in `tmp_path`."""
    with sshd.server(tmp_path / "sshd", sshd.sudo_asks(tmp_path, SECRET)) as one:
        known(tmp_path, one.known_line())
        yield one


def privileged(_: object, marker: str) -> str:
    """Say whether sudo was passed, and whatever of the input is left when the script has been read."""
    return collecting.framed("echo root ${AS_ROOT:-no}; set; sudo -n true && echo open", marker) + "\n"


PASSWORD = ", sudo: password, sudo_password_env: SUDO_WORD"  # noqa: S105 - words of an inventory


def test_a_sudo_password_is_given_to_sudo_and_to_nobody_else(with_sudo: Server, tmp_path: Path) -> None:
    prepared = collecting.ready(tmp_path, text(with_sudo, more=PASSWORD), environ={"SUDO_WORD": SECRET})
    assert SECRET not in repr(prepared)
    assert collecting.run(prepared, tmp_path / "out", privileged).complete
    assert collecting.facts(tmp_path / "out", "a")[0] == "root yes"
    assert collecting.record(tmp_path / "out", "a")["privilege"] == "sudo"
    assert "sudo -n true" in (tmp_path / "account.argv").read_text("utf-8").splitlines()[0]
    (tmp_path / "bin" / "sudo").unlink()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


def test_where_sudo_asks_nothing_the_password_stays_here(with_sudo: Server, tmp_path: Path) -> None:
    """`sudo -S sh` without a need for the password would hand it to the shell as its first command."""
    (tmp_path / "account.open").touch()
    prepared = collecting.ready(tmp_path, text(with_sudo, more=PASSWORD), environ={"SUDO_WORD": SECRET})
    assert collecting.run(prepared, tmp_path / "out", privileged).complete
    assert collecting.facts(tmp_path / "out", "a")[0] == "root no"
    assert collecting.facts(tmp_path / "out", "a")[-1] == "open"
    assert collecting.record(tmp_path / "out", "a")["privilege"] == "plain"
    assert "-S" not in (tmp_path / "account.argv").read_text("utf-8")


def test_a_sudo_that_first_refuses_and_then_does_not_ask_gets_no_password(with_sudo: Server, tmp_path: Path) -> None:
    """`true` may be forbidden where `sh` is free: the root shell must not read the password as a command."""
    sudo = tmp_path / "bin" / "sudo"
    sudo.write_text(
        '#!/bin/sh\ncase "$1" in -n) exit 1 ;; esac\nshift 3\nAS_ROOT=yes\nexport AS_ROOT\nexec "$@"\n', "ascii"
    )
    prepared = collecting.ready(tmp_path, text(with_sudo, more=PASSWORD), environ={"SUDO_WORD": SECRET})
    assert collecting.run(prepared, tmp_path / "out", privileged).complete
    assert collecting.facts(tmp_path / "out", "a")[0] == "root yes"
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("word", ["wrong", "no sudo"])
def test_a_refused_sudo_leaves_the_rest_unharmed(with_sudo: Server, tmp_path: Path, word: str) -> None:
    if word == "no sudo":
        (tmp_path / "bin" / "sudo").write_text("#!/bin/sh\nexit 127\n", "ascii")
    prepared = collecting.ready(tmp_path, text(with_sudo, more=PASSWORD), environ={"SUDO_WORD": word})
    assert collecting.run(prepared, tmp_path / "out", privileged).complete
    assert collecting.facts(tmp_path / "out", "a")[0] == "root no"
    assert collecting.record(tmp_path / "out", "a")["privilege"] == "refused"


def test_nopasswd_never_asks_for_or_sends_a_password(with_sudo: Server, tmp_path: Path) -> None:
    (tmp_path / "account.open").touch()
    prepared = collecting.ready(tmp_path, text(with_sudo, more=", sudo: nopasswd"), environ={})
    assert collecting.run(prepared, tmp_path / "out", privileged).complete
    assert collecting.facts(tmp_path / "out", "a")[-1] == "open"
    assert "-S" not in (tmp_path / "account.argv").read_text("utf-8")


def test_a_host_that_repeats_what_it_is_told_is_not_given_the_password(tmp_path: Path) -> None:
    repeat = 'ForceCommand sh -c \'printf "%s\\n" "$SSH_ORIGINAL_COMMAND" | tee /dev/stderr; cat\''
    with sshd.server(tmp_path / "sshd", repeat) as one:
        known(tmp_path, one.known_line())
        inventory = text(one, "name: a, address: 127.0.0.1, timeout: 2", more=PASSWORD)
        prepared = collecting.ready(tmp_path, inventory, environ={"SUDO_WORD": SECRET})
        collecting.run(prepared, tmp_path / "out")
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path


@pytest.mark.parametrize("value", ["", "two\nlines"])
def test_a_password_that_is_not_in_the_environment_is_said_before_any_host(
    server: Server, tmp_path: Path, value: str
) -> None:
    with pytest.raises(InputError, match="no password in the variable SUDO_WORD"):
        collecting.ready(tmp_path, text(server, more=PASSWORD), environ={"SUDO_WORD": value})


def test_a_sudo_password_is_asked_for_once_for_all_hosts(server: Server, tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return SECRET

    hosts = ("name: a, address: 127.0.0.1", "name: b, address: 127.0.0.2")
    prepared = collecting.ready(tmp_path, text(server, *hosts, more=", sudo: password"), environ={}, ask=ask)
    assert asked == [f"Password for sudo of {server.user}: "]
    assert set(prepared.secrets.sudo) == {"a", "b"}


def test_without_anybody_to_ask_a_sudo_password_is_an_error(server: Server, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nobody is here to be asked"):
        collecting.ready(tmp_path, text(server, more=", sudo: password"), environ={})
