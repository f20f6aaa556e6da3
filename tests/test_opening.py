"""Documents that are no tables: text, sheets and XML that an adapter unfolds, and what nobody knows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from ingestion import causes, read, table

from ctrlkit.hooks import Adapter, Unfolded
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Grade
from ctrlkit.recognition import Recognised, look


def lines(document: list[str]) -> Unfolded | None:
    if not document or document[0] != "PASSWORD REPORT":
        return None
    rows = [(n, {"Key": k, "Says": v}) for n, line in enumerate(document[1:], 2) for k, _, v in [line.partition(": ")]]
    return Unfolded(tuple(rows))


def sheets(document: list[list[tuple[int, tuple[str, ...]]]]) -> Unfolded | None:
    rows: list[tuple[int, Mapping[str, str | None]]] = []
    for sheet in document:
        if sheet and sheet[0][1][0] == "Settings of the month":
            rows += [(number, {"Key": cells[0], "Says": cells[1]}) for number, cells in sheet[1:]]
    return Unfolded(tuple(rows)) if rows else None


def tree(root: Any) -> Unfolded | None:
    if root.tag != "settings":
        return None
    return Unfolded(tuple((n, {"Key": e.get("key"), "Says": e.text}) for n, e in enumerate(root, 1)))


def adapter(form: Any, unfold: Any) -> Adapter:
    return Adapter(
        name=f"report_{form}",
        kind="settings",
        product=f"A report as {form}",
        headers=("Key", "Says"),
        columns={"Key": "setting", "Says": "value"},
        values={},
        constants={"system": "domain"},
        unfold=unfold,
        form=form,
    )


def raising(error: Exception) -> Any:
    def unfold(_document: Any) -> Unfolded | None:
        raise error

    return unfold


KNOWN = (adapter("text", lines), adapter("grid", sheets), adapter("xml", tree))


def book(path: Path) -> None:
    with xlsxwriter.Workbook(path) as made:
        made.add_worksheet("Cover").write(0, 0, "Nothing here")
        sheet = made.add_worksheet("October")
        for row, cells in enumerate((("Settings of the month",), (), ("min_length", "14"), ("history", "24"))):
            for column, cell in enumerate(cells):
                sheet.write(row, column, cell)


def write(folder: Path, name: str) -> Path:
    path = folder / name
    if name.endswith(".xlsx"):
        book(path)
    elif name.endswith(".xml"):
        path.write_text('<?xml version="1.0"?><settings><s key="min_length">14</s><s key="history">24</s></settings>')
    else:
        encoding = "utf-16" if name.endswith(".inf") else "utf-8"
        path.write_text("PASSWORD REPORT\nmin_length: 14\nhistory: 24\n", encoding)
    return path


@pytest.mark.parametrize(
    ("name", "form", "numbers"),
    [
        ("policy.txt", "text", [2, 3]),
        ("policy.inf", "text", [2, 3]),
        ("policy.log", "text", [2, 3]),
        ("policy.xlsx", "grid", [3, 4]),
        ("policy.xml", "xml", [1, 2]),
    ],
)
def test_what_an_adapter_unfolds_becomes_rows_with_their_numbers(
    tmp_path: Path, name: str, form: str, numbers: list[int]
) -> None:
    found = read(write(tmp_path, name), kind="settings", adapters=KNOWN)
    assert (found.adapter, found.grade, found.faults) == (f"report_{form}", Grade.EXPORT, ()), found.faults
    rows = table(found).to_dicts()
    assert [(r["_row"], r["setting"], r["value"]) for r in rows] == [
        (numbers[0], "min_length", "14"),
        (numbers[1], "history", "24"),
    ]


def test_such_files_are_recognised_by_what_they_hold(tmp_path: Path) -> None:
    for name in ("a.txt", "b.inf", "c.xlsx", "d.xml"):
        write(tmp_path, name)
    known, unknown = look(tmp_path, shipped(), KNOWN, deep=True)
    assert unknown == ()
    assert known == tuple(
        Recognised(name, "settings", f"report_{form}")
        for name, form in (("a.txt", "text"), ("b.inf", "text"), ("c.xlsx", "grid"), ("d.xml", "xml"))
    )


@pytest.mark.parametrize(
    ("name", "content", "cause", "said"),
    [
        ("a.log", "nobody knows this\n", Cause.MALFORMED, "is text that no adapter knows"),
        ("a.xml", "<?xml version='1.0'?><other/>", Cause.MALFORMED, "is XML that no adapter knows"),
        ("a.xml", "<?xml version='1.0'?><settings><s>", Cause.MALFORMED, "is no whole XML"),
        ("a.xml", "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><x/>", Cause.MALFORMED, "declares entities"),
        ("a.csv", "<?xml version='1.0'?><settings/>", Cause.MALFORMED, "is a web page, not CSV"),
    ],
)
def test_what_nobody_knows_or_nobody_should_read_is_refused(
    tmp_path: Path, name: str, content: str, cause: Cause, said: str
) -> None:
    path = tmp_path / name
    path.write_text(content, "utf-8")
    found = read(path, kind="settings", adapters=KNOWN)
    assert causes(found) == [cause]
    assert said in found.faults[0].message


class OwnError(Exception):
    """Some error of a plugin's own."""


@pytest.mark.parametrize(
    "unfold",
    [
        raising(OwnError("no idea")),
        raising(ImportError("a module it needs")),
        lambda _document: [(1, {"Key": "a"})],
        lambda _document: Unfolded(((1, {"Key": 3, "Says": "b"}),)),  # type: ignore[dict-item]
        lambda _document: Unfolded(((1, ["Key"]),)),  # type: ignore[arg-type]
    ],
)
def test_a_plugin_that_fails_makes_its_file_malformed_and_names_itself(unfold: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"a": 1}]', "utf-8")
    found = read(path, "settings", adapters=(adapter("json", unfold),))
    assert causes(found) == [Cause.MALFORMED]
    assert "report_json" in found.faults[0].message


@pytest.mark.parametrize(
    "more", [{"hasMore": "true"}, {"next": "https://api.example/2"}, {"@odata.count": 500}, {"page": {"next": "2"}}]
)
def test_a_page_that_is_not_the_last_is_truncated_though_an_adapter_reads_it(more: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    known = (adapter("json", lambda document: Unfolded(((1, {"Key": document["value"][0]["k"], "Says": "b"}),))),)
    path.write_text(json.dumps({"value": [{"k": "a"}], "hasMore": False, "next": None}), "utf-8")
    assert read(path, "settings", adapters=known).faults == ()
    path.write_text(json.dumps({"value": [{"k": "a"}], **more}), "utf-8")
    assert causes(read(path, "settings", adapters=known)) == [Cause.TRUNCATED]


def test_a_name_deep_in_a_document_is_refused_though_no_row_would_hold_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"value": [{"k": "a", "credentials": [{"passwordHash": "x"}]}]}', "utf-8")
    known = (adapter("json", lambda _document: Unfolded(((1, {"Key": "a", "Says": "b"}),))),)
    found = read(path, "settings", adapters=known)
    assert causes(found) == [Cause.MALFORMED]
    assert "passwordHash" in found.faults[0].message


@pytest.mark.parametrize(
    "text",
    [
        b'<?xml version="1.0" encoding="foo"?><settings/>',
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "c">]><settings/>'.encode("utf-16"),
    ],
)
def test_xml_that_cannot_be_trusted_is_malformed(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(text)
    assert causes(read(path, "settings", adapters=KNOWN)) == [Cause.MALFORMED]
