"""The documents of a sample pack: pack.yaml, engagement.yaml, sample.yaml, each with its owner's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sample_files import Table
from sample_hosts import NONCE
from sample_layouts import MODE, POSITION, ROSTER, STATUS
from sample_place import Place
from sample_room import Source
from sample_rooms import CLIENT_SOURCES, SOURCES
from sample_vendor import CLIENT

ENGAGEMENT: Final = "northwind-2026-10"
TITLES: Final = {
    "northwind": "{people} contact center with planted weaknesses",
    "clean": "The same contact center without any",
}

_SOURCES: Final = (
    Source("roster", ("roster",), "hr-systems", "09:10"),
    Source("accounts", ("entra", "crm", "dialler"), "it-operations", "09:20"),
    Source("identity_map", ("identity",), "it-operations", "09:25", typed=True),
    Source("auth_events", ("entra_events", "crm_events", "dialler_events"), "it-operations", "09:30"),
    Source("timesheets", ("timesheets",), "workforce-management", "09:40"),
    Source("leave", ("leave",), "hr-systems", "09:10"),
    Source("leavers", ("leavers",), "hr-systems", "09:10", typed=True),
    Source("wfh_register", ("wfh",), "hr-systems", "09:15", typed=True),
    Source("mail_trace", ("mail",), "mail-administration", "10:05"),
    Source("mail_rules", ("rules",), "mail-administration", "10:10"),
    Source("settings", ("settings",), "it-operations", "10:20"),
    Source("datasets", ("datasets",), "data-protection", "10:30", typed=True),
    Source("recordings", ("recordings",), "it-operations", "10:00"),
    *SOURCES,
)
"""What the vendor exports on the morning after the period."""
_OF_THE_CLIENT: Final = (Source("client_accounts", ("client",), "access-management", "08:00"), *CLIENT_SOURCES)


def vendor_pack(name: str, book: dict[str, Table], place: Place, answers: str = ENGAGEMENT) -> str:
    """The vendor's pack.yaml, which answers the engagement of that id; of the sources those that are in `book`."""
    lines = [
        f"# Sample pack {name} of ctrlkit: everybody and everything in it is invented.",
        f"vendor: {place.vendor}",
        f"engagement: {answers}",
        f"time_zone: {place.zone_name:<24}# of times that carry none",
        f"exported_at: 2026-11-01T09:00:00{place.offset}",
        "evidence:",
    ]
    lines += _listed(_SOURCES, book, "2026-11-01", place)
    return "\n".join(lines) + "\n"


def _listed(sources: Sequence[Source], book: dict[str, Table], day: str, place: Place) -> Iterator[str]:
    """The sources by kind; what two departments keep of one kind stands together."""
    here = [source for source in sources if not book.keys().isdisjoint(source.tables)]
    for kind in dict.fromkeys(source.kind for source in here):
        yield f"  {kind}:"
        for source in (s for s in here if s.kind == kind):
            for key in (key for key in source.tables if key in book):
                yield from _source(source, key, book[key], f"{day}T{source.clock}:00{place.offset}")


def _source(source: Source, key: str, table: Table, moment: str) -> list[str]:
    lines = [
        f"    - file: {table.file}",
        f"      exported_at: {moment}",
        f"      exported_by: {source.exported_by}",
        f"      method: {'typed' if source.typed else 'export'}",
    ]
    if table.file.endswith(".xlsx"):
        lines.append("      sheet: Attendance")
    if not source.typed:
        lines.append(f"      rows: {len(table.rows)}")
    if key == "entra_events":
        lines.append("      constants: {system: entra}")
        lines.append("      columns: {Through Global Secure Access: remote}   # how work from home comes in")
    if key == "roster":
        lines += ["      date_order: mdy", "      columns:"]
        lines += [f"        {theirs}: {ours}" for theirs, ours in ROSTER.items()]
        lines.append("      values:")
        for column, words in (("status", STATUS), ("role", POSITION), ("work_mode", MODE)):
            lines.append(f"        {column}:")
            lines += [f"          {theirs}: {ours}" for ours, theirs in words.items() if theirs.lower() != ours]
    return lines


def client_pack(book: dict[str, Table], place: Place) -> str:
    """The client's own pack.yaml."""
    lines = [
        "# The client's own evidence: the logins it has issued to the vendor.",
        f"vendor: {place.vendor}",
        f"engagement: {ENGAGEMENT}",
        "party: client",
        f"time_zone: {place.zone_name}",
        f"exported_at: 2026-11-02T08:00:00{place.offset}",
        "evidence:",
    ]
    lines += _listed(_OF_THE_CLIENT, book, "2026-11-02", place)
    return "\n".join(lines) + "\n"


def engagement(
    place: Place,
    identity: str = ENGAGEMENT,
    systems: str = "{crm: client, entra: vendor, dialler: vendor}",
    features: str = "[card_data, home_work]",
    nonce: str = NONCE,
) -> str:
    """The client's engagement.yaml."""
    where = f"country: {place.country}, time_zone: {place.zone_name}"
    sites = "\n".join(f"  - {{id: {s.name}, {where}, networks: [{s.network}.0/25]}}" for s in place.sites)
    names = ", ".join(site.name for site in place.sites)
    return f"""# What the client asks, of whom and for which period. Everybody and everything in it is invented.
id: {identity}
issued_by: client
issued_at: 2026-10-28T09:00:00Z
client: {CLIENT}
vendor: {place.vendor}
country: {place.country}
time_zone: {place.zone_name}
period: {{start: 2026-10-01, end: 2026-10-31}}
sites:
{sites}
scope: {{clients: [{CLIENT}], sites: [{names}]}}
domains: [{place.domain}]
systems: {systems}
features: {features}
nonce: {nonce}
"""


def _title(name: str, place: Place) -> str:
    article = "An" if place.people[0] in "AEIOU" else "A"
    return TITLES.get(name.partition("-")[0], name).format(people=f"{article} {place.people}")


def sample(name: str, place: Place) -> str:
    """How ctrlkit runs this sample when nobody says otherwise."""
    return f"""as_of: 2026-11-02T09:00:00{place.offset}
engagement: engagement.yaml
client_pack: client
title: {_title(name, place)}
expected: truth.json
"""
