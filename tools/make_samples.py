"""Write the sample packs of ctrlkit, byte for byte the same anywhere; `--out DIR --people N` writes one of any size."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import sample_first_hour
import sample_hosts
import sample_rooms
from sample_documents import client_pack, engagement, sample, vendor_pack
from sample_place import INDIA, PHILIPPINES, PLACES, Place
from sample_records import records
from sample_truth import Truth
from sample_vendor import invent

HOME: Final = Path(__file__).resolve().parent.parent / "evidence" / "samples"
PEOPLE: Final = 300
LEAST: Final = 120
SIZES: Final = {PHILIPPINES: PEOPLE, INDIA: LEAST}
"""How many people the shipped samples of a place hold."""
SHOWN: Final = (*sample_rooms.SHOWN, *sample_hosts.PLANTS)
"""The controls for which the weak sample holds weaknesses; the others are met."""


def pack(name: str, people: int, plants: Iterable[str] = (), place: Place = PHILIPPINES) -> dict[str, bytes]:
    """The files of one sample, by their path inside its folder.

    `plants` names the controls to break.
    """
    plants = sorted({*plants})
    vendor = invent(people, place)
    book = records(vendor)
    for fill in sample_rooms.FILL:
        fill(book, vendor)
    truth = Truth()
    for control in (control for control in plants if control in sample_rooms.PLANTS):
        sample_rooms.PLANTS[control](book, vendor, truth)
    files = {_path(t.party, t.file): t.content() for _, t in sorted(book.items())}
    told = truth.document(book, sample_rooms.CONTROLS, sample_rooms.NOT_DUE) | sample_hosts.truth(plants)
    texts = {
        **sample_hosts.files(plants),
        "pack.yaml": vendor_pack(name, book, place),
        "engagement.yaml": engagement(place),
        "client/pack.yaml": client_pack(book, place),
        "sample.yaml": sample(name, place),
        "truth.json": json.dumps(told, indent=1, ensure_ascii=False) + "\n",
    }
    return {**files, **{path: text.encode() for path, text in texts.items()}}


def _path(party: str, file: str) -> str:
    return f"client/{file}" if party == "client" else file


def northwind(people: int = PEOPLE, place: Place = PHILIPPINES) -> dict[str, bytes]:
    """The sample with weaknesses."""
    return pack(f"northwind-{place.country.lower()}", people, SHOWN, place)


def clean(people: int = PEOPLE, place: Place = PHILIPPINES) -> dict[str, bytes]:
    """The same vendor without any."""
    return pack(f"clean-{place.country.lower()}", people, (), place)


def shipped() -> Iterator[tuple[str, Callable[[], dict[str, bytes]]]]:
    """The samples that ctrlkit ships: the name of each, and what makes its files."""
    for place, people in SIZES.items():
        for make in (northwind, clean):
            yield f"{make.__name__}-{place.country.lower()}", partial(make, people, place)
    yield sample_first_hour.NAME, sample_first_hour.pack


def write(files: dict[str, bytes], folder: Path) -> None:
    """Write `files` below `folder`."""
    for path, content in sorted(files.items()):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def main() -> None:
    """Write what the command line asks for; without options, the samples that ctrlkit ships."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="folder of one pack; default: all samples, in evidence/samples")
    parser.add_argument(
        "--people", type=int, default=PEOPLE, help=f"people on the roster, at least {LEAST} (default {PEOPLE})"
    )
    parser.add_argument("--country", choices=sorted(PLACES), default="PH", help="where the work is done (default PH)")
    parser.add_argument("--clean", action="store_true", help="no weaknesses")
    parser.add_argument("--plant", metavar="ID,…", help="break these controls only, or `all` of them")
    options = parser.parse_args()
    if options.people < LEAST:
        parser.error(f"--people: {options.people} is too few to plant everything; give {LEAST} or more")
    known = (*sample_rooms.PLANTS, *sample_hosts.PLANTS)
    asked = known if options.plant == "all" else tuple(filter(None, (options.plant or "").split(",")))
    if unknown := sorted(set(asked) - set(known)):
        parser.error(f"--plant: no weakness for {', '.join(unknown)}; there is {', '.join(known)}")
    if options.out is None:
        for name, make in shipped():
            write(make(), HOME / name)
    elif asked:
        write(pack("planted", options.people, asked, PLACES[options.country]), options.out)
    else:
        write((clean if options.clean else northwind)(options.people, PLACES[options.country]), options.out)


if __name__ == "__main__":
    main()
