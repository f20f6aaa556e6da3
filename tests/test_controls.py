from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from host_trials import told_trials
from trials import FOLDER, Trial, engines_of, outcomes, shelf, trials

from ctrlkit import trying
from ctrlkit.evaluate import Child
from ctrlkit.trying import differences

ALL = tuple(trials())
CONTROLS = sorted(id_ for id_, control in shelf().controls.items() if any(c.roles is None for c in control.checks))
"""The controls with a file side; test_host_controls tries the host sides."""
SHOWN = ("passes", "fails", "missing", "broken", "empty", "undecided", "stale")
"""What every control is tried with, beside each kind that it needs taken away and a smaller claim where it has one."""
NOTED = {
    ("GOV-01", "CA_clauses"),
    ("GOV-01", "EU_clauses"),
    ("GOV-04", "improve_within"),
    ("GOV-05", "PH_register_days"),
    ("GOV-05", "PH_spi_individuals"),
    ("GOV-05", "PH_update_days"),
}
"""The parameters that only notes speak of: no value of theirs changes a verdict."""

STATED_ONLY = {"SCR-03": {"rejected_retention"}}
"""Parameters that a control states beside its own and another one judges."""


@pytest.mark.parametrize("trial", [t for t in ALL if engines_of(t)], ids=lambda t: t.id)
def test_a_control_decides_its_datasets_as_they_say(trial: Trial, tmp_path: Path) -> None:
    found = outcomes(trial, tmp_path)
    result = found["polars"]
    assert not differences(trial, result)
    assert all(other == result for other in found.values())


@pytest.mark.parametrize("control", CONTROLS)
def test_every_control_is_tried_every_way_it_can_go(control: str) -> None:
    cases = [t for t in ALL if t.control == control]
    shown = {word for t in cases for word in t.shows}
    assert not {*SHOWN} - shown
    kinds = {kind for check in shelf().controls[control].checks if check.claim is None for kind in check.needs}
    gone = {Path(name).stem for t in cases if "missing" in t.shows for name in t.removed}
    assert not kinds - gone
    if any(check.claim for check in shelf().controls[control].checks):
        assert {t.verdict for t in cases if "smaller claim" in t.shows} >= {"passed", "failed", "inconclusive"}


@pytest.mark.parametrize("control", CONTROLS)
def test_every_parameter_is_tried_one_unit_to_either_side(control: str) -> None:
    told = [(t.control, t.edge, t.verdict) for t in ALL]
    told += [(t.control, t.edge, t.verdict) for t in told_trials()]
    for name in sorted({*shelf().controls[control].params} - STATED_ONLY.get(control, set())):
        cases = [t for t in ALL if t.control == control and t.edge == name]
        if (control, name) in NOTED:
            said = {(str(t.params.get(name)), t.notes, t.reason) for t in cases if t.notes or t.reason}
            assert len(said) > 1, f"{name}: two values, and what is said of them"
            continue
        sides = {verdict for of, edge, verdict in told if (of, edge) == (control, name)}
        assert "passed" in sides, f"{name}: no case at its limit"
        assert sides - {"passed"}, f"{name}: no case beyond its limit"


def test_no_case_stands_twice_or_belongs_to_no_control() -> None:
    assert len({t.id for t in ALL}) == len(ALL)
    assert {p.parent.name for p in FOLDER.glob("*/cases.yaml")} <= set(shelf().controls)


def without(column: str, text: str) -> str:
    """A table as CSV without that column."""
    rows = list(csv.reader(io.StringIO(text)))
    place = rows[0].index(column)
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(row[:place] + row[place + 1 :] for row in rows)
    return out.getvalue()


@pytest.mark.parametrize(
    ("control", "file", "column"),
    [
        ("ACC-02", "leave.csv", "end"),
        ("INC-01", "alerts.csv", "incident_id"),
        ("LOG-06", "accounts.csv", "account_type"),
        ("NET-02", "sample_results.csv", "at"),
        ("WRK-06", "night_work.csv", "transport"),
        ("WRK-08", "agent_states.csv", "ts_end"),
        ("WRK-11", "roster.csv", "country"),
    ],
)
def test_a_column_that_need_not_be_handed_in_and_is_come_upon_is_missing(
    control: str, file: str, column: str, tmp_path: Path
) -> None:
    whole = next(t for t in trials() if t.control == control and "passes" in t.shows and file in t.files)
    cut = replace(whole, files={**whole.files, file: without(column, whole.files[file])})
    result = trying.outcomes(cut, tmp_path, shelf(), evaluator=Child)["polars"]
    assert (result.verdict, result.cause) == ("inconclusive", "missing"), result.reason
    assert f"{file.removesuffix('.csv')}.{column}" in result.reason
