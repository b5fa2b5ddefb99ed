from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livefeed.core.markdown import MAX_DEPTH, plain_text, render, text_of_safe

REL = 'rel="noopener nofollow ugc"'
ALLOWED = {
    *("p", "br", "strong", "em", "b", "i", "s", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a"),
    *("h3", "h4", "hr", "img", "table", "thead", "tbody", "tr", "th", "td"),
}

# What a browser sees in the output: html5ever writes tags in this form only.
TAG = re.compile(r'</?([a-z0-9]+)((?: [a-z]+="[^"]*")*)>')
ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')


def assert_safe(html: str) -> None:
    """Only listed tags and attributes, only addresses of the listed kinds."""
    assert "<" not in TAG.sub("", html)
    for tag, attributes in TAG.findall(html):
        assert tag in ALLOWED
        for name, value in ATTRIBUTE.findall(attributes):
            match tag, name:
                case "a", "href":
                    assert re.match(r"(?i)https?://|mailto:", value)
                case "img", "src":
                    assert re.match(r"(?i)https://|/media/", value)
                case "img", "width" | "height":
                    assert value.isdecimal()
                case "img", "alt":
                    pass
                case _:
                    assert (tag, name, value) == ("a", "rel", "noopener nofollow ugc")


MARKDOWN = [
    ("a\nb", "<p>a<br>\nb</p>"),
    ("**a** *b* ~~c~~ `d<`", "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d&lt;</code></p>"),
    ("<b>a</b>", "<p>&lt;b&gt;a&lt;/b&gt;</p>"),
    ("# a", "<h3>a</h3>"),
    ("## a", "<h3>a</h3>"),
    ("### a", "<h3>a</h3>"),
    ("#### a", "<h4>a</h4>"),
    ("##### a", "<h4>a</h4>"),
    ("###### a", "<h4>a</h4>"),
    ("a\n=", "<h3>a</h3>"),
    ("[a](https://example.org)", f'<p><a href="https://example.org" {REL}>a</a></p>'),
    ("[a](mailto:a@example.org)", f'<p><a href="mailto:a@example.org" {REL}>a</a></p>'),
    ("<https://example.org>", f'<p><a href="https://example.org" {REL}>https://example.org</a></p>'),
    ("[a](/here)", "<p>a</p>"),
    ("[a](//example.org)", "<p>a</p>"),
    ("[a](ftp://example.org)", "<p>a</p>"),
    ("![a](https://example.org/a.png)", '<p><img src="https://example.org/a.png" alt="a"></p>'),
    (
        "![a](/media/0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b.png)",
        '<p><img src="/media/0a1b0a1b0a1b0a1b0a1b0a1b0a1b0a1b.png" alt="a"></p>',
    ),
    ("a ![a](http://example.org/a.png)", "<p>a </p>"),
    ("> a", "<blockquote>\n<p>a</p>\n</blockquote>"),
    ("3. a", "<ol>\n<li>a</li>\n</ol>"),
    ("```py\na < b\n```", "<pre><code>a &lt; b\n</code></pre>"),
    ("---", "<hr>"),
    (
        "|a|\n|:-:|\n|b|",
        "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table>",
    ),
]


@pytest.mark.parametrize(("text", "html"), MARKDOWN)
def test_markdown(text: str, html: str) -> None:
    assert render(text, "markdown") == html
    assert render(html, "html") == html


HTML = [
    (
        "<p><a href='https://a.example/?b=1&c=2'>d</a></p>",
        f'<p><a href="https://a.example/?b=1&amp;c=2" {REL}>d</a></p>',
    ),
    ("<h1>a</h1><h2>b</h2><h5>c</h5>", "<h3>a</h3><h3>b</h3><h4>c</h4>"),
    ("<div>a</div><div class=x>b</div>", "<p>a</p><p>b</p>"),
    ("<span style='color:red' id=a class=b data-c=d>a</span>", "a"),
    ("<p class=a>b</p><p> </p>", "<p>b</p>"),
    ("<b style='x: y'>a</b><font color=red>b</font>", "<b>a</b>b"),
    (
        '<img src="https://example.org/a.png" alt="a" width="10" height="20" class="b" srcset="c">',
        '<img src="https://example.org/a.png" alt="a" width="10" height="20">',
    ),
    (
        '<img src="https://example.org/a.png" width="100%" height="-1">',
        '<img src="https://example.org/a.png">',
    ),
    ('<a name="here">a</a>', "a"),
    ("a & b < c", "a &amp; b &lt; c"),
]


@pytest.mark.parametrize(("text", "html"), HTML)
def test_html(text: str, html: str) -> None:
    assert render(text, "html") == html
    assert render(html, "html") == html


NASTY = [
    ('<a href="javascript:alert(1)">x</a>', "x"),
    ('<a href="jav&#x09;ascript:alert(1)">x</a>', "x"),
    ('<a href=" &#14; javascript&colon;alert(1)">x</a>', "x"),
    ('<a href="JaVaScRiPt&#58;alert(1)">x</a>', "x"),
    ('<a href="vbscript:msgbox(1)">x</a>', "x"),
    ('<a href="data:text/html,<script>alert(1)</script>">x</a>', "x"),
    ('<a href="//evil.example">x</a>', "x"),
    ('<a href="/\\evil.example">x</a>', "x"),
    ('<a href="\\\\evil.example">x</a>', "x"),
    ('<a href="https:evil.example">x</a>', "x"),
    ('<a href="here">x</a>', "x"),
    ('<a href="#here" target=_blank onclick=alert(1)>x</a>', "x"),
    ("<img src=x onerror=alert(1)>", ""),
    ('<img src="data:image/svg+xml,<svg onload=alert(1)>">', ""),
    ('<img src="//evil.example/a.png">', ""),
    ('<img src="/media/../v1/feeds">', ""),
    ('<img src="/media/%2e%2e/x">', ""),
    ("<img/src=`x`onerror=alert(1)>", ""),
    ("<svg><script>alert(1)</script></svg>", ""),
    ("<svg onload=alert(1)>", ""),
    ('<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg>', ""),
    ("<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>", ""),
    ('<math><mi><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">', ""),
    ("<scr<script>ipt>alert(1)</scr</script>ipt>", "ipt&gt;alert(1)ipt&gt;"),
    ("<script>alert(1)</script >a", "a"),
    ("a<script>alert(1)", "a"),
    ("<style>p{color:red}</style>a", "a"),
    ('<style><img src="</style><img src=x onerror=alert(1)>">', '"&gt;'),
    ("<iframe src=https://evil.example>x</iframe>a", "a"),
    ("<form action=https://evil.example><input name=a><button>x</button></form>", "x"),
    ("<object data=x><embed src=x></object><base href=//evil><meta http-equiv=refresh>", ""),
    ('<noscript><p title="</noscript><img src=x onerror=alert(1)>">', '&lt;p title=""&gt;'),
    ("<!-- a", ""),
    ("a<!-- b --!> c <!-->d", "a c d"),
    ("<![CDATA[<b>x</b>]]>", "x]]&gt;"),
    ("<?php echo 1 ?>a", "a"),
    ("a\0<b\0>b", "ab"),
    ("<p onclick=alert(1) onmouseover='x'>a", "<p>a</p>"),
    ("<b><i>a</b></i>", "<b><i>a</i></b>"),
    ("<p><button><p>a", "<p>a</p>"),
    ("<title><img src=x></title>a", "a"),
    ("<template><img src=x onerror=alert(1)></template>a", "a"),
    ("\ud800a", "\ufffda"),
]


@pytest.mark.parametrize(("text", "html"), NASTY)
def test_nasty_input(text: str, html: str) -> None:
    assert render(text, "html") == html
    assert_safe(render(text, "html"))
    assert_safe(render(text, "markdown"))


TAGS = (
    *("p", "br", "b", "i", "a", "table", "td", "tr", "th", "caption"),
    *("ul", "ol", "li", "blockquote", "pre", "code", "img", "svg", "math", "mi"),
    *("mtext", "style", "script", "title", "noscript", "select", "option", "button", "form", "input"),
    *("textarea", "template", "h1", "h3", "div", "span", "u", "font", "nobr", "iframe"),
    *("object", "applet", "foreignObject", "annotation-xml", "plaintext", "xmp"),
)
HTML_PIECES = [
    *(f"<{tag}>" for tag in TAGS),
    *(f"</{tag}>" for tag in TAGS),
    *('<a href="https://a.b/?x=1&amp;y">', "<a href=//e>", '<img src="https://a/b.png">', "<i a=1>", '<b "'),
    *("<!--", "-->", "<![CDATA[", "]]>", "&lt;", "&amp;lt;", "&#13;", "&nbsp;", "\r\n", "\n"),
    *("\0", '"', "'", "<", ">", "&"),
]
MARKDOWN_PIECES = (
    *("# ", "###### ", "> ", "- ", "1. ", "\n", "\n\n", "`", "```\n", "**", "*", "_", "~~"),
    *("[a](", "https://x.y", ")"),
    *("![", "]", "(", "|", "-|-\n", "<b>", "<!--", "&lt;", "    ", "\\", "<https://a.b>", "[a]: /x\n", '"t"'),
)


def pieces(of: list[str] | tuple[str, ...]) -> st.SearchStrategy[str]:
    return st.lists(st.one_of(st.sampled_from(of), st.text(max_size=5)), max_size=30).map("".join)


@given(pieces(HTML_PIECES))
@settings(deadline=None)
def test_html_is_safe_and_rendering_it_again_changes_nothing(text: str) -> None:
    html = render(text, "html")
    assert_safe(html)
    assert render(html, "html") == html


@given(pieces(MARKDOWN_PIECES))
@settings(deadline=None)
def test_markdown_is_safe_and_rendering_it_as_html_changes_nothing(text: str) -> None:
    html = render(text, "markdown")
    assert_safe(html)
    assert render(html, "html") == html


def repeated(piece: str) -> str:
    return (piece * (20_000 // len(piece)))[:20_000]


EXPENSIVE = {
    "quotes": repeated(">"),
    "block quotes": repeated("<blockquote>"),
    "lists": repeated("<ul><li>"),
    "divs": repeated("<div>"),
    "tables": repeated("<table><tr><td>"),
    "brackets": repeated("["),
    "images": repeated("!["),
    "pairs": "[" * 10_000 + "]" * 10_000,
    "emphasis": repeated("***a"),
    "lines": repeated("a\n"),
    "wide table": "|" * 100 + "\n" + "|-" * 99 + "|\n" + "a\n" * 9_800,
    "less than": repeated("<"),
    "comments": repeated("<!--"),
    "entities": repeated("&#"),
    "formatting": "<p>" + "<b><i><s><em><strong><code>" * 3 + "<p>x" * 4_950,
    "formatting with attributes": "<p>" + "".join(f"<i {n:x}>" for n in range(1200)) + "<p>x" * 2_400,
    "formatting with quotes": "<p>" + "".join(f'<i {n:x}=">">' for n in range(1200)) + "<p>x" * 1_400,
    "adoption": "<b><p>" * 1_700 + "</b>" * 2_400,
}


@pytest.mark.parametrize("name", EXPENSIVE)
def test_no_text_takes_long(name: str) -> None:
    """Measured: at most 0.15 s each; without the bounds, several need more than a second."""
    text = EXPENSIVE[name]
    started = time.process_time()
    for html in render(text, "markdown"), render(text, "html"):
        assert_safe(html)
        assert depth(html) <= MAX_DEPTH
    assert time.process_time() - started < 1


def depth(html: str) -> int:
    level = deepest = 0
    for tag in TAG.finditer(html):
        if tag[1] not in ("br", "hr", "img"):
            level += -1 if tag[0].startswith("</") else 1
            deepest = max(deepest, level)
    return deepest


@pytest.mark.parametrize("text", ["> " * 60 + "deep", "- " * 60 + "deep"])
def test_too_deep_markdown_keeps_its_text(text: str) -> None:
    assert "deep" in render(text, "markdown")


def test_too_deep_html_keeps_its_text() -> None:
    assert render("<blockquote>" * 60 + "a & <b>b</b>", "html") == "<p>a &amp; b</p>"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a</p><p>b</p>", "a  b"),
        ("a<br>b", "a b"),
        ("<ul><li>a</li><li>b &amp;amp; c &lt;d&gt;</li></ul>", "a  b &amp; c <d>"),
        ("<b>a</b>b", "ab"),
        ("a<script>b</script>", "a"),
        ("a &nbsp;é&eacute;", "a \xa0éé"),
        ("", ""),
    ],
)
def test_plain_text(html: str, text: str) -> None:
    assert plain_text(html) == text


@given(pieces([*HTML_PIECES, *MARKDOWN_PIECES]))
@settings(deadline=None)
def test_of_what_was_rendered_the_quick_way_gives_the_same(text: str) -> None:
    for html in (render(text, "html"), render(text, "markdown")):
        assert text_of_safe(html) == plain_text(html)
