"""The client's policy: which controls, which limits, how fresh and how credible; profiles extend each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ctrlkit import kind as evidence_kind
from ctrlkit.document import Document
from ctrlkit.document import load as load_document
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.model import Control, Grade
from ctrlkit.parameter import default_of, value_of
from ctrlkit.strict_yaml import Where, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

    from ctrlkit.kind import Kind

DEFAULT_FRESHNESS: Final = 35
"""Days an export may be old where no profile says."""

SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Setting:
    """The value of a parameter, and the file that set it (`control` for the control's own default)."""

    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile with all that it extends, resolved.

    `controls` are the selected ids, sorted; `dropped` the ids taken out and why. `params` holds every parameter of
    every selected control. `freshness` is in days by kind, `minimum_grade` by control id, both with `default`.
    `country` is the one a self-check is judged under. `documents` are the files it was read from, in order.
    """

    name: str
    title: str
    controls: tuple[str, ...]
    dropped: Mapping[str, str]
    params: Mapping[str, Mapping[str, Setting]]
    freshness: Mapping[str, int]
    minimum_grade: Mapping[str, Grade]
    attestable: tuple[str, ...]
    sample: str | None
    country: str
    documents: tuple[Document, ...]

    def fresh_days(self, kind: str) -> int:
        """Days an export of `kind` may be old."""
        return self.freshness.get(kind, self.freshness["default"])

    def grade_needed(self, control: str) -> Grade:
        """The weakest grade that `control` may rest on."""
        return self.minimum_grade.get(control, self.minimum_grade["default"])


def load(
    name_or_path: str | Path,
    shelves: Sequence[Traversable],
    controls: Mapping[str, Control],
    kinds: Mapping[str, Kind] | None = None,
) -> Profile:
    """The profile of that name among the files of `shelves`, or in the file at that path.

    Of the files it extends each counts once, in order, and later ones win; its own come last. Raises InputError with
    file and line for a cycle, an unknown name, control, parameter or kind, and a value of wrong type or out of bounds.
    """
    shelf = _Shelf(tuple(sorted(shelves, key=lambda file: (file.name, str(file)))))
    documents = shelf.line_up(shelf.first(name_or_path))
    known = evidence_kind.shipped() if kinds is None else kinds
    policy = _Policy()
    for document in documents:
        _apply(policy, document, controls, known)
    data = documents[-1].data
    selected = tuple(sorted(policy.controls))
    return Profile(
        name=data["name"],
        title=data["title"],
        controls=selected,
        dropped=dict(sorted(policy.dropped.items())),
        params={control: _filled(controls[control], policy) for control in selected},
        freshness={"default": DEFAULT_FRESHNESS, **dict(sorted(policy.freshness.items()))},
        minimum_grade={"default": Grade.TYPED, **dict(sorted(policy.minimum_grade.items()))},
        attestable=tuple(sorted(policy.attestable)),
        sample=policy.sample,
        country=policy.country,
        documents=documents,
    )


def effective(profile: Profile, control: Control) -> dict[str, Any]:
    """All parameters of `control` by name, with the profile's values where it sets them."""
    own = profile.params.get(control.id, {})
    return {name: own[name].value if name in own else default_of(param) for name, param in control.params.items()}


@dataclass(slots=True)
class _Policy:
    """What the files read so far add up to."""

    controls: set[str] = field(default_factory=set)
    dropped: dict[str, str] = field(default_factory=dict)
    params: dict[tuple[str, str], Setting] = field(default_factory=dict)
    freshness: dict[str, int] = field(default_factory=dict)
    minimum_grade: dict[str, Grade] = field(default_factory=dict)
    attestable: tuple[str, ...] = ()
    sample: str | None = None
    country: str = "PH"


@dataclass(frozen=True, slots=True)
class _Shelf:
    """The profile files that go by name."""

    files: tuple[Traversable, ...]

    def first(self, name_or_path: str | Path) -> Document:
        text = str(name_or_path)
        if isinstance(name_or_path, Path) or _is_path(text):
            return load_document(Path(name_or_path), "profile")
        found = self._named(text)
        if isinstance(found, str):
            raise InputError(f"--profile {shown(text)}: {found}")
        return load_document(found, "profile")

    def line_up(self, document: Document, above: tuple[Document, ...] = ()) -> tuple[Document, ...]:
        """The files `document` extends, each once and before what extends it, then `document`."""
        lined_up: dict[str, Document] = {}
        chain = [_identity(d) for d in (*above, document)]
        for place, name in enumerate(document.data.get("extends", ())):
            where = ("extends", place)
            parent = self._extended(document, where, name)
            if (again := _identity(parent)) in chain:
                circle = " → ".join(Path(file).stem for file in [*chain[chain.index(again) :], again])
                raise document.error(where, f"the profiles extend each other ({circle}); expected no circle; cut one")
            for ancestor in self.line_up(parent, (*above, document)):
                lined_up.setdefault(_identity(ancestor), ancestor)
        return (*lined_up.values(), document)

    def _extended(self, document: Document, where: Where, name: str) -> Document:
        if _is_path(name):
            if not isinstance(document.path, Path):
                raise document.error(where, f"found the path {shown(name)}, expected the name of a profile")
            path = document.path.parent / name
            if not path.is_file():
                raise document.error(where, f"no profile file {shown(path.as_posix())}; expected one; check the path")
            return load_document(path, "profile")
        found = self._named(name)
        if isinstance(found, str):
            raise document.error(where, found)
        return load_document(found, "profile")

    def _named(self, name: str) -> Traversable | str:
        """The one file of that name, or what is wrong."""
        fitting = [file for file in self.files if _stem(file) == name]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            return f"{len(fitting)} profiles go by this name: {', '.join(map(str, fitting))}; rename one"
        known = sorted({_stem(file) for file in self.files})
        return f"no profile {shown(name)}{did_you_mean(name, known)}; expected one of {', '.join(known)}, or a path"


def _identity(document: Document) -> str:
    return str(document.path.resolve() if isinstance(document.path, Path) else document.path)


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text or text.endswith(SUFFIXES)


def _stem(file: Traversable) -> str:
    return file.name.removesuffix(".yaml").removesuffix(".yml")


def _apply(policy: _Policy, document: Document, controls: Mapping[str, Control], kinds: Mapping[str, Kind]) -> None:
    data = document.data
    _select(policy, document, controls)
    for control, values in data.get("params", {}).items():
        known = _known_control(document, ("params", control), control, controls)
        if known.fault is not None:  # nobody can say which parameters it has; its verdict says why
            continue
        declared = known.params
        for name, text in values.items():
            where = ("params", control, name)
            if name not in declared:
                found = f"{control} has no parameter {shown(name)}{did_you_mean(name, declared)}"
                raise document.error(where, f"{found}; expected one of {', '.join(declared) or 'none'}")
            value = value_of(document, where, declared[name], text)
            policy.params[control, name] = Setting(value, _file_name(document))
    for kind, text in data.get("freshness", {}).items():
        if kind != "default" and kind not in kinds:
            found = f"no evidence kind {shown(kind)}{did_you_mean(kind, kinds)}"
            raise document.error(("freshness", kind), f"{found}; see ctrlkit list kinds")
        policy.freshness[kind] = int(text.split()[0])
    for control, grade in data.get("minimum_grade", {}).items():
        if control != "default":
            _known_control(document, ("minimum_grade", control), control, controls)
        policy.minimum_grade[control] = Grade(grade)
    for place, control in enumerate(data.get("attestable", ())):
        _known_control(document, ("attestable", place), control, controls)
    policy.attestable = tuple(data.get("attestable", policy.attestable))
    policy.sample = data.get("sample", policy.sample)
    policy.country = data.get("country", policy.country)


def _file_name(document: Document) -> str:
    return document.name.rsplit("/", 1)[-1]


def _known_control(document: Document, where: Where, control: str, controls: Mapping[str, Control]) -> Control:
    if control not in controls:
        found = f"no control {shown(control)}{did_you_mean(control, controls)}"
        raise document.error(where, f"{found}; see ctrlkit list controls")
    return controls[control]


def _select(policy: _Policy, document: Document, controls: Mapping[str, Control]) -> None:
    chosen = document.data.get("controls", {})
    added: list[str] = chosen.get("add", [])
    for place, control in enumerate(added):
        _known_control(document, ("controls", "add", place), control, controls)
        policy.controls.add(control)
        policy.dropped.pop(control, None)
    gone: set[str] = set()
    for place, entry in enumerate(chosen.get("drop", ())):
        control, where = entry["id"], ("controls", "drop", place, "id")
        _known_control(document, where, control, controls)
        if control in added or control in gone:
            also = "added in this file as well" if control in added else "dropped twice"
            raise document.error(where, f"{control} is {also}; expected it once; remove one of the two")
        if control not in policy.controls and control not in policy.dropped:
            raise document.error(where, f"{control} was never added; expected a control that was; remove the line")
        gone.add(control)
        policy.controls.discard(control)
        policy.dropped[control] = entry["why"]


def _filled(control: Control, policy: _Policy) -> Mapping[str, Setting]:
    return {
        name: policy.params.get((control.id, name), Setting(default_of(param), "control"))
        for name, param in control.params.items()
    }
