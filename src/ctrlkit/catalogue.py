"""What there is, as plain data ready for JSON: controls, kinds, adapters, profiles, plugins, schemas."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from ctrlkit import fact_kind
from ctrlkit import profile as profile_of
from ctrlkit.books import plain_param
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.hooks import Adapter, Probe
from ctrlkit.kind import Column, Kind
from ctrlkit.model import Check, Control, Param
from ctrlkit.parameter import default_of
from ctrlkit.profile import Profile, Setting
from ctrlkit.stock import Stock

Entry = dict[str, Any]

TYPES: Final = {
    "string": "text",
    "number": "number",
    "decimal": "amount of money",
    "date": "day",
    "datetime": "instant",
    "boolean": "true or false",
}
_SAMPLE_ROW: Final = 14


def listing(what: str, stock: Stock, policy: Profile | None = None) -> list[Entry]:
    """One entry with an `id` for each of `what`; of controls those of the profile, where one is given.

    Raises InputError for another word, and where a profile file is broken.
    """
    makers: Mapping[str, Callable[[], list[Entry]]] = {
        "controls": lambda: [control(stock.controls[id_], stock, policy) for id_ in _ids(stock, policy)],
        "kinds": lambda: [kind(stock.kinds[name], stock, policy) for name in sorted(stock.kinds)],
        "adapters": lambda: [adapter(a) for a in stock.adapters],
        "profiles": lambda: [profile(file, stock) for file in sorted(stock.profiles, key=lambda f: (f.name, str(f)))],
        "plugins": lambda: [{"id": name} for name in stock.plugins],
        "probes": lambda: [probe(p) for p in stock.probes],
        "schemas": schemas,
    }
    if what not in makers:
        near = did_you_mean(what, makers)
        raise InputError(f"list {what}: there is no such list; expected one of {', '.join(makers)}{near}")
    return makers[what]()


def probe(found: Probe) -> Entry:
    """A probe: what it asks a host, for which fact, and whether it needs root."""
    return {
        "id": found.name,
        "fact": found.fact,
        "about": found.about,
        "privileged": found.privileged,
        "language": found.language,
        "command": found.command,
    }


def _ids(stock: Stock, policy: Profile | None) -> Sequence[str]:
    return policy.controls if policy is not None else sorted(stock.controls)


def control(found: Control, stock: Stock, policy: Profile | None = None) -> Entry:
    """A control: what it asks, reads and tolerates, and what to do. `asked` is None where no profile is given."""
    checks = sorted(found.checks, key=lambda check: (check.claim is not None, check.line))
    return {
        "id": found.id,
        "title": found.title,
        "domain": found.domain,
        "severity": found.severity.value,
        "asked": None if policy is None else found.id in policy.controls,
        "requirement": found.requirement,
        "decisions": list(found.decisions),
        "evidence": [_read(check, stock.kinds) for check in checks],
        "params": [_param(param, policy, found.id) for param in found.params.values()],
        "minimum_grade": None if policy is None else policy.grade_needed(found.id).value,
        "attestable": None if policy is None else found.id in policy.attestable,
        "applies": {word: list(values) for word, values in found.applies.items()},
        "maps": {standard: list(clauses) for standard, clauses in found.maps.items()},
        "sample_finding": _sample_finding(found, stock),
        "remedy": found.remedy,
        "typical_exception": found.typical_exception,
        "file": found.path,
        "fault": found.fault.message if found.fault else None,
    }


def _read(check: Check, kinds: Mapping[str, Kind]) -> Entry:
    """What one check reads: of the organisation or of hosts, for the full requirement or a smaller claim."""
    tables = []
    for needed, reads in ((True, check.needs), (False, check.optional)):
        for name, names in reads.items():
            known = kinds.get(name)
            columns = [column(known.column(n), known) for n in names] if known else [{"name": n} for n in names]
            about = known.about if known else ""
            if name in check.copies:
                about += " Read apart: " + " and ".join(f"the {party}'s own copy" for party in check.copies[name])
            tables.append({"kind": name, "needed": needed, "about": about, "columns": columns})
    known_facts = fact_kind.shipped()
    facts = [{"name": n, "about": known_facts[n].about if n in known_facts else ""} for n in check.facts]
    roles = list(check.roles) if check.roles else None
    return {"claim": check.claim, "roles": roles, "reads": tables, "facts": facts}


def _param(param: Param, policy: Profile | None, control_id: str) -> Entry:
    default = Setting(default_of(param), "control")
    own = policy.params.get(control_id, {}) if policy is not None else {}
    setting = own.get(param.name, default)
    return {
        "name": param.name,
        "value": plain_param(setting.value),
        "from": setting.origin,
        "default": plain_param(default.value),
        "unit": param.unit,
        "range": [bound if isinstance(bound, int) else str(bound) for bound in param.range] if param.range else None,
        "allowed": plain_param(param.allowed) if param.allowed is not None else None,
        "basis": param.basis,
        "source": param.source,
    }


def _sample_finding(found: Control, stock: Stock) -> str:
    """A finding as views show it, with the words of the check and the key of what it counts in place of values."""
    checks = [c for c in found.checks if c.claim is None and c.needs]
    on_host = next((c for c in found.checks if c.facts), None)
    if not checks and on_host is not None:
        because = _because(found, on_host, stock) or f"does not keep: {found.title}"
        return f"host …, probe {on_host.facts[0]}, line {_SAMPLE_ROW} · {because}"
    if not checks:
        return ""
    first = next(iter(checks[0].needs))
    key = stock.kinds[first].key if first in stock.kinds else ()
    because = _because(found, checks[0], stock) or f"does not keep: {found.title}"
    values = f" ({', '.join(f'{name} …' for name in key)})" if key else ""
    note = f"; {found.finding_note}" if found.finding_note else ""
    return f"{first}.csv row {_SAMPLE_ROW} · {because}{values}{note}"


def _because(found: Control, check: Check, stock: Stock) -> str:
    """The first words of a finding in the check's source, or in a function that it calls there; `…` for values."""
    path = stock.files.get(found.path)
    if path is None:
        return ""
    functions = _functions(path.read_text("utf-8"))
    own = functions.get(check.function.__name__)
    if own is None:
        return ""
    called = [functions[name.id] for name in ast.walk(own) if isinstance(name, ast.Name) and name.id in functions]
    return next((text for function in [own, *called] if (text := _stated(function))), "")


@lru_cache(maxsize=32)
def _functions(source: str) -> Mapping[str, ast.FunctionDef]:
    """The functions of a file by name; a list of all controls asks for the same file once for each of its controls."""
    return {node.name: node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)}


def _stated(function: ast.FunctionDef) -> str:
    named = {
        target.id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
    given = [word.value for call in calls for word in call.keywords if word.arg == "because"]
    given += [node.msg for node in ast.walk(function) if isinstance(node, ast.Assert) and node.msg is not None]
    values = [named.get(value.id, value) if isinstance(value, ast.Name) else value for value in given]
    return next((text for value in values if (text := _words(value))), "")


def _words(value: ast.expr) -> str:
    if isinstance(value, ast.JoinedStr):
        return "".join(_words(part) or "…" for part in value.values)
    stated = value.value if isinstance(value, ast.Constant) else ""
    return re.sub(r"\{[^}]*\}", "…", stated) if isinstance(stated, str) else ""


def kind(found: Kind, stock: Stock, policy: Profile | None = None) -> Entry:
    """An evidence kind: its columns, which controls read it (of the profile, where one is given), what makes it."""
    checks = [(id_, check) for id_ in _ids(stock, policy) for check in stock.controls[id_].checks]
    return {
        "id": found.name,
        "about": found.about,
        "key": list(found.key),
        "time": found.time,
        "party": found.party,
        "source": found.source,
        "restricted": found.restricted,
        "repeats": found.repeats,
        "continuous": found.continuous,
        "fresh_days": policy.fresh_days(found.name) if policy is not None else None,
        "columns": [column(c, found) for c in found.columns.values()],
        "derived": [column(c, found) for c in found.derived.values()],
        "needed_by": list(dict.fromkeys(id_ for id_, check in checks if found.name in check.needs)),
        "read_by": list(dict.fromkeys(id_ for id_, check in checks if found.name in {**check.needs, **check.optional})),
        "made_by": [a.name for a in stock.adapters if a.kind == found.name],
    }


def column(found: Column, of: Kind) -> Entry:
    """A column: its type, whether a row can do without, what it may hold and what an empty cell says."""
    return {
        "name": found.name,
        "type": found.type,
        "meaning": meaning(found),
        "required": found.required,
        "derived": found.name in of.derived,
        "list": found.is_list,
        "values": list(found.values),
        "known_values": list(found.known_values),
        "unit": found.unit,
        "null_means": found.null_means,
        "personal": found.personal,
        "pseudonym": found.pseudonym,
        "past": found.past,
    }


def meaning(found: Column) -> str:
    """What a column holds, in one line: `true or false; empty: not needed`."""
    words = " ".join(str(value).lower() if isinstance(value, bool) else str(value) for value in found.values)
    several = f"several, joined by ;: {TYPES[found.type]}" if found.is_list else TYPES[found.type]
    parts = [
        found.description.rstrip("."),
        several + (f" ({found.unit})" if found.unit else ""),
        f"one of {words}" if words else "",
        f"for example {' '.join(found.known_values)}" if found.known_values else "",
        f"empty: {found.null_means}" if found.null_means else "",
        f"hidden as the pseudonym of its {found.pseudonym}" if found.pseudonym else "",
    ]
    return "; ".join(part for part in parts if part)


def adapter(found: Adapter) -> Entry:
    """An adapter: which export it recognises and what becomes of its headers."""
    return {
        "id": found.name,
        "kind": found.kind,
        "product": found.product,
        "about": found.about,
        "headers": [group[0] for group in found.reads if "" not in group] or list(found.headers),
        "unfolds": found.unfold is not None,
        "form": found.form if found.unfold is not None else "table",
        "columns": dict(found.columns),
        "values": {name: dict(pairs) for name, pairs in found.values.items()},
        "constants": dict(found.constants),
        "date_order": found.date_order,
        "zone": found.zone,
        "aside": {header: list(words) for header, words in found.aside.items()},
        "stops": list(found.stops),
        "named_only": found.named_only,
    }


def profile(file: Traversable, stock: Stock) -> Entry:
    """A profile with all that it extends, resolved. Raises InputError where it is broken."""
    name = file.name.removesuffix(".yaml").removesuffix(".yml")
    found = profile_of.load(name, stock.profiles, stock.controls, stock.kinds)
    own = found.documents[-1]
    return {
        "id": name,
        "title": found.title,
        "extends": list(own.data.get("extends", ())),
        "controls": list(found.controls),
        "dropped": dict(found.dropped),
        "freshness": dict(found.freshness),
        "minimum_grade": {control: grade.value for control, grade in found.minimum_grade.items()},
        "attestable": list(found.attestable),
        "country": found.country,
        "sample": found.sample,
        "files": [document.name.rsplit("/", 1)[-1] for document in found.documents],
    }


def schemas() -> list[Entry]:
    """The JSON Schemas of the documents that people write and of the evidence kinds that ctrlkit ships."""
    found = []
    for package, folder in (("ctrlkit", "schemas"), ("ctrlkit.evidence", "")):
        for file in (files(package) / folder if folder else files(package)).iterdir():
            if file.name.endswith(".schema.json"):
                schema = json.loads(file.read_text("utf-8"))
                id_ = file.name.removesuffix(".schema.json")
                what = "kind" if folder == "" else "document"
                found.append({"id": id_, "of": what, "about": schema.get("description", ""), "schema": schema})
    return sorted(found, key=lambda entry: (entry["of"], entry["id"]))
