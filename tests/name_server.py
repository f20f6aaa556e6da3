"""A small name server on 127.0.0.1, over UDP and TCP, that also errs, is silent, cuts and lies where a test asks."""

from __future__ import annotations

import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

ADDRESS = "127.0.0.1"
_RCODES = {"servfail": dns.rcode.SERVFAIL, "refused": dns.rcode.REFUSED}


@dataclass(slots=True)
class NameServer:
    """`records`: (name, type) to texts of records. `odd`: name to what the server does instead of answering.

    servfail, refused, silent, garbage (no DNS message), stolen (the reply to another question), referral, cut (over
    UDP, whole over TCP), hangs (cut, then silent over TCP). `asked` counts (name, type, transport).
    """

    records: Mapping[tuple[str, str], Sequence[str]]
    odd: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    asked: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def names(self) -> set[str]:
        """The names that were asked for."""
        return {name for name, _, _ in self.asked}

    def reply(self, wire: bytes, transport: str) -> bytes | None:
        """What goes back, None for nothing."""
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True)
        type_ = dns.rdatatype.to_text(query.question[0].rdtype)
        self.asked[name, type_, transport] += 1
        odd = self.odd.get(name)
        if odd == "silent" or (odd == "hangs" and transport == "tcp"):
            return None
        if odd == "garbage":
            return b"\x00garbage"
        answer = dns.message.make_response(query, recursion_available=odd != "referral")
        if odd in _RCODES:
            answer.set_rcode(_RCODES[odd])
        elif odd == "stolen":
            answer.question = [dns.rrset.from_text_list("other.example.", 0, "IN", type_, [])]
        elif odd != "referral":
            self._fill(answer, name, type_)
        whole = answer.to_wire(max_size=65535)
        if transport == "udp" and (odd in {"cut", "hangs"} or len(whole) > 1232):
            answer.answer = []
            answer.flags |= dns.flags.TC
            return answer.to_wire()
        return whole

    def _fill(self, answer: dns.message.Message, name: str, type_: str) -> None:
        for _ in range(4):
            values = self.records.get((name, type_))
            if values is not None:
                answer.answer.append(dns.rrset.from_text_list(f"{name}.", 300, "IN", type_, values))
                return
            alias = self.records.get((name, "CNAME"))
            if alias is None:
                break
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", "CNAME", alias))
            name = alias[0].removesuffix(".")
            if self.odd.get(name) == "elsewhere":
                return
        if not any(known == name or known.endswith(f".{name}") for known, _ in self.records):
            answer.set_rcode(dns.rcode.NXDOMAIN)


@contextmanager
def serving(
    records: Mapping[tuple[str, str], Sequence[str]], odd: Mapping[str, str] | None = None
) -> Iterator[NameServer]:
    """A running name server; gone at the end."""
    server = NameServer(records, odd or {})
    stop = threading.Event()
    udp, tcp = _bound()
    server.port = udp.getsockname()[1]
    threads = [threading.Thread(target=run, args=(server, s, stop)) for run, s in ((_udp, udp), (_tcp, tcp))]
    for thread in threads:
        thread.start()
    try:
        yield server
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        udp.close()
        tcp.close()


def _bound() -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket on one free port."""
    for _ in range(20):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp.bind((ADDRESS, 0))
        try:
            tcp.bind((ADDRESS, udp.getsockname()[1]))
        except OSError:
            udp.close()
            tcp.close()
            continue
        tcp.listen()
        for one in (udp, tcp):
            one.settimeout(0.05)
        return udp, tcp
    raise AssertionError("no port is free for both UDP and TCP")


def _udp(server: NameServer, udp: socket.socket, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            wire, sender = udp.recvfrom(65535)
        except TimeoutError:
            continue
        answer = server.reply(wire, "udp")
        if answer is not None:
            udp.sendto(answer, sender)


def _tcp(server: NameServer, tcp: socket.socket, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            connection, _ = tcp.accept()
        except TimeoutError:
            continue
        with connection, connection.makefile("rb") as stream:
            connection.settimeout(5)
            (size,) = struct.unpack("!H", stream.read(2))
            answer = server.reply(stream.read(size), "tcp")
            if answer is None:
                stream.read(1)  # until the other side gives up
            else:
                connection.sendall(struct.pack("!H", len(answer)) + answer)
