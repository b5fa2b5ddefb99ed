"""Pictures to upload, made as telephones, cameras and drawing programs make them."""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any

from PIL import Image

__all__ = ["chart", "encoded", "opened", "photo"]


def photo(width: int = 64, height: int = 48, seed: int = 1) -> Image.Image:
    """Noise in soft colours: what no lossless format makes small."""
    source = random.Random(seed)
    soft = Image.frombytes("RGB", (16, 12), source.randbytes(16 * 12 * 3))
    grain = Image.frombytes("RGB", (width, height), source.randbytes(width * height * 3))
    return Image.blend(soft.resize((width, height), Image.Resampling.BICUBIC), grain, 0.2)


def chart(width: int = 600, height: int = 400) -> Image.Image:
    """Flat colours and hard edges."""
    picture = Image.new("RGB", (width, height), "white")
    for at in range(0, width, 40):
        picture.paste((179, 21, 15), (at, at % height, at + 20, height))
    return picture


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def opened(body: bytes) -> Image.Image:
    picture = Image.open(BytesIO(body))
    picture.load()
    return picture
