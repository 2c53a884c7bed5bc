import json
from decimal import Decimal

import httpx
import pytest

from anthropic_exporter import errors
from anthropic_exporter.records import Bucket, CostRow, Reading
from api.harness import Upstream, answers, bucket, cost_row, error, legacy_page, ok

ENDPOINT = "/v1/organizations/cost_report"
# 2026-11-18T00:00:00Z
START = 1794960000
DAY = 86400
BOUNDS = ("2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z")


def read(*replies):
    upstream = Upstream(answers(*replies))
    return upstream.api.cost_report(starting_at=START, ending_at=START + 2 * DAY), upstream


def row_of(**more):
    reading, upstream = read(ok(legacy_page([bucket(*BOUNDS, cost_row(**more))])))
    return reading.buckets[0].rows[0], upstream.seen.kinds


def test_a_report_becomes_records():
    page = legacy_page(
        [
            bucket(*BOUNDS, cost_row(workspace_id="wrkspc_01"), cost_row(amount="0.5")),
            bucket("2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z"),
        ]
    )
    reading, upstream = read(ok(page))
    rest = ("claude-sonnet-5-5", "standard", "tokens", "output")
    assert reading == Reading(
        [
            Bucket(
                START,
                START + DAY,
                [
                    CostRow(("wrkspc_01", *rest), Decimal("1.2345"), None),
                    CostRow(("default", *rest), Decimal("0.005"), None),
                ],
            ),
            Bucket(START + DAY, START + 2 * DAY, []),
        ],
        None,
    )
    assert upstream.seen.requests == [(ENDPOINT, "200")]
    assert upstream.seen.drifts == []
    assert upstream.sent[0].url.params.multi_items() == [
        ("starting_at", "2026-11-18T00:00:00Z"),
        ("ending_at", "2026-11-20T00:00:00Z"),
        ("bucket_width", "1d"),
        ("limit", "31"),
        ("group_by[]", "workspace_id"),
        ("group_by[]", "description"),
    ]


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ("uncached_input_tokens", "uncached_input"),
        ("cache_creation.ephemeral_5m_input_tokens", "cache_creation_5m"),
        ("cache_creation.ephemeral_1h_input_tokens", "cache_creation_1h"),
        ("cache_read_input_tokens", "cache_read"),
        ("output_tokens", "output"),
        (None, "none"),
    ],
)
def test_token_types_are_those_of_the_exporter(told, word):
    row, drift = row_of(token_type=told)
    assert row.labels[-1] == word
    assert drift == []


def test_a_token_type_that_is_new_is_passed_on_and_counted():
    row, drift = row_of(token_type="audio_tokens")
    assert row.labels[-1] == "audio_tokens"
    assert drift == [("unknown_value", "token_type=audio_tokens")]


@pytest.mark.parametrize("tier", [None, "standard"])
@pytest.mark.parametrize("model", [None, "claude-opus-5-5"])
def test_a_cost_that_is_not_for_tokens_has_its_type_alone(model, tier):
    row, drift = row_of(cost_type="web_search", model=model, service_tier=tier, token_type=None)
    assert row.labels == ("default", "none", "none", "web_search", "none")
    assert drift == []


def test_a_cost_that_is_not_grouped_has_no_type():
    assert row_of(cost_type=None)[0].labels[3] == "none"


def test_a_correction_may_be_negative():
    assert row_of(amount="-12.5")[0].amount == Decimal("-0.125")


def test_an_amount_as_a_number_is_read_exactly_and_counted():
    row, drift = row_of(amount=0.1)
    assert row.amount == Decimal("0.001")
    assert drift == [("unknown_value", "amount: a JSON number, not a string")]


@pytest.mark.parametrize("amount", ["", "NaN", "Infinity", "1,5", None, True, [], {}, 1e300])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(errors.SchemaError, match="amount"):
        row_of(amount=amount)


@pytest.mark.parametrize(
    "number", [b"1E99999999999999999999", b"1e-99999999999999999999", b"1e999", b"1" + b"0" * 5000]
)
def test_a_number_beyond_all_measure_is_no_amount(number):
    page = json.dumps(legacy_page([bucket(*BOUNDS, cost_row(amount="HERE"))])).encode().replace(b'"HERE"', number)
    with pytest.raises(errors.SchemaError):
        read(httpx.Response(200, content=page))


@pytest.mark.parametrize("currency", ["EUR", "usd", ""])
def test_another_currency_is_refused(currency):
    with pytest.raises(errors.SchemaError, match="currency"):
        row_of(currency=currency)


def test_no_amount_is_no_reading():
    row = cost_row()
    del row["amount"]
    upstream = Upstream(answers(ok(legacy_page([bucket(*BOUNDS, row)]))))
    with pytest.raises(errors.SchemaError, match="amount"):
        upstream.api.cost_report(starting_at=START, ending_at=START + DAY)
    assert upstream.seen.kinds == [("missing_field", "amount")]


def test_days_that_are_not_over_are_an_empty_range():
    with pytest.raises(errors.EmptyRange):
        read(error(400, message="Invalid date range: ending date must be after starting date"))


def test_a_day_that_comes_twice_is_refused():
    pages = [ok(legacy_page([bucket(*BOUNDS, cost_row())], "c")), ok(legacy_page([bucket(*BOUNDS)]))]
    with pytest.raises(errors.SchemaError, match="came before"):
        read(*pages)
