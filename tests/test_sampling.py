"""Drawn samples: neither side chooses the rows, anyone draws them again, and the statement is the one that holds."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from pathlib import Path

import pytest
import small_vendor
from commands import Answer, ctrlkit
from hypothesis import given
from hypothesis import strategies as st

from ctrlkit.errors import InputError
from ctrlkit.sampling import Population, Row, bound, draw, statement


def people(*strata: int) -> Population:
    rows = [Row(f"p{s}-{n}", "a.csv", n, f"s{s}") for s, count in enumerate(strata) for n in range(count)]
    return Population("MFA-01", "accounts", {}, "system", tuple(rows))


def test_a_draw_hangs_on_seed_and_population_and_not_on_the_order_of_rows() -> None:
    found = people(40, 60)
    turned = Population(found.control, found.kind, {}, found.by, found.rows[::-1])
    first = draw(found, "tuesday", 20, "simple")
    assert draw(turned, "tuesday", 20, "simple").rows == first.rows
    assert draw(found, "wednesday", 20, "simple").rows != first.rows
    assert draw(people(40, 61), "tuesday", 20, "simple").rows != first.rows
    assert {row.key for row in draw(found, "tuesday", 10, "simple").rows} < {row.key for row in first.rows}


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(1, 80))
def test_strata_get_their_share_one_at_least_and_the_size_is_kept(sizes: list[int], size: int) -> None:
    rows = draw(people(*sizes), "seed", size, "stratified").rows
    assert len(rows) == min(size, sum(sizes))
    assert len({row.key for row in rows}) == len(rows)
    got = [sum(row.stratum == f"s{n}" for row in rows) for n in range(len(sizes))]
    if size >= len(sizes):
        assert min(got) >= 1
    for count, drawn in zip(sizes, got, strict=True):
        share = Fraction(len(rows) * count, sum(sizes))
        assert drawn == 1 or abs(drawn - share) <= len(sizes)


@pytest.mark.parametrize(("drawn", "per_mille"), [(59, 50), (29, 99), (1, 950)])
def test_no_exception_bounds_the_share_as_the_textbook_does(drawn: int, per_mille: int) -> None:
    """(1 - p) to the n is 5 % at most there, and more than that one per mille lower."""
    assert bound(drawn, 0) == per_mille
    assert Fraction(1000 - per_mille, 1000) ** drawn <= Fraction(5, 100) < Fraction(1001 - per_mille, 1000) ** drawn


def test_exceptions_raise_the_bound_and_a_whole_population_needs_none() -> None:
    assert bound(59, 0) < bound(59, 1) < bound(59, 5) < 1000
    assert bound(10, 10) == 1000
    assert statement(59, 1_212) == (
        "59 of 1,212 drawn, 0 exceptions: with 95 % confidence at most 5.0 % of the population are exceptions"
    )
    assert statement(9, 9, 1) == "all 9 rows were drawn: 1 exceptions, nothing is inferred"


def test_nothing_is_drawn_from_nothing() -> None:
    with pytest.raises(InputError, match="of 0 rows"):
        draw(people(), "seed", 5, "simple")


def asked(folder: Path, *more: str, control: str = "MFA-01", place: str = "vendor") -> Answer:
    own = ["--engagement", "engagement.yaml", "--as-of", small_vendor.AS_OF, "--engagement-key", "engagement.key"]
    words = ["sample", place, "--profile", "bpo-philippines", "--control", control, "--commit", "population.json"]
    return ctrlkit(folder, *words, *own, *more)


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def test_from_commitment_to_statement_and_again_from_the_bundle(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    where = ("--where", "enabled=true", "--where", "account_type=person")
    seeded = (*where, "--seed", "the client's words", "--size", "6")
    first = asked(tmp_path, *where)
    assert first.code == 0, first.err
    said = json.loads((tmp_path / "population.json").read_text("utf-8"))
    assert first.out.startswith(f"{said['rows']} rows of accounts for MFA-01, sha256 {said['sha256']}\n")
    drawn = asked(tmp_path, *seeded)
    assert drawn.code == 0, drawn.err
    assert f"6 of {said['rows']} drawn, 0 exceptions" in drawn.out
    listed = rows(tmp_path / "sample" / "sample.csv")
    assert len(listed) == 6
    original = (tmp_path / "vendor" / "accounts.csv").read_text("utf-8").splitlines()
    for row in listed:
        assert ",person,true," in original[int(row["row"]) - 1]
    assert not any(name in json.dumps(listed) for name in small_vendor.NAMES.values())
    ctrlkit(tmp_path, *small_vendor.arguments(tmp_path))
    again = asked(tmp_path, *seeded, "--out", "again", place="runs/latest")
    assert again.code == 0, again.err
    assert rows(tmp_path / "again" / "sample.csv") == listed
    form = rows(tmp_path / "sample" / "sample_results.csv")
    for n, row in enumerate(form):
        row |= {"answer": "confirmed" if n else "exception", "by": "auditor", "at": "2026-11-03T10:00:00+08:00"}
    (tmp_path / "filled.csv").write_bytes(small_vendor.render(form))
    ended = asked(tmp_path, *seeded, "--answers", "filled.csv")
    assert (ended.code, ended.out.split(":")[0]) == (1, f"6 of {said['rows']} drawn, 1 exception")


def test_a_population_that_changed_after_the_commitment_is_refused(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    assert asked(tmp_path).code == 0
    again = asked(tmp_path)
    assert (again.code, "is there already" in again.err) == (3, True)
    accounts = tmp_path / "vendor" / "accounts.csv"
    accounts.write_text("".join(accounts.read_text("utf-8").splitlines(keepends=True)[:-1]), "utf-8")
    shorter = asked(tmp_path, "--seed", "words")
    assert (shorter.code, "the population changed after the commitment" in shorter.err) == (3, True)
    assert not (tmp_path / "sample").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--where", "enabled"], "found no column=value"),
        (["--where", "salary=1"], "salary: not among the columns that MFA-01 reads of accounts"),
        (["--seed", "x"], "holds no commitment"),
    ],
)
def test_what_cannot_be_drawn_is_said(more: list[str], said: str, tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    answer = asked(tmp_path, *more)
    assert (answer.code, said in answer.err) == (3, True), answer.err


def test_an_answer_that_is_none_is_refused(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    asked(tmp_path)
    asked(tmp_path, "--seed", "x", "--size", "2")
    form = rows(tmp_path / "sample" / "sample_results.csv")
    form[0]["answer"] = "fine"
    (tmp_path / "filled.csv").write_bytes(small_vendor.render(form))
    answer = asked(tmp_path, "--seed", "x", "--size", "2", "--answers", "filled.csv")
    assert (answer.code, "answer: found 'fine'; expected confirmed, exception or no_answer" in answer.err) == (3, True)
