"""The whole baseline on a sample vendor of 300 and of 1,000 people, beside pytest on one test, on both engines."""

from __future__ import annotations

import subprocess
from pathlib import Path

from _measure import PYTHON, Command, say, scratch, turns

MAKE = Path(__file__).parents[1] / "tools" / "make_samples.py"
PEOPLE, TIMES = (300, 1000), 3


def main() -> None:
    """Measure each and print the figures."""
    with scratch() as folder:
        work = Path(folder)
        (work / "test_one.py").write_text("def test_one():\n    assert 1 == 1\n", "utf-8")
        quiet = {"XDG_CACHE_HOME": str(work / "cache"), "XDG_CONFIG_HOME": str(work / "config")}
        one = Command([PYTHON, "-m", "pytest", "-q", "test_one.py"], work, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
        for people in PEOPLE:
            pack = work / f"vendor-{people}"
            subprocess.run([PYTHON, MAKE, "--people", str(people), "--out", pack], check=True, capture_output=True)
            words = [PYTHON, "-m", "ctrlkit", "run", str(pack), "--profile", "bpo-philippines"]
            for engine in ("polars", "duckdb"):
                ours = Command(
                    [*words, "--engine", engine, "--out", str(work / f"runs-{people}-{engine}")], work, quiet
                )
                ran = turns(TIMES, ours=ours, pytest=one)
                say(f"91 controls, {people} people, {engine}", ran["ours"], "pytest, one test", ran["pytest"], "12 x")


if __name__ == "__main__":
    main()
