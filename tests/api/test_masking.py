import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter.api.masking import shown
from api.harness import CANARY


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain words", "plain words"),
        ("two\n lines\t and a bell\x07", "two lines and a bell"),
        ("key sk-ant-api03-abc_DEF-123 refused", "key *** refused"),
        ("SK-ANT-ADMIN01-UPPER", "***"),
        ("'sk-ant-admin01-quoted'", "'***'"),
        ("right\u202eleft", "rightleft"),
    ],
)
def test_only_what_is_harmless_is_shown(text, result):
    assert shown(text) == result


def test_a_text_without_end_is_not_looked_at_to_its_end():
    text = "x" * 10_000_000
    tracemalloc.start()
    try:
        assert shown(text, "secret", longest=80) == "x" * 79 + "…"
        assert tracemalloc.get_traced_memory()[1] < len(text)
    finally:
        tracemalloc.stop()


def test_a_secret_of_any_shape_is_hidden():
    assert shown("token opaque/42== refused", "opaque/42==") == "token *** refused"


@given(st.text(max_size=400), st.text(max_size=400), st.integers(1, 400))
def test_a_key_is_never_shown_not_even_cut(before, after, longest):
    text = shown(before + CANARY + " " + after, CANARY, longest)
    assert "canary" not in text
    assert len(text) <= longest
