"""The programs that people ask many hosts with: testinfra and ansible, over OpenSSH, from a Python of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

THREADS = 8
NAMES = {
    "testinfra": "testinfra, pytest",
    "threads": f"testinfra, {THREADS} threads",
    "raw": "ansible, 40 raw tasks",
    "script": "ansible -m script",
}
ONE_BY_ONE = ("testinfra", "threads", "raw")
"""Those that send a command for each probe."""

_TESTS = """
import pytest

@pytest.mark.parametrize("number", range({probes}))
def test_probe(host, number):
    assert host.check_output("cat /etc/hostname")
"""
_THREADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
import testinfra
def read(spec):
    host = testinfra.get_host(spec, ssh_config=sys.argv[1], ssh_identity_file=sys.argv[2])
    for _ in range({probes}):
        host.check_output("cat /etc/hostname")
with ThreadPoolExecutor({threads}) as pool:
    list(pool.map(read, sys.argv[3:]))
"""


@dataclass(frozen=True)
class Fleet:
    """The hosts of a benchmark, as OpenSSH reaches them: addresses, one port, user and key, settings of the client."""

    addresses: Sequence[str]
    port: int
    user: str
    key: Path
    config: Path
    ssh: str
    probes: int


def words(way: str, python: Path, fleet: Fleet, script: Path, out: Path, jobs: int) -> tuple[list[str], dict[str, str]]:  # noqa: PLR0913, PLR0917
    """The command by which a peer asks every host, and its environment; what it leaves lies in `out`."""
    env = {**os.environ, "PATH": f"{Path(fleet.ssh).parent}{os.pathsep}{os.environ.get('PATH', '')}", "HOME": str(out)}
    if way == "testinfra":
        (out / "test_probes.py").write_text(_TESTS.format(probes=fleet.probes), "utf-8")
        told = [
            f"--ssh-config={fleet.config}",
            f"--ssh-identity-file={fleet.key}",
            f"--hosts={','.join(_specs(fleet, out))}",
        ]
        quiet = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(out)]
        return [str(python), "-m", "pytest", *quiet, *told, str(out / "test_probes.py")], env
    if way == "threads":
        code = _THREADS.format(probes=fleet.probes, threads=THREADS)
        return [str(python), "-c", code, str(fleet.config), str(fleet.key), *_specs(fleet, out)], env
    (out / "ansible.cfg").write_text("[defaults]\n", "utf-8")
    env |= _ansible(out, jobs)
    listed = _ansible_inventory(fleet, out)
    if way == "script":
        asked = ["-m", "script", "-a", str(script), "--tree", str(out / "facts")]
        return [str(python.parent / "ansible"), "all", "-i", listed, *asked], env
    tasks = "".join(f"    - {{name: probe {n}, ansible.builtin.raw: cat /etc/hostname}}\n" for n in range(fleet.probes))
    (out / "probes.yaml").write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}", "utf-8")
    return [str(python.parent / "ansible-playbook"), "-i", listed, str(out / "probes.yaml")], env


def hang_up(fleet: Fleet, out: Path) -> None:
    """End the connections that a peer's OpenSSH keeps open in the background, so that no later round finds them."""
    for socket in out.rglob("*"):
        if socket.is_socket():
            asked = [fleet.ssh, "-F", "none", "-O", "exit", "-o", f"ControlPath={socket}", "nobody"]
            subprocess.run(asked, check=False, capture_output=True)


def _specs(fleet: Fleet, out: Path) -> list[str]:
    return [
        f"ssh://{fleet.user}@{address}:{fleet.port}?controlpath={out}/c{number}"
        for number, address in enumerate(fleet.addresses)
    ]


def _ansible(out: Path, jobs: int) -> Mapping[str, str]:
    return {
        "ANSIBLE_CONFIG": str(out / "ansible.cfg"),
        "ANSIBLE_FORKS": str(jobs),
        "ANSIBLE_HOME": str(out / "a"),
        "ANSIBLE_LOCAL_TEMP": str(out / "t"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(out / "c"),
        "LC_ALL": "C.UTF-8",
    }


def _ansible_inventory(fleet: Fleet, out: Path) -> str:
    same = f"ansible_port={fleet.port} ansible_user={fleet.user} ansible_ssh_private_key_file={fleet.key}"
    more = f"ansible_ssh_common_args='-F {fleet.config}'"
    lines = [f"h{n} ansible_host={a} {same} {more}" for n, a in enumerate(fleet.addresses)]
    path = out / "hosts.ini"
    path.write_text("\n".join(["[all]", *lines, ""]), "utf-8")
    return str(path)
