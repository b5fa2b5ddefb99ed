"""From what somebody uploaded to the picture that readers get; the only importer of Pillow.

Nothing of the upload is passed on but what is seen: no place, no camera, no preview of what was cut away.
"""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, ImageCms, ImageOps

from livefeed.core.pictures import name_of
from livefeed.errors import InvalidInput

__all__ = ["MAX_PIXELS", "MAX_SIDE", "Picture", "encode"]

MAX_SIDE = 2_000
MAX_PIXELS = 50_000_000
"""Decoded, 200 MB, and thrice that at most while it is converted; a JPEG is decoded as large as is needed."""

_MAX_PIXELS_WEBP = 25_000_000
"""Its decoder holds four copies at a time."""

# Beyond this Pillow warns, beyond its double it raises, both before it decodes anything.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
# Of what is odd in uploads nobody who reads the log can do anything.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")

_FORMATS = ("JPEG", "PNG", "WEBP")
_QUALITY: dict[str, dict[str, Any]] = {
    "jpg": {"format": "JPEG", "quality": 85, "optimize": True, "progressive": True},
    "png": {"format": "PNG", "compress_level": 6},
    "webp": {"format": "WEBP", "quality": 82, "method": 4},
}
_LOSSLESS_UP_TO = 1.5
"""A PNG stays one up to so many times the size that it has otherwise: a chart, a screenshot, no photo."""

_SEND = "send JPEG, PNG or WebP"
_BROKEN = "this picture is broken or incomplete: save or export it again"
_OURS = re.compile(rb"\xff\xd8\xff|\x89PNG|RIFF....WEBP", re.DOTALL)
_OTHERS = [
    (rb"PK[\x03\x05]", "a ZIP archive, not a picture"),
    (rb"%PDF", "a PDF file, not a picture"),
    (rb"GIF8", "a GIF"),
    (rb"BM", "a BMP"),
    (rb"II\*\0|MM\0\*", "a TIFF or a camera's raw file"),
    (rb"....ftyp(?:hei|hev|mif1|msf1)", "a HEIC picture"),
    (rb"....ftypavi[fs]", "an AVIF picture"),
    (rb"....ftyp|\x1aE\xdf\xa3", "a video, not a picture"),
    (rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>|<!--.*?-->|<!DOCTYPE svg[^>]*>|\s)*<svg\b", "an SVG drawing"),
    (rb"(?i)\s*<(?:!doctype html|html|head|body)\b", "a web page, not a picture"),
]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is served."""

    name: str
    body: bytes
    width: int
    height: int


def encode(raw: bytes) -> Picture:
    """Decode, turn upright, make smaller, convert to sRGB, encode anew. Takes up to seconds: for a thread.

    Raises:
        InvalidInput: in words for who uploaded it.
    """
    opened = _open(raw)
    _refuse(opened)
    try:
        seen = _decode(opened)
    # Whatever a decoder's parsing stumbles over is raised as it is, in dozens of kinds.
    except Exception as error:
        raise _no(_BROKEN) from error
    extension, body = _smallest(seen, opened.format or "")
    return Picture(name_of(body, extension), body, *seen.size)


def _no(words: str) -> InvalidInput:
    return InvalidInput.of("image", words)


def _open(raw: bytes) -> Image.Image:
    """Reads the header only."""
    if not raw:
        raise _no("nothing was sent: send the bytes of the picture")
    try:
        return Image.open(BytesIO(raw), formats=_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many() from error
    except Exception as error:
        known = (words for pattern, words in _OTHERS if re.match(pattern, raw[:1_000], re.DOTALL))
        if (words := next(known, None)) is not None:
            raise _no(f"this is {words}: {_SEND}") from error
        raise _no(_BROKEN if _OURS.match(raw) else f"this is no picture that can be read: {_SEND}") from error


def _refuse(opened: Image.Image) -> None:
    width, height = opened.size
    bound = _MAX_PIXELS_WEBP if opened.format == "WEBP" else MAX_PIXELS
    if width * height > bound:
        raise _too_many(bound)
    # A second picture in a JPEG is a preview or a map of brightness, as telephones make it.
    if opened.format in ("PNG", "WEBP") and getattr(opened, "is_animated", False):
        raise _no("this picture moves: send one that stands still")


def _too_many(bound: int = MAX_PIXELS) -> InvalidInput:
    return _no(f"this picture has more than {bound // 1_000_000} million pixels: make it smaller")


def _decode(opened: Image.Image) -> Image.Image:
    if opened.format in ("JPEG", "MPO"):
        opened.draft(None, (MAX_SIDE, MAX_SIDE))
    opened.load()
    profile = opened.info.get("icc_profile")
    picture = _eight_bits(opened)
    picture.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    with suppress(Exception):  # without a word that can be read on how to hold it, as it lies
        ImageOps.exif_transpose(picture, in_place=True)
    picture = _in_srgb(picture, profile)
    if picture.mode == "RGBA" and picture.getchannel("A").getextrema() == (255, 255):
        picture = picture.convert("RGB")
    picture.info.clear()  # some of it would be written again
    return picture


def _eight_bits(picture: Image.Image) -> Image.Image:
    """As L, RGB, RGBA or CMYK."""
    if picture.mode.startswith(("I", "F")):  # 16 bits of grey; converting alone would cut off all above 255
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data and picture.mode != "RGBA":
        return picture.convert("RGBA")
    return picture if picture.mode in ("L", "RGB", "RGBA", "CMYK") else picture.convert("RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    wanted = "RGBA" if picture.mode == "RGBA" else "RGB"
    if profile:
        # A broken profile, or one for other channels than these, is as good as none.
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode=wanted
            )
            assert converted is not None
            return converted
    return picture.convert("RGB") if picture.mode == "CMYK" else picture


def _smallest(picture: Image.Image, source: str) -> tuple[str, bytes]:
    """What comes as a photo stays one; what is clear lines may stay without loss."""
    usual = "webp" if source == "WEBP" or picture.mode == "RGBA" else "jpg"
    body = _written(picture, usual)
    if source == "PNG" and len(lossless := _written(picture, "png")) <= _LOSSLESS_UP_TO * len(body):
        return "png", lossless
    return usual, body


def _written(picture: Image.Image, extension: str) -> bytes:
    file = BytesIO()
    picture.save(file, **_QUALITY[extension])
    return file.getvalue()
