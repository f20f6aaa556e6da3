r"""`dig`, the DNS look-up tool: what it printed, one look-up or many, as `dns`, with the meaning of collected answers.

A domain of which a look-up failed has nothing but a row for each of these, with `?` as its value. Rows of its name
servers are given only where the text holds every look-up whose absence says something: NS, MX and TXT of the domain,
TXT at _dmarc (and above it, where it has none), _mta-sts, _smtp._tls, and at the names that its SPF includes. So a
name without a row is an answer only for such a domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _moments

_TYPES: Final = {"A", "AAAA", "CNAME", "MX", "NS", "TXT", "TLSA"}
_RECORD: Final = re.compile(r"(\S+\.)\s+(\d+)\s+IN\s+([A-Z0-9]+)\s+(.*\S)\s*")
_STATUS: Final = re.compile(r";; ->>HEADER<<- opcode: \w+, status: (\w+),")
_FLAGS: Final = re.compile(r";; flags:([^;]*); QUERY: \d+, ANSWER: (\d+),")
_WHEN: Final = re.compile(r";; WHEN: \w{3} (\w{3} +\d+ [\d:]{8})(?: ([A-Z]+|[+-]\d{2,4}))? (\d{4})")
_BANNER: Final = re.compile(r"; <<>> DiG \S+ <<>> (.*)")
_SILENT: Final = re.compile(r";; (?:connection timed out|no servers could be reached|communications error)")
_CHUNK: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_UNDER: Final = re.compile(r"(?:_dmarc|_mta-sts|mta-sts|_smtp\._tls|.+\._domainkey|_\d+\._tcp)\.(.+\..+)")
_TERM: Final = re.compile(
    r"(?i)(?:^|\s)[+?~-]?(?:(include|exists|a|mx)(?::([^\s/]+))?(?:/\S*)?|(redirect)=(\S+))(?=\s|$)"
)
_ASKED_BY: Final = {"include": ("TXT",), "redirect": ("TXT",), "a": ("A", "AAAA"), "mx": ("MX",), "exists": ("A",)}
_SPF: Final = re.compile(r"(?i)v=spf1(?: |$)")
_TREE: Final = 7
_ANSWERS: Final = {"NOERROR", "NXDOMAIN"}

Key = tuple[str, str]
"""Name and type."""


@dataclass(slots=True)
class Query:
    """One look-up: the line on which it begins, what was asked, and what became of it."""

    number: int
    asked: Key = ("", "")
    status: str = ""
    due: int | None = None
    when: str | None = None
    silent: bool = False
    records: list[tuple[int, str, str, str, str]] = field(default_factory=list)
    others: int = 0

    @property
    def failed(self) -> bool:
        """Whether nothing is known of what was asked."""
        return self.silent or bool(self.status and self.status not in _ANSWERS)

    @property
    def cut(self) -> bool:
        """Whether fewer records stand there than it says."""
        return self.due is not None and self.due > len(self.records) + self.others


def unfold(document: list[str]) -> Unfolded | None:
    """A row for each record, of each domain that it says something about."""
    if not _is_dig(document):
        return None
    queries = list(_queries(document))
    lost = [query for query in queries if query.cut]
    if lost and lost[-1] is not queries[-1]:
        raise ValueError(f"line {lost[0].number}: fewer records than this look-up says; write the text down again")
    known = _Known(queries)
    domains = sorted({_domain(name) for name, _ in known.asked | known.failed.keys()} - {""})
    rows = [row for domain in known.own(domains) for row in _rows(known, domain)]
    told = any(when for *_, when in rows)
    return Unfolded(
        tuple((number, _cells(row, told=told)) for number, *row in rows),
        "ends in the middle of an answer; write the text down again" if lost else "",
    )


def _cells(row: Sequence[str | None], *, told: bool) -> Mapping[str, str | None]:
    names = ("domain", "name", "type", "value", "ttl", "queried")
    return {f"dig {name}": cell for name, cell in zip(names, row, strict=True) if told or name != "queried"}


def _is_dig(lines: Sequence[str]) -> bool:
    if any(_STATUS.match(line) or _BANNER.match(line) for line in lines[:40]):
        return True
    records = [line for line in lines if line.strip() and not line.startswith(";")]
    return bool(records) and all(_RECORD.fullmatch(line) for line in records[:-1] or records)


def _queries(lines: Sequence[str]) -> Iterator[Query]:
    """The look-ups in the text; records without any head are one of their own."""
    starts = [1]
    headed = False
    for number, line in enumerate(lines, 1):
        status = _STATUS.match(line) is not None
        if _BANNER.match(line) or (status and headed):
            starts.append(number)
            headed = False
        headed |= status
    for start, end in zip(starts, (*starts[1:], len(lines) + 1), strict=True):
        if any(line.strip() for line in lines[start - 1 : end - 1]):
            yield _query(start, lines[start - 1 : end - 1], last=end > len(lines))


def _query(start: int, lines: Sequence[str], *, last: bool) -> Query:
    query, section = Query(start), "ANSWER"
    for number, line in enumerate(lines, start):
        if line.startswith(";; ") and line.rstrip().endswith("SECTION:"):
            section = line.split()[1]
        elif line.startswith(";"):
            section = "" if _STATUS.match(line) else section
            _note(query, line, section)
        elif section == "ANSWER" and line.strip():
            rest = lines[number - start + 1 :]
            _record(query, number, line, last=last and not any(text.strip() for text in rest))
    return query


def _note(query: Query, line: str, section: str) -> None:
    """Add what a line beside the records says."""
    if banner := _BANNER.match(line):
        query.asked = _named(banner[1])
    elif status := _STATUS.match(line):
        query.status = status[1]
    elif flags := _FLAGS.match(line):
        query.due = int(flags[2])
        query.silent |= " tc" in flags[1]
    elif when := _WHEN.match(line):
        query.when = _moment(*when.groups())
    elif _SILENT.match(line):
        query.silent = True
    elif section == "QUESTION" and not line.startswith(";;"):
        name, *_, type_ = line[1:].split()
        query.asked = _plain(name), type_


def _named(arguments: str) -> Key:
    words = [word for word in arguments.split() if not word.startswith(("@", "+", "-"))]
    types = [word.upper() for word in words if word.upper() in _TYPES]
    names = [word for word in words if "." in word]
    return (_plain(names[0]) if len(names) == 1 else "", types[0] if types else "A")


def _record(query: Query, number: int, line: str, *, last: bool) -> None:
    match = _RECORD.fullmatch(line.strip())
    if match is None or match[4].count('"') % 2 != match[4].count('\\"') % 2:
        if not last:
            raise ValueError(f"line {number}: is no record as dig prints it; write the text down again")
        query.due = max(query.due or 0, len(query.records) + query.others + 1)
    elif match[3] in _TYPES:
        query.records.append((number, _plain(match[1]), match[3], _value(match[3], match[4]), match[2]))
    else:
        query.others += 1


def _value(type_: str, text: str) -> str:
    if type_ == "TXT":
        joined = "".join(quoted or plain for quoted, plain in _CHUNK.findall(text))
        said = joined.replace('\\"', '"').replace("\\;", ";").strip(" ")
        return said if "=" in said and not said.startswith(("@", "*")) else f'"{said}"'
    if type_ == "MX":
        preference, _, host = text.partition(" ")
        return f"{preference} {_plain(host)}"
    return _plain(text) if type_ in {"NS", "CNAME"} else text


def _plain(name: str) -> str:
    return name.strip().lower().removesuffix(".")


def _moment(day: str, zone: str | None, year: str) -> str | None:
    """An abbreviation of a zone is no zone: PST is Manila or the Pacific; only UTC is believed."""
    found = _moments.written(_moments.local(f"{year} {' '.join(day.split())}", "%Y %b %d %H:%M:%S"))
    return f"{found}Z" if found and zone in {"UTC", "GMT"} else found


def _domain(name: str) -> str:
    """The domain that a name says something about."""
    under = _UNDER.fullmatch(name)
    return under[1] if under else name


class _Known:
    """What all look-ups together say: the records by name and type, what was answered, what failed."""

    def __init__(self, queries: Sequence[Query]) -> None:
        self.records: dict[Key, dict[str, tuple[int, str, str | None]]] = {}
        self.asked: set[Key] = set()
        self.failed: dict[Key, tuple[int, str | None]] = {}
        for query in queries:
            if query.failed:
                if not query.asked[0]:
                    raise ValueError(f"line {query.number}: a look-up failed and does not say of what; ask again")
                self.failed[query.asked] = (query.number, query.when)
                continue
            if query.asked[0] and query.status:
                self.asked.add(query.asked)
            aliases = {value: name for _, name, type_, value, _ in query.records if type_ == "CNAME"}
            for number, name, type_, value, ttl in query.records:
                first = name if type_ == "CNAME" else _first(name, aliases)
                self.records.setdefault((first, type_), {}).setdefault(value, (number, ttl, query.when))
                self.asked.add((first, type_))
        for key in self.asked:
            self.failed.pop(key, None)

    def texts(self, name: str) -> list[str]:
        """The texts at a name."""
        return [*self.records.get((name, "TXT"), {})]

    def named_by_spf(self, name: str, met: tuple[str, ...] = ()) -> set[Key]:
        """What a receiver looks up for the SPF record of a name; names that only the sender of a mail gives are not."""
        found: set[Key] = set()
        for text in self.texts(name):
            for term, target, redirect, goal in _TERM.findall(text) if _SPF.match(text) else ():
                word, place = (term or redirect).lower(), _plain(target or goal) or name
                if "%" in place:
                    continue
                found |= {(place, type_) for type_ in _ASKED_BY[word]}
                if word in {"include", "redirect"} and place not in met:
                    found |= self.named_by_spf(place, (*met, place))
        return found

    def own(self, domains: Sequence[str]) -> list[str]:
        """The domains that are asked for themselves, not because the SPF record of another names them."""
        named = {name for domain in domains for name, _ in self.named_by_spf(domain)}
        own = {name.removeprefix("_dmarc.") for name, type_ in self.asked if type_ in {"MX", "NS"} or "_dmarc." in name}
        return [domain for domain in domains if domain not in named or domain in own]

    def is_whole(self, domain: str) -> bool:
        """Whether every look-up about the domain is there whose absence would say something."""
        needed = {(domain, "MX"), (domain, "TXT")}
        needed |= {(f"{label}.{domain}", "TXT") for label in ("_dmarc", "_mta-sts", "_smtp._tls")}
        if not any(text.lower().startswith("v=dmarc1") for text in self.texts(f"_dmarc.{domain}")):
            needed |= {(f"_dmarc.{above}", "TXT") for above in _above(domain)[-_TREE:] if "." in above}
        return needed | self.named_by_spf(domain) <= self.asked


def _first(name: str, aliases: Mapping[str, str]) -> str:
    """The name that was asked for, where this one is what its aliases lead to."""
    for _ in aliases:
        name = aliases.get(name, name)
    return name


def _above(name: str) -> list[str]:
    labels = name.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels))]


Row = tuple[int, str, str, str, str, str, str | None]


def _rows(known: _Known, domain: str) -> list[Row]:
    """The rows of one domain: number, domain, name, type, value, seconds that it holds, when it was asked."""
    above = _above(domain)
    named = {name for name, _ in known.named_by_spf(domain)}
    of_tree = {f"_dmarc.{name}" for name in above}

    def concerns(name: str) -> bool:
        return _domain(name) == domain or name in named or name in of_tree

    lost = [
        (n, domain, name, type_, "?", "", when) for (name, type_), (n, when) in known.failed.items() if concerns(name)
    ]
    if lost:
        return lost
    zone = next((name for name in (domain, *above) if (name, "NS") in known.records), "")
    whole = zone and known.is_whole(domain)
    return sorted(
        (number, domain, name, type_, value, ttl, when)
        for (name, type_), values in known.records.items()
        for value, (number, ttl, when) in values.items()
        if (concerns(name) if type_ != "NS" else whole and name == zone)
    )


ANSWERS: Final = Adapter(
    name="dig_text",
    kind="dns",
    product="dig (BIND), its text with or without comments",
    headers=("dig domain", "dig name", "dig value"),
    columns={
        "dig domain": "domain",
        "dig type": "type",
        "dig name": "name",
        "dig value": "value",
        "dig ttl": "ttl",
        "dig queried": "queried_at",
    },
    values={},
    constants={},
    date_order="ymd",
    about="Ask with comments: with +noall +answer nothing tells an absence from a question that was not asked; what "
    "+short prints is not read. Name servers are given only where NS, MX and TXT of the domain, TXT at _dmarc, "
    "_mta-sts and _smtp._tls and what SPF names were all asked and answered; without them no absence is an "
    "answer. One look-up that failed leaves all of its domain unknown. WHEN names its zone by an abbreviation, "
    "which is believed for UTC alone; else the pack's time_zone is taken. The policy file of MTA-STS is not "
    "here.",
    unfold=unfold,
    form="text",
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The text."""
    return (ANSWERS,)
