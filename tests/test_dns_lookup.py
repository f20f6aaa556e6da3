"""One question to real name servers on loopback: what is an answer, and what is none."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence

import pytest
from name_server import ADDRESS, serving

from ctrlkit.dns_lookup import Found, domain_name, look_up, servers_of
from ctrlkit.dns_pack import Record
from ctrlkit.errors import InputError

NAME = "vendor.example"


def asked(
    records: Mapping[tuple[str, str], Sequence[str]],
    odd: Mapping[str, str] | None = None,
    name: str = NAME,
    type_: str = "TXT",
    timeout: float = 5,
) -> Found:
    with serving(records, odd) as server:
        return look_up(servers_of([ADDRESS], server.port, timeout), name, type_)


def values(found: Found) -> list[str]:
    assert not found.fault
    return [record.value for record in found.records]


def test_the_chunks_of_a_text_are_joined_without_a_space() -> None:
    assert values(asked({(NAME, "TXT"): ['"v=DKIM1; p=MIIB" "CgKC"']})) == ["v=DKIM1; p=MIIBCgKC"]


def test_records_come_in_one_order_whatever_the_server_does() -> None:
    records = ["20 MX2.Vendor.Example.", "10 mx1.vendor.example."]
    expected = ["10 mx1.vendor.example", "20 mx2.vendor.example"]
    assert values(asked({(NAME, "MX"): records}, type_="MX")) == expected
    assert values(asked({(NAME, "MX"): records[::-1]}, type_="MX")) == expected


def test_a_name_that_does_not_exist_is_an_answer_without_records() -> None:
    assert asked({("other.example", "A"): ["192.0.2.1"]}) == Found()


def test_a_name_that_holds_nothing_of_the_type_is_an_answer_without_records() -> None:
    assert asked({(NAME, "A"): ["192.0.2.1"]}) == Found()


def test_a_name_longer_than_any_name_can_be_is_not_there() -> None:
    assert asked({}, name=".".join(["a" * 60] * 5)) == Found()


@pytest.mark.parametrize(
    ("odd", "said", "silent"),
    [
        ("servfail", "SERVFAIL", False),
        ("refused", "REFUSED", False),
        ("referral", "a referral; this server asks no others", False),
        ("silent", "no reply within 0.4 s", True),
        ("hangs", "no reply within 0.4 s", True),
        ("garbage", "no reply within 0.4 s", True),
        ("stolen", "no reply within 0.4 s", True),
    ],
)
def test_what_is_no_answer_is_a_fault_and_never_an_absence(odd: str, said: str, silent: bool) -> None:
    found = asked({(NAME, "TXT"): ["x"]}, {NAME: odd}, timeout=0.4)
    assert found == Found((), f"{ADDRESS}: {said}", silent)


def test_the_next_server_is_asked_where_one_fails() -> None:
    with serving({(NAME, "TXT"): ["here"]}) as server:
        # 127.0.0.2 has nobody on this port
        assert values(look_up(servers_of(["127.0.0.2", ADDRESS], server.port, 0.5), NAME, "TXT")) == ["here"]


def test_an_answer_cut_over_udp_is_read_over_tcp() -> None:
    with serving({(NAME, "TXT"): ["here"]}, {NAME: "cut"}) as server:
        assert values(look_up(servers_of([ADDRESS], server.port, 5), NAME, "TXT")) == ["here"]
        assert server.asked[NAME, "TXT", "tcp"] == 1


def test_a_text_as_large_as_a_message_can_be_arrives_whole() -> None:
    chunk = base64.b64encode(b"k" * 189).decode()
    found = asked({(NAME, "TXT"): [" ".join([f'"{chunk}"'] * 250)]})
    assert values(found) == [chunk * 250]
    assert len(chunk * 250) == 63_000


def test_the_same_question_is_sent_once() -> None:
    with serving({(NAME, "TXT"): ["here"]}) as server:
        servers = servers_of([ADDRESS], server.port, 5)
        assert look_up(servers, NAME, "TXT") == look_up(servers, NAME, "TXT")
        assert server.asked == {(NAME, "TXT", "udp"): 1}


def test_an_alias_is_followed_and_shown_and_the_text_stands_at_the_name_asked() -> None:
    key = "s1._domainkey.vendor.example"
    found = asked({(key, "CNAME"): ["s1.mail.example."], ("s1.mail.example", "TXT"): ['"p=abc"']}, name=key)
    assert found.records == (Record(key, "CNAME", "s1.mail.example", 60), Record(key, "TXT", "p=abc", 300))


def test_an_alias_that_leaves_the_reply_is_asked_for_again() -> None:
    records = {(NAME, "CNAME"): ["far.example."], ("far.example", "TXT"): ["there"]}
    assert values(asked(records, {"far.example": "elsewhere"})) == ["far.example", "there"]


def test_an_alias_to_nothing_is_an_answer_that_shows_the_alias() -> None:
    assert values(asked({(NAME, "CNAME"): ["gone.example."]})) == ["gone.example"]


def test_aliases_in_a_circle_end_and_are_a_fault() -> None:
    found = asked({(NAME, "CNAME"): ["b.example."], ("b.example", "CNAME"): [f"{NAME}."]})
    assert found.fault == "an answer that makes no sense (ChainTooLong)"
    found = asked(
        {(NAME, "CNAME"): ["b.example."], ("b.example", "CNAME"): [f"{NAME}."]},
        {NAME: "elsewhere", "b.example": "elsewhere"},
    )
    assert found.fault == "aliases (CNAME) that end nowhere in 8 questions"


@pytest.mark.parametrize(
    ("zone_file", "value"),
    [
        (r'"v=spf1\; -all"', "v=spf1; -all"),
        (r'"a\027[31m\013\010b\000"', r"a\027[31m\013\010b\000"),
        (r'"gr\195\188n"', r"gr\195\188n"),
        (r'"back\\slash"', r"back\\slash"),
        ('"=cmd|x,\\"y\\""', '=cmd|x,"y"'),
        ('" v=spf1 -all "', "v=spf1 -all"),
        ('""', '""'),
        ('"?"', '"?"'),
        ('"N/A"', '"N/A"'),
        ('"***"', '"***"'),
    ],
)
def test_a_hostile_or_odd_text_keeps_its_bytes_in_printable_ascii(zone_file: str, value: str) -> None:
    assert values(asked({(NAME, "TXT"): [zone_file]})) == [value]


def test_two_texts_that_differ_in_spaces_at_their_ends_stay_two() -> None:
    found = asked({(NAME, "TXT"): ['"v=spf1 -all"', '"v=spf1 -all  "', '" "']})
    assert values(found) == [r"\032", "v=spf1 -all", r"v=spf1 -all\032\032"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Vendor.EXAMPLE.", NAME),
        (" vendor.example ", NAME),
        ("b\N{LATIN SMALL LETTER U WITH DIAERESIS}cher.example", "xn--bcher-kva.example"),
        ("B\N{LATIN CAPITAL LETTER U WITH DIAERESIS}CHER.example", "xn--bcher-kva.example"),
        ("stra\N{LATIN SMALL LETTER SHARP S}e.example", "xn--strae-oqa.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_a_domain_is_written_one_way(written: str, name: str) -> None:
    assert domain_name(written) == name


@pytest.mark.parametrize(
    "written",
    ["", ".", "example", "a..example", "-a.example", "a b.example", "*.example", "192.0.2.1", "_dmarc.vendor.example",
     "a\\046b.example", "a" * 64 + ".example", "a\x1b.example", "\N{SNOWMAN}.example", ".".join(["a" * 60] * 5)],
)  # fmt: skip
def test_what_is_no_domain_is_refused(written: str) -> None:
    with pytest.raises(InputError, match=r"^domains: found .*, expected a domain such as vendor\.example"):
        domain_name(written)


@pytest.mark.parametrize(
    ("addresses", "port", "timeout", "message"),
    [
        (["dns.example"], 53, 1.0, 'name server "dns.example": expected an IP address'),
        ([], 53, 1.0, "no name server to ask"),
        ([ADDRESS], 0, 1.0, "port 0: expected one from 1 to 65535"),
        ([ADDRESS], 53, 0.0, r"timeout 0\.0: expected seconds"),
        ([ADDRESS], 53, float("nan"), "timeout nan: expected seconds"),
    ],
)
def test_servers_that_cannot_be_asked_are_refused(
    addresses: list[str], port: int, timeout: float, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        servers_of(addresses, port, timeout)
