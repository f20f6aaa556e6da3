"""Which names are looked up for a domain, to learn what it publishes about its mail.

Its name servers (else those of the nearest name above it), MX, SPF with what it includes, DMARC at the domain and,
where it has none, up the tree (RFC 9989), DKIM at known selectors, MTA-STS, TLS reporting. The policy file of MTA-STS
comes over HTTPS and is no DNS: it is asked for through `fetch`, where that is given and the domain announces one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ctrlkit import spf
from ctrlkit.dns_lookup import PORT, TIMEOUT, Servers, domain_name, look_up, servers_of
from ctrlkit.dns_pack import POLICY_FILE, Answer, Record, as_cell, escaped
from ctrlkit.errors import InputError
from ctrlkit.mail_records import TREE
from ctrlkit.strict_yaml import shown

SELECTORS: Final = ("default", "dkim", "google", "k1", "k2", "k3", "mail", "s1", "s2", "selector1", "selector2")
"""Names under which large mail services publish their keys. None there proves nothing: DNS lists no selectors."""
LOOK_UPS: Final = spf.LOOK_UPS
"""Terms of SPF that are looked up for one domain, as by a receiver; an eleventh is only counted."""

_PATIENCE: Final = 2
"""Look-ups without any reply after which a domain is given up."""
_SELECTOR: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")

Fetch = Callable[[str, Sequence[str]], bytes | None]
"""Gets the policy file of a host `mta-sts.<domain>` at its addresses, None where it has none; raises OSError."""


@dataclass(slots=True)
class _Inquiry:
    """The look-ups for one domain as they come in."""

    domain: str
    servers: Servers
    now: datetime
    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    silences: int = 0

    def ask(self, name: str, type_: str) -> tuple[str, ...]:
        """The values of that type at a name; none where it has none, or where nobody answers."""
        key = (name, type_)
        if key not in self.answers:
            if self.silences >= _PATIENCE:
                return ()
            found = look_up(self.servers, name, type_)
            self.silences += found.silent
            self.keep(name, type_, found.records, found.fault)
        return tuple(r.value for r in self.answers[key].records if r.type == type_)

    def keep(self, name: str, type_: str, records: tuple[Record, ...] = (), fault: str = "") -> None:
        """Keep what one look-up gave."""
        self.answers[name, type_] = Answer(self.domain, name, type_, self.now, records, fault)


def gather(  # noqa: PLR0913  (each is a choice of the caller)
    domains: Sequence[str],
    *,
    servers: Sequence[str] | None,
    port: int = PORT,
    timeout: float = TIMEOUT,
    selectors: Sequence[str] = (),
    now: datetime,
    fetch: Fetch | None = None,
) -> tuple[Answer, ...]:
    """Every look-up for each domain, in the order of the domains; a failed one is an answer with a fault.

    `servers` are addresses of recursive name servers, None for those of this machine; `timeout` is in seconds for one
    reply; `selectors` are DKIM selectors beside the common ones; `now` is an instant with a zone. A domain is given up
    after two look-ups to which nobody replied. Raises InputError, before anything is asked, for what cannot be asked.
    """
    names = sorted({domain_name(domain) for domain in domains})
    if not names:
        raise InputError("the engagement names no domains; expected at least one; add domains: to engagement.yaml")
    chosen = sorted({*SELECTORS, *map(_selector, selectors)})
    whom = servers_of(servers, port, timeout)
    return tuple(answer for name in names for answer in _survey(_Inquiry(name, whom, now), chosen, fetch))


def _selector(selector: str) -> str:
    if not _SELECTOR.fullmatch(selector.lower()):
        raise InputError(f"selector {shown(selector)}: expected the s= of a DKIM signature, such as s1; correct it")
    return selector.lower()


def _survey(inquiry: _Inquiry, selectors: Sequence[str], fetch: Fetch | None) -> tuple[Answer, ...]:
    domain = inquiry.domain
    _find_zone(inquiry)
    inquiry.ask(domain, "MX")
    _follow_spf(inquiry)
    if not _says(inquiry, f"_dmarc.{domain}", "v=dmarc1"):
        for parent in _names_above(domain)[-TREE:]:
            inquiry.ask(f"_dmarc.{parent}", "TXT")
    for selector in selectors:
        inquiry.ask(f"{selector}._domainkey.{domain}", "TXT")
    inquiry.ask(f"_smtp._tls.{domain}", "TXT")
    if _says(inquiry, f"_mta-sts.{domain}", "v=stsv1") and fetch is not None:
        _read_policy(inquiry, fetch)
    return tuple(inquiry.answers.values())


def _says(inquiry: _Inquiry, name: str, version: str) -> bool:
    return any(text.lower().startswith(version) for text in inquiry.ask(name, "TXT"))


def _names_above(domain: str) -> list[str]:
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels))]


def _find_zone(inquiry: _Inquiry) -> None:
    """Ask who serves the domain, else the nearest name above it: the row which shows that the domain was asked for."""
    domain = inquiry.domain
    if any(inquiry.ask(name, "NS") for name in (domain, *_names_above(domain))):
        return
    if not any(answer.fault for answer in inquiry.answers.values()):
        inquiry.keep(domain, "NS", fault="no name server for it, nor for any name above it")


def _follow_spf(inquiry: _Inquiry) -> None:
    """Look up what the SPF record names, term by term as a receiver would, up to the limit."""
    waiting = _terms(inquiry, inquiry.domain)
    for _ in range(LOOK_UPS):
        if not waiting:
            return
        term = waiting.pop()
        for type_ in spf.ASKED_BY.get(term.mechanism, ()) if term.target else ():
            inquiry.ask(term.target, type_)
        if term.mechanism in {"include", "redirect"} and term.target:
            waiting += _terms(inquiry, term.target)


def _terms(inquiry: _Inquiry, name: str) -> list[spf.Term]:
    """The terms that cost a look-up, the last first; none where there is no SPF record or several: a receiver stops."""
    records = [text for text in inquiry.ask(name, "TXT") if spf.is_record(text)]
    return spf.terms(records[0], name) if len(records) == 1 else []


def _read_policy(inquiry: _Inquiry, fetch: Fetch) -> None:
    """Keep the policy file; a host that has no address, or no such file, has the empty one, which is an answer."""
    host = f"mta-sts.{inquiry.domain}"
    addresses = [*inquiry.ask(host, "A"), *inquiry.ask(host, "AAAA")]
    asked = [inquiry.answers.get((host, type_)) for type_ in ("A", "AAAA")]
    if not addresses and any(answer is None or answer.fault for answer in asked):
        inquiry.keep(host, POLICY_FILE, fault="the policy file was not read (the address is not known)")
        return
    try:
        said = (fetch(host, addresses) if addresses else None) or b""
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        inquiry.keep(host, POLICY_FILE, fault=f"the policy file was not read ({reason})")
        return
    lines = "\n".join(escaped(line) for line in said.splitlines()).strip()
    inquiry.keep(host, POLICY_FILE, (Record(host, POLICY_FILE, as_cell(lines), None),))
