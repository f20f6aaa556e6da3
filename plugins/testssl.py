"""testssl.sh, the scanner of TLS: the files of `--jsonfile` and `--jsonfile-pretty` as `tls`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _tls

_TOOL: Final = "testssl"
_PROTOCOLS: Final = {
    "SSLv2": "ssl2",
    "SSLv3": "ssl3",
    "TLS1": "1.0",
    "TLS1_1": "1.1",
    "TLS1_2": "1.2",
    "TLS1_3": "1.3",
}
_JUDGE: Final = "Mozilla"
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?: \d{2}:\d{2})?")
_OFFERED: Final = ("offered", "vulnerable with", "supported but couldn't detect a cipher")
_REFUSED: Final = ("not offered", "TLSv1.1 is not offered")
_FLAT: Final = {"id", "ip", "port", "severity", "finding"}
_TELLING: Final = (*_PROTOCOLS, "service", "scanTime", "scanProblem")
_STOPPED: Final = ("scanProblem", "Scan interrupted")


def unfold(document: Any) -> Unfolded | None:
    """A row for each host and port; a scan that was broken off is not whole."""
    pretty = isinstance(document, Mapping) and {"Invocation", "scanResult"} <= {*document}
    if not pretty and not _is_flat(document):
        return None
    scan, stopped = _tls.Scan(_TOOL), False
    for number, place, record in _of_pretty(document) if pretty else _of_flat(document):
        id_, finding = record.get("id", ""), record.get("finding", "")
        stopped |= id_ in _STOPPED or finding in _STOPPED
        host, port, address = place
        if host:
            _note(scan.target(number, host, port).at(address), id_, finding)
    if pretty:
        stopped |= document.get("scanTime") in (None, *_STOPPED)
    if not scan.targets and not stopped:
        raise ValueError("holds no host; scan again")
    return scan.unfolded("the scan was broken off; scan again" if stopped else "")


def _is_flat(document: Any) -> bool:
    """Whether it is the list of `--jsonfile`: findings about host/address, some of them about what every scan asks."""
    if not isinstance(document, list) or not document:
        return False
    if not all(isinstance(record, Mapping) and _FLAT.issubset(record) for record in document):
        return False
    return all("/" in str(r["ip"]) for r in document) and any(r["id"] in _TELLING for r in document)


_Place = tuple[str, str, str]
"""Host, port, address; the host is empty where the tool speaks of itself."""


def _of_flat(document: Any) -> Iterator[tuple[int, _Place, Mapping[str, str]]]:
    for number, found in enumerate(document, 1):
        record = _tls.texts(found)
        host, _, address = record["ip"].partition("/")
        yield number, (host, record["port"], address), record


def _of_pretty(document: Any) -> Iterator[tuple[int, _Place, Mapping[str, str]]]:
    for number, target in enumerate(document["scanResult"], 1):
        if "targetHost" not in target:
            yield number, ("", "", ""), _tls.texts(target)
            continue
        place = str(target.get("hostname", target["targetHost"])), str(target["port"]), str(target["ip"])
        yield number, place, {}
        for section in target.values():
            for found in section if isinstance(section, list) else ():
                yield number, place, _tls.texts(found)


def _note(seen: _tls.Seen, id_: str, finding: str) -> None:
    """Add what one finding says; with several certificates the id ends in ` <cert#2>`."""
    name = id_.partition(" ")[0]
    if name in _PROTOCOLS:
        seen.offers.setdefault(_PROTOCOLS[name], []).append(_offers(finding))
    elif name == "cert_notAfter":
        day = _DAY.fullmatch(finding.strip())
        seen.ends.append(day[1] if day else None)
    elif name == "cert_chain_of_trust":
        seen.trusted.append(_is_trusted(finding))
    elif name == "cert_trust":
        fits = finding.startswith("Ok via")
        seen.named.append(fits if fits or finding.startswith(("certificate does not match", "via CN")) else None)


def _offers(finding: str) -> bool | None:
    """Yes and no as the tool is sure of them; what it could not test, or calls likely, is not known."""
    if finding.startswith(_OFFERED):
        return True
    return False if finding.startswith(_REFUSED) else None


def _is_trusted(finding: str) -> bool | None:
    """Where the trust stores differ, Mozilla's decides."""
    if finding.startswith(("passed", "failed")):
        return finding.startswith("passed")
    bad, apart, good = finding.partition(", OK -> ")
    if not apart or (_JUDGE in bad) is (_JUDGE in good):
        return None
    return _JUDGE in good


SCAN: Final = Adapter(
    name="testssl_json",
    kind="tls",
    product="testssl.sh (--jsonfile or --jsonfile-pretty)",
    headers=_tls.headers(_TOOL),
    columns=_tls.columns(_TOOL),
    values={},
    constants={},
    date_order="ymd",
    zone="UTC",
    about="One row for each host and port, whatever addresses it has: the weakest answer counts. A protocol that the "
    "scanner's own OpenSSL could not try is not known. Scan with -p and -S at least: what was not asked is not known. "
    "The chain is trusted where the stores trust it, Mozilla's where they differ, and the name fits. SSL 2 stands as "
    "ssl3.",
    unfold=unfold,
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The scan."""
    return (SCAN,)
