"""Verify, replay and judge again: a bundle gives the same results anywhere, and whatever was touched is said."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import small_vendor
from commands import Answer, ctrlkit
from small_vendor import arguments

DECIDED = ("--select", ",".join(small_vendor.DECIDED))
"""The vendor has no hosts: of them nothing is asked."""

LEAVE = """\
\"\"\"Leave: what the client of this project asks about it.\"\"\"

from ctrlkit import assert_every, col, control, reads


@control("OWN-01", "No leave is unpaid", severity="low", remedy="Pay it.")
@reads(leave="employee_id start kind")
def test_no_leave_is_unpaid(leave):
    \"\"\"No leave is unpaid.\"\"\"
    assert_every(leave, col("kind") != "unpaid", because="unpaid leave {kind}")
"""


def newest(runs: Path) -> Path:
    return runs / (runs / "latest").read_text("utf-8").strip()


def lines(bundle: Path) -> bytes:
    return (bundle / "data" / "results" / "results.ndjson").read_bytes()


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the weak vendor, with its zip beside it; nothing in it may be changed."""
    folder = tmp_path_factory.mktemp("sealed")
    small_vendor.write(folder, small_vendor.weak())
    assert ctrlkit(folder, *arguments(folder, "--zip")).code == 1
    return newest(folder / "runs")


@pytest.fixture
def copied(sealed: Path, tmp_path: Path) -> Path:
    """The bundle on another path, under another name."""
    return Path(shutil.copytree(sealed, tmp_path / "päth with spaces" / "received"))


def test_a_bundle_is_whole_and_replays_the_same_on_another_path(copied: Path, tmp_path: Path) -> None:
    assert ctrlkit(tmp_path, "verify", copied).code == 0
    answer = ctrlkit(tmp_path, "replay", copied)
    assert (answer.code, "identical" in answer.out) == (0, True)


def test_verify_and_replay_take_a_zip_and_a_latest_file(sealed: Path, tmp_path: Path) -> None:
    (zipped,) = sealed.parent.glob("*.zip")
    for path in (zipped, sealed.parent / "latest"):
        assert ctrlkit(tmp_path, "verify", path).code == 0
        assert ctrlkit(tmp_path, "replay", path).code == 0


def test_verify_says_as_json_whether_a_bundle_is_whole(copied: Path, tmp_path: Path) -> None:
    assert ctrlkit(tmp_path, "verify", copied, "--format", "json").code == 0
    (copied / "data" / "results" / "results.ndjson").unlink()
    answer = ctrlkit(tmp_path, "verify", copied, "--format", "json")
    assert answer.code == 1
    assert "results.ndjson" in json.dumps(answer.said)


def altered(bundle: Path, case: str) -> None:
    results, evidence = bundle / "data" / "results" / "results.ndjson", bundle / "data" / "evidence" / "accounts.csv"
    match case:
        case "a verdict":
            results.write_bytes(results.read_bytes().replace(b'"failed"', b'"passed"'))
        case "a cell":
            evidence.write_bytes(evidence.read_bytes().replace(b"false", b"true", 1))
        case "a file more":
            (bundle / "data" / "evidence" / "extra.csv").write_bytes(b"a\n1\n")
        case "a file less":
            evidence.unlink()
        case "a manifest line":
            manifest = bundle / "manifest-sha256.txt"
            manifest.write_bytes(b"".join(manifest.read_bytes().splitlines(keepends=True)[1:]))
        case "the as-of":
            run = bundle / "data" / "run.json"
            run.write_bytes(run.read_bytes().replace(b"2026-11-02T", b"2026-11-03T"))


@pytest.mark.parametrize("case", ["a verdict", "a cell", "a file more", "a file less", "a manifest line", "the as-of"])
def test_whatever_was_altered_is_found_by_verify_and_never_judged(case: str, copied: Path, tmp_path: Path) -> None:
    altered(copied, case)
    assert ctrlkit(tmp_path, "verify", copied).code == 1
    again = ctrlkit(tmp_path / "cwd", "run", copied)
    assert (again.code, again.out, len(again.err.splitlines())) == (3, "", 1)
    assert not list((tmp_path / "cwd").iterdir())
    assert ctrlkit(tmp_path, "replay", copied).code != 0


def test_run_on_a_bundle_gives_the_results_of_the_first_run(sealed: Path, copied: Path, tmp_path: Path) -> None:
    answer = ctrlkit(tmp_path, "run", copied, *DECIDED, "--out", tmp_path / "again", "--format", "json")
    assert answer.code == 1
    assert lines(newest(tmp_path / "again")) == lines(sealed)


def test_a_bundle_is_judged_under_the_caller_s_profile_waivers_and_selection(copied: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("name: own\ntitle: Own\nextends: [bpo-philippines]\nparams: {MFA-01: {coverage: 50}}\n", "utf-8")
    waivers = tmp_path / "waivers.yaml"
    entry = "control: EML-06, subject: organisation, reason: moving, approved_by: ciso, expires: 2026-12-31"
    waivers.write_text(f"- {{{entry}}}\n", "utf-8")
    words: list[str | Path] = [
        "run",
        copied,
        "--profile",
        own,
        "--waivers",
        waivers,
        "--select",
        "MFA-01,EML-06",
        "--format",
        "json",
    ]
    answer = ctrlkit(tmp_path, *words)
    assert answer.verdicts == {"EML-06": "waived", "MFA-01": "passed"}
    assert answer.results["MFA-01"]["params"]["coverage"] == 50


def test_a_later_as_of_makes_the_evidence_of_a_bundle_stale(copied: Path, tmp_path: Path) -> None:
    answer = ctrlkit(tmp_path, "run", copied, *DECIDED, "--as-of", "2027-06-30", "--format", "json")
    assert {(r["verdict"], r["cause"]) for r in answer.results.values()} == {("inconclusive", "stale")}


def test_verify_compares_the_documents_a_bundle_was_judged_by(sealed: Path, copied: Path, tmp_path: Path) -> None:
    terms = sealed.parent.parent / "engagement.yaml"
    assert ctrlkit(tmp_path, "verify", copied, "--engagement", terms, "--profile", "bpo-philippines").code == 0
    other = tmp_path / "engagement.yaml"
    other.write_text(terms.read_text("utf-8").replace("card_data, ", ""), "utf-8")
    assert ctrlkit(tmp_path, "verify", copied, "--engagement", other).code == 1
    assert ctrlkit(tmp_path, "verify", copied, "--profile", "bpo-baseline").code == 1


@pytest.mark.parametrize("word", ["run", "verify", "replay"])
def test_what_is_no_bundle_is_said_in_one_line(word: str, tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 nonsense")
    answer = ctrlkit(tmp_path, word, tmp_path / "no.zip")
    assert answer.code in (1, 3)
    assert len((answer.out + answer.err).splitlines()) == 1


def project(folder: Path, terms: str = "") -> Path:
    """A project with a control of its own that reads leave, a kind that never travels; the vendor's folder."""
    vendor = small_vendor.write(folder)
    (folder / "ctrlkit.toml").write_text("", "utf-8")
    for name, text in (
        ("controls/leave.py", LEAVE),
        ("profiles/own.yaml", "name: own\ntitle: Own\ncontrols: {add: [OWN-01, EML-06]}\n"),
    ):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text, "utf-8")
    (vendor / "leave.csv").write_text("employee_id,start,end,kind\nE-001,2026-10-05,2026-10-06,unpaid\n", "utf-8")
    with (vendor / "pack.yaml").open("a", encoding="utf-8") as pack:
        pack.write(f"  leave: {{file: leave.csv, exported_at: '{small_vendor.EXPORTED}'}}\n")
    with (folder / "engagement.yaml").open("a", encoding="utf-8") as engagement:
        engagement.write(terms)
    return vendor


def judged(folder: Path) -> tuple[Answer, Path]:
    answer = ctrlkit(folder, *arguments(folder, "--format", "json", profile="own"))
    return answer, newest(folder / "runs")


def test_a_kind_that_never_travels_is_judged_and_counted_and_not_carried(tmp_path: Path) -> None:
    project(tmp_path)
    answer, bundle = judged(tmp_path)
    assert answer.verdicts == {"EML-06": "passed", "OWN-01": "failed"}
    (finding,) = answer.results["OWN-01"]["findings"]
    assert finding["values"] == {}
    assert "unpaid" not in finding["message"].replace("unpaid leave", "")
    assert not list(bundle.rglob("leave*.csv"))
    index: list[dict[str, Any]] = [
        json.loads(line) for line in (bundle / "data" / "evidence" / "index.ndjson").read_text("utf-8").splitlines()
    ]
    (entry,) = [e for e in index if e["kind"] == "leave"]
    assert (entry["restricted"], entry["carried"], len(entry["commitment"])) == (True, False, 64)


def test_a_control_whose_evidence_stayed_behind_is_withheld_and_the_rest_replays(tmp_path: Path) -> None:
    project(tmp_path)
    _, bundle = judged(tmp_path)
    answer = ctrlkit(tmp_path, "replay", bundle)
    assert answer.code == 0, answer.out
    again = ctrlkit(tmp_path, "run", bundle, "--out", tmp_path / "again", "--format", "json")
    result = again.results["OWN-01"]
    assert (result["verdict"], result["cause"]) == ("inconclusive", "withheld")
    assert "failed" in result["reason"], "the vendor's claim belongs into the reason"
    assert (again.verdicts["EML-06"], again.code) == ("passed", 2)


def test_a_control_that_would_have_read_what_stayed_behind_is_left_out_and_named(tmp_path: Path) -> None:
    """It can do without, so it decides from the bundle as well, but not in the same words: nothing was altered."""
    project(tmp_path)
    needed, asserted = "    assert_every(mail_rules, col('enabled') | ~col('enabled'))\n", "    assert_every(leave,"
    optional = (
        LEAVE.replace("@reads(", '@reads(mail_rules="enabled")\n@reads.optional(')
        .replace("leave(leave):", "leave(mail_rules, leave):")
        .replace(asserted, f"{needed}    if leave is not None:\n    {asserted}")
    )
    (tmp_path / "controls" / "leave.py").write_text(optional, "utf-8")
    _, bundle = judged(tmp_path)
    answer = ctrlkit(tmp_path, "replay", bundle)
    assert answer.code == 0, answer.out
    assert answer.out.splitlines() == [
        "not compared, as evidence of theirs stays behind: OWN-01",
        "identical: the same results, byte for byte, of all others",
    ]


def test_a_ground_in_the_engagement_lets_a_kind_travel(tmp_path: Path) -> None:
    project(tmp_path, "carry_restricted: {leave: sharing agreement 2026-04}\n")
    _, bundle = judged(tmp_path)
    assert list(bundle.rglob("leave.csv"))
    again = ctrlkit(tmp_path, "run", bundle, "--out", tmp_path / "again", "--format", "json")
    assert again.verdicts == {"EML-06": "passed", "OWN-01": "failed"}


def test_replay_says_that_a_control_has_changed_since(tmp_path: Path) -> None:
    project(tmp_path, "carry_restricted: {leave: sharing agreement 2026-04}\n")
    _, bundle = judged(tmp_path)
    assert ctrlkit(tmp_path, "replay", bundle).code == 0
    (tmp_path / "controls" / "leave.py").write_text(LEAVE.replace('"unpaid",', '"sick",'), "utf-8")
    answer = ctrlkit(tmp_path, "replay", bundle)
    assert answer.code == 1
    assert "controls/leave.py" in answer.out
    assert "OWN-01" in answer.out


def test_replay_where_a_control_is_not_installed_is_different_and_says_which(tmp_path: Path) -> None:
    project(tmp_path / "project")
    _, bundle = judged(tmp_path / "project")
    answer = ctrlkit(tmp_path / "elsewhere", "replay", bundle)
    assert answer.code == 1
    assert "OWN-01" in answer.out


def test_a_control_in_a_bundle_is_never_executed(sealed: Path) -> None:
    """The sources travel to be read: under names that are no modules beside one another."""
    sources = sorted((sealed / "data" / "controls").iterdir())
    assert sources
    assert not (sealed / "data" / "ctrlkit.toml").exists()


def reseal(bundle: Path) -> None:
    """Make the manifests agree again with whatever lies in the bundle, as a forger would."""

    def sums(names: list[str]) -> bytes:
        lines = [f"{hashlib.sha256((bundle / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
        return "".join(lines).encode()

    payload = sorted(p.relative_to(bundle).as_posix() for p in (bundle / "data").rglob("*") if p.is_file())
    (bundle / "manifest-sha256.txt").write_bytes(sums(payload))
    info = bundle / "bag-info.txt"
    oxum = f"Payload-Oxum: {sum((bundle / name).stat().st_size for name in payload)}.{len(payload)}"
    info.write_bytes(re.sub(rb"Payload-Oxum: [0-9.]+", oxum.encode(), info.read_bytes()))
    tags = (bundle / "tagmanifest-sha256.txt").read_text("utf-8").splitlines()
    (bundle / "tagmanifest-sha256.txt").write_bytes(sums([line.split("  ", 1)[1] for line in tags]))


def test_evidence_that_was_exchanged_and_sealed_again_does_not_replay(copied: Path, tmp_path: Path) -> None:
    evidence = copied / "data" / "evidence" / "mail_rules.csv"
    evidence.write_bytes(evidence.read_bytes().replace(b"letters.example", b"harbor.example"))
    results = copied / "data" / "results" / "results.ndjson"
    kept = [line for line in results.read_bytes().splitlines(keepends=True) if b'"EML-06"' not in line]
    results.write_bytes(b"".join(kept))
    reseal(copied)
    assert ctrlkit(tmp_path, "verify", copied).code == 1
    assert ctrlkit(tmp_path, "replay", copied).code in (1, 3)


def test_a_cell_that_changes_no_verdict_is_still_another_digest(copied: Path, tmp_path: Path) -> None:
    evidence = copied / "data" / "evidence" / "datasets.csv"
    evidence.write_bytes(evidence.read_bytes().replace(b"contract 7.2", b"contract 9.9"))
    reseal(copied)
    assert ctrlkit(tmp_path, "verify", copied).code == 1
    assert ctrlkit(tmp_path, "replay", copied).code in (1, 3)


def test_evidence_left_out_of_a_bundle_is_withheld_only_where_its_kind_stays_behind(
    copied: Path, tmp_path: Path
) -> None:
    (copied / "data" / "evidence" / "mail_rules.csv").unlink()
    reseal(copied)
    answer = ctrlkit(tmp_path, "replay", copied)
    assert (answer.code, "mail_rules.csv" in answer.out) == (1, True)
    again = ctrlkit(tmp_path, "run", copied, "--format", "json")
    assert (again.verdicts["EML-06"], again.code) == ("inconclusive", 2)


def test_a_bundle_of_another_vendor_than_the_engagement_asks_is_refused(copied: Path, tmp_path: Path) -> None:
    terms = tmp_path / "engagement.yaml"
    text = small_vendor.ENGAGEMENT.replace(small_vendor.VENDOR, "Lagoon Contact Services, Inc.")
    terms.write_text(text, "utf-8")
    answer = ctrlkit(tmp_path, "run", copied, "--engagement", terms)
    assert (answer.code, answer.out) == (3, "")
    assert "Lagoon" in answer.err


def test_the_bundle_of_a_bundle_replays_too(copied: Path, tmp_path: Path) -> None:
    assert ctrlkit(tmp_path, "run", copied, *DECIDED, "--out", tmp_path / "again").code == 1
    second = newest(tmp_path / "again")
    assert ctrlkit(tmp_path, "verify", second).code == 0
    answer = ctrlkit(tmp_path, "replay", second)
    assert answer.code == 0, answer.out
