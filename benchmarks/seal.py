"""Sealing and verifying a bundle beside `sha256sum` of the same bytes."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from _measure import PYTHON, Command, say, scratch, turns

TIMES = 3
MEGABYTES = 1024
SEAL = """
import shutil, sys
from pathlib import Path
from ctrlkit import bundle
def fill(data):
    (data / "evidence").mkdir(parents=True)
    shutil.copyfile(sys.argv[1], data / "evidence" / "auth_events.csv")
bundle.seal(Path(sys.argv[2]), "benchmark", fill, {"Bagging-Date": "2026-11-01"})
"""

VERIFY = """
import sys
from pathlib import Path
from ctrlkit import bundle
# no run stands behind these bytes, so only what is said of files counts
assert not [p for p in bundle.verify(Path(sys.argv[1])) if "auth_events" in f"{p.file} {p.message}"]
"""


def main() -> None:
    """Measure the size asked for (default 1024 MB) and print the figures."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES
    with scratch() as place:
        folder = Path(place)
        data = folder / "bytes"
        block = bytes(range(256)) * 4096
        with data.open("wb") as out:
            for _ in range(size):
                out.write(block)
        sums = ["sha256sum", str(data)]
        copied = [PYTHON, "-c", "import shutil, sys; shutil.copyfile(*sys.argv[1:])", str(data), str(folder / "copy")]
        sealing = [PYTHON, "-c", SEAL, str(data), str(folder / "out")]
        sealed = turns(TIMES, ours=Command(sealing, ends=(0,)), peer=Command(sums), copy=Command(copied))
        say(f"seal {size} MB", sealed["ours"], "sha256sum", sealed["peer"], "0.6 x, memory constant")
        say("    of which the copy", sealed["copy"], "sha256sum", sealed["peer"], "-")
        bundles = sorted(p for p in (folder / "out").iterdir() if p.is_dir())
        for extra in bundles[1:]:
            shutil.rmtree(extra)
        verifying = [PYTHON, "-c", VERIFY, str(bundles[0])]
        verified = turns(TIMES, ours=Command(verifying, ends=(0,)), peer=Command(sums))
        say(f"verify {size} MB", verified["ours"], "sha256sum", verified["peer"], "0.2 x, memory constant")


if __name__ == "__main__":
    main()
