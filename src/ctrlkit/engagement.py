"""What the client asks, of whom, for which period and scope; and the as-of instant, the only clock of a run."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from ctrlkit import kind as evidence_kind
from ctrlkit.document import Document, day, instant
from ctrlkit.document import load as load_document
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.strict_yaml import shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from ctrlkit.kind import Kind

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

ZONES: Final = MappingProxyType({"PH": "Asia/Manila", "IN": "Asia/Kolkata"})
"""The time zone of the countries that have only one and that ctrlkit is made for."""

_YEARS = range(1990, 3000)
_MACHINE_ZONES = ("localtime", "posixrules", "Factory", "posix/", "right/")


@dataclass(frozen=True, slots=True)
class AsOf:
    """The instant (aware, UTC, whole seconds) a run is evaluated at, and its local day in the engagement's zone."""

    instant: datetime
    date: date


@dataclass(frozen=True, slots=True)
class Period:
    """The audit period; both days are included."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Site:
    """One site of the vendor; country and zone are the engagement's where the site does not say."""

    id: str
    country: str
    time_zone: str
    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Deferral:
    """A control the client does not ask for yet; `until` is the last day of it."""

    control: str
    until: date
    why: str


@dataclass(frozen=True, slots=True)
class Engagement:
    """The client's document.

    `features` is None where the document does not say what the work involves: then no control is out of scope for it.
    Empty `scope_clients` or `scope_sites` limit nothing. `systems` maps a name to its owner, client or vendor.
    `self_check` is True where no client asked. `document` is None where there is no file. `due` is the last day for the
    vendor's answer, None where the client does not say.
    """

    id: str
    issued_by: str
    issued_at: datetime | None
    client: str
    vendor: str
    country: str
    time_zone: str
    period: Period
    sites: tuple[Site, ...]
    scope_clients: tuple[str, ...]
    scope_sites: tuple[str, ...]
    domains: tuple[str, ...]
    systems: Mapping[str, str]
    features: tuple[str, ...] | None
    may_be_empty: tuple[str, ...]
    deferred: tuple[Deferral, ...]
    carry_restricted: Mapping[str, str]
    nonce: str
    keep_until: date | None
    self_check: bool
    document: Document | None
    due: date | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The zone of dates and days."""
        return ZoneInfo(self.time_zone)

    @property
    def client_systems(self) -> tuple[str, ...]:
        """Names of the systems that the client owns, sorted."""
        return tuple(sorted(name for name, owner in self.systems.items() if owner == "client"))

    def involves(self, feature: str) -> bool:
        """Whether the work involves `feature`; True where the engagement does not say."""
        return self.features is None or feature in self.features

    def deferral(self, control: str, on: date) -> Deferral | None:
        """The deferral of `control` that holds on that day, or None."""
        return next((d for d in self.deferred if d.control == control and on <= d.until), None)


def load(path: Path | Traversable, kinds: Mapping[str, Kind] | None = None, *, inside_pack: bool = False) -> Engagement:
    """The engagement in `path`.

    `kinds` are the known evidence kinds (default: the shipped ones). One that lies inside a pack is a self-check,
    whoever it says issued it. Raises InputError with file and line.
    """
    document = load_document(path, "engagement")
    data = document.data
    _check_kinds(document, evidence_kind.shipped() if kinds is None else kinds)
    zone = _zone(document)
    sites = _sites(document, zone)
    _check_scope(document, sites)
    return Engagement(
        id=data["id"],
        issued_by=data["issued_by"],
        issued_at=data.get("issued_at"),
        client=data.get("client", ""),
        vendor=data["vendor"],
        country=data["country"],
        time_zone=zone,
        period=_period(document),
        sites=sites,
        scope_clients=tuple(data.get("scope", {}).get("clients", ())),
        scope_sites=tuple(data.get("scope", {}).get("sites", ())),
        domains=tuple(domain.lower() for domain in data.get("domains", ())),
        systems=data.get("systems", {}),
        features=tuple(data["features"]) if "features" in data else None,
        may_be_empty=tuple(data.get("may_be_empty", ())),
        deferred=_deferred(document),
        carry_restricted=data.get("carry_restricted", {}),
        nonce=data.get("nonce", ""),
        keep_until=_keep_until(document),
        self_check=inside_pack or data["issued_by"] != "client",
        document=document,
        due=data.get("due"),
    )


def self_check(as_of: AsOf, country: str, vendor: str, time_zone: str | None = None) -> Engagement:
    """The engagement of a run nobody asked for: the last full calendar month before as-of, nothing may be empty.

    Raises InputError where the country has no zone of its own and none is given.
    """
    zone = time_zone or ZONES.get(country)
    if zone is None:
        found = f"self-check: no time zone is known for country {shown(country)}"
        raise InputError(f"{found}; expected one; write an engagement.yaml with time_zone")
    end = as_of.date.replace(day=1) - timedelta(days=1)
    return Engagement(
        id=f"self-check-{end.isoformat()[:7]}",
        issued_by="vendor",
        issued_at=None,
        client="",
        vendor=vendor,
        country=country,
        time_zone=zone,
        period=Period(end.replace(day=1), end),
        sites=(),
        scope_clients=(),
        scope_sites=(),
        domains=(),
        systems={},
        features=None,
        may_be_empty=(),
        deferred=(),
        carry_restricted={},
        nonce="",
        keep_until=None,
        self_check=True,
        document=None,
    )


def as_of(text: str | None, zone: ZoneInfo, now: datetime) -> AsOf:
    """The as-of that `text` asks for: of a DATE its last second in `zone`, an INSTANT itself, `now` for None.

    `now` is aware. Raises InputError for any other text.
    """
    moment: datetime | None
    if text is None:
        moment = now.replace(microsecond=0).astimezone(UTC)
    elif (on := day(text)) is not None:
        last_second = datetime.combine(on, time(23, 59, 59, fold=1), tzinfo=zone)
        moment = last_second.astimezone(UTC) if on.year in _YEARS else None
    else:
        moment = instant(text)
    if moment is None or moment.microsecond or moment.year not in _YEARS:
        found = f"--as-of: found {shown(text)}, expected a date or an instant with offset in whole seconds, of our time"
        raise InputError(f"{found}; write 2026-11-02 or 2026-11-02T09:00:00+08:00")
    return AsOf(moment, moment.astimezone(zone).date())


def zone_fault(name: str) -> str:
    """What is wrong with `name` as a time zone, or an empty string; zones that depend on the machine are refused."""
    try:
        if not name.startswith(_MACHINE_ZONES):
            ZoneInfo(name)
            return ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    near = did_you_mean(name, sorted(available_timezones()))
    return f"found {shown(name)}, expected an IANA time zone such as Asia/Manila{near}"


def check_controls(engagement: Engagement, known: Collection[str]) -> None:
    """Refuse a deferral of a control that is not among `known` ids. Raises InputError with file and line."""
    for place, deferral in enumerate(engagement.deferred):
        if deferral.control not in known and engagement.document:
            found = f"no control {shown(deferral.control)}{did_you_mean(deferral.control, known)}"
            raise engagement.document.error(("deferred", place, "control"), f"{found}; see ctrlkit list controls")


def check_features(engagement: Engagement, known: Collection[str]) -> None:
    """Refuse a feature that no control asks about: misspelt, it would take controls out of scope. Raises InputError."""
    for place, feature in enumerate(engagement.features or ()):
        if feature not in known and engagement.document:
            found = f"no control knows the feature {shown(feature)}{did_you_mean(feature, known)}"
            expected = f"expected some of {', '.join(sorted(known))}" if known else "expected none; remove it"
            raise engagement.document.error(("features", place), f"{found}; {expected}")


def _zone(document: Document) -> str:
    country = document.data["country"]
    zone: str | None = document.data.get("time_zone", ZONES.get(country))
    if zone is None:
        found = f"no time_zone, and none is known for country {country}"
        raise document.error(("country",), f"{found}; expected time_zone: an IANA name; add it")
    if fault := zone_fault(zone):
        raise document.error(("time_zone",), fault)
    return zone


def _period(document: Document) -> Period:
    period = Period(**document.data["period"])
    if period.end < period.start:
        found = f"found {period.end}, which is before start {period.start}"
        raise document.error(("period", "end"), f"{found}; expected the last day of the period; mend one of them")
    return period


def _keep_until(document: Document) -> date | None:
    last: date | None = document.data.get("keep_until")
    end = document.data["period"]["end"]
    if last is not None and last <= end:
        raise document.error(("keep_until",), f"found {last}, expected a day after the period's end {end}; mend one")
    return last


def _sites(document: Document, zone: str) -> tuple[Site, ...]:
    sites: list[Site] = []
    country = document.data["country"]
    for place, entry in enumerate(document.data.get("sites", ())):
        if entry["id"] in {site.id for site in sites}:
            raise document.error(("sites", place, "id"), f"site {shown(entry['id'])} stands twice; expected each once")
        lives_in = entry.get("country", country)
        local = entry.get("time_zone", zone if lives_in == country else ZONES.get(lives_in, zone))
        if fault := zone_fault(local):
            raise document.error(("sites", place, "time_zone"), fault)
        networks = tuple(_network(document, place, i, text) for i, text in enumerate(entry.get("networks", ())))
        sites.append(Site(entry["id"], lives_in, local, networks))
    return tuple(sites)


def _network(document: Document, site: int, place: int, text: str) -> Network:
    where = ("sites", site, "networks", place)
    try:
        network = ipaddress.ip_network(text)
    except ValueError as wrong:
        expected = "expected a network such as 203.0.113.0/24, without host bits"
        raise document.error(where, f"found {shown(text)}, {expected}{_network_meant(text)}") from wrong
    if network.prefixlen == 0:
        raise document.error(where, f"found {shown(text)}, which is every address; expected the site's own networks")
    return network


def _network_meant(text: str) -> str:
    try:
        return f'; did you mean "{ipaddress.ip_network(text, strict=False)}"?'
    except ValueError:
        return ""


def _check_scope(document: Document, sites: tuple[Site, ...]) -> None:
    known = [site.id for site in sites]
    for place, site in enumerate(document.data.get("scope", {}).get("sites", ())):
        if known and site not in known:
            found = f"no site {shown(site)}{did_you_mean(site, known)}"
            raise document.error(("scope", "sites", place), f"{found}; expected one of sites: {', '.join(known)}")


def _check_kinds(document: Document, kinds: Mapping[str, Kind]) -> None:
    for place, name in enumerate(document.data.get("may_be_empty", ())):
        if name not in kinds:
            found = f"no evidence kind {shown(name)}{did_you_mean(name, kinds)}"
            raise document.error(("may_be_empty", place), f"{found}; see ctrlkit list kinds")
    restricted = [kind.name for kind in kinds.values() if kind.restricted]
    for name in document.data.get("carry_restricted", {}):
        if name not in restricted:
            what = "is not restricted" if name in kinds else f"is no evidence kind{did_you_mean(name, restricted)}"
            expected = f"expected some of {', '.join(restricted)}; remove it"
            raise document.error(("carry_restricted", name), f"{shown(name)} {what}; {expected}")


def _deferred(document: Document) -> tuple[Deferral, ...]:
    entries: list[dict[str, Any]] = document.data.get("deferred", [])
    ids = [entry["control"] for entry in entries]
    for place, control in enumerate(ids):
        if control in ids[:place]:
            raise document.error(("deferred", place, "control"), f"{shown(control)} stands twice; expected each once")
    return tuple(Deferral(**entry) for entry in entries)
