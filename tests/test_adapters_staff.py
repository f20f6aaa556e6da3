"""What systems of HR, time, pay and screening export becomes exact rows; what they do not say is not known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from ingestion import causes, problems, read, read_text, table

from ctrlkit import recognition
from ctrlkit.hooks import Adapter, plugin_manager
from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Grade

Sheet = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A file in the product's own shape and the rows it becomes; `where`: its name, `told`: what the pack adds."""

    adapter: str
    kind: str
    content: str | Sheet
    rows: tuple[Mapping[str, Any], ...]
    name: str = "export.csv"
    told: Mapping[str, Any] = field(default_factory=dict)


def adapters() -> tuple[Adapter, ...]:
    return tuple(a for given in plugin_manager().hook.ctrlkit_adapters() for a in given)


KNOWN = adapters()


def put(folder: Path, content: str | Sheet, name: str) -> Path:
    path = folder / name
    if isinstance(content, str):
        path.write_bytes(content.encode())
    else:
        with xlsxwriter.Workbook(path) as book:
            sheet, days = book.add_worksheet("Sheet1"), book.add_format({"num_format": "d-mmm"})
            for row, cells in enumerate(content):
                for column, cell in enumerate(cells):
                    sheet.write(row, column, cell, *([days] if isinstance(cell, date) else []))
    return path


def taken(folder: Path, sample: Sample, content: str | Sheet | None = None) -> Ingested:
    path = put(folder, sample.content if content is None else content, sample.name)
    return read(path, kind=sample.kind, adapters=KNOWN, **sample.told)


def at(text: str) -> datetime:
    """An instant in Manila's clock, as the tables hold it: naive, in UTC."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC).replace(tzinfo=None)


def plain(found: Ingested) -> list[dict[str, Any]]:
    """Every column but the file; numbers as text, so that none is rounded."""
    return [
        {n: f"{v.normalize():f}" if isinstance(v, Decimal) else v for n, v in row.items() if n != "_file"}
        for row in table(found).to_dicts()
    ]


ATTLOG = (
    "     1001\t2026-08-02 21:58:01\t1\t0\t1\t0\r\n"
    "     1002\t2026-08-02 22:05:40\t1\t0\t1\t0\r\n"
    "     1001\t2026-08-03 07:03:22\t1\t1\t1\t0\r\n"
    "     1002\t2026-08-03 07:01:09\t1\t1\t15\t0\r\n"
)
ATTLOG_TWO = ATTLOG.replace("\t1\t0\t", "\t0\t1\t")
PUNCHED = tuple(
    {"ts": at(when), "employee_id": pin, "_row": row, "_bad": None}
    for row, (pin, when) in enumerate(
        (
            ("1001", "2026-08-02T21:58:01"),
            ("1002", "2026-08-02T22:05:40"),
            ("1001", "2026-08-03T07:03:22"),
            ("1002", "2026-08-03T07:01:09"),
        ),
        1,
    )
)
WAYS = ("in", "in", "out", "out")
SHIFTS = tuple(
    {
        "employee_id": pin, "work_date": date(2026, 8, 2), "clock_in": at(begin), "clock_out": at(end), "_row": row,
        "_bad": None,
    }
    for row, (pin, begin, end) in enumerate(
        (
            ("1001", "2026-08-02T21:58:01", "2026-08-03T07:03:22"),
            ("1002", "2026-08-02T22:05:40", "2026-08-03T07:01:09"),
        ),
        1,
    )
)  # fmt: skip
FIRST = {"adapter": "zkteco_status_first_punches"}
SECOND = {"adapter": "zkteco_device_first_punches"}
MANAGEMENT = (
    "Department,Name,No.,Date/Time,Status,Location ID,ID Number,VerifyCode,CardNo\n"
    "VOICE,Ana Cruz,1001,02/08/2026 21:58:01,C/In,104,,FP,\n"
    "VOICE,Ana Cruz,1001,14/08/2026 07:03:22,C/Out,104,,FACE,\n"
)
BIOTIME: Sheet = (
    ("Employee ID", "First Name", "Department", "Date", "Time", "Punch State", "Work Code", "Terminal Alias"),
    ("1001", "Ana", "Voice", "2026-08-02", "21:58:01", "Check In", "", "Gate 5F"),
    ("1001", "Ana", "Voice", "2026-08-03", "07:03:22", "Check Out", "", "Gate 5F"),
)
PUNCH_LIST = (
    "Employee ID,Name,Punch Time,Direction,Device\nE-1001,Ana Cruz,2026-08-02 21:58,IN,gate-1\n"
    "E-1001,Ana Cruz,2026-08-03 07:03,OUT,gate-1\nE-1002,Raj Iyer,2026-08-03 08:00,Swipe,gate-1\n"
)
ANA = ({"employee_id": "1001", "ts": at("2026-08-02T21:58:01")}, {"employee_id": "1001"})

BAMBOO = json.dumps({
    "title": "Roster",
    "fields": [{"id": name, "type": "text", "name": name} for name in
               ("id", "displayName", "location", "status", "employmentHistoryStatus", "hireDate", "terminationDate")],
    "employees": [
        {"id": "113", "displayName": "Ana Cruz", "workEmail": "ana.cruz@vendor.example", "supervisorEid": "114",
         "department": "Voice", "location": "Makati", "status": "Active", "employmentHistoryStatus": "Full-Time",
         "hireDate": "2026-01-05", "terminationDate": "0000-00-00"},
        {"id": "114", "displayName": "Raj Iyer", "workEmail": None, "supervisorEid": None,
         "department": "IT", "location": "Chennai", "status": "Inactive", "employmentHistoryStatus": "Contractor",
         "hireDate": "2023-06-01", "terminationDate": "2026-07-31", "terminationType": "Resignation (Voluntary)"},
    ],
})  # fmt: skip
BAMBOO_CSV = (
    "Employee #,Last name,First name,Hire Date,Termination Date,Status,Location,Employment Status,Termination Type\n"
    "E-1001,Cruz,Ana,01/25/2026,,Active,Makati,Probationary,\n"
    "E-1002,Iyer,Raj,06/01/2023,07/31/2026,Inactive,Chennai,Terminated,Termination (Involuntary)\n"
)
PEOPLE: Sheet = (
    ("Masterlist as of October",),
    ("",),
    ("Employee No.", "Name", "Position", "Account", "Site", "Date Hired", "Status", "Employment Type",
     "Date Separated", "Last Working Day", "Supervisor ID", "Work Setup"),
    ("E-1001", "Ana Cruz", "Agent", "northwind", "MNL", "13/10/2024", "Regular", "Regular", "", "", "E-1009",
     "On-site"),
    ("E-1002", "Raj Iyer", "Agent", "northwind", "MNL", "02/11/2024", "Resigned", "Full-time", "31/07/2026",
     "28/07/2026", "E-1009", "WFH"),
    ("E-1003", "Lia Reyes", "Agent", "northwind", "MNL", "06/01/2025", "Floating", "Project Based", "", "", "E-1009",
     ""),
    ("Total headcount", "3", "", "", "", "", "", "", "", "", "", ""),
)  # fmt: skip
SPROUT: Sheet = (
    ("Status after upload", "*Employee ID No", "*Last Name", "*First Name", "Middle Name", "*Gender", "*Date of Birth",
     "*Civil Status", "Home Address", "*Contact Number", "*Email", "*Biometric ID", "Employee Type", "Pay Group",
     "Job Title", "*Department", "Cost Center", "Location", "Hire Date", "Employment Status",
     "Expected Regularization Date", "Schedule type"),
    ("", "E-1001", "Cruz", "Ana", "", "Female", "03/04/1999", "Single", "", "000", "ana.cruz@vendor.example", "1001",
     "Rank and File", "Semi", "Agent", "Voice", "", "Makati", "01/05/2026", "Regular", "", "Normal Shift"),
    ("", "E-1002", "Iyer", "Raj", "", "Male", "03/04/1990", "Single", "", "000", "raj.iyer@vendor.example", "1002",
     "Manager", "Semi", "Manager", "IT", "", "Makati", "06/21/2023", "Resigned", "", "Exempted"),
    ("", "E-1003", "Reyes", "Lia", "", "Female", "03/04/1998", "Single", "", "000", "lia.reyes@vendor.example", "1003",
     "Rank and File", "Semi", "Agent", "Voice", "", "Makati", "06/21/2026", "Floating", "", "Normal Shift"),
)  # fmt: skip
JOBS = json.dumps({"d": {"results": [
    {"__metadata": {"type": "SFOData.EmpJob"}, "userId": "1001", "startDate": "/Date(1767571200000)/",
     "endDate": "/Date(253402214400000)/", "emplStatus": "A", "department": "VOICE", "location": "MNL",
     "countryOfCompany": "PHL", "managerId": "NO_MANAGER",
     "employmentNav": {"startDate": "/Date(1704067200000)/", "endDate": None, "lastDateWorked": None}},
    {"__metadata": {"type": "SFOData.EmpJob"}, "userId": "1002", "startDate": "/Date(1672531200000)/",
     "endDate": "/Date(1785369600000)/", "emplStatus": "A", "department": "IT", "location": "CHN",
     "countryOfCompany": "IND", "managerId": "1001",
     "employmentNav": {"startDate": "/Date(1672531200000)/", "endDate": None, "lastDateWorked": None}},
    {"__metadata": {"type": "SFOData.EmpJob"}, "userId": "1002", "startDate": "/Date(1785456000000)/",
     "endDate": "/Date(253402214400000)/", "emplStatus": "T", "department": "IT", "location": "CHN",
     "countryOfCompany": "IND", "managerId": "1001",
     "employmentNav": {"startDate": "/Date(1672531200000)/", "endDate": "/Date(1785369600000)/",
                       "lastDateWorked": "/Date(1785283200000)/"}},
]}})  # fmt: skip
JOBS_BARE = json.dumps({"d": {"results": [
    {"__metadata": {"type": "SFOData.EmpJob"}, "userId": "1001", "startDate": "/Date(1767571200000)/",
     "endDate": "/Date(253402214400000)/", "emplStatus": "5586", "location": "MNL"},
]}})  # fmt: skip
GRID: Sheet = (
    ("Northwind Voice - week 32",),
    (),
    ("Employee ID", "Name", "LOB", date(2026, 8, 3), date(2026, 8, 4), date(2026, 8, 5), date(2026, 8, 6)),
    ("E-1001", "Ana Cruz", "Voice", "22:00-07:00", "10:00 PM - 7:00 AM", "RD", "VL"),
    ("E-1002", "Raj Iyer", "Voice", "0600-1500", "SL", "", "TRN"),
    ("Total", "", "", "2", "1", "0", "0"),
)
GRID_TEXT: Sheet = (
    ("Name", "Mon 08/03/2026", "Tue 08/04/2026", "Wed 08/05/2026"),
    ("Cruz, Ana", "22:00 \N{EN DASH} 07:00", "OFF", "15:00-24:00"),
)
IEX = (
    "excdate|schedDate|TZ|muID|tvID|logonID|activity|start|stop\n"
    "08032026|08022026|Asia/Manila|210|1001|5001|Open Time|22:00|02:00\n"
    "08032026|08022026|Asia/Manila|210|1001|5001|Lunch|02:00|03:00\n"
    "08032026|08022026|Asia/Manila|210|1001|5001|Open Time|03:00|07:00\n"
    "08032026|08032026|Asia/Manila|210|1002|5002|Open Time|22:00|07:00\n"
    "08032026|08042026|Asia/Manila|210|1002||Day Off|00:00|24:00\n"
    "08032026|08052026|Asia/Manila|210|1002||Vacation|00:00|24:00\n"
    "08032026|08022026|PST|211|1003|5003|Open Time|08:00|17:00\n"
)
GENESYS = json.dumps({"userSchedules": {
    "u-1": {"shifts": [{"id": "s-1", "startDate": "2026-08-02T18:00:00.000Z", "lengthMinutes": 540, "activities": []},
                       {"id": "s-2", "startDate": "2026-08-03T14:00:00Z", "lengthMinutes": 540, "activities": []}]},
    "u-2": {"shifts": []},
}})  # fmt: skip


def planned(who: str, day: str, row: int, *span: str, bad: str | None = None) -> dict[str, Any]:
    begin, end = (at(when) for when in span) if span else (None, None)
    return {"employee_id": who, "work_date": date.fromisoformat(day), "sched_start": begin, "sched_end": end,
            "_row": row, "_bad": bad}  # fmt: skip


def listed(who: str, hired: date, status: str | None, row: int) -> dict[str, Any]:
    return {"employee_id": who, "site": "MNL", "client": "northwind", "manager_id": "e-1009", "hire_date": hired,
            "last_day_worked": None, "termination_date": None, "status": status, "_row": row, "_bad": None}  # fmt: skip


UNSAID = ";sched_start;sched_end;"
REGISTER: Sheet = (
    ("Northwind Voice Inc. - Payroll Register",),
    ("Employee No.", "Name", "Department", "Period From", "Period To", "Pay Date", "Basic Pay", "Hourly Rate",
     "OT Hours", "OT Pay", "ND Hours", "Night Differential", "SSS", "PhilHealth", "Pag-IBIG", "Withholding Tax",
     "Uniform", "Total Deductions", "Gross Pay", "Net Pay", "13th Month Pay"),
    ("E-1001", "Ana Cruz", "Voice", "07/16/2026", "07/31/2026", "08/05/2026", "12,500.00", "142.05", "4", "710.25",
     "32", "454.56", "450.00", "250.00", "100.00", "0.00", "", "800.00", "13,664.81", "12,864.81", "0.00"),
    ("E-1002", "Raj Iyer", "IT", "07/16/2026", "07/31/2026", "08/05/2026", "20,000.00", "227.27", "0", "0.00", "0",
     "0.00", "450.00", "500.00", "100.00", "1,200.00", "350.00", "2,600.00", "20,000.00", "17,400.00", "0.00"),
    ("Total", "", "", "", "", "", "32,500.00", "", "4", "710.25", "32", "454.56", "900.00", "750.00", "200.00",
     "1,200.00", "350.00", "3,400.00", "33,664.81", "30,264.81", "0.00"),
)  # fmt: skip
CREDITS = (
    "Employee ID,Account Number,Account Name,Amount,Value Date,Batch Reference,Status,Purpose\n"
    'E-1001,0001,ANA CRUZ,"12,864.81",2026-08-05,B-0805,Credited,Payroll\n'
    'E-1002,0002,RAJ IYER,"17,400.00",2026-08-05,B-0805,Rejected,Payroll\n'
    'E-1002,0002,RAJ IYER,"17,400.00",2026-08-06,B-0806,Posted,13th Month Pay\n'
    'E-1003,0003,LIA REYES,"1,000.00",2026-08-06,B-0806,Credited,Goodwill\n'
)
BATCHES = (
    "Batch No,Value Date,No. of Transactions,Total Amount,Status\n"
    'B-0805,08/25/2026,412,"6,204,400.00",Processed\nB-0826,08/26/2026,3,"9,000.00",Returned\n'
)
ECR = (
    "100000000001#~#ANA C#~#15000#~#15000#~#15000#~#15000#~#1800#~#1250#~#550#~#0#~#0\r\n"
    "100000000002#~#RAJ I#~#18000#~#15000#~#15000#~#15000#~#1800#~#1250#~#550#~#2#~#0\r\n"
)
CHECKED = (
    "employee_uid,provider,package,check_type,ordered_date,completed_date,result,valid_until\n"
    "E-1001,ScreenCo,PH-Standard,criminal,2025-12-10,2025-12-22,clear,2026-12-22\n"
    "E-1001,ScreenCo,PH-Standard,NBI Clearance,2025-12-10,2025-12-22,NO DERROGATORY RECORD,2026-12-22\n"
    "E-1001,ScreenCo,PH-Standard,Drug Test,2025-12-10,2025-12-22,Negative,\n"
    "E-1002,ScreenCo,IN-Standard,employment,2026-07-01,,pending,\n"
    "E-1002,ScreenCo,IN-Standard,Address Verification,2026-07-01,2026-07-09,Amber,\n"
    "E-1002,ScreenCo,IN-Standard,education,2026-07-01,2026-07-09,Red,\n"
)


def checked(  # noqa: PLR0913, PLR0917  (a check is all of that)
    row: int, said: str, asked: str, done: str, result: str | None, bad: str | None = None
) -> Any:
    who, what = said.split()
    return {"employee_id": who, "check": what, "requested_on": date.fromisoformat(asked),
            "completed_on": date.fromisoformat(done) if done else None, "result": result, "_row": row,
            "_bad": bad}  # fmt: skip


def paid(row: int, **said: Any) -> dict[str, Any]:
    return {"period_start": date(2026, 7, 16), "period_end": date(2026, 7, 31), "payday": date(2026, 8, 5), **said,
            "thirteenth_month": "0", "_row": row}  # fmt: skip


SAMPLES = [
    Sample("zkteco_punches", "punches", ATTLOG, PUNCHED, "1_attlog.dat"),
    Sample("zkteco_punches", "punches", f"ABC1234567\r\n{ATTLOG}9F3A\r\n",
           tuple({**row, "_row": n} for n, row in enumerate(PUNCHED, 2)), "attlog.txt"),
    Sample("zkteco_punches", "punches", ATTLOG.replace("\t", ","), PUNCHED, "attlog.csv"),
    Sample("zkteco_device_first_punches", "punches", ATTLOG,
           tuple({**row, "device": "1", "direction": way} for row, way in zip(PUNCHED, WAYS, strict=True)),
           "attlog.dat", SECOND),
    Sample("zkteco_status_first_punches", "punches", ATTLOG_TWO,
           tuple({**row, "direction": way} for row, way in zip(PUNCHED, WAYS, strict=True)), "attlog.dat", FIRST),
    Sample("zkteco_status_first_punches", "punches", ATTLOG, PUNCHED, "attlog.dat", FIRST),
    Sample("zkteco_device_first_shifts", "timesheets", ATTLOG, SHIFTS, "attlog.dat",
           {"adapter": "zkteco_device_first_shifts"}),
    Sample("zkteco_attendance_management_punches", "punches", MANAGEMENT, (
        {"ts": at("2026-08-02T21:58:01"), "employee_id": "1001", "device": "104", "direction": "in", "_row": 2,
         "_bad": None},
        {"ts": at("2026-08-14T07:03:22"), "employee_id": "1001", "device": "104", "direction": "out", "_row": 3,
         "_bad": None},
    )),
    Sample("zkteco_zktime_punches", "punches",
           "AC-No.,No.,Name,Time,State,New State,Exception,Operation\n1001,,Ana,2026-08-02 21:58,C/In,,OK,\n", (
        {"ts": at("2026-08-02T21:58:00"), "employee_id": "1001", "direction": "in", "_row": 2, "_bad": None},
    )),
    Sample("zkteco_biotime_punches", "punches", BIOTIME, (
        {"ts": at("2026-08-02T21:58:01"), "employee_id": "1001", "device": "Gate 5F", "direction": "in", "_row": 2,
         "_bad": None},
        {"ts": at("2026-08-03T07:03:22"), "employee_id": "1001", "device": "Gate 5F", "direction": "out", "_row": 3,
         "_bad": None},
    ), "export.xlsx"),
    Sample("zkteco_biotime_shifts", "timesheets", BIOTIME, (
        {"employee_id": "1001", "work_date": date(2026, 8, 2), "clock_in": at("2026-08-02T21:58:01"),
         "clock_out": at("2026-08-03T07:03:22"), "_row": 2, "_bad": None},
    ), "export.xlsx"),
    Sample("punch_list_punches", "punches", PUNCH_LIST, (
        {"ts": at("2026-08-02T21:58:00"), "employee_id": "e-1001", "device": "gate-1", "direction": "in", "_row": 2,
         "_bad": None},
        {"ts": at("2026-08-03T07:03:00"), "employee_id": "e-1001", "device": "gate-1", "direction": "out", "_row": 3,
         "_bad": None},
        {"ts": at("2026-08-03T08:00:00"), "employee_id": "e-1002", "device": "gate-1", "direction": None, "_row": 4,
         "_bad": ";direction;"},
    )),
    Sample("bamboohr_report", "roster", BAMBOO, (
        {"employee_id": "113", "site": "Makati", "employment_type": None, "manager_id": "114",
         "hire_date": date(2026, 1, 5), "termination_date": None, "status": "active", "_row": 1,
         "_bad": ";employment_type;"},
        {"employee_id": "114", "site": "Chennai", "employment_type": "contract", "manager_id": None,
         "hire_date": date(2023, 6, 1), "termination_date": date(2026, 7, 31), "status": "terminated", "_row": 2,
         "_bad": None},
    ), "export.json"),
    Sample("bamboohr_report_leavers", "leavers", BAMBOO, (
        {"employee_id": "114", "separated_on": date(2026, 7, 31), "kind": "resigned", "_row": 2, "_bad": None},
    ), "export.json"),
    Sample("bamboohr_report_csv", "roster", BAMBOO_CSV, (
        {"employee_id": "e-1001", "site": "Makati", "employment_type": "probationary", "hire_date": date(2026, 1, 25),
         "termination_date": None, "status": "active", "_row": 2, "_bad": None},
        {"employee_id": "e-1002", "site": "Chennai", "employment_type": None, "hire_date": date(2023, 6, 1),
         "termination_date": date(2026, 7, 31), "status": "terminated", "_row": 3, "_bad": ";employment_type;"},
    )),
    Sample("bamboohr_report_csv_leavers", "leavers", BAMBOO_CSV, (
        {"employee_id": "e-1002", "separated_on": date(2026, 7, 31), "kind": None, "_row": 3, "_bad": ";kind;"},
    )),
    Sample("employee_list", "roster", PEOPLE, (
        {**listed("e-1001", date(2024, 10, 13), "active", 4), "employment_type": "regular", "work_mode": "onsite"},
        {**listed("e-1002", date(2024, 11, 2), "terminated", 5), "employment_type": None, "work_mode": "wfh",
         "termination_date": date(2026, 7, 31), "last_day_worked": date(2026, 7, 28), "_bad": ";employment_type;"},
        {**listed("e-1003", date(2025, 1, 6), None, 6), "employment_type": "contract", "work_mode": None,
         "_bad": ";status;"},
    ), "Masterlist Oct.xlsx"),
    Sample("employee_list_leavers", "leavers", PEOPLE, (
        {"employee_id": "e-1002", "separated_on": date(2026, 7, 31), "kind": "resigned", "_row": 5, "_bad": None},
    ), "Masterlist Oct.xlsx"),
    Sample("sprout_employees", "roster", SPROUT, (
        {"employee_id": "e-1001", "site": "Makati", "country": "PH", "employment_type": "regular",
         "hire_date": date(2026, 1, 5), "status": "active", "_row": 2, "_bad": None},
        {"employee_id": "e-1002", "site": "Makati", "country": "PH", "employment_type": None,
         "hire_date": date(2023, 6, 21), "status": "terminated", "_row": 3, "_bad": ";employment_type;"},
        {"employee_id": "e-1003", "site": "Makati", "country": "PH", "employment_type": None,
         "hire_date": date(2026, 6, 21), "status": None, "_row": 4, "_bad": ";employment_type;status;"},
    ), "export.xlsx"),
    Sample("sprout_biometric_ids", "identity_map", SPROUT, tuple(
        {"employee_id": f"e-{pin}", "system": "biometric", "badge_pin": pin, "_row": row, "_bad": None}
        for row, pin in enumerate(("1001", "1002", "1003"), 2)
    ), "export.xlsx"),
    Sample("successfactors_jobs", "roster", JOBS, (
        {"employee_id": "1001", "site": "MNL", "country": "PH", "manager_id": None, "hire_date": date(2024, 1, 1),
         "last_day_worked": None, "termination_date": None, "status": "active", "_row": 1, "_bad": ";manager_id;"},
        {"employee_id": "1002", "site": "CHN", "country": "IN", "manager_id": "1001", "hire_date": date(2023, 1, 1),
         "last_day_worked": date(2026, 7, 29), "termination_date": date(2026, 7, 30), "status": "terminated",
         "_row": 3, "_bad": None},
    ), "export.json"),
    Sample("successfactors_jobs", "roster", JOBS_BARE, (
        {"employee_id": "1001", "site": "MNL", "status": None, "_row": 1, "_bad": ";status;"},
    ), "export.json"),
    Sample("wfm_grid", "timesheets", GRID, (
        planned("e-1001", "2026-08-03", 4, "2026-08-03T22:00:00", "2026-08-04T07:00:00"),
        planned("e-1001", "2026-08-04", 4, "2026-08-04T22:00:00", "2026-08-05T07:00:00"),
        planned("e-1001", "2026-08-05", 4),
        planned("e-1002", "2026-08-03", 5, "2026-08-03T06:00:00", "2026-08-03T15:00:00"),
        planned("e-1002", "2026-08-05", 5, bad=UNSAID),
        planned("e-1002", "2026-08-06", 5, bad=UNSAID),
    ), "export.xlsx"),
    Sample("wfm_grid_leave", "leave", GRID, (
        {"employee_id": "e-1001", "start": date(2026, 8, 6), "end": date(2026, 8, 6), "kind": "vacation", "_row": 4,
         "_bad": None},
        {"employee_id": "e-1002", "start": date(2026, 8, 4), "end": date(2026, 8, 4), "kind": "sick", "_row": 5,
         "_bad": None},
    ), "export.xlsx"),
    Sample("wfm_grid", "timesheets", GRID_TEXT, (
        planned("cruz, ana", "2026-08-03", 2, "2026-08-03T22:00:00", "2026-08-04T07:00:00"),
        planned("cruz, ana", "2026-08-04", 2),
        planned("cruz, ana", "2026-08-05", 2, "2026-08-05T15:00:00", "2026-08-06T00:00:00"),
    ), "export.xlsx"),
    Sample("nice_iex_schedule", "timesheets", IEX, (
        planned("1001", "2026-08-02", 2, "2026-08-02T22:00:00", "2026-08-03T07:00:00"),
        planned("1002", "2026-08-03", 5, "2026-08-03T22:00:00", "2026-08-04T07:00:00"),
        planned("1002", "2026-08-04", 6),
        planned("1003", "2026-08-02", 8, bad=UNSAID),
    ), "agentScheduleDetail_080326_0100.txt"),
    Sample("genesys_wfm_schedules", "timesheets", GENESYS, (
        planned("u-1", "2026-08-03", 1, "2026-08-03T02:00:00", "2026-08-03T11:00:00"),
        planned("u-1", "2026-08-03", 2, "2026-08-03T22:00:00", "2026-08-04T07:00:00"),
    ), "export.json"),
    Sample("payroll_register", "payroll", REGISTER, (
        paid(3, employee_id="e-1001", basic="12500", basic_hourly="142.05", ot_hours="4", ot_pay="710.25",
             night_hours="32", night_pay="454.56", deductions="800", deduction_kinds="sss;philhealth;pagibig",
             gross="13664.81", net="12864.81", _bad=None),
        paid(4, employee_id="e-1002", basic="20000", basic_hourly="227.27", ot_hours="0", ot_pay="0", night_hours="0",
             night_pay="0", deductions="2600", deduction_kinds=None, gross="20000", net="17400",
             _bad=";deduction_kinds;"),
    ), "export.xlsx", {"date_order": "mdy"}),
    Sample("bank_credits_by_person", "bank_credits", CREDITS, (
        {"employee_id": "e-1001", "value_date": date(2026, 8, 5), "amount": "12864.81", "batch": "B-0805",
         "purpose": "salary", "_row": 2, "_bad": None},
        {"employee_id": "e-1002", "value_date": date(2026, 8, 6), "amount": "17400", "batch": "B-0806",
         "purpose": "thirteenth_month", "_row": 4, "_bad": None},
        {"employee_id": "e-1003", "value_date": date(2026, 8, 6), "amount": "1000", "batch": "B-0806", "purpose": None,
         "_row": 5, "_bad": ";purpose;"},
    )),
    Sample("bank_credits_by_batch", "bank_credits", BATCHES, (
        {"value_date": date(2026, 8, 25), "amount": "6204400", "batch": "B-0805", "_row": 2, "_bad": None},
    )),
    Sample("epfo_ecr", "contributions", ECR, (
        {"scheme": "epf", "month": "2026-07", "employees": "2", "amount": "7200", "_row": 1, "_bad": None},
    ), "ecr.txt", {"constants": {"month": "2026-07"}}),
    Sample("screening_provider", "screening", CHECKED, (
        checked(2, "e-1001 criminal", "2025-12-10", "2025-12-22", "clear"),
        checked(3, "e-1001 nbi", "2025-12-10", "2025-12-22", "clear"),
        checked(4, "e-1001 drug", "2025-12-10", "2025-12-22", None),
        checked(5, "e-1002 employment", "2026-07-01", "", "pending"),
        checked(6, "e-1002 address", "2026-07-01", "2026-07-09", None, ";result;"),
        checked(7, "e-1002 education", "2026-07-01", "2026-07-09", "discrepancy"),
    )),
]  # fmt: skip


def named(sample: Sample) -> str:
    return f"{sample.adapter}-{sample.name}"


@pytest.mark.parametrize("sample", SAMPLES, ids=named)
def test_an_export_becomes_exactly_these_rows(sample: Sample, tmp_path: Path) -> None:
    found = taken(tmp_path, sample)
    assert (found.adapter, found.grade, found.faults) == (sample.adapter, Grade.EXPORT, ())
    assert plain(found) == [*map(dict, sample.rows)]


@pytest.mark.parametrize("sample", [s for s in SAMPLES if "adapter" not in s.told], ids=named)
def test_an_export_is_recognised_whatever_its_name(sample: Sample, tmp_path: Path) -> None:
    put(tmp_path, sample.content, f"x{Path(sample.name).suffix}")
    known, unknown = recognition.look(tmp_path, shipped(), KNOWN, deep=False)
    assert unknown == ()
    others = {o.adapter for o in SAMPLES if o.content == sample.content and "adapter" not in o.told}
    assert {found.adapter for found in known} & others, known
    assert not [a.name for a in KNOWN if a.named_only and a.name in {found.adapter for found in known}]


@pytest.mark.parametrize("sample", [s for s in SAMPLES if isinstance(s.content, str)], ids=named)
def test_an_export_that_is_cut_is_never_whole(sample: Sample, tmp_path: Path) -> None:
    assert isinstance(sample.content, str)
    for cut in (4, 9):
        found = taken(tmp_path, sample, sample.content.rstrip("\r\n]}")[:-cut])
        assert {*causes(found)} & {Cause.TRUNCATED, Cause.MALFORMED}


@pytest.mark.parametrize("adapter", [a for a in KNOWN if a.form == "table"], ids=lambda a: a.name)
def test_only_one_adapter_of_a_kind_reads_a_table(adapter: Adapter, tmp_path: Path) -> None:
    header = ",".join(f'"{group[0]}"' for group in adapter.reads)
    cells = ",".join("x" for _ in adapter.reads)
    found = read_text(tmp_path, f"{header}\n{cells}\n", "any.csv", kind=adapter.kind, adapters=KNOWN)
    others = [a for a in KNOWN if a is not adapter and a.kind == adapter.kind]
    alone = read_text(tmp_path, f"{header}\n{cells}\n", "any.csv", kind=adapter.kind, adapters=tuple(others))
    assert found.adapter in {adapter.name, None}
    assert (alone.adapter, causes(alone)) == (None, [Cause.MALFORMED])


@pytest.mark.parametrize("adapter", [a for a in KNOWN if a.form == "table"], ids=lambda a: a.name)
def test_a_table_without_one_of_the_headers_is_not_the_products(adapter: Adapter, tmp_path: Path) -> None:
    needed = [group for group in adapter.reads if "" not in group]
    for lacking in needed:
        header = ",".join(f'"{group[0]}"' for group in adapter.reads if group is not lacking)
        text = f"{header}\n{','.join('x' for _ in adapter.reads[1:])}\n"
        found = read_text(tmp_path, text, "any.csv", kind=adapter.kind, adapters=(adapter,))
        assert causes(found) == [Cause.MALFORMED]


HEAD = "Employee ID,Punch Time,Direction\n"
NIGHTS = ("2026-08-03 22:01", "2026-08-04 07:02", "2026-08-04 21:58", "2026-08-05 07:00", "2026-08-05 22:00")
LATER = "2026-08-09 12:00"
"""A punch of somebody else that keeps the end of the file away."""


def paired(folder: Path, *punches: tuple[str, str], edges: bool = True) -> list[tuple[Any, ...]]:
    """The shifts of E-1 in punches of (time, direction), between two of others where `edges` lie outside."""
    around = [("E-8", "2026-08-01 12:00", "?"), ("E-9", LATER, "?")] if edges else []
    rows = [*around, *(("E-1", when, way) for when, way in punches)]
    text = HEAD + "".join(f"{who},{when},{way}\n" for who, when, way in rows)
    found = read_text(folder, text, "p.csv", kind="timesheets", adapters=KNOWN)
    assert (found.adapter, found.faults) == ("punch_list_shifts", ())
    named = ("work_date", "clock_in", "clock_out", "_bad")
    return [tuple(row[n] for n in named) for row in table(found).to_dicts() if row["employee_id"] == "e-1"]


def shift(begin: str, end: str) -> tuple[Any, ...]:
    return (date.fromisoformat(begin[:10]), at(begin.replace(" ", "T")), at(end.replace(" ", "T")), None)


def unknown(day: str) -> tuple[Any, ...]:
    return (date.fromisoformat(day), None, None, ";clock_in;clock_out;")


def test_by_order_a_night_belongs_to_the_day_it_begins_and_a_second_touch_is_none(tmp_path: Path) -> None:
    touched = [(when, "-") for when in (*NIGHTS[:4], "2026-08-04 07:03")]
    assert paired(tmp_path, *touched) == [shift(NIGHTS[0], NIGHTS[1]), shift(NIGHTS[2], NIGHTS[3])]


def test_by_order_a_pause_lies_within_the_shift(tmp_path: Path) -> None:
    times = ("2026-08-03 22:00", "2026-08-04 02:00", "2026-08-04 03:00", "2026-08-04 07:00")
    assert paired(tmp_path, *((when, "-") for when in times)) == [shift(times[0], times[3])]


def test_by_order_a_missed_punch_makes_its_own_shift_unknown(tmp_path: Path) -> None:
    lone = [(when, "-") for when in (*NIGHTS, "2026-08-06 21:59", "2026-08-07 07:00")]
    assert paired(tmp_path, *lone) == [
        shift(NIGHTS[0], NIGHTS[1]),
        shift(NIGHTS[2], NIGHTS[3]),
        unknown("2026-08-05"),
        shift("2026-08-06 21:59", "2026-08-07 07:00"),
    ]


def test_by_order_what_can_be_divided_two_ways_is_unknown(tmp_path: Path) -> None:
    twelve = ("2026-08-03 07:00", "2026-08-03 19:00", "2026-08-04 07:00")
    assert paired(tmp_path, *((when, "-") for when in twelve)) == [unknown("2026-08-03"), unknown("2026-08-04")]


def test_by_order_the_end_of_a_shift_before_the_file_and_the_begin_of_one_after_it_are_left_out(tmp_path: Path) -> None:
    cut = [(when, "-") for when in NIGHTS[1:]]
    assert paired(tmp_path, *cut[:3], edges=False) == [shift(NIGHTS[2], NIGHTS[3])]
    assert paired(tmp_path, *cut, edges=False) == [shift(NIGHTS[2], NIGHTS[3])]


def test_directions_decide_where_every_punch_has_one(tmp_path: Path) -> None:
    said = [
        ("2026-08-03 07:00", "IN"), ("2026-08-03 12:00", "Break Out"), ("2026-08-03 13:00", "Break In"),
        ("2026-08-03 19:00", "OUT"), ("2026-08-04 07:00", "IN"), ("2026-08-05 07:00", "IN"),
        ("2026-08-05 12:00", "OUT"), ("2026-08-05 13:00", "IN"), ("2026-08-05 19:00", "OUT"),
        ("2026-08-06 19:00", "OUT"),
    ]  # fmt: skip
    assert paired(tmp_path, *said, edges=False) == [
        shift("2026-08-03 07:00", "2026-08-03 19:00"),
        (date(2026, 8, 4), at("2026-08-04T07:00:00"), None, None),
        shift("2026-08-05 07:00", "2026-08-05 19:00"),
        (date(2026, 8, 6), None, at("2026-08-06T19:00:00"), None),
    ]


def test_times_that_can_be_read_two_ways_or_none_make_no_shift(tmp_path: Path) -> None:
    for when, said in (("03/08/2026 07:00", "cannot be told apart"), ("3rd of August", "no way of writing times")):
        text = f"{HEAD}E-1,{when},IN\nE-1,{when},OUT\n"
        found = read_text(tmp_path, text, "p.csv", kind="timesheets", adapters=KNOWN)
        assert causes(found) == [Cause.MALFORMED]
        assert said in found.faults[0].message


@pytest.mark.parametrize(
    ("text", "cause", "said"),
    [
        (
            JOBS.replace('{"d": {', '{"d": {"__next": "https://api.vendor.example/x?$skiptoken=1", '),
            Cause.TRUNCATED,
            "__next",
        ),
        (JOBS.replace('"/Date(1767571200000)/"', "null"), Cause.MALFORMED, "does not say when it begins"),
        (BAMBOO.replace("hireDate", "hired"), Cause.MALFORMED, "is a directory or a report without"),
    ],
)
def test_an_hr_export_that_is_not_all_there_is_refused(text: str, cause: Cause, said: str, tmp_path: Path) -> None:
    found = read_text(tmp_path, text, "hr.json", kind="roster", adapters=KNOWN)
    assert causes(found) == [cause]
    assert said in found.faults[0].message


def test_the_number_of_an_employee_counts_and_leads_to_the_supervisor(tmp_path: Path) -> None:
    text = BAMBOO.replace('"id": "113"', '"employeeNumber": "E-1", "id": "113"').replace(
        '"id": "114"', '"employeeNumber": "E-2", "id": "114"'
    )
    ana, raj = table(read_text(tmp_path, text, "hr.json", kind="roster", adapters=KNOWN)).to_dicts()
    assert (ana["employee_id"], ana["manager_id"], raj["employee_id"]) == ("e-1", "e-2", "e-2")


@pytest.mark.parametrize(
    "cell",
    ["22:00", "25:00-07:00", "22:00-22:00", "10 PM-7", "08:00-12:00/14:00-18:00", "VL?", "22:61-07:00", "13 PM-2 PM"],
)
def test_a_cell_of_a_grid_that_is_no_shift_is_a_day_of_which_nothing_is_known(cell: str, tmp_path: Path) -> None:
    path = put(tmp_path, (*GRID[:3], ("E-1", "Ana", "Voice", cell, "RD", "RD", "22:00-07:00")), "grid.xlsx")
    first = table(read(path, kind="timesheets", adapters=KNOWN)).to_dicts()[0]
    assert (first["sched_start"], first["sched_end"], first["_bad"]) == (None, None, UNSAID)


def test_a_row_of_a_grid_with_shifts_is_somebody_s_whatever_its_name_cell_says(tmp_path: Path) -> None:
    grid = [
        ("Employee ID", date(2026, 8, 3), date(2026, 8, 4), date(2026, 8, 5)),
        ("Noteborn", "22:00-07:00", "RD", "RD"),
        ("", "22:00-07:00", "RD", ""),
        ("Notes: RD is a rest day", "", "", ""),
    ]
    found = taken(tmp_path, Sample("wfm_grid", "timesheets", tuple(grid), (), "grid.xlsx"))
    assert set(table(found)["employee_id"]) == {"noteborn"}
    assert found.bad_rows == 3


@pytest.mark.parametrize(
    "header",
    [
        ("Name", "Aug 3", "Aug 4", "Aug 5"),
        ("Name", "08/03/2026", "08/05/2026", "08/04/2026"),
        ("Team", "08/03/2026", "08/04/2026", "08/05/2026"),
        ("Name", "08/03/2026", "08/04/2026", "Notes"),
    ],
)
def test_a_sheet_without_days_in_a_row_and_people_beside_them_is_no_grid(header: Any, tmp_path: Path) -> None:
    path = put(tmp_path, (header, ("Ana", "22:00-07:00", "RD", "RD")), "grid.xlsx")
    assert causes(read(path, kind="timesheets", adapters=KNOWN)) == [Cause.MALFORMED]


def test_a_workbook_of_several_grids_is_read_sheet_by_sheet(tmp_path: Path) -> None:
    path = tmp_path / "months.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("July", "August"):
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(GRID_TEXT):
                sheet.write_row(row, 0, cells)
    found = read(path, kind="timesheets", adapters=KNOWN)
    assert causes(found) == [Cause.MALFORMED]
    assert "with its name under sheet" in found.faults[0].message
    assert read(path, kind="timesheets", adapters=KNOWN, sheet="August").rows == len(GRID_TEXT[0]) - 1


def test_a_credit_that_is_not_said_to_be_made_is_none_that_counts(tmp_path: Path) -> None:
    found = read_text(tmp_path, CREDITS.replace("Posted", "Accepted"), kind="bank_credits", adapters=KNOWN)
    assert (found.rows, found.bad_rows) == (2, 1)
    assert next((line["row"], line["column"]) for line in problems(found)) == (4, "amount")


def test_a_return_says_no_month_and_none_is_supposed(tmp_path: Path) -> None:
    found = read_text(tmp_path, ECR, "ecr.txt", kind="contributions", adapters=KNOWN)
    assert (found.adapter, found.rows, found.bad_rows, problems(found)[0]["column"]) == ("epfo_ecr", 0, 1, "month")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (ECR[:-12], Cause.TRUNCATED),
        (ECR.replace("#~#1800#~#1250", "#~#1,800#~#1250"), Cause.MALFORMED),
        (ECR.replace("#~#", "|"), Cause.MALFORMED),
    ],
)
def test_a_return_that_is_cut_or_is_none_is_refused(text: str, cause: Cause, tmp_path: Path) -> None:
    found = read_text(tmp_path, text, "ecr.txt", kind="contributions", adapters=KNOWN, constants={"month": "2026-07"})
    assert causes(found) == [cause]


@pytest.mark.parametrize("total", ["800.01", "", "n/a"])
def test_deductions_that_do_not_make_their_total_are_not_all_known(total: str, tmp_path: Path) -> None:
    row = [*REGISTER[2]]
    row[17] = total
    path = put(tmp_path, (REGISTER[1], tuple(row)), "register.xlsx")
    found = table(read(path, kind="payroll", adapters=KNOWN, date_order="mdy")).to_dicts()[0]
    assert found["deduction_kinds"] is None
    assert "deduction_kinds" in (found["_bad"] or "")
