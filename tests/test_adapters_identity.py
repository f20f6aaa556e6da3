"""Adapters of directories, sign-in logs and mail: samples in the products' own shape become exact rows."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from identity_samples import AD_USERS_RAW, SAMPLES, Sample
from ingestion import causes, problems, read_text, table

from ctrlkit import explain, recognition, stock
from ctrlkit.hooks import Adapter, plugin_manager
from ctrlkit.ingested import Ingested
from ctrlkit.kind import shipped
from ctrlkit.model import Cause, Grade


def adapters() -> tuple[Adapter, ...]:
    return tuple(a for given in plugin_manager().hook.ctrlkit_adapters() for a in given)


def read(folder: Path, sample: Sample, said: str | bytes | None = None) -> Ingested:
    return read_text(folder, sample.said if said is None else said, sample.file, kind=sample.kind, adapters=adapters())


def told(value: Any) -> Any:
    """A value as the samples write it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return int(value) if isinstance(value, Decimal) else value


def rows(found: Ingested) -> list[dict[str, Any]]:
    """What the rows say, without what is empty; `_bad` names the cells that are not known."""
    return [
        {name: told(cell) for name, cell in row.items() if cell is not None and name != "_file"}
        for row in table(found).to_dicts()
    ]


def of(name: str) -> Sample:
    return next(sample for sample in SAMPLES if sample.adapter == name)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_sample_becomes_exactly_these_rows(sample: Sample, tmp_path: Path) -> None:
    found = read(tmp_path, sample)
    assert (found.adapter, found.grade, found.faults, found.bad_rows) == (sample.adapter, Grade.EXPORT, (), 0)
    assert rows(found) == sample.rows


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_a_sample_is_recognised_whatever_its_name(sample: Sample, tmp_path: Path) -> None:
    suffix = sample.file.rpartition(".")[2]
    (tmp_path / f"x.{suffix}").write_bytes(sample.bytes)
    known, unknown = recognition.look(tmp_path, shipped(), adapters(), deep=False)
    assert (sample.kind, sample.adapter) in [(found.kind, found.adapter) for found in known], unknown
    assert len({found.kind for found in known}) == len(known)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
@pytest.mark.parametrize("part", [0.5, 0.97])
def test_a_sample_that_is_cut_is_no_whole_evidence(sample: Sample, part: float, tmp_path: Path) -> None:
    said = sample.bytes[: int(len(sample.bytes) * part)]
    assert {Cause.TRUNCATED, Cause.MALFORMED, Cause.EMPTY} & {*causes(read(tmp_path, sample, said))}


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.needs], ids=str)
def test_a_sample_without_one_of_its_names_is_refused(sample: Sample, tmp_path: Path) -> None:
    for name in sample.needs:
        assert name in sample.said
        found = read(tmp_path, sample, sample.said.replace(name, "xx"))
        assert Cause.MALFORMED in causes(found), name
        assert found.rows == 0


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.odd], ids=str)
def test_a_word_that_the_product_does_not_have_is_not_known(sample: Sample, tmp_path: Path) -> None:
    for word, column in sample.odd.items():
        assert word in sample.said
        found = read(tmp_path, sample, sample.said.replace(word, "Qwerty"))
        assert column in [problem["column"] for problem in problems(found)], word


def said(found: Ingested) -> str:
    """What is wrong with a file."""
    return " ".join(fault.message for fault in found.faults)


def cells(found: Ingested, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(told(row.get(name)) for name in names) for row in table(found).to_dicts()]


def lines_of(document: str, key: str = "") -> str:
    """A list of records as one on each line."""
    whole = json.loads(document)
    return "".join(f"{json.dumps(record)}\n" for record in (whole[key] if key else whole))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("okta_sign_ins_json", ""),
        ("okta_users_json", ""),
        ("google_sign_ins", "items"),
        ("google_changes", "items"),
        ("entra_sign_ins_json", ""),
    ],
)
def test_a_record_on_each_line_says_the_same_as_a_list(name: str, key: str, tmp_path: Path) -> None:
    sample = of(name)
    text = lines_of(sample.said, key)
    found = read_text(tmp_path, text, "log.ndjson", kind=sample.kind, adapters=adapters())
    assert (found.adapter, found.faults, rows(found)) == (name, (), sample.rows)
    cut = read_text(tmp_path, text[:-40], "log.ndjson", kind=sample.kind, adapters=adapters())
    assert Cause.TRUNCATED in causes(cut)
    broken = text.replace("\n", "\n{oops\n", 1)
    flawed = read_text(tmp_path, broken, "log.ndjson", kind=sample.kind, adapters=adapters())
    assert flawed.bad_rows == 1
    assert [row["_row"] for row in rows(flawed)][-1] == sample.rows[-1]["_row"] + 1


def test_the_diagnostic_settings_wrap_the_same_sign_ins_and_those_of_applications_are_left_aside(
    tmp_path: Path,
) -> None:
    def wrapped(record: Any, category: str) -> Any:
        return {
            "time": record["createdDateTime"],
            "operationName": "Sign-in activity",
            "category": category,
            "resultType": record["status"]["errorCode"],
            "callerIpAddress": record["ipAddress"],
            "location": "PH",
            "properties": record,
        }

    sample = of("entra_sign_ins_json")
    first, *others = json.loads(sample.said)
    robot = {"createdDateTime": "2026-08-03T01:12:44Z", "servicePrincipalName": "sync", "status": {"errorCode": 0}}
    all_of_them = [wrapped(first, "SignInLogs"), *(wrapped(o, "NonInteractiveUserSignInLogs") for o in others)]
    all_of_them.append(wrapped({**robot, "ipAddress": "203.0.113.10"}, "ServicePrincipalSignInLogs"))
    assert rows(read(tmp_path, sample, json.dumps({"records": all_of_them}))) == sample.rows


def test_graph_v1_does_not_say_how_many_factors_a_sign_in_took(tmp_path: Path) -> None:
    sample = of("entra_sign_ins_json")
    later = {"authenticationRequirement", "authenticationDetails", "sessionId"}
    plain = [{k: v for k, v in record.items() if k not in later} for record in json.loads(sample.said)]
    found = read(tmp_path, sample, json.dumps({"value": plain}))
    assert not {"factors", "mfa_method", "session_id"} & set(found.columns)
    assert [row["result"] for row in rows(found)] == ["success", "failure", "interrupted"]


@pytest.mark.parametrize("key", ["@odata.nextLink", "nextPageToken"])
@pytest.mark.parametrize("name", ["entra_users_json", "google_users_json", "google_sign_ins", "exchange_trace_json"])
def test_a_further_page_makes_a_file_cut(name: str, key: str, tmp_path: Path) -> None:
    sample = of(name)
    found = read(tmp_path, sample, json.dumps({**json.loads(sample.said), key: "abc"}))
    assert (causes(found), "another page follows" in said(found)) == ([Cause.TRUNCATED], True)


@pytest.mark.parametrize(("count", "cut"), [(99, False), (100, True), (101, False), (200, True)])
def test_a_bare_list_that_is_as_long_as_a_page_of_okta_is_taken_for_one(count: int, cut: bool, tmp_path: Path) -> None:
    sample = of("okta_users_json")
    user = json.loads(sample.said)[0]
    many = [{**user, "profile": {**user["profile"], "login": f"a{n}@vendor.example"}} for n in range(count)]
    found = read(tmp_path, sample, json.dumps(many))
    assert causes(found) == ([Cause.TRUNCATED] if cut else [])


@pytest.mark.parametrize(("count", "cut"), [(999, False), (1000, True), (5000, True)])
def test_a_trace_that_ends_where_a_page_does_is_cut(count: int, cut: bool, tmp_path: Path) -> None:
    sample = of("exchange_trace_csv")
    header, row, *_ = sample.said.splitlines()
    found = read(tmp_path, sample, "\n".join([header, *[row] * count]) + "\n")
    assert causes(found) == ([Cause.TRUNCATED] if cut else [])


def test_an_email_log_of_a_thousand_messages_is_cut(tmp_path: Path) -> None:
    sample = of("google_email_log")
    header, row, *_ = sample.said.splitlines()
    many = [row.replace("<m1@x>", f"<m{n}@x>") for n in range(1000)]
    assert causes(read(tmp_path, sample, "\n".join([header, *many]) + "\n")) == [Cause.TRUNCATED]


def test_users_of_graph_without_accountenabled_are_refused_with_what_to_ask_for(tmp_path: Path) -> None:
    sample = of("entra_users_json")
    found = read(tmp_path, sample, sample.said.replace('"accountEnabled": ', '"ageGroup": '))
    assert "accountEnabled is not in it; ask for it with $select" in said(found)


def test_of_a_user_whose_sign_ins_were_not_selected_the_last_is_not_known(tmp_path: Path) -> None:
    sample = of("entra_users_json")
    found = read(tmp_path, sample, sample.said.replace("signInActivity", "aboutMe"))
    assert "last_login_at" not in found.columns


def test_scripts_write_registrations_as_csv_with_the_same_names(tmp_path: Path) -> None:
    text = (
        "UserPrincipalName,IsMfaCapable,IsMfaRegistered,MethodsRegistered\n"
        'ana.cruz@vendor.example,True,True,"microsoftAuthenticatorPush,fido2"\n'
        "raj.iyer@vendor.example,True,True,System.String[]\n"
    )
    found = read_text(tmp_path, text, adapters=adapters())
    assert found.adapter == "entra_registrations"
    assert cells(found, "mfa_method", "_bad") == [("push;fido2", None), (None, ";mfa_method;")]


def test_okta_s_sign_ins_alone_do_not_say_how_many_factors_they_took(tmp_path: Path) -> None:
    sample = of("okta_sign_ins_json")
    starts = [e for e in json.loads(sample.said) if e["eventType"] == "user.session.start"]
    assert cells(read(tmp_path, sample, json.dumps(starts)), "factors", "_bad")[0] == (None, ";factors;")


def test_whose_credential_a_machine_changed_is_not_known_where_no_user_is_named(tmp_path: Path) -> None:
    sample = of("okta_changes_json")
    events = [e for e in json.loads(sample.said) if e["eventType"] == "user.account.unlock"]
    found = read(tmp_path, sample, json.dumps([{**events[0], "target": None}]))
    assert (found.rows, found.bad_rows) == (0, 1)


def test_a_log_of_sign_ins_and_changes_is_recognised_as_each_of_its_kinds(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(of("google_sign_ins").said, "utf-8")
    (tmp_path / "b.csv").write_text(of("okta_sign_ins_csv").said, "utf-8")
    known, unknown = recognition.look(tmp_path, shipped(), adapters(), deep=False)
    assert (sorted((f.file, f.kind) for f in known), unknown) == (
        [
            ("a.json", "auth_events"),
            ("a.json", "credential_changes"),
            ("a.json", "mail_rules"),
            ("b.csv", "auth_events"),
            ("b.csv", "credential_changes"),
        ],
        (),
    )


def test_a_log_without_any_of_a_kind_is_empty_and_no_pass(tmp_path: Path) -> None:
    for name, text in (
        ("google_forwarding", json.dumps({"items": json.loads(of("google_sign_ins").said)["items"][:2]})),
        ("okta_changes_csv", "\n".join(of("okta_changes_csv").said.splitlines()[:2]) + "\n"),
        ("ad_users", "\n".join(of("ad_users").said.splitlines()[:2]) + "\n"),
    ):
        assert causes(read(tmp_path, of(name), text)) == [Cause.EMPTY], name


@pytest.mark.parametrize("name", [s.adapter for s in SAMPLES if s.file.endswith(".csv")])
def test_a_table_whose_last_line_does_not_end_is_cut(name: str, tmp_path: Path) -> None:
    sample = of(name)
    whole = sample.said.removesuffix("\n").removesuffix('"')
    assert Cause.TRUNCATED in causes(read(tmp_path, sample, whole))


def test_a_row_with_too_few_cells_is_refused_by_its_line(tmp_path: Path) -> None:
    sample = of("exchange_trace_detail")
    text = sample.said.replace(",Originating,S:a=1", "", 1)
    found = read(tmp_path, sample, text)
    assert (causes(found), "line 2 has 12 cells where the header has 14" in said(found)) == ([Cause.MALFORMED], True)


def test_raw_times_of_ad_count_from_1601_and_nought_is_never(tmp_path: Path) -> None:
    found = read(tmp_path, of("ad_users"), AD_USERS_RAW)
    assert cells(found, "account_id", "last_login_at", "password_last_set", "_bad") == [
        ("ana.cruz", "2026-08-03T21:14:13.123456", "2026-07-12", None),
        ("svc", None, None, ";password_last_set;"),
    ]


def test_what_was_not_asked_of_ad_is_left_out(tmp_path: Path) -> None:
    text = '"DistinguishedName","Enabled","SamAccountName","SID"\n"CN=Ana","True","ana","S-1-5"\n'
    assert read(tmp_path, of("ad_users"), text).columns == ("system", "account_id", "enabled")


@pytest.mark.parametrize("role", ["WORKSTATION", "SERVER"])
def test_the_policy_of_one_member_is_not_that_of_the_domain(role: str, tmp_path: Path) -> None:
    sample = of("net_accounts")
    alone = sample.said.partition("\n")[2].replace("WORKSTATION", role)
    found = read(tmp_path, sample, alone)
    assert "run net accounts /domain" in said(found)
    assert causes(read(tmp_path, sample, alone.replace(role, "PRIMARY"))) == []


def test_net_accounts_in_another_language_is_text_that_no_adapter_knows(tmp_path: Path) -> None:
    text = "Minimale Kennwortlänge:             12\nDer Befehl wurde erfolgreich ausgeführt.\n"
    found = read_text(tmp_path, text, "net.log", kind="settings", adapters=adapters())
    assert "is text that no adapter knows" in said(found)


@pytest.mark.parametrize(
    ("text", "days"),
    [("00:00:00", "0"), ("90.00:00:00", "90"), ("42:00:00", "42"), ("12:00:00", None), ("1.12:00:00", None)],
)
def test_the_age_of_passwords_is_read_in_whole_days(text: str, days: str | None, tmp_path: Path) -> None:
    sample = of("ad_password_policy")
    found = read(tmp_path, sample, sample.said.replace("42.00:00:00", text))
    values = dict(cells(found, "setting", "value"))
    assert values.get("password_max_age_days") == days


def test_a_fine_grained_policy_is_not_the_default_one(tmp_path: Path) -> None:
    sample = of("ad_password_policy")
    found = read(tmp_path, sample, sample.said.replace("PasswordHistoryCount", "Precedence : 1\nPasswordHistoryCount"))
    assert "fine-grained" in said(found)


def test_secedit_without_an_end_is_cut_and_without_a_lock_says_nothing_of_it(tmp_path: Path) -> None:
    sample = of("secedit")
    cut = read(tmp_path, sample, sample.said.partition("[Version]")[0].encode("utf-16"))
    assert causes(cut) == [Cause.TRUNCATED]
    found = read(tmp_path, sample, sample.said.replace("InactivityTimeoutSecs", "Other").encode("utf-16"))
    assert "desktop_idle_lock_minutes" not in dict(cells(found, "setting", "value"))


def test_one_mailbox_of_powershell_is_no_list(tmp_path: Path) -> None:
    sample = of("exchange_mailboxes_json")
    found = read(tmp_path, sample, json.dumps(json.loads(sample.said)[1]))
    assert cells(found, "mailbox", "target_domain") == [("raj.iyer@vendor.example", "mail.example")]


def test_mailboxes_without_their_forwarding_are_refused_with_what_to_export(tmp_path: Path) -> None:
    sample = of("exchange_mailboxes_csv")
    found = read(tmp_path, sample, sample.said.replace("ForwardingSmtpAddress", "Alias"))
    assert "does not hold ForwardingSmtpAddress and ForwardingAddress; export them too" in said(found)


def test_a_rule_whose_attachments_are_not_in_the_file_may_forward_them(tmp_path: Path) -> None:
    sample = of("exchange_inbox_rules_json")
    rules = [{k: v for k, v in r.items() if k != "ForwardAsAttachmentTo"} for r in json.loads(sample.said)]
    found = read(tmp_path, sample, json.dumps(rules))
    assert cells(found, "rule", "target_domain", "_bad")[-1] == (
        *("inbox rule Newsletters", None),
        ";target_domain;created_at;",
    )


def test_duo_says_by_its_metadata_that_there_is_more(tmp_path: Path) -> None:
    users = json.loads(of("duo_users").said)
    users["metadata"] = {"total_objects": 5, "next_offset": 4}
    assert causes(read(tmp_path, of("duo_users"), json.dumps(users))) == [Cause.TRUNCATED]
    log = [json.loads(line) for line in of("duo_log").said.splitlines() if line]
    answer = {"stat": "OK", "response": {"authlogs": log, "metadata": {"next_offset": None, "total_objects": 7}}}
    found = read_text(tmp_path, json.dumps(answer), "d.json", kind="auth_events", adapters=adapters())
    assert (found.faults, found.rows) == ((), 6)
    answer["response"]["metadata"]["next_offset"] = ["1785719564000", "t2"]  # type: ignore[index]
    further = read_text(tmp_path, json.dumps(answer), "d.json", kind="auth_events", adapters=adapters())
    assert causes(further) == [Cause.TRUNCATED]


@pytest.mark.parametrize(
    ("said_of_it", "address"),
    [
        ("192.0.2.1:1234", "192.0.2.1"),
        ("[2001:db8::1]:1234", "2001:db8::1"),
        ("2001:db8::1#1234", "2001:db8::1"),
        ("2001:db8::1p1234", "2001:db8::1"),
        ("2001:db8::1 port 1234", "2001:db8::1"),
        ("2001:db8::1.1234", "2001:db8::1"),
        ("host", None),
    ],
)
def test_duo_writes_ports_in_many_ways(said_of_it: str, address: str | None, tmp_path: Path) -> None:
    sample = of("duo_log")
    found = read(tmp_path, sample, sample.said.replace('"203.0.113.10"', json.dumps(said_of_it)))
    assert cells(found, "src_ip")[0] == (address,)


def test_a_pack_may_say_that_all_members_are_people(tmp_path: Path) -> None:
    sample = of("entra_users")
    people = {"account_type": {"Member": "person"}}
    found = read_text(tmp_path, sample.said, sample.file, adapters=adapters(), values=people)
    assert cells(found, "account_type") == [("person",), ("guest",)]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("okta_users_json", "the content of its JSON document"),
        ("okta_users_csv", "the content of its text"),
        ("entra_users", "the headers userPrincipalName"),
    ],
)
def test_an_adapter_is_explained_by_what_it_is_known_by(name: str, what: str, tmp_path: Path) -> None:
    assert what in explain.explain(name, stock.take(tmp_path))


def test_an_adapter_that_the_pack_names_is_the_only_one_asked(tmp_path: Path) -> None:
    sample = of("okta_users_json")
    told_so = read_text(tmp_path, sample.said, "a.json", adapters=adapters(), adapter="okta_users_json")
    assert rows(told_so) == sample.rows
    other = read_text(tmp_path, sample.said, "a.json", adapters=adapters(), adapter="duo_users")
    assert (causes(other), "not an export of Duo users" in said(other)) == ([Cause.MALFORMED], True)


def test_a_cell_that_is_longer_than_any_name_is_no_header(tmp_path: Path) -> None:
    text = "x" * 200_000 + "\n" + of("ad_users").said
    assert causes(read(tmp_path, of("ad_users"), text)) == []
