"""The formats of other tools: what each verdict becomes, official schemas, references, and text of strangers."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from runs import DIGEST, control, every_verdict, findings, hostile, result, run

from ctrlkit.closed import Run
from ctrlkit.hooks import Reporter, plugin_manager
from ctrlkit.model import NARROWED, Cause, Finding, HostPointer, HostRef, Pointer, Severity, Verdict

SCHEMAS = Path(__file__).parent / "schemas"
EVERY: list[Callable[[], Run]] = [
    every_verdict, hostile, lambda: run(()), lambda: every_verdict(sample=True), lambda: every_verdict(self_check=True),
]  # fmt: skip
MAKERS = pytest.mark.parametrize("make", EVERY, ids=["every", "hostile", "empty", "sample", "self-check"])


@cache
def reporters() -> dict[str, Reporter]:
    return {r.name: r for brought in plugin_manager().hook.ctrlkit_reporters() for r in brought}


def view(name: str, of: Run) -> Any:
    to = io.BytesIO()
    reporters()[name].write(of, to)
    return json.loads(to.getvalue())


def sarif(of: Run) -> Any:
    (log,) = view("sarif", of)["runs"]
    return log


def oscal(of: Run) -> Any:
    (only,) = view("oscal", of)["assessment-results"]["results"]
    return only


def hdf(of: Run) -> Any:
    (profile,) = view("hdf", of)["profiles"]
    return profile


@cache
def official(name: str) -> Any:
    """A schema of tests/schemas; the classes of letters in OSCAL's patterns in words that Python's expressions know."""
    text = (SCHEMAS / name).read_text("utf-8").replace(r"\\p{L}", r"[^\\W\\d_]").replace(r"\\p{N}", r"\\d")
    schema = json.loads(text)
    return (Draft7Validator if "draft-07" in schema["$schema"] else Draft202012Validator)(schema)


def faults(name: str, document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in official(name).iter_errors(document)]


@MAKERS
def test_sarif_is_valid_by_the_schema_of_oasis(make: Callable[[], Run]) -> None:
    assert faults("sarif-2.1.0.json", view("sarif", make())) == []


@MAKERS
@pytest.mark.parametrize("name", ["oscal", "oscal-plan"])
def test_oscal_is_valid_by_the_schema_of_nist(name: str, make: Callable[[], Run]) -> None:
    assert faults("oscal_complete_schema.json", view(name, make())) == []


def test_the_schemas_notice_what_they_forbid() -> None:
    log, results = view("sarif", every_verdict()), view("oscal", every_verdict())
    log["runs"][0]["results"][0]["kind"] = "waived"
    results["assessment-results"]["results"][0]["findings"][0]["target"]["status"]["state"] = "not-applicable"
    assert faults("sarif-2.1.0.json", log)
    assert faults("oscal_complete_schema.json", results)


TEXTS = st.text(st.characters(), max_size=8)


@settings(max_examples=25, deadline=None)
@given(reason=TEXTS, message=TEXTS, vendor=TEXTS, title=TEXTS, host=TEXTS, file=TEXTS, verdict=st.sampled_from(Verdict))
def test_no_text_makes_a_document_that_is_refused(  # noqa: PLR0913, PLR0917  (each is a text of somebody else)
    reason: str, message: str, vendor: str, title: str, host: str, file: str, verdict: Verdict
) -> None:
    place = (Pointer("accounts", "vendor", file, None), HostPointer(host, "sshd", None))
    one = result(
        "A-01",
        verdict,
        reason=reason,
        subject=f"host:{host}",
        findings=(Finding("k", message, {title: reason}, place),),
        evidence=(HostRef(host, "sshd", DIGEST, "ssh"),),
        waiver={"reason": reason, "approved_by": vendor, "expires": "2026-12-31"},
    )
    known = control("A-01", title=title, requirement=reason, remedy=message, maps={vendor: (title,)})
    of = run((one,), (known,), vendor=vendor, client=title, profile=reason, engagement=message)
    assert faults("sarif-2.1.0.json", view("sarif", of)) == []
    assert [faults("oscal_complete_schema.json", view(name, of)) for name in ("oscal", "oscal-plan")] == [[], []]
    assert [*statuses(of).values()] == [*statuses(run((result("A-01", verdict),))).values()]


# SARIF


def test_sarif_results_are_the_failures_by_severity_and_nothing_else() -> None:
    log = sarif(every_verdict())
    assert [(r["ruleId"], r["kind"], r["level"]) for r in log["results"]] == [
        ("LOG-01", "fail", "error"),
        ("MFA-01", "fail", "error"),
    ]
    levels = {
        severity: sarif(run((result("A-01", Verdict.FAILED, severity=severity),)))["results"][0]["level"]
        for severity in Severity
    }
    assert levels == {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def test_sarif_tells_what_could_not_be_evaluated_as_notifications_of_the_tool() -> None:
    (invocation,) = sarif(every_verdict())["invocations"]
    said = [
        (n["associatedRule"]["id"], n["descriptor"]["id"], n["level"]) for n in invocation["toolExecutionNotifications"]
    ]
    assert said == [("EML-05", "crashed", "error"), ("REM-01", "missing", "error")]
    assert invocation["toolExecutionNotifications"][1]["message"]["text"].endswith("Hand over roster (employee_id).")
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)


@pytest.mark.parametrize(
    ("verdicts", "successful"),
    [
        ((Verdict.PASSED, Verdict.FAILED), True),
        ((Verdict.PASSED, Verdict.INCONCLUSIVE), False),
        ((Verdict.PASSED, Verdict.ERROR), False),
        ((Verdict.NOT_APPLICABLE,), False),
        ((), False),
    ],
)
def test_sarif_calls_no_run_a_success_that_left_something_open_or_decided_nothing(
    verdicts: tuple[Verdict, ...], successful: bool
) -> None:
    results = tuple(result(f"A-{n:02}", verdict) for n, verdict in enumerate(verdicts))
    assert sarif(run(results))["invocations"][0]["executionSuccessful"] is successful


def test_sarif_says_how_many_and_which_were_waived_beside_its_results() -> None:
    told = sarif(every_verdict())["properties"]
    assert told["counts"] == {
        "passed": 2, "failed": 2, "inconclusive": 1, "error": 1, "waived": 1, "not_applicable": 1,
    }  # fmt: skip
    assert told["waived"] == ["ACC-01 A title"]


def test_sarif_points_at_the_rows_as_a_person_counts_them_and_stops_at_a_hundred() -> None:
    places = [p["physicalLocation"] for p in sarif(every_verdict())["results"][1]["locations"]]
    assert places[0] == {
        "artifactLocation": {"uri": "crm/accounts.csv", "uriBaseId": "PACK"},
        "region": {"startLine": 2},
    }
    assert len(places) == 100


def test_sarif_points_at_a_host_at_the_evidence_or_at_the_results_but_never_nowhere() -> None:
    seen = Finding("k", "root may enter", {}, (HostPointer("jump1", "sshd", 3),))
    log = sarif(
        run((
            result("A-01", Verdict.FAILED, subject="host:jump1", findings=(seen,)),
            result("A-02", Verdict.FAILED, evidence=every_verdict().results[3].evidence),
            result("A-03", Verdict.FAILED),
        ))
    )  # fmt: skip
    (host,), (evidence,), (results,) = (r["locations"] for r in log["results"])
    assert host["logicalLocations"] == [{"fullyQualifiedName": "jump1/sshd", "kind": "resource"}]
    assert {p["physicalLocation"]["region"]["startLine"] for p in (host, evidence, results)} == {1}
    assert [p["physicalLocation"]["artifactLocation"] for p in (host, evidence, results)] == [
        {"uri": "data/hosts/jump1.json", "uriBaseId": "BUNDLE"},
        {"uri": "data/evidence/accounts.csv", "uriBaseId": "BUNDLE"},
        {"uri": "data/results/results.ndjson", "uriBaseId": "BUNDLE"},
    ]


def test_sarif_knows_an_alert_again_next_month() -> None:
    october, november = (
        {r["partialFingerprints"]["ctrlkit/v1"]: r["guid"] for r in sarif(every_verdict(as_of=day))["results"]}
        for day in ("2026-11-02T01:00:00Z", "2026-12-02T01:00:00Z")
    )
    assert (set(october) == set(november), set(october.values()) & set(november.values())) == (True, set())


def test_sarif_runs_of_one_vendor_under_one_profile_are_one_series_and_those_of_another_are_not() -> None:
    ids = [
        sarif(every_verdict(as_of=f"2026-{month}-02T01:00:00Z", engagement=f"northwind-2026-{month}", vendor=vendor))
        for month, vendor in (("11", "Harbor, Inc."), ("12", "Harbor, Inc."), ("12", "Mabuhay, Inc."))
    ]
    first, second, other = (log["automationDetails"]["id"] for log in ids)
    assert (first, second) == ("ctrlkit/bpo-test/harbor-inc/2026-11-02T01:00:00Z", first.replace("-11-", "-12-"))
    assert other.rpartition("/")[0] != second.rpartition("/")[0]
    alerts = [{r["partialFingerprints"]["ctrlkit/v1"] for r in log["results"]} for log in ids]
    assert (alerts[0] == alerts[1], alerts[1] & alerts[2]) == (True, set())


def test_sarif_indexes_lead_to_their_rule_and_descriptor() -> None:
    log = sarif(every_verdict())
    driver = log["tool"]["driver"]
    for item in log["results"]:
        assert driver["rules"][item["ruleIndex"]]["id"] == item["ruleId"]
    for said in log["invocations"][0]["toolExecutionNotifications"]:
        assert driver["notifications"][said["descriptor"]["index"]]["id"] == said["descriptor"]["id"]
        assert driver["rules"][said["associatedRule"]["index"]]["id"] == said["associatedRule"]["id"]


def test_sarif_makes_no_text_of_a_stranger_a_link() -> None:
    bad = result("A-01", Verdict.FAILED, reason="see [here](https://a.example)")
    assert "](" not in json.dumps(sarif(run((bad,)))["results"])


# OSCAL


def states(of: Run) -> dict[str, tuple[str, str]]:
    found = [finding["target"] for finding in oscal(of).get("findings", [])]
    return {t["target-id"]: (t["status"]["state"], t["status"]["reason"]) for t in found}


def test_oscal_is_satisfied_by_passed_alone_and_knows_no_finding_of_what_does_not_apply() -> None:
    assert states(every_verdict()) == {
        "ACC-01_obj": ("not-satisfied", "fail"),
        "EML-05_obj": ("not-satisfied", "other"),
        "LOG-01_obj": ("not-satisfied", "fail"),
        "MFA-01_obj": ("not-satisfied", "fail"),
        "NET-06_obj": ("satisfied", "pass"),
        "REM-01_obj": ("not-satisfied", "other"),
        "RET-01_obj": ("satisfied", "pass"),
    }
    assert len(oscal(every_verdict())["observations"]) == 8


def test_oscal_calls_a_failure_an_open_risk_and_a_waived_one_an_approved_deviation_until_its_day() -> None:
    risks = {risk["title"]: (risk["status"], risk.get("deadline")) for risk in oscal(every_verdict())["risks"]}
    assert risks == {
        "ACC-01 A title": ("deviation-approved", "2026-12-31T23:59:59Z"),
        "LOG-01 A title": ("open", None),
        "MFA-01 A title": ("open", None),
    }


def test_oscal_says_the_cause_the_grade_and_how_many_in_properties() -> None:
    observed = {o["title"]: {p["name"]: p["value"] for p in o["props"]} for o in oscal(every_verdict())["observations"]}
    assert observed["REM-01 A title"]["cause"] == "missing"
    assert observed["MFA-01 A title"].items() >= {"grade": "export", "population": "289", "exceptions": "120"}.items()


def test_oscal_evidence_carries_the_digest_of_what_was_judged() -> None:
    document = view("oscal", every_verdict())["assessment-results"]
    resources = {r["uuid"]: r for r in document["back-matter"]["resources"]}
    observed = next(o for o in document["results"][0]["observations"] if o["title"].startswith("MFA-01"))
    (link,) = resources[observed["relevant-evidence"][0]["href"].removeprefix("#")]["rlinks"]
    assert (link["href"], link["hashes"]) == (
        "data/evidence/accounts.csv", [{"algorithm": "SHA-256", "value": DIGEST}],
    )  # fmt: skip


def test_oscal_results_name_the_plan_by_its_file_and_digest() -> None:
    import hashlib

    to = io.BytesIO()
    reporters()["oscal-plan"].write(every_verdict(), to)
    document = view("oscal", every_verdict())["assessment-results"]
    plan = next(r for r in document["back-matter"]["resources"] if f"#{r['uuid']}" == document["import-ap"]["href"])
    (link,) = plan["rlinks"]
    assert link["href"] == reporters()["oscal-plan"].file
    assert link["hashes"][0]["value"] == hashlib.sha256(to.getvalue()).hexdigest()


def walk(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        yield from walk(child, f"{path}/{key}")


@MAKERS
def test_oscal_references_lead_somewhere_and_no_id_stands_twice(make: Callable[[], Run]) -> None:
    both = [view(name, make()) for name in ("oscal", "oscal-plan")]
    nodes = [pair for document in both for pair in walk(document)]
    for document in both:
        ids = [node for path, node in walk(document) if path.endswith("/uuid")]
        assert len(ids) == len(set(ids))
    defined = {node for path, node in nodes if path.endswith("/uuid")}
    assert {UUID(id_).version for id_ in defined} == {5}
    used = {node for path, node in nodes if path.endswith(("-uuid", "/href"))}
    named = {node.removeprefix("#") for node in used if not re.search(r"[./]", node)}
    assert named
    assert named <= defined
    objectives = {node for path, node in nodes if path.endswith("/id") and node.endswith("_obj")}
    assert {node for path, node in nodes if path.endswith(("/target-id", "/objective-id"))} <= objectives


def test_oscal_ids_of_people_and_hosts_stay_and_those_of_results_change_with_the_run() -> None:
    october, november = (view("oscal", every_verdict(as_of=f"2026-{m}-02T01:00:00Z")) for m in (11, 12))
    first, second = (document["assessment-results"] for document in (october, november))
    assert first["metadata"]["parties"] == second["metadata"]["parties"]
    assert first["uuid"] != second["uuid"]


def test_oscal_prose_holds_no_markup_of_a_stranger() -> None:
    bad = result("A-01", Verdict.FAILED, reason="*see* [here](https://a.example) <b> {{ insert: param, x }}")
    (finding,) = oscal(run((bad,)))["findings"]
    assert finding["description"] == (r"\*see\* \[here\](https://a.example) \<b\> \{\{ insert: param, x \}\}")


def test_oscal_names_hosts_as_inventory_items_and_what_they_answered_as_evidence() -> None:
    seen = result("A-01", Verdict.PASSED, subject="host:jump1", evidence=(HostRef("jump1", "sshd", DIGEST, "ssh"),))
    document = view("oscal", run((seen,)))["assessment-results"]
    (item,) = document["results"][0]["local-definitions"]["inventory-items"]
    (observed,) = document["results"][0]["observations"]
    assert observed["subjects"] == [{"subject-uuid": item["uuid"], "type": "inventory-item"}]
    assert "data/hosts/jump1.json" in [r["rlinks"][0]["href"] for r in document["back-matter"]["resources"]]


def test_oscal_calls_an_answer_of_a_person_an_interview() -> None:
    said = {"answer": "passed", "by": "site-auditor", "at": "2026-10-20", "valid_until": "2027-01-20"}
    (observed,) = oscal(run((result("A-01", Verdict.PASSED, attested=said),)))["observations"]
    assert observed["methods"] == ["INTERVIEW"]
    assert {"attested-by", "attested-until"} <= {p["name"] for p in observed["props"]}


# HDF


def statuses(of: Run) -> dict[str, tuple[str, bool, bool]]:
    """Control -> status of its one result, whether its impact is nothing, whether a waiver stands in it."""
    return {
        c["id"]: (c["results"][0]["status"], c["impact"] == 0, "waiver_data" in c)
        for c in hdf(of)["controls"]
        if len(c["results"]) == 1
    }


def test_hdf_passes_what_passed_alone_and_never_skips_what_could_not_be_decided() -> None:
    assert statuses(every_verdict()) == {
        "ACC-01": ("failed", False, True),
        "EML-05": ("error", False, False),
        "LOG-01": ("failed", False, False),
        "MFA-01": ("failed", False, False),
        "NET-06 [jump1]": ("passed", False, False),
        "PHY-04": ("skipped", True, False),
        "REM-01": ("error", False, False),
        "RET-01": ("passed", False, False),
    }


def test_hdf_says_who_waived_what_until_when() -> None:
    (waived,) = [c["waiver_data"] for c in hdf(every_verdict())["controls"] if "waiver_data" in c]
    assert waived == {
        "skipped_due_to_waiver": True, "run": True, "justification": "moves to the new directory",
        "expiration_date": "2026-12-31", "message": "approved by ciso",
    }  # fmt: skip


def test_hdf_arranges_controls_by_their_clauses_of_nist() -> None:
    known = control("A-01", maps={"NIST80053": ("AC-2(3)", "PS-4"), "PCI": ("8.2.5",)})
    (item,) = hdf(run((result("A-01", Verdict.PASSED),), (known,)))["controls"]
    assert item["tags"]["nist"] == ["AC-2(3)", "PS-4"]


def test_hdf_groups_name_every_control_once() -> None:
    profile = hdf(every_verdict())
    grouped = [id_ for group in profile["groups"] for id_ in group["controls"]]
    assert sorted(grouped) == sorted(c["id"] for c in profile["controls"])


# All of them


@pytest.mark.parametrize("name", ["oscal", "hdf"])
def test_a_smaller_claim_that_passed_says_so(name: str) -> None:
    narrow = result("A-01", Verdict.PASSED, reason=f"{NARROWED}: no column for the day")
    assert NARROWED in json.dumps(view(name, run((narrow,))))


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not Verdict.PASSED])
@pytest.mark.parametrize("cause", [None, *Cause])
def test_nothing_but_passed_is_ever_satisfied_or_passed(verdict: Verdict, cause: Cause | None) -> None:
    one = run((result("A-01", verdict, cause=cause),))
    assert "satisfied" not in {state for state, _ in states(one).values()}
    assert "passed" not in {status for status, _, _ in statuses(one).values()}


def test_a_run_without_any_result_is_not_without_fault() -> None:
    empty = run(())
    assert states(empty) == {"none_obj": ("not-satisfied", "other")}
    assert statuses(empty) == {"none": ("error", False, False)}
    (said,) = sarif(empty)["invocations"][0]["toolExecutionNotifications"]
    assert said["descriptor"]["id"] == "did_not_run"


@pytest.mark.parametrize("name", ["oscal", "oscal-plan", "sarif", "hdf"])
@pytest.mark.parametrize(("changes", "mark"), [({"sample": True}, "SAMPLE"), ({"self_check": True}, "SELF-CHECK")])
def test_sample_and_self_check_are_said(name: str, changes: dict[str, bool], mark: str) -> None:
    assert mark in json.dumps(view(name, every_verdict(**changes)))
    assert mark not in json.dumps(view(name, every_verdict()))


@pytest.mark.parametrize("name", ["oscal", "oscal-plan", "sarif", "hdf"])
def test_a_view_does_not_depend_on_where_the_bundle_lies(name: str) -> None:
    assert view(name, every_verdict(bundle="somewhere/else")) == view(name, every_verdict())


@pytest.mark.parametrize("name", ["oscal", "sarif", "hdf"])
def test_a_hundred_findings_are_shown_at_most_and_the_rest_counted(name: str) -> None:
    many = run((result("A-01", Verdict.FAILED, population=300, exceptions=300, findings=findings(300)),))
    text = json.dumps(view(name, many))
    assert text.count("crm/accounts.csv row ") <= 101
    assert "more in findings.csv" in text


@pytest.mark.parametrize("name", ["oscal", "sarif", "hdf"])
def test_a_control_that_is_not_installed_is_shown_by_its_id(name: str) -> None:
    unknown = replace(run((result("NEW-01", Verdict.FAILED, reason="off"),)), controls={})
    assert "NEW-01" in json.dumps(view(name, unknown))
