"""The org-scoped dialect of the Admin API, found on gateways: paths with the ID of an organization in them.

GET /v1/organizations lists the organizations of the credential; /v1/organizations/{id}/usage_report/messages and
/workspaces tell of one. Rows always carry model and workspace, there is no grouping, no request count and no cost.

Source: the Admin API as a vendor of cost dashboards describes it (2026); it is not official.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock
from typing import ClassVar, Generic, TypeVar

from anthropic_exporter.errors import BadRequest, EmptyRange, NotSupported
from anthropic_exporter.records import DEFAULT_WORKSPACE, Bucket, Organization, Reading, UsageRow, Workspace, arranger
from anthropic_exporter.utc import SECONDS

from . import inventory
from .buckets import Window
from .decode import Decoder
from .endpoint import ORGANIZATIONS, Call, Endpoint
from .legacy import collected
from .paging import BY_ID, LEGACY, walk
from .reader import Reader
from .shapes import Count, Id, IdPage, LegacyPage, Results, Shape, Text
from .times import render
from .words import Labels

T = TypeVar("T")

#: What its rows can be told apart by, whatever is asked for.
DIMENSIONS = ("workspace_id", "model", "service_tier")

_ORGANIZATIONS = Endpoint(ORGANIZATIONS)
_USAGE = Endpoint(f"{ORGANIZATIONS}/{{id}}/usage_report/messages")
_WORKSPACES = Endpoint(f"{ORGANIZATIONS}/{{id}}/workspaces")


class ScopedList(IdPage[T], Generic[T], frozen=True, kw_only=True):
    """A list, perhaps without the cursors that the official ones have."""

    sometimes: ClassVar[frozenset[str]] = frozenset({"has_more", "last_id"})


class ScopedPage(LegacyPage[T], Generic[T], frozen=True, kw_only=True):
    """A report, without a cursor: ``has_more`` is always false."""

    sometimes: ClassVar[frozenset[str]] = frozenset({"next_page"})


class ScopedOrganization(Shape, frozen=True, kw_only=True):
    """One of the organizations that the credential reads."""

    unread: ClassVar[frozenset[str]] = frozenset({"type", "created_at"})
    id: Id
    name: Text | None = None


class ScopedWorkspace(Shape, frozen=True, kw_only=True):
    """A workspace that is not archived."""

    unread: ClassVar[frozenset[str]] = frozenset({"type", "created_at"})
    id: Id
    name: Text | None = None


class ScopedUsage(Shape, frozen=True, kw_only=True):
    """One row: flat counts, one of them for all cache writes."""

    input_tokens: Count
    output_tokens: Count
    cache_creation_input_tokens: Count
    cache_read_input_tokens: Count
    model: Text | None = None
    workspace_id: Text | None = None
    service_tier: Text | None = None


_LIST: Decoder[IdPage[ScopedOrganization]] = Decoder(ScopedList[ScopedOrganization])
_NAMES: Decoder[IdPage[ScopedWorkspace]] = Decoder(ScopedList[ScopedWorkspace])
_PAGE: Decoder[LegacyPage[Results[ScopedUsage]]] = Decoder(ScopedPage[Results[ScopedUsage]])


@dataclass(slots=True)
class Home:
    """Finds out which organization the paths have to name. Thread-safe.

    Args:
        wanted: its ID, where the credential reads several; "" for the only one.
        assumed: the settings say that upstream speaks the dialect. Otherwise that is believed only where /me, which
            every official organization has, is unknown.
    """

    wanted: str = ""
    assumed: bool = False
    _me_is_unknown: bool | None = None
    _found: Organization | None = None
    _lock: Lock = field(default_factory=Lock)

    def official(self, reader: Reader) -> Organization:
        """Read /me, as `inventory.organization` does."""
        try:
            found = inventory.organization(reader)
        except NotSupported as error:
            self._me_is_unknown = error.status == HTTPStatus.NOT_FOUND
            raise
        self._me_is_unknown = False
        return found

    def listed(self, reader: Reader) -> Organization:
        """Read the list, and choose.

        Raises:
            NotSupported: upstream does not speak the dialect.
            BadRequest: the list has several organizations, or not the one that is wanted.
            PollError: as `errors` describes.
        """
        if not self.assumed and not self._is_me_unknown(reader):
            raise NotSupported(
                f"GET {_ORGANIZATIONS.name}: upstream knows {ORGANIZATIONS}/me, so it is not org-scoped",
                endpoint=_ORGANIZATIONS.name,
            )
        told = [each for page in walk(reader, Call(_ORGANIZATIONS), _LIST, BY_ID) for each in page.data]
        self._found = self._chosen([Organization(each.id, each.name or "") for each in told])
        return self._found

    def id(self, reader: Reader) -> str:
        """Return the ID for a path; the list is asked once. Raises as `listed`."""
        with self._lock:
            return (self._found or self.listed(reader)).id

    def _is_me_unknown(self, reader: Reader) -> bool:
        if self._me_is_unknown is None:
            try:
                self.official(reader)
            except NotSupported:
                return bool(self._me_is_unknown)
        return bool(self._me_is_unknown)

    def _chosen(self, listed: list[Organization]) -> Organization:
        found = [each for each in listed if each.id == self.wanted or not self.wanted]
        if len(found) == 1:
            return found[0]
        if not listed:
            raise NotSupported(f"GET {_ORGANIZATIONS.name}: the list is empty", endpoint=_ORGANIZATIONS.name)
        raise BadRequest(
            f"GET {_ORGANIZATIONS.name}: {len(found)} of {len(listed)} organizations listed are "
            f"{self.wanted or 'the one to read'}",
            endpoint=_ORGANIZATIONS.name,
            advice=f"set organizations[].organization_id to one of {', '.join(each.id for each in listed[:5])}",
        )


def workspaces(reader: Reader, organization_id: str) -> list[Workspace]:
    """List the workspaces that are not archived. Nothing tells which is the default one, so it keeps its ID."""
    pages = walk(reader, Call(_WORKSPACES, (), organization_id), _NAMES, BY_ID)
    listed = {told.id: told.name or "" for page in pages for told in page.data}
    return [Workspace(id, name, archived=False, created_at=None, tags=()) for id, name in listed.items()]  # noqa: A001 - as the API calls it


def usage_report(
    reader: Reader,
    organization_id: str,
    *,
    starting_at: int,
    ending_at: int,
    width: str,
    dimensions: tuple[str, ...],
) -> Reading[UsageRow]:
    """Read all buckets of [starting_at, ending_at) that upstream serves. A dimension it does not have is "none".

    There is no cursor and no documented size of a page, so an answer that ends early is asked to go on from there,
    until one adds nothing.

    Raises:
        ValueError: a width that the dialect does not have.
        PollError: as `errors` describes.
    """
    if width not in SECONDS or width == "1m":
        raise ValueError(f"no such width: {width}")
    labels = Labels(
        DIMENSIONS,
        nulls={"workspace_id": DEFAULT_WORKSPACE},
        renamed={},
        unknown=lambda what: reader.drift(_USAGE, "unknown_value", what),
    )
    arrange = arranger(DIMENSIONS, dimensions)

    def row(told: ScopedUsage) -> UsageRow:
        found = labels.of((told.workspace_id, told.model, told.service_tier))
        return UsageRow(arrange(found), _tokens(told), 0, None)

    buckets: list[Bucket[UsageRow]] = []
    at = starting_at
    while at < ending_at:
        query = [("starting_at", render(at)), ("ending_at", render(ending_at)), ("bucket_width", width)]
        try:
            pages = walk(reader, Call(_USAGE, query, organization_id), _PAGE, LEGACY)
        except EmptyRange:
            if not buckets:
                raise
            break
        found = collected(_USAGE, pages, Window(at, ending_at, SECONDS[width]), row)
        if not found:
            break
        buckets += found
        at = found[-1].ending_at
    return Reading(buckets, None)


def _tokens(told: ScopedUsage) -> tuple[int, int, int, int, int]:
    """Give the counts in the order of `records.TOKEN_TYPES`; all cache writes stand under 5 minutes."""
    return (
        told.input_tokens,
        told.cache_creation_input_tokens,
        0,
        told.cache_read_input_tokens,
        told.output_tokens,
    )
