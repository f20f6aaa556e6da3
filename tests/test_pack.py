"""A pack says which file holds what; it cannot reach outside itself nor say what is asked."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ctrlkit.errors import InputError
from ctrlkit.kind import shipped
from ctrlkit.pack import Pack, find, load, sample_folder

KINDS = shipped()
FULL = """\
vendor: Example Contact Services, Inc.
engagement: northwind-2026-10
time_zone: Asia/Manila
exported_at: 2026-11-01T01:10:00+08:00
evidence:
  roster:
    file: hr/roster.xlsx
    sheet: Active
    exported_at: 2026-10-31T00:00:00Z
    exported_by: hr-systems
    method: export
    rows: 312
    columns: {Employee No.: employee_id, "Status (HR)": status}
    values: {status: {Regular: active, Resigned: terminated}}
  accounts:
    - {file: google/User_Download.csv, constants: {system: google}}
    - {file: crm/*.csv, adapter: none, constants: {system: crm}, date_order: dmy, time_zone: Asia/Kolkata}
empty: {phish: No campaign was due this quarter}
"""


def made(folder: Path, text: str | None = None, *names: str) -> Path:
    """A pack folder with that pack.yaml and empty files."""
    folder.mkdir(parents=True, exist_ok=True)
    if text is not None:
        (folder / "pack.yaml").write_text(text, encoding="utf-8")
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def full(folder: Path) -> Pack:
    return load(made(folder, FULL, "hr/roster.xlsx", "google/User_Download.csv", "crm/b.csv", "crm/a.csv"), KINDS)


def test_every_key_of_the_contract_is_read(tmp_path: Path) -> None:
    pack = full(tmp_path)
    assert (pack.vendor, pack.engagement, pack.party, pack.time_zone) == (
        "Example Contact Services, Inc.",
        "northwind-2026-10",
        "vendor",
        "Asia/Manila",
    )
    assert dict(pack.empty) == {"phish": "No campaign was due this quarter"}
    assert [(s.kind, s.file) for s in pack.sources] == [
        ("accounts", "crm/a.csv"),
        ("accounts", "crm/b.csv"),
        ("accounts", "google/User_Download.csv"),
        ("roster", "hr/roster.xlsx"),
    ]
    crm, _, google, roster = pack.sources
    assert (crm.adapter, crm.date_order, crm.time_zone, dict(crm.constants)) == (
        "none",
        "dmy",
        "Asia/Kolkata",
        {"system": "crm"},
    )
    assert (google.adapter, google.time_zone, google.exported_at) == (
        None,
        "Asia/Manila",
        datetime(2026, 10, 31, 17, 10, tzinfo=UTC),
    )
    assert (roster.sheet, roster.rows, roster.method, roster.exported_by, roster.line) == (
        "Active",
        312,
        "export",
        "hr-systems",
        6,
    )
    assert roster.exported_at == datetime(2026, 10, 31, tzinfo=UTC)
    assert dict(roster.columns) == {"Employee No.": "employee_id", "Status (HR)": "status"}
    assert roster.values == {"status": {"Regular": "active", "Resigned": "terminated"}}
    assert (roster.path, pack.unused, pack.sample) == (tmp_path / "hr/roster.xlsx", (), False)


def test_a_pack_travels_to_another_process(tmp_path: Path) -> None:
    pack = full(tmp_path)
    assert pickle.loads(pickle.dumps(pack)) == pack  # noqa: S301


def test_files_named_like_a_kind_need_no_entry(tmp_path: Path) -> None:
    names = ["roster.csv", "accounts.XLSX", "leave.parquet", "phish.json", "drills.ndjson", "dns.tsv"]
    pack = load(made(tmp_path, None, *names, "notes.txt", "rooster.csv", "sub/leavers.csv"), KINDS, vendor="v")
    assert sorted(source.file for source in pack.sources) == sorted(names)
    assert {source.line for source in pack.sources} == {None}
    assert (pack.vendor, pack.document, pack.unused) == ("v", None, ("notes.txt", "rooster.csv"))


def test_they_are_taken_beside_an_entry_unless_it_names_them(tmp_path: Path) -> None:
    text = "vendor: v\nevidence: {roster: {file: roster.csv, rows: 3}}\n"
    pack = load(made(tmp_path, text, "roster.csv", "roster.xlsx"), KINDS)
    assert [(source.file, source.rows) for source in pack.sources] == [("roster.csv", 3), ("roster.xlsx", None)]


@pytest.mark.parametrize("file", ["hr/none.xlsx", "none/*.csv"])
def test_a_file_that_is_not_there_is_a_source_without_file(tmp_path: Path, file: str) -> None:
    (source,) = load(made(tmp_path, f"vendor: v\nevidence: {{roster: {{file: {file}}}}}\n"), KINDS).sources
    assert (source.file, source.path.exists()) == (file, False)


def test_a_list_of_files_is_a_source_each(tmp_path: Path) -> None:
    text = "vendor: v\nevidence: {roster: {file: [b.csv, a.csv], rows: 2}}\n"
    pack = load(made(tmp_path, text, "a.csv", "b.csv"), KINDS)
    assert [source.file for source in pack.sources] == ["a.csv", "b.csv"]


def test_files_beside_named_ones_are_unused_and_documents_are_not(tmp_path: Path) -> None:
    text = "vendor: v\nevidence: {roster: {file: hr/a.csv}}\n"
    extra = [
        "hr/b.csv",
        "hr/deep/c.csv",
        "x.csv",
        ".git",
        "~$x.csv",
        "hosts/a.facts",
        "waivers.yaml",
        "attestations.yaml",
    ]
    pack = load(made(tmp_path, text, "hr/a.csv", *extra), KINDS)
    assert pack.unused == ("hr/b.csv", "x.csv")
    assert pack.proposed == ("attestations.yaml", "waivers.yaml")
    assert pack.engagement_file is None


def test_an_engagement_inside_is_pointed_out(tmp_path: Path) -> None:
    pack = load(made(tmp_path, "vendor: v\n", "engagement.yaml"), KINDS)
    assert pack.engagement_file == tmp_path / "engagement.yaml"


BROKEN = {
    "unknown kind": (
        "vendor: v\nevidence:\n  rooster: {file: a.csv}\n",
        3,
        'evidence.rooster: no evidence kind "rooster"; did you mean "roster"?',
    ),
    "unknown kind declared empty": (
        "vendor: v\nempty: {fish: none}\n",
        2,
        'empty.fish: no evidence kind "fish"; did you mean "phish"?',
    ),
    "unknown key": (
        "vendor: v\nevidence:\n  roster:\n    file: a.csv\n    colums: {}\n",
        5,
        'colums: unknown key; did you mean "columns"?',
    ),
    "unknown column": (
        "vendor: v\nevidence:\n  roster:\n    file: a.csv\n    columns:\n      No: employe_id\n",
        6,
        'evidence.roster.columns.No: roster has no column "employe_id"; did you mean "employee_id"?',
    ),
    "two columns for one": (
        "vendor: v\nevidence:\n  roster:\n    file: a.csv\n    columns:\n      No: site\n      Id: site\n",
        7,
        '"No" and "Id" are both mapped to site',
    ),
    "no into yes": (
        "vendor: v\nevidence:\n  accounts:\n  - file: a.csv\n    values:\n      mfa_enrolled:\n        No: true\n",
        7,
        'evidence.accounts#1.values.mfa_enrolled.No: "No" says no and would become "true"',
    ),
    "unknown into known": (
        'vendor: v\nevidence:\n  accounts: {file: a.csv, values: {mfa_enrolled: {"": false}}}\n',
        3,
        "says that nothing is known",
    ),
    "unknown constant": (
        "vendor: v\nevidence:\n  accounts: {file: a.csv, constants: {sys: a}}\n",
        3,
        "accounts has no column",
    ),
    "zone": ("vendor: v\ntime_zone: Manila\n", 2, 'time_zone: found "Manila", expected an IANA time zone'),
    "zone of a source": (
        "vendor: v\nevidence:\n  roster: {file: a.csv, time_zone: x}\n",
        3,
        "evidence.roster.time_zone: found",
    ),
    "file outside": (
        "vendor: v\nevidence:\n  roster: {file: ../a.csv}\n",
        3,
        'evidence.roster.file: found "../a.csv", which leaves the pack',
    ),
    "absolute file in a list": (
        "vendor: v\nevidence:\n  roster:\n    file:\n    - a.csv\n    - /etc/passwd\n",
        6,
        "evidence.roster.file#2: found",
    ),
    "file twice": (
        "vendor: v\nevidence:\n  roster:\n  - {file: a.csv}\n  - {file: '*.csv'}\n",
        5,
        '"a.csv" is named twice for roster',
    ),
    "case": ("vendor: v\nevidence:\n  roster: {file: A.csv}\n", 3, 'the name is "a.csv"'),
    "no vendor": ("party: vendor\n", 1, 'the key "vendor" is missing'),
    "another engagement": (
        "vendor: v\nengagement: other\n",
        2,
        'engagement: found "other", but the engagement is "northwind-2026-10"',
    ),
    "a client's pack": (
        "vendor: v\nparty: client\n",
        2,
        "party: found client, expected the vendor's own pack; hand this one over with --client-pack",
    ),
    "duplicate key": ("vendor: v\nvendor: w\n", 2, "found this key twice"),
}


@pytest.mark.parametrize(("text", "line", "message"), BROKEN.values(), ids=BROKEN)
def test_a_wrong_pack_is_refused_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    folder = made(tmp_path, text, "a.csv")
    with pytest.raises(InputError) as error:
        load(folder, KINDS, engagement_id="northwind-2026-10")
    assert str(error.value).startswith(f"{(folder / 'pack.yaml').as_posix()}:{line}: ")
    assert message in str(error.value)


def test_one_sheet_each_of_one_file_is_no_repetition(tmp_path: Path) -> None:
    text = (
        "vendor: v\nevidence: {roster: [{file: a.xlsx, sheet: 1}, {file: a.xlsx, sheet: 2}], leave: {file: a.xlsx}}\n"
    )
    assert len(load(made(tmp_path, text, "a.xlsx"), KINDS).sources) == 3


def test_the_engagement_it_names_is_the_one_asked(tmp_path: Path) -> None:
    folder = made(tmp_path, "vendor: v\nengagement: a\n")
    assert load(folder, KINDS, engagement_id="a").engagement == load(folder, KINDS).engagement == "a"


def test_a_clients_pack_says_so(tmp_path: Path) -> None:
    theirs = load(made(tmp_path / "c", "vendor: v\nparty: client\n", "client_accounts.csv"), KINDS, party="client")
    assert (theirs.party, theirs.sources[0].party) == ("client", "client")
    for text in ("vendor: v\n", None):
        with pytest.raises(InputError, match=r"expected party: client in pack\.yaml"):
            load(made(tmp_path / str(text is None), text), KINDS, party="client", vendor="v")


def test_without_pack_yaml_someone_must_say_who_hands_in(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nobody says who hands this in; expected pack\.yaml"):
        load(made(tmp_path, None, "roster.csv"), KINDS)


@pytest.mark.parametrize("name", ["pack.yml", "Pack.yaml", "PACK.YML"])
def test_an_almost_right_name_is_said_not_ignored(tmp_path: Path, name: str) -> None:
    made(tmp_path, None, name)
    with pytest.raises(InputError, match=r"is not read; expected the name pack\.yaml; rename it"):
        load(tmp_path, KINDS, vendor="v")
    assert find(None, tmp_path) == tmp_path


@pytest.mark.parametrize("name", ["pack.yaml", "engagement.yaml", "roster.csv"])
def test_no_document_or_file_is_a_link_to_the_outside(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("vendor: v\n", encoding="utf-8")
    folder = made(tmp_path / "pack")
    (folder / name).symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="leads out of the pack"):
        load(folder, KINDS, vendor="v")


def test_a_pack_that_is_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "none", KINDS, vendor="v")
    with pytest.raises(InputError, match=r"^none: is no folder; expected a pack"):
        find(Path("none"), tmp_path)


def test_the_pack_is_found_here_then_in_evidence_then_in_the_sample(tmp_path: Path) -> None:
    sample = tmp_path / "sample"
    assert find(None, tmp_path) is None
    assert find(None, tmp_path, lambda: sample) == sample
    made(tmp_path / "evidence", "vendor: v\n")
    assert find(None, tmp_path, lambda: sample) == tmp_path / "evidence"
    made(tmp_path, "vendor: v\n")
    assert find(None, tmp_path) == tmp_path
    assert find(Path("evidence"), tmp_path) == tmp_path / "evidence"


def test_a_copy_of_a_shipped_sample_is_a_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped_here = made(tmp_path / "shipped" / "samples" / "northwind-ph", "vendor: v\n").parent.parent
    monkeypatch.setattr("ctrlkit.pack.files", lambda _: shipped_here)
    copy = made(tmp_path / "copy", "vendor: v\n", "truth.json")
    other = made(tmp_path / "other", "vendor: v # mine\n")
    assert (load(copy, KINDS).sample, load(other, KINDS).sample) == (True, False)
    assert load(copy, KINDS).unused == ()
    assert sample_folder("northwind-ph") == shipped_here / "samples" / "northwind-ph"
    with pytest.raises(InputError, match='no sample "northwind"; did you mean "northwind-ph"'):
        sample_folder("northwind")


def test_the_order_in_pack_yaml_changes_nothing(tmp_path: Path) -> None:
    one = "vendor: v\nevidence: {roster: [{file: a.csv}, {file: b.csv}]}\n"
    two = "vendor: v\nevidence: {roster: [{file: b.csv}, {file: a.csv}]}\n"
    folder = made(tmp_path, one, "a.csv", "b.csv")
    first = load(folder, KINDS).sources
    made(tmp_path, two)
    assert load(folder, KINDS).sources == first
