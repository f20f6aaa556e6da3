"""Adapters of directories, sign-in logs and mail: samples in the products' own shape become exact rows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from identity_samples import SAMPLES, Sample
from ingestion import causes, problems, read_text, table

from ctrlkit import recognition
from ctrlkit.hooks import Adapter, plugin_manager
from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Grade


def adapters() -> tuple[Adapter, ...]:
    return tuple(a for given in plugin_manager().hook.ctrlkit_adapters() for a in given)


def read(folder: Path, sample: Sample, said: str | bytes | None = None) -> Ingested:
    return read_text(folder, sample.said if said is None else said, sample.file, kind=sample.kind, adapters=adapters())


def told(value: Any) -> Any:
    """A value as the samples write it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return int(value) if isinstance(value, Decimal) else value


def rows(found: Ingested) -> list[dict[str, Any]]:
    """What the rows say, without what is empty; `_bad` names the cells that are not known."""
    return [
        {name: told(cell) for name, cell in row.items() if cell is not None and name != "_file"}
        for row in table(found).to_dicts()
    ]


def of(name: str) -> Sample:
    return next(sample for sample in SAMPLES if sample.adapter == name)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_sample_becomes_exactly_these_rows(sample: Sample, tmp_path: Path) -> None:
    found = read(tmp_path, sample)
    assert (found.adapter, found.grade, found.faults, found.bad_rows) == (sample.adapter, Grade.EXPORT, (), 0)
    assert rows(found) == sample.rows


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_sample_is_recognised_whatever_its_name(sample: Sample, tmp_path: Path) -> None:
    suffix = sample.file.rpartition(".")[2]
    (tmp_path / f"x.{suffix}").write_bytes(sample.bytes)
    known, unknown = recognition.look(tmp_path, shipped(), adapters(), deep=False)
    assert (sample.kind, sample.adapter) in [(found.kind, found.adapter) for found in known], unknown
    assert len({found.kind for found in known}) == len(known)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
@pytest.mark.parametrize("part", [0.5, 0.97])
def test_a_sample_that_is_cut_is_no_whole_evidence(sample: Sample, part: float, tmp_path: Path) -> None:
    said = sample.bytes[: int(len(sample.bytes) * part)]
    assert {Cause.TRUNCATED, Cause.MALFORMED, Cause.EMPTY} & {*causes(read(tmp_path, sample, said))}


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.needs], ids=str)
def test_a_sample_without_one_of_its_names_is_refused(sample: Sample, tmp_path: Path) -> None:
    for name in sample.needs:
        assert name in sample.said
        found = read(tmp_path, sample, sample.said.replace(name, "xx"))
        assert Cause.MALFORMED in causes(found), name
        assert found.rows == 0


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.odd], ids=str)
def test_a_word_that_the_product_does_not_have_is_not_known(sample: Sample, tmp_path: Path) -> None:
    for word, column in sample.odd.items():
        assert word in sample.said
        found = read(tmp_path, sample, sample.said.replace(word, "Qwerty"))
        assert column in [problem["column"] for problem in problems(found)], word
