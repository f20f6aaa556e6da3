"""The job of the evaluating child: every line that a check decides, with all that it may look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from ctrlkit import kind as kinds_of
from ctrlkit.case import Case
from ctrlkit.cell import lower_snake
from ctrlkit.engagement import Engagement
from ctrlkit.engine import is_spark
from ctrlkit.evaluate import Child, evaluate
from ctrlkit.outcome import Outcome
from ctrlkit.plan import Handed, Line
from ctrlkit.term import Info

MEMORY_BYTES = 16 * 1024**3
"""House number: the memory that evaluation may take."""


def decide(
    case: Case, lines: Sequence[Line], handed: Mapping[str, Handed], child: Child, work: Path
) -> dict[int, Outcome]:
    """The outcome of every line that a check decides, by its place in `lines`."""
    items = [
        _item(case, index, line) for index, line in enumerate(lines) if line.check is not None and line.verdict is None
    ]
    if not items:
        child.end()
        return {}
    kinds = {name for item in items for name, columns in item["tables"].items() if columns is not None}
    begins, ends = period_bounds(case.engagement)
    terms = case.engagement
    job = {
        "engine": case.request.engine,
        "evidence": str(work / "frames"),
        "memory_bytes": MEMORY_BYTES,
        "as_of": case.as_of.instant.isoformat(),
        "as_of_date": case.as_of.date.isoformat(),
        "period": {
            "start": terms.period.start.isoformat(),
            "end": terms.period.end.isoformat(),
            "begins": begins.isoformat(),
            "ends": ends.isoformat(),
        },
        "engagement": {
            "country": terms.country,
            "domains": [d.lower() for d in terms.domains],
            "systems": {name.lower(): owner for name, owner in terms.systems.items()},
            "features": list(terms.features or ()),
            "scope_clients": [c.lower() for c in terms.scope_clients],
            "site_words": {site: lower_snake(site) for site in _sites(terms)},
            "countries": sorted({site.country for site in terms.sites} or {terms.country}),
            "sites": {site.id.lower(): site.country for site in terms.sites},
            "scope_sites": sorted(site.lower() for site in terms.scope_sites),
            "networks": sorted({str(network) for site in terms.sites for network in site.networks}),
        },
        "tables": {name: _table(handed[name]) for name in sorted(kinds)},
        "facts": _facts(lines),
        "kinds": [kinds_of.document(case.stock.kinds[n]) for n in sorted({handed[k].evidence.kind for k in kinds})],
    }
    return evaluate(job, items, child, jobs=1 if is_spark(case.request.engine) else case.request.jobs)


def _sites(terms: Engagement) -> list[str]:
    """The sites in scope; all of them where it limits nothing."""
    wanted = {name.lower() for name in terms.scope_sites}
    return [site.id for site in terms.sites if not wanted or site.id.lower() in wanted]


def _facts(lines: Sequence[Line]) -> dict[str, dict[str, Any]]:
    """Subject -> fact -> its document, for what the host checks look at."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        if line.machine is not None:
            facts = line.machine.facts
            found.setdefault(line.subject, {}).update({name: facts[name].document() for name in line.facts})
    return found


def _item(case: Case, index: int, line: Line) -> dict[str, Any]:
    if line.check is None:
        raise AssertionError
    return {
        "index": index,
        "path": str(case.stock.files[line.control.path]),
        "shown": line.control.path,
        "sha256": line.control.sha256,
        "function": line.check.function.__name__,
        "control": line.control.id,
        "subject": line.subject,
        "finding_note": line.control.finding_note,
        "params": {name: _param(value) for name, value in line.params.items()},
        "tables": {kind: None if columns is None else list(columns) for kind, columns in line.tables.items()},
        "absent": _absent(line),
        "facts": list(line.facts),
        "host": None
        if line.machine is None
        else {"roles": list(line.machine.roles), "ports": list(line.machine.ports)},
    }


def _absent(line: Line) -> list[str]:
    """Columns that the check would look at and that the evidence, which is there, does not have."""
    optional = line.check.optional if line.check is not None else {}
    read = {kind: columns for kind in optional if (columns := line.tables.get(kind)) is not None}
    return [f"{kind}.{name}" for kind, columns in read.items() for name in optional[kind] if name not in columns]


def _param(value: Any) -> Any:
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _table(there: Handed) -> dict[str, Any]:
    if there.canvas is None:
        raise AssertionError
    exported = there.evidence.exported_at
    return {
        "kind": there.evidence.kind,
        "parquet": str(there.canvas.parquet),
        "party": there.evidence.party,
        "exported_at": exported.isoformat() if exported else None,
        "bad_rows": there.evidence.bad_rows,
        "columns": {name: _info(info) for name, info in there.canvas.columns.items()},
    }


def _info(info: Info) -> list[Any]:
    return [info.type, info.none, info.pseudonym]


def period_bounds(engagement: Engagement) -> tuple[datetime, datetime]:
    """The instants at which the audit period begins and ends, UTC."""

    def midnight(day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=engagement.zone).astimezone(UTC)

    return midnight(engagement.period.start), midnight(engagement.period.end + timedelta(days=1))
