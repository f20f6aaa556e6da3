"""Spark, on this machine: the same results as the default engine, byte for byte, on the sample of 300 people."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import ctrlkit

CONTROLS = "ACC-06,LOG-03,MFA-01,TRN-06,WRK-03"
"""One that compares tables, one over time, one that looks at rows, one that groups, one that adds up money."""


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
