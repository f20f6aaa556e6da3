"""Derived columns: the local day, its end, names, networks; unknown where the site or the clock does not say."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from assembled import csv, engagement, site, together

from ctrlkit import derive
from ctrlkit.engagement import Engagement
from ctrlkit.kind import Column, shipped

TEXT_RULES = {
    "name_is_generic", "mail_domain", "country_code", "client_of_zone", "is_a_site", "is_told", "is_anywhere",
}  # fmt: skip


def naive(*parts: int) -> datetime:
    """An instant as frames hold it: UTC, without a zone."""
    year, month, day, *time = parts
    return datetime(year, month, day, *time, tzinfo=UTC).replace(tzinfo=None)  # type: ignore[arg-type,misc]


def derived(rule: str, values: dict[str, list[Any]], terms: Engagement, type_: Any = "datetime") -> list[Any]:
    text = {"of": pl.String} if rule in TEXT_RULES else None
    text = (
        {"of": pl.String}
        if rule in {"name_is_generic", "mail_domain", "country_code", "amount", "truth", "network"}
        else None
    )
    text = {"of": pl.String} if rule in {"name_is_generic", "mail_domain", "country_code", "month_begin"} else None
    frame = derive.add(
        pl.LazyFrame(values, schema_overrides=text), Column("x", type_, rule=rule, of="of"), terms
    ).collect()
    assert len(frame) == len(values["of"])
    return frame["x"].to_list()


def end_of(day: date, zone: str) -> datetime | None:
    found = derived("local_day_end", {"of": [day]}, engagement(time_zone=zone))[0]
    assert found is None or isinstance(found, datetime)
    return found


@pytest.mark.parametrize(
    ("day", "zone", "ends"),
    [
        (date(2026, 10, 5), "Asia/Manila", naive(2026, 10, 5, 16)),
        (date(2024, 2, 28), "Asia/Manila", naive(2024, 2, 28, 16)),
        (date(2024, 2, 29), "Asia/Manila", naive(2024, 2, 29, 16)),
        (date(2026, 10, 5), "Asia/Kolkata", naive(2026, 10, 5, 18, 30)),
        (date(2026, 10, 25), "Europe/Berlin", naive(2026, 10, 25, 23)),
        (date(2026, 3, 29), "Europe/Berlin", naive(2026, 3, 29, 22)),
        (date(2024, 4, 25), "Africa/Cairo", naive(2024, 4, 25, 22)),
        (date(2026, 10, 31), "Atlantic/Azores", naive(2026, 11, 1, 1)),
    ],
)
def test_a_local_day_ends_where_the_next_begins(day: date, zone: str, ends: datetime) -> None:
    """Leap days, summer time, and zones whose clocks change at midnight."""
    assert end_of(day, zone) == ends


def test_the_local_day_of_an_instant() -> None:
    moments = [naive(2026, 10, 4, 15, 59, 59), naive(2026, 10, 4, 16), None]
    assert derived("local_date", {"of": moments}, engagement(), "date") == [date(2026, 10, 4), date(2026, 10, 5), None]


def test_a_local_day_begins_where_its_clock_does() -> None:
    """From a date, and from an instant; where clocks go forward at midnight, the day begins at one."""
    assert derived("local_day_begin", {"of": [date(2026, 10, 5)]}, engagement()) == [naive(2026, 10, 4, 16)]
    cairo = engagement(time_zone="Africa/Cairo")
    assert derived("local_day_begin", {"of": [date(2024, 4, 26)]}, cairo) == [naive(2024, 4, 25, 22)]
    moments = [naive(2026, 10, 4, 15, 59, 59), naive(2026, 10, 4, 16), None]
    begins = [naive(2026, 10, 3, 16), naive(2026, 10, 4, 16), None]
    assert derived("local_day_begin", {"of": moments}, engagement()) == begins


def test_the_clock_face_of_an_instant_and_the_first_of_a_written_month() -> None:
    moments = [naive(2026, 10, 4, 14, 30), naive(2026, 10, 4, 16), None]
    assert derived("local_minute", {"of": moments}, engagement(), "number") == [22 * 60 + 30, 0, None]
    two = engagement(sites=(site("MNL1", "Asia/Manila"), site("BLR1", "Asia/Kolkata")))
    rows: dict[str, list[Any]] = {"of": [naive(2026, 10, 4, 14, 30)] * 2, "site": ["blr1", "elsewhere"]}
    assert derived("local_minute", rows, two, "number") == [20 * 60, None]
    months = ["2026-10", " 2024-02 ", "2026-13", "October 2026", None]
    firsts = [date(2026, 10, 1), date(2024, 2, 1), None, None, None]
    assert derived("month_begin", {"of": months}, engagement(), "date") == firsts


def test_sites_in_two_zones_have_two_days_and_an_unknown_site_has_none() -> None:
    """Where all sites share a zone, a row without site still has its day."""
    moment = naive(2026, 10, 4, 17)
    rows: dict[str, list[Any]] = {"of": [moment] * 4, "site": ["mnl1", "BLR1", None, "elsewhere"]}
    two = engagement(sites=(site("MNL1", "Asia/Manila"), site("BLR1", "Asia/Kolkata")))
    assert derived("local_date", rows, two, "date") == [date(2026, 10, 5), date(2026, 10, 4), None, None]
    one = engagement(sites=(site("MNL1", "Asia/Manila"), site("BLR1", "Asia/Manila")))
    assert derived("local_date", rows, one, "date") == [date(2026, 10, 5)] * 4


@pytest.mark.parametrize(
    ("name", "generic"),
    [
        ("agent01", True), ("agent_07", True), ("tl_floor2", True), ("trainer", True), ("qa-3", True), ("admin", True),
        ("user@x.example", True), ("seat.12", True), ("maria.cruz", False), ("agent.mariposa", False), ("quinn", False),
        ("samuel", False), ("e1042", False), (None, None),
    ],
)  # fmt: skip
def test_a_name_of_a_role_or_seat_is_generic(name: str | None, generic: bool | None) -> None:
    assert derived("name_is_generic", {"of": [name]}, engagement(), "boolean") == [generic]


def test_names_are_folded_before_they_are_looked_at(tmp_path: Path) -> None:
    """Case was folded at ingestion, then the rule looks, then the name is hidden."""
    found = together(tmp_path, "accounts", "system,account_id,enabled\ncrm,AGENT01,yes\n", columns="account_is_generic")
    row = csv(found).row(0, named=True)
    assert row["account_is_generic"] == "true"
    assert row["account_id"].startswith("p_")


def test_countries_domains_and_networks() -> None:
    assert derived("country_code", {"of": ["ph", " IN ", "XX", "Philippines", None]}, engagement(), "string") == [
        "PH", "IN", None, None, None,
    ]  # fmt: skip
    mails = ["a@X.Example", "<a@x.example>", "nobody", "", None]
    assert derived("mail_domain", {"of": mails}, engagement(), "string") == ["x.example", "x.example", None, None, None]
    network = ipaddress.ip_network("203.0.113.0/28")
    terms = engagement(sites=(replace(site("MNL1", "Asia/Manila"), networks=(network,)),))
    addresses = ["203.0.113.15", "203.0.113.16", "not one", None, "203.0.113.15"]
    assert derived("site_of_address", {"of": addresses}, terms, "string") == ["MNL1", None, None, None, "MNL1"]
    assert derived("address_is_known", {"of": addresses}, terms, "boolean") == [True, False, None, None, True]
    wider = ipaddress.ip_network("203.0.113.0/24")
    two = engagement(sites=(replace(site("MNL1", "Asia/Manila"), networks=(network, wider)),))
    both = "203.0.113.0/24;203.0.113.0/28"
    outside = ["203.0.113.15", "203.0.113.16", "192.0.2.1", "not one", None]
    assert derived("networks_of_address", {"of": outside}, two, "string") == [
        both, "203.0.113.0/24", "none", None, None,
    ]  # fmt: skip


def test_whether_a_client_is_among_those_of_the_owner() -> None:
    rows = {"of": ["x", "X ", "y", "x", None], "_owner_client": ["x", "y; x", "x", None, "x"]}
    assert derived("client_is_owners", rows, engagement(), "boolean") == [True, True, False, None, None]


def test_a_key_is_read_as_it_stands() -> None:
    assert derived("as_it_is", {"of": [" e-1", "e-2 ", None]}, engagement(), "string") == ["e-1", "e-2", None]


def test_zones_destinations_and_places() -> None:
    zones = ["floor-northwind", " Floor-Tail-Spin ", "wan", "-x", "a-b.example", "crm-db:443", None]
    of = {"of": zones}
    assert derived("client_of_zone", of, engagement(), "string") == [
        "northwind", "tail-spin", None, None, None, None, None,
    ]  # fmt: skip
    places = ["MNL1", " mnl1", "home", None]
    terms = engagement(sites=(site("MNL1", "Asia/Manila"),))
    assert derived("is_a_site", {"of": places}, terms, "boolean") == [True, True, False, False]
    assert derived("is_told", {"of": places}, terms, "boolean") == [True, True, True, False]
    wide = ["any", " ALL", "0.0.0.0/0", "::/0", None, "203.0.113.0/24", "0.0.0.0/1"]
    assert derived("is_anywhere", {"of": wide}, terms, "boolean") == [True] * 5 + [False] * 2


def test_rules_of_several_files_stand_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    """The first file's rules come before the second's, whatever the rules are called."""
    head = "rule_id,zone,direction,action\n"
    texts = (f"{head}9,b,in,deny\n1,a,in,deny\n", f"{head}0,a,in,deny\n")
    rows = csv(together(tmp_path, "network_rules", *texts, columns="place")).select("rule_id", "place").rows()
    assert rows == [("9", "1"), ("1", "2"), ("0", "3")]


def test_a_cell_that_could_not_be_read_has_no_derived_answer(tmp_path: Path) -> None:
    """Neither that it is empty nor that it is not."""
    text = "device_id,location\nLT-1,unknown\nLT-2,\nLT-3,home\n"
    rows = csv(together(tmp_path, "devices", text, columns="location at_site"))
    assert rows["at_site"].to_list() == ["?", "false", "false"]


def test_doors_words_and_names_of_the_vendor() -> None:
    doors = ["MNL1-main", " del1 - gate", "canteen", None]
    assert derived("part_before_dash", {"of": doors}, engagement(), "string") == ["mnl1", "del1", "canteen", None]
    assert derived("yes_unless_no", {"of": [True, False, None]}, engagement(), "boolean") == [True, False, True]
    sites = ["MNL1; Del1", "mnl1", None]
    assert derived("none_if_empty", {"of": sites}, engagement(), "string") == ["mnl1;del1", "mnl1", "none"]
    names = [" EXAMPLE", "Example Assurance", None]
    assert derived("is_the_vendor", {"of": names}, engagement(vendor="Example"), "boolean") == [True, False, None]
    assert derived("as_read", {"of": ["a.csv"]}, engagement(), "boolean") == [None]


def test_every_rule_of_a_shipped_kind_is_there() -> None:
    rules = {c.rule for kind in shipped().values() for c in kind.derived.values()}
    assert rules <= set(derive.RULES)


def test_a_setting_is_read_as_a_number_and_as_a_truth_value_and_never_guessed() -> None:
    texts = ["15", "7.5", "0", "-1", "15 min", "never", "true", "No", "enabled", None]
    numbers = derived("amount", {"of": texts}, engagement(), "number")
    assert [None if n is None else float(n) for n in numbers] == [15, 7.5, 0, -1, None, None, None, None, None, None]
    truths = derived("truth", {"of": texts}, engagement(), "boolean")
    assert truths == [None, None, False, None, None, None, True, False, True, None]


def test_the_network_of_an_address() -> None:
    """Two addresses of one IPv4 network of 24 bits, or one IPv6 network of 48, are in one place."""
    texts = ["203.0.113.7", "203.0.113.250", "2001:db8:1:2::3", "2001:0DB8:1:ffff::1", "the office", None]
    networks = ["203.0.113.0/24", "203.0.113.0/24", "2001:db8:1::/48", "2001:db8:1::/48", None, None]
    assert derived("network", {"of": texts}, engagement(), "string") == networks
