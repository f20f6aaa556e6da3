"""The host side of every control: what it decides of a host, from the frame its script printed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from host_trials import FOLDER, Trial, facts_of, good, host_controls, results, shelf, told_trials, trials_without

from ctrlkit.model import Finding, HostPointer, Result

TOLD = tuple(told_trials())
WITHOUT = tuple(trials_without())
FILES = sorted(path.stem for path in FOLDER.glob("*-*.yaml"))
SHOWN = {"passes", "fails", "missing", "cut", "role", "unlisted", "stale", "another request"}
"""What every control with a host side is tried with, beside each of its probes that does not answer."""


@pytest.fixture(scope="session")
def said(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Result]:
    """What ctrlkit says of every case."""
    return results((*TOLD, *WITHOUT), tmp_path_factory.mktemp("hosts"))


def place(finding: Finding) -> str:
    first = finding.sources[0]
    assert isinstance(first, HostPointer)
    return f"{first.probe} {first.line}: {finding.message}"


@pytest.mark.parametrize("trial", TOLD, ids=lambda t: t.id)
def test_a_control_decides_its_hosts_as_the_dataset_says(trial: Trial, said: Mapping[str, Result]) -> None:
    result = said[trial.id]
    shown = f"{result.verdict.value} {result.cause.value if result.cause else ''}: {result.reason}"
    assert shown.startswith(f"{trial.verdict} {trial.cause}:"), shown
    assert [place(f) for f in result.findings] == list(trial.findings), shown
    assert trial.reason in result.reason, shown
    assert result.population == trial.population, shown
    notes = [note.message for note in result.notes]
    assert sum(note.startswith("undecided: ") for note in notes) == trial.undecided, notes
    assert not [wanted for wanted in trial.notes if not any(wanted in note for note in notes)], notes


@pytest.mark.parametrize("trial", WITHOUT, ids=lambda t: t.id)
def test_a_probe_that_did_not_answer_never_leaves_a_control_green_that_needs_it(
    trial: Trial, said: Mapping[str, Result]
) -> None:
    result = said[trial.id]
    shown = f"{result.verdict.value} {result.cause.value if result.cause else ''}: {result.reason}"
    assert shown.startswith(f"{trial.verdict} {trial.cause}:"), shown


@pytest.mark.parametrize("file", FILES)
def test_every_host_side_is_tried_every_way_it_can_go(file: str) -> None:
    of_file = [trial for trial in TOLD if trial.file == file]
    assert not SHOWN - {word for trial in of_file for word in trial.shows}
    assert set(facts_of(of_file[0].control, of_file[0].role)) <= set(good())


def test_every_check_of_hosts_has_a_dataset_of_its_own() -> None:
    checks = {
        (control, check.roles)
        for control in host_controls()
        for check in shelf().controls[control].checks
        if check.roles
    }
    tried = {
        (trial.control, check.roles)
        for trial in TOLD
        for check in shelf().controls[trial.control].checks
        if trial.role in (check.roles or ())
    }
    assert tried == checks


def test_the_datasets_belong_to_controls_and_stand_once() -> None:
    ids = [trial.id for trial in (*TOLD, *WITHOUT)]
    assert len(ids) == len(set(ids))
    assert {file.partition(".")[0] for file in FILES} == set(host_controls())


@pytest.mark.parametrize("trial", [t for t in TOLD if t.edge], ids=lambda t: t.id)
def test_an_edge_is_that_of_a_parameter(trial: Trial) -> None:
    assert trial.edge in shelf().controls[trial.control].params


def test_the_same_finding_has_the_same_key_whatever_line_it_stands_on(said: Mapping[str, Result]) -> None:
    one, other = said["NET-01-a-mail-port"], said["NET-01-a-mail-port-further-down"]
    assert [f.sources for f in one.findings] != [f.sources for f in other.findings]
    assert len({f.key for f in (*one.findings, *other.findings)}) == 2, "a key is of its host"


def test_results_rest_on_the_facts_that_the_control_reads_and_are_handed_over(said: Mapping[str, Result]) -> None:
    for file in FILES:
        trial = next(t for t in TOLD if t.file == file and "passes" in t.shows)
        result = said[trial.id]
        assert {reference.probe for reference in result.evidence} == set(facts_of(trial.control, trial.role))  # type: ignore[union-attr]
        assert result.grade == "export"
