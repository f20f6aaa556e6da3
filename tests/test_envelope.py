"""The list of evidence files: made from the packs, or a party's own compared with them."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import small_vendor
from commands import Answer, ctrlkit

PROFILE = """\
name: listed
title: The list of files
extends: [bpo-philippines]
controls: {add: [GOV-03]}
"""
AUDITS = """\
ref,kind,by,performed_on,scope_sites,on_site
A-1,client_visit,Acme Audit,2026-06-01,MNL1;DEL1,true
A-2,provider_review,Example Assurance,2026-10-01,,false
"""


def judged(folder: Path, *more: str) -> Answer:
    (folder / "vendor" / "audits.csv").write_text(AUDITS, "utf-8")
    pack = folder / "vendor" / "pack.yaml"
    entry = f"  audits: {{file: audits.csv, exported_at: '{small_vendor.EXPORTED}', exported_by: Jo Example}}\n"
    pack.write_text(pack.read_text("utf-8") + entry, "utf-8")
    (folder / "listed.yaml").write_text(PROFILE, "utf-8")
    words = ("--select", "GOV-03,RET-01", "--format", "json", *more)
    return ctrlkit(folder, *small_vendor.arguments(folder, *words, profile=str(folder / "listed.yaml")))


def sealed(folder: Path) -> tuple[Path, list[dict[str, str]]]:
    bundle = folder / "runs" / (folder / "runs" / "latest").read_text("utf-8").strip()
    with (bundle / "data" / "evidence" / "evidence_meta.csv").open(encoding="utf-8", newline="") as lines:
        return bundle, list(csv.DictReader(lines))


def test_without_a_list_one_is_made_of_every_file_and_replays(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    answer = judged(tmp_path)
    assert answer.verdicts["GOV-03"] == "passed"
    assert answer.results["GOV-03"]["grade"] == "typed"
    bundle, rows = sealed(tmp_path)
    names = {row["file"] for row in rows}
    assert names == {f"{kind}.csv" for kind in small_vendor.clean()} - {"client_accounts.csv"} | {
        "audits.csv",
        "client/client_accounts.csv",
    }
    assert {row["_file"] for row in rows} == {"pack.yaml", "client/pack.yaml"}
    assert ctrlkit(tmp_path, "replay", bundle).code == 0


def test_neither_a_digest_nor_a_name_of_an_original_travels_in_a_list_that_is_made(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    judged(tmp_path)
    bundle, _ = sealed(tmp_path)
    digests = [hashlib.sha256(p.read_bytes()).hexdigest() for p in (tmp_path / "vendor").glob("*.csv")]
    text = (bundle / "data" / "evidence" / "evidence_meta.csv").read_text("utf-8").lower()
    assert not [word for word in (*digests, "jo example") if word in text]


def test_a_list_handed_in_is_read_instead_and_what_it_leaves_out_is_noted(tmp_path: Path) -> None:
    small_vendor.write(tmp_path)
    told = "kind,file,sha256,exported_at,period_end\nroster,ROSTER.csv,00,2026-11-01T09:00:00+08:00,2026-10-31\n"
    (tmp_path / "vendor" / "evidence_meta.csv").write_text(told, "utf-8")
    pack = tmp_path / "vendor" / "pack.yaml"
    entry = f"  evidence_meta: {{file: evidence_meta.csv, exported_at: '{small_vendor.EXPORTED}'}}\n"
    pack.write_text(pack.read_text("utf-8") + entry, "utf-8")
    result = judged(tmp_path).results["GOV-03"]
    assert result["verdict"] == "passed"
    (note,) = [n["message"] for n in result["notes"] if "does not list" in n["message"]]
    assert "accounts.csv" in note
    assert "roster.csv" not in note
    _, rows = sealed(tmp_path)
    assert [(row["_file"], row["file"]) for row in rows] == [("evidence_meta.csv", "roster.csv")]
