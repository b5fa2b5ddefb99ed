"""What an import's source says, and what of it an update takes over."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from livefeed.core.models import EDITABLE, UpdateCreate
from livefeed.store.commit import Source

__all__ = ["source_of", "taken_over"]


def source_of(draft: UpdateCreate) -> Source | None:
    """The source of a draft, with a digest of what it says; None if it names none."""
    if draft.source is None:
        return None
    said = draft.model_dump(exclude={"id", "source"}, exclude_unset=True)
    digest = hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Source(draft.source, digest[:32])


def taken_over(draft: UpdateCreate, digest: str) -> dict[str, Any]:
    """The merge patch for the update that a source made, when ``digest`` is of what it said before.

    What was edited or pinned here stays as long as the source says the same as before, and then only
    what it does say is taken over; a link or an image that it names, whole.
    """
    source = source_of(draft)
    if source is not None and digest == source.digest:
        return {}
    whole = draft.model_dump(include=set(EDITABLE))
    said = {name: whole[name] for name in whole if name in draft.model_fields_set}
    if draft.time is None:
        said.pop("time", None)
    return said
