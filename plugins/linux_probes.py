"""Probes of Linux hosts: the read-only commands behind every host fact, and who reads what they print."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ctrlkit.hooks import Probe, hookimpl

from ._linux_login_probes import PROBES as LOGIN
from ._linux_system_probes import PROBES as SYSTEM

PROBES: Final = (*LOGIN, *SYSTEM)


@hookimpl
def ctrlkit_probes() -> Iterable[Probe]:
    """The probes, one for each fact."""
    return PROBES
