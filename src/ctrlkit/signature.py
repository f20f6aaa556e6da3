"""Signatures over statements: DSSE envelopes by ECDSA P-256 or Ed25519; the one module that knows `cryptography`.

DSSE v1.0.2 (github.com/secure-systems-lab/dsse): the signature is over PAE, "DSSEv1", the lengths and texts of the
payload's type and of the payload. A key is named by the SHA-256 of its DER SubjectPublicKeyInfo.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ctrlkit.errors import InputError
from ctrlkit.privacy import write_private

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
PASSWORD: Final = "CTRLKIT_SIGN_PASSWORD"  # noqa: S105 - the name of a variable
"""The environment variable that may hold the password of the signing key."""
LONGEST: Final = 1 << 20
"""Bytes of an envelope that are read at most."""

Private = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Certificate = x509.Certificate
Public = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a file in `signatures/` holds: the statement's bytes, and the signatures by key id."""

    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]


def key_id(public: Public) -> str:
    """SHA-256 over the key's DER SubjectPublicKeyInfo, hex."""
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def make(stem: Path, password: str | None = None) -> str:
    """Write a new P-256 key to `STEM.key` (PKCS#8 PEM, mode 600, encrypted with the password) and `STEM.pub`; its id.

    Raises InputError where one of the files is there already or cannot be written.
    """
    private = ec.generate_private_key(ec.SECP256R1())
    lock = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    public = private.public_key()
    shown = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    beside = stem.with_name(f"{stem.name}.pub")
    if beside.exists():
        msg = f"{beside}: is there already; a key is never overwritten; move it away or give another name"
        raise InputError(msg)
    try:
        write_private(stem.with_name(f"{stem.name}.key"), pem.decode("ascii"))
        beside.write_bytes(shown)
    except OSError as error:
        msg = f"{stem}: cannot be written ({error.strerror}); expected a folder that is there; check --out"
        raise InputError(msg) from error
    return key_id(public)


def private_key(path: Path, password: Callable[[str], str | None]) -> Private:
    """The signing key in a PEM file; `password` is asked for it, with the file's name, only where it is encrypted.

    Raises InputError where the file holds no such key, or nobody gives the right password.
    """
    raw = _read(path)
    try:
        found = serialization.load_pem_private_key(raw, None)
    except TypeError:
        given = password(path.name)
        if not given:
            msg = f"{path}: is encrypted, and nobody gives its password; set {PASSWORD} or run it at a terminal"
            raise InputError(msg) from None
        try:
            found = serialization.load_pem_private_key(raw, given.encode())
        except ValueError:
            msg = f"{path}: cannot be decrypted; expected its password in {PASSWORD} or at the prompt; try again"
            raise InputError(msg) from None
    except (ValueError, UnsupportedAlgorithm) as error:
        msg = f"{path}: holds no private key ({error}); expected PKCS#8 PEM; make one with ctrlkit keygen --kind sign"
        raise InputError(msg) from error
    if isinstance(found, ed25519.Ed25519PrivateKey) or _is_p256(found):
        return found  # type: ignore[return-value]
    msg = f"{path}: is another kind of key; expected ECDSA P-256 or Ed25519; make one with ctrlkit keygen --kind sign"
    raise InputError(msg)


def public_key(path: Path) -> Public:
    """The public key in a PEM file. Raises InputError where it holds none of the kinds that sign bundles."""
    try:
        found = serialization.load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        msg = f"{path}: holds no public key ({error}); expected the signer's STEM.pub, got from the signer"
        raise InputError(msg) from error
    if isinstance(found, ed25519.Ed25519PublicKey) or _is_p256(found):
        return found  # type: ignore[return-value]
    msg = f"{path}: is another kind of key; expected ECDSA P-256 or Ed25519"
    raise InputError(msg)


def certificates(path: Path) -> list[Certificate]:
    """The certificates in a PEM file. Raises InputError where it holds none."""
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError as error:
        msg = f"{path}: holds no certificate ({error}); expected the authority's in PEM, got from the authority"
        raise InputError(msg) from error


def _is_p256(key: object) -> bool:
    kinds = (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)
    return isinstance(key, kinds) and isinstance(key.curve, ec.SECP256R1)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()[:LONGEST]
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); expected a key in PEM; check the path"
        raise InputError(msg) from error


def _pae(payload: bytes) -> bytes:
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, key: Private) -> tuple[str, bytes]:
    """The id of the key, and the envelope of the statement signed with it, as JSON with a line feed."""
    signed = _pae(payload)
    sig = (
        key.sign(signed) if isinstance(key, ed25519.Ed25519PrivateKey) else key.sign(signed, ec.ECDSA(hashes.SHA256()))
    )
    name = key_id(key.public_key())
    said = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": name, "sig": base64.b64encode(sig).decode()}],
    }
    return name, json.dumps(said, indent=1).encode() + b"\n"


def envelope(raw: bytes, longest: int = LONGEST) -> Envelope:
    """What an envelope of at most so many bytes holds. Raises ValueError, saying what is wrong, where it is none."""
    if len(raw) > longest:
        msg = f"is larger than {longest} bytes; no statement needs that"
        raise ValueError(msg)
    try:
        said: Any = json.loads(raw)
        kind, payload = said["payloadType"], base64.b64decode(said["payload"], validate=True)
        signatures = tuple((str(s["keyid"]), base64.b64decode(s["sig"], validate=True)) for s in said["signatures"])
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        msg = f"is no DSSE envelope: {type(error).__name__}"
        raise ValueError(msg) from error
    if kind != PAYLOAD_TYPE or not signatures:
        msg = f"says payloadType {kind!r} and {len(signatures)} signatures, expected {PAYLOAD_TYPE} and one or more"
        raise ValueError(msg)
    return Envelope(payload, signatures)


def is_signed_by(found: Envelope, key: Public) -> bool:
    """Whether one of the envelope's signatures is this key's over its payload; the key ids are only hints."""
    return any(_verifies(signature, _pae(found.payload), key) for _, signature in found.signatures)


def _verifies(signature: bytes, signed: bytes, key: Public) -> bool:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
