"""What became of the hosts of a collection, as one line for each that a person can act on."""

from __future__ import annotations

from dataclasses import dataclass

from ctrlkit.model import Cause


@dataclass(frozen=True, slots=True)
class Failure:
    """One host that was not read: why, and what to do."""

    host: str
    cause: Cause
    message: str
    remedy: str

    def line(self) -> str:
        """All of it on one line, for a person."""
        return f"{self.host}: {self.cause.value}: {self.message}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class Step:
    """Where a collection stands after `host`; `failure` None: it was read."""

    host: str
    failure: Failure | None
    done: int
    failed: int
    total: int

    def line(self) -> str:
        """A progress line for a person."""
        failed = f", {self.failed} failed" if self.failed else ""
        what = self.failure.cause.value if self.failure else "read"
        return f"{self.done}/{self.total} hosts{failed} · {self.host} {what}"


@dataclass(frozen=True, slots=True)
class Summary:
    """Host names by what became of them. `kept`: read by an earlier try; `by_file`: without address, not touched."""

    read: tuple[str, ...]
    kept: tuple[str, ...]
    by_file: tuple[str, ...]
    failed: tuple[Failure, ...]

    @property
    def complete(self) -> bool:
        """Whether every host that has an address was read."""
        return not self.failed

    def lines(self) -> tuple[str, ...]:
        """A count that adds up, then one line for each host that was not read."""
        parts = {
            "read": len(self.read),
            "kept from before": len(self.kept),
            "failed": len(self.failed),
            "to be handed over as a file": len(self.by_file),
        }
        total = sum(parts.values())
        said = ", ".join(f"{count} {word}" for word, count in parts.items() if count) or "none"
        return (f"{total} host{'' if total == 1 else 's'}: {said}", *(f.line() for f in self.failed))
