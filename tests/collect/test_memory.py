from dataclasses import dataclass

import pytest

from anthropic_exporter.collect.memory import recall, remember
from collect.upstream import DictMemory


@dataclass(frozen=True)
class State:
    at: float | None = None
    names: tuple[str, ...] = ()


def test_what_was_remembered_is_recalled():
    memory = DictMemory()
    remember(memory, "key", State(1.5, ("a", "b")))
    assert recall(memory, "key", State) == State(1.5, ("a", "b"))


def test_what_was_never_remembered_is_the_default():
    assert recall(DictMemory(), "key", State) == State()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"at": "noon"}', '{"names": "a"}', "\x00"])
def test_what_another_version_left_is_the_default_and_told(text, caplog):
    memory = DictMemory({"key": text})
    assert recall(memory, "key", State) == State()
    assert ("cannot be read" in caplog.text) == bool(text)


def test_a_field_that_a_newer_version_added_is_passed_over():
    assert recall(DictMemory({"key": '{"at": 1.0, "mood": "good"}'}), "key", State) == State(1.0)
