"""What collectors remember from one cycle, and one start, to the next."""

import logging
from typing import Protocol, TypeVar

import msgspec

log = logging.getLogger(__name__)
T = TypeVar("T")


class Memory(Protocol):
    """What outlives the process, by key."""

    def get(self, key: str) -> str | None:
        """Return what was remembered, or None."""

    def set(self, key: str, value: str) -> None:
        """Remember a text."""


def recall(memory: Memory, key: str, shape: type[T]) -> T:
    """Return what was remembered, or the shape's default where there is none, or none that this version can read.

    Whoever asks then begins as at the first start: what it reads again replaces what is there.
    """
    text = memory.get(key)
    if not text:
        return shape()
    try:
        return msgspec.json.decode(text, type=shape)
    except msgspec.DecodeError as error:
        log.warning("what was remembered cannot be read; beginning anew", extra={"key": key, "why": str(error)})
        return shape()


def remember(memory: Memory, key: str, value: object) -> None:
    """Keep a value as JSON."""
    memory.set(key, written(value))


def written(value: object) -> str:
    """Return the JSON that a value is kept as."""
    return msgspec.json.encode(value).decode()
