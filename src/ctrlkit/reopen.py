"""The closed run of a verified bundle, read back from what the bundle itself says, so that views can be made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ctrlkit import comparison, document, waiver
from ctrlkit.closed import Accepted, Match, Plot, Run, Series, Side
from ctrlkit.comparison import Book
from ctrlkit.errors import BundleError
from ctrlkit.model import Pointer
from ctrlkit.run import accepted
from ctrlkit.stock import Stock


def reopen(folder: Path, shelf: Stock) -> Run:
    """The run that was sealed in the folder of a verified bundle.

    Verdicts, findings and counts are the bundle's. What a control is called and asks comes from the controls installed
    here (the sources in the bundle are never executed); one that is not installed has its id and no more. Raises
    InputError for a handover, which holds no verdicts, BundleError where `run.json` says less than a run does.
    """
    book = comparison.book(folder)
    try:
        return _run(folder, shelf, book)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        msg = f"{folder.name}: data/run.json: is not as a run writes it ({type(error).__name__}: {error})"
        raise BundleError(f"{msg}; expected the bundle of a run of this version; judge its evidence again") from error


def _run(folder: Path, shelf: Stock, book: Book) -> Run:
    said = book.run
    asked = tuple(said["select"])
    return Run(
        version=said["ctrlkit"],
        profile=said["profile"],
        profile_title=_title(folder, said),
        engagement=said["engagement"],
        vendor=said["vendor"],
        client=said["client"],
        country=said["country"],
        period=said["period"],
        as_of=datetime.fromisoformat(said["as_of"]).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        sample=said["sample"],
        self_check=said["self_check"],
        exit_code=said["exit"],
        counts=said["counts"],
        results=tuple(book.results.values()),
        controls={id_: shelf.controls[id_] for id_ in asked if id_ in shelf.controls},
        unused=tuple(said["unused"]),
        proposed=tuple(said["proposed"]),
        bundle=folder.name,
        left_out=tuple(sorted({*shelf.controls} - {*asked})),
        matches=tuple(_match(match) for match in said["matches"]),
        plots=tuple(_plot(plot) for plot in said["plots"]),
        opened=None if said["opened"] is None else {(control, key): day for control, key, day in said["opened"]},
        exported=said["exported"],
        identifiers=tuple(said["identifiers"]),
        waivers=_waivers(folder, date.fromisoformat(said["as_of_date"])),
    )


def strangers(run: Run, folder: Path) -> tuple[str, ...]:
    """The controls of a bundle whose words come from elsewhere or from nowhere: not installed here, or changed since.

    Nothing of the verdicts hangs on it.
    """
    said = json.loads((folder / "data" / "run.json").read_text("utf-8"))
    judged = {id_: said["code"].get(path) for id_, path in said.get("sources", {}).items()}
    return tuple(
        id_ for id_ in said["select"] if id_ not in run.controls or run.controls[id_].sha256 != judged.get(id_)
    )


def _title(folder: Path, said: Mapping[str, Any]) -> str:
    """The title of the profile, which `run.json` does not hold."""
    own = folder / "data" / "profile" / Path(said["profile_documents"][-1]).name
    return str(document.load(own, "profile").data["title"])


def _waivers(folder: Path, day: date) -> tuple[Accepted, ...]:
    path = folder / "data" / "waivers.yaml"
    if not path.is_file():
        return ()
    named = {entry["control"] for entry in document.load(path, "waivers").data}
    return accepted(waiver.load_waivers(path, named), day)


def _plot(said: Mapping[str, Any]) -> Plot:
    series = tuple(Series(one["name"], one["tone"], tuple(one["values"])) for one in said["series"])
    return Plot(**{**said, "labels": tuple(said["labels"]), "series": series})


def _match(said: Mapping[str, Any]) -> Match:
    left, right = (
        Side(**{**side, "where": tuple(Pointer(**p) for p in side["where"])}) for side in (said["left"], said["right"])
    )
    return Match(left, right, said["matched"])
