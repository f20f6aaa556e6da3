"""Exports of learning systems, ticket desks, dialers and CRMs: the exact rows, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import desk_exports as exports
import pytest
import xlsxwriter
from ingestion import causes, problems, read, read_text, table

from ctrlkit import explain, recognition, stock
from ctrlkit.hooks import plugin_manager
from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Grade

ANA, RAJ = "ana.cruz@vendor.example", "raj.iyer@vendor.example"


@dataclass(frozen=True, slots=True)
class Case:
    """An export, and the rows it becomes: `also` are other kinds that the same file holds or may hold.

    `cell` is a text in the file that `column` is read from, and which the product may one day spell otherwise; `header`
    one without which nobody knows the file. `bad`: cells not known in the file as it is.
    """

    adapter: str
    kind: str
    document: Any
    columns: str
    rows: tuple[tuple[Any, ...], ...]
    cell: str
    column: str
    header: str
    also: tuple[str, ...] = ()
    bad: Mapping[str, int] | None = None
    note: str = ""


CASES = (
    Case(
        "knowbe4_enrollments",
        "training",
        exports.enrollments(),
        "_row employee_id course assigned_on started_at completed_at seconds_spent passed",
        (
            (1, ANA, "2026_security_basics", "2026-06-03", "2026-06-03 01:02:38", "2026-06-03 02:02:38", 2340, True),
            (2, RAJ, "2026_security_basics", "2026-06-03", None, None, 0, False),
            (3, ANA, "use_of_mail", "2026-06-03", "2026-06-03 01:02:38", "2026-06-03 02:02:38", 2340, None),
        ),
        "Past Due",
        "passed",
        "module_name",
    ),
    Case(
        "knowbe4_enrollments",
        "training",
        exports.KNOWBE4_CSV,
        "_row employee_id course assigned_on started_at completed_at seconds_spent passed",
        ((2, ANA, "2026_security_basics", "2026-06-03", "2026-06-03 01:02:38", "2026-06-03 02:02:38", 2340, True),),
        "Passed",
        "passed",
        "user.email",
    ),
    Case(
        "knowbe4_recipients",
        "phish",
        exports.recipients(),
        "_row campaign_id employee_id sent_at template clicked_at submitted_at reported_at",
        (
            (
                *(1, "16142", ANA, "2026-07-06 01:02:00", "Your parcel"),
                *("2026-07-06 01:04:00", "2026-07-06 01:05:00", None),
            ),
            (2, "16142", RAJ, "2026-07-06 01:02:00", "Your parcel", None, None, "2026-07-06 02:00:00"),
        ),
        "2026-07-06T01:04:00.000Z",
        "clicked_at",
        "data_entered_at",
        note="rows left aside, no records of phish: 1, where delivered_at is empty",
    ),
    Case(
        "gophish_results",
        "phish",
        exports.GOPHISH_RESULTS,
        "_row campaign_id employee_id sent_at clicked_at submitted_at reported_at",
        tuple(
            (row, "2026-07-06T01:02:00.123456789Z", who, f"2026-07-06 01:02:0{sent}", *steps)
            for row, who, sent, steps in (
                (2, ANA, "0.123456", ("2026-07-06 01:05:00", "2026-07-06 01:05:00", None)),
                (3, RAJ, "1", ("2026-07-06 03:00:00", None, "2026-07-06 03:00:00")),
                (4, "mia.tan@vendor.example", "2", (None, None, None)),
                (5, "leo.paz@vendor.example", "3", (None, None, "2026-07-06 05:00:00")),
            )
        ),
        "Clicked Link",
        "clicked_at",
        "modified_date",
    ),
    Case(
        "gophish_events",
        "phish",
        exports.GOPHISH_EVENTS,
        "_row campaign_id employee_id sent_at clicked_at submitted_at reported_at",
        (
            (3, "7", ANA, "2026-07-06 01:02:00.500000", "2026-07-06 01:04:00", "2026-07-06 01:05:00", None),
            (4, "7", RAJ, "2026-07-06 01:02:01", None, None, "2026-07-06 02:00:00"),
            (10, "7", "mia.tan@vendor.example", "2026-07-06 01:02:09", None, None, None),
        ),
        "2026-07-06T01:05:00Z",
        "submitted_at",
        "message",
    ),
    *(
        Case(
            "moodle_completion",
            "training",
            document,
            "_row employee_id course due_on completed_at passed _bad",
            (
                (2, "e-1001", "security_awareness", "2026-06-30", "2026-06-03 02:02:38", None, None),
                (2, "e-1001", "data_privacy_quiz", None, "2026-06-03 02:20:00", True, None),
                (3, "e-1002", "security_awareness", "2026-06-30", None, False, None),
                (3, "e-1002", "data_privacy_quiz", None, "2026-06-04 01:30:00", False, None),
                (4, "e-1003", "security_awareness", "2026-06-30", None, None, ";completed_at;passed;"),
                (4, "e-1003", "data_privacy_quiz", None, None, None, ";completed_at;passed;"),
            ),
            "Completed (achieved pass grade)",
            "passed",
            ',"ID number","Security awareness","2026-06-30 00:00:00","Data privacy quiz",""',
            bad={"completed_at": 2, "passed": 2},
        )
        for document in (exports.MOODLE, exports.utf16(exports.MOODLE))
    ),
    Case(
        "google_forms_quiz_username_total",
        "training",
        exports.GOOGLE_FORM,
        "_row employee_id course completed_at score",
        (
            (2, ANA, "google_forms_quiz", "2026-06-03 01:01:12", 80),
            (3, RAJ, "google_forms_quiz", "2026-06-03 13:05:40", "33.333333"),
        ),
        "8.00 / 10",
        "score",
        "Total score",
    ),
    Case(
        "scorm_cloud_registrations",
        "training",
        exports.SCORM_CLOUD,
        "_row employee_id course version assigned_on started_at completed_at seconds_spent score passed",
        (
            (
                *(1, "e-1001", "privacy", "3", "2026-06-02"),
                *("2026-06-03 01:30:00", "2026-06-03 02:05:00", "1800.5", "92.5", True),
            ),
            (2, "e-1002", "privacy", "3", "2026-06-02", None, None, 0, None, None),
        ),
        "PASSED",
        "passed",
        "registrationSuccess",
        bad={"passed": 1},
    ),
    Case(
        "lms_completions",
        "training",
        exports.LMS,
        "_row employee_id course version language assigned_on due_on started_at completed_at seconds_spent score "
        "passed",
        tuple(
            (row, who, "privacy", "v3", "en", "2026-06-01", "2026-06-30", *rest)
            for row, who, rest in (
                (2, "e-1001", ("2026-06-03 01:30:00", "2026-06-03 02:02:00", 1800, 92, True)),
                (3, "e-1002", (None, None, None, None, False)),
                (4, "e-1003", ("2026-06-03 01:30:00", "2026-06-03 01:40:00", 600, None, None)),
            )
        ),
        "not attempted",
        "passed",
        "Enrollment Date",
    ),
    Case(
        "jira_incidents",
        "incidents",
        exports.JIRA,
        "_row incident_id aware_at closed_on",
        ((2, "SEC-101", "2026-08-03 01:15:00", "2026-08-04"), (4, "SEC-102", "2026-08-04 17:00:00", None)),
        "04/Aug/26 6:00 PM",
        "closed_on",
        "Issue Type",
        also=("findings",),
    ),
    Case(
        "jira_findings",
        "findings",
        exports.JIRA,
        "_row finding_id severity opened_on due_on closed_on",
        (
            (2, "SEC-101", "low", "2026-08-03", "2026-08-10", "2026-08-04"),
            (4, "SEC-102", "critical", "2026-08-05", None, None),
        ),
        "Highest",
        "severity",
        "Priority",
        also=("incidents",),
    ),
    Case(
        "jira_alerts",
        "alerts",
        exports.JIRA_ALERTS,
        "_row alert_id ts kind severity incident_id",
        ((2, "SEC-103", "2026-08-05 15:59:00", "dlp", "high", "SEC-101"),),
        "High",
        "severity",
        "Custom field (Alert kind)",
    ),
    Case(
        "jira_resets",
        "resets",
        exports.JIRA_RESETS,
        "_row ticket_id ts system account_id reset_type handler_id verify_method verified owner_notified_at "
        "manager_approved",
        (
            (
                *(
                    2,
                    "HD-1",
                    "2026-08-05 06:00:00",
                    "okta",
                    ANA,
                    "factor",
                    "leo paz",
                    "callback_to_roster_number",
                    True,
                ),
                *("2026-08-05 06:05:00", False),
            ),
            (3, "HD-2", "2026-08-05 07:00:00", "okta", RAJ, "unlock", "leo paz", None, None, None, None),
        ),
        "MFA reset",
        "reset_type",
        "Custom field (Reset type)",
    ),
    *(
        Case(
            "servicenow_incidents",
            "incidents",
            document,
            "_row incident_id aware_at closed_on",
            ((2, "INC0010001", "2026-08-03 01:15:00", "2026-08-04"), (3, "INC0010002", "2026-08-04 17:00:00", None)),
            "2026-08-04 18:00:00",
            "closed_on",
            "opened_at",
        )
        for document in (exports.SERVICENOW, exports.SERVICENOW.encode("cp1252"))
    ),
    Case(
        "servicenow_alerts",
        "alerts",
        exports.SERVICENOW_ALERTS,
        "_row alert_id ts kind severity incident_id",
        ((1, "SIR0001", "2026-08-03 01:15:00", "dlp", "low", None),),
        '"priority": "4"',
        "severity",
        "u_alert_kind",
    ),
    Case(
        "servicenow_resets",
        "resets",
        exports.SERVICENOW_RESETS,
        "_row ticket_id ts system account_id reset_type handler_id verify_method verified owner_notified_at "
        "manager_approved",
        (
            (
                *(1, "RITM01", "2026-08-03 01:15:00", "ad", "vendor\\acruz", "password", "leo.paz", "manager_video"),
                *(True, "2026-08-03 01:20:00", True),
            ),
        ),
        "Password reset",
        "reset_type",
        "u_account",
    ),
    Case(
        "entra_access_reviews",
        "access_reviews",
        exports.entra_decisions(),
        "_row review_id system account_id reviewer_id reviewed_at decision removed_at _bad",
        tuple(
            (row, f"d-{row}", "CRM", f"{who}@vendor.example", by and f"{by}@vendor.example", *rest)
            for row, who, by, rest in (
                (1, "ana.cruz", "lead1", ("2026-07-03", "keep", None, None)),
                (2, "raj.iyer", "lead1", ("2026-07-03", "remove", "2026-07-10", None)),
                (3, "mia.tan", "lead1", ("2026-07-03", "remove", None, None)),
                (4, "leo.paz", "lead1", ("2026-07-03", "remove", None, ";removed_at;")),
                (5, "kim.uy", None, (None, "not_reviewed", None, None)),
            )
        ),
        '"decision": "Approve"',
        "decision",
        "reviewedDateTime",
        bad={"removed_at": 1},
    ),
    Case(
        "access_review_csv",
        "access_reviews",
        exports.REVIEW_SHEET,
        "_row review_id system account_id reviewer_id reviewed_at decision removed_at",
        (
            (2, "AR-2026Q2 row 2", "CRM", ANA, "lead1@vendor.example", "2026-07-02", "keep", None),
            (3, "AR-2026Q2 row 3", "CRM", RAJ, "lead1@vendor.example", "2026-07-02", "remove", "2026-07-09"),
        ),
        "Revoke",
        "decision",
        "user_name",
    ),
    Case(
        "five9_calls",
        "interactions",
        exports.FIVE9,
        "_row interaction_id start agent_id channel",
        ((2, "300000001", "2026-08-03 02:00:00", ANA, "voice"),),
        "2026-08-03 10:00",
        "start",
        "DISPOSITION",
        note="rows left aside, no records of interactions: 1, where AGENT is empty",
    ),
    Case(
        "bright_pattern_recordings",
        "recordings",
        exports.RECORDING_DETAILS,
        "_row recording_id ts agent_id",
        ((2, "r1.wav", "2026-08-03 02:00:04", "ana.cruz"), (3, "r2.wav", "2026-08-03 02:05:00", "raj.iyer")),
        "2026-08-03 10:00:04",
        "ts",
        "Export status",
        also=("interactions",),
    ),
    Case(
        "bright_pattern_interactions",
        "interactions",
        exports.RECORDING_DETAILS,
        "_row interaction_id start agent_id channel",
        (
            (2, "r1.wav", "2026-08-03 02:00:04", "ana.cruz", "voice"),
            (3, "r2.wav", "2026-08-03 02:05:00", "raj.iyer", "voice"),
        ),
        "2026-08-03 10:00:04",
        "start",
        "RecordingId",
        also=("recordings",),
    ),
    Case(
        "genesys_agent_states",
        "agent_states",
        exports.GENESYS,
        "_row agent_id state ts_start ts_end _bad",
        tuple(
            (1, "0a1b0000-0000-4000-8000-000000000001", state, f"2026-08-03 {start}", end and f"2026-08-03 {end}", bad)
            for state, start, end, bad in (
                ("lunch", "02:00:00", "02:30:00", None),
                (None, "02:30:00", None, ";state;"),
                ("available", "01:00:00", "01:10:00", None),
                ("on_call", "01:10:00", "02:00:00", None),
            )
        ),
        "MEAL",
        "state",
        "userDetails",
        bad={"state": 1},
    ),
    Case(
        "vicidial_agent_log",
        "agent_states",
        exports.VICIDIAL,
        "_row agent_id state ts_start ts_end _bad",
        tuple(
            (row, who, state, f"2026-08-03 {start}", f"2026-08-03 {end}", bad)
            for row, who, state, start, end, bad in (
                (2, "1001", "lunch", "01:00:00", "01:10:00", None),
                (2, "1001", "available", "01:10:00", "01:11:00", None),
                (2, "1001", "on_call", "01:11:00", "01:15:00", None),
                (2, "1001", "after_call", "01:15:00", "01:15:30", None),
                (3, "1002", None, "01:00:00", "01:05:00", ";state;"),
            )
        ),
        "LUNCH",
        "state",
        "pause_epoch",
        bad={"state": 1},
    ),
    Case(
        "acd_agent_states",
        "agent_states",
        exports.ACD,
        "_row agent_id state ts_start ts_end workstation_id _bad",
        (
            (2, "e-1001", "on_call", "2026-08-03 01:00:00", "2026-08-03 01:14:20", "ws-0142", None),
            (3, "e-1001", None, "2026-08-03 01:14:20", None, "ws-0142", ";state;"),
        ),
        "Talking",
        "state",
        "End Time",
        bad={"state": 1},
    ),
    Case(
        "salesforce_page_views",
        "record_views",
        exports.SALESFORCE_VIEWS,
        "_row ts agent_id customer_id action",
        ((2, "2026-08-03 01:20:00.123000", "005000000000001aaa", "003000000000001aaa", "view"),),
        "2026-08-03T01:20:00.123Z",
        "ts",
        "PAGE_ENTITY_TYPE",
        note="rows left aside, no records of record_views: 1, where PAGE_ENTITY_ID is empty",
    ),
    Case(
        "salesforce_report_exports",
        "exports",
        exports.SALESFORCE_REPORTS,
        "_row ts user_id system rows",
        (
            (2, "2026-08-01 09:00:00", RAJ, "salesforce", 5200),
            (4, "2026-08-01 09:06:00", RAJ, "salesforce", 12),
        ),
        "2026-08-01T09:06:00.000Z",
        "ts",
        "RowsProcessed",
        note="rows left aside, no records of exports: 1, where Operation is one of 22 words",
    ),
    Case(
        "crm_record_log",
        "record_views",
        exports.CRM_VIEWS,
        "_row ts agent_id customer_id action rows interaction_id",
        (
            (2, "2026-08-03 01:20:00", "e-1001", "c-9001", "view", 1, "I-70001"),
            (3, "2026-08-03 01:21:00", "e-1001", None, "export", 250, None),
        ),
        "Viewed",
        "action",
        "Record ID",
    ),
    Case(
        "crm_export_log",
        "exports",
        exports.CRM_EXPORTS,
        "_row ts user_id system rows approved_by ticket destination",
        (
            (2, "2026-08-01 09:00:00", "e-1002", "crm", 5200, "lead1", "CHG-88", "sftp client_a"),
            (3, "2026-08-02 09:00:00", "e-1002", "crm", 12, None, None, None),
        ),
        '"5,200.0"',
        "rows",
        "Records Exported",
    ),
    Case(
        "microsoft_security_alerts",
        "alerts",
        exports.SECURITY_ALERTS,
        "_row alert_id ts kind severity",
        (
            (1, "dl-1", "2026-08-03 01:20:00.123456", "dlp", "info"),
            (2, "da-2", "2026-08-03 01:21:00", "edr", "high"),
        ),
        '"high"',
        "severity",
        "detectionSource",
    ),
)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.adapter}-{type(c.document).__name__}")
ADAPTERS = tuple(a for given in plugin_manager().hook.ctrlkit_adapters() for a in given)


def raw(document: Any) -> bytes:
    return document if isinstance(document, bytes) else exports.written(document).encode()


def name_of(case: Case) -> str:
    return "anything.csv" if isinstance(case.document, (str, bytes)) else "anything.json"


def taken(folder: Path, case: Case, content: bytes, **told: Any) -> Ingested:
    return read_text(folder, content, name_of(case), kind=case.kind, adapters=ADAPTERS, **told)


def changed(case: Case, old: str, new: str) -> bytes:
    """The export with one text in it spelled otherwise, in its own encoding."""
    utf16 = isinstance(case.document, bytes) and case.document.startswith(b"\xff\xfe")
    encoding = "utf-16" if utf16 else "utf-8"
    old = old.replace('","', '"\t"').replace(',"', '\t"', 1) if utf16 and old.startswith(",") else old
    text = raw(case.document).decode(encoding, errors="surrogateescape")
    assert old in text
    return text.replace(old, new).encode(encoding, errors="surrogateescape")


def plain(value: Any) -> Any:
    """A cell as the cases write it: days and instants as text, whole numbers as numbers."""
    if isinstance(value, bool) or value is None or isinstance(value, (int, str)):
        return value
    if isinstance(value, datetime):
        return str(value)
    text = str(value)
    number = text.rstrip("0").rstrip(".") if "." in text else text
    return int(number) if number.isdigit() else number


def rows(found: Ingested, columns: str) -> tuple[tuple[Any, ...], ...]:
    names = columns.split()
    return tuple(tuple(plain(row[name]) for name in names) for row in table(found).to_dicts())


@each_case
def test_an_export_becomes_exactly_these_rows(case: Case, tmp_path: Path) -> None:
    found = taken(tmp_path, case, raw(case.document))
    assert (found.adapter, found.grade, found.faults) == (case.adapter, Grade.EXPORT, ()), found.faults
    assert rows(found, case.columns) == case.rows
    assert {*found.columns} == {*case.columns.split()} - {"_row", "_bad"}
    assert dict(found.bad_cells) == (case.bad or {})
    assert found.bad_rows == 0
    assert any(case.note in note for note in found.notes) or not case.note


@each_case
def test_an_export_is_recognised_by_what_it_holds(case: Case, tmp_path: Path) -> None:
    (tmp_path / name_of(case)).write_bytes(raw(case.document))
    known, unknown = recognition.look(tmp_path, shipped(), ADAPTERS, deep=False)
    if case.also and case.kind in {"interactions", "recordings"}:  # one file of one product that is both
        assert {k.kind for k in known} == {case.kind, *case.also}
    elif case.also:
        assert not known
        assert {*unknown[0].maybe} == {case.kind, *case.also}
    else:
        assert [(k.kind, k.adapter) for k in known] == [(case.kind, case.adapter)]


@pytest.mark.parametrize("case", [c for c in CASES if c.also], ids=lambda c: c.adapter)
def test_a_file_that_may_be_several_kinds_is_the_one_it_is_named_after(case: Case, tmp_path: Path) -> None:
    (tmp_path / f"{case.kind}_2026-08.csv").write_bytes(raw(case.document))
    (known,), _ = recognition.look(tmp_path, shipped(), ADAPTERS, deep=False)
    assert (known.kind, known.adapter) == (case.kind, case.adapter)


@each_case
@pytest.mark.parametrize("share", [0.97, 0.9])
def test_an_export_cut_on_its_way_is_never_whole(case: Case, share: float, tmp_path: Path) -> None:
    content = raw(case.document)
    found = taken(tmp_path, case, content[: int(len(content) * share)])
    assert {Cause.TRUNCATED, Cause.MALFORMED} & {*causes(found)}


@each_case
def test_a_word_that_the_product_did_not_have_is_not_known(case: Case, tmp_path: Path) -> None:
    end = '"' if case.cell.endswith('"') else ""
    start = case.cell[: case.cell.rindex('"', 0, -1) + 1] if end else ""
    found = taken(tmp_path, case, changed(case, case.cell, f"{start}Quuxed{end}"))
    cells = {(p["column"], p["value"]) for p in problems(found)}
    assert case.column in {column for column, _ in cells}
    assert found.rows < len(case.rows) or found.bad_cells.get(case.column, 0) > (case.bad or {}).get(case.column, 0)


@each_case
def test_an_export_without_one_of_its_headers_is_refused(case: Case, tmp_path: Path) -> None:
    found = taken(tmp_path, case, changed(case, case.header, "Quux"))
    assert Cause.MALFORMED in causes(found)
    assert found.parquet is None


def training(folder: Path, text: str | bytes, **told: Any) -> Ingested:
    return read_text(folder, text, "export.csv", kind="training", adapters=ADAPTERS, **told)


def of_json(folder: Path, kind: str, document: Any, **told: Any) -> Ingested:
    return read_text(folder, json.dumps(document), "export.json", kind=kind, adapters=ADAPTERS, **told)


def test_people_of_knowbe4_may_be_named_by_their_number(tmp_path: Path) -> None:
    numbered = exports.enrollments()
    for record, number in zip(numbered, ("E-1001", "E-1002", "E-1001"), strict=True):
        record["user"] = {**record["user"], "employee_number": number}
    found = of_json(tmp_path, "training", numbered, columns={"user.employee_number": "employee_id"})
    assert (found.adapter, found.grade) == ("knowbe4_enrollments", Grade.EXPORT)
    assert rows(found, "employee_id") == (("e-1001",), ("e-1002",), ("e-1001",))


@pytest.mark.parametrize("person", ["Username", "Email Address"])
@pytest.mark.parametrize("score", ["Total score", "Score"])
def test_a_form_may_name_people_and_score_in_two_ways_each(person: str, score: str, tmp_path: Path) -> None:
    text = exports.GOOGLE_FORM.replace("Username", person).replace("Total score", score)
    found = training(tmp_path, text, constants={"course": "privacy"})
    assert str(found.adapter).startswith("google_forms_quiz_")
    assert rows(found, "employee_id course score") == ((ANA, "privacy", 80), (RAJ, "privacy", "33.333333"))


@pytest.mark.parametrize("score", ["8", "8.00 / 0", "8 / 10 / 2", "-8 / 10", "/ 10"])
def test_a_score_of_a_form_without_its_maximum_is_not_known(score: str, tmp_path: Path) -> None:
    found = training(tmp_path, exports.GOOGLE_FORM.replace("8.00 / 10", score))
    assert (rows(found, "score"), found.bad_cells) == (((None,), ("33.333333",)), {"score": 1})
    assert problems(found)[0]["value"] == score


def test_a_form_of_a_linked_sheet_is_read_in_the_zone_of_the_pack(tmp_path: Path) -> None:
    text = exports.GOOGLE_FORM.replace("2026/06/03 9:01:12 AM GMT+8", "3/6/2026 9:01:12")
    text = text.replace("2026/06/03 9:05:40 PM GMT+8", "3/6/2026 21:05:40")
    found = training(tmp_path, text, date_order="dmy")
    assert rows(found, "completed_at") == (("2026-06-03 01:01:12",), ("2026-06-03 13:05:40",))


def test_a_completion_report_that_names_people_by_their_names_is_refused_with_what_to_do(tmp_path: Path) -> None:
    text = exports.MOODLE.replace("Email address", "Department").replace("ID number", "Phone")
    found = training(tmp_path, text)
    assert causes(found) == [Cause.MALFORMED]
    assert "let the report show ID number or Email address" in found.faults[0].message


def test_people_of_moodle_go_by_e_mail_where_there_is_no_number(tmp_path: Path) -> None:
    text = exports.MOODLE.replace(',"ID number"', "").replace(',"E-1001"', "")
    text = text.replace(',"E-1002"', "").replace(',"E-1003"', "")
    assert rows(training(tmp_path, text), "employee_id")[0] == (ANA,)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (exports.MOODLE.rstrip("\n").rstrip('"'), Cause.TRUNCATED),
        (exports.MOODLE.removesuffix(',"2026-06-05 08:10:00"\n') + "\n", Cause.TRUNCATED),
        (exports.MOODLE.replace('"Completed","2026-06-03 10:02:38",', '"Completed",'), Cause.MALFORMED),
        (exports.MOODLE.replace('"Raj Iyer",', '"Raj "Iyer",'), Cause.MALFORMED),
        (",Email address,Score\n1,ana.cruz@vendor.example,3\n", Cause.MALFORMED),
        (',"Email address","Security awareness","soon"\n"Ana","a@vendor.example","Completed",""\n', Cause.MALFORMED),
    ],
)
def test_a_completion_report_that_is_damaged_is_not_read_as_whole(text: str, cause: Cause, tmp_path: Path) -> None:
    assert cause in causes(training(tmp_path, text))


def test_a_campaign_in_which_nobody_got_a_mail_is_empty(tmp_path: Path) -> None:
    header = exports.GOPHISH_RESULTS.partition("\n")[0]
    text = f"{header}\nx,Error,,0,0,2026-07-06T01:02:04Z,false,2026-07-06T01:02:05Z,n@vendor.example,N,B,Agent\n"
    found = read_text(tmp_path, text, "export.csv", kind="phish", adapters=ADAPTERS)
    assert causes(found) == [Cause.EMPTY]


def test_a_step_of_gophish_that_nobody_knows_leaves_the_steps_open(tmp_path: Path) -> None:
    text = exports.GOPHISH_RESULTS.replace("Email Opened", "Email Forwarded").replace(",true,2026", ",maybe,2026", 1)
    found = read_text(tmp_path, text, "export.csv", kind="phish", adapters=ADAPTERS)
    assert found.bad_cells == {"clicked_at": 1, "submitted_at": 1, "reported_at": 1}


def test_another_page_of_scorm_cloud_is_missed(tmp_path: Path) -> None:
    assert causes(of_json(tmp_path, "training", {**exports.SCORM_CLOUD, "more": "token"})) == [Cause.TRUNCATED]


@pytest.mark.parametrize("said", [{"display_value": "leo.paz", "link": "https://desk.example/1"}, {"value": "leo.paz"}])
def test_a_reference_of_servicenow_is_read_in_each_form(said: dict[str, str], tmp_path: Path) -> None:
    record = {**exports.SERVICENOW_RESETS["records"][0], "assigned_to": said}
    found = of_json(tmp_path, "resets", {"result": [record]})
    assert (found.adapter, rows(found, "handler_id")) == ("servicenow_resets", (("leo.paz",),))


def test_fields_of_a_company_s_own_are_mapped_in_the_pack_and_the_file_stays_an_export(tmp_path: Path) -> None:
    text = exports.JIRA_RESETS.replace("Custom field (Account)", "Custom field (Login)")
    told = {"kind": "resets", "adapters": ADAPTERS}
    assert causes(read_text(tmp_path, text, "export.csv", **told)) == [Cause.MALFORMED]
    found = read_text(tmp_path, text, "export.csv", columns={"Custom field (Login)": "account_id"}, **told)
    assert (found.adapter, found.grade, rows(found, "account_id")[0]) == ("jira_resets", Grade.EXPORT, (ANA,))


def test_a_page_of_decisions_that_is_not_the_last_is_truncated(tmp_path: Path) -> None:
    page = {**exports.entra_decisions(), "@odata.nextLink": "https://graph.microsoft.com/v1.0/next"}
    assert causes(of_json(tmp_path, "access_reviews", page)) == [Cause.TRUNCATED]


def test_a_single_decision_without_its_envelope_is_read(tmp_path: Path) -> None:
    found = of_json(tmp_path, "access_reviews", exports.entra_decisions()["value"][1])
    assert rows(found, "account_id removed_at") == ((RAJ, "2026-07-10"),)


def test_a_denial_that_was_applied_without_a_date_is_not_known_to_be_removed(tmp_path: Path) -> None:
    decision = {**exports.entra_decisions()["value"][1], "appliedDateTime": "0001-01-01T00:00:00Z"}
    found = of_json(tmp_path, "access_reviews", [decision])
    assert (rows(found, "removed_at"), found.bad_cells) == (((None,),), {"removed_at": 1})


def test_a_review_kept_in_a_workbook_becomes_the_same_rows(tmp_path: Path) -> None:
    path = tmp_path / "Access review Q2.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Cover").write(0, 0, "Nothing here")
        sheet = book.add_worksheet("Q2")
        sheet.write(0, 0, "Access review of the second quarter")
        for row, line in enumerate(exports.REVIEW_SHEET.splitlines(), 1):
            for column, cell in enumerate(line.split(",")):
                sheet.write(row, column, cell)
    found = read(path, "access_reviews", ADAPTERS)
    assert (found.adapter, found.grade, found.faults) == ("access_review_workbook", Grade.EXPORT, ())
    assert rows(found, "_row review_id account_id decision removed_at") == (
        (3, "AR-2026Q2 row 3", ANA, "keep", None),
        (4, "AR-2026Q2 row 4", RAJ, "remove", "2026-07-09"),
    )
    (known,), _ = recognition.look(tmp_path, shipped(), ADAPTERS, deep=False)
    assert known.adapter == "access_review_workbook"


def test_calls_that_no_agent_took_count_for_the_control_total(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(exports.FIVE9, "utf-8")
    assert causes(read(path, "interactions", ADAPTERS, rows=2)) == []
    assert causes(read(path, "interactions", ADAPTERS, rows=1)) == [Cause.TRUNCATED]


def test_a_row_that_is_damaged_is_never_set_aside(tmp_path: Path) -> None:
    text = exports.FIVE9.replace(",abc2", "") + exports.FIVE9.splitlines()[1] + "\n"
    found = read_text(tmp_path, text, "calls.csv", kind="interactions", adapters=ADAPTERS)
    assert (found.rows, found.bad_rows) == (2, 1)


def test_calls_that_no_agent_took_are_set_aside_in_a_large_file_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("raw", "delimited"):
        monkeypatch.setattr(f"ctrlkit.{module}.STAGED_FROM", 1)
    found = read_text(tmp_path, exports.FIVE9, "calls.csv", kind="interactions", adapters=ADAPTERS)
    assert (rows(found, "interaction_id"), found.bad_rows, found.faults) == ((("300000001",),), 0, ())


def test_a_page_of_genesys_that_holds_fewer_users_than_it_names_is_truncated(tmp_path: Path) -> None:
    assert causes(of_json(tmp_path, "agent_states", {**exports.GENESYS, "totalHits": 2})) == [Cause.TRUNCATED]


def test_on_the_queue_without_a_routing_status_is_not_known(tmp_path: Path) -> None:
    user = {**exports.GENESYS["userDetails"][0], "routingStatus": []}  # type: ignore[index]
    found = of_json(tmp_path, "agent_states", {"userDetails": [user], "totalHits": 1})
    assert rows(found, "state _bad") == ((None, ";state;"), ("lunch", None), (None, ";state;"))


def test_the_dialler_s_log_may_be_separated_by_tabs_and_its_times_must_be_numbers(tmp_path: Path) -> None:
    told = {"kind": "agent_states", "adapters": ADAPTERS}
    tabs = read_text(tmp_path, exports.VICIDIAL.replace(",", "\t"), "log.tsv", **told)
    assert (tabs.adapter, tabs.rows, tabs.faults) == ("vicidial_agent_log", 5, ())
    found = read_text(tmp_path, exports.VICIDIAL.replace("1785718800", "1.79E+09"), "log.csv", **told)
    assert causes(found) == [Cause.MALFORMED]
    assert "line 2: pause_epoch and pause_sec are no numbers" in found.faults[0].message


def test_an_adapter_that_sets_rows_aside_says_so() -> None:
    said = " ".join(explain.explain("five9_calls", stock.take(Path(__file__).parent)).split())
    assert "left aside rows where AGENT is empty" in said


@pytest.mark.parametrize(("count", "told", "cut"), [(500, None, True), (499, None, False), (500, 500, False)])
def test_a_file_that_ends_where_a_page_does_is_taken_for_cut(
    count: int, told: int | None, cut: bool, tmp_path: Path
) -> None:
    record = exports.enrollments()[0]
    listed = [{**record, "user": {**record["user"], "email": f"a{n}@vendor.example"}} for n in range(count)]
    found = of_json(tmp_path, "training", listed, rows=told)
    assert (found.rows, causes(found)) == (count, [Cause.TRUNCATED] if cut else [])
