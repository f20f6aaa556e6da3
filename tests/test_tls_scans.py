"""What SSLyze and testssl.sh wrote of a real server becomes exact rows; what they do not say is not known."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ingestion import causes, read_text, table

from ctrlkit import explain, recognition, stock
from ctrlkit.hooks import Adapter, plugin_manager
from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Grade

RECORDED = Path(__file__).parent / "recorded"
SSLYZE, FLAT, PRETTY = "sslyze-6.3.1.json", "testssl-3.0.8.json", "testssl-3.0.8-pretty.json"
COLUMNS = ("host", "port", "protocol_min", "protocol_max", "cert_not_after", "cert_chain_ok", "_row")
HOST = "crm.vendor.example"
ENDS = date(2027, 2, 23)
Change = Callable[[Any], None]


def adapters() -> tuple[Adapter, ...]:
    return tuple(a for given in plugin_manager().hook.ctrlkit_adapters() for a in given)


def document(name: str, *changes: Change) -> Any:
    said = json.loads((RECORDED / name).read_text("utf-8"))
    for change in changes:
        change(said)
    return said


def read(folder: Path, said: Any, **told: Any) -> Ingested:
    return read_text(folder, json.dumps(said), "scan.json", kind="tls", adapters=adapters(), **told)


def rows(found: Ingested) -> list[tuple[Any, ...]]:
    frame = table(found)
    return [tuple(row.get(name) for name in COLUMNS) for row in frame.to_dicts()]


def finding(name: str, said: Any, text: str) -> None:
    """Change what one finding of testssl.sh says, in either form."""
    listed = (
        said
        if isinstance(said, list)
        else [r for s in said["scanResult"][0].values() if isinstance(s, list) for r in s]
    )
    next(record for record in listed if record["id"] == name)["finding"] = text


def attempt(said: Any, name: str) -> Any:
    return said["server_scan_results"][1]["scan_result"][name]


def test_a_scan_of_sslyze_becomes_a_row_for_each_server_also_of_one_that_did_not_answer(tmp_path: Path) -> None:
    found = read(tmp_path, document(SSLYZE))
    assert (found.adapter, found.grade, found.faults, found.bad_cells) == ("sslyze_json", Grade.EXPORT, (), {})
    assert rows(found) == [
        ("192.0.2.10", 8443, None, None, None, None, 1),
        (HOST, 443, "1.2", "1.3", ENDS, False, 2),
    ]


@pytest.mark.parametrize(("name", "row"), [(FLAT, 2), (PRETTY, 1)])
def test_both_forms_of_testssl_become_the_same_row(name: str, row: int, tmp_path: Path) -> None:
    found = read(tmp_path, document(name))
    assert (found.adapter, found.grade, found.faults, found.bad_cells) == ("testssl_json", Grade.EXPORT, (), {})
    assert rows(found) == [(HOST, 443, "1.2", "1.3", ENDS, False, row)]


@pytest.mark.parametrize("name", [SSLYZE, FLAT, PRETTY])
def test_a_scan_is_recognised_by_what_it_holds_whatever_its_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_bytes((RECORDED / name).read_bytes())
    (known,), unknown = recognition.look(tmp_path, shipped(), adapters(), deep=False)
    assert (known.kind, known.adapter, unknown) == ("tls", "sslyze_json" if name == SSLYZE else "testssl_json", ())


@pytest.mark.parametrize("name", [SSLYZE, FLAT, PRETTY])
def test_a_scan_that_is_cut_is_truncated(name: str, tmp_path: Path) -> None:
    text = (RECORDED / name).read_text("utf-8")
    found = read_text(tmp_path, text[: len(text) // 2], "scan.json", kind="tls", adapters=adapters())
    assert causes(found) == [Cause.TRUNCATED]


@pytest.mark.parametrize("name", [SSLYZE, FLAT, PRETTY])
def test_a_scan_under_another_kind_is_malformed(name: str, tmp_path: Path) -> None:
    text = (RECORDED / name).read_text("utf-8")
    assert Cause.MALFORMED in causes(read_text(tmp_path, text, "scan.json", kind="vulns", adapters=adapters()))


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("ssl_2_0_cipher_suites", "ssl3", "1.3"),
        ("ssl_3_0_cipher_suites", "ssl3", "1.3"),
        ("tls_1_0_cipher_suites", "1.0", "1.3"),
        ("tls_1_1_cipher_suites", "1.1", "1.3"),
    ],
)
def test_the_weakest_protocol_that_sslyze_got_through_counts(
    name: str, lowest: str, highest: str, tmp_path: Path
) -> None:
    def offer(said: Any) -> None:
        attempt(said, name)["result"]["is_tls_version_supported"] = True

    assert rows(read(tmp_path, document(SSLYZE, offer)))[1][2:4] == (lowest, highest)


def test_an_attempt_of_sslyze_that_failed_is_not_known_and_hides_no_weaker_one(tmp_path: Path) -> None:
    def fail(said: Any) -> None:
        attempt(said, "tls_1_1_cipher_suites").update(status="ERROR", error_reason="BUG_IN_SSLYZE", result=None)

    def weaker(said: Any) -> None:
        attempt(said, "tls_1_0_cipher_suites")["result"]["is_tls_version_supported"] = True

    assert rows(read(tmp_path, document(SSLYZE, fail)))[1][2:4] == (None, "1.3")
    assert rows(read(tmp_path, document(SSLYZE, fail, weaker)))[1][2:4] == ("1.0", "1.3")


def test_mozilla_s_store_decides_for_sslyze_and_a_ca_brought_along_does_not(tmp_path: Path) -> None:
    def paths(said: Any) -> list[Any]:
        found: list[Any] = attempt(said, "certificate_info")["result"]["certificate_deployments"][0][
            "path_validation_results"
        ]
        return found

    def trusted_by(name: str) -> Change:
        def change(said: Any) -> None:
            next(p for p in paths(said) if p["trust_store"]["name"] == name)["was_validation_successful"] = True

        return change

    def without(said: Any) -> None:
        paths(said)[:] = [p for p in paths(said) if p["trust_store"]["name"] != "Mozilla"]

    assert rows(read(tmp_path, document(SSLYZE, trusted_by("Mozilla"))))[1][5] is True
    assert rows(read(tmp_path, document(SSLYZE, trusted_by("Supplied CA file"))))[1][5] is False
    assert rows(read(tmp_path, document(SSLYZE, trusted_by("Apple"), without)))[1][5] is None


def test_a_name_that_does_not_fit_is_no_trust_in_version_5_of_sslyze(tmp_path: Path) -> None:
    def version_5(said: Any) -> None:
        deployed = attempt(said, "certificate_info")["result"]["certificate_deployments"][0]
        deployed["leaf_certificate_subject_matches_hostname"] = False
        for path in deployed["path_validation_results"]:
            del path["was_validation_successful"]
            path["verified_certificate_chain"] = deployed["received_certificate_chain"]

    def fits(said: Any) -> None:
        deployed = attempt(said, "certificate_info")["result"]["certificate_deployments"][0]
        deployed["leaf_certificate_subject_matches_hostname"] = True

    assert rows(read(tmp_path, document(SSLYZE, version_5)))[1][5] is False
    assert rows(read(tmp_path, document(SSLYZE, version_5, fits)))[1][5] is True


def test_of_several_certificates_the_first_to_end_counts(tmp_path: Path) -> None:
    def second(said: Any) -> None:
        deployments = attempt(said, "certificate_info")["result"]["certificate_deployments"]
        deployments.append(json.loads(json.dumps(deployments[0]).replace("2027-02-23", "2026-12-01")))

    assert rows(read(tmp_path, document(SSLYZE, second)))[1][4] == date(2026, 12, 1)


def test_servers_that_sslyze_could_not_find_leave_the_scan_cut(tmp_path: Path) -> None:
    def lost(said: Any) -> None:
        said["invalid_server_strings"] = [{"server_string": "pbx.vendor.example", "error_message": "not resolved"}]

    found = read(tmp_path, document(SSLYZE, lost))
    assert causes(found) == [Cause.TRUNCATED]
    assert "1 of the servers asked for could not be found" in found.faults[0].message


def test_a_version_of_sslyze_that_is_too_old_is_refused_with_what_to_do(tmp_path: Path) -> None:
    def old(said: Any) -> None:
        for found in said["server_scan_results"]:
            found["scan_commands_results"] = found.pop("scan_result")

    found = read(tmp_path, document(SSLYZE, old))
    assert causes(found) == [Cause.MALFORMED]
    assert "scan again with version 5 or newer" in found.faults[0].message


def test_a_file_that_only_begins_like_a_scan_is_malformed(tmp_path: Path) -> None:
    odd = {"sslyze_version": "6.3.1", "server_scan_results": [{"scan_result": None}]}
    found = read(tmp_path, odd)
    assert causes(found) == [Cause.MALFORMED]
    assert "sslyze_json" in found.faults[0].message


@pytest.mark.parametrize(
    ("text", "lowest"),
    [
        ("offered (deprecated)", "1.1"),
        ("supported but couldn't detect a cipher (may need debugging)", "1.1"),
        ("not offered, and downgraded to SSLv3 rather than TLSv1.0", "1.2"),
        ("TLSv1.1 is not offered, and downgraded to a weaker protocol", "1.2"),
        ("not tested due to lack of local support", None),
        ("likely not offered", None),
        ("received 4xx/5xx after STARTTLS handshake", None),
        ("connection failed rather than downgrading to TLSv1.0", None),
    ],
)
@pytest.mark.parametrize("name", [FLAT, PRETTY])
def test_what_testssl_could_not_try_is_not_known(name: str, text: str, lowest: str | None, tmp_path: Path) -> None:
    said = document(name, lambda d: finding("TLS1_1", d, text))
    assert rows(read(tmp_path, said))[0][2:4] == (lowest, "1.3")


@pytest.mark.parametrize(
    ("chain", "name", "trusted"),
    [
        ("passed.", "Ok via SAN (same w/o SNI)", True),
        ("passed.", "certificate does not match supplied URI (same w/o SNI)", False),
        ("passed.", "via CN only", False),
        ("failed (expired).", "Ok via SAN", False),
        (
            "Some certificate trust checks failed -> Java: (chain incomplete), OK -> Apple Linux Mozilla",
            "Ok via SAN",
            True,
        ),
        ("Some certificate trust checks failed -> Mozilla: (expired), OK -> Apple", "Ok via SAN", False),
        ("Some certificate trust checks failed -> Java: (expired), OK -> Apple", "Ok via SAN", None),
        ("Your OpenSSL <= 1.0.2 might be too unreliable to determine trust", "Ok via SAN", None),
    ],
)
def test_the_chain_and_the_name_of_testssl_count_together(
    chain: str, name: str, trusted: bool | None, tmp_path: Path
) -> None:
    said = document(FLAT, lambda d: finding("cert_chain_of_trust", d, chain), lambda d: finding("cert_trust", d, name))
    assert rows(read(tmp_path, said))[0][5] is trusted


def test_what_testssl_was_not_asked_is_not_known(tmp_path: Path) -> None:
    def no_certificate(said: Any) -> None:
        said["scanResult"][0]["serverDefaults"] = []

    def second_address(said: Any) -> None:
        said["scanResult"].append({**said["scanResult"][0], "ip": "192.0.2.11", "protocols": [], "serverDefaults": []})

    assert rows(read(tmp_path, document(PRETTY, no_certificate))) == [(HOST, 443, "1.2", "1.3", None, None, 1)]
    assert rows(read(tmp_path, document(PRETTY, second_address))) == [(HOST, 443, None, "1.3", None, False, 1)]


@pytest.mark.parametrize("name", [FLAT, PRETTY])
def test_a_scan_of_testssl_that_was_broken_off_is_truncated(name: str, tmp_path: Path) -> None:
    def stop(said: Any) -> None:
        if isinstance(said, list):
            finding("scanTime", said, "Scan interrupted")
        else:
            said["scanTime"] = "Scan interrupted"

    assert causes(read(tmp_path, document(name, stop))) == [Cause.TRUNCATED]


def test_testssl_that_did_not_get_to_a_host_at_all_is_truncated_and_empty(tmp_path: Path) -> None:
    said = [{"id": "scanProblem", "ip": "/", "port": "443", "severity": "FATAL", "finding": "No IPv4 address"}]
    assert causes(read(tmp_path, said)) == [Cause.TRUNCATED, Cause.EMPTY]


def test_a_plain_list_of_findings_of_another_tool_is_not_taken_for_testssl(tmp_path: Path) -> None:
    said = [{"id": "TLS1", "ip": "192.0.2.10", "port": "443", "severity": "LOW", "finding": "offered"}]
    assert causes(read(tmp_path, said)) == [Cause.MALFORMED]


def test_an_adapter_that_unfolds_is_explained_by_the_content_it_knows() -> None:
    shelf = stock.take(RECORDED)
    said = explain.explain("testssl_json", shelf)
    assert "the content of its JSON document" in said
    assert "testssl lowest protocol" not in said
