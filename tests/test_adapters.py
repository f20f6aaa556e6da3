"""The shipped adapters, on rows in the exact shape of the product's own export."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from ingestion import causes, problems, read_text, table

from ctrlkit.hooks import Adapter, plugin_manager
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Grade

GOOGLE_USERS = (
    "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
    "Password Hash Function [UPLOAD ONLY],Org Unit Path [Required],New Primary Email [UPLOAD ONLY],Status [READ ONLY],"
    "Last Sign In [READ ONLY],Recovery Email,Home Secondary Email,Work Secondary Email,"
    "Recovery Phone [MUST BE IN THE E.164 FORMAT],Work Phone,Home Phone,Mobile Phone,Work Address,Home Address,"
    "Employee ID,Employee Type,Employee Title,Manager Email,Department,Cost Center,2sv Enrolled [READ ONLY],"
    "2sv Enforced [READ ONLY],Building ID,Floor Name,Floor Section,Email Usage [READ ONLY],Drive Usage [READ ONLY],"
    "Total Storage [READ ONLY],Change Password at Next Sign-In,New Status [UPLOAD ONLY]\n"
    "Ana,Cruz,Ana.Cruz@vendor.example,****,,/Agents,,Active,2026/08/02 23:14:13,,,,,,,,,,E-1001,,Agent,,Voice,,True,"
    "True,,,,0.04GB,1.21GB,Unlimited,False,\n"
    "Raj,Iyer,raj.iyer@vendor.example,****,,/IT,,Suspended,Never logged in,,,,,,,,,,,,Admin,,IT,,False,False,,,,"
    "0GB,0GB,Unlimited,False,\n"
)
ENTRA_HEADER = (
    'Date (UTC),Request ID,User agent,User ID,User,Username,Application,"Application ID ",Incoming token type,'
    "IP address,Location,Status,Sign-in error code,Failure reason,Client app,Device ID,Compliant,Managed,"
    "Multifactor authentication result,Multifactor authentication auth method,Authentication requirement,Session ID,"
    "Incoming token type,Conditional Access\n"
)
ENTRA_ROWS = (
    "2026-08-03T01:12:44Z,6f1d,Mozilla/5.0,7a1b,Ana Cruz,Ana.Cruz@vendor.example,Office 365,0002,none,203.0.113.10,"
    '"Makati, Metro Manila, PH",Success,0,Other.,Browser,d-1,Yes,Yes,MFA completed,Mobile app notification,'
    "multiFactorAuthentication,s-1,none,Success\n"
    "2026-08-03 01:15:02,6f1e,BAV2ROPC,7a1c,Raj Iyer,raj.iyer@vendor.example,Office 365,0002,none,198.51.100.7,"
    '"Chennai, Tamil Nadu, IN",Failure,50126,Error validating credentials.,Authenticated SMTP,,,,None,None,'
    "singleFactorAuthentication,,none,Not Applied\n"
    "2026-08-03T01:16:00Z,6f1f,Mozilla/5.0,7a1b,Ana Cruz,ana.cruz@vendor.example,Office 365,0002,none,203.0.113.10,"
    ",Interrupted,50074,Strong authentication is required.,Browser,d-1,Yes,Yes,,mobilePhone,"
    "multiFactorAuthentication,s-2,none,Success\n"
)


def adapters() -> tuple[Adapter, ...]:
    """Every adapter that ctrlkit ships."""
    return tuple(a for given in plugin_manager().hook.ctrlkit_adapters() for a in given)


def test_google_users_become_accounts(tmp_path: Path) -> None:
    found = read_text(tmp_path, GOOGLE_USERS, "User_Download_02082026_231500.csv", adapters=adapters())
    assert (found.adapter, found.grade, found.faults, found.bad_cells) == ("google_users", Grade.EXPORT, (), {})
    ana, raj = table(found).to_dicts()
    assert (ana["account_id"], ana["employee_id"], ana["enabled"], ana["mfa_enrolled"]) == (
        "ana.cruz@vendor.example",
        "e-1001",
        True,
        True,
    )
    assert ana["last_login_at"] == datetime(2026, 8, 2, 15, 14, 13)  # noqa: DTZ001  (Manila, as the pack says)
    assert (raj["employee_id"], raj["enabled"], raj["last_login_at"], raj["_bad"]) == (None, False, None, None)
    assert {ana["system"], raj["system"]} == {"google"}


def test_a_status_that_google_does_not_have_is_no_answer(tmp_path: Path) -> None:
    found = read_text(tmp_path, GOOGLE_USERS.replace("Suspended", "Paused"), adapters=adapters())
    assert (found.rows, found.bad_rows) == (1, 1)
    assert problems(found)[0]["column"] == "enabled"


def test_entra_sign_ins_become_auth_events(tmp_path: Path) -> None:
    found = read_text(
        tmp_path, ENTRA_HEADER + ENTRA_ROWS, "InteractiveSignIns.csv", kind="auth_events", adapters=adapters()
    )
    assert (found.adapter, found.grade, found.faults) == ("entra_sign_ins", Grade.EXPORT, ())
    first, second, third = table(found).to_dicts()
    assert first["ts"] == datetime(2026, 8, 3, 1, 12, 44)  # noqa: DTZ001
    assert second["ts"] == datetime(2026, 8, 3, 1, 15, 2)  # noqa: DTZ001  (UTC as the header says, not the pack's zone)
    assert [r["result"] for r in (first, second, third)] == ["success", "failure", "interrupted"]
    assert [r["factors"] for r in (first, second, third)] == [2, 1, 2]
    assert [r["country"] for r in (first, second, third)] == ["PH", "IN", None]
    assert [r["mfa_method"] for r in (first, second, third)] == ["push", None, None]
    assert [r["_bad"] for r in (first, second, third)] == [None, None, ";mfa_method;"]
    assert (first["account_id"], first["src_ip"], first["session_id"]) == (
        "ana.cruz@vendor.example",
        "203.0.113.10",
        "s-1",
    )


def test_an_export_cut_on_its_way_is_truncated(tmp_path: Path) -> None:
    for text, kind in ((GOOGLE_USERS, "accounts"), (ENTRA_HEADER + ENTRA_ROWS, "auth_events")):
        for cut in (20, 60, 90):
            found = read_text(tmp_path, text[:-cut], kind=kind, adapters=adapters())
            assert Cause.TRUNCATED in causes(found)


def test_an_export_without_one_of_its_headers_is_malformed(tmp_path: Path) -> None:
    found = read_text(tmp_path, GOOGLE_USERS.replace("2sv Enrolled", "2SV aktiv"), adapters=adapters())
    assert causes(found) == [Cause.MALFORMED]


@pytest.mark.parametrize("adapter", adapters(), ids=lambda a: a.name)
def test_a_shipped_adapter_names_only_what_its_kind_knows(adapter: Adapter) -> None:
    kind = shipped()[adapter.kind]
    targets = {ours.partition("|")[0] for ours in adapter.columns.values()}
    assert re.fullmatch(r"[a-z][a-z0-9_]+", adapter.name)
    assert targets | set(adapter.values) | set(adapter.constants) <= set(kind.columns)
    assert set(kind.required) <= targets | set(adapter.constants)
    assert {ours.partition("|")[2] for ours in adapter.columns.values()} <= {"", "last", "percent"}
    for name, pairs in adapter.values.items():
        listed = {str(v) for v in kind.columns[name].values}
        assert not listed or {ours for ours in pairs.values() if ours} <= listed


def test_no_two_shipped_adapters_know_the_same_headers() -> None:
    seen = [(a.kind, tuple(sorted(h.casefold() for h in a.headers))) for a in adapters()]
    assert len(seen) == len(set(seen))
