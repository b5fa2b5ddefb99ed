"""A close tells a client whether to return."""

from __future__ import annotations

from typing import get_args

import pytest

from livefeed.core.messages import ByeReason
from livefeed.fanout import closes
from livefeed.fanout.closes import BYE, Close

CLOSES = {name: value for name, value in vars(closes).items() if isinstance(value, Close)}


def test_every_bye_has_its_close() -> None:
    assert set(BYE) == set(get_args(ByeReason))


def test_no_code_stands_twice() -> None:
    codes = [close.code for close in CLOSES.values()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("name", CLOSES)
def test_a_reason_fits_into_a_close_frame(name: str) -> None:
    assert 0 < len(CLOSES[name].reason.encode()) <= 123  # RFC 6455, section 5.5


@pytest.mark.parametrize("name", ["CLOSED", "REVOKED", "ORIGIN_REFUSED", "NO_SUCH_FEED"])
def test_for_good(name: str) -> None:
    assert 4500 <= CLOSES[name].code <= 4999


@pytest.mark.parametrize("name", ["RESTART", "OVERLOAD", "ROTATE", "SLOW"])
def test_come_back(name: str) -> None:
    assert CLOSES[name].code in (1012, 1013) or 4000 <= CLOSES[name].code <= 4499
