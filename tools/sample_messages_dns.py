"""What the invented vendor's domain publishes about its mail, as a collection of the name system writes it."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Final

from sample_files import Row, Table
from sample_vendor import DOMAIN, SEED, ZONE

COLLECTED: Final = datetime(2026, 11, 1, 10, 15, tzinfo=ZONE)
REPORTS: Final = f"rua=mailto:dmarc@{DOMAIN}"


POLICY: Final = f"version: STSv1\nmode: enforce\nmx: mx1.{DOMAIN}\nmx: mx2.{DOMAIN}\nmax_age: 604800\n"


def table() -> Table:
    """The answers, without any weakness."""
    answers = Table(
        "dns", "dns.csv", ("domain", "type", "name", "value", "ttl", "queried_at"), ("domain", "name", "type", "value")
    )
    for type_, name, value in (
        ("NS", DOMAIN, "ns1.dns-host.example"),
        ("NS", DOMAIN, "ns2.dns-host.example"),
        ("MX", DOMAIN, f"10 mx1.{DOMAIN}"),
        ("MX", DOMAIN, f"20 mx2.{DOMAIN}"),
        ("TXT", DOMAIN, "v=spf1 mx include:_spf.mail-host.example include:_spf.survey-tool.example -all"),
        ("TXT", DOMAIN, "site-verification=4f1c9a"),
        ("TXT", "_spf.mail-host.example", "v=spf1 ip4:192.0.2.0/26 ip4:198.51.100.128/26 ~all"),
        ("TXT", "_spf.survey-tool.example", "v=spf1 ip4:192.0.2.64/28 ~all"),
        ("TXT", f"_dmarc.{DOMAIN}", f"v=DMARC1; p=reject; {REPORTS}"),
        ("TXT", f"selector1._domainkey.{DOMAIN}", f"v=DKIM1; k=rsa; p={rsa_key('selector1', 2048)}"),
        ("TXT", f"selector2._domainkey.{DOMAIN}", "v=DKIM1; k=rsa; p="),
        ("TXT", f"_smtp._tls.{DOMAIN}", f"v=TLSRPTv1; rua=mailto:tls@{DOMAIN}"),
        ("TXT", f"_mta-sts.{DOMAIN}", "v=STSv1; id=20260914T0800"),
        ("MTA-STS", f"mta-sts.{DOMAIN}", POLICY),
    ):
        add(answers, type_, name, value)
    return answers


def add(answers: Table, type_: str, name: str, value: str) -> Row:
    """Add one record to the answers about the domain."""
    return answers.add(domain=DOMAIN, type=type_, name=name, value=value, ttl=3600, queried_at=COLLECTED)


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
