"""The documents that travel beside the evidence: the packs' own without people in them, and what the others hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from ctrlkit.case import Case
from ctrlkit.kind import Kind
from ctrlkit.pack import Pack
from ctrlkit.pack_source import PackSource
from ctrlkit.payload import INVENTORY, PACKS
from ctrlkit.privacy import EngagementKey
from ctrlkit.scan import covered, hits
from ctrlkit.value_map import UNKNOWN_WORDS, folded

_APPROVER: Final = re.compile(r"""\b(?:approved_by|by|issued_by)["']?\s*:\s*(?:"[^"]*"|'[^']*'|[^,}]*)""")
"""Who answers for a waiver, an attestation or an engagement: a name is what that field is for."""


def own(case: Case, key: EngagementKey) -> dict[str, bytes]:
    """The packs' documents and the inventory, by their name in a bundle; people in a pack's are pseudonyms."""
    documents = {PACKS[p.party]: _disguised(p, case.stock.kinds, key) for p in case.packs if p.document is not None}
    if case.inventory is not None:
        documents[INVENTORY] = case.inventory.raw
    return documents


def identifiers(case: Case) -> tuple[str, ...]:
    """What looks like an identifier in the documents of a case and in the names of its files, in words."""
    return (*_in_packs(case), *_in_documents(case))


def _disguised(pack: Pack, kinds: Mapping[str, Kind], key: EngagementKey) -> bytes:
    """pack.yaml as a bundle holds it: every person whom it names by an entry is a pseudonym, and so is who exported."""
    text = pack.document.raw.decode("utf-8-sig") if pack.document is not None else ""
    named = {text: domain for source in pack.sources for domain, text in _named(source, kinds[source.kind])}
    for entry in sorted(named, key=len, reverse=True):
        word = re.compile(rf"(?<![\w@.-]){re.escape(entry)}(?![\w@-])")
        text = word.sub(key.pseudonym(named[entry], entry.strip().casefold()), text)
    return covered(text, key.pseudonym).encode()


def _named(source: PackSource, kind: Kind) -> Iterator[tuple[str, str]]:
    """Domain and text of each identifier that the entry of a source spells out; words for "not known" are none."""
    told = [("person", source.exported_by or "")]
    told += [(kind.column(column).pseudonym or "", text) for column, text in source.constants.items()]
    for column, pairs in source.values.items():
        told += [(kind.column(column).pseudonym or "", text) for pair in pairs.items() for text in pair]
    yield from ((domain, text) for domain, text in told if domain and folded(text) not in UNKNOWN_WORDS)


def _in_packs(case: Case) -> Iterator[str]:
    for pack in case.packs:
        changed = [source.file for source in pack.sources if source.file != source.on_disk]
        yield from (f"{file}: the name of the file holds an identifier; replaced" for file in dict.fromkeys(changed))
        if pack.document is not None:
            sorts = sorted({hit.what for hit in hits(pack.document.raw.decode("utf-8-sig"))})
            name = PACKS[pack.party]
            yield from (f"{name}: holds what looks like a {what}; replaced in the bundle" for what in sorts)


def _in_documents(case: Case) -> Iterator[str]:
    for name, raw in _others(case):
        for number, line in enumerate(raw.decode("utf-8-sig", "replace").splitlines(), 1):
            for what in sorted({hit.what for hit in hits(_APPROVER.sub("", line))}):
                yield f"{name}:{number}: holds what looks like a {what}; documents are sealed as they are: take it out"


def _others(case: Case) -> Iterator[tuple[str, bytes]]:
    """The documents that a verdict rests on; whoever verifies a bundle compares them byte for byte."""
    request = case.request
    if case.engagement.document is not None:
        yield "engagement.yaml", case.engagement.document.raw
    for document in case.profile.documents:
        yield str(document.path).rpartition("/")[2], document.raw
    if case.inventory is not None:
        yield INVENTORY, case.inventory.raw
    for name, path in (("waivers", request.waivers), ("attestations", request.attestations)):
        if path is not None:
            yield f"{name}.yaml", (request.cwd / path).read_bytes()
