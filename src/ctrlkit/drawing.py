"""The command that draws a sample: commit to a population, draw from it by the client's seed, weigh the answers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ctrlkit.assemble import Evidence
from ctrlkit.desk import Desk
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.kind import Kind
from ctrlkit.model import Control


def sample(desk: Desk) -> int:
    """Without a seed, write the commitment; with one, write the rows drawn, or say what the answers support."""
    from ctrlkit import sampling

    asked = desk.options
    with _evidence(desk) as (evidence, kind):
        found = sampling.population(asked.control, evidence, kind, dict(map(_pair, asked.where)), asked.by)
    commit = Path.cwd() / asked.commit
    if asked.seed is None:
        _write_new(commit, found.commitment())
        desk.print(f"{len(found.rows):,} rows of {found.kind} for {found.control}, sha256 {found.sha256}")
        desk.print(f"next: give {asked.commit} to the client, who names a seed; then add --seed SEED --size N")
        return 0
    sampling.check_commitment(commit, found)
    drawn = sampling.draw(found, asked.seed, asked.size, asked.method)
    if asked.answers is not None:
        said = list(sampling.answers(Path.cwd() / asked.answers, drawn).values())
        open_ = said.count("no_answer")
        note = f", {open_} of them without an answer" if open_ else ""
        exceptions = said.count("exception") + open_
        desk.print(sampling.statement(len(said), len(found.rows), exceptions) + note)
        return 1 if exceptions else 0
    folder = Path.cwd() / asked.out
    for name, text in (
        ("sample.csv", sampling.listing(drawn)),
        ("sample_results.csv", sampling.form(drawn)),
        ("draw.json", sampling.record(drawn)),
    ):
        _write_new(folder / name, text)
    desk.print(f"{drawn.id}: {len(drawn.rows)} of {len(found.rows):,} rows in {asked.out}/sample.csv")
    desk.print(f"if none is an exception: {sampling.statement(len(drawn.rows), len(found.rows))}")
    desk.print(f"next: walk through them, fill in {asked.out}/sample_results.csv, and add --answers with that file")
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        msg = f"--where {text}: found no column=value; expected such as enabled=true"
        raise InputError(msg)
    return name.strip(), value.strip()


def _write_new(path: Path, text: str) -> None:
    """Write a document that is made once: a second commitment or draw under the same name would hide the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as out:
            out.write(text)
    except FileExistsError as error:
        msg = f"{path}: is there already; a commitment or draw is made once; give another name or add --seed"
        raise InputError(msg) from error


@contextmanager
def _evidence(desk: Desk) -> Iterator[tuple[Evidence, Kind]]:
    """The evaluated evidence of the kind that the control reads first, from a pack or out of a bundle."""
    from ctrlkit import case, gather, replay

    request = desk.request()
    with tempfile.TemporaryDirectory(prefix="ctrlkit-") as work:
        if request.pack is not None and replay.is_bundle(request.cwd / request.pack):
            with replay.evidence_of(request.cwd, request.cwd / request.pack) as (shelf, gathered):
                kind = _first_kind(shelf.controls, desk.options.control)
                yield _chosen(gathered, kind, desk.options.control), shelf.kinds[kind]
            return
        one = case.prepare(request)
        kind = _first_kind(one.stock.controls, desk.options.control)
        gathered = gather.from_packs(one, one.key(), Path(work), desk.listener())
        yield _chosen(gathered, kind, desk.options.control), one.stock.kinds[kind]


def _first_kind(controls: Mapping[str, Control], id_: str) -> str:
    control = controls.get(id_)
    full = next((c for c in control.checks if c.claim is None and c.needs), None) if control is not None else None
    if full is None:
        msg = f"--control {id_}: no control of this name reads evidence{did_you_mean(id_, controls)}; see list controls"
        raise InputError(msg)
    return next(iter(full.needs))


def _chosen(gathered: Mapping[str, Sequence[Evidence]], kind: str, control: str) -> Evidence:
    if kind not in gathered:
        msg = f"--control {control}: reads {kind}, which is not here; hand it over, or draw from another control"
        raise InputError(msg)
    return gathered[kind][0]
