"""Which names are asked for a domain: everything a receiver of mail would ask, bounded, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from name_server import ADDRESS, NameServer, serving

from ctrlkit.dns_pack import Answer, problems
from ctrlkit.dns_survey import LOOK_UPS, SELECTORS, gather
from ctrlkit.errors import InputError

NOW = datetime(2026, 10, 31, 8, 0, tzinfo=UTC)
NAME = "vendor.example"
ZONE = {(NAME, "NS"): ["ns1.vendor.example."]}
Records = Mapping[tuple[str, str], Sequence[str]]


@contextmanager
def surveyed(
    records: Records,
    odd: Mapping[str, str] | None = None,
    domains: Sequence[str] = (NAME,),
    timeout: float = 5,
    **told: Any,
) -> Iterator[tuple[tuple[Answer, ...], NameServer]]:
    with serving(records, odd) as server:
        yield gather(domains, servers=[ADDRESS], port=server.port, timeout=timeout, now=NOW, **told), server


def found(records: Records, **told: Any) -> set[tuple[str, str, str]]:
    with surveyed(records, **told) as (answers, _):
        assert not problems(answers)
        return {(r.name, r.type, r.value) for a in answers for r in a.records}


def spf(text: str) -> Records:
    return {**ZONE, (NAME, "TXT"): [" ".join(f'"{text[i : i + 250]}"' for i in range(0, len(text), 250))]}


def test_every_name_a_receiver_would_ask_is_asked() -> None:
    with surveyed({**ZONE, (NAME, "TXT"): ['"v=spf1 -all"']}, selectors=["Desk", "s.eu"]) as (answers, server):
        assert {(a.name, a.type) for a in answers} == {
            (NAME, "NS"), (NAME, "MX"), (NAME, "TXT"), ("_dmarc.vendor.example", "TXT"), ("_dmarc.example", "TXT"),
            ("_mta-sts.vendor.example", "TXT"), ("_smtp._tls.vendor.example", "TXT"),
            *((f"{s}._domainkey.vendor.example", "TXT") for s in (*SELECTORS, "desk", "s.eu")),
        }  # fmt: skip
        assert set(server.asked.values()) == {1}


def test_domains_come_sorted_and_once_and_share_what_was_said() -> None:
    records = {
        **spf("v=spf1 include:_spf.mail.example -all"),
        ("_spf.mail.example", "TXT"): ['"v=spf1 -all"'],
        ("b.example", "NS"): ["ns1.b.example."],
        ("b.example", "TXT"): ['"v=spf1 include:_spf.mail.example ~all"'],
    }
    with surveyed(records, domains=[NAME, "B.example.", "Vendor.Example"]) as (answers, server):
        assert list(dict.fromkeys(a.domain for a in answers)) == ["b.example", NAME]
        assert [a.domain for a in answers if a.name == "_spf.mail.example"] == ["b.example", NAME]
        assert server.asked["_spf.mail.example", "TXT", "udp"] == 1


def test_a_domain_below_a_zone_shows_the_name_servers_of_the_zone() -> None:
    assert found(ZONE, domains=["desk.mail.vendor.example"]) == {(NAME, "NS", "ns1.vendor.example")}


def test_a_domain_that_does_not_exist_shows_who_was_asked_for_it() -> None:
    assert found({("example", "NS"): ["ns.example."]}) == {("example", "NS", "ns.example")}


def test_a_domain_for_which_nobody_answers_anywhere_is_not_known() -> None:
    with surveyed({("other.test", "NS"): ["ns.other.test."]}) as (answers, _):
        assert [a.fault for a in answers if a.fault] == ["no name server for it, nor for any name above it"]


def test_spf_is_followed_through_includes_redirects_and_hosts() -> None:
    records = {
        **spf("v=SPF1 ip4:192.0.2.0/24 a mx a:host.vendor.example/24 include:One.example. exists:e.example -all"),
        ("one.example", "TXT"): ['"v=spf1 ?include:two.example redirect=three.example"'],
        ("two.example", "TXT"): ['"v=spf1 ip6:2001:db8::/32 ~all"'],
        ("three.example", "TXT"): ['"v=spf1 -all"'],
        (NAME, "A"): ["192.0.2.1"],
        (NAME, "MX"): ["10 mx.vendor.example."],
        ("host.vendor.example", "AAAA"): ["2001:db8::1"],
        ("e.example", "A"): ["192.0.2.2"],
    }
    assert found(records) >= {
        (NAME, "A", "192.0.2.1"),
        (NAME, "MX", "10 mx.vendor.example"),
        ("host.vendor.example", "AAAA", "2001:db8::1"),
        ("one.example", "TXT", "v=spf1 ?include:two.example redirect=three.example"),
        ("two.example", "TXT", "v=spf1 ip6:2001:db8::/32 ~all"),
        ("three.example", "TXT", "v=spf1 -all"),
        ("e.example", "A", "192.0.2.2"),
    }


def test_ten_terms_of_spf_are_looked_up_and_the_eleventh_is_not() -> None:
    text = "v=spf1 " + " ".join(f"include:i{n}.example" for n in range(12)) + " -all"
    with surveyed(spf(text)) as (_, server):
        assert {f"i{n}.example" for n in range(12)} & server.names() == {f"i{n}.example" for n in range(LOOK_UPS)}


def test_an_include_of_itself_ends() -> None:
    with surveyed(spf("v=spf1 include:vendor.example -all")) as (answers, server):
        assert not problems(answers)
        assert server.asked[NAME, "TXT", "udp"] == 1


@pytest.mark.parametrize(
    "term",
    [
        "include:%{i}.x.example",
        "include:",
        "include",
        "exists",
        "include:-",
        "include:a..example",
        "include:x" + "y" * 70,
        "include:localhost",
        "ptr",
        "redirect=",
        "include:" + "a" * 60 + ".b" * 120 + ".example",
    ],
)
def test_a_term_that_names_nothing_to_ask_is_passed_over(term: str) -> None:
    with surveyed(spf(f"v=spf1 {term} include:next.example -all")) as (answers, server):
        assert not problems(answers)
        assert "next.example" in server.names()


def test_two_spf_records_are_recorded_and_followed_no_further() -> None:
    records = {**ZONE, (NAME, "TXT"): ['"v=spf1 include:one.example -all"', '"v=spf1 -all"']}
    with surveyed(records) as (answers, server):
        assert len([r for a in answers for r in a.records if r.value.startswith("v=spf1")]) == 2
        assert "one.example" not in server.names()


def test_dmarc_is_looked_for_up_the_tree_only_where_the_domain_has_none() -> None:
    domain = "a.b.vendor.example"
    with surveyed({**ZONE, ("_dmarc.vendor.example", "TXT"): ['"v=DMARC1; p=reject"']}, domains=[domain]) as (
        _,
        server,
    ):
        asked = {name for name in server.names() if name.startswith("_dmarc.")}
        assert asked == {f"_dmarc.{d}" for d in (domain, "b.vendor.example", NAME, "example")}
    with surveyed({**ZONE, (f"_dmarc.{domain}", "TXT"): ['"v=DMARC1; p=none"']}, domains=[domain]) as (_, server):
        assert {name for name in server.names() if name.startswith("_dmarc.")} == {f"_dmarc.{domain}"}


def test_dmarc_asks_for_at_most_eight_names() -> None:
    deep = ".".join("abcdefghijkl") + ".example"
    with surveyed({("example", "NS"): ["ns.example."]}, domains=[deep]) as (_, server):
        asked = {name for name in server.names() if name.startswith("_dmarc.")}
        assert asked == {f"_dmarc.{deep}", *(f"_dmarc.{p}" for p in (
            "g.h.i.j.k.l.example", "h.i.j.k.l.example", "i.j.k.l.example", "j.k.l.example", "k.l.example", "l.example",
            "example"))}  # fmt: skip


def test_a_failed_look_up_is_named_and_the_others_are_still_made() -> None:
    with surveyed(ZONE, {"_dmarc.vendor.example": "servfail"}) as (answers, server):
        (line,) = problems(answers)
        assert line == (
            "vendor.example: TXT _dmarc.vendor.example: 127.0.0.1: SERVFAIL; expected an answer; "
            "ask again, or another server"
        )
        assert "_mta-sts.vendor.example" in server.names()


def test_a_domain_is_given_up_after_two_silent_look_ups_and_the_next_is_asked() -> None:
    odd = {"silent.example": "silent"}
    with surveyed(ZONE, odd, domains=["silent.example", NAME], timeout=0.5) as (answers, server):
        assert [(a.name, a.type) for a in answers if a.fault] == [("silent.example", "NS"), ("silent.example", "MX")]
        assert "_dmarc.silent.example" not in server.names()
        assert (NAME, "NS") in {(a.name, a.type) for a in answers}


HOST = "mta-sts.vendor.example"
STS = {**ZONE, ("_mta-sts.vendor.example", "TXT"): ['"v=STSv1; id=1"'], (HOST, "A"): ["192.0.2.5"]}
POLICY = (HOST, "MTA-STS", "version: STSv1\nmode: enforce\n\\027")
NONE = (HOST, "MTA-STS", '""')


def test_the_policy_file_is_read_only_where_a_way_is_given_and_the_domain_announces_one() -> None:
    def fetch(host: str, addresses: Sequence[str]) -> bytes:
        assert (host, addresses) == (HOST, ["192.0.2.5", "2001:db8::5"])
        return b"version: STSv1\r\nmode: enforce\r\n\x1b\r\n"

    both = {**STS, (HOST, "AAAA"): ["2001:db8::5"]}
    assert POLICY in found(both, fetch=fetch)
    assert POLICY not in found(both)
    assert POLICY not in found(ZONE, fetch=fetch)


def test_a_policy_file_that_is_not_there_is_an_empty_one_and_one_not_read_leaves_no_row() -> None:
    def refused(_: str, __: Sequence[str]) -> bytes:
        raise TimeoutError("timed out")

    assert NONE in found(STS, fetch=lambda _, __: None)
    with surveyed(STS, fetch=refused) as (answers, _):
        assert "the policy file was not read (TimeoutError)" in problems(answers)[0]


def test_a_policy_host_without_address_has_no_policy_and_one_that_nobody_could_look_up_is_not_known() -> None:
    def never(_: str, __: Sequence[str]) -> bytes:
        raise AssertionError

    announced = {name: values for name, values in STS.items() if name != (HOST, "A")}
    assert NONE in found(announced, fetch=never)
    with surveyed(announced, {HOST: "servfail"}, fetch=never) as (answers, _):
        assert any("the policy file was not read (the address is not known)" in line for line in problems(answers))
        assert NONE not in {(r.name, r.type, r.value) for a in answers for r in a.records}


@pytest.mark.parametrize("selector", ["", "a b", "s1.", "../x", "s*", "\N{SNOWMAN}"])
def test_what_is_no_selector_is_refused(selector: str) -> None:
    with pytest.raises(InputError, match="expected the s= of a DKIM signature"):
        gather([NAME], servers=[ADDRESS], port=1, timeout=1, selectors=[selector], now=NOW)


def test_an_engagement_without_domains_is_refused() -> None:
    with pytest.raises(InputError, match="the engagement names no domains"):
        gather([], servers=[ADDRESS], port=1, timeout=1, now=NOW)
