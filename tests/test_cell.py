"""Cells: what people and products write, and what it is read as."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ctrlkit.cell import FINE, NOT_KNOWN, OUTSIDE, PAST, UNREADABLE, Marks, Rules, is_not_known, mask, read, tidy, why
from ctrlkit.kind import Column, shipped
from ctrlkit.moment import Clock, Order, order_signs, orders_shown, zone_exists

CLOCK = Clock("Asia/Manila", "Asia/Manila", date(2026, 10, 31))


def cell(
    column: Column | str,
    text: str | None,
    order: Order | None = None,
    *,
    marks: Marks | None = None,
    clock: Clock = CLOCK,
) -> tuple[Any, int]:
    """Value and reason of one cell; a column is named `kind.column`."""
    if isinstance(column, str):
        kind, name = column.split(".")
        column = shipped()[kind].columns[name]
    rules = Rules(clock, {column.name: order} if order else {}, {column.name: marks} if marks else {})
    frame = pl.DataFrame({"t": [text]}, schema={"t": pl.String}).lazy().with_columns(tidy(pl.col("t")))
    frame = frame.with_columns(is_not_known(column, pl.col("t")).alias("k"))
    answer = pl.when(~pl.col("k")).then(pl.col("t"))
    frame = frame.with_columns(read(column, answer, rules).alias("v"))
    frame = frame.with_columns(why(column, pl.col("t"), pl.col("v"), rules, not_known=pl.col("k")).alias("w"))
    row = frame.collect().row(0, named=True)
    return row["v"], row["w"]


DAY = "accounts.password_last_set"
INSTANT = "auth_events.ts"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-10-01", date(2026, 10, 1)),
        ("2026/8/2", date(2026, 8, 2)),
        ("2 Aug 2026", date(2026, 8, 2)),
        ("02-August-2026", date(2026, 8, 2)),
        ("Sept 2, 2026", date(2026, 9, 2)),
        ("2026-10-01 00:00:00", date(2026, 10, 1)),
        ("05/05/2026", date(2026, 5, 5)),
        ("2026-02-29", None),
        ("2026-02-30", None),
        ("01/02/2026", None),
        ("13/02/2026", None),
        ("20261001", None),
        ("46296", None),
        ("03/08/26", None),
        ("0001-01-01", None),
        ("1900-01-01", None),
        ("2026-10-01 25:00", None),
        ("soon", None),
    ],
)
def test_a_day_is_read_where_it_can_mean_one_day_only(text: str, day: date | None) -> None:
    assert cell(DAY, text) == (day, FINE if day else UNREADABLE)


def test_an_instant_in_a_column_of_days_is_the_day_at_the_site() -> None:
    assert cell(DAY, "2026-10-01T20:00:00Z")[0] == date(2026, 10, 2)


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("03/Aug/26", "dmy", date(2026, 8, 3)),
        ("3-Aug-26 9:15 AM", "dmy", date(2026, 8, 3)),
        ("03/Aug/26", "mdy", None),
        ("03/Aug/26", "ymd", None),
        ("03/Aug/26", None, None),
        ("03/08/26", "dmy", None),
        ("03/Aug/026", "dmy", None),
    ],
)
def test_a_year_of_two_digits_is_read_only_where_the_day_is_said_to_come_first(
    text: str, order: Order | None, day: date | None
) -> None:
    assert cell(DAY, text, order)[0] == day


@pytest.mark.parametrize(("order", "day"), [("dmy", date(2026, 2, 1)), ("mdy", date(2026, 1, 2)), ("same", None)])
def test_day_and_month_follow_the_order_of_the_column(order: Order, day: date | None) -> None:
    assert cell(DAY, "01/02/2026", order)[0] == day


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["01/02/2026", "13/02/2026"], "dmy"),
        (["01/02/2026", "02/13/2026"], "mdy"),
        (["13/02/2026", "02/13/2026"], "both"),
        (["01/02/2026", "02/03/2026"], "same"),
        (["13/13/2026", "01/02/2026"], "same"),
        (["2026-10-01", None, "soon"], None),
    ],
)
def test_the_whole_column_decides_the_order(cells: list[str | None], order: str | None) -> None:
    seen = pl.DataFrame({"day": cells}, schema={"day": pl.String}).select(order_signs({"day": pl.col("day")}))
    assert orders_shown(seen.row(0, named=True), ["day"]).get("day") == order


def test_a_stated_order_is_not_questioned() -> None:
    assert cell(DAY, "13/02/2026", "mdy") == (None, UNREADABLE)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-10-01T00:00:00Z", "2026-10-01 00:00:00"),
        ("2026-10-01 08:00:00", "2026-10-01 00:00:00"),
        ("2026-10-01T08:00", "2026-10-01 00:00:00"),
        ("2026-10-01T08:00:00+08:00", "2026-10-01 00:00:00"),
        ("2026-10-01T05:30:00+0530", "2026-10-01 00:00:00"),
        ("2026-10-01 00:00:00 UTC", "2026-10-01 00:00:00"),
        ("2026/10/01 8:00:00 AM GMT+8", "2026-10-01 00:00:00"),
        ("2026-10-01T00:00:00.123456789Z", "2026-10-01 00:00:00.123456"),
        ("2026-10-01T00:00:00.5Z", "2026-10-01 00:00:00.500000"),
        ("1 Oct 2026 12:30 AM", "2026-09-30 16:30:00"),
        ("2026-10-01", None),
        ("2026-10-01 12:00 PST", None),
        ("2026-10-01 13:00 PM", None),
        ("2026-10-01T08:00:00+99:00", None),
        ("2026-10-01T24:01:00Z", None),
        ("1899-12-31 08:30:00", None),
    ],
)
def test_an_instant_is_read_where_it_can_mean_one_only(text: str, instant: str | None) -> None:
    expected = (datetime.fromisoformat(instant), FINE) if instant else (None, UNREADABLE)
    assert cell(INSTANT, text) == expected


@pytest.mark.parametrize("text", ["2026-03-08 02:30:00", "2026-11-01 01:30:00"])
def test_a_local_time_that_its_zone_skips_or_repeats_is_unreadable(text: str) -> None:
    there = Clock("America/New_York", "America/New_York", date(2027, 1, 1))
    assert cell(INSTANT, text, clock=there) == (None, UNREADABLE)


def test_a_day_after_the_as_of_date_is_told_apart() -> None:
    assert cell(DAY, "2026-10-31")[1] == FINE
    assert cell(DAY, "2026-11-01")[1] == PAST
    assert cell(INSTANT, "2026-10-31T15:59:59Z")[1] == FINE
    assert cell(INSTANT, "2026-10-31T16:00:00Z")[1] == PAST


def test_a_column_that_may_look_ahead_holds_later_days() -> None:
    assert cell("accounts.exception_until", "2027-01-31") == (date(2027, 1, 31), FINE)


@pytest.mark.parametrize("text", ["true", "Yes", "Y", "1", "t", "oo", "Opo", "हाँ", "ENABLED", "on"])
def test_words_for_yes(text: str) -> None:
    assert cell("accounts.enabled", text) == (True, FINE)


@pytest.mark.parametrize("text", ["FALSE", "no", "n", "0", "Hindi", "disabled", "off"])
def test_words_for_no(text: str) -> None:
    assert cell("accounts.enabled", text) == (False, FINE)


@pytest.mark.parametrize("text", ["active", "maybe", "2", "yes?"])
def test_other_words_are_neither_yes_nor_no(text: str) -> None:
    assert cell("accounts.enabled", text) == (None, UNREADABLE)


@pytest.mark.parametrize("text", ["unknown", "N/A", "#N/A", "na", "?", "TBD", "-", "#REF!", "null", "****"])
@pytest.mark.parametrize("column", ["accounts.enabled", "accounts.employee_id", DAY, "datasets.rows", "roster.status"])
def test_words_that_say_nothing_is_known_are_no_answer(column: str, text: str) -> None:
    assert cell(column, text) == (None, NOT_KNOWN)


@pytest.mark.parametrize("text", ["System.String[]", "System.Object[]", "@{Name=x}", "Microsoft.Graph.Thing"])
def test_a_type_name_in_place_of_a_value_is_no_answer(text: str) -> None:
    assert cell("accounts.account_id", text) == (None, NOT_KNOWN)


def test_a_word_the_kind_lists_is_an_answer() -> None:
    assert cell("mail_trace.dlp_action", "None") == ("none", FINE)
    assert cell("resets.verify_method", "none") == ("none", FINE)
    assert cell("accounts.employee_id", "None") == (None, NOT_KNOWN)
    assert cell("auth_events.country", "NA") == ("NA", FINE)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1250.50", "1250.50"),
        ("-5", "-5"),
        (".5", "0.5"),
        ("0042", "42"),
        ("1,234.50", "1234.50"),
        ("12,50,000", "1250000"),
        ("1,234,567", "1234567"),
        ("0.0000005", "0"),
        ("0.0000015", "0.000002"),
        ("99999999999999999999999999999999.5", "99999999999999999999999999999999.5"),
        ("1,234", None),
        ("1.234,50", None),
        ("1e5", None),
        ("inf", None),
        ("95%", None),
        ("5.", None),
        ("₱500", None),
        ("9" * 40, None),
        ("١٢", None),
    ],
)
def test_a_number_is_exact_or_not_read(text: str, number: str | None) -> None:
    expected = (Decimal(number), FINE) if number else (None, UNREADABLE)
    assert cell("datasets.rows", text) == expected


def test_one_comma_groups_thousands_where_the_column_shows_it() -> None:
    assert cell("datasets.rows", "1,234", marks="grouped")[0] == 1234


@pytest.mark.parametrize(
    ("text", "comma", "either"),
    [
        ("1.234", "1234", None),
        ("1,234", "1.234", None),
        ("1.234,50", "1234.5", "1234.5"),
        ("-1.234.567", "-1234567", None),
        ("0,5", "0.5", "0.5"),
        ("500", "500", "500"),
        ("12.50", None, "12.5"),
        ("1,234.50", None, "1234.5"),
        ("1 234,50", "1234.5", "1234.5"),
        ("1.23,5", None, None),
    ],
)
def test_a_comma_begins_the_decimals_where_the_column_shows_it(
    text: str, comma: str | None, either: str | None
) -> None:
    assert cell("datasets.rows", text, marks="comma")[0] == (Decimal(comma) if comma else None)
    assert cell("datasets.rows", text, marks="either")[0] == (Decimal(either) if either else None)


def test_thousands_may_stand_apart() -> None:
    assert cell("datasets.rows", "1\u00a0234 567.5")[0] == Decimal("1234567.5")


@settings(deadline=None)
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6))
def test_a_number_survives_exactly(number: Decimal) -> None:
    assert cell("payroll.gross", format(number, "f")) == (number, FINE)


def test_a_number_outside_its_list_is_told_apart() -> None:
    assert cell("auth_events.factors", "2") == (2, FINE)
    assert cell("auth_events.factors", "3") == (None, OUTSIDE)
    assert cell("auth_events.factors", "two") == (None, UNREADABLE)


@pytest.mark.parametrize(
    ("column", "text", "word"),
    [
        ("roster.status", "On Leave", "on_leave"),
        ("roster.status", " on-leave ", "on_leave"),
        ("dns.type", "txt", "TXT"),
        ("dns.type", "mta-sts", "MTA-STS"),
        ("tls.protocol_min", "1.2", "1.2"),
        ("incidents.regulator", "cert-in", "CERT-In"),
        ("alerts.kind", "Lost Device", "lost_device"),
        ("alerts.kind", "Badge Cloned", "badge_cloned"),
        ("accounts.role", "Team Lead", "Team Lead"),
    ],
)
def test_words_of_a_list_take_its_spelling(column: str, text: str, word: str) -> None:
    assert cell(column, text) == (word, FINE)


def test_a_word_outside_a_closed_list_is_told_apart() -> None:
    assert cell("roster.status", "Regular") == (None, OUTSIDE)


def test_a_list_in_a_cell_is_read_whole_or_not_at_all() -> None:
    assert cell("accounts.mfa_method", "SMS, Hardware Token;push") == ("sms;hardware_token;push", FINE)
    assert cell("accounts.mfa_method", "sms;pigeon") == (None, OUTSIDE)
    assert cell("accounts.mfa_method", "sms;unknown") == (None, OUTSIDE)
    assert cell("devices.software", "Any Desk ; ;Zoom") == ("any_desk;zoom", FINE)


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        (" Ana@Vendor.example\u00a0", "ana@vendor.example"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("E\u0301", "é"),
    ],
)
def test_identifiers_are_trimmed_and_casefolded(text: str, identifier: str) -> None:
    assert cell("accounts.account_id", text) == (identifier, FINE)


def test_an_empty_cell_is_null_and_no_fault() -> None:
    assert cell("accounts.enabled", "  ") == (None, FINE)


def test_a_masked_value_shows_its_first_character_and_length() -> None:
    assert mask("ana.cruz") == "a… (8 characters)"


def test_only_zones_of_the_world_exist() -> None:
    assert zone_exists("Asia/Kolkata")
    assert not zone_exists("Asia/Manilla")
