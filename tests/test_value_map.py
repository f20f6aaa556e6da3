"""A pack's maps may translate; they may not turn no into yes, unknown into known, or one answer into another."""

from __future__ import annotations

from pathlib import Path

import pytest

from ctrlkit import cell
from ctrlkit.document import parse
from ctrlkit.errors import InputError
from ctrlkit.kind import shipped
from ctrlkit.value_map import FALSE_WORDS, TRUE_WORDS, UNKNOWN_WORDS, columns_of, constants_of, values_of

DOCUMENT = parse(b"vendor: v\n", Path("pack.yaml"), "pack")


def mapped(kind: str, column: str, theirs: str, ours: str | None) -> str:
    """What `theirs` becomes in that column."""
    return values_of(DOCUMENT, ("values",), shipped()[kind], {column: {theirs: ours}})[column][theirs]


@pytest.mark.parametrize(
    ("kind", "column", "theirs", "ours", "becomes"),
    [
        ("roster", "status", "Regular", "active", "active"),
        ("roster", "status", "Resigned", "Terminated", "terminated"),
        ("roster", "status", "On Leave", "on_leave", "on_leave"),
        ("accounts", "mfa_enrolled", "Enforced", "yes", "true"),
        ("accounts", "mfa_enrolled", "Pending reset", "false", "false"),
        ("accounts", "enabled", "yes", "false", "false"),
        ("accounts", "enabled", "n/a", "?", "unknown"),
        ("accounts", "enabled", "Odd", None, "unknown"),
        ("accounts", "disabled_at", "Never", "", ""),
        ("accounts", "last_login_at", "1/1/1601", "", ""),
        ("accounts", "mfa_method", "Authenticator app", "push; totp", "push;totp"),
        ("auth_events", "result", "Sign-in error", "failure", "failure"),
        ("auth_events", "factors", "multiFactorAuthentication", "2", "2"),
        ("auth_events", "country", "NA", "NA", "NA"),
        ("roster", "client", "Northwind Ltd", "northwind", "northwind"),
        ("mail_trace", "dlp_label", "No match", "none", "none"),
        ("screening", "result", "pending", "pending", "pending"),
    ],
)
def test_honest_maps_are_taken(kind: str, column: str, theirs: str, ours: str | None, becomes: str) -> None:
    assert mapped(kind, column, theirs, ours) == becomes


@pytest.mark.parametrize("word", sorted(FALSE_WORDS | {"No ", "FALSE", "Not set up", "no factor", "\uff4e\uff4f"}))
def test_a_word_for_no_never_becomes_yes(word: str) -> None:
    with pytest.raises(InputError, match="says no and would become"):
        mapped("accounts", "mfa_enrolled", word, "true")


@pytest.mark.parametrize("word", sorted(UNKNOWN_WORDS | {" ", "N/A", "Unknown", "#N/A"}))
def test_a_word_for_unknown_never_becomes_an_answer(word: str) -> None:
    for kind, column, ours in (
        ("accounts", "mfa_enrolled", "true"),
        ("accounts", "mfa_enrolled", "false"),
        ("roster", "status", "active"),
        ("roster", "termination_date", "2026-10-31"),
        ("roster", "client", "northwind"),
    ):
        with pytest.raises(InputError, match="says that nothing is known"):
            mapped(kind, column, word, ours)


@pytest.mark.parametrize("column", ["termination_date", "last_day_worked"])
def test_unknown_is_not_made_an_empty_cell_that_answers(column: str) -> None:
    with pytest.raises(InputError, match="says that nothing is known"):
        mapped("roster", column, "-", "")


@pytest.mark.parametrize(
    ("kind", "column", "theirs", "ours"),
    [
        ("auth_events", "result", "failure", "success"),
        ("auth_events", "result", "Failure", "success"),
        ("roster", "status", "terminated", "active"),
        ("roster", "status", "On-Leave", "active"),
        ("roster", "status", "active", "terminated"),
        ("accounts", "account_type", "shared", "person"),
        ("accounts", "mfa_method", "sms", "fido2"),
        ("auth_events", "factors", "1", "2"),
        ("recordings", "scan_pan_hits", "5", "0"),
        ("leavers", "separated_on", "2026-10-01", "2026-10-20"),
        ("accounts", "last_login_at", "2026-10-01 08:00", ""),
        ("accounts", "mfa_method", "sms", ""),
    ],
)
def test_a_value_of_its_own_is_not_made_another(kind: str, column: str, theirs: str, ours: str) -> None:
    with pytest.raises(InputError, match="is a value of its own"):
        mapped(kind, column, theirs, ours)


@pytest.mark.parametrize(
    ("theirs", "ours"), [("Inactive", "active"), ("not active", "active"), ("Non-active", "active")]
)
def test_the_contrary_of_a_word_is_not_made_the_word(theirs: str, ours: str) -> None:
    with pytest.raises(InputError, match="says no and would become"):
        mapped("roster", "status", theirs, ours)


def test_no_in_a_column_of_words_does_not_become_yes_either() -> None:
    with pytest.raises(InputError, match="says no and would become"):
        mapped("settings", "value", "disabled", "true")


@pytest.mark.parametrize(
    ("kind", "column", "ours", "message"),
    [
        (
            "roster",
            "status",
            "actve",
            'found "actve", expected one of active, on_leave, terminated; did you mean "active"?',
        ),
        ("accounts", "enabled", "maybe", 'found "maybe", expected one of true, false'),
        ("accounts", "mfa_method", "totp;pigeon", "expected one of sms, voice"),
        ("roster", "stattus", "active", 'roster has no column "stattus"; did you mean "status"?'),
    ],
)
def test_targets_are_words_of_the_column(kind: str, column: str, ours: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        mapped(kind, column, "Theirs", ours)
    assert message in str(error.value)


def test_one_word_has_one_meaning() -> None:
    with pytest.raises(InputError, match="is mapped twice"):
        values_of(DOCUMENT, (), shipped()["roster"], {"status": {"Reg": "active", "REG ": "terminated"}})


def test_columns_are_theirs_to_ours() -> None:
    given = {"Employee No.": "employee_id", "Status (HR)": "status"}
    assert columns_of(DOCUMENT, (), shipped()["roster"], given) == given


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"A": "employee"}, 'roster has no column "employee"; did you mean "employee_id"?'),
        ({"A": "employee_id", "B": "employee_id"}, '"A" and "B" are both mapped to employee_id'),
        ({"A b": "employee_id", "a  B": "status"}, "are the same header"),
    ],
)
def test_wrong_columns_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as error:
        columns_of(DOCUMENT, (), shipped()["roster"], given)
    assert message in str(error.value)


def test_constants_are_checked_like_values() -> None:
    accounts = shipped()["accounts"]
    assert constants_of(DOCUMENT, (), accounts, {"system": "google", "enabled": "Yes"}, ()) == {
        "system": "google",
        "enabled": "true",
    }
    with pytest.raises(InputError, match="system is mapped from a source column as well"):
        constants_of(DOCUMENT, (), accounts, {"system": "google"}, ["system"])
    with pytest.raises(InputError, match="accounts has no column"):
        constants_of(DOCUMENT, (), accounts, {"sistem": "google"}, ())


def test_no_word_says_two_things() -> None:
    words = [*UNKNOWN_WORDS, *FALSE_WORDS, *TRUE_WORDS]
    assert len(words) == len(set(words))


def test_what_cells_call_yes_or_no_is_so_here_too() -> None:
    assert {word for word, truth in cell.BOOLEANS.items() if not truth} <= FALSE_WORDS
    assert {word for word, truth in cell.BOOLEANS.items() if truth} <= TRUE_WORDS
