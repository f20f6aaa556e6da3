"""A real sshd on loopback for tests: as root or not, with keys of its own, ended with the test."""

from __future__ import annotations

import atexit
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from ctrlkit.identity import public
from ctrlkit.known_hosts import fingerprint, name_of

SECONDS = 20


@dataclass(frozen=True)
class Server:
    """Where it listens, who may sign in with which key, and the keys it shows: type word -> private key file."""

    address: str
    port: int
    user: str
    key: Path
    host_keys: dict[str, Path]
    log: Path
    folder: Path
    pid: int

    def fingerprint(self, sort: str = "ed25519") -> str:
        return fingerprint(public(self.host_keys[sort]))

    def known_line(self, sort: str = "ed25519", address: str | None = None) -> str:
        words = self.host_keys[sort].with_suffix(".pub").read_text("ascii").split()
        return f"{name_of(address or self.address, self.port)} {words[0]} {words[1]}\n"


def program(name: str) -> str:
    """The full path of a program of OpenSSH; sshd must be started by it, and is not on everybody's PATH."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin{os.pathsep}/sbin")
    assert found is not None, f"{name} is missing: apt-get install openssh-server openssh-client"
    return found


@cache
def keys_folder() -> Path:
    """Keys made once for a test run; making an RSA key takes longer than most tests."""
    folder = Path(mkdtemp(prefix="ctrlkit-sshd-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def make_key(sort: str = "ed25519", passphrase: str = "", name: str = "user") -> Path:
    file = keys_folder() / f"{name}_{sort}{'_closed' if passphrase else ''}"
    if not file.exists():
        size = ["-b", "2048"] if sort == "rsa" else []  # the quickest that is still accepted
        words = [program("ssh-keygen"), "-q", "-t", sort, *size, "-N", passphrase, "-C", name, "-f", str(file)]
        subprocess.run(words, check=True, timeout=SECONDS, stdin=subprocess.DEVNULL)
    return file


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
        sock.bind((address, 0))
        port: int = sock.getsockname()[1]
        return port


SUDO = r"""#!/bin/sh
# A sudo that keeps an account of what it is given: -n is refused, -S reads one line after its prompt.
echo "$0 $*" >> "$SUDO_ACCOUNT.argv"
tries=2
while [ $# -gt 0 ]; do
  case $1 in
    -n) [ -e "$SUDO_ACCOUNT.open" ] || { echo 'sudo: a password is required' >&2; exit 1; }; shift ;;
    -S) shift ;;
    -p) prompt=$2; shift 2 ;;
    *) break ;;
  esac
done
if [ ! -e "$SUDO_ACCOUNT.open" ]; then
  while :; do
    printf '%s' "$prompt" >&2
    IFS= read -r word || { echo 'sudo: no password was provided' >&2; exit 1; }
    [ "$word" = "@SECRET@" ] && break
    echo 'Sorry, try again.' >&2
    tries=$((tries - 1))
    [ $tries -gt 0 ] || exit 1
  done
fi
AS_ROOT=yes; export AS_ROOT
exec "$@"
"""


def sudo_asks(folder: Path, secret: str) -> str:
    """Make a stand-in for sudo in `<folder>/bin` that wants `secret`; what sshd must be told so that it is found."""
    place = folder / "bin"
    place.mkdir()
    (place / "sudo").write_text(SUDO.replace("@SECRET@", secret), "ascii")
    (place / "sudo").chmod(0o755)
    return f"SetEnv HOME={place} PATH={place}:/usr/bin:/bin SUDO_ACCOUNT={folder / 'account'}"


@contextmanager
def server(  # noqa: PLR0913
    folder: Path,
    *lines: str,
    address: str = "127.0.0.1",
    listen: tuple[str, ...] = (),
    port: int | None = None,
    host_keys: tuple[str, ...] = ("ed25519",),
    owner: str = "host",
    accepted: tuple[Path, ...] = (),
    words: tuple[str, ...] = (),
) -> Iterator[Server]:
    """Run sshd with `lines` before the settings it needs, and `words` on its command line.

    `owner` names a set of host keys, so that it can change.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port(address)
    own = {sort: make_key(sort, name=owner) for sort in host_keys}
    accepted = accepted or (make_key(),)
    authorized = folder / "authorized_keys"
    authorized.write_text("".join(key.with_name(key.name + ".pub").read_text("ascii") for key in accepted), "ascii")
    authorized.chmod(0o600)
    settings = [
        *lines,
        f"Port {port}",
        *(f"ListenAddress {a}" for a in (listen or (address,))),
        *(f"HostKey {file}" for file in own.values()),
        f"AuthorizedKeysFile {authorized}",
        f"SetEnv HOME={folder}",  # the start files of whoever runs the tests are not what is tried
        "PidFile none",
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "MaxStartups 500",
        "LogLevel VERBOSE",
    ]
    config, log = folder / "sshd_config", folder / "sshd.log"
    # sshd takes the first of equal settings, so `lines` win; a Match block among them must stand last.
    plain = [line for line in settings if not line.startswith("Match")]
    config.write_text("\n".join([*plain, *(line for line in settings if line.startswith("Match"))]) + "\n", "ascii")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen([program("sshd"), "-D", "-e", "-f", str(config), *words], stdout=out, stderr=out)
        try:
            _wait(process, address, port, log)
            yield Server(address, port, getpass.getuser(), accepted[0], own, log, folder, process.pid)
        finally:
            process.terminate()
            process.wait(SECONDS)


def _wait(process: subprocess.Popen[bytes], address: str, port: int, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
            if sock.connect_ex((address, port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"sshd did not start: {log.read_text('utf-8', 'replace')}")
