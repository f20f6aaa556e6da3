"""The doors through which controls, kinds, adapters, profiles and reporters come in, shipped or a stranger's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, Protocol

import pluggy

from ctrlkit.errors import InputError

if TYPE_CHECKING:
    from ctrlkit.closed import Run
    from ctrlkit.kind import Kind
    from ctrlkit.model import Fault

ENTRY_POINT = "ctrlkit"
hookspec = pluggy.HookspecMarker("ctrlkit")
hookimpl = pluggy.HookimplMarker("ctrlkit")


@dataclass(frozen=True, slots=True)
class Unfolded:
    """The records of a document that is no list of them: each with its number for a person and its cells by header.

    Numbers count from 1 in the document. A cell of None is empty, which means what its kind says of null; where it
    means something and nothing is known, the cell says `unknown`. `cut` says why the document is not whole.
    """

    rows: tuple[tuple[int, Mapping[str, str | None]], ...]
    cut: str = ""


Unfold = Callable[[Any], Unfolded | None]
"""Gets a document in its adapter's form and gives its records; None where it is another product's.

json: the parsed document, its numbers as they are written; of NDJSON the list of its records. text: its lines, where
it is no table. grid: per sheet its rows, each a number and its cells as text. xml: the root element. table: the rows
below the header, each a number and its cells by header, as a list. Raises ValueError, with what is wrong and what to
do, for a document that it knows and cannot read.
"""


PARTS: Final = ("last", "percent")
"""`"country|last"` is the last element of a list separated by commas, `"score|percent"` turns `8.00 / 10` into 80."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """How one real export becomes one kind; data wherever that is enough.

    `headers`: every one of these source headers must be there for the file to be recognised. `columns`: source header
    -> canonical column. `values`: canonical column -> {source text: canonical text, None for "not known"}. `constants`:
    canonical column -> text for every row. A canonical column may name a part of the cell, one of `PARTS`. `headers`
    and `columns` are compared after normalisation (Unicode NFKC, trimmed, inner spaces collapsed, casefolded, a
    trailing "[…]" and a leading "*" dropped). `date_order` (dmy, mdy, ymd) and `zone` (an IANA name) hold for cells
    that do not say themselves; without `zone` the pack's zone is taken. `unfold` is for a document of that `form` whose
    rows do not lie there as records: what it gives goes by `headers` as any other record does, so it names them after
    the product. `aside`: source header -> words ("" for an empty cell); a row with one of them there is no record of
    the kind, as a call that no agent took: it is left aside and counted. Such a header belongs in `headers`. `stops`:
    numbers of records at which the product stops a page or an export; a file of just so many is taken for cut unless
    its control total says that it is whole. `reads` is for the form table, which is any table or list of records (CSV,
    a sheet, JSON): one header of each group must be there, unless the group holds an empty name. Its cells come under
    the group's first name, those of other headers under their own, normalised as above. With `named_only` it reads a
    file only where the pack names it, as where another adapter reads the same files with less.
    """

    name: str
    kind: str
    product: str
    headers: tuple[str, ...]
    columns: dict[str, str]
    values: dict[str, dict[str, str | None]]
    constants: dict[str, str]
    date_order: str | None = None
    zone: str | None = None
    about: str = ""
    unfold: Unfold | None = field(default=None, repr=False)
    form: Literal["json", "text", "grid", "xml", "table"] = "json"
    aside: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stops: tuple[int, ...] = ()
    reads: tuple[tuple[str, ...], ...] = ()
    named_only: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for a part of a cell that is none."""
        for header, column in self.columns.items():
            _, bar, part = column.partition("|")
            if bar and part not in PARTS:
                msg = f"adapter {self.name}: column {header!r} asks for {part!r}; expected one of {', '.join(PARTS)}"
                raise ValueError(msg)


Said = str | int | bool | tuple[str, ...] | None
"""One value of a host fact, as JSON can hold it; None: the host gave no answer. Instants are RFC 3339 UTC text."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a parser makes of a probe's output; lines are counted in that output, the first is 1.

    `values`: setting -> (value, line, or None where it follows from no single line). `rows`: (line, column -> value) in
    the order printed. `unread`: setting -> why it could not be read; touching it then decides nothing. A setting in
    neither was not there.
    """

    values: Mapping[str, tuple[Said, int | None]] = field(default_factory=dict)
    rows: tuple[tuple[int, Mapping[str, Said]], ...] = ()
    unread: Mapping[str, Fault] = field(default_factory=dict)


NO_PERMISSION = (
    "permission denied",
    "operation not permitted",
    "must be root",
    "need to be root",
    "requires root",
    "are you root",
    "not permitted",
    "a password is required",
    "not in the sudoers file",
    "not allowed to execute",
    "no hostkeys available",
)
"""What tools say on stderr, whatever their exit status, where the account may not see (compared without case)."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A read-only command whose output becomes a host fact.

    `command` is sh text (PowerShell where `language` says so); it gets no input, LC_ALL=C and UTC, and must neither
    write nor contact anybody. Where it needs root it says `$ROOT` before the word that does: empty for root, `sudo -n`
    where that is allowed; a `privileged` probe is not run at all where neither is. `answers` are the exit statuses that
    answer the question; 127 outside them says that this system has no such tool. `refused` are words on stderr that
    mean no permission. `parse` turns the lines of stdout into a Reading and raises ValueError for output it does not
    know; None reads `key value` lines.
    """

    name: str
    fact: str
    command: str
    answers: tuple[int, ...] = (0,)
    privileged: bool = False
    refused: tuple[str, ...] = NO_PERMISSION
    about: str = ""
    parse: Callable[[Sequence[str]], Reading] | None = None
    language: Literal["sh", "powershell"] = "sh"


class Reporter(Protocol):
    """Writes one view of a run. `file` is the view's name inside `data/results/`."""

    name: str
    file: str

    def write(self, run: Run, to: BinaryIO) -> None:
        """Write the view, as bytes, from nothing but the run."""


class Hooks:
    """The hookspecs."""

    @hookspec
    def ctrlkit_controls(self) -> Iterable[Traversable]:  # type: ignore[empty-body]
        """Return the control files (`*.py`) this plugin brings."""

    @hookspec
    def ctrlkit_kinds(self) -> Iterable[Kind]:  # type: ignore[empty-body]
        """Return evidence kinds beside the shipped ones."""

    @hookspec
    def ctrlkit_adapters(self) -> Iterable[Adapter]:  # type: ignore[empty-body]
        """Return adapters for real exports."""

    @hookspec
    def ctrlkit_probes(self) -> Iterable[Probe]:  # type: ignore[empty-body]
        """Return probes: read-only commands whose output becomes host facts."""

    @hookspec
    def ctrlkit_profiles(self) -> Iterable[Traversable]:  # type: ignore[empty-body]
        """Return profile files (`*.yaml`)."""

    @hookspec
    def ctrlkit_reporters(self) -> Iterable[Reporter]:  # type: ignore[empty-body]
        """Return reporters that write a view of a run."""


def plugin_manager() -> pluggy.PluginManager:
    """A manager with the shipped plugins and those installed under the entry point group `ctrlkit`; not a global."""
    import importlib

    manager = pluggy.PluginManager("ctrlkit")
    manager.add_hookspecs(Hooks)
    for entry in sorted(resources.files("ctrlkit.plugins").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".py") and not entry.name.startswith("_"):
            manager.register(
                importlib.import_module(f"ctrlkit.plugins.{entry.name[:-3]}"), f"ctrlkit:{entry.name[:-3]}"
            )
    manager.load_setuptools_entrypoints(ENTRY_POINT)
    manager.check_pending()
    return manager


def register(manager: pluggy.PluginManager, plugin: object, name: str, shown: str) -> None:
    """Add a plugin under `name`; raises InputError that begins with `shown` where one of its hooks is none."""
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        said = " ".join(str(error).split())
        raise InputError(f"{shown}: {said}; see ctrlkit list plugins for the hooks there are") from error
