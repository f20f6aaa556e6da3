"""A time stamping authority on loopback: `openssl ts` behind a small HTTP server, with certificates made here."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIG = """\
[tsa]
default_tsa = it
[it]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
"""


def make(folder: Path) -> Path:
    """An authority's folder: `ca.pem`, its certificate `tsa.pem` and key; the folder."""
    folder.mkdir(parents=True)
    root, signer = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    start = datetime.now(UTC) - timedelta(days=1)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("Example root", "Example time")]

    def certificate(subject: x509.Name, key: ec.EllipticCurvePrivateKey, serial: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(names[0], subject, key.public_key(), serial)
            .not_valid_before(start)
            .not_valid_after(start + timedelta(days=30))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
        )

    ca = certificate(names[0], root, 1).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    tsa = certificate(names[1], signer, 2).add_extension(
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(ca.sign(root, hashes.SHA256()).public_bytes(pem))
    (folder / "tsa.pem").write_bytes(tsa.sign(root, hashes.SHA256()).public_bytes(pem))
    secret = signer.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tsa.key").write_bytes(secret)
    (folder / "tsa.cnf").write_text(_CONFIG, "ascii")
    (folder / "serial").write_text("01\n", "ascii")
    return folder


def reply(folder: Path, query: bytes) -> bytes:
    """What the authority answers to a request."""
    (folder / "query.tsq").write_bytes(query)
    words = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-signer", "tsa.pem"]
    words += ["-inkey", "tsa.key", "-out", "reply.tsr"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return (folder / "reply.tsr").read_bytes()


@contextmanager
def serving(folder: Path, *, replay: bytes | None = None) -> Iterator[str]:
    """The address of the authority on loopback; with `replay` it answers that to everything."""

    class Desk(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            good = self.headers["Content-Type"] == "application/timestamp-query" and self.path == "/"
            answer = (replay or reply(folder, query)) if good else b""
            self.send_response(200 if good else 404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
