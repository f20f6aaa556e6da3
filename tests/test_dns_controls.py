"""From the questions to the verdict: what a collection of the name system writes is what the controls decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from name_server import ADDRESS, serving
from test_mail_records import rsa_key
from trials import FOLDER, Trial, outcomes

from ctrlkit.dns_pack import text
from ctrlkit.dns_survey import gather
from ctrlkit.model import Cause, Result, Verdict

NAME = "vendor.example"
NOW = datetime(2026, 10, 11, 8, 0, tzinfo=UTC)
KEY = rsa_key(2048)
ZONE = {
    (NAME, "NS"): ["ns1.vendor.example."],
    (NAME, "MX"): ["10 mx1.vendor.example."],
    (NAME, "TXT"): ['"v=spf1 include:_spf.mail.example -all"'],
    ("_spf.mail.example", "TXT"): ['"v=spf1 ip4:192.0.2.0/24 ~all"'],
    (f"_dmarc.{NAME}", "TXT"): ['"v=DMARC1; p=reject; rua=mailto:d@vendor.example"'],
    (f"s1._domainkey.{NAME}", "TXT"): [f'"v=DKIM1; k=rsa; p={KEY[:200]}" "{KEY[200:]}"'],
}
Records = Mapping[tuple[str, str], Sequence[str]]


def judged(
    control: str, folder: Path, records: Records, odd: Mapping[str, str] | None = None, domain: str = NAME
) -> Result:
    """What a control says of what was collected from a name server that holds these records."""
    with serving(records, odd) as server:
        answers = gather([domain], servers=[ADDRESS], port=server.port, timeout=0.3, now=NOW)
    common: dict[str, Any] = yaml.safe_load((FOLDER / "engagement.yaml").read_text("utf-8"))
    asked = {**common["engagement"], "domains": [domain], "issued_at": "2026-10-01T00:00:00Z"}
    period = {"period": {"start": "2026-10-05", "end": "2026-10-09"}}
    trial = Trial(
        control=control, name="collected", what="", shows=(), edge="", files={"dns.csv": text(answers)},
        exported={"all": "2026-10-12T08:00:00+08:00"}, as_of="2026-10-12T09:00:00+08:00", engagement=asked | period,
        params={}, empty={}, removed=(), verdict="", cause="", population=None, findings=(), undecided=(), notes=(),
        reason="",
    )  # fmt: skip
    found = outcomes(trial, folder, ("polars", "duckdb"))
    assert found["polars"] == found["duckdb"]
    return found["polars"]


def without(*names: str) -> Records:
    return {key: values for key, values in ZONE.items() if key[0] not in names}


@pytest.mark.parametrize("control", ["EML-01", "EML-02", "EML-03"])
def test_a_domain_in_order_passes(control: str, tmp_path: Path) -> None:
    """Also a key of two chunks, whose letters keep their case on the way."""
    assert judged(control, tmp_path, ZONE).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("control", "name", "message"),
    [
        ("EML-01", NAME, "vendor.example publishes no SPF record"),
        ("EML-03", f"_dmarc.{NAME}", "vendor.example has no DMARC record"),
    ],
)
def test_what_does_not_exist_is_a_finding(control: str, name: str, message: str, tmp_path: Path) -> None:
    records = {key: values for key, values in ZONE.items() if key != (name, "TXT")}
    result = judged(control, tmp_path, records)
    assert [f.message for f in result.findings] == [message]
    assert result.verdict is Verdict.FAILED


@pytest.mark.parametrize("control", ["EML-01", "EML-02", "EML-03"])
@pytest.mark.parametrize(
    ("name", "odd"), [(NAME, "silent"), (f"_dmarc.{NAME}", "servfail"), (f"s1._domainkey.{NAME}", "refused")]
)
def test_a_look_up_that_failed_is_never_an_absence(control: str, name: str, odd: str, tmp_path: Path) -> None:
    """Whichever it is: of its domain nothing is known, so nothing passes and nothing is found."""
    result = judged(control, tmp_path, without(name), {name: odd})
    assert (result.verdict, result.findings) == (Verdict.INCONCLUSIVE, ())
    assert result.cause is Cause.MALFORMED


def test_no_key_at_a_common_selector_is_undecided(tmp_path: Path) -> None:
    result = judged("EML-02", tmp_path, without(f"s1._domainkey.{NAME}"))
    assert (result.verdict, result.cause) == (Verdict.INCONCLUSIVE, Cause.UNDECIDED)


def test_a_domain_below_another_is_judged_by_the_record_above_it(tmp_path: Path) -> None:
    below = f"desk.{NAME}"
    assert judged("EML-03", tmp_path, ZONE, domain=below).verdict is Verdict.PASSED


def test_eleven_terms_of_which_ten_were_asked_are_eleven(tmp_path: Path) -> None:
    terms = " ".join(f"include:i{n}.example" for n in range(11))
    names = {(f"i{n}.example", "TXT"): ['"v=spf1 ip4:192.0.2.1 ~all"'] for n in range(11)}
    result = judged("EML-01", tmp_path, {**ZONE, **names, (NAME, "TXT"): [f'"v=spf1 {terms} -all"']})
    assert [f.message for f in result.findings] == ["costs 11 look-ups"]
