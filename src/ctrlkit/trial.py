"""The datasets of controls: cases in `cases.yaml`, each a pack, how it is asked for, and what must come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ctrlkit import document
from ctrlkit.document import Document
from ctrlkit.strict_yaml import Where

CASES: Final = "cases.yaml"
COMMON: Final = "engagement.yaml"
CLIENT: Final = "client/"
"""What the names of files begin with that are the client's own."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One case: a pack, how it is asked for, and what must come out.

    `shows` says what the case is an example of. `edge` names the parameter whose limit it stands beside. `files` are
    the texts of the pack by name, the client's under `client/`. `exported` is when all was exported, or single kinds,
    the client's own under `client/` too. `place` is the file and line where the case is written.
    """

    control: str
    name: str
    what: str
    shows: tuple[str, ...]
    edge: str
    files: Mapping[str, str]
    exported: Mapping[str, str]
    as_of: str
    engagement: Mapping[str, Any]
    params: Mapping[str, Any]
    empty: Mapping[str, str]
    removed: tuple[str, ...]
    verdict: str
    cause: str
    population: int | None
    findings: tuple[str, ...]
    undecided: tuple[str, ...]
    notes: tuple[str, ...]
    reason: str
    place: str = ""

    @property
    def id(self) -> str:
        """What pytest shows."""
        return f"{self.control}-{self.name.replace(' ', '-')}"


def trials(folder: Path) -> Iterator[Trial]:
    """Every case under `folder`, which holds `<ID>/cases.yaml` and what is common to all, in order of ids and files.

    Raises InputError with file and line for whatever is wrong in one of them.
    """
    for path in sorted(folder.glob(f"*/{CASES}")):
        yield from trials_of(path)


def trials_of(path: Path) -> Iterator[Trial]:
    """The cases of one control; `path` is its cases.yaml, in a folder of its id beside the common engagement."""
    told = document.load(path, "cases")
    common = document.load(path.parent.parent / COMMON, "common")
    names: set[str] = set()
    for place, case in enumerate(told.data["cases"]):
        if case["name"] in names:
            found = f'a case "{case["name"]}" is there already'
            raise told.error(("cases", place, "name"), f"{found}; expected each name once; rename one")
        names.add(case["name"])
        yield _trial(told, common, path.parent.name, place)


def _trial(told: Document, common: Document, control: str, place: int) -> Trial:
    where: Where = ("cases", place)
    case: Mapping[str, Any] = told.data["cases"][place]
    exported = case.get("exported", {})
    population = case.get("population", "none")
    if population != "none" and not population.isdecimal():
        raise told.error((*where, "population"), f"found {population}; expected a whole number or none; mend it")
    return Trial(
        control=control,
        name=case["name"],
        what=case["what"],
        shows=tuple(case["shows"].split(", ")),
        edge=case.get("edge", ""),
        files=_files(told, where, {**told.data["files"], **case.get("files", {})}, case),
        exported={"all": common.data["exported_at"], **({"all": exported} if isinstance(exported, str) else exported)},
        as_of=case.get("as_of", common.data["as_of"]),
        engagement={
            **common.data["engagement"],
            **told.data.get("engagement", {}),
            **case.get("engagement", {}),
        },
        params=case.get("params", {}),
        empty=case.get("empty", {}),
        removed=tuple(case.get("without", ())),
        verdict=case["verdict"],
        cause=case.get("cause") or "",
        population=None if population == "none" else int(population),
        findings=tuple(case.get("findings", ())),
        undecided=tuple(case.get("undecided", ())),
        notes=tuple(case.get("notes", ())),
        reason=case.get("reason") or "",
        place=f"{told.name}:{told.line(where)}",
    )


def _files(told: Document, where: Where, files: Mapping[str, str], case: Mapping[str, Any]) -> dict[str, str]:
    """The pack of a case: the common one with lines replaced, added, dropped, columns cut, renamed, files removed."""
    changed = dict(files)
    for key in ("lines", "drop", "cut", "rename", "header_only", "without"):
        for name in case.get(key, ()):
            if name not in changed:
                raise told.error((*where, key), f"there is no file {name}; expected one of {', '.join(changed)}")
    for name, lines in case.get("lines", {}).items():
        changed[name] = _with_lines(told, (*where, "lines", name), changed[name], lines)
    for name, numbers in case.get("drop", {}).items():
        gone = {_line(told, (*where, "drop", name), n) for n in numbers}
        changed[name] = "".join(f"{x}\n" for n, x in enumerate(changed[name].splitlines(), 1) if n not in gone)
    for name, columns in case.get("cut", {}).items():
        changed[name] = _without_columns(told, (*where, "cut", name), changed[name], columns)
    for name, names in case.get("rename", {}).items():
        head, *rest = changed[name].splitlines()
        head = ",".join(names.get(column, column) for column in head.split(","))
        changed[name] = "\n".join([head, *rest]) + "\n"
    changed |= {name: changed[name].splitlines()[0] + "\n" for name in case.get("header_only", ())}
    return {name: text for name, text in changed.items() if name not in case.get("without", ())}


def _with_lines(told: Document, where: Where, text: str, lines: Mapping[str, str]) -> str:
    changed = text.splitlines()
    for number, line in sorted((_line(told, where, n), line) for n, line in lines.items()):
        if number > len(changed) + 1:
            raise told.error(where, f"has no line {number - 1}; expected lines one after the other; mend the number")
        changed[number - 1 : number] = [line]
    return "\n".join(changed) + "\n"


def _line(told: Document, where: Where, number: str) -> int:
    if not number.isdecimal() or number == "0":
        raise told.error(where, f"found {number}; expected the number of a line, the header is 1; mend it")
    return int(number)


def _without_columns(told: Document, where: Where, text: str, columns: Sequence[str]) -> str:
    rows = [line.split(",") for line in text.splitlines()]
    if lacking := [column for column in columns if column not in rows[0]]:
        raise told.error(where, f"there is no column {lacking[0]}; expected one of {', '.join(rows[0])}")
    gone = {rows[0].index(column) for column in columns}
    return "".join(",".join(cell for n, cell in enumerate(row) if n not in gone) + "\n" for row in rows)
