"""The command `report`: views of a sealed bundle again, outside it, and only of one that is whole."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from broken_bundles import reseal
from commands import ctrlkit
from mixed_bundle import Sealed, sealed_once

from ctrlkit.reopen import reopen, strangers
from ctrlkit.stock import Stock, take

OWN = {"--html": "report.html", "--junit": "junit.xml", "--csv": "findings.csv"}
OTHERS = {
    "--markdown": "summary.md",
    "--sarif": "findings.sarif",
    "--hdf": "hdf.json",
    "--oscal": "assessment-results.json",
}


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return sealed_once(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    return take(tmp_path_factory.mktemp("anywhere"))


@pytest.fixture(autouse=True)
def _one_stock(shelf: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command loads all controls, which takes a second; here once is enough, and `written` has loaded its own."""
    monkeypatch.setattr("ctrlkit.stock.take", lambda _: shelf)


@pytest.fixture(scope="module")
def written(bundle: Sealed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every view of the bundle, under its own name."""
    folder = tmp_path_factory.mktemp("views")
    answer = ctrlkit(folder, "report", bundle.folder, *OWN, *OTHERS)
    assert (answer.code, answer.err) == (0, "")
    assert set(answer.out.split()) == {*OWN.values(), *OTHERS.values(), "assessment-plan.json"}
    return folder


def data(path: Path) -> Any:
    return json.loads(path.read_bytes())


def test_the_bundle_holds_what_these_tests_are_about(bundle: Sealed) -> None:
    assert set(bundle.counts) == {"passed", "failed", "waived", "inconclusive", "not_applicable"}


@pytest.mark.parametrize("name", OWN.values())
def test_a_view_made_again_has_the_bytes_of_the_one_in_the_bundle(name: str, bundle: Sealed, written: Path) -> None:
    assert (written / name).read_bytes() == (bundle.folder / "data" / "results" / name).read_bytes()


def test_a_zip_and_a_latest_file_give_the_same_views(bundle: Sealed, written: Path, tmp_path: Path) -> None:
    (zipped,) = bundle.folder.parent.glob("*.zip")
    for number, source in enumerate((zipped, bundle.folder.parent / "latest")):
        place = tmp_path / str(number)
        assert ctrlkit(place, "report", source, *OWN, *OTHERS).code == 0
        for path in written.iterdir():
            assert (place / path.name).read_bytes() == path.read_bytes(), path.name


def test_junit_counts_what_the_results_count(bundle: Sealed, written: Path) -> None:
    cases = list(ET.parse(written / "junit.xml").iter("testcase"))  # noqa: S314 (our own output)
    seen = Counter(next((child.tag for child in case), "passed") for case in cases)
    counts = bundle.counts
    assert seen == {
        "passed": counts["passed"],
        "failure": counts["failed"],
        "error": counts["inconclusive"],
        "skipped": counts["waived"] + counts["not_applicable"],
    }


def test_sarif_has_the_failures_and_the_undecided_of_the_results(bundle: Sealed, written: Path) -> None:
    (run,) = data(written / "findings.sarif")["runs"]
    (invocation,) = run["invocations"]
    failed = {result["ruleId"] for result in run["results"]}
    undecided = {said["associatedRule"]["id"] for said in invocation["toolExecutionNotifications"]}
    assert failed == {id_ for id_, verdict in bundle.verdicts.items() if verdict == "failed"}
    assert undecided == {id_ for id_, verdict in bundle.verdicts.items() if verdict == "inconclusive"}
    assert (invocation["exitCode"], invocation["executionSuccessful"]) == (2, False)
    assert {v: n for v, n in run["properties"]["counts"].items() if n} == bundle.counts


def test_oscal_is_satisfied_by_nothing_but_what_passed(bundle: Sealed, written: Path) -> None:
    (result,) = data(written / "assessment-results.json")["assessment-results"]["results"]
    states = {f["target"]["target-id"].removesuffix("_obj"): f["target"]["status"] for f in result["findings"]}
    said = {id_: (status["state"], status["reason"]) for id_, status in states.items()}
    want = {
        "passed": ("satisfied", "pass"),
        "failed": ("not-satisfied", "fail"),
        "waived": ("not-satisfied", "fail"),
        "inconclusive": ("not-satisfied", "other"),
    }
    assert said == {id_: want[verdict] for id_, verdict in bundle.verdicts.items() if verdict != "not_applicable"}
    assert len(result["observations"]) == len(bundle.verdicts)


def test_hdf_has_one_control_for_each_result(bundle: Sealed, written: Path) -> None:
    (profile,) = data(written / "hdf.json")["profiles"]
    want = {"passed": "passed", "failed": "failed", "waived": "failed", "inconclusive": "error"}
    want["not_applicable"] = "skipped"
    said = {control["id"]: [result["status"] for result in control["results"]] for control in profile["controls"]}
    assert said == {id_: [want[verdict]] for id_, verdict in bundle.verdicts.items()}


def test_no_file_holds_a_place_of_this_machine(bundle: Sealed, written: Path) -> None:
    parts = {str(bundle.folder.parent), str(Path.home())}
    for path in written.iterdir():
        assert not [part for part in parts if part in path.read_text("utf-8")], path.name


def test_a_file_may_be_named_and_lies_in_a_new_folder(bundle: Sealed, tmp_path: Path) -> None:
    answer = ctrlkit(tmp_path, "report", bundle.folder, "--oscal", "grc/ar.json", "--hdf", tmp_path / "deep" / "h.json")
    assert answer.code == 0, answer.err
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.json")) == [
        "deep/h.json", "grc/ar.json", "grc/assessment-plan.json",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["data/results/results.ndjson", "data/run.json", "bagit.txt"])
def test_nothing_is_written_of_a_bundle_that_is_not_whole(name: str, bundle: Sealed, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(bundle.folder, tmp_path / "received"))
    path = copy / name
    path.write_bytes(
        path.read_bytes().replace(b"passed", b"failed").replace(b"1.0", b"1.1").replace(b"sample", b"simple")
    )
    answer = ctrlkit(tmp_path / "desk", "report", copy, *OWN, *OTHERS)
    assert (answer.code, answer.out, list((tmp_path / "desk").iterdir())) == (3, "", [])
    assert name in answer.err


def test_what_cannot_be_written_is_refused_before_anything_is(bundle: Sealed, tmp_path: Path) -> None:
    inside = bundle.folder / "data" / "hdf.json"
    (tmp_path / "folder").mkdir()
    for words, why in (
        ((), "no view is asked for"),
        (("--hdf", inside), "lies in the bundle"),
        (("--hdf", "a.json", "--sarif", "./a.json"), "is where --sarif goes"),
        (("--csv", "a.csv", "--html", "folder"), "is a folder"),
        (("--oscal", "assessment-plan.json"), "is the name of the plan"),
    ):
        answer = ctrlkit(tmp_path, "report", bundle.folder, *words)
        assert (answer.code, why in answer.err) == (3, True), answer.err
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert not inside.exists()


def test_a_zip_is_not_overwritten_by_its_own_view(bundle: Sealed, tmp_path: Path) -> None:
    (zipped,) = bundle.folder.parent.glob("*.zip")
    answer = ctrlkit(tmp_path, "report", zipped, "--csv", zipped)
    assert (answer.code, "lies in the bundle" in answer.err) == (3, True)


def said_otherwise(bundle: Sealed, place: Path, *lacking: str) -> Path:
    """The bundle with entries of its `run.json` left out, sealed anew."""
    copy = Path(shutil.copytree(bundle.folder, place / "received"))
    path = copy / "data" / "run.json"
    path.write_text(json.dumps({key: value for key, value in data(path).items() if key not in lacking}), "utf-8")
    if "exit" in lacking:
        shutil.rmtree(copy / "data" / "results")
    return reseal(copy)


def test_a_handover_has_no_views(bundle: Sealed, tmp_path: Path) -> None:
    answer = ctrlkit(tmp_path, "report", said_otherwise(bundle, tmp_path, "exit", "counts"), "--junit")
    assert (answer.code, "holds no results (a handover)" in answer.err) == (3, True), answer.err


def test_a_bundle_that_says_less_than_a_run_does_is_refused_by_name(bundle: Sealed, tmp_path: Path) -> None:
    answer = ctrlkit(tmp_path, "report", said_otherwise(bundle, tmp_path, "matches"), "--junit")
    assert (answer.code, "is not as a run writes it (KeyError: 'matches')" in answer.err) == (3, True), answer.err


def test_a_control_that_is_not_installed_here_is_said_and_still_shown(bundle: Sealed, shelf: Stock) -> None:
    whole = reopen(bundle.folder, shelf)
    assert strangers(whole, bundle.folder) == ()
    fewer = {id_: control for id_, control in shelf.controls.items() if id_ != "MFA-01"}
    lacking = reopen(bundle.folder, replace(shelf, controls=fewer))
    assert strangers(lacking, bundle.folder) == ("MFA-01",)
    assert lacking.results == whole.results
