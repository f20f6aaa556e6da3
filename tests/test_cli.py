"""Wrong words and wrong documents: exit 3, one line that names file and line, nothing on stdout, nothing written."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

import pytest
import small_vendor
from commands import Answer, ctrlkit
from small_vendor import arguments

from ctrlkit.options import parser_of

COMMANDS = (
    *("run", "init", "check", "verify", "replay", "list", "explain", "keygen", "clean"),
    *("collect", "completion", "diff", "handover", "history", "new", "receipt", "rekey", "report", "request", "reveal"),
    *("sample", "sign", "stamp", "test"),
)


def test_help_of_every_command_gives_an_example(tmp_path: Path) -> None:
    assert ctrlkit(tmp_path, "--help").code == 0
    for command in COMMANDS:
        answer = ctrlkit(tmp_path, command, "--help")
        assert answer.code == 0
        assert f"example: ctrlkit {command}" in answer.out


def test_help_shows_every_command_once_in_a_group_with_what_it_does(tmp_path: Path) -> None:
    _, _, groups = ctrlkit(tmp_path, "--help").out.partition("\n\nstart, and ask for evidence:\n")
    shown = [line.split()[0] for line in groups.splitlines() if line.startswith("  ")]
    assert sorted(shown) == sorted(COMMANDS)


def test_every_example_of_help_can_be_read_by_the_command(tmp_path: Path) -> None:
    for command in COMMANDS:
        for line in ctrlkit(tmp_path, command, "--help").out.splitlines():
            if line.startswith("example: "):
                words = shlex.split(re.split(r" [|>]", line)[0].removeprefix("example: "))
                assert parser_of(words[1:]).parse_args(words[1:]).command == command


def test_version_is_the_one_that_is_installed(tmp_path: Path) -> None:
    assert ctrlkit(tmp_path, "--version").out.startswith("ctrlkit 0.")


def refused(answer: Answer, *words: str) -> None:
    """The answer is exit 3, silent on stdout, and one line on stderr that holds these words."""
    assert answer.code == 3, answer.out + answer.err
    assert answer.out == ""
    said = [line for line in answer.err.splitlines() if not line.startswith("own file ")]
    assert len(said) == 1, answer.err
    assert "Traceback" not in answer.err
    missing = [word for word in words if word not in said[0]]
    assert not missing, f"{missing} not in {said[0]!r}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--profil", "bpo-philippines"], ["--profil", 'did you mean "--profile"']),
        (["--profile", "bpo-filipines"], ["bpo-filipines", 'did you mean "bpo-philippines"']),
        (["--select", "MFA-1"], ["MFA-1", "did you mean"]),
        (["--select", "emial"], ["emial", 'did you mean "email"']),
        (["--as-of", "yesterday"], ["--as-of", "yesterday"]),
        (["--as-of", "2026-11-31"], ["2026-11-31"]),
        (["--as-of", "2026-11-02T09:00:00"], ["2026-11-02T09:00:00", "offset"]),
        (["--fail-on", "severe"], ["severe", "critical"]),
        (["--engine", "pandas"], ["pandas", "polars"]),
        (["--format", "xml"], ["xml", "json"]),
        (["--out", "engagement.yaml"], ["--out", "engagement.yaml"]),
        (["--engagement", "nowhere.yaml"], ["nowhere.yaml"]),
        (["--waivers", "nowhere.yaml"], ["nowhere.yaml"]),
        (["--attestations", "nowhere.yaml"], ["nowhere.yaml"]),
        (["--engagement-key", "nowhere.key"], ["nowhere.key"]),
        (["--client-pack", "nowhere"], ["nowhere"]),
        (["--junit", "vendor"], ["--junit vendor", "is a folder"]),
        (["--markdown", "engagement.yaml/views/run.md"], ["--markdown", "engagement.yaml is a file"]),
        (["--limit", "ws-0142"], ["--limit", "ws-0142", "a role of a host"]),
    ],
)
def test_a_wrong_word_is_refused_before_anything_is_written(words: list[str], said: list[str], tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    refused(ctrlkit(tmp_path, *arguments(tmp_path), *words), *said)
    assert not (tmp_path / "runs").exists()


def test_a_pack_that_is_not_there_is_refused(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    words = [w if w != str(tmp_path / "vendor") else str(tmp_path / "nobody") for w in arguments(tmp_path)]
    refused(ctrlkit(tmp_path, *words), "nobody")
    assert not (tmp_path / "runs").exists()


def test_a_slip_in_the_only_role_of_a_host_is_refused_and_takes_it_out_of_no_control(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    (tmp_path / "inventory.yaml").write_text("hosts:\n  - {name: crm-db1, roles: [sever]}\n", "utf-8")
    refused(ctrlkit(tmp_path, *arguments(tmp_path)), "inventory.yaml:2: crm-db1", 'did you mean "server"?')
    assert not (tmp_path / "runs").exists()


PROFILE = "name: own\ntitle: Own\nextends: [bpo-philippines]\n"
TERMS = small_vendor.ENGAGEMENT
WAIVER = "subject: organisation, reason: r, approved_by: ciso, expires: 2026-12-31}\n"
ROSTER = f"{{file: roster.csv, exported_at: '{small_vendor.EXPORTED}'"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (PROFILE + "parms: {}\n", 4, ["parms", 'did you mean "params"']),
        (PROFILE + "title: Twice\n", 4, ["title", "twice"]),
        (PROFILE + "controls: {add: [MFA-1]}\n", 4, ["MFA-1", "did you mean"]),
        (PROFILE + "controls:\n  add:\n    - MFA-01\n    - NOT-99\n", 7, ["NOT-99"]),
        (PROFILE + "params: {MFA-01: {coverge: 90}}\n", 4, ["coverge", 'did you mean "coverage"']),
        (PROFILE + "params: {MFA-01: {coverage: 101}}\n", 4, ["coverage", "101", "100"]),
        (PROFILE + "params: {MFA-01: {coverage: -1}}\n", 4, ["coverage", "-1"]),
        (PROFILE + "params: {MFA-01: {coverage: most}}\n", 4, ["coverage", "most"]),
        (PROFILE + "params: {LOG-03: {roles: [agnet]}}\n", 4, ["agnet", "agent"]),
        (PROFILE + "params: {NOT-99: {coverage: 1}}\n", 4, ["NOT-99"]),
        (PROFILE + "freshness: {rooster: 7 days}\n", 4, ["rooster", 'did you mean "roster"']),
        (PROFILE + "freshness: {roster: soon}\n", 4, ["soon", "days"]),
        (PROFILE + "minimum_grade: {default: best}\n", 4, ["best"]),
        (PROFILE + "attestable: [NOT-99]\n", 4, ["NOT-99"]),
        ("name: own\ntitle: Own\nextends: [bpo-filipines]\n", 3, ["bpo-filipines", "did you mean"]),
        ("title: Own\n", 1, ["name"]),
        (PROFILE + "x: &a 1\n", 4, ["&a"]),
        (PROFILE + "params: !!python/object:os.system {}\n", 4, []),
        (PROFILE + "\tparams: {}\n", 4, []),
        ("", 1, []),
    ],
)
def test_a_wrong_profile_is_refused_with_file_and_line(text: str, line: int, said: list[str], tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    (tmp_path / "own.yaml").write_text(text, "utf-8")
    answer = ctrlkit(tmp_path, *arguments(tmp_path, profile=str(tmp_path / "own.yaml")))
    refused(answer, f"own.yaml:{line}:", *said)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("client: acme\n", "cleint: acme\n", ["cleint", 'did you mean "client"']),
        ("country: PH", "country: Philippines", ["Philippines"]),
        ("country: PH\n", "", ["country"]),
        ("end: 2026-10-31", "end: 2026-09-30", ["2026-09-30"]),
        ("end: 2026-10-31", "end: 2026-10-32", ["2026-10-32"]),
        ("Asia/Manila\nperiod", "Asia/Manilla\nperiod", ["Asia/Manilla"]),
        ("203.0.113.0/24", "203.0.113.7/24", ["203.0.113.7/24"]),
        ("issued_by: client", "issued_by: auditor", ["auditor"]),
        ("features: [", "may_be_empty: [rooster]\nfeatures: [", ["rooster", 'did you mean "roster"']),
        ("features: [", "deferred: [{control: NOT-99, until: 2027-01-31, why: w}]\nfeatures: [", ["NOT-99"]),
        ("features: [", "carry_restricted: {roster: because}\nfeatures: [", ["roster"]),
    ],
)
def test_a_wrong_engagement_is_refused_with_file_and_line(old: str, new: str, said: list[str], tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    assert old in TERMS
    (tmp_path / "engagement.yaml").write_text(TERMS.replace(old, new, 1), "utf-8")
    refused(ctrlkit(tmp_path, *arguments(tmp_path)), "engagement.yaml:", *said)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  roster: {", "  rooster: {", ["rooster", 'did you mean "roster"']),
        ("  roster: {file: roster.csv", "  roster: {fiel: roster.csv", ["fiel"]),
        ("  roster: {file: roster.csv", "  roster: {file: ../engagement.yaml", ["../engagement.yaml"]),
        ("  roster: {file: roster.csv", "  roster: {file: /etc/hosts", ["/etc/hosts"]),
        ("  roster: {", "  accounts: {file: a.csv}\n  roster: {", ["accounts"]),
        ("engagement: acme-2026-10", "engagement: acme-2026-09", ["acme-2026-09", "acme-2026-10"]),
        (small_vendor.VENDOR, "Lagoon Contact Services, Inc.", ["Lagoon"]),
        ("vendor: ", "verdicts: passed\nvendor: ", ["verdicts"]),
        (
            ROSTER.replace(", exp", ", method: export, exp"),
            ROSTER + ", columns: {A: employe_id}",
            ["employe_id", "did you mean"],
        ),
        (ROSTER.replace(", exp", ", method: export, exp"), ROSTER + ", columns: {A: status, B: status}", ["status"]),
        (
            ROSTER.replace(", exp", ", method: export, exp"),
            ROSTER + ", values: {status: {terminated: active}}",
            ["terminated"],
        ),
        (
            ROSTER.replace(", exp", ", method: export, exp"),
            ROSTER + ", values: {status: {unknown: active}}",
            ["unknown"],
        ),
        (ROSTER.replace(", exp", ", method: export, exp"), ROSTER + ", constants: {stauts: active}", ["stauts"]),
    ],
)
def test_a_wrong_pack_is_refused_with_file_and_line(old: str, new: str, said: list[str], tmp_path: Path) -> None:
    pack = small_vendor.write(tmp_path) / "pack.yaml"
    text = pack.read_text("utf-8")
    assert old in text
    pack.write_text(text.replace(old, new, 1), "utf-8")
    refused(ctrlkit(tmp_path, *arguments(tmp_path)), "pack.yaml:", *said)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["mfa_enrolled", "enabled"])
def test_a_map_that_turns_no_into_yes_is_refused(name: str, tmp_path: Path) -> None:
    pack = small_vendor.write(tmp_path) / "pack.yaml"
    text = pack.read_text("utf-8").replace(
        "{file: accounts.csv,", f"{{file: accounts.csv, values: {{{name}: {{no: yes}}}},"
    )
    pack.write_text(text, "utf-8")
    refused(ctrlkit(tmp_path, *arguments(tmp_path)), "pack.yaml:", name)


def test_a_link_that_leaves_the_pack_is_refused(tmp_path: Path) -> None:
    vendor = small_vendor.write(tmp_path)
    outside = tmp_path / "roster.csv"
    (vendor / "roster.csv").rename(outside)
    try:
        (vendor / "roster.csv").symlink_to(outside)
    except OSError:
        outside.rename(vendor / "roster.csv")
        return
    refused(ctrlkit(tmp_path, *arguments(tmp_path)), "roster.csv")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"- {{control: NOT-99, {WAIVER}", ["waivers.yaml:1:", "NOT-99"]),
        (f"- {{control: LOG-7, {WAIVER}", ["waivers.yaml:1:", "LOG-7", "did you mean"]),
        (f"- {{control: LOG-07, until: 2026-12-31, {WAIVER}", ["waivers.yaml:1:", "until"]),
        ("- {control: LOG-07, subject: organisation, reason: r, approved_by: ciso}\n", ["waivers.yaml:1:", "expires"]),
        (f"- {{control: LOG-07, control: MFA-01, {WAIVER}", ["waivers.yaml:1:", "control", "twice"]),
    ],
)
def test_a_wrong_waiver_is_refused_with_file_and_line(text: str, said: list[str], tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    (tmp_path / "waivers.yaml").write_text(text, "utf-8")
    refused(ctrlkit(tmp_path, *arguments(tmp_path, "--waivers", str(tmp_path / "waivers.yaml"))), *said)
    assert not (tmp_path / "runs").exists()


def test_what_lies_in_the_output_folder_is_left_alone_when_a_document_is_wrong(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "latest").write_text("before\n", "utf-8")
    (tmp_path / "own.yaml").write_text("name: own\n", "utf-8")
    refused(ctrlkit(tmp_path, *arguments(tmp_path, profile=str(tmp_path / "own.yaml"))), "own.yaml:1:", "title")
    assert [p.name for p in (tmp_path / "runs").iterdir()] == ["latest"]
    assert (tmp_path / "runs" / "latest").read_text("utf-8") == "before\n"


def test_a_fault_of_our_own_ends_in_5_and_is_never_a_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> NoReturn:
        raise ZeroDivisionError

    small_vendor.write(tmp_path)
    monkeypatch.setattr("ctrlkit.gather.from_packs", broken)
    answer = ctrlkit(tmp_path, *arguments(tmp_path, "--format", "json"))
    assert (answer.code, answer.out, len(answer.err.splitlines())) == (5, "", 1)
    assert "ZeroDivisionError" in answer.err
    loud = ctrlkit(tmp_path, *arguments(tmp_path, "--format", "json", "-v"))
    assert (loud.code, loud.out, "Traceback" in loud.err) == (5, "", True)


def test_an_interrupted_run_ends_in_130_and_leaves_no_bundle(tmp_path: Path) -> None:
    """A real signal to a real process, sent while the sample is being read."""
    code = "import sys; from ctrlkit.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", code, "run", "--profile", "bpo-philippines", "-v"]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        if process.stderr is None:
            raise AssertionError
        while "reading" not in process.stderr.readline():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert not (tmp_path / "runs" / "latest").exists()


def test_assertions_must_not_vanish_so_python_o_is_refused(tmp_path: Path) -> None:
    code = "import sys; from ctrlkit.cli import main; sys.exit(main())"
    words = [sys.executable, "-O", "-c", code, "run", "--profile", "bpo-philippines"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1)
    assert not list(tmp_path.iterdir())


def test_a_hostile_folder_changes_nothing(tmp_path: Path) -> None:
    """Modules, pytest settings and plugins that lie in the current folder are not loaded."""
    boom = "raise SystemExit('loaded')\n"
    for name in ("conftest.py", "polars.py", "json.py", "sitecustomize.py", "controls/evil.py", "plugins/evil.py"):
        path = tmp_path / "cwd" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(boom, "utf-8")
    (tmp_path / "cwd" / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n", "utf-8")
    small_vendor.write(tmp_path / "x")
    answer = ctrlkit(tmp_path / "cwd", *arguments(tmp_path / "x", "--format", "json"))
    assert set(answer.verdicts.values()) == {"passed"}


def test_an_adapter_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "users.csv").write_text("system,account_id,enabled\ncrm,ana,true\n", "utf-8")
    pack = "vendor: Example\nevidence:\n  accounts:\n    file: users.csv\n    adapter: entra_user\n"
    (tmp_path / "evidence" / "pack.yaml").write_text(pack, "utf-8")
    for command in ("check", "run"):
        answer = ctrlkit(tmp_path, command, "--profile", "first-hour")
        assert answer.code == 3
        assert 'pack.yaml:3: accounts: no adapter "entra_user"; did you mean "entra_users"' in answer.err
    assert not (tmp_path / "runs").exists()


def test_a_feature_that_is_a_slip_is_refused_and_takes_nothing_out_of_scope(tmp_path: Path) -> None:
    (tmp_path / "engagement.yaml").write_text(
        "id: e-1\nissued_by: client\nvendor: Example\ncountry: PH\nperiod: {start: 2026-10-01, end: 2026-10-31}\n"
        "features: [card_dta]\n",
        "utf-8",
    )
    (tmp_path / "pack.yaml").write_text("vendor: Example\nengagement: e-1\n", "utf-8")
    answer = ctrlkit(tmp_path, "check", "--profile", "bpo-philippines")
    assert answer.code == 3
    assert 'features#1: no control knows the feature "card_dta"' in answer.err
