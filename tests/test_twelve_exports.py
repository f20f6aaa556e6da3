"""A folder of exports as twelve products write them, under any name: known by what they hold, and judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from commands import ctrlkit
from desks import ready
from identity_samples import NET_ACCOUNTS
from test_adapters import ENTRA_HEADER

from ctrlkit import readiness, start, stock

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
DAYS = [date(2026, 10, 1) + timedelta(days=n) for n in range(31)]
PEOPLE = [(f"E-10{n:02}", f"agent.{name}@vendor.example", f"7a1b0000-0000-4000-8000-0000000000{n:02}") for n, name in
          enumerate(("ana", "raj", "mei", "leo", "kim", "zoe"), 1)]  # fmt: skip
KNOWN = {
    ("1.csv", "accounts", "entra_users"),
    ("2.json", "accounts", "entra_registrations"),
    ("3.csv", "auth_events", "entra_sign_ins"),
    ("4.csv", "devices", "intune_devices"),
    ("5.json", "mail_rules", "exchange_mailboxes_json"),
    ("6.csv", "mail_trace", "exchange_trace_csv"),
    ("7.xlsx", "roster", "employee_list"),
    ("7.xlsx", "leavers", "employee_list_leavers"),
    ("8.dat", "punches", "zkteco_punches"),
    ("8.dat", "timesheets", "zkteco_shifts"),
    ("9.csv", "bank_credits", "bank_credits_by_person"),
    ("10.json", "phish", "knowbe4_recipients"),
    ("11.txt", "settings", "net_accounts"),
    ("12.xml", "network_rules", "pfsense_config"),
}
DECIDED = {
    "EML-05": "passed",
    "LOG-07": "passed",
    "NET-01": "failed",
    "NET-02": "failed",
    "TRN-03": "passed",
    "WRK-05": "failed",
    "WRK-07": "passed",
}
"""NET: the firewall lets everything in from its VPN. WRK-05: all six work every day of the month."""


def users() -> str:
    columns = (
        "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled,"
        "usageLocation,streetAddress,state,country,officeLocation,city,postalCode,telephoneNumber,mobilePhone,"
        "alternateEmailAddress,ageGroup,consentProvidedForMinor,legalAgeGroupClassification,companyName,creationType,"
        "directorySynced,invitationState,identityIssuer,createdDateTime\n"
    )
    return columns + "".join(
        f"{mail},X,X,{mail},X,{guid},Member,Agent,Voice,True,PH{',' * 15}True,,vendor.example,8/19/2025 1:25:31 PM\n"
        for _, mail, guid in PEOPLE
    )


def registrations() -> str:
    people = [
        {"id": guid, "userPrincipalName": mail, "userType": "member", "isAdmin": False, "isMfaCapable": n < 5,
         "isMfaRegistered": n < 5, "methodsRegistered": ["microsoftAuthenticatorPush"] if n < 5 else [],
         "lastUpdatedDateTime": "2026-11-01T00:12:00Z"}
        for n, (_, mail, guid) in enumerate(PEOPLE)
    ]  # fmt: skip
    about = "https://graph.microsoft.com/v1.0/$metadata#reports/authenticationMethods/userRegistrationDetails"
    return json.dumps({"@odata.context": about, "value": people})


def sign_ins() -> Iterator[str]:
    yield ENTRA_HEADER
    for day in DAYS:
        for n, (_, mail, guid) in enumerate(PEOPLE):
            yield (
                f"{day}T01:{n:02}:44Z,r-{day}-{n},Mozilla/5.0,{guid},X,{mail},Office 365,0002,none,203.0.113.10,"
                f'"Makati, Metro Manila, PH",Success,0,Other.,Browser,d-{n},Yes,Yes,MFA completed,'
                f"Mobile app notification,multiFactorAuthentication,s-{day}-{n},none,Success\n"
            )


def devices() -> Iterator[str]:
    yield (
        "Device ID,Device name,Enrollment date,Last check-in,Microsoft Entra Device ID,OS version,Serial number,"
        "Manufacturer,Model,Primary user UPN,Compliance,Managed by,Ownership,Encrypted,OS,JoinType\n"
    )
    for n, (_, mail, _) in enumerate(PEOPLE):
        yield (
            f"d1000000-0000-4000-8000-00000000000{n},WS-{n},2026-01-05 02:10:00.0000000,2026-11-01 23:50:11.0000000,"
            f"aa100000-0000-4000-8000-00000000000{n},10.0.22631.4037,SN{n},HP,ProDesk,{mail},Compliant,Intune,Corporate,"
            f"{n != 3},Windows,Azure AD joined\n"
        )


def mailboxes() -> str:
    return json.dumps([
        {"DisplayName": "X", "UserPrincipalName": mail, "PrimarySmtpAddress": mail, "ForwardingAddress": None,
         "RecipientTypeDetails": "UserMailbox", "ForwardingSmtpAddress": "smtp:raj@mail.example" if n == 1 else None,
         "DeliverToMailboxAndForward": n == 1}
        for n, (_, mail, _) in enumerate(PEOPLE)
    ])  # fmt: skip


def trace() -> Iterator[str]:
    yield (
        '"Received","SenderAddress","RecipientAddress","Subject","Status","ToIP","FromIP","Size","MessageId","Index"\n'
    )
    for n, day in enumerate(DAYS):
        yield (
            f'"{day.month}/{day.day}/{day.year} 1:12:44 AM","{PEOPLE[n % 6][1]}","qa@client-a.example","s",'
            f'"Delivered",,"203.0.113.10","211","<m{n}@v>","0"\n'
        )


def masterlist(path: Path) -> None:
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet("Masterlist")
        sheet.merge_range(0, 0, 0, 5, "Vendor Inc. - Masterlist")
        sheet.write_row(
            2, 0, ("Employee No.", "Name", "Date Hired", "Status", "Date Separated", "Work Email", "Biometric ID")
        )
        for n, (number, mail, _) in enumerate(PEOPLE):
            status, left = ("Resigned", "20/10/2026") if n == 4 else ("Regular", "")
            sheet.write_row(3 + n, 0, (number, "X", "13/01/2024", status, left, mail, f"{n + 1:05}"))
        sheet.write_row(9, 0, ("Total headcount", 6))


def attlog() -> Iterator[str]:
    for day in DAYS:
        for n in range(len(PEOPLE)):
            yield f"     {n + 1}\t{day} 08:0{n}:01\t1\t0\t1\t0\r\n"
            yield f"     {n + 1}\t{day} 17:0{n}:01\t1\t1\t1\t0\r\n"


def credits_() -> str:
    head = "Employee ID,Account Number,Account Name,Amount,Value Date,Batch Reference,Status,Purpose\n"
    return head + "".join(
        f'{number},000{n},X,"12,864.81",2026-10-{day},B-{day},Credited,Payroll\n'
        for day in ("05", "20")
        for n, (number, *_) in enumerate(PEOPLE)
    )


def recipients() -> str:
    return json.dumps([
        {"recipient_id": n, "pst_id": 7, "user": {"id": n, "email": mail}, "template": {"id": 2, "name": "Parcel"},
         "scheduled_at": "2026-10-06T01:00:00.000Z", "delivered_at": "2026-10-06T01:02:00.000Z", "opened_at": None,
         "clicked_at": "2026-10-06T01:04:00.000Z" if n == 2 else None, "data_entered_at": None,
         "reported_at": "2026-10-06T01:09:00.000Z", "bounced_at": None}
        for n, (_, mail, _) in enumerate(PEOPLE)
    ])  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The vendor's folder after `init`, on the second of November, with no question answered."""
    home = tmp_path_factory.mktemp("desk")
    evidence = home / "evidence"
    evidence.mkdir()
    firewall = Path(__file__).parent / "recorded" / "pfsense-config.xml"
    for name, text in {
        "1.csv": users(), "2.json": registrations(), "3.csv": "".join(sign_ins()), "4.csv": "".join(devices()),
        "5.json": mailboxes(), "6.csv": "".join(trace()), "8.dat": "".join(attlog()), "9.csv": credits_(),
        "10.json": recipients(), "11.txt": NET_ACCOUNTS, "12.xml": firewall.read_text("utf-8"),
    }.items():  # fmt: skip
        (evidence / name).write_bytes(text.encode())
    masterlist(evidence / "7.xlsx")
    started = start.begin(home, stock.take(home), now=NOW, version="0")
    assert {(r.file, r.kind, r.adapter) for r in started.recognised} == KNOWN
    assert started.unknown == ()
    proposed = evidence / "identity_map.proposed.csv"
    proposed.rename(evidence / "identity_map.csv")
    return home


def test_check_reads_every_one_of_them_whole(folder: Path, tmp_path: Path) -> None:
    found = ready(folder, tmp_path)
    read = {(f.file, f.kind): (f.rows, f.problems) for f in found.files}
    assert {(file, kind) for file, kind, _ in KNOWN} <= {*read}
    assert read["8.dat", "timesheets"] == (6 * 31, ())
    assert read["7.xlsx", "roster"][0] == 6
    assert "employee_id is that of identity_map for 6 accounts" in readiness.text(found)
    assert {*DECIDED} <= {*found.decidable}


def test_run_decides_what_they_can_show(folder: Path) -> None:
    """The rest says what is lacking: no question of `init` was answered, and twelve exports are not all evidence."""
    said = ctrlkit(folder, "run", "--as-of", "2026-11-02", "--format", "json", "-q", "--select", ",".join(DECIDED))
    assert said.verdicts == DECIDED
    assert said.code == 1
