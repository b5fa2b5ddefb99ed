"""The modules that a ticker begins with, as one."""

from __future__ import annotations

import re
from collections import Counter

from livefeed.web.modules import CORE, joined
from livefeed.web.static_tree import static_root

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


def test_without_a_page_nothing_is_joined() -> None:
    modules = {"ticker/page.js": "f();\n", "alone.js": "f();\n"}
    assert joined(modules) == modules


def test_the_parts_can_be_joined() -> None:
    """They import and export in one way only, know no address of their own, and share no name."""
    root = static_root()
    modules = {path.relative_to(root).as_posix(): path.read_text() for path in root.rglob("*.js")}
    core = joined(modules)[CORE]
    assert "class Connection" in core
    assert "class View" in core
    assert not re.search(r"^import\b|import\.meta|^export default", core, re.MULTILINE)
    assert len(re.findall("^export ", core, re.MULTILINE)) == 1
    names = Counter(re.findall(r"^(?:async )?(?:class|const|function|let) (\w+)", core, re.MULTILINE))
    assert [name for name, times in names.items() if times > 1] == []
    assert not re.search(r"^(?:const|let) [\[{]", core, re.MULTILINE), "names that this test does not see"
