"""Signs that evidence was made for the audit: told as notes, never a verdict, never invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from ctrlkit import canvas
from ctrlkit.assemble import Evidence, Source
from ctrlkit.engagement import AsOf, Engagement, self_check
from ctrlkit.kind import shipped
from ctrlkit.model import Grade
from ctrlkit.signs import ENOUGH, signs

ASKED = datetime(2026, 10, 28, 9, tzinfo=UTC)


def engagement() -> Engagement:
    own = self_check(AsOf(datetime(2026, 11, 2, tzinfo=UTC), date(2026, 11, 2)), "PH", "Harbour Example Services")
    return replace(own, issued_at=ASKED, self_check=False)


def told(folder: Path, kind: str, text: str, *, terms: Engagement | None = None, file: str = "a.csv") -> list[str]:
    path = folder / "kind.csv"
    path.write_text(text, "utf-8")
    columns = text.partition("\n")[0].split(",")[2:]
    frame = canvas.prepare(path, shipped()[kind], columns, folder / "kind.parquet", "Asia/Manila")
    source = Source(file, "vendor", "a product", Grade.EXPORT, "", 1, 0, None, None, None, None, None, {}, ())
    evidence = Evidence(kind, "vendor", (source,))
    return list(signs(evidence, frame, shipped()[kind], terms or engagement()))


def test_changes_made_after_the_request_are_counted(tmp_path: Path) -> None:
    text = "_file,_row,system,account_id,enabled,disabled_at,created_at\n"
    text += "a,2,crm,p_1,false,2026-10-28T09:00:00Z,2025-01-01T00:00:00Z\n"
    text += "a,3,crm,p_2,false,2026-10-28T09:00:01Z,2025-01-01T00:00:00Z\n"
    text += "a,4,crm,p_3,true,,2026-10-29T00:00:00Z\n"
    assert told(tmp_path, "accounts", text) == [
        "accounts: 1 rows were created after the request of 2026-10-28",
        "accounts: 1 rows were disabled after the request of 2026-10-28",
    ]


def test_a_day_is_after_the_request_from_the_day_that_follows(tmp_path: Path) -> None:
    text = "_file,_row,employee_id,agreement_signed_on\na,2,p_1,2026-10-28\na,3,p_2,2026-10-29\na,4,p_3,\na,5,p_4,?\n"
    assert told(tmp_path, "wfh_register", text) == ["wfh_register: 1 rows were signed after the request of 2026-10-28"]


def test_changes_that_are_events_are_told_by_sort(tmp_path: Path) -> None:
    text = "_file,_row,ts,system,account_id,change\n"
    text += "".join(f"a,{n},2026-10-29T0{n}:00:01Z,crm,p_{n},factor_added\n" for n in range(2, 5))
    text += "a,9,2026-10-30T00:00:01Z,crm,p_9,password\n"
    assert told(tmp_path, "credential_changes", text) == [
        "credential_changes: 4 rows (factor_added 3, password 1) were recorded after the request of 2026-10-28"
    ]


def test_a_self_check_has_no_request_to_be_late_for(tmp_path: Path) -> None:
    text = "_file,_row,employee_id,agreement_signed_on\na,2,p_1,2026-10-30\n"
    assert told(tmp_path, "wfh_register", text, terms=replace(engagement(), self_check=True)) == []
    assert told(tmp_path, "wfh_register", text, terms=replace(engagement(), issued_at=None)) == []


def log(rows: int, second: int = 0) -> str:
    head = "_file,_row,ts,system,account_id,result\n"
    lines = [f"a,{n},2026-10-05T01:{n % 60:02}:00Z,crm,p_1,success\n" for n in range(2, rows + 1)]
    return head + "".join(lines) + f"a,1,2026-10-05T01:01:{second:02}Z,crm,p_1,success\n"


def test_a_log_whose_instants_are_all_on_the_minute_was_typed_or_rounded(tmp_path: Path) -> None:
    said = f"auth_events: all {ENOUGH} instants are on the full minute, as typed or rounded ones are"
    assert told(tmp_path, "auth_events", log(ENOUGH)) == [said]
    assert told(tmp_path, "auth_events", log(ENOUGH, second=1)) == []
    assert told(tmp_path, "auth_events", log(ENOUGH - 1)) == []


def test_an_export_that_went_through_a_spreadsheet_is_named(tmp_path: Path) -> None:
    text = "_file,_row,system,account_id,enabled\na,2,crm,p_1,true\n"
    said = "it/users.xlsx: a product is exported as text; this one was saved again by a spreadsheet"
    assert told(tmp_path, "accounts", text, file="it/users.xlsx") == [said]
    assert told(tmp_path, "accounts", text) == []
