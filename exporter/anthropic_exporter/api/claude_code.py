"""GET /v1/organizations/usage_report/claude_code: what people and machines did with Claude Code on one day."""

from typing import Any

from anthropic_exporter.records import NONE, ClaudeCodeModel, ClaudeCodeRecord

from . import amounts
from .decode import Decoder
from .endpoint import ORGANIZATIONS, Call, Endpoint
from .paging import LEGACY, walk
from .reader import Reader
from .shapes import Count, LegacyPage, Shape, Text
from .times import render
from .words import OpenWords

_ENDPOINT = Endpoint(f"{ORGANIZATIONS}/usage_report/claude_code")
_LIMIT = ("limit", "1000")
_DATE = 10  # characters of YYYY-MM-DD
_KNOWN = {
    "actor": frozenset({"user_actor", "api_actor"}),
    "customer_type": frozenset({"api", "subscription"}),
    "tool": frozenset({"edit_tool", "multi_edit_tool", "write_tool", "notebook_edit_tool"}),
}


class ClaudeCodeActor(Shape, frozen=True, kw_only=True):
    """Whose record it is. The address is read to count people; it is shown only if the configuration says so."""

    sometimes = frozenset({"email_address", "api_key_name"})
    type: Text
    email_address: Text | None = None
    api_key_name: Text | None = None


class Lines(Shape, frozen=True, kw_only=True):
    """Lines of code."""

    added: Count
    removed: Count


class CoreMetrics(Shape, frozen=True, kw_only=True):
    """What was done."""

    num_sessions: Count
    lines_of_code: Lines
    commits_by_claude_code: Count
    pull_requests_by_claude_code: Count


class ToolAction(Shape, frozen=True, kw_only=True):
    """What was said to the proposals of one tool."""

    accepted: Count
    rejected: Count


class ModelTokens(Shape, frozen=True, kw_only=True):
    """Tokens of one model."""

    input: Count
    output: Count
    cache_read: Count
    cache_creation: Count


class EstimatedCost(Shape, frozen=True, kw_only=True):
    """Money in cents, as a JSON number."""

    amount: Any
    currency: Text | None = None


class ModelUse(Shape, frozen=True, kw_only=True):
    """What was used of one model."""

    model: Text
    tokens: ModelTokens
    estimated_cost: EstimatedCost


class ClaudeCodeObject(Shape, frozen=True, kw_only=True):
    """One record. Source: api/admin/usage_report/retrieve_claude_code. It is not in the SDK."""

    unread = frozenset({"organization_id", "subscription_type", "is_remote"})
    sometimes = frozenset({"subscription_type", "is_remote"})
    date: Text
    actor: ClaudeCodeActor
    customer_type: Text | None = None
    terminal_type: Text | None = None
    core_metrics: CoreMetrics
    tool_actions: dict[Text, ToolAction] | None = None
    model_breakdown: list[ModelUse]


_PAGE: Decoder[LegacyPage[ClaudeCodeObject]] = Decoder(LegacyPage[ClaudeCodeObject])


def claude_code(reader: Reader, day: int) -> list[ClaudeCodeRecord]:
    """List all records of a UTC day, by its first second. Upstream leaves out the last hour.

    Raises:
        PollError: as `errors` describes.
    """
    date = render(day)[:_DATE]
    words = OpenWords(_KNOWN, lambda what: reader.drift(_ENDPOINT, "unknown_value", what))
    found: list[ClaudeCodeRecord] = []
    for page in walk(reader, Call(_ENDPOINT, (("starting_at", date), _LIMIT)), _PAGE, LEGACY):
        for told in page.data:
            if told.date[:_DATE] != date:
                raise _ENDPOINT.unreadable("a record of another day than asked for")
            found.append(_record(told, words))
    return found


def _record(told: ClaudeCodeObject, words: OpenWords) -> ClaudeCodeRecord:
    core = told.core_metrics
    return ClaudeCodeRecord(
        actor_type=words.of("actor", told.actor.type),
        actor=told.actor.email_address or told.actor.api_key_name or NONE,
        customer_type=words.of("customer_type", told.customer_type),
        terminal_type=told.terminal_type or NONE,
        sessions=core.num_sessions,
        commits=core.commits_by_claude_code,
        pull_requests=core.pull_requests_by_claude_code,
        lines_added=core.lines_of_code.added,
        lines_removed=core.lines_of_code.removed,
        tools=tuple(
            (words.of("tool", name), said.accepted, said.rejected) for name, said in (told.tool_actions or {}).items()
        ),
        models=tuple(_model(use) for use in told.model_breakdown),
    )


def _model(use: ModelUse) -> ClaudeCodeModel:
    tokens, cost = use.tokens, use.estimated_cost
    if cost.currency not in {None, "USD"}:
        raise _ENDPOINT.unreadable("an estimate in another currency than USD")
    try:
        usd = amounts.usd(cost.amount)
    except ValueError as error:
        raise _ENDPOINT.unreadable(str(error)) from None
    return ClaudeCodeModel(
        use.model or NONE, (tokens.input, tokens.cache_read, tokens.cache_creation, tokens.output), usd
    )
