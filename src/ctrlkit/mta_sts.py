"""The policy file of MTA-STS over HTTPS, as a sender of mail fetches it (RFC 8461 section 3.3), and nothing else.

One GET of one path at `mta-sts.<domain>`: the certificate must be valid and name that host, a redirect is not followed,
what is large, slow or no plain text is not read. The file, and that there is none, are answers; all else is not known.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from http import HTTPStatus
from typing import Final

PATH: Final = "/.well-known/mta-sts.txt"
PORT: Final = 443
SECONDS: Final = 10.0
"""For the whole of it; the RFC would give a minute, and a sender of mail gives up far earlier."""
MAX_BYTES: Final = 64 * 1024
"""The size that the RFC suggests as a limit."""

_ABSENT: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_HEADERS: Final = {
    "Accept": "text/plain",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "ctrlkit",
}


def fetch(
    host: str,
    addresses: Sequence[str],
    *,
    port: int = PORT,
    seconds: float = SECONDS,
    context: ssl.SSLContext | None = None,
) -> bytes | None:
    """The policy file of `host`, which answers at one of `addresses`; None where the server says that it has none.

    `context` holds the authorities to believe, None those of this machine. Raises OSError, with what was found as its
    `strerror`, for everything that is neither.
    """
    context = context or ssl.create_default_context()
    deadline = time.monotonic() + seconds
    plain = _connected(addresses, port, deadline)
    # An end that TLS does not announce is no end: a reply without a length could be cut anywhere.
    with context.wrap_socket(
        plain, server_hostname=host, do_handshake_on_connect=False, suppress_ragged_eofs=False
    ) as secure:
        alarm = threading.Timer(max(0.0, deadline - time.monotonic()), _hang_up, [secure])
        alarm.daemon = True
        alarm.start()
        try:
            secure.do_handshake()
            return _asked(host, secure)
        except http.client.HTTPException as wrong:
            raise _not_read(f"the reply is no HTTP: {type(wrong).__name__}", deadline) from wrong
        except ssl.SSLCertVerificationError as wrong:
            raise _not_read(f"the certificate is not valid: {wrong.verify_message}", deadline) from wrong
        except OSError as wrong:
            raise _not_read(wrong.strerror or type(wrong).__name__, deadline) from wrong
        finally:
            alarm.cancel()


def _connected(addresses: Sequence[str], port: int, deadline: float) -> socket.socket:
    """A connection to the first address that takes one."""
    reason = "no address"
    for address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as wrong:
            reason = f"{address}: {wrong.strerror or type(wrong).__name__}"
    raise _not_read(reason, deadline)


def _asked(host: str, secure: ssl.SSLSocket) -> bytes | None:
    connection = http.client.HTTPConnection(host)
    connection.sock = secure
    with closing(connection):
        connection.request("GET", PATH, headers={"Host": host, **_HEADERS})
        with connection.getresponse() as response:
            return _body(response)


def _body(response: http.client.HTTPResponse) -> bytes | None:
    if response.status in _ABSENT:
        return None
    if response.status != HTTPStatus.OK:
        also = ", which is not followed" if response.status // 100 == 3 else ""  # noqa: PLR2004  redirects
        raise OSError(0, f"status {response.status}{also}")
    sort = response.headers.get_content_type()
    if sort != "text/plain":
        raise OSError(0, f"Content-Type {sort[:100]}, expected text/plain")
    said = response.read(MAX_BYTES + 1)
    if len(said) > MAX_BYTES:
        raise OSError(0, f"more than {MAX_BYTES} bytes")
    if response.length:
        raise OSError(0, "the reply is cut")
    return said


def _hang_up(secure: ssl.SSLSocket) -> None:
    """End the connection under whoever still reads from it, however slowly the other side goes on."""
    try:
        socket.socket.shutdown(secure, socket.SHUT_RDWR)
    except OSError:
        return


def _not_read(reason: str, deadline: float) -> OSError:
    return OSError(0, "no whole reply in time" if time.monotonic() >= deadline else reason)
