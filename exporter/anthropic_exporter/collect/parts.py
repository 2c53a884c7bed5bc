"""A collector whose parts are offered one by one: what is not is left out, and asked for again after an hour."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from anthropic_exporter.collect.capability import ASK_AGAIN
from anthropic_exporter.errors import NotSupported

T = TypeVar("T")


@dataclass(slots=True)
class Parts:
    """Which parts were refused, and when."""

    _refused: dict[str, tuple[float, NotSupported]] = field(default_factory=dict)

    def ask(self, part: str, call: Callable[[], T], now: float) -> T | None:
        """Return the answer, or None where this part is not offered.

        Raises:
            PollError: the call failed otherwise.
        """
        refused = self._refused.get(part)
        if refused is not None and 0 <= now - refused[0] < ASK_AGAIN:
            return None
        try:
            answer = call()
        except NotSupported as error:
            self._refused[part] = (now, error)
            return None
        self._refused.pop(part, None)
        return answer

    def offered(self, part: str) -> bool:
        """Return whether the part was not refused when last asked for."""
        return part not in self._refused

    def require_one_of(self, *parts: str) -> None:
        """Raise where all of them are refused.

        Raises:
            NotSupported: as the first of them was.
        """
        if all(part in self._refused for part in parts):
            raise self._refused[parts[0]][1]
