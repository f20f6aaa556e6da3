"""A real PostgreSQL server for tests: on a Unix socket in a folder of its own, not as root, ended with the test."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

SECONDS = 60
SUPERUSER = "auditor"
_OF_DEBIAN = Path("/usr/lib/postgresql")


def program(name: str) -> str:
    """The full path of a program of PostgreSQL; Debian keeps those of the server off everybody's PATH."""
    ours = sorted(_OF_DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, ours), os.environ.get("PATH", "")]))
    assert found is not None, f"{name} is missing: apt-get install postgresql"
    return found


def _as_nobody_special() -> list[str]:
    """The words before a command that drop root, which PostgreSQL refuses; its package brings the user."""
    if os.geteuid() != 0:
        return []
    user = pwd.getpwnam("postgres")
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "setpriv is missing: apt-get install util-linux"
    return [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--pdeathsig=INT", "--"]


@contextmanager
def server() -> Iterator[str]:
    """The URL of the database `postgres` of a server without TCP, speaking UTF-8, which is ended and removed after."""
    # A path of pytest's would be too long for a socket, and closed to the user that the server runs as.
    folder = Path(mkdtemp(prefix="ctrlkit-pg-"))
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    data, log = folder / "data", folder / "log"
    words = [program("initdb"), "-D", str(data), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"}
    try:
        words = [*_as_nobody_special(), *words]
        subprocess.run(words, check=True, timeout=SECONDS, capture_output=True, cwd=folder, env=env)
        settings = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
        words = [*_as_nobody_special(), program("postgres"), "-D", str(data), *settings]
        with log.open("wb") as out:
            process = subprocess.Popen(words, stdout=out, stderr=out, cwd=folder, env=env)
            try:
                _wait(process, folder, log)
                yield f"postgresql://{SUPERUSER}@/postgres?host={folder}"
            finally:
                process.send_signal(2)  # fast shutdown: clients are cut off
                process.wait(SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], folder: Path, log: Path) -> None:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if b"ready to accept connections" in log.read_bytes() and (folder / ".s.PGSQL.5432").exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"postgres did not start: {log.read_text('utf-8', 'replace')}")
