"""What records say about mail: as a receiver reads them, and unknown where an answer that is needed is not known."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

import pytest
from assembled import csv, together

from ctrlkit import mail_records, spf
from ctrlkit.mail_records import READ, Zone, rows_of

NAME = "vendor.example"
NS = (NAME, "NS", NAME, "ns1.vendor.example")


def told(rule: str, *rows: tuple[str, str, str], domain: str = NAME) -> object:
    """What is told of the first row, given as type, name and value; the domain was asked for."""
    cells = [(domain, type_, name, value) for type_, name, value in rows]
    return READ[rule](rows_of([*cells, (domain, "NS", domain, "ns1.vendor.example")])[0])


def reading(text: str, answers: Mapping[tuple[str, str], tuple[str, ...]] | None = None) -> spf.Reading:
    """The record `text` read where all that is not in `answers` does not exist."""
    return spf.read(text, NAME, lambda name, type_: (answers or {}).get((name, type_), ()))


def rsa_key(bits: int, *, bare: bool = False) -> str:
    """A public key of that length as DKIM publishes it; the modulus is all ones."""
    modulus = _der(0x02, b"\x00" + ((1 << bits) - 1).to_bytes((bits + 7) // 8, "big"))
    inner = _der(0x30, modulus + _der(0x02, b"\x01\x00\x01"))
    wrapped = _der(0x30, _der(0x30, bytes.fromhex("06092a864886f70d0101010500")) + _der(0x03, b"\x00" + inner))
    return base64.b64encode(inner if bare else wrapped).decode()


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("v=spf1 -all", "fail"), ("v=spf1 ~ALL", "softfail"), ("v=spf1 ?all", "neutral"), ("v=spf1 +all", "pass"),
        ("v=spf1 all", "pass"), ("v=spf1 ip4:192.0.2.1", "none"), ("v=spf1", "none"), ("v=spf1 +all -all", "pass"),
        ("v=spf1 ip4:0.0.0.0/0 -all", "pass"), ("v=spf1 -ip4:0.0.0.0/0 -all", "fail"), ("v=spf1 ip6:::/0 ~all", "pass"),
        ("v=spf1 include:open.example -all", "pass"), ("v=spf1 ?include:open.example -all", "fail"),
        ("v=spf1 redirect=strict.example", "fail"), ("v=spf1 redirect=nobody.example", "none"),
        ("v=spf1 redirect=loop.example", None), ("v=spf1 redirect=%{d}.example", None),
    ],
)  # fmt: skip
def test_how_a_record_ends(text: str, ends: str | None) -> None:
    """Also where a term before the end, or an included record, lets everybody send."""
    answers = {
        ("open.example", "TXT"): ("v=spf1 +all",),
        ("strict.example", "TXT"): ("v=spf1 -all",),
        ("loop.example", "TXT"): ("v=spf1 redirect=loop.example",),
    }
    assert reading(text, answers).ends == ends


def test_look_ups_are_counted_through_what_is_included() -> None:
    answers = {
        ("one.example", "TXT"): ("v=spf1 a:h.example mx:m.example ptr exists:e.example ?all",),
        ("h.example", "AAAA"): ("2001:db8::1",),
        ("m.example", "MX"): tuple(f"10 mx{n}.example" for n in range(11)),
    }
    found = reading("v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 exp=x.example include:one.example -all", answers)
    assert (found.look_ups, found.voids, found.mx_names, found.valid) == (5, 1, 11, True)


def test_a_redirect_beside_all_costs_nothing() -> None:
    assert reading("v=spf1 redirect=one.example -all").look_ups == 0


def test_an_eleventh_term_is_counted_whatever_it_names() -> None:
    text = "v=spf1 " + " ".join(f"exists:e{n}.example" for n in range(11)) + " -all"
    assert reading(text).look_ups == 11
    assert spf.read(text, NAME, lambda *_: None).look_ups == 11


def test_what_nobody_asked_for_leaves_the_count_open() -> None:
    """A macro leaves no name to ask for; a domain without any name server on record was not asked for."""
    found = reading("v=spf1 exists:%{i}.example -all")
    assert (found.ends, found.look_ups, found.voids, found.valid) == ("fail", None, None, None)
    found = spf.read("v=spf1 include:one.example -all", NAME, lambda *_: None)
    assert (found.look_ups, found.valid) == (None, None)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("v=spf1 mx/24 a:x.example/24//64 ip4:192.0.2.1 ip6:2001:db8::1/64 x-y=z -all", True),
        ("v=spf1 ip4:192.0.2.300 -all", False), ("v=spf1 ip4:2001:db8::1 -all", False),
        ("v=spf1 ipv4:192.0.2.1 -all", False), ("v=spf1 include -all", False),
        ("v=spf1 include:none.example -all", False),
        ("v=spf1 include:two.example -all", False), ("v=spf1 include:bad.example -all", False), ("v=spf1 -all.", False),
    ],
)  # fmt: skip
def test_a_record_that_a_receiver_cannot_read(text: str, valid: bool) -> None:
    answers = {
        ("two.example", "TXT"): ("v=spf1 -all", "v=spf1 ~all"),
        ("bad.example", "TXT"): ("v=spf1 everybody",),
        (NAME, "MX"): ("10 mx.example",),
        ("x.example", "A"): ("192.0.2.1",),
    }
    assert reading(text, answers).valid is valid


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("bits", [1024, 2047, 2048, 4096])
def test_the_length_of_an_rsa_key(bits: int, bare: bool) -> None:
    value = f"v=DKIM1; k=rsa; p={rsa_key(bits, bare=bare)}"
    assert told("dkim_bits", ("TXT", f"s1._domainkey.{NAME}", value)) == bits


def test_a_key_in_chunks_of_a_zone_file_is_put_together() -> None:
    key = rsa_key(2048)
    value = f'"v=DKIM1; p={key[:200]}" "{key[200:]}"'
    assert told("dkim_bits", ("TXT", f"s1._domainkey.{NAME}", value)) == 2048


@pytest.mark.parametrize("key", ["!!", "AAAA", base64.b64encode(b"\x30\x82\x01").decode(), "MAA="])
def test_a_key_that_cannot_be_read_has_no_length(key: str) -> None:
    assert told("dkim_bits", ("TXT", f"s1._domainkey.{NAME}", f"p={key}")) is None


def test_an_ed25519_key_is_thirty_two_bytes() -> None:
    name = f"s1._domainkey.{NAME}"
    for size, bits in ((32, 256), (31, None)):
        value = f"k=ed25519; p={base64.b64encode(b'k' * size).decode()}"
        assert told("dkim_bits", ("TXT", name, value)) == bits
    assert told("dkim_key", ("TXT", name, value)) == "ed25519"


@pytest.mark.parametrize(
    ("type_", "name", "value", "record"),
    [
        ("MX", NAME, "10 MX1.vendor.example.", "mx"), ("MX", NAME, "0 .", "other"),
        ("TXT", NAME, "v=spf1 -all", "spf"), ("TXT", NAME, "v=spf10 -all", "other"),
        ("TXT", f"x.{NAME}", "v=spf1 -all", "other"), ("TXT", f"s1._domainkey.{NAME}", "v=DKIM1; p=", "other"),
        ("TXT", f"s1._domainkey.{NAME}", "p=AAAA", "dkim"), ("TXT", f"_dmarc.{NAME}", "v=DMARC1; p=none", "dmarc"),
        ("TXT", f"_dmarc.{NAME}", "v=DMARC10", "other"), ("TXT", f"_mta-sts.{NAME}", "v=STSv1; id=1", "sts"),
        ("TXT", f"_smtp._tls.{NAME}", "v=TLSRPTv1; rua=mailto:t@vendor.example", "tls_rpt"),
        ("MTA-STS", f"mta-sts.{NAME}", "version: STSv1", "sts_policy"), ("TXT", NAME, "hello", "other"),
    ],
)  # fmt: skip
def test_which_record_a_row_is(type_: str, name: str, value: str, record: str) -> None:
    assert told("mail_record", (type_, name, value)) == record


def place(domain: str, records: dict[str, str]) -> str | None:
    values: dict[tuple[str, str], tuple[str, ...]] = {(f"_dmarc.{name}", "TXT"): (t,) for name, t in records.items()}
    return mail_records.dmarc_place(Zone(domain, values))


def test_the_dmarc_record_that_decides_is_the_domains_own_or_the_organisations() -> None:
    """Of several above it the highest, unless psd says where the organisation ends (RFC 9989 4.10)."""
    plain, organisation, public = "v=DMARC1; p=none", "v=DMARC1; p=none; psd=n", "v=DMARC1; p=none; psd=y"
    assert place("a.b.c.example", {"a.b.c.example": plain, "c.example": plain}) == "_dmarc.a.b.c.example"
    assert place("a.b.c.example", {"b.c.example": plain, "c.example": plain}) == "_dmarc.c.example"
    assert place("a.b.c.example", {"b.c.example": organisation, "c.example": plain}) == "_dmarc.b.c.example"
    assert place("a.b.c.example", {"b.c.example": plain, "c.example": public}) == "_dmarc.b.c.example"
    assert place("a.b.c.example", {"c.example": public}) == "_dmarc.c.example"
    assert place("a.b.c.example", {}) is None


@pytest.mark.parametrize(
    ("value", "policy"),
    [
        ("v=DMARC1; p=reject", "reject"), ("v=DMARC1;P=Quarantine;", "quarantine"), ("v=DMARC1; p=refuse", "none"),
        ("v=DMARC1; rua=mailto:d@vendor.example", "none"), ("v=dmarc1; p=reject", "none"),
        ("p=reject; v=DMARC1", "none"), ("v=DMARC1; p=reject; p=none", "reject"),
        ("v=DMARC1; p=reject; sp=none", "reject"),
    ],
)  # fmt: skip
def test_what_dmarc_asks_for(value: str, policy: str) -> None:
    assert told("dmarc_policy", ("TXT", f"_dmarc.{NAME}", value)) == policy


def test_below_the_name_of_the_record_sp_counts() -> None:
    below = ("TXT", "_dmarc.vendor.example", "v=DMARC1; p=reject; sp=none")
    assert told("dmarc_policy", below, domain="desk.vendor.example") == "none"
    assert told("dmarc_policy", (*below[:2], "v=DMARC1; p=reject"), domain="desk.vendor.example") == "reject"


def test_marks_of_dkim_and_dmarc() -> None:
    key = ("TXT", f"s1._domainkey.{NAME}")
    assert told("dkim_tests", (*key, "t=s:y; p=AAAA")) is True
    assert told("dkim_tests", (*key, "t=s; p=AAAA")) is False
    assert told("dkim_allows_sha1", (*key, "h=sha256:SHA1; p=AAAA")) is True
    assert told("dkim_allows_sha1", (*key, "p=AAAA")) is False
    dmarc = ("TXT", f"_dmarc.{NAME}")
    assert told("dmarc_tests", (*dmarc, "v=DMARC1; p=reject; t=y")) is True
    assert told("dmarc_reports", (*dmarc, "v=DMARC1; p=reject; rua=https://x.example")) is False
    assert told("dmarc_share", (*dmarc, "v=DMARC1; p=reject; pct=20")) == 20
    assert told("dmarc_share", (*dmarc, "v=DMARC1; p=reject; pct=all")) is None
    assert told("dmarc_policy", (*key, "p=AAAA")) is None


def test_the_policy_file_of_mta_sts() -> None:
    text = "version: STSv1\nmode: Enforce\nmx: mx1.vendor.example\nmx: *.mail.example\nmax_age: 604800"
    policy = ("MTA-STS", f"mta-sts.{NAME}", text)
    one, two, deep = (("MX", NAME, f"10 {h}") for h in ("MX1.vendor.example", "a.mail.example", "a.b.mail.example"))
    assert told("sts_mode", policy) == "enforce"
    assert told("sts_max_age", policy) == 604800
    assert told("sts_covers_mx", policy, one, two) is True
    assert told("sts_covers_mx", policy, one, deep) is False
    assert told("sts_covers_mx", policy) is None
    assert told("sts_mode", (*policy[:2], "<html>not found</html>")) == "none"
    assert told("sts_max_age", (*policy[:2], "version: STSv1\nmax_age: soon")) is None


def test_a_key_keeps_its_letters_on_the_way_to_a_check(tmp_path: Path) -> None:
    """The value is part of the key of kind dns, and identifiers are compared without case; a DKIM key must not be."""
    lines = f"S1._domainkey.{NAME},TXT,{NAME},k=rsa; p={rsa_key(2048)}\n"
    found = csv(together(tmp_path, "dns", "name,type,domain,value\n" + lines, columns="dkim_bits value"))
    assert found.row(0, named=True)["dkim_bits"] == "2048"
