"""The user's OpenSSH configuration: asked of ssh -G, or read as a named subset; no command in it is ever run."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ctrlkit import ssh_config
from ctrlkit.errors import InputError
from ctrlkit.inventory import Host, Inventory
from ctrlkit.ssh_config import Hop, UserConfig


def loaded(home: Path, text: str, **more: str) -> UserConfig:
    (home / ".ssh").mkdir(exist_ok=True)
    (home / ".ssh/config").write_text(text, "utf-8")
    for name, content in more.items():
        (home / ".ssh" / name).write_text(content, "utf-8")
    return ssh_config.load(home, system=None)


@pytest.fixture(params=["openssh", "subset"])
def without(request: pytest.FixtureRequest) -> bool:
    """Whether OpenSSH is to be done without; both readings must agree."""
    assert shutil.which("ssh"), "ssh is missing: apt-get install openssh-client"
    return bool(request.param == "subset")


def way(config: UserConfig, host: Host, *others: Host, without: bool = False) -> tuple[Hop, ...]:
    book = Inventory("inventory.yaml", {h.name: h for h in (host, *others)}, None, b"")
    return ssh_config.way(book, host, replace(config, ssh=None) if without else config)


CONFIG = """\
# a remark
Host web ws-*.example
    HostName 192.0.2.7
    User audit
    Port=2222
    IdentityFile ~/.ssh/id_audit
    IdentityFile /srv/id_other
    IdentitiesOnly yes
    UserKnownHostsFile /srv/known_audit
    HostKeyAlias audited
Host other !bad
    User nobody
Host *
    User everyone
    StrictHostKeyChecking no
"""


def test_what_the_configuration_says_fills_what_the_inventory_leaves_open(tmp_path: Path, without: bool) -> None:
    (hop,) = way(loaded(tmp_path, CONFIG), Host("a", "web"), without=without)
    assert (hop.address, hop.port, hop.user, hop.alias) == ("192.0.2.7", 2222, "audit", "audited")
    assert hop.identity_files[:2] == (tmp_path / ".ssh/id_audit", Path("/srv/id_other"))
    assert hop.own_keys
    assert hop.known_hosts[0] == Path("/srv/known_audit")


def test_the_inventory_comes_before_the_configuration(tmp_path: Path, without: bool) -> None:
    host = Host("a", "web", 22, "me", identity_file=Path("/srv/key"), known_hosts=Path("/srv/known"))
    (hop,) = way(loaded(tmp_path, CONFIG), host, without=without)
    assert (hop.port, hop.user, hop.identity_files, hop.known_hosts, hop.own_keys) == (
        22, "me", (Path("/srv/key"),), (Path("/srv/known"),), True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("address", "user"), [("ws-7.example", "audit"), ("ws-7.other", "everyone"), ("other", "nobody")]
)
def test_patterns_choose_and_the_first_value_counts(tmp_path: Path, without: bool, address: str, user: str) -> None:
    assert way(loaded(tmp_path, CONFIG), Host("a", address), without=without)[-1].user == user


def test_an_included_file_counts(tmp_path: Path, without: bool) -> None:
    config = loaded(tmp_path, f"Include {tmp_path}/.ssh/more_*\n", more_1="Host web\n  HostName 192.0.2.9\n")
    assert way(config, Host("a", "web"), without=without)[-1].address == "192.0.2.9"


def test_a_proxy_jump_becomes_hops_of_their_own(tmp_path: Path, without: bool) -> None:
    config = loaded(
        tmp_path, "Host end\n  ProxyJump me@one.example:2201,two\nHost two\n  HostName 192.0.2.2\n  User you\n"
    )
    hops = way(config, Host("a", "end", user="x"), Host("one.example", "192.0.2.1", 2200, "inv"), without=without)
    assert [(h.address, h.port, h.user) for h in hops] == [
        ("192.0.2.1", 2200, "inv"), ("192.0.2.2", 22, "you"), ("end", 22, "x"),
    ]  # fmt: skip


def test_via_of_the_inventory_takes_the_place_of_a_proxy_jump(tmp_path: Path, without: bool) -> None:
    config = loaded(tmp_path, "Host end\n  ProxyJump elsewhere\n")
    hops = way(config, Host("a", "end", user="x", via="j"), Host("j", "192.0.2.3", user="x"), without=without)
    assert [h.address for h in hops] == ["192.0.2.3", "end"]


def test_a_proxy_command_is_never_run(tmp_path: Path, without: bool) -> None:
    trace = tmp_path / "trace"
    config = loaded(tmp_path, f"Host web\n  ProxyCommand touch {trace}\n")
    with pytest.raises(InputError, match=r"inventory\.yaml: a: ProxyCommand in .* is not run; expected via"):
        way(config, Host("a", "web"), without=without)
    assert not trace.exists()


RULES = (
    *("Match exec", "Match host web exec", "Match !exec", "Match EXEC", 'Match "exec"', '"Match" exec', "Match\rexec"),
    *(
        'Match originalhost web\t"exec"\t',
        "Match host=web exec=",
        "Match=exec",
        'Match host "web" "exec"',
        'Match "exec',
    ),
)


@pytest.mark.parametrize("rule", RULES)
def test_match_exec_is_refused_before_openssh_could_run_it(tmp_path: Path, rule: str) -> None:
    """However it is quoted: OpenSSH itself would run the command in each of them."""
    trace = tmp_path / "trace"
    with pytest.raises(InputError, match=r"config:2: Match exec would run a command here"):
        loaded(tmp_path, f'User x\n{rule} "touch {trace}"\n  User y\n')
    for include in ("Include more_*", '"Include" more_1', 'Include "more_1"', "Include ../.s*/more_1"):
        with pytest.raises(InputError, match="more_1:1: Match exec"):
            loaded(tmp_path, f"{include}\n", more_1=f'{rule} "touch {trace}"\n')
    assert not trace.exists()


@pytest.mark.parametrize("pattern", ["${HOME}/more", "%d/more", "~root/more"])
def test_an_include_that_cannot_be_followed_is_an_error(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(InputError, match=r"config:1: Include .* cannot be followed"):
        loaded(tmp_path, f"Include {pattern}\n")


def test_a_command_that_was_overlooked_would_still_not_be_run(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    config = loaded(tmp_path, "User x\n")
    (tmp_path / ".ssh/config").write_text(f'Match exec "touch {trace}"\n  User y\n', "ascii")
    assert ssh_config.settings_of(config, "web")["hostname"] == ("web",)
    assert not trace.exists()


def test_a_block_ends_with_its_file(tmp_path: Path, without: bool) -> None:
    """An included file's blocks end with it, and a block that does not apply holds for what it includes."""
    more = {"more_1": "Host other\n  User other\n", "more_2": "Host web\n  Port 2200\n"}
    config = loaded(tmp_path, "Include more_1\nUser me\nHost other\n  Include more_2\n  Port 2300\n", **more)
    (hop,) = way(config, Host("a", "web"), without=without)
    assert (hop.user, hop.port) == ("me", 22)


def test_the_system_s_configuration_begins_outside_every_block(tmp_path: Path) -> None:
    (tmp_path / "system").write_text('User "everyone"\n', "ascii")
    loaded(tmp_path, "Host other\n  Port 2300\n")
    config = ssh_config.load(tmp_path, tmp_path / "system")
    assert way(config, Host("a", "web"), without=True)[-1].user == "everyone"


def test_another_match_needs_openssh(tmp_path: Path) -> None:
    config = loaded(tmp_path, "Match host web\n  User audit\n")
    assert way(config, Host("a", "web"))[-1].user == "audit"
    with pytest.raises(InputError, match="needs OpenSSH to be understood"):
        way(config, Host("a", "web"), without=True)


def test_a_circle_of_includes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="goes round in a circle"):
        loaded(tmp_path, "Include config\n")


def test_a_configuration_openssh_refuses_is_said(tmp_path: Path) -> None:
    config = loaded(tmp_path, "Host web\n  Port many\n")
    with pytest.raises(InputError, match=r"ssh -G web: refused \(.*config"):
        way(config, Host("a", "web"))


def test_without_a_configuration_openssh_is_not_even_asked(tmp_path: Path) -> None:
    config = ssh_config.load(tmp_path, system=None)
    assert config.ssh is None
    (hop,) = way(config, Host("a", "192.0.2.1"))
    assert (hop.address, hop.port, hop.alias, hop.own_keys) == ("192.0.2.1", 22, None, False)
    assert hop.known_hosts[0] == tmp_path / ".ssh/known_hosts"
    assert tmp_path / ".ssh/id_ed25519" in hop.identity_files
