"""What collectors remember from one cycle, and one start, to the next."""

from typing import Protocol, TypeVar

import msgspec

T = TypeVar("T")


class Memory(Protocol):
    """What outlives the process, by key."""

    def get(self, key: str) -> str | None:
        """Return what was remembered, or None."""

    def set(self, key: str, value: str) -> None:
        """Remember a text."""


def recall(memory: Memory, key: str, shape: type[T]) -> T:
    """Return what was remembered as JSON, or the shape's default."""
    text = memory.get(key)
    return msgspec.json.decode(text, type=shape) if text else shape()


def remember(memory: Memory, key: str, value: object) -> None:
    """Keep a value as JSON."""
    memory.set(key, msgspec.json.encode(value).decode())
