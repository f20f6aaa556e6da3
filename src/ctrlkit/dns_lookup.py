"""One question to the name servers and what they say to it; the only module that knows dnspython.

A name that does not exist (NXDOMAIN) or holds nothing of the type is an answer. Silence, SERVFAIL, REFUSED, a referral,
an answer that makes no sense are none. UDP first, TCP where the answer is cut; aliases (CNAME) are followed, bounded.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rrset

from ctrlkit.dns_pack import Record, as_cell, escaped
from ctrlkit.errors import InputError
from ctrlkit.strict_yaml import shown

PORT: Final = 53
TIMEOUT: Final = 5.0
"""Seconds for one reply of one server."""

_TRIES: Final = 2
_CHAIN: Final = 8
_PAYLOAD: Final = 1232
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}")


@dataclass(frozen=True, slots=True)
class Found:
    """The records at a name, sorted, aliases on the way among them; or why nothing is known of it.

    `silent`: nobody replied at all.
    """

    records: tuple[Record, ...] = ()
    fault: str = ""
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Servers:
    """Whom to ask, seconds for one reply, and what was said to each question, so that none is asked twice."""

    addresses: tuple[str, ...]
    port: int
    timeout: float
    said: dict[tuple[str, str], Found] = field(default_factory=dict)


class _NoAnswerError(Exception):
    def __init__(self, reason: str, *, silent: bool = False) -> None:
        super().__init__(reason)
        self.silent = silent


def servers_of(addresses: Sequence[str] | None, port: int, timeout: float) -> Servers:
    """Recursive name servers by IP address, None for those of this machine. Raises InputError for what is none."""
    if not 0 < port < 2**16:
        raise InputError(f"port {port}: expected one from 1 to 65535; correct it")
    if not 0 < timeout < float("inf"):
        raise InputError(f"timeout {timeout}: expected seconds, more than none; correct it")
    chosen = tuple(dict.fromkeys(addresses)) if addresses is not None else _of_this_machine()
    for address in chosen:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise InputError(f"name server {shown(address)}: expected an IP address; correct it") from None
    if not chosen:
        raise InputError("no name server to ask; expected one of this machine or one given; name one")
    return Servers(chosen, port, timeout)


def domain_name(domain: str) -> str:
    """A domain in A-labels (IDNA 2008), lower case, without a dot at the end. Raises InputError for what is none."""
    try:
        plain = _plain(dns.name.from_unicode(domain.strip(), idna_codec=dns.name.IDNA_2008_Practical))
    except (dns.exception.DNSException, UnicodeError):
        plain = ""
    if not _DOMAIN.fullmatch(plain):
        raise InputError(f"domains: found {shown(domain)}, expected a domain such as vendor.example; correct it")
    return plain


def look_up(servers: Servers, name: str, type_: str) -> Found:
    """What is at `name` (A-labels, no dot at the end) of type A, AAAA, MX, NS or TXT."""
    key = (name, type_)
    if key not in servers.said:
        try:
            servers.said[key] = Found(_resolve(servers, name, type_))
        except _NoAnswerError as fault:
            servers.said[key] = Found(fault=str(fault), silent=fault.silent)
    return servers.said[key]


def _of_this_machine() -> tuple[str, ...]:
    import dns.resolver

    try:
        return tuple(str(server) for server in dns.resolver.Resolver().nameservers)
    except dns.resolver.NoResolverConfiguration:
        return ()


def _resolve(servers: Servers, name: str, type_: str) -> tuple[Record, ...]:
    try:
        owner = dns.name.from_text(name)
    except dns.exception.DNSException:
        return ()  # no such name can be: too long with the labels that stand before it
    aliases: list[Record] = []
    for _ in range(_CHAIN):
        reply = _reply(servers, owner, type_)
        try:
            chain = reply.resolve_chaining()
        except dns.exception.DNSException as wrong:
            raise _NoAnswerError(f"an answer that makes no sense ({type(wrong).__name__})") from wrong
        aliases += [Record(_plain(c.name), "CNAME", as_cell(_plain(c[0].target)), c.ttl) for c in chain.cnames]
        if chain.answer is not None:
            return tuple(sorted([*aliases, *_records(name, type_, chain.answer)]))
        if not chain.cnames or reply.rcode() == dns.rcode.NXDOMAIN:
            return tuple(sorted(aliases))
        owner = chain.canonical_name
    raise _NoAnswerError(f"aliases (CNAME) that end nowhere in {_CHAIN} questions")


def _reply(servers: Servers, owner: dns.name.Name, type_: str) -> dns.message.QueryMessage:
    faults: dict[str, None] = {}
    silent = True
    for address in servers.addresses * _TRIES:
        query = dns.message.make_query(owner, type_, use_edns=0, payload=_PAYLOAD)
        try:
            reply, _ = dns.query.udp_with_fallback(
                query, address, servers.timeout, servers.port, ignore_unexpected=True, ignore_errors=True
            )
        except dns.exception.Timeout:
            fault = f"no reply within {servers.timeout:g} s"
        except (dns.exception.DNSException, EOFError, OSError) as wrong:
            fault, silent = f"no whole reply ({type(wrong).__name__})", False
        else:
            fault, silent = _trouble(reply), False
            if not fault and isinstance(reply, dns.message.QueryMessage):
                return reply
        faults[f"{address}: {fault}"] = None
    raise _NoAnswerError("; ".join(faults), silent=silent)


def _trouble(reply: dns.message.Message) -> str:
    """Why a reply is no answer; empty where it is one."""
    if reply.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return dns.rcode.to_text(reply.rcode())
    knows = reply.flags & (dns.flags.AA | dns.flags.RA)
    return "" if reply.answer or knows else "a referral; this server asks no others"


def _records(name: str, type_: str, found: dns.rrset.RRset) -> list[Record]:
    values = _texts(found) if type_ == "TXT" else [_value(rdata, type_) for rdata in found]
    return [Record(name, type_, value, found.ttl) for value in values]


def _texts(found: dns.rrset.RRset) -> list[str]:
    exact = [escaped(b"".join(rdata.strings)) for rdata in found]
    trimmed = [text.strip(" ") for text in exact]
    # a reader trims cells: two records that differ in nothing but spaces at their ends must stay two
    return [as_cell(t) for t in (trimmed if len(set(trimmed)) == len(exact) else map(_with_ends, exact))]


def _with_ends(text: str) -> str:
    inner = text.lstrip(" ")
    body = inner.rstrip(" ")
    return "\\032" * (len(text) - len(inner)) + body + "\\032" * (len(inner) - len(body))


def _value(rdata: Any, type_: str) -> str:
    if type_ == "MX":
        return f"{rdata.preference} {_plain(rdata.exchange)}"
    return _plain(rdata.target) if type_ == "NS" else str(rdata.to_text())


def _plain(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()
