"""Label values out of dimensions: a null becomes its word, a value that is not documented is counted."""

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

from anthropic_exporter.records import NONE

from .shapes import Actor

Raw = tuple[str | Actor | None, ...]

#: The documented values of closed lists. All are open: what is new is passed on, and counted.
KNOWN: dict[str, frozenset[str]] = {
    "actor_type": frozenset({"api_actor", "federated_actor", "service_account_actor", "user_actor"}),
    "claude_tag_category": frozenset({"dm", "engaged", "monitoring", "proactive", "scheduled"}),
    "context_window": frozenset({"0-200k", "200k-1M"}),
    "cost_type": frozenset({"tokens", "web_search", "code_execution", "session_usage"}),
    "inference_geo": frozenset({"global", "us", "not_available"}),
    "product": frozenset(
        {
            "cc_security_autopatch",
            "chat",
            "chat_cowork_unified",
            "claude_code",
            "claude_console",
            "claude_design",
            "claude_in_chrome",
            "claude_tag",
            "cowork",
            "managed_agents_api",
            "message_batches_api",
            "messages_api",
            "office_agent",
            "other",
        }
    ),
    "service_tier": frozenset({"standard", "batch", "priority", "priority_on_demand", "flex", "flex_discount"}),
    "speed": frozenset({"standard", "fast"}),
}

#: The API's token types and ours (`records.TOKEN_TYPES`).
TOKEN_TYPES = {
    "uncached_input_tokens": "uncached_input",
    "cache_creation.ephemeral_5m_input_tokens": "cache_creation_5m",
    "cache_creation.ephemeral_1h_input_tokens": "cache_creation_1h",
    "cache_read_input_tokens": "cache_read",
    "output_tokens": "output",
}


def columns(names: tuple[str, ...]) -> Callable[[object], Raw]:
    """Give what picks these attributes off a row, as a tuple however many they are."""
    if not names:
        return lambda _: ()
    pick: Callable[[object], Any] = attrgetter(*names)
    return pick if len(names) > 1 else lambda row: (pick(row),)


class OpenWords:
    """Passes words of open lists on, and reports each that is new once.

    Args:
        known: by kind, the documented words.
        unknown: called with ``kind=word``.
    """

    def __init__(self, known: Mapping[str, frozenset[str]], unknown: Callable[[str], None]) -> None:
        self._known = known
        self._unknown = unknown
        self._told: set[tuple[str, str]] = set()

    def of(self, kind: str, word: str | None) -> str:
        """Give the word, or "none"."""
        if word and word not in self._known[kind] and (kind, word) not in self._told:
            self._told.add((kind, word))
            self._unknown(f"{kind}={word}")
        return word or NONE


class Labels:
    """Turns the dimensions of rows into label values.

    Thousands of rows have a few combinations between them, so each combination is looked at once.

    Args:
        dimensions: their names, in label order.
        nulls: what a null becomes, where that is not "none".
        renamed: by dimension, the API's values that have another word here.
        unknown: called once with ``dimension=value`` for each value that is not documented.
    """

    def __init__(
        self,
        dimensions: tuple[str, ...],
        *,
        nulls: Mapping[str, str],
        renamed: Mapping[str, Mapping[str, str]],
        unknown: Callable[[str], None],
    ) -> None:
        self._dimensions = dimensions
        self._nulls = [nulls.get(name, NONE) for name in dimensions]
        self._renamed = renamed
        self._unknown = unknown
        self._made: dict[Raw, tuple[str, ...]] = {}
        self._reported: set[str] = set()

    def of(self, raw: Raw) -> tuple[str, ...]:
        """Give the label values of one combination."""
        labels = self._made.get(raw)
        if labels is None:
            labels = self._made[raw] = tuple(map(self._word, self._dimensions, raw, self._nulls))
        return labels

    def _word(self, dimension: str, value: str | Actor | None, null: str) -> str:
        if isinstance(value, Actor):
            value = value.user_id or value.service_account_id or value.api_key_id or value.type
        if not value:
            return null
        if dimension == "token_type":
            word = TOKEN_TYPES.get(value)
            if word is not None:
                return word
            self._report(f"{dimension}={value}")
            return value
        if dimension in KNOWN and value not in KNOWN[dimension]:
            self._report(f"{dimension}={value}")
        return self._renamed.get(dimension, {}).get(value, value)

    def _report(self, what: str) -> None:
        if what not in self._reported:
            self._reported.add(what)
            self._unknown(what)
