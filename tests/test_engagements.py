"""A folder of engagements: all of them run, one bundle each, none stopped by another, and what is not there said."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import past_bundles
import pytest
import small_vendor
from commands import Answer, ctrlkit

from ctrlkit import commands, portfolio
from ctrlkit.errors import InputError
from ctrlkit.rounds import worst

NOW = datetime(2026, 11, 14, 16, 0, tzinfo=UTC)
"""Midnight between 14 and 15 November in Manila."""


def ask(folder: Path, name: str, **more: str) -> Path:
    """The folder of an engagement that nothing has been received for."""
    place = folder / name
    place.mkdir(parents=True)
    said = past_bundles.engagement(f"asked-{name}", f"Vendor {name}", more=more)
    (place / "engagement.yaml").write_text(said, "utf-8")
    return place


def receive(folder: Path, name: str, words: Sequence[str] = ("accounts",)) -> Path:
    """The folder of an engagement with the small vendor's pack in it, less its kinds but these."""
    place = folder / name
    kinds = {kind: None for kind in small_vendor.clean() if kind not in words}
    small_vendor.write(place, kinds)
    (place / "vendor").rename(place / "pack")
    shutil.rmtree(place / "client")
    text = (place / "engagement.yaml").read_text("utf-8")
    (place / "engagement.yaml").write_text(text.replace("acme-2026-10", f"asked-{name}"), "utf-8")
    pack = place / "pack" / "pack.yaml"
    pack.write_text(pack.read_text("utf-8").replace("acme-2026-10", f"asked-{name}"), "utf-8")
    return place


def run(cwd: Path, *more: str, as_of: str = small_vendor.AS_OF) -> Answer:
    words = ["--profile", "bpo-philippines", "--select", "MFA-01", "--as-of", as_of, "--format", "json"]
    return ctrlkit(cwd, "run", "--engagements", "asked", *words, *more)


def states(answer: Answer) -> dict[str, tuple[str, int | None]]:
    return {one["name"]: (one["state"], one["exit"]) for one in answer.said["engagements"]}


def test_every_engagement_is_run_and_a_broken_one_stops_no_other(tmp_path: Path) -> None:
    """One whole, one whose pack cannot be read, one handed over as a bundle, one late, one with time, one misspelt."""
    asked = tmp_path / "asked"
    receive(asked, "a-broken").joinpath("pack", "pack.yaml").write_text("vendor: [\n", "utf-8")
    receive(asked, "b-whole")
    handed = receive(asked, "c-handed")
    words = ["--profile", "bpo-philippines", "--select", "MFA-01", "--as-of", small_vendor.AS_OF]
    terms = ["--engagement", str(handed / "engagement.yaml"), "--engagement-key", str(handed / "engagement.key")]
    words = [w for w in [*words, *terms] if w not in {"--select", "MFA-01"}]
    assert ctrlkit(tmp_path, "handover", handed / "pack", *words, "--out", str(tmp_path / "sent")).code == 2
    shutil.rmtree(handed / "pack")
    (sent,) = (path for path in (tmp_path / "sent").iterdir() if path.is_dir())
    sent.rename(handed / sent.name)
    ask(asked, "d-late", due="2020-01-31")
    ask(asked, "e-open", due="2999-01-31")
    (asked / "f-misspelt").mkdir()
    answer = run(tmp_path)
    assert (answer.code, states(answer)) == (
        3,
        {
            "a-broken": ("received", 3),
            "b-whole": ("received", 0),
            "c-handed": ("received", 0),
            "d-late": ("overdue", 2),
            "e-open": ("open", None),
            "f-misspelt": ("unreadable", 3),
        },
    ), answer.err
    assert "ctrlkit: a-broken: " in answer.err
    assert "f-misspelt: holds no engagement.yaml" in answer.err
    bundles = [one["bundle"] for one in answer.said["engagements"] if one["bundle"]]
    assert len(bundles) == len({*bundles}) == 2
    assert all((tmp_path / name / "data" / "results" / "results.ndjson").is_file() for name in bundles)
    past = ctrlkit(tmp_path, "history", "runs", "--engagements", "asked", "--format", "json")
    assert past.code == 2, "an engagement that cannot be read is never passed over"
    assert {one["name"]: (one["state"], one["judged"]) for one in past.said["engagements"]} == {
        "a-broken": ("received", False),
        "b-whole": ("received", True),
        "c-handed": ("received", True),
        "d-late": ("overdue", False),
        "e-open": ("open", False),
        "f-misspelt": ("unreadable", False),
    }
    text = ctrlkit(tmp_path, "history", "runs", "--engagements", "asked").out
    assert "ENGAGEMENTS: 1 unreadable, 1 overdue, 1 open, 3 received" in text
    assert "OVERDUE asked-d-late · Vendor d-late" in text


def test_a_bundle_in_the_history_shows_that_an_engagement_was_answered(tmp_path: Path) -> None:
    ask(tmp_path / "asked", "north", due="2020-01-31")
    past_bundles.make(tmp_path / "runs", "2026-08-01", None, vendor="Vendor north", engagement="asked-north")
    answer = ctrlkit(tmp_path, "history", "runs", "--engagements", "asked", "--format", "json")
    (one,) = answer.said["engagements"]
    assert (one["state"], one["judged"]) == ("received", False)


def test_a_sample_answers_no_engagement(tmp_path: Path) -> None:
    ask(tmp_path / "asked", "north", due="2020-01-31")
    runs = tmp_path / "runs"
    past_bundles.make(runs, "2026-08-01", None, vendor="Vendor north", engagement="asked-north", sample=True)
    answer = ctrlkit(tmp_path, "history", "runs", "--engagements", "asked", "--format", "json")
    assert [one["state"] for one in answer.said["engagements"]] == ["overdue"]


def test_a_fault_of_ctrlkit_itself_in_one_stops_no_other_and_an_interrupt_stops_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        receive(tmp_path / "asked", name)
    raised: list[BaseException] = [RuntimeError("a bug"), InputError("b: wrong"), RuntimeError("again")]

    def judge(*_: object) -> None:
        raise raised.pop(0)

    monkeypatch.setattr(commands, "judge", judge)
    answer = run(tmp_path)
    assert (answer.code, states(answer)) == (5, {"a": ("received", 5), "b": ("received", 3), "c": ("received", 5)})
    assert "ctrlkit: a: a fault of ctrlkit itself: RuntimeError: a bug" in answer.err
    raised[:] = [KeyboardInterrupt(), RuntimeError("never")]
    assert (run(tmp_path).code, len(raised)) == (130, 1)


def test_an_engagement_without_answer_is_open_until_its_day_is_over_and_then_overdue(tmp_path: Path) -> None:
    """The day is the vendor's: where nobody says another, fourteen days after the period."""
    ask(tmp_path, "plain")
    ask(tmp_path, "longer", due="2026-11-15")
    (tmp_path / "plain" / "pack").mkdir()
    longer, plain = portfolio.load(tmp_path)
    assert (str(plain.due), str(longer.due)) == ("2026-11-14", "2026-11-15")
    assert [(one.state(NOW), one.state(NOW.replace(minute=0, hour=15))) for one in (plain, longer)] == [
        ("overdue", "open"),
        ("open", "open"),
    ]


def test_only_late_ones_are_undecided_and_only_open_ones_are_nothing(tmp_path: Path) -> None:
    ask(tmp_path / "asked", "north", due="2999-01-31")
    assert run(tmp_path).code == 4
    ask(tmp_path / "asked", "south", due="2020-01-31")
    assert run(tmp_path).code == 2
    text = ctrlkit(tmp_path, "run", "--engagements", "asked").out
    assert "north  open: Vendor north · asked-north · due 2999-01-31, nothing received" in text
    assert text.endswith("\n1 open, 1 overdue\nexit 2: the worst of them; see ctrlkit explain 2\n")


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([0, 1, 2, 3, 5], 5),
        ([0, 1, 2, 3], 3),
        ([1, 2, 0], 2),
        ([4, 1, 0], 1),
        ([0, 4], 4),
        ([0, None], 0),
        ([None], 4),
        ([], 4),
    ],
)
def test_the_exit_code_is_that_of_the_worst(codes: list[int | None], code: int) -> None:
    assert worst(codes) == code


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("waiver.yaml", 'is nothing that is read; did you mean "waivers.yaml"?'),
        ("canaries.yml", 'did you mean "canaries.yaml"?'),
        ("clientpack/x.csv", 'did you mean "client-pack"?'),
        ("late.zip", "holds pack, late.zip; expected one of them"),
        ("sent/bagit.txt", "holds pack, sent; expected one of them"),
    ],
)
def test_what_a_folder_holds_and_nobody_reads_is_refused(tmp_path: Path, name: str, said: str) -> None:
    place = ask(tmp_path, "north")
    for path in (place / "pack" / "accounts.csv", place / name):
        path.parent.mkdir(exist_ok=True)
        path.write_text("x", "utf-8")
    (one,) = portfolio.load(tmp_path)
    assert (one.state(NOW), said in one.fault) == ("unreadable", True), one.fault


def test_the_clients_own_evidence_counts_for_a_pack_only(tmp_path: Path) -> None:
    place = ask(tmp_path, "north")
    (place / "client-pack").mkdir()
    (place / "sent.zip").write_bytes(b"PK")
    (one,) = portfolio.load(tmp_path)
    assert "north/client-pack: counts for a pack only" in one.fault


def test_one_engagement_in_two_folders_is_refused_in_the_second(tmp_path: Path) -> None:
    shutil.copytree(ask(tmp_path, "north"), tmp_path / "south")
    north, south = portfolio.load(tmp_path)
    assert (north.fault, "as north does" in south.fault) == ("", True)


@pytest.mark.parametrize("words", [["pack"], ["--junit", "x.xml"], ["--waivers", "w.yaml"], ["--with", "c"]])
def test_what_belongs_to_one_engagement_is_refused_for_many(tmp_path: Path, words: list[str]) -> None:
    ask(tmp_path / "asked", "north")
    answer = ctrlkit(tmp_path, "run", *words, "--engagements", "asked")
    assert (answer.code, "is of one engagement, and --engagements runs many" in answer.err) == (3, True), answer.err


def test_an_inventory_of_the_folder_does_not_count_for_every_vendor(tmp_path: Path) -> None:
    ask(tmp_path / "asked", "north")
    (tmp_path / "inventory.yaml").write_text("hosts: []\n", "utf-8")
    answer = run(tmp_path)
    assert (answer.code, "would count for every vendor" in answer.err) == (3, True)


def test_without_a_profile_the_vendors_own_is_not_taken(tmp_path: Path) -> None:
    receive(tmp_path / "asked", "north")
    answer = ctrlkit(tmp_path, "run", "--engagements", "asked", "--format", "json")
    assert (answer.code, states(answer)) == (3, {"north": ("received", 3)})
    assert "north: --profile: which one?" in answer.err


def test_a_folder_without_engagements_is_refused(tmp_path: Path) -> None:
    assert "is no folder" in run(tmp_path).err
    (tmp_path / "asked").mkdir()
    answer = run(tmp_path)
    assert (answer.code, "holds no folder; expected one for each engagement" in answer.err) == (3, True)
