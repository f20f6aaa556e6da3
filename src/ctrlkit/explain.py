"""What people ask before they run: what is there, what a control asks, what a cause or an exit code means."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ctrlkit import catalogue, words
from ctrlkit.catalogue import Entry, listing
from ctrlkit.errors import InputError, did_you_mean
from ctrlkit.model import Cause
from ctrlkit.profile import Profile
from ctrlkit.stock import Stock
from ctrlkit.visible import visible

__all__ = ["KEPT", "SEEN", "aligned", "explain", "listing", "listing_text"]

WIDTH: Final = 100
_LABEL: Final = 12

MEANING: Final[Mapping[Cause, str]] = {
    Cause.WITHHELD: "The evidence was judged by its owner and does not travel in the bundle.",
    Cause.MISSING: "A file, a column or a system that the control needs was not handed in.",
    Cause.MALFORMED: "A file is not what it should be: no bytes, another type or period, a required column absent.",
    Cause.TRUNCATED: "A file is cut: a broken last row, a control total missed, a further page left behind.",
    Cause.EMPTY: "A file holds a header and no row, or nothing is left that the control speaks about.",
    Cause.DECLARED_EMPTY: "The pack declares that there are no rows; that is a reason, and no pass.",
    Cause.STALE: "The export is older than the profile allows, or nobody says when it was made.",
    Cause.PERIOD: "A log falls silent for a part of the audit period.",
    Cause.WEAK_SOURCE: "The profile asks for a more credible source than the one handed in.",
    Cause.UNDECIDED: "A cell is empty or unreadable where the answer hangs on it.",
    Cause.UNREACHABLE: "The host does not answer.",
    Cause.REFUSED: "The host answers and does not let us in: its key is unknown or changed, or sudo is refused.",
    Cause.CUT: "The host's answer ended before its end mark.",
    Cause.TIMEOUT: "The time allowed was up.",
    Cause.UNSUPPORTED: "The host runs a system that the probes do not know.",
    Cause.CRASHED: "A check, an adapter or a plugin broke off with an error.",
    Cause.NO_ASSERTION: "The check ended without having asserted anything.",
    Cause.DID_NOT_RUN: "The line was planned and has no result.",
    Cause.FORBIDDEN: "A control file uses a name that would make a verdict depend on more than its evidence.",
    Cause.ROLE: "The control is not about hosts of this role.",
    Cause.SCOPE: "The engagement does not involve what the control is about.",
    Cause.DEFERRED: "The client does not ask for this yet.",
}

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "controls": ("id", "severity", "domain", "title"),
    "kinds": ("id", "party", "about"),
    "adapters": ("id", "kind", "product"),
    "profiles": ("id", "controls", "title"),
    "plugins": ("id",),
    "probes": ("id", "about"),
    "schemas": ("id", "of", "about"),
}
_NEXT: Final[Mapping[str, str]] = {
    "controls": "next: ctrlkit explain ID",
    "kinds": "next: ctrlkit explain KIND",
    "adapters": "next: ctrlkit explain ADAPTER",
    "profiles": "next: ctrlkit explain PROFILE, or ctrlkit run --profile PROFILE",
    "plugins": "next: ctrlkit list adapters",
    "probes": "next: ctrlkit list controls",
    "schemas": "next: ctrlkit list schemas --format json, for an editor",
}

_CONTENT: Final[Mapping[str, str]] = {
    "json": "the content of its JSON document",
    "text": "the content of its text",
    "grid": "the content of its sheets",
    "xml": "the content of its XML document",
}


SEEN: Final = {
    True: "ctrlkit where it runs: its rows are judged and not carried in a bundle, unless engagement.yaml gives a "
    "ground under carry_restricted; findings carry keys as pseudonyms",
    False: "whoever gets the bundle: the columns that checks read, personal ones as pseudonyms, which only the holder "
    "of the engagement's key can undo",
}
"""Whether a kind is restricted -> its recipients, as its people must be told (PH DPA s.16(a); GDPR 13)."""
KEPT: Final = (
    "the files stay where you put them; what was read of them lies in the cache until ctrlkit clean; in a bundle it is "
    "kept as long as the contract keeps the bundle"
)


def listing_text(what: str, stock: Stock, policy: Profile | None = None) -> str:
    """`listing` as an aligned table, with what to ask next. Raises InputError for another word."""
    entries = listing(what, stock, policy)
    rows = [[_cell(entry[name]) for name in _COLUMNS[what]] for entry in entries]
    count = f"{len(rows)} {what if len(rows) != 1 else what.removesuffix('s')}"
    return "\n".join([*aligned(rows), *([""] if rows else []), f"{count}; {_NEXT[what]}"])


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines, each column as wide as its longest cell; what strangers wrote is made visible."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(*shown, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown]


def _cell(value: Any) -> str:
    return str(len(value)) if isinstance(value, list) else str(value)


def explain(word: str, stock: Stock, policy: Profile | None = None) -> str:
    """What a control id, kind, cause, exit code, adapter or profile means, as text; case does not count.

    Raises InputError for a word that is none of them.
    """
    known = _known(stock, policy)
    wanted = word.strip().casefold().removeprefix("exit ").strip()
    if wanted not in known:
        near = did_you_mean(wanted, known)
        found = f"explain {visible(word)}: is no control, kind, cause, exit code, adapter or profile{near}"
        raise InputError(f"{found}; see ctrlkit list controls or ctrlkit list kinds")
    return "\n".join(known[wanted]())


def _known(stock: Stock, policy: Profile | None) -> dict[str, Callable[[], Iterable[str]]]:
    """Word, casefolded -> the lines that explain it; where two things share a word, the one named first here counts."""
    known: dict[str, Callable[[], Iterable[str]]] = {}
    for id_, control in stock.controls.items():
        known.setdefault(id_.casefold(), lambda c=control: _control(catalogue.control(c, stock, policy)))  # type: ignore[misc]
    for name, kind in stock.kinds.items():
        known.setdefault(name.casefold(), lambda k=kind: _kind(catalogue.kind(k, stock, policy)))  # type: ignore[misc]
    for cause in Cause:
        known.setdefault(cause.value, lambda c=cause: _cause(c))  # type: ignore[misc]
    for code in words.EXITS:
        known.setdefault(str(code), lambda n=code: _exit(n))  # type: ignore[misc]
    for adapter in stock.adapters:
        known.setdefault(adapter.name.casefold(), lambda a=adapter: _adapter(catalogue.adapter(a)))  # type: ignore[misc]
    for file in stock.profiles:
        stem = file.name.rpartition(".")[0].casefold()
        known.setdefault(stem, lambda f=file: _profile(catalogue.profile(f, stock)))  # type: ignore[misc]
    return known


def _control(said: Entry) -> Iterator[str]:
    yield f"{said['id']}  {visible(said['title'])}"
    asked = {None: "", True: " · asked by this profile", False: " · not asked by this profile"}[said["asked"]]
    yield f"{said['severity']} · {said['domain']} · {visible(said['file'])}{asked}"
    yield ""
    yield from _block("broken", said["fault"] or "")
    yield from _block("requirement", said["requirement"])
    yield from _list("decisions", said["decisions"])
    for word, values in said["applies"].items():
        yield from _block("applies", f"only where the engagement names one of the {word}: {', '.join(values)}")
    yield from _evidence(said["evidence"])
    yield from _list("parameters", [_param(param) for param in said["params"]])
    yield from _block("grade", f"{said['minimum_grade']} or better" if said["minimum_grade"] else "")
    yield from _block("attestable", "a person may answer where evidence is missing" if said["attestable"] else "")
    yield from _block("maps", " · ".join(f"{name} {', '.join(clauses)}" for name, clauses in said["maps"].items()))
    yield from _block("a finding", said["sample_finding"])
    yield from _block("typical", said["typical_exception"])
    yield from _block("remedy", said["remedy"])
    yield ""
    kinds = [table["kind"] for check in said["evidence"] for table in check["reads"]]
    yield f"next: ctrlkit explain {kinds[0]}, or ctrlkit check" if kinds else "next: ctrlkit check"


def _evidence(checks: Sequence[Entry]) -> Iterator[str]:
    for check in checks:
        title = "evidence"
        if check["roles"]:
            yield from _block(title, f"of each host that is {' or '.join(check['roles'])}:")
            yield from _pairs([(fact["name"], fact["about"]) for fact in check["facts"]])
        if check["claim"]:
            claim = str(check["claim"]).rstrip(".")
            yield from _block("or only", f"{claim}: a smaller claim, where the pack holds no more than {_short(check)}")
            continue
        for table in check["reads"]:
            where = "" if table["needed"] else " (read where it is there)"
            yield from _block(title, f"{table['kind']}{where}: {table['about']}")
            names = [(column["name"], column.get("meaning", "")) for column in table["columns"]]
            yield from _pairs(names)


def _short(check: Entry) -> str:
    tables = [table for table in check["reads"] if table["needed"]]
    return "; ".join(f"{table['kind']} ({', '.join(c['name'] for c in table['columns'])})" for table in tables)


def _pairs(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    widest = max((len(name) for name, _ in pairs), default=0)
    indent = " " * (_LABEL + 2)
    for name, meaning in pairs:
        start = f"{indent}{visible(name).ljust(widest)}  "
        yield from _wrapped(start, meaning, " " * len(start))


def _param(said: Entry) -> str:
    bounds = f", {said['range'][0]} to {said['range'][1]}" if said["range"] else ""
    allowed = f", one of {', '.join(map(str, said['allowed']))}" if said["allowed"] else ""
    changed = f", its own default is {_value(said['default'])}" if said["default"] != said["value"] else ""
    origin = "the control's default" if said["from"] == "control" else f"set in {said['from']}{changed}"
    source = f"; {said['source']}" if said["source"] else ""
    return (
        f"{said['name']} = {_value(said['value'])} ({said['unit']}{bounds}{allowed}): {origin}; {said['basis']}{source}"
    )


def _value(value: Any) -> str:
    return "[" + ", ".join(map(str, value)) + "]" if isinstance(value, list) else str(value)


def _kind(said: Entry) -> Iterator[str]:
    yield f"{said['id']}  {visible(said['about'])}"
    yield ""
    yield from _block(
        "file",
        f"{said['id']}.csv, .tsv, .json, .ndjson, .xlsx or .parquet with these columns; or any, named in pack.yaml",
    )
    yield from _block(
        "key", ", ".join(said["key"]) + (" (rows may share one)" if said["repeats"] else " (one row for each)")
    )
    yield from _block("time", said["time"] or "none: a state or register, as of exported_at")
    yield from _block("from", {"either": "the vendor or the client"}.get(said["party"], f"the {said['party']}"))
    yield from _block("fresh", f"at most {said['fresh_days']} days old" if said["fresh_days"] is not None else "")
    yield from _block("no gaps", "it must not fall silent within the audit period" if said["continuous"] else "")
    for title, chosen in (
        ("required", [c for c in said["columns"] if c["required"]]),
        ("others", [c for c in said["columns"] if not c["required"]]),
        ("computed", said["derived"]),
    ):
        if chosen:
            yield from _block(title, f"{len(chosen)} {'column' if len(chosen) == 1 else 'columns'}")
            yield from _pairs([(c["name"], c["meaning"]) for c in chosen])
    yield from _block("needed by", ", ".join(said["needed_by"]) or "no control")
    yield from _block("also read by", ", ".join(id_ for id_ in said["read_by"] if id_ not in said["needed_by"]))
    yield from _block("purpose", "to judge these controls, and nothing else" if said["read_by"] else "")
    yield from _block("seen by", SEEN[said["restricted"]])
    yield from _block("kept", KEPT)
    yield from _block("made by", ", ".join(said["made_by"]) or "no adapter: canonical columns, or a map in pack.yaml")
    yield ""
    yield f"next: put {said['id']}.csv into the pack, then ctrlkit check"


def _cause(cause: Cause) -> Iterator[str]:
    aside = cause in {Cause.ROLE, Cause.SCOPE, Cause.DEFERRED}
    why = "does not apply, and does not count" if aside else "is not decided, and is not green"
    yield f"{cause.value}  why a control {why}"
    yield ""
    yield from _block("means", MEANING[cause])
    yield from _block("do", words.ADVICE[cause])
    yield ""
    yield "next: ctrlkit check"


def _exit(code: int) -> Iterator[str]:
    yield f"exit {code}  {words.exit_meaning(code)}"
    others = {
        0: "verify: whole, every key and document asked for agrees · replay: identical · check: complete",
        1: "verify: not whole, or a key or document does not agree · replay: different",
        2: "check: something is missing or unreadable",
    }
    if code in others:
        yield from _block("elsewhere", others[code])
    yield ""
    yield "next: read the reasons in the run's report" if code in {1, 2, 4} else "next: ctrlkit list controls"


def _adapter(said: Entry) -> Iterator[str]:
    yield f"{said['id']}  {visible(said['product'])}"
    yield ""
    yield from _block("makes", said["kind"])
    headers = "the headers " + ", ".join(said["headers"])
    known = "nothing: pack.yaml must name it" if said["named_only"] else _CONTENT.get(said["form"], headers)
    yield from _block("known by", known)
    yield from _block("columns", f"{len(said['columns'])} columns")
    told = [(ours, "" if said["unfolds"] else f"from {theirs}") for theirs, ours in said["columns"].items()]
    yield from _pairs(told)
    yield from _block("constants", ", ".join(f"{name} = {value}" for name, value in said["constants"].items()))
    aside = [f"{header} is {' or '.join(w or 'empty' for w in words)}" for header, words in said["aside"].items()]
    yield from _block("left aside", f"rows where {'; '.join(aside)}" if aside else "")
    yield from _block("about", said["about"])
    yield ""
    yield f"next: put such a file into the pack, name it under {said['kind']} in pack.yaml, then ctrlkit check"


def _profile(said: Entry) -> Iterator[str]:
    yield f"{said['id']}  {visible(said['title'])}"
    yield ""
    yield from _block("extends", ", ".join(said["extends"]))
    yield from _block("controls", f"{len(said['controls'])}: {', '.join(said['controls'])}")
    yield from _list("dropped", [f"{id_}: {why}" for id_, why in said["dropped"].items()])
    yield from _block("freshness", ", ".join(f"{kind} {days} days" for kind, days in said["freshness"].items()))
    yield from _block("grades", ", ".join(f"{id_} {grade}" for id_, grade in said["minimum_grade"].items()))
    yield from _block("attestable", ", ".join(said["attestable"]))
    yield from _block("country", said["country"])
    yield ""
    yield f"next: ctrlkit list controls --profile {said['id']}"


def _list(label: str, items: Sequence[str]) -> Iterator[str]:
    for place, item in enumerate(items):
        yield from _block("" if place else label, f"- {item}", hang=2)


def _block(label: str, text: str, hang: int = 0) -> Iterator[str]:
    """The text behind its label, wrapped and hanging; nothing where there is no text."""
    if text:
        start = label.ljust(_LABEL)
        yield from _wrapped(start if start.endswith(" ") else start + " ", text, " " * (_LABEL + hang))


def _wrapped(start: str, text: str, hang: str) -> list[str]:
    flat = visible(" ".join(text.split()))
    lines = textwrap.wrap(
        flat, WIDTH, initial_indent=start, subsequent_indent=hang, break_long_words=False, break_on_hyphens=False
    )
    return lines or [start.rstrip()]
