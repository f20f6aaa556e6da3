"""What every test rests on: the installed ctrlkit, and a user without keys, caches or settings."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import custody_desk
import pytest

CONTENT = ("controls", "evidence", "plugins", "profiles")


def pytest_sessionstart() -> None:
    """Where CTRLKIT_WHEEL names the wheel under test, refuse a ctrlkit that was not installed from it."""
    if not os.environ.get("CTRLKIT_WHEEL"):
        return
    installed = Path(sysconfig.get_paths()["purelib"]).resolve()
    for package in ("ctrlkit", *(f"ctrlkit.{folder}" for folder in CONTENT)):
        found = Path(str(files(package))).resolve()
        if not found.is_relative_to(installed):
            pytest.exit(f"{package} comes from {found}, not from the wheel in {installed}", returncode=4)


@pytest.fixture(scope="session")
def custody(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A vendor's folder with a run and a handover of the same evidence; copy it to change anything."""
    folder = tmp_path_factory.mktemp("custody")
    custody_desk.write(folder)
    assert custody_desk.run(folder).code == 1
    assert custody_desk.handed(folder).code == 0
    return folder


@pytest.fixture(scope="session", autouse=True)
def _a_user_without_a_past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep keys and caches of the person who runs the tests out of them, and the tests' out of theirs."""
    home = tmp_path_factory.mktemp("user")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "APPDATA", "LOCALAPPDATA"):
            patch.setenv(name, str(home / name.lower()))
        for name in [n for n in os.environ if n.startswith("CTRLKIT_") and n != "CTRLKIT_WHEEL"]:
            patch.delenv(name)
        for name in ("NO_COLOR", "FORCE_COLOR", "PYTHONOPTIMIZE"):
            patch.delenv(name, raising=False)
        yield
