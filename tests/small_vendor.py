"""A small vendor of nine people without any weakness, in canonical files, and how a run over it is asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

AS_OF = "2026-11-02T09:00:00+08:00"
EXPORTED = "2026-11-01T09:00:00+08:00"
VENDOR = "Harbor Contact Services, Inc."
KEY = "5a" * 32 + "\n"

ENGAGEMENT = f"""\
id: acme-2026-10
issued_by: client
issued_at: 2026-10-28T09:00:00Z
client: acme
vendor: {VENDOR}
country: PH
time_zone: Asia/Manila
period: {{start: 2026-10-01, end: 2026-10-31}}
sites:
  - {{id: MNL1, country: PH, time_zone: Asia/Manila, networks: [203.0.113.0/24]}}
  - {{id: DEL1, country: IN, time_zone: Asia/Kolkata, networks: [198.51.100.0/24]}}
scope: {{clients: [acme]}}
domains: [harbor.example]
systems: {{crm: client, mail: vendor}}
features: [card_data, home_work]
"""

AGENTS = ("E-001", "E-002", "E-003", "E-004", "E-005")
NIGHT, LEAVER, LEADER, ADMIN, TRAINEE = "E-002", "E-006", "E-007", "E-008", "E-009"
LAST_DAY = date(2026, 10, 9)
ERASED = 4
"""The recording that held card numbers and was erased."""
DAYS = tuple(date(2026, 10, 1) + timedelta(days=n) for n in range(31))
NAMES = {
    "E-001": "liwayway.sandoval",
    "E-002": "kidlat.reyes",
    "E-003": "amihan.dela",
    "E-004": "bituin.cruz",
    "E-005": "dakila.santos",
    "E-006": "hiraya.lim",
    "E-007": "ligaya.ramos",
    "E-008": "makisig.tan",
    "E-009": "tala.uy",
}
"""Invented account names; none of them may stand anywhere in what a run leaves behind."""

SERVICE = "svc-dialer"

Row = dict[str, str]


def write(
    folder: Path, hurt: Mapping[str, bytes | None] = {}, exported: Mapping[str, str] = {}, *, rows: bool = False
) -> Path:
    """Write the engagement, its key, the vendor's pack and the client's; return the vendor's folder.

    `hurt` replaces the files of kinds, None leaves one out; `exported` sets when a kind was exported; `rows` adds a
    control total to every source.
    """
    tables = clean()
    for party in ("vendor", "client"):
        place = folder / party
        place.mkdir(parents=True)
        entries = []
        for kind, table in tables.items():
            if (kind == "client_accounts") != (party == "client"):
                continue
            content = hurt.get(kind, b"") if kind in hurt else render(table)
            if content is not None:
                (place / f"{kind}.csv").write_bytes(content)
            total = f", rows: {len(table)}" if rows else ""
            when = exported.get(kind, EXPORTED)
            entries.append(f"  {kind}: {{file: {kind}.csv, method: export, exported_at: '{when}'{total}}}\n")
        said = "party: client\n" if party == "client" else ""
        said += f"vendor: {VENDOR}\nengagement: acme-2026-10\ntime_zone: Asia/Manila\nevidence:\n"
        (place / "pack.yaml").write_text(said + "".join(entries), "utf-8")
    (folder / "engagement.yaml").write_text(ENGAGEMENT, "utf-8")
    (folder / "engagement.key").write_text(KEY, "ascii")
    return folder / "vendor"


DECIDED = (
    *("ACC-01", "ACC-06", "EML-05", "EML-06", "LOG-01", "LOG-03", "LOG-07", "MFA-01", "MFA-03"),
    *("REM-01", "RET-01", "RET-02"),
)
"""The controls that its files decide."""


def arguments(folder: Path, *more: str, profile: str = "bpo-philippines") -> list[str]:
    """The words of a run over a pack that `Pack.write` wrote; the vendor has no hosts, so of them nothing is asked."""
    asked = ["--select", ",".join(DECIDED)] if profile == "bpo-philippines" and "--select" not in more else []
    return [
        "run",
        str(folder / "vendor"),
        "--profile",
        profile,
        "--engagement",
        str(folder / "engagement.yaml"),
        "--client-pack",
        str(folder / "client"),
        "--as-of",
        AS_OF,
        "--engagement-key",
        str(folder / "engagement.key"),
        "--out",
        str(folder / "runs"),
        *asked,
        *more,
    ]


def render(table: Sequence[Row]) -> bytes:
    """The table as CSV."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return out.getvalue().encode()


def clean() -> dict[str, list[Row]]:
    """Kind -> rows; every one of the twelve controls passes. `client_accounts` is the client's own."""
    return {
        "roster": list(_roster()),
        "accounts": list(_accounts()),
        "auth_events": list(_sign_ins()),
        "timesheets": list(_timesheets()),
        "leavers": [_leaver()],
        "wfh_register": list(_home_workers()),
        "mail_trace": list(_mails()),
        "mail_rules": list(_rules()),
        "datasets": list(_datasets()),
        "recordings": list(_recordings()),
        "client_accounts": list(_client_accounts()),
    }


def _roster() -> Iterator[Row]:
    roles = {LEADER: "team_leader", ADMIN: "it_admin"}
    modes = {"E-003": "wfh", LEADER: "hybrid"}
    for person in NAMES:
        gone = person == LEAVER
        yield {
            "employee_id": person,
            "site": "MNL1",
            "country": "PH",
            "role": roles.get(person, "agent"),
            "client": "acme",
            "hire_date": "2025-01-06",
            "floor_date": "2026-11-16" if person == TRAINEE else "2025-02-03",
            "last_day_worked": LAST_DAY.isoformat() if gone else "",
            "termination_date": "2026-10-15" if gone else "",
            "status": "terminated" if gone else "active",
            "work_mode": modes.get(person, "onsite"),
        }


def _accounts() -> Iterator[Row]:
    for system in ("crm", "mail"):
        for person in NAMES:
            if person == TRAINEE or (person == ADMIN and system == "crm"):
                continue
            gone = person == LEAVER
            yield {
                "system": system,
                "account_id": account(system, person),
                "employee_id": person,
                "account_type": "person",
                "enabled": "false" if gone else "true",
                "privileged": "true" if person == ADMIN else "false",
                "client": "acme" if system == "crm" else "",
                "last_login_at": "2026-10-09T08:55:00+08:00" if gone else "2026-10-30T08:55:00+08:00",
                "disabled_at": "2026-10-10T20:00:00+08:00" if gone else "",
                "mfa_enrolled": "true",
                "mfa_method": "totp",
                "mfa_identifier_hash": f"f{person[2:]}",
                "exception_until": "",
            }
    shared = {"employee_id": "", "account_type": "shared", "enabled": "true", "privileged": "false", "client": "acme"}
    yield {
        "system": "crm",
        "account_id": SERVICE,
        **shared,
        "employee_id": "E-001",
        "account_type": "service",
        "last_login_at": "2026-10-30T03:00:00+08:00",
        "disabled_at": "",
        "mfa_enrolled": "false",
        "mfa_method": "",
        "mfa_identifier_hash": "f002",
        "exception_until": "",
    }
    yield {
        "system": "crm",
        "account_id": "frontdesk",
        **shared,
        "last_login_at": "",
        "disabled_at": "",
        "mfa_enrolled": "false",
        "mfa_method": "",
        "mfa_identifier_hash": "",
        "exception_until": "2026-12-31",
    }


def account(system: str, person: str) -> str:
    """The account of a person in a system."""
    return NAMES[person] if system == "crm" else f"{NAMES[person]}@harbor.example"


def _shift(person: str, day: date) -> tuple[datetime, datetime] | None:
    if day.weekday() > 4 or (person == LEAVER and day > LAST_DAY):
        return None
    start = datetime(day.year, day.month, day.day, 22 if person == NIGHT else 9, tzinfo=UTC) - timedelta(hours=8)
    return start, start + timedelta(hours=9)


def _local(moment: datetime) -> str:
    return (moment + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S+08:00")


def _workers() -> tuple[str, ...]:
    return (*AGENTS, LEAVER, LEADER)


def _sign_ins() -> Iterator[Row]:
    events = []
    for person in _workers():
        for day in DAYS:
            shift = _shift(person, day)
            if shift is None:
                continue
            for n, system in enumerate(("crm", "mail")):
                events.append((shift[0] - timedelta(minutes=5 - n), system, person))
    for day in DAYS[::3]:
        night = datetime(day.year, day.month, day.day, 3, tzinfo=UTC) - timedelta(hours=8)
        events += [(night, "mail", ADMIN), (night, "crm", SERVICE)]
    for ts, system, person in sorted(events):
        name = SERVICE if person == SERVICE else account(system, person)
        yield {
            "ts": _local(ts),
            "system": system,
            "account_id": name,
            "result": "success",
            "src_ip": "203.0.113.20",
            "country": "PH",
            "session_id": f"{person}{ts:%d%H%M}",
        }


def _timesheets() -> Iterator[Row]:
    for day in DAYS:
        for person in _workers():
            shift = _shift(person, day)
            if shift is not None:
                start, end = (_local(moment) for moment in shift)
                times = {"sched_start": start, "sched_end": end, "clock_in": start, "clock_out": end}
                yield {"employee_id": person, "work_date": day.isoformat(), **times}


def _leaver() -> Row:
    return {
        "employee_id": LEAVER,
        "separated_on": "2026-10-15",
        "kind": "resigned",
        "badge_disabled_at": "2026-10-09T19:00:00+08:00",
    }


def _home_workers() -> Iterator[Row]:
    for person, until in (("E-003", "2027-03-02"), (LEADER, "")):
        yield {
            "employee_id": person,
            "agreement_signed_on": "2026-03-02",
            "approved_by": ADMIN,
            "approved_until": until,
            "device_id": f"LT-{person}",
        }


def _mails() -> Iterator[Row]:
    for day in DAYS:
        for person in AGENTS[:2]:
            yield {
                "ts": f"{day}T10:15:00+08:00",
                "sender": account("mail", person),
                "recipient_domain": "acme.example",
                "recipient_count": "1",
                "dlp_action": "none",
            }


def _rules() -> Iterator[Row]:
    for person, domain in (("E-001", "harbor.example"), ("E-004", ""), (LEADER, "desk.harbor.example")):
        yield {
            "mailbox": account("mail", person),
            "rule": "copy",
            "target_domain": domain,
            "enabled": "true",
            "created_at": "2026-03-02T10:00:00+08:00",
        }


def _datasets() -> Iterator[Row]:
    for n, (what, oldest, keep, basis) in enumerate(
        (
            ("contact", "2026-06-01", "365", "contract 7.2"),
            ("recording", "2026-09-01", "90", "house"),
            ("chat", "2026-08-01", "180", "contract 7.2"),
        )
    ):
        yield {
            "dataset_id": f"DS-{n}",
            "system": "crm",
            "client": "acme",
            "data_class": what,
            "rows": "10",
            "oldest_record_on": oldest,
            "retention_days": keep,
            "retention_basis": basis,
        }


def _recordings() -> Iterator[Row]:
    for n, day in enumerate(DAYS):
        yield {
            "recording_id": f"R-{n:03}",
            "ts": f"{day}T11:00:00+08:00",
            "agent_id": "E-001",
            "client": "acme",
            "payment_call": "false" if n % 2 else "true",
            "paused_seconds": "0" if n % 2 else "30",
            "scan_pan_hits": "3" if n == ERASED else "0",
            "deleted_on": "2026-10-20" if n == ERASED else "",
        }


def _client_accounts() -> Iterator[Row]:
    for person in (*AGENTS, LEAVER, LEADER):
        gone = person == LEAVER
        yield {
            "system": "crm",
            "account_id": account("crm", person),
            "employee_id": person,
            "enabled": "false" if gone else "true",
            "last_login_at": "2026-10-09T08:55:00+08:00" if gone else "2026-10-30T08:55:00+08:00",
        }


ABROAD = tuple(n for n, row in enumerate(clean()["auth_events"]) if row["system"] == "crm")[3:9:5]
"""Two sign-ins to the client's system, which `weak` makes come from abroad."""


def weak() -> dict[str, bytes | None]:
    """Files with a weakness each: an account without second factor, sign-ins from abroad, a rule that forwards."""
    tables = clean()
    unfactored = {"mfa_enrolled": "false", "mfa_method": "", "mfa_identifier_hash": ""}
    accounts = [{**row, **unfactored} if row["account_id"] == NAMES["E-004"] else row for row in tables["accounts"]]
    events = [{**row, "country": "SG"} if n in ABROAD else row for n, row in enumerate(tables["auth_events"])]
    rules = [
        {**row, "target_domain": "letters.example"} if n == 1 else row for n, row in enumerate(tables["mail_rules"])
    ]
    return {"accounts": render(accounts), "auth_events": render(events), "mail_rules": render(rules)}


WEAK = {"MFA-01": 1, "LOG-07": 2, "EML-06": 1}
"""Control -> findings in the files of `weak`."""
