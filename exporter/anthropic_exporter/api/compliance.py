"""GET /v1/compliance/activities: what was done in the organization, the newest first."""

import re

import msgspec

from anthropic_exporter.records import NONE, Activity, ActivityPage

from .decode import Decoder
from .endpoint import Call, Endpoint
from .reader import Reader
from .shapes import Cursor, Id, Shape, Text
from .times import parse, render

MOST = 5000
"""Activities of the largest page."""

_ENDPOINT = Endpoint("/v1/compliance/activities")
_MISSING = re.compile(r"missing required field `([^`]*)`")


class ActivityObject(Shape, frozen=True, kw_only=True):
    """What is read of an activity; each of several hundred types has fields of its own.

    Source: manage-claude/compliance-activity-feed. It is not in the SDK.
    """

    id: Id
    created_at: Text
    type: Text


class ActivitiesPage(Shape, frozen=True, kw_only=True):
    """A page. Its elements are cut out unread: fields that this version does not know are the rule there, not news."""

    unread = frozenset({"first_id", "last_id"})
    data: list[msgspec.Raw]
    has_more: bool
    first_id: Cursor | None = None
    last_id: Cursor | None = None


_PAGE: Decoder[ActivitiesPage] = Decoder(ActivitiesPage)
_ACTIVITY = msgspec.json.Decoder(ActivityObject)


def activities(
    reader: Reader, *, since: int | None = None, older_than: str | None = None, newer_than: str | None = None
) -> ActivityPage:
    """Read one page.

    Args:
        since: nothing made before this second.
        older_than: the ID of an activity; the page is what comes before it in time, from the newest of that on.
        newer_than: the same for what comes after it, up to the oldest of that.

    Raises:
        PollError: as `errors` describes.
    """
    query = [("limit", str(MOST))]
    if since is not None:
        query.append(("created_at.gte", render(since)))
    if older_than is not None:
        query.append(("after_id", older_than))
    if newer_than is not None:
        query.append(("before_id", newer_than))
    page = reader.read(Call(_ENDPOINT, query), _PAGE)
    found = [_activity(reader, raw) for raw in page.data]
    return ActivityPage(list({each.id: each for each in found}.values()), page.has_more)


def _activity(reader: Reader, raw: msgspec.Raw) -> Activity:
    try:
        told = _ACTIVITY.decode(raw)
        return Activity(told.id, parse(told.created_at), told.type or NONE)
    except msgspec.ValidationError as error:
        # Its text names our fields, never values.
        missing = _MISSING.search(str(error))
        if missing:
            reader.drift(_ENDPOINT, "missing_field", missing.group(1))
        raise _ENDPOINT.unreadable(f"an activity: {error}") from None
    except ValueError as error:
        raise _ENDPOINT.unreadable(f"an activity: {error}") from None
