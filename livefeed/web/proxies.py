"""Behind a proxy: ``scope["client"]`` becomes the address of who asked the proxy.

So the caps and the access log mean the same client. Scheme and host stay as they are: what we are
called is for ``LIVEFEED_PUBLIC_URL`` to say.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from livefeed.core.forwarded import Network, client_address

__all__ = ["BehindProxies"]


class BehindProxies:
    """ASGI middleware; ``trusted`` are the proxies' addresses."""

    def __init__(self, app: ASGIApp, trusted: Collection[Network]) -> None:
        self._app, self._trusted = app, trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if client and scope["type"] in ("http", "websocket"):
            address = client_address(client[0], scope["headers"], self._trusted)
            if address is not None and str(address) != client[0]:
                scope["client"] = (str(address), 0)  # the port is the proxy's own
        await self._app(scope, receive, send)
