"""Facts: values that know their line, and never an answer where the host gave none."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from ctrlkit.errors import AuthorError
from ctrlkit.fact_kind import FactKind, parse, shipped
from ctrlkit.facts import Facts, Unreadable, facts_of, from_document, hidden, none_of, settings
from ctrlkit.hooks import Probe, Reading, Said
from ctrlkit.model import Cause, Fault, HostPointer
from ctrlkit.transcript import Output, Transcript


def _rows(lines: Sequence[str]) -> Reading:
    cells = [(n, line.split()) for n, line in enumerate(lines, 1)]
    return Reading(
        rows=tuple((n, {"protocol": "tcp", "address": a, "port": int(p), "is_loopback": False}) for n, (a, p) in cells)
    )


SSHD = Probe("sshd_settings", "sshd_settings", "sshd -T")
LISTENERS = Probe("listeners", "listeners", "ss", parse=_rows)
SAID = b"permitrootlogin no\nacceptenv LANG\nacceptenv LC_*\nmaxauthtries 4\n"


def transcript(shell: str = "sh", /, **outputs: Output) -> Transcript:
    return Transcript("h1", "m", "n1", shell, "db1", "2026-10-31T01:02:03Z", "0", "root", outputs)


def output(stdout: bytes = b"", stderr: bytes = b"", status: int | None = 0, end: str = "exit") -> Output:
    return Output(stdout, stderr, status, end, 10)


def saying(reading: Reading | Exception) -> Callable[[Sequence[str]], Reading]:
    """A parser that makes this of whatever it is given."""

    def parse(_: Sequence[str]) -> Reading:
        if isinstance(reading, Exception):
            raise reading
        return reading

    return parse


def one(probe: Probe, said: Output) -> Facts:
    return facts_of(transcript("sh", **{probe.name: said}), [probe])[probe.fact]


def test_a_setting_is_read_and_its_line_recorded() -> None:
    facts = one(SSHD, output(SAID))
    assert facts["permitrootlogin"] == "no"
    assert facts.touched == (HostPointer("h1", "sshd_settings", 1),)
    assert facts["maxauthtries"] == "4"
    assert facts.touched[0].line == 4


def test_what_occurs_again_is_a_list() -> None:
    assert one(SSHD, output(SAID))["acceptenv"] == ("LANG", "LC_*")


def test_an_absence_is_an_answer_only_where_the_host_was_read() -> None:
    facts = one(SSHD, output(SAID))
    assert "banner" not in facts
    assert facts.get("banner", "none") == "none"
    assert facts.touched == (HostPointer("h1", "sshd_settings", None),)
    with pytest.raises(Unreadable) as caught:
        facts["banner"]
    assert caught.value.cause is Cause.UNDECIDED


def test_rows_know_their_line() -> None:
    facts = one(LISTENERS, output(b"192.0.2.1 22\n192.0.2.1 80\n"))
    rows = facts.rows()
    assert [row.port for row in rows] == [22, 80]
    assert rows[1]["address"] == "192.0.2.1"
    assert rows[1].pointer == HostPointer("h1", "listeners", 2)
    assert facts.touched[0] == rows[1].pointer


def test_no_row_is_an_answer() -> None:
    assert one(LISTENERS, output()).rows() == ()


REFUSED_TEXTS = (
    b"cat: /etc/shadow: Permission denied\n",
    b"netlink: Error: cache initialization failed: Operation not permitted\n",
    b"sudo: a password is required\n",
    b"iptables-save v1.8.9 (legacy): Fatal: can't open lock file: Permission denied (you must be root)\n",
    b"sshd: no hostkeys available -- exiting.\n",
)
FAULTS = {
    "refused by the script": (output(status=None, end="refused"), Cause.REFUSED),
    **{f"refused: {text[:20]!r}": (output(SAID, text, status=0), Cause.REFUSED) for text in REFUSED_TEXTS},
    "ended by the watchdog": (output(SAID, status=None, end="timeout"), Cause.TIMEOUT),
    "no time left": (output(status=None, end="skipped"), Cause.TIMEOUT),
    "said too much": (output(SAID, status=None, end="clipped"), Cause.CUT),
    "lost": (output(SAID, status=None, end="lost"), Cause.CUT),
    "no such tool": (output(status=127), Cause.UNSUPPORTED),
    "another exit status": (output(SAID, b"\x1b[31mbad\n", status=2), Cause.UNSUPPORTED),
}
TOUCHES: dict[str, Callable[[Facts], object]] = {
    "item": lambda facts: facts["permitrootlogin"],
    "in": lambda facts: "permitrootlogin" in facts,
    "not in": lambda facts: "banner" not in facts,
    "get": lambda facts: facts.get("permitrootlogin", "no"),
    "rows": lambda facts: facts.rows(),
    "len": len,
    "iteration": list,
    "truth": bool,
    "items": lambda facts: dict(facts.items()),
}


@pytest.mark.parametrize("touch", TOUCHES.values(), ids=TOUCHES)
@pytest.mark.parametrize(("said", "cause"), FAULTS.values(), ids=FAULTS)
def test_what_was_not_read_cannot_be_touched(said: Output, cause: Cause, touch: Callable[[Facts], object]) -> None:
    facts = one(SSHD, said)
    with pytest.raises(Unreadable) as caught:
        touch(facts)
    assert caught.value.cause is cause
    assert str(caught.value).isprintable()
    assert facts.faults[0].cause is cause


def test_an_exit_status_that_is_an_answer_is_one() -> None:
    probe = Probe("sshd_settings", "sshd_settings", "x", answers=(0, 2))
    assert one(probe, output(SAID, status=2))["permitrootlogin"] == "no"


def test_a_probe_that_was_not_asked_is_missing() -> None:
    facts = facts_of(transcript(), [SSHD])["sshd_settings"]
    assert facts.fault is not None
    assert facts.fault.cause is Cause.MISSING


def test_a_fact_of_another_system_is_unsupported() -> None:
    facts = facts_of(transcript("powershell"), [SSHD])["sshd_settings"]
    assert facts.fault is not None
    assert facts.fault.cause is Cause.UNSUPPORTED


def test_of_two_probes_the_one_that_answered_counts() -> None:
    windows = Probe("win", "sshd_settings", "x", language="powershell")
    for order in ([SSHD, windows], [windows, SSHD]):
        assert facts_of(transcript(sshd_settings=output(SAID)), order)["sshd_settings"]["permitrootlogin"] == "no"
    for order in ([SSHD, windows], [windows, SSHD]):
        fault = facts_of(transcript(sshd_settings=output(end="refused", status=None)), order)["sshd_settings"].fault
        assert fault is not None
        assert fault.cause is Cause.REFUSED


def test_a_host_that_was_not_read_has_every_fact_and_none_can_be_touched() -> None:
    found = none_of("h1", Fault(Cause.UNREACHABLE, "h1 · no answer"), [SSHD, LISTENERS])
    assert sorted(found) == ["listeners", "sshd_settings"]
    with pytest.raises(Unreadable) as caught:
        found["listeners"].rows()
    assert caught.value.cause is Cause.UNREACHABLE


@pytest.mark.parametrize("stdout", [b"192.0.2.1\n", b"192.0.2.1 ssh\n", b"a b c\n"])
def test_output_the_parser_does_not_know_is_unsupported(stdout: bytes) -> None:
    fault = one(LISTENERS, output(stdout)).fault
    assert fault is not None
    assert fault.cause is Cause.UNSUPPORTED


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("x"), AttributeError("x"), ZeroDivisionError("x")])
def test_a_parser_that_breaks_is_a_crash(error: Exception) -> None:
    fault = one(Probe("p", "p", "x", parse=saying(error)), output(b"a\n")).fault
    assert fault is not None
    assert fault.cause is Cause.CRASHED


@pytest.mark.parametrize("error", [ValueError("\x1b[31m"), RecursionError()])
def test_hostile_output_is_unsupported(error: Exception) -> None:
    fault = one(Probe("p", "p", "x", parse=saying(error)), output(b"a\n")).fault
    assert fault is not None
    assert fault.cause is Cause.UNSUPPORTED
    assert fault.message.isprintable()


def test_a_value_its_kind_does_not_allow_is_unsupported() -> None:
    probe = Probe("audit", "audit", "x", parse=saying(Reading(values={"enabled": ("on", 1)})))
    fault = one(probe, output(b"a\n")).fault
    assert fault is not None
    assert fault.cause is Cause.UNSUPPORTED


def test_no_answer_to_one_question_is_no_answer() -> None:
    reading = Reading(values={"id": ("debian", 1), "is_reboot_pending": (None, 2)})
    facts = one(Probe("os_release", "os_release", "x", parse=saying(reading)), output(b"a\n"))
    assert facts["id"] == "debian"
    with pytest.raises(Unreadable) as caught:
        facts["is_reboot_pending"]
    assert caught.value.cause is Cause.UNDECIDED


def test_a_setting_that_was_refused_alone_says_so() -> None:
    reading = Reading(values={"hostname": ("db1", 1)}, unread={"serial": Fault(Cause.REFUSED, "only root")})
    facts = one(Probe("host_identity", "host_identity", "x", parse=saying(reading)), output(b"a\n"))
    assert facts["hostname"] == "db1"
    for touch in (lambda: facts["serial"], lambda: "serial" in facts, lambda: facts.get("serial")):
        with pytest.raises(Unreadable) as caught:
            touch()
        assert caught.value.cause is Cause.REFUSED


def test_a_null_is_an_answer_where_the_kind_says_what_it_means() -> None:
    cells: dict[str, Said] = {"name": "a", "is_root": False, "state": "usable", "scheme": "sha512", "changed_on": None}
    rest: dict[str, Said] = {"max_days": None, "inactive_days": None, "expires_on": None}
    probe = Probe("shadow_accounts", "shadow_accounts", "x", parse=saying(Reading(rows=((1, {**cells, **rest}),))))
    (row,) = one(probe, output(b"a\n")).rows()
    assert row.expires_on is None
    with pytest.raises(Unreadable):
        row.changed_on  # noqa: B018


def test_a_slip_of_the_author_is_no_absence() -> None:
    (row,) = one(LISTENERS, output(b"192.0.2.1 22\n")).rows()
    with pytest.raises(AuthorError, match="prot"):
        row.prot  # noqa: B018
    facts = one(Probe("audit", "audit", "x", parse=saying(Reading())), output())
    with pytest.raises(AuthorError, match="enable"):
        facts.get("enable")


def test_an_instant_comes_as_one() -> None:
    reading = Reading(values={"oldest_at": ("2026-10-31T01:02:03Z", 1)})
    facts = one(Probe("journal_reach", "journal_reach", "x", parse=saying(reading)), output(b"a\n"))
    assert facts["oldest_at"] == datetime(2026, 10, 31, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize("said", [output(SAID), output(status=127), output(SAID, b"Permission denied\n")])
def test_facts_survive_the_bundle_and_the_way_to_the_child(said: Output) -> None:
    facts = one(SSHD, said)
    for back in (from_document(json.loads(json.dumps(facts.document()))), pickle.loads(pickle.dumps(facts))):  # noqa: S301
        assert back.document() == facts.document()
        assert back.sha256 == facts.sha256


def test_each_check_gets_facts_nobody_has_looked_at() -> None:
    facts = one(SSHD, output(SAID))
    assert facts["permitrootlogin"] == "no"
    assert facts.fresh().touched == ()
    assert facts.touched


def test_identifiers_are_hidden_and_the_rest_stays() -> None:
    cells: dict[str, Said] = {"name": "ana", "uid": 0, "gid": 0, "shell": "/bin/sh", "is_root": False}
    probe = Probe("passwd_accounts", "passwd_accounts", "x", parse=saying(Reading(rows=((1, cells),))))
    (row,) = hidden(one(probe, output(b"a\n")), lambda domain, value: f"{domain}:{len(value)}").rows()
    assert (row.name, row.uid, row.shell) == ("account:3", 0, "/bin/sh")


def test_settings_have_small_letter_names() -> None:
    assert settings(["PermitRootLogin no", "", "  Port 22  "]).values == {
        "permitrootlogin": ("no", 1),
        "port": ("22", 3),
    }


@pytest.mark.parametrize("kind", shipped().values(), ids=lambda kind: kind.name)
def test_a_shipped_kind_says_what_each_of_its_items_is(kind: FactKind) -> None:
    assert kind.about.endswith(".")
    assert all(item.about for item in kind.items.values())
    assert kind.items or kind.is_open
    assert all(item.pseudonym for item in kind.items.values() if item.personal)


def test_a_kind_takes_only_what_it_names() -> None:
    kind = parse(
        {
            "title": "x",
            "description": "x.",
            "type": "object",
            "properties": {
                "day": {"type": "string", "format": "date", "description": "d"},
                "word": {"type": ["string", "null"], "enum": ["a", None], "description": "w"},
                "flag": {"type": "boolean", "description": "f"},
                "list": {"type": "array", "items": {"type": "string"}, "description": "l"},
                "at": {"type": "string", "format": "date-time", "description": "a"},
            },
            "additionalProperties": False,
        }
    )
    good: dict[str, Said] = {
        "day": "2026-10-31",
        "word": "a",
        "flag": True,
        "list": ("a",),
        "at": "2026-10-31T01:02:03Z",
    }
    assert kind.fault_of(Reading(values={name: (value, 1) for name, value in good.items()})) is None
    assert kind.fault_of(Reading(values={"word": (None, 1)})) is None
    bad: dict[str, Said] = {
        "day": "31/10/2026",
        "word": "b",
        "flag": "yes",
        "list": "a",
        "at": "2026-10-31 01:02",
        "other": 1,
    }
    for name, value in bad.items():
        assert kind.fault_of(Reading(values={name: (value, 7)})) == f"line 7: {name} {value!r}"
