"""The engines that can hold evidence tables, and how each opens a file of them as a lazy frame.

The results are the same on all: what a check asks is said once, in narwhals, and every answer that an engine gives in
no order, another width or another zone is settled before it is used.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctrlkit.errors import InputError

if TYPE_CHECKING:
    import narwhals as nw

SMALL = 50_000
"""House number: rows of a table that Polars holds, each step over it worked out at once."""

Open = Callable[[str], "tuple[nw.LazyFrame[Any], bool]"]
"""Path of a Parquet file -> its rows, and whether they are so few that each step is to be worked out at once."""


def refuse_absent(engine: str) -> None:
    """Raises InputError for an engine that is none, or is not installed here."""
    name, told, url = engine.partition("=")
    if name not in {"polars", "duckdb", "spark"} or (told and (name != "spark" or not url)):
        msg = f"--engine {engine}: is none; expected polars, duckdb, spark or spark=URL"
        raise InputError(msg)
    module = {"duckdb": "duckdb", "spark": "pyspark"}.get(name)
    if module is not None and find_spec(module) is None:
        msg = f"--engine {engine}: {module} is not installed; expected it beside ctrlkit; pip install 'ctrlkit[{name}]'"
        raise InputError(msg)
    if name == "spark" and shutil.which("java", path=_java_path()) is None:
        msg = f"--engine {engine}: no Java here; expected Java 17 or newer on the PATH or in JAVA_HOME"
        raise InputError(msg)


def _java_path() -> str:
    home = os.environ.get("JAVA_HOME")
    return os.pathsep.join([*([os.path.join(home, "bin")] if home else []), os.environ.get("PATH", "")])  # noqa: PTH118


def is_spark(engine: str) -> bool:
    """Whether it is Spark, here or elsewhere: it shares its work among machines itself."""
    return engine.partition("=")[0] == "spark"


def opened_with(engine: str, folder: str) -> Open:
    """How that engine opens the Parquet files of a folder; it reads nothing else."""
    if engine == "duckdb":
        return _with_duckdb(folder)
    return _with_spark(engine.partition("=")[2]) if is_spark(engine) else _with_polars


def _with_polars(path: str) -> tuple[nw.LazyFrame[Any], bool]:
    import narwhals as nw
    import polars as pl

    there = pl.scan_parquet(path)
    small = there.select(pl.len()).collect().item() <= SMALL
    return nw.from_native(there.collect().lazy() if small else there), small


def _with_duckdb(folder: str) -> Open:
    import duckdb
    import narwhals as nw

    connection = duckdb.connect(config={"threads": 2})
    connection.execute("SET allowed_directories = [?]", [folder])
    connection.execute("SET enable_external_access = false")
    return lambda path: (nw.from_native(connection.read_parquet(path)), False)


def _with_spark(url: str) -> Open:
    """A session at that master, or on this machine alone; a file must lie where every worker can read it."""
    import narwhals as nw
    from pyspark.sql import SparkSession

    said = {"spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true", "spark.ui.enabled": "false"}
    if not url:  # what is worth planning and compiling for many machines is not for one
        said |= {"spark.sql.shuffle.partitions": "1", "spark.default.parallelism": "1"}
        said |= {"spark.sql.adaptive.enabled": "false", "spark.sql.codegen.wholeStage": "false"}
        said |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    builder = SparkSession.builder.appName("ctrlkit").master(url or "local[*]")
    for name, value in said.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    return lambda path: (nw.from_native(session.read.parquet(Path(path).absolute().as_uri())), False)
