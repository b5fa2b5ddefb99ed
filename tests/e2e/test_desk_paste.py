"""What other programs put on the clipboard, as Markdown; and what the toolbar does to a text."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.blank import MODULES, open_blank
from tests.e2e.conftest import Server

WORD = (
    "<html xmlns:o='urn:schemas-microsoft-com:office:office'><head><style>p {margin: 0}</style></head><body>"
    "<!--StartFragment--><p class=MsoNormal>The <b style='mso-bidi-font-weight:normal'>second\nrunway</b> is "
    "<i>open</i>.<o:p></o:p></p><p class=MsoListParagraphCxSpFirst style='mso-list:l0 level1 lfo1'>"
    "<![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·"
    "<span>&nbsp;&nbsp; </span></span></span><![endif]>First<o:p></o:p></p>"
    "<p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>· "
    "</span>Second</p><!--EndFragment--></body></html>"
)
DOCS = (
    '<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1"><p dir="ltr">'
    '<span style="font-weight:400;font-style:normal">Police </span><span style="font-weight:700">con</span>'
    '<span style="font-weight:700">firm</span><span style="font-weight:400"> it, </span>'
    '<a href="https://example.org/a_(b)"><span style="font-style:italic;font-weight:400">see here</span></a>'
    "</p><br><ul><li><p><span>one</span></p></li><ul><li><span>within</span></li></ul><li>two</li></ul></b>"
)
PAGE = (
    "<article><h1>Storm</h1><p>Gusts of <strong>130&nbsp;km/h </strong>were <em>measured</em><br>on the quay."
    "</p><blockquote><p>Stay in.</p><p>All of you.</p></blockquote><ol start=3><li>three</li><li>four</li>"
    '</ol><img src="x" onerror="window.hurt = 1"><script>window.hurt = 1</script><style>p{}</style><hr>'
    "<table><tr><th>Road</th><th>State</th></tr><tr><td>A | 1</td><td>closed</td></tr></table>"
    '<pre>a\n  b</pre><p><a href="javascript:alert(1)">no link</a> <a href="https://a.example/">'
    "https://a.example/</a> <code>x*y</code> <s>gone</s></p></article>"
)
CASES = {
    "Word": (WORD, "The **second runway** is *open*.\n\n- First\n- Second"),
    "Google Docs": (
        DOCS,
        "Police **confirm** it, [*see here*](<https://example.org/a_(b)>)\n\n- one\n  - within\n- two",
    ),
    "a page": (
        PAGE,
        "### Storm\n\nGusts of **130 km/h** were *measured*\non the quay.\n\n> Stay in.\n>\n> All of you.\n\n"
        "3. three\n4. four\n\n---\n\n| Road | State |\n| --- | --- |\n| A \\| 1 | closed |\n\n"
        "```\na\n  b\n```\n\nno link <https://a.example/> `x*y` ~~gone~~",
    ),
    "signs that mean something": (
        "<div># no heading</div><div>- no list</div><div>1. May</div><div>5 * 3, snake_case, *stars*, "
        "[x](y), &amp;lt; and &lt;b&gt;</div>",
        "\\# no heading\n\n\\- no list\n\n1\\. May\n\n"
        "5 * 3, snake_case, \\*stars\\*, \\[x\\](y), \\&lt; and <b>",
    ),
    "a layout's table": ("<table><tr><td><p>One</p><p>Two</p></td></tr></table>", "One\n\nTwo"),
    "plain lines": ("<span>just words</span>", "just words"),
}


def module(page: Page, name: str, code: str, arg: Any = None) -> Any:
    return page.evaluate(
        f"async (arg) => {{ const it = await import('{MODULES}/desk/{name}.js'); {code} }}", arg
    )


def to_markdown(page: Page, html: str) -> Any:
    inert = f"(await import('{MODULES}/client/html.js')).inert(arg)"
    return module(page, "tomarkdown", f"return it.toMarkdown({inert})", html)


@pytest.mark.parametrize(("html", "markdown"), CASES.values(), ids=CASES)
def test_rich_text_becomes_markdown(page: Page, server: Server, html: str, markdown: str) -> None:
    open_blank(page, server)
    assert to_markdown(page, html) == markdown
    assert page.evaluate("window.hurt") is None


def test_what_looks_like_markup_is_shown_to_readers_as_it_was(page: Page, server: Server) -> None:
    open_blank(page, server)
    said = "# 1) *a* _b_ `c` ~~d~~ [e](f) &lt;g&gt; <b>h</b> <https://i.example> > j \\k ** | l"
    markdown = to_markdown(page, f"<p>{said.replace('&', '&amp;').replace('<', '&lt;')}</p>")
    update = server.publish(markdown)
    assert update["headline"] == said
    assert [tag for tag in ("<em>", "<a", "<code>") if tag in update["html"]] == []


TIMELINES: dict[str, tuple[str, list[str]]] = {
    "newest last": (
        "13:58 — First\n14:05 – Second\n  with more\n\n14.10 Uhr: Third",
        ["13:58 First", "14:05 Second\n  with more", "14:10 Third"],
    ),
    "newest first": (
        "2:10 pm - Third\n2:05 p.m.: Second\n11:58 AM First",
        ["11:58 First", "14:05 Second", "14:10 Third"],
    ),
    "marked": ("- **13:58** First\n- [14:05] Second", ["13:58 First", "14:05 Second"]),
    "past midnight": ("23:50 Before\n00:10 After", ["Sat 23:50 Before", "00:10 After"]),
    "one line": ("14:05 — alone", []),
    "a text": ("At the quay\n14:05 — one\n14:06 — two", []),
    "a table of results": ("3:1 (2:0)\n2:2", []),
}


@pytest.mark.parametrize(("text", "found"), TIMELINES.values(), ids=TIMELINES)
def test_lines_with_times_are_a_timeline(page: Page, server: Server, text: str, found: list[str]) -> None:
    open_blank(page, server)
    code = """const now = +new Date(2026, 10, 22, 15, 0);
      return it.timeline(arg, now).map(({ time, text }) => {
        const two = (number) => String(number).padStart(2, '0');
        const day = time.getDate() === 22 ? '' : `${time.toDateString().slice(0, 3)} `;
        return `${day}${two(time.getHours())}:${two(time.getMinutes())} ${text}`;
      });"""
    assert module(page, "timeline", code, text) == found


# What is selected stands between ‹ and ›; they are one, where nothing is.
TOOLS = {
    "bold": ("bold", "a ‹word›", "a **‹word›**"),
    "no bold": ("bold", "a **‹word›**", "a ‹word›"),
    "spaces stay outside": ("italic", "a‹ word ›b", "a *‹word›* b"),
    "italic within bold": ("italic", "**‹word›**", "***‹word›***"),
    "nothing selected": ("bold", "a ‹›", "a **‹›**"),
    "link": ("link", "see ‹this›", "see [this](‹https://›)"),
    "link of an address": ("link", "‹https://a.example/›", "[‹›](https://a.example/)"),
    "quote": ("quote", "one\nt‹w›o", "one\n> two‹›"),
    "list": ("list", "‹one\ntwo›", "‹- one\n- two›"),
    "no list": ("list", "‹- one\n- two›", "‹one\ntwo›"),
}


@pytest.mark.parametrize(("action", "before", "after"), TOOLS.values(), ids=TOOLS)
def test_the_toolbar_changes_what_is_selected(
    page: Page, server: Server, action: str, before: str, after: str
) -> None:
    open_blank(page, server, "<textarea></textarea>")
    code = """const field = document.querySelector('textarea');
      field.value = arg[1].replace(/[‹›]/g, '');
      field.setSelectionRange(arg[1].indexOf('‹'), arg[1].indexOf('›') - 1);
      it.format(field, arg[0]);
      const { value, selectionStart: from, selectionEnd: to } = field;
      return `${value.slice(0, from)}‹${value.slice(from, to)}›${value.slice(to)}`;"""
    assert module(page, "toolbar", code, [action, before]) == after


def test_ids_are_those_of_the_server(page: Page, server: Server) -> None:
    open_blank(page, server)
    made = module(page, "ids", "return [it.newId(1_795_500_000_000), it.newId(), it.newId()]")
    assert len(set(made)) == 3
    assert made[0] < made[1]
    published = server.publish("Hello", id=made[1])
    assert published["id"] == made[1]
    assert server.publish("Later")["id"] > made[1]


def test_the_servers_clock_is_learned_from_its_answers(page: Page, server: Server) -> None:
    open_blank(page, server)
    code = """const { Clock } = it;
      const clock = new Clock();
      const before = clock.now(1000);
      const asked = Date.UTC(2026, 10, 22, 14, 58);
      clock.answered('Sun, 22 Nov 2026 15:00:00 GMT', asked, asked + 100);
      const roughly = clock.ahead;
      clock.bound(120_050, 120_090);
      const closely = clock.ahead;
      clock.bound(-10, 10);
      return [before, roughly, closely, clock.ahead];"""
    before, roughly, closely, reset = module(page, "clock", code)
    assert before == 1000
    assert 119_900 <= roughly <= 122_000
    assert closely == 120_070
    assert reset == 0


def test_two_peoples_changes_are_merged_field_by_field(page: Page, server: Server) -> None:
    open_blank(page, server)
    code = """const base = { title: null, text: 'a', tags: ['x'], key: false };
      return [
        it.merge(base, { ...base, text: 'mine' }, { ...base, tags: ['y'], key: true }),
        it.merge(base, { ...base, text: 'mine' }, { ...base, text: 'theirs' }).conflicts,
        it.merge(base, { ...base, text: 'both' }, { ...base, text: 'both' }).conflicts,
        it.patchOf(base, { ...base, tags: ['x'], title: 'T' }),
      ];"""
    merged, conflicts, none, patch = module(page, "merge", code)
    assert merged == {
        "merged": {"title": None, "text": "mine", "tags": ["y"], "key": True},
        "theirs": ["tags", "key"],
        "conflicts": [],
    }
    assert (conflicts, none, patch) == (["text"], [], {"title": "T"})
