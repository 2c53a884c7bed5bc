"""GET /v1/organizations/usage_report/messages: tokens in time buckets, minutes after they were used."""

from anthropic_exporter.records import (
    DEFAULT_WORKSPACE,
    MOST_DIMENSIONS,
    NOT_AVAILABLE,
    USAGE_DIMENSIONS,
    Bucket,
    Reading,
    UsageRow,
)
from anthropic_exporter.utc import SECONDS

from .buckets import Window
from .decode import Decoder
from .endpoint import ORGANIZATIONS, Call, Endpoint, repeated
from .legacy import collected
from .paging import LEGACY, walk
from .reader import Reader
from .shapes import LegacyPage, Results, UsageResult
from .times import render
from .tokens import tokens, web_searches
from .words import Labels, columns

#: The most buckets of one page, by width. Source: api/admin/usage_report/retrieve_messages, ``limit``.
MAX_BUCKETS = {"1m": 1440, "1h": 168, "1d": 31}
#: A row is some 500 bytes, so a page stays near 20 MB.
MAX_ROWS = 40_000

_NAME = f"{ORGANIZATIONS}/usage_report/messages"
# Sources disagree on whether grouping by speed still needs its beta; the header does no harm.
_FAST_MODE = "fast-mode-2026-02-01"
_NULLS = {"workspace_id": DEFAULT_WORKSPACE, "inference_geo": NOT_AVAILABLE}
_PAGE: Decoder[LegacyPage[Results[UsageResult]]] = Decoder(LegacyPage[Results[UsageResult]])


def usage_report(
    reader: Reader,
    *,
    starting_at: int,
    ending_at: int,
    width: str,
    dimensions: tuple[str, ...],
    rows_per_bucket: int,
) -> Reading[UsageRow]:
    """Read all buckets of [starting_at, ending_at) that upstream serves.

    Raises:
        ValueError: a dimension or width that the endpoint does not have, or more than five dimensions.
        PollError: as `errors` describes.
    """
    _check(width, dimensions)
    endpoint = Endpoint(_NAME, (_FAST_MODE,) if "speed" in dimensions else ())
    query = [
        ("starting_at", render(starting_at)),
        ("ending_at", render(ending_at)),
        ("bucket_width", width),
        ("limit", str(_limit(width, rows_per_bucket))),
        *repeated("group_by", dimensions),
    ]
    pages = walk(reader, Call(endpoint, query), _PAGE, LEGACY)
    labels = Labels(
        dimensions,
        nulls=_NULLS,
        renamed={},
        unknown=lambda what: reader.drift(endpoint, "unknown_value", what),
    )
    pick = columns(dimensions)

    def row(result: UsageResult) -> UsageRow:
        return UsageRow(labels.of(pick(result)), tokens(result), web_searches(result), None)

    buckets: list[Bucket[UsageRow]] = collected(endpoint, pages, Window(starting_at, ending_at, SECONDS[width]), row)
    return Reading(buckets, None)


def _check(width: str, dimensions: tuple[str, ...]) -> None:
    if width not in SECONDS:
        raise ValueError(f"no such width: {width}")
    if len(dimensions) > MOST_DIMENSIONS:
        raise ValueError(f"at most {MOST_DIMENSIONS} dimensions")
    unknown = set(dimensions) - set(USAGE_DIMENSIONS)
    if unknown:
        raise ValueError(f"not a dimension of this report: {', '.join(sorted(unknown))}")


def _limit(width: str, rows_per_bucket: int) -> int:
    """Give the number of buckets of a page: bounded in bytes, however many groups there are."""
    most = MAX_BUCKETS[width]
    return most if rows_per_bucket <= 0 else max(1, min(most, MAX_ROWS // rows_per_bucket))
