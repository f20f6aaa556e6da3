"""What a check holds of a host: one fact, that knows probe and line and says when it is not known.

A fact that could not be read is there too, and raises `Unreadable` as soon as it is touched: nothing that the host did
not answer can be taken for an answer. Each value that a check looks at is recorded, so that a failing plain `assert`
can be traced to the probe and line it rests on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ctrlkit.errors import AuthorError, CtrlkitError
from ctrlkit.fact_kind import FactKind
from ctrlkit.hooks import Reading, Said
from ctrlkit.model import Cause, Fault, HostPointer, plain


class Unreadable(CtrlkitError):  # noqa: N818  (what the value is, not what went wrong)
    """A check touched a fact that was not read; `cause` is why, the text names host and probe."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.cause = fault.cause


@dataclass(frozen=True, slots=True)
class Row:
    """One thing of a list fact, on `line` of its probe's output; its columns are attributes (`row.port`) or items."""

    facts: Facts
    line: int
    cells: Mapping[str, Said]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.facts.answer(name, self.cells.get(name), self.line)

    def __getitem__(self, name: str) -> Any:
        return self.facts.answer(name, self.cells.get(name), self.line)

    @property
    def pointer(self) -> HostPointer:
        """Where it stands."""
        return HostPointer(self.facts.host, self.facts.probe, self.line)


@dataclass(frozen=True, slots=True, eq=False)
class Facts(Mapping[str, Any]):
    """One fact of one host.

    Settings are read as from a mapping: `facts["permitrootlogin"]`, `"banner" in facts`, `facts.get(name, default)`;
    lists by `facts.rows()`. All raise Unreadable where the host did not answer. `touched` is what was looked at.
    """

    host: str
    fact: str
    probe: str
    reading: Reading
    fault: Fault | None = None
    kind: FactKind | None = None
    _touched: list[int | None] = field(default_factory=list, repr=False)
    _faults: list[Fault] = field(default_factory=list, repr=False)

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise self._stumble(Cause.UNDECIDED, f"probe {self.probe} says nothing of {name} · expected its value")
        value, line = self.reading.values[name]
        return self.answer(name, value, line)

    def __contains__(self, name: object) -> bool:
        self._ask(str(name))
        self._whole()
        unread = self.reading.unread.get(str(name))
        if unread is not None:
            raise self._stumble(unread.cause, f"probe {self.probe} · {name}: {unread.message}")
        self._touch(None)
        return name in self.reading.values

    def __iter__(self) -> Iterator[str]:
        self._whole()
        return iter(self.reading.values)

    def __len__(self) -> int:
        self._whole()
        return len(self.reading.values)

    def get(self, name: str, default: Any = None) -> Any:
        """The setting, or `default` where the host was asked and has none."""
        return self[name] if name in self else default  # noqa: SIM401  this is that get

    def rows(self) -> tuple[Row, ...]:
        """Every row, in the order printed; empty means that the host was asked and has none."""
        self._whole()
        self._touch(None)
        return tuple(Row(self, line, cells) for line, cells in self.reading.rows)

    def answer(self, name: str, value: Said, line: int | None) -> Any:
        """`value` typed as its kind says, and recorded; raises Unreadable where the host gave no answer."""
        self._ask(name)
        self._touch(line)
        item = self.kind.items.get(name) if self.kind else None
        if value is None and (item is None or item.null_means is None):
            at = f" line {line}" if line else ""
            raise self._stumble(Cause.UNDECIDED, f"probe {self.probe}{at} · {name} is not known · expected a value")
        return item.typed(value) if item else value

    @property
    def touched(self) -> tuple[HostPointer, ...]:
        """Where the values stand that were looked at, the last first, each once; the probe itself if no line was."""
        lines = [line for line in dict.fromkeys(reversed(self._touched)) if line is not None]
        if not lines and self._touched:
            return (HostPointer(self.host, self.probe, None),)
        return tuple(HostPointer(self.host, self.probe, line) for line in lines)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every Unreadable that was raised, so that a check that swallows one is still not decided."""
        return tuple(dict.fromkeys(self._faults))

    @property
    def sha256(self) -> str:
        """The digest of what was read: of `document`, as canonical JSON."""
        text = json.dumps(self.document(), ensure_ascii=True, separators=(",", ":"), sort_keys=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def document(self) -> dict[str, Any]:
        """These facts as JSON can hold them, for the bundle; `facts.from_document` reads it."""
        reading = self.reading
        return {
            "host": self.host,
            "fact": self.fact,
            "probe": self.probe,
            "fault": _fault_document(self.fault),
            "values": {name: [plain(value), line] for name, (value, line) in sorted(reading.values.items())},
            "rows": [[line, plain(dict(sorted(cells.items())))] for line, cells in reading.rows],
            "unread": {name: _fault_document(fault) for name, fault in sorted(reading.unread.items())},
        }

    def fresh(self) -> Facts:
        """The same facts, of which nothing was looked at yet: what each check gets."""
        return replace(self, _touched=[], _faults=[])

    def _ask(self, name: str) -> None:
        """A name that the kind does not have is a slip of the author, not an absence on the host."""
        if self.kind and not self.kind.is_open and name not in self.kind.items:
            msg = f"fact {self.fact} has no {name!r}; it has {', '.join(self.kind.items)}"
            raise AuthorError(msg)

    def _touch(self, line: int | None) -> None:
        self._touched.append(line)

    def _whole(self) -> None:
        if self.fault is not None:
            self._touch(None)
            self._faults.append(self.fault)
            raise Unreadable(self.fault)

    def _stumble(self, cause: Cause, message: str) -> Unreadable:
        fault = Fault(cause, f"{self.host} · {message}")
        self._faults.append(fault)
        return Unreadable(fault)


def _fault_document(fault: Fault | None) -> dict[str, str] | None:
    return None if fault is None else {"cause": fault.cause.value, "message": fault.message}
