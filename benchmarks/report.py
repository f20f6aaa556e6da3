"""The HTML report of many findings: written beside the JSON of the same, opened beside a plain page of its size."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from _measure import PYTHON, Command, say, scratch, turns

TIMES = 3
FINDINGS = 100_000
EACH = 100
"""Findings of one control that the page shows: with so many, all of them stand in it."""
WRITE = """
import io, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from runs import control, findings, result, run
from ctrlkit.model import Verdict
from ctrlkit.plugins.html_report import HtmlReport
results = tuple(
    result(f"A-{n:04}", Verdict.FAILED, reason="off", population=EACH * 2, exceptions=EACH, findings=findings(EACH))
    for n in range(int(sys.argv[2]) // EACH)
)
of = run(results, tuple(control(r.control) for r in results[:100]))
to = Path(sys.argv[4]).open("wb")
if sys.argv[3] == "html":
    HtmlReport().write(of, to)
elif sys.argv[3] == "json":
    to.writelines(r.line().encode() for r in of.results)
""".replace("EACH", str(EACH))


def main() -> None:
    """Measure so many findings as asked for (default 100,000) and print the figures."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FINDINGS
    tests = str(Path(__file__).resolve().parent.parent / "tests")
    with scratch() as place:
        files = {what: Path(place) / f"page.{what}" for what in ("html", "json", "nothing")}
        commands = {
            what: Command([PYTHON, "-c", WRITE, tests, str(count), what, str(file)], ends=(0,))
            for what, file in files.items()
        }
        written = turns(TIMES, **commands)
        say(f"report of {count:,} findings", written["html"], "the JSON of the same", written["json"], "-")
        ours, theirs = (written[what].cpu - written["nothing"].cpu for what in ("html", "json"))
        print(f"    without making the run: CPU {ours:.2f} s / {theirs:.2f} s = {ours / theirs:.2f}; to reach: 3 x")
        page = files["html"]
        peer = page.with_name("plain.html")
        peer.write_text(plain(page.stat().st_size), "utf-8")
        print(f"    the page: {page.stat().st_size / 1e6:.1f} MB")
        opened(page, peer)


def plain(size: int) -> str:
    """A page of about that many bytes that holds nothing but paragraphs of words."""
    line = "<p>" + "no second factor enrolled in the system named here " * 4 + "</p>\n"
    head = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>plain</title></head><body>\n'
    return head + line * (size // len(line)) + "</body></html>\n"


def opened(page: Path, peer: Path) -> None:
    """Open both by turns in Chromium and print the medians, and how long a filter takes on ours."""
    from playwright.sync_api import sync_playwright

    seen: dict[Path, list[float]] = {page: [], peer: []}
    filters = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for number in range(TIMES + 1):
            for path, times in seen.items():
                tab = browser.new_page()
                tab.set_default_timeout(300_000)
                begin = time.perf_counter()
                tab.goto(path.as_uri())
                tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
                if number:
                    times.append(time.perf_counter() - begin)
                if path == page:
                    filters.append(tab.evaluate(FILTER) / 1000)
                tab.close()
        browser.close()
    ours, theirs = (statistics.median(times) for times in seen.values())
    print(f"opened in Chromium: {ours:.2f} s / a plain page of the same size {theirs:.2f} s = {ours / theirs:.2f}")
    print(f"    to reach: 3 x; a filter by one word {statistics.median(filters):.2f} s; load {os.getloadavg()[0]:.1f}")


FILTER = """() => { const begin = performance.now(), form = document.getElementById("filter");
  form.elements.words.value = "A-0007"; form.dispatchEvent(new Event("input"));
  document.body.offsetHeight; return performance.now() - begin; }"""


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(str(error))
