"""Documents are typed by their schema, and every fault names file, line, what was found and what was expected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ctrlkit.document import day, instant, load, number, parse
from ctrlkit.errors import InputError

SCHEMAS = sorted(f.name.removesuffix(".schema.json") for f in (files("ctrlkit") / "schemas").iterdir())

BROKEN = {
    "unknown key": ("pack", "vendor: x\nengagment: y\n", 2, 'engagment: unknown key; did you mean "engagement"?'),
    "misspelt required key": ("pack", "vender: x\n", 1, 'vender: unknown key; did you mean "vendor"?; expected one of'),
    "missing key": ("pack", "party: vendor\n", 1, 'the key "vendor" is missing; expected vendor: who hands this in'),
    "list for a mapping": ("pack", "- vendor\n", 1, "found a list, expected a mapping"),
    "mapping for a list": (
        "profile",
        "name: a\ntitle: b\nextends: {a: b}\n",
        3,
        "extends: found a mapping, expected a list",
    ),
    "text for a list": ("engagement", "may_be_empty: phish\n", 1, 'may_be_empty: found "phish", expected a list'),
    "no value": ("pack", "vendor:\n", 1, "vendor: has no value, expected text"),
    "no mapping": ("pack", "vendor: x\nevidence:\n", 2, "evidence: has no value, expected a mapping"),
    "empty text": ("pack", 'vendor: ""\n', 1, 'vendor: found "", expected some text'),
    "wrong word": (
        "pack",
        "vendor: x\nparty: cliant\n",
        2,
        'found "cliant", expected one of vendor, client; did you mean "client"?',
    ),
    "wrong number": (
        "pack",
        "vendor: x\nevidence:\n  roster: {file: a, rows: many}\n",
        3,
        'evidence.roster.rows: found "many", expected a whole number; for example 312',
    ),
    "negative number": (
        "pack",
        "vendor: x\nevidence:\n  roster: {file: a, rows: -1}\n",
        3,
        'found "-1", expected at least 0',
    ),
    "wrong pattern": ("engagement", "country: ph\n", 1, 'country: found "ph", expected two capital letters'),
    "line break in a name": (
        "profile",
        'name: "a\\n"\ntitle: b\n',
        1,
        'name: found "a\\n", expected lower-case letters',
    ),
    "no such day": (
        "waivers",
        "- control: A\n  expires: 2026-02-30\n",
        2,
        '#1.expires: found "2026-02-30", expected a date',
    ),
    "instant without offset": (
        "pack",
        "vendor: x\nexported_at: 2026-11-01T01:10:00\n",
        2,
        'found "2026-11-01T01:10:00", expected an instant with its offset',
    ),
    "date for an instant": ("pack", "vendor: x\nexported_at: 2026-11-01\n", 2, "expected an instant with its offset"),
    "entry twice": ("profile", "name: a\ntitle: b\nattestable:\n- A\n- A\n", 5, 'attestable#2: found "A" again'),
    "neither source nor list": (
        "pack",
        "vendor: x\nevidence: {roster: a.csv}\n",
        2,
        'evidence.roster: found "a.csv", expected a mapping (key: value) or a list',
    ),
    "fault inside a list of sources": (
        "pack",
        "vendor: x\nevidence:\n  roster:\n  - file: a\n  - file: []\n",
        5,
        "evidence.roster#2.file: found an empty list, expected at least one entry",
    ),
    "fault inside a source": (
        "pack",
        "vendor: x\nevidence:\n  roster:\n    fil: a\n",
        4,
        'roster.fil: unknown key; did you mean "file"?',
    ),
    "value of no type": (
        "profile",
        "name: a\ntitle: b\nparams: {A: {b: {c: d}}}\n",
        3,
        "params.A.b: found a mapping, expected text or a list",
    ),
}


@pytest.mark.parametrize(("schema", "text", "line", "message"), BROKEN.values(), ids=BROKEN)
def test_the_fault_itself_is_said_where_nothing_stands_before_it(
    schema: str, text: str, line: int, message: str
) -> None:
    """Documents above that lack other keys as well are completed first."""
    complete = {
        "engagement": "id: e\nissued_by: client\nvendor: v\nperiod: {start: 2026-10-01, end: 2026-10-31}\n",
        "waivers": "",
    }.get(schema, "")
    if schema == "engagement" and "country" not in text:
        complete += "country: PH\n"
    if schema == "waivers":
        text += "  subject: organisation\n  reason: r\n  approved_by: a\n"
    with pytest.raises(InputError) as error:
        parse((text + complete).encode(), Path("x.yaml"), schema)
    assert message in str(error.value)
    assert str(error.value).startswith(f"x.yaml:{line}: ")


def test_scalars_are_typed_by_the_schema() -> None:
    text = "vendor: NO\nexported_at: 2026-11-01T01:10:00+08:00\nevidence: {roster: {file: 0123, sheet: 2, rows: 312}}\n"
    data = parse(text.encode(), Path("x"), "pack").data
    assert data["vendor"] == "NO"
    assert data["exported_at"] == datetime(2026, 10, 31, 17, 10, tzinfo=UTC)
    assert data["evidence"]["roster"] == {"file": "0123", "sheet": 2, "rows": 312}


def test_a_quoted_number_is_text_where_both_may_stand() -> None:
    text = 'vendor: x\nevidence: {roster: {file: a, sheet: "2026"}}\n'
    assert parse(text.encode(), Path("x"), "pack").data["evidence"]["roster"]["sheet"] == "2026"


def test_dates_become_dates_and_plain_text_stays() -> None:
    text = "- {control: '1', subject: organisation, reason: 2026-01-01, approved_by: a, expires: 2026-12-31}"
    entry = parse(text.encode(), Path("x"), "waivers").data[0]
    assert (entry["reason"], entry["expires"]) == ("2026-01-01", date(2026, 12, 31))


@pytest.mark.parametrize(
    ("text", "value"),
    [("0", 0), ("-3", -3), ("2.50", Decimal("2.5")), ("3.0", 3), ("0.000001", Decimal("0.000001"))],
)
def test_numbers_are_exact(text: str, value: int | Decimal) -> None:
    assert (number(text), str(number(text))) == (value, str(value))


@pytest.mark.parametrize(
    "text", ["", "1e3", "1,000", "0x10", "01", "+1", ".5", "5.", "NaN", "inf", "\u0661", "1\n", "9" * 16]
)
def test_no_other_text_is_a_number(text: str) -> None:
    assert number(text) is None


@pytest.mark.parametrize("text", ["2026-10-28T09:00:00Z", "2026-10-28 09:00:00+00:00", "2026-10-28t17:00+08:00"])
def test_instants_are_utc(text: str) -> None:
    assert instant(text) == datetime(2026, 10, 28, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-10-28",
        "2026-10-28T09:00:00",
        "20261028T090000Z",
        "2026-W44-3T09:00Z",
        "2026-10-28T25:00Z",
        "0001-01-01T00:00+08:00",
    ],
)
def test_no_other_text_is_an_instant(text: str) -> None:
    assert instant(text) is None


@pytest.mark.parametrize("text", ["", "2026-1-1", "20261028", "2026-W44-3", "2026-10-32", "2026-10-28 "])
def test_no_other_text_is_a_day(text: str) -> None:
    assert day(text) is None


def test_a_file_keeps_its_bytes_and_lines(tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    path.write_bytes(b"# ours\nvendor: x\n")
    document = load(path, "pack")
    assert (document.raw, document.line(("vendor",)), document.line(("vendor", "more"))) == (
        b"# ours\nvendor: x\n",
        2,
        2,
    )
    assert str(document.error(("vendor",), "no")) == f"{path.as_posix()}:2: vendor: no"


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        load(tmp_path / "x.yaml", "pack")
    with pytest.raises(InputError, match="is not a regular file"):
        load(tmp_path, "pack")


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pack.yaml")
    with pytest.raises(InputError, match="is not a regular file"):
        load(tmp_path / "pack.yaml", "pack")


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_valid_and_closed(name: str) -> None:
    """Unknown keys are refused wherever keys are known, and every pattern says in words what it expects."""
    schema = json.loads((files("ctrlkit") / "schemas" / f"{name}.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:ctrlkit:schema:{name}"
    todo = [schema]
    while todo:
        node = todo.pop()
        if isinstance(node, list):
            todo += node
        if isinstance(node, dict):
            assert not isinstance(node.get("properties"), dict) or node.get("additionalProperties") is False
            assert not isinstance(node.get("pattern"), str) or "x-expected" in node
            todo += node.values()


def test_an_inventory_is_read_as_its_reference_shows() -> None:
    text = """
authorised: {by: vendor-it, reference: annex 4, from: 2026-10-01, until: 2026-12-31}
defaults: {user: audit, port: 22, sudo: never, known_hosts: known_hosts}
hosts:
  - {name: jump1, address: 192.0.2.10, roles: [server, jump]}
  - {name: ws-0142, address: 192.0.2.77, roles: [workstation], via: jump1, connect_timeout: 10}
  - {name: ws-0143}
"""
    data = parse(text.encode(), Path("inventory.yaml"), "inventory").data
    assert data["authorised"]["until"] == date(2026, 12, 31)
    assert [host["name"] for host in data["hosts"]] == ["jump1", "ws-0142", "ws-0143"]


def test_the_validator_is_imported_only_when_a_document_is_read() -> None:
    """`ctrlkit --help` pays for neither jsonschema nor PyYAML."""
    code = "import sys, ctrlkit.document; sys.exit(any(m in sys.modules for m in ('jsonschema', 'yaml')))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
