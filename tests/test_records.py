"""JSON, NDJSON and Parquet: lists in their envelopes, pages that are missing, types that have no text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ingestion import causes, problems, read, read_text, table

from ctrlkit.model import Cause

ROWS = [
    {"system": "crm", "account_id": "ana", "enabled": True, "mfa_method": ["sms", "push"]},
    {"system": "crm", "account_id": "raj", "enabled": False, "mfa_method": []},
]


def read_json(folder: Path, document: Any, name: str = "accounts.json", **told: Any) -> Any:
    return read_text(folder, document if isinstance(document, str) else json.dumps(document), name, **told)


@pytest.mark.parametrize(
    "document", [ROWS, {"value": ROWS}, {"kind": "users", "users": ROWS}, {"d": {"results": ROWS}}], ids=str
)
def test_a_list_is_found_in_its_envelope(tmp_path: Path, document: Any) -> None:
    found = read_json(tmp_path, document)
    frame = table(found)
    assert frame["_row"].to_list() == [1, 2]
    assert frame["enabled"].to_list() == [True, False]
    assert frame["mfa_method"].to_list() == ["sms;push", None]
    assert found.faults == ()


def test_a_single_record_is_a_list_of_one(tmp_path: Path) -> None:
    assert read_json(tmp_path, ROWS[0]).rows == 1


def test_objects_within_become_dotted_headers(tmp_path: Path) -> None:
    rows = [{"system": "crm", "who": {"login": "ana"}, "enabled": "true"}]
    assert table(read_json(tmp_path, rows, columns={"who.login": "account_id"}))["account_id"].to_list() == ["ana"]


def test_numbers_keep_their_digits(tmp_path: Path) -> None:
    text = '[{"system":"crm","account_id":100000000000000000001,"enabled":true}]'
    assert table(read_json(tmp_path, text))["account_id"].to_list() == ["100000000000000000001"]
    gross = (
        '[{"employee_id":1,"period_start":"2026-10-01","period_end":"2026-10-15","payday":"2026-10-20","gross":0.10}]'
    )
    assert table(read_json(tmp_path, gross, kind="payroll"))["gross"].to_list() == [Decimal("0.1")]


@pytest.mark.parametrize(
    "more",
    [
        {"@odata.nextLink": "https://graph.example/next"},
        {"nextPageToken": "abc"},
        {"__next": "x"},
        {"NextToken": "x"},
        {"nextUri": "/x"},
        {"totalCount": 3},
        {"pageNumber": 1, "pageCount": 2},
        {"hasMore": True},
        {"has_next_page": "true"},
        {"isLast": False},
        {"meta": {"next": "x"}},
        {"links": [{"rel": "next", "href": "x"}]},
        {"__count": 3},
    ],
    ids=str,
)
def test_a_page_that_is_not_the_last_is_truncated(tmp_path: Path, more: dict[str, Any]) -> None:
    assert causes(read_json(tmp_path, {"results": ROWS, **more})) == [Cause.TRUNCATED]


def test_an_empty_link_is_no_next_page(tmp_path: Path) -> None:
    assert causes(read_json(tmp_path, {"results": ROWS, "nextPageToken": None, "totalCount": 2})) == []


def test_a_cut_file_is_truncated_wherever_it_is_cut(tmp_path: Path) -> None:
    text = json.dumps(ROWS)
    for cut in range(30, len(text), 7):
        assert causes(read_json(tmp_path, text[:cut])) == [Cause.TRUNCATED], text[:cut]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("[]", Cause.EMPTY),
        ('{"value": []}', Cause.EMPTY),
        ('{"a": [{"x": 1}], "b": [{"y": 2}]}', Cause.MALFORMED),
        ("[1, 2]", Cause.MALFORMED),
        ('"text"', Cause.MALFORMED),
        ("[{'x': 1}]", Cause.MALFORMED),
        ('[{"system": "a", "system": "b"}]', Cause.MALFORMED),
        ('{"error": {"code": "Forbidden"}}', Cause.MALFORMED),
        ("[" * 100_000, Cause.MALFORMED),
        ('[{"system": "crm", "account_id": "a\\ud800", "enabled": true}]', Cause.MALFORMED),
        ('[{"system": "crm", "\\udc00": "a"}]', Cause.MALFORMED),
    ],
    ids=lambda value: str(value)[:30],
)
def test_json_without_records_is_told_apart(tmp_path: Path, text: str, cause: Cause) -> None:
    assert causes(read_json(tmp_path, text)) == [cause]


def test_each_line_of_ndjson_is_a_record_or_a_bad_row(tmp_path: Path) -> None:
    text = f"{json.dumps(ROWS[0])}\n\nnonsense\n[1]\n{json.dumps(ROWS[1])}\n"
    found = read_json(tmp_path, text, "accounts.ndjson")
    assert table(found)["_row"].to_list() == [1, 5]
    assert [(p["row"], p["column"]) for p in problems(found)] == [(3, None), (4, None)]
    assert (found.bad_rows, found.faults) == (2, ())


def test_a_last_line_cut_in_ndjson_is_truncated(tmp_path: Path) -> None:
    text = f"{json.dumps(ROWS[0])}\n{json.dumps(ROWS[1])}"
    assert causes(read_json(tmp_path, text, "accounts.jsonl")) == []
    found = read_json(tmp_path, text[:-4], "accounts.jsonl")
    assert causes(found) == [Cause.TRUNCATED]
    assert (found.rows, found.bad_rows) == (1, 1)


def test_parquet_is_read_by_its_types(tmp_path: Path) -> None:
    path = tmp_path / "accounts.parquet"
    pl.DataFrame(
        {
            "system": ["crm", "crm", None],
            "account_id": [1001, 1002, None],
            "enabled": [True, None, None],
            "created_at": [datetime(2026, 10, 1, tzinfo=UTC), None, None],
            "mfa_method": [["sms", "push"], [], None],
            "role": [b"x", None, None],
        },
        schema_overrides={"created_at": pl.Datetime("ns", "UTC")},
    ).write_parquet(path)
    found = read(path)
    assert (found.rows, found.bad_rows, found.bad_cells) == (1, 1, {"role": 1})
    row = table(found).row(0, named=True)
    assert row["created_at"] == datetime(2026, 10, 1)  # noqa: DTZ001
    assert (row["account_id"], row["mfa_method"], row["_row"]) == ("1001", "sms;push", 1)


def test_a_parquet_that_is_cut_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "accounts.parquet"
    pl.DataFrame({"system": ["a"], "account_id": ["b"], "enabled": [True]}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    assert causes(read(path)) == [Cause.MALFORMED]
