"""The tree of static files."""

from __future__ import annotations

import gzip
import posixpath
import re
from pathlib import Path

import pytest

from livefeed.errors import StartupError
from livefeed.web import static_tree
from livefeed.web.modules import CHUNKS, joined
from livefeed.web.static_tree import StaticTree, static_root
from tests.web.tokens import tokens


def sources(suffix: str) -> dict[str, str]:
    """What was written, by name."""
    root = static_root()
    return {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob(f"*{suffix}")}


MODULES, STYLES = sources(".js"), sources(".css")
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
        for address in re.findall(
            r"^(?:import|export)\b[^;=(]*?'([^']+)';", module.read_text(), re.MULTILINE
        ):
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
    assert StaticTree().closure("ticker/page.js") == ("ticker/page.js", "ticker/core.js")


def served(root: Path, name: str, text: str) -> str:
    tree = make_tree(root, **{name: text})
    found = tree.find(f"{tree.hash}/{name}")
    assert found is not None
    return found[0].body.decode()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("/** What it is.\n * More.\n */\nconst a = 1;\n", "const a=1;"),
        ("class A {\n  /** @type {?B} */ #b = null;\n}\n", "class A{#b=null;}"),
        ('// "/*\nf();\n/* // */\ng();\n', "f();g();"),
        ("f('/*  x');\ng('*/');\n", "f('/*  x');g('*/');"),
        ("const a = `${b} // c`; // d\n", "const a=`${b} // c`;"),
        ("a = b\nc()\n", "a=b\nc()"),
    ],
)
def test_what_is_for_authors_is_not_served(tmp_path: Path, text: str, left: str) -> None:
    assert served(tmp_path, "some.js", text) == left


def test_a_style_sheet_has_block_comments_alone(tmp_path: Path) -> None:
    text = "/* Head */\np {\n  color: red;\n}\n\n//x /* y */ a { b: c } /* z */\n"
    assert served(tmp_path, "some.css", text) == "p {\ncolor: red;\n}\n//x /* y */ a { b: c } /* z */\n"


def test_other_files_are_served_as_they_are(tmp_path: Path) -> None:
    assert served(tmp_path, "some.txt", "  // a\n\n/* b */\n") == "  // a\n\n/* b */\n"


@pytest.mark.parametrize("name", sorted({*CHUNKS, *MODULES, *STYLES}))
def test_what_a_browser_runs_is_what_was_written(name: str) -> None:
    """Token by token, but for what is joined; and no literal spans lines, which ``tokens`` refuses."""
    tree = StaticTree()
    found = tree.find(f"{tree.hash}/{name}")
    assert found is not None
    source = (joined(MODULES) | STYLES)[name].replace("__LIVEFEED_BUILD__", tree.hash)
    body = found[0].body.decode()
    assert code(body, Path(name).suffix) == code(source, Path(name).suffix)
    assert not re.search(r"^(?:\s|/\*|//)", body, re.MULTILINE)


def code(text: str, suffix: str) -> list[str]:
    """Tokens; in a module the white space between them is left to the packer, which knows where it counts."""
    return [token for token in tokens(text, suffix) if suffix == ".css" or token.strip()]


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


_LATER = re.compile(r"\bimport\('(\.[^']+)'\)")


def loaded_later(tree: StaticTree, *names: str) -> set[str]:
    """What these modules import in time, and what that leads to, as it is served."""
    found, waiting = set(names), list(names)
    while waiting:
        name = waiting.pop()
        file = tree.find(f"{tree.hash}/{name}")
        assert file is not None, name
        body = file[0].body.decode()
        for address in _LATER.findall(body):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), address))
            waiting += [each for each in tree.closure(path) if each not in found]
            found.update(tree.closure(path))
    return found - set(names)


def weight(tree: StaticTree, *names: str) -> int:
    """Bytes sent for these files, each packed by itself."""
    found = [tree.find(f"{tree.hash}/{name}") for name in names]
    return sum(len(each[0].gzipped or each[0].body) for each in found if each)


def test_the_page_stays_light() -> None:
    """What a reader's page loads before it is live and what it may load later; then the embed, the desk."""
    tree = StaticTree()
    first = tree.closure("ticker/page.js")
    # The desk's part is loaded by editors only, who were at the desk in this browser.
    later = {name for name in loaded_later(tree, *first) if not name.startswith("desk/")}
    assert {"ticker/options.js", "ticker/returning.js", "ticker/share.js", "client/fallbacks.js"} < later
    assert weight(tree, *first) <= 12 * KIB
    assert weight(tree, *later) <= 6 * KIB
    assert weight(tree, "ticker/ticker.css") <= 6 * KIB
    assert weight(tree, "embed.js") <= 2 * KIB
    assert weight(tree, *tree.closure("ticker/define.js")) <= 19 * KIB
    assert weight(tree, *tree.closure("desk/desk.js")) <= 58 * KIB
