"""The tree of static files."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from livefeed.errors import StartupError
from livefeed.web import static_tree
from livefeed.web.static_tree import StaticTree, static_root
from tests.web.tokens import tokens

SOURCES = sorted(
    path.relative_to(static_root()).as_posix()
    for path in static_root().rglob("*")
    if path.suffix in (".css", ".js")
)
KIB = 1024


def make_tree(root: Path, **contents: str) -> StaticTree:
    files = {
        "embed.js": "import('/static/__LIVEFEED_BUILD__/ticker/define.js');",
        "ticker/page.js": "const a = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';",
        "ticker/ticker.css": "p { color: red }",
        "ticker/dot.png": "not packed: " + "a" * 200,
        ".hidden": "no",
    }
    for name, text in (files | contents).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return StaticTree(root)


@pytest.fixture
def tree(tmp_path: Path) -> StaticTree:
    return make_tree(tmp_path)


def test_the_hash_is_of_every_path_and_content(tmp_path: Path) -> None:
    first = make_tree(tmp_path / "a")
    assert re.fullmatch("[0-9a-f]{12}", first.hash)
    assert first.prefix == f"/static/{first.hash}"
    assert first.hash == make_tree(tmp_path / "b").hash
    assert first.hash != make_tree(tmp_path / "c", **{"ticker/page.js": "changed"}).hash
    assert first.hash != make_tree(tmp_path / "d", **{"more.js": ""}).hash


def test_the_hash_is_of_what_is_served(tmp_path: Path) -> None:
    first = make_tree(tmp_path / "a", **{"ticker/time.js": "const a = 1;\n"})
    assert first.hash == make_tree(tmp_path / "b", **{"ticker/time.js": "// One\n  const a = 1;\n"}).hash


def test_hidden_files_are_left_out(tree: StaticTree) -> None:
    assert tree.names == {"embed.js", "ticker/page.js", "ticker/ticker.css", "ticker/dot.png"}


def test_the_checkout_has_a_tree() -> None:
    assert {"embed.js", "ticker/page.js", "client/html.js", "desk/desk.js"} <= StaticTree(static_root()).names


def test_a_missing_tree_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static_tree, "_PACKAGE", tmp_path / "livefeed")
    with pytest.raises(StartupError, match="static/ is missing"):
        static_root()


def test_a_wheel_has_it_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_tree(tmp_path / "livefeed" / "static")
    monkeypatch.setattr(static_tree, "_PACKAGE", tmp_path / "livefeed")
    assert static_root() == tmp_path / "livefeed" / "static"


def test_the_real_tree_imports_only_what_is_there() -> None:
    """Relative imports stay within one build."""
    root = static_root()
    for module in root.rglob("*.js"):
        for address in re.findall(r"^(?:import|export)\b[^;]*?'([^']+)';", module.read_text(), re.MULTILINE):
            assert address.startswith("."), f"{module}: {address}"
            assert (module.parent / address).resolve().is_file(), f"{module}: {address}"


def test_what_is_kept_packed_unpacks_to_the_same(tree: StaticTree) -> None:
    found = tree.find(f"{tree.hash}/ticker/page.js")
    assert found is not None
    assert found[0].gzipped is not None
    assert gzip.decompress(found[0].gzipped) == found[0].body


def test_a_modules_closure_is_all_that_it_imports_at_once(tmp_path: Path) -> None:
    one = "/** @import { X } from './types' */\nimport { b } from './two.js';\nimport '../three.js';\n"
    two = "export { c } from '../three.js';\nimport {\n  d,\n} from './one.js';\nimport('./late.js');\n"
    contents = {"a/one.js": one, "a/two.js": two, "a/late.js": "", "three.js": "const x = 'import';\n"}
    tree = make_tree(tmp_path, **contents)
    assert tree.closure("a/one.js") == ("a/one.js", "a/two.js", "three.js")
    assert tree.closure("three.js") == ("three.js",)


def test_the_ticker_page_s_closure() -> None:
    closure = StaticTree().closure("ticker/page.js")
    assert closure[0] == "ticker/page.js"
    assert {"ticker/view.js", "client/feed.js", "client/backoff.js"} < set(closure)
    assert "ticker/element.js" not in closure


def served(root: Path, name: str, text: str) -> str:
    tree = make_tree(root, **{name: text})
    found = tree.find(f"{tree.hash}/{name}")
    assert found is not None
    return found[0].body.decode()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/** What it is.\n * More.\n */\nconst a = 1;\n", "const a = 1;\n"),
        ("const a = 1;\n\n  // Why\n  /* and how */\n\n  const b = 2;", "const a = 1;\nconst b = 2;"),
        ("class A {\n  /** @type {?B} */ #b = null;\n}\n", "class A {\n#b = null;\n}\n"),
        ("/* a */ // b\nf();\n// the end", "f();\n"),
        ('// "/*\nf();\n/* // */\ng();\n', "f();\ng();\n"),
        (
            "const a = 1; // one\nconst b = '//'; /* two */\n",
            "const a = 1; // one\nconst b = '//'; /* two */\n",
        ),
        ("f('/*');\ng('*/');\n", "f('/*');\ng('*/');\n"),
        ("a\n  /b/g\n", "a\n/b/g\n"),
        ("f();\n/* without an end\n", "f();\n/* without an end\n"),
    ],
)
def test_what_is_for_authors_is_not_served(tmp_path: Path, text: str, left: str) -> None:
    assert served(tmp_path, "some.js", text) == left


def test_a_style_sheet_has_block_comments_alone(tmp_path: Path) -> None:
    text = "/* Head */\np {\n  color: red;\n}\n\n//x /* y */ a { b: c } /* z */\n"
    assert served(tmp_path, "some.css", text) == "p {\ncolor: red;\n}\n//x /* y */ a { b: c } /* z */\n"


def test_other_files_are_served_as_they_are(tmp_path: Path) -> None:
    assert served(tmp_path, "some.txt", "  // a\n\n/* b */\n") == "  // a\n\n/* b */\n"


@pytest.mark.parametrize("name", SOURCES)
def test_what_a_browser_runs_is_what_was_written(name: str) -> None:
    """Token by token and line break by line break; and no literal spans lines, which ``tokens`` refuses."""
    tree = StaticTree()
    found = tree.find(f"{tree.hash}/{name}")
    assert found is not None
    source = (static_root() / name).read_text().replace("__LIVEFEED_BUILD__", tree.hash)
    body = found[0].body.decode()
    assert tokens(body, Path(name).suffix) == tokens(source, Path(name).suffix)
    assert not re.search(r"^(?:\s|/\*|//)", body, re.MULTILINE)


def test_tokens_tell_literals_from_comments() -> None:
    code = "f(`a // ${g({b: `}`})} /*`) /* c\nd */ / '//\\'' // e\n;return /[/*]\\//g.x"
    assert tokens(code, ".js") == [
        *("f", "(", "`a // ${g({b: `}`})} /*`", ")", "\n", "/", " ", "'//\\''", "\n"),
        *(";", "return", " ", "/[/*]\\//g", ".", "x"),
    ]
    assert tokens('a{b: url(//c) "/*"}', ".css")[4:] == [
        " ",
        "url",
        "(",
        "/",
        "/",
        "c",
        ")",
        " ",
        '"/*"',
        "}",
    ]
    for code in ("f(`a\nb`)", "'a\nb'", "f(`a"):
        with pytest.raises(ValueError, match="does not end on its line"):
            tokens(code, ".js")


def imported(name: str, *patterns: str) -> set[str]:
    """The module and all that it leads to, by imports that match."""
    root, seen, waiting = static_root(), set[str](), [name]
    while waiting:
        if (name := waiting.pop()) not in seen:
            seen.add(name)
            text = (root / name).read_text()
            addresses = [found for pattern in patterns for found in re.findall(pattern, text, re.MULTILINE)]
            waiting += [((root / name).parent / a).resolve().relative_to(root).as_posix() for a in addresses]
    return seen


def weight(*names: str) -> int:
    """Bytes sent for these files, each packed by itself."""
    tree = StaticTree()
    found = [tree.find(f"{tree.hash}/{name}") for name in names]
    return sum(len(f[0].gzipped or f[0].body) for f in found if f)


def test_the_page_stays_light() -> None:
    """What a reader's page loads before it is live, and what it may load later."""
    static, dynamic = r"^(?:import|export)\b[^;]*?'(\.[^']+)';", r"\bimport\('(\.[^']+)'\)"
    first = imported("ticker/page.js", static)
    later = imported("ticker/page.js", static, dynamic) - first
    assert len(first) > 8
    assert weight(*first) <= 12 * KIB
    assert weight(*later) <= 6 * KIB
    assert weight("ticker/ticker.css") <= 6 * KIB
    assert weight("embed.js") <= 2 * KIB
