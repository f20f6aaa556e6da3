"""The engagement says what is asked, and the as-of instant is the only clock."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ctrlkit.engagement import AsOf, as_of, check_controls, check_features, load, self_check, zone_fault
from ctrlkit.errors import InputError

FULL = """\
id: northwind-2026-10
issued_by: client
issued_at: 2026-10-28T09:00:00Z
client: northwind
vendor: Example Contact Services, Inc.
country: PH
time_zone: Asia/Manila
period: {start: 2026-10-01, end: 2026-10-31}
sites:
  - {id: MNL1, country: PH, time_zone: Asia/Manila, networks: [203.0.113.0/24, "2001:db8::/32"]}
  - {id: BLR1, country: IN}
scope: {clients: [northwind], sites: [MNL1]}
domains: [Example.com]
systems: {crm: client, google: vendor, billing: client}
features: [card_data, home_work]
may_be_empty: [phish]
deferred: [{control: PHY-04, until: 2027-01-31, why: cameras come with the new floor}]
carry_restricted: {payroll: sharing agreement 2026-04}
nonce: 7f3a
"""
MANILA = ZoneInfo("Asia/Manila")
NOW = datetime(2026, 11, 2, 1, 2, 3, 999_999, tzinfo=UTC)

BROKEN = {
    "no zone and none known": (
        "country: PH\ntime_zone: Asia/Manila",
        "country: DE",
        6,
        "no time_zone, and none is known for country DE",
    ),
    "unknown zone": (
        "time_zone: Asia/Manila\nperiod",
        "time_zone: Asia/Manilla\nperiod",
        7,
        'did you mean "Asia/Manila"?',
    ),
    "zone of the machine": (
        "time_zone: Asia/Manila\nperiod",
        "time_zone: localtime\nperiod",
        7,
        "expected an IANA time zone",
    ),
    "zone outside the zones": (
        "time_zone: Asia/Manila\nperiod",
        "time_zone: ../../etc/passwd\nperiod",
        7,
        "expected an IANA time zone",
    ),
    "zone that is a folder": (
        "time_zone: Asia/Manila\nperiod",
        "time_zone: America\nperiod",
        7,
        "expected an IANA time zone",
    ),
    "lower-case country": ("country: PH\n", "country: ph\n", 6, "expected two capital letters"),
    "end before start": ("end: 2026-10-31", "end: 2026-09-30", 8, "which is before start 2026-10-01"),
    "zone of a site": ("Asia/Manila, networks", "Manila, networks", 10, "sites#1.time_zone: found"),
    "host bits": ("203.0.113.0/24", "203.0.113.7/24", 10, 'did you mean "203.0.113.0/24"?'),
    "no network": ("203.0.113.0/24", "office", 10, 'sites#1.networks#1: found "office", expected a network'),
    "every address": ("203.0.113.0/24", "0.0.0.0/0", 10, "which is every address"),
    "site twice": ("id: BLR1", "id: MNL1", 11, 'site "MNL1" stands twice'),
    "scope of no site": ("sites: [MNL1]", "sites: [MNL2]", 12, 'no site "MNL2"; did you mean "MNL1"?'),
    "no domain": ("[Example.com]", "[example]", 13, "expected a domain name"),
    "owner": ("crm: client", "crm: us", 14, "expected one of client, vendor"),
    "unknown kind": ("[phish]", "[fish]", 16, 'no evidence kind "fish"; did you mean "phish"?'),
    "control deferred twice": (
        "deferred: [",
        "deferred: [{control: PHY-04, until: 2027-01-30, why: x}, ",
        17,
        '"PHY-04" stands twice',
    ),
    "kind that is not restricted": (
        "{payroll:",
        "{roster:",
        18,
        '"roster" is not restricted; expected some of bank_credits',
    ),
    "restricted kind that is none": ("{payroll:", "{payrol:", 18, 'is no evidence kind; did you mean "payroll"?'),
}


def written(folder: Path, text: str) -> Path:
    path = folder / "engagement.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_field_of_the_contract_is_read(tmp_path: Path) -> None:
    asked = load(written(tmp_path, FULL))
    assert (asked.id, asked.issued_by, asked.client, asked.country) == (
        "northwind-2026-10",
        "client",
        "northwind",
        "PH",
    )
    assert asked.issued_at == datetime(2026, 10, 28, 9, tzinfo=UTC)
    assert (asked.period.start, asked.period.end) == (date(2026, 10, 1), date(2026, 10, 31))
    assert asked.sites[0].networks == (ip_network("203.0.113.0/24"), ip_network("2001:db8::/32"))
    assert (asked.scope_clients, asked.scope_sites, asked.domains) == (("northwind",), ("MNL1",), ("example.com",))
    assert (asked.client_systems, asked.may_be_empty, asked.nonce) == (("billing", "crm"), ("phish",), "7f3a")
    assert (asked.features, dict(asked.carry_restricted)) == (
        ("card_data", "home_work"),
        {"payroll": "sharing agreement 2026-04"},
    )
    assert not asked.self_check


def test_the_required_keys_suffice_and_the_zone_follows_the_country(tmp_path: Path) -> None:
    text = "id: a\nissued_by: client\nvendor: v\ncountry: IN\nperiod: {start: 2026-10-01, end: 2026-10-01}\n"
    asked = load(written(tmp_path, text))
    assert (asked.time_zone, asked.client, asked.systems, asked.sites) == ("Asia/Kolkata", "", {}, ())


def test_norway_stays_norway(tmp_path: Path) -> None:
    asked = load(
        written(tmp_path, FULL.replace("country: PH\ntime_zone: Asia/Manila", "country: NO\ntime_zone: Europe/Oslo"))
    )
    assert asked.country == "NO"


@pytest.mark.parametrize(("old", "new", "line", "message"), BROKEN.values(), ids=BROKEN)
def test_a_wrong_engagement_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, message: str
) -> None:
    assert old in FULL
    path = written(tmp_path, FULL.replace(old, new, 1))
    with pytest.raises(InputError) as error:
        load(path)
    assert str(error.value).startswith(f"{path.as_posix()}:{line}: ")
    assert message in str(error.value)


def test_a_site_has_its_own_zone_or_that_of_its_country(tmp_path: Path) -> None:
    asked = load(written(tmp_path, FULL))
    zones = {site.id: site.time_zone for site in asked.sites}
    assert (zones["MNL1"], zones["BLR1"]) == ("Asia/Manila", "Asia/Kolkata")


def test_a_feature_is_out_of_scope_only_where_features_are_said(tmp_path: Path) -> None:
    said = load(written(tmp_path, FULL))
    silent = load(written(tmp_path, FULL.replace("features: [card_data, home_work]\n", "")))
    assert [said.involves("card_data"), said.involves("health"), silent.involves("health")] == [True, False, True]


def test_a_deferral_holds_up_to_its_last_day(tmp_path: Path) -> None:
    asked = load(written(tmp_path, FULL))
    assert asked.deferral("PHY-04", date(2027, 1, 31)) == asked.deferred[0]
    assert asked.deferral("PHY-04", date(2027, 2, 1)) is None
    assert asked.deferral("PHY-05", date(2027, 1, 1)) is None


@pytest.mark.parametrize(
    ("issued_by", "inside", "expected"), [("client", False, False), ("client", True, True), ("vendor", False, True)]
)
def test_what_the_vendor_issues_or_carries_is_a_self_check(
    tmp_path: Path, issued_by: str, inside: bool, expected: bool
) -> None:
    path = written(tmp_path, FULL.replace("issued_by: client", f"issued_by: {issued_by}"))
    assert load(path, inside_pack=inside).self_check is expected


def test_unknown_controls_and_features_are_refused_by_whoever_knows_them(tmp_path: Path) -> None:
    asked = load(written(tmp_path, FULL))
    check_controls(asked, {"PHY-04"})
    check_features(asked, {"card_data", "home_work"})
    with pytest.raises(InputError, match=r'17: deferred#1.control: no control "PHY-04"; did you mean "PHY-03"\?'):
        check_controls(asked, ["PHY-03"])
    with pytest.raises(InputError, match=r'15: features#2: no control knows the feature "home_work"'):
        check_features(asked, ["card_data"])


def test_an_engagement_travels_to_another_process(tmp_path: Path) -> None:
    asked = load(written(tmp_path, FULL))
    assert pickle.loads(pickle.dumps(asked)) == asked  # noqa: S301


@pytest.mark.parametrize(
    ("on", "start", "end"),
    [
        (date(2026, 11, 1), date(2026, 10, 1), date(2026, 10, 31)),
        (date(2026, 10, 31), date(2026, 9, 1), date(2026, 9, 30)),
        (date(2027, 1, 15), date(2026, 12, 1), date(2026, 12, 31)),
        (date(2028, 3, 1), date(2028, 2, 1), date(2028, 2, 29)),
    ],
)
def test_a_self_check_asks_for_the_last_full_month(on: date, start: date, end: date) -> None:
    asked = self_check(AsOf(NOW, on), "PH", "v")
    assert (asked.period.start, asked.period.end, asked.self_check, asked.may_be_empty) == (start, end, True, ())
    assert asked.features is None


def test_a_self_check_needs_a_zone() -> None:
    with pytest.raises(InputError, match='no time zone is known for country "DE"'):
        self_check(AsOf(NOW, NOW.date()), "DE", "v")
    assert self_check(AsOf(NOW, NOW.date()), "DE", "v", "Europe/Berlin").zone.key == "Europe/Berlin"


def test_a_date_is_its_last_second_in_the_zone() -> None:
    at = as_of("2026-11-02", MANILA, NOW)
    assert at == AsOf(datetime(2026, 11, 2, 15, 59, 59, tzinfo=UTC), date(2026, 11, 2))


def test_the_day_on_which_the_clock_is_put_back_has_25_hours() -> None:
    at = as_of("2026-11-01", ZoneInfo("America/New_York"), NOW)
    assert at == AsOf(datetime(2026, 11, 2, 4, 59, 59, tzinfo=UTC), date(2026, 11, 1))


def test_an_instant_is_itself_and_its_date_is_local() -> None:
    at = as_of("2026-11-02T20:00:00Z", MANILA, NOW)
    assert at == AsOf(datetime(2026, 11, 2, 20, tzinfo=UTC), date(2026, 11, 3))


def test_without_text_it_is_now_in_whole_seconds() -> None:
    assert as_of(None, MANILA, NOW) == AsOf(datetime(2026, 11, 2, 1, 2, 3, tzinfo=UTC), date(2026, 11, 2))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2026-11-31",
        "2026-11-02T09:00:00",
        "2026-11-02T09:00:00.5Z",
        "0001-01-01",
        "9999-12-31",
        "1e9",
        "\x1b[2J",
    ],
)
def test_any_other_as_of_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"^--as-of: found .* expected a date or an instant with offset"):
        as_of(text, MANILA, NOW)


@pytest.mark.parametrize("name", ["", ".", "UTC\x00", "/etc/localtime", "posix/Asia/Manila", "asia manila"])
def test_a_zone_is_an_iana_name(name: str) -> None:
    assert "expected an IANA time zone" in zone_fault(name)
    assert zone_fault("Asia/Manila") == ""
