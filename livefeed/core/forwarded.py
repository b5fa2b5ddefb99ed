"""Whose request a proxy passes on: ``Forwarded`` (RFC 7239) and ``X-Forwarded-For``.

Anybody can send these headers. Each proxy appends the address that it was asked from, so they are read
from the right, and only as far as the proxies that we trust go: what stands further left was sent by the
client, and may say and look like anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

__all__ = ["Address", "Network", "client_address", "counted_as", "parse_address"]

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PAIR = re.compile(
    # A value with a colon or brackets must be quoted; proxies forget that.
    rf'[ \t]*(?P<name>{_TOKEN})=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s;,"]+))[ \t]*(?:;|$)'
)
_NODE = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+))(?::[0-9A-Za-z._-]+)?")


def client_address(
    peer: str | None, headers: Iterable[tuple[bytes, bytes]], trusted: Collection[Network]
) -> Address | None:
    """The address of who asks: the last one that no trusted proxy has, else the first that a proxy told.

    ``peer`` is who connected to us, ``headers`` are ASGI's. What cannot be read as an address (garbage,
    ``unknown``, a made-up name) ends the search at the proxy that told it. None: the peer has no address.

    Usually a proxy writes one of the two headers and lets the other one pass as the client sent it. Which
    one it writes is not known here, so where both are there and disagree, neither is believed.
    """
    address = parse_address(peer or "")
    if address is None or not _is_in(address, trusted):
        return address
    lines: dict[bytes, list[str]] = {b"forwarded": [], b"x-forwarded-for": []}
    for name, value in headers:
        if name in lines:
            lines[name].append(value.decode("latin-1"))
    found = {
        _walk(address, nodes(",".join(lines[name])), trusted)
        for name, nodes in ((b"forwarded", _forwarded), (b"x-forwarded-for", _x_forwarded_for))
        if lines[name]
    }
    return found.pop() if len(found) == 1 else address


@lru_cache(maxsize=4096)
def parse_address(text: str) -> Address | None:
    """An address without brackets or port; IPv4 in IPv6's clothes (``::ffff:192.0.2.1``) is IPv4."""
    try:
        address = ip_address(text.partition("%")[0])  # a zone is a name of our own, if anything
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def counted_as(address: Address) -> bytes:
    """What is counted as one client: an IPv4 address, or the /64 that a network gets at least in IPv6."""
    return address.packed if isinstance(address, IPv4Address) else address.packed[:8]


def _walk(address: Address, nodes: Iterable[str], trusted: Collection[Network]) -> Address:
    for node in nodes:
        told = _address_of(node)
        if told is None:
            break
        address = told
        if not _is_in(address, trusted):
            break
    return address


def _is_in(address: Address, networks: Collection[Network]) -> bool:
    return any(address in network for network in networks)


def _x_forwarded_for(header: str) -> Iterator[str]:
    """The nodes, the last one first."""
    return reversed(header.split(","))


def _forwarded(header: str) -> Iterator[str]:
    """Likewise; an element that cannot be read, or names nobody, gives an empty one."""
    for element in _elements(header):
        found = []
        at = 0
        while at < len(element) and (pair := _PAIR.match(element, at)):
            at = pair.end()
            if pair["name"].lower() == "for":
                quoted = pair["quoted"]
                found.append(pair["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        yield found[0] if at == len(element) and len(found) == 1 else ""


def _elements(header: str) -> Iterator[str]:
    """The elements of a list, the last one first.

    Found from the right: a quote that a client left open must not swallow what proxies appended.
    """
    end, in_quotes = len(header), False
    for mark in reversed(list(re.finditer('[",]', header))):
        at = mark.start()
        if header[at] == '"':
            start = at
            while start and header[start - 1] == "\\":
                start -= 1
            in_quotes ^= (at - start) % 2 == 0  # else it is a quoted quote
        elif not in_quotes:
            yield header[at + 1 : end]
            end = at
    yield header[:end]


def _address_of(node: str) -> Address | None:
    node = node.strip(" \t")
    found = _NODE.fullmatch(node)
    return parse_address((found["six"] or found["four"]) if found else node)
