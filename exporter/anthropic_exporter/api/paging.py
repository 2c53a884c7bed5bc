"""Whole walks over paged answers: the four styles of the API, one set of rules.

All parameters stay the same from page to page, the cursor is opaque, and a walk is whole or an error.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from anthropic_exporter.errors import CursorLost

from .decode import Decoder, Mismatch
from .endpoint import Call
from .reader import Reader
from .shapes import IdPage, LegacyPage, Page, ReportPage, TokenPage

P = TypeVar("P", bound=Page[Any])

RESTARTS = 2
#: Far beyond any organization: 10,000 pages of 1,000 rows. Reaching it is an error, never a short reading.
MAX_PAGES = 10_000


class _Stale(Exception):  # noqa: N818 - a signal within this module
    """What has been read of the walk no longer belongs together."""


@dataclass(frozen=True, slots=True)
class Style(Generic[P]):
    """How one kind of page leads to the next.

    Args:
        parameter: the query parameter that takes the cursor.
        following: the cursor of the next page, or None after the last.
        watermark: must be the same on all pages of one walk.
        added_up: its rows are, so a page that comes twice, under a cursor of its own, would be counted twice.
    """

    parameter: str
    following: Callable[[P], str | None]
    watermark: Callable[[P], object] = lambda _: None
    added_up: bool = False


def _after_id(page: IdPage[Any]) -> str | None:
    return None if page.has_more is False or not page.data else page.last_id or None


def _token(page: TokenPage[Any]) -> str | None:
    return page.next_page or None


def _legacy(page: LegacyPage[Any]) -> str | None:
    if page.has_more and not page.next_page:
        # There is no rule for this one. To stop would make a part look like the whole.
        raise Mismatch("has_more without a next_page")
    return None if page.has_more is False else page.next_page or None


def _report(page: ReportPage[Any]) -> str | None:
    return None if page.has_more is False else page.next_page or None


BY_ID: Style[IdPage[Any]] = Style("after_id", _after_id)
BY_TOKEN: Style[TokenPage[Any]] = Style("page", _token)
LEGACY: Style[LegacyPage[Any]] = Style("page", _legacy, added_up=True)
REPORT: Style[ReportPage[Any]] = Style("page", _report, lambda page: page.data_refreshed_at, added_up=True)


def walk(reader: Reader, call: Call, decoder: Decoder[P], style: Style[P]) -> list[P]:
    """Read all pages, from the start again if upstream says or shows that its data has moved meanwhile.

    Raises:
        CursorLost: that happened each time, a cursor or a page came twice, or there is no end to it.
        PollError: any page could not be read.
    """
    endpoint = call.endpoint
    lost = CursorLost("")
    for _ in range(RESTARTS + 1):
        try:
            return _pages(reader, call, decoder, style)
        except _Stale:
            lost = CursorLost(f"GET {endpoint.name}: the data was refreshed during each walk", endpoint=endpoint.name)
        except CursorLost as error:
            if error.status is None:
                raise
            lost = error
    raise lost


def _pages(reader: Reader, call: Call, decoder: Decoder[P], style: Style[P]) -> list[P]:
    endpoint = call.endpoint
    pages: list[P] = []
    seen: set[str] = set()
    following = call
    while len(pages) < MAX_PAGES:
        page = reader.read(following, decoder)
        if pages and style.watermark(page) != style.watermark(pages[0]):
            raise _Stale
        if style.added_up and page.data and any(page.data == before.data for before in pages):
            raise CursorLost(f"GET {endpoint.name}: a page came twice", endpoint=endpoint.name)
        pages.append(page)
        try:
            cursor = style.following(page)
        except Mismatch as error:
            raise endpoint.unreadable(str(error)) from None
        if cursor is None:
            return pages
        if cursor in seen:
            raise CursorLost(f"GET {endpoint.name}: a cursor came twice", endpoint=endpoint.name)
        seen.add(cursor)
        following = call.with_cursor(style.parameter, cursor)
    raise CursorLost(f"GET {endpoint.name}: no end after {MAX_PAGES} pages", endpoint=endpoint.name)
