"""From what an editor sent, and what stands, to the next revision of an update or a feed."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any

from livefeed.core import models, validation
from livefeed.core.markdown import plain_text, render
from livefeed.core.models import Feed, FeedCreate, FeedPatch, Update, UpdateCreate, UpdateEdit
from livefeed.core.pictures import lacks_alt
from livefeed.core.times import print_time
from livefeed.errors import InvalidInput

__all__ = ["MAX_UPDATE_BYTES", "create_feed", "edit", "edit_feed", "merge_patch", "publish"]

MAX_UPDATE_BYTES = 61_440
"""An update's JSON, so that every message of one change stays below 64 KiB."""

_CONTENT = ("title", "text", "format", "author", "link", "image", "correction")
"""Fields whose change is an edit in readers' eyes; pinning or tagging is none."""


def publish(draft: UpdateCreate, *, update_id: str, now: datetime) -> Update:
    """The first revision of an update, as committed at ``now``.

    Raises:
        InvalidInput: nothing is left of the text once sanitised, or too much is there.
    """
    published = models.now_text(now)
    return _build(draft, update_id=update_id, rev=1, published=published, time=draft.time or print_time(now))


def edit(current: Update, patch: Any, *, now: datetime) -> Update:
    """The next revision after a JSON merge patch (RFC 7396); ``current`` itself where it changes nothing.

    Raises:
        InvalidInput: naming each field that breaks a rule.
    """
    if not isinstance(patch, dict):
        raise InvalidInput.of("body", "send a JSON object: a merge patch (RFC 7396)")
    editable = current.model_dump(include=set(models.EDITABLE))
    wanted = validation.parse(UpdateEdit, merge_patch(editable, patch))
    revised = _build(
        wanted,
        update_id=current.id,
        rev=current.rev + 1,
        published=current.published,
        time=wanted.time or current.published,
    )
    if _same_content(current, revised):
        return current
    touched = any(getattr(current, name) != getattr(revised, name) for name in _CONTENT)
    edited = models.now_text(now) if touched and not wanted.minor else current.edited
    return revised.model_copy(update={"edited": edited})


def _same_content(one: Update, other: Update) -> bool:
    """Whether two revisions say the same to a reader, whatever their ``rev`` and ``edited``."""
    return one.model_dump(exclude={"rev", "edited"}) == other.model_dump(exclude={"rev", "edited"})


def create_feed(wanted: FeedCreate, *, now: datetime) -> Feed:
    at = models.now_text(now)
    return _feed(
        wanted,
        opened=None if wanted.status == "draft" else at,
        closed=at if wanted.status == "closed" else None,
    )


def edit_feed(current: Feed, patch: Any, *, now: datetime) -> Feed:
    """The feed after a merge patch; ``opened`` and ``closed`` follow its status.

    Raises:
        InvalidInput: naming each field that breaks a rule.
    """
    if not isinstance(patch, dict):
        raise InvalidInput.of("body", "send a JSON object: a merge patch (RFC 7396)")
    if patch.get("slug", current.slug) != current.slug:
        raise InvalidInput.of("slug", "a feed keeps its slug: it is part of addresses")
    settable = current.model_dump(exclude={"opened", "closed"})
    wanted = validation.parse(FeedPatch, merge_patch(settable, patch))
    at = models.now_text(now)
    opened = current.opened or (None if wanted.status == "draft" else at)
    closed = (current.closed or at) if wanted.status == "closed" else None
    return _feed(wanted, opened=opened, closed=closed)


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def _build(
    content: UpdateCreate | UpdateEdit, *, update_id: str, rev: int, published: str, time: str
) -> Update:
    html = render(content.text, content.format)
    if not _shows_something(html):
        raise InvalidInput.of("text", "nothing of this text would be seen")
    if lacks_alt(html):
        raise InvalidInput.of("text", "say what each picture shows, for those who do not see it: ![words](…)")
    update = Update(
        id=update_id,
        rev=rev,
        time=time,
        published=published,
        headline=models.headline_of(content.title, plain_text(html)),
        html=html,
        edited=None,
        **content.model_dump(include=set(models.EDITABLE) - {"time"}),
    )
    if len(update.model_dump_json().encode()) > MAX_UPDATE_BYTES:
        raise InvalidInput.of("text", "the text is too long: an update and its HTML must fit into 60 KB")
    return update


# Not Cn: what this Python does not know yet may be an emoji.
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cs"})


def _shows_something(html: str) -> bool:
    """A picture, or a character that is neither space nor control nor format (as U+200B)."""
    return "<img" in html or any(unicodedata.category(it) not in _UNSEEN for it in plain_text(html))


def _feed(wanted: FeedCreate, *, opened: str | None, closed: str | None) -> Feed:
    fields = wanted.model_dump()
    fields["title"] = wanted.title or wanted.slug
    return Feed(**fields, opened=opened, closed=closed)
