"""Tables that an adapter unfolds: its headers by any of their names, and every flaw of the file kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import xlsxwriter
from ingestion import causes, problems, read, read_text, table

from ctrlkit import catalogue
from ctrlkit.hooks import Adapter, Unfolded
from ctrlkit.model import Cause

Rows = Sequence[tuple[int, Mapping[str, str | None]]]


def halves(rows: Rows) -> Unfolded | None:
    """Two accounts of each row; another product's where a name says so, and none that can be read with a `!`."""
    names = [str(cells["Login"]) for _, cells in rows]
    if "other" in names:
        return None
    if "!" in names:
        raise ValueError("holds a row that nobody can read; mend it")
    made = []
    for number, cells in rows:
        team = {"Acme team": cells["Team"]} if "Team" in cells else {}
        made += [
            (number, {"Acme account": f"{cells['Login']}-{half}", "Acme on": cells["On"], **team}) for half in "ab"
        ]
    return Unfolded(tuple(made))


ACME = Adapter(
    name="acme",
    kind="accounts",
    product="Acme",
    headers=("Acme account",),
    columns={"Acme account": "account_id", "Acme on": "enabled", "Acme team": "role"},
    values={},
    constants={"system": "acme"},
    unfold=halves,
    form="table",
    reads=(("Login", "Login name"), ("On", "Enabled"), ("Team", "Group", "")),
)


def accounts(folder: Path, text: str, name: str = "a.csv") -> list[tuple[object, ...]]:
    found = read_text(folder, text, name, adapters=(ACME,))
    assert (found.adapter, found.faults) == ("acme", ())
    return [(r["_row"], r["account_id"], r.get("enabled")) for r in table(found).to_dicts()]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("LOGIN NAME,Enabled,Team\nana,true,Voice\n", "a.csv"),
        ("On;Login\ntrue;ana\n", "a.csv"),
        ('[{"login": "ana", "on": true}]', "a.json"),
        ('{"login": "ana", "on": "yes"}\n', "a.ndjson"),
    ],
)
def test_a_table_is_known_by_any_of_its_names_in_any_form(text: str, name: str, tmp_path: Path) -> None:
    row = 1 if name.endswith("json") else 2
    assert accounts(tmp_path, text, name) == [(row, "ana-a", True), (row, "ana-b", True)]


def test_a_header_that_need_not_be_there_is_left_out_where_it_is_not(tmp_path: Path) -> None:
    for text, roles in (("Login,On\nana,true\n", None), ("Login,On,Group\nana,true,agent\n", "agent")):
        found = read_text(tmp_path, text, adapters=(ACME,))
        assert ("role" in found.columns) == (roles is not None)
        assert {row.get("role") for row in table(found).to_dicts()} == {roles}
    assert causes(read_text(tmp_path, "Name,On\nana,true\n", adapters=(ACME,))) == [Cause.MALFORMED]


def test_rows_before_the_header_and_rows_that_are_none_are_accounted_for(tmp_path: Path) -> None:
    found = read_text(tmp_path, "Acme users\nLogin,On\nana,true\nraj,true,x,y\n", adapters=(ACME,))
    assert (found.rows, found.bad_rows) == (2, 1)
    assert [line["row"] for line in problems(found)] == [4]


def test_a_table_that_is_cut_stays_so(tmp_path: Path) -> None:
    for text in ("Login,On\nana,true\nraj", 'Login,On\nana,"true\n', "Login,On\nana,tr"):
        assert Cause.TRUNCATED in causes(read_text(tmp_path, text, adapters=(ACME,)))


def test_a_table_without_rows_is_empty(tmp_path: Path) -> None:
    assert causes(read_text(tmp_path, "Login,On\n", adapters=(ACME,))) == [Cause.EMPTY]


def test_a_table_of_another_product_or_one_that_cannot_be_read_is_malformed(tmp_path: Path) -> None:
    for text, said in (("Login,On\nother,true\n", "account_id"), ("Login,On\n!,true\n", "nobody can read")):
        found = read_text(tmp_path, text, adapters=(ACME,))
        assert causes(found) == [Cause.MALFORMED]
        assert said in found.faults[0].message


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    found = read_text(tmp_path, "Login,On,On\nana,true,false\n", adapters=(ACME,))
    assert causes(found) == [Cause.MALFORMED]
    assert "stands twice" in found.faults[0].message


def test_a_last_line_without_its_break_is_a_cut_whatever_the_file_is_called(tmp_path: Path) -> None:
    for name in ("a.csv", "a.tsv"):
        assert causes(read_text(tmp_path, "Login,On\nana,true\nraj,tr", name, adapters=(ACME,))) == [Cause.TRUNCATED]
        assert read_text(tmp_path, "Login,On\nana,true\n", name, adapters=(ACME,)).faults == ()


def test_the_rows_of_the_file_are_counted_and_not_what_becomes_of_them(tmp_path: Path) -> None:
    text = "Login,On\nana,true\nraj,true\n"
    assert read_text(tmp_path, text, adapters=(ACME,), rows=2).faults == ()
    assert causes(read_text(tmp_path, text, adapters=(ACME,), rows=4)) == [Cause.TRUNCATED]
    full = "Login,On\n" + "".join(f"p{n},true\n" for n in range(65_535))
    assert causes(read_text(tmp_path, full, adapters=(ACME,))) == [Cause.TRUNCATED]


def test_a_footer_is_no_row_and_its_count_is_held_against_the_rows(tmp_path: Path) -> None:
    text = "Login,On\nana,true\nraj,true\nTotal records: {}\n"
    found = read_text(tmp_path, text.format(2), adapters=(ACME,))
    assert (found.faults, found.rows, found.bad_rows) == ((), 4, 0)
    assert causes(read_text(tmp_path, text.format(5), adapters=(ACME,))) == [Cause.TRUNCATED]


def test_a_sheet_that_nobody_named_and_that_fits_too_is_missed(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as made:
        for month in ("Aug", "Sep"):
            sheet = made.add_worksheet(month)
            for row, cells in enumerate((("Login", "On"), (f"ana-{month}", "true"))):
                sheet.write_row(row, 0, cells)
    found = read(path, adapters=(ACME,))
    assert causes(found) == [Cause.TRUNCATED]
    assert "Sep" in found.faults[0].message
    assert read(path, adapters=(ACME,), sheet="Aug").faults == ()


def test_what_must_not_be_handed_over_is_refused_though_no_row_would_hold_it(tmp_path: Path) -> None:
    found = read_text(tmp_path, "Login,On,Fingerprint Template\nana,true,AbC\n", adapters=(ACME,))
    assert causes(found) == [Cause.MALFORMED]
    assert "biometric" in found.faults[0].message
    assert "Fingerprint Template" in found.faults[0].message


def test_what_is_told_of_it_are_the_headers_that_it_reads() -> None:
    said = catalogue.adapter(ACME)
    assert (said["form"], said["headers"]) == ("table", ["Login", "On"])
