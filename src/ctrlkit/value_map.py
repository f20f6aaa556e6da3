"""The maps a pack may declare (theirs → ours), checked against the kind; one that turns no into yes is refused."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from ctrlkit.errors import did_you_mean
from ctrlkit.strict_yaml import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ctrlkit.document import Document
    from ctrlkit.kind import Column, Kind
    from ctrlkit.strict_yaml import Where

UNKNOWN: Final = "unknown"
"""What a map to no value (null, ~, or a word that says nothing is known) becomes."""

_UNKNOWN_WORDS = """
unknown | not known | unk | n/a | #n/a | na | n.a. | not available | not applicable | not recorded
not checked | unspecified | undetermined | ? | ?? | ??? | - | -- | --- | \N{EN DASH} | \N{EM DASH} | . | ... | tbd
tba | tbc | null | (null) | <null> | nil | nan | undefined | undef | blank | (blank) | empty
redacted | [redacted] | (redacted) | masked | hindi alam | di alam
#name? | #ref! | #value! | #div/0! | #num! | #null! | #spill! | #calc! | #getting_data | #error! | #unreadable!
#formula never computed! | #number cut to 15 digits!
"""
_FALSE_WORDS = """
false | f | no | n | 0 | off | disabled | none | hindi | hindi po | नहीं | wala | inactive | deactivated | never | not
nope | negative | absent | failed | fail | \N{BALLOT X} | \N{HEAVY BALLOT X} | \N{CROSS MARK} | \N{BALLOT BOX}
unchecked | unenrolled | unregistered | pending | missing | not set
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for line in text.strip().splitlines() for word in line.split("|"))


UNKNOWN_WORDS: Final = _words(_UNKNOWN_WORDS) | {""}
"""Words of a source, casefolded, that say nothing is known; none of them may become an answer."""

FALSE_WORDS: Final = _words(_FALSE_WORDS)
"""Words of a source, casefolded, that say no; none of them may become a yes."""

TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "1", "on", "enabled", "oo", "opo", "हाँ", "हां", "active"})
BOOLEANS: Final = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}
"""The words a pack may write for ours in a boolean column."""

_NEGATION = re.compile(r"(?:not|non|no|hindi|walang?|un|in|dis)_?")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_NEVER = re.compile(r"\b(?:0001|1601|1899|1900|1970)\b")


def folded(text: str) -> str:
    """A header or word as it is compared: Unicode NFKC, inner spaces collapsed, trimmed, casefolded."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def columns_of(document: Document, where: Where, kind: Kind, given: Mapping[str, str]) -> dict[str, str]:
    """The column map `given` at `where`, theirs → ours. Raises InputError for an unknown column or two for one."""
    sources: dict[str, str] = {}
    headers: dict[str, str] = {}
    for theirs, ours in given.items():
        place = (*where, theirs)
        _column(document, place, kind, ours)
        if folded(theirs) in headers:
            found = f"{shown(theirs)} and {shown(headers[folded(theirs)])} are the same header"
            raise document.error(place, f"{found}; expected each once; remove one")
        if ours in sources:
            found = f"{shown(sources[ours])} and {shown(theirs)} are both mapped to {ours}"
            raise document.error(place, f"{found}; expected one source column; remove one")
        headers[folded(theirs)] = sources[ours] = theirs
    return dict(given)


def values_of(document: Document, where: Where, kind: Kind, given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The value maps `given` at `where`: our column → {theirs: ours}, ours in canonical spelling.

    Raises InputError for an unknown column or value, and for a map that would turn a no into a yes, something unknown
    into an answer, or one canonical value into another.
    """
    maps: dict[str, dict[str, str]] = {}
    for name, pairs in given.items():
        column = _column(document, (*where, name), kind, name)
        maps[name] = {}
        seen: dict[str, str] = {}
        for theirs, ours in pairs.items():
            place = (*where, name, theirs)
            target = _target(document, place, column, ours)
            if seen.setdefault(folded(theirs), target) != target:
                raise document.error(place, f"{shown(theirs)} is mapped twice; expected one meaning; remove one")
            if fault := _dishonest(column, theirs, target):
                raise document.error(place, f"{fault}; expected a map that keeps its meaning; remove it")
            maps[name][theirs] = target
    return maps


def constants_of(
    document: Document, where: Where, kind: Kind, given: Mapping[str, str], mapped: Iterable[str]
) -> dict[str, str]:
    """The constants `given` at `where`: our column → text. Raises InputError for a column that is mapped as well."""
    taken = set(mapped)
    constants: dict[str, str] = {}
    for name, text in given.items():
        column = _column(document, (*where, name), kind, name)
        if name in taken:
            found = f"{name} is mapped from a source column as well"
            raise document.error((*where, name), f"{found}; expected one or the other; remove one")
        constants[name] = _target(document, (*where, name), column, text)
    return constants


def _column(document: Document, where: Where, kind: Kind, name: str) -> Column:
    if name not in kind.columns:
        found = f"{kind.name} has no column {shown(name)}{did_you_mean(name, kind.columns)}"
        raise document.error(where, f"{found}; expected one of {', '.join(kind.columns)}")
    return kind.columns[name]


def _target(document: Document, where: Where, column: Column, ours: str | None) -> str:
    """Our value in its canonical spelling. Words for "not known" become `unknown`, empty text stays an empty cell."""
    text = folded(UNKNOWN if ours is None else ours)
    if not text:
        return ""
    if text in _unknown(column):
        return UNKNOWN
    if column.type == "boolean":
        listed, parts = BOOLEANS, [text]
    else:
        listed = {str(value): str(value) for value in column.values}
        parts = [_snake(part) for part in text.split(";")] if column.is_list else [_snake(text)]
    if not listed:
        return str(ours)
    if strange := [part for part in parts if part not in listed]:
        near = did_you_mean(strange[0], listed)
        words = "true, false" if column.type == "boolean" else ", ".join(listed)
        raise document.error(where, f"found {shown(ours)}, expected one of {words}{near}")
    return ";".join(listed[part] for part in parts)


def _dishonest(column: Column, theirs: str, ours: str) -> str:
    """What is wrong with reading `theirs` as `ours` in that column, or an empty string."""
    source, target = folded(theirs), folded(ours)
    if ours == UNKNOWN:
        return ""
    if source in _unknown(column):
        return f"{shown(theirs)} says that nothing is known and would become {shown(ours)}"
    if (_is_no(column, source) and target in TRUE_WORDS) or _is_contrary(source, target):
        return f"{shown(theirs)} says no and would become {shown(ours)}"
    if _is_own_value(column, source) and _snake(source) != _snake(target):
        return f"{shown(theirs)} is a value of its own and would become {shown(ours)}"
    return ""


def _is_no(column: Column, source: str) -> bool:
    first = source.split(" ", 1)[0].split("_", 1)[0]
    return source in FALSE_WORDS or (column.type == "boolean" and first in {"no", "not", "hindi", "wala", "walang"})


def _is_contrary(source: str, target: str) -> bool:
    negated = _NEGATION.match(_snake(source))
    return bool(negated and target and _snake(source)[negated.end() :] == _snake(target))


def _is_own_value(column: Column, source: str) -> bool:
    """Whether the kind can read `source` as it is, so that no map is needed and any map changes what it says."""
    if column.type in {"number", "decimal"}:
        return bool(_NUMBER.fullmatch(source))
    if column.type in {"date", "datetime"}:
        return any(character.isdigit() for character in source) and not _NEVER.search(source)
    return _snake(source) in {str(value) for value in (*column.values, *column.known_values)}


def _unknown(column: Column) -> frozenset[str]:
    words = UNKNOWN_WORDS - {str(value) for value in (*column.values, *column.known_values)}
    return words - {"na"} if column.name.endswith("country") else words


def _snake(text: str) -> str:
    return re.sub(r"[^\w.]+|_+", "_", folded(text)).strip("_")
