from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from livefeed.web.integrity import digest, graph, integrity
from livefeed.web.static_tree import StaticTree
from tests.web.test_static_tree import make_tree

MODULES = {
    "ticker/define.js": "import './element.js';\n",
    "ticker/element.js": "import { a } from '../client/a.js';\nconst b = () => import('./late.js');\n",
    "ticker/late.js": "import { c } from './c.js';\nimport('./element.js');\n",
    "ticker/c.js": "import('./later.js');\n",
    "ticker/later.js": "",
    "client/a.js": "",
    "ticker/page.js": "",
}


def test_the_graph_is_all_that_may_be_loaded(tmp_path: Path) -> None:
    tree = make_tree(tmp_path, **MODULES)
    assert set(graph(tree)) == set(MODULES) - {"ticker/page.js"}


def test_a_digest_is_what_a_browser_makes_of_the_file() -> None:
    tree = StaticTree()
    for name in graph(tree):
        found = tree.find(f"{tree.hash}/{name}")
        assert found is not None
        wanted = base64.b64encode(hashlib.sha384(found[0].body).digest()).decode()
        assert digest(tree, name) == f"sha384-{wanted}"


def test_the_element_s_modules_have_addresses_on_this_server() -> None:
    tree = StaticTree()
    told = integrity(tree, "https://live.example.org")
    prefix = f"https://live.example.org{tree.prefix}/"
    assert {address.removeprefix(prefix) for address in told} == set(graph(tree))
    assert {"ticker/define.js", "ticker/one.js", "client/fallbacks.js"} <= set(graph(tree))


def test_the_loader_preloads_what_the_element_begins_with() -> None:
    tree = StaticTree()
    found = tree.find("embed.js")
    assert found is not None
    parts = re.search(r"PARTS=\[([^\]]*)\]", found[0].body.decode())
    assert parts
    assert {"ticker/define.js", *re.findall(r"'([^']+)'", parts[1])} == set(tree.closure("ticker/define.js"))
