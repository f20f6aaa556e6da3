"""Identifiers in texts: what is found, what is not, and that nothing found is left standing."""

from __future__ import annotations

import itertools
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctrlkit.scan import CARD, MAIL, NATIONAL, PHONE, SUSPECT, covered, hits, numbered, told

FOUND = {
    "juan.dela-cruz+x@mail.example": (MAIL, "juan.dela-cruz+x@mail.example"),
    "ask Peña <Peña@correo.example.ph>, or me": (MAIL, "peña@correo.example.ph"),
    "4111 1111 1111 1111": (CARD, "4111111111111111"),
    "card 4111-1111-1111-1111 exp 12/26": (CARD, "4111111111111111"),
    "exp 12/26 4111 1111 1111 1111 cvv 123": (CARD, "4111111111111111"),
    "378282246310005": (CARD, "378282246310005"),
    "5555555555554444.00": (CARD, "5555555555554444"),
    "6521 5000 0000 0006": (CARD, "6521500000000006"),
    "+63 917 123 4567": (PHONE, "639171234567"),
    "call (0917) 123-4567 after six": (PHONE, "09171234567"),
    "09171234567": (PHONE, "09171234567"),
    "(02) 8123-4567": (PHONE, "0281234567"),
    "tel:+919876543210;": (PHONE, "919876543210"),
    "98765 43210": (PHONE, "9876543210"),
    "+1 (415) 555-0123": (PHONE, "14155550123"),
    "415-555-0123": (PHONE, "4155550123"),
    "ABCPE1234F": (NATIONAL, "ABCPE1234F"),
    "uid 2341 2341 2346": (NATIONAL, "234123412346"),
    "4000 2341 2341 2346": (NATIONAL, "234123412346"),
    "34-1234567-8": (NATIONAL, "3412345678"),
    "12-345678901-2": (NATIONAL, "123456789012"),
    "0111-1234567-8": (NATIONAL, "011112345678"),
    "TIN 123-456-789-000": (NATIONAL, "123456789000"),
    "1234-5678-9012-3456": (NATIONAL, "1234567890123456"),
    "123-45-6789": (NATIONAL, "123456789"),
}
NOT_FOUND = (
    *(
        "2026-10-01",
        "2026-10-01T08:00:00Z",
        "2026-10-01 08:00:00/2026-10-31 17:00:00",
        "10/13/2026 10:00",
        "22:00-07:00",
    ),
    *("192.0.2.10", "203.0.113.0/24", "2001:db8::1", "v=spf1 ip4:203.0.113.0/24 -all", "aa:bb:cc:00:11:22"),
    *("12345678", "1,212 of 14,000", "INC0012345", "CHG-2026-1001-0001", "1760000000", "20261001080000"),
    *("4111111111111112", "2341 2341 2345", "a1b2c3d4-4111-1111-1111-111111111111", "root@web01", "audit@192.0.2.15"),
    *("p_abcdefghij234567", "9876543210" * 4, "sha256:" + "41111111" * 8, ""),
)


@pytest.mark.parametrize(("text", "found"), FOUND.items())
def test_an_identifier_is_found_by_its_sort_and_plain_form(text: str, found: tuple[str, str]) -> None:
    (hit,) = hits(text)
    assert (hit.what, hit.plain) == found
    assert re.search(SUSPECT, text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_dates_addresses_numbers_and_pseudonyms_are_no_identifiers(text: str) -> None:
    assert hits(text) == ()


def test_what_stands_around_an_identifier_stays() -> None:
    assert told("ask juan@mail.example, or 0917 123 4567.") == "ask (mail address), or (phone number)."
    assert covered("a@b.example A@B.example", lambda what, plain: f"<{what} {plain}>") == (
        "<mail address a@b.example> <mail address a@b.example>"
    )


def test_numbered_words_keep_different_identifiers_apart() -> None:
    hide = numbered()
    words = [covered(f"calls_{n}.csv", hide) for n in ("09171234567", "09181234567", "0917 123 4567")]
    assert words == ["calls_(phone number).csv", "calls_(phone number 2).csv", "calls_(phone number).csv"]


def luhn(digits: str) -> str:
    total = sum(d - 9 if d > 9 else d for d in (int(c) * (2 - i % 2) for i, c in enumerate(reversed(digits))))
    return digits + str(-total % 10)


@given(
    start=st.sampled_from(["4", "51", "2221", "2720"]),
    body=st.text("0123456789", min_size=15, max_size=15),
    cuts=st.lists(st.integers(1, 15), max_size=4, unique=True),
    gap=st.sampled_from([" ", "-", "\xa0"]),
    around=st.tuples(
        st.sampled_from(["", "card: ", "12/26 ", "x=", "("]), st.sampled_from(["", " 123", ".", ")", ",00"])
    ),
)
def test_a_card_number_is_found_however_it_is_grouped(
    start: str, body: str, cuts: list[int], gap: str, around: tuple[str, str]
) -> None:
    number = luhn((start + body)[:15])
    assert len(number) == 16
    places = [0, *sorted(cuts), 16]
    grouped = gap.join(number[a:b] for a, b in itertools.pairwise(places))
    safe = told(around[0] + grouped + around[1])
    assert number not in re.sub(r"\D", "", safe)


@given(st.text(st.sampled_from("0123456789 -.()+@abAB/\xa0"), max_size=60))
def test_a_text_that_was_covered_holds_no_identifier(text: str) -> None:
    assert hits(told(text)) == ()


@given(st.text(max_size=80))
def test_any_text_is_looked_through_and_the_rest_of_it_kept(text: str) -> None:
    found = hits(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    assert covered(text, lambda _, __: "") == "".join(
        c for i, c in enumerate(text) if not any(h.start <= i < h.end for h in found)
    )


@given(st.lists(st.text(st.sampled_from("0123456789 -.()+@abAB/\xa0_"), max_size=40), max_size=20))
def test_an_engine_that_looks_through_a_column_misses_no_text(texts: list[str]) -> None:
    series = pl.Series(texts, dtype=pl.String)
    seen = series.str.contains(SUSPECT).to_list()
    assert [text for text, found in zip(texts, seen, strict=True) if hits(text) and not found] == []


def test_numbers_of_records_are_not_looked_into() -> None:
    """Of a year of calls each has another one."""
    texts = pl.Series(["REC-20261001-000123", "1001234567", "2026-10-01 08:00:00 call 42", "INC0012345", "20261001"])
    assert not texts.str.contains(SUSPECT).any()
