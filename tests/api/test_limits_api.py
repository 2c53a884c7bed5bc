import pytest

from anthropic_exporter import errors
from anthropic_exporter.records import RateLimit, RateLimitGroup
from api.harness import Upstream, answers, ok

OPUS = {"id": "rlg_opus", "type": "model_group", "display_name": "Opus"}


def entry(group=OPUS, limits=None, **more):
    return {
        "id": "rl_1",
        "type": "rate_limit",
        "group": group,
        "group_type": group and group["type"],
        "models": ["claude-opus-5", "claude-opus-5-5"],
        "limits": limits or [{"type": "requests_per_minute", "value": 4000}],
    } | more


def page(*data, following=None):
    return ok({"data": list(data), "next_page": following})


def test_limits_and_groups_are_read_over_all_pages():
    batch = entry({"id": "rlg_batch", "type": "batch"}, [{"type": "enqueued_batch_requests", "value": 7}], models=None)
    upstream = Upstream(answers(page(entry(), following="page_2"), page(batch)))
    groups, limits = upstream.api.rate_limits()
    assert groups == [
        RateLimitGroup("rlg_opus", "Opus", ("claude-opus-5", "claude-opus-5-5")),
        RateLimitGroup("rlg_batch", "batch", ()),
    ]
    assert limits == [
        RateLimit("none", "rlg_opus", "requests_per_minute", 4000),
        RateLimit("none", "rlg_batch", "enqueued_batch_requests", 7),
    ]
    assert "limit" not in upstream.sent[0].url.params
    assert upstream.sent[1].url.params["page"] == "page_2"
    assert upstream.seen.drifts == []


def test_a_group_of_an_old_answer_is_known_by_its_type():
    old = {"id": "rl_1", "type": "rate_limit", "group_type": "model_group", "models": [], "limits": []}
    groups, _ = Upstream(answers(page(old))).api.rate_limits()
    assert groups == [RateLimitGroup("model_group", "model_group", ())]


def test_a_workspace_has_what_it_overrides_and_not_what_it_inherits():
    limits = [
        {"type": "requests_per_minute", "value": 10, "org_limit": 4000, "source": {"type": "workspace"}},
        {"type": "output_tokens_per_minute", "value": 9, "org_limit": 9, "source": {"type": "organization"}},
    ]
    row = {"rate_limit_id": "rl_1", "workspace_id": "wrkspc_1", "type": "workspace_rate_limit", "group": OPUS}
    upstream = Upstream(answers(page(row | {"models": None, "limits": limits})))
    assert upstream.api.workspace_rate_limits("wrkspc_1") == [
        RateLimit("wrkspc_1", "rlg_opus", "requests_per_minute", 10)
    ]
    assert upstream.sent[0].url.path.endswith("/workspaces/wrkspc_1/rate_limits")
    assert upstream.seen.drifts == []


def test_what_is_new_is_passed_on_and_counted():
    told = entry(limits=[{"type": "images_per_minute", "value": 5, "burst": 2}])
    upstream = Upstream(answers(page(told)))
    assert upstream.api.rate_limits()[1][0].limiter == "images_per_minute"
    assert sorted(upstream.seen.kinds) == [
        ("unknown_field", "burst"),
        ("unknown_value", "limiter=images_per_minute"),
    ]


def test_a_limit_without_a_value_is_left_out():
    assert (
        Upstream(answers(page(entry(limits=[{"type": "requests_per_minute", "value": None}])))).api.rate_limits()[1]
        == []
    )


@pytest.mark.parametrize(
    "told", [{"limits": []}, entry(limits=[{"value": 1}]), entry(limits=[{"type": "x", "value": -1}])]
)
def test_limits_that_cannot_be_told_apart_are_refused(told):
    with pytest.raises(errors.SchemaError):
        Upstream(answers(page(told))).api.rate_limits()
