from __future__ import annotations

from livefeed.web import components, contract, item_operations


def test_they_are_part_of_the_table() -> None:
    assert all(operation in contract.operations for operation in item_operations.operations)


def test_each_answer_is_described() -> None:
    ours = {model.__name__ for model in item_operations.ANSWERS}
    named = {
        answer.schema for operation in item_operations.operations for answer in operation.answers.values()
    }
    assert ours <= named
    assert set(item_operations.ANSWERS) <= set(components.ANSWER_MODELS)


def test_who_may() -> None:
    """Contributors write; what readers will see is for editors."""
    editors = {o.name for o in item_operations.operations if o.role == "editor"}
    assert editors == {"returnItem", "scheduleItem", "publishItem", "releaseItem"}
    assert all(o.preflight is None for o in item_operations.operations)
