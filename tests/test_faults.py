"""Fault injection: whatever happens to a file or column that a control reads, the control never passes."""

from __future__ import annotations

from pathlib import Path

import faults
import pytest
import small_vendor
from commands import ctrlkit

from ctrlkit.kind import shipped

BATCHES = faults.batches()


def test_the_vendor_that_is_hurt_below_passes_everything_while_it_is_whole(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    answer = ctrlkit(tmp_path, *small_vendor.arguments(tmp_path, "--format", "json"))
    assert answer.verdicts == dict.fromkeys(faults.NEEDS, "passed")
    assert answer.code == 0


def test_the_injuries_reach_every_column_that_the_twelve_controls_rest_on() -> None:
    wanted = {(i, k, c) for i, reads in faults.NEEDS.items() for k, columns in reads.items() for c in columns.split()}
    reached = {(i, f.kind, f.column) for f in faults.injuries() for i in f.touched if f.column}
    assert wanted == reached
    whole = {(i, k) for i, reads in faults.NEEDS.items() for k in reads}
    assert whole == {(i, f.kind) for f in faults.injuries() if f.name == "delete" for i in f.touched}


def test_what_the_suite_takes_for_required_and_repeating_is_what_the_kinds_say() -> None:
    kinds = shipped()
    for kind, columns in faults.REQUIRED.items():
        assert set(columns.split()) == set(kinds[kind].required), kind
        assert (kind in faults.REPEATING) == kinds[kind].repeats, kind
        assert (kind in faults.EVENTS) == kinds[kind].continuous, kind


@pytest.mark.parametrize("number", range(len(BATCHES)))
def test_no_injury_leaves_a_control_green(number: int, tmp_path: Path) -> None:
    """Each injury of one run makes every control it touches inconclusive for the right cause, or fails it."""
    files, exported = faults.hurt(BATCHES[number])
    small_vendor.write(tmp_path, files, exported)
    answer = ctrlkit(tmp_path, *small_vendor.arguments(tmp_path, "--format", "json"))
    assert answer.code in (1, 2), answer.err
    wrong = []
    for injury in BATCHES[number]:
        for id_ in injury.touched:
            result = answer.results[id_]
            verdict, cause, reason = result["verdict"], result["cause"], result["reason"]
            right = verdict == "inconclusive" and cause in injury.causes
            if not (right or (injury.may_fail and verdict == "failed")):
                wrong.append(f"{injury}: {id_} {verdict} {cause}, expected {sorted(injury.causes)}: {reason}")
    assert not wrong, "\n".join(wrong)


def test_a_control_total_catches_rows_that_are_gone_from_any_file(tmp_path: Path) -> None:
    """Without the last third of its rows a file misses the total in pack.yaml: truncated, whatever is left says."""
    tables = {kind: faults.shortened(rows) for kind, rows in small_vendor.clean().items()}
    files: dict[str, bytes | None] = {kind: small_vendor.render(rows) for kind, rows in tables.items() if rows}
    files["leavers"] = small_vendor.render(small_vendor.clean()["leavers"]).split(b"\n")[0] + b"\n"
    small_vendor.write(tmp_path, files, rows=True)
    answer = ctrlkit(tmp_path, *small_vendor.arguments(tmp_path, "--format", "json"))
    assert {(r["verdict"], r["cause"]) for r in answer.results.values()} == {("inconclusive", "truncated")}


LIMITS = {"accounts": "MFA-01 MFA-03", "mail_rules": "EML-06", "datasets": "RET-01"}
"""Kinds of state: where no control total is given, nothing can tell that accounts, rules or holdings were left out."""


def test_a_row_of_state_that_nobody_counted_can_be_left_out_unseen(tmp_path: Path) -> None:
    """A known limit: a shortened list without a control total is believed where nothing else names what it lost."""
    tables = small_vendor.clean()
    files: dict[str, bytes | None] = {kind: small_vendor.render(tables[kind][:-1]) for kind in LIMITS}
    small_vendor.write(tmp_path, files)
    answer = ctrlkit(tmp_path, *small_vendor.arguments(tmp_path, "--format", "json"))
    unseen = {id_ for ids in LIMITS.values() for id_ in ids.split()}
    assert {answer.verdicts[id_] for id_ in unseen} == {"passed"}


def test_one_of_several_sources_that_is_gone_makes_the_kind_missing(tmp_path: Path) -> None:
    """A named file that is not there is not made good by its neighbours, nor an empty, cut or foreign one."""
    accounts = small_vendor.clean()["accounts"]
    for name, content, cause in (
        ("gone", None, "missing"),
        ("empty", b"", "malformed"),
        ("page", faults.HTML, "malformed"),
        ("cut", small_vendor.render(accounts).rstrip(b"\n")[:-90], "truncated"),
    ):
        folder = tmp_path / name
        vendor = small_vendor.write(folder)
        half = [row for row in accounts if row["system"] == "crm"]
        (vendor / "accounts.csv").write_bytes(small_vendor.render(half))
        if content is not None:
            (vendor / "mail.csv").write_bytes(content)
        pack = (vendor / "pack.yaml").read_text("utf-8")
        (vendor / "pack.yaml").write_text(
            pack.replace("{file: accounts.csv", "{file: [accounts.csv, mail.csv]"), "utf-8"
        )
        answer = ctrlkit(folder, *small_vendor.arguments(folder, "--format", "json"))
        for id_ in faults.readers("accounts"):
            result = answer.results[id_]
            assert result["verdict"] == "inconclusive", (name, id_)
            assert result["cause"] in ("missing", cause), (name, id_)
            assert "mail.csv" in result["reason"], (name, id_)
