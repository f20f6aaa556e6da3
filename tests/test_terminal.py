"""The terminal view and the words all views share."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs import PSEUDONYM, control, every_verdict, findings, hostile, result, run

from ctrlkit import model, words
from ctrlkit.markup import Html, element, pseudonyms
from ctrlkit.model import Cause, Finding, Grade, HostPointer, Pointer, Severity, Verdict
from ctrlkit.terminal import render
from ctrlkit.visible import short, visible


def test_the_worst_failure_stands_first_then_what_was_not_decided_then_the_rest() -> None:
    text = render(every_verdict(), 100, colour=False)
    places = [text.index(id_) for id_ in ("MFA-01", "LOG-01", "EML-05", "REM-01", "ACC-01", "PHY-04", "NET-06")]
    assert places == sorted(places)


def test_a_failure_says_how_many_where_under_which_clause_and_what_to_do() -> None:
    text = render(every_verdict(), 200, colour=False)
    block = text[text.index("FAILED critical") : text.index("FAILED high")]
    assert block.splitlines()[:8] == [
        "FAILED critical MFA-01 A title",
        "  why    120 of 289: people without a second factor",
        (
            "  where  crm/accounts.csv row 2 · no second factor enrolled "
            "(system crm, account_id p_k3jq7x…, enabled yes, mfa_method (empty))"
        ),
        (
            "         crm/accounts.csv row 3 · no second factor enrolled "
            "(system crm, account_id p_k3jq7x…, enabled yes, mfa_method (empty))"
        ),
        (
            "         crm/accounts.csv row 4 · no second factor enrolled "
            "(system crm, account_id p_k3jq7x…, enabled yes, mfa_method (empty))"
        ),
        "         and 117 more in findings.csv",
        "  under  PCI 8.4.1, 8.4.2 · ISO27001 A.8.5",
        "  do     Mend MFA-01 before the next shift.",
    ]


def test_missing_evidence_is_asked_for_by_kind_and_column() -> None:
    assert "  do     Hand over roster (employee_id).\n" in render(every_verdict(), 100, colour=False)


def test_the_last_lines_count_grade_name_the_bundle_and_explain_the_exit_code() -> None:
    text = render(every_verdict(bundle="runs/bpo-test-x-2026-11-02-3fa2b1c4"), 200, colour=False)
    assert text.splitlines()[-4:] == [
        "8 controls: 2 passed · 2 failed · 1 inconclusive · 1 error · 1 waived · 1 not applicable",
        "passed 2, of which probe 1 · typed 1",
        "bundle runs/bpo-test-x-2026-11-02-3fa2b1c4",
        f"exit 2: {words.exit_meaning(2)}",
    ]


@pytest.mark.parametrize(("changes", "first"), [({"sample": True}, "SAMPLE"), ({"self_check": True}, "SELF-CHECK")])
def test_a_banner_is_the_first_line(changes: dict[str, bool], first: str) -> None:
    assert render(every_verdict(**changes), 100, colour=False).startswith(first)


def test_a_sample_that_no_client_asked_for_says_both() -> None:
    lines = render(every_verdict(sample=True, self_check=True), 100, colour=False).splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["SAMPLE", "SELF-CHECK"]


def test_colour_adds_codes_and_takes_no_word_away() -> None:
    plain, painted = (render(every_verdict(), 80, colour=colour) for colour in (False, True))
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == plain
    assert "\x1b[1;31mFAILED critical \x1b[0m" in painted


def test_no_text_of_a_stranger_reaches_the_terminal_as_a_control_character() -> None:
    text = render(hostile(), 80, colour=False)
    assert set(re.findall(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff\ufffe]", text)) == {"\n"}
    assert "\\u001b[31m" in text


@pytest.mark.parametrize("width", [1, 40, 60, 100])
def test_lines_keep_the_width_except_for_a_word_that_is_longer(width: int) -> None:
    for line in render(every_verdict(sample=True), width, colour=False).splitlines():
        assert len(line) <= max(width, 40)


def test_wide_characters_take_two_columns() -> None:
    wide = control("MFA-01", "漢字 " * 30)
    text = render(run((result("MFA-01", Verdict.FAILED),), (wide,)), 60, colour=False)
    assert max(line.count("漢字") for line in text.splitlines()) <= 12


def test_a_control_that_failed_on_many_hosts_shows_three_and_names_the_others() -> None:
    results = tuple(result("NET-06", Verdict.FAILED, subject=f"host:ws-{n}", reason="root may enter") for n in range(9))
    text = render(run(results), 120, colour=False)
    assert text.count("FAILED high NET-06") == 3
    assert "and on 6 more: ws-3, ws-4, ws-5, ws-6, ws-7, ws-8" in text
    assert "9 verdicts on 1 control: 0 passed · 9 failed" in text


def test_hosts_that_passed_share_one_line() -> None:
    results = tuple(result("NET-06", Verdict.PASSED, subject=f"host:ws-{n}", grade=Grade.PROBE) for n in range(9))
    assert "  NET-06 A title · on 9 hosts · probe\n" in render(run(results), 120, colour=False)


def test_what_the_vendor_proposed_and_what_nothing_read_is_said() -> None:
    text = render(every_verdict(proposed=("waivers.yaml",), unused=("notes.txt",)), 100, colour=False)
    assert "proposed by the vendor, not counted: waivers.yaml" in text
    assert "in the pack, read by nothing: notes.txt" in text


def test_the_count_line_adds_up() -> None:
    numbers = [int(n) for n in re.findall(r"\d+", words.count_line(every_verdict()))]
    assert numbers[0] == sum(numbers[1:]) == 8


@pytest.mark.parametrize(
    ("results", "said"),
    [
        ((), "nothing was decided"),
        ((result("A-01", Verdict.NOT_APPLICABLE),), "nothing was decided"),
        ((result("A-01", Verdict.PASSED),), "nothing failed: 1 of 1 passed"),
        ((result("A-01", Verdict.PASSED), result("A-02", Verdict.ERROR)), "1 could not be decided"),
        ((result("A-01", Verdict.FAILED, severity=Severity.LOW),), "1 of 1 failed (1 low)"),
    ],
)
def test_one_line_for_the_run_is_green_only_where_something_passed(
    results: tuple[model.Result, ...], said: str
) -> None:
    assert words.verdict_line(run(results)) == said


def test_every_cause_has_advice_and_every_exit_code_of_a_run_a_meaning() -> None:
    assert set(words.ADVICE) == set(Cause)
    assert set(words.EXITS) == {0, 1, 2, 3, 4, 5, 130}


def test_a_headline_says_a_number_or_cause_once() -> None:
    said = result("A-01", Verdict.FAILED, reason="3 of 9 leavers still enabled", population=9, exceptions=3)
    assert words.headline(said) == "3 of 9 leavers still enabled"
    stuck = result("A-01", Verdict.INCONCLUSIVE, cause=Cause.MISSING)
    assert words.headline(stuck) == "missing: inconclusive"


@pytest.mark.parametrize(
    ("pointer", "said"),
    [
        (Pointer("roster", "vendor", "hr/roster.xlsx", 14), "hr/roster.xlsx row 14"),
        (Pointer("roster", "client", "list.csv", None), "client: list.csv"),
        (HostPointer("jump1", "sshd", 3), "host jump1, probe sshd, line 3"),
        (HostPointer("jump1", "sshd", None), "host jump1, probe sshd"),
    ],
)
def test_a_pointer_reads_as_a_place(pointer: Pointer | HostPointer, said: str) -> None:
    assert words.pointer_text(pointer) == said


def test_a_finding_without_a_source_still_says_what_and_how_many() -> None:
    assert words.finding_text(Finding("k", "the rate is 90 %", {}, (), 2)) == "the rate is 90 % · and 2 more places"


def test_the_evidence_asked_for_is_that_of_the_checks_of_this_side() -> None:
    files = control("NET-06").checks[0]
    hosts = replace(files, needs={"sshd_settings": ()}, roles=("server",))
    both = control("NET-06", checks=(files, hosts))
    on_host = result("NET-06", Verdict.INCONCLUSIVE, subject="host:jump1", cause=Cause.MISSING)
    assert words.needed(on_host, both) == ("sshd_settings",)
    assert words.needed(replace(on_host, subject="organisation"), both)[0] == "accounts (system, account_id)"


def test_the_evidence_asked_for_is_that_of_the_full_requirement() -> None:
    full = control("REM-01").checks[0]
    lesser = replace(full, needs={"leave": ("employee_id",)}, claim="Less.")
    asked = words.needed(result("REM-01", Verdict.INCONCLUSIVE), control("REM-01", checks=(full, lesser)))
    assert [kind.partition(" ")[0] for kind in asked] == ["accounts", "roster"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[2J", "\\u001b[2J"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\udb40\\udc41"),
        ("\uffff", "\\uffff"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("कुमार José 漢字 👩\u200d💻", "कुमार José 漢字 👩\u200d💻"),
    ],
)
def test_characters_that_hide_or_act_are_written_out_and_names_stay(text: str, seen: str) -> None:
    assert visible(text) == seen


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_whatever_is_made_visible_is_one_line_that_can_be_encoded_and_stays_as_it_is(text: str) -> None:
    seen = visible(text)
    assert len(seen.splitlines()) <= 1
    assert seen.encode("utf-8").decode("utf-8") == seen
    assert visible(seen) == seen


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (f"account {PSEUDONYM}, enabled", "account p_k3jq7x…, enabled"),
        (f"mail to {PSEUDONYM}.", "mail to p_k3jq7x…."),
        ("0123456789abcdef0123456789abcdef", "01234567…"),
        ("crm/user_download_20261101_090000_export.csv", "crm/user_download_20261101_090000_export.csv"),
        ("internationalizationworks", "internationalizationworks"),
        ("SHA256:AbCdEf0123456789abcdefABCDEF0123456789", "SHA256:AbCdEf0123456789abcdefABCDEF0123456789"),
    ],
)
def test_only_pseudonyms_and_digests_are_shortened(text: str, seen: str) -> None:
    assert short(text) == seen


def test_markup_escapes_every_text_and_attribute() -> None:
    made = element("a", '<b>"&', None, 3, Html("<i></i>"), href='"><x', hidden=True, id="", lang=False, class_="c")
    assert made.text == '<a href="&quot;&gt;&lt;x" hidden class="c">&lt;b&gt;&quot;&amp;3<i></i></a>'


def test_a_pseudonym_in_markup_is_short_and_whole_on_hover() -> None:
    expected = f'&lt; <abbr title="{PSEUDONYM}">p_k3jq7x…</abbr>'
    assert pseudonyms(f"< {PSEUDONYM}").text == expected


def test_the_view_is_the_same_whatever_the_order_of_results() -> None:
    straight = every_verdict()
    turned = replace(straight, results=tuple(reversed(straight.results)))
    assert render(turned, 100, colour=False) == render(straight, 100, colour=False)


def test_a_failure_with_no_findings_or_unknown_control_is_still_shown() -> None:
    bare = run((result("NEW-01", Verdict.FAILED, reason="the setting is off"),), ())
    assert "FAILED high NEW-01\n  why    the setting is off\n" in render(bare, 100, colour=False)
    assert findings(0) == ()
