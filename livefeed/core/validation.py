"""Validating what was sent: what breaks a rule is told to the person who sent it, field by field."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from livefeed.core.models import PATTERN_WORDS
from livefeed.errors import FieldError, InvalidInput

__all__ = ["parse"]

_Model = TypeVar("_Model", bound=BaseModel)


def parse(model: type[_Model], data: Any) -> _Model:
    """Validate ``data`` (as parsed from JSON) against ``model``.

    Raises:
        InvalidInput: naming each field that breaks a rule.
    """
    if not isinstance(data, dict):
        raise InvalidInput.of("body", "send a JSON object")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InvalidInput([_field_error(item) for item in error.errors(include_url=False)]) from error


def _field_error(item: Any) -> FieldError:
    field = ".".join(str(part) for part in item["loc"])
    message = _in_words(item) or str(item["msg"]).removeprefix("Value error, ")
    if not field:  # from a validator of the whole model, which names the field itself
        field, _, message = message.partition(": ")
    return FieldError(field or "body", message)


def _in_words(item: Any) -> str | None:
    """What pydantic says in the terms of its own machinery, said to the person who sent it."""
    limits = item.get("ctx", {})
    match item["type"]:
        case "extra_forbidden":
            return "there is no such field, or it cannot be set"
        case "missing":
            return "this field is required"
        case "string_too_short" | "too_short":
            return "this must not be empty"
        case "string_too_long" | "too_long":
            what = "entries" if isinstance(item["input"], list) else "characters"
            return f"at most {limits['max_length']:,} {what} are allowed"
        case "string_pattern_mismatch":
            return PATTERN_WORDS.get(limits["pattern"])
        case "model_type":
            return "give a JSON object"
        case "literal_error":
            return f"give {limits['expected'].replace(chr(39), '')}"
        case "string_type":
            return "give a text"
        case "bool_type":
            return "give true or false"
        case "int_type":
            return "give a whole number"
        case "list_type":
            return "give a list"
        case "greater_than_equal":
            return f"give at least {limits['ge']:,}"
        case "less_than_equal":
            return f"give at most {limits['le']:,}"
    return None
