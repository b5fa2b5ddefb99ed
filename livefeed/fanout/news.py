"""What a reader at a position is told next: the one place that decides it, for both ways to serve."""

from __future__ import annotations

from livefeed.core import messages
from livefeed.core.position import Position, Verdict
from livefeed.core.window import Entry
from livefeed.fanout.channel import Channel
from livefeed.fanout.message import OVERLOAD_RETRY_S, Message, bye

__all__ = ["next_news"]


def next_news(channel: Channel, position: Position, *, with_draft: bool = False) -> list[Message] | None:
    """The next messages for a reader at ``position``, about a piece of them; none if there is no news.

    The last one is a ``bye`` or leads to the reader's new position. None where the reader has to join
    anew, for the window has gone on without it or another history began. ``with_draft``: it may follow
    the feed while it is a draft.
    """
    if channel.ended:
        return [bye(channel.ended, None if channel.ended == "closed" else OVERLOAD_RETRY_S)]
    if channel.is_draft and not with_draft:
        return [bye("closed", None)]  # at once: what comes next is not for readers any more
    missed = channel.missed(position.offset)
    verdict = channel.judge(position)
    if missed is None or verdict is Verdict.BAD:
        return None
    if missed:
        return _piece(channel, position, missed)
    if verdict is Verdict.GOOD and not channel.goes_on(with_draft=with_draft):
        return [bye("closed", None)]
    return []


def _piece(channel: Channel, standing: Position, missed: list[Entry]) -> list[Message]:
    """The next of what was missed: shared messages where they follow on, else one ``sync``."""
    batch: list[Message] = []
    room = messages.PIECE_BYTES
    at = standing.offset
    for entry in missed:
        if entry.after > at or (batch and len(entry.message) > room):
            break
        batch.append(Message("change", entry.message, entry.position))
        room -= len(entry.message)
        at = entry.offset
    if not batch:  # compaction took out what the first one follows
        position, data = next(messages.sync_pieces(channel.reigns.position, missed))
        batch = [Message("sync", data, position)]
    return batch
