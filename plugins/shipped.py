"""What ctrlkit itself ships, through the same hooks as everybody: its controls and its profiles."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable

from ctrlkit.hooks import hookimpl


@hookimpl
def ctrlkit_controls() -> Iterable[Traversable]:
    """Return the control files, one per domain."""
    return [f for f in files("ctrlkit.controls").iterdir() if f.name.endswith(".py") and not f.name.startswith("_")]


@hookimpl
def ctrlkit_profiles() -> Iterable[Traversable]:
    """Return the profiles."""
    return [f for f in files("ctrlkit.profiles").iterdir() if f.name.endswith(".yaml")]
