"""Drawn samples for a walk-through: a population committed to, the client's seed, rows that anyone draws again.

The vendor commits to the population first; the client names the seed only then. So neither side chooses the rows: the
vendor cannot leave any out that it fears, and the client cannot pick those it suspects.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from ctrlkit.assemble import Evidence
from ctrlkit.errors import InputError
from ctrlkit.kind import Kind

Method = Literal["simple", "stratified"]
CONFIDENCE: Final = Fraction(95, 100)
STRATA: Final = ("site", "system", "client")
"""Columns that divide a population where nobody names one; the first that it has."""
_RESULTS: Final = ("sample_id", "row_key", "answer", "by", "at")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a population: its key as evaluated (pseudonyms), where it stands, and the stratum it belongs to."""

    key: str
    file: str
    row: int
    stratum: str


@dataclass(frozen=True, slots=True)
class Population:
    """The rows that a control speaks of first, in scope and narrowed by `where`; `sha256` is over their sorted keys."""

    control: str
    kind: str
    where: Mapping[str, str]
    by: str
    rows: tuple[Row, ...]

    @property
    def sha256(self) -> str:
        """The digest that the vendor commits to."""
        return hashlib.sha256("\n".join(sorted(row.key for row in self.rows)).encode()).hexdigest()

    def commitment(self) -> str:
        """The document that is handed to the client before it names the seed."""
        said = {"control": self.control, "kind": self.kind, "where": dict(self.where), "rows": len(self.rows)}
        return json.dumps({**said, "sha256": self.sha256}, ensure_ascii=False, indent=1) + "\n"


def population(control: str, evidence: Evidence, kind: Kind, where: Mapping[str, str], by: str | None) -> Population:
    """The population in the evaluated file of a kind. Raises InputError for columns that it does not hold."""
    if evidence.csv is None:
        reasons = "; ".join(fault.message for fault in evidence.faults) or "it does not travel in a bundle"
        msg = f"--control {control}: {kind.name} cannot be drawn from: {reasons}; hand it over whole"
        raise InputError(msg)
    frame = pl.read_csv(evidence.csv, infer_schema=False)
    for name in [*where, *([by] if by else [])]:
        if name not in frame.columns:
            msg = f"{name}: not among the columns that {control} reads of {kind.name}: {', '.join(evidence.columns)}"
            raise InputError(msg)
    for name, value in where.items():
        frame = frame.filter(pl.col(name) == value)
    stratum = by or next((name for name in STRATA if name in frame.columns), "")
    return Population(control, kind.name, dict(where), stratum, tuple(_rows(frame, kind, stratum)))


def _rows(frame: pl.DataFrame, kind: Kind, stratum: str) -> Iterator[Row]:
    """Each row with a key of its own: where a kind repeats keys, the second of a key is numbered."""
    met: dict[str, int] = {}
    for line in frame.iter_rows(named=True):
        key = "/".join(line.get(name) or "" for name in kind.key)
        met[key] = met.get(key, 0) + 1
        number = f"#{met[key]}" if met[key] > 1 else ""
        yield Row(key + number, line["_file"], int(line["_row"]), line[stratum] or "" if stratum else "")


def check_commitment(path: Path, found: Population) -> None:
    """Raises InputError where the population is not the one that was committed to."""
    try:
        said: dict[str, Any] = json.loads(path.read_text("utf-8"))
        told, rows = (said["control"], said["sha256"]), said["rows"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path}: holds no commitment ({error}); make one without --seed first, and give it to the client"
        raise InputError(msg) from error
    if told != (found.control, found.sha256):
        msg = f"{path}: commits to {rows} rows for {told[0]}, here are {len(found.rows)} for {found.control}"
        raise InputError(f"{msg} with another digest; the population changed after the commitment: make it anew")


@dataclass(frozen=True, slots=True)
class Draw:
    """The rows drawn from a population by a seed."""

    population: Population
    seed: str
    method: Method
    rows: tuple[Row, ...]

    @property
    def id(self) -> str:
        """The sample's id: its control, population and seed."""
        seed = hashlib.sha256(self.seed.encode()).hexdigest()[:8]
        return f"{self.population.control}-{self.population.sha256[:8]}-{seed}"


def draw(found: Population, seed: str, size: int, method: Method) -> Draw:
    """`size` rows: those whose HMAC-SHA256 under the seed is smallest, of the whole or of each stratum by its share.

    Raises InputError where there is nothing to draw from.
    """
    if not found.rows or size < 1:
        msg = f"--size {size}: of {len(found.rows)} rows; expected at least one of each"
        raise InputError(msg)
    order = sorted(found.rows, key=lambda row: _rank(found.sha256, seed, row.key))
    if method == "simple":
        return Draw(found, seed, method, tuple(order[:size]))
    strata: dict[str, list[Row]] = {}
    for row in order:
        strata.setdefault(row.stratum, []).append(row)
    shares = _shares({name: len(rows) for name, rows in strata.items()}, min(size, len(order)))
    chosen = {row.key for name, rows in strata.items() for row in rows[: shares[name]]}
    return Draw(found, seed, method, tuple(row for row in order if row.key in chosen))


def _rank(population_sha256: str, seed: str, key: str) -> str:
    return hmac.new(seed.encode(), f"{population_sha256}\n{key}".encode(), hashlib.sha256).hexdigest()


def _shares(sizes: Mapping[str, int], size: int) -> dict[str, int]:
    """How many rows of each stratum: its share, rounded by largest remainder, and one at least where that fits."""
    total = sum(sizes.values())
    least = 1 if size >= len(sizes) else 0
    shares = {name: max(least, size * count // total) for name, count in sizes.items()}
    by_remainder = sorted(sizes, key=lambda name: (-(size * sizes[name] % total), name))
    for name in [*by_remainder, *by_remainder]:
        if sum(shares.values()) < size and shares[name] < sizes[name]:
            shares[name] += 1
    while sum(shares.values()) > size:
        shares[max(shares, key=lambda name: (shares[name], name))] -= 1
    return shares


def listing(of: Draw) -> str:
    """The rows to walk through, as CSV, in the order drawn."""
    return _csv(("sample_id", "row_key", "file", "row", "stratum"), ((of.id, *_cells(row)) for row in of.rows))


def _cells(row: Row) -> tuple[str, str, str, str]:
    return row.key, row.file, str(row.row), row.stratum


def form(of: Draw) -> str:
    """The evidence kind `sample_results`, to be filled in: answer is confirmed, exception or no_answer."""
    return _csv(_RESULTS, ((of.id, row.key, "", "", "") for row in of.rows))


def record(of: Draw) -> str:
    """All that anyone needs to draw the same rows again."""
    said = {"sample_id": of.id, "seed": of.seed, "method": of.method, "by": of.population.by, "size": len(of.rows)}
    rows = [row.key for row in of.rows]
    about = {"control": of.population.control, "kind": of.population.kind, "where": dict(of.population.where)}
    digest = {"population": len(of.population.rows), "sha256": of.population.sha256}
    return json.dumps({**said, **about, **digest, "rows": rows}, ensure_ascii=False, indent=1) + "\n"


def _csv(header: Sequence[str], rows: Iterator[tuple[str, ...]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def statement(drawn: int, of: int, exceptions: int = 0) -> str:
    """What so many exceptions among the rows drawn support, in one sentence; rows without an answer are exceptions."""
    if drawn >= of:
        return f"all {of:,} rows were drawn: {exceptions:,} exceptions, nothing is inferred"
    share = bound(drawn, exceptions)
    return (
        f"{drawn:,} of {of:,} drawn, {exceptions:,} {'exception' if exceptions == 1 else 'exceptions'}: with "
        f"{int(CONFIDENCE * 100)} % confidence at most {share / 10:.1f} % of the population are exceptions"
    )


def bound(drawn: int, exceptions: int) -> int:
    """The least share, in per mille, that so few exceptions would show with a chance of at most 5 %: one-sided, exact.

    Binomial (Clopper and Pearson, 1934), so a little careful where the population is small.
    """
    least, most = 0, 1000
    while least < most:
        middle = (least + most) // 2
        if _chance(drawn, exceptions, Fraction(middle, 1000)) <= 1 - CONFIDENCE:
            most = middle
        else:
            least = middle + 1
    return least


def _chance(drawn: int, exceptions: int, share: Fraction) -> Fraction:
    """The chance of at most so many exceptions among the rows drawn, where so large a share are."""
    return sum(
        (comb(drawn, n) * share**n * (1 - share) ** (drawn - n) for n in range(exceptions + 1)), start=Fraction(0)
    )


def answers(path: Path, of: Draw) -> dict[str, str]:
    """Row key -> answer, of the rows drawn, from a filled-in `sample_results`; rows nobody answered are `no_answer`."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    said = {
        row.get("row_key", ""): (row.get("answer") or "").strip().lower()
        for row in rows
        if row.get("sample_id") == of.id
    }
    wrong = sorted(set(said.values()) - {"confirmed", "exception", "no_answer", ""})
    if wrong or not rows:
        found = f"found {wrong[0]!r}" if wrong else "holds no row"
        msg = f"{path}: answer: {found}; expected confirmed, exception or no_answer for each row of {of.id}"
        raise InputError(msg)
    return {row.key: said.get(row.key) or "no_answer" for row in of.rows}
