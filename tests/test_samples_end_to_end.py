"""The shipped samples: a run says exactly what their truth says, on both engines, and says SAMPLE everywhere."""

from __future__ import annotations

import json
import shutil
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest
from commands import Answer, ctrlkit
from trials import ENGINES

PLACE = tuple[str, str, str, str, int]
PROFILES = {
    "northwind-ph": "bpo-philippines", "clean-ph": "bpo-philippines", "northwind-in": "bpo-india",
    "clean-in": "bpo-india", "first-hour-ph": "first-hour",
}  # fmt: skip
"""Sample -> the profile that asks what it was made for."""
RUNS = [(name, engine) for name in PROFILES for engine in ENGINES if engine == "polars" or not name.startswith("clean")]
"""What is run: on the second engine those samples in which something is wrong."""


def truth(name: str) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((files("ctrlkit.evidence") / "samples" / name / "truth.json").read_text("utf-8"))
    return said


def sample(name: str, folder: Path) -> Path:
    with as_file(files("ctrlkit.evidence") / "samples" / name) as place:
        return Path(shutil.copytree(place, folder / name))


def places(said: dict[str, Any]) -> list[PLACE]:
    """Control, party, kind, file and row of each finding that the truth names."""
    return sorted((f["control"], f["party"], f["kind"], f["file"], f["row"]) for f in said["findings"])


def organisation(answer: Answer) -> dict[str, dict[str, Any]]:
    """Control -> its result for the organisation."""
    return {r["control"]: r for r in answer.said["results"] if r["subject"] == "organisation"}


def of_hosts(answer: Answer) -> list[dict[str, Any]]:
    """The results for hosts that the control speaks of."""
    results = [r for r in answer.said["results"] if r["subject"] != "organisation"]
    assert {r["cause"] for r in results if r["verdict"] == "not_applicable"} <= {"role"}
    return [r for r in results if r["verdict"] != "not_applicable"]


def host_verdicts(answer: Answer) -> dict[str, dict[str, str]]:
    """Subject -> control -> verdict."""
    told: dict[str, dict[str, str]] = {}
    for result in of_hosts(answer):
        told.setdefault(result["subject"], {})[result["control"]] = result["verdict"]
    return told


def host_places(answer: Answer) -> list[tuple[str, str, str, int]]:
    """Control, subject, probe and line of each finding about a host, by its first source."""
    firsts = [(r["control"], r["subject"], f["sources"][0]) for r in of_hosts(answer) for f in r["findings"]]
    return sorted((id_, subject, s["probe"], s["line"]) for id_, subject, s in firsts)


def found(answer: Answer) -> list[PLACE]:
    """The same of each finding in the results, by its first source."""
    firsts = [(id_, f["sources"][0]) for id_, result in organisation(answer).items() for f in result["findings"]]
    return sorted((id_, s["party"], s["kind"], s["file"], s["row"]) for id_, s in firsts)


def undecided(answer: Answer) -> list[tuple[str, str]]:
    """Control and place of each row that a note calls undecided."""
    notes = [(id_, note["message"]) for id_, result in organisation(answer).items() for note in result["notes"]]
    return sorted((id_, text.split(": ")[1]) for id_, text in notes if text.startswith("undecided: "))


@pytest.mark.parametrize(("name", "engine"), RUNS)
def test_verdicts_causes_findings_and_their_rows_are_those_of_the_truth(name: str, engine: str, tmp_path: Path) -> None:
    pack = sample(name, tmp_path)
    answer = ctrlkit(tmp_path, "run", pack, "--profile", PROFILES[name], "--format", "json", "--engine", engine)
    said = truth(name)
    assert {id_: r["verdict"] for id_, r in organisation(answer).items()} == said["verdicts"]
    causes = {id_: r["cause"] for id_, r in organisation(answer).items() if r["cause"] is not None}
    assert causes == said.get("causes", {})
    assert host_verdicts(answer) == said["host_verdicts"]
    expected = ((f["control"], f["subject"], f["probe"], f["line"]) for f in said["host_findings"])
    assert host_places(answer) == sorted(expected)
    assert found(answer) == places(said)
    assert undecided(answer) == sorted((u["control"], f"{u['file']} row {u['row']}") for u in said["undecided"])
    assert answer.code == answer.said["exit"] == (4 if name.startswith("clean") else 1)


@pytest.mark.parametrize("name", ["northwind-ph", "northwind-in"])
def test_without_a_pack_the_profile_s_sample_is_judged_and_the_first_line_says_so(name: str, tmp_path: Path) -> None:
    answer = ctrlkit(tmp_path, "run", "--profile", PROFILES[name])
    first = (answer.out + answer.err).splitlines()
    assert "SAMPLE" in answer.out.splitlines()[0] or "sample" in first[0]
    assert name in answer.err + answer.out
    assert answer.code == 1


def test_the_first_hour_decides_all_that_it_asks_from_an_empty_folder(tmp_path: Path) -> None:
    answer = ctrlkit(tmp_path, "run", "--profile", "first-hour", "--format", "json")
    assert "first-hour-ph" in answer.err
    verdicts = [result["verdict"] for result in answer.said["results"]]
    assert len(verdicts) >= 20
    assert set(verdicts) == {"passed", "failed"}
    assert answer.code == 1


def test_every_view_of_a_sample_says_so_and_a_clean_one_never_ends_in_0(tmp_path: Path) -> None:
    pack = sample("clean-ph", tmp_path)
    answer = ctrlkit(tmp_path, "run", pack, "--profile", "bpo-philippines", "--junit", "j.xml", "--html", "h.html")
    assert answer.code == 4
    assert "SAMPLE" in answer.out
    assert "SAMPLE" in (tmp_path / "j.xml").read_text("utf-8")
    assert "SAMPLE" in (tmp_path / "h.html").read_text("utf-8")
    bundle = tmp_path / "runs" / (tmp_path / "runs" / "latest").read_text("utf-8").strip()
    assert "SAMPLE" in (bundle / "VERIFY.txt").read_text("utf-8") + (bundle / "bag-info.txt").read_text("utf-8")
    assert json.loads((bundle / "data" / "run.json").read_bytes())["sample"] is True


def test_a_changed_pack_yaml_makes_it_a_pack_like_any_other(tmp_path: Path) -> None:
    pack = sample("clean-ph", tmp_path)
    with (pack / "pack.yaml").open("a", encoding="utf-8") as file:
        file.write("# ours\n")
    words: list[str | Path] = [
        "run",
        pack,
        "--profile",
        "bpo-philippines",
        "--as-of",
        "2026-11-02T09:00:00+08:00",
        "--select",
        "RET-01",
    ]
    answer = ctrlkit(tmp_path, *words, "--engagement", pack / "engagement.yaml")
    assert "SAMPLE" not in answer.out
    assert answer.code == 0
