"""The demo's script: what is published, edited and deleted, and when."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Coverage", "Delete", "Edit", "Publish", "load_coverage"]


class _Step(BaseModel):
    """``name`` is what the steps of one update have in common; it comes ``after_s`` the step before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z-]{1,30}$")]
    after_s: Annotated[float, Field(ge=0)] = 0


class Publish(_Step):
    """``update`` as one would send it; shown as published ``ago_min`` minutes ago."""

    do: Literal["publish"]
    update: dict[str, Any]
    ago_min: float = 0


class Edit(_Step):
    do: Literal["edit"]
    patch: dict[str, Any]


class Delete(_Step):
    do: Literal["delete"]


class Coverage(BaseModel):
    """``pause_s`` is the time between its end and its beginning again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    feed: dict[str, Any]
    steps: list[Annotated[Publish | Edit | Delete, Field(discriminator="do")]]
    pause_s: float


def load_coverage() -> Coverage:
    """The coverage that comes with livefeed."""
    return Coverage.model_validate_json(files(__package__).joinpath("coverage.json").read_bytes())
