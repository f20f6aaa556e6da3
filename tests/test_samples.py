"""The sample packs: made again byte for byte, all in them invented, their truth agreed to by a second reading."""

from __future__ import annotations

import csv
import io
import ipaddress
import os
import re
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

import make_samples
import pytest
import sample_first_hour
import sample_hosts
from host_trials import shelf
from sample_oracle import Pack, expected, judge
from sample_place import INDIA, PHILIPPINES
from sample_plants import PLANTS
from sample_rooms import CONTROLS, NOT_DUE, SHOWN

from ctrlkit import transcript
from ctrlkit.kind import shipped
from ctrlkit.transcript import Output, Transcript

SHIPPED = Path(str(files("ctrlkit.evidence"))) / "samples"
NAMES = ("clean-ph", "northwind-ph", "clean-in", "northwind-in")
EVERY = (*NAMES, "first-hour-ph")
DOMAINS = {"ph": PHILIPPINES.domain, "in": INDIA.domain}
OCTOBER = {date(2026, 10, 1) + timedelta(days=n) for n in range(31)}
FREE_MAIL = {"gmail.com", "yahoo.com", "outlook.com"}
DOCUMENTATION = [ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]

Files = dict[str, bytes]


def _shipped(name: str) -> Files:
    folder = SHIPPED / name
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _unpacked(pack: Files) -> Files:
    """The pack with each workbook taken apart: its parts are the same anywhere, its compression need not be."""
    parts: Files = {}
    for path, content in pack.items():
        if path.endswith(".xlsx"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                parts |= {f"{path}!{entry.filename}": archive.read(entry) for entry in archive.infolist()}
        else:
            parts[path] = content
    return parts


def _rows(name: str, file: str) -> list[dict[str, str]]:
    with (SHIPPED / name / file).open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pack in which every control is broken."""
    folder = tmp_path_factory.mktemp("broken")
    make_samples.write(make_samples.pack("broken", 120, PLANTS), folder)
    return folder


def _agreed(folder: Path) -> None:
    """The truth about the controls that the second reading knows is what it finds."""
    truth = expected(folder)
    told = [
        {(r["control"], r["file"], r["row"]) for r in truth[part] if r["control"] in PLANTS}
        for part in ("findings", "undecided")
    ]
    assert list(judge(folder)) == told


@pytest.mark.parametrize("name", EVERY)
def test_generator_writes_the_shipped_pack_byte_for_byte(name: str) -> None:
    again, there = _unpacked(dict(make_samples.shipped())[name]()), _unpacked(_shipped(name))
    assert sorted(again) == sorted(there)
    assert [path for path in again if again[path] != there[path]] == []


def test_generator_does_not_depend_on_hash_seed_time_zone_or_locale(tmp_path: Path) -> None:
    program = Path(make_samples.__file__)
    places = {"PYTHONHASHSEED": "77", "TZ": "America/St_Johns", "LC_ALL": "C"}
    size = ["--people", str(make_samples.LEAST), "--country", "IN"]
    command = [sys.executable, str(program), "--out", str(tmp_path), *size]
    subprocess.run(command, check=True, timeout=120, env={**os.environ, **places})
    written = {p.relative_to(tmp_path).as_posix(): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert written == make_samples.northwind(make_samples.LEAST, INDIA)


@pytest.mark.parametrize("control", sorted(sample_hosts.PLANTS))
def test_each_weakness_of_a_host_alone_changes_one_probe_of_one_host(control: str) -> None:
    whole, weak = sample_hosts.files(), sample_hosts.files([control])
    host, probe, *_ = sample_hosts.PLANTS[control]
    assert [path for path in whole if whole[path] != weak[path]] == [f"hosts/{host}.facts"]
    before, after = (printed(text[f"hosts/{host}.facts"], host) for text in (whole, weak))
    assert [name for name in before if before[name].stdout != after[name].stdout] == [probe]
    (finding,) = sample_hosts.truth([control])["host_findings"]
    assert after[probe].stdout.splitlines()[finding["line"] - 1] not in before[probe].stdout.splitlines()


def printed(text: str, host: str) -> Mapping[str, Output]:
    said = transcript.read(text.encode(), host)
    assert isinstance(said, Transcript)
    assert said.nonce == sample_hosts.NONCE
    return said.probes


@pytest.mark.parametrize("name", NAMES)
def test_hosts_hold_every_probe_that_the_controls_of_their_role_need(name: str) -> None:
    controls = [c for c in shelf().controls.values() if c.id in sample_hosts.CONTROLS]
    for host, roles in sample_hosts.ROLES.items():
        said = printed((SHIPPED / name / "hosts" / f"{host}.facts").read_text("utf-8"), host)
        checks = [check for c in controls for check in c.checks if set(check.roles or ()) & set(roles)]
        assert set(said) == {fact for check in checks for fact in check.facts}, host


@pytest.mark.parametrize("name", NAMES)
def test_truth_is_what_a_plain_reading_of_the_files_finds(name: str) -> None:
    _agreed(SHIPPED / name)


def test_truth_holds_where_every_control_is_broken(broken: Path) -> None:
    _agreed(broken)
    assert {expected(broken)["verdicts"][control] for control in PLANTS} == {"failed"}


@pytest.mark.parametrize("control", sorted(PLANTS))
def test_each_weakness_alone_is_found_and_breaks_its_control(control: str, tmp_path: Path) -> None:
    make_samples.write(make_samples.pack("one", 100, [control]), tmp_path)
    _agreed(tmp_path)
    assert expected(tmp_path)["verdicts"][control] == "failed"


@pytest.mark.parametrize("country", ["ph", "in"])
def test_clean_pack_leaves_nothing_to_find_and_nothing_undecided(country: str) -> None:
    truth = expected(SHIPPED / f"clean-{country}")
    assert Counter(truth["verdicts"].values()) == {"passed": len(CONTROLS), "not_applicable": len(NOT_DUE)}
    assert {v for of_host in truth["host_verdicts"].values() for v in of_host.values()} == {"passed"}
    assert (truth["findings"], truth["undecided"], truth["host_findings"]) == ([], [], [])


@pytest.mark.parametrize("country", ["ph", "in"])
def test_weak_pack_is_green_and_red(country: str) -> None:
    truth = expected(SHIPPED / f"northwind-{country}")
    assert Counter(truth["verdicts"].values()) == {
        "failed": len(SHOWN),
        "passed": len(CONTROLS) - len(SHOWN),
        "not_applicable": len(NOT_DUE),
    }
    server, workstation = (Counter(of_host.values()) for of_host in truth["host_verdicts"].values())
    assert (server, workstation) == ({"failed": 2, "passed": 6}, {"failed": 3, "passed": 6})


@pytest.mark.parametrize("name", EVERY)
def test_truth_has_its_shape(name: str) -> None:
    truth = expected(SHIPPED / name)
    assert list(truth) == ["verdicts", "causes", "findings", "undecided", "host_verdicts", "host_findings"]
    whole = name in NAMES
    assert set(truth["verdicts"]) == ({*CONTROLS, *NOT_DUE} if whole else {*sample_first_hour.CONTROLS})
    assert list(truth["host_verdicts"]) == ([f"host:{host}" for host in sample_hosts.ROLES] if whole else [])
    for line in truth["host_findings"]:
        assert list(line) == ["control", "subject", "probe", "line", "why"]
        assert truth["host_verdicts"][line["subject"]][line["control"]] == "failed"
    for line in [*truth["findings"], *truth["undecided"]]:
        assert list(line) == ["control", "party", "kind", "file", "row", "why"]
        assert line["kind"] in shipped()
        assert line["row"] > 1
        folder = SHIPPED / name / ("client" if line["party"] == "client" else "")
        assert (folder / line["file"]).is_file()
    failed = {line["control"] for line in truth["findings"]}
    assert failed == {control for control, verdict in truth["verdicts"].items() if verdict == "failed"}


def _words(name: str) -> Iterator[str]:
    for content in _unpacked(_shipped(name)).values():
        yield content.decode()


@pytest.mark.parametrize("name", EVERY)
def test_addresses_are_documentation_addresses(name: str) -> None:
    found = {a for text in _words(name) for a in re.findall(r"(?<![\d.\w])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])", text)}
    assert found
    assert [a for a in found if not any(ipaddress.ip_address(a) in net for net in DOCUMENTATION)] == []


@pytest.mark.parametrize("name", EVERY)
def test_domains_are_examples_and_free_mail_stands_without_addresses(name: str) -> None:
    texts = [text.replace("schemas.openxmlformats.org", "") for text in _words(name)]
    hosts = {h for text in texts for h in re.findall(r"[\w.-]+\.(?:com|net|org|ph|in|io|example)\b", text)}
    assert {h for h in hosts if not h.endswith(".example")} <= FREE_MAIL
    mailboxes = {d for text in texts for d in re.findall(r"[\w.]@([\w.-]+)", text)}
    assert mailboxes == {DOMAINS[name[-2:]]}


@pytest.mark.parametrize("name", EVERY)
def test_text_files_end_lines_with_lf_and_hold_plain_utf_8(name: str) -> None:
    for path, content in _shipped(name).items():
        if not path.endswith(".xlsx"):
            assert b"\r" not in content, path
            assert content.decode().endswith("\n"), path


@pytest.mark.parametrize("name", NAMES)
def test_canonical_files_have_columns_of_their_kind(name: str) -> None:
    canonical = {
        "entra/accounts.csv": "accounts", "crm/accounts.csv": "accounts", "dialler/accounts.csv": "accounts",
        "crm/sign_ins.csv": "auth_events", "dialler/sign_ins.csv": "auth_events",
        "dialler/recordings.csv": "recordings",
        "hr/leave.csv": "leave", "hr/leavers.csv": "leavers", "mail/mail_trace.csv": "mail_trace",
        "mail/mail_rules.csv": "mail_rules",
        "identity_map.csv": "identity_map", "datasets.csv": "datasets",
        "settings.csv": "settings", "client/client_accounts.csv": "client_accounts",
    }  # fmt: skip
    for file, kind in canonical.items():
        rows = _rows(name, file)
        assert set(rows[0]) <= set(shipped()[kind].columns), file
        assert not [r for r in rows for column in shipped()[kind].required if not r[column]], file


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_unique_where_the_kind_asks_for_it(name: str) -> None:
    pack = Pack(SHIPPED / name)
    assert max(Counter((r["system"], r["account_id"]) for r in pack.accounts).values()) == 1
    assert max(Counter(r["recording_id"] for r in _rows(name, "dialler/recordings.csv")).values()) == 1
    assert len(pack.everyone) == len(_rows(name, "hr/roster_2026-11-01.csv"))
    days = Counter((person, s["work_date"]) for person, sheets in pack.sheets.items() for s in sheets)
    assert max(days.values()) == 1


@pytest.mark.parametrize("name", NAMES)
def test_events_cover_every_day_of_october_and_none_lies_outside(name: str) -> None:
    pack = Pack(SHIPPED / name)
    logs = {"crm/sign_ins.csv", "dialler/sign_ins.csv", "mail/mail_trace.csv", "dialler/recordings.csv"}
    for file in sorted(logs):
        assert {pack.local_day(r["ts"]) for r in _rows(name, file)} == OCTOBER, file
    portal = _rows(name, "entra/InteractiveSignIns_2026-11-01.csv")
    assert {pack.local_day(r["Date (UTC)"]) for r in portal} == OCTOBER
    worked = {s["work_date"] for sheets in pack.sheets.values() for s in sheets}
    assert worked == OCTOBER | {date(2026, 9, 30)}


def test_night_shifts_cross_midnight_and_the_first_of_the_month() -> None:
    pack = Pack(SHIPPED / "clean-ph")
    sheets = [s for of_person in pack.sheets.values() for s in of_person if s["clock_in"]]
    assert sum(s["clock_out"].date() > s["work_date"] for s in sheets) > 1000
    first = [
        r for r in pack.sign_ins() if pack.local_day(r["ts"]) == date(2026, 10, 1) and pack.instant(r["ts"]).hour < 23
    ]
    assert first, "sign-ins after midnight of 1 October belong to the shift of 30 September"


@pytest.mark.parametrize("country", ["ph", "in"])
def test_the_two_packs_of_a_country_differ_only_where_something_was_planted(country: str) -> None:
    clean, weak = (_shipped(f"{name}-{country}") for name in ("clean", "northwind"))
    same = {path for path in clean if weak.get(path) == clean[path]}
    assert {"hr/roster_2026-11-01.csv", "hr/leave.csv", "entra/accounts.csv", "engagement.yaml"} <= same
    assert clean["pack.yaml"] != weak["pack.yaml"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [(["--people", "20"], "20 is too few"), (["--plant", "PHY-09"], "no weakness for PHY-09")],
)
def test_generator_refuses_what_it_cannot_plant(
    options: list[str], complaint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["make_samples.py", *options])
    with pytest.raises(SystemExit, match="2"):
        make_samples.main()
    assert complaint in capsys.readouterr().err


def test_first_hour_is_eight_exports_that_decide_twenty_controls_both_ways() -> None:
    documents = {"pack.yaml", "engagement.yaml", "sample.yaml", "truth.json"}
    assert len(_shipped("first-hour-ph").keys() - documents) == len(sample_first_hour.TABLES) == 8
    truth = expected(SHIPPED / "first-hour-ph")
    assert set(truth["verdicts"].values()) == {"passed", "failed"}
    assert len(truth["verdicts"]) >= 20
    assert truth["undecided"] == []
    assert sum(map(len, _shipped("first-hour-ph").values())) < 600_000


def test_shipped_samples_stay_small() -> None:
    for name in NAMES:
        limit = 4_500_000 if name.endswith("-ph") else 2_000_000
        assert sum(map(len, _shipped(name).values())) < limit
