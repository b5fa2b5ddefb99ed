"""What a WebSocket reader sends: answered by websockets' sans-I/O protocol, made on demand."""

from __future__ import annotations

from dataclasses import dataclass

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import Protocol, Side, State

from livefeed.core.frames import MAX_FROM_READER_BYTES
from livefeed.fanout import closes

__all__ = ["Heard", "answer"]

_DATA = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


@dataclass(frozen=True, slots=True)
class Heard:
    """``reply``: pongs and a close, as bytes; ``closes``: nothing comes after it."""

    reply: bytes
    closes: bool


def answer(data: bytes, *, compressed: bool) -> Heard:
    """Answer whole frames as RFC 6455 asks; what breaks its rules, or says something, with a close.

    Nothing is kept from call to call: control frames stand alone, and of a message the first frame is
    one too many. ``compressed``: the reader agreed on ``permessage-deflate``.
    """
    protocol = Protocol(Side.SERVER, state=State.OPEN, max_size=MAX_FROM_READER_BYTES)
    if compressed:
        protocol.extensions = [PerMessageDeflate(True, True, 15, 15)]
    protocol.receive_data(data)
    for event in protocol.events_received():
        if isinstance(event, Frame) and event.opcode in _DATA and protocol.state is State.OPEN:
            if _is_text(event):
                protocol.fail(closes.POLICY.code, closes.POLICY.reason)
            else:
                protocol.fail(CloseCode.INVALID_DATA)  # section 8.1
    return Heard(b"".join(protocol.data_to_send()), protocol.state is not State.OPEN)


def _is_text(frame: Frame) -> bool:
    if frame.opcode is Opcode.TEXT and frame.fin:
        try:
            bytes(frame.data).decode()
        except UnicodeDecodeError:
            return False
    return True
