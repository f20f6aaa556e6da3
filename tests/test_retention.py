"""Kept until a day: nothing goes unless somebody asks, and what is not whole is not taken at its word."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, tzinfo
from pathlib import Path

import pytest
import small_vendor
from commands import Answer, ctrlkit

from ctrlkit import bundle, retention

LAST = "2026-11-20"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with a bundle that was to be kept until a day that is over, its zip, and its `latest`."""
    folder = tmp_path_factory.mktemp("retention")
    small_vendor.write(folder)
    terms = folder / "engagement.yaml"
    terms.write_text(f"{terms.read_text('utf-8')}keep_until: {LAST}\n", "utf-8")
    assert ctrlkit(folder, *small_vendor.arguments(folder, "--select", "EML-06", "--zip")).code == 0
    return folder


@pytest.fixture
def desk(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "desk"))


@pytest.fixture(autouse=True)
def _in_december(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Clock:
            return cls(2026, 12, 1, tzinfo=tz)

    monkeypatch.setattr("ctrlkit.cli.datetime", Clock)


def the_bundle(desk: Path) -> Path:
    (found,) = (path for path in (desk / "runs").iterdir() if path.is_dir())
    return found


def clean(desk: Path, *more: str) -> Answer:
    return ctrlkit(desk, "clean", "--bundles", "runs", *more)


def sealed(folder: Path, name: str, until: str | None, label: str | None = None) -> Path:
    """A bundle that holds nothing but what it says of its day."""
    info = {"Bagging-Date": "2026-11-02", **({"Keep-Until": label or until or ""} if label or until else {})}

    def fill(data: Path) -> None:
        (data / "run.json").write_text(json.dumps({"keep_until": until}), "utf-8")

    return bundle.seal(folder, name, fill, info)


def test_a_bundle_says_until_when_it_is_kept(desk: Path) -> None:
    folder = the_bundle(desk)
    assert json.loads((folder / "data" / "run.json").read_text("utf-8"))["keep_until"] == LAST
    assert f"Keep-Until: {LAST}" in (folder / "bag-info.txt").read_text("utf-8").splitlines()
    assert ctrlkit(desk, "verify", folder).code == 0
    assert ctrlkit(desk, "replay", folder).code == 0


def test_it_is_listed_first_and_removed_only_where_that_is_asked_for(desk: Path) -> None:
    name = the_bundle(desk).name
    answer = clean(desk)
    assert (answer.code, f"kept until {LAST}: {name}" in answer.out) == (0, True)
    assert "1 bundles are past their day; add --remove to remove them" in answer.out
    assert the_bundle(desk).name == name
    answer = clean(desk, "--remove")
    assert answer.out.splitlines() == [f"kept until {LAST}: {name}", "1 bundles removed"]
    assert list((desk / "runs").iterdir()) == []


def test_a_zip_that_lies_alone_is_a_bundle_too(desk: Path) -> None:
    shutil.rmtree(the_bundle(desk))
    assert "1 bundles removed" in clean(desk, "--remove").out
    assert list((desk / "runs").iterdir()) == []


def test_its_last_day_is_one_on_which_it_is_kept(tmp_path: Path) -> None:
    path = sealed(tmp_path, "b", "2026-11-20")
    assert retention.past(tmp_path, date(2026, 11, 20)) == ()
    (over,) = retention.past(tmp_path, date(2026, 11, 21))
    assert (over.path, over.keep_until, over.fault) == (path, date(2026, 11, 20), "")


def test_a_bundle_without_a_day_is_kept_for_ever_and_a_later_latest_stays(tmp_path: Path) -> None:
    sealed(tmp_path, "old", "2020-01-01")
    stays = sealed(tmp_path, "none", None)
    for found in retention.past(tmp_path, date(2099, 1, 1)):
        retention.remove(found)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([stays.name, "latest"])


@pytest.mark.parametrize("spoil", ["altered", "contradicts", "no json", "no zip"])
def test_what_is_not_whole_is_named_and_left(tmp_path: Path, spoil: str) -> None:
    path = sealed(tmp_path, "b", "2020-01-01", "2020-01-02" if spoil == "contradicts" else None)
    run = path / "data" / "run.json"
    if spoil == "altered":
        run.write_text(json.dumps({"keep_until": "2019-01-01"}), "utf-8")
    elif spoil == "no json":
        run.write_text("[", "utf-8")
    elif spoil == "no zip":
        shutil.rmtree(path)
        (tmp_path / "b.zip").write_bytes(b"PK")
    (found,) = retention.past(tmp_path, date(2026, 11, 21))
    assert found.fault
    answer = ctrlkit(tmp_path, "clean", "--bundles", ".", "--remove")
    assert "left: b" in answer.out
    assert "0 bundles removed" in answer.out
    assert path.exists() or (tmp_path / "b.zip").exists()


def test_a_link_to_a_bundle_elsewhere_is_not_followed(tmp_path: Path) -> None:
    path = sealed(tmp_path / "away", "b", "2020-01-01")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / path.name).symlink_to(path, target_is_directory=True)
    assert retention.past(tmp_path / "runs", date(2026, 11, 21)) == ()


def test_a_day_within_the_period_is_refused(desk: Path) -> None:
    terms = desk / "engagement.yaml"
    terms.write_text(terms.read_text("utf-8").replace(LAST, "2026-10-31"), "utf-8")
    answer = ctrlkit(desk, *small_vendor.arguments(desk, "--select", "EML-06"))
    assert (answer.code, "expected a day after the period's end 2026-10-31" in answer.err) == (3, True)


def test_clean_alone_touches_no_bundle(desk: Path) -> None:
    answer = ctrlkit(desk, "clean")
    assert (answer.code, "files of read evidence removed" in answer.out) == (0, True)
    assert the_bundle(desk).exists()
    assert ctrlkit(desk, "clean", "--remove").code == 3
    assert ctrlkit(desk, "clean", "--bundles", "nowhere").code == 3
