"""Feeds and updates: what editors may send, and what readers get.

What breaks a rule is told in words by :mod:`livefeed.core.validation`; the same models
make the OpenAPI description.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from livefeed.core.addresses import image_address, origin, web_address
from livefeed.core.ids import ID_PATTERN
from livefeed.core.pictures import PICTURE_ADDRESS
from livefeed.core.times import parse_time, print_time

__all__ = [
    "EDITABLE",
    "PATTERN_WORDS",
    "SLUG_PATTERN",
    "Content",
    "DraftText",
    "Feed",
    "FeedCreate",
    "FeedPatch",
    "Image",
    "KeyEvent",
    "Link",
    "PersonCreate",
    "RenderRequest",
    "Role",
    "Slug",
    "StrictModel",
    "Tag",
    "Time",
    "Update",
    "UpdateCreate",
    "UpdateEdit",
    "UpdateId",
    "Words",
    "headline_of",
    "now_text",
]

Role = Literal["contributor", "editor", "admin"]

MAX_TEXT = 20_000
MAX_HEADLINE = 110

SLUG_PATTERN = re.compile(r"[a-z0-9-]{1,64}")

# C0 and C1 controls but tab and line feed, and halves of surrogate pairs, which UTF-8 cannot carry.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAKS = re.compile("\r\n?")


def _no_controls(value: str) -> str:
    if found := _CONTROL.search(value):
        raise ValueError(f"the control character U+{ord(found.group()):04X} is not allowed")
    return value


def _one_line(value: str) -> str:
    if "\n" in value or "\t" in value:
        raise ValueError("line breaks and tabs are not allowed here")
    return _no_controls(value)


def _name(value: str) -> str:
    """Names stand in addresses, and beside each other in lists: one must not look like another."""
    if "/" in value or not value.isprintable():
        raise ValueError(
            "use letters, digits, spaces and signs, but no slash and nothing that cannot be seen"
        )
    return value


def _unify_breaks(value: Any) -> Any:
    return _LINE_BREAKS.sub("\n", value) if isinstance(value, str) else value


def _rfc3339(value: str) -> str:
    return print_time(parse_time(value))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError) as error:
        raise ValueError("give a time zone of the IANA list, as Europe/Kyiv") from error
    return value


def _unique(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _line(max_length: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=max_length)


_SLUG = r"^[a-z0-9-]{1,64}$"
_UPDATE_ID = rf"^{ID_PATTERN.pattern}$"
_LANGUAGE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$"
PATTERN_WORDS = {
    _SLUG: "use 1 to 64 of a-z, 0-9 and the hyphen",
    _UPDATE_ID: "use 1 to 64 of A-Z, a-z, 0-9, the hyphen and the underscore",
    _LANGUAGE: "give a language tag, as en or pt-BR",
}

Slug = Annotated[str, StringConstraints(pattern=_SLUG)]
UpdateId = Annotated[str, StringConstraints(pattern=_UPDATE_ID)]
Time = Annotated[str, AfterValidator(_rfc3339), Field(json_schema_extra={"format": "date-time"})]
Tag = Annotated[str, _line(50), AfterValidator(_one_line)]
Text = Annotated[
    str,
    BeforeValidator(_unify_breaks),
    StringConstraints(min_length=1, max_length=MAX_TEXT),
    AfterValidator(_no_controls),
]
DraftText = Annotated[
    str,
    BeforeValidator(_unify_breaks),
    StringConstraints(max_length=MAX_TEXT),
    AfterValidator(_no_controls),
]
"""Nothing may have been written yet."""
Words = Annotated[str, _line(1_000), AfterValidator(_no_controls)]
WebAddress = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(web_address)]
Format = Literal["markdown", "html"]


class StrictModel(BaseModel):
    """What is sent: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Link(StrictModel):
    """The full story, or the source."""

    url: WebAddress
    label: Annotated[str, _line(200), AfterValidator(_one_line)] | None = None


def _alt_of_ours(alt: str, info: ValidationInfo) -> str:
    """Who uploads a picture says what is on it; where it comes from elsewhere, nobody may have."""
    if not alt.strip() and PICTURE_ADDRESS.fullmatch(info.data.get("url", "")):
        raise ValueError("say what the picture shows, for those who do not see it")
    return alt


class Image(StrictModel):
    url: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(image_address)]
    alt: Annotated[
        str,
        StringConstraints(max_length=1_000),
        AfterValidator(_no_controls),
        AfterValidator(_alt_of_ours),
        Field(validate_default=True),
    ] = ""
    width: Annotated[int, Field(ge=1, le=20_000)] | None = None
    height: Annotated[int, Field(ge=1, le=20_000)] | None = None
    caption: Words | None = None
    credit: Annotated[str, _line(200), AfterValidator(_one_line)] | None = None


class Content(StrictModel):
    """What an editor says of an update."""

    title: Annotated[str, _line(300), AfterValidator(_one_line)] | None = None
    text: Text
    format: Format = "markdown"
    author: Annotated[str, _line(200), AfterValidator(_one_line)] | None = None
    tags: Annotated[list[Tag], Field(max_length=10), AfterValidator(_unique)] = []
    link: Link | None = None
    image: Image | None = None
    breaking: bool = False
    key: bool = False
    pinned: bool = False
    correction: Words | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.text.strip():
            raise ValueError("text: the text must not be empty")
        return self


class UpdateCreate(Content):
    """A new update. ``source`` is an import's key: the same source again is an edit, or nothing."""

    id: UpdateId | None = None
    source: Annotated[str, _line(500), AfterValidator(_one_line)] | None = None
    time: Time | None = None


class UpdateEdit(Content):
    """An update after a merge patch was applied to what is editable of it.

    ``time`` None goes back to the time of publication; ``minor`` leaves ``edited`` as it is.
    """

    time: Time | None = None
    minor: bool = False


EDITABLE = tuple(name for name in UpdateEdit.model_fields if name != "minor")
"""The fields of an update that a merge patch may name (beside ``minor``)."""


class Update(BaseModel):
    """An update as readers get it. ``rev`` grows by one with each edit."""

    id: str
    rev: int
    time: str
    published: str
    title: str | None
    headline: str
    format: Format
    text: str
    html: str
    author: str | None
    tags: list[str]
    link: Link | None
    image: Image | None
    breaking: bool
    key: bool
    pinned: bool
    edited: str | None
    correction: str | None


class KeyEvent(BaseModel):
    id: str
    time: str
    headline: str


class FeedCreate(StrictModel):
    slug: Slug
    title: Annotated[str, _line(200), AfterValidator(_one_line)] | None = None
    description: Words | None = None
    lang: Annotated[str, StringConstraints(pattern=_LANGUAGE)] = "en"
    timezone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)] = "UTC"
    status: Literal["open", "closed", "draft"] = "open"
    listed: bool = True
    origins: Annotated[
        list[Annotated[str, StringConstraints(max_length=300), AfterValidator(origin)]],
        Field(max_length=100),
        AfterValidator(_unique),
    ] = ["*"]
    hold_s: Annotated[int, Field(ge=0, le=30)] = 5


class FeedPatch(FeedCreate):
    """A feed after a merge patch was applied to it; everything but the slug may change."""


class Feed(BaseModel):
    """A feed as readers get it."""

    slug: str
    title: str
    description: str | None
    lang: str
    timezone: str
    status: Literal["open", "closed", "draft"]
    listed: bool
    opened: str | None
    closed: str | None
    origins: list[str]
    hold_s: int

    @property
    def is_public(self) -> bool:
        """Whether readers may know of it: a draft is to rehearse in."""
        return self.status != "draft"


class PersonCreate(StrictModel):
    """Somebody new: an invite, or a token. ``feeds``: those it is limited to; without it, all."""

    name: Annotated[str, _line(100), AfterValidator(_one_line), AfterValidator(_name)]
    role: Role
    feeds: Annotated[list[Slug], Field(min_length=1, max_length=100), AfterValidator(_unique)] | None = None


class RenderRequest(StrictModel):
    text: Text
    format: Format = "markdown"


def headline_of(title: str | None, plain_text: str) -> str:
    """The title, else the first at most 110 characters of the text, cut between words; never empty.

    ``plain_text`` is the text without its markup.
    """
    if title:
        return title
    words = " ".join(plain_text.split())
    if len(words) <= MAX_HEADLINE:
        return words or "…"
    cut = words[: MAX_HEADLINE - 1]
    at = cut.rfind(" ")
    return (cut[:at] if at > MAX_HEADLINE // 2 else cut).rstrip(" ,;:–—-") + "…"


def now_text(now: datetime) -> str:
    """The time of a commit: with its milliseconds, always."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"
