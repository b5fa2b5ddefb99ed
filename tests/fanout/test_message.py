"""A message, as JSON and as a server-sent event."""

from __future__ import annotations

import orjson
import pytest

from livefeed.core.messages import ByeReason
from livefeed.core.position import Position
from livefeed.fanout import closes
from livefeed.fanout.message import DRAIN_RETRY_S, Message, bye


def test_what_leads_to_a_position_names_it() -> None:
    message = Message("change", b'{"type":"change"}', Position("e1", 7))
    assert message.sse() == b'event: change\nid: e1:7\ndata: {"type":"change"}\n\n'


def test_a_ping_is_no_place_to_come_back_to() -> None:
    assert Message("ping", b"{}").sse() == b"event: ping\ndata: {}\n\n"


@pytest.mark.parametrize("reason", closes.BYE)
def test_a_bye_says_why_and_when_to_come_back(reason: ByeReason) -> None:
    message = bye(reason, 2.0)
    told = orjson.loads(message.data)
    assert told == {"type": "bye", "reason": reason, "retry": message.retry_ms}
    assert 1_000 <= told["retry"] <= 3_000
    assert message.reason == reason
    assert message.position is None
    assert message.sse().startswith(b"event: bye\nretry: %d\ndata: " % told["retry"])


def test_or_not_to() -> None:
    message = bye("closed", None)
    assert orjson.loads(message.data)["retry"] is None
    assert b"retry:" not in message.sse()


def test_not_all_come_back_at_once() -> None:
    retries = [bye("drain", DRAIN_RETRY_S).retry_ms or 0 for _ in range(1_000)]
    assert 500 <= min(retries) < 600
    assert 1_400 < max(retries) <= 1_500
