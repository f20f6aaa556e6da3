"""A recorded change of the engagement key: which finding and which original of the old one is which under the new.

Pseudonyms of two keys cannot be compared, and neither can finding keys, which rest on them. Whoever holds both keys and
the originals can tell which is which once, for one bundle; the record holds digests only, no pseudonym and no key. It
is under an HMAC of both keys, so that whoever holds either can check it, and may be signed for those who hold none.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from ctrlkit import signature, statement
from ctrlkit.comparison import Book
from ctrlkit.errors import InputError
from ctrlkit.keyring import Pinned
from ctrlkit.model import Result
from ctrlkit.privacy import EngagementKey
from ctrlkit.signature import Private

PREDICATE: Final = "urn:ctrlkit:rekey:v1"
_LONGEST: Final = signature.LONGEST << 4


@dataclass(frozen=True, slots=True)
class KeyChange:
    """From one engagement key to the next, for the findings of one bundle.

    `old_key` and `new_key` are the keys' ids, `tagmanifest` the SHA-256 that names the bundle, `findings` and
    `originals` (commitments) old -> new. `not_followed` findings of the bundle have no successor in it.
    """

    made_at: str
    vendor: str
    engagement: str
    bundle: str
    tagmanifest: str
    old_key: str
    new_key: str
    findings: Mapping[str, str]
    originals: Mapping[str, str]
    not_followed: int

    def _text(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def document(self, old: EngagementKey, new: EngagementKey) -> dict[str, Any]:
        """The record under both keys, ready for JSON."""
        return {"rekey": 1, **asdict(self), "old_hmac": old.seal(self._text()), "new_hmac": new.seal(self._text())}

    def is_under(self, key: EngagementKey, said: Mapping[str, Any]) -> bool:
        """Whether the HMAC in a document is that of this key, which is one of the two."""
        name = {self.old_key: "old_hmac", self.new_key: "new_hmac"}.get(key.id)
        return name is not None and hmac.compare_digest(str(said.get(name)), key.seal(self._text()))


def signed(document: Mapping[str, Any], key: Private) -> bytes:
    """The document as an in-toto statement about its bundle, in a signed envelope."""
    said = {
        "_type": statement.TYPE,
        "subject": [{"name": "tagmanifest-sha256.txt", "digest": {"sha256": document["tagmanifest"]}}],
        "predicateType": PREDICATE,
        "predicate": document,
    }
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return signature.sign(text, key)[1]


def load(path: Path, held: Sequence[EngagementKey], pinned: Sequence[Pinned]) -> KeyChange:
    """The record in `path`, checked under one of its keys that is held here, or by a pinned key that has signed it.

    Raises InputError where it is no such record, and where neither shows that its maker held the keys: a record is
    never taken on trust.
    """
    document, envelope = _read(path)
    change = _change(path, document)
    ours = [key for key in held if key.id in {change.old_key, change.new_key}]
    for key in ours:
        if not change.is_under(key, document):
            msg = f"{path}: was altered, or made without engagement key {key.id}: its HMAC does not match"
            raise InputError(f"{msg}; ask for the record as it was made")
    if ours or (envelope is not None and any(signature.is_signed_by(envelope, p.key) for p in pinned)):
        return change
    msg = f"{path}: ties engagement key {change.old_key} to {change.new_key}, and nothing here shows that it is right"
    raise InputError(
        f"{msg}; expected one of these keys (--engagement-key), or the record signed and the signer's --vendor-key"
    )


def _read(path: Path) -> tuple[dict[str, Any], signature.Envelope | None]:
    try:
        raw = path.read_bytes()[: _LONGEST + 1]
        said: Any = json.loads(raw)
        if "payloadType" not in said:
            return dict(said), None
        envelope = signature.envelope(raw, _LONGEST)
        stated = json.loads(envelope.payload)
        return dict(stated["predicate"] if stated["predicateType"] == PREDICATE else {}), envelope
    except OSError as error:
        msg = f"{path}: cannot be read ({error.strerror}); expected what ctrlkit rekey wrote; check the path"
        raise InputError(msg) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _not_one(path, f"{type(error).__name__}: {error}") from error


def _change(path: Path, document: Mapping[str, Any]) -> KeyChange:
    lacking = sorted({*KeyChange.__dataclass_fields__} - {*document})
    if lacking or document.get("rekey") != 1:
        raise _not_one(path, f"it holds no {', '.join(lacking) or 'version 1'}")
    change = KeyChange(**{name: document[name] for name in KeyChange.__dataclass_fields__})
    for name, pairs in (("findings", change.findings), ("originals", change.originals)):
        if not isinstance(pairs, dict) or not all(isinstance(text, str) for text in pairs.values()):
            raise _not_one(path, f"its {name} are no digests by digests")
    if len({*change.findings.values()}) != len(change.findings):
        raise _not_one(path, "in it two findings become one")
    return change


def _not_one(path: Path, why: str) -> InputError:
    return InputError(f"{path}: is no record of a changed key ({why}); expected what ctrlkit rekey wrote")


def told(change: KeyChange) -> str:
    """The change in one line."""
    lost = f", {change.not_followed} cannot be followed" if change.not_followed else ""
    keys = f"engagement key {change.old_key} became {change.new_key} at {change.made_at}"
    return f"{keys}: {len(change.findings)} findings are followed{lost}"


def followed(book: Book, changes: Sequence[KeyChange]) -> Book:
    """The book as it would stand under the newest key that the changes lead to; those of other keys do nothing.

    A finding that a change does not know keeps its old name, so it counts as gone and never as the same as another.
    """
    for change in changes:
        if book.run.get("key") == change.old_key and book.run["vendor"] == change.vendor:
            book = _under(book, change)
    return book


def _under(book: Book, change: KeyChange) -> Book:
    results = {where: _renamed(result, change) for where, result in book.results.items()}
    evidence = [
        {
            **kind,
            "sources": [{**s, "commitment": change.originals.get(s["commitment"], s["commitment"])} for s in sources],
        }
        for kind in book.run.get("evidence", ())
        for sources in [kind["sources"]]
    ]
    return replace(book, run={**book.run, "key": change.new_key, "evidence": evidence}, results=results)


def _renamed(result: Result, change: KeyChange) -> Result:
    findings = tuple(replace(f, key=change.findings.get(f.key, f.key)) for f in result.findings)
    return replace(result, findings=findings)
