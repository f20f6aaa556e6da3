"""The policy file of MTA-STS, fetched from a real HTTPS server on loopback under an authority of our own."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from name_server import ADDRESS, serving

from ctrlkit import mta_sts
from ctrlkit.dns_pack import problems, text
from ctrlkit.dns_survey import gather

HOST = "mta-sts.vendor.example"
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx1.vendor.example\r\nmax_age: 604800\r\n"
PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
NOW = datetime(2026, 10, 31, 8, 0, tzinfo=UTC)


@dataclass(slots=True)
class Reply:
    """What the server sends; `pause` seconds before each byte of the body; with its length, unless `open_end`.

    `says_goodbye`: the end is announced by TLS.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: PLAIN)
    body: bytes = POLICY
    pause: float = 0
    open_end: bool = False
    says_goodbye: bool = False


@cache
def authority() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    return key, certificate(key, "Test CA", key, "Test CA", ca=True)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def certificate(  # noqa: PLR0913
    key: ec.EllipticCurvePrivateKey, name: str, by: ec.EllipticCurvePrivateKey, issuer: str, *, ca: bool = False,
    days: int = 30,
) -> x509.Certificate:  # fmt: skip
    start = datetime.now(UTC) - timedelta(days=60)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, who)]) for who in (name, issuer)]
    built = (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=60 + days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(_usage(ca=ca), critical=True)
    )
    if not ca:
        built = built.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return built.sign(by, hashes.SHA256())


def believing(folder: Path) -> ssl.SSLContext:
    path = folder / "ca.pem"
    path.write_bytes(authority()[1].public_bytes(serialization.Encoding.PEM))
    return ssl.create_default_context(cafile=str(path))


@contextmanager
def web(folder: Path, reply: Reply, name: str = HOST, days: int = 30) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """The port of an HTTPS server that answers everything with `reply`, and what it was asked: Host and path."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.headers["Host"], self.path))
            self.send_response(reply.status)
            length = {} if reply.open_end else {"Content-Length": str(len(reply.body))}
            for header, value in {**length, **reply.headers}.items():
                self.send_header(header, value)
            self.end_headers()
            step = 1 if reply.pause else max(1, len(reply.body))
            for start in range(0, len(reply.body), step):
                time.sleep(reply.pause)
                self.wfile.write(reply.body[start : start + step])
            if reply.says_goodbye:
                with suppress(OSError):
                    self.connection.settimeout(1)
                    self.connection.unwrap()

        def log_message(self, *_: Any) -> None: ...

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None: ...

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate(key, name, authority()[0], "Test CA", days=days).public_bytes(serialization.Encoding.PEM)
    (folder / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    server = Server((ADDRESS, 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetched(folder: Path, reply: Reply, **told: Any) -> bytes | None:
    served = {name: told.pop(name) for name in ("name", "days") if name in told}
    with web(folder, reply, **served) as (port, _):
        return mta_sts.fetch(HOST, [ADDRESS], port=port, context=believing(folder), **told)


def reason(folder: Path, reply: Reply, **told: Any) -> str:
    with pytest.raises(OSError) as raised:  # noqa: PT011  the words are compared by whoever asks
        fetched(folder, reply, **told)
    return str(raised.value.strerror)


def test_the_policy_is_read_from_the_one_path_of_that_host(tmp_path: Path) -> None:
    with web(tmp_path, Reply()) as (port, asked):
        assert mta_sts.fetch(HOST, [ADDRESS], port=port, context=believing(tmp_path)) == POLICY
    assert asked == [(HOST, "/.well-known/mta-sts.txt")]


@pytest.mark.parametrize("status", [404, 410])
def test_that_there_is_no_policy_is_an_answer(status: int, tmp_path: Path) -> None:
    assert fetched(tmp_path, Reply(status, body=b"no")) is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int, tmp_path: Path) -> None:
    with web(tmp_path, Reply(status, {"Location": "https://elsewhere.example/policy"}, b"")) as (port, asked):
        with pytest.raises(OSError, match=f"status {status}, which is not followed"):
            mta_sts.fetch(HOST, [ADDRESS], port=port, context=believing(tmp_path))
        assert len(asked) == 1


@pytest.mark.parametrize("status", [204, 401, 403, 500, 503])
def test_any_other_status_is_not_known(status: int, tmp_path: Path) -> None:
    assert reason(tmp_path, Reply(status, body=b"")) == f"status {status}"


def test_what_is_no_plain_text_is_not_known(tmp_path: Path) -> None:
    found = reason(tmp_path, Reply(headers={"Content-Type": "text/html"}))
    assert found == "Content-Type text/html, expected text/plain"


@pytest.mark.parametrize(("size", "fits"), [(mta_sts.MAX_BYTES, True), (mta_sts.MAX_BYTES + 1, False)])
def test_a_policy_of_64_kib_is_read_and_one_byte_more_is_not(size: int, fits: bool, tmp_path: Path) -> None:
    reply = Reply(body=b"x" * size)
    if fits:
        assert fetched(tmp_path, reply) == reply.body
    else:
        assert reason(tmp_path, reply) == "more than 65536 bytes"


def test_a_reply_that_is_cut_is_not_known(tmp_path: Path) -> None:
    headers = {**PLAIN, "Content-Length": "4000"}
    assert "EOF" in reason(tmp_path, Reply(headers=headers))
    assert reason(tmp_path, Reply(headers=headers, says_goodbye=True)) == "the reply is cut"


def test_an_end_that_tls_announces_is_one(tmp_path: Path) -> None:
    assert fetched(tmp_path, Reply(open_end=True, says_goodbye=True)) == POLICY


def test_a_reply_that_says_neither_its_length_nor_its_end_is_not_known(tmp_path: Path) -> None:
    assert "EOF" in reason(tmp_path, Reply(open_end=True))


@pytest.mark.parametrize("open_end", [False, True])
def test_a_server_that_drips_is_given_up_in_time(open_end: bool, tmp_path: Path) -> None:
    begin = time.monotonic()
    assert reason(tmp_path, Reply(pause=0.2, open_end=open_end), seconds=1) == "no whole reply in time"
    assert time.monotonic() - begin < 5


def test_a_certificate_of_another_name_is_not_believed(tmp_path: Path) -> None:
    assert "certificate is not valid: Hostname mismatch" in reason(tmp_path, Reply(), name="vendor.example")


def test_a_certificate_that_has_ended_is_not_believed(tmp_path: Path) -> None:
    assert "certificate has expired" in reason(tmp_path, Reply(), days=-1)


def test_an_authority_that_nobody_knows_is_not_believed(tmp_path: Path) -> None:
    with web(tmp_path, Reply()) as (port, asked):
        with pytest.raises(OSError, match="the certificate is not valid"):
            mta_sts.fetch(HOST, [ADDRESS], port=port)
        assert asked == []


def test_a_server_that_speaks_no_tls_is_not_known(tmp_path: Path) -> None:
    def speak(listening: socket.socket) -> None:
        with listening.accept()[0] as other:
            other.sendall(b"HTTP/1.1 200 OK\r\n\r\n")

    with socket.create_server((ADDRESS, 0)) as listening:
        threading.Thread(target=speak, args=[listening], daemon=True).start()
        port = listening.getsockname()[1]
        with pytest.raises(OSError, match="SSL"):
            mta_sts.fetch(HOST, [ADDRESS], port=port, context=believing(tmp_path), seconds=5)


def test_the_next_address_is_tried_where_one_refuses(tmp_path: Path) -> None:
    with web(tmp_path, Reply()) as (port, _):
        assert mta_sts.fetch(HOST, ["127.0.0.9", ADDRESS], port=port, context=believing(tmp_path)) == POLICY
    with pytest.raises(OSError, match=r"127\.0\.0\.1: Connection refused"):
        mta_sts.fetch(HOST, [ADDRESS], port=port, context=believing(tmp_path))


def test_a_survey_fetches_the_policy_at_the_addresses_that_the_name_server_gives(tmp_path: Path) -> None:
    records = {
        ("vendor.example", "NS"): ["ns1.vendor.example."],
        ("_mta-sts.vendor.example", "TXT"): ['"v=STSv1; id=20261001"'],
        (HOST, "CNAME"): ["web.vendor.example."],
        ("web.vendor.example", "A"): [ADDRESS],
    }

    def survey(reply: Reply) -> tuple[str, tuple[str, ...]]:
        with web(tmp_path, reply) as (port, _), serving(records) as server:
            answers = gather(
                ["vendor.example"], servers=[ADDRESS], port=server.port, now=NOW,
                fetch=lambda host, at: mta_sts.fetch(host, at, port=port, context=believing(tmp_path)),
            )  # fmt: skip
        return text(answers), problems(answers)

    policy = '"version: STSv1\nmode: enforce\nmx: mx1.vendor.example\nmax_age: 604800"'
    row = f'"vendor.example","MTA-STS","{HOST}",{{}},"","2026-10-31T08:00:00Z"'
    assert row.format(policy) in survey(Reply())[0]
    assert row.format('""""""') in survey(Reply(404, body=b""))[0]
    written, (problem,) = survey(Reply(503, body=b""))
    assert '"MTA-STS"' not in written
    assert '"vendor.example","NS"' in written
    assert "the policy file was not read (status 503)" in problem
