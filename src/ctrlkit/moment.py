"""Dates and instants: ISO always, other orders where the whole column shows them, local times through their zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

import polars as pl

Order = Literal["dmy", "mdy", "ymd", "same", "both", "short"]
"""How days and months stand in a column; `same`: nothing tells, `both`: some cells say one order, some the other.

`short`: months are words and a year has two digits, so that it might be the day.
"""

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_PATTERN: Final = (
    r"(?i)^(?:(?<y1>[0-9]{4})[-/.](?<m1>[0-9]{1,2})[-/.](?<d1>[0-9]{1,2})"
    r"|(?<a>[0-9]{1,2})[-/.](?<b>[0-9]{1,2})[-/.](?<y2>[0-9]{4})"
    rf"|(?<d3>[0-9]{{1,2}})[-/ ](?<m3>{_MONTH})[-/ ,]+(?<y3>[0-9]{{4}}|[0-9]{{2}})"
    rf"|(?<m4>{_MONTH})\.? (?<d4>[0-9]{{1,2}}),? (?<y4>[0-9]{{4}}))"
    r"(?<clock>(?:T|,? +)(?<h>[0-9]{1,2}):(?<min>[0-9]{2})(?::(?<s>[0-9]{2})(?:[.,](?<f>[0-9]{1,9}))?)?"
    r"(?: ?(?<ap>[ap])\.?m\.?)?"
    r"(?: ?(?<zone>Z|(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-9]{2})?|UTC|GMT))?)?$"
)
_EITHER: Final = r"^(?<a>[0-9]{1,2})[-/.](?<b>[0-9]{1,2})[-/.][0-9]{4}(?:[^0-9]|$)"
_SHORT: Final = rf"(?i)^[0-9]{{1,2}}[-/ ](?:{_MONTH})[-/ ,]+[0-9]{{2}}(?:[^0-9]|$)"
MAY_TELL_ORDER: Final = r"^\s*[0-9]{1,2}[-/.]"
"""What a cell holds that may tell the order of day and month; far cheaper than to read it."""
_SERIAL: Final = r"^[2-7][0-9]{4}(?:\.[0-9]{1,16})?$"
"""Days of a workbook from 1954 to 2123; whoever writes a number for a day in five digits means such a one."""
_DAY: Final = 24 * 3600 * 10**6
_LAST_MONTH: Final = 12
_WIDEST_OFFSET: Final = 14
_HOUR: Final = 60
_FIRST_YEAR: Final = 1901
"""Products write 0001-01-01, 1899-12-30 or 1900-01-01 for "never"; no evidence is as old."""


@dataclass(frozen=True, slots=True)
class Clock:
    """`local`: IANA zone of times that carry none; `site`: zone whose calendar days count; and the as-of date there.

    `serials`: the day from which a workbook counts its days, None where a bare number is no day.
    """

    local: str
    site: str
    as_of_date: date
    serials: date | None = None

    def is_after(self, value: pl.Expr, kind: str) -> pl.Expr:
        """Whether a date or instant lies after the as-of date."""
        if kind == "date":
            return value > self.as_of_date
        return value >= self.end

    @property
    def end(self) -> datetime:
        """The first instant after the as-of date, naive UTC."""
        midnight = datetime.combine(self.as_of_date + timedelta(days=1), datetime.min.time())
        for hour in range(3):  # some zones skip midnight when their clocks change
            local = pl.Series([midnight + timedelta(hours=hour)])
            aware = local.dt.replace_time_zone(self.site, ambiguous="earliest", non_existent="null")
            found = aware.dt.convert_time_zone("UTC").dt.replace_time_zone(None).item()
            if isinstance(found, datetime):
                return found
        return midnight


def zone_exists(name: str) -> bool:
    """Whether this is an IANA zone name."""
    try:
        pl.Series([datetime(2026, 1, 1)]).dt.replace_time_zone(name)  # noqa: DTZ001
    except (pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError):
        return False
    return True


def order_signs(texts: Mapping[str, pl.Expr]) -> list[pl.Expr]:
    """What `orders_shown` needs to see of each column's text, as aggregates over a whole table."""
    signs = []
    for name, text in texts.items():
        either = text.str.extract_groups(_EITHER)
        a, b = (either.struct.field(f).cast(pl.Int32) for f in "ab")
        signs += [
            a.is_not_null().any().alias(f"{name}:any"),
            text.str.contains(_SHORT).any().alias(f"{name}:short"),
            ((a > _LAST_MONTH) & (b <= _LAST_MONTH)).any().alias(f"{name}:dmy"),
            ((b > _LAST_MONTH) & (a <= _LAST_MONTH)).any().alias(f"{name}:mdy"),
        ]
    return signs


def orders_shown(seen: Mapping[str, bool], names: Iterable[str]) -> dict[str, Order]:
    """The order of day and month in each column that has cells with one; `seen` are the values of `order_signs`."""
    told: dict[str, Order] = {name: "short" for name in names if seen[f"{name}:short"]}
    return told | {name: _order(seen, name) for name in told.keys() | {*names} if seen[f"{name}:any"]}


def _order(seen: Mapping[str, bool], name: str) -> Order:
    match seen[f"{name}:dmy"], seen[f"{name}:mdy"]:
        case True, False:
            return "dmy"
        case False, True:
            return "mdy"
        case True, True:
            return "both"
        case _:
            return "same"


def read_date(text: pl.Expr, clock: Clock, order: Order | None) -> pl.Expr:
    """Calendar days; of an instant with a zone the day at the site, of a local time its own day."""
    iso = _iso_date(text)
    rest = pl.when(iso.is_null()).then(text)
    return _credible(pl.coalesce(iso, _where_needed(rest, _other_date(clock, order), pl.Date())))


def plain_days(text: pl.Series) -> pl.Series:
    """Days written as 2026-10-31, null for anything else; what `read_date` gives for them, at less cost."""
    return _over("text", text, _credible(_iso_date(pl.col("text"))))


def _over(name: str, text: pl.Series, reading: pl.Expr) -> pl.Series:
    return text.to_frame(name).select(reading).to_series()


def _iso_date(text: pl.Expr) -> pl.Expr:
    short = pl.when(text.str.len_bytes() == len("2026-10-31")).then(text)
    return short.str.to_date("%Y-%m-%d", strict=False, cache=False)


def _other_date(clock: Clock, order: Order | None) -> pl.Expr:
    parts = pl.col("text").str.extract_groups(_PATTERN)
    own = _day_text(parts, order).str.to_date("%Y-%m-%d", strict=False, cache=False)
    if clock.serials:
        own = pl.coalesce(own, _of_serial(clock.serials).dt.date())
    clocked = parts.struct.field("clock").is_not_null()
    moment = _utc(parts, clock, order)
    at_site = _aware(moment).dt.convert_time_zone(clock.site).dt.date()
    local = pl.when(_local(parts, order).is_not_null()).then(own)
    zoned = parts.struct.field("zone").is_not_null()
    return pl.when(~clocked).then(own).when(zoned).then(at_site).otherwise(local)


def read_instant(text: pl.Expr, clock: Clock, order: Order | None) -> pl.Expr:
    """Instants as naive UTC microseconds; a day without a time is none, nor a time that its zone skips or repeats."""
    utc, spaced = _iso_utc(text), _iso_local(text)
    plain = _to_utc(spaced, clock.local)
    rest = pl.when(utc.is_null() & spaced.is_null()).then(text)
    other = _utc(pl.col("text").str.extract_groups(_PATTERN), clock, order)
    if clock.serials:
        other = pl.coalesce(other, _to_utc(_of_serial(clock.serials).dt.round("1s"), clock.local))
    return _credible(pl.coalesce(utc, plain, _where_needed(rest, other, pl.Datetime("us"))))


def _of_serial(zero: date) -> pl.Expr:
    """The local time that a number of days since `zero` means."""
    number = pl.when(pl.col("text").str.contains(_SERIAL)).then("text").cast(pl.Float64, strict=False)
    return pl.lit(datetime.combine(zero, datetime.min.time())) + pl.duration(microseconds=(number * _DAY).round())


def plain_instants(text: pl.Series, clock: Clock) -> pl.Series:
    """Instants as 2026-10-31T18:05:00Z, with +08:00 for Z, or 2026-10-31 18:05:00, as `read_instant` reads them.

    Null for anything else.
    """
    utc = _over("text", text, _credible(_iso_utc(pl.col("text"))))
    if utc.null_count() == text.null_count():
        return utc
    zoned = _over("text", text, _credible(_iso_zoned(pl.col("text"))))
    if zoned.null_count() == text.null_count():
        return zoned
    local = _over("text", text, _credible(_to_utc(_iso_local(pl.col("text")), clock.local)))
    return utc.zip_with(utc.is_not_null(), zoned).zip_with(utc.is_not_null() | zoned.is_not_null(), local)


def _iso_utc(text: pl.Expr) -> pl.Expr:
    return _parsed(pl.when(text.str.len_bytes() == len("2026-10-31T18:05:00Z")).then(text), "%Y-%m-%dT%H:%M:%SZ")


def _iso_zoned(text: pl.Expr) -> pl.Expr:
    near = (text.str.len_bytes() == len("2026-10-31T18:05:00+08:00")) & (text.str.slice(20, 2) < str(_WIDEST_OFFSET))
    shape = "%Y-%m-%dT%H:%M:%S%z"
    aware = pl.when(near).then(text).str.to_datetime(shape, strict=False, time_unit="us", time_zone="UTC", cache=False)
    return aware.dt.replace_time_zone(None)


def _iso_local(text: pl.Expr) -> pl.Expr:
    return _parsed(pl.when(text.str.len_bytes() == len("2026-10-31 18:05:00")).then(text), "%Y-%m-%d %H:%M:%S")


def expected_moment(kind: str, order: Order | None) -> str:
    """What a date or instant should look like, for a person."""
    example = "a day such as 2026-10-31" if kind == "date" else "an instant such as 2026-10-31T18:05:00+08:00"
    if order == "same":
        return f"{example}; day and month cannot be told apart, set date_order (dmy or mdy) in pack.yaml"
    if order == "short":
        return f"{example}; a year of two digits is read where date_order in pack.yaml says dmy"
    if order == "both":
        return f"{example}; some cells put the day first, others the month: export it again in one form"
    return example


def _where_needed(text: pl.Expr, reading: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """`reading` of a column `text`, worked out once for each distinct text that is left, which are few or none."""

    def whole(series: pl.Series) -> pl.Series:
        distinct = pl.DataFrame({"text": series.drop_nulls().unique()}, schema={"text": pl.String})
        if distinct.is_empty():
            return pl.Series(series.name, [None], kind).new_from_index(0, len(series))
        values = distinct.select(reading.cast(kind)).to_series()
        return series.replace_strict(distinct["text"], values, default=None, return_dtype=kind)

    return text.map_batches(whole, return_dtype=kind, is_elementwise=True)


def _parsed(text: pl.Expr, shape: str) -> pl.Expr:
    return text.str.to_datetime(shape, strict=False, time_unit="us", time_zone=None, cache=False)


def _aware(value: pl.Expr) -> pl.Expr:
    return value.dt.replace_time_zone("UTC")


def _to_utc(value: pl.Expr, zone: str) -> pl.Expr:
    aware = value.dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    return aware.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _credible(value: pl.Expr) -> pl.Expr:
    return pl.when(value >= date(_FIRST_YEAR, 1, 1)).then(value)


def _day_text(parts: pl.Expr, order: Order | None) -> pl.Expr:
    part = parts.struct.field
    a, b = part("a"), part("b")
    day, month = {"dmy": (a, b), "mdy": (b, a)}.get(order or "", (pl.when(a == b).then(a), pl.when(a == b).then(b)))
    word = pl.coalesce(part("m3"), part("m4")).str.to_lowercase().str.slice(0, 3)
    named = word.replace_strict(_MONTHS, [str(n) for n in range(1, 13)], default=None, return_dtype=pl.String)
    short = part("y3").str.len_bytes() == len("26")
    year = pl.when(~short).then(part("y3")).when(pl.lit(order == "dmy")).then("20" + part("y3"))
    years = pl.coalesce(part("y1"), part("y2"), year, part("y4"))
    months = pl.coalesce(part("m1"), month, named).str.zfill(2)
    days = pl.coalesce(part("d1"), day, part("d3"), part("d4")).str.zfill(2)
    return pl.concat_str(years, months, days, separator="-")


def _local(parts: pl.Expr, order: Order | None) -> pl.Expr:
    part = parts.struct.field
    hour = part("h").cast(pl.Int32)
    half = part("ap").str.to_lowercase()
    twelve = pl.when(hour.is_between(1, 12)).then(hour % 12 + pl.when(half == "p").then(12).otherwise(0))
    hours = pl.when(half.is_null()).then(hour).otherwise(twelve).cast(pl.String).str.zfill(2)
    seconds = part("s").fill_null("00")
    fraction = part("f").fill_null("0").str.slice(0, 6).str.pad_end(6, "0")
    clock = pl.concat_str(hours, part("min"), seconds, separator=":")
    text = pl.concat_str(_day_text(parts, order), pl.lit("T"), clock)
    return _parsed(text, "%Y-%m-%dT%H:%M:%S") + pl.duration(microseconds=fraction.cast(pl.Int64))


def _utc(parts: pl.Expr, clock: Clock, order: Order | None) -> pl.Expr:
    local = _local(parts, order)
    zone = parts.struct.field("zone").str.to_uppercase()
    shift = zone.str.extract_groups(r"(?<sign>[+-])(?<h>[0-9]{1,2}):?(?<m>[0-9]{2})?$")
    hours, minutes = shift.struct.field("h").cast(pl.Int64), shift.struct.field("m").cast(pl.Int64).fill_null(0)
    sane = (hours <= _WIDEST_OFFSET) & (minutes < _HOUR)
    signed = pl.when(sane).then(
        (hours * _HOUR + minutes) * pl.when(shift.struct.field("sign") == "-").then(-1).otherwise(1)
    )
    offset = pl.when(zone.is_in(["Z", "UTC", "GMT"])).then(0).otherwise(signed)
    return pl.when(zone.is_null()).then(_to_utc(local, clock.local)).otherwise(local - pl.duration(minutes=offset))
