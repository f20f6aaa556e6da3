"""What the invented vendor's domain publishes about its mail, as a collection of the name system writes it."""

from __future__ import annotations

import base64
import hashlib

from sample_files import Row, Table
from sample_place import END, Place
from sample_vendor import SEED


def reports(place: Place) -> str:
    """Where receivers send what they counted."""
    return f"rua=mailto:dmarc@{place.domain}"


def table(place: Place) -> Table:
    """The answers, without any weakness."""
    domain = place.domain
    policy = f"version: STSv1\nmode: enforce\nmx: mx1.{domain}\nmx: mx2.{domain}\nmax_age: 604800\n"
    answers = Table(
        "dns", "dns.csv", ("domain", "type", "name", "value", "ttl", "queried_at"), ("domain", "name", "type", "value")
    )
    for type_, name, value in (
        ("NS", domain, "ns1.dns-host.example"),
        ("NS", domain, "ns2.dns-host.example"),
        ("MX", domain, f"10 mx1.{domain}"),
        ("MX", domain, f"20 mx2.{domain}"),
        ("TXT", domain, "v=spf1 mx include:_spf.mail-host.example include:_spf.survey-tool.example -all"),
        ("TXT", domain, "site-verification=4f1c9a"),
        ("TXT", "_spf.mail-host.example", "v=spf1 ip4:192.0.2.0/26 ip4:198.51.100.128/26 ~all"),
        ("TXT", "_spf.survey-tool.example", "v=spf1 ip4:192.0.2.64/28 ~all"),
        ("TXT", f"_dmarc.{domain}", f"v=DMARC1; p=reject; {reports(place)}"),
        ("TXT", f"selector1._domainkey.{domain}", f"v=DKIM1; k=rsa; p={rsa_key('selector1', 2048)}"),
        ("TXT", f"selector2._domainkey.{domain}", "v=DKIM1; k=rsa; p="),
        ("TXT", f"_smtp._tls.{domain}", f"v=TLSRPTv1; rua=mailto:tls@{domain}"),
        ("TXT", f"_mta-sts.{domain}", "v=STSv1; id=20260914T0800"),
        ("MTA-STS", f"mta-sts.{domain}", policy),
    ):
        add(answers, place, type_, name, value)
    return answers


def add(answers: Table, place: Place, type_: str, name: str, value: str) -> Row:
    """Add one record to the answers about the domain."""
    collected = place.at(END, 10 * 60 + 15)
    return answers.add(domain=place.domain, type=type_, name=name, value=value, ttl=3600, queried_at=collected)


def record(answers: Table, name: str, begins: str) -> Row:
    """The text at a name that begins so."""
    return next(row for row in answers.rows if row["name"] == name and row["value"].startswith(begins))


def rsa_key(name: str, bits: int) -> str:
    """What a public key of that length looks like in DKIM; it is drawn, so nobody has the other half."""
    blocks = (hashlib.sha256(f"{SEED}|{name}|{n}".encode()).digest() for n in range(bits // 256))
    number = int.from_bytes(b"".join(blocks), "big") | 1 << (bits - 1) | 1
    modulus = _part(0x02, b"\x00" + number.to_bytes(bits // 8, "big"))
    key = _part(0x30, modulus + _part(0x02, b"\x01\x00\x01"))
    algorithm = _part(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    return base64.b64encode(_part(0x30, algorithm + _part(0x03, b"\x00" + key))).decode()


def _part(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 0x80 else bytes([0x82]) + size.to_bytes(2, "big")  # noqa: PLR2004
    return bytes([tag]) + length + content
