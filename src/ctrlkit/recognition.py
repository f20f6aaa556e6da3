"""What a file in a folder is: which kind of evidence, by its own header or by an adapter; only headers are kept."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

from ctrlkit import layout, opening, sensitive, workbook
from ctrlkit.errors import InputError
from ctrlkit.guessing import Guess, guess
from ctrlkit.hooks import Adapter
from ctrlkit.kind import Kind
from ctrlkit.pack import DOCUMENT
from ctrlkit.pack_file import checked, names_in
from ctrlkit.raw import Candidate
from ctrlkit.reader import UnreadableError, identify, sha256

_SKIPPED: Final = frozenset({"controls", "hosts", "plugins", "profiles", "runs"})
_NO_EVIDENCE: Final = frozenset({".yaml", ".yml", ".md", ".toml", ".py", ".key", ".pub"})
_HEADER: Final = re.compile(r"[^\W\d][^@\n\r]{0,59}")
_USUAL: Final = frozenset({"address", "code", "emp", "mail", "name", "no", "number", "position", "title", "username"})
"""Words of headers beside those of the canonical columns."""

_PLAIN_NAME: Final = re.compile(r'[^:\\*?\[\]"<>|]+')

_Head = tuple[Sequence[str], str]
"""The cells of a possible header, and the adapter that unfolded its table, or ""."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file, the kind it holds and the adapter that knows it (None: canonical columns).

    `sheet` is the name of the sheet where a workbook holds one for each kind, as those that `ctrlkit request` makes.
    """

    file: str
    kind: str
    adapter: str | None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A file that nobody recognises: why not, the kinds it might be, and its header where the first row is one.

    `choices` are the ways to read it of which a person must say one, `guess` is what its header suggests.
    """

    file: str
    why: str
    maybe: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    choices: tuple[Recognised, ...] = ()
    guess: Guess | None = None


@dataclass(frozen=True, slots=True)
class Bare:
    """A file before anything is known of it, as layouts ask for it."""

    kind: str
    file: str
    path: Path
    party: str = "vendor"
    sheet: str | int | None = None
    method: str | None = None
    rows: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    adapter: str | None = None
    date_order: str | None = None
    time_zone: str | None = None


def look(
    folder: Path, kinds: Mapping[str, Kind], adapters: Sequence[Adapter], *, deep: bool
) -> tuple[tuple[Recognised, ...], tuple[Unknown, ...]]:
    """What the files of `folder` are, sorted by name; those of its folders too where `deep`.

    A document that adapters unfold into several kinds, as a log of sign-ins and of changed passwords, is each of them.
    Documents of ctrlkit, hidden files and folders that are packs of their own are left aside.
    Raises InputError where a folder cannot be read.
    """
    known: list[Recognised] = []
    unknown: list[Unknown] = []
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as work:
        for name in _files(folder, PurePosixPath(), deep=deep):
            found = _one(folder, name, kinds, adapters, Path(work))
            if isinstance(found, Unknown):
                unknown.append(found)
            else:
                known += found
    return tuple(known), tuple(unknown)


def tell(
    folder: Path, names: Iterable[str], kinds: Mapping[str, Kind], adapters: Sequence[Adapter]
) -> Iterator[Recognised | Unknown]:
    """What each of these files of a folder is."""
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as work:
        for name in names:
            found = _one(folder, name, kinds, adapters, Path(work))
            yield from [found] if isinstance(found, Unknown) else found


def _files(folder: Path, place: PurePosixPath, *, deep: bool) -> Iterator[str]:
    for name in names_in(folder / place):
        path = folder / place / name
        if path.is_dir():
            aside = (place == PurePosixPath() and name in _SKIPPED) or (path / DOCUMENT).exists()
            if deep and not path.is_symlink() and not aside:
                yield from _files(folder, place / name, deep=True)
            continue
        other = path.suffix.lower() not in _NO_EVIDENCE and (place != PurePosixPath() or path.suffix)
        if other or sensitive.by_name(name):
            yield (place / name).as_posix()


def _one(
    folder: Path, name: str, kinds: Mapping[str, Kind], adapters: Sequence[Adapter], work: Path
) -> Sequence[Recognised] | Unknown:
    if not _PLAIN_NAME.fullmatch(name) or not name.isprintable():
        return Unknown(name, "its name holds signs that not every system can hold: rename it")
    try:
        path = checked(folder, name, InputError)
        form = identify(path)
        sheets = workbook.candidates(path, None) if form == "xlsx" else ()
        if named := _by_sheets(name, path, sheets, kinds):
            return named
        adapters = opening.readers(adapters, form)
        candidates = _candidates(path, form, [sheet.name for sheet in sheets], adapters, work)
    except (InputError, UnreadableError) as error:
        return Unknown(name, str(error))
    heads = [(cells, candidate.by) for candidate in candidates for _, cells in candidate.head]
    first = [c.head[0][1] for c in candidates if c.head and not c.by]
    found = [sensitive.by_header(cells) for cells in [*first, *(h for h, _ in heads if _is_header(h, kinds))]]
    found += [sensitive.by_header(c.source, keys=True) for c in candidates]
    if refused := next(filter(None, found), None):
        return Unknown(name, f"holds {refused[1]} (column {refused[0]}): refused; export it again without that column")
    tables: dict[str, list[_Head]] = {}
    for c in candidates:
        if c.name and not _blank(c):
            tables.setdefault(c.name, []).extend((cells, c.by) for _, cells in c.head)
    known = [(sheet, _fitting(name, path, of_one, kinds, adapters)) for sheet, of_one in tables.items()]
    each = [replace(r, sheet=sheet) for sheet, found in known if isinstance(found, list) for r in found]
    if len({r.sheet for r in each}) > 1:
        return each
    return _fitting(name, path, heads, kinds, adapters) or _strange(name, heads, kinds)


def _candidates(
    path: Path, form: str, names: Sequence[str], adapters: Sequence[Adapter], work: Path
) -> Sequence[Candidate]:
    """The tables that a file may hold; those of a workbook sheet by sheet, as far as a sheet can be read."""
    digest = sha256(path)
    found: list[Candidate] = []
    wrong: list[UnreadableError] = []
    for sheet in names if len(names) > 1 else [None]:
        try:
            tables = opening.tables(path, form, digest, sheet, adapters, work).candidates
        except UnreadableError as error:
            wrong.append(error)
        else:
            found += [replace(c, name=sheet) for c in tables] if sheet else tables
    if wrong and not found:
        raise wrong[0]
    return found


def _blank(candidate: Candidate) -> bool:
    """Whether a sheet holds a header and nothing below it."""
    if candidate.by:
        return candidate.load(0, ()).frame.limit(1).collect().is_empty()
    return len(candidate.head) <= 1


def _by_sheets(name: str, path: Path, sheets: Sequence[Candidate], kinds: Mapping[str, Kind]) -> list[Recognised]:
    """The sheets that are named after a kind and hold its columns and a row; a form left blank is none."""
    found = []
    for candidate in sheets:
        kind = kinds.get(candidate.name)
        header = next((cells for _, cells in candidate.head), ())
        if kind is None or len(candidate.head) == 1 or sensitive.by_header(header):
            continue
        source = Bare(kind.name, name, path, adapter="none", sheet=candidate.name)
        if not layout.resolve(header, source, kind, ()).problems:
            found.append(Recognised(name, kind.name, None, candidate.name))
    return found


def _fitting(
    name: str, path: Path, heads: Sequence[_Head], kinds: Mapping[str, Kind], adapters: Sequence[Adapter]
) -> Sequence[Recognised] | Unknown | None:
    """What the first of these headers that anybody knows says the file is; each kind that adapters unfold."""
    known: dict[str, Recognised] = {}
    for cells, by in heads:
        readers = [a for a in adapters if by in {"", a.name}]
        found = _by_adapter(name, path, cells, kinds, readers) or _by_columns(name, path, cells, kinds)
        if isinstance(found, Unknown):
            if found.maybe and not known:
                return found
            continue
        for one in found:
            known.setdefault(one.kind, one)
        if found and not by:
            break
    return list(known.values()) or None


def _strange(name: str, heads: Sequence[_Head], kinds: Mapping[str, Kind]) -> Unknown:
    best = max((len(cells) for cells, _ in heads), default=0)
    header = next((cells for cells, _ in heads if len(cells) == best and _is_header(cells, kinds)), ())
    named = _named_after(name, kinds)
    told = tuple(cell.strip() for cell in header)
    maybe = (named,) if named else ()
    return Unknown(name, "its header is not one that ctrlkit knows", maybe, told, guess=guess(told, kinds, named))


def _by_adapter(
    name: str, path: Path, cells: Sequence[str], kinds: Mapping[str, Kind], adapters: Sequence[Adapter]
) -> Sequence[Recognised] | Unknown:
    fitting = []
    for adapter in sorted(adapters, key=lambda a: a.name):
        if adapter.kind in kinds:
            source = Bare(adapter.kind, name, path, adapter=adapter.name)
            if not layout.resolve(cells, source, kinds[adapter.kind], [adapter]).problems:
                fitting.append(adapter)
    if len(fitting) > 1:
        named = [adapter for adapter in fitting if adapter.kind == _named_after(name, kinds)]
        if len(named) == 1:
            return [Recognised(name, named[0].kind, named[0].name)]
    read = [Recognised(name, adapter.kind, adapter.name) for adapter in fitting]
    if len(fitting) < 2 or (len({a.product for a in fitting}) == 1 and len({a.kind for a in fitting}) == len(fitting)):  # noqa: PLR2004
        return read  # one, or one product's file that is each of these kinds
    names = ", ".join(a.name for a in fitting)
    why = f"several adapters know it ({names}): name one under adapter"
    return Unknown(name, why, tuple(a.kind for a in fitting), choices=tuple(read))


def _by_columns(
    name: str, path: Path, cells: Sequence[str], kinds: Mapping[str, Kind]
) -> Sequence[Recognised] | Unknown:
    """The kind whose required columns are all there and that knows most of the header; the file's name goes first."""
    fitting: dict[str, int] = {}
    for kind in kinds.values():
        found = layout.resolve(cells, Bare(kind.name, name, path, adapter="none"), kind, ())
        if not found.problems and len(found.places) * 2 > sum(1 for cell in cells if cell.strip()):
            fitting[kind.name] = len(found.places)
    if not fitting:
        return []
    most = max(fitting.values())
    best = sorted(kind for kind, count in fitting.items() if count == most)
    named = _named_after(name, kinds)
    if named in fitting:
        return [Recognised(name, named, None)]
    own = [kind for kind in best if kinds[kind].party != "client"]
    if len(own or best) > 1:
        choices = tuple(Recognised(name, kind, None) for kind in best)
        return Unknown(
            name, f"its header fits {' and '.join(best)}: name it under the one it is", tuple(best), (), choices
        )
    return [Recognised(name, (own or best)[0], None)]


def _named_after(name: str, kinds: Mapping[str, Kind]) -> str:
    """The kind whose name a file's name begins with: `roster_2026-11-01.csv`; an empty text for none."""
    stem = re.sub(r"[^a-z0-9]+", "_", PurePosixPath(name).stem.casefold())
    fitting = [kind for kind in kinds if stem == kind or stem.startswith(f"{kind}_")]
    return max(fitting, key=len, default="")


def _is_header(cells: Sequence[str], kinds: Mapping[str, Kind]) -> bool:
    """Whether a row reads as names of columns; a row of values may hold personal data and is never shown.

    Half of the cells at least must hold a word that names of columns have.
    """
    named = [cell.strip() for cell in cells if cell.strip()]
    distinct = len({cell.casefold() for cell in named}) == len(named)
    plain = all(_HEADER.fullmatch(cell) and not re.search(r"\d{3}", cell) for cell in named)
    usual = _USUAL | {word for kind in kinds.values() for column in kind.columns for word in column.split("_")}
    telling = [cell for cell in named if usual & set(re.findall(r"[a-z]+", cell.casefold()))]
    return len(named) > 1 and distinct and plain and len(telling) * 2 >= len(named)
