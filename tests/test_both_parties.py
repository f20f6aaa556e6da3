"""A check that reads the vendor's and the client's own copy of one kind: planned, judged, sealed and replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import small_vendor
from assembled import AS_OF, engagement, profile
from commands import Answer, ctrlkit
from runs import control
from test_plan import canvas, evidence

from ctrlkit import reads
from ctrlkit.errors import AuthorError
from ctrlkit.model import Cause, Check, Fault
from ctrlkit.plan import Handed, Line, draw, needed

PROFILE = """\
name: both
title: Both parties' logs
extends: [bpo-philippines]
controls: {add: [GOV-08]}
"""


def apart(claim: str | None = None, *parties: str, **needs: str) -> Check:
    named = {kind: tuple(names.split()) for kind, names in needs.items()}
    return Check(None, named, {"auth_events": ("session_id",)}, claim, None, 10, copies={"auth_events": parties})


FULL = apart(None, "vendor", "client", auth_events="ts result")
LESS = apart("less", "vendor", auth_events="ts result", roster="status")
COMPARED = control("TST-01", checks=(FULL, LESS))


def handed(party: str, *faults: Fault, **changes: Any) -> Handed:
    return Handed(evidence("auth_events", party=party, **changes), canvas(), faults)


def planned(there: dict[str, Handed], **more: Any) -> Line:
    ids = {COMPARED.id: COMPARED}
    policy = profile(params={COMPARED.id: {}})
    (line,) = draw(ids, ids, there, more.pop("declared", {}), policy, engagement(**more), AS_OF)
    return line


def test_each_copy_is_a_table_of_its_own_with_its_own_optional_columns() -> None:
    vendor = handed("vendor", columns=("ts", "system", "account_id", "result", "session_id"))
    line = planned(
        {"auth_events": handed("client"), "vendor_auth_events": vendor, "client_auth_events": handed("client")}
    )
    assert (line.check, line.faults) == (FULL, ())
    assert line.tables == {
        "vendor_auth_events": ("ts", "result", "session_id"),
        "client_auth_events": ("ts", "result"),
    }
    assert needed(LESS) == {"vendor_auth_events": ("ts", "result"), "roster": ("status",)}


@pytest.mark.parametrize("party", ["vendor", "client"])
def test_one_party_s_copy_alone_is_missing_the_other(party: str) -> None:
    other = {"vendor": "client", "client": "vendor"}[party]
    line = planned({"auth_events": handed(party), f"{party}_auth_events": handed(party)})
    assert line.faults == (Fault(Cause.MISSING, f"auth_events: the {other}'s own copy was not handed in"),)


def test_what_is_wrong_with_either_copy_stops_the_check() -> None:
    old = Fault(Cause.STALE, "auth_events: exported 40 days before the as-of")
    both = {"auth_events": handed("client"), "vendor_auth_events": handed("vendor", old)}
    assert planned({**both, "client_auth_events": handed("client")}).faults == (old,)


def test_a_vendor_that_declares_a_kind_empty_does_not_speak_for_the_client() -> None:
    line = planned(
        {"auth_events": handed("client"), "client_auth_events": handed("client")}, declared={"auth_events": "-"}
    )
    assert [fault.cause for fault in line.faults] == [Cause.DECLARED_EMPTY]
    line = planned(
        {"auth_events": handed("vendor"), "vendor_auth_events": handed("vendor")}, declared={"auth_events": "-"}
    )
    assert [fault.cause for fault in line.faults] == [Cause.MISSING]


def test_the_smaller_claim_reads_the_vendor_s_copy_and_never_the_client_s_in_its_place() -> None:
    roster = Handed(evidence("roster"), canvas())
    vendors = {"auth_events": handed("vendor"), "vendor_auth_events": handed("vendor"), "roster": roster}
    assert planned(vendors).check == LESS
    clients = {"auth_events": handed("client"), "client_auth_events": handed("client"), "roster": roster}
    assert [fault.cause for fault in planned(clients).faults] == [Cause.MISSING]
    lacking = handed("client", columns=("ts", "system", "account_id"))
    assert [f.message for f in planned({**vendors, "client_auth_events": lacking}).faults] == [
        "auth_events: no source holds result"
    ]


def test_a_kind_is_asked_for_in_one_way() -> None:
    with pytest.raises(AuthorError, match="auth_events twice"):

        @reads(auth_events="ts")
        @reads.both(auth_events="ts")
        def test_it() -> None: ...


def given(folder: Path, log: list[dict[str, str]], exported: str = small_vendor.EXPORTED) -> None:
    """The small vendor's pack, and the client's with a log of its own."""
    small_vendor.write(folder)
    (folder / "client" / "auth_events.csv").write_bytes(small_vendor.render(log))
    pack = folder / "client" / "pack.yaml"
    entry = f"  auth_events: {{file: auth_events.csv, exported_at: '{exported}'}}\n"
    pack.write_text(pack.read_text("utf-8") + entry, "utf-8")
    (folder / "both.yaml").write_text(PROFILE, "utf-8")


def compared(folder: Path, *more: str) -> Answer:
    words = ("--select", "GOV-08,LOG-07", "--format", "json", *more)
    return ctrlkit(folder, *small_vendor.arguments(folder, *words, profile=str(folder / "both.yaml")))


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_run_compares_the_logs_seals_both_and_replays(engine: str, tmp_path: Path) -> None:
    """The client's log lacks one sign-in to its system, and the vendor's another; each finding is on its own side."""
    log = small_vendor.clean()["auth_events"]
    ours = [row for row in log if row["system"] == "crm"]
    added = {**ours[9], "ts": "2026-10-20T04:44:00+08:00", "session_id": "x"}
    given(tmp_path, [*ours[:4], *ours[5:], added])
    answer = compared(tmp_path, "--engine", engine)
    result = answer.results["GOV-08"]
    places = {
        (s["party"], s["file"], s["row"])
        for f in result["findings"]
        for s in f["sources"]
        if s["kind"] == "auth_events"
    }
    assert places == {
        ("vendor", "auth_events.csv", log.index(ours[4]) + 2),
        ("client", "auth_events.csv", len(ours) + 1),
    }
    files = [e["file"] for e in result["evidence"] if e["kind"] == "auth_events"]
    assert files == ["data/evidence/auth_events.csv", "data/evidence/client/auth_events.csv"]
    assert answer.verdicts == {"GOV-08": "failed", "LOG-07": "passed"}
    bundle = tmp_path / "runs" / (tmp_path / "runs" / "latest").read_text("utf-8").strip()
    assert all((bundle / file).is_file() for file in files)
    assert ctrlkit(tmp_path / "elsewhere", "replay", bundle).code == 0
    again = ctrlkit(tmp_path / "again", "run", bundle, "--profile", str(tmp_path / "both.yaml"), "--format", "json")
    assert again.results["GOV-08"] == result


def test_without_the_client_s_log_the_smaller_claim_is_decided_and_says_so(tmp_path: Path) -> None:
    given(tmp_path, [row for row in small_vendor.clean()["auth_events"] if row["system"] == "crm"])
    assert compared(tmp_path).verdicts["GOV-08"] == "passed"
    small_vendor.write(tmp_path / "alone")
    (tmp_path / "alone" / "both.yaml").write_text(PROFILE, "utf-8")
    alone = compared(tmp_path / "alone").results["GOV-08"]
    assert (alone["verdict"], alone["reason"].partition(":")[0]) == ("passed", "only the smaller claim was decided")


def test_check_says_whose_copy_is_awaited(tmp_path: Path) -> None:
    small_vendor.write(tmp_path, {"client_accounts": None})
    (tmp_path / "both.yaml").write_text(PROFILE, "utf-8")
    words = ("--profile", tmp_path / "both.yaml", "--engagement", tmp_path / "engagement.yaml", "--format", "json")
    answer = ctrlkit(tmp_path, "check", tmp_path / "vendor", *words)
    waiting = {w["control"]: json.dumps(w["for"]) for w in answer.said["controls"]["waiting"]}
    assert "the client's own copy was not handed in" in waiting["GOV-08"]


def test_explain_says_that_both_copies_are_read(tmp_path: Path) -> None:
    assert "the vendor's own copy and the client's own copy" in ctrlkit(tmp_path, "explain", "GOV-08").out
