"""The modules that a page or an embed begins with, as one chunk each."""

from __future__ import annotations

import posixpath
import re
from collections import Counter

import pytest

from livefeed.web.modules import CHUNKS, joined
from livefeed.web.static_tree import StaticTree
from tests.chunks import modules, top_names

CORE, EMBEDDED, HINTS, DESK = CHUNKS
HAVE = {
    CORE: ("Connection", "View"),
    EMBEDDED: ("LiveFeed", "SharedConnection"),
    HINTS: (),
    DESK: ("Compose", "Outbox"),
}
B, A, LATE = "import { b }", "import { a }", "import('./late.js')"
MODULES = {
    "ticker/page.js": f"{B} from '../client/b.js';\n{A} from './a.js';\na(b);\n{LATE};\n",
    "ticker/a.js": "/** A */\nimport { b, c } from '../client/b.js';\nexport async function a() { b(c) }\n",
    "client/b.js": f"{A} from '../ticker/a.js';\nexport const b = () => {LATE};\nexport class c {{}}\n",
    "client/late.js": f"{B} from './b.js';\nexport const late = b;\n",
    "ticker/late.js": f"import {{ late }} from '../client/late.js';\n{A} from './a.js';\n",
    "alone.js": "f();\n",
}


def test_what_the_page_imports_is_one_module() -> None:
    served = joined(MODULES)
    assert set(served) == {*MODULES, CORE}
    assert served[CORE] == (
        "/** A */\nasync function a() { b(c) }\n"
        "const b = () => import('../client/late.js');\nclass c {}\n"
        "export { a, b };\n"
    )


def test_whoever_imports_a_part_gets_the_whole() -> None:
    served = joined(MODULES)
    assert served["ticker/page.js"] == (
        "import { b } from './core.js';\nimport { a } from './core.js';\na(b);\nimport('./late.js');\n"
    )
    assert served["client/late.js"] == "import { b } from '../ticker/core.js';\nexport const late = b;\n"
    assert served["ticker/late.js"] == (
        "import { late } from '../client/late.js';\nimport { a } from './core.js';\n"
    )
    unchanged = ("ticker/a.js", "client/b.js", "alone.js")
    assert {name: served[name] for name in unchanged} == {name: MODULES[name] for name in unchanged}


def test_what_else_an_embed_imports_is_another() -> None:
    element = (
        f"{B} from '../client/b.js';\nimport {{ d }} from './d.js';\nexport class Element {{ x = {LATE} }}\n"
    )
    parts = MODULES | {
        "ticker/define.js": "import { Element } from './element.js';\nElement;\n",
        "ticker/element.js": element,
        "ticker/d.js": "import { c } from '../client/b.js';\nexport const d = c;\n",
        "ticker/late.js": "import { d } from './d.js';\nimport { c } from '../client/b.js';\n",
    }
    served = joined(parts)
    assert set(served) == {*parts, CORE, EMBEDDED}
    assert served["ticker/define.js"] == "import { Element } from './embedded.js';\nElement;\n"
    assert served[EMBEDDED] == (
        "import { b, c } from './core.js';\nconst d = c;\n"
        "class Element { x = import('./late.js') }\nexport { Element, d };\n"
    )
    assert served[CORE].endswith("export { a, b, c };\n")
    assert served["ticker/late.js"] == "import { d } from './embedded.js';\nimport { c } from './core.js';\n"
    assert served["ticker/element.js"] == element


def test_who_shares_a_name_has_a_scope_of_its_own() -> None:
    parts = {
        "desk/desk.js": "import { a } from './a.js';\nimport { b, max } from './b.js';\na(b(max));\n",
        "desk/a.js": "const words = 1;\nexport function a() { return words; }\nexport class Other {}\n",
        "desk/b.js": "import { c } from './c.js';\nconst words = c;\nexport const max = 3;\n"
        "export const b = () => words;\n",
        "desk/c.js": "export const c = 2;\nexport const Other = 1;\n",
    }
    assert joined(parts)[DESK] == (
        "const { a } = (() => {\nconst words = 1;\nfunction a() { return words; }\nclass Other {}\n"
        "return { a };\n})();\n"
        "const { c } = (() => {\nconst c = 2;\nconst Other = 1;\nreturn { c };\n})();\n"
        "const { max, b } = (() => {\nconst words = c;\nconst max = 3;\nconst b = () => words;\n"
        "return { max, b };\n})();\n"
        "export { a, b, max };\n"
    )


def test_what_imports_nothing_is_not_joined() -> None:
    parts = {"ticker/page.js": "f();\n", "alone.js": "f();\n"}
    assert joined(parts) == parts


@pytest.mark.parametrize("chunk", CHUNKS)
def test_the_parts_can_be_joined(chunk: str) -> None:
    """They import and export in one way only, know no address but their folder's, and give no name twice."""
    text = joined(sources := modules())[chunk]
    for name in HAVE[chunk]:
        assert f"class {name} " in text
    assert not re.search(r"^export default", text, re.MULTILINE)
    elsewhere = [
        each for name, each in sources.items() if posixpath.dirname(name) != posixpath.dirname(chunk)
    ]
    lines = [line for each in elsewhere for line in each.splitlines() if "import.meta" in line]
    assert not any(line in text for line in lines)
    assert len(re.findall("^export ", text, re.MULTILINE)) == 1
    names = Counter(top_names(text))
    assert [name for name, times in names.items() if times > 1] == []
    assert not re.search(r"^(?:const|let) (?:\[|\{(?! [\w, ]* \} = \(\(\) => \{$))", text, re.MULTILINE), (
        "names unseen"
    )


def test_all_that_the_desk_begins_with_is_four_files() -> None:
    assert StaticTree().closure("desk/desk.js") == ("desk/desk.js", CORE, DESK, HINTS)
