"""Identifiers where none belong: planted in every column of text, in names and documents, they appear nowhere."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from pathlib import Path

import fastexcel
import pytest
import small_vendor
from commands import Answer, ctrlkit
from small_vendor import EXPORTED, VENDOR, arguments, render

from ctrlkit import fact_kind, facts
from ctrlkit.fact import Facts
from ctrlkit.hooks import Reading
from ctrlkit.kind import Column, Kind
from ctrlkit.stock import take

PLANTED = ("juan.delacruz@private.example", "+63 917 555 0147", "4111 1111 1111 1111", "34-1234567-8", "ABCPE1234F")
FIXED = {"country": "PH", "storage_country": "PH", "state": "PH", "client": "acme", "site": "MNL1"}
"""What keeps a row in scope."""
SHELF = take(Path())
KINDS = {name: kind for name, kind in SHELF.kinds.items() if name not in {"dns", "evidence_meta", "identity_map"}}
PUBLISHED = "v=DMARC1; p=reject; rua=mailto:reports@harbor.example"


def traces(content: bytes) -> list[str]:
    """The planted identifiers that a text still holds, in whatever case and groups."""
    squeezed = squeeze(content)
    return [word for word in PLANTED if squeeze(word.encode()) in squeezed]


def squeeze(content: bytes) -> bytes:
    return re.sub(rb"[\s_.()@+-]+", b"", content.lower())


def cell(column: Column, number: int) -> str:
    """A cell that can be read; where any text may stand, it names somebody."""
    plain = {"date": "2026-10-05", "datetime": "2026-10-05T09:00:00Z", "number": "1", "decimal": "1", "boolean": "true"}
    if column.type in plain:
        return plain[column.type]
    if column.values:
        return str(column.values[0])
    if column.name in FIXED:
        return FIXED[column.name]
    return f"{column.name} {number} of {PLANTED[number % len(PLANTED)]}"


def table(kind: Kind) -> list[dict[str, str]]:
    """Rows of a kind with each identifier in each column, and one whose every cell is only that."""
    rows = [{name: cell(column, n) for name, column in kind.columns.items()} for n in range(len(PLANTED))]
    return [*rows, dict.fromkeys(kind.columns, PLANTED[0])]


def everything(folder: Path, *more: str) -> list[str]:
    """The words of a run of the whole profile."""
    words = arguments(folder, "--select", "", *more)
    at = words.index("--select")
    return words[:at] + words[at + 2 :]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of every kind, in which identifiers stand in every column, in a file's name and in pack.yaml."""
    place = tmp_path_factory.mktemp("planted")
    entries = []
    for party in ("vendor", "client"):
        (place / party).mkdir()
    for name, kind in KINDS.items():
        file = f"{name} of {PLANTED[1]}.csv" if name in {"roster", "accounts"} else f"{name}.csv"
        (place / "vendor" / file).write_bytes(render(table(kind)))
        entries.append(f"  {name}: {{file: '{file}', exported_at: '{EXPORTED}', exported_by: '{PLANTED[0]}'}}\n")
    published = [("harbor.example", "TXT", "_dmarc.harbor.example", PUBLISHED, "2026-10-30T09:00:00Z")]
    names = ("domain", "type", "name", "value", "queried_at")
    (place / "vendor" / "dns.csv").write_bytes(render([dict(zip(names, row, strict=True)) for row in published]))
    (place / "vendor" / f"old {PLANTED[3]}.csv").write_bytes(b"nothing,names,it\n1,2,3\n")
    head = f"vendor: {VENDOR}\nengagement: acme-2026-10\ntime_zone: Asia/Manila\n# ask {PLANTED[0]}\n"
    (place / "vendor" / "pack.yaml").write_text(f"{head}evidence:\n{''.join(entries)}", "utf-8")
    (place / "client" / "pack.yaml").write_text("party: client\nvendor: acme\nevidence: {}\n", "utf-8")
    (place / "engagement.yaml").write_text(small_vendor.ENGAGEMENT, "utf-8")
    (place / "engagement.key").write_text(small_vendor.KEY, "ascii")
    return place


@pytest.fixture(scope="module")
def asked(folder: Path) -> Answer:
    """A run of all that the profile asks, in words."""
    views = ["--junit", str(folder / "v.xml"), "--html", str(folder / "v.html")]
    (folder / "waivers.yaml").write_text(
        f"- {{control: ACC-06, subject: organisation, reason: 'agreed with {PLANTED[0]}', "
        "approved_by: owner@acme.example, expires: 2027-01-31}\n",
        "utf-8",
    )
    return ctrlkit(folder, *everything(folder, *views, "--waivers", str(folder / "waivers.yaml"), "-v"))


@pytest.fixture(scope="module")
def bundle(folder: Path, asked: Answer) -> Path:
    """The bundle of that run."""
    assert asked.code in {1, 2}
    return folder / "runs" / (folder / "runs" / "latest").read_text("utf-8").strip()


def in_files(folder: Path) -> dict[str, list[str]]:
    """File -> the planted identifiers in it, of the files that have some; the client's own documents left out."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    own = {"data/waivers.yaml"}
    return {name: words for name, path in files.items() if name not in own and (words := traces(path.read_bytes()))}


def test_what_is_planted_appears_nowhere(folder: Path, asked: Answer, bundle: Path) -> None:
    assert {"stdout": traces(asked.out.encode()), "stderr": traces(asked.err.encode())} == {"stdout": [], "stderr": []}
    assert [path for path in (folder / "v.xml", folder / "v.html") if traces(path.read_bytes())] == []
    assert in_files(bundle) == {}
    assert len(list(bundle.glob("data/evidence/*.csv"))) > 40


def test_every_hit_is_told_of(asked: Answer, bundle: Path) -> None:
    said = json.loads((bundle / "data" / "run.json").read_text("utf-8"))["identifiers"]
    assert "roster of (phone number).csv: the name of the file holds an identifier; replaced" in said
    assert "pack.yaml: holds what looks like a mail address; replaced in the bundle" in said
    assert "waivers.yaml:1: holds what looks like a mail address; documents are sealed as they are: take it out" in said
    assert "training.csv: course: row 4 holds what looks like a card number; replaced by a pseudonym" in said
    assert (
        "training.csv: version: 2 cells hold what looks like a national ID, first in row 5; replaced by a pseudonym"
        in said
    )
    shown = " ".join(asked.out.split())
    assert all(text in shown for text in said[:10])
    assert "run.json in the bundle has all" in shown
    page = (bundle / "data" / "results" / "report.html").read_text("utf-8")
    assert all(text in page for text in said)


def test_an_identifier_has_one_pseudonym_in_all_tables(bundle: Path) -> None:
    def behind(kind: str, column: str) -> str:
        with (bundle / "data" / "evidence" / f"{kind}.csv").open(encoding="utf-8") as file:
            return [row[column] for row in csv.DictReader(file)][2].rpartition(" ")[2]

    card = behind("training", "course")
    assert re.fullmatch("p_[a-z2-7]{16}", card)
    assert card == behind("datasets", "dataset_id") == behind("tls", "host")


def test_who_approves_and_what_is_published_stays(bundle: Path) -> None:
    assert PUBLISHED in (bundle / "data" / "evidence" / "dns.csv").read_text("utf-8")
    assert "owner@acme.example" in (bundle / "data" / "results" / "report.html").read_text("utf-8")


def test_a_replay_comes_to_the_same_and_needs_no_key(folder: Path, bundle: Path) -> None:
    answer = ctrlkit(folder, "replay", bundle)
    assert "different" not in answer.out
    assert answer.code == 0
    assert traces((answer.out + answer.err).encode()) == []


def test_who_checks_a_pack_sees_none_of_them(folder: Path) -> None:
    words: list[str | Path] = [
        "check",
        folder / "vendor",
        "--profile",
        "bpo-philippines",
        "--engagement",
        folder / "engagement.yaml",
    ]
    text, data = (ctrlkit(folder, *words, "--format", form) for form in ("text", "json"))
    for answer in (text, data):
        assert traces((answer.out + answer.err).encode()) == []
    assert "note: course: row 4 holds what looks like a card number" in text.out


def test_who_starts_a_folder_sees_none_of_them_and_the_pack_names_files_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    file = f"mail rules {PLANTED[1]}.csv"
    (tmp_path / "evidence" / file).write_bytes(render(small_vendor.clean()["mail_rules"]))
    answer = ctrlkit(tmp_path, "init", "--vendor", VENDOR)
    assert answer.code == 0
    assert "mail rules (phone number).csv" in answer.out
    assert traces((answer.out + answer.err).encode()) == []
    assert file in (tmp_path / "evidence" / "pack.yaml").read_text("utf-8")


def test_an_error_shows_none_of_them(folder: Path) -> None:
    answer = ctrlkit(folder, "run", PLANTED[0], "--profile", PLANTED[3])
    assert answer.code == 3
    assert traces((answer.out + answer.err).encode()) == []


def test_a_host_names_nobody_in_its_facts() -> None:
    kind = fact_kind.shipped()["sshd_settings"]
    reading = Reading(values={"banner": (f"ask {PLANTED[0]}", 3), "allowusers": ((PLANTED[1], "root"), 4)})
    found = Facts("web01", "sshd_settings", "sshd_settings", reading, None, kind)
    hidden = facts.hidden(found, lambda domain, _: f"<{domain}>")
    assert hidden["banner"] == "ask <mail address>"
    assert traces(json.dumps(hidden.document()).encode()) == []
    assert "web01: sshd_settings holds what looks like a mail address once; replaced by a pseudonym" in [
        *facts.identifiers(found)
    ]


def test_the_holder_of_the_key_reads_what_stood_there(folder: Path, bundle: Path) -> None:
    words: list[str | Path] = ["reveal", bundle, "--engagement-key", folder / "engagement.key", "--out", folder / "fix"]
    answer = ctrlkit(folder, *words, "--with", folder / "vendor", "--with", folder / "client")
    assert answer.code == 0, answer.err
    sheet = fastexcel.read_excel(folder / "fix" / "to-fix.xlsx").load_sheet("to fix", dtypes="string").to_polars()
    assert "4111111111111111" in " ".join(str(value) for row in sheet.iter_rows() for value in row)


def test_a_list_of_files_names_them_as_they_are_and_nobody_sees_it(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    vendor = tmp_path / "vendor"
    file = f"mail {PLANTED[1]}.csv"
    (vendor / "mail_rules.csv").rename(vendor / file)
    said = (vendor / "pack.yaml").read_text("utf-8").replace("file: mail_rules.csv", f"file: '{file}'")
    (vendor / "pack.yaml").write_text(said, "utf-8")
    listed = {"kind": "mail_rules", "file": file, "sha256": hashlib.sha256((vendor / file).read_bytes()).hexdigest()}
    (vendor / "evidence_meta.csv").write_bytes(render([{**listed, "exported_at": EXPORTED, "rows": "3"}]))
    answer = ctrlkit(tmp_path, *arguments(tmp_path, "--select", "GOV-07,EML-06", "--format", "json"))
    assert traces((answer.out + answer.err).encode()) == []
    table = (tmp_path / answer.said["bundle"] / "data" / "evidence" / "evidence_meta.csv").read_text("utf-8")
    (row,) = csv.DictReader(io.StringIO(table))
    assert (row["is_here"], row["is_as_read"]) == ("true", "true")
    assert traces(table.encode()) == []


def test_a_pack_names_people_by_pseudonyms_and_its_other_words_stay(tmp_path: Path) -> None:
    vendor = small_vendor.write(tmp_path)
    own = "method: export, exported_by: ligaya ramos, values: {mailbox: {'-': unknown, boss: E-007}}"
    said = (vendor / "pack.yaml").read_text("utf-8")
    changed = said.replace("mail_rules.csv, method: export", f"mail_rules.csv, {own}")
    (vendor / "pack.yaml").write_text(changed, "utf-8")
    (tmp_path / "waivers.yaml").write_text(
        "- {control: ACC-06, subject: organisation, reason: ok, approved_by: me@acme.example, expires: 2027-01-31}\n",
        "utf-8",
    )
    words = arguments(tmp_path, "--select", "EML-06,ACC-06", "--format", "json")
    bundle = tmp_path / ctrlkit(tmp_path, *words, "--waivers", str(tmp_path / "waivers.yaml")).said["bundle"]
    carried = (bundle / "data" / "pack.yaml").read_text("utf-8")
    assert changed.startswith(carried.partition("p_")[0])
    assert not {"ligaya", "boss", "E-007"} & {*re.findall(r"[\w-]+", carried)}
    assert "'-': unknown" in carried
    assert json.loads((bundle / "data" / "run.json").read_text("utf-8"))["identifiers"] == []


def test_a_handover_says_what_it_replaced(folder: Path) -> None:
    asked: list[str | Path] = ["--profile", "bpo-philippines", "--engagement", folder / "engagement.yaml"]
    asked += ["--out", folder / "handed"]
    answer = ctrlkit(folder, "handover", folder / "vendor", "--engagement-key", folder / "engagement.key", *asked)
    assert "the name of the file holds an identifier; replaced" in answer.out
    assert "run.json in the bundle has all" in answer.out
    assert traces((answer.out + answer.err).encode()) == []
    assert in_files(folder / "handed") == {}
