from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.markdown import plain_text, render
from livefeed.core.unrender import markdown_of, markdown_text

PICTURE = f"/media/{'0a' * 16}.png"

SAMPLES = [
    "Plain words.",
    "Two paragraphs.\n\nThe second, with **bold**, *italic*, ~~gone~~ and `code`.",
    "A [link](https://example.org/a?b=c&d=e) and ![a picture](https://example.org/a.png).",
    "### Heading\n\n#### Smaller\n\nText",
    "- one\n- two\n  - nested\n  - again\n- three",
    "1. one\n2. two",
    "> quoted\n>\n> twice",
    "```\ncode < & > *\n\n    indented\n```",
    "`` a ` tick ``",
    "| a | b |\n| --- | --- |\n| 1 \\| 2 | **3** |",
    "one\\\ntwo",
    "---",
    "**bold *and italic* together**",
    "Grüße, Привіт, 你好 🙂",
]


@pytest.mark.parametrize("text", SAMPLES)
def test_there_and_back(text: str) -> None:
    html = render(text, "markdown")
    assert render(markdown_of(html), "markdown") == html


@pytest.mark.parametrize(
    "text",
    [
        "# no heading",
        "- no list",
        "1. no list",
        "12) no list",
        "+ no list",
        "> no quotation",
        "=====",
        "---",
        "*no* _emphasis_ **here** ~~or~~ `here`",
        "[no link](https://example.org/)",
        "![no picture](https://example.org/a.png)",
        "<script>alert(1)</script>",
        "&lt;script&gt; &amp; &#60;b&#62;",
        "a | b",
        "C:\\temp \\* \\",
        "```",
        "    no code",
        "https://example.org/ <https://example.org/>",
        "[a]: https://example.org/",
    ],
)
def test_text_stays_text(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    html = render(f"<p>{escaped}</p>", "html")
    assert render(markdown_of(html), "markdown") == html.replace("<p>    ", "<p>")
    assert plain_text(render(markdown_text(text), "markdown")) == " ".join(text.split())


@given(st.text(alphabet="ab1 *_`#>-+.[]()!<&|\\~=\n\u00e4", max_size=80))
def test_of_any_text_the_words_stay(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    html = render(f"<p>{escaped}</p>", "html")
    back = render(markdown_of(html), "markdown")
    assert plain_text(back).split() == plain_text(html).split()


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>a<strong> b </strong>c</p>", "a **b** c"),
        ("<p><strong> </strong>a</p>", "a"),
        ("<p>a<br>b</p>", "a\\\nb"),
        ("<ul><li><p>a</p><p>b</p></li><li>c</li></ul>", "- a\n\n  b\n- c"),
        ('<p><a href="https://example.org/a(b)">c</a></p>', None),
        (f'<p><img src="{PICTURE}" alt="A [b]"></p>', f"![A \\[b\\]]({PICTURE})"),
    ],
)
def test_of_html(html: str, markdown: str | None) -> None:
    got = markdown_of(render(html, "html"))
    if markdown is None:
        assert render(got, "markdown").count("<a ") == 1
    else:
        assert got == markdown


def test_it_has_no_html_in_it() -> None:
    html = render("<p>a&lt;img src=x onerror=alert(1)&gt; &lt;b&gt;</p>", "html")
    assert markdown_of(html) == "a\\<img src=x onerror=alert(1)\\> \\<b\\>"
