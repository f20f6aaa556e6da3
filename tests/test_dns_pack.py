"""dns.csv: read back as evidence it says what was answered, and cannot be read where a look-up failed."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from ingestion import problems as rows_not_read
from ingestion import read, table

from ctrlkit.dns_pack import Answer, Record, as_cell, check, problems, text, write
from ctrlkit.errors import CtrlkitError, InputError

NOW = datetime(2026, 10, 31, 16, 0, tzinfo=timezone(timedelta(hours=8)))
DOMAIN = "vendor.example"


def answer(type_: str, *values: str, name: str = DOMAIN, domain: str = DOMAIN, fault: str = "") -> Answer:
    return Answer(domain, name, type_, NOW, tuple(Record(name, type_, v, 300) for v in values), fault)


NS = answer("NS", "ns1.vendor.example")
ODD = [
    *("v=spf1 -all", '"?"', '""', '"n/a"', '=HYPERLINK("x")', "a,b;c", 'say "no"', "+1", "-1", "@x", r"\027[31m"),
    "x" * 260_000,
]


def test_the_file_is_sorted_quoted_and_in_utc(tmp_path: Path) -> None:
    answers = [answer("TXT", "v=spf1 -all", "a"), answer("MX"), NS]
    assert write(tmp_path / "pack", answers).read_bytes() == (
        b'"domain","type","name","value","ttl","queried_at"\n'
        b'"vendor.example","NS","vendor.example","ns1.vendor.example","300","2026-10-31T08:00:00Z"\n'
        b'"vendor.example","TXT","vendor.example","a","300","2026-10-31T08:00:00Z"\n'
        b'"vendor.example","TXT","vendor.example","v=spf1 -all","300","2026-10-31T08:00:00Z"\n'
    )
    assert text(answers[::-1]) == text(answers)
    assert [p.name for p in (tmp_path / "pack").iterdir()] == ["dns.csv"]


def test_every_value_comes_back_as_evidence_as_it_is(tmp_path: Path) -> None:
    values = [as_cell(v) if v == "@x" else v for v in ODD]
    found = read(write(tmp_path, [NS, answer("TXT", *values)]), "dns")
    assert not found.faults
    assert not rows_not_read(found)
    rows = table(found)
    assert set(rows["value"]) == {*values, "ns1.vendor.example"}
    assert rows["queried_at"].unique().to_list() == [datetime(2026, 10, 31, 8, 0)]  # noqa: DTZ001 (UTC, as stored)


def test_a_policy_file_of_several_lines_comes_back_whole(tmp_path: Path) -> None:
    policy = Answer(DOMAIN, "mta-sts.vendor.example", "MTA-STS", NOW,
                    (Record("mta-sts.vendor.example", "MTA-STS", "version: STSv1\nmode: enforce", None),))  # fmt: skip
    rows = table(read(write(tmp_path, [NS, policy]), "dns"))
    assert set(rows["value"]) == {"version: STSv1\nmode: enforce", "ns1.vendor.example"}


def test_a_failed_look_up_leaves_a_row_that_cannot_be_read_and_nothing_else_of_its_domain(tmp_path: Path) -> None:
    lost = "lost.example"
    answers = [
        NS,
        answer("NS", "ns1.lost.example", name=lost, domain=lost),
        answer("TXT", name="_dmarc.lost.example", domain=lost, fault="SERVFAIL"),
    ]
    found = read(write(tmp_path, answers), "dns")
    assert (found.rows, found.bad_rows) == (1, 1)
    assert set(table(found)["domain"]) == {DOMAIN}
    assert problems(answers) == (
        "lost.example: TXT _dmarc.lost.example: SERVFAIL; expected an answer; ask again, or another server",
    )


def test_a_policy_file_that_was_not_read_leaves_the_rest_of_its_domain() -> None:
    answers = [NS, answer("MTA-STS", name="mta-sts.vendor.example", fault="the policy file was not read (timed out)")]
    assert text(answers) == text([NS])
    assert len(problems(answers)) == 1


def test_a_file_of_an_earlier_collection_is_replaced(tmp_path: Path) -> None:
    write(tmp_path, [answer("NS", "old.example")])
    assert "old.example" not in write(tmp_path, [NS]).read_text("utf-8")


@pytest.mark.parametrize("there", [b"", b"domain,type,name,value\n", b"\xff\xfe" + b"x" * 500])
def test_a_file_that_was_handed_over_is_not_written_over(tmp_path: Path, there: bytes) -> None:
    (tmp_path / "dns.csv").write_bytes(there)
    with pytest.raises(InputError, match=r"dns\.csv: was handed over, expected none or one that was collected"):
        write(tmp_path, [NS])
    assert (tmp_path / "dns.csv").read_bytes() == there


def test_a_folder_in_the_place_of_the_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "dns.csv").mkdir()
    with pytest.raises(InputError, match=r"dns\.csv: cannot be read"):
        check(tmp_path)


def test_a_pack_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CtrlkitError, match=r"dns\.csv: cannot be"):
        write(tmp_path / "file" / "pack", [NS])
