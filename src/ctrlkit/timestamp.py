"""RFC 3161 time stamps of a bundle: a third party's word for when it was there already; asked for only on request.

What is stamped is the SHA-256 of `tagmanifest-sha256.txt`, which covers all else: nothing but that digest leaves. The
one module that knows `rfc3161_client`, which the extra `timestamp` brings, and that asks an authority over the network.
"""

from __future__ import annotations

import hashlib
import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ctrlkit import bag, seals
from ctrlkit.bag import Problem
from ctrlkit.errors import InputError

if TYPE_CHECKING:
    from rfc3161_client import TimeStampRequest, TimeStampResponse

    from ctrlkit.signature import Certificate

PLACES: Final = ((bag.SIGNATURES, ""), (f"data/{seals.HANDOVER}", f"data/{seals.HANDOVER}"))
"""Where a stamp may stand in a bundle, and where the manifest that it is about."""
LONGEST: Final = 1 << 20
"""Bytes of a reply that are read at most."""
SECONDS: Final = 30
_GRANTED: Final = 0
_DIGESTS: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time stamp: its file, the instant it states (ISO, UTC), whether a pinned authority gave it.

    `at` is empty where nothing here can read it.
    """

    file: str
    at: str
    verified: bool = False


def request(folder: Path) -> bytes:
    """The DER of a request for a time stamp of the bundle in `folder`, to be taken to an authority."""
    return _request(folder).as_bytes()


def _request(folder: Path) -> TimeStampRequest:
    _need()
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    message = (folder / bag.TAG_MANIFEST).read_bytes()
    return TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build()


def ask(folder: Path, url: str) -> bytes:
    """The authority's reply to a request, over the network. Raises InputError where it gives none that answers it."""
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        msg = f"--tsa {url}: expected an address that begins with https:// or http://; check it"
        raise InputError(msg)
    asked = _request(folder)
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    post = urllib.request.Request(url, asked.as_bytes(), headers)  # noqa: S310  (its scheme was looked at)
    try:
        with urllib.request.urlopen(post, timeout=SECONDS) as answer:  # noqa: S310
            raw: bytes = answer.read(LONGEST + 1)
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        why = getattr(error, "reason", None) or error
        msg = f"--tsa {url}: gives no reply ({why}); expected a time stamping authority (RFC 3161)"
        raise InputError(f"{msg}; try again, or take the request there yourself with --request and --reply") from error
    try:
        if _read(raw).tst_info.nonce != asked.nonce:
            msg = f"--tsa {url}: replies to another request than the one made; expected its own nonce; ask again"
            raise InputError(msg)
    except ValueError as error:
        msg = f"--tsa {url}: {error}; expected a granted time stamp; ask another authority"
        raise InputError(msg) from error
    return raw


def add(folder: Path, raw: bytes, where: str) -> Stamp:
    """Put a reply into the bundle in `folder`; `where` names it in messages.

    Raises InputError where it is none, is about something else, or the bundle has one already.
    """
    _need()
    target = folder / bag.SIGNATURES / bag.STAMP
    try:
        stamp = stamp_in(raw, (folder / bag.TAG_MANIFEST).read_bytes(), f"{bag.SIGNATURES}{bag.STAMP}", ())
    except ValueError as error:
        msg = f"{where}: {error}; expected an authority's reply to the request for this bundle; ask again"
        raise InputError(msg) from error
    target.parent.mkdir(exist_ok=True)
    try:
        with target.open("xb") as out:
            out.write(raw)
    except FileExistsError as error:
        msg = f"{target}: is there already; expected a bundle without a time stamp; the first is worth most: leave it"
        raise InputError(msg) from error
    return stamp


def check(folder: Path, roots: Sequence[Certificate] | None) -> tuple[list[Stamp], list[Problem]]:
    """The time stamps of a bundle, and what is wrong: with them, or where pinned authorities gave none.

    `roots` are the certificates of authorities that are trusted; None: nobody asks.
    """
    found: list[Stamp] = []
    problems: list[Problem] = []
    if roots is not None:
        _need()
    for place, about in PLACES:
        path = folder / place / bag.STAMP
        name = f"{place}{bag.STAMP}"
        if not path.is_file():
            continue
        if not _here():
            found.append(Stamp(name, ""))
            continue
        try:
            message = (folder / about / bag.TAG_MANIFEST).read_bytes()
            found.append(stamp_in(path.read_bytes()[: LONGEST + 1], message, name, roots or ()))
        except (ValueError, OSError) as error:
            problems.append(Problem(name, str(error)))
    if roots is not None and not problems and not any(stamp.verified for stamp in found):
        problems.append(Problem(bag.SIGNATURES, "holds no time stamp of the pinned authority"))
    return found, problems


def _here() -> bool:
    return find_spec("rfc3161_client") is not None


def _need() -> None:
    """Raises InputError where the library is not installed."""
    if not _here():
        msg = "time stamps: rfc3161-client is not installed; expected it beside ctrlkit"
        raise InputError(f"{msg}; pip install 'ctrlkit[timestamp]'")


def _read(raw: bytes) -> TimeStampResponse:
    """A granted reply. Raises ValueError, saying what is wrong, where it is none."""
    from rfc3161_client import decode_timestamp_response

    if len(raw) > LONGEST:
        msg = f"is larger than {LONGEST} bytes; no time stamp needs that"
        raise ValueError(msg)
    try:
        reply = decode_timestamp_response(raw)
        status = int(reply.status)
    except (ValueError, TypeError) as error:
        msg = f"is no reply of a time stamping authority: {error}"
        raise ValueError(msg) from error
    if status != _GRANTED:
        msg = f"is a refusal of the authority (status {status}), no time stamp"
        raise ValueError(msg)
    return reply


def stamp_in(raw: bytes, message: bytes, name: str, roots: Sequence[Certificate]) -> Stamp:
    """The stamp in a reply about `message`. Raises ValueError, saying what is wrong, where it does not hold."""
    from rfc3161_client import VerificationError, VerifierBuilder

    reply = _read(raw)
    imprint = reply.tst_info.message_imprint
    known = _DIGESTS.get(imprint.hash_algorithm.dotted_string)
    if known is None or hashlib.new(known, message).digest() != imprint.message:
        msg = f"is a time stamp of something else than this {bag.TAG_MANIFEST}"
        raise ValueError(msg)
    at = reply.tst_info.gen_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if not roots:
        return Stamp(name, at)
    try:
        VerifierBuilder(roots=list(roots)).build().verify_message(reply, message)
    except (VerificationError, ValueError) as error:
        msg = f"is not of the pinned authority: {error}"
        raise ValueError(msg) from error
    return Stamp(name, at, verified=True)
