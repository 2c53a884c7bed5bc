"""GET /v1/organizations/cost_report: billed USD of whole UTC days."""

from anthropic_exporter.records import DEFAULT_WORKSPACE, CostRow, Reading
from anthropic_exporter.utc import DAY

from .billing import Money, without_model
from .buckets import Window
from .decode import Decoder
from .endpoint import ORGANIZATIONS, Call, Endpoint, repeated
from .legacy import collected
from .paging import LEGACY, walk
from .reader import Reader
from .shapes import CostResult, LegacyPage, Results
from .times import render
from .words import Labels, columns

#: Grouping by description fills all but the first.
LABELS = ("workspace_id", "model", "service_tier", "cost_type", "token_type")
MAX_DAYS = 31

_ENDPOINT = Endpoint(f"{ORGANIZATIONS}/cost_report")
_PAGE: Decoder[LegacyPage[Results[CostResult]]] = Decoder(LegacyPage[Results[CostResult]])


def cost_report(reader: Reader, *, starting_at: int, ending_at: int) -> Reading[CostRow]:
    """Read the days of [starting_at, ending_at) that upstream has a bill for; labels are `LABELS`.

    Rows of one day may repeat their labels: descriptions differ in more than the labels tell.

    Raises:
        EmptyRange: upstream has closed none of these days yet.
        PollError: as `errors` describes.
    """
    query = [
        ("starting_at", render(starting_at)),
        ("ending_at", render(ending_at)),
        ("bucket_width", "1d"),
        ("limit", str(MAX_DAYS)),
        *repeated("group_by", ("workspace_id", "description")),
    ]
    pages = walk(reader, Call(_ENDPOINT, query), _PAGE, LEGACY)
    labels = Labels(
        LABELS,
        nulls={"workspace_id": DEFAULT_WORKSPACE},
        renamed={},
        unknown=lambda what: reader.drift(_ENDPOINT, "unknown_value", what),
    )
    money = Money(reader, _ENDPOINT)
    pick = columns(LABELS)

    def row(result: CostResult) -> CostRow:
        words = without_model(LABELS, labels.of(pick(result)))
        return CostRow(words, money.usd("amount", result.amount, result.currency), None)

    return Reading(collected(_ENDPOINT, pages, Window(starting_at, ending_at, DAY), row), None)
