from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_exporter import errors
from anthropic_exporter.api import times
from anthropic_exporter.records import Bucket, CostRow, Reading, UsageRow
from api.harness import Upstream, answers, cost_line, error, ok, report_page, usage_line

BETA = "analytics-usage-cost-2026-08-24"
# 2026-11-19T00:00:00Z
START = 1795046400
DAY = 86400
FIRST = ("2026-11-19T00:00:00Z", "2026-11-20T00:00:00Z")
SECOND = ("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z")
REFRESHED = 1795161600
DEFAULT = "wrkspc_default"


def usage(handler, dimensions=("model",), width="1d", start=START, end=START + 2 * DAY):
    upstream = Upstream(handler)
    reading = upstream.api.analytics_usage(
        starting_at=start, ending_at=end, width=width, dimensions=dimensions, default_workspace=DEFAULT
    )
    return reading, upstream


def cost(handler, dimensions=("api_key_id",), fan_out=True, width="1d"):
    upstream = Upstream(handler)
    reading = upstream.api.analytics_cost(
        starting_at=START,
        ending_at=START + 2 * DAY,
        width=width,
        dimensions=dimensions,
        fan_out=fan_out,
        default_workspace=DEFAULT,
    )
    return reading, upstream


def usage_labels(dimensions, **told):
    reading, upstream = usage(answers(ok(report_page([usage_line(*FIRST, **told)]))), dimensions)
    return reading.buckets[0].rows[0].labels, upstream.seen.kinds


def cost_row_of(dimensions, fan_out=True, **told):
    reading, upstream = cost(answers(ok(report_page([cost_line(*FIRST, **told)]))), dimensions, fan_out)
    return reading.buckets[0].rows[0], upstream.seen.kinds


def test_usage_rows_become_buckets():
    lines = [usage_line(*FIRST, model="a"), usage_line(*FIRST, None, model="b"), usage_line(*SECOND, model="a")]
    reading, upstream = usage(answers(ok(report_page(lines))))
    tokens = (10, 20, 30, 40, 50)
    assert reading == Reading(
        [
            Bucket(START, START + DAY, [UsageRow(("a",), tokens, 6, 3), UsageRow(("b",), tokens, 6, None)]),
            Bucket(START + DAY, START + 2 * DAY, [UsageRow(("a",), tokens, 6, 3)]),
        ],
        REFRESHED,
    )
    assert upstream.seen.requests == [("/v1/organizations/analytics/usage", "200")]
    assert upstream.seen.drifts == []


def test_the_query_has_its_beta_and_its_order():
    _, upstream = usage(answers(ok(report_page([]))), ("model", "api_key_id"))
    assert upstream.sent[0].headers["anthropic-beta"] == BETA
    assert upstream.sent[0].url.params.multi_items() == [
        ("starting_at", "2026-11-19T00:00:00Z"),
        ("ending_at", "2026-11-21T00:00:00Z"),
        ("limit", "1000"),
        ("time_bucket_width", "1d"),
        ("order_by", "time"),
        ("order", "asc"),
        ("group_by[]", "model"),
        ("group_by[]", "api_key_id"),
    ]


def test_without_a_width_there_is_no_order_by_time():
    _, upstream = usage(answers(ok(report_page([]))), width=None)
    assert not {"time_bucket_width", "order_by", "order"} & set(upstream.sent[0].url.params)


def test_without_rows_there_are_no_buckets():
    assert usage(answers(ok(report_page([], refreshed=None))))[0] == Reading([], None)


def test_a_fan_out_is_asked_for_beside_the_dimensions():
    lines = [
        cost_line(*FIRST, "1084.0977", "1204.553", api_key_id="k", cost_type="tokens", token_type="output_tokens"),
        cost_line(*FIRST, "210", "210", api_key_id="k", cost_type="web_search", token_type=None),
    ]
    reading, upstream = cost(answers(ok(report_page(lines))))
    assert upstream.sent[0].url.params.get_list("group_by[]") == ["api_key_id", "cost_type", "token_type"]
    assert reading.buckets[0].rows == [
        CostRow(("k", "tokens", "output"), Decimal("10.840977"), Decimal("12.04553")),
        CostRow(("k", "web_search", "none"), Decimal("2.1"), Decimal("2.1")),
    ]
    assert reading.refreshed_at == REFRESHED
    assert upstream.seen.drifts == []


def test_five_dimensions_and_the_fan_out_fit():
    _, upstream = cost(answers(ok(report_page([]))), ("model", "speed", "product", "api_key_id", "workspace_id"))
    assert len(upstream.sent[0].url.params.get_list("group_by[]")) == 7


def test_without_a_fan_out_there_are_no_such_labels():
    row, _ = cost_row_of(("workspace_id", "model"), fan_out=False, workspace_id="w", model="m")
    assert row == CostRow(("w", "m"), Decimal("1.00"), Decimal("1.25"))


def test_a_cost_without_a_model_has_its_type_alone():
    row, _ = cost_row_of(
        ("workspace_id", "model", "service_tier"), model=None, service_tier="standard", cost_type="code_execution"
    )
    assert row.labels == ("none", "none", "none", "code_execution", "none")


@pytest.mark.parametrize("cost_type", ["web_search", "code_execution", "session_usage", "brand_new"])
def test_a_cost_that_is_not_for_tokens_has_no_model_though_it_is_told(cost_type):
    row, _ = cost_row_of(
        ("workspace_id", "model", "service_tier"),
        workspace_id="w",
        model="claude-opus-5-5",
        service_tier="standard",
        cost_type=cost_type,
        token_type=None,
    )
    assert row.labels == ("w", "none", "none", cost_type, "none")


def test_where_the_model_was_not_asked_for_the_rest_stays():
    row, _ = cost_row_of(("service_tier",), service_tier="batch", cost_type="tokens", token_type="output_tokens")
    assert row.labels == ("batch", "tokens", "output")


def test_a_list_amount_that_is_missing_is_not_known():
    line = cost_line(*FIRST)
    del line["cost"]["list_amount"]
    reading, upstream = cost(answers(ok(report_page([line]))))
    assert reading.buckets[0].rows[0].list_amount is None
    assert upstream.seen.kinds == [("missing_field", "list_amount")]


@pytest.mark.parametrize(("amount", "list_amount"), [("NaN", "1"), ("1", "NaN"), (None, "1"), ("1", [])])
def test_what_is_no_amount_is_refused(amount, list_amount):
    with pytest.raises(errors.SchemaError, match="amount"):
        cost_row_of((), amount=amount, list_amount=list_amount)


@pytest.mark.parametrize(
    ("dimension", "value", "label"),
    [
        ("workspace_id", DEFAULT, "default"),
        ("workspace_id", "wrkspc_01", "wrkspc_01"),
        ("workspace_id", None, "none"),
        ("api_key_id", None, "none"),
        ("inference_geo", None, "not_available"),
        ("inference_geo", "us", "us"),
        ("product", None, "none"),
        ("actor", None, "none"),
        ("actor", {"type": "user_actor", "user_id": "user_1", "email_address": "a@b.c", "name": "A"}, "user_1"),
        ("actor", {"type": "service_account_actor", "service_account_id": "svac_1"}, "svac_1"),
        ("actor", {"type": "api_actor", "api_key_id": "apikey_1"}, "apikey_1"),
        ("actor", {"type": "federated_actor", "subject": "a@b.c", "provider": {"type": "gcp"}}, "federated_actor"),
    ],
)
def test_a_dimension_becomes_its_word(dimension, value, label):
    assert usage_labels((dimension,), **{dimension: value}) == ((label,), [])


def test_a_value_that_is_new_is_passed_on_and_counted():
    assert usage_labels(("product",), product="claude_next") == (
        ("claude_next",),
        [("unknown_value", "product=claude_next")],
    )


def test_a_total_that_is_not_the_sum_is_counted():
    line = usage_line(*FIRST)
    line["usage"]["total_tokens"] += 1
    _, upstream = usage(answers(ok(report_page([line]))))
    assert upstream.seen.kinds == [("unknown_value", "total_tokens: not the sum of the token types")]


def test_a_bucket_goes_on_over_the_end_of_a_page():
    pages = [report_page([usage_line(*FIRST, model="a")], "c"), report_page([usage_line(*FIRST, model="b")])]
    reading, _ = usage(answers(*map(ok, pages)))
    assert [row.labels for row in reading.buckets[0].rows] == [("a",), ("b",)]


@given(st.lists(st.sampled_from([FIRST, SECOND]), min_size=1, max_size=12), st.data())
def test_any_partition_and_order_gives_the_same_sums(bounds, data):
    """The order inside a page is upstream's; a reading is in order of time all the same."""
    whole = [usage_line(*bound, model=str(number)) for number, bound in enumerate(bounds)]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=4)))
    edges = [0, *cuts, len(whole)]
    parts = [whole[start:end] for start, end in pairwise(edges)]

    def handler(request):
        at = int(request.url.params.get("page", "0"))
        return ok(report_page(parts[at], str(at + 1) if at + 1 < len(parts) else None))

    reading = usage(handler)[0]
    assert reading == usage(answers(ok(report_page(whole))))[0]
    assert [bucket.starting_at for bucket in reading.buckets] == sorted({times.parse(start) for start, _ in bounds})
    assert sum(len(bucket.rows) for bucket in reading.buckets) == len(whole)


def test_without_a_width_all_rows_are_one_bucket_of_whole_hours():
    bounds = ("2026-11-19T00:00:00Z", "2026-11-19T05:00:00Z")
    reading, _ = usage(
        answers(ok(report_page([usage_line(*bounds, model="a"), usage_line(*bounds, model="b")]))),
        width=None,
        start=START + 600,
        end=START + 5 * 3600 + 600,
    )
    assert [(bucket.starting_at, bucket.ending_at) for bucket in reading.buckets] == [(START, START + 5 * 3600)]


@pytest.mark.parametrize(
    ("bounds", "width"),
    [
        pytest.param([("2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z")], "1d", id="too early"),
        pytest.param([("2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z")], "1d", id="too late"),
        pytest.param([("2026-11-19T12:00:00Z", "2026-11-20T12:00:00Z")], "1d", id="unaligned"),
        pytest.param([("2026-11-19T00:00:00Z", "2026-11-21T00:00:00Z")], "1d", id="too wide"),
        pytest.param([("2026-11-19T00:00:00Z", "2026-11-22T00:00:00Z")], None, id="past the end"),
        pytest.param([("2026-11-19T01:00:00Z", "2026-11-20T00:00:00Z")], None, id="another start"),
        pytest.param([FIRST, ("2026-11-19T00:00:00Z", "2026-11-19T09:00:00Z")], None, id="two ends"),
        pytest.param([("soon", "later")], "1d", id="no time"),
    ],
)
def test_a_row_out_of_place_is_refused(bounds, width):
    with pytest.raises(errors.SchemaError):
        usage(answers(ok(report_page([usage_line(*bound) for bound in bounds]))), width=width)


def test_a_watermark_that_is_no_time_is_refused():
    with pytest.raises(errors.SchemaError, match="data_refreshed_at"):
        usage(answers(ok(report_page([], refreshed="soon"))))


def test_a_dimension_that_only_the_legacy_report_has_is_none_and_is_not_asked_for():
    """`usage.group_by: [account_id, model]` is legal, and requests come from here whoever tells the tokens."""
    page = report_page([usage_line(*FIRST, model="a")])
    reading, upstream = usage(answers(ok(page)), ("account_id", "model", "service_account_id"))
    assert [row.labels for row in reading.buckets[0].rows] == [("none", "a", "none")]
    assert upstream.sent[0].url.params.get_list("group_by[]") == ["model"]


def test_a_refresh_during_the_walk_starts_it_again():
    late = "2026-11-20T12:00:00Z"
    pages = [
        report_page([usage_line(*FIRST, model="a")], "c"),
        report_page([usage_line(*FIRST, model="b")], refreshed=late),
        report_page([usage_line(*FIRST, model="a")], "c", refreshed=late),
        report_page([usage_line(*FIRST, model="b")], refreshed=late),
    ]
    reading, _ = usage(answers(*map(ok, pages)))
    assert [row.labels for row in reading.buckets[0].rows] == [("a",), ("b",)]
    assert reading.refreshed_at == times.parse(late)


def test_410_starts_the_walk_again():
    first = ok(report_page([usage_line(*FIRST, model="a")], "c"))
    reading, upstream = usage(answers(first, error(410), first, ok(report_page([]))))
    assert len(reading.buckets[0].rows) == 1
    assert upstream.seen.codes == ["200", "410", "200", "200"]


@pytest.mark.parametrize(
    ("dimensions", "width", "span", "message"),
    [
        (("model", "speed", "product", "api_key_id", "workspace_id", "actor"), "1d", DAY, "at most 5"),
        (("cost_type",), "1d", DAY, "not a dimension"),
        (("shoe_size",), "1d", DAY, "not a dimension"),
        ((), "1w", DAY, "no such width"),
        ((), "1d", 31 * DAY + 1, "31 days"),
        ((), None, 31 * DAY + 1, "31 days"),
        ((), "1m", DAY + 1, "24 hours"),
        ((), "1d", -1, "31 days"),
    ],
)
def test_what_no_query_can_ask_for_is_the_caller_s_mistake(dimensions, width, span, message):
    with pytest.raises(ValueError, match=message):
        usage(answers(), dimensions, width, end=START + span)


def test_an_organization_without_the_beta_does_not_offer_it():
    with pytest.raises(errors.NotSupported) as caught:
        usage(answers(error(400, code="organization_not_enrolled_in_beta")))
    assert caught.value.advice
