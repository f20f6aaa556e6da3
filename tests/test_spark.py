"""Spark, on this machine: the same results as the default engine, byte for byte, on the sample of 300 people."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from pathlib import Path

import pytest
import test_arithmetic
import test_expression
import test_grouping
import test_relation
import test_sequence
import test_succession
from commands import ctrlkit
from completions import Engine

ASKED_ON_EVERY_ENGINE = [
    asked
    for module in (test_arithmetic, test_expression, test_grouping, test_relation, test_sequence)
    for name, asked in vars(module).items()
    if name.startswith("test_") and list(signature(asked).parameters) == ["engine"]
]
ASKED_ON_EVERY_ENGINE.append(test_succession.test_a_row_meets_the_first_earlier_one_that_lasts_until_it)

CONTROLS = "ACC-06,LOG-03,MFA-01,REM-01,TRN-06,WRK-01"
"""One compares tables, the others look at time, at rows, at months, at groups, and add up money to each payday."""


def results(folder: Path, engine: str) -> bytes:
    answer = ctrlkit(folder, "run", "--profile", "bpo-philippines", "--select", CONTROLS, "--engine", engine)
    assert answer.code == 1, answer.err
    bundle = folder / "runs" / (folder / "runs" / "latest").read_text("utf-8").strip()
    return (bundle / "data" / "results" / "results.ndjson").read_bytes()


def test_spark_decides_as_the_default_engine_does(tmp_path: Path) -> None:
    (tmp_path / "spark").mkdir()
    (tmp_path / "polars").mkdir()
    found = results(tmp_path / "spark", "spark")
    assert found.count(b"\n") == len(CONTROLS.split(","))
    assert b"did_not_run" not in found
    assert found == results(tmp_path / "polars", "polars")


@pytest.mark.parametrize("asked", ASKED_ON_EVERY_ENGINE, ids=lambda asked: str(asked.__name__))
def test_spark_answers_what_the_other_engines_are_asked(asked: Callable[[Engine], None]) -> None:
    """It stops at an overflow where others wrap round, and divides as floats do."""
    asked("spark")


@pytest.mark.parametrize(
    ("engine", "java", "said"),
    [("spark=", True, "expected polars, duckdb, spark or spark=URL"), ("duckdb=x", True, "expected polars"),
     ("spark", False, "Java 17 or newer")],
)  # fmt: skip
def test_an_engine_that_is_none_or_is_not_here_is_said_before_anything_is_written(
    tmp_path: Path, engine: str, java: bool, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not java:
        monkeypatch.delenv("JAVA_HOME", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
    answer = ctrlkit(tmp_path, "run", "--engine", engine)
    assert answer.code == 3
    assert said in answer.err
    assert list(tmp_path.iterdir()) == []
