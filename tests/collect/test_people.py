from anthropic_exporter.collect.people import naming
from collect.upstream import DictMemory


def test_nobody_is_shown_unless_asked_for():
    assert naming("none", DictMemory()) is None


def test_plain_is_the_address():
    name = naming("plain", DictMemory())
    assert name is not None
    assert name("robin@example.com") == "robin@example.com"


def test_a_hash_is_the_same_over_restarts_and_differs_between_states():
    memory = DictMemory()
    first, again, other = naming("hash", memory), naming("hash", memory), naming("hash", DictMemory())
    assert first is not None
    assert again is not None
    assert other is not None
    assert first("Robin@example.com") == again("robin@example.com")
    assert first("robin@example.com") != other("robin@example.com")
    assert first("robin@example.com") != first("kim@example.com")
    assert "robin" not in first("robin@example.com")
