"""What there is to work with: controls, kinds, adapters, profiles, reporters; shipped, installed, or the user's own."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ctrlkit import kind as kinds_of
from ctrlkit import loader
from ctrlkit.errors import InputError
from ctrlkit.hooks import Adapter, Probe, Reporter, plugin_manager, register
from ctrlkit.kind import Kind
from ctrlkit.model import Control

MARKER = "ctrlkit.toml"
PACK = "pack.yaml"


@dataclass(frozen=True, slots=True)
class Stock:
    """Everything that plugins brought. `own` names the user's own files with their digests, for people to see."""

    controls: Mapping[str, Control]
    files: Mapping[str, Path]
    kinds: Mapping[str, Kind]
    adapters: tuple[Adapter, ...]
    profiles: tuple[Traversable, ...]
    reporters: tuple[Reporter, ...]
    probes: tuple[Probe, ...]
    plugins: tuple[str, ...]
    own: tuple[tuple[str, str], ...] = ()


def take(folder: Path) -> Stock:
    """The stock for a run started in `folder`; its own content counts only where `ctrlkit.toml` marks it as a project.

    Raises InputError for a broken file of the user's, for two controls with one id, and for two kinds, adapters, probes
    or reporters of one name.
    """
    manager = plugin_manager()
    own: list[Path] = []
    if (folder / MARKER).is_file():
        own = [
            p for name in ("controls", "plugins", "profiles") for p in sorted((folder / name).glob("*")) if _counts(p)
        ]
        for path in own:
            if path.parent.name != "profiles" and (folder / PACK).is_file():
                msg = f"{path.relative_to(folder).as_posix()}: lies in a pack, where nothing is ever executed"
                raise InputError(f"{msg}; move it out, or {PACK} and its files to evidence/")
            if path.parent.name == "plugins":
                register(manager, _plugin(path), f"own:{path.stem}", f"plugins/{path.name}")
    control_files = {
        **_shown(_flat(manager.hook.ctrlkit_controls())),
        **{f"controls/{p.name}": p for p in own if p.parent.name == "controls"},
    }
    profiles = [*_flat(manager.hook.ctrlkit_profiles()), *(p for p in own if p.parent.name == "profiles")]
    kinds = _once("kind", [*kinds_of.shipped().values(), *_flat(manager.hook.ctrlkit_kinds())])
    adapters = _once("adapter", _flat(manager.hook.ctrlkit_adapters()))
    reporters = _once("reporter", _flat(manager.hook.ctrlkit_reporters()))
    probes = _once("probe", _flat(manager.hook.ctrlkit_probes()))
    return Stock(
        controls=loader.load((path, shown) for shown, path in control_files.items()),
        files=control_files,
        kinds=kinds,
        adapters=tuple(adapters[name] for name in sorted(adapters)),
        profiles=tuple(profiles),
        reporters=tuple(reporters[name] for name in sorted(reporters)),
        probes=tuple(probes[name] for name in sorted(probes)),
        plugins=tuple(sorted(name for name, _ in manager.list_name_plugin())),
        own=tuple((p.relative_to(folder).as_posix(), hashlib.sha256(p.read_bytes()).hexdigest()) for p in own),
    )


def _counts(path: Path) -> bool:
    suffix = {"profiles": (".yaml", ".yml")}.get(path.parent.name, (".py",))
    return path.is_file() and path.suffix in suffix and not path.name.startswith(("_", "."))


def _flat(answers: Iterable[Iterable[Any]]) -> list[Any]:
    """The answers of all plugins in one list; pluggy asks the last registered first: names decide the order later."""
    return [item for answer in answers for item in answer]


def _shown(files: Iterable[Traversable]) -> dict[str, Path]:
    """Name shown to people -> path, for control files that plugins bring."""
    shown: dict[str, Path] = {}
    for file in files:
        path = Path(str(file))
        package = path.parent.parent.name if path.parent.name == "controls" else path.parent.name
        name = f"{package}/{path.name}" if package != "ctrlkit" else f"ctrlkit/controls/{path.name}"
        if path.parent.name == "controls" and path.parent == _SHIPPED_CONTROLS:
            name = f"ctrlkit/controls/{path.name}"
        if name in shown and shown[name] != path:
            name = path.as_posix()
        shown[name] = path
    return shown


def _shipped_controls() -> Path:
    from importlib.resources import files

    return Path(str(files("ctrlkit.controls")))


_SHIPPED_CONTROLS = _shipped_controls()


def _plugin(path: Path) -> Any:
    name = f"ctrlkit_own_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        msg = f"plugins/{path.name}: is no Python module; expected a file with ctrlkit hooks"
        raise InputError(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # a stranger's file: its fault is said with its name
        msg = (
            f"plugins/{path.name}: {type(error).__name__} while it was loaded: {error}; mend the plugin or move it away"
        )
        raise InputError(msg) from error
    return module


def _once(what: str, items: Iterable[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        if item.name in found:
            msg = f"two plugins bring a {what} named {item.name}; rename one"
            raise InputError(msg)
        found[item.name] = item
    return found
