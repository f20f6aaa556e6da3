"""LOG-03 and LOG-07 over as many sign-ins as asked for, the whole process, beside the same questions by hand.

By hand twice: in Polars and in DuckDB, over the own files of the pack. Where asked for, with `--all` the whole profile,
and with `--spark` LOG-07 alone on Spark beside Polars, over files that are in the cache.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import _desk as desk
from _measure import PYTHON, Command, Cost, cost, middle, say, scratch, turns

ROWS = 1_000_000
FEW = 4_000_000
"""Beyond so many rows each way is measured once, and not three times."""


def main() -> None:
    """Measure the sizes asked for (default a million rows), the first run and the cached one, and print the figures."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("rows", nargs="*", type=int, default=[ROWS])
    asked.add_argument("--all", action="store_true", help="the whole profile as well")
    asked.add_argument("--spark", action="store_true", help="LOG-07 on Spark as well")
    options = asked.parse_args()
    before: Cost | None = None
    for rows in options.rows:
        with scratch() as place:
            first = _measured(Path(place), rows, whole=options.all, spark=options.spark)
        if before is not None:
            print(f"    growth {options.rows[0]} -> {rows} rows: wall {first.wall / before.wall:.2f} x, "
                  f"CPU {first.cpu / before.cpu:.2f} x")  # fmt: skip
        before = before or first


def _measured(folder: Path, rows: int, *, whole: bool, spark: bool) -> Cost:
    """Print what one size takes; the cost of its first run."""
    pack = desk.write(folder, rows)
    home = {"XDG_CACHE_HOME": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder / "config")}

    def ours(*more: str) -> Command:
        return Command([PYTHON, "-m", "ctrlkit", *desk.arguments(pack, folder / "runs"), *more], folder, home)

    def by_hand(script: str) -> Command:
        return Command([PYTHON, str(Path(__file__).with_name(script)), str(pack)], folder)

    both = ours("--select", "LOG-03,LOG-07")
    firsts, polars, duckdb = [], [], []
    for _ in range(1 if rows > FEW else 3):
        shutil.rmtree(folder / "cache", ignore_errors=True)
        firsts.append(cost(both))
        polars.append(cost(by_hand("_by_hand.py")))
        duckdb.append(cost(by_hand("_by_hand_duckdb.py")))
    again = [cost(both) for _ in firsts]
    first = middle(firsts)
    what = f"LOG-03 and LOG-07 on {rows} sign-ins"
    say(f"{what}, first run", first, "by hand in Polars", middle(polars), "1.5 x time, 1.0 x memory")
    say(f"{what}, first run", first, "by hand in DuckDB", middle(duckdb), "1.5 x time, 1.0 x memory")
    say(f"{what}, cached", middle(again), "its first run", first, "0.35 x")
    say(f"{what}, cached", middle(again), "by hand in Polars", middle(polars), "-")
    if whole:
        shutil.rmtree(folder / "cache", ignore_errors=True)
        say(f"the whole profile on {rows} sign-ins, first run", cost(ours()), "LOG-03 and LOG-07", first, "-")
    if spark:
        one = ("--select", "LOG-07")
        found = turns(1, spark=ours(*one, "--engine", "spark"), polars=ours(*one))
        say(f"LOG-07 on {rows} sign-ins, cached, on Spark", found["spark"], "Polars", found["polars"], "-")
    return first


if __name__ == "__main__":
    main()
