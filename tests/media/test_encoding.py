"""What becomes of uploads: pictures as they should be, and everything else refused in words."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from contextlib import suppress
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from livefeed.core.pictures import PICTURE_NAME
from livefeed.errors import InvalidInput
from livefeed.media.encoding import MAX_SIDE, Picture, encode
from tests.media.pictures import chart, encoded, opened, photo

# Pillow warns of oddities that it lives with; in the server nobody is told.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

NIKON, GPS, ORIENTATION = 0x010F, 0x8825, 0x0112


def refusal(raw: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        encode(raw)
    (error,) = caught.value.errors
    assert error.field == "image"
    return error.message


def pixel(picture: Picture, x: int = 0, y: int = 0) -> tuple[int, ...]:
    got = opened(picture.body).convert("RGB").getpixel((x, y))
    assert isinstance(got, tuple)
    return tuple(int(value) for value in got)


def near(got: tuple[int, ...], wanted: tuple[int, ...], within: int = 12) -> bool:
    return all(abs(one - other) <= within for one, other in zip(got, wanted, strict=True))


# What is kept -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "kind", "extension"),
    [
        (photo(), "JPEG", "jpg"),
        (photo().convert("L"), "JPEG", "jpg"),
        (photo(400, 300), "WEBP", "webp"),
        (chart(), "PNG", "png"),
        (photo(400, 300), "PNG", "jpg"),
    ],
    ids=["photo", "grey photo", "webp", "chart", "photo as PNG"],
)
def test_the_format_suits_what_is_seen(made: Image.Image, kind: str, extension: str) -> None:
    picture = encode(encoded(made, kind))
    assert picture.name.endswith(f".{extension}")
    assert PICTURE_NAME.fullmatch(picture.name)
    seen = opened(picture.body)
    assert seen.size == (picture.width, picture.height) == made.size
    assert seen.format == {"jpg": "JPEG", "png": "PNG", "webp": "WEBP"}[extension]


def test_the_same_picture_has_the_same_name() -> None:
    assert encode(encoded(photo())) == encode(encoded(photo()))
    assert encode(encoded(photo())).name != encode(encoded(photo(seed=2))).name


@pytest.mark.parametrize(
    ("width", "height", "size"), [(5_000, 2_500, (2_000, 1_000)), (30, 4_000, (15, 2_000))]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_longer_side_is_bounded(kind: str, width: int, height: int, size: tuple[int, int]) -> None:
    picture = encode(encoded(Image.new("RGB", (width, height), "teal"), kind))
    assert (picture.width, picture.height) == size == opened(picture.body).size


def test_a_line_of_pixels_stays_a_line() -> None:
    assert encode(encoded(Image.new("RGB", (20_000, 1)), "PNG")).height == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_is_told_of_place_and_camera(kind: str) -> None:
    exif = Image.Exif()
    exif[NIKON] = "NIKON SECRET"
    exif.get_ifd(GPS)[2] = (50.0, 27.0, 0.0)
    options = {"exif": exif, "comment": b"SECRET comment"} if kind == "JPEG" else {"exif": exif}
    raw = encoded(chart(), kind, **options, xmp=b"<x:xmpmeta>SECRET</x:xmpmeta>")
    assert b"SECRET" in raw
    picture = encode(raw)
    assert b"SECRET" not in picture.body
    seen = opened(picture.body)
    assert not seen.getexif()
    assert set(seen.info) <= {
        "jfif",
        "jfif_version",
        "jfif_unit",
        "jfif_density",
        "progressive",
        "progression",
    } | {
        "loop",
        "background",
        "timestamp",
        "duration",
    }


def test_it_stands_upright() -> None:
    lying = Image.new("RGB", (80, 40), "blue")
    lying.paste((255, 0, 0), (0, 0, 40, 40))
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # to be turned by 90° clockwise
    picture = encode(encoded(lying, exif=exif, quality=95))
    assert (picture.width, picture.height) == (40, 80)
    assert near(pixel(picture, 20, 5), (255, 0, 0), 20)
    assert near(pixel(picture, 20, 75), (0, 0, 255), 20)


def test_broken_exif_is_no_reason_to_refuse_a_photo() -> None:
    raw = encoded(photo(), exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\xff\xff")
    assert encode(raw).width == 64


def test_cmyk_becomes_what_screens_show() -> None:
    picture = encode(encoded(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), quality=95))
    assert opened(picture.body).mode == "RGB"
    assert near(pixel(picture), (255, 0, 0), 30)


def test_sixteen_bits_become_eight_of_the_same_brightness() -> None:
    assert near(pixel(encode(encoded(Image.new("I;16", (32, 32), 0x8000), "PNG"))), (128, 128, 128), 2)


def test_colours_of_another_space_become_those_of_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    assert encode(encoded(photo(), icc_profile=lab)).width == 64  # not for these channels: as good as none
    assert encode(encoded(photo(), icc_profile=b"no profile")).width == 64
    wide = _profile_with_swapped_red_and_green()
    picture = encode(encoded(Image.new("RGB", (32, 32), (255, 0, 0)), "PNG", icc_profile=wide))
    assert near(pixel(picture), (0, 255, 0), 40)
    assert b"iCCP" not in picture.body


def _profile_with_swapped_red_and_green() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"____").replace(b"gXYZ", b"rXYZ").replace(b"____", b"gXYZ")


def test_what_is_transparent_stays_so_and_what_is_not_needs_no_channel_for_it() -> None:
    clear = Image.new("RGBA", (32, 32), (255, 0, 0, 0))
    seen = opened(encode(encoded(clear, "PNG")).body)
    assert seen.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]
    soft = photo(400, 300).convert("RGBA")
    soft.putalpha(128)
    assert encode(encoded(soft, "PNG")).name.endswith(".webp")
    solid = photo(400, 300).convert("RGBA")
    assert encode(encoded(solid, "PNG")).name.endswith(".jpg")


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA"])
def test_every_way_of_a_png_to_keep_colours(mode: str) -> None:
    picture = encode(encoded(chart().convert(mode), "PNG"))
    assert near(pixel(picture, 300, 5), (255, 255, 255))


def test_of_a_telephone_s_two_pictures_the_first_is_meant() -> None:
    raw = encoded(photo(), "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))])
    picture = encode(raw)
    assert picture.name.endswith(".jpg")
    assert (picture.width, picture.height) == (64, 48)


# What is refused ----------------------------------------------------------------------------------


def _zip() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.jpg", encoded(photo()))
    return file.getvalue()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (_zip(), "this is a ZIP archive, not a picture: send JPEG, PNG or WebP"),
        (b"%PDF-1.7\n", "PDF"),
        (encoded(photo(), "GIF"), "a GIF: send"),
        (encoded(photo(), "BMP"), "BMP"),
        (encoded(photo(), "TIFF"), "TIFF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "video"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"<svg onload='alert(1)'>", "SVG"),
        (b"<!doctype html><script>alert(1)</script>", "web page"),
        (b"hello", "no picture that can be read: send"),
        (b"\xff\xd8\xff", "broken or incomplete"),
        (b"", "nothing was sent"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(raw: bytes, words: str) -> None:
    assert words in refusal(raw)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_picture_is_refused(kind: str) -> None:
    raw = encoded(photo(800, 600), kind)
    assert "broken or incomplete" in refusal(raw[: len(raw) // 2])


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_moves_is_refused(kind: str) -> None:
    raw = encoded(photo(), kind, save_all=True, append_images=[photo(seed=2)])
    assert "this picture moves" in refusal(raw)


def _bomb(width: int, height: int) -> bytes:
    """A PNG whose header says so; its data are never looked at."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(10_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [7_072, 10_000, 60_000], ids="{0}²".format)
def test_too_many_pixels_are_refused_before_they_are_decoded(side: int) -> None:
    begun = time.process_time()
    assert "more than 50 million pixels" in refusal(_bomb(side, side))
    assert time.process_time() - begun < 0.2


def test_a_webp_has_fewer_since_its_decoder_holds_them_four_times() -> None:
    assert "more than 25 million pixels" in refusal(
        encoded(Image.new("L", (5_001, 5_000)), "WEBP", lossless=True)
    )


_MEASURED = r"""
import re, sys
from livefeed.media.encoding import encode
encode(sys.stdin.buffer.read())
print(int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1]) >> 10)
"""
"""Prints the most MB it ever held; `getrusage` would count the process that it was forked from, too."""


def test_the_largest_picture_is_not_held_again_and_again() -> None:
    """Decoded it takes 200 MB; three of them, and the interpreter, are too much."""
    side, packer = 7_070, zlib.compressobj(1)
    data = b"".join(packer.compress(bytes(side * 4 + 1)) for _ in range(side)) + packer.flush()
    raw = encoded(Image.new("RGBA", (side, 1)), "PNG")
    raw = raw[:33].replace(struct.pack(">II", side, 1), struct.pack(">II", side, side))
    raw = raw[:29] + struct.pack(">I", zlib.crc32(raw[12:29]))
    raw += struct.pack(">I", len(data)) + b"IDAT" + data + struct.pack(">I", zlib.crc32(b"IDAT" + data))
    raw += b"\0\0\0\0IEND\xae\x42\x60\x82"
    done = subprocess.run([sys.executable, "-c", _MEASURED], input=raw, capture_output=True, check=True)
    assert 200 < int(done.stdout) < 560


def test_a_bomb_of_words_is_refused() -> None:
    text = b"tEXt" + b"a\0" + b"b" * 10
    packed = b"iTXta\0\x01\0\0\0" + zlib.compress(bytes(200_000_000))
    raw = encoded(chart(), "PNG")
    for chunk in (text, packed):
        piece = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        spiked = raw[:33] + piece + raw[33:]
        if chunk is text:
            assert b"tEXt" not in encode(spiked).body
        else:
            assert re.search("no picture|broken", refusal(spiked))


WHOLE = {kind: encoded(photo(120, 90), kind) for kind in ("JPEG", "PNG", "WEBP")}


@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
)
def test_whatever_is_broken_gives_a_picture_or_words(kind: str, changes: list[tuple[int, int]]) -> None:
    raw = bytearray(WHOLE[kind])
    for at, value in changes:
        raw[at % len(raw)] = value
    with suppress(InvalidInput):
        picture = encode(bytes(raw))
        assert max(picture.width, picture.height) <= MAX_SIDE
        assert opened(picture.body).size == (picture.width, picture.height)
