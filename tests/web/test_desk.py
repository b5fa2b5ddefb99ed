"""The shell; what its scripts do is in e2e/test_desk.py."""

from __future__ import annotations

import re

import pytest

from tests.web.served import ORIGIN, served


@pytest.mark.parametrize("path", ["/desk", "/desk/join"])
async def test_the_shell_needs_no_cookie_and_is_kept_nowhere_and_framed_by_nobody(path: str) -> None:
    async with served() as site:
        answer = await site.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
        assert "set-cookie" not in answer.headers
        csp = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in csp
        assert "script-src 'self';" in csp
        assert "unsafe" not in csp
        assert 'data-site=""' in answer.text
        for file in re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text):
            assert (await site.get(file)).status_code == 200


async def test_every_field_has_a_label_and_no_form_can_put_a_token_into_an_address() -> None:
    async with served() as site:
        text = (await site.get("/desk")).text
        for field in re.finditer(r'<(?:input(?! type="hidden")|textarea|select)\b', text):
            assert text.rfind("<label", 0, field.start()) > text.rfind("</label>", 0, field.start())
        # A dialog's form sends nothing.
        assert all(re.search('method="(post|dialog)"', form) for form in re.findall(r"<form[^>]*>", text))


@pytest.mark.parametrize(
    ("desk_host", "host", "status"),
    [
        ("desk.example.org", "desk.example.org", 200),
        ("desk.example.org", "DESK.example.org:8443", 200),
        ("desk.example.org:8443", "desk.example.org:8443", 200),
        ("desk.example.org:8443", "desk.example.org", 404),
        ("desk.example.org", "live.example.org", 404),
        ("desk.example.org", "x.desk.example.org", 404),
        ("desk.example.org", "desk.example.org.evil.example", 404),
    ],
)
async def test_the_desk_can_have_a_host_of_its_own(desk_host: str, host: str, status: int) -> None:
    async with served(desk_host=desk_host) as site:
        answer = await site.get("/desk", host=host)
        assert answer.status_code == status
        if status == 200:
            assert f'data-site="{ORIGIN}"' in answer.text
