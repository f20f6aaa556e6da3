"""What the records of a domain say about its mail: SPF, DKIM (RFC 6376), DMARC (RFC 9989), MTA-STS (RFC 8461).

Read from rows of kind `dns`, so a name without row is an answer only where the domain was asked for; `dns_pack` says
how that shows. Of a record that cannot be read nothing is known; whether that is a finding is for a control to say.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ctrlkit import spf

TREE: Final = 7
"""Names above a domain at which DMARC is looked for (RFC 9989 4.10)."""
_CHUNKS: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_POLICIES: Final = {"none", "quarantine", "reject"}


@dataclass(slots=True)
class Zone:
    """All that is known of one domain of the engagement: the values of each type at each name."""

    domain: str
    values: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def ask(self, name: str, type_: str) -> tuple[str, ...] | None:
        """The values of a type at a name; None where nothing shows that somebody asked."""
        there = self.values.get((name, type_))
        asked = any(kind == "NS" for _, kind in self.values)
        return there if there is not None else () if asked else None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of kind `dns` in its zone."""

    zone: Zone
    type: str
    name: str
    value: str

    @property
    def text(self) -> str:
        """The text without the quotes that a name server's tools put round its chunks."""
        quoted = self.value.startswith('"') and self.value.endswith('"')
        return "".join(_CHUNKS.findall(self.value)) if quoted else self.value


def rows_of(cells: Iterable[tuple[str, str, str, str]]) -> list[Row]:
    """The rows, given as domain, type, name and value; each knows all others of its domain."""
    zones: dict[str, Zone] = {}
    rows = []
    for domain, type_, name, value in cells:
        zone = zones.setdefault(domain, Zone(domain.removesuffix(".")))
        row = Row(zone, type_, name.removesuffix("."), value)
        place = (row.name, type_)
        zone.values[place] = (*zone.values.get(place, ()), row.text)
        rows.append(row)
    return rows


def tags(text: str) -> dict[str, str]:
    """The tags of a record `a=b; c=d`, the names in lower case; the first of a name counts."""
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def record(row: Row) -> str:
    """Which record about mail the row is: mx, spf, dkim, dmarc, sts, sts_policy, tls_rpt, or other."""
    domain, version = row.zone.domain, tags(row.text).get("v", "").lower()
    if row.type == "MX" and mail_host(row):
        return "mx"
    if row.type == "MTA-STS":
        return "sts_policy"
    texts = {
        "spf": row.name == domain and spf.is_record(row.text),
        "dmarc": row.name == dmarc_place(row.zone) and version == "dmarc1",
        "dkim": "._domainkey." in row.name and _key_of(row) != "",
        "sts": (row.name, version) == (f"_mta-sts.{domain}", "stsv1"),
        "tls_rpt": (row.name, version) == (f"_smtp._tls.{domain}", "tlsrptv1"),
    }
    return next((name for name, it_is in texts.items() if it_is and row.type == "TXT"), "other")


def mail_host(row: Row) -> str | None:
    """The host that takes the domain's mail; None for the record which says that none does (RFC 7505)."""
    host = row.value.split()[-1].removesuffix(".").lower()
    return host or None


def dmarc_place(zone: Zone) -> str | None:
    """The name whose DMARC record decides for the domain: its own, else that of the organisation above it.

    Of several above it the highest counts, unless one says by psd=n that it is the organisation's, or by psd=y that the
    name below it is.
    """
    own = f"_dmarc.{zone.domain}"
    if _dmarc_at(zone, own):
        return own
    labels = zone.domain.split(".")
    names = [".".join(labels[start:]) for start in range(1, len(labels))][-TREE:]
    found: str | None = None
    for name in names:
        place = f"_dmarc.{name}"
        texts = _dmarc_at(zone, place)
        suffix = tags(texts[0]).get("psd", "u").lower() if texts else "u"
        if suffix == "y":
            return found if found is not None and found.removeprefix("_dmarc.").partition(".")[2] == name else place
        found = place if texts else found
        if suffix == "n":
            break
    return found


def _dmarc_at(zone: Zone, place: str) -> list[str]:
    return [text for text in zone.ask(place, "TXT") or () if tags(text).get("v", "").lower() == "dmarc1"]


def dmarc_policy(row: Row) -> str:
    """What receivers are asked to do: p, or sp below the name of the record; none where they cannot read it."""
    told = tags(row.text)
    if told.get("v") != "DMARC1" or not row.text.lstrip().lower().startswith("v"):
        return "none"
    policy = told.get("p", "none")
    if row.name != f"_dmarc.{row.zone.domain}":
        policy = told.get("sp", policy)
    return policy.lower() if policy.lower() in _POLICIES else "none"


def _key_of(row: Row) -> str:
    return "".join(tags(row.text).get("p", "").split())


def dkim_key(row: Row) -> str:
    """The kind of a DKIM key."""
    return tags(row.text).get("k", "rsa").lower()


def dkim_bits(row: Row) -> int | None:
    """The length of an RSA key, 256 for Ed25519; None where it cannot be read."""
    try:
        key = base64.b64decode(_key_of(row), validate=True)
    except (binascii.Error, ValueError):
        return None
    if dkim_key(row) == "ed25519":
        return 256 if len(key) == 32 else None  # noqa: PLR2004  (RFC 8463: a bare key of 32 bytes)
    return _rsa_bits(key)


def _rsa_bits(der: bytes) -> int | None:
    """The length of the modulus in a SubjectPublicKeyInfo, or in a bare RSAPublicKey."""
    inside = _part(der, 0x30)
    first = inside and _part(inside[0], 0x30)
    if inside and first:
        wrapped = _part(first[1], 0x03)
        inside = _part(wrapped[0][1:], 0x30) if wrapped else None
    modulus = inside and _part(inside[0], 0x02)
    return int.from_bytes(modulus[0], "big").bit_length() if modulus else None


def _part(data: bytes, tag: int) -> tuple[bytes, bytes] | None:
    """The content of the first part and what follows it; None where it is of another kind or cut."""
    if len(data) < 2 or data[0] != tag:  # noqa: PLR2004  (a tag and a length)
        return None
    size, start = data[1], 2
    if size >= 0x80:  # noqa: PLR2004  (the length stands in the bytes that follow)
        start += size - 0x80
        size = int.from_bytes(data[2:start], "big")
    content = data[start : start + size]
    return (content, data[start + size :]) if len(content) == size else None


def _policy_lines(row: Row) -> list[tuple[str, str]]:
    parts = (line.partition(":") for line in row.text.splitlines())
    return [(key.strip().lower(), value.strip()) for key, _, value in parts]


def sts_mode(row: Row) -> str:
    """The mode of a policy file of MTA-STS; none where it states none, or is no such file."""
    told = dict(reversed(_policy_lines(row)))
    return told.get("mode", "none").lower() if told.get("version") == "STSv1" else "none"


def sts_max_age(row: Row) -> int | None:
    """For how many seconds senders keep the policy."""
    age = dict(reversed(_policy_lines(row))).get("max_age", "")
    return int(age) if re.fullmatch(r"[0-9]{1,10}", age) else None


def sts_covers_mx(row: Row) -> bool | None:
    """Whether each host that takes the domain's mail matches a line mx of the policy file."""
    patterns = [value.lower() for key, value in _policy_lines(row) if key == "mx"]
    hosts = [mail_host(Row(row.zone, "MX", "", v)) for v in row.zone.ask(row.zone.domain, "MX") or ()]
    return all(_matches(host, patterns) for host in hosts if host) if hosts else None


def _matches(host: str, patterns: list[str]) -> bool:
    return host in patterns or f"*.{host.partition('.')[2]}" in patterns


def _of_spf(name: str) -> Callable[[Row], object]:
    return lambda row: getattr(spf.read(row.text, row.zone.domain, row.zone.ask), name)


def _of(wanted: str, read: Callable[[Row], object]) -> Callable[[Row], object]:
    """What `read` says of the rows that are such a record; nothing of all others."""
    return lambda row: read(row) if record(row) == wanted else None


READ: Final[Mapping[str, Callable[[Row], object]]] = {
    "mail_record": record,
    "mail_host": _of("mx", mail_host),
    "spf_ends": _of("spf", _of_spf("ends")),
    "spf_look_ups": _of("spf", _of_spf("look_ups")),
    "spf_voids": _of("spf", _of_spf("voids")),
    "spf_mx_names": _of("spf", _of_spf("mx_names")),
    "spf_is_valid": _of("spf", _of_spf("valid")),
    "spf_allows_nobody": _of("spf", lambda row: spf.allows_nobody(row.text)),
    "dkim_key": _of("dkim", dkim_key),
    "dkim_bits": _of("dkim", dkim_bits),
    "dkim_allows_sha1": _of("dkim", lambda row: "sha1" in _words(row, "h")),
    "dkim_tests": _of("dkim", lambda row: "y" in _words(row, "t")),
    "dmarc_policy": _of("dmarc", dmarc_policy),
    "dmarc_tests": _of("dmarc", lambda row: "y" in _words(row, "t")),
    "dmarc_reports": _of("dmarc", lambda row: "mailto:" in tags(row.text).get("rua", "").lower()),
    "dmarc_share": _of("dmarc", lambda row: _share(tags(row.text).get("pct", "100"))),
    "sts_mode": _of("sts_policy", sts_mode),
    "sts_max_age": _of("sts_policy", sts_max_age),
    "sts_covers_mx": _of("sts_policy", sts_covers_mx),
}
"""What can be told of a row, by the rule that a kind names; None where it is not known."""


def _words(row: Row, tag: str) -> list[str]:
    return [word.strip().lower() for word in tags(row.text).get(tag, "").split(":")]


def _share(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,3}", text) else None
