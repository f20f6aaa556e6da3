"""SSLyze, the scanner of TLS: the file of `sslyze --json_out` as `tls`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ctrlkit.hooks import Adapter, Unfolded, hookimpl

from . import _tls

_TOOL: Final = "SSLyze"
_ATTEMPTS: Final = {
    "ssl2": "ssl_2_0_cipher_suites",
    "ssl3": "ssl_3_0_cipher_suites",
    "1.0": "tls_1_0_cipher_suites",
    "1.1": "tls_1_1_cipher_suites",
    "1.2": "tls_1_2_cipher_suites",
    "1.3": "tls_1_3_cipher_suites",
}
_JUDGE: Final = "Mozilla"
"""The store that decides; the file holds others that are years old, and one that whoever scanned brought along."""


def unfold(document: Any) -> Unfolded | None:
    """A row for each host and port that was asked for, reached or not."""
    if not isinstance(document, Mapping) or not {"server_scan_results", "sslyze_version"} <= {*document}:
        return None
    scan = _tls.Scan(_TOOL)
    for number, found in enumerate(document["server_scan_results"], 1):
        if "scan_result" not in found:
            raise ValueError(f"version {document['sslyze_version']} is too old; scan again with version 5 or newer")
        place = found["server_location"]
        seen = scan.target(number, str(place["hostname"]), str(place["port"])).at(str(number))
        said = found["scan_result"] or {}
        seen.offers = {version: [_offers(said.get(attempt))] for version, attempt in _ATTEMPTS.items()}
        for deployed in (_result(said.get("certificate_info")) or {}).get("certificate_deployments", ()):
            _note_certificate(seen, deployed)
    lost = document.get("invalid_server_strings") or []
    cut = f"{len(lost)} of the servers asked for could not be found, so nothing is known of them; mend and scan again"
    return scan.unfolded(cut if lost else "")


def _result(attempt: Any) -> Mapping[str, Any] | None:
    """What an attempt came to; None where it was not made or failed."""
    if not isinstance(attempt, Mapping) or attempt["status"] != "COMPLETED":
        return None
    result: Mapping[str, Any] | None = attempt["result"]
    return result


def _offers(attempt: Any) -> bool | None:
    result = _result(attempt)
    if result is None:
        return None
    return bool(result["accepted_cipher_suites"]) or result.get("is_tls_version_supported") is True


def _note_certificate(seen: _tls.Seen, deployed: Mapping[str, Any]) -> None:
    """Add what is said of one certificate: version 6 asks for the name with the chain, before it stood apart."""
    chain = deployed["received_certificate_chain"]
    paths = [path for path in deployed["path_validation_results"] if path["trust_store"]["name"] == _JUDGE]
    trusted = _tls.every(_is_valid(path) for path in paths)
    seen.ends.append(str(chain[0]["not_valid_after"])[:10] if chain else None)
    seen.trusted.append(trusted)
    seen.named.append(deployed.get("leaf_certificate_subject_matches_hostname", trusted))


def _is_valid(path: Mapping[str, Any]) -> bool:
    said = path.get("was_validation_successful")
    return bool(path["verified_certificate_chain"]) if said is None else said is True


SCAN: Final = Adapter(
    name="sslyze_json",
    kind="tls",
    product="SSLyze (sslyze --json_out)",
    headers=_tls.headers(_TOOL),
    columns=_tls.columns(_TOOL),
    values={},
    constants={},
    date_order="ymd",
    zone="UTC",
    about="One row for each host and port, whatever addresses it has: the weakest answer counts. A protocol whose "
    "attempt failed is not known. The chain is trusted where Mozilla's store trusts it and the name fits; a CA file "
    "that was given to the scanner does not count. SSL 2 stands as ssl3.",
    unfold=unfold,
)


@hookimpl
def ctrlkit_adapters() -> Iterable[Adapter]:
    """The scan."""
    return (SCAN,)
