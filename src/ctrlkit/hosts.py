"""Hosts as evidence: in which role each is, what its facts are, and who read them; over SSH or from a file, alike."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ctrlkit import facts as facts_of_hosts
from ctrlkit import host_file, transcript
from ctrlkit.engagement import AsOf
from ctrlkit.errors import InputError
from ctrlkit.fact import Facts
from ctrlkit.hooks import Probe
from ctrlkit.inventory import Inventory
from ctrlkit.model import Cause, Fault, Grade, HostRef, plain
from ctrlkit.profile import Profile

FRESHNESS: Final = "hosts"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_NOT_FACTS: Final = (".ssh.json", ".part", ".earlier", ".writing")
_CAME: Final = {"ssh": "read over SSH", "file": "handed over"}
CLOCK_TOLERANCE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Machine:
    """One host: its roles, its facts by name, and how they came.

    `origin` is ssh or file; `fingerprint` that of the host key over which they were read, "" for a file. `fault` says
    why nothing could be read; `listed` is false for a host that the inventory does not name. `ports` are those that the
    inventory lets it listen on beside what the profile allows. `replaced` says which identifiers stood in its facts.
    `path` is the file as it was handed in, None where there is none.
    """

    name: str
    roles: tuple[str, ...] = ()
    listed: bool = True
    facts: Mapping[str, Facts] = field(default_factory=dict)
    origin: str = "file"
    fingerprint: str = ""
    started_at: str = ""
    fault: Fault | None = None
    notes: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    replaced: tuple[str, ...] = ()
    path: Path | None = None

    @property
    def subject(self) -> str:
        """What its results are about."""
        return f"host:{self.name}"

    @property
    def is_absent(self) -> bool:
        """Whether an inventory lists it and nothing of it was read or handed in."""
        return self.origin == "file" and self.fault is not None and self.fault.cause is Cause.MISSING

    @property
    def grade(self) -> Grade:
        """Read by ctrlkit itself, or handed over by the vendor."""
        return Grade.PROBE if self.origin == "ssh" else Grade.EXPORT

    def references(self, names: Sequence[str]) -> tuple[HostRef, ...]:
        """The facts that a verdict over `names` rests on."""
        read = [self.facts[n] for n in names if n in self.facts]
        return tuple(HostRef(self.name, facts.probe, facts.sha256, self.origin) for facts in read)


def from_folder(
    folder: Path, book: Inventory | None, probes: Sequence[Probe], nonce: str, hide: Callable[[str, str], str]
) -> dict[str, Machine]:
    """The machines of an inventory and of the pack's `hosts` folder, by name; raises InputError for a bad file name."""
    files, beside = _files(folder / host_file.FOLDER, {} if book is None else {n.casefold(): n for n in book.hosts})
    names = sorted({*files, *(book.hosts if book is not None else ())})
    found = {name: _machine(name, files.get(name), folder, book, probes, nonce, hide) for name in names}
    return {name: _noted(m, f"hosts/{beside[name]}") if name in beside else m for name, m in found.items()}


def merged(folders: Sequence[Mapping[str, Machine]]) -> dict[str, Machine]:
    """The machines of several packs as one: what was read over SSH counts before what was handed over, and says so.

    A host that could not be read over SSH is known by the file, if there is one.
    Raises InputError for a host that was read twice, or handed over twice.
    """
    found: dict[str, Machine] = {}
    for machine in (machine for machines in folders for machine in machines.values()):
        known = found.get(machine.name)
        if known is None or known.is_absent:
            found[machine.name] = machine
        elif not machine.is_absent:
            if known.origin == machine.origin:
                msg = f"hosts: {machine.name} is in more than one pack, {_CAME[machine.origin]} in each; keep one"
                raise InputError(msg)
            read, file = (known, machine) if known.origin == "ssh" else (machine, known)
            other = f"hosts/{machine.name} of the other pack"
            found[machine.name] = _instead(file, read) if read.fault is not None else _noted(read, other)
    return {name: found[name] for name in sorted(found)}


def _instead(file: Machine, unread: Machine) -> Machine:
    """What was handed over of a host that could not be read over SSH."""
    why = unread.fault.message if unread.fault is not None else ""
    return replace(file, notes=(*file.notes, f"{why}, over SSH; the file that was handed over counts"))


def _noted(machine: Machine, other: str) -> Machine:
    note = f"{machine.name}: {other} was handed over too; what was read over SSH counts"
    return replace(machine, notes=(*machine.notes, note))


def _files(folder: Path, listed: Mapping[str, str]) -> tuple[dict[str, Path], dict[str, str]]:
    """Host name -> its file: `<name>.facts`, or a file of that name as a fleet's own engine leaves it.

    Windows calls itself by capitals: a name that `listed` has in other letters is that host.
    Also, where `<name>.facts` was read over SSH, the name of another that was handed over beside it.
    """
    found: dict[str, Path] = {}
    beside: dict[str, str] = {}
    if not folder.is_dir():
        return found, beside
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if not path.is_file() or path.name.endswith(_NOT_FACTS) or path.name.startswith("."):
            continue
        if path.is_symlink():
            msg = f"hosts/{path.name}: is a link; expected a file of the pack itself; copy it"
            raise InputError(msg)
        name = path.name.removesuffix(host_file.FACTS)
        if not _NAME.fullmatch(name):
            msg = f"hosts/{path.name}: no host name; expected letters, digits, . _ -; rename the file"
            raise InputError(msg)
        name = listed.get(name.casefold(), name)
        if name in found and (folder / f"{name}{host_file.RECORD}").is_file():
            beside[name] = min(path.name, found[name].name, key=lambda text: text.endswith(host_file.FACTS))
            found[name] = folder / f"{name}{host_file.FACTS}"
            continue
        if name in found:
            msg = f"hosts/{path.name}: {name} is there twice, as {found[name].name} too; keep one"
            raise InputError(msg)
        found[name] = path
    return found, beside


def _machine(  # noqa: PLR0913, PLR0917  (what one host is made of)
    name: str,
    path: Path | None,
    folder: Path,
    book: Inventory | None,
    probes: Sequence[Probe],
    nonce: str,
    hide: Callable[[str, str], str],
) -> Machine:
    listed = book is None or name in book.hosts
    roles = book.hosts[name].roles if book is not None and name in book.hosts else ()
    record = _record(folder, name)
    if "cause" in record:
        fault = Fault(Cause(record["cause"]), f"{name}: {record.get('reason', 'was not read')}")
        unread = Machine(name, roles, listed, origin="ssh", fingerprint=record.get("fingerprint", ""), fault=fault)
        return unread if path is None else _instead(_handed(unread, path, {}, book, probes, nonce, hide), unread)
    if path is None:
        return Machine(name, roles, listed, fault=Fault(Cause.MISSING, f"{name}: no facts of this host were handed in"))
    return _handed(Machine(name, roles, listed), path, record, book, probes, nonce, hide)


def _handed(  # noqa: PLR0913, PLR0917  (what one host is made of)
    of: Machine,
    path: Path,
    record: Mapping[str, Any],
    book: Inventory | None,
    probes: Sequence[Probe],
    nonce: str,
    hide: Callable[[str, str], str],
) -> Machine:
    """The machine as its file tells of it."""
    name, roles, listed = of.name, of.roles, of.listed
    content = path.read_bytes()
    said = transcript.read(content, name)
    if isinstance(said, Fault):
        return Machine(name, roles, listed, fault=said, path=path)
    if record and record.get("facts_sha256") != hashlib.sha256(content).hexdigest():
        fault = Fault(
            Cause.MALFORMED, f"{name}: the facts are not those that its {name}.ssh.json speaks of; collect again"
        )
        return Machine(name, roles, listed, fault=fault, path=path)
    origin = "ssh" if record else "file"
    if nonce and said.nonce != nonce:
        fault = Fault(
            Cause.MALFORMED,
            f"{name}: was made for another request (nonce {said.nonce or 'none'}); print the script again",
        )
        return Machine(name, roles, listed, fault=fault, path=path)
    facts = facts_of_hosts.facts_of(said, probes)
    return Machine(
        name,
        roles or said.roles,
        listed,
        {fact: facts_of_hosts.hidden(one, hide) for fact, one in facts.items()},
        origin,
        record.get("fingerprint", ""),
        _utc(record["collected_at"]) if record else said.started_at,
        notes=() if roles or not said.roles else (f"{name}: the role is the one its own file names",),
        ports=book.hosts[name].ports if book is not None and name in book.hosts else (),
        replaced=tuple(text for one in facts.values() for text in facts_of_hosts.identifiers(one)),
        path=path,
    )


def _utc(text: str) -> str:
    """An instant of a record as RFC 3339 UTC text; one without a zone is taken as UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _record(folder: Path, name: str) -> dict[str, Any]:
    path = folder / host_file.FOLDER / f"{name}{host_file.RECORD}"
    if not path.is_file():
        return {}
    try:
        said: dict[str, Any] = dict(json.loads(path.read_text("utf-8")))
        if "cause" in said:
            Cause(said["cause"])
        else:
            _utc(said["collected_at"])
    except (ValueError, OSError, TypeError, KeyError) as error:
        msg = f"hosts/{path.name}: cannot be read ({error}); collect again"
        raise InputError(msg) from error
    return said


def fault_of(machine: Machine, profile: Profile, as_of: AsOf) -> Fault | None:
    """Why nothing can be said of a machine at all: not listed, not read, or read too long ago."""
    if not machine.listed:
        return Fault(Cause.MISSING, f"{machine.name}: the inventory does not list this host")
    if machine.fault is not None:
        return machine.fault
    if not machine.roles:
        return Fault(Cause.MISSING, f"{machine.name}: its role is not known; list it in an inventory")
    limit = profile.fresh_days(FRESHNESS)
    age = as_of.instant - datetime.fromisoformat(machine.started_at)
    if age > timedelta(days=limit):
        return Fault(
            Cause.STALE, f"{machine.name}: read {age.days} days before the as-of, the limit is {limit}; read it again"
        )
    if age < -CLOCK_TOLERANCE:
        return Fault(Cause.MALFORMED, f"{machine.name}: read on {machine.started_at}, after the as-of; read it again")
    return None


def document(machine: Machine) -> dict[str, Any]:
    """What a bundle holds of a machine: its parsed facts with lines, and the key it was known by."""
    return {
        "host": machine.name,
        "roles": list(machine.roles),
        "listed": machine.listed,
        "origin": machine.origin,
        "fingerprint": machine.fingerprint,
        "started_at": machine.started_at,
        "fault": plain(machine.fault),
        "notes": list(machine.notes),
        "ports": list(machine.ports),
        "replaced": list(machine.replaced),
        "facts": {name: facts.document() for name, facts in sorted(machine.facts.items())},
    }


def from_bundle(folder: Path) -> dict[str, Machine]:
    """The machines of a verified bundle's `data/hosts`, by name."""
    documents = [json.loads(p.read_text("utf-8")) for p in sorted(folder.glob("*.json"))]
    return {said["host"]: _from_document(said) for said in documents}


def _from_document(said: Mapping[str, Any]) -> Machine:
    fault = Fault(Cause(said["fault"]["cause"]), said["fault"]["message"]) if said["fault"] else None
    return Machine(
        said["host"],
        tuple(said["roles"]),
        said["listed"],
        {name: facts_of_hosts.from_document(one) for name, one in said["facts"].items()},
        said["origin"],
        said["fingerprint"],
        said["started_at"],
        fault,
        tuple(said["notes"]),
        tuple(said.get("ports", ())),
        tuple(said["replaced"]),
    )
