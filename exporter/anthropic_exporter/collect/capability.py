"""Which endpoint serves a purpose: asked once, remembered, and not changed lightly.

Two generations of the API tell the same things with different freshness, so swinging between them would move
numbers back and forth. The first endpoint that answers serves the purpose until it has said "not supported" for a
whole day, or the configuration says otherwise.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from anthropic_exporter.collect.memory import Memory, recall, remember
from anthropic_exporter.errors import NotSupported

PATIENCE = 86_400.0
"""Seconds of "not supported" after which another endpoint may take over."""

ASK_AGAIN = 3600.0
"""Seconds until an endpoint that is not offered is asked again."""

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Choice:
    endpoint: str = ""
    refused_since: float | None = None  # by the chosen endpoint, or by all while none is chosen


@dataclass(slots=True)
class Capability:
    """The endpoint of one purpose.

    Args:
        purpose: names it in the state and the log.
        memory: where the choice is kept.
    """

    purpose: str
    memory: Memory

    @property
    def endpoint(self) -> str:
        """The chosen endpoint, or "" while none is."""
        return self._choice().endpoint

    def ask(self, candidates: Sequence[tuple[str, Callable[[], T]]], now: float) -> tuple[str, T]:
        """Call the chosen endpoint; while none is chosen, the candidates in order until one answers.

        Raises:
            NotSupported: none is offered, or the chosen one is not at the moment.
            PollError: the call failed otherwise; nothing is decided by that.
        """
        choice = self._choice()
        offered = dict(candidates)
        if choice.endpoint in offered:
            try:
                answer = offered[choice.endpoint]()
            except NotSupported:
                since = choice.refused_since or now
                self._keep(_Choice(choice.endpoint, since))
                if now - since < PATIENCE or len(offered) == 1:
                    raise
            else:
                if choice.refused_since:
                    self._keep(_Choice(choice.endpoint))
                return choice.endpoint, answer
        return self._choose(choice, candidates)

    def _choose(self, before: _Choice, candidates: Sequence[tuple[str, Callable[[], T]]]) -> tuple[str, T]:
        refusal: NotSupported | None = None
        for endpoint, call in candidates:
            if endpoint == before.endpoint and before.refused_since:
                continue
            try:
                answer = call()
            except NotSupported as error:
                refusal = refusal or error
                continue
            log.info(
                "endpoint chosen",
                extra={"purpose": self.purpose, "endpoint": endpoint, "before": before.endpoint or "none"},
            )
            self._keep(_Choice(endpoint))
            return endpoint, answer
        raise refusal or NotSupported(f"no endpoint is configured for {self.purpose}")

    def _choice(self) -> _Choice:
        return recall(self.memory, f"endpoint.{self.purpose}", _Choice)

    def _keep(self, choice: _Choice) -> None:
        remember(self.memory, f"endpoint.{self.purpose}", choice)
