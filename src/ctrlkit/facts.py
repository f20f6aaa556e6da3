"""From a transcript to facts: each probe's output parsed, or the reason why it is no answer.

`Facts` and `Unreadable`, what a check holds and what touching an unknown raises, come from `fact` and are had here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ctrlkit.fact import Facts, Row, Unreadable
from ctrlkit.fact_kind import shipped
from ctrlkit.hooks import Probe, Reading, Said
from ctrlkit.model import Cause, Fault
from ctrlkit.scan import covered, hits
from ctrlkit.transcript import Output, Transcript
from ctrlkit.visible import visible

__all__ = ["Facts", "Row", "Unreadable", "facts_of", "from_document", "hidden", "none_of", "settings"]


def facts_of(transcript: Transcript, probes: Sequence[Probe]) -> Mapping[str, Facts]:
    """Fact name -> Facts, for every fact that `probes` can give, read or not; where several can, the first that did.

    A probe that the transcript does not hold was not asked (missing); one of another shell is unsupported here.
    """
    found: dict[str, Facts] = {}
    for probe in probes:
        facts = _of(transcript, probe)
        known = found.get(probe.fact)
        if known is None or (known.fault is not None and _nearer(facts, known)):
            found[probe.fact] = facts
    return {name: found[name] for name in sorted(found)}


def none_of(host: str, fault: Fault, probes: Sequence[Probe]) -> Mapping[str, Facts]:
    """Fact name -> Facts of a host that could not be read at all: every one of them raises `fault`."""
    return {probe.fact: _unread(host, probe, fault) for probe in sorted(probes, key=lambda p: p.fact)}


def from_document(data: Mapping[str, Any]) -> Facts:
    """The Facts that `document` wrote; raises KeyError, TypeError or ValueError for anything else."""
    reading = Reading(
        values={name: (_said(value), line) for name, (value, line) in data["values"].items()},
        rows=tuple((line, {name: _said(value) for name, value in cells.items()}) for line, cells in data["rows"]),
        unread={name: Fault(Cause(fault["cause"]), fault["message"]) for name, fault in data["unread"].items()},
    )
    fault = data["fault"] and Fault(Cause(data["fault"]["cause"]), data["fault"]["message"])
    return Facts(data["host"], data["fact"], data["probe"], reading, fault, shipped().get(data["fact"]))


def hidden(facts: Facts, hide: Callable[[str, str], str]) -> Facts:
    """`facts` with every identifier replaced by `hide(domain, value)`, as its kind says or where it looks like one."""

    def cover(name: str, value: Said) -> Said:
        item = facts.kind.items.get(name) if facts.kind else None
        own = partial(hide, item.pseudonym) if item is not None and item.pseudonym else partial(covered, hide=hide)
        if isinstance(value, tuple):
            return tuple(own(entry) for entry in value)
        return own(value) if isinstance(value, str) else value

    reading = replace(
        facts.reading,
        values={name: (cover(name, value), line) for name, (value, line) in facts.reading.values.items()},
        rows=tuple((line, {n: cover(n, v) for n, v in cells.items()}) for line, cells in facts.reading.rows),
    )
    return replace(facts, reading=reading, _touched=[], _faults=[])


def identifiers(facts: Facts) -> Iterator[str]:
    """What looks like an identifier in what a host says, where `hidden` replaces it, in words."""
    items = facts.kind.items if facts.kind else {}
    said = [(n, v) for n, (v, _) in facts.reading.values.items()]
    said += [pair for _, cells in facts.reading.rows for pair in cells.items()]
    plain = [v for n, v in said if n not in items or not items[n].pseudonym]
    texts = [t for v in plain for t in (v if isinstance(v, tuple) else (v,)) if isinstance(t, str)]
    counts = Counter(what for text in texts for what in {hit.what for hit in hits(text)})
    for what, count in sorted(counts.items()):
        times = "once" if count == 1 else f"{count} times"
        yield f"{facts.host}: {facts.fact} holds what looks like a {what} {times}; replaced by a pseudonym"


def settings(lines: Sequence[str]) -> Reading:
    """`key value` lines as settings with small-letter names; a name that occurs again becomes a list."""
    values: dict[str, tuple[Said, int | None]] = {}
    for number, line in enumerate(lines, 1):
        name, _, value = line.strip().partition(" ")
        if not name:
            continue
        before = values.get(name.lower())
        if before is None:
            values[name.lower()] = (value.strip(), number)
        else:
            said = before[0] if isinstance(before[0], tuple) else (str(before[0]),)
            values[name.lower()] = ((*said, value.strip()), before[1])
    return Reading(values=values)


def _of(transcript: Transcript, probe: Probe) -> Facts:
    host = transcript.host
    if probe.language != transcript.shell:
        return _unread(host, probe, Fault(Cause.UNSUPPORTED, f"{host} · has no {probe.fact} · not for this system"))
    output = transcript.probes.get(probe.name)
    if output is None:
        message = f"{host} · probe {probe.name} was not asked · expected it · collect again with the current script"
        return _unread(host, probe, Fault(Cause.MISSING, message))
    fault = _fault(host, probe, output)
    return _unread(host, probe, fault) if fault else _read(host, probe, output)


def _read(host: str, probe: Probe, output: Output) -> Facts:
    lines = output.stdout.decode("utf-8", "replace").split("\n")[:-1]
    kind = shipped().get(probe.fact)
    try:
        reading = (probe.parse or settings)(lines)
        wrong = kind.fault_of(reading) if kind else None
    except (ValueError, RecursionError) as error:
        wrong = visible(error) or type(error).__name__
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        message = f"{host} · the parser of probe {probe.name} failed: {type(error).__name__}: {visible(error)}"
        return _unread(host, probe, Fault(Cause.CRASHED, f"{message} · tell its author"))
    if wrong:
        message = f"{host} · probe {probe.name} · {visible(wrong)} · expected the output this probe knows"
        return _unread(host, probe, Fault(Cause.UNSUPPORTED, message))
    return Facts(host, probe.fact, probe.name, reading, None, kind)


def _fault(host: str, probe: Probe, output: Output) -> Fault | None:
    """Why the probe's output is no answer, or None."""
    where = f"{host} · probe {probe.name}"
    stderr = output.stderr.decode("utf-8", "replace")
    if output.end == "refused":
        return Fault(Cause.REFUSED, f"{where} · needs root, and the script ran without · allow sudo or run it as root")
    if output.end in {"timeout", "skipped"}:
        words = "took too long and was ended" if output.end == "timeout" else "was not asked: no time was left"
        return Fault(Cause.TIMEOUT, f"{where} · {words} · expected an answer in time · look at the host, ask again")
    if output.end != "exit":
        words = "said more than is read" if output.end == "clipped" else "was lost while it ran"
        return Fault(Cause.CUT, f"{where} · {words} · expected a whole answer · ask again")
    denied = next((line for line in stderr.splitlines() if _says_no(line, probe.refused)), None)
    if denied is not None:
        return Fault(Cause.REFUSED, f"{where} · {visible(denied[:200])} · expected permission to read · run it as root")
    if output.status in probe.answers:
        return None
    said = visible(next((line for line in stderr.splitlines() if line.strip()), "")[:200])
    found = "the tool is not there" if output.status == 127 else f"exit status {output.status}"  # noqa: PLR2004  POSIX
    expected = " or ".join(map(str, probe.answers))
    return Fault(Cause.UNSUPPORTED, f"{where} · {found}{': ' + said if said else ''} · expected {expected}")


def _says_no(line: str, words: Sequence[str]) -> bool:
    return any(word.casefold() in line.casefold() for word in words)


def _unread(host: str, probe: Probe, fault: Fault) -> Facts:
    return Facts(host, probe.fact, probe.name, Reading(), fault, shipped().get(probe.fact))


def _nearer(facts: Facts, known: Facts) -> bool:
    """Whether `facts` say more than `known`, which could not be read: an answer, or a better reason for none."""
    if facts.fault is None or known.fault is None:
        return facts.fault is None
    far = {Cause.UNSUPPORTED: 2, Cause.MISSING: 1}
    return far.get(facts.fault.cause, 0) < far.get(known.fault.cause, 0)


def _said(value: Any) -> Said:
    return tuple(value) if isinstance(value, list) else value
