"""Ingestion of a sign-in log to Parquet beside `polars.read_csv` of the same file, and how it grows."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import _signins as signins
from _measure import PYTHON, Command, say, scratch, turns

TIMES = 3
SIZES = (1_000_000, 4_000_000)


def read(path: Path, work: Path) -> None:
    """Ingest the file as `ctrlkit run` would, without a cache."""
    from ctrlkit.ingest import ingest
    from ctrlkit.kind import shipped
    from ctrlkit.pack import load

    (path.parent / "pack.yaml").write_text(
        f"vendor: Example Desk\ntime_zone: Asia/Manila\nevidence: {{auth_events: {{file: {path.name}}}}}\n", "utf-8"
    )
    source = load(path.parent, shipped()).sources[0]
    found = ingest(
        source,
        shipped()["auth_events"],
        adapters=(),
        zone="Asia/Manila",
        as_of_date=date(2026, 11, 2),
        cache=None,
        work=work,
    )
    print(found.rows, found.bad_rows, found.faults)


def main() -> None:
    """Measure the sizes asked for (default one and four million rows) and print the figures."""
    sizes = [int(word) for word in sys.argv[1:]] or list(SIZES)
    first = 0.0
    for rows in sizes:
        with scratch() as folder:
            path = signins.write(Path(folder) / "auth_events.csv", rows)
            ours = [PYTHON, __file__, "--read", str(path), str(Path(folder) / "work")]
            peer = [PYTHON, "-c", f"import polars; polars.read_csv({str(path)!r})"]
            both = turns(TIMES, ours=Command(ours), peer=Command(peer))
        say(f"ingest of {rows} rows", both["ours"], "polars.read_csv", both["peer"], "2.5 x time, 600 MB (10 M rows)")
        if first:
            print(f"    growth {sizes[0]} -> {rows} rows: {both['ours'].wall / first:.2f} x time")
        first = first or both["ours"].wall


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
