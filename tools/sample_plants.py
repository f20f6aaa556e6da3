"""The weaknesses of the sample packs, as an auditor meets them: each planted row by row, with what it must yield."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sample_files import Row, Table
from sample_missed import doubt_hours
from sample_names import code
from sample_room import Plants
from sample_truth import Truth
from sample_vendor import CLIENT, DAYS, OTHER_CLIENT, Person, Shift, Vendor, draw
from sample_work import Book, sign_in


def some(vendor: Vendor, number: int, least: int = 3) -> int:
    """So many in a house of 300 people or more, and in a smaller one its share."""
    return min(number, max(least, number * len(vendor.people) // 300))


def agents(vendor: Vendor, truth: Truth, number: int, **traits: object) -> list[Person]:
    """`number` agents of the client on the floor the whole month who carry no weakness yet; drawn, not the first."""
    away = {a.person.employee_id for a in vendor.absences}
    free = [
        p
        for p in vendor.those(**{"role": "agent", "status": "active", "client": CLIENT, **traits})
        if p.employee_id not in truth.used | away and p.hired < date(2026, 9, 1) and p.shift != "office"
    ]
    chosen = sorted(free, key=lambda p: draw("plant", p.employee_id))[:number]
    truth.used.update(p.employee_id for p in chosen)
    return chosen


def _row(table: Table, p: Person) -> Row:
    return next(row for row in table.rows if row["employee_id"] == p.employee_id)


def _client_row(book: Book, p: Person) -> Row:
    return next(row for row in book["client"].rows if row["_person"] is p)


def _worked(vendor: Vendor, p: Person) -> list[Shift]:
    return [s for s in vendor.shifts if s.person is p and s.clock_in and s.day in DAYS]


def _rest_day(vendor: Vendor, p: Person) -> date:
    """A day in the middle of the month on which this person has no shift."""
    busy = {s.day for s in vendor.shifts if s.person is p}
    return next(day for day in DAYS[9:] if day not in busy)


def _october_leavers(vendor: Vendor) -> list[Person]:
    return [p for p in vendor.those(status="terminated", shift="day") if p.last_day and p.last_day in DAYS]


def _second_factor(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Agents without a second factor in the CRM, fourteen in a large house; one whose factor is a security question."""
    *bare, asked = agents(vendor, truth, some(vendor, 15))
    for p in bare:
        row = _row(book["crm"], p)
        row |= {"mfa_enrolled": False, "mfa_method": None, "mfa_identifier_hash": None}
        truth.expect("MFA-01", "crm", row, "no second factor enrolled in the client's system")
    row = _row(book["dialler"], asked)
    row["mfa_method"] = "security_question"
    truth.expect("MFA-01", "dialler", row, "a security question is no second factor")
    outside = next(p for p in vendor.those(role="agent", client=OTHER_CLIENT, status="active"))
    _row(book["dialler"], outside).update(mfa_enrolled=False, mfa_method=None, mfa_identifier_hash=None)


def _shared_phone(book: Book, vendor: Vendor, truth: Truth) -> None:
    """One phone answers for three agents."""
    shared = code("factor", "the team leader's phone")
    for p in agents(vendor, truth, 3):
        row = _row(book["crm"], p)
        row["mfa_identifier_hash"] = shared
        truth.expect("MFA-03", "crm", row, "one phone is the second factor of three people")


def _shared_logins(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Two logins of a seat, one with an exception that has run out, and a person on leave still enabled."""
    place, at = vendor.place, vendor.place.at
    for system, name, kind, until in (
        ("crm", "trainer01", "shared", None),
        ("dialler", "tl_floor2", "generic", date(2026, 10, 15)),
    ):
        row = dict.fromkeys(book[system].columns) | {
            "system": system, "account_id": name, "account_type": kind, "enabled": True, "privileged": False,
            "role": "team_leader", "client": CLIENT, "created_at": at(date(2025, 2, 3), 600),
            "last_login_at": at(date(2026, 10, 30), 840), "mfa_enrolled": False, "password_last_set": date(2025, 2, 3),
            "exception_until": until,
        }  # fmt: skip
        book[system].rows.append(row)
        truth.expect("LOG-01", system, row, f"{kind} login {name} in use without a valid exception")
        if until:
            truth.expect("MFA-04", system, row, "its exception has run out")
        truth.expect("ACC-04", system, row, f"{kind} login {name} was never reviewed")
    for n, day in enumerate((DAYS[2], DAYS[15], DAYS[29])):
        event = book["crm_events"].add(
            ts=at(day, 14 * 60, n), system="crm", account_id="trainer01", result="success", factors=1, mfa_method=None,
            src_ip="203.0.113.20", country=place.country, device_id=f"{place.tag}-WS-{vendor.spare:04d}",
            workstation_id=f"{place.sites[0].name}-{vendor.spare:04d}",
            session_id=code("trainer01", n, size=10), logout_ts=None, remote=False,
        )  # fmt: skip
        truth.expect("MFA-02", "crm_events", event, "signed in to the client's system with one factor")
    away = vendor.those(status="on_leave")[0]
    truth.used.add(away.employee_id)
    row = _row(book["crm"], away)
    row |= {"enabled": True, "disabled_at": None}
    truth.expect("LOG-01", "crm", row, "owner is on leave, the account is enabled")
    truth.expect("ACC-03", "crm", row, "enabled, and not used since August")


def _off_shift(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Sign-ins on leave, on a rest day, in the small hours; and some beside a missed punch, which nobody can decide."""
    at = vendor.place.at
    holiday, resting, early, missed = _off_shift_people(vendor, truth)
    absent = next(a for a in vendor.absences if a.person is holiday)
    off = {s.day for s in vendor.shifts if s.person is holiday}
    for n, day in enumerate(d for d in DAYS if absent.start <= d <= (absent.end or d) and d not in off):
        _intrude(book, truth, holiday, at(day, (9 + n) * 60 + 17), "signed in while on leave, no time sheet")
    _intrude(book, truth, resting, at(_rest_day(vendor, resting), 15 * 60 + 41), "signed in on a rest day")
    for day in (DAYS[12], DAYS[19]):
        _intrude(book, truth, early, at(day, 3 * 60 + 12), "signed in at 03:12, outside any shift")
    shift = next(s for s in _worked(vendor, missed) if s.day > DAYS[9] and s.scheduled)
    sheet = next(row for row in book["timesheets"].rows if row["_shift"] is shift)
    sheet |= {"clock_out": None, "paid_hours": None, "ot_hours": 0, "ot_kind": None}
    sheet |= {"ot_consent_on": None, "ot_reason": None}
    doubt_hours(book, truth, sheet)
    for system in ("entra", "crm", "dialler"):
        for row in book[f"{system}_events"].rows:
            if row.get("_shift") is shift and row["result"] == "success":
                truth.doubt("LOG-03", f"{system}_events", row, "the shift has no clock-out")


def _off_shift_people(vendor: Vendor, truth: Truth) -> tuple[Person, ...]:
    """Someone on vacation, someone of the mid shift, two of the day shift."""
    on_leave = next(
        a.person
        for a in vendor.absences
        if a.person.role == "agent" and a.person.client == CLIENT and a.kind == "vacation" and a.person.shift == "day"
        and a.end and (a.end - a.start).days >= 1 and not a.worked and a.person.employee_id not in truth.used
    )  # fmt: skip
    truth.used.add(on_leave.employee_id)
    return on_leave, *agents(vendor, truth, 1, shift="mid"), *agents(vendor, truth, 2, shift="day")


def _intrude(book: Book, truth: Truth, p: Person, ts: datetime, why: str) -> None:
    """A sign-in to this person's CRM account while the person is not at work; the account lists know of it."""
    nobody = Shift(p, ts.date(), scheduled=False, starts=ts, ends=ts, clock_in=None, clock_out=None, overtime=0)
    event = sign_in(book, "crm", nobody, ts)
    if event is None:
        return
    event["logout_ts"] = ts + timedelta(minutes=25)
    truth.expect("LOG-03", "crm_events", event, why)
    for row in (_row(book["crm"], p), _client_row(book, p)):
        row["last_login_at"] = max(row["last_login_at"] or ts, ts)


def _abroad(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A home worker who worked two shifts from a third country."""
    (p,) = agents(vendor, truth, 1, mode="wfh")
    days = {s.day for s in _worked(vendor, p)[5:7]}
    for row in book["crm_events"].rows:
        if row.get("_person") is p and row["result"] == "success" and row["_shift"].day in days:
            row |= {"country": "TH", "src_ip": "192.0.2.9"}
            truth.expect("LOG-07", "crm_events", row, "signed in to the client's system from TH")
    first = min((row for row in book["crm_events"].rows if row["country"] == "TH"), key=lambda row: row["ts"])
    truth.expect("GOV-02", "crm_events", first, "work is done in TH, which no register names")


def _leavers(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A leaver still enabled who signed in again, one disabled 40 hours later, one whose badge still opens."""
    kept, slow, badge = _october_leavers(vendor)[:3]
    _still_enabled(book, truth, kept)
    row = _row(book["dialler"], slow)
    row["disabled_at"] = vendor.place.at(_last_day(slow), (24 + 40) * 60)
    truth.expect("ACC-01", "dialler", row, "disabled 40 hours after the last day, 24 are allowed")
    row = _row(book["leavers"], badge)
    row["badge_disabled_at"] = None
    truth.expect("PHY-05", "leavers", row, "the badge was never disabled")
    truth.expect("ACC-01", "leavers", row, "the badge was never disabled")


def _last_day(p: Person) -> date:
    return p.last_day or date.max


def _still_enabled(book: Book, truth: Truth, p: Person) -> None:
    row = _row(book["crm"], p)
    if row["enabled"]:
        return
    row |= {"enabled": True, "disabled_at": None}
    truth.expect("ACC-01", "crm", row, "left, still enabled, signed in three days after the last day")
    truth.expect("LOG-01", "crm", row, "owner has left, the account is enabled")
    listed = _client_row(book, p)
    listed["enabled"] = True
    truth.expect("ACC-06", "client", listed, "leaver with an enabled login, signed in after the last day")
    _intrude(
        book, truth, p, p.place.at(_last_day(p) + timedelta(days=3), 13 * 60 + 5), "signed in after the last day worked"
    )


def _client_list(book: Book, vendor: Vendor, truth: Truth) -> None:
    """The client's list beside the roster: two ghosts, a person on leave, a leaver, and an agent without a login."""
    at = vendor.place.at
    for name, owner in (("nw.rdelmundo", f"{vendor.place.tag}-09417"), ("nw.temp3", None)):
        row = dict.fromkeys(book["client"].columns) | {
            "system": "crm", "account_id": name, "employee_id": owner, "enabled": True, "role": "agent",
            "last_login_at": at(date(2026, 8, 14), 700), "created_at": at(date(2025, 11, 3), 600), "_person": None,
        }  # fmt: skip
        book["client"].rows.append(row)
        truth.expect("ACC-06", "client", row, "login of nobody on the roster")
    away = vendor.those(status="on_leave")[1]
    row = _client_row(book, away)
    row["enabled"] = True
    truth.expect("ACC-06", "client", row, "login of a person on leave")
    _still_enabled(book, truth, _october_leavers(vendor)[0])
    (p,) = agents(vendor, truth, 1)
    _remove_login(book, p)
    truth.expect("ACC-06", "roster", _row(book["roster"], p), "active agent without a login in the client's list")


def _remove_login(book: Book, p: Person) -> None:
    """No account in the CRM at all: this person works under somebody else's login."""
    book["client"].rows.remove(_client_row(book, p))
    book["crm"].rows.remove(_row(book["crm"], p))
    for key, unwanted in (("identity", "employee_id"), ("crm_events", "_person")):
        mine = p.employee_id if unwanted == "employee_id" else p
        book[key].rows = [r for r in book[key].rows if r["system"] != "crm" or r.get(unwanted) != mine]


def _home_work(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Agreements unsigned, run out, approved for too long, without a device, and a home worker nobody registered."""
    unsigned, expired, long, bare, unknown = [
        row for row in book["wfh"].rows if row["_person"].client == CLIENT and row["approved_until"] is not None
    ][:5]
    unsigned["agreement_signed_on"] = None
    truth.expect("REM-01", "wfh", unsigned, "the agreement is not signed")
    expired |= {"agreement_signed_on": date(2025, 9, 15), "approved_until": date(2026, 9, 15)}
    truth.expect("REM-01", "wfh", expired, "the approval ran out on 2026-09-15")
    long["approved_until"] = long["agreement_signed_on"].replace(year=long["agreement_signed_on"].year + 2)
    truth.expect("REM-01", "wfh", long, "approved for 24 months, 12 are allowed")
    bare["device_id"] = None
    truth.expect("REM-01", "wfh", bare, "no device is assigned")
    book["wfh"].rows.remove(unknown)
    person = _row(book["roster"], unknown["_person"])
    truth.expect("REM-01", "roster", person, "works from home, not in the register")
    truth.expect("REM-04", "roster", person, "works from home, and no check is on record")
    truth.expect("REM-06", "roster", person, "works from home, and no notice is on record")


def _personal_mail(book: Book, vendor: Vendor, truth: Truth) -> None:
    """Workbooks to free-mail domains: a team leader week after week, a quality analyst, a leaver in the last days."""
    table = book["mail"]
    lead = vendor.those(role="team_leader", client=CLIENT)[2]
    analyst = vendor.those(role="qa", client=CLIENT, status="active")[1]
    leaver = _october_leavers(vendor)[-1]
    sent = [(lead, DAYS[n], "gmail.com") for n in (1, 8, 15, 22, 29)]
    sent += [(analyst, DAYS[n], "yahoo.com") for n in (6, 20)]
    sent += [(leaver, _last_day(leaver) - timedelta(days=n), "gmail.com") for n in (2, 1, 0)]
    for n, (p, day, domain) in enumerate(sent):
        action = ("none", None, "notify", "encrypt")[n % 4]
        row = table.add(
            ts=p.place.at(day, 18 * 60 + 7 * n, n), sender=p.mail, recipient_domain=domain, recipient_count=1,
            visible_external=1, attachment_types="xlsx", attachment_bytes=81_400 + 977 * n,
            encrypted=action == "encrypt", dlp_label="bulk", dlp_action=action,
        )  # fmt: skip
        truth.expect("EML-05", "mail", row, f"workbook sent to {domain}")
        if action != "encrypt":
            truth.expect("EML-07", "mail", row, f"many rows sent in clear to {domain}")


def _forwarding(book: Book, vendor: Vendor, truth: Truth) -> None:
    """A manager's mailbox mirrored to a private one, and a rule that hides the client's mails outside."""
    boss = vendor.those(role="manager")[0]
    wfm = vendor.those(role="wfm", client=CLIENT)[0]
    for p, name, domain in ((boss, "Copy to home", "outlook.com"), (wfm, "Client mails", "yahoo.com")):
        row = book["rules"].add(
            mailbox=p.mail, rule=name, target_domain=domain, enabled=True,
            created_at=p.place.at(date(2026, 6, 17), 21 * 60 + 4), _person=p,
        )  # fmt: skip
        truth.expect("EML-06", "rules", row, f"forwards to {domain}")
    blocked = next(row for row in book["settings"].rows if row["setting"] == "external_forwarding_blocked")
    blocked["value"] = "false"


def _retention(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Recordings from the first day of the contract, copies without any limit, a house rule beyond the policy."""
    by_id = {row["dataset_id"]: row for row in book["datasets"].rows}
    by_id["DS-03"]["oldest_record_on"] = date(2025, 6, 2)
    truth.expect("RET-01", "datasets", by_id["DS-03"], "recordings since 2025-06-02, to be kept 90 days")
    by_id["DS-07"] |= {"retention_days": None, "retention_basis": None}
    truth.expect("RET-01", "datasets", by_id["DS-07"], "kept without limit")
    by_id["DS-04"]["retention_days"] = 365
    truth.expect("RET-01", "datasets", by_id["DS-04"], "house rule of 365 days, 180 are allowed")


def _card_data(book: Book, _vendor: Vendor, truth: Truth) -> None:
    """Payment calls recorded without a pause or with one too long, a pause without a payment, card numbers found."""
    ours = [row for row in book["recordings"].rows if row["client"] == CLIENT and row["deleted_on"] is None]
    paid = [row for row in ours if row["payment_call"]]
    other = [row for row in ours if not row["payment_call"]]
    for row, change, why in (
        (paid[7], {"paused_seconds": 0}, "payment call recorded without a pause"),
        (paid[31], {"paused_seconds": 0}, "payment call recorded without a pause"),
        (paid[19], {"paused_seconds": 611}, "paused for 611 s, 240 are allowed"),
        (other[44], {"paused_seconds": 95}, "paused without a payment"),
        (other[90], {"scan_pan_hits": 2}, "two card numbers found in the recording"),
    ):
        row.update(change)
        truth.expect("RET-02", "recordings", row, why)


PLANTS: Final[Plants] = {
    "MFA-01": _second_factor,
    "MFA-03": _shared_phone,
    "LOG-01": _shared_logins,
    "LOG-03": _off_shift,
    "LOG-07": _abroad,
    "ACC-01": _leavers,
    "ACC-06": _client_list,
    "REM-01": _home_work,
    "EML-05": _personal_mail,
    "EML-06": _forwarding,
    "RET-01": _retention,
    "RET-02": _card_data,
}
"""How each control is broken."""
SHOWN: Final = tuple(id_ for id_ in PLANTS if id_ not in ("LOG-07", "RET-02"))
"""Those that the weak sample breaks."""
