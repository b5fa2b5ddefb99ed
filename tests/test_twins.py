"""Each module has its tests in a file of the same name, in the same place under tests/."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULES = [
    p.relative_to(ROOT / "livefeed")
    for p in sorted((ROOT / "livefeed").rglob("*.py"))
    if p.stem != "__init__"
]

EXCEPTIONS = {
    "errors.py": "nothing but classes with a message; each is tested where it is raised",
    "__main__.py": "one line that calls the command line",
}


def has_twin(module: Path) -> bool:
    twin = f"test_{module.stem}.py"
    if (ROOT / "tests" / module.parent / twin).is_file():
        return True
    # Elsewhere (e2e/, faults/) it is the twin only if no other module has this name.
    alone = Counter(m.stem for m in MODULES)[module.stem] == 1
    return alone and any((ROOT / "tests").rglob(twin))


@pytest.mark.parametrize("module", [m for m in MODULES if str(m) not in EXCEPTIONS], ids=str)
def test_each_module_has_its_twin(module: Path) -> None:
    assert has_twin(module), f"livefeed/{module} has no tests/{module.parent}/test_{module.stem}.py"
