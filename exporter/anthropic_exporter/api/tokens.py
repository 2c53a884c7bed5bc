"""What both usage reports count, in the order in which records have it."""

from .shapes import Usage, UsageResult


def tokens(told: Usage | UsageResult) -> tuple[int, int, int, int, int]:
    """Give the counts in the order of `records.TOKEN_TYPES`."""
    return (
        told.uncached_input_tokens,
        told.cache_creation.ephemeral_5m_input_tokens,
        told.cache_creation.ephemeral_1h_input_tokens,
        told.cache_read_input_tokens,
        told.output_tokens,
    )


def web_searches(told: Usage | UsageResult) -> int:
    """Give the billable searches; where nothing is said of tools, none was used."""
    return told.server_tool_use.web_search_requests if told.server_tool_use else 0
