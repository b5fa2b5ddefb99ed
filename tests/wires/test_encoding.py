from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.wires.encoding import decode

RUSSIAN = "Паром вернулся в порт, все на берегу"
FRENCH = "Le café est fermé, l’été aussi"


def xml(text: str, encoding: str | None) -> str:
    declared = f' encoding="{encoding}"' if encoding else ""
    return f'<?xml version="1.0"{declared}?><a>{text}</a>'


@pytest.mark.parametrize(
    ("text", "declared", "written", "content_type"),
    [
        (RUSSIAN, "windows-1251", "windows-1251", None),
        (RUSSIAN, "windows-1251", "windows-1251", "text/xml; charset=utf-8"),
        (RUSSIAN, "KOI8-R", "koi8-r", None),
        (RUSSIAN, None, "koi8-r", 'text/xml; charset="koi8-r"'),
        (RUSSIAN, None, "windows-1251", "text/xml"),
        (RUSSIAN, "utf-8", "windows-1251", "text/xml; charset=utf-8"),
        (RUSSIAN, "windows-1251", "utf-8", None),
        (RUSSIAN, "iso-8859-1", "utf-8", "text/xml; charset=iso-8859-1"),
        (RUSSIAN, "no-such-encoding", "utf-8", None),
        (RUSSIAN, "rot13", "utf-8", None),
        (RUSSIAN, "utf-16", "utf-8-sig", None),
        (RUSSIAN, "utf-16", "utf-16", None),
        (RUSSIAN, "utf-8", "utf-16", None),
        (RUSSIAN, None, "utf-16-le", None),
        (RUSSIAN, None, "utf-16-be", None),
        (FRENCH, "utf-8", "windows-1252", None),
        (FRENCH, None, "windows-1252", None),
        ("「港」", "iso-2022-jp", "iso-2022-jp", None),
    ],
)
def test_declared_rightly_wrongly_or_not(
    text: str, declared: str | None, written: str, content_type: str | None
) -> None:
    assert text in decode(xml(text, declared).encode(written), content_type)


def test_a_mark_decides() -> None:
    assert decode(codecs.BOM_UTF16_BE + "é".encode("utf-16-be"), "text/xml; charset=utf-8") == "é"


def test_mostly_utf8_is_utf8() -> None:
    assert decode(RUSSIAN.encode() + b"\xff") == RUSSIAN + "\ufffd"


@given(st.binary(max_size=200), st.sampled_from([None, "text/xml", "a; charset=hex", "a; charset=utf-7"]))
def test_never_fails(data: bytes, content_type: str | None) -> None:
    assert isinstance(decode(data, content_type), str)
