"""A vendor of 300 people with as many sign-ins as asked for: the clean sample, its CRM log repeated in seconds."""

from __future__ import annotations

import re
import shutil
from importlib.resources import files
from pathlib import Path

import polars as pl

SAMPLE = Path(str(files("ctrlkit.evidence"))) / "samples" / "clean-ph"
LOG = Path("crm") / "sign_ins.csv"


def write(folder: Path, rows: int) -> Path:
    """Write the pack with at least `rows` CRM sign-ins below `folder`, and return where it lies.

    Each copy of a sign-in follows the one before by a second, so that with up to ten million rows all of them stay in
    their owner's shift and the grace around it.
    """
    pack = folder / f"desk-{rows}"
    shutil.rmtree(pack, ignore_errors=True)
    shutil.copytree(SAMPLE, pack, ignore=shutil.ignore_patterns("sample.yaml"))
    known = pl.read_csv(pack / LOG, infer_schema=False)
    copies = -(-rows // len(known))
    moment = pl.col("ts").str.to_datetime("%Y-%m-%dT%H:%M:%S%z", time_unit="us", time_zone="UTC")
    with (pack / LOG).open("wb") as out:
        for number in range(copies):
            later = (moment + pl.duration(seconds=number)).dt.to_string("%Y-%m-%dT%H:%M:%SZ")
            known.with_columns(later.alias("ts")).write_csv(out, include_header=number == 0)
    said = (pack / "pack.yaml").read_text("utf-8")
    total = re.compile(rf"(file: {LOG.as_posix()}\n(?:      .*\n)*?      rows: )[0-9]+")
    (pack / "pack.yaml").write_text(total.sub(rf"\g<1>{copies * len(known)}", said), "utf-8")
    return pack


def arguments(pack: Path, out: Path) -> list[str]:
    """The words after `ctrlkit` that judge the pack by the twelve controls."""
    return [
        *("run", str(pack), "--profile", "bpo-philippines", "--engagement", str(pack / "engagement.yaml")),
        *("--client-pack", str(pack / "client"), "--as-of", "2026-11-02T09:00:00+08:00", "--out", str(out)),
    ]
