"""Profiles add up: what a later file says wins, and every value knows where it came from."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ctrlkit.errors import InputError
from ctrlkit.model import Control, Grade, Param, Severity
from ctrlkit.profile import DEFAULT_FRESHNESS, Setting, effective, load


def control(identity: str, *params: Param) -> Control:
    """A control with nothing but an id and parameters."""
    return Control(
        id=identity,
        title=identity,
        severity=Severity.LOW,
        requirement="",
        decisions=(),
        params={param.name: param for param in params},
        maps={},
        remedy="",
        typical_exception="",
        finding_note="",
        applies={},
        checks=(),
        domain="",
        path="",
        sha256="",
    )


CONTROLS = {
    c.id: c
    for c in (
        control("ACC-01", Param("agent_hours", 24, "h", "house", range=(0, 168))),
        control("MFA-01", Param("coverage", 100, "%", "standard", range=(0, 100))),
        control("TRN-06", Param("rating_min", Decimal("3.5"), "of 5", "house", range=(1, 5))),
        control(
            "LOG-07", Param("allowed_countries", ("PH", "IN"), "ISO", "house"), Param("ports", (22,), "ports", "house")
        ),
        control("REM-03", Param("byod_allowed", False, "bool", "house", allowed=(True, False))),
        control("NET-03", Param("min_tls", "1.2", "version", "standard", allowed=("1.2", "1.3"))),
        control("LOG-03", Param("roles", ("agent",), "roles", "house", allowed=("agent", "qa"))),
        control("NET-06"),
    )
}
BASE = """\
name: base
title: The base
controls: {add: [ACC-01, MFA-01, NET-06]}
params: {ACC-01: {agent_hours: 12}, MFA-01: {coverage: 99}}
freshness: {default: 30 days, roster: 1 day}
minimum_grade: {MFA-01: export}
attestable: [NET-06]
sample: northwind-ph
"""


def shelf(folder: Path, **texts: str) -> list[Path]:
    """Profile files of those names."""
    for name, text in texts.items():
        whole = text if text.startswith("name:") else f"name: {name}\ntitle: t\n{text}\n"
        (folder / f"{name}.yaml").write_text(whole, encoding="utf-8")
    return sorted(folder.glob("*.yaml"))


def test_a_profile_stands_alone(tmp_path: Path) -> None:
    profile = load("base", shelf(tmp_path, base=BASE), CONTROLS)
    assert (profile.name, profile.title, profile.sample) == ("base", "The base", "northwind-ph")
    assert profile.controls == ("ACC-01", "MFA-01", "NET-06")
    assert dict(profile.freshness) == {"default": 30, "roster": 1}
    assert (profile.fresh_days("roster"), profile.fresh_days("phish")) == (1, 30)
    assert (profile.grade_needed("MFA-01"), profile.grade_needed("ACC-01")) == (Grade.EXPORT, Grade.TYPED)
    assert profile.attestable == ("NET-06",)


def test_name_and_title_suffice(tmp_path: Path) -> None:
    profile = load("a", shelf(tmp_path, a=""), CONTROLS)
    assert (profile.controls, dict(profile.freshness)) == ((), {"default": DEFAULT_FRESHNESS})


def test_every_value_knows_the_file_it_came_from(tmp_path: Path) -> None:
    files = shelf(
        tmp_path, base=BASE, own="extends: [base]\nparams: {MFA-01: {coverage: 98}}\ncontrols: {add: [TRN-06]}"
    )
    profile = load("own", files, CONTROLS)
    assert profile.params["ACC-01"]["agent_hours"] == Setting(12, "base.yaml")
    assert profile.params["MFA-01"]["coverage"] == Setting(98, "own.yaml")
    assert profile.params["TRN-06"]["rating_min"] == Setting(Decimal("3.5"), "control")
    assert [document.data["name"] for document in profile.documents] == ["base", "own"]


def test_effective_fills_in_defaults_also_of_controls_not_selected(tmp_path: Path) -> None:
    profile = load("base", shelf(tmp_path, base=BASE), CONTROLS)
    assert effective(profile, CONTROLS["ACC-01"]) == {"agent_hours": 12}
    assert effective(profile, CONTROLS["LOG-07"]) == {"allowed_countries": ("PH", "IN"), "ports": (22,)}


def test_later_files_win_over_earlier_and_the_own_file_over_both(tmp_path: Path) -> None:
    files = shelf(
        tmp_path,
        one="params: {ACC-01: {agent_hours: 1}, MFA-01: {coverage: 1}, TRN-06: {rating_min: 1}}",
        two="params: {MFA-01: {coverage: 2}, TRN-06: {rating_min: 2}}\nfreshness: {roster: 2 days}",
        own="extends: [one, two]\ncontrols: {add: [ACC-01, MFA-01, TRN-06]}\nparams: {TRN-06: {rating_min: 3}}",
    )
    profile = load("own", files, CONTROLS)
    assert [effective(profile, CONTROLS[c]) for c in profile.controls] == [
        {"agent_hours": 1},
        {"coverage": 2},
        {"rating_min": Decimal(3)},
    ]
    assert profile.fresh_days("roster") == 2


def test_a_common_ancestor_counts_once(tmp_path: Path) -> None:
    """What the first country changed in the base is not undone because the second country extends the base too."""
    files = shelf(
        tmp_path,
        base=BASE,
        ph="extends: [base]\nparams: {ACC-01: {agent_hours: 3}}\ncontrols: {drop: [{id: NET-06, why: w}]}",
        india="extends: [base]\ncontrols: {add: [TRN-06]}",
        own="extends: [ph, india]",
    )
    profile = load("own", files, CONTROLS)
    assert profile.controls == ("ACC-01", "MFA-01", "TRN-06")
    assert effective(profile, CONTROLS["ACC-01"]) == {"agent_hours": 3}


def test_a_drop_is_undone_only_by_a_later_add(tmp_path: Path) -> None:
    files = shelf(
        tmp_path,
        base=BASE,
        less="extends: [base]\ncontrols: {drop: [{id: NET-06, why: no servers}]}",
        same="extends: [less]\nparams: {ACC-01: {agent_hours: 5}}",
        more="extends: [same]\ncontrols: {add: [NET-06]}",
    )
    same, more = load("same", files, CONTROLS), load("more", files, CONTROLS)
    assert (same.controls, dict(same.dropped)) == (("ACC-01", "MFA-01"), {"NET-06": "no servers"})
    assert (more.controls, dict(more.dropped)) == (("ACC-01", "MFA-01", "NET-06"), {})


def test_attestable_is_what_the_last_file_says(tmp_path: Path) -> None:
    files = shelf(tmp_path, base=BASE, own="extends: [base]\nattestable: []")
    assert load("own", files, CONTROLS).attestable == ()


def test_a_profile_is_found_by_path_and_extends_by_path(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    shelf(tmp_path / "ours", base=BASE)
    own = tmp_path / "own.yaml"
    own.write_text("name: own\ntitle: t\nextends: [ours/base.yaml]\n", encoding="utf-8")
    assert load(own, [], CONTROLS).controls == load(str(own), [], CONTROLS).controls == ("ACC-01", "MFA-01", "NET-06")


def test_the_order_of_the_shelves_changes_nothing(tmp_path: Path) -> None:
    files = shelf(tmp_path, base=BASE, own="extends: [base]")
    assert load("own", files, CONTROLS) == load("own", files[::-1], CONTROLS)


BROKEN = {
    "unknown parent": ("extends: [bass]", 'extends#1: no profile "bass"; did you mean "base"?'),
    "unknown path": ("extends: [../none.yaml]", "extends#1: no profile file"),
    "itself": ("extends: [own]", "extends#1: the profiles extend each other (own → own)"),
    "circle": ("extends: [circle]", "the profiles extend each other (own → circle → own)"),
    "unknown control added": ("controls: {add: [ACC-1]}", 'controls.add#1: no control "ACC-1"; did you mean "ACC-01"?'),
    "unknown control dropped": ("controls: {drop: [{id: ACC-1, why: w}]}", 'controls.drop#1.id: no control "ACC-1"'),
    "drop without reason": ("controls: {drop: [{id: ACC-01}]}", 'controls.drop#1: the key "why" is missing'),
    "drop of what was never added": ("controls: {drop: [{id: ACC-01, why: w}]}", "ACC-01 was never added"),
    "added and dropped": (
        "controls: {add: [ACC-01], drop: [{id: ACC-01, why: w}]}",
        "ACC-01 is added in this file as well",
    ),
    "dropped twice": (
        "extends: [base]\ncontrols: {drop: [{id: ACC-01, why: w}, {id: ACC-01, why: v}]}",
        "controls.drop#2.id: ACC-01 is dropped twice",
    ),
    "parameter of no control": ("params: {ACC-9: {x: 1}}", 'params.ACC-9: no control "ACC-9"'),
    "unknown parameter": (
        "params: {ACC-01: {agent_hour: 1}}",
        'ACC-01 has no parameter "agent_hour"; did you mean "agent_hours"?',
    ),
    "parameter of a control without any": (
        "params: {NET-06: {x: 1}}",
        'NET-06 has no parameter "x"; expected one of none',
    ),
    "too much": ("params: {ACC-01: {agent_hours: 169}}", "params.ACC-01.agent_hours: found 169, expected 0 to 168 (h)"),
    "too little": ("params: {ACC-01: {agent_hours: -1}}", "found -1, expected 0 to 168 (h)"),
    "fraction of a whole": ("params: {ACC-01: {agent_hours: 1.5}}", 'found "1.5", expected a whole number (h)'),
    "exponent": ("params: {ACC-01: {agent_hours: 1e1}}", 'found "1e1", expected a whole number'),
    "word for a number": ("params: {TRN-06: {rating_min: high}}", 'found "high", expected a number (of 5)'),
    "word for a truth": ("params: {REM-03: {byod_allowed: yes}}", 'found "yes", expected true or false (bool)'),
    "word not allowed": ("params: {NET-03: {min_tls: 1.1}}", 'found "1.1", expected one of 1.2, 1.3'),
    "entry not allowed": (
        "params: {LOG-03: {roles: [agent, qaa]}}",
        'LOG-03.roles#2: found "qaa", expected one of agent, qa; did you mean "qa"?',
    ),
    "word for a list": ("params: {LOG-03: {roles: agent}}", 'found "agent", expected a list (roles); write [agent]'),
    "list for a word": ("params: {NET-03: {min_tls: ['1.2']}}", "found a list, expected one value (version)"),
    "word in a list of numbers": (
        "params: {LOG-07: {ports: [22, ssh]}}",
        'ports#2: found "ssh", expected a whole number',
    ),
    "unknown kind": (
        "freshness: {rooster: 3 days}",
        'freshness.rooster: no evidence kind "rooster"; did you mean "roster"?',
    ),
    "no days": (
        "freshness: {roster: 35}",
        'freshness.roster: found "35", expected a number of days; for example 35 days',
    ),
    "grade of no control": ("minimum_grade: {ACC-9: typed}", 'minimum_grade.ACC-9: no control "ACC-9"'),
    "no grade": (
        "minimum_grade: {ACC-01: good}",
        'minimum_grade.ACC-01: found "good", expected one of client, third_party',
    ),
    "attestable of no control": ("attestable: [ACC-9]", 'attestable#1: no control "ACC-9"'),
}


@pytest.mark.parametrize(("text", "message"), BROKEN.values(), ids=BROKEN)
def test_a_wrong_profile_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    files = shelf(tmp_path, base=BASE, circle="extends: [own]", own=text)
    with pytest.raises(InputError) as error:
        load("own", files, CONTROLS)
    assert message in str(error.value)
    assert ".yaml:" in str(error.value).split(": ", 1)[0] + ":"


def test_an_unknown_name_on_the_command_line_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r'^--profile "bass": no profile "bass"; did you mean "base"\?; expected one of base'
    ):
        load("bass", shelf(tmp_path, base=BASE), CONTROLS)
    with pytest.raises(InputError, match="is not there"):
        load("none.yaml", [], CONTROLS)


def test_two_profiles_of_one_name_are_refused(tmp_path: Path) -> None:
    """A profile of the user's never stands in for a shipped one unnoticed."""
    (tmp_path / "other").mkdir()
    files = [*shelf(tmp_path, base=BASE), *shelf(tmp_path / "other", base=BASE)]
    with pytest.raises(InputError, match="2 profiles go by this name"):
        load("base", files, CONTROLS)


@pytest.mark.parametrize(
    ("identity", "param", "text", "value"),
    [
        ("ACC-01", "agent_hours", "168", 168),
        ("ACC-01", "agent_hours", "0", 0),
        ("MFA-01", "coverage", "99.50", Decimal("99.5")),
        ("TRN-06", "rating_min", "4", Decimal(4)),
        ("TRN-06", "rating_min", "4.25", Decimal("4.25")),
        ("REM-03", "byod_allowed", "true", True),
        ("NET-03", "min_tls", "1.3", "1.3"),
        ("LOG-07", "allowed_countries", "[NO, PH]", ("NO", "PH")),
        ("LOG-07", "allowed_countries", "[]", ()),
        ("LOG-07", "ports", "[22, 443]", (22, 443)),
    ],
)
def test_values_are_exact_and_typed_as_the_default(
    tmp_path: Path, identity: str, param: str, text: str, value: Any
) -> None:
    files = shelf(tmp_path, own=f"controls: {{add: [{identity}]}}\nparams: {{{identity}: {{{param}: {text}}}}}")
    found = effective(load("own", files, CONTROLS), CONTROLS[identity])[param]
    assert (found, type(found), str(found)) == (value, type(value), str(value))
