"""Columns that checks read instead of an identifier or a local clock, computed before anything is hidden."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from ctrlkit.engagement import Engagement
    from ctrlkit.kind import Column

# ISO 3166-1 alpha-2, officially assigned (2026).
_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
)
COUNTRIES = frozenset(_CODES.split())
GENERIC = (
    r"^(?:agents?|qa|trainer|training|trainee|tl|team_?leaders?|supervisor|sup|admin|user|test|temp|shared|floor|seat|"
    r"station|ws|desk|reception|guest|batch|wave)[._-]?(?:[a-z]{0,5}[._-]?)?\d*$"
)
"""House pattern for account names of a role, seat or batch and not of a person (agent01, tl_floor2, trainer)."""

Rule = Callable[[pl.LazyFrame, "Column", "Engagement"], pl.LazyFrame]


def add(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    """The frame with the derived column; null where its source cell is empty or could not be read."""
    return RULES[column.rule or ""](frame, column, engagement)


def _by_site(
    frame: pl.LazyFrame, column: Column, engagement: Engagement, make: Callable[[str], pl.Expr]
) -> pl.LazyFrame:
    """An expression per zone: a row's site decides where the kind has one, the engagement's zone elsewhere.

    Null where the site is unknown or none of the engagement's, and its sites are not all in one zone.
    """
    expression = make(engagement.time_zone)
    zones = {engagement.time_zone, *(site.time_zone for site in engagement.sites)}
    if len(zones) > 1 and "site" in frame.collect_schema().names():
        expression = pl.lit(None, _type_of(column))
        for site in engagement.sites:
            here = pl.col("site").str.to_lowercase() == site.id.lower()
            expression = pl.when(here).then(make(site.time_zone)).otherwise(expression)
    return frame.with_columns(expression.alias(column.name))


def _type_of(column: Column) -> pl.DataType:
    """The Polars type of a derived day, instant or number."""
    return {"date": pl.Date(), "number": pl.Decimal(38, 6)}.get(column.type, pl.Datetime("us"))


def _local_day_end(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    def make(zone: str) -> pl.Expr:
        midnight = pl.col(column.of or "").dt.offset_by("1d").cast(pl.Datetime("us"))
        # where clocks go forward at midnight, the day begins at one
        begins = pl.coalesce(_in_zone(midnight, zone), _in_zone(midnight.dt.offset_by("1h"), zone))
        return begins.dt.convert_time_zone("UTC").dt.replace_time_zone(None)

    return _by_site(frame, column, engagement, make)


def _local_day_begin(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    source = pl.col(column.of or "")
    moment = frame.collect_schema()[column.of or ""] != pl.Date

    def make(zone: str) -> pl.Expr:
        day = source.dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date() if moment else source
        midnight = day.cast(pl.Datetime("us"))
        begins = pl.coalesce(_in_zone(midnight, zone), _in_zone(midnight.dt.offset_by("1h"), zone))
        return begins.dt.convert_time_zone("UTC").dt.replace_time_zone(None)

    return _by_site(frame, column, engagement, make)


def _local_minute(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    def make(zone: str) -> pl.Expr:
        local = pl.col(column.of or "").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        minute = local.dt.hour().cast(pl.Int64) * 60 + local.dt.minute().cast(pl.Int64)
        return minute.cast(pl.Decimal(38, 6))

    return _by_site(frame, column, engagement, make)


def _month_begin(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    month = pl.col(column.of or "").str.strip_chars()
    first = pl.when(month.str.contains(r"^\d{4}-(?:0[1-9]|1[0-2])$")).then(month + "-01").otherwise(None)
    return frame.with_columns(first.str.to_date("%Y-%m-%d", strict=False).alias(column.name))


def _in_zone(local: pl.Expr, zone: str) -> pl.Expr:
    return local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")


def _local_date(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    def make(zone: str) -> pl.Expr:
        return pl.col(column.of or "").dt.replace_time_zone("UTC").dt.convert_time_zone(zone).dt.date()

    return _by_site(frame, column, engagement, make)


def _country_code(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    code = pl.col(column.of or "").str.strip_chars().str.to_uppercase()
    return frame.with_columns(pl.when(code.is_in(sorted(COUNTRIES))).then(code).otherwise(None).alias(column.name))


def _name_is_generic(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    name = pl.col(column.of or "").str.split("@").list.first()
    return frame.with_columns(name.str.contains(GENERIC).alias(column.name))


def _mail_domain(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    domain = pl.col(column.of or "").str.extract(r"@([^@\s>]+)", 1).str.to_lowercase()
    return frame.with_columns(domain.alias(column.name))


def _sites_of(values: list[str], engagement: Engagement) -> Mapping[str, str | None]:
    """Address -> site whose network holds it; addresses that are none are left out."""
    networks = [(network, site.id) for site in engagement.sites for network in site.networks]
    found: dict[str, str | None] = {}
    for value in values:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            continue
        found[value] = next((site for network, site in networks if address in network), None)
    return found


def _address(frame: pl.LazyFrame, column: Column, engagement: Engagement, *, known: bool) -> pl.LazyFrame:
    values = frame.select(pl.col(column.of or "").unique()).collect().to_series().drop_nulls().to_list()
    sites = _sites_of(values, engagement)
    answers = [sites[v] is not None if known else sites[v] for v in sites]
    lookup = pl.LazyFrame(
        {"_address": list(sites), column.name: answers},
        schema={"_address": pl.String, column.name: pl.Boolean if known else pl.String},
    )
    return frame.join(lookup, left_on=column.of, right_on="_address", how="left", maintain_order="left")


def _site_of_address(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    return _address(frame, column, engagement, known=False)


def _address_is_known(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    return _address(frame, column, engagement, known=True)


RULES: Mapping[str, Rule] = {
    "local_day_end": _local_day_end,
    "local_day_begin": _local_day_begin,
    "local_date": _local_date,
    "local_minute": _local_minute,
    "month_begin": _month_begin,
    "country_code": _country_code,
    "name_is_generic": _name_is_generic,
    "mail_domain": _mail_domain,
    "site_of_address": _site_of_address,
    "address_is_known": _address_is_known,
}
