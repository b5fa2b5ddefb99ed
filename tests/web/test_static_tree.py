"""The tree of static files."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from livefeed.errors import StartupError
from livefeed.web import static_tree
from livefeed.web.static_tree import StaticTree, static_root


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
