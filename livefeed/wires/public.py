"""Connections to public addresses only, for addresses that an editor gives.

A server stands in a network that its editors need not see: routers, databases, a cloud's metadata. So
the name is looked up here, every address of it is checked, and the one that is connected to is one that
was checked: asking again could give another answer (DNS rebinding). Each redirect is a new connection.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import urllib.request
from typing import Any, Final

from livefeed.errors import InvalidInput

__all__ = ["PublicHttp", "PublicHttps", "is_public"]

_EMBEDDING: Final = (
    (ipaddress.IPv6Network("::/96"), 0),  # IPv4-compatible
    (ipaddress.IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped
    (ipaddress.IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (ipaddress.IPv6Network("2002::/16"), 80),  # 6to4
)
"""Networks whose addresses stand for IPv4 ones, and by how many bits these are shifted."""

_PUBLIC_V6: Final = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out for use on the internet."""


def is_public(address: str) -> bool:
    """Whether a numeric address is one of the internet's, and of one machine there."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        for network, shift in _EMBEDDING:
            if ip in network:
                return is_public(str(ipaddress.IPv4Address(int(ip) >> shift & 0xFFFF_FFFF)))
        if ip not in _PUBLIC_V6:
            return False
    return ip.is_global and not ip.is_multicast


def _connect(host: str, port: int, timeout: Any) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    if not all(is_public(str(address[0])) for *_, address in found):
        raise InvalidInput.of(
            "url",
            f"{host} is in a private network, from which nothing is fetched "
            "(whoever runs this server can allow it: LIVEFEED_IMPORT_PRIVATE)",
        )
    failed: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in found:
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(timeout)
            connection.connect(address)
        except OSError as error:
            connection.close()
            failed = error
        else:
            return connection
    raise failed


class _Http(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = _connect(self.host, self.port, self.timeout)


class _Https(http.client.HTTPSConnection):
    def connect(self) -> None:
        connection = _connect(self.host, self.port, self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)


class PublicHttp(urllib.request.HTTPHandler):
    """urllib's own, on such connections."""

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Http, req)


class PublicHttps(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Https, req)
