from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest
from commands import ctrlkit

BASH = """
eval "$(ctrlkit completion bash)"
COMP_LINE="$1"; COMP_POINT=${#1}; COMP_TYPE=9; COMPREPLY=()
_python_argcomplete ctrlkit
printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """
autoload -U compinit is-at-least; compinit -D
eval "$(ctrlkit completion zsh)"
_describe() { print -l -- "${(@P)2}"; }
BUFFER="$1"; CURSOR=${#1}; words=(ctrlkit)
_python_argcomplete
"""
FISH = """
ctrlkit completion fish | source
complete -C "$argv[1]"
"""
SHELLS = {
    "bash": ["bash", "--norc", "-c", BASH, "bash"],
    "zsh": ["zsh", "-f", "-c", ZSH, "zsh"],
    "fish": ["fish", "--no-config", "-c", FISH],
}
HERE = [shell for shell in SHELLS if shutil.which(shell)]
"""The shells of this machine; bash is everywhere where the tests run."""


def offered(shell: str, folder: Path, line: str) -> list[str]:
    """What the shell offers for the last word of a line, without what is said of each."""
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "HOME": str(folder), "TERM": "dumb"}
    words = [*SHELLS[shell], line]
    done = subprocess.run(words, cwd=folder, env=env, check=True, capture_output=True, text=True, timeout=60)
    return sorted(word.split("\t")[0].split(":")[0].strip() for word in done.stdout.splitlines() if word.strip())


def test_there_is_a_bash_to_try_it_in() -> None:
    assert "bash" in HERE


@pytest.mark.parametrize("shell", HERE)
def test_a_shell_completes_commands_options_and_their_values(shell: str, tmp_path: Path) -> None:
    assert offered(shell, tmp_path, "ctrlkit co") == ["collect", "completion"]
    assert offered(shell, tmp_path, "ctrlkit run --profile bpo-i") == ["bpo-india"]
    assert offered(shell, tmp_path, "ctrlkit explain MFA-") == ["MFA-01", "MFA-02", "MFA-03", "MFA-04"]


def test_what_is_of_the_project_in_this_folder_is_offered_too(tmp_path: Path) -> None:
    assert ctrlkit(tmp_path, "new", "control", "DSK-01").code == 0
    assert ctrlkit(tmp_path, "new", "profile", "my-desk").code == 0
    assert offered("bash", tmp_path, "ctrlkit test DS") == ["DSK-01"]
    assert offered("bash", tmp_path, "ctrlkit run --profile my") == ["my-desk"]


def test_where_only_a_person_knows_nothing_is_offered(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("", "utf-8")
    assert offered("bash", tmp_path, "ctrlkit run --limit ") == []
    assert offered("bash", tmp_path, "ctrlkit run --waivers ro") == ["roster.csv"]


def test_completing_needs_no_heavy_library(tmp_path: Path) -> None:
    """A person waits for it at each press of the key."""
    env = {**os.environ, "_ARGCOMPLETE": "1", "COMP_LINE": "ctrlkit run --p", "COMP_POINT": "15"}
    env |= {"_ARGCOMPLETE_STDOUT_FILENAME": str(tmp_path / "out"), "PYTHONPROFILEIMPORTTIME": "1"}
    program = Path(sysconfig.get_path("scripts")) / "ctrlkit"
    done = subprocess.run([program], env=env, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert "argcomplete" in done.stderr
    assert not [name for name in ("polars", "pytest", "narwhals", "jsonschema") if name in done.stderr]
    assert "--profile" in (tmp_path / "out").read_text("utf-8")
