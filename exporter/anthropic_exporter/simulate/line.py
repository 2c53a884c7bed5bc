"""One line of usage: everything that the reports can group by, and what was counted."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["messages", "code_execution", "session_usage", "subscription"]

#: What is counted, in this order. The five token types first, as the reports name them.
TOKEN_TYPES = (
    "uncached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens",
    "cache_creation.ephemeral_1h_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
)
SEARCHES, REQUESTS, MILLI_HOURS = 5, 6, 7

#: Five token counts, web searches, requests, thousandths of an hour (of a container or a session).
Counts = tuple[int, int, int, int, int, int, int, int]
NOTHING: Counts = (0, 0, 0, 0, 0, 0, 0, 0)


class Line(NamedTuple):
    """The dimensions of usage. ``workspace_id`` is real for the default workspace too; each report has its own nulls.

    ``long_prompt`` and ``kind`` are in no report: the first chooses the price step of Haiku 5.5, the second tells
    inference from what is only in some reports.
    """

    workspace_id: str
    api_key_id: str | None
    model: str | None
    service_tier: str | None = "standard"
    context_window: str | None = "0-200k"
    inference_geo: str | None = "not_available"
    speed: str | None = "standard"
    product: str | None = "messages_api"
    account_id: str | None = None
    service_account_id: str | None = None
    kind: Kind = "messages"
    long_prompt: bool = False
    terminal: str | None = None
    rbac_group_id: str | None = None
    child: str | None = None  # the child organization that used it; None: the organization itself


@dataclass(frozen=True, slots=True)
class Seen:
    """What a reader can see.

    ``prompt_until``: minutes that ended by then have arrived. ``at``: stragglers and corrections have arrived that
    were due by then. ``lateness``: seconds that the latest straggler is late; 0 is none. ``revised``: whether usage
    is ever corrected downwards.
    """

    at: float
    prompt_until: float
    lateness: float
    revised: bool


def add(total: list[int], counts: Counts) -> None:
    """Add counts to a running sum in place."""
    for index, value in enumerate(counts):
        total[index] += value
