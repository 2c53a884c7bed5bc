"""What the rows of both cost reports have in common: USD, and labels that hang together."""

from decimal import Decimal

from anthropic_exporter.records import NONE

from . import amounts
from .endpoint import Endpoint
from .reader import Reader

_TOKENS = "tokens"
_OF_TOKENS = frozenset({"model", "service_tier", "token_type"})


class Money:
    """Reads amounts, and counts once per walk those that did not come as the documented string."""

    def __init__(self, reader: Reader, endpoint: Endpoint) -> None:
        self._reader = reader
        self._endpoint = endpoint
        self._told: set[str] = set()

    def usd(self, field: str, cents: object, currency: str | None) -> Decimal:
        """Give exact USD.

        Raises:
            ValueError: it is no amount, or not in USD.
        """
        if currency not in {None, "USD"}:
            # A sum over currencies would be a wrong number; none at all is better.
            raise ValueError("an amount in another currency than USD")
        if not amounts.is_documented(cents) and field not in self._told:
            self._told.add(field)
            self._reader.drift(self._endpoint, "unknown_value", f"{field}: a JSON number, not a string")
        return amounts.usd(cents)


def without_model(dimensions: tuple[str, ...], labels: tuple[str, ...]) -> tuple[str, ...]:
    """Blank model, tier and token type of a cost that is not for tokens: ``cost_type`` alone says what was paid for.

    The generations differ in what they send beside a web search; both then give it the same labels.
    """
    told = dict(zip(dimensions, labels, strict=True))
    if told.get("model") != NONE and told.get("cost_type", _TOKENS) in {_TOKENS, NONE}:
        return labels
    return tuple(NONE if name in _OF_TOKENS else word for name, word in told.items())
