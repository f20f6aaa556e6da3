"""A run from outside: what it prints, writes and ends in, and that nothing but its inputs decides it."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import small_vendor
from commands import Answer, ctrlkit
from small_vendor import arguments

RESULT_KEYS = [
    "control", "subject", "verdict", "severity", "reason", "cause", "grade", "population", "exceptions", "params",
    "findings", "notes", "evidence", "attested", "waiver",
]  # fmt: skip
ALL = [
    "ACC-01",
    "ACC-06",
    "EML-05",
    "EML-06",
    "LOG-01",
    "LOG-03",
    "LOG-07",
    "MFA-01",
    "MFA-03",
    "REM-01",
    "RET-01",
    "RET-02",
]


class Weak:
    """One run over the weak vendor: where, what it said, its bundle."""

    def __init__(self, folder: Path) -> None:
        small_vendor.write(folder, small_vendor.weak())
        self.folder = folder
        self.answer: Answer = ctrlkit(folder, *arguments(folder, "--format", "json", "--junit", str(folder / "j.xml")))
        self.bundle = folder / "runs" / (folder / "runs" / "latest").read_text("utf-8").strip()

    @property
    def lines(self) -> bytes:
        return (self.bundle / "data" / "results" / "results.ndjson").read_bytes()


@pytest.fixture(scope="module")
def weak(tmp_path_factory: pytest.TempPathFactory) -> Weak:
    return Weak(tmp_path_factory.mktemp("weak"))


def verdict(folder: Path, id_: str, *more: str, **options: Any) -> dict[str, Any]:
    """The result of one control over the vendor in `folder`."""
    return ctrlkit(folder, *arguments(folder, "--select", id_, "--format", "json", *more), **options).results[id_]


def test_the_json_holds_exit_counts_bundle_and_one_result_per_control_in_the_order_of_the_contract(weak: Weak) -> None:
    said = weak.answer.said
    assert list(said) == ["exit", "counts", "bundle", "results"]
    assert said["exit"] == weak.answer.code == 1
    assert sum(said["counts"].values()) == len(said["results"]) == 12
    assert [r["control"] for r in said["results"]] == ALL
    assert all(list(r) == RESULT_KEYS for r in said["results"])
    found = {id_: len(r["findings"]) for id_, r in weak.answer.results.items() if r["findings"]}
    assert found == small_vendor.WEAK
    assert (weak.folder / said["bundle"]).resolve() == weak.bundle.resolve()


def test_the_lines_of_the_bundle_are_the_results_that_were_printed_without_spare_space(weak: Weak) -> None:
    lines = weak.lines.decode("utf-8").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == weak.answer.said["results"]
    for line in lines:
        assert line == json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":"))


def test_findings_point_to_the_row_of_the_file_as_a_person_counts_it(weak: Weak) -> None:
    (finding,) = weak.answer.results["EML-06"]["findings"]
    assert list(finding) == ["key", "message", "values", "sources", "more"]
    assert finding["sources"][0] == {"kind": "mail_rules", "party": "vendor", "file": "mail_rules.csv", "row": 3}
    rows = [f["sources"][0]["row"] for f in weak.answer.results["LOG-07"]["findings"]]
    assert rows == [n + 2 for n in small_vendor.ABROAD]


def test_findings_csv_has_one_line_per_finding(weak: Weak) -> None:
    with (weak.bundle / "data" / "results" / "findings.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == sum(small_vendor.WEAK.values())
    keys = {f["key"] for r in weak.answer.results.values() for f in r["findings"]}
    assert {value for line in lines for value in line.values() if value in keys} == keys


def test_junit_has_a_case_per_control_and_says_failure_error_and_skipped_as_the_contract_does(weak: Weak) -> None:
    root = ET.fromstring((weak.folder / "j.xml").read_bytes())  # noqa: S314  written by ourselves
    cases = list(root.iter("testcase"))
    assert sorted(case.attrib["name"].split(" ")[0] for case in cases) == ALL
    assert {case.attrib["classname"].split(".")[0] for case in cases} == {"bpo-philippines"}
    failed = {case.attrib["name"].split(" ")[0] for case in cases if case.find("failure") is not None}
    assert failed == set(small_vendor.WEAK)
    assert {f.attrib["type"] for f in root.iter("failure")} == {"failed"}
    assert (weak.bundle / "data" / "results" / "junit.xml").read_bytes() == (weak.folder / "j.xml").read_bytes()


def test_sha256sum_and_bagit_accept_the_bundle(weak: Weak) -> None:
    """Both as programs of their own, as somebody without ctrlkit would run them."""
    sums = shutil.which("sha256sum")
    assert sums is not None, "sha256sum is missing: apt-get install coreutils"
    for words in ([sums, "-c", "manifest-sha256.txt"], [sys.executable, "-m", "bagit", "--validate", "."]):
        done = subprocess.run(words, cwd=weak.bundle, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_bundle_holds_what_the_contract_lists_and_its_name_says_whose_it_is(weak: Weak) -> None:
    there = {p.relative_to(weak.bundle).as_posix() for p in weak.bundle.rglob("*") if p.is_file()}
    wanted = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "VERIFY.txt"}
    wanted |= {f"data/{name}" for name in ("run.json", "engagement.yaml", "pack.yaml", "evidence/index.ndjson")}
    wanted |= {f"data/results/{name}" for name in ("results.ndjson", "findings.csv", "junit.xml", "report.html")}
    wanted |= {"data/evidence/roster.csv", "data/evidence/client/client_accounts.csv"}
    assert wanted <= there
    assert weak.bundle.name.startswith("bpo-philippines-harbor-contact-services-inc-2026-11-02-")
    assert any(name.startswith("data/controls/") for name in there)
    head = (weak.bundle / "data" / "evidence" / "roster.csv").read_text("utf-8").splitlines()[0]
    assert head.startswith("_file,_row,")


def elsewhere(folder: Path, words: list[str], env: Mapping[str, str]) -> None:
    """A run in a process of its own, started in another folder."""
    code = "import sys; from ctrlkit.cli import main; sys.exit(main())"
    cwd = folder / "somewhere else"
    cwd.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1, done.stderr


@pytest.mark.parametrize(
    "case",
    [
        {"TZ": "America/St_Johns", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"},
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "random", "engine": "duckdb"},
    ],
)
def test_results_are_the_same_bytes_in_another_folder_zone_locale_hash_order_and_engine(
    case: dict[str, str], weak: Weak, tmp_path: Path
) -> None:
    folder = tmp_path / "a b" / "ünder"
    vendor = small_vendor.write(folder, small_vendor.weak())
    head, _, entries = (vendor / "pack.yaml").read_text("utf-8").partition("evidence:\n")
    (vendor / "pack.yaml").write_text(
        head + "evidence:\n" + "".join(sorted(entries.splitlines(True), reverse=True)), "utf-8"
    )
    env = {name: value for name, value in case.items() if name.isupper()}
    elsewhere(folder, arguments(folder, "--engine", case.get("engine", "polars")), env)
    bundle = folder / "runs" / (folder / "runs" / "latest").read_text("utf-8").strip()
    assert (bundle / "data" / "results" / "results.ndjson").read_bytes() == weak.lines


def test_clear_copies_change_no_result(weak: Weak, tmp_path: Path) -> None:
    small_vendor.write(tmp_path, small_vendor.weak())
    answer = ctrlkit(tmp_path, *arguments(tmp_path, "--format", "json", "--privacy", "clear"))
    assert answer.said["results"] == weak.answer.said["results"]


@pytest.mark.parametrize(("limit", "code"), [("critical", 0), ("high", 1), ("medium", 1), ("low", 1)])
def test_fail_on_decides_which_failures_count(limit: str, code: int, tmp_path: Path) -> None:
    """EML-06 is high: below critical it ends in 1, above in 0; the verdict stays failed."""
    small_vendor.write(tmp_path, small_vendor.weak())
    answer = ctrlkit(tmp_path, *arguments(tmp_path, "--select", "EML-06", "--fail-on", limit, "--format", "json"))
    assert (answer.code, answer.verdicts) == (code, {"EML-06": "failed"})


def test_something_inconclusive_outranks_a_failure(tmp_path: Path) -> None:
    small_vendor.write(tmp_path, {**small_vendor.weak(), "datasets": None})
    answer = ctrlkit(tmp_path, *arguments(tmp_path, "--select", "EML-06,RET-01", "--format", "json"))
    assert answer.verdicts == {"EML-06": "failed", "RET-01": "inconclusive"}
    assert answer.results["RET-01"]["cause"] == "missing"
    assert answer.code == 2


def test_a_run_in_which_nothing_applies_ends_in_4(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    terms = tmp_path / "engagement.yaml"
    terms.write_text(terms.read_text("utf-8").replace("card_data, ", ""), "utf-8")
    answer = ctrlkit(tmp_path, *arguments(tmp_path, "--select", "RET-02", "--format", "json"))
    assert (answer.code, answer.verdicts, answer.results["RET-02"]["cause"]) == (
        4,
        {"RET-02": "not_applicable"},
        "scope",
    )


def test_select_takes_ids_and_domains_repeated_or_with_commas(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    answer = ctrlkit(tmp_path, *arguments(tmp_path, "--select", "ret-01,EML-06", "--select", "mfa", "--format", "json"))
    assert list(answer.verdicts) == ["EML-06", "MFA-01", "MFA-02", "MFA-03", "MFA-04", "RET-01"]


def test_a_kind_that_no_selected_control_reads_is_neither_read_nor_bundled(tmp_path: Path) -> None:
    small_vendor.write(tmp_path, {"roster": b"\x00\xff not a table"})
    answer = ctrlkit(tmp_path, *arguments(tmp_path, "--select", "EML-06", "--format", "json"))
    assert answer.verdicts == {"EML-06": "passed"}
    bundle = tmp_path / answer.said["bundle"]
    assert not list(bundle.rglob("roster.csv"))
    assert not list(bundle.rglob("client_accounts.csv"))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-02", "2026-11-02T15:59:59Z"),
        ("2026-11-02T09:00:00+08:00", "2026-11-02T01:00:00Z"),
        ("2026-11-02T01:00:00Z", "2026-11-02T01:00:00Z"),
    ],
)
def test_as_of_is_an_instant_or_the_last_second_of_a_day_in_the_engagement_s_zone(
    text: str, instant: str, tmp_path: Path
) -> None:
    small_vendor.write(tmp_path)
    answer = ctrlkit(tmp_path, *arguments(tmp_path, "--select", "EML-06", "--as-of", text, "--format", "json"))
    assert json.loads((tmp_path / answer.said["bundle"] / "data" / "run.json").read_bytes())["as_of"] == instant


def waivers(folder: Path, *entries: str) -> str:
    path = folder / "waivers.yaml"
    path.write_text("".join(f"- {{{entry}}}\n" for entry in entries), "utf-8")
    return str(path)


WAIVER = "control: LOG-07, subject: organisation, reason: two trips, approved_by: ciso"


def test_a_waiver_of_the_client_covers_a_failure_until_its_last_day_is_over(tmp_path: Path) -> None:
    small_vendor.write(tmp_path, small_vendor.weak())
    held = verdict(tmp_path, "LOG-07", "--waivers", waivers(tmp_path, f"{WAIVER}, expires: 2026-11-02"))
    assert (held["verdict"], held["waiver"]["approved_by"], len(held["findings"])) == ("waived", "ciso", 2)
    over = verdict(tmp_path, "LOG-07", "--waivers", waivers(tmp_path, f"{WAIVER}, expires: 2026-11-01"))
    assert (over["verdict"], over["waiver"]) == ("failed", None)
    assert any("expired" in note["message"] for note in over["notes"])


def test_a_waiver_of_some_findings_leaves_the_others_failed(tmp_path: Path, weak: Weak) -> None:
    small_vendor.write(tmp_path, small_vendor.weak())
    one, two = (f["key"] for f in weak.answer.results["LOG-07"]["findings"])
    some = waivers(tmp_path, f"{WAIVER}, expires: 2026-12-31, findings: [{one}]")
    assert verdict(tmp_path, "LOG-07", "--waivers", some)["verdict"] == "failed"
    both = waivers(tmp_path, f"{WAIVER}, expires: 2026-12-31, findings: [{one}, {two}]")
    assert verdict(tmp_path, "LOG-07", "--waivers", both)["verdict"] == "waived"


def test_waivers_in_the_pack_are_shown_as_proposed_and_never_counted(tmp_path: Path) -> None:
    vendor = small_vendor.write(tmp_path, small_vendor.weak())
    (vendor / "waivers.yaml").write_text(f"- {{{WAIVER}, expires: 2026-12-31}}\n", "utf-8")
    answer = ctrlkit(tmp_path, *arguments(tmp_path, "--select", "LOG-07"))
    assert answer.code == 1
    assert "waivers.yaml" in answer.out


def attest(folder: Path, entry: str, profile: str = "attestable: [EML-06]") -> Answer:
    (folder / "own.yaml").write_text(f"name: own\ntitle: Own\nextends: [bpo-philippines]\n{profile}\n", "utf-8")
    (folder / "attestations.yaml").write_text(f"- {{control: EML-06, by: site-auditor, {entry}}}\n", "utf-8")
    words = arguments(folder, "--select", "EML-06", "--format", "json", profile=str(folder / "own.yaml"))
    return ctrlkit(folder, *words, "--attestations", folder / "attestations.yaml")


def test_a_person_may_answer_what_is_missing_where_the_profile_lets_them(tmp_path: Path) -> None:
    small_vendor.write(tmp_path, {"mail_rules": None})
    answer = attest(tmp_path, "answer: passed, at: 2026-10-20, valid_until: 2027-01-20")
    result = answer.results["EML-06"]
    assert (result["verdict"], result["grade"], result["attested"]["by"]) == ("passed", "attested", "site-auditor")
    late = attest(tmp_path, "answer: passed, at: 2026-08-20, valid_until: 2026-11-01")
    assert (late.verdicts, late.code) == ({"EML-06": "inconclusive"}, 2)


def test_an_attestation_never_answers_for_evidence_that_is_there(tmp_path: Path) -> None:
    small_vendor.write(tmp_path, small_vendor.weak())
    assert attest(tmp_path, "answer: passed, at: 2026-10-20, valid_until: 2027-01-20").verdicts == {"EML-06": "failed"}
    broken = tmp_path / "broken"
    small_vendor.write(broken, {"mail_rules": b""})
    assert attest(broken, "answer: passed, at: 2026-10-20, valid_until: 2027-01-20").verdicts == {
        "EML-06": "inconclusive"
    }


def test_an_attestation_of_a_control_that_is_not_attestable_is_refused(tmp_path: Path) -> None:
    small_vendor.write(tmp_path, {"mail_rules": None})
    answer = attest(tmp_path, "answer: passed, at: 2026-10-20, valid_until: 2027-01-20", profile="")
    assert answer.code in (2, 3)
    assert "passed" not in answer.out.replace('"passed": 0', "")


def test_where_both_hand_in_a_kind_the_client_s_rows_decide(tmp_path: Path) -> None:
    """The vendor's sign-ins come from abroad, the client's own do not; and the other way round."""
    clean, abroad = small_vendor.render(small_vendor.clean()["auth_events"]), small_vendor.weak()["auth_events"]
    for name, vendors, clients, expected in (("a", abroad, clean, "passed"), ("b", clean, abroad, "failed")):
        folder = tmp_path / name
        small_vendor.write(folder, {"auth_events": vendors})
        (folder / "client" / "auth_events.csv").write_bytes(clients or b"")
        pack = folder / "client" / "pack.yaml"
        entry = f"  auth_events: {{file: auth_events.csv, exported_at: '{small_vendor.EXPORTED}'}}\n"
        pack.write_text(pack.read_text("utf-8") + entry, "utf-8")
        result = verdict(folder, "LOG-07")
        assert result["verdict"] == expected
        assert {e["file"] for e in result["evidence"]} == {"data/evidence/client/auth_events.csv"}
        assert result["grade"] == "client"


def test_a_self_check_says_so_and_asks_for_the_last_full_month(tmp_path: Path) -> None:
    """Without an engagement the vendor checks itself: October, judged in November, and every view says so."""
    vendor = small_vendor.write(tmp_path)
    pack = vendor / "pack.yaml"
    pack.write_text(pack.read_text("utf-8").replace("engagement: acme-2026-10\n", ""), "utf-8")
    words: list[str | Path] = [
        "run",
        vendor,
        "--profile",
        "bpo-philippines",
        "--as-of",
        "2026-11-02",
        "--select",
        "RET-02",
    ]
    answer = ctrlkit(tmp_path / "cwd", *words, "--engagement-key", tmp_path / "engagement.key")
    assert "2026-10-01/2026-10-31" in answer.out
    assert "self-check" in answer.out.lower()
