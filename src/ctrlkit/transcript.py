"""The frame that a probe script printed, read back: whole and unaltered, or what is wrong with it.

A frame begins with `CTRLKIT-FACTS 1 <marker>` and ends with `CTRLKIT-END <marker> <crc> <bytes>`, the POSIX cksum of
every line before it. Between them stand `: key value` lines about the run and, per probe, `= name`, its stdout with `|`
before each line, its stderr with `!`, and `? ` with its exit status or a word for how it ended. Noise before and after
(banners, shell start files) is passed over. What a host says is data: it is kept as bytes and never printed as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Final

from ctrlkit.model import Cause, Fault
from ctrlkit.visible import visible

MOST_BYTES: Final = 64 << 20
"""A larger file is not read."""

_FIRST: Final = re.compile(rb"CTRLKIT-FACTS (?P<version>[0-9]{1,4}) (?P<marker>[A-Za-z0-9]{8,64})(?P<cr>\r?)")
_INSTANT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_ENDS: Final = ("timeout", "clipped", "refused", "skipped", "lost")
_UTF_16: Final = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Output:
    """What one probe said.

    `status` is its exit status, None where it did not exit by itself; then `end` says how it ended: timeout, clipped
    (said too much), refused (needs root, and the script ran without), skipped (no time left), lost. Else `end` is exit.
    `line` is the line of the file on which its stdout begins, as an editor counts.
    """

    stdout: bytes
    stderr: bytes
    status: int | None
    end: str
    line: int


@dataclass(frozen=True, slots=True)
class Transcript:
    """One whole frame.

    `started_at` is RFC 3339 UTC by the host's own clock, `rights` root, sudo or none, `roles` what the person who
    started the script called the host.
    """

    host: str
    marker: str
    nonce: str
    shell: str
    named: str
    started_at: str
    uid: str
    rights: str
    probes: Mapping[str, Output]
    roles: tuple[str, ...] = ()


class _BrokenError(ValueError):
    """A line that no script prints."""


def read(data: bytes, host: str, *, marker: str | None = None) -> Transcript | Fault:
    """The frame in `data`, or the fault that keeps it from being one; `host` is how the inventory names the machine.

    `marker` is the one that was asked for: any other frame is noise. Without it there must be exactly one frame.
    `data` may be the JSON file that `ansible --tree` writes for a host. Faults: malformed (nothing, too much),
    unsupported (no frame at all, another version), cut (no end, edited, wrapped, two of them).
    """
    if not data.strip():
        return Fault(Cause.MALFORMED, f"{host} · nothing was printed · expected the output of the probe script")
    if len(data) > MOST_BYTES:
        return Fault(Cause.MALFORMED, f"{host} · {len(data)} bytes · expected at most {MOST_BYTES} · ask again")
    lines = _plain(data).split(b"\n")
    starts = [(n, m) for n, line in enumerate(lines) if (m := _FIRST.fullmatch(line)) and _asked(m, marker)]
    if not starts:
        return _no_frame(host, lines)
    first, found = starts[0]
    if any(other["marker"] != found["marker"] or n > _end(lines, first, found) for n, other in starts[1:]):
        return _cut(host, starts[1][0] + 1, "a second set of facts begins", "one per host", "hand in one file per host")
    if found["version"] != b"1":
        version = found["version"].decode()
        return Fault(
            Cause.UNSUPPORTED, f"{host}:{first + 1} · facts of form {version} · expected 1 · use a newer ctrlkit"
        )
    return _frame(host, lines, first, found)


def cksum(data: bytes) -> int:
    """The CRC that POSIX `cksum` prints."""
    import binascii

    # POSIX runs an unreflected CRC-32 over the data and then its length. zlib's is the reflected one of the same
    # polynomial, so mirroring every bit on the way in and the result on the way out makes one of the other.
    length = len(data)
    tail = length.to_bytes((length.bit_length() + 7) // 8, "little")
    mirrored = (data + tail).translate(_mirror())
    crc = binascii.crc32(mirrored, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2) ^ 0xFFFFFFFF


def sealed(marker: str, body: str) -> bytes:
    """A whole frame round `body` (lines without the first and the last); what a script would print."""
    text = f"CTRLKIT-FACTS 1 {marker}\n{body}".encode("utf-8", "surrogateescape")
    return text + f"CTRLKIT-END {marker} {cksum(text)} {len(text)}\n".encode()


@cache
def _mirror() -> bytes:
    return bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _asked(match: re.Match[bytes], marker: str | None) -> bool:
    return marker is None or match["marker"] == marker.encode()


def _plain(data: bytes) -> bytes:
    """`data` out of what carried it: UTF-16 of a Windows redirection, JSON of ansible with its terminal's line ends."""
    coding = _UTF_16.get(data[:2])
    if coding:
        data = data[2:].decode(coding, "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:1] != b"{":
        return data
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return data
    said = document.get("stdout") if isinstance(document, dict) else None
    return said.encode("utf-8", "surrogateescape").replace(b"\r\n", b"\n") if isinstance(said, str) else data


def _no_frame(host: str, lines: list[bytes]) -> Fault:
    for number, line in enumerate(lines):
        if b"CTRLKIT-FACTS" in line:
            return _cut(host, number + 1, _shown(line), "CTRLKIT-FACTS 1 and a marker", _AGAIN)
    seen = next((line for line in lines if line.strip()), b"")
    return Fault(
        Cause.UNSUPPORTED,
        f"{host} · the probe script was not run; first line seen: {_shown(seen)} · expected CTRLKIT-FACTS · "
        "let the account run sh, or start the printed script by hand",
    )


def _end(lines: list[bytes], first: int, found: re.Match[bytes]) -> int:
    """Where the frame ends: the line of its CTRLKIT-END, or past the last line."""
    mark = b"CTRLKIT-END " + found["marker"] + b" "
    return next((n for n in range(first, len(lines)) if lines[n].startswith(mark)), len(lines))


def _frame(host: str, lines: list[bytes], first: int, found: re.Match[bytes]) -> Transcript | Fault:
    last = _end(lines, first, found)
    if last == len(lines):
        seen = [line[2:] for line in lines[first:] if line.startswith(b"= ")]
        at = f"after probe {_shown(seen[-1])}" if seen else "before the first probe"
        return _cut(host, last, f"the facts break off {at}", "a last line CTRLKIT-END", _AGAIN)
    windows = bool(found["cr"]) and b": shell powershell\r" in lines[first:last]
    body = [line.removesuffix(b"\r") if windows else line for line in lines[first:last]]
    whole = b"".join(line + b"\n" for line in body)
    said = lines[last].split()[2:]
    if found["cr"] and not windows:
        return _cut(host, first + 1, "line ends were changed to CRLF", "the file as printed", _AGAIN)
    try:
        transcript = _parsed(host, found["marker"].decode(), body, first)
    except _BrokenError as broken:
        return _cut(host, int(broken.args[1]), str(broken.args[0]), "a line of the probe script", _AGAIN)
    if said != [str(cksum(whole)).encode(), str(len(whole)).encode()]:
        found_words = f"checksum {_shown(b' '.join(said)) or 'none'}"
        return _cut(host, last + 1, found_words, f"{cksum(whole)} {len(whole)}; a line was altered", _AGAIN)
    return transcript


_AGAIN: Final = "run the script again and hand in its output as a file, unopened"


def _cut(host: str, line: int, found: str, expected: str, remedy: str) -> Fault:
    return Fault(Cause.CUT, f"{host}:{line} · {found} · expected {expected} · {remedy}")


def _shown(line: bytes) -> str:
    text = visible(line[:80].decode("utf-8", "replace").strip())
    return f'"{text}"' if text else "an empty line"


def _parsed(host: str, marker: str, body: list[bytes], first: int) -> Transcript:
    meta: dict[str, str] = {}
    probes: dict[str, Output] = {}
    number = 1
    while number < len(body) and body[number].startswith(b": "):
        key, _, value = body[number][2:].decode("utf-8", "replace").partition(" ")
        meta[key] = value
        number += 1
    while number < len(body):
        name, output, number = _block(body, number, first)
        if name in probes:
            raise _BrokenError(f"probe {visible(name)} stands there twice", number)
        probes[name] = output
    _check(meta, probes, first)
    return Transcript(
        host=host,
        marker=marker,
        nonce=meta["nonce"],
        shell=meta["shell"],
        named=meta["host"],
        started_at=meta["started"],
        uid=meta["uid"],
        rights=meta["rights"],
        probes=MappingProxyType(probes),
        roles=tuple(sorted(filter(None, meta.get("roles", "").split(",")))),
    )


def _block(body: list[bytes], number: int, first: int) -> tuple[str, Output, int]:
    """The probe that begins on line `number` of the frame, and the line after it."""
    if not body[number].startswith(b"= "):
        raise _BrokenError(_shown(body[number]), first + number + 1)
    name = body[number][2:].decode("ascii", "replace")
    begin = number + 1
    parts: list[list[bytes]] = []
    for mark in (b"|", b"!"):
        start = number = number + 1 if mark == b"|" else number
        while number < len(body) and body[number].startswith(mark):
            number += 1
        parts.append([line[1:] for line in body[start:number]])
    if number >= len(body) or not body[number].startswith(b"? "):
        found = _shown(body[number]) if number < len(body) else f"no end of probe {visible(name)}"
        raise _BrokenError(found, first + number + 1)
    end = body[number][2:].decode("ascii", "replace")
    exited = end.isascii() and end.isdigit()
    if not exited and end not in _ENDS:
        raise _BrokenError(_shown(body[number]), first + number + 1)
    stdout, stderr = (b"".join(line + b"\n" for line in part) for part in parts)
    status = int(end) if exited else None
    return name, Output(stdout, stderr, status, "exit" if exited else end, first + begin + 1), number + 1


def _check(meta: Mapping[str, str], probes: Mapping[str, Output], first: int) -> None:
    lacking = [key for key in ("shell", "nonce", "host", "started", "uid", "rights", "probes") if key not in meta]
    if lacking:
        raise _BrokenError(f"no line ': {lacking[0]}'", first + 1)
    if meta["probes"] != str(len(probes)):
        raise _BrokenError(f"{len(probes)} probes where the script announced {visible(meta['probes'])}", first + 1)
    if not _INSTANT.fullmatch(meta["started"]):
        raise _BrokenError(f"started {visible(meta['started'])}", first + 1)
    try:
        datetime.fromisoformat(meta["started"])
    except ValueError as error:
        raise _BrokenError(f"started {visible(meta['started'])}", first + 1) from error
