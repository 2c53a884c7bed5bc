"""prices.file: what it can say, and how a bad one is refused."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files

import pytest
import yaml

from anthropic_exporter.errors import ConfigError
from anthropic_exporter.money.estimate import PriceDimensions, estimate
from anthropic_exporter.money.pricefile import read_bundled
from anthropic_exporter.money.prices import PriceList

DAY = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
FIVE = 'input: "1", cache_write_5m: "2", cache_write_1h: "3", cache_read: "4", output: "5"'


@pytest.fixture
def load(tmp_path):
    path = tmp_path / "prices.yml"

    def write_and_load(text):
        path.write_text(text, encoding="utf-8")
        return PriceList.load(path)

    return write_and_load


def output(prices, model, tier="standard", geo="none", *, speed="none", window="none", on=DAY):
    """USD per million output tokens, or the reason why there is no such price."""
    found = estimate(prices, PriceDimensions(model, tier, geo, speed, window), on, [0, 0, 0, 0, 1_000_000])
    return found.reason or found.usd[4]


def test_a_row_adds_a_model(load):
    prices = load(f"prices: [{{model: claude-new-9, {FIVE}}}]")
    assert output(prices, "claude-new-9") == 5
    assert output(prices, "claude-new-9-20270101", "batch", "us") == Decimal("2.75")
    assert output(prices, "claude-new-9", speed="fast") == "unknown_speed"
    assert output(prices, "claude-opus-5") == 25


def test_a_row_overrides_the_bundled_one_on_its_days_only(load):
    prices = load(f"prices: [{{model: claude-opus-5, valid_from: 2026-11-20, valid_to: 2026-11-21, {FIVE}}}]")
    assert [output(prices, "claude-opus-5", on=DAY + offset * 86_400) for offset in (-1, 0, 1)] == [25, 5, 25]
    assert output(prices, "claude-opus-5", speed="fast") == 50


def test_a_row_can_make_a_price_unknown(load):
    unknown = FIVE.replace('output: "5"', "output: null")
    assert output(load(f"prices: [{{model: claude-opus-5, {unknown}}}]"), "claude-opus-5") == "unknown_model"


def test_a_row_can_be_for_fast_mode_or_a_context_window(load):
    nine = FIVE.replace('"5"', '"9"')
    prices = load(f"""
prices:
  - {{model: claude-opus-4-7, speed: fast, {FIVE}}}
  - {{model: claude-opus-4-7, context_window: 200k-1M, {nine}}}
""")
    assert output(prices, "claude-opus-4-7", speed="fast") == 5
    assert output(prices, "claude-opus-4-7", window="200k-1M") == 9
    assert output(prices, "claude-opus-4-7", window="0-200k") == 25


@pytest.mark.parametrize("spelling", ["claude-opus-4-0", "claude-opus-4-20250514"])
def test_a_row_may_use_any_name_of_the_model(load, spelling):
    prices = load(f"prices: [{{model: {spelling}, {FIVE}}}]")
    assert output(prices, "claude-opus-4-0") == output(prices, "claude-opus-4-20250514") == 5


def test_a_model_can_get_another_name(load):
    prices = load("models: {claude-opus-5: {names: [opus-five]}}")
    assert output(prices, "opus-five") == 25
    labels = {sample.labels[0] for sample in prices.rows(DAY)}
    assert {"opus-five", "claude-opus-5"} <= labels


def test_what_is_said_of_a_model_leaves_the_rest_as_it_was(load):
    prices = load("models: {claude-haiku-4-5: {names: [small]}, claude-opus-5: {retired: 2026-11-19}}")
    assert {sample.labels[2] for sample in prices.rows(DAY) if sample.labels[0] == "small"} == {"not_available"}
    assert "claude-opus-5" not in {sample.labels[0] for sample in prices.rows(DAY)}


def test_a_tier_or_geography_can_get_a_factor(load):
    prices = load("""
factors:
  - {dimension: service_tier, word: flex, factor: "0.5"}
  - {dimension: inference_geo, word: eu, factor: "1.2", valid_from: 2026-11-20}
""")
    assert output(prices, "claude-opus-5", "flex", "eu") == 15
    assert output(prices, "claude-opus-5", "flex", "eu", on=DAY - 86_400) == "unknown_tier"
    assert ("flex", "eu") in {sample.labels[1:3] for sample in prices.rows(DAY)}


def test_a_discount_is_a_factor_of_the_plain_word(load):
    prices = load('factors: [{dimension: service_tier, word: standard, factor: "0.9"}]')
    assert output(prices, "claude-opus-5") == Decimal("22.5")
    assert output(prices, "claude-opus-5", "batch") == Decimal("12.5")


def test_searches_can_get_another_price(load):
    prices = load('web_search: [{usd_per_search: "0.008", valid_from: 2026-11-20}]')
    assert prices.web_search_price(DAY) == Decimal("0.008")
    assert prices.web_search_price(DAY - 1) == Decimal("0.01")


ROW = f"prices: [{{model: m, {FIVE}}}]"
BAD = [
    ("", "{file}: expected a mapping with the keys prices, factors, web_search, models, found nothing"),
    ("[]", "{file}: expected a mapping with the keys prices, factors, web_search, models, found a list"),
    (
        "price: []",
        '{file}: price: expected one of the keys prices, factors, * found the unknown key "price"',
    ),
    ("{3: 4}", "{file}: expected keys that are strings, found 3"),
    ("prices: {}", "{file}: prices: expected a list, found a mapping"),
    (
        ROW.replace("cache_read", "cached"),
        '{file}: prices[0].cached: expected one of the keys model, input, * found the unknown key "cached"',
    ),
    (
        ROW.replace(', output: "5"', ""),
        "{file}: prices[0].output: expected a value, found no such key",
    ),
    (
        ROW.replace('input: "1"', "input: 1.5"),
        '{file}: prices[0].input: expected a decimal in quotes, not negative, such as "2.50", found 1.5',
    ),
    (
        ROW.replace('input: "1"', 'input: "-1"'),
        '{file}: prices[0].input: expected a decimal in quotes, not negative, such as "2.50", found "-1"',
    ),
    (
        ROW.replace('input: "1"', "input: true"),
        '{file}: prices[0].input: expected a decimal in quotes, not negative, such as "2.50", found true',
    ),
    (ROW.replace('input: "1"', 'input: "NaN"'), '{file}: prices[0].input: expected a decimal * found "NaN"'),
    (ROW.replace('input: "1"', 'input: "1e3"'), '{file}: prices[0].input: expected a decimal * found "1e3"'),
    (
        ROW.replace('input: "1"', 'input: "1\\n"'),
        '{file}: prices[0].input: expected a decimal * found "1\\n"',
    ),
    (ROW.replace('input: "1"', 'input: "٣"'), '{file}: prices[0].input: expected a decimal * found "٣"'),
    (
        ROW.replace('input: "1"', f'input: "{"9" * 99}"'),
        f'{{file}}: prices[0].input: expected a decimal * found "{"9" * 59}…',
    ),
    (
        ROW.replace("model: m", "model: 4"),
        "{file}: prices[0].model: expected a word without blanks, found 4",
    ),
    (
        ROW.replace("model: m", 'model: "a b"'),
        '{file}: prices[0].model: expected a word without blanks, found "a b"',
    ),
    (
        ROW.replace("model: m", 'model: ""'),
        '{file}: prices[0].model: expected a word without blanks, found ""',
    ),
    (
        ROW.replace("model: m", "model: m, speed: quick"),
        '{file}: prices[0].speed: expected standard or fast, found "quick"',
    ),
    (
        ROW.replace("model: m", "model: m, context_window: 1M"),
        '{file}: prices[0].context_window: expected 0-200k or 200k-1M, found "1M"',
    ),
    (
        ROW.replace("model: m", "model: m, valid_from: 2026-02-30"),
        '{file}: prices[0].valid_from: expected a date such as 2026-10-07, found "2026-02-30"',
    ),
    (
        ROW.replace("model: m", "model: m, valid_to: 2026-10-07T00:00:00Z"),
        '{file}: prices[0].valid_to: expected a date such as 2026-10-07, found "2026-10-07T00:00:00Z"',
    ),
    (
        ROW.replace("model: m", "model: m, valid_from: 2026-10-07, valid_to: 2026-10-07"),
        '{file}: prices[0].valid_to: expected a day after valid_from, found "2026-10-07"',
    ),
    (ROW.replace("model: m", "model: m, source: 3"), "{file}: prices[0].source: expected a text, found 3"),
    (ROW.replace("model: m", 'model: m, note: ""'), '{file}: prices[0].note: expected a text, found ""'),
    (
        f"""
prices:
  - {{model: m, {FIVE}, valid_to: 2026-02-01}}
  - {{model: n, {FIVE}}}
  - {{model: m-20260101, {FIVE}, valid_from: 2026-01-31}}
""",
        "{file}: prices[2]: expected days of its own, found an overlap with prices[0]",
    ),
    (
        f"prices: [{{model: claude-opus-4-0, {FIVE}}}, {{model: claude-opus-4-20250514, {FIVE}}}]",
        "{file}: prices[1]: expected days of its own, found an overlap with prices[0]",
    ),
    (
        'factors: [{dimension: model, word: a, factor: "1"}]',
        '{file}: factors[0].dimension: expected service_tier or inference_geo, found "model"',
    ),
    (
        "web_search: [{usd_per_search: 0.01}]",
        "{file}: web_search[0].usd_per_search: expected a decimal in quotes, * found 0.01",
    ),
    (
        'web_search: [{usd_per_search: "1"}, {usd_per_search: "2"}]',
        "{file}: web_search[1]: expected days of its own, found an overlap with web_search[0]",
    ),
    ("models: [claude-opus-5]", "{file}: models: expected a mapping of models, found a list"),
    (
        "models: {claude-opus-5: {inference_geo: maybe}}",
        '{file}: models.claude-opus-5.inference_geo: expected true or false, found "maybe"',
    ),
    (
        "models: {claude-opus-5: {names: [claude-opus-5-5]}}",
        '{file}: models.claude-opus-5.names: expected names of no other model, found "claude-opus-5-5"',
    ),
    (
        "models: {claude-opus-5: {names: [claude-opus-5-5-20260922]}}",
        '{file}: models.claude-opus-5.names: expected names of no other model, found "claude-*-20260922"',
    ),
    (
        ROW.replace('output: "5"', 'output: "5", output: "6"'),
        '{file}: expected YAML, found the key "output" twice in line 1, column *',
    ),
    ("prices: [", "{file}: expected YAML, found * in line 1, column *"),
    ("prices: !!int x", "{file}: expected YAML, found *"),
    (
        "prices: !!python/object:os.system {}",
        "{file}: expected YAML, found could not determine a constructor *",
    ),
    ("\0", "{file}: expected YAML, found *"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_a_bad_file_is_refused_with_the_place_and_what_stands_there(load, tmp_path, text, message):
    with pytest.raises(ConfigError) as caught:
        load(text)
    pattern = re.escape(message.replace("{file}", str(tmp_path / "prices.yml"))).replace(r"\*", ".*")
    assert re.fullmatch(pattern, str(caught.value)), str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yml: expected a readable file, found No such file"):
        PriceList.load(tmp_path / "none.yml")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    path = tmp_path / "prices.yml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"prices\.yml: expected a readable file, found text that is not UTF-8"):
        PriceList.load(path)


def test_anchors_may_repeat_the_prices_of_a_row(load):
    prices = load(f"""
prices:
  - &row {{model: one, {FIVE}}}
  - {{<<: *row, model: two}}
""")
    assert output(prices, "one") == output(prices, "two") == 5


def test_the_fingerprint_is_the_same_for_the_same_prices(load):
    assert PriceList.load().fingerprint() == PriceList.load().fingerprint()
    one = load(f"prices: [{{model: a, {FIVE}}}, {{model: b, {FIVE}, note: old}}]").fingerprint()
    same = FIVE.replace('"1"', '"1.00"')
    other = load(f"prices: [{{model: b, {FIVE}}}, {{model: a, {same}}}]").fingerprint()
    assert one == other


def test_the_fingerprint_changes_with_every_single_price(load):
    """One bundled price after the other, moved by the smallest amount that a file can hold."""
    document = yaml.safe_load(files("anthropic_exporter.money").joinpath("prices.yaml").read_text("utf-8"))
    columns = ("input", "cache_write_5m", "cache_write_1h", "cache_read", "output")
    found = {PriceList.load().fingerprint()}
    changed = 0
    for row in (row for row in document["prices"] if row["model"] in ("claude-opus-4-6", "claude-mythos-preview")):
        for column in columns:
            other = dict(row) | {column: "0.000000001" if row[column] is None else row[column] + "1"}
            if "." not in (row[column] or "."):
                other[column] = row[column] + ".000000001"
            found.add(load(yaml.safe_dump({"prices": [other]})).fingerprint())
            changed += 1
    assert len(found) == 1 + changed == 1 + 6 * len(columns)


@pytest.mark.parametrize(
    "text",
    [
        'factors: [{dimension: service_tier, word: batch, factor: "0.6"}]',
        'web_search: [{usd_per_search: "0.02"}]',
        "models: {claude-opus-5: {names: [opus-five]}}",
        f"prices: [{{model: claude-opus-5, valid_from: 2030-01-01, {FIVE}}}]",
        f"prices: [{{model: claude-opus-5, valid_from: 2030-01-02, {FIVE}}}]",
        f"prices: [{{model: claude-opus-5, speed: fast, {FIVE}}}]",
    ],
)
def test_the_fingerprint_changes_with_everything_that_moves_a_price(load, text):
    assert load(text).fingerprint() != PriceList.load().fingerprint()


def test_every_bundled_row_says_where_it_is_from():
    bundled = read_bundled()
    for row in (*bundled.prices, *bundled.factors, *bundled.web_search):
        assert row.source, row.where
        assert row.as_of, row.where
