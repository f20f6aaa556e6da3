"""What a collection leaves for each host: `<name>.facts` as printed, and `<name>.ssh.json` about the connection."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ctrlkit.errors import CtrlkitError, InputError
from ctrlkit.host_fault import HostFault
from ctrlkit.inventory import Host
from ctrlkit.session import Privilege
from ctrlkit.visible import visible

FOLDER: Final = "hosts"
FACTS: Final = ".facts"
RECORD: Final = ".ssh.json"
PARTIAL: Final = ".facts.part"
"""What a host had said when it was cut: for a person to look at, never read as evidence."""
_BESIDE: Final = ".writing"
_EARLIER: Final = ".facts.earlier"
_MAX_RECORD: Final = 65536


@dataclass(frozen=True, slots=True)
class Connection:
    """Which machine was read, and how. `script_sha256` is that of the script with an empty marker."""

    address: str
    port: int
    user: str
    via: tuple[str, ...]
    fingerprint: str
    key_type: str
    privilege: Privilege | None
    script_sha256: str
    collected_at: datetime


def prepare(out: Path, hosts: Iterable[Host], resume: bool) -> None:
    """Refuse to mix two collections, before anything is written.

    Raises InputError where facts of one of `hosts` lie there already and were not collected, or are not to be resumed.
    """
    folder = out / FOLDER
    for host in hosts:
        facts = folder / (host.name + FACTS)
        if not facts.exists():
            continue
        place = visible(facts.as_posix())
        if not (folder / (host.name + RECORD)).exists():
            raise InputError(
                f"{place}: was handed over, expected no facts of a host that is to be read; "
                "move it away, give another --out, or leave the host out with --limit"
            )
        if not resume:
            raise InputError(
                f"{place}: is there already, expected a folder without facts of these hosts; "
                "--resume reads only what is missing, else give another --out"
            )


def is_whole(out: Path, host: Host, script_sha256: str, address: str, port: int) -> bool:
    """Whether facts of this host, read with the same script from the same place, lie there as they were written."""
    folder = out / FOLDER
    record = _record(folder / (host.name + RECORD))
    wanted = {"script_sha256": script_sha256, "address": address, "port": port}
    if "cause" in record or any(record.get(key) != value for key, value in wanted.items()):
        return False
    try:
        facts = (folder / (host.name + FACTS)).read_bytes()
    except OSError:
        return False
    return record.get("facts_sha256") == hashlib.sha256(facts).hexdigest()


def write_facts(out: Path, name: str, version: str, connection: Connection, facts: bytes) -> None:
    """Write both files, each beside and then renamed, the facts last; raises CtrlkitError where that fails.

    Killed in between, the record speaks of facts that are not there, and the host is read again.
    A file that was handed over of a host that could not be read until now is set aside.
    """
    folder = _folder(out)
    if "cause" in _record(folder / (name + RECORD)):
        _set_aside(folder, name)
    _write(folder / (name + RECORD), _json(version, connection, {"facts_sha256": hashlib.sha256(facts).hexdigest()}))
    _write(folder / (name + FACTS), facts)
    _remove(folder / (name + PARTIAL))


def write_fault(out: Path, name: str, version: str, connection: Connection, fault: HostFault) -> None:
    """Write why a host was not read, and apart what it had said; facts of an earlier try are set aside.

    What was handed over since a try that failed stays.
    """
    folder = _folder(out)
    said = {"cause": fault.cause.value, "reason": fault.message, "remedy": fault.remedy}
    if "cause" not in _record(folder / (name + RECORD)):
        _set_aside(folder, name)
    _write(folder / (name + RECORD), _json(version, connection, said))
    if fault.partial:
        _write(folder / (name + PARTIAL), fault.partial)


def _set_aside(folder: Path, name: str) -> None:
    facts = folder / (name + FACTS)
    try:
        if facts.exists():
            facts.replace(folder / (name + _EARLIER))
    except OSError as wrong:
        raise _unwritten(facts, wrong) from wrong


def _json(version: str, connection: Connection, more: Mapping[str, Any]) -> bytes:
    record = {
        "address": connection.address,
        "port": connection.port,
        "user": connection.user,
        "via": list(connection.via),
        "fingerprint": connection.fingerprint,
        "key_type": connection.key_type,
        "privilege": connection.privilege.value if connection.privilege else None,
        "script_sha256": connection.script_sha256,
        "collected_at": connection.collected_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "ctrlkit": version,
        **more,
    }
    return (json.dumps(record, indent=1, ensure_ascii=True) + "\n").encode()


def _record(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as stream:
            record = json.loads(stream.read(_MAX_RECORD))
    except (OSError, ValueError, RecursionError):
        return {"cause": "none"}
    return record if isinstance(record, dict) else {"cause": "none"}


def _folder(out: Path) -> Path:
    folder = out / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        raise _unwritten(folder, wrong) from wrong
    return folder


def _write(path: Path, data: bytes) -> None:
    beside = path.with_name(path.name + _BESIDE)
    try:
        with beside.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError as wrong:
        _remove(beside)
        raise _unwritten(path, wrong) from wrong


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as wrong:
        raise _unwritten(path, wrong) from wrong


def _unwritten(path: Path, wrong: OSError) -> CtrlkitError:
    reason = wrong.strerror or type(wrong).__name__
    return CtrlkitError(
        f"{visible(path.as_posix())}: cannot be written ({reason}), expected room and permission; "
        "what was read before is kept: mend it and run collect --resume"
    )
