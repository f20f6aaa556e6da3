"""The twelve controls over a vendor with a million sign-ins, the whole process, beside the same questions by hand."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import _desk as desk
from _measure import PYTHON, Command, cost, middle, say, scratch, turns

TIMES = 3
ROWS = 1_000_000


def main() -> None:
    """Measure the sizes asked for (default a million rows), the first run and the cached one, and print the figures."""
    for rows in [int(word) for word in sys.argv[1:]] or [ROWS]:
        with scratch() as place:
            folder = Path(place)
            pack = desk.write(folder, rows)
            home = {"XDG_CACHE_HOME": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder / "config")}
            words = [PYTHON, "-m", "ctrlkit.cli", *desk.arguments(pack, folder / "runs")]
            ours = Command(words, folder, home)
            by_hand = Command([PYTHON, str(Path(__file__).with_name("_by_hand.py")), str(pack)], folder)
            firsts, hands = [], []
            for _ in range(TIMES):
                shutil.rmtree(folder / "cache", ignore_errors=True)
                firsts.append(cost(ours))
                hands.append(cost(by_hand))
            again = turns(TIMES, ours=ours)["ours"]
        first, hand = middle(firsts), middle(hands)
        say(f"12 controls on {rows} sign-ins, first run", first, "by hand in Polars", hand, "1.5 x time, 1.0 x memory")
        say("the same, cached", again, "its first run", first, "0.35 x")


if __name__ == "__main__":
    main()
