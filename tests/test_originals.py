"""On the vendor's premises: what was withheld is shown there, held to its commitment, and judged again."""

from __future__ import annotations

from pathlib import Path

import custody_desk
import pytest
from commands import Answer, ctrlkit

ORIGINALS = ("--with", "vendor", "--engagement-key", "engagement.key")


@pytest.fixture
def desk(custody: Path, tmp_path: Path) -> Path:
    return custody_desk.copied(custody, tmp_path / "desk")


def judge(desk: Path, *more: str) -> Answer:
    own = ["--profile", "asked.yaml", "--engagement", "engagement.yaml", "--format", "json", "--out", "judged"]
    return ctrlkit(desk, "run", "handed/latest", *own, *more)


def test_what_is_withheld_is_judged_where_the_original_is_shown(desk: Path) -> None:
    without = judge(desk).results["SCR-03"]
    assert (without["verdict"], without["cause"]) == ("inconclusive", "withheld")
    answer = judge(desk, *ORIGINALS)
    assert answer.code == 1, answer.err
    again, first = answer.results["SCR-03"], custody_desk.result(desk, "SCR-03")
    assert again["verdict"] == "failed"
    assert [f["key"] for f in again["findings"]] == [f["key"] for f in first["findings"]]
    assert again["evidence"] == first["evidence"]
    bundle = desk / answer.said["bundle"]
    assert not (bundle / "data" / "evidence" / "screening.csv").exists(), "judged on the premises, and left there"
    assert ctrlkit(desk, "verify", bundle).code == 0
    named = ["--engagement-key", "engagement.key", "--with", "vendor", "--out", "fix"]
    assert "6 findings to fix, 0 controls not decided" in ctrlkit(desk, "reveal", bundle, *named).out


def test_a_replay_compares_what_was_withheld_too(desk: Path) -> None:
    answer = ctrlkit(desk, "replay", "runs/latest", *ORIGINALS)
    assert (answer.code, answer.out) == (0, "identical: the same results, byte for byte\n"), answer.err
    assert custody_desk.result(desk, "SCR-03")["findings"][0]["values"] == {}


def test_another_file_than_the_one_committed_to_is_refused(desk: Path) -> None:
    path = desk / "vendor" / "screening.csv"
    path.write_bytes(path.read_bytes().replace(b"2026-02-09", b"2026-02-01"))
    answer = judge(desk, *ORIGINALS)
    assert answer.code == 3
    assert "screening.csv: is another file than the one committed to" in answer.err
    assert "commitments do not match" in answer.err
    assert not (desk / "judged").exists()


def test_an_original_beside_those_committed_to_is_refused(desk: Path) -> None:
    (desk / "vendor" / "more.csv").write_bytes((desk / "vendor" / "screening.csv").read_bytes())
    pack = desk / "vendor" / "pack.yaml"
    pack.write_text(pack.read_text("utf-8").replace("file: screening.csv", "file: [screening.csv, more.csv]"), "utf-8")
    answer = judge(desk, *ORIGINALS)
    assert (answer.code, "more.csv: is an original that the bundle does not commit to" in answer.err) == (3, True)


def test_originals_that_are_read_otherwise_than_they_were_judged_are_refused(desk: Path) -> None:
    """The file is the one, and its columns are exchanged in pack.yaml: nobody judged that."""
    pack = desk / "vendor" / "pack.yaml"
    swap = "file: screening.csv, columns: {requested_on: notice_or_consent_on, notice_or_consent_on: requested_on}"
    pack.write_text(pack.read_text("utf-8").replace("file: screening.csv", swap), "utf-8")
    answer = judge(desk, *ORIGINALS)
    assert (answer.code, "what is read of them is not what was judged" in answer.err) == (3, True), answer.err


def test_what_is_not_shown_stays_withheld_and_is_said(desk: Path) -> None:
    (desk / "vendor" / "screening.csv").unlink()
    answer = judge(desk, *ORIGINALS)
    assert answer.results["SCR-03"]["cause"] == "withheld"
    assert "screening: no original of it is here, so it stays withheld" in answer.err


def test_another_key_shows_nothing(desk: Path) -> None:
    (desk / "engagement.key").write_text("c3" * 32, "ascii")
    for answer in (judge(desk, *ORIGINALS), ctrlkit(desk, "replay", "runs/latest", *ORIGINALS)):
        assert (answer.code, "commitments do not match" in answer.err) == (3, True)


def test_originals_are_for_a_bundle_only(desk: Path) -> None:
    answer = ctrlkit(desk, "run", "vendor", "--profile", "asked.yaml", "--with", "vendor")
    assert (answer.code, "what is judged here is a pack; name a bundle" in answer.err) == (3, True)
