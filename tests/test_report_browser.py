"""The HTML report in a real Chromium: filter, sort, follow a finding, without script, on a phone, on paper; axe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from runs import control, every_verdict, hostile
from test_reporters import PLOT, view

from ctrlkit.closed import Accepted, Plot, Run, Series

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
HOURS = Plot(
    "hours", "Hours worked in a week", "Beyond the limit: fewer than 5 people.", "hours", "weeks of a person",
    ("≤ 40", "40 to 60", "> 60"),
    (Series("within the limit", "good", (30, 400, 0)), Series("beyond the limit", "bad", (0, 0, None))),
    limit_says="60 hours", rests_on="timesheets (typed, 900 rows)",
)  # fmt: skip
SITES = Plot(
    "sites", "Findings at each site", "For each 100 people.", "site", "findings", ("mnl1", "ceb1"),
    (Series("security and privacy", "high", (28, 51)), Series("working conditions", "plain", (20, 16))),
    rests_on="roster (typed, 300 rows)",
)  # fmt: skip


def rich(findings: int = 120) -> Run:
    """Every verdict, two domains, plots of each sort, something known since earlier; so many findings of MFA-01."""
    plain = every_verdict(
        sample=True,
        plots=(PLOT, HOURS, SITES, Plot("age", "Account age", "no accounts was read")),
        opened={("MFA-01", f"{0:032x}"): "2026-09-02"},
        waivers=(Accepted("ACC-01", "organisation", "ciso", "2026-12-31", 59),),
    )
    first = replace(plain.results[3], exceptions=findings, findings=plain.results[3].findings[:findings])
    other = replace(first, control="MFA-02", exceptions=4, findings=first.findings[:4])
    known = {**plain.controls, "MFA-02": control("MFA-02", "Another title")}
    return replace(plain, results=(*plain.results[:3], first, *plain.results[4:], other), controls=known)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found, f"needs one of {', '.join(NAMES)}: apt-get install chromium"
    with sync_playwright() as driver:
        # a sandbox needs a user that may make one, which root in a container is not; the page is our own
        flags = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
        one = driver.chromium.launch(executable_path=found, args=[*flags, "--disable-dev-shm-usage"])
        yield one
        one.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("reports")
    for name, of in (("rich", rich()), ("short", rich(14)), ("hostile", hostile())):
        (folder / f"{name}.html").write_text(view("html", of), "utf-8")
    return {path.stem: path.as_uri() for path in folder.iterdir()}


@contextmanager
def opened(browser: Browser, address: str, **context: Any) -> Iterator[Page]:
    """The page, which must ask for nothing besides itself and complain of nothing."""
    held = browser.new_context(**{"viewport": WIDE, **context})
    page = held.new_page()
    page.set_default_timeout(10_000)
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.on("console", lambda message: seen.append(message.text))
    page.on("dialog", lambda dialog: seen.append(dialog.message))
    page.goto(address)
    yield page
    held.close()
    assert {url.partition("#")[0] for url in seen} == {address}


def shown(page: Page) -> list[str]:
    return page.locator("#controls tbody tr:visible td:nth-child(3)").all_inner_texts()


def test_words_and_choices_leave_the_lines_and_sections_that_fit(browser: Browser, files: dict[str, str]) -> None:
    with opened(browser, files["rich"]) as page:
        assert len(shown(page)) == 9
        page.get_by_label("Severity").select_option("critical")
        assert shown(page) == ["MFA-01 A title", "MFA-02 Another title"]
        page.get_by_label("Words").fill("ANOTHER mfa")
        assert shown(page) == ["MFA-02 Another title"]
        assert page.locator("#shown").inner_text() == "1 of 9 shown"
        assert page.locator("section.control:visible h3").all_text_contents() == ["failed MFA-02 Another title"]
        assert page.locator("h2[data-group]:visible").all_text_contents() == ["Failed 3"]
        page.get_by_role("button", name="Show all").click()
        assert page.locator("#shown").inner_text() == "9 of 9 shown"


def test_a_click_on_a_heading_sorts_by_rank_and_number_and_says_so(browser: Browser, files: dict[str, str]) -> None:
    with opened(browser, files["rich"]) as page:
        page.get_by_role("button", name="Exceptions").click()
        page.get_by_role("button", name="Exceptions").click()
        assert page.get_by_role("columnheader", name="Exceptions").get_attribute("aria-sort") == "descending"
        assert [name[:6] for name in shown(page)[:4]] == ["MFA-01", "MFA-02", "ACC-01", "LOG-01"]
        page.get_by_role("button", name="Control", exact=True).focus()
        page.keyboard.press("Enter")
        assert shown(page) == sorted(shown(page))
        assert page.locator("th[aria-sort]").count() == 1
        page.get_by_role("button", name="Severity").click()
        assert [name[:6] for name in shown(page)[:2]] == ["MFA-01", "MFA-02"]


def test_a_finding_is_followed_from_the_first_screen_to_its_row(browser: Browser, files: dict[str, str]) -> None:
    with opened(browser, files["rich"]) as page:
        page.get_by_label("Verdict", exact=True).select_option("passed")
        page.locator("ol.first a", has_text="MFA-01").click()
        section = page.locator("section:target")
        section.wait_for()  # what a link leads to is shown, whatever the filter says
        assert page.locator("#shown").inner_text() == "9 of 9 shown"
        assert section.locator("h3").text_content() == "failed MFA-01 A title"
        section.locator("summary", has_text="90 more").click()
        section.get_by_role("link", name="crm/accounts.csv row 57").click()
        row = page.locator("tr:target")
        row.wait_for()
        assert row.locator("td").all_inner_texts()[:3] == ["accounts", "data/evidence/accounts.csv", "289"]
        page.wait_for_function("document.querySelector('tr:target').getBoundingClientRect().top < innerHeight")


def test_a_link_unfolds_a_control_that_passed(browser: Browser, files: dict[str, str]) -> None:
    with opened(browser, files["rich"]) as page:
        section = page.locator("section.passed").first
        assert not section.locator("dl").is_visible()
        page.locator(f'#controls a[href="#{section.get_attribute("id")}"]').click()
        section.locator("dl").wait_for()
        assert section.evaluate("e => e === document.querySelector(':target')")


def test_without_javascript_everything_is_there_but_the_filter(browser: Browser, files: dict[str, str]) -> None:
    with opened(browser, files["rich"], java_script_enabled=False) as page:
        assert page.locator("#filter").is_hidden()
        assert len(shown(page)) == 9
        assert page.get_by_role("heading", name="Do first").is_visible()
        assert page.locator("section.failed dl").first.is_visible()
        page.locator("section.passed summary").first.click()
        assert page.locator("section.passed dl").first.is_visible()


@pytest.mark.parametrize(
    ("name", "size", "scheme"), [("short", WIDE, "light"), ("short", PHONE, "dark"), ("hostile", PHONE, "light")]
)
def test_axe_finds_nothing_with_everything_unfolded(
    browser: Browser, files: dict[str, str], name: str, size: dict[str, int], scheme: str
) -> None:
    with opened(browser, files[name], viewport=size, color_scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.evaluate("document.querySelectorAll('section').forEach(s => { s.style.contentVisibility = 'visible'; })")
        found = Axe().run(page)
        assert not found.response["violations"], found.generate_report()
        assert len(found.response["passes"]) > 20, "axe looked"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out to the right"


def test_axe_would_notice(browser: Browser, files: dict[str, str]) -> None:
    with opened(browser, files["hostile"]) as page:
        page.evaluate("document.documentElement.removeAttribute('lang')")
        page.evaluate("document.querySelector('h1').style.color = '#bbbbbb'")
        found = {breach["id"] for breach in Axe().run(page).response["violations"]}
        assert {"html-has-lang", "color-contrast"} <= found


def test_hostile_text_runs_nothing_and_stays_text(browser: Browser, files: dict[str, str]) -> None:
    with opened(browser, files["hostile"]) as page:
        assert page.locator("script").count() == 1
        assert "<script>alert(1)</script>" in (page.locator("section h3").first.text_content() or "")


def test_paper_holds_each_control_and_no_form(browser: Browser, files: dict[str, str]) -> None:
    with opened(browser, files["rich"]) as page:
        page.emulate_media(media="print")
        assert page.locator("#filter").is_hidden()
        assert page.locator("nav").is_hidden()
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        assert page.locator("th button").count() == 0, "a head with buttons is not repeated on each sheet"
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        assert page.locator("th button").count() == 6
        assert page.locator("section.passed dl").first.evaluate("e => e.getBoundingClientRect().height") > 50
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        paper = page.pdf(format="A4")
        assert paper.startswith(b"%PDF")
        assert paper.count(b"/Type /Page\n") > 3
