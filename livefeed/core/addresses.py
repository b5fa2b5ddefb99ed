"""Web addresses and origins, as strict as browsers are: what ``new URL()`` would refuse is refused here.

See the URL standard, sections 3.5 (hosts) and 4.4 (parsing). An address that a browser cannot read would
break the page that shows it, and one with other characters the headers that name it.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

import idna

from livefeed.core.pictures import PICTURE_ADDRESS

__all__ = ["image_address", "origin", "web_address"]

_NOT_IN_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff\"<>\\^`{|}]")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_PORTS = {"http": 80, "https": 443}


def web_address(value: str) -> str:
    """An address with http or https.

    Raises:
        ValueError: in words for the person who sent it.
    """
    try:
        parts = urlsplit(value)
        good = parts.scheme in _PORTS and _ascii_host(parts) and _port_is_good(parts)
    except ValueError:
        good = False
    if not good or _NOT_IN_ADDRESS.search(value):
        raise ValueError("give a web address that begins with http:// or https://")
    return value


def image_address(value: str) -> str:
    """An address with https, or a picture of our own.

    Raises:
        ValueError: likewise.
    """
    if PICTURE_ADDRESS.fullmatch(value):
        return value
    if urlsplit(web_address(value)).scheme != "https":
        raise ValueError("give an address that begins with https://")
    return value


def origin(value: str) -> str:
    """``*`` or an origin as browsers send it: in lower case and ASCII, without the scheme's own port.

    Raises:
        ValueError: likewise.
    """
    if value == "*":
        return value
    try:
        parts = urlsplit(value.lower())
        host = _ascii_host(parts)
        plain = f"{parts.scheme}://{parts.netloc}" == value.lower() and "@" not in parts.netloc
        good = plain and parts.scheme in _PORTS and _port_is_good(parts)
    except ValueError:
        good = False
    if not good:
        raise ValueError("give “*” or an origin as https://www.example.org, without a path")
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _ascii_host(parts: SplitResult) -> str:
    """The host as a browser would look it up.

    Raises:
        ValueError: there is none, or none that can be.
    """
    host = parts.hostname or ""
    if parts.netloc.rpartition("@")[2].startswith("["):
        return f"[{ipaddress.IPv6Address(host)}]"
    name = host if host.isascii() else idna.encode(host, uts46=True, transitional=False).decode()
    labels = name.removesuffix(".").split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{host} is no host")
    for label in labels:
        if label.startswith("xn--") and not label[4:].encode().decode("punycode"):
            raise ValueError(f"{label} means nothing")
    if labels[-1].isdigit():  # then it is an IPv4 address, or nothing
        return str(ipaddress.IPv4Address(name))
    return name


def _port_is_good(parts: SplitResult) -> bool:
    """Reading a port that is none, or above 65535, raises ValueError; a colon alone is no port."""
    return parts.port != 0 and not parts.netloc.endswith(":")
