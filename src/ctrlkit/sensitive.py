"""What must never be handed over, by name, start or header: keys, vaults, password hashes, biometric templates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath
from typing import Final

_VAULTS: Final = {
    **dict.fromkeys((".kdbx", ".kdb", ".1pux", ".opvault", ".agilekeychain", ".psafe3"), "a password vault"),
    **dict.fromkeys((".pem", ".pfx", ".p12", ".ppk", ".jks", ".keystore", ".keytab"), "a private key or certificate"),
    **dict.fromkeys((".fpt", ".fmd", ".fmr", ".fir", ".iir", ".fac", ".fp9", ".fp10"), "a biometric template"),
}
_NAMES: Final = (
    (r"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?", "a private key"),
    (r"g?shadow-?", "password hashes"),
    (r"(?:\.?htpasswd|master\.passwd|ntds|sam|security)", "password hashes"),
    (r"\.?(?:netrc|pgpass|env|git-credentials|vault_pass)|credentials", "credentials"),
)
_LISTS: Final = re.compile(
    r"(?!.*(?:reset|chang|expir|polic|forg[eo]t))"
    r"(?:.*[^a-z])?(?:pass ?words?|credentials|user ?names? and passwords?)(?: list)?(?: \d+)?"
)
"""What people call a table of passwords; `credential_changes` and `password_policy` are none."""
_BARE: Final = frozenset({"", ".txt", ".bak", ".old", ".dit", ".hive"})
"""Endings of the files that systems keep under those names; a table of another ending may be about something else."""
_TEMPLATES: Final = re.compile(
    r"(?:.*[^a-z])?(?:finger(?:print)?s?|fp|face|palm|vein|iris|bio(?:metric)?)[ _-]?(?:templates?|minutiae)"
)
_OF_CLOCKS: Final = re.compile(r"(?:.*[^a-z])?(?:ssr|face)?template(?:v?[0-9]+)?\.(?:dat|fp[0-9]+(?:\.[0-9]+)?)")
_STARTS: Final = (
    (re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY"), "a private key"),
    (re.compile(rb"PuTTY-User-Key-File-"), "a private key"),
    (re.compile(rb"\x03\xd9\xa2\x9a"), "a password vault"),
    (re.compile(rb"\xfe\xed\xfe\xed"), "a private key"),
    (re.compile(rb"(?:FMR|FIR|FAC|IIR)\x00"), "a biometric template"),
    (re.compile(rb"[^:\s,;]{1,64}:(?:\$[0-9a-z]{1,8}\$|[!*]{1,2}(?::|\$))[^:\n]*:?[0-9]{0,6}:"), "password hashes"),
    (re.compile(rb"[^:\s,;]{1,64}:(?:\$apr1\$|\$2[aby]\$|\{SHA\})"), "password hashes"),
    (re.compile(rb"[^:\n]{1,64}:[0-9]{1,10}:[0-9A-Fa-f]{32}:[0-9A-Fa-f]{32}:"), "password hashes"),
)
_OF: Final = "(?:user|account|login|old|new|current|encrypted|hashed|employee)"
_WORD: Final = "(?:passwords?|passwd|passphrase|pwd|pin|credentials?)"
_SCHEME: Final = "(?:md5|sha1|sha256|sha512|bcrypt|argon2(?:id)?|scrypt|pbkdf2|ntlm|nt|lm)"
_BODY: Final = "(?:finger ?print|finger|face|facial|palm|vein|iris|retina|voice|biometric|fp)"
_HEADERS: Final = (
    (rf"(?:{_OF} )*{_WORD} (?:hash(?:es|ed)?|salt|digest)", "password hashes"),
    (rf"(?:{_OF} )*{_WORD} {_SCHEME}|{_SCHEME} {_WORD}(?: hash)?", "password hashes"),
    (rf"(?:hashed|encrypted|salted) {_WORD}", "password hashes"),
    (r"(?:nt|lm|ntlm)[ ]?hash|unicode pwd|supplemental credentials|shadow hash(?: data)?", "password hashes"),
    (r"(?:plain ?text |clear ?text |initial |temporary |temp )password", "passwords"),
    (r"private key|(?:ssh|rsa) private key|(?:api|client|shared|oauth) secret|secret (?:access )?key", "credentials"),
    (r"(?:totp|otp|mfa|2fa|hotp) (?:secret|seed|key)|recovery codes?|backup codes?", "secrets of second factors"),
    (
        rf"{_BODY} ?(?:templates?|minutiae|print data|image|vector|embedding|encoding)(?: ?(?:data|[0-9]{{1,2}}))?",
        "biometric templates",
    ),
)
_PASSWORD: Final = re.compile(rf"(?:{_OF} )*(?:pass ?word|passwd|passphrase|pwd)")
"""Over a column; in a document of a product a key of that name holds an empty object or how to sign in."""
_FINGERS: Final = re.compile(r"(?:finger|face|palm|vein|bio) ?(?:id|index|no|number)?|template ?id")
_TEMPLATE: Final = re.compile(r"(?:fp ?)?(?:template|minutiae) ?[0-9]{0,2}")


def by_name(name: str) -> str | None:
    """What a file of that name holds that nobody may read; None for all others."""
    path = PurePath(name.casefold())
    stem = path.name.split(".")[0] if not path.name.startswith(".") else path.name
    if path.suffix in _VAULTS:
        return _VAULTS[path.suffix]
    if _TEMPLATES.fullmatch(stem) or _OF_CLOCKS.fullmatch(path.name):
        return "biometric templates"
    if _LISTS.fullmatch(re.sub(r"[\s_.-]+", " ", stem).strip()):
        return "passwords"
    return next((what for rule, what in _NAMES if path.suffix in _BARE and re.fullmatch(rule, stem)), None)


def by_start(head: bytes) -> str | None:
    """What a file that begins so holds that nobody may read; None for all others."""
    start = head.replace(b"\x00", b"") if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else head
    start = start.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return next((what for rule, what in _STARTS if rule.match(start)), None)


def by_header(headers: Iterable[str], *, keys: bool = False) -> tuple[str, str] | None:
    """The first header over something that nobody may read, and what that is; None where there is none.

    With `keys` they are all the names in a document, and not those of columns.
    """
    texts = [text for header in headers if 0 < len(text := header.strip()) <= 64]  # noqa: PLR2004  (none is longer)
    for text in texts:
        words = _words(text.rpartition(".")[2])
        for rule, what in _HEADERS:
            if re.fullmatch(rule, words):
                return text, what
        if not keys and _PASSWORD.fullmatch(_words(text)) and "[" not in text:
            return text, "passwords"
    named = [_words(text) for text in texts]
    if any(map(_FINGERS.fullmatch, named)):
        at = next((n for n, words in enumerate(named) if _TEMPLATE.fullmatch(words)), None)
        return None if at is None else (texts[at], "biometric templates")
    return None


def _words(header: str) -> str:
    """A header in lower case, its words apart: `passwordHash`, `Password_Hash` and `PASSWORD-HASH` are one."""
    text = unicodedata.normalize("NFKC", header)
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", text)
    return " ".join(re.findall(r"[a-z0-9]+", text.casefold()))
