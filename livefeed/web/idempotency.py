"""``Idempotency-Key``: the same request, sent twice, is done once."""

from __future__ import annotations

import re

from starlette.requests import Request

from livefeed.errors import InvalidInput
from livefeed.store.commit import Idempotency
from livefeed.store.tokens import Token

__all__ = ["idempotency_of"]

_KEY = re.compile(r"[\x21-\x7e]{1,100}")


def idempotency_of(request: Request, token: Token, body: bytes = b"") -> Idempotency | None:
    """The request's key, scoped to who sends it and where to; None without one.

    ``If-Match`` is part of what must be the same: with another one, it is another request.

    Raises:
        InvalidInput
    """
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        raise InvalidInput.of("Idempotency-Key", "give one key of 1 to 100 visible ASCII characters")
    scope = f"{token.name}\n{request.method} {request.scope['path']}"
    if_match = ", ".join(request.headers.getlist("if-match"))
    return Idempotency(scope, given[0], if_match.encode() + b"\n" + body)
