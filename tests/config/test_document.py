from decimal import Decimal

import pytest

from anthropic_exporter.config.document import parse
from anthropic_exporter.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        *((word, word) for word in ("yes", "no", "on", "off", "True", "FALSE", "y", "n", "NULL")),
        ("~", None),
        ("null", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("010", "010"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("0.1", Decimal("0.1")),
        ("20000.10", Decimal("20000.10")),
        ("12345678901234567890.12", Decimal("12345678901234567890.12")),
        ("1e3", Decimal(1000)),
        (".5", ".5"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ('"5"', "5"),
        ("60s", "60s"),
    ],
)
def test_a_word_means_what_it_says(text, value):
    parsed = parse(f"key: {text}\n", "x.yml")
    assert parsed == {"key": value}
    assert type(parsed["key"]) is type(value)


def test_an_empty_file_is_nothing():
    assert parse("# only a comment\n", "x.yml") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("a: 1\nb: 2\na: 3\n", 'line 3, column 1: duplicate key "a", first on line 1', id="duplicate"),
        pytest.param(
            "a:\n  - {b: 1, b: 2}\n", 'line 2, column 12: duplicate key "b", first on line 2', id="nested duplicate"
        ),
        pytest.param("a: b: c\n", "line 1, column 5: mapping values are not allowed here", id="colon"),
        pytest.param("a: [1\n", "line 2, column 1: expected ',' or ']', but got '<stream end>'", id="unclosed"),
        pytest.param(
            "a: !!python/object/apply:os.system [id]\n",
            "line 1, column 4: could not determine a constructor for the tag "
            "'tag:yaml.org,2002:python/object/apply:os.system'",
            id="tag",
        ),
        pytest.param("a: 1\n---\nb: 2\n", "line 2, column 1: but found another document", id="two documents"),
        pytest.param("{[1]: 2}\n", "line 1, column 2: a key must be a word", id="list as key"),
        pytest.param("a: *b\n", "line 1, column 4: found undefined alias 'b'", id="alias"),
        pytest.param(
            "a: \x07\n", "expected text, found a special character: special characters are not allowed", id="bell"
        ),
        pytest.param("[" * 5000, "nested too deeply", id="deep"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(text, message):
    with pytest.raises(ConfigError) as error:
        parse(text, "x.yml")
    assert str(error.value) == f"x.yml: {message}"


def test_a_key_of_the_api_is_not_shown():
    with pytest.raises(ConfigError) as error:
        parse("sk-ant-admin01-canary: 1\nsk-ant-admin01-canary: 2\n", "x.yml")
    assert "canary" not in str(error.value)
