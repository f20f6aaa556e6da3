"""Columns that checks read instead of an identifier or a local clock, computed before anything is hidden."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import polars as pl

from ctrlkit import mail_records
from ctrlkit.cell import BOOLEANS, read_number

if TYPE_CHECKING:
    from ctrlkit.engagement import Engagement
    from ctrlkit.kind import Column, Kind

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

ANYWHERE = ("any", "all", "0.0.0.0/0", "::/0")
"""How rule sets write that a rule speaks of every destination."""

Rule = Callable[[pl.LazyFrame, "Column", "Engagement"], pl.LazyFrame]


def add(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    """The frame with the derived column; null where its source cell is empty or could not be read.

    Except by `yes_unless_no` and `none_if_empty`, for which an empty cell says so.
    """
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


def _amount(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    return frame.with_columns(read_number(pl.col(column.of or ""), None).alias(column.name))


def _truth(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    word = pl.col(column.of or "").str.to_lowercase()
    said = word.replace_strict(dict(BOOLEANS), default=None, return_dtype=pl.Boolean)
    return frame.with_columns(said.alias(column.name))


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


def _is_told(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    return frame.with_columns(pl.col(column.of or "").is_not_null().alias(column.name))


def _is_a_site(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    sites = [site.id.lower() for site in engagement.sites]
    here = pl.col(column.of or "").str.strip_chars().str.to_lowercase().is_in(sites).fill_null(value=False)
    return frame.with_columns(here.alias(column.name))


def _is_anywhere(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    wide = pl.col(column.of or "").str.strip_chars().str.to_lowercase().is_in(ANYWHERE).fill_null(value=True)
    return frame.with_columns(wide.alias(column.name))


def _client_of_zone(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    client = pl.col(column.of or "").str.strip_chars().str.to_lowercase().str.extract(r"^[^-./:\s]+-([^./:]+)$", 1)
    return frame.with_columns(client.alias(column.name))


def _row_order(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    return frame.with_columns(pl.int_range(1, pl.len() + 1).alias(column.name))


def _part_before_dash(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    part = pl.col(column.of or "").str.split("-").list.first().str.strip_chars().str.to_lowercase()
    return frame.with_columns(part.alias(column.name))


def _as_read(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    """What whoever read the files has put beside the rows already; unknown where nobody has."""
    if column.name in frame.collect_schema().names():
        return frame
    return frame.with_columns(pl.lit(None, pl.Boolean()).alias(column.name))


def _is_the_vendor(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    own = engagement.vendor.strip().casefold()
    return frame.with_columns((pl.col(column.of or "").str.strip_chars().str.to_lowercase() == own).alias(column.name))


def _none_if_empty(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    words = pl.col(column.of or "").str.to_lowercase().str.replace_all(r"\s*;\s*", ";")
    return frame.with_columns(words.fill_null("none").alias(column.name))


def _yes_unless_no(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    return frame.with_columns(pl.col(column.of or "").fill_null(value=True).alias(column.name))


def _network_of(address: str) -> str | None:
    try:
        host = ipaddress.ip_address(address)
    except ValueError:
        return None
    return str(ipaddress.ip_network((host, 24 if host.version == 4 else 48), strict=False))  # noqa: PLR2004


def _network(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    of = pl.col(column.of or "")
    values = frame.select(of.unique()).collect().to_series().drop_nulls().to_list()
    networks = {value: _network_of(value) for value in values}
    named = of.replace_strict(networks, default=None, return_dtype=pl.String)
    return frame.with_columns(named.alias(column.name))


def _networks_of_address(frame: pl.LazyFrame, column: Column, engagement: Engagement) -> pl.LazyFrame:
    values = frame.select(pl.col(column.of or "").unique()).collect().to_series().drop_nulls().to_list()
    networks = sorted({network for site in engagement.sites for network in site.networks}, key=str)
    found: dict[str, str] = {}
    for value in values:
        try:
            address = ipaddress.ip_address(value)
        except ValueError:
            continue
        found[value] = ";".join(str(n) for n in networks if address in n) or NO_NETWORK
    answer = pl.col(column.of or "").replace_strict(found, default=None, return_dtype=pl.String)
    return frame.with_columns(answer.alias(column.name))


def _client_is_owners(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    """`_owner_client` is what the roster said of the owner, before anybody was taken out of scope."""
    theirs = pl.col("_owner_client").str.to_lowercase().str.split(";").list.eval(pl.element().str.strip_chars())
    ours = pl.col(column.of or "").str.to_lowercase().str.strip_chars()
    return frame.with_columns(pl.when(ours.is_not_null()).then(theirs.list.contains(ours)).alias(column.name))


def _as_it_is(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    return frame.with_columns(pl.col(column.of or "").str.strip_chars().alias(column.name))


NO_NETWORK = "none"
"""What stands for the networks of an address that lies in none."""


def _mail_record(frame: pl.LazyFrame, column: Column, _: Engagement) -> pl.LazyFrame:
    """What a row of kind `dns` says, beside all others of its domain."""
    kinds = {"string": pl.String(), "number": pl.Int64(), "boolean": pl.Boolean()}
    cells = frame.select("domain", "type", "name", "value").collect().iter_rows()
    told = [mail_records.READ[column.rule or ""](row) for row in mail_records.rows_of(cells)]
    return frame.with_columns(pl.Series(column.name, told, kinds[column.type]))


RULES: Mapping[str, Rule] = {
    "local_day_end": _local_day_end,
    "local_day_begin": _local_day_begin,
    "local_date": _local_date,
    "local_minute": _local_minute,
    "month_begin": _month_begin,
    "country_code": _country_code,
    "amount": _amount,
    "truth": _truth,
    "name_is_generic": _name_is_generic,
    "mail_domain": _mail_domain,
    "site_of_address": _site_of_address,
    "address_is_known": _address_is_known,
    "is_told": _is_told,
    "is_a_site": _is_a_site,
    "is_anywhere": _is_anywhere,
    "client_of_zone": _client_of_zone,
    "row_order": _row_order,
    "part_before_dash": _part_before_dash,
    "as_read": _as_read,
    "is_the_vendor": _is_the_vendor,
    "none_if_empty": _none_if_empty,
    "yes_unless_no": _yes_unless_no,
    "network": _network,
    "networks_of_address": _networks_of_address,
    "client_is_owners": _client_is_owners,
    "as_it_is": _as_it_is,
    **dict.fromkeys(mail_records.READ, _mail_record),
}

_BESIDE_ALL = {"row_order", *mail_records.READ}


def beside_all(kind: Kind) -> bool:
    """Whether a column of the kind is worked out of a row beside all others, and not of each by itself."""
    return any(column.rule in _BESIDE_ALL for column in kind.derived.values())
