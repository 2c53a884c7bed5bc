"""The streams of Claude Code, Claude Enterprise and the compliance feed, and the families that they feed."""

from collections.abc import Iterator

from anthropic_exporter.collect import claude_code, compliance, enterprise
from anthropic_exporter.config import Settings
from anthropic_exporter.ledger.book import Stream
from anthropic_exporter.ledger.store import Store
from anthropic_exporter.money.account import Account
from anthropic_exporter.money.columns import Column, ColumnPoster
from anthropic_exporter.records import CLAUDE_CODE_TOKEN_TYPES, TOKEN_TYPES
from anthropic_exporter.utc import HOUR

_DAYS_OPEN = 2 * HOUR
"""Seconds after its end until a day of Claude Code can be settled: upstream leaves out the last hour."""

_WHERE = ("customer_type", "terminal_type")


def accounts(settings: Settings) -> Iterator[Account]:
    """Yield the streams that the settings ask for."""
    if settings.claude_code.enabled:
        for name, columns in _claude_code().items():
            if name != claude_code.USERS:
                yield _account(name, claude_code.DIMENSIONS[name], columns, _DAYS_OPEN)
            elif settings.privacy.emails != "none":
                yield _account(name, claude_code.DIMENSIONS[name], columns, _DAYS_OPEN, settings.privacy.emails)
    if settings.enterprise.enabled:
        for name, columns in _enterprise().items():
            # Billed cost is counted once its day is settled: until then it is corrected downwards, too.
            billed = name == enterprise.COST
            delay = settings.cost.settle_delay if billed else settings.usage.settle_delay
            yield _account(name, enterprise.DIMENSIONS, columns, delay, settled_only=billed)
    if settings.compliance.enabled:
        counted = (Column("anthropic_compliance_activities_total", compliance.DIMENSIONS),)
        yield _account(compliance.STREAM, compliance.DIMENSIONS, counted, 0.0)


def kept_labels(poster: ColumnPoster) -> dict[str, tuple[int, ...]]:
    """Return for each family that tells the token type its position."""
    return {
        column.family: (len(column.labels),)
        for column in poster.columns
        if column and column.fixed and column.family.endswith("_tokens_total")
    }


def forget_people(store: Store, organization: str, settings: Settings) -> None:
    """Drop what an earlier configuration has counted by person, where this one does not show people.

    Raises:
        StateError: the state file cannot be written.
    """
    if settings.privacy.emails != "none" or not store.meta(organization, f"identity.{claude_code.USERS}"):
        return
    stream = store.stream(organization, claude_code.USERS)
    families = dict.fromkeys(column.family for column in _claude_code()[claude_code.USERS] if column)
    with store.transaction():
        store.forget_stream(stream)
        store.forget_families(organization, families)
        for note in ("identity", "first_exposed"):  # the second lists the series, and so the people
            store.set_meta(organization, f"{note}.{claude_code.USERS}", "")


def _claude_code() -> dict[str, tuple[Column | None, ...]]:
    prefix = "anthropic_claude_code"
    tokens = [(f"{prefix}_tokens_total", ("model",)), (f"{prefix}_user_tokens_total", ("user",))]
    by_model, by_user = (
        tuple(Column(family, labels, (word,)) for word in CLAUDE_CODE_TOKEN_TYPES) for family, labels in tokens
    )
    return {
        claude_code.ACTIVITY: (
            *(Column(f"{prefix}_{word}_total", _WHERE) for word in ("sessions", "commits", "pull_requests")),
            *(Column(f"{prefix}_lines_of_code_total", (), (word,)) for word in ("added", "removed")),
        ),
        claude_code.TOOLS: tuple(
            Column(f"{prefix}_tool_actions_total", ("tool",), (word,)) for word in ("accepted", "rejected")
        ),
        claude_code.MODELS: (*by_model, Column(f"{prefix}_estimated_cost_usd_total", ("model",))),
        claude_code.USERS: (
            Column(f"{prefix}_user_sessions_total", ("user",)),
            *by_user,
            Column(f"{prefix}_user_estimated_cost_usd_total", ("user",)),
        ),
    }


def _enterprise() -> dict[str, tuple[Column | None, ...]]:
    by = enterprise.DIMENSIONS
    return {
        # The last value is web searches, which the products do not tell apart from other tools.
        enterprise.TOKENS: (
            *(Column("anthropic_enterprise_usage_tokens_total", by, (word,)) for word in TOKEN_TYPES),
            None,
        ),
        enterprise.REQUESTS: (Column("anthropic_enterprise_usage_requests_total", by),),
        enterprise.COST: (Column("anthropic_enterprise_cost_usd_total", by),),
    }


def _account(
    name: str,
    dimensions: tuple[str, ...],
    columns: tuple[Column | None, ...],
    delay: float,
    manner: str = "",
    *,
    settled_only: bool = False,
) -> Account:
    poster = ColumnPoster(dimensions, columns)
    return Account(
        stream=Stream(name, width=len(columns), settle_delay=delay, settled_only=settled_only),
        poster=poster,
        families=poster.families,
        identity=f"{','.join(dimensions)} {manner}".strip(),
    )
