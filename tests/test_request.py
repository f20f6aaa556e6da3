from __future__ import annotations

import csv
import io
import shutil
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from small_vendor import ENGAGEMENT
from trials import shelf

from ctrlkit import engagement, pack, plan, profile
from ctrlkit import request_words as said
from ctrlkit.asked import Asking, Wanted, asking, in_order
from ctrlkit.cli import main
from ctrlkit.ingest import ingest
from ctrlkit.inspection import handed_over
from ctrlkit.kind import Column
from ctrlkit.pack_source import PackSource
from ctrlkit.recognition import look
from ctrlkit.request_book import workbook
from ctrlkit.staff_notice import notices
from ctrlkit.ways import ways

ZONE = "Asia/Manila"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an engagement and the request that `ctrlkit request` made of it."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "engagement.yaml").write_text(ENGAGEMENT, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["request", "--profile", "bpo-philippines"]) == 0
    return folder


@pytest.fixture
def client(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same in a folder of one test's own."""
    shutil.copytree(written, tmp_path / "client")
    monkeypatch.chdir(tmp_path / "client")
    return tmp_path / "client"


def made(*words: str) -> int:
    return main(["request", "--profile", "first-hour", *words])


def asked(folder: Path, name: str = "bpo-philippines") -> Asking:
    stock = shelf()
    policy = profile.load(name, stock.profiles, stock.controls, stock.kinds)
    terms = engagement.load(folder / "engagement.yaml")
    moment = engagement.as_of("2026-11-02", terms.zone, datetime(2026, 11, 2, tzinfo=UTC))
    lines = plan.draw(policy.controls, stock.controls, {}, {}, policy, terms, moment)
    return asking(stock, policy, terms, lines)


def typed(column: Column, row: int) -> tuple[Any, str]:
    """What a person types into a cell of a workbook, and the same as text."""
    text = said.example(column)
    if column.type == "date":
        return date(2026, 10, 13 + row), f"2026-10-{13 + row}"
    if column.type == "datetime":
        return datetime(2026, 10, 14, 9, 30 + row), f"2026-10-14 09:{30 + row}:00"  # noqa: DTZ001  (a cell has no zone)
    if column.type == "boolean":
        return (True if row else "true"), "true"
    if column.type in {"number", "decimal"} and not column.is_list:
        return row + 3, str(row + 3)
    return (text, text) if column.values or column.known_values else (f"{text}-{row}", f"{text}-{row}")


def fill(book: Path, kinds: tuple[Wanted, ...]) -> dict[str, str]:
    """Fill two rows into every sheet, as a person would; the same rows as CSV by kind."""
    opened = openpyxl.load_workbook(book)
    texts = {}
    for one in kinds:
        sheet = opened[one.kind.name]
        header = [cell.value for cell in sheet[1]]
        out = io.StringIO()
        rows = csv.writer(out, lineterminator="\n")
        rows.writerow(header)
        for row in range(2):
            pairs = [typed(one.kind.columns[name], row) for name in header]
            for place, (value, _) in enumerate(pairs, 1):
                sheet.cell(row + 2, place, value)
            rows.writerow([text for _, text in pairs])
        texts[one.kind.name] = out.getvalue()
    opened.save(book)
    return texts


def rows(source: PackSource, work: Path) -> list[dict[str, Any]]:
    found = ingest(
        source,
        shelf().kinds[source.kind],
        adapters=shelf().adapters,
        zone=ZONE,
        as_of_date=date(2026, 11, 2),
        cache=None,
        work=work,
    )
    assert found.parquet is not None, found.faults
    assert (found.rows, found.bad_rows, found.bad_cells) == (2, 0, {}), (source.kind, found.problems.read_text())
    return pl.read_parquet(found.parquet).drop("_file").to_dicts()


def test_a_workbook_filled_in_by_a_person_is_read_back_as_the_same_rows(client: Path, tmp_path: Path) -> None:
    kinds = said.sheets(asked(client))
    texts = fill(client / "request" / said.BOOK, kinds)
    plain = tmp_path / "plain"
    plain.mkdir()
    for kind, text in texts.items():
        (plain / f"{kind}.csv").write_text(text, "utf-8")
    (plain / "pack.yaml").write_text(f"vendor: x\ntime_zone: {ZONE}\n", "utf-8")
    own = {s.kind: s for s in pack.load(plain, shelf().kinds).sources}
    sources = pack.load(client / "request", shelf().kinds).sources
    assert {s.kind for s in sources} == {one.kind.name for one in kinds}
    for source in sources:
        assert rows(source, tmp_path / "a") == rows(own[source.kind], tmp_path / "b"), source.kind


def test_a_workbook_dropped_into_a_folder_is_known_by_the_sheets_that_were_filled_in(client: Path) -> None:
    first, second, *_ = said.sheets(asked(client))
    fill(client / "request" / said.BOOK, (first, second))
    found, strange = look(client / "request", shelf().kinds, shelf().adapters, deep=False)
    assert {(r.kind, r.sheet) for r in found} == {(one.kind.name, one.kind.name) for one in (first, second)}
    assert not strange
    evidence = client / "desk" / "evidence"
    evidence.mkdir(parents=True)
    (client / "request" / said.BOOK).rename(evidence / said.BOOK)
    assert main(["init", "desk", "--profile", "bpo-philippines"]) == 0
    named = {(s.kind, s.sheet) for s in pack.load(evidence, shelf().kinds).sources}
    assert named == {(one.kind.name, one.kind.name) for one in (first, second)}


def test_a_sheet_has_drop_downs_types_and_an_example_for_every_column(client: Path) -> None:
    book = openpyxl.load_workbook(client / "request" / said.BOOK)
    for one in said.sheets(asked(client)):
        told = {
            str(v.sqref).split(":")[0].rstrip("0123456789"): v
            for v in book[one.kind.name].data_validations.dataValidation
        }
        for cell in book[one.kind.name][1]:
            column, rule = one.kind.columns[str(cell.value)], told[cell.column_letter]
            assert rule.promptTitle == column.name[:32]
            assert rule.prompt
            if column.type == "boolean":
                assert rule.formula1 == '"true,false"'
            if column.type in {"date", "datetime"}:
                assert rule.type == "date"
            if column.values and not column.is_list:
                assert rule.formula1 == f'"{",".join(map(str, column.values))}"' or len(rule.formula1 or "") == 0


def test_only_columns_that_the_profile_s_controls_read_are_asked_for(client: Path) -> None:
    found = asked(client, "first-hour")
    stock = shelf()
    read = plan.columns_read([stock.controls[id_] for id_ in found.profile.controls])
    for one in found.wanted:
        assert set(one.columns) == set(handed_over(one.kind, read[one.kind.name])), one.kind.name
        assert set(one.needed) <= set(one.columns)
    assert {one.kind.name for one in found.wanted} == set(read) - {"evidence_meta", "sample_results"}


def test_sheets_are_only_for_what_no_system_exports_and_all_else_says_how_to_get_it(client: Path) -> None:
    for one in asked(client).wanted:
        assert one.sheet == (one.kind.source == "typed" or (one.kind.source == "either" and not one.ways))
        assert said.how(one)
        assert all(way.where and way.edition and way.role and way.source for way in one.ways)


def test_every_shipped_adapter_has_one_way_to_its_export() -> None:
    for adapter in shelf().adapters:
        found = [way for way in ways(adapter.kind, shelf().adapters) if adapter.name in way.adapters]
        assert len(found) == 1, adapter.name
        assert found[0].edition, adapter.name


def test_the_next_step_is_always_the_one_that_decides_most_for_its_effort() -> None:
    needs = {
        "A-01": frozenset({"x"}),
        "B-01": frozenset({"y", "z"}),
        "B-02": frozenset({"y", "z"}),
        "B-03": frozenset({"y", "z"}),
        "C-01": frozenset({"w"}),
    }
    weights = {"A-01": 1, "B-01": 1, "B-02": 1, "B-03": 1, "C-01": 4}
    efforts = {"x": 1, "y": 1, "z": 1, "w": 1}
    assert in_order(needs, weights, efforts) == {"y": (), "z": ("B-01", "B-02", "B-03"), "w": ("C-01",), "x": ("A-01",)}
    assert list(in_order(needs, weights, {**efforts, "z": 9})) == ["w", "x", "y", "z"]


def test_of_a_step_the_kind_that_decides_something_by_itself_comes_first() -> None:
    needs = {"A-01": frozenset({"x", "y"}), "A-02": frozenset({"x", "y"}), "B-01": frozenset({"y"})}
    weights, efforts = dict.fromkeys(needs, 1), {"x": 1, "y": 1}
    assert in_order(needs, weights, efforts) == {"y": ("B-01",), "x": ("A-01", "A-02")}
    assert in_order({"C-01": frozenset()}, {"C-01": 1}, {}) == {}


def test_what_decides_is_said_once_for_each_control_that_files_decide(client: Path) -> None:
    found = asked(client)
    decided = [id_ for one in found.wanted for id_ in one.decides]
    on_hosts_alone = {c.id for c in found.hosts if all(check.roles is not None for check in c.checks)}
    assert len(decided) == len(set(decided)) == found.total - found.alone - len(on_hosts_alone)


def test_out_of_scope_controls_are_not_asked_for(client: Path) -> None:
    text = ENGAGEMENT.replace("features: [card_data, home_work]", "features: [card_data]")
    (client / "engagement.yaml").write_text(text, "utf-8")
    assert "wfh_register" not in {one.kind.name for one in asked(client).wanted}


def test_the_notice_says_the_same_in_three_languages_and_asks_for_a_native_speaker(client: Path) -> None:
    found = notices(asked(client))
    assert tuple(n.language for n in found) == ("English", "Filipino", "Hindi")
    assert len({len(n.paragraphs) for n in found}) == 1
    assert len({sum(p.count("____") for p in n.paragraphs) for n in found}) == 1
    assert "native speaker" in said.notice_text(asked(client))
    assert all("2026-10-31" in n.paragraphs[0] for n in found)


def test_every_form_names_purpose_recipients_country_and_retention(client: Path) -> None:
    for form in ("csv", "markdown"):
        assert made("--format", form, "--out", form) == 0
    page = (client / "markdown" / "request.md").read_text("utf-8")
    for word in ("Purpose", "Recipients", "Country", "kept", "seen by", "Harbor Contact Services"):
        assert word in page
    told = {p.relative_to(client / "csv").as_posix() for p in (client / "csv").rglob("*") if p.is_file()}
    assert {"about/checklist.csv", "about/retention.csv", "night_work.csv", "pack.yaml"} <= told
    assert pack.load(client / "csv", shelf().kinds).engagement == "acme-2026-10"


def test_what_may_be_filled_in_is_never_overwritten(client: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (client / "request" / said.BOOK).read_bytes()
    assert made() == 3
    assert (client / "request" / said.BOOK).read_bytes() == before
    assert "give another --out" in capsys.readouterr().err


def test_the_same_request_gives_the_same_bytes_at_any_time(client: Path) -> None:
    one = workbook(asked(client, "first-hour"))
    parts = zipfile.ZipFile(io.BytesIO(one))
    assert b"2026-10-01T00:00:00Z" in parts.read("docProps/core.xml")
    assert workbook(asked(client, "first-hour")) == one
