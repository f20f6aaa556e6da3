"""Facts from many hosts, beside OpenSSH's own client: the same script on stdin, key exchange and parallelism.

    python benchmarks/hosts.py [--hosts 1,20,100] [--jobs 32] [--repeat 3] [--script light|real] [--peers PYTHON]

One sshd on this machine answers on as many loopback addresses as there are hosts (Linux; sshd and ssh are needed). It
competes for the same cores, so read the ratios: wall clock of the whole, and CPU of the client alone. `light` reads a
small file 40 times; `real` has 40 probes in the script that `collect` sends, whose cost is the host's. `--peers` names
a Python that has pytest-testinfra and ansible-core, which are then asked too, over OpenSSH as they do by themselves.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import _fleet
import sshd
from sshd import Server

PROBES = 40
KEX = "curve25519-sha256,curve25519-sha256@libssh.org"
EACH_ADDRESS = 250

OURS = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from ctrlkit import collect, inventory
folder, out, jobs, way = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
text = (folder / "script").read_text("ascii")
book = inventory.load(folder / "inventory.yaml")
hosts = inventory.choose(book, [])[: int(sys.argv[5])]
ready = collect.prepare(book, hosts, home=folder, environ={}, ask=None)
if way == "one":
    summary = collect.collect(ready, lambda _, marker: text.replace("@MARKER@", marker), out,
                              now=lambda: datetime.now(UTC), version="0", jobs=jobs)
    sys.exit(f"{summary.lines()}" if not summary.complete else 0)
"""

EACH = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import paramiko
folder, jobs, port, user, key = Path(sys.argv[1]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], sys.argv[6]
loaded = paramiko.Ed25519Key.from_private_key_file(key)
def read(address):
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect(address, port=port, username=user, pkey=loaded, allow_agent=False, look_for_keys=False)
    for _ in range(40):
        client.exec_command("cat /etc/hostname")[1].read()
    client.close()
with ThreadPoolExecutor(jobs) as pool:
    list(pool.map(read, (folder / "addresses").read_text("ascii").split()[: int(sys.argv[7])]))
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of wall clock, seconds of CPU, peak MB, and most open descriptors of the process (0: not counted)."""

    wall: float
    cpu: float
    memory: float
    descriptors: int


def main() -> int:
    """Measure, print a table of medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hosts", default="1,20,100", help="numbers of hosts, parted by commas")
    parser.add_argument("--jobs", type=int, default=32)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--script", choices=["light", "real"], default="light")
    parser.add_argument("--peers", type=Path, help="a Python with pytest-testinfra and ansible-core")
    parser.add_argument("--each", type=int, default=20, help="most hosts for one command per probe; 0: leave it out")
    options = parser.parse_args()
    counts = [int(word) for word in options.hosts.split(",")]
    with tempfile.TemporaryDirectory(prefix="ctrlkit-bench-") as name, hosts(Path(name), max(counts)) as server:
        folder = Path(name)
        (folder / "script").write_text(script(options.script), "ascii")
        print(f"{PROBES} probes each ({options.script}), {options.jobs} at a time, medians of {options.repeat}")
        print(f"{'hosts':>5}  {'by':<22} {'wall s':>8} {'cpu s':>8} {'MB':>6} {'fds':>5}  wall, cpu beside ssh")
        for count in counts:
            compare(Round(folder, server, count, options.jobs, options.peers), options.repeat, count <= options.each)
    return 0


@dataclass(frozen=True)
class Round:
    """What is asked: how many of the hosts in `folder`, how many at a time, and the Python of the peers."""

    folder: Path
    server: Server
    count: int
    jobs: int
    peers: Path | None

    @property
    def fleet(self) -> _fleet.Fleet:
        """The hosts for the peers."""
        addresses = (self.folder / "addresses").read_text("ascii").split()[: self.count]
        config = self.folder / "ssh_config"
        return _fleet.Fleet(
            addresses, self.server.port, self.server.user, self.server.key, config, sshd.program("ssh"), PROBES
        )


def compare(asked: Round, repeat: int, each: bool) -> None:
    """Every way in each round, so that what else goes on here meets all of them."""
    ways = ["ssh", "ctrlkit", *(["one command per probe"] if each else [])]
    if asked.peers is not None:
        ways += [way for way in _fleet.NAMES if each or way not in _fleet.ONE_BY_ONE]
    costs: dict[str, list[Cost]] = {way: [] for way in ways}
    for _ in range(repeat):
        for way in ways:
            with tempfile.TemporaryDirectory(prefix="ck") as name:
                out = Path(name)
                words, env = words_for(way, asked, out)
                costs[way].append(measured(words, env))
                _fleet.hang_up(asked.fleet, out)
    beside = median(costs["ssh"])
    for way in ways:
        cost = median(costs[way])
        ratio = "" if way == "ssh" else f"{cost.wall / beside.wall:.2f}, {cost.cpu / beside.cpu:.2f}"
        print(
            f"{asked.count:>5}  {_fleet.NAMES.get(way, way):<22} {cost.wall:>8.2f} {cost.cpu:>8.2f} "
            f"{cost.memory:>6.0f} {cost.descriptors:>5}  {ratio}",
            flush=True,
        )


def words_for(way: str, asked: Round, out: Path) -> tuple[Sequence[str], Mapping[str, str] | None]:
    """The command that reads the hosts, and its environment where it is not ours."""
    folder, server, count, jobs = asked.folder, asked.server, asked.count, asked.jobs
    if way in _fleet.NAMES and asked.peers is not None:
        return _fleet.words(way, asked.peers, asked.fleet, folder / "script", out, jobs)
    if way == "ctrlkit":
        return [sys.executable, "-c", OURS, str(folder), str(out), str(jobs), "one", str(count)], None
    if way != "ssh":
        more = [str(server.port), server.user, str(server.key), str(count)]
        return [sys.executable, "-c", EACH, str(folder), str(out), str(jobs), *more], None
    ssh = (
        f"{sshd.program('ssh')} -F none -T -o BatchMode=yes -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes "
        f"-o UserKnownHostsFile={folder}/known_hosts -o KexAlgorithms={KEX} -i {server.key} "
        f"-p {server.port} -l {server.user}"
    )
    each = f"exec {ssh} $0 sh < {folder}/script > {out}/$0"
    return ["sh", "-c", f"head -n {count} {folder}/addresses | xargs -P {jobs} -n 1 sh -c '{each}'"], None


def measured(words: Sequence[str], env: Mapping[str, str] | None) -> Cost:
    """Run a command to its end; stops the benchmark where it fails."""
    begin = time.perf_counter()
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=env)
    most = [0]
    over = threading.Event()
    watcher = threading.Thread(target=count_descriptors, args=(process.pid, most, over), daemon=True)
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begin
    over.set()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"failed with {process.returncode}: {words[:4]}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, most[0])


def count_descriptors(pid: int, most: list[int], over: threading.Event) -> None:
    """Look ten times a second how many descriptors the process has open."""
    while not over.wait(0.1):
        try:
            most[0] = max(most[0], sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()))
        except OSError:
            return


def median(costs: Sequence[Cost]) -> Cost:
    """Each figure's own median."""
    return Cost(
        statistics.median(c.wall for c in costs),
        statistics.median(c.cpu for c in costs),
        statistics.median(c.memory for c in costs),
        max(c.descriptors for c in costs),
    )


@contextmanager
def hosts(folder: Path, count: int) -> Iterator[Server]:
    """One sshd behind `count` loopback addresses, for connections from this machine alone."""
    lines = (f"KexAlgorithms {KEX}", "AllowUsers *@127.0.0.0/8", "LogLevel QUIET", "Subsystem sftp internal-sftp")
    with sshd.server(folder / "sshd", *lines, listen=("0.0.0.0",)) as server:  # noqa: S104
        addresses = [f"127.0.{1 + n // EACH_ADDRESS}.{1 + n % EACH_ADDRESS}" for n in range(count)]
        (folder / "addresses").write_text("\n".join(addresses) + "\n", "ascii")
        (folder / "known_hosts").write_text("".join(server.known_line(address=a) for a in addresses), "ascii")
        (folder / "ssh_config").write_text(
            f"BatchMode yes\nStrictHostKeyChecking yes\nIdentitiesOnly yes\nUserKnownHostsFile {folder}/known_hosts\n"
            f"KexAlgorithms {KEX}\nIdentityFile {server.key}\n",
            "ascii",
        )
        listed = "".join(f"  - {{name: h{n}, address: {a}}}\n" for n, a in enumerate(addresses))
        (folder / "inventory.yaml").write_text(
            f"defaults: {{user: {server.user}, port: {server.port}, known_hosts: known_hosts, timeout: 300, "
            f"connect_timeout: 60, identity_file: {server.key}}}\nhosts:\n{listed}",
            "ascii",
        )
        yield server


def script(which: str) -> str:
    """The script for one host, with @MARKER@ where its marker stands."""
    if which == "real":
        from ctrlkit.hooks import Probe
        from ctrlkit.probe_script import build

        probes = [Probe(f"probe_{n}", "hostname", "cat /etc/hostname", about="a small file") for n in range(PROBES)]
        return build(probes, nonce="", marker="0" * 32, sudo=False, total_seconds=280).replace("0" * 32, "@MARKER@")
    lines = [f"echo '= probe_{n}'; cat /etc/hostname </dev/null; echo \"? $?\"" for n in range(PROBES)]
    body = "\n".join(lines)
    return f"main() {{\necho 'CTRLKIT-FACTS 1 @MARKER@'\n{body}\necho 'CTRLKIT-END @MARKER@ 0 0'\n}}\nmain\n"


if __name__ == "__main__":
    sys.exit(main())
