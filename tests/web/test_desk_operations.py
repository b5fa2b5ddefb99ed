from __future__ import annotations

from livefeed.web import components, contract, desk_operations


def test_they_are_part_of_the_table() -> None:
    assert all(operation in contract.operations for operation in desk_operations.operations)


def test_each_answer_is_described_and_each_description_used() -> None:
    named = {
        answer.schema for operation in desk_operations.operations for answer in operation.answers.values()
    } - {None}
    assert {model.__name__ for model in desk_operations.ANSWERS} == named
    assert set(desk_operations.ANSWERS) <= set(components.ANSWER_MODELS)


def test_nobody_unknown_is_answered() -> None:
    assert all(operation.role is not None for operation in desk_operations.operations)
    assert all(operation.preflight is None for operation in desk_operations.operations)
