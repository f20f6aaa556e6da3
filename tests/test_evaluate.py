"""The child from outside: every item has an outcome, the same on every machine, and nothing of the job stays behind."""

from __future__ import annotations

import json
import tempfile
import textwrap
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from fence import GOOD, evaluated, item, job, write

from ctrlkit.evaluate import Child, evaluate
from ctrlkit.kind import Column, Kind, document
from ctrlkit.model import plain

CHECK = """
@reads(people="ok team")
def test_it(people):
    assert_every(people, "ok", because="wrong in {team}")
"""


def people(folder: Path, rows: int = 40) -> dict[str, Any]:
    """A kind that no release ships, as a stranger's plugin brings it, and its frame."""
    columns = {
        "id": Column("id", "string", required=True),
        "team": Column("team", "string"),
        "ok": Column("ok", "boolean"),
    }
    kind = Kind("people", "", columns, {}, ("id",), None, "vendor", "")
    folder.mkdir(exist_ok=True)
    frame = pl.DataFrame(
        {
            "_id": list(range(rows)), "_file": ["a.csv"] * rows, "_row": list(range(2, rows + 2)),
            "id": [f"p_{n:03}" for n in range(rows)], "team": ["a"] * rows, "ok": [n % 3 > 0 for n in range(rows)],
        }
    )  # fmt: skip
    frame.write_parquet(folder / "people.parquet")
    table = {
        "kind": "people", "parquet": str(folder / "people.parquet"), "party": "vendor", "exported_at": None,
        "bad_rows": 0,
        "columns": {"id": ["string", False, None], "team": ["string", False, None], "ok": ["boolean", False, None]},
    }  # fmt: skip
    return {"tables": {"people": table}, "kinds": [document(kind)]}


def outcome_of(tmp_path: Path, engine: str = "polars", name: str = "frames") -> str:
    path = write(tmp_path / "controls" / "a.py", CHECK)
    said = people(tmp_path / name)
    work = {**job(tmp_path / name, said["tables"], engine), "kinds": said["kinds"]}
    items = [item(0, path, "test_it", tables={"people": ["ok", "team"]})]
    (found,) = evaluate(work, items, Child()).values()
    assert found.state == "failed", found
    assert len(found.findings) == 14
    return json.dumps(plain(found))


def test_a_strangers_kind_is_known_to_the_child_on_every_engine(tmp_path: Path) -> None:
    assert outcome_of(tmp_path, "polars") == outcome_of(tmp_path, "duckdb")


def test_an_outcome_is_the_same_in_another_place_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folder, hash seed, zone, locale: not a byte."""
    first = outcome_of(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name, value in (("PYTHONHASHSEED", "77"), ("TZ", "Pacific/Kiritimati"), ("LC_ALL", "tr_TR.UTF-8")):
        monkeypatch.setenv(name, value)
    assert outcome_of(tmp_path, name="other frames") == first


def test_a_job_leaves_nothing_behind_and_tells_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the check ends the process; and the environment of the child holds no key."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("CTRLKIT_ENGAGEMENT_KEY", "11" * 32)
    body = "import os\ndef test_it():\n    assert os.environ.get('CTRLKIT_ENGAGEMENT_KEY') is None\n    os._exit(0)\n"
    path = write(tmp_path / "controls" / "a.py", body + GOOD)
    outcomes = evaluated(tmp_path, [item(0, path, "test_it"), item(1, path, "test_good")])
    assert (outcomes[0].state, outcomes[0].cause, outcomes[1].state) == ("error", "crashed", "passed")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_file_that_never_finishes_loading_costs_its_items_an_error(tmp_path: Path) -> None:
    endless = write(tmp_path / "controls" / "a.py", "while True: pass\n" + GOOD)
    outcomes = evaluated(tmp_path, [item(0, endless, "test_good")], seconds=5)
    assert (outcomes[0].state, outcomes[0].cause) == ("error", "did_not_run")
    assert "took longer than 5 s" in outcomes[0].reason


def test_evidence_that_cannot_be_opened_is_an_error_for_all(tmp_path: Path) -> None:
    path = write(tmp_path / "controls" / "a.py", CHECK)
    said = people(tmp_path / "frames")
    work = {**job(tmp_path / "frames", said["tables"]), "kinds": []}
    outcomes = evaluate(work, [item(n, path, "test_it", tables={"people": ["ok"]}) for n in range(2)], Child())
    assert [(o.state, o.cause) for o in outcomes.values()] == [("error", "did_not_run")] * 2


def test_several_processes_decide_as_one_does_and_each_check_once(tmp_path: Path) -> None:
    body = "import os\ndef test_it():\n    open('/etc/hostname')\n" + GOOD
    path = write(tmp_path / "controls" / "a.py", body + "def test_end():\n    os._exit(3)\n")
    items = [item(n, path, "test_end" if n in {5, 30} else "test_it" if n % 2 else "test_good") for n in range(60)]
    alone, many = (evaluate(job(tmp_path), items, Child(), jobs=number) for number in (1, 3))
    assert plain(sorted(alone.items())) == plain(sorted(many.items()))
    assert {n for n in many if many[n].cause == "crashed"} == {5, 30}
    assert {many[n].cause for n in range(1, 60, 2) if n != 5} == {"forbidden"}
    assert {many[n].state for n in range(0, 60, 2) if n != 30} == {"passed"}


def test_a_check_that_ends_for_want_of_memory_is_tried_alone_with_all_of_it(tmp_path: Path) -> None:
    """As an engine does that is given too little."""
    body = """
    import os, resource
    def test_it():
        if resource.getrlimit(resource.RLIMIT_DATA)[0] < 3 * 2**30:
            os._exit(3)
    """
    path = write(tmp_path / "controls" / "a.py", textwrap.dedent(body) + GOOD)
    items = [item(n, path, "test_it" if n == 7 else "test_good") for n in range(24)]
    work = {**job(tmp_path), "memory_bytes": 4 * 2**30}
    outcomes = evaluate(work, items, Child(), jobs=2)
    assert outcomes[7].cause == "no_assertion", "it came to its end, and only asserts nothing"
    assert {outcome.state for n, outcome in outcomes.items() if n != 7} == {"passed"}


def test_many_that_end_the_process_are_each_one_error(tmp_path: Path) -> None:
    path = write(tmp_path / "controls" / "a.py", "import os\ndef test_it():\n    os._exit(3)\n" + GOOD)
    items = [item(n, path, "test_it" if n % 2 else "test_good") for n in range(4)]
    outcomes = evaluated(tmp_path, items)
    assert [outcomes[n].state for n in range(4)] == ["passed", "error", "passed", "error"]
