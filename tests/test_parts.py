"""Rows of several files as one sequence: whether they are held together or read part by part, it is the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from assembled import kind
from hypothesis import given, settings
from hypothesis import strategies as st

from ctrlkit import parts
from ctrlkit.settling import settle

PLACES = st.tuples(st.sampled_from("abc"), st.integers(2, 5))
FILES = st.lists(st.lists(PLACES, max_size=7), min_size=1, max_size=3)


def frames(files: Sequence[Sequence[tuple[str, int]]], columns: Sequence[str]) -> list[pl.LazyFrame]:
    """Each file with one column of its own, which says where its rows stood."""
    return [
        pl.LazyFrame(
            {
                "_file": [file for file, _ in rows],
                "_row": [row for _, row in rows],
                column: [f"{number}.{place}" for place in range(len(rows))],
            },
            schema={"_file": pl.String, "_row": pl.Int64, column: pl.String},
        )
        for number, (rows, column) in enumerate(zip(files, columns, strict=False))
    ]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(files=FILES, columns=st.lists(st.sampled_from("xy"), min_size=3, max_size=3), part=st.integers(1, 4))
def test_the_rows_come_by_file_and_row_and_those_of_one_place_as_they_stood(
    files: list[list[tuple[str, int]]], columns: list[str], part: int
) -> None:
    """Files of one name, rows out of order, columns that one file lacks."""
    given_ = frames(files, columns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "PART", part)
        found = list(parts.in_order(given_))
    rows = [row for n, file in enumerate(files) for row in [(*at, f"{n}.{i}") for i, at in enumerate(file)]]
    wanted = sorted(rows, key=lambda row: row[:2])
    whole = pl.concat(found)
    texts = whole.select(pl.coalesce(c for c in ("x", "y") if c in whole.columns)).to_series()
    assert list(zip(whole["_file"], whole["_row"], texts, strict=True)) == wanted
    assert found
    assert all(len(one) <= part for one in found)


def test_rows_asked_for_at_once_are_one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART", 1)
    asked = frames([[("b", 2)], [("a", 2), ("a", 3)]], "xx")
    (one,) = parts.in_order(asked, at_once=True)
    assert one["x"].to_list() == ["1.0", "1.1", "0.0"]


CELLS = st.fixed_dictionaries(
    {
        "system": st.sampled_from(["crm", "mail"]),
        "account_id": st.sampled_from(["a1", "a2", None]),
        "enabled": st.sampled_from([True, False, None]),
        "_bad": st.sampled_from([None, None, ";enabled;", ";account_id;"]),
    }
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(files=st.lists(st.lists(CELLS, max_size=6), min_size=1, max_size=3), part=st.integers(1, 3))
def test_what_counts_is_the_same_in_parts_of_any_size(files: list[list[dict[str, Any]]], part: int) -> None:
    """Rows that say the same, complete each other or contradict each other, however far they stand apart."""
    schema = {"_file": pl.String, "_row": pl.Int64, "_unread": pl.String, "_bad": pl.String}
    schema |= {"system": pl.String, "account_id": pl.String, "enabled": pl.Boolean}
    rows = [
        {**cells, "_unread": cells["_bad"], "_file": "abc"[number], "_row": place + 2}
        for number, file in enumerate(files)
        for place, cells in enumerate(file)
    ]
    whole = pl.DataFrame(rows, schema=schema)
    of = kind("accounts")
    one, many = (settle(list(whole.iter_slices(size)) or [whole], of) for size in (100, part))
    assert pl.concat(one.parts).equals(pl.concat(many.parts))
    assert one.clashes.equals(many.clashes)
    assert (one.repeats, one.completed, one.by) == (many.repeats, many.completed, many.by)
