"""The past of vendors: what bundles say together, in SQLite and in a real PostgreSQL, as text, JSON and a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import postgres
import pytest
from commands import Answer, ctrlkit
from past_bundles import OTHER, VENDOR, found, make, passed, undecided

from ctrlkit import bundle, ledger, past, stock
from ctrlkit.errors import InputError
from ctrlkit.model import Verdict
from ctrlkit.stock import Stock
from ctrlkit.terminal import columns

MFA = "MFA-01"
NASTY = "</td><script>alert(1)</script>\x1b[31m\u202eevil\x00'; DROP TABLE x; --"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="module")
def shelf() -> Stock:
    return stock.take(Path(__file__).parent)


@pytest.fixture(autouse=True)
def _controls_read_once(shelf: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their titles are all that is asked of them here."""
    monkeypatch.setattr(stock, "take", lambda _: shelf)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def history(runs: Path, *more: str | Path) -> Answer:
    return ctrlkit(runs.parent, "history", "runs", *more)


def track(runs: Path, *more: str | Path) -> dict[str, Any]:
    answer = history(runs, "--format", "json", *more)
    assert answer.code == 0, answer.err
    (only,) = answer.said["vendors"]
    assert isinstance(only, dict)
    return only


def remedy(runs: Path) -> dict[str, Any]:
    (only,) = track(runs)["remedies"]
    return {key: value for key, value in only.items() if key != "severity"}


def returned(runs: Path) -> list[tuple[str, str, str, bool]]:
    return [(r["opened"], r["gone"], r["back"], r["for_audit"]) for r in track(runs)["returns"]]


def test_days_to_remedy_count_from_the_first_run_with_it_to_the_first_decided_without(runs: Path) -> None:
    make(runs, "2026-07-01", [found(MFA, "a", "b", "c")])
    make(runs, "2026-07-11", [found(MFA, "b", "c")])
    make(runs, "2026-07-31", [found(MFA, "c", "d")])
    assert remedy(runs) == {"mended": 2, "middle": 30, "longest": 30, "open": 2, "oldest": 30}
    assert [(r["open"], r["new"], r["mended"]) for r in track(runs)["runs"]] == [(3, 3, 0), (2, 0, 1), (2, 1, 1)]


@pytest.mark.parametrize(
    "looks_away",
    [undecided(MFA), passed(MFA, narrowed=True), passed("ACC-01"), found(MFA, "a", verdict=Verdict.WAIVED)],
    ids=["inconclusive", "smaller claim", "not asked", "waived"],
)
def test_a_run_that_does_not_say_that_it_is_gone_mends_nothing(runs: Path, looks_away: Any) -> None:
    make(runs, "2026-07-01", [found(MFA, "a")])
    make(runs, "2026-08-01", [looks_away])
    assert remedy(runs) == {"mended": 0, "middle": None, "longest": None, "open": 1, "oldest": 31}


def test_a_second_run_of_the_same_instant_mends_nothing(runs: Path) -> None:
    make(runs, "2026-07-01", [found(MFA, "a")])
    make(runs, "2026-07-01", [passed(MFA)], profile="aaa-looser")
    make(runs, "2026-07-01", [passed(MFA)], profile="zzz-looser")
    assert remedy(runs)["mended"] == 0


@pytest.mark.parametrize("changes", [{"self_check": True}, {"sample": True}, {"key": "k2"}], ids=str)
def test_runs_that_cannot_be_compared_stand_apart_and_mend_nothing(runs: Path, changes: dict[str, Any]) -> None:
    make(runs, "2026-07-01", [found(MFA, "a")])
    make(runs, "2026-08-01", [passed(MFA)], **changes)
    tracks = history(runs, "--format", "json").said["vendors"]
    assert sorted(sum(r["mended"] for r in t["remedies"]) for t in tracks) == [0, 0]
    text = history(runs).out
    mark = {"self_check": "SELF-CHECK", "sample": "SAMPLE"}.get(next(iter(changes)), "engagement key k2")
    assert mark in text


def test_a_vendor_written_in_two_ways_is_one(runs: Path) -> None:
    make(runs, "2026-07-01", [found(MFA, "a")])
    make(runs, "2026-08-01", [passed(MFA)], vendor=VENDOR.upper().replace(",", ""))
    assert remedy(runs)["mended"] == 1


def test_what_came_back_is_told_with_its_days(runs: Path) -> None:
    for day, result in (("07-01", found(MFA, "a")), ("08-01", passed(MFA)), ("09-01", found(MFA, "a"))):
        make(runs, f"2026-{day}", [result])
    assert returned(runs) == [("2026-07-01", "2026-08-01", "2026-09-01", False)]
    assert "came back: 1" in history(runs).out
    assert "cannot be told: no engagement says when it was issued" in " ".join(history(runs).out.split())


def test_of_many_that_came_back_the_text_names_twenty_those_of_an_audit_first(runs: Path) -> None:
    keys = [f"k{n:03}" for n in range(150)]
    days = ("2026-03-01", "2026-07-25", "2026-09-01", "2026-11-01", "2026-12-01")
    there = (keys, keys[1:], keys, keys[:1], keys)
    for day, held in zip(days, there, strict=True):
        make(runs, day, [found(MFA, *held)], issued="2026-07-20", engagement="asked")
    page = runs.parent / "h.html"
    text = history(runs, "--html", page).out
    assert text.partition("came back: 150\n")[2].startswith("    MENDED FOR THE AUDIT ONLY: MFA-01 found 2026-03-01")
    assert "and 130 more, all of them with --format json" in text
    assert "And 50 more, all of them with --format json." in page.read_text("utf-8")


def courses(runs: Path, *days: tuple[str, bool], issued: str) -> None:
    for day, clean in days:
        make(runs, day, [passed(MFA) if clean else found(MFA, "a")], issued=issued, engagement="asked")


def test_what_was_mended_only_round_an_audit_is_named_with_the_rule(runs: Path) -> None:
    """Issued on 20 July: the runs of 25 July and 3 August are near it, those before and after are not."""
    days = (("2026-07-01", False), ("2026-07-25", True), ("2026-08-03", True), ("2026-09-01", False))
    courses(runs, *days, issued="2026-07-20")
    assert returned(runs) == [("2026-07-01", "2026-07-25", "2026-09-01", True)]
    text = " ".join(history(runs).out.split())
    assert "MENDED FOR THE AUDIT ONLY: MFA-01 found 2026-07-01, gone 2026-07-25, back 2026-09-01" in text
    assert "within 14 days of the issue of an engagement (a house number)" in text


@pytest.mark.parametrize(
    "days",
    [
        (("2026-07-01", False), ("2026-07-25", True), ("2026-08-20", True), ("2026-09-01", False)),
        (("2026-07-15", False), ("2026-07-25", True), ("2026-09-01", False)),
        (("2026-07-01", False), ("2026-07-25", True), ("2026-08-01", False)),
    ],
    ids=["clean later too", "bare in the audit too", "back in the audit"],
)
def test_what_does_not_hang_on_the_audit_is_only_said_to_be_back(runs: Path, days: Any) -> None:
    courses(runs, *days, issued="2026-07-20")
    assert [for_audit for *_, for_audit in returned(runs)] == [False]


def test_controls_and_domains_are_told_through_the_runs(runs: Path) -> None:
    make(runs, "2026-07-01", [found(MFA, "a", "b"), passed("ACC-01"), passed("EML-05")])
    make(runs, "2026-08-01", [undecided(MFA), passed("ACC-01", narrowed=True), passed("EML-05")])
    said = track(runs)
    (mfa,) = [c for c in said["controls"] if c["name"] == MFA]
    assert (mfa["verdicts"], mfa["findings"]) == (["failed", "inconclusive"], [2, 0])
    assert [d["name"] for d in said["domains"]] == ["acc", "eml", "mfa"]
    text = history(runs).out
    assert "    MFA-01  FI  2 0 Second factor enrolled for everyone" in text
    assert "    ACC-01  Pp  0 0" in text
    assert "controls: 1 passed or did not apply in every run, the others" in text


def test_vendors_stand_side_by_side_and_one_can_be_chosen(runs: Path) -> None:
    make(runs, "2026-07-01", [found(MFA, "a", "b")])
    make(runs, "2026-07-02", [passed(MFA)], vendor=OTHER, client="acme")
    lines = history(runs).out.splitlines()
    assert [line.split() for line in lines if line.startswith("  findings open")] == [["findings", "open", "2", "0"]]
    assert [line.split() for line in lines if line.startswith("  mfa ")] == [["mfa", "F", "2", "P"]]
    assert track(runs, "--vendor", "harbor contact services inc")["vendor"] == OTHER
    wrong = history(runs, "--vendor", "Harbour Contact Services, Inc.")
    assert (wrong.code, f'did you mean "{OTHER}"?' in wrong.err) == (3, True)


def test_a_bundle_that_is_not_whole_is_named_left_out_and_never_green(runs: Path) -> None:
    make(runs, "2026-07-01", [passed(MFA)])
    broken = make(runs, "2026-08-01", [found(MFA, "a")])
    (broken / "data" / "results" / "results.ndjson").write_text("", "utf-8")
    answer = history(runs)
    assert answer.code == 2
    said_first = "LEFT OUT: 1 bundle was not whole or not readable, so this history does not show all that was found"
    assert " ".join(answer.out.split()).startswith(said_first)  # whatever the width
    assert f"runs/{broken.name}" in answer.out
    said = ctrlkit(runs.parent, "history", "runs/history.sqlite", "--format", "json")
    assert (said.code, [one["name"] for one in said.said["left_out"]]) == (2, [f"runs/{broken.name}"])
    assert len(said.said["vendors"][0]["runs"]) == 1


@pytest.mark.parametrize("lost", ["bagit.txt", "manifest-sha256.txt", "data/run.json"])
def test_a_bundle_that_lost_a_file_is_still_seen(runs: Path, lost: str) -> None:
    make(runs, "2026-07-01", [passed(MFA)])
    (make(runs, "2026-08-01", [found(MFA, "a")]) / lost).unlink()
    assert len(history(runs, "--format", "json").said["left_out"]) == 1


@pytest.mark.parametrize(
    "changes",
    [{"vendor": 7}, {"as_of": "yesterday"}, {"as_of_date": None}, {"sample": "no"}, {"sources": {}}],
    ids=str,
)
def test_a_whole_bundle_of_strange_content_is_left_out(runs: Path, changes: dict[str, Any]) -> None:
    make(runs, "2026-07-01", [passed(MFA)])
    make(runs / "strange", "2026-08-01", [replace(found(MFA, "a"), population=2)], **changes)
    said = history(runs, "--format", "json")
    (left,) = said.said["left_out"]
    assert (said.code, "is whole, but not what ctrlkit writes" in left["problem"]) == (2, True), left


def test_folder_and_zip_of_one_bundle_are_one_run(runs: Path) -> None:
    folder = make(runs, "2026-07-01", [passed(MFA)])
    bundle.zip_bundle(folder)
    assert len(track(runs)["runs"]) == 1


def test_a_handover_is_said_to_wait_until_a_run_of_its_engagement_is_there(runs: Path) -> None:
    make(runs, "2026-07-01", [passed(MFA)])
    handed = make(runs, "2026-08-01", None)
    assert handed.name in " ".join(history(runs).out.partition("HANDED OVER, NOT JUDGED YET:")[2].split())
    make(runs, "2026-08-02", [passed(MFA)])
    assert history(runs, "--format", "json").said["not_judged"] == []


def test_sqlite_and_postgresql_give_the_same_history_and_are_rebuilt_whole(runs: Path, server: str) -> None:
    make(runs, "2026-07-01", [found(MFA, "a", "b"), passed("ACC-01", narrowed=True)], issued="2026-06-28")
    gone = make(runs, "2026-08-01", [undecided(MFA)])
    for day in ("2026-09-01", "2026-10-01"):
        make(runs, day, None if day == "2026-10-01" else [passed(MFA)])
    told = [history(runs, *more, "--format", "json") for more in ((), (server,))]
    assert told[0].out == told[1].out, told[1].err
    assert (told[0].code, len(told[0].said["vendors"][0]["runs"])) == (0, 3)
    assert ledger.recall(server) == ledger.recall(str(runs / "history.sqlite"))
    (gone / "data" / "run.json").unlink()
    assert history(runs, server).code == 2
    again = ctrlkit(runs.parent, "history", server, "--format", "json")
    assert (again.code, len(again.said["vendors"][0]["runs"]), len(again.said["left_out"])) == (2, 2, 1)


def test_a_rebuild_that_fails_leaves_the_old_history(runs: Path, server: str, tmp_path: Path) -> None:
    make(runs, "2026-07-01", [found(MFA, "a")])
    good = past.read([runs])
    twice = replace(good, verdicts=good.verdicts * 2)
    for where in (server, str(tmp_path / "own.sqlite")):
        ledger.rebuild(where, good)
        before = ledger.recall(where)
        with pytest.raises(InputError, match="check the database"):
            ledger.rebuild(where, twice)
        assert ledger.recall(where) == before


def test_hostile_text_of_a_bundle_stays_text_everywhere(runs: Path, server: str) -> None:
    bad = found(MFA, "a", NASTY)
    for day, result in (("2026-07-01", bad), ("2026-08-01", passed(MFA)), ("2026-09-01", bad)):
        make(runs, day, [result], vendor=NASTY, engagement=NASTY)
    page = runs.parent / "h.html"
    told = [history(runs, *more, "--html", page) for more in ((), (server,))]
    assert told[0].out == told[1].out
    for text in (told[0].out, page.read_text("utf-8")):
        assert not {"\x00", "\x1b", "\u202e"} & set(text)
    assert "<script" not in page.read_text("utf-8").lower()


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_loads_and_runs_nothing_and_its_charts_are_told_in_words(runs: Path) -> None:
    make(runs, "2026-07-01", [found(MFA, "a"), undecided("ACC-01")], sample=True)
    path = runs.parent / "out" / "h.html"
    assert history(runs, "--html", path).code == 0
    text = path.read_text("utf-8")
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.seen}
    assert not [a for _, a in page.seen if {"href", "src", "onclick", "style"} & set(a)]
    assert "url(" not in text
    policy = [a["content"] for _, a in page.seen if a.get("http-equiv") == "Content-Security-Policy"]
    assert [p is not None and p.startswith("default-src 'none'") for p in policy] == [True]
    (chart,) = [a for tag, a in page.seen if tag == "svg"]
    assert (chart["role"], "table below" in str(chart["aria-label"])) == ("img", True)
    assert "SAMPLE: invented data" in text


def test_lines_keep_to_the_width_whatever_the_alphabet(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    for number in range(4):
        make(runs, f"2026-07-0{number + 1}", [found(MFA, "a")], vendor=f"{number}株式会社コンタクトセンター東京支店")
    lines = history(runs).out.splitlines()
    assert max(columns(line) for line in lines) <= 60
    assert sum(line.startswith("  findings open") for line in lines) == 2, "two blocks of two vendors"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere: is no folder"),
        (["empty"], "empty: holds no bundle"),
        (["a.sqlite", "b.sqlite"], "two databases were named"),
        (["other.sqlite"], "other.sqlite: is not there"),
        (["runs", "mysql://auditor:secret@127.0.0.1/x"], "mysql://auditor:***@127.0.0.1/x: is of no database"),
        (["runs", "postgresql://auditor:secret@127.0.0.1:1/x"], "auditor:***@127.0.0.1:1/x: connection failed"),
        (["runs", "no.sqlite", "--engagements", "empty"], "--engagements empty: holds no folder"),
        (["x.sqlite", "--engagements", "empty"], "is read together with bundles"),
        (["runs", "notes.db"], "file is not a database"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_what_is_wrong_with_the_words_is_said_and_ends_in_3(runs: Path, words: list[str], said: str) -> None:
    make(runs, "2026-07-01", [passed(MFA)])
    (runs.parent / "empty").mkdir()
    (runs.parent / "notes.db").write_text("no database at all\n" * 99, "utf-8")
    answer = ctrlkit(runs.parent, "history", *words)
    assert (answer.code, said in answer.err, "secret" in answer.err) == (3, True, False), answer.err
    assert answer.out == ""


def test_an_empty_database_says_that_it_holds_no_history(tmp_path: Path, server: str) -> None:
    other = server.replace("/postgres?", "/template1?")
    answer = ctrlkit(tmp_path, "history", other)
    assert (answer.code, "holds no history" in answer.err) == (3, True), answer.err


def test_bundles_are_found_further_down_and_hidden_folders_are_not_entered(runs: Path) -> None:
    make(runs / "north", "2026-07-01", [passed(MFA)])
    make(runs / ".trash", "2026-08-01", [passed(MFA)])
    assert len(track(runs)["runs"]) == 1
    assert json.loads(history(runs, "--format", "json").out)["audit_days"] == 14
