"""Injuries to the datasets of every control: whatever happens to evidence that it needs, it does not stay green."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from trials import CLIENT, Trial, outcomes, shelf, trials

from ctrlkit.kind import shipped
from ctrlkit.model import Check, Verdict

PASSING = [t for t in trials() if t.verdict == "passed" and "smaller claim" not in t.shows]
WHOLE = {t.control: t for t in sorted(PASSING, key=lambda t: "edge" not in t.shows)}
"""Control -> a case that passes in full, no edge where there is another: what is injured below."""

MADE = {"evidence_meta"}
"""Kinds that ctrlkit makes itself, of pack.yaml: nobody can take them away."""

LONG_AGO = "2025-01-01T00:00:00+08:00"
UNHURT = (Verdict.PASSED, Verdict.NOT_APPLICABLE)


def full(control: str) -> Check:
    return next(c for c in shelf().controls[control].checks if c.roles is None and c.claim is None)


def files_of(trial: Trial, kind: str) -> list[str]:
    return [name for name in (f"{CLIENT}{kind}.csv", f"{kind}.csv") if name in trial.files]


def without(trial: Trial, kind: str) -> Trial:
    gone = files_of(trial, kind)
    return replace(trial, files={name: text for name, text in trial.files.items() if name not in gone})


def aged(trial: Trial, kind: str) -> Trial:
    return replace(trial, exported={**trial.exported, kind: LONG_AGO})


def blanked(trial: Trial, kind: str, column: str) -> Trial:
    files = dict(trial.files)
    for name in files_of(trial, kind):
        rows = list(csv.reader(io.StringIO(files[name])))
        if column in rows[0]:
            place = rows[0].index(column)
            for row in rows[1:]:
                row[place] = ""
        out = io.StringIO(newline="")
        csv.writer(out, lineterminator="\n").writerows(rows)
        files[name] = out.getvalue()
    return replace(trial, files=files)


def injuries() -> Iterator[tuple[str, str, str]]:
    """Control, kind, and the column that is blanked (or what else happens to the kind)."""
    for control in sorted(WHOLE):
        for kind, columns in full(control).needs.items():
            if kind in MADE:
                continue
            yield control, kind, "(gone)"
            yield control, kind, "(old)"
            for column in columns:
                if column in shipped()[kind].columns and shipped()[kind].columns[column].null_means is None:
                    yield control, kind, column


def hurt(trial: Trial, kind: str, what: str) -> Trial:
    if what == "(gone)":
        return without(trial, kind)
    return aged(trial, kind) if what == "(old)" else blanked(trial, kind, what)


@pytest.mark.parametrize(("control", "kind", "what"), list(injuries()))
def test_no_injury_to_what_a_control_needs_leaves_it_green(control: str, kind: str, what: str, tmp_path: Path) -> None:
    """A file gone or old, a column blank: never a pass and never out of scope.

    Where a smaller claim never reads the column, a blank one is one left out, and the reason says that only that claim
    was decided.
    """
    (found,) = outcomes(hurt(WHOLE[control], kind, what), tmp_path, engines=("polars",)).values()
    smaller = [c for c in shelf().controls[control].checks if c.claim and what not in c.needs.get(kind, ())]
    told = bool(smaller) and not what.startswith("(") and found.reason.startswith("only the smaller claim was decided")
    assert told or found.verdict not in UNHURT, found.reason
    if what.startswith("("):
        assert (found.verdict, kind in found.reason) == (Verdict.INCONCLUSIVE, True), found.reason


def test_every_control_over_evidence_has_a_dataset_that_passes_in_full() -> None:
    controls = {id_ for id_, c in shelf().controls.items() if any(check.roles is None for check in c.checks)}
    assert controls == set(WHOLE)
