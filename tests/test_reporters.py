"""The views for machines and browsers: JUnit, CSV, Markdown, HTML."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest
from runs import DIGEST, PSEUDONYM, control, every_verdict, findings, hostile, result, run

from ctrlkit.closed import Accepted, Plot, Run, Series
from ctrlkit.hooks import Reporter, plugin_manager
from ctrlkit.model import Finding, Grade, HostPointer, Param, Verdict

NAMES = {
    "csv": "findings.csv",
    "hdf": "hdf.json",
    "html": "report.html",
    "junit": "junit.xml",
    "markdown": "summary.md",
    "oscal": "assessment-results.json",
    "oscal-plan": "assessment-plan.json",
    "sarif": "findings.sarif",
}


def reporters() -> dict[str, Reporter]:
    return {r.name: r for brought in plugin_manager().hook.ctrlkit_reporters() for r in brought}


def view(name: str, of: Run) -> str:
    to = io.BytesIO()
    reporters()[name].write(of, to)
    return to.getvalue().decode("utf-8")


def junit(of: Run) -> ET.Element:
    return ET.fromstring(view("junit", of))  # noqa: S314 (our own output)


def test_the_shipped_reporters_come_through_the_hook() -> None:
    assert NAMES.items() <= {r.name: r.file for r in reporters().values()}.items()


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("make", [every_verdict, hostile, lambda: run(())])
def test_a_view_ends_its_lines_with_lf_and_holds_no_control_character(name: str, make: object) -> None:
    text = view(name, make())  # type: ignore[operator]
    assert text.endswith("\n")
    assert set(re.findall(r"[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\ufeff\ufffe\uffff]", text)) <= {"\n"}


def test_a_view_has_the_same_bytes_under_any_hash_seed_time_zone_and_locale(tmp_path: Path) -> None:
    script = (
        "import io, sys; sys.path.insert(0, sys.argv[1]); import test_reporters as t\n"
        "for n in sorted(t.NAMES): sys.stdout.buffer.write(t.view(n, t.every_verdict()).encode())"
    )
    outputs = set()
    for seed, zone in (("1", "Asia/Manila"), ("2", "America/New_York")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
        command = [sys.executable, "-c", script, str(Path(__file__).parent)]
        outputs.add(
            subprocess.run(command, env=env, cwd=tmp_path, check=True, stdout=subprocess.PIPE, timeout=60).stdout
        )
    assert len(outputs) == 1


@pytest.mark.parametrize("name", ["junit", "markdown", "html"])
@pytest.mark.parametrize(("changes", "mark"), [({"sample": True}, "SAMPLE"), ({"self_check": True}, "SELF-CHECK")])
def test_sample_and_self_check_are_said(name: str, changes: dict[str, bool], mark: str) -> None:
    assert mark in view(name, every_verdict(**changes))
    assert mark not in view(name, every_verdict())


@pytest.mark.parametrize("name", ["junit", "html", "csv"])
def test_a_view_inside_the_bundle_does_not_depend_on_where_the_bundle_lies(name: str) -> None:
    assert view(name, every_verdict(bundle="somewhere/else")) == view(name, every_verdict())


# JUnit: what the two schemas ask, said as tables (element -> required and further attributes, children).


class Rule(NamedTuple):
    """Attributes an element must have, may have, and the order of its children as a pattern over their names."""

    required: str
    optional: str
    children: str


OUTCOME = Rule("type", "message", "")
WINDYROAD = {
    "testsuites": Rule("", "", "(testsuite )*"),
    "testsuite": Rule(
        "name timestamp hostname tests failures errors time package id",
        "skipped",
        "properties (testcase )*system-out system-err ",
    ),
    "properties": Rule("", "", "(property )*"),
    "property": Rule("name value", "", ""),
    "testcase": Rule("name classname time", "", "(skipped |error |failure )?"),
    "failure": OUTCOME,
    "error": OUTCOME,
    "skipped": Rule("", "message", ""),
    "system-out": Rule("", "", ""),
    "system-err": Rule("", "", ""),
}
JENKINS = {
    **WINDYROAD,
    "testsuites": Rule("", "name time tests failures errors", "(testsuite )*"),
    "testsuite": Rule(
        "name tests failures errors",
        "group time skipped timestamp hostname id package file log url",
        "(testsuite |properties |testcase |system-out |system-err )*",
    ),
    "testcase": Rule("name", "time classname group", "((skipped|error|failure|system-out|system-err) )*"),
    "failure": Rule("", "type message", ""),
    "error": Rule("", "type message", ""),
    "skipped": Rule("", "type message", ""),
}
FORMS = {
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d",
    "time": r"\d+",
    "id": r"\d+",
    "tests": r"\d+",
    "failures": r"\d+",
    "errors": r"\d+",
    "skipped": r"\d+",
    "hostname": r".+",
    "name": r".+",
}


def breaches(root: ET.Element, rules: dict[str, Rule]) -> list[str]:
    found = []
    for item in root.iter():
        rule = rules[item.tag]
        required, optional = set(rule.required.split()), set(rule.optional.split())
        if not required <= set(item.attrib) <= required | optional:
            found.append(f"{item.tag}: attributes {sorted(item.attrib)}")
        if not re.fullmatch(rule.children, "".join(f"{child.tag} " for child in item)):
            found.append(f"{item.tag}: children {[child.tag for child in item]}")
        found += [f"{item.tag}: {k}={v}" for k, v in item.attrib.items() if not re.fullmatch(FORMS.get(k, ".*"), v)]
    return found


@pytest.mark.parametrize("rules", [WINDYROAD, JENKINS], ids=["windyroad", "jenkins"])
@pytest.mark.parametrize("make", [every_verdict, hostile, lambda: run(()), lambda: every_verdict(sample=True)])
def test_junit_keeps_the_rules_of_both_schemas(rules: dict[str, Rule], make: object) -> None:
    assert breaches(junit(make()), rules) == []  # type: ignore[operator]


def test_the_rules_notice_what_neither_schema_allows() -> None:
    root = junit(every_verdict())
    next(root.iter("testcase")).set("file", "controls/mfa.py")
    assert breaches(root, WINDYROAD)
    assert breaches(root, JENKINS)


def test_junit_gives_each_verdict_its_element_type_and_message() -> None:
    cases = {case.attrib["name"]: list(case) for case in junit(every_verdict()).iter("testcase")}
    seen = {name: [(o.tag, o.get("type"), o.get("message")) for o in outcomes] for name, outcomes in cases.items()}
    assert seen == {
        "ACC-01 A title": [("skipped", None, "3 of 9: 3 leavers still enabled")],
        "EML-05 A title": [("error", "crashed", "crashed: the check raised KeyError")],
        "LOG-01 A title": [("failure", "failed", "2 of 40: shared logins")],
        "MFA-01 A title": [("failure", "failed", "120 of 289: people without a second factor")],
        "NET-06 A title [jump1]": [],
        "PHY-04 A title": [("skipped", None, "deferred until 2027-01-31")],
        "REM-01 A title": [("error", "missing", "missing: no roster was handed over")],
        "RET-01 A title": [],
    }


def test_junit_has_one_suite_per_domain_and_counts_that_add_up() -> None:
    results = (result("MFA-01", Verdict.FAILED), result("MFA-03", Verdict.PASSED), result("LOG-01", Verdict.PASSED))
    suites = list(junit(run(results)))
    assert [(s.get("name"), s.get("id"), s.get("tests"), s.get("failures")) for s in suites] == [
        ("log", "0", "1", "0"),
        ("mfa", "1", "2", "1"),
    ]
    assert {case.get("classname") for case in suites[1].iter("testcase")} == {"bpo-test.mfa"}


def test_junit_text_carries_the_finding_in_its_first_two_lines_and_stops_at_a_hundred() -> None:
    failure = next(f for f in junit(every_verdict()).iter("failure") if "289" in str(f.get("message")))
    lines = str(failure.text).splitlines()
    assert lines[0] == "120 of 289: people without a second factor"
    assert lines[1].startswith("crm/accounts.csv row 2 · no second factor enrolled (system crm, ")
    assert lines[101] == "and 20 more in findings.csv"
    assert lines[102] == "note: roster is typed although an export exists"
    assert sum("crm/accounts.csv" in line for line in lines) == 100


def test_junit_of_a_run_that_selected_nothing_is_not_green() -> None:
    cases = list(junit(run(())).iter("testcase"))
    assert [case.find("error") is not None for case in cases] == [True]


def test_junit_never_names_two_cases_alike() -> None:
    results = tuple(result("NET-06", Verdict.PASSED, subject=s) for s in ("organisation", "host:a", "host:b"))
    names = [(case.get("classname"), case.get("name")) for case in junit(run(results)).iter("testcase")]
    assert len(set(names)) == len(names) == 3


def test_junit_takes_its_time_from_the_run_in_utc() -> None:
    suite = next(junit(every_verdict(as_of="2026-11-02T09:00:00+08:00")).iter("testsuite"))
    assert (suite.get("timestamp"), suite.get("time")) == ("2026-11-02T01:00:00", "0")


def test_junit_is_read_by_another_reader_with_the_same_numbers() -> None:
    from junitparser import JUnitXml

    read = JUnitXml.fromstring(view("junit", every_verdict()).encode())
    read.update_statistics()  # type: ignore[no-untyped-call]
    assert (read.tests, read.failures, read.errors, read.skipped) == (8, 2, 2, 2)


def rows(of: Run) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(view("csv", of), newline="")))


def test_csv_holds_every_finding_with_its_place() -> None:
    read = rows(every_verdict())
    assert len(read) == 3 + 2 + 120
    last = read[-1]
    values = json.loads(last.pop("values"))
    assert values == {"system": "crm", "account_id": PSEUDONYM, "enabled": True, "mfa_method": None}
    assert last == {
        "control": "MFA-01", "subject": "organisation", "severity": "critical", "verdict": "failed",
        "key": f"{119:032x}", "message": "no second factor enrolled", "party": "vendor", "kind": "accounts",
        "file": "crm/accounts.csv", "row": "121", "host": "", "probe": "", "line": "", "more": "1",
    }  # fmt: skip


def test_csv_gives_a_host_and_line_in_their_own_columns() -> None:
    finding = Finding("k", "root may enter", {}, (HostPointer("jump1", "sshd", 3),))
    read = rows(run((result("NET-06", Verdict.FAILED, subject="host:jump1", findings=(finding,)),)))
    assert [(r["file"], r["row"], r["host"], r["probe"], r["line"], r["more"]) for r in read] == [
        ("", "", "jump1", "sshd", "3", "0")
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0=1", "\uff1d1", "=cmd|'/C calc'!A0"]
)
def test_csv_never_gives_a_spreadsheet_a_formula(text: str) -> None:
    read = rows(run((result("A-01", Verdict.FAILED, findings=(Finding(text, text),)),)))
    assert all(row[column].startswith("'") for row in read for column in ("key", "message"))


@pytest.mark.parametrize("text", ["a;=1+1", "a; =1+1", "a;;@SUM(1)", "a;\t-1", "a;\uff0b1"])
def test_csv_read_with_semicolons_holds_no_formula_either(text: str) -> None:
    findings_ = (Finding("k", text, {"value": text}),)
    lines = view("csv", run((result("A-01", Verdict.FAILED, findings=findings_),))).splitlines()
    cells = [cell.strip() for row in csv.reader(lines, delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\uff0b"))]
    assert json.loads(rows(run((result("A-01", Verdict.FAILED, findings=findings_),)))[0]["values"]) == {"value": text}


def test_csv_values_stay_json_whatever_they_hold() -> None:
    nasty = '\x1b\u202e\ud800\x7f"\\\n=1'
    read = rows(run((result("A-01", Verdict.FAILED, findings=(Finding("k", "m", {nasty: nasty}),)),)))
    assert json.loads(read[0]["values"]) == {nasty: nasty}


def test_csv_of_a_run_without_findings_is_its_header() -> None:
    assert view("csv", run(())).count("\n") == 1


def test_markdown_counts_lists_what_is_red_and_shows_the_first_places() -> None:
    text = view("markdown", every_verdict(bundle="runs/bpo-test-x-2026-11-02-3fa2b1c4"))
    assert text.startswith("## 2 of 8 failed (1 critical), 2 could not be decided\n")
    red = [line for line in text.splitlines() if line.startswith(("| failed", "| error", "| inconclusive"))]
    assert [line.split(" | ")[2] for line in red] == [
        "MFA-01 A title", "LOG-01 A title", "EML-05 A title", "REM-01 A title",
    ]  # fmt: skip
    assert "- `crm/accounts.csv row 4 · no second factor enrolled (" in text
    assert "- … and 117 more in findings.csv" in text
    assert "`bpo-test-x-2026-11-02-3fa2b1c4`" in text
    assert "runs/" not in text


def test_markdown_lets_no_text_become_markup_a_link_or_a_mention() -> None:
    text, _, reach = view("markdown", hostile()).partition("### How far this reaches")
    lines = text.splitlines()
    spans = [line for line in lines if line.startswith("- ")]
    rest = "\n".join([*(line for line in lines if not line.startswith("- ")), reach])
    assert all(re.fullmatch(r"- (`+)(?!`)((?!\1).)+\1|- … .*", span) for span in spans)
    for pattern in ("<(?!!-- -->)", "://", "@team", r"(?<!\\)`", r"(?<!\\)\[", r"(?<![\\*])\*x"):
        assert not re.search(pattern, rest)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")} == {7}


def test_markdown_stays_short_and_says_what_it_left_out() -> None:
    results = tuple(result(f"A-{n:03}", Verdict.FAILED, findings=findings(5)) for n in range(300))
    text = view("markdown", run(results))
    assert len(text.encode()) < 65_535
    assert "… and 200 more in results.ndjson" in text
    assert "… and 280 more controls with findings in findings.csv" in text


class Page(HTMLParser):
    """Reads a page: elements, attributes, text; a mismatched end tag is a fault."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str, attribute: str) -> list[str | None]:
        return [attributes.get(attribute) for name, attributes in self.seen if name == tag]


TAGS = (
    "html head meta title style script body main nav form label input select option button output p h1 h2 h3 h4 ul ol "
    "li b a span br div figure figcaption svg rect line text details summary table caption thead tbody tr th td "
    "section dl dt dd dfn code abbr"
)
ATTRIBUTES = (
    "lang for charset http-equiv content name class role aria-label aria-labelledby aria-hidden aria-live scope href "
    "id title open hidden type autocomplete value tabindex data-rank data-section data-verdict data-severity "
    "data-domain data-group viewbox x y x1 x2 y1 y2 width height text-anchor"
)


@pytest.mark.parametrize("make", [every_verdict, hostile, lambda: run(()), lambda: every_verdict(sample=True)])
def test_html_is_well_formed_and_loads_nothing(make: object) -> None:
    text = view("html", make())  # type: ignore[operator]
    page = Page(text)
    assert page.open == []
    assert {tag for tag, _ in page.seen} <= set(TAGS.split())
    assert {key for _, attrs in page.seen for key in attrs} <= set(ATTRIBUTES.split())
    assert all(str(href).startswith("#") for href in page.all("a", "href"))
    assert "url(" not in text


@pytest.mark.parametrize("make", [every_verdict, hostile])
def test_html_runs_and_styles_nothing_but_what_its_own_policy_names(make: object) -> None:
    text = view("html", make())  # type: ignore[operator]
    policy = str(Page(text).all("meta", "content")[1])
    for tag in ("script", "style"):
        (inside,) = re.findall(f"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_html_links_lead_somewhere_and_to_each_control() -> None:
    page = Page(view("html", every_verdict()))
    ids = [str(attrs["id"]) for _, attrs in page.seen if "id" in attrs]
    assert len(set(ids)) == len(ids)
    targets = {str(href).removeprefix("#") for href in page.all("a", "href")}
    assert targets <= set(ids)
    sections = {id_ for id_ in page.all("section", "id") if id_}
    assert len(sections) == 8
    assert sections <= targets


def test_html_leads_from_a_finding_to_the_evidence_that_holds_its_row() -> None:
    text = view("html", every_verdict())
    anchor = re.search(r'<a href="#(r4-e1)">crm/accounts.csv row 2</a>', text)
    assert anchor is not None
    assert '<tr id="r4-e1"><td>accounts</td><td>data/evidence/accounts.csv</td>' in text
    assert "roster.csv row 9</a>" not in text, "the result names no such evidence"


def test_html_folds_what_lies_beyond_ten_findings() -> None:
    text = view("html", every_verdict())
    first, _, folded = text.partition("<summary>90 more; another 20 only in findings.csv</summary>")
    assert "crm/accounts.csv row 11<" in first
    assert "crm/accounts.csv row 12<" in folded


def test_html_says_since_when_where_there_were_earlier_runs() -> None:
    assert "not known: this run was given no earlier bundle" in view("html", every_verdict())
    assert "0 findings stood in an earlier run; 122 are new" in view("html", every_verdict(opened={}))
    text = view("html", every_verdict(opened={("MFA-01", f"{0:032x}"): "2026-09-02"}))
    assert "1 finding stood in an earlier run, the oldest on 2026-09-02; 121 are new" in text
    assert "2026-09-02: 1 of 120 findings stood in an earlier run" in text
    assert "new in this run" in text


def test_html_shows_limits_with_their_ground_and_laws_apart_from_standards() -> None:
    limit = Param("click_max", 5, "%", "house", "industry untrained about 33%")
    known = control("TRN-04", params={"click_max": limit}, maps={"PCI": ("5.4.1",), "PH": ("NPC 2023-06",)})
    text = view("html", run((result("TRN-04", Verdict.FAILED, params={"click_max": 3}),), (known,)))
    assert "click_max 3 %<span" in text
    assert "(house · industry untrained about 33%)" in text
    assert "<dt>Law</dt><dd>PH NPC 2023-06</dd><dt>Standards</dt><dd>PCI 5.4.1</dd>" in text


def test_html_says_how_old_evidence_was() -> None:
    text = view("html", every_verdict(exported={"data/evidence/accounts.csv": "2026-10-31T02:00:00Z"}))
    assert "<td>2026-10-31, 2 days before as-of</td>" in text


def test_html_lists_waivers_and_attestations() -> None:
    waiver = Accepted("ACC-01", "organisation", "ciso", "2026-10-31", -2)
    attested = result("PHY-01", Verdict.PASSED, grade=Grade.ATTESTED, attested={"by": "site-auditor"})
    text = view("html", run((attested,), waivers=(waiver,)))
    assert "expired 2 days ago, counts no more" in text
    assert "by site-auditor" in text
    assert "no verdict rests on a person&#x27;s word alone" in view("html", run(()))


PLOT = Plot(
    "phish", "Phishing drills: who clicked", "In 1 of 2 campaigns too many.", "campaign", "% of its mails",
    ("<aug>", "sep"),
    (Series("within the limit", "good", (3, None)), Series("beyond the limit", "bad", (0, 9))),
    5, "5 % at most", "phish (typed, 520 rows)",
)  # fmt: skip


def test_html_draws_a_plot_with_its_words_and_its_figures() -> None:
    text = view("html", every_verdict(plots=(PLOT, Plot("age", "Account age", "no accounts was read"))))
    assert '<svg viewBox="0 0 400 178" role="img" aria-labelledby="plot-phish">' in text
    assert '<h3 id="plot-phish">Phishing drills: who clicked</h3>' in text
    assert "In 1 of 2 campaigns too many." in text
    assert "<tr><td>&lt;aug&gt;</td><td>3</td><td>0</td></tr>" in text
    assert "<tr><td>sep</td><td>&lt;5</td><td>9</td></tr>" in text
    assert "<b>Account age</b>: no accounts was read" in text
    assert "Most failures: " in text


def test_html_says_first_what_failed_how_bad_and_what_to_do() -> None:
    text = "\n".join(Page(view("html", every_verdict())).words)
    wanted = ("2 of 8 failed (1 critical), 2 could not be decided", "Do first", "Mend MFA-01", "How bad",
              "1 critical · 1 high; 122", "Since when", "Passed 2, of which probe 1 · typed 1",
              "What could not be tested",
              "Hand over roster (employee_id).", "To look at", "All controls")  # fmt: skip
    places = [text.rindex(wanted[0]), *(text.index(words) for words in wanted[1:])]
    assert places == sorted(places)


def test_html_shows_for_a_control_all_that_is_known() -> None:
    text = " ".join(Page(view("html", every_verdict())).words)
    for words in ("What MFA-01 asks.", "People on leave count.", "coverage 100", "PCI 8.4.1, 8.4.2", DIGEST,
                  "120 findings, the first 100 here, all in findings.csv", "crm/accounts.csv row 101",
                  "roster is typed although", "approved_by ciso", "data/evidence/accounts.csv"):  # fmt: skip
        assert words in text
    assert "crm/accounts.csv row 102" not in text


def test_html_has_a_title_a_language_and_headings_in_order() -> None:
    page = Page(view("html", every_verdict(sample=True)))
    assert page.seen[0] == ("html", {"lang": "en"})
    levels = [int(tag[1]) for tag, _ in page.seen if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert "SAMPLE · Example Contact Services, Inc.: 2 of 8 failed (1 critical), 2 could not be decided" in page.words


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_html_colours_of_words_have_a_contrast_of_four_and_a_half_on_both_grounds() -> None:
    for palette in re.findall(r":root \{(.*?)\}", view("html", every_verdict()), flags=re.DOTALL):
        colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", palette))
        grounds = [luminance(colours.pop(ground)) for ground in ("paper", "panel")]
        colours.pop("rule")
        for name, colour in colours.items():
            for ground in grounds:
                dark, light = sorted((ground, luminance(colour)))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, name


def test_html_shows_a_control_the_run_does_not_know() -> None:
    text = view("html", run((result("NEW-01", Verdict.FAILED, reason="off"),), (control("OLD-01"),)))
    assert "NEW-01" in text


def test_html_names_twenty_undecided_on_the_first_screen_and_counts_the_others() -> None:
    results = tuple(result("NET-06", Verdict.INCONCLUSIVE, subject=f"host:ws-{n:02}") for n in range(30))
    assert "And 10 more, all below." in view("html", run(results))
