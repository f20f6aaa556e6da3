"""What the files of a sample pack say about the twelve controls, read and judged in plain Python, without ctrlkit.

Slow, simple and separate on purpose: it knows the requirements and decisions of the controls and nothing of how the
packs were made or how the checks are written. Default parameters only.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import fastexcel

MANILA, KOLKATA = timezone(timedelta(hours=8)), timezone(timedelta(hours=5, minutes=30))
PLACES = {"Asia/Manila": (MANILA, {"MNL1", "CEB1"}), "Asia/Kolkata": (KOLKATA, {"PUN1", "BLR1"})}
"""By what the pack says of its clocks: the zone, and the sites of the engagement."""
FREE_MAIL = {"gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "icloud.com", "proton.me"}
WEAK = {"bypass", "security_question", "remembered_device"}
CLIENT = "northwind"
Row = dict[str, str]
Found = tuple[str, str, int]
"""Control, file, row."""


class Pack:
    """The rows of one pack; every row knows its `_file` and `_row` as a person counts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        said = (folder / "pack.yaml").read_text("utf-8")
        self.zone, self.sites = next(place for name, place in PLACES.items() if f"time_zone: {name} " in said)
        self.domains = {"mabuhay.example", "sahyadri.example"}
        self.as_of = datetime(2026, 11, 2, 9, tzinfo=self.zone)
        self.roster = {r["employee_id"]: r for r in self._roster()}
        outsiders = {e for e, r in self.roster.items() if r["client"] != CLIENT or r["site"] not in self.sites}
        self.everyone = dict(self.roster)
        self.roster = {e: r for e, r in self.roster.items() if e not in outsiders}
        listed = [r for name in ("entra", "crm", "dialler") for r in self.read(f"{name}/accounts.csv")]
        outside = [r["client"] != CLIENT if r["client"] else r["employee_id"] in outsiders for r in listed]
        self.foreign = {_account(r) for r, other in zip(listed, outside, strict=True) if other}
        self.accounts = [r for r, other in zip(listed, outside, strict=True) if not other]
        self.leavers = {r["employee_id"]: r for r in self.read("hr/leavers.csv")}
        self.sheets = self._sheets()

    def read(self, file: str, shown: str = "") -> list[Row]:
        with (self.folder / file).open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        return [{**r, "_file": shown or file, "_row": str(n)} for n, r in enumerate(rows, 2)]

    def _roster(self) -> Iterator[Row]:
        status = {"Active": "active", "Leave of Absence": "on_leave", "Separated": "terminated"}
        mode = {"Office": "onsite", "Home": "wfh", "Hybrid": "hybrid"}
        for r in self.read("hr/roster_2026-11-01.csv"):
            yield {
                "employee_id": r["Employee No."],
                "site": r["Site"],
                "client": r["Account"],
                "role": "agent" if r["Position"].startswith("Customer") else r["Position"].lower().replace(" ", "_"),
                "status": status[r["Status"]],
                "work_mode": mode[r["Work Arrangement"]],
                "floor_date": _us(r["Floor Date"]),
                "last_day_worked": _us(r["Last Day Worked"]),
                "_file": r["_file"],
                "_row": r["_row"],
            }

    def _sheets(self) -> dict[str, list[dict[str, Any]]]:
        sheet = fastexcel.read_excel(str(self.folder / "wfm/attendance_2026-10.xlsx")).load_sheet(
            "Attendance", header_row=None
        )
        lines = [list(line) for line in zip(*(c.to_list() for c in sheet.to_polars().get_columns()), strict=True)]
        top = next(n for n, line in enumerate(lines) if line[0] == "employee_id")
        by_person: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in lines[top + 1 :]:
            row: dict[str, Any] = dict(zip(lines[top], line, strict=True))
            times = {k: self._local(row[k]) for k in ("sched_start", "sched_end", "clock_in", "clock_out")}
            by_person[row["employee_id"]].append({"work_date": date.fromisoformat(str(row["work_date"])[:10]), **times})
        return by_person

    def _local(self, value: object) -> datetime | None:
        if value is None or value == "":
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=self.zone)

    def instant(self, text: str) -> datetime:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)

    def in_period(self, text: str) -> bool:
        return date(2026, 10, 1) <= self.local_day(text) < date(2026, 11, 1)

    def local_day(self, text: str) -> date:
        return self.instant(text).astimezone(self.zone).date()

    def sign_ins(self) -> list[Row]:
        """The successful sign-ins of the period, with `at`, to accounts that are not another client's."""
        portal = [
            {**r, "ts": r["Date (UTC)"], "system": "entra", "account_id": r["Username"], "result": r["Status"].lower(),
             "country": r["Location"].rsplit(", ", 1)[-1]}
            for r in self.read("entra/InteractiveSignIns_2026-11-01.csv")
        ]  # fmt: skip
        rows = [*portal, *self.read("crm/sign_ins.csv"), *self.read("dialler/sign_ins.csv")]
        return [
            r for r in rows if r["result"] == "success" and _account(r) not in self.foreign and self.in_period(r["ts"])
        ]


def _account(row: Row) -> tuple[str, str]:
    return row["system"], row["account_id"].casefold()


def _us(text: str) -> str:
    return f"{text[6:]}-{text[:2]}-{text[3:5]}" if text else ""


def judge(folder: Path) -> tuple[set[Found], set[Found]]:
    """The findings and the undecided rows of a pack; a control whose file is not there has neither."""
    pack = Pack(folder)
    found: set[Found] = set()
    doubted: set[Found] = set()
    for control, check in CHECKS.items():
        try:
            outcome = list(check(pack))
        except FileNotFoundError:
            continue
        for row, sure in outcome:
            (found if sure else doubted).add((control, row["_file"], int(row["_row"])))
    return found, doubted - found


Outcome = Iterator[tuple[Row, bool]]
"""A row that is an exception (True) or that cannot be decided (False)."""


def mfa_01(pack: Pack) -> Outcome:
    for r in pack.accounts:
        if r["account_type"] == "person" and r["enabled"] == "true":
            methods = set(filter(None, r["mfa_method"].split(";")))
            if r["mfa_enrolled"] == "false" or (r["mfa_enrolled"] == "true" and methods and methods <= WEAK):
                yield r, True
            elif r["mfa_enrolled"] == "" or not methods:
                yield r, False


def mfa_03(pack: Pack) -> Outcome:
    owners: dict[str, set[str]] = defaultdict(set)
    rows = [r for r in pack.accounts if r["account_type"] == "person" and r["enabled"] == "true"]
    for r in rows:
        if r["mfa_identifier_hash"]:
            owners[r["mfa_identifier_hash"]].add(r["employee_id"])
    for r in rows:
        if len(owners.get(r["mfa_identifier_hash"], ())) > 1:
            yield r, True
        elif (r["mfa_enrolled"] != "false") != bool(r["mfa_identifier_hash"]) or not r["employee_id"]:
            yield r, False


def log_01(pack: Pack) -> Outcome:
    for r in pack.accounts:
        if r["enabled"] != "true":
            continue
        owner = pack.roster.get(r["employee_id"])
        if r["account_type"] == "person" and (owner is None or owner["status"] != "active"):
            yield r, True
        elif r["account_type"] in {"shared", "generic"}:
            if not r["exception_until"] or date.fromisoformat(r["exception_until"]) < pack.as_of.date():
                yield r, True
        elif r["account_type"] == "":
            yield r, False


def log_03(pack: Pack) -> Outcome:
    accounts = {_account(r): r for r in pack.accounts}
    for r in pack.sign_ins():
        account = accounts.get(_account(r))
        if account is None:
            yield r, False
        elif account["account_type"] == "person":
            owner = pack.roster[account["employee_id"]]
            verdict = _at_work(pack, owner, pack.instant(r["ts"])) if owner["role"] == "agent" else True
            if verdict is not True:
                yield r, verdict is False


def _at_work(pack: Pack, owner: Row, ts: datetime) -> bool | None:
    grace = timedelta(minutes=30)
    sheets = pack.sheets[owner["employee_id"]]
    inside = [
        s for s in sheets if s["clock_in"] and s["clock_out"] and s["clock_in"] - grace <= ts <= s["clock_out"] + grace
    ]
    last = owner["last_day_worked"]
    if last:
        return any(s["work_date"].isoformat() <= last for s in inside) and (
            pack.local_day(ts.isoformat()).isoformat() <= last
            or any(s["work_date"].isoformat() == last for s in inside)
        )
    if inside:
        return None if owner["status"] == "terminated" else True
    missed = [s for s in sheets if (s["clock_in"] is None) != (s["clock_out"] is None)]
    near = [s for s in missed if s["sched_start"] and s["sched_start"] - grace <= ts <= s["sched_end"] + grace]
    return None if near else False


def log_07(pack: Pack) -> Outcome:
    for r in pack.sign_ins():
        if r["system"] == "crm" and r["country"] not in {"PH", "IN"}:
            yield r, r["country"] != ""


def acc_01(pack: Pack) -> Outcome:
    for employee, person in pack.roster.items():
        if person["status"] != "terminated":
            continue
        last = date.fromisoformat(person["last_day_worked"])
        over = datetime.combine(last + timedelta(days=1), time(), pack.zone)
        shift_end = max(
            [s["clock_out"] for s in pack.sheets[employee] if s["work_date"] == last and s["clock_out"]], default=over
        )
        starts = max(over, shift_end)
        for r in pack.accounts:
            if r["employee_id"] == employee:
                limit = starts + timedelta(hours=1 if r["privileged"] == "true" else 24)
                late = (
                    pack.instant(r["disabled_at"]) > limit
                    if r["disabled_at"]
                    else r["enabled"] == "true" and limit < pack.as_of
                )
                login = r["last_login_at"]
                if late or (login and pack.local_day(login) > last and pack.instant(login) > shift_end):
                    yield r, True
                elif r["enabled"] == "false" and not r["disabled_at"]:
                    yield r, False
        badge = pack.leavers.get(employee)
        if badge is None:
            yield person, False
        elif not badge["badge_disabled_at"] or pack.instant(badge["badge_disabled_at"]) > starts + timedelta(hours=24):
            yield badge, True


def acc_06(pack: Pack) -> Outcome:
    owners = {_account(r): r["employee_id"] for r in pack.read("identity_map.csv") if r["account_id"]}
    with_login = set()
    for r in pack.read("client/client_accounts.csv", "client_accounts.csv"):
        owner = owners.get(_account(r))
        if owner and r["employee_id"] and owner != r["employee_id"]:
            yield r, False
        person = pack.everyone.get(owner or r["employee_id"])
        last = person["last_day_worked"] if person else ""
        late = bool(last and r["last_login_at"] and pack.local_day(r["last_login_at"]).isoformat() > last)
        ghost = r["enabled"] == "true" and (
            person is None or person["status"] != "active" or person["client"] != CLIENT
        )
        if late or ghost:
            yield r, True
        if r["enabled"] == "true" and person:
            with_login.add(person["employee_id"])
    for employee, person in pack.roster.items():
        due = person["status"] == "active" and person["role"] in {"agent", "team_leader", "qa"}
        if due and person["floor_date"] <= "2026-11-02" and employee not in with_login:
            yield person, True


def rem_01(pack: Pack) -> Outcome:
    register = {r["employee_id"]: r for r in pack.read("hr/wfh_register.csv")}
    for employee, person in pack.roster.items():
        if person["status"] == "active" and person["work_mode"] in {"wfh", "hybrid"}:
            row = register.get(employee)
            if row is None or not _agreed(pack, row):
                yield row or person, True


def _agreed(pack: Pack, row: Row) -> bool:
    signed, today = row["agreement_signed_on"], pack.as_of.date().isoformat()
    if not signed or not row["approved_by"] or not row["device_id"] or signed > today:
        return False
    longest = f"{int(signed[:4]) + 1}{signed[4:]}"
    return today <= (row["approved_until"] or longest) <= longest


def eml_05(pack: Pack) -> Outcome:
    for r in pack.read("mail/mail_trace.csv"):
        if (
            pack.in_period(r["ts"])
            and r["recipient_domain"] in FREE_MAIL
            and r["dlp_action"] not in {"block", "quarantine"}
        ):
            yield r, True


def eml_06(pack: Pack) -> Outcome:
    for r in pack.read("mail/mail_rules.csv"):
        target = r["target_domain"]
        own = target in pack.domains or target.endswith(tuple(f".{name}" for name in pack.domains))
        if r["enabled"] == "true" and target and not own:
            yield r, True


def ret_01(pack: Pack) -> Outcome:
    for r in pack.read("datasets.csv"):
        if not r["retention_days"] or not r["retention_basis"]:
            yield r, True
            continue
        days = int(r["retention_days"])
        cap = (90 if r["data_class"] == "recording" else 180) if r["retention_basis"].startswith("house") else days
        if r["oldest_record_on"]:
            until = date.fromisoformat(r["oldest_record_on"]) + timedelta(days=days + 7)
            if days > cap or until < pack.as_of.date():
                yield r, True
        elif r["rows"] != "0":
            yield r, False


def ret_02(pack: Pack) -> Outcome:
    for r in pack.read("dialler/recordings.csv"):
        if r["client"] != CLIENT:
            continue
        held = not r["deleted_on"] or date.fromisoformat(r["deleted_on"]) > pack.as_of.date()
        if not r["payment_call"] or not r["paused_seconds"] or (held and not r["scan_pan_hits"]):
            yield r, False
            continue
        pause = int(r["paused_seconds"])
        wrong = not 0 < pause <= 240 if r["payment_call"] == "true" else pause > 0
        if (held and int(r["scan_pan_hits"]) > 0) or (pack.in_period(r["ts"]) and wrong):
            yield r, True


CHECKS = {
    "MFA-01": mfa_01, "MFA-03": mfa_03, "LOG-01": log_01, "LOG-03": log_03, "LOG-07": log_07, "ACC-01": acc_01,
    "ACC-06": acc_06, "REM-01": rem_01, "EML-05": eml_05, "EML-06": eml_06, "RET-01": ret_01, "RET-02": ret_02,
}  # fmt: skip


def expected(folder: Path) -> dict[str, Any]:
    """truth.json."""
    document: dict[str, Any] = json.loads((folder / "truth.json").read_text("utf-8"))
    return document
