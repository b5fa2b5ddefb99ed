"""Pictures are encoded beside everything else that a process does."""

from __future__ import annotations

import asyncio

import pytest
from PIL import Image

from livefeed.errors import InvalidInput
from livefeed.media.encoder import Encoder
from livefeed.media.encoding import encode
from tests.media.pictures import encoded, photo

pytestmark = pytest.mark.anyio


async def test_it_encodes_and_refuses_as_the_function_does() -> None:
    encoder = Encoder()
    raw = encoded(photo())
    assert await encoder.encode(raw) == encode(raw)
    with pytest.raises(InvalidInput, match="ZIP"):
        await encoder.encode(b"PK\x03\x04")


async def test_the_loop_goes_on_meanwhile() -> None:
    raw = encoded(Image.new("RGB", (5_000, 4_000), "teal"), "PNG")
    encoder = Encoder()
    ticks = 0
    work = asyncio.create_task(encoder.encode(raw))
    while not work.done():
        await asyncio.sleep(0)
        ticks += 1
    assert (await work).width == 2_000
    assert ticks > 100


async def test_only_so_many_uploads_have_a_place() -> None:
    encoder, inside, most = Encoder(), 0, 0
    go_on = asyncio.Event()

    async def upload() -> None:
        nonlocal inside, most
        async with encoder.place():
            inside += 1
            most = max(most, inside)
            await go_on.wait()
            inside -= 1

    tasks = [asyncio.create_task(upload()) for _ in range(10)]
    for _ in range(20):
        await asyncio.sleep(0)
    assert inside == 4
    go_on.set()
    await asyncio.gather(*tasks)
    assert most == 4
