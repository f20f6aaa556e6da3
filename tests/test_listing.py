"""Assertions over the lists of a host: one finding per row at its line, doubts that never pass."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ctrlkit.check import recording
from ctrlkit.errors import AuthorError
from ctrlkit.fact import Facts, Row
from ctrlkit.fact_kind import shipped
from ctrlkit.hooks import Reading
from ctrlkit.listing import assert_each
from ctrlkit.model import Cause, Fault, HostPointer
from ctrlkit.outcome import Outcome, judge

Port = tuple[int, int | None]


def listeners(*ports: Port, host: str = "h1", fault: Fault | None = None) -> Facts:
    """Sockets by line and port; a port of None was not told."""
    rows = tuple(
        (line, {"protocol": "tcp", "address": "*", "port": port, "is_loopback": False}) for line, port in ports
    )
    return Facts(host, "listeners", "sockets", Reading(rows=rows), fault, shipped()["listeners"])


def outcome(
    facts: Facts, rule: Callable[[Row], bool] = lambda row: row.port == 22, because: str = "port {port}", by: str = ""
) -> Outcome:
    with recording() as record:
        assert_each(facts, rule, because=because, by=by)
        return judge(record, "NET-01", f"host:{facts.host}")


def test_a_row_that_breaks_the_rule_is_a_finding_at_its_line_with_its_values() -> None:
    found = outcome(listeners((2, 22), (3, 25)))
    assert (found.state, found.population, found.exceptions) == ("failed", 2, 1)
    assert found.reason == "1 of 2 rows of listeners: port …"
    (finding,) = found.findings
    assert finding.message == "port 25"
    assert finding.sources == (HostPointer("h1", "sockets", 3),)
    assert finding.values == {"address": "*", "is_loopback": False, "port": 25, "protocol": "tcp"}


def test_findings_stand_in_the_order_of_their_lines() -> None:
    assert [f.message for f in outcome(listeners((9, 110), (4, 25))).findings] == ["port 25", "port 110"]


def test_rows_that_keep_the_rule_pass_and_are_counted() -> None:
    found = outcome(listeners((2, 22), (3, 22)))
    assert (found.state, found.population, found.exceptions) == ("passed", 2, 0)


def test_no_row_is_an_answer() -> None:
    assert (outcome(listeners()).state, outcome(listeners()).population) == ("passed", None)


def test_a_value_that_the_host_did_not_say_leaves_its_row_undecided() -> None:
    found = outcome(listeners((2, 22), (3, None)))
    assert (found.state, found.cause, found.undecided) == ("inconclusive", Cause.UNDECIDED, 1)
    assert "sockets line 3" in found.reason


def test_a_finding_outweighs_a_doubt_which_is_noted() -> None:
    found = outcome(listeners((2, 25), (3, None)))
    assert (found.state, len(found.findings), found.undecided) == ("failed", 1, 1)
    assert [note.message.startswith("undecided: ") for note in found.notes] == [True]


def test_a_list_that_could_not_be_read_gives_its_own_cause() -> None:
    found = outcome(listeners(fault=Fault(Cause.REFUSED, "h1 · probe sockets · needs root")))
    assert (found.state, found.cause, found.reason) == (
        "inconclusive",
        Cause.REFUSED,
        "h1 · probe sockets · needs root",
    )


def test_the_key_of_a_finding_is_of_what_names_the_row_and_never_of_its_line() -> None:
    one, moved, other = (
        outcome(listeners((line, port)), by="port").findings[0] for line, port in ((2, 25), (7, 25), (2, 26))
    )
    assert one.key == moved.key
    assert one.key != other.key
    assert one.key != outcome(listeners((2, 25), host="h2"), by="port").findings[0].key


def test_rows_with_the_same_name_are_still_different_findings() -> None:
    keys = [f.key for f in outcome(listeners((2, 25), (3, 25)), by="port").findings]
    assert len(keys) == len(set(keys)) == 2


def test_a_row_that_breaks_two_rules_is_one_finding_that_names_both() -> None:
    facts = listeners((2, 25))
    with recording() as record:
        assert_each(facts, lambda row: row.port == 22, because="port {port}", by="port")
        assert_each(facts, lambda row: row.address != "*", because="on every address", by="port")
        found = judge(record, "NET-01", "host:h1")
    assert [f.message for f in found.findings] == ["port 25; on every address"]
    assert (found.population, found.exceptions) == (1, 1)


def test_where_says_of_which_rows_the_control_speaks() -> None:
    with recording() as record:
        assert_each(listeners((2, 25), (3, 80)), lambda _: False, where=lambda row: row.port == 80, because="no")
        found = judge(record, "NET-01", "host:h1")
    assert (found.population, len(found.findings)) == (1, 1)


def test_what_was_looked_at_leaves_no_trace_for_a_later_plain_assertion() -> None:
    facts = listeners((2, 25))
    outcome(facts)
    assert facts.touched == ()


@pytest.mark.parametrize(
    ("rule", "because", "complaint"),
    [
        (lambda row: row.port, "port {port}", "says True or False, this one said int"),
        (lambda _: False, "{harbour}", "have no 'harbour'"),
        (lambda row: row.harbour, "no", "has no 'harbour'"),
    ],
    ids=["a rule that is none", "words about no column", "a column that is none"],
)
def test_a_slip_of_the_author_is_no_finding(rule: Callable[[Row], bool], because: str, complaint: str) -> None:
    with pytest.raises(AuthorError, match=complaint):
        outcome(listeners((2, 25)), rule, because)
