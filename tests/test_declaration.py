"""What an author declares, and what is refused as it is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ctrlkit import control, house, law, reads, standard
from ctrlkit.declaration import declared
from ctrlkit.errors import AuthorError


def test_a_parameter_says_what_its_number_rests_on() -> None:
    basis = [law(1, "days", source="Art. 1"), standard(2, "days", source="RFC 1"), house(3, "days")]
    assert [(p.value, p.basis, p.source) for p in basis] == [
        (1, "law", "Art. 1"),
        (2, "standard", "RFC 1"),
        (3, "house", ""),
    ]
    assert house([1, 2], "words", allowed=[1, 2, 3]).allowed == (1, 2, 3)


@pytest.mark.parametrize("id_", ["mfa-01", "MFA01", "M-01", "MFA-1", "MFA-01 ", "TOOLONGID-01"])
def test_an_id_is_topic_and_number(id_: str) -> None:
    with pytest.raises(AuthorError, match="TOPIC-nn"):
        control(id_, "T", severity="high", remedy="R")


def test_a_severity_is_one_of_four() -> None:
    with pytest.raises(ValueError, match="severe"):
        control("MFA-01", "T", severity="severe", remedy="R")


def test_a_host_control_may_stand_alone_or_beside_a_file_side() -> None:
    @control("NET-06", "T", severity="high", remedy="R")
    @reads(settings="key value")
    def test_file() -> None:
        """The whole requirement."""

    @control.on_host("NET-06", roles=["server"])
    def test_host() -> None: ...

    @control.on_host("NET-07", "U", roles=["jump"], severity="low", remedy="R")
    def test_other() -> None: ...

    found = declared({f.__name__: f for f in (test_host, test_other, test_file)}, domain="d", path="p", sha256="s")
    assert [(c.id, [k.roles for k in c.checks]) for c in found] == [
        ("NET-06", [None, ("server",)]),
        ("NET-07", [("jump",)]),
    ]
    assert (found[0].requirement, found[1].severity) == ("The whole requirement.", "low")


def test_two_heads_of_one_control_are_refused() -> None:
    def declare() -> Callable[[], None]:
        @control("NET-06", "T", severity="high", remedy="R")
        def test_it() -> None: ...

        return test_it

    with pytest.raises(AuthorError, match="NET-06 is declared twice"):
        declared({"a": declare(), "b": declare()}, domain="d", path="p", sha256="s")


def test_a_control_may_ask_different_things_of_different_roles() -> None:
    @control.on_host("LOG-05", "T", roles=["workstation"], severity="high", remedy="R")
    def test_desk(screen_lock: object) -> None: ...

    @control.on_host("LOG-05", roles=["server", "jump"])
    def test_shell(shell_timeout: object) -> None: ...

    (found,) = declared({f.__name__: f for f in (test_shell, test_desk)}, domain="d", path="p", sha256="s")
    assert [(check.roles, check.facts) for check in found.checks] == [
        (("workstation",), ("screen_lock",)),
        (("server", "jump"), ("shell_timeout",)),
    ]


def test_a_role_that_two_checks_of_one_control_name_is_refused_since_one_would_never_run() -> None:
    @control.on_host("NET-06", "T", roles=["server", "jump"], severity="high", remedy="R")
    def test_host() -> None: ...

    @control.on_host("NET-06", roles=["mail", "jump"])
    def test_other() -> None: ...

    first, second = (f.__code__.co_firstlineno for f in (test_host, test_other))
    said = rf"p:{second}: control NET-06 asks role jump in two checks \(line {first}\)"
    with pytest.raises(AuthorError, match=said):
        declared({f.__name__: f for f in (test_other, test_host)}, domain="d", path="p", sha256="s")
