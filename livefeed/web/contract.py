"""The JSON routes in one table: what they take, what they answer. The routes and OpenAPI are made from it."""

from __future__ import annotations

from livefeed.core.models import FeedCreate, FeedPatch, RenderRequest, UpdateCreate, UpdateEdit
from livefeed.core.pictures import MEDIA_TYPES
from livefeed.web import api, desk_operations, images, item_operations, reading, session, streams
from livefeed.web.operations import Answer, Operation, routes_of
from livefeed.web.readers import preflight, preflight_to_all

__all__ = ["operations", "routes"]

_TAGGED = ("ETag", "Cache-Control")

_READING = [
    Operation(
        method="GET",
        path="/v1/feeds",
        endpoint=reading.list_feeds,
        name="listFeeds",
        summary="The listed feeds; with all=1 and a token, every feed that the token may use, drafts too.",
        answers={200: Answer("The feeds, by title.", "FeedList", headers=_TAGGED)},
        problems=(401, 403, 503),
        parameters=("all",),
        preflight=preflight_to_all,
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}",
        endpoint=reading.get_feed,
        name="getFeed",
        summary="One feed.",
        answers={200: Answer("The feed.", "Feed", headers=_TAGGED)},
        problems=(403, 404, 503),
        preflight=preflight,
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/tags",
        endpoint=reading.list_tags,
        name="listTags",
        summary="The tags in use, the most used first.",
        answers={200: Answer("Tags with counts.", "TagList", headers=_TAGGED)},
        problems=(403, 404, 503),
        preflight=preflight,
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/access",
        endpoint=reading.get_access,
        name="getAccess",
        summary="May this page use the feed? Readable from any site, after a failure that browsers hide.",
        answers={
            200: Answer("Whether the feed exists, is open, and lists the origin of who asks.", "Access")
        },
        problems=(503,),
        preflight=preflight_to_all,
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/updates",
        endpoint=reading.list_updates,
        name="listUpdates",
        summary="A page of updates, with the position that it was read at.",
        answers={200: Answer("The page.", "Page", headers=_TAGGED)},
        problems=(400, 403, 404, 422, 503),
        parameters=("limit", "cursor", "around", "order", "key", "tag"),
        preflight=preflight,
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/updates/{id}",
        endpoint=reading.get_update,
        name="getUpdate",
        summary="One update as it stands. Its ETag is its revision.",
        answers={200: Answer("The update.", "Update", headers=_TAGGED)},
        problems=(403, 404, 410, 503),
        preflight=preflight,
    ),
]

_WRITTEN = ("ETag",)
_BODY = (400, 413, 415, 422)
_EDITOR = (401, 403, 404, 503)
_EXAMPLE = {"text": "The **second** runway is open again.", "tags": ["airport"]}

_EDITING = [
    Operation(
        method="POST",
        path="/v1/feeds",
        endpoint=api.create_feed,
        name="createFeed",
        summary="Create a feed.",
        answers={201: Answer("The feed.", "Feed", headers=("Location",))},
        problems=(401, 403, 409, 503, *_BODY),
        role="admin",
        parameters=("Idempotency-Key",),
        body=FeedCreate,
        example={"slug": "news", "title": "News", "lang": "en", "timezone": "Europe/Kyiv"},
    ),
    Operation(
        method="PATCH",
        path="/v1/feeds/{feed}",
        endpoint=api.patch_feed,
        name="editFeed",
        summary="Change a feed by a JSON merge patch: close and reopen it with its status.",
        answers={200: Answer("The feed as it is now.", "Feed")},
        problems=(*_EDITOR, *_BODY),
        role="admin",
        parameters=("Idempotency-Key",),
        body=FeedPatch,
        example={"status": "closed"},
    ),
    Operation(
        method="DELETE",
        path="/v1/feeds/{feed}",
        endpoint=api.delete_feed,
        name="removeFeed",
        summary="Remove a feed with everything in it.",
        answers={204: Answer("Removed.")},
        problems=(*_EDITOR, 422),
        role="admin",
        parameters=("confirm", "Idempotency-Key"),
    ),
    Operation(
        method="POST",
        path="/v1/feeds/{feed}/updates",
        endpoint=api.publish_update,
        name="publish",
        summary="Publish at once. A source known already makes this an edit of what it made, or nothing.",
        answers={
            201: Answer("Published.", "Update", headers=("Location", "ETag")),
            200: Answer("The source was known: edited, or unchanged.", "Update", headers=_WRITTEN),
        },
        problems=(*_EDITOR, 409, 410, *_BODY),
        role="editor",
        parameters=("Idempotency-Key",),
        body=UpdateCreate,
        example=_EXAMPLE,
    ),
    Operation(
        method="PATCH",
        path="/v1/feeds/{feed}/updates/{id}",
        endpoint=api.patch_update,
        name="editUpdate",
        summary="Edit an update by a JSON merge patch, at the revision of If-Match or at any.",
        answers={200: Answer("The update as it is now.", "Update", headers=_WRITTEN)},
        problems=(*_EDITOR, 410, 412, *_BODY),
        role="editor",
        parameters=("If-Match", "Idempotency-Key"),
        body=UpdateEdit,
        example={"text": "Both runways are open.", "correction": "An earlier version named one runway."},
    ),
    Operation(
        method="DELETE",
        path="/v1/feeds/{feed}/updates/{id}",
        endpoint=api.delete_update,
        name="deleteUpdate",
        summary="Delete an update for ever; doing so again is no error.",
        answers={204: Answer("Deleted.")},
        problems=(400, *_EDITOR, 412, 422),
        role="editor",
        parameters=("If-Match", "Idempotency-Key"),
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/updates/{id}/revisions",
        endpoint=api.list_revisions,
        name="listRevisions",
        summary="What the update was before, oldest first, and what it is now.",
        answers={200: Answer("The revisions.", "RevisionList")},
        problems=(*_EDITOR, 410),
        role="editor",
    ),
    Operation(
        method="POST",
        path="/v1/render",
        endpoint=api.render_text,
        name="render",
        summary="The HTML and the headline that readers will get for a text.",
        answers={200: Answer("Rendered.", "Rendered")},
        problems=(401, 403, 503, *_BODY),
        role="contributor",
        body=RenderRequest,
        example={"text": "The **second** runway", "format": "markdown"},
    ),
    Operation(
        method="POST",
        path="/v1/images",
        endpoint=images.upload_image,
        name="uploadImage",
        summary="Upload a picture; it is made smaller and tells nothing of place and camera.",
        answers={201: Answer("The picture as it will be served.", "Uploaded", headers=("Location",))},
        problems=(400, 401, 403, 408, 413, 422, 429, 503),
        role="contributor",
        takes=tuple(MEDIA_TYPES.values()),
    ),
]

_SESSION = [
    Operation(
        method="POST",
        path="/v1/session",
        endpoint=session.sign_in,
        name="signIn",
        summary="Sign in with a token; sets the session's cookie (HttpOnly, SameSite=Strict).",
        answers={200: Answer("Signed in.", "Who", headers=("Set-Cookie",))},
        problems=(400, 401, 403, 413, 415, 422),
        body=session.SessionRequest,
        example={"token": "lf_…"},
    ),
    Operation(
        method="POST",
        path="/v1/join",
        endpoint=session.join,
        name="join",
        summary="Redeem an invite, once; sets the session's cookie.",
        answers={200: Answer("Signed in.", "Who", headers=("Set-Cookie",))},
        problems=(400, 401, 403, 409, 413, 415, 422, 503),
        body=session.JoinRequest,
        example={"invite": "lfi_…"},
    ),
    Operation(
        method="GET",
        path="/v1/session",
        endpoint=session.who_am_i,
        name="whoAmI",
        summary="Who is signed in, or whose token it is.",
        answers={200: Answer("Who it is.", "Who")},
        problems=(401,),
        role="contributor",
    ),
    Operation(
        method="DELETE",
        path="/v1/session",
        endpoint=session.sign_out,
        name="signOut",
        summary="Sign out; the cookie is cleared.",
        answers={204: Answer("Signed out, or nobody was signed in.", headers=("Set-Cookie",))},
        problems=(403,),
    ),
]

_STREAMS = [
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/changes",
        endpoint=streams.changes,
        name="pollChanges",
        summary="Long poll: one sync, at once if there is something, else within the wait.",
        answers={200: Answer("What was missed, or a snapshot.", "Sync", headers=("Cache-Control",))},
        problems=(400, 403, 404, 422, 429, 503),
        parameters=("after", "wait"),
        preflight=preflight,
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/events",
        endpoint=streams.events,
        name="followEvents",
        summary="Server-sent events from Last-Event-ID, else from after, else from a snapshot.",
        answers={
            200: Answer("sync, change, ping, bye.", "EventStream", "text/event-stream"),
            204: Answer("The feed is closed and nothing was missed: EventSource stays away."),
        },
        problems=(403, 404),
        parameters=("after", "Last-Event-ID"),
        preflight=preflight,
    ),
    Operation(
        method="GET",
        path="/v1/feeds/{feed}/socket",
        endpoint=streams.no_socket,
        name="openSocket",
        summary="WebSocket: the same messages as text. Who is refused is told why by the closing code.",
        answers={101: Answer("The WebSocket is open; the first message is a sync.")},
        problems=(426,),
        parameters=("after",),
    ),
]

operations = (
    *(*_READING, *_EDITING, *_SESSION, *_STREAMS),
    *(*desk_operations.operations, *item_operations.operations),
)

routes = routes_of(operations)
