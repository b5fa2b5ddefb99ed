"""The exception tree: one base, drawn in the module's docstring."""

from __future__ import annotations

import re

from livefeed import errors
from livefeed.errors import FieldError, InvalidInput, LivefeedError, RevisionConflict


def test_the_drawing_shows_each_class_with_its_base() -> None:
    drawn = _drawn()
    actual = {
        name: getattr(errors, name).__base__.__name__
        for name in errors.__all__
        if isinstance(getattr(errors, name), type) and issubclass(getattr(errors, name), LivefeedError)
    }
    del actual["LivefeedError"]
    assert drawn == actual


def _drawn() -> dict[str, str]:
    """Class → base, as the tree in the docstring has them."""
    path, tree = ["LivefeedError"], {}
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^ {4}((?:[│ ] {3})*)[├└]── (\w+)", line):
            depth = len(found[1]) // 4 + 1
            path = [*path[:depth], found[2]]
            tree[found[2]] = path[depth - 1]
    return tree


def test_errors_carry_values_and_say_a_sentence() -> None:
    error = InvalidInput([FieldError("title", "too long"), FieldError("tags.0", "empty")])
    assert [item.field for item in error.errors] == ["title", "tags.0"]
    assert str(error) == "title: too long; tags.0: empty"
    assert RevisionConflict(b"{}").current == b"{}"
