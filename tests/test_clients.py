"""The files for other tools, each read by its real client: junitparser, trestle, sarif-tools, Heimdall's inspecjs.

Their extra is `clients`; inspecjs comes from the npm registry, by the lock file in tests/inspecjs.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import ctrlkit
from mixed_bundle import Sealed, sealed_once
from runs import every_verdict, hostile, run
from sarif.loader import load_sarif_file
from trestle.oscal.assessment_plan import AssessmentPlan
from trestle.oscal.assessment_results import AssessmentResults

from ctrlkit.closed import Run
from ctrlkit.hooks import plugin_manager

MADE: dict[str, Callable[[], Run]] = {"every": every_verdict, "hostile": hostile, "empty": lambda: run(())}
VIEWS = ("junit.xml", "findings.sarif", "assessment-results.json", "assessment-plan.json", "hdf.json")
HEIMDALL = {
    "passed": "Passed",
    "failed": "Failed",
    "inconclusive": "Profile Error",
    "error": "Profile Error",
    "waived": "Not Applicable",
    "not_applicable": "Not Applicable",
}


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return sealed_once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def real(bundle: Sealed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The views of a real bundle."""
    folder = tmp_path_factory.mktemp("real")
    answer = ctrlkit(folder, "report", bundle.folder, "--junit", "--oscal", "--sarif", "--hdf")
    assert answer.code == 0, answer.err
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each made-up run, with its views."""
    folder = tmp_path_factory.mktemp("made")
    reporters = [r for brought in plugin_manager().hook.ctrlkit_reporters() for r in brought if r.file in VIEWS]
    assert len(reporters) == len(VIEWS)
    for name, make in MADE.items():
        (folder / name).mkdir()
        for reporter in reporters:
            with (folder / name / reporter.file).open("wb") as file:
                reporter.write(make(), file)
    return folder


def statuses(*files: Path) -> list[dict[str, str]]:
    """What Heimdall's own library makes of HDF files: control -> status."""
    place = files[0].parent / "inspecjs"
    shutil.copytree(Path(__file__).parent / "inspecjs", place)
    npm = shutil.which("npm")
    assert npm, "npm is not installed; it fetches inspecjs, the library that Heimdall reads HDF with"
    words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(words, cwd=place, check=True, capture_output=True, timeout=120)
    told = subprocess.run(["node", "statuses.cjs", *files], cwd=place, check=True, capture_output=True, timeout=60)
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_heimdall_gives_each_verdict_the_status_that_the_page_says(bundle: Sealed, real: Path, made: Path) -> None:
    files = [real / "hdf.json", *(made / name / "hdf.json" for name in MADE)]
    counted, every, hostile_, empty = statuses(*files)
    assert counted == {id_: HEIMDALL[verdict] for id_, verdict in bundle.verdicts.items()}
    assert list(every.values()) == [HEIMDALL[result.verdict] for result in every_verdict().results]
    assert list(hostile_.values()) == [HEIMDALL[result.verdict] for result in hostile().results]
    assert empty == {"none": "Profile Error"}


TRESTLE = """\
import sys
from trestle.cli import Trestle

plan, results = sys.argv[1:]
for words in ("init --local", f"import -o plan -f {plan}", f"import -o results -f {results}", "validate -a"):
    code = Trestle().run(words.split())
    if code:
        sys.exit(f"trestle {words}: {code}")
"""
"""Its commands one after the other, in one process: each takes seconds to start."""


def test_trestle_imports_and_validates_both_documents(real: Path, tmp_path: Path) -> None:
    files = [str(real / name) for name in ("assessment-plan.json", "assessment-results.json")]
    words = [sys.executable, "-c", TRESTLE, *files]
    done = subprocess.run(words, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "assessment-results" / "results" / "assessment-results.json").is_file()


def test_trestle_counts_what_the_results_count(bundle: Sealed, real: Path) -> None:
    read = AssessmentResults.oscal_read(real / "assessment-results.json")
    assert isinstance(read, AssessmentResults)
    (only,) = read.results
    targets = [finding.target.status for finding in only.findings or ()]
    seen = Counter((status.state.value, status.reason) for status in targets if status is not None)
    assert sum(seen.values()) == len(targets)
    counts = bundle.counts
    assert seen == {
        ("satisfied", "pass"): counts["passed"],
        ("not-satisfied", "fail"): counts["failed"] + counts["waived"],
        ("not-satisfied", "other"): counts["inconclusive"],
    }
    assert len(only.observations or ()) == len(bundle.verdicts)


@pytest.mark.parametrize("name", MADE)
def test_trestle_reads_whatever_a_run_may_hold(name: str, made: Path) -> None:
    assert AssessmentResults.oscal_read(made / name / "assessment-results.json") is not None
    assert AssessmentPlan.oscal_read(made / name / "assessment-plan.json") is not None


def test_sarif_tools_counts_the_failures_and_nothing_else(bundle: Sealed, real: Path) -> None:
    read = load_sarif_file(str(real / "findings.sarif"))
    assert read.get_distinct_tool_names() == ["ctrlkit"]
    assert read.get_result_count() == bundle.counts["failed"]
    places = {record["Location"] for record in read.get_records()}
    assert places == {"accounts.csv", "mail_rules.csv"}


@pytest.mark.parametrize(("name", "errors"), [("every", 2), ("hostile", 1), ("empty", 0)])
def test_sarif_tools_reads_whatever_a_run_may_hold(name: str, errors: int, made: Path) -> None:
    report = load_sarif_file(str(made / name / "findings.sarif")).get_report()
    found = {severity: report.get_issue_count_for_severity(severity) for severity in report.get_severities()}
    assert {severity: count for severity, count in found.items() if count} == ({"error": errors} if errors else {})


@pytest.mark.parametrize(("name", "code"), [("every", 1), ("hostile", 1), ("empty", 1)])
def test_junitparser_verifies_no_run_in_which_something_failed_or_was_not_decided(
    name: str, code: int, made: Path
) -> None:
    words = [sys.executable, "-m", "junitparser", "verify", str(made / name / "junit.xml")]
    assert subprocess.run(words, check=False, capture_output=True, timeout=60).returncode == code
